//! What a verified token's header says to the application: the parameters that a verifier was told are
//! understood, so that who accepts them as critical can process them too (RFC 7515 §4.1.11).
//!
//! A verifier that was told nothing keeps nothing of the header and pays nothing.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::error::{Defect, Error, Part};
use crate::limits::Limits;
use crate::wire::json::{Value, scan_object};
use crate::wire::typed;

/// A verified token's protected header, if its verifier understands any names.
#[derive(Clone, Copy)]
pub(super) struct UnderstoodHeader<'b>(Option<(&'b str, &'b Arc<[String]>)>);

impl<'b> UnderstoodHeader<'b> {
    /// The header's JSON text, which was judged before, and the names that the verifier understands.
    pub(super) fn new(json: &'b str, names: &'b Arc<[String]>) -> Self {
        Self((!names.is_empty()).then_some((json, names)))
    }

    pub(super) fn parameter<P: DeserializeOwned>(self, name: &str) -> Result<Option<P>, Error> {
        match self.0 {
            Some((json, names)) if names.iter().any(|understood| understood == name) => parameter(json, name),
            _ => Ok(None),
        }
    }
}

/// The same, kept with a token that borrows nothing.
#[derive(Clone, PartialEq)]
pub(super) struct KeptHeader(Option<(Box<str>, Arc<[String]>)>);

impl KeptHeader {
    pub(super) fn as_understood(&self) -> UnderstoodHeader<'_> {
        UnderstoodHeader(self.0.as_ref().map(|(json, names)| (&**json, names)))
    }

    /// How many bytes of text are kept; the names are the verifier's.
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |(json, _)| json.len())
    }
}

impl From<UnderstoodHeader<'_>> for KeptHeader {
    fn from(header: UnderstoodHeader<'_>) -> Self {
        Self(header.0.map(|(json, names)| (Box::from(json), Arc::clone(names))))
    }
}

fn parameter<P: DeserializeOwned>(header: &str, name: &str) -> Result<Option<P>, Error> {
    let Some(value) = member(header, name) else { return Ok(None) };
    let fits = typed::from_json(value.text());
    fits.map(Some).map_err(|_| Error::malformed(Part::Header, Defect::ParameterType))
}

/// Finds a member of a header that was scanned before, under the verifier's limits.
fn member<'h>(header: &'h str, name: &str) -> Option<Value<'h>> {
    let limits = Limits::default().json_depth(usize::MAX).json_members(usize::MAX);
    let mut found = None;
    let scanned = scan_object(header, Part::Header, &limits, |member, value| {
        if member == name {
            found = Some(value);
        }
        Ok(())
    });
    scanned.ok().and(found)
}
