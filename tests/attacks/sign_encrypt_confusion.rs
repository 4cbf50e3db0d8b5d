//! Classes D and E: encryption taken for authentication, tokens inside tokens, and tokens in other forms.
//!
//! CVE-2023-51774 and CVE-2026-29000: whoever has the public key can encrypt, and what could be decrypted
//! was taken for signed.

use countersign::jwe::JweBuilder;
use countersign::{
    DecryptionKey, JweAlgorithm, JwsAlgorithm, JwtVerifier, KeySet, NoClaims, SigningKey, UnverifiedToken,
    decrypt, jws,
};

use crate::support::*;

fn recipient() -> DecryptionKey {
    DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap()
}

/// A verifier of tokens that are signed by [`hs256_key`] and encrypted to this key.
fn nested(recipient: &DecryptionKey) -> JwtVerifier {
    let verifier = JwtVerifier::builder(hs256_key()).decrypt_with(recipient.clone_key());
    verifier.issuer(ISSUER).audience(AUDIENCE).clock(at(NOW)).build().unwrap()
}

/// Encrypts with `cty`, as anyone can who has the public key.
fn encrypted(recipient: &DecryptionKey, cty: Option<&str>, plaintext: impl AsRef<[u8]>) -> String {
    let key = recipient.encryption_key().unwrap();
    let builder = JweBuilder::new(&key);
    match cty {
        Some(cty) => builder.content_type(cty).encrypt(plaintext.as_ref()),
        None => builder.encrypt(plaintext.as_ref()),
    }
    .unwrap()
}

#[test]
fn a_signed_token_inside_an_encrypted_one_is_accepted() {
    let recipient = recipient();
    for cty in ["JWT", "jwt", "application/jwt", "Application/JWT"] {
        let token = encrypted(&recipient, Some(cty), hs256(H0, P0));
        assert_eq!(nested(&recipient).verify::<NoClaims>(&token).unwrap().subject(), Some("u"), "{cty}");
    }
}

#[test]
fn row_021_encrypted_token_where_a_signed_one_is_due() {
    let recipient = recipient();
    for plaintext in [P0, &hs256(H0, P0)] {
        for cty in [None, Some("JWT")] {
            let token = encrypted(&recipient, cty, plaintext);
            assert_eq!(code(verifier(hs256_key()).verify::<NoClaims>(&token)), "encrypted");
            assert_eq!(code(jws::verify(&hs256_key(), &token)), "segment_count");
            assert_eq!(code(KeySet::from(hs256_key()).verify(&token)), "segment_count");
        }
    }
    // And the other way round: what is only signed, where encrypted is due.
    assert_eq!(code(nested(&recipient).verify::<NoClaims>(&hs256(H0, P0))), "not_encrypted");
    assert_eq!(code(decrypt(&recipient, &hs256(H0, P0))), "segment_count");
}

#[cfg(any(feature = "aws-lc-rs", feature = "rsa"))]
#[test]
fn row_021_encrypted_to_the_verifiers_own_rsa_key() {
    let public = rsa_private().to_public().unwrap();
    let key = countersign::EncryptionKey::from_jwk_for(JweAlgorithm::RsaOaep, &public).unwrap();
    let forged = countersign::encrypt(&key, P0.as_bytes()).unwrap();
    let rs256 = rsa_key(JwsAlgorithm::Rs256);
    assert_eq!(code(verifier(rs256.clone_key()).verify::<NoClaims>(&forged)), "encrypted");
    assert_eq!(code(jws::verify(&rs256, &forged)), "segment_count");
    // The same key pair for both, as it must not be: the claims inside are still nobody's.
    let recipient = DecryptionKey::from_jwk_for(JweAlgorithm::RsaOaep, &rsa_private()).unwrap();
    let both = JwtVerifier::builder(rs256).decrypt_with(recipient);
    let both = both.issuer(ISSUER).audience(AUDIENCE).clock(at(NOW)).build().unwrap();
    assert_eq!(code(both.verify::<NoClaims>(&forged)), "content_type_not_allowed");
    let forged = JweBuilder::new(&key).content_type("JWT").encrypt(P0.as_bytes()).unwrap();
    assert_eq!(code(both.verify::<NoClaims>(&forged)), "not_signed");
}

#[test]
fn row_022_claims_encrypted_but_not_signed() {
    let recipient = recipient();
    let verify = |token: String| code(nested(&recipient).verify::<NoClaims>(&token));
    for cty in [None, Some(""), Some("json"), Some("JWT "), Some("JWS"), Some("text/jwt"), Some("JWT;a=b")] {
        assert_eq!(verify(encrypted(&recipient, cty, P0)), "content_type_not_allowed", "{cty:?}");
        assert_eq!(verify(encrypted(&recipient, cty, hs256(H0, P0))), "content_type_not_allowed", "{cty:?}");
    }
    let dotted = P0.replace("\"u\"", "\"a.b.c\"").replace("as.example", "as").replace("api.example", "api");
    // JSON's text is no token, however many dots are in it; a string is told by its quotation mark.
    let cases: [(&[u8], &str); 8] = [
        (P0.as_bytes(), "not_signed"),
        (dotted.as_bytes(), "not_signed"),
        (b"\"a.b.c\"", "base64url"),
        (b"", "not_signed"),
        (b"{}", "not_signed"),
        (b".", "not_signed"),
        (b"u", "not_signed"),
        (&[0xff; 40], "not_signed"),
    ];
    for (plaintext, expected) in cases {
        let text = String::from_utf8_lossy(plaintext);
        assert_eq!(verify(encrypted(&recipient, Some("JWT"), plaintext)), expected, "{text}");
    }
}

#[test]
fn row_023_unsecured_token_inside_an_encrypted_one() {
    let recipient = recipient();
    for inner in ["eyJhbGciOiJub25lIn0.e30.".to_owned(), token(r#"{"alg":"none"}"#, P0, "")] {
        let forged = encrypted(&recipient, Some("JWT"), inner);
        assert_eq!(code(nested(&recipient).verify::<NoClaims>(&forged)), "unsupported_algorithm");
    }
    // Nor one that is signed by somebody else, or not over what it says.
    let others = maced(256, &[1; 32], H0, P0);
    let forged = encrypted(&recipient, Some("JWT"), others);
    assert_eq!(code(nested(&recipient).verify::<NoClaims>(&forged)), "invalid_signature");
    let swapped = with_part(&hs256(H0, P0), 1, &encode(p0_with("sub", r#""admin""#)));
    let forged = encrypted(&recipient, Some("JWT"), swapped);
    assert_eq!(code(nested(&recipient).verify::<NoClaims>(&forged)), "invalid_signature");
}

#[test]
fn row_024_three_levels_of_tokens() {
    let recipient = recipient();
    let mut token = hs256(H0, P0);
    for level in 1..5 {
        token = encrypted(&recipient, Some("JWT"), token);
        let verified = nested(&recipient).verify::<NoClaims>(&token);
        if level == 1 {
            assert!(verified.is_ok());
        } else {
            assert_eq!(code(verified), "limit_nesting", "{level}");
        }
    }
}

#[test]
fn row_025_three_parts_with_enc() {
    for enc in [r#""A256GCM""#, r#""""#, "null", "1"] {
        let forged = hs256(format!(r#"{{"alg":"HS256","enc":{enc}}}"#), P0);
        assert_eq!(refused_by(&hs256_key(), &forged), "unexpected_member", "{enc}");
        assert_eq!(code(UnverifiedToken::parse(&forged)), "unexpected_member", "{enc}");
    }
    let dir = hs256(r#"{"alg":"dir","enc":"A256GCM"}"#, P0);
    assert_eq!(refused_by(&hs256_key(), &dir), "unexpected_member");
    assert_eq!(refused_by(&hs256_key(), &hs256(r#"{"alg":"dir"}"#, P0)), "unsupported_algorithm");
    assert_eq!(refused_by(&hs256_key(), &hs256(r#"{"alg":"A256KW"}"#, P0)), "unsupported_algorithm");
}

#[test]
fn row_026_five_parts_without_enc_or_with_a_signatures_alg() {
    let recipient = recipient();
    let valid = encrypted(&recipient, Some("JWT"), hs256(H0, P0));
    let with_header = |header: &str| with_part(&valid, 0, &encode(header));
    let cases = [
        (r#"{"alg":"ECDH-ES+A256KW","cty":"JWT"}"#, "missing_member"),
        (r#"{"alg":"HS256","cty":"JWT"}"#, "missing_member"),
        (r#"{"enc":"A256GCM","cty":"JWT"}"#, "missing_member"),
        (r#"{"alg":"RS256","enc":"A256GCM","cty":"JWT"}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS256","enc":"A256GCM","cty":"JWT"}"#, "unsupported_algorithm"),
        (r#"{"alg":"none","enc":"A256GCM","cty":"JWT"}"#, "unsupported_algorithm"),
        (r#"{"alg":"dir","enc":"none","cty":"JWT"}"#, "unsupported_content_encryption"),
        (r#"{"alg":"dir","enc":"a256gcm","cty":"JWT"}"#, "unsupported_content_encryption"),
        (r#"{"alg":"dir","enc":"A256CBC","cty":"JWT"}"#, "unsupported_content_encryption"),
        (r#"{"alg":"dir","enc":"HS256","cty":"JWT"}"#, "unsupported_content_encryption"),
        (r#"{"alg":"dir","enc":["A256GCM"],"cty":"JWT"}"#, "member_type"),
    ];
    for (header, expected) in cases {
        let forged = with_header(header);
        assert_eq!(code(decrypt(&recipient, &forged)), expected, "{header}");
        assert_eq!(code(nested(&recipient).verify::<NoClaims>(&forged)), expected, "{header}");
    }
}

/// draft-ietf-oauth-rfc8725bis: a JWT is compact, so JSON text is none, however its dots fall.
#[test]
fn rows_027_to_034_json_serializations_are_no_compact_tokens() {
    let signed = hs256(H0, P0);
    let [header, payload, signature] = [0, 1, 2].map(|index| signed.split('.').nth(index).unwrap());
    let flat = format!(r#""protected":"{header}","signature":"{signature}""#);
    let objects = [
        format!(r#"{{"payload":"{payload}",{flat}}}"#),
        format!(r#"{{"payload":"{payload}","signatures":[{{{flat}}}]}}"#),
        format!(r#"{{"payload":"{payload}",{flat},"signatures":[{{{flat}}}]}}"#),
        format!(r#"{{"payload":"{payload}",{flat},"ciphertext":"{payload}"}}"#),
        r#"{"payload":"e30","signatures":[]}"#.to_owned(),
        format!(r#"{{"payload":"{payload}"}}"#),
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":""}}"#),
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":null}}"#),
        format!(r#"["{signed}"]"#),
        format!(r#""{signed}""#),
    ];
    let recipient = recipient();
    for json in objects {
        for dots in ["", "..", "....", "."] {
            // Dots inside a member of no meaning make the number of parts right.
            let json = json.replacen('{', &format!(r#"{{"x":"{dots}","#), 1);
            let [as_jws, as_jwt, as_jwe, as_nested, unverified] = match json.matches('.').count() {
                2 => ["base64url", "base64url", "segment_count", "not_encrypted", "base64url"],
                4 => ["segment_count", "encrypted", "base64url", "base64url", "base64url"],
                _ => ["segment_count"; 5],
            };
            assert_eq!(code(jws::verify(&hs256_key(), &json)), as_jws, "{json}");
            assert_eq!(code(verifier(hs256_key()).verify::<NoClaims>(&json)), as_jwt, "{json}");
            assert_eq!(code(decrypt(&recipient, &json)), as_jwe, "{json}");
            assert_eq!(code(nested(&recipient).verify::<NoClaims>(&json)), as_nested, "{json}");
            assert_eq!(code(UnverifiedToken::parse(&json)), unverified, "{json}");
        }
    }
}

/// RFC 7515, appendix F: a detached payload stands elsewhere, and only `JwsVerifier::verify_detached` takes it from
/// there (`json_signatures` has that): everyone else reads an empty one.
#[test]
fn rows_034_and_035_detached_payload() {
    let signed = hs256(H0, P0);
    assert_eq!(refused_by(&hs256_key(), &with_part(&signed, 1, "")), "invalid_signature");
    // A token over the empty payload is another token.
    let empty = hs256(H0, "");
    assert_eq!(jws::verify(&hs256_key(), &empty).unwrap().payload(), b"");
    assert_eq!(refused_by(&hs256_key(), &with_part(&empty, 1, &encode(P0))), "invalid_signature");
}

/// A signature covers header and payload as they stand, not as they are split.
#[test]
fn the_border_of_header_and_payload_is_signed() {
    let signed = hs256(H0, P0);
    let (header, payload, signature) = (part(&signed, 0), part(&signed, 1), part(&signed, 2));
    let joined = [&header[..], &payload].concat();
    for border in [0, 1, header.len() - 3, header.len() + 3, joined.len()] {
        let (header, payload) = joined.split_at(border);
        assert_eq!(refused_by(&hs256_key(), &token(header, payload, &signature)), "json", "{border}");
    }
    // Parts of two valid tokens make no third.
    let other = hs256(r#"{"alg":"HS256"}"#, p0_with("sub", r#""v""#));
    for index in 0..3 {
        let mixed = with_part(&signed, index, other.split('.').nth(index).unwrap());
        assert_eq!(refused_by(&hs256_key(), &mixed), "invalid_signature");
    }
}

/// A key for signatures can't decrypt, nor the other way round, where the JWK says which it is.
#[test]
fn use_keeps_signing_and_decrypting_apart() {
    let signing = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let jwk = signing.expose_jwk().unwrap();
    assert_eq!(code(DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &jwk)), "key_algorithm");
    let decryption = recipient().expose_jwk().unwrap();
    assert_eq!(code(SigningKey::from_jwk_for(JwsAlgorithm::Es256, &decryption)), "key_algorithm");
}
