//! Wycheproof's JOSE files, and its key agreement on keys in JWK form, through the public API.
//!
//! Wycheproof's slips are overridden one by one, each with its reason and the code that it is refused with. An
//! override that no longer matters fails the test. The primitives' files are read by the unit tests of `jws` and `jwe`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../src/evidence.rs"]
mod evidence;
mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cbc::Encryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _};
use countersign::{
    DecryptionKey, Error, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, KeySet, VerifyingKey, decrypt, jws,
};
use evidence::{Expected, Override, Tally};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use vectors::code;
use wycheproof_ng_core::TestResult;
use wycheproof_ng_dh::{ecdh, xdh};
use wycheproof_ng_kdf_jose::json_web::{Test, TestGroup, TestName, TestSet};

fn expected(result: TestResult) -> Expected {
    match result {
        TestResult::Valid => Expected::Accepted,
        TestResult::Invalid => Expected::Refused,
        TestResult::Acceptable => Expected::Either,
    }
}

/// Each case of a JOSE file with its group.
fn cases(name: TestName) -> Vec<(TestGroup, Test)> {
    let groups = TestSet::load(name).unwrap().test_groups;
    groups
        .into_iter()
        .flat_map(|group| group.tests.clone().into_iter().map(move |test| (group.clone(), test)))
        .collect()
}

/// A token as text: some are JSON, which the entry points for the compact serialization must refuse.
fn text(token: &Value) -> String {
    token.as_str().map_or_else(|| token.to_string(), str::to_owned)
}

/// The key as a verifier gets it: the public part if there is one.
fn verifying_jwk(group: &TestGroup) -> &Value {
    group.public_key.as_ref().or(group.private_key.as_ref()).unwrap()
}

/// The algorithm in the token's header, if it can be read: some keys name none, and then whoever makes the
/// verifying key does, who in these cases took it from the header.
fn algorithm_in_header(token: &str) -> Option<JwsAlgorithm> {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    JwsAlgorithm::from_name(serde_json::from_slice::<Value>(&header).ok()?.get("alg")?.as_str()?)
}

/// Verifies under one key, and under a set of that one key: both must say the same.
fn verify(key: &Value, token: &str) -> Result<Vec<u8>, Error> {
    let jwk = Jwk::from_json(&key.to_string())?;
    let key = match jwk.algorithm() {
        Some(_) => VerifyingKey::from_jwk(&jwk)?,
        None => VerifyingKey::from_jwk_for(algorithm_in_header(token).unwrap(), &jwk)?,
    };
    let alone = jws::verify(&key, token).map(jws::VerifiedJws::into_payload);
    let in_a_set = KeySet::from(key).verify(token).map(jws::VerifiedJws::into_payload);
    assert_eq!(alone.is_ok(), in_a_set.is_ok());
    alone
}

/// The payload must be the token's; the signature's verdict is the code.
#[track_caller]
fn judge_signed(tally: &mut Tally, test: &Test, token: &str, result: Result<Vec<u8>, Error>) {
    if let Ok(payload) = &result {
        let part = token.split('.').nth(1).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(payload), part);
    }
    tally.judge(test.tc_id, expected(test.result), code(result), &test.comment);
}

/// A file whose every case is a signed token.
#[track_caller]
fn signed(
    name: TestName,
    title: &'static str,
    overrides: &'static [Override],
    verify: fn(&Value, &str) -> Result<Vec<u8>, Error>,
) {
    let cases = cases(name);
    let mut tally = Tally::new(title, overrides);
    for (group, test) in &cases {
        let token = text(test.jws.as_ref().unwrap());
        judge_signed(&mut tally, test, &token, verify(verifying_jwk(group), &token));
    }
    tally.finish(cases.len());
}

/// Decrypts under one key, and under a set of that one key: both must say the same. What is compressed is refused
/// until it is asked for.
fn decrypt_one(key: &Value, token: &str) -> Result<Vec<u8>, Error> {
    let key = DecryptionKey::from_jwk(&Jwk::from_json(&key.to_string())?)?;
    let alone = decrypt(&key, token).map(|plaintext| plaintext.expose_secret().to_vec());
    #[cfg(feature = "deflate")]
    if code(alone.clone()) == "unsupported_compression" {
        let decrypter = countersign::jwe::JweDecrypter::new([&key]).allow_compression();
        return decrypter.decrypt(token).map(|decrypted| decrypted.plaintext().expose_secret().to_vec());
    }
    let in_a_set = KeySet::from(key).decrypt(token);
    assert_eq!(alone.is_ok(), in_a_set.is_ok());
    alone
}

const STRICT_BASE64URL: &str = "a `?` stands inside the base64url text: RFC 7515 §2 has no such character, and a reader \
                                that passes over it lets one token be written in many ways";
const SAME_AS_VALID: &str = "byte for byte the valid case 357 under the same key: whatever was meant to be wrong with \
                             it got lost before it was published";
const KEY_SAYS_ANOTHER: &str = "the key's `alg` isn't the header's: RFC 7517 §4.4 has it say what the key is for, RFC \
                                8725 §3.1 has a key used with one algorithm";
const NO_SUCH_ALGORITHM: &str =
    "the key's `alg` is \"ES521\", which no RFC defines: the algorithm on P-521 is ES512";

#[test]
fn evidence_json_web_signature() {
    const OVERRIDES: &[Override] = &[
        Override { case: 346, code: "algorithm_not_allowed", reason: KEY_SAYS_ANOTHER },
        Override { case: 347, code: "unsupported_key", reason: NO_SUCH_ALGORITHM },
        Override { case: 350, code: "algorithm_not_allowed", reason: KEY_SAYS_ANOTHER },
        Override { case: 351, code: "unsupported_key", reason: NO_SUCH_ALGORITHM },
        Override { case: 367, code: "accepted", reason: SAME_AS_VALID },
        Override { case: 370, code: "accepted", reason: SAME_AS_VALID },
        Override { case: 372, code: "base64url", reason: STRICT_BASE64URL },
        Override { case: 373, code: "base64url", reason: STRICT_BASE64URL },
    ];
    signed(TestName::JsonWebSignature, "Wycheproof JSON Web Signature", OVERRIDES, verify);
}

const NO_RSA1_5: &str = "RSA1_5 isn't here, on purpose: its padding is an oracle as soon as one reader says what was \
                         wrong (RFC 8725 §3.2; its deprecation is on its way)";
#[cfg(not(feature = "deflate"))]
const NO_ZIP: &str = "the plaintext is compressed, and this build has no feature for it (RFC 8725 §3.6)";

/// Case 132, a key whose `alg` is its content encryption under `dir`, needs no override here: RFC 7517 §4.4 lets the
/// `alg` of a key name any algorithm of the registry, and RFC 7520 §5.6 has this very key.
#[test]
fn evidence_json_web_encryption() {
    const OVERRIDES: &[Override] = &[
        Override { case: 100, code: "unsupported_key", reason: NO_RSA1_5 },
        Override { case: 101, code: "unsupported_key", reason: NO_RSA1_5 },
        Override { case: 102, code: "unsupported_key", reason: NO_RSA1_5 },
        Override { case: 103, code: "unsupported_key", reason: NO_RSA1_5 },
        Override { case: 104, code: "unsupported_key", reason: NO_RSA1_5 },
        Override { case: 105, code: "unsupported_key", reason: NO_RSA1_5 },
        Override { case: 112, code: "unsupported_key", reason: NO_RSA1_5 },
        Override { case: 128, code: "unsupported_key", reason: NO_RSA1_5 },
        #[cfg(not(feature = "deflate"))]
        Override { case: 135, code: "unsupported_compression", reason: NO_ZIP },
    ];
    let cases = cases(TestName::JsonWebEncryption);
    let mut tally = Tally::new("Wycheproof JSON Web Encryption", OVERRIDES);
    for (group, test) in &cases {
        let token = text(test.jwe.as_ref().unwrap());
        let result = decrypt_one(group.private_key.as_ref().unwrap(), &token);
        if let Ok(plaintext) = &result {
            assert_eq!(hex(plaintext), *test.pt.as_ref().unwrap(), "case {}", test.tc_id);
        }
        tally.judge(test.tc_id, expected(test.result), code(result), &test.comment);
    }
    tally.finish(cases.len());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Verifies under a set: one that holds secrets only is two parties' own, any other is taken for a published one.
fn verify_with_set(set: &Value, token: &str) -> Result<Vec<u8>, Error> {
    let jwks = JwkSet::from_json(&set.to_string())?;
    let keys = set["keys"].as_array().unwrap();
    let keys = if keys.iter().all(|key| key["kty"] == "oct") {
        KeySet::shared_secrets(&jwks)
    } else {
        KeySet::verification(&jwks)
    };
    keys.verify(token).map(jws::VerifiedJws::into_payload)
}

const ONE_KEY_ID: &str = "two secrets have one `kid`, and the first of them made the tag: RFC 7517 §4.5 has distinct \
                          ones as a SHOULD, and trying both, whose count is bounded, accepts nobody else's token";
#[test]
fn evidence_json_web_key() {
    const OVERRIDES: &[Override] = &[Override { case: 4, code: "accepted", reason: ONE_KEY_ID }];
    signed(TestName::JsonWebKey, "Wycheproof JSON Web Key", OVERRIDES, verify_with_set);
}

#[test]
fn evidence_json_web_crypto() {
    let cases = cases(TestName::JsonWebCrypto);
    let mut tally = Tally::new("Wycheproof JSON Web Crypto", &[]);
    for (group, test) in &cases {
        if let Some(token) = &test.jws {
            let (key, token) = (verifying_jwk(group), text(token));
            let result =
                if key.get("keys").is_some() { verify_with_set(key, &token) } else { verify(key, &token) };
            judge_signed(&mut tally, test, &token, result);
        } else {
            let result = decrypt_one(group.private_key.as_ref().unwrap(), &text(test.jwe.as_ref().unwrap()));
            tally.judge(test.tc_id, expected(test.result), code(result), &test.comment);
        }
    }
    tally.finish(cases.len());
}

// ---- key agreement: a vector ends at the shared secret, so a token is made from there on, outside this library

/// RFC 7518 §4.6.2: the content key of `ECDH-ES` with A128CBC-HS256, no party named.
fn derived_key(shared_secret: &[u8]) -> [u8; 32] {
    let name = b"A128CBC-HS256";
    let mut hash = Sha256::new();
    hash.update(1_u32.to_be_bytes());
    hash.update(shared_secret);
    hash.update(13_u32.to_be_bytes());
    hash.update(name);
    hash.update([0; 8]);
    hash.update(256_u32.to_be_bytes());
    hash.finalize().into()
}

const PLAINTEXT: &[u8] = b"agreed";

/// A token of `ECDH-ES` with that ephemeral public key, for whoever arrives at that shared secret.
fn agreed_token(ephemeral: &Value, shared_secret: &[u8]) -> String {
    let key = derived_key(shared_secret);
    let (mac_key, enc_key) = key.split_at(16);
    let header = serde_json::json!({"alg": "ECDH-ES", "enc": "A128CBC-HS256", "epk": ephemeral});
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    let iv = [7; 16];
    let cipher = Encryptor::<aes::Aes128>::new_from_slices(enc_key, &iv).unwrap();
    let mut ciphertext = [0; 16];
    cipher.encrypt_padded_b2b::<Pkcs7>(PLAINTEXT, &mut ciphertext).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(mac_key).unwrap();
    for part in [header.as_bytes(), &iv, &ciphertext, &u64::try_from(header.len() * 8).unwrap().to_be_bytes()]
    {
        mac.update(part);
    }
    let tag = mac.finalize().into_bytes();
    let [iv, ciphertext, tag] =
        [&iv[..], &ciphertext, tag.get(..16).unwrap()].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}..{iv}.{ciphertext}.{tag}")
}

/// What the recipient with that private key says of the token.
fn agree(private: &Value, public: &Value, shared_secret: &[u8]) -> Result<(), Error> {
    let jwk = Jwk::from_json(&private.to_string())?;
    let key = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &jwk)?;
    // Wycheproof's keys have a `kid`, which an ephemeral key may carry like any JWK.
    let plaintext = decrypt(&key, &agreed_token(public, shared_secret))?;
    assert_eq!(plaintext.expose_secret(), PLAINTEXT);
    Ok(())
}

#[test]
fn evidence_x25519_jwk() {
    let set = xdh::TestSet::load(xdh::TestName::X25519Jwk).unwrap();
    let mut tally = Tally::new("Wycheproof X25519, keys as JWK", &[]);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let result = agree(&test.private_key, &test.public_key, &test.shared_secret);
        // RFC 7748 §6.1, RFC 8037 §5: a secret of zeros is refused, any other is as good as the next.
        let expected = match expected(test.result) {
            Expected::Either if test.shared_secret.iter().all(|byte| *byte == 0) => Expected::Refused,
            Expected::Either => Expected::Accepted,
            decided => decided,
        };
        tally.judge(test.tc_id, expected, code(result), &test.comment);
        let other = agree(&test.private_key, &test.public_key, &[9; 32]);
        assert_ne!(code(other), "accepted", "{}: another secret", test.tc_id);
    }
    tally.finish(set.number_of_tests);
}

#[track_caller]
fn agreements(name: ecdh::TestName, title: &'static str) {
    let set = ecdh::TestSet::load(name).unwrap();
    let mut tally = Tally::new(title, &[]);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let result = agree(&test.private_key, &test.public_key, &test.shared_secret);
        if test.result == TestResult::Invalid {
            // The sender can see that too, so it is said before a secret is used.
            assert_ne!(code(result.clone()), "decryption_failed", "{}", test.tc_id);
        }
        tally.judge(test.tc_id, expected(test.result), code(result), &test.comment);
    }
    tally.finish(set.number_of_tests);
}

#[test]
fn evidence_ecdh_p256() {
    agreements(ecdh::TestName::EcdhSecp256r1Webcrypto, "Wycheproof ECDH, keys as JWK, P-256");
}

#[test]
fn evidence_ecdh_p384() {
    agreements(ecdh::TestName::EcdhSecp384r1Webcrypto, "Wycheproof ECDH, keys as JWK, P-384");
}

#[test]
fn evidence_ecdh_p521() {
    agreements(ecdh::TestName::EcdhSecp521r1Webcrypto, "Wycheproof ECDH, keys as JWK, P-521");
}
