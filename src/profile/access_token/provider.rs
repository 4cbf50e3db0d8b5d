//! Presets for providers whose access tokens aren't quite those of RFC 9068: what each needs, where its
//! scopes and roles stand, what tells its access token from its ID token.
//!
//! Each adds to the generic verifier and takes nothing from it: issuer, audience, `exp`, `sub`, `iat`
//! and a client are required of all. The facts are the providers' own documentation's, by its title.

use std::borrow::Cow;
use std::fmt;

use super::dialect::{Dialect, Form, Source};
use super::rule::Rule;
use crate::error::Error;
use crate::keys::tenants::{self, TENANT};

/// A provider's way of writing access tokens, and the issuers whose tokens are meant.
///
/// | provider | told from its ID token by | client | scopes | roles, groups, entitlements |
/// |---|---|---|---|---|
/// | [`auth0`](Self::auth0) | audience isn't the client; no `nonce`, `at_hash` | `client_id` or `azp` | `scope` | `permissions` are entitlements |
/// | [`entra_id`](Self::entra_id) | `azp` or `appid`, `scp` or `roles`; no `nonce`, `at_hash` | `azp`, in v1.0 `appid` | `scp`, a string | `roles`, `groups` |
/// | [`okta`](Self::okta) | `cid`, `scp`; audience isn't the client | `cid` | `scp`, a list | `groups` |
/// | [`keycloak`](Self::keycloak) | the claim `typ` is `Bearer` or `DPoP` | `azp` | `scope` | `realm_access.roles`, `groups` |
/// | [`cognito`](Self::cognito) | `token_use` is `access` | `client_id`, one of a list | `scope` | `cognito:groups` are groups |
/// | [`google_id_tokens`](Self::google_id_tokens) | they are ID tokens | `azp`, else `aud` | none | none |
///
/// Tokens of an issuer that does follow RFC 9068 need none of these.
///
/// ```
/// use countersign::profile::access_token::Provider;
/// use countersign::{AccessTokenVerifier, JwkSet, KeySet};
///
/// # fn build(published: &JwkSet) -> Result<AccessTokenVerifier, countersign::Error> {
/// let keys = KeySet::verification(published);
/// let verifier = AccessTokenVerifier::for_provider(Provider::auth0("tenant.eu.auth0.com"), keys)
///     .audience("https://orders.example.com")
///     .build()?;
/// # Ok(verifier)
/// # }
/// ```
#[must_use = "`AccessTokenVerifier::for_provider` takes it"]
pub struct Provider {
    pub(super) issuers: Vec<String>,
    pub(super) dialect: Dialect,
    /// What the published keys of any of these issuers are marked with, where they are marked.
    pub(super) template: Option<String>,
    pub(super) misuse: Option<&'static str>,
}

/// What ID tokens have to tie them to a login (OpenID Connect Core §2, §3.3.2.11) and logout tokens to
/// have at all: no access token has any of it.
const OF_OTHER_TOKENS: &[&str] = &["nonce", "at_hash", "c_hash", "events", "token_introspection"];

impl Provider {
    /// Auth0: a tenant's domain, such as `tenant.eu.auth0.com`, or a custom domain. The audience is the
    /// API's identifier.
    ///
    /// Both of its profiles are accepted, `at+jwt` and the older one of type `JWT` that has `azp` and
    /// may lack `jti`. With RBAC on, `permissions` are the [`entitlements`](super::AccessToken::entitlements).
    /// (Auth0 Docs, "Access Token Profiles", "Enable Role-Based Access Control for APIs".)
    pub fn auth0(domain: &str) -> Self {
        const CLIENT: &[&str] = &["client_id", "azp"];
        let misuse = (domain.is_empty() || domain.contains('/'))
            .then_some("expected the domain of an Auth0 tenant, without `https://` and without a path");
        Self {
            issuers: vec![format!("https://{domain}/")],
            dialect: Dialect {
                token_types: &["at+jwt", "JWT"],
                required: &[],
                unwanted: OF_OTHER_TOKENS,
                rules: vec![Rule::ClientIsNoAudience(CLIENT)],
                client_id: CLIENT,
                roles: Source::NONE,
                groups: Source::NONE,
                entitlements: Source::claim("permissions", Form::List),
                ..Dialect::rfc9068()
            },
            template: None,
            misuse,
        }
    }

    /// Microsoft Entra ID, v2.0 tokens of these tenants, by their IDs. The audience is the API's client
    /// ID.
    ///
    /// The tenants are listed because Microsoft's keys sign for all of them: with any issuer, everyone
    /// with a tenant would get in. `tid` must be the tenant in `iss`. A token must have `scp` (of a
    /// user) or `roles` (of an application, or a user's). Too many groups are left out of the token, see
    /// [`groups_are_complete`](super::AccessToken::groups_are_complete). Of keys from the tenant-independent
    /// address, [`AccessTokenVerifier::for_published`](super::AccessTokenVerifier::for_published) leaves
    /// those out that are another issuer's. (Microsoft identity platform, "Access token claims
    /// reference", "Access tokens in the Microsoft identity platform: Validate the issuer", "ID token
    /// claims reference".)
    pub fn entra_id<S: AsRef<str>>(tenants: impl IntoIterator<Item = S>) -> Self {
        Self::entra_id_at("https://login.microsoftonline.com/{tenantid}/v2.0", tenants)
    }

    /// Microsoft Entra ID, v1.0 tokens of these tenants, which an API gets whose
    /// `accessTokenAcceptedVersion` is `null` or 1. The audience is the API's application ID URI, or its
    /// client ID. Otherwise as [`entra_id`](Self::entra_id).
    pub fn entra_id_v1<S: AsRef<str>>(tenants: impl IntoIterator<Item = S>) -> Self {
        Self::entra_id_at("https://sts.windows.net/{tenantid}/", tenants)
    }

    /// Microsoft Entra ID in another cloud, by the `issuer` of its metadata with `{tenantid}` in it.
    /// One that ends in `/v2.0` means v2.0 tokens, any other v1.0. Otherwise as
    /// [`entra_id`](Self::entra_id).
    pub fn entra_id_at<S: AsRef<str>>(template: &str, tenants: impl IntoIterator<Item = S>) -> Self {
        let (version, client_id): (_, &'static [&'static str]) =
            if template.ends_with("/v2.0") { ("2.0", &["azp"]) } else { ("1.0", &["appid"]) };
        let tenants: Vec<_> = tenants.into_iter().map(|id| id.as_ref().to_ascii_lowercase()).collect();
        Self {
            issuers: tenants.iter().map(|tenant| template.replace(TENANT, tenant)).collect(),
            dialect: Dialect {
                token_types: &["JWT"],
                required: &["uti", "tid", "ver"],
                unwanted: OF_OTHER_TOKENS,
                rules: vec![
                    Rule::OneOf("ver", vec![String::from(version)]),
                    Rule::TenantOfIssuer(template.to_owned()),
                    Rule::AnyPresent(&["scp", "roles"]),
                ],
                client_id,
                token_id: "uti",
                scopes: Source::claim("scp", Form::Words),
                roles: Source::claim("roles", Form::List),
                groups: Source::claim("groups", Form::List),
                entitlements: Source::NONE,
                groups_overage: true,
                ..Dialect::rfc9068()
            },
            template: Some(template.to_owned()),
            misuse: tenants::misuse_of(template, &tenants),
        }
    }

    /// Okta: the issuer of a custom authorization server, such as
    /// `https://example.okta.com/oauth2/default`. The audience is that server's.
    ///
    /// Tokens of the org authorization server, whose issuer has no `/oauth2/`, are for Okta itself and
    /// can't be verified by others. (Okta Developer, "Validate access tokens", "OpenID Connect & OAuth
    /// 2.0 API: access token scopes and claims", "Customize tokens returned from Okta with a groups
    /// claim".)
    pub fn okta(issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        let misuse = (!issuer.contains("/oauth2/"))
            .then_some("expected the issuer of a custom authorization server, with `/oauth2/` in it");
        Self {
            issuers: vec![issuer],
            dialect: Dialect {
                token_types: &["at+jwt", "JWT"],
                untyped: true,
                required: &["cid", "scp", "jti"],
                unwanted: OF_OTHER_TOKENS,
                rules: vec![Rule::ClientIsNoAudience(&["cid"])],
                client_id: &["cid"],
                scopes: Source::claim("scp", Form::List),
                roles: Source::NONE,
                groups: Source::claim("groups", Form::List),
                entitlements: Source::NONE,
                ..Dialect::rfc9068()
            },
            template: None,
            misuse,
        }
    }

    /// Keycloak: a realm's issuer, such as `https://id.example.com/realms/shop`. Roles are those of the
    /// realm. The audience is the API's client ID, which an audience mapper must put in.
    ///
    /// The claim `typ`, not the header's, tells Keycloak's tokens from each other: `Bearer` and, if
    /// bound to a key, `DPoP` are access tokens, `ID`, `Refresh`, `Offline` and `Logout` are not.
    /// (Keycloak, "Server Administration Guide: Audience support", "OIDC token and SAML assertion
    /// mappings"; the types in its `TokenUtil`.)
    pub fn keycloak(issuer: impl Into<String>) -> Self {
        Self::keycloak_with(issuer.into(), vec![Cow::Borrowed("realm_access"), Cow::Borrowed("roles")])
    }

    /// Keycloak with the roles of this client, `resource_access.<client>.roles`, instead of the realm's:
    /// the two are different names for different things, so there is one list and not both in it.
    /// Otherwise as [`keycloak`](Self::keycloak).
    pub fn keycloak_client(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        let client_id = client_id.into();
        // No token has such roles, so nobody would be allowed anything, and nothing would say why.
        let misuse = client_id
            .is_empty()
            .then_some("expected a client whose roles are meant, by an ID that isn't empty");
        let path = vec![Cow::Borrowed("resource_access"), Cow::Owned(client_id), Cow::Borrowed("roles")];
        Self { misuse, ..Self::keycloak_with(issuer.into(), path) }
    }

    fn keycloak_with(issuer: String, roles: Vec<Cow<'static, str>>) -> Self {
        Self {
            issuers: vec![issuer],
            dialect: Dialect {
                token_types: &["at+jwt", "JWT"],
                required: &["typ", "jti"],
                // Not `nonce`: there is a mapper that puts it into access tokens, as once was the rule.
                unwanted: &["at_hash", "c_hash", "events", "token_introspection"],
                rules: vec![
                    Rule::OneOf("typ", vec![String::from("Bearer"), String::from("DPoP")]),
                    Rule::BoundIfDpop,
                ],
                client_id: &["azp", "client_id"],
                roles: Source { path: roles, form: Form::List },
                groups: Source::claim("groups", Form::List),
                entitlements: Source::NONE,
                ..Dialect::rfc9068()
            },
            template: None,
            misuse: None,
        }
    }

    /// Amazon Cognito: a user pool's issuer, such as
    /// `https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a1b2c3d4e`, and the app clients whose
    /// tokens are accepted.
    ///
    /// Its access tokens name the client and, as a rule, no audience, so the clients take the
    /// audience's place. A token that does name one, as it does where a resource is bound, is accepted
    /// only with [`audience`](super::AccessTokenVerifierBuilder::audience), which is then required.
    /// (Amazon Cognito Developer Guide, "Understanding the access token", "Verifying JSON web tokens".)
    pub fn cognito<S: Into<String>>(issuer: impl Into<String>, clients: impl IntoIterator<Item = S>) -> Self {
        let clients: Vec<String> = clients.into_iter().map(Into::into).collect();
        let misuse = (clients.is_empty() || clients.iter().any(String::is_empty))
            .then_some("expected at least one client, and clients that aren't empty");
        Self {
            issuers: vec![issuer.into()],
            dialect: Dialect {
                token_types: &["JWT"],
                untyped: true,
                required: &["client_id", "token_use", "jti"],
                unwanted: OF_OTHER_TOKENS,
                rules: vec![
                    Rule::OneOf("token_use", vec![String::from("access")]),
                    Rule::OneOf("client_id", clients),
                ],
                roles: Source::NONE,
                groups: Source::claim("cognito:groups", Form::List),
                entitlements: Source::NONE,
                audience_is_optional: true,
                ..Dialect::rfc9068()
            },
            template: None,
            misuse,
        }
    }

    /// Google's ID tokens: its access tokens are opaque, so a service that takes a Google identity as a
    /// credential takes these. The audience is the service's own client ID, or its URL for tokens
    /// of service accounts; it must be the only one.
    ///
    /// They grant nothing but say who someone is: there are no scopes and no roles. (Google Identity,
    /// "Verify the Google ID token on your server side", "OpenID Connect: an ID token's payload".)
    pub fn google_id_tokens() -> Self {
        Self::google_with(Vec::new())
    }

    /// Google's ID tokens of one Workspace or Cloud organisation: `hd` is required and must be this
    /// domain. Otherwise as [`google_id_tokens`](Self::google_id_tokens).
    pub fn google_workspace_id_tokens(domain: impl Into<String>) -> Self {
        let domain = domain.into();
        let misuse = domain.is_empty().then_some("expected an organisation's domain that isn't empty");
        Self { misuse, ..Self::google_with(vec![Rule::OneOf("hd", vec![domain])]) }
    }

    fn google_with(rules: Vec<Rule>) -> Self {
        Self {
            // "The value of iss in the ID token is equal to accounts.google.com or
            // https://accounts.google.com."
            issuers: vec![String::from("https://accounts.google.com"), String::from("accounts.google.com")],
            dialect: Dialect {
                token_types: &["JWT"],
                untyped: true,
                required: &[],
                // Security events come from the same issuer for the same audience.
                unwanted: &["events", "token_introspection"],
                rules,
                // "This claim is only needed when the party requesting the ID token is not the same as the
                // audience of the ID token."
                client_id: &["azp", "aud"],
                scopes: Source::NONE,
                roles: Source::NONE,
                groups: Source::NONE,
                entitlements: Source::NONE,
                sole_audience: true,
                ..Dialect::rfc9068()
            },
            template: None,
            misuse: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        match self.misuse {
            Some(misuse) => Err(Error::misuse(misuse)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("issuers", &self.issuers).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) fn all_dialects() -> Vec<Dialect> {
    let tenants = ["9188040d-6c67-4c5b-b112-36a304b66dad"];
    let providers = [
        Provider::auth0("tenant.eu.auth0.com"),
        Provider::entra_id(tenants),
        Provider::entra_id_v1(tenants),
        Provider::okta("https://example.okta.com/oauth2/default"),
        Provider::keycloak("https://id.example.com/realms/shop"),
        Provider::keycloak_client("https://id.example.com/realms/shop", "orders"),
        Provider::cognito("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", ["client"]),
        Provider::google_id_tokens(),
    ];
    providers.into_iter().map(|provider| provider.dialect).chain([Dialect::rfc9068()]).collect()
}
