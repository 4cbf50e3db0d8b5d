//! The JSON serializations: several signatures over one text, and a payload that travels beside its signature.
//!
//! `cargo run --example json_serialization`
#![expect(clippy::print_stdout, reason = "examples print")]

use countersign::jws::{JwsBuilder, JwsVerifier, sign_general};
use countersign::{Error, JwsAlgorithm, SigningKey};

fn main() -> Result<(), Error> {
    signed_by_two()?;
    signed_beside_its_content()
}

/// A contract holds if both have signed it.
fn signed_by_two() -> Result<(), Error> {
    let buyer = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("buyer");
    let seller = SigningKey::generate(JwsAlgorithm::Ed25519)?.with_key_id("seller");
    let (buyer_public, seller_public) = (buyer.verifying_key()?, seller.verifying_key()?);

    let contract = b"100 apples for 40 euros";
    let json = sign_general(&[JwsBuilder::new(&buyer), JwsBuilder::new(&seller)], contract)?;

    // All signatures must hold: one of a key that isn't given refuses the whole.
    let verified = JwsVerifier::new([&buyer_public, &seller_public]).verify_json(&json)?;
    // That all hold doesn't say that both signed: one of them could have signed twice.
    assert_eq!(verified.distinct_keys(), 2);
    println!("both signed: {}", String::from_utf8_lossy(verified.payload()));

    // Who knows only one of them asks what that one signed.
    let verified = JwsVerifier::new([&seller_public]).verify_json_any(&json)?;
    assert!(verified.is_signed_by(&seller_public));
    for refused in verified.refused() {
        println!("signature {} doesn't count: {}", refused.index(), refused.reason());
    }
    Ok(())
}

/// A document stays as it is, byte for byte; its signature is a file of its own.
fn signed_beside_its_content() -> Result<(), Error> {
    let key = SigningKey::generate(JwsAlgorithm::Es256)?;
    let document = b"name,amount\napples,100\n";
    let signature = JwsBuilder::new(&key).unencoded_payload().sign_detached(document)?;
    println!("the signature: {signature}");

    let verifier = JwsVerifier::new([&key.verifying_key()?]).allow_unencoded_payload();
    verifier.verify_detached(&signature, document)?;
    let changed = verifier.verify_detached(&signature, b"name,amount\napples,900\n");
    println!("a changed document is refused: {}", changed.expect_err("another document was signed"));
    Ok(())
}
