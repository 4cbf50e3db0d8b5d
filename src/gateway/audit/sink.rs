//! Where events go: an object that takes each one and can't refuse it.
//!
//! A sink is called between the decision and its answer, on the thread that decided.

use std::sync::Arc;

use super::event::AuditEvent;

/// Takes audit events: writes, counts or forwards them.
///
/// `record` is called by many threads at once, before the request goes on. It must not wait for a network,
/// a disk that may be slow, or a reader: put what does behind a channel, and count what is lost. What it
/// can't do it keeps to itself; nothing that it does changes the decision.
///
/// ```
/// use countersign::gateway::audit::{AuditEvent, AuditSink, Decision};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// /// Counts refusals.
/// #[derive(Default)]
/// struct Refusals(AtomicU64);
///
/// impl AuditSink for Refusals {
///     fn record(&self, event: &AuditEvent<'_>) {
///         let refused = event.decision() == Decision::Refused;
///         self.0.fetch_add(u64::from(refused), Ordering::Relaxed);
///     }
/// }
/// # let _ = Refusals::default();
/// ```
pub trait AuditSink: Send + Sync {
    /// Takes an event. To keep it, take [`AuditEvent::to_kept`].
    fn record(&self, event: &AuditEvent<'_>);
}

/// To keep hold of a sink that was given to an [`Audit`](super::Audit).
impl<S: AuditSink + ?Sized> AuditSink for Arc<S> {
    fn record(&self, event: &AuditEvent<'_>) {
        (**self).record(event);
    }
}
