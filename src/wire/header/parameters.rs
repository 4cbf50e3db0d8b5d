//! The header's parameters, found and not judged yet: JSON text of one to three parts goes in, each known
//! parameter comes out with the part that it stood in.
//!
//! The parts are one header (RFC 7515 §4, RFC 7516 §4): a name stands in one of them only. Which name may
//! stand where is for the rules in `mod` to say.

use std::collections::HashSet;

use super::{HeaderText, malformed};
use crate::error::{Defect, Error, Limit, Part};
use crate::limits::Limits;
use crate::wire::json::{Value, scan_object};
use crate::wire::over_limit;

/// A parameter's value, and whether the signature or the tag covers it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter<'a> {
    pub(super) value: Value<'a>,
    is_protected: bool,
}

impl<'a> Parameter<'a> {
    /// Returns the value if it stands in the protected header.
    pub(super) fn protected(self, name: &'static str) -> Result<Value<'a>, Error> {
        if self.is_protected { Ok(self.value) } else { Err(malformed(Defect::UnprotectedMember(name))) }
    }
}

/// The header's parameters as they were found, their types not judged yet.
#[derive(Default)]
pub(super) struct Parameters<'a> {
    pub(super) alg: Option<Parameter<'a>>,
    pub(super) enc: Option<Parameter<'a>>,
    pub(super) kid: Option<Parameter<'a>>,
    pub(super) typ: Option<Parameter<'a>>,
    pub(super) cty: Option<Parameter<'a>>,
    pub(super) epk: Option<Parameter<'a>>,
    pub(super) apu: Option<Parameter<'a>>,
    pub(super) apv: Option<Parameter<'a>>,
    pub(super) iv: Option<Parameter<'a>>,
    pub(super) tag: Option<Parameter<'a>>,
    pub(super) p2s: Option<Parameter<'a>>,
    pub(super) p2c: Option<Parameter<'a>>,
    pub(super) zip: Option<Parameter<'a>>,
    pub(super) b64: Option<Parameter<'a>>,
    pub(super) crit: Option<Parameter<'a>>,
}

impl<'a> Parameters<'a> {
    pub(super) fn scan(text: HeaderText<'a>, limits: &Limits) -> Result<Self, Error> {
        let HeaderText { protected, shared, unprotected } = text;
        let mut read = Self::default();
        // Within one part the scanner finds duplicates by itself.
        let mut names = (shared.is_some() || unprotected.is_some()).then(HashSet::<String>::new);
        for (json, is_protected) in [(protected, true), (shared, false), (unprotected, false)] {
            let Some(json) = json else { continue };
            if json.len() > limits.header_bytes {
                return Err(over_limit(Limit::HeaderBytes, limits.header_bytes));
            }
            scan_object(json, Part::Header, limits, |name, value| {
                if let Some(names) = &mut names
                    && !names.insert(name.to_owned())
                {
                    return Err(malformed(Defect::DuplicateMember));
                }
                if let Some(parameter) = read.named(name) {
                    *parameter = Some(Parameter { value, is_protected });
                }
                Ok(())
            })?;
        }
        Ok(read)
    }

    fn named(&mut self, name: &str) -> Option<&mut Option<Parameter<'a>>> {
        Some(match name {
            "alg" => &mut self.alg,
            "enc" => &mut self.enc,
            "kid" => &mut self.kid,
            "typ" => &mut self.typ,
            "cty" => &mut self.cty,
            "epk" => &mut self.epk,
            "apu" => &mut self.apu,
            "apv" => &mut self.apv,
            "iv" => &mut self.iv,
            "tag" => &mut self.tag,
            "p2s" => &mut self.p2s,
            "p2c" => &mut self.p2c,
            "zip" => &mut self.zip,
            "b64" => &mut self.b64,
            "crit" => &mut self.crit,
            _ => return None,
        })
    }
}

/// What RFC 7515 §4.1, RFC 7516 §4.1 and RFC 7518 §4 define. RFC 7515 §4.1.11: "Producers MUST
/// NOT include Header Parameter names defined by this specification or \[JWA\] for use with
/// JWS, duplicate names, or names that do not occur as Header Parameter names within the JOSE
/// Header in the "crit" list."
pub(crate) const REGISTERED: [&str; 20] = [
    "alg", "enc", "zip", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "epk",
    "apu", "apv", "iv", "tag", "p2s", "p2c",
];
