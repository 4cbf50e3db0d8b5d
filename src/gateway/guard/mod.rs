//! The guard: an API's way from a request's credentials to a verified token or a refusal, in one call.
//!
//! What stands in the modules beside this one is put in order here: credentials, cache, decryption, signature
//! and claims, revocation, authorization, replay; whatever comes of it, the audit trail has one event of it.
//! Nothing here reads HTTP or needs an executor. RFC 6750 §2.1, §3.

mod admission;
mod builder;
mod credentials;
mod refused;
mod request;

pub use admission::Guard;
pub use builder::GuardBuilder;
pub use credentials::BadCredentials;
pub use refused::{RefusalCause, Refused};
pub use request::GuardRequest;
