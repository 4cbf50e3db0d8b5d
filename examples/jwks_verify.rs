//! A set of keys of several families, as an identity provider publishes it, with some that can't serve.
//!
//! `cargo run --example jwks_verify`
#![allow(clippy::print_stdout, reason = "examples print")]

use std::time::Duration;

use countersign::{Error, JwkSet, JwsAlgorithm, JwtIssuer, JwtVerifier, KeySet, NoClaims, SigningKey};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

fn main() -> Result<(), Error> {
    let keys = [
        SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("ec"),
        SigningKey::generate(JwsAlgorithm::Es512)?.with_key_id("ec-large"),
        SigningKey::generate(JwsAlgorithm::Ed25519)?.with_key_id("ed"),
    ];

    // What the provider publishes: these keys, one for encryption, and two that this library doesn't know.
    let mut published = Vec::new();
    for key in &keys {
        published.push(key.to_public_jwk()?.to_public_json()?);
    }
    published.push(r#"{"kty":"AKP","kid":"future","alg":"ML-DSA-65","pub":"AA"}"#.into());
    published.push(r#"{"kty":"RSA","kid":"broken","n":"AQAB","e":5}"#.into());
    let document = format!(r#"{{"keys":[{}]}}"#, published.join(","));

    let set = JwkSet::from_json(&document)?;
    let key_set = KeySet::verification(&set);
    println!("{} keys can verify", key_set.len());
    for skipped in key_set.skipped() {
        println!("  skipped {}: {}", skipped.key_id().unwrap_or("-"), skipped.reason());
    }

    let verifier = JwtVerifier::builder(key_set).issuer(ISSUER).audience(AUDIENCE).build()?;
    for key in keys {
        let issuer = JwtIssuer::builder(key)
            .issuer(ISSUER)
            .audience(AUDIENCE)
            .lifetime(Duration::from_secs(60))
            .build()?;
        let jwt = verifier.verify::<NoClaims>(&issuer.issue("user-17", &NoClaims)?)?;
        println!("verified with {} by key {}", jwt.algorithm(), jwt.key_id().unwrap_or("-"));
    }

    // A key that isn't in the set, under a key ID that is.
    let stranger = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("ec");
    let forger = JwtIssuer::builder(stranger)
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .lifetime(Duration::from_secs(60))
        .build()?;
    let forged = forger.issue("user-17", &NoClaims)?;
    println!("a stranger's token: {}", verifier.verify::<NoClaims>(&forged).expect_err("forged"));
    Ok(())
}
