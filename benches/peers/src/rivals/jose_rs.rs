//! jose-rs, without its default feature for PKCS#11, which no row needs.
//!
//! Signers, verifiers, headers and validation are made once. Keys of ECDH-ES come as JWK only, and the key in its own
//! form is rebuilt from that at each call: there is no other way in.

use jose_rs::jwk::{Jwk, JwkSet, jwk_from_pkcs8_pem, jwk_from_spki_pem, jwk_to_signature_key};
use jose_rs::jwt::{self, Audience, Claims, Validation};
use jose_rs::{JoseHeader, JweAlgorithm, JweEncryption, JwkOp, JwsAlgorithm, jwe};
use kryptering::{KeyAlgorithm, SoftwareKey, SoftwareSigner, SoftwareVerifier};
use peers::claims::{self, AUDIENCE, ISSUER, JWT_ID, LIFETIME, SCOPE, SUBJECT};
use peers::rows::{ENCRYPTIONS, NESTED_ISSUE, NESTED_VERIFY, PLAINTEXTS, SETS, SIGNATURES, SIZES};
use peers::{Table, keys, rows};
use serde_json::Value;

fn main() {
    let mut table = Table::new("jose-rs");
    for name in SIGNATURES {
        let (signer, verifier) = pair(name);
        let header = JoseHeader::jwt(name);
        table.make(rows::issue(name), move || {
            jwt::encode(&signer, &header, &issued()).expect("the claims serialize")
        });
        let validation = validation();
        table.read(rows::verify(name), move |token| scope(&jwt::decode(&verifier, token, &validation).ok()?));
    }
    for (size, _) in SIZES {
        let (_, verifier) = pair("HS256");
        let validation = validation();
        table.read(rows::sized(size), move |token| {
            let claims = jwt::decode(&verifier, token, &validation).ok()?;
            let groups = claims.extra.get("groups")?.as_array()?;
            Some(groups.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>().len())
        });
    }
    for names in ENCRYPTIONS {
        for (size, len) in PLAINTEXTS {
            encryption(&mut table, names, size, len);
        }
    }
    nested(&mut table);
    for size in SETS {
        let set = JwkSet::from_json(&keys::jwk_set(size)).expect("a JWK set");
        let validation = validation().require_kid();
        table.read(rows::set(size), move |token| {
            scope(&jwt::decode_with_jwkset(&set, token, &validation).ok()?)
        });
    }
    table.serve();
}

fn pair(name: &str) -> (SoftwareSigner, SoftwareVerifier) {
    let algorithm = JwsAlgorithm::from_str(name).expect("it has it");
    let (private, public) = match name {
        "HS256" => {
            let key =
                || SoftwareKey::from_symmetric_bytes(KeyAlgorithm::Hmac, keys::SECRET).expect("long enough");
            (key(), key())
        }
        "ES256" => imported(algorithm, keys::P256),
        "ES384" => imported(algorithm, keys::P384),
        "EdDSA" => imported(algorithm, keys::ED25519),
        _ => imported(algorithm, keys::RSA),
    };
    let algorithm = algorithm.to_crypto().expect("it has it");
    let signer = SoftwareSigner::new(algorithm, private).expect("the key goes with the algorithm");
    (signer, SoftwareVerifier::new(algorithm, public).expect("the key goes with the algorithm"))
}

fn imported(algorithm: JwsAlgorithm, pair: keys::KeyPair) -> (SoftwareKey, SoftwareKey) {
    let private = jwk_from_pkcs8_pem(pair.pkcs8_pem).expect("a good key");
    let public = jwk_from_spki_pem(pair.spki_pem).expect("a good key");
    (
        jwk_to_signature_key(&private, algorithm, JwkOp::Sign).expect("a good key"),
        jwk_to_signature_key(&public, algorithm, JwkOp::Verify).expect("a good key"),
    )
}

fn agreement_keys(name: &str) -> (Jwk, Jwk) {
    let mut private = jwk_from_pkcs8_pem(keys::P256.pkcs8_pem).expect("a good key");
    let mut public = jwk_from_spki_pem(keys::P256.spki_pem).expect("a good key");
    private.alg = Some(name.to_owned());
    public.alg = Some(name.to_owned());
    (private, public)
}

fn encryption(table: &mut Table, names: (&str, &str), size: &str, len: usize) {
    let algorithm = JweAlgorithm::from_str(names.0).expect("it has it");
    let enc = JweEncryption::from_str(names.1).expect("it has it");
    let plaintext = claims::plaintext(len);
    let (encrypting, decrypting): (&[u8], &[u8]) = match names.0 {
        "dir" | "A256KW" => (keys::SECRET, keys::SECRET),
        "A128KW" => (keys::SECRET_128, keys::SECRET_128),
        "RSA-OAEP-256" => (keys::RSA.spki, keys::RSA.pkcs8),
        _ => {
            let (private, public) = agreement_keys(names.0);
            table.make(rows::encrypt(names, size), move || {
                jwe::compact::encrypt_with_jwk(&public, &plaintext, enc).expect("any bytes can be encrypted")
            });
            table.read(rows::decrypt(names, size), move |token| {
                Some(jwe::compact::decrypt_with_jwk(&private, token).ok()?.len())
            });
            return;
        }
    };
    table.make(rows::encrypt(names, size), move || {
        jwe::compact::encrypt(encrypting, &plaintext, algorithm, enc).expect("any bytes can be encrypted")
    });
    let options = jwe::JweDecryptOptions::new(vec![algorithm], vec![enc]);
    table.read(rows::decrypt(names, size), move |token| {
        Some(jwe::compact::decrypt_with_options(decrypting, token, &options).ok()?.len())
    });
}

/// Its call for both takes the signing key as a JWK, which is slower than the signer made once.
fn nested(table: &mut Table) {
    let (signer, verifier) = pair("ES256");
    let (private, public) = agreement_keys("ECDH-ES+A256KW");
    let header = JoseHeader::jwt("ES256");
    table.make(NESTED_ISSUE, move || {
        let signed = jwt::encode(&signer, &header, &issued()).expect("the claims serialize");
        let mut outer = JoseHeader::for_jwe(JweAlgorithm::EcdhEsA256kw, JweEncryption::A256GCM);
        outer.cty = Some("JWT".to_owned());
        jwe::compact::encrypt_with_jwk_header(&public, outer, signed.as_bytes(), JweEncryption::A256GCM)
            .expect("any bytes can be encrypted")
    });
    let validation = validation();
    table.read(NESTED_VERIFY, move |token| {
        let signed = jwe::compact::decrypt_with_jwk(&private, token).ok()?;
        scope(&jwt::decode(&verifier, std::str::from_utf8(&signed).ok()?, &validation).ok()?)
    });
}

fn issued() -> Claims {
    let now = claims::now();
    Claims {
        iss: Some(ISSUER.to_owned()),
        sub: Some(SUBJECT.to_owned()),
        aud: Some(Audience::Single(AUDIENCE.to_owned())),
        exp: Some((now + LIFETIME.as_secs()).into()),
        iat: Some(now.into()),
        jti: Some(JWT_ID.to_owned()),
        extra: [("scope".to_owned(), Value::from(SCOPE))].into(),
        ..Claims::default()
    }
}

fn validation() -> Validation {
    Validation::new().with_issuer(ISSUER).with_audience(AUDIENCE).with_leeway(0).require_exp()
}

fn scope(claims: &Claims) -> Option<usize> {
    Some(claims.extra.get("scope")?.as_str()?.to_owned().len())
}
