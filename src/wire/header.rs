//! The protected header, read and held to its own rules: RFC 7515 §4, RFC 7516 §4.
//!
//! The segment goes in; a [`Header`] comes out whose `alg` is there, whose parameters have
//! their types, and whose `crit` is obeyed. `jku`, `x5u`, `jwk` and `x5c` are never read: a
//! key that comes with the token proves nothing about who made it (RFC 8725 §3.10).

pub(crate) use super::header_writer::HeaderWriter;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::{Defect, Error, Limit, Part, Unsupported};
use crate::limits::Limits;
use crate::wire::json::{Kind, Value, scan_object};
use crate::wire::{base64url, over_limit};

/// A protected header in order. What it says is the sender's word, no more.
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
    /// Whether there is a `crit`, every name of which is understood.
    pub(crate) critical: bool,
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

impl<'a> Header<'a> {
    /// Reads a JWS header's JSON text. `understood` are the names that its `crit` may hold.
    pub(crate) fn parse_jws(
        json: &'a str,
        limits: &Limits,
        understood: &[impl AsRef<str>],
    ) -> Result<Self, Error> {
        let read = Parameters::scan(json, limits)?;
        if read.enc.is_some() {
            // RFC 7516 §9: `enc` is what tells a JWE from a JWS.
            return Err(malformed(Defect::UnexpectedMember("enc")));
        }
        let b64 = read.b64.map(|b64| b64.as_bool().ok_or(wrong_type("b64", "a boolean"))).transpose()?;
        let critical = Critical::read(&read, json, limits)?;
        if b64 == Some(false) {
            // RFC 7797 §6: a reader that doesn't know `b64` must not take the payload for
            // base64url, so `crit` has to name it.
            if !critical.contains("b64") {
                return Err(malformed(Defect::Crit("must name `b64` when that is false")));
            }
            return Err(Error::Unsupported(Unsupported::Critical));
        }
        critical.check(understood)?;
        Ok(Self {
            alg: required_string("alg", read.alg)?,
            enc: None,
            kid: optional_string("kid", read.kid)?,
            typ: optional_string("typ", read.typ)?,
            cty: optional_string("cty", read.cty)?,
            epk: None,
            apu: None,
            apv: None,
            iv: None,
            tag: None,
            critical: read.crit.is_some(),
        })
    }

    /// Reads a JWE header's JSON text. `understood` are the names that its `crit` may hold.
    pub(crate) fn parse_jwe(
        json: &'a str,
        limits: &Limits,
        understood: &[impl AsRef<str>],
    ) -> Result<Self, Error> {
        let read = Parameters::scan(json, limits)?;
        let header = Self {
            alg: required_string("alg", read.alg)?,
            enc: Some(required_string("enc", read.enc)?),
            kid: optional_string("kid", read.kid)?,
            typ: optional_string("typ", read.typ)?,
            cty: optional_string("cty", read.cty)?,
            epk: read.epk.map(epk).transpose()?,
            apu: optional_string("apu", read.apu)?,
            apv: optional_string("apv", read.apv)?,
            iv: optional_string("iv", read.iv)?,
            tag: optional_string("tag", read.tag)?,
            critical: read.crit.is_some(),
        };
        Critical::read(&read, json, limits)?.check(understood)?;
        if read.zip.is_some() {
            return Err(Error::Unsupported(Unsupported::Compression));
        }
        Ok(header)
    }
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

/// The header's parameters as they were found, their types not judged yet.
#[derive(Default)]
struct Parameters<'a> {
    alg: Option<Value<'a>>,
    enc: Option<Value<'a>>,
    kid: Option<Value<'a>>,
    typ: Option<Value<'a>>,
    cty: Option<Value<'a>>,
    epk: Option<Value<'a>>,
    apu: Option<Value<'a>>,
    apv: Option<Value<'a>>,
    iv: Option<Value<'a>>,
    tag: Option<Value<'a>>,
    zip: Option<Value<'a>>,
    b64: Option<Value<'a>>,
    crit: Option<Value<'a>>,
}

impl<'a> Parameters<'a> {
    fn scan(json: &'a str, limits: &Limits) -> Result<Self, Error> {
        let mut read = Self::default();
        scan_object(json, Part::Header, limits, |name, value| {
            let parameter = match name {
                "alg" => &mut read.alg,
                "enc" => &mut read.enc,
                "kid" => &mut read.kid,
                "typ" => &mut read.typ,
                "cty" => &mut read.cty,
                "epk" => &mut read.epk,
                "apu" => &mut read.apu,
                "apv" => &mut read.apv,
                "iv" => &mut read.iv,
                "tag" => &mut read.tag,
                "zip" => &mut read.zip,
                "b64" => &mut read.b64,
                "crit" => &mut read.crit,
                _ => return Ok(()),
            };
            *parameter = Some(value);
            Ok(())
        })?;
        Ok(read)
    }
}

/// The names in `crit`, which obey RFC 7515 §4.1.11; whether they are understood is open.
struct Critical<'a>(HashSet<Cow<'a, str>>);

impl<'a> Critical<'a> {
    fn read(read: &Parameters<'a>, json: &'a str, limits: &Limits) -> Result<Self, Error> {
        let defect = |rule| malformed(Defect::Crit(rule));
        let mut names = HashSet::new();
        let Some(crit) = read.crit else { return Ok(Self(names)) };
        for element in crit.elements().ok_or(defect("must be an array of strings"))? {
            let name = element.as_str().ok_or(defect("must be an array of strings"))?;
            if REGISTERED.contains(&&*name) {
                return Err(defect("must not name a parameter of the JOSE specifications"));
            }
            if !names.insert(name) {
                return Err(defect("must not name a parameter twice"));
            }
        }
        if names.is_empty() {
            return Err(defect("must not be empty"));
        }
        let mut present = 0;
        scan_object(json, Part::Header, limits, |name, _| {
            present += usize::from(names.contains(name));
            Ok(())
        })?;
        if present < names.len() {
            return Err(defect("must name parameters that are in the header"));
        }
        Ok(Self(names))
    }

    fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    fn check(&self, understood: &[impl AsRef<str>]) -> Result<(), Error> {
        if self.0.iter().all(|name| understood.iter().any(|known| known.as_ref() == name)) {
            Ok(())
        } else {
            Err(Error::Unsupported(Unsupported::Critical))
        }
    }
}

fn required_string<'a>(name: &'static str, value: Option<Value<'a>>) -> Result<Cow<'a, str>, Error> {
    optional_string(name, value)?.ok_or(malformed(Defect::MissingMember(name)))
}

fn optional_string<'a>(name: &'static str, value: Option<Value<'a>>) -> Result<Option<Cow<'a, str>>, Error> {
    value.map(|value| value.as_str().ok_or(wrong_type(name, "a string"))).transpose()
}

fn epk(value: Value<'_>) -> Result<Value<'_>, Error> {
    if value.kind() == Kind::Object { Ok(value) } else { Err(wrong_type("epk", "an object")) }
}

const fn wrong_type(name: &'static str, expected: &'static str) -> Error {
    malformed(Defect::MemberType { name, expected })
}

const fn malformed(defect: Defect) -> Error {
    Error::malformed(Part::Header, defect)
}

/// What RFC 7515 §4.1, RFC 7516 §4.1 and RFC 7518 §4 define. RFC 7515 §4.1.11: "Producers MUST
/// NOT include Header Parameter names defined by this specification or [JWA] for use with
/// JWS, duplicate names, or names that do not occur as Header Parameter names within the JOSE
/// Header in the "crit" list."
const REGISTERED: [&str; 20] = [
    "alg", "enc", "zip", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "epk",
    "apu", "apv", "iv", "tag", "p2s", "p2c",
];
