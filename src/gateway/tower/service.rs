//! A guarded service: a request goes in, the guard judges it, and the service behind is called or isn't.
//!
//! The future owns the service that was polled ready, and leaves a clone in its place: readiness is a promise
//! of that one (tower's `Service::call`). The request's body isn't read here.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use tower_service::Service;

use super::certificate::client_certificate;
use super::layer::Settings;
use crate::gateway::{GuardRequest, Refused};
use crate::jwt::NoClaims;
use crate::profile::access_token::{AccessToken, ClientCertificate, ProofOfPossession};

/// A service behind a [`GuardLayer`](super::GuardLayer).
pub struct GuardService<S, T = NoClaims> {
    inner: S,
    settings: Arc<Settings>,
    claims: PhantomData<fn() -> T>,
}

impl<S, T> GuardService<S, T> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings, claims: PhantomData }
    }
}

impl<S, T, B, R> Service<Request<B>> for GuardService<S, T>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    T: DeserializeOwned + Clone + Send + Sync + 'static,
    B: Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = GuardFuture<Response<R>, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        let settings = Arc::clone(&self.settings);
        GuardFuture(Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match settings.admit::<T>(&mut parts).await {
                Ok(()) => ready.call(Request::from_parts(parts, body)).await,
                Err(refused) => Ok(answer(refused)),
            }
        }))
    }
}

impl Settings {
    /// Has the guard judge a request, and puts its token in the place of its credentials.
    async fn admit<T>(&self, parts: &mut Parts) -> Result<(), Refused>
    where
        T: DeserializeOwned + Clone + Send + Sync + 'static,
    {
        remove_admitted(&mut parts.extensions);
        let certificate = self.client_certificate(parts);
        let mut request = GuardRequest::new(parts.headers.get_all(AUTHORIZATION));
        if let Some(certificate) = &certificate {
            request = request.proof(certificate as &dyn ProofOfPossession);
        }
        if let Some(requirement) = &self.requirement {
            request = request.require(requirement);
        }
        if let Some(id) = self.request_id.as_ref().and_then(|name| request_id(&parts.headers, name)) {
            request = request.request_id(id);
        }
        let token = self.guard.admit::<T>(request).await?;
        if !self.keeps_authorization {
            parts.headers.remove(AUTHORIZATION);
        }
        parts.extensions.insert(Admitted { remove: remove_token::<T> });
        parts.extensions.insert(token.without_claims());
        parts.extensions.insert(token);
        Ok(())
    }

    fn client_certificate(&self, parts: &Parts) -> Option<ClientCertificate> {
        let of_connection = parts.extensions.get::<ClientCertificate>().copied();
        of_connection.or_else(|| client_certificate(&parts.headers, self.certificate.as_ref()?))
    }
}

/// Says which token's type is among a request's extensions, so that another layer's is gone whatever its claims
/// are: a service that reads the type of the wrong layer finds nothing, rather than a token judged by other rules.
#[derive(Clone, Copy)]
struct Admitted {
    remove: fn(&mut Extensions),
}

fn remove_admitted(extensions: &mut Extensions) {
    if let Some(Admitted { remove }) = extensions.remove::<Admitted>() {
        remove(extensions);
    }
}

fn remove_token<T: Send + Sync + 'static>(extensions: &mut Extensions) {
    extensions.remove::<AccessToken<T>>();
    extensions.remove::<AccessToken<NoClaims>>();
}

fn request_id<'r>(headers: &'r HeaderMap, name: &HeaderName) -> Option<&'r str> {
    /// As much as names of requests have, several times over.
    const LENGTHS: std::ops::RangeInclusive<usize> = 1..=128;
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let id = value.to_str().ok()?;
    let is_name = LENGTHS.contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_graphic());
    is_name.then_some(id)
}

fn answer<R: Default>(refused: Refused) -> Response<R> {
    let mut response = Response::new(R::default());
    *response.status_mut() =
        StatusCode::from_u16(refused.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(challenge) = refused.www_authenticate() {
        let challenge = HeaderValue::from_str(challenge).expect("a challenge is printable ASCII");
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    // 403 isn't cached by itself, but a cache may be told to, and the answer is to one client's token.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(refused);
    response
}

/// Clones share the guard, as the service's own clones share what they share.
impl<S: Clone, T> Clone for GuardService<S, T> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.settings))
    }
}

impl<S: fmt::Debug, T> fmt::Debug for GuardService<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardService")
            .field("inner", &self.inner)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// What a [`GuardService`] answers in: any executor drives it.
#[must_use = "a future does nothing unless it is polled"]
pub struct GuardFuture<R, E>(Pin<Box<dyn Future<Output = Result<R, E>> + Send>>);

impl<R, E> Future for GuardFuture<R, E> {
    type Output = Result<R, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<R, E> fmt::Debug for GuardFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardFuture").finish_non_exhaustive()
    }
}
