//! Class K: encrypted keys that are there or not there wrongly.

use countersign::{
    ContentEncryption, DecryptionKey, EncryptionKey, JweAlgorithm, Jwk, KeySet, SecretBytes, decrypt, encrypt,
};

use crate::jwe_forging::*;
use crate::support::*;

fn symmetric(algorithm: JweAlgorithm, len: u8) -> DecryptionKey {
    DecryptionKey::symmetric(algorithm, SecretBytes::from(octets(len))).unwrap()
}

fn direct() -> DecryptionKey {
    DecryptionKey::direct(ContentEncryption::A256Gcm, SecretBytes::from(secret())).unwrap()
}

fn token_for(key: &DecryptionKey) -> String {
    encrypt(&key.encryption_key().unwrap(), b"plaintext").unwrap()
}

/// CVE-2026-34986: go-jose panicked at an encrypted key that wasn't there.
#[test]
fn row_076_encrypted_key_that_must_or_must_not_be_there() {
    for key in [direct(), DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap()] {
        let token = token_for(&key);
        assert!(decrypt(&key, &token).is_ok());
        for encrypted_key in [&[0][..], &[0; 24], &[0; 40], &secret()] {
            let forged = with_part(&token, 1, &encode(encrypted_key));
            assert_eq!(code(decrypt(&key, &forged)), "length", "{}", key.algorithm());
        }
    }
    let wrapping = [
        (JweAlgorithm::A128Kw, 16),
        (JweAlgorithm::A192Kw, 24),
        (JweAlgorithm::A256Kw, 32),
        (JweAlgorithm::A128Gcmkw, 16),
        (JweAlgorithm::A192Gcmkw, 24),
        (JweAlgorithm::A256Gcmkw, 32),
    ];
    let agreeing = [JweAlgorithm::EcdhEsA128Kw, JweAlgorithm::EcdhEsA192Kw, JweAlgorithm::EcdhEsA256Kw];
    let keys = wrapping.map(|(algorithm, len)| symmetric(algorithm, len)).into_iter();
    for key in keys.chain(agreeing.map(|algorithm| DecryptionKey::generate(algorithm).unwrap())) {
        let token = token_for(&key);
        assert!(decrypt(&key, &token).is_ok());
        assert_eq!(code(decrypt(&key, &with_part(&token, 1, ""))), "length", "{}", key.algorithm());
        // Any other length fails, and fails like a wrong key.
        for len in (1..=41).chain([48, 64, 72, 255, 256, 4096]) {
            let forged = with_part(&token, 1, &encode(vec![0xa6; len]));
            assert_eq!(code(decrypt(&key, &forged)), "decryption_failed", "{} {len}", key.algorithm());
        }
        let encrypted_key = part(&token, 1);
        for at in 0..encrypted_key.len() {
            let mut wrong = encrypted_key.clone();
            wrong[at] ^= 1;
            let forged = with_part(&token, 1, &encode(wrong));
            assert_eq!(code(decrypt(&key, &forged)), "decryption_failed", "{} {at}", key.algorithm());
        }
    }
}

#[cfg(any(feature = "aws-lc-rs", feature = "rsa"))]
#[test]
fn row_076_empty_encrypted_key_of_rsa() {
    for algorithm in [JweAlgorithm::RsaOaep, JweAlgorithm::RsaOaep256] {
        let key = DecryptionKey::from_jwk_for(algorithm, &rsa_private()).unwrap();
        assert_eq!(code(decrypt(&key, &with_part(&token_for(&key), 1, ""))), "length");
    }
}

/// RFC 7518 §4.7.1: the vector and the tag of the wrapped key are the sender's, and have one length each.
#[test]
fn wrapped_keys_vector_and_tag() {
    let key = symmetric(JweAlgorithm::A256Gcmkw, 32);
    let token = token_for(&key);
    let header: serde_json::Value = serde_json::from_slice(&part(&token, 0)).unwrap();
    let [iv, tag] = ["iv", "tag"].map(|name| header[name].as_str().unwrap().to_owned());
    let with = |iv: &str, tag: &str| {
        let header = format!(r#"{{"alg":"A256GCMKW","enc":"A256GCM","iv":{iv},"tag":{tag}}}"#);
        code(decrypt(&key, &with_part(&token, 0, &encode(header))))
    };
    let quoted = |octets: &[u8]| format!("\"{}\"", encode(octets));
    let (right_iv, right_tag) = (format!("\"{iv}\""), format!("\"{tag}\""));
    for len in [0, 1, 8, 11, 13, 16] {
        assert_eq!(with(&quoted(&vec![0; len]), &right_tag), "member_type", "{len}");
    }
    for len in [0, 1, 4, 12, 15, 17, 32] {
        assert_eq!(with(&right_iv, &quoted(&vec![0; len])), "member_type", "{len}");
    }
    assert_eq!(with("null", &right_tag), "member_type");
    assert_eq!(with(&right_iv, "5"), "member_type");
    assert_eq!(with(&format!("\"{iv}=\""), &right_tag), "base64url");
    assert_eq!(with(&quoted(&[0; 12]), &right_tag), "decryption_failed");
    assert_eq!(with(&right_iv, &quoted(&[0; 16])), "decryption_failed");
    for (header, expected) in [
        (format!(r#"{{"alg":"A256GCMKW","enc":"A256GCM","iv":{right_iv}}}"#), "missing_member"),
        (format!(r#"{{"alg":"A256GCMKW","enc":"A256GCM","tag":{right_tag}}}"#), "missing_member"),
    ] {
        assert_eq!(code(decrypt(&key, &with_part(&token, 0, &encode(header)))), expected);
    }
}

#[test]
fn row_083_another_algorithm_than_the_keys_own() {
    let kw = symmetric(JweAlgorithm::A128Kw, 16);
    let gcmkw = symmetric(JweAlgorithm::A128Gcmkw, 16);
    let [by_kw, by_gcmkw] = [&kw, &gcmkw].map(token_for);
    assert_eq!(code(decrypt(&kw, &by_gcmkw)), "algorithm_not_allowed");
    assert_eq!(code(decrypt(&gcmkw, &by_kw)), "algorithm_not_allowed");
    assert_eq!(code(KeySet::from(kw.clone_key()).decrypt(&by_gcmkw)), "algorithm_not_allowed");
    // The header says what the key is for, and the rest of the token is another algorithm's.
    let renamed = with_part(&by_gcmkw, 0, &encode(r#"{"alg":"A128KW","enc":"A256GCM"}"#));
    assert_eq!(code(decrypt(&kw, &renamed)), "decryption_failed");
    let renamed = with_part(&by_kw, 0, &encode(r#"{"alg":"A128GCMKW","enc":"A256GCM"}"#));
    assert_eq!(code(decrypt(&gcmkw, &renamed)), "missing_member");
    // A key that wraps, claimed to be the content key itself, and the other way round.
    let cek = octets(32);
    let dir = sealed(&cek, r#"{"alg":"dir","enc":"A128CBC-HS256"}"#, b"", b"x");
    assert_eq!(code(decrypt(&symmetric(JweAlgorithm::A256Kw, 32), &dir)), "algorithm_not_allowed");
    assert_eq!(
        code(decrypt(&direct(), &token_for(&symmetric(JweAlgorithm::A256Kw, 32)))),
        "algorithm_not_allowed"
    );

    for (algorithm, len) in [(JweAlgorithm::A128Kw, 16), (JweAlgorithm::A256Gcmkw, 32)] {
        for wrong in [0, 1, 15, 16, 24, 32, 33].into_iter().filter(|wrong| *wrong != len) {
            let made = DecryptionKey::symmetric(algorithm, SecretBytes::from(octets(wrong)));
            let expected = if wrong == 0 { "key_too_small" } else { "key_size" };
            assert_eq!(code(made), expected, "{algorithm} {wrong}");
        }
    }
}

/// Keys to encrypt with are held to the same rules, so that no token is made that nobody may read.
#[test]
fn keys_to_encrypt_with_fit_their_algorithm() {
    let rsa = rsa_private().to_public().unwrap();
    for algorithm in
        [JweAlgorithm::Dir, JweAlgorithm::A128Kw, JweAlgorithm::EcdhEs, JweAlgorithm::EcdhEsA256Kw]
    {
        assert_eq!(code(EncryptionKey::from_jwk_for(algorithm, &rsa)), "key_type", "{algorithm}");
    }
    let ed25519 = Jwk::generate(countersign::KeyKind::Ed25519).unwrap();
    assert_eq!(code(EncryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &ed25519)), "key_type");
    assert_eq!(code(DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &ed25519)), "key_type");
    let public = Jwk::generate(countersign::KeyKind::P256).unwrap().to_public().unwrap();
    assert_eq!(code(DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &public)), "key_not_private");
}
