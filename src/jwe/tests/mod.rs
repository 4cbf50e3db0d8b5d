//! Every algorithm with every content encryption, and for each what must not pass.
//!
//! Here stands what all of it works with: a key for each algorithm, every pair of keys that can be made, and a token
//! taken apart into its five parts, to be put together again with one of them changed (RFC 7516 §7.1).

use std::sync::OnceLock;

use crate::error::{Defect, Error, Part};
use crate::jwk::{Jwk, KeyKind};
use crate::secret::SecretBytes;
use crate::wire::base64url;

use super::*;

mod header;
mod keys;
mod token;

const HAS_RSA: bool = cfg!(any(feature = "aws-lc-rs", feature = "rsa"));

/// Makes a key for any algorithm, each kind once per test run where that takes long.
fn key(algorithm: JweAlgorithm) -> DecryptionKey {
    static RSA: OnceLock<Jwk> = OnceLock::new();
    if algorithm.name().starts_with("RSA") {
        let jwk = RSA.get_or_init(|| Jwk::generate(KeyKind::Rsa { bits: 2048 }).unwrap());
        return DecryptionKey::from_jwk_for(algorithm, jwk).unwrap();
    }
    DecryptionKey::generate(algorithm).unwrap()
}

fn algorithms() -> impl Iterator<Item = JweAlgorithm> {
    JweAlgorithm::ALL.iter().copied().filter(|algorithm| {
        (HAS_RSA || !algorithm.name().starts_with("RSA"))
            && (cfg!(feature = "pbes2") || !takes_password(*algorithm))
    })
}

fn takes_password(algorithm: JweAlgorithm) -> bool {
    algorithm.name().starts_with("PBES2")
}

/// The key to encrypt with, quick to use where it is a password.
fn sender(key: &DecryptionKey) -> EncryptionKey {
    let sender = key.encryption_key().unwrap();
    if takes_password(key.algorithm()) { sender.with_iterations(1000).unwrap() } else { sender }
}

/// Every pair of keys that can be made: each algorithm with each content encryption, and the
/// agreement on each curve.
fn pairs() -> Vec<(DecryptionKey, EncryptionKey)> {
    let mut pairs = Vec::new();
    for algorithm in algorithms() {
        for &enc in ContentEncryption::ALL {
            let key = match algorithm {
                JweAlgorithm::Dir => DecryptionKey::direct(enc, secret(enc.key_len())).unwrap(),
                _ => key(algorithm),
            };
            let encryption_key = sender(&key).with_content_encryption(enc).unwrap();
            pairs.push((key, encryption_key));
        }
    }
    for kind in [KeyKind::P384, KeyKind::P521, KeyKind::X25519] {
        for algorithm in [JweAlgorithm::EcdhEs, JweAlgorithm::EcdhEsA192Kw] {
            let key = DecryptionKey::from_jwk_for(algorithm, &Jwk::generate(kind).unwrap()).unwrap();
            let encryption_key = key.encryption_key().unwrap();
            pairs.push((key, encryption_key));
        }
    }
    pairs
}

fn secret(len: usize) -> SecretBytes {
    let mut bytes = vec![0; len];
    crate::crypto::fill_random(&mut bytes).unwrap();
    SecretBytes::from(bytes)
}

/// The five parts of a token, decoded.
#[derive(Clone)]
struct Parts([Vec<u8>; 5]);

const HEADER: usize = 0;
const ENCRYPTED_KEY: usize = 1;
const IV: usize = 2;
const CIPHERTEXT: usize = 3;
const TAG: usize = 4;

impl Parts {
    fn of(token: &str) -> Self {
        let parts: Vec<_> =
            token.split('.').map(|part| base64url::decode(part, Part::Token).unwrap()).collect();
        Self(parts.try_into().unwrap())
    }

    fn with(&self, part: usize, change: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut changed = self.clone();
        change(&mut changed.0[part]);
        changed.token()
    }

    fn with_header(&self, from: &str, to: &str) -> String {
        let header = String::from_utf8(self.0[HEADER].clone()).unwrap();
        assert!(header.contains(from), "{header}");
        self.with(HEADER, |bytes| *bytes = header.replacen(from, to, 1).into_bytes())
    }

    fn token(&self) -> String {
        self.0.iter().map(|part| base64url::encode(part)).collect::<Vec<_>>().join(".")
    }
}

fn length(part: Part) -> Error {
    Error::malformed(part, Defect::Length)
}
