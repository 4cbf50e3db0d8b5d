//! How an issuer writes access tokens: which types they have, which claims they need, where client, scopes
//! and roles stand. One value per dialect, which the reading of claims asks.
//!
//! RFC 9068 is one dialect; `provider` has those of providers that came before it or differ from it.

use std::borrow::Cow;

use super::rule::Rule;

/// How an issuer writes access tokens.
pub(super) struct Dialect {
    /// The values of the header's `typ` that will do.
    pub(super) token_types: &'static [&'static str],
    /// Whether a header without `typ` will do too.
    pub(super) untyped: bool,
    /// The claims that must be there beside `exp`, `iss`, `sub`, `iat` and the audience.
    pub(super) required: &'static [&'static str],
    /// Claims that only tokens of another kind have.
    pub(super) unwanted: &'static [&'static str],
    /// What must hold between claims, or of one.
    pub(super) rules: Vec<Rule>,
    /// Where the client's ID stands: the first of these claims that is there, and one must be.
    pub(super) client_id: &'static [&'static str],
    /// Where the token's own ID stands.
    pub(super) token_id: &'static str,
    pub(super) scopes: Source,
    pub(super) roles: Source,
    pub(super) groups: Source,
    pub(super) entitlements: Source,
    /// Whether `hasgroups` says that groups are left out which are too many for the token.
    pub(super) groups_overage: bool,
    /// Whether the client takes the audience's place, so that `audience` may be left out.
    pub(super) audience_is_optional: bool,
    /// Whether the audience must be the only one.
    pub(super) sole_audience: bool,
}

/// Where a list of names stands in the claims, and in which form.
pub(super) struct Source {
    /// None if the dialect has no such list.
    pub(super) path: Vec<Cow<'static, str>>,
    pub(super) form: Form,
}

/// How a list of names is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One string, names separated by spaces (RFC 8693 §4.2).
    Words,
    /// An array of strings.
    List,
    /// An array of strings, or of objects with their name in `value` (RFC 7643 §2.4).
    Scim,
}

impl Source {
    pub(super) const NONE: Self = Self { path: Vec::new(), form: Form::List };

    pub(super) fn claim(name: &'static str, form: Form) -> Self {
        Self { path: vec![Cow::Borrowed(name)], form }
    }
}

impl Dialect {
    /// The claims that stand in every access token, whatever its dialect.
    pub(super) const REQUIRED: [&'static str; 2] = ["sub", "iat"];

    /// RFC 9068.
    pub(super) fn rfc9068() -> Self {
        Self {
            // "The resource server MUST verify that the "typ" header value is "at+jwt" or
            // "application/at+jwt" and reject tokens carrying any other value." RFC 9068 §4; comparing
            // media types does the second.
            token_types: &["at+jwt"],
            untyped: false,
            required: &["client_id", "jti"],
            unwanted: &[],
            rules: Vec::new(),
            client_id: &["client_id"],
            token_id: "jti",
            scopes: Source::claim("scope", Form::Words),
            roles: Source::claim("roles", Form::Scim),
            groups: Source::claim("groups", Form::Scim),
            entitlements: Source::claim("entitlements", Form::Scim),
            groups_overage: false,
            audience_is_optional: false,
            sole_audience: false,
        }
    }
}
