//! Minting: a verified token and a call to a named service go in, a token for that service alone comes out
//! (RFC 8693 §1.1, RFC 9068 §2.2).
//!
//! Nothing is in it that neither the token said nor the service is declared with: scopes are those of both,
//! it expires no later, and what isn't named is left out.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use super::builder::{OwnActor, PropagationBuilder, SubjectIssuer};
use super::claims::{OwnClaims, SubjectId, prior_actors, transaction_id};
use super::headers::StrippedFields;
use super::outbound::{Outbound, ServiceToken};
use super::service::{Service, ServiceCall};
use crate::clock::Clock;
use crate::error::{ClaimProblem, Error, Part, Refusal};
use crate::jws::SigningKey;
use crate::jwt::{JwtIssuer, NoClaims, NumericDate};
use crate::profile::access_token::{AccessToken, ClientCertificate, Grant};
use crate::secret::WipedText;
use crate::wire::typed;

/// Mints tokens for the services behind a gateway: built once, shared by reference.
///
/// Each is an access token of [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068) with the gateway as `iss`, which a service
/// verifies by an [`AccessTokenVerifier`](crate::AccessTokenVerifier) with the gateway's published key. It says
///
/// - `aud`: the one service,
/// - `sub`: the subject, and `sub_id`: the same with the issuer whose subject it is,
/// - `client_id`: the client that the token which came in was issued to. The gateway asks no one for a token,
///   it issues one in the course of that client's request; and where the client is the subject, it stays so,
/// - `act`: the gateway, and in it those who acted before,
/// - `scope`: what the token that came in grants, the service is declared with, and the call doesn't leave out,
/// - `roles`, `groups`, `entitlements`: to services declared with them,
/// - `auth_time`, `acr`, `amr`: as they came in, facts of the user's login,
/// - `txn`: the transaction, as it came in or a new one of 128 random bits,
/// - `iat`, `jti`, `exp`: its own, and `exp` no later than that of the token that came in.
///
/// `cnf` isn't passed on: the key is the client's, who isn't who calls the service.
///
/// ```
/// use countersign::gateway::propagation::{Outbound, Propagation, Service};
/// use countersign::profile::access_token::Grant;
/// # use countersign::{AccessTokenIssuer, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey};
/// # use std::time::Duration;
///
/// # fn main() -> Result<(), countersign::Error> {
/// # let (id, api) = ("https://id.example.com", "https://api.example.com");
/// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let verifier = AccessTokenVerifier::builder(key.verifying_key()?).issuer(id).audience(api).build()?;
/// # let issuer = AccessTokenIssuer::builder(key).issuer(id).audience(api)
/// #     .lifetime(Duration::from_secs(300)).build()?;
/// # let inbound = issuer.issue(&Grant::to("user-17", "web").scopes(["stock:read", "orders:write"]))?;
/// let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let inventory = AccessTokenVerifier::builder(key.verifying_key()?)
/// #     .issuer("https://gateway.example.com").audience("https://inventory.internal").build()?;
/// let propagation = Propagation::builder(key)
///     .issuer("https://gateway.example.com")
///     .subjects_of("https://id.example.com")
///     .service("inventory", Service::new("https://inventory.internal").scopes(["stock:read"]))
///     .build()?;
/// let token = verifier.verify::<NoClaims>(&inbound)?;
/// let outbound = Outbound::from(propagation.mint(&token, "inventory")?);
///
/// // The service's side.
/// # let bearer = outbound.token().unwrap().expose_secret();
/// let token = inventory.verify::<NoClaims>(bearer)?;
/// assert_eq!((token.subject(), token.client_id()), ("user-17", "web"));
/// assert!(token.has_scope("stock:read") && !token.has_scope("orders:write"));
/// assert_eq!(token.actor().unwrap().subject().as_deref(), Some("https://gateway.example.com"));
/// # Ok(())
/// # }
/// ```
///
/// A token costs a signature: with an elliptic curve, some tens of microseconds. Nothing is kept.
pub struct Propagation {
    pub(super) jwt: JwtIssuer,
    pub(super) actor: OwnActor,
    pub(super) subjects: Vec<SubjectIssuer>,
    pub(super) qualified: bool,
    pub(super) lifetime: Duration,
    pub(super) services: Vec<(String, Service)>,
    pub(super) certificate: Option<ClientCertificate>,
    pub(super) stripped: Arc<StrippedFields>,
    pub(super) clock: Arc<dyn Clock>,
}

/// A token that lacks its signature only.
struct Draft<'a> {
    service: &'a (String, Service),
    subject: String,
    claims: Zeroizing<String>,
    transaction_id: String,
    expires_at: NumericDate,
}

impl Propagation {
    /// Begins a propagation that signs with this key: the gateway's own, a key pair.
    pub fn builder(signing_key: SigningKey) -> PropagationBuilder {
        PropagationBuilder::new(signing_key)
    }

    /// Mints a token for a call to a service, in the name of a token that was verified.
    ///
    /// Judge the token first, by revocation and requirement: what is minted lives on its own.
    ///
    /// # Errors
    ///
    /// [`Error::Claim`] if the token has expired, or what it says of actors, transaction or subject is
    /// malformed, if eight have acted already, or for a service that is told groups, not all of them are
    /// listed;
    /// [`Error::NotAllowed`] with the status 403 if its `may_act` means another actor, or none of the scopes
    /// that the service is declared with, or that were asked for, are granted: a token without scopes isn't
    /// minted in the place of one with them, as some services take it for one with all;
    /// [`Error::Misuse`] if no service of that name is declared, or the token is of an issuer that isn't;
    /// else as [`JwtIssuer::issue`].
    pub fn mint<T>(
        &self,
        token: &AccessToken<T>,
        call: impl Into<ServiceCall>,
    ) -> Result<ServiceToken, Error> {
        self.mint_with(token, call, &NoClaims)
    }

    /// Mints a token like [`mint`](Self::mint), with these claims beside: any type that serializes to a JSON
    /// object. They are the gateway's word to the service.
    ///
    /// # Errors
    ///
    /// As [`mint`](Self::mint), and [`Error::Misuse`] if the claims name one that is written anyhow.
    pub fn mint_with<T, U: Serialize + ?Sized>(
        &self,
        token: &AccessToken<T>,
        call: impl Into<ServiceCall>,
        claims: &U,
    ) -> Result<ServiceToken, Error> {
        let draft = self.draft(token, &call.into(), claims)?;
        let recipient = draft.service.1.recipient.as_ref();
        let text = self.jwt.issue_text_to(recipient, Some(&draft.subject), &draft.claims)?;
        Ok(self.finish(draft, text))
    }

    /// Mints a token like [`mint_with`](Self::mint_with), and waits for the signature of an external key, see
    /// [`JwtIssuer::issue_async`]. The claims are written when this is called: the future borrows the
    /// propagation only.
    ///
    /// # Errors
    ///
    /// As [`mint_with`](Self::mint_with) and [`JwtIssuer::issue_async`].
    pub fn mint_async<T, C: Into<ServiceCall>, U: Serialize + ?Sized>(
        &self,
        token: &AccessToken<T>,
        call: C,
        claims: &U,
    ) -> impl Future<Output = Result<ServiceToken, Error>> + Send + use<'_, T, C, U> {
        let begun = self.draft(token, &call.into(), claims).map(|mut draft| {
            let recipient = draft.service.1.recipient.as_ref();
            let claims = std::mem::take(&mut draft.claims);
            let issued = self.jwt.issue_text_to_async(recipient, Some(&draft.subject), &claims);
            (draft, issued)
        });
        async move {
            let (draft, issued) = begun?;
            let text = issued.await?;
            Ok(self.finish(draft, text))
        }
    }

    /// Forwards nothing, and strips what this propagation strips.
    #[must_use]
    pub fn nothing(&self) -> Outbound {
        Outbound::nothing_but(Arc::clone(&self.stripped))
    }

    /// Returns the key that signs, to publish its public half.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        self.jwt.signing_key()
    }

    /// Judges all that there is to judge, and writes the claims.
    fn draft<T, U: Serialize + ?Sized>(
        &self,
        token: &AccessToken<T>,
        call: &ServiceCall,
        claims: &U,
    ) -> Result<Draft<'_>, Error> {
        let service = self.services.iter().find(|(name, _)| *name == call.service).ok_or_else(|| {
            Error::misuse("expected a call to a service that is declared, found another name")
        })?;
        let from =
            self.subjects.iter().find(|subjects| subjects.issuer == token.issuer()).ok_or_else(|| {
                Error::misuse("expected a token of an issuer that `subjects_of` names, found another's")
            })?;
        let expires_at = self.expiry(token)?;
        self.actor.may_act_in(token)?;
        let transaction_id = transaction_id(token, call.transaction_id.as_deref())?;
        let own = OwnClaims {
            audience: &service.1.audience,
            expires_at,
            actor: &self.actor,
            prior: prior_actors(token)?,
            transaction_id: &transaction_id,
            subject: &SubjectId::of(token, from)?,
        };
        let json = typed::to_json(claims)?;
        let own = own.write(typed::text(&json, Part::Claims)?)?;
        let subject = self.name(token, token.subject()).into_owned();
        let grant = self.grant(token, &subject, &service.1, call)?;
        let claims = grant.write(&own)?;
        let transaction_id = transaction_id.into_owned();
        Ok(Draft { service, subject, claims, transaction_id, expires_at })
    }

    /// `exp` of what is minted: in whole seconds, and at least one to come.
    fn expiry<T>(&self, token: &AccessToken<T>) -> Result<NumericDate, Error> {
        let now = NumericDate::from(self.clock.now());
        // Each access token has one. Without, nothing would be left to live on.
        let inbound = token.expires_at().unwrap_or(now);
        let expires_at = inbound.min(now.saturating_add(self.lifetime)).whole();
        // A verifier may have let it pass for its leeway. That isn't handed on: it would add up.
        if expires_at <= now.whole() {
            let ago = now.saturating_since(inbound);
            return Err(Error::for_claim("exp", ClaimProblem::Expired { ago }));
        }
        Ok(expires_at)
    }

    fn grant<T>(
        &self,
        token: &AccessToken<T>,
        subject: &str,
        service: &Service,
        call: &ServiceCall,
    ) -> Result<Grant, Error> {
        let asked = |scope: &String| call.scopes.as_ref().is_none_or(|asked| asked.contains(scope));
        let scopes = service.scopes.iter().filter(|scope| token.has_scope(scope) && asked(scope));
        let scopes: Vec<_> = scopes.cloned().collect();
        let wants_none = call.scopes.as_ref().map_or(service.scopes.is_empty(), Vec::is_empty);
        if scopes.is_empty() && !wants_none {
            return Err(Error::NotAllowed(Refusal::Scope));
        }
        if service.groups && !token.groups_are_complete() {
            // Passed on as all there are, they would say that the subject is in no other.
            let hint = "the token says that it doesn't list all of them";
            return Err(Error::for_claim("groups", ClaimProblem::Missing { hint }));
        }
        let mut grant = Grant::to(subject, self.name(token, token.client_id()))
            .scopes(scopes)
            .authentication_methods(named(token.authentication_methods()));
        if service.roles {
            grant = grant.roles(named(token.roles()));
        }
        if service.groups {
            grant = grant.groups(named(token.groups()));
        }
        if service.entitlements {
            grant = grant.entitlements(named(token.entitlements()));
        }
        if let Some(authenticated_at) = token.authenticated_at() {
            grant = grant.authenticated_at(authenticated_at);
        }
        if let Some(class) = token.authentication_class() {
            grant = grant.authentication_class(class);
        }
        if let Some(certificate) = &self.certificate {
            grant = grant.bound_to_certificate(certificate);
        }
        Ok(grant)
    }

    /// What the issuer of a token calls someone, as what is minted says it.
    fn name<'n, T>(&self, token: &AccessToken<T>, name: &'n str) -> Cow<'n, str> {
        if self.qualified {
            // No issuer has a `#`, so the first one in it is this, whatever the name is.
            return Cow::Owned(format!("{}#{name}", token.issuer()));
        }
        Cow::Borrowed(name)
    }

    fn finish(&self, draft: Draft<'_>, text: String) -> ServiceToken {
        ServiceToken {
            text: WipedText::from(text),
            service: draft.service.0.clone(),
            transaction_id: draft.transaction_id,
            expires_at: draft.expires_at,
            stripped: Arc::clone(&self.stripped),
        }
    }
}

/// Names that aren't empty: an empty one names no role and no group, and isn't an issuer's to grant.
fn named<'a>(names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    names.filter(|name| !name.is_empty())
}

/// Shows the services and none of the keys.
impl fmt::Debug for Propagation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Propagation")
            .field("signing_key", self.signing_key())
            .field("services", &self.services)
            .finish_non_exhaustive()
    }
}
