#![no_main]
//! Arbitrary content through every algorithm: what goes in comes out.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use countersign::jwe::JweBuilder;
use countersign::{
    ContentEncryption, DecryptionKey, Error, JweAlgorithm, JwsAlgorithm, JwtIssuer, JwtVerifier, SigningKey,
    TokenBuffer, UnverifiedToken, decrypt, decrypt_claims, encrypt_claims, jws,
};
use countersign_fuzz::fixtures::{AUDIENCE, ISSUER, decryption_key, now, signing_key};
use countersign_fuzz::{Script, is_one_in};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// Keys of algorithms that are cheap here, and the others: instrumented, RSA and the NIST curves cost as much as a
/// hundred of the cheap ones.
struct Keys<K> {
    cheap: Vec<K>,
    costly: Vec<K>,
}

impl<K> Keys<K> {
    fn new(keys: impl Iterator<Item = (K, &'static str)>) -> Self {
        const CHEAP: [&str; 3] = ["oct", "Ed25519", "X25519"];
        let mut all = Self { cheap: Vec::new(), costly: Vec::new() };
        for (key, name) in keys {
            let cheap = CHEAP.iter().any(|cheap| name.starts_with(cheap));
            if cheap { all.cheap.push(key) } else { all.costly.push(key) }
        }
        all
    }

    fn pick(&self, script: &mut Script<'_>, costly: bool) -> &K {
        let keys = if costly { &self.costly } else { &self.cheap };
        &keys[script.below(keys.len())]
    }
}

static SIGNERS: LazyLock<Keys<SigningKey>> = LazyLock::new(|| {
    let key = |algorithm: &JwsAlgorithm| {
        let name = match algorithm {
            JwsAlgorithm::Hs256 => "oct-256",
            JwsAlgorithm::Hs384 => "oct-384",
            JwsAlgorithm::Hs512 => "oct-512",
            JwsAlgorithm::Es256 => "P-256",
            JwsAlgorithm::Es384 => "P-384",
            JwsAlgorithm::Es512 => "P-521",
            JwsAlgorithm::Es256k => "secp256k1",
            JwsAlgorithm::Ed25519 => "Ed25519",
            _ => "rsa-2048",
        };
        (signing_key(*algorithm, name), name)
    };
    Keys::new(JwsAlgorithm::ALL.iter().map(key))
});

/// A key for each algorithm, on each curve; for `dir`, with each content encryption.
static RECIPIENTS: LazyLock<Keys<DecryptionKey>> = LazyLock::new(|| {
    const CURVES: &[&str] = &["P-256", "P-384", "P-521", "X25519"];
    let mut recipients = Vec::new();
    for &enc in ContentEncryption::ALL {
        let name = format!("oct-{}", enc.key_len() * 8);
        recipients.push((decryption_key(JweAlgorithm::Dir, &name, enc), "oct"));
    }
    for &algorithm in JweAlgorithm::ALL {
        let names: &[&'static str] = match algorithm {
            JweAlgorithm::Dir => continue,
            JweAlgorithm::A128Kw | JweAlgorithm::A128Gcmkw => &["oct-128"],
            JweAlgorithm::A192Kw | JweAlgorithm::A192Gcmkw => &["oct-192"],
            JweAlgorithm::A256Kw | JweAlgorithm::A256Gcmkw => &["oct-256"],
            JweAlgorithm::EcdhEs
            | JweAlgorithm::EcdhEsA128Kw
            | JweAlgorithm::EcdhEsA192Kw
            | JweAlgorithm::EcdhEsA256Kw => CURVES,
            // As slow as passwords have to be; `tests/properties.rs` has them, with few iterations.
            JweAlgorithm::Pbes2Hs256A128Kw
            | JweAlgorithm::Pbes2Hs384A192Kw
            | JweAlgorithm::Pbes2Hs512A256Kw => continue,
            _ => &["rsa-2048"],
        };
        for &name in names {
            recipients.push((decryption_key(algorithm, name, ContentEncryption::default()), name));
        }
    }
    Keys::new(recipients.into_iter())
});

/// The choices that a script makes for a token.
struct Choices {
    signer: SigningKey,
    recipient: DecryptionKey,
    enc: ContentEncryption,
    key_id: Option<String>,
    typ: Option<String>,
    cty: Option<String>,
}

fuzz_target!(|data: &[u8]| {
    let mut script = Script::new(data);
    let costly = is_one_in(32, data);
    let what = script.below(4);
    let signer = SIGNERS.pick(&mut script, costly).clone_key();
    let recipient = RECIPIENTS.pick(&mut script, costly).clone_key();
    let enc = script.pick(ContentEncryption::ALL);
    let [key_id, typ, cty] = [(); 3].map(|()| script.chance().then(|| script.text(40)));
    let (signer, recipient) = match &key_id {
        Some(key_id) => (signer.with_key_id(key_id), recipient.with_key_id(key_id)),
        None => (signer, recipient),
    };
    let choices = Choices { signer, recipient, enc, key_id, typ, cty };
    match what {
        0 => signed(&choices, script.rest()),
        1 => encrypted(&choices, script.rest()),
        2 => issued(&choices, &mut script, false),
        _ => issued(&choices, &mut script, true),
    }
});

fn signed(choices: &Choices, payload: &[u8]) {
    let Choices { signer, key_id, .. } = choices;
    let verifier = signer.verifying_key().expect("it has a public half");
    let token = jws::sign(signer, payload).expect("anything can be signed");
    let verified = jws::verify(&verifier, &token).expect("what was signed verifies");
    assert_eq!(verified.payload(), payload);
    assert_eq!(verified.algorithm(), signer.algorithm());
    assert_eq!(verified.key_id(), key_id.as_deref());
    let read = UnverifiedToken::parse(&token).expect("what was made can be parsed");
    assert_eq!((read.algorithm(), read.key_id()), (signer.algorithm().name(), key_id.as_deref()));

    let other = verifier.with_key_id("another");
    if key_id.as_ref().is_some_and(|key_id| key_id != "another") {
        assert!(matches!(jws::verify(&other, &token), Err(Error::NoMatchingKey)));
    }
}

fn encrypted(choices: &Choices, plaintext: &[u8]) {
    let Choices { recipient, key_id, typ, cty, .. } = choices;
    let sender = sender(choices);
    let mut builder = JweBuilder::new(&sender);
    if let Some(typ) = typ {
        builder = builder.token_type(typ);
    }
    if let Some(cty) = cty {
        builder = builder.content_type(cty);
    }
    let token = builder.encrypt(plaintext).expect("anything can be encrypted");
    assert_eq!(decrypt(recipient, &token).expect("what was encrypted decrypts").expose_secret(), plaintext);
    let read = UnverifiedToken::parse(&token).expect("what was made can be parsed");
    assert_eq!(read.algorithm(), recipient.algorithm().name());
    assert_eq!(read.content_encryption(), Some(sender.content_encryption().name()));
    assert_eq!(read.key_id(), key_id.as_deref());
    assert_eq!((read.token_type(), read.content_type()), (typ.as_deref(), cty.as_deref()));
}

/// Claims of any form, signed, or signed and encrypted, or encrypted alone.
fn issued(choices: &Choices, script: &mut Script<'_>, nested: bool) {
    let Choices { signer, recipient, typ, key_id, .. } = choices;
    let subject = script.text(40);
    let claims = claims(script);

    let verifying_key = signer.verifying_key().expect("it has a public half");
    let issuer = JwtIssuer::builder(signer.clone_key()).issuer(ISSUER).audience(AUDIENCE);
    let mut issuer = issuer.lifetime(Duration::from_secs(300)).generate_jwt_id().clock(now);
    let mut verifier = JwtVerifier::builder(verifying_key).issuer(ISSUER).audience(AUDIENCE).clock(now);
    if let Some(typ) = typ {
        issuer = issuer.token_type(typ);
        verifier = verifier.token_type(typ);
    }
    if nested {
        issuer = issuer.encrypt_for(sender(choices));
        verifier = verifier.decrypt_with(recipient.clone_key());
    }
    let (issuer, verifier) =
        issuer.build().and_then(|issuer| Ok((issuer, verifier.build()?))).expect("all is chosen");

    let token = issuer.issue(&subject, &claims).expect("the claims are in order");
    let jwt = verifier.verify::<Map<String, Value>>(&token).expect("what was issued verifies");
    assert_eq!((jwt.issuer(), jwt.subject()), (Some(ISSUER), Some(&*subject)));
    assert!(jwt.audience().eq([AUDIENCE]));
    assert_eq!((jwt.algorithm(), jwt.key_id()), (signer.algorithm(), key_id.as_deref()));
    assert_eq!(jwt.issued_at(), Some(now().into()));
    assert_eq!(jwt.jwt_id().map(str::len), Some(22));
    let mut found = jwt.into_claims();
    for name in ["iss", "sub", "aud", "exp", "iat", "jti"] {
        assert!(found.remove(name).is_some());
    }
    assert_eq!(found, claims);

    let mut buffer = TokenBuffer::new();
    let borrowed = verifier.verify_borrowed::<HashMap<&str, Value>>(&token, &mut buffer);
    // A name with an escape can't be borrowed.
    if let Ok(borrowed) = borrowed {
        assert_eq!(borrowed.claims().len(), claims.len() + 6);
    }

    if !nested {
        let token = encrypt_claims(&sender(choices), &claims).expect("the claims are in order");
        let found: Map<String, Value> =
            decrypt_claims(recipient, &token).expect("what was encrypted decrypts");
        assert_eq!(found, claims);
    }
}

fn sender(choices: &Choices) -> countersign::EncryptionKey {
    let key = choices.recipient.encryption_key().expect("it encrypts too");
    // A key for `dir` has its own.
    if choices.recipient.algorithm() == JweAlgorithm::Dir {
        return key;
    }
    key.with_content_encryption(choices.enc).expect("any goes with it")
}

/// Claims beside those that the issuer writes. `nbf` has a form of its own.
fn claims(script: &mut Script<'_>) -> Map<String, Value> {
    const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "iat", "jti", "nbf"];
    let mut claims = Map::new();
    for _ in 0..script.below(12) {
        let name = script.text(24);
        let value = value(script, 0);
        if !REGISTERED.contains(&&*name) {
            claims.insert(name, value);
        }
    }
    claims
}

fn value(script: &mut Script<'_>, depth: usize) -> Value {
    match script.below(if depth < 6 { 9 } else { 6 }) {
        0 => Value::Null,
        1 => script.chance().into(),
        2 => script.text(64).into(),
        3 => i64::from(script.byte()).into(),
        4 => {
            let bytes: [u8; 8] = [(); 8].map(|()| script.byte());
            if script.chance() { u64::from_be_bytes(bytes).into() } else { i64::from_be_bytes(bytes).into() }
        }
        // A fraction that is exact in decimal: others serde_json may read as a neighbour of what it wrote.
        5 => (f64::from(i16::from_be_bytes([(); 2].map(|()| script.byte()))) / 8.0).into(),
        6 | 7 => (0..script.below(5)).map(|_| value(script, depth + 1)).collect(),
        _ => {
            Value::Object((0..script.below(5)).map(|_| (script.text(24), value(script, depth + 1))).collect())
        }
    }
}
