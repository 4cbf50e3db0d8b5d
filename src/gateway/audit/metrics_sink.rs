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
