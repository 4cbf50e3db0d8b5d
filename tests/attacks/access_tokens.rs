//! Classes typ and DPoP, for the access-token profile: tokens of another kind, and bound tokens without
//! their key (RFC 9068 §4, RFC 7800 §3, RFC 8705 §3).

#[cfg(feature = "gateway")]
use countersign::gateway::authorization::Requirement;
use countersign::profile::access_token::{
    ClientCertificate, ConfirmationMethod, Grant, ProofOfPossession, Provider,
};
use countersign::{
    AccessToken, AccessTokenIssuer, AccessTokenVerifier, Error, JwsAlgorithm, NoClaims, SecretBytes,
    SigningKey,
};

use crate::support::*;

fn verifier() -> AccessTokenVerifier {
    let verifier = AccessTokenVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE);
    verifier.clock(at(NOW)).build().unwrap()
}

/// The claims of an access token, and this one more.
fn claims_with(name: &str, json: &str) -> String {
    let own = r#"{"client_id":"c","jti":"1","iat":1,"#;
    p0_with(name, json).replacen('{', own, 1)
}

/// The claims of an access token.
fn claims() -> String {
    claims_with("sub", "\"u\"")
}

fn verify(header: &str, claims: &str) -> Result<AccessToken<NoClaims>, Error> {
    verifier().verify(&hs256(header, claims))
}

fn verify_typ(typ: &str) -> Result<AccessToken<NoClaims>, Error> {
    verify(&format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#), &claims())
}

#[test]
fn row_121_the_profile_takes_its_own_type_only() {
    for typ in ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "Application/AT+JWT"] {
        assert!(verify_typ(typ).is_ok(), "{typ}");
    }
    for typ in [
        "JWT",
        "dpop+jwt",
        "logout+jwt",
        "at+JWT ",
        " at+jwt",
        "",
        "application/jwt",
        "text/at+jwt",
        "at+jwt;v=1",
        "at+jwt\\u0000",
        "application/okta-internal-at+jwt",
    ] {
        assert_eq!(code(verify_typ(typ)), "type_not_allowed", "{typ}");
    }
    assert_eq!(code(verify(r#"{"alg":"HS256"}"#, &claims())), "type_not_allowed");
    assert_eq!(code(verify(r#"{"alg":"HS256","typ":null}"#, &claims())), "member_type");
    // The claim of that name is no type.
    assert_eq!(code(verify(r#"{"alg":"HS256"}"#, &claims_with("typ", "\"at+jwt\""))), "type_not_allowed");
}

#[test]
fn row_122_an_id_token_is_no_access_token() {
    // Of the same issuer, under the same key, with whatever audience.
    let id_token = p0_with("nonce", r#""n-0S6_WzA2Mj","iat":1,"azp":"c""#);
    for header in [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","typ":"JWT"}"#] {
        assert_eq!(code(verify(header, &id_token)), "type_not_allowed");
        assert_eq!(code(verify(header, &claims())), "type_not_allowed");
    }
    // From an issuer that gives all its tokens one type.
    assert_eq!(code(verify(H0, &id_token)), "claim_missing");
    assert_eq!(code(verify(H0, &claims_with("aud", "\"c\""))), "claim_unexpected");
    assert!(verify(H0, &claims()).is_ok());
}

#[test]
fn row_122_an_id_token_is_no_access_token_where_the_type_doesnt_tell() {
    // The issuers of these presets sign both kinds with one key and one type.
    let at_issuer = |issuer: &str, more: &str| {
        format!(
            r#"{{"iss":"{issuer}","aud":"{AUDIENCE}","sub":"u","iat":1,"exp":4102444800,"jti":"1",{more}}}"#
        )
    };
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let guid = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    let microsoft = format!("https://login.microsoftonline.com/{guid}/v2.0");
    let entra = format!(r#""azp":"c","scp":"a","uti":"1","ver":"2.0","tid":"{guid}""#);
    type Preset = fn() -> Provider;
    let cases: [(Preset, &str, &str, &str); 4] = [
        (|| Provider::auth0("a.example"), "https://a.example/", r#""azp":"c","scope":"a""#, r#""nonce":"n""#),
        (
            || Provider::entra_id(["72f988bf-86f1-41af-91ab-2d7cd011db47"]),
            &microsoft,
            &entra,
            r#""nonce":"n""#,
        ),
        (
            || Provider::okta("https://a.example/oauth2/x"),
            "https://a.example/oauth2/x",
            r#""cid":"c","scp":["a"]"#,
            r#""at_hash":"n""#,
        ),
        (
            || Provider::keycloak("https://a.example/realms/x"),
            "https://a.example/realms/x",
            r#""azp":"c","typ":"Bearer""#,
            r#""c_hash":"n""#,
        ),
    ];
    for (provider, issuer, more, of_an_id_token) in cases {
        let verifier = AccessTokenVerifier::for_provider(provider(), hs256_key()).audience(AUDIENCE);
        let verifier = verifier.clock(at(NOW)).build().unwrap();
        let verify = |claims: String| verifier.verify::<NoClaims>(&hs256(header, claims));
        assert!(verify(at_issuer(issuer, more)).is_ok(), "{issuer}");
        let id_token = at_issuer(issuer, &format!("{more},{of_an_id_token}"));
        assert_eq!(code(verify(id_token)), "claim_unwanted", "{issuer}");
    }
}

#[test]
fn row_123_other_tokens_of_the_issuer_are_no_access_tokens() {
    let introspection = claims_with("token_introspection", r#"{"active":true,"sub":"u"}"#);
    let logout = claims_with("events", r#"{"http://schemas.openid.net/event/backchannel-logout":{}}"#);
    for (typ, claims) in [
        ("token-introspection+jwt", &introspection),
        ("logout+jwt", &logout),
        ("secevent+jwt", &logout),
        ("dpop+jwt", &claims()),
        ("client-authentication+jwt", &claims()),
        ("txntoken+jwt", &claims()),
    ] {
        let header = format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#);
        assert_eq!(code(verify(&header, claims)), "type_not_allowed", "{typ}");
    }
    // Cognito's tokens have no type, so these claims must tell.
    let pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a";
    let verifier = AccessTokenVerifier::for_provider(Provider::cognito(pool, ["c"]), hs256_key());
    let verifier = verifier.clock(at(NOW)).build().unwrap();
    let token = |more: &str| {
        let own = format!(r#""iss":"{pool}","sub":"u","iat":1,"exp":4102444800,"jti":"1","client_id":"c""#);
        hs256(r#"{"alg":"HS256"}"#, format!(r#"{{{own},"token_use":"access"{more}}}"#))
    };
    assert!(verifier.verify::<NoClaims>(&token("")).is_ok());
    for more in [r#","events":{}"#, r#","token_introspection":{}"#, r#","nonce":"n""#] {
        assert_eq!(code(verifier.verify::<NoClaims>(&token(more))), "claim_unwanted", "{more}");
    }
}

#[test]
fn row_125_a_bound_token_is_no_bearer_token() {
    let jkt = encode([7; 32]);
    for cnf in [
        format!(r#"{{"jkt":"{jkt}"}}"#),
        format!(r#"{{"x5t#S256":"{jkt}"}}"#),
        format!(r#"{{"\u006akt":"{jkt}"}}"#),
        r#"{"jwk":{"kty":"OKP","crv":"Ed25519","x":"AA"}}"#.to_owned(),
        r#"{"kid":"1"}"#.to_owned(),
        r#"{"something":"new"}"#.to_owned(),
    ] {
        assert_eq!(code(verify(H0, &claims_with("cnf", &cnf))), "proof_required", "{cnf}");
        // Written with an escape, the claim is the same.
        assert_eq!(code(verify(H0, &claims_with("\\u0063nf", &cnf))), "proof_required", "{cnf}");
    }
    // One that can't be read isn't one that isn't there.
    for cnf in ["null", "{}", "[]", "\"\"", "5", r#"{"jkt":""}"#, r#"{"jkt":5}"#, r#"{"x5t#S256":null}"#] {
        assert_eq!(code(verify(H0, &claims_with("cnf", cnf))), "claim_malformed", "{cnf}");
    }
    let twice = claims_with("cnf", &format!(r#"{{"jkt":"{jkt}","jkt":"{jkt}"}}"#));
    assert_eq!(code(verify(H0, &twice)), "duplicate_member");
    let twice = claims_with("cnf", &format!(r#"{{"jkt":"{jkt}"}},"cnf":{{"jkt":"{jkt}"}}"#));
    assert_eq!(code(verify(H0, &twice)), "duplicate_member");
    // Another case is another claim.
    assert!(verify(H0, &claims_with("CNF", "{}")).is_ok());
}

#[test]
fn row_125_a_proof_of_another_key_is_none() {
    let octets = [7; 32];
    let bound = |name: &str| claims_with("cnf", &format!(r#"{{"{name}":"{}"}}"#, encode(octets)));
    let verify = |claims: &str, proof: &dyn ProofOfPossession| {
        verifier().verify_with_proof::<NoClaims>(&hs256(H0, claims), proof)
    };
    let right = ClientCertificate::from_thumbprint(octets);
    assert!(verify(&bound("x5t#S256"), &right).is_ok());
    for position in [0, 15, 31] {
        let mut other = octets;
        other[position] ^= 1;
        let other = ClientCertificate::from_thumbprint(other);
        assert_eq!(code(verify(&bound("x5t#S256"), &other)), "proof_failed");
    }
    // The thumbprint of a key isn't one of a certificate, and SHA-1's isn't SHA-256's.
    for name in ["jkt", "x5t", "X5T#S256", "x5t#s256"] {
        assert_eq!(code(verify(&bound(name), &right)), "proof_failed", "{name}");
    }
    assert_eq!(code(verify(&claims(), &right)), "not_bound");
}

/// Scopes are words of one string: whoever could put a space into one would grant what nobody did.
#[test]
fn a_scope_cant_smuggle_another() {
    let key = SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(secret())).unwrap();
    let issuer = AccessTokenIssuer::builder(key).issuer(ISSUER).audience(AUDIENCE).clock(at(NOW));
    let issuer = issuer.lifetime(std::time::Duration::from_secs(60)).build().unwrap();
    for scope in ["read admin", "read\tadmin", "read\u{a0}admin", "read\u{2003}admin", "read\nadmin"] {
        assert_eq!(code(issuer.issue(&Grant::to("u", "c").scopes([scope]))), "misuse", "{scope:?}");
    }
    // Read, no other white space separates.
    for scope in
        ["read\\tadmin", "read\\u00a0admin", "read\\u2003admin", "read\\nadmin", "readadmin", "ADMIN"]
    {
        let token = verify(H0, &claims_with("scope", &format!("\"{scope}\""))).unwrap();
        assert!(!token.has_scope("admin"), "{scope}");
        #[cfg(feature = "gateway")]
        assert!(Requirement::scope("admin").check(&token).is_err(), "{scope}");
    }
    let token = verify(H0, &claims_with("scope", "\"read admin\"")).unwrap();
    assert!(token.has_scope("admin"));
    #[cfg(feature = "gateway")]
    assert!(Requirement::scope("admin").check(&token).is_ok());
}

/// A proof that panics or lies isn't asked where there is nothing to prove.
#[test]
fn a_proof_isnt_asked_about_a_token_that_isnt_authentic() {
    struct Never;
    impl ProofOfPossession for Never {
        fn proves(&self, _: ConfirmationMethod<'_>) -> bool {
            panic!("asked")
        }
    }
    let claims = claims_with("cnf", r#"{"kid":"1"}"#);
    let forged = token(H0, &claims, [0; 32]);
    assert_eq!(code(verifier().verify_with_proof::<NoClaims>(&forged, &Never)), "invalid_signature");
    let expired = claims.replace("4102444800", "1");
    assert_eq!(code(verifier().verify_with_proof::<NoClaims>(&hs256(H0, expired), &Never)), "expired");
}
