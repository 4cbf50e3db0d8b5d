//! huskarl, by the two of its crates that make and check tokens, on its native crypto.
//!
//! Its calls are async, and its keys answer at once: each is polled once, without an executor. Its curve crates come
//! without tables of base points, as it asks for them, so that its issuing on curves is slower than theirs need be.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use huskarl_core::crypto::signer::{JwsSigner, JwsSignerSelector as _};
use huskarl_core::crypto::verifier::JwsVerifier;
use huskarl_core::jwk::{Jwk, PrivateJwk, SymmetricJwk};
use huskarl_core::jwt::Jwt;
use huskarl_core::jwt::validator::{ClaimCheck, JwtValidator};
use huskarl_core::secrets::SecretString;
use huskarl_crypto_native::asymmetric::signer::{AsymmetricAlgorithm, PrivateKey, pkcs8_pem};
use huskarl_crypto_native::asymmetric::verifier::AsymmetricPublicKey;
use huskarl_crypto_native::symmetric::SymmetricKey;
use peers::claims::{AUDIENCE, Custom, Groups, ISSUER, JWT_ID, LIFETIME, SCOPE, SUBJECT};
use peers::rows::{SIGNATURES, SIZES};
use peers::{Table, keys, rows};
use serde::Serialize;

#[derive(Clone, Serialize)]
struct Scope {
    scope: &'static str,
}

fn main() {
    let mut table = Table::new("huskarl");
    for name in SIGNATURES {
        let (signer, validator) = if name == "HS256" {
            (ready(secret().select_signer()), validator(secret(), name))
        } else {
            let (signer, public_key) = pair(name);
            (signer, validator(public_key, name))
        };
        table.make(rows::issue(name), move || issue(&*signer));
        table.read(rows::verify(name), move |token| {
            Some(ready(validator.validate::<Custom>(token)).ok()?.claims.scope.len())
        });
    }
    for (size, _) in SIZES {
        let validator = validator(secret(), "HS256");
        table.read(rows::sized(size), move |token| {
            Some(ready(validator.validate::<Groups>(token)).ok()?.claims.groups.len())
        });
    }
    table.serve();
}

/// The token as it is handed out, to be exposed where it goes to the wire.
struct Issued(SecretString);

impl AsRef<str> for Issued {
    fn as_ref(&self) -> &str {
        self.0.expose_secret()
    }
}

fn issue(signer: &dyn JwsSigner) -> Issued {
    let jwt = Jwt::builder()
        .iss(ISSUER)
        .sub(SUBJECT)
        .audience(AUDIENCE)
        .issued_now_expires_after(LIFETIME)
        .jti(JWT_ID.to_owned())
        .claims(Scope { scope: SCOPE })
        .build();
    Issued(ready(jwt.to_jws_compact(signer)).expect("the claims serialize"))
}

fn secret() -> SymmetricKey {
    let json = format!(r#"{{"kty":"oct","alg":"HS256","k":"{}"}}"#, keys::base64url(keys::SECRET));
    let jwk: Jwk = serde_json::from_str(&json).expect("a JWK");
    let jwk: PrivateJwk = jwk.private_jwk().expect("a secret");
    let jwk: SymmetricJwk = jwk.try_into().expect("a symmetric one");
    SymmetricKey::from_jwk(jwk).expect("a good key")
}

fn pair(name: &str) -> (Arc<dyn JwsSigner>, AsymmetricPublicKey) {
    let (algorithm, pem) = match name {
        "RS256" => (AsymmetricAlgorithm::Rs256, keys::RSA.pkcs8_pem),
        "PS256" => (AsymmetricAlgorithm::Ps256, keys::RSA.pkcs8_pem),
        "ES256" => (AsymmetricAlgorithm::Es256, keys::P256.pkcs8_pem),
        "ES384" => (AsymmetricAlgorithm::Es384, keys::P384.pkcs8_pem),
        _ => (AsymmetricAlgorithm::EdDsa, keys::ED25519.pkcs8_pem),
    };
    let jwk = pkcs8_pem(pem, algorithm, None).expect("a good key");
    let public_key = AsymmetricPublicKey::from_jwk(jwk.public_jwk()).expect("a good key");
    let key = PrivateKey::from_jwk(jwk).expect("a good key");
    (ready(key.select_signer()), public_key)
}

fn validator(verifier: impl JwsVerifier + 'static, algorithm: &str) -> JwtValidator {
    JwtValidator::builder()
        .verifier(verifier)
        .iss(ClaimCheck::required_value(ISSUER))
        .aud(ClaimCheck::require_any([AUDIENCE]))
        .require_exp(true)
        .allowed_algorithms([algorithm.to_owned()])
        .build()
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a key in memory answers at once"),
    }
}
