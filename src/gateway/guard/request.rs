//! What a guard is told of a request: its `Authorization` fields, and what goes with them. HTTP libraries are
//! left to whoever has one; `gateway::tower` is one who has.
//!
//! It borrows everything and copies nothing, least of all the token.

use std::fmt;

use super::credentials::Authorization;
use crate::gateway::authorization::Requirement;
use crate::profile::access_token::ProofOfPossession;

/// What a [`Guard`](super::Guard) is told of a request.
///
/// ```
/// use countersign::gateway::{GuardRequest, authorization::Requirement};
///
/// let may_write = Requirement::scope("orders:write");
/// // Each `Authorization` field that the request has: whether there are two is the guard's to judge.
/// let request = GuardRequest::new(["Bearer mF_9.B5f-4.1JqM"])
///     .require(&may_write)
///     .request_id("7f2c");
/// assert!(!format!("{request:?}").contains("mF_9"));
/// ```
#[derive(Clone, Copy)]
#[must_use = "`Guard::admit` judges it"]
pub struct GuardRequest<'r> {
    pub(super) authorization: Authorization<'r>,
    pub(super) proof: Option<&'r dyn ProofOfPossession>,
    pub(super) requirement: Option<&'r Requirement>,
    pub(super) request_id: Option<&'r str>,
}

impl<'r> GuardRequest<'r> {
    /// Takes the values of all `Authorization` fields of a request: none, one or several, in any order. To
    /// leave one out is to let a request pass that a service behind may read otherwise.
    pub fn new<B: AsRef<[u8]> + ?Sized + 'r>(authorization: impl IntoIterator<Item = &'r B>) -> Self {
        Self {
            authorization: Authorization::of(authorization),
            proof: None,
            requirement: None,
            request_id: None,
        }
    }

    /// Sets what the sender proved to hold, such as the
    /// [`ClientCertificate`](crate::profile::access_token::ClientCertificate) of the connection. The token is
    /// then judged as by [`AccessTokenVerifier::verify_with_proof`](crate::AccessTokenVerifier::verify_with_proof),
    /// which refuses one that isn't bound unless the verifier was told otherwise.
    pub fn proof(mut self, proof: &'r dyn ProofOfPossession) -> Self {
        self.proof = Some(proof);
        self
    }

    /// Sets what this request takes, beyond what the guard requires of all.
    pub fn require(mut self, requirement: &'r Requirement) -> Self {
        self.requirement = Some(requirement);
        self
    }

    /// Sets the name of this request, for the audit trail. Whoever chooses it can pretend to be another
    /// request there, and no more.
    pub fn request_id(mut self, request_id: &'r str) -> Self {
        self.request_id = Some(request_id);
        self
    }
}

/// Shows the name and the requirement, and nothing of the credentials.
impl fmt::Debug for GuardRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { authorization: _, proof, requirement, request_id } = self;
        f.debug_struct("GuardRequest")
            .field("has_proof", &proof.is_some())
            .field("requirement", requirement)
            .field("request_id", request_id)
            .finish_non_exhaustive()
    }
}
