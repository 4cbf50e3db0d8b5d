//! Keys from elsewhere: a URL goes in, a snapshot of the keys behind it comes out, now and whenever they
//! change (RFC 7517 §5, RFC 8414, RFC 9111).
//!
//! [`RemoteJwks`] fetches a published JWK set and holds it: bounded, rate-limited, one fetch for all who
//! wait, the last good set through an outage; `LoadBalancerKeys`, with the feature `pem`, does so with keys that are
//! published one by one, as AWS's load balancers have them. Verification stays synchronous on a [`KeySnapshot`];
//! only to obtain one is awaited. HTTP and time are traits, so that none of it belongs to an executor; the feature
//! `jwks-http` brings one of each.

#[cfg(feature = "jwks-http")]
mod client;
mod document;
mod event;
mod flights;
mod freshness;
mod http;
mod jwks;
mod latch;
#[cfg(feature = "pem")]
mod load_balancer;
mod runtime;
mod settings;
mod source;
#[cfg(feature = "jwks-http")]
mod tls;
#[cfg(feature = "jwks-http")]
mod tokio_runtime;
mod url;
mod waits;

#[cfg(feature = "jwks-http")]
pub use client::{ReqwestClient, ReqwestClientBuilder};
pub use event::{FetchProblem, KeySourceEvent};
pub use http::{HttpClient, HttpFailure, HttpFuture, HttpResponse};
pub use jwks::RemoteJwks;
#[cfg(feature = "pem")]
pub use load_balancer::{LoadBalancerKeys, LoadBalancerKeysBuilder};
pub use runtime::{Runtime, RuntimeFuture};
pub use settings::RemoteJwksBuilder;
pub use source::{KeySnapshot, KeySource, KeySourceFuture};
#[cfg(feature = "jwks-http")]
pub use tokio_runtime::TokioRuntime;
#[cfg(feature = "gateway")]
pub(crate) use url::{Transport, transport};
