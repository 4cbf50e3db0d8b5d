//! A JWK and the algorithms that a request allows → keys of this library, each bound to one of them.
//!
//! `alg`, `use`, `key_ops` and `kid` of a JWK are the library's to judge; this only says which key is asked for: a
//! `dir` key is one for the request's `enc`, and a secret in a published set is no secret.

use countersign::jwe::{JweBuilder, JweDecrypter};
use countersign::{
    ContentEncryption, DecryptionKey, EncryptionKey, Error, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, KeySet,
    Unsupported, VerifyingKey,
};

use super::protocol::Failure;

/// The name that Ed25519 had first; who asks for it gets it in the header, and accepts either, as the library does.
pub(crate) const EDDSA: &str = "EdDSA";

pub(crate) fn jws_algorithm(name: &str) -> Result<JwsAlgorithm, Failure> {
    Ok(JwsAlgorithm::from_name(name).ok_or(Error::Unsupported(Unsupported::Algorithm))?)
}

pub(crate) fn jwe_algorithm(name: &str) -> Result<JweAlgorithm, Failure> {
    Ok(JweAlgorithm::from_name(name).ok_or(Error::Unsupported(Unsupported::Algorithm))?)
}

pub(crate) fn content_encryption(name: &str) -> Result<ContentEncryption, Failure> {
    Ok(ContentEncryption::from_name(name).ok_or(Error::Unsupported(Unsupported::ContentEncryption))?)
}

/// The algorithms of a list that this build knows, each once. What it doesn't know it can't accept anyhow, unless that
/// is all.
pub(crate) fn known<A: PartialEq>(
    names: &[String],
    find: fn(&str) -> Result<A, Failure>,
) -> Result<Vec<A>, Failure> {
    let mut found = Vec::new();
    let mut unknown = None;
    for name in names {
        match find(name) {
            Ok(algorithm) if !found.contains(&algorithm) => found.push(algorithm),
            Ok(_) => {}
            Err(reason) => unknown = Some(reason),
        }
    }
    match unknown {
        Some(reason) if found.is_empty() => Err(reason),
        _ => Ok(found),
    }
}

/// A `dir` key is one for a content encryption, which the JWK's `alg` may leave open.
fn direct(jwk: &Jwk, enc: ContentEncryption) -> Jwk {
    match jwk.algorithm() {
        None | Some("dir") => jwk.clone_key().with_algorithm(enc.name()),
        Some(_) => jwk.clone_key(),
    }
}

pub(crate) fn encryption_key(
    algorithm: JweAlgorithm,
    enc: Option<ContentEncryption>,
    jwk: &Jwk,
) -> Result<EncryptionKey, Failure> {
    let make = |enc: ContentEncryption| match algorithm {
        JweAlgorithm::Dir => EncryptionKey::from_jwk_for(algorithm, &direct(jwk, enc)),
        _ => EncryptionKey::from_jwk_for(algorithm, jwk),
    };
    match enc {
        Some(enc) => Ok(make(enc)?.with_content_encryption(enc)?),
        None => any_of(make),
    }
}

pub(crate) fn decryption_key(
    algorithm: JweAlgorithm,
    enc: Option<ContentEncryption>,
    jwk: &Jwk,
) -> Result<DecryptionKey, Failure> {
    let make = |enc: ContentEncryption| match algorithm {
        JweAlgorithm::Dir => DecryptionKey::from_jwk_for(algorithm, &direct(jwk, enc)),
        _ => DecryptionKey::from_jwk_for(algorithm, jwk),
    };
    match enc {
        Some(enc) => Ok(make(enc)?),
        None => any_of(make),
    }
}

/// The first content encryption that the key serves for.
fn any_of<K>(make: impl Fn(ContentEncryption) -> Result<K, Error>) -> Result<K, Failure> {
    let mut made = ContentEncryption::ALL.iter().map(|&enc| make(enc));
    let first = made.next().unwrap_or(Err(Error::NoMatchingKey));
    Ok(first.or_else(|reason| made.find_map(Result::ok).ok_or(reason))?)
}

/// The keys of a set for these algorithms. A secret counts only in a set of secrets: in one with public keys it is
/// published, hence no secret.
pub(crate) fn verifying_keys(set: JwkSet, algorithms: &[JwsAlgorithm]) -> Result<KeySet, Failure> {
    let published = !set.iter().all(Jwk::is_secret);
    let mut refusal = set.skipped().first().map(|key| key.reason().clone());
    let mut keys = Vec::new();
    for jwk in set.iter().filter(|jwk| !(published && jwk.is_secret())) {
        for &algorithm in algorithms {
            match VerifyingKey::from_jwk_for(algorithm, jwk) {
                Ok(key) => keys.push(key),
                Err(reason) => refusal = refusal.or(Some(reason)),
            }
        }
    }
    if keys.is_empty() {
        Err(refusal.unwrap_or(Error::NoMatchingKey).into())
    } else {
        Ok(keys.into_iter().collect())
    }
}

/// The keys of a set for these algorithms; without a list, those that the keys name, and no passwords.
pub(crate) fn decryption_keys(
    set: JwkSet,
    algorithms: Option<&[JweAlgorithm]>,
    encs: Option<&[ContentEncryption]>,
) -> Result<KeySet<DecryptionKey>, Failure> {
    let Some(algorithms) = algorithms else { return Ok(KeySet::decryption(&set)) };
    let mut refusal = set.skipped().first().map(|key| Failure::from(key.reason().clone()));
    let mut keys = Vec::new();
    for jwk in &set {
        for &algorithm in algorithms {
            let encs = match algorithm {
                JweAlgorithm::Dir => encs.unwrap_or(ContentEncryption::ALL),
                _ => &[ContentEncryption::A256Gcm],
            };
            for &enc in encs {
                match decryption_key(algorithm, Some(enc), jwk) {
                    Ok(key) => keys.push(key),
                    Err(reason) => refusal = refusal.or(Some(reason)),
                }
            }
        }
    }
    match refusal {
        Some(reason) if keys.is_empty() => Err(reason),
        _ => Ok(keys.into_iter().collect()),
    }
}

#[cfg(feature = "deflate")]
pub(crate) fn compress(builder: JweBuilder<'_>) -> Result<JweBuilder<'_>, Failure> {
    Ok(builder.compress())
}

#[cfg(not(feature = "deflate"))]
pub(crate) fn compress(_: JweBuilder<'_>) -> Result<JweBuilder<'_>, Failure> {
    Err(Error::Unsupported(Unsupported::Compression).into())
}

/// In a build that can't, a compressed token is refused as unsupported, and the others aren't.
pub(crate) fn inflate(decrypter: JweDecrypter) -> JweDecrypter {
    #[cfg(feature = "deflate")]
    return decrypter.allow_compression();
    #[cfg(not(feature = "deflate"))]
    decrypter
}
