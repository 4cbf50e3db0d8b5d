//! The gateway as a whole, over real sockets: the parts of `examples/gateway`, each a server on loopback. Encrypted
//! tokens end to end; keys that rotate while requests run; an authorization server that is down from the start; two
//! gateways on one Redis; a Redis that is killed in the middle of load.
//!
//! `cargo test --all-features --test gateway_http -- --include-ignored` runs those that need a redis-server, too.

#![cfg(all(feature = "jwks-http", feature = "redis", feature = "tower"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(
    unreachable_pub,
    dead_code,
    reason = "the example's modules are a program's, which uses all of them"
)]

#[path = "../examples/gateway/authorization_server.rs"]
mod authorization_server;
#[path = "../examples/gateway/client.rs"]
mod client;
#[path = "../examples/gateway/deployment.rs"]
mod deployment;
#[path = "../examples/gateway/gateway.rs"]
mod gateway;
#[path = "../examples/gateway/last_decision.rs"]
mod last_decision;
#[path = "../examples/gateway/proxy.rs"]
mod proxy;
#[path = "../examples/gateway/rate_limit.rs"]
mod rate_limit;
#[path = "support/redis_server.rs"]
mod redis_server;
#[path = "../examples/gateway/server.rs"]
mod server;
#[path = "../examples/gateway/services.rs"]
mod services;
#[path = "support/http.rs"]
mod sockets;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authorization_server::{AuthorizationServer, TOKEN_LIFETIME};
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use axum::routing::get as get_route;
use axum::{Json, Router};
use client::{Answer, Client};
use countersign::gateway::audit::{Audit, AuditEvent, AuditSink, Decision};
use countersign::gateway::redis::{RedisFault, RedisStore};
use countersign::gateway::revocation::{MemoryRevocations, RevocationStore};
use countersign::keys::remote::{KeySourceEvent, RemoteJwks, ReqwestClient};
use countersign::profile::access_token::{AccessTokenIssuerBuilder, Grant};
use countersign::{
    AccessTokenIssuer, ContentEncryption, DecryptionKey, EncryptionKey, JweAlgorithm, JwkSet, JwsAlgorithm,
    JwtIssuer, SigningKey, UnverifiedToken,
};
use deployment::Deployment;
use gateway::{Keys, Settings};
use last_decision::LastDecision;
use proxy::Upstream;
use serde_json::{Value, json};
use server::{Port, Server};
use services::{INVOICES, ORDERS};
use sockets::Shifted;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

type Failure = Box<dyn StdError + Send + Sync>;

/// More than any test asks for.
const UNLIMITED: u32 = u32::MAX;

fn trail() -> (Arc<LastDecision>, Arc<Audit>) {
    let decisions = Arc::new(LastDecision::default());
    let audit = Audit::builder(Arc::clone(&decisions)).build().unwrap();
    (decisions, Arc::new(audit))
}

fn in_memory() -> Vec<Arc<dyn RevocationStore>> {
    vec![Arc::new(MemoryRevocations::new(1000))]
}

async fn get(server: &Server, path: &str, token: &str) -> Answer {
    Client::new().call(Method::GET, &format!("{}{path}", server.url()), token, "a").await.unwrap()
}

async fn logout(server: &Server, token: &str) -> u16 {
    let url = format!("{}/logout", server.url());
    Client::new().call(Method::POST, &url, token, "a").await.unwrap().status
}

/// A gateway whose authorization server is the test: it publishes one key, and signs what it likes.
struct ByHand {
    gateway: Server,
    key: SigningKey,
    encryption_key: EncryptionKey,
    decisions: Arc<LastDecision>,
    /// They serve until they are dropped.
    _others: [Server; 2],
}

impl ByHand {
    const ISSUER: &'static str = "https://id.example.com";

    /// Behind it, each request is answered with the header fields that it came with.
    async fn start(requests_per_minute: u32) -> Self {
        let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("a");
        let jwks: JwkSet = [key.to_public_jwk().unwrap()].into_iter().collect();
        let jwks = jwks.to_public_json().unwrap();
        let issuer = Port::free().await.unwrap();
        let issuer = issuer.serve(Router::new().route("/jwks", get_route(async || jwks)));
        let echo = Port::free().await.unwrap().serve(Router::new().fallback(fields));
        let (decisions, audit) = trail();
        let keys = Keys::generate().unwrap();
        let settings = Settings {
            issuer_keys: RemoteJwks::from_url(format!("{}/jwks", issuer.url())).build_http().unwrap(),
            issuer: Self::ISSUER.to_owned(),
            keys: keys.clone_keys(),
            revocations: in_memory().remove(0),
            audit,
            orders: Upstream::new(ORDERS.name, echo.url()),
            invoices: Upstream::new(INVOICES.name, echo.url()),
            invoices_key: keys.encryption_key().unwrap(),
            requests_per_minute,
        };
        let gateway = Port::free().await.unwrap().serve(gateway::routes(settings).unwrap());
        let encryption_key = keys.encryption_key().unwrap();
        Self { gateway, key, encryption_key, decisions, _others: [issuer, echo] }
    }

    fn issuer(&self, key: &SigningKey) -> AccessTokenIssuerBuilder {
        let issuer = AccessTokenIssuer::builder(key.clone_key()).issuer(Self::ISSUER);
        issuer.audience(gateway::NAME).lifetime(TOKEN_LIFETIME)
    }

    fn token(&self, client_id: &str) -> String {
        let issuer = self.issuer(&self.key).encrypt_for(self.encryption_key.clone_key()).build().unwrap();
        issuer.issue(&grant(client_id)).unwrap()
    }

    /// The status of a call, and the code in the audit trail.
    async fn verdict(&self, token: &str) -> (u16, Option<&'static str>) {
        let answer = get(&self.gateway, "/orders", token).await;
        (answer.status, self.decisions.event().unwrap().code())
    }
}

fn grant(client_id: &str) -> Grant {
    Grant::to("user-17", client_id).scopes([ORDERS.scope])
}

/// Each header field of a request, with all its values.
async fn fields(headers: HeaderMap) -> Json<BTreeMap<String, Vec<String>>> {
    let mut fields = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in &headers {
        let values = fields.entry(name.as_str().to_owned()).or_default();
        values.push(value.to_str().unwrap().to_owned());
    }
    Json(fields)
}

// ---- encrypted tokens

#[tokio::test]
async fn encrypted_tokens_pass_end_to_end() {
    let (decisions, audit) = trail();
    let deployment = Deployment::start(in_memory(), &audit, UNLIMITED).await.unwrap();
    let (gateway, issuer) = (&deployment.gateways[0], deployment.issuer.url());
    let token = Client::new().token(issuer, "web-shop", "orders:read invoices:read").await.unwrap();
    let header = UnverifiedToken::parse(&token).unwrap();
    assert_eq!((header.algorithm(), header.content_encryption()), ("ECDH-ES+A256KW", Some("A256GCM")));
    for (path, service) in [("/orders", ORDERS), ("/invoices", INVOICES)] {
        let answer = get(gateway, path, &token).await;
        assert_eq!(answer.status, 200);
        let mut told: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(told.as_object_mut().unwrap().remove("transaction").is_some_and(|id| id.is_string()));
        let expected = json!({
            "issuer": gateway::NAME, "audience": [service.audience], "subject": "user-17",
            "client": "web-shop", "scopes": [service.scope], "actors": [gateway::NAME],
        });
        assert_eq!(told, expected);
        assert_eq!(decisions.event().unwrap().decision(), Decision::Accepted);
    }
    // Not past the gateway, and what is wrong with one bit is wrong.
    for server in [&deployment.orders, &deployment.invoices] {
        assert_eq!(get(server, "/", &token).await.status, 401);
    }
    let last = token.len() - 2;
    let flipped = if token.as_bytes()[last] == b'A' { "B" } else { "A" };
    let mut tampered = token.clone();
    tampered.replace_range(last..=last, flipped);
    assert_eq!(get(gateway, "/orders", &tampered).await.status, 401);
    let url = format!("{}/orders", gateway.url());
    assert_eq!(Client::new().call(Method::POST, &url, &token, "a").await.unwrap().status, 405);
    let less = Client::new().token(issuer, "web-shop", "invoices:read").await.unwrap();
    assert_eq!(get(gateway, "/orders", &less).await.status, 403);
    assert_eq!(get(gateway, "/invoices", &less).await.status, 200);
    deployment.stop().await.unwrap();
}

#[tokio::test]
async fn only_what_is_signed_and_then_encrypted_to_the_gateway_passes() {
    let place = ByHand::start(UNLIMITED).await;
    let to = |key: &EncryptionKey| place.issuer(&place.key).encrypt_for(key.clone_key());
    let issue =
        |builder: AccessTokenIssuerBuilder| builder.build().unwrap().issue(&grant("web-shop")).unwrap();
    assert_eq!(place.verdict(&issue(to(&place.encryption_key))).await, (200, None));

    let forger = SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id("a");
    let stranger = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap().with_key_id("gateway");
    let stranger = stranger.encryption_key().unwrap();
    let other_content = place.encryption_key.clone_key().with_content_encryption(ContentEncryption::A128Gcm);
    let claims = json!({
        "iss": ByHand::ISSUER, "aud": gateway::NAME, "sub": "user-17", "client_id": "web-shop", "jti": "1",
        "iat": 1, "exp": 99_999_999_999_u64, "scope": ORDERS.scope,
    });
    let unsigned = countersign::encrypt(&place.encryption_key, claims.to_string().as_bytes()).unwrap();
    let id_token = JwtIssuer::builder(place.key.clone_key())
        .issuer(ByHand::ISSUER)
        .audience(gateway::NAME)
        .lifetime(TOKEN_LIFETIME)
        .encrypt_for(place.encryption_key.clone_key())
        .build()
        .unwrap();
    let id_token =
        id_token.issue("user-17", &json!({ "client_id": "web-shop", "scope": ORDERS.scope })).unwrap();
    for (token, expected) in [
        (issue(place.issuer(&place.key)), "not_encrypted"),
        (unsigned, "content_type_not_allowed"),
        (issue(place.issuer(&forger).encrypt_for(place.encryption_key.clone_key())), "invalid_signature"),
        (issue(to(&stranger)), "decryption_failed"),
        (issue(to(&other_content.unwrap())), "content_encryption_not_allowed"),
        (id_token, "type_not_allowed"),
    ] {
        assert_eq!(place.verdict(&token).await, (401, Some(expected)));
    }
}

// ---- what goes on to the service

#[tokio::test]
async fn nothing_of_the_credentials_goes_on_to_the_service() {
    let place = ByHand::start(UNLIMITED).await;
    let token = place.token("web-shop");
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let request = Request::get(format!("{}/orders?page=2", place.gateway.url()))
        .header("Authorization", format!("Bearer {token}"))
        .header("Proxy-Authorization", format!("Bearer {token}"))
        .header("DPoP", "proof")
        // A client that has the token removed on the way would be one without a token.
        .header("Connection", "authorization, x-secret")
        .header("X-Secret", "1")
        .header("X-Kept", "1")
        .body(Body::empty())
        .unwrap();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let body = axum::body::to_bytes(Body::new(response.into_body()), 65536).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(!text.contains(&token));
    let seen: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).unwrap();
    for gone in ["proxy-authorization", "dpop", "x-secret", "connection"] {
        assert!(!seen.contains_key(gone), "{gone}: {seen:?}");
    }
    assert_eq!(seen["x-kept"], ["1"]);
    let [minted] = seen["authorization"].as_slice() else { panic!("expected one field: {seen:?}") };
    let minted = minted.strip_prefix("Bearer ").unwrap();
    assert_eq!((minted.split('.').count(), token.split('.').count()), (3, 5));
}

#[tokio::test]
async fn a_client_over_its_rate_waits_and_others_do_not() {
    let place = ByHand::start(1).await;
    let (hasty, patient) = (place.token("batch-job"), place.token("web-shop"));
    let refused = place.issuer(&place.key).build().unwrap().issue(&grant("web-shop")).unwrap();
    for _ in 0..3 {
        // It says whose it is, and doesn't count: it wasn't verified.
        assert_eq!(place.verdict(&refused).await.0, 401);
    }
    assert_eq!(get(&place.gateway, "/orders", &hasty).await.status, 200);
    for token in [&hasty, &place.token("batch-job")] {
        let answer = get(&place.gateway, "/orders", token).await;
        assert_eq!(answer.status, 429);
        let seconds: u64 = answer.retry_after.unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
    }
    let answer = get(&place.gateway, "/orders", &patient).await;
    assert_eq!((answer.status, answer.retry_after), (200, None));
}

// ---- keys that rotate, keys that aren't to be had

/// How often each key and each refusal stands in the trail.
#[derive(Default)]
struct Tally(Mutex<BTreeMap<String, usize>>);

impl AuditSink for Tally {
    fn record(&self, event: &AuditEvent<'_>) {
        let key_id = || event.verified().and_then(|facts| facts.key_id()).map(|key_id| key_id.to_string());
        let name = event.code().map(str::to_owned).or_else(key_id).unwrap_or_default();
        *self.0.lock().unwrap().entry(name).or_default() += 1;
    }
}

impl Tally {
    fn of(&self, name: &str) -> usize {
        self.0.lock().unwrap().get(name).copied().unwrap_or(0)
    }
}

/// Waits until it holds; for what is under way, be the machine as busy as it may.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..6000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_rotates_while_requests_run_and_none_is_refused() {
    let tally = Arc::new(Tally::default());
    let audit = Arc::new(Audit::builder(Arc::clone(&tally)).build().unwrap());
    let deployment = Deployment::start(in_memory(), &audit, UNLIMITED).await.unwrap();
    let (url, stop) = (format!("{}/orders", deployment.gateways[0].url()), Arc::new(AtomicBool::new(false)));
    let mut load = JoinSet::new();
    for _ in 0..4 {
        let (url, stop) = (url.clone(), Arc::clone(&stop));
        let authorization_server = Arc::clone(&deployment.authorization_server);
        load.spawn(async move {
            let (client, mut statuses) = (Client::new(), BTreeMap::<u16, usize>::new());
            let old = authorization_server.issue("web-shop", ORDERS.scope).unwrap();
            while !stop.load(Ordering::SeqCst) {
                let new = authorization_server.issue("web-shop", ORDERS.scope).unwrap();
                for token in [&new, &old] {
                    let answer = client.call(Method::GET, &url, token, "a").await.unwrap();
                    *statuses.entry(answer.status).or_default() += 1;
                }
            }
            statuses
        });
    }
    let first = deployment.authorization_server.signing_key_id();
    until("tokens under the first key", || tally.of(&first) >= 50).await;
    deployment.authorization_server.rotate().unwrap();
    let second = deployment.authorization_server.signing_key_id();
    assert_ne!(first, second);
    let before = tally.of(&first);
    until("tokens under both", || tally.of(&second) >= 50 && tally.of(&first) >= before + 50).await;
    stop.store(true, Ordering::SeqCst);
    for statuses in load.join_all().await {
        assert_eq!(statuses.keys().collect::<Vec<_>>(), [&200], "{statuses:?}");
    }
    assert_eq!(tally.0.lock().unwrap().len(), 2, "no other key, and no refusal: {:?}", tally.0);
    deployment.stop().await.unwrap();
}

/// Whose keys aren't to be had, nothing can be said of; once they are, the same gateway goes on by itself.
#[tokio::test]
async fn an_authorization_server_that_is_down_from_the_start_is_503_until_it_is_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let (up, is_up) = oneshot::channel::<()>();
    // Until then, whoever connects is sent away.
    let down = tokio::spawn(async move {
        let mut is_up = pin!(is_up);
        loop {
            tokio::select! {
                _ = &mut is_up => return listener,
                connection = listener.accept() => drop(connection),
            }
        }
    });
    let (time, events) = (Shifted::new(), Arc::new(Mutex::new(Vec::new())));
    let (heard, metadata) = (Arc::clone(&events), AuthorizationServer::metadata_url(&issuer));
    let issuer_keys = RemoteJwks::from_metadata(metadata, &issuer)
        .on_event(move |event| heard.lock().unwrap().push(event.clone()))
        .build(ReqwestClient::new().unwrap(), time.clone())
        .unwrap();
    let (keys, (decisions, audit)) = (Keys::generate().unwrap(), trail());
    let url = issuer.clone();
    let authorization_server = AuthorizationServer::new(&url, keys.encryption_key().unwrap()).unwrap();
    let authorization_server = Arc::new(authorization_server);
    let echo = Port::free().await.unwrap().serve(Router::new().fallback(fields));
    let settings = Settings {
        issuer_keys,
        issuer,
        keys: keys.clone_keys(),
        revocations: in_memory().remove(0),
        audit,
        orders: Upstream::new(ORDERS.name, echo.url()),
        invoices: Upstream::new(INVOICES.name, echo.url()),
        invoices_key: keys.encryption_key().unwrap(),
        requests_per_minute: UNLIMITED,
    };
    let gateway = Port::free().await.unwrap().serve(gateway::routes(settings).unwrap());
    let token = authorization_server.issue("web-shop", ORDERS.scope).unwrap();
    for _ in 0..5 {
        let answer = get(&gateway, "/orders", &token).await;
        assert_eq!((answer.status, answer.challenge()), (503, "none"));
        assert_eq!(decisions.event().unwrap().code(), Some("key_source_unavailable"));
        time.pass(20);
    }
    assert!(events.lock().unwrap().iter().any(|event| matches!(event, KeySourceEvent::Failed { .. })));

    up.send(()).unwrap();
    let listener = down.await.unwrap();
    let serving = tokio::spawn(axum::serve(listener, authorization_server.routes()).into_future());
    let mut statuses = Vec::new();
    for _ in 0..20 {
        let answer = get(&gateway, "/orders", &token).await;
        statuses.push(answer.status);
        if answer.status == 200 {
            break;
        }
        time.pass(20);
    }
    // It comes back to a good token, and says no to a bad one.
    assert_eq!(statuses.last(), Some(&200), "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    let other = AuthorizationServer::new(&url, keys.encryption_key().unwrap()).unwrap();
    let forged = other.issue("web-shop", ORDERS.scope).unwrap();
    assert_eq!(get(&gateway, "/orders", &forged).await.status, 401);
    serving.abort();
}

// ---- two gateways on one Redis

/// A gateway's own store in a server, initialized while the tests' tokens may be in circulation already.
async fn store(server: &redis_server::Server) -> Arc<RedisStore> {
    let long = Duration::from_secs(20);
    let store =
        RedisStore::builder(server.url()).connect_timeout(long).response_timeout(long).build().unwrap();
    store.danger_initialize_as_new().await.unwrap();
    Arc::new(store)
}

async fn on_redis(server: &redis_server::Server, audit: &Arc<Audit>) -> Deployment {
    let stores: Vec<Arc<dyn RevocationStore>> = vec![store(server).await, store(server).await];
    Deployment::start(stores, audit, UNLIMITED).await.unwrap()
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_one_gateway_revokes_the_other_refuses() {
    let (server, (decisions, audit)) = (redis_server::Server::start(&[]), trail());
    let deployment = on_redis(&server, &audit).await;
    let [a, b] = deployment.gateways.as_slice() else { panic!("expected two gateways") };
    let issue = || deployment.authorization_server.issue("web-shop", ORDERS.scope).unwrap();
    let spared = issue();
    for (revokes, other) in [(a, b), (b, a)] {
        let token = issue();
        for gateway in [revokes, other, revokes, other] {
            assert_eq!(get(gateway, "/orders", &token).await.status, 200);
        }
        // The other one's cache knows it.
        assert_eq!(decisions.event().unwrap().cache_hit(), Some(true));
        assert_eq!(logout(revokes, &token).await, 204);
        for gateway in [other, revokes] {
            let answer = get(gateway, "/orders", &token).await;
            assert_eq!(answer.status, 401);
            assert_eq!(answer.challenge(), r#"Bearer realm="api", error="invalid_token""#);
            assert_eq!(decisions.event().unwrap().code(), Some("revoked"));
            assert_eq!(get(gateway, "/orders", &spared).await.status, 200);
        }
        // Who is refused can't revoke, either.
        assert_eq!(logout(other, &token).await, 401);
    }
    deployment.stop().await.unwrap();
}

/// What became of the requests of a load: by token and status.
#[derive(Default)]
struct Outcomes(Mutex<BTreeMap<(&'static str, u16), usize>>);

impl Outcomes {
    fn count(&self, token: &'static str, status: u16) {
        *self.0.lock().unwrap().entry((token, status)).or_default() += 1;
    }

    fn of(&self, token: &'static str, status: u16) -> usize {
        self.0.lock().unwrap().get(&(token, status)).copied().unwrap_or(0)
    }

    /// Waits for so many more.
    async fn more(&self, number: usize, token: &'static str, status: u16) {
        let due = self.of(token, status) + number;
        until(&format!("{token} {status}"), || self.of(token, status) >= due).await;
    }
}

/// Sends both tokens to each gateway, over and over, until it is stopped.
fn load(
    deployment: &Deployment,
    tokens: [(&'static str, String); 2],
    outcomes: &Arc<Outcomes>,
    stop: &Arc<AtomicBool>,
) -> JoinSet<()> {
    let mut load = JoinSet::new();
    for gateway in &deployment.gateways {
        for _ in 0..2 {
            let (url, tokens) = (format!("{}/orders", gateway.url()), tokens.clone());
            let (outcomes, stop) = (Arc::clone(outcomes), Arc::clone(stop));
            load.spawn(async move {
                let client = Client::new();
                while !stop.load(Ordering::SeqCst) {
                    for (name, token) in &tokens {
                        let answer = client.call(Method::GET, &url, token, "a").await.unwrap();
                        outcomes.count(name, answer.status);
                    }
                }
            });
        }
    }
    load
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server"]
async fn a_redis_killed_under_load_lets_nothing_pass_and_service_resumes() {
    let mut server = redis_server::Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let (_, audit) = trail();
    let deployment = on_redis(&server, &audit).await;
    let issue = || deployment.authorization_server.issue("web-shop", ORDERS.scope).unwrap();
    let (good, revoked) = (issue(), issue());
    assert_eq!(logout(&deployment.gateways[0], &revoked).await, 204);
    let (outcomes, stop) = (Arc::new(Outcomes::default()), Arc::new(AtomicBool::new(false)));
    let load = load(&deployment, [("good", good.clone()), ("revoked", revoked)], &outcomes, &stop);
    outcomes.more(50, "good", 200).await;
    outcomes.more(50, "revoked", 401).await;

    server.kill();
    outcomes.more(100, "good", 503).await;
    outcomes.more(100, "revoked", 503).await;
    // With nobody to ask, nobody is logged out, and isn't told so either.
    assert_eq!(logout(&deployment.gateways[0], &good).await, 503);
    server.restart();
    outcomes.more(100, "good", 200).await;
    outcomes.more(100, "revoked", 401).await;

    stop.store(true, Ordering::SeqCst);
    load.join_all().await;
    let seen: Vec<_> = outcomes.0.lock().unwrap().keys().copied().collect();
    assert_eq!(seen, [("good", 200), ("good", 503), ("revoked", 401), ("revoked", 503)]);
    deployment.stop().await.unwrap();
}

/// One that comes back with nothing knows of no revocation: no token passes until the namespace is initialized, and
/// then none that was issued before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server"]
async fn a_redis_that_comes_back_empty_lets_no_earlier_token_pass() {
    let mut server = redis_server::Server::start(&[]);
    let (_, audit) = trail();
    let stores = [store(&server).await, store(&server).await];
    let erased = stores.iter().map(|store| Arc::clone(store) as Arc<dyn RevocationStore>).collect();
    let deployment = Deployment::start(erased, &audit, UNLIMITED).await.unwrap();
    let issue = || deployment.authorization_server.issue("web-shop", ORDERS.scope).unwrap();
    let (good, revoked) = (issue(), issue());
    assert_eq!(logout(&deployment.gateways[0], &revoked).await, 204);
    let (outcomes, stop) = (Arc::new(Outcomes::default()), Arc::new(AtomicBool::new(false)));
    let load = load(&deployment, [("good", good), ("revoked", revoked)], &outcomes, &stop);
    outcomes.more(50, "good", 200).await;

    server.restart();
    for _ in 0..3000 {
        if stores[0].health().await == Err(RedisFault::NotInitialized) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(stores[0].health().await, Err(RedisFault::NotInitialized));
    outcomes.more(50, "good", 503).await;
    outcomes.more(50, "revoked", 503).await;
    let passed = outcomes.of("good", 200);
    assert_eq!(stores[0].initialize(TOKEN_LIFETIME).await, Ok(true));
    outcomes.more(100, "good", 401).await;
    outcomes.more(100, "revoked", 401).await;
    assert_eq!((outcomes.of("good", 200), outcomes.of("revoked", 200)), (passed, 0));
    stop.store(true, Ordering::SeqCst);
    load.join_all().await;

    // What is issued from the next second on passes, at both.
    let (mut statuses, clients) = (Vec::new(), &deployment.gateways);
    for _ in 0..300 {
        let token = issue();
        statuses = vec![get(&clients[0], "/orders", &token).await.status];
        statuses.push(get(&clients[1], "/orders", &token).await.status);
        if statuses == [200, 200] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(statuses, [200, 200]);
    deployment.stop().await.unwrap();
}
