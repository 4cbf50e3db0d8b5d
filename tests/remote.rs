//! Keys from elsewhere, in time that the test moves: how long a set is kept, when it is fetched, what an outage
//! does, and which answers replace nothing.

#![cfg(feature = "remote-keys")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "support/remote.rs"]
mod remote;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use countersign::jwt::SourcedVerifier;
use countersign::keys::remote::{
    FetchProblem, HttpClient, HttpFailure, HttpFuture, HttpResponse, KeySnapshot, KeySource, KeySourceEvent,
    KeySourceFuture, RemoteJwks, RemoteJwksBuilder, Runtime as _,
};
use countersign::profile::access_token::Provider;
use countersign::{
    AccessTokenVerifier, Error, JwkSet, JwsAlgorithm, JwtIssuer, JwtVerifier, NoClaims, SigningKey, danger,
    jws,
};
use remote::{Answer, Server, Virtual, all, key, published};

const URL: &str = "https://id.example.com/jwks";

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn token(key: &SigningKey) -> String {
    let issuer = JwtIssuer::builder(key.clone_key())
        .without_issuer()
        .without_audience()
        .lifetime(Duration::from_secs(300))
        .build()
        .unwrap();
    issuer.issue("user-17", &NoClaims).unwrap()
}

fn verifier(source: impl KeySource + 'static) -> SourcedVerifier {
    SourcedVerifier::new(source, |keys| {
        JwtVerifier::builder(keys.keys().clone()).any_issuer().any_audience().build()
    })
}

/// A source, its server, and one key that is published.
struct Scene {
    time: Virtual,
    server: Server,
    source: RemoteJwks,
    key: SigningKey,
}

fn scene() -> Scene {
    scene_of(RemoteJwks::from_url(URL))
}

fn scene_of(builder: RemoteJwksBuilder) -> Scene {
    let time = Virtual::new();
    let key = key("a");
    let server = Server::new(&time, Answer::ok(published(&[&key])));
    let source = server.source(builder);
    Scene { time, server, source, key }
}

impl Scene {
    fn keys(&self) -> Result<KeySnapshot, Error> {
        self.time.block_on(self.source.keys(None, None))
    }

    fn newer(&self, seen: &KeySnapshot) -> Result<KeySnapshot, Error> {
        self.time.block_on(self.source.keys(Some("unknown"), Some(seen)))
    }
}

fn code(result: Result<KeySnapshot, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "keys")
}

#[test]
fn a_set_is_kept_and_the_next_fetched_ahead_of_its_end() {
    let scene = scene();
    assert_eq!(scene.keys().unwrap().generation(), 1);
    scene.time.pass(secs(269));
    scene.keys().unwrap();
    assert_eq!(scene.server.requests(), 1);
    // By now, whatever of those 30 s is left out.
    scene.time.pass(secs(16));
    // Nobody waits for this one, though it takes a while.
    scene.server.then(Answer::ok(published(&[&scene.key])).after(3));
    let before = scene.time.passed();
    scene.keys().unwrap();
    assert_eq!(scene.time.passed(), before);
    scene.time.pass(secs(4));
    assert_eq!(scene.server.requests(), 2);
    // Its time counts from when it was asked for.
    scene.time.pass(secs(265));
    scene.keys().unwrap();
    assert_eq!(scene.server.requests(), 2);
    scene.time.pass(secs(16));
    scene.keys().unwrap();
    scene.time.pass(secs(1));
    assert_eq!(scene.server.requests(), 3);
}

#[test]
fn gateways_that_start_together_fetch_ahead_at_times_of_their_own() {
    for (ahead, earliest, latest) in [(30, 270, 285), (59, 241, 271), (0, 300, 300)] {
        let scenes: Vec<_> =
            (0..50).map(|_| scene_of(RemoteJwks::from_url(URL).refresh_ahead(secs(ahead)))).collect();
        for scene in &scenes {
            scene.keys().unwrap();
            for _ in 0..600 {
                scene.time.pass(secs(1));
                scene.keys().unwrap();
            }
        }
        let firsts: BTreeSet<_> = scenes.iter().map(|scene| scene.server.times()[1]).collect();
        assert!(firsts.iter().all(|time| (secs(earliest)..=secs(latest)).contains(time)), "{firsts:?}");
        // Of 50, some differ, unless there is nothing to be left out.
        assert_eq!(firsts.len() > 1, ahead > 0, "{firsts:?}");
        // Each keeps to its own time, so that those that differ go on to do so, by more each time.
        for scene in &scenes {
            let times = scene.server.times();
            assert_eq!(times[2], times[1] * 2, "{times:?}");
        }
    }
}

#[test]
fn a_set_whose_time_is_over_is_fetched_before_it_is_used() {
    let scene = scene();
    scene.keys().unwrap();
    scene.time.pass(secs(300));
    let other = key("b");
    scene.server.then(Answer::ok(published(&[&other])).after(2));
    assert_eq!(scene.keys().unwrap().generation(), 2);
    assert_eq!(scene.time.passed(), secs(302));
}

#[test]
fn the_answer_says_how_long_within_bounds() {
    for (field, value, kept) in [
        ("Cache-Control", "max-age=600", 600),
        ("Cache-Control", "max-age=1", 60),
        ("Cache-Control", "no-store", 60),
        ("Cache-Control", "max-age=86400", 3600),
        ("Cache-Control", "public", 300),
        ("Expires", "0", 60),
    ] {
        let scene = scene_of(RemoteJwks::from_url(URL).refresh_ahead(Duration::ZERO));
        let body = published(&[&scene.key]);
        scene.server.always(Answer::Is(HttpResponse::new(200, body).with_field(field, value)));
        scene.keys().unwrap();
        scene.time.pass(secs(kept - 1));
        scene.keys().unwrap();
        assert_eq!(scene.server.requests(), 1, "{value}");
        scene.time.pass(secs(1));
        scene.keys().unwrap();
        assert_eq!(scene.server.requests(), 2, "{value}");
    }
}

#[test]
fn callers_that_saw_the_same_set_have_one_fetch_between_them() {
    let scene = scene();
    scene.server.then(Answer::ok(published(&[&scene.key])).after(2));
    let first = scene.time.block_on(all((0..100).map(|_| scene.source.keys(None, None))));
    assert!(first.iter().all(Result::is_ok));
    assert_eq!(scene.server.requests(), 1);

    let seen = first.into_iter().next().unwrap().unwrap();
    scene.server.then(Answer::ok(published(&[&scene.key])).after(2));
    let asked = all((0..100).map(|_| scene.source.keys(Some("z"), Some(&seen))));
    let newer = scene.time.block_on(asked);
    assert_eq!(scene.server.requests(), 2);
    // The same keys are no new generation, and a later answer all the same: who comes late doesn't ask again.
    for again in newer {
        let again = again.unwrap();
        assert_eq!((again.generation(), again.is_newer_than(&seen)), (1, true));
    }
    scene.time.pass(secs(60));
    assert!(scene.newer(&seen).unwrap().is_newer_than(&seen));
    assert_eq!(scene.server.requests(), 2);
}

#[test]
fn a_caller_waits_for_a_bounded_time() {
    let scene = scene();
    scene.server.then(Answer::ok(published(&[&scene.key])).after(7));
    assert_eq!(code(scene.keys()), "key_source_unavailable");
    assert_eq!(scene.time.passed(), secs(5));
    // The fetch goes on without it.
    scene.time.pass(secs(3));
    scene.source.snapshot().unwrap();
    assert_eq!(scene.server.requests(), 1);
}

#[test]
fn a_caller_that_gives_up_stops_nobody_elses_fetch() {
    let scene = scene();
    scene.server.then(Answer::ok(published(&[&scene.key])).after(1));
    drop(scene.source.keys(None, None));
    assert_eq!(scene.server.requests(), 0);
    {
        let mut given_up = scene.source.keys(None, None);
        let mut context = Context::from_waker(Waker::noop());
        assert!(given_up.as_mut().poll(&mut context).is_pending());
    }
    scene.keys().unwrap();
    assert_eq!(scene.server.requests(), 1);
}

#[test]
fn a_snapshot_is_given_at_once_and_fetched_behind_it() {
    let scene = scene();
    assert_eq!(code(scene.source.snapshot()), "key_source_unavailable");
    scene.time.pass(secs(1));
    assert_eq!(scene.source.snapshot().unwrap().generation(), 1);
    scene.source.snapshot().unwrap();
    assert_eq!(scene.server.requests(), 1);
}

#[test]
fn a_rotated_key_is_found_by_the_first_token_that_names_it() {
    let scene = scene();
    let verifier = verifier(scene.source.clone());
    let verify = |token: &str| scene.time.block_on(verifier.verify::<NoClaims>(token)).map(drop);
    verify(&token(&scene.key)).unwrap();
    let next = key("b");
    assert_eq!(verify(&token(&next)).unwrap_err(), Error::NoMatchingKey);
    assert_eq!(scene.server.requests(), 2);
    scene.server.always(Answer::ok(published(&[&scene.key, &next])));
    // Two in 30 s, so this one is refused though it is good; a moment later it isn't.
    assert_eq!(verify(&token(&next)).unwrap_err(), Error::NoMatchingKey);
    scene.time.pass(secs(30));
    verify(&token(&next)).unwrap();
    verify(&token(&scene.key)).unwrap();
    assert_eq!(scene.server.requests(), 3);
}

#[test]
fn an_issuer_may_change_its_algorithm() {
    let scene = scene();
    let verifier = verifier(scene.source.clone());
    scene.time.block_on(verifier.verify::<NoClaims>(&token(&scene.key))).unwrap();
    let next = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("b");
    let refused = scene.time.block_on(verifier.verify::<NoClaims>(&token(&next))).unwrap_err();
    assert_eq!(refused.code(), "algorithm_not_allowed");
    scene.time.pass(secs(30));
    scene.server.always(Answer::ok(published(&[&next])));
    scene.time.block_on(verifier.verify::<NoClaims>(&token(&next))).unwrap();
    // Back to the first, which is withdrawn.
    let refused = scene.time.block_on(verifier.verify::<NoClaims>(&token(&scene.key))).unwrap_err();
    assert_eq!(refused.code(), "algorithm_not_allowed");
}

#[test]
fn a_verifier_is_built_once_for_each_set() {
    let scene = scene();
    let built = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&built);
    let verifier = SourcedVerifier::new(scene.source.clone(), move |keys| {
        count.fetch_add(1, Ordering::SeqCst);
        JwtVerifier::builder(keys.keys().clone()).any_issuer().any_audience().build()
    });
    for _ in 0..3 {
        scene.time.block_on(verifier.verify::<NoClaims>(&token(&scene.key))).unwrap();
        scene.time.pass(secs(400));
    }
    assert_eq!(built.load(Ordering::SeqCst), 1);
    // What no verifier can be built of is the application's to see.
    let broken = SourcedVerifier::<JwtVerifier>::new(scene.source.clone(), |_| {
        JwtVerifier::builder(key("c").verifying_key()?).build()
    });
    let error = scene.time.block_on(broken.verify::<NoClaims>(&token(&scene.key))).unwrap_err();
    assert_eq!(error.code(), "misuse");
}

#[test]
fn a_set_that_is_written_in_another_way_is_the_same_set() {
    let scene = scene();
    let (a, b) = (scene.key.to_public_jwk().unwrap(), key("b").to_public_jwk().unwrap());
    let (a, b) = (a.to_public_json().unwrap(), b.to_public_json().unwrap());
    // Its members in the opposite order.
    let members: Vec<_> = a.trim_matches(['{', '}']).split(',').rev().collect();
    let reversed = format!("{{ {} }}", members.join(" ,\n"));
    let one = "Keys".to_owned();
    for (body, generation) in [
        (format!(r#"{{"keys":[{a},{b}]}}"#), 1),
        (format!("{{\"keys\" : [ {b}, {reversed} ] }}\n"), 1),
        (format!(r#"{{"keys":[{a},{b}],"name":"{one}"}}"#), 2),
        (format!(r#"{{"name":"{one}","keys":[{b},{a}]}}"#), 2),
        (format!(r#"{{"keys":[{a},{a}]}}"#), 3),
        (format!(r#"{{"keys":[{a}]}}"#), 4),
        (format!(r#"{{"keys":[{}]}}"#, a.replace(r#""kid":"a""#, r#""kid":"c""#)), 5),
    ] {
        scene.server.always(Answer::ok(body.clone()));
        assert_eq!(scene.keys().unwrap().generation(), generation, "{body}");
        scene.time.pass(secs(300));
    }
    let unchanged = |event: &KeySourceEvent| matches!(event, KeySourceEvent::Unchanged { .. });
    assert_eq!(scene.server.events().iter().filter(|event| unchanged(event)).count(), 2);
}

#[test]
fn failures_count_and_are_followed_by_longer_and_longer_pauses() {
    let scene = scene();
    scene.server.always(Answer::down());
    for _ in 0..6000 {
        assert_eq!(code(scene.keys()), "key_source_unavailable");
        scene.time.pass(Duration::from_millis(100));
    }
    // In every 30 s at most two.
    let times = scene.server.times();
    for window in times.windows(3) {
        assert!(window[2] - window[0] >= secs(30), "{window:?}");
    }
    // In ten minutes forty at most by that rule, and fewer by the pauses: 32 s at most, 16 s at least.
    assert!((18..=40).contains(&times.len()), "{}", times.len());
    let last = times.windows(2).skip(8).map(|pair| pair[1] - pair[0]);
    assert!(
        last.clone().all(|pause| pause >= secs(15) && pause <= secs(33)),
        "{:?}",
        last.collect::<Vec<_>>()
    );
    // All pauses of the same length would have a fleet come back as one.
    assert!(last.clone().max() != last.min());
    // It comes back by itself.
    scene.server.always(Answer::ok(published(&[&scene.key])));
    scene.time.pass(secs(33));
    scene.keys().unwrap();
}

#[test]
fn what_cant_be_looked_up_is_no_bad_token() {
    let scene = scene();
    let verifier = verifier(scene.source.clone());
    scene.time.block_on(verifier.verify::<NoClaims>(&token(&scene.key))).unwrap();
    scene.server.always(Answer::down());
    let unknown = token(&key("b"));
    for _ in 0..3 {
        let error = scene.time.block_on(verifier.verify::<NoClaims>(&unknown)).unwrap_err();
        assert_eq!((error.code(), error.http_status()), ("key_source_unavailable", 503));
        assert!(!error.is_invalid_token());
    }
    assert_eq!(scene.server.requests(), 2);
    // Known keys verify meanwhile.
    scene.time.block_on(verifier.verify::<NoClaims>(&token(&scene.key))).unwrap();
}

#[test]
fn a_key_that_a_slow_answer_may_hold_is_no_bad_token() {
    let scene = scene();
    let verifier = verifier(scene.source.clone());
    let verify = |token: &str| scene.time.block_on(verifier.verify::<NoClaims>(token)).map(drop);
    verify(&token(&scene.key)).unwrap();
    scene.time.pass(secs(31));
    let next = key("b");
    scene.server.always(Answer::ok(published(&[&scene.key, &next])).after(14));
    // Two wait for a fetch; the third may begin none while those two are in the air.
    for waited in [5, 5, 0] {
        let before = scene.time.passed();
        assert_eq!(verify(&token(&next)).unwrap_err(), Error::KeySourceUnavailable);
        assert_eq!(scene.time.passed() - before, secs(waited));
    }
    assert_eq!(scene.server.requests(), 3);
    scene.time.pass(secs(5));
    verify(&token(&next)).unwrap();
    scene.time.pass(secs(10));

    // Its twin: the server answers in time and doesn't have the key, and neither will the slow answer,
    // which started before.
    scene.time.pass(secs(31));
    scene.server.then(Answer::ok(published(&[&scene.key])).after(14));
    scene.server.then(Answer::ok(published(&[&scene.key])));
    let unknown = token(&key("c"));
    assert_eq!(verify(&unknown).unwrap_err(), Error::KeySourceUnavailable);
    for _ in 0..2 {
        assert_eq!(verify(&unknown).unwrap_err(), Error::NoMatchingKey);
    }
    assert_eq!(scene.server.requests(), 5);
}

#[test]
fn a_server_that_hangs_is_waited_for_once_and_the_held_set_given_meanwhile() {
    let scene = scene();
    scene.keys().unwrap();
    scene.server.always(Answer::Never);
    // Nobody asked in time for a fetch ahead of the end: the first who comes after it waits, and no one else.
    scene.time.pass(secs(300));
    let mut waits = Vec::new();
    while scene.time.passed() < secs(600) {
        let before = scene.time.passed();
        assert_eq!(scene.keys().unwrap().generation(), 1);
        waits.extend(Some(scene.time.passed() - before).filter(|waited| !waited.is_zero()));
        scene.time.pass(secs(1));
    }
    assert_eq!(waits, [secs(5)]);
    let events = scene.server.events();
    let stale = events.iter().filter(|event| matches!(event, KeySourceEvent::ServedStale { .. })).count();
    assert_eq!(stale, 295);
    // All the while it is asked behind them, so that what comes back is seen.
    assert!((10..=22).contains(&scene.server.requests()), "{}", scene.server.requests());
    scene.server.always(Answer::ok(published(&[&key("b")])).after(1));
    scene.time.pass(secs(48));
    let before = scene.time.passed();
    assert_eq!(scene.keys().unwrap().generation(), 1);
    scene.time.pass(secs(1));
    assert_eq!(scene.keys().unwrap().generation(), 2);
    assert_eq!(scene.time.passed() - before, secs(1));
}

#[test]
fn all_who_wait_for_a_server_that_hangs_are_let_go_together() {
    let scene = scene();
    scene.keys().unwrap();
    scene.server.always(Answer::Never);
    scene.time.pass(secs(300));
    let late = |seconds| {
        let (time, source) = (scene.time.clone(), scene.source.clone());
        Box::pin(async move {
            time.sleep(secs(seconds)).await;
            source.keys(None, None).await.unwrap();
            time.passed()
        })
    };
    let done = scene.time.block_on(all((0..8).map(late)));
    assert_eq!(done, [305, 305, 305, 305, 305, 305, 306, 307].map(secs));
}

#[test]
fn an_unknown_key_is_waited_for_while_the_server_hangs() {
    let scene = scene();
    let seen = scene.keys().unwrap();
    scene.server.always(Answer::Never);
    scene.time.pass(secs(300));
    scene.keys().unwrap();
    scene.time.pass(secs(60));
    let before = scene.time.passed();
    assert_eq!(code(scene.newer(&seen)), "key_source_unavailable");
    assert_eq!(scene.time.passed() - before, secs(5));
    // Its twin: the answer comes while it waits.
    scene.time.pass(secs(60));
    scene.server.always(Answer::ok(published(&[&key("b")])).after(4));
    let before = scene.time.passed();
    assert_eq!(scene.newer(&seen).unwrap().generation(), 2);
    assert_eq!(scene.time.passed() - before, secs(4));
}

#[test]
fn a_set_past_its_outage_is_not_given_and_the_fetch_is_waited_for() {
    let scene = scene_of(RemoteJwks::from_url(URL).max_outage(secs(60)));
    scene.keys().unwrap();
    scene.server.always(Answer::Never);
    scene.time.pass(secs(350));
    scene.keys().unwrap();
    assert_eq!(scene.time.passed(), secs(355));
    // Whoever comes once its outage is over has nothing to go on with, whatever is known of the server.
    scene.time.pass(secs(5));
    scene.server.always(Answer::ok(published(&[&key("b")])).after(2));
    assert_eq!(scene.keys().unwrap().generation(), 2);
    assert_eq!(scene.time.passed(), secs(362));
}

#[test]
fn fetches_fail_for_a_reason_and_leave_the_set_as_it_was() {
    let fine = published(&[&key("z")]);
    let private: JwkSet = [key("p").expose_jwk().unwrap()].into_iter().collect();
    let private = private.expose_json().expose_secret().to_owned();
    let problem = |answer: Answer| {
        let scene = scene();
        let held = scene.keys().unwrap();
        scene.time.pass(secs(60));
        scene.server.events();
        scene.server.always(answer);
        assert_eq!(code(scene.newer(&held)), "key_source_unavailable");
        scene.time.pass(secs(20));
        // The set that was good is good still, and its time isn't over.
        assert_eq!(scene.keys().unwrap().generation(), 1);
        let failed = scene.server.events().into_iter().find_map(|event| match event {
            KeySourceEvent::Failed { problem, failures: 1, .. } => Some(problem),
            _ => None,
        });
        let failed = failed.unwrap();
        assert!(failed.to_string().is_ascii() && failed.to_string().len() < 120, "{failed}");
        failed
    };
    let status = |status| Answer::Is(HttpResponse::new(status, fine.clone()));
    assert_eq!(problem(Answer::down()), FetchProblem::Unreachable);
    assert_eq!(problem(Answer::Fails(HttpFailure::TimedOut)), FetchProblem::TimedOut);
    assert_eq!(problem(Answer::Fails(HttpFailure::TooLarge)), FetchProblem::TooLarge);
    assert_eq!(problem(Answer::Never), FetchProblem::TimedOut);
    assert_eq!(problem(Answer::ok(fine.clone()).after(16)), FetchProblem::TimedOut);
    for number in [201, 204, 301, 302, 304, 404, 500, 503] {
        assert_eq!(problem(status(number)), FetchProblem::Status(number));
    }
    assert_eq!(problem(Answer::ok(r#"{"keys":[]}"#)), FetchProblem::Empty);
    assert_eq!(problem(Answer::ok(r#"{"keys":[{"kty":"FOO"}]}"#)), FetchProblem::Empty);
    assert_eq!(problem(Answer::ok(private)), FetchProblem::Empty);
    assert_eq!(problem(Answer::ok(format!("{fine}{}", " ".repeat(256 * 1024)))), FetchProblem::TooLarge);
    for unreadable in ["", "<html></html>", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        let found = problem(Answer::ok(unreadable));
        assert!(matches!(found, FetchProblem::Unreadable(_)), "{unreadable}: {found}");
    }
    assert!(matches!(problem(Answer::ok(vec![0xff])), FetchProblem::Unreadable(_)));
}

#[test]
fn a_fetch_whose_task_is_dropped_has_failed() {
    let scene = scene();
    assert!(scene.source.snapshot().is_err());
    scene.time.drop_tasks();
    let failed = scene
        .server
        .events()
        .into_iter()
        .any(|event| matches!(event, KeySourceEvent::Failed { problem: FetchProblem::Unreachable, .. }));
    assert!(failed);
    scene.time.pass(secs(2));
    scene.keys().unwrap();
}

// ---- metadata

const ISSUER: &str = "https://id.example.com";
const METADATA: &str = "https://id.example.com/.well-known/openid-configuration";

fn metadata(issuer: &str, url: &str) -> Answer {
    Answer::ok(format!(r#"{{"issuer":"{issuer}","jwks_uri":"{url}","more":[]}}"#))
}

fn by_metadata() -> Scene {
    scene_of(RemoteJwks::from_metadata(METADATA, ISSUER))
}

#[test]
fn keys_are_found_by_metadata_which_are_read_once() {
    let scene = by_metadata();
    scene.server.then(metadata(ISSUER, URL));
    let seen = scene.keys().unwrap();
    assert_eq!(scene.server.urls(), [METADATA, URL]);
    scene.newer(&seen).unwrap();
    assert_eq!(scene.server.urls(), [METADATA, URL, URL]);
    // After a failure they are read again, as the keys may have moved.
    scene.time.pass(secs(60));
    scene.server.then(Answer::Is(HttpResponse::new(404, "")));
    let seen = scene.keys().unwrap();
    assert!(scene.newer(&seen).is_err());
    scene.time.pass(secs(31));
    scene.server.then(metadata(ISSUER, "https://keys.example.com/2"));
    scene.newer(&seen).unwrap();
    assert_eq!(scene.server.urls()[4..], [METADATA, "https://keys.example.com/2"]);
    // And after an hour.
    let readings = || scene.server.urls().iter().filter(|url| *url == METADATA).count();
    for _ in 0..11 {
        scene.time.pass(secs(300));
        scene.keys().unwrap();
    }
    assert_eq!(readings(), 2);
    scene.time.pass(secs(400));
    scene.server.then(metadata(ISSUER, URL));
    scene.keys().unwrap();
    scene.time.pass(secs(300));
    scene.keys().unwrap();
    assert_eq!(readings(), 3);
}

#[test]
fn metadata_of_another_issuer_or_with_other_urls_are_refused() {
    for (issuer, url, expected) in [
        ("https://id.example.com/", URL, FetchProblem::Issuer),
        ("https://ID.example.com", URL, FetchProblem::Issuer),
        ("https://id.example.org", URL, FetchProblem::Issuer),
        ("", URL, FetchProblem::Issuer),
        (ISSUER, "http://id.example.com/jwks", FetchProblem::KeysUrl),
        // A server elsewhere doesn't get to have this machine asked.
        (ISSUER, "http://127.0.0.1:8080/jwks", FetchProblem::KeysUrl),
        (ISSUER, "file:///etc/passwd", FetchProblem::KeysUrl),
        (ISSUER, "", FetchProblem::KeysUrl),
    ] {
        let scene = by_metadata();
        scene.server.then(metadata(issuer, url));
        assert_eq!(code(scene.keys()), "key_source_unavailable", "{issuer} {url}");
        let failed = |event: &KeySourceEvent| matches!(event, KeySourceEvent::Failed { problem, .. } if *problem == expected);
        assert_eq!(scene.server.requests(), 1, "{issuer} {url}");
        assert!(scene.server.events().iter().any(failed), "{issuer} {url}");
    }
    let scene = by_metadata();
    scene.server.then(Answer::ok(r#"{"jwks_uri":"https://id.example.com/jwks"}"#));
    assert!(scene.keys().is_err());
    let scene = by_metadata();
    scene.server.then(Answer::ok(format!(r#"{{"issuer":"{ISSUER}"}}"#)));
    assert!(scene.keys().is_err());
    // On loopback, loopback.
    let scene = scene_of(RemoteJwks::from_metadata("http://127.0.0.1:9/m", ISSUER));
    scene.server.then(metadata(ISSUER, "http://127.0.0.1:9/jwks"));
    scene.keys().unwrap();
}

const TEMPLATE: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
const COMMON: &str = "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration";
const TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const OTHER: &str = "00000000-6c67-4c5b-b112-36a304b66dad";

#[test]
fn the_keys_of_microsofts_tenants_serve_the_tenants_that_are_listed() {
    let marked = |key: &SigningKey, issuer: &str| {
        let json = key.to_public_jwk().unwrap().to_public_json().unwrap();
        json.replacen('{', &format!("{{\"issuer\":\"{issuer}\","), 1)
    };
    let of_all = key("all");
    let of_other = key("other");
    let set = format!(
        r#"{{"keys":[{},{}]}}"#,
        marked(&of_all, TEMPLATE),
        marked(&of_other, &TEMPLATE.replace("{tenantid}", OTHER)),
    );
    let scene = scene_of(RemoteJwks::for_tenants(COMMON, TEMPLATE, [TENANT]));
    scene.server.always(Answer::ok(set));
    scene.server.then(metadata(TEMPLATE, URL));
    // By itself, a key of one tenant is nobody's.
    assert_eq!(scene.keys().unwrap().keys().len(), 1);
    let verifier = SourcedVerifier::new(scene.source.clone(), |keys| {
        AccessTokenVerifier::for_published(Provider::entra_id([TENANT]), keys.json())?.audience("api").build()
    });
    let token = |key: &SigningKey, tenant: &str, tid: &str| {
        let claims = format!(
            r#"{{"iss":"{}","aud":"api","sub":"u","azp":"c","tid":"{tid}","uti":"1","ver":"2.0","scp":"read","iat":1,"exp":9999999999}}"#,
            TEMPLATE.replace("{tenantid}", tenant)
        );
        jws::JwsBuilder::new(key).token_type("JWT").sign(claims.as_bytes()).unwrap()
    };
    let verify = |token: &str| scene.time.block_on(verifier.verify::<NoClaims>(token)).map(drop);
    verify(&token(&of_all, TENANT, TENANT)).unwrap();
    assert_eq!(verify(&token(&of_all, OTHER, OTHER)).unwrap_err().claim(), Some("iss"));
    assert_eq!(verify(&token(&of_all, TENANT, OTHER)).unwrap_err().claim(), Some("tid"));
    assert_eq!(verify(&token(&of_other, TENANT, TENANT)).unwrap_err().code(), "no_matching_key");
}

#[test]
fn a_set_of_keys_for_listed_tenants_only_is_not_empty() {
    let marked = |key: &SigningKey, tenant: &str| {
        let json = key.to_public_jwk().unwrap().to_public_json().unwrap();
        let issuer = TEMPLATE.replace("{tenantid}", tenant);
        json.replacen('{', &format!("{{\"issuer\":\"{issuer}\","), 1)
    };
    let of_tenant = key("tenant");
    let set = format!(r#"{{"keys":[{}]}}"#, marked(&of_tenant, TENANT));
    let scene_for = |tenant: &str| {
        let scene = scene_of(RemoteJwks::for_tenants(COMMON, TEMPLATE, [tenant]));
        scene.server.always(Answer::ok(set.clone()));
        scene.server.then(metadata(TEMPLATE, URL));
        scene
    };
    let scene = scene_for(TENANT);
    assert!(scene.keys().unwrap().keys().is_empty());
    let counted =
        |event: &KeySourceEvent| matches!(event, KeySourceEvent::Changed { keys: 1, skipped: 0, .. });
    assert!(scene.server.events().iter().any(counted));
    let verifier = SourcedVerifier::new(scene.source.clone(), |keys| {
        AccessTokenVerifier::for_published(Provider::entra_id([TENANT]), keys.json())?.audience("api").build()
    });
    let verify = |key: &SigningKey| {
        let claims = format!(
            r#"{{"iss":"{}","aud":"api","sub":"u","azp":"c","tid":"{TENANT}","uti":"1","ver":"2.0","scp":"read","iat":1,"exp":9999999999}}"#,
            TEMPLATE.replace("{tenantid}", TENANT)
        );
        let token = jws::JwsBuilder::new(key).token_type("JWT").sign(claims.as_bytes()).unwrap();
        scene.time.block_on(verifier.verify::<NoClaims>(&token)).map(drop)
    };
    verify(&of_tenant).unwrap();
    assert_eq!(verify(&key("tenant")).unwrap_err().code(), "invalid_signature");

    // Its twin: for another tenant, the same set is empty.
    let scene = scene_for(OTHER);
    assert_eq!(code(scene.keys()), "key_source_unavailable");
    let empty =
        |event: &KeySourceEvent| matches!(event, KeySourceEvent::Failed { problem: FetchProblem::Empty, .. });
    assert!(scene.server.events().iter().any(empty));
}

// ---- what is refused when a source is built

#[test]
fn contradictory_settings_are_refused() {
    let build = |builder: RemoteJwksBuilder| {
        let time = Virtual::new();
        builder.build(Server::new(&time, Answer::Never), time).map(drop)
    };
    let fine = || RemoteJwks::from_url(URL);
    for accepted in [
        fine(),
        fine().lifetime_between(secs(31), secs(86_400)),
        fine().lifetime(secs(60)),
        fine().lifetime(secs(3600)),
        fine().refresh_ahead(secs(59)),
        fine().max_wait(secs(15)),
        fine().fetch_timeout(secs(30)),
        fine().max_outage(Duration::ZERO),
        fine().max_outage(secs(86_400)),
        RemoteJwks::for_tenants(COMMON, TEMPLATE, [TENANT, OTHER]),
        danger::allow_plain_http(RemoteJwks::from_url("http://id.internal/jwks")),
    ] {
        build(accepted).unwrap();
    }
    for (refused, why) in [
        (fine().lifetime_between(secs(30), secs(3600)), "more than 30 s"),
        (fine().lifetime(secs(59)), "between the least and the most"),
        (fine().lifetime(secs(3601)), "between the least and the most"),
        (fine().lifetime_between(secs(60), secs(86_401)), "at most a day"),
        (fine().refresh_ahead(secs(60)), "`refresh_ahead` to be less"),
        (fine().max_wait(Duration::ZERO), "`max_wait` of zero"),
        (fine().max_wait(secs(16)), "`max_wait` to be at most"),
        (fine().fetch_timeout(secs(31)), "at most 30 s"),
        (fine().max_outage(secs(86_401)), "at most a day"),
        (RemoteJwks::from_metadata(METADATA, ""), "an issuer that isn't empty"),
        (RemoteJwks::from_metadata(COMMON, TEMPLATE), "`for_tenants`"),
        (RemoteJwks::for_tenants(COMMON, ISSUER, [TENANT]), "`{tenantid}` in it once"),
        (RemoteJwks::for_tenants(COMMON, TEMPLATE, [""; 0]), "at least one tenant"),
        (RemoteJwks::for_tenants(COMMON, TEMPLATE, ["common"]), "which are GUIDs"),
    ] {
        let error = build(refused).unwrap_err();
        assert_eq!(error.code(), "misuse", "{why}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_snapshot_of_ones_own_is_held_to_the_same() {
    assert_eq!(KeySnapshot::new(published(&[&key("a")]), 7).unwrap().generation(), 7);
    assert_eq!(KeySnapshot::new(r#"{"keys":[]}"#, 1).unwrap_err().code(), "key_not_public");
    assert_eq!(KeySnapshot::new("<html>", 1).unwrap_err().code(), "json");
}

/// A source that gives out whatever set it is told to.
#[derive(Clone)]
struct Own(Arc<Mutex<KeySnapshot>>);

impl KeySource for Own {
    fn keys<'a>(&'a self, _: Option<&'a str>, _: Option<&'a KeySnapshot>) -> KeySourceFuture<'a> {
        let snapshot = self.0.lock().unwrap().clone();
        Box::pin(async move { Ok(snapshot) })
    }
}

#[test]
fn a_source_of_ones_own_counts_its_sets_and_an_older_one_replaces_none() {
    let (old, new) = (key("a"), key("b"));
    let third = KeySnapshot::new(published(&[&old]), 3).unwrap();
    let seventh = KeySnapshot::new(published(&[&new]), 7).unwrap();
    assert!(seventh.is_newer_than(&third) && !third.is_newer_than(&seventh));
    assert!(!third.is_newer_than(&third.clone()));

    let source = Own(Arc::new(Mutex::new(third.clone())));
    let built = Arc::new(Mutex::new(Vec::new()));
    let count = Arc::clone(&built);
    let verifier = SourcedVerifier::new(source.clone(), move |keys| {
        count.lock().unwrap().push(keys.generation());
        JwtVerifier::builder(keys.keys().clone()).any_issuer().any_audience().build()
    });
    let time = Virtual::new();
    let verify = |key: &SigningKey| time.block_on(verifier.verify::<NoClaims>(&token(key))).map(drop);
    let give = |snapshot: &KeySnapshot| *source.0.lock().unwrap() = snapshot.clone();
    for (given, good, bad) in [(&third, &old, &new), (&seventh, &new, &old)] {
        give(given);
        for _ in 0..2 {
            verify(good).unwrap();
            assert_eq!(verify(bad).unwrap_err(), Error::NoMatchingKey);
        }
    }
    assert_eq!(*built.lock().unwrap(), [3, 7]);
    // An older set that comes late judges whom it was given for, and is not kept: the newer one still is.
    give(&third);
    verify(&old).unwrap();
    assert_eq!(verify(&new).unwrap_err(), Error::NoMatchingKey);
    give(&seventh);
    built.lock().unwrap().clear();
    verify(&new).unwrap();
    assert_eq!(verify(&old).unwrap_err(), Error::NoMatchingKey);
    assert!(built.lock().unwrap().is_empty());
}

#[test]
fn what_may_be_secret_in_a_url_is_not_shown() {
    let builder =
        RemoteJwks::from_metadata("https://id.example.com/jwks?code=SECRET", "https://id.example.com");
    let shown = format!("{builder:?}");
    assert!(shown.contains("https://id.example.com/jwks") && !shown.contains("SECRET"), "{shown}");
    let shown = format!("{:?}", RemoteJwks::from_url("https://user:SECRET@id.example.com/jwks"));
    assert!(!shown.contains("SECRET"), "{shown}");
}

// ---- code that isn't ours, called in between

/// A waker that does something when the last of it is dropped, and counts how often it is woken.
struct Foreign {
    woken: AtomicUsize,
    last: Box<dyn Fn() + Send + Sync>,
}

impl Wake for Foreign {
    fn wake(self: Arc<Self>) {
        self.woken.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        (self.last)();
    }
}

fn foreign(last: impl Fn() + Send + Sync + 'static) -> Arc<Foreign> {
    Arc::new(Foreign { woken: AtomicUsize::new(0), last: Box::new(last) })
}

/// Polls once, and keeps nothing of the waker.
fn poll_with<T>(future: Pin<&mut (dyn Future<Output = T> + Send + '_)>, waker: Arc<Foreign>) -> Poll<T> {
    let waker = Waker::from(waker);
    future.poll(&mut Context::from_waker(&waker))
}

/// What each source here has a key of this ID for.
const KID: &str = "abb8289f-e3a4-4a34-9472-c2105e2b2482";

/// A kind of source: what its server answers, and how one is made with this client, listener and time.
struct Kind {
    answer: String,
    make: fn(Arc<dyn HttpClient>, Told, Virtual) -> Arc<dyn KeySource>,
}

type Told = Box<dyn Fn(&KeySourceEvent) + Send + Sync>;

fn kinds() -> Vec<Kind> {
    vec![
        Kind {
            answer: published(&[&key(KID)]),
            make: |http, told, time| {
                Arc::new(RemoteJwks::from_url(URL).on_event(told).build(http, time).unwrap())
            },
        },
        #[cfg(feature = "pem")]
        Kind {
            answer: SigningKey::generate(JwsAlgorithm::Es256)
                .and_then(|key| key.to_public_jwk()?.to_spki_pem())
                .unwrap(),
            make: |http, told, time| {
                let keys = countersign::keys::remote::LoadBalancerKeys::in_region("eu-west-1");
                Arc::new(keys.on_event(told).build(http, time).unwrap())
            },
        },
    ]
}

/// Each kind, once with code that panics and once, its twin, without.
fn kinds_that_panic_or_not() -> impl Iterator<Item = (Kind, bool)> {
    [true, false].into_iter().flat_map(|panics| kinds().into_iter().map(move |kind| (kind, panics)))
}

#[test]
fn a_waker_that_is_dropped_may_ask_the_source() {
    for kind in kinds() {
        let (done, end) = std::sync::mpsc::channel();
        // A thread of its own, as what this is about doesn't fail but never ends.
        std::thread::spawn(move || {
            let time = Virtual::new();
            let server = Server::new(&time, Answer::ok(kind.answer).after(2));
            let source = (kind.make)(Arc::new(server), Box::new(|_| ()), time.clone());
            let dropped = Arc::new(AtomicUsize::new(0));
            let asking = || {
                let (source, dropped) = (Arc::clone(&source), Arc::clone(&dropped));
                foreign(move || {
                    let mut context = Context::from_waker(Waker::noop());
                    let _ = source.keys(Some(KID), None).as_mut().poll(&mut context);
                    dropped.fetch_add(1, Ordering::SeqCst);
                })
            };
            let mut waiting = source.keys(Some(KID), None);
            assert!(poll_with(waiting.as_mut(), asking()).is_pending());
            // Another takes its place.
            assert!(poll_with(waiting.as_mut(), asking()).is_pending());
            assert_eq!(dropped.load(Ordering::SeqCst), 1);
            // The wait is given up.
            drop(waiting);
            assert_eq!(dropped.load(Ordering::SeqCst), 2);
            // Its twin: a wait that isn't given up is woken, by the waker that came last only.
            let (first, second) = (foreign(|| ()), foreign(|| ()));
            let mut waiting = source.keys(Some(KID), None);
            assert!(poll_with(waiting.as_mut(), Arc::clone(&first)).is_pending());
            assert!(poll_with(waiting.as_mut(), Arc::clone(&second)).is_pending());
            time.pass(secs(2));
            assert_eq!((first.woken.load(Ordering::SeqCst), second.woken.load(Ordering::SeqCst)), (0, 1));
            assert!(matches!(poll_with(waiting.as_mut(), second), Poll::Ready(Ok(_))));
            done.send(()).unwrap();
        });
        end.recv_timeout(secs(20)).expect("the source neither hangs nor fails");
    }
}

#[test]
fn a_listener_that_panics_keeps_nobody_waiting() {
    for (Kind { answer, make }, panics) in kinds_that_panic_or_not() {
        let time = Virtual::new();
        let server = Server::new(&time, Answer::ok(answer));
        let calls = Arc::new(AtomicUsize::new(0));
        let told = Arc::clone(&calls);
        let listener = move |_: &KeySourceEvent| {
            told.fetch_add(1, Ordering::SeqCst);
            assert!(!panics, "a listener's panic");
        };
        let source = make(Arc::new(server), Box::new(listener), time.clone());
        let waker = foreign(|| ());
        let mut waiting = source.keys(Some(KID), None);
        assert!(poll_with(waiting.as_mut(), Arc::clone(&waker)).is_pending());
        // The panic is the executor's to see.
        let ran = catch_unwind(AssertUnwindSafe(|| time.pass(Duration::ZERO)));
        assert_eq!(ran.is_err(), panics);
        assert_eq!(waker.woken.load(Ordering::SeqCst), 1);
        assert!(matches!(poll_with(waiting.as_mut(), waker), Poll::Ready(Ok(_))));
        // The fetch that the panic ended had landed, and doesn't fail after that.
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}

/// A client that panics.
struct Broken;

impl HttpClient for Broken {
    fn get<'a>(&'a self, _: &'a str, _: usize) -> HttpFuture<'a> {
        panic!("a client's panic");
    }
}

#[test]
fn a_client_that_panics_has_failed_and_ends_no_process() {
    // Of two panics at once, the client's goes on; without the catch, the second one would abort this test.
    for (Kind { make, .. }, panics) in kinds_that_panic_or_not() {
        let time = Virtual::new();
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&events);
        let listener = move |event: &KeySourceEvent| {
            told.lock().unwrap().push(event.clone());
            assert!(!panics, "a listener's panic");
        };
        let source = make(Arc::new(Broken), Box::new(listener), time.clone());
        let waker = foreign(|| ());
        let mut waiting = source.keys(Some(KID), None);
        assert!(poll_with(waiting.as_mut(), Arc::clone(&waker)).is_pending());
        let ran = catch_unwind(AssertUnwindSafe(|| time.pass(Duration::ZERO)));
        assert_eq!(ran.unwrap_err().downcast_ref(), Some(&"a client's panic"));
        assert_eq!(waker.woken.load(Ordering::SeqCst), 1);
        let events = std::mem::take(&mut *events.lock().unwrap());
        assert!(
            matches!(events[..], [KeySourceEvent::Failed { problem: FetchProblem::Unreachable, .. }]),
            "{events:?}"
        );
    }
}
