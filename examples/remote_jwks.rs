//! Keys fetched from an issuer: metadata, then keys, kept; a key that nobody announced, forged key IDs, an outage.
//! The issuer is a server in this process, on loopback.
//!
//! `cargo run --features jwks-http --example remote_jwks`
#![expect(clippy::print_stdout, reason = "examples print")]

use std::error::Error as StdError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use countersign::jwt::SourcedVerifier;
use countersign::keys::remote::{KeySourceEvent, RemoteJwks};
use countersign::keys::rotation::KeyRing;
use countersign::profile::access_token::Grant;
use countersign::{AccessTokenIssuer, AccessTokenVerifier, Error, JwsAlgorithm, NoClaims, SigningKey};
use tokio::net::TcpListener;

const API: &str = "https://orders.example.com";

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let issuer = Arc::new(Issuer::new(format!("http://{}", listener.local_addr()?))?);
    let server = tokio::spawn(axum::serve(listener, issuer.routes()).into_future());

    // The API's side: where the keys are, and what is asked of a token.
    let metadata = format!("{}/.well-known/openid-configuration", issuer.url);
    let keys = RemoteJwks::from_metadata(&metadata, &issuer.url)
        .on_event(|event| match event {
            KeySourceEvent::Limited => {} // a thousand of them below
            event => println!("    event: {event:?}"),
        })
        .build_http()?;
    let expected = issuer.url.clone();
    let verifier = SourcedVerifier::new(keys, move |keys| {
        AccessTokenVerifier::builder(keys.keys().clone()).issuer(&expected).audience(API).build()
    });
    let verify = async |step: &str, token: &str, due: &str, requests: usize| {
        println!("{step}");
        let verdict = verifier.verify_by(token, AccessTokenVerifier::verify::<NoClaims>).await;
        issuer.expect(verdict.map(drop), due, requests)
    };

    let first = issuer.token()?;
    verify("the first token: metadata and keys are fetched", &first, "accepted", 2).await?;
    verify("the next one: they are known", &issuer.token()?, "accepted", 2).await?;

    issuer.replace_key("2026-12")?;
    let second = issuer.token()?;
    verify("under a key that nobody announced: keys are fetched once more", &second, "accepted", 3).await?;
    verify("under the key that was withdrawn", &first, "no_matching_key", 3).await?;

    println!("a thousand tokens under made-up key IDs: two fetches in 30 s are enough");
    let forger = SigningKey::generate(JwsAlgorithm::Es256)?;
    for number in 0..1000 {
        let token = issuer.token_by(forger.clone_key().with_key_id(format!("k{number}")))?;
        let verdict = verifier.verify_by(&token, AccessTokenVerifier::verify::<NoClaims>).await;
        is_due(&verdict.map(drop), "no_matching_key")?;
    }
    issuer.requests_are(3)?;

    println!("metadata of another issuer than expected");
    let other = issuer.source(&metadata, "https://id.example.com")?;
    let verdict = other.verify_by(&second, AccessTokenVerifier::verify::<NoClaims>).await;
    issuer.expect(verdict.map(drop), "key_source_unavailable", 4)?;

    server.abort();
    // It says that it was aborted.
    let _ = server.await;
    verify("the issuer is down: what is known goes on serving", &second, "accepted", 4).await?;
    println!("and whoever starts now has no keys, which is no fault of the token's: status 503, not 401");
    let late = issuer.source(&metadata, &issuer.url)?;
    let verdict = late.verify_by(&second, AccessTokenVerifier::verify::<NoClaims>).await;
    let status = verdict.as_ref().map_or_else(Error::http_status, |_| 200);
    issuer.expect(verdict.map(drop), "key_source_unavailable", 4)?;
    if status != 503 {
        return Err(format!("expected status 503, found {status}").into());
    }
    Ok(())
}

/// An authorization server: it signs with the keys of a ring, which it publishes.
struct Issuer {
    url: String,
    ring: Mutex<KeyRing>,
    requests: AtomicUsize,
}

impl Issuer {
    fn new(url: String) -> Result<Self, Error> {
        let first = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("2026-11");
        let ring = KeyRing::builder(Duration::from_secs(300)).key(first, SystemTime::now()).build()?;
        Ok(Self { url, ring: Mutex::new(ring), requests: AtomicUsize::new(0) })
    }

    fn routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(Self::metadata))
            .route("/jwks", get(Self::jwks))
            .with_state(Arc::clone(self))
    }

    async fn metadata(State(issuer): State<Arc<Self>>) -> impl IntoResponse {
        issuer.requests.fetch_add(1, Ordering::SeqCst);
        let body = format!(r#"{{"issuer":"{0}","jwks_uri":"{0}/jwks"}}"#, issuer.url);
        ([(CONTENT_TYPE, "application/json")], body)
    }

    async fn jwks(State(issuer): State<Arc<Self>>) -> impl IntoResponse {
        issuer.requests.fetch_add(1, Ordering::SeqCst);
        let ring = issuer.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let body = ring.public_json().map_err(|error| error.to_string());
        ([(CONTENT_TYPE, "application/jwk-set+json".to_owned()), (CACHE_CONTROL, ring.cache_control())], body)
    }

    fn token(&self) -> Result<String, Error> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        self.token_by(ring.signing_key().clone_key())
    }

    fn token_by(&self, key: SigningKey) -> Result<String, Error> {
        let issuer = AccessTokenIssuer::builder(key).issuer(&self.url).audience(API);
        issuer.lifetime(Duration::from_secs(300)).build()?.issue(&Grant::to("user-17", "web-shop"))
    }

    /// The key leaked: it goes at once, and the next signs, though nobody has seen it yet.
    fn replace_key(&self, key_id: &str) -> Result<(), Error> {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let leaked = ring.signing_key().key_id().unwrap_or_default().to_owned();
        ring.add(SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id(key_id))?;
        ring.withdraw(&leaked).map(drop)
    }

    /// Another API of this issuer's, or so it believes.
    fn source(&self, metadata: &str, issuer: &str) -> Result<SourcedVerifier<AccessTokenVerifier>, Error> {
        let (keys, expected) = (RemoteJwks::from_metadata(metadata, issuer), issuer.to_owned());
        Ok(SourcedVerifier::new(keys.build_http()?, move |keys| {
            AccessTokenVerifier::builder(keys.keys().clone()).issuer(&expected).audience(API).build()
        }))
    }

    fn expect(&self, verdict: Result<(), Error>, due: &str, requests: usize) -> Result<(), String> {
        println!("    {}", verdict.as_ref().map_or_else(Error::to_string, |()| "accepted".to_owned()));
        is_due(&verdict, due)?;
        self.requests_are(requests)
    }

    fn requests_are(&self, due: usize) -> Result<(), String> {
        let found = self.requests.load(Ordering::SeqCst);
        println!("    requests so far: {found}");
        if found == due { Ok(()) } else { Err(format!("expected {due} requests, found {found}")) }
    }
}

fn is_due(verdict: &Result<(), Error>, due: &str) -> Result<(), String> {
    let found = verdict.as_ref().map_or_else(Error::code, |()| "accepted");
    if found == due { Ok(()) } else { Err(format!("expected {due}, found {found}")) }
}
