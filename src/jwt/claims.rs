//! The claims set (RFC 7519 §4): a payload's JSON text goes in, the registered claims come out typed,
//! any other by name, all read in one borrowed pass.
//!
//! A registered claim is absent or valid, and a malformed one is an error: taken for absent, an `exp`
//! in quotes would never expire. `iss` may be peeked at before the signature holds, to choose whose
//! keys to try, and for nothing else.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::NumericDate;
use crate::error::{ClaimProblem, Error, Part};
use crate::limits::Limits;
use crate::wire::json::{Kind, Members, Value, for_each_member, scan_object};

/// The registered claims of RFC 7519 §4.1. Each is absent or valid; a malformed one is an error
/// before this value exists.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registered<'a> {
    pub(crate) issuer: Option<Cow<'a, str>>,
    pub(crate) subject: Option<Cow<'a, str>>,
    pub(crate) audience: Option<Audience<'a>>,
    pub(crate) expires_at: Option<NumericDate>,
    pub(crate) not_before: Option<NumericDate>,
    pub(crate) issued_at: Option<NumericDate>,
    pub(crate) jwt_id: Option<Cow<'a, str>>,
}

/// `aud`: one string, or an array of strings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Audience<'a>(Value<'a>);

impl<'a> Audience<'a> {
    /// At least the length of all of them together.
    pub(crate) fn text_len(self) -> usize {
        self.0.text().len()
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Cow<'a, str>> {
        let one = self.0.as_str().into_iter();
        one.chain(self.0.elements().into_iter().flatten().filter_map(|element| element.as_str()))
    }
}

impl<'a> Registered<'a> {
    /// Reads the claims set into an empty value, calling `each` with every claim's name before its value is judged.
    /// The claims are in `members` then.
    ///
    /// Filled in place, as `members` is: it is large, and many stand between the one who asks and this.
    pub(crate) fn read(
        &mut self,
        text: &'a str,
        limits: &Limits,
        members: &mut Members<'a>,
        mut each: impl FnMut(&str),
    ) -> Result<(), Error> {
        members.scan(text, Part::Claims, limits, |name, value| {
            each(name);
            // As bytes, these are told apart by their length first.
            match name.as_bytes() {
                b"iss" => self.issuer = Some(string("iss", value)?),
                b"sub" => self.subject = Some(string("sub", value)?),
                b"aud" => self.audience = Some(audience(value)?),
                b"exp" => self.expires_at = Some(date("exp", value)?),
                b"nbf" => self.not_before = Some(date("nbf", value)?),
                b"iat" => self.issued_at = Some(date("iat", value)?),
                b"jti" => self.jwt_id = Some(string("jti", value)?),
                _ => {}
            }
            Ok(())
        })
    }

    /// Reads nothing but `iss`, and takes anything odd for its absence: a hint at whose keys to try.
    pub(crate) fn issuer_hint(payload: &'a [u8], limits: &Limits) -> Option<Cow<'a, str>> {
        let text = std::str::from_utf8(payload).ok()?;
        let mut issuer = None;
        scan_object(text, Part::Claims, limits, |name, value| {
            if name == "iss" {
                issuer = value.as_str();
            }
            Ok(())
        })
        .ok()?;
        issuer
    }
}

#[inline]
fn string<'a>(claim: &'static str, value: Value<'a>) -> Result<Cow<'a, str>, Error> {
    value.as_str().ok_or_else(|| malformed(claim, "a string", value.kind_name()))
}

fn date(claim: &'static str, value: Value<'_>) -> Result<NumericDate, Error> {
    const EXPECTED: &str = "a number of seconds within 64 bits";
    if value.kind() != Kind::Number {
        return Err(malformed(claim, EXPECTED, value.kind_name()));
    }
    NumericDate::from_json_number(value.text()).ok_or_else(|| malformed(claim, EXPECTED, "one beyond that"))
}

fn audience(value: Value<'_>) -> Result<Audience<'_>, Error> {
    const EXPECTED: &str = "a string or an array of strings";
    match value.kind() {
        Kind::String => Ok(Audience(value)),
        Kind::Array => {
            let other = value.elements().into_iter().flatten().find(|element| element.kind() != Kind::String);
            match other {
                Some(_) => Err(malformed("aud", EXPECTED, "an array with another kind in it")),
                None => Ok(Audience(value)),
            }
        }
        _ => Err(malformed("aud", EXPECTED, value.kind_name())),
    }
}

#[cold]
fn malformed(claim: &'static str, expected: &'static str, found: &'static str) -> Error {
    Error::for_claim(claim, ClaimProblem::Malformed { expected, found })
}

/// The claims of an authentic token, by name, as a custom rule sees them.
///
/// ```
/// use countersign::{JwsAlgorithm, JwtIssuer, JwtVerifier, NoClaims, SigningKey};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), countersign::Error> {
/// let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// let verifier = JwtVerifier::builder(key.verifying_key()?)
///     .issuer("https://id.example.com")
///     .audience("https://orders.example.com")
///     .rule("tenant", |claims| claims.find("tenant").and_then(|tenant| tenant.as_u64()) == Some(4))
///     .build()?;
/// # let issuer = JwtIssuer::builder(key).issuer("https://id.example.com")
/// #     .audience("https://orders.example.com").lifetime(Duration::from_secs(60)).build()?;
/// # assert_eq!(verifier.verify::<NoClaims>(&issuer.issue("u", &NoClaims)?).unwrap_err().claim(), Some("tenant"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Claims<'a> {
    text: &'a str,
    limits: &'a Limits,
}

impl<'a> Claims<'a> {
    /// The text must have passed the scanner under these limits.
    pub(crate) fn new(text: &'a str, limits: &'a Limits) -> Self {
        Self { text, limits }
    }

    /// Returns the value at this path of names: a claim, a member of that claim's object, and so on. Names
    /// are compared as they are, dots and slashes in them included.
    #[must_use]
    pub fn find_path<S: AsRef<str>>(&self, path: &[S]) -> Option<ClaimValue<'a>> {
        match self.descend(path) {
            Descent::Found(value) => Some(value),
            Descent::Absent | Descent::NotAnObject => None,
        }
    }

    /// Follows a path of names, and tells an absent member from a value that has no members.
    pub(crate) fn descend<S: AsRef<str>>(&self, path: &[S]) -> Descent<'a> {
        let Some((first, rest)) = path.split_first() else { return Descent::Absent };
        match self.find(first.as_ref()) {
            Some(value) => value.descend(rest, self.limits),
            None => Descent::Absent,
        }
    }

    /// The limits that the text was scanned under.
    pub(crate) fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// All claims, for a reader that asks for many.
    pub(crate) fn members(&self) -> Members<'a> {
        let mut members = Members::new();
        // It was scanned before, so it can't fail.
        let _ = members.scan(self.text, Part::Claims, self.limits, |_, _| Ok(()));
        members
    }

    /// Hands each claim to `each`, in one pass.
    pub(crate) fn for_each(&self, each: impl FnMut(&str, Value<'a>)) {
        for_each_member(self.text, self.limits, each);
    }

    /// Returns the claim of that name, if the token has it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<ClaimValue<'a>> {
        let mut found = None;
        self.for_each(|claim, value| {
            if claim == name {
                found = Some(ClaimValue(value));
            }
        });
        found
    }
}

/// What stands at the end of a path of names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Descent<'a> {
    Found(ClaimValue<'a>),
    Absent,
    /// A value on the way is no object, so it has no members to look among.
    NotAnObject,
}

/// Shows nothing of the claims.
impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

/// One claim's value.
#[derive(Clone, Copy)]
pub struct ClaimValue<'a>(Value<'a>);

impl<'a> ClaimValue<'a> {
    pub(crate) fn new(value: Value<'a>) -> Self {
        Self(value)
    }

    pub(crate) fn value(&self) -> Value<'a> {
        self.0
    }

    /// Follows a path of names from here, in text that passed the scanner under these limits.
    pub(crate) fn descend<S: AsRef<str>>(&self, path: &[S], limits: &'a Limits) -> Descent<'a> {
        match path {
            [] => Descent::Found(*self),
            _ if self.0.kind() != Kind::Object => Descent::NotAnObject,
            _ => Claims::new(self.0.text(), limits).descend(path),
        }
    }

    /// Returns the value, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        self.0.as_str()
    }

    /// Returns the value, if it is true or false.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        self.0.as_bool()
    }

    /// Returns the value, if it is a whole number of that range.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.number().and_then(|text| text.parse().ok())
    }

    /// Returns the value, if it is a whole number of that range.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.number().and_then(|text| text.parse().ok())
    }

    /// Returns the value, if it is a number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.number().and_then(|text| text.parse().ok())
    }

    /// Returns the array's elements, or nothing if it is no array.
    pub fn elements(&self) -> impl Iterator<Item = ClaimValue<'a>> + use<'a> {
        self.0.elements().into_iter().flatten().map(ClaimValue)
    }

    /// Returns the value as any type that it fits.
    ///
    /// # Errors
    ///
    /// [`Error::ClaimsType`] if it doesn't fit.
    pub fn to<T: Deserialize<'a>>(&self) -> Result<T, Error> {
        crate::wire::typed::from_json(self.0.text())
    }

    fn number(&self) -> Option<&'a str> {
        (self.0.kind() == Kind::Number).then(|| self.0.text())
    }
}

/// Shows the kind of the value and not the value.
impl fmt::Debug for ClaimValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClaimValue").field(&self.0.kind_name()).finish()
    }
}

/// No claims but the registered ones: nothing is added on issue, nothing is asked for on verify.
///
/// ```
/// use countersign::{JwtVerifier, NoClaims};
///
/// fn subject(verifier: &JwtVerifier, token: &str) -> Result<Option<String>, countersign::Error> {
///     Ok(verifier.verify::<NoClaims>(token)?.subject().map(String::from))
/// }
/// # let _ = subject;
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoClaims;

impl Serialize for NoClaims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_map(Some(0))?.end()
    }
}

impl<'de> Deserialize<'de> for NoClaims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyObject;

        impl<'de> Visitor<'de> for AnyObject {
            type Value = NoClaims;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<NoClaims, A::Error> {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(NoClaims)
            }
        }

        deserializer.deserialize_map(AnyObject)
    }
}
