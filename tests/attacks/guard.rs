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
use countersign::jwe::JweBuilder;
use countersign::profile::access_token::{AccessTokenVerifierBuilder, ClientCertificate, Grant, Provider};
use countersign::{
    AccessToken, AccessTokenIssuer, AccessTokenVerifier, DecryptionKey, JweAlgorithm, JwsAlgorithm, NoClaims,
    SigningKey,
};

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

/// Status, code and header field of what a guard says to a token; of one that it admits, 200.
fn verdict(guard: &Guard, token: &str) -> (u16, &'static str, Option<String>) {
    let field = format!("Bearer {token}");
    match block_on(guard.admit::<NoClaims>(GuardRequest::new([&field]))) {
        Ok(_) => (200, "accepted", None),
        Err(refused) => {
            (refused.http_status(), refused.code(), refused.www_authenticate().map(str::to_owned))
        }
    }
}

/// A guard of tokens under the secret of every row.
fn guard_of_secret() -> Guard {
    guard_of(AccessTokenVerifier::builder(hs256_key()))
}

fn guard_of(verifier: AccessTokenVerifierBuilder) -> Guard {
    let verifier = verifier.issuer(ISSUER).audience(AUDIENCE).clock(at(NOW)).build().unwrap();
    let guard = Guard::builder(verifier).require(Requirement::authenticated());
    guard.without_revocation().without_audit().build().unwrap()
}

/// The claims that it wants, and more.
fn claims(more: &str) -> String {
    let exp = NOW + 50;
    format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"u","client_id":"c","jti":"1","iat":{NOW},"exp":{exp}{more}}}"#
    )
}

const INVALID: &str = r#"Bearer error="invalid_token""#;

#[track_caller]
fn assert_invalid(guard: &Guard, token: &str, code: &'static str) {
    assert_eq!(verdict(guard, token), (401, code, Some(INVALID.to_owned())), "{token}");
}

#[test]
fn rows_122_and_123_other_tokens_of_the_issuer_get_401() {
    let guard = guard_of_secret();
    assert_eq!(verdict(&guard, &hs256(H0, claims(""))), (200, "accepted", None));
    let id_token = claims(r#","nonce":"n-0S6_WzA2Mj","at_hash":"77QmUPtjPfzWtF2AnpK9RQ""#);
    let logout = claims(r#","events":{"http://schemas.openid.net/event/backchannel-logout":{}}"#);
    let introspection = claims(r#","token_introspection":{"active":true,"sub":"u"}"#);
    for (header, payload) in [
        (r#"{"alg":"HS256"}"#, &id_token),
        (r#"{"alg":"HS256","typ":"JWT"}"#, &id_token),
        (r#"{"alg":"HS256","typ":"logout+jwt"}"#, &logout),
        (r#"{"alg":"HS256","typ":"token-introspection+jwt"}"#, &introspection),
    ] {
        assert_invalid(&guard, &hs256(header, payload), "type_not_allowed");
    }
    // Of a provider whose tokens have no type, the claims tell.
    let pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a";
    let verifier = AccessTokenVerifier::for_provider(Provider::cognito(pool, ["c"]), hs256_key());
    let guard =
        Guard::builder(verifier.clock(at(NOW)).build().unwrap()).require(Requirement::authenticated());
    let guard = guard.without_revocation().without_audit().build().unwrap();
    let token = |own: &str| {
        let own = claims(own).replace(ISSUER, pool).replace(&format!(r#""aud":"{AUDIENCE}","#), "");
        hs256(r#"{"alg":"HS256"}"#, own)
    };
    let access = r#","token_use":"access""#;
    assert_eq!(verdict(&guard, &token(access)), (200, "accepted", None));
    assert_invalid(&guard, &token(r#","token_use":"id""#), "claim_unexpected");
    for unwanted in [r#","events":{}"#, r#","token_introspection":{}"#, r#","nonce":"n""#] {
        assert_invalid(&guard, &token(&format!("{access}{unwanted}")), "claim_unwanted");
    }
}

#[test]
fn row_124_tokens_inside_tokens_get_401() {
    let recipient = || DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret().into()).unwrap();
    let plain = guard_of_secret();
    let decrypting = guard_of(AccessTokenVerifier::builder(hs256_key()).decrypt_with(recipient()));
    let signed = hs256(H0, claims(""));
    let key = recipient().encryption_key().unwrap();
    let encrypted =
        |inner: &str| JweBuilder::new(&key).content_type("JWT").encrypt(inner.as_bytes()).unwrap();
    let says_so = |payload: &str| hs256(r#"{"alg":"HS256","typ":"at+jwt","cty":"JWT"}"#, payload);
    assert_eq!(verdict(&plain, &signed), (200, "accepted", None));
    assert_eq!(verdict(&decrypting, &encrypted(&signed)), (200, "accepted", None));
    // Each guard is for one of the two forms.
    assert_invalid(&plain, &encrypted(&signed), "encrypted");
    assert_invalid(&decrypting, &signed, "not_encrypted");
    // Signed, and said to hold a token: one, or claims after all.
    for payload in [&signed, &claims("")] {
        assert_invalid(&plain, &says_so(payload), "token_inside_not_allowed");
        assert_invalid(&decrypting, &encrypted(&says_so(payload)), "token_inside_not_allowed");
    }
    // A token that doesn't say so, and one that is no text of claims at all.
    assert_invalid(&plain, &hs256(H0, &signed), "json");
    assert_invalid(&plain, &hs256(H0, "a payload"), "json");
    assert_invalid(&decrypting, &encrypted(&hs256(H0, &signed)), "json");
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
