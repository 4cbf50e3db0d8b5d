//! Propagation: what the services behind a gateway get in the place of the token that came in.
//!
//! That token isn't passed on. A [`Propagation`] mints a short-lived one for one named [`Service`]: for that
//! audience alone, about the same subject, with a subset of its scopes, and with the gateway as the actor
//! ([RFC 8693 §4.1](https://www.rfc-editor.org/rfc/rfc8693#section-4.1)). An [`Outbound`] carries that, or nothing, to the call; no inbound token
//! makes one. It names the header fields that mustn't go out, and with the feature `tower` removes them, by
//! `Outbound::apply`.

mod builder;
mod claims;
mod headers;
mod mint;
mod outbound;
mod service;

pub use builder::PropagationBuilder;
pub use mint::Propagation;
pub use outbound::{Outbound, ServiceToken};
pub use service::{Service, ServiceCall};
