#![no_main]
//! Arbitrary text for a signed token: what is accepted says to others what it says to us.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::LazyLock;

use countersign::{
    Jwk, JwsAlgorithm, JwtVerifier, KeySet, NoClaims, UnverifiedToken, VerifyingKey, danger, jws,
};
use countersign_fuzz::fixtures::{now, verification_keys};
use countersign_fuzz::{check, strict};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// The keys of the seeds, which are the RFCs' examples, and those of the other targets' tokens.
static KEYS: LazyLock<Vec<VerifyingKey>> = LazyLock::new(|| {
    let examples = [
        (JwsAlgorithm::Hs256, include_str!("../seeds/jwk/rfc7515-a1")),
        (JwsAlgorithm::Rs256, include_str!("../seeds/jwk/rfc7515-a2")),
        (JwsAlgorithm::Es256, include_str!("../seeds/jwk/rfc7515-a3")),
        (JwsAlgorithm::Es512, include_str!("../seeds/jwk/rfc7515-a4")),
        (JwsAlgorithm::Ed25519, include_str!("../seeds/jwk/rfc8037-a1")),
    ];
    let examples = examples.into_iter().map(|(algorithm, jwk)| {
        let jwk = Jwk::from_json(jwk).expect("the seed is a key");
        let public = if jwk.is_secret() { jwk } else { jwk.to_public().expect("it has a public half") };
        VerifyingKey::from_jwk_for(algorithm, &public).expect("the key goes with the algorithm")
    });
    examples.chain(verification_keys(true)).collect()
});

static SET: LazyLock<KeySet> = LazyLock::new(|| KEYS.iter().map(VerifyingKey::clone_key).collect());

static VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| {
    let builder = JwtVerifier::builder(SET.clone()).any_issuer().any_audience().allow_missing_expiry();
    // When RFC 7515's example was good.
    let then = move || now() - std::time::Duration::from_secs(400_000_000);
    builder.clock(then).build().expect("all choices are made")
});

fuzz_target!(|data: &[u8]| {
    let Ok(token) = std::str::from_utf8(data) else { return };
    let secrets = check::secrets_of(token);
    let secrets: Vec<&[u8]> = secrets.iter().map(Vec::as_slice).collect();

    let read = check::answer(UnverifiedToken::parse(token), &secrets);
    let header = read.as_ref().map(|read| check::header(token, read));
    let payload = token.split('.').nth(1).and_then(check::decoded);
    let claims = payload.as_ref().and_then(|payload| strict::object(std::str::from_utf8(payload).ok()?));

    let mut by_one_key = false;
    for key in &*KEYS {
        let Some(verified) = check::answer(jws::verify(key, token), &secrets) else { continue };
        by_one_key = true;
        let read = read.as_ref().expect("a verified token can be parsed");
        assert!(!read.is_encrypted());
        assert_eq!(JwsAlgorithm::from_name(read.algorithm()), Some(key.algorithm()));
        assert_eq!(verified.algorithm(), key.algorithm());
        assert_eq!(verified.key_id(), key.key_id());
        assert!(read.key_id().is_none() || key.key_id().is_none() || read.key_id() == key.key_id());
        assert_eq!(verified.token_type(), read.token_type());
        assert_eq!(Some(verified.payload()), payload.as_deref());
    }
    let by_set = check::answer(SET.verify(token), &secrets);
    assert!(by_set.is_none() || by_one_key, "a set accepts what none of its keys does");

    let any: Option<Map<String, Value>> = check::answer(danger::unverified_claims(token), &secrets);
    if let Some(any) = &any {
        assert_eq!(Some(any), claims.as_ref(), "claims mean the same to all");
    }
    // Types that the claims don't fit: serde's messages quote what they found.
    check::answer(danger::unverified_claims::<BTreeMap<String, u64>>(token), &secrets);
    check::answer(danger::unverified_claims::<BTreeMap<String, Option<IpAddr>>>(token), &secrets);
    check::answer(danger::unverified_claims::<BTreeMap<u8, (char, bool)>>(token), &secrets);

    if let Some(jwt) = check::answer(VERIFIER.verify::<Map<String, Value>>(token), &secrets) {
        assert!(by_set.is_some(), "a verifier accepts what its keys don't");
        assert_eq!(any.as_ref(), Some(jwt.claims()));
        for (name, value) in [("iss", jwt.issuer()), ("sub", jwt.subject()), ("jti", jwt.jwt_id())] {
            assert_eq!(jwt.claims().get(name).map(|claim| claim.as_str()), value.map(Some));
        }
        assert!(header.is_some_and(|header| !header.contains_key("enc")));
    }
    check::answer(VERIFIER.verify::<NoClaims>(token), &secrets);
});
