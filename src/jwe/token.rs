//! A JWE taken apart, not yet decrypted: what its header says is the sender's word.
//!
//! Everything the sender can see is judged here or by [`OpenContentKey::accept`], each with an
//! error of its own. From the first use of a secret key on, there is one error and one cost
//! (RFC 7516 §11.5).
//!
//! [`OpenContentKey::accept`]: super::recipient::OpenContentKey::accept

use crate::error::{Defect, Error, Limit, Part, Unsupported};
use crate::external::ExternalKeyError;
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::header::{Header, decode_header};
use crate::wire::{base64url, compact};

use super::alg::JweAlgorithm;
use super::decryption_key::DecryptionKey;
use super::enc::ContentEncryption;
use super::recipient::{Accepted, ContentKey, RecipientInput, random_bytes};

/// For tokens whose reader declares no parameter of its own: none may be critical.
pub(crate) const NOTHING_UNDERSTOOD: &[&str] = &[];

/// A JWE in compact serialization, parsed once. It gives its header out, for choosing a key.
pub(crate) struct EncryptedToken<'t> {
    algorithm: JweAlgorithm,
    enc: ContentEncryption,
    header: Header<'t>,
    /// The protected header as it stands in the token: the additional authenticated data.
    protected: &'t str,
    encrypted_key: Vec<u8>,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
    limits: &'t Limits,
}

impl<'t> EncryptedToken<'t> {
    /// Parses a token. `understood` are the names that its `crit` may hold; the decoded header is kept in
    /// `buffer`.
    ///
    /// # Errors
    ///
    /// [`Error::LimitExceeded`], [`Error::Malformed`], or [`Error::Unsupported`] for an `alg`,
    /// `enc`, `zip` or `crit` that isn't known here.
    pub(crate) fn parse(
        token: &'t str,
        limits: &'t Limits,
        understood: &[impl AsRef<str>],
        buffer: &'t mut Vec<u8>,
    ) -> Result<Self, Error> {
        compact::check_size(token, limits)?;
        let parts = compact::split_jwe(token)?;
        let header = decode_header(parts.header, limits, buffer)?;
        let encrypted_key = base64url::decode(parts.encrypted_key, Part::EncryptedKey)?;
        let iv = base64url::decode(parts.initialization_vector, Part::InitializationVector)?;
        let ciphertext = base64url::decode(parts.ciphertext, Part::Ciphertext)?;
        let tag = base64url::decode(parts.authentication_tag, Part::AuthenticationTag)?;

        let header = Header::parse_jwe(header, limits, understood)?;
        let algorithm =
            JweAlgorithm::from_name(&header.alg).ok_or(Error::Unsupported(Unsupported::Algorithm))?;
        let enc = header
            .enc
            .as_deref()
            .and_then(ContentEncryption::from_name)
            .ok_or(Error::Unsupported(Unsupported::ContentEncryption))?;
        if iv.len() != enc.iv_len() {
            return Err(Error::malformed(Part::InitializationVector, Defect::Length));
        }
        if tag.len() != enc.tag_len() {
            return Err(Error::malformed(Part::AuthenticationTag, Defect::Length));
        }
        Ok(Self {
            algorithm,
            enc,
            header,
            protected: parts.header,
            encrypted_key,
            iv,
            ciphertext,
            tag,
            limits,
        })
    }

    /// Returns the header's `alg`.
    pub(crate) const fn algorithm(&self) -> JweAlgorithm {
        self.algorithm
    }

    /// Returns the header's `enc`.
    pub(crate) const fn content_encryption(&self) -> ContentEncryption {
        self.enc
    }

    /// Returns the header's `kid`.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Returns the header's `cty`.
    pub(crate) fn cty(&self) -> Option<&str> {
        self.header.cty.as_deref()
    }

    /// Decrypts with the one of the keys that fits; several are tried in turn.
    ///
    /// Keys of another algorithm or `kid` aren't candidates and don't count for the limit.
    ///
    /// # Errors
    ///
    /// [`Error::NoMatchingKey`] when no key is a candidate, [`Error::LimitExceeded`] when too many
    /// are, what the sender could see of a malformed recipient part, [`Error::NotAllowed`],
    /// [`Error::Misuse`] for an external key that must be waited for, [`Error::Unavailable`] when an
    /// external key can't be asked and no other opens the token, and [`Error::DecryptionFailed`] for
    /// everything else.
    pub(crate) fn decrypt_with_candidates<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k DecryptionKey>,
    ) -> Result<SecretBytes, Error> {
        // Whether all answer at once is known before any is asked.
        let steps: Vec<_> =
            self.candidates(keys)?.into_iter().map(Accepted::at_once).collect::<Result<_, _>>()?;
        let mut outcome = Err(Error::DecryptionFailed);
        for step in steps {
            match self.decrypt_with(step()) {
                Err(Error::DecryptionFailed) => {}
                unavailable @ Err(Error::Unavailable { .. }) => outcome = unavailable,
                decided => return decided,
            }
        }
        outcome
    }

    /// Decrypts like [`decrypt_with_candidates`](Self::decrypt_with_candidates), and waits for the keys
    /// that answer later.
    pub(crate) async fn decrypt_with_candidates_async<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k DecryptionKey>,
    ) -> Result<SecretBytes, Error> {
        let candidates = self.candidates(keys)?;
        let mut outcome = Err(Error::DecryptionFailed);
        for candidate in candidates {
            match self.decrypt_with(candidate.content_key().await) {
                Err(Error::DecryptionFailed) => {}
                unavailable @ Err(Error::Unavailable { .. }) => outcome = unavailable,
                decided => return decided,
            }
        }
        outcome
    }

    /// Judges all that needs no secret, before the first secret is used, and returns what is left to do
    /// for each key that fits.
    fn candidates<'a, 'k: 'a>(
        &'a self,
        keys: impl IntoIterator<Item = &'k DecryptionKey>,
    ) -> Result<Vec<Accepted<'a>>, Error> {
        let recipient = RecipientInput {
            enc: self.enc,
            header: &self.header,
            encrypted_key: &self.encrypted_key,
            limits: self.limits,
        };
        let mut candidates = Vec::new();
        let mut refusal = Error::NoMatchingKey;
        for key in keys.into_iter().filter(|key| key.fits(self)) {
            match key.accept(recipient) {
                Ok(_) if candidates.len() >= self.limits.candidate_keys => {
                    let max = u64::try_from(self.limits.candidate_keys).unwrap_or(u64::MAX);
                    return Err(Error::LimitExceeded { limit: Limit::CandidateKeys, max });
                }
                Ok(accepted) => candidates.push(accepted),
                Err(error) => refusal = error,
            }
        }
        if candidates.is_empty() { Err(refusal) } else { Ok(candidates) }
    }

    /// Decrypts with what one key gave for the content key.
    fn decrypt_with(
        &self,
        content_key: Result<ContentKey<'_>, ExternalKeyError>,
    ) -> Result<SecretBytes, Error> {
        // Nobody has looked at the encrypted key, so this tells nothing of it.
        if let Err(ExternalKeyError::Unavailable) = content_key {
            return Err(ExternalKeyError::UNAVAILABLE);
        }
        // RFC 7516 §11.5: "To mitigate the attacks described in RFC 3218, the recipient MUST NOT
        // distinguish between format, padding, and length errors of encrypted keys. It is strongly
        // recommended, in the event of receiving an improperly formatted key, that the recipient
        // substitute a randomly generated CEK and proceed to the next step". It is drawn always, so
        // that both ways cost the same.
        let substitute = random_bytes(self.enc.key_len())?;
        let fresh;
        let cipher = match &content_key {
            Ok(ContentKey::Shared(cipher)) => *cipher,
            content_key => {
                let key = match content_key {
                    Ok(ContentKey::Fresh(key)) if key.len() == self.enc.key_len() => key,
                    _ => &substitute,
                };
                fresh = self.enc.cipher(key).map_err(|_| Error::DecryptionFailed)?;
                &*fresh
            }
        };
        cipher
            .open(&self.iv, self.protected.as_bytes(), self.ciphertext.clone(), &self.tag)
            .map_err(|_| Error::DecryptionFailed)
    }
}
