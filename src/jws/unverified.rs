//! A token of any serialization, taken apart and decoded before anything in it is believed: text and, where
//! it is detached, the payload go in; signatures and the payload as they are signed come out (RFC 7515 §5.2
//! steps 1 to 7, RFC 7797 §3, §5).
//!
//! What isn't in order ends here, whichever signature it is in. Who verifies gives the payload out.

use std::borrow::Cow;

use super::sign::{is_plain, payload_text, signing_input};
use crate::error::{Defect, Error, Limit, Part};
use crate::limits::Limits;
use crate::wire::header::{self, HeaderText};
use crate::wire::jws_json::{JwsJson, SignatureText, empty_header, is_empty_object};
use crate::wire::{base64url, compact, over_limit};

/// A token split into its parts.
pub(super) struct Unverified<'t> {
    signatures: Vec<SignatureText<'t>>,
    payload: Source<'t>,
}

/// Where the payload is, and in which form.
enum Source<'t> {
    /// In a compact serialization, which has the whole signing input in one piece.
    Compact { text: &'t str, signing_input: &'t str },
    /// In a JSON serialization.
    Json(Cow<'t, str>),
    /// Beside the token.
    Detached(&'t [u8]),
}

impl<'t> Unverified<'t> {
    /// Splits a compact serialization.
    pub(super) fn compact(
        token: &'t str,
        detached: Option<&'t [u8]>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        check_size(token, detached, limits)?;
        let compact::CompactJws { signing_input, header, payload, signature } = compact::split_jws(token)?;
        let signatures = vec![SignatureText {
            protected: Some(header.into()),
            unprotected: None,
            signature: signature.into(),
        }];
        let payload = match detached {
            None => Source::Compact { text: payload, signing_input },
            Some(detached) if payload.is_empty() => Source::Detached(detached),
            // Of two payloads, the one that was signed needn't be the one that is used.
            Some(_) => return Err(Error::malformed(Part::Payload, Defect::UnexpectedMember("payload"))),
        };
        Ok(Self { signatures, payload })
    }

    /// Takes a flattened or general JSON serialization apart.
    pub(super) fn json(json: &'t str, detached: Option<&'t [u8]>, limits: &Limits) -> Result<Self, Error> {
        check_size(json, detached, limits)?;
        let JwsJson { payload, signatures } = JwsJson::read(json, limits)?;
        let payload = match (payload, detached) {
            (Some(payload), None) => Source::Json(payload),
            (None, Some(detached)) => Source::Detached(detached),
            (None, None) => return Err(Error::malformed(Part::Token, Defect::MissingMember("payload"))),
            // Some signers leave an empty member where the payload was taken out, as compact serialization
            // does. Nobody can take that for the payload: it is verified over the one beside it.
            (Some(empty), Some(detached)) if empty.is_empty() => Source::Detached(detached),
            (Some(_), Some(_)) => {
                return Err(Error::malformed(Part::Token, Defect::UnexpectedMember("payload")));
            }
        };
        Ok(Self { signatures, payload })
    }

    /// Decodes headers and signatures.
    pub(super) fn decode(&self, limits: &Limits) -> Result<Decoded<'_>, Error> {
        let signatures = self.signatures.iter().enumerate();
        let signatures = signatures.map(|(index, text)| DecodedSignature::new(index, text, limits));
        let signatures = signatures.collect::<Result<Vec<_>, Error>>()?;
        let mut encodes = signatures.iter().map(|one| header::encodes_payload(one.header_text(), limits));
        let encodes_payload = encodes.next().unwrap_or(Ok(true))?;
        for other in encodes {
            // RFC 7797 §3: it "MUST be the same for all of them". The one payload would be two otherwise,
            // to readers that each look at their own signature.
            if other? != encodes_payload {
                let expected = "the same in all signatures";
                return Err(Error::malformed(Part::Header, Defect::MemberType { name: "b64", expected }));
            }
        }
        Ok(Decoded { signatures, encodes_payload, source: &self.payload })
    }
}

/// What is verified is the token and the payload: a detached one is no way around the limit.
fn check_size(token: &str, detached: Option<&[u8]>, limits: &Limits) -> Result<(), Error> {
    let detached = detached.map_or(0, <[u8]>::len);
    if token.len().saturating_add(detached) > limits.token_bytes {
        return Err(over_limit(Limit::TokenBytes, limits.token_bytes));
    }
    Ok(())
}

/// A token whose headers and signatures are decoded; of the headers, only what concerns the payload is known.
pub(super) struct Decoded<'t> {
    signatures: Vec<DecodedSignature<'t>>,
    encodes_payload: bool,
    source: &'t Source<'t>,
}

impl Decoded<'_> {
    pub(super) fn signatures(&self) -> impl Iterator<Item = &DecodedSignature<'_>> {
        self.signatures.iter()
    }

    /// Decodes the payload, unless it is unencoded. Whether it may be is for the headers' rules to say, so
    /// callers judge the headers first.
    pub(super) fn payload(&self) -> Result<Payload<'_>, Error> {
        let (whole, text) = match *self.source {
            Source::Compact { text, signing_input } => {
                if !self.encodes_payload && !is_plain(text.as_bytes()) {
                    return Err(Error::malformed(Part::Payload, Defect::UnencodedPayload));
                }
                (Some(signing_input), text)
            }
            Source::Json(ref text) => (None, &**text),
            Source::Detached(payload) => {
                let text = payload_text(payload, self.encodes_payload);
                return Ok(Payload { whole: None, text, decoded: payload.into() });
            }
        };
        let decoded = if self.encodes_payload {
            base64url::decode(text, Part::Payload)?.into()
        } else {
            text.as_bytes().into()
        };
        let text = text.as_bytes().into();
        Ok(Payload { whole, text, decoded })
    }
}

/// One signature, decoded.
pub(super) struct DecodedSignature<'t> {
    index: usize,
    text: &'t SignatureText<'t>,
    protected: Option<String>,
    bytes: Vec<u8>,
}

impl<'t> DecodedSignature<'t> {
    fn new(index: usize, text: &'t SignatureText<'t>, limits: &Limits) -> Result<Self, Error> {
        let mut buffer = Vec::new();
        let decoded = text.protected.as_deref().map(|text| header::decode_header(text, limits, &mut buffer));
        let protected = decoded.transpose()?.map(String::from);
        // Alone, it lacks an `alg`, as the header's rules say.
        if text.unprotected.is_some() && protected.as_deref().is_some_and(is_empty_object) {
            return Err(empty_header("protected"));
        }
        Ok(Self { index, text, protected, bytes: base64url::decode(&text.signature, Part::Signature)? })
    }

    /// Returns the position in the token.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Returns the header's parts as JSON.
    pub(super) fn header_text(&self) -> HeaderText<'_> {
        HeaderText {
            protected: self.protected.as_deref(),
            shared: None,
            unprotected: self.text.unprotected.as_deref(),
        }
    }

    /// Returns the signature itself.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The payload, as it is signed and as it is.
pub(super) struct Payload<'t> {
    whole: Option<&'t str>,
    text: Cow<'t, [u8]>,
    decoded: Cow<'t, [u8]>,
}

impl Payload<'_> {
    /// Returns what the signature covers: RFC 7515 §5.2 step 8, RFC 7797 §3.
    pub(super) fn signing_input(&self, signature: &DecodedSignature<'_>) -> Cow<'_, [u8]> {
        match self.whole {
            Some(whole) => whole.as_bytes().into(),
            None => {
                let protected = signature.text.protected.as_deref().unwrap_or_default();
                signing_input(protected, &self.text).into()
            }
        }
    }

    /// Gives the payload out, for a caller that has verified it.
    pub(super) fn into_decoded(self) -> Vec<u8> {
        self.decoded.into_owned()
    }
}
