//! biscuit, on ring.
//!
//! It signs with keys of ring's, parsed once; it keeps public keys as bytes and parses them at each call: there is no
//! other way in. It takes its options by value, so each call clones them. It has no EdDSA, and of the rows' key
//! management only `dir`, with a nonce of the caller's: a random one, as everyone else draws, since
//! a counter would begin anew at each start under the same key.

use std::sync::Arc;

use biscuit::jwa::{
    ContentEncryptionAlgorithm, EncryptionOptions, KeyManagementAlgorithm, SignatureAlgorithm,
};
use biscuit::jwk::JWK;
use biscuit::jws::{RegisteredHeader, Secret};
use biscuit::{
    ClaimPresenceOptions, ClaimsSet, Empty, JWT, Presence, RegisteredClaims, SingleOrMultiple, Timestamp,
    Validation, ValidationOptions, jwe,
};
use peers::claims::{self, AUDIENCE, Custom, Groups, ISSUER, JWT_ID, LIFETIME, SCOPE, SUBJECT};
use peers::rows::{PLAINTEXTS, SIZES};
use peers::{Table, keys, rows};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    RsaKeyPair,
};

fn main() {
    let mut table = Table::new("biscuit");
    for name in ["HS256", "RS256", "PS256", "ES256", "ES384"] {
        let (algorithm, signing, verifying) = key(name);
        table.make(rows::issue(name), move || issue(algorithm, &signing));
        let options = options();
        table.read(rows::verify(name), move |token| {
            let decoded =
                JWT::<Custom, Empty>::new_encoded(token).into_decoded(&verifying, algorithm).ok()?;
            let claims = decoded.payload().ok()?;
            claims.registered.validate(options.clone()).ok()?;
            Some(claims.private.scope.len())
        });
    }
    for (size, _) in SIZES {
        let (algorithm, _, verifying) = key("HS256");
        let options = options();
        table.read(rows::sized(size), move |token| {
            let decoded =
                JWT::<Groups, Empty>::new_encoded(token).into_decoded(&verifying, algorithm).ok()?;
            let claims = decoded.payload().ok()?;
            claims.registered.validate(options.clone()).ok()?;
            Some(claims.private.groups.len())
        });
    }
    for (size, len) in PLAINTEXTS {
        encryption(&mut table, size, len);
    }
    table.serve();
}

fn encryption(table: &mut Table, size: &str, len: usize) {
    const NAMES: (&str, &str) = ("dir", "A256GCM");
    const ALGORITHMS: (KeyManagementAlgorithm, ContentEncryptionAlgorithm) =
        (KeyManagementAlgorithm::DirectSymmetricKey, ContentEncryptionAlgorithm::A256GCM);
    let key = || JWK::new_octet_key(keys::SECRET, Empty {});
    let (sealing, opening) = (key(), key());
    let plaintext = claims::plaintext(len);
    let random = SystemRandom::new();
    table.make(rows::encrypt(NAMES, size), move || {
        let mut nonce = vec![0; 12];
        random.fill(&mut nonce).expect("there is randomness");
        let options = EncryptionOptions::AES_GCM { nonce };
        let header = jwe::RegisteredHeader {
            cek_algorithm: ALGORITHMS.0,
            enc_algorithm: ALGORITHMS.1,
            ..jwe::RegisteredHeader::default()
        };
        let token = jwe::Compact::<_, Empty>::new_decrypted(header.into(), plaintext.clone());
        let token = token.into_encrypted(&sealing, &options).expect("any bytes can be encrypted");
        token.unwrap_encrypted().to_string()
    });
    table.read(rows::decrypt(NAMES, size), move |token| {
        let token = jwe::Compact::<Vec<u8>, Empty>::new_encrypted(token);
        let opened = token.into_decrypted(&opening, ALGORITHMS.0, ALGORITHMS.1).ok()?;
        Some(opened.payload().ok()?.len())
    });
}

fn key(name: &str) -> (SignatureAlgorithm, Secret, Secret) {
    let rsa = || {
        let key = RsaKeyPair::from_pkcs8(keys::RSA.pkcs8).expect("a good key");
        (Secret::RsaKeyPair(Arc::new(key)), Secret::PublicKey(keys::RSA.rsa_pkcs1_public().to_vec()))
    };
    let ec = |algorithm: &'static EcdsaSigningAlgorithm, pair: keys::KeyPair, point| {
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pair.pkcs8, &SystemRandom::new()).expect("a good key");
        (Secret::EcdsaKeyPair(Arc::new(key)), Secret::PublicKey(pair.public(point).to_vec()))
    };
    let secret = || (Secret::Bytes(keys::SECRET.to_vec()), Secret::Bytes(keys::SECRET.to_vec()));
    let (algorithm, (signing, verifying)) = match name {
        "HS256" => (SignatureAlgorithm::HS256, secret()),
        "RS256" => (SignatureAlgorithm::RS256, rsa()),
        "PS256" => (SignatureAlgorithm::PS256, rsa()),
        "ES256" => (SignatureAlgorithm::ES256, ec(&ECDSA_P256_SHA256_FIXED_SIGNING, keys::P256, 65)),
        _ => (SignatureAlgorithm::ES384, ec(&ECDSA_P384_SHA384_FIXED_SIGNING, keys::P384, 97)),
    };
    (algorithm, signing, verifying)
}

fn issue(algorithm: SignatureAlgorithm, key: &Secret) -> String {
    let now = i64::try_from(claims::now()).expect("before the year 292 billion");
    let lifetime = i64::try_from(LIFETIME.as_secs()).expect("it is short");
    let claims = ClaimsSet {
        registered: RegisteredClaims {
            issuer: Some(ISSUER.to_owned()),
            subject: Some(SUBJECT.to_owned()),
            audience: Some(SingleOrMultiple::Single(AUDIENCE.to_owned())),
            expiry: Some(Timestamp::from(now + lifetime)),
            issued_at: Some(Timestamp::from(now)),
            id: Some(JWT_ID.to_owned()),
            not_before: None,
        },
        private: Custom { scope: SCOPE.to_owned() },
    };
    let header = RegisteredHeader { algorithm, ..RegisteredHeader::default() };
    let token = JWT::<Custom, Empty>::new_decoded(header.into(), claims);
    token.into_encoded(key).expect("the claims serialize").unwrap_encoded().to_string()
}

fn options() -> ValidationOptions {
    ValidationOptions {
        claim_presence_options: ClaimPresenceOptions {
            expiry: Presence::Required,
            issuer: Presence::Required,
            audience: Presence::Required,
            ..ClaimPresenceOptions::default()
        },
        issuer: Validation::Validate(ISSUER.to_owned()),
        audience: Validation::Validate(AUDIENCE.to_owned()),
        ..ValidationOptions::default()
    }
}
