//! Published keys over real sockets: servers that are slow, down, redirecting, huge, rotating, broken, somebody else's;
//! many callers and floods; and tokio's time, stopped and moved.

#![cfg(all(feature = "gateway", feature = "jwks-http"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "figures")]

#[path = "support/http.rs"]
mod http;
#[path = "support/remote.rs"]
mod remote;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use countersign::gateway::authorization::Requirement;
use countersign::gateway::cache::TokenCache;
use countersign::gateway::{Guard, GuardRequest};
use countersign::jwt::SourcedVerifier;
use countersign::keys::remote::{
    FetchProblem, HttpClient, HttpFailure, HttpFuture, HttpResponse, KeySource, KeySourceEvent, RemoteJwks,
    RemoteJwksBuilder, ReqwestClient, Runtime, TokioRuntime,
};
use countersign::profile::access_token::Grant;
use countersign::{
    AccessTokenIssuer, AccessTokenVerifier, Error, JwsAlgorithm, JwtIssuer, JwtVerifier, NoClaims, SigningKey,
};
use http::{CA, LOOPBACK, NAMED, Server, Shifted, answer, until_closed};
use remote::{key, published};

const ISSUER: &str = "https://id.example.com";
const API: &str = "https://orders.example.com";

fn client() -> ReqwestClient {
    ReqwestClient::builder().root_pem(CA).build().unwrap()
}

fn token(key: &SigningKey) -> String {
    let issuer = JwtIssuer::builder(key.clone_key()).issuer(ISSUER).audience(API);
    issuer.lifetime(Duration::from_secs(300)).build().unwrap().issue("user-17", &NoClaims).unwrap()
}

fn verifier(source: RemoteJwks) -> SourcedVerifier {
    SourcedVerifier::new(source, |keys| {
        JwtVerifier::builder(keys.keys().clone()).issuer(ISSUER).audience(API).build()
    })
}

async fn verify(verifier: &SourcedVerifier, token: &str) -> Result<(), Error> {
    verifier.verify::<NoClaims>(token).await.map(drop)
}

/// A server whose answers the test exchanges, by path. What it doesn't know it doesn't find.
struct Publisher {
    server: Server,
    answers: Arc<Mutex<BTreeMap<&'static str, Vec<u8>>>>,
}

impl Publisher {
    fn new() -> Self {
        let answers = Arc::new(Mutex::new(BTreeMap::new()));
        let known: Arc<Mutex<BTreeMap<_, Vec<u8>>>> = Arc::clone(&answers);
        let server = Server::plain(move |head, wire| {
            let path = head.split(' ').nth(1).unwrap();
            let answer = known.lock().unwrap().get(path).cloned();
            wire.write_all(&answer.unwrap_or_else(|| http::answer("404 Not Found", "", "")))?;
            Ok(true)
        });
        Self { server, answers }
    }

    fn of(keys: &[&SigningKey]) -> Self {
        let publisher = Self::new();
        publisher.at("/jwks", "200 OK", &published(keys));
        publisher
    }

    fn at(&self, path: &'static str, status: &str, body: &str) {
        let answer = answer(status, "Content-Type: application/json\r\n", body);
        self.answers.lock().unwrap().insert(path, answer);
    }

    fn jwks(&self) -> RemoteJwksBuilder {
        RemoteJwks::from_url(self.server.url("/jwks"))
    }

    fn metadata(&self) -> RemoteJwksBuilder {
        RemoteJwks::from_metadata(self.server.url("/metadata"), ISSUER)
    }
}

/// What happened at a source.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<KeySourceEvent>>>);

impl Events {
    fn on(&self, builder: RemoteJwksBuilder) -> RemoteJwksBuilder {
        let events = Arc::clone(&self.0);
        builder.on_event(move |event| events.lock().unwrap().push(event.clone()))
    }

    fn problems(&self) -> Vec<FetchProblem> {
        let problem = |event: &KeySourceEvent| match event {
            KeySourceEvent::Failed { problem, .. } => Some(problem.clone()),
            _ => None,
        };
        self.0.lock().unwrap().iter().filter_map(problem).collect()
    }

    fn changes(&self) -> usize {
        let events = self.0.lock().unwrap();
        events.iter().filter(|event| matches!(event, KeySourceEvent::Changed { .. })).count()
    }
}

#[tokio::test]
async fn keys_come_by_their_url_and_by_metadata() {
    let key = key("a");
    let publisher = Publisher::of(&[&key]);
    let metadata = format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{}"}}"#, publisher.server.url("/jwks"));
    publisher.at("/metadata", "200 OK", &metadata);
    for (builder, requests) in [(publisher.jwks(), 1), (publisher.metadata(), 2)] {
        let asked = publisher.server.count();
        let verifier = verifier(builder.build(client(), TokioRuntime::current().unwrap()).unwrap());
        for _ in 0..3 {
            verify(&verifier, &token(&key)).await.unwrap();
        }
        assert_eq!(publisher.server.count() - asked, requests);
    }
}

#[tokio::test]
async fn keys_come_over_tls_from_who_vouches_for_the_name() {
    let key = key("a");
    for (certificate, expected) in [(LOOPBACK, None), (NAMED, Some(FetchProblem::Untrusted))] {
        let set = published(&[&key]);
        let server = Server::tls(certificate, move |_, wire| {
            wire.write_all(&answer("200 OK", "", &set)).map(|()| true)
        });
        let events = Events::default();
        let source = events.on(RemoteJwks::from_url(server.url("/jwks")));
        let source = source.build(client(), TokioRuntime::current().unwrap()).unwrap();
        let found = verify(&verifier(source), &token(&key)).await;
        assert_eq!(events.problems(), Vec::from_iter(expected.clone()));
        assert_eq!(found, if expected.is_some() { Err(Error::KeySourceUnavailable) } else { Ok(()) });
        assert_eq!(server.count(), usize::from(expected.is_none()));
    }
}

#[tokio::test]
async fn a_rotated_key_is_found_and_a_withdrawn_one_is_gone() {
    let (first, second) = (key("a"), key("b"));
    let publisher = Publisher::of(&[&first]);
    let (time, events) = (Shifted::new(), Events::default());
    let verifier = verifier(events.on(publisher.jwks()).build(client(), time.clone()).unwrap());
    verify(&verifier, &token(&first)).await.unwrap();
    publisher.at("/jwks", "200 OK", &published(&[&first, &second]));
    verify(&verifier, &token(&second)).await.unwrap();
    verify(&verifier, &token(&first)).await.unwrap();
    assert_eq!((publisher.server.count(), events.changes()), (2, 2));
    publisher.at("/jwks", "200 OK", &published(&[&second]));
    time.pass(300);
    assert_eq!(verify(&verifier, &token(&first)).await, Err(Error::NoMatchingKey));
    verify(&verifier, &token(&second)).await.unwrap();
    assert_eq!(events.changes(), 3);
}

/// Each comes in place of a good set, whose keys go on serving.
#[tokio::test]
async fn what_is_no_set_of_keys_replaces_none() {
    let good = key("a");
    let elsewhere = Publisher::of(&[&good]);
    let huge = "x".repeat(300 << 10);
    let secret = format!(r#"{{"keys":[{{"kty":"oct","k":"{}"}}]}}"#, "A".repeat(43));
    let html = "Content-Type: text/html\r\n";
    let page = "<!doctype html><title>Sign in</title>";
    let location = |status: &str| {
        answer(status, &format!("Location: {}\r\n", elsewhere.server.url("/jwks")), &published(&[&good]))
    };
    let cut = {
        let mut whole = answer("200 OK", "", &published(&[&good]));
        whole.truncate(whole.len() - 1);
        whole
    };
    let chunks = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{huge}\r\n0\r\n\r\n",
        huge.len()
    );
    for (what, written, expected) in [
        ("a web page", answer("200 OK", html, page), "unreadable"),
        ("an empty body", answer("200 OK", "", ""), "unreadable"),
        ("a set without keys", answer("200 OK", "", r#"{"keys":[]}"#), "empty"),
        ("a set of secrets", answer("200 OK", "", &secret), "empty"),
        ("no set", answer("200 OK", "", r#"{"issuer":"a"}"#), "unreadable"),
        ("a huge answer", answer("200 OK", "", &huge), "too large"),
        ("a huge answer in chunks", chunks.into_bytes(), "too large"),
        ("a cut answer", cut, "unreachable"),
        ("301", location("301 Moved Permanently"), "status 301"),
        ("302", location("302 Found"), "status 302"),
        ("303", location("303 See Other"), "status 303"),
        ("307", location("307 Temporary Redirect"), "status 307"),
        ("308", location("308 Permanent Redirect"), "status 308"),
        ("204", b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), "status 204"),
        ("206", answer("206 Partial Content", "", &published(&[&good])), "status 206"),
        ("404", answer("404 Not Found", html, page), "status 404"),
        ("503", answer("503 Unavailable", "Retry-After: 1\r\n", ""), "status 503"),
    ] {
        let (time, events) = (Shifted::new(), Events::default());
        // A server that has written too little closes, so that the client doesn't wait for the rest.
        let (now, next) = (Arc::new(AtomicUsize::new(0)), written);
        let (count, set) = (Arc::clone(&now), published(&[&good]));
        let server = Server::plain(move |_, wire| match count.fetch_add(1, Ordering::SeqCst) {
            0 => wire.write_all(&answer("200 OK", "", &set)).map(|()| true),
            _ => wire.write_all(&next).map(|()| false),
        });
        let source =
            events.on(RemoteJwks::from_url(server.url("/jwks"))).build(client(), time.clone()).unwrap();
        let verifier = verifier(source);
        verify(&verifier, &token(&good)).await.unwrap();
        time.pass(400);
        verify(&verifier, &token(&good)).await.unwrap();
        let problems: Vec<_> = events.problems().iter().map(name_of).collect();
        assert_eq!(problems, [expected], "{what}");
        assert!(
            events.0.lock().unwrap().iter().any(|event| matches!(event, KeySourceEvent::ServedStale { .. }))
        );
        // Not for ever: 50 minutes after its time, the last good set is too old.
        time.pass(50 * 60);
        assert_eq!(verify(&verifier, &token(&good)).await, Err(Error::KeySourceUnavailable), "{what}");
        assert_eq!(server.count(), 3, "{what}");
    }
    assert_eq!((elsewhere.server.count(), elsewhere.server.connections()), (0, 0), "a redirect was followed");
}

fn name_of(problem: &FetchProblem) -> String {
    match problem {
        FetchProblem::Unreachable => "unreachable".to_owned(),
        FetchProblem::Untrusted => "untrusted".to_owned(),
        FetchProblem::TimedOut => "timed out".to_owned(),
        FetchProblem::Status(status) => format!("status {status}"),
        FetchProblem::TooLarge => "too large".to_owned(),
        FetchProblem::Unreadable(_) => "unreadable".to_owned(),
        FetchProblem::Empty => "empty".to_owned(),
        FetchProblem::Issuer => "issuer".to_owned(),
        FetchProblem::KeysUrl => "keys url".to_owned(),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn metadata_name_the_issuer_and_an_acceptable_url() {
    let key = key("a");
    let elsewhere = Publisher::of(&[&key]);
    for (metadata, expected) in [
        (r#"{"issuer":"ISSUER","jwks_uri":"KEYS"}"#, None),
        (r#"{"issuer":"https://other.example.com","jwks_uri":"KEYS"}"#, Some(FetchProblem::Issuer)),
        (r#"{"issuer":"ISSUER/","jwks_uri":"KEYS"}"#, Some(FetchProblem::Issuer)),
        (r#"{"jwks_uri":"KEYS"}"#, Some(FetchProblem::Issuer)),
        (r#"{"issuer":"ISSUER"}"#, Some(FetchProblem::KeysUrl)),
        (r#"{"issuer":"ISSUER","jwks_uri":"http://id.example.com/jwks"}"#, Some(FetchProblem::KeysUrl)),
        (r#"{"issuer":"ISSUER","jwks_uri":"file:///etc/passwd"}"#, Some(FetchProblem::KeysUrl)),
        (r#"{"issuer":"ISSUER","jwks_uri":"/jwks"}"#, Some(FetchProblem::KeysUrl)),
    ] {
        let publisher = Publisher::new();
        let text = metadata.replace("ISSUER", ISSUER).replace("KEYS", &elsewhere.server.url("/jwks"));
        publisher.at("/metadata", "200 OK", &text);
        let (events, before) = (Events::default(), elsewhere.server.count());
        let source = events.on(publisher.metadata());
        let source = source.build(client(), TokioRuntime::current().unwrap()).unwrap();
        let found = verify(&verifier(source), &token(&key)).await;
        assert_eq!(events.problems(), Vec::from_iter(expected.clone()), "{metadata}");
        assert_eq!(found.is_ok(), expected.is_none(), "{metadata}");
        assert_eq!(elsewhere.server.count() - before, usize::from(expected.is_none()), "{metadata}");
    }
}

/// The issuer's machine goes away and comes back at the same address.
#[tokio::test]
async fn an_outage_is_bridged_and_ends_by_itself() {
    let (first, second) = (key("a"), key("b"));
    let (time, events) = (Shifted::new(), Events::default());
    let up = Arc::new(Mutex::new(Some(published(&[&first]))));
    let answers = Arc::clone(&up);
    // Down, for a client, is a connection that breaks; that the port be free for others to take is no part of it.
    let server = Server::plain(move |_, wire| match &*answers.lock().unwrap() {
        Some(set) => wire.write_all(&answer("200 OK", "", set)).map(|()| false),
        None => Ok(false),
    });
    let source = events.on(RemoteJwks::from_url(server.url("/jwks"))).build(client(), time.clone()).unwrap();
    let verifier = verifier(source);
    verify(&verifier, &token(&first)).await.unwrap();
    up.lock().unwrap().take();
    for minute in 1..=10 {
        time.pass(60);
        verify(&verifier, &token(&first)).await.unwrap_or_else(|error| panic!("minute {minute}: {error}"));
    }
    // Whether a key that is unknown is one of the issuer's can't be told.
    assert_eq!(verify(&verifier, &token(&second)).await, Err(Error::KeySourceUnavailable));
    let problems = events.problems();
    assert!(!problems.is_empty() && problems.iter().all(|problem| *problem == FetchProblem::Unreachable));
    *up.lock().unwrap() = Some(published(&[&second]));
    time.pass(60);
    verify(&verifier, &token(&second)).await.unwrap();
    assert_eq!(verify(&verifier, &token(&first)).await, Err(Error::NoMatchingKey));
}

#[tokio::test]
async fn a_server_that_never_answers_keeps_callers_for_a_bounded_time() {
    let server = Server::plain(|_, wire| until_closed(wire));
    let events = Events::default();
    let wait = Duration::from_millis(200);
    let builder = RemoteJwks::from_url(server.url("/jwks")).max_wait(wait).fetch_timeout(wait * 2);
    let source = events.on(builder).build(client(), TokioRuntime::current().unwrap()).unwrap();
    let keys = tokio::time::timeout(Duration::from_secs(60), source.keys(None, None)).await;
    assert_eq!(keys.unwrap().unwrap_err(), Error::KeySourceUnavailable);
    // The fetch ends too, with the time that all of it may take.
    for _ in 0..600 {
        if !events.problems().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(events.problems(), [FetchProblem::TimedOut]);
}

/// A server whose answers wait for a word of the test's.
fn gated(set: String) -> (Server, mpsc::Sender<()>) {
    let (open, gate) = mpsc::channel();
    let gate = Mutex::new(gate);
    let server = Server::plain(move |_, wire| {
        gate.lock().unwrap().recv_timeout(Duration::from_secs(60)).expect("the test opens the gate");
        wire.write_all(&answer("200 OK", "", &set)).map(|()| true)
    });
    (server, open)
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_the_fetch_going() {
    let key = key("a");
    let (server, open) = gated(published(&[&key]));
    let source = RemoteJwks::from_url(server.url("/jwks"));
    let source = source.build(client(), TokioRuntime::current().unwrap()).unwrap();
    let waiting = tokio::spawn({
        let source = source.clone();
        async move { source.keys(None, None).await.map(drop) }
    });
    for _ in 0..600 {
        if server.count() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    open.send(()).unwrap();
    verify(&verifier(source), &token(&key)).await.unwrap();
    assert_eq!((server.count(), server.connections()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_have_one_fetch_between_them() {
    let key = key("a");
    let (server, open) = gated(published(&[&key]));
    let source = RemoteJwks::from_url(server.url("/jwks"));
    let source = source.build(client(), TokioRuntime::current().unwrap()).unwrap();
    let verifier = Arc::new(verifier(source));
    let (token, begun) = (token(&key), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let (verifier, token, begun) = (Arc::clone(&verifier), token.clone(), Arc::clone(&begun));
            tokio::spawn(async move {
                begun.fetch_add(1, Ordering::SeqCst);
                verify(&verifier, &token).await
            })
        })
        .collect();
    for _ in 0..600 {
        if begun.load(Ordering::SeqCst) == 1000 && server.count() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    open.send(()).unwrap();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(()));
    }
    assert_eq!((server.count(), server.connections()), (1, 1));
}

/// Anybody can make up key IDs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_made_up_key_ids_cause_two_fetches_in_30_s_at_most() {
    let key = key("a");
    let publisher = Publisher::of(&[&key]);
    let source = publisher.jwks().build(client(), TokioRuntime::current().unwrap()).unwrap();
    let verifier = Arc::new(verifier(source));
    let forger = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let tokens: Vec<_> =
        (0..10_000).map(|number| token(&forger.clone_key().with_key_id(format!("k{number}")))).collect();
    let start = Instant::now();
    let callers: Vec<_> = tokens
        .chunks(1250)
        .map(|tokens| {
            let (verifier, tokens) = (Arc::clone(&verifier), tokens.to_vec());
            tokio::spawn(async move {
                for token in &tokens {
                    assert_eq!(verify(&verifier, token).await, Err(Error::NoMatchingKey));
                }
                tokens.len()
            })
        })
        .collect();
    let mut refused = 0;
    for caller in callers {
        refused += caller.await.unwrap();
    }
    let (took, fetches) = (start.elapsed(), publisher.server.count());
    println!("{refused} tokens under made-up key IDs, refused in {took:?}: {fetches} fetches");
    assert_eq!(refused, 10_000);
    // On a machine that is slow enough, the next 30 s have begun.
    let windows = usize::try_from(took.as_secs() / 30).unwrap() + 1;
    assert!((1..=2 * windows).contains(&fetches), "{fetches} in {took:?}");
    // Nobody else pays for it.
    verify(&verifier, &token(&key)).await.unwrap();
}

/// The same at a guard: each is 401, and the source's being there or not is what makes the difference to 503.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_refuses_made_up_key_ids_by_401_while_there_are_keys() {
    const CALLERS: usize = 8;
    let key = key("a");
    let publisher = Publisher::of(&[&key]);
    let source = publisher.jwks().build(client(), TokioRuntime::current().unwrap()).unwrap();
    let guard = |source: RemoteJwks| {
        let verifier = SourcedVerifier::new(source, |keys| {
            AccessTokenVerifier::builder(keys.keys().clone()).issuer(ISSUER).audience(API).build()
        });
        let cache = TokenCache::builder().build().unwrap();
        let guard = Guard::builder(verifier).require(Requirement::scope("orders:read")).cache(cache);
        Arc::new(guard.without_revocation().without_audit().build().unwrap())
    };
    let access_token = |key: &SigningKey| {
        let issuer = AccessTokenIssuer::builder(key.clone_key()).issuer(ISSUER).audience(API);
        let issuer = issuer.lifetime(Duration::from_secs(300)).build().unwrap();
        format!("Bearer {}", issuer.issue(&Grant::to("user-17", "client-4").scopes(["orders:read"])).unwrap())
    };
    let forger = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let forged = |number| access_token(&forger.clone_key().with_key_id(format!("k{number}")));
    let requests: Arc<Vec<String>> = Arc::new((0..10_000).map(forged).collect());
    let flood = |guard: &Arc<Guard>| {
        let callers = (0..CALLERS).map(|caller| {
            let (guard, requests) = (Arc::clone(guard), Arc::clone(&requests));
            tokio::spawn(async move {
                let mut answers = BTreeMap::new();
                for field in requests.iter().skip(caller).step_by(CALLERS) {
                    let refused = guard.admit::<NoClaims>(GuardRequest::new([field])).await.unwrap_err();
                    *answers.entry((refused.http_status(), refused.code())).or_insert(0) += 1;
                }
                answers
            })
        });
        let callers: Vec<_> = callers.collect();
        async move {
            let mut answers = BTreeMap::new();
            for caller in callers {
                for (answer, count) in caller.await.unwrap() {
                    *answers.entry(answer).or_insert(0) += count;
                }
            }
            answers
        }
    };
    let (known, start) = (guard(source), Instant::now());
    let answers = flood(&known).await;
    let (took, fetches) = (start.elapsed(), publisher.server.count());
    println!("{} tokens at a guard, refused in {took:?}: {fetches} fetches", requests.len());
    assert_eq!(answers, BTreeMap::from([((401, "no_matching_key"), 10_000)]));
    assert!((1..=2).contains(&fetches), "{fetches}");
    known.admit::<NoClaims>(GuardRequest::new([&access_token(&key)])).await.unwrap();

    // Nobody has keys: that says nothing of a token.
    let nowhere = Publisher::new();
    let source = nowhere.jwks().build(client(), TokioRuntime::current().unwrap()).unwrap();
    let answers = flood(&guard(source)).await;
    assert_eq!(answers, BTreeMap::from([((503, "key_source_unavailable"), 10_000)]));
    assert!((1..=2).contains(&nowhere.server.count()), "{}", nowhere.server.count());
}

// ---- the client and the runtime, from elsewhere

/// An executor of one thread that knows nothing of tokio.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let (mut future, mut context) = (pin!(future), Context::from_waker(&waker));
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn any_executor_may_drive_it_and_a_runtime_that_is_gone_is_no_panic() {
    let key = key("a");
    let publisher = Publisher::of(&[&key]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (client, time) = runtime.block_on(async { (client(), TokioRuntime::current().unwrap()) });
    let source = publisher.jwks().build(client.clone(), time.clone()).unwrap();
    block_on(verify(&verifier(source.clone()), &token(&key))).unwrap();
    let (url, started) = (publisher.server.url("/jwks"), time.now());
    assert!(block_on(client.get(&url, 9999)).is_ok());
    drop(runtime);
    assert_eq!(block_on(client.get(&url, 9999)).unwrap_err(), HttpFailure::Unreachable);
    block_on(time.sleep(Duration::from_secs(3600)));
    assert!(time.now() >= started);
    // What is held is still good; there will be no more.
    let seen = source.snapshot().unwrap();
    assert_eq!(block_on(source.keys(None, Some(&seen))).unwrap_err(), Error::KeySourceUnavailable);
    assert_eq!(publisher.server.count(), 2);
}

/// Answers at once, and counts.
struct Instantly {
    set: String,
    asked: AtomicUsize,
}

impl HttpClient for Instantly {
    fn get<'a>(&'a self, _: &'a str, _: usize) -> HttpFuture<'a> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(HttpResponse::new(200, self.set.as_bytes())) })
    }
}

#[tokio::test(start_paused = true)]
async fn time_is_tokios_where_a_test_has_stopped_it() {
    let http = Arc::new(Instantly { set: published(&[&key("a")]), asked: AtomicUsize::new(0) });
    let runtime = TokioRuntime::current().unwrap();
    let source = RemoteJwks::from_url("https://id.example.com/jwks").refresh_ahead(Duration::ZERO);
    let source = source.build(Arc::clone(&http), runtime.clone()).unwrap();
    let start = runtime.now();
    let asked = || http.asked.load(Ordering::SeqCst);
    for (seconds, expected) in [(0, 1), (299, 1), (300, 2), (599, 2), (600, 3)] {
        let rest = Duration::from_secs(seconds).saturating_sub(runtime.now() - start);
        tokio::time::sleep(rest).await;
        source.keys(None, None).await.unwrap();
        assert_eq!(asked(), expected, "after {seconds} s");
    }
    // Seen from a thread that tokio doesn't know, it stands still as well.
    let elsewhere = runtime.clone();
    let (first, second) = thread::spawn(move || (elsewhere.now(), elsewhere.now())).join().unwrap();
    assert_eq!((first, second), (runtime.now(), runtime.now()));
    assert_eq!(first - start, Duration::from_secs(600));
}
