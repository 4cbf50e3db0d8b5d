//! Keys change while tokens are under way: signing keys at the issuer, decryption keys at the gateway.
//!
//! `cargo run --example rotate_keys`
#![expect(clippy::print_stdout, reason = "examples print")]

use std::time::Duration;

use countersign::{
    DecryptionKey, EncryptionKey, Error, JweAlgorithm, JwkSet, JwsAlgorithm, JwtIssuer, JwtVerifier, KeySet,
    NoClaims, SigningKey, recipient_key,
};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

fn issue(signing_key: SigningKey, recipient: EncryptionKey) -> Result<String, Error> {
    let issuer = JwtIssuer::builder(signing_key)
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .lifetime(Duration::from_secs(300))
        .encrypt_for(recipient)
        .build()?;
    issuer.issue("user-17", &NoClaims)
}

fn main() -> Result<(), Error> {
    let old_signing = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("sig-10");
    let new_signing = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("sig-11");
    let old_gateway = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("enc-10");
    let new_gateway = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("enc-11");

    // Both sides publish sets: the new key first, the old one until its last token has expired.
    let issuer_keys: JwkSet =
        [new_signing.to_public_jwk()?, old_signing.to_public_jwk()?].into_iter().collect();
    let before: JwkSet = [old_gateway.to_public_jwk()?].into_iter().collect();
    let after: JwkSet = [new_gateway.to_public_jwk()?, old_gateway.to_public_jwk()?].into_iter().collect();

    // Two tokens under way: one from before the rotation on both sides, one from after it.
    let algorithms = [JweAlgorithm::EcdhEsA256Kw];
    let first = issue(old_signing, recipient_key(&before, algorithms)?)?;
    let second = issue(new_signing, recipient_key(&after, algorithms)?)?;

    // The gateway knows both of its own keys and both of the issuer's.
    let decryption_keys: KeySet<DecryptionKey> = [new_gateway, old_gateway].into_iter().collect();
    let verifier = JwtVerifier::builder(KeySet::verification(&issuer_keys))
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .decrypt_with(decryption_keys.clone())
        .build()?;
    for token in [&first, &second] {
        let jwt = verifier.verify::<NoClaims>(token)?;
        println!("accepted: signed by {}", jwt.key_id().unwrap_or("-"));
    }

    // Once the old signing key is withdrawn, its tokens are refused.
    let left: JwkSet = issuer_keys.iter().take(1).map(|key| key.clone_key()).collect();
    println!("{} of {} signing keys left", left.len(), issuer_keys.len());
    let verifier = JwtVerifier::builder(KeySet::verification(&left))
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .decrypt_with(decryption_keys)
        .build()?;
    println!("refused: {}", verifier.verify::<NoClaims>(&first).expect_err("its key is withdrawn"));
    Ok(())
}
