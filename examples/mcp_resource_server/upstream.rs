//! An API behind the MCP server, which trusts that server's key and no other: it takes tokens for itself alone, and
//! writes down what it was sent.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Json, Router};
use countersign::gateway::Guard;
use countersign::gateway::authorization::Requirement;
use countersign::gateway::tower::GuardLayer;
use countersign::{AccessToken, AccessTokenVerifier, Error, NoClaims, VerifyingKey};
use serde_json::json;

/// The tokens that came, in the order in which they did. Nobody else should keep them.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub(crate) fn last(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    async fn write_down(State(Self(seen)): State<Self>, request: Request, next: Next) -> Response {
        let value = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or("none");
        seen.lock().unwrap_or_else(PoisonError::into_inner).push(token.to_owned());
        next.run(request).await
    }
}

pub(crate) fn verifier(mcp_server: &str, key: VerifyingKey, own: &str) -> Result<AccessTokenVerifier, Error> {
    AccessTokenVerifier::builder(key).issuer(mcp_server).audience(own).build()
}

pub(crate) fn routes(verifier: AccessTokenVerifier, seen: &Seen) -> Result<Router, Error> {
    let guard = Guard::builder(verifier)
        .require(Requirement::authenticated())
        .without_revocation()
        .without_audit()
        .build()?;
    let guard = GuardLayer::new(guard);
    let read = guard.require(Requirement::scope("stock:read"));
    let write = guard.require(Requirement::scope("stock:write"));
    let stock = get(level).layer(read).merge(axum::routing::post(reserve).layer(write));
    let layer = from_fn_with_state(seen.clone(), Seen::write_down);
    Ok(Router::new().route("/stock/{article}", stock).layer(layer))
}

async fn level(Path(article): Path<String>) -> Json<serde_json::Value> {
    Json(json!({ "article": article, "level": 42 }))
}

async fn reserve(
    Path(article): Path<String>,
    Extension(token): Extension<AccessToken<NoClaims>>,
) -> Json<serde_json::Value> {
    Json(json!({ "article": article, "reserved_for": token.subject() }))
}
