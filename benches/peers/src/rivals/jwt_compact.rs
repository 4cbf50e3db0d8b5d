//! jwt-compact, on the RustCrypto and dalek crates that it names, each with its own default features.
//!
//! It checks the signature and the times, and leaves issuer and audience to the caller: who compares them here.

use chrono::Duration;
use ed25519_dalek_2::pkcs8::DecodePrivateKey as _;
use jwt_compact::alg::{Ed25519, Es256, Hs256, Hs256Key, Rsa, StrongKey};
use jwt_compact::{Algorithm, AlgorithmExt as _, Claims, Empty, Header, TimeOptions, UntrustedToken};
use peers::claims::{AUDIENCE, ISSUER, JWT_ID, LIFETIME, SCOPE, SUBJECT};
use peers::rows::SIZES;
use peers::{Table, keys, rows};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Issued {
    iss: &'static str,
    sub: &'static str,
    aud: &'static str,
    jti: &'static str,
    scope: &'static str,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "they are read to be had")]
struct Verified {
    iss: String,
    sub: String,
    aud: String,
    jti: String,
    scope: String,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "they are read to be had")]
struct VerifiedGroups {
    iss: String,
    sub: String,
    aud: String,
    groups: Vec<String>,
}

fn main() {
    let mut table = Table::new("jwt-compact");
    let secret = Hs256Key::new(keys::SECRET);
    rows(&mut table, "HS256", || Hs256, secret.clone(), secret);
    let rsa = rsa::RsaPrivateKey::from_pkcs8_pem(keys::RSA.pkcs8_pem).expect("a good key");
    let strong = StrongKey::try_from(rsa).expect("it is long enough");
    let (private, public) = (strong.clone().into_inner(), strong.to_public_key().into_inner());
    rows(&mut table, "RS256", Rsa::rs256, private.clone(), public.clone());
    rows(&mut table, "PS256", Rsa::ps256, private, public);
    let key = p256_0_13::ecdsa::SigningKey::from_pkcs8_pem(keys::P256.pkcs8_pem).expect("a good key");
    let public = *key.verifying_key();
    rows(&mut table, "ES256", || Es256, key, public);
    let key = ed25519_dalek_2::SigningKey::from_pkcs8_pem(keys::ED25519.pkcs8_pem).expect("a good key");
    let public = key.verifying_key();
    rows(&mut table, "EdDSA", || Ed25519, key, public);

    for (size, _) in SIZES {
        let key = Hs256Key::new(keys::SECRET);
        let times = TimeOptions::from_leeway(Duration::zero());
        table.read(rows::sized(size), move |token| {
            let token = UntrustedToken::new(token).ok()?;
            let token = Hs256.validator::<VerifiedGroups>(&key).validate(&token).ok()?;
            let claims = token.claims().validate_expiration(&times).ok()?;
            let own = &claims.custom;
            (own.iss == ISSUER && own.aud == AUDIENCE).then_some(own.groups.len())
        });
    }
    table.serve();
}

fn rows<A>(
    table: &mut Table,
    name: &str,
    algorithm: fn() -> A,
    signing: A::SigningKey,
    verifying: A::VerifyingKey,
) where
    A: Algorithm + Send + Sync + 'static,
    A::SigningKey: Send + Sync + 'static,
    A::VerifyingKey: Send + Sync + 'static,
{
    let header: Header<Empty> = Header::empty().with_token_type("JWT");
    let times = TimeOptions::from_leeway(Duration::zero());
    let lifetime = Duration::from_std(LIFETIME).expect("it is short");
    let signer = algorithm();
    table.make(rows::issue(name), move || {
        let own = Issued { iss: ISSUER, sub: SUBJECT, aud: AUDIENCE, jti: JWT_ID, scope: SCOPE };
        let claims = Claims::new(own).set_duration_and_issuance(&times, lifetime);
        signer.token(&header, &claims, &signing).expect("the claims serialize")
    });
    let verifier = algorithm();
    table.read(rows::verify(name), move |token| {
        let token = UntrustedToken::new(token).ok()?;
        let token = verifier.validator::<Verified>(&verifying).validate(&token).ok()?;
        let claims = token.claims().validate_expiration(&times).ok()?;
        let own = &claims.custom;
        (own.iss == ISSUER && own.aud == AUDIENCE).then_some(own.scope.len())
    });
}
