//! RFC 7520 §5 and §6: with the RFC's content keys and initialization vectors, the same ciphertexts come out, and from
//! its recipients' keys the same content keys. Through the public API these are drawn at random.

use serde_json::Value;

use super::recipient::{ContentKey, KeyManagement, PartyInfo, RecipientInput};
use super::*;
use crate::error::{Error, Part};
use crate::evidence::{Expected, Tally, examples};
use crate::jwk::Jwk;
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::base64url;
use crate::wire::header::{Header, HeaderRules, HeaderText};

const HAS_RSA_OAEP: bool = cfg!(any(feature = "aws-lc-rs", feature = "rsa"));

fn decoded(text: &Value) -> Vec<u8> {
    base64url::decode(text.as_str().unwrap(), Part::Token).unwrap()
}

fn example<'c>(cases: &'c [Value], source: &Value) -> &'c Value {
    cases.iter().find(|case| case["source"] == *source).unwrap()
}

/// A token of an example in JSON, the general form where there is one: it has all parts apart.
fn token(case: &Value) -> &Value {
    case.get("general").unwrap_or(&case["flattened"])
}

/// The additional authenticated data, as RFC 7516 §5.1 step 14 puts them together.
fn authenticated(token: &Value) -> String {
    let protected = token.get("protected").map_or("", |text| text.as_str().unwrap());
    token.get("aad").map_or(protected.into(), |aad| format!("{protected}.{}", aad.as_str().unwrap()))
}

/// What the token says to each of its recipients: the whole header, and the encrypted key.
fn recipients(token: &Value) -> Vec<(Value, Vec<u8>)> {
    let protected = token.get("protected").map(|text| serde_json::from_slice(&decoded(text)).unwrap());
    let alone = [token.clone()];
    let list = token.get("recipients").map_or(&alone[..], |list| list.as_array().unwrap());
    let header = |recipient: &Value| {
        let mut header = serde_json::Map::new();
        let parts = [protected.as_ref(), token.get("unprotected"), recipient.get("header")];
        for part in parts.into_iter().flatten() {
            header.extend(part.as_object().unwrap().clone());
        }
        Value::Object(header)
    };
    list.iter()
        .map(|recipient| (header(recipient), recipient.get("encrypted_key").map_or(Vec::new(), decoded)))
        .collect()
}

/// The bytes of a shared key.
fn secret(jwk: &Jwk) -> Vec<u8> {
    let jwk: Value = serde_json::from_str(jwk.expose_json().expose_secret()).unwrap();
    decoded(&jwk["k"])
}

fn opened(key: &DecryptionKey, header: &Value, encrypted_key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let text = header.to_string();
    let limits = Limits::default();
    let enc = ContentEncryption::from_name(header["enc"].as_str().unwrap()).unwrap();
    let rules = HeaderRules { compression: true, ..HeaderRules::new(&limits, &[]) };
    let header = Header::read_jwe(HeaderText::protected(&text), &rules)?;
    let recipient = RecipientInput { enc, header: &header, encrypted_key, limits: &limits };
    match key.accept(recipient)?.at_once()?() {
        Ok(ContentKey::Fresh(key)) => Ok(Some(key.into_exposed_secret())),
        Ok(ContentKey::Shared(_)) => Ok(None),
        Err(_) => Err(Error::DecryptionFailed),
    }
}

#[test]
fn evidence_rfc7520_content_again() {
    let cases = examples("rfc7520.json");
    let mut tally = Tally::new("RFC 7520 §5 and §6, content encrypted again and the same", &[]);
    let encrypted = cases.iter().filter(|case| case.get("encryption").is_some());
    let encrypted: Vec<_> = encrypted.enumerate().collect();
    for (number, case) in &encrypted {
        let token = token(case);
        let enc = ContentEncryption::from_name(case["encryption"].as_str().unwrap()).unwrap();
        let cipher = enc.cipher(&decoded(&case["content_encryption_key"])).ok().unwrap();
        let plaintext = match (case.get("compressed_plaintext"), case.get("inner_token")) {
            (Some(compressed), _) => decoded(compressed),
            (None, Some(token)) => token.as_str().unwrap().into(),
            (None, None) => case["plaintext"].as_str().unwrap().into(),
        };
        let iv = decoded(&case["initialization_vector"]);
        let aad = authenticated(token);
        let sealed = cipher.seal(&iv, aad.as_bytes(), &plaintext).ok().unwrap();
        let is_same = sealed.ciphertext == decoded(&token["ciphertext"])
            && sealed.tag.as_ref() == decoded(&token["tag"]);
        let found = if is_same { "accepted" } else { "another ciphertext" };
        tally.judge(*number, Expected::Accepted, found, case["source"].as_str().unwrap());
        // Nothing else comes out the same.
        let bent = cipher.seal(&iv, format!("{aad}A").as_bytes(), &plaintext).ok().unwrap();
        assert_ne!(bent.tag.as_ref(), sealed.tag.as_ref());
    }
    tally.finish(encrypted.len());
}

#[test]
fn evidence_rfc7520_content_keys() {
    let cases = examples("rfc7520.json");
    let mut tally =
        Tally::new("RFC 7520 §5 and §6, content keys found, and encrypted again where deterministic", &[]);
    let mut count = 0;
    for case in cases.iter().filter(|case| case.get("encryption").is_some()) {
        let sources = case.get("jwk_sources").map(|list| list.as_array().unwrap().clone());
        for (index, (header, encrypted_key)) in recipients(token(case)).into_iter().enumerate() {
            let name = header["alg"].as_str().unwrap();
            let Some(algorithm) = JweAlgorithm::from_name(name) else { continue };
            if name.starts_with("RSA") && !HAS_RSA_OAEP {
                continue;
            }
            let source = sources.as_ref().map(|list| &list[index]).or(case.get("jwk_source"));
            let jwk = match case.get("password") {
                Some(_) if cfg!(not(feature = "pbes2")) => continue,
                Some(password) => {
                    Jwk::from_secret(password.as_str().unwrap().as_bytes().to_vec().into()).unwrap()
                }
                None => {
                    let jwk = &source.map_or(case, |source| example(&cases, source))["jwk"];
                    Jwk::from_json(&jwk.to_string()).unwrap()
                }
            };
            let key = DecryptionKey::from_jwk_for(algorithm, &jwk).unwrap();
            let content_key = decoded(&case["content_encryption_key"]);
            let found = match opened(&key, &header, &encrypted_key) {
                // A key that all messages share is the content key itself.
                Ok(None) => secret(&jwk),
                Ok(Some(found)) => found,
                Err(error) => panic!("{}: {error}", case["source"]),
            };
            let mut same = found == content_key;
            same &= again(algorithm, &jwk, &header, &content_key).is_none_or(|again| again == encrypted_key);
            same &= from_the_other_side(case, &header, &jwk, algorithm, &encrypted_key)
                .is_none_or(|found| found == content_key);
            let found = if same { "accepted" } else { "another key" };
            tally.judge(count, Expected::Accepted, found, case["source"].as_str().unwrap());
            count += 1;
        }
    }
    tally.finish(count);
}

/// The encrypted key made again, where the algorithm draws nothing or the header says what it drew.
fn again(algorithm: JweAlgorithm, jwk: &Jwk, header: &Value, content_key: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        JweAlgorithm::A128Kw => {
            let key = EncryptionKey::from_jwk_for(algorithm, jwk).unwrap();
            let KeyManagement::Encrypts(wrapping) = key.management() else { panic!("it wraps") };
            let content_key = SecretBytes::from(content_key.to_vec());
            Some(wrapping.encrypt(&content_key, &PartyInfo::none()).unwrap().encrypted_key)
        }
        JweAlgorithm::A256Gcmkw => {
            let cipher = ContentEncryption::A256Gcm.cipher(&secret(jwk)).ok().unwrap();
            let sealed = cipher.seal(&decoded(&header["iv"]), b"", content_key).ok().unwrap();
            assert_eq!(sealed.tag.as_ref(), decoded(&header["tag"]));
            Some(sealed.ciphertext)
        }
        _ => None,
    }
}

/// What the sender's ephemeral private key and the recipient's public key agree on, which must be the same.
fn from_the_other_side(
    case: &Value,
    header: &Value,
    recipient: &Jwk,
    algorithm: JweAlgorithm,
    encrypted_key: &[u8],
) -> Option<Vec<u8>> {
    let ephemeral = case.get("ephemeral_jwk").filter(|_| algorithm.name().starts_with("ECDH"))?;
    let public: Value = serde_json::from_str(&recipient.to_public_json().unwrap()).unwrap();
    let mut header = header.clone();
    header["epk"] =
        ["kty", "crv", "x", "y"].map(|name| (name.to_owned(), public[name].clone())).into_iter().collect();
    let key =
        DecryptionKey::from_jwk_for(algorithm, &Jwk::from_json(&ephemeral.to_string()).unwrap()).unwrap();
    opened(&key, &header, encrypted_key).unwrap()
}
