//! What an API does with the tokens that it is sent: decides by them, and answers those it refuses.
//!
//! [`authorization`] turns what a verified access token says into yes or no; [`BearerChallenge`] writes
//! the header field that goes with a no ([RFC 6750 §3](https://www.rfc-editor.org/rfc/rfc6750#section-3)). [`revocation`] refuses what was
//! withdrawn before its time, [`replay`] what may be used once and was; a [`cache`] saves verifying the same
//! token again; [`propagation`] mints what the services behind get in its place. Nothing here reads HTTP: a
//! token and an error go in, a status and a header value come out.

pub mod authorization;
pub mod cache;
mod challenge;
pub mod propagation;
pub mod replay;
pub mod revocation;
mod store;

pub use challenge::BearerChallenge;
pub use store::{StoreError, StoreFuture};
