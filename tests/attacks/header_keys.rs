//! Class F: trust that comes with the token, in keys, addresses of keys and names of keys.

use countersign::{
    Jwk, JwkSet, JwsAlgorithm, KeySet, NoClaims, SigningKey, UnverifiedToken, VerifyingKey, jws,
};
use ed25519_dalek::Signer as _;

use crate::support::*;

pub(crate) const OURS: u8 = 1;
pub(crate) const THEIRS: u8 = 2;

/// A token signed by the key of this seed, under any header.
pub(crate) fn ed25519(seed: u8, header: &str) -> String {
    let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    let input = signing_input(header, P0);
    let signature = key.sign(input.as_bytes()).to_bytes();
    format!("{input}.{}", encode(signature))
}

pub(crate) fn ed25519_public_json(seed: u8) -> String {
    let public = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).verifying_key();
    format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, encode(public.as_bytes()))
}

fn ed25519_key(seed: u8) -> VerifyingKey {
    let jwk = Jwk::from_json(&ed25519_public_json(seed)).unwrap();
    VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &jwk).unwrap()
}

/// CVE-2018-0114: the verifier took the key that came with the token.
#[test]
fn row_036_key_in_the_header() {
    let x = encode(ed25519_dalek::SigningKey::from_bytes(&[THEIRS; 32]).verifying_key().as_bytes());
    for jwk in [
        ed25519_public_json(THEIRS),
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","alg":"Ed25519","use":"sig","kid":"1"}}"#),
        format!(r#"{{"keys":[{}]}}"#, ed25519_public_json(THEIRS)),
        "null".into(),
        "\"\"".into(),
    ] {
        for member in ["jwk", "JWK", "jwks", "key", "x5c"] {
            for kid in ["", r#","kid":"1""#] {
                let header = format!(r#"{{"alg":"Ed25519","{member}":{jwk}{kid}}}"#);
                let forged = ed25519(THEIRS, &header);
                assert_eq!(refused_by(&ed25519_key(OURS), &forged), "invalid_signature", "{header}");
                // Signed by the key that is trusted, the same header is of no consequence.
                accepted_by(&ed25519_key(OURS), &ed25519(OURS, &header));
            }
        }
    }
    // A secret in the header of a MACed token is no secret of ours either.
    let header = format!(r#"{{"alg":"HS256","jwk":{{"kty":"oct","k":"{}"}}}}"#, encode([7; 32]));
    assert_eq!(refused_by(&hs256_key(), &maced(256, &[7; 32], header, P0)), "invalid_signature");
}

#[test]
fn row_037_address_of_keys_in_the_header() {
    for member in ["jku", "x5u"] {
        for value in [
            r#""https://attacker.example/keys""#,
            r#""http://169.254.169.254/latest/meta-data/""#,
            r#""file:///etc/passwd""#,
            r#""data:application/json,{}""#,
            r#""https://as.example/keys""#,
            r#"["https://attacker.example/keys"]"#,
            "null",
            "0",
        ] {
            let header = format!(r#"{{"alg":"HS256","{member}":{value}}}"#);
            let forged = maced(256, &[7; 32], &header, P0);
            assert_eq!(refused_by(&hs256_key(), &forged), "invalid_signature", "{header}");
            accepted_by(&hs256_key(), &hs256(&header, P0));
        }
    }
}

#[test]
fn row_038_certificates_in_the_header() {
    let der = RSA_CERTIFICATE_PEM.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let thumbprint = encode([7; 32]);
    for extra in [format!(r#""x5c":["{der}"]"#), format!(r#""x5t#S256":"{thumbprint}""#), r#""x5c":5"#.into()]
    {
        // The fixtures' RSA key is the attacker's here, and its certificate comes with the token.
        let forged = jws::sign(&rsa_signing_key(JwsAlgorithm::Rs256), P0.as_bytes()).unwrap();
        let forged = with_part(&forged, 0, &encode(format!(r#"{{"alg":"RS256",{extra}}}"#)));
        let other = r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#;
        let ours = VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &Jwk::from_json(other).unwrap()).unwrap();
        assert_eq!(refused_by(&ours, &forged), "invalid_signature");
        accepted_by(&hs256_key(), &hs256(format!(r#"{{"alg":"HS256",{extra}}}"#), P0));
    }
}

/// The one way to such a key asks the application for its judgment first; its refusal is the token's fault.
#[test]
fn row_038_certificates_by_the_api_of_their_own() {
    let der = RSA_CERTIFICATE_PEM.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let header = format!(r#"{{"alg":"RS256","x5c":["{der}"]}}"#);
    let chain =
        UnverifiedToken::parse(&token(&header, P0, b"")).unwrap().certificate_chain().unwrap().unwrap();
    let error = chain.trusted_key(|_| false).unwrap_err();
    assert_eq!((error.code(), error.http_status()), ("certificate_not_trusted", 401));
    assert_eq!(chain.trusted_key(|_| true).unwrap().thumbprint(), rsa_private().thumbprint());
    // Who trusts a certificate has verified nothing of the token yet.
    let key = chain.trusted_key(|_| true).unwrap();
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &key).unwrap();
    assert_eq!(refused_by(&key, &token(&header, P0, [7; 256])), "invalid_signature");
    for x5c in ["5", "[]", "[5]", "[\"!\"]", "null"] {
        let bent =
            UnverifiedToken::parse(&token(format!(r#"{{"alg":"RS256","x5c":{x5c}}}"#), P0, b"")).unwrap();
        assert_eq!(code(bent.certificate_chain()), "member_type", "{x5c}");
    }
    assert!(UnverifiedToken::parse(&token(H0, P0, b"")).unwrap().certificate_chain().unwrap().is_none());
}

#[test]
fn row_039_hostile_key_ids() {
    let keys: KeySet = [hs256_key().with_key_id("1")].into_iter().collect();
    let hostile = [
        "../../dev/null",
        "../../../../etc/passwd",
        "' OR 1=1--",
        "1' UNION SELECT 'secret",
        "1\\u0000",
        "\\u0000",
        "",
        "1 ",
        "%31",
        "$(id)",
        "{{7*7}}",
        "\\ud83d\\ude00",
        "é",
        "e\\u0301",
    ];
    for kid in hostile {
        let header = format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#);
        let forged = hs256(&header, P0);
        let error = keys.verify(&forged).unwrap_err();
        assert_eq!(error.code(), "no_matching_key", "{kid}");
        assert!(kid.len() < 2 || !error.to_string().contains(kid), "{error}");
        assert_eq!(code(verifier(keys.clone()).verify::<NoClaims>(&forged)), "no_matching_key", "{kid}");
        // Text is text: the key that has this very ID is found by it.
        let own: String = serde_json::from_str(&format!("\"{kid}\"")).unwrap();
        let own = hs256_key().with_key_id(own);
        accepted_by(&own, &forged);
    }
    // Two ways to write one letter are two names.
    assert_eq!(
        refused_by(&hs256_key().with_key_id("é"), &hs256(r#"{"alg":"HS256","kid":"e\u0301"}"#, P0)),
        "no_matching_key"
    );
    for kid in ["1", "null", "true", r#"["1"]"#, r#"{"$ne":""}"#, "1.0"] {
        let forged = hs256(format!(r#"{{"alg":"HS256","kid":{kid}}}"#), P0);
        assert_eq!(code(keys.verify(&forged)), "member_type", "{kid}");
        assert_eq!(refused_by(&hs256_key(), &forged), "member_type", "{kid}");
    }
    let long = hs256(format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "1".repeat(10_000)), P0);
    assert_eq!(code(keys.verify(&long)), "limit_header_bytes");
}

#[test]
fn row_042_private_and_secret_keys_in_a_published_set() {
    let private = rsa_private().with_algorithm("RS256").with_key_id("1");
    let own = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("2").expose_jwk().unwrap();
    let named = format!(r#"{{"kty":"oct","alg":"HS256","kid":"3","k":"{}"}}"#, encode(secret()));
    let bare = format!(r#"{{"kty":"oct","k":"{}"}}"#, encode(secret()));
    let published = format!(
        r#"{{"keys":[{},{},{named},{bare}]}}"#,
        private.expose_json().expose_secret(),
        own.expose_json().expose_secret()
    );
    let keys = KeySet::verification(&JwkSet::from_json(&published).unwrap());
    assert!(keys.is_empty());
    assert_eq!(keys.skipped().len(), 4);
    assert!(keys.skipped().iter().all(|skipped| skipped.reason().code() == "key_not_public"));
    assert_eq!(code(VerifyingKey::from_jwk(&private)), "key_not_public");
    assert_eq!(code(VerifyingKey::from_jwk(&own)), "key_not_public");

    let by_private = jws::sign(&SigningKey::from_jwk(&private).unwrap(), P0.as_bytes()).unwrap();
    assert_eq!(code(keys.verify(&by_private)), "algorithm_not_allowed");
    assert_eq!(code(keys.verify(&hs256(r#"{"alg":"HS256","kid":"3"}"#, P0))), "algorithm_not_allowed");
    assert_eq!(code(keys.verify(&hs256(H0, P0))), "algorithm_not_allowed");

    // The halves that belong there: public keys to verify, secrets by the door of their own.
    let public: JwkSet = [private.to_public().unwrap()].into_iter().collect();
    assert!(KeySet::verification(&public).verify(&by_private).is_ok());
    let set = JwkSet::from_json(&published).unwrap();
    let secrets = KeySet::shared_secrets(&set);
    assert!(secrets.verify(&hs256(r#"{"alg":"HS256","kid":"3"}"#, P0)).is_ok());
    assert_eq!(code(secrets.verify(&by_private)), "algorithm_not_allowed");
}
