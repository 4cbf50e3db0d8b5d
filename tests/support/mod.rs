//! What several test files share: fixed keys, tokens made by hand, a clock that stands still.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _};
use countersign::{
    Clock, ContentEncryption, DecryptionKey, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, SecretBytes,
    SigningKey, VerifyingKey,
};
use sha2::{Digest as _, Sha256};

/// Whether this build can do RSA-OAEP and make RSA keys.
pub(crate) const HAS_RSA_OAEP: bool = cfg!(any(feature = "aws-lc-rs", feature = "rsa"));

/// Whether this build encrypts under passwords.
pub(crate) const HAS_PBES2: bool = cfg!(feature = "pbes2");

/// The time at which the tests' tokens are issued, RFC 7519's own: 2011-03-22T18:43:00Z.
pub(crate) const NOW: u64 = 1_300_819_380;

/// A clock that stands still at that many seconds after the epoch.
pub(crate) fn stopped_at(seconds: u64) -> impl Clock + 'static {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    move || now
}

/// A clock that is set by hand; its clones show the same time.
#[derive(Clone)]
pub(crate) struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    pub(crate) fn at(seconds: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seconds)))
    }

    pub(crate) fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// The fixed keys, one of each kind, by `kid`. `recorded.rs` made them.
static KEYS: LazyLock<JwkSet> =
    LazyLock::new(|| JwkSet::from_json(include_str!("../vectors/recorded-keys.json")).unwrap());

/// The fixed key of that `kid`. In a build without ES256K there is none on secp256k1.
pub(crate) fn jwk(key_id: &str) -> Jwk {
    KEYS.find(key_id).unwrap_or_else(|| panic!("no fixed key `{key_id}`")).clone_key()
}

/// The `kid` of the fixed key for a signature algorithm.
pub(crate) fn signing_key_id(algorithm: JwsAlgorithm) -> &'static str {
    match algorithm.name() {
        "HS256" => "oct-256",
        "HS384" => "oct-384",
        "HS512" => "oct-512",
        "ES256" => "P-256",
        "ES384" => "P-384",
        "ES512" => "P-521",
        "ES256K" => "secp256k1",
        "Ed25519" => "Ed25519",
        _ => "rsa-2048",
    }
}

/// The fixed key for a signature algorithm.
pub(crate) fn signing_key(algorithm: JwsAlgorithm) -> SigningKey {
    SigningKey::from_jwk_for(algorithm, &jwk(signing_key_id(algorithm))).unwrap()
}

/// One way to encrypt: key management, content encryption, and the `kid` of a fixed key for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scheme {
    pub(crate) algorithm: JweAlgorithm,
    pub(crate) enc: ContentEncryption,
    pub(crate) key_id: &'static str,
}

impl Scheme {
    /// Every pair of key management and content encryption, agreement on each of its curves, whatever
    /// this build can do.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for &algorithm in JweAlgorithm::ALL {
            for &enc in ContentEncryption::ALL {
                for &key_id in key_ids(algorithm, enc) {
                    all.push(Self { algorithm, enc, key_id });
                }
            }
        }
        all
    }

    /// Those of [`all`](Self::all) that this build can do.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        Self::all().into_iter().filter(Self::is_available)
    }

    /// Whether this build can do it.
    pub(crate) fn is_available(&self) -> bool {
        (HAS_RSA_OAEP || self.key_id != "rsa-2048") && (HAS_PBES2 || !self.takes_password())
    }

    fn takes_password(&self) -> bool {
        self.algorithm.name().starts_with("PBES2")
    }

    pub(crate) fn decryption_key(self) -> DecryptionKey {
        let jwk = match self.algorithm {
            JweAlgorithm::Dir => jwk(self.key_id).with_algorithm(self.enc.name()),
            _ => jwk(self.key_id),
        };
        DecryptionKey::from_jwk_for(self.algorithm, &jwk).unwrap()
    }

    pub(crate) fn encryption_key(self) -> countersign::EncryptionKey {
        let key = self.decryption_key().encryption_key().unwrap().with_content_encryption(self.enc).unwrap();
        // As few iterations as there may be, since these keys make many tokens.
        if self.takes_password() { key.with_iterations(1000).unwrap() } else { key }
    }
}

fn key_ids(algorithm: JweAlgorithm, enc: ContentEncryption) -> &'static [&'static str] {
    let name = algorithm.name();
    if name == "dir" {
        return match enc.key_len() {
            16 => &["oct-128"],
            24 => &["oct-192"],
            32 => &["oct-256"],
            48 => &["oct-384"],
            _ => &["oct-512"],
        };
    }
    if name.starts_with("ECDH-ES") {
        return &["P-256", "P-384", "P-521", "X25519"];
    }
    if name.starts_with("A128") {
        return &["oct-128"];
    }
    if name.starts_with("A192") {
        return &["oct-192"];
    }
    // A password is any bytes.
    if name.starts_with("A256") || name.starts_with("PBES2") {
        return &["oct-256"];
    }
    &["rsa-2048"]
}

/// Bytes 00..1f: the fixed secret of tokens made by hand.
pub(crate) fn secret() -> SecretBytes {
    SecretBytes::from((0..32).collect::<Vec<u8>>())
}

/// The HS256 key of [`secret`].
pub(crate) fn hmac_key() -> VerifyingKey {
    VerifyingKey::hmac(JwsAlgorithm::Hs256, secret()).unwrap()
}

/// An authentic HS256 token with any header and any payload, whatever this library would write.
pub(crate) fn signed(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let signing_input = format!("{}.{}", base64url(header), base64url(payload));
    let mac = hmac_sha256(secret().expose_secret(), signing_input.as_bytes());
    format!("{signing_input}.{}", base64url(mac))
}

/// An authentic token with any header, under `dir`, A128CBC-HS256 and [`secret`] (RFC 7518 §5.2.2), whose
/// plaintext is these bytes.
pub(crate) fn sealed(header: &str, plaintext: &[u8]) -> String {
    let (secret, iv, header) = (secret(), [9; 16], base64url(header));
    let (mac_key, key) = secret.expose_secret().split_at(16);
    let encryptor = cbc::Encryptor::<aes::Aes128>::new_from_slices(key, &iv).unwrap();
    let ciphertext = encryptor.encrypt_padded_vec::<Pkcs7>(plaintext);
    let bits = u64::try_from(header.len() * 8).unwrap().to_be_bytes();
    let covered = [header.as_bytes(), &iv, &ciphertext, &bits].concat();
    let tag = hmac_sha256(mac_key, &covered).as_ref()[..16].to_vec();
    format!("{header}..{}.{}.{}", base64url(iv), base64url(ciphertext), base64url(tag))
}

/// HMAC with SHA-256 for a key of at most a block (RFC 2104 §2).
fn hmac_sha256(key: &[u8], message: &[u8]) -> impl AsRef<[u8]> + use<> {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(padded, key)| *padded ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize()
}

/// An authentic HS256 token with those claims as they stand.
pub(crate) fn claims_token(claims: impl AsRef<[u8]>) -> String {
    signed(br#"{"alg":"HS256","typ":"JWT"}"#, claims)
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn from_base64url(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// The token's parts, still encoded.
pub(crate) fn parts(token: &str) -> Vec<&str> {
    token.split('.').collect()
}

/// The token with another header: each part else stays as it is.
pub(crate) fn with_header(token: &str, header: &str) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", base64url(header))
}

/// The token with one bit of a decoded part changed.
pub(crate) fn with_flipped_bit(token: &str, part: usize, bit: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(String::from).collect();
    let mut bytes = from_base64url(&parts[part]);
    bytes[bit / 8] ^= 1 << (bit % 8);
    parts[part] = base64url(bytes);
    parts.join(".")
}

/// Drives a future to its end on this thread, which sleeps until it is woken.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
