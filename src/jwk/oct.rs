//! Symmetric secrets (`oct`, RFC 7518 §6.4): the member `k` goes in, wiped bytes come out.
//!
//! Only the empty secret is refused here, as with it anyone can make a valid MAC. Each algorithm has a
//! least length of its own (RFC 7518 §3.2), which is checked when the key is bound to it.

use super::members::Members;
use crate::{Error, KeyDefect, SecretBytes};

/// Reads `k`.
pub(super) fn read(members: &Members<'_>) -> Result<SecretBytes, Error> {
    check(members.secret("k")?)
}

/// Refuses the empty secret: with it, anyone can make a valid MAC. Each algorithm has its own minimum,
/// which is checked when the key is bound to the algorithm.
pub(super) fn check(secret: SecretBytes) -> Result<SecretBytes, Error> {
    if secret.is_empty() { Err(Error::InvalidKey(KeyDefect::TooSmall { min_bits: 8 })) } else { Ok(secret) }
}
