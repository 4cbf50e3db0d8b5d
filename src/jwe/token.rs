//! A JWE in either serialization, read but not decrypted: text goes in, a message and its recipients come
//! out (RFC 7516 §5.2, §7). What the header says is the sender's word.
//!
//! A compact one has one recipient, and gives its header out for choosing a key. In JSON every recipient's
//! header must be in order; one whose algorithm isn't known here is passed over, as it is someone else's.

use std::borrow::Cow;

use crate::error::{Defect, Error, Part, Unsupported};
use crate::secret::SecretBytes;
use crate::wire::header::{Header, HeaderRules, HeaderText, decode_header};
use crate::wire::jwe_json::JsonJwe;
use crate::wire::jws_json::{empty_header, is_empty_object};
use crate::wire::{base64url, compact};

use super::alg::JweAlgorithm;
use super::decryption_key::DecryptionKey;
use super::enc::ContentEncryption;
use super::known_headers::{KnownHeader, KnownHeaders};
use super::message::{Message, Opened, Recipient};

/// A JWE in compact serialization, parsed once. It gives its header out, for choosing a key.
pub(crate) struct EncryptedToken<'t> {
    message: Message<'t>,
    recipient: Recipient<'t>,
    /// Where its header is kept, once a key opened it.
    known: Option<&'t KnownHeaders>,
}

impl<'t> EncryptedToken<'t> {
    /// Parses a token; the decoded header is kept in `buffer`.
    ///
    /// # Errors
    ///
    /// [`Error::LimitExceeded`], [`Error::Malformed`], or [`Error::Unsupported`] for an `alg`,
    /// `enc`, `zip` or `crit` that isn't known here.
    pub(crate) fn parse(
        token: &'t str,
        rules: &HeaderRules<'t>,
        buffer: &'t mut Vec<u8>,
    ) -> Result<Self, Error> {
        Self::parse_with(token, rules, buffer, None)
    }

    /// Parses a token like [`parse`](Self::parse), but a header that is known isn't read again.
    pub(crate) fn parse_known(
        token: &'t str,
        rules: &HeaderRules<'t>,
        buffer: &'t mut Vec<u8>,
        known: &'t KnownHeaders,
    ) -> Result<Self, Error> {
        // Who asked for nothing reads each text as all such do.
        let is_plain = rules.understood.is_empty() && !rules.compression;
        Self::parse_with(token, rules, buffer, is_plain.then_some(known))
    }

    fn parse_with(
        token: &'t str,
        rules: &HeaderRules<'t>,
        buffer: &'t mut Vec<u8>,
        known: Option<&'t KnownHeaders>,
    ) -> Result<Self, Error> {
        compact::check_size(token, rules.limits)?;
        let parts = compact::split_jwe(token)?;
        let found = known.and_then(|known| known.find(parts.header, rules.limits));
        let text = match found {
            Some(found) => found.text(),
            None => HeaderText::protected(decode_header(parts.header, rules.limits, buffer)?),
        };
        let encrypted_key = base64url::decode_short(parts.encrypted_key, Part::EncryptedKey)?;
        let iv = base64url::decode_short(parts.initialization_vector, Part::InitializationVector)?;
        let ciphertext = base64url::decode(parts.ciphertext, Part::Ciphertext)?;
        let tag = base64url::decode_short(parts.authentication_tag, Part::AuthenticationTag)?;

        let (header, algorithm, enc) = if let Some(found) = found {
            (found.header(), found.algorithm, found.enc)
        } else {
            let header = Header::read_jwe(text, rules)?;
            let algorithm =
                JweAlgorithm::from_name(&header.alg).ok_or(Error::Unsupported(Unsupported::Algorithm))?;
            let enc = content_encryption(&header)?;
            (header, algorithm, enc)
        };
        let aad = Cow::Borrowed(parts.header);
        Ok(Self {
            message: Message::new(enc, aad, iv, ciphertext, tag, rules.limits)?,
            recipient: Recipient { index: 0, algorithm, header, text, encrypted_key },
            known: if found.is_some() { None } else { known },
        })
    }

    /// Returns the header's `alg`.
    pub(crate) const fn algorithm(&self) -> JweAlgorithm {
        self.recipient.algorithm
    }

    /// Returns the header's `enc`.
    pub(crate) const fn content_encryption(&self) -> ContentEncryption {
        self.message.content_encryption()
    }

    /// Returns the header's `kid`.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.recipient.key_id()
    }

    /// Returns the header's `cty`.
    pub(crate) fn cty(&self) -> Option<&str> {
        self.recipient.header.cty.as_deref()
    }

    /// Decrypts with the one of the keys that fits, as [`Message::open`] does.
    pub(crate) fn decrypt_with_candidates<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k DecryptionKey, IntoIter: Clone>,
    ) -> Result<SecretBytes, Error> {
        let plaintext = self.open(keys)?.plaintext;
        self.keep_header();
        Ok(plaintext)
    }

    /// Decrypts like [`decrypt_with_candidates`](Self::decrypt_with_candidates), and waits for keys that
    /// answer later.
    pub(crate) async fn decrypt_with_candidates_async<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k DecryptionKey, IntoIter: Clone>,
    ) -> Result<SecretBytes, Error> {
        let plaintext = self.open_async(keys).await?.plaintext;
        self.keep_header();
        Ok(plaintext)
    }

    /// Keeps the header, which a key has authenticated, unless it is known.
    fn keep_header(&self) {
        let Some(known) = self.known else { return };
        let (encoded, limits) = (self.message.covered(), self.message.limits());
        known.keep(encoded, limits, || {
            let Recipient { algorithm, header, text, .. } = &self.recipient;
            KnownHeader::new(encoded, limits, text.protected?, *algorithm, self.content_encryption(), header)
        });
    }

    /// Finds out whether one of the keys would be asked, as decrypting does first, and asks none.
    #[cfg(feature = "remote-keys")]
    pub(crate) fn check_candidates<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k DecryptionKey, IntoIter: Clone>,
    ) -> Result<(), Error> {
        self.message.candidates(std::slice::from_ref(&self.recipient), keys).map(drop)
    }

    pub(super) async fn open_async<'r, 'k: 'r>(
        &'r self,
        keys: impl IntoIterator<Item = &'k DecryptionKey, IntoIter: Clone>,
    ) -> Result<Opened<'r, 't, 'k>, Error> {
        self.message.open_async(std::slice::from_ref(&self.recipient), keys).await
    }

    pub(super) fn open<'r, 'k: 'r>(
        &'r self,
        keys: impl IntoIterator<Item = &'k DecryptionKey, IntoIter: Clone>,
    ) -> Result<Opened<'r, 't, 'k>, Error> {
        self.message.open(std::slice::from_ref(&self.recipient), keys)
    }
}

/// A JWE in JSON serialization, general or flattened, parsed once.
pub(super) struct EncryptedJson<'t> {
    message: Message<'t>,
    /// Those whose algorithm is known here: at least one.
    recipients: Vec<Recipient<'t>>,
    aad: Vec<u8>,
}

impl<'t> EncryptedJson<'t> {
    /// Parses a token; the decoded protected header is kept in `buffer`, which is empty if there is none.
    ///
    /// # Errors
    ///
    /// As [`EncryptedToken::parse`]; [`Unsupported::Algorithm`] only when no recipient's `alg` is known here.
    pub(super) fn parse(
        json: &'t str,
        rules: &HeaderRules<'t>,
        buffer: &'t mut Vec<u8>,
    ) -> Result<Self, Error> {
        let JsonJwe {
            protected: encoded,
            shared,
            recipients: members,
            aad: encoded_aad,
            initialization_vector,
            ciphertext,
            authentication_tag,
        } = JsonJwe::parse(json, rules.limits)?;
        buffer.clear();
        let protected = match &*encoded {
            "" => None,
            encoded => Some(decode_header(encoded, rules.limits, buffer)?),
        };
        let aad = base64url::decode(&encoded_aad, Part::AdditionalAuthenticatedData)?;
        let iv = base64url::decode_short(&initialization_vector, Part::InitializationVector)?;
        let ciphertext = base64url::decode(&ciphertext, Part::Ciphertext)?;
        let tag = base64url::decode_short(&authentication_tag, Part::AuthenticationTag)?;

        let mut headers = Vec::with_capacity(members.len());
        for member in &members {
            let encrypted_key = base64url::decode_short(&member.encrypted_key, Part::EncryptedKey)?;
            let text = HeaderText { protected, shared, unprotected: member.header };
            headers.push((Header::read_jwe(text, rules)?, text, encrypted_key));
        }
        if protected.is_some_and(is_empty_object) {
            return Err(empty_header("protected"));
        }
        let enc = common_content_encryption(headers.iter().map(|(header, _, _)| header))?;

        let is_alone = headers.len() == 1;
        let mut recipients = Vec::with_capacity(headers.len());
        for (index, (header, text, encrypted_key)) in headers.into_iter().enumerate() {
            // Another recipient may well have an algorithm that isn't known here.
            let Some(algorithm) = JweAlgorithm::from_name(&header.alg) else { continue };
            // The content key of one recipient can't be agreed on with, or known to, the others.
            if algorithm.determines_content_key() && !is_alone {
                return Err(Error::malformed(
                    Part::Token,
                    Defect::MemberType {
                        name: "recipients",
                        expected: "one recipient where the algorithm determines the content key",
                    },
                ));
            }
            recipients.push(Recipient { index, algorithm, header, text, encrypted_key });
        }
        if recipients.is_empty() {
            return Err(Error::Unsupported(Unsupported::Algorithm));
        }
        // RFC 7516 §5.1: "if a JWE AAD value is present […], instead let the Additional Authenticated Data
        // encryption parameter be ASCII(Encoded Protected Header || '.' || BASE64URL(JWE AAD))."
        let covered = match &*encoded_aad {
            "" => encoded,
            encoded_aad => Cow::Owned(format!("{encoded}.{encoded_aad}")),
        };
        let message = Message::new(enc, covered, iv, ciphertext, tag, rules.limits)?;
        Ok(Self { message, recipients, aad })
    }

    /// Returns the content encryption, the same for all recipients.
    pub(super) const fn content_encryption(&self) -> ContentEncryption {
        self.message.content_encryption()
    }

    /// Returns the algorithms of the recipients.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = JweAlgorithm> {
        self.recipients.iter().map(|recipient| recipient.algorithm)
    }

    /// Returns the additional authenticated data, which may be empty.
    pub(super) fn additional_authenticated_data(&self) -> &[u8] {
        &self.aad
    }

    pub(super) fn open<'r, 'k: 'r>(
        &'r self,
        keys: impl IntoIterator<Item = &'k DecryptionKey, IntoIter: Clone>,
    ) -> Result<Opened<'r, 't, 'k>, Error> {
        self.message.open(&self.recipients, keys)
    }

    pub(super) async fn open_async<'r, 'k: 'r>(
        &'r self,
        keys: impl IntoIterator<Item = &'k DecryptionKey, IntoIter: Clone>,
    ) -> Result<Opened<'r, 't, 'k>, Error> {
        self.message.open_async(&self.recipients, keys).await
    }
}

fn content_encryption(header: &Header<'_>) -> Result<ContentEncryption, Error> {
    header
        .enc
        .as_deref()
        .and_then(ContentEncryption::from_name)
        .ok_or(Error::Unsupported(Unsupported::ContentEncryption))
}

/// Returns the content encryption that all recipients' headers name. RFC 7516 §7.2.1: "all Header Parameters
/// that specify the treatment of the plaintext value MUST be the same for all recipients."
fn common_content_encryption<'h, 't: 'h>(
    mut headers: impl Iterator<Item = &'h Header<'t>>,
) -> Result<ContentEncryption, Error> {
    let missing = Error::malformed(Part::Header, Defect::MissingMember("enc"));
    let first = headers.next().ok_or(missing)?;
    if headers.any(|header| header.enc != first.enc) {
        let defect = Defect::MemberType { name: "enc", expected: "the same for all recipients" };
        return Err(Error::malformed(Part::Header, defect));
    }
    content_encryption(first)
}
