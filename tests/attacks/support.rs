//! Forging: tokens with any header, payload and signature, made without the library under test.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::{
    Error, Jwk, JwsAlgorithm, JwtVerifier, KeySet, NoClaims, SecretBytes, SigningKey, VerifiedJwt,
    VerifyingKey, jws,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The header of every token whose header isn't the point.
pub(crate) const H0: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;

/// The claims of every token whose claims aren't the point.
pub(crate) const P0: &str =
    r#"{"iss":"https://as.example","aud":"https://api.example","sub":"u","exp":4102444800}"#;

pub(crate) const ISSUER: &str = "https://as.example";
pub(crate) const AUDIENCE: &str = "https://api.example";

/// The present, as seconds since the epoch, for every verifier that is told one.
pub(crate) const NOW: u64 = 1_800_000_000;

/// The HMAC secret of every row: bytes 00 to 1f.
pub(crate) fn secret() -> Vec<u8> {
    (0..32).collect()
}

/// Bytes 00 to 1f and so on, that many.
pub(crate) fn octets(count: u8) -> Vec<u8> {
    (0..count).collect()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What a future comes to that never waits.
#[track_caller]
#[cfg(feature = "gateway")]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

#[track_caller]
pub(crate) fn decode(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// Header and payload, each any bytes, as the text that is signed.
pub(crate) fn signing_input(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}", encode(header), encode(payload))
}

/// A token with any signature.
pub(crate) fn token(
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
    signature: impl AsRef<[u8]>,
) -> String {
    format!("{}.{}", signing_input(header, payload), encode(signature))
}

/// HMAC with SHA-256, SHA-384 or SHA-512, by the number in the algorithm's name; the key may be empty.
pub(crate) fn hmac(bits: u16, key: &[u8], message: &[u8]) -> Vec<u8> {
    macro_rules! mac {
        ($hash:ty) => {{
            let mut mac = Hmac::<$hash>::new_from_slice(key).unwrap();
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }};
    }
    match bits {
        256 => mac!(Sha256),
        384 => mac!(Sha384),
        512 => mac!(Sha512),
        _ => panic!("no such hash"),
    }
}

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// A token that is MACed validly under this key, whatever its header says.
pub(crate) fn maced(bits: u16, key: &[u8], header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let input = signing_input(header, payload);
    let mac = hmac(bits, key, input.as_bytes());
    format!("{input}.{}", encode(mac))
}

/// A token that is MACed validly, HS256, under the secret of every row.
pub(crate) fn hs256(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    maced(256, &secret(), header, payload)
}

/// The key that accepts [`hs256`].
pub(crate) fn hs256_key() -> VerifyingKey {
    VerifyingKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(secret())).unwrap()
}

pub(crate) fn at(seconds: u64) -> impl Fn() -> SystemTime {
    move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A verifier that asks for issuer and audience of [`P0`] and nothing else.
pub(crate) fn verifier(keys: impl Into<KeySet>) -> JwtVerifier {
    JwtVerifier::builder(keys).issuer(ISSUER).audience(AUDIENCE).clock(at(NOW)).build().unwrap()
}

/// Verifies a token under the secret of every row.
pub(crate) fn verify(token: &str) -> Result<VerifiedJwt<NoClaims>, Error> {
    verifier(hs256_key()).verify(token)
}

/// Verifies claims that are MACed validly.
pub(crate) fn verify_claims(payload: impl AsRef<[u8]>) -> Result<VerifiedJwt<NoClaims>, Error> {
    verify(&hs256(H0, payload))
}

/// [`P0`] with one more member, or with one in place of its own.
pub(crate) fn p0_with(name: &str, json: &str) -> String {
    let own = [
        ("iss", r#""https://as.example""#),
        ("aud", r#""https://api.example""#),
        ("sub", r#""u""#),
        ("exp", "4102444800"),
    ];
    let others = own.iter().filter(|(own, _)| *own != name).map(|(own, json)| format!(r#""{own}":{json},"#));
    format!(r#"{{{}"{name}":{json}}}"#, others.collect::<String>())
}

/// [`P0`] without one of its members.
pub(crate) fn p0_without(name: &str) -> String {
    let text = p0_with(name, "0");
    text.replace(&format!(r#","{name}":0"#), "")
}

/// The code of a refusal.
#[track_caller]
pub(crate) fn code<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => panic!("accepted"),
        Err(error) => error.code(),
    }
}

/// Asserts that a JWS is refused for one and the same reason by each of the three ways to verify it:
/// under one key, under a set, and as a JWT.
#[track_caller]
pub(crate) fn refused_by(key: &VerifyingKey, token: &str) -> &'static str {
    let alone = code(jws::verify(key, token));
    let set = KeySet::from(key.clone_key());
    assert_eq!(code(set.verify(token)), alone, "by a set: {token:.80}");
    assert_eq!(code(verifier(set).verify::<NoClaims>(token)), alone, "as a JWT: {token:.80}");
    alone
}

/// Asserts that a JWS with the claims [`P0`] is accepted by each of the three ways.
#[track_caller]
pub(crate) fn accepted_by(key: &VerifyingKey, token: &str) {
    let accept = |result: Result<(), Error>| {
        if let Err(error) = result {
            panic!("refused for {error}: {token:.80}");
        }
    };
    accept(jws::verify(key, token).map(drop));
    let set = KeySet::from(key.clone_key());
    accept(set.verify(token).map(drop));
    accept(verifier(set).verify::<NoClaims>(token).map(drop));
}

/// A token's parts with one replaced.
pub(crate) fn with_part(token: &str, index: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[index] = part;
    parts.join(".")
}

/// A token's part, decoded.
pub(crate) fn part(token: &str, index: usize) -> Vec<u8> {
    decode(token.split('.').nth(index).unwrap())
}

/// The RSA private key of the fixtures, whose JWK has no `alg`.
pub(crate) fn rsa_private() -> Jwk {
    Jwk::from_json(RSA_PRIVATE_JWK).unwrap()
}

/// The RSA public key of the fixtures, as JSON without `alg`.
pub(crate) fn rsa_public_json() -> String {
    rsa_private().to_public_json().unwrap()
}

pub(crate) fn rsa_signing_key(algorithm: JwsAlgorithm) -> SigningKey {
    SigningKey::from_jwk_for(algorithm, &rsa_private()).unwrap()
}

pub(crate) fn rsa_key(algorithm: JwsAlgorithm) -> VerifyingKey {
    VerifyingKey::from_jwk_for(algorithm, &rsa_private().to_public().unwrap()).unwrap()
}

/// The tokens of `fixtures/tokens.txt` whose names begin so.
pub(crate) fn fixtures(prefix: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    TOKENS.lines().filter_map(|line| line.split_once(' ')).filter(move |(name, _)| name.starts_with(prefix))
}

pub(crate) const RSA_PRIVATE_JWK: &str = include_str!("fixtures/rsa.private.jwk.json");
pub(crate) const RSA_SPKI_PEM: &str = include_str!("fixtures/rsa.spki.pem");
pub(crate) const RSA_PKCS1_PEM: &str = include_str!("fixtures/rsa.pkcs1-public.pem");
pub(crate) const RSA_CERTIFICATE_PEM: &str = include_str!("fixtures/rsa.certificate.pem");
const TOKENS: &str = include_str!("fixtures/tokens.txt");
