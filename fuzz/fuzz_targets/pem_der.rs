#![no_main]
//! Arbitrary bytes for a key in DER or PEM: what imports is exported to the same key, in every form that it has.
//! The encrypted forms are read under the fixtures' password, chains of certificates by their form.

use countersign::jwk::CertificateChain;
use countersign::{Error, Jwk, KeyKind, Limits};
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

    let encrypted = check::answer(
        Jwk::from_encrypted_pkcs8_der_with_limits(data, PASSWORD, &limits()),
        &[data, PASSWORD],
    );
    if let Some(key) = encrypted {
        assert_eq!(read_by, 0, "an encrypted key that is read without its password");
        assert!(key.is_private());
        round_trip(&key);
    }
    if let Some(chain) = check::answer(CertificateChain::from_der([data]), &[data]) {
        assert!(chain.certificates().eq([data]));
        chained(&chain);
    }

    let Ok(text) = std::str::from_utf8(data) else { return };
    let encrypted = Jwk::from_encrypted_pem_with_limits(text, PASSWORD, &limits());
    if let Some(key) = check::answer(encrypted, &[data, PASSWORD]) {
        assert!(Jwk::from_pem(text).is_err(), "an encrypted key that is read without its password");
        round_trip(&key);
    }
    if let Some(chain) = check::answer(CertificateChain::from_pem(text), &[data]) {
        chained(&chain);
    }
    if let Some(key) = check::answer(Jwk::from_pem(text), &[data]) {
        round_trip(&key);
    }
});

const PASSWORD: &[u8] = b"test";

/// As much work as a run of a fuzzer has time for.
fn limits() -> Limits {
    Limits::default().pkcs8_iterations(4096).pkcs8_memory(2 * 1024 * 1024)
}

/// A chain gives out the key that its first certificate is for, and only to who trusts it; that key takes the chain.
fn chained(chain: &CertificateChain) {
    let refused = chain.trusted_key(|_| false).expect_err("nobody trusts it");
    assert_eq!(refused.code(), "certificate_not_trusted");
    let again = CertificateChain::from_der(chain.certificates()).expect("what was accepted is accepted");
    assert!(again == *chain);
    let alone = Jwk::from_certificate_der(chain.leaf());
    match chain.trusted_key(|_| true) {
        Ok(key) => {
            assert_eq!(key.to_public_json(), alone.and_then(|key| key.to_public_json()));
            let key = key.with_certificate_chain(chain.clone()).expect("it is the chain's key");
            let json = key.to_public_json().expect("a certificate's key is public");
            // A large chain is more than a JWK may hold.
            match Jwk::from_json(&json) {
                Ok(again) => assert!(again.expose_json() == key.expose_json()),
                Err(error) => assert_eq!(error.code(), "limit_key_bytes"),
            }
        }
        Err(error) => assert_eq!(alone.map(drop), Err(error)),
    }
}

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
