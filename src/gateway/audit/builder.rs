//! The choices of a trail: where it goes, and how it shows subjects.
//!
//! There is no trail to nowhere, so the first sink is no choice.

use std::fmt;
use std::sync::Arc;

use super::sink::AuditSink;
use super::subject::SubjectKey;
use super::trail::Audit;
use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::secret::SecretBytes;

/// The choices of an [`Audit`] in the making.
#[must_use = "`build` makes the trail"]
pub struct AuditBuilder {
    sinks: Vec<Box<dyn AuditSink>>,
    subject_key: Option<SecretBytes>,
    subjects_in_clear: bool,
    clock: Arc<dyn Clock>,
}

impl AuditBuilder {
    pub(super) fn new(sink: Box<dyn AuditSink>) -> Self {
        Self { sinks: vec![sink], subject_key: None, subjects_in_clear: false, clock: Arc::new(SystemClock) }
    }

    /// Has each event go to one more sink, after those before it.
    pub fn sink(mut self, sink: impl AuditSink + 'static) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Hashes subjects under this key of at least 32 bytes, so that gateways that share it agree, and
    /// whoever has it can find a subject's events. Default: a random key, which ends with the process.
    pub fn subject_key(mut self, key: SecretBytes) -> Self {
        self.subject_key = Some(key);
        self
    }

    /// Shows subjects as they are. The trail then says in clear what each user did, to all who can read it.
    pub fn subjects_in_clear(mut self) -> Self {
        self.subjects_in_clear = true;
        self
    }

    /// Tells the time by this clock. Default: the system's. How long a decision takes isn't told by it.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the trail.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] if the key for subjects is shorter than 32 bytes; [`Error::Misuse`] if there is
    /// one and subjects are shown in clear; [`Error::Unavailable`] if the system gives no randomness for one.
    pub fn build(self) -> Result<Audit, Error> {
        let Self { sinks, subject_key, subjects_in_clear, clock } = self;
        let subject_key = match (subject_key, subjects_in_clear) {
            (Some(_), true) => {
                return Err(Error::misuse("expected a key for subjects or subjects in clear, found both"));
            }
            (None, true) => None,
            (Some(key), false) => Some(SubjectKey::new(&key)?),
            (None, false) => Some(SubjectKey::random()?),
        };
        Ok(Audit::new(sinks, subject_key, clock))
    }
}

/// Shows how many sinks there are, and no key.
impl fmt::Debug for AuditBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditBuilder").field("sinks", &self.sinks.len()).finish_non_exhaustive()
    }
}
