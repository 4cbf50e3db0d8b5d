//! A sink of the audit trail that keeps the last event, for the walk to compare with what is due. What a sink of your
//! own would do is as short.

use std::sync::{Mutex, PoisonError};

use countersign::gateway::audit::{AuditEvent, AuditSink};

#[derive(Default)]
pub struct LastDecision(Mutex<Option<AuditEvent<'static>>>);

impl LastDecision {
    /// An event is recorded before its request is answered.
    pub fn event(&self) -> Option<AuditEvent<'static>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl AuditSink for LastDecision {
    fn record(&self, event: &AuditEvent<'_>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(event.to_kept());
    }
}
