//! The audit trail: each decision on a token goes in, accepted or refused, and an event of it comes out at
//! every sink.
//!
//! An [`AuditEvent`] says when and what was decided and on which token, as far as that was verified; what
//! only the sender says is kept apart. There is no way from an event to the token, its signature or its
//! other claims. Text is escaped and bounded wherever it is written, since whoever sends a token also
//! chooses what its header says.

mod builder;
mod channel;
mod escape;
mod event;
mod facts;
mod fingerprint;
mod json;
mod json_lines;
#[cfg(feature = "metrics")]
mod key_source_metrics;
#[cfg(feature = "metrics")]
mod metrics_sink;
mod pending;
mod sink;
mod subject;
mod text;
mod timestamp;
#[cfg(feature = "tracing")]
mod tracing_sink;
mod trail;

pub use builder::AuditBuilder;
pub use channel::{ChannelReceiver, ChannelSink, channel};
pub use event::{AuditEvent, Decision};
pub use facts::{UnverifiedFacts, VerifiedFacts};
pub use fingerprint::TokenFingerprint;
pub use json_lines::JsonLines;
#[cfg(feature = "metrics")]
pub use key_source_metrics::KeySourceMetrics;
#[cfg(feature = "metrics")]
pub use metrics_sink::MetricsSink;
pub use pending::PendingDecision;
pub use sink::AuditSink;
pub use subject::{AuditSubject, SubjectHash};
pub use text::AuditText;
#[cfg(feature = "tracing")]
pub use tracing_sink::TracingSink;
pub use trail::Audit;
