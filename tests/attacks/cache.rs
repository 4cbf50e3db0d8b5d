//! Class Cache, and what of class JWKS concerns it: forged tokens beside good ones, verdicts that outlive their
//! reason, floods, and failures that would be remembered (RFC 8725 §2, RFC 9068 §4).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use countersign::gateway::cache::{TokenCache, Verification};
use countersign::gateway::revocation::{MemoryRevocations, Revocation, RevocationCheck};
use countersign::jwe::{ExternalUnwrapper, WrappedKey};
use countersign::jwt::SourcedVerifier;
use countersign::keys::KeyGeneration;
use countersign::keys::remote::RemoteJwks;
use countersign::profile::access_token::{AccessTokenVerifierBuilder, Grant};
use countersign::{
    AccessToken, AccessTokenIssuer, AccessTokenVerifier, DecryptionKey, ExternalKeyError, JweAlgorithm,
    JwkSet, JwsAlgorithm, NoClaims, SecretBytes, SigningKey,
};
use serde::Deserialize;

use crate::ecdsa::with_other_s;
use crate::remote::{Answer, Server, Virtual};
use crate::support::*;

struct Setup {
    cache: TokenCache,
    now: Arc<AtomicU64>,
    key: SigningKey,
}

impl Setup {
    fn new() -> Self {
        let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("1");
        let cache = TokenCache::builder().entries(100).build().unwrap();
        Self { cache, now: Arc::new(AtomicU64::new(NOW)), key }
    }

    fn clock(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let now = Arc::clone(&self.now);
        move || SystemTime::UNIX_EPOCH + Duration::from_secs(now.load(Ordering::SeqCst))
    }

    fn builder(&self, audience: &str) -> AccessTokenVerifierBuilder {
        let builder = AccessTokenVerifier::builder(self.key.verifying_key().unwrap());
        builder.issuer(ISSUER).audience(audience).clock(self.clock())
    }

    fn token(&self) -> String {
        let issuer = AccessTokenIssuer::builder(self.key.clone_key()).issuer(ISSUER).audience(AUDIENCE);
        let issuer = issuer.lifetime(Duration::from_secs(50)).clock(self.clock()).build().unwrap();
        issuer.issue(&Grant::to("u", "c")).unwrap()
    }

    fn verify(&self, verifier: &AccessTokenVerifier, token: &str) -> &'static str {
        match self.cache.verify::<NoClaims>(verifier, token) {
            Ok(_) => "accepted",
            Err(error) => error.code(),
        }
    }
}

#[test]
fn row_139_a_forged_token_beside_a_good_one_finds_nothing() {
    let setup = Setup::new();
    let (verifier, token) = (setup.builder(AUDIENCE).build().unwrap(), setup.token());
    assert_eq!(setup.verify(&verifier, &token), "accepted");
    let mut signature = part(&token, 2);
    signature[63] ^= 1;
    for _ in 0..2 {
        assert_eq!(setup.verify(&verifier, &with_part(&token, 2, &encode(&signature))), "invalid_signature");
        assert_eq!(setup.verify(&verifier, &with_part(&token, 2, "")), "invalid_signature");
    }
    assert_eq!((setup.cache.hits(), setup.cache.len()), (0, 1));
    assert_eq!((setup.verify(&verifier, &token), setup.cache.hits()), ("accepted", 1));
}

/// The twin is a signature too, so it is verified as a token of its own text.
#[test]
fn row_066_the_twin_with_the_other_s_is_verified_by_itself() {
    let setup = Setup::new();
    let (verifier, token) = (setup.builder(AUDIENCE).build().unwrap(), setup.token());
    assert_eq!(setup.verify(&verifier, &token), "accepted");
    assert_eq!(setup.verify(&verifier, &with_other_s(&token)), "accepted");
    assert_eq!((setup.cache.misses(), setup.cache.len()), (2, 2));
}

#[test]
fn row_140_a_hit_is_judged_like_a_miss() {
    let setup = Setup::new();
    let (verifier, token) = (setup.builder(AUDIENCE).build().unwrap(), setup.token());
    assert_eq!((setup.verify(&verifier, &token), setup.verify(&verifier, &token)), ("accepted", "accepted"));
    // Another policy on the same cache.
    let other = setup.builder("https://other.example").build().unwrap();
    assert_eq!((setup.verify(&other, &token), setup.cache.hits()), ("claim_unexpected", 1));
    // Revoked.
    let known: AccessToken<NoClaims> = setup.cache.verify(&verifier, &token).unwrap();
    let store = Arc::new(MemoryRevocations::new(9).with_clock(setup.clock()));
    let check = RevocationCheck::new(Arc::clone(&store));
    assert!(block_on(setup.cache.check_revocation(&verifier, &token, &known, &check)).is_ok());
    store.insert(&Revocation::of_token(&known).unwrap()).unwrap();
    let known: AccessToken<NoClaims> = setup.cache.verify(&verifier, &token).unwrap();
    assert_eq!(setup.cache.hits(), 3);
    assert_eq!(code(block_on(setup.cache.check_revocation(&verifier, &token, &known, &check))), "revoked");
    // Expired, while the entry is younger than its cap.
    assert_eq!(setup.verify(&verifier, &token), "accepted");
    setup.now.store(NOW + 50, Ordering::SeqCst);
    assert_eq!(setup.verify(&verifier, &token), "expired");
    assert_eq!((setup.cache.hits(), setup.cache.len()), (4, 0));
}

#[test]
fn row_141_what_the_caller_does_with_its_claims_stays_there() {
    #[derive(Deserialize)]
    struct Own {
        sub: String,
    }
    let setup = Setup::new();
    let (verifier, token) = (setup.builder(AUDIENCE).build().unwrap(), setup.token());
    for _ in 0..3 {
        let mut own: Own = setup.cache.verify(&verifier, &token).unwrap().into_claims();
        assert_eq!(own.sub, "u");
        own.sub.push_str("someone else");
    }
    let both: [AccessToken<Own>; 2] = [0, 1].map(|_| setup.cache.verify(&verifier, &token).unwrap());
    assert_eq!((both[0].subject(), both[1].subject(), setup.cache.hits()), ("u", "u", 4));
}

#[test]
fn row_142_a_flood_of_bad_tokens_takes_no_room() {
    let setup = Setup::new();
    let (verifier, token) = (setup.builder(AUDIENCE).build().unwrap(), setup.token());
    assert_eq!(setup.verify(&verifier, &token), "accepted");
    let bytes = setup.cache.bytes();
    for number in 0..5000_u32 {
        let forged = with_part(&token, 1, &encode(format!("{{\"jti\":\"{number}\"}}")));
        assert_eq!(setup.verify(&verifier, &forged), "invalid_signature");
    }
    for number in 0..5000_u32 {
        assert_eq!(setup.verify(&verifier, &number.to_string()), "segment_count");
    }
    assert_eq!((setup.cache.len(), setup.cache.bytes(), setup.cache.misses()), (1, bytes, 10_001));
    assert_eq!((setup.verify(&verifier, &token), setup.cache.hits()), ("accepted", 1));
}

/// A key service that is down for a moment.
struct Vault(Arc<AtomicU64>);

impl ExternalUnwrapper for Vault {
    fn unwrap(&self, _: WrappedKey<'_>) -> Result<SecretBytes, ExternalKeyError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(ExternalKeyError::Unavailable)
    }
}

#[test]
fn row_143_a_decryption_key_that_cant_be_reached_is_asked_again() {
    let setup = Setup::new();
    let local = DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret().into()).unwrap();
    let issuer = AccessTokenIssuer::builder(setup.key.clone_key()).issuer(ISSUER).audience(AUDIENCE);
    let issuer = issuer.lifetime(Duration::from_secs(50)).clock(setup.clock());
    let issuer = issuer.encrypt_for(local.encryption_key().unwrap()).build().unwrap();
    let (token, asked) = (issuer.issue(&Grant::to("u", "c")).unwrap(), Arc::new(AtomicU64::new(0)));
    let vault = DecryptionKey::external_unwrapper(JweAlgorithm::A256Kw, None, Vault(Arc::clone(&asked)));
    let remote = setup.builder(AUDIENCE).decrypt_with(vault.unwrap()).build().unwrap();
    for tries in 1..4 {
        assert_eq!(setup.verify(&remote, &token), "unavailable");
        assert_eq!((asked.load(Ordering::SeqCst), setup.cache.len()), (tries, 0));
    }
    let local = setup.builder(AUDIENCE).decrypt_with(local).build().unwrap();
    assert_eq!(setup.verify(&local, &token), "accepted");
}

/// The token of a key that couldn't be fetched just now passes as soon as it can: neither the verdict nor the failure
/// is kept.
#[test]
fn row_143_a_fetch_that_failed_is_not_remembered_as_a_verdict() {
    let setup = Setup::new();
    let time = Virtual::new();
    let old = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("0");
    let published = |keys: &[&SigningKey]| {
        let set: JwkSet = keys.iter().map(|key| key.to_public_jwk().unwrap()).collect();
        Answer::ok(set.to_public_json().unwrap())
    };
    let server = Server::new(&time, Answer::down());
    let source = server.source(RemoteJwks::from_url("https://as.example/keys"));
    let clock = setup.clock();
    let verifier = SourcedVerifier::new(source, move |keys| {
        let builder = AccessTokenVerifier::builder(keys.keys().clone()).issuer(ISSUER).audience(AUDIENCE);
        let now = clock();
        builder.clock(move || now).build()
    });
    let token = setup.token();
    let verify = || {
        let verification: Verification = time.block_on(setup.cache.verify_sourced(&verifier, &token));
        (verification.is_hit(), verification.into_token().map_or_else(|error| error.code(), |_| "accepted"))
    };
    // No keys at all, and then the old ones, of which no look-up can tell whether they are the latest.
    for _ in 0..3 {
        assert_eq!((verify(), setup.cache.len()), ((false, "key_source_unavailable"), 0));
    }
    time.pass(Duration::from_secs(60));
    server.always(published(&[&old]));
    assert_eq!((verify(), setup.cache.len()), ((false, "no_matching_key"), 0));
    time.pass(Duration::from_secs(60));
    server.always(Answer::down());
    for _ in 0..3 {
        assert_eq!((verify(), setup.cache.len()), ((false, "key_source_unavailable"), 0));
    }
    time.pass(Duration::from_secs(60));
    server.always(published(&[&old, &setup.key]));
    assert_eq!((verify(), verify(), setup.cache.len()), ((false, "accepted"), (true, "accepted"), 1));
}

/// The verifier of the keys after a refresh is another, or the keys' generation is: either way a token of the
/// removed key is verified again, and refused.
#[test]
fn row_137_a_removed_key_takes_its_cached_tokens_along() {
    let setup = Setup::new();
    let generation = KeyGeneration::new();
    let before = setup.builder(AUDIENCE).key_generation(generation.clone()).build().unwrap();
    let token = setup.token();
    assert_eq!((setup.verify(&before, &token), setup.verify(&before, &token)), ("accepted", "accepted"));
    let new_key = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("2");
    let after = AccessTokenVerifier::builder(new_key.verifying_key().unwrap()).issuer(ISSUER);
    let after = after.audience(AUDIENCE).clock(setup.clock()).key_generation(generation.clone());
    let after = after.build().unwrap();
    generation.bump();
    assert_eq!((setup.verify(&after, &token), setup.cache.hits()), ("no_matching_key", 1));
    // What was accepted under the keys before the bump isn't taken from the cache either.
    assert_eq!((setup.verify(&before, &token), setup.cache.hits()), ("accepted", 1));
}
