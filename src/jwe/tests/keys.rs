//! Keys to encrypt and decrypt with: where they come from, what they allow, and which of several is tried.
//!
//! They are made, read from JWK and PEM, and refused where their kind, size, `use`, `key_ops` or `alg` don't fit
//! (RFC 7517 §4, RFC 7518 §4); those of AES-GCM count their messages.

use crate::error::{Error, KeyDefect, Limit, Part, Refusal, Unsupported};
use crate::jwk::{Jwk, KeyKind, KeyUse};
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::header::HeaderRules;

use super::*;

#[test]
fn only_allowed_content_encryptions_are_decrypted() {
    for (key, encryption_key) in pairs() {
        let token = encrypt(&encryption_key, b"card 4242").unwrap();
        let enc = encryption_key.content_encryption();
        let only = key.clone_key().allow_content_encryptions([enc]);
        assert!(decrypt(&only, &token).is_ok());
        let others = ContentEncryption::ALL.iter().copied().filter(|&other| other != enc);
        let refused = Err(Error::NotAllowed(Refusal::ContentEncryption));
        assert_eq!(decrypt(&key.clone_key().allow_content_encryptions(others), &token), refused);
        assert_eq!(decrypt(&key.clone_key().allow_content_encryptions([]), &token), refused);
    }
}

#[test]
fn the_encryption_key_takes_what_its_decryption_key_allows() {
    let key = key(JweAlgorithm::A128Kw).allow_content_encryptions([ContentEncryption::A128CbcHs256]);
    let encryption_key = key.encryption_key().unwrap();
    assert_eq!(encryption_key.content_encryption(), ContentEncryption::A128CbcHs256);
    assert!(decrypt(&key, &encrypt(&encryption_key, b"x").unwrap()).is_ok());
    let none = key.allow_content_encryptions([]);
    assert!(matches!(none.encryption_key(), Err(Error::Misuse { .. })));
}

/// A token for `dir` whose `enc` is another than the key's says nothing of the key's length.
#[test]
fn a_direct_key_decrypts_one_content_encryption() {
    let key = DecryptionKey::direct(ContentEncryption::A128Gcm, secret(16)).unwrap();
    let encryption_key = key.encryption_key().unwrap();
    let parts = Parts::of(&encrypt(&encryption_key, b"card 4242").unwrap());
    for enc in ["A192GCM", "A256GCM"] {
        let token = parts.with_header("A128GCM", enc);
        assert_eq!(decrypt(&key, &token), Err(Error::DecryptionFailed), "{enc}");
    }
    let other = encryption_key.clone_key().with_content_encryption(ContentEncryption::A256Gcm);
    assert!(matches!(other, Err(Error::Misuse { .. })));
    assert!(encryption_key.with_content_encryption(ContentEncryption::A128Gcm).is_ok());
    for (len, enc) in [(16, ContentEncryption::A256Gcm), (32, ContentEncryption::A128Gcm)] {
        let made = DecryptionKey::direct(enc, secret(len));
        assert!(matches!(made, Err(Error::InvalidKey(KeyDefect::Size(_)))));
    }
}

#[test]
fn key_ids_are_compared_where_both_have_one() {
    let key = key(JweAlgorithm::A256Kw);
    let encrypt_as = |id: Option<&str>| {
        let encryption_key = key.encryption_key().unwrap();
        let encryption_key = match id {
            Some(id) => encryption_key.with_key_id(id),
            None => encryption_key,
        };
        encrypt(&encryption_key, b"x").unwrap()
    };
    let named = key.clone_key().with_key_id("1");
    assert!(decrypt(&named, &encrypt_as(Some("1"))).is_ok());
    assert!(decrypt(&named, &encrypt_as(None)).is_ok());
    assert!(decrypt(&key, &encrypt_as(Some("2"))).is_ok());
    assert_eq!(decrypt(&named, &encrypt_as(Some("2"))), Err(Error::NoMatchingKey));
    assert_eq!(named.encryption_key().unwrap().key_id(), Some("1"));
}

#[test]
fn several_keys_are_tried_in_turn_up_to_the_limit() {
    let decrypt_with = |token: &str, keys: &[&DecryptionKey], limits: &Limits| {
        let mut header = Vec::new();
        EncryptedToken::parse(token, &HeaderRules::new(limits, &[]), &mut header)?
            .decrypt_with_candidates(keys.iter().copied())
    };
    let limits = Limits::default().candidate_keys(2);
    let (one, two, three) = (key(JweAlgorithm::EcdhEs), key(JweAlgorithm::EcdhEs), key(JweAlgorithm::EcdhEs));
    let token = encrypt(&two.encryption_key().unwrap(), b"x").unwrap();
    assert_eq!(decrypt_with(&token, &[&one, &two], &limits).unwrap().expose_secret(), b"x");
    assert_eq!(decrypt_with(&token, &[&one, &three], &limits), Err(Error::DecryptionFailed));
    assert_eq!(decrypt_with(&token, &[], &limits), Err(Error::NoMatchingKey));
    let too_many = Error::LimitExceeded { limit: Limit::CandidateKeys, max: 2 };
    assert_eq!(decrypt_with(&token, &[&two, &one, &three], &limits), Err(too_many));

    // What doesn't fit by algorithm, `kid` or curve doesn't count.
    let other_curve = Jwk::generate(KeyKind::X25519).unwrap();
    let other_curve = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &other_curve).unwrap();
    let keys = [&key(JweAlgorithm::Dir), &other_curve, &one, &key(JweAlgorithm::EcdhEsA128Kw), &two];
    assert!(decrypt_with(&token, &keys, &limits).is_ok());
    let error = decrypt_with(&token, &[&other_curve], &limits).unwrap_err();
    assert!(matches!(error, Error::Malformed { part: Part::Header, .. }));
}

#[test]
fn aes_gcm_keys_count_their_messages() {
    let counted =
        [JweAlgorithm::Dir, JweAlgorithm::A128Gcmkw, JweAlgorithm::A192Gcmkw, JweAlgorithm::A256Gcmkw];
    for algorithm in algorithms() {
        let key = key(algorithm);
        let (one, two) = (key.encryption_key().unwrap(), key.encryption_key().unwrap().clone_key());
        let budget = one.management().message_budget();
        assert_eq!(budget.is_some(), counted.contains(&algorithm), "{algorithm}");
        let Some(budget) = budget else { continue };
        budget.leave(2);
        assert!(encrypt(&one, b"x").is_ok());
        assert!(encrypt(&two, b"x").is_ok());
        for key in [&one, &two, &key.encryption_key().unwrap().with_key_id("2")] {
            assert_eq!(encrypt(key, b"x"), Err(Error::InvalidKey(KeyDefect::Exhausted)));
        }
    }
    let cbc = EncryptionKey::direct(ContentEncryption::A128CbcHs256, secret(32)).unwrap();
    assert!(cbc.management().message_budget().is_none());
}

#[test]
fn a_jwk_s_own_words_are_obeyed() {
    let jwk = || Jwk::generate(KeyKind::P256).unwrap();
    let from = |jwk: &Jwk| {
        let published = jwk.to_public().unwrap_or_else(|_| jwk.clone_key());
        (DecryptionKey::from_jwk(jwk).map(drop), EncryptionKey::from_jwk(&published).map(drop))
    };
    let private = EncryptionKey::from_jwk(&jwk().with_algorithm("ECDH-ES")).map(drop);
    assert_eq!(private, Err(Error::InvalidKey(KeyDefect::NotPublic)));
    let mismatch = |expected, found| KeyDefect::Type { expected, found };
    let on_p256 = "an EC key on P-256";
    let both = |defect| (Err(Error::InvalidKey(defect)), Err(Error::InvalidKey(defect)));
    assert_eq!(from(&jwk().with_algorithm("ECDH-ES")), (Ok(()), Ok(())));
    assert_eq!(from(&jwk().with_algorithm("ECDH-ES").with_use(KeyUse::Encryption)), (Ok(()), Ok(())));
    assert_eq!(from(&jwk()), both(KeyDefect::AlgorithmUnknown));
    assert_eq!(from(&jwk().with_algorithm("ECDH-ES").with_use(KeyUse::Signature)), both(KeyDefect::Use));
    assert_eq!(from(&jwk().with_algorithm("A128KW")), both(mismatch("a symmetric secret", on_p256)));
    assert_eq!(from(&jwk().with_algorithm("RSA-OAEP")), both(mismatch("an RSA key", on_p256)));
    assert!(matches!(from(&jwk().with_algorithm("ES256")).0, Err(Error::Unsupported(Unsupported::Key(_)))));
    let signing = Jwk::generate(KeyKind::Ed25519).unwrap();
    let agreed = "a key on P-256, P-384, P-521 or X25519";
    assert_eq!(from(&signing.with_algorithm("ECDH-ES")), both(mismatch(agreed, "an Ed25519 key")));

    let named = jwk().with_algorithm("ECDH-ES+A128KW");
    let other = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &named).map(drop);
    assert_eq!(other, Err(Error::InvalidKey(KeyDefect::Algorithm)));
    let public = jwk().with_algorithm("ECDH-ES").to_public().unwrap();
    assert_eq!(from(&public), (Err(Error::InvalidKey(KeyDefect::NotPrivate)), Ok(())));

    let wraps_only = r#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg","alg":"A128KW","key_ops":["wrapKey"]}"#;
    let wraps_only = Jwk::from_json(wraps_only).unwrap();
    assert_eq!(from(&wraps_only), (Err(Error::InvalidKey(KeyDefect::Use)), Ok(())));
    let unwraps_only = r#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg","alg":"A128KW","key_ops":["unwrapKey"]}"#;
    let unwraps_only = DecryptionKey::from_jwk(&Jwk::from_json(unwraps_only).unwrap()).unwrap();
    assert_eq!(unwraps_only.encryption_key().map(drop), Err(Error::InvalidKey(KeyDefect::Use)));
}

#[test]
fn shared_secrets_have_their_algorithm_s_length() {
    for algorithm in JweAlgorithm::ALL.iter().copied() {
        for len in [15, 16, 17, 24, 32, 48, 64] {
            let made = EncryptionKey::symmetric(algorithm, secret(len)).map(drop);
            assert_eq!(made, DecryptionKey::symmetric(algorithm, secret(len)).map(drop), "{algorithm} {len}");
            match (algorithm.name(), len) {
                ("dir", _) => assert!(matches!(made, Err(Error::Misuse { .. }))),
                (name, _) if name.starts_with("PBES2") => {
                    assert!(matches!(made, Err(Error::Misuse { .. })), "{algorithm} {len}");
                }
                ("A128KW" | "A128GCMKW", 16)
                | ("A192KW" | "A192GCMKW", 24)
                | ("A256KW" | "A256GCMKW", 32) => {
                    assert_eq!(made, Ok(()), "{algorithm} {len}");
                }
                (name, _) if name.starts_with('A') => {
                    assert!(matches!(made, Err(Error::InvalidKey(KeyDefect::Size(_)))), "{algorithm} {len}");
                }
                _ => {
                    let refused = matches!(
                        made,
                        Err(Error::InvalidKey(KeyDefect::Type { found: "a symmetric secret", .. }))
                    );
                    assert!(refused, "{algorithm} {len}");
                }
            }
        }
    }
}

#[test]
fn keys_come_back_from_their_jwk() {
    for algorithm in algorithms() {
        let key = key(algorithm).with_key_id("1");
        let stored = key.expose_jwk().unwrap().expose_json();
        let jwk = Jwk::from_json(stored.expose_secret()).unwrap();
        let read = match takes_password(algorithm) {
            true => DecryptionKey::from_jwk_for(algorithm, &jwk),
            false => DecryptionKey::from_jwk(&jwk),
        };
        let read = read.unwrap();
        assert_eq!((read.algorithm(), read.key_id()), (algorithm, Some("1")));
        let token = encrypt(&sender(&read), b"x").unwrap();
        assert!(decrypt(&key, &token).is_ok(), "{algorithm}");

        match key.to_public_jwk() {
            Ok(public) => {
                assert!(!public.is_private());
                assert_eq!((public.key_use(), public.key_id()), (Some(&KeyUse::Encryption), Some("1")));
                let token = encrypt(&EncryptionKey::from_jwk(&public).unwrap(), b"x").unwrap();
                assert!(decrypt(&key, &token).is_ok(), "{algorithm}");
            }
            Err(error) => {
                assert!(key.expose_jwk().unwrap().is_secret());
                assert_eq!(error, Error::InvalidKey(KeyDefect::NotPublic));
            }
        }
    }
}

#[test]
#[cfg(feature = "pem")]
fn keys_come_from_pem() {
    let jwk = Jwk::generate(KeyKind::P256).unwrap();
    let private_key =
        DecryptionKey::from_pem(JweAlgorithm::EcdhEs, jwk.expose_pkcs8_pem().unwrap().expose_secret())
            .unwrap();
    let public_key = EncryptionKey::from_pem(JweAlgorithm::EcdhEs, &jwk.to_spki_pem().unwrap()).unwrap();
    assert!(decrypt(&private_key, &encrypt(&public_key, b"x").unwrap()).is_ok());
    let public_as_private = DecryptionKey::from_pem(JweAlgorithm::EcdhEs, &jwk.to_spki_pem().unwrap());
    assert_eq!(public_as_private.map(drop), Err(Error::InvalidKey(KeyDefect::NotPrivate)));
    assert!(EncryptionKey::from_pem(JweAlgorithm::A128Kw, &jwk.to_spki_pem().unwrap()).is_err());
}

#[test]
#[cfg(not(any(feature = "aws-lc-rs", feature = "rsa")))]
fn without_rsa_the_error_names_the_features() {
    let n = "oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw";
    let jwk = Jwk::from_json(&format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#)).unwrap();
    let feature = Error::Unsupported(Unsupported::Feature(
        "expected the feature `aws-lc-rs` or `rsa`, which RSA-OAEP needs, found neither",
    ));
    for &algorithm in JweAlgorithm::ALL.iter().filter(|algorithm| algorithm.name().starts_with("RSA")) {
        assert_eq!(EncryptionKey::from_jwk_for(algorithm, &jwk).map(drop), Err(feature.clone()));
        assert_eq!(DecryptionKey::generate(algorithm).map(drop), Err(feature.clone()));
    }
}

#[test]
fn debug_shows_no_key() {
    let key = DecryptionKey::direct(ContentEncryption::A128Gcm, SecretBytes::from(vec![0xab; 16])).unwrap();
    let shown = format!("{key:?} {:?}", key.encryption_key().unwrap());
    assert!(shown.contains("Dir") && shown.contains("A128Gcm"));
    for secret in ["171", "ab", "q6ur"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
