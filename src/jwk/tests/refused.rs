//! What is refused, each by its code; every case is a valid key with one thing changed.

use super::*;
use crate::wire::base64url;

#[test]
fn text_that_is_no_jwk() {
    assert_eq!(code(""), "json");
    assert_eq!(code("[]"), "not_an_object");
    assert_eq!(code("\"oct\""), "not_an_object");
    assert_eq!(code("{}"), "missing_member");
    assert_eq!(code(&format!("{OCT} x")), "json");
    assert_eq!(code(&adding(OCT, r#""kty":"oct""#)), "duplicate_member");
    assert_eq!(code(&adding(OCT, r#""\u006b":"AAAA""#)), "duplicate_member");
    assert_eq!(code(&with(OCT, "kty", "FOO")), "unsupported_key");
    assert_eq!(code(&with(OCT, "kty", "OCT")), "unsupported_key");
    assert_eq!(code(&with(OCT, "kty", "AKP")), "unsupported_key");
    assert_eq!(code(r#"{"kty":7}"#), "member_type");
    assert_eq!(code(&adding(OCT, &format!(r#""x":"{}""#, "x".repeat(256 * 1024)))), "limit_key_bytes");
}

#[test]
fn metadata_of_a_wrong_type() {
    for member in [
        r#""kid":1"#,
        r#""kid":null"#,
        r#""alg":["RS256"]"#,
        r#""use":null"#,
        r#""use":["sig"]"#,
        r#""key_ops":"sign""#,
        r#""key_ops":null"#,
        r#""key_ops":[1]"#,
        r#""key_ops":["sign",null]"#,
        r#""key_ops":["sign","verify","sign"]"#,
        r#""key_ops":["seal","seal"]"#,
        r#""key_ops":["sign","\u0073ign"]"#,
    ] {
        assert_eq!(code(&adding(OCT, member)), "member_type", "{member}");
    }
}

/// A hostile list costs time in proportion to its length.
#[test]
fn a_long_list_of_operations_ends_soon() {
    let names: Vec<String> = (0..20_000).map(|number| format!("\"{number:x}\"")).collect();
    assert!(Jwk::from_json(&adding(OCT, &format!("\"key_ops\":[{}]", names.join(",")))).is_ok());
}

/// Row 016.
#[test]
fn secrets() {
    assert_eq!(code(&with(OCT, "k", "")), "key_too_small");
    assert_eq!(Jwk::from_secret(SecretBytes::from(Vec::new())).unwrap_err().code(), "key_too_small");
    assert_eq!(code(r#"{"kty":"oct"}"#), "missing_member");
    assert_eq!(code(r#"{"kty":"oct","k":null}"#), "member_type");
    assert_eq!(code(r#"{"kty":"oct","k":"AAAA="}"#), "base64url");
    assert_eq!(code(r#"{"kty":"oct","k":"AA+A"}"#), "base64url");
    assert_eq!(code(r#"{"kty":"oct","k":"AAB"}"#), "non_canonical_base64url");
    assert_eq!(code(r#"{"kty":"oct","k":" AAAA"}"#), "base64url");
    // Row 019: weak, but a key.
    assert!(Jwk::from_json(&with(OCT, "k", &"A".repeat(43))).is_ok());
    assert!(Jwk::from_secret(SecretBytes::from(vec![0; 32])).is_ok());
}

/// Rows 072, 074, 075.
#[test]
fn elliptic_curve_keys() {
    let public = without(EC, "d");
    assert!(Jwk::from_json(&public).is_ok());
    for name in ["x", "y", "crv"] {
        assert_eq!(code(&without(EC, name)), "missing_member", "{name}");
    }
    for crv in ["P-224", "p-256", "Ed25519", "BP-256"] {
        assert_eq!(code(&with(EC, "crv", crv)), "unsupported_key", "{crv}");
    }
    assert_eq!(code(&with(EC, "crv", "P-384")), "member_type");
    #[cfg(not(feature = "es256k"))]
    assert_eq!(code(&with(EC, "crv", "secp256k1")), "unsupported_feature");
    #[cfg(feature = "es256k")]
    assert_eq!(code(&with(EC, "crv", "secp256k1")), "key_inconsistent");

    // 31 and 33 octets, of the right value too.
    for name in ["x", "y", "d"] {
        let octets = base64url::decode(value_of(EC, name), Part::Jwk).unwrap();
        let longer = [&[0], &octets[..]].concat();
        for wrong in [&octets[1..], &octets[..31], &longer, &[]] {
            assert_eq!(code(&with(EC, name, &base64url::encode(wrong))), "member_type", "{name}");
        }
    }

    // Off the curve: another y, x and y exchanged, the origin, beyond p.
    let (x, y) = (value_of(EC, "x"), value_of(EC, "y"));
    assert_eq!(code(&with(&with(&public, "x", y), "y", x)), "key_inconsistent");
    assert_eq!(code(&with(&public, "y", x)), "key_inconsistent");
    let zero = "A".repeat(43);
    assert_eq!(code(&with(&with(&public, "x", &zero), "y", &zero)), "key_inconsistent");
    let ones = format!("{}8", "_".repeat(42));
    assert_eq!(code(&with(&public, "x", &ones)), "key_inconsistent");

    // d = 0, d beyond n, d of another point.
    assert_eq!(code(&with(EC, "d", &zero)), "key_inconsistent");
    assert_eq!(code(&with(EC, "d", &ones)), "key_inconsistent");
    assert_eq!(code(&with(EC, "d", x)), "key_inconsistent");
    assert_eq!(code(&adding(&public, r#""d":null"#)), "member_type");
}

/// Row 075.
#[test]
fn octet_key_pairs() {
    for (json, other) in [(ED25519, X25519), (X25519, ED25519)] {
        assert_eq!(code(&without(json, "x")), "missing_member");
        assert_eq!(code(&without(json, "crv")), "missing_member");
        for crv in ["Ed448", "X448"] {
            let error = Jwk::from_json(&with(json, "crv", crv)).unwrap_err();
            assert_eq!(error.code(), "unsupported_key");
            assert!(error.to_string().contains("448 bits"), "{error}");
        }
        assert_eq!(code(&with(json, "crv", "P-256")), "unsupported_key");
        assert_eq!(code(&with(json, "d", value_of(other, "d"))), "key_inconsistent");
        assert_eq!(code(&with(json, "x", value_of(other, "x"))), "key_inconsistent");
        for name in ["x", "d"] {
            for len in [0, 31, 33, 57] {
                let octets = base64url::encode(&vec![1; len]);
                assert_eq!(code(&with(json, name, &octets)), "member_type", "{name} of {len}");
            }
        }
    }
    // The neutral element, and y = 2, which is no point's.
    let public = without(ED25519, "d");
    for first in ["01", "02"] {
        let mut x = vec![0; 32];
        x[0] = first.parse().unwrap();
        assert_eq!(code(&with(&public, "x", &base64url::encode(&x))), "key_inconsistent", "{first}");
    }
}

/// Row 020.
#[test]
fn rsa_public_keys() {
    let public =
        ["d", "p", "q", "dp", "dq", "qi"].iter().fold(RSA.to_owned(), |json, name| without(&json, name));
    assert!(Jwk::from_json(&public).is_ok());
    assert_eq!(code(&without(&public, "n")), "missing_member");
    assert_eq!(code(&without(&public, "e")), "missing_member");

    // e: 0, 1, even, 2^33 + 1, huge, with a leading zero octet.
    let exponent = |octets: &[u8]| Jwk::from_json(&with(&public, "e", &base64url::encode(octets)));
    assert!(exponent(&[3]).is_ok());
    assert!(exponent(&[1, 0xff, 0xff, 0xff, 0xff]).is_ok());
    for (octets, expected) in [
        (&[][..], "member_type"),
        (&[0], "member_type"),
        (&[0, 1, 0, 1], "member_type"),
        (&[1], "key_inconsistent"),
        (&[2], "key_inconsistent"),
        (&[1, 0, 0], "key_inconsistent"),
        (&[2, 0, 0, 0, 1], "key_inconsistent"),
        (&[255; 4000], "key_inconsistent"),
    ] {
        assert_eq!(exponent(octets).unwrap_err().code(), expected);
    }

    let modulus = |octets: &[u8]| Jwk::from_json(&with(&public, "n", &base64url::encode(octets)));
    for len in [256, 257, 512, 1024] {
        assert!(modulus(&vec![0xff; len]).is_ok());
    }
    let mut even = vec![0xff; 256];
    even[255] = 0xfe;
    assert_eq!(modulus(&even).unwrap_err().code(), "key_inconsistent");
    // One bit less than 2048, one bit more than 8192, and 100 KB.
    let mut small = vec![0xff; 256];
    small[0] = 0x7f;
    assert_eq!(modulus(&small).unwrap_err().code(), "key_too_small");
    assert_eq!(modulus(&[0xff; 128]).unwrap_err().code(), "key_too_small");
    let mut large = vec![0xff; 1025];
    large[0] = 1;
    assert_eq!(modulus(&large).unwrap_err().code(), "key_too_large");
    assert_eq!(modulus(&vec![0xff; 100_000]).unwrap_err().code(), "key_too_large");
    let mut leading_zero = vec![0xff; 257];
    leading_zero[0] = 0;
    assert_eq!(modulus(&leading_zero).unwrap_err().code(), "member_type");
}

/// Row 075.
#[test]
fn rsa_private_keys() {
    const PARTS: [&str; 5] = ["p", "q", "dp", "dq", "qi"];
    for name in PARTS {
        assert_eq!(code(&without(RSA, name)), "missing_member", "{name}");
    }
    // Half a key is not a public one.
    assert_eq!(code(&without(RSA, "d")), "missing_member");
    // Well-formed by RFC 7518 §6.3.2, and not supported.
    let alone = PARTS.iter().fold(RSA.to_owned(), |json, name| without(&json, name));
    assert_eq!(code(&alone), "unsupported_key");
    assert!(Jwk::from_json(&alone).unwrap_err().to_string().contains("`dp`"));
    assert_eq!(code(&adding(RSA, r#""oth":[]"#)), "unsupported_key");

    // Another number in each place: the one before, the one after, zero, one, a huge one, a prime's double.
    for name in ["n", "d", "p", "q", "dp", "dq", "qi"] {
        let octets = base64url::decode(value_of(RSA, name), Part::Jwk).unwrap();
        let mut after = octets.clone();
        *after.last_mut().unwrap() ^= 2;
        let refused = code(&with(RSA, name, &base64url::encode(&after)));
        assert_eq!(refused, "key_inconsistent", "{name}");

        let refused = code(&with(RSA, name, "AA"));
        assert_eq!(refused, "member_type", "{name}");
        let expected = if name == "n" { "key_too_small" } else { "key_inconsistent" };
        assert_eq!(code(&with(RSA, name, "AQ")), expected, "{name}");

        let huge = base64url::encode(&vec![0xff; 15_000]);
        let expected = if name == "n" { "key_too_large" } else { "key_inconsistent" };
        assert_eq!(code(&with(RSA, name, &huge)), expected, "{name}");

        let longer = [&[0], &octets[..]].concat();
        assert_eq!(code(&with(RSA, name, &base64url::encode(&longer))), "member_type", "{name}");
    }
    assert_eq!(code(&with(RSA, "e", "Aw")), "key_inconsistent");
    assert_eq!(code(&with(RSA, "e", "AQAD")), "key_inconsistent");
    // A square, and primes of unequal size.
    assert_eq!(code(&with(RSA, "q", value_of(RSA, "p"))), "key_inconsistent");
    assert_eq!(code(&with(RSA, "p", value_of(RSA, "n"))), "key_inconsistent");
    // A private key of a size that only public keys may have.
    let modulus = |len: usize| with(RSA, "n", &base64url::encode(&vec![0xff; len]));
    assert_eq!(code(&modulus(320)), "key_size");
    assert_eq!(code(&modulus(1024)), "key_too_large");
}
