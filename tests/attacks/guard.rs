//! Classes Cache, Replay, DPoP and typ once more, through the guard: what a gateway's one call must refuse, and that
//! what it refuses leaves nothing behind (RFC 6750 §2.1, RFC 9068 §4, RFC 8725 §2).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use countersign::gateway::authorization::Requirement;
use countersign::gateway::cache::TokenCache;
use countersign::gateway::replay::{MemoryReplays, ReplayCheck};
use countersign::gateway::revocation::{MemoryRevocations, Revocation, RevocationCheck};
use countersign::gateway::{Guard, GuardBuilder, GuardRequest};
use countersign::profile::access_token::{ClientCertificate, Grant};
use countersign::{AccessToken, AccessTokenIssuer, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey};

use crate::ecdsa::with_other_s;
use crate::support::*;

struct Setup {
    now: Arc<AtomicU64>,
    key: SigningKey,
    revocations: Arc<MemoryRevocations>,
    replays: Arc<MemoryReplays>,
    cache: Arc<TokenCache>,
}

impl Setup {
    fn new() -> Self {
        let now = Arc::new(AtomicU64::new(NOW));
        Self {
            key: SigningKey::generate(JwsAlgorithm::Es256).unwrap(),
            revocations: Arc::new(MemoryRevocations::new(9).with_clock(clock(&now))),
            replays: Arc::new(MemoryReplays::new(9).with_clock(clock(&now))),
            cache: Arc::new(TokenCache::builder().build().unwrap()),
            now,
        }
    }

    fn builder(&self) -> GuardBuilder {
        let verifier = AccessTokenVerifier::builder(self.key.verifying_key().unwrap()).issuer(ISSUER);
        Guard::builder(verifier.audience(AUDIENCE).clock(clock(&self.now)).build().unwrap())
            .require(Requirement::scope("orders:read"))
            .revocation(RevocationCheck::new(Arc::clone(&self.revocations)))
            .cache(Arc::clone(&self.cache))
            .without_audit()
    }

    fn once(&self) -> Guard {
        self.builder().replay(ReplayCheck::new(Arc::clone(&self.replays))).build().unwrap()
    }

    fn often(&self) -> Guard {
        self.builder().build().unwrap()
    }

    fn token(&self, grant: &Grant) -> String {
        let issuer = AccessTokenIssuer::builder(self.key.clone_key()).issuer(ISSUER).audience(AUDIENCE);
        let issuer = issuer.lifetime(Duration::from_secs(50)).clock(clock(&self.now)).build().unwrap();
        issuer.issue(grant).unwrap()
    }
}

fn clock(now: &Arc<AtomicU64>) -> impl Fn() -> SystemTime + Send + Sync + 'static {
    let now = Arc::clone(now);
    move || SystemTime::UNIX_EPOCH + Duration::from_secs(now.load(Ordering::SeqCst))
}

fn grant() -> Grant {
    Grant::to("u", "c").scopes(["orders:read"])
}

fn send(guard: &Guard, fields: &[&str]) -> &'static str {
    match block_on(guard.admit::<NoClaims>(GuardRequest::new(fields.iter().copied()))) {
        Ok(_) => "accepted",
        Err(refused) => refused.code(),
    }
}

fn bearer(guard: &Guard, token: &str) -> &'static str {
    send(guard, &[&format!("Bearer {token}")])
}

#[test]
fn row_100_a_scheme_stands_before_a_token_once() {
    let setup = Setup::new();
    let (guard, token) = (setup.often(), setup.token(&grant()));
    for spaces in [" ", "   "] {
        assert_eq!(send(&guard, &[&format!("bearer{spaces}{token}")]), "accepted");
    }
    for malformed in [
        format!("Bearer Bearer {token}"),
        format!("Bearer {token} "),
        format!(" Bearer {token}"),
        format!("Bearer\t{token}"),
        format!("Bearer {token}\r\n"),
        format!("Bearer \"{token}\""),
        format!("Bearer token={token}"),
        format!("Bearer {token},{token}"),
    ] {
        assert_eq!(send(&guard, &[&malformed]), "credentials_malformed", "{malformed:?}");
    }
    assert_eq!(send(&guard, &[&token]), "credentials_of_other_scheme");
}

/// Each of two readers of such a request may take another of its tokens.
#[test]
fn rows_125_and_100_two_fields_are_no_credentials_and_a_bound_token_is_no_bearer_token() {
    let setup = Setup::new();
    let (guard, good) = (setup.often(), setup.token(&grant()));
    let certificate = ClientCertificate::from_der(b"DER of a certificate");
    let bound = setup.token(&grant().bound_to_certificate(&certificate));
    let (bearer_field, dpop_field) = (format!("Bearer {good}"), format!("DPoP {bound}"));
    assert_eq!(send(&guard, &[&bearer_field]), "accepted");
    for second in [&*bearer_field, &dpop_field, "Basic dTpw", ""] {
        assert_eq!(send(&guard, &[&bearer_field, second]), "credentials_repeated");
        assert_eq!(send(&guard, &[second, &bearer_field]), "credentials_repeated");
    }
    assert_eq!(send(&guard, &[&dpop_field]), "credentials_of_other_scheme");
    assert_eq!(bearer(&guard, &bound), "proof_required");
    let field = format!("Bearer {bound}");
    let request = GuardRequest::new([&field]).proof(&certificate);
    assert!(block_on(guard.admit::<NoClaims>(request)).is_ok());
    // A proof that one request brought doesn't serve the next, which the cache knows the token of.
    assert_eq!(setup.cache.hits(), 0);
    assert_eq!((bearer(&guard, &bound), setup.cache.hits()), ("proof_required", 1));
}

#[test]
fn rows_121_and_122_another_kind_of_token_is_no_access_token() {
    let guard = |typ: &str| {
        let verifier = AccessTokenVerifier::builder(hs256_key()).issuer(ISSUER).audience(AUDIENCE);
        let guard = Guard::builder(verifier.clock(at(NOW)).build().unwrap());
        let guard = guard.require(Requirement::authenticated()).without_revocation().without_audit();
        let claims = format!(
            r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"u","client_id":"c","jti":"1","iat":{NOW},"exp":{}}}"#,
            NOW + 50
        );
        bearer(&guard.build().unwrap(), &hs256(format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#), &claims))
    };
    assert_eq!((guard("at+jwt"), guard("application/at+jwt")), ("accepted", "accepted"));
    for typ in ["JWT", "dpop+jwt", "logout+jwt", "token-introspection+jwt", "at+JWT "] {
        assert_eq!(guard(typ), "type_not_allowed", "{typ}");
    }
}

#[test]
fn row_130_a_token_that_is_refused_burns_no_good_one() {
    let setup = Setup::new();
    let guard = setup.once();
    let token = setup.token(&grant());
    // Its `jti` in tokens that aren't its own, or under a requirement that it doesn't meet.
    let mut signature = part(&token, 2);
    signature[63] ^= 1;
    assert_eq!(bearer(&guard, &with_part(&token, 2, &encode(&signature))), "invalid_signature");
    let strict = setup.builder().require(Requirement::role("admin"));
    let strict = strict.replay(ReplayCheck::new(Arc::clone(&setup.replays))).build().unwrap();
    assert_eq!(bearer(&strict, &token), "insufficient_scope");
    assert!(setup.replays.is_empty());
    assert_eq!(bearer(&guard, &token), "accepted");
    // Out of the cache, and in the other spelling, which it doesn't know.
    assert_eq!(bearer(&guard, &token), "replayed");
    assert_eq!(bearer(&guard, &with_other_s(&token)), "replayed");
    assert_eq!((setup.cache.hits(), setup.replays.len()), (1, 1));
}

#[test]
fn rows_139_and_140_what_the_cache_knows_is_judged_again() {
    let setup = Setup::new();
    let (guard, token) = (setup.often(), setup.token(&grant()));
    assert_eq!((bearer(&guard, &token), bearer(&guard, &token)), ("accepted", "accepted"));
    let mut signature = part(&token, 2);
    signature[63] ^= 1;
    assert_eq!(bearer(&guard, &with_part(&token, 2, &encode(&signature))), "invalid_signature");
    assert_eq!(setup.cache.hits(), 1);
    // Another guard's requirement, over the same cache.
    let strict = setup.builder().require(Requirement::role("admin")).build().unwrap();
    assert_eq!(bearer(&strict, &token), "insufficient_scope");
    setup.now.store(NOW + 50, Ordering::SeqCst);
    assert_eq!(bearer(&guard, &token), "expired");
    // Revoked while it is known.
    let token = setup.token(&grant());
    let field = format!("Bearer {token}");
    let known: AccessToken<NoClaims> = block_on(guard.admit(GuardRequest::new([&field]))).unwrap();
    setup.revocations.insert(&Revocation::of_token(&known).unwrap()).unwrap();
    assert_eq!((bearer(&guard, &token), bearer(&guard, &token)), ("revoked", "revoked"));
}
