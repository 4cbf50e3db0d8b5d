//! JWK sets (RFC 7517 §5): a document goes in, the keys that can be used come out, and the others with
//! the reason why not.
//!
//! One bad key must not take the good ones away: an issuer adds types that we don't know. The
//! document's size and its number of keys are bounded first.

use std::slice;
use std::vec;

use super::members::Members;
use super::{Jwk, exceeded};
use crate::wire::json::{self, Value};
use crate::{Defect, Error, Limit, Limits, Part, SecretString};

/// A set of keys, such as an authorization server publishes ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
///
/// Keys that can't be used don't spoil the others: they are left out, and [`JwkSet::skipped`] says why.
/// To verify or decrypt with a set, make a [`KeySet`](crate::KeySet) of it; to encrypt to one of its keys,
/// [`recipient_key`](crate::recipient_key) chooses.
///
/// ```
/// use countersign::jwk::{Jwk, JwkSet, KeyKind};
///
/// let private: JwkSet = [Jwk::generate(KeyKind::P256)?.with_key_id("2026-a")].into_iter().collect();
/// let published = private.to_public_json()?;
///
/// let public = JwkSet::from_json(&published)?;
/// assert!(public.find("2026-a").is_some());
/// assert!(public.skipped().is_empty());
/// # Ok::<(), countersign::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    skipped: Vec<SkippedKey>,
}

impl JwkSet {
    /// Reads a JWK set within the default [`Limits`].
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the text isn't a JSON object with distinct names at every depth outside the
    /// keys, or its member `keys` isn't an array; [`Error::LimitExceeded`] when it is larger than 256 KiB or
    /// holds more than 1024 keys. A key that can't be used, or in which a name stands twice, is no error: see
    /// [`JwkSet::skipped`].
    pub fn from_json(json: &str) -> Result<Self, Error> {
        Self::from_json_with_limits(json, &Limits::default())
    }

    /// Reads a JWK set within the given limits.
    ///
    /// # Errors
    ///
    /// As for [`JwkSet::from_json`], under these limits.
    pub fn from_json_with_limits(json: &str, limits: &Limits) -> Result<Self, Error> {
        if json.len() > limits.jwk_set_bytes {
            return Err(exceeded(Limit::JwkSetBytes, limits.jwk_set_bytes));
        }
        let mut keys = None;
        json::scan_object_with_list(json, "keys", Part::JwkSet, limits, |name, value| {
            if name == "keys" {
                keys = Some(value);
            }
            Ok(())
        })?;
        let keys: Value<'_> = keys.ok_or_else(|| malformed(Defect::MissingMember("keys")))?;
        let elements = keys
            .elements()
            .ok_or_else(|| malformed(Defect::MemberType { name: "keys", expected: "an array" }))?;

        let mut set = Self::default();
        for (index, element) in elements.enumerate() {
            if index >= limits.jwk_set_keys {
                return Err(exceeded(Limit::JwkSetKeys, limits.jwk_set_keys));
            }
            // RFC 7517 §5: "Implementations SHOULD ignore JWKs within a JWK Set that use "kty" values
            // that are not understood by them, that are missing required members, or for which values
            // are out of the supported ranges."
            match read(element, limits) {
                Ok(key) => set.keys.push(key),
                Err((key_id, reason)) => set.skipped.push(SkippedKey { index, key_id, reason }),
            }
        }
        Ok(set)
    }

    /// Returns the usable keys in the set's order.
    pub fn iter(&self) -> slice::Iter<'_, Jwk> {
        self.keys.iter()
    }

    /// Returns the number of usable keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns whether there is no usable key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the first key with this `kid`. Keys of different types may share one ([RFC 7517 §4.5](https://www.rfc-editor.org/rfc/rfc7517#section-4.5)).
    #[must_use]
    pub fn find(&self, key_id: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.key_id() == Some(key_id))
    }

    /// Returns the keys that were left out, each with its reason.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// The keys that can be used, each with its place in the array `keys`.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (usize, &Jwk)> {
        // Skipped keys stand in the set's order, so one walk along them suffices: a set may be long.
        let mut skipped = self.skipped.iter().map(SkippedKey::index).peekable();
        (0..).filter(move |place| skipped.next_if_eq(place).is_none()).zip(&self.keys)
    }

    /// Writes the public parts of all keys as a JWK set, for others to fetch.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when one of the keys is a symmetric secret, which has no public part.
    pub fn to_public_json(&self) -> Result<String, Error> {
        let keys = self.keys.iter().map(Jwk::to_public_json).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("{{\"keys\":[{}]}}", keys.join(",")))
    }

    /// Writes all keys as a JWK set, private and secret parts included.
    #[must_use]
    pub fn expose_json(&self) -> SecretString {
        let keys: Vec<SecretString> = self.keys.iter().map(Jwk::expose_json).collect();
        // All the room from the start: text that grows would leave its old copies unwiped.
        let room = keys.iter().map(|key| key.expose_secret().len() + 1).sum::<usize>() + 16;
        let mut text = String::with_capacity(room);
        text.push_str("{\"keys\":[");
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(key.expose_secret());
        }
        text.push_str("]}");
        SecretString::from(text)
    }
}

impl FromIterator<Jwk> for JwkSet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        Self { keys: keys.into_iter().collect(), skipped: Vec::new() }
    }
}

impl IntoIterator for JwkSet {
    type Item = Jwk;
    type IntoIter = vec::IntoIter<Jwk>;

    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_iter()
    }
}

impl<'a> IntoIterator for &'a JwkSet {
    type Item = &'a Jwk;
    type IntoIter = slice::Iter<'a, Jwk>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A member of a JWK set that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    index: usize,
    key_id: Option<String>,
    reason: Error,
}

impl SkippedKey {
    pub(crate) fn new(index: usize, key_id: Option<&str>, reason: Error) -> Self {
        Self { index, key_id: key_id.map(String::from), reason }
    }

    /// Returns the place in the array `keys`, counted from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns the `kid`, if there is one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns why the key can't be used.
    #[must_use]
    pub fn reason(&self) -> &Error {
        &self.reason
    }
}

fn read(element: Value<'_>, limits: &Limits) -> Result<Jwk, (Option<String>, Error)> {
    let members = Members::scan(element.text(), Part::Jwk, limits).map_err(|reason| (None, reason))?;
    Jwk::from_members(&members).map_err(|reason| {
        let key_id = members.optional_text("kid").ok().flatten().map(Into::into);
        (key_id, reason)
    })
}

fn malformed(defect: Defect) -> Error {
    Error::malformed(Part::JwkSet, defect)
}
