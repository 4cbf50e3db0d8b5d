//! The trail: begins decisions, and hands the event of each to every sink.
//!
//! Sinks are others' code on the way of each request. One that panics loses the event, and neither the
//! request's verdict nor the other sinks'.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::builder::AuditBuilder;
use super::event::AuditEvent;
use super::pending::PendingDecision;
use super::sink::AuditSink;
use super::subject::SubjectKey;
use crate::clock::Clock;

/// Writes the audit trail: built once, shared by reference.
///
/// ```
/// use countersign::gateway::audit::{Audit, AuditEvent, AuditSink};
/// use countersign::{AccessToken, AccessTokenVerifier, Error, NoClaims};
///
/// fn judge(audit: &Audit, verifier: &AccessTokenVerifier, token: &str) -> Result<AccessToken<NoClaims>, Error> {
///     let mut decision = audit.begin();
///     decision.token(token);
///     match verifier.verify(token) {
///         Ok(verified) => {
///             decision.accepted(&verified);
///             Ok(verified)
///         }
///         Err(error) => {
///             decision.refused(&error);
///             Err(error)
///         }
///     }
/// }
/// # let _ = judge;
/// ```
pub struct Audit {
    sinks: Vec<Box<dyn AuditSink>>,
    subject_key: Option<SubjectKey>,
    clock: Arc<dyn Clock>,
    panics: AtomicU64,
}

impl Audit {
    /// Begins a trail that goes to this sink.
    pub fn builder(sink: impl AuditSink + 'static) -> AuditBuilder {
        AuditBuilder::new(Box::new(sink))
    }

    pub(super) fn new(
        sinks: Vec<Box<dyn AuditSink>>,
        subject_key: Option<SubjectKey>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { sinks, subject_key, clock, panics: AtomicU64::new(0) }
    }

    /// Begins a decision, from when on its time is taken.
    pub fn begin(&self) -> PendingDecision<'_> {
        PendingDecision::new(self)
    }

    /// Returns how many events a sink has lost by a panic.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// `None` if subjects are shown in clear.
    pub(super) fn subject_key(&self) -> Option<&SubjectKey> {
        self.subject_key.as_ref()
    }

    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    pub(super) fn hand_out(&self, event: &AuditEvent<'_>) {
        for sink in &self.sinks {
            // An event is read only, and a sink's own state is its own to keep in order.
            if catch_unwind(AssertUnwindSafe(|| sink.record(event))).is_err() {
                self.panics.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Shows how many sinks there are, and no key.
impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").field("sinks", &self.sinks.len()).finish_non_exhaustive()
    }
}
