//! The members of one JWK: its text goes in and is scanned once, the members come out by name, decoded
//! as what RFC 7517 §4 and RFC 7518 §6 say they are.
//!
//! Names are unique and values have one spelling (no leading zero octets, RFC 7518 §2), so that two
//! readers can't see two keys. Secret members are decoded in constant time into wiped memory. `null` is
//! a wrong type and never absence.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::wire::base64url;
use crate::wire::json::{self, Value};
use crate::{Defect, Error, Limits, Part, SecretBytes};

/// The members that this library looks at; any other is ignored (RFC 7517 §4).
const NAMES: [&str; 21] = [
    "kty", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi", "oth", "k", "use", "key_ops", "alg",
    "kid", "x5c", "x5t", "x5t#S256",
];

/// The scanned members of one JWK.
pub(super) struct Members<'a> {
    part: Part,
    values: [Option<Value<'a>>; NAMES.len()],
}

impl<'a> Members<'a> {
    /// Scans the text of one JSON object; `part` is what errors speak of.
    pub(super) fn scan(text: &'a str, part: Part, limits: &Limits) -> Result<Self, Error> {
        let mut values = [None; NAMES.len()];
        json::scan_object(text, part, limits, |name, value| {
            if let Some((_, slot)) = NAMES.iter().zip(&mut values).find(|(known, _)| **known == name) {
                *slot = Some(value);
            }
            Ok(())
        })?;
        Ok(Self { part, values })
    }

    /// Returns what errors speak of.
    pub(super) fn part(&self) -> Part {
        self.part
    }

    /// Returns whether the member is there, whatever its value.
    pub(super) fn has(&self, name: &'static str) -> bool {
        self.value(name).is_some()
    }

    pub(super) fn value(&self, name: &'static str) -> Option<Value<'a>> {
        NAMES.iter().zip(&self.values).find(|(known, _)| **known == name).and_then(|(_, value)| *value)
    }

    /// Refuses the member, whatever its value.
    pub(super) fn expect_absent(&self, name: &'static str) -> Result<(), Error> {
        if self.has(name) { Err(self.malformed(Defect::UnexpectedMember(name))) } else { Ok(()) }
    }

    /// Reads a string that may be absent. `null` is not absence.
    pub(super) fn optional_text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, Error> {
        self.value(name)
            .map(|value| value.as_str().ok_or_else(|| self.wrong_type(name, "a string")))
            .transpose()
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Cow<'a, str>, Error> {
        self.optional_text(name)?.ok_or_else(|| self.malformed(Defect::MissingMember(name)))
    }

    /// Reads a base64url string.
    pub(super) fn bytes(&self, name: &'static str) -> Result<Vec<u8>, Error> {
        base64url::decode(&self.text(name)?, self.part)
    }

    /// Reads a base64url string whose content is secret.
    pub(super) fn secret(&self, name: &'static str) -> Result<SecretBytes, Error> {
        match self.text(name)? {
            Cow::Borrowed(text) => base64url::decode_secret(text, self.part),
            // A string with escapes was unescaped into a buffer of its own, which must be wiped.
            Cow::Owned(text) => base64url::decode_secret(&Zeroizing::new(text), self.part),
        }
    }

    /// Reads a `Base64urlUInt`.
    pub(super) fn integer(&self, name: &'static str) -> Result<Vec<u8>, Error> {
        let bytes = self.bytes(name)?;
        self.check_integer(name, &bytes)?;
        Ok(bytes)
    }

    /// Reads a `Base64urlUInt` whose value is secret.
    pub(super) fn secret_integer(&self, name: &'static str) -> Result<SecretBytes, Error> {
        let bytes = self.secret(name)?;
        self.check_integer(name, bytes.expose_secret())?;
        Ok(bytes)
    }

    /// RFC 7518 §2: "The octet sequence MUST utilize the minimum number of octets needed to represent
    /// the value." No number of a key is zero, so a leading zero octet is never right.
    fn check_integer(&self, name: &'static str, bytes: &[u8]) -> Result<(), Error> {
        match bytes {
            [] | [0, ..] => Err(self.wrong_type(name, "a positive integer without leading zero octets")),
            _ => Ok(()),
        }
    }

    pub(super) fn wrong_type(&self, name: &'static str, expected: &'static str) -> Error {
        self.malformed(Defect::MemberType { name, expected })
    }

    pub(super) fn malformed(&self, defect: Defect) -> Error {
        Error::malformed(self.part, defect)
    }
}
