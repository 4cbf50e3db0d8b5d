//! `A128GCMKW`, `A192GCMKW`, `A256GCMKW`: AES-GCM with a shared key encrypts the content key (RFC 7518
//! §4.7). A content key goes in, an encrypted key and the header parameters `iv` and `tag` come out,
//! and back.
//!
//! Initialization vector and tag must have their one length, before the key is used: a shorter tag
//! could be guessed. Random vectors bound the number of messages (RFC 7518 §8.4).

use zeroize::Zeroizing;

use crate::crypto::AesGcmKey;
use crate::error::{Defect, Error, Part};
use crate::jwe::alg::{JweAlgorithm, check_no_public_key, secret_of, shared_key};
use crate::jwe::external::Unwrapper;
use crate::jwe::message_budget::MessageBudget;
use crate::jwe::recipient::{
    Accepted, ContentKey, Description, EncryptContentKey, Family, KeyManagement, OpenContentKey, Parameter,
    PartyInfo, RecipientInput, RecipientOutput, fill_random, random_bytes, rejected,
};
use crate::jwk::Jwk;
use crate::secret::SecretBytes;
use crate::wire::base64url;

/// A row's constants. The length is in bytes.
pub(super) struct AesGcmKw {
    pub(super) key_len: usize,
}

impl AesGcmKw {
    fn key(&self, jwk: &Jwk) -> Result<WrappingKey, Error> {
        let secret = shared_key(jwk, self.key_len)?;
        let key = AesGcmKey::new(secret.expose_secret()).map_err(rejected)?;
        Ok(WrappingKey { key, budget: MessageBudget::default() })
    }
}

impl Family for AesGcmKw {
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
        Description { specification: "RFC 7518 §4.7", key: secret_of(self.key_len), features: &[] }
    }

    fn external_unwrapping(
        &self,
        unwrapper: Unwrapper,
        jwk: Option<&Jwk>,
    ) -> Result<Box<dyn OpenContentKey>, Error> {
        check_no_public_key(jwk)?;
        Ok(Box::new(External(unwrapper)))
    }
}

struct WrappingKey {
    key: AesGcmKey,
    budget: MessageBudget,
}

impl EncryptContentKey for WrappingKey {
    fn encrypt(&self, content_key: &SecretBytes, _: &PartyInfo) -> Result<RecipientOutput, Error> {
        let mut iv = [0; 12];
        fill_random(&mut iv)?;
        // Secret until it is encrypted: should that fail, it is wiped.
        let mut wrapped = Zeroizing::new(content_key.expose_secret().to_vec());
        let tag = self.key.seal_in_place(&iv, &[], &mut wrapped).map_err(rejected)?;
        Ok(RecipientOutput {
            encrypted_key: std::mem::take(&mut *wrapped),
            parameters: vec![
                Parameter::Text("iv", base64url::encode(&iv)),
                Parameter::Text("tag", base64url::encode(&tag)),
            ],
        })
    }

    fn message_budget(&self) -> Option<&MessageBudget> {
        Some(&self.budget)
    }
}

impl OpenContentKey for WrappingKey {
    fn accept<'a>(&'a self, recipient: RecipientInput<'a>) -> Result<Accepted<'a>, Error> {
        let (iv, tag) = parameters(&recipient)?;
        let encrypted_key = recipient.encrypted_key;
        Ok(Accepted::new(move || {
            let mut content_key = Zeroizing::new(encrypted_key.to_vec());
            self.key.open_in_place(&iv, &[], &mut content_key, &tag)?;
            Ok(ContentKey::Fresh(SecretBytes::from_zeroizing(content_key)))
        }))
    }
}

/// A key that unwraps outside the process.
struct External(Unwrapper);

impl OpenContentKey for External {
    fn accept<'a>(&'a self, recipient: RecipientInput<'a>) -> Result<Accepted<'a>, Error> {
        let gcm = parameters(&recipient)?;
        Ok(self.0.accept(recipient.encrypted_key, Some(gcm), recipient.enc.key_len()))
    }
}

/// Returns `iv` and `tag` of a message whose encrypted key is there.
fn parameters(recipient: &RecipientInput<'_>) -> Result<([u8; 12], [u8; 16]), Error> {
    if recipient.encrypted_key.is_empty() {
        return Err(Error::malformed(Part::EncryptedKey, Defect::Length));
    }
    // RFC 7518 §4.7.1.1, §4.7.1.2: 96 bits and 128 bits, no others.
    let iv = octets(recipient.header.iv.as_deref(), "iv", "96 bits in base64url")?;
    let tag = octets(recipient.header.tag.as_deref(), "tag", "128 bits in base64url")?;
    Ok((iv, tag))
}

/// Returns a header parameter's octets, which must be there and exactly so many.
fn octets<const N: usize>(
    text: Option<&str>,
    name: &'static str,
    expected: &'static str,
) -> Result<[u8; N], Error> {
    let text = text.ok_or(Error::malformed(Part::Header, Defect::MissingMember(name)))?;
    base64url::decode(text, Part::Header)?
        .try_into()
        .map_err(|_| Error::malformed(Part::Header, Defect::MemberType { name, expected }))
}
