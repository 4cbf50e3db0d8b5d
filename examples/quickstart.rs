//! Issue a signed and encrypted access token, verify it into a struct, and see eight refusals.
//!
//! `cargo run --example quickstart`
#![expect(clippy::print_stdout, reason = "examples print")]

use std::time::{Duration, SystemTime};

use countersign::{
    DecryptionKey, Error, JweAlgorithm, JwsAlgorithm, JwtIssuer, JwtVerifier, SigningKey, UnverifiedToken,
    VerifiedJwt, jwe::JweBuilder,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct OrderClaims {
    scope: String,
    tenant: u64,
}

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

fn main() -> Result<(), Error> {
    // The keys. The authorization server signs, the gateway decrypts; each publishes its public half.
    let signing_key = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("as-2026-11");
    let verifying_key = signing_key.verifying_key()?;
    let gateway_key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("gw-2026-11");

    // The authorization server: one issuer, built once.
    let issuer = JwtIssuer::builder(signing_key.clone_key())
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .lifetime(Duration::from_secs(300))
        .encrypt_for(gateway_key.encryption_key()?)
        .build()?;
    let claims = OrderClaims { scope: "orders:read".into(), tenant: 4 };
    let token = issuer.issue("user-17", &claims)?;

    println!("A nested token, signed and then encrypted, {} characters:\n", token.len());
    let parts = ["protected header", "encrypted key", "initialization vector", "ciphertext", "tag"];
    for (name, part) in parts.iter().zip(token.split('.')) {
        println!("  {name:>21}  {part}");
    }
    let header = UnverifiedToken::parse(&token)?;
    println!(
        "\nThe header is all that a stranger can read: alg {}, enc {}, cty {}, kid {}.",
        header.algorithm(),
        header.content_encryption().unwrap_or("-"),
        header.content_type().unwrap_or("-"),
        header.key_id().unwrap_or("-"),
    );

    // The API: one verifier, built once.
    let verifier = JwtVerifier::builder(verifying_key.clone_key())
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .decrypt_with(gateway_key.clone_key())
        .build()?;
    let jwt: VerifiedJwt<OrderClaims> = verifier.verify(&token)?;
    println!(
        "\nVerified: subject {}, {:?}, signed with {} by key {}.\n",
        jwt.subject().unwrap_or("-"),
        jwt.claims(),
        jwt.algorithm(),
        jwt.key_id().unwrap_or("-"),
    );

    println!("What is refused, and how that reads:\n");
    let refuse = |what: &str, outcome: Result<VerifiedJwt<OrderClaims>, Error>| match outcome {
        Ok(_) => panic!("{what} was accepted"),
        Err(error) => println!("  {what}\n    {}: {error}", error.code()),
    };

    let expect = |signer_key, audience| {
        let verifier = JwtVerifier::builder(signer_key).issuer(ISSUER).audience(audience);
        verifier.decrypt_with(gateway_key.clone_key())
    };
    let tomorrow = || SystemTime::now() + Duration::from_secs(86_400);
    let later = expect(verifying_key.clone_key(), AUDIENCE).clock(tomorrow).build()?;
    refuse("expired", later.verify(&token));

    let invoices = expect(verifying_key.clone_key(), "https://invoices.example.com").build()?;
    refuse("wrong audience", invoices.verify(&token));

    // Another character near the ciphertext's end.
    let (head, body) = token.split_at(token.rfind('.').unwrap_or(0) - 8);
    let flipped = if body.starts_with('A') { 'B' } else { 'A' };
    refuse("tampered", verifier.verify(&format!("{head}{flipped}{}", &body[1..])));

    let stranger = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("as-2026-11");
    let wrong_key = expect(stranger.verifying_key()?, AUDIENCE).build()?;
    refuse("wrong key", wrong_key.verify(&token));

    // The classic: the public key's bytes as the secret of a symmetric algorithm.
    let public_key = signing_key.to_public_jwk()?.to_spki_der()?;
    let confused = SigningKey::hmac(JwsAlgorithm::Hs256, public_key.into())?;
    let forger =
        |key| JwtIssuer::builder(key).issuer(ISSUER).audience(AUDIENCE).lifetime(Duration::from_secs(300));
    let swapped = forger(confused).encrypt_for(gateway_key.encryption_key()?).build()?;
    refuse("`alg` swapped", verifier.verify(&swapped.issue("user-17", &claims)?));

    let signed_only = forger(signing_key.clone_key()).build()?;
    refuse("signed but not encrypted", verifier.verify(&signed_only.issue("user-17", &claims)?));

    // It says that a signed token is inside, and there are bare claims.
    let recipient = gateway_key.encryption_key()?;
    let encrypted_only = JweBuilder::new(&recipient).content_type("JWT").encrypt_claims(&claims)?;
    refuse("encrypted but not signed", verifier.verify(&encrypted_only));

    let access_tokens = expect(verifying_key, AUDIENCE).token_type("at+jwt").build()?;
    refuse("wrong `typ`", access_tokens.verify(&token));
    Ok(())
}
