//! jsonwebtoken, on the backend that the build's features name.
//!
//! Keys and `Validation` are made once, as its documentation asks for. Claims are issued from a borrowed type and read
//! into an owned one, its fastest ways.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use peers::claims::{AUDIENCE, ISSUER, Issued, Verified, VerifiedGroups};
use peers::rows::{SETS, SIGNATURES, SIZES};
use peers::{Table, keys, rows};

fn main() {
    let mut table = Table::new("jsonwebtoken");
    for name in SIGNATURES {
        let (algorithm, encoding_key, decoding_key) = key(name);
        let header = Header::new(algorithm);
        table.make(rows::issue(name), move || {
            encode(&header, &Issued::now(), &encoding_key).expect("the claims serialize")
        });
        let validation = validation(algorithm);
        table.read(rows::verify(name), move |token| {
            Some(decode::<Verified>(token, &decoding_key, &validation).ok()?.claims.scope.len())
        });
    }
    for (size, _) in SIZES {
        let (algorithm, _, decoding_key) = key("HS256");
        let validation = validation(algorithm);
        table.read(rows::sized(size), move |token| {
            Some(decode::<VerifiedGroups>(token, &decoding_key, &validation).ok()?.claims.groups.len())
        });
    }
    for size in SETS {
        // As its documentation has it: the header's `kid`, the key of that name, the token under that key. A caller
        // who keeps the decoding keys does well; so they are kept.
        let set: JwkSet = serde_json_of(&keys::jwk_set(size));
        let decoding_keys: Vec<DecodingKey> =
            set.keys.iter().map(|key| DecodingKey::from_jwk(key).expect("a key of P-256")).collect();
        let validation = validation(Algorithm::ES256);
        table.read(rows::set(size), move |token| {
            let name = decode_header(token).ok()?.kid?;
            let found = set.keys.iter().position(|key| key.common.key_id.as_deref() == Some(&name))?;
            Some(decode::<Verified>(token, &decoding_keys[found], &validation).ok()?.claims.scope.len())
        });
    }
    table.serve();
}

fn key(name: &str) -> (Algorithm, EncodingKey, DecodingKey) {
    let rsa = || {
        let decoding_key = DecodingKey::from_rsa_pem(keys::RSA.spki_pem.as_bytes());
        (EncodingKey::from_rsa_pem(keys::RSA.pkcs8_pem.as_bytes()), decoding_key)
    };
    let ec = |pair: keys::KeyPair| {
        let decoding_key = DecodingKey::from_ec_pem(pair.spki_pem.as_bytes());
        (EncodingKey::from_ec_pem(pair.pkcs8_pem.as_bytes()), decoding_key)
    };
    let (algorithm, (encoding_key, decoding_key)) = match name {
        "HS256" => {
            let (encoding_key, decoding_key) =
                (EncodingKey::from_secret(keys::SECRET), DecodingKey::from_secret(keys::SECRET));
            (Algorithm::HS256, (Ok(encoding_key), Ok(decoding_key)))
        }
        "RS256" => (Algorithm::RS256, rsa()),
        "PS256" => (Algorithm::PS256, rsa()),
        "ES256" => (Algorithm::ES256, ec(keys::P256)),
        "ES384" => (Algorithm::ES384, ec(keys::P384)),
        _ => {
            let decoding_key = DecodingKey::from_ed_pem(keys::ED25519.spki_pem.as_bytes());
            (Algorithm::EdDSA, (EncodingKey::from_ed_pem(keys::ED25519.pkcs8_pem.as_bytes()), decoding_key))
        }
    };
    (algorithm, encoding_key.expect("a good key"), decoding_key.expect("a good key"))
}

fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.leeway = 0;
    validation
}

fn serde_json_of(text: &str) -> JwkSet {
    serde_json::from_str(text).expect("a JWK set")
}
