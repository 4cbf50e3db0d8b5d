//! What an access token grants (RFC 9068 §2.2): who may do what, through which client, authenticated how,
//! bound to which key. Values go in, claims as JSON text come out.
//!
//! Scopes are held to RFC 6749 §3.3 before they are written: a space inside one would make two of it.

use std::fmt;
use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::confirmation::ClientCertificate;
use crate::error::{Error, Part};
use crate::jwk::{Jwk, KeyKind};
use crate::jwt::NumericDate;
use crate::limits::Limits;
use crate::wire::json::{scan_object, write_string, write_strings};

/// The claims that a grant writes, as a verifier reads them.
const GRANTED: [&str; 9] =
    ["client_id", "scope", "roles", "groups", "entitlements", "auth_time", "acr", "amr", "cnf"];

/// What an access token grants: a subject, a client, and what they may do together.
///
/// ```
/// use countersign::profile::access_token::Grant;
/// use std::time::SystemTime;
///
/// let grant = Grant::to("user-17", "client-4")
///     .scopes(["orders:read", "orders:write"])
///     .roles(["editor"])
///     .authenticated_at(SystemTime::now())
///     .authentication_methods(["pwd", "otp"]);
/// # let _ = grant;
/// ```
#[derive(Clone)]
#[must_use = "an `AccessTokenIssuer` makes a token of it"]
pub struct Grant {
    pub(super) subject: String,
    client_id: String,
    scopes: Vec<String>,
    roles: Vec<String>,
    groups: Vec<String>,
    entitlements: Vec<String>,
    authenticated_at: Option<NumericDate>,
    acr: Option<String>,
    amr: Vec<String>,
    key_thumbprint: Option<String>,
    certificate_thumbprint: Option<String>,
    misuse: Option<&'static str>,
}

impl Grant {
    /// Begins a grant to a subject (`sub`) who uses this client (`client_id`). The subject's ID must
    /// not be one that a client may have, or the other way round
    /// ([RFC 9068 §5](https://www.rfc-editor.org/rfc/rfc9068#section-5)).
    pub fn to(subject: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            client_id: client_id.into(),
            scopes: Vec::new(),
            roles: Vec::new(),
            groups: Vec::new(),
            entitlements: Vec::new(),
            authenticated_at: None,
            acr: None,
            amr: Vec::new(),
            key_thumbprint: None,
            certificate_thumbprint: None,
            misuse: None,
        }
    }

    /// Begins a grant to a client on its own behalf: it is the subject, too
    /// ([RFC 9068 §2.2](https://www.rfc-editor.org/rfc/rfc9068#section-2.2)).
    pub fn to_client(client_id: impl Into<String>) -> Self {
        let client_id = client_id.into();
        Self::to(client_id.clone(), client_id)
    }

    /// Adds scopes, each one word ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Adds roles of the subject ([RFC 9068 §2.2.3.1](https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3.1)).
    pub fn roles<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Adds groups that the subject is a member of.
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        self.groups.extend(groups.into_iter().map(Into::into));
        self
    }

    /// Adds entitlements of the subject.
    pub fn entitlements<S: Into<String>>(mut self, entitlements: impl IntoIterator<Item = S>) -> Self {
        self.entitlements.extend(entitlements.into_iter().map(Into::into));
        self
    }

    /// Sets when the subject last authenticated, `auth_time`
    /// ([RFC 9068 §2.2.1](https://www.rfc-editor.org/rfc/rfc9068#section-2.2.1)). It stays as it was when tokens are refreshed.
    pub fn authenticated_at(mut self, time: impl Into<NumericDate>) -> Self {
        self.authenticated_at = Some(time.into());
        self
    }

    /// Sets the class of that authentication, `acr`.
    pub fn authentication_class(mut self, class: impl Into<String>) -> Self {
        self.acr = Some(class.into());
        self
    }

    /// Adds methods of that authentication, `amr` ([RFC 8176](https://www.rfc-editor.org/rfc/rfc8176)).
    pub fn authentication_methods<S: Into<String>>(mut self, methods: impl IntoIterator<Item = S>) -> Self {
        self.amr.extend(methods.into_iter().map(Into::into));
        self
    }

    /// Binds the token to a client certificate, `cnf` with `x5t#S256`
    /// ([RFC 8705 §3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1)).
    pub fn bound_to_certificate(mut self, certificate: &ClientCertificate) -> Self {
        self.certificate_thumbprint = Some(certificate.thumbprint());
        self
    }

    /// Binds the token to a public key, `cnf` with `jkt`
    /// ([RFC 9449 §6.1](https://www.rfc-editor.org/rfc/rfc9449#section-6.1)).
    pub fn bound_to_key(mut self, key: &Jwk) -> Self {
        if matches!(key.kind(), KeyKind::Oct { .. }) {
            self.misuse = Some("expected a key pair to bind a token to, found a shared secret");
            return self;
        }
        self.key_thumbprint = Some(key.thumbprint());
        self
    }

    /// Writes the grant's claims, and then the members of the caller's, as one object.
    pub(crate) fn write(&self, own: &str) -> Result<Zeroizing<String>, Error> {
        self.check()?;
        check_own(own, &GRANTED, "the grant says")?;
        // Text that isn't an object goes on as it is: the issuer has the words for it.
        let Some(members) = own.trim_ascii().strip_prefix('{') else {
            return Ok(Zeroizing::new(own.to_owned()));
        };
        let mut text = Zeroizing::new(String::with_capacity(self.room() + own.len()));
        text.push_str("{\"client_id\":");
        write_string(&self.client_id, &mut text);
        if !self.scopes.is_empty() {
            text.push_str(",\"scope\":");
            write_string(&self.scopes.join(" "), &mut text);
        }
        let lists = [
            ("roles", &self.roles),
            ("groups", &self.groups),
            ("entitlements", &self.entitlements),
            ("amr", &self.amr),
        ];
        for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
            let _ = write!(text, ",\"{name}\":");
            write_strings(values, &mut text);
        }
        if let Some(acr) = &self.acr {
            text.push_str(",\"acr\":");
            write_string(acr, &mut text);
        }
        if let Some(authenticated_at) = self.authenticated_at {
            let _ = write!(text, ",\"auth_time\":{}", authenticated_at.seconds());
        }
        let thumbprints = [("jkt", &self.key_thumbprint), ("x5t#S256", &self.certificate_thumbprint)];
        let mut next = ",\"cnf\":{";
        for (name, thumbprint) in thumbprints {
            let Some(thumbprint) = thumbprint else { continue };
            let _ = write!(text, "{next}\"{name}\":\"{thumbprint}\"");
            next = ",";
        }
        if next == "," {
            text.push('}');
        }
        let members = members.trim_ascii_start();
        if !members.starts_with('}') {
            text.push(',');
        }
        text.push_str(members);
        Ok(text)
    }

    /// Room for all of it, were it nothing but escapes: text that grows leaves copies behind.
    fn room(&self) -> usize {
        let lists = [&self.scopes, &self.roles, &self.groups, &self.entitlements, &self.amr];
        let values = lists.into_iter().flatten().chain([&self.client_id]).chain(&self.acr);
        values.map(|value| value.len() * 6 + 3).sum::<usize>() + 320
    }

    fn check(&self) -> Result<(), Error> {
        let lists = [&self.roles, &self.groups, &self.entitlements, &self.amr];
        let misuses = [
            (self.misuse.is_some(), self.misuse.unwrap_or_default()),
            (
                self.subject.is_empty() || self.client_id.is_empty(),
                "expected a subject and a client ID that aren't empty",
            ),
            (
                lists.into_iter().flatten().chain(&self.acr).any(String::is_empty),
                "expected roles, groups, entitlements, `acr` and `amr` that aren't empty",
            ),
        ];
        match misuses.into_iter().find(|(applies, _)| *applies) {
            Some((_, reason)) => Err(Error::misuse(reason)),
            None => self.scopes.iter().try_for_each(|scope| check_scope(scope)),
        }
    }
}

/// Shows who and through what, and none of the rest.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// "scope-token = 1*( %x21 / %x23-5B / %x5D-7E )" RFC 6749 §3.3
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// Checks a scope that the application names.
pub(crate) fn check_scope(scope: &str) -> Result<(), Error> {
    if is_scope(scope) {
        return Ok(());
    }
    Err(Error::misuse("expected scopes of one word each, without quotes and backslashes (RFC 6749 §3.3)"))
}

/// Checks that the application's claims are none of those that are written for it: a second one would be read by
/// some and not by others. `who` writes them, in the words of the message.
pub(crate) fn check_own(own: &str, written: &[&str], who: &str) -> Result<(), Error> {
    let mut taken = None;
    // What else is wrong with the text, the issuer says.
    let _ = scan_object(own, Part::Claims, &Limits::default(), |name, _| {
        taken = taken.or(written.iter().find(|written| **written == name));
        Ok(())
    });
    match taken {
        Some(name) => Err(Error::misuse(format!("expected no claim `{name}`, which {who}, found one"))),
        None => Ok(()),
    }
}
