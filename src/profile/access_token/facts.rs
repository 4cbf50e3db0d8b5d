//! The profile's claims (RFC 9068 §2.2): an authentic claims set goes in, client, scopes, roles and what
//! else an API decides by come out typed, in one pass, by the dialect's word on where they stand.
//!
//! As for the registered claims, each is absent, valid or malformed, and malformed is always an error: a
//! `cnf` that can't be read would make a bound token anyone's.

use std::borrow::Cow;

use super::actor::Actor;
use super::confirmation::Confirmation;
use super::dialect::{Dialect, Form, Source};
use crate::error::{ClaimProblem, Error};
use crate::jwt::{ClaimValue, Claims, Descent, NumericDate};
use crate::limits::Limits;
use crate::wire::json::{Kind, Members, Value};

/// What the claims say, in their own text.
pub(super) struct Facts<'a> {
    pub(super) client_id: Cow<'a, str>,
    pub(super) token_id: Option<Cow<'a, str>>,
    pub(super) scopes: Vec<Cow<'a, str>>,
    pub(super) roles: Vec<Cow<'a, str>>,
    pub(super) groups: Vec<Cow<'a, str>>,
    /// Whether `groups` are all that there are.
    pub(super) groups_are_complete: bool,
    pub(super) entitlements: Vec<Cow<'a, str>>,
    pub(super) authenticated_at: Option<NumericDate>,
    pub(super) acr: Option<Cow<'a, str>>,
    pub(super) amr: Vec<Cow<'a, str>>,
    pub(super) confirmation: Option<Confirmation>,
    pub(super) session: Option<Cow<'a, str>>,
    pub(super) transaction_id: Option<Cow<'a, str>>,
}

/// Lists the claims and makes the search for one: a `match` takes a few steps where a list is walked.
macro_rules! watched {
    ($($name:literal,)*) => {
        #[cfg(test)]
        const WATCHED: &[&str] = &[$($name),*];

        fn watched(name: &str) -> Option<&'static str> {
            match name {
                $($name => Some($name),)*
                _ => None,
            }
        }
    };
}

// The claims that any dialect asks for. What isn't among them is the caller's.
watched! {
    "iss",
    "sub",
    "aud",
    "jti",
    "client_id",
    "scope",
    "roles",
    "groups",
    "entitlements",
    "auth_time",
    "acr",
    "amr",
    "cnf",
    "azp",
    "appid",
    "cid",
    "uti",
    "tid",
    "ver",
    "scp",
    "permissions",
    "typ",
    "token_use",
    "realm_access",
    "resource_access",
    "cognito:groups",
    "hd",
    "nonce",
    "at_hash",
    "c_hash",
    "events",
    "token_introspection",
    "hasgroups",
    "_claim_names",
    "sid",
    "act",
    "txn",
}

/// The watched claims that a token has, with their values.
pub(super) struct Watched<'a> {
    found: Vec<(&'static str, Value<'a>)>,
}

impl<'a> Watched<'a> {
    fn of(claims: &Members<'a>, limits: &Limits) -> Self {
        let mut found = Vec::with_capacity(16);
        claims.for_each(limits, |name, value| {
            if let Some(watched) = watched(name) {
                found.push((watched, value));
            }
        });
        Self { found }
    }

    pub(super) fn find(&self, name: &str) -> Option<Value<'a>> {
        self.found.iter().find(|(found, _)| *found == name).map(|(_, value)| *value)
    }

    /// A claim that, if it is there, is a string with something in it.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, Error> {
        const EXPECTED: &str = "a string that isn't empty";
        let Some(value) = self.find(name) else { return Ok(None) };
        match value.as_str() {
            Some(text) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(malformed(name, EXPECTED, "an empty one")),
            None => Err(malformed(name, EXPECTED, value.kind_name())),
        }
    }

    /// The first of these claims that is there, with its name.
    pub(super) fn first_text(
        &self,
        names: &[&'static str],
    ) -> Result<Option<(&'static str, Cow<'a, str>)>, Error> {
        for &name in names {
            if let Some(text) = self.text(name)? {
                return Ok(Some((name, text)));
            }
        }
        Ok(None)
    }

    fn date(&self, name: &'static str) -> Result<Option<NumericDate>, Error> {
        const EXPECTED: &str = "a number of seconds within 64 bits";
        let Some(value) = self.find(name) else { return Ok(None) };
        if value.kind() != Kind::Number {
            return Err(malformed(name, EXPECTED, value.kind_name()));
        }
        match NumericDate::from_json_number(value.text()) {
            Some(date) => Ok(Some(date)),
            None => Err(malformed(name, EXPECTED, "one beyond that")),
        }
    }

    fn list(&self, source: &Source, limits: &'a Limits) -> Result<Vec<Cow<'a, str>>, Error> {
        let Some((first, rest)) = source.path.split_first() else { return Ok(Vec::new()) };
        let Some(value) = self.find(first) else { return Ok(Vec::new()) };
        match ClaimValue::new(value).descend(rest, limits) {
            Descent::Absent => Ok(Vec::new()),
            Descent::NotAnObject => Err(malformed(first.clone(), "an object", value.kind_name())),
            Descent::Found(value) => names(first.clone(), value.value(), source.form, limits),
        }
    }
}

/// Reads a list of names.
fn names<'a>(
    claim: Cow<'static, str>,
    value: Value<'a>,
    form: Form,
    limits: &'a Limits,
) -> Result<Vec<Cow<'a, str>>, Error> {
    const WORDS: &str = "a string of names separated by spaces";
    const LIST: &str = "an array of strings";
    let element = |element: Value<'a>| match element.kind() {
        Kind::String => element.as_str(),
        Kind::Object if form == Form::Scim => {
            Claims::new(element.text(), limits).find("value").and_then(|value| value.as_str())
        }
        _ => None,
    };
    match (form, value.as_str(), value.elements()) {
        (Form::Words, Some(Cow::Borrowed(text)), _) => Ok(words(text).map(Cow::Borrowed).collect()),
        (Form::Words, Some(Cow::Owned(text)), _) => {
            Ok(words(&text).map(|word| Cow::Owned(word.to_owned())).collect())
        }
        (Form::Words, None, _) => Err(malformed(claim, WORDS, value.kind_name())),
        (_, _, Some(elements)) => elements
            .map(element)
            .collect::<Option<_>>()
            .ok_or_else(|| malformed(claim, LIST, "an array with another kind in it")),
        _ => Err(malformed(claim, LIST, value.kind_name())),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    // The one separator there is: RFC 6749 §3.3. Other white space is part of a name, which no scope has.
    text.split(' ').filter(|word| !word.is_empty())
}

impl<'a> Facts<'a> {
    /// Reads what the claims say, once they are those of an access token.
    pub(super) fn read(dialect: &Dialect, claims: &Members<'a>, limits: &'a Limits) -> Result<Self, Error> {
        let members = Watched::of(claims, limits);
        let unwanted = dialect.unwanted.iter().find(|name| members.find(name).is_some());
        if let Some(name) = unwanted {
            return Err(Error::for_claim(*name, ClaimProblem::Unwanted));
        }
        for rule in &dialect.rules {
            rule.judge(&members)?;
        }
        members.text("sub")?;
        let (_, client_id) = members.first_text(dialect.client_id)?.ok_or_else(|| {
            let name = dialect.client_id.first().copied().unwrap_or_default();
            Error::for_claim(name, ClaimProblem::Missing { hint: "" })
        })?;
        if let Some(act) = members.find("act") {
            Actor::check(act, limits)?;
        }
        let list = |source| members.list(source, limits);
        Ok(Self {
            client_id,
            token_id: members.text(dialect.token_id)?,
            scopes: list(&dialect.scopes)?,
            roles: list(&dialect.roles)?,
            groups: list(&dialect.groups)?,
            groups_are_complete: members.groups_are_complete(dialect, limits),
            entitlements: list(&dialect.entitlements)?,
            authenticated_at: members.date("auth_time")?,
            acr: members.text("acr")?,
            amr: members
                .find("amr")
                .map(|amr| names(Cow::Borrowed("amr"), amr, Form::List, limits))
                .transpose()?
                .unwrap_or_default(),
            confirmation: members.find("cnf").map(|value| Confirmation::read(value, limits)).transpose()?,
            session: members.find("sid").map(|sid| sid.as_str().unwrap_or(Cow::Borrowed(sid.text()))),
            transaction_id: members.text("txn")?,
        })
    }
}

impl Watched<'_> {
    /// Claims may stand elsewhere, and `_claim_names` says which (OpenID Connect Core §5.6.2). Microsoft says
    /// so too by `hasgroups` where they are too many (Access token claims reference, Groups overage claim).
    fn groups_are_complete(&self, dialect: &Dialect, limits: &Limits) -> bool {
        let points_to_groups = |value: Value<'_>| match value.kind() {
            Kind::Object => Claims::new(value.text(), limits).find("groups").is_some(),
            _ => true,
        };
        let are_too_many = dialect.groups_overage && self.find("hasgroups").is_some();
        !are_too_many && !self.find("_claim_names").is_some_and(points_to_groups)
    }
}

fn malformed(claim: impl Into<Cow<'static, str>>, expected: &'static str, found: &'static str) -> Error {
    Error::for_claim(claim, ClaimProblem::Malformed { expected, found })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::access_token::provider::all_dialects;

    /// A claim that a dialect names and nobody watches would be taken for absent.
    #[test]
    fn every_claim_of_a_dialect_is_watched() {
        for dialect in all_dialects() {
            let sources = [&dialect.scopes, &dialect.roles, &dialect.groups, &dialect.entitlements];
            let lists = [dialect.unwanted, dialect.client_id, &[dialect.token_id]];
            let named = sources.into_iter().filter_map(|source| source.path.first()).map(|name| &**name);
            for name in named.chain(lists.into_iter().flatten().copied()) {
                assert!(WATCHED.contains(&name), "{name}");
            }
        }
    }
}
