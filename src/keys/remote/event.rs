//! What happens at a source of keys, told to whoever watches it: refreshes, failures and why, sets that are
//! served past their time (RFC 5861 §4).
//!
//! Nothing of an answer's text is repeated.

use std::fmt;
use std::time::Duration;

use crate::error::Error;

/// What happened at a source such as [`RemoteJwks`](super::RemoteJwks), for logs, metrics and alarms.
///
/// At `LoadBalancerKeys`, where each key is fetched by itself, the set is that of all keys that are held: one that
/// comes, changes or is withdrawn is [`Changed`](Self::Changed). The other events are of the one key that was asked for, where
/// they say a set too, and a key ID under which there is none is [`Failed`](Self::Failed) with no failures in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySourceEvent {
    /// An answer holds another set than before, which is used from now on.
    #[non_exhaustive]
    Changed {
        /// The generation of the set.
        generation: u64,
        /// How many of its keys can be used.
        keys: usize,
        /// How many can't.
        skipped: usize,
        /// How long the fetch took.
        took: Duration,
    },
    /// An answer holds the set that was known.
    #[non_exhaustive]
    Unchanged {
        /// How long the fetch took.
        took: Duration,
    },
    /// A fetch failed. The set that was known, if any, stays.
    #[non_exhaustive]
    Failed {
        /// Why.
        problem: FetchProblem,
        /// How many fetches have failed in a row.
        failures: u32,
        /// How long the fetch took.
        took: Duration,
    },
    /// A fetch ended after the answer to a later one had come, and nothing came of it.
    #[non_exhaustive]
    Superseded {
        /// How long the fetch took.
        took: Duration,
    },
    /// The source couldn't be reached in time, and a set, or a key, past its time was given out.
    #[non_exhaustive]
    ServedStale {
        /// For how long it has been past its time.
        since: Duration,
    },
    /// A set, or a key, was asked for and there is none, or none that is recent enough.
    Unavailable,
    /// A fetch was due and didn't happen: there were two already in 30 s, or one failed just now. At
    /// `LoadBalancerKeys`, there were too many for key IDs that aren't known.
    Limited,
}

/// Why a fetch gave no set of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchProblem {
    /// The server couldn't be reached, or the connection broke.
    Unreachable,
    /// The server's certificate isn't trusted, or isn't for that name.
    Untrusted,
    /// It took too long.
    TimedOut,
    /// The answer's status isn't 200. Redirects are among these: they aren't followed.
    Status(u16),
    /// The answer is larger than it may be: 256 KiB, or 4 KiB of a single key.
    TooLarge,
    /// The answer isn't what it should be, such as a web page.
    Unreadable(Error),
    /// The set holds no key that verifies.
    Empty,
    /// The metadata name another issuer than the one expected.
    Issuer,
    /// The metadata name a URL for the keys that isn't acceptable, or none.
    KeysUrl,
}

impl fmt::Display for FetchProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("the server can't be reached"),
            Self::Untrusted => {
                f.write_str("expected a certificate that is trusted for the server's name, found another")
            }
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Status(status) => write!(f, "expected status 200, found {status}"),
            Self::TooLarge => f.write_str("expected an answer within the limit, found a larger one"),
            Self::Unreadable(error) => write!(f, "expected a document that can be read: {error}"),
            Self::Empty => f.write_str("expected at least one key that verifies, found none"),
            Self::Issuer => f.write_str("expected the metadata of the expected issuer, found another's"),
            Self::KeysUrl => f.write_str("expected an https URL as `jwks_uri`, found another or none"),
        }
    }
}
