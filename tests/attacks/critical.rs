//! Classes G and H: parameters that must be understood (RFC 7515 §4.1.11), and payloads that aren't encoded
//! (RFC 7797).

#[cfg(feature = "gateway")]
use countersign::{AccessTokenVerifier, gateway::cache::TokenCache};
use countersign::{
    ContentEncryption, DecryptionKey, Error, JwtVerifier, KeySet, NoClaims, SecretBytes, VerifiedJwt,
    decrypt, encrypt,
};

use crate::jwe_forging::sealed;
use crate::support::*;

/// Verifies as an application does that understands these parameters.
fn understanding(names: &[&str], token: &str) -> Result<VerifiedJwt<NoClaims>, Error> {
    let verifier = JwtVerifier::builder(hs256_key()).understood_critical(names.iter().copied());
    verifier.issuer(ISSUER).audience(AUDIENCE).clock(at(NOW)).build().unwrap().verify(token)
}

/// CVE-2025-59420, CVE-2026-32597, CVE-2026-35042: `crit` was read over.
#[test]
fn row_044_unknown_critical_parameter() {
    for header in [
        r#"{"alg":"HS256","crit":["bork"],"bork":1}"#,
        r#"{"alg":"HS256","crit":["cnf"],"cnf":{"jkt":"x"}}"#,
        r#"{"bork":null,"crit":["bork"],"alg":"HS256"}"#,
        r#"{"alg":"HS256","crit":["http://example.invalid/UNDEFINED"],"http://example.invalid/UNDEFINED":true}"#,
        r#"{"alg":"HS256","\u0063rit":["bork"],"bork":1}"#,
        r#"{"alg":"HS256","crit":[""],"":1}"#,
    ] {
        assert_eq!(refused_by(&hs256_key(), &hs256(header, P0)), "unsupported_critical", "{header}");
        assert_eq!(code(understanding(&["Bork", "bor", "exp"], &hs256(header, P0))), "unsupported_critical");
    }
    // The same parameters, not critical, are ignored; so is `crit` by another name.
    for header in [r#"{"alg":"HS256","bork":1}"#, r#"{"alg":"HS256","CRIT":["bork"],"bork":1}"#] {
        accepted_by(&hs256_key(), &hs256(header, P0));
    }
}

#[test]
fn row_045_crit_that_breaks_its_rules() {
    let cases = [
        r#""crit":[]"#,
        r#""crit":"exp","exp":1"#,
        r#""crit":[1],"1":1"#,
        r#""crit":null"#,
        r#""crit":true"#,
        r#""crit":0"#,
        r#""crit":{"exp":1},"exp":1"#,
        r#""crit":[null]"#,
        r#""crit":[["exp"]],"exp":1"#,
        r#""crit":["exp",1],"exp":1"#,
        r#""crit":["alg"]"#,
        r#""crit":["crit"]"#,
        r#""crit":["typ"],"typ":"at+jwt""#,
        r#""crit":["kid"],"kid":"1""#,
        r#""crit":["enc"]"#,
        r#""crit":["zip"],"zip":"DEF""#,
        r#""crit":["p2c"],"p2c":1"#,
        r#""crit":["exp"]"#,
        r#""crit":["EXP"],"exp":1"#,
        r#""crit":["exp "],"exp":1"#,
        r#""crit":["exp","exp"],"exp":1"#,
        r#""crit":["exp","\u0065xp"],"exp":1"#,
        r#""crit":["exp","jti"],"exp":1"#,
        r#""crit":["b64","b64"],"b64":true"#,
    ];
    for extra in cases {
        let token = hs256(format!(r#"{{"alg":"HS256",{extra}}}"#), P0);
        assert_eq!(refused_by(&hs256_key(), &token), "crit", "{extra}");
        // What the application understands changes nothing about the rules.
        let all = ["exp", "jti", "alg", "typ", "crit", "kid", "enc", "zip", "b64", "p2c", "EXP", "exp ", "1"];
        assert_eq!(code(understanding(&all, &token)), "crit", "{extra}");
    }
    let twice = hs256(r#"{"alg":"HS256","crit":["exp"],"crit":["exp"],"exp":1}"#, P0);
    assert_eq!(refused_by(&hs256_key(), &twice), "duplicate_member");
}

#[test]
fn row_047_critical_parameter_that_is_understood() {
    for header in [
        r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"HS256","crit":["\u0065xp"],"exp":1}"#,
        r#"{"crit":["exp","cnf"],"cnf":null,"exp":"","alg":"HS256"}"#,
    ] {
        assert!(understanding(&["exp", "cnf"], &hs256(header, P0)).is_ok(), "{header}");
        assert_eq!(refused_by(&hs256_key(), &hs256(header, P0)), "unsupported_critical", "{header}");
    }
    let both = hs256(r#"{"alg":"HS256","crit":["exp","cnf"],"exp":1,"cnf":1}"#, P0);
    assert_eq!(code(understanding(&["exp"], &both)), "unsupported_critical");
    // To understand is not to require.
    assert!(understanding(&["exp"], &hs256(H0, P0)).is_ok());
}

/// Who accepts a critical parameter has to process it, so whoever declares one gets it.
#[test]
fn row_047_critical_parameter_is_given_out() {
    let token = hs256(r#"{"alg":"HS256","crit":["exp"],"exp":1,"cnf":2}"#, P0);
    let jwt = understanding(&["exp"], &token).unwrap();
    assert_eq!(jwt.parameter("exp"), Ok(Some(1)));
    assert_eq!(code(jwt.parameter::<bool>("exp")), "parameter_type");
    // Nobody declared these.
    assert_eq!(jwt.parameter::<u8>("cnf"), Ok(None));
    assert_eq!(jwt.parameter::<String>("alg"), Ok(None));
}

/// Nobody gets to see an encrypted token's header, so what is critical there is refused, declared or not; the
/// header of the signed token inside is given out.
#[test]
fn row_044_and_047_critical_parameters_of_a_nested_token() {
    let cek = secret();
    let key = DecryptionKey::direct(ContentEncryption::A128CbcHs256, SecretBytes::from(cek.clone())).unwrap();
    let keys: KeySet<DecryptionKey> = key.clone_key().into();
    let forged = |extra: &str, inner: &str| {
        let header = format!(r#"{{"alg":"dir","enc":"A128CBC-HS256","cty":"JWT"{extra}}}"#);
        sealed(&cek, &header, b"", inner.as_bytes())
    };
    let verify = |names: &[&str], token: &str| {
        let verifier = JwtVerifier::builder(hs256_key()).decrypt_with(key.clone_key());
        let verifier = verifier.understood_critical(names.iter().copied());
        let verifier = verifier.issuer(ISSUER).audience(AUDIENCE).clock(at(NOW)).build().unwrap();
        verifier.verify::<NoClaims>(token)
    };
    let plain = hs256(H0, P0);
    let inner = hs256(r#"{"alg":"HS256","crit":["bork"],"bork":1}"#, P0);
    assert_eq!(verify(&["bork"], &forged("", &inner)).unwrap().parameter("bork"), Ok(Some(1)));
    assert_eq!(code(verify(&["exp"], &forged("", &inner))), "unsupported_critical");
    // In the outer header: whatever is declared, and whatever the inner one says.
    for token in [&plain, &inner].map(|inner| forged(r#","crit":["bork"],"bork":2"#, inner)) {
        for names in [&["bork"][..], &["exp", "bork"], &[], &["exp"], &["Bork"], &[""]] {
            assert_eq!(code(verify(names, &token)), "unsupported_critical", "{names:?}");
        }
        // Whoever decrypts without a verifier has declared nothing.
        assert_eq!(code(decrypt(&key, &token)), "unsupported_critical");
        assert_eq!(code(keys.decrypt(&token)), "unsupported_critical");
    }
    // Not critical, it is ignored, and never taken for the signed token's.
    let beside = verify(&["bork"], &forged(r#","bork":2"#, &plain)).unwrap();
    assert_eq!(beside.parameter::<u8>("bork"), Ok(None));
    assert_eq!(verify(&["bork"], &forged(r#","bork":2"#, &inner)).unwrap().parameter("bork"), Ok(Some(1)));
    // The rules on `crit` hold, and `b64` is nothing that an encrypted token has (RFC 7797 §3).
    assert_eq!(code(verify(&["bork"], &forged(r#","crit":["bork"]"#, &plain))), "crit");
    assert_eq!(code(verify(&["enc"], &forged(r#","crit":["enc"]"#, &plain))), "crit");
    for b64 in ["true", "false"] {
        let token = forged(&format!(r#","crit":["b64"],"b64":{b64}"#), &plain);
        assert_eq!(code(verify(&["b64"], &token)), "unsupported_critical", "{b64}");
    }
}

/// The same of access tokens, also of those that a cache knows.
#[cfg(feature = "gateway")]
#[test]
fn row_044_and_047_critical_parameters_of_an_access_token() {
    let (cek, names) = (secret(), ["bork"]);
    let key = DecryptionKey::direct(ContentEncryption::A128CbcHs256, SecretBytes::from(cek.clone())).unwrap();
    let claims = P0.replace(r#""sub":"u""#, r#""sub":"u","client_id":"c","jti":"1","iat":1"#);
    let signed = |extra: &str| hs256(format!(r#"{{"alg":"HS256","typ":"at+jwt"{extra}}}"#), &claims);
    let nested = |extra: &str, inner: &str| {
        let header = format!(r#"{{"alg":"dir","enc":"A128CBC-HS256","cty":"JWT"{extra}}}"#);
        sealed(&cek, &header, b"", inner.as_bytes())
    };
    let builder = || {
        let builder = AccessTokenVerifier::builder(hs256_key()).clock(at(NOW));
        builder.issuer(ISSUER).audience(AUDIENCE)
    };
    let critical = r#","crit":["bork"],"bork":1"#;
    let inner = signed(critical);
    let cache = TokenCache::builder().build().unwrap();
    for (token, knowing, unknowing) in [
        (inner.clone(), builder().understood_critical(names), builder()),
        (
            nested("", &inner),
            builder().understood_critical(names).decrypt_with(key.clone_key()),
            builder().decrypt_with(key.clone_key()),
        ),
    ] {
        let (knowing, unknowing) = (knowing.build().unwrap(), unknowing.build().unwrap());
        for _ in 0..3 {
            assert_eq!(knowing.verify::<NoClaims>(&token).unwrap().parameter("bork"), Ok(Some(1)));
            let cached = cache.verify::<NoClaims>(&knowing, &token).unwrap();
            assert_eq!(cached.parameter("bork"), Ok(Some(1)));
            assert_eq!(code(cached.parameter::<bool>("bork")), "parameter_type");
            assert_eq!(cached.parameter::<String>("typ"), Ok(None));
            assert_eq!(code(unknowing.verify::<NoClaims>(&token)), "unsupported_critical");
            assert_eq!(code(cache.verify::<NoClaims>(&unknowing, &token)), "unsupported_critical");
        }
    }
    assert_eq!(cache.hits(), 4);
    // In the outer header, declared or not.
    let outside = nested(critical, &signed(""));
    for names in [&names[..], &[]] {
        let builder = builder().understood_critical(names.iter().copied());
        let verifier = builder.decrypt_with(key.clone_key()).build().unwrap();
        assert_eq!(code(verifier.verify::<NoClaims>(&outside)), "unsupported_critical");
        assert_eq!(code(cache.verify::<NoClaims>(&verifier, &outside)), "unsupported_critical");
    }
    // A verifier that was told nothing gives nothing out.
    let plain = builder().build().unwrap().verify::<NoClaims>(&signed(r#","bork":1"#)).unwrap();
    assert_eq!(plain.parameter::<u8>("bork"), Ok(None));
}

#[test]
fn row_044_critical_parameter_of_an_encrypted_token() {
    let key = DecryptionKey::direct(ContentEncryption::A256Gcm, SecretBytes::from(secret())).unwrap();
    let token = encrypt(&key.encryption_key().unwrap(), b"x").unwrap();
    let cases = [
        (r#""crit":["bork"],"bork":1"#, "unsupported_critical"),
        (r#""crit":["b64"],"b64":true"#, "unsupported_critical"),
        (r#""crit":["bork"]"#, "crit"),
        (r#""crit":[]"#, "crit"),
        (r#""crit":["enc"]"#, "crit"),
        (r#""crit":["epk"],"epk":{}"#, "crit"),
    ];
    for (extra, expected) in cases {
        let forged = with_part(&token, 0, &encode(format!(r#"{{"alg":"dir","enc":"A256GCM",{extra}}}"#)));
        assert_eq!(code(decrypt(&key, &forged)), expected, "{extra}");
    }
}

#[test]
fn row_048_unencoded_payload_that_is_not_critical() {
    for header in [
        r#"{"alg":"HS256","b64":false}"#,
        r#"{"b64":false,"alg":"HS256"}"#,
        r#"{"alg":"HS256","\u00624":1,"b\u00364":false}"#,
        r#"{"alg":"HS256","b64":false,"crit":["exp"],"exp":1}"#,
    ] {
        let input = format!("{}.{}", encode(header), P0.replace('.', ""));
        let unencoded = format!("{input}.{}", encode(hmac(256, &secret(), input.as_bytes())));
        // Whether `b64` is understood changes nothing, and a payload that isn't encoded isn't base64url.
        for (token, expected) in [(hs256(header, P0), "crit"), (unencoded, "base64url")] {
            assert_eq!(refused_by(&hs256_key(), &token), expected, "{header}");
            assert_eq!(code(understanding(&["b64", "exp"], &token)), expected, "{header}");
        }
    }
}

/// RFC 7797 §7: a JWT's payload is always encoded, whatever the application says it understands.
#[test]
fn row_049_unencoded_payload_of_a_jwt() {
    let header = r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#;
    assert_eq!(refused_by(&hs256_key(), &hs256(header, P0)), "unsupported_critical");
    assert_eq!(code(understanding(&["b64"], &hs256(header, P0))), "unsupported_critical");
    // MACed over the payload as it is, once shown encoded and once not.
    let mac = hmac(256, &secret(), format!("{}.{P0}", encode(header)).as_bytes());
    assert_eq!(code(understanding(&["b64"], &token(header, P0, &mac))), "unsupported_critical");
    let plain = format!("{}.{}.{}", encode(header), "plaintxt", encode(mac));
    assert_eq!(code(understanding(&["b64"], &plain)), "unsupported_critical");
}

#[test]
fn row_050_b64_of_another_type() {
    for value in [r#""false""#, r#""true""#, "0", "1", "null", "[]", "[false]", "{}", r#""""#] {
        for crit in ["", r#","crit":["b64"]"#] {
            let token = hs256(format!(r#"{{"alg":"HS256","b64":{value}{crit}}}"#), P0);
            assert_eq!(refused_by(&hs256_key(), &token), "member_type", "{value}");
            assert_eq!(code(understanding(&["b64"], &token)), "member_type", "{value}");
        }
    }
}

#[test]
fn b64_that_is_true_changes_nothing() {
    accepted_by(&hs256_key(), &hs256(r#"{"alg":"HS256","b64":true}"#, P0));
    let critical = hs256(r#"{"alg":"HS256","b64":true,"crit":["b64"]}"#, P0);
    assert_eq!(refused_by(&hs256_key(), &critical), "unsupported_critical");
    assert!(understanding(&["b64"], &critical).is_ok());
}
