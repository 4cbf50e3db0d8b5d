//! Every family of key management and every content encryption: encrypt bytes and claims.
//!
//! `cargo run --example encrypt_decrypt`
#![expect(clippy::print_stdout, reason = "examples print")]

use countersign::{
    ContentEncryption, DecryptionKey, Error, JweAlgorithm, Jwk, KeyKind, decrypt, decrypt_claims, encrypt,
    encrypt_claims,
};

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Card {
    number: String,
}

fn main() -> Result<(), Error> {
    for &algorithm in JweAlgorithm::ALL {
        let key = match DecryptionKey::generate(algorithm) {
            Ok(key) => key,
            // The ring stack does RSA-OAEP only with feature `rsa`; passwords need feature `pbes2`.
            Err(error @ Error::Unsupported(_)) => {
                println!("{algorithm:>18}  {error}");
                continue;
            }
            Err(error) => return Err(error),
        };
        // Without `with_content_encryption`, the content is encrypted with A256GCM.
        let token = encrypt(&key.encryption_key()?, b"card 4242")?;
        assert_eq!(decrypt(&key, &token)?.expose_secret(), b"card 4242");

        let stranger = DecryptionKey::generate(algorithm)?;
        let refusal = decrypt(&stranger, &token).expect_err("another key");
        println!("{algorithm:>18}  {} characters, another key: {refusal}", token.len());
    }

    // Each content encryption, to a recipient on X25519.
    let key = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &Jwk::generate(KeyKind::X25519)?)?;
    for &encryption in ContentEncryption::ALL {
        let recipient = key.encryption_key()?.with_content_encryption(encryption)?;
        let token = encrypt_claims(&recipient, &Card { number: "4242".into() })?;
        let card: Card = decrypt_claims(&key, &token)?;
        println!("{encryption:>18}  {card:?}");
    }
    Ok(())
}
