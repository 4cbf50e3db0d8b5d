//! Keys outside the process: a key management service signs, agrees and unwraps, and is slow, fails, refuses or
//! answers wrongly.
//!
//! The service is a thread here, reached over a channel; what stands for the executor are twenty lines at the end.
//! `cargo run --example external_keys`
#![expect(clippy::print_stdout, reason = "examples print")]

use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use aes_kw::{KeyInit as _, KwAes256};
use countersign::jwe::{
    AsyncExternalAgreement, AsyncExternalUnwrapper, EphemeralPublicKey, ExternalUnwrapper, WrappedKey,
    decrypt_async,
};
use countersign::jws::{AsyncExternalSigner, ExternalSigner};
use countersign::jwt::JwtIssuerBuilder;
use countersign::{
    DecryptionKey, EncryptionKey, Error, ExternalFuture, ExternalKeyError, JweAlgorithm, Jwk, JwsAlgorithm,
    JwtIssuer, JwtVerifier, NoClaims, SecretBytes, SigningKey, decrypt, encrypt,
};
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::elliptic_curve::sec1::ToSec1Point as _;

// ---- the client: what an application writes

/// The application's client of the service. It can be called, and it can be awaited.
#[derive(Clone)]
struct KmsClient {
    requests: mpsc::Sender<(Request, Reply)>,
}

/// This service signs hash values and returns DER, as most do.
impl ExternalSigner for KmsClient {
    fn sign(&self, signing_input: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
        let digest = JwsAlgorithm::Es256.digest(signing_input).ok_or(ExternalKeyError::Refused)?;
        let der = self.call(Request::Sign { digest })?;
        Ok(JwsAlgorithm::Es256.signature_from_der(&der)?)
    }
}

impl AsyncExternalSigner for KmsClient {
    fn sign<'a>(&'a self, signing_input: &'a [u8]) -> ExternalFuture<'a, Vec<u8>> {
        Box::pin(async move {
            let digest = JwsAlgorithm::Es256.digest(signing_input).ok_or(ExternalKeyError::Refused)?;
            let der = self.request(Request::Sign { digest }).await?;
            Ok(JwsAlgorithm::Es256.signature_from_der(&der)?)
        })
    }
}

/// It agrees on a shared secret and leaves the key derivation to the library.
impl AsyncExternalAgreement for KmsClient {
    fn agree<'a>(&'a self, ephemeral: &'a EphemeralPublicKey) -> ExternalFuture<'a, SecretBytes> {
        Box::pin(async move {
            let peer = ephemeral.octets().to_vec();
            self.request(Request::Agree { peer }).await.map(SecretBytes::from)
        })
    }
}

impl ExternalUnwrapper for KmsClient {
    fn unwrap(&self, wrapped: WrappedKey<'_>) -> Result<SecretBytes, ExternalKeyError> {
        self.call(Request::Unwrap { wrapped: wrapped.encrypted_key().to_vec() }).map(SecretBytes::from)
    }
}

impl AsyncExternalUnwrapper for KmsClient {
    fn unwrap<'a>(&'a self, wrapped: WrappedKey<'a>) -> ExternalFuture<'a, SecretBytes> {
        Box::pin(async move {
            let wrapped = wrapped.encrypted_key().to_vec();
            self.request(Request::Unwrap { wrapped }).await.map(SecretBytes::from)
        })
    }
}

impl KmsClient {
    /// Calls the service, and gives up after a while.
    fn call(&self, request: Request) -> Result<Vec<u8>, ExternalKeyError> {
        let (answer, answered) = mpsc::channel();
        let reply = Box::new(move |outcome| drop(answer.send(outcome)));
        self.requests.send((request, reply)).map_err(|_| ExternalKeyError::Unavailable)?;
        answered.recv_timeout(PATIENCE).unwrap_or(Err(ExternalKeyError::Unavailable))
    }

    /// Asks the service and waits without blocking the thread. How long, is the caller's affair.
    async fn request(&self, request: Request) -> Outcome {
        // The answer and the waker of whoever waits for it. Should nobody wait any more, the last one to drop it
        // frees it.
        let slot = Arc::new(Mutex::new((None::<Outcome>, None::<Waker>)));
        let filled = Arc::clone(&slot);
        let reply = Box::new(move |outcome| {
            let mut slot = filled.lock().expect("nothing panics while it holds this lock");
            slot.0 = Some(outcome);
            if let Some(waker) = slot.1.take() {
                waker.wake();
            }
        });
        self.requests.send((request, reply)).map_err(|_| ExternalKeyError::Unavailable)?;
        std::future::poll_fn(|context| {
            let mut slot = slot.lock().expect("nothing panics while it holds this lock");
            match slot.0.take() {
                Some(outcome) => Poll::Ready(outcome),
                None => {
                    slot.1 = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

// ---- the walk: what comes of it

/// How long this application waits for its keys.
const PATIENCE: Duration = Duration::from_secs(1);

fn main() -> Result<(), Error> {
    let (kms, mood) = start_kms();
    sign(&kms, &mood)?;
    decrypt_tokens(&kms, &mood)
}

fn sign(kms: &KmsClient, mood: &Mutex<Mood>) -> Result<(), Error> {
    println!("Signing. Each signature is verified under the stated public key before a token leaves.\n");
    let public_jwk = kms.public_key("sig-11")?;
    let key = SigningKey::external(JwsAlgorithm::Es256, &public_jwk, kms.clone())?;
    let verifier =
        JwtVerifier::builder(key.verifying_key()?).issuer("https://id.example.com").any_audience().build()?;
    let called = issuer(key).build()?;
    let key = SigningKey::external_async(JwsAlgorithm::Es256, &public_jwk, kms.clone())?;
    let awaited = issuer(key).build()?;

    for (what, now, [expected, _]) in MOODS {
        set(mood, now);
        show(what, "issue", expected, Some(called.issue("user-17", &NoClaims)));
        show("", "issue_async", expected, block_on(PATIENCE, awaited.issue_async("user-17", &NoClaims)));
    }
    set(mood, Mood::Well);
    show("a call can't wait", "issue", "misuse", Some(awaited.issue("user-17", &NoClaims)));

    // Whoever verifies needs the public key only.
    let jwt = verifier.verify::<NoClaims>(&called.issue("user-17", &NoClaims)?)?;
    println!("\nVerified: {} by key {}.\n", jwt.subject().unwrap_or("-"), jwt.key_id().unwrap_or("-"));
    Ok(())
}

fn decrypt_tokens(kms: &KmsClient, mood: &Mutex<Mood>) -> Result<(), Error> {
    println!("Decrypting. What the key says of a token is one error, whatever the reason; that it can't be");
    println!("asked is another.\n");
    // A nested token for a key pair in the service, which agrees.
    let public_jwk = kms.public_key("enc-11")?;
    let gateway =
        DecryptionKey::external_agreement_async(JweAlgorithm::EcdhEsA256Kw, &public_jwk, kms.clone())?;
    let signing_key = SigningKey::generate(JwsAlgorithm::Es256)?;
    let verifier = JwtVerifier::builder(signing_key.verifying_key()?)
        .issuer("https://id.example.com")
        .any_audience()
        .decrypt_with(gateway.clone_key())
        .build()?;
    let issuer = issuer(signing_key).encrypt_for(gateway.encryption_key()?).build()?;
    let token = issuer.issue("user-17", &NoClaims)?;

    // A token for a secret in the service, which unwraps. The other side has the same secret.
    let vault = DecryptionKey::external_unwrapper(JweAlgorithm::A256Kw, None, kms.clone())?;
    let awaited = DecryptionKey::external_unwrapper_async(JweAlgorithm::A256Kw, None, kms.clone())?;
    let other_side = EncryptionKey::symmetric(JweAlgorithm::A256Kw, SHARED_SECRET.to_vec().into())?;
    let card = encrypt(&other_side, b"card 4242")?;

    for (what, now, [_, expected]) in MOODS {
        set(mood, now);
        let verified = block_on(PATIENCE, verifier.verify_async::<NoClaims>(&token));
        show(what, "verify_async, agreeing", expected, verified);
        show("", "decrypt, unwrapping", expected, Some(decrypt(&vault, &card)));
        show("", "decrypt_async, unwrapping", expected, block_on(PATIENCE, decrypt_async(&awaited, &card)));
    }
    set(mood, Mood::Well);
    show("a call can't wait", "verify", "misuse", Some(verifier.verify::<NoClaims>(&token)));
    Ok(())
}

fn issuer(key: SigningKey) -> JwtIssuerBuilder {
    let issuer = JwtIssuer::builder(key).issuer("https://id.example.com");
    issuer.without_audience().lifetime(Duration::from_secs(300))
}

/// Prints what came of it, and stops the example where that isn't what is due.
fn show<T>(what: &str, how: &str, expected: &str, outcome: Option<Result<T, Error>>) {
    let (code, line) = match outcome {
        Some(Ok(_)) => ("done", String::from("done")),
        Some(Err(error)) => {
            (error.code(), format!("{} {}\n{:46}{error}", error.http_status(), error.code(), ""))
        }
        // Who waits no longer can't tell more than that.
        None => ("unavailable", String::from("given up: the future was dropped")),
    };
    println!("  {what:17} {how:25} {line}");
    assert_eq!(code, expected, "{how}");
}

// ---- the service: a thread that has the keys

enum Request {
    Sign { digest: Vec<u8> },
    Agree { peer: Vec<u8> },
    Unwrap { wrapped: Vec<u8> },
    PublicKey,
}

type Outcome = Result<Vec<u8>, ExternalKeyError>;
type Reply = Box<dyn FnOnce(Outcome) + Send>;

/// How the service does its work.
#[derive(Clone, Copy)]
enum Mood {
    Well,
    Slow,
    Hanging,
    Down,
    Refusing,
    Wrong,
    Garbled,
}

/// Each mood with what comes of signing and of decrypting.
const MOODS: [(&str, Mood, [&str; 2]); 7] = [
    ("it is well", Mood::Well, ["done", "done"]),
    ("it is slow", Mood::Slow, ["done", "done"]),
    ("it hangs", Mood::Hanging, ["unavailable", "unavailable"]),
    ("it is down", Mood::Down, ["unavailable", "unavailable"]),
    ("it refuses", Mood::Refusing, ["key_refused", "decryption_failed"]),
    ("another key", Mood::Wrong, ["key_signature", "decryption_failed"]),
    ("garbled", Mood::Garbled, ["key_refused", "decryption_failed"]),
];

const SHARED_SECRET: [u8; 32] = [7; 32];

/// What stands before the point in a SubjectPublicKeyInfo of P-256 (RFC 5480 §2).
const P256_SPKI: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

fn start_kms() -> (KmsClient, Arc<Mutex<Mood>>) {
    let (requests, inbox) = mpsc::channel::<(Request, Reply)>();
    let mood = Arc::new(Mutex::new(Mood::Well));
    let current = Arc::clone(&mood);
    thread::spawn(move || {
        for (request, reply) in inbox {
            let mood = *current.lock().expect("nothing panics while it holds this lock");
            let outcome = match mood {
                Mood::Down => Err(ExternalKeyError::Unavailable),
                Mood::Refusing => Err(ExternalKeyError::Refused),
                Mood::Wrong => answer(&request, &[9; 32]),
                Mood::Garbled => answer(&request, &SHARED_SECRET).map(|answer| answer.repeat(2)),
                Mood::Well | Mood::Slow | Mood::Hanging => answer(&request, &SHARED_SECRET),
            };
            let delay = match mood {
                Mood::Slow => PATIENCE / 20,
                Mood::Hanging => PATIENCE * 2,
                _ => Duration::ZERO,
            };
            thread::spawn(move || {
                thread::sleep(delay);
                reply(outcome);
            });
        }
    });
    (KmsClient { requests }, mood)
}

/// The private operations. One number serves as all private keys here, which no service would do.
fn answer(request: &Request, private_key: &[u8; 32]) -> Outcome {
    let refused = ExternalKeyError::Refused;
    let key = p256::SecretKey::from_slice(private_key).map_err(|_| refused)?;
    match request {
        Request::PublicKey => {
            let point = key.public_key().to_sec1_point(false);
            Ok([P256_SPKI, point.as_bytes()].concat())
        }
        Request::Sign { digest } => {
            let signature: p256::ecdsa::Signature =
                p256::ecdsa::SigningKey::from(key).sign_prehash(digest).map_err(|_| refused)?;
            Ok(signature.to_der().as_bytes().to_vec())
        }
        Request::Agree { peer } => {
            let peer = p256::PublicKey::from_sec1_bytes(peer).map_err(|_| refused)?;
            let shared = p256::ecdh::diffie_hellman(key.to_nonzero_scalar(), peer.as_affine());
            Ok(shared.raw_secret_bytes().to_vec())
        }
        Request::Unwrap { wrapped } => {
            let mut content_key = vec![0; wrapped.len().saturating_sub(8)];
            let key = KwAes256::new_from_slice(private_key).map_err(|_| refused)?;
            key.unwrap_key(wrapped, &mut content_key).map_err(|_| refused)?;
            Ok(content_key)
        }
    }
}

impl KmsClient {
    fn public_key(&self, key_id: &str) -> Result<Jwk, Error> {
        let spki = self.call(Request::PublicKey).expect("the service begins well");
        Ok(Jwk::from_spki_der(&spki)?.with_key_id(key_id))
    }
}

fn set(mood: &Mutex<Mood>, now: Mood) {
    *mood.lock().expect("nothing panics while it holds this lock") = now;
}

// ---- the executor: any will do

/// Drives a future to its end, or drops it when that takes too long.
fn block_on<F: Future>(patience: Duration, future: F) -> Option<F::Output> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let (mut future, deadline) = (pin!(future), Instant::now() + patience);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        let left = deadline.checked_duration_since(Instant::now())?;
        thread::park_timeout(left);
    }
}
