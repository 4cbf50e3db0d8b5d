//! The header parameters that a caller adds to what the key gives: names and values go in, JSON text for
//! the protected and the unprotected header comes out, or what is wrong with them (RFC 7515 §4.2, §4.3).
//!
//! A name that the specifications define has one writer here, so that two can't contradict each other. What
//! comes out is read back by the rules that verifiers have: nobody is to sign what nobody accepts.

use serde::Serialize;

use super::SigningKey;
use crate::error::Error;
use crate::jwk::Jwk;
use crate::limits::Limits;
use crate::wire::header::{Header, HeaderRules, HeaderText, HeaderWriter, REGISTERED};
use crate::wire::typed;

/// Parameters in the order in which they were added, not judged yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    protected: Vec<Parameter>,
    unprotected: Vec<Parameter>,
}

#[derive(Debug, Clone)]
struct Parameter {
    name: String,
    /// The value's JSON text, `None` if the value has none.
    json: Option<String>,
    is_critical: bool,
}

impl Parameters {
    pub(super) fn add_protected<T>(&mut self, name: String, value: &T, is_critical: bool)
    where
        T: Serialize + ?Sized,
    {
        self.protected.push(Parameter { name, json: json(value), is_critical });
    }

    pub(super) fn add_unprotected<T: Serialize + ?Sized>(&mut self, name: String, value: &T) {
        self.unprotected.push(Parameter { name, json: json(value), is_critical: false });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.protected.is_empty() && self.unprotected.is_empty()
    }

    /// Adds to the protected header what belongs there; `b64` says whether the payload is base64url.
    pub(super) fn write_protected(
        &self,
        key: &SigningKey,
        b64: bool,
        header: &mut HeaderWriter,
    ) -> Result<(), Error> {
        if !b64 {
            header.raw(B64, "false");
        }
        let critical: Vec<&str> =
            self.protected.iter().filter(|own| own.is_critical).map(Parameter::name).collect();
        let critical: Vec<&str> = (!b64).then_some(B64).into_iter().chain(critical).collect();
        if !critical.is_empty() {
            header.raw("crit", &json(&critical).ok_or_else(not_json)?);
        }
        self.protected.iter().try_for_each(|own| own.write(key, header))
    }

    /// Adds to the unprotected header what belongs there.
    pub(super) fn write_unprotected(&self, key: &SigningKey, header: &mut HeaderWriter) -> Result<(), Error> {
        self.unprotected.iter().try_for_each(|own| own.write(key, header))
    }

    pub(super) fn has_unprotected(&self) -> bool {
        !self.unprotected.is_empty()
    }

    /// Holds the header as it was written to what a verifier would say of it.
    pub(super) fn check(&self, protected: &str, unprotected: Option<&str>) -> Result<(), Error> {
        let understood: Vec<&str> = self.protected.iter().map(Parameter::name).collect();
        // How large a header may be is for the verifier to say; how deep and how many, for both.
        let limits = Limits::default().header_bytes(usize::MAX);
        let rules = HeaderRules { unencoded_payload: true, ..HeaderRules::new(&limits, &understood) };
        let text = HeaderText { protected: Some(protected), shared: None, unprotected };
        Header::read_jws(text, &rules).map(|_| ()).map_err(|error| {
            Error::misuse(format!("expected header parameters that a verifier can accept: {error}"))
        })
    }
}

impl Parameter {
    fn name(&self) -> &str {
        &self.name
    }

    fn write(&self, key: &SigningKey, header: &mut HeaderWriter) -> Result<(), Error> {
        let Self { name, json, is_critical } = self;
        let is_registered = REGISTERED.contains(&name.as_str()) || name == B64;
        if is_registered && (*is_critical || !OF_KEYS.contains(&name.as_str())) {
            return Err(Error::misuse(format!(
                "expected a parameter of the application's own, found `{name}`, which the specifications define"
            )));
        }
        let json = json.as_deref().ok_or_else(not_json)?;
        if name == "jwk" {
            check_own_key(key, json)?;
        }
        header.raw(name, json);
        Ok(())
    }
}

/// RFC 7515 §4.1.3: `jwk` is "the public key that corresponds to the key used to digitally sign the JWS".
/// Anything else in its place is a mistake, and a private key there is published.
fn check_own_key(key: &SigningKey, json: &str) -> Result<(), Error> {
    let jwk = Jwk::from_json(json)?;
    let own = key.to_public_jwk()?;
    if jwk.is_private() || jwk.is_secret() || jwk.thumbprint() != own.thumbprint() {
        return Err(Error::misuse("expected the signing key's own public half in `jwk`, found another key"));
    }
    Ok(())
}

/// What the specifications define for the receiver to find keys by (RFC 7515 §4.1.2 to §4.1.8). This library
/// doesn't read them, so the application may write them.
const OF_KEYS: [&str; 6] = ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"];

/// RFC 7797 §3.
const B64: &str = "b64";

fn json<T: Serialize + ?Sized>(value: &T) -> Option<String> {
    let text = typed::to_json(value).ok()?;
    String::from_utf8(text.to_vec()).ok()
}

fn not_json() -> Error {
    Error::misuse(
        "expected header parameters that serialize to JSON, found a map key or a value that doesn't",
    )
}
