//! The audit trail: each decision on a token goes in, accepted or refused, and an event of it comes out at
//! every sink.
//!
//! An [`AuditEvent`] says when and what was decided and on which token, as far as that was verified; what
//! only the sender says is kept apart. There is no way from an event to the token, its signature or its
//! other claims. Text is escaped and bounded wherever it is written, since whoever sends a token also
//! chooses what its header says.

mod builder;
mod escape;
mod event;
mod facts;
mod fingerprint;
mod pending;
mod sink;
mod subject;
mod text;
mod trail;

pub use builder::AuditBuilder;
pub use event::{AuditEvent, Decision};
pub use facts::{UnverifiedFacts, VerifiedFacts};
pub use fingerprint::TokenFingerprint;
pub use pending::PendingDecision;
pub use sink::AuditSink;
pub use subject::{AuditSubject, SubjectHash};
pub use text::AuditText;
pub use trail::Audit;
