//! The choices of a verifier of load balancers' tokens: keys and setters go in, a [`LoadBalancerVerifier`] comes
//! out, or an error that says which choice is missing.
//!
//! Signer, issuer and client must be chosen: the keys are AWS's, so they tell nobody's load balancer from yours.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::verifier::{Expected, LoadBalancerVerifier};
use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::jwt::JwtVerifierBuilder;
use crate::keys::remote::KeySource;
use crate::limits::Limits;

/// The choices of a [`LoadBalancerVerifier`] in the making.
#[must_use = "`build` makes the verifier"]
pub struct LoadBalancerVerifierBuilder {
    source: Box<dyn KeySource>,
    signers: Vec<String>,
    issuers: Vec<String>,
    clients: Vec<String>,
    any_client: bool,
    leeway: Duration,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

impl LoadBalancerVerifierBuilder {
    pub(super) fn new(source: Box<dyn KeySource>) -> Self {
        Self {
            source,
            signers: Vec::new(),
            issuers: Vec::new(),
            clients: Vec::new(),
            any_client: false,
            leeway: Duration::ZERO,
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
        }
    }

    /// Accepts tokens that the load balancer of this ARN signed, compared octet by octet. Called again, it adds
    /// another whose tokens will do.
    pub fn signer(mut self, arn: impl Into<String>) -> Self {
        self.signers.push(arn.into());
        self
    }

    /// Accepts users of this identity provider, compared octet by octet. Called again, it adds another.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Accepts tokens of this client: the ID that the identity provider gave to the load balancer. Called again,
    /// it adds another that will do.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.clients.push(client_id.into());
        self
    }

    /// Accepts tokens of any client, or of none: of each rule of the load balancer that authenticates users,
    /// whatever application it is for.
    pub fn any_client(mut self) -> Self {
        self.any_client = true;
        self
    }

    /// Forgives clocks that differ by this much, at most 10 minutes. Default: none.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Tells the time by this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the limits on input. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if no signer or issuer is set, the client is neither set nor waived or both, a signer
    /// isn't the ARN of an application load balancer, a name is empty, or the leeway is over 10 minutes.
    pub fn build(self) -> Result<LoadBalancerVerifier, Error> {
        let Self { source, signers, issuers, clients, any_client, leeway, clock, limits } = self;
        let misuses = [
            (signers.is_empty(), "expected a `signer`, the ARN of your load balancer, found none"),
            (
                !signers.iter().all(|signer| is_load_balancer(signer)),
                "expected the ARN of an application load balancer as `signer`, found another text",
            ),
            (issuers.is_empty(), "expected an `issuer`, the identity provider, found none"),
            (issuers.iter().any(String::is_empty), "expected an issuer that isn't empty"),
            (
                clients.is_empty() && !any_client,
                "expected a choice of client: `client_id` sets it, `any_client` waives it",
            ),
            (!clients.is_empty() && any_client, "expected `client_id` or `any_client`, found both"),
            (clients.iter().any(String::is_empty), "expected a client ID that isn't empty"),
            (leeway > JwtVerifierBuilder::MAX_LEEWAY, "expected a leeway of at most 10 minutes, found more"),
        ];
        match misuses.into_iter().find(|(applies, _)| *applies) {
            Some((_, reason)) => Err(Error::misuse(reason)),
            None => {
                let expected = Expected { signers, issuers, clients };
                Ok(LoadBalancerVerifier::new(source, expected, leeway, clock, limits))
            }
        }
    }
}

/// Whether this is `arn:<partition>:elasticloadbalancing:<region>:<account>:loadbalancer/app/<name>/<id>`. An
/// account's ID alone, or the ARN of something else, would match no token and be noticed late.
fn is_load_balancer(arn: &str) -> bool {
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let parts: Vec<_> = arn.split(':').collect();
    let ["arn", partition, "elasticloadbalancing", region, account, resource] = parts.as_slice() else {
        return false;
    };
    let resource: Vec<_> = resource.split('/').collect();
    let ["loadbalancer", "app", name, id] = resource.as_slice() else { return false };
    account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && [partition, region, name, id].into_iter().all(|part| is_name(part))
}

impl fmt::Debug for LoadBalancerVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadBalancerVerifierBuilder").field("signers", &self.signers).finish_non_exhaustive()
    }
}
