//! What every store of revocations and of used tokens has to do, written once: `tests/stores.rs` runs it on those
//! in memory, `tests/redis.rs` on those in Redis. `on_each_store!` has the list.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use countersign::gateway::StoreError;
use countersign::gateway::replay::{ReplayCheck, ReplayStore, TokenUse};
use countersign::gateway::revocation::{Revocable, Revocation, RevocationCheck, RevocationStore};
use countersign::{AccessToken, AccessTokenVerifier, Error, JwtVerifier, NoClaims, NumericDate, VerifiedJwt};
use serde_json::{Value, json};

use super::support::{hmac_key, signed, stopped_at};

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const OTHER_ISSUER: &str = "https://id.example.org";
const AUDIENCE: &str = "https://orders.example.com";

/// The greatest leeway, for which entries stay longer than their tokens.
pub(crate) const MARGIN: u64 = 600;

pub(crate) const REVOKED: Option<(&str, u16)> = Some(("revoked", 401));
pub(crate) const REPLAYED: Option<(&str, u16)> = Some(("replayed", 401));
pub(crate) const UNAVAILABLE: Option<(&str, u16)> = Some(("unavailable", 503));

/// Where a test runs: a kind of store, empty, and the time by it.
pub(crate) trait Place {
    type Revocations: RevocationStore + 'static;
    type Replays: ReplayStore + 'static;

    /// The time at which the test begins.
    fn now(&self) -> u64;
    fn revocations(&self) -> &Arc<Self::Revocations>;
    fn replays(&self) -> &Arc<Self::Replays>;
    /// How long entries stay after their tokens have expired.
    fn margin(&self) -> u64 {
        MARGIN
    }
    /// Makes it that late for the entries.
    fn set(&self, time: u64);
    /// How many entries are there, of both kinds.
    fn len(&self) -> usize;
    fn run<T>(&self, future: impl Future<Output = T>) -> T;

    fn revoke(&self, revocation: &Revocation) -> Result<(), StoreError> {
        self.run(self.revocations().revoke(revocation))
    }

    fn check(&self, token: &AccessToken<NoClaims>) -> Option<(&'static str, u16)> {
        let check = RevocationCheck::new(Arc::clone(self.revocations()));
        code(self.run(check.check(token)))
    }

    fn use_up(&self, token: &AccessToken<NoClaims>) -> Option<(&'static str, u16)> {
        let check = ReplayCheck::new(Arc::clone(self.replays()));
        code(self.run(check.use_up(token)))
    }

    /// A token that says this beside, or in the place of, what every one says. Times are seconds from now.
    fn token(&self, more: &Value) -> AccessToken<NoClaims> {
        token_at(self.now(), more)
    }

    fn at(&self, seconds: i64) -> SystemTime {
        at(self.now().checked_add_signed(seconds).unwrap())
    }
}

/// Runs each of these on a place.
macro_rules! on_each_store {
    ($place:expr, $attributes:tt) => {
        on_each_store! { @ $place, $attributes,
            a_token_is_revoked_by_its_id
            a_subjects_tokens_are_revoked_before_an_instant
            a_sessions_tokens_are_revoked_whenever_they_were_issued
            a_keys_tokens_are_revoked
            everything_issued_before_an_instant_is_revoked
            other_tokens_are_revoked_too_also_without_a_time
            revoking_again_never_takes_back
            revoking_again_keeps_the_longest
            revocations_leave_when_their_tokens_have_expired
            what_has_expired_before_it_is_revoked_takes_no_room
            open_checks_still_refuse_what_is_known
            a_token_passes_once
            used_tokens_leave_when_they_have_expired
            what_has_expired_never_passes
            a_token_that_cant_be_told_from_others_never_passes
            of_many_at_once_one_passes
        }
    };
    (@ $place:expr, $attributes:tt, $($name:ident)*) => {
        $(on_each_store! { @@ $place, $attributes, $name })*
    };
    (@@ $place:expr, [$($attribute:tt)*], $name:ident) => {
        #[test]
        $($attribute)*
        fn $name() {
            stores::$name(&$place);
        }
    };
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn date(seconds: u64) -> NumericDate {
    at(seconds).into()
}

pub(crate) fn code(result: Result<(), Error>) -> Option<(&'static str, u16)> {
    result.err().map(|error| (error.code(), error.http_status()))
}

/// As [`Place::token`]. The claims `iat` and `exp`, where they are given, are seconds from now.
pub(crate) fn token_at(now: u64, more: &Value) -> AccessToken<NoClaims> {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-17", "client_id": "client-4", "jti": "1", "sid": "s-1",
        "iat": -10, "exp": 300,
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    for name in ["iat", "exp"] {
        let absolute = now.checked_add_signed(claims[name].as_i64().unwrap()).unwrap();
        claims[name] = absolute.into();
    }
    let keys = [ISSUER, OTHER_ISSUER].map(|issuer| (issuer, hmac_key().with_key_id("2026-11")));
    let verifier =
        AccessTokenVerifier::for_issuers(keys).audience(AUDIENCE).clock(stopped_at(now)).build().unwrap();
    verifier.verify(&signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, claims.to_string())).unwrap()
}

pub(crate) fn jwt_at(now: u64, claims: &Value) -> VerifiedJwt<NoClaims> {
    let verifier = JwtVerifier::builder(hmac_key()).any_issuer().any_audience().allow_missing_expiry();
    let verifier = verifier.clock(stopped_at(now)).build().unwrap();
    verifier.verify(&signed(br#"{"alg":"HS256"}"#, claims.to_string())).unwrap()
}

/// Asserts that a revocation means the one token and not the other. Other names than those of earlier ones.
#[track_caller]
fn means(place: &impl Place, revocation: &Revocation, revoked: &Value, spared: &Value) {
    let (revoked, spared) = (place.token(revoked), place.token(spared));
    assert_eq!((place.check(&revoked), place.check(&spared)), (None, None));
    place.revoke(revocation).unwrap();
    assert_eq!((place.check(&revoked), place.check(&spared)), (REVOKED, None));
}

pub(crate) fn a_token_is_revoked_by_its_id(place: &impl Place) {
    let id = |id: &str| Revocation::token_id(ISSUER, id, place.at(300));
    means(place, &id("1"), &json!({}), &json!({ "jti": "2" }));
    // IDs are unique among one issuer's tokens only.
    means(place, &id("2"), &json!({ "jti": "2" }), &json!({ "jti": "2", "iss": OTHER_ISSUER }));
    let third = place.token(&json!({ "jti": "3" }));
    means(place, &Revocation::of_token(&third).unwrap(), &json!({ "jti": "3" }), &json!({ "jti": "4" }));
}

pub(crate) fn a_subjects_tokens_are_revoked_before_an_instant(place: &impl Place) {
    let before = |subject: &str, instant| Revocation::subject_before(ISSUER, subject, instant, place.at(300));
    let of = |subject: &str, iat: i64| json!({ "sub": subject, "iat": iat });
    means(place, &before("a", place.at(-5)), &of("a", -10), &of("a", -5));
    means(place, &before("b", place.at(-5)), &of("b", -6), &of("c", -6));
    let elsewhere = json!({ "sub": "c", "iss": OTHER_ISSUER });
    means(place, &before("c", place.at(-5)), &of("c", -10), &elsewhere);
    // Within the second nobody knows which came first.
    let half = place.at(-5) + Duration::from_millis(1);
    means(place, &before("d", half), &of("d", -5), &of("d", -4));
}

pub(crate) fn a_sessions_tokens_are_revoked_whenever_they_were_issued(place: &impl Place) {
    let session = |id: &str| Revocation::session(ISSUER, id, place.at(300));
    means(place, &session("s-1"), &json!({ "iat": 200 }), &json!({ "sid": "s-2" }));
    means(place, &session("s-2"), &json!({ "sid": "s-2" }), &json!({ "sid": "s-2", "iss": OTHER_ISSUER }));
    // A session that is no string can be revoked by its text.
    means(place, &session("17"), &json!({ "sid": 17 }), &json!({ "sid": 18 }));
}

pub(crate) fn a_keys_tokens_are_revoked(place: &impl Place) {
    place.revoke(&Revocation::key_id(ISSUER, "2026-12", place.at(300))).unwrap();
    let revocation = Revocation::key_id(ISSUER, "2026-11", place.at(300));
    means(place, &revocation, &json!({}), &json!({ "iss": OTHER_ISSUER }));
}

pub(crate) fn everything_issued_before_an_instant_is_revoked(place: &impl Place) {
    let issuer = Revocation::issuer_before(ISSUER, place.at(-5), place.at(300));
    means(place, &issuer, &json!({}), &json!({ "iss": OTHER_ISSUER }));
    let everything = Revocation::everything_before(place.at(-5), place.at(300));
    let elsewhere = |iat: i64| json!({ "iss": OTHER_ISSUER, "iat": iat });
    means(place, &everything, &elsewhere(-10), &elsewhere(-5));
    assert_eq!(place.check(&place.token(&json!({ "iat": -5 }))), None);
}

/// A token that doesn't say when it was issued isn't spared by that.
pub(crate) fn other_tokens_are_revoked_too_also_without_a_time(place: &impl Place) {
    let timed = jwt_at(place.now(), &json!({ "iss": "a", "sub": "b", "iat": place.now() }));
    let timeless = jwt_at(place.now(), &json!({ "iss": "a", "sub": "b" }));
    let check = RevocationCheck::new(Arc::clone(place.revocations()));
    let check = |jwt, sid| code(place.run(check.check_revocable(Revocable::of_jwt(jwt, sid))));
    assert_eq!((check(&timed, None), check(&timeless, None)), (None, None));
    place.revoke(&Revocation::subject_before("a", "b", place.at(-5), place.at(300))).unwrap();
    assert_eq!((check(&timed, None), check(&timeless, None)), (None, REVOKED));
    place.revoke(&Revocation::session("a", "s", place.at(300))).unwrap();
    assert_eq!((check(&timed, Some("s")), check(&timed, Some("t"))), (REVOKED, None));
}

/// The later of both counts, in whichever order they come.
pub(crate) fn revoking_again_never_takes_back(place: &impl Place) {
    for subject in ["a", "b"] {
        let mut both = [
            Revocation::subject_before(ISSUER, subject, place.at(-9), place.at(1000)),
            Revocation::subject_before(ISSUER, subject, place.at(-5), place.at(10)),
        ];
        if subject == "b" {
            both.reverse();
        }
        both.iter().for_each(|revocation| place.revoke(revocation).unwrap());
    }
    assert_eq!(place.len(), 2);
    let check = |subject: &str, iat: i64| place.check(&place.token(&json!({ "sub": subject, "iat": iat })));
    for _ in 0..2 {
        for subject in ["a", "b"] {
            assert_eq!((check(subject, -6), check(subject, -5)), (REVOKED, None));
        }
        // Past the end of the one that is kept for less long.
        place.set(place.now() + place.margin() + 900);
    }
    place.set(place.now() + place.margin() + 1000);
    assert_eq!((check("a", -6), check("b", -6)), (None, None));
}

/// What is revoked whenever it was issued stays so, and for the longest time that was asked for.
pub(crate) fn revoking_again_keeps_the_longest(place: &impl Place) {
    for seconds in [10, 300, 20] {
        place.revoke(&Revocation::session(ISSUER, "a", place.at(seconds))).unwrap();
    }
    assert_eq!(place.len(), 1);
    let check = |sid: &str, iat: i64| place.check(&place.token(&json!({ "sid": sid, "iat": iat })));
    place.set(place.now() + place.margin() + 270);
    assert_eq!((check("a", 250), check("b", 0)), (REVOKED, None));
    place.set(place.now() + place.margin() + 300);
    assert_eq!(check("a", 250), None);
}

/// An entry stays as long as any verifier may still accept its token, and then leaves by itself.
pub(crate) fn revocations_leave_when_their_tokens_have_expired(place: &impl Place) {
    for id in ["1", "2"] {
        place.revoke(&Revocation::token_id(ISSUER, id, place.at(300))).unwrap();
    }
    place.revoke(&Revocation::token_id(ISSUER, "3", place.at(2000))).unwrap();
    let (early, late) = (place.token(&json!({})), place.token(&json!({ "jti": "3" })));
    // As a part of a second passes meanwhile, not to the last of them.
    place.set(place.now() + 300 + place.margin() - 30);
    assert_eq!((place.check(&early), place.check(&late)), (REVOKED, REVOKED));
    assert_eq!(place.len(), 3);
    place.set(place.now() + 300 + place.margin());
    assert_eq!((place.check(&early), place.check(&late)), (None, REVOKED));
    assert_eq!(place.len(), 1);
}

pub(crate) fn what_has_expired_before_it_is_revoked_takes_no_room(place: &impl Place) {
    let late = i64::try_from(place.margin()).unwrap();
    place.revoke(&Revocation::token_id(ISSUER, "late", place.at(-late))).unwrap();
    assert_eq!(place.len(), 0);
    place.revoke(&Revocation::token_id(ISSUER, "late", place.at(30 - late))).unwrap();
    assert_eq!(place.len(), 1);
}

/// What is open to a store that is down is closed to a token that is known to be revoked or used.
pub(crate) fn open_checks_still_refuse_what_is_known(place: &impl Place) {
    let token = place.token(&json!({}));
    let open = RevocationCheck::new(Arc::clone(place.revocations())).danger_accept_if_unavailable();
    assert_eq!(code(place.run(open.check(&token))), None);
    place.revoke(&Revocation::of_token(&token).unwrap()).unwrap();
    assert_eq!(code(place.run(open.check(&token))), REVOKED);
    let open = ReplayCheck::new(Arc::clone(place.replays())).danger_accept_if_unavailable();
    assert_eq!(code(place.run(open.use_up(&token))), None);
    assert_eq!(code(place.run(open.use_up(&token))), REPLAYED);
}

pub(crate) fn a_token_passes_once(place: &impl Place) {
    let pass = |more: &Value| place.use_up(&place.token(more));
    assert_eq!((pass(&json!({})), pass(&json!({}))), (None, REPLAYED));
    assert_eq!((pass(&json!({ "jti": "2" })), pass(&json!({ "iss": OTHER_ISSUER }))), (None, None));
    assert_eq!((pass(&json!({ "jti": "2" })), pass(&json!({ "iss": OTHER_ISSUER }))), (REPLAYED, REPLAYED));
    // That a token was used revokes none, and the other way round.
    assert_eq!(place.check(&place.token(&json!({}))), None);
    place.revoke(&Revocation::token_id(ISSUER, "3", place.at(300))).unwrap();
    assert_eq!(pass(&json!({ "jti": "3" })), None);
}

/// The token may be accepted until its expiry and the greatest leeway have passed, and so long it is known.
pub(crate) fn used_tokens_leave_when_they_have_expired(place: &impl Place) {
    let token = place.token(&json!({}));
    assert_eq!(place.use_up(&token), None);
    place.set(place.now() + 300 + place.margin() - 30);
    assert_eq!((place.use_up(&token), place.len()), (REPLAYED, 1));
    place.set(place.now() + 300 + place.margin());
    assert_eq!(place.len(), 0);
}

/// Once a token can't be accepted, a store whose clock is ahead doesn't take it for new.
pub(crate) fn what_has_expired_never_passes(place: &impl Place) {
    let pass = |expires_at| place.run(place.replays().use_once(TokenUse::new(ISSUER, "1", date(expires_at))));
    for _ in 0..2 {
        assert_eq!(pass(place.now() - place.margin()), Ok(false));
    }
    assert_eq!(place.len(), 0);
    assert_eq!(
        (pass(place.now() - place.margin() + 30), pass(place.now() - place.margin() + 30)),
        (Ok(true), Ok(false))
    );
}

pub(crate) fn a_token_that_cant_be_told_from_others_never_passes(place: &impl Place) {
    let check = ReplayCheck::new(Arc::clone(place.replays()));
    let pass = |claims: &Value| code(place.run(check.use_up_jwt(&jwt_at(place.now(), claims))));
    let soon = place.now() + 9;
    for claims in [json!({ "iss": "a", "exp": soon }), json!({ "iss": "a", "jti": "1" })] {
        assert_eq!(pass(&claims), Some(("claim_missing", 401)));
    }
    let whole = json!({ "jti": "1", "exp": soon });
    assert_eq!((pass(&whole), pass(&whole)), (None, REPLAYED));
}

/// Of many that present one token at once, one passes.
pub(crate) fn of_many_at_once_one_passes(place: &impl Place) {
    let passed = AtomicUsize::new(0);
    let expires_at = date(place.now() + 60);
    for id in ["1", "2", "3"] {
        let mut uses: Vec<_> =
            (0..64).map(|_| Some(place.replays().use_once(TokenUse::new(ISSUER, id, expires_at)))).collect();
        // All of them are asked before any is answered.
        place.run(std::future::poll_fn(|context| {
            for slot in &mut uses {
                if let Some(std::task::Poll::Ready(first)) =
                    slot.as_mut().map(|asked| asked.as_mut().poll(context))
                {
                    passed.fetch_add(usize::from(first.unwrap()), Ordering::Relaxed);
                    *slot = None;
                }
            }
            if uses.iter().all(Option::is_none) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        }));
    }
    assert_eq!(passed.into_inner(), 3);
}
