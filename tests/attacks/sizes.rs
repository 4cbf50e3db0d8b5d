//! Class O: inputs that cost more than they are worth, and errors that repeat them.

use countersign::{
    DecryptionKey, Error, JweAlgorithm, Jwk, JwkSet, JwtVerifier, KeySet, Limits, NoClaims, UnverifiedToken,
    VerifiedJwt, danger, decrypt, jws,
};

use crate::support::*;

/// Verifies under other limits.
fn within(limits: Limits, token: &str) -> Result<VerifiedJwt<NoClaims>, Error> {
    let verifier = JwtVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE);
    verifier.clock(at(NOW)).limits(limits).build().unwrap().verify(token)
}

fn roomy() -> Limits {
    Limits::default().token_bytes(16 << 20).header_bytes(8 << 20)
}

/// All the ways a text comes in, and the code of each refusal.
fn everywhere(text: &str) -> Vec<&'static str> {
    let recipient = DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap();
    vec![
        code(jws::verify(&hs256_key(), text)),
        code(KeySet::from(hs256_key()).verify(text)),
        code(verify(text)),
        code(UnverifiedToken::parse(text)),
        code(danger::unverified_claims::<NoClaims>(text)),
        code(decrypt(&recipient, text)),
        code(KeySet::from(recipient).decrypt(text)),
    ]
}

/// CVE-2025-22868, CVE-2025-27144, CVE-2025-30204: a part was allocated for every dot.
#[test]
fn row_091_dots() {
    for dots in [100_000, 8 << 20] {
        let text = ".".repeat(dots);
        assert!(everywhere(&text).iter().all(|code| *code == "limit_token_bytes"), "{dots}");
        assert_eq!(code(within(roomy(), &text)), "segment_count", "{dots}");
    }
    for text in ["", ".", "...", ".....", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f", "eyJhbGciOiJIUzI1NiJ9"] {
        assert!(everywhere(text).iter().all(|code| *code == "segment_count"), "{text}");
    }
    // Three parts, and five, that are all empty: the header is no JSON.
    assert_eq!(code(jws::verify(&hs256_key(), "..")), "json");
    assert_eq!(code(verify("..")), "json");
    assert_eq!(code(verify("....")), "encrypted");
    assert_eq!(code(UnverifiedToken::parse("....")), "json");
    let signed = hs256(H0, P0);
    assert_eq!(code(verify(&format!("{signed}."))), "segment_count");
    assert_eq!(code(verify(&format!(".{signed}"))), "segment_count");
    assert_eq!(code(verify(&format!("{signed}.."))), "encrypted");
}

#[test]
fn row_092_size_comes_first() {
    let signed = hs256(H0, P0);
    let exact = |size: usize| within(Limits::default().token_bytes(size), &signed);
    assert!(exact(signed.len()).is_ok());
    assert_eq!(code(exact(signed.len() - 1)), "limit_token_bytes");
    assert_eq!(code(exact(0)), "limit_token_bytes");
    // One octet over the default, whatever the octets are.
    for filler in ["a", ".", "é", "\0", "{", "\""] {
        let text = filler.repeat(16 * 1024 / filler.len() + 1);
        assert!(everywhere(&text).iter().all(|code| *code == "limit_token_bytes"), "{filler:?}");
    }
    // A token that is in order, and large.
    let padding = |octets: usize| hs256(H0, p0_with("a", &format!("\"{}\"", "x".repeat(octets))));
    assert!(verify(&padding(12_000)).is_ok());
    assert_eq!(code(verify(&padding(13_000))), "limit_token_bytes");
    assert!(within(roomy(), &padding(1 << 20)).is_ok());
}

#[test]
fn row_092_header_size() {
    let header = |octets: usize| {
        let filler = octets - r#"{"alg":"HS256","a":""}"#.len();
        format!(r#"{{"alg":"HS256","a":"{}"}}"#, "x".repeat(filler))
    };
    for octets in [4095, 4096] {
        accepted_by(&hs256_key(), &hs256(header(octets), P0));
    }
    for octets in [4097, 8192] {
        assert_eq!(refused_by(&hs256_key(), &hs256(header(octets), P0)), "limit_header_bytes");
    }
}

fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn row_093_depth() {
    // What opens, what stands in the middle, what closes, and how many levels that is.
    for (open, inner, close, levels) in
        [("[", "", "]", 1), (r#"{"a":"#, "1", "}", 1), (r#"[{"a":"#, "1", "}]", 2)]
    {
        let value = |depth: usize| nested(open, inner, close, depth / levels);
        // The claims set itself is the first level.
        assert!(verify_claims(p0_with("a", &value(30))).is_ok(), "{open}");
        for depth in [32, 34, 100, 1_000] {
            assert_eq!(
                code(verify_claims(p0_with("a", &value(depth)))),
                "limit_json_depth",
                "{open} {depth}"
            );
        }
        for depth in [32, 34, 100, 500] {
            let header = format!(r#"{{"alg":"HS256","a":{}}}"#, value(depth));
            assert_eq!(refused_by(&hs256_key(), &hs256(header, P0)), "limit_json_depth", "{open} {depth}");
        }
        for depth in [10_000, 1_000_000] {
            let token = hs256(H0, p0_with("a", &value(depth)));
            assert_eq!(code(within(roomy(), &token)), "limit_json_depth", "{open} {depth}");
        }
        // No caller can ask for a depth that a stack doesn't hold.
        let deep = roomy().json_depth(usize::MAX);
        assert_eq!(
            code(within(deep, &hs256(H0, p0_with("a", &value(1_000_000))))),
            "limit_json_depth",
            "{open}"
        );
    }
    let header = format!(r#"{{"alg":"HS256","a":{}}}"#, nested("[", "", "]", 1_000));
    assert_eq!(refused_by(&hs256_key(), &hs256(header, P0)), "limit_json_depth");
    assert!(verify_claims(p0_with("a", &nested("[", "", "]", 31))).is_ok());
    assert_eq!(code(verify_claims(p0_with("a", &nested("[", "", "]", 32)))), "limit_json_depth");
    // Brackets that are never closed are too deep before they are no JSON.
    assert_eq!(code(verify_claims(format!(r#"{{"a":{}"#, "[".repeat(5_000)))), "limit_json_depth");
    assert_eq!(code(verify_claims("[".repeat(5_000))), "limit_json_depth");
    assert_eq!(code(verify_claims(format!(r#"{{"a":{}"#, "[".repeat(5)))), "json");
    // Keys and sets are read by the same rules.
    assert_eq!(
        code(Jwk::from_json(&format!(r#"{{"a":{}}}"#, nested("[", "", "]", 50_000)))),
        "limit_json_depth"
    );
    let set = format!(r#"{{"keys":[],"a":{}}}"#, nested("[", "", "]", 50_000));
    assert_eq!(code(JwkSet::from_json(&set)), "limit_json_depth");
}

#[test]
fn row_094_errors_repeat_nothing() {
    const MARK: &str = "s3cr3t-m4rk";
    let long = format!("{MARK}{}", "x".repeat(1 << 20));
    let header = |extra: &str| hs256(format!(r#"{{"alg":"HS256",{extra}}}"#), P0);
    let tokens = [
        long.clone(),
        format!("{long}.{long}.{long}"),
        format!("{MARK}.{MARK}.{MARK}"),
        hs256(format!(r#"{{"alg":"{MARK}"}}"#), P0),
        hs256(MARK, P0),
        hs256(format!("{{\"{MARK}\":1,\"{MARK}\":2}}"), P0),
        header(&format!(r#""crit":["{MARK}"],"{MARK}":1"#)),
        header(&format!(r#""kid":["{MARK}"]"#)),
        hs256(H0, MARK),
        hs256(H0, format!(r#"{{"{MARK}":"{MARK}"#)),
        hs256(H0, p0_with("iss", &format!("\"{MARK}\""))),
        hs256(H0, p0_with("aud", &format!("[\"{MARK}\"]"))),
        hs256(H0, p0_with("exp", &format!("\"{MARK}\""))),
        hs256(H0, p0_with("sub", &format!("{{\"{MARK}\":1}}"))),
        hs256(H0, p0_with("exp", "1")),
        maced(256, MARK.as_bytes(), H0, P0),
    ];
    for token in tokens {
        for limits in [Limits::default(), roomy()] {
            let error = within(limits, &token).unwrap_err();
            for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
                assert!(!text.contains(MARK) && !text.contains(&encode(MARK)), "{text}");
                assert!(text.len() < 400, "{text}");
            }
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
    }
    // Nor do the caller's types, whose own messages would quote what they found.
    #[derive(Debug, serde::Deserialize)]
    struct Custom {
        #[expect(dead_code, reason = "only whether it is read matters")]
        role: u8,
    }
    let token = hs256(H0, p0_with("role", &format!("\"{MARK}\"")));
    let error = verifier(hs256_key()).verify::<Custom>(&token).unwrap_err();
    assert_eq!(error.code(), "claims_type");
    assert!(!error.to_string().contains(MARK) && !format!("{error:?}").contains(MARK), "{error:?}");
    for key in
        [format!(r#"{{"kty":"{MARK}"}}"#), format!(r#"{{"kty":"oct","k":"{MARK}!"}}"#), MARK.to_owned()]
    {
        let error = Jwk::from_json(&key).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(MARK), "{error:?}");
    }
}

#[test]
fn row_095_members() {
    let members = |count: usize| (0..count).map(|number| format!(r#""n{number}":0,"#)).collect::<String>();
    let header = |count: usize| format!(r#"{{{}"alg":"HS256"}}"#, members(count - 1));
    let claims = |count: usize| format!("{{{}{}", members(count - 4), &P0[1..]);
    assert!(verify(&hs256(header(256), P0)).is_ok());
    assert_eq!(refused_by(&hs256_key(), &hs256(header(257), P0)), "limit_json_members");
    assert_eq!(code(verify(&hs256(header(100_000), P0))), "limit_token_bytes");
    assert_eq!(code(within(roomy(), &hs256(header(100_000), P0))), "limit_json_members");
    assert!(verify_claims(claims(256)).is_ok());
    assert_eq!(code(verify_claims(claims(257))), "limit_json_members");
    assert_eq!(code(within(roomy(), &hs256(H0, claims(100_000)))), "limit_json_members");
    // In an object further down as well; an array's elements aren't members.
    let inner = format!("{{{}\"a\":0}}", members(256));
    assert_eq!(code(verify_claims(p0_with("a", &inner))), "limit_json_members");
    assert!(verify_claims(p0_with("a", &format!("[{}0]", "0,".repeat(5_000)))).is_ok());
    // Names that are long: the token's size is their limit.
    assert!(verify_claims(p0_with(&"n".repeat(5_000), "0")).is_ok());
    assert!(verify(&hs256(format!(r#"{{"alg":"HS256","{}":0}}"#, "n".repeat(1_000)), P0)).is_ok());
    // Many members of long and alike names are read in time that grows with their size.
    let alike = |count: usize| {
        (0..count).map(|number| format!(r#""{}{number}":0,"#, "n".repeat(1_000))).collect::<String>()
    };
    let roomy = roomy().json_members(20_000);
    let payload = format!("{{{}{}", alike(5_000), &P0[1..]);
    assert!(within(roomy, &hs256(H0, payload)).is_ok());
}

#[test]
fn row_096_numbers() {
    let exp = |number: &str| verify_claims(p0_with("exp", number));
    for number in [
        "01",
        "00",
        "-01",
        "+1",
        ".5",
        "5.",
        "0x10",
        "1e",
        "1e+",
        "-",
        "--1",
        "1.e1",
        "1_000",
        "1,000",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1E400",
        "1f",
        "0b1",
        "١",
        "1 2",
        "4102444800L",
    ] {
        assert_eq!(code(exp(number)), "json", "{number}");
        // Where nobody reads the number, it must be one all the same.
        assert_eq!(code(verify_claims(p0_with("a", number))), "json", "{number}");
        assert_eq!(code(verify_claims(p0_with("a", &format!("[{{\"b\":{number}}}]")))), "json", "{number}");
    }
    for number in
        ["1e308", "-1e308", "18446744073709551615", "18446744073709551616", "9223372036854775808", "1e19"]
    {
        assert_eq!(code(exp(number)), "claim_malformed", "{number}");
    }
    // A number with very many digits is no more work than its length, and is out of range.
    assert_eq!(code(exp(&"9".repeat(300))), "claim_malformed");
    assert_eq!(code(exp(&"9".repeat(310))), "json");
    assert_eq!(code(exp(&format!("0.{}", "9".repeat(5_000)))), "expired");
    assert_eq!(code(exp("1E+2")), "expired");
    assert_eq!(code(exp("-0")), "expired");
    assert_eq!(code(exp("1e-5000")), "expired");
    // Beyond 2^53 a number is still the one that was written.
    let exact = exp("9007199254740993").unwrap();
    assert_eq!(exact.expires_at().unwrap().seconds(), 9_007_199_254_740_993);
    for number in
        ["4102444800", "4102444800.0", "4.1024448e9", "4.1024448E+9", "41024448e2", "41024448000e-1"]
    {
        assert_eq!(exp(number).unwrap().expires_at().unwrap().seconds(), 4_102_444_800, "{number}");
    }
}

/// What is too large for a key is refused before it is decoded, in whichever form it comes.
#[test]
fn keys_have_a_size_too() {
    type Reader = fn(&[u8]) -> Result<Jwk, Error>;
    const MOST: usize = 256 * 1024;
    let padded = |text: &str, len: usize| format!("{}{text}", " ".repeat(len - text.len()));
    assert!(Jwk::from_json(&padded(&rsa_public_json(), MOST)).is_ok());
    assert_eq!(code(Jwk::from_json(&padded(&rsa_public_json(), MOST + 1))), "limit_key_bytes");
    #[cfg(feature = "pem")]
    for pem in [RSA_SPKI_PEM, RSA_PKCS1_PEM, RSA_CERTIFICATE_PEM] {
        let padded = |len: usize| format!("{}\n{pem}", " ".repeat(len - 1 - pem.len()));
        assert!(Jwk::from_pem(&padded(MOST)).is_ok());
        assert_eq!(code(Jwk::from_pem(&padded(MOST + 1))), "limit_key_bytes");
        let key = countersign::EncryptionKey::from_pem(JweAlgorithm::EcdhEs, &padded(MOST + 1));
        assert_eq!(code(key), "limit_key_bytes");
    }
    let readers: [Reader; 6] = [
        Jwk::from_spki_der,
        Jwk::from_pkcs8_der,
        Jwk::from_pkcs1_public_der,
        Jwk::from_pkcs1_private_der,
        Jwk::from_sec1_der,
        Jwk::from_certificate_der,
    ];
    // A sequence of exactly that length, so that it is looked into when its size permits.
    let sequence = |len: usize| {
        let [_, high, middle, low] = u32::try_from(len - 5).unwrap().to_be_bytes();
        [&[0x30, 0x83, high, middle, low], vec![0; len - 5].as_slice()].concat()
    };
    for read in readers {
        assert_eq!(code(read(&sequence(MOST))), "encoding");
        assert_eq!(code(read(&sequence(MOST + 1))), "limit_key_bytes");
    }
    let der = rsa_private().to_spki_der().unwrap();
    assert!(Jwk::from_spki_der(&der).is_ok());
}

#[test]
fn sets_of_keys_have_a_size_too() {
    let one = rsa_public_json();
    let set = |count: usize| format!(r#"{{"keys":[{}]}}"#, vec![one.as_str(); count].join(","));
    assert_eq!(JwkSet::from_json(&set(100)).unwrap().len(), 100);
    assert_eq!(code(JwkSet::from_json(&set(1_000))), "limit_jwk_set_bytes");
    let empty = |count: usize| format!(r#"{{"keys":[{}]}}"#, vec!["{}"; count].join(","));
    assert_eq!(JwkSet::from_json(&empty(1024)).unwrap().skipped().len(), 1024);
    assert_eq!(code(JwkSet::from_json(&empty(1025))), "limit_jwk_set_keys");
    assert_eq!(code(JwkSet::from_json(&" ".repeat(300_000))), "limit_jwk_set_bytes");
    assert_eq!(code(Jwk::from_json(&" ".repeat(300_000))), "limit_key_bytes");
    assert_eq!(
        code(JwkSet::from_json_with_limits(&set(2), &Limits::default().jwk_set_keys(1))),
        "limit_jwk_set_keys"
    );
}
