//! The services behind the gateway, and the calls to them: what may be said to each, and what a call asks for.
//!
//! What isn't declared for a service isn't said to it. A scope is, if the token that came in has it, the
//! service is declared with it, and the call doesn't leave it out.

use std::fmt;

use crate::error::Error;
use crate::jwe::EncryptionKey;
use crate::profile::access_token::check_scope;

/// A service behind the gateway, and what its tokens may say.
///
/// ```
/// use countersign::gateway::propagation::Service;
/// # use countersign::{DecryptionKey, JweAlgorithm};
///
/// # fn main() -> Result<(), countersign::Error> {
/// # let inventory_key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.encryption_key()?;
/// let inventory = Service::new("https://inventory.internal")
///     .scopes(["stock:read", "stock:write"])
///     .with_roles()
///     .encrypt_for(inventory_key);
/// # let _ = inventory;
/// # Ok(())
/// # }
/// ```
#[must_use = "`PropagationBuilder::service` declares it"]
pub struct Service {
    pub(super) audience: String,
    pub(super) scopes: Vec<String>,
    pub(super) roles: bool,
    pub(super) groups: bool,
    pub(super) entitlements: bool,
    pub(super) recipient: Option<EncryptionKey>,
}

impl Service {
    /// Begins a service with the audience of its tokens, `aud`: the name under which it verifies them. They
    /// say who the subject is, and grant nothing until scopes are declared.
    pub fn new(audience: impl Into<String>) -> Self {
        Self {
            audience: audience.into(),
            scopes: Vec::new(),
            roles: false,
            groups: false,
            entitlements: false,
            recipient: None,
        }
    }

    /// Adds scopes that its tokens may have, each if the token that came in has it.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        for scope in scopes.into_iter().map(Into::into) {
            if !self.scopes.contains(&scope) {
                self.scopes.push(scope);
            }
        }
        self
    }

    /// Tells it the subject's roles. They are the same wherever the token goes: only for a service that
    /// understands them as the gateway's own issuers mean them.
    pub fn with_roles(mut self) -> Self {
        self.roles = true;
        self
    }

    /// Tells it the subject's groups, on the same terms. A token that says it doesn't list all of them is
    /// then refused.
    pub fn with_groups(mut self) -> Self {
        self.groups = true;
        self
    }

    /// Tells it the subject's entitlements, on the same terms.
    pub fn with_entitlements(mut self) -> Self {
        self.entitlements = true;
        self
    }

    /// Encrypts its tokens to it, once they are signed: a nested JWT. Out of a published set,
    /// [`recipient_key`](crate::recipient_key) chooses the key.
    pub fn encrypt_for(mut self, recipient: EncryptionKey) -> Self {
        self.recipient = Some(recipient);
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if self.audience.is_empty() {
            return Err(Error::misuse("expected a service whose audience isn't empty"));
        }
        self.scopes.iter().try_for_each(|scope| check_scope(scope))
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("audience", &self.audience)
            .field("scopes", &self.scopes)
            .field("recipient", &self.recipient)
            .finish_non_exhaustive()
    }
}

/// A call to one service: its name, and what narrows the token of this call.
///
/// A name alone is a call with all that the service is declared with.
///
/// ```
/// use countersign::gateway::propagation::ServiceCall;
///
/// let call = ServiceCall::to("inventory").scopes(["stock:read"]);
/// let whole = ServiceCall::from("inventory");
/// # let _ = (call, whole);
/// ```
#[derive(Clone)]
#[must_use = "`Propagation::mint` makes a token for it"]
pub struct ServiceCall {
    pub(super) service: String,
    pub(super) scopes: Option<Vec<String>>,
    pub(super) transaction_id: Option<String>,
}

impl ServiceCall {
    /// Begins a call to the service of this name.
    pub fn to(service: impl Into<String>) -> Self {
        Self { service: service.into(), scopes: None, transaction_id: None }
    }

    /// Leaves out all scopes but these. Others than the token that came in grants and the service is
    /// declared with aren't had by asking; with none at all, the service learns who the subject is, and
    /// nothing is granted.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.get_or_insert_default().extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Sets the transaction that this call is part of, `txn`, where the token that came in names none: for
    /// the second call of a request, [`ServiceToken::transaction_id`](super::ServiceToken::transaction_id) of
    /// the first; or the ID that the gateway gave the request. The one that came in goes before it.
    ///
    /// It is 1 to 256 visible characters of ASCII, without spaces. One of another form isn't used, and the call
    /// gets a new one. A client that is let choose it can choose another's, among whose records its own are then.
    pub fn transaction_id(mut self, id: impl Into<String>) -> Self {
        self.transaction_id = Some(id.into());
        self
    }
}

impl From<&str> for ServiceCall {
    fn from(service: &str) -> Self {
        Self::to(service)
    }
}

/// Shows the service and the scopes asked for.
impl fmt::Debug for ServiceCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceCall")
            .field("service", &self.service)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
