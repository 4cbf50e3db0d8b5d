//! Every family of signature algorithm: sign bytes, verify them, refuse a forgery.
//!
//! `cargo run --example sign_verify`
#![expect(clippy::print_stdout, reason = "examples print")]

use countersign::{Error, JwsAlgorithm, SigningKey, jws};

fn main() -> Result<(), Error> {
    let payload = b"three crates of lemons";
    for &algorithm in JwsAlgorithm::ALL {
        let key = match SigningKey::generate(algorithm) {
            Ok(key) => key.with_key_id("example"),
            // The ring stack makes no RSA keys unless feature `rsa` is on; it loads and uses them.
            Err(error @ Error::Unsupported(_)) => {
                println!("{algorithm:>8}  {error}");
                continue;
            }
            Err(error) => return Err(error),
        };
        let verifying_key = key.verifying_key()?;

        let token = jws::sign(&key, payload)?;
        let verified = jws::verify(&verifying_key, &token)?;
        assert_eq!(verified.payload(), payload);

        // Another key of the same kind doesn't do.
        let forged = jws::sign(&SigningKey::generate(algorithm)?.with_key_id("example"), payload)?;
        let refusal = jws::verify(&verifying_key, &forged).expect_err("another key signed it");
        println!("{algorithm:>8}  {} characters, a forgery is refused: {refusal}", token.len());
    }

    // `EdDSA` is the older name of Ed25519: written on request, read always.
    let key = SigningKey::generate(JwsAlgorithm::Ed25519)?.with_eddsa_name();
    let token = jws::sign(&key, payload)?;
    println!("   EdDSA  verifies as {}", jws::verify(&key.verifying_key()?, &token)?.algorithm());
    Ok(())
}
