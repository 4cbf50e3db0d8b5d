//! Events as events of `tracing`: structured fields, to whatever the application subscribes.
//!
//! Fields have the names of [`AuditEvent::to_json`]'s members. Text is recorded escaped, so that a
//! subscriber that prints it as it is prints one line.

use ::tracing::Level;

use super::event::{AuditEvent, Decision};
use super::sink::AuditSink;
use super::subject::AuditSubject;

/// Emits each event to `tracing`, with the target [`TARGET`](Self::TARGET): refusals at the level `WARN`,
/// the others at `INFO`.
///
/// Its fields are the members of [`AuditEvent::to_json`], without a message beside them; but for `time`, which is the
/// subscriber's, and `truncated`, as text that was cut says so itself. What isn't known isn't recorded. Text is
/// [`escaped`](super::AuditText::escaped). Where a subscriber doesn't want the level or the target, nothing is worked
/// out: no hash, no escaped text.
///
/// ```
/// use countersign::gateway::audit::{Audit, TracingSink};
///
/// # fn main() -> Result<(), countersign::Error> {
/// // Refusals at WARN, all else at DEBUG, under the target `countersign::audit`.
/// let audit = Audit::builder(TracingSink::new().accepted_at_debug()).build()?;
/// # let _ = audit;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[must_use = "a sink is for an `Audit`"]
pub struct TracingSink {
    accepted_at_debug: bool,
    refused_at_info: bool,
}

impl TracingSink {
    /// The target of each event, to filter by.
    pub const TARGET: &str = "countersign::audit";

    /// Makes the sink.
    pub fn new() -> Self {
        Self::default()
    }

    /// Emits what isn't a refusal at the level `DEBUG`, for gateways whose traffic would fill the log.
    pub fn accepted_at_debug(mut self) -> Self {
        self.accepted_at_debug = true;
        self
    }

    /// Emits refusals at the level `INFO`, for services that anyone may send anything.
    pub fn refused_at_info(mut self) -> Self {
        self.refused_at_info = true;
        self
    }
}

/// A place of its own for each level, as `tracing` needs it. Nothing is worked out where nobody listens.
macro_rules! emit {
    ($level:ident, $event:ident) => {{
        let event: &AuditEvent<'_> = $event;
        ::tracing::event!(
            target: TracingSink::TARGET,
            Level::$level,
            decision = event.decision().as_str(),
            code = event.code(),
            status = event.http_status(),
            requirement = event.requirement().map(|text| text.escaped()).as_deref(),
            iss = event.verified().map(|facts| facts.issuer().escaped()).as_deref(),
            kid = event.verified().and_then(|facts| Some(facts.key_id()?.escaped())).as_deref(),
            alg = event.verified().map(|facts| facts.algorithm().name()),
            client_id = event.verified().map(|facts| facts.client_id().escaped()).as_deref(),
            jti = event.verified().and_then(|facts| Some(facts.token_id()?.escaped())).as_deref(),
            sub_hash = event.verified().and_then(|facts| match facts.subject() {
                AuditSubject::Hashed(hash) => Some(::tracing::field::display(hash)),
                AuditSubject::Clear(_) => None,
            }),
            sub = event.verified().and_then(|facts| match facts.subject() {
                AuditSubject::Hashed(_) => None,
                AuditSubject::Clear(subject) => Some(subject.escaped()),
            }).as_deref(),
            unverified_kid = event.unverified().and_then(|facts| Some(facts.key_id()?.escaped())).as_deref(),
            unverified_alg = event.unverified().map(|facts| facts.algorithm().escaped()).as_deref(),
            cache_hit = event.cache_hit(),
            took_ns = u64::try_from(event.took().as_nanos()).unwrap_or(u64::MAX),
            request_id = event.request_id().map(|text| text.escaped()).as_deref(),
            token_sha256 = event.token_fingerprint().map(::tracing::field::display),
        );
    }};
}

impl AuditSink for TracingSink {
    fn record(&self, event: &AuditEvent<'_>) {
        match (event.decision(), self) {
            (Decision::Refused, Self { refused_at_info: false, .. }) => emit!(WARN, event),
            (Decision::Refused, _) | (_, Self { accepted_at_debug: false, .. }) => emit!(INFO, event),
            _ => emit!(DEBUG, event),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use ::tracing::span::{Attributes, Id, Record};
    use ::tracing::subscriber::with_default;
    use ::tracing::{Event, Metadata, Subscriber};

    use super::*;
    use crate::gateway::audit::Audit;
    use crate::profile::access_token::Grant;
    use crate::{AccessTokenIssuer, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey};

    struct Wants(bool);

    impl Subscriber for Wants {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            self.0 && metadata.target() == TracingSink::TARGET
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, _: &Event<'_>) {}

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    /// Looks at each event once the sink has had it.
    #[derive(Default)]
    struct After(TracingSink, Mutex<Vec<[bool; 3]>>);

    impl AuditSink for After {
        fn record(&self, event: &AuditEvent<'_>) {
            self.0.record(event);
            self.1.lock().unwrap().push(event.worked_out());
        }
    }

    /// A token that is accepted, and one that is refused.
    fn worked_out(wanted: bool) -> Vec<[bool; 3]> {
        let key = SigningKey::generate(JwsAlgorithm::Hs256).unwrap();
        let verifier = AccessTokenVerifier::builder(key.verifying_key().unwrap()).issuer("i").audience("a");
        let verifier = verifier.build().unwrap();
        let issuer =
            AccessTokenIssuer::builder(key).issuer("i").audience("a").lifetime(Duration::from_secs(60));
        let token = issuer.build().unwrap().issue(&Grant::to("u", "c")).unwrap();
        let after = Arc::new(After::default());
        let audit = Audit::builder(Arc::clone(&after)).build().unwrap();
        with_default(Wants(wanted), || {
            let mut decision = audit.begin();
            decision.token(&token);
            decision.accepted(&verifier.verify::<NoClaims>(&token).unwrap());
            let forged = token.replacen('.', ".e", 1);
            let mut decision = audit.begin();
            decision.token(&forged);
            decision.refused(&verifier.verify::<NoClaims>(&forged).unwrap_err());
        });
        std::mem::take(&mut *after.1.lock().unwrap())
    }

    #[test]
    fn nothing_is_worked_out_where_nobody_listens() {
        assert_eq!(worked_out(false), [[false; 3]; 2]);
        // Hash of the token, header, hash of the subject.
        assert_eq!(worked_out(true), [[true, false, true], [true, true, false]]);
    }
}
