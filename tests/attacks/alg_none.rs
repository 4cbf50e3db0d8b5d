//! Class A: no signature, and algorithm names that are nearly right.

use countersign::jwe::JweDecrypter;
use countersign::jws::JwsVerifier;
use countersign::{Error, JwkSet, JwtVerifier, KeySet, NoClaims, UnverifiedToken, danger, jws};

use crate::support::*;

/// CVE-2022-23540: a verifier that was told no algorithm took `none` for one.
#[test]
fn row_001_alg_none() {
    assert_eq!(refused_by(&hs256_key(), &token(r#"{"alg":"none"}"#, P0, "")), "unsupported_algorithm");
    assert_eq!(refused_by(&hs256_key(), "eyJhbGciOiJub25lIn0.e30."), "unsupported_algorithm");
    let rsa = rsa_key(countersign::JwsAlgorithm::Rs256);
    assert_eq!(refused_by(&rsa, &token(r#"{"alg":"none","typ":"JWT"}"#, P0, "")), "unsupported_algorithm");
}

#[test]
fn row_002_alg_none_in_other_spellings() {
    for name in ["nOnE", "NONE", "None", "none ", " none", "none\\u0000", "\\u006eone", "NoNe", "n\\u0000one"]
    {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        assert_eq!(refused_by(&hs256_key(), &token(header, P0, "")), "unsupported_algorithm", "{name}");
    }
}

#[test]
fn row_003_alg_none_with_a_signature() {
    for signature in [&[0][..], b"sig", &hmac(256, &secret(), b""), &[0; 64]] {
        let forged = token(r#"{"alg":"none"}"#, P0, signature);
        assert_eq!(refused_by(&hs256_key(), &forged), "unsupported_algorithm");
    }
    // The MAC is right, and is no reason to look past the name.
    assert_eq!(refused_by(&hs256_key(), &hs256(r#"{"alg":"none"}"#, P0)), "unsupported_algorithm");
}

#[test]
fn row_004_empty_signature() {
    assert_eq!(refused_by(&hs256_key(), &token(H0, P0, "")), "invalid_signature");
    for name in ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"] {
        let key = match name {
            "ES256" => generated(countersign::JwsAlgorithm::Es256),
            "Ed25519" | "EdDSA" => generated(countersign::JwsAlgorithm::Ed25519),
            name => rsa_key(countersign::JwsAlgorithm::from_name(name).unwrap()),
        };
        let header = format!(r#"{{"alg":"{name}"}}"#);
        assert_eq!(refused_by(&key, &token(header, P0, "")), "invalid_signature", "{name}");
    }
}

fn generated(algorithm: countersign::JwsAlgorithm) -> countersign::VerifyingKey {
    countersign::SigningKey::generate(algorithm).unwrap().verifying_key().unwrap()
}

#[test]
fn row_005_other_values_of_alg() {
    let names = [
        "hs256",
        "Hs256",
        "HS256 ",
        " HS256",
        "HS256\\u0000",
        "HS256\\n",
        "",
        "HS-256",
        "HMAC",
        "HS256,RS256",
        "HS2567",
        "HS25",
        "\\u212aS256",
        "ＨＳ256",
        "*",
        "null",
        "RSA1_5",
        "A256GCM",
        "dir",
        "HS1",
        "RS1",
        "ES256K1",
    ];
    for name in names {
        let forged = hs256(format!(r#"{{"alg":"{name}"}}"#), P0);
        assert_eq!(refused_by(&hs256_key(), &forged), "unsupported_algorithm", "{name}");
    }
    for value in
        ["null", "0", "256", "true", "false", r#"["HS256"]"#, r#"{"a":1}"#, r#"{"alg":"HS256"}"#, "[]"]
    {
        let forged = hs256(format!(r#"{{"alg":{value}}}"#), P0);
        assert_eq!(refused_by(&hs256_key(), &forged), "member_type", "{value}");
    }
    assert_eq!(refused_by(&hs256_key(), &hs256(r#"{"typ":"JWT"}"#, P0)), "missing_member");
    assert_eq!(refused_by(&hs256_key(), &hs256("{}", P0)), "missing_member");
}

#[test]
fn row_006_a_verifier_without_key_or_algorithm_is_not_built() {
    let no_keys = || KeySet::verification(&JwkSet::from_json(r#"{"keys":[]}"#).unwrap());
    let choose = |builder: countersign::jwt::JwtVerifierBuilder| builder.issuer(ISSUER).audience(AUDIENCE);
    assert_eq!(code(choose(JwtVerifier::builder(no_keys())).build()), "misuse");
    assert_eq!(code(choose(JwtVerifier::builder(hs256_key())).algorithms([]).build()), "misuse");
    let nobody: [(&str, KeySet); 0] = [];
    assert_eq!(code(JwtVerifier::for_issuers(nobody).audience(AUDIENCE).build()), "misuse");
    let half = [(ISSUER, KeySet::from(hs256_key())), ("https://b.example", no_keys())];
    assert_eq!(code(JwtVerifier::for_issuers(half).audience(AUDIENCE).build()), "misuse");
    let other = [countersign::JwsAlgorithm::Es256];
    assert_eq!(code(choose(JwtVerifier::builder(hs256_key())).algorithms(other).build()), "misuse");
    // A set without keys accepts nothing, an unsigned token least of all.
    assert_eq!(code(no_keys().verify(&hs256(H0, P0))), "algorithm_not_allowed");
    assert_eq!(code(no_keys().verify(&token(r#"{"alg":"none"}"#, P0, ""))), "unsupported_algorithm");
    // What takes its keys without a `build` says the same of every token, and both sorts alike.
    let keys_of_others = r#"{"keys":[{"kty":"unknown","alg":"none"}]}"#;
    for set in [r#"{"keys":[]}"#, keys_of_others].map(|set| JwkSet::from_json(set).unwrap()) {
        let verifier = JwsVerifier::new(&KeySet::verification(&set)).allow_unprotected_algorithm();
        let decrypter = JweDecrypter::new(&KeySet::decryption(&set));
        for token in [&*hs256(H0, P0), &token(r#"{"alg":"none"}"#, P0, ""), "", "{}", "...."] {
            assert_eq!(code(verifier.verify(token)), "misuse", "{token}");
            assert_eq!(code(verifier.verify_detached(token, b"")), "misuse", "{token}");
            assert_eq!(code(verifier.verify_json(token)), "misuse", "{token}");
            assert_eq!(code(verifier.verify_json_detached(token, b"")), "misuse", "{token}");
            assert_eq!(code(verifier.verify_json_any(token)), "misuse", "{token}");
            assert_eq!(code(verifier.verify_json_any_detached(token, b"")), "misuse", "{token}");
            assert_eq!(code(decrypter.decrypt(token)), "misuse", "{token}");
            assert_eq!(code(decrypter.decrypt_json(token)), "misuse", "{token}");
        }
        assert_eq!(verifier.verify("").unwrap_err().http_status(), 500);
        assert_eq!(decrypter.decrypt("").unwrap_err().http_status(), 500);
    }
    assert!(JwsVerifier::new([&hs256_key()]).verify(&hs256(H0, P0)).is_ok());
}

#[test]
fn the_name_that_is_right_is_accepted() {
    accepted_by(&hs256_key(), &hs256(H0, P0));
    accepted_by(&hs256_key(), &hs256(r#"{"alg":"HS256"}"#, P0));
    // Escapes are part of JSON, and both readings of the name are the same.
    accepted_by(&hs256_key(), &hs256(r#"{"alg":"\u0048S25\u0036"}"#, P0));
}

/// Reading a header or claims unverified gives out no more than it says: nothing is said to be valid.
#[test]
fn unsigned_tokens_can_be_read_only_as_unverified() {
    let unsigned = token(r#"{"alg":"none"}"#, P0, "");
    assert_eq!(UnverifiedToken::parse(&unsigned).unwrap().algorithm(), "none");
    let NoClaims = danger::unverified_claims(&unsigned).unwrap();
    assert!(matches!(jws::verify(&hs256_key(), &unsigned), Err(Error::Unsupported(_))));
}
