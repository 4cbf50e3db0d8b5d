//! Verifiers over keys from elsewhere: when the source is asked to look, what waits for keys of one's own meanwhile,
//! how often a verifier is built, and what a cache before it forgets with the keys.

#![cfg(feature = "gateway")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "support/remote.rs"]
mod remote;
mod support;

use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use aes_kw::KeyInit as _;
use countersign::gateway::cache::{TokenCache, Verification};
use countersign::gateway::revocation::{MemoryRevocations, Revocation, RevocationCheck};
use countersign::jwe::{AsyncExternalUnwrapper, JweBuilder, WrappedKey};
use countersign::jwt::{KeyedVerifier, SourcedVerifier};
use countersign::keys::remote::{KeySnapshot, KeySource, KeySourceFuture, RemoteJwks};
use countersign::profile::access_token::{ClientCertificate, Grant};
use countersign::{
    AccessTokenIssuer, AccessTokenVerifier, ContentEncryption, DecryptionKey, EncryptionKey, Error,
    ExternalFuture, ExternalKeyError, JweAlgorithm, JwsAlgorithm, JwtIssuer, JwtVerifier, NoClaims,
    SecretBytes, SigningKey,
};
use remote::{Answer, Server, Virtual, key, published};
use support::{ManualClock, NOW, secret};

const URL: &str = "https://id.example.com/jwks";

fn token(key: &SigningKey) -> String {
    let builder = JwtIssuer::builder(key.clone_key()).without_issuer().without_audience();
    builder.lifetime(Duration::from_secs(300)).build().unwrap().issue("user-17", &NoClaims).unwrap()
}

fn encrypted(recipient: &EncryptionKey, inner: &str) -> String {
    JweBuilder::new(recipient).content_type("JWT").encrypt(inner.as_bytes()).unwrap()
}

/// A source, its server, one key that is published, and a key of the application's own to decrypt with.
struct Scene {
    time: Virtual,
    server: Server,
    source: RemoteJwks,
    key: SigningKey,
    own: DecryptionKey,
}

fn scene() -> Scene {
    let time = Virtual::new();
    let key = key("a");
    let server = Server::new(&time, Answer::ok(published(&[&key])));
    let source = server.source(RemoteJwks::from_url(URL));
    let own = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap().with_key_id("own");
    Scene { time, server, source, key, own }
}

impl Scene {
    /// A verifier of encrypted tokens.
    fn decrypting(&self) -> SourcedVerifier {
        let own = self.own.expose_jwk().unwrap();
        SourcedVerifier::new(self.source.clone(), move |keys| {
            JwtVerifier::builder(keys.keys().clone())
                .decrypt_with(DecryptionKey::from_jwk(&own)?)
                .key_management_algorithms([JweAlgorithm::EcdhEsA256Kw, JweAlgorithm::A256Kw])
                .content_encryptions([ContentEncryption::A256Gcm])
                .any_issuer()
                .any_audience()
                .build()
        })
    }

    fn encrypted(&self, inner: &str) -> String {
        encrypted(&self.own.encryption_key().unwrap(), inner)
    }

    fn verify(&self, verifier: &SourcedVerifier, token: &str) -> &'static str {
        let verified = self.time.block_on(verifier.verify::<NoClaims>(token));
        verified.map_or_else(|error| error.code(), |_| "accepted")
    }
}

// ---- when the source is asked to look

#[test]
fn an_encrypted_token_of_a_new_signing_key_has_the_source_look() {
    let scene = scene();
    let verifier = scene.decrypting();
    assert_eq!(scene.verify(&verifier, &scene.encrypted(&token(&scene.key))), "accepted");
    assert_eq!(scene.server.requests(), 1);
    let next = key("b");
    scene.server.always(Answer::ok(published(&[&scene.key, &next])));
    assert_eq!(scene.verify(&verifier, &scene.encrypted(&token(&next))), "accepted");
    assert_eq!(scene.server.requests(), 2);
    // Of another algorithm, too.
    scene.time.pass(Duration::from_secs(60));
    let next = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("c");
    scene.server.always(Answer::ok(published(&[&next])));
    assert_eq!(scene.verify(&verifier, &scene.encrypted(&token(&next))), "accepted");
    assert_eq!(scene.server.requests(), 3);
    // An unknown one is refused once that is certain, and not before.
    scene.time.pass(Duration::from_secs(60));
    let unknown = scene.encrypted(&token(&key("d")));
    assert_eq!(scene.verify(&verifier, &unknown), "algorithm_not_allowed");
    assert_eq!(scene.server.requests(), 4);
    scene.time.pass(Duration::from_secs(60));
    scene.server.always(Answer::down());
    assert_eq!(scene.verify(&verifier, &unknown), "key_source_unavailable");
}

#[test]
fn a_token_that_no_key_of_ones_own_opens_has_nobody_look() {
    let scene = scene();
    let verifier = scene.decrypting();
    let inner = token(&key("b"));
    let generated = |algorithm| DecryptionKey::generate(algorithm).unwrap().encryption_key().unwrap();
    let of_own_id = generated(JweAlgorithm::EcdhEsA256Kw).with_key_id("own");
    let junk = [
        ("no_matching_key", generated(JweAlgorithm::EcdhEsA256Kw).with_key_id("other")),
        ("algorithm_not_allowed", generated(JweAlgorithm::A256Kw).with_key_id("own")),
        ("algorithm_not_allowed", generated(JweAlgorithm::EcdhEs).with_key_id("own")),
        ("decryption_failed", of_own_id),
    ];
    let junk = junk.map(|(code, recipient)| {
        let recipient = recipient.with_content_encryption(ContentEncryption::A256Gcm).unwrap();
        (code, encrypted(&recipient, &inner))
    });
    assert_eq!(scene.verify(&verifier, &scene.encrypted(&token(&scene.key))), "accepted");
    // Whether the server is up or down, the verdict is the verifier's.
    for answer in [Answer::ok(published(&[&scene.key])), Answer::down()] {
        scene.time.pass(Duration::from_secs(60));
        scene.server.always(answer);
        for (code, token) in &junk {
            assert_eq!(scene.verify(&verifier, token), *code);
        }
        // Nor has one that should have been encrypted.
        assert_eq!(scene.verify(&verifier, &inner), "not_encrypted");
    }
    assert_eq!(scene.server.requests(), 1);
}

#[test]
fn an_algorithm_that_is_not_on_the_list_has_nobody_look() {
    let scene = scene();
    let es256 = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("b");
    let verifier = |listed: bool| {
        SourcedVerifier::new(scene.source.clone(), move |keys| {
            let builder = JwtVerifier::builder(keys.keys().clone()).any_issuer().any_audience();
            match listed {
                true => builder.algorithms([JwsAlgorithm::Ed25519]).build(),
                false => builder.build(),
            }
        })
    };
    assert_eq!(scene.verify(&verifier(true), &token(&scene.key)), "accepted");
    assert_eq!(scene.verify(&verifier(true), &token(&es256)), "algorithm_not_allowed");
    assert_eq!(scene.server.requests(), 1);
    // Its twin: without a list, the keys say which, and newer ones may say another.
    assert_eq!(scene.verify(&verifier(false), &token(&es256)), "algorithm_not_allowed");
    assert_eq!(scene.server.requests(), 2);
}

/// The key ID, and whether a snapshot without it was there.
type Asked = (Option<String>, bool);

/// A source that notes what it is asked, and may have keys at hand.
#[derive(Clone)]
struct Noting {
    keys: KeySnapshot,
    has_fresh: bool,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl KeySource for Noting {
    fn keys<'a>(&'a self, key_id: Option<&'a str>, seen: Option<&'a KeySnapshot>) -> KeySourceFuture<'a> {
        self.asked.lock().unwrap().push((key_id.map(String::from), seen.is_some()));
        Box::pin(async { Ok(self.keys.clone()) })
    }

    fn fresh(&self) -> Option<KeySnapshot> {
        self.has_fresh.then(|| self.keys.clone())
    }
}

#[test]
fn a_source_that_has_keys_at_hand_is_told_a_key_id_only_to_look_for_it() {
    let (known, unknown) = (key("a"), key("b"));
    let keys = KeySnapshot::new(published(&[&known]), 1).unwrap();
    let own = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap().with_key_id("own");
    let asked = |has_fresh: bool, token: &str, code: &str| {
        let source = Noting { keys: keys.clone(), has_fresh, asked: Arc::default() };
        let asked = Arc::clone(&source.asked);
        // In an `Arc`, it has them at hand all the same.
        let verifier = SourcedVerifier::new(Arc::new(source), |keys| {
            JwtVerifier::builder(keys.keys().clone()).any_issuer().any_audience().build()
        });
        let verdict = support::block_on(verifier.verify::<NoClaims>(token)).map(drop);
        assert_eq!(verdict.map_or_else(|error| error.code(), |()| "accepted"), code);
        let asked = asked.lock().unwrap();
        asked.iter().map(|(key_id, seen)| (key_id.clone().unwrap_or_default(), *seen)).collect::<Vec<_>>()
    };
    let of = |key_id: &str, seen: bool| (key_id.to_owned(), seen);
    assert_eq!(asked(true, &token(&known), "accepted"), []);
    assert_eq!(asked(true, &token(&unknown), "no_matching_key"), [of("b", true)]);
    assert_eq!(asked(false, &token(&known), "accepted"), [of("a", false)]);
    assert_eq!(asked(false, &token(&unknown), "no_matching_key"), [of("b", false), of("b", true)]);
    // The key ID of an encrypted token is no key's of the source.
    let encrypted = encrypted(&own.encryption_key().unwrap(), &token(&known));
    assert_eq!(asked(false, &encrypted, "encrypted"), [of("", false)]);
    assert_eq!(asked(false, "no token", "segment_count"), [of("", false)]);
}

#[test]
fn fetched_keys_are_at_hand_while_they_are_in_time() {
    let scene = scene();
    let source = &scene.source;
    // Nobody asked for keys yet, and asking for those at hand fetches none.
    assert!(source.fresh().is_none());
    assert_eq!(scene.server.requests(), 0);
    scene.time.block_on(source.keys(None, None)).unwrap();
    assert_eq!(source.fresh().map(|keys| keys.generation()), Some(1));
    scene.time.pass(Duration::from_secs(269));
    assert!(source.fresh().is_some());
    scene.time.pass(Duration::ZERO);
    assert_eq!(scene.server.requests(), 1);
    // From 15 to 30 s before their time is over, the next are fetched in the background.
    scene.server.always(Answer::down());
    scene.time.pass(Duration::from_secs(16));
    assert!(source.fresh().is_some());
    scene.time.pass(Duration::from_secs(1));
    assert_eq!(scene.server.requests(), 2);
    // Through an outage they are given out by `keys`, which looks first.
    scene.time.pass(Duration::from_secs(60));
    assert!(source.fresh().is_none());
    assert!(scene.time.block_on(source.keys(None, None)).is_ok());
}

// ---- how often a verifier is built

/// A verifier that only has a number.
struct Numbered(usize);

impl KeyedVerifier for Numbered {
    fn lacks_signing_key(&self, _: &str, refusal: &Error) -> bool {
        *refusal == Error::NoMatchingKey
    }
}

#[test]
fn those_who_build_at_once_share_the_first_ones_verifier() {
    const THREADS: usize = 4;
    let source = Noting {
        keys: KeySnapshot::new(published(&[&key("a")]), 1).unwrap(),
        has_fresh: true,
        asked: Arc::default(),
    };
    let built = Arc::new(AtomicUsize::new(0));
    let (count, barrier) = (Arc::clone(&built), Barrier::new(THREADS));
    // Each waits until all are about to build, so nobody finds the verifier of another before.
    let verifier = SourcedVerifier::new(source, move |_| {
        barrier.wait();
        Ok(Numbered(count.fetch_add(1, Ordering::SeqCst)))
    });
    let numbers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let number = support::block_on(verifier.verify_by("", |verifier, _| Ok(verifier.0))).unwrap();
                numbers.lock().unwrap().push(number);
            });
        }
    });
    let numbers = numbers.into_inner().unwrap();
    assert_eq!(built.load(Ordering::SeqCst), THREADS);
    assert_eq!(numbers, [numbers[0]; THREADS]);
    // And the one that was kept is theirs; the barrier would hold whoever builds again.
    let number = support::block_on(verifier.verify_by("", |verifier, _| Ok(verifier.0)));
    assert_eq!(number, Ok(numbers[0]));
}

#[test]
fn a_verifier_of_ones_own_says_what_has_the_source_look() {
    let source = Noting {
        keys: KeySnapshot::new(published(&[&key("a")]), 1).unwrap(),
        has_fresh: true,
        asked: Arc::default(),
    };
    let verifier = SourcedVerifier::new(source.clone(), |_| Ok(Numbered(0)));
    let refuse = |error: &Error| {
        let verdict = support::block_on(verifier.verify_by("", |_, _| Err::<(), _>(error.clone())));
        assert_eq!(verdict, Err(error.clone()));
        let waited = verifier.verify_by_async("", async |_| Err::<(), _>(error.clone()));
        assert_eq!(support::block_on(waited), Err(error.clone()));
        std::mem::take(&mut *source.asked.lock().unwrap()).len()
    };
    assert_eq!(refuse(&Error::NoMatchingKey), 2);
    assert_eq!(refuse(&Error::InvalidSignature), 0);
}

// ---- access tokens, a decryption key that answers later, and a cache

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// A decryption key outside the process, which answers when it is asked a second time: it counts, and may be down.
#[derive(Clone, Default)]
struct Vault {
    asked: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
}

impl AsyncExternalUnwrapper for Vault {
    fn unwrap<'a>(&'a self, wrapped: WrappedKey<'a>) -> ExternalFuture<'a, SecretBytes> {
        let mut waited = false;
        Box::pin(poll_fn(move |context| {
            if !std::mem::replace(&mut waited, true) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.down.load(Ordering::SeqCst) {
                return Poll::Ready(Err(ExternalKeyError::Unavailable));
            }
            let kek = aes_kw::KwAes256::new_from_slice(secret().expose_secret()).unwrap();
            let mut key = vec![0; 32];
            let is_opened = kek.unwrap_key(wrapped.encrypted_key(), &mut key).is_ok();
            Poll::Ready(if is_opened { Ok(SecretBytes::from(key)) } else { Err(ExternalKeyError::Refused) })
        }))
    }
}

/// An API behind its issuer's published keys, with a decryption key outside the process and a cache.
struct Api {
    time: Virtual,
    server: Server,
    clock: ManualClock,
    vault: Vault,
    cache: TokenCache,
    verifier: SourcedVerifier<AccessTokenVerifier>,
    key: SigningKey,
}

fn api() -> Api {
    let time = Virtual::new();
    let key = key("a");
    let server = Server::new(&time, Answer::ok(published(&[&key])));
    let source = server.source(RemoteJwks::from_url(URL));
    let (clock, vault) = (ManualClock::at(NOW), Vault::default());
    let (its_clock, its_vault) = (clock.clone(), vault.clone());
    let verifier = SourcedVerifier::new(source, move |keys| {
        let key =
            DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, its_vault.clone()).unwrap();
        AccessTokenVerifier::builder(keys.keys().clone())
            .issuer(ISSUER)
            .audience(AUDIENCE)
            .decrypt_with(key)
            .proof_if_bound()
            .clock(its_clock.clone())
            .build()
    });
    let cache = TokenCache::builder().max_age(Duration::from_secs(3600)).build().unwrap();
    Api { time, server, clock, vault, cache, verifier, key }
}

/// An encrypted access token, signed with this key.
fn access_token(key: &SigningKey, grant: &Grant) -> String {
    let recipient = DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret()).unwrap();
    AccessTokenIssuer::builder(key.clone_key())
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .lifetime(Duration::from_secs(1800))
        .encrypt_for(recipient.encryption_key().unwrap())
        .clock(ManualClock::at(NOW))
        .build()
        .unwrap()
        .issue(grant)
        .unwrap()
}

fn grant() -> Grant {
    Grant::to("user-17", "client-4")
}

fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "accepted")
}

impl Api {
    fn verify(&self, token: &str) -> &'static str {
        code(self.time.block_on(self.verifier.verify::<NoClaims>(token)))
    }

    /// The verdict through the cache, and whether that knew the token.
    fn cached(&self, token: &str) -> (&'static str, bool) {
        let verification: Verification = self.time.block_on(self.cache.verify_sourced(&self.verifier, token));
        let is_hit = verification.is_hit();
        (code(verification.into_token()), is_hit)
    }

    fn asked(&self) -> usize {
        self.vault.asked.load(Ordering::SeqCst)
    }
}

#[test]
fn a_decryption_key_that_answers_later_is_waited_for() {
    let api = api();
    let certificate = ClientCertificate::from_der(b"the client's");
    let bound = access_token(&api.key, &grant().bound_to_certificate(&certificate));
    let with = |certificate: &[u8]| {
        let proof = ClientCertificate::from_der(certificate);
        code(api.time.block_on(api.verifier.verify_with_proof::<NoClaims>(&bound, &proof)))
    };
    let unbound = access_token(&api.key, &grant());
    assert_eq!((api.verify(&unbound), api.verify(&bound)), ("accepted", "proof_required"));
    assert_eq!((with(b"the client's"), with(b"another's")), ("accepted", "proof_failed"));
    // A new key is found behind it, and an unknown one isn't.
    let next = key("b");
    api.server.always(Answer::ok(published(&[&api.key, &next])));
    assert_eq!(api.verify(&access_token(&next, &grant())), "accepted");
    assert_eq!(api.server.requests(), 2);
    assert_eq!(api.verify(&access_token(&key("c"), &grant())), "no_matching_key");
    api.vault.down.store(true, Ordering::SeqCst);
    assert_eq!(api.verify(&unbound), "unavailable");
    api.vault.down.store(false, Ordering::SeqCst);
    // Whoever doesn't wait can't ask it.
    let at_once = api.verifier.verify_by(&unbound, AccessTokenVerifier::verify::<NoClaims>);
    assert_eq!(code(api.time.block_on(at_once)), "misuse");
}

#[test]
fn a_jwt_verifiers_key_that_answers_later_is_waited_for() {
    let scene = scene();
    let vault = Vault::default();
    let its_vault = vault.clone();
    let verifier = SourcedVerifier::new(scene.source.clone(), move |keys| {
        let key = DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, its_vault.clone())?;
        JwtVerifier::builder(keys.keys().clone()).decrypt_with(key).any_issuer().any_audience().build()
    });
    let recipient = DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret()).unwrap();
    let recipient = recipient.encryption_key().unwrap();
    assert_eq!(scene.verify(&verifier, &encrypted(&recipient, &token(&scene.key))), "accepted");
    assert_eq!(scene.verify(&verifier, &encrypted(&recipient, &token(&key("a")))), "invalid_signature");
    vault.down.store(true, Ordering::SeqCst);
    assert_eq!(scene.verify(&verifier, &encrypted(&recipient, &token(&scene.key))), "unavailable");
    assert_eq!((vault.asked.load(Ordering::SeqCst), scene.server.requests()), (3, 1));
}

#[test]
fn a_known_token_waits_for_nothing() {
    let api = api();
    let token = access_token(&api.key, &grant());
    assert_eq!(api.cached(&token), ("accepted", false));
    let verification = std::pin::pin!(api.cache.verify_sourced::<NoClaims>(&api.verifier, &token));
    let Poll::Ready(verification) = verification.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits")
    };
    assert!(verification.is_hit());
    assert_eq!(verification.into_token().unwrap().subject(), "user-17");
    assert_eq!((api.cache.hits(), api.cache.misses(), api.asked(), api.server.requests()), (1, 1, 1, 1));
    // Its twin: one that isn't known asks the key, which answers later.
    let other = access_token(&api.key, &grant());
    let verification = std::pin::pin!(api.cache.verify_sourced::<NoClaims>(&api.verifier, &other));
    assert!(verification.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// Who uses a source and a cache does nothing for it: a withdrawn key takes along what it vouched for.
#[test]
fn what_is_known_ends_with_the_keys_it_was_verified_under() {
    let api = api();
    let token = access_token(&api.key, &grant());
    assert_eq!((api.cached(&token), api.cached(&token)), (("accepted", false), ("accepted", true)));
    // The same set again, as another answer gave it, ends nothing.
    api.time.pass(Duration::from_secs(301));
    assert_eq!((api.cached(&token), api.asked()), (("accepted", true), 1));
    assert_eq!(api.server.requests(), 2);

    let next = key("b");
    api.server.always(Answer::ok(published(&[&next])));
    // Until the source has looked, nobody knows.
    assert_eq!(api.cached(&token), ("accepted", true));
    api.time.pass(Duration::from_secs(301));
    assert_eq!((api.cached(&token), api.asked()), (("no_matching_key", false), 2));
    // Its twin, of the key that is published now.
    let token_of_next = access_token(&next, &grant());
    assert_eq!(api.cached(&token_of_next), ("accepted", false));
    assert_eq!(api.cached(&token_of_next), ("accepted", true));

    // If the key comes back, what was known of it doesn't.
    api.server.always(Answer::ok(published(&[&api.key])));
    api.time.pass(Duration::from_secs(301));
    let asked = api.asked();
    assert_eq!((api.cached(&token), api.asked()), (("accepted", false), asked + 1));
}

/// A set that a fetch in the background brought counts from then on.
#[test]
fn a_refresh_that_nobody_waited_for_ends_what_is_known_too() {
    let api = api();
    let token = access_token(&api.key, &grant());
    assert_eq!((api.cached(&token), api.cached(&token)), (("accepted", false), ("accepted", true)));
    api.server.always(Answer::ok(published(&[&key("b")])));
    // Due, and still in time: the hit has it fetched, and doesn't wait.
    api.time.pass(Duration::from_secs(280));
    assert_eq!(api.cached(&token), ("accepted", true));
    api.time.pass(Duration::from_secs(1));
    assert_eq!(api.server.requests(), 2);
    assert_eq!(api.cached(&token), ("no_matching_key", false));
}

#[test]
fn a_token_of_a_new_key_is_looked_up_under_that_key() {
    let api = api();
    assert_eq!(api.cached(&access_token(&api.key, &grant())), ("accepted", false));
    let next = key("b");
    let token = access_token(&next, &grant());
    // What can't be looked up is refused for now, and not remembered.
    api.server.always(Answer::down());
    assert_eq!(api.cached(&token), ("key_source_unavailable", false));
    api.time.pass(Duration::from_secs(60));
    api.server.always(Answer::ok(published(&[&api.key, &next])));
    assert_eq!((api.cached(&token), api.cached(&token)), (("accepted", false), ("accepted", true)));
    // Four look-ups so far found nothing: of the first token, of this one in the outage, and of this one under
    // the old keys and the new.
    assert_eq!((api.cache.hits(), api.cache.misses()), (1, 4));
}

#[test]
fn a_hit_is_judged_anew_and_told_as_one() {
    let api = api();
    let certificate = ClientCertificate::from_der(b"the client's");
    let bound = access_token(&api.key, &grant().bound_to_certificate(&certificate));
    let with = |certificate: &[u8]| {
        let proof = ClientCertificate::from_der(certificate);
        let verification = api.cache.verify_sourced_with_proof::<NoClaims>(&api.verifier, &bound, &proof);
        let verification = api.time.block_on(verification);
        (verification.is_hit(), code(verification.into_token()))
    };
    assert_eq!((with(b"the client's"), with(b"the client's")), ((false, "accepted"), (true, "accepted")));
    assert_eq!(with(b"another's"), (true, "proof_failed"));
    assert_eq!(api.cached(&bound), ("proof_required", true));
    api.clock.set(NOW + 1800);
    assert_eq!(with(b"the client's"), (true, "expired"));
    assert_eq!((with(b"the client's"), api.server.requests()), ((false, "expired"), 1));
}

#[test]
fn a_revoked_token_is_forgotten_by_the_verifier_that_knew_it() {
    let api = api();
    let text = access_token(&api.key, &grant());
    let store = Arc::new(MemoryRevocations::new(9).with_clock(api.clock.clone()));
    let check = RevocationCheck::new(Arc::clone(&store));
    let pass = || {
        let verification: Verification = api.time.block_on(api.cache.verify_sourced(&api.verifier, &text));
        let is_hit = verification.is_hit();
        let (token, verifier) = verification.into_token_and_verifier().unwrap();
        let checked = api.cache.check_revocation(&verifier, &text, &token, &check);
        (is_hit, code(api.time.block_on(checked)), api.cache.len())
    };
    assert_eq!((pass(), pass()), ((false, "accepted", 1), (true, "accepted", 1)));
    let token = api.time.block_on(api.verifier.verify::<NoClaims>(&text)).unwrap();
    store.insert(&Revocation::of_token(&token).unwrap()).unwrap();
    assert_eq!((pass(), pass()), ((true, "revoked", 0), (false, "revoked", 0)));

    // The same by a closure, which is what a gateway of one's own would write.
    let other = access_token(&api.key, &grant());
    let pass = |text: &str| {
        let verified = api.verifier.verify_by_async(text, async |verifier| {
            let token = api.cache.verify_async::<NoClaims>(&verifier, text).await?;
            api.cache.check_revocation(&verifier, text, &token, &check).await
        });
        code(api.time.block_on(verified))
    };
    assert_eq!((pass(&other), pass(&text)), ("accepted", "revoked"));
}

#[test]
fn a_verifier_of_keys_that_dont_change_is_asked_the_same_way() {
    let clock = ManualClock::at(NOW);
    let key = key("a");
    let own = DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret()).unwrap();
    let fixed = AccessTokenVerifier::builder(key.verifying_key().unwrap()).issuer(ISSUER).audience(AUDIENCE);
    let fixed = fixed.decrypt_with(own).clock(clock).build().unwrap();
    let verifier = SourcedVerifier::from(fixed);
    let cache = TokenCache::builder().build().unwrap();
    let verify = |text: &str| {
        let verification: Verification = support::block_on(cache.verify_sourced(&verifier, text));
        (verification.is_hit(), code(verification.into_token()))
    };
    let token = access_token(&key, &grant());
    assert_eq!((verify(&token), verify(&token)), ((false, "accepted"), (true, "accepted")));
    let unknown = access_token(&self::key("b"), &grant());
    assert_eq!(verify(&unknown), (false, "no_matching_key"));
    assert_eq!(code(support::block_on(verifier.verify::<NoClaims>(&token))), "accepted");
    assert_eq!(code(support::block_on(verifier.verify::<NoClaims>(&unknown))), "no_matching_key");
}

// ---- futures in the box of a service

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a service of an HTTP framework is, reduced: what it returns outlives the call and goes to any thread.
#[derive(Clone)]
struct Service {
    verifier: Arc<SourcedVerifier<AccessTokenVerifier>>,
    cache: Arc<TokenCache>,
}

impl Service {
    fn call(&mut self, token: String) -> Boxed<'static, Result<String, Error>> {
        let Self { verifier, cache } = self.clone();
        Box::pin(async move {
            let verification = cache.verify_sourced::<NoClaims>(&verifier, &token).await;
            let (token, _) = verification.into_token_and_verifier()?;
            Ok(token.subject().to_owned())
        })
    }
}

/// Claims that no other thread may have.
#[derive(serde::Deserialize)]
struct Local {
    #[serde(skip)]
    _kept_here: PhantomData<*const ()>,
}

#[test]
fn the_futures_go_to_any_thread_in_a_box() {
    let api = api();
    let token = access_token(&api.key, &grant());
    let (verifier, cache, text) = (&api.verifier, &api.cache, &*token);
    let proof = ClientCertificate::from_der(b"the client's");
    let check = RevocationCheck::new(Arc::new(MemoryRevocations::new(9)));
    let waited = |verifier: Arc<AccessTokenVerifier>| async {
        let verifier = verifier;
        let token = cache.verify_async::<NoClaims>(&verifier, text).await?;
        cache.check_revocation(&verifier, text, &token, &check).await
    };
    let futures: Vec<Boxed<'_, Result<(), Error>>> = vec![
        Box::pin(async { verifier.verify::<NoClaims>(text).await.map(drop) }),
        Box::pin(async { verifier.verify::<Local>(text).await.map(drop) }),
        Box::pin(async { verifier.verify_with_proof::<NoClaims>(text, &proof).await.map(drop) }),
        Box::pin(verifier.verify_by_async(text, waited)),
        Box::pin(async { verifier.verify_by_async(text, waited).await }),
        Box::pin(async { cache.verify_sourced::<NoClaims>(verifier, text).await.into_token().map(drop) }),
        Box::pin(async { cache.verify_sourced::<Local>(verifier, text).await.into_token().map(drop) }),
        Box::pin(async {
            let verification = cache.verify_sourced_with_proof::<NoClaims>(verifier, text, &proof).await;
            verification.into_token().map(drop)
        }),
    ];
    for (place, future) in futures.into_iter().enumerate() {
        assert_eq!(api.time.block_on(future), Ok(()), "{place}");
    }
    let at_once: Boxed<'_, Result<(), Error>> = Box::pin(verifier.verify_by(text, |_, _| Ok(())));
    assert_eq!(api.time.block_on(at_once), Ok(()));

    let source = api.server.source(RemoteJwks::from_url(URL));
    let jwt = SourcedVerifier::new(source, |keys| {
        JwtVerifier::builder(keys.keys().clone()).any_issuer().any_audience().build()
    });
    let inner = self::token(&api.key);
    let verified: Boxed<'_, Result<_, Error>> = Box::pin(jwt.verify::<NoClaims>(&inner));
    assert_eq!(api.time.block_on(verified).unwrap().subject(), Some("user-17"));

    let Api { time, verifier, cache, .. } = api;
    let mut service = Service { verifier: Arc::new(verifier), cache: Arc::new(cache) };
    assert_eq!(time.block_on(service.call(token)).as_deref(), Ok("user-17"));
    assert_eq!(code(time.block_on(service.call("no token".to_owned()))), "segment_count");
}
