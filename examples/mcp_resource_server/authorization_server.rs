//! A stand-in for an authorization server: its metadata (RFC 8414), its keys, and tokens for the `resource` that a
//! client names (RFC 8707), which become their audience.
//!
//! Clients come with a secret and for themselves (RFC 6749 §4.4). A user's consent, which an authorization code with
//! PKCE would stand for, and registration are left out: they make no difference to the MCP server.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign::profile::access_token::Grant;
use countersign::{AccessTokenIssuer, Error, JwkSet, JwsAlgorithm, SecretString, SigningKey};
use serde_json::json;

pub(crate) const CLIENT_ID: &str = "assistant";
pub(crate) const CLIENT_SECRET: &str = "of this example only";
const SCOPES: [&str; 2] = ["stock:read", "stock:write"];

pub(crate) struct AuthorizationServer {
    issuer: String,
    /// The APIs that it issues tokens for.
    resources: Vec<String>,
    key: SigningKey,
}

#[derive(serde::Deserialize)]
struct TokenRequest {
    grant_type: String,
    client_id: String,
    client_secret: String,
    #[serde(default)]
    resource: String,
    #[serde(default)]
    scope: String,
}

impl AuthorizationServer {
    pub(crate) fn new(issuer: &str, resources: Vec<String>) -> Result<Self, Error> {
        let key = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("2026-11");
        Ok(Self { issuer: issuer.to_owned(), resources, key })
    }

    pub(crate) fn name(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/.well-known/oauth-authorization-server", get(Self::metadata))
            .route("/jwks", get(Self::jwks))
            .route("/token", post(Self::token))
            .with_state(Arc::clone(self))
    }

    async fn metadata(State(server): State<Arc<Self>>) -> Json<serde_json::Value> {
        let issuer = &server.issuer;
        Json(json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/jwks"),
            "token_endpoint": format!("{issuer}/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": ["none"],
            "scopes_supported": SCOPES,
        }))
    }

    async fn jwks(State(server): State<Arc<Self>>) -> Response {
        let set = server.key.to_public_jwk().and_then(|key| JwkSet::from_iter([key]).to_public_json());
        match set {
            Ok(set) => ([("content-type", "application/jwk-set+json")], set).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }

    async fn token(State(server): State<Arc<Self>>, body: String) -> Response {
        let answer = match server.answer(&body) {
            Ok(token) => (StatusCode::OK, Json(token)),
            Err((status, code)) => (status, Json(json!({ "error": code }))),
        };
        ([(CACHE_CONTROL, "no-store")], answer).into_response()
    }

    fn answer(&self, body: &str) -> Result<serde_json::Value, (StatusCode, &'static str)> {
        let bad = |code| (StatusCode::BAD_REQUEST, code);
        // A form is written as a query is.
        let uri = format!("/?{body}").parse().map_err(|_| bad("invalid_request"))?;
        let Query(request) = Query::<TokenRequest>::try_from_uri(&uri).map_err(|_| bad("invalid_request"))?;
        // Compared in constant time.
        let is_secret =
            SecretString::from(request.client_secret) == SecretString::from(CLIENT_SECRET.to_owned());
        if request.client_id != CLIENT_ID || !is_secret {
            return Err((StatusCode::UNAUTHORIZED, "invalid_client"));
        }
        if request.grant_type != "client_credentials" {
            return Err(bad("unsupported_grant_type"));
        }
        if !self.resources.contains(&request.resource) {
            return Err(bad("invalid_target"));
        }
        let scopes: Vec<&str> = request.scope.split_ascii_whitespace().collect();
        if !scopes.iter().all(|scope| SCOPES.contains(scope)) {
            return Err(bad("invalid_scope"));
        }
        let token = self.issue(&request.resource, &scopes, SystemTime::now());
        let token = token.map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, "server_error"))?;
        let scope = scopes.join(" ");
        Ok(json!({ "access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": scope }))
    }

    /// A token as it was issued at that time.
    pub(crate) fn issue(&self, resource: &str, scopes: &[&str], at: SystemTime) -> Result<String, Error> {
        AccessTokenIssuer::builder(self.key.clone_key())
            .issuer(&self.issuer)
            .audience(resource)
            .lifetime(Duration::from_secs(300))
            .clock(move || at)
            .build()?
            .issue(&Grant::to_client(CLIENT_ID).scopes(scopes.iter().copied()))
    }
}
