//! `dir`: a shared key is the content encryption key itself (RFC 7518 §4.5). Nothing of it goes into
//! the token, so the encrypted key must be empty.
//!
//! A key is for one content encryption, whose cipher is set up once. 256 bits fit two of them, so such
//! a JWK has to say which in `alg`. With AES-GCM the key encrypts every message, and their number is
//! bounded (RFC 7518 §8.4).

use crate::crypto::CryptoError;
use crate::error::{Defect, Error, KeyDefect, Part};
use crate::jwe::alg::{JweAlgorithm, SECRET, shared_key};
use crate::jwe::enc::{ContentCipher, ContentEncryption};
use crate::jwe::message_budget::MessageBudget;
use crate::jwe::recipient::{
    Accepted, ContentKey, Description, DetermineContentKey, Family, KeyManagement, OpenContentKey, PartyInfo,
    RecipientInput, RecipientOutput, random_bytes, rejected,
};
use crate::jwk::{Jwk, KeyMaterial};

/// The family's one row.
pub(super) struct Direct;

impl Family for Direct {
    fn generate(&self) -> Result<Jwk, Error> {
        let enc = ContentEncryption::default();
        Ok(Jwk::from_secret(random_bytes(enc.key_len())?)?.with_algorithm(enc.name()))
    }

    fn encryption(&self, _: JweAlgorithm, jwk: &Jwk) -> Result<KeyManagement, Error> {
        Ok(KeyManagement::Determines(Box::new(SharedKey::new(jwk)?)))
    }

    fn decryption(&self, _: JweAlgorithm, jwk: &Jwk) -> Result<Box<dyn OpenContentKey>, Error> {
        Ok(Box::new(SharedKey::new(jwk)?))
    }

    fn description(&self) -> Description {
        let key = "a secret as long as the content encryption's key";
        Description { specification: "RFC 7518 §4.5", key, features: &[] }
    }

    fn determines_content_key(&self) -> bool {
        true
    }
}

/// A shared key for one content encryption, its cipher set up once.
struct SharedKey {
    enc: ContentEncryption,
    cipher: Box<dyn ContentCipher>,
    budget: MessageBudget,
}

impl SharedKey {
    fn new(jwk: &Jwk) -> Result<Self, Error> {
        let enc = content_encryption(jwk)?;
        let cipher = enc.cipher(shared_key(jwk, enc.key_len())?.expose_secret()).map_err(rejected)?;
        Ok(Self { enc, cipher, budget: MessageBudget::default() })
    }
}

impl DetermineContentKey for SharedKey {
    fn determine(
        &self,
        enc: ContentEncryption,
        _: &PartyInfo,
    ) -> Result<(ContentKey<'_>, RecipientOutput), Error> {
        if enc != self.enc {
            return Err(Error::InvalidKey(KeyDefect::Algorithm));
        }
        Ok((ContentKey::Shared(&*self.cipher), RecipientOutput::default()))
    }

    fn content_encryption(&self) -> Option<ContentEncryption> {
        Some(self.enc)
    }

    fn message_budget(&self) -> Option<&MessageBudget> {
        self.enc.counts_messages().then_some(&self.budget)
    }
}

impl OpenContentKey for SharedKey {
    fn accept<'a>(&'a self, recipient: RecipientInput<'a>) -> Result<Accepted<'a>, Error> {
        // RFC 7518 §4.5: "An empty octet sequence is used as the JWE Encrypted Key value."
        if !recipient.encrypted_key.is_empty() {
            return Err(Error::malformed(Part::EncryptedKey, Defect::Length));
        }
        // Another `enc` than the key's would tell the key's length by an error of its own.
        let fits = recipient.enc == self.enc;
        Ok(Accepted::new(move || if fits { Ok(ContentKey::Shared(&*self.cipher)) } else { Err(CryptoError) }))
    }

    fn content_encryption(&self) -> Option<ContentEncryption> {
        Some(self.enc)
    }
}

/// Returns the content encryption that a JWK is for: what its `alg` names, or else the only one
/// with keys of its length. 256 bits fit two, so such a key has to say which.
fn content_encryption(jwk: &Jwk) -> Result<ContentEncryption, Error> {
    if let Some(enc) = jwk.algorithm().and_then(ContentEncryption::from_name) {
        return Ok(enc);
    }
    let KeyMaterial::Oct(secret) = jwk.material() else { return Err(jwk.material().mismatch(SECRET)) };
    let mut fitting = ContentEncryption::ALL.iter().filter(|enc| enc.key_len() == secret.len());
    match (fitting.next(), fitting.next()) {
        (Some(&enc), None) => Ok(enc),
        (Some(_), Some(_)) => Err(Error::InvalidKey(KeyDefect::AlgorithmUnknown)),
        (None, _) => Err(Error::InvalidKey(KeyDefect::Size("128, 192, 256, 384 or 512 bits"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;

    fn key(len: usize) -> Jwk {
        Jwk::from_secret(SecretBytes::from(vec![1; len])).unwrap()
    }

    #[test]
    fn the_content_encryption_is_named_or_the_only_one() {
        let of = |jwk: Jwk| content_encryption(&jwk);
        assert_eq!(of(key(16)), Ok(ContentEncryption::A128Gcm));
        assert_eq!(of(key(24).with_algorithm("dir")), Ok(ContentEncryption::A192Gcm));
        assert_eq!(of(key(48)), Ok(ContentEncryption::A192CbcHs384));
        assert_eq!(of(key(64)), Ok(ContentEncryption::A256CbcHs512));
        assert_eq!(of(key(32)), Err(Error::InvalidKey(KeyDefect::AlgorithmUnknown)));
        assert_eq!(of(key(32).with_algorithm("A128CBC-HS256")), Ok(ContentEncryption::A128CbcHs256));
        assert!(of(key(20)).is_err());
        // The name wins, and then the length must fit it.
        assert!(SharedKey::new(&key(16).with_algorithm("A256GCM")).is_err());
    }
}
