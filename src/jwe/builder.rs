//! Encryption with a choice: recipients, header parameters and a serialization go in, a JWE comes out
//! (RFC 7516 §5.1, §7).
//!
//! Here the settings are taken, and each form refuses those that it has no room for; `assembly` does the
//! steps. Neither an initialization vector nor a content key is a setting.

use serde::Serialize;

use crate::error::{Error, Part};
use crate::limits::Limits;
use crate::wire::header::FurtherParameters;
use crate::wire::{json, typed};

use super::encryption_key::EncryptionKey;
use super::recipient::PartyInfo;

/// Encryption with header parameters of one's own, for one recipient or several, to a compact token or to
/// JSON.
///
/// What isn't said to be unprotected goes into the protected header, which the tag covers. With several
/// recipients, what is one recipient's (`alg`, `kid`, `epk`) goes into that recipient's own header, which
/// anyone on the way can change: the message then won't open.
///
/// ```
/// use countersign::jwe::{DecryptionKey, JweAlgorithm, JweBuilder, JweDecrypter};
///
/// let alice = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?;
/// let bob = DecryptionKey::generate(JweAlgorithm::A256Kw)?;
/// let json = JweBuilder::new(&alice.encryption_key()?)
///     .content_type("text/plain")
///     .add_recipient(&bob.encryption_key()?)
///     .encrypt_general(b"card 4242")?;
/// for key in [&alice, &bob] {
///     assert_eq!(JweDecrypter::new([key]).decrypt_json(&json)?.plaintext().expose_secret(), b"card 4242");
/// }
/// # Ok::<(), countersign::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "`encrypt`, `encrypt_json` or `encrypt_general` makes the token"]
pub struct JweBuilder<'k> {
    pub(super) first: Recipient<'k>,
    pub(super) others: Vec<Recipient<'k>>,
    pub(super) token_type: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) protected: FurtherParameters,
    pub(super) shared: FurtherParameters,
    pub(super) aad: Vec<u8>,
    #[cfg(feature = "deflate")]
    pub(super) compression: bool,
}

/// A recipient's key, and what is said to that recipient alone.
#[derive(Debug, Clone)]
pub(super) struct Recipient<'k> {
    pub(super) key: &'k EncryptionKey,
    pub(super) parameters: FurtherParameters,
    pub(super) parties: PartyInfo,
}

impl<'k> Recipient<'k> {
    const fn new(key: &'k EncryptionKey) -> Self {
        Self { key, parameters: FurtherParameters::new(), parties: PartyInfo::none() }
    }
}

impl<'k> JweBuilder<'k> {
    /// Starts with the recipient's key.
    pub const fn new(key: &'k EncryptionKey) -> Self {
        Self {
            first: Recipient::new(key),
            others: Vec::new(),
            token_type: None,
            content_type: None,
            protected: FurtherParameters::new(),
            shared: FurtherParameters::new(),
            aad: Vec::new(),
            #[cfg(feature = "deflate")]
            compression: false,
        }
    }

    /// Sets `typ`, the media type of the whole token
    /// ([RFC 7516 §4.1.11](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.11)). Everyone can read it.
    pub fn token_type(mut self, token_type: impl Into<String>) -> Self {
        self.token_type = Some(token_type.into());
        self
    }

    /// Sets `cty`, the media type of the plaintext
    /// ([RFC 7516 §4.1.12](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.12)): `JWT` where that is a token.
    /// Everyone can read it.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Adds a further parameter to the protected header. Everyone can read it, and no one can change it.
    ///
    /// Of the names that the JOSE specifications define, it takes those that tell the recipient which key is
    /// meant: `jku`, `x5u`, `x5c`, `x5t` and `x5t#S256`, but not as critical ones. Any other of their names, a
    /// name that is there already and a value that doesn't serialize to JSON are refused when the token is made.
    pub fn parameter<T: Serialize + ?Sized>(mut self, name: impl Into<String>, value: &T) -> Self {
        self.protected.add(name, value);
        self
    }

    /// Adds a further parameter like [`parameter`](Self::parameter) and lists it in `crit`: who doesn't
    /// understand it must refuse the token
    /// ([RFC 7516 §4.1.13](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.13)).
    pub fn critical_parameter<T: Serialize + ?Sized>(mut self, name: impl Into<String>, value: &T) -> Self {
        self.protected.add_critical(name, value);
        self
    }

    /// Adds a further parameter to the unprotected header that all recipients share; JSON only.
    ///
    /// Anyone on the way can change it. Otherwise as [`parameter`](Self::parameter).
    pub fn shared_unprotected_parameter<T: Serialize + ?Sized>(
        mut self,
        name: impl Into<String>,
        value: &T,
    ) -> Self {
        self.shared.add(name, value);
        self
    }

    /// Adds a further parameter to the unprotected header of the recipient that was added last; JSON only.
    ///
    /// Anyone on the way can change it. Otherwise as [`parameter`](Self::parameter).
    pub fn recipient_parameter<T: Serialize + ?Sized>(mut self, name: impl Into<String>, value: &T) -> Self {
        self.last().parameters.add(name, value);
        self
    }

    /// Sets octets that go along readably and that no one can change; JSON only. Empty ones are none.
    ///
    /// A compact token has only the protected header for such things ([RFC 7516 §5.1](https://www.rfc-editor.org/rfc/rfc7516#section-5.1), step 14).
    pub fn additional_authenticated_data(mut self, octets: impl Into<Vec<u8>>) -> Self {
        self.aad = octets.into();
        self
    }

    /// Sets `apu` and `apv` for the recipient that was added last: what both sides mix into the key that
    /// they agree on, about the sender and about the recipient. For the `ECDH-ES` family only.
    ///
    /// Empty octets mean none. Everyone can read them
    /// ([RFC 7518 §4.6.1.2](https://www.rfc-editor.org/rfc/rfc7518#section-4.6.1.2)).
    pub fn agreement_info(mut self, apu: &[u8], apv: &[u8]) -> Self {
        self.last().parties = PartyInfo { apu: apu.to_vec(), apv: apv.to_vec() };
        self
    }

    /// Compresses the plaintext before it is encrypted: `zip` with `DEF`
    /// ([RFC 7516 §4.1.3](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.3)). Needs the feature `deflate`.
    ///
    /// **The token's length then tells what is in it.** Where somebody can put text of theirs into a plaintext
    /// beside a secret and see how long the tokens get, they find the secret out piece by piece: the shortest
    /// token has the right guess in it, as CRIME and BREACH showed on TLS
    /// ([RFC 8725 §3.6](https://www.rfc-editor.org/rfc/rfc8725#section-3.6)). So only for plaintexts that are one
    /// party's from end to end. Recipients have to ask for it too
    /// ([`JweDecrypter::allow_compression`](super::JweDecrypter::allow_compression)).
    #[cfg(feature = "deflate")]
    pub const fn compress(mut self) -> Self {
        self.compression = true;
        self
    }

    /// Adds a recipient, for [`encrypt_general`](Self::encrypt_general).
    ///
    /// All get the same content, under one content key that each one's own algorithm encrypts. So `dir` and
    /// `ECDH-ES`, where the algorithm decides the content key, have one recipient, and all keys must have the
    /// same content encryption. Whoever can open the message can put another content into it for the others.
    /// A message has 16 recipients at most, as readers by default take no more ([`Limits::recipients`]); of
    /// those that name no `kid`, they try as many as [`Limits::candidate_keys`] permits, so keys for many
    /// recipients have IDs.
    pub fn add_recipient(mut self, key: &'k EncryptionKey) -> Self {
        self.others.push(Recipient::new(key));
        self
    }

    /// Encrypts any bytes to a compact token: five parts, one recipient.
    ///
    /// # Errors
    ///
    /// As [`encrypt`](super::encrypt); [`Error::Misuse`] for settings that contradict each other or the
    /// serialization: several recipients, unprotected parameters and additional authenticated data need JSON.
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<String, Error> {
        if !self.others.is_empty() {
            return Err(Error::misuse(
                "expected one recipient of a compact token, found several, whom `encrypt_general` serves",
            ));
        }
        if !self.shared.is_empty() || !self.first.parameters.is_empty() || !self.aad.is_empty() {
            return Err(Error::misuse(
                "expected a protected header alone in a compact token, found unprotected parameters or additional \
                 authenticated data, for which `encrypt_json` has room",
            ));
        }
        let (content_key, recipient, iv) = self.manage_one()?;
        self.assemble(&content_key, &recipient, iv.as_ref(), plaintext)
    }

    /// Encrypts any bytes to JSON for one recipient: the flattened serialization
    /// ([RFC 7516 §7.2.2](https://www.rfc-editor.org/rfc/rfc7516#section-7.2.2)).
    ///
    /// # Errors
    ///
    /// As [`encrypt`](super::encrypt); [`Error::Misuse`] for settings that contradict each other, and for
    /// several recipients.
    pub fn encrypt_json(&self, plaintext: &[u8]) -> Result<String, Error> {
        if !self.others.is_empty() {
            return Err(Error::misuse(
                "expected one recipient of a flattened token, found several, whom `encrypt_general` serves",
            ));
        }
        let (content_key, recipient, iv) = self.manage_one()?;
        self.assemble_flattened(&content_key, &recipient, iv.as_ref(), plaintext)
    }

    /// Encrypts any bytes to JSON for one recipient or several: the general serialization
    /// ([RFC 7516 §7.2.1](https://www.rfc-editor.org/rfc/rfc7516#section-7.2.1)).
    ///
    /// # Errors
    ///
    /// As [`encrypt`](super::encrypt); [`Error::Misuse`] for settings that contradict each other, as do
    /// several recipients where the content encryption isn't the same or an algorithm decides the content key;
    /// and for more than 16 recipients.
    pub fn encrypt_general(&self, plaintext: &[u8]) -> Result<String, Error> {
        let (content_key, outputs, iv) = if self.others.is_empty() {
            let (content_key, output, iv) = self.manage_one()?;
            (content_key, vec![output], iv)
        } else {
            self.manage_several()?
        };
        self.assemble_general(&content_key, &outputs, iv.as_ref(), plaintext)
    }

    /// Encrypts claims to a compact token: a value that serializes to a JSON object.
    ///
    /// # Errors
    ///
    /// As [`encrypt_claims`](super::encrypt_claims) and [`encrypt`](Self::encrypt).
    pub fn encrypt_claims<T: Serialize + ?Sized>(&self, claims: &T) -> Result<String, Error> {
        let text = typed::to_json(claims)?;
        // What the recipient would refuse, a flattened map's duplicate name say, isn't made.
        let limits = Limits::default();
        std::str::from_utf8(&text)
            .ok()
            .and_then(|text| json::scan_object(text, Part::Claims, &limits, |_, _| Ok(())).ok())
            .ok_or_else(|| {
                Error::misuse(
                    "expected claims that serialize to a JSON object of distinct names within the default limits, \
                     found something else",
                )
            })?;
        self.encrypt(&text)
    }

    fn last(&mut self) -> &mut Recipient<'k> {
        self.others.last_mut().unwrap_or(&mut self.first)
    }
}
