//! Class K: JWKs whose numbers have another length, or whose private part isn't the public part's.

use countersign::{Jwk, KeyKind};
use serde_json::{Map, Value};

use crate::support::*;

fn members(jwk: &Jwk) -> Map<String, Value> {
    serde_json::from_str(jwk.expose_json().expose_secret()).unwrap()
}

/// The JWK with members replaced; `None` leaves one out.
fn changed(
    members: &Map<String, Value>,
    changes: &[(&str, Option<Vec<u8>>)],
) -> Result<Jwk, countersign::Error> {
    let mut members = members.clone();
    for (name, value) in changes {
        match value {
            Some(octets) => members.insert((*name).to_owned(), encode(octets).into()),
            None => members.remove(*name),
        };
    }
    Jwk::from_json(&Value::Object(members).to_string())
}

fn octets(members: &Map<String, Value>, name: &str) -> Vec<u8> {
    decode(members[name].as_str().unwrap())
}

const EC: &[KeyKind] = &[
    KeyKind::P256,
    KeyKind::P384,
    KeyKind::P521,
    #[cfg(feature = "es256k")]
    KeyKind::Secp256k1,
];

#[test]
fn row_074_coordinates_of_another_length() {
    for &kind in EC {
        let members = members(&Jwk::generate(kind).unwrap());
        assert!(changed(&members, &[]).is_ok());
        for name in ["x", "y", "d"] {
            let octets = octets(&members, name);
            for wrong in [
                octets[1..].to_vec(),
                octets[..octets.len() - 1].to_vec(),
                [&[0], &octets[..]].concat(),
                [&octets[..], &[0]].concat(),
                vec![],
            ] {
                assert_eq!(code(changed(&members, &[(name, Some(wrong))])), "member_type", "{kind} {name}");
            }
        }
        let public = [("d", None), ("y", None)];
        assert_eq!(
            code(changed(&members, &public)),
            "missing_member",
            "a compressed point has its y elsewhere"
        );
    }
    for kind in [KeyKind::Ed25519, KeyKind::X25519] {
        let members = members(&Jwk::generate(kind).unwrap());
        for name in ["x", "d"] {
            for len in [0, 31, 33, 57, 64] {
                assert_eq!(
                    code(changed(&members, &[(name, Some(vec![1; len]))])),
                    "member_type",
                    "{kind} {name}"
                );
            }
        }
    }
}

#[test]
fn row_075_private_part_of_another_key() {
    for &kind in EC.iter().chain(&[KeyKind::Ed25519, KeyKind::X25519]) {
        let (one, other) = (members(&Jwk::generate(kind).unwrap()), members(&Jwk::generate(kind).unwrap()));
        let foreign = changed(&one, &[("d", Some(octets(&other, "d")))]);
        assert_eq!(code(foreign), "key_inconsistent", "{kind}");
        let foreign = changed(&one, &[("x", Some(octets(&other, "x")))]);
        assert_eq!(code(foreign), "key_inconsistent", "{kind}");
        let len = octets(&one, "d").len();
        if one.contains_key("y") {
            // Zero, and what is beyond every curve's order.
            for d in [vec![0; len], vec![0xff; len]] {
                assert_eq!(code(changed(&one, &[("d", Some(d))])), "key_inconsistent", "{kind}");
            }
        }
    }
}

#[test]
fn row_075_rsa_numbers_that_do_not_fit() {
    let members: Map<String, Value> = serde_json::from_str(RSA_PRIVATE_JWK).unwrap();
    assert!(changed(&members, &[]).is_ok());
    let of = |name| octets(&members, name);
    for name in ["n", "d", "p", "q", "dp", "dq", "qi"] {
        let right = of(name);
        // The last octet but one, so that what must be odd stays odd; and the first, so that sizes stay.
        for (at, bit) in [(right.len() - 2, 1), (right.len() / 2, 0x10), (0, 1)] {
            let mut wrong = right.clone();
            wrong[at] ^= bit;
            if wrong[0] == 0 {
                continue;
            }
            assert_eq!(code(changed(&members, &[(name, Some(wrong))])), "key_inconsistent", "{name} {at}");
        }
        assert_eq!(code(changed(&members, &[(name, Some(vec![]))])), "member_type", "{name}");
        let leading = [&[0], &right[..]].concat();
        assert_eq!(code(changed(&members, &[(name, Some(leading))])), "member_type", "{name}");
        let one = changed(&members, &[(name, Some(vec![1]))]);
        let expected = if name == "n" { "key_too_small" } else { "key_inconsistent" };
        assert_eq!(code(one), expected, "{name}");
    }
    let swapped = [("p", Some(of("q"))), ("q", Some(of("p")))];
    assert_eq!(code(changed(&members, &swapped)), "key_inconsistent");
    let swapped = [("dp", Some(of("dq"))), ("dq", Some(of("dp")))];
    assert_eq!(code(changed(&members, &swapped)), "key_inconsistent");
    let same = [("p", Some(of("q"))), ("dp", Some(of("dq")))];
    assert_eq!(code(changed(&members, &same)), "key_inconsistent");
    // n as its own factor, and 1 as the other.
    let trivial = [("p", Some(of("n"))), ("q", Some(vec![1]))];
    assert_eq!(code(changed(&members, &trivial)), "key_inconsistent");
    assert_eq!(code(changed(&members, &[("e", Some(vec![3]))])), "key_inconsistent");
    assert_eq!(code(changed(&members, &[("e", Some(vec![1, 0, 3]))])), "key_inconsistent");
}

#[test]
fn parts_of_an_rsa_key_come_all_or_none() {
    let members: Map<String, Value> = serde_json::from_str(RSA_PRIVATE_JWK).unwrap();
    for name in ["p", "q", "dp", "dq", "qi", "n", "e"] {
        assert_eq!(code(changed(&members, &[(name, None)])), "missing_member", "{name}");
    }
    // Without `d`, what is left of the private key must not pass for a public one.
    assert_eq!(code(changed(&members, &[("d", None)])), "missing_member");
    let primes = ["p", "q", "dp", "dq", "qi"].map(|name| (name, None));
    assert_eq!(code(changed(&members, &primes)), "unsupported_key");
    let public = ["d", "p", "q", "dp", "dq", "qi"].map(|name| (name, None));
    assert!(!changed(&members, &public).unwrap().is_private());
    for oth in ["[]", r#"[{"r":"AQAB","d":"AQAB","t":"AQAB"}]"#, "null"] {
        let text = Value::Object(members.clone()).to_string().replacen('{', &format!(r#"{{"oth":{oth},"#), 1);
        assert_eq!(code(Jwk::from_json(&text)), "unsupported_key", "{oth}");
    }
}

/// A `null`, a number or an object is no absence of a private part.
#[test]
fn private_parts_of_another_type_are_not_absent() {
    for kind in [KeyKind::P256, KeyKind::Ed25519, KeyKind::X25519] {
        let members = members(&Jwk::generate(kind).unwrap());
        for value in
            [Value::Null, Value::from(1), Value::from(false), Value::Array(vec![]), Value::Object(Map::new())]
        {
            let mut members = members.clone();
            members.insert("d".to_owned(), value);
            assert_eq!(code(Jwk::from_json(&Value::Object(members).to_string())), "member_type", "{kind}");
        }
    }
}
