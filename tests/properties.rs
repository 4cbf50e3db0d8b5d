//! Properties of tokens: what goes in comes out, and nothing that was changed is accepted.
//!
//! Where a property ranges over something finite and cheap (the bits of a token, the combinations of two
//! tokens' parts), all of it is tried; the rest is drawn by proptest. The file takes half a minute, so the
//! number of cases per property is set by what one case costs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use countersign::jwe::JweBuilder;
use countersign::{
    ClaimProblem, ContentEncryption, DecryptionKey, EncryptionKey, Error, JweAlgorithm, Jwk, JwkSet,
    JwsAlgorithm, JwtIssuer, JwtVerifier, KeySet, NoClaims, NumericDate, SigningKey, TokenBuffer,
    UnverifiedToken, VerifyingKey, danger, decrypt, decrypt_claims, encrypt, encrypt_claims, jws,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value};
use support::{
    NOW, Scheme, base64url, claims_token, from_base64url, hmac_key, parts, signed, signing_key, stopped_at,
    with_flipped_bit,
};

/// A key pair for every signature algorithm.
static SIGNERS: LazyLock<Vec<(SigningKey, VerifyingKey)>> = LazyLock::new(|| {
    let pair = |&algorithm| {
        let key = signing_key(algorithm);
        let verifying_key = key.verifying_key().unwrap();
        (key, verifying_key)
    };
    JwsAlgorithm::ALL.iter().map(pair).collect()
});

/// A key pair for every pair of key management and content encryption.
static RECIPIENTS: LazyLock<Vec<(Scheme, EncryptionKey, DecryptionKey)>> = LazyLock::new(|| {
    Scheme::available().map(|scheme| (scheme, scheme.encryption_key(), scheme.decryption_key())).collect()
});

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// Issues with ES256, and encrypts where a scheme is given.
fn issuer(recipient: Option<EncryptionKey>) -> JwtIssuer {
    let builder = JwtIssuer::builder(signing_key(JwsAlgorithm::Es256))
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .lifetime(Duration::from_secs(300))
        .clock(stopped_at(NOW));
    match recipient {
        None => builder,
        Some(recipient) => builder.encrypt_for(recipient),
    }
    .build()
    .unwrap()
}

fn verifier(key: VerifyingKey, decryption: Option<DecryptionKey>) -> JwtVerifier {
    let builder = JwtVerifier::builder(key).issuer(ISSUER).audience(AUDIENCE).clock(stopped_at(NOW));
    match decryption {
        None => builder,
        Some(decryption) => builder.decrypt_with(decryption),
    }
    .build()
    .unwrap()
}

const NESTED: Scheme =
    Scheme { algorithm: JweAlgorithm::A256Kw, enc: ContentEncryption::A128CbcHs256, key_id: "oct-256" };

static SIGNED_ISSUER: LazyLock<JwtIssuer> = LazyLock::new(|| issuer(None));
static NESTED_ISSUER: LazyLock<JwtIssuer> = LazyLock::new(|| issuer(Some(NESTED.encryption_key())));
static SIGNED_VERIFIER: LazyLock<JwtVerifier> =
    LazyLock::new(|| verifier(signing_key(JwsAlgorithm::Es256).verifying_key().unwrap(), None));
static NESTED_VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| {
    verifier(signing_key(JwsAlgorithm::Es256).verifying_key().unwrap(), Some(NESTED.decryption_key()))
});

fn cases(cases: u32) -> ProptestConfig {
    // A failure is reproduced by the seed that it prints; no file is left behind.
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

// What goes in comes out.

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn any_payload_is_signed_and_verified_by_every_algorithm(payload in vec(any::<u8>(), 0..3000)) {
        for (key, verifying_key) in SIGNERS.iter() {
            let verified = jws::verify(verifying_key, &jws::sign(key, &payload)?)?;
            prop_assert_eq!(verified.payload(), &*payload, "{}", key.algorithm());
            prop_assert_eq!(verified.algorithm(), key.algorithm());
        }
    }

    #[test]
    fn any_plaintext_is_encrypted_and_decrypted_by_every_pair(plaintext in vec(any::<u8>(), 0..3000)) {
        for (scheme, key, decryption_key) in RECIPIENTS.iter() {
            let token = encrypt(key, &plaintext)?;
            let header = UnverifiedToken::parse(&token)?;
            prop_assert_eq!(header.algorithm(), scheme.algorithm.name());
            prop_assert_eq!(header.content_encryption(), Some(scheme.enc.name()));
            let decrypted = decrypt(decryption_key, &token)?;
            prop_assert_eq!(decrypted.expose_secret(), &*plaintext, "{:?}", scheme);
        }
    }
}

#[test]
fn plaintexts_around_a_block_come_out_as_they_went_in() {
    for (scheme, key, decryption_key) in
        RECIPIENTS.iter().filter(|(scheme, ..)| scheme.algorithm == JweAlgorithm::Dir)
    {
        for len in (0..=33).chain([4095, 4096, 4097]) {
            let plaintext = vec![0xa5; len];
            let token = encrypt(key, &plaintext).unwrap();
            assert_eq!(decrypt(decryption_key, &token).unwrap().expose_secret(), plaintext, "{scheme:?}");
        }
    }
}

/// Any JSON value that both sides read alike: numbers with a fraction are multiples of 1/8, which no
/// reader rounds.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        any::<String>().prop_map(Value::from),
        "[\\x00-\\x7f]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Any claims but the registered ones, which have forms of their own.
fn private_claims() -> impl Strategy<Value = Map<String, Value>> {
    const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
    let name = prop_oneof![any::<String>(), "[a-z_]{1,12}", "(iss|sub|aud|exp)[A-Z ]"];
    let name = name.prop_filter("a registered name", |name| !REGISTERED.contains(&&**name));
    btree_map(name, json_value(), 0..12).prop_map(|members| members.into_iter().collect())
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn any_claims_are_issued_and_verified(subject in any::<String>(), claims in private_claims()) {
        for (issuer, verifier) in
            [(&*SIGNED_ISSUER, &*SIGNED_VERIFIER), (&*NESTED_ISSUER, &*NESTED_VERIFIER)]
        {
            let token = issuer.issue(&subject, &claims)?;
            let jwt = verifier.verify::<Map<String, Value>>(&token)?;
            prop_assert_eq!(jwt.subject(), Some(&*subject));
            prop_assert_eq!(jwt.issuer(), Some(ISSUER));
            prop_assert_eq!(jwt.audience().collect::<Vec<_>>(), [AUDIENCE]);

            let mut expected = claims.clone();
            expected.insert("iss".into(), ISSUER.into());
            expected.insert("sub".into(), subject.clone().into());
            expected.insert("aud".into(), AUDIENCE.into());
            expected.insert("iat".into(), NOW.into());
            expected.insert("exp".into(), (NOW + 300).into());
            prop_assert_eq!(jwt.claims(), &expected);

            let mut buffer = TokenBuffer::new();
            let borrowed = verifier.verify_borrowed::<Map<String, Value>>(&token, &mut buffer)?;
            prop_assert_eq!(borrowed.claims(), &expected);
        }
    }

    #[test]
    fn any_claims_are_encrypted_and_decrypted(claims in private_claims()) {
        let token = encrypt_claims(&NESTED.encryption_key(), &claims)?;
        prop_assert_eq!(decrypt_claims::<Map<String, Value>>(&NESTED.decryption_key(), &token)?, claims);
    }

    #[test]
    fn any_registered_claim_reads_back_typed(
        issuer in "\\PC{1,40}",
        audiences in vec("\\PC{1,40}", 1..4),
        jwt_id in any::<String>(),
        lifetime in 1..1_000_000_u64,
        now in 0..1_u64 << 35,
    ) {
        let builder = JwtIssuer::builder(SIGNERS[0].0.clone_key())
            .issuer(&issuer)
            .lifetime(Duration::from_secs(lifetime))
            .clock(stopped_at(now));
        let builder = audiences.iter().fold(builder, |builder, audience| builder.audience(audience));
        let claims = Value::from_iter([("jti", Value::from(&*jwt_id)), ("nbf", Value::from(now))]);
        let token = builder.build()?.issue_without_subject(&claims)?;

        let verifier = JwtVerifier::builder(SIGNERS[0].1.clone_key())
            .issuer(&issuer)
            .audience(&audiences[0])
            .clock(stopped_at(now))
            .build()?;
        let jwt = verifier.verify::<NoClaims>(&token)?;
        prop_assert_eq!(jwt.issuer(), Some(&*issuer));
        prop_assert_eq!(jwt.subject(), None);
        prop_assert_eq!(jwt.audience().collect::<Vec<_>>(), audiences);
        prop_assert_eq!(jwt.jwt_id(), Some(&*jwt_id));
        let seconds = |date: Option<NumericDate>| date.map(NumericDate::seconds);
        prop_assert_eq!(seconds(jwt.issued_at()), i64::try_from(now).ok());
        prop_assert_eq!(seconds(jwt.not_before()), i64::try_from(now).ok());
        prop_assert_eq!(seconds(jwt.expires_at()), i64::try_from(now + lifetime).ok());
    }
}

// Any flipped bit in any part is refused.

/// Every bit of every part, for every algorithm.
#[test]
fn flipped_bits_of_a_signed_token_are_refused() {
    for (key, verifying_key) in SIGNERS.iter() {
        let token = jws::sign(key, b"{\"sub\":\"u\"}").unwrap();
        jws::verify(verifying_key, &token).unwrap();
        for (part, encoded) in parts(&token).into_iter().enumerate() {
            for bit in 0..from_base64url(encoded).len() * 8 {
                let flipped = with_flipped_bit(&token, part, bit);
                let verified = jws::verify(verifying_key, &flipped);
                assert!(verified.is_err(), "{}: bit {bit} of part {part}", key.algorithm());
                if part > 0 {
                    assert_eq!(verified, Err(Error::InvalidSignature), "bit {bit} of part {part}");
                }
            }
        }
    }
}

/// Whether every bit of a scheme's tokens is flipped: where a shared secret decrypts, which costs little,
/// and of the key pairs one content encryption for agreement itself, for agreement with key wrap, each on
/// every curve, and for RSA-OAEP.
fn is_exhausted(scheme: &Scheme) -> bool {
    use JweAlgorithm::{EcdhEs, EcdhEsA256Kw, Pbes2Hs256A128Kw, RsaOaep};

    if [EcdhEs, EcdhEsA256Kw, Pbes2Hs256A128Kw, RsaOaep].contains(&scheme.algorithm) {
        return scheme.enc == ContentEncryption::A256Gcm;
    }
    // Passwords are slow as well.
    scheme.key_id.starts_with("oct") && !scheme.algorithm.name().starts_with("PBES2")
}

/// Flips bits of one token, every `step`th of each part or, with a step that depends on the part's bits,
/// some.
fn refuse_flipped_bits(
    (scheme, key, decryption_key): &(Scheme, EncryptionKey, DecryptionKey),
    step: impl Fn(usize) -> usize,
) {
    let token = encrypt(key, b"card 4242 and more").unwrap();
    decrypt(decryption_key, &token).unwrap();
    for (part, encoded) in parts(&token).into_iter().enumerate() {
        let bits = from_base64url(encoded).len() * 8;
        for bit in (0..bits).step_by(step(bits)) {
            let flipped = decrypt(decryption_key, &with_flipped_bit(&token, part, bit));
            assert!(flipped.is_err(), "{scheme:?}: bit {bit} of part {part}");
            if part == 3 || part == 4 {
                assert_eq!(flipped, Err(Error::DecryptionFailed), "{scheme:?}");
            }
        }
    }
}

/// Every bit of every part, for at least one scheme of each family and curve: see [`is_exhausted`].
#[test]
fn flipped_bits_of_an_encrypted_token_are_refused() {
    for recipient in RECIPIENTS.iter().filter(|(scheme, ..)| is_exhausted(scheme)) {
        refuse_flipped_bits(recipient, |_| 1);
    }
}

/// Some seven bits of every part, for the schemes that aren't exhausted above: key pairs are slow, and what
/// is left are other key lengths and content encryptions, each of which is exhausted elsewhere.
#[test]
fn sampled_flipped_bits_of_an_encrypted_token_are_refused() {
    for recipient in RECIPIENTS.iter().filter(|(scheme, ..)| !is_exhausted(scheme)) {
        // Odd, so that all positions within a byte come by.
        refuse_flipped_bits(recipient, |bits| (bits / 7).max(1) | 1);
    }
}

/// The text, a bit of one character changed; nothing where that is no longer text.
fn with_flipped_character(token: &str, position: usize, bit: usize) -> Option<String> {
    let mut bytes = token.as_bytes().to_vec();
    bytes[position] ^= 1 << bit;
    String::from_utf8(bytes).ok()
}

#[test]
fn every_flipped_bit_of_the_text_is_refused() {
    let (key, verifying_key) = &SIGNERS[0];
    let token = jws::sign(key, b"{\"sub\":\"u\"}").unwrap();
    let (_, encryption_key, decryption_key) =
        RECIPIENTS.iter().find(|(scheme, ..)| *scheme == NESTED).unwrap();
    let encrypted = encrypt(encryption_key, b"card 4242").unwrap();
    for bit in 0..8 {
        for flipped in (0..token.len()).filter_map(|at| with_flipped_character(&token, at, bit)) {
            assert!(jws::verify(verifying_key, &flipped).is_err(), "{flipped}");
        }
        for flipped in (0..encrypted.len()).filter_map(|at| with_flipped_character(&encrypted, at, bit)) {
            assert!(decrypt(decryption_key, &flipped).is_err(), "{flipped}");
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_flipped_bit_of_any_tokens_text_is_refused(position in any::<Index>(), bit in 0..7_usize) {
        static SIGNED: LazyLock<Vec<String>> = LazyLock::new(|| {
            SIGNERS.iter().map(|(key, _)| jws::sign(key, b"{\"sub\":\"u\"}").unwrap()).collect()
        });
        static ENCRYPTED: LazyLock<Vec<String>> =
            LazyLock::new(|| RECIPIENTS.iter().map(|(_, key, _)| encrypt(key, b"card 4242").unwrap()).collect());
        for (token, (_, key)) in SIGNED.iter().zip(SIGNERS.iter()) {
            let flipped = with_flipped_character(token, position.index(token.len()), bit).unwrap();
            prop_assert!(jws::verify(key, &flipped).is_err(), "{}", flipped);
        }
        // One of the many pairs a case: they are drawn by the same index.
        let drawn = position.index(ENCRYPTED.len());
        let token = &ENCRYPTED[drawn];
        for position in [position.index(token.len()), position.index(token.len() / 2)] {
            let flipped = with_flipped_character(token, position, bit).unwrap();
            prop_assert!(decrypt(&RECIPIENTS[drawn].2, &flipped).is_err(), "{}", flipped);
        }
    }

    #[test]
    fn a_flipped_bit_of_an_issued_token_is_refused(position in any::<Index>(), bit in 0..7_usize) {
        static TOKENS: LazyLock<[String; 2]> = LazyLock::new(|| {
            [&*SIGNED_ISSUER, &*NESTED_ISSUER].map(|issuer| issuer.issue("u", &NoClaims).unwrap())
        });
        for (token, verifier) in TOKENS.iter().zip([&*SIGNED_VERIFIER, &*NESTED_VERIFIER]) {
            prop_assert!(verifier.verify::<NoClaims>(token).is_ok());
            let flipped = with_flipped_character(token, position.index(token.len()), bit).unwrap();
            prop_assert!(verifier.verify::<NoClaims>(&flipped).is_err(), "{}", flipped);
        }
    }
}

// Any split or join of two tokens is refused.

/// Every combination of the parts of two tokens that is neither of them.
fn combinations(one: &str, other: &str) -> Vec<String> {
    let (one_parts, other_parts) = (parts(one), parts(other));
    let mut combined = Vec::new();
    for choice in 0..1_u32 << one_parts.len() {
        let pick = |(index, pair): (usize, (&&str, &&str))| {
            String::from(if choice >> index & 1 == 0 { *pair.0 } else { *pair.1 })
        };
        let token: Vec<String> = one_parts.iter().zip(&other_parts).enumerate().map(pick).collect();
        combined.push(token.join("."));
    }
    // Where the parts agree, an empty encrypted key say, a combination may be one of the two.
    combined.retain(|token| token != one && token != other);
    combined
}

/// Tokens joined, cut, and with parts left out, repeated or moved.
fn splits_and_joins(one: &str, other: &str) -> Vec<String> {
    let mut tokens = vec![format!("{one}{other}"), format!("{one}.{other}"), String::new()];
    for separator in [" ", ",", "~", "\n", "\0", "..", "%2E"] {
        tokens.push(format!("{one}{separator}{other}"));
        tokens.push(one.replacen('.', separator, 1));
    }
    for at in 0..one.len() {
        tokens.push(one[..at].to_owned());
        if at > 0 {
            tokens.push(one[at..].to_owned());
            // The ends of two tokens that may differ in length.
            tokens.push(format!("{}{}", &one[..at], &other[at.min(other.len())..]));
        }
    }
    let one_parts = parts(one);
    for index in 0..one_parts.len() {
        let mut without = one_parts.clone();
        let part = without.remove(index);
        tokens.push(without.join("."));
        let mut emptied = one_parts.clone();
        emptied[index] = "";
        tokens.push(emptied.join("."));
        let mut repeated = one_parts.clone();
        repeated.insert(index, part);
        tokens.push(repeated.join("."));
        for to in 0..one_parts.len() {
            let mut moved = one_parts.clone();
            moved.swap(index, to);
            tokens.push(moved.join("."));
        }
    }
    tokens.retain(|token| token != one && token != other);
    tokens
}

#[test]
fn parts_of_two_signed_tokens_dont_mix() {
    for (key, verifying_key) in SIGNERS.iter() {
        let sign =
            |key_id: &str, payload: &[u8]| jws::sign(&key.clone_key().with_key_id(key_id), payload).unwrap();
        let (one, other) = (sign("a", b"{\"sub\":\"u\"}"), sign("b", b"{\"sub\":\"root\"}"));
        // Without an ID of its own the key takes both, so that the ID isn't what refuses the mixtures.
        let key: VerifyingKey = match verifying_key.key_id() {
            None => verifying_key.clone_key(),
            Some(_) => unidentified(key),
        };
        for token in [&one, &other] {
            jws::verify(&key, token).unwrap();
        }
        let mixed = combinations(&one, &other);
        assert_eq!(mixed.len(), 6);
        for token in mixed {
            assert_eq!(jws::verify(&key, &token), Err(Error::InvalidSignature), "{token}");
        }
        for token in splits_and_joins(&one, &other) {
            assert!(jws::verify(&key, &token).is_err(), "{token}");
        }
    }
}

/// The key that verifies for this one, without a `kid`.
fn unidentified(key: &SigningKey) -> VerifyingKey {
    let json = key.expose_jwk().unwrap().expose_json();
    let mut members: Map<String, Value> = serde_json::from_str(json.expose_secret()).unwrap();
    members.remove("kid");
    let jwk = Jwk::from_json(&serde_json::to_string(&members).unwrap()).unwrap();
    SigningKey::from_jwk(&jwk).unwrap().verifying_key().unwrap()
}

#[test]
fn parts_of_two_encrypted_tokens_dont_mix() {
    for (scheme, key, decryption_key) in RECIPIENTS.iter() {
        let encrypt =
            |typ: &str, plaintext: &[u8]| JweBuilder::new(key).token_type(typ).encrypt(plaintext).unwrap();
        let (one, other) = (encrypt("a", b"card 4242"), encrypt("b", b"card 1111 of another"));
        for token in [&one, &other] {
            decrypt(decryption_key, token).unwrap();
        }
        let mixed = combinations(&one, &other);
        let parts_that_agree = usize::from(parts(&one)[1].is_empty());
        assert_eq!(mixed.len(), (1 << 5) - (2 << parts_that_agree), "{scheme:?}");
        for token in mixed {
            assert_eq!(decrypt(decryption_key, &token), Err(Error::DecryptionFailed), "{scheme:?} {token}");
        }
    }
}

#[test]
fn encrypted_tokens_dont_split_or_join() {
    const DRAWN: [(&str, &str); 6] = [
        ("dir", "A128GCM"),
        ("dir", "A256CBC-HS512"),
        ("A128KW", "A256GCM"),
        ("A256KW", "A192CBC-HS384"),
        ("A256GCMKW", "A256GCM"),
        ("ECDH-ES", "A256GCM"),
    ];
    for (scheme, key, decryption_key) in RECIPIENTS.iter() {
        let is_drawn = DRAWN.contains(&(scheme.algorithm.name(), scheme.enc.name()));
        if !is_drawn || ["P-384", "P-521"].contains(&scheme.key_id) {
            continue;
        }
        let (one, other) = (encrypt(key, b"card 4242").unwrap(), encrypt(key, b"card 1111").unwrap());
        for token in splits_and_joins(&one, &other) {
            assert!(decrypt(decryption_key, &token).is_err(), "{scheme:?} {token}");
        }
    }
}

#[test]
fn parts_of_two_issued_tokens_dont_mix() {
    for (issuer, verifier) in [(&*SIGNED_ISSUER, &*SIGNED_VERIFIER), (&*NESTED_ISSUER, &*NESTED_VERIFIER)] {
        let [one, other] = ["user", "root"].map(|subject| issuer.issue(subject, &NoClaims).unwrap());
        for token in combinations(&one, &other).into_iter().chain(splits_and_joins(&one, &other)) {
            assert!(verifier.verify::<NoClaims>(&token).is_err(), "{token}");
        }
    }
    // A signed and an encrypted token, and the part of one in place of the other.
    let signed = SIGNED_ISSUER.issue("user", &NoClaims).unwrap();
    let nested = NESTED_ISSUER.issue("user", &NoClaims).unwrap();
    for token in [&signed, &nested] {
        for other in [&signed, &nested] {
            for joined in splits_and_joins(token, other) {
                if joined == signed || joined == nested {
                    continue;
                }
                assert!(SIGNED_VERIFIER.verify::<NoClaims>(&joined).is_err(), "{joined}");
                assert!(NESTED_VERIFIER.verify::<NoClaims>(&joined).is_err(), "{joined}");
            }
        }
    }
    assert!(SIGNED_VERIFIER.verify::<NoClaims>(&nested).is_err());
    assert!(NESTED_VERIFIER.verify::<NoClaims>(&signed).is_err());
}

// No input makes anything panic, and nothing that wasn't signed is accepted.

/// Gives a text to everything that reads text from outside, and asserts that nothing takes it for a token.
fn assert_refused_everywhere(text: &str) -> Result<(), TestCaseError> {
    static KEYS: LazyLock<(KeySet, KeySet<DecryptionKey>)> = LazyLock::new(|| {
        let signing = SIGNERS.iter().map(|(_, key)| key.clone_key()).collect();
        // One of each algorithm without ECDH's and RSA's, which would only cost time.
        let cheap = RECIPIENTS.iter().filter(|(scheme, ..)| scheme.key_id == "oct-256");
        (signing, cheap.map(|(_, _, key)| key.clone_key()).collect())
    });
    let (signing, decryption) = &*KEYS;
    prop_assert!(signing.verify(text).is_err());
    prop_assert!(decryption.decrypt(text).is_err());
    prop_assert!(jws::verify(&SIGNERS[0].1, text).is_err());
    prop_assert!(SIGNED_VERIFIER.verify::<Value>(text).is_err());
    prop_assert!(NESTED_VERIFIER.verify::<Value>(text).is_err());
    prop_assert!(decrypt_claims::<Value>(&NESTED.decryption_key(), text).is_err());
    // These promise less: not to panic.
    let _ = UnverifiedToken::parse(text);
    let _ = danger::unverified_claims::<Value>(text);
    let _ = JwkSet::from_json(text);
    let _ = Jwk::from_json(text);
    #[cfg(feature = "pem")]
    let _ = Jwk::from_pem(text);
    Ok(())
}

/// JSON that looks like a header: the right names, and often the right values.
fn header_like() -> impl Strategy<Value = String> {
    let name = select(vec![
        "alg", "enc", "kid", "typ", "cty", "crit", "b64", "zip", "epk", "apu", "apv", "iv", "tag", "p2c",
        "jwk", "jku", "x5c", "exp",
    ]);
    let value = prop_oneof![
        4 => select(vec![
            "\"HS256\"", "\"ES256\"", "\"none\"", "\"dir\"", "\"A256KW\"", "\"A256GCMKW\"", "\"ECDH-ES\"",
            "\"A256GCM\"", "\"A128CBC-HS256\"", "\"JWT\"", "\"oct-256\"", "[\"exp\"]", "true", "false",
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}", "\"AAAAAAAAAAAAAAAA\"",
        ])
        .prop_map(String::from),
        1 => json_value().prop_map(|value| value.to_string()),
    ];
    vec((name, value), 0..6).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// Text with the form of a token: three or five parts, some of them in base64url.
fn token_like() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => vec(any::<u8>(), 0..40).prop_map(base64url),
        2 => header_like().prop_map(base64url),
        1 => "[A-Za-z0-9_=+/ -]{0,20}",
    ];
    let header = prop_oneof![4 => header_like().prop_map(base64url), 1 => part.clone()];
    let rest = prop_oneof![vec(part.clone(), 2), vec(part.clone(), 4), vec(part, 0..7)];
    (header, rest).prop_map(|(header, rest)| [vec![header], rest].concat().join("."))
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn arbitrary_text_is_refused(text in any::<String>()) {
        assert_refused_everywhere(&text)?;
    }

    #[test]
    fn text_with_the_form_of_a_token_is_refused(text in token_like()) {
        assert_refused_everywhere(&text)?;
    }

    #[test]
    fn json_and_pem_are_no_tokens(
        json in json_value(),
        pem in "-----BEGIN [A-Z ]{0,12}-----\n([A-Za-z0-9+/]{0,64}\n){0,3}(-----END [A-Z ]{0,12}-----)?",
    ) {
        assert_refused_everywhere(&json.to_string())?;
        assert_refused_everywhere(&pem)?;
    }

    /// Characters of a good token replaced, put in, taken out, and spans repeated.
    #[test]
    fn mutated_tokens_are_refused(
        nested in any::<bool>(),
        edits in vec((any::<Index>(), 0..4_u8, any::<char>(), "[A-Za-z0-9_.-]"), 1..4),
    ) {
        let issuer = if nested { &NESTED_ISSUER } else { &SIGNED_ISSUER };
        let token = issuer.issue("u", &NoClaims)?;
        let mut characters: Vec<char> = token.chars().collect();
        for (position, edit, any, usual) in edits {
            let at = position.index(characters.len());
            match edit {
                0 => characters[at] = any,
                1 => characters[at] = usual.chars().next().unwrap(),
                2 => drop(characters.remove(at)),
                _ => characters.insert(at, usual.chars().next().unwrap()),
            }
        }
        let mutated: String = characters.into_iter().collect();
        if mutated != token {
            assert_refused_everywhere(&mutated)?;
        }
    }

    /// Authentic tokens with any header and any claims: what is accepted has the one and the other right.
    #[test]
    fn authentic_tokens_with_any_content_dont_panic(
        header in prop_oneof![header_like(), any::<String>()],
        payload in prop_oneof![
            any::<String>(),
            json_value().prop_map(|value| value.to_string()),
            private_claims().prop_map(|claims| Value::Object(claims).to_string()),
        ],
    ) {
        static VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| {
            let builder = JwtVerifier::builder(hmac_key()).any_issuer().any_audience();
            builder.allow_missing_expiry().clock(stopped_at(NOW)).build().unwrap()
        });
        for token in [signed(&header, &payload), claims_token(&payload)] {
            let is_object = serde_json::from_str::<Map<String, Value>>(&payload).is_ok();
            if VERIFIER.verify::<Map<String, Value>>(&token).is_ok() {
                prop_assert!(is_object, "{}", payload);
                let header = UnverifiedToken::parse(&token)?;
                prop_assert_eq!(header.algorithm(), "HS256");
            }
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_key(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(Jwk::from_spki_der(&bytes).is_err());
        prop_assert!(Jwk::from_pkcs8_der(&bytes).is_err());
        prop_assert!(Jwk::from_pkcs1_public_der(&bytes).is_err());
        prop_assert!(Jwk::from_pkcs1_private_der(&bytes).is_err());
        prop_assert!(Jwk::from_sec1_der(&bytes).is_err());
        prop_assert!(Jwk::from_certificate_der(&bytes).is_err());
    }
}

// Dates.

/// A date as the tests reckon: in nanoseconds, where nothing overflows.
const SECOND: i128 = 1_000_000_000;

/// A date in eighths of a second, as JSON; every reader takes these exactly.
fn date(eighths: i64) -> String {
    format!("{}{}.{:03}", if eighths < 0 { "-" } else { "" }, eighths.abs() / 8, eighths.abs() % 8 * 125)
}

/// Eighths of a second around now, and now and then far away.
fn around(now: i64) -> impl Strategy<Value = i64> {
    prop_oneof![6 => now * 8 - 100..now * 8 + 100, 1 => -(1_i64 << 45)..1_i64 << 45]
}

const AT: i64 = 1_300_819_380;

fn nanoseconds(eighths: i64) -> i128 {
    i128::from(eighths) * SECOND / 8
}

proptest! {
    #![proptest_config(cases(1024))]

    #[test]
    fn dates_are_judged_to_the_nanosecond(
        expires in around(AT),
        begins in around(AT),
        issued in around(AT),
        leeway in 0..13_000_u64,
        max_age in 0..13_000_u64,
        now_nanoseconds in select(vec![0_u32, 1, 125_000_000, 124_999_999, 999_999_999]),
    ) {
        let now_time = SystemTime::UNIX_EPOCH + Duration::new(AT.unsigned_abs(), now_nanoseconds);
        let verifier = JwtVerifier::builder(hmac_key())
            .any_issuer()
            .any_audience()
            .leeway(Duration::from_millis(leeway))
            .max_age(Duration::from_millis(max_age))
            .clock(move || now_time)
            .build()?;
        let claims =
            format!(r#"{{"exp":{},"nbf":{},"iat":{}}}"#, date(expires), date(begins), date(issued));
        let verified = verifier.verify::<NoClaims>(&claims_token(&claims));

        let now = i128::from(AT) * SECOND + i128::from(now_nanoseconds);
        let [expires, begins, issued] = [expires, begins, issued].map(nanoseconds);
        let [leeway, max_age] = [leeway, max_age].map(|milliseconds| i128::from(milliseconds) * 1_000_000);
        let problem = verified.as_ref().err().map(Error::code);
        let expected = if now + leeway < begins {
            Some("not_yet_valid")
        } else if expires < begins {
            Some("claim_contradiction")
        } else if now + leeway < issued {
            Some("issued_in_future")
        } else if issued + max_age + leeway < now {
            Some("too_old")
        } else if expires + leeway <= now {
            Some("expired")
        } else {
            None
        };
        prop_assert_eq!(problem, expected, "{} at {}", claims, now);
        if let Err(Error::Claim { problem: ClaimProblem::Expired { ago, .. }, .. }) = verified {
            prop_assert_eq!(i128::try_from(ago.as_nanos()).unwrap(), now - expires);
        }
    }

    #[test]
    fn dates_go_to_system_time_and_back(seconds in -(1_i64 << 40)..1_i64 << 40, nanoseconds in 0..1_000_000_000_u32) {
        let since = Duration::new(seconds.unsigned_abs(), nanoseconds);
        let time = if seconds < 0 {
            SystemTime::UNIX_EPOCH - since
        } else {
            SystemTime::UNIX_EPOCH + since
        };
        let date = NumericDate::from(time);
        prop_assert_eq!(date.to_system_time(), Some(time));
        // What is displayed is the same number.
        let text = date.to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
        let whole_nanoseconds = whole.parse::<i128>().unwrap() * SECOND;
        let fraction_nanoseconds: i128 = format!("{fraction:0<9}").parse().unwrap();
        let shown = if text.starts_with('-') {
            whole_nanoseconds - fraction_nanoseconds
        } else {
            whole_nanoseconds + fraction_nanoseconds
        };
        prop_assert_eq!(shown, i128::from(date.seconds()) * SECOND + i128::from(date.nanoseconds()));
    }

    /// No date, leeway or lifetime makes the arithmetic overflow.
    #[test]
    fn any_number_is_a_date_or_refused(
        number in prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            any::<u64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_filter("JSON has no others", |number| number.is_finite())
                .prop_map(|number| format!("{number:e}")),
            select(vec![
                "0", "-0", "0.0", "-0.0", "1e308", "-1e308", "5e-324", "9223372036854775807", "9223372036854775808",
                "-9223372036854775808", "-9223372036854775809", "9007199254740993", "9223372036854774784.0",
            ]).prop_map(String::from),
        ],
        claim in select(vec!["exp", "nbf", "iat"]),
        leeway in 0..=600_u64,
    ) {
        let verifier = JwtVerifier::builder(hmac_key())
            .any_issuer()
            .any_audience()
            .allow_missing_expiry()
            .leeway(Duration::from_secs(leeway))
            .refuse_future_issued_at()
            .clock(stopped_at(NOW))
            .build()?;
        let verified = verifier.verify::<NoClaims>(&claims_token(format!("{{\"{claim}\":{number}}}")));
        let value: f64 = number.parse().unwrap();
        // An f64 above 2^63 - 1 or an integer of more than 64 bits is no date.
        let in_range = (-9.3e18..9.3e18).contains(&value);
        let (now, leeway) = (1_300_819_380.0, Duration::from_secs(leeway).as_secs_f64());
        match verified {
            Ok(_) if claim == "exp" => prop_assert!(value > now - leeway - 1.0 && in_range, "{}", number),
            Ok(_) => prop_assert!(value < now + leeway + 1.0 && in_range, "{}", number),
            Err(error) => prop_assert!(
                error.claim() == Some(claim)
                    && ["expired", "not_yet_valid", "issued_in_future", "claim_malformed"]
                        .contains(&error.code()),
                "{} {}", number, error,
            ),
        }
    }
}

#[test]
fn a_lifetime_beyond_all_time_saturates() {
    let issuer = JwtIssuer::builder(signing_key(JwsAlgorithm::Hs256))
        .without_issuer()
        .without_audience()
        .lifetime(Duration::MAX)
        .clock(stopped_at(NOW))
        .build()
        .unwrap();
    let token = issuer.issue_without_subject(&NoClaims).unwrap();
    let verifier = JwtVerifier::builder(signing_key(JwsAlgorithm::Hs256).verifying_key().unwrap())
        .any_issuer()
        .any_audience()
        .leeway(Duration::from_secs(600))
        .clock(stopped_at(NOW))
        .build()
        .unwrap();
    let jwt = verifier.verify::<NoClaims>(&token).unwrap();
    assert_eq!(jwt.expires_at().map(NumericDate::seconds), Some(i64::MAX));
}
