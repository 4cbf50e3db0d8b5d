//! What comes out of a decryption: the plaintext, and what is known of the message beside it.
//!
//! What may be believed is told from what may not: parameters come from the protected header, which the tag
//! covers, and algorithm and `kid` are those of the key that opened the message (RFC 7516 §5.2, §7.2.1).

use std::fmt;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::secret::SecretBytes;
use crate::wire::header::{HeaderText, member, parameter};
use crate::wire::json::Value;

use super::alg::JweAlgorithm;
use super::enc::ContentEncryption;
use super::message::Opened;
use super::recipient::PartyInfo;

/// A decrypted token: its plaintext, and what was authenticated with it.
///
/// It comes from [`JweDecrypter`](super::JweDecrypter) and from nowhere else. It doesn't tell who made the
/// token: anyone who has the public key can, and with several recipients each of those. Nor does it tell that
/// other recipients see the same plaintext: a sender can make a token that differs by the key.
pub struct DecryptedJwe {
    plaintext: SecretBytes,
    header: HeaderParts,
    aad: Vec<u8>,
    recipient: usize,
    algorithm: JweAlgorithm,
    enc: ContentEncryption,
    key_id: Option<String>,
    token_type: Option<String>,
    content_type: Option<String>,
    parties: PartyInfo,
}

/// The texts of a header's parts, for the recipient that the key is.
struct HeaderParts {
    protected: Option<String>,
    /// The shared part and the recipient's own.
    unprotected: [Option<String>; 2],
}

impl DecryptedJwe {
    /// Takes what a key opened, and what the tag covers beside it.
    pub(super) fn new(opened: Opened<'_, '_, '_>, enc: ContentEncryption, aad: &[u8]) -> Result<Self, Error> {
        let Opened { plaintext, recipient, key } = opened;
        let HeaderText { protected, shared, unprotected } = recipient.text;
        let algorithm = key.algorithm();
        let parties =
            if algorithm.agrees() { PartyInfo::read(&recipient.header)? } else { PartyInfo::none() };
        // Whoever reads a type takes it for the sender's word, so an unprotected one is none.
        let text = |name| member(protected?, name).and_then(Value::as_str).map(String::from);
        Ok(Self {
            plaintext,
            aad: aad.to_vec(),
            recipient: recipient.index,
            algorithm,
            enc,
            key_id: key.key_id().map(str::to_owned),
            token_type: text("typ"),
            content_type: text("cty"),
            parties,
            header: HeaderParts {
                protected: protected.map(str::to_owned),
                unprotected: [shared, unprotected].map(|part| part.map(str::to_owned)),
            },
        })
    }

    /// Returns the plaintext.
    #[must_use]
    pub const fn plaintext(&self) -> &SecretBytes {
        &self.plaintext
    }

    /// Gives the plaintext out.
    #[must_use]
    pub fn into_plaintext(self) -> SecretBytes {
        self.plaintext
    }

    /// Returns the additional authenticated data, which everyone could read and no one could change.
    #[must_use]
    pub fn additional_authenticated_data(&self) -> Option<&[u8]> {
        (!self.aad.is_empty()).then_some(&*self.aad)
    }

    /// Returns which of the token's recipients the key is, from 0; always 0 in a compact or flattened one.
    #[must_use]
    pub const fn recipient(&self) -> usize {
        self.recipient
    }

    /// Returns the ID of the key that opened the token, if that key has one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns the algorithm of the key that opened the token.
    #[must_use]
    pub const fn algorithm(&self) -> JweAlgorithm {
        self.algorithm
    }

    /// Returns what had encrypted the content.
    #[must_use]
    pub const fn content_encryption(&self) -> ContentEncryption {
        self.enc
    }

    /// Returns the protected header's `typ`, if there is one; an unprotected one, which anyone could have put
    /// there, isn't given out. Its form is the sender's; compare it without regard to case.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// Returns the protected header's `cty`, the media type of the plaintext, as
    /// [`token_type`](Self::token_type) does.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns `apu` and `apv`, about the sender and about the recipient, which were mixed into the key; empty
    /// where there was none, and for algorithms without a key agreement.
    #[must_use]
    pub fn agreement_info(&self) -> (&[u8], &[u8]) {
        (&self.parties.apu, &self.parties.apv)
    }

    /// Returns a parameter of the protected header, `None` if it isn't there.
    ///
    /// ```
    /// use countersign::jwe::{DecryptionKey, JweAlgorithm, JweBuilder, JweDecrypter};
    ///
    /// let key = DecryptionKey::generate(JweAlgorithm::A256Kw)?;
    /// let token = JweBuilder::new(&key.encryption_key()?).critical_parameter("tenant", &4).encrypt(b"")?;
    ///
    /// let decrypter = JweDecrypter::new([&key]).understood_critical(["tenant"]);
    /// assert_eq!(decrypter.decrypt(&token)?.parameter::<u32>("tenant")?, Some(4));
    /// # Ok::<(), countersign::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if its value doesn't fit the type.
    pub fn parameter<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        parameter(self.header.protected.as_deref(), name)
    }

    /// Returns a parameter of the unprotected headers, the shared one and this recipient's, `None` if it isn't
    /// there. The tag doesn't cover it: anyone on the way may have put it there.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if its value doesn't fit the type.
    pub fn unprotected_parameter<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        parameter(self.header.unprotected.iter().flatten().map(String::as_str), name)
    }
}

/// Shows the key and the plaintext's length, nothing of what the sender wrote.
impl fmt::Debug for DecryptedJwe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptedJwe")
            .field("algorithm", &self.algorithm)
            .field("content_encryption", &self.enc)
            .field("key_id", &self.key_id)
            .field("recipient", &self.recipient)
            .field("plaintext", &self.plaintext)
            .finish_non_exhaustive()
    }
}
