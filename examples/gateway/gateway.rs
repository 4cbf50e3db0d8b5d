//! The gateway: a guard before each route, a limit on each client's rate behind the guard, and behind that the
//! services, who get a token of their own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use countersign::gateway::audit::Audit;
use countersign::gateway::authorization::Requirement;
use countersign::gateway::cache::TokenCache;
use countersign::gateway::propagation::{Outbound, Propagation, Service};
use countersign::gateway::revocation::{Revocation, RevocationCheck, RevocationStore};
use countersign::gateway::tower::GuardLayer;
use countersign::gateway::{BearerChallenge, Guard};
use countersign::jwt::SourcedVerifier;
use countersign::keys::remote::RemoteJwks;
use countersign::{
    AccessToken, AccessTokenVerifier, ContentEncryption, DecryptionKey, EncryptionKey, Error, JweAlgorithm,
    JwkSet, JwsAlgorithm, NoClaims, SigningKey,
};

use crate::proxy::Upstream;
use crate::rate_limit::RateLimit;
use crate::services::{INVOICES, ORDERS};

/// The audience of the tokens that come in, and the issuer of those that go out.
pub const NAME: &str = "https://api.example.com";

/// Under this name a request stands in the audit trail.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a gateway is made of. Several of one deployment share `keys`, and what is in `revocations`.
pub struct Settings {
    /// The authorization server.
    pub issuer: String,
    pub issuer_keys: RemoteJwks,
    pub keys: Keys,
    pub revocations: Arc<dyn RevocationStore>,
    pub audit: Arc<Audit>,
    pub orders: Upstream,
    pub invoices: Upstream,
    /// The key that the invoices service has registered.
    pub invoices_key: EncryptionKey,
    /// What each client may send.
    pub requests_per_minute: u32,
}

/// The gateway's own keys: one opens what comes in, one signs what goes out.
pub struct Keys {
    decryption: DecryptionKey,
    signing: SigningKey,
}

impl Keys {
    pub fn generate() -> Result<Self, Error> {
        let decryption = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("gateway");
        let signing = SigningKey::generate(JwsAlgorithm::Ed25519)?.with_key_id("gateway");
        Ok(Self { decryption, signing })
    }

    pub fn clone_keys(&self) -> Self {
        Self { decryption: self.decryption.clone_key(), signing: self.signing.clone_key() }
    }

    /// The key to encrypt tokens to, for the authorization server.
    pub fn encryption_key(&self) -> Result<EncryptionKey, Error> {
        self.decryption.encryption_key()
    }
}

struct Gateway {
    propagation: Propagation,
    revocations: Arc<dyn RevocationStore>,
    orders: Upstream,
    invoices: Upstream,
}

/// Makes the gateway.
pub fn routes(settings: Settings) -> Result<Router, Error> {
    let Settings { issuer, issuer_keys, keys, revocations, audit, orders, invoices, .. } = settings;
    let jwks = [keys.signing.to_public_jwk()?].into_iter().collect::<JwkSet>().to_public_json()?;
    let propagation = propagation(&issuer, keys.signing, settings.invoices_key)?;
    let verifier = verifier(issuer, issuer_keys, keys.decryption);
    let guard = Guard::builder(verifier)
        // Of every token. What a route takes beyond that stands at the route.
        .require(Requirement::authenticated())
        .revocation(RevocationCheck::new(Arc::clone(&revocations)))
        .cache(TokenCache::builder().build()?)
        .audit(audit)
        .challenge(BearerChallenge::new().realm("api")?)
        .build()?;

    // The guard comes first: the limit counts verified clients only.
    let guard = GuardLayer::new(guard).request_id_header(REQUEST_ID);
    let limit = Arc::new(RateLimit::per_minute(settings.requests_per_minute));
    let limit = from_fn_with_state(limit, RateLimit::apply);
    let guarded = |route: MethodRouter<Arc<Gateway>>, takes| -> MethodRouter<Arc<Gateway>> {
        route.layer((guard.require(takes), limit.clone()))
    };
    let gateway = Gateway { propagation, revocations, orders, invoices };
    Ok(Router::new()
        .route("/orders", guarded(get(Gateway::orders), Requirement::scope(ORDERS.scope)))
        .route("/invoices", guarded(get(Gateway::invoices), Requirement::scope(INVOICES.scope)))
        .route("/logout", guarded(post(Gateway::logout), Requirement::authenticated()))
        .route("/jwks", get(async || publish(jwks)))
        .with_state(Arc::new(gateway)))
}

/// Verifies by the keys that the authorization server has published, and keeps up with them.
fn verifier(
    issuer: String,
    issuer_keys: RemoteJwks,
    decryption_key: DecryptionKey,
) -> SourcedVerifier<AccessTokenVerifier> {
    SourcedVerifier::new(issuer_keys, move |keys| {
        AccessTokenVerifier::builder(keys.keys().clone())
            .issuer(&issuer)
            .audience(NAME)
            .decrypt_with(decryption_key.clone_key())
            .content_encryptions([ContentEncryption::A256Gcm])
            .build()
    })
}

/// Says what each service may be told. The invoices service wants its tokens encrypted.
fn propagation(issuer: &str, key: SigningKey, invoices_key: EncryptionKey) -> Result<Propagation, Error> {
    let orders = Service::new(ORDERS.audience).scopes([ORDERS.scope]);
    let invoices = Service::new(INVOICES.audience).scopes([INVOICES.scope]).encrypt_for(invoices_key);
    Propagation::builder(key)
        .issuer(NAME)
        .subjects_of(issuer)
        .service(ORDERS.name, orders)
        .service(INVOICES.name, invoices)
        .build()
}

/// The verified token of a request that has passed the guard.
type Token = Extension<AccessToken<NoClaims>>;

impl Gateway {
    async fn orders(State(gateway): State<Arc<Self>>, Extension(token): Token, request: Request) -> Response {
        gateway.forward(&gateway.orders, &token, request).await
    }

    async fn invoices(
        State(gateway): State<Arc<Self>>,
        Extension(token): Token,
        request: Request,
    ) -> Response {
        gateway.forward(&gateway.invoices, &token, request).await
    }

    /// The token that came in ends here: the service gets one that was minted for it.
    async fn forward(
        &self,
        upstream: &Upstream,
        token: &AccessToken<NoClaims>,
        request: Request,
    ) -> Response {
        match self.propagation.mint(token, upstream.name()) {
            Ok(minted) => upstream.call(request, &Outbound::from(minted)).await,
            Err(error) => status(error.http_status()).into_response(),
        }
    }

    /// Revokes the token that it is called with, at all gateways that share the store.
    async fn logout(State(gateway): State<Arc<Self>>, Extension(token): Token) -> StatusCode {
        let Some(revocation) = Revocation::of_token(&token) else { return StatusCode::BAD_REQUEST };
        match gateway.revocations.revoke(&revocation).await {
            Ok(()) => StatusCode::NO_CONTENT,
            // It may not be revoked: the client has to try again.
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Tells the services which key verifies the gateway's tokens.
fn publish(jwks: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, "max-age=300")], jwks)
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
