//! The authorization server: it issues encrypted access tokens, publishes the keys that verify them, and rotates
//! these by a schedule.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime};

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use countersign::keys::rotation::KeyRing;
use countersign::profile::access_token::Grant;
use countersign::{AccessTokenIssuer, Clock, EncryptionKey, Error, JwsAlgorithm, SigningKey};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::gateway;

/// The longest that a token lives.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(300);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub struct AuthorizationServer {
    url: String,
    gateway_key: EncryptionKey,
    keys: RwLock<Keys>,
    calendar: Calendar,
}

/// The ring, and the issuer that signs with its current key.
struct Keys {
    ring: KeyRing,
    issuer: AccessTokenIssuer,
}

impl AuthorizationServer {
    /// `gateway_key` is the one that the gateway has registered: what is issued for it, only it can read.
    pub fn new(url: &str, gateway_key: EncryptionKey) -> Result<Self, Error> {
        let calendar = Calendar::default();
        let first = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("first");
        let ring = KeyRing::builder(TOKEN_LIFETIME)
            .key(first, SystemTime::now())
            .rotate_every(30 * DAY)
            .clock(calendar.clone())
            .build()?;
        let issuer = issuer(url, ring.signing_key(), &gateway_key)?;
        Ok(Self { url: url.to_owned(), gateway_key, keys: RwLock::new(Keys { ring, issuer }), calendar })
    }

    pub fn routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/.well-known/oauth-authorization-server", get(Self::metadata))
            .route("/jwks", get(Self::jwks))
            .route("/token", post(Self::token))
            .with_state(Arc::clone(self))
    }

    /// Where a gateway finds the rest (RFC 8414).
    pub fn metadata_url(url: &str) -> String {
        format!("{url}/.well-known/oauth-authorization-server")
    }

    /// Issues a token to the one user there is. Who calls has authenticated user and client before.
    pub fn issue(&self, client_id: &str, scope: &str) -> Result<String, Error> {
        let grant = Grant::to("user-17", client_id).scopes(scope.split_whitespace());
        self.keys().issuer.issue(&grant)
    }

    pub fn signing_key_id(&self) -> String {
        self.keys().ring.signing_key().key_id().unwrap_or_default().to_owned()
    }

    /// Lets time pass until another key signs; it was published an hour before. In a server, a task sleeps until
    /// `next_change` and then does what is due.
    pub fn rotate(&self) -> Result<(), Error> {
        let keys = &mut *self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let before = keys.ring.signing_key().key_id().map(str::to_owned);
        while keys.ring.signing_key().key_id() == before.as_deref() {
            let Some(change) = keys.ring.next_change() else { break };
            self.calendar.skip_to(change);
            keys.ring.rotate()?;
        }
        keys.issuer = issuer(&self.url, keys.ring.signing_key(), &self.gateway_key)?;
        Ok(())
    }

    async fn metadata(State(server): State<Arc<Self>>) -> Json<Value> {
        let url = &server.url;
        let (jwks, token) = (format!("{url}/jwks"), format!("{url}/token"));
        Json(json!({ "issuer": url, "jwks_uri": jwks, "token_endpoint": token }))
    }

    async fn jwks(State(server): State<Arc<Self>>) -> Result<impl IntoResponse, StatusCode> {
        let ring = &server.keys().ring;
        let body = ring.public_json().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        let media_type = "application/jwk-set+json".to_owned();
        Ok(([(CONTENT_TYPE, media_type), (CACHE_CONTROL, ring.cache_control())], body))
    }

    async fn token(
        State(server): State<Arc<Self>>,
        Form(request): Form<TokenRequest>,
    ) -> Result<([(HeaderName, &'static str); 1], Json<Value>), StatusCode> {
        // What stands before this in an authorization server is left out here: the client proves who it is, the
        // user logs in and consents. This one believes what it is told.
        let token = server.issue(&request.client_id, &request.scope).map_err(|_| StatusCode::BAD_REQUEST)?;
        let answer = json!({
            "access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFETIME.as_secs(),
        });
        Ok(([(CACHE_CONTROL, "no-store")], Json(answer)))
    }

    fn keys(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Deserialize)]
struct TokenRequest {
    client_id: String,
    scope: String,
}

/// Signs with the authorization server's key, then encrypts to the gateway's: ECDH-ES+A256KW and A256GCM.
fn issuer(url: &str, key: &SigningKey, gateway_key: &EncryptionKey) -> Result<AccessTokenIssuer, Error> {
    AccessTokenIssuer::builder(key.clone_key())
        .issuer(url)
        .audience(gateway::NAME)
        .lifetime(TOKEN_LIFETIME)
        .encrypt_for(gateway_key.clone_key())
        .build()
}

/// The time by which keys rotate: the system's, and what was skipped.
#[derive(Clone, Default)]
struct Calendar {
    skipped_seconds: Arc<AtomicU64>,
}

impl Calendar {
    fn skip_to(&self, time: SystemTime) {
        let gap = time.duration_since(self.now()).unwrap_or_default();
        self.skipped_seconds.fetch_add(gap.as_secs() + 1, Ordering::Relaxed);
    }
}

impl Clock for Calendar {
    fn now(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.skipped_seconds.load(Ordering::Relaxed))
    }
}
