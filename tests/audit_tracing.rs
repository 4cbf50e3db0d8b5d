//! Audit events as `tracing` gives them to a subscriber: target, level and fields. That nothing is worked out for a
//! subscriber which doesn't want them, the sink's own test sees from inside.

#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use countersign::gateway::audit::{Audit, AuditEvent, AuditSink, TracingSink};
use countersign::gateway::authorization::Requirement;
use countersign::{AccessToken, AccessTokenVerifier, NoClaims};
use serde_json::{Map, Value, json};
use support::{NOW, hmac_key, signed, stopped_at, with_flipped_bit};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Level, Metadata, Subscriber};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// Level, target and fields of an event.
type Logged = (Level, String, Map<String, Value>);

/// Keeps the events of at most this level.
struct Log {
    level: Level,
    events: Arc<Mutex<Vec<Logged>>>,
}

struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), json!(value));
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let (level, target) = (*event.metadata().level(), event.metadata().target().to_owned());
        self.events.lock().unwrap().push((level, target, fields.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Keeps each event's JSON.
#[derive(Default)]
struct Lines(Mutex<Vec<Map<String, Value>>>);

impl AuditSink for Lines {
    fn record(&self, event: &AuditEvent<'_>) {
        self.0.lock().unwrap().push(serde_json::from_str(&event.to_json()).unwrap());
    }
}

fn verifier() -> AccessTokenVerifier {
    let builder = AccessTokenVerifier::builder(hmac_key().with_key_id("key-1")).issuer(ISSUER);
    builder.audience(AUDIENCE).clock(stopped_at(NOW)).build().unwrap()
}

fn token(id: &str) -> String {
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-17", "client_id": "client-4", "jti": id,
        "iat": NOW, "exp": NOW + 300,
    });
    signed(r#"{"alg":"HS256","typ":"at+jwt","kid":"key-1"}"#, claims.to_string())
}

/// An acceptance, a refusal for the signature, one for a scope, and a request that was dropped.
fn judge_four(audit: &Audit, id: &str) {
    let good = token(id);
    for token in [&good, &with_flipped_bit(&good, 2, 0)] {
        let mut decision = audit.begin();
        decision.token(token);
        decision.request_id("request-9");
        decision.cache_hit(true);
        match verifier().verify::<NoClaims>(token) {
            Ok(verified) => decision.accepted(&verified),
            Err(error) => decision.refused(&error),
        }
    }
    let verified: AccessToken<NoClaims> = verifier().verify(&good).unwrap();
    let mut decision = audit.begin();
    decision.verified(&verified);
    decision.denied(&Requirement::scope("orders:write").check(&verified).unwrap_err());
    drop(audit.begin());
}

fn recorded(
    level: Level,
    sink: TracingSink,
    clear: bool,
    id: &str,
) -> (Vec<Logged>, Vec<Map<String, Value>>) {
    let (events, lines) = (Arc::default(), Arc::new(Lines::default()));
    let log = Log { level, events: Arc::clone(&events) };
    let builder = Audit::builder(sink).sink(Arc::clone(&lines));
    let audit = if clear { builder.subjects_in_clear() } else { builder }.build().unwrap();
    with_default(log, || judge_four(&audit, id));
    let events = std::mem::take(&mut *events.lock().unwrap());
    let lines = std::mem::take(&mut *lines.0.lock().unwrap());
    (events, lines)
}

#[test]
fn fields_are_the_members_of_the_json() {
    for clear in [false, true] {
        let (events, lines) = recorded(Level::TRACE, TracingSink::new(), clear, "token-1");
        assert_eq!((events.len(), lines.len()), (4, 4));
        for ((_, target, fields), mut line) in events.into_iter().zip(lines) {
            assert_eq!(target, "countersign::audit");
            assert!(line.remove("time").is_some());
            assert_eq!(fields, line);
        }
    }
}

#[test]
fn levels_are_by_decision_and_choice() {
    let levels = |level, sink| {
        let (events, _) = recorded(level, sink, false, "token-1");
        events.into_iter().map(|(level, _, _)| level).collect::<Vec<_>>()
    };
    let (warn, info, debug) = (Level::WARN, Level::INFO, Level::DEBUG);
    let plain = TracingSink::new();
    assert_eq!(levels(Level::TRACE, plain), [info, warn, warn, info]);
    assert_eq!(levels(Level::TRACE, plain.accepted_at_debug()), [debug, warn, warn, debug]);
    assert_eq!(levels(Level::TRACE, plain.refused_at_info()), [info; 4]);
    assert_eq!(levels(Level::TRACE, plain.refused_at_info().accepted_at_debug()), [debug, info, info, debug]);
    // Whoever subscribes says what is wanted.
    assert_eq!(levels(Level::WARN, plain), [warn, warn]);
    assert!(levels(Level::ERROR, plain).is_empty());
}

#[test]
fn text_is_escaped_before_a_subscriber_has_it() {
    let (events, _) = recorded(Level::TRACE, TracingSink::new(), false, "1\n\u{1b}[2K\u{202e}\"");
    let (_, _, accepted) = &events[0];
    assert_eq!(accepted["jti"], json!(r#"1\u{a}\u{1b}[2K\u{202e}\""#));
    let (events, _) = recorded(Level::TRACE, TracingSink::new(), false, &"j".repeat(300));
    let (_, _, accepted) = &events[0];
    assert_eq!(accepted["jti"], json!(format!("{}\\...(300 bytes)", "j".repeat(256))));
}
