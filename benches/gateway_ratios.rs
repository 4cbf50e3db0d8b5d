//! What the gateway promises as ratios, each computed within one run: operations take turns, a batch of about a
//! millisecond each, and what is printed is the median over the rounds of their times or of their quotients. So a busy
//! machine slows all of them down, and the quotients stay.
//!
//! `cargo bench --all-features --bench gateway_ratios` prints; with `-- --check` it fails where a target is missed.
//! As a test, `cargo test --features gateway --bench gateway_ratios`, each operation runs once and nothing is measured.

#![allow(clippy::print_stdout, reason = "figures to show")]

mod support;

use std::cell::Cell;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use countersign::gateway::Guard;
use countersign::gateway::audit::{Audit, JsonLines};
use countersign::gateway::revocation::{MemoryRevocations, Revocable, Revocation};
use countersign::{AccessToken, JwsAlgorithm, NoClaims};
use support::gateway::{FEW, ISSUER, MANY, Parties, admit, cache, no_op_trail, on_threads};

/// About how long one operation runs until it is the next one's turn.
const BATCH: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    // cargo bench says `--bench`; cargo test says nothing.
    let run = if has("--bench") && !has("--test") { Run::Measured } else { Run::Once };
    let mut report = Report { run, all_met: true };
    for nested in [false, true] {
        guard(&mut report, nested);
    }
    threads(&mut report);
    look_up(&mut report);
    if has("--check") && !report.all_met { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The guard on one thread, beside the verification alone.
fn guard(report: &mut Report, nested: bool) {
    let parties = Parties::new(JwsAlgorithm::Es256, nested);
    let (verifier, requests) = (parties.verifier(), parties.authorizations(MANY));
    let (bare, trail) = (guard_of(&parties, None), guard_of(&parties, Some(no_op_trail())));
    let lines = guard_of(&parties, Some(json_lines()));
    let known = cache(64);
    let build =
        |audit, entries| parties.guard(audit).cache(cache(entries)).build().expect("nothing is missing");
    let (hit, hit_lines) = (build(Some(no_op_trail()), 64), build(Some(json_lines()), 64));
    let small = Arc::new(cache(FEW));
    let miss = parties.guard(Some(no_op_trail())).cache(Arc::clone(&small));
    let miss = miss.build().expect("nothing is missing");
    let next = Cell::new(0_usize);
    // Other tokens each time are dearer for the processor, whoever verifies them.
    let another = || {
        let turn = next.replace(next.get() + 1);
        requests.get(turn % MANY).map_or("", String::as_str)
    };
    let first = requests.first().expect("there are many").as_str();
    let (_, token) = first.split_at("Bearer ".len());
    let mut operations: [(&str, Operation<'_>); 9] = [
        ("verifier alone", &|| {
            black_box(verifier.verify::<NoClaims>(black_box(token)).expect("it is in order"));
        }),
        ("guard, no audit trail", &|| admit(&bare, black_box(first))),
        ("guard, audit to a no-op sink", &|| admit(&trail, black_box(first))),
        ("guard, audit to lines of JSON", &|| admit(&lines, black_box(first))),
        ("verifier alone, another token each time", &|| {
            let (_, token) = another().split_at("Bearer ".len());
            black_box(verifier.verify::<NoClaims>(black_box(token)).expect("it is in order"));
        }),
        ("guard with cache, miss, no-op sink", &|| admit(&miss, another())),
        ("cache alone, hit", &|| {
            black_box(known.verify::<NoClaims>(&verifier, black_box(token)).expect("it is in order"));
        }),
        ("guard with cache, hit, no-op sink", &|| admit(&hit, black_box(first))),
        ("guard with cache, hit, lines of JSON", &|| admit(&hit_lines, black_box(first))),
    ];
    let kind = if nested { "nested ES256" } else { "ES256" };
    let Some(times) = report.measure(kind, &mut operations) else { return };
    assert_eq!(small.hits(), 0, "what was measured as a miss wasn't one");
    let [alone, bare, trail, lines, others, miss, known, hit, hit_lines] = times.each_ref();
    for (what, time) in [("no audit trail", bare), ("no-op sink", trail), ("lines of JSON", lines)] {
        // An encrypted token is dearer to verify, so its share would say less.
        let target = (!nested).then_some(Target::AtMost(5.0));
        report.says(&format!("{kind}, guard's own share, {what}"), share(time, alone), "%", target);
    }
    let target = (!nested).then_some(Target::AtMost(5.0));
    report.says(
        &format!("{kind}, guard's own share of a miss, no-op sink"),
        share(miss, others),
        "%",
        target,
    );
    // The same without the noise of a verification: what a hit in the guard takes beyond a hit in the cache.
    let beyond = known.iter().zip(hit).zip(alone).map(|((known, hit), alone)| (hit - known) / alone * 100.0);
    report.says(&format!("{kind}, guard's own share by its hits, no-op sink"), beyond.collect(), "%", None);
    for (what, time) in
        [("cache alone", known), ("guard, no-op sink", hit), ("guard, lines of JSON", hit_lines)]
    {
        let target = (!nested && what != "guard, lines of JSON").then_some(Target::AtLeast(40.0));
        report.says(
            &format!("{kind}, verifications in the time of a hit, {what}"),
            quotient(alone, time),
            "",
            target,
        );
    }
}

fn guard_of(parties: &Parties, audit: Option<Audit>) -> Guard {
    parties.guard(audit).build().expect("nothing is missing")
}

fn json_lines() -> Audit {
    Audit::builder(JsonLines::new(std::io::sink())).build().expect("nothing is missing")
}

/// How much more two threads get done than one.
fn threads(report: &mut Report) {
    let parties = Parties::new(JwsAlgorithm::Es256, false);
    let requests = parties.authorizations(MANY);
    let without = guard_of(&parties, Some(no_op_trail()));
    let hit = parties.guard(Some(no_op_trail())).cache(cache(64 * MANY)).build();
    let hit = hit.expect("nothing is missing");
    let field = |turn: usize| requests.get(turn % MANY).map_or("", String::as_str);
    (0..MANY).for_each(|turn| admit(&hit, field(turn)));
    for (what, guard, times) in [("without cache", &without, 20), ("hit", &hit, 1000)] {
        let on = |threads| on_threads(threads, times, |turn| admit(guard, field(turn))).as_secs_f64();
        let rounds = if report.run == Run::Once { 1 } else { Report::ROUNDS };
        let gain = (0..rounds).map(|_| 2.0 * on(1) / on(2)).collect();
        if report.run == Run::Measured {
            // Above 2 only by chance; with other work on the machine's processors, below 1.
            report.says(
                &format!("ES256, {what}: two threads do so many times as much as one"),
                gain,
                "",
                None,
            );
        }
    }
}

/// A look-up among a million revoked IDs, beside an HS256 verification.
fn look_up(report: &mut Report) {
    let entries = if report.run == Run::Once { 1000 } else { 1_000_000 };
    let parties = Parties::new(JwsAlgorithm::Hs256, false);
    let (verifier, text) = (parties.verifier(), parties.token());
    let token: AccessToken<NoClaims> = verifier.verify(&text).expect("it is in order");
    let store = Arc::new(MemoryRevocations::new(entries));
    let until = SystemTime::now() + Duration::from_secs(86_400);
    for id in 0..entries {
        store.insert(&Revocation::token_id(ISSUER, id.to_string(), until)).expect("there is room");
    }
    let mut operations: [(&str, Operation<'_>); 2] = [
        ("verifier alone", &|| {
            black_box(verifier.verify::<NoClaims>(black_box(&text)).expect("it is in order"));
        }),
        ("look-up among a million revoked IDs", &|| {
            black_box(store.contains(Revocable::of(black_box(&token)))).expect("it is in memory");
        }),
    ];
    let Some([_, look_up]) = report.measure("HS256", &mut operations) else { return };
    report.says("a look-up among a million revoked IDs", look_up, "ns", Some(Target::AtMost(200.0)));
}

type Operation<'a> = &'a dyn Fn();

#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    Once,
    Measured,
}

enum Target {
    AtMost(f64),
    AtLeast(f64),
}

struct Report {
    run: Run,
    all_met: bool,
}

impl Report {
    const ROUNDS: usize = 301;

    /// The times of each operation in nanoseconds, by round.
    fn measure<const N: usize>(
        &self,
        kind: &str,
        operations: &mut [(&str, Operation<'_>); N],
    ) -> Option<[Vec<f64>; N]> {
        operations.iter().for_each(|(_, operation)| operation());
        if self.run == Run::Once {
            return None;
        }
        let batches = operations.each_ref().map(|(_, operation)| batch(operation));
        let mut times = [const { Vec::new() }; N];
        let mut order = std::array::from_fn::<_, N, _>(|place| place);
        let mut random = 1;
        for _ in 0..Self::ROUNDS {
            // So that each runs after each of the others at times.
            shuffle(&mut order, &mut random);
            for place in order {
                let (Some((_, operation)), Some(batch), Some(times)) =
                    (operations.get(place), batches.get(place), times.get_mut(place))
                else {
                    continue;
                };
                // What the one before pushed out of the processor's caches comes back.
                operation();
                times.push(nanoseconds(*batch, operation));
            }
        }
        for ((name, _), times) in operations.iter().zip(&times) {
            println!("{:<72} {:>10.0} ns", format!("{kind}: {name}"), median(times.clone()));
        }
        Some(times)
    }

    fn says(&mut self, what: &str, by_round: Vec<f64>, unit: &str, target: Option<Target>) {
        let found = median(by_round);
        let verdict = match target {
            None => String::new(),
            Some(Target::AtMost(most)) => self.verdict(found <= most, format!("at most {most}")),
            Some(Target::AtLeast(least)) => self.verdict(found >= least, format!("at least {least}")),
        };
        println!("{what:<72} {found:>10.1} {unit:<2} {verdict}");
    }

    fn verdict(&mut self, met: bool, target: String) -> String {
        self.all_met &= met;
        format!("{target}: {}", if met { "met" } else { "MISSED" })
    }
}

/// How often it fits into [`BATCH`].
fn batch(operation: Operation<'_>) -> u32 {
    let mut times = 1;
    loop {
        let started = Instant::now();
        (0..times).for_each(|_| operation());
        if started.elapsed() >= BATCH || times >= 1 << 20 {
            return times;
        }
        times *= 2;
    }
}

/// The same order of things in each run.
fn shuffle(order: &mut [usize], random: &mut u64) {
    for end in (1..order.len()).rev() {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let range = u64::try_from(end + 1).unwrap_or(u64::MAX);
        order.swap(end, usize::try_from((*random >> 33) % range).unwrap_or(0));
    }
}

fn nanoseconds(times: u32, operation: Operation<'_>) -> f64 {
    let started = Instant::now();
    (0..times).for_each(|_| operation());
    started.elapsed().as_secs_f64() * 1e9 / f64::from(times)
}

/// By round, how much more than that this is, in per cent of that.
fn share(this: &[f64], that: &[f64]) -> Vec<f64> {
    quotient(this, that).iter().map(|quotient| (quotient - 1.0) * 100.0).collect()
}

fn quotient(this: &[f64], that: &[f64]) -> Vec<f64> {
    this.iter().zip(that).map(|(this, that)| this / that).collect()
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}
