//! What an API says of itself to clients that don't know it (RFC 9728 §2): its URI and its authorization servers go
//! in; the document, the URL to publish it at (§3.1), and the audience its tokens have to have come out.
//!
//! Clients and authorization servers compare these URIs octet by octet (RFC 9728 §3.3, RFC 8707 §2), so of the several
//! ways to write one, only the normal one passes here.

use std::fmt::Write as _;
use std::net::Ipv6Addr;

use crate::error::Error;
use crate::gateway::names::has_twice;
use crate::keys::remote::{Transport, transport};
use crate::profile::access_token::check_scope;
use crate::wire::json::{write_string, write_strings};

/// The protected resource metadata of an API: who issues tokens for it, and which it takes
/// ([RFC 9728 §2](https://www.rfc-editor.org/rfc/rfc9728#section-2)). Also what a server of the Model Context
/// Protocol publishes.
///
/// Serve [`json`](Self::json) as `application/json` at [`path`](Self::path), to anyone and without a token; have
/// challenges name it ([`BearerChallenge::resource`](super::BearerChallenge::resource)), and verifiers take
/// [`resource`](Self::resource) for the audience.
///
/// ```
/// use countersign::AccessTokenVerifier;
/// use countersign::gateway::{BearerChallenge, ProtectedResourceMetadata};
/// # use countersign::{JwsAlgorithm, SigningKey};
///
/// # fn main() -> Result<(), countersign::Error> {
/// # let keys = SigningKey::generate(JwsAlgorithm::Es256)?.verifying_key()?;
/// let metadata = ProtectedResourceMetadata::builder("https://mcp.example.com/files")
///     .authorization_server("https://id.example.com")
///     .scopes(["files:read"])
///     .build()?;
/// assert_eq!(metadata.path(), "/.well-known/oauth-protected-resource/files");
///
/// let verifier = AccessTokenVerifier::builder(keys)
///     .issuer("https://id.example.com")
///     .audience(metadata.resource())
///     .build()?;
/// let challenge = BearerChallenge::new().resource(&metadata).scopes(["files:read"])?;
/// # let _ = verifier;
/// assert_eq!(
///     challenge.for_no_token(),
///     "Bearer scope=\"files:read\", resource_metadata=\
///      \"https://mcp.example.com/.well-known/oauth-protected-resource/files\""
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedResourceMetadata {
    resource: String,
    url: String,
    /// Where in `url` the path begins.
    path_at: usize,
    json: String,
}

impl ProtectedResourceMetadata {
    /// Begins the metadata of the API at this URI, its resource identifier
    /// ([RFC 9728 §1.2](https://www.rfc-editor.org/rfc/rfc9728#section-1.2)): what clients name as `resource` when they ask
    /// for a token ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)), and what is in `aud` then.
    pub fn builder(resource: impl Into<String>) -> ProtectedResourceMetadataBuilder {
        ProtectedResourceMetadataBuilder {
            resource: resource.into(),
            authorization_servers: Vec::new(),
            scopes: Vec::new(),
            name: None,
            documentation: None,
            policy: None,
            terms_of_service: None,
            certificate_bound: false,
        }
    }

    /// Returns `resource`, the API's URI: the audience of the tokens that are for it.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Returns the URL of this document, which follows from the API's
    /// ([RFC 9728 §3.1](https://www.rfc-editor.org/rfc/rfc9728#section-3.1)).
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the path of [`url`](Self::url), for the server that answers there.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.get(self.path_at..).unwrap_or_default()
    }

    /// Returns the document, `application/json`.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// The choices of a [`ProtectedResourceMetadata`] in the making. An authorization server can't be left out.
///
/// `bearer_methods_supported` is `header` alone: a [`Guard`](super::Guard) takes tokens from nowhere else.
#[derive(Debug, Clone)]
#[must_use = "`build` makes the metadata"]
pub struct ProtectedResourceMetadataBuilder {
    resource: String,
    authorization_servers: Vec<String>,
    scopes: Vec<String>,
    name: Option<String>,
    documentation: Option<String>,
    policy: Option<String>,
    terms_of_service: Option<String>,
    certificate_bound: bool,
}

impl ProtectedResourceMetadataBuilder {
    /// Adds an authorization server to `authorization_servers`, by its issuer identifier
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)): the `iss` that the verifier expects. Called
    /// again, it adds another, between which clients choose.
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// Sets `scopes_supported`, those that clients may ask for. The fewer, the less they ask for: what only few
    /// operations need, a challenge asks for in its time. `offline_access` isn't the API's to list.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets `resource_name`, what people are shown.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets `resource_documentation`, the URL of what developers read.
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.documentation = Some(url.into());
        self
    }

    /// Sets `resource_policy_uri`, the URL of what clients may do with the data.
    pub fn policy(mut self, url: impl Into<String>) -> Self {
        self.policy = Some(url.into());
        self
    }

    /// Sets `resource_tos_uri`, the URL of the terms of service.
    pub fn terms_of_service(mut self, url: impl Into<String>) -> Self {
        self.terms_of_service = Some(url.into());
        self
    }

    /// Sets `tls_client_certificate_bound_access_tokens`: the API takes tokens that are bound to the client's
    /// certificate ([RFC 8705 §3.3](https://www.rfc-editor.org/rfc/rfc8705#section-3.3)).
    pub fn certificate_bound(mut self) -> Self {
        self.certificate_bound = true;
        self
    }

    /// Makes the metadata.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if
    ///
    /// - the API's URI isn't an https URL, or has user information, a query or a fragment,
    /// - it isn't in its normal form ([RFC 3986 §6.2](https://www.rfc-editor.org/rfc/rfc3986#section-6.2)): the host in lower case, no
    ///   port that the scheme implies, no `.` or `..`, nothing percent-encoded that needn't be; the message says what,
    /// - there is no authorization server, one is named twice, or isn't an https URL without query and fragment,
    /// - a scope isn't one word, or is named twice,
    /// - the name is empty, or one of the other URLs isn't an https URL without fragment.
    ///
    /// Where https is asked for, http to this machine's loopback (`localhost`, `127.0.0.1`, `[::1]`) will do, for
    /// tests and development.
    pub fn build(self) -> Result<ProtectedResourceMetadata, Error> {
        self.check()?;
        let Some((origin, path)) = split(&self.resource) else {
            return Err(Error::misuse(NOT_A_RESOURCE));
        };
        check_normal(origin, path).map_err(|rule| {
            Error::misuse(format!("expected the API's URI in its normal form (RFC 3986 §6.2): {rule}"))
        })?;
        // "any terminating slash (/) following the host component MUST be removed before inserting" RFC 9728 §3.1
        let path = if path == "/" { "" } else { path };
        let url = format!("{origin}/.well-known/oauth-protected-resource{path}");
        let path_at = origin.len();
        let json = self.json();
        Ok(ProtectedResourceMetadata { resource: self.resource, url, path_at, json })
    }

    fn check(&self) -> Result<(), Error> {
        let Self { resource, authorization_servers, scopes, name, documentation, policy, .. } = self;
        let urls = [documentation, policy, &self.terms_of_service];
        let misuses = [
            (!is_reached(resource) || resource.contains('?'), NOT_A_RESOURCE),
            (
                authorization_servers.is_empty(),
                "expected `authorization_server`, the issuer of tokens for the API, found none",
            ),
            (
                !authorization_servers.iter().all(|issuer| is_reached(issuer) && !issuer.contains('?')),
                "expected authorization servers by their https URLs (or http to loopback) without query and fragment, \
                 found another",
            ),
            (
                has_twice(authorization_servers.iter()) || has_twice(scopes.iter()),
                "expected each authorization server and scope once, found one twice",
            ),
            (name.as_ref().is_some_and(String::is_empty), "expected a name that isn't empty"),
            (
                !urls.into_iter().flatten().all(|url| is_reached(url)),
                "expected https URLs (or http to loopback) of documentation, policy and terms of service, found another",
            ),
        ];
        match misuses.into_iter().find(|(applies, _)| *applies) {
            Some((_, reason)) => Err(Error::misuse(reason)),
            None => scopes.iter().try_for_each(|scope| check_scope(scope)),
        }
    }

    fn json(&self) -> String {
        let Self {
            resource,
            authorization_servers,
            scopes,
            name,
            documentation,
            policy,
            terms_of_service,
            certificate_bound,
        } = self;
        let mut text = String::from("{\"resource\":");
        write_string(resource, &mut text);
        text.push_str(",\"authorization_servers\":");
        write_strings(authorization_servers, &mut text);
        // What has no values is left out (RFC 9728 §3.2).
        if !scopes.is_empty() {
            text.push_str(",\"scopes_supported\":");
            write_strings(scopes, &mut text);
        }
        text.push_str(",\"bearer_methods_supported\":[\"header\"]");
        for (member, value) in [
            ("resource_name", name),
            ("resource_documentation", documentation),
            ("resource_policy_uri", policy),
            ("resource_tos_uri", terms_of_service),
        ] {
            if let Some(value) = value {
                let _ = write!(text, ",\"{member}\":");
                write_string(value, &mut text);
            }
        }
        if *certificate_bound {
            text.push_str(",\"tls_client_certificate_bound_access_tokens\":true");
        }
        text.push('}');
        text
    }
}

const NOT_A_RESOURCE: &str = "expected the API's URI to be an https URL (or http to loopback) without user information, \
                              query and fragment, found another";

/// Over TLS, or on this machine.
fn is_reached(url: &str) -> bool {
    matches!(transport(url), Some(Transport::Https | Transport::Loopback))
}

/// Splits a URL into scheme and authority, and its path.
fn split(url: &str) -> Option<(&str, &str)> {
    let authority_at = url.find("://")?.checked_add("://".len())?;
    let (_, rest) = url.split_at_checked(authority_at)?;
    let path_at = rest.find('/').unwrap_or(rest.len()).checked_add(authority_at)?;
    url.split_at_checked(path_at)
}

/// Checks that a URL of ours is written in the way that normalization would write it (RFC 3986 §6.2.2, §6.2.3), or
/// says which rule it breaks.
fn check_normal(origin: &str, path: &str) -> Result<(), &'static str> {
    let (scheme, authority) = origin.split_once("://").unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        if address.parse::<Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() != address) {
            return Err("expected an IPv6 address as RFC 5952 §4 writes it, found another way");
        }
    } else if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("expected the host in lower case, found a capital letter");
    } else if host.ends_with('.') {
        return Err("expected a host without a dot at its end, found one");
    }
    let implied = if scheme == "https" { "443" } else { "80" };
    match port {
        Some(port) if port == implied => {
            return Err("expected no port where it is the scheme's own, found that one");
        }
        Some(port) if port.starts_with('0') => {
            return Err("expected a port that doesn't begin with 0, found one that does");
        }
        _ => {}
    }
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err("expected a path without `.` and `..`, found one of them");
    }
    check_normal_path(path)
}

/// "pchar = unreserved / pct-encoded / sub-delims / \":\" / \"@\"" RFC 3986 §3.3, with nothing encoded that is
/// unreserved, in upper case.
fn check_normal_path(path: &str) -> Result<(), &'static str> {
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let (high, low) = (bytes.next().and_then(hex_digit), bytes.next().and_then(hex_digit));
                match high.zip(low).map(|(high, low)| high << 4 | low) {
                    None => {
                        return Err(
                            "expected two digits of 0-9 and A-F after each `%`, found something else",
                        );
                    }
                    Some(encoded) if is_unreserved(encoded) => {
                        return Err(
                            "expected letters, digits, `-`, `.`, `_` and `~` as they are, found one percent-encoded",
                        );
                    }
                    Some(_) => {}
                }
            }
            byte if is_unreserved(byte) || b"/!$&'()*+,;=:@".contains(&byte) => {}
            _ => {
                return Err("expected a path whose other characters are percent-encoded, found one as it is");
            }
        }
    }
    Ok(())
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
