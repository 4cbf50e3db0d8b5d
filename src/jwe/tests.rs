//! Every algorithm with every content encryption, and for each what must not pass.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::error::{Defect, Error, KeyDefect, Limit, Part, Refusal, Unsupported};
use crate::jwk::{Jwk, KeyKind, KeyUse};
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::base64url;
use crate::wire::header::HeaderRules;

use super::recipient::{KeyManagement, Parameter, PartyInfo, RecipientOutput};
use super::*;

const HAS_RSA: bool = cfg!(any(feature = "aws-lc-rs", feature = "rsa"));

/// Makes a key for any algorithm, each kind once per test run where that takes long.
fn key(algorithm: JweAlgorithm) -> DecryptionKey {
    static RSA: OnceLock<Jwk> = OnceLock::new();
    if algorithm.name().starts_with("RSA") {
        let jwk = RSA.get_or_init(|| Jwk::generate(KeyKind::Rsa { bits: 2048 }).unwrap());
        return DecryptionKey::from_jwk_for(algorithm, jwk).unwrap();
    }
    DecryptionKey::generate(algorithm).unwrap()
}

fn algorithms() -> impl Iterator<Item = JweAlgorithm> {
    JweAlgorithm::ALL.iter().copied().filter(|algorithm| {
        (HAS_RSA || !algorithm.name().starts_with("RSA"))
            && (cfg!(feature = "pbes2") || !takes_password(*algorithm))
    })
}

fn takes_password(algorithm: JweAlgorithm) -> bool {
    algorithm.name().starts_with("PBES2")
}

/// The key to encrypt with, quick to use where it is a password.
fn sender(key: &DecryptionKey) -> EncryptionKey {
    let sender = key.encryption_key().unwrap();
    if takes_password(key.algorithm()) { sender.with_iterations(1000).unwrap() } else { sender }
}

/// Every pair of keys that can be made: each algorithm with each content encryption, and the
/// agreement on each curve.
fn pairs() -> Vec<(DecryptionKey, EncryptionKey)> {
    let mut pairs = Vec::new();
    for algorithm in algorithms() {
        for &enc in ContentEncryption::ALL {
            let key = match algorithm {
                JweAlgorithm::Dir => DecryptionKey::direct(enc, secret(enc.key_len())).unwrap(),
                _ => key(algorithm),
            };
            let encryption_key = sender(&key).with_content_encryption(enc).unwrap();
            pairs.push((key, encryption_key));
        }
    }
    for kind in [KeyKind::P384, KeyKind::P521, KeyKind::X25519] {
        for algorithm in [JweAlgorithm::EcdhEs, JweAlgorithm::EcdhEsA192Kw] {
            let key = DecryptionKey::from_jwk_for(algorithm, &Jwk::generate(kind).unwrap()).unwrap();
            let encryption_key = key.encryption_key().unwrap();
            pairs.push((key, encryption_key));
        }
    }
    pairs
}

fn secret(len: usize) -> SecretBytes {
    let mut bytes = vec![0; len];
    crate::crypto::fill_random(&mut bytes).unwrap();
    SecretBytes::from(bytes)
}

/// The five parts of a token, decoded.
#[derive(Clone)]
struct Parts([Vec<u8>; 5]);

const HEADER: usize = 0;
const ENCRYPTED_KEY: usize = 1;
const IV: usize = 2;
const CIPHERTEXT: usize = 3;
const TAG: usize = 4;

impl Parts {
    fn of(token: &str) -> Self {
        let parts: Vec<_> =
            token.split('.').map(|part| base64url::decode(part, Part::Token).unwrap()).collect();
        Self(parts.try_into().unwrap())
    }

    fn with(&self, part: usize, change: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut changed = self.clone();
        change(&mut changed.0[part]);
        changed.token()
    }

    fn with_header(&self, from: &str, to: &str) -> String {
        let header = String::from_utf8(self.0[HEADER].clone()).unwrap();
        assert!(header.contains(from), "{header}");
        self.with(HEADER, |bytes| *bytes = header.replacen(from, to, 1).into_bytes())
    }

    fn token(&self) -> String {
        self.0.iter().map(|part| base64url::encode(part)).collect::<Vec<_>>().join(".")
    }
}

fn length(part: Part) -> Error {
    Error::malformed(part, Defect::Length)
}

#[test]
fn every_algorithm_with_every_content_encryption_round_trips() {
    for (key, encryption_key) in pairs() {
        for plaintext in [&b""[..], b"x", b"card 4242", &[7; 1000]] {
            let token = encrypt(&encryption_key, plaintext).unwrap();
            assert_eq!(decrypt(&key, &token).unwrap().expose_secret(), plaintext, "{encryption_key:?}");
        }
    }
}

#[test]
fn no_two_tokens_of_one_plaintext_are_alike() {
    for (_, encryption_key) in pairs() {
        let (one, other) = (
            encrypt(&encryption_key, b"card 4242").unwrap(),
            encrypt(&encryption_key, b"card 4242").unwrap(),
        );
        let (one, other) = (Parts::of(&one), Parts::of(&other));
        assert_ne!(one.0[IV], other.0[IV], "{encryption_key:?}");
        assert_ne!(one.0[CIPHERTEXT], other.0[CIPHERTEXT], "{encryption_key:?}");
        if !one.0[ENCRYPTED_KEY].is_empty() {
            assert_ne!(one.0[ENCRYPTED_KEY], other.0[ENCRYPTED_KEY], "{encryption_key:?}");
        }
    }
}

/// From the first use of the secret key on, every failure is the same error.
#[test]
fn any_changed_bit_is_one_error() {
    for (key, encryption_key) in pairs() {
        let parts = Parts::of(&encrypt(&encryption_key, b"card 4242").unwrap());
        assert!(decrypt(&key, &parts.token()).is_ok());
        for part in [ENCRYPTED_KEY, IV, CIPHERTEXT, TAG] {
            let len = parts.0[part].len();
            for i in [0, 1, len / 2, len.saturating_sub(1)].into_iter().filter(|&i| i < len) {
                let token = parts.with(part, |bytes| bytes[i] ^= 1);
                let what = format!("{encryption_key:?}: part {part}, byte {i}");
                assert_eq!(decrypt(&key, &token), Err(Error::DecryptionFailed), "{what}");
            }
        }
        // The header is authenticated too, a byte that means nothing as well.
        let token = parts.with_header("{", "{ ");
        assert_eq!(decrypt(&key, &token), Err(Error::DecryptionFailed), "{encryption_key:?}");
        for change in [parts.with(CIPHERTEXT, |bytes| bytes.push(0)), parts.with(CIPHERTEXT, Vec::clear)] {
            assert_eq!(decrypt(&key, &change), Err(Error::DecryptionFailed), "{encryption_key:?}");
        }
    }
}

#[test]
fn another_key_of_the_same_algorithm_is_the_same_error() {
    for (one, (key, encryption_key)) in pairs().into_iter().enumerate() {
        for (other, (other_key, _)) in pairs().into_iter().enumerate() {
            let same_kind = key.expose_jwk().unwrap().kind() == other_key.expose_jwk().unwrap().kind();
            // One RSA key serves all of these tests.
            if one == other && same_kind && !key.algorithm().name().starts_with("RSA") {
                let token = encrypt(&encryption_key, b"card 4242").unwrap();
                assert_eq!(decrypt(&other_key, &token), Err(Error::DecryptionFailed), "{encryption_key:?}");
            }
        }
    }
}

#[test]
fn lengths_that_the_sender_can_see_have_their_own_error() {
    for (key, encryption_key) in pairs() {
        let parts = Parts::of(&encrypt(&encryption_key, b"card 4242").unwrap());
        let tag_len = parts.0[TAG].len();
        for len in [0, 4, 8, 12, tag_len - 1] {
            let token = parts.with(TAG, |bytes| bytes.truncate(len));
            assert_eq!(
                decrypt(&key, &token),
                Err(length(Part::AuthenticationTag)),
                "{encryption_key:?} {len}"
            );
        }
        let token = parts.with(TAG, |bytes| bytes.push(0));
        assert_eq!(decrypt(&key, &token), Err(length(Part::AuthenticationTag)), "{encryption_key:?}");
        let iv_len = parts.0[IV].len();
        for len in [0, 8, iv_len - 1, iv_len + 1, 28 - iv_len] {
            let token = parts.with(IV, |bytes| bytes.resize(len, 0));
            assert_eq!(
                decrypt(&key, &token),
                Err(length(Part::InitializationVector)),
                "{encryption_key:?} {len}"
            );
        }
        // The tag moved into the ciphertext, part by part.
        let mut moved = parts.clone();
        let tag = moved.0[TAG].split_off(8);
        moved.0[CIPHERTEXT].extend(tag);
        assert_eq!(decrypt(&key, &moved.token()), Err(length(Part::AuthenticationTag)), "{encryption_key:?}");
    }
}

#[test]
fn an_encrypted_key_is_there_exactly_when_the_algorithm_has_one() {
    for (key, encryption_key) in pairs() {
        let parts = Parts::of(&encrypt(&encryption_key, b"card 4242").unwrap());
        let token = match key.algorithm() {
            JweAlgorithm::Dir | JweAlgorithm::EcdhEs => {
                assert!(parts.0[ENCRYPTED_KEY].is_empty());
                parts.with(ENCRYPTED_KEY, |bytes| bytes.resize(40, 0))
            }
            _ => {
                assert!(!parts.0[ENCRYPTED_KEY].is_empty());
                parts.with(ENCRYPTED_KEY, Vec::clear)
            }
        };
        assert_eq!(decrypt(&key, &token), Err(length(Part::EncryptedKey)), "{encryption_key:?}");
    }
}

#[test]
fn encrypted_keys_of_any_length_are_the_same_error() {
    for algorithm in algorithms().filter(|algorithm| !matches!(algorithm.name(), "dir" | "ECDH-ES")) {
        let key = key(algorithm);
        let parts = Parts::of(&encrypt(&sender(&key), b"card 4242").unwrap());
        for len in [1, 7, 8, 15, 16, 17, 23, 24, 25, 32, 33, 48, 72, 80, 255, 256, 257, 1024] {
            let token = parts.with(ENCRYPTED_KEY, |bytes| *bytes = vec![0x5a; len]);
            assert_eq!(decrypt(&key, &token), Err(Error::DecryptionFailed), "{algorithm} {len}");
        }
    }
}

/// Attack: the wrapped key is genuine, but shorter than `enc` asks for, so that its cipher can't
/// even be set up. That must look like any other failure.
#[test]
fn a_content_key_of_another_length_is_the_same_error() {
    for algorithm in algorithms() {
        let key = key(algorithm);
        let encryption_key = sender(&key);
        let KeyManagement::Encrypts(management) = encryption_key.management() else { continue };
        for len in [16, 24, 40, 64] {
            let content_key = secret(len);
            let RecipientOutput { encrypted_key, parameters } =
                management.encrypt(&content_key, &PartyInfo::none()).unwrap();
            let mut header = format!(r#"{{"alg":"{algorithm}","enc":"A256GCM""#);
            for parameter in &parameters {
                header += &match parameter {
                    Parameter::Text(name, value) => format!(r#","{name}":"{value}""#),
                    Parameter::Json(name, json) => format!(r#","{name}":{json}"#),
                };
            }
            header.push('}');
            // Where the content key is one of AES, the content is encrypted with it in earnest.
            let protected = base64url::encode(header.as_bytes());
            let sealed = crate::crypto::AesGcmKey::new(content_key.expose_secret()).map(|cipher| {
                let mut content = b"card 4242".to_vec();
                let tag = cipher.seal_in_place(&[1; 12], protected.as_bytes(), &mut content).unwrap();
                (content, tag.to_vec())
            });
            let (ciphertext, tag) = sealed.unwrap_or((vec![1; 9], vec![2; 16]));
            let parts = Parts([header.into_bytes(), encrypted_key, vec![1; 12], ciphertext, tag]);
            assert_eq!(decrypt(&key, &parts.token()), Err(Error::DecryptionFailed), "{algorithm} {len}");
        }
    }
}

#[test]
fn the_header_s_algorithm_is_compared_and_never_obeyed() {
    for algorithm in algorithms() {
        let key = key(algorithm);
        let parts = Parts::of(&encrypt(&sender(&key), b"card 4242").unwrap());
        let own = format!(r#""alg":"{algorithm}""#);
        for &other in JweAlgorithm::ALL.iter().filter(|&&other| other != algorithm) {
            let token = parts.with_header(&own, &format!(r#""alg":"{other}""#));
            let expected = Err(Error::NotAllowed(Refusal::Algorithm));
            assert_eq!(decrypt(&key, &token), expected, "{algorithm} as {other}");
        }
        for unknown in ["RSA1_5", "none", "RS256", "HS256", "PBES2-HS256+A256KW", "", "dir "] {
            let token = parts.with_header(&own, &format!(r#""alg":"{unknown}""#));
            let expected = Err(Error::Unsupported(Unsupported::Algorithm));
            assert_eq!(decrypt(&key, &token), expected, "{algorithm} as {unknown}");
        }
    }
}

#[test]
fn a_header_that_asks_for_more_is_refused() {
    let key = key(JweAlgorithm::A256Kw);
    let parts = Parts::of(&encrypt(&key.encryption_key().unwrap(), b"card 4242").unwrap());
    let with = |member: &str| decrypt(&key, &parts.with_header("{", &format!("{{{member},")));
    assert_eq!(with(r#""zip":"DEF""#), Err(Error::Unsupported(Unsupported::Compression)));
    assert_eq!(with(r#""crit":["x"],"x":1"#), Err(Error::Unsupported(Unsupported::Critical)));
    assert_eq!(with(r#""alg":"A256KW""#), Err(Error::malformed(Part::Header, Defect::DuplicateMember)));

    let other_enc = |enc: &str| decrypt(&key, &parts.with_header(r#""enc":"A256GCM""#, enc));
    let unknown = Err(Error::Unsupported(Unsupported::ContentEncryption));
    assert_eq!(other_enc(r#""enc":"A256CTR""#), unknown);
    assert_eq!(other_enc(r#""enc":"dir""#), unknown);
    let missing = Err(Error::malformed(Part::Header, Defect::MissingMember("enc")));
    assert_eq!(other_enc(r#""ext":"A256GCM""#), missing);
}

#[test]
fn text_that_is_no_token_is_refused_without_panic() {
    let key = key(JweAlgorithm::A256Kw);
    let token = encrypt(&key.encryption_key().unwrap(), b"card 4242").unwrap();
    for text in ["", ".", "..", "....", ".....", "a.b.c", "e30.e30.e30.e30.e30", "🙂.🙂.🙂.🙂.🙂"] {
        assert!(matches!(decrypt(&key, text), Err(Error::Malformed { .. })), "{text}");
    }
    for i in 0..token.len() {
        assert!(decrypt(&key, &token[..i]).is_err(), "{i}");
    }
    for text in [format!("{token}."), format!("{token}="), format!(" {token}"), format!("{token}\n")] {
        assert!(matches!(decrypt(&key, &text), Err(Error::Malformed { .. })));
    }
    let many_dots = decrypt(&key, &".".repeat(100_000));
    assert!(matches!(many_dots, Err(Error::LimitExceeded { limit: Limit::TokenBytes, .. })));
}

#[test]
fn a_token_over_the_limit_is_refused() {
    let key = key(JweAlgorithm::A256Kw);
    let token = encrypt(&key.encryption_key().unwrap(), &[0; 12_000]).unwrap();
    assert!(token.len() < 16 * 1024 && decrypt(&key, &token).is_ok());
    let token = encrypt(&key.encryption_key().unwrap(), &[0; 13_000]).unwrap();
    let error = decrypt(&key, &token).unwrap_err();
    assert!(matches!(error, Error::LimitExceeded { limit: Limit::TokenBytes, max: 16_384 }));
}

#[test]
fn gcm_key_wrapping_parameters_have_their_form() {
    let key = key(JweAlgorithm::A128Gcmkw);
    let parts = Parts::of(&encrypt(&key.encryption_key().unwrap(), b"card 4242").unwrap());
    let header = String::from_utf8(parts.0[HEADER].clone()).unwrap();
    for name in ["iv", "tag"] {
        let start = header.find(&format!(r#""{name}":""#)).unwrap() + name.len() + 4;
        let end = start + header[start..].find('"').unwrap();
        let with = |value: &str| {
            let changed = format!("{}{value}{}", &header[..start], &header[end..]);
            decrypt(&key, &parts.with(HEADER, |bytes| *bytes = changed.into_bytes()))
        };
        let bytes = base64url::decode(&header[start..end], Part::Header).unwrap();
        for len in [0, 8, bytes.len() - 1] {
            let error = with(&base64url::encode(&bytes[..len])).unwrap_err();
            let expected = |defect| matches!(defect, Defect::MemberType { name: n, .. } if n == name);
            assert!(
                matches!(error, Error::Malformed { part: Part::Header, defect } if expected(defect)),
                "{len}"
            );
        }
        assert!(matches!(with("="), Err(Error::Malformed { part: Part::Header, .. })));
        let mut flipped = bytes.clone();
        flipped[0] ^= 1;
        assert_eq!(with(&base64url::encode(&flipped)), Err(Error::DecryptionFailed));
        let token = parts.with_header(&format!(r#""{name}":"#), r#""other":"#);
        let missing = Error::malformed(Part::Header, Defect::MissingMember(name));
        assert_eq!(decrypt(&key, &token), Err(missing));
    }
}

#[test]
fn an_ephemeral_key_that_doesn_t_fit_is_refused_before_ours_is_used() {
    for algorithm in [JweAlgorithm::EcdhEs, JweAlgorithm::EcdhEsA128Kw] {
        let key = key(algorithm);
        let parts = Parts::of(&encrypt(&key.encryption_key().unwrap(), b"card 4242").unwrap());
        let header = String::from_utf8(parts.0[HEADER].clone()).unwrap();
        let start = header.find(r#""epk":"#).unwrap();
        let with = |epk: &str| {
            let changed = format!("{}{epk}}}", &header[..start]);
            decrypt(&key, &parts.with(HEADER, |bytes| *bytes = changed.into_bytes()))
        };
        let other_curve = Jwk::generate(KeyKind::P384).unwrap().to_public_json().unwrap();
        let x25519 = Jwk::generate(KeyKind::X25519).unwrap().to_public_json().unwrap();
        let ed25519 = Jwk::generate(KeyKind::Ed25519).unwrap().to_public_json().unwrap();
        let private = Jwk::generate(KeyKind::P256).unwrap();
        let private = private.expose_json().expose_secret().to_owned();
        let off_curve = r#"{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}"#;
        for epk in [&other_curve, &x25519, &ed25519, &private, off_curve, "{}", "[]", "null", r#""x""#] {
            let error = with(&format!(r#""epk":{epk}"#)).unwrap_err();
            assert!(matches!(error, Error::Malformed { part: Part::Header, .. }), "{epk}: {error:?}");
        }
        let missing = Error::malformed(Part::Header, Defect::MissingMember("epk"));
        assert_eq!(with(r#""ext":1"#), Err(missing));
        // One that fits, but isn't the one: that isn't the sender's to know.
        let another = Jwk::generate(KeyKind::P256).unwrap().to_public_json().unwrap();
        assert_eq!(with(&format!(r#""epk":{another}"#)), Err(Error::DecryptionFailed));
        // Neither are the parties' names, which go into the derivation.
        assert_eq!(decrypt(&key, &parts.with_header("{", r#"{"apu":"QQ","#)), Err(Error::DecryptionFailed));
        let error = decrypt(&key, &parts.with_header("{", r#"{"apv":"Q","#)).unwrap_err();
        assert!(matches!(error, Error::Malformed { part: Part::Header, .. }));
    }
}

/// RFC 8037 §3.2.1, RFC 7748 §6.1: a point of low order agrees on zero with everyone.
#[test]
fn an_ephemeral_key_of_low_order_decrypts_nothing() {
    let jwk = Jwk::generate(KeyKind::X25519).unwrap();
    let key = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &jwk).unwrap();
    let epk = r#"{"kty":"OKP","crv":"X25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    let header = format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM","epk":{epk}}}"#);
    let parts = Parts([header.into_bytes(), vec![], vec![1; 12], vec![1; 9], vec![2; 16]]);
    assert_eq!(decrypt(&key, &parts.token()), Err(Error::DecryptionFailed));
}

#[test]
fn only_allowed_content_encryptions_are_decrypted() {
    for (key, encryption_key) in pairs() {
        let token = encrypt(&encryption_key, b"card 4242").unwrap();
        let enc = encryption_key.content_encryption();
        let only = key.clone_key().allow_content_encryptions([enc]);
        assert!(decrypt(&only, &token).is_ok());
        let others = ContentEncryption::ALL.iter().copied().filter(|&other| other != enc);
        let refused = Err(Error::NotAllowed(Refusal::ContentEncryption));
        assert_eq!(decrypt(&key.clone_key().allow_content_encryptions(others), &token), refused);
        assert_eq!(decrypt(&key.clone_key().allow_content_encryptions([]), &token), refused);
    }
}

#[test]
fn the_encryption_key_takes_what_its_decryption_key_allows() {
    let key = key(JweAlgorithm::A128Kw).allow_content_encryptions([ContentEncryption::A128CbcHs256]);
    let encryption_key = key.encryption_key().unwrap();
    assert_eq!(encryption_key.content_encryption(), ContentEncryption::A128CbcHs256);
    assert!(decrypt(&key, &encrypt(&encryption_key, b"x").unwrap()).is_ok());
    let none = key.allow_content_encryptions([]);
    assert!(matches!(none.encryption_key(), Err(Error::Misuse { .. })));
}

/// A token for `dir` whose `enc` is another than the key's says nothing of the key's length.
#[test]
fn a_direct_key_decrypts_one_content_encryption() {
    let key = DecryptionKey::direct(ContentEncryption::A128Gcm, secret(16)).unwrap();
    let encryption_key = key.encryption_key().unwrap();
    let parts = Parts::of(&encrypt(&encryption_key, b"card 4242").unwrap());
    for enc in ["A192GCM", "A256GCM"] {
        let token = parts.with_header("A128GCM", enc);
        assert_eq!(decrypt(&key, &token), Err(Error::DecryptionFailed), "{enc}");
    }
    let other = encryption_key.clone_key().with_content_encryption(ContentEncryption::A256Gcm);
    assert!(matches!(other, Err(Error::Misuse { .. })));
    assert!(encryption_key.with_content_encryption(ContentEncryption::A128Gcm).is_ok());
    for (len, enc) in [(16, ContentEncryption::A256Gcm), (32, ContentEncryption::A128Gcm)] {
        let made = DecryptionKey::direct(enc, secret(len));
        assert!(matches!(made, Err(Error::InvalidKey(KeyDefect::Size(_)))));
    }
}

#[test]
fn key_ids_are_compared_where_both_have_one() {
    let key = key(JweAlgorithm::A256Kw);
    let encrypt_as = |id: Option<&str>| {
        let encryption_key = key.encryption_key().unwrap();
        let encryption_key = match id {
            Some(id) => encryption_key.with_key_id(id),
            None => encryption_key,
        };
        encrypt(&encryption_key, b"x").unwrap()
    };
    let named = key.clone_key().with_key_id("1");
    assert!(decrypt(&named, &encrypt_as(Some("1"))).is_ok());
    assert!(decrypt(&named, &encrypt_as(None)).is_ok());
    assert!(decrypt(&key, &encrypt_as(Some("2"))).is_ok());
    assert_eq!(decrypt(&named, &encrypt_as(Some("2"))), Err(Error::NoMatchingKey));
    assert_eq!(named.encryption_key().unwrap().key_id(), Some("1"));
}

#[test]
fn several_keys_are_tried_in_turn_up_to_the_limit() {
    let decrypt_with = |token: &str, keys: &[&DecryptionKey], limits: &Limits| {
        let mut header = Vec::new();
        EncryptedToken::parse(token, &HeaderRules::new(limits, NOTHING_UNDERSTOOD), &mut header)?
            .decrypt_with_candidates(keys.iter().copied())
    };
    let limits = Limits::default().candidate_keys(2);
    let (one, two, three) = (key(JweAlgorithm::EcdhEs), key(JweAlgorithm::EcdhEs), key(JweAlgorithm::EcdhEs));
    let token = encrypt(&two.encryption_key().unwrap(), b"x").unwrap();
    assert_eq!(decrypt_with(&token, &[&one, &two], &limits).unwrap().expose_secret(), b"x");
    assert_eq!(decrypt_with(&token, &[&one, &three], &limits), Err(Error::DecryptionFailed));
    assert_eq!(decrypt_with(&token, &[], &limits), Err(Error::NoMatchingKey));
    let too_many = Error::LimitExceeded { limit: Limit::CandidateKeys, max: 2 };
    assert_eq!(decrypt_with(&token, &[&two, &one, &three], &limits), Err(too_many));

    // What doesn't fit by algorithm, `kid` or curve doesn't count.
    let other_curve = Jwk::generate(KeyKind::X25519).unwrap();
    let other_curve = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &other_curve).unwrap();
    let keys = [&key(JweAlgorithm::Dir), &other_curve, &one, &key(JweAlgorithm::EcdhEsA128Kw), &two];
    assert!(decrypt_with(&token, &keys, &limits).is_ok());
    let error = decrypt_with(&token, &[&other_curve], &limits).unwrap_err();
    assert!(matches!(error, Error::Malformed { part: Part::Header, .. }));
}

#[test]
fn a_token_gives_its_header_out() {
    let key = key(JweAlgorithm::A128Kw).with_key_id("1").encryption_key().unwrap();
    let token = JweBuilder::new(&key).token_type("at+jwt").content_type("JWT").encrypt(b"x").unwrap();
    let (limits, mut header) = (Limits::default(), Vec::new());
    let rules = HeaderRules::new(&limits, NOTHING_UNDERSTOOD);
    let token = EncryptedToken::parse(&token, &rules, &mut header).unwrap();
    assert_eq!(token.algorithm(), JweAlgorithm::A128Kw);
    assert_eq!(token.content_encryption(), ContentEncryption::A256Gcm);
    assert_eq!((token.key_id(), token.cty()), (Some("1"), Some("JWT")));
}

#[test]
fn aes_gcm_keys_count_their_messages() {
    let counted =
        [JweAlgorithm::Dir, JweAlgorithm::A128Gcmkw, JweAlgorithm::A192Gcmkw, JweAlgorithm::A256Gcmkw];
    for algorithm in algorithms() {
        let key = key(algorithm);
        let (one, two) = (key.encryption_key().unwrap(), key.encryption_key().unwrap().clone_key());
        let budget = one.management().message_budget();
        assert_eq!(budget.is_some(), counted.contains(&algorithm), "{algorithm}");
        let Some(budget) = budget else { continue };
        budget.leave(2);
        assert!(encrypt(&one, b"x").is_ok());
        assert!(encrypt(&two, b"x").is_ok());
        for key in [&one, &two, &key.encryption_key().unwrap().with_key_id("2")] {
            assert_eq!(encrypt(key, b"x"), Err(Error::InvalidKey(KeyDefect::Exhausted)));
        }
    }
    let cbc = EncryptionKey::direct(ContentEncryption::A128CbcHs256, secret(32)).unwrap();
    assert!(cbc.management().message_budget().is_none());
}

#[test]
fn a_jwk_s_own_words_are_obeyed() {
    let jwk = || Jwk::generate(KeyKind::P256).unwrap();
    let from = |jwk: &Jwk| {
        let published = jwk.to_public().unwrap_or_else(|_| jwk.clone_key());
        (DecryptionKey::from_jwk(jwk).map(drop), EncryptionKey::from_jwk(&published).map(drop))
    };
    let private = EncryptionKey::from_jwk(&jwk().with_algorithm("ECDH-ES")).map(drop);
    assert_eq!(private, Err(Error::InvalidKey(KeyDefect::NotPublic)));
    let mismatch = |expected, found| KeyDefect::Type { expected, found };
    let on_p256 = "an EC key on P-256";
    let both = |defect| (Err(Error::InvalidKey(defect)), Err(Error::InvalidKey(defect)));
    assert_eq!(from(&jwk().with_algorithm("ECDH-ES")), (Ok(()), Ok(())));
    assert_eq!(from(&jwk().with_algorithm("ECDH-ES").with_use(KeyUse::Encryption)), (Ok(()), Ok(())));
    assert_eq!(from(&jwk()), both(KeyDefect::AlgorithmUnknown));
    assert_eq!(from(&jwk().with_algorithm("ECDH-ES").with_use(KeyUse::Signature)), both(KeyDefect::Use));
    assert_eq!(from(&jwk().with_algorithm("A128KW")), both(mismatch("a symmetric secret", on_p256)));
    assert_eq!(from(&jwk().with_algorithm("RSA-OAEP")), both(mismatch("an RSA key", on_p256)));
    assert!(matches!(from(&jwk().with_algorithm("ES256")).0, Err(Error::Unsupported(Unsupported::Key(_)))));
    let signing = Jwk::generate(KeyKind::Ed25519).unwrap();
    let agreed = "a key on P-256, P-384, P-521 or X25519";
    assert_eq!(from(&signing.with_algorithm("ECDH-ES")), both(mismatch(agreed, "an Ed25519 key")));

    let named = jwk().with_algorithm("ECDH-ES+A128KW");
    let other = DecryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &named).map(drop);
    assert_eq!(other, Err(Error::InvalidKey(KeyDefect::Algorithm)));
    let public = jwk().with_algorithm("ECDH-ES").to_public().unwrap();
    assert_eq!(from(&public), (Err(Error::InvalidKey(KeyDefect::NotPrivate)), Ok(())));

    let wraps_only = r#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg","alg":"A128KW","key_ops":["wrapKey"]}"#;
    let wraps_only = Jwk::from_json(wraps_only).unwrap();
    assert_eq!(from(&wraps_only), (Err(Error::InvalidKey(KeyDefect::Use)), Ok(())));
    let unwraps_only = r#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg","alg":"A128KW","key_ops":["unwrapKey"]}"#;
    let unwraps_only = DecryptionKey::from_jwk(&Jwk::from_json(unwraps_only).unwrap()).unwrap();
    assert_eq!(unwraps_only.encryption_key().map(drop), Err(Error::InvalidKey(KeyDefect::Use)));
}

#[test]
fn shared_secrets_have_their_algorithm_s_length() {
    for algorithm in JweAlgorithm::ALL.iter().copied() {
        for len in [15, 16, 17, 24, 32, 48, 64] {
            let made = EncryptionKey::symmetric(algorithm, secret(len)).map(drop);
            assert_eq!(made, DecryptionKey::symmetric(algorithm, secret(len)).map(drop), "{algorithm} {len}");
            match (algorithm.name(), len) {
                ("dir", _) => assert!(matches!(made, Err(Error::Misuse { .. }))),
                (name, _) if name.starts_with("PBES2") => {
                    assert!(matches!(made, Err(Error::Misuse { .. })), "{algorithm} {len}");
                }
                ("A128KW" | "A128GCMKW", 16)
                | ("A192KW" | "A192GCMKW", 24)
                | ("A256KW" | "A256GCMKW", 32) => {
                    assert_eq!(made, Ok(()), "{algorithm} {len}");
                }
                (name, _) if name.starts_with('A') => {
                    assert!(matches!(made, Err(Error::InvalidKey(KeyDefect::Size(_)))), "{algorithm} {len}");
                }
                _ => {
                    let refused = matches!(
                        made,
                        Err(Error::InvalidKey(KeyDefect::Type { found: "a symmetric secret", .. }))
                    );
                    assert!(refused, "{algorithm} {len}");
                }
            }
        }
    }
}

#[test]
fn keys_come_back_from_their_jwk() {
    for algorithm in algorithms() {
        let key = key(algorithm).with_key_id("1");
        let stored = key.expose_jwk().unwrap().expose_json();
        let jwk = Jwk::from_json(stored.expose_secret()).unwrap();
        let read = match takes_password(algorithm) {
            true => DecryptionKey::from_jwk_for(algorithm, &jwk),
            false => DecryptionKey::from_jwk(&jwk),
        };
        let read = read.unwrap();
        assert_eq!((read.algorithm(), read.key_id()), (algorithm, Some("1")));
        let token = encrypt(&sender(&read), b"x").unwrap();
        assert!(decrypt(&key, &token).is_ok(), "{algorithm}");

        match key.to_public_jwk() {
            Ok(public) => {
                assert!(!public.is_private());
                assert_eq!((public.key_use(), public.key_id()), (Some(&KeyUse::Encryption), Some("1")));
                let token = encrypt(&EncryptionKey::from_jwk(&public).unwrap(), b"x").unwrap();
                assert!(decrypt(&key, &token).is_ok(), "{algorithm}");
            }
            Err(error) => {
                assert!(key.expose_jwk().unwrap().is_secret());
                assert_eq!(error, Error::InvalidKey(KeyDefect::NotPublic));
            }
        }
    }
}

#[test]
#[cfg(feature = "pem")]
fn keys_come_from_pem() {
    let jwk = Jwk::generate(KeyKind::P256).unwrap();
    let private_key =
        DecryptionKey::from_pem(JweAlgorithm::EcdhEs, jwk.expose_pkcs8_pem().unwrap().expose_secret())
            .unwrap();
    let public_key = EncryptionKey::from_pem(JweAlgorithm::EcdhEs, &jwk.to_spki_pem().unwrap()).unwrap();
    assert!(decrypt(&private_key, &encrypt(&public_key, b"x").unwrap()).is_ok());
    let public_as_private = DecryptionKey::from_pem(JweAlgorithm::EcdhEs, &jwk.to_spki_pem().unwrap());
    assert_eq!(public_as_private.map(drop), Err(Error::InvalidKey(KeyDefect::NotPrivate)));
    assert!(EncryptionKey::from_pem(JweAlgorithm::A128Kw, &jwk.to_spki_pem().unwrap()).is_err());
}

#[test]
#[cfg(not(any(feature = "aws-lc-rs", feature = "rsa")))]
fn without_rsa_the_error_names_the_features() {
    let n = "oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw";
    let jwk = Jwk::from_json(&format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#)).unwrap();
    let feature = Error::Unsupported(Unsupported::Feature(
        "expected the feature `aws-lc-rs` or `rsa`, which RSA-OAEP needs, found neither",
    ));
    for &algorithm in JweAlgorithm::ALL.iter().filter(|algorithm| algorithm.name().starts_with("RSA")) {
        assert_eq!(EncryptionKey::from_jwk_for(algorithm, &jwk).map(drop), Err(feature.clone()));
        assert_eq!(DecryptionKey::generate(algorithm).map(drop), Err(feature.clone()));
    }
}

#[test]
fn debug_shows_no_key() {
    let key = DecryptionKey::direct(ContentEncryption::A128Gcm, SecretBytes::from(vec![0xab; 16])).unwrap();
    let shown = format!("{key:?} {:?}", key.encryption_key().unwrap());
    assert!(shown.contains("Dir") && shown.contains("A128Gcm"));
    for secret in ["171", "ab", "q6ur"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn claims_round_trip_and_are_read_strictly() {
    let key = key(JweAlgorithm::A256Kw);
    let encryption_key = key.encryption_key().unwrap();
    let claims = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
    let token = encrypt_claims(&encryption_key, &claims).unwrap();
    assert_eq!(decrypt_claims(&key, &token), Ok(claims));

    let read = |text: &[u8]| {
        decrypt_claims::<BTreeMap<String, u8>>(&key, &encrypt(&encryption_key, text).unwrap()).unwrap_err()
    };
    assert_eq!(read(b"{\"a\":1,\"a\":2}"), Error::malformed(Part::Claims, Defect::DuplicateMember));
    assert_eq!(read(b"[1]"), Error::malformed(Part::Claims, Defect::NotAnObject));
    assert_eq!(read(b"\xff"), Error::malformed(Part::Claims, Defect::Utf8));
    assert!(matches!(read(b"{\"a\":1} x"), Error::Malformed { part: Part::Claims, .. }));
    assert!(matches!(read(b""), Error::Malformed { part: Part::Claims, .. }));
    assert_eq!(read(b"{\"a\":\"SECRET\"}"), Error::ClaimsType { expected: "u8".into(), column: 13 });
}
