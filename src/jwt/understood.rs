//! What a verified token's header says to the application: the parameters that a verifier was told are
//! understood, so that who accepts them as critical can process them too (RFC 7515 §4.1.11).
//!
//! A verifier that was told nothing keeps nothing of the header and pays nothing.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::wire::header;

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
            Some((json, names)) if names.iter().any(|understood| understood == name) => {
                header::parameter([json], name)
            }
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
    #[cfg(feature = "gateway")]
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |(json, _)| json.len())
    }
}

impl From<UnderstoodHeader<'_>> for KeptHeader {
    fn from(header: UnderstoodHeader<'_>) -> Self {
        Self(header.0.map(|(json, names)| (Box::from(json), Arc::clone(names))))
    }
}
