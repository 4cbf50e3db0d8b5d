//! The guard under load: a million distinct tokens, good ones and forged ones, and how much memory they leave behind,
//! by an allocator that counts.
//!
//! `cargo test --release --features gateway --test guard_load -- --show-output` takes a million of each and prints the figures; a debug
//! build, in which each takes about twenty times as long, 20,000.

#![cfg(feature = "gateway")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "figures are shown")]

mod support;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use countersign::gateway::audit::{Audit, ChannelReceiver, channel};
use countersign::gateway::authorization::Requirement;
use countersign::gateway::cache::{TokenCache, TokenCacheBuilder};
use countersign::gateway::replay::{MemoryReplays, ReplayCheck, TokenUse};
use countersign::gateway::revocation::{MemoryRevocations, Revocation, RevocationCheck};
use countersign::gateway::{Guard, GuardBuilder, GuardRequest};
use countersign::{AccessTokenVerifier, Clock as _, NoClaims};
use peak_alloc::PeakAlloc;
use support::{NOW, block_on, hmac_key, signed, stopped_at};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// How many tokens.
const MANY: usize = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
const THREADS: usize = 2;

/// The harness, the threads' own stores, the tokens in flight.
const SLACK: usize = 512 * 1024;

/// What is allocated is the whole process's, so one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How much memory there is more than before, now and at most.
struct Memory(usize);

impl Memory {
    fn now() -> Self {
        ALLOCATOR.reset_peak_usage();
        Self(ALLOCATOR.current_usage())
    }

    fn more(&self) -> usize {
        ALLOCATOR.current_usage().saturating_sub(self.0)
    }

    fn most(&self) -> usize {
        ALLOCATOR.peak_usage().saturating_sub(self.0)
    }
}

#[allow(clippy::cast_precision_loss, reason = "figures to show")]
fn mib(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[allow(clippy::cast_precision_loss, reason = "figures to show")]
fn each(bytes: usize, count: usize) -> String {
    format!("{:.1}", bytes as f64 / count as f64)
}

const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;

fn claims(number: usize, audience: &str, exp: u64) -> String {
    format!(
        r#"{{"iss":"{ISSUER}","aud":"{audience}","sub":"user-{}","client_id":"client-4","iat":{NOW},"exp":{exp},"jti":"{number:022}","scope":"orders:read orders:write","roles":["editor"]}}"#,
        number % 1000,
    )
}

/// The good token of that number.
fn good(number: usize) -> String {
    signed(HEADER, claims(number, AUDIENCE, NOW + 300))
}

/// A bad token of that number, and why it is refused.
fn bad(number: usize) -> (String, &'static str) {
    let kinds: [&dyn Fn() -> (String, &'static str); 8] = [
        &|| (good(number) + "A", "invalid_signature"),
        &|| (signed(HEADER, claims(number, "https://mail.example.com", NOW + 300)), "claim_unexpected"),
        &|| (signed(HEADER, claims(number, AUDIENCE, NOW - 300)), "expired"),
        &|| {
            (
                signed(r#"{"alg":"HS256","typ":"JWT"}"#, claims(number, AUDIENCE, NOW + 300)),
                "type_not_allowed",
            )
        },
        &|| (signed(HEADER, format!("{{\"jti\":{number}}}")), "claim_malformed"),
        &|| {
            (
                signed(format!(r#"{{"alg":"ES256","kid":"k{number}","typ":"at+jwt"}}"#), "{}"),
                "algorithm_not_allowed",
            )
        },
        &|| (format!("{number}"), "segment_count"),
        &|| (format!("{number}{}", "A".repeat(20_000)), "limit_token_bytes"),
    ];
    kinds[number % kinds.len()]()
}

fn verifier() -> AccessTokenVerifier {
    let verifier = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(AUDIENCE);
    verifier.clock(stopped_at(NOW)).build().unwrap()
}

/// A guard with all that takes memory but a replay check, which takes some for each token.
fn guard(cache: &Arc<TokenCache>) -> (GuardBuilder, ChannelReceiver) {
    let (sink, receiver) = channel(1000).unwrap();
    let guard = Guard::builder(verifier())
        .require(Requirement::scope("orders:read"))
        .revocation(RevocationCheck::new(Arc::new(MemoryRevocations::new(1000))))
        .audit(Audit::builder(sink).build().unwrap())
        .cache(Arc::clone(cache));
    (guard, receiver)
}

fn cache(builder: TokenCacheBuilder) -> Arc<TokenCache> {
    Arc::new(builder.build().unwrap())
}

/// The verdict on a token: nothing, or the status and the code.
fn verdict(guard: &Guard, token: &str) -> Option<(u16, &'static str)> {
    let field = format!("Bearer {token}");
    let refused = block_on(guard.admit::<NoClaims>(GuardRequest::new([&field]))).err()?;
    Some((refused.http_status(), refused.code()))
}

/// Runs it for each number below, on threads.
fn for_each(count: usize, run: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let run = &run;
            scope.spawn(move || (thread..count).step_by(THREADS).for_each(run));
        }
    });
}

/// Events that were written down or are known to be lost.
fn events(mut receiver: ChannelReceiver) -> u64 {
    let mut count = 0;
    while receiver.try_recv().is_some() {
        count += 1;
    }
    count + receiver.dropped()
}

/// Each is verified, remembered and forgotten again for others: what remains is the cache's bound, whichever of its
/// two is met first.
#[test]
fn distinct_tokens_take_no_more_than_the_cache_may() {
    let _alone = alone();
    let by_count = TokenCache::builder();
    let by_bytes = TokenCache::builder().entries(10 * MANY).bytes(4 << 20);
    for (what, builder, bound) in [("the default cache", by_count, 64 << 20), ("4 MiB", by_bytes, 4 << 20)] {
        let before = Memory::now();
        let cache = cache(builder);
        let (guard, receiver) = guard(&cache);
        let guard = guard.build().unwrap();
        let started = Instant::now();
        for_each(MANY, |number| assert_eq!(verdict(&guard, &good(number)), None, "{number}"));
        let (took, more, most) = (started.elapsed(), before.more(), before.most());
        println!(
            "{MANY} distinct tokens through a guard with {what}: {} more at the end, {} at most, {} tokens kept, {took:?}",
            mib(more),
            mib(most),
            cache.len()
        );
        assert_eq!((cache.hits(), cache.misses()), (0, MANY as u64));
        assert!(cache.len() > 1000 && cache.len() <= 10_000, "{}", cache.len());
        // What the cache says of itself isn't less than what is.
        assert!(cache.bytes() <= bound && more <= cache.bytes() + SLACK, "{more}, {}", cache.bytes());
        assert!(most <= bound + SLACK, "{most}");
        assert_eq!(events(receiver), MANY as u64);
    }
}

/// Forged tokens, and others that don't pass, are refused one by one: nothing remains of them, and what was known of good
/// tokens stays.
#[test]
fn tokens_that_are_refused_leave_nothing_behind() {
    const GOOD: usize = 1000;
    let _alone = alone();
    // Hardly more room than the good ones take.
    let cache = cache(TokenCache::builder().entries(2 * GOOD));
    let (guard, receiver) = guard(&cache);
    let guard = guard.build().unwrap();
    for_each(GOOD, |number| assert_eq!(verdict(&guard, &good(number)), None));
    // Both threads have refused one of each kind before it is measured.
    for_each(GOOD, |number| assert!(verdict(&guard, &bad(number).0).is_some()));
    assert_eq!((cache.len(), cache.hits()), (GOOD, 0));
    let (known, before, started) = (cache.bytes(), Memory::now(), Instant::now());
    for_each(MANY, |number| {
        let (token, code) = bad(number);
        assert_eq!(verdict(&guard, &token), Some((401, code)), "{number}");
    });
    let (took, more, most) = (started.elapsed(), before.more(), before.most());
    println!("{MANY} refused tokens: {more} bytes more at the end, {most} at most, {took:?}");
    assert!(most <= SLACK, "{most}");
    assert_eq!((cache.len(), cache.bytes(), cache.hits()), (GOOD, known, 0));
    for_each(GOOD, |number| assert_eq!(verdict(&guard, &good(number)), None));
    assert_eq!(cache.hits(), GOOD as u64);
    assert_eq!(events(receiver), (3 * GOOD + MANY) as u64);
}

/// Whoever has many good tokens doesn't push out those that are in use.
#[test]
fn good_tokens_in_use_stay_in_the_cache() {
    const IN_USE: usize = 200;
    let _alone = alone();
    let cache = cache(TokenCache::builder().entries(10 * IN_USE));
    let (guard, _receiver) = guard(&cache);
    let guard = guard.build().unwrap();
    let in_use: Vec<String> = (0..IN_USE).map(good).collect();
    in_use.iter().for_each(|token| assert_eq!(verdict(&guard, token), None));
    for (round, first) in (IN_USE..MANY / 5).step_by(5 * IN_USE).enumerate() {
        for number in first..first + 5 * IN_USE {
            assert_eq!(verdict(&guard, &good(number)), None);
        }
        in_use.iter().for_each(|token| assert_eq!(verdict(&guard, token), None));
        assert_eq!(cache.hits(), ((round + 1) * IN_USE) as u64);
    }
}

/// With a replay check each token leaves a mark, up to the bound, and then none passes: none that was used is
/// forgotten.
#[test]
fn used_tokens_take_no_more_than_the_store_may() {
    let _alone = alone();
    let before = Memory::now();
    let (store, cache) =
        (Arc::new(MemoryReplays::new(MANY / 2).with_clock(stopped_at(NOW))), cache(TokenCache::builder()));
    let (guard, _receiver) = guard(&cache);
    let guard = guard.replay(ReplayCheck::new(Arc::clone(&store))).build().unwrap();
    for_each(MANY / 2, |number| assert_eq!(verdict(&guard, &good(number)), None));
    for number in MANY / 2..MANY / 2 + 100 {
        assert_eq!(verdict(&guard, &good(number)), Some((503, "unavailable")));
    }
    for number in 0..100 {
        assert_eq!(verdict(&guard, &good(number)), Some((401, "replayed")));
    }
    let kept = before.more() - cache.bytes().min(before.more());
    println!("{} used tokens: {} bytes each", store.len(), each(store.memory_bytes(), store.len()));
    assert_eq!(store.len(), MANY / 2);
    assert!(kept <= store.memory_bytes() + SLACK, "{kept}, {}", store.memory_bytes());
    assert!(store.memory_bytes() <= 43 * store.len(), "{}", store.memory_bytes());
}

/// What an entry takes, by the allocator, and by what the store says of itself: no less.
#[test]
fn memory_by_entry() {
    fn show(what: &str, before: &Memory, count: usize, said: usize) {
        let (more, most) = (before.more(), before.most());
        println!(
            "{count} {what}: {} bytes an entry, {} at most while it grew; {} by its own account",
            each(more, count),
            each(most, count),
            each(said, count)
        );
        assert!(more <= said + SLACK, "{what}: {more}, {said}");
    }
    let _alone = alone();
    let until = stopped_at(NOW).now() + Duration::from_secs(300);
    let before = Memory::now();
    let store = MemoryRevocations::new(MANY).with_clock(stopped_at(NOW));
    for number in 0..MANY {
        store.insert(&Revocation::token_id(ISSUER, format!("{number:022}"), until)).unwrap();
    }
    show("revoked IDs", &before, store.len(), store.memory_bytes());
    drop(store);
    let before = Memory::now();
    let store = MemoryReplays::new(MANY).with_clock(stopped_at(NOW));
    for number in 0..MANY {
        assert!(store.insert(TokenUse::new(ISSUER, &format!("{number:022}"), until.into())).unwrap());
    }
    show("used IDs", &before, store.len(), store.memory_bytes());
    drop(store);
    let (verifier, before) = (verifier(), Memory::now());
    // Each of its parts has its share of the room, and some get more tokens than others.
    let cache = TokenCache::builder().entries(MANY + MANY / 10).bytes(4000 * MANY).build().unwrap();
    for_each(MANY, |number| drop(cache.verify::<NoClaims>(&verifier, &good(number)).unwrap()));
    assert_eq!(cache.len(), MANY);
    println!("a token of {} bytes, its claims of {}", good(0).len(), claims(0, AUDIENCE, NOW + 300).len());
    show("cached tokens", &before, cache.len(), cache.bytes());
}
