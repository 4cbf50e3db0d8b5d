//! Revocation and replay in memory: what each store has to do (`support/stores.rs`), and what those in memory do at
//! the bound and with many threads; checks of a store that is down; what names go by in stores outside.
//!
//! `cargo test --release --features gateway --test stores -- --show-output figures` prints memory and time at a million entries.

#![cfg(feature = "gateway")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "figures are shown")]

#[path = "support/stores.rs"]
#[macro_use]
mod stores;
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use countersign::gateway::replay::{MemoryReplays, ReplayCheck, ReplayStore, TokenUse};
use countersign::gateway::revocation::{
    MemoryRevocations, Revocable, Revocation, RevocationCheck, RevocationKey, RevocationKind, RevocationStore,
};
use countersign::gateway::{StoreError, StoreFuture};
use countersign::{AccessToken, NoClaims, VerifiedJwt};
use serde_json::{Value, json};
use stores::{
    ISSUER, MARGIN, OTHER_ISSUER, Place, REPLAYED, REVOKED, UNAVAILABLE, at, code, date, jwt_at, token_at,
};
use support::{ManualClock, NOW, block_on, stopped_at};

/// Both stores in memory, by one clock.
struct Memory {
    clock: ManualClock,
    revocations: Arc<MemoryRevocations>,
    replays: Arc<MemoryReplays>,
}

impl Memory {
    fn new() -> Self {
        let clock = ManualClock::at(NOW);
        Self {
            revocations: Arc::new(MemoryRevocations::new(1000).with_clock(clock.clone())),
            replays: Arc::new(MemoryReplays::new(1000).with_clock(clock.clone())),
            clock,
        }
    }
}

impl Place for Memory {
    type Revocations = MemoryRevocations;
    type Replays = MemoryReplays;

    fn now(&self) -> u64 {
        NOW
    }

    fn revocations(&self) -> &Arc<MemoryRevocations> {
        &self.revocations
    }

    fn replays(&self) -> &Arc<MemoryReplays> {
        &self.replays
    }

    fn set(&self, time: u64) {
        self.clock.set(time);
    }

    fn len(&self) -> usize {
        self.revocations.remove_expired();
        self.replays.remove_expired();
        self.revocations.len() + self.replays.len()
    }

    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        block_on(future)
    }
}

on_each_store! { Memory::new(), [] }

fn token(more: &Value) -> AccessToken<NoClaims> {
    token_at(NOW, more)
}

fn jwt(claims: &Value) -> VerifiedJwt<NoClaims> {
    jwt_at(NOW, claims)
}

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
        (json!({ "jti": "a" }), json!({}), json!({ "jti": "9", "iat": 601, "sid": null }));
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
    assert_eq!(setup.check(&token(&json!({ "iat": -5 }))), None);
    assert_eq!(setup.store.insert(&Revocation::session(ISSUER, "x", at(NOW + 300))), Err(StoreError::Full));
    assert_eq!(setup.check(&token(&json!({ "iat": 5000 }))), UNAVAILABLE);
}

/// One name a second, of tokens that live for a minute, for an hour: what the documented capacity is for. Returns
/// after how many seconds there was no room, if so.
fn full_after(clock: &ManualClock, mut insert: impl FnMut(u64) -> Result<(), StoreError>) -> Option<u64> {
    (0..3600).find(|second| {
        clock.set(NOW + second);
        let written = insert(*second);
        assert!(matches!(written, Ok(()) | Err(StoreError::Full)), "{written:?}");
        written.is_err()
    })
}

/// Entries stay for ten minutes after their tokens: the lifetime alone says far too little.
#[test]
fn the_documented_capacity_suffices_and_twice_a_lifetime_does_not() {
    const LIFETIME: u64 = 60;
    for (capacity, expected) in [
        (2 * (LIFETIME + MARGIN), None),
        (LIFETIME + MARGIN, None),
        (LIFETIME + MARGIN - 1, Some(LIFETIME + MARGIN - 1)),
        (2 * LIFETIME, Some(2 * LIFETIME)),
    ] {
        let room = usize::try_from(capacity).unwrap();
        let setup = Setup::new(room);
        let revoke = |second: u64| {
            let expires = at(NOW + second + LIFETIME);
            setup.store.insert(&Revocation::token_id(ISSUER, second.to_string(), expires))
        };
        assert_eq!(full_after(&setup.clock, revoke), expected, "{capacity}");
        let (clock, store, _) = replays(room);
        let use_up = |second: u64| {
            let id = second.to_string();
            store.insert(TokenUse::new(ISSUER, &id, date(NOW + second + LIFETIME))).map(drop)
        };
        assert_eq!(full_after(&clock, use_up), expected, "{capacity}");
    }
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
    assert_eq!(setup.check(&token(&json!({}))), REVOKED);
    // One that has expired is still counted where the other made room in the very table that was written to.
    assert!(setup.store.len() <= 2);
    setup.store.remove_expired();
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

/// Which store it is may be chosen at run time, as a gateway's settings do.
#[test]
fn a_store_of_any_type_stands_behind_a_check() {
    let revocations: Arc<dyn RevocationStore> =
        Arc::new(MemoryRevocations::new(10).with_clock(stopped_at(NOW)));
    let check = RevocationCheck::new(Arc::clone(&revocations));
    let (revoked, spared) = (token(&json!({})), token(&json!({ "jti": "2" })));
    block_on(revocations.revoke(&Revocation::of_token(&revoked).unwrap())).unwrap();
    assert_eq!(code(block_on(check.check(&revoked))), REVOKED);
    assert_eq!(code(block_on(check.check(&spared))), None);

    let replays: Arc<dyn ReplayStore> = Arc::new(MemoryReplays::new(10).with_clock(stopped_at(NOW)));
    let (check, another) = (ReplayCheck::new(Arc::clone(&replays)), ReplayCheck::new(replays));
    assert_eq!(code(block_on(check.use_up(&spared))), None);
    assert_eq!(code(block_on(another.use_up(&spared))), REPLAYED);
    // One that nobody shares needs no `Arc`.
    let alone = ReplayCheck::new(MemoryReplays::new(10).with_clock(stopped_at(NOW)));
    assert_eq!(code(block_on(alone.use_up(&spared))), None);
    assert_eq!(code(block_on(alone.use_up(&spared))), REPLAYED);
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
fn a_token_passes_once_and_not_after_its_time() {
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
