//! The JSON serializations: several signatures over one text, a payload that travels beside its signature, and one
//! message to several recipients.
//!
//! `cargo run --example json_serialization`
#![expect(clippy::print_stdout, reason = "examples print")]

use countersign::jwe::{JweBuilder, JweDecrypter};
use countersign::jws::{JwsBuilder, JwsVerifier, sign_general};
use countersign::{DecryptionKey, Error, JweAlgorithm, JwsAlgorithm, SigningKey};

fn main() -> Result<(), Error> {
    signed_by_two()?;
    signed_beside_its_content()?;
    encrypted_to_two()
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

/// A report goes to two departments; each opens it with a key of its own.
fn encrypted_to_two() -> Result<(), Error> {
    let finance = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("finance");
    let archive = DecryptionKey::generate(JweAlgorithm::A256Kw)?.with_key_id("archive");
    let (to_finance, to_archive) = (finance.encryption_key()?, archive.encryption_key()?);

    // The content is encrypted once, and its key to each recipient. Everyone can read what stands beside it, and
    // no one can change what is authenticated.
    let json = JweBuilder::new(&to_finance)
        .content_type("text/plain")
        .additional_authenticated_data("report 17")
        .add_recipient(&to_archive)
        .recipient_parameter("shelf", &4)
        .encrypt_general(b"profit: 40 euros")?;

    for key in [&finance, &archive] {
        let report = JweDecrypter::new([key]).decrypt_json(&json)?;
        assert_eq!(report.plaintext().expose_secret(), b"profit: 40 euros");
        assert_eq!(report.additional_authenticated_data(), Some(&b"report 17"[..]));
        println!("recipient {} is {}", report.recipient(), report.key_id().unwrap_or("unnamed"));
    }
    let archived = JweDecrypter::new([&archive]).decrypt_json(&json)?;
    // Anyone on the way could have written this one.
    println!("to be put on shelf {:?}", archived.unprotected_parameter::<u32>("shelf")?);

    let relabelled = json.replace("\"aad\":\"", "\"aad\":\"AAAA");
    if let Err(error) = JweDecrypter::new([&archive]).decrypt_json(&relabelled) {
        println!("another report's label is refused: {error}");
    }
    Ok(())
}
