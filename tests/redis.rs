//! Revocations and used tokens in Redis: what each store has to do (`support/stores.rs`), between several gateways,
//! and what happens when the server is killed, hangs, is full, has forgotten, or isn't one to rely on.
//!
//! Each test that needs one starts a redis-server of its own. `cargo test --all-features --test redis --
//! --include-ignored` runs them; with `--release` and `--show-output figures` it prints memory and time.

#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "figures are shown")]

#[path = "support/redis_server.rs"]
mod redis_server;
#[path = "support/stores.rs"]
#[macro_use]
mod stores;
mod support;

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use countersign::gateway::StoreError;
use countersign::gateway::redis::{RedisFault, RedisStore, RedisStoreBuilder};
use countersign::gateway::replay::{ReplayCheck, ReplayStore as _, TokenUse};
use countersign::gateway::revocation::{Revocable, Revocation, RevocationCheck, RevocationStore as _};
use countersign::{AccessToken, AccessTokenVerifier, NoClaims};
use redis_server::Server;
use serde_json::json;
use stores::{ISSUER, MARGIN, Place, REPLAYED, REVOKED, UNAVAILABLE, at, code, date, jwt_at, token_at};
use support::{NOW, stopped_at};
use tokio::runtime::Runtime;

/// By how much the server's clock may differ from a gateway's.
const CLOCKS: u64 = 60;

/// A gateway's store in a server of its own, initialized as the tests' tokens are in circulation already.
struct Redis {
    server: Server,
    store: Arc<RedisStore>,
    runtime: Runtime,
    now: u64,
    /// By how much the entries' time is ahead of the server's.
    ahead: AtomicU64,
}

impl Redis {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(options: &[&str]) -> Self {
        let place = Self::bare(options);
        assert_eq!(place.run(place.store.danger_initialize_as_new()), Ok(true));
        place
    }

    /// Not initialized.
    fn bare(options: &[&str]) -> Self {
        let server = Server::start(options);
        let store = Arc::new(patient(&server).build().unwrap());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        Self { server, store, runtime, now, ahead: AtomicU64::new(0) }
    }

    /// Another gateway's store in the same server.
    fn another(&self) -> Arc<RedisStore> {
        Arc::new(patient(&self.server).build().unwrap())
    }

    /// All keys that aren't the store's own.
    fn entries(&self) -> Vec<Vec<u8>> {
        let mut keys: Vec<Vec<u8>> =
            redis::cmd("KEYS").arg("*").query(&mut self.server.connection()).unwrap();
        keys.retain(|key| key.len() == b"countersign:".len() + 32);
        keys
    }

    fn health(&self) -> Result<(), RedisFault> {
        self.run(self.store.health())
    }

    /// Asks until it answers as it should, while the store waits before it connects again.
    #[track_caller]
    fn resumes(&self) {
        for _ in 0..1000 {
            if self.health() == Ok(()) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("it doesn't resume: {:?}", self.health());
    }
}

/// On a busy machine an answer may take long; what a test waits for in vain has time-outs of its own.
fn patient(server: &Server) -> RedisStoreBuilder {
    let long = Duration::from_secs(20);
    RedisStore::builder(server.url()).connect_timeout(long).response_timeout(long)
}

impl Place for Redis {
    type Revocations = RedisStore;
    type Replays = RedisStore;

    fn now(&self) -> u64 {
        self.now
    }

    fn revocations(&self) -> &Arc<RedisStore> {
        &self.store
    }

    fn replays(&self) -> &Arc<RedisStore> {
        &self.store
    }

    /// As an entry leaves by the server's clock, and its token by the gateway's.
    fn margin(&self) -> u64 {
        MARGIN + CLOCKS
    }

    /// The server's clock can't be set: all entries expire that much earlier instead.
    fn set(&self, time: u64) {
        let ahead = time - self.now;
        let by = ahead - self.ahead.swap(ahead, Ordering::Relaxed);
        let mut connection = self.server.connection();
        let mut keys = self.entries();
        keys.push(b"countersign:lost".to_vec());
        for key in keys {
            let expires: i64 = redis::cmd("PEXPIRETIME").arg(&key).query(&mut connection).unwrap();
            if expires > 0 {
                let earlier = expires - i64::try_from(by * 1000).unwrap();
                let _: i64 = redis::cmd("PEXPIREAT").arg(&key).arg(earlier).query(&mut connection).unwrap();
            }
        }
    }

    fn len(&self) -> usize {
        self.entries().len()
    }

    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

on_each_store! { Redis::new(), [#[ignore = "needs redis-server"]] }

// ---- without a server

#[test]
fn what_contradicts_itself_is_refused() {
    let refused = |builder: RedisStoreBuilder| builder.build().unwrap_err().to_string();
    let builder = || RedisStore::builder("redis://127.0.0.1/");
    builder().build().unwrap();
    builder().namespace("a").response_timeout(Duration::from_secs(30)).build().unwrap();
    for url in ["", "127.0.0.1:6379", "https://127.0.0.1/", "redis://", "redis://h:p@127.0.0.1:x/"] {
        assert!(refused(RedisStore::builder(url)).contains("expected a URL of the form"), "{url}");
    }
    for url in ["rediss://127.0.0.1/", "REDISS://127.0.0.1/", "rediss://127.0.0.1/#insecure"] {
        assert!(refused(RedisStore::builder(url)).contains("expected a URL"), "{url}");
    }
    for namespace in ["", "two words", "a\n", &"a".repeat(65)] {
        assert!(refused(builder().namespace(namespace)).contains("namespace"), "{namespace}");
    }
    for timeout in [Duration::ZERO, Duration::from_secs(31)] {
        assert!(refused(builder().connect_timeout(timeout)).contains("time-outs"));
        assert!(refused(builder().response_timeout(timeout)).contains("time-outs"));
    }
}

#[test]
fn passwords_and_names_are_not_shown() {
    let url = "redis://gateway:hunter2@127.0.0.1:1/0";
    let builder = RedisStore::builder(url);
    let shown = format!("{builder:?}");
    let shown = format!("{shown} {:?}", builder.build().unwrap());
    let wrong = RedisStore::builder("redis://gateway:hunter2@127.0.0.1:port/").build().unwrap_err();
    let shown = format!("{shown} {wrong} {wrong:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("countersign"), "{shown}");
}

fn here() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server that isn't there, one that says nothing, one that says nonsense: no token passes, and nobody waits for
/// ever.
#[test]
fn a_server_that_does_not_answer_lets_nothing_pass() {
    let token = token_at(NOW, &json!({}));
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let nonsense = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let (silent_at, nonsense_at) = (silent.local_addr().unwrap(), nonsense.local_addr().unwrap());
    thread::spawn(move || {
        for stream in nonsense.incoming().take(100) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 10]);
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let short = Duration::from_millis(50);
    for (address, faults) in [
        (closed, &[RedisFault::Unreachable][..]),
        (silent_at, &[RedisFault::TimedOut]),
        (nonsense_at, &[RedisFault::UnexpectedAnswer, RedisFault::Unreachable]),
    ] {
        let builder = RedisStore::builder(format!("redis://{address}/"));
        // What is refused at once has all the time it needs.
        let timeout = if address == silent_at { short } else { Duration::from_secs(20) };
        let store = Arc::new(builder.connect_timeout(timeout).response_timeout(timeout).build().unwrap());
        let revocation = RevocationCheck::new(Arc::clone(&store));
        let replay = ReplayCheck::new(Arc::clone(&store));
        here().block_on(async {
            for _ in 0..3 {
                assert_eq!(code(revocation.check(&token).await), UNAVAILABLE);
                assert_eq!(code(replay.use_up(&token).await), UNAVAILABLE);
            }
            let fault = store.health().await.unwrap_err();
            assert!(faults.contains(&fault), "{address}: {fault}");
            assert_eq!(
                store.revoke(&Revocation::session("a", "b", at(NOW))).await,
                Err(StoreError::Unavailable)
            );
            // Open by its name.
            assert_eq!(code(revocation.danger_accept_if_unavailable().check(&token).await), None);
            assert_eq!(code(replay.danger_accept_if_unavailable().use_up(&token).await), None);
        });
    }
}

#[test]
fn without_a_runtime_nothing_passes() {
    let store = Arc::new(RedisStore::builder("redis://127.0.0.1:1/").build().unwrap());
    assert_eq!(support::block_on(store.health()), Err(RedisFault::NoRuntime));
    let check = RevocationCheck::new(store);
    assert_eq!(code(support::block_on(check.check(&token_at(NOW, &json!({}))))), UNAVAILABLE);
}

/// A connection that the application makes, as it does for TLS: with the URL's user and password, made again
/// when it breaks, refused when it can't be made.
#[test]
#[ignore = "needs redis-server"]
fn an_application_may_connect_by_itself() {
    let mut place = Redis::bare(&["--requirepass", "hunter2"]);
    assert_eq!(place.health(), Err(RedisFault::NotPermitted));
    let (port, made) = (place.server.port(), Arc::new(AtomicUsize::new(0)));
    let store = |password: &str, port: u16| {
        let made = Arc::clone(&made);
        let builder = RedisStore::builder(format!("redis://:{password}@elsewhere.example.com/"));
        let builder = builder.connect_with(move || {
            made.fetch_add(1, Ordering::Relaxed);
            tokio::net::TcpStream::connect(("127.0.0.1", port))
        });
        Arc::new(builder.build().unwrap())
    };
    let token = place.token(&json!({}));
    assert_eq!(place.run(store("wrong", port).health()), Err(RedisFault::NotPermitted));
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    assert_eq!(place.run(store("hunter2", closed).health()), Err(RedisFault::Unreachable));
    made.store(0, Ordering::Relaxed);
    place.store = store("hunter2", port);
    assert_eq!(place.run(place.store.danger_initialize_as_new()), Ok(true));
    assert_eq!((place.check(&token), place.use_up(&token), place.use_up(&token)), (None, None, REPLAYED));
    assert_eq!(made.load(Ordering::Relaxed), 1);
    place.server.restart();
    for _ in 0..1000 {
        if place.run(place.store.initialize(Duration::from_secs(300))) == Ok(true) {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!((place.health(), place.check(&token)), (Ok(()), REVOKED));
    assert!(made.load(Ordering::Relaxed) > 1);
}

// ---- several gateways

#[test]
#[ignore = "needs redis-server"]
fn what_one_gateway_revokes_another_refuses() {
    let place = Redis::new();
    let another = place.another();
    let elsewhere = |token: &AccessToken<NoClaims>| {
        code(place.run(RevocationCheck::new(Arc::clone(&another)).check(token)))
    };
    let (revoked, spared) = (place.token(&json!({})), place.token(&json!({ "jti": "2" })));
    assert_eq!((elsewhere(&revoked), elsewhere(&spared)), (None, None));
    place.revoke(&Revocation::of_token(&revoked).unwrap()).unwrap();
    assert_eq!((elsewhere(&revoked), elsewhere(&spared)), (REVOKED, None));
    // In another namespace nothing is known of it.
    let other = patient(&place.server).namespace("other").build().unwrap();
    assert_eq!(place.run(other.danger_initialize_as_new()), Ok(true));
    assert_eq!(place.run(other.is_revoked(Revocable::of(&revoked))), Ok(false));
}

#[test]
#[ignore = "needs redis-server"]
fn of_many_tasks_at_two_gateways_one_passes() {
    let place = Redis::new();
    let stores = [Arc::clone(&place.store), place.another()];
    let expires_at = date(place.now + 300);
    for id in 0..100 {
        let passed = place.run(async {
            let mut tasks = tokio::task::JoinSet::new();
            for task in 0..64 {
                let store = Arc::clone(&stores[task % 2]);
                tasks.spawn(async move {
                    let name = id.to_string();
                    store.use_once(TokenUse::new(ISSUER, &name, expires_at)).await.unwrap()
                });
            }
            tasks.join_all().await.into_iter().filter(|passed| *passed).count()
        });
        assert_eq!(passed, 1);
    }
    assert_eq!(place.len(), 100);
}

// ---- what it holds

/// Nothing outlives its time, and no name, token or claim is there.
#[test]
#[ignore = "needs redis-server"]
fn entries_are_digests_that_expire_at_their_time() {
    let place = Redis::new();
    let expires = place.now + 300;
    let revocations = [
        Revocation::token_id(ISSUER, "token-9", at(expires)),
        Revocation::subject_before(ISSUER, "user-17", at(place.now), at(expires)),
        Revocation::session(ISSUER, "session-5", at(expires)),
        Revocation::key_id(ISSUER, "key-3", at(expires)),
        Revocation::issuer_before(ISSUER, at(place.now), at(expires)),
        Revocation::everything_before(at(place.now), at(expires)),
    ];
    for revocation in &revocations {
        place.revoke(revocation).unwrap();
    }
    assert_eq!(place.run(place.store.use_once(TokenUse::new(ISSUER, "token-9", date(expires)))), Ok(true));
    let mut connection = place.server.connection();
    let entries = place.entries();
    assert_eq!(entries.len(), revocations.len() + 1);
    for key in entries {
        let expires_at: u64 = redis::cmd("EXPIRETIME").arg(&key).query(&mut connection).unwrap();
        assert_eq!(expires_at, expires + MARGIN + CLOCKS);
    }
    let all: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert_eq!(all.len(), revocations.len() + 3);
    for key in all {
        let value: Vec<u8> = redis::cmd("GET").arg(&key).query(&mut connection).unwrap();
        let shown = format!("{} {}", String::from_utf8_lossy(&key), String::from_utf8_lossy(&value));
        for name in ["token-9", "user-17", "session-5", "key-3", "example"] {
            assert!(!shown.contains(name), "{shown}");
        }
    }
}

/// What a verifier accepts by the greatest leeway is known as long, though the server's clock is ahead of the
/// gateway's by almost as much as it may be.
#[test]
#[ignore = "needs redis-server"]
fn what_leeway_still_accepts_is_known_by_a_server_that_is_ahead() {
    let place = Redis::new();
    let now = place.now - (CLOCKS - 5);
    let store = Arc::new(patient(&place.server).clock(stopped_at(now)).build().unwrap());
    assert_eq!(place.run(store.health()), Ok(()));
    let check = RevocationCheck::new(Arc::clone(&store));
    let replay = ReplayCheck::new(Arc::clone(&store));
    let claims = |jti: &str, exp: u64| {
        let claims = json!({
            "iss": ISSUER, "aud": "a", "sub": "user-17", "client_id": "c", "jti": jti, "iat": exp - 300, "exp": exp,
        });
        support::signed(r#"{"alg":"HS256","typ":"at+jwt"}"#, claims.to_string())
    };
    let verifier = AccessTokenVerifier::builder(support::hmac_key()).issuer(ISSUER).audience("a");
    let leeway = Duration::from_secs(MARGIN);
    let verifier = verifier.leeway(leeway).clock(stopped_at(now)).build().unwrap();
    let accepted = |jti: &str| verifier.verify::<NoClaims>(&claims(jti, now - MARGIN + 20));
    let (revoked, spared) = (accepted("1").unwrap(), accepted("2").unwrap());
    for token in [&revoked, &spared] {
        assert_eq!(code(place.run(check.check(token))), None);
        assert_eq!(code(place.run(replay.use_up(token))), None);
        assert_eq!(code(place.run(replay.use_up(token))), REPLAYED);
    }
    assert_eq!(place.run(store.revoke(&Revocation::of_token(&revoked).unwrap())), Ok(()));
    assert_eq!(code(place.run(check.check(&revoked))), REVOKED);
    assert_eq!(code(place.run(check.check(&spared))), None);
    // What leeway doesn't accept, nobody needs to know.
    let expired = verifier.verify::<NoClaims>(&claims("3", now - MARGIN)).unwrap_err();
    assert_eq!(expired.code(), "expired");
    let kept = place.len();
    assert_eq!(place.run(store.revoke(&Revocation::token_id(ISSUER, "3", at(now - MARGIN - 5)))), Ok(()));
    assert_eq!(place.len(), kept);
}

/// An entry that another program has written under a name of the store's is no answer.
#[test]
#[ignore = "needs redis-server"]
fn an_entry_that_cant_be_read_is_no_answer() {
    let place = Redis::new();
    let token = place.token(&json!({}));
    let revocation = Revocation::of_token(&token).unwrap();
    let key = [b"countersign:".as_slice(), &revocation.key().digest()].concat();
    for value in ["", "x", "-1", "1.5", "4294967296"] {
        let _: () = redis::cmd("SET").arg(&key).arg(value).query(&mut place.server.connection()).unwrap();
        assert_eq!(place.check(&token), UNAVAILABLE, "{value}");
    }
    let _: () = redis::cmd("SET").arg(&key).arg("x").query(&mut place.server.connection()).unwrap();
    assert_eq!(place.revoke(&revocation), Err(StoreError::Unavailable));
    assert_eq!(place.check(&token), UNAVAILABLE);
}

// ---- a server that forgets, or would

#[test]
#[ignore = "needs redis-server"]
fn a_namespace_that_is_not_there_lets_nothing_pass() {
    let place = Redis::bare(&[]);
    let token = place.token(&json!({}));
    assert_eq!((place.check(&token), place.use_up(&token)), (UNAVAILABLE, UNAVAILABLE));
    let revocation = Revocation::of_token(&token).unwrap();
    assert_eq!(place.revoke(&revocation), Err(StoreError::Unavailable));
    assert_eq!((place.health(), place.len()), (Err(RedisFault::NotInitialized), 0));
    assert_eq!(place.run(place.store.danger_initialize_as_new()), Ok(true));
    assert_eq!((place.check(&token), place.use_up(&token), place.health()), (None, None, Ok(())));
    assert_eq!(place.revoke(&revocation), Ok(()));
    // Once.
    assert_eq!(place.run(place.store.danger_initialize_as_new()), Ok(false));
    assert_eq!(place.run(place.store.initialize(Duration::from_secs(300))), Ok(false));
    assert_eq!((place.check(&token), place.use_up(&token)), (REVOKED, REPLAYED));
}

/// What may have been revoked or used before the namespace was there is void; what comes later isn't.
#[test]
#[ignore = "needs redis-server"]
fn what_was_issued_before_the_namespace_was_there_is_void() {
    let place = Redis::bare(&[]);
    assert_eq!(place.run(place.another().initialize(Duration::from_secs(300))), Ok(true));
    assert_eq!(place.run(place.store.initialize(Duration::from_secs(300))), Ok(false));
    // A second on, as the second that it was initialized in counts as before.
    let issued = |iat: i64, exp: i64| place.token(&json!({ "iat": iat, "exp": exp }));
    assert_eq!((place.check(&issued(0, 300)), place.use_up(&issued(0, 300))), (REVOKED, REPLAYED));
    assert_eq!((place.check(&issued(60, 360)), place.use_up(&issued(60, 360))), (None, None));
    assert_eq!(place.use_up(&issued(60, 360)), REPLAYED);
    // By whichever clock is ahead.
    let ahead = patient(&place.server).namespace("ahead").clock(stopped_at(place.now + 30)).build().unwrap();
    assert_eq!(place.run(ahead.initialize(Duration::from_secs(300))), Ok(true));
    let is_revoked = |iat: i64| place.run(ahead.is_revoked(Revocable::of(&issued(iat, 300))));
    assert_eq!((is_revoked(25), is_revoked(60)), (Ok(true), Ok(false)));
    // That leaves by itself.
    assert_eq!(place.len(), 2);
    place.set(place.now + 300 + place.margin() + 60);
    assert_eq!(place.len(), 0);
}

#[test]
#[ignore = "needs redis-server"]
fn a_server_that_evicts_is_refused() {
    for policy in ["allkeys-lru", "allkeys-random", "volatile-lru", "volatile-ttl"] {
        let place = Redis::bare(&["--maxmemory", "50mb", "--maxmemory-policy", policy]);
        let token = place.token(&json!({}));
        assert_eq!(place.run(place.store.initialize(Duration::ZERO)), Err(RedisFault::Evicts));
        assert_eq!((place.health(), place.check(&token)), (Err(RedisFault::Evicts), UNAVAILABLE));
        let allowed = patient(&place.server).danger_allow_eviction().build().unwrap();
        assert_eq!(place.run(allowed.danger_initialize_as_new()), Ok(true));
        assert_eq!(place.run(allowed.is_revoked(Revocable::of(&token))), Ok(false));
    }
    let place = Redis::with(&["--maxmemory", "50mb"]);
    let token = place.token(&json!({}));
    assert_eq!((place.health(), place.check(&token)), (Ok(()), None));
    // And one that begins to evict, as soon as that is looked at.
    let mut command = redis::cmd("CONFIG");
    command.arg("SET").arg("maxmemory-policy").arg("allkeys-lru");
    let _: () = command.query(&mut place.server.connection()).unwrap();
    assert_eq!((place.health(), place.check(&token)), (Err(RedisFault::Evicts), UNAVAILABLE));
}

#[test]
#[ignore = "needs redis-server"]
fn servers_that_can_not_be_relied_on_are_refused() {
    let place = Redis::new();
    let port = place.server.port().to_string();
    let replica = Redis::bare(&["--replicaof", "127.0.0.1", &port]);
    assert_eq!(replica.health(), Err(RedisFault::Replica));
    let cluster = Redis::bare(&["--cluster-enabled", "yes"]);
    assert_eq!(cluster.health(), Err(RedisFault::Cluster));
    // A minute apart is still the same time.
    let now = place.now;
    for (clock, health) in [
        (NOW, Err(RedisFault::ClocksDiffer)),
        (now - 600, Err(RedisFault::ClocksDiffer)),
        (now + 90, Err(RedisFault::ClocksDiffer)),
        (now + 30, Ok(())),
    ] {
        let store = patient(&place.server).clock(stopped_at(clock)).build().unwrap();
        assert_eq!(place.run(store.health()), health, "{clock}");
    }
}

/// A primary that becomes a replica while it is connected to.
#[test]
#[ignore = "needs redis-server"]
fn a_primary_that_is_none_any_more_is_given_up() {
    let (place, other) = (Redis::new(), Server::start(&[]));
    assert_eq!(place.use_up(&place.token(&json!({}))), None);
    let port = other.port().to_string();
    let mut connection = place.server.connection();
    let _: () = redis::cmd("REPLICAOF").arg("127.0.0.1").arg(&port).query(&mut connection).unwrap();
    assert_eq!(place.use_up(&place.token(&json!({ "jti": "2" }))), UNAVAILABLE);
    assert_eq!(place.health(), Err(RedisFault::Replica));
    assert_eq!(place.check(&place.token(&json!({}))), UNAVAILABLE);
}

// ---- what a user of the server may do

/// What the documentation says that the store's user needs.
fn documented_permissions() -> Vec<String> {
    let documented = include_str!("../src/gateway/redis/store.rs").replace("///", " ");
    let (_, listed) = documented.split_once("`+info").unwrap();
    let (listed, _) = listed.split_once('`').unwrap();
    format!("+info{listed}").split_whitespace().map(String::from).collect()
}

/// Makes a user with the password `hunter2`, and its URL of this database.
fn user(place: &Redis, name: &str, keys: &str, permitted: &[&str], database: u8) -> String {
    let mut command = redis::cmd("ACL");
    command.arg("SETUSER").arg(name).arg("on").arg(">hunter2").arg("resetkeys").arg(keys);
    permitted.iter().for_each(|permission| {
        command.arg(permission);
    });
    let _: () = command.query(&mut place.server.connection()).unwrap();
    format!("redis://{name}:hunter2@127.0.0.1:{}/{database}", place.server.port())
}

/// All that a store does and each way that its scripts take, in a namespace of its own: what is done, and what
/// comes of it. The server's administrator only has memory end and keys lost.
fn every_path(place: &Redis, url: &str, namespace: &str) -> Vec<(&'static str, String)> {
    let mut connection = place.server.connection();
    let mut administer = |words: &[&str]| {
        let mut command = redis::cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(*word);
        });
        let _: redis::Value = command.query(&mut connection).unwrap();
    };
    let (lost, epoch) = (format!("{namespace}:lost"), format!("{namespace}:epoch"));
    let long = Duration::from_secs(20);
    let store = RedisStore::builder(url).namespace(namespace).connect_timeout(long).response_timeout(long);
    let store = store.build().unwrap();
    let token = place.token(&json!({ "iat": 60, "exp": 360 }));
    let revoke = |until: i64| {
        let revocation = Revocation::session(ISSUER, until.to_string(), place.at(until));
        format!("{:?}", place.run(store.revoke(&revocation)))
    };
    let revoke_before = |before: u64, until: i64| {
        let before = at(place.now + before);
        let revocation = Revocation::subject_before(ISSUER, "a", before, place.at(until));
        format!("{:?}", place.run(store.revoke(&revocation)))
    };
    let use_up = |id: &str| {
        format!("{:?}", place.run(store.use_once(TokenUse::new(ISSUER, id, date(place.now + 1000)))))
    };
    let is_revoked = || format!("{:?}", place.run(store.is_revoked(Revocable::of(&token))));
    let health = || format!("{:?}", place.run(store.health()));
    let initialize = || format!("{:?}", place.run(store.initialize(Duration::from_secs(1))));
    // As after a restart: each script has to be loaded.
    administer(&["SCRIPT", "FLUSH"]);
    let mut went = vec![
        ("health of nothing", health()),
        ("initialize", initialize()),
        ("initialize again", initialize()),
        ("health", health()),
        ("revoke", revoke_before(1, 300)),
        ("revoke for longer", revoke_before(1, 400)),
        ("revoke more", revoke_before(2, 400)),
        ("revoke less", revoke_before(1, 300)),
        ("check", is_revoked()),
        ("use", use_up("1")),
        ("use again", use_up("1")),
    ];
    administer(&["CONFIG", "SET", "maxmemory", "1"]);
    went.extend([
        ("use without room", use_up("2")),
        ("revoke for longer without room", revoke_before(1, 500)),
        ("health without room", health()),
        ("revoke without room", revoke(600)),
        ("health after a loss", health()),
        ("check after a loss", is_revoked()),
        ("revoke for longer without room after a loss", revoke(700)),
    ]);
    administer(&["CONFIG", "SET", "maxmemory", "0"]);
    let kept: i64 = redis::cmd("TTL").arg(&lost).query(&mut place.server.connection()).unwrap();
    went.push(("the loss is kept for the longer one", (kept > 650).to_string()));
    // An operator has made room and deletes the loss; the spare is still to be made again.
    administer(&["DEL", &lost]);
    went.push(("health when the loss is deleted", health()));
    administer(&["CONFIG", "SET", "maxmemory", "1"]);
    went.extend([
        ("revoke without room and reserve", revoke(800)),
        ("health without the namespace", health()),
        ("check without the namespace", is_revoked()),
        ("use without the namespace", use_up("3")),
        ("revoke without the namespace", revoke(900)),
        ("initialize without room", initialize()),
    ]);
    administer(&["CONFIG", "SET", "maxmemory", "0"]);
    went.push(("initialize after a loss", initialize()));
    // The server loses the epoch, and keeps what initialization finds again.
    administer(&["DEL", &epoch]);
    went.extend([
        ("initialize what is there in part", initialize()),
        ("revoke again", revoke(900)),
        ("health again", health()),
    ]);
    went
}

/// What the paths come to: as they do for whoever may do anything.
const EVERY_PATH: [(&str, &str); 30] = [
    ("health of nothing", "Err(NotInitialized)"),
    ("initialize", "Ok(true)"),
    ("initialize again", "Ok(false)"),
    ("health", "Ok(())"),
    ("revoke", "Ok(())"),
    ("revoke for longer", "Ok(())"),
    ("revoke more", "Ok(())"),
    ("revoke less", "Ok(())"),
    ("check", "Ok(false)"),
    ("use", "Ok(true)"),
    ("use again", "Ok(false)"),
    ("use without room", "Err(Full)"),
    ("revoke for longer without room", "Ok(())"),
    ("health without room", "Ok(())"),
    ("revoke without room", "Err(Full)"),
    ("health after a loss", "Err(Full)"),
    ("check after a loss", "Err(Full)"),
    ("revoke for longer without room after a loss", "Err(Full)"),
    ("the loss is kept for the longer one", "true"),
    ("health when the loss is deleted", "Ok(())"),
    ("revoke without room and reserve", "Err(Full)"),
    ("health without the namespace", "Err(NotInitialized)"),
    ("check without the namespace", "Err(Unavailable)"),
    ("use without the namespace", "Err(Unavailable)"),
    ("revoke without the namespace", "Err(Unavailable)"),
    ("initialize without room", "Err(Full)"),
    ("initialize after a loss", "Ok(true)"),
    ("initialize what is there in part", "Ok(true)"),
    ("revoke again", "Ok(())"),
    ("health again", "Ok(())"),
];

/// The permissions that the documentation lists are enough on every path, those for failures too.
#[test]
#[ignore = "needs redis-server"]
fn a_user_with_the_permissions_that_are_documented_is_enough() {
    let place = Redis::bare(&[]);
    let documented = documented_permissions();
    let permitted: Vec<&str> = documented.iter().map(String::as_str).collect();
    let everybody = every_path(&place, &place.server.url(), "everybody");
    let url = user(&place, "gateway", "~gateway:*", &permitted, 0);
    let went = every_path(&place, &url, "gateway");
    let expected: Vec<_> = EVERY_PATH.iter().map(|(path, outcome)| (*path, (*outcome).to_owned())).collect();
    assert_eq!(everybody, expected);
    assert_eq!(went, expected);
}

/// And none of them is one too many: without it, what worked is an error.
#[test]
#[ignore = "needs redis-server"]
fn each_permission_that_is_documented_is_needed() {
    let place = Redis::bare(&[]);
    let documented = documented_permissions();
    assert_eq!(documented.len(), 12);
    for (number, without) in documented.iter().enumerate() {
        let permitted: Vec<&str> =
            documented.iter().filter(|other| *other != without).map(String::as_str).collect();
        let namespace = format!("without-{number}");
        let url = user(&place, &namespace, &format!("~{namespace}:*"), &permitted, 0);
        let went = every_path(&place, &url, &namespace);
        let found = went.iter().zip(EVERY_PATH).find(|((_, outcome), (_, expected))| outcome != expected);
        let ((path, outcome), _) = found.unwrap_or_else(|| panic!("{without} isn't needed"));
        println!("without {without}: {path}: {outcome}");
        assert!(
            ["Err(NotPermitted)", "Err(Unavailable)"].contains(&outcome.as_str()),
            "{without}: {path}: {outcome}"
        );
    }
}

/// Another database has to be selected.
#[test]
#[ignore = "needs redis-server"]
fn another_database_needs_one_permission_more() {
    let place = Redis::bare(&[]);
    let documented = documented_permissions();
    let mut permitted: Vec<&str> = documented.iter().map(String::as_str).collect();
    let health = |url: String| {
        let store = RedisStore::builder(url).namespace("gateway").build().unwrap();
        place.run(store.health())
    };
    let url = user(&place, "gateway", "~gateway:*", &permitted, 1);
    assert_eq!(health(url), Err(RedisFault::NotPermitted));
    permitted.push("+select");
    let url = user(&place, "selector", "~gateway:*", &permitted, 1);
    assert_eq!(health(url), Err(RedisFault::NotInitialized));
}

/// Whoever isn't the user that the server knows is told nothing.
#[test]
#[ignore = "needs redis-server"]
fn without_permissions_nothing_passes() {
    let place = Redis::new();
    let documented = documented_permissions();
    let permitted: Vec<&str> = documented.iter().map(String::as_str).collect();
    let right = user(&place, "gateway", "~countersign:*", &permitted, 0);
    let token = place.token(&json!({}));
    let asked = |url: &str| {
        let store = RedisStore::builder(url).build().unwrap();
        place.run(async { (store.health().await, store.is_revoked(Revocable::of(&token)).await) })
    };
    assert_eq!(asked(&right), (Ok(()), Ok(false)));
    for url in [
        user(&place, "reader", "~*", &["+info", "+time"], 0),
        user(&place, "elsewhere", "~other:*", &permitted, 0),
        right.replace("hunter2", "wrong"),
        right.replace("gateway", "nobody"),
    ] {
        assert_eq!(asked(&url), (Err(RedisFault::NotPermitted), Err(StoreError::Unavailable)), "{url}");
    }
}

/// Without room a revocation is an error to whoever revokes, and no token passes until it would have expired.
#[test]
#[ignore = "needs redis-server"]
fn a_full_server_fails_closed() {
    let place = Redis::new();
    let (known, lost) = (place.token(&json!({})), place.token(&json!({ "jti": "2" })));
    place.revoke(&Revocation::of_token(&known).unwrap()).unwrap();
    assert_eq!(place.use_up(&known), None);
    let mut connection = place.server.connection();
    let mut memory = |bytes: &str| -> () {
        redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).query(&mut connection).unwrap()
    };
    memory("1");
    // What may be used once doesn't pass, and what is revoked stays so; the rest does.
    assert_eq!((place.use_up(&lost), place.use_up(&known)), (UNAVAILABLE, UNAVAILABLE));
    assert_eq!((place.check(&known), place.check(&lost)), (REVOKED, None));
    // What is there can be revoked for longer.
    let longer = Revocation::token_id(ISSUER, "1", place.at(500));
    assert_eq!(place.revoke(&longer), Ok(()));
    assert_eq!(place.health(), Ok(()));
    assert_eq!(place.revoke(&Revocation::of_token(&lost).unwrap()), Err(StoreError::Full));
    assert_eq!((place.check(&known), place.check(&lost)), (REVOKED, UNAVAILABLE));
    assert_eq!(place.health(), Err(RedisFault::Full));
    // Another one that matters for longer, and one that does not.
    assert_eq!(place.revoke(&Revocation::session(ISSUER, "a", place.at(900))), Err(StoreError::Full));
    assert_eq!(place.revoke(&Revocation::session(ISSUER, "b", place.at(10))), Err(StoreError::Full));
    // Room doesn't bring back what was lost, and a retry neither: what was lost beside it isn't known.
    memory("0");
    assert_eq!(place.revoke(&Revocation::session(ISSUER, "a", place.at(900))), Ok(()));
    assert_eq!(place.check(&lost), UNAVAILABLE);
    place.set(place.now + 900 + place.margin() - 30);
    assert_eq!(place.check(&lost), UNAVAILABLE);
    place.set(place.now + 900 + place.margin());
    assert_eq!((place.check(&lost), place.health()), (None, Ok(())));
    // And the next time the same; then with nothing in reserve.
    memory("1");
    assert_eq!(place.revoke(&Revocation::session(ISSUER, "b", place.at(1000))), Err(StoreError::Full));
    assert_eq!(place.health(), Err(RedisFault::Full));
    place.set(place.now + 900 + place.margin() + 1000 + place.margin());
    assert_eq!(place.health(), Ok(()));
    assert_eq!(place.revoke(&Revocation::session(ISSUER, "c", place.at(2000))), Err(StoreError::Full));
    assert_eq!(place.health(), Err(RedisFault::NotInitialized));
}

/// The newer protocol, a socket on the machine, another database.
#[test]
#[ignore = "needs redis-server"]
fn other_ways_to_the_server_say_the_same() {
    let place = Redis::with(&["--unixsocket", "{folder}/socket"]);
    let socket = place.server.folder().join("socket");
    for url in [
        format!("{}1?protocol=resp3", place.server.url()),
        format!("{}2", place.server.url()),
        format!("unix://{}?db=3", socket.display()),
    ] {
        let store = RedisStore::builder(&url).build().unwrap();
        place.run(async {
            assert_eq!(store.danger_initialize_as_new().await, Ok(true), "{url}");
            for used in [Ok(true), Ok(false)] {
                let token = TokenUse::new(ISSUER, "1", date(place.now + 300));
                assert_eq!(store.use_once(token).await, used, "{url}");
            }
            let token = place.token(&json!({}));
            assert_eq!(store.is_revoked(Revocable::of(&token)).await, Ok(false), "{url}");
            store.revoke(&Revocation::of_token(&token).unwrap()).await.unwrap();
            assert_eq!(store.is_revoked(Revocable::of(&token)).await, Ok(true), "{url}");
            assert_eq!(store.health().await, Ok(()), "{url}");
        });
    }
}

/// The server forgets its scripts, as after a restart or `SCRIPT FLUSH`.
#[test]
#[ignore = "needs redis-server"]
fn scripts_that_are_forgotten_are_loaded_again() {
    let place = Redis::new();
    for id in ["1", "2"] {
        let token = place.token(&json!({ "jti": id }));
        assert_eq!((place.use_up(&token), place.use_up(&token)), (None, REPLAYED));
        place.revoke(&Revocation::of_token(&token).unwrap()).unwrap();
        assert_eq!(place.check(&token), REVOKED);
        let _: () = redis::cmd("SCRIPT").arg("FLUSH").query(&mut place.server.connection()).unwrap();
    }
}

// ---- a server that dies or hangs

/// What a load has seen: how many answers of each kind, and none that must not be.
#[derive(Default)]
struct Seen {
    accepted: AtomicUsize,
    refused: AtomicUsize,
    unavailable: AtomicUsize,
    used: AtomicUsize,
    /// The names whose use was answered with yes.
    names: Mutex<Vec<String>>,
}

/// Loads a store with a token that is revoked, one that isn't, and ones that may be used once, which are all used
/// twice, until told to stop.
async fn load(place: &Redis, seen: Arc<Seen>, stop: Arc<AtomicBool>, during: impl FnOnce() + Send + 'static) {
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8_u64 {
        let (store, seen, stop, now) =
            (Arc::clone(&place.store), Arc::clone(&seen), Arc::clone(&stop), place.now);
        let revoked = place.token(&json!({ "jti": "revoked" }));
        let spared = place.token(&json!({ "jti": "spared" }));
        tasks.spawn(async move {
            let check = RevocationCheck::new(Arc::clone(&store));
            let mut number = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                match code(check.check(&revoked).await) {
                    REVOKED => seen.refused.fetch_add(1, Ordering::Relaxed),
                    UNAVAILABLE => seen.unavailable.fetch_add(1, Ordering::Relaxed),
                    other => panic!("a revoked token: {other:?}"),
                };
                match code(check.check(&spared).await) {
                    None => seen.accepted.fetch_add(1, Ordering::Relaxed),
                    UNAVAILABLE => seen.unavailable.fetch_add(1, Ordering::Relaxed),
                    other => panic!("a token that isn't revoked: {other:?}"),
                };
                let name = format!("{task} {number}");
                number += 1;
                let mut first = false;
                for _ in 0..2 {
                    let used = TokenUse::new(ISSUER, &name, date(now + 300));
                    if store.use_once(used).await == Ok(true) {
                        assert!(!first, "{name} was used twice");
                        first = true;
                        seen.names.lock().unwrap().push(name.clone());
                        seen.used.fetch_add(1, Ordering::Relaxed);
                    }
                }
                // At once it would only find that there is no connection.
                tokio::task::yield_now().await;
            }
        });
    }
    let during = tokio::task::spawn_blocking(during);
    during.await.unwrap();
    stop.store(true, Ordering::Relaxed);
    tasks.join_all().await;
}

/// Waits until a count has grown by this many.
fn wait_for(count: &AtomicUsize, more: usize) {
    let until = count.load(Ordering::Relaxed) + more;
    for _ in 0..6000 {
        if count.load(Ordering::Relaxed) >= until {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("expected {until}, found {}", count.load(Ordering::Relaxed));
}

/// Killed in the middle of load, and started again with what it had written: nothing passes that should not, and
/// service resumes, with all that was revoked and used.
#[test]
#[ignore = "needs redis-server"]
fn killed_under_load_and_started_again_it_knows_all() {
    let place = Redis::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    place.revoke(&Revocation::token_id(ISSUER, "revoked", place.at(300))).unwrap();
    let before = place.token(&json!({ "jti": "before" }));
    assert_eq!(place.use_up(&before), None);
    let (seen, stop) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    let Redis { server, store, runtime, now, ahead } = place;
    // The server is killed beside the load that uses the store.
    let place = Redis { server: Server::start(&[]), store, runtime, now, ahead };
    let server = Arc::new(Mutex::new(server));
    let (counts, killed) = (Arc::clone(&seen), Arc::clone(&server));
    place.run(load(&place, Arc::clone(&seen), stop, move || {
        wait_for(&counts.accepted, 100);
        wait_for(&counts.used, 100);
        killed.lock().unwrap().kill();
        wait_for(&counts.unavailable, 100);
        killed.lock().unwrap().restart();
        wait_for(&counts.accepted, 100);
        wait_for(&counts.refused, 100);
        // More than the tasks can have been told before the kill and not counted yet.
        wait_for(&counts.used, 100);
    }));
    assert_eq!(place.use_up(&before), REPLAYED);
    // Each write is on disk before its answer, so the namespace and each use that was answered with yes is still
    // there: without `initialize`, those before the kill as those after it.
    let names = std::mem::take(&mut *seen.names.lock().unwrap());
    assert!(names.len() >= 200);
    for name in &names {
        let again = TokenUse::new(ISSUER, name, date(place.now + 300));
        assert_eq!(place.run(place.store.use_once(again)), Ok(false), "{name}");
    }
    let fresh = TokenUse::new(ISSUER, "fresh", date(place.now + 300));
    assert_eq!(place.run(place.store.use_once(fresh)), Ok(true));
    println!(
        "{} accepted, {} unavailable",
        seen.accepted.load(Ordering::Relaxed),
        seen.unavailable.load(Ordering::Relaxed)
    );
}

/// Started again without what it had: nothing passes until it is initialized, and then nothing that it has
/// forgotten.
#[test]
#[ignore = "needs redis-server"]
fn started_again_empty_it_lets_nothing_pass_that_it_forgot() {
    let mut place = Redis::new();
    let (revoked, used) = (place.token(&json!({ "jti": "1" })), place.token(&json!({ "jti": "2" })));
    place.revoke(&Revocation::of_token(&revoked).unwrap()).unwrap();
    assert_eq!((place.check(&revoked), place.use_up(&used)), (REVOKED, None));
    place.server.kill();
    assert_eq!((place.check(&revoked), place.use_up(&used)), (UNAVAILABLE, UNAVAILABLE));
    place.server.restart();
    for _ in 0..1000 {
        if place.health() == Err(RedisFault::NotInitialized) {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(place.health(), Err(RedisFault::NotInitialized));
    let all = [&revoked, &used, &place.token(&json!({ "jti": "3" }))];
    for token in all {
        assert_eq!((place.check(token), place.use_up(token)), (UNAVAILABLE, UNAVAILABLE));
    }
    assert_eq!(place.run(place.store.initialize(Duration::from_secs(300))), Ok(true));
    for token in all {
        assert_eq!((place.check(token), place.use_up(token)), (REVOKED, REPLAYED));
    }
    let fresh = place.token(&json!({ "jti": "4", "iat": 60, "exp": 360 }));
    assert_eq!((place.check(&fresh), place.use_up(&fresh), place.use_up(&fresh)), (None, None, REPLAYED));
}

/// A server that is there and says nothing: an error within the time-outs, for all who ask, and service resumes.
#[test]
#[ignore = "needs redis-server"]
fn a_server_that_hangs_is_an_error() {
    let mut place = Redis::new();
    let short = Duration::from_millis(100);
    place.store = Arc::new(
        RedisStore::builder(place.server.url())
            .response_timeout(short)
            .connect_timeout(short)
            .build()
            .unwrap(),
    );
    let token = place.token(&json!({}));
    place.resumes();
    assert_eq!(place.check(&token), None);
    place.server.pause();
    let started = Instant::now();
    let (store, token) = (&place.store, &token);
    let answers = async {
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(store.is_revoked(Revocable::of(token)).await.err());
            answers.push(store.use_once(TokenUse::new(ISSUER, "1", date(place.now + 300))).await.err());
        }
        answers
    };
    // So long that it says that it hangs, and not how busy the machine is.
    let answers = place.run(async { tokio::time::timeout(Duration::from_secs(60), answers).await });
    println!("six answers of a server that hangs: {:?}", started.elapsed());
    assert_eq!(answers.unwrap(), [Some(StoreError::Unavailable); 6]);
    place.server.resume();
    place.resumes();
    assert_eq!(place.check(token), None);
}

// ---- figures

/// Memory and time; printed, since they say little about another machine.
#[test]
#[ignore = "needs redis-server"]
#[allow(clippy::cast_precision_loss, reason = "figures to show")]
fn figures() {
    const ENTRIES: u64 = 100_000;
    const CHECKS: u32 = 20_000;
    let place = Redis::new();
    let memory = || -> u64 {
        let info: String = redis::cmd("INFO").arg("memory").query(&mut place.server.connection()).unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
        line.trim().parse().unwrap()
    };
    let many = |what: &str, write: fn(Arc<RedisStore>, u64, u64) -> StoreTask| {
        let (empty, started) = (memory(), Instant::now());
        place.run(async {
            let mut tasks = tokio::task::JoinSet::new();
            for part in 0..100 {
                let (store, now) = (Arc::clone(&place.store), place.now);
                tasks.spawn(async move {
                    for id in 0..ENTRIES / 100 {
                        write(Arc::clone(&store), part * ENTRIES + id, now).await;
                    }
                });
            }
            tasks.join_all().await;
        });
        let rate = ENTRIES as f64 / started.elapsed().as_secs_f64();
        let each = (memory() - empty) as f64 / ENTRIES as f64;
        println!("{what}: {each:.1} bytes an entry, {rate:.0} writes a second from 100 tasks at once");
    };
    many("revoked IDs", |store, id, now| {
        Box::pin(async move {
            store.revoke(&Revocation::token_id(ISSUER, id.to_string(), at(now + 300))).await.unwrap();
        })
    });
    many("used IDs", |store, id, now| {
        Box::pin(async move {
            let name = id.to_string();
            assert!(store.use_once(TokenUse::new(ISSUER, &name, date(now + 300))).await.unwrap());
        })
    });
    let token = jwt_at(place.now, &json!({ "iss": ISSUER, "jti": "none", "sub": "a", "iat": place.now }));
    let started = Instant::now();
    place.run(async {
        for _ in 0..CHECKS {
            assert!(!place.store.is_revoked(Revocable::of_jwt(&token, Some("s"))).await.unwrap());
        }
    });
    println!("{:?} a revocation check, one after the other", started.elapsed() / CHECKS);
    let started = Instant::now();
    place.run(async {
        for id in 0..CHECKS {
            let name = format!("one by one {id}");
            assert!(place.store.use_once(TokenUse::new(ISSUER, &name, date(place.now + 300))).await.unwrap());
        }
    });
    println!("{:?} a replay check, one after the other", started.elapsed() / CHECKS);
    let started = Instant::now();
    place.run(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let (store, token) = (Arc::clone(&place.store), place.token(&json!({ "jti": "none" })));
            tasks.spawn(async move {
                for _ in 0..CHECKS / 20 {
                    assert!(!store.is_revoked(Revocable::of(&token)).await.unwrap());
                }
            });
        }
        tasks.join_all().await;
    });
    let rate = f64::from(CHECKS) * 5.0 / started.elapsed().as_secs_f64();
    println!("{rate:.0} revocation checks a second from 100 tasks at once, over one connection");
}

type StoreTask = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
