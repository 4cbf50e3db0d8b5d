//! Classes F and JWKS: where keys are fetched from, how often, and what an answer may do. Time is the test's,
//! and so is the server.

use std::time::Duration;

use countersign::jwt::SourcedVerifier;
use countersign::keys::remote::{FetchProblem, HttpResponse, KeySourceEvent, RemoteJwks};
use countersign::{Error, JwsAlgorithm, JwtVerifier, NoClaims, SigningKey, jws};

use crate::remote::{Answer, Server, Virtual, all, key, published};

const URL: &str = "https://id.example.com/jwks";
const CLAIMS: &[u8] = b"{}";

fn verifier(source: &RemoteJwks) -> SourcedVerifier {
    SourcedVerifier::new(source.clone(), |keys| {
        let builder = JwtVerifier::builder(keys.keys().clone());
        builder.any_issuer().any_audience().allow_missing_expiry().build()
    })
}

fn token(key: &SigningKey) -> String {
    jws::sign(key, CLAIMS).unwrap()
}

struct Scene {
    time: Virtual,
    server: Server,
    source: RemoteJwks,
    verifier: SourcedVerifier,
    key: SigningKey,
}

fn scene() -> Scene {
    let time = Virtual::new();
    let key = key("a");
    let server = Server::new(&time, Answer::ok(published(&[&key])));
    let source = server.source(RemoteJwks::from_url(URL));
    let verifier = verifier(&source);
    Scene { time, server, source, verifier, key }
}

impl Scene {
    fn verify(&self, token: &str) -> Result<(), Error> {
        self.time.block_on(self.verifier.verify::<NoClaims>(token)).map(drop)
    }

    fn pass(&self, seconds: u64) {
        self.time.pass(Duration::from_secs(seconds));
    }

    /// Why fetches failed, since the events were last asked for.
    fn problems(&self) -> Vec<FetchProblem> {
        let events = self.server.events().into_iter();
        let problems = events.filter_map(|event| match event {
            KeySourceEvent::Failed { problem, .. } => Some(problem),
            _ => None,
        });
        problems.collect()
    }
}

/// What a proxy or a captive portal answers with, and says that all is well.
const PAGE: &str = "<!doctype html><html><head><title>Sign in</title></head><body></body></html>";

fn page() -> Answer {
    Answer::Is(HttpResponse::new(200, PAGE).with_field("Content-Type", "text/html; charset=utf-8"))
}

fn is_unreadable(problem: &FetchProblem) -> bool {
    matches!(problem, FetchProblem::Unreadable(error) if error.code() == "json")
}

#[test]
fn row_040_keys_come_over_https_or_loopback() {
    let time = Virtual::new();
    let build = |url: &str| {
        RemoteJwks::from_url(url).build(Server::new(&time, Answer::Never), time.clone()).map(drop)
    };
    for url in [
        "file:///etc/passwd",
        "http://id.example.com/jwks",
        "http://127.0.0.1.example.com/jwks",
        "http://127.0.0.1@id.example.com/jwks",
        "http://169.254.169.254/latest/meta-data",
        "data:application/json,{\"keys\":[]}",
        "ftp://id.example.com/jwks",
        "gopher://127.0.0.1/",
        "id.example.com/jwks",
        "",
    ] {
        assert_eq!(build(url).unwrap_err().code(), "misuse", "{url}");
    }
    for url in [URL, "http://127.0.0.1:8080/jwks", "http://[::1]:8080/jwks", "http://localhost/jwks"] {
        build(url).unwrap();
    }
}

#[test]
fn row_041_redirects_pages_and_bodies_without_end_change_nothing() {
    type Is = fn(&FetchProblem) -> bool;
    let evil = key("evil");
    let set = published(&[&evil]);
    let redirect = HttpResponse::new(302, set.clone()).with_field("Location", "https://evil.example.com/");
    let large = format!("{set}{}", " ".repeat(256 * 1024));
    let cases: [(Answer, Is); 4] = [
        (Answer::Is(redirect), |problem| *problem == FetchProblem::Status(302)),
        (page(), is_unreadable),
        (Answer::ok(large), |problem| *problem == FetchProblem::TooLarge),
        (Answer::Never, |problem| *problem == FetchProblem::TimedOut),
    ];
    for (number, (answer, is_expected)) in cases.into_iter().enumerate() {
        let scene = scene();
        scene.verify(&token(&scene.key)).unwrap();
        scene.pass(300);
        scene.server.always(answer);
        scene.verify(&token(&scene.key)).unwrap();
        scene.pass(60);
        let problems = scene.problems();
        assert!(!problems.is_empty() && problems.iter().all(is_expected), "{number}: {problems:?}");
        // The key in that answer is nobody's: its token has the source look, which learns nothing.
        assert_eq!(scene.verify(&token(&evil)).unwrap_err().code(), "key_source_unavailable", "{number}");
        scene.verify(&token(&scene.key)).unwrap();
    }
    // Its twin: the same set, as it should be sent.
    let scene = scene();
    scene.verify(&token(&scene.key)).unwrap();
    scene.pass(300);
    scene.server.always(Answer::ok(set));
    scene.verify(&token(&evil)).unwrap();
    assert_eq!(scene.verify(&token(&scene.key)).unwrap_err().code(), "no_matching_key");
}

#[test]
fn row_134_random_key_ids_cost_two_fetches() {
    let scene = scene();
    scene.verify(&token(&scene.key)).unwrap();
    scene.pass(30);
    assert_eq!(scene.server.requests(), 1);
    let forger = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let start = scene.time.passed();
    for number in 0..10_000 {
        let forged = token(&forger.clone_key().with_key_id(format!("kid-{number}")));
        assert_eq!(scene.verify(&forged).unwrap_err(), Error::NoMatchingKey);
        if number % 10 == 0 {
            scene.time.pass(Duration::from_millis(1));
        }
    }
    assert_eq!((scene.server.requests(), scene.time.passed() - start), (3, Duration::from_secs(1)));
    // All at once, as they would come: what a slow server takes isn't waited for twice.
    scene.pass(60);
    scene.server.always(Answer::ok(published(&[&scene.key])).after(1));
    let forged: Vec<_> =
        (0..1000).map(|number| token(&forger.clone_key().with_key_id(number.to_string()))).collect();
    let verified = forged.iter().map(|forged| Box::pin(scene.verifier.verify::<NoClaims>(forged)));
    let refused = scene.time.block_on(all(verified));
    assert!(
        refused.iter().all(|refused| refused.as_ref().is_err_and(|error| *error == Error::NoMatchingKey))
    );
    assert!(scene.server.requests() <= 5, "{}", scene.server.requests());
    // Good tokens pass all the while.
    scene.verify(&token(&scene.key)).unwrap();
}

#[test]
fn row_135_the_last_good_set_outlives_an_outage_of_fifty_minutes() {
    let scene = scene();
    let good = token(&scene.key);
    scene.verify(&good).unwrap();
    scene.server.always(Answer::down());
    scene.server.events();
    for minute in 5..55 {
        scene.time.pass(Duration::from_secs(60 * minute) - scene.time.passed());
        scene.verify(&good).unwrap();
        let stale = scene.server.events().into_iter().any(|event| {
            matches!(event, KeySourceEvent::ServedStale { since, .. } if since.as_secs() / 60 == minute - 5)
        });
        assert!(stale, "{minute}");
    }
    scene.time.pass(Duration::from_secs(60 * 55) - scene.time.passed());
    let error = scene.verify(&good).unwrap_err();
    assert_eq!((error.code(), error.http_status()), ("key_source_unavailable", 503));
    assert!(scene.server.events().contains(&KeySourceEvent::Unavailable));
    // A bad token is a bad token, as soon as that can be told.
    scene.server.always(Answer::ok(published(&[&scene.key])));
    scene.pass(33);
    scene.verify(&good).unwrap();
    let error = scene.verify(&token(&key("b"))).unwrap_err();
    assert_eq!((error.code(), error.http_status()), ("no_matching_key", 401));
}

#[test]
fn row_136_an_empty_set_or_a_page_replaces_nothing() {
    type Is = fn(&FetchProblem) -> bool;
    let is_empty: Is = |problem| *problem == FetchProblem::Empty;
    for (body, is_expected) in [
        (r#"{"keys":[]}"#, is_empty),
        (r#"{"keys":[{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#, is_empty),
        (PAGE, is_unreadable),
    ] {
        let scene = scene();
        let good = token(&scene.key);
        scene.verify(&good).unwrap();
        scene.pass(300);
        scene.server.then(if body == PAGE { page() } else { Answer::ok(body) });
        scene.server.events();
        scene.verify(&good).unwrap();
        assert_eq!(scene.source.snapshot().unwrap().generation(), 1);
        let failed = |event: &KeySourceEvent| matches!(event, KeySourceEvent::Failed { problem, .. } if is_expected(problem));
        assert!(scene.server.events().iter().any(failed), "{body}");
        // The next answer is in order again; after a failure nobody waits for it.
        scene.pass(31);
        scene.verify(&good).unwrap();
        scene.pass(1);
        assert!(scene.server.events().iter().any(|event| matches!(event, KeySourceEvent::Unchanged { .. })));
    }
}

#[test]
fn row_137_a_key_that_is_withdrawn_takes_along_what_it_vouched_for() {
    let scene = scene();
    let next = key("b");
    scene.server.always(Answer::ok(published(&[&scene.key, &next])));
    let old = token(&scene.key);
    scene.verify(&old).unwrap();
    let before = scene.source.snapshot().unwrap();
    scene.server.always(Answer::ok(published(&[&next])));
    scene.pass(300);
    assert_eq!(scene.verify(&old).unwrap_err(), Error::NoMatchingKey);
    let after = scene.source.snapshot().unwrap();
    assert_eq!((before.generation(), after.generation()), (1, 2));
    scene.verify(&token(&next)).unwrap();
    // The same set is the same generation, however often it is fetched.
    scene.pass(300);
    scene.verify(&token(&next)).unwrap();
    assert_eq!(scene.source.snapshot().unwrap().generation(), 2);
}

#[test]
fn row_138_a_slow_answer_does_not_undo_a_newer_one() {
    let scene = scene();
    let next = key("b");
    scene.server.then(Answer::ok(published(&[&scene.key])).after(10));
    scene.server.then(Answer::ok(published(&[&next])));
    // Nobody waits longer than 5 s, and then the next may try.
    assert_eq!(scene.verify(&token(&next)).unwrap_err(), Error::KeySourceUnavailable);
    scene.verify(&token(&next)).unwrap();
    assert_eq!((scene.server.requests(), scene.time.passed()), (2, Duration::from_secs(5)));
    scene.pass(10);
    assert!(scene.server.events().iter().any(|event| matches!(event, KeySourceEvent::Superseded { .. })));
    scene.verify(&token(&next)).unwrap();
    assert_eq!(scene.verify(&token(&scene.key)).unwrap_err(), Error::NoMatchingKey);

    // Its twin: answers in the order of the questions.
    let scene = self::scene();
    scene.server.then(Answer::ok(published(&[&scene.key])).after(6));
    scene.server.then(Answer::ok(published(&[&next])).after(4));
    assert_eq!(scene.verify(&token(&next)).unwrap_err(), Error::KeySourceUnavailable);
    scene.verify(&token(&next)).unwrap();
    assert!(!scene.server.events().iter().any(|event| matches!(event, KeySourceEvent::Superseded { .. })));
}
