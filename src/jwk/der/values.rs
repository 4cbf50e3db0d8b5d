//! The values of DER, one after the other (X.690 §8, §10): a structure's octets go in, its fields come out, and back.
//!
//! The crate `der` reads and writes each value: its tag, its length in the one form, the content of numbers, bits and
//! object identifiers. Which fields a structure has is spelled out by whoever reads it. Crates with a type for each
//! structure would say it in fewer lines, and have all of this compiled once more for each.

use ::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use ::der::{Class, Decode, Encode, ErrorKind, Reader, Result, SliceReader, Tag, TagNumber, Tagged};

use crate::SecretBytes;

/// The values of one structure, from the first that isn't read yet.
pub(super) struct Values<'a>(SliceReader<'a>);

/// An `AlgorithmIdentifier` (RFC 5280 §4.1.1.2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct AlgorithmIdentifier<'a> {
    pub(super) oid: ObjectIdentifier,
    pub(super) parameters: Option<AnyRef<'a>>,
}

impl<'a> Values<'a> {
    /// The values of these octets.
    pub(super) fn of(octets: &'a [u8]) -> Result<Self> {
        SliceReader::new(octets).map(Self)
    }

    /// Reads the sequence that these octets are, with nothing behind it.
    pub(super) fn read_sequence<T>(der: &'a [u8], read: impl FnOnce(Self) -> Result<T>) -> Result<T> {
        let mut whole = Self::of(der)?;
        let value = read(whole.sequence()?)?;
        whole.finish()?;
        Ok(value)
    }

    pub(super) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Refuses what is left.
    pub(super) fn finish(self) -> Result<()> {
        self.0.finish()
    }

    /// The next value, whatever it is.
    pub(super) fn any(&mut self) -> Result<AnyRef<'a>> {
        AnyRef::decode(&mut self.0)
    }

    /// The content of the next value, which has this tag.
    pub(super) fn content(&mut self, tag: Tag) -> Result<&'a [u8]> {
        let value = self.any()?;
        value.tag().assert_eq(tag)?;
        Ok(value.value())
    }

    /// The same, if the next value has the tag.
    pub(super) fn content_if(&mut self, tag: Tag) -> Result<Option<&'a [u8]>> {
        if self.is_next(tag)? { self.content(tag).map(Some) } else { Ok(None) }
    }

    fn is_next(&self, tag: Tag) -> Result<bool> {
        Ok(!self.is_finished() && Tag::peek(&self.0)? == tag)
    }

    /// The content of a context-specific value of this number, if it is the next.
    pub(super) fn context(&mut self, number: u32, constructed: bool) -> Result<Option<&'a [u8]>> {
        if self.is_finished() {
            return Ok(None);
        }
        let (tag, number) = (Tag::peek(&self.0)?, TagNumber(number));
        if tag.class() != Class::ContextSpecific || tag.number() != number {
            return Ok(None);
        }
        self.content(Tag::ContextSpecific { constructed, number }).map(Some)
    }

    /// The one value that stands under this number with a tag of its own (`EXPLICIT`), if it is the next.
    pub(super) fn explicit(&mut self, number: u32) -> Result<Option<AnyRef<'a>>> {
        let Some(content) = self.context(number, true)? else { return Ok(None) };
        let mut values = Self::of(content)?;
        let value = values.any()?;
        values.finish()?;
        Ok(Some(value))
    }

    /// Bits that stand under this number in the place of their own tag (`IMPLICIT`), if they are the next.
    pub(super) fn implicit_bit_string(&mut self, number: u32) -> Result<Option<BitStringRef<'a>>> {
        let Some(content) = self.context(number, false)? else { return Ok(None) };
        AnyRef::new(Tag::BitString, content).and_then(bit_string).map(Some)
    }

    /// Passes over a field of a number above this one.
    pub(super) fn later_field(&mut self, last: u32) -> Result<()> {
        let tag = Tag::peek(&self.0)?;
        if tag.class() != Class::ContextSpecific || tag.number() <= TagNumber(last) {
            return Err(tag.value_error().into());
        }
        self.explicit(tag.number().0).map(drop)
    }

    pub(super) fn sequence(&mut self) -> Result<Self> {
        Self::of(self.content(Tag::Sequence)?)
    }

    pub(super) fn octet_string(&mut self) -> Result<&'a [u8]> {
        self.content(Tag::OctetString)
    }

    /// A number that isn't negative, big-endian without leading zeros.
    pub(super) fn unsigned(&mut self) -> Result<&'a [u8]> {
        Ok(self.any()?.decode_as::<UintRef<'a>>()?.as_bytes())
    }

    /// The same, if the next value is a number.
    #[cfg(feature = "encrypted-pkcs8")]
    pub(super) fn unsigned_if(&mut self) -> Result<Option<&'a [u8]>> {
        if self.is_next(Tag::Integer)? { self.unsigned().map(Some) } else { Ok(None) }
    }

    pub(super) fn bit_string(&mut self) -> Result<BitStringRef<'a>> {
        bit_string(self.any()?)
    }

    pub(super) fn object_identifier(&mut self) -> Result<ObjectIdentifier> {
        object_identifier(self.any()?)
    }

    pub(super) fn algorithm(&mut self) -> Result<AlgorithmIdentifier<'a>> {
        let mut values = self.sequence()?;
        let oid = values.object_identifier()?;
        let parameters = if values.is_finished() { None } else { Some(values.any()?) };
        values.finish()?;
        Ok(AlgorithmIdentifier { oid, parameters })
    }
}

impl AlgorithmIdentifier<'_> {
    pub(super) fn to_der(self) -> Vec<u8> {
        let parameters = self.parameters.map(|parameters| encoded(parameters.to_der()));
        sequence(&[&encoded_oid(self.oid), &parameters.unwrap_or_default()])
    }
}

pub(super) fn bit_string(value: AnyRef<'_>) -> Result<BitStringRef<'_>> {
    value.decode_as()
}

pub(super) fn object_identifier(value: AnyRef<'_>) -> Result<ObjectIdentifier> {
    value.decode_as()
}

/// The refusal of a number that its field doesn't take.
pub(super) fn wrong_number() -> ::der::Error {
    ErrorKind::Value { tag: Tag::Integer }.into()
}

/// Writes a value, in room that is made once: of a secret, no copy stays behind in room that grew.
pub(super) fn value(tag: Tag, content: &[u8]) -> Vec<u8> {
    encoded(AnyRef::new(tag, content).and_then(|value| value.to_der()))
}

pub(super) fn sequence(values: &[&[u8]]) -> Vec<u8> {
    value(Tag::Sequence, &values.concat())
}

/// The same of values that are secret, or hold what is.
pub(super) fn secret_sequence(values: &[&[u8]]) -> SecretBytes {
    let content = SecretBytes::from(values.concat());
    secret_value(Tag::Sequence, content.expose_secret())
}

pub(super) fn secret_value(tag: Tag, content: &[u8]) -> SecretBytes {
    SecretBytes::from(value(tag, content))
}

/// Writes a number of which these are the octets, big-endian.
pub(super) fn unsigned(octets: &[u8]) -> Vec<u8> {
    encoded(UintRef::new(octets).and_then(|number| number.to_der()))
}

pub(super) fn encoded_oid(oid: ObjectIdentifier) -> Vec<u8> {
    encoded(oid.to_der())
}

/// Writes bits of whole octets.
pub(super) fn whole_bit_string(octets: &[u8]) -> Vec<u8> {
    value(Tag::BitString, &[&[0], octets].concat())
}

fn encoded(written: Result<Vec<u8>>) -> Vec<u8> {
    written.expect("a checked key is far smaller than the 256 MiB that DER lengths stop at here")
}
