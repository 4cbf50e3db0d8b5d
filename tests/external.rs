//! Keys outside the process: what a right answer gives, and that no wrong, late or missing one gives a token
//! or a plaintext.
//!
//! The fakes here do their private operations with RustCrypto; what they answer is each test's choice.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::cell::Cell;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use aes_kw::KeyInit as _;
use countersign::jwe::{
    AsyncExternalAgreement, AsyncExternalUnwrapper, EphemeralPublicKey, ExternalAgreement, ExternalUnwrapper,
    JweDecrypter, WrappedKey, decrypt_async,
};
use countersign::jwk::{KeyOperation, KeyUse};
use countersign::jws::{AsyncExternalSigner, ExternalSigner, JwsBuilder, JwsVerifier};
use countersign::{
    ContentEncryption, DecryptionKey, EncryptionKey, Error, ExternalFuture, ExternalKeyError, JweAlgorithm,
    Jwk, JwsAlgorithm, JwtIssuer, JwtVerifier, KeySet, NoClaims, SecretBytes, SigningKey, TokenBuffer,
    VerifiedJwt, VerifyingKey, decrypt, encrypt, jws,
};
use p256::ecdsa::signature::Signer as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use support::{
    NOW, block_on, from_base64url, hmac_key, jwk, secret, signing_key, signing_key_id, stopped_at,
};

use ExternalKeyError::{Refused, Unavailable};

type Answer<T> = Result<T, ExternalKeyError>;

/// A fake key: it answers at once or late, and counts how often it was asked.
struct Fake<F> {
    answer: F,
    asked: Arc<AtomicUsize>,
}

impl<F> Fake<F> {
    fn new(answer: F) -> Self {
        Self { answer, asked: Arc::default() }
    }

    fn count(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }
}

impl<F: Fn(&[u8]) -> Answer<Vec<u8>> + Send + Sync> ExternalSigner for Fake<F> {
    fn sign(&self, signing_input: &[u8]) -> Answer<Vec<u8>> {
        self.count();
        (self.answer)(signing_input)
    }
}

impl<F: Fn(&[u8]) -> Answer<Vec<u8>> + Send + Sync> AsyncExternalSigner for Fake<F> {
    fn sign<'a>(&'a self, signing_input: &'a [u8]) -> ExternalFuture<'a, Vec<u8>> {
        Box::pin(async move {
            self.count();
            Late::new().await;
            (self.answer)(signing_input)
        })
    }
}

impl<F: Fn(WrappedKey<'_>) -> Answer<SecretBytes> + Send + Sync> ExternalUnwrapper for Fake<F> {
    fn unwrap(&self, wrapped: WrappedKey<'_>) -> Answer<SecretBytes> {
        self.count();
        (self.answer)(wrapped)
    }
}

impl<F: Fn(WrappedKey<'_>) -> Answer<SecretBytes> + Send + Sync> AsyncExternalUnwrapper for Fake<F> {
    fn unwrap<'a>(&'a self, wrapped: WrappedKey<'a>) -> ExternalFuture<'a, SecretBytes> {
        Box::pin(async move {
            self.count();
            Late::new().await;
            (self.answer)(wrapped)
        })
    }
}

impl<F: Fn(&EphemeralPublicKey) -> Answer<SecretBytes> + Send + Sync> ExternalAgreement for Fake<F> {
    fn agree(&self, ephemeral: &EphemeralPublicKey) -> Answer<SecretBytes> {
        self.count();
        (self.answer)(ephemeral)
    }
}

impl<F: Fn(&EphemeralPublicKey) -> Answer<SecretBytes> + Send + Sync> AsyncExternalAgreement for Fake<F> {
    fn agree<'a>(&'a self, ephemeral: &'a EphemeralPublicKey) -> ExternalFuture<'a, SecretBytes> {
        Box::pin(async move {
            self.count();
            Late::new().await;
            (self.answer)(ephemeral)
        })
    }
}

/// A future that is pending several times: woken for nothing at first, then late, from another thread.
struct Late {
    polled: usize,
}

impl Late {
    const PENDING: usize = 3;

    fn new() -> Self {
        Self { polled: 0 }
    }
}

impl Future for Late {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.polled += 1;
        let waker = context.waker().clone();
        match self.polled {
            1 => waker.wake(),
            polled if polled > Self::PENDING => return Poll::Ready(()),
            _ => drop(thread::spawn(move || {
                thread::sleep(Duration::from_millis(2));
                waker.wake();
            })),
        }
        Poll::Pending
    }
}

/// Polls once, as a caller does who then loses patience.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "accepted")
}

// ---- signing

/// The private key of the fixed P-256 key, where only a fake looks at it.
fn p256_private() -> Vec<u8> {
    let json: Value = serde_json::from_str(jwk("P-256").expose_json().expose_secret()).unwrap();
    from_base64url(json["d"].as_str().unwrap())
}

fn p256_public() -> Jwk {
    jwk("P-256").to_public().unwrap()
}

fn p256_signature(input: &[u8]) -> p256::ecdsa::Signature {
    p256::ecdsa::SigningKey::from_slice(&p256_private()).unwrap().sign(input)
}

fn signed_right(input: &[u8]) -> Answer<Vec<u8>> {
    Ok(p256_signature(input).to_vec())
}

fn verifying_key() -> VerifyingKey {
    VerifyingKey::from_jwk_for(JwsAlgorithm::Es256, &p256_public()).unwrap()
}

fn issuer(key: SigningKey) -> JwtIssuer {
    let issuer = JwtIssuer::builder(key).issuer("i").audience("a").clock(stopped_at(NOW));
    issuer.lifetime(Duration::from_secs(60)).build().unwrap()
}

fn nested_issuer(key: SigningKey) -> JwtIssuer {
    let issuer = JwtIssuer::builder(key).issuer("i").audience("a").clock(stopped_at(NOW));
    let recipient = wrapping_key().encryption_key().unwrap();
    issuer.lifetime(Duration::from_secs(60)).encrypt_for(recipient).build().unwrap()
}

fn verifier() -> JwtVerifier {
    JwtVerifier::builder(verifying_key()).issuer("i").audience("a").clock(stopped_at(NOW)).build().unwrap()
}

fn nested_verifier(keys: impl Into<KeySet<DecryptionKey>>) -> JwtVerifier {
    let verifier = JwtVerifier::builder(verifying_key()).issuer("i").audience("a").clock(stopped_at(NOW));
    verifier.decrypt_with(keys).build().unwrap()
}

/// The key in the process that stands for the one outside.
fn wrapping_key() -> DecryptionKey {
    DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret()).unwrap()
}

/// What every way to make a token gives with a key that answers so.
fn tokens<F>(answer: F) -> Vec<(&'static str, Result<String, Error>)>
where
    F: Fn(&[u8]) -> Answer<Vec<u8>> + Send + Sync + Copy + 'static,
{
    let call = || SigningKey::external(JwsAlgorithm::Es256, &p256_public(), Fake::new(answer)).unwrap();
    let wait = || SigningKey::external_async(JwsAlgorithm::Es256, &p256_public(), Fake::new(answer)).unwrap();
    vec![
        ("sign", jws::sign(&call(), b"payload")),
        ("issue", issuer(call()).issue("s", &NoClaims)),
        ("issue_without_subject", issuer(call()).issue_without_subject(&NoClaims)),
        ("issue, nested", nested_issuer(call()).issue("s", &NoClaims)),
        ("sign_async of a call", block_on(JwsBuilder::new(&call()).sign_async(b"payload"))),
        ("issue_async of a call", block_on(issuer(call()).issue_async("s", &NoClaims))),
        ("sign_async", block_on(JwsBuilder::new(&wait()).sign_async(b"payload"))),
        ("issue_async", block_on(issuer(wait()).issue_async("s", &NoClaims))),
        ("issue_without_subject_async", block_on(issuer(wait()).issue_without_subject_async(&NoClaims))),
        ("sign_detached", JwsBuilder::new(&call()).sign_detached(b"payload")),
        ("sign_detached_async", block_on(JwsBuilder::new(&wait()).sign_detached_async(b"payload"))),
        ("sign_json", JwsBuilder::new(&call()).sign_json(b"payload")),
        ("sign_json_async", block_on(JwsBuilder::new(&wait()).sign_json_async(b"payload"))),
        ("sign_json_detached", JwsBuilder::new(&call()).sign_json_detached(b"payload")),
        ("sign_json_detached_async", block_on(JwsBuilder::new(&wait()).sign_json_detached_async(b"payload"))),
        ("sign_json, general", jws::sign_general(&[JwsBuilder::new(&call())], b"payload")),
        (
            "sign_json_async, general",
            block_on(jws::sign_general_async(&[JwsBuilder::new(&wait())], b"payload")),
        ),
        (
            "sign_json_detached_async, general",
            block_on(jws::sign_general_detached_async(&[JwsBuilder::new(&wait())], b"payload")),
        ),
        ("issue_async, nested", block_on(nested_issuer(wait()).issue_async("s", &NoClaims))),
    ]
}

#[test]
fn a_right_signature_makes_a_token() {
    for (way, token) in tokens(signed_right) {
        let token = token.unwrap_or_else(|error| panic!("{way}: {error}"));
        if way.contains("nested") {
            nested_verifier(wrapping_key()).verify::<NoClaims>(&token).unwrap();
        } else if way.contains("issue") {
            let jwt: VerifiedJwt<NoClaims> = verifier().verify(&token).unwrap();
            assert_eq!(jwt.subject(), (!way.contains("without")).then_some("s"), "{way}");
        } else if way.contains("json") {
            let key = verifying_key();
            let verifier = JwsVerifier::new([&key]);
            let verified = match way.contains("detached") {
                true => verifier.verify_json_detached(&token, b"payload").unwrap(),
                false => verifier.verify_json(&token).unwrap(),
            };
            assert_eq!(verified.payload(), b"payload", "{way}");
        } else if way.contains("detached") {
            let key = verifying_key();
            JwsVerifier::new([&key]).verify_detached(&token, b"payload").unwrap();
        } else {
            let verified = jws::verify(&verifying_key(), &token).unwrap();
            assert_eq!((verified.payload(), verified.key_id()), (&b"payload"[..], Some("P-256")), "{way}");
        }
    }
}

/// No wrong signature becomes a token, whoever asked for it and however.
#[test]
fn a_wrong_signature_makes_none() {
    type Signature = fn(&[u8]) -> Vec<u8>;
    let wrong: [(&str, Signature); 13] = [
        ("nothing", |_| Vec::new()),
        ("zeros", |_| vec![0; 64]),
        ("a byte short", |input| p256_signature(input).to_vec().split_last().unwrap().1.to_vec()),
        ("a byte more", |input| [&p256_signature(input).to_vec()[..], &[0]].concat()),
        ("twice", |input| p256_signature(input).to_vec().repeat(2)),
        ("DER", |input| p256_signature(input).to_der().as_bytes().to_vec()),
        ("a bit changed", |input| {
            let mut signature = p256_signature(input).to_vec();
            signature[40] ^= 1;
            signature
        }),
        ("r and s swapped", |input| {
            let signature = p256_signature(input).to_vec();
            [&signature[32..], &signature[..32]].concat()
        }),
        ("of another key", |input| {
            let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
            let signature: p256::ecdsa::Signature = key.sign(input);
            signature.to_vec()
        }),
        ("of another input", |_| p256_signature(b"e30.e30").to_vec()),
        ("of the hash, hashed again", |input| {
            p256_signature(&JwsAlgorithm::Es256.digest(input).unwrap()).to_vec()
        }),
        ("in base64url", |input| support::base64url(p256_signature(input).to_vec()).into_bytes()),
        ("a megabyte", |_| vec![1; 1 << 20]),
    ];
    for (what, signature) in wrong {
        for (way, token) in tokens(move |input: &[u8]| Ok(signature(input))) {
            let error = token.expect_err(what);
            assert_eq!((error.code(), error.http_status()), ("key_signature", 500), "{what}, {way}");
            assert!(!error.is_invalid_token());
        }
    }
    // The reason tells what to do about the form that services return.
    let reason = |signature: Signature| {
        let key = Fake::new(move |input: &[u8]| Ok(signature(input)));
        let key = SigningKey::external(JwsAlgorithm::Es256, &p256_public(), key).unwrap();
        jws::sign(&key, b"payload").unwrap_err().to_string()
    };
    assert!(reason(wrong[5].1).contains("`signature_from_der` converts DER"));
    assert!(reason(wrong[8].1).contains("one that doesn't verify"));
}

#[test]
fn what_stops_the_key_stops_the_token() {
    for (way, token) in tokens(|_| Err(Unavailable)) {
        let error = token.unwrap_err();
        assert_eq!((error.code(), error.http_status()), ("unavailable", 503), "{way}");
        assert_eq!(error.to_string(), "unavailable: the external key");
    }
    for (way, token) in tokens(|_| Err(Refused)) {
        let error = token.unwrap_err();
        assert_eq!((error.code(), error.http_status()), ("key_refused", 500), "{way}");
    }
}

#[test]
fn der_is_converted_on_request() {
    let der = |input: &[u8]| p256_signature(input).to_der().as_bytes().to_vec();
    for (way, token) in tokens(move |input: &[u8]| Ok(JwsAlgorithm::Es256.signature_from_der(&der(input))?)) {
        assert_eq!(code(token), "accepted", "{way}");
    }
    // The twins: what isn't one DER signature, and an algorithm of another curve.
    for (way, token) in tokens(move |input: &[u8]| {
        Ok(JwsAlgorithm::Es256.signature_from_der(&[&der(input)[..], &[0]].concat())?)
    }) {
        assert_eq!(code(token), "key_refused", "{way}");
    }
    let signature = der(b"");
    assert_eq!(JwsAlgorithm::Es256.signature_from_der(&signature).unwrap(), p256_signature(b"").to_vec());
    assert_eq!(code(JwsAlgorithm::Es256.signature_from_der(&p256_signature(b"").to_vec())), "encoding");
    assert_eq!(JwsAlgorithm::Es384.signature_from_der(&signature).unwrap().len(), 96);
    let for_tokens = SigningKey::external(
        JwsAlgorithm::Es256,
        &p256_public(),
        Fake::new(move |input: &[u8]| Ok(JwsAlgorithm::Es384.signature_from_der(&der(input))?)),
    );
    assert_eq!(code(jws::sign(&for_tokens.unwrap(), b"payload")), "key_signature");
    for algorithm in [JwsAlgorithm::Rs256, JwsAlgorithm::Ed25519, JwsAlgorithm::Hs256] {
        assert_eq!(code(algorithm.signature_from_der(&signature)), "misuse");
    }
}

/// A key that signs hash values signs those that the library computes.
#[test]
fn a_key_that_takes_a_digest() {
    use p256::ecdsa::signature::hazmat::PrehashSigner as _;

    let sign = |input: &[u8]| {
        let digest = JwsAlgorithm::Es256.digest(input).ok_or(Refused)?;
        let key = p256::ecdsa::SigningKey::from_slice(&p256_private()).unwrap();
        let signature: p256::ecdsa::Signature = key.sign_prehash(&digest).unwrap();
        Ok(signature.to_vec())
    };
    for (way, token) in tokens(sign) {
        assert_eq!(code(token), "accepted", "{way}");
    }
    for &algorithm in JwsAlgorithm::ALL {
        let digest = algorithm.digest(b"abc").map(|digest| digest.len());
        let expected = match algorithm.name() {
            "Ed25519" | "HS256" | "HS384" | "HS512" => None,
            name if name.contains("256") => Some(32),
            name if name.contains("384") => Some(48),
            _ => Some(64),
        };
        assert_eq!(digest, expected, "{algorithm}");
    }
    assert_eq!(JwsAlgorithm::Es256.digest(b"abc").unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
}

/// Each algorithm's signature passes as it is, under the one payload that it was made for.
#[test]
fn every_algorithm_with_a_public_key() {
    let mut tried = 0;
    for &algorithm in JwsAlgorithm::ALL.iter().filter(|algorithm| !algorithm.name().starts_with("HS")) {
        // What the key in the process signs, the one outside answers.
        let token = jws::sign(&signing_key(algorithm), b"payload").unwrap();
        let signature = from_base64url(token.rsplit('.').next().unwrap());
        let public = jwk(signing_key_id(algorithm)).to_public().unwrap();
        let longer = [&signature[..], &[0]].concat();
        let key = SigningKey::external(algorithm, &public, Fake::new(move |_: &[u8]| Ok(signature.clone())));
        let key = key.unwrap();
        assert_eq!(jws::sign(&key, b"payload"), Ok(token), "{algorithm}");
        assert_eq!(code(jws::sign(&key, b"Payload")), "key_signature", "{algorithm}");
        let key = SigningKey::external(algorithm, &public, Fake::new(move |_: &[u8]| Ok(longer.clone())));
        assert_eq!(code(jws::sign(&key.unwrap(), b"payload")), "key_signature", "{algorithm}");
        tried += 1;
    }
    assert!(tried >= 10);
}

#[test]
fn the_stated_key_is_a_public_one_for_the_algorithm() {
    let of = |algorithm, jwk: &Jwk| code(SigningKey::external(algorithm, jwk, Fake::new(signed_right)));
    let of_async =
        |algorithm, jwk: &Jwk| code(SigningKey::external_async(algorithm, jwk, Fake::new(signed_right)));
    let (es256, public) = (JwsAlgorithm::Es256, p256_public());
    let n = support::base64url([0xff; 1024]);
    let rsa_8192 = Jwk::from_json(&format!(r#"{{"kty":"RSA","e":"AQAB","n":"{n}"}}"#)).unwrap();
    for (what, algorithm, jwk, expected) in [
        ("the public key", es256, public.clone_key(), "accepted"),
        ("marked for it", es256, public.clone_key().with_use(KeyUse::Signature), "accepted"),
        ("the private key", es256, jwk("P-256"), "key_not_public"),
        ("a secret", JwsAlgorithm::Hs256, jwk("oct-256"), "key_not_public"),
        ("a public key for HS256", JwsAlgorithm::Hs256, public.clone_key(), "key_type"),
        ("another curve", JwsAlgorithm::Es384, public.clone_key(), "key_type"),
        ("another type", JwsAlgorithm::Rs256, public.clone_key(), "key_type"),
        ("for encryption", es256, public.clone_key().with_use(KeyUse::Encryption), "key_use"),
        ("for another algorithm", es256, public.clone_key().with_algorithm("ES384"), "key_algorithm"),
        ("RSA of 8192 bits", JwsAlgorithm::Rs256, rsa_8192, "key_too_large"),
    ] {
        assert_eq!(of(algorithm, &jwk), expected, "{what}");
        assert_eq!(of_async(algorithm, &jwk), expected, "{what}");
    }
}

#[test]
fn an_external_signing_key_gives_out_its_public_half() {
    let key = SigningKey::external(JwsAlgorithm::Es256, &p256_public(), Fake::new(signed_right)).unwrap();
    let key = key.clone_key().with_key_id("2026-11");
    let published = key.to_public_jwk().unwrap();
    assert_eq!((published.algorithm(), published.key_id()), (Some("ES256"), Some("2026-11")));
    assert_eq!(published.thumbprint(), p256_public().thumbprint());
    assert_eq!(code(key.expose_jwk()), "key_not_private");
    assert_eq!(code(signing_key(JwsAlgorithm::Es256).expose_jwk()), "accepted");
    let token = jws::sign(&key, b"payload").unwrap();
    assert_eq!(jws::verify(&key.verifying_key().unwrap(), &token).unwrap().key_id(), Some("2026-11"));
    assert_eq!(format!("{key:?}"), r#"SigningKey { algorithm: Es256, key_id: Some("2026-11"), .. }"#);
}

/// A call that can't wait doesn't begin.
#[test]
fn an_asynchronous_signer_isnt_asked_by_a_call_that_doesnt_wait() {
    let fake = Fake::new(signed_right);
    let asked = Arc::clone(&fake.asked);
    let key = SigningKey::external_async(JwsAlgorithm::Es256, &p256_public(), fake).unwrap();
    let issuer = issuer(key.clone_key());
    for token in [jws::sign(&key, b"payload"), issuer.issue("s", &NoClaims)] {
        let error = token.unwrap_err();
        assert_eq!((error.code(), error.http_status()), ("misuse", 500));
        assert!(error.to_string().contains("`issue_async`"), "{error}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(code(block_on(issuer.issue_async("s", &NoClaims))), "accepted");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

/// Whoever issues asynchronously may have a key in the process, which doesn't wait.
#[test]
fn a_key_in_the_process_is_done_at_the_first_poll() {
    let key = signing_key(JwsAlgorithm::Es256);
    let issuer = nested_issuer(key.clone_key());
    let Poll::Ready(token) = poll_once(pin!(issuer.issue_async("s", &NoClaims))) else { panic!("it waits") };
    let verifier = nested_verifier(wrapping_key());
    let token = token.unwrap();
    let Poll::Ready(jwt) = poll_once(pin!(verifier.verify_async::<NoClaims>(&token))) else {
        panic!("it waits")
    };
    assert_eq!(jwt.unwrap().subject(), Some("s"));
    let forged = support::with_flipped_bit(&token, 3, 9);
    let Poll::Ready(jwt) = poll_once(pin!(verifier.verify_async::<NoClaims>(&forged))) else {
        panic!("it waits")
    };
    assert_eq!(code(jwt), "decryption_failed");
    let Poll::Ready(token) = poll_once(pin!(JwsBuilder::new(&key).sign_async(b"payload"))) else {
        panic!("it waits")
    };
    jws::verify(&key.verifying_key().unwrap(), &token.unwrap()).unwrap();
}

/// The claims are judged before anything is asked, and the time is that of the call.
#[test]
fn claims_are_written_when_the_token_is_asked_for() {
    let fake = Fake::new(signed_right);
    let asked = Arc::clone(&fake.asked);
    let issuer = issuer(SigningKey::external_async(JwsAlgorithm::Es256, &p256_public(), fake).unwrap());
    let issued = {
        #[derive(Serialize)]
        struct Claims {
            scope: Cell<u32>,
        }
        let claims = Claims { scope: Cell::new(1) };
        let issued = issuer.issue_async("s", &claims);
        claims.scope.set(2);
        issued
    };
    let jwt = verifier().verify::<Value>(&block_on(issued).unwrap()).unwrap();
    assert_eq!(jwt.claims()["scope"], 1);
    assert_eq!(code(block_on(issuer.issue_async("s", &serde_json::json!({ "iss": "x" })))), "misuse");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

/// A future that was dropped midway, after each number of polls, leaves an issuer that issues.
#[test]
fn a_cancelled_issue_leaves_nothing_behind() {
    let fake = Fake::new(signed_right);
    let asked = Arc::clone(&fake.asked);
    let key = SigningKey::external_async(JwsAlgorithm::Es256, &p256_public(), fake).unwrap();
    let issuer = nested_issuer(key);
    drop(issuer.issue_async("s", &NoClaims));
    assert_eq!(asked.load(Ordering::Relaxed), 0, "nobody is asked before the first poll");
    for polls in 1..=Late::PENDING {
        let mut issued = Box::pin(issuer.issue_async("s", &NoClaims));
        for _ in 0..polls {
            assert!(poll_once(issued.as_mut()).is_pending());
        }
        drop(issued);
        assert_eq!(asked.load(Ordering::Relaxed), polls);
    }
    let token = block_on(issuer.issue_async("s", &NoClaims)).unwrap();
    nested_verifier(wrapping_key()).verify::<NoClaims>(&token).unwrap();
}

/// Of several signatures that are awaited, one that is wrong leaves no token; what can't be written in JSON is
/// refused before anyone signs.
#[test]
fn several_signatures_are_awaited_one_after_another() {
    let (right, wrong) = (Fake::new(signed_right), Fake::new(|_: &[u8]| Ok(vec![1; 64])));
    let asked = (Arc::clone(&right.asked), Arc::clone(&wrong.asked));
    let asked = || (asked.0.load(Ordering::Relaxed), asked.1.load(Ordering::Relaxed));
    let right = SigningKey::external_async(JwsAlgorithm::Es256, &p256_public(), right).unwrap();
    let wrong = SigningKey::external_async(JwsAlgorithm::Es256, &p256_public(), wrong).unwrap();
    let here = signing_key(JwsAlgorithm::Ed25519);
    let builders = |keys: [&'static SigningKey; 2]| keys.map(JwsBuilder::new);
    let [right, wrong, here] = [right, wrong, here].map(|key| &*Box::leak(Box::new(key)));

    let json = block_on(jws::sign_general_async(&builders([here, right]), b"payload")).unwrap();
    let ed25519 = here.verifying_key().unwrap();
    let both = [&verifying_key(), &ed25519].map(VerifyingKey::clone_key);
    assert_eq!(JwsVerifier::new(&both).verify_json(&json).unwrap().distinct_keys(), 2);
    assert_eq!(code(block_on(jws::sign_general_async(&builders([wrong, right]), b""))), "key_signature");
    assert_eq!(asked(), (1, 1));
    assert_eq!(code(block_on(jws::sign_general_async(&builders([right, wrong]), b""))), "key_signature");
    assert_eq!(asked(), (2, 2));
    assert_eq!(code(jws::sign_general(&builders([here, right]), b"")), "misuse");
    let plain = builders([right, here]).map(JwsBuilder::unencoded_payload);
    assert_eq!(code(block_on(jws::sign_general_async(&plain, &[0xff]))), "misuse");
    assert_eq!(code(block_on(plain[0].sign_json_async(&[0xff]))), "misuse");
    assert_eq!(code(block_on(plain[0].sign_async(b"a.b"))), "misuse");
    assert_eq!(asked(), (2, 2));
    assert_eq!(code(block_on(plain[0].sign_json_detached_async(&[0xff]))), "accepted");
    assert_eq!(code(block_on(plain[0].sign_async(b"a-b"))), "accepted");
}

// ---- decrypting

fn unwrapped(key: &[u8], wrapped: &[u8]) -> Answer<SecretBytes> {
    let mut content_key = vec![0; wrapped.len().checked_sub(8).ok_or(Refused)?];
    let kek = aes_kw::KwAes256::new_from_slice(key).map_err(|_| Refused)?;
    kek.unwrap_key(wrapped, &mut content_key).map_err(|_| Refused)?;
    Ok(SecretBytes::from(content_key))
}

fn unwrapped_right(wrapped: WrappedKey<'_>) -> Answer<SecretBytes> {
    assert_eq!((wrapped.initialization_vector(), wrapped.authentication_tag()), (None, None));
    assert!(!format!("{wrapped:?}").contains(&format!(
        "{}, {}",
        wrapped.encrypted_key()[0],
        wrapped.encrypted_key()[1]
    )));
    unwrapped(secret().expose_secret(), wrapped.encrypted_key())
}

fn agreed_right(ephemeral: &EphemeralPublicKey) -> Answer<SecretBytes> {
    let own = p256::SecretKey::from_slice(&p256_private()).unwrap();
    let peer = p256::PublicKey::from_sec1_bytes(ephemeral.octets()).unwrap();
    let shared = p256::ecdh::diffie_hellman(own.to_nonzero_scalar(), peer.as_affine());
    Ok(SecretBytes::from(shared.raw_secret_bytes().to_vec()))
}

/// What every way to open a token gives with these keys: one that is called, one that is waited for.
fn opened(
    call: &DecryptionKey,
    wait: &DecryptionKey,
    token: &str,
) -> Vec<(&'static str, Result<SecretBytes, Error>)> {
    let set = |key: &DecryptionKey| KeySet::from(key.clone_key());
    let given = |decrypted: Result<countersign::jwe::DecryptedJwe, Error>| {
        decrypted.map(|decrypted| decrypted.plaintext().clone_secret())
    };
    vec![
        ("decrypt", decrypt(call, token)),
        ("a set's decrypt", set(call).decrypt(token)),
        ("a decrypter", given(JweDecrypter::new([call]).decrypt(token))),
        ("decrypt_async of a call", block_on(decrypt_async(call, token))),
        ("decrypt_async", block_on(decrypt_async(wait, token))),
        ("a set's decrypt_async", block_on(set(wait).decrypt_async(token))),
        ("a decrypter's decrypt_async", given(block_on(JweDecrypter::new([wait]).decrypt_async(token)))),
    ]
}

/// [`opened`] for a key of `A256KW` that answers so.
fn opened_by_unwrapping<F>(answer: F, token: &str) -> Vec<(&'static str, Result<SecretBytes, Error>)>
where
    F: Fn(WrappedKey<'_>) -> Answer<SecretBytes> + Send + Sync + Copy + 'static,
{
    let algorithm = JweAlgorithm::A256Kw;
    let call = DecryptionKey::external_unwrapper(algorithm, None, Fake::new(answer)).unwrap();
    let wait = DecryptionKey::external_unwrapper_async(algorithm, None, Fake::new(answer)).unwrap();
    opened(&call, &wait, token)
}

/// [`opened`] for a key of this algorithm of agreement that answers so.
fn opened_by_agreement<F>(
    algorithm: JweAlgorithm,
    answer: F,
    token: &str,
) -> Vec<(&'static str, Result<SecretBytes, Error>)>
where
    F: Fn(&EphemeralPublicKey) -> Answer<SecretBytes> + Send + Sync + Copy + 'static,
{
    let public = p256_public();
    let call = DecryptionKey::external_agreement(algorithm, &public, Fake::new(answer)).unwrap();
    let wait = DecryptionKey::external_agreement_async(algorithm, &public, Fake::new(answer)).unwrap();
    opened(&call, &wait, token)
}

const AGREEMENTS: [JweAlgorithm; 4] = [
    JweAlgorithm::EcdhEs,
    JweAlgorithm::EcdhEsA128Kw,
    JweAlgorithm::EcdhEsA192Kw,
    JweAlgorithm::EcdhEsA256Kw,
];

/// A token for the fixed P-256 key.
fn agreed_token(algorithm: JweAlgorithm, enc: ContentEncryption) -> String {
    let key = EncryptionKey::from_jwk_for(algorithm, &p256_public()).unwrap();
    encrypt(&key.with_content_encryption(enc).unwrap(), b"card 4242").unwrap()
}

fn wrapped_token(enc: ContentEncryption) -> String {
    let key = wrapping_key().encryption_key().unwrap().with_content_encryption(enc).unwrap();
    encrypt(&key, b"card 4242").unwrap()
}

#[track_caller]
fn all_accept(opened: Vec<(&'static str, Result<SecretBytes, Error>)>) {
    for (way, plaintext) in opened {
        let plaintext = plaintext.unwrap_or_else(|error| panic!("{way}: {error}"));
        assert_eq!(plaintext.expose_secret(), b"card 4242", "{way}");
    }
}

#[track_caller]
fn all_refuse(expected: &Error, opened: Vec<(&'static str, Result<SecretBytes, Error>)>) {
    for (way, plaintext) in opened {
        assert_eq!(plaintext.as_ref(), Err(expected), "{way}");
    }
}

#[test]
fn a_right_answer_opens_a_token() {
    for &enc in ContentEncryption::ALL {
        all_accept(opened_by_unwrapping(unwrapped_right, &wrapped_token(enc)));
        for algorithm in AGREEMENTS {
            all_accept(opened_by_agreement(algorithm, agreed_right, &agreed_token(algorithm, enc)));
        }
    }
}

/// All that an external key can say of a ciphertext is one error, and the one of a key in the process.
#[test]
fn a_wrong_content_key_is_a_failed_decryption() {
    let token = wrapped_token(ContentEncryption::A256Gcm);
    let failed = Error::DecryptionFailed;
    type Unwrap = fn(WrappedKey<'_>) -> Answer<SecretBytes>;
    let wrong: [(&str, Unwrap); 8] = [
        ("refused", |_| Err(Refused)),
        ("under another key", |wrapped| unwrapped(&[9; 32], wrapped.encrypted_key())),
        ("another content key", |_| Ok(SecretBytes::from(vec![1; 32]))),
        ("zeros", |_| Ok(SecretBytes::from(vec![0; 32]))),
        ("nothing", |_| Ok(SecretBytes::from(Vec::new()))),
        ("a byte short", |wrapped| {
            let content_key = unwrapped_right(wrapped)?.into_exposed_secret();
            Ok(SecretBytes::from(content_key[..31].to_vec()))
        }),
        ("a byte more", |wrapped| {
            let content_key = unwrapped_right(wrapped)?.into_exposed_secret();
            Ok(SecretBytes::from([&content_key[..], &[0]].concat()))
        }),
        ("the encrypted key itself", |wrapped| Ok(SecretBytes::from(wrapped.encrypted_key().to_vec()))),
    ];
    for (what, answer) in wrong {
        for (way, plaintext) in opened_by_unwrapping(answer, &token) {
            assert_eq!(plaintext, Err(failed.clone()), "{what}, {way}");
        }
    }
    let other = DecryptionKey::symmetric(JweAlgorithm::A256Kw, vec![9; 32].into()).unwrap();
    assert_eq!(decrypt(&other, &token), Err(failed.clone()));
    // The right content key and a changed ciphertext.
    all_refuse(&failed, opened_by_unwrapping(unwrapped_right, &support::with_flipped_bit(&token, 3, 9)));
}

#[test]
fn a_wrong_shared_secret_is_a_failed_decryption() {
    type Agree = fn(&EphemeralPublicKey) -> Answer<SecretBytes>;
    let wrong: [(&str, Agree); 8] = [
        ("refused", |_| Err(Refused)),
        ("another secret", |_| Ok(SecretBytes::from(vec![1; 32]))),
        ("zeros", |_| Ok(SecretBytes::from(vec![0; 32]))),
        ("zeros of another length", |_| Ok(SecretBytes::from(vec![0; 48]))),
        ("nothing", |_| Ok(SecretBytes::from(Vec::new()))),
        ("its first byte left out", |ephemeral| {
            Ok(SecretBytes::from(agreed_right(ephemeral)?.expose_secret()[1..].to_vec()))
        }),
        ("a zero in front", |ephemeral| {
            Ok(SecretBytes::from([&[0], agreed_right(ephemeral)?.expose_secret()].concat()))
        }),
        ("the point", |ephemeral| Ok(SecretBytes::from(ephemeral.octets().to_vec()))),
    ];
    for algorithm in AGREEMENTS {
        let token = agreed_token(algorithm, ContentEncryption::A256Gcm);
        for (what, answer) in wrong {
            for (way, plaintext) in opened_by_agreement(algorithm, answer, &token) {
                assert_eq!(plaintext, Err(Error::DecryptionFailed), "{what}, {way}, {algorithm}");
            }
        }
        let changed = support::with_flipped_bit(&token, 3, 9);
        all_refuse(&Error::DecryptionFailed, opened_by_agreement(algorithm, agreed_right, &changed));
    }
}

/// A secret of zeros is refused though it opens the token, as everyone could have made that (RFC 8037 §5); and
/// so is one of another length than the curve's.
#[test]
#[cfg(feature = "ring")]
fn a_shared_secret_of_zeros_or_of_another_length_opens_nothing() {
    // What a sender makes who knows the secret that the external key will agree on.
    let token_of = |shared: &[u8]| {
        use aes_gcm::aead::{Aead as _, Payload};
        use sha2::{Digest as _, Sha256};

        let encode = |bytes: &[u8]| support::base64url(bytes);
        let epk = format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, encode(&[0; 32]));
        let header = support::base64url(format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM","epk":{epk}}}"#));
        // The Concat KDF (RFC 7518 §4.6.2), one round of it, without the parties' names.
        let inputs = [&[0, 0, 0, 1][..], shared, &[0, 0, 0, 7], b"A128GCM", &[0; 8], &[0, 0, 0, 128]];
        let content_key = &Sha256::digest(inputs.concat())[..16];
        let cipher = aes_gcm::Aes128Gcm::new_from_slice(content_key).unwrap();
        let payload = Payload { msg: b"card 4242", aad: header.as_bytes() };
        let sealed = cipher.encrypt(&[0; 12].into(), payload).unwrap();
        let (ciphertext, tag) = sealed.split_at(sealed.len() - 16);
        format!("{header}..{}.{}.{}", encode(&[0; 12]), encode(ciphertext), encode(tag))
    };
    let opened = |shared: &[u8]| {
        let answer = shared.to_vec();
        let answer = move |_: &EphemeralPublicKey| Ok(SecretBytes::from(answer.clone()));
        let public = jwk("X25519").to_public().unwrap();
        let key = DecryptionKey::external_agreement(JweAlgorithm::EcdhEs, &public, Fake::new(answer));
        decrypt(&key.unwrap(), &token_of(shared))
    };
    let mut one = [0; 32];
    one[31] = 1;
    assert_eq!(opened(&one).unwrap().expose_secret(), b"card 4242");
    for refused in [&[0; 32][..], &one[1..], &[&[0], &one[..]].concat(), &[1; 48], &[]] {
        assert_eq!(opened(refused), Err(Error::DecryptionFailed), "{} bytes", refused.len());
    }
}

#[test]
fn an_unavailable_key_leaves_no_verdict() {
    let unavailable = decrypt(
        &DecryptionKey::external_unwrapper(
            JweAlgorithm::A256Kw,
            None,
            Fake::new(|_: WrappedKey<'_>| Err(Unavailable)),
        )
        .unwrap(),
        &wrapped_token(ContentEncryption::A256Gcm),
    )
    .unwrap_err();
    assert_eq!((unavailable.code(), unavailable.http_status()), ("unavailable", 503));
    let token = wrapped_token(ContentEncryption::A128CbcHs256);
    all_refuse(&unavailable, opened_by_unwrapping(|_: WrappedKey<'_>| Err(Unavailable), &token));
    for algorithm in AGREEMENTS {
        let token = agreed_token(algorithm, ContentEncryption::A256Gcm);
        let answer = |_: &EphemeralPublicKey| Err(Unavailable);
        all_refuse(&unavailable, opened_by_agreement(algorithm, answer, &token));
    }
}

/// One key out of reach doesn't stop another, and isn't taken for a verdict if no other opens the token.
#[test]
fn the_other_keys_are_tried_when_one_is_unavailable() {
    let token = wrapped_token(ContentEncryption::A256Gcm);
    let key = |answer: fn(WrappedKey<'_>) -> Answer<SecretBytes>| {
        DecryptionKey::external_unwrapper(JweAlgorithm::A256Kw, None, Fake::new(answer)).unwrap()
    };
    let (right, wrong, out) =
        (|| key(unwrapped_right), || key(|_| Err(Refused)), || key(|_| Err(Unavailable)));
    for (keys, expected) in [
        ([out(), right()], "accepted"),
        ([right(), out()], "accepted"),
        ([wrong(), right()], "accepted"),
        ([out(), wrong()], "unavailable"),
        ([wrong(), out()], "unavailable"),
        ([wrong(), wrong()], "decryption_failed"),
    ] {
        let keys: KeySet<DecryptionKey> = keys.into_iter().collect();
        assert_eq!(code(keys.decrypt(&token)), expected);
        assert_eq!(code(block_on(keys.decrypt_async(&token))), expected);
    }
}

/// What the sender can see is judged by the library, and what can't be an encrypted key costs no request.
#[test]
fn an_external_key_is_asked_about_nothing_else() {
    let fake = Fake::new(unwrapped_right);
    let asked = Arc::clone(&fake.asked);
    let key = DecryptionKey::external_unwrapper(JweAlgorithm::A256Kw, None, fake).unwrap();
    let asked = || asked.load(Ordering::Relaxed);
    let token = wrapped_token(ContentEncryption::A256Gcm);
    let mut parts = support::parts(&token);
    let with_key = |encrypted_key: &str, parts: &[&str]| {
        let mut parts = parts.to_vec();
        parts[1] = encrypted_key;
        parts.join(".")
    };
    for len in [1, 8, 16, 24, 39, 41, 48, 4096] {
        let longer = with_key(&support::base64url(vec![1; len]), &parts);
        assert_eq!(decrypt(&key, &longer), Err(Error::DecryptionFailed), "{len}");
    }
    assert_eq!(code(decrypt(&key, &with_key("", &parts))), "length");
    parts[2] = "AAAA";
    assert_eq!(code(decrypt(&key, &parts.join("."))), "length");
    assert_eq!(asked(), 0);
    // Of the right length it is asked.
    let mut parts = support::parts(&token);
    let other = support::base64url([1; 40]);
    parts[1] = &other;
    assert_eq!(decrypt(&key, &parts.join(".")), Err(Error::DecryptionFailed));
    assert_eq!(asked(), 1);
    assert_eq!(code(decrypt(&key, &token)), "accepted");

    let fake = Fake::new(agreed_right);
    let asked = Arc::clone(&fake.asked);
    let algorithm = JweAlgorithm::EcdhEsA256Kw;
    let key = DecryptionKey::external_agreement(algorithm, &p256_public(), fake).unwrap();
    let token = agreed_token(algorithm, ContentEncryption::A256Gcm);
    let with_epk = |epk: &str| {
        let header = format!(r#"{{"alg":"ECDH-ES+A256KW","enc":"A256GCM","epk":{epk}}}"#);
        support::with_header(&token, &header)
    };
    let p384 = jwk("P-384").to_public_json().unwrap();
    let off_curve = r#"{"kty":"EC","crv":"P-256","x":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps","y":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0"}"#;
    for epk in [&*p384, off_curve, "{}", &*jwk("P-256").expose_json().expose_secret().to_owned()] {
        assert!(matches!(decrypt(&key, &with_epk(epk)), Err(Error::Malformed { .. } | Error::InvalidKey(_))));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(code(decrypt(&key, &token)), "accepted");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn the_ephemeral_key_comes_in_the_forms_that_keys_take() {
    let algorithm = JweAlgorithm::EcdhEs;
    for key_id in ["P-256", "P-384", "P-521", "X25519"] {
        let public = jwk(key_id).to_public().unwrap();
        let seen = move |ephemeral: &EphemeralPublicKey| {
            let json: Value = serde_json::from_str(&ephemeral.jwk().to_public_json().unwrap()).unwrap();
            assert_eq!(json["crv"], key_id);
            let x = from_base64url(json["x"].as_str().unwrap());
            let octets = match json["y"].as_str() {
                Some(y) => [&[4], &x[..], &from_base64url(y)].concat(),
                None => x,
            };
            assert_eq!(ephemeral.octets(), octets);
            assert!(ephemeral.jwk().to_spki_der().unwrap().ends_with(&octets));
            Err(Unavailable)
        };
        let key = DecryptionKey::external_agreement(algorithm, &public, Fake::new(seen)).unwrap();
        let token = encrypt(&key.encryption_key().unwrap(), b"card 4242").unwrap();
        assert_eq!(code(decrypt(&key, &token)), "unavailable");
    }
}

/// RFC 7516 §A.1 in every build: whoever has the RSA key outside unwraps its content key.
#[test]
fn rsa_oaep_needs_no_rsa_in_the_process() {
    let token = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.\
        OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGe\
        ipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDb\
        Sv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaV\
        mqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je8\
        1860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi\
        6UklfCpIMfIjf7iGdXKHzg.\
        48V1_ALb6US04U3b.\
        5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji\
        SdiwkIr3ajwQzaBtQD_A.\
        XFBoMYUZodetZdvTiFvSkQ";
    let public = Jwk::from_json(
        r#"{"kty":"RSA","e":"AQAB",
        "n":"oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw"}"#,
    )
    .unwrap();
    let content_key = |wrapped: WrappedKey<'_>| {
        assert_eq!(wrapped.encrypted_key().len(), 256);
        Ok(SecretBytes::from(from_base64url("saH0gFSP4XM_tAP_a5rU9ooHbltwLiJpL4LLLnrqQPw")))
    };
    let algorithm = JweAlgorithm::RsaOaep;
    let key = DecryptionKey::external_unwrapper(algorithm, &public, Fake::new(content_key)).unwrap();
    let waiting =
        DecryptionKey::external_unwrapper_async(algorithm, &public, Fake::new(content_key)).unwrap();
    let plaintext = b"The true sign of intelligence is not knowledge but imagination.";
    for (way, opened) in opened(&key, &waiting, token) {
        assert_eq!(opened.unwrap().expose_secret(), plaintext, "{way}");
    }
    all_refuse(&Error::DecryptionFailed, opened(&key, &waiting, &support::with_flipped_bit(token, 4, 0)));
    // What isn't as long as the modulus isn't asked about.
    let short = token.replacen("OKOawDo13gRp", "", 1);
    all_refuse(&Error::DecryptionFailed, opened(&key, &waiting, &short));
    assert_eq!(key.encryption_key().is_ok(), support::HAS_RSA_OAEP);
}

#[test]
#[cfg(feature = "ring")]
fn aes_gcm_key_wrap_gives_its_vector_and_tag() {
    use aes_gcm::aead::AeadInOut as _;

    let algorithm = JweAlgorithm::A256Gcmkw;
    let unwrap = |wrapped: WrappedKey<'_>| {
        let (iv, tag) = (wrapped.initialization_vector().unwrap(), wrapped.authentication_tag().unwrap());
        let mut content_key = wrapped.encrypted_key().to_vec();
        let cipher = aes_gcm::Aes256Gcm::new_from_slice(secret().expose_secret()).unwrap();
        let tag = tag.try_into().map_err(|_| Refused)?;
        let nonce = iv.try_into().map_err(|_| Refused)?;
        cipher
            .decrypt_inout_detached(nonce, &[], content_key.as_mut_slice().into(), tag)
            .map_err(|_| Refused)?;
        Ok(SecretBytes::from(content_key))
    };
    let call = DecryptionKey::external_unwrapper(algorithm, None, Fake::new(unwrap)).unwrap();
    let wait = DecryptionKey::external_unwrapper_async(algorithm, None, Fake::new(unwrap)).unwrap();
    let here = DecryptionKey::symmetric(algorithm, secret()).unwrap();
    let token = encrypt(&here.encryption_key().unwrap(), b"card 4242").unwrap();
    all_accept(opened(&call, &wait, &token));
    let changed = support::with_flipped_bit(&token, 1, 3);
    assert_eq!(decrypt(&here, &changed), Err(Error::DecryptionFailed));
    all_refuse(&Error::DecryptionFailed, opened(&call, &wait, &changed));
    all_refuse(
        &Error::DecryptionFailed,
        opened(
            &call,
            &wait,
            &support::parts(&token)
                .iter()
                .enumerate()
                .map(|(index, part)| if index == 1 { "AAAA" } else { part })
                .collect::<Vec<_>>()
                .join("."),
        ),
    );
}

#[test]
fn a_decryption_key_outside_is_one_for_its_algorithm() {
    let (p256, rsa) = (p256_public(), jwk("rsa-2048").to_public().unwrap());
    let unwrapper = |algorithm, jwk: Option<&Jwk>| {
        let call = code(DecryptionKey::external_unwrapper(algorithm, jwk, Fake::new(unwrapped_right)));
        let wait = code(DecryptionKey::external_unwrapper_async(algorithm, jwk, Fake::new(unwrapped_right)));
        assert_eq!(call, wait);
        call
    };
    let agreement = |algorithm, jwk: &Jwk| {
        let call = code(DecryptionKey::external_agreement(algorithm, jwk, Fake::new(agreed_right)));
        let wait = code(DecryptionKey::external_agreement_async(algorithm, jwk, Fake::new(agreed_right)));
        assert_eq!(call, wait);
        call
    };
    for &algorithm in JweAlgorithm::ALL {
        let name = algorithm.name();
        let (alone, with_rsa, with_p256, agrees) = match name {
            _ if name.starts_with("RSA-OAEP") => ("misuse", "accepted", "key_type", "misuse"),
            _ if name.starts_with("ECDH-ES") => ("misuse", "misuse", "misuse", "accepted"),
            _ if name.starts_with('A') => ("accepted", "key_type", "key_type", "misuse"),
            _ => ("misuse", "misuse", "misuse", "misuse"),
        };
        assert_eq!(unwrapper(algorithm, None), alone, "{name}");
        assert_eq!(unwrapper(algorithm, Some(&rsa)), with_rsa, "{name}");
        assert_eq!(unwrapper(algorithm, Some(&p256)), with_p256, "{name}");
        assert_eq!(agreement(algorithm, &p256), agrees, "{name}");
    }
    let es = JweAlgorithm::EcdhEs;
    let small_order = r#"{"kty":"OKP","crv":"X25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    let operations = r#""key_ops":["verify"]}"#;
    let for_signatures = p256
        .to_public_json()
        .unwrap()
        .replace(r#""kid""#, &format!(r#"{},"kid""#, operations.trim_end_matches('}')));
    for (what, jwk, expected) in [
        ("private", jwk("P-256"), "key_not_public"),
        ("a secret", jwk("oct-256"), "key_not_public"),
        ("for signatures", p256.clone_key().with_use(KeyUse::Signature), "key_use"),
        ("to verify", Jwk::from_json(&for_signatures).unwrap(), "key_use"),
        ("for another algorithm", p256.clone_key().with_algorithm("ECDH-ES+A128KW"), "key_algorithm"),
        ("Ed25519", jwk("Ed25519").to_public().unwrap(), "key_type"),
        ("RSA", rsa.clone_key(), "key_type"),
        ("X25519 of small order", Jwk::from_json(small_order).unwrap(), "key_rejected"),
        ("X25519", jwk("X25519").to_public().unwrap(), "accepted"),
    ] {
        assert_eq!(agreement(es, &jwk), expected, "{what}");
    }
    assert_eq!(Jwk::from_json(&for_signatures).unwrap().key_operations(), Some(&[KeyOperation::Verify][..]));
    assert_eq!(unwrapper(JweAlgorithm::RsaOaep256, Some(&jwk("rsa-2048"))), "key_not_public");
}

#[test]
fn an_external_decryption_key_gives_out_its_public_half() {
    let algorithm = JweAlgorithm::EcdhEsA256Kw;
    let key = DecryptionKey::external_agreement(algorithm, &p256_public(), Fake::new(agreed_right)).unwrap();
    assert_eq!((key.key_id(), key.algorithm()), (Some("P-256"), algorithm));
    let published = key.with_key_id("11").to_public_jwk().unwrap();
    assert_eq!((published.algorithm(), published.key_id()), (Some("ECDH-ES+A256KW"), Some("11")));
    let key = DecryptionKey::external_agreement(algorithm, &published, Fake::new(agreed_right)).unwrap();
    assert_eq!(code(key.expose_jwk()), "key_not_private");
    let token = encrypt(&key.encryption_key().unwrap(), b"card 4242").unwrap();
    assert_eq!(decrypt(&key, &token).unwrap().expose_secret(), b"card 4242");
    // Each key's own list and ID hold as they do for any other.
    let narrow = key.clone_key().allow_content_encryptions([ContentEncryption::A128Gcm]);
    assert_eq!(code(decrypt(&narrow, &token)), "content_encryption_not_allowed");
    assert_eq!(code(decrypt(&key.with_key_id("12"), &token)), "no_matching_key");

    let unwrapper = Fake::new(unwrapped_right);
    let key = DecryptionKey::external_unwrapper(JweAlgorithm::A256Kw, None, unwrapper).unwrap();
    assert_eq!(code(key.encryption_key()), "misuse");
    assert_eq!(code(key.to_public_jwk()), "key_not_public");
    assert_eq!(code(key.expose_jwk()), "key_not_private");
    assert_eq!(code(wrapping_key().expose_jwk()), "accepted");
}

/// A call that can't wait doesn't begin, not even with a key that needn't be waited for.
#[test]
fn an_asynchronous_decryption_key_isnt_asked_by_a_call_that_doesnt_wait() {
    let fake = Fake::new(unwrapped_right);
    let asked = Arc::clone(&fake.asked);
    let key = DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, fake).unwrap();
    let before = Fake::new(|_: WrappedKey<'_>| Err(Refused));
    let asked_before = Arc::clone(&before.asked);
    let before = DecryptionKey::external_unwrapper(JweAlgorithm::A256Kw, None, before).unwrap();
    let token = nested_issuer(signing_key(JwsAlgorithm::Es256)).issue("s", &NoClaims).unwrap();
    let set: KeySet<DecryptionKey> = [before, key.clone_key()].into_iter().collect();
    let verifier = nested_verifier(set.clone());
    for refused in [
        decrypt(&key, &token).map(drop),
        set.decrypt(&token).map(drop),
        JweDecrypter::new([&key]).decrypt(&token).map(drop),
        verifier.verify::<NoClaims>(&token).map(drop),
        verifier.verify_borrowed::<NoClaims>(&token, &mut TokenBuffer::new()).map(drop),
    ] {
        let error = refused.unwrap_err();
        assert_eq!((error.code(), error.http_status()), ("misuse", 500));
        assert!(error.to_string().contains("`verify_async`"), "{error}");
    }
    assert_eq!((asked.load(Ordering::Relaxed), asked_before.load(Ordering::Relaxed)), (0, 0));
    assert_eq!(block_on(verifier.verify_async::<NoClaims>(&token)).unwrap().subject(), Some("s"));
    assert_eq!((asked.load(Ordering::Relaxed), asked_before.load(Ordering::Relaxed)), (1, 1));
    // A token that isn't for that key is no misuse.
    let here = nested_verifier(
        [key, DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &jwk("P-256")).unwrap()]
            .into_iter()
            .collect::<KeySet<DecryptionKey>>(),
    );
    let recipient = EncryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &p256_public()).unwrap();
    let issuer = JwtIssuer::builder(signing_key(JwsAlgorithm::Es256)).issuer("i").audience("a");
    let issuer = issuer.lifetime(Duration::from_secs(60)).clock(stopped_at(NOW)).encrypt_for(recipient);
    let token = issuer.build().unwrap().issue("s", &NoClaims).unwrap();
    assert_eq!(here.verify::<NoClaims>(&token).unwrap().subject(), Some("s"));
}

#[test]
fn a_token_in_json_waits_too() {
    let key = DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, Fake::new(unwrapped_right))
        .unwrap();
    let (alice, bob) = (DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap(), wrapping_key());
    let (to_alice, to_bob) = (alice.encryption_key().unwrap(), bob.encryption_key().unwrap());
    let json = countersign::jwe::JweBuilder::new(&to_alice)
        .add_recipient(&to_bob)
        .encrypt_general(b"card 4242")
        .unwrap();
    let decrypter = JweDecrypter::new([&key]);
    let decrypted = block_on(decrypter.decrypt_json_async(&json)).unwrap();
    assert_eq!((decrypted.plaintext().expose_secret(), decrypted.recipient()), (&b"card 4242"[..], 1));
    assert_eq!(code(decrypter.decrypt_json(&json)), "misuse");
    let refused = Fake::new(|_: WrappedKey<'_>| Err(Refused));
    let key = DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, refused).unwrap();
    assert_eq!(code(block_on(JweDecrypter::new([&key]).decrypt_json_async(&json))), "decryption_failed");
    let strange = DecryptionKey::generate(JweAlgorithm::A128Kw).unwrap();
    let strange = JweDecrypter::new([&strange]);
    assert_eq!(code(block_on(strange.decrypt_json_async(&json))), "algorithm_not_allowed");
}

/// Every verdict of `verify` is that of `verify_async`, of borrowed claims too.
#[test]
fn verify_async_judges_as_verify_does() {
    let key = || {
        DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, Fake::new(unwrapped_right))
            .unwrap()
    };
    let waiting = nested_verifier(key());
    let here = nested_verifier(wrapping_key());
    let signed = issuer(signing_key(JwsAlgorithm::Es256));
    let nested = nested_issuer(signing_key(JwsAlgorithm::Es256));
    let good = nested.issue("s", &NoClaims).unwrap();
    let late = stopped_at(NOW + 61);
    let expired = JwtVerifier::builder(verifying_key()).issuer("i").audience("a").clock(late);
    let expired = expired.decrypt_with(key()).build().unwrap();
    let stranger = JwtIssuer::builder(SigningKey::generate(JwsAlgorithm::Es256).unwrap()).issuer("i");
    let stranger = stranger.audience("a").clock(stopped_at(NOW)).lifetime(Duration::from_secs(60));
    let stranger = stranger.encrypt_for(wrapping_key().encryption_key().unwrap()).build().unwrap();
    let unsigned = wrapping_key().encryption_key().unwrap();
    let unsigned = countersign::jwe::JweBuilder::new(&unsigned).content_type("JWT").encrypt(b"{}").unwrap();
    for (token, expected) in [
        (good.clone(), "accepted"),
        (support::with_flipped_bit(&good, 1, 5), "decryption_failed"),
        (signed.issue("s", &NoClaims).unwrap(), "not_encrypted"),
        (unsigned, "not_signed"),
        (stranger.issue("s", &NoClaims).unwrap(), "invalid_signature"),
        (wrapped_token(ContentEncryption::A256Gcm), "content_type_not_allowed"),
        (agreed_token(JweAlgorithm::EcdhEs, ContentEncryption::A256Gcm), "content_type_not_allowed"),
        ("a.b".to_owned(), "segment_count"),
        ("a".repeat(20_000), "limit_token_bytes"),
    ] {
        assert_eq!(code(here.verify::<NoClaims>(&token)), expected);
        assert_eq!(code(block_on(waiting.verify_async::<NoClaims>(&token))), expected);
        let mut buffer = TokenBuffer::new();
        let borrowed = block_on(waiting.verify_borrowed_async::<NoClaims>(&token, &mut buffer));
        assert_eq!(code(borrowed), expected);
    }
    assert_eq!(code(block_on(expired.verify_async::<NoClaims>(&good))), "expired");
    // Only signed tokens need no decryption, and no waiting.
    let token = signed.issue("s", &NoClaims).unwrap();
    let plain = verifier();
    let Poll::Ready(jwt) = poll_once(pin!(plain.verify_async::<NoClaims>(&token))) else {
        panic!("it waits")
    };
    assert_eq!(jwt.unwrap().subject(), Some("s"));
}

#[test]
fn a_cancelled_verification_leaves_nothing_behind() {
    let fake = Fake::new(unwrapped_right);
    let asked = Arc::clone(&fake.asked);
    let key = DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, fake).unwrap();
    let verifier = nested_verifier(key);
    let token = nested_issuer(signing_key(JwsAlgorithm::Es256)).issue("s", &NoClaims).unwrap();
    drop(verifier.verify_async::<NoClaims>(&token));
    assert_eq!(asked.load(Ordering::Relaxed), 0, "nobody is asked before the first poll");
    let mut buffer = TokenBuffer::new();
    for polls in 1..=Late::PENDING {
        let mut verified = Box::pin(verifier.verify_borrowed_async::<NoClaims>(&token, &mut buffer));
        for _ in 0..polls {
            assert!(poll_once(verified.as_mut()).is_pending());
        }
        drop(verified);
        assert_eq!(asked.load(Ordering::Relaxed), polls);
    }
    // The buffer of one that was dropped serves the next.
    let jwt = block_on(verifier.verify_borrowed_async::<NoClaims>(&token, &mut buffer)).unwrap();
    assert_eq!(jwt.subject(), Some("s"));
}

/// Whoever has an `Arc` of a client makes several keys of it.
#[test]
fn one_client_for_several_keys() {
    let client = Arc::new(Fake::new(signed_right));
    let asked = Arc::clone(&client.asked);
    let first = SigningKey::external(JwsAlgorithm::Es256, &p256_public(), Arc::clone(&client)).unwrap();
    let object: Arc<dyn AsyncExternalSigner> = client;
    let second = SigningKey::external_async(JwsAlgorithm::Es256, &p256_public(), object).unwrap();
    jws::verify(&verifying_key(), &jws::sign(&first, b"one").unwrap()).unwrap();
    jws::verify(&verifying_key(), &block_on(JwsBuilder::new(&second).sign_async(b"two")).unwrap()).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2);

    let client = Arc::new(Fake::new(unwrapped_right));
    let object: Arc<dyn AsyncExternalUnwrapper> = Arc::clone(&client) as _;
    let call = DecryptionKey::external_unwrapper(JweAlgorithm::A256Kw, None, client).unwrap();
    let wait = DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, object).unwrap();
    all_accept(opened(&call, &wait, &wrapped_token(ContentEncryption::A256Gcm)));

    let client = Arc::new(Fake::new(agreed_right));
    let object: Arc<dyn AsyncExternalAgreement> = Arc::clone(&client) as _;
    let call = DecryptionKey::external_agreement(JweAlgorithm::EcdhEs, &p256_public(), client).unwrap();
    let wait = DecryptionKey::external_agreement_async(JweAlgorithm::EcdhEs, &p256_public(), object).unwrap();
    all_accept(opened(&call, &wait, &agreed_token(JweAlgorithm::EcdhEs, ContentEncryption::A256Gcm)));
}

/// Many tasks share a verifier and its slow key.
#[test]
fn futures_go_to_other_threads() {
    let key = DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, Fake::new(unwrapped_right))
        .unwrap();
    let verifier = nested_verifier(key);
    let key =
        SigningKey::external_async(JwsAlgorithm::Es256, &p256_public(), Fake::new(signed_right)).unwrap();
    let issuer = nested_issuer(key);
    thread::scope(|scope| {
        for _ in 0..4 {
            let issued = issuer.issue_async("s", &NoClaims);
            let verifier = &verifier;
            scope.spawn(move || {
                let token = block_on(issued).unwrap();
                assert_eq!(block_on(verifier.verify_async::<NoClaims>(&token)).unwrap().subject(), Some("s"));
            });
        }
    });
}

/// Each future is `Send`, whatever the claims are, so that any executor takes it.
#[test]
fn every_future_can_be_sent() {
    #[derive(Serialize, Deserialize)]
    struct Local {
        shared: Cell<u32>,
        #[serde(skip)]
        bound: PhantomData<*const u8>,
    }
    fn is_send<F: Future + Send>(_: &F) {}

    let claims = Local { shared: Cell::new(1), bound: PhantomData };
    let issuer = issuer(signing_key(JwsAlgorithm::Es256));
    is_send(&issuer.issue_async("s", &claims));
    is_send(&issuer.issue_without_subject_async(&claims));
    let verifier = nested_verifier(wrapping_key());
    is_send(&verifier.verify_async::<Local>(""));
    let mut buffer = TokenBuffer::new();
    is_send(&verifier.verify_borrowed_async::<Local>("", &mut buffer));
    let key = wrapping_key();
    is_send(&decrypt_async(&key, ""));
    let set = KeySet::from(wrapping_key());
    is_send(&set.decrypt_async(""));
    let decrypter = JweDecrypter::new([&key]);
    is_send(&decrypter.decrypt_async(""));
    is_send(&decrypter.decrypt_json_async(""));
    let key = signing_key(JwsAlgorithm::Es256);
    let builder = JwsBuilder::new(&key);
    is_send(&builder.sign_async(b""));
    is_send(&builder.sign_detached_async(b""));
    is_send(&builder.sign_json_async(b""));
    is_send(&builder.sign_json_detached_async(b""));
    is_send(&jws::sign_general_async(std::slice::from_ref(&builder), b""));
    is_send(&jws::sign_general_detached_async(std::slice::from_ref(&builder), b""));
    assert_eq!(code(jws::verify(&hmac_key(), "")), "segment_count");
}

/// What was compressed is inflated after waiting too, if that was asked for.
#[test]
#[cfg(feature = "deflate")]
fn a_compressed_token_waits_too() {
    let key = DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, Fake::new(unwrapped_right))
        .unwrap();
    let recipient = wrapping_key().encryption_key().unwrap();
    let signed = issuer(signing_key(JwsAlgorithm::Es256)).issue("s", &NoClaims).unwrap();
    let builder = countersign::jwe::JweBuilder::new(&recipient).content_type("JWT").compress();
    let token = builder.encrypt(signed.as_bytes()).unwrap();

    let allowing = JwtVerifier::builder(verifying_key()).issuer("i").audience("a").clock(stopped_at(NOW));
    let allowing = allowing.decrypt_with(key.clone_key()).allow_compression().build().unwrap();
    assert_eq!(block_on(allowing.verify_async::<NoClaims>(&token)).unwrap().subject(), Some("s"));
    let strict = nested_verifier(key.clone_key());
    assert_eq!(code(block_on(strict.verify_async::<NoClaims>(&token))), "unsupported_compression");

    let decrypter = JweDecrypter::new([&key]).allow_compression();
    let decrypted = block_on(decrypter.decrypt_async(&token)).unwrap();
    assert_eq!(decrypted.plaintext().expose_secret(), signed.as_bytes());
    let small = decrypter.limits(countersign::Limits::default().inflated_bytes(100));
    assert_eq!(code(block_on(small.decrypt_async(&token))), "limit_inflated_bytes");
}
