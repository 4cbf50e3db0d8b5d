//! The choices of a [`Propagation`]: who mints, in whose name, whose subjects are known, for which services.
//!
//! Choices that contradict each other, or that would let one service pass for another, one subject for
//! another, or the gateway's own tokens for those of its clients, are refused when it is built.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::headers::StrippedFields;
use super::mint::Propagation;
use super::service::Service;
use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::gateway::names::has_twice;
use crate::jws::{JwsAlgorithm, SigningKey};
use crate::jwt::JwtIssuer;
use crate::profile::access_token::ClientCertificate;

/// An issuer whose tokens come in, and what is believed of whom they are about.
pub(super) struct SubjectIssuer {
    pub(super) issuer: String,
    /// Whether it passes others' subjects on, and so is believed on whose they are.
    pub(super) relays: bool,
}

/// The gateway as an actor.
pub(super) struct OwnActor {
    pub(super) subject: String,
    pub(super) issuer: Option<String>,
}

/// The choices of a [`Propagation`] in the making. The issuer, whose subjects come in, and the services
/// can't be left out.
#[must_use = "`build` makes the propagation"]
pub struct PropagationBuilder {
    signing_key: SigningKey,
    issuer: String,
    actor: Option<String>,
    actor_issuer: Option<String>,
    subjects: Vec<SubjectIssuer>,
    qualified: bool,
    lifetime: Duration,
    services: Vec<(String, Service)>,
    certificate: Option<ClientCertificate>,
    stripped: StrippedFields,
    misuse: Option<Error>,
    clock: Arc<dyn Clock>,
}

impl PropagationBuilder {
    /// What lives for longer is a token to be passed around, and outlives what was revoked.
    const MAX_LIFETIME: Duration = Duration::from_secs(300);

    pub(super) fn new(signing_key: SigningKey) -> Self {
        Self {
            signing_key,
            issuer: String::new(),
            actor: None,
            actor_issuer: None,
            subjects: Vec::new(),
            qualified: false,
            lifetime: Duration::from_secs(60),
            services: Vec::new(),
            certificate: None,
            stripped: StrippedFields::default(),
            misuse: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets `iss`, the gateway's own name, under which the services verify its tokens. It must be no name
    /// that the tokens which come in are issued under.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// Sets the gateway's name as an actor, `act.sub`, such as its client ID at the authorization server.
    /// Default: its own [`issuer`](Self::issuer).
    pub fn actor(mut self, subject: impl Into<String>) -> Self {
        self.actor = Some(subject.into());
        self
    }

    /// Sets in whose words [`actor`](Self::actor) is the gateway's name, `act.iss`. Without it, a token whose
    /// `may_act` names an `iss` means another actor.
    pub fn actor_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.actor_issuer = Some(issuer.into());
        self
    }

    /// Sets the issuer whose tokens come in. `sub` and `client_id` are passed on as it wrote them, and
    /// `sub_id` says that they are its own ([RFC 9493 §3.2.3](https://www.rfc-editor.org/rfc/rfc9493#section-3.2.3)).
    /// For several, see [`qualified_subjects`](Self::qualified_subjects).
    pub fn subjects_of(mut self, issuer: impl Into<String>) -> Self {
        self.subjects.push(SubjectIssuer { issuer: issuer.into(), relays: false });
        self
    }

    /// Sets the issuer whose tokens come in as [`subjects_of`](Self::subjects_of), and believes it on whose
    /// subjects they are: another gateway, whose `sub_id` is kept. It can name anyone's.
    pub fn subjects_relayed_by(mut self, issuer: impl Into<String>) -> Self {
        self.subjects.push(SubjectIssuer { issuer: issuer.into(), relays: true });
        self
    }

    /// Writes `sub` and `client_id` as the issuer they are of, `#`, and its own name for them: what several
    /// issuers need, as "user-17" of one is another than that of the other
    /// ([RFC 7519 §4.1.2](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.2)).
    pub fn qualified_subjects(mut self) -> Self {
        self.qualified = true;
        self
    }

    /// Sets how long the tokens are accepted, from a second to five minutes: as long as a call may wait.
    /// Default: 60 s. The `exp` of the token that came in goes before it.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Declares a service under the name that calls to it have here.
    pub fn service(mut self, name: impl Into<String>, service: Service) -> Self {
        self.services.push((name.into(), service));
        self
    }

    /// Binds the tokens to the certificate that the gateway shows the services on its TLS connections to
    /// them, `cnf` with `x5t#S256` ([RFC 8705 §3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1)): no one else can use
    /// them, the services that they are for included.
    pub fn bound_to_certificate(mut self, certificate: &ClientCertificate) -> Self {
        self.certificate = Some(*certificate);
        self
    }

    /// Strips this header field of outbound requests too, see [`Outbound`](super::Outbound): another in
    /// which tokens come in, such as one that a proxy writes.
    pub fn strip(mut self, field: impl AsRef<str>) -> Self {
        if let Err(misuse) = self.stripped.add(field.as_ref()) {
            self.misuse = Some(misuse);
        }
        self
    }

    /// Tells the time by this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the propagation.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if
    ///
    /// - the signing key is a shared secret, with which each service could mint for the others,
    /// - issuer, subjects' issuers or services are missing, named twice or empty,
    /// - actor or actor's issuer is empty, or there is an actor's issuer and no actor,
    /// - the gateway's own issuer is one whose tokens come in, or the audience of a service,
    /// - there are several subjects' issuers and subjects aren't qualified, or an issuer's name has a `#` then,
    /// - two services have one audience, or a scope isn't one word,
    /// - the lifetime is under a second or over five minutes,
    /// - what is to be stripped is no field name.
    pub fn build(self) -> Result<Propagation, Error> {
        self.check()?;
        let clock = Arc::clone(&self.clock);
        let jwt = JwtIssuer::builder(self.signing_key)
            .token_type("at+jwt")
            .generate_jwt_id()
            .issuer(&self.issuer)
            // Both differ from token to token, and are written with its other claims.
            .without_audience()
            .without_expiry()
            .clock(move || clock.now())
            .build()?;
        Ok(Propagation {
            jwt,
            actor: OwnActor { subject: self.actor.unwrap_or(self.issuer), issuer: self.actor_issuer },
            subjects: self.subjects,
            qualified: self.qualified,
            lifetime: self.lifetime,
            services: self.services,
            certificate: self.certificate,
            stripped: Arc::new(self.stripped),
            clock: self.clock,
        })
    }

    fn check(&self) -> Result<(), Error> {
        if let Some(misuse) = &self.misuse {
            return Err(misuse.clone());
        }
        let is_secret = matches!(
            self.signing_key.algorithm(),
            JwsAlgorithm::Hs256 | JwsAlgorithm::Hs384 | JwsAlgorithm::Hs512
        );
        let issuers = || self.subjects.iter().map(|subjects| &subjects.issuer);
        let audiences = || self.services.iter().map(|(_, service)| &service.audience);
        let names = || self.services.iter().map(|(name, _)| name);
        let actor = [&self.actor, &self.actor_issuer];
        let misuses = [
            (is_secret, "expected a key pair to sign for services with, found a shared secret"),
            (
                self.issuer.is_empty() || self.subjects.is_empty() || self.services.is_empty(),
                "expected `issuer`, whose subjects come in, and a service",
            ),
            (
                issuers().chain(names()).chain(actor.into_iter().flatten()).any(String::is_empty),
                "expected names of issuers, services and the actor that aren't empty",
            ),
            (
                self.actor.is_none() && self.actor_issuer.is_some(),
                "expected `actor`, whose issuer `actor_issuer` is, found none",
            ),
            (
                has_twice(issuers()) || has_twice(names()) || has_twice(audiences()),
                "expected each issuer, service and audience once, found one twice",
            ),
            (
                issuers().chain(audiences()).any(|name| *name == self.issuer),
                "expected other issuers and audiences than the gateway's own issuer, found that one",
            ),
            (
                self.subjects.len() > 1 && !self.qualified,
                "expected `qualified_subjects` with several issuers, whose subjects may be named alike",
            ),
            (
                self.qualified && issuers().any(|issuer| issuer.contains('#')),
                "expected issuers without `#` where subjects are qualified, found one with it",
            ),
            (
                self.lifetime < Duration::from_secs(1) || self.lifetime > Self::MAX_LIFETIME,
                "expected a lifetime from a second to five minutes, found another",
            ),
        ];
        if let Some((_, reason)) = misuses.into_iter().find(|(applies, _)| *applies) {
            return Err(Error::misuse(reason));
        }
        self.services.iter().try_for_each(|(_, service)| service.check())
    }
}

/// Shows the services and none of the keys.
impl fmt::Debug for PropagationBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PropagationBuilder")
            .field("issuer", &self.issuer)
            .field("services", &self.services)
            .finish_non_exhaustive()
    }
}
