//! The guard as a layer of [tower](https://docs.rs/tower-service) services, feature `tower`: of any that takes an
//! `http::Request`, and whose futures are `Send`. Requests go in; those that the guard admits go on with their verified
//! token among their extensions, the others are answered (RFC 6750 §3, RFC 9728 §5.1).
//!
//! The token's text goes no further. What a service behind needs, it reads of the [`AccessToken`](crate::AccessToken);
//! where it calls others, it does so with a token of its own.

mod certificate;
mod layer;
mod service;

pub use layer::GuardLayer;
pub use service::{GuardFuture, GuardService};
