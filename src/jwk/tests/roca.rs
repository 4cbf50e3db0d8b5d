//! Moduli with the mark of CVE-2017-15361, and those without.

use proptest::prelude::*;

use super::super::roca::is_marked;
use super::*;
use crate::wire::base64url;

/// `n` of Wycheproof's JSON Web Key test 7: a key that the broken generator made.
const MADE: &str = include_str!("../../../tests/vectors/roca-modulus.txt").trim_ascii_end();

fn times(number: &mut Vec<u8>, factor: u32) {
    let mut carry = 0;
    for octet in number.iter_mut().rev() {
        carry += u32::from(*octet) * factor;
        *octet = u8::try_from(carry % 256).unwrap();
        carry /= 256;
    }
    while carry > 0 {
        number.insert(0, u8::try_from(carry % 256).unwrap());
        carry /= 256;
    }
}

/// A number of 2048 bits that leaves `rest`, which is small, on division by every prime from 3 to `last`.
fn marked_up_to(last: u32, rest: u8) -> Vec<u8> {
    let mut number = vec![1];
    for prime in (3..=last).filter(|number| (2..*number).all(|divisor| number % divisor != 0)) {
        times(&mut number, prime);
    }
    while number.len() < 256 || number[0] < 0x80 {
        times(&mut number, 2);
    }
    *number.last_mut().unwrap() += rest;
    number
}

#[test]
fn moduli_of_the_broken_generator_are_marked() {
    let made = base64url::decode(MADE, Part::Jwk).unwrap();
    assert!(is_marked(&made));
    // One is 65537 to the power of nothing.
    assert!(is_marked(&marked_up_to(701, 1)));
    // The two next to it, and one that fails at the last prime alone: 691 is the prime before 701.
    for (name, number) in [("rest 3", marked_up_to(701, 3)), ("rest 0", marked_up_to(701, 0))] {
        assert!(!is_marked(&number), "{name}");
    }
    let mut next = made.clone();
    *next.last_mut().unwrap() += 2;
    assert!(!is_marked(&next));
}

#[test]
fn a_marked_key_is_refused() {
    let jwk = |n: &str| Jwk::from_json(&format!(r#"{{"kty":"RSA","e":"AQAB","n":"{n}"}}"#));
    let error = jwk(MADE).unwrap_err();
    assert_eq!((error.code(), error.http_status()), ("key_weak", 500));
    assert!(error.to_string().contains("CVE-2017-15361"), "{error}");
    let made = base64url::decode(MADE, Part::Jwk).unwrap();
    let spki = der::spki_of_rsa(&made, &[1, 0, 1]);
    assert_eq!(Jwk::from_spki_der(&spki).unwrap_err().code(), "key_weak");
    assert!(jwk(&MADE.replacen("-QYyE", "-QYyM", 1)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Nothing else is refused: any number that isn't made for it.
    #[test]
    fn other_numbers_are_not_marked(mut n in proptest::collection::vec(any::<u8>(), 256..=512)) {
        *n.last_mut().unwrap() |= 1;
        prop_assert!(!is_marked(&n));
    }
}
