//! Class L: what a recipient would tell about a key or a plaintext by failing in more than one way.

use countersign::{
    ContentEncryption, DecryptionKey, Error, JweAlgorithm, JwkSet, KeySet, SecretBytes, decrypt, encrypt,
};

use crate::jwe_forging::*;
use crate::support::*;

fn direct(enc: ContentEncryption) -> DecryptionKey {
    let key = (0..).take(enc.key_len()).collect::<Vec<u8>>();
    DecryptionKey::direct(enc, SecretBytes::from(key)).unwrap()
}

fn wrapping(algorithm: JweAlgorithm, len: u8) -> DecryptionKey {
    DecryptionKey::symmetric(algorithm, SecretBytes::from(octets(len))).unwrap()
}

/// Asserts the one error that every failure of a secret ends in, the same to its last letter.
#[track_caller]
fn check_failure(key: &DecryptionKey, token: &str) {
    let error = decrypt(key, token).unwrap_err();
    assert_eq!(error, Error::DecryptionFailed);
    assert_eq!(error.to_string(), "decryption failed");
    assert_eq!(KeySet::from(key.clone_key()).decrypt(token), Err(error));
}

const DIR_CBC: &str = r#"{"alg":"dir","enc":"A128CBC-HS256"}"#;

/// Bleichenbacher's oracle has no place to stand: the algorithm doesn't exist here.
#[test]
fn row_077_rsa1_5() {
    let header = r#"{"alg":"RSA1_5","enc":"A128CBC-HS256"}"#;
    let forged = sealed(&octets(32), header, &[0; 256], b"x");
    for key in [direct(ContentEncryption::A128CbcHs256), wrapping(JweAlgorithm::A128Kw, 16)] {
        assert_eq!(code(decrypt(&key, &forged)), "unsupported_algorithm");
        assert_eq!(code(KeySet::from(key).decrypt(&forged)), "unsupported_algorithm");
    }
    let jwk = rsa_private().with_algorithm("RSA1_5");
    assert_eq!(code(DecryptionKey::from_jwk(&jwk)), "unsupported_key");
    for algorithm in [JweAlgorithm::RsaOaep, JweAlgorithm::RsaOaep256] {
        assert_eq!(code(DecryptionKey::from_jwk_for(algorithm, &jwk)), "key_algorithm");
    }
    let keys = KeySet::decryption(&[jwk].into_iter().collect::<JwkSet>());
    assert!(keys.is_empty());
    assert_eq!(code(keys.decrypt(&forged)), "unsupported_algorithm");
    assert_eq!(JweAlgorithm::from_name("RSA1_5"), None);
}

#[cfg(any(feature = "aws-lc-rs", feature = "rsa"))]
mod rsa {
    use super::*;

    fn oaep(algorithm: JweAlgorithm) -> DecryptionKey {
        DecryptionKey::from_jwk_for(algorithm, &rsa_private()).unwrap()
    }

    fn header(algorithm: &str, enc: &str) -> String {
        encode(format!(r#"{{"alg":"{algorithm}","enc":"{enc}"}}"#))
    }

    #[test]
    fn row_078_every_failure_of_rsa_oaep_is_one() {
        for algorithm in [JweAlgorithm::RsaOaep, JweAlgorithm::RsaOaep256, JweAlgorithm::RsaOaep512] {
            let key = oaep(algorithm);
            let token = encrypt(&key.encryption_key().unwrap(), b"plaintext").unwrap();
            assert_eq!(decrypt(&key, &token).unwrap().expose_secret(), b"plaintext");
            let encrypted_key = part(&token, 1);
            // Padding, a number beyond the modulus, lengths.
            for at in [0, 1, 128, 255] {
                let mut wrong = encrypted_key.clone();
                wrong[at] ^= 1;
                check_failure(&key, &with_part(&token, 1, &encode(wrong)));
            }
            for wrong in [vec![0; 256], vec![0xff; 256], vec![1], vec![0; 255], vec![0; 257], vec![7; 4096]] {
                check_failure(&key, &with_part(&token, 1, &encode(wrong)));
            }
            check_failure(&key, &with_part(&token, 1, &encode([&[0], &encrypted_key[..]].concat())));
            check_failure(&key, &with_part(&token, 1, &encode(&encrypted_key[1..])));
            // A content key that is decrypted and has another length.
            let short =
                key.encryption_key().unwrap().with_content_encryption(ContentEncryption::A128Gcm).unwrap();
            let short = encrypt(&short, b"plaintext").unwrap();
            check_failure(&key, &with_part(&short, 0, &header(algorithm.name(), "A256GCM")));
            check_failure(&key, &with_part(&short, 0, &header(algorithm.name(), "A192GCM")));
            // The tag, the ciphertext, the initialization vector, the header.
            for index in [2, 3, 4] {
                let mut wrong = part(&token, index);
                wrong[0] ^= 0x80;
                check_failure(&key, &with_part(&token, index, &encode(wrong)));
            }
            let respelled = format!(r#"{{"alg":"{algorithm}","enc":"A256GCM" }}"#);
            check_failure(&key, &with_part(&token, 0, &encode(respelled)));
        }
    }

    #[test]
    fn row_083_another_hash_of_rsa_oaep() {
        let token = encrypt(&oaep(JweAlgorithm::RsaOaep).encryption_key().unwrap(), b"plaintext").unwrap();
        let renamed = with_part(&token, 0, &header("RSA-OAEP-256", "A256GCM"));
        assert_eq!(code(decrypt(&oaep(JweAlgorithm::RsaOaep), &renamed)), "algorithm_not_allowed");
        check_failure(&oaep(JweAlgorithm::RsaOaep256), &renamed);
        // A JWK without `alg` serves all four, and the name decides.
        let keys = KeySet::decryption(&[rsa_private()].into_iter().collect::<JwkSet>());
        assert!(keys.decrypt(&token).is_ok());
        assert_eq!(keys.decrypt(&renamed), Err(Error::DecryptionFailed));
        let named = rsa_private().with_algorithm("RSA-OAEP");
        let keys = KeySet::decryption(&[named].into_iter().collect::<JwkSet>());
        assert!(keys.decrypt(&token).is_ok());
        assert_eq!(code(keys.decrypt(&renamed)), "algorithm_not_allowed");
    }
}

#[test]
fn row_079_padding_tells_nothing() {
    let key = direct(ContentEncryption::A128CbcHs256);
    let cek = octets(32);
    let valid = sealed(&cek, DIR_CBC, b"", b"fifteen octets.");
    assert_eq!(decrypt(&key, &valid).unwrap().expose_secret(), b"fifteen octets.");
    assert_eq!(decrypt(&key, &sealed(&cek, DIR_CBC, b"", b"")).unwrap().expose_secret(), b"");
    // Under a MAC that is right, only the padding is wrong.
    for last in [[0_u8; 16], [17; 16], [255; 16], padded(3, 2), padded(5, 4), padded(16, 15)] {
        check_failure(&key, &sealed_blocks(&cek, DIR_CBC, b"", &last));
        check_failure(&key, &sealed_blocks(&cek, DIR_CBC, b"", &[&[1; 16][..], &last].concat()));
    }
    // No whole block, and no block at all.
    for len in [0, 1, 15, 17, 31] {
        check_failure(&key, &authenticated(&cek, DIR_CBC, b"", &IV, &vec![5; len]));
    }
    // Only the MAC is wrong, and both.
    for (index, at) in [(4, 0), (4, 15), (3, 0), (3, 15), (2, 0), (2, 15)] {
        let mut wrong = part(&valid, index);
        wrong[at] ^= 1;
        check_failure(&key, &with_part(&valid, index, &encode(wrong)));
    }
    // Vaudenay's question, a byte at a time: all 256 answers are one.
    let blocks = sealed(&cek, DIR_CBC, b"", &[7; 32]);
    for guess in 0..=255 {
        let mut ciphertext = part(&blocks, 3);
        ciphertext[31] = guess;
        if ciphertext != part(&blocks, 3) {
            check_failure(&key, &with_part(&blocks, 3, &encode(ciphertext)));
        }
    }
}

/// A block whose last `count` octets say `value`.
fn padded(value: u8, count: usize) -> [u8; 16] {
    std::array::from_fn(|at| if at + count >= 16 { value } else { 0 })
}

/// CVE-2018-1000539, CVE-2023-37464: a tag as short as the sender liked was compared by its own length.
#[test]
fn row_080_tags_of_another_length() {
    for &enc in ContentEncryption::ALL {
        let key = direct(enc);
        let token = encrypt(&key.encryption_key().unwrap(), b"some plaintext of more than a block").unwrap();
        let tag = part(&token, 4);
        for len in 0..=tag.len() + 1 {
            let mut wrong = tag.clone();
            wrong.resize(len, 0);
            if len != tag.len() {
                let forged = with_part(&token, 4, &encode(wrong));
                assert_eq!(code(decrypt(&key, &forged)), "length", "{enc} {len}");
            }
        }
        let ciphertext = part(&token, 3);
        for moved in [1, 4, 8, 12, tag.len()] {
            let (kept, gone) = tag.split_at(tag.len() - moved);
            let forged = with_part(&token, 4, &encode(kept));
            let forged = with_part(&forged, 3, &encode([&ciphertext[..], gone].concat()));
            assert_eq!(code(decrypt(&key, &forged)), "length", "{enc}");
            // The same octets split elsewhere, all lengths in order.
            let all = [&ciphertext[..], &tag].concat();
            let (ciphertext, tag) = all[..all.len() - moved].split_at(all.len() - moved - tag.len());
            let forged = with_part(&with_part(&token, 3, &encode(ciphertext)), 4, &encode(tag));
            check_failure(&key, &forged);
        }
        check_failure(&key, &with_part(&token, 4, &encode(vec![0; tag.len()])));
        check_failure(&key, &with_part(&token, 3, ""));
    }
}

#[test]
fn row_081_initialization_vectors_of_another_length() {
    for &enc in ContentEncryption::ALL {
        let key = direct(enc);
        let token = encrypt(&key.encryption_key().unwrap(), b"x").unwrap();
        let iv = part(&token, 2);
        for len in (0..=17).chain([24, 32, 4096]).filter(|len| *len != iv.len()) {
            let mut wrong = iv.clone();
            wrong.resize(len, 0);
            assert_eq!(code(decrypt(&key, &with_part(&token, 2, &encode(wrong)))), "length", "{enc} {len}");
        }
        check_failure(&key, &with_part(&token, 2, &encode(vec![0; iv.len()])));
    }
    // An empty vector whose place the MAC covers all the same.
    let forged = authenticated(&octets(32), DIR_CBC, b"", b"", &[0; 16]);
    assert_eq!(code(decrypt(&direct(ContentEncryption::A128CbcHs256), &forged)), "length");
}

#[test]
fn row_082_content_keys_of_another_length() {
    let short = || SecretBytes::from(octets(16));
    assert_eq!(code(DecryptionKey::direct(ContentEncryption::A256Gcm, short())), "key_size");
    assert_eq!(code(DecryptionKey::direct(ContentEncryption::A128CbcHs256, short())), "key_size");
    // The header asks for another content encryption than the shared key is for: one more failure.
    let gcm = direct(ContentEncryption::A128Gcm);
    let token = encrypt(&gcm.encryption_key().unwrap(), b"x").unwrap();
    for enc in ["A192GCM", "A256GCM"] {
        check_failure(&gcm, &with_part(&token, 0, &encode(format!(r#"{{"alg":"dir","enc":"{enc}"}}"#))));
    }
    // Two content encryptions have keys of 256 bits; each key is for one of them.
    let forged = sealed(&octets(32), DIR_CBC, b"", b"x");
    check_failure(&direct(ContentEncryption::A256Gcm), &forged);
    assert!(decrypt(&direct(ContentEncryption::A128CbcHs256), &forged).is_ok());

    for (algorithm, len) in [(JweAlgorithm::A128Kw, 16), (JweAlgorithm::A256Gcmkw, 32)] {
        let key = wrapping(algorithm, len);
        let encryption = key.encryption_key().unwrap().with_content_encryption(ContentEncryption::A128Gcm);
        let token = encrypt(&encryption.unwrap(), b"x").unwrap();
        let header = String::from_utf8(part(&token, 0)).unwrap();
        assert!(decrypt(&key, &token).is_ok());
        for enc in ["A192GCM", "A256GCM"] {
            let other = header.replace("A128GCM\"", &format!("{enc}\""));
            assert_ne!(other, header);
            check_failure(&key, &with_part(&token, 0, &encode(other)));
        }
    }
}

/// The protected header is authenticated as it is spelled.
#[test]
fn a_respelled_header_is_another_header() {
    let key = direct(ContentEncryption::A256Gcm);
    let token = encrypt(&key.encryption_key().unwrap(), b"x").unwrap();
    for header in [
        r#"{"alg":"dir","enc":"A256GCM" }"#,
        r#"{"enc":"A256GCM","alg":"dir"}"#,
        r#"{"alg":"dir","enc":"A256GCM","kid":"1"}"#,
        r#"{"alg":"dir","enc":"A256GCM","typ":"JWT"}"#,
        r#"{"\u0061lg":"dir","enc":"A256GCM"}"#,
    ] {
        check_failure(&key, &with_part(&token, 0, &encode(header)));
    }
}

/// What the key's owner didn't allow is refused by name, before any secret is used.
#[test]
fn content_encryptions_that_are_not_allowed() {
    let key = wrapping(JweAlgorithm::A256Kw, 32);
    let strict = key.clone_key().allow_content_encryptions([ContentEncryption::A256Gcm]);
    for &enc in ContentEncryption::ALL {
        let encryption = key.encryption_key().unwrap().with_content_encryption(enc).unwrap();
        let token = encrypt(&encryption, b"x").unwrap();
        assert!(decrypt(&key, &token).is_ok());
        if enc == ContentEncryption::A256Gcm {
            assert!(decrypt(&strict, &token).is_ok());
        } else {
            assert_eq!(code(decrypt(&strict, &token)), "content_encryption_not_allowed", "{enc}");
        }
    }
}
