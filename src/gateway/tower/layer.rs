//! The layer: a guard and what it is told of HTTP; services go in and come out guarded.
//!
//! A layer is cheap to clone, and one with a further requirement for some routes is made of it: all of them
//! share the guard.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use http::HeaderName;
use tower_layer::Layer;

use super::service::GuardService;
use crate::gateway::Guard;
use crate::gateway::authorization::Requirement;
use crate::jwt::NoClaims;

/// Guards a tower service of `http::Request`s.
///
/// A request that the [`Guard`] admits goes on with an [`AccessToken<T>`](crate::AccessToken) among its
/// extensions, and without its `Authorization` field. `T` is the type of the application's own claims, see
/// [`claims`](Self::claims); code that doesn't know it finds the same token as `AccessToken<NoClaims>`. Any
/// other request is answered by the status and the `WWW-Authenticate` field of its
/// [`Refused`](crate::gateway::Refused), `Cache-Control: no-store` and an empty body, and the service isn't called. The
/// response has the `Refused` among its extensions, so that a layer around this one can write another body.
///
/// The service is [`Clone`], and it and its future are [`Send`]. The request's body is any type that is `Send`; it isn't
/// read. The response's body is any type with a [`Default`], which is the empty one: axum's, hyper's `Full` and `Empty`,
/// the boxed ones of `http-body-util`. A service that answers with what a client received, hyper's `Incoming`, boxes it
/// before. Services of axum and of hyper alone are tested, and one of gRPC's shapes.
///
/// A gRPC client that gets such an answer has the code that
/// [gRPC makes of an HTTP status](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md) where there
/// is no `grpc-status`: of 401 `UNAUTHENTICATED` (16), of 403 `PERMISSION_DENIED` (7), of 503 `UNAVAILABLE` (14), which it
/// may try again, of 400, which says that there were two tokens or none that can be read, `INTERNAL` (13), of 500
/// `UNKNOWN` (2). The challenge is among the headers of the answer. Whoever wants other codes, or clients of gRPC-Web,
/// makes a response of status 200 with `content-type: application/grpc` and `grpc-status` of the `Refused`, in a layer
/// around this one.
///
/// A [`ClientCertificate`](crate::profile::access_token::ClientCertificate) among the request's extensions, put there
/// by whoever accepts TLS connections, is the proof for tokens that are bound to one. A verifier that is to take
/// tokens without such a binding over these connections too needs
/// [`proof_if_bound`](crate::profile::access_token::AccessTokenVerifierBuilder::proof_if_bound).
///
/// Requests that browsers send on their own, such as `OPTIONS` before one across origins, have no token: what
/// answers them stands around this layer, and so does the document that `resource_metadata` names.
///
/// ```
/// use axum::routing::{get, post};
/// use axum::{Extension, Router};
/// use countersign::gateway::authorization::Requirement;
/// use countersign::gateway::{BearerChallenge, Guard};
/// use countersign::gateway::tower::GuardLayer;
/// use countersign::{AccessToken, AccessTokenVerifier, NoClaims};
///
/// async fn list(Extension(token): Extension<AccessToken<NoClaims>>) -> String {
///     format!("orders of {}", token.subject())
/// }
///
/// async fn create() -> &'static str {
///     "created"
/// }
///
/// fn orders(verifier: AccessTokenVerifier) -> Result<Router, countersign::Error> {
///     let metadata = "https://orders.example.com/.well-known/oauth-protected-resource";
///     let guard = Guard::builder(verifier)
///         .require(Requirement::scope("orders:read"))
///         .without_revocation()
///         .without_audit()
///         .challenge(BearerChallenge::new().resource_metadata(metadata)?)
///         .build()?;
///     let guard = GuardLayer::new(guard);
///     let may_write = guard.require(Requirement::scope("orders:write"));
///     Ok(Router::new()
///         .route("/orders", get(list).layer(guard))
///         .route("/orders/new", post(create).layer(may_write)))
/// }
/// # use countersign::profile::access_token::Grant;
/// # use countersign::{AccessTokenIssuer, JwsAlgorithm, SigningKey};
/// # use tower::ServiceExt as _;
/// # fn main() -> Result<(), countersign::Error> {
/// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let verifier = AccessTokenVerifier::builder(key.verifying_key()?)
/// #     .issuer("https://id.example.com").audience("https://orders.example.com").build()?;
/// # let issuer = AccessTokenIssuer::builder(key).issuer("https://id.example.com")
/// #     .audience("https://orders.example.com").lifetime(std::time::Duration::from_secs(60)).build()?;
/// # let token = issuer.issue(&Grant::to("user-17", "client-4").scopes(["orders:read"]))?;
/// # let orders = orders(verifier)?;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let send = async |method: &str, uri: &str| {
/// #     let request = http::Request::builder().method(method).uri(uri)
/// #         .header("authorization", format!("Bearer {token}")).body(axum::body::Body::empty());
/// #     orders.clone().oneshot(request.unwrap()).await.unwrap().status().as_u16()
/// # };
/// # assert_eq!(send("GET", "/orders").await, 200);
/// # assert_eq!(send("POST", "/orders/new").await, 403);
/// # });
/// # Ok(())
/// # }
/// ```
pub struct GuardLayer<T = NoClaims> {
    settings: Arc<Settings>,
    claims: PhantomData<fn() -> T>,
}

/// What all services of one layer share.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) guard: Arc<Guard>,
    pub(super) requirement: Option<Requirement>,
    pub(super) request_id: Option<HeaderName>,
    pub(super) certificate: Option<HeaderName>,
    pub(super) keeps_authorization: bool,
}

impl GuardLayer {
    /// Makes a layer of a guard, which other layers may share.
    pub fn new(guard: impl Into<Arc<Guard>>) -> Self {
        let settings = Settings {
            guard: guard.into(),
            requirement: None,
            request_id: None,
            certificate: None,
            keeps_authorization: false,
        };
        Self::of(settings)
    }
}

impl<T> GuardLayer<T> {
    fn of(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), claims: PhantomData }
    }

    fn with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::clone(&self.settings);
        change(&mut settings);
        Self::of(settings)
    }

    /// Reads the token's claims into this type. A token whose claims don't fit it is refused.
    #[must_use]
    pub fn claims<U>(self) -> GuardLayer<U> {
        GuardLayer { settings: self.settings, claims: PhantomData }
    }

    /// Makes a layer that requires this too, for some routes, in the place of the other layer.
    ///
    /// Not inside it: there it finds no `Authorization` field any more, and answers every request with 401. The other
    /// layer goes on the other routes, by axum's [`route_layer`](https://docs.rs/axum/latest/axum/struct.Router.html#method.route_layer)
    /// and `merge`:
    ///
    /// ```
    /// use axum::Router;
    /// use axum::routing::{get, post};
    /// use countersign::gateway::authorization::Requirement;
    /// use countersign::gateway::tower::GuardLayer;
    ///
    /// fn orders(guard: GuardLayer) -> Router {
    ///     let may_write = guard.require(Requirement::scope("orders:write"));
    ///     let reading = Router::new()
    ///         .route("/orders", get(|| async { "orders" }))
    ///         .route("/orders/17", get(|| async { "an order" }))
    ///         .route_layer(guard);
    ///     let writing = Router::new()
    ///         .route("/orders/new", post(|| async { "created" }))
    ///         .route_layer(may_write);
    ///     reading.merge(writing)
    /// }
    /// # let _ = orders;
    /// ```
    #[must_use]
    pub fn require(&self, requirement: Requirement) -> Self {
        self.with(|settings| {
            settings.requirement = Some(match settings.requirement.take() {
                Some(before) => before.and(requirement),
                None => requirement,
            });
        })
    }

    /// Takes the request's name for the audit trail from this header field, if there is one field of it and
    /// that is 1 to 128 characters of printable ASCII without a space. Whoever sends the request may choose it,
    /// unless a proxy writes it.
    #[must_use]
    pub fn request_id_header(self, name: HeaderName) -> Self {
        self.with(|settings| settings.request_id = Some(name))
    }

    /// Takes the client's certificate from this header field where the request's extensions have none:
    /// `Client-Cert` of [RFC 9440 §2.2](https://www.rfc-editor.org/rfc/rfc9440#section-2.2), or one of that form. A field that has
    /// another form, or is there twice, proves nothing.
    ///
    /// Certificates are public. Whoever can send this field to this server, past the proxy that ends TLS or
    /// through one that lets it pass, uses tokens stolen from their clients as if they held the keys.
    #[must_use]
    pub fn danger_client_certificate_from(self, name: HeaderName) -> Self {
        self.with(|settings| settings.certificate = Some(name))
    }

    /// Lets the `Authorization` field go on to the service.
    ///
    /// Whatever is behind can then use the token in the client's name: a service that is taken over, or that
    /// passes headers on to others, hands it out.
    #[must_use]
    pub fn danger_keep_authorization(self) -> Self {
        self.with(|settings| settings.keeps_authorization = true)
    }
}

impl<S, T> Layer<S> for GuardLayer<T> {
    type Service = GuardService<S, T>;

    fn layer(&self, inner: S) -> Self::Service {
        GuardService::new(inner, Arc::clone(&self.settings))
    }
}

/// Clones share the guard.
impl<T> Clone for GuardLayer<T> {
    fn clone(&self) -> Self {
        Self { settings: Arc::clone(&self.settings), claims: PhantomData }
    }
}

impl<T> fmt::Debug for GuardLayer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GuardLayer").field(&self.settings).finish()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { guard, requirement, request_id, certificate, keeps_authorization } = self;
        f.debug_struct("Settings")
            .field("guard", guard)
            .field("requirement", requirement)
            .field("request_id", request_id)
            .field("certificate", certificate)
            .field("keeps_authorization", keeps_authorization)
            .finish()
    }
}
