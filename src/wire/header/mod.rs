//! The JOSE header, read and held to its own rules: RFC 7515 §4, RFC 7516 §4, RFC 7797 §3.
//!
//! The protected segment goes in, with the unprotected parts that the JSON serializations put beside
//! it; a [`Header`] comes out whose `alg` is there, whose names are distinct over all parts, whose
//! parameters have their types and their place, and whose `crit` is obeyed. `jku`, `x5u`, `jwk` and `x5c` are never read: a
//! key that comes with the token proves nothing about who made it (RFC 8725 §3.10).

mod critical;
mod further;
mod member;
mod parameters;
mod writer;

pub(crate) use further::FurtherParameters;
pub(crate) use member::{member, parameter};
use parameters::REGISTERED;
pub(crate) use writer::HeaderWriter;

use std::borrow::Cow;

use critical::Critical;
use parameters::{Parameter, Parameters};

use crate::error::{Defect, Error, Limit, Part, Unsupported};
use crate::limits::Limits;
use crate::wire::json::{Kind, Value};
use crate::wire::{base64url, over_limit};

/// A header in order. What it says is the sender's word, no more.
#[derive(Debug, Clone)]
pub(crate) struct Header<'a> {
    /// The algorithm, any string.
    pub(crate) alg: Cow<'a, str>,
    /// The content encryption, any string: always there in a JWE, never in a JWS.
    pub(crate) enc: Option<Cow<'a, str>>,
    /// The key's id, any string.
    pub(crate) kid: Option<Cow<'a, str>>,
    /// The token's media type; compare it with [`media_type_eq`].
    pub(crate) typ: Option<Cow<'a, str>>,
    /// The content's media type; compare it with [`media_type_eq`].
    pub(crate) cty: Option<Cow<'a, str>>,
    /// Whether the plaintext was compressed with DEFLATE; false in a JWS.
    pub(crate) zip: bool,
    /// The sender's ephemeral public key, an object; `None` in a JWS.
    pub(crate) epk: Option<Value<'a>>,
    /// Agreement PartyUInfo, still base64url; `None` in a JWS.
    pub(crate) apu: Option<Cow<'a, str>>,
    /// Agreement PartyVInfo, still base64url; `None` in a JWS.
    pub(crate) apv: Option<Cow<'a, str>>,
    /// The key wrap's initialization vector, still base64url; `None` in a JWS.
    pub(crate) iv: Option<Cow<'a, str>>,
    /// The key wrap's authentication tag, still base64url; `None` in a JWS.
    pub(crate) tag: Option<Cow<'a, str>>,
    /// The PBES2 salt input, still base64url; `None` in a JWS.
    pub(crate) p2s: Option<Cow<'a, str>>,
    /// The PBES2 iteration count, any JSON; `None` in a JWS.
    pub(crate) p2c: Option<Value<'a>>,
}

/// Refuses a header segment that would decode to more bytes than the limit.
pub(crate) fn check_size(segment: &str, limits: &Limits) -> Result<(), Error> {
    if base64url::decoded_len(segment.len()) > limits.header_bytes {
        return Err(over_limit(Limit::HeaderBytes, limits.header_bytes));
    }
    Ok(())
}

/// Returns a decoded header's text.
pub(crate) fn text(decoded: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(decoded).map_err(|_| malformed(Defect::Utf8))
}

/// Decodes a header segment into `buffer`, whose content is replaced, and returns its text.
pub(crate) fn decode_header<'b>(
    segment: &str,
    limits: &Limits,
    buffer: &'b mut Vec<u8>,
) -> Result<&'b str, Error> {
    check_size(segment, limits)?;
    buffer.clear();
    base64url::decode_to(segment, Part::Header, buffer)?;
    text(buffer)
}

/// The JOSE header as it comes: the protected part, whose text the signature or the tag covers, and
/// what the JSON serializations put beside it (RFC 7515 §7.2.1, RFC 7516 §7.2.1). All are JSON text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HeaderText<'a> {
    /// The protected header, where there is one.
    pub(crate) protected: Option<&'a str>,
    /// A JWE's shared unprotected header.
    pub(crate) shared: Option<&'a str>,
    /// The unprotected header of one signature or one recipient.
    pub(crate) unprotected: Option<&'a str>,
}

impl<'a> HeaderText<'a> {
    /// A protected header alone, as compact serialization has it.
    pub(crate) fn protected(json: &'a str) -> Self {
        Self { protected: Some(json), ..Self::default() }
    }
}

/// What a reader understands and asked for, beside the rules that always hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeaderRules<'r> {
    /// The limits on each part of the header.
    pub(crate) limits: &'r Limits,
    /// The names that `crit` may hold.
    pub(crate) understood: &'r [String],
    /// Whether `b64` may be false in a JWS (RFC 7797 §3).
    pub(crate) unencoded_payload: bool,
    /// Whether a JWS's `alg` may stand outside the protected header.
    pub(crate) unprotected_algorithm: bool,
    /// Whether `zip` may be `DEF` in a JWE (RFC 7516 §4.1.3).
    pub(crate) compression: bool,
}

impl<'r> HeaderRules<'r> {
    /// The rules of a reader who asked for nothing but that these names be critical.
    pub(crate) const fn new(limits: &'r Limits, understood: &'r [String]) -> Self {
        Self {
            limits,
            understood,
            unencoded_payload: false,
            unprotected_algorithm: false,
            compression: false,
        }
    }
}

impl<'a> Header<'a> {
    /// Reads a JWS's protected header, all there is of it. `understood` are the names that its `crit` may hold.
    pub(crate) fn parse_jws(json: &'a str, limits: &Limits, understood: &[String]) -> Result<Self, Error> {
        Self::read_jws(HeaderText::protected(json), &HeaderRules::new(limits, understood))
    }

    /// Reads a JWE's protected header, all there is of it. `understood` are the names that its `crit` may hold.
    #[cfg(test)]
    pub(crate) fn parse_jwe(json: &'a str, limits: &Limits, understood: &[String]) -> Result<Self, Error> {
        Self::read_jwe(HeaderText::protected(json), &HeaderRules::new(limits, understood))
    }

    /// Reads the parts of a JWS's header as one.
    pub(crate) fn read_jws(text: HeaderText<'a>, rules: &HeaderRules<'_>) -> Result<Self, Error> {
        let read = Parameters::scan(text, rules.limits)?;
        if read.enc.is_some() {
            // RFC 7516 §9: `enc` is what tells a JWE from a JWS.
            return Err(malformed(Defect::UnexpectedMember("enc")));
        }
        // Nobody signed an unprotected `alg`, so it is only looked at by who asked for that.
        if !rules.unprotected_algorithm {
            read.alg.map(|alg| alg.protected("alg")).transpose()?;
        }
        let b64 = b64(read.b64)?;
        let critical = Critical::read(&read, text, rules.limits)?;
        if !b64 {
            // RFC 7797 §6: a reader that doesn't know `b64` must not take the payload for
            // base64url, so `crit` has to name it.
            if !critical.contains(B64) {
                return Err(malformed(Defect::Crit("must name `b64` when that is false")));
            }
            if !rules.unencoded_payload {
                return Err(Error::Unsupported(Unsupported::Critical));
            }
        }
        critical.check(rules.understood, rules.unencoded_payload.then_some(B64))?;
        Ok(Self {
            alg: required_string("alg", read.alg)?,
            kid: optional_string("kid", read.kid)?,
            typ: optional_string("typ", read.typ)?,
            cty: optional_string("cty", read.cty)?,
            enc: None,
            zip: false,
            epk: None,
            apu: None,
            apv: None,
            iv: None,
            tag: None,
            p2s: None,
            p2c: None,
        })
    }

    /// Reads the parts of a JWE's header, for one recipient, as one.
    pub(crate) fn read_jwe(text: HeaderText<'a>, rules: &HeaderRules<'_>) -> Result<Self, Error> {
        let read = Parameters::scan(text, rules.limits)?;
        let mut header = Self {
            alg: required_string("alg", read.alg)?,
            enc: Some(required_string("enc", read.enc)?),
            kid: optional_string("kid", read.kid)?,
            typ: optional_string("typ", read.typ)?,
            cty: optional_string("cty", read.cty)?,
            zip: false,
            epk: read.epk.map(epk).transpose()?,
            apu: optional_string("apu", read.apu)?,
            apv: optional_string("apv", read.apv)?,
            iv: optional_string("iv", read.iv)?,
            tag: optional_string("tag", read.tag)?,
            p2s: optional_string("p2s", read.p2s)?,
            p2c: read.p2c.map(|p2c| p2c.value),
        };
        let critical = Critical::read(&read, text, rules.limits)?;
        if critical.contains(B64) {
            // RFC 7797 §3 defines it for a JWS, so nobody can understand it here.
            return Err(Error::Unsupported(Unsupported::Critical));
        }
        critical.check(rules.understood, None)?;
        if let Some(zip) = read.zip {
            // RFC 7516 §4.1.3: "it MUST occur only within the JWE Protected Header".
            let zip = zip.protected("zip")?;
            if !rules.compression || zip.as_str().as_deref() != Some(DEFLATE) {
                return Err(Error::Unsupported(Unsupported::Compression));
            }
            header.zip = true;
        }
        Ok(header)
    }
}

/// Returns whether a JWS's payload is base64url in the signing input, by a header whose other rules aren't
/// judged yet: several signatures over one payload have to agree before any of them counts (RFC 7797 §3).
pub(crate) fn encodes_payload(text: HeaderText<'_>, limits: &Limits) -> Result<bool, Error> {
    b64(Parameters::scan(text, limits)?.b64)
}

/// Compares two media types of `typ` or `cty` as RFC 7515 §4.1.9 reads them: without a slash,
/// "application/" is put in front; letters' case doesn't matter, but in a parameter it does.
pub(crate) fn media_type_eq(one: &str, other: &str) -> bool {
    let split = |value| {
        let short = shortened(value);
        short.split_once(';').map_or((short, None), |(name, parameters)| (name, Some(parameters)))
    };
    let ((name, parameters), (other_name, other_parameters)) = (split(one), split(other));
    name.eq_ignore_ascii_case(other_name) && parameters == other_parameters
}

/// Drops the "application/" that a value may go without.
fn shortened(value: &str) -> &str {
    const PREFIX: &str = "application/";
    match value.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => value,
    }
}

fn required_string<'a>(name: &'static str, value: Option<Parameter<'a>>) -> Result<Cow<'a, str>, Error> {
    optional_string(name, value)?.ok_or(malformed(Defect::MissingMember(name)))
}

fn optional_string<'a>(
    name: &'static str,
    value: Option<Parameter<'a>>,
) -> Result<Option<Cow<'a, str>>, Error> {
    value.map(|found| found.value.as_str().ok_or(wrong_type(name, "a string"))).transpose()
}

fn b64(b64: Option<Parameter<'_>>) -> Result<bool, Error> {
    let Some(b64) = b64 else { return Ok(true) };
    // RFC 7797 §3: "The "b64" Header Parameter MUST be integrity protected".
    b64.protected(B64)?.as_bool().ok_or(wrong_type(B64, "a boolean"))
}

fn epk(epk: Parameter<'_>) -> Result<Value<'_>, Error> {
    if epk.value.kind() == Kind::Object { Ok(epk.value) } else { Err(wrong_type("epk", "an object")) }
}

/// The one value of `zip` (RFC 7516 §4.1.3).
pub(crate) const DEFLATE: &str = "DEF";

/// The one critical parameter that this library understands itself (RFC 7797 §3).
pub(crate) const B64: &str = "b64";

const fn wrong_type(name: &'static str, expected: &'static str) -> Error {
    malformed(Defect::MemberType { name, expected })
}

const fn malformed(defect: Defect) -> Error {
    Error::malformed(Part::Header, defect)
}

#[cfg(test)]
mod tests;
