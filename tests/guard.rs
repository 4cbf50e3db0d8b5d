//! The guard: the order of its checks, shown by parts that write down when they are asked; what each exit answers;
//! and that each leaves one event behind, a dropped one too.

#![cfg(feature = "gateway")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use aes_kw::KeyInit as _;
use countersign::gateway::audit::{Audit, AuditEvent, AuditSink, AuditSubject, Decision};
use countersign::gateway::authorization::Requirement;
use countersign::gateway::cache::TokenCache;
use countersign::gateway::replay::{MemoryReplays, ReplayCheck, ReplayStore, TokenUse};
use countersign::gateway::revocation::{Revocable, Revocation, RevocationCheck, RevocationStore};
use countersign::gateway::{
    BadCredentials, BearerChallenge, Guard, GuardBuilder, GuardRequest, RefusalCause, Refused, StoreError,
    StoreFuture,
};
use countersign::jwe::{AsyncExternalUnwrapper, JweBuilder, WrappedKey};
use countersign::jwt::SourcedVerifier;
use countersign::keys::remote::{KeySnapshot, KeySource, KeySourceFuture};
use countersign::profile::access_token::{AccessTokenVerifierBuilder, ClientCertificate, Grant};
use countersign::{
    AccessToken, AccessTokenIssuer, AccessTokenVerifier, DecryptionKey, Error, ExternalFuture,
    ExternalKeyError, JweAlgorithm, Jwk, JwsAlgorithm, NoClaims, SecretBytes, SigningKey,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::{ManualClock, NOW, block_on, hmac_key, secret, signed, with_flipped_bit};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// What a part of the guard's surroundings answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Down,
    /// Never.
    Waits,
}

/// What was asked, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn add(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A part that writes down when it is asked.
#[derive(Clone)]
struct Part {
    name: &'static str,
    log: Log,
    answer: Arc<Mutex<Answer>>,
}

impl Part {
    fn new(name: &'static str, log: &Log) -> Self {
        Self { name, log: log.clone(), answer: Arc::new(Mutex::new(Answer::Yes)) }
    }

    fn set(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn ask(&self) -> Answer {
        self.log.add(self.name);
        *self.answer.lock().unwrap()
    }

    async fn wait(&self) -> Answer {
        match self.ask() {
            Answer::Waits => std::future::pending().await,
            answer => answer,
        }
    }
}

impl AsyncExternalUnwrapper for Part {
    fn unwrap<'a>(&'a self, wrapped: WrappedKey<'a>) -> ExternalFuture<'a, SecretBytes> {
        Box::pin(async move {
            match self.wait().await {
                Answer::Yes => {}
                Answer::Down => return Err(ExternalKeyError::Unavailable),
                _ => return Err(ExternalKeyError::Refused),
            }
            let kek = aes_kw::KwAes256::new_from_slice(secret().expose_secret()).unwrap();
            let mut unwrapped = vec![0; 32];
            kek.unwrap_key(wrapped.encrypted_key(), &mut unwrapped).map_err(|_| ExternalKeyError::Refused)?;
            Ok(SecretBytes::from(unwrapped))
        })
    }
}

impl RevocationStore for Part {
    fn revoke<'a>(&'a self, _: &'a Revocation) -> StoreFuture<'a, ()> {
        Box::pin(async { Err(StoreError::Unavailable) })
    }

    fn is_revoked<'a>(&'a self, _: Revocable<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            match self.wait().await {
                Answer::Down => Err(StoreError::Unavailable),
                answer => Ok(answer == Answer::No),
            }
        })
    }
}

impl ReplayStore for Part {
    fn use_once<'a>(&'a self, _: TokenUse<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            match self.wait().await {
                Answer::Down => Err(StoreError::Full),
                answer => Ok(answer == Answer::Yes),
            }
        })
    }
}

/// A guard's surroundings, all of whose parts write down when they are asked.
struct World {
    log: Log,
    clock: ManualClock,
    decryption: Part,
    claims: Part,
    revocation: Part,
    requirement: Part,
    replay: Part,
    events: Events,
}

/// The audit trail.
#[derive(Clone)]
struct Events {
    log: Log,
    kept: Arc<Mutex<Vec<AuditEvent<'static>>>>,
}

impl AuditSink for Events {
    fn record(&self, event: &AuditEvent<'_>) {
        self.log.add("event");
        self.kept.lock().unwrap().push(event.to_kept());
    }
}

impl Events {
    fn take(&self) -> Vec<AuditEvent<'static>> {
        std::mem::take(&mut self.kept.lock().unwrap())
    }

    /// The only one since the last time.
    fn one(&self) -> AuditEvent<'static> {
        let mut events = self.take();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }
}

impl World {
    fn new() -> Self {
        let log = Log::default();
        let part = |name| Part::new(name, &log);
        Self {
            clock: ManualClock::at(NOW),
            decryption: part("decryption"),
            claims: part("claims"),
            revocation: part("revocation"),
            requirement: part("requirement"),
            replay: part("replay"),
            events: Events { log: log.clone(), kept: Arc::default() },
            log,
        }
    }

    fn verifier(&self) -> AccessTokenVerifierBuilder {
        let key = self.decryption.clone();
        let key = DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, key).unwrap();
        let claims = self.claims.clone();
        AccessTokenVerifier::builder(hmac_key())
            .issuer(ISSUER)
            .audience(AUDIENCE)
            .decrypt_with(key)
            .clock(self.clock.clone())
            .rule("sub", move |_| claims.ask() == Answer::Yes)
    }

    fn audit(&self) -> Audit {
        let key = SecretBytes::from(vec![7; 32]);
        Audit::builder(self.events.clone()).subject_key(key).clock(self.clock.clone()).build().unwrap()
    }

    /// All checks there are, in an order that isn't theirs.
    fn builder(&self, verifier: AccessTokenVerifier) -> GuardBuilder {
        let requirement = self.requirement.clone();
        Guard::builder(verifier)
            .audit(self.audit())
            .replay(ReplayCheck::new(Arc::new(self.replay.clone())))
            .require(Requirement::custom("the application", move |_| requirement.ask() == Answer::Yes))
            .revocation(RevocationCheck::new(Arc::new(self.revocation.clone())))
    }

    fn guard(&self) -> Guard {
        self.builder(self.verifier().build().unwrap()).build().unwrap()
    }

    fn set(&self, part: &str, answer: Answer) {
        let parts = [&self.decryption, &self.claims, &self.revocation, &self.requirement, &self.replay];
        parts.into_iter().find(|known| known.name == part).unwrap().set(answer);
    }
}

fn token(more: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-17", "client_id": "client-4", "jti": "1",
        "iat": NOW, "exp": NOW + 300, "tenant": 4,
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    encrypted(&signed(r#"{"alg":"HS256","typ":"at+jwt","kid":"k"}"#, claims.to_string()))
}

fn encrypted(signed: &str) -> String {
    let key = DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret()).unwrap().encryption_key().unwrap();
    JweBuilder::new(&key).content_type("JWT").encrypt(signed.as_bytes()).unwrap()
}

fn bearer(more: &Value) -> String {
    format!("Bearer {}", token(more))
}

fn admit(guard: &Guard, authorization: &str) -> Result<AccessToken<NoClaims>, Refused> {
    block_on(guard.admit(GuardRequest::new([authorization])))
}

fn code<T>(result: &Result<T, Refused>) -> &'static str {
    match result {
        Ok(_) => "accepted",
        Err(refused) => refused.code(),
    }
}

const ORDER: [&str; 5] = ["decryption", "claims", "revocation", "requirement", "replay"];

// ---- the order

#[test]
fn checks_are_made_in_their_order_and_one_event_ends_them() {
    let world = World::new();
    let accepted = admit(&world.guard(), &bearer(&json!({}))).unwrap();
    assert_eq!(accepted.subject(), "user-17");
    assert_eq!(world.log.take(), [&ORDER[..], &["event"]].concat());
    assert_eq!(world.events.one().decision(), Decision::Accepted);
}

/// A bad token can't burn a good one's `jti`: whatever refuses it, nothing after that is asked, replay least of
/// all.
#[test]
fn what_refuses_a_request_is_the_last_that_is_asked() {
    let codes = ["decryption_failed", "claim_refused", "revoked", "insufficient_scope", "replayed"]
        .map(|code| (401, code));
    for (position, part) in ORDER.into_iter().enumerate() {
        let world = World::new();
        // All after it would refuse too, and aren't asked.
        ORDER[position..].iter().for_each(|part| world.set(part, Answer::No));
        let refused = admit(&world.guard(), &bearer(&json!({}))).unwrap_err();
        assert_eq!(world.log.take(), [&ORDER[..=position], &["event"]].concat(), "{part}");
        let (status, code) = codes[position];
        let status = if part == "requirement" { 403 } else { status };
        assert_eq!((refused.http_status(), refused.code()), (status, code), "{part}");
        let event = world.events.one();
        assert_eq!(
            (event.decision(), event.code(), event.http_status()),
            (Decision::Refused, Some(code), Some(status))
        );
    }
}

#[test]
fn without_credentials_nothing_is_asked() {
    let world = World::new();
    let token = token(&json!({}));
    for fields in
        [vec![], vec![format!("Basic {token}")], vec![format!("Bearer {token}"); 2], vec![token.clone()]]
    {
        let refused = block_on(world.guard().admit::<NoClaims>(GuardRequest::new(&fields))).unwrap_err();
        assert!(matches!(refused.cause(), RefusalCause::Credentials(_)));
        assert_eq!(world.log.take(), ["event"], "{}", refused.code());
    }
}

#[test]
fn a_cached_token_skips_the_crypto_and_nothing_else() {
    let world = World::new();
    let cache = Arc::new(TokenCache::builder().build().unwrap());
    let guard = world.builder(world.verifier().build().unwrap()).cache(Arc::clone(&cache)).build().unwrap();
    let text = bearer(&json!({ "exp": NOW + 50 }));
    for hit in [false, true, true] {
        assert!(admit(&guard, &text).is_ok());
        let asked = &ORDER[usize::from(hit)..];
        assert_eq!(world.log.take(), [asked, &["event"]].concat());
        assert_eq!(world.events.one().cache_hit(), Some(hit));
    }
    for (position, part) in ORDER.into_iter().enumerate().skip(1) {
        assert!(admit(&guard, &text).is_ok());
        world.log.take();
        world.events.take();
        world.set(part, Answer::No);
        assert!(admit(&guard, &text).is_err(), "{part}");
        assert_eq!(world.log.take(), [&ORDER[1..=position], &["event"]].concat(), "{part}");
        assert_eq!(world.events.one().cache_hit(), Some(true));
        world.set(part, Answer::Yes);
    }
    world.clock.set(NOW + 50);
    assert_eq!(code(&admit(&guard, &text)), "expired");
    assert_eq!(world.events.one().cache_hit(), Some(true));
    // No cache was asked about a request without a token, and none is where there is none.
    assert_eq!(code(&admit(&guard, "Basic a")), "credentials_of_other_scheme");
    assert_eq!(world.events.one().cache_hit(), None);
    assert_eq!(code(&admit(&world.guard(), &text)), "expired");
    assert_eq!(world.events.one().cache_hit(), None);
}

#[test]
fn a_revoked_token_is_forgotten_and_one_that_nobody_can_tell_of_is_not() {
    let world = World::new();
    let cache = Arc::new(TokenCache::builder().build().unwrap());
    let guard = world.builder(world.verifier().build().unwrap()).cache(Arc::clone(&cache)).build().unwrap();
    let text = bearer(&json!({}));
    assert!(admit(&guard, &text).is_ok());
    world.set("revocation", Answer::Down);
    let refused = admit(&guard, &text).unwrap_err();
    assert_eq!((refused.http_status(), refused.code(), cache.len()), (503, "unavailable", 1));
    world.set("revocation", Answer::No);
    assert_eq!((code(&admit(&guard, &text)), cache.len()), ("revoked", 0));
}

// ---- what each exit answers

#[test]
fn each_refusal_has_its_answer() {
    let metadata = "https://orders.example.com/.well-known/oauth-protected-resource";
    let challenge =
        || BearerChallenge::new().realm("orders").and_then(|challenge| challenge.resource_metadata(metadata));
    let world = World::new();
    let good = token(&json!({ "scope": "orders:read" }));
    let guard = Guard::builder(world.verifier().build().unwrap())
        .require(Requirement::scope("orders:read"))
        .revocation(RevocationCheck::new(Arc::new(world.revocation.clone())))
        .audit(world.audit())
        .challenge(challenge().unwrap())
        .build()
        .unwrap();
    let own = Requirement::scope("orders:write");
    let login = Requirement::authenticated_within(Duration::from_secs(60));
    let plain = |authorization: &[&str]| {
        let refused = block_on(guard.admit::<NoClaims>(GuardRequest::new(authorization.iter().copied())));
        refused.map(|token| token.subject().to_owned())
    };
    let requiring = |requirement: &Requirement, token: &str| {
        let field = format!("Bearer {token}");
        let refused = block_on(guard.admit::<NoClaims>(GuardRequest::new([&field]).require(requirement)));
        refused.map(|token| token.subject().to_owned())
    };
    assert_eq!(plain(&[&format!("Bearer {good}")]).unwrap(), "user-17");
    assert_eq!(world.events.one().decision(), Decision::Accepted);
    let expired = token(&json!({ "scope": "orders:read", "exp": NOW }));
    let scopeless = token(&json!({ "scope": "other" }));
    for (refused, status, code, error) in [
        (plain(&[]), 401, "credentials_missing", None),
        (plain(&[&format!("DPoP {good}")]), 401, "credentials_of_other_scheme", None),
        (plain(&["Bearer"]), 400, "credentials_malformed", Some(r#"error="invalid_request""#)),
        (
            plain(&[&*format!("Bearer {good}"); 2]),
            400,
            "credentials_repeated",
            Some(r#"error="invalid_request""#),
        ),
        (plain(&["Bearer a"]), 401, "segment_count", Some(r#"error="invalid_token""#)),
        (plain(&["Bearer a=="]), 401, "segment_count", Some(r#"error="invalid_token""#)),
        (
            plain(&[&format!("Bearer {expired}")]),
            401,
            "expired",
            Some(r#"error="invalid_token", error_description="the access token expired""#),
        ),
        (
            plain(&[&format!("Bearer {}", with_flipped_bit(&good, 3, 0))]),
            401,
            "decryption_failed",
            Some(r#"error="invalid_token""#),
        ),
        (
            plain(&[&format!("Bearer {scopeless}")]),
            403,
            "insufficient_scope",
            Some(r#"error="insufficient_scope", scope="orders:read""#),
        ),
        // What the guard asks of all and what this request takes are one answer, whichever half fails.
        (
            requiring(&own, &good),
            403,
            "insufficient_scope",
            Some(r#"error="insufficient_scope", scope="orders:read orders:write""#),
        ),
        (
            requiring(&own, &scopeless),
            403,
            "insufficient_scope",
            Some(r#"error="insufficient_scope", scope="orders:read orders:write""#),
        ),
        (
            requiring(&login, &good),
            401,
            "insufficient_user_authentication",
            Some(r#"error="insufficient_user_authentication", max_age="60""#),
        ),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!((refused.http_status(), refused.code()), (status, code));
        let error = error.map(|error| format!("{error}, ")).unwrap_or_default();
        let value = format!(r#"Bearer realm="orders", {error}resource_metadata="{metadata}""#);
        assert_eq!(refused.www_authenticate(), Some(&*value));
    }
    assert_eq!(world.events.take().len(), 12);
    world.set("revocation", Answer::Down);
    let refused = plain(&[&format!("Bearer {good}")]).unwrap_err();
    assert_eq!(
        (refused.http_status(), refused.code(), refused.www_authenticate()),
        (503, "unavailable", None)
    );
    world.set("decryption", Answer::Down);
    let refused = plain(&[&format!("Bearer {good}")]).unwrap_err();
    assert_eq!(
        (refused.http_status(), refused.code(), refused.www_authenticate()),
        (503, "unavailable", None)
    );
    assert_eq!(world.events.take().iter().map(AuditEvent::http_status).collect::<Vec<_>>(), [Some(503); 2]);
}

/// The application's own settings aren't the token's fault, nor anything that comes by itself: another token, and
/// another try, is answered the same.
#[test]
fn a_verifier_that_cant_be_built_is_a_fault_of_the_server() {
    let world = World::new();
    let source = Arc::new(Source::default());
    let jwk = SigningKey::generate(JwsAlgorithm::Es256).unwrap().to_public_jwk().unwrap();
    let json = format!(r#"{{"keys":[{}]}}"#, jwk.to_public_json().unwrap());
    source.0.lock().unwrap().push(KeySnapshot::new(json, 1).unwrap());
    // Nobody said whom the tokens are for.
    let build = |keys: &KeySnapshot| AccessTokenVerifier::builder(keys.keys().clone()).issuer(ISSUER).build();
    let guard = Guard::builder(SourcedVerifier::new(source, build))
        .require(Requirement::authenticated())
        .without_revocation()
        .audit(world.audit())
        .challenge(BearerChallenge::new().realm("orders").unwrap())
        .build()
        .unwrap();
    for more in [json!({}), json!({ "scope": "orders:read" }), json!({})] {
        let refused = admit(&guard, &bearer(&more)).unwrap_err();
        assert_eq!((refused.http_status(), refused.code()), (500, "misuse"));
        assert_eq!(refused.www_authenticate(), None);
        assert!(matches!(refused.cause(), RefusalCause::Token(Error::Misuse { .. })));
        let event = world.events.one();
        assert_eq!((event.http_status(), event.code()), (Some(500), Some("misuse")));
    }
    // What comes before the verifier is asked is still the client's.
    let refused = admit(&guard, "Basic a").unwrap_err();
    assert_eq!((refused.http_status(), refused.code()), (401, "credentials_of_other_scheme"));
}

#[test]
fn a_request_may_take_more_than_the_guard_asks_of_all() {
    let world = World::new();
    let guard = world.guard();
    let (own, text) = (Requirement::scope("b"), bearer(&json!({ "scope": "a b" })));
    let request = |requirement: &Requirement| {
        block_on(guard.admit::<NoClaims>(GuardRequest::new([&text]).require(requirement)))
    };
    assert_eq!(code(&request(&own)), "accepted");
    assert_eq!(code(&request(&Requirement::scope("c"))), "insufficient_scope");
    // Both hold, in either order.
    world.set("requirement", Answer::No);
    assert_eq!(code(&request(&own)), "insufficient_scope");
    let event = world.events.take().pop().unwrap();
    assert_eq!(event.requirement().unwrap().unescaped(), "all of: `the application`");
}

/// What is required is judged by the clock by which the token's times are.
#[test]
fn the_age_of_a_login_goes_by_the_verifiers_clock() {
    let world = World::new();
    let guard = Guard::builder(world.verifier().build().unwrap())
        .require(Requirement::authenticated_within(Duration::from_secs(60)))
        .without_revocation()
        .without_audit()
        .build()
        .unwrap();
    let text = bearer(&json!({ "auth_time": NOW - 30 }));
    assert_eq!(code(&admit(&guard, &text)), "accepted");
    world.clock.set(NOW + 30);
    assert_eq!(code(&admit(&guard, &text)), "accepted");
    world.clock.set(NOW + 31);
    assert_eq!(code(&admit(&guard, &text)), "insufficient_user_authentication");
}

#[test]
fn the_callers_claims_are_read_and_must_fit() {
    #[derive(Deserialize)]
    struct OrderClaims {
        tenant: u64,
    }
    let world = World::new();
    let guard = world.guard();
    let admit = |text: &str| block_on(guard.admit::<OrderClaims>(GuardRequest::new([text])));
    assert_eq!(admit(&bearer(&json!({}))).unwrap().claims().tenant, 4);
    assert_eq!(code(&admit(&bearer(&json!({ "tenant": "four" })))), "claims_type");
}

#[test]
fn a_bound_token_passes_with_its_proof_only() {
    let world = World::new();
    let certificate = ClientCertificate::from_der(b"DER of a certificate");
    let other = ClientCertificate::from_der(b"DER of another certificate");
    let bound = bearer(&json!({ "cnf": { "x5t#S256": certificate.thumbprint() } }));
    let plain = bearer(&json!({}));
    let strict = world.guard();
    let lenient = world.builder(world.verifier().proof_if_bound().build().unwrap()).build().unwrap();
    for guard in [&strict, &lenient] {
        let with = |text: &str, proof: &ClientCertificate| {
            code(&block_on(guard.admit::<NoClaims>(GuardRequest::new([text]).proof(proof))))
        };
        assert_eq!(with(&bound, &certificate), "accepted");
        assert_eq!(with(&bound, &other), "proof_failed");
        assert_eq!(code(&admit(guard, &bound)), "proof_required");
        assert_eq!(code(&admit(guard, &plain)), "accepted");
    }
    let with =
        |guard: &Guard| code(&block_on(guard.admit::<NoClaims>(GuardRequest::new([&plain]).proof(&other))));
    assert_eq!((with(&strict), with(&lenient)), ("not_bound", "accepted"));
}

// ---- the trail

#[test]
fn an_event_says_what_is_known_and_never_the_token() {
    let world = World::new();
    let guard = world.guard();
    let text = token(&json!({}));
    let field = format!("Bearer {text}");
    let accepted = block_on(guard.admit::<NoClaims>(GuardRequest::new([&field]).request_id("7f2c")));
    assert!(accepted.is_ok());
    let event = world.events.one();
    let facts = event.verified().unwrap();
    assert_eq!((facts.issuer().unescaped(), facts.client_id().unescaped()), (ISSUER, "client-4"));
    assert_eq!(facts.token_id().unwrap().unescaped(), "1");
    assert!(matches!(facts.subject(), AuditSubject::Hashed(_)));
    assert_eq!(event.request_id().unwrap().unescaped(), "7f2c");
    let fingerprint = event.token_fingerprint().unwrap();
    assert_eq!(fingerprint.to_bytes(), Sha256::digest(&text)[..8]);
    // The same out of a cache, which hashes for both.
    let cached =
        world.builder(world.verifier().build().unwrap()).cache(TokenCache::builder().build().unwrap());
    let cached = cached.build().unwrap();
    for hit in [false, true] {
        assert!(admit(&cached, &field).is_ok());
        let event = world.events.one();
        assert_eq!((event.cache_hit(), event.token_fingerprint()), (Some(hit), Some(fingerprint)));
    }
    // Refused for what it says, after it was verified: the same facts, and why.
    world.set("requirement", Answer::No);
    let refused = admit(&guard, &field).unwrap_err();
    let event = world.events.one();
    assert_eq!(event.requirement().unwrap().unescaped(), "`the application`");
    assert_eq!(event.verified().unwrap().client_id().unescaped(), "client-4");
    assert_eq!(event.token_fingerprint(), Some(fingerprint));
    // Refused before: what its header says, and nothing of its claims.
    let forged = with_flipped_bit(&text, 4, 0);
    let bad = admit(&guard, &format!("Bearer {forged}")).unwrap_err();
    let unverified = world.events.one();
    assert!(unverified.verified().is_none());
    assert!(unverified.unverified().unwrap().is_encrypted());
    assert_ne!(unverified.token_fingerprint(), Some(fingerprint));
    let shown = format!("{event:?}{unverified:?}{refused:?}{refused}{bad:?}{bad}{guard:?}");
    for part in text.split('.').chain(forged.split('.')) {
        assert!(!shown.contains(part), "{part} in {shown}");
    }
    assert_eq!(bad.to_string(), "refused: decryption failed");
}

/// However far it came, and by whatever it is held up.
#[test]
fn a_dropped_request_leaves_one_event() {
    for (position, part) in
        ORDER.into_iter().enumerate().filter(|(_, part)| !matches!(*part, "claims" | "requirement"))
    {
        let world = World::new();
        let guard = world.guard();
        let field = bearer(&json!({}));
        world.set(part, Answer::Waits);
        {
            let mut admitted = pin!(guard.admit::<NoClaims>(GuardRequest::new([&field]).request_id("7f2c")));
            for _ in 0..2 {
                assert!(admitted.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            assert_eq!(world.log.take(), ORDER[..=position], "{part}");
        }
        assert_eq!(world.log.take(), ["event"], "{part}");
        let event = world.events.one();
        assert_eq!((event.decision(), event.code(), event.http_status()), (Decision::Abandoned, None, None));
        assert_eq!(event.request_id().unwrap().unescaped(), "7f2c");
        assert_eq!(event.verified().is_some(), position > 1, "{part}");
        // Answered, it is one event as well.
        world.set(part, Answer::Yes);
        assert!(admit(&guard, &field).is_ok());
        assert_eq!(world.events.one().decision(), Decision::Accepted);
    }
    // What was never begun is no decision.
    let world = World::new();
    drop(world.guard().admit::<NoClaims>(GuardRequest::new(["Bearer a"])));
    assert_eq!(world.events.take().len(), 0);
}

#[test]
fn a_requirement_that_panics_leaves_one_event() {
    let world = World::new();
    let guard = Guard::builder(world.verifier().build().unwrap())
        .require(Requirement::custom("a bug", |_| panic!("it is one")))
        .without_revocation()
        .audit(world.audit())
        .build()
        .unwrap();
    let field = bearer(&json!({}));
    assert!(catch_unwind(AssertUnwindSafe(|| admit(&guard, &field).is_ok())).is_err());
    assert_eq!(world.events.one().decision(), Decision::Abandoned);
}

// ---- replay

#[test]
fn a_token_that_was_refused_isnt_used_up() {
    let world = World::new();
    let replays = Arc::new(MemoryReplays::new(100).with_clock(world.clock.clone()));
    let requirement = world.requirement.clone();
    let guard = Guard::builder(world.verifier().build().unwrap())
        .require(Requirement::custom("the application", move |_| requirement.ask() == Answer::Yes))
        .revocation(RevocationCheck::new(Arc::new(world.revocation.clone())))
        .replay(ReplayCheck::new(Arc::clone(&replays)))
        .audit(world.audit())
        .build()
        .unwrap();
    let field = bearer(&json!({}));
    for part in &ORDER[..4] {
        for answer in [Answer::No, Answer::Down] {
            world.set(part, answer);
            assert!(admit(&guard, &field).is_err(), "{part}");
            assert_eq!(replays.len(), 0, "{part}");
            world.set(part, Answer::Yes);
        }
    }
    assert_eq!(code(&admit(&guard, &field)), "accepted");
    assert_eq!(replays.len(), 1);
    assert_eq!(code(&admit(&guard, &field)), "replayed");
    // The same `jti` in another text is the same token.
    assert_eq!(code(&admit(&guard, &bearer(&json!({ "scope": "a" })))), "replayed");
    assert_eq!(code(&admit(&guard, &bearer(&json!({ "jti": "2" })))), "accepted");
}

#[test]
fn of_many_at_once_one_token_passes_once() {
    let world = World::new();
    let guard = Guard::builder(world.verifier().build().unwrap())
        .require(Requirement::authenticated())
        .without_revocation()
        .without_audit()
        .cache(TokenCache::builder().build().unwrap())
        .replay(ReplayCheck::new(Arc::new(MemoryReplays::new(100).with_clock(world.clock.clone()))))
        .build()
        .unwrap();
    let fields = [bearer(&json!({ "jti": "a" })), bearer(&json!({ "jti": "b" }))];
    let admitted: Vec<&str> = thread::scope(|scope| {
        let (guard, fields) = (&guard, &fields);
        let all = (0..16).map(|thread| scope.spawn(move || code(&admit(guard, &fields[thread % 2]))));
        all.collect::<Vec<_>>().into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(admitted.iter().filter(|code| **code == "accepted").count(), 2);
    assert_eq!(admitted.iter().filter(|code| **code == "replayed").count(), 14);
}

// ---- the choices

#[test]
fn what_must_not_be_forgotten_is_asked_for() {
    let world = World::new();
    let builder = || Guard::builder(world.verifier().build().unwrap());
    let required = || builder().require(Requirement::authenticated());
    let check = || RevocationCheck::new(Arc::new(world.revocation.clone()));
    let replay = || ReplayCheck::new(Arc::new(world.replay.clone()));
    let cache = || TokenCache::builder().build().unwrap();
    assert!(required().without_revocation().without_audit().build().is_ok());
    assert!(required().revocation(check()).audit(world.audit()).build().is_ok());
    let full = || required().without_revocation().without_audit();
    assert!(full().cache(cache()).replay(replay()).challenge(BearerChallenge::new()).build().is_ok());
    for (guard, word) in [
        (builder().without_revocation().without_audit(), "`Requirement::authenticated()`"),
        (required().without_audit(), "`without_revocation`"),
        (required().without_revocation(), "`without_audit`"),
        (full().revocation(check()), "of revocation for a guard, found two"),
        (
            required().without_audit().revocation(check()).revocation(check()),
            "of revocation for a guard, found two",
        ),
        (required().without_audit().revocation(check()).without_revocation(), "of revocation"),
        (full().audit(world.audit()), "of an audit trail for a guard, found two"),
        (full().cache(cache()).cache(cache()), "of a cache for a guard, found two"),
        (full().replay(replay()).replay(replay()), "of replay for a guard, found two"),
        (full().challenge(BearerChallenge::new()).challenge(BearerChallenge::new()), "of a challenge"),
    ] {
        let error = guard.build().unwrap_err();
        assert_eq!(error.code(), "misuse");
        assert!(error.to_string().contains(word), "{error}");
    }
    // Requirements add up.
    let both = full().require(Requirement::scope("a")).require(Requirement::scope("b")).build().unwrap();
    assert_eq!(code(&admit(&both, &bearer(&json!({ "scope": "a b" })))), "accepted");
    for scope in ["a", "b"] {
        let refused = admit(&both, &bearer(&json!({ "scope": scope }))).unwrap_err();
        assert_eq!(refused.www_authenticate(), Some(r#"Bearer error="insufficient_scope", scope="a b""#));
    }
}

#[test]
fn futures_go_to_any_thread() {
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
    let world = World::new();
    let guard = world.guard();
    let field = bearer(&json!({}));
    let admitted = is_send(guard.admit::<NoClaims>(GuardRequest::new([&field])));
    let admitted = thread::scope(|scope| scope.spawn(move || block_on(admitted)).join().unwrap());
    assert!(admitted.is_ok());

    /// Claims that go from thread to thread, and not to two at once.
    #[derive(Deserialize)]
    struct Unshared {
        #[serde(skip)]
        _seen: Cell<u64>,
    }
    let cached =
        world.builder(world.verifier().build().unwrap()).cache(TokenCache::builder().build().unwrap());
    let cached = cached.build().unwrap();
    for guard in [&guard, &cached] {
        assert!(block_on(is_send(guard.admit::<Unshared>(GuardRequest::new([&field])))).is_ok());
    }
}

#[test]
fn bad_credentials_say_so() {
    let world = World::new();
    let guard = world.guard();
    for (fields, expected, message) in [
        (
            vec![],
            BadCredentials::Missing,
            "refused: expected an authorization field with a bearer token, found none",
        ),
        (
            vec!["Basic a"],
            BadCredentials::OtherScheme,
            "refused: expected the authorization scheme `Bearer`, found another",
        ),
        (
            vec!["Bearer a b"],
            BadCredentials::Malformed,
            "refused: expected `Bearer` and one token in the authorization field, found another form",
        ),
        (
            vec!["Bearer a", "Bearer a"],
            BadCredentials::Repeated,
            "refused: expected one authorization field, found more",
        ),
    ] {
        let refused = block_on(guard.admit::<NoClaims>(GuardRequest::new(fields))).unwrap_err();
        assert_eq!(refused.cause(), &RefusalCause::Credentials(expected));
        assert_eq!(refused.to_string(), message);
        let error: &dyn std::error::Error = &expected;
        assert_eq!(format!("refused: {error}"), message);
        let event = world.events.one();
        assert_eq!((event.code(), event.token_fingerprint()), (Some(refused.code()), None));
    }
}

// ---- keys from elsewhere

/// One set of keys after the other, or none.
#[derive(Default)]
struct Source(Mutex<Vec<KeySnapshot>>);

impl KeySource for Source {
    fn keys<'a>(&'a self, _: Option<&'a str>, seen: Option<&'a KeySnapshot>) -> KeySourceFuture<'a> {
        Box::pin(async move {
            let mut sets = self.0.lock().unwrap();
            if seen.is_some() && sets.len() > 1 {
                sets.remove(0);
            }
            match sets.first() {
                Some(set) if seen.is_none_or(|seen| set.generation() > seen.generation()) => Ok(set.clone()),
                _ => Err(Error::KeySourceUnavailable),
            }
        })
    }
}

#[test]
fn keys_may_come_from_a_source() {
    let world = World::new();
    let keys: Vec<SigningKey> =
        ["1", "2"].map(|id| SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id(id)).into();
    let published = |generation: u64, key: &SigningKey| {
        let jwk: Jwk = key.to_public_jwk().unwrap();
        let json = format!(r#"{{"keys":[{}]}}"#, jwk.to_public_json().unwrap());
        KeySnapshot::new(json, generation).unwrap()
    };
    let field = |key: &SigningKey| {
        let issuer = AccessTokenIssuer::builder(key.clone_key()).issuer(ISSUER).audience(AUDIENCE);
        let issuer = issuer.lifetime(Duration::from_secs(300)).clock(world.clock.clone()).build().unwrap();
        format!("Bearer {}", issuer.issue(&Grant::to("user-17", "client-4")).unwrap())
    };
    let source = Arc::new(Source::default());
    let clock = world.clock.clone();
    let verifier = SourcedVerifier::new(Arc::clone(&source), move |keys| {
        let verifier = AccessTokenVerifier::builder(keys.keys().clone());
        verifier.issuer(ISSUER).audience(AUDIENCE).clock(clock.clone()).build()
    });
    let cache = Arc::new(TokenCache::builder().build().unwrap());
    let guard = Guard::builder(verifier)
        .require(Requirement::authenticated())
        .without_revocation()
        .audit(world.audit())
        .cache(Arc::clone(&cache))
        .build()
        .unwrap();
    let [first, second] = [field(&keys[0]), field(&keys[1])];
    let refused = admit(&guard, &first).unwrap_err();
    assert_eq!((refused.http_status(), refused.code()), (503, "key_source_unavailable"));
    assert_eq!((refused.www_authenticate(), world.events.one().http_status()), (None, Some(503)));

    source.0.lock().unwrap().push(published(1, &keys[0]));
    for hit in [false, true] {
        assert_eq!(code(&admit(&guard, &first)), "accepted");
        assert_eq!(world.events.one().cache_hit(), Some(hit));
    }
    // Unknown, and no newer keys can be had: not the token's fault.
    assert_eq!(code(&admit(&guard, &second)), "key_source_unavailable");
    source.0.lock().unwrap().push(published(2, &keys[1]));
    world.events.take();
    assert_eq!(code(&admit(&guard, &second)), "accepted");
    // One decision, though two verifiers were asked.
    assert_eq!(world.events.one().decision(), Decision::Accepted);
    // What was verified under the old keys isn't known under the new ones.
    assert_eq!(code(&admit(&guard, &first)), "key_source_unavailable");
}
