//! A verified access token: what the profile's claims said, typed, and the caller's own claims beside
//! them (RFC 9068 §2.2).
//!
//! Only the verifier makes these, after everything held: to have one is the proof. Clones share what
//! they say, so that a token can be kept and handed to many.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::actor::Actor;
use super::confirmation::Confirmation;
use super::facts::Facts;
use crate::error::Error;
use crate::jws::JwsAlgorithm;
#[cfg(feature = "gateway")]
use crate::jwt::Descent;
use crate::jwt::{ClaimValue, Claims, NoClaims, NumericDate, VerifiedJwt};
use crate::limits::Limits;
use crate::secret::WipedText;

/// An access token that was verified, with the caller's claims.
///
/// ```
/// use countersign::{AccessToken, AccessTokenVerifier};
///
/// #[derive(serde::Deserialize)]
/// struct OrderClaims {
///     tenant: u64,
/// }
///
/// fn tenant(verifier: &AccessTokenVerifier, token: &str) -> Result<Option<u64>, countersign::Error> {
///     let token: AccessToken<OrderClaims> = verifier.verify(token)?;
///     Ok(token.has_scope("orders:read").then_some(token.claims().tenant))
/// }
/// # let _ = tenant;
/// ```
#[derive(Clone)]
pub struct AccessToken<T> {
    said: Arc<Said>,
    claims: T,
}

/// Texts one behind the other, each found again by its place.
struct Texts(String);

type Place = Range<usize>;

/// What the token says but for the caller's claims.
struct Said {
    jwt: VerifiedJwt<NoClaims>,
    /// Where the places below are.
    texts: Texts,
    client_id: Place,
    token_id: Option<Place>,
    scopes: Vec<Place>,
    roles: Vec<Place>,
    groups: Vec<Place>,
    groups_are_complete: bool,
    entitlements: Vec<Place>,
    authenticated_at: Option<NumericDate>,
    acr: Option<Place>,
    amr: Vec<Place>,
    confirmation: Option<Confirmation>,
    session: Option<Place>,
    transaction_id: Option<Place>,
    /// The whole claims set, for claims that are asked for by path.
    text: WipedText,
    limits: Limits,
}

/// What was read of an authentic claims set, in its own text.
pub(super) struct Read<'a, T> {
    pub(super) facts: Facts<'a>,
    pub(super) text: &'a str,
    pub(super) claims: T,
}

impl<T> AccessToken<T> {
    pub(super) fn new(jwt: VerifiedJwt<Read<'_, T>>, limits: &Limits) -> Self {
        let (jwt, Read { facts, text, claims }) = jwt.split();
        let Facts {
            client_id,
            token_id,
            scopes,
            roles,
            groups,
            groups_are_complete,
            entitlements,
            authenticated_at,
            acr,
            amr,
            confirmation,
            session,
            transaction_id,
        } = facts;
        let sole =
            [Some(&client_id), token_id.as_ref(), acr.as_ref(), session.as_ref(), transaction_id.as_ref()];
        let lists = [&scopes, &roles, &groups, &entitlements, &amr].into_iter().flatten();
        let mut texts = Texts::with_room_for(sole.into_iter().flatten().chain(lists));
        let said = Said {
            jwt,
            client_id: texts.keep(&client_id),
            token_id: token_id.map(|text| texts.keep(&text)),
            scopes: texts.keep_all(scopes),
            roles: texts.keep_all(roles),
            groups: texts.keep_all(groups),
            groups_are_complete,
            entitlements: texts.keep_all(entitlements),
            authenticated_at,
            acr: acr.map(|text| texts.keep(&text)),
            amr: texts.keep_all(amr),
            confirmation,
            session: session.map(|text| texts.keep(&text)),
            transaction_id: transaction_id.map(|text| texts.keep(&text)),
            texts,
            text: WipedText::from(text.to_owned()),
            limits: limits.clone(),
        };
        Self { said: Arc::new(said), claims }
    }

    /// Returns `iss`, the principal that issued the token.
    #[must_use]
    pub fn issuer(&self) -> &str {
        // Required, as are the others that aren't optional here: without them there is no access token.
        self.said.jwt.issuer().unwrap_or_default()
    }

    /// Returns `sub`: the user, or the client if it acts on its own behalf.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.said.jwt.subject().unwrap_or_default()
    }

    /// Returns `aud`, the resources that the token is for; none if an issuer's tokens name none.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.said.jwt.audience()
    }

    /// Returns the client that the token was issued to: `client_id`, or where its issuer writes that.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.said.texts.at(&self.said.client_id)
    }

    /// Returns the token's own ID: `jti`, or where its issuer writes that. Tokens of
    /// [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068) have one.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.said.text_at(self.said.token_id.as_ref())
    }

    /// Returns `exp`, from when on the token is not accepted any more.
    #[must_use]
    pub fn expires_at(&self) -> Option<NumericDate> {
        self.said.jwt.expires_at()
    }

    /// Returns `nbf`, before when the token is not accepted.
    #[must_use]
    pub fn not_before(&self) -> Option<NumericDate> {
        self.said.jwt.not_before()
    }

    /// Returns `iat`, when the token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Option<NumericDate> {
        self.said.jwt.issued_at()
    }

    /// Returns the scopes that were granted: what the client may do in the subject's name.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.said.texts_at(&self.said.scopes)
    }

    /// Returns whether this scope was granted.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    /// Returns the subject's roles.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.said.texts_at(&self.said.roles)
    }

    /// Returns whether the subject has this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|own| own == role)
    }

    /// Returns the groups that the subject is a member of, as far as the token says.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.said.texts_at(&self.said.groups)
    }

    /// Returns whether the token says that the subject is a member of this group.
    #[must_use]
    pub fn has_group(&self, group: &str) -> bool {
        self.groups().any(|own| own == group)
    }

    /// Returns whether [`groups`](Self::groups) are all there are. A token may say that they stand elsewhere
    /// (`_claim_names`, OpenID Connect Core §5.6.2), and Microsoft Entra ID leaves them out when they are too
    /// many: then that a group isn't there says nothing.
    #[must_use]
    pub fn groups_are_complete(&self) -> bool {
        self.said.groups_are_complete
    }

    /// Returns the subject's entitlements; of Auth0's tokens, the `permissions`.
    pub fn entitlements(&self) -> impl Iterator<Item = &str> {
        self.said.texts_at(&self.said.entitlements)
    }

    /// Returns whether the subject has this entitlement.
    #[must_use]
    pub fn has_entitlement(&self, entitlement: &str) -> bool {
        self.entitlements().any(|own| own == entitlement)
    }

    /// Returns `auth_time`, when the subject last authenticated.
    #[must_use]
    pub fn authenticated_at(&self) -> Option<NumericDate> {
        self.said.authenticated_at
    }

    /// Returns `acr`, the class of that authentication.
    #[must_use]
    pub fn authentication_class(&self) -> Option<&str> {
        self.said.text_at(self.said.acr.as_ref())
    }

    /// Returns `amr`, the methods of that authentication.
    pub fn authentication_methods(&self) -> impl Iterator<Item = &str> {
        self.said.texts_at(&self.said.amr)
    }

    /// Returns `cnf`, the keys that the token is bound to, all of which were proven. None if whoever has
    /// the token may use it.
    #[must_use]
    pub fn confirmation(&self) -> Option<&Confirmation> {
        self.said.confirmation.as_ref()
    }

    /// Returns `sid`, the session that the token was issued in
    /// ([OpenID Connect Front-Channel Logout §3](https://openid.net/specs/openid-connect-frontchannel-1_0.html#OPLogout)). One that is no
    /// string goes by its JSON text, so that it can be revoked too.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.said.text_at(self.said.session.as_ref())
    }

    /// Returns `act`, who acts for the subject, with those who acted before
    /// ([RFC 8693 §4.1](https://www.rfc-editor.org/rfc/rfc8693#section-4.1)). None if nobody is named beside the client.
    #[must_use]
    pub fn actor(&self) -> Option<Actor<'_>> {
        self.claim(["act"]).map(|act| Actor::new(act.value(), &self.said.limits))
    }

    /// Returns `txn`, the transaction that this token and others are part of
    /// ([RFC 8417 §2.2](https://www.rfc-editor.org/rfc/rfc8417#section-2.2)).
    #[must_use]
    pub fn transaction_id(&self) -> Option<&str> {
        self.said.text_at(self.said.transaction_id.as_ref())
    }

    /// Returns the algorithm of the key that the signature verifies under.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.said.jwt.algorithm()
    }

    /// Returns the ID of the key that the signature verifies under, if that key has one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.said.jwt.key_id()
    }

    /// Returns a parameter of the signed token's protected header that the verifier was told to understand
    /// ([`understood_critical`](super::AccessTokenVerifierBuilder::understood_critical)), whether `crit` names it or
    /// not. `None` if it isn't there, and for every other name.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if its value doesn't fit the type.
    pub fn parameter<P: DeserializeOwned>(&self, name: &str) -> Result<Option<P>, Error> {
        self.said.jwt.parameter(name)
    }

    /// Returns the claims in the caller's type.
    #[must_use]
    pub fn claims(&self) -> &T {
        &self.claims
    }

    /// Gives out the claims in the caller's type.
    #[must_use]
    pub fn into_claims(self) -> T {
        self.claims
    }

    /// Returns any claim by its path, whether the caller's type has it or not: its name, and the names
    /// of members to go down to.
    ///
    /// ```
    /// # use countersign::AccessToken;
    /// fn plan<T>(token: &AccessToken<T>) -> Option<String> {
    ///     Some(token.claim(["https://example.com/account", "plan"])?.as_str()?.into_owned())
    /// }
    /// # let _ = plan::<()>;
    /// ```
    #[must_use]
    pub fn claim<S: AsRef<str>>(&self, path: impl AsRef<[S]>) -> Option<ClaimValue<'_>> {
        self.all_claims().find_path(path.as_ref())
    }

    fn all_claims(&self) -> Claims<'_> {
        Claims::new(&self.said.text, &self.said.limits)
    }

    /// Returns the same token without the caller's claims, for code that doesn't know their type.
    #[must_use]
    pub fn without_claims(&self) -> AccessToken<NoClaims> {
        AccessToken { said: Arc::clone(&self.said), claims: NoClaims }
    }
}

/// What a gateway asks of a token that it keeps or decides by.
#[cfg(feature = "gateway")]
impl<T> AccessToken<T> {
    /// The registered claims and the key.
    pub(super) fn jwt(&self) -> &VerifiedJwt<NoClaims> {
        &self.said.jwt
    }

    /// The JSON text of the claims.
    pub(super) fn text(&self) -> &str {
        &self.said.text
    }

    /// The same token with claims that were read of its text.
    pub(super) fn with_claims<U>(&self, claims: U) -> AccessToken<U> {
        AccessToken { said: Arc::clone(&self.said), claims }
    }

    /// About how much memory the token takes, the caller's claims left out: rather more than less.
    pub(crate) fn retained_bytes(&self) -> usize {
        /// Of a list's text the place, and what the list takes more, as it was made of longer ones and may have
        /// grown; and an allocation.
        const EACH: usize = 64;
        let lists = [&self.said.scopes, &self.said.roles, &self.said.groups, &self.said.entitlements];
        let listed = lists.into_iter().map(Vec::len).sum::<usize>();
        let strings = listed + self.said.amr.len() + self.audience().count() + 9;
        // The text, what was read of it, and `jti` or `cnf` once more: no more than three times the text.
        let text = self.said.text.capacity().saturating_mul(3);
        let key_id = self.key_id().map_or(0, str::len);
        size_of::<Said>() + text + strings * EACH + key_id + self.said.jwt.header_len()
    }

    pub(crate) fn descend(&self, path: &[String]) -> Descent<'_> {
        self.all_claims().descend(path)
    }

    /// The limits that the claims were scanned under.
    pub(crate) fn limits(&self) -> &Limits {
        &self.said.limits
    }
}

impl Said {
    fn text_at(&self, place: Option<&Place>) -> Option<&str> {
        place.map(|place| self.texts.at(place))
    }

    fn texts_at<'s>(&'s self, places: &'s [Place]) -> impl Iterator<Item = &'s str> {
        places.iter().map(|place| self.texts.at(place))
    }
}

impl Texts {
    fn with_room_for<'t>(texts: impl Iterator<Item = &'t Cow<'t, str>>) -> Self {
        Self(String::with_capacity(texts.map(|text| text.len()).sum()))
    }

    fn keep(&mut self, text: &str) -> Place {
        let start = self.0.len();
        self.0.push_str(text);
        start..self.0.len()
    }

    fn keep_all(&mut self, texts: Vec<Cow<'_, str>>) -> Vec<Place> {
        texts.into_iter().map(|text| self.keep(&text)).collect()
    }

    fn at(&self, place: &Place) -> &str {
        self.0.get(place.clone()).unwrap_or_default()
    }
}

/// Shows the key and whether the token is bound, and none of the claims.
impl<T> fmt::Debug for AccessToken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("algorithm", &self.algorithm())
            .field("key_id", &self.key_id())
            .field("bound", &self.said.confirmation)
            .finish_non_exhaustive()
    }
}
