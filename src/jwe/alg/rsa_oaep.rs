//! `RSA-OAEP`, `RSA-OAEP-256`, `-384`, `-512`: RSA encrypts the content key (RFC 7518 §4.3). A content
//! key goes in, an encrypted key as long as the modulus comes out, and back.
//!
//! Whether the padding was right is never told: the failure ends as a random content key and a tag that
//! doesn't fit (RFC 7516 §11.5). A build without RSA-OAEP says so when the key is made.

use crate::crypto::{HAS_RSA_OAEP, OaepHash, RsaOaepPrivateKey, RsaOaepPublicKey};
use crate::error::{Defect, Error, KeyDefect, Part, Unsupported};
use crate::jwe::alg::JweAlgorithm;
use crate::jwe::external::{Unwrapper, Unwrapping};
use crate::jwe::recipient::{
    Accepted, ContentKey, Description, EncryptContentKey, Family, KeyManagement, OpenContentKey, PartyInfo,
    RecipientInput, RecipientOutput, rejected,
};
use crate::jwk::{Jwk, KeyKind, KeyMaterial};
use crate::secret::SecretBytes;

/// A row's constants.
pub(super) struct RsaOaep {
    pub(super) hash: OaepHash,
}

/// Says which features bring RSA-OAEP, where none of them is on.
fn check_available() -> Result<(), Error> {
    if HAS_RSA_OAEP {
        Ok(())
    } else {
        Err(Error::Unsupported(Unsupported::Feature(
            "expected the feature `aws-lc-rs` or `rsa`, which RSA-OAEP needs, found neither",
        )))
    }
}

const RSA: &str = "an RSA key";

impl Family for RsaOaep {
    fn generate(&self) -> Result<Jwk, Error> {
        check_available()?;
        Jwk::generate(KeyKind::Rsa { bits: 2048 })
    }

    fn encryption(&self, _: JweAlgorithm, jwk: &Jwk) -> Result<KeyManagement, Error> {
        let KeyMaterial::Rsa(rsa) = jwk.material() else { return Err(jwk.material().mismatch(RSA)) };
        check_available()?;
        let key = RsaOaepPublicKey::new(self.hash, &rsa.n, &rsa.e).map_err(rejected)?;
        Ok(KeyManagement::Encrypts(Box::new(PublicKey(key))))
    }

    fn decryption(&self, _: JweAlgorithm, jwk: &Jwk) -> Result<Box<dyn OpenContentKey>, Error> {
        let KeyMaterial::Rsa(rsa) = jwk.material() else { return Err(jwk.material().mismatch(RSA)) };
        let components = rsa.private.as_ref().ok_or(Error::InvalidKey(KeyDefect::NotPrivate))?;
        check_available()?;
        let key = RsaOaepPrivateKey::new(self.hash, components).map_err(rejected)?;
        Ok(Box::new(PrivateKey(key)))
    }

    fn description(&self) -> Description {
        Description {
            specification: match self.hash {
                OaepHash::Sha1 | OaepHash::Sha256 => "RFC 7518 §4.3",
                // IANA's registry has these two from there.
                OaepHash::Sha384 | OaepHash::Sha512 => "W3C WebCryptoAPI",
            },
            key: "an RSA key of 2048 to 8192 bits; to decrypt, of 2048, 3072 or 4096",
            features: &["aws-lc-rs", "rsa"],
        }
    }

    fn external_unwrapping(
        &self,
        unwrapper: Unwrapper,
        jwk: Option<&Jwk>,
    ) -> Result<Box<dyn OpenContentKey>, Error> {
        let jwk = jwk.ok_or_else(|| {
            Error::misuse("expected the public key of an external RSA key to be stated, found none")
        })?;
        let KeyMaterial::Rsa(rsa) = jwk.material() else { return Err(jwk.material().mismatch(RSA)) };
        // RFC 8017 §7.1.2: a ciphertext is as long as the modulus.
        let modulus_len = rsa.n.len();
        Ok(Box::new(Unwrapping::new(unwrapper, move |_| modulus_len)))
    }
}

struct PublicKey(RsaOaepPublicKey);

impl EncryptContentKey for PublicKey {
    fn encrypt(&self, content_key: &SecretBytes, _: &PartyInfo) -> Result<RecipientOutput, Error> {
        let encrypted_key = self.0.encrypt(content_key.expose_secret()).map_err(rejected)?;
        Ok(RecipientOutput { encrypted_key, parameters: Vec::new() })
    }
}

struct PrivateKey(RsaOaepPrivateKey);

impl OpenContentKey for PrivateKey {
    fn accept<'a>(&'a self, recipient: RecipientInput<'a>) -> Result<Accepted<'a>, Error> {
        if recipient.encrypted_key.is_empty() {
            return Err(Error::malformed(Part::EncryptedKey, Defect::Length));
        }
        Ok(Accepted::new(move || self.0.decrypt(recipient.encrypted_key).map(ContentKey::Fresh)))
    }
}
