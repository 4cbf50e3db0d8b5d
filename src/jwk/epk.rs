//! The header parameter `epk`: an ephemeral public key (RFC 7518 §4.6.1.1). A value out of a scanned
//! header goes in, checked key material comes out, and back.
//!
//! It is the one key that comes with a token and is used. So it passes the same checks as a JWK of
//! ours: a point off its curve would give the recipient's private key away.

use super::members::Members;
use super::writer::ObjectWriter;
use super::{Jwk, KeyMaterial};
use crate::wire::json::Value;
use crate::{Error, KeyDefect, Limits, Part};

/// Reads an `epk` from a scanned header: a public EC or OKP key, on its curve.
///
/// RFC 7518 §4.6.1.1: "This key is represented as a JSON Web Key public key value." A private part is
/// refused: whoever sends one has given the shared secret away.
pub(crate) fn read_ephemeral_public_key(epk: Value<'_>, limits: &Limits) -> Result<KeyMaterial, Error> {
    let members = Members::scan(epk.text(), Part::Header, limits)?;
    members.expect_absent("d")?;
    match &*members.text("kty")? {
        "EC" | "OKP" => KeyMaterial::read(&members),
        _ => Err(Error::InvalidKey(KeyDefect::Type {
            expected: "an EC or OKP key",
            found: "a key of another type",
        })),
    }
}

/// An `epk` that was read, as a key of its own, for those that agree outside the process.
pub(crate) fn ephemeral_jwk(epk: KeyMaterial) -> Jwk {
    Jwk::from_material(epk)
}

/// Writes an `epk`: the public members, and nothing else.
pub(crate) fn write_ephemeral_public_key(key: &KeyMaterial) -> Result<String, Error> {
    let public = key.to_public()?;
    let mut object = ObjectWriter::with_capacity(public.max_len());
    public.write_required(&mut object);
    Ok(object.finish_public())
}
