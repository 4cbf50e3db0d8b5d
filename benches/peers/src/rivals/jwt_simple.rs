//! jwt-simple, in its default build, on BoringSSL.
//!
//! Its options are taken by value at each call, so that each call clones them: there is no other way in. It encrypts
//! claims and no bytes, with key management that the rows of encryption mostly don't have, so it isn't in those.

use std::collections::HashSet;

use jwt_simple::algorithms::{
    ECDSAP256KeyPairLike as _, ECDSAP256PublicKeyLike as _, ECDSAP384KeyPairLike as _,
    ECDSAP384PublicKeyLike as _, EdDSAKeyPairLike as _, EdDSAPublicKeyLike as _, MACLike as _,
    RSAKeyPairLike as _, RSAPublicKeyLike as _,
};
use jwt_simple::prelude::{
    Claims, Duration, ES256KeyPair, ES384KeyPair, Ed25519KeyPair, HS256Key, JWTClaims, PS256KeyPair,
    RS256KeyPair, VerificationOptions,
};
use peers::claims::{AUDIENCE, Custom, Groups, ISSUER, JWT_ID, LIFETIME, SCOPE, SUBJECT};
use peers::rows::SIZES;
use peers::{Table, keys, rows};

fn main() {
    let mut table = Table::new("jwt-simple");
    let key = HS256Key::from_bytes(keys::SECRET);
    let verifying_key = key.clone();
    table.make(rows::issue("HS256"), move || key.authenticate(claims()).expect("the claims serialize"));
    let options = options();
    table.read(rows::verify("HS256"), move |token| {
        scope(verifying_key.verify_token::<Custom>(token, Some(options.clone())).ok()?)
    });
    signatures(&mut table);
    for (size, _) in SIZES {
        let key = HS256Key::from_bytes(keys::SECRET);
        let options = VerificationOptions { max_token_length: None, ..self::options() };
        table.read(rows::sized(size), move |token| {
            Some(key.verify_token::<Groups>(token, Some(options.clone())).ok()?.custom.groups.len())
        });
    }
    table.serve();
}

/// The same lines for types that share no trait.
macro_rules! signature {
    ($table:ident, $name:literal, $key:expr) => {
        let key = $key.expect("a good key");
        let public_key = key.public_key();
        $table.make(rows::issue($name), move || key.sign(claims()).expect("the claims serialize"));
        let options = options();
        $table.read(rows::verify($name), move |token| {
            scope(public_key.verify_token::<Custom>(token, Some(options.clone())).ok()?)
        });
    };
}

fn signatures(table: &mut Table) {
    signature!(table, "RS256", RS256KeyPair::from_pem(keys::RSA.pkcs8_pem));
    signature!(table, "PS256", PS256KeyPair::from_pem(keys::RSA.pkcs8_pem));
    signature!(table, "ES256", ES256KeyPair::from_pem(keys::P256.pkcs8_pem));
    signature!(table, "ES384", ES384KeyPair::from_pem(keys::P384.pkcs8_pem));
    // It wants the public key in the PKCS#8 too, or the two side by side.
    let pair = [&keys::ED25519.pkcs8[16..48], keys::ED25519.public(32)].concat();
    signature!(table, "EdDSA", Ed25519KeyPair::from_bytes(&pair));
}

fn claims() -> JWTClaims<Custom> {
    let custom = Custom { scope: SCOPE.to_owned() };
    let mut claims = Claims::with_custom_claims(custom, Duration::from_secs(LIFETIME.as_secs()))
        .with_issuer(ISSUER)
        .with_audience(AUDIENCE)
        .with_subject(SUBJECT)
        .with_jwt_id(JWT_ID);
    // `nbf`, which the others don't write.
    claims.invalid_before = None;
    claims
}

fn options() -> VerificationOptions {
    VerificationOptions {
        allowed_issuers: Some(HashSet::from([ISSUER.to_owned()])),
        allowed_audiences: Some(HashSet::from([AUDIENCE.to_owned()])),
        time_tolerance: None,
        ..VerificationOptions::default()
    }
}

fn scope(claims: JWTClaims<Custom>) -> Option<usize> {
    Some(claims.custom.scope.len())
}
