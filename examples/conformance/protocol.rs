//! The lines: one JSON object in, its members by name; one answer out.
//!
//! Values stay the text they came in until someone asks for one of them, so the depth of what is nested inside costs
//! nothing here, and keys, headers and tokens reach the library as they were written.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{Error, Jwk, JwkSet};
use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// More members of one object, or elements of one list, are for no honest request; names are looked up one by one.
const MOST: usize = 1000;

/// The members of one JSON object, in order, values unread.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    pub(crate) fn read(text: &'a str) -> Result<Self, Failure> {
        serde_json::from_str(text).map_err(|_| Failure::of_request("expected a JSON object, found another"))
    }

    pub(crate) fn check_distinct(&self) -> Result<(), Failure> {
        let mut names: Vec<_> = self.0.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        if names.is_sorted_by(|one, next| one < next) {
            return Ok(());
        }
        Err(Failure::of_request("expected each member once, found one twice"))
    }

    /// The member's text; `null` is as good as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let (_, value) = self.0.iter().find(|(found, _)| found == name)?;
        (value.get() != "null").then_some(*value)
    }

    fn typed<T: DeserializeOwned>(&self, name: &str, expected: &str) -> Result<Option<T>, Failure> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let value = serde_json::from_str(value.get());
        value
            .map(Some)
            .map_err(|_| Failure::of_request(format!("expected {expected} in `{name}`, found another")))
    }

    fn required<T>(&self, name: &str, value: Option<T>) -> Result<T, Failure> {
        value.ok_or_else(|| Failure::of_request(format!("expected the member `{name}`, found none")))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        self.typed(name, "a string")
    }

    pub(crate) fn required_text(&self, name: &str) -> Result<String, Failure> {
        self.required(name, self.text(name)?)
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Failure> {
        let texts: Option<Vec<String>> = self.typed(name, "an array of strings")?;
        texts.map(|texts| check_length(name, texts)).transpose()
    }

    pub(crate) fn required_texts(&self, name: &str) -> Result<Vec<String>, Failure> {
        self.required(name, self.texts(name)?)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        self.typed(name, "true or false")
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>, Failure> {
        self.typed(name, "a whole number")
    }

    pub(crate) fn seconds(&self, name: &str) -> Result<Option<Duration>, Failure> {
        let seconds: Option<f64> = self.typed(name, "a number of seconds")?;
        seconds.map(Duration::try_from_secs_f64).transpose().map_err(|_| {
            Failure::of_request(format!("expected a number of seconds that isn't negative in `{name}`"))
        })
    }

    /// Unpadded base64url, canonical.
    pub(crate) fn octets(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let octets = URL_SAFE_NO_PAD.decode(text);
        octets.map(Some).map_err(|_| Failure::of_request(format!("expected unpadded base64url in `{name}`")))
    }

    pub(crate) fn required_octets(&self, name: &str) -> Result<Vec<u8>, Failure> {
        self.required(name, self.octets(name)?)
    }

    /// An array of objects; absent, an empty one.
    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Members<'a>>, Failure> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let objects = serde_json::from_str(value.get());
        let objects = objects.map_err(|_| {
            Failure::of_request(format!("expected an array of objects in `{name}`, found another"))
        })?;
        check_length(name, objects)
    }

    pub(crate) fn jwk(&self, name: &str) -> Result<Jwk, Failure> {
        Ok(Jwk::from_json(self.required(name, self.get(name))?.get())?)
    }

    /// One JWK or a set of them.
    pub(crate) fn jwks(&self, name: &str) -> Result<JwkSet, Failure> {
        let text = self.required(name, self.get(name))?.get();
        match Members::read(text) {
            Ok(members) if members.get("keys").is_some() => Ok(JwkSet::from_json(text)?),
            _ => Ok([Jwk::from_json(text)?].into_iter().collect()),
        }
    }

    pub(crate) fn serialization(&self) -> Result<Serialization, Failure> {
        match self.required_text("serialization")?.as_str() {
            "compact" => Ok(Serialization::Compact),
            "flattened" => Ok(Serialization::Flattened),
            "general" => Ok(Serialization::General),
            _ => Err(Failure::of_request("expected compact, flattened or general in `serialization`")),
        }
    }

    pub(crate) fn token(&self) -> Result<Token<'a>, Failure> {
        let value = self.required("token", self.get("token"))?.get();
        if value.starts_with('{') {
            Ok(Token::Json(value))
        } else {
            self.required_text("token").map(Token::Compact)
        }
    }
}

fn check_length<T>(name: &str, list: Vec<T>) -> Result<Vec<T>, Failure> {
    if list.len() <= MOST {
        return Ok(list);
    }
    Err(Failure::of_request(format!("expected at most {MOST} elements in `{name}`, found more")))
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    if members.len() == MOST {
                        return Err(de::Error::custom("too many members"));
                    }
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Serialization {
    Compact,
    Flattened,
    General,
}

pub(crate) enum Token<'a> {
    Compact(String),
    /// The text as it stands in the request.
    Json(&'a str),
}

/// The header parameters that a request adds, and which of them its `crit` lists.
pub(crate) struct Header<'a> {
    pub(crate) members: Members<'a>,
    critical: Vec<String>,
}

impl<'a> Header<'a> {
    pub(crate) fn of(request: &Members<'a>) -> Result<Self, Failure> {
        let members =
            request.get("header").map_or(Ok(Members(Vec::new())), |text| Members::read(text.get()))?;
        members.check_distinct()?;
        let critical = members.texts("crit")?.unwrap_or_default();
        if critical.iter().any(|name| members.get(name).is_none()) {
            return Err(Failure::of_request("expected the parameters that `crit` names, found one missing"));
        }
        Ok(Self { members, critical })
    }

    /// Those that have no setter of their own, each with whether it is critical. One that has a setter can't be
    /// critical, which is for the library to say.
    pub(crate) fn parameters(&self, settable: &[&str]) -> impl Iterator<Item = (&str, &'a RawValue, bool)> {
        let all = self.members.0.iter().filter(|(name, _)| name != "crit");
        let all = all.map(|(name, value)| (name.as_str(), *value, self.critical.contains(name)));
        all.filter(|(name, _, critical)| *critical || !settable.contains(name))
    }

    /// The `kid` that is asked for, which can't be another than the key's.
    pub(crate) fn key_id(&self, own: Option<&str>) -> Result<Option<String>, Failure> {
        let asked = self.members.text("kid")?;
        if own.is_some() && asked.is_some() && asked.as_deref() != own {
            return Err(Failure::of_request("expected the key's own `kid` in the header, found another"));
        }
        Ok(asked)
    }
}

/// Why a request isn't answered with what it asks for.
#[derive(Serialize)]
pub(crate) struct Failure {
    kind: &'static str,
    code: &'static str,
    error: String,
}

impl Failure {
    /// The request itself isn't one of the protocol.
    pub(crate) fn of_request(error: impl Into<String>) -> Self {
        Self { kind: "invalid", code: "request", error: error.into() }
    }

    pub(crate) fn is_of_key_type(&self) -> bool {
        self.code == "key_type"
    }

    pub(crate) fn unsupported(code: &'static str, error: impl Into<String>) -> Self {
        Self { kind: "unsupported", code, error: error.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = if matches!(error, Error::Unsupported(_)) { "unsupported" } else { "invalid" };
        Self { kind, code: error.code(), error: error.to_string() }
    }
}

/// What an operation gives.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    Info {
        name: &'static str,
        version: &'static str,
        backends: [&'static str; 1],
        jws: Vec<&'static str>,
        jwe_alg: Vec<&'static str>,
        jwe_enc: Vec<&'static str>,
    },
    Token {
        token: Box<RawValue>,
    },
    Payload {
        payload_b64u: String,
    },
    Thumbprint {
        thumbprint: String,
    },
    Claims {
        claims: Box<RawValue>,
    },
    Usable {
        usable: usize,
    },
}

impl Answer {
    pub(crate) fn compact(token: &str) -> Result<Self, Failure> {
        Ok(Self::Token {
            token: to_raw_value(token).map_err(|_| Failure::of_request("a token that isn't text"))?,
        })
    }

    pub(crate) fn json(token: String) -> Result<Self, Failure> {
        let token = RawValue::from_string(token);
        Ok(Self::Token { token: token.map_err(|_| Failure::of_request("a token that isn't JSON"))? })
    }

    pub(crate) fn payload(payload: &[u8]) -> Self {
        Self::Payload { payload_b64u: URL_SAFE_NO_PAD.encode(payload) }
    }
}

/// One line of output, without its end.
pub(crate) fn reply(id: Option<&RawValue>, outcome: Result<Answer, Failure>) -> String {
    #[derive(Serialize)]
    struct Reply<'a, B> {
        id: Option<&'a RawValue>,
        ok: bool,
        #[serde(flatten)]
        body: B,
    }

    let text = match outcome {
        Ok(body) => serde_json::to_string(&Reply { id, ok: true, body }),
        Err(body) => serde_json::to_string(&Reply { id, ok: false, body }),
    };
    text.expect("strings, numbers and JSON that was read as such serialize")
}
