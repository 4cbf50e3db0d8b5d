//! What happens at a source of keys as numbers: fetches, how they end and how long they take, sets given out past
//! their time, and that there were none.
//!
//! Sources are told apart by the name that the application gives each.

use ::metrics::{SharedString, Unit, counter, describe_counter, describe_histogram, histogram};

use crate::keys::remote::{FetchProblem, KeySourceEvent};

/// Counts the events of one source of keys with the recorder that the application installed.
///
/// ```
/// use countersign::gateway::audit::KeySourceMetrics;
/// use countersign::keys::remote::RemoteJwksBuilder;
///
/// fn counted(keys: RemoteJwksBuilder) -> RemoteJwksBuilder {
///     let metrics = KeySourceMetrics::new("id.example.com");
///     keys.on_event(move |event| metrics.record(event))
/// }
/// # let _ = counted;
/// ```
#[derive(Debug, Clone)]
pub struct KeySourceMetrics {
    source: SharedString,
}

impl KeySourceMetrics {
    /// The counter of fetches that have ended. Labels: `source`, and `outcome`, which is `changed`, `unchanged`,
    /// `superseded`, or why it failed: `unreachable`, `untrusted`, `timed_out`, `status`, `too_large`,
    /// `unreadable`, `empty`, `issuer`, `keys_url`.
    pub const FETCHES: &str = "countersign_key_fetches_total";
    /// The histogram of how long fetches take, in seconds, metadata and keys together. Labels: those of
    /// [`FETCHES`](Self::FETCHES).
    pub const DURATION: &str = "countersign_key_fetch_duration_seconds";
    /// The counter of fetches that were due and held back by the rate limit. Label: `source`.
    pub const LIMITED: &str = "countersign_key_fetches_limited_total";
    /// The counter of times that a set past its time was given out. Label: `source`.
    pub const STALE: &str = "countersign_keys_served_stale_total";
    /// The counter of times that there was no set to give out. Label: `source`.
    pub const UNAVAILABLE: &str = "countersign_keys_unavailable_total";

    /// Names the source, and describes the metrics to the recorder, if that is installed already.
    #[must_use]
    pub fn new(source: impl Into<String>) -> Self {
        describe_counter!(Self::FETCHES, Unit::Count, "fetches of published keys, by outcome");
        describe_histogram!(Self::DURATION, Unit::Seconds, "how long fetches of published keys take");
        describe_counter!(
            Self::LIMITED,
            Unit::Count,
            "fetches of published keys held back by the rate limit"
        );
        describe_counter!(Self::STALE, Unit::Count, "keys given out past their time");
        describe_counter!(Self::UNAVAILABLE, Unit::Count, "keys asked for and not there");
        Self { source: SharedString::from_shared(source.into().into()) }
    }

    /// Counts an event.
    pub fn record(&self, event: &KeySourceEvent) {
        let (outcome, took) = match event {
            KeySourceEvent::Changed { took, .. } => ("changed", *took),
            KeySourceEvent::Unchanged { took } => ("unchanged", *took),
            KeySourceEvent::Superseded { took } => ("superseded", *took),
            KeySourceEvent::Failed { problem, took, .. } => (name(problem), *took),
            KeySourceEvent::ServedStale { .. } => return self.count(Self::STALE),
            KeySourceEvent::Unavailable => return self.count(Self::UNAVAILABLE),
            KeySourceEvent::Limited => return self.count(Self::LIMITED),
        };
        counter!(Self::FETCHES, "source" => self.source.clone(), "outcome" => outcome).increment(1);
        histogram!(Self::DURATION, "source" => self.source.clone(), "outcome" => outcome).record(took);
    }

    fn count(&self, name: &'static str) {
        counter!(name, "source" => self.source.clone()).increment(1);
    }
}

/// Of a status, without its number: the server chooses that.
fn name(problem: &FetchProblem) -> &'static str {
    match problem {
        FetchProblem::Unreachable => "unreachable",
        FetchProblem::TimedOut => "timed_out",
        FetchProblem::Untrusted => "untrusted",
        FetchProblem::Status(_) => "status",
        FetchProblem::TooLarge => "too_large",
        FetchProblem::Unreadable(_) => "unreadable",
        FetchProblem::Empty => "empty",
        FetchProblem::Issuer => "issuer",
        FetchProblem::KeysUrl => "keys_url",
    }
}
