//! A JWE's protected header: what it may say, and what it can't talk the key's holder into.
//!
//! A genuine token's header is changed member by member. What the sender could have seen has an error of its own;
//! the rest is one error (RFC 7516 §11.5, RFC 8725 §3.1).

use crate::error::{Defect, Error, Part, Refusal, Unsupported};
use crate::jwk::{Jwk, KeyKind};
use crate::limits::Limits;
use crate::wire::base64url;
use crate::wire::header::HeaderRules;

use super::*;

#[test]
fn the_header_s_algorithm_is_compared_and_never_obeyed() {
    for algorithm in algorithms() {
        let key = key(algorithm);
        let parts = Parts::of(&encrypt(&sender(&key), b"card 4242").unwrap());
        let own = format!(r#""alg":"{algorithm}""#);
        for &other in JweAlgorithm::ALL.iter().filter(|&&other| other != algorithm) {
            let token = parts.with_header(&own, &format!(r#""alg":"{other}""#));
            let expected = Err(Error::NotAllowed(Refusal::Algorithm));
            assert_eq!(decrypt(&key, &token), expected, "{algorithm} as {other}");
        }
        for unknown in ["RSA1_5", "none", "RS256", "HS256", "PBES2-HS256+A256KW", "", "dir "] {
            let token = parts.with_header(&own, &format!(r#""alg":"{unknown}""#));
            let expected = Err(Error::Unsupported(Unsupported::Algorithm));
            assert_eq!(decrypt(&key, &token), expected, "{algorithm} as {unknown}");
        }
    }
}

#[test]
fn a_header_that_asks_for_more_is_refused() {
    let key = key(JweAlgorithm::A256Kw);
    let parts = Parts::of(&encrypt(&key.encryption_key().unwrap(), b"card 4242").unwrap());
    let with = |member: &str| decrypt(&key, &parts.with_header("{", &format!("{{{member},")));
    assert_eq!(with(r#""zip":"DEF""#), Err(Error::Unsupported(Unsupported::Compression)));
    assert_eq!(with(r#""crit":["x"],"x":1"#), Err(Error::Unsupported(Unsupported::Critical)));
    assert_eq!(with(r#""alg":"A256KW""#), Err(Error::malformed(Part::Header, Defect::DuplicateMember)));

    let other_enc = |enc: &str| decrypt(&key, &parts.with_header(r#""enc":"A256GCM""#, enc));
    let unknown = Err(Error::Unsupported(Unsupported::ContentEncryption));
    assert_eq!(other_enc(r#""enc":"A256CTR""#), unknown);
    assert_eq!(other_enc(r#""enc":"dir""#), unknown);
    let missing = Err(Error::malformed(Part::Header, Defect::MissingMember("enc")));
    assert_eq!(other_enc(r#""ext":"A256GCM""#), missing);
}

#[test]
fn gcm_key_wrapping_parameters_have_their_form() {
    let key = key(JweAlgorithm::A128Gcmkw);
    let parts = Parts::of(&encrypt(&key.encryption_key().unwrap(), b"card 4242").unwrap());
    let header = String::from_utf8(parts.0[HEADER].clone()).unwrap();
    for name in ["iv", "tag"] {
        let start = header.find(&format!(r#""{name}":""#)).unwrap() + name.len() + 4;
        let end = start + header[start..].find('"').unwrap();
        let with = |value: &str| {
            let changed = format!("{}{value}{}", &header[..start], &header[end..]);
            decrypt(&key, &parts.with(HEADER, |bytes| *bytes = changed.into_bytes()))
        };
        let bytes = base64url::decode(&header[start..end], Part::Header).unwrap();
        for len in [0, 8, bytes.len() - 1] {
            let error = with(&base64url::encode(&bytes[..len])).unwrap_err();
            let expected = |defect| matches!(defect, Defect::MemberType { name: n, .. } if n == name);
            assert!(
                matches!(error, Error::Malformed { part: Part::Header, defect } if expected(defect)),
                "{len}"
            );
        }
        assert!(matches!(with("="), Err(Error::Malformed { part: Part::Header, .. })));
        let mut flipped = bytes.clone();
        flipped[0] ^= 1;
        assert_eq!(with(&base64url::encode(&flipped)), Err(Error::DecryptionFailed));
        let token = parts.with_header(&format!(r#""{name}":"#), r#""other":"#);
        let missing = Error::malformed(Part::Header, Defect::MissingMember(name));
        assert_eq!(decrypt(&key, &token), Err(missing));
    }
}

#[test]
fn an_ephemeral_key_that_doesn_t_fit_is_refused_before_ours_is_used() {
    for algorithm in [JweAlgorithm::EcdhEs, JweAlgorithm::EcdhEsA128Kw] {
        let key = key(algorithm);
        let parts = Parts::of(&encrypt(&key.encryption_key().unwrap(), b"card 4242").unwrap());
        let header = String::from_utf8(parts.0[HEADER].clone()).unwrap();
        let start = header.find(r#""epk":"#).unwrap();
        let with = |epk: &str| {
            let changed = format!("{}{epk}}}", &header[..start]);
            decrypt(&key, &parts.with(HEADER, |bytes| *bytes = changed.into_bytes()))
        };
        let other_curve = Jwk::generate(KeyKind::P384).unwrap().to_public_json().unwrap();
        let x25519 = Jwk::generate(KeyKind::X25519).unwrap().to_public_json().unwrap();
        let ed25519 = Jwk::generate(KeyKind::Ed25519).unwrap().to_public_json().unwrap();
        let private = Jwk::generate(KeyKind::P256).unwrap();
        let private = private.expose_json().expose_secret().to_owned();
        let off_curve = r#"{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}"#;
        for epk in [&other_curve, &x25519, &ed25519, &private, off_curve, "{}", "[]", "null", r#""x""#] {
            let error = with(&format!(r#""epk":{epk}"#)).unwrap_err();
            assert!(matches!(error, Error::Malformed { part: Part::Header, .. }), "{epk}: {error:?}");
        }
        let missing = Error::malformed(Part::Header, Defect::MissingMember("epk"));
        assert_eq!(with(r#""ext":1"#), Err(missing));
        // One that fits, but isn't the one: that isn't the sender's to know.
        let another = Jwk::generate(KeyKind::P256).unwrap().to_public_json().unwrap();
        assert_eq!(with(&format!(r#""epk":{another}"#)), Err(Error::DecryptionFailed));
        // Neither are the parties' names, which go into the derivation.
        assert_eq!(decrypt(&key, &parts.with_header("{", r#"{"apu":"QQ","#)), Err(Error::DecryptionFailed));
        let error = decrypt(&key, &parts.with_header("{", r#"{"apv":"Q","#)).unwrap_err();
        assert!(matches!(error, Error::Malformed { part: Part::Header, .. }));
    }
}

/// RFC 8037 §3.2.1, RFC 7748 §6.1: a point of low order agrees on zero with everyone.
#[test]
fn an_ephemeral_key_of_low_order_decrypts_nothing() {
    let jwk = Jwk::generate(KeyKind::X25519).unwrap();
    let key = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &jwk).unwrap();
    let epk = r#"{"kty":"OKP","crv":"X25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    let header = format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM","epk":{epk}}}"#);
    let parts = Parts([header.into_bytes(), vec![], vec![1; 12], vec![1; 9], vec![2; 16]]);
    assert_eq!(decrypt(&key, &parts.token()), Err(Error::DecryptionFailed));
}

#[test]
fn a_token_gives_its_header_out() {
    let key = key(JweAlgorithm::A128Kw).with_key_id("1").encryption_key().unwrap();
    let token = JweBuilder::new(&key).token_type("at+jwt").content_type("JWT").encrypt(b"x").unwrap();
    let (limits, mut header) = (Limits::default(), Vec::new());
    let rules = HeaderRules::new(&limits, &[]);
    let token = EncryptedToken::parse(&token, &rules, &mut header).unwrap();
    assert_eq!(token.algorithm(), JweAlgorithm::A128Kw);
    assert_eq!(token.content_encryption(), ContentEncryption::A256Gcm);
    assert_eq!((token.key_id(), token.cty()), (Some("1"), Some("JWT")));
}
