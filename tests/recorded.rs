//! Tokens recorded on each stack, read on the one that is compiled in: what one stack writes, the other reads.
//!
//! `vectors/recorded-keys.json` holds the keys, `vectors/recorded-ring.json` and
//! `vectors/recorded-aws-lc-rs.json` the tokens. To record anew, once with each of
//! `ring,pem,rsa,es256k,pbes2` and `aws-lc-rs,pem,es256k,pbes2`:
//!
//! ```text
//! cargo test --no-default-features --features … --test recorded -- --ignored --exact record_tokens
//! ```

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use countersign::jwk::KeyKind;
use countersign::{
    ContentEncryption, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, JwtIssuer, JwtVerifier, KeySet, decrypt,
    encrypt, jws,
};
use serde::{Deserialize, Serialize};
use support::{
    HAS_PBES2, HAS_RSA_OAEP, NOW, Scheme, signing_key, signing_key_id, stopped_at, with_flipped_bit,
};

#[derive(Serialize, Deserialize)]
struct Recording {
    origin: String,
    signed: Vec<Signed>,
    encrypted: Vec<Encrypted>,
    nested: Vec<Nested>,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    alg: String,
    token: String,
}

#[derive(Serialize, Deserialize)]
struct Encrypted {
    alg: String,
    enc: String,
    kid: String,
    token: String,
}

#[derive(Serialize, Deserialize)]
struct Nested {
    signed: String,
    encrypted: Encrypted,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct OrderClaims {
    scope: String,
    tenant: u64,
}

const PAYLOAD: &[u8] = b"recorded: \x00\xff and the rest";

const RECORDINGS: [&str; 2] =
    [include_str!("vectors/recorded-ring.json"), include_str!("vectors/recorded-aws-lc-rs.json")];

fn recordings() -> impl Iterator<Item = Recording> {
    RECORDINGS.into_iter().map(|text| serde_json::from_str(text).unwrap())
}

fn order_claims() -> OrderClaims {
    OrderClaims { scope: "orders:read".into(), tenant: 4 }
}

/// What is recorded: each pair once, and each curve once with either kind of content encryption.
fn is_recorded(scheme: &Scheme) -> bool {
    match scheme.key_id {
        "P-384" => scheme.enc == ContentEncryption::A128Gcm,
        "P-521" => scheme.enc == ContentEncryption::A256CbcHs512,
        "X25519" => [ContentEncryption::A256Gcm, ContentEncryption::A128CbcHs256].contains(&scheme.enc),
        _ => true,
    }
}

/// The schemes of the nested tokens: one of each sort of key.
fn nested_schemes() -> Vec<(JwsAlgorithm, Scheme)> {
    let scheme = |algorithm, enc, key_id| Scheme { algorithm, enc, key_id };
    vec![
        (JwsAlgorithm::Es256, scheme(JweAlgorithm::EcdhEsA256Kw, ContentEncryption::A256Gcm, "P-256")),
        (JwsAlgorithm::Ed25519, scheme(JweAlgorithm::EcdhEs, ContentEncryption::A128CbcHs256, "X25519")),
        (JwsAlgorithm::Ps384, scheme(JweAlgorithm::RsaOaep256, ContentEncryption::A256CbcHs512, "rsa-2048")),
        (JwsAlgorithm::Hs512, scheme(JweAlgorithm::Dir, ContentEncryption::A192Gcm, "oct-192")),
    ]
}

impl Encrypted {
    /// The scheme, or nothing where this build can't do it.
    fn scheme(&self) -> Option<Scheme> {
        let scheme = Scheme::all()
            .into_iter()
            .find(|scheme| {
                let names = (scheme.algorithm.name(), scheme.enc.name(), scheme.key_id);
                names == (&*self.alg, &*self.enc, &*self.kid)
            })
            .expect("a scheme of this library");
        scheme.is_available().then_some(scheme)
    }
}

/// The twins of a token: a bit of each part changed, where the part isn't empty.
fn tampered(token: &str) -> impl Iterator<Item = String> {
    let lengths: Vec<usize> = support::parts(token).into_iter().map(str::len).collect();
    lengths.into_iter().enumerate().filter(|(_, len)| *len > 0).map(|(part, len)| {
        // In the middle, so that what stands around the changed byte stays in form.
        with_flipped_bit(token, part, len * 3 / 4 / 2 * 8)
    })
}

#[test]
fn signed_tokens_verify_on_the_other_stack() {
    for recording in recordings() {
        for Signed { alg, token } in recording.signed {
            let Some(algorithm) = JwsAlgorithm::from_name(&alg) else {
                assert_eq!(alg, "ES256K", "the only one that a build may lack");
                continue;
            };
            let key = signing_key(algorithm).verifying_key().unwrap();
            let verified = jws::verify(&key, &token).unwrap();
            assert_eq!(verified.payload(), PAYLOAD, "{alg}");
            assert_eq!(verified.key_id(), Some(signing_key_id(algorithm)));
            for twin in tampered(&token) {
                assert!(jws::verify(&key, &twin).is_err(), "{alg} {twin}");
            }
        }
    }
}

#[test]
fn encrypted_tokens_decrypt_on_the_other_stack() {
    for recording in recordings() {
        for encrypted in recording.encrypted {
            let Some(scheme) = encrypted.scheme() else { continue };
            let key = scheme.decryption_key();
            let plaintext = decrypt(&key, &encrypted.token).unwrap();
            assert_eq!(plaintext.expose_secret(), PAYLOAD, "{scheme:?}");
            for twin in tampered(&encrypted.token) {
                assert!(decrypt(&key, &twin).is_err(), "{scheme:?} {twin}");
            }
        }
    }
}

#[test]
fn nested_tokens_verify_on_the_other_stack() {
    for recording in recordings() {
        for nested in recording.nested {
            let Some(scheme) = nested.encrypted.scheme() else { continue };
            let algorithm = JwsAlgorithm::from_name(&nested.signed).unwrap();
            let verifier = JwtVerifier::builder(signing_key(algorithm).verifying_key().unwrap())
                .issuer("https://id.example.com")
                .audience("https://orders.example.com")
                .decrypt_with(scheme.decryption_key())
                .clock(stopped_at(NOW))
                .build()
                .unwrap();
            let token = &nested.encrypted.token;
            let jwt = verifier.verify::<OrderClaims>(token).unwrap();
            assert_eq!((jwt.subject(), jwt.claims()), (Some("user-17"), &order_claims()));
            for twin in tampered(token) {
                assert!(verifier.verify::<OrderClaims>(&twin).is_err(), "{scheme:?} {twin}");
            }
        }
    }
}

#[test]
fn the_recordings_leave_nothing_out() {
    for recording in recordings() {
        let names: Vec<&str> = recording.signed.iter().map(|signed| &*signed.alg).collect();
        for algorithm in JwsAlgorithm::ALL {
            assert!(names.contains(&algorithm.name()), "{}: {algorithm}", recording.origin);
        }
        let expected = Scheme::all().into_iter().filter(is_recorded).count();
        assert_eq!(recording.encrypted.len(), expected, "{}", recording.origin);
        assert_eq!(recording.nested.len(), nested_schemes().len(), "{}", recording.origin);
    }
}

fn vectors() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

#[test]
#[ignore = "records tokens anew"]
fn record_tokens() {
    if !cfg!(feature = "es256k") || !HAS_RSA_OAEP || !HAS_PBES2 {
        panic!("record with features `es256k`, `pbes2` and, on ring, `rsa`");
    }
    let stack = if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "ring" };
    let signed = JwsAlgorithm::ALL.iter().map(|&algorithm| Signed {
        alg: algorithm.to_string(),
        token: jws::sign(&signing_key(algorithm), PAYLOAD).unwrap(),
    });
    let encrypted = |scheme: Scheme, token| Encrypted {
        alg: scheme.algorithm.to_string(),
        enc: scheme.enc.to_string(),
        kid: scheme.key_id.to_owned(),
        token,
    };
    let nested = nested_schemes().into_iter().map(|(algorithm, scheme)| {
        let issuer = JwtIssuer::builder(signing_key(algorithm))
            .issuer("https://id.example.com")
            .audience("https://orders.example.com")
            .lifetime(Duration::from_secs(300))
            .encrypt_for(scheme.encryption_key())
            .clock(stopped_at(NOW))
            .build()
            .unwrap();
        let token = issuer.issue("user-17", &order_claims()).unwrap();
        Nested { signed: algorithm.to_string(), encrypted: encrypted(scheme, token) }
    });
    let recording = Recording {
        origin: format!("made by this library on {stack}: see tests/recorded.rs"),
        signed: signed.collect(),
        encrypted: Scheme::all()
            .into_iter()
            .filter(is_recorded)
            .map(|scheme| encrypted(scheme, encrypt(&scheme.encryption_key(), PAYLOAD).unwrap()))
            .collect(),
        nested: nested.collect(),
    };
    let text = serde_json::to_string_pretty(&recording).unwrap() + "\n";
    fs::write(vectors().join(format!("recorded-{stack}.json")), text).unwrap();
}

#[test]
#[ignore = "makes the fixed keys anew, after which both stacks' tokens must be recorded anew"]
fn make_keys() {
    let secret = |bits| (format!("oct-{bits}"), KeyKind::Oct { bits });
    let mut kinds = vec![secret(128), secret(192), secret(256), secret(384), secret(512)];
    kinds.push(("rsa-2048".into(), KeyKind::Rsa { bits: 2048 }));
    kinds.extend([KeyKind::P256, KeyKind::P384, KeyKind::P521].map(|kind| (kind.to_string(), kind)));
    #[cfg(feature = "es256k")]
    kinds.push(("secp256k1".into(), KeyKind::Secp256k1));
    kinds.extend([KeyKind::Ed25519, KeyKind::X25519].map(|kind| (kind.to_string(), kind)));
    assert_eq!(kinds.len(), 12, "make them with feature `es256k`");

    let keys: JwkSet =
        kinds.into_iter().map(|(key_id, kind)| Jwk::generate(kind).unwrap().with_key_id(key_id)).collect();
    let text = keys.expose_json().expose_secret().replace("},{", "},\n{") + "\n";
    fs::write(vectors().join("recorded-keys.json"), text).unwrap();
}

#[test]
fn the_fixed_keys_are_read_by_every_build() {
    let keys = JwkSet::from_json(include_str!("vectors/recorded-keys.json")).unwrap();
    let reasons: Vec<_> = keys.skipped().iter().map(|skipped| skipped.reason().code()).collect();
    let expected = if cfg!(feature = "es256k") { vec![] } else { vec!["unsupported_feature"] };
    assert_eq!((keys.len() + reasons.len(), reasons), (12, expected));
    assert!(KeySet::verification(&keys).is_empty(), "all are private or secret");
}
