//! Makes the keys and tokens in `fixtures/` anew: `cargo run --manifest-path fuzz/Cargo.toml --example
//! fixtures`, run from the folder `fuzz`. Keys that are there stay, so delete `keys.json`'s content (to `{}`)
//! for other ones.

use std::fs;
use std::time::Duration;

use countersign::{Jwk, JwtIssuer, KeyKind, encrypt, jws};
use countersign_fuzz::fixtures::{
    AUDIENCE, ISSUER, KEYS, PLAINTEXT, RECIPIENTS, SIGNERS, SUBJECT, decryption_key, now, recipient_id,
    signing_key,
};
use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let made: Map<String, Value> = serde_json::from_str(&fs::read_to_string("fixtures/keys.json")?)?;
    if made.is_empty() {
        let mut keys = Map::new();
        for name in KEYS {
            let key = Jwk::generate(kind(name))?.expose_json();
            keys.insert(name.to_owned(), serde_json::from_str(key.expose_secret())?);
        }
        fs::write("fixtures/keys.json", serde_json::to_string_pretty(&keys)? + "\n")?;
        println!("made the keys; run again for the tokens");
        return Ok(());
    }

    let (mut signed, mut encrypted, mut nested) = (String::new(), String::new(), String::new());
    for (algorithm, name) in SIGNERS {
        let key = signing_key(algorithm, name);
        let named = key.clone_key().with_key_id(algorithm.name());
        for key in [&named, &key] {
            signed += &(issuer(key.clone_key()).build()?.issue(SUBJECT, &json!({"admin": false}))? + "\n");
        }
        signed += &(jws::sign(&key, b"any bytes")? + "\n");
    }
    for (algorithm, name, enc) in RECIPIENTS {
        let key = decryption_key(algorithm, name, enc).encryption_key()?.with_content_encryption(enc)?;
        let named = key.clone_key().with_key_id(recipient_id(algorithm, name));
        for key in [&named, &key] {
            encrypted += &(encrypt(key, PLAINTEXT)? + "\n");
        }
        let (signer, signer_name) = SIGNERS[nested.lines().count() % SIGNERS.len()];
        let signer = signing_key(signer, signer_name).with_key_id(signer.name());
        let issuer = issuer(signer).encrypt_for(named).build()?;
        nested += &(issuer.issue(SUBJECT, &json!({"admin": false}))? + "\n");
    }
    fs::write("fixtures/signed.txt", signed)?;
    fs::write("fixtures/encrypted.txt", encrypted)?;
    fs::write("fixtures/nested.txt", nested)?;
    Ok(())
}

fn issuer(key: countersign::SigningKey) -> countersign::jwt::JwtIssuerBuilder {
    let builder = JwtIssuer::builder(key).issuer(ISSUER).audience(AUDIENCE);
    builder.lifetime(Duration::from_secs(300)).clock(now)
}

fn kind(name: &str) -> KeyKind {
    match name {
        "rsa-2048" => KeyKind::Rsa { bits: 2048 },
        "P-256" => KeyKind::P256,
        "P-384" => KeyKind::P384,
        "P-521" => KeyKind::P521,
        "secp256k1" => KeyKind::Secp256k1,
        "Ed25519" => KeyKind::Ed25519,
        "X25519" => KeyKind::X25519,
        _ => KeyKind::Oct {
            bits: name.strip_prefix("oct-").and_then(|bits| bits.parse().ok()).expect("a size"),
        },
    }
}
