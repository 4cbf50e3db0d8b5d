//! What the benches share: fixed keys, claims of a usual size, an issuer and a verifier.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part of this")]

#[cfg(feature = "gateway")]
pub(crate) mod gateway;

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use countersign::jwt::{JwtIssuerBuilder, JwtVerifierBuilder};
use countersign::{
    ContentEncryption, DecryptionKey, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, JwtIssuer, JwtVerifier,
    SigningKey,
};
use serde::{Deserialize, Serialize};

/// Whether this build has the algorithm, by the features that bring it.
pub(crate) fn is_available(algorithm: JweAlgorithm) -> bool {
    let enabled = |&feature: &&str| match feature {
        "aws-lc-rs" => cfg!(feature = "aws-lc-rs"),
        "rsa" => cfg!(feature = "rsa"),
        "pbes2" => cfg!(feature = "pbes2"),
        other => panic!("the benches don't know the feature `{other}`"),
    };
    algorithm.features().is_empty() || algorithm.features().iter().any(enabled)
}

/// Fixed keys, one of each kind, by `kid`: not every build can generate RSA keys.
pub(crate) static KEYS: LazyLock<JwkSet> = LazyLock::new(|| {
    JwkSet::from_json(include_str!("../../tests/vectors/recorded-keys.json"))
        .expect("the fixture is a JWK set")
});

/// The fixed key of that `kid`.
pub(crate) fn jwk(key_id: &str) -> Jwk {
    KEYS.find(key_id).expect("the fixture has the key").clone_key()
}

/// The fixed key for a signature algorithm.
pub(crate) fn signing_key(algorithm: JwsAlgorithm) -> SigningKey {
    let key_id = match algorithm.name() {
        "HS256" => "oct-256",
        "HS384" => "oct-384",
        "HS512" => "oct-512",
        "ES256" => "P-256",
        "ES384" => "P-384",
        "ES512" => "P-521",
        "ES256K" => "secp256k1",
        "Ed25519" => "Ed25519",
        _ => "rsa-2048",
    };
    SigningKey::from_jwk_for(algorithm, &jwk(key_id)).expect("the key goes with the algorithm")
}

/// The `kid`s of the fixed keys for a key management algorithm other than `dir`: of agreement, one for each curve with
/// the agreement alone, and one where it wraps.
pub(crate) fn key_ids(algorithm: JweAlgorithm) -> &'static [&'static str] {
    match algorithm.name() {
        "ECDH-ES" => &["P-256", "P-384", "P-521", "X25519"],
        name if name.starts_with("ECDH-ES+") => &["P-256"],
        name if name.starts_with("A128") => &["oct-128"],
        name if name.starts_with("A192") => &["oct-192"],
        // A password is any bytes.
        name if name.starts_with("A256") || name.starts_with("PBES2") => &["oct-256"],
        _ => &["rsa-2048"],
    }
}

/// The fixed key of that `kid`, for a key management algorithm and a content encryption.
pub(crate) fn decryption_key(algorithm: JweAlgorithm, key_id: &str, enc: ContentEncryption) -> DecryptionKey {
    let jwk = match algorithm {
        JweAlgorithm::Dir => jwk(key_id).with_algorithm(enc.name()),
        _ => jwk(key_id),
    };
    let key = DecryptionKey::from_jwk_for(algorithm, &jwk).expect("the key goes with the algorithm");
    key.allow_content_encryptions([enc])
}

/// What an application adds to a token.
#[derive(Serialize, Deserialize)]
pub(crate) struct AccessClaims {
    pub(crate) scope: String,
    pub(crate) tenant: u64,
    pub(crate) roles: Vec<String>,
}

/// The same, without copies.
#[derive(Deserialize)]
pub(crate) struct BorrowedClaims<'a> {
    pub(crate) scope: &'a str,
    pub(crate) tenant: u64,
    #[serde(borrow)]
    pub(crate) roles: Vec<&'a str>,
}

pub(crate) fn claims() -> AccessClaims {
    AccessClaims {
        scope: String::from("orders:read orders:write"),
        tenant: 4711,
        roles: vec![String::from("buyer"), String::from("auditor")],
    }
}

/// A claims set of an access token, as the issuer writes it: 235 bytes.
pub(crate) const CLAIMS_SET: &[u8] = br#"{"iss":"https://id.example.com","aud":"https://orders.example.com","sub":"user-17","exp":1300819680,"iat":1300819380,"jti":"AAAAAAAAAAAAAAAAAAAAAA","scope":"orders:read orders:write","tenant":4711,"roles":["buyer","auditor"],"n":12345}"#;

/// An issuer of tokens with [`claims`].
pub(crate) fn issuer(key: SigningKey) -> JwtIssuerBuilder {
    let builder =
        JwtIssuer::builder(key).issuer("https://id.example.com").audience("https://orders.example.com");
    builder.lifetime(Duration::from_secs(300)).generate_jwt_id().clock(now)
}

/// A verifier of such tokens.
pub(crate) fn verifier(key: &SigningKey) -> JwtVerifierBuilder {
    let builder = JwtVerifier::builder(key.verifying_key().expect("it has a public half"));
    builder.issuer("https://id.example.com").audience("https://orders.example.com").clock(now)
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_300_819_380)
}
