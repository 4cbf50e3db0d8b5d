//! Why a store in Redis doesn't answer, for whoever operates it. The gateway's callers hear no more than
//! [`StoreError`], and their clients 503.
//!
//! A fault names no server, user or key: what the server or the client library says may have any of them.

use ::redis::{ErrorKind, RedisError};

use crate::gateway::store::StoreError;

/// Why a [`RedisStore`](super::RedisStore) doesn't answer. Tokens are refused with 503 meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisFault {
    /// No connection, or it broke.
    #[error("redis can't be reached")]
    Unreachable,
    /// No connection or no answer in time.
    #[error("redis took too long")]
    TimedOut,
    /// User or password are wrong, or the user may not run a command that the store needs.
    #[error("redis doesn't permit what the store needs")]
    NotPermitted,
    /// The server is a replica, which may not know yet what was revoked.
    #[error("expected the primary, found a replica")]
    Replica,
    /// The server is a node of a cluster, which keeps a part of the names only.
    #[error("expected one redis server, found a cluster")]
    Cluster,
    /// The server evicts entries when memory is short, and so forgets revocations in silence.
    #[error("expected the maxmemory-policy noeviction, found another")]
    Evicts,
    /// The server's clock and the gateway's differ by more than a minute: one or the other would take what
    /// is still valid for expired.
    #[error("expected clocks that agree, found redis' and the gateway's more than a minute apart")]
    ClocksDiffer,
    /// The namespace isn't there: it was never initialized, or the server has lost its data.
    #[error("expected an initialized namespace, found none")]
    NotInitialized,
    /// No memory is left for another entry, or there was none for a revocation that still matters.
    #[error("redis is out of memory for revocations")]
    Full,
    /// An answer that the store has no use for, such as another program's data under its names, or that the
    /// server has no database of the URL's number.
    #[error("redis gave an unexpected answer")]
    UnexpectedAnswer,
    /// The caller isn't on a tokio runtime.
    #[error("expected a tokio runtime, found none")]
    NoRuntime,
}

impl From<RedisFault> for StoreError {
    fn from(fault: RedisFault) -> Self {
        match fault {
            RedisFault::Full => Self::Full,
            _ => Self::Unavailable,
        }
    }
}

impl RedisFault {
    pub(super) fn of(error: &RedisError) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        // Of several commands at once, the first error.
        let said = error.clone().into_server_errors();
        let Some((_, said)) = said.as_deref().and_then(<[_]>::first) else {
            return match error.kind() {
                ErrorKind::Io => Self::Unreachable,
                ErrorKind::AuthenticationFailed => Self::NotPermitted,
                // When a database is refused, the client library hands on the server's words without the code.
                _ if error.detail().is_some_and(|said| said.contains("no permissions")) => Self::NotPermitted,
                _ => Self::UnexpectedAnswer,
            };
        };
        let says = |words: &str| said.details().is_some_and(|details| details.contains(words));
        // In a script's error older servers have the reply's first character too, or a code of their own.
        match said.code().trim_start_matches('-') {
            "OOM" => Self::Full,
            _ if says("OOM command") => Self::Full,
            // What a script may not do, servers before 7.2 say in words alone.
            _ if says("user executing the script can't") => Self::NotPermitted,
            "NOAUTH" | "WRONGPASS" | "NOPERM" => Self::NotPermitted,
            "READONLY" | "MASTERDOWN" => Self::Replica,
            "MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN" => Self::Cluster,
            "LOADING" => Self::Unreachable,
            _ => Self::UnexpectedAnswer,
        }
    }

    /// Whether another connection may do better than the one that this came from.
    pub(super) fn ends_the_connection(self) -> bool {
        !matches!(self, Self::Full | Self::NotPermitted | Self::UnexpectedAnswer)
    }
}
