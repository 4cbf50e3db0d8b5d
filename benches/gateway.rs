//! The gateway's parts beside the crypto that they save or add to: the guard with and without cache, on one thread and
//! on two, the cache's hit beside the verification that it skips, the audit trail by its sink, revocation and replay
//! beside an HS256 verification, at a million entries. `gateway_ratios` says how they compare.

mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use countersign::gateway::audit::{Audit, AuditBuilder, JsonLines, channel};
use countersign::gateway::propagation::{Propagation, Service};
use countersign::gateway::replay::{MemoryReplays, TokenUse};
use countersign::gateway::revocation::{MemoryRevocations, Revocable, Revocation, RevocationCheck};
use countersign::profile::access_token::Grant;
use countersign::{AccessToken, AccessTokenIssuer, JweAlgorithm, JwsAlgorithm, NoClaims, NumericDate};
use criterion::Criterion;
use support::gateway::{
    AUDIENCE, FEW, ISSUER, MANY, Nowhere, Parties, admit, at_once, cache, no_op_trail, on_threads,
};
use support::signing_key;

const MILLION: usize = 1_000_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    guard(&mut criterion);
    cached(&mut criterion);
    audit(&mut criterion);
    stores(&mut criterion);
    propagation(&mut criterion);
    criterion.final_summary();
}

/// What an event of a cache's hit costs, by where it goes.
fn audit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("audit");
    let parties = Parties::new(JwsAlgorithm::Es256, false);
    let (verifier, token) = (parties.verifier(), parties.token());
    let verified: AccessToken<NoClaims> = verifier.verify(&token).expect("it is in order");
    // Full, as a queue that nobody empties soon is, and emptied by the event before.
    let ((full, _unread), (emptied, mut receiver)) =
        (channel(1).expect("it has room"), channel(16).expect("it has room"));
    let trails: [(&str, AuditBuilder); 4] = [
        ("no-op sink", Audit::builder(Nowhere)),
        ("lines of JSON", Audit::builder(JsonLines::new(std::io::sink()))),
        ("channel, full", Audit::builder(full)),
        ("channel and receiver", Audit::builder(emptied)),
    ];
    for (name, trail) in trails {
        let trail = trail.build().expect("nothing is missing");
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut decision = trail.begin();
                decision.request_id("request-9");
                decision.token(black_box(&token));
                decision.cache_hit(true);
                decision.accepted(&verified);
                receiver.try_recv()
            });
        });
    }
    group.finish();
}

/// A request from its field to its verified token, beside the verification alone. Decisions go to a trail that ends
/// nowhere.
fn guard(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("guard");
    for (name, nested) in [("ES256", false), ("nested ES256", true)] {
        let parties = Parties::new(JwsAlgorithm::Es256, nested);
        let requests = parties.authorizations(MANY);
        let field = |turn: usize| requests.get(turn % MANY).map_or("", String::as_str);
        let verifier = parties.verifier();
        let without = parties.guard(Some(no_op_trail())).build().expect("nothing is missing");
        // All of them fit in.
        let hit = parties.guard(Some(no_op_trail())).cache(cache(64 * MANY));
        let hit = hit.build().expect("nothing is missing");
        (0..MANY).for_each(|turn| admit(&hit, field(turn)));
        // By the time that one comes again, as many others came as make it go.
        let miss = parties.guard(Some(no_op_trail())).cache(cache(FEW));
        let (miss, next) = (miss.build().expect("nothing is missing"), AtomicUsize::new(0));
        let operations: [(&str, &(dyn Fn(usize) + Sync)); 4] = [
            ("beside/verify", &|turn| {
                let (_, token) = field(turn).split_at("Bearer ".len());
                black_box(verifier.verify::<NoClaims>(token).expect("it is in order"));
            }),
            ("without cache", &|turn| admit(&without, field(turn))),
            ("cache, miss", &|_| admit(&miss, field(next.fetch_add(1, Ordering::Relaxed)))),
            ("cache, hit", &|turn| admit(&hit, field(turn))),
        ];
        for (what, operation) in operations {
            for (threads, on) in [(1, "1 thread"), (2, "2 threads")] {
                group.bench_function(format!("{name}/{what}/{on}"), |bencher| {
                    bencher.iter_custom(|times| {
                        on_threads(threads, usize::try_from(times).unwrap_or(usize::MAX), operation)
                    });
                });
            }
        }
    }
    group.finish();
}

fn cached(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cache");
    for (name, nested) in [("ES256", false), ("nested ES256", true)] {
        let parties = Parties::new(JwsAlgorithm::Es256, nested);
        let (verifier, token, cache) = (parties.verifier(), parties.token(), cache(10_000));
        group.bench_function(format!("{name}/without"), |bencher| {
            bencher.iter(|| verifier.verify::<NoClaims>(black_box(&token)).expect("it is in order"));
        });
        group.bench_function(format!("{name}/hit"), |bencher| {
            bencher.iter(|| cache.verify::<NoClaims>(&verifier, black_box(&token)).expect("it is in order"));
        });
    }
    group.finish();
}

/// A token minted for a service, beside the one that its authorization server issues.
fn propagation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("propagation");
    let parties = Parties::new(JwsAlgorithm::Es256, false);
    let (verifier, text) = (parties.verifier(), parties.token());
    let token: AccessToken<NoClaims> = verifier.verify(&text).expect("it is in order");
    let issuer =
        AccessTokenIssuer::builder(signing_key(JwsAlgorithm::Es256)).issuer(ISSUER).audience(AUDIENCE);
    let issuer = issuer.lifetime(Duration::from_secs(60)).build().expect("nothing is missing");
    let grant = Grant::to("user-17", "client-4").scopes(["orders:read"]);
    group.bench_function("beside/ES256 issue", |bencher| {
        bencher.iter(|| issuer.issue(black_box(&grant)).expect("it can be signed"));
    });
    let enc = countersign::ContentEncryption::A256Gcm;
    let key = support::decryption_key(JweAlgorithm::EcdhEsA256Kw, "P-256", enc);
    let key = key.encryption_key().expect("it has a public half");
    let service = |audience| Service::new(audience).scopes(["orders:read"]);
    for algorithm in [JwsAlgorithm::Es256, JwsAlgorithm::Ed25519] {
        let propagation = Propagation::builder(signing_key(algorithm))
            .issuer("https://gateway.example.com")
            .subjects_of(ISSUER)
            .service("plain", service("https://a.internal"))
            .service("nested", service("https://b.internal").encrypt_for(key.clone_key()))
            .build()
            .expect("nothing is missing");
        for name in ["plain", "nested"] {
            group.bench_function(format!("{algorithm} {name}/mint"), |bencher| {
                bencher.iter(|| propagation.mint(black_box(&token), name).expect("it can be signed"));
            });
        }
    }
    group.finish();
}

fn stores(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store");
    let parties = Parties::new(JwsAlgorithm::Hs256, false);
    let (verifier, text) = (parties.verifier(), parties.token());
    group.bench_function("beside/HS256 verify", |bencher| {
        bencher.iter(|| verifier.verify::<NoClaims>(black_box(&text)).expect("it is in order"));
    });
    let token: AccessToken<NoClaims> = verifier.verify(&text).expect("it is in order");

    let store = Arc::new(MemoryRevocations::new(MILLION + 10));
    let until = SystemTime::now() + Duration::from_secs(86_400);
    for id in 0..MILLION {
        let revocation = Revocation::token_id(ISSUER, id.to_string(), until);
        store.insert(&revocation).expect("there is room");
    }
    #[allow(clippy::print_stdout, reason = "a figure to show")]
    {
        println!("a million revoked IDs: {} bytes", store.memory_bytes());
    }
    group.bench_function("revoked ID/look-up", |bencher| {
        bencher.iter(|| store.contains(Revocable::of(black_box(&token))));
    });
    // Another million, so that no table is in the processor's cache for being asked about one name.
    let names: Vec<String> = (0..MILLION).map(|id| id.to_string()).collect();
    let replays = MemoryReplays::new(MILLION);
    let expires_at = NumericDate::from(until);
    for name in &names {
        replays.insert(TokenUse::new(ISSUER, name, expires_at)).expect("there is room");
    }
    let mut position = 0;
    group.bench_function("used ID/each time another", |bencher| {
        bencher.iter(|| {
            position = (position + 7919) % names.len();
            let name = names.get(position).expect("it is less than the length");
            replays.insert(TokenUse::new(ISSUER, name, expires_at))
        });
    });
    let check = RevocationCheck::new(Arc::clone(&store));
    group.bench_function("revoked ID/check", |bencher| {
        bencher.iter(|| at_once(check.check(black_box(&token))));
    });
    store
        .insert(&Revocation::session(ISSUER, "s", until))
        .and_then(|()| store.insert(&Revocation::key_id(ISSUER, "k", until)))
        .and_then(|()| store.insert(&Revocation::subject_before(ISSUER, "x", until, until)))
        .and_then(|()| store.insert(&Revocation::issuer_before("x", until, until)))
        .expect("there is room");
    group.bench_function("every kind/look-up", |bencher| {
        bencher.iter(|| store.contains(Revocable::of(black_box(&token))));
    });
    group.finish();
}
