//! The guard as a layer of services that aren't axum's: one that hyper serves over a real socket, and one of the
//! shapes that gRPC has, whose bodies end in trailers and can't be shared between threads.

#![cfg(feature = "tower")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::cell::Cell;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use countersign::gateway::authorization::Requirement;
use countersign::gateway::revocation::{Revocable, Revocation, RevocationCheck, RevocationStore};
use countersign::gateway::tower::GuardLayer;
use countersign::gateway::{BearerChallenge, Guard, GuardBuilder, Refused, StoreError, StoreFuture};
use countersign::{AccessToken, AccessTokenVerifier, NoClaims};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use support::{NOW, block_on, hmac_key, signed, stopped_at};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

fn bearer(more: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-17", "client_id": "client-4", "jti": "1",
        "iat": NOW, "exp": NOW + 300, "scope": "orders:read",
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("Bearer {}", signed(r#"{"alg":"HS256","typ":"at+jwt"}"#, claims.to_string()))
}

fn builder() -> GuardBuilder {
    let verifier = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(AUDIENCE);
    Guard::builder(verifier.clock(stopped_at(NOW)).build().unwrap())
        .require(Requirement::scope("orders:read"))
        .challenge(BearerChallenge::new().realm("orders").unwrap())
}

fn layer() -> GuardLayer {
    GuardLayer::new(builder().without_revocation().without_audit().build().unwrap())
}

// ---- hyper

/// Serves on a free port of loopback, HTTP/1.1 by hyper alone; gone with the test.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(calls: Arc<AtomicUsize>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (guard, accepted) = (layer(), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            // All end with the task.
            let mut served = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                accepted.fetch_add(1, Ordering::Relaxed);
                let calls = Arc::clone(&calls);
                let orders = service_fn(move |request| orders(Arc::clone(&calls), request));
                let service = TowerToHyperService::new(guard.layer(orders));
                served.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, connections, task }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers with whose request it is and what was in it.
async fn orders(
    calls: Arc<AtomicUsize>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    calls.fetch_add(1, Ordering::Relaxed);
    let (parts, body) = request.into_parts();
    let token = parts.extensions.get::<AccessToken<NoClaims>>().unwrap();
    let kept = parts.headers.contains_key(AUTHORIZATION);
    let sent = body.collect().await?.to_bytes();
    let said = format!("{} {kept} {}", token.subject(), String::from_utf8_lossy(&sent));
    Ok(Response::new(Full::from(said)))
}

#[tokio::test]
async fn hyper_serves_what_the_guard_admits_and_answers_the_rest() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = Server::start(Arc::clone(&calls)).await;
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let send = async |authorization: Option<&str>, body: &str| {
        let mut request = Request::post(format!("http://{}/orders", server.address));
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = client.request(request.body(Full::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
        let field = |name| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        (parts.status.as_u16(), field(WWW_AUTHENTICATE), field(CACHE_CONTROL), body)
    };
    let refused = |status: u16, challenge: &str| {
        (status, Some(challenge.to_owned()), Some("no-store".to_owned()), String::new())
    };
    let (admitted, unscoped) = (bearer(&json!({})), bearer(&json!({ "scope": "orders:write" })));
    let expired = bearer(&json!({ "exp": NOW - 200, "iat": NOW - 500 }));
    // The refused requests' bodies stay unread, and the connection serves on.
    for _ in 0..3 {
        let answer = send(Some(&admitted), "two apples").await;
        assert_eq!(answer, (200, None, None, "user-17 false two apples".to_owned()));
        assert_eq!(send(None, "two apples").await, refused(401, r#"Bearer realm="orders""#));
        let challenge = r#"Bearer realm="orders", error="insufficient_scope", scope="orders:read""#;
        assert_eq!(send(Some(&unscoped), "two apples").await, refused(403, challenge));
        let (status, challenge, ..) = send(Some(&expired), "two apples").await;
        assert_eq!(status, 401);
        assert!(challenge.unwrap().contains("invalid_token"));
    }
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

// ---- gRPC

/// What a body of this kind fails with. As little as the layer may count on: it isn't `Sync`, `Clone` or `Default`.
#[derive(Debug)]
struct Status(#[allow(dead_code, reason = "it makes the type what it is")] Cell<u32>);

type GrpcBody = UnsyncBoxBody<Bytes, Status>;

/// A message with its prefix: not compressed, four octets of length.
const MESSAGE: &[u8] = b"\0\0\0\0\x02hi";

/// A service as gRPC's are: it answers 200, a message, and in trailers how it went.
#[derive(Clone)]
struct Greeter {
    calls: Arc<AtomicUsize>,
    /// Not to be shared between threads.
    _alone: Cell<u32>,
}

impl Service<Request<GrpcBody>> for Greeter {
    type Response = Response<GrpcBody>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<GrpcBody>) -> Self::Future {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            assert_eq!(request.extensions().get::<AccessToken<NoClaims>>().unwrap().subject(), "user-17");
            assert_eq!(request.into_body().collect().await.unwrap().to_bytes(), MESSAGE);
            let trailers = HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("0"))]);
            let body = Full::new(Bytes::from_static(MESSAGE)).map_err(|never| match never {});
            let body = body.with_trailers(async { Some(Ok(trailers)) }).boxed_unsync();
            let mut response = Response::new(body);
            response.headers_mut().insert(CONTENT_TYPE, GRPC);
            Ok(response)
        })
    }
}

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const GRPC_STATUS: http::HeaderName = http::HeaderName::from_static("grpc-status");

fn call(authorization: &[&str]) -> Request<GrpcBody> {
    let body = Full::new(Bytes::from_static(MESSAGE)).map_err(|never| match never {}).boxed_unsync();
    let mut request =
        Request::post("/greeter.Greeter/Hello").header(CONTENT_TYPE, GRPC).header("te", "trailers");
    for value in authorization {
        request = request.header(AUTHORIZATION, *value);
    }
    request.body(body).unwrap()
}

/// What a client of gRPC makes of a response: `grpc-status`, of the trailers or, in a response without a message,
/// of the header; without it what gRPC's `http-grpc-status-mapping.md` makes of the HTTP status.
fn seen_by_a_client(response: Response<GrpcBody>) -> u16 {
    let (parts, body) = response.into_parts();
    let trailers = block_on(body.collect()).unwrap().trailers().cloned().unwrap_or_default();
    let said = trailers.get(GRPC_STATUS).or_else(|| parts.headers.get(GRPC_STATUS));
    if let Some(said) = said {
        return said.to_str().unwrap().parse().unwrap();
    }
    match parts.status.as_u16() {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

/// A store that is away.
struct Away;

impl RevocationStore for Away {
    fn revoke<'a>(&'a self, _: &'a Revocation) -> StoreFuture<'a, ()> {
        Box::pin(async { Err(StoreError::Unavailable) })
    }

    fn is_revoked<'a>(&'a self, _: Revocable<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async { Err(StoreError::Unavailable) })
    }
}

/// Each kind of answer: by which layer, to which credentials, its HTTP status, what a client makes of it.
fn answers() -> Vec<(GuardLayer, Vec<String>, u16, u16)> {
    let away = builder().revocation(RevocationCheck::new(Arc::new(Away))).without_audit().build().unwrap();
    let admitted = bearer(&json!({}));
    vec![
        (layer(), vec![admitted.clone()], 200, 0),
        (layer(), vec![], 401, 16),
        (layer(), vec![bearer(&json!({ "exp": NOW - 200, "iat": NOW - 500 }))], 401, 16),
        (layer(), vec![bearer(&json!({ "scope": "orders:write" }))], 403, 7),
        (layer(), vec![admitted.clone(), admitted.clone()], 400, 13),
        (GuardLayer::new(away), vec![admitted], 503, 14),
    ]
}

#[test]
fn a_grpc_service_is_guarded_and_its_clients_understand_the_answers() {
    for (guard, credentials, status, code) in answers() {
        let calls = Arc::new(AtomicUsize::new(0));
        let service = guard.layer(Greeter { calls: Arc::clone(&calls), _alone: Cell::new(0) });
        let credentials: Vec<&str> = credentials.iter().map(String::as_str).collect();
        let response = block_on(service.oneshot(call(&credentials))).unwrap();
        assert_eq!(response.status().as_u16(), status);
        let admitted = status == 200;
        assert_eq!(calls.load(Ordering::Relaxed), usize::from(admitted), "{status}");
        // Of a refusal there is no message, so that no client reads one, and no type that says there were.
        assert_eq!(response.headers().contains_key(CONTENT_TYPE), admitted, "{status}");
        assert_eq!(response.body().is_end_stream(), !admitted, "{status}");
        assert_eq!(response.extensions().get::<Refused>().is_none(), admitted, "{status}");
        assert_eq!(seen_by_a_client(response), code, "{status}");
    }
}

/// As the layer's documentation says it is done.
#[test]
fn a_layer_around_it_writes_grpc_statuses() {
    let to_grpc = |response: Response<GrpcBody>| {
        let code = match response.extensions().get::<Refused>().map(Refused::http_status) {
            None => return response,
            Some(400 | 401) => "16",
            Some(403) => "7",
            Some(503) => "14",
            Some(_) => "13",
        };
        let mut response = Response::new(GrpcBody::default());
        response.headers_mut().insert(CONTENT_TYPE, GRPC);
        response.headers_mut().insert(GRPC_STATUS, HeaderValue::from_static(code));
        response
    };
    for (guard, credentials, status, code) in answers() {
        let service = guard.layer(Greeter { calls: Arc::default(), _alone: Cell::new(0) });
        let credentials: Vec<&str> = credentials.iter().map(String::as_str).collect();
        let response = block_on(service.map_response(to_grpc).oneshot(call(&credentials))).unwrap();
        assert_eq!((response.status(), &response.headers()[CONTENT_TYPE]), (StatusCode::OK, &GRPC));
        let expected = if status == 400 { 16 } else { code };
        assert_eq!(seen_by_a_client(response), expected, "{status}");
    }
}
