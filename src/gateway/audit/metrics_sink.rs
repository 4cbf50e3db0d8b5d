//! Events as numbers: counters of decisions and cache look-ups, and how long decisions take, through the
//! facade `metrics`.
//!
//! Labels hold this library's words, the application's codes and nothing of a request: whoever may choose a
//! label's value can make as many time series as they like.

use ::metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

use super::event::AuditEvent;
use super::sink::AuditSink;

/// Counts each event with the recorder that the application installed.
///
/// ```
/// use countersign::gateway::audit::{Audit, MetricsSink};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let audit = Audit::builder(MetricsSink::new()).build()?; // after the recorder's installation
/// # let _ = audit;
/// # Ok(())
/// # }
/// ```
///
/// # All metrics
///
/// Those of `countersign_key…` are [`KeySourceMetrics`](super::KeySourceMetrics)', which is told of each source of keys
/// by itself.
///
/// | name | kind | unit | labels |
/// |---|---|---|---|
/// | `countersign_decisions_total` | counter | count | `decision`: `accepted`, `refused`, `abandoned`; `code` |
/// | `countersign_decision_duration_seconds` | histogram | seconds | `decision`: `accepted`, `refused`, `abandoned` |
/// | `countersign_cache_lookups_total` | counter | count | `result`: `hit`, `miss` |
/// | `countersign_key_fetches_total` | counter | count | `outcome`: `changed`, `unchanged`, `superseded`, `unreachable`, `untrusted`, `timed_out`, `status`, `too_large`, `unreadable`, `empty`, `issuer`, `keys_url`; `source` |
/// | `countersign_key_fetch_duration_seconds` | histogram | seconds | `outcome`: as above; `source` |
/// | `countersign_key_fetches_limited_total` | counter | count | `source` |
/// | `countersign_keys_served_stale_total` | counter | count | `source` |
/// | `countersign_keys_unavailable_total` | counter | count | `source` |
///
/// `code` is that of a refusal as [`AuditEvent::code`] says it, `none` where nothing was refused; `source` the name that
/// the application gave the source. An `outcome` other than the first three is a failure. Histograms take each value:
/// their buckets are the exporter's.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct MetricsSink;

impl MetricsSink {
    /// The counter of decisions. Labels: `decision`, as [`Decision::as_str`](super::Decision::as_str) says it,
    /// and `code`, that of a refusal or `none`.
    pub const DECISIONS: &str = "countersign_decisions_total";
    /// The counter of times that a cache was asked. Label: `result`, which is `hit` or `miss`.
    pub const CACHE_LOOKUPS: &str = "countersign_cache_lookups_total";
    /// The histogram of how long decisions take, in seconds. Label: `decision`.
    pub const DURATION: &str = "countersign_decision_duration_seconds";

    /// Makes the sink, and describes its metrics to the recorder, if that is installed already.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        describe_counter!(Self::DECISIONS, Unit::Count, "decisions on requests, by outcome and reason");
        describe_counter!(Self::CACHE_LOOKUPS, Unit::Count, "look-ups in the cache of verified tokens");
        describe_histogram!(Self::DURATION, Unit::Seconds, "how long decisions on requests take");
        Self
    }
}

impl AuditSink for MetricsSink {
    fn record(&self, event: &AuditEvent<'_>) {
        let decision = event.decision().as_str();
        counter!(Self::DECISIONS, "decision" => decision, "code" => event.code().unwrap_or("none"))
            .increment(1);
        if let Some(hit) = event.cache_hit() {
            counter!(Self::CACHE_LOOKUPS, "result" => if hit { "hit" } else { "miss" }).increment(1);
        }
        histogram!(Self::DURATION, "decision" => decision).record(event.took());
    }
}
