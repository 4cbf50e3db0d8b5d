//! Revocation and replay: each way to revoke, with the token beside it that stays; entries that leave when
//! their tokens have expired; what happens at the bound, with a store that is down, and with many threads.
//!
//! `cargo test --release --test stores -- --show-output figures` prints memory and time at a million entries.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "figures are shown")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use countersign::gateway::replay::{MemoryReplays, ReplayCheck, ReplayStore, TokenUse};
use countersign::gateway::revocation::{
    MemoryRevocations, Revocable, Revocation, RevocationCheck, RevocationKey, RevocationKind, RevocationStore,
};
use countersign::gateway::{StoreError, StoreFuture};
use countersign::{AccessToken, AccessTokenVerifier, Error, JwtVerifier, NoClaims, NumericDate, VerifiedJwt};
use serde_json::{Value, json};
use support::{ManualClock, NOW, block_on, hmac_key, signed, stopped_at};

const ISSUER: &str = "https://id.example.com";
const OTHER_ISSUER: &str = "https://id.example.org";
const AUDIENCE: &str = "https://orders.example.com";

/// The greatest leeway, for which entries stay longer than their tokens.
const MARGIN: u64 = 600;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn date(seconds: u64) -> NumericDate {
    at(seconds).into()
}

fn claims(more: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-17", "client_id": "client-4", "jti": "1", "sid": "s-1",
        "iat": NOW - 10, "exp": NOW + 300,
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

/// A token that says this beside, or in the place of, what every one says.
fn token(more: &Value) -> AccessToken<NoClaims> {
    let key = hmac_key().with_key_id("2026-11");
    let verifier =
        AccessTokenVerifier::for_issuers([(ISSUER, key), (OTHER_ISSUER, hmac_key().with_key_id("2026-11"))])
            .audience(AUDIENCE)
            .clock(stopped_at(NOW))
            .build()
            .unwrap();
    verifier.verify(&signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, claims(more).to_string())).unwrap()
}

fn code(result: Result<(), Error>) -> Option<(&'static str, u16)> {
    result.err().map(|error| (error.code(), error.http_status()))
}

const REVOKED: Option<(&str, u16)> = Some(("revoked", 401));
const REPLAYED: Option<(&str, u16)> = Some(("replayed", 401));
const UNAVAILABLE: Option<(&str, u16)> = Some(("unavailable", 503));

struct Setup {
    clock: ManualClock,
    store: Arc<MemoryRevocations>,
    check: RevocationCheck,
}

impl Setup {
    fn new(capacity: usize) -> Self {
        let clock = ManualClock::at(NOW);
        let store = Arc::new(MemoryRevocations::new(capacity).with_clock(clock.clone()));
        let check = RevocationCheck::new(Arc::clone(&store));
        Self { clock, store, check }
    }

    fn check(&self, token: &AccessToken<NoClaims>) -> Option<(&'static str, u16)> {
        code(block_on(self.check.check(token)))
    }
}

/// Asserts that a revocation means the one token and not the other.
#[track_caller]
fn means(revocation: &Revocation, revoked: &Value, spared: &Value) {
    let setup = Setup::new(10);
    let (revoked, spared) = (token(revoked), token(spared));
    assert_eq!((setup.check(&revoked), setup.check(&spared)), (None, None));
    block_on(setup.store.revoke(revocation)).unwrap();
    assert_eq!((setup.check(&revoked), setup.check(&spared)), (REVOKED, None));
}

#[test]
fn a_token_is_revoked_by_its_id() {
    means(&Revocation::token_id(ISSUER, "1", at(NOW + 300)), &json!({}), &json!({ "jti": "2" }));
    // IDs are unique among one issuer's tokens only.
    let elsewhere = json!({ "iss": OTHER_ISSUER });
    means(&Revocation::token_id(ISSUER, "1", at(NOW + 300)), &json!({}), &elsewhere);
    means(&Revocation::of_token(&token(&json!({}))).unwrap(), &json!({}), &json!({ "jti": "2" }));
}

#[test]
fn a_subjects_tokens_are_revoked_before_an_instant() {
    let revocation = Revocation::subject_before(ISSUER, "user-17", at(NOW - 5), at(NOW + 300));
    means(&revocation, &json!({}), &json!({ "iat": NOW - 5 }));
    means(&revocation, &json!({ "iat": NOW - 6 }), &json!({ "sub": "user-18" }));
    means(&revocation, &json!({}), &json!({ "iss": OTHER_ISSUER }));
    // Within the second nobody knows which came first.
    let half = at(NOW - 5) + Duration::from_millis(1);
    let revocation = Revocation::subject_before(ISSUER, "user-17", half, at(NOW + 300));
    means(&revocation, &json!({ "iat": NOW - 5 }), &json!({ "iat": NOW - 4 }));
}

#[test]
fn a_sessions_tokens_are_revoked_whenever_they_were_issued() {
    let revocation = Revocation::session(ISSUER, "s-1", at(NOW + 300));
    means(&revocation, &json!({ "iat": NOW + 200 }), &json!({ "sid": "s-2" }));
    means(&revocation, &json!({}), &json!({ "iss": OTHER_ISSUER }));
    // A session that is no string can be revoked by its text.
    means(&Revocation::session(ISSUER, "17", at(NOW + 300)), &json!({ "sid": 17 }), &json!({ "sid": 18 }));
}

#[test]
fn a_keys_tokens_are_revoked() {
    let revocation = Revocation::key_id(ISSUER, "2026-11", at(NOW + 300));
    means(&revocation, &json!({}), &json!({ "iss": OTHER_ISSUER }));
    let setup = Setup::new(10);
    setup.store.insert(&Revocation::key_id(ISSUER, "2026-12", at(NOW + 300))).unwrap();
    assert_eq!(setup.check(&token(&json!({}))), None);
}

#[test]
fn everything_issued_before_an_instant_is_revoked() {
    let later = json!({ "iat": NOW - 5 });
    means(&Revocation::everything_before(at(NOW - 5), at(NOW + 300)), &json!({}), &later);
    means(
        &Revocation::everything_before(at(NOW - 5), at(NOW + 300)),
        &json!({ "iss": OTHER_ISSUER }),
        &json!({ "iss": OTHER_ISSUER, "iat": NOW - 5 }),
    );
    means(
        &Revocation::issuer_before(ISSUER, at(NOW - 5), at(NOW + 300)),
        &json!({}),
        &json!({ "iss": OTHER_ISSUER }),
    );
}

fn jwt(claims: &Value) -> VerifiedJwt<NoClaims> {
    let verifier = JwtVerifier::builder(hmac_key()).any_issuer().any_audience().allow_missing_expiry();
    let verifier = verifier.clock(stopped_at(NOW)).build().unwrap();
    verifier.verify(&signed(br#"{"alg":"HS256"}"#, claims.to_string())).unwrap()
}

/// A token that doesn't say when it was issued isn't spared by that.
#[test]
fn other_tokens_are_revoked_too_also_without_a_time() {
    let setup = Setup::new(10);
    let (timed, timeless) =
        (json!({ "iss": "a", "sub": "b", "iat": NOW }), json!({ "iss": "a", "sub": "b" }));
    let (timed, timeless) = (jwt(&timed), jwt(&timeless));
    setup.store.insert(&Revocation::subject_before("a", "b", at(NOW - 5), at(NOW + 300))).unwrap();
    let check = |jwt, sid| code(block_on(setup.check.check_revocable(Revocable::of_jwt(jwt, sid))));
    assert_eq!((check(&timed, None), check(&timeless, None)), (None, REVOKED));
    setup.store.insert(&Revocation::session("a", "s", at(NOW + 300))).unwrap();
    assert_eq!((check(&timed, Some("s")), check(&timed, Some("t"))), (REVOKED, None));
}

/// The later of both counts, in whichever order they come.
#[test]
fn revoking_again_never_takes_back() {
    for swapped in [false, true] {
        let setup = Setup::new(10);
        let mut both = [
            Revocation::subject_before(ISSUER, "user-17", at(NOW - 9), at(NOW + 1000)),
            Revocation::subject_before(ISSUER, "user-17", at(NOW - 5), at(NOW + 10)),
        ];
        if swapped {
            both.reverse();
        }
        both.iter().for_each(|revocation| setup.store.insert(revocation).unwrap());
        assert_eq!(setup.store.len(), 1);
        assert_eq!(setup.check(&token(&json!({ "iat": NOW - 6 }))), REVOKED);
        setup.clock.set(NOW + 999);
        assert_eq!(setup.check(&token(&json!({ "iat": NOW - 6 }))), REVOKED);
        assert_eq!(setup.check(&token(&json!({ "iat": NOW - 5 }))), None);
    }
}

/// An entry stays as long as any verifier may still accept its token, and then leaves by itself.
#[test]
fn entries_leave_when_their_tokens_have_expired() {
    let setup = Setup::new(1000);
    for id in 0..1000 {
        setup.store.insert(&Revocation::token_id(ISSUER, id.to_string(), at(NOW + 300))).unwrap();
    }
    let (full, token) = (setup.store.memory_bytes(), token(&json!({})));
    setup.clock.set(NOW + 300 + MARGIN - 1);
    setup.store.remove_expired();
    assert_eq!((setup.check(&token), setup.store.len()), (REVOKED, 1000));
    setup.clock.set(NOW + 300 + MARGIN);
    assert_eq!(setup.check(&token), None);
    // A write finds the room that they leave, without being told to look for it.
    setup.store.insert(&Revocation::session(ISSUER, "s-1", at(NOW + 2000))).unwrap();
    assert!(setup.store.len() < 1000, "{}", setup.store.len());
    setup.store.remove_expired();
    assert_eq!(setup.store.len(), 1);
    assert!(setup.store.memory_bytes() < full / 4);
    // What has expired before it is revoked takes no room.
    setup.store.insert(&Revocation::token_id(ISSUER, "late", at(NOW))).unwrap();
    assert_eq!(setup.store.len(), 1);
}

/// The bound is kept; a revocation that is lost is an error, and what it could mean is refused until it
/// matters no more. What is there is kept.
#[test]
fn a_full_store_fails_closed() {
    let setup = Setup::new(2);
    let fill = |expires| {
        for id in ["a", "b"] {
            setup.store.insert(&Revocation::token_id(ISSUER, id, at(expires))).unwrap();
        }
    };
    fill(NOW + 3000);
    let (there, lost, fresh) =
        (json!({ "jti": "a" }), json!({}), json!({ "jti": "9", "iat": NOW + 601, "sid": null }));
    let (there, lost, fresh) = (token(&there), token(&lost), token(&fresh));
    assert_eq!((setup.check(&there), setup.check(&lost)), (REVOKED, None));
    let revocation = Revocation::of_token(&lost).unwrap();
    assert_eq!(block_on(setup.store.revoke(&revocation)), Err(StoreError::Full));
    assert_eq!((setup.store.len(), setup.check(&there)), (2, REVOKED));
    assert_eq!((setup.check(&lost), setup.check(&fresh)), (UNAVAILABLE, None));
    // What is there can be revoked for longer.
    setup.store.insert(&Revocation::token_id(ISSUER, "a", at(NOW + 4000))).unwrap();
    setup.clock.set(NOW + 300 + MARGIN - 1);
    assert_eq!(setup.check(&lost), UNAVAILABLE);
    setup.clock.set(NOW + 300 + MARGIN);
    assert_eq!(setup.check(&lost), None);

    // Of a session or a key, whenever the token was issued; of a subject, before the instant.
    setup.clock.set(NOW);
    let setup = Setup::new(0);
    let subject = Revocation::subject_before(ISSUER, "another", at(NOW - 5), at(NOW + 300));
    assert_eq!(setup.store.insert(&subject), Err(StoreError::Full));
    assert_eq!(setup.check(&token(&json!({}))), UNAVAILABLE);
    assert_eq!(setup.check(&token(&json!({ "iat": NOW - 5 }))), None);
    assert_eq!(setup.store.insert(&Revocation::session(ISSUER, "x", at(NOW + 300))), Err(StoreError::Full));
    assert_eq!(setup.check(&token(&json!({ "iat": NOW + 5000 }))), UNAVAILABLE);
}

/// What has expired makes room for what comes.
#[test]
fn a_full_store_drops_what_has_expired_first() {
    let setup = Setup::new(2);
    for id in ["a", "b"] {
        setup.store.insert(&Revocation::token_id(ISSUER, id, at(NOW + 10))).unwrap();
    }
    setup.clock.set(NOW + 10 + MARGIN);
    let revocation = Revocation::token_id(ISSUER, "1", at(NOW + 3000));
    setup.store.insert(&revocation).unwrap();
    assert_eq!((setup.store.len(), setup.check(&token(&json!({})))), (1, REVOKED));
}

/// A store that is down, and counts who asks.
#[derive(Default)]
struct Down(AtomicUsize);

impl RevocationStore for Down {
    fn revoke<'a>(&'a self, _: &'a Revocation) -> StoreFuture<'a, ()> {
        Box::pin(async { Err(StoreError::Unavailable) })
    }

    fn is_revoked<'a>(&'a self, _: Revocable<'a>) -> StoreFuture<'a, bool> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Err(StoreError::Unavailable) })
    }
}

impl ReplayStore for Down {
    fn use_once<'a>(&'a self, _: TokenUse<'a>) -> StoreFuture<'a, bool> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Err(StoreError::Unavailable) })
    }
}

#[test]
fn a_store_that_is_down_refuses_unless_told_otherwise() {
    let (down, token) = (Arc::new(Down::default()), token(&json!({})));
    let revocation = RevocationCheck::new(Arc::clone(&down));
    let replay = ReplayCheck::new(Arc::clone(&down));
    assert_eq!(code(block_on(revocation.check(&token))), UNAVAILABLE);
    assert_eq!(code(block_on(replay.use_up(&token))), UNAVAILABLE);
    assert_eq!(code(block_on(revocation.danger_accept_if_unavailable().check(&token))), None);
    assert_eq!(code(block_on(replay.danger_accept_if_unavailable().use_up(&token))), None);
    assert_eq!(down.0.load(Ordering::Relaxed), 4);
    for error in [StoreError::Unavailable, StoreError::Full] {
        assert_eq!(code(Err(error.into())), UNAVAILABLE);
    }
}

/// What is open to a store that is down is closed to a token that is known to be revoked or used.
#[test]
fn open_checks_still_refuse_what_is_known() {
    let (setup, token) = (Setup::new(10), token(&json!({})));
    setup.store.insert(&Revocation::of_token(&token).unwrap()).unwrap();
    let open = setup.check.clone().danger_accept_if_unavailable();
    assert_eq!(code(block_on(open.check(&token))), REVOKED);
    let replays = Arc::new(MemoryReplays::new(10).with_clock(setup.clock.clone()));
    let open = ReplayCheck::new(replays).danger_accept_if_unavailable();
    assert_eq!(code(block_on(open.use_up(&token))), None);
    assert_eq!(code(block_on(open.use_up(&token))), REPLAYED);
}

/// Stores outside the process go by these: two names never share one, and they don't change.
#[test]
fn digests_tell_names_apart_and_stay_the_same() {
    let revocations = [
        Revocation::token_id("a", "bc", at(0)),
        Revocation::token_id("ab", "c", at(0)),
        Revocation::session("a", "bc", at(0)),
        Revocation::key_id("a", "bc", at(0)),
        Revocation::subject_before("a", "bc", at(0), at(0)),
        Revocation::issuer_before("a", at(0), at(0)),
        Revocation::everything_before(at(0), at(0)),
    ];
    let mut digests: Vec<_> = revocations.iter().map(|revocation| revocation.key().digest()).collect();
    digests.push(TokenUse::new("a", "bc", date(0)).digest());
    digests.push(TokenUse::new("ab", "c", date(0)).digest());
    let all = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), all);
    // SHA-256 of 00, the length 1 in eight octets, "a", "bc".
    let preimage = b"\0\0\0\0\0\0\0\0\x01abc";
    let expected: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(preimage).into();
    assert_eq!(revocations[0].key().digest(), expected);
}

#[test]
fn a_token_is_looked_up_by_each_of_its_names() {
    let token = token(&json!({}));
    let keys: Vec<RevocationKey<'_>> = Revocable::of(&token).keys().collect();
    let named: Vec<_> = keys.iter().map(|key| (key.kind(), key.issuer(), key.id())).collect();
    assert_eq!(
        named,
        [
            (RevocationKind::TokenId, ISSUER, "1"),
            (RevocationKind::Subject, ISSUER, "user-17"),
            (RevocationKind::Session, ISSUER, "s-1"),
            (RevocationKind::KeyId, ISSUER, "2026-11"),
            (RevocationKind::IssuedAt, ISSUER, ""),
            (RevocationKind::IssuedAt, "", ""),
        ]
    );
    let shown = format!("{keys:?} {:?}", Revocation::of_token(&token));
    assert!(!shown.contains("user-17") && !shown.contains(ISSUER), "{shown}");
}

// ---- replay

fn replays(capacity: usize) -> (ManualClock, Arc<MemoryReplays>, ReplayCheck) {
    let clock = ManualClock::at(NOW);
    let store = Arc::new(MemoryReplays::new(capacity).with_clock(clock.clone()));
    (clock, Arc::clone(&store), ReplayCheck::new(store))
}

#[test]
fn a_token_passes_once() {
    let (clock, store, check) = replays(10);
    let pass = |more: &Value| code(block_on(check.use_up(&token(more))));
    assert_eq!((pass(&json!({})), pass(&json!({}))), (None, REPLAYED));
    assert_eq!((pass(&json!({ "jti": "2" })), pass(&json!({ "iss": OTHER_ISSUER }))), (None, None));
    // The token may still be accepted until its expiry and the greatest leeway have passed, and so long it
    // is known; and once it can't, a store whose clock is ahead doesn't take it for new.
    clock.set(NOW + 300 + MARGIN - 1);
    assert_eq!(pass(&json!({})), REPLAYED);
    clock.set(NOW + 300 + MARGIN);
    assert_eq!((pass(&json!({})), pass(&json!({ "jti": "3" }))), (REPLAYED, REPLAYED));
    store.remove_expired();
    assert!(store.is_empty());
}

#[test]
fn a_token_that_cant_be_told_from_others_never_passes() {
    let (_, _, check) = replays(10);
    for claims in [json!({ "iss": "a", "exp": NOW + 9 }), json!({ "iss": "a", "jti": "1" })] {
        assert_eq!(code(block_on(check.use_up_jwt(&jwt(&claims)))), Some(("claim_missing", 401)));
    }
    let whole = jwt(&json!({ "jti": "1", "exp": NOW + 9 }));
    assert_eq!(code(block_on(check.use_up_jwt(&whole))), None);
    assert_eq!(code(block_on(check.use_up_jwt(&whole))), REPLAYED);
}

#[test]
fn a_full_store_lets_nothing_pass_and_forgets_nothing() {
    let (clock, _, check) = replays(2);
    let pass = |id: u32| code(block_on(check.use_up(&token(&json!({ "jti": id.to_string() })))));
    assert_eq!((pass(1), pass(2), pass(3)), (None, None, UNAVAILABLE));
    assert_eq!((pass(1), pass(2)), (REPLAYED, REPLAYED));
    clock.set(NOW + 300 + MARGIN - 1);
    assert_eq!((pass(1), pass(3)), (REPLAYED, UNAVAILABLE));
}

/// Of many threads that present one token at once, one passes; and no revocation is missed by a thread that
/// looks after another has revoked.
#[test]
fn threads_agree() {
    const THREADS: usize = 8;
    const IDS: usize = 500;
    let replays = MemoryReplays::new(IDS).with_clock(stopped_at(NOW));
    let revocations = MemoryRevocations::new(THREADS * IDS).with_clock(stopped_at(NOW));
    let passed: Vec<AtomicUsize> = (0..IDS).map(|_| AtomicUsize::new(0)).collect();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (replays, revocations, passed) = (&replays, &revocations, &passed);
            scope.spawn(move || {
                for (id, passed) in passed.iter().enumerate() {
                    let name = id.to_string();
                    if replays.insert(TokenUse::new(ISSUER, &name, date(NOW + 60))).unwrap() {
                        passed.fetch_add(1, Ordering::Relaxed);
                    }
                    let own = format!("{thread} {id}");
                    let revoked = jwt_id(&own);
                    assert!(!revocations.contains(Revocable::of_jwt(&revoked, None)).unwrap());
                    revocations.insert(&Revocation::token_id("a", own, at(NOW + 60))).unwrap();
                    assert!(revocations.contains(Revocable::of_jwt(&revoked, None)).unwrap());
                }
            });
        }
    });
    assert!(passed.iter().all(|passed| passed.load(Ordering::Relaxed) == 1));
    assert_eq!((replays.len(), revocations.len()), (IDS, THREADS * IDS));
    // The bound holds between threads too.
    let small = MemoryReplays::new(100).with_clock(stopped_at(NOW));
    let accepted = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (small, accepted) = (&small, &accepted);
            scope.spawn(move || {
                for id in 0..100 {
                    let name = format!("{thread} {id}");
                    if small.insert(TokenUse::new(ISSUER, &name, date(NOW + 60))).is_ok() {
                        accepted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!((accepted.load(Ordering::Relaxed), small.len()), (100, 100));
}

/// Fills both stores with what ends 10 s later, and lets threads fill them again at this time. Returns how many
/// writes each one took, and the setup with what it holds.
fn refill_at_once(time: u64) -> ([usize; 2], Setup, Arc<MemoryReplays>) {
    const THREADS: usize = 4;
    let setup = Setup::new(REFILLED);
    let (clock, replays, _) = replays(REFILLED);
    let first = NOW + 10 - MARGIN;
    for id in 0..REFILLED {
        let name = id.to_string();
        setup.store.insert(&Revocation::token_id(ISSUER, &name, at(first))).unwrap();
        assert!(replays.insert(TokenUse::new(ISSUER, &name, date(first))).unwrap());
    }
    setup.clock.set(time);
    clock.set(time);
    let kept = [const { AtomicUsize::new(0) }; 2];
    for (kind, kept) in kept.iter().enumerate() {
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (start, revocations, replays) = (&start, &setup.store, &replays);
                scope.spawn(move || {
                    start.wait();
                    for id in 0..REFILLED / THREADS {
                        let name = format!("{thread} {id}");
                        let written = if kind == 0 {
                            revocations.insert(&Revocation::token_id(ISSUER, name, at(NOW + 300)))
                        } else {
                            replays.insert(TokenUse::new(ISSUER, &name, date(NOW + 300))).map(|_| ())
                        };
                        kept.fetch_add(usize::from(written.is_ok()), Ordering::Relaxed);
                    }
                });
            }
        });
    }
    (kept.map(AtomicUsize::into_inner), setup, replays)
}

const REFILLED: usize = 40_000;

/// Threads that find a store full at once all get the room of what has expired, and none is told that there is
/// none: a revocation would count as lost, and tokens be refused for it.
#[test]
fn threads_at_the_bound_share_the_room_of_what_has_expired() {
    let (kept, setup, replays) = refill_at_once(NOW + 30);
    assert_eq!((kept, setup.store.len(), replays.len()), ([REFILLED; 2], REFILLED, REFILLED));
    assert_eq!(setup.check(&token(&json!({}))), None);
    assert_eq!(setup.check(&token(&json!({ "jti": "0 0" }))), REVOKED);
    // And that was all the room.
    let more = Revocation::token_id(ISSUER, "more", at(NOW + 300));
    assert_eq!(setup.store.insert(&more), Err(StoreError::Full));
    assert_eq!(replays.insert(TokenUse::new(ISSUER, "more", date(NOW + 300))), Err(StoreError::Full));
    assert_eq!(setup.check(&token(&json!({}))), UNAVAILABLE);
}

#[test]
fn threads_at_the_bound_get_no_room_of_what_has_not_expired() {
    let (kept, setup, replays) = refill_at_once(NOW + 9);
    assert_eq!((kept, setup.store.len(), replays.len()), ([0; 2], REFILLED, REFILLED));
    assert_eq!(setup.check(&token(&json!({}))), REVOKED);
    assert_eq!(setup.check(&token(&json!({ "jti": "0 0" }))), UNAVAILABLE);
}

fn jwt_id(id: &str) -> VerifiedJwt<NoClaims> {
    jwt(&json!({ "iss": "a", "jti": id }))
}

const MILLION: usize = 1_000_000;

/// Fills a store up to a million, and returns the least and the most bytes an entry on the way.
#[allow(clippy::cast_precision_loss, reason = "figures to show")]
fn bytes_an_entry(insert: impl Fn(&str), memory_bytes: impl Fn() -> usize) -> (f64, f64) {
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    for id in 1..=MILLION {
        insert(&id.to_string());
        if id >= 100_000 && id % 10_000 == 0 {
            let each = memory_bytes() as f64 / id as f64;
            (least, most) = (least.min(each), most.max(each));
        }
    }
    (least, most)
}

/// Memory at a million entries is what the stores' documentation says; time is printed, since a debug build on a
/// busy machine says little about it. `benches/gateway.rs` measures it.
#[test]
fn figures_at_a_million_entries() {
    let store = MemoryRevocations::new(MILLION).with_clock(stopped_at(NOW));
    let revoke = |id: &str| store.insert(&Revocation::token_id(ISSUER, id, at(NOW + 300))).unwrap();
    let revoked = bytes_an_entry(revoke, || store.memory_bytes());
    let token = jwt(&json!({ "iss": ISSUER, "jti": "none", "sub": "user-17", "iat": NOW }));
    let started = Instant::now();
    for _ in 0..100_000 {
        assert!(!store.contains(Revocable::of_jwt(&token, None)).unwrap());
    }
    let look_up = started.elapsed() / 100_000;
    let replays = MemoryReplays::new(MILLION).with_clock(stopped_at(NOW));
    let use_up = |id: &str| assert!(replays.insert(TokenUse::new(ISSUER, id, date(NOW + 300))).unwrap());
    let used = bytes_an_entry(use_up, || replays.memory_bytes());
    assert_eq!((store.len(), replays.len()), (MILLION, MILLION));
    for (what, (least, most), all) in
        [("revoked", revoked, store.memory_bytes()), ("used", used, replays.memory_bytes())]
    {
        println!("a million {what} IDs: {all} bytes in all, {least:.1} to {most:.1} an entry on the way");
        assert!(least >= 28.0 && most <= 43.0, "{what}: {least} to {most}");
    }
    println!("{look_up:?} a look-up in this build");
}
