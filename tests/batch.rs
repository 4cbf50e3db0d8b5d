//! Many tokens at once: the verdict on each is the one it gets alone, in order, whatever stands beside it.
//!
//! Which signatures are checked together, and what that may cost, is tested beside the sums, in `crypto`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::sync::LazyLock;
use std::time::Duration;

use countersign::jws::JwsBuilder;
use countersign::profile::access_token::{ClientCertificate, Grant};
use countersign::{
    AccessTokenIssuer, AccessTokenVerifier, DecryptionKey, Error, JweAlgorithm, JwsAlgorithm, JwtIssuer,
    JwtVerifier, KeySet, NoClaims, SigningKey, VerifiedJwt, VerifyingKey,
};
use proptest::prelude::*;
use proptest::sample::select;
use serde::{Deserialize, Serialize};
use support::{NOW, base64url, jwk, parts, signing_key, stopped_at, with_flipped_bit, with_header};

const STAFF: &str = "https://staff.example.com";
const CUSTOMERS: &str = "https://customers.example.com";
const AUDIENCE: &str = "https://orders.example.com";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OrderClaims {
    tenant: u64,
}

/// The same seed gives the same key, so that verifiers and tokens can be made apart.
fn ed25519(seed: u8) -> SigningKey {
    let public = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).verifying_key();
    let json = format!(
        r#"{{"kty":"OKP","crv":"Ed25519","x":"{}","d":"{}"}}"#,
        base64url(public.as_bytes()),
        base64url([seed; 32])
    );
    SigningKey::from_jwk_for(JwsAlgorithm::Ed25519, &countersign::Jwk::from_json(&json).unwrap()).unwrap()
}

fn named(seed: u8) -> SigningKey {
    ed25519(seed).with_key_id(seed.to_string())
}

fn public(key: &SigningKey) -> VerifyingKey {
    key.verifying_key().unwrap()
}

fn recipient() -> DecryptionKey {
    let jwk = jwk("oct-256").with_algorithm("A256GCM");
    DecryptionKey::from_jwk_for(JweAlgorithm::Dir, &jwk).unwrap()
}

fn token(key: SigningKey, issuer: &str, subject: &str, tenant: u64) -> String {
    let issuer = JwtIssuer::builder(key).issuer(issuer).audience(AUDIENCE).lifetime(Duration::from_secs(300));
    issuer.clock(stopped_at(NOW)).build().unwrap().issue(subject, &OrderClaims { tenant }).unwrap()
}

fn nested(key: SigningKey, issuer: &str) -> String {
    let issuer = JwtIssuer::builder(key).issuer(issuer).audience(AUDIENCE).lifetime(Duration::from_secs(300));
    let issuer = issuer.encrypt_for(recipient().encryption_key().unwrap()).clock(stopped_at(NOW));
    issuer.build().unwrap().issue("user-17", &OrderClaims { tenant: 7 }).unwrap()
}

/// One key: all of its tokens that hold in form are checked together.
fn of_one_key() -> JwtVerifier {
    let builder = JwtVerifier::builder(public(&named(1))).issuer(STAFF).audience(AUDIENCE);
    builder.clock(stopped_at(NOW)).build().unwrap()
}

/// Several issuers, algorithms and keys, one of which both issuers have.
fn of_many_keys() -> JwtVerifier {
    let staff: KeySet =
        [public(&named(1)), public(&named(2)), public(&signing_key(JwsAlgorithm::Es256)), public(&named(9))]
            .into_iter()
            .collect();
    let customers: KeySet = [public(&named(3)), public(&named(9)), public(&signing_key(JwsAlgorithm::Hs256))]
        .into_iter()
        .collect();
    let builder = JwtVerifier::for_issuers([(STAFF, staff), (CUSTOMERS, customers)]).audience(AUDIENCE);
    builder.understood_critical(["urn:example:p"]).clock(stopped_at(NOW)).build().unwrap()
}

/// Keys without names, so that which one signed is found by trying.
fn of_nameless_keys() -> JwtVerifier {
    let keys: KeySet = [public(&ed25519(1)), public(&ed25519(2))].into_iter().collect();
    JwtVerifier::builder(keys).any_issuer().audience(AUDIENCE).clock(stopped_at(NOW)).build().unwrap()
}

/// Signed tokens inside encrypted ones, and those alone.
fn of_nested() -> JwtVerifier {
    let builder = JwtVerifier::builder(public(&named(1))).issuer(STAFF).audience(AUDIENCE);
    builder.decrypt_with(recipient()).clock(stopped_at(NOW)).build().unwrap()
}

/// Tokens of every kind, right and wrong, that some of the verifiers accept and others refuse.
static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let signed = |json: &str| JwsBuilder::new(&named(1)).token_type("JWT").sign(json.as_bytes()).unwrap();
    let mut tokens: Vec<_> = (0..12).map(|n| token(named(1), STAFF, &format!("user-{n}"), n)).collect();
    let good = tokens[0].clone();
    let [header, payload, signature] = <[_; 3]>::try_from(parts(&good)).unwrap();
    let others = parts(&tokens[1])[2].to_owned();
    tokens.extend([
        token(named(2), STAFF, "user-2", 2),
        token(named(3), CUSTOMERS, "user-3", 3),
        token(named(9), STAFF, "user-9", 9),
        token(named(9), CUSTOMERS, "user-9", 9),
        token(ed25519(2), STAFF, "user-2", 2),
        token(ed25519(1), STAFF, "user-1", 1),
        token(signing_key(JwsAlgorithm::Es256), STAFF, "user-4", 4),
        token(signing_key(JwsAlgorithm::Hs256), CUSTOMERS, "user-5", 5),
        // The keys of another issuer, an issuer that nobody knows, and keys that nobody knows.
        token(named(3), STAFF, "user-3", 3),
        token(named(1), CUSTOMERS, "user-1", 1),
        token(named(1), "https://strangers.example.com", "user-1", 1),
        token(named(7), STAFF, "user-7", 7),
        token(ed25519(7).with_key_id("1"), STAFF, "user-7", 7),
        // What isn't a token, or isn't this one.
        String::new(),
        String::from("."),
        String::from(".."),
        format!("{good}."),
        format!("{good} "),
        format!("{header}.{payload}.{others}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}.{signature}AAAA"),
        with_flipped_bit(&good, 1, 77),
        with_flipped_bit(&good, 2, 3),
        with_flipped_bit(&good, 2, 511),
        with_header(&good, r#"{"alg":"none"}"#),
        with_header(&good, r#"{"alg":"Ed25519","kid":"2"}"#),
        with_header(&good, r#"{"alg":"Ed25519","crit":["urn:example:p"],"urn:example:p":1}"#),
        "A".repeat(20_000),
        // Authentic, and refused for its claims.
        signed("{}"),
        signed("[]"),
        signed("no JSON"),
        signed(&format!(r#"{{"iss":"{STAFF}","aud":"{AUDIENCE}","exp":{},"tenant":1}}"#, NOW - 1)),
        signed(&format!(r#"{{"iss":"{STAFF}","aud":"{AUDIENCE}","exp":{},"tenant":"one"}}"#, NOW + 1)),
        signed(&format!(r#"{{"iss":"{STAFF}","aud":"https://other.example.com","exp":{}}}"#, NOW + 1)),
        // Encrypted.
        nested(named(1), STAFF),
        nested(named(2), STAFF),
        nested(named(1), CUSTOMERS),
        with_flipped_bit(&nested(named(1), STAFF), 3, 9),
        countersign::encrypt(&recipient().encryption_key().unwrap(), b"{}").unwrap(),
    ]);
    tokens
});

type Verdict = Result<VerifiedJwt<OrderClaims>, (&'static str, String)>;

/// Refusals don't compare; their code and message do.
fn verdict(result: Result<VerifiedJwt<OrderClaims>, Error>) -> Verdict {
    result.map_err(|error| (error.code(), error.to_string()))
}

fn one_by_one<S: AsRef<str>>(verifier: &JwtVerifier, tokens: &[S]) -> Vec<Verdict> {
    tokens.iter().map(|token| verdict(verifier.verify(token.as_ref()))).collect()
}

fn at_once<S: AsRef<str> + Sync>(verifier: &JwtVerifier, tokens: &[S]) -> Vec<Verdict> {
    verifier.verify_batch(tokens).into_iter().map(verdict).collect()
}

static VERIFIERS: LazyLock<[JwtVerifier; 4]> =
    LazyLock::new(|| [of_one_key(), of_many_keys(), of_nameless_keys(), of_nested()]);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Weighted towards what is checked together, up to more than what is checked at once.
    #[test]
    fn verdicts_are_those_of_one_by_one(
        picks in prop::collection::vec(prop_oneof![3 => 0..12_usize, 1 => 0..TOKENS.len()], 0..300),
        verifier in select((0..4_usize).collect::<Vec<_>>()),
    ) {
        let tokens: Vec<&str> = picks.iter().map(|pick| TOKENS[*pick].as_str()).collect();
        let verifier = &VERIFIERS[verifier];
        prop_assert_eq!(at_once(verifier, &tokens), one_by_one(verifier, &tokens));
    }
}

/// So that the property says something: each verifier accepts some of the tokens and refuses others, for many
/// reasons.
#[test]
fn the_tokens_are_of_many_kinds() {
    let reasons = VERIFIERS.each_ref().map(|verifier| {
        let verdicts = one_by_one(verifier, &TOKENS);
        assert!(verdicts.iter().any(Result::is_ok));
        let mut codes: Vec<_> =
            verdicts.iter().filter_map(|verdict| verdict.as_ref().err()).map(|(code, _)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.len()
    });
    assert!(reasons.iter().all(|reasons| *reasons > 3), "{reasons:?}");
    for verifier in &*VERIFIERS {
        assert_eq!(at_once(verifier, &TOKENS), one_by_one(verifier, &TOKENS));
    }
}

#[test]
fn none_one_and_many() {
    let verifier = of_one_key();
    assert_eq!(at_once::<&str>(&verifier, &[]), []);
    assert_eq!(verdict(verifier.verify(&TOKENS[3])), at_once(&verifier, &TOKENS[3..4])[0]);
    // 10 000, each with what tells it from the others, some of them spoilt.
    let issuer = JwtIssuer::builder(named(1)).issuer(STAFF).audience(AUDIENCE);
    let issuer = issuer.lifetime(Duration::from_secs(300)).clock(stopped_at(NOW)).build().unwrap();
    let tokens: Vec<_> = (0..10_000)
        .map(|n| {
            let token = issuer.issue(&format!("user-{n}"), &OrderClaims { tenant: n }).unwrap();
            if n % 1_000 == 999 { with_flipped_bit(&token, 2, 300) } else { token }
        })
        .collect();
    let verdicts = verifier.verify_batch::<OrderClaims>(&tokens);
    assert_eq!(verdicts.len(), tokens.len());
    for (n, verdict) in (0..10_000).zip(verdicts) {
        if n % 1_000 == 999 {
            assert_eq!(verdict.unwrap_err().code(), "invalid_signature");
        } else {
            let jwt = verdict.unwrap();
            assert_eq!((jwt.subject(), jwt.claims().tenant), (Some(&*format!("user-{n}")), n));
        }
    }
}

/// A token that comes many times is verified many times: whether it may is for others to say.
#[test]
fn the_same_token_many_times() {
    let verifier = of_one_key();
    let good = vec![&TOKENS[0]; 200];
    assert!(verifier.verify_batch::<OrderClaims>(&good).iter().all(Result::is_ok));
    let forged = with_flipped_bit(&TOKENS[0], 2, 300);
    let verdicts = verifier.verify_batch::<OrderClaims>(&vec![forged; 200]);
    assert!(verdicts.iter().all(|verdict| verdict.as_ref().unwrap_err().code() == "invalid_signature"));
}

#[test]
fn claims_are_read_once_the_signature_holds() {
    /// Fails the test if it is read.
    #[derive(Debug)]
    struct Unread;
    impl<'de> Deserialize<'de> for Unread {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("claims of a forged token were read");
        }
    }
    let forged: Vec<_> = (0..64).map(|n| with_flipped_bit(&TOKENS[n % 12], 1, 40 + n)).collect();
    let verdicts = of_one_key().verify_batch::<Unread>(&forged);
    assert!(verdicts.iter().all(|verdict| verdict.as_ref().unwrap_err().code() == "invalid_signature"));
}

#[test]
fn access_tokens_too() {
    let issuer = AccessTokenIssuer::builder(named(1)).issuer(STAFF).audience(AUDIENCE);
    let issuer = issuer.lifetime(Duration::from_secs(300)).clock(stopped_at(NOW)).build().unwrap();
    let verifier = AccessTokenVerifier::builder(public(&named(1))).issuer(STAFF).audience(AUDIENCE);
    let verifier = verifier.clock(stopped_at(NOW)).build().unwrap();
    let certificate = ClientCertificate::from_der(b"DER of a certificate");
    let tokens: Vec<_> = (0..150)
        .map(|n| {
            let grant = Grant::to(format!("user-{n}"), "client-4").scopes(["orders:read"]);
            match n % 10 {
                // Bound to a key, which a bearer doesn't prove; not an access token; forged.
                7 => issuer.issue(&grant.bound_to_certificate(&certificate)).unwrap(),
                8 => TOKENS[0].clone(),
                9 => with_flipped_bit(&issuer.issue(&grant).unwrap(), 2, 300),
                _ => issuer.issue(&grant).unwrap(),
            }
        })
        .collect();
    let verdicts = verifier.verify_batch::<NoClaims>(&tokens);
    assert_eq!(verdicts.len(), tokens.len());
    for (n, (verdict, token)) in verdicts.into_iter().zip(&tokens).enumerate() {
        let alone = verifier.verify::<NoClaims>(token);
        match (verdict, n % 10) {
            (Err(error), 7) => assert_eq!(error.code(), "proof_required"),
            (Err(error), 8) => assert_eq!(error.code(), alone.unwrap_err().code()),
            (Err(error), 9) => assert_eq!(error.code(), "invalid_signature"),
            (Ok(token), _) => {
                assert_eq!(token.subject(), format!("user-{n}"));
                assert!(token.has_scope("orders:read") && alone.is_ok());
            }
            (Err(error), _) => panic!("{n}: {error}"),
        }
    }
}

/// In a pool of the caller's, whatever its size, verdicts and their order are the same.
#[cfg(feature = "rayon")]
#[test]
fn threads_change_nothing() {
    let tokens: Vec<_> = TOKENS.iter().cycle().take(500).collect();
    for verifier in &*VERIFIERS {
        let expected = one_by_one(verifier, &tokens);
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| at_once(verifier, &tokens)), expected, "{threads}");
        }
        assert_eq!(at_once::<&str>(verifier, &[]), []);
    }
}

/// Two keys of the same octets are one key to a forger, and two to the sum.
#[test]
fn a_key_under_two_names() {
    let keys: KeySet = ["a", "b"].map(|name| public(&ed25519(1)).with_key_id(name)).into_iter().collect();
    let verifier =
        JwtVerifier::builder(keys).any_issuer().any_audience().clock(stopped_at(NOW)).build().unwrap();
    let name = |n: u64| if n.is_multiple_of(2) { "a" } else { "b" };
    let tokens: Vec<_> = (0..80).map(|n| token(ed25519(1).with_key_id(name(n)), STAFF, "user", n)).collect();
    for (n, verdict) in (0..80).zip(verifier.verify_batch::<OrderClaims>(&tokens)) {
        assert_eq!(verdict.unwrap().key_id(), Some(name(n)));
    }
}
