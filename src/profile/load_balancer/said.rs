//! What a load balancer says in the header of its tokens (Elastic Load Balancing, "User claims encoding and
//! signature verification"): the header's JSON goes in, its own parameters come out.
//!
//! Each is absent or valid, and a malformed one is an error. Until the signature holds, they are the sender's word.

use std::borrow::Cow;

use crate::error::{Defect, Error, Part};
use crate::jwt::NumericDate;
use crate::limits::Limits;
use crate::wire::json::{Kind, Value, scan_object};

/// The header parameters beside those of RFC 7515 §4.1.
pub(super) struct Said<'h> {
    pub(super) signer: Option<Cow<'h, str>>,
    pub(super) client: Option<Cow<'h, str>>,
    pub(super) issuer: Cow<'h, str>,
    pub(super) expires_at: NumericDate,
}

impl<'h> Said<'h> {
    pub(super) fn read(header: &'h str, limits: &Limits) -> Result<Self, Error> {
        let (mut signer, mut client, mut issuer, mut expires_at) = (None, None, None, None);
        scan_object(header, Part::Header, limits, |name, value| {
            match name {
                "signer" => signer = Some(string("signer", value)?),
                "client" => client = Some(string("client", value)?),
                "iss" => issuer = Some(string("iss", value)?),
                "exp" => expires_at = Some(date("exp", value)?),
                _ => {}
            }
            Ok(())
        })?;
        let missing = |name| Error::malformed(Part::Header, Defect::MissingMember(name));
        Ok(Self {
            signer,
            client,
            issuer: issuer.ok_or_else(|| missing("iss"))?,
            expires_at: expires_at.ok_or_else(|| missing("exp"))?,
        })
    }
}

fn string<'h>(name: &'static str, value: Value<'h>) -> Result<Cow<'h, str>, Error> {
    value.as_str().ok_or_else(|| malformed(name, "a string"))
}

fn date(name: &'static str, value: Value<'_>) -> Result<NumericDate, Error> {
    let number =
        (value.kind() == Kind::Number).then(|| NumericDate::from_json_number(value.text())).flatten();
    number.ok_or_else(|| malformed(name, "a number of seconds within 64 bits"))
}

fn malformed(name: &'static str, expected: &'static str) -> Error {
    Error::malformed(Part::Header, Defect::MemberType { name, expected })
}
