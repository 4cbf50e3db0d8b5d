//! The issuer: a subject and the caller's claims go in, a token comes out that is signed and, if asked,
//! encrypted (RFC 7519 §7.1).
//!
//! Header and fixed claims are written once, when the issuer is built. The caller's claims are held to
//! what a verifier accepts and can't name one that the issuer writes: a second `exp` would be read by
//! some and not by others.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::NumericDate;
use super::claims::Registered;
use super::nested::encrypt_signed;
use super::random_id::random_id;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Part};
use crate::jwe::EncryptionKey;
use crate::jws::{JwsBuilder, SigningKey, sign_encoded};
use crate::limits::Limits;
use crate::secret::{WipedRoom, WipedText};
use crate::wire::json::{Members, write_string, write_strings};
use crate::wire::typed;

/// Issues tokens: built once, shared by reference.
///
/// Each token carries `iss`, `sub`, `aud`, `exp` and `iat` and the caller's claims, is signed, and with
/// [`encrypt_for`](JwtIssuerBuilder::encrypt_for) is then encrypted: a nested JWT
/// ([RFC 7519 §5.2](https://www.rfc-editor.org/rfc/rfc7519#section-5.2), [§11.2](https://www.rfc-editor.org/rfc/rfc7519#section-11.2)). What is only signed can be read
/// by anyone who gets hold of it. For bytes instead of claims there is [`jws::sign`](crate::jws::sign).
///
/// ```
/// use countersign::{DecryptionKey, JweAlgorithm, JwsAlgorithm, JwtIssuer, SigningKey};
/// use std::time::Duration;
///
/// #[derive(serde::Serialize)]
/// struct OrderClaims {
///     scope: String,
/// }
///
/// # fn main() -> Result<(), countersign::Error> {
/// let gateway = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?;
/// let issuer = JwtIssuer::builder(SigningKey::generate(JwsAlgorithm::Es256)?)
///     .issuer("https://id.example.com")
///     .audience("https://orders.example.com")
///     .lifetime(Duration::from_secs(300))
///     .encrypt_for(gateway.encryption_key()?)
///     .build()?;
/// let token = issuer.issue("user-17", &OrderClaims { scope: "orders:read".into() })?;
/// assert_eq!(token.split('.').count(), 5);
/// # Ok(())
/// # }
/// ```
pub struct JwtIssuer {
    pub(super) signing_key: SigningKey,
    pub(super) header: String,
    /// `"iss":…,` and `"aud":…,` as they stand in every token.
    fixed_claims: String,
    /// The names of the claims that stand in every token and so can't be the caller's.
    written: Vec<&'static str>,
    lifetime: Option<Duration>,
    generate_jwt_id: bool,
    pub(super) recipient: Option<EncryptionKey>,
    clock: Arc<dyn Clock>,
}

impl JwtIssuer {
    /// Begins an issuer that signs with this key.
    pub fn builder(signing_key: SigningKey) -> JwtIssuerBuilder {
        JwtIssuerBuilder {
            signing_key,
            issuer: Choice::Unset,
            audience: Vec::new(),
            without_audience: false,
            lifetime: Choice::Unset,
            token_type: String::from("JWT"),
            generate_jwt_id: false,
            recipient: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Issues a token about this subject, with these claims beside the registered ones.
    ///
    /// The claims are any type that serializes to a JSON object; [`NoClaims`](crate::NoClaims) adds none.
    /// They may hold registered claims that this issuer doesn't write, such as `nbf`. The token may get as
    /// long as the claims make it, but a verifier accepts 16 KiB unless its limits say otherwise.
    ///
    /// ```
    /// use countersign::{JwsAlgorithm, JwtIssuer, NoClaims, SigningKey};
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// # let signing_key = SigningKey::generate(JwsAlgorithm::Es256)?;
    /// let issuer = JwtIssuer::builder(signing_key)
    ///     .issuer("https://id.example.com")
    ///     .audience("https://orders.example.com")
    ///     .lifetime(Duration::from_secs(300))
    ///     .build()?;
    /// let token = issuer.issue("user-17", &NoClaims)?;
    /// assert_eq!(token.split('.').count(), 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if the claims don't serialize to a JSON object of distinct names, name one that
    /// the issuer writes, hold a registered claim that is malformed, or nest deeper or have more members
    /// than [`Limits::default`] permits; [`Error::InvalidKey`] if the recipient's key has encrypted as
    /// many messages as it may; [`Error::Unavailable`] if the system gives no randomness. With an external
    /// key also as [`issue_async`](Self::issue_async), and [`Error::Misuse`] if it is one to wait for.
    pub fn issue<T: Serialize + ?Sized>(&self, subject: &str, claims: &T) -> Result<String, Error> {
        self.issue_for(Some(subject), claims)
    }

    /// Issues a token that names no subject. Otherwise as [`issue`](Self::issue).
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue).
    pub fn issue_without_subject<T: Serialize + ?Sized>(&self, claims: &T) -> Result<String, Error> {
        self.issue_for(None, claims)
    }

    /// Returns the key that signs, to publish its public half.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.signing_key
    }

    fn issue_for<T: Serialize + ?Sized>(&self, subject: Option<&str>, claims: &T) -> Result<String, Error> {
        self.issue_writing(self.recipient.as_ref(), subject, |set| typed::write_json(claims, set))
    }

    /// Issues a token with these claims, which are JSON text already.
    pub(crate) fn issue_text(&self, subject: Option<&str>, own: &str) -> Result<String, Error> {
        self.issue_text_to(self.recipient.as_ref(), subject, own)
    }

    /// Issues a token with these claims to this recipient, whoever the issuer's own is.
    pub(crate) fn issue_text_to(
        &self,
        recipient: Option<&EncryptionKey>,
        subject: Option<&str>,
        own: &str,
    ) -> Result<String, Error> {
        self.issue_writing(recipient, subject, written(own))
    }

    fn issue_writing(
        &self,
        recipient: Option<&EncryptionKey>,
        subject: Option<&str>,
        write_own: impl FnOnce(&mut WipedRoom) -> Result<(), Error>,
    ) -> Result<String, Error> {
        let mut set = WipedRoom::new();
        self.write_claims(&mut set, subject, write_own)?;
        let signed = sign_encoded(&self.signing_key, &self.header, &set)?;
        match recipient {
            None => Ok(signed),
            Some(recipient) => encrypt_signed(recipient, WipedText::from(signed).as_bytes()),
        }
    }

    /// Writes the claims set: the issuer's own claims, then the caller's, which `write_own` appends as an object.
    pub(super) fn write_claims(
        &self,
        set: &mut WipedRoom,
        subject: Option<&str>,
        write_own: impl FnOnce(&mut WipedRoom) -> Result<(), Error>,
    ) -> Result<(), Error> {
        set.extend(b"{");
        set.extend(self.fixed_claims.as_bytes());
        if let Some(subject) = subject {
            set.extend(b"\"sub\":");
            typed::write_json(subject, set)?;
            set.extend(b",");
        }
        let now = NumericDate::from(self.clock.now());
        if let Some(lifetime) = self.lifetime {
            // Whole seconds: not every verifier reads a fraction.
            set.extend(b"\"exp\":");
            typed::write_json(&now.saturating_add(lifetime).seconds(), set)?;
            set.extend(b",");
        }
        set.extend(b"\"iat\":");
        typed::write_json(&now.seconds(), set)?;
        if self.generate_jwt_id {
            set.extend(b",\"jti\":\"");
            set.extend(random_id()?.as_bytes());
            set.extend(b"\"");
        }
        let start = set.len();
        write_own(set)?;
        let own = typed::text(set.get(start..).unwrap_or_default(), Part::Claims)?;
        self.check_own(own, subject.is_some())?;
        // An object, as was just checked: its members go on where the issuer's own end.
        set.truncate(set.trim_ascii_end().len());
        let space = set.iter().skip(start).take_while(|byte| byte.is_ascii_whitespace()).count();
        match set.get_mut(start + space..).and_then(<[u8]>::split_first_mut) {
            Some((brace, members)) if members.trim_ascii_start() != b"}" => *brace = b',',
            _ => {
                set.truncate(start);
                set.extend(b"}");
            }
        }
        Ok(())
    }

    /// The caller's claims must not contradict what the issuer writes, nor hold anything that a
    /// verifier would refuse for its form.
    fn check_own(&self, own: &str, has_subject: bool) -> Result<(), Error> {
        let limits = Limits::default();
        let written = || self.written.iter().copied().chain(has_subject.then_some("sub"));
        let mut members = written().count();
        let mut twice = None;
        let read = Registered::default().read(own, &limits, &mut Members::new(), |name| {
            members += 1;
            twice = twice.or(written().find(|written| *written == name));
        });
        if let Some(name) = twice {
            return Err(Error::misuse(format!(
                "expected no claim `{name}`, which the issuer writes, found one"
            )));
        }
        match read {
            // What the issuer writes counts too, once all of it is one object.
            Ok(()) if members <= limits.json_members => Ok(()),
            Ok(()) => Err(Error::misuse(format!(
                "expected at most {} claims with those that the issuer writes, found more",
                limits.json_members
            ))),
            Err(Error::Malformed { .. }) => Err(Error::misuse(
                "expected claims that serialize to a JSON object of distinct names, found something else",
            )),
            // The fault is the application's, not a token's.
            Err(refusal) => Err(Error::misuse(format!("expected claims that a verifier accepts: {refusal}"))),
        }
    }
}

impl fmt::Debug for JwtIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtIssuer")
            .field("signing_key", &self.signing_key)
            .field("recipient", &self.recipient)
            .finish_non_exhaustive()
    }
}

/// The choices of a [`JwtIssuer`] in the making. Issuer, audience and lifetime are each set or waived.
///
/// ```
/// use countersign::{JwsAlgorithm, JwtIssuer, SigningKey};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), countersign::Error> {
/// let issuer = JwtIssuer::builder(SigningKey::generate(JwsAlgorithm::Ed25519)?.with_key_id("2026-11"))
///     .issuer("https://id.example.com")
///     .audience("https://orders.example.com")
///     .audience("https://invoices.example.com")
///     .lifetime(Duration::from_secs(300))
///     .token_type("at+jwt")
///     .generate_jwt_id()
///     .build()?;
/// # let _ = issuer;
/// # Ok(())
/// # }
/// ```
#[must_use = "`build` makes the issuer"]
pub struct JwtIssuerBuilder {
    signing_key: SigningKey,
    issuer: Choice<String>,
    audience: Vec<String>,
    without_audience: bool,
    lifetime: Choice<Duration>,
    token_type: String,
    generate_jwt_id: bool,
    recipient: Option<EncryptionKey>,
    clock: Arc<dyn Clock>,
}

/// A choice that `build` insists on.
enum Choice<T> {
    Unset,
    Waived,
    Set(T),
    /// Set and waived: one of the two calls isn't meant.
    Both,
}

impl<T> Choice<T> {
    fn set(self, value: T) -> Self {
        match self {
            Self::Unset | Self::Set(_) => Self::Set(value),
            Self::Waived | Self::Both => Self::Both,
        }
    }

    fn waive(self) -> Self {
        match self {
            Self::Unset | Self::Waived => Self::Waived,
            Self::Set(_) | Self::Both => Self::Both,
        }
    }

    fn made(self, misuse: &'static str) -> Result<Option<T>, Error> {
        match self {
            Self::Unset | Self::Both => Err(Error::misuse(misuse)),
            Self::Waived => Ok(None),
            Self::Set(value) => Ok(Some(value)),
        }
    }
}

impl JwtIssuerBuilder {
    /// Sets `iss`, the name under which verifiers know this issuer.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = self.issuer.set(issuer.into());
        self
    }

    /// Issues tokens without `iss`.
    pub fn without_issuer(mut self) -> Self {
        self.issuer = self.issuer.waive();
        self
    }

    /// Sets `aud`, whom the tokens are for ([RFC 7519 §4.1.3](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3)). Called again, it
    /// adds another audience.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// Issues tokens without `aud`, which any verifier that doesn't insist on one accepts.
    pub fn without_audience(mut self) -> Self {
        self.without_audience = true;
        self
    }

    /// Sets how long tokens are accepted after they were issued: `exp` is `iat` and this, in whole
    /// seconds. Minutes are usual for access tokens.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = self.lifetime.set(lifetime);
        self
    }

    /// Issues tokens without `exp`, which never expire and which strict verifiers refuse.
    pub fn without_expiry(mut self) -> Self {
        self.lifetime = self.lifetime.waive();
        self
    }

    /// Sets the header's `typ`, such as `at+jwt` for access tokens
    /// ([RFC 9068 §2.1](https://www.rfc-editor.org/rfc/rfc9068#section-2.1)), so that tokens for one purpose don't pass for another
    /// ([RFC 8725 §3.11](https://www.rfc-editor.org/rfc/rfc8725#section-3.11)). Default: `JWT`.
    pub fn token_type(mut self, token_type: impl Into<String>) -> Self {
        self.token_type = token_type.into();
        self
    }

    /// Gives each token a `jti` of 128 random bits, for receivers that keep a list of those they saw.
    pub fn generate_jwt_id(mut self) -> Self {
        self.generate_jwt_id = true;
        self
    }

    /// Encrypts each signed token to this recipient: a nested JWT. Out of a published set,
    /// [`recipient_key`](crate::recipient_key) chooses the key.
    pub fn encrypt_for(mut self, recipient: EncryptionKey) -> Self {
        self.recipient = Some(recipient);
        self
    }

    /// Tells the time by this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the issuer.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if issuer, audience or lifetime was neither set nor waived, or was both, if one
    /// of the names is empty, or if the lifetime is under a second.
    pub fn build(self) -> Result<JwtIssuer, Error> {
        let issuer = self
            .issuer
            .made("expected one choice of issuer: `issuer` sets it, `without_issuer` waives it")?;
        if self.audience.is_empty() != self.without_audience {
            return Err(Error::misuse(
                "expected one choice of audience: `audience` sets it, `without_audience` waives it",
            ));
        }
        if issuer.as_deref() == Some("") || self.audience.iter().any(String::is_empty) {
            return Err(Error::misuse("expected an issuer and an audience that aren't empty"));
        }
        let lifetime = self
            .lifetime
            .made("expected one choice of lifetime: `lifetime` sets it, `without_expiry` waives it")?;
        if lifetime.is_some_and(|lifetime| lifetime < Duration::from_secs(1)) {
            return Err(Error::misuse("expected a lifetime of at least a second, found less"));
        }
        let written = [
            ("iat", true),
            ("iss", issuer.is_some()),
            ("aud", !self.audience.is_empty()),
            ("exp", lifetime.is_some()),
            ("jti", self.generate_jwt_id),
        ];
        Ok(JwtIssuer {
            written: written.into_iter().filter_map(|(name, writes)| writes.then_some(name)).collect(),
            header: JwsBuilder::new(&self.signing_key).token_type(self.token_type).protected_header()?,
            fixed_claims: fixed_claims(issuer.as_deref(), &self.audience),
            signing_key: self.signing_key,
            lifetime,
            generate_jwt_id: self.generate_jwt_id,
            recipient: self.recipient,
            clock: self.clock,
        })
    }
}

impl fmt::Debug for JwtIssuerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtIssuerBuilder").finish_non_exhaustive()
    }
}

/// Claims that are JSON text already, as whoever writes claims appends them.
pub(super) fn written(own: &str) -> impl FnOnce(&mut WipedRoom) -> Result<(), Error> {
    |set| {
        set.extend(own.as_bytes());
        Ok(())
    }
}

/// Writes the members that every token has: one audience as a string, several as an array.
fn fixed_claims(issuer: Option<&str>, audience: &[String]) -> String {
    let mut claims = String::new();
    if let Some(issuer) = issuer {
        claims.push_str("\"iss\":");
        write_string(issuer, &mut claims);
        claims.push(',');
    }
    match audience {
        [] => {}
        [sole] => {
            claims.push_str("\"aud\":");
            write_string(sole, &mut claims);
            claims.push(',');
        }
        several => {
            claims.push_str("\"aud\":");
            write_strings(several, &mut claims);
            claims.push(',');
        }
    }
    claims
}
