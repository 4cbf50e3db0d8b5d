//! The guard as a layer, over real sockets: an axum server on loopback, and a client that writes octets as they
//! stand. What each request is answered, and what the service behind gets to see.

#![cfg(feature = "tower")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Extension, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::gateway::audit::{Audit, AuditEvent, AuditSink, Decision};
use countersign::gateway::authorization::Requirement;
use countersign::gateway::revocation::{Revocable, Revocation, RevocationCheck, RevocationStore};
use countersign::gateway::tower::GuardLayer;
use countersign::gateway::{
    BearerChallenge, Guard, GuardBuilder, ProtectedResourceMetadata, Refused, StoreError, StoreFuture,
};
use countersign::profile::access_token::{AccessTokenVerifierBuilder, ClientCertificate};
use countersign::{AccessToken, AccessTokenVerifier, NoClaims};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use serde::Deserialize;
use serde_json::{Value, json};
use support::{NOW, hmac_key, signed, stopped_at, with_flipped_bit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tower::{Layer as _, Service, ServiceExt as _};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";
const METADATA: &str = "https://orders.example.com/.well-known/oauth-protected-resource";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

fn token(more: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-17", "client_id": "client-4", "jti": "1",
        "iat": NOW, "exp": NOW + 300, "tenant": 4, "scope": "orders:read",
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    signed(r#"{"alg":"HS256","typ":"at+jwt"}"#, claims.to_string())
}

fn verifier() -> AccessTokenVerifierBuilder {
    let builder = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(AUDIENCE);
    builder.clock(stopped_at(NOW))
}

fn builder() -> GuardBuilder {
    let challenge = BearerChallenge::new().resource_metadata(METADATA).unwrap();
    Guard::builder(verifier().build().unwrap())
        .require(Requirement::scope("orders:read"))
        .challenge(challenge)
}

fn layer() -> GuardLayer {
    GuardLayer::new(builder().without_revocation().without_audit().build().unwrap())
}

// ---- the two sides of a connection

/// A server on a free port of loopback, gone with the test.
struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, task }
    }

    async fn connect(&self) -> Client {
        Client { stream: TcpStream::connect(self.address).await.unwrap(), read: Vec::new() }
    }

    /// The answer to one request on a connection of its own.
    async fn get(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut client = self.connect().await;
        client.send(&request("GET", path, fields, "")).await;
        client.answer().await
    }

    async fn with_token(&self, path: &str, token: &str) -> Answer {
        self.get(path, &[("Authorization", &format!("Bearer {token}"))]).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    fields: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// The one field of that name.
    fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| &**value);
        let value = values.next();
        assert_eq!(values.next(), None, "one {name}");
        value
    }

    fn error(&self) -> &str {
        self.field("www-authenticate").unwrap_or("")
    }
}

fn request(method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: orders.example.com\r\n");
    for (name, value) in fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    text
}

impl Client {
    async fn send(&mut self, text: &str) {
        // A server that refuses early may close before all is written.
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    /// The next answer on this connection.
    async fn answer(&mut self) -> Answer {
        tokio::time::timeout(Duration::from_secs(60), self.read_answer()).await.unwrap()
    }

    async fn read_answer(&mut self) -> Answer {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|octets| octets == b"\r\n\r\n") {
                break end;
            }
            self.read_more().await;
        };
        let head = String::from_utf8(self.read.drain(..end + 4).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let fields: Vec<(String, String)> = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = fields.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse());
        let length: usize = length.unwrap().unwrap();
        while self.read.len() < length {
            self.read_more().await;
        }
        let body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        Answer { status, fields, body }
    }

    async fn read_more(&mut self) {
        let mut buffer = [0; 4096];
        let length = self.stream.read(&mut buffer).await.unwrap();
        assert_ne!(length, 0, "the server closed");
        self.read.extend_from_slice(&buffer[..length]);
    }
}

// ---- the service behind

/// Says who called, and whether the credentials came along.
async fn orders(Extension(token): Extension<AccessToken<NoClaims>>, request: Request) -> String {
    let has_credentials = request.headers().contains_key(AUTHORIZATION);
    format!("{} of {}, credentials: {has_credentials}", token.subject(), token.client_id())
}

const ORDERS: &str = "user-17 of client-4, credentials: false";

/// A server with one guarded route, `/orders`.
async fn guarded<T: serde::de::DeserializeOwned + Clone + Send + Sync + 'static>(
    layer: GuardLayer<T>,
) -> Server {
    Server::start(Router::new().route("/orders", any(orders)).layer(layer)).await
}

// ---- statuses and fields

#[tokio::test]
async fn each_request_has_its_answer() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let app = Router::new().route(
        "/orders",
        get(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { "orders" }
        }),
    );
    let server = Server::start(app.layer(layer())).await;
    let good = token(&json!({}));
    let answer = server.with_token("/orders", &good).await;
    assert_eq!((answer.status, &*answer.body, answer.field("www-authenticate")), (200, "orders", None));
    assert_eq!(answer.field("cache-control"), None);
    assert_eq!(calls.load(Ordering::SeqCst), 1);

    let bearer = |token: &str| format!("Bearer {token}");
    let (expired, scopeless) = (token(&json!({ "exp": NOW })), token(&json!({ "scope": "other" })));
    let (plain, invalid_request) = ("", r#"error="invalid_request", "#);
    let invalid_token = r#"error="invalid_token", "#;
    for (authorization, status, error) in [
        (vec![], 401, plain),
        (vec![format!("Basic {good}")], 401, plain),
        (vec![format!("DPoP {good}")], 401, plain),
        (vec![good.clone()], 401, plain),
        (vec!["Bearer".to_owned()], 400, invalid_request),
        (vec![format!("Bearer {good} {good}")], 400, invalid_request),
        (vec![format!("Bearer {good}, Bearer {good}")], 400, invalid_request),
        (vec![bearer(&good), bearer(&good)], 400, invalid_request),
        (vec![bearer(&good), "Basic dTpw".to_owned()], 400, invalid_request),
        (vec!["Basic dTpw".to_owned(), bearer(&good)], 400, invalid_request),
        (vec![bearer("a.b.c")], 401, invalid_token),
        (vec![bearer(&with_flipped_bit(&good, 2, 0))], 401, invalid_token),
        (
            vec![bearer(&expired)],
            401,
            r#"error="invalid_token", error_description="the access token expired", "#,
        ),
        (vec![bearer(&scopeless)], 403, r#"error="insufficient_scope", scope="orders:read", "#),
    ] {
        let fields: Vec<(&str, &str)> =
            authorization.iter().map(|value| ("Authorization", value.as_str())).collect();
        let answer = server.get("/orders", &fields).await;
        assert_eq!(answer.status, status, "{fields:?}");
        assert_eq!(answer.error(), format!(r#"Bearer {error}resource_metadata="{METADATA}""#), "{fields:?}");
        assert_eq!((answer.field("cache-control"), &*answer.body), (Some("no-store"), ""), "{fields:?}");
        assert_eq!(answer.field("retry-after"), None);
    }
    // What isn't there isn't told apart from what is, without a token.
    assert_eq!(server.get("/nothing", &[]).await.status, 401);
    assert_eq!(server.with_token("/nothing", &good).await.status, 404);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_scheme_is_compared_without_case_and_a_token_with() {
    let server = guarded(layer()).await;
    let good = token(&json!({}));
    for (name, scheme) in
        [("authorization", "bearer"), ("AUTHORIZATION", "BEARER"), ("aUtHoRiZaTiOn", "bEaReR   ")]
    {
        let answer = server.get("/orders", &[(name, &format!("{scheme} {good}"))]).await;
        assert_eq!((answer.status, &*answer.body), (200, ORDERS));
    }
    assert_eq!(server.with_token("/orders", &good.to_ascii_lowercase()).await.status, 401);
}

#[tokio::test]
async fn tokens_elsewhere_are_no_credentials() {
    let server = guarded(layer()).await;
    let good = token(&json!({}));
    let query = format!("/orders?access_token={good}");
    let answer = server.get(&query, &[]).await;
    assert_eq!((answer.status, answer.error()), (401, &*format!(r#"Bearer resource_metadata="{METADATA}""#)));
    for name in ["Proxy-Authorization", "X-Authorization", "X-Forwarded-Authorization", "Cookie"] {
        assert_eq!(server.get("/orders", &[(name, &format!("Bearer {good}"))]).await.status, 401, "{name}");
    }
    let mut client = server.connect().await;
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    client.send(&request("POST", "/orders", &[form], &format!("access_token={good}"))).await;
    assert_eq!(client.answer().await.status, 401);
    // The header field is looked at, whatever the query says.
    assert_eq!(server.with_token("/orders?access_token=another", &good).await.status, 200);
}

/// RFC 9728 §5: what a client knows after a refusal is enough to find the authorization server, and the audience.
#[tokio::test]
async fn a_refusal_leads_to_the_metadata() {
    let resource = format!("{AUDIENCE}/api");
    let metadata = ProtectedResourceMetadata::builder(&resource).authorization_server(ISSUER);
    let metadata = metadata.scopes(["orders:read"]).build().unwrap();
    let verifier = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(metadata.resource());
    let challenge = BearerChallenge::new().resource(&metadata).scopes(["orders:read"]).unwrap();
    let guard = Guard::builder(verifier.clock(stopped_at(NOW)).build().unwrap())
        .require(Requirement::scope("orders:read"))
        .challenge(challenge)
        .without_revocation()
        .without_audit()
        .build()
        .unwrap();
    let document = metadata.json().to_owned();
    let published = get(async move || ([(CONTENT_TYPE, "application/json")], document));
    let app = Router::new().route("/api", any(orders).layer(GuardLayer::new(guard)));
    let server = Server::start(app.route(metadata.path(), published)).await;

    let refused = server.get("/api", &[]).await;
    let to_begin_with = r#"scope="orders:read", resource_metadata=""#;
    assert_eq!(
        (refused.status, refused.error()),
        (401, &*format!("Bearer {to_begin_with}{}\"", metadata.url()))
    );
    let (_, url) = refused.error().split_once("resource_metadata=\"").unwrap();
    let path = url.trim_end_matches('"').strip_prefix(AUDIENCE).unwrap();
    let answer = server.get(path, &[]).await;
    assert_eq!((answer.status, answer.field("content-type")), (200, Some("application/json")));
    let document: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        (&document["resource"], &document["authorization_servers"][0]),
        (&json!(resource), &json!(ISSUER))
    );

    // A token for what the document says, and those for what is near it.
    assert_eq!(server.with_token("/api", &token(&json!({ "aud": document["resource"] }))).await.status, 200);
    for audience in [json!(AUDIENCE), json!(format!("{resource}/")), json!(metadata.url()), json!([])] {
        let answer = server.with_token("/api", &token(&json!({ "aud": audience }))).await;
        let error = format!(r#"Bearer error="invalid_token", {to_begin_with}{}""#, metadata.url());
        assert_eq!((answer.status, answer.error()), (401, &*error), "{audience}");
    }
}

#[tokio::test]
async fn an_unavailable_store_is_no_fault_of_the_token() {
    struct Down;
    impl RevocationStore for Down {
        fn revoke<'a>(&'a self, _: &'a Revocation) -> StoreFuture<'a, ()> {
            Box::pin(async { Err(StoreError::Unavailable) })
        }
        fn is_revoked<'a>(&'a self, _: Revocable<'a>) -> StoreFuture<'a, bool> {
            Box::pin(async { Err(StoreError::Unavailable) })
        }
    }
    let guard = builder().revocation(RevocationCheck::new(Arc::new(Down))).without_audit().build().unwrap();
    let server = guarded(GuardLayer::new(guard)).await;
    let answer = server.with_token("/orders", &token(&json!({}))).await;
    assert_eq!((answer.status, answer.field("www-authenticate")), (503, None));
    assert_eq!((answer.field("cache-control"), answer.field("retry-after")), (Some("no-store"), None));
    // A bad token is bad without the store.
    assert_eq!(server.with_token("/orders", "a.b.c").await.status, 401);
}

// ---- hostile connections

#[tokio::test]
async fn a_huge_field_is_refused_and_the_server_lives() {
    let server = guarded(layer()).await;
    let good = token(&json!({}));
    let answer = server.with_token("/orders", &"a".repeat(100 * 1024)).await;
    assert_eq!(answer.status, 401);
    assert!(answer.error().contains("invalid_token"), "{answer:?}");
    // Long before the guard: the HTTP library's own bound.
    let mut client = server.connect().await;
    client.send(&request("GET", "/orders", &[("Authorization", &"a".repeat(4 * 1024 * 1024))], "")).await;
    drop(client);
    assert_eq!(server.with_token("/orders", &good).await.status, 200);
}

#[tokio::test]
async fn pipelined_requests_are_judged_one_by_one() {
    let server = guarded(layer()).await;
    let (good, other) = (token(&json!({})), token(&json!({ "sub": "user-18" })));
    let with = |token: &str, body| {
        request("POST", "/orders", &[("Authorization", &format!("Bearer {token}"))], body)
    };
    // The body of one that is refused looks like a request with a good token.
    let inside = with(&good, "");
    let pipelined = [
        with(&good, "a"),
        request("POST", "/orders", &[], &inside),
        with(&other, ""),
        with("a.b.c", &inside),
        request("GET", "/orders", &[], ""),
        with(&good, "b"),
    ];
    let mut client = server.connect().await;
    client.send(&pipelined.concat()).await;
    let user_18 = ORDERS.replace("17", "18");
    for (status, body) in [(200, ORDERS), (401, ""), (200, &user_18), (401, ""), (401, ""), (200, ORDERS)] {
        let answer = client.answer().await;
        assert_eq!((answer.status, &*answer.body), (status, body));
    }
    assert!(client.read.is_empty());
}

#[tokio::test]
async fn a_field_cant_be_split_or_folded_past_the_guard() {
    let server = guarded(layer()).await;
    let good = token(&json!({}));
    for fields in [
        format!("Authorization: Bearer {good}\r\n Bearer {good}\r\n"),
        format!("Authorization : Bearer {good}\r\n"),
        format!("Authorization: Bearer\r\nX: {good}\r\n"),
        format!("Authorization: Bearer {good}\u{b}\r\n"),
        format!("Authorization: Bearer {good}\u{e9}\r\n"),
        format!("Authorization:\r\nauthorization: Bearer {good}\r\n"),
    ] {
        let mut client = server.connect().await;
        client.send(&format!("GET /orders HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).await;
        assert_eq!(client.answer().await.status, 400, "{fields:?}");
    }
    // White space around a field's value isn't part of it: RFC 9110 §5.5.
    let mut client = server.connect().await;
    client
        .send(&format!("GET /orders HTTP/1.1\r\nHost: a\r\nAuthorization:\t Bearer {good} \t\r\n\r\n"))
        .await;
    assert_eq!(client.answer().await.status, 200);
}

// ---- what the service behind sees

#[tokio::test]
async fn the_token_that_came_in_goes_no_further() {
    let good = token(&json!({}));
    assert_eq!(guarded(layer()).await.with_token("/orders", &good).await.body, ORDERS);
    let keeping = guarded(layer().danger_keep_authorization()).await;
    assert_eq!(keeping.with_token("/orders", &good).await.body, ORDERS.replace("false", "true"));
    // Nowhere else is it either.
    let everything = |request: Request| async move { format!("{request:?}") };
    let server = Server::start(Router::new().route("/orders", any(everything)).layer(layer())).await;
    let shown = server.with_token("/orders", &good).await.body;
    assert!(shown.contains("orders.example.com"), "{shown}");
    assert!(good.split('.').all(|part| !shown.contains(part)), "{shown}");
}

#[derive(Clone, Deserialize)]
struct OrderClaims {
    tenant: u64,
}

#[derive(Clone, Deserialize)]
struct OtherClaims {}

#[tokio::test]
async fn the_claims_come_in_the_applications_type() {
    let tenant = |Extension(token): Extension<AccessToken<OrderClaims>>, request: Request| async move {
        // The same one for code that doesn't know the type.
        let plain = request.extensions().get::<AccessToken<NoClaims>>().unwrap();
        format!("{} {}", token.claims().tenant, plain.subject())
    };
    let app = Router::new().route("/orders", any(tenant)).layer(layer().claims::<OrderClaims>());
    let server = Server::start(app).await;
    assert_eq!(server.with_token("/orders", &token(&json!({}))).await.body, "4 user-17");
    let answer = server.with_token("/orders", &token(&json!({ "tenant": "four" }))).await;
    assert_eq!((answer.status, answer.error().contains("invalid_token")), (401, true));
}

/// Whoever reads the type of an outer layer's token must not get one that the inner layer didn't judge.
#[tokio::test]
async fn another_layers_token_is_gone() {
    let seen = |request: Request| async move {
        let outer = request.extensions().get::<AccessToken<OrderClaims>>().is_some();
        let inner = request.extensions().get::<AccessToken<OtherClaims>>().is_some();
        let plain = request.extensions().get::<AccessToken<NoClaims>>().is_some();
        format!("{outer} {inner} {plain}")
    };
    let outer = layer().claims::<OrderClaims>().danger_keep_authorization();
    let inner = layer().claims::<OtherClaims>();
    let app = |inner_too: bool| {
        let app = Router::new().route("/orders", any(seen));
        let app = if inner_too { app.layer(inner.clone()) } else { app };
        app.layer(outer.clone())
    };
    let good = token(&json!({}));
    assert_eq!(Server::start(app(true)).await.with_token("/orders", &good).await.body, "false true true");
    assert_eq!(Server::start(app(false)).await.with_token("/orders", &good).await.body, "true false true");
    // One that somebody else put there is overwritten.
    let stranger = verifier().audience("https://other.example").build().unwrap();
    let stranger: AccessToken<NoClaims> =
        stranger.verify(&token(&json!({ "aud": "https://other.example", "sub": "user-18" }))).unwrap();
    let app = Router::new().route("/orders", any(orders)).layer(layer()).layer(Extension(stranger));
    assert_eq!(Server::start(app).await.with_token("/orders", &good).await.body, ORDERS);
}

#[tokio::test]
async fn routes_may_take_more() {
    let guard = layer();
    let writing = guard.require(Requirement::scope("orders:write"));
    let refunding = writing.require(Requirement::role("support"));
    let app = Router::new()
        .route("/orders", get(orders).layer(guard))
        .route("/orders/new", get(orders).layer(writing))
        .route("/orders/refund", get(orders).layer(refunding))
        .route("/open", get(|| async { "open" }));
    let server = Server::start(app).await;
    let reader = token(&json!({}));
    let writer = token(&json!({ "scope": "orders:read orders:write" }));
    let supporter = token(&json!({ "scope": "orders:read orders:write", "roles": ["support"] }));
    for (path, statuses) in
        [("/orders", [200, 200, 200]), ("/orders/new", [403, 200, 200]), ("/orders/refund", [403, 403, 200])]
    {
        for (token, status) in [&reader, &writer, &supporter].into_iter().zip(statuses) {
            assert_eq!(server.with_token(path, token).await.status, status, "{path}");
        }
        assert_eq!(server.get(path, &[]).await.status, 401);
    }
    let answer = server.with_token("/orders/new", &reader).await;
    assert!(answer.error().contains(r#"scope="orders:read orders:write""#), "{answer:?}");
    assert_eq!(server.get("/open", &[]).await.body, "open");
}

/// A layer of routes of its own goes in the place of the other one: inside it, there are no credentials left.
#[tokio::test]
async fn a_layer_that_requires_more_stands_beside_the_other_and_not_inside_it() {
    let guard = layer();
    let writing = guard.require(Requirement::scope("orders:write"));
    let reader = token(&json!({}));
    let writer = token(&json!({ "scope": "orders:read orders:write" }));

    let nested = Router::new().route("/orders/new", get(orders).layer(writing.clone())).layer(guard.clone());
    let nested = Server::start(nested).await;
    let reading = Router::new().route("/orders", get(orders)).route_layer(guard);
    let beside = reading.merge(Router::new().route("/orders/new", get(orders)).route_layer(writing));
    let beside = Server::start(beside).await;
    for (token, statuses) in [(&reader, [401, 403, 200]), (&writer, [401, 200, 200])] {
        let found = [
            nested.with_token("/orders/new", token).await,
            beside.with_token("/orders/new", token).await,
            beside.with_token("/orders", token).await,
        ];
        assert_eq!(found.map(|answer| answer.status), statuses);
    }
    for path in ["/orders", "/orders/new"] {
        assert_eq!(beside.get(path, &[]).await.status, 401);
    }
}

// ---- what goes with a token

#[tokio::test]
async fn a_certificate_comes_from_the_connection_and_from_no_field() {
    const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
    let certificate = ClientCertificate::from_der(b"DER of a certificate");
    let other = ClientCertificate::from_der(b"DER of another certificate");
    let bound = token(&json!({ "cnf": { "x5t#S256": certificate.thumbprint() } }));
    let layer = || {
        let verifier = verifier().proof_if_bound().build().unwrap();
        let guard = Guard::builder(verifier).require(Requirement::authenticated());
        GuardLayer::new(guard.without_revocation().without_audit().build().unwrap())
    };
    let over = async |connection: Option<ClientCertificate>,
                      layer: GuardLayer,
                      fields: &[(&str, &str)],
                      token: &str| {
        let mut app = Router::new().route("/orders", any(orders)).layer(layer);
        if let Some(certificate) = connection {
            app = app.layer(Extension(certificate));
        }
        let authorization = format!("Bearer {token}");
        let fields = [&[("Authorization", &*authorization)], fields].concat();
        Server::start(app).await.get("/orders", &fields).await.status
    };
    assert_eq!(over(Some(certificate), layer(), &[], &bound).await, 200);
    assert_eq!(over(Some(other), layer(), &[], &bound).await, 401);
    assert_eq!(over(None, layer(), &[], &bound).await, 401);
    assert_eq!(over(Some(other), layer(), &[], &token(&json!({}))).await, 200);
    // A field is the sender's word, unless the application says otherwise.
    let encoded = format!(":{}:", STANDARD.encode(b"DER of a certificate"));
    let field = [("Client-Cert", &*encoded)];
    let trusting = || layer().danger_client_certificate_from(CLIENT_CERT);
    assert_eq!(over(None, layer(), &field, &bound).await, 401);
    assert_eq!(over(None, trusting(), &field, &bound).await, 200);
    assert_eq!(over(None, trusting(), &[], &bound).await, 401);
    assert_eq!(over(None, trusting(), &[field[0], field[0]], &bound).await, 401);
    assert_eq!(over(None, trusting(), &[("Client-Cert", &encoded.replace(':', ""))], &bound).await, 401);
    // The connection's own goes before the field's.
    assert_eq!(over(Some(other), trusting(), &field, &bound).await, 401);
    assert_eq!(over(Some(certificate), trusting(), &[("Client-Cert", ":RA==:")], &bound).await, 200);
}

/// The audit trail, and a bell.
#[derive(Clone, Default)]
struct Events {
    kept: Arc<Mutex<Vec<AuditEvent<'static>>>>,
    bell: Arc<Notify>,
}

impl AuditSink for Events {
    fn record(&self, event: &AuditEvent<'_>) {
        self.kept.lock().unwrap().push(event.to_kept());
        self.bell.notify_one();
    }
}

impl Events {
    fn audit(&self) -> Audit {
        Audit::builder(self.clone()).build().unwrap()
    }

    fn one(&self) -> AuditEvent<'static> {
        let mut kept = self.kept.lock().unwrap();
        assert_eq!(kept.len(), 1, "{kept:?}");
        kept.remove(0)
    }
}

#[tokio::test]
async fn a_requests_name_is_one_that_can_be_printed() {
    let events = Events::default();
    let guard = Arc::new(builder().without_revocation().audit(events.audit()).build().unwrap());
    let named = guarded(GuardLayer::new(Arc::clone(&guard)).request_id_header(REQUEST_ID)).await;
    let longest = "a".repeat(128);
    let too_long = "a".repeat(129);
    for (fields, expected) in [
        (vec!["7f2c-1"], Some("7f2c-1")),
        (vec![&*longest], Some(&*longest)),
        (vec![], None),
        (vec![""], None),
        (vec![&*too_long], None),
        (vec!["a b"], None),
        (vec!["a\tb"], None),
        (vec!["caf\u{e9}"], None),
        (vec!["a", "b"], None),
    ] {
        let fields: Vec<(&str, &str)> = fields.into_iter().map(|value| ("X-Request-Id", value)).collect();
        assert_eq!(named.get("/orders", &fields).await.status, 401);
        let event = events.one();
        assert_eq!(event.request_id().map(|id| id.unescaped()), expected, "{fields:?}");
    }
    // Nobody asked for it.
    let unnamed = guarded(GuardLayer::new(guard)).await;
    assert_eq!(unnamed.get("/orders", &[("X-Request-Id", "7f2c-1")]).await.status, 401);
    assert!(events.one().request_id().is_none());
}

/// A client that hangs up while its token is judged leaves an event, and its request goes no further.
#[tokio::test]
async fn a_client_that_hangs_up_leaves_an_event() {
    struct Waits(Arc<Notify>);
    impl RevocationStore for Waits {
        fn revoke<'a>(&'a self, _: &'a Revocation) -> StoreFuture<'a, ()> {
            Box::pin(async { Err(StoreError::Unavailable) })
        }
        fn is_revoked<'a>(&'a self, _: Revocable<'a>) -> StoreFuture<'a, bool> {
            self.0.notify_one();
            Box::pin(std::future::pending())
        }
    }
    let (events, asked) = (Events::default(), Arc::new(Notify::new()));
    let check = RevocationCheck::new(Arc::new(Waits(Arc::clone(&asked))));
    let guard = builder().revocation(check).audit(events.audit()).build().unwrap();
    let server = guarded(GuardLayer::new(guard)).await;
    let mut client = server.connect().await;
    let authorization = format!("Bearer {}", token(&json!({})));
    client.send(&request("GET", "/orders", &[("Authorization", &authorization)], "")).await;
    let bound = Duration::from_secs(60);
    tokio::time::timeout(bound, asked.notified()).await.unwrap();
    drop(client);
    tokio::time::timeout(bound, events.bell.notified()).await.unwrap();
    let event = events.one();
    assert_eq!((event.decision(), event.http_status()), (Decision::Abandoned, None));
    assert_eq!(event.verified().unwrap().client_id().unescaped(), "client-4");
}

// ---- tower's own rules

/// A layer around the guard reads the refusal, and answers in its own words.
#[tokio::test]
async fn a_refusal_can_be_put_in_other_words() {
    async fn in_words(mut response: Response) -> Response {
        if let Some(refused) = response.extensions_mut().remove::<Refused>() {
            *response.body_mut() = Body::from(format!("{{\"code\":\"{}\"}}", refused.code()));
        }
        response
    }
    let app = Router::new().route("/orders", any(orders)).layer(layer());
    let server = Server::start(app.layer(axum::middleware::map_response(in_words))).await;
    let answer = server.with_token("/orders", &token(&json!({ "scope": "other" }))).await;
    assert_eq!((answer.status, &*answer.body), (403, r#"{"code":"insufficient_scope"}"#));
    assert_eq!(server.with_token("/orders", &token(&json!({}))).await.body, ORDERS);
}

/// A service that insists on being asked whether it is ready, as those with a bound do. A clone was not asked.
struct Strict {
    is_ready: bool,
    calls: Arc<AtomicUsize>,
    held: Arc<AtomicBool>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { is_ready: false, calls: Arc::clone(&self.calls), held: Arc::clone(&self.held) }
    }
}

impl Service<http::Request<String>> for Strict {
    type Response = http::Response<String>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // One at a time.
        if !self.is_ready && self.held.swap(true, Ordering::SeqCst) {
            return Poll::Pending;
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<String>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "it was asked first");
        self.held.store(false, Ordering::SeqCst);
        self.calls.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(http::Response::new(request.into_body())))
    }
}

impl Drop for Strict {
    fn drop(&mut self) {
        if self.is_ready {
            self.held.store(false, Ordering::SeqCst);
        }
    }
}

#[tokio::test]
async fn the_service_that_was_ready_is_the_one_that_is_called() {
    let strict = Strict { is_ready: false, calls: Arc::default(), held: Arc::default() };
    let (calls, held) = (Arc::clone(&strict.calls), Arc::clone(&strict.held));
    let mut service = layer().layer(strict);
    let request = |token: &str| {
        let request = http::Request::builder().header(AUTHORIZATION, format!("Bearer {token}"));
        request.body("body".to_owned()).unwrap()
    };
    let good = token(&json!({}));
    for call in 1..=3 {
        let response = service.ready().await.unwrap().call(request(&good)).await.unwrap();
        assert_eq!((response.status().as_u16(), &**response.body()), (200, "body"));
        assert_eq!(calls.load(Ordering::SeqCst), call);
        // A refusal, and a call that is dropped before it is made, give the place back.
        let response = service.ready().await.unwrap().call(request("a.b.c")).await.unwrap();
        assert_eq!((response.status().as_u16(), &**response.body()), (401, ""));
        drop(service.ready().await.unwrap().call(request(&good)));
        assert!(!held.load(Ordering::SeqCst));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    // While one call has the place, there is none for another.
    let mut other = service.clone();
    let first = service.ready().await.unwrap().call(request(&good));
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(other.ready()).poll(&mut context).is_pending());
    assert_eq!(first.await.unwrap().status().as_u16(), 200);
    assert!(pin!(other.ready()).poll(&mut context).is_ready());
}
