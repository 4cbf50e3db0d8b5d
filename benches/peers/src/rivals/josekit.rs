//! josekit, on the system's OpenSSL.
//!
//! Signers, verifiers, encrypters, decrypters and headers are made once. Its claims sets are maps, so the claims are
//! typed by its accessors.

use std::collections::HashMap;
use std::time::SystemTime;

use josekit::jwe::{
    self, A128KW, A256KW, Dir, ECDH_ES, ECDH_ES_A256KW, JweDecrypter, JweEncrypter, JweHeader, RSA_OAEP_256,
};
use josekit::jwk::{Jwk, JwkSet, KeyPair as _};
use josekit::jws::alg::ecdsa::EcdsaJwsVerifier;
use josekit::jws::{ES256, ES384, EdDSA, HS256, JwsHeader, JwsSigner, JwsVerifier, PS256, RS256};
use josekit::jwt::{self, JwtPayload, JwtPayloadValidator};
use peers::claims::{self, AUDIENCE, ISSUER, JWT_ID, LIFETIME, SCOPE, SUBJECT};
use peers::rows::{ENCRYPTIONS, NESTED_ISSUE, NESTED_VERIFY, PLAINTEXTS, SETS, SIGNATURES, SIZES};
use peers::{Table, keys, rows};
use serde_json::Value;

fn main() {
    let mut table = Table::new("josekit");
    for name in SIGNATURES {
        let (signer, verifier) = (signer(name), verifier(name));
        let header = header();
        table.make(rows::issue(name), move || {
            jwt::encode_with_signer(&payload(), &header, &*signer).expect("the claims serialize")
        });
        table.read(rows::verify(name), move |token| {
            scope(&verified(jwt::decode_with_verifier(token, &*verifier).ok()?.0)?)
        });
    }
    for (size, _) in SIZES {
        let verifier = verifier("HS256");
        table.read(rows::sized(size), move |token| {
            let payload = verified(jwt::decode_with_verifier(token, &*verifier).ok()?.0)?;
            let groups = payload.claim("groups")?.as_array()?;
            Some(groups.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>().len())
        });
    }
    for names in ENCRYPTIONS {
        for (size, len) in PLAINTEXTS {
            let (encrypter, decrypter) = recipient(names.0);
            let plaintext = claims::plaintext(len);
            let header = encryption_header(names.1);
            table.make(rows::encrypt(names, size), move || {
                jwe::serialize_compact(&plaintext, &header, &*encrypter).expect("any bytes can be encrypted")
            });
            table.read(rows::decrypt(names, size), move |token| {
                Some(jwe::deserialize_compact(token, &*decrypter).ok()?.0.len())
            });
        }
    }
    nested(&mut table);
    for size in SETS {
        sets(&mut table, size);
    }
    table.serve();
}

/// It has no call for both, so they are made one after the other.
fn nested(table: &mut Table) {
    let (signer, verifier) = (signer("ES256"), verifier("ES256"));
    let (encrypter, decrypter) = recipient("ECDH-ES+A256KW");
    let header = header();
    let mut outer = encryption_header("A256GCM");
    outer.set_content_type("JWT");
    table.make(NESTED_ISSUE, move || {
        let signed = jwt::encode_with_signer(&payload(), &header, &*signer).expect("the claims serialize");
        jwe::serialize_compact(signed.as_bytes(), &outer, &*encrypter).expect("any bytes can be encrypted")
    });
    table.read(NESTED_VERIFY, move |token| {
        let (signed, _) = jwe::deserialize_compact(token, &*decrypter).ok()?;
        scope(&verified(jwt::decode_with_verifier(&signed, &*verifier).ok()?.0)?)
    });
}

/// A selector gives the verifier that was made once for a key of the set; for the compiler, it lives for ever.
fn sets(table: &mut Table, size: usize) {
    let set = JwkSet::from_bytes(keys::jwk_set(size)).expect("a JWK set");
    let named = |key: &Jwk| {
        let name = key.key_id().expect("it has a name").to_owned();
        (name, ES256.verifier_from_jwk(key).expect("a good key"))
    };
    let verifiers: &'static HashMap<String, EcdsaJwsVerifier> =
        Box::leak(Box::new(set.keys().into_iter().map(named).collect()));
    table.read(rows::set(size), move |token| {
        let decoded = jwt::decode_with_verifier_in_jwk_set(token, &set, |key| {
            let verifier = key.key_id().and_then(|name| verifiers.get(name));
            Ok(verifier.map(|verifier| verifier as &dyn JwsVerifier))
        });
        scope(&verified(decoded.ok()?.0)?)
    });
}

fn signer(name: &str) -> Box<dyn JwsSigner> {
    match name {
        "HS256" => Box::new(HS256.signer_from_bytes(keys::SECRET).expect("it is long enough")),
        "RS256" => Box::new(RS256.signer_from_pem(keys::RSA.pkcs8_pem).expect("a good key")),
        "PS256" => Box::new(PS256.signer_from_jwk(&rsa_jwk()).expect("a good key")),
        "ES256" => Box::new(ES256.signer_from_pem(keys::P256.pkcs8_pem).expect("a good key")),
        "ES384" => Box::new(ES384.signer_from_pem(keys::P384.pkcs8_pem).expect("a good key")),
        _ => Box::new(EdDSA.signer_from_pem(keys::ED25519.pkcs8_pem).expect("a good key")),
    }
}

fn verifier(name: &str) -> Box<dyn JwsVerifier> {
    match name {
        "HS256" => Box::new(HS256.verifier_from_bytes(keys::SECRET).expect("it is long enough")),
        "RS256" => Box::new(RS256.verifier_from_pem(keys::RSA.spki_pem).expect("a good key")),
        "PS256" => Box::new(PS256.verifier_from_jwk(&rsa_jwk()).expect("a good key")),
        "ES256" => Box::new(ES256.verifier_from_pem(keys::P256.spki_pem).expect("a good key")),
        "ES384" => Box::new(ES384.verifier_from_pem(keys::P384.spki_pem).expect("a good key")),
        _ => Box::new(EdDSA.verifier_from_pem(keys::ED25519.spki_pem).expect("a good key")),
    }
}

/// For PSS it refuses the PEM of an ordinary RSA key, and takes the key as a JWK.
fn rsa_jwk() -> Jwk {
    let pair = RS256.key_pair_from_pem(keys::RSA.pkcs8_pem).expect("a good key");
    let mut jwk = pair.to_jwk_key_pair();
    jwk.set_algorithm("PS256");
    jwk
}

type Recipient = (Box<dyn JweEncrypter>, Box<dyn JweDecrypter>);

fn recipient(name: &str) -> Recipient {
    let secret = keys::SECRET;
    match name {
        "dir" => (
            Box::new(Dir.encrypter_from_bytes(secret).expect("32 bytes")),
            Box::new(Dir.decrypter_from_bytes(secret).expect("32 bytes")),
        ),
        "A128KW" => (
            Box::new(A128KW.encrypter_from_bytes(keys::SECRET_128).expect("16 bytes")),
            Box::new(A128KW.decrypter_from_bytes(keys::SECRET_128).expect("16 bytes")),
        ),
        "A256KW" => (
            Box::new(A256KW.encrypter_from_bytes(secret).expect("32 bytes")),
            Box::new(A256KW.decrypter_from_bytes(secret).expect("32 bytes")),
        ),
        "RSA-OAEP-256" => (
            Box::new(RSA_OAEP_256.encrypter_from_pem(keys::RSA.spki_pem).expect("a good key")),
            Box::new(RSA_OAEP_256.decrypter_from_pem(keys::RSA.pkcs8_pem).expect("a good key")),
        ),
        "ECDH-ES" => (
            Box::new(ECDH_ES.encrypter_from_pem(keys::P256.spki_pem).expect("a good key")),
            Box::new(ECDH_ES.decrypter_from_pem(keys::P256.pkcs8_pem).expect("a good key")),
        ),
        _ => (
            Box::new(ECDH_ES_A256KW.encrypter_from_pem(keys::P256.spki_pem).expect("a good key")),
            Box::new(ECDH_ES_A256KW.decrypter_from_pem(keys::P256.pkcs8_pem).expect("a good key")),
        ),
    }
}

fn header() -> JwsHeader {
    let mut header = JwsHeader::new();
    header.set_token_type("JWT");
    header
}

fn encryption_header(encryption: &str) -> JweHeader {
    let mut header = JweHeader::new();
    header.set_content_encryption(encryption);
    header
}

fn payload() -> JwtPayload {
    let now = SystemTime::now();
    let mut payload = JwtPayload::new();
    payload.set_issuer(ISSUER);
    payload.set_subject(SUBJECT);
    payload.set_audience(vec![AUDIENCE]);
    payload.set_expires_at(&(now + LIFETIME));
    payload.set_issued_at(&now);
    payload.set_jwt_id(JWT_ID);
    payload.set_claim("scope", Some(Value::from(SCOPE))).expect("a string");
    payload
}

/// Its validator lets a missing `exp` and `aud` pass, so that they are there is asked for beside it.
fn verified(payload: JwtPayload) -> Option<JwtPayload> {
    thread_local! {
        static VALIDATOR: JwtPayloadValidator = {
            let mut validator = JwtPayloadValidator::new();
            validator.set_issuer(ISSUER);
            validator.set_audience(AUDIENCE);
            validator
        };
    }
    VALIDATOR.with(|validator| validator.validate(&payload)).ok()?;
    (payload.claim("exp").is_some() && payload.claim("aud").is_some()).then_some(payload)
}

fn scope(payload: &JwtPayload) -> Option<usize> {
    Some(payload.claim("scope")?.as_str()?.to_owned().len())
}
