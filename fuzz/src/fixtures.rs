//! Keys and tokens that never change. They are test keys: they have protected nothing, and must not.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use countersign::{
    ContentEncryption, DecryptionKey, JweAlgorithm, Jwk, JwsAlgorithm, JwtVerifier, KeySet, SigningKey,
    VerifyingKey,
};
use serde_json::{Map, Value};

use crate::check::{decoded, encoded};

/// The names of the keys in `fixtures/keys.json`.
pub const KEYS: [&str; 12] = [
    "oct-128",
    "oct-192",
    "oct-256",
    "oct-384",
    "oct-512",
    "rsa-2048",
    "P-256",
    "P-384",
    "P-521",
    "secp256k1",
    "Ed25519",
    "X25519",
];

/// The keys that the verifiers know, each with its algorithm. Its key ID is the algorithm's name.
pub const SIGNERS: [(JwsAlgorithm, &str); 4] = [
    (JwsAlgorithm::Hs256, "oct-256"),
    (JwsAlgorithm::Es256, "P-256"),
    (JwsAlgorithm::Ed25519, "Ed25519"),
    (JwsAlgorithm::Rs256, "rsa-2048"),
];

/// The keys that the recipient has, each with its algorithm and what encrypts its tokens. One secret stands
/// for two algorithms, so that taking one for the other would work.
/// The last two cost a hundred times as much as the others where they are instrumented.
pub const RECIPIENTS: [(JweAlgorithm, &str, ContentEncryption); 7] = [
    (JweAlgorithm::Dir, "oct-256", ContentEncryption::A256Gcm),
    (JweAlgorithm::Dir, "oct-512", ContentEncryption::A256CbcHs512),
    (JweAlgorithm::A256Kw, "oct-256", ContentEncryption::A128CbcHs256),
    (JweAlgorithm::A128Gcmkw, "oct-128", ContentEncryption::A128Gcm),
    (JweAlgorithm::EcdhEsA128Kw, "X25519", ContentEncryption::A192CbcHs384),
    (JweAlgorithm::EcdhEs, "P-256", ContentEncryption::A256Gcm),
    (JweAlgorithm::RsaOaep256, "rsa-2048", ContentEncryption::A256Gcm),
];

pub const ISSUER: &str = "https://id.example.com";
pub const AUDIENCE: &str = "https://orders.example.com";
pub const SUBJECT: &str = "user-17";
pub const PLAINTEXT: &[u8] = b"{\"sub\":\"user-17\",\"admin\":false}";

/// The time at which the tokens were issued, and at which they are verified.
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// The key of that name, without `kid`, `alg` and `use`.
pub fn jwk(name: &str) -> Jwk {
    static KEYS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
        serde_json::from_str(include_str!("../fixtures/keys.json")).expect("the fixture is JSON")
    });
    Jwk::from_json(&KEYS[name].to_string()).expect("the fixture is a key")
}

pub fn signing_key(algorithm: JwsAlgorithm, name: &str) -> SigningKey {
    SigningKey::from_jwk_for(algorithm, &jwk(name)).expect("the key goes with the algorithm")
}

/// The key that decrypts, with the content encryption of its tokens as the only one where that is part of the
/// key.
pub fn decryption_key(algorithm: JweAlgorithm, name: &str, enc: ContentEncryption) -> DecryptionKey {
    let key = match algorithm {
        JweAlgorithm::Dir => jwk(name).with_algorithm(enc.name()),
        _ => jwk(name),
    };
    DecryptionKey::from_jwk_for(algorithm, &key).expect("the key goes with the algorithm")
}

/// The signers, with or without their key IDs.
pub fn verification_keys(named: bool) -> Vec<VerifyingKey> {
    let key = |(algorithm, name): (JwsAlgorithm, &str)| {
        let key = signing_key(algorithm, name).verifying_key().expect("it has a public half");
        if named { key.with_key_id(algorithm.name()) } else { key }
    };
    SIGNERS.into_iter().map(key).collect()
}

/// The recipients' key ID, which tells the two for `dir` apart.
pub fn recipient_id(algorithm: JweAlgorithm, name: &str) -> String {
    format!("{algorithm}/{name}")
}

/// The recipient's keys, with or without their key IDs.
pub fn decryption_keys(named: bool) -> Vec<DecryptionKey> {
    let key = |(algorithm, name, enc): (JweAlgorithm, &str, ContentEncryption)| {
        let key = decryption_key(algorithm, name, enc);
        if named { key.with_key_id(recipient_id(algorithm, name)) } else { key }
    };
    RECIPIENTS.into_iter().map(key).collect()
}

/// A verifier of tokens that are signed, or if it decrypts, signed and encrypted.
pub fn verifier(decrypts: bool) -> JwtVerifier {
    let keys: KeySet = verification_keys(true).into_iter().collect();
    let builder = JwtVerifier::builder(keys).issuer(ISSUER).audience(AUDIENCE).clock(now);
    let builder = if decrypts {
        builder.decrypt_with(decryption_keys(true).into_iter().collect::<KeySet<_>>())
    } else {
        builder
    };
    builder.build().expect("all choices are made")
}

/// Tokens that verify under [`SIGNERS`]: of each, claims with a key ID and without one, and a payload of
/// other bytes.
pub static SIGNED: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../fixtures/signed.txt").lines().collect());

/// Signed tokens in JSON: flattened and general, with unencoded and with detached payloads.
pub static SIGNED_JSON: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../fixtures/signed_json.txt").lines().collect());

/// The payload of those that have none.
pub const DETACHED: &[u8] = b"any bytes";

/// The signatures of [`SIGNED_JSON`] with what they were made over, and their twins, as [`ACCEPTABLE`] has the
/// compact tokens.
pub static ACCEPTABLE_JSON: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut tokens = Vec::new();
    for json in &*SIGNED_JSON {
        let json: Value = serde_json::from_str(json).expect("the fixture is JSON");
        let one = std::slice::from_ref(&json);
        for signature in json["signatures"].as_array().map_or(one, Vec::as_slice) {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let protected = text(&signature["protected"]).expect("the fixture has a protected header");
            let is_encoded = decoded(&protected).is_some_and(|header| !header.ends_with(b"[\"b64\"]}"));
            let detached = || match is_encoded {
                true => encoded(DETACHED),
                false => String::from_utf8(DETACHED.to_vec()).expect("it is text"),
            };
            let payload = text(&json["payload"]).unwrap_or_else(detached);
            let signature = text(&signature["signature"]).expect("the fixture has signatures");
            tokens.push(format!("{protected}.{payload}.{signature}"));
        }
    }
    let twins: Vec<String> = tokens.iter().filter_map(|token| twin(token)).collect();
    tokens.into_iter().chain(twins).collect()
});

/// Tokens that decrypt under [`RECIPIENTS`] to [`PLAINTEXT`], each with a key ID and without one.
pub static ENCRYPTED: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../fixtures/encrypted.txt").lines().collect());

/// Tokens in JSON that decrypt under [`RECIPIENTS`] to [`PLAINTEXT`], flattened and general, half of them with
/// [`AAD`].
pub static ENCRYPTED_JSON: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../fixtures/encrypted_json.txt").lines().collect());

/// What some of [`ENCRYPTED_JSON`] have beside their headers.
pub const AAD: &[u8] = b"order 17";

/// Tokens that are signed, then encrypted.
pub static NESTED: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../fixtures/nested.txt").lines().collect());

/// All signed tokens that may be accepted: [`SIGNED`] and, of each ECDSA signature (r, s), its twin (r, n −
/// s), which holds as well (JWS has no rule against it).
pub static ACCEPTABLE: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let tokens = SIGNED.iter().map(|token| (*token).to_owned());
    tokens.chain(SIGNED.iter().filter_map(|token| twin(token))).collect()
});

/// The same ES256 token with the signature (r, n − s).
pub fn twin(token: &str) -> Option<String> {
    let (signing_input, signature) = token.rsplit_once('.')?;
    let header = decoded(signing_input.split('.').next()?)?;
    if !String::from_utf8(header).ok()?.contains("\"ES256\"") {
        return None;
    }
    let mut signature = decoded(signature)?;
    let (_, s) = signature.split_at_mut_checked(32)?;
    negate(s, &P256_ORDER);
    Some(format!("{signing_input}.{}", encoded(&signature)))
}

/// Subtracts the number from the order, both big-endian.
pub fn negate(number: &mut [u8], order: &[u8; 32]) {
    let mut borrow = false;
    for (digit, order) in number.iter_mut().zip(order).rev() {
        let (difference, under) = order.overflowing_sub(*digit);
        let (difference, under_again) = difference.overflowing_sub(u8::from(borrow));
        *digit = difference;
        borrow = under || under_again;
    }
}

const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
