#![no_main]
//! Arbitrary bytes for a key in DER or PEM: what imports is exported to the same key, in every form that it has.

use countersign::{Error, Jwk, KeyKind};
use countersign_fuzz::check;
use libfuzzer_sys::fuzz_target;

type Reader = fn(&[u8]) -> Result<Jwk, Error>;

const READERS: [Reader; 6] = [
    Jwk::from_spki_der,
    Jwk::from_pkcs8_der,
    Jwk::from_pkcs1_public_der,
    Jwk::from_pkcs1_private_der,
    Jwk::from_sec1_der,
    Jwk::from_certificate_der,
];

fuzz_target!(|data: &[u8]| {
    let mut read_by = 0;
    for reader in READERS {
        if let Some(key) = check::answer(reader(data), &[data]) {
            read_by += 1;
            round_trip(&key);
        }
    }
    assert!(read_by <= 1, "bytes that are two kinds of key");

    // DER has one form for each key, and a public key has nothing that isn't exported.
    if let Ok(key) = Jwk::from_spki_der(data) {
        assert_eq!(key.to_spki_der().as_deref(), Ok(data));
    }
    if let Ok(key) = Jwk::from_pkcs1_public_der(data) {
        assert_eq!(key.to_pkcs1_public_der().as_deref(), Ok(data));
    }
    if let Ok(key) = Jwk::from_pkcs1_private_der(data) {
        assert_eq!(key.expose_pkcs1_der().map(|der| der.expose_secret() == data), Ok(true));
    }

    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(key) = check::answer(Jwk::from_pem(text), &[data]) {
        round_trip(&key);
    }
});

fn round_trip(key: &Jwk) {
    assert!(!key.is_secret());
    let kind = key.kind();
    let rsa = matches!(kind, KeyKind::Rsa { .. });
    let curve = matches!(kind, KeyKind::P256 | KeyKind::P384 | KeyKind::P521 | KeyKind::Secp256k1);
    let same = |again: Result<Jwk, Error>, private: bool| {
        let again = again.expect("what was exported can be imported");
        assert_eq!((again.kind(), again.is_private()), (kind, private));
        assert_eq!(again.thumbprint(), key.thumbprint());
        if private {
            assert!(again.expose_json() == key.expose_json(), "a private part changed");
        }
    };

    same(key.to_spki_der().and_then(|der| Jwk::from_spki_der(&der)), false);
    same(key.to_spki_pem().and_then(|pem| Jwk::from_pem(&pem)), false);
    same(key.to_public_json().and_then(|json| Jwk::from_json(&json)), false);
    same(Jwk::from_json(key.expose_json().expose_secret()), key.is_private());

    match key.to_pkcs1_public_der() {
        Ok(der) => same(Jwk::from_pkcs1_public_der(&der), false),
        Err(_) => assert!(!rsa),
    }
    match (key.expose_pkcs8_der(), key.expose_pkcs8_pem()) {
        (Ok(der), Ok(pem)) => {
            same(Jwk::from_pkcs8_der(der.expose_secret()), true);
            same(Jwk::from_pem(pem.expose_secret()), true);
        }
        (Err(_), Err(_)) => assert!(!key.is_private()),
        _ => panic!("PEM is DER in text"),
    }
    match key.expose_pkcs1_der() {
        Ok(der) => same(Jwk::from_pkcs1_private_der(der.expose_secret()), true),
        Err(_) => assert!(!rsa || !key.is_private()),
    }
    match key.expose_sec1_der() {
        Ok(der) => same(Jwk::from_sec1_der(der.expose_secret()), true),
        Err(_) => assert!(!curve || !key.is_private()),
    }
}
