//! The cache of verified tokens: what a hit skips, shown by a decryption key that counts how often it is asked;
//! what it doesn't skip; and what ends an entry.

#![cfg(feature = "gateway")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use aes_kw::KeyInit as _;
use countersign::gateway::cache::TokenCache;
use countersign::gateway::revocation::{MemoryRevocations, Revocation, RevocationCheck};
use countersign::jwe::{AsyncExternalUnwrapper, ExternalUnwrapper, JweBuilder, WrappedKey};
use countersign::keys::KeyGeneration;
use countersign::profile::access_token::{AccessTokenVerifierBuilder, ClientCertificate};
use countersign::{
    AccessToken, AccessTokenVerifier, DecryptionKey, Error, ExternalFuture, ExternalKeyError, JweAlgorithm,
    Limits, NoClaims, SecretBytes,
};
use serde::Deserialize;
use serde_json::{Value, json};
use support::{ManualClock, NOW, block_on, hmac_key, secret, signed};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// A decryption key outside the process: it counts, and it may be down.
#[derive(Clone, Default)]
struct Vault {
    asked: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
}

impl Vault {
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn answer(&self, wrapped: &WrappedKey<'_>) -> Result<SecretBytes, ExternalKeyError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(ExternalKeyError::Unavailable);
        }
        let key = secret();
        let kek = aes_kw::KwAes256::new_from_slice(key.expose_secret()).unwrap();
        let mut unwrapped = vec![0; 32];
        kek.unwrap_key(wrapped.encrypted_key(), &mut unwrapped).map_err(|_| ExternalKeyError::Refused)?;
        Ok(SecretBytes::from(unwrapped))
    }
}

impl ExternalUnwrapper for Vault {
    fn unwrap(&self, wrapped: WrappedKey<'_>) -> Result<SecretBytes, ExternalKeyError> {
        self.answer(&wrapped)
    }
}

impl AsyncExternalUnwrapper for Vault {
    fn unwrap<'a>(&'a self, wrapped: WrappedKey<'a>) -> ExternalFuture<'a, SecretBytes> {
        Box::pin(async move { self.answer(&wrapped) })
    }
}

/// A signed and encrypted access token that says this beside, or in the place of, what every one says.
fn token(more: &Value) -> String {
    token_with("", more)
}

/// The same, with further parameters in the signed token's header.
fn token_with(parameters: &str, more: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-17", "client_id": "client-4", "jti": "1",
        "iat": NOW, "exp": NOW + 300, "tenant": 4,
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let header = format!(r#"{{"alg":"HS256","typ":"at+jwt"{parameters}}}"#);
    let inner = signed(header, claims.to_string());
    let key = DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret()).unwrap().encryption_key().unwrap();
    JweBuilder::new(&key).content_type("JWT").encrypt(inner.as_bytes()).unwrap()
}

struct Setup {
    clock: ManualClock,
    vault: Vault,
    cache: TokenCache,
}

impl Setup {
    fn new() -> Self {
        Self::with(TokenCache::builder().build().unwrap())
    }

    fn with(cache: TokenCache) -> Self {
        Self { clock: ManualClock::at(NOW), vault: Vault::default(), cache }
    }

    fn builder(&self) -> AccessTokenVerifierBuilder {
        let key = DecryptionKey::external_unwrapper(JweAlgorithm::A256Kw, None, self.vault.clone()).unwrap();
        let builder = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(AUDIENCE);
        builder.decrypt_with(key).clock(self.clock.clone())
    }

    fn verifier(&self) -> AccessTokenVerifier {
        self.builder().build().unwrap()
    }

    fn verify(&self, verifier: &AccessTokenVerifier, token: &str) -> &'static str {
        code(self.cache.verify::<NoClaims>(verifier, token))
    }

    /// Hits, misses, and how often the key was asked.
    fn counts(&self) -> (u64, u64, usize) {
        (self.cache.hits(), self.cache.misses(), self.vault.asked())
    }
}

fn code<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

#[test]
fn a_hit_skips_the_crypto_and_gives_the_same_token() {
    #[derive(Deserialize)]
    struct OrderClaims {
        tenant: u64,
    }
    #[derive(Debug, Deserialize)]
    struct Other {
        #[expect(dead_code, reason = "it isn't there")]
        missing: String,
    }
    let (setup, text) = (Setup::new(), token(&json!({ "scope": "a b", "sid": "s" })));
    let verifier = setup.verifier();
    let plain: AccessToken<OrderClaims> = verifier.verify(&text).unwrap();
    let first: AccessToken<OrderClaims> = setup.cache.verify(&verifier, &text).unwrap();
    assert_eq!(setup.counts(), (0, 1, 2));
    let again: AccessToken<OrderClaims> = setup.cache.verify(&verifier, &text).unwrap();
    assert_eq!(setup.counts(), (1, 1, 2));
    for token in [plain, first, again] {
        assert_eq!((token.subject(), token.client_id(), token.claims().tenant), ("user-17", "client-4", 4));
        assert_eq!(token.scopes().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((token.session_id(), token.algorithm().name()), (Some("s"), "HS256"));
    }
    // The caller's type is judged on a hit as on a miss, and may be another.
    assert_eq!(setup.cache.verify::<Other>(&verifier, &text).unwrap_err().code(), "claims_type");
    assert_eq!((setup.verify(&verifier, &text), setup.vault.asked()), ("accepted", 2));
}

/// Whoever understands a critical parameter has to process it, of a token that is known too.
#[test]
fn a_hit_gives_the_parameters_that_are_understood() {
    let setup = Setup::new();
    let knowing = setup.builder().understood_critical(["region"]).build().unwrap();
    let unknowing = setup.verifier();
    let critical = token_with(r#","crit":["region"],"region":"eu","other":1"#, &json!({}));
    for _ in 0..3 {
        let token: AccessToken<NoClaims> = setup.cache.verify(&knowing, &critical).unwrap();
        assert_eq!(token.parameter("region"), Ok(Some("eu".to_owned())));
        assert_eq!(token.without_claims().parameter("region"), Ok(Some("eu".to_owned())));
        assert_eq!(token.parameter::<u8>("region").unwrap_err().code(), "parameter_type");
        assert_eq!(token.parameter::<Value>("other"), Ok(None));
        assert_eq!(setup.verify(&unknowing, &critical), "unsupported_critical");
    }
    assert_eq!(setup.cache.hits(), 2);

    // What is kept of a header counts; where nothing is understood, nothing is kept.
    let bytes = |verifier: &AccessTokenVerifier, length: usize| {
        setup.cache.clear();
        let region = format!(r#","region":"{}""#, "x".repeat(length));
        assert_eq!(setup.verify(verifier, &token_with(&region, &json!({}))), "accepted");
        setup.cache.bytes()
    };
    assert_eq!(bytes(&knowing, 1000) - bytes(&knowing, 0), 1000);
    assert_eq!(bytes(&unknowing, 1000), bytes(&unknowing, 0));
}

#[test]
fn an_awaited_key_is_asked_once_too() {
    let setup = Setup::new();
    let key =
        DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, setup.vault.clone()).unwrap();
    let builder = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(AUDIENCE);
    let verifier = builder.decrypt_with(key).clock(setup.clock.clone()).build().unwrap();
    let certificate = ClientCertificate::from_der(b"the client's");
    let bound = token(&json!({ "jti": "2", "cnf": { "x5t#S256": certificate.thumbprint() } }));
    let text = token(&json!({}));
    for _ in 0..3 {
        assert_eq!(code(block_on(setup.cache.verify_async::<NoClaims>(&verifier, &text))), "accepted");
        let proven = setup.cache.verify_with_proof_async::<NoClaims>(&verifier, &bound, &certificate);
        assert_eq!(code(block_on(proven)), "accepted");
    }
    assert_eq!(setup.counts(), (4, 2, 2));
}

#[test]
fn time_is_judged_on_every_hit() {
    // Longer than the token lives, so that the entry alone would still count.
    let cache = || TokenCache::builder().max_age(Duration::from_secs(3600)).build().unwrap();
    let setup = Setup::with(cache());
    let (verifier, text) = (setup.verifier(), token(&json!({ "nbf": NOW - 5 })));
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    setup.clock.set(NOW + 299);
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    setup.clock.set(NOW + 300);
    assert_eq!(setup.verify(&verifier, &text), "expired");
    assert_eq!(setup.counts(), (2, 1, 1), "the refusal is a hit's");
    assert!(setup.cache.is_empty(), "an expired token isn't kept");

    // The leeway counts on a hit as on a miss.
    let setup = Setup::with(cache());
    let verifier = setup.builder().leeway(Duration::from_secs(30)).build().unwrap();
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    setup.clock.set(NOW + 329);
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    setup.clock.set(NOW + 330);
    assert_eq!((setup.verify(&verifier, &text), setup.vault.asked()), ("expired", 1));

    let setup = Setup::with(cache());
    let verifier = setup.builder().max_age(Duration::from_secs(100)).build().unwrap();
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    setup.clock.set(NOW + 100);
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    setup.clock.set(NOW + 101);
    assert_eq!((setup.verify(&verifier, &text), setup.vault.asked()), ("too_old", 1));
}

/// A clock that goes back can't tell an entry's age, and a token from the future isn't accepted by it.
#[test]
fn a_clock_that_goes_back_finds_nothing() {
    let (setup, text) = (Setup::new(), token(&json!({ "nbf": NOW })));
    let verifier = setup.verifier();
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    setup.clock.set(NOW - 1);
    assert_eq!(setup.verify(&verifier, &text), "not_yet_valid");
    assert_eq!(setup.counts(), (0, 2, 2));
}

#[test]
fn rules_are_asked_on_every_hit() {
    let (setup, text, open) = (Setup::new(), token(&json!({})), Arc::new(AtomicBool::new(true)));
    let asked = Arc::new(AtomicUsize::new(0));
    let rule = {
        let (open, asked) = (Arc::clone(&open), Arc::clone(&asked));
        move |claims: countersign::jwt::Claims<'_>| {
            asked.fetch_add(1, Ordering::SeqCst);
            let is_tenant = claims.find("tenant").and_then(|tenant| tenant.as_u64()) == Some(4);
            open.load(Ordering::SeqCst) && is_tenant
        }
    };
    let verifier = setup.builder().rule("tenant", rule).build().unwrap();
    assert_eq!((setup.verify(&verifier, &text), setup.verify(&verifier, &text)), ("accepted", "accepted"));
    open.store(false, Ordering::SeqCst);
    assert_eq!(setup.verify(&verifier, &text), "claim_refused");
    open.store(true, Ordering::SeqCst);
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    assert_eq!((asked.load(Ordering::SeqCst), setup.counts()), (4, (3, 1, 1)));
}

#[test]
fn the_proof_is_asked_for_on_every_hit() {
    let (setup, certificate) = (Setup::new(), ClientCertificate::from_der(b"the client's"));
    let verifier = setup.verifier();
    let bound = token(&json!({ "cnf": { "x5t#S256": certificate.thumbprint() } }));
    let with = |token: &str, der: &[u8]| {
        let proof = ClientCertificate::from_der(der);
        code(setup.cache.verify_with_proof::<NoClaims>(&verifier, token, &proof))
    };
    // Refused first, nothing is kept; accepted once, all that comes is still asked.
    assert_eq!((setup.verify(&verifier, &bound), setup.cache.len()), ("proof_required", 0));
    assert_eq!(with(&bound, b"the client's"), "accepted");
    assert_eq!(setup.counts(), (0, 2, 2));
    assert_eq!(with(&bound, b"the client's"), "accepted");
    assert_eq!(with(&bound, b"another's"), "proof_failed");
    assert_eq!(setup.verify(&verifier, &bound), "proof_required");
    assert_eq!(setup.counts(), (3, 2, 2));
    let unbound = token(&json!({}));
    assert_eq!((setup.verify(&verifier, &unbound), with(&unbound, b"any")), ("accepted", "not_bound"));
}

#[test]
fn revocation_is_judged_on_a_hit_and_ends_the_entry() {
    let (setup, text) = (Setup::new(), token(&json!({})));
    let verifier = setup.verifier();
    let store = Arc::new(MemoryRevocations::new(1).with_clock(setup.clock.clone()));
    let check = RevocationCheck::new(Arc::clone(&store));
    let pass = || {
        let token = match setup.cache.verify::<NoClaims>(&verifier, &text) {
            Ok(token) => token,
            Err(error) => return error.code(),
        };
        code(block_on(setup.cache.check_revocation(&verifier, &text, &token, &check)))
    };
    assert_eq!((pass(), pass()), ("accepted", "accepted"));
    assert_eq!(setup.counts(), (1, 1, 1));
    // That the store can't tell is no reason to forget what was verified.
    store.insert(&Revocation::token_id(ISSUER, "9", support_time(NOW + 9))).unwrap();
    assert!(store.insert(&Revocation::token_id(ISSUER, "8", support_time(NOW))).is_err());
    assert_eq!((pass(), setup.cache.len()), ("unavailable", 1));

    let store = Arc::new(MemoryRevocations::new(9).with_clock(setup.clock.clone()));
    let check = RevocationCheck::new(Arc::clone(&store));
    store.insert(&Revocation::token_id(ISSUER, "1", support_time(NOW + 300))).unwrap();
    let token: AccessToken<NoClaims> = setup.cache.verify(&verifier, &text).unwrap();
    assert_eq!(setup.counts(), (3, 1, 1), "a hit");
    let checked = block_on(setup.cache.check_revocation(&verifier, &text, &token, &check));
    assert_eq!((code(checked), setup.cache.len()), ("revoked", 0));
}

/// The future of the check has nothing of the token in it, so claims that threads can't share are no obstacle.
#[test]
fn the_check_of_a_cached_token_goes_to_any_thread() {
    #[derive(serde::Deserialize)]
    struct Unshared {
        #[serde(skip)]
        _seen: std::cell::Cell<u64>,
    }
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
    let (setup, text) = (Setup::new(), token(&json!({})));
    let verifier = setup.verifier();
    let check = RevocationCheck::new(MemoryRevocations::new(1).with_clock(setup.clock.clone()));
    let token: AccessToken<Unshared> = setup.cache.verify(&verifier, &text).unwrap();
    let checked = is_send(setup.cache.check_revocation(&verifier, &text, &token, &check));
    assert!(thread::scope(|scope| scope.spawn(move || block_on(checked)).join().unwrap()).is_ok());
}

fn support_time(seconds: u64) -> std::time::SystemTime {
    std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// An entry is one verifier's: another's, with the same keys and whatever it asks for, is another's.
#[test]
fn verifiers_that_share_a_cache_share_no_verdict() {
    let (setup, text) = (Setup::new(), token(&json!({})));
    let verifier = setup.verifier();
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    let key = DecryptionKey::external_unwrapper(JweAlgorithm::A256Kw, None, setup.vault.clone()).unwrap();
    let other = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience("https://other.example");
    let other = other.decrypt_with(key).clock(setup.clock.clone()).build().unwrap();
    assert_eq!(setup.verify(&other, &text), "claim_unexpected");
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    assert_eq!(setup.counts(), (1, 2, 2));
    // Alike, made after the first is gone, perhaps in its place in memory: another all the same.
    drop(verifier);
    assert_eq!(setup.verify(&setup.verifier(), &text), "accepted");
    assert_eq!(setup.counts(), (1, 3, 3));
}

#[test]
fn an_entry_ends_with_its_age_and_with_the_generation_of_the_keys() {
    let (setup, text, generation) = (Setup::new(), token(&json!({})), KeyGeneration::new());
    let verifier = setup.builder().key_generation(generation.clone()).build().unwrap();
    assert_eq!((setup.verify(&verifier, &text), setup.verify(&verifier, &text)), ("accepted", "accepted"));
    generation.bump();
    assert_eq!((setup.verify(&verifier, &text), setup.vault.asked()), ("accepted", 2));
    assert_eq!((setup.verify(&verifier, &text), setup.vault.asked()), ("accepted", 2));
    // 60 s by default, counted from the verification and not from the last hit.
    setup.clock.set(NOW + 59);
    assert_eq!((setup.verify(&verifier, &text), setup.vault.asked()), ("accepted", 2));
    setup.clock.set(NOW + 60);
    assert_eq!((setup.verify(&verifier, &text), setup.vault.asked()), ("accepted", 3));
    assert_eq!(setup.cache.len(), 1);
    setup.cache.forget(&verifier, &text);
    assert_eq!((setup.cache.len(), setup.cache.bytes()), (0, 0));
    assert_eq!((setup.verify(&verifier, &text), setup.vault.asked()), ("accepted", 4));
    setup.cache.clear();
    assert_eq!((setup.verify(&verifier, &text), setup.vault.asked()), ("accepted", 5));
}

/// A token that is verified while the keys change was judged by keys that may be gone: it isn't kept.
#[test]
fn keys_that_change_meanwhile_leave_nothing_behind() {
    let (setup, text, generation) = (Setup::new(), token(&json!({})), KeyGeneration::new());
    let bumped = generation.clone();
    let rule = move |_: countersign::jwt::Claims<'_>| {
        bumped.bump();
        true
    };
    let verifier = setup.builder().rule("any", rule).key_generation(generation).build().unwrap();
    assert_eq!((setup.verify(&verifier, &text), setup.cache.len()), ("accepted", 0));
}

/// That a key can't be reached is said once, and not remembered.
#[test]
fn errors_are_never_remembered() {
    let (setup, text) = (Setup::new(), token(&json!({})));
    let verifier = setup.verifier();
    setup.vault.down.store(true, Ordering::SeqCst);
    assert_eq!(setup.verify(&verifier, &text), "unavailable");
    setup.vault.down.store(false, Ordering::SeqCst);
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    // What is known stays so while the key is away.
    setup.vault.down.store(true, Ordering::SeqCst);
    assert_eq!(setup.verify(&verifier, &text), "accepted");
    assert_eq!(setup.verify(&verifier, &token(&json!({}))), "unavailable");
}

#[test]
fn count_and_bytes_are_bounded_and_what_is_asked_for_stays() {
    let setup = Setup::with(TokenCache::builder().entries(8).build().unwrap());
    let (verifier, hot) = (setup.verifier(), token(&json!({ "jti": "hot" })));
    assert_eq!(setup.verify(&verifier, &hot), "accepted");
    for id in 0..100 {
        assert_eq!(setup.verify(&verifier, &hot), "accepted");
        assert_eq!(setup.verify(&verifier, &token(&json!({ "jti": id.to_string() }))), "accepted");
        assert!(setup.cache.len() <= 8);
    }
    assert_eq!(setup.counts(), (100, 101, 101));

    let bytes = 16 * 1024;
    let setup = Setup::with(TokenCache::builder().bytes(bytes).build().unwrap());
    let setup = Setup { cache: TokenCache::builder().entries(255).bytes(bytes).build().unwrap(), ..setup };
    let verifier = setup.builder().limits(Limits::default().token_bytes(100_000)).build().unwrap();
    for id in 0..100 {
        let text = token(&json!({ "jti": id.to_string(), "x": "y".repeat(500) }));
        assert_eq!(setup.verify(&verifier, &text), "accepted");
        assert!(setup.cache.bytes() <= bytes, "{}", setup.cache.bytes());
    }
    let kept = setup.cache.len();
    assert!((2..8).contains(&kept), "{kept}");
    // One that is larger than all there is pushes none out.
    let large = token(&json!({ "x": "y".repeat(20_000) }));
    assert_eq!((setup.verify(&verifier, &large), setup.cache.len()), ("accepted", kept));
    // Many short names weigh more than their text.
    let names: Vec<_> = (0..1000).map(|name| format!("{name}")).collect();
    let many = token(&json!({ "scope": names.join(" ") }));
    assert_eq!((setup.verify(&verifier, &many), setup.cache.len()), ("accepted", kept));
}

/// What has ended makes room before what hasn't, and nothing piles up behind it.
#[test]
fn ended_entries_leave_first() {
    let setup = Setup::with(TokenCache::builder().entries(4).build().unwrap());
    let verifier = setup.verifier();
    for id in 0..3 {
        setup.verify(&verifier, &token(&json!({ "jti": id.to_string(), "exp": NOW + 10 })));
    }
    assert_eq!(setup.cache.len(), 3);
    setup.clock.set(NOW + 10);
    setup.verify(&verifier, &token(&json!({ "jti": "new" })));
    assert_eq!(setup.cache.len(), 1);
}

#[test]
fn a_token_that_is_too_large_is_refused_before_it_is_hashed() {
    let setup = Setup::new();
    assert_eq!(setup.verify(&setup.verifier(), &"a".repeat(16 * 1024 + 1)), "limit_token_bytes");
    assert_eq!(setup.counts(), (0, 0, 0));
}

#[test]
fn a_cache_without_bounds_isnt_made() {
    let builder = TokenCache::builder;
    for wrong in [
        builder().entries(0),
        builder().bytes(0),
        builder().max_age(Duration::ZERO),
        builder().max_age(Duration::from_secs(3601)),
    ] {
        assert_eq!(wrong.build().unwrap_err().code(), "misuse");
    }
    assert!(builder().entries(1).bytes(1).max_age(Duration::from_secs(3600)).build().is_ok());
}

/// Threads that verify, forget, revoke and change keys at once: each gets its own token's verdict, and the
/// bounds hold.
#[test]
fn threads_share_a_cache() {
    const THREADS: usize = 4;
    let generation = KeyGeneration::new();
    let setup = Setup::with(TokenCache::builder().entries(16).build().unwrap());
    let verifier = setup.builder().key_generation(generation.clone()).build().unwrap();
    let texts: Vec<_> = (0..32).map(|id| token(&json!({ "sub": format!("user-{id}") }))).collect();
    let forged: Vec<_> = texts.iter().map(|text| support::with_flipped_bit(text, 4, 3)).collect();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (setup, verifier, generation) = (&setup, &verifier, &generation);
            let (texts, forged) = (&texts, &forged);
            scope.spawn(move || {
                for round in 0..500 {
                    let id = (round * (thread + 1)) % texts.len();
                    let token: AccessToken<NoClaims> = setup.cache.verify(verifier, &texts[id]).unwrap();
                    assert_eq!(token.subject(), format!("user-{id}"));
                    assert_eq!(setup.verify(verifier, &forged[id]), "decryption_failed");
                    match round % 50 {
                        7 => setup.cache.forget(verifier, &texts[id]),
                        23 => generation.bump(),
                        _ => {}
                    }
                    assert!(setup.cache.len() <= 16);
                }
            });
        }
    });
    assert!(setup.cache.hits() > 0);
}
