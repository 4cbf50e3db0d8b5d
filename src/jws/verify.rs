//! Verifying: text becomes parts, the key is compared with the header, the signature is checked over
//! the text as it came, and only then is there a payload (RFC 7515 §5.2).
//!
//! `SignedParts` is the way from a compact token to a [`VerifiedJws`], shared with `keys` and `jwt`; its
//! payload is called unverified where it is. What has options goes by `verifier`.

use super::verified::VerifiedSignature;
use super::{JwsAlgorithm, VerifiedJws, VerifyingKey};
use crate::crypto::Ed25519Signed;
use crate::error::{Error, Part, Refusal, Unsupported};
use crate::limits::Limits;
use crate::secret::{DecodingRoom, WipedRoom};
use crate::wire::header::{self, Header, HeaderText};
#[cfg(feature = "remote-keys")]
use crate::wire::padded;
use crate::wire::{base64url, compact};

/// Verifies a compact JWS under one key and returns its payload.
///
/// Any bytes may be the payload ([RFC 7515 §5.2](https://www.rfc-editor.org/rfc/rfc7515#section-5.2)). Not for access tokens: their
/// claims, `exp` and `aud` among them, are judged by [`JwtVerifier`](crate::JwtVerifier). Several keys
/// are tried by [`KeySet::verify`](crate::KeySet::verify).
///
/// # Errors
///
/// [`Error::Malformed`], [`Error::Unsupported`] or [`Error::LimitExceeded`] for what isn't a strict
/// compact JWS; [`Error::NotAllowed`] if the header's `alg` isn't the key's; [`Error::NoMatchingKey`]
/// if both name a key ID and these differ; [`Error::InvalidSignature`].
///
/// ```
/// use countersign::{JwsAlgorithm, SigningKey, jws};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let key = SigningKey::generate(JwsAlgorithm::Hs256)?;
/// let token = jws::sign(&key, b"paid")?;
/// assert_eq!(jws::verify(&key.verifying_key()?, &token)?.payload(), b"paid");
/// # Ok(())
/// # }
/// ```
pub fn verify(key: &VerifyingKey, token: &str) -> Result<VerifiedJws, Error> {
    verify_with_limits(key, token, &Limits::default())
}

/// Verifies a compact JWS like [`verify`], under limits of the caller's.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_with_limits(key: &VerifyingKey, token: &str, limits: &Limits) -> Result<VerifiedJws, Error> {
    let mut decoded = WipedRoom::new();
    let parts = SignedParts::split(token, limits, &mut decoded)?;
    let header = parts.header(limits, &[])?;
    if parts.algorithm(&header)? != key.algorithm() {
        return Err(Error::NotAllowed(Refusal::Algorithm));
    }
    if let (Some(expected), Some(found)) = (key.key_id(), header.kid.as_deref())
        && expected != found
    {
        return Err(Error::NoMatchingKey);
    }
    if !parts.verified_by(key) {
        return Err(Error::InvalidSignature);
    }
    Ok(parts.believed(&header, key))
}

/// A compact JWS, split and decoded into one buffer, nothing believed yet.
#[derive(Clone, Copy)]
pub(crate) struct SignedParts<'t, 'b> {
    signing_input: &'t str,
    encoded_header: &'t str,
    header: &'b str,
    payload: &'b [u8],
    signature: &'b [u8],
}

impl<'t, 'b> SignedParts<'t, 'b> {
    /// Checks the size, splits the token and decodes its parts into the room.
    pub(crate) fn split(
        token: &'t str,
        limits: &Limits,
        room: &'b mut impl DecodingRoom,
    ) -> Result<Self, Error> {
        Self::split_unless(token, limits, room, |_| false)
    }

    /// Splits like [`split`](Self::split), but a header that the caller knows, by its encoded text, stays
    /// encoded: it must not be read again.
    pub(crate) fn split_unless(
        token: &'t str,
        limits: &Limits,
        room: &'b mut impl DecodingRoom,
        is_known: impl FnOnce(&str) -> bool,
    ) -> Result<Self, Error> {
        Self::split_by(base64url::decode_into, base64url::decode_pair, token, limits, room, is_known)
    }

    /// Splits a token like [`split`](Self::split) whose parts are padded, and must be: for
    /// [`profile::load_balancer`](crate::profile::load_balancer), and for nobody else.
    #[cfg(feature = "remote-keys")]
    pub(crate) fn split_padded(
        token: &'t str,
        limits: &Limits,
        room: &'b mut impl DecodingRoom,
    ) -> Result<Self, Error> {
        // The engine for padded text takes parts one by one.
        Self::split_by(padded::decode_into, |_, _, _| None, token, limits, room, |_| false)
    }

    fn split_by(
        decode_into: impl Fn(&str, Part, &mut [u8]) -> Result<usize, Error>,
        decode_pair: impl FnOnce(&str, &str, &mut [u8]) -> Option<usize>,
        token: &'t str,
        limits: &Limits,
        room: &'b mut impl DecodingRoom,
        is_known: impl FnOnce(&str) -> bool,
    ) -> Result<Self, Error> {
        compact::check_size(token, limits)?;
        let parts = compact::split_jws(token)?;
        header::check_size(parts.header, limits)?;
        let mut room = room.room_of(base64url::pair_len(token.len()));
        let decode = |text: &str, part, room: &mut &'b mut [u8]| -> Result<&'b [u8], Error> {
            // The parts together decode to no more than the whole would.
            let place = room.split_off_mut(..base64url::decoded_len(text.len())).unwrap_or_default();
            let len = decode_into(text, part, place)?;
            Ok(place.get(..len).unwrap_or_default())
        };
        let header =
            if is_known(parts.header) { &[] } else { decode(parts.header, Part::Header, &mut room)? };
        let (payload, signature) = match decode_pair(parts.payload, parts.signature, room) {
            Some(signature_start) => {
                let (payload, signature) = room.split_at_checked(signature_start).unwrap_or_default();
                let len = |text: &str| base64url::decoded_len(text.len());
                (payload.get(..len(parts.payload)), signature.get(..len(parts.signature)))
            }
            None => {
                let payload = decode(parts.payload, Part::Payload, &mut room)?;
                (Some(payload), Some(decode(parts.signature, Part::Signature, &mut room)?))
            }
        };
        Ok(Self {
            signing_input: parts.signing_input,
            encoded_header: parts.header,
            header: header::text(header)?,
            payload: payload.unwrap_or_default(),
            signature: signature.unwrap_or_default(),
        })
    }

    /// The protected header, still base64url.
    pub(crate) fn encoded_header(&self) -> &'t str {
        self.encoded_header
    }

    /// The protected header's JSON text, empty if [`split_unless`](Self::split_unless) left it encoded.
    pub(crate) fn header_text(&self) -> &'b str {
        self.header
    }

    /// Reads the protected header under its rules.
    pub(crate) fn header(&self, limits: &Limits, understood: &[String]) -> Result<Header<'b>, Error> {
        Header::parse_jws(self.header, limits, understood)
    }

    /// The algorithm that the header names, if it is one of ours.
    pub(crate) fn algorithm(&self, header: &Header<'_>) -> Result<JwsAlgorithm, Error> {
        JwsAlgorithm::from_name(&header.alg).ok_or(Error::Unsupported(Unsupported::Algorithm))
    }

    /// The payload before anything is known of it. Callers look at it after the signature held, but
    /// for the one reader that narrows down whose keys to try.
    pub(crate) fn unverified_payload(&self) -> &'b [u8] {
        self.payload
    }

    /// Returns whether the signature holds under this key.
    pub(crate) fn verified_by(&self, key: &VerifyingKey) -> bool {
        key.verifies(self.signing_input.as_bytes(), self.signature)
    }

    /// What has the signature checked together with others, if the key's algorithm has that.
    pub(crate) fn together<'a>(&'a self, key: &'a VerifyingKey) -> Option<Ed25519Signed<'a>> {
        key.together(self.signing_input.as_bytes(), self.signature)
    }

    /// What comes out once the signature held under this key.
    pub(crate) fn believed(&self, header: &Header<'_>, key: &VerifyingKey) -> VerifiedJws {
        let text = HeaderText::protected(self.header);
        VerifiedJws::new(self.payload.to_vec(), VerifiedSignature::new(0, key, header, text))
    }
}
