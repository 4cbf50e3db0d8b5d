//! The compact token: its five parts round trip, and any of them changed, cut or left out is refused.
//!
//! Every pair of keys makes one, and each part is changed in turn: what needs no secret to be seen has its own error,
//! all the rest is the same one (RFC 7516 §5.2, §11.5). Claims inside are read strictly.

use std::collections::BTreeMap;

use crate::error::{Defect, Error, Limit, Part};
use crate::wire::base64url;

use super::super::recipient::{KeyManagement, Parameter, PartyInfo, RecipientOutput};
use super::*;

#[test]
fn every_algorithm_with_every_content_encryption_round_trips() {
    for (key, encryption_key) in pairs() {
        for plaintext in [&b""[..], b"x", b"card 4242", &[7; 1000]] {
            let token = encrypt(&encryption_key, plaintext).unwrap();
            assert_eq!(decrypt(&key, &token).unwrap().expose_secret(), plaintext, "{encryption_key:?}");
        }
    }
}

#[test]
fn no_two_tokens_of_one_plaintext_are_alike() {
    for (_, encryption_key) in pairs() {
        let (one, other) = (
            encrypt(&encryption_key, b"card 4242").unwrap(),
            encrypt(&encryption_key, b"card 4242").unwrap(),
        );
        let (one, other) = (Parts::of(&one), Parts::of(&other));
        assert_ne!(one.0[IV], other.0[IV], "{encryption_key:?}");
        assert_ne!(one.0[CIPHERTEXT], other.0[CIPHERTEXT], "{encryption_key:?}");
        if !one.0[ENCRYPTED_KEY].is_empty() {
            assert_ne!(one.0[ENCRYPTED_KEY], other.0[ENCRYPTED_KEY], "{encryption_key:?}");
        }
    }
}

/// From the first use of the secret key on, every failure is the same error.
#[test]
fn any_changed_bit_is_one_error() {
    for (key, encryption_key) in pairs() {
        let parts = Parts::of(&encrypt(&encryption_key, b"card 4242").unwrap());
        assert!(decrypt(&key, &parts.token()).is_ok());
        for part in [ENCRYPTED_KEY, IV, CIPHERTEXT, TAG] {
            let len = parts.0[part].len();
            for i in [0, 1, len / 2, len.saturating_sub(1)].into_iter().filter(|&i| i < len) {
                let token = parts.with(part, |bytes| bytes[i] ^= 1);
                let what = format!("{encryption_key:?}: part {part}, byte {i}");
                assert_eq!(decrypt(&key, &token), Err(Error::DecryptionFailed), "{what}");
            }
        }
        // The header is authenticated too, a byte that means nothing as well.
        let token = parts.with_header("{", "{ ");
        assert_eq!(decrypt(&key, &token), Err(Error::DecryptionFailed), "{encryption_key:?}");
        for change in [parts.with(CIPHERTEXT, |bytes| bytes.push(0)), parts.with(CIPHERTEXT, Vec::clear)] {
            assert_eq!(decrypt(&key, &change), Err(Error::DecryptionFailed), "{encryption_key:?}");
        }
    }
}

#[test]
fn another_key_of_the_same_algorithm_is_the_same_error() {
    for (one, (key, encryption_key)) in pairs().into_iter().enumerate() {
        for (other, (other_key, _)) in pairs().into_iter().enumerate() {
            let same_kind = key.expose_jwk().unwrap().kind() == other_key.expose_jwk().unwrap().kind();
            // One RSA key serves all of these tests.
            if one == other && same_kind && !key.algorithm().name().starts_with("RSA") {
                let token = encrypt(&encryption_key, b"card 4242").unwrap();
                assert_eq!(decrypt(&other_key, &token), Err(Error::DecryptionFailed), "{encryption_key:?}");
            }
        }
    }
}

#[test]
fn lengths_that_the_sender_can_see_have_their_own_error() {
    for (key, encryption_key) in pairs() {
        let parts = Parts::of(&encrypt(&encryption_key, b"card 4242").unwrap());
        let tag_len = parts.0[TAG].len();
        for len in [0, 4, 8, 12, tag_len - 1] {
            let token = parts.with(TAG, |bytes| bytes.truncate(len));
            assert_eq!(
                decrypt(&key, &token),
                Err(length(Part::AuthenticationTag)),
                "{encryption_key:?} {len}"
            );
        }
        let token = parts.with(TAG, |bytes| bytes.push(0));
        assert_eq!(decrypt(&key, &token), Err(length(Part::AuthenticationTag)), "{encryption_key:?}");
        let iv_len = parts.0[IV].len();
        for len in [0, 8, iv_len - 1, iv_len + 1, 28 - iv_len] {
            let token = parts.with(IV, |bytes| bytes.resize(len, 0));
            assert_eq!(
                decrypt(&key, &token),
                Err(length(Part::InitializationVector)),
                "{encryption_key:?} {len}"
            );
        }
        // The tag moved into the ciphertext, part by part.
        let mut moved = parts.clone();
        let tag = moved.0[TAG].split_off(8);
        moved.0[CIPHERTEXT].extend(tag);
        assert_eq!(decrypt(&key, &moved.token()), Err(length(Part::AuthenticationTag)), "{encryption_key:?}");
    }
}

#[test]
fn an_encrypted_key_is_there_exactly_when_the_algorithm_has_one() {
    for (key, encryption_key) in pairs() {
        let parts = Parts::of(&encrypt(&encryption_key, b"card 4242").unwrap());
        let token = match key.algorithm() {
            JweAlgorithm::Dir | JweAlgorithm::EcdhEs => {
                assert!(parts.0[ENCRYPTED_KEY].is_empty());
                parts.with(ENCRYPTED_KEY, |bytes| bytes.resize(40, 0))
            }
            _ => {
                assert!(!parts.0[ENCRYPTED_KEY].is_empty());
                parts.with(ENCRYPTED_KEY, Vec::clear)
            }
        };
        assert_eq!(decrypt(&key, &token), Err(length(Part::EncryptedKey)), "{encryption_key:?}");
    }
}

#[test]
fn encrypted_keys_of_any_length_are_the_same_error() {
    for algorithm in algorithms().filter(|algorithm| !matches!(algorithm.name(), "dir" | "ECDH-ES")) {
        let key = key(algorithm);
        let parts = Parts::of(&encrypt(&sender(&key), b"card 4242").unwrap());
        for len in [1, 7, 8, 15, 16, 17, 23, 24, 25, 32, 33, 48, 72, 80, 255, 256, 257, 1024] {
            let token = parts.with(ENCRYPTED_KEY, |bytes| *bytes = vec![0x5a; len]);
            assert_eq!(decrypt(&key, &token), Err(Error::DecryptionFailed), "{algorithm} {len}");
        }
    }
}

/// Attack: the wrapped key is genuine, but shorter than `enc` asks for, so that its cipher can't
/// even be set up. That must look like any other failure.
#[test]
fn a_content_key_of_another_length_is_the_same_error() {
    for algorithm in algorithms() {
        let key = key(algorithm);
        let encryption_key = sender(&key);
        let KeyManagement::Encrypts(management) = encryption_key.management() else { continue };
        for len in [16, 24, 40, 64] {
            let content_key = secret(len);
            let RecipientOutput { encrypted_key, parameters } =
                management.encrypt(&content_key, &PartyInfo::none()).unwrap();
            let mut header = format!(r#"{{"alg":"{algorithm}","enc":"A256GCM""#);
            for parameter in &parameters {
                header += &match parameter {
                    Parameter::Text(name, value) => format!(r#","{name}":"{value}""#),
                    Parameter::Json(name, json) => format!(r#","{name}":{json}"#),
                };
            }
            header.push('}');
            // Where the content key is one of AES, the content is encrypted with it in earnest.
            let protected = base64url::encode(header.as_bytes());
            let sealed = crate::crypto::AesGcmKey::new(content_key.expose_secret()).map(|cipher| {
                let mut content = b"card 4242".to_vec();
                let tag = cipher.seal_in_place(&[1; 12], protected.as_bytes(), &mut content).unwrap();
                (content, tag.to_vec())
            });
            let (ciphertext, tag) = sealed.unwrap_or((vec![1; 9], vec![2; 16]));
            let parts = Parts([header.into_bytes(), encrypted_key, vec![1; 12], ciphertext, tag]);
            assert_eq!(decrypt(&key, &parts.token()), Err(Error::DecryptionFailed), "{algorithm} {len}");
        }
    }
}

#[test]
fn text_that_is_no_token_is_refused_without_panic() {
    let key = key(JweAlgorithm::A256Kw);
    let token = encrypt(&key.encryption_key().unwrap(), b"card 4242").unwrap();
    for text in ["", ".", "..", "....", ".....", "a.b.c", "e30.e30.e30.e30.e30", "🙂.🙂.🙂.🙂.🙂"] {
        assert!(matches!(decrypt(&key, text), Err(Error::Malformed { .. })), "{text}");
    }
    for i in 0..token.len() {
        assert!(decrypt(&key, &token[..i]).is_err(), "{i}");
    }
    for text in [format!("{token}."), format!("{token}="), format!(" {token}"), format!("{token}\n")] {
        assert!(matches!(decrypt(&key, &text), Err(Error::Malformed { .. })));
    }
    let many_dots = decrypt(&key, &".".repeat(100_000));
    assert!(matches!(many_dots, Err(Error::LimitExceeded { limit: Limit::TokenBytes, .. })));
}

#[test]
fn a_token_over_the_limit_is_refused() {
    let key = key(JweAlgorithm::A256Kw);
    let token = encrypt(&key.encryption_key().unwrap(), &[0; 12_000]).unwrap();
    assert!(token.len() < 16 * 1024 && decrypt(&key, &token).is_ok());
    let token = encrypt(&key.encryption_key().unwrap(), &[0; 13_000]).unwrap();
    let error = decrypt(&key, &token).unwrap_err();
    assert!(matches!(error, Error::LimitExceeded { limit: Limit::TokenBytes, max: 16_384 }));
}

#[test]
fn claims_round_trip_and_are_read_strictly() {
    let key = key(JweAlgorithm::A256Kw);
    let encryption_key = key.encryption_key().unwrap();
    let claims = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
    let token = encrypt_claims(&encryption_key, &claims).unwrap();
    assert_eq!(decrypt_claims(&key, &token), Ok(claims));

    let read = |text: &[u8]| {
        decrypt_claims::<BTreeMap<String, u8>>(&key, &encrypt(&encryption_key, text).unwrap()).unwrap_err()
    };
    assert_eq!(read(b"{\"a\":1,\"a\":2}"), Error::malformed(Part::Claims, Defect::DuplicateMember));
    assert_eq!(read(b"[1]"), Error::malformed(Part::Claims, Defect::NotAnObject));
    assert_eq!(read(b"\xff"), Error::malformed(Part::Claims, Defect::Utf8));
    assert!(matches!(read(b"{\"a\":1} x"), Error::Malformed { part: Part::Claims, .. }));
    assert!(matches!(read(b""), Error::Malformed { part: Part::Claims, .. }));
    assert_eq!(read(b"{\"a\":\"SECRET\"}"), Error::ClaimsType { expected: "u8".into(), column: 13 });
}
