//! `A128KW`, `A192KW`, `A256KW`: AES key wrap with a shared key (RFC 7518 §4.4, RFC 3394). A content
//! key goes in, an encrypted key comes out, and back.
//!
//! It needs no nonce, so no count bounds its messages. An encrypted key that doesn't unwrap, of
//! whatever length, is one failure, which `token` turns into a random content key.

use crate::crypto::AesKwKey;
use crate::error::{Defect, Error, Part};
use crate::jwe::alg::{JweAlgorithm, check_no_public_key, secret_of, shared_key};
use crate::jwe::external::{Unwrapper, Unwrapping};
use crate::jwe::recipient::{
    Accepted, ContentKey, Description, EncryptContentKey, Family, KeyManagement, OpenContentKey, PartyInfo,
    RecipientInput, RecipientOutput, random_bytes, rejected,
};
use crate::jwk::Jwk;
use crate::secret::SecretBytes;

/// A row's constants. The length is in bytes.
pub(super) struct AesKw {
    pub(super) key_len: usize,
}

impl AesKw {
    fn key(&self, jwk: &Jwk) -> Result<WrappingKey, Error> {
        let secret = shared_key(jwk, self.key_len)?;
        AesKwKey::new(secret.expose_secret()).map(WrappingKey).map_err(rejected)
    }
}

impl Family for AesKw {
    fn generate(&self) -> Result<Jwk, Error> {
        Jwk::from_secret(random_bytes(self.key_len)?)
    }

    fn encryption(&self, _: JweAlgorithm, jwk: &Jwk) -> Result<KeyManagement, Error> {
        Ok(KeyManagement::Encrypts(Box::new(self.key(jwk)?)))
    }

    fn decryption(&self, _: JweAlgorithm, jwk: &Jwk) -> Result<Box<dyn OpenContentKey>, Error> {
        Ok(Box::new(self.key(jwk)?))
    }

    fn description(&self) -> Description {
        Description { specification: "RFC 7518 §4.4", key: secret_of(self.key_len), features: &[] }
    }

    fn external_unwrapping(
        &self,
        unwrapper: Unwrapper,
        jwk: Option<&Jwk>,
    ) -> Result<Box<dyn OpenContentKey>, Error> {
        check_no_public_key(jwk)?;
        // RFC 3394 §2.2.1: the output has 64 bits more than the input.
        Ok(Box::new(Unwrapping::new(unwrapper, |enc| enc.key_len() + 8)))
    }
}

struct WrappingKey(AesKwKey);

impl EncryptContentKey for WrappingKey {
    fn encrypt(&self, content_key: &SecretBytes, _: &PartyInfo) -> Result<RecipientOutput, Error> {
        let encrypted_key = self.0.wrap(content_key.expose_secret()).map_err(rejected)?;
        Ok(RecipientOutput { encrypted_key, parameters: Vec::new() })
    }
}

impl OpenContentKey for WrappingKey {
    fn accept<'a>(&'a self, recipient: RecipientInput<'a>) -> Result<Accepted<'a>, Error> {
        if recipient.encrypted_key.is_empty() {
            return Err(Error::malformed(Part::EncryptedKey, Defect::Length));
        }
        Ok(Accepted::new(move || self.0.unwrap(recipient.encrypted_key).map(ContentKey::Fresh)))
    }
}
