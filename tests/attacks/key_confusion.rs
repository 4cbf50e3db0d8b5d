//! Class B: a public key that everybody has, used as the secret of a MAC, and keys under other algorithms
//! than their own.
//!
//! CVE-2016-10555, CVE-2017-11424, CVE-2022-29217, CVE-2023-48223 and its incomplete fix CVE-2026-34950,
//! CVE-2024-33663, CVE-2026-48526: each a library that guessed from the bytes what kind of key they were.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use countersign::{
    Jwk, JwkSet, JwsAlgorithm, JwtVerifier, KeyKind, KeySet, NoClaims, SecretBytes, SigningKey, VerifyingKey,
    jws,
};

use crate::support::*;

const RSA: [JwsAlgorithm; 6] = [
    JwsAlgorithm::Rs256,
    JwsAlgorithm::Rs384,
    JwsAlgorithm::Rs512,
    JwsAlgorithm::Ps256,
    JwsAlgorithm::Ps384,
    JwsAlgorithm::Ps512,
];

/// Asserts that nothing MACed with these public bytes passes for a token of the fixtures' RSA key.
#[track_caller]
fn check_as_secret(public: &[u8]) {
    let published = JwkSet::from_json(&format!(r#"{{"keys":[{}]}}"#, rsa_public_json())).unwrap();
    for bits in [256, 384, 512] {
        let header = format!(r#"{{"alg":"HS{bits}"}}"#);
        let forged = maced(bits, public, &header, P0);
        assert_eq!(refused_by(&rsa_key(JwsAlgorithm::Rs256), &forged), "algorithm_not_allowed");
        assert_eq!(code(KeySet::verification(&published).verify(&forged)), "algorithm_not_allowed");
        // A real secret beside the public key makes HS256 an algorithm of the set, and the public key no
        // secret.
        let mixed: KeySet = [rsa_key(JwsAlgorithm::Rs256).with_key_id("1"), hs256_key().with_key_id("1")]
            .into_iter()
            .collect();
        let forged = maced(bits, public, format!(r#"{{"alg":"HS{bits}","kid":"1"}}"#), P0);
        let expected = if bits == 256 { "invalid_signature" } else { "algorithm_not_allowed" };
        assert_eq!(code(mixed.verify(&forged)), expected);
        assert_eq!(code(verifier(mixed).verify::<NoClaims>(&forged)), expected);
    }
}

#[test]
fn row_007_pem_as_secret() {
    for pem in [RSA_SPKI_PEM, RSA_PKCS1_PEM, RSA_CERTIFICATE_PEM] {
        let trimmed = pem.trim_end();
        check_as_secret(pem.as_bytes());
        check_as_secret(trimmed.as_bytes());
        check_as_secret(format!("{trimmed}\n\n").as_bytes());
        check_as_secret(pem.replace('\n', "\r\n").as_bytes());
        check_as_secret(pem.replace('\n', "").as_bytes());
    }
}

#[test]
fn row_008_pem_with_something_around_it_as_secret() {
    for prefix in [" ", "\n", "\t", "\u{feff}", "\0", "x", "\u{b}", "\u{a0}", "# key\n", "Bag Attributes\n"] {
        check_as_secret(format!("{prefix}{RSA_SPKI_PEM}").as_bytes());
    }
}

/// The doors through which a key comes say what they take; none of them makes a secret of a public key.
#[cfg(feature = "pem")]
#[test]
fn row_008_importing_pem_as_secret() {
    for pem in [RSA_SPKI_PEM, RSA_PKCS1_PEM, RSA_CERTIFICATE_PEM] {
        assert_eq!(code(VerifyingKey::from_pem(JwsAlgorithm::Hs256, pem)), "key_type");
        assert_eq!(code(SigningKey::from_pem(JwsAlgorithm::Hs256, pem)), "key_type");
        assert!(VerifyingKey::from_pem(JwsAlgorithm::Rs256, pem).is_ok());
    }
    for prefix in ["x", " ", "\u{feff}", "\0"] {
        let pem = format!("{prefix}{RSA_SPKI_PEM}");
        assert_eq!(code(VerifyingKey::from_pem(JwsAlgorithm::Hs256, &pem)), "encoding");
    }
}

#[test]
fn row_009_jwk_json_as_secret() {
    let jwk = rsa_public_json();
    let array = format!("[{jwk}]");
    let set = format!(r#"{{"keys":{array}}}"#);
    for json in [&jwk, &array, &set] {
        check_as_secret(json.as_bytes());
        check_as_secret(format!("{json}\n").as_bytes());
        check_as_secret(json.replace(':', ": ").replace(',', ", ").as_bytes());
    }
}

#[test]
fn row_010_der_and_ssh_text_as_secret() {
    let der = rsa_private().to_spki_der().unwrap();
    check_as_secret(&der);
    check_as_secret(&rsa_private().to_pkcs1_public_der().unwrap());
    check_as_secret(BASE64_STANDARD.encode(&der).as_bytes());
    check_as_secret(BASE64_STANDARD.encode(RSA_SPKI_PEM).as_bytes());
    check_as_secret(encode(&der).as_bytes());
    let public: serde_json::Value = serde_json::from_str(&rsa_public_json()).unwrap();
    let modulus = decode(public["n"].as_str().unwrap());
    check_as_secret(&modulus);
    check_as_secret(public["n"].as_str().unwrap().as_bytes());
    check_as_secret(ssh(&[b"ssh-rsa", &[1, 0, 1], &[&[0], &modulus[..]].concat()]).as_bytes());

    let ed25519 = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let json = ed25519.to_public_jwk().unwrap().to_public_json().unwrap();
    let public: serde_json::Value = serde_json::from_str(&json).unwrap();
    let x = decode(public["x"].as_str().unwrap());
    let text = ssh(&[b"ssh-ed25519", &x]);
    for secret in [&x, text.as_bytes(), public["x"].as_str().unwrap().as_bytes()] {
        let forged = maced(256, secret, H0, P0);
        assert_eq!(refused_by(&ed25519.verifying_key().unwrap(), &forged), "algorithm_not_allowed");
    }
}

/// A public key as OpenSSH writes it.
fn ssh(fields: &[&[u8]]) -> String {
    let mut blob = Vec::new();
    for field in fields {
        blob.extend_from_slice(&u32::try_from(field.len()).unwrap().to_be_bytes());
        blob.extend_from_slice(field);
    }
    format!("{} {}", std::str::from_utf8(fields[0]).unwrap(), BASE64_STANDARD.encode(blob))
}

#[test]
fn row_011_empty_mac_key_against_a_key_without_alg() {
    let set = JwkSet::from_json(&format!(r#"{{"keys":[{}]}}"#, rsa_public_json())).unwrap();
    let keys = KeySet::verification(&set);
    for bits in [256, 384, 512] {
        for secret in [&[][..], &[0], &[0; 32], &[0; 64]] {
            let forged = maced(bits, secret, format!(r#"{{"alg":"HS{bits}"}}"#), P0);
            assert_eq!(code(keys.verify(&forged)), "algorithm_not_allowed");
            assert_eq!(code(verifier(keys.clone()).verify::<NoClaims>(&forged)), "algorithm_not_allowed");
        }
    }
    // Even where the application lists the algorithm, a key of another type is no candidate.
    let listed = JwtVerifier::builder(keys).algorithms([JwsAlgorithm::Rs256, JwsAlgorithm::Hs256]);
    let listed = listed.issuer(ISSUER).audience(AUDIENCE).clock(at(NOW)).build().unwrap();
    assert_eq!(code(listed.verify::<NoClaims>(&maced(256, b"", H0, P0))), "no_matching_key");
}

#[test]
fn row_012_another_algorithm_than_the_keys_own() {
    let public = rsa_public_json().replacen('{', r#"{"alg":"RS256","#, 1);
    let jwk = Jwk::from_json(&public).unwrap();
    let set = KeySet::verification(&JwkSet::from_json(&format!(r#"{{"keys":[{public}]}}"#)).unwrap());
    let key = VerifyingKey::from_jwk(&jwk).unwrap();
    for algorithm in RSA {
        let signed = jws::sign(&rsa_signing_key(algorithm), P0.as_bytes()).unwrap();
        if algorithm == JwsAlgorithm::Rs256 {
            accepted_by(&key, &signed);
            assert!(set.verify(&signed).is_ok());
            continue;
        }
        assert_eq!(refused_by(&key, &signed), "algorithm_not_allowed", "{algorithm}");
        assert_eq!(code(set.verify(&signed)), "algorithm_not_allowed", "{algorithm}");
        assert_eq!(code(VerifyingKey::from_jwk_for(algorithm, &jwk)), "key_algorithm", "{algorithm}");
    }
}

/// Of a key that names no algorithm, the common ones are taken, and the others where they are listed.
#[test]
fn row_012_a_key_without_alg_serves_what_is_common_or_listed() {
    let set = JwkSet::from_json(&format!(r#"{{"keys":[{}]}}"#, rsa_public_json())).unwrap();
    for algorithm in RSA {
        let signed = jws::sign(&rsa_signing_key(algorithm), P0.as_bytes()).unwrap();
        let unlisted = verifier(KeySet::verification(&set)).verify::<NoClaims>(&signed);
        match algorithm {
            JwsAlgorithm::Rs256 | JwsAlgorithm::Ps256 => assert!(unlisted.is_ok(), "{algorithm}"),
            _ => assert_eq!(code(unlisted), "algorithm_not_allowed", "{algorithm}"),
        }
        for listed in RSA {
            let verifier = JwtVerifier::builder(KeySet::verification(&set)).algorithms([listed]);
            let verifier = verifier.issuer(ISSUER).audience(AUDIENCE).clock(at(NOW)).build().unwrap();
            match verifier.verify::<NoClaims>(&signed) {
                Ok(jwt) => assert_eq!((listed, jwt.algorithm()), (algorithm, algorithm)),
                Err(error) => {
                    assert_ne!(listed, algorithm);
                    assert_eq!(error.code(), "algorithm_not_allowed");
                }
            }
        }
    }
}

#[test]
fn row_013_another_curve_than_the_keys_own() {
    let curves = [
        (JwsAlgorithm::Es256, KeyKind::P256),
        (JwsAlgorithm::Es384, KeyKind::P384),
        (JwsAlgorithm::Es512, KeyKind::P521),
        #[cfg(feature = "es256k")]
        (JwsAlgorithm::Es256k, KeyKind::Secp256k1),
        (JwsAlgorithm::Ed25519, KeyKind::Ed25519),
    ];
    for (_, kind) in curves {
        let jwk = Jwk::generate(kind).unwrap().to_public().unwrap();
        for (algorithm, fitting) in curves {
            let made = VerifyingKey::from_jwk_for(algorithm, &jwk);
            if fitting == kind {
                let key = made.unwrap();
                for (other, _) in curves.into_iter().filter(|(other, _)| *other != algorithm) {
                    let signed = jws::sign(&SigningKey::generate(other).unwrap(), P0.as_bytes()).unwrap();
                    assert_eq!(refused_by(&key, &signed), "algorithm_not_allowed");
                    // The right name over a signature of the wrong curve, whatever its length.
                    let renamed = format!(r#"{{"alg":"{algorithm}"}}"#);
                    let renamed = token(renamed, P0, part(&signed, 2));
                    assert_eq!(refused_by(&key, &renamed), "invalid_signature");
                }
                continue;
            }
            assert_eq!(code(made), "key_type", "{algorithm} with {kind}");
            // A JWK that claims another curve's algorithm (Wycheproof: mismatched `alg` and `crv`).
            let lying = jwk.clone_key().with_algorithm(algorithm.name());
            assert_eq!(code(VerifyingKey::from_jwk(&lying)), "key_type");
            let set: JwkSet = [lying].into_iter().collect();
            let keys = KeySet::verification(&set);
            assert!(keys.is_empty());
            assert_eq!(keys.skipped()[0].reason().code(), "key_type");
        }
    }
}

#[test]
fn row_014_an_algorithm_off_the_list_whatever_the_keys_say() {
    let keys: KeySet = [rsa_key(JwsAlgorithm::Rs256), hs256_key()].into_iter().collect();
    let listed = |algorithm| {
        let verifier = JwtVerifier::builder(keys.clone()).algorithms([algorithm]);
        verifier.issuer(ISSUER).audience(AUDIENCE).clock(at(NOW)).build().unwrap()
    };
    let by_rsa = jws::sign(&rsa_signing_key(JwsAlgorithm::Rs256), P0.as_bytes()).unwrap();
    let rs256 = listed(JwsAlgorithm::Rs256);
    assert_eq!(code(rs256.verify::<NoClaims>(&hs256(H0, P0))), "algorithm_not_allowed");
    assert!(rs256.verify::<NoClaims>(&by_rsa).is_ok());
    let hs256_only = listed(JwsAlgorithm::Hs256);
    assert_eq!(code(hs256_only.verify::<NoClaims>(&by_rsa)), "algorithm_not_allowed");
    assert!(hs256_only.verify::<NoClaims>(&hs256(H0, P0)).is_ok());
}

#[test]
fn row_015_public_key_of_a_curve_as_secret() {
    for algorithm in [JwsAlgorithm::Es256, JwsAlgorithm::Es384, JwsAlgorithm::Es512] {
        let key = SigningKey::generate(algorithm).unwrap();
        let jwk = key.to_public_jwk().unwrap();
        let json = jwk.to_public_json().unwrap();
        let members: serde_json::Value = serde_json::from_str(&json).unwrap();
        let [x, y] = ["x", "y"].map(|name| decode(members[name].as_str().unwrap()));
        let point = [&[4], &x[..], &y].concat();
        let compressed = [&[2 + (y[y.len() - 1] & 1)], &x[..]].concat();
        let hex: String = point.iter().map(|octet| format!("{octet:02x}")).collect();
        let der = jwk.to_spki_der().unwrap();
        let coordinates = &point[1..];
        for secret in [json.as_bytes(), &x, &y, &point, &compressed, hex.as_bytes(), &der, coordinates] {
            let forged = maced(256, secret, H0, P0);
            assert_eq!(refused_by(&key.verifying_key().unwrap(), &forged), "algorithm_not_allowed");
            let set: JwkSet = [jwk.clone_key()].into_iter().collect();
            assert_eq!(code(KeySet::verification(&set).verify(&forged)), "algorithm_not_allowed");
        }
    }
}

/// Types keep apart what attackers confuse: a key of one kind is no key of another, at any door.
#[test]
fn keys_are_made_of_their_own_type_only() {
    let rsa = rsa_private();
    let secret = Jwk::from_secret(SecretBytes::from(octets(64))).unwrap();
    for algorithm in [JwsAlgorithm::Hs256, JwsAlgorithm::Es256, JwsAlgorithm::Ed25519] {
        assert_eq!(code(SigningKey::from_jwk_for(algorithm, &rsa)), "key_type");
        assert_eq!(code(VerifyingKey::from_jwk_for(algorithm, &rsa.to_public().unwrap())), "key_type");
    }
    for algorithm in [JwsAlgorithm::Rs256, JwsAlgorithm::Ps256, JwsAlgorithm::Es256, JwsAlgorithm::Ed25519] {
        assert_eq!(code(SigningKey::from_jwk_for(algorithm, &secret)), "key_type");
        assert_eq!(code(VerifyingKey::from_jwk_for(algorithm, &secret)), "key_type");
        assert_eq!(code(VerifyingKey::hmac(algorithm, SecretBytes::from(secret_of_64()))), "key_type");
    }
    for algorithm in [JwsAlgorithm::Hs256, JwsAlgorithm::Hs384, JwsAlgorithm::Hs512] {
        assert!(VerifyingKey::from_jwk_for(algorithm, &secret).is_ok());
    }
}

fn secret_of_64() -> Vec<u8> {
    octets(64)
}
