//! Class P: the edges of time.

use std::time::{Duration, SystemTime};

use countersign::{Error, JwtVerifier, NoClaims, VerifiedJwt};

use crate::support::*;

/// A verifier at this time with this leeway, set up further by the caller.
fn verify_at(
    now: SystemTime,
    leeway: u64,
    payload: &str,
    further: impl FnOnce(countersign::jwt::JwtVerifierBuilder) -> countersign::jwt::JwtVerifierBuilder,
) -> Result<VerifiedJwt<NoClaims>, Error> {
    let verifier = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE);
    let verifier = verifier.leeway(Duration::from_secs(leeway)).clock(move || now);
    further(verifier).build().unwrap().verify(&hs256(H0, payload))
}

fn time(seconds: f64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)
}

fn plain(now: f64, leeway: u64, payload: &str) -> Result<VerifiedJwt<NoClaims>, Error> {
    verify_at(time(now), leeway, payload, |builder| builder)
}

#[test]
fn row_105_dates_long_ago() {
    for number in ["-1", "0", "-0", "0.0", "1", "-1.5", "-9223372036854775808", "1e-300", "-1e15"] {
        assert_eq!(code(verify_claims(p0_with("exp", number))), "expired", "{number}");
        assert!(verify_claims(p0_with("nbf", number)).is_ok(), "{number}");
        assert!(verify_claims(p0_with("iat", number)).is_ok(), "{number}");
    }
}

#[test]
fn row_106_fractions_count() {
    let payload = p0_with("exp", "4102444800.5");
    assert!(plain(4_102_444_800.25, 0, &payload).is_ok());
    assert!(plain(4_102_444_800.49, 0, &payload).is_ok());
    assert_eq!(code(plain(4_102_444_800.5, 0, &payload)), "expired");
    assert_eq!(code(plain(4_102_444_800.75, 0, &payload)), "expired");
    let date = plain(1.0, 0, &payload).unwrap().expires_at().unwrap();
    assert_eq!((date.seconds(), date.nanoseconds()), (4_102_444_800, 500_000_000));
    let payload = p0_with("nbf", "1000000000.5");
    assert_eq!(code(plain(1_000_000_000.25, 0, &payload)), "not_yet_valid");
    assert!(plain(1_000_000_000.5, 0, &payload).is_ok());
}

#[test]
fn row_107_dates_far_ahead() {
    for number in ["253402300800", "1e15", "1e18", "9223372036854775807", "9.2e18", "9223372036854775806.5"] {
        for leeway in [0, 1, 600] {
            let verified = plain(1_800_000_000.0, leeway, &p0_with("exp", number));
            match verified {
                Ok(jwt) => assert!(jwt.expires_at().unwrap().seconds() > 253_402_300_799),
                // A fraction that rounds up to 2^63 is no date.
                Err(error) => {
                    assert_eq!((number, error.code()), ("9223372036854775806.5", "claim_malformed"))
                }
            }
            for (claim, expected) in [("nbf", "not_yet_valid"), ("iat", "issued_in_future")] {
                if number.contains('.') {
                    continue;
                }
                let asked = |builder: countersign::jwt::JwtVerifierBuilder| {
                    builder.refuse_future_issued_at().max_age(Duration::MAX)
                };
                let payload = p0_with(claim, number).replace('}', r#","a":0}"#);
                let payload =
                    if claim == "nbf" { payload.replace(r#""a":0"#, r#""iat":1"#) } else { payload };
                let refused = verify_at(time(1.8e9), leeway, &payload, asked);
                assert_eq!(code(refused), expected, "{claim} {number}");
            }
        }
    }
    // At the end of time, and before its beginning, the arithmetic stops instead of turning round.
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(i64::MAX.unsigned_abs() >> 1);
    assert!(verify_at(last, 600, &p0_with("exp", "9223372036854775807"), |builder| builder).is_ok());
    assert_eq!(code(verify_at(last, 600, P0, |builder| builder)), "expired");
    let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 40);
    assert!(verify_at(early, 600, P0, |builder| builder).is_ok());
    assert_eq!(code(verify_at(early, 600, &p0_with("nbf", "0"), |builder| builder)), "not_yet_valid");
    assert_eq!(
        code(verify_at(early, 0, &p0_with("exp", "-9223372036854775808"), |builder| builder)),
        "expired"
    );
    for (claim, number) in [("iat", "-9223372036854775808"), ("nbf", "-9223372036854775808")] {
        let age = |builder: countersign::jwt::JwtVerifierBuilder| builder.max_age(Duration::from_secs(1));
        let payload = p0_with(claim, number);
        let refused = verify_at(time(1.8e9), 0, &payload, age);
        assert_eq!(code(refused), if claim == "iat" { "too_old" } else { "claim_missing" });
    }
}

#[test]
fn row_108_no_expiry() {
    let error = verify_claims(p0_without("exp")).unwrap_err();
    assert_eq!((error.code(), error.claim()), ("claim_missing", Some("exp")));
    assert!(!error.is_expired());
    let waived = |payload: &str| {
        verify_at(time(1.8e9), 0, payload, countersign::jwt::JwtVerifierBuilder::allow_missing_expiry)
    };
    assert!(waived(&p0_without("exp")).is_ok());
    // One that is there counts; one of another type isn't absent.
    assert_eq!(code(waived(&p0_with("exp", "1"))), "expired");
    assert_eq!(code(waived(&p0_with("exp", "null"))), "claim_malformed");
}

#[test]
fn row_109_the_edges_exactly() {
    const EXP: f64 = 1_000_000.0;
    let payload = p0_with("exp", "1000000");
    assert!(plain(EXP - 1.0, 0, &payload).is_ok());
    assert!(plain(EXP - 0.001, 0, &payload).is_ok());
    assert_eq!(code(plain(EXP, 0, &payload)), "expired");
    assert!(plain(EXP, 1, &payload).is_ok());
    assert!(plain(EXP + 59.0, 60, &payload).is_ok());
    assert_eq!(code(plain(EXP + 60.0, 60, &payload)), "expired");
    assert_eq!(code(plain(EXP + 61.0, 60, &payload)), "expired");

    let payload = p0_with("nbf", "1000000");
    assert!(plain(EXP, 0, &payload).is_ok());
    assert_eq!(code(plain(EXP - 1.0, 0, &payload)), "not_yet_valid");
    assert_eq!(code(plain(EXP - 0.001, 0, &payload)), "not_yet_valid");
    assert!(plain(EXP - 60.0, 60, &payload).is_ok());
    assert_eq!(code(plain(EXP - 61.0, 60, &payload)), "not_yet_valid");

    // Leeway has an end: a clock that is wrong by more is no clock.
    let build = |leeway| {
        let verifier = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE);
        verifier.leeway(leeway).build()
    };
    assert!(build(Duration::from_secs(600)).is_ok());
    for leeway in [Duration::from_millis(600_001), Duration::from_secs(3600), Duration::MAX] {
        assert_eq!(code(build(leeway)), "misuse");
    }
}

#[test]
fn row_110_start_and_age() {
    let nbf = |number: &str| plain(1e6, 60, &p0_with("nbf", number));
    assert!(nbf("1000060").is_ok());
    assert_eq!(code(nbf("1000061")), "not_yet_valid");
    assert_eq!(code(nbf("4102444801")), "not_yet_valid");

    let iat = |number: &str, max_age: Option<u64>, refuse_future: bool| {
        verify_at(time(1e6), 60, &p0_with("iat", number), |builder| {
            let builder = match max_age {
                Some(seconds) => builder.max_age(Duration::from_secs(seconds)),
                None => builder,
            };
            if refuse_future { builder.refuse_future_issued_at() } else { builder }
        })
    };
    // RFC 7519 says nothing of an `iat` in the future, so it is refused where that is asked for.
    assert!(iat("1000061", None, false).is_ok());
    assert_eq!(code(iat("1000061", None, true)), "issued_in_future");
    assert!(iat("1000060", None, true).is_ok());
    assert_eq!(code(iat("1000061", Some(100), false)), "issued_in_future");
    assert!(iat("999840", Some(100), false).is_ok());
    assert_eq!(code(iat("999839", Some(100), false)), "too_old");
    assert_eq!(code(iat("0", Some(100), false)), "too_old");
    assert_eq!(code(iat("-1", Some(100), false)), "too_old");
    let without = verify_at(time(1e6), 0, P0, |builder| builder.max_age(Duration::from_secs(1)));
    assert_eq!(code(without), "claim_missing");

    // A time that begins after its end is none, though neither end is wrong alone.
    let backwards = p0_with("exp", "1000010,\"nbf\":1000020");
    assert_eq!(code(plain(1e6, 60, &backwards)), "claim_contradiction");
    let moment = p0_with("exp", "1000010,\"nbf\":1000010");
    assert!(plain(1e6, 60, &moment).is_ok());
}

/// "Expired" is said of a token that is in order in all else, so that nobody takes a forgery for stale.
#[test]
fn expiry_is_judged_last() {
    let expired = p0_with("exp", "1");
    assert!(verify_claims(&expired).unwrap_err().is_expired());
    assert_eq!(code(verify(&maced(256, &[1; 32], H0, &expired))), "invalid_signature");
    for (claim, json, expected) in [
        ("iss", r#""https://evil.example""#, "claim_unexpected"),
        ("aud", r#""https://evil.example""#, "claim_unexpected"),
        ("sub", "5", "claim_malformed"),
        ("nbf", "4102444800", "not_yet_valid"),
    ] {
        let payload = p0_with(claim, json).replace(r#""exp":4102444800"#, r#""exp":1"#);
        assert_eq!(code(verify_claims(&payload)), expected, "{claim}");
    }
}
