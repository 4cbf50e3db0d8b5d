//! Class M: keys derived from passwords, whose cost the sender's header sets.
//!
//! That nothing is derived for a refused token is counted in `src/jwe/alg/pbes2.rs`; here the code tells a refusal
//! before any derivation from a failure after it.

use countersign::{ContentEncryption, DecryptionKey, JweAlgorithm, Jwk, KeySet, SecretBytes, decrypt};

use crate::jwe_forging::*;
use crate::support::*;

const NAMES: [&str; 3] = ["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"];

fn header(algorithm: &str, p2c: &str, p2s: &str) -> String {
    format!(r#"{{"alg":"{algorithm}","enc":"A128CBC-HS256","p2c":{p2c},"p2s":{p2s}}}"#)
}

/// Row 087: a key for anything else never meets a password's token, whatever it asks for.
#[test]
fn row_087_other_keys_refuse_before_any_derivation() {
    let mut keys = vec![
        DecryptionKey::direct(ContentEncryption::A128CbcHs256, SecretBytes::from(octets(32))).unwrap(),
        DecryptionKey::symmetric(JweAlgorithm::A128Kw, SecretBytes::from(octets(16))).unwrap(),
        DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap(),
    ];
    if cfg!(any(feature = "aws-lc-rs", feature = "rsa")) {
        keys.push(DecryptionKey::from_jwk_for(JweAlgorithm::RsaOaep, &rsa_private()).unwrap());
    }
    for algorithm in NAMES {
        for p2c in ["2147483647", "1000", "-1", "\"1000\""] {
            let header = header(algorithm, p2c, r#""AAAAAAAAAAA""#);
            let forged = sealed(&octets(32), &header, &[0; 40], b"x");
            for key in &keys {
                assert_eq!(code(decrypt(key, &forged)), "algorithm_not_allowed", "{header}");
                let set = KeySet::from(key.clone_key());
                assert_eq!(code(set.decrypt(&forged)), "algorithm_not_allowed", "{header}");
            }
        }
    }
    // Where no password is in play, the parameters say nothing.
    let header = r#"{"alg":"dir","enc":"A128CBC-HS256","p2c":2147483647,"p2s":"AA"}"#;
    assert!(decrypt(&keys[0], &sealed(&octets(32), header, b"", b"x")).is_ok());
    // But a name with a meaning has its form in every JWE.
    let header = r#"{"alg":"dir","enc":"A128CBC-HS256","p2s":5}"#;
    assert_eq!(code(decrypt(&keys[0], &sealed(&octets(32), header, b"", b"x"))), "member_type");
}

/// A verifier whose keys come from a document has no password among them, whatever the document says.
#[test]
fn no_document_turns_passwords_on() {
    for algorithm in NAMES {
        let jwk = format!(r#"{{"kty":"oct","alg":"{algorithm}","k":"{}"}}"#, encode("Thus from my lips"));
        assert_eq!(code(DecryptionKey::from_jwk(&Jwk::from_json(&jwk).unwrap())), "unsupported_key");
        let set = countersign::JwkSet::from_json(&format!(r#"{{"keys":[{jwk}]}}"#)).unwrap();
        let keys = KeySet::decryption(&set);
        assert!(keys.is_empty());
        assert_eq!(keys.skipped()[0].reason().code(), "unsupported_key");
        let token = sealed(&octets(32), &header(algorithm, "1000", r#""AAAAAAAAAAA""#), &[0; 40], b"x");
        assert_eq!(code(keys.decrypt(&token)), "algorithm_not_allowed");
    }
    // Without an `alg` neither: a secret isn't tried as whatever the token's header says.
    let jwk = format!(r#"{{"kty":"oct","k":"{}"}}"#, encode("Thus from my lips"));
    let set = countersign::JwkSet::from_json(&format!(r#"{{"keys":[{jwk}]}}"#)).unwrap();
    assert_eq!(KeySet::decryption(&set).skipped()[0].reason().code(), "key_algorithm_unknown");
}

#[cfg(not(feature = "pbes2"))]
#[test]
fn without_the_feature_there_are_no_passwords() {
    let made = DecryptionKey::password(JweAlgorithm::Pbes2Hs256A128Kw, SecretBytes::from(secret()));
    assert_eq!(code(made), "unsupported_feature");
}

#[cfg(feature = "pbes2")]
mod with_passwords {
    use aes_kw::{KeyInit as _, KwAes128, KwAes192, KwAes256};
    use countersign::jwe::{JweBuilder, JweDecrypter, decrypt_with_limits};
    use countersign::{EncryptionKey, JwsAlgorithm, JwtVerifier, Limits, NoClaims, SigningKey, encrypt};

    use super::*;

    const PASSWORD: &[u8] = b"Thus from my lips, by yours, my sin is purged.";

    const ALGORITHMS: [(JweAlgorithm, u16, usize); 3] = [
        (JweAlgorithm::Pbes2Hs256A128Kw, 256, 16),
        (JweAlgorithm::Pbes2Hs384A192Kw, 384, 24),
        (JweAlgorithm::Pbes2Hs512A256Kw, 512, 32),
    ];

    fn key(algorithm: JweAlgorithm) -> DecryptionKey {
        DecryptionKey::password(algorithm, SecretBytes::from(PASSWORD.to_vec())).unwrap()
    }

    fn sender(algorithm: JweAlgorithm) -> EncryptionKey {
        let key = EncryptionKey::password(algorithm, SecretBytes::from(PASSWORD.to_vec())).unwrap();
        key.with_iterations(1000).unwrap()
    }

    /// A content key of bytes 00 to 1f as RFC 7518 §4.8 and RFC 8018 §5.2 wrap it, made without the library.
    fn wrapped(password: &[u8], algorithm: JweAlgorithm, salt_input: &[u8], iterations: u32) -> Vec<u8> {
        let (_, bits, key_len) = ALGORITHMS.into_iter().find(|(name, ..)| *name == algorithm).unwrap();
        let salt = [algorithm.name().as_bytes(), &[0], salt_input, &1_u32.to_be_bytes()].concat();
        let mut block = hmac(bits, password, &salt);
        let mut key = block.clone();
        for _ in 1..iterations {
            block = hmac(bits, password, &block);
            key.iter_mut().zip(&block).for_each(|(sum, byte)| *sum ^= byte);
        }
        key.truncate(key_len);
        let mut wrapped = [0; 40];
        match key_len {
            16 => KwAes128::new_from_slice(&key).unwrap().wrap_key(&octets(32), &mut wrapped).map(drop),
            24 => KwAes192::new_from_slice(&key).unwrap().wrap_key(&octets(32), &mut wrapped).map(drop),
            _ => KwAes256::new_from_slice(&key).unwrap().wrap_key(&octets(32), &mut wrapped).map(drop),
        }
        .unwrap();
        wrapped.to_vec()
    }

    /// CVE-2023-52428, CVE-2023-49290, CVE-2026-27932: a header asked for as much work as it liked.
    #[test]
    fn row_085_iterations_that_are_none_too_few_or_too_many() {
        for (algorithm, ..) in ALGORITHMS {
            // The content key is wrapped as the header says, so only the number stands between.
            let encrypted_key = wrapped(PASSWORD, algorithm, &[0; 8], 1000);
            let with = |p2c: &str| {
                let header = header(algorithm.name(), p2c, r#""AAAAAAAAAAA""#);
                decrypt(&key(algorithm), &sealed(&octets(32), &header, &encrypted_key, b"x"))
            };
            assert_eq!(with("1000").unwrap().expose_secret(), b"x", "{algorithm}");
            for p2c in ["2147483647", "1000000000", "1200001", "4294967296", "18446744073709551616"] {
                assert_eq!(code(with(p2c)), "limit_pbes2_iterations", "{p2c}");
            }
            for p2c in
                ["999", "1", "0", "-1", "-1000", "1.5", "1000.0", "1e3", "1E3", "1e6", "1.0e+3", "10000e-1"]
            {
                assert_eq!(code(with(p2c)), "member_type", "{p2c}");
            }
            for p2c in ["\"1000\"", "true", "null", "[1000]", r#"{"":1000}"#] {
                assert_eq!(code(with(p2c)), "member_type", "{p2c}");
            }
            for p2c in ["01000", "+1000", "0x3e8", "1e999", "NaN", "1000,\"p2c\":1000"] {
                let expected = if p2c.contains("p2c") { "duplicate_member" } else { "json" };
                assert_eq!(code(with(p2c)), expected, "{p2c}");
            }
            assert_eq!(code(with("1001")), "decryption_failed");
            let missing = format!(r#"{{"alg":"{algorithm}","enc":"A128CBC-HS256","p2s":"AAAAAAAAAAA"}}"#);
            let missing = sealed(&octets(32), &missing, &encrypted_key, b"x");
            assert_eq!(code(decrypt(&key(algorithm), &missing)), "missing_member");
        }
    }

    /// The limit is one token's, however many passwords would be tried on it.
    #[test]
    fn row_085_the_limit_holds_for_all_candidates_together() {
        let algorithm = JweAlgorithm::Pbes2Hs256A128Kw;
        let encrypted_key = wrapped(PASSWORD, algorithm, &[0; 8], 1000);
        let header = header(algorithm.name(), "1000", r#""AAAAAAAAAAA""#);
        let token = sealed(&octets(32), &header, &encrypted_key, b"x");
        let others =
            |count: u8| (0..count).map(|n| DecryptionKey::password(algorithm, SecretBytes::from(vec![n])));
        let keys: KeySet<DecryptionKey> = others(7).map(Result::unwrap).chain([key(algorithm)]).collect();
        let with = |most| keys.decrypt_with_limits(&token, &Limits::default().pbes2_iterations(most));
        assert_eq!(with(8000).unwrap().expose_secret(), b"x");
        assert_eq!(code(with(7999)), "limit_pbes2_iterations");
        let too_many: KeySet<DecryptionKey> = others(8).map(Result::unwrap).chain([key(algorithm)]).collect();
        assert_eq!(code(too_many.decrypt(&token)), "limit_candidate_keys");
        // A costly number times many keys doesn't fit a count of 32 bits, and isn't wrapped around.
        let costly = sealed(
            &octets(32),
            &super::header(algorithm.name(), "4294967295", r#""AAAAAAAAAAA""#),
            &encrypted_key,
            b"x",
        );
        let limits = Limits::default().pbes2_iterations(u32::MAX - 1);
        assert_eq!(code(keys.decrypt_with_limits(&costly, &limits)), "limit_pbes2_iterations");
    }

    #[test]
    fn row_086_salts_that_are_missing_or_short() {
        for (algorithm, ..) in ALGORITHMS {
            let with = |salt_input: &[u8], p2s: &str| {
                let encrypted_key = wrapped(PASSWORD, algorithm, salt_input, 1000);
                let header = header(algorithm.name(), "1000", p2s);
                decrypt(&key(algorithm), &sealed(&octets(32), &header, &encrypted_key, b"x"))
            };
            for len in [8, 9, 16, 64, 1000] {
                let salt_input = vec![7; len];
                let opened = with(&salt_input, &format!("\"{}\"", encode(&salt_input)));
                assert_eq!(opened.unwrap().expose_secret(), b"x", "{len}");
            }
            for len in 0..8 {
                let salt_input = vec![7; len];
                let refused = with(&salt_input, &format!("\"{}\"", encode(&salt_input)));
                assert_eq!(code(refused), "member_type", "{len}");
            }
            for p2s in ["null", "5", "[]", "{}", "true"] {
                assert_eq!(code(with(b"", p2s)), "member_type", "{p2s}");
            }
            for p2s in [r#""AAAAAAAAAAA=""#, r#""AAAAAAAAAA AAAA""#, r#""+AAAAAAAAAA""#] {
                assert_eq!(code(with(&[0; 8], p2s)), "base64url", "{p2s}");
            }
            assert_eq!(code(with(&[0; 8], r#""AAAAAAAAAAB""#)), "non_canonical_base64url");
            // Another salt than the one that was used, the algorithm's name in it included.
            assert_eq!(code(with(&[1; 8], r#""AAAAAAAAAAA""#)), "decryption_failed");
            let encrypted_key = wrapped(PASSWORD, algorithm, &[0; 8], 1000);
            let missing = format!(r#"{{"alg":"{algorithm}","enc":"A128CBC-HS256","p2c":1000}}"#);
            let missing = sealed(&octets(32), &missing, &encrypted_key, b"x");
            assert_eq!(code(decrypt(&key(algorithm), &missing)), "missing_member");
        }
    }

    /// Three names, three keys: a password for one algorithm opens no token of another.
    #[test]
    fn an_algorithm_s_password_is_for_it_alone() {
        for (algorithm, ..) in ALGORITHMS {
            let token = encrypt(&sender(algorithm), b"x").unwrap();
            assert!(decrypt(&key(algorithm), &token).is_ok());
            for (other, ..) in ALGORITHMS.into_iter().filter(|(other, ..)| *other != algorithm) {
                assert_eq!(code(decrypt(&key(other), &token)), "algorithm_not_allowed");
                // The same wrapped key under the other's name: the salt has the name in it.
                let header = String::from_utf8(part(&token, 0)).unwrap();
                let renamed = header.replace(algorithm.name(), other.name());
                let renamed = with_part(&token, 0, &encode(renamed));
                assert_eq!(code(decrypt(&key(other), &renamed)), "decryption_failed");
            }
        }
        // Nor is a password a key of its bytes.
        let wraps = DecryptionKey::symmetric(JweAlgorithm::A128Kw, SecretBytes::from(octets(16))).unwrap();
        let same = EncryptionKey::password(ALGORITHMS[0].0, SecretBytes::from(octets(16))).unwrap();
        let token = encrypt(&same.with_iterations(1000).unwrap(), b"x").unwrap();
        let unnamed = String::from_utf8(part(&token, 0)).unwrap().replace("PBES2-HS256+A128KW", "A128KW");
        let unnamed = with_part(&token, 0, &encode(unnamed));
        assert_eq!(code(decrypt(&wraps, &unnamed)), "decryption_failed");
    }

    /// A token under a password is no signed token, and one around a signed token is held to all of a verifier's
    /// rules before and after it is opened.
    #[test]
    fn verifiers_bound_passwords_too() {
        let algorithm = JweAlgorithm::Pbes2Hs512A256Kw;
        let verifier = |most| {
            JwtVerifier::builder(hs256_key())
                .issuer(ISSUER)
                .audience(AUDIENCE)
                .clock(at(NOW))
                .decrypt_with(key(algorithm))
                .limits(Limits::default().pbes2_iterations(most))
                .build()
                .unwrap()
        };
        let verify = |most, token: &str| verifier(most).verify::<NoClaims>(token);
        let around = |inner: &str| {
            JweBuilder::new(&sender(algorithm)).content_type("JWT").encrypt(inner.as_bytes()).unwrap()
        };
        let token = around(&hs256(H0, P0));
        assert!(verify(1000, &token).is_ok());
        assert_eq!(code(verify(999, &token)), "limit_pbes2_iterations");
        assert_eq!(code(verify(1000, &around(P0))), "not_signed");
        let untyped = encrypt(&sender(algorithm), P0.as_bytes()).unwrap();
        assert_eq!(code(verify(1000, &untyped)), "content_type_not_allowed");
        // A list of algorithms without it comes before the password.
        let listed = JwtVerifier::builder(hs256_key())
            .any_issuer()
            .any_audience()
            .decrypt_with(
                [key(algorithm), DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap()]
                    .into_iter()
                    .collect::<KeySet<_>>(),
            )
            .key_management_algorithms([JweAlgorithm::EcdhEs])
            .build()
            .unwrap();
        assert_eq!(code(listed.verify::<NoClaims>(&token)), "algorithm_not_allowed");
    }

    /// In JSON the parameters may stand outside the protected header, and say there no more than inside.
    #[test]
    fn row_085_unprotected_parameters() {
        let algorithm = JweAlgorithm::Pbes2Hs256A128Kw;
        let encrypted_key = wrapped(PASSWORD, algorithm, &[0; 8], 1000);
        let json = |protected: &str, shared: &str, own: &str| {
            let protected = format!(r#"{{"enc":"A128CBC-HS256"{protected}}}"#);
            let token = sealed(&octets(32), &protected, &encrypted_key, b"x");
            let parts: Vec<&str> = token.split('.').collect();
            let json = format!(
                r#"{{"protected":"{}",{shared}{own}"encrypted_key":"{}","iv":"{}","ciphertext":"{}","tag":"{}"}}"#,
                parts[0], parts[1], parts[2], parts[3], parts[4]
            );
            let decrypted = JweDecrypter::new([&key(algorithm)]).decrypt_json(&json)?;
            Ok(decrypted.plaintext().expose_secret().to_vec())
        };
        let alg = format!(r#""alg":"{algorithm}""#);
        let (salt, count) = (r#""p2s":"AAAAAAAAAAA""#, r#""p2c":1000"#);
        let own = |parameters: &str| format!(r#""header":{{{parameters}}},"#);
        let shared = |parameters: &str| format!(r#""unprotected":{{{parameters}}},"#);
        let all = format!("{alg},{salt},{count}");
        for accepted in [
            json(&format!(",{all}"), "", ""),
            json("", "", &own(&all)),
            json("", &shared(&all), ""),
            json(&format!(",{alg}"), &shared(salt), &own(count)),
        ] {
            assert_eq!(accepted.unwrap(), b"x");
        }
        // A second number doesn't take the place of the first, wherever either stands.
        for other in [count, r#""p2c":2147483647"#] {
            assert_eq!(code(json(&format!(",{all}"), "", &own(other))), "duplicate_member");
            assert_eq!(code(json(&format!(",{all}"), &shared(other), "")), "duplicate_member");
            assert_eq!(code(json("", &shared(&all), &own(other))), "duplicate_member");
        }
        for (number, expected) in [
            ("2147483647", "limit_pbes2_iterations"),
            ("1e3", "member_type"),
            ("999", "member_type"),
            ("1001", "decryption_failed"),
        ] {
            let changed = all.replace("1000", number);
            assert_eq!(code(json("", "", &own(&changed))), expected, "{number}");
            assert_eq!(code(json("", &shared(&changed), "")), expected, "{number}");
        }
    }

    /// The limit is one token's, however many recipients it says it has.
    #[test]
    fn row_085_the_limit_holds_for_all_recipients_together() {
        let algorithm = JweAlgorithm::Pbes2Hs512A256Kw;
        let (sender, key) = (sender(algorithm), key(algorithm));
        let make = |recipients: usize| {
            let builder = JweBuilder::new(&sender);
            (1..recipients)
                .fold(builder, |builder, _| builder.add_recipient(&sender))
                .encrypt_general(b"x")
                .unwrap()
        };
        let open = |json: &str, most| {
            let limits = Limits::default().pbes2_iterations(most);
            JweDecrypter::new([&key]).limits(limits).decrypt_json(json).map(drop)
        };
        assert_eq!(open(&make(8), 8000), Ok(()));
        assert_eq!(code(open(&make(8), 7999)), "limit_pbes2_iterations");
        assert_eq!(code(open(&make(9), 1_000_000)), "limit_candidate_keys");
        // No builder makes one of seventeen.
        let crowd = make(16).replacen(r#""recipients":["#, r#""recipients":[{},"#, 1);
        assert_eq!(code(open(&crowd, 1_000_000)), "limit_recipients");
    }

    /// Somebody else's password doesn't keep us from opening what is for us too, nor does it cost us anything.
    #[test]
    fn a_costly_recipient_beside_ours() {
        let own = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
        let (first, second) = (sender(JweAlgorithm::Pbes2Hs256A128Kw), own.encryption_key().unwrap());
        let json = JweBuilder::new(&first).add_recipient(&second).encrypt_general(b"x").unwrap();
        let costly = json.replace(r#""p2c":1000"#, r#""p2c":2147483647"#);
        assert_ne!(json, costly);
        let password = key(JweAlgorithm::Pbes2Hs256A128Kw);
        for keys in [&[&own][..], &[&own, &password], &[&password, &own]] {
            let decrypted = JweDecrypter::new(keys.iter().copied()).decrypt_json(&costly).unwrap();
            assert_eq!((decrypted.plaintext().expose_secret(), decrypted.recipient()), (&b"x"[..], 1));
        }
        assert_eq!(code(JweDecrypter::new([&password]).decrypt_json(&costly)), "limit_pbes2_iterations");
    }

    #[test]
    fn raised_and_lowered_limits_hold() {
        let algorithm = JweAlgorithm::Pbes2Hs256A128Kw;
        let token = encrypt(&sender(algorithm).with_iterations(2000).unwrap(), b"x").unwrap();
        let with =
            |most| decrypt_with_limits(&key(algorithm), &token, &Limits::default().pbes2_iterations(most));
        assert!(with(2000).is_ok());
        for most in [0, 1, 999, 1000, 1999] {
            assert_eq!(code(with(most)), "limit_pbes2_iterations", "{most}");
        }
    }

    #[test]
    fn a_signing_key_s_secret_is_not_a_password_by_mistake() {
        let jwk = SigningKey::generate(JwsAlgorithm::Hs256).unwrap().expose_jwk().unwrap();
        let algorithm = JweAlgorithm::Pbes2Hs256A128Kw;
        assert_eq!(code(DecryptionKey::from_jwk_for(algorithm, &jwk)), "key_algorithm");
        assert_eq!(code(EncryptionKey::from_jwk_for(algorithm, &jwk)), "key_algorithm");
    }
}
