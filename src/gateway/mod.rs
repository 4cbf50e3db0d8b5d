//! What an API does with the tokens that it is sent: decides by them, and answers those it refuses. A [`Guard`] does
//! all of it in one call, in the right order, from a request's `Authorization` fields to a verified token or the
//! status and the field to answer with.
//!
//! Its parts stand alone too: [`authorization`] turns what a token says into yes or no, [`BearerChallenge`] writes the
//! field that goes with a no ([RFC 6750 §3](https://www.rfc-editor.org/rfc/rfc6750#section-3)), [`ProtectedResourceMetadata`] the document that it leads to;
//! [`revocation`] refuses what was withdrawn before its time, [`replay`] what may be used once and was, each with a
//! store in memory, or in Redis (`redis`, with the feature of that name); a [`cache`] saves verifying the same token
//! again; [`audit`] writes down what was decided; [`propagation`] mints what the services behind get in the token's place.

pub mod audit;
pub mod authorization;
pub mod cache;
mod challenge;
mod guard;
mod names;
pub mod propagation;
#[cfg(feature = "redis")]
pub mod redis;
pub mod replay;
mod resource_metadata;
pub mod revocation;
mod store;
#[cfg(feature = "tower")]
pub mod tower;

pub use challenge::BearerChallenge;
pub use guard::{BadCredentials, Guard, GuardBuilder, GuardRequest, RefusalCause, Refused};
pub use resource_metadata::{ProtectedResourceMetadata, ProtectedResourceMetadataBuilder};
pub use store::{StoreError, StoreFuture};
