//! What the two benches of the gateway share: an authorization server and a verifier of its tokens, guards, and a
//! way to run what never waits.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part of this")]

use std::hint::black_box;
use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use countersign::gateway::audit::{Audit, AuditEvent, AuditSink};
use countersign::gateway::authorization::Requirement;
use countersign::gateway::cache::TokenCache;
use countersign::gateway::revocation::{MemoryRevocations, RevocationCheck};
use countersign::gateway::{Guard, GuardBuilder, GuardRequest};
use countersign::profile::access_token::Grant;
use countersign::{
    AccessTokenIssuer, AccessTokenVerifier, ContentEncryption, JweAlgorithm, JwsAlgorithm, NoClaims,
};

use super::{decryption_key, signing_key};

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const AUDIENCE: &str = "https://orders.example.com";

/// An authorization server, and how an API verifies its tokens.
pub(crate) struct Parties {
    algorithm: JwsAlgorithm,
    nested: bool,
    issuer: AccessTokenIssuer,
}

impl Parties {
    /// Signed by this algorithm; nested, ECDH-ES+A256KW with A256GCM on P-256, if so asked.
    pub(crate) fn new(algorithm: JwsAlgorithm, nested: bool) -> Self {
        let mut issuer = AccessTokenIssuer::builder(signing_key(algorithm)).issuer(ISSUER).audience(AUDIENCE);
        issuer = issuer.lifetime(Duration::from_secs(86_400));
        if nested {
            let key = decryption_key(JweAlgorithm::EcdhEsA256Kw, "P-256", ContentEncryption::A256Gcm);
            issuer = issuer.encrypt_for(key.encryption_key().expect("it has a public half"));
        }
        Self { algorithm, nested, issuer: issuer.build().expect("nothing is missing") }
    }

    /// Another token each time.
    pub(crate) fn token(&self) -> String {
        let grant =
            Grant::to("user-17", "client-4").scopes(["orders:read", "orders:write"]).roles(["editor"]);
        self.issuer.issue(&grant).expect("it can be signed")
    }

    /// `Authorization` fields with a token each.
    pub(crate) fn authorizations(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| format!("Bearer {}", self.token())).collect()
    }

    pub(crate) fn verifier(&self) -> AccessTokenVerifier {
        let verifying_key = signing_key(self.algorithm).verifying_key().expect("it has a public half");
        let mut verifier = AccessTokenVerifier::builder(verifying_key).issuer(ISSUER).audience(AUDIENCE);
        if self.nested {
            let key = decryption_key(JweAlgorithm::EcdhEsA256Kw, "P-256", ContentEncryption::A256Gcm);
            verifier = verifier.decrypt_with(key);
        }
        verifier.build().expect("nothing is missing")
    }

    /// A guard as an API has it: a scope is required, revocations are looked up in memory, and decisions go to this
    /// trail if there is one.
    pub(crate) fn guard(&self, audit: Option<Audit>) -> GuardBuilder {
        let guard = Guard::builder(self.verifier())
            .require(Requirement::scope("orders:read"))
            .revocation(RevocationCheck::new(Arc::new(MemoryRevocations::new(1000))));
        match audit {
            Some(audit) => guard.audit(audit),
            None => guard.without_audit(),
        }
    }
}

/// Takes events and does nothing.
pub(crate) struct Nowhere;

impl AuditSink for Nowhere {
    fn record(&self, event: &AuditEvent<'_>) {
        black_box(event);
    }
}

/// A trail that ends nowhere: what is left is what making the event costs.
pub(crate) fn no_op_trail() -> Audit {
    Audit::builder(Nowhere).build().expect("nothing is missing")
}

/// A cache that holds this many tokens and doesn't age while it is measured.
pub(crate) fn cache(entries: usize) -> TokenCache {
    let cache = TokenCache::builder().entries(entries).max_age(Duration::from_secs(3600));
    cache.build().expect("it is bounded")
}

/// Tokens for whoever should always find one that the cache knows not any more.
pub(crate) const MANY: usize = 1024;
/// Entries of the cache that they don't fit into.
pub(crate) const FEW: usize = 128;

/// Has a request admitted.
pub(crate) fn admit(guard: &Guard, authorization: &str) {
    let admitted = at_once(guard.admit::<NoClaims>(GuardRequest::new([authorization])));
    black_box(admitted.expect("it is in order"));
}

/// The output of a future that has nothing to wait for.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("keys and stores are in memory"),
    }
}

/// Runs an operation this often on each of several threads, begun at once, and returns how long all of it took.
/// The operation is told the turn, another for each thread and time.
pub(crate) fn on_threads(threads: usize, times: usize, operation: impl Fn(usize) + Sync) -> Duration {
    if threads == 1 {
        let started = Instant::now();
        (0..times).for_each(&operation);
        return started.elapsed();
    }
    let (barrier, operation) = (&Barrier::new(threads + 1), &operation);
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                barrier.wait();
                (0..times).for_each(|time| operation(thread + time * threads));
                barrier.wait();
            });
        }
        barrier.wait();
        let started = Instant::now();
        barrier.wait();
        started.elapsed()
    })
}
