//! Class Replay: tokens that may pass once, presented again, in two spellings, by many, and without a store
//! that could tell (RFC 8725 §2, RFC 9068 §5).

use std::sync::Arc;

use countersign::gateway::authorization::Requirement;
use countersign::gateway::replay::{MemoryReplays, ReplayCheck, ReplayStore, TokenUse};
use countersign::gateway::{StoreError, StoreFuture};
use countersign::profile::access_token::Grant;
use countersign::{AccessToken, AccessTokenIssuer, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey};

use crate::ecdsa::with_other_s;
use crate::support::*;

fn memory(capacity: usize) -> ReplayCheck {
    ReplayCheck::new(Arc::new(MemoryReplays::new(capacity).with_clock(at(NOW))))
}

fn parties() -> (AccessTokenIssuer, AccessTokenVerifier) {
    let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let verifier = AccessTokenVerifier::builder(key.verifying_key().unwrap()).issuer(ISSUER);
    let issuer = AccessTokenIssuer::builder(key).issuer(ISSUER).audience(AUDIENCE);
    let issuer = issuer.lifetime(std::time::Duration::from_secs(60)).clock(at(NOW)).build().unwrap();
    (issuer, verifier.audience(AUDIENCE).clock(at(NOW)).build().unwrap())
}

/// What a gateway does with a token that passes once: replay is judged last.
fn pass(verifier: &AccessTokenVerifier, check: &ReplayCheck, token: &str) -> &'static str {
    let verified: AccessToken<NoClaims> = match verifier.verify(token) {
        Ok(verified) => verified,
        Err(error) => return error.code(),
    };
    if let Err(denied) = Requirement::scope("orders:read").check_at(&verified, at(NOW)()) {
        return denied.code();
    }
    match block_on(check.use_up(&verified)) {
        Ok(()) => "accepted",
        Err(error) => error.code(),
    }
}

struct Down;

impl ReplayStore for Down {
    fn use_once<'a>(&'a self, _: TokenUse<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async { Err(StoreError::Unavailable) })
    }
}

#[test]
fn row_130_a_token_passes_once_and_a_store_that_cant_tell_lets_none_pass() {
    let (issuer, verifier) = parties();
    let issue = || issuer.issue(&Grant::to("u", "c").scopes(["orders:read"])).unwrap();
    let (token, check) = (issue(), memory(2));
    assert_eq!(pass(&verifier, &check, &token), "accepted");
    assert_eq!(pass(&verifier, &check, &token), "replayed");
    assert_eq!(pass(&verifier, &check, &issue()), "accepted");
    // Full.
    assert_eq!(pass(&verifier, &check, &issue()), "unavailable");
    assert_eq!(pass(&verifier, &check, &token), "replayed");
    // Down: closed, and open by that name only.
    let down = ReplayCheck::new(Arc::new(Down));
    assert_eq!(pass(&verifier, &down, &issue()), "unavailable");
    assert_eq!(pass(&verifier, &down.danger_accept_if_unavailable(), &issue()), "accepted");
}

/// Nobody uses up a good token's ID by a bad token that has it.
#[test]
fn row_130_a_token_that_is_refused_doesnt_count_as_used() {
    let (issuer, verifier) = parties();
    let (_, stranger) = parties();
    let (token, check) = (issuer.issue(&Grant::to("u", "c").scopes(["orders:read"])).unwrap(), memory(9));
    let forged = with_part(&token, 2, &encode([7; 64]));
    assert_eq!(pass(&verifier, &check, &forged), "invalid_signature");
    assert_eq!(pass(&stranger, &check, &token), "invalid_signature");
    // Of the same ID, without the scope.
    let key = SigningKey::hmac(JwsAlgorithm::Hs256, secret().into()).unwrap().verifying_key().unwrap();
    let symmetric = AccessTokenVerifier::builder(key).issuer(ISSUER).audience(AUDIENCE);
    let symmetric = symmetric.clock(at(NOW)).build().unwrap();
    let poor = p0_with("jti", "\"1\"").replacen('{', r#"{"client_id":"c","iat":1,"#, 1);
    let rich = poor.replacen('{', r#"{"scope":"orders:read","#, 1);
    assert_eq!(pass(&symmetric, &check, &hs256(H0, poor)), "insufficient_scope");
    assert_eq!(pass(&symmetric, &check, &hs256(H0, &rich)), "accepted");
    assert_eq!(pass(&symmetric, &check, &hs256(H0, &rich)), "replayed");
    assert_eq!(pass(&verifier, &check, &token), "accepted");
}

/// The twin of a signature with the other s verifies too; it is the same token, told by its ID.
#[test]
fn row_066_the_twin_with_the_other_s_is_a_replay() {
    let (issuer, verifier) = parties();
    let (token, check) = (issuer.issue(&Grant::to("u", "c").scopes(["orders:read"])).unwrap(), memory(9));
    let twin = with_other_s(&token);
    assert_ne!(token, twin);
    assert_eq!(pass(&verifier, &check, &twin), "accepted");
    assert_eq!(pass(&verifier, &check, &token), "replayed");
    assert_eq!(pass(&verifier, &memory(9), &token), "accepted");
}
