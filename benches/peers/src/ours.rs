//! countersign's keys, issuers and verifiers: for the contender of that name, and for the driver, which makes with
//! them the tokens that everyone reads and checks those that everyone makes.

use countersign::jwt::{JwtIssuerBuilder, JwtVerifierBuilder};
use countersign::{
    ContentEncryption, DecryptionKey, JweAlgorithm, Jwk, JwsAlgorithm, JwtIssuer, JwtVerifier, KeySet,
    SigningKey,
};

use crate::claims::{AUDIENCE, CustomIssued, ISSUER, JWT_ID, LIFETIME, SCOPE};
use crate::keys;

/// The claims beside those that an issuer writes.
pub const OWN: CustomIssued = CustomIssued { jti: JWT_ID, scope: SCOPE };

/// The key for the algorithm of this name.
#[must_use]
pub fn signing_key(name: &str) -> SigningKey {
    let algorithm = JwsAlgorithm::from_name(name).expect("it is registered");
    let pem = match name {
        "HS256" => {
            return SigningKey::hmac(algorithm, keys::SECRET.to_vec().into()).expect("it is long enough");
        }
        "ES256" => keys::P256.pkcs8_pem,
        "ES384" => keys::P384.pkcs8_pem,
        "EdDSA" => keys::ED25519.pkcs8_pem,
        _ => keys::RSA.pkcs8_pem,
    };
    // Rivals read the older name of Ed25519 only.
    SigningKey::from_pem(algorithm, pem).expect("the key goes with the algorithm").with_eddsa_name()
}

/// The keys of the rows that verify many tokens, by name.
#[must_use]
pub fn batch_keys() -> [SigningKey; 4] {
    // RFC 8410 §7: all of a private key without its public half, but the seed.
    const BEFORE_THE_SEED: [u8; 16] =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    [0xa1, 0xb2, 0xc3, 0xd4].map(|number: u8| {
        let der = [&BEFORE_THE_SEED[..], &[number; 32]].concat();
        let jwk = Jwk::from_pkcs8_der(&der).expect("it is a private key");
        let key =
            SigningKey::from_jwk_for(JwsAlgorithm::Ed25519, &jwk).expect("the key goes with the algorithm");
        key.with_key_id(keys::key_id(number.into()))
    })
}

/// An issuer of the claims that everyone issues.
pub fn issuer(key: SigningKey) -> JwtIssuerBuilder {
    JwtIssuer::builder(key).issuer(ISSUER).audience(AUDIENCE).lifetime(LIFETIME)
}

/// A verifier of them.
pub fn verifier(keys: impl Into<KeySet>) -> JwtVerifierBuilder {
    JwtVerifier::builder(keys).issuer(ISSUER).audience(AUDIENCE)
}

/// The key for these algorithms, or none if this build lacks them: RSA-OAEP on the stack `ring` takes the feature
/// `rsa`, which isn't a default.
#[must_use]
pub fn decryption_key(name: &str, encryption: &str) -> Option<DecryptionKey> {
    let algorithm = JweAlgorithm::from_name(name).expect("it is registered");
    let encryption = ContentEncryption::from_name(encryption).expect("it is registered");
    let key = match name {
        "dir" => DecryptionKey::direct(encryption, keys::SECRET.to_vec().into()),
        "A128KW" => DecryptionKey::symmetric(algorithm, keys::SECRET_128.to_vec().into()),
        "A256KW" => DecryptionKey::symmetric(algorithm, keys::SECRET.to_vec().into()),
        "RSA-OAEP-256" => DecryptionKey::from_pem(algorithm, keys::RSA.pkcs8_pem),
        _ => DecryptionKey::from_pem(algorithm, keys::P256.pkcs8_pem),
    };
    match key {
        Ok(key) => Some(key.allow_content_encryptions([encryption])),
        Err(error) if error.code() == "unsupported_feature" => None,
        Err(error) => panic!("{name}: {error}"),
    }
}
