//! The first stage: text becomes parts. Nothing here knows a key or an algorithm.
//!
//! A token's text goes in; out come its segments ([`compact`]) or members ([`jws_json`], [`jwe_json`]),
//! their bytes ([`base64url`]), the members of a JSON object ([`json`]) and a header whose own
//! rules hold ([`header`]). Everything is judged by the narrowest reading of RFC 4648 §5,
//! RFC 8259, RFC 7515 §3, §4, §7 and RFC 7516 §3, §4, §7, so that no two readers of one
//! token can disagree about it. Limits are checked before the work they bound, and no error
//! carries any of the input.

pub(crate) mod base64;
pub(crate) mod base64url;
pub(crate) mod compact;
mod fields;
pub(crate) mod header;
pub(crate) mod json;
pub(crate) mod jwe_json;
pub(crate) mod jws_json;
#[cfg(feature = "remote-keys")]
pub(crate) mod padded;
#[cfg(feature = "remote-keys")]
pub(crate) mod same;
pub(crate) mod typed;

use crate::error::{Error, Limit};

/// The error for an input that exceeds `limit`, whose value is `max`.
pub(crate) fn over_limit(limit: Limit, max: usize) -> Error {
    Error::LimitExceeded { limit, max: u64::try_from(max).unwrap_or(u64::MAX) }
}
