//! Signatures and ciphertexts made without the crate: what an attacker makes with keys that anyone has, and
//! what an issuer makes who writes other headers than the crate does.

use std::sync::LazyLock;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use ring::signature::Ed25519KeyPair;
use serde_json::Value;

use crate::check::{decoded, encoded};
use crate::fixtures::{SIGNERS, jwk};

/// Public keys in every form that could be taken for an HMAC secret.
pub static PUBLIC_FORMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut forms: Vec<Vec<u8>> = vec![Vec::new(), b"secret".to_vec(), vec![0; 32]];
    for name in SIGNERS.into_iter().map(|(_, name)| name).filter(|name| *name != "oct-256") {
        let key = jwk(name);
        let json = key.to_public_json().expect("it has a public half");
        let pem = key.to_spki_pem().expect("it has a public half");
        let members: Value = serde_json::from_str(&json).expect("it is JSON");
        let numbers = ["n", "x", "y"].into_iter().filter_map(|name| members[name].as_str());
        forms.extend(numbers.clone().filter_map(decoded));
        forms.extend(numbers.map(|text| text.as_bytes().to_vec()));
        forms.push(pem.trim_end().as_bytes().to_vec());
        forms.push(pem.into_bytes());
        forms.push(json.into_bytes());
        forms.push(key.to_spki_der().expect("it has a public half"));
    }
    let rsa = jwk("rsa-2048");
    forms.push(rsa.to_pkcs1_public_der().expect("it is an RSA key"));
    forms.push(rsa.to_pkcs1_public_pem().expect("it is an RSA key").into_bytes());
    forms
});

/// The HMAC-SHA256 of a signing input.
pub fn hmac(secret: &[u8], signing_input: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signing_input.as_bytes()).as_ref().to_vec()
}

/// An Ed25519 key of the attacker's own.
static ATTACKER: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed has 32 bytes"));

/// The attacker's public key, as a header would carry it.
pub static ATTACKER_JWK: LazyLock<String> = LazyLock::new(|| {
    use ring::signature::KeyPair;
    format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{}\"}}", encoded(ATTACKER.public_key()))
});

/// The attacker's signature.
pub fn attacker(signing_input: &str) -> Vec<u8> {
    ATTACKER.sign(signing_input.as_bytes()).as_ref().to_vec()
}

/// The signature of the fixture `Ed25519`, over whatever header.
pub fn ed25519(signing_input: &str) -> Vec<u8> {
    static KEY: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
        let jwk = jwk("Ed25519").expose_json();
        let members: Value = serde_json::from_str(jwk.expose_secret()).expect("it is JSON");
        let seed = members["d"].as_str().and_then(decoded).expect("it is private");
        Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed has 32 bytes")
    });
    KEY.sign(signing_input.as_bytes()).as_ref().to_vec()
}

/// A JWE with `dir` and A256GCM under the fixture `oct-256`, with whatever header.
pub fn direct(header: &[u8], plaintext: &[u8]) -> String {
    static KEY: LazyLock<LessSafeKey> = LazyLock::new(|| {
        let jwk = jwk("oct-256").expose_json();
        let members: Value = serde_json::from_str(jwk.expose_secret()).expect("it is JSON");
        let secret = members["k"].as_str().and_then(decoded).expect("it is a secret");
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret).expect("it has 32 bytes"))
    });
    // One nonce for all is fine where nothing is secret.
    const IV: [u8; 12] = [1; 12];
    let header = encoded(header);
    let mut ciphertext = plaintext.to_vec();
    let aad = Aad::from(header.as_bytes());
    let tag = KEY
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(IV), aad, &mut ciphertext)
        .expect("the plaintext is short");
    format!("{header}..{}.{}.{}", encoded(IV), encoded(&ciphertext), encoded(tag))
}
