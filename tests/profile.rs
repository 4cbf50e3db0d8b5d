//! Access tokens (RFC 9068): what is issued is verified with every claim typed, what isn't exactly an
//! access token is refused, and each provider's preset accepts that provider's tokens and no others.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use countersign::jwe::JweBuilder;
use countersign::jws::JwsBuilder;
use countersign::profile::access_token::{
    AccessTokenVerifierBuilder, ClientCertificate, ConfirmationMethod, Grant, ProofOfPossession, Provider,
};
use countersign::{
    AccessToken, AccessTokenIssuer, AccessTokenVerifier, DecryptionKey, Error, JweAlgorithm, Jwk,
    JwsAlgorithm, JwtVerifier, Limits, NoClaims, NumericDate, SigningKey, UnverifiedToken,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use support::{NOW, base64url, hmac_key, jwk, signed, signing_key, stopped_at};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

fn issuer() -> AccessTokenIssuer {
    let issuer = AccessTokenIssuer::builder(signing_key(JwsAlgorithm::Hs256)).issuer(ISSUER);
    issuer.audience(AUDIENCE).lifetime(Duration::from_secs(300)).clock(stopped_at(NOW)).build().unwrap()
}

fn generic() -> AccessTokenVerifierBuilder {
    let key = signing_key(JwsAlgorithm::Hs256).verifying_key().unwrap();
    AccessTokenVerifier::builder(key).issuer(ISSUER).audience(AUDIENCE).clock(stopped_at(NOW))
}

#[track_caller]
fn code<T>(result: Result<T, Error>) -> (&'static str, String) {
    let error = result.err().unwrap_or_else(|| panic!("accepted"));
    (error.code(), error.claim().unwrap_or_default().to_owned())
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct OrderClaims {
    tenant: u64,
    plan: String,
}

fn certificate() -> ClientCertificate {
    ClientCertificate::from_der(b"DER of a certificate")
}

#[test]
fn everything_that_is_granted_comes_out_typed() {
    let grant = Grant::to("user-17", "client-4")
        .scopes(["orders:read", "orders:write"])
        .roles(["editor"])
        .groups(["staff", "\"quoted\" \\ ümlaut"])
        .entitlements(["refunds"])
        .authenticated_at(now() - Duration::from_secs(60))
        .authentication_class("urn:example:silver")
        .authentication_methods(["pwd", "otp"]);
    let own = OrderClaims { tenant: 4, plan: "large".into() };
    let text = issuer().issue_with(&grant, &own).unwrap();
    assert_eq!(UnverifiedToken::parse(&text).unwrap().token_type(), Some("at+jwt"));

    let token: AccessToken<OrderClaims> = generic().build().unwrap().verify(&text).unwrap();
    let date = |seconds: u64| Some(NumericDate::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)));
    assert_eq!((token.issuer(), token.subject(), token.client_id()), (ISSUER, "user-17", "client-4"));
    assert_eq!(token.audience().collect::<Vec<_>>(), [AUDIENCE]);
    assert_eq!((token.issued_at(), token.expires_at()), (date(NOW), date(NOW + 300)));
    assert_eq!((token.not_before(), token.authenticated_at()), (None, date(NOW - 60)));
    assert_eq!(token.token_id().unwrap().len(), 22, "128 random bits");
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["orders:read", "orders:write"]);
    assert_eq!(token.roles().collect::<Vec<_>>(), ["editor"]);
    assert_eq!(token.groups().collect::<Vec<_>>(), ["staff", "\"quoted\" \\ ümlaut"]);
    assert_eq!(token.entitlements().collect::<Vec<_>>(), ["refunds"]);
    assert_eq!(token.authentication_class(), Some("urn:example:silver"));
    assert_eq!(token.authentication_methods().collect::<Vec<_>>(), ["pwd", "otp"]);
    assert!(token.has_scope("orders:read") && !token.has_scope("orders") && !token.has_scope(""));
    assert!(token.has_role("editor") && !token.has_role("Editor"));
    assert!(token.has_group("staff") && !token.has_group("staf") && token.groups_are_complete());
    assert!(token.has_entitlement("refunds") && !token.has_entitlement("refund"));
    assert!(token.confirmation().is_none());
    assert_eq!((token.algorithm(), token.key_id()), (JwsAlgorithm::Hs256, Some("oct-256")));
    assert_eq!(token.claim(["plan"]).unwrap().as_str().as_deref(), Some("large"));
    assert!(token.claim(["plan", "x"]).is_none() && token.claim(["other"]).is_none());
    assert_eq!(token.without_claims().subject(), "user-17");
    assert_eq!(token.into_claims(), own);
}

#[test]
fn a_grant_of_nothing_writes_no_empty_claims() {
    let text = issuer().issue(&Grant::to_client("client-4")).unwrap();
    let claims: Value = countersign::danger::unverified_claims(&text).unwrap();
    let names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["aud", "client_id", "exp", "iat", "iss", "jti", "sub"]);
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("client-4"), &json!("client-4")));
    let token = generic().build().unwrap().verify::<NoClaims>(&text).unwrap();
    assert_eq!(token.scopes().count() + token.roles().count() + token.groups().count(), 0);
    assert_ne!(text, issuer().issue(&Grant::to_client("client-4")).unwrap(), "each has its own `jti`");
}

#[test]
fn what_cant_be_granted_is_misuse() {
    let issuer = issuer();
    let grant = || Grant::to("user-17", "client-4");
    let refused = |grant: Grant| issuer.issue(&grant).unwrap_err();
    let secret = Jwk::from_secret(support::secret()).unwrap();
    for (error, reason) in [
        (refused(Grant::to("", "c")), "expected a subject and a client ID that aren't empty"),
        (refused(Grant::to("u", "")), "expected a subject and a client ID that aren't empty"),
        (
            refused(grant().bound_to_key(&secret)),
            "expected a key pair to bind a token to, found a shared secret",
        ),
        (
            refused(grant().roles([""])),
            "expected roles, groups, entitlements, `acr` and `amr` that aren't empty",
        ),
        (
            refused(grant().authentication_class("")),
            "expected roles, groups, entitlements, `acr` and `amr` that aren't empty",
        ),
        (
            issuer.issue_with(&grant(), &5).unwrap_err(),
            "expected claims that serialize to a JSON object of distinct names, found something else",
        ),
        (
            issuer.issue_with(&grant(), &json!({ "jti": "mine" })).unwrap_err(),
            "expected no claim `jti`, which the issuer writes, found one",
        ),
    ] {
        assert_eq!(error.to_string(), format!("misuse: {reason}"));
    }
    // A space would make two scopes of it, and each of these would end up in a header field.
    for scope in ["", "a b", " a", "a\"b", "a\\b", "a\nb", "a\tb", "é", "a\u{7f}"] {
        let error = refused(grant().scopes(["fine", scope]));
        assert_eq!(
            error.to_string(),
            "misuse: expected scopes of one word each, without quotes and backslashes (RFC 6749 §3.3)",
            "{scope:?}"
        );
    }
    assert!(issuer.issue(&grant().scopes(["!#[]~", "https://a.example/b?c=d"])).is_ok());
    for name in ["client_id", "scope", "roles", "groups", "entitlements", "auth_time", "acr", "amr", "cnf"] {
        let error = issuer.issue_with(&grant(), &json!({ name: "x" })).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("misuse: expected no claim `{name}`, which the grant says, found one")
        );
    }
    assert!(issuer.issue_with(&grant(), &json!({ "nbf": NOW, "tenant": 4 })).is_ok());
}

#[test]
fn issuer_audience_and_lifetime_cant_be_left_out() {
    let builder = || AccessTokenIssuer::builder(signing_key(JwsAlgorithm::Hs256));
    let hour = Duration::from_secs(3600);
    for (incomplete, what) in [
        (builder().audience("b").lifetime(hour), "issuer"),
        (builder().issuer("a").lifetime(hour), "audience"),
        (builder().issuer("a").audience("b"), "lifetime"),
    ] {
        assert_eq!(
            incomplete.build().unwrap_err().to_string(),
            "misuse: expected `issuer`, `audience` and `lifetime`, which each access token has (RFC 9068 §2.2)",
            "{what}"
        );
    }
    assert_eq!(builder().issuer("").audience("b").lifetime(hour).build().unwrap_err().code(), "misuse");
    assert!(builder().issuer("a").audience("b").lifetime(hour).build().is_ok());
    let verifier = || AccessTokenVerifier::builder(hmac_key());
    for (incomplete, reason) in [
        (verifier().audience("b"), "expected `issuer`, whose access tokens are accepted"),
        (verifier().issuer("a"), "expected `audience`, the name of this API to its issuer"),
        (
            AccessTokenVerifier::for_issuers([("a", hmac_key())]),
            "expected `audience`, the name of this API to its issuer",
        ),
        (
            AccessTokenVerifier::for_issuers([("a", hmac_key())]).audience("b").issuer("a"),
            "expected no `issuer` beside a provider or keys that come with theirs",
        ),
        (
            AccessTokenVerifier::for_provider(Provider::auth0("a"), hmac_key()).audience("b").issuer("a"),
            "expected no `issuer` beside a provider or keys that come with theirs",
        ),
        (
            AccessTokenVerifier::for_provider(Provider::auth0("a"), hmac_key()),
            "expected `audience`, the name of this API to its issuer",
        ),
        (verifier().issuer("a").audience(""), "expected an audience that isn't empty"),
    ] {
        assert_eq!(incomplete.build().unwrap_err().to_string(), format!("misuse: {reason}"));
    }
}

#[test]
fn nested_access_tokens_are_opened_and_only_those() {
    let recipient = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap();
    let encrypting = AccessTokenIssuer::builder(signing_key(JwsAlgorithm::Hs256))
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .lifetime(Duration::from_secs(300))
        .encrypt_for(recipient.encryption_key().unwrap())
        .clock(stopped_at(NOW))
        .build()
        .unwrap();
    let grant = Grant::to("user-17", "client-4").scopes(["orders:read"]);
    let nested = encrypting.issue(&grant).unwrap();
    assert_eq!(nested.split('.').count(), 5);
    let opening = generic().decrypt_with(recipient.clone_key()).build().unwrap();
    let token = opening.verify::<NoClaims>(&nested).unwrap();
    assert!(token.has_scope("orders:read"));
    assert_eq!(code(generic().build().unwrap().verify::<NoClaims>(&nested)).0, "encrypted");
    let plain = issuer().issue(&grant).unwrap();
    assert_eq!(code(opening.verify::<NoClaims>(&plain)).0, "not_encrypted");
    // The type of the signed token counts, whatever the outer one says.
    let inner = signed(br#"{"alg":"HS256","typ":"JWT"}"#, "{}");
    let key = recipient.encryption_key().unwrap();
    let outer = JweBuilder::new(&key).token_type("at+jwt").content_type("JWT").encrypt(inner.as_bytes());
    assert_eq!(code(opening.verify::<NoClaims>(&outer.unwrap())).0, "type_not_allowed");
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_access_tokens_are_accepted_where_that_is_asked_for() {
    let recipient = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap();
    let key = recipient.encryption_key().unwrap();
    let inner = issuer().issue(&Grant::to("user-17", "client-4")).unwrap();
    let outer = JweBuilder::new(&key).content_type("JWT").compress().encrypt(inner.as_bytes()).unwrap();
    let builder = || generic().decrypt_with(recipient.clone_key());
    assert_eq!(code(builder().build().unwrap().verify::<NoClaims>(&outer)).0, "unsupported_compression");
    assert!(builder().allow_compression().build().unwrap().verify::<NoClaims>(&outer).is_ok());
    assert!(generic().allow_compression().build().is_err());
}

#[test]
fn settings_of_the_verifier_beneath_hold() {
    let text = issuer().issue_with(&Grant::to("u", "c"), &json!({ "tenant": 4 })).unwrap();
    let verify = |builder: AccessTokenVerifierBuilder| builder.build().unwrap().verify::<NoClaims>(&text);
    let later = |seconds| stopped_at(NOW + seconds);
    assert!(verify(generic()).is_ok());
    assert_eq!(code(verify(generic().clock(later(300)))).0, "expired");
    assert!(verify(generic().clock(later(300)).leeway(Duration::from_secs(1))).is_ok());
    assert_eq!(code(verify(generic().clock(later(61)).max_age(Duration::from_secs(60)))).0, "too_old");
    assert_eq!(
        code(verify(generic().clock(stopped_at(NOW - 1)).refuse_future_issued_at())).0,
        "issued_in_future"
    );
    assert_eq!(code(verify(generic().required_claims(["plan"]))), ("claim_missing", "plan".into()));
    let tenant = |wanted: u64| {
        generic().rule("tenant", move |claims| {
            claims.find_path(&["tenant"]).and_then(|tenant| tenant.as_u64()) == Some(wanted)
        })
    };
    assert!(verify(tenant(4)).is_ok());
    assert_eq!(code(verify(tenant(5))), ("claim_refused", "tenant".into()));
    assert!(verify(generic().sole_audience()).is_ok());
    assert_eq!(code(verify(generic().limits(Limits::default().token_bytes(64)))).0, "limit_token_bytes");
    assert!(verify(generic().algorithms([JwsAlgorithm::Hs256])).is_ok());
    assert!(generic().algorithms([JwsAlgorithm::Es256]).build().is_err());
    let several = AccessTokenVerifier::for_issuers([("other", hmac_key()), (ISSUER, hmac_key())]);
    let several = several.audience(AUDIENCE).clock(stopped_at(NOW)).build().unwrap();
    assert!(several.verify::<NoClaims>(&access_token(&claims())).is_ok());
    let mut foreign = claims();
    foreign["iss"] = json!("third");
    assert_eq!(code(several.verify::<NoClaims>(&access_token(&foreign))), ("claim_unexpected", "iss".into()));
}

/// The claims of an access token of RFC 9068.
fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-17", "client_id": "client-4", "jti": "1",
        "iat": NOW, "exp": NOW + 300,
    })
}

fn access_token(claims: &Value) -> String {
    signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, claims.to_string())
}

/// A verifier of tokens made by hand.
fn by_hand() -> AccessTokenVerifier {
    let verifier = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(AUDIENCE);
    verifier.clock(stopped_at(NOW)).build().unwrap()
}

#[test]
fn each_required_claim_is_required() {
    assert!(by_hand().verify::<NoClaims>(&access_token(&claims())).is_ok());
    for name in ["iss", "aud", "sub", "client_id", "jti", "iat", "exp"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(
            code(by_hand().verify::<NoClaims>(&access_token(&claims))),
            ("claim_missing", name.into())
        );
    }
    for name in ["sub", "client_id", "jti"] {
        let mut claims = claims();
        claims[name] = json!("");
        assert_eq!(
            code(by_hand().verify::<NoClaims>(&access_token(&claims))),
            ("claim_malformed", name.into())
        );
    }
}

#[test]
fn each_typed_claim_is_absent_valid_or_an_error() {
    let malformed = [
        ("client_id", json!(["client-4"])),
        ("scope", json!(["orders:read"])),
        ("scope", json!(5)),
        ("scope", json!(null)),
        ("roles", json!("admin")),
        ("roles", json!(["admin", 5])),
        ("roles", json!([["admin"]])),
        ("roles", json!([{ "display": "admin" }])),
        ("roles", json!([{ "value": 5 }])),
        ("roles", json!({ "value": "admin" })),
        ("groups", json!(null)),
        ("groups", json!("staff")),
        ("entitlements", json!(true)),
        ("auth_time", json!("1300819380")),
        ("auth_time", json!(1e300)),
        ("acr", json!(2)),
        ("acr", json!("")),
        ("amr", json!("pwd")),
        ("amr", json!([{ "value": "pwd" }])),
        ("cnf", json!(null)),
        ("cnf", json!("jkt")),
        ("cnf", json!({})),
        ("cnf", json!({ "jkt": null })),
        ("cnf", json!({ "jkt": base64url([7; 31]) })),
        ("cnf", json!({ "jkt": base64url([7; 33]) })),
        ("cnf", json!({ "jkt": format!("{}=", base64url([7; 32])) })),
        ("cnf", json!({ "x5t#S256": "" })),
        ("cnf", json!({ "x5t#S256": [base64url([7; 32])] })),
        ("cnf", json!({ "jkt": base64url([7; 32]), "x5t#S256": "short" })),
    ];
    for (name, value) in malformed {
        let mut claims = claims();
        claims[name] = value.clone();
        // The proof of anything at all doesn't help.
        for result in [
            by_hand().verify::<NoClaims>(&access_token(&claims)),
            by_hand().verify_with_proof(&access_token(&claims), &Anything),
        ] {
            assert_eq!(code(result), ("claim_malformed", name.into()), "{value}");
        }
        // An expired token that is wrong besides isn't told to be refreshed.
        claims["exp"] = json!(1);
        let error = by_hand().verify::<NoClaims>(&access_token(&claims)).unwrap_err();
        assert!(!error.is_expired(), "{error}");
    }
    let mut valid = claims();
    valid["scope"] = json!("  b a  a\u{a0}c ");
    valid["roles"] = json!(["x", { "value": "y", "primary": true }, "x\u{0}"]);
    valid["amr"] = json!([]);
    valid["auth_time"] = json!(1300819379.5);
    let token = by_hand().verify::<NoClaims>(&access_token(&valid)).unwrap();
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["b", "a", "a\u{a0}c"]);
    assert_eq!(token.roles().collect::<Vec<_>>(), ["x", "y", "x\u{0}"]);
    assert_eq!(token.authenticated_at().unwrap().nanoseconds(), 500_000_000);
    // Escapes in the text are read before names are compared.
    let escaped = claims().to_string().replace("}", r#","scope":"orders\u003aread \u0061dmin"}"#);
    let escaped = signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, escaped);
    let token = by_hand().verify::<NoClaims>(&escaped).unwrap();
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["orders:read", "admin"]);
}

/// Claims to hold every key there is.
struct Anything;

impl ProofOfPossession for Anything {
    fn proves(&self, _: ConfirmationMethod<'_>) -> bool {
        true
    }
}

/// A proof of the key with that thumbprint.
struct Key([u8; 32]);

impl ProofOfPossession for Key {
    fn proves(&self, method: ConfirmationMethod<'_>) -> bool {
        matches!(method, ConfirmationMethod::JwkThumbprint(bound_to) if *bound_to == self.0)
    }
}

#[test]
fn a_token_bound_to_a_certificate_passes_with_it() {
    let grant = Grant::to("user-17", "client-4").bound_to_certificate(&certificate());
    let text = issuer().issue(&grant).unwrap();
    let verifier = generic().build().unwrap();
    let token = verifier.verify_with_proof::<NoClaims>(&text, &certificate()).unwrap();
    let confirmation = token.confirmation().unwrap();
    assert_eq!(confirmation.certificate_thumbprint(), Some(&*certificate().thumbprint()));
    assert_eq!((confirmation.jwk_thumbprint(), confirmation.methods().count()), (None, 1));
    // sha256sum of the certificate's text above.
    assert_eq!(certificate().thumbprint(), base64url(sha256(b"DER of a certificate")));

    assert_eq!(code(verifier.verify::<NoClaims>(&text)).0, "proof_required");
    let other = ClientCertificate::from_der(b"DER of another");
    assert_eq!(code(verifier.verify_with_proof::<NoClaims>(&text, &other)).0, "proof_failed");
    assert_eq!(
        code(verifier.verify_with_proof::<NoClaims>(&text, &Key(sha256(b"DER of a certificate")))).0,
        "proof_failed"
    );
    let passed_on = ClientCertificate::from_thumbprint(sha256(b"DER of a certificate"));
    assert!(verifier.verify_with_proof::<NoClaims>(&text, &passed_on).is_ok());
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

#[test]
fn a_token_bound_to_a_key_passes_with_a_proof_of_the_callers() {
    let key = jwk("P-256");
    let thumbprint: [u8; 32] = support::from_base64url(&key.thumbprint()).try_into().unwrap();
    let text = issuer().issue(&Grant::to("u", "c").bound_to_key(&key)).unwrap();
    let verifier = generic().build().unwrap();
    let token = verifier.verify_with_proof::<NoClaims>(&text, &Key(thumbprint)).unwrap();
    assert_eq!(token.confirmation().unwrap().jwk_thumbprint(), Some(&*key.thumbprint()));
    assert_eq!(code(verifier.verify_with_proof::<NoClaims>(&text, &Key([0; 32]))).0, "proof_failed");
    // A certificate of the same octets is no proof of the key.
    let certificate = ClientCertificate::from_thumbprint(thumbprint);
    assert_eq!(code(verifier.verify_with_proof::<NoClaims>(&text, &certificate)).0, "proof_failed");
    assert_eq!(code(verifier.verify::<NoClaims>(&text)).0, "proof_required");
}

#[test]
fn a_token_bound_to_two_keys_needs_both() {
    let key = jwk("P-256");
    let thumbprint: [u8; 32] = support::from_base64url(&key.thumbprint()).try_into().unwrap();
    let grant = Grant::to("u", "c").bound_to_key(&key).bound_to_certificate(&certificate());
    let text = issuer().issue(&grant).unwrap();
    let verifier = generic().build().unwrap();
    for (proof, accepted) in [
        (&Key(thumbprint) as &dyn ProofOfPossession, false),
        (&certificate(), false),
        (&(Key(thumbprint), certificate()), true),
        (&(certificate(), Key(thumbprint)), true),
        (&(Key([0; 32]), certificate()), false),
        (&(Key(thumbprint), Key(thumbprint)), false),
    ] {
        assert_eq!(verifier.verify_with_proof::<NoClaims>(&text, proof).is_ok(), accepted);
    }
}

/// A way to be bound that this library doesn't know is one all the same.
#[test]
fn an_unknown_confirmation_needs_a_proof_that_knows_it() {
    struct ByKeyId;
    impl ProofOfPossession for ByKeyId {
        fn proves(&self, method: ConfirmationMethod<'_>) -> bool {
            match method {
                ConfirmationMethod::Other { name: "kid", value, .. } => {
                    value.as_str().as_deref() == Some("7")
                }
                _ => false,
            }
        }
    }
    let mut claims = claims();
    claims["cnf"] = json!({ "kid": "7" });
    let text = access_token(&claims);
    let token = by_hand().verify_with_proof::<NoClaims>(&text, &ByKeyId).unwrap();
    let confirmation = token.confirmation().unwrap();
    assert_eq!((confirmation.jwk_thumbprint(), confirmation.certificate_thumbprint()), (None, None));
    assert_eq!(code(by_hand().verify::<NoClaims>(&text)).0, "proof_required");
    assert_eq!(code(by_hand().verify_with_proof::<NoClaims>(&text, &certificate())).0, "proof_failed");
    claims["cnf"] = json!({ "kid": "8" });
    assert_eq!(
        code(by_hand().verify_with_proof::<NoClaims>(&access_token(&claims), &ByKeyId)).0,
        "proof_failed"
    );
    claims["cnf"] = json!({ "kid": "7", "x5t#S256": base64url([7; 32]) });
    assert_eq!(
        code(by_hand().verify_with_proof::<NoClaims>(&access_token(&claims), &ByKeyId)).0,
        "proof_failed"
    );
}

#[test]
fn an_unbound_token_with_a_proof_is_the_applications_choice() {
    let text = issuer().issue(&Grant::to("u", "c")).unwrap();
    let verifier = generic().build().unwrap();
    assert_eq!(code(verifier.verify_with_proof::<NoClaims>(&text, &certificate())).0, "not_bound");
    let lenient = generic().proof_if_bound().build().unwrap();
    assert!(lenient.verify_with_proof::<NoClaims>(&text, &certificate()).is_ok());
    // What is bound still needs the proof.
    let bound = issuer().issue(&Grant::to("u", "c").bound_to_certificate(&certificate())).unwrap();
    assert_eq!(code(lenient.verify_with_proof::<NoClaims>(&bound, &Key([0; 32]))).0, "proof_failed");
    assert_eq!(code(lenient.verify::<NoClaims>(&bound)).0, "proof_required");
}

/// Nothing of the claims reaches the caller's type before the proof holds.
#[test]
fn the_callers_type_comes_last() {
    let text = issuer().issue(&Grant::to("u", "c").bound_to_certificate(&certificate())).unwrap();
    let verifier = generic().build().unwrap();
    assert_eq!(code(verifier.verify::<OrderClaims>(&text)).0, "proof_required");
    assert_eq!(code(verifier.verify_with_proof::<OrderClaims>(&text, &certificate())).0, "claims_type");
}

#[test]
fn tokens_show_nothing_of_their_claims() {
    let grant = Grant::to("SECRET", "SECRET").scopes(["SECRET"]).bound_to_certificate(&certificate());
    assert!(!format!("{:?}", Grant::to("SECRET", "c").roles(["SECRET"])).contains("SECRET"));
    let token = generic().build().unwrap();
    let token =
        token.verify_with_proof::<NoClaims>(&issuer().issue(&grant).unwrap(), &certificate()).unwrap();
    assert_eq!(
        format!("{token:?}"),
        "AccessToken { algorithm: Hs256, key_id: Some(\"oct-256\"), bound: Some([\"x5t#S256\"]), .. }"
    );
}

/// The outcome of a future that has nothing to wait for.
fn ready<F: Future + Send>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn tokens_are_issued_and_verified_asynchronously_too() {
    let recipient = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap();
    let grant = Grant::to("user-17", "client-4").bound_to_certificate(&certificate());
    let own = OrderClaims { tenant: 4, plan: "large".into() };
    // The future keeps neither the grant nor the claims.
    let issuer = issuer();
    let issued = {
        let (grant, own) = (grant.clone(), json!({ "tenant": 4, "plan": "large" }));
        issuer.issue_async(&grant, &own)
    };
    let text = ready(issued).unwrap();
    let verifier = generic().build().unwrap();
    let verified = ready(verifier.verify_with_proof_async::<OrderClaims>(&text, &certificate())).unwrap();
    assert_eq!((verified.subject(), verified.claims()), ("user-17", &own));
    assert_eq!(code(ready(verifier.verify_async::<NoClaims>(&text))).0, "proof_required");
    let other = ClientCertificate::from_der(b"another");
    assert_eq!(code(ready(verifier.verify_with_proof_async::<NoClaims>(&text, &other))).0, "proof_failed");
    let unbound = ready(issuer.issue_async(&Grant::to("u", "c"), &NoClaims)).unwrap();
    assert!(ready(verifier.verify_async::<NoClaims>(&unbound)).is_ok());
    let refused = ready(issuer.issue_async(&Grant::to("u", "c").scopes(["a b"]), &NoClaims));
    assert_eq!(refused.unwrap_err().code(), "misuse");

    let encrypting = AccessTokenIssuer::builder(signing_key(JwsAlgorithm::Hs256)).issuer(ISSUER);
    let encrypting = encrypting.audience(AUDIENCE).lifetime(Duration::from_secs(300)).clock(stopped_at(NOW));
    let encrypting = encrypting.encrypt_for(recipient.encryption_key().unwrap()).build().unwrap();
    let nested = ready(encrypting.issue_async(&Grant::to("u", "c"), &NoClaims)).unwrap();
    let opening = generic().decrypt_with(recipient).build().unwrap();
    assert!(ready(opening.verify_async::<NoClaims>(&nested)).is_ok());
    assert_eq!(code(ready(opening.verify_async::<NoClaims>(&unbound))).0, "not_encrypted");
}

proptest! {
    /// Whatever is granted comes back as it was, and nothing besides.
    #[test]
    fn any_grant_survives_the_way(
        subject in ".+", client in ".+",
        scopes in prop::collection::vec("[!#-\\[\\]-~]{1,12}", 0..5),
        roles in prop::collection::vec(".{1,9}", 0..5),
        groups in prop::collection::vec("(?s).{1,9}", 0..5),
        entitlements in prop::collection::vec(any::<String>().prop_filter("empty", |text| !text.is_empty()), 0..3),
        amr in prop::collection::vec(".{1,9}", 0..3),
        acr in prop::option::of(".{1,9}"),
        at in prop::option::of(0..10_000_000_000_u64),
        own in prop::collection::btree_map("x.{0,5}", any::<i64>(), 0..5),
    ) {
        let mut grant = Grant::to(&subject, &client).scopes(&scopes).roles(&roles).groups(&groups);
        grant = grant.entitlements(&entitlements).authentication_methods(&amr);
        let time = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        grant = acr.iter().fold(grant, |grant, acr| grant.authentication_class(acr));
        grant = at.iter().fold(grant, |grant, at| grant.authenticated_at(time(*at)));
        let text = issuer().issue_with(&grant, &own).unwrap();
        let verifier = generic().limits(Limits::default().token_bytes(1 << 20)).build().unwrap();
        let token = verifier.verify::<BTreeMap<String, Value>>(&text).unwrap();
        prop_assert_eq!((token.subject(), token.client_id()), (&*subject, &*client));
        prop_assert!(token.scopes().eq(&scopes));
        prop_assert!(token.roles().eq(&roles));
        prop_assert!(token.groups().eq(&groups));
        prop_assert!(token.entitlements().eq(&entitlements));
        prop_assert!(token.authentication_methods().eq(&amr));
        prop_assert_eq!(token.authentication_class(), acr.as_deref());
        prop_assert_eq!(token.authenticated_at(), at.map(|at| NumericDate::from(time(at))));
        for (name, number) in &own {
            prop_assert_eq!(token.claims()[name].as_i64(), Some(*number));
            prop_assert_eq!(token.claim([name]).unwrap().as_i64(), Some(*number));
        }
    }
}

// ---- providers

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const OTHER_TENANT: &str = "fa15d692-e9c7-4460-a743-29f2956fd429";

/// A provider's access token as its documentation shows one, its ID token, and how each is told.
struct Sample {
    name: &'static str,
    provider: fn() -> Provider,
    audience: Option<&'static str>,
    header: &'static str,
    claims: Value,
    /// Claims that must be there beside `iss`, `sub`, `exp`, `iat` and the audience.
    required: &'static [&'static str],
    id_token: Value,
    /// The code and the claim that the ID token is refused for.
    refused: (&'static str, &'static str),
    client: &'static str,
    token_id: Option<&'static str>,
    scopes: &'static [&'static str],
    roles: &'static [&'static str],
    groups: &'static [&'static str],
    entitlements: &'static [&'static str],
}

const TYPED: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const UNTYPED: &str = r#"{"alg":"HS256"}"#;

fn samples() -> Vec<Sample> {
    let (iat, exp) = (NOW, NOW + 3600);
    vec![
        Sample {
            name: "Auth0, its own profile",
            provider: || Provider::auth0("my-domain.auth0.com"),
            audience: Some("https://example.com/health-api"),
            header: TYPED,
            claims: json!({
                "iss": "https://my-domain.auth0.com/", "sub": "auth0|123456", "iat": iat, "exp": exp,
                "aud": ["https://example.com/health-api", "https://my-domain.auth0.com/userinfo"],
                "azp": "my_client_id", "scope": "openid profile read:patients", "permissions": ["read:patients"],
            }),
            required: &["azp"],
            id_token: json!({
                "iss": "https://my-domain.auth0.com/", "sub": "auth0|123456", "iat": iat, "exp": exp,
                "aud": "my_client_id", "nonce": "n", "name": "Ada",
            }),
            refused: ("claim_unexpected", "aud"),
            client: "my_client_id",
            token_id: None,
            scopes: &["openid", "profile", "read:patients"],
            roles: &[],
            groups: &[],
            entitlements: &["read:patients"],
        },
        Sample {
            name: "Auth0, RFC 9068",
            provider: || Provider::auth0("my-domain.auth0.com"),
            audience: Some("https://example.com/health-api"),
            header: r#"{"alg":"HS256","typ":"at+jwt"}"#,
            claims: json!({
                "iss": "https://my-domain.auth0.com/", "sub": "auth0|123456", "iat": iat, "exp": exp,
                "aud": "https://example.com/health-api", "client_id": "my_client_id",
                "jti": "73WakrfVbNJBaAmhQtEeDv", "scope": "read:patients",
            }),
            required: &["client_id"],
            id_token: json!({
                "iss": "https://my-domain.auth0.com/", "sub": "auth0|123456", "iat": iat, "exp": exp,
                "aud": "https://example.com/health-api", "at_hash": "x", "azp": "c",
            }),
            refused: ("claim_unwanted", "at_hash"),
            client: "my_client_id",
            token_id: Some("73WakrfVbNJBaAmhQtEeDv"),
            scopes: &["read:patients"],
            roles: &[],
            groups: &[],
            entitlements: &[],
        },
        Sample {
            name: "Entra ID v2.0",
            provider: || Provider::entra_id([TENANT, OTHER_TENANT]),
            audience: Some("6e74172b-be56-4843-9ff4-e66a39bb12e3"),
            header: TYPED,
            claims: json!({
                "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "iat": iat, "nbf": iat, "exp": exp,
                "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "azp": "6e74172b-be56-4843-9ff4-e66a39bb12e3",
                "azpacr": "0", "oid": "690222be", "scp": "access_as_user other", "sub": "HKZ", "tid": TENANT,
                "uti": "fqiBqXLPj0eQa82S-IYFAA", "ver": "2.0", "roles": ["Orders.Edit"], "groups": ["g1", "g2"],
            }),
            required: &["azp", "tid", "uti", "ver"],
            id_token: json!({
                "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "iat": iat, "nbf": iat, "exp": exp,
                "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "oid": "690222be", "sub": "HKZ", "tid": TENANT,
                "uti": "x", "ver": "2.0", "roles": ["Orders.Edit"],
            }),
            refused: ("claim_missing", "azp"),
            client: "6e74172b-be56-4843-9ff4-e66a39bb12e3",
            token_id: Some("fqiBqXLPj0eQa82S-IYFAA"),
            scopes: &["access_as_user", "other"],
            roles: &["Orders.Edit"],
            groups: &["g1", "g2"],
            entitlements: &[],
        },
        Sample {
            name: "Entra ID v1.0, of an application",
            provider: || Provider::entra_id_v1([TENANT]),
            audience: Some("api://orders"),
            header: TYPED,
            claims: json!({
                "iss": format!("https://sts.windows.net/{TENANT}/"), "iat": iat, "nbf": iat, "exp": exp,
                "aud": "api://orders", "appid": "75dbe77f", "appidacr": "1", "sub": "l3_ro", "tid": TENANT,
                "uti": "FVsGxYXI30-TuikuuUoFAA", "ver": "1.0", "roles": ["Orders.Read.All"],
            }),
            required: &["appid", "tid", "uti", "ver"],
            id_token: json!({
                "iss": format!("https://sts.windows.net/{TENANT}/"), "iat": iat, "nbf": iat, "exp": exp,
                "aud": "api://orders", "appid": "75dbe77f", "sub": "l3_ro", "tid": TENANT, "uti": "x", "ver": "1.0",
                "roles": ["Orders.Read.All"], "nonce": "n",
            }),
            refused: ("claim_unwanted", "nonce"),
            client: "75dbe77f",
            token_id: Some("FVsGxYXI30-TuikuuUoFAA"),
            scopes: &[],
            roles: &["Orders.Read.All"],
            groups: &[],
            entitlements: &[],
        },
        Sample {
            name: "Okta",
            provider: || Provider::okta("https://example.okta.com/oauth2/default"),
            audience: Some("api://default"),
            header: UNTYPED,
            claims: json!({
                "ver": 1, "jti": "AT.0mP4", "iss": "https://example.okta.com/oauth2/default", "aud": "api://default",
                "iat": iat, "exp": exp, "cid": "0oabv6kx4qq6h1U5l0h7", "uid": "00u1", "scp": ["openid", "orders:read"],
                "sub": "ada@example.com", "groups": ["Everyone"], "auth_time": iat,
            }),
            required: &["cid", "scp", "jti"],
            id_token: json!({
                "ver": 1, "jti": "ID.radC", "iss": "https://example.okta.com/oauth2/default", "aud": "api://default",
                "iat": iat, "exp": exp, "sub": "00u1", "amr": ["pwd"], "idp": "00o1", "auth_time": iat,
            }),
            refused: ("claim_missing", "cid"),
            client: "0oabv6kx4qq6h1U5l0h7",
            token_id: Some("AT.0mP4"),
            scopes: &["openid", "orders:read"],
            roles: &[],
            groups: &["Everyone"],
            entitlements: &[],
        },
        Sample {
            name: "Keycloak, roles of the realm",
            provider: || Provider::keycloak("https://id.example.com/realms/shop"),
            audience: Some("orders"),
            header: TYPED,
            claims: keycloak("Bearer"),
            required: &["typ", "jti", "azp"],
            id_token: keycloak("ID"),
            refused: ("claim_unexpected", "typ"),
            client: "shop-web",
            token_id: Some("trtcc:312ee6"),
            scopes: &["email", "profile"],
            roles: &["offline_access", "customer"],
            groups: &["/staff"],
            entitlements: &[],
        },
        Sample {
            name: "Keycloak, roles of a client",
            provider: || Provider::keycloak_client("https://id.example.com/realms/shop", "orders"),
            audience: Some("orders"),
            header: r#"{"alg":"HS256","typ":"at+jwt"}"#,
            claims: keycloak("Bearer"),
            required: &["typ", "jti", "azp"],
            id_token: keycloak("Refresh"),
            refused: ("claim_unexpected", "typ"),
            client: "shop-web",
            token_id: Some("trtcc:312ee6"),
            scopes: &["email", "profile"],
            roles: &["editor"],
            groups: &["/staff"],
            entitlements: &[],
        },
        Sample {
            name: "Amazon Cognito",
            provider: || Provider::cognito(POOL, ["1example23456789", "another"]),
            audience: None,
            header: UNTYPED,
            claims: json!({
                "sub": "aaaaaaaa-bbbb", "cognito:groups": ["admin"], "iss": POOL, "client_id": "1example23456789",
                "origin_jti": "o", "event_id": "e", "token_use": "access", "scope": "phone openid orders/read",
                "auth_time": iat, "exp": exp, "iat": iat, "jti": "j", "username": "ada", "version": 2,
            }),
            required: &["client_id", "token_use", "jti"],
            id_token: json!({
                "sub": "aaaaaaaa-bbbb", "cognito:groups": ["admin"], "iss": POOL, "client_id": "1example23456789",
                "token_use": "id", "auth_time": iat, "exp": exp, "iat": iat, "jti": "j",
            }),
            refused: ("claim_unexpected", "token_use"),
            client: "1example23456789",
            token_id: Some("j"),
            scopes: &["phone", "openid", "orders/read"],
            roles: &[],
            groups: &["admin"],
            entitlements: &[],
        },
        Sample {
            name: "Google",
            provider: || Provider::google_workspace_id_tokens("example.com"),
            audience: Some("1234987819200.apps.googleusercontent.com"),
            header: TYPED,
            claims: json!({
                "iss": "https://accounts.google.com", "azp": "1234987819200.apps.googleusercontent.com",
                "aud": "1234987819200.apps.googleusercontent.com", "sub": "10769150350006150715113082367",
                "at_hash": "HK6E", "hd": "example.com", "email": "jsmith@example.com", "email_verified": true,
                "iat": iat, "exp": exp, "nonce": "0394852",
            }),
            required: &["hd"],
            // A security event, from the same issuer for the same audience.
            id_token: json!({
                "iss": "https://accounts.google.com", "aud": "1234987819200.apps.googleusercontent.com",
                "sub": "s", "hd": "example.com", "iat": iat, "exp": exp,
                "events": { "https://schemas.openid.net/secevent/risc/event-type/account-disabled": {} },
            }),
            refused: ("claim_unwanted", "events"),
            client: "1234987819200.apps.googleusercontent.com",
            token_id: None,
            scopes: &[],
            roles: &[],
            groups: &[],
            entitlements: &[],
        },
    ]
}

const POOL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a1b2c3d4e";

fn keycloak(typ: &str) -> Value {
    json!({
        "iss": "https://id.example.com/realms/shop", "aud": ["orders", "account"], "sub": "f1c4", "typ": typ,
        "azp": "shop-web", "jti": "trtcc:312ee6", "iat": NOW, "exp": NOW + 60, "acr": "1", "nonce": "n",
        "realm_access": { "roles": ["offline_access", "customer"] },
        "resource_access": { "orders": { "roles": ["editor"] }, "account": { "roles": ["manage-account"] } },
        "scope": "email profile", "groups": ["/staff"], "allowed-origins": [],
    })
}

impl Sample {
    fn builder(&self) -> AccessTokenVerifierBuilder {
        let builder = AccessTokenVerifier::for_provider((self.provider)(), hmac_key()).clock(stopped_at(NOW));
        self.audience.into_iter().fold(builder, AccessTokenVerifierBuilder::audience)
    }

    fn verify(&self, header: &str, claims: &Value) -> Result<AccessToken<NoClaims>, Error> {
        self.builder().build().unwrap().verify(&signed(header, claims.to_string()))
    }

    fn verify_with(&self, name: &str, value: Value) -> Result<AccessToken<NoClaims>, Error> {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.verify(self.header, &claims)
    }
}

#[test]
fn each_provider_has_its_tokens_accepted_and_read() {
    for sample in samples() {
        let name = sample.name;
        let token =
            sample.verify(sample.header, &sample.claims).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(token.client_id(), sample.client, "{name}");
        assert_eq!(token.token_id(), sample.token_id, "{name}");
        assert_eq!(token.scopes().collect::<Vec<_>>(), sample.scopes, "{name}");
        assert_eq!(token.roles().collect::<Vec<_>>(), sample.roles, "{name}");
        assert_eq!(token.groups().collect::<Vec<_>>(), sample.groups, "{name}");
        assert_eq!(token.entitlements().collect::<Vec<_>>(), sample.entitlements, "{name}");
    }
}

#[test]
fn each_provider_has_its_other_tokens_refused() {
    for sample in samples() {
        let (name, (refused, claim)) = (sample.name, sample.refused);
        let result = sample.verify(sample.header, &sample.id_token);
        assert_eq!(code(result), (refused, claim.to_owned()), "{name}");
        // Not even as expired: a fresh one of the kind would be refused too.
        let mut expired = sample.id_token.clone();
        expired["exp"] = json!(NOW - 1);
        let error = sample.verify(sample.header, &expired).unwrap_err();
        assert!(!error.is_expired(), "{name}: {error}");
        for typ in [
            "logout+jwt",
            "dpop+jwt",
            "secevent+jwt",
            "token-introspection+jwt",
            "application/okta-internal-at+jwt",
        ] {
            let header = format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#);
            assert_eq!(code(sample.verify(&header, &sample.claims)).0, "type_not_allowed", "{name}, {typ}");
        }
        let events = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        assert_eq!(code(sample.verify_with("events", events)), ("claim_unwanted", "events".into()), "{name}");
        let inner = json!({ "active": true });
        let refusal = code(sample.verify_with("token_introspection", inner));
        assert_eq!(refusal, ("claim_unwanted", "token_introspection".into()), "{name}");
    }
}

/// What the generic verifier with issuer and audience refuses, each preset refuses.
#[test]
fn no_preset_is_weaker_than_the_generic_verifier() {
    for sample in samples() {
        let name = sample.name;
        let without = |claim: &str| {
            let mut claims = sample.claims.clone();
            claims.as_object_mut().unwrap().remove(claim);
            code(sample.verify(sample.header, &claims))
        };
        for claim in ["iss", "sub", "iat", "exp"].iter().chain(sample.required) {
            let expected =
                if (name, *claim) == ("Auth0, its own profile", "azp") { "client_id" } else { claim };
            assert_eq!(without(claim), ("claim_missing", expected.to_owned()), "{name}");
        }
        let iss = sample.claims["iss"].as_str().unwrap();
        for other in
            [format!("{iss}/"), format!("{iss}x"), iss.to_uppercase(), String::from("https://evil.example")]
        {
            assert_eq!(
                code(sample.verify_with("iss", json!(other))),
                ("claim_unexpected", "iss".into()),
                "{name}"
            );
        }
        assert_eq!(code(sample.verify_with("exp", json!(NOW))).0, "expired", "{name}");
        assert_eq!(
            code(sample.verify_with("exp", json!("9999999999"))),
            ("claim_malformed", "exp".into()),
            "{name}"
        );
        assert_eq!(code(sample.verify_with("nbf", json!(NOW + 1))).0, "not_yet_valid", "{name}");
        assert_eq!(code(sample.verify_with("sub", json!(5))), ("claim_malformed", "sub".into()), "{name}");
        for aud in [json!("https://other.example"), json!([]), json!("")] {
            assert_eq!(
                code(sample.verify_with("aud", aud.clone())),
                ("claim_unexpected", "aud".into()),
                "{name} {aud}"
            );
        }
        if sample.audience.is_some() {
            assert_eq!(without("aud"), ("claim_missing", "aud".into()), "{name}");
        }
        let forged = signed(sample.header, sample.claims.to_string());
        let other_key = countersign::VerifyingKey::hmac(JwsAlgorithm::Hs256, vec![9; 32].into()).unwrap();
        let verifier =
            AccessTokenVerifier::for_provider((sample.provider)(), other_key).clock(stopped_at(NOW));
        let verifier = sample.audience.into_iter().fold(verifier, AccessTokenVerifierBuilder::audience);
        assert_eq!(
            code(verifier.build().unwrap().verify::<NoClaims>(&forged)).0,
            "invalid_signature",
            "{name}"
        );
        // A bound token is bound, whoever issued it.
        let bound = sample.verify_with("cnf", json!({ "x5t#S256": certificate().thumbprint() }));
        assert_eq!(code(bound).0, "proof_required", "{name}");
        // The one beneath, set up by hand, takes what the preset takes.
        let generic = JwtVerifier::builder(hmac_key()).issuer(iss).clock(stopped_at(NOW));
        let generic = match sample.audience {
            Some(audience) => generic.audience(audience),
            None => generic.any_audience(),
        };
        assert!(generic.build().unwrap().verify::<NoClaims>(&forged).is_ok(), "{name}");
    }
}

#[test]
fn an_id_token_whose_audience_is_right_is_told_by_its_client() {
    // An API that an administrator named by the client's ID.
    for (sample, client) in [(0, "azp"), (1, "client_id"), (4, "cid")] {
        let sample = &samples()[sample];
        let audience = sample.audience.unwrap();
        assert_eq!(code(sample.verify_with(client, json!(audience))), ("claim_contradiction", "aud".into()));
    }
    // Not so with Entra ID, where an application may be its own API's client.
    let entra = &samples()[2];
    assert_eq!(entra.claims["azp"], entra.claims["aud"]);
    assert!(entra.verify(entra.header, &entra.claims).is_ok());
}

#[test]
fn entra_id_tenants_are_those_listed_and_the_issuers_own() {
    let sample = &samples()[2];
    let in_tenant = |iss: &str, tid: &str| {
        let mut claims = sample.claims.clone();
        claims["iss"] = json!(format!("https://login.microsoftonline.com/{iss}/v2.0"));
        claims["tid"] = json!(tid);
        sample.verify(sample.header, &claims)
    };
    assert!(in_tenant(TENANT, TENANT).is_ok());
    assert!(in_tenant(OTHER_TENANT, OTHER_TENANT).is_ok());
    assert_eq!(code(in_tenant(TENANT, OTHER_TENANT)), ("claim_unexpected", "tid".into()));
    assert_eq!(code(in_tenant(TENANT, "")), ("claim_malformed", "tid".into()));
    let consumers = "9188040d-6c67-4c5b-b112-36a304b66dad";
    for other in [consumers, "common", "organizations", "{tenantid}", &TENANT.to_uppercase()] {
        assert_eq!(code(in_tenant(other, other)), ("claim_unexpected", "iss".into()), "{other}");
    }
    assert_eq!(code(sample.verify_with("ver", json!("1.0"))), ("claim_unexpected", "ver".into()));
    assert_eq!(code(sample.verify_with("ver", json!(2))), ("claim_malformed", "ver".into()));
    let mut claims = sample.claims.clone();
    claims.as_object_mut().unwrap().remove("scp");
    assert!(sample.verify(sample.header, &claims).is_ok(), "`roles` will do");
    claims.as_object_mut().unwrap().remove("roles");
    assert_eq!(code(sample.verify(sample.header, &claims)), ("claim_missing", "scp".into()));
    assert_eq!(code(sample.verify_with("scp", json!(["a"]))), ("claim_malformed", "scp".into()));
    assert_eq!(code(sample.verify(UNTYPED, &sample.claims)).0, "type_not_allowed");
}

#[test]
fn entra_id_in_other_clouds_is_named_by_its_metadata() {
    let template = "https://login.microsoftonline.us/{tenantid}/v2.0";
    let build = |template: &str, tenants: &[&str]| {
        let provider = Provider::entra_id_at(template, tenants);
        AccessTokenVerifier::for_provider(provider, hmac_key()).audience("a").clock(stopped_at(NOW)).build()
    };
    let mut claims = samples()[2].claims.clone();
    claims["iss"] = json!(template.replace("{tenantid}", TENANT));
    claims["aud"] = json!("a");
    let token = signed(TYPED, claims.to_string());
    assert!(build(template, &[&TENANT.to_uppercase()]).unwrap().verify::<NoClaims>(&token).is_ok());
    let once = "misuse: expected an issuer with `{tenantid}` in it once, as in Microsoft's metadata";
    let ids = "misuse: expected tenants by their IDs, which are GUIDs, not `common` or a domain";
    for (template, tenants, reason) in [
        ("https://login.microsoftonline.us/common/v2.0", &[TENANT][..], once),
        ("https://a/{tenantid}/{tenantid}/v2.0", &[TENANT], once),
        (template, &[], "misuse: expected at least one tenant, found none"),
        (template, &["common"], ids),
        (template, &[TENANT, "contoso.onmicrosoft.com"], ids),
        (template, &["72f988bf86f141af91ab2d7cd011db47"], ids),
        (template, &["72f988bf-86f1-41af-91ab-2d7cd011db4g"], ids),
        (template, &["{tenantid}"], ids),
    ] {
        assert_eq!(build(template, tenants).unwrap_err().to_string(), reason, "{template} {tenants:?}");
    }
}

/// Access tokens: Validate the issuer. A key that is marked with one tenant speaks for no other.
#[test]
fn entra_id_keys_are_their_tenants() {
    const MARKED: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
    let [any, one, other, unmarked, odd] =
        [(); 5].map(|()| SigningKey::generate(JwsAlgorithm::Ed25519).unwrap());
    let own = MARKED.replace("{tenantid}", TENANT);
    let published = |key: &SigningKey, mark: Option<Value>| {
        let mut jwk: Value =
            serde_json::from_str(&key.to_public_jwk().unwrap().to_public_json().unwrap()).unwrap();
        if let Some(mark) = mark {
            jwk["issuer"] = mark;
        }
        jwk
    };
    let document = json!({ "keys": [
        published(&any, Some(json!(MARKED))),
        "no key",
        published(&one, Some(json!(own))),
        published(&other, Some(json!("https://login.microsoftonline.com/common/v2.0"))),
        published(&unmarked, None),
        published(&odd, Some(json!([MARKED]))),
    ] });
    let build = |document: &str| {
        let builder =
            AccessTokenVerifier::for_published(Provider::entra_id([TENANT, OTHER_TENANT]), document)?;
        builder.audience("6e74172b-be56-4843-9ff4-e66a39bb12e3").clock(stopped_at(NOW)).build()
    };
    let verifier = build(&document.to_string()).unwrap();
    let verify = |key: &SigningKey, tenant: &str| {
        let mut claims = samples()[2].claims.clone();
        claims["iss"] = json!(MARKED.replace("{tenantid}", tenant));
        claims["tid"] = json!(tenant);
        let token = JwsBuilder::new(key).token_type("JWT").sign(claims.to_string().as_bytes()).unwrap();
        verifier.verify::<NoClaims>(&token)
    };
    for key in [&any, &unmarked] {
        assert!(verify(key, TENANT).is_ok() && verify(key, OTHER_TENANT).is_ok());
    }
    assert!(verify(&one, TENANT).is_ok());
    for (key, tenant) in [(&one, OTHER_TENANT), (&other, TENANT), (&odd, TENANT)] {
        assert_eq!(code(verify(key, tenant)).0, "invalid_signature");
    }
    assert_eq!(build("{}").unwrap_err().code(), "missing_member");
    let foreign = json!({ "keys": [published(&other, Some(json!("https://other.example")))] }).to_string();
    assert_eq!(
        build(&foreign).unwrap_err().to_string(),
        "misuse: expected at least one key that verifies, found none; `KeySet::skipped` says why"
    );
    // To a provider that marks no keys, the member means nothing.
    let auth0 = AccessTokenVerifier::for_published(Provider::auth0("my-domain.auth0.com"), &foreign);
    assert!(auth0.unwrap().audience("a").build().is_ok());
}

/// Access token claims reference, Groups overage claim: what isn't listed may be there.
#[test]
fn entra_id_groups_that_are_left_out_are_not_none() {
    let sample = &samples()[2];
    assert!(sample.verify(sample.header, &sample.claims).unwrap().groups_are_complete());
    for (name, value, complete) in [
        ("hasgroups", json!(true), false),
        ("_claim_names", json!({ "groups": "src1" }), false),
        ("_claim_names", json!("groups"), false),
        ("_claim_names", json!({ "address": "src1" }), true),
    ] {
        let token = sample.verify_with(name, value.clone()).unwrap();
        assert_eq!(token.groups_are_complete(), complete, "{name} {value}");
    }
}

/// OpenID Connect Core §5.6.2: any provider may let a claim stand elsewhere.
#[test]
fn groups_that_stand_elsewhere_are_not_none_at_any_provider() {
    for sample in samples() {
        let pointed = sample.verify_with("_claim_names", json!({ "groups": "src1" })).unwrap();
        assert!(!pointed.groups_are_complete());
        let other = sample.verify_with("_claim_names", json!({ "address": "src1" })).unwrap();
        assert!(other.groups_are_complete());
    }
}

#[test]
fn keycloak_roles_are_of_one_place() {
    let (realm, client) = (&samples()[5], &samples()[6]);
    for (sample, name) in [(realm, "realm_access"), (client, "resource_access")] {
        for odd in [json!("admin"), json!(["admin"]), json!(null)] {
            assert_eq!(code(sample.verify_with(name, odd)), ("claim_malformed", name.into()));
        }
        assert_eq!(sample.verify_with(name, json!({})).unwrap().roles().count(), 0);
    }
    let odd = json!({ "orders": { "roles": "admin" } });
    assert_eq!(
        code(client.verify_with("resource_access", odd)),
        ("claim_malformed", "resource_access".into())
    );
    // The account's roles, and the realm's, aren't this API's.
    let token = client.verify(client.header, &client.claims).unwrap();
    assert!(!token.has_role("manage-account") && !token.has_role("customer"));
    let elsewhere = token.claim(["resource_access", "account", "roles"]).unwrap();
    assert_eq!(elsewhere.elements().next().unwrap().as_str().as_deref(), Some("manage-account"));
}

#[test]
fn keycloak_tokens_of_the_type_dpop_are_bound() {
    let sample = &samples()[5];
    assert_eq!(code(sample.verify_with("typ", json!("DPoP"))), ("claim_missing", "cnf".into()));
    for typ in ["bearer", "ID", "Refresh", "Offline", "Logout", "Serialized-ID"] {
        assert_eq!(code(sample.verify_with("typ", json!(typ))), ("claim_unexpected", "typ".into()), "{typ}");
    }
    let mut claims = keycloak("DPoP");
    claims["cnf"] = json!({ "jkt": base64url([7; 32]) });
    let token = signed(TYPED, claims.to_string());
    let verifier = sample.builder().build().unwrap();
    assert!(verifier.verify_with_proof::<NoClaims>(&token, &Key([7; 32])).is_ok());
    assert_eq!(code(verifier.verify::<NoClaims>(&token)).0, "proof_required");
}

#[test]
fn cognito_is_checked_by_its_clients() {
    let sample = &samples()[7];
    assert!(sample.verify_with("client_id", json!("another")).is_ok());
    for client in ["1example2345678", "1example23456789 another", "ANOTHER"] {
        let refusal = code(sample.verify_with("client_id", json!(client)));
        assert_eq!(refusal, ("claim_unexpected", "client_id".into()), "{client}");
    }
    assert_eq!(
        code(sample.verify_with("client_id", json!(["another"]))),
        ("claim_malformed", "client_id".into())
    );
    // A resource that the token is bound to: only for who says that it is that.
    let mut claims = sample.claims.clone();
    claims["aud"] = json!("https://orders.example.com");
    assert_eq!(code(sample.verify(sample.header, &claims)), ("claim_unexpected", "aud".into()));
    let bound = sample.builder().audience("https://orders.example.com").build().unwrap();
    assert!(bound.verify::<NoClaims>(&signed(sample.header, claims.to_string())).is_ok());
    let unbound = signed(sample.header, sample.claims.to_string());
    assert_eq!(code(bound.verify::<NoClaims>(&unbound)), ("claim_missing", "aud".into()));
    for clients in [&[][..], &[""]] {
        let provider = Provider::cognito(POOL, clients.iter().copied());
        let error = AccessTokenVerifier::for_provider(provider, hmac_key()).build().unwrap_err();
        assert_eq!(error.to_string(), "misuse: expected at least one client, and clients that aren't empty");
    }
}

#[test]
fn google_tokens_are_for_one_audience_and_of_one_organisation() {
    let sample = &samples()[8];
    let audience = sample.audience.unwrap();
    assert!(sample.verify_with("iss", json!("accounts.google.com")).is_ok());
    assert_eq!(code(sample.verify_with("aud", json!([audience, "x"]))), ("claim_unexpected", "aud".into()));
    assert_eq!(code(sample.verify_with("hd", json!("example.org"))), ("claim_unexpected", "hd".into()));
    assert_eq!(sample.verify_with("azp", json!("phone")).unwrap().client_id(), "phone");
    let mut claims = sample.claims.clone();
    claims.as_object_mut().unwrap().remove("azp");
    assert_eq!(sample.verify(sample.header, &claims).unwrap().client_id(), audience);
    claims.as_object_mut().unwrap().remove("hd");
    let anyone = AccessTokenVerifier::for_provider(Provider::google_id_tokens(), hmac_key());
    let anyone = anyone.audience(audience).clock(stopped_at(NOW)).build().unwrap();
    assert!(anyone.verify::<NoClaims>(&signed(TYPED, claims.to_string())).is_ok());
    assert_eq!(
        code(sample.verify(r#"{"alg":"HS256","typ":"at+jwt"}"#, &sample.claims)).0,
        "type_not_allowed"
    );
}

#[test]
fn providers_are_named_as_they_name_themselves() {
    let build = |provider| AccessTokenVerifier::for_provider(provider, hmac_key()).audience("a").build();
    let domain = "misuse: expected the domain of an Auth0 tenant, without `https://` and without a path";
    for wrong in ["", "https://tenant.auth0.com", "tenant.auth0.com/"] {
        assert_eq!(build(Provider::auth0(wrong)).unwrap_err().to_string(), domain, "{wrong}");
    }
    assert_eq!(
        build(Provider::okta("https://example.okta.com")).unwrap_err().to_string(),
        "misuse: expected the issuer of a custom authorization server, with `/oauth2/` in it"
    );
    assert!(build(Provider::auth0("id.example.com")).is_ok());
    let empty = Provider::keycloak("");
    assert_eq!(build(empty).unwrap_err().to_string(), "misuse: expected an issuer that isn't empty");
}

/// An unset variable is found when the service starts, not by everyone who is refused.
#[test]
fn what_a_provider_is_told_beside_the_issuer_isnt_empty() {
    let build = |provider| AccessTokenVerifier::for_provider(provider, hmac_key()).audience("a").build();
    let realm = "https://id.example.com/realms/shop";
    assert!(build(Provider::google_workspace_id_tokens("example.com")).is_ok());
    assert_eq!(
        build(Provider::google_workspace_id_tokens("")).unwrap_err().to_string(),
        "misuse: expected an organisation's domain that isn't empty"
    );
    assert!(build(Provider::keycloak_client(realm, "orders")).is_ok());
    assert_eq!(
        build(Provider::keycloak_client(realm, "")).unwrap_err().to_string(),
        "misuse: expected a client whose roles are meant, by an ID that isn't empty"
    );
}
