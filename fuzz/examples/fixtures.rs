//! Makes the keys and tokens in `fixtures/` anew, and the seeds that are made of them.
//!
//! `cargo run --example fixtures` in the folder `fuzz` does it. Keys that are there stay: for other ones, `keys.json`
//! is set to `{}` first.

use std::fs;
use std::time::Duration;

use countersign::jwe::JweBuilder;
use countersign::jws::{JwsBuilder, sign_general, sign_general_detached};
use countersign::{ContentEncryption, EncryptionKey, Jwk, JwtIssuer, KeyKind, SigningKey, encrypt, jws};
use countersign_fuzz::fixtures::{
    AAD, AUDIENCE, DETACHED, ISSUER, KEYS, PLAINTEXT, RECIPIENTS, SIGNERS, SUBJECT, decryption_key, now,
    recipient_id, signing_key,
};
use countersign_fuzz::mutate::OPERATIONS;
use countersign_fuzz::{mutate_json, mutate_jwe};
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
    let (signed_json, encrypted_json) = (signed_json()?, encrypted_json()?);
    seeds("compact_jws", "signed", signed.lines().map(str::as_bytes))?;
    seeds("compact_jwe", "encrypted", encrypted.lines().map(str::as_bytes))?;
    seeds("compact_jwe", "nested", nested.lines().map(str::as_bytes))?;
    seeds("json_jws", "signed", signed_json.lines().map(str::as_bytes))?;
    seeds("json_jwe", "encrypted", encrypted_json.lines().map(str::as_bytes))?;
    scripts()?;
    fs::write("fixtures/signed.txt", signed)?;
    fs::write("fixtures/signed_json.txt", signed_json)?;
    fs::write("fixtures/encrypted.txt", encrypted)?;
    fs::write("fixtures/encrypted_json.txt", encrypted_json)?;
    fs::write("fixtures/nested.txt", nested)?;
    Ok(())
}

/// Signed tokens in JSON, each form with each way to treat the payload.
fn signed_json() -> Result<String, countersign::Error> {
    let keys: Vec<SigningKey> = SIGNERS
        .into_iter()
        .flat_map(|(algorithm, name)| {
            let key = signing_key(algorithm, name);
            [key.clone_key().with_key_id(algorithm.name()), key]
        })
        .collect();
    let mut lines = Vec::new();
    for key in &keys {
        let builder = JwsBuilder::new(key).token_type("test+jws");
        lines.push(builder.sign_json(b"{}")?);
        lines.push(builder.clone().unprotected_key_id().unprotected_parameter("x", &1).sign_json(b"{}")?);
        lines.push(builder.clone().unencoded_payload().sign_json(b"e30, as it is")?);
        lines.push(builder.sign_json_detached(DETACHED)?);
        lines.push(builder.unencoded_payload().sign_json_detached(DETACHED)?);
    }
    let all: Vec<JwsBuilder<'_>> = keys.iter().map(JwsBuilder::new).collect();
    let unencoded: Vec<JwsBuilder<'_>> = all.iter().cloned().map(JwsBuilder::unencoded_payload).collect();
    for builders in [&all[..2], &all[1..4], &all[..]] {
        lines.push(sign_general(builders, b"{\"general\":true}")?);
    }
    lines.push(sign_general(&unencoded[..3], b"e30")?);
    lines.push(sign_general_detached(&all[..3], DETACHED)?);
    lines.push(sign_general_detached(&unencoded[2..], DETACHED)?);
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// Encrypted tokens in JSON: each recipient alone in both forms, and those together that can share a content key.
fn encrypted_json() -> Result<String, countersign::Error> {
    let mut lines = Vec::new();
    let mut together = Vec::new();
    for (algorithm, name, enc) in RECIPIENTS {
        let key = decryption_key(algorithm, name, enc).encryption_key()?;
        let key = key.with_key_id(recipient_id(algorithm, name));
        let own = key.clone_key().with_content_encryption(enc)?;
        let builder = JweBuilder::new(&own).token_type("test+jwe").content_type("json");
        lines.push(builder.clone().additional_authenticated_data(AAD).encrypt_json(PLAINTEXT)?);
        lines.push(builder.shared_unprotected_parameter("x", &1).encrypt_general(PLAINTEXT)?);
        if JweBuilder::new(&own).add_recipient(&own).encrypt_general(b"").is_ok() {
            together.push(key.with_content_encryption(ContentEncryption::A256Gcm)?);
        }
    }
    let all = |keys: &[EncryptionKey]| {
        let (first, others) = keys.split_first().expect("there are some");
        let builder = JweBuilder::new(first).parameter("y", &1).recipient_parameter("z", &1);
        others.iter().fold(builder, JweBuilder::add_recipient).encrypt_general(PLAINTEXT)
    };
    lines.push(all(&together)?);
    lines.push(all(&together[..2])?);
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// Scripts that take each operation once and leave room for what it reads; the targets say what the bytes mean.
fn scripts() -> std::io::Result<()> {
    let operations = 0..u8::try_from(OPERATIONS).expect("there are few");
    let script = |start: &[u8]| [start, b"\x01\x07\x10\x01\x05\x02\x03\x04script's rest"].concat();
    let verify: Vec<_> =
        operations.clone().map(|operation| script(&[operation.wrapping_mul(5), 0, operation])).collect();
    seeds("verify_never_accepts", "operation", verify.iter().map(Vec::as_slice))?;
    let operations_on_json = 0..u8::try_from(mutate_json::OPERATIONS).expect("there are few");
    let json: Vec<_> =
        operations_on_json.map(|operation| script(&[operation.wrapping_mul(7), 0, operation])).collect();
    seeds("json_jws", "operation", json.iter().map(Vec::as_slice))?;
    let operations_on_json = 0..u8::try_from(mutate_jwe::OPERATIONS).expect("there are few");
    let json: Vec<_> =
        operations_on_json.map(|operation| script(&[operation.wrapping_mul(7), 0, operation])).collect();
    seeds("json_jwe", "operation", json.iter().map(Vec::as_slice))?;
    let decrypt = |operation: u8| match operation % 4 {
        0 | 1 => script(&[operation % 4, operation.wrapping_mul(3), 0, operation]),
        2 => script(&[2, operation, 0, 3, operation.wrapping_mul(5), 0, operation]),
        _ => script(&[2, operation, operation / 4, operation / 4 % 3]),
    };
    let decrypt: Vec<_> = operations.map(decrypt).collect();
    seeds("decrypt_never_accepts", "operation", decrypt.iter().map(Vec::as_slice))?;

    let roundtrip = |number: u8| {
        let key_id_typ_cty = b"\x01\x02id\x01\x06at+jwt\x01\x03JWT";
        let subject_and_claims = b"\x07user-17\x05\x05scope\x02\x0borders:read\x01n\x04\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01a\x06\x02\x00\x01\x01\x01o\x08\x01\x01x\x05\x40\x09\x21\xfb\x54\x44\x2d\x18\x01z\x03\x2a";
        [&[number, number, number, number], &key_id_typ_cty[..], subject_and_claims].concat()
    };
    let roundtrip: Vec<_> = (0..24).map(roundtrip).collect();
    seeds("roundtrip", "choices", roundtrip.iter().map(Vec::as_slice))?;
    inflate()
}

/// Streams of each of DEFLATE's three sorts of block, and a choice of what to compress.
fn inflate() -> std::io::Result<()> {
    // RFC 1951 §3.2.4 and §3.2.6: "so it goes" as it is, "x" with fixed codes, and 4,000 zeros with codes of the
    // block's own.
    let streams: [&[u8]; 3] = [
        b"\x01\x0a\x00\xf5\xffso it goes",
        b"\xab\x00\x00",
        b"\xed\xc1\x31\x01\x00\x00\x00\xc2\xa0\xf5\x4f\x6d\x0c\x1f\xa0\x00\x00\x00\x80\xb7\x01",
    ];
    let streams = streams.map(|stream| [b"\x00\xff\xff", stream].concat());
    seeds("inflate", "stream", streams.iter().map(Vec::as_slice))?;
    let plaintext = b"\x01\xff\xff\x02\x01\x00\x05again\x00\x40\x03abc and the rest";
    seeds("inflate", "plaintext", std::iter::once(&plaintext[..]))
}

fn seeds<'s>(target: &str, name: &str, seeds: impl Iterator<Item = &'s [u8]>) -> std::io::Result<()> {
    fs::create_dir_all(format!("seeds/{target}"))?;
    for (number, seed) in seeds.enumerate() {
        fs::write(format!("seeds/{target}/{name}-{number:02}"), seed)?;
    }
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
