//! A JWE taken apart, whatever its serialization: the parts that all recipients share and what it says to
//! each go in, with keys; the plaintext comes out (RFC 7516 §5.2).
//!
//! Everything the sender can see is judged here or by [`OpenContentKey::accept`], each with an error of its
//! own. From the first use of a secret key on, there is one error and one cost (RFC 7516 §11.5).
//!
//! [`OpenContentKey::accept`]: super::recipient::OpenContentKey::accept

use std::borrow::Cow;

use crate::error::{Defect, Error, Limit, Part};
use crate::external::ExternalKeyError;
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::base64url::Decoded;
use crate::wire::header::{Header, HeaderText};
use crate::wire::over_limit;

use super::alg::JweAlgorithm;
use super::decryption_key::DecryptionKey;
use super::enc::{ContentCipher, ContentEncryption};
use super::recipient::{Accepted, ContentKey, RecipientInput, too_many_iterations};
#[cfg(feature = "deflate")]
use super::zip;

/// What all recipients of a message share.
pub(super) struct Message<'t> {
    enc: ContentEncryption,
    aad: Cow<'t, str>,
    iv: ShortIv,
    ciphertext: Vec<u8>,
    tag: ShortTag,
    limits: &'t Limits,
}

/// An initialization vector as it came, on the stack if it has a length that there is.
pub(super) type ShortIv = Decoded<16>;
/// An authentication tag, the same.
pub(super) type ShortTag = Decoded<32>;
/// An encrypted key, the same if it is wrapped by AES.
pub(super) type ShortKey = Decoded<72>;

/// What a message says to one recipient.
pub(super) struct Recipient<'t> {
    /// The place among the message's recipients, from 0.
    pub(super) index: usize,
    pub(super) algorithm: JweAlgorithm,
    pub(super) header: Header<'t>,
    /// What the header was read from.
    pub(super) text: HeaderText<'t>,
    pub(super) encrypted_key: ShortKey,
}

impl Recipient<'_> {
    pub(super) fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }
}

/// A message that a key opened.
pub(super) struct Opened<'r, 't, 'k> {
    pub(super) plaintext: SecretBytes,
    pub(super) recipient: &'r Recipient<'t>,
    pub(super) key: &'k DecryptionKey,
}

/// A recipient and a key that may be its own, judged with no secret at work.
pub(super) struct Candidate<'r, 't, 'k> {
    accepted: Accepted<'r>,
    recipient: &'r Recipient<'t>,
    key: &'k DecryptionKey,
}

impl<'t> Message<'t> {
    /// Takes the parts together. `aad` is the text that the tag covers beside the ciphertext.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when initialization vector or tag haven't the length that `enc` gives them.
    pub(super) fn new(
        enc: ContentEncryption,
        aad: Cow<'t, str>,
        iv: ShortIv,
        ciphertext: Vec<u8>,
        tag: ShortTag,
        limits: &'t Limits,
    ) -> Result<Self, Error> {
        if iv.as_ref().len() != enc.iv_len() {
            return Err(Error::malformed(Part::InitializationVector, Defect::Length));
        }
        if tag.as_ref().len() != enc.tag_len() {
            return Err(Error::malformed(Part::AuthenticationTag, Defect::Length));
        }
        Ok(Self { enc, aad, iv, ciphertext, tag, limits })
    }

    /// Returns the text that the tag covers beside the ciphertext.
    pub(super) fn covered(&self) -> &str {
        &self.aad
    }

    /// Returns the limits that the message was read under.
    pub(super) const fn limits(&self) -> &'t Limits {
        self.limits
    }

    /// Returns the content encryption.
    pub(super) const fn content_encryption(&self) -> ContentEncryption {
        self.enc
    }

    /// Decrypts for the first of the recipients that one of the keys opens; several keys are tried in turn.
    ///
    /// Keys of another algorithm or `kid` aren't candidates and don't count for the limit, which is on all
    /// recipients and keys together.
    ///
    /// # Errors
    ///
    /// [`Error::NoMatchingKey`] when no key is a candidate, [`Error::LimitExceeded`] when too many
    /// are, what the sender could see of a malformed recipient part, [`Error::NotAllowed`],
    /// [`Error::Misuse`] for an external key that must be waited for, [`Error::Unavailable`] when an
    /// external key can't be asked and no other opens the token, and [`Error::DecryptionFailed`] for
    /// everything else.
    pub(super) fn open<'r, 'k: 'r>(
        &'r self,
        recipients: &'r [Recipient<'t>],
        keys: impl IntoIterator<Item = &'k DecryptionKey, IntoIter: Clone>,
    ) -> Result<Opened<'r, 't, 'k>, Error> {
        // All is judged that needs no secret, before the first secret is used; and whether all keys answer at
        // once, before the first is asked.
        let at_once = |Candidate { accepted, recipient, key }| Ok((accepted.at_once()?, recipient, key));
        let candidates: Vec<_> =
            self.candidates(recipients, keys)?.into_iter().map(at_once).collect::<Result<_, Error>>()?;
        let mut failure = Error::DecryptionFailed;
        for (step, recipient, key) in candidates {
            match self.decrypt_with(step(), key) {
                Ok(plaintext) => return self.opened(plaintext, recipient, key),
                Err(error) => failure = graver(failure, error)?,
            }
        }
        Err(failure)
    }

    /// Decrypts like [`open`](Self::open), and waits for the keys that answer later.
    pub(super) async fn open_async<'r, 'k: 'r>(
        &'r self,
        recipients: &'r [Recipient<'t>],
        keys: impl IntoIterator<Item = &'k DecryptionKey, IntoIter: Clone>,
    ) -> Result<Opened<'r, 't, 'k>, Error> {
        let candidates = self.candidates(recipients, keys)?;
        let mut failure = Error::DecryptionFailed;
        for Candidate { accepted, recipient, key } in candidates {
            match self.decrypt_with(accepted.content_key().await, key) {
                Ok(plaintext) => return self.opened(plaintext, recipient, key),
                Err(error) => failure = graver(failure, error)?,
            }
        }
        Err(failure)
    }

    /// Takes what a key opened, and inflates it where that was asked for.
    fn opened<'r, 'k>(
        &self,
        plaintext: SecretBytes,
        recipient: &'r Recipient<'t>,
        key: &'k DecryptionKey,
    ) -> Result<Opened<'r, 't, 'k>, Error> {
        // The tag held, so from here on an error tells nobody what only the sender could know.
        #[cfg(feature = "deflate")]
        let plaintext = match recipient.header.zip {
            true => zip::inflate(&plaintext, self.limits)?,
            false => plaintext,
        };
        Ok(Opened { plaintext, recipient, key })
    }

    /// Returns what may open the message: at least one candidate, and no more than the limit. Passwords cost what
    /// the sender asks for, so all of their iterations are added up as well.
    pub(super) fn candidates<'r, 'k: 'r>(
        &'r self,
        recipients: &'r [Recipient<'t>],
        keys: impl IntoIterator<Item = &'k DecryptionKey, IntoIter: Clone>,
    ) -> Result<Vec<Candidate<'r, 't, 'k>>, Error> {
        let keys = keys.into_iter();
        let mut candidates = Vec::new();
        let mut iterations: u32 = 0;
        let mut refusal = Error::NoMatchingKey;
        for recipient in recipients {
            let fitting = keys.clone().filter(|key| key.fits(recipient.algorithm, recipient.key_id()));
            // Keys of the very ID go before keys without one, which are asked only if there are none.
            let is_named = recipient.key_id().is_some() && fitting.clone().any(|key| key.key_id().is_some());
            for key in fitting.filter(|key| !is_named || key.key_id().is_some()) {
                let input = RecipientInput {
                    enc: self.enc,
                    header: &recipient.header,
                    encrypted_key: recipient.encrypted_key.as_ref(),
                    limits: self.limits,
                };
                match key.accept(input) {
                    Ok(_) if candidates.len() >= self.limits.candidate_keys => {
                        return Err(over_limit(Limit::CandidateKeys, self.limits.candidate_keys));
                    }
                    Ok(accepted) => {
                        iterations = iterations.saturating_add(accepted.iterations());
                        candidates.push(Candidate { accepted, recipient, key });
                    }
                    Err(error) => refusal = error,
                }
            }
        }
        match candidates.is_empty() {
            true => Err(refusal),
            false if iterations > self.limits.pbes2_iterations => Err(too_many_iterations(self.limits)),
            false => Ok(candidates),
        }
    }

    /// Decrypts with what one key gave for the content key.
    fn decrypt_with(
        &self,
        content_key: Result<ContentKey<'_>, ExternalKeyError>,
        key: &DecryptionKey,
    ) -> Result<SecretBytes, Error> {
        // Nobody has looked at the encrypted key, so this tells nothing of it.
        if let Err(ExternalKeyError::Unavailable) = content_key {
            return Err(ExternalKeyError::UNAVAILABLE);
        }
        // RFC 7516 §11.5: "To mitigate the attacks described in RFC 3218, the recipient MUST NOT
        // distinguish between format, padding, and length errors of encrypted keys. It is strongly
        // recommended, in the event of receiving an improperly formatted key, that the recipient
        // substitute a randomly generated CEK and proceed to the next step". It is the key's own, so that both ways
        // cost the same; there is none for a shared key, which no step decrypted.
        let open = |cipher: &dyn ContentCipher| {
            #[cfg(test)]
            tests::OPENINGS.set(tests::OPENINGS.get() + 1);
            cipher.open(self.iv.as_ref(), self.aad.as_bytes(), self.ciphertext.clone(), self.tag.as_ref())
        };
        match &content_key {
            Ok(ContentKey::Shared(cipher)) => open(*cipher),
            content_key => {
                let substitute = key.substitute_for(self.enc)?;
                #[cfg(test)]
                tests::SUBSTITUTES.set(tests::SUBSTITUTES.get() + 1);
                let key = match content_key {
                    Ok(ContentKey::Fresh(key)) if key.len() == self.enc.key_len() => key.expose_secret(),
                    _ => substitute,
                };
                self.enc.with_cipher(key, open)
            }
        }
        .map_err(|_| Error::DecryptionFailed)
    }
}

/// What is left of two keys' failures: that one couldn't be asked, as there is no verdict then, or that none
/// opens the message. Any other is decisive.
fn graver(failure: Error, next: Error) -> Result<Error, Error> {
    match next {
        Error::DecryptionFailed => Ok(failure),
        Error::Unavailable { .. } => Ok(next),
        decisive => Err(decisive),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::error::{Error, Part};
    use crate::jwe::{ContentEncryption, DecryptionKey, JweAlgorithm, JweDecrypter, decrypt, encrypt};
    use crate::wire::base64url;

    thread_local! {
        /// How often this thread has got ready a key to stand for a content key that isn't one.
        pub(super) static SUBSTITUTES: Cell<usize> = const { Cell::new(0) };
        /// How often it has tried to open a content.
        pub(super) static OPENINGS: Cell<usize> = const { Cell::new(0) };
    }

    /// Runs `work` and returns its outcome with the keys it got ready and the contents it tried.
    fn counted<T>(work: impl FnOnce() -> T) -> (T, (usize, usize)) {
        let before = (SUBSTITUTES.get(), OPENINGS.get());
        let outcome = work();
        (outcome, (SUBSTITUTES.get() - before.0, OPENINGS.get() - before.1))
    }

    fn bytes(part: &str) -> Vec<u8> {
        base64url::decode(part, Part::Token).unwrap()
    }

    /// The token with one of its parts made anew.
    fn with_part(token: &str, place: usize, part: &[u8]) -> String {
        let part = base64url::encode(part);
        let parts = token.split('.').enumerate();
        parts.map(|(at, old)| if at == place { &*part } else { old }).collect::<Vec<_>>().join(".")
    }

    /// The token with one bit of a part changed.
    fn flipped(token: &str, place: usize, from_the_end: usize) -> String {
        let mut part = bytes(token.split('.').nth(place).unwrap());
        let at = part.len() - 1 - from_the_end;
        part[at] ^= 1;
        with_part(token, place, &part)
    }

    /// Row 078: which step failed shows neither in the error nor in what was done. A key is got ready and a content is
    /// tried once, where all is well too. There is none for `dir`, where nothing decrypts a key; but for a token that
    /// names another `enc` than the key's, which its sender knows.
    #[test]
    fn row_078_every_failure_costs_one_key_and_one_opening() {
        for &algorithm in JweAlgorithm::ALL.iter().filter(|algorithm| !algorithm.name().starts_with("PBES2"))
        {
            let Ok(key) = DecryptionKey::generate(algorithm) else {
                assert!(algorithm.name().starts_with("RSA"), "{algorithm}");
                continue;
            };
            for enc in [ContentEncryption::A128Gcm, ContentEncryption::A128CbcHs256] {
                let Ok(sender) = key.encryption_key().unwrap().with_content_encryption(enc) else {
                    assert_eq!(algorithm, JweAlgorithm::Dir);
                    continue;
                };
                let token = encrypt(&sender, b"some plaintext of more than a block").unwrap();
                let (opened, counts) = counted(|| decrypt(&key, &token));
                let drawn = usize::from(algorithm != JweAlgorithm::Dir);
                assert_eq!((opened.map(drop), counts), (Ok(()), (drawn, 1)), "{algorithm} {enc}");

                let mut bent = vec![
                    ("tag", flipped(&token, 4, 0)),
                    ("ciphertext", flipped(&token, 3, 0)),
                    ("block before the padding's", flipped(&token, 3, 16)),
                    ("initialization vector", flipped(&token, 2, 0)),
                ];
                let header = String::from_utf8(bytes(token.split('.').next().unwrap())).unwrap();
                let respelled = header.replacen('{', "{ ", 1);
                bent.push(("header", with_part(&token, 0, respelled.as_bytes())));
                let encrypted_key = bytes(token.split('.').nth(1).unwrap());
                if !encrypted_key.is_empty() {
                    bent.push(("encrypted key", flipped(&token, 1, 0)));
                    bent.push((
                        "encrypted key, begun otherwise",
                        flipped(&token, 1, encrypted_key.len() - 1),
                    ));
                    bent.push(("encrypted key of another length", with_part(&token, 1, &encrypted_key[1..])));
                    bent.push(("encrypted key that is too long", with_part(&token, 1, &[0; 1000])));
                }
                if enc == ContentEncryption::A128Gcm {
                    let longer = header.replace("A128GCM\"", "A256GCM\"");
                    assert_ne!(longer, header);
                    bent.push(("content key of another length", with_part(&token, 0, longer.as_bytes())));
                }
                let decrypter = JweDecrypter::new([&key]);
                for (what, token) in bent {
                    let is_other_enc = what == "content key of another length";
                    let refused = (Err(Error::DecryptionFailed), (drawn.max(usize::from(is_other_enc)), 1));
                    assert_eq!(
                        counted(|| decrypt(&key, &token).map(drop)),
                        refused,
                        "{algorithm} {enc}: {what}"
                    );
                    assert_eq!(
                        counted(|| decrypter.decrypt(&token).map(drop)),
                        refused,
                        "{algorithm} {enc}: {what}"
                    );
                }
            }
        }
    }
}
