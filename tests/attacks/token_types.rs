//! Class typ: tokens of one kind shown where another kind is due (RFC 8725 §3.11).

use countersign::jwe::JweBuilder;
use countersign::{DecryptionKey, Error, JweAlgorithm, JwtVerifier, NoClaims};

use crate::support::*;

fn access_tokens() -> JwtVerifier {
    let verifier = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE);
    verifier.token_type("at+jwt").clock(at(NOW)).build().unwrap()
}

fn verify_typ(json: &str) -> Result<(), Error> {
    access_tokens().verify::<NoClaims>(&hs256(format!(r#"{{"alg":"HS256","typ":{json}}}"#), P0)).map(drop)
}

#[test]
fn row_121_type_of_token() {
    for typ in [
        "JWT",
        "jwt",
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "at+JWT ",
        " at+jwt",
        "at+jwt\\u0000",
        "at+jw",
        "at+jwtx",
        "at jwt",
        "at%2Bjwt",
        "",
        "application/",
        "application/jwt",
        "text/at+jwt",
        "/at+jwt",
        "at+jwt/",
        "application/application/at+jwt",
        "application//at+jwt",
        "at+jwt;charset=utf-8",
        "at+jwt;",
        "at+jwt,JWT",
        "\u{ff41}t+jwt",
        "at+jwt+jwt",
    ] {
        assert_eq!(code(verify_typ(&format!("\"{typ}\""))), "type_not_allowed", "{typ}");
    }
    for typ in ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "APPLICATION/AT+JWT", "\\u0061t+jwt"] {
        assert!(verify_typ(&format!("\"{typ}\"")).is_ok(), "{typ}");
    }
    for json in ["null", "5", "true", r#"["at+jwt"]"#, "{}"] {
        assert_eq!(code(verify_typ(json)), "member_type", "{json}");
        // Where no type is asked for, its form is judged all the same.
        let header = format!(r#"{{"alg":"HS256","typ":{json}}}"#);
        assert_eq!(refused_by(&hs256_key(), &hs256(header, P0)), "member_type", "{json}");
    }
    assert_eq!(
        code(access_tokens().verify::<NoClaims>(&hs256(r#"{"alg":"HS256"}"#, P0))),
        "type_not_allowed"
    );
    let other_case = hs256(r#"{"alg":"HS256","TYP":"at+jwt"}"#, P0);
    assert_eq!(code(access_tokens().verify::<NoClaims>(&other_case)), "type_not_allowed");
    // A claim of that name is no type.
    let claimed = hs256(r#"{"alg":"HS256"}"#, p0_with("typ", r#""at+jwt""#));
    assert_eq!(code(access_tokens().verify::<NoClaims>(&claimed)), "type_not_allowed");
}

#[test]
fn row_122_id_token_as_access_token() {
    let payload = p0_with("aud", r#""client-1","nonce":"n-0S6_WzA2Mj","iat":1"#);
    for header in [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","typ":"JWT"}"#] {
        assert_eq!(code(access_tokens().verify::<NoClaims>(&hs256(header, &payload))), "type_not_allowed");
        // Even when the audience is right: an issuer may have one name for client and service.
        assert_eq!(code(access_tokens().verify::<NoClaims>(&hs256(header, P0))), "type_not_allowed");
    }
    assert_eq!(code(access_tokens().verify::<NoClaims>(&hs256(H0, &payload))), "claim_unexpected");
}

#[test]
fn row_123_other_tokens_of_the_same_issuer() {
    let inner = r#"{"active":true,"sub":"u","aud":"https://api.example"}"#;
    let introspection = p0_with("token_introspection", inner);
    let events = r#"{"http://schemas.openid.net/event/backchannel-logout":{}}"#;
    let logout = p0_with("events", events);
    for (typ, payload) in [
        ("token-introspection+jwt", &introspection),
        ("logout+jwt", &logout),
        ("secevent+jwt", &logout),
        ("oauth-authz-req+jwt", &P0.to_owned()),
        ("client-authentication+jwt", &P0.to_owned()),
        ("kb+jwt", &P0.to_owned()),
        ("dc+sd-jwt", &P0.to_owned()),
        ("statuslist+jwt", &P0.to_owned()),
    ] {
        let token = hs256(format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#), payload);
        assert_eq!(code(access_tokens().verify::<NoClaims>(&token)), "type_not_allowed", "{typ}");
    }
}

#[test]
fn several_types_may_be_asked_for() {
    let verifier = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE).clock(at(NOW));
    let verifier = verifier.token_type("at+jwt").token_type("application/JWT").build().unwrap();
    for (typ, accepted) in
        [("at+jwt", true), ("jwt", true), ("application/at+jwt", true), ("dpop+jwt", false)]
    {
        let token = hs256(format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#), P0);
        assert_eq!(verifier.verify::<NoClaims>(&token).is_ok(), accepted, "{typ}");
    }
}

/// A header that a verifier has accepted isn't read again, by that verifier and by no other of the same key.
#[test]
fn what_one_verifier_accepts_is_refused_by_another_of_the_same_key() {
    let key = hs256_key();
    let types = ["at+jwt", "logout+jwt"];
    let verifiers = types.map(|typ| {
        let verifier = JwtVerifier::builder(key.clone_key()).issuer(ISSUER).audience(AUDIENCE);
        verifier.token_type(typ).clock(at(NOW)).build().unwrap()
    });
    let tokens = types.map(|typ| hs256(format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#), P0));
    // From the second time on, each knows the header that it accepts.
    for _ in 0..3 {
        for (verifier, typ) in verifiers.iter().zip(types) {
            for (token, token_type) in tokens.iter().zip(types) {
                let verified = verifier.verify::<NoClaims>(token);
                if token_type == typ {
                    assert!(verified.is_ok(), "{typ}");
                } else {
                    assert_eq!(code(verified), "type_not_allowed", "{typ}");
                }
            }
        }
    }
}

/// RFC 7519 §7.2: with `cty` "JWT", the payload is a token, and whoever reads it as claims has read
/// something else than was signed.
#[test]
fn row_124_content_that_is_said_to_be_a_token() {
    for cty in ["JWT", "jwt", "application/jwt", "Application/JWT", "\\u004aWT"] {
        let header = format!(r#"{{"alg":"HS256","cty":"{cty}"}}"#);
        assert_eq!(code(verify(&hs256(&header, P0))), "token_inside_not_allowed", "{cty}");
        assert_eq!(code(verify(&hs256(&header, hs256(H0, P0)))), "token_inside_not_allowed", "{cty}");
        // As a JWS it is in order: the payload is what it is.
        assert!(countersign::jws::verify(&hs256_key(), &hs256(&header, hs256(H0, P0))).is_ok());
    }
    for cty in ["json", "application/json", "", "JWT2", "text/jwt", "example;part=\\\"1/2\\\""] {
        assert!(verify(&hs256(format!(r#"{{"alg":"HS256","cty":"{cty}"}}"#), P0)).is_ok(), "{cty}");
    }
    for json in ["null", "5", r#"["JWT"]"#] {
        assert_eq!(
            code(verify(&hs256(format!(r#"{{"alg":"HS256","cty":{json}}}"#), P0))),
            "member_type",
            "{json}"
        );
    }
    // A token whose payload is a token, and that doesn't say so.
    assert_eq!(code(verify(&hs256(H0, hs256(H0, P0)))), "json");

    // Inside an encrypted token, it would be the third level.
    let recipient = DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap();
    let key = recipient.encryption_key().unwrap();
    let nested = JwtVerifier::builder(hs256_key()).decrypt_with(recipient).issuer(ISSUER).audience(AUDIENCE);
    let nested = nested.clock(at(NOW)).build().unwrap();
    let inner = hs256(r#"{"alg":"HS256","cty":"JWT"}"#, hs256(H0, P0));
    let token = JweBuilder::new(&key).content_type("JWT").encrypt(inner.as_bytes()).unwrap();
    assert_eq!(code(nested.verify::<NoClaims>(&token)), "token_inside_not_allowed");
    let token = JweBuilder::new(&key).content_type("JWT").encrypt(hs256(H0, P0).as_bytes()).unwrap();
    assert!(nested.verify::<NoClaims>(&token).is_ok());
}
