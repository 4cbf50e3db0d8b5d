//! RFC 7519: the examples, as tokens whose claims are judged. What is unsecured or in `RSA1_5` is refused.

mod vectors;

use std::time::{Duration, SystemTime};

use countersign::{
    Clock, DecryptionKey, JweAlgorithm, JwsAlgorithm, JwtVerifier, KeySet, NumericDate, VerifiedJwt,
    VerifyingKey, decrypt, jws,
};
use serde::Deserialize;
use vectors::{Case, changed, code, with_header, with_part};

/// The `exp` of all the examples.
const EXP: u64 = 1_300_819_380;

#[derive(Debug, PartialEq, Deserialize)]
struct Root {
    #[serde(rename = "http://example.com/is_root")]
    is_root: bool,
}

fn at(seconds: u64) -> impl Clock + 'static {
    move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn hs256() -> VerifyingKey {
    VerifyingKey::from_jwk_for(JwsAlgorithm::Hs256, &Case::of("RFC 7519 3.1").jwk("jwk")).expect("it fits")
}

/// A verifier for Joe's tokens, which stands at that time.
fn verifier(key: impl Into<KeySet>, seconds: u64) -> JwtVerifier {
    let builder = JwtVerifier::builder(key).issuer("joe").any_audience();
    builder.clock(at(seconds)).build().expect("the choices are in order")
}

/// A private key of any algorithm that this build has, to stand where keys for decryption are due.
fn decryption_key(case: &Case) -> DecryptionKey {
    if cfg!(any(feature = "aws-lc-rs", feature = "rsa")) {
        return DecryptionKey::from_jwk_for(JweAlgorithm::RsaOaep, &case.jwk("jwk")).expect("it fits");
    }
    DecryptionKey::generate(JweAlgorithm::A128Kw).expect("there is randomness")
}

#[test]
fn section_3_1_signed_token() {
    let case = Case::of("RFC 7519 3.1");
    let verified = jws::verify(&hs256(), case.token()).unwrap();
    assert_eq!(verified.payload(), case.text("claims").as_bytes());
    assert_eq!(code(jws::verify(&hs256(), &with_part(case.token(), 1, changed))), "invalid_signature");
}

#[test]
fn section_3_1_until_it_expires() {
    let case = Case::of("RFC 7519 3.1");
    let jwt: VerifiedJwt<Root> = verifier(hs256(), EXP - 1).verify(case.token()).unwrap();
    assert_eq!(jwt.claims(), &Root { is_root: true });
    assert_eq!((jwt.issuer(), jwt.subject(), jwt.jwt_id()), (Some("joe"), None, None));
    assert_eq!(jwt.expires_at().map(NumericDate::seconds), Some(1_300_819_380));
    assert_eq!((jwt.not_before(), jwt.issued_at(), jwt.audience().count()), (None, None, 0));
    assert_eq!(jwt.algorithm(), JwsAlgorithm::Hs256);

    // RFC 7519 §4.1.4: "on or after which the JWT MUST NOT be accepted for processing".
    for seconds in [EXP, EXP + 1, u64::from(u32::MAX)] {
        let error = verifier(hs256(), seconds).verify::<Root>(case.token()).unwrap_err();
        assert_eq!((error.code(), error.claim(), error.is_expired()), ("expired", Some("exp"), true));
    }
    let expired = verifier(hs256(), EXP).verify::<Root>(&with_part(case.token(), 2, changed));
    assert_eq!(code(expired), "invalid_signature", "the signature is judged first");
}

#[test]
fn section_3_1_with_one_choice_changed() {
    let case = Case::of("RFC 7519 3.1");
    let builder = || JwtVerifier::builder(hs256()).any_audience().clock(at(EXP));
    let of = |verifier: Result<JwtVerifier, _>| code(verifier.unwrap().verify::<Root>(case.token()));
    assert_eq!(of(builder().issuer("joe").build()), "expired");
    let leeway = |seconds| builder().leeway(Duration::from_secs(seconds));
    assert_eq!(of(leeway(1).issuer("joe").build()), "accepted");
    assert_eq!(of(leeway(0).issuer("joe").build()), "expired");

    let builder = || JwtVerifier::builder(hs256()).clock(at(EXP - 1));
    let joe = || builder().issuer("joe").any_audience();
    assert_eq!(of(joe().build()), "accepted");
    assert_eq!(of(builder().issuer("Joe").any_audience().build()), "claim_unexpected");
    assert_eq!(of(builder().any_issuer().any_audience().build()), "accepted");
    assert_eq!(of(builder().issuer("joe").audience("orders").build()), "claim_missing");
    assert_eq!(of(joe().token_type("jwt").build()), "accepted");
    assert_eq!(of(joe().token_type("at+jwt").build()), "type_not_allowed");
    assert_eq!(of(joe().required_claims(["http://example.com/is_root"]).build()), "accepted");
    assert_eq!(of(joe().required_claims(["http://example.com/is_Root"]).build()), "claim_missing");
    assert_eq!(of(joe().subject("joe").build()), "claim_missing");
    assert_eq!(of(joe().max_age(Duration::from_secs(60)).build()), "claim_missing");
    let private = joe().decrypt_with(DecryptionKey::generate(JweAlgorithm::A128Kw).unwrap());
    assert_eq!(of(private.build()), "not_encrypted");

    /// Asks for another type of value than the token has.
    #[derive(Debug, Deserialize)]
    struct Rank {
        #[serde(rename = "http://example.com/is_root")]
        _rank: u8,
    }
    assert_eq!(code(joe().build().unwrap().verify::<Rank>(case.token())), "claims_type");
    // Neither issuer nor audience is left open by forgetting it.
    assert_eq!(code(builder().any_audience().build()), "misuse");
    assert_eq!(code(builder().issuer("joe").build()), "misuse");
}

#[test]
fn section_6_1_unsecured_is_refused() {
    let case = Case::of("RFC 7519 6.1");
    let verifier = verifier(hs256(), EXP - 1);
    assert_eq!(code(verifier.verify::<Root>(case.token())), "unsupported_algorithm");
    for alg in ["NONE", "None", "nOnE", ""] {
        let token = with_header(case.token(), &format!(r#"{{"alg":"{alg}"}}"#));
        assert_eq!(code(verifier.verify::<Root>(&token)), "unsupported_algorithm", "{alg}");
    }
    // The signed token with its signature taken off: the same claims under HS256.
    let stripped = with_header(case.token(), r#"{"alg":"HS256"}"#);
    assert_eq!(code(verifier.verify::<Root>(&stripped)), "invalid_signature");
}

#[test]
fn a_1_encrypted_in_rsa1_5_is_refused() {
    let case = Case::of("RFC 7519 A.1");
    assert_eq!(code(decrypt(&decryption_key(&case), case.token())), "unsupported_algorithm");
    // Encryption alone authenticates nobody, so a verifier of signed tokens refuses it unseen.
    assert_eq!(code(verifier(hs256(), EXP - 1).verify::<Root>(case.token())), "encrypted");
    let builder = JwtVerifier::builder(hs256()).issuer("joe").any_audience().clock(at(EXP - 1));
    let verifier = builder.decrypt_with(decryption_key(&case)).build().unwrap();
    assert_eq!(code(verifier.verify::<Root>(case.token())), "unsupported_algorithm");
}

#[test]
fn a_2_nested_in_rsa1_5_is_refused_and_the_token_inside_is_in_order() {
    let case = Case::of("RFC 7519 A.2");
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &case.public_jwk("inner_jwk")).unwrap();
    let inner = case.text("inner_token");
    assert_eq!(jws::verify(&key, inner).unwrap().payload(), case.text("claims").as_bytes());
    assert_eq!(code(jws::verify(&key, &with_part(inner, 2, changed))), "invalid_signature");

    assert_eq!(code(decrypt(&decryption_key(&case), case.token())), "unsupported_algorithm");
    let builder = || JwtVerifier::builder(key_of(&case)).issuer("joe").any_audience().clock(at(EXP - 1));
    let gateway = builder().decrypt_with(decryption_key(&case)).build().unwrap();
    assert_eq!(code(gateway.verify::<Root>(case.token())), "unsupported_algorithm");
    assert_eq!(code(gateway.verify::<Root>(inner)), "not_encrypted");
    let plain = builder().build().unwrap();
    assert_eq!(plain.verify::<Root>(inner).unwrap().into_claims(), Root { is_root: true });
    assert_eq!(code(plain.verify::<Root>(case.token())), "encrypted");
}

/// What A.2 would be today: the token inside is the RFC's, and its coat is one that this library makes.
#[test]
fn a_2_nested_in_another_coat_is_accepted() {
    let case = Case::of("RFC 7519 A.2");
    let coat = DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap();
    let nested = |cty: &str, inner: &str| {
        let key = coat.encryption_key().unwrap();
        countersign::jwe::JweBuilder::new(&key).content_type(cty).encrypt(inner.as_bytes()).unwrap()
    };
    let builder = JwtVerifier::builder(key_of(&case)).issuer("joe").any_audience().clock(at(EXP - 1));
    let verifier = builder.decrypt_with(coat.clone_key()).build().unwrap();
    let inner = case.text("inner_token");
    let jwt: VerifiedJwt<Root> = verifier.verify(&nested("JWT", inner)).unwrap();
    assert_eq!((jwt.issuer(), jwt.claims()), (Some("joe"), &Root { is_root: true }));

    assert_eq!(code(verifier.verify::<Root>(&nested("json", inner))), "content_type_not_allowed");
    assert_eq!(
        code(verifier.verify::<Root>(&nested("JWT", &with_part(inner, 1, changed)))),
        "invalid_signature"
    );
    // Encrypted and never signed: A.1 in the same coat.
    let claims = Case::of("RFC 7519 A.1");
    assert_eq!(code(verifier.verify::<Root>(&nested("JWT", claims.text("claims")))), "not_signed");
}

fn key_of(case: &Case) -> VerifyingKey {
    VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &case.public_jwk("inner_jwk")).expect("it fits")
}
