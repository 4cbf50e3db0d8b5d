//! The audit trail: what an event says of each decision and what it never does, how subjects are shown, and
//! that every sink writes one bounded line of ASCII whatever a token says.

#![cfg(feature = "gateway")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use countersign::gateway::audit::{
    self, Audit, AuditBuilder, AuditEvent, AuditSink, AuditSubject, Decision, JsonLines,
};
use countersign::gateway::authorization::Requirement;
use countersign::jwe::JweBuilder;
use countersign::{
    AccessToken, AccessTokenVerifier, DecryptionKey, Error, JweAlgorithm, Limits, NoClaims, SecretBytes,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::{NOW, block_on, hmac_key, secret, signed, stopped_at, with_flipped_bit};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// Keeps every event.
#[derive(Default)]
struct Kept(Mutex<Vec<AuditEvent<'static>>>);

impl Kept {
    fn take(&self) -> Vec<AuditEvent<'static>> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    #[track_caller]
    fn one(&self) -> AuditEvent<'static> {
        let mut events = self.take();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }
}

impl AuditSink for Kept {
    fn record(&self, event: &AuditEvent<'_>) {
        // What is borrowed says the same as what is kept.
        let kept = event.to_kept();
        assert_eq!(kept.to_json(), event.to_json());
        assert_eq!(format!("{kept:?}"), format!("{event:?}"));
        self.0.lock().unwrap().push(kept);
    }
}

fn trail(choose: impl FnOnce(AuditBuilder) -> AuditBuilder) -> (Audit, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    let builder = choose(Audit::builder(Arc::clone(&kept))).clock(stopped_at(NOW));
    (builder.build().unwrap(), kept)
}

fn key() -> SecretBytes {
    SecretBytes::from(vec![7; 32])
}

fn verifier_of(key_id: &str) -> AccessTokenVerifier {
    let builder = AccessTokenVerifier::builder(hmac_key().with_key_id(key_id)).issuer(ISSUER);
    let limits = Limits::default().token_bytes(64 * 1024);
    builder.audience(AUDIENCE).clock(stopped_at(NOW)).limits(limits).build().unwrap()
}

fn claims(more: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-17", "client_id": "client-4", "jti": "token-1",
        "iat": NOW, "exp": NOW + 300, "scope": "orders:read", "secret_claim": "never shown",
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims.to_string()
}

fn token_of(key_id: &str, more: &Value) -> String {
    let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": key_id });
    signed(header.to_string(), claims(more))
}

fn token() -> String {
    token_of("key-1", &json!({}))
}

/// What a gateway does.
fn judge(audit: &Audit, verifier: &AccessTokenVerifier, token: &str, scope: &str) -> &'static str {
    let mut decision = audit.begin();
    decision.request_id("request-9");
    decision.token(token);
    let verified: AccessToken<NoClaims> = match verifier.verify(token) {
        Ok(verified) => verified,
        Err(error) => {
            decision.refused(&error);
            return error.code();
        }
    };
    decision.cache_hit(false);
    decision.verified(&verified);
    if let Err(denied) = Requirement::scope(scope).check(&verified) {
        decision.denied(&denied);
        return denied.code();
    }
    decision.accepted(&verified);
    "accepted"
}

/// The event's line as it is read, without the one member that differs from run to run.
#[track_caller]
fn line(event: &AuditEvent<'_>) -> Value {
    let mut line: Value = serde_json::from_str(&event.to_json()).unwrap();
    let took = line.as_object_mut().unwrap().remove("took_ns").unwrap();
    assert_eq!(took.as_u64().map(u128::from), Some(event.took().as_nanos()));
    line
}

fn fingerprint(token: &str) -> String {
    Sha256::digest(token).iter().take(8).map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn an_accepted_token_is_told_by_what_was_verified() {
    let ((audit, kept), token) = (trail(|builder| builder.subject_key(key())), token());
    assert_eq!(judge(&audit, &verifier_of("key-1"), &token, "orders:read"), "accepted");
    let event = kept.one();
    let facts = event.verified().unwrap();
    let AuditSubject::Hashed(hash) = facts.subject() else { panic!("it is hashed") };
    let expected = json!({
        "time": "2011-03-22T18:43:00.000000Z", "decision": "accepted", "iss": ISSUER, "kid": "key-1",
        "alg": "HS256", "client_id": "client-4", "jti": "token-1", "sub_hash": hash.to_string(),
        "cache_hit": false, "request_id": "request-9", "token_sha256": fingerprint(&token),
    });
    assert_eq!(line(&event), expected);
    assert_eq!((event.decision(), event.code(), event.http_status()), (Decision::Accepted, None, None));
    assert!(event.unverified().is_none() && event.requirement().is_none());
    assert_eq!(event.at(), countersign::Clock::now(&stopped_at(NOW)));
}

#[test]
fn a_token_that_doesnt_verify_is_told_by_its_header_and_by_that_name() {
    let (audit, kept) = trail(|builder| builder.subjects_in_clear());
    let forged = with_flipped_bit(&token(), 2, 0);
    assert_eq!(judge(&audit, &verifier_of("key-1"), &forged, "orders:read"), "invalid_signature");
    let event = kept.one();
    let expected = json!({
        "time": "2011-03-22T18:43:00.000000Z", "decision": "refused", "code": "invalid_signature",
        "status": 401, "unverified_kid": "key-1", "unverified_alg": "HS256", "request_id": "request-9",
        "token_sha256": fingerprint(&forged),
    });
    assert_eq!(line(&event), expected);
    assert!(event.verified().is_none());
    let header = event.unverified().unwrap();
    assert_eq!(header.key_id().unwrap().unescaped(), "key-1");
    assert!(!header.is_encrypted());
}

#[test]
fn a_token_that_isnt_enough_is_told_by_what_was_verified_and_what_it_lacks() {
    let (audit, kept) = trail(|builder| builder.subject_key(key()));
    assert_eq!(judge(&audit, &verifier_of("key-1"), &token(), "orders:write"), "insufficient_scope");
    let event = kept.one();
    assert_eq!((event.decision(), event.http_status()), (Decision::Refused, Some(403)));
    let line = line(&event);
    assert_eq!(
        (&line["code"], &line["requirement"]),
        (&json!("insufficient_scope"), &json!("scope `orders:write`"))
    );
    assert_eq!(
        (&line["iss"], &line["kid"], &line["jti"]),
        (&json!(ISSUER), &json!("key-1"), &json!("token-1"))
    );
    assert!(event.unverified().is_none() && line.get("unverified_kid").is_none());
}

#[test]
fn an_encrypted_token_is_told_by_the_key_that_was_used() {
    let (audit, kept) = trail(|builder| builder);
    let key = || DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret()).unwrap().with_key_id("outer");
    let recipient = key().encryption_key().unwrap();
    let nested = JweBuilder::new(&recipient).content_type("JWT").encrypt(token().as_bytes()).unwrap();
    let builder = AccessTokenVerifier::builder(hmac_key().with_key_id("key-1")).issuer(ISSUER);
    let verifier = builder.audience(AUDIENCE).clock(stopped_at(NOW)).decrypt_with(key()).build().unwrap();
    assert_eq!(judge(&audit, &verifier, &nested, "orders:read"), "accepted");
    let accepted = line(&kept.one());
    assert_eq!((&accepted["kid"], &accepted["alg"]), (&json!("key-1"), &json!("HS256")));
    assert_eq!(accepted["token_sha256"], json!(fingerprint(&nested)));

    let damaged = with_flipped_bit(&nested, 4, 0);
    assert_eq!(judge(&audit, &verifier, &damaged, "orders:read"), "decryption_failed");
    let event = kept.one();
    let refused = line(&event);
    assert_eq!((&refused["unverified_kid"], &refused["unverified_alg"]), (&json!("outer"), &json!("A256KW")));
    assert!(event.unverified().unwrap().is_encrypted());
}

#[test]
fn a_request_without_a_token_says_nothing_of_one() {
    let (audit, kept) = trail(|builder| builder);
    audit.begin().refused_as("no_token", 401);
    let expected = json!({
        "time": "2011-03-22T18:43:00.000000Z", "decision": "refused", "code": "no_token", "status": 401,
    });
    assert_eq!(line(&kept.one()), expected);
    // Nor does one whose token's header is no header.
    for not_a_token in ["", "a.b.c", "....", "{}"] {
        judge(&audit, &verifier_of("k"), not_a_token, "s");
        let event = kept.one();
        assert!(event.unverified().is_none());
        assert_eq!(event.token_fingerprint().unwrap().to_string(), fingerprint(not_a_token));
    }
}

#[test]
fn every_decision_that_was_begun_is_one_event() {
    let ((audit, kept), token, verifier) = (trail(|builder| builder), token(), verifier_of("key-1"));
    let verified = verifier.verify::<NoClaims>(&token).unwrap();
    // An early return.
    drop(audit.begin());
    assert_eq!(line(&kept.one()), json!({ "time": "2011-03-22T18:43:00.000000Z", "decision": "abandoned" }));
    // A client that went away while its token was looked up.
    {
        let mut waiting = pin!(async {
            let mut decision = audit.begin();
            decision.token(&token);
            decision.verified(&verified);
            std::future::pending::<()>().await;
            decision.accepted(&verified);
        });
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(kept.take().is_empty());
    }
    let event = kept.one();
    assert_eq!((event.decision(), event.code(), event.http_status()), (Decision::Abandoned, None, None));
    assert_eq!(event.verified().unwrap().token_id().unwrap().unescaped(), "token-1");
    // A rule of the application's that panics.
    let judged = catch_unwind(AssertUnwindSafe(|| {
        let _decision = audit.begin();
        panic!("a rule's own");
    }));
    assert!(judged.is_err());
    assert_eq!(kept.one().decision(), Decision::Abandoned);
    // And no second event where one was made.
    audit.begin().accepted(&verified);
    assert_eq!(kept.one().decision(), Decision::Accepted);
}

#[test]
fn each_reason_has_its_code_and_status() {
    let (audit, kept) = trail(|builder| builder);
    let unavailable = Error::KeySourceUnavailable;
    audit.begin().refused(&unavailable);
    let event = kept.one();
    assert_eq!((event.code(), event.http_status()), (Some("key_source_unavailable"), Some(503)));
    let verifier = verifier_of("key-1");
    let expired = token_of("key-1", &json!({ "exp": NOW - 1 }));
    assert_eq!(judge(&audit, &verifier, &expired, "orders:read"), "expired");
    let event = kept.one();
    assert_eq!((event.code(), event.http_status()), (Some("expired"), Some(401)));
    assert_eq!(judge(&audit, &verifier, &token(), "orders:write"), "insufficient_scope");
    let event = kept.one();
    assert_eq!((event.code(), event.http_status()), (Some("insufficient_scope"), Some(403)));
}

#[test]
fn a_subject_is_hashed_under_the_key() {
    let subject = |choose: fn(AuditBuilder) -> AuditBuilder, more: Value| {
        let (audit, kept) = trail(choose);
        let token = token_of("key-1", &more);
        assert_eq!(judge(&audit, &verifier_of("key-1"), &token, "orders:read"), "accepted");
        let event = kept.one();
        assert!(!event.to_json().contains("user-1") && !format!("{event:?}").contains("user-1"));
        line(&event)["sub_hash"].as_str().unwrap().to_owned()
    };
    let keyed = subject(|builder| builder.subject_key(key()), json!({}));
    // Another gateway with the same key agrees, whatever token it is.
    assert_eq!(subject(|builder| builder.subject_key(key()), json!({ "jti": "token-2" })), keyed);
    for other in [
        subject(|builder| builder.subject_key(key()), json!({ "sub": "user-18" })),
        subject(|builder| builder.subject_key(SecretBytes::from(vec![8; 32])), json!({})),
        subject(|builder| builder, json!({})),
    ] {
        assert_ne!(keyed, other);
    }
    let by_process = subject(|builder| builder, json!({}));
    assert_ne!(by_process, subject(|builder| builder, json!({})));
}

#[test]
fn a_subject_is_shown_in_clear_to_who_asks_for_that() {
    let (audit, kept) = trail(|builder| builder.subjects_in_clear());
    assert_eq!(judge(&audit, &verifier_of("key-1"), &token(), "orders:read"), "accepted");
    let event = kept.one();
    let line = line(&event);
    assert_eq!((line["sub"].as_str(), line.get("sub_hash")), (Some("user-17"), None));
    let AuditSubject::Clear(subject) = event.verified().unwrap().subject() else { panic!("it is clear") };
    assert_eq!(subject.unescaped(), "user-17");
}

#[test]
fn contradictory_choices_are_refused() {
    let builder = || Audit::builder(Kept::default());
    let short = builder().subject_key(SecretBytes::from(vec![7; 31])).build().unwrap_err();
    assert!(matches!(short, Error::InvalidKey(_)), "{short}");
    let both = builder().subject_key(key()).subjects_in_clear().build().unwrap_err();
    assert_eq!(both.code(), "misuse");
    assert_eq!(audit::channel(0).unwrap_err().code(), "misuse");
    assert!(builder().subject_key(key()).build().is_ok());
    assert!(builder().subjects_in_clear().build().is_ok());
    assert!(audit::channel(1).is_ok());
}

/// What is shown by any means, of a token that has been accepted and of one that hasn't.
#[test]
fn nothing_leads_back_to_the_token() {
    let (audit, kept) = trail(|builder| builder.subjects_in_clear());
    let good = token();
    let forged = with_flipped_bit(&good, 2, 0);
    for token in [&good, &forged] {
        judge(&audit, &verifier_of("key-1"), token, "orders:read");
        let event = kept.one();
        for shown in [event.to_json(), format!("{event:?}"), format!("{event:#?}")] {
            assert!(token.split('.').all(|part| !shown.contains(part)), "{shown}");
            assert!(!shown.contains("never shown") && !shown.contains("secret_claim"), "{shown}");
        }
    }
    let mut decision = audit.begin();
    decision.token(&good);
    let shown = format!("{decision:?} {audit:?}");
    assert!(good.split('.').all(|part| !shown.contains(part)), "{shown}");
}

#[test]
fn what_a_sender_makes_long_is_cut_where_all_can_see_it() {
    let (audit, kept) = trail(|builder| builder.subjects_in_clear());
    let long = "k".repeat(3000);
    let forged = with_flipped_bit(&token_of(&long, &json!({})), 2, 0);
    judge(&audit, &verifier_of("key-1"), &forged, "orders:read");
    let event = kept.one();
    let line = line(&event);
    assert_eq!(line["unverified_kid"], json!("k".repeat(256)));
    assert_eq!(line["truncated"], json!(["unverified_kid"]));
    assert!(event.to_json().len() < 1024);
    let shown = event.unverified().unwrap().key_id().unwrap();
    assert_eq!(shown.to_string(), format!("{}\\...(3000 bytes)", "k".repeat(256)));
    // An event in a queue holds no more than that.
    assert_eq!(shown.unescaped().len(), 256);

    let token = token_of("key-1", &json!({ "jti": "\0".repeat(300), "sub": "é".repeat(300) }));
    assert_eq!(judge(&audit, &verifier_of("key-1"), &token, "orders:read"), "accepted");
    let event = kept.one();
    assert_eq!(self::line(&event)["truncated"], json!(["jti", "sub"]));
    assert!(event.to_json().len() < 1024);
    // The twin: as long as a text may be.
    let token = token_of("key-1", &json!({ "jti": "j".repeat(256) }));
    assert_eq!(judge(&audit, &verifier_of("key-1"), &token, "orders:read"), "accepted");
    let line = self::line(&kept.one());
    assert_eq!((line["jti"].as_str().unwrap().len(), line.get("truncated")), (256, None));
}

/// Whoever is refused for a token's size chooses the size.
#[test]
fn a_token_that_is_too_large_is_neither_hashed_nor_read() {
    let (audit, kept) = trail(|builder| builder);
    let sized = |length: usize| {
        let bare = token_of("key-1", &json!({ "pad": "" })).len();
        let token = token_of("key-1", &json!({ "pad": "x".repeat((length - bare) / 4 * 3) }));
        assert!(length.abs_diff(token.len()) < 8, "{}", token.len());
        token
    };
    let (large, fitting) = (sized(16 * 1024 + 8), sized(16 * 1024 - 8));
    for (token, is_told) in [(&large, false), (&fitting, true)] {
        let forged = with_flipped_bit(token, 2, 0);
        judge(&audit, &verifier_of("key-1"), &forged, "orders:read");
        let event = kept.one();
        assert_eq!((event.token_fingerprint().is_some(), event.unverified().is_some()), (is_told, is_told));
        // One that was verified is told, whatever its size.
        assert_eq!(judge(&audit, &verifier_of("key-1"), token, "orders:read"), "accepted");
        assert_eq!(kept.one().token_fingerprint().unwrap().to_string(), fingerprint(token));
    }
}

/// Panics at each event.
struct Panicking;

impl AuditSink for Panicking {
    fn record(&self, _: &AuditEvent<'_>) {
        panic!("a sink's own");
    }
}

#[test]
fn a_sink_that_panics_loses_its_event_and_nothing_else() {
    let kept = Arc::new(Kept::default());
    let audit = Audit::builder(Panicking).sink(Arc::clone(&kept)).sink(Panicking).build().unwrap();
    assert_eq!(judge(&audit, &verifier_of("key-1"), &token(), "orders:read"), "accepted");
    assert_eq!((kept.one().decision(), audit.panics()), (Decision::Accepted, 2));
    // While another panic is under way, too, which a second one would turn into an abort.
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _decision = audit.begin();
        panic!("a rule's own");
    }));
    assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"a rule's own"));
    assert_eq!((kept.one().decision(), audit.panics()), (Decision::Abandoned, 4));
}

/// A writer that does as it is told, one word of a script for each write, and then writes everything.
#[derive(Default)]
struct Scripted {
    script: Vec<&'static str>,
    written: Vec<u8>,
    flushed: usize,
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match self.script.pop() {
            None => bytes.len(),
            Some("half") => bytes.len() / 2,
            Some("nothing") => 0,
            Some("interrupted") => return Err(ErrorKind::Interrupted.into()),
            Some("panic") => {
                self.written.extend(&bytes[..3]);
                panic!("a writer's own");
            }
            Some(_) => return Err(ErrorKind::BrokenPipe.into()),
        };
        self.written.extend(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed += 1;
        Ok(())
    }
}

/// Writes three events, and returns the lines, how many of them are JSON, and how many events were lost.
fn scripted(script: &[&'static str]) -> (usize, usize, u64) {
    let writer = Scripted { script: script.iter().rev().copied().collect(), ..Scripted::default() };
    let lines = Arc::new(JsonLines::new(writer));
    let audit = Audit::builder(Arc::clone(&lines)).build().unwrap();
    for _ in 0..3 {
        audit.begin().refused_as("no_token", 401);
    }
    let panics = audit.panics();
    drop(audit);
    let lines = Arc::into_inner(lines).unwrap();
    let lost = lines.failures() + panics;
    let Scripted { written, flushed, .. } = lines.into_inner();
    let written = String::from_utf8(written).unwrap();
    assert!(written.ends_with('\n') && flushed == 3 - usize::try_from(lost).unwrap());
    let valid = written.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count();
    (written.lines().count(), valid, lost)
}

#[test]
fn a_write_that_fails_costs_its_own_line() {
    assert_eq!(scripted(&[]), (3, 3, 0));
    // All of these end well.
    assert_eq!(scripted(&["half", "half", "interrupted", "half"]), (3, 3, 0));
    assert_eq!(scripted(&["interrupted"]), (3, 3, 0));
    // Nothing of the first was written, or half of it, which then stands on a line of its own.
    assert_eq!(scripted(&["broken"]), (2, 2, 1));
    assert_eq!(scripted(&["nothing"]), (2, 2, 1));
    assert_eq!(scripted(&["half", "broken"]), (3, 2, 1));
    assert_eq!(scripted(&["half", "nothing"]), (3, 2, 1));
    assert_eq!(scripted(&["panic"]), (3, 2, 1));
    // The line that is to end the torn one fails too.
    assert_eq!(scripted(&["half", "broken", "broken"]), (2, 1, 2));
}

#[test]
fn lines_of_many_threads_stay_whole() {
    /// As slow as it can be: a byte at a time.
    struct Slow(Vec<u8>);
    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes[0]);
            Ok(1)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let lines = Arc::new(JsonLines::new(Slow(Vec::new())));
    let audit = Audit::builder(Arc::clone(&lines)).build().unwrap();
    thread::scope(|scope| {
        for id in ["a", "b", "c", "d"] {
            let audit = &audit;
            scope.spawn(move || {
                for _ in 0..50 {
                    let mut decision = audit.begin();
                    decision.request_id(id);
                    decision.refused_as("no_token", 401);
                }
            });
        }
    });
    drop(audit);
    let Slow(written) = Arc::into_inner(lines).unwrap().into_inner();
    let written = String::from_utf8(written).unwrap();
    let ids = written
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["request_id"].as_str().unwrap().to_owned());
    let ids: Vec<_> = ids.collect();
    assert_eq!(ids.len(), 200);
    assert!(["a", "b", "c", "d"].iter().all(|id| ids.iter().filter(|found| found == id).count() == 50));
}

fn record(audit: &Audit, id: &str) {
    let mut decision = audit.begin();
    decision.request_id(id);
    decision.refused_as("no_token", 401);
}

fn id(event: &AuditEvent<'_>) -> String {
    event.request_id().unwrap().to_string()
}

#[test]
fn a_channel_keeps_the_order_and_counts_what_it_drops() {
    let (sink, mut receiver) = audit::channel(2).unwrap();
    let sink = Arc::new(sink);
    let audit = Audit::builder(Arc::clone(&sink)).build().unwrap();
    assert!(receiver.try_recv().is_none());
    for name in ["1", "2", "3", "4"] {
        record(&audit, name);
    }
    assert_eq!((sink.dropped(), receiver.dropped()), (2, 2));
    assert_eq!(id(&receiver.recv().unwrap()), "1");
    record(&audit, "5");
    assert_eq!(id(&receiver.try_recv().unwrap()), "2");
    assert_eq!(id(&block_on(receiver.recv_async()).unwrap()), "5");
    assert!(receiver.try_recv().is_none());
    // What is queued outlives the sink.
    record(&audit, "6");
    drop((audit, sink));
    assert_eq!(id(&receiver.recv().unwrap()), "6");
    assert!(receiver.recv().is_none() && block_on(receiver.recv_async()).is_none());
    assert_eq!(receiver.dropped(), 2);
}

#[test]
fn a_channel_without_a_receiver_counts_everything() {
    let (sink, receiver) = audit::channel(9).unwrap();
    let sink = Arc::new(sink);
    let audit = Audit::builder(Arc::clone(&sink)).build().unwrap();
    record(&audit, "1");
    assert_eq!(sink.dropped(), 0);
    drop(receiver);
    record(&audit, "2");
    assert_eq!(sink.dropped(), 2, "the one that nobody read among them");
}

#[test]
fn a_receiver_that_waits_is_woken() {
    let (sink, mut receiver) = audit::channel(1000).unwrap();
    let audit = Audit::builder(sink).build().unwrap();
    let waiting = thread::spawn(move || {
        let mut seen = Vec::new();
        // By turns as a thread and as a task.
        loop {
            let as_thread = seen.len() % 2 == 0;
            let next = if as_thread { receiver.recv() } else { block_on(receiver.recv_async()) };
            let Some(event) = next else { return (seen, receiver.dropped()) };
            seen.push(id(&event));
        }
    });
    thread::scope(|scope| {
        for part in 0..4 {
            let audit = &audit;
            scope.spawn(move || (0..100).for_each(|n| record(audit, &format!("{part}-{n:02}"))));
        }
    });
    drop(audit);
    let (seen, dropped) = waiting.join().unwrap();
    assert_eq!((seen.len(), dropped), (400, 0));
    for part in 0..4 {
        let mine: Vec<_> = seen.iter().filter(|id| id.starts_with(&format!("{part}-"))).collect();
        assert!(mine.is_sorted() && mine.len() == 100);
    }
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 400);
}

#[test]
fn a_task_that_waits_is_woken_once_for_what_it_waits_for() {
    #[derive(Default)]
    struct Counted(AtomicUsize);
    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let (sink, mut receiver) = audit::channel(9).unwrap();
    let audit = Audit::builder(sink).build().unwrap();
    let (first, second) = (Arc::new(Counted::default()), Arc::new(Counted::default()));
    let count = |waker: &Arc<Counted>| waker.0.load(Ordering::SeqCst);
    let mut waiting = pin!(receiver.recv_async());
    for counted in [&first, &second] {
        let waker = Waker::from(Arc::clone(counted));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    record(&audit, "1");
    record(&audit, "2");
    // The task has moved: the last waker counts, and it was told.
    assert_eq!((count(&first), count(&second)), (0, 1));
    let Poll::Ready(Some(event)) = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("there is one")
    };
    assert_eq!(id(&event), "1");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a token, a request and a key's ID say, and whatever becomes of the token.
    #[test]
    fn a_line_is_one_line_of_plain_json(
        texts in proptest::array::uniform6(any_text()),
        damage in any::<Option<u8>>(),
        scope in any::<bool>(),
    ) {
        let [key_id, subject, client, token_id, request, algorithm] = &texts;
        let more = json!({ "sub": subject, "client_id": client, "jti": token_id });
        let token = match damage {
            None => token_of(key_id, &more),
            // A header that nobody vouches for.
            Some(0..128) => {
                let header = json!({ "alg": algorithm, "typ": "at+jwt", "kid": key_id });
                signed(header.to_string(), claims(&more))
            }
            Some(bit) => with_flipped_bit(&token_of(key_id, &more), 2, usize::from(bit)),
        };
        for clear in [false, true] {
            let lines = Arc::new(JsonLines::new(Vec::new()));
            let kept = Arc::new(Kept::default());
            let builder = Audit::builder(Arc::clone(&lines)).sink(Arc::clone(&kept));
            let audit = if clear { builder.subjects_in_clear() } else { builder }.build().unwrap();
            let verifier = verifier_of(key_id);
            let mut decision = audit.begin();
            decision.request_id(request);
            decision.token(&token);
            match verifier.verify::<NoClaims>(&token) {
                Ok(verified) if scope => decision.accepted(&verified),
                Ok(verified) => {
                    decision.verified(&verified);
                    decision.denied(&Requirement::scope("orders:write").check(&verified).unwrap_err());
                }
                Err(error) => decision.refused(&error),
            }
            drop(audit);
            let written = String::from_utf8(Arc::into_inner(lines).unwrap().into_inner()).unwrap();
            let line = written.strip_suffix('\n').unwrap();
            prop_assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
            prop_assert!(line.len() < 3072, "{} bytes", line.len());
            let read: Value = serde_json::from_str(line).unwrap();
            let signature = token.rsplit('.').next().unwrap();
            prop_assert!(!line.contains(&token) && !line.contains(signature), "{line}");
            // What is read is what was said, or its beginning.
            let cut: Vec<&str> = match read.get("truncated") {
                Some(names) => names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect(),
                None => Vec::new(),
            };
            for (name, said) in [
                ("kid", key_id), ("unverified_kid", key_id), ("sub", subject), ("client_id", client),
                ("jti", token_id), ("request_id", request), ("unverified_alg", algorithm),
            ] {
                let Some(shown) = read.get(name) else { continue };
                let shown = shown.as_str().unwrap();
                if cut.contains(&name) {
                    prop_assert!(said.starts_with(shown) && said != shown);
                } else if name != "unverified_alg" || shown != "HS256" {
                    prop_assert_eq!(said, shown);
                }
            }
            // `Debug` of a duration has microseconds by their own letter.
            let debug = format!("{:?}", kept.one()).replace('\u{b5}', "");
            prop_assert!(debug.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{debug}");
        }
    }
}

/// Short and long text, with what does harm in logs more often than chance has it.
fn any_text() -> impl Strategy<Value = String> {
    let bad = proptest::sample::select(vec![
        '\0',
        '\n',
        '\r',
        '\t',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{2028}',
        '\u{2029}',
        '\u{202e}',
        '\u{2066}',
        '"',
        '\\',
        '}',
        '\u{1f511}',
        'é',
    ]);
    proptest::collection::vec(prop_oneof![any::<char>(), bad, proptest::char::range(' ', '~')], 1..200)
        .prop_map(|characters| characters.into_iter().collect())
}
