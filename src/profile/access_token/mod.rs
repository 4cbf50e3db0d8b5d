//! Access tokens ([RFC 9068](https://www.rfc-editor.org/rfc/rfc9068)): what was granted goes in, a signed `at+jwt` comes out; a token
//! goes in, and comes out as an [`AccessToken`] or as an error.
//!
//! [`AccessTokenIssuer`] and [`AccessTokenVerifier`] are built once and shared by reference. Providers
//! whose tokens aren't quite of RFC 9068 have presets, see [`Provider`]. A token that is bound to a key
//! ([RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3), [RFC 9449 §6](https://www.rfc-editor.org/rfc/rfc9449#section-6)) passes with a [`ProofOfPossession`] only.

mod actor;
mod confirmation;
mod dialect;
mod facts;
mod grant;
#[cfg(feature = "gateway")]
mod identity;
mod issuer;
mod provider;
mod rule;
#[cfg(feature = "remote-keys")]
mod sourced;
mod token;
mod verifier;
mod verifier_builder;

pub use actor::{Actor, Actors};
pub use confirmation::{ClientCertificate, Confirmation, ConfirmationMethod, ProofOfPossession};
pub use grant::Grant;
pub use issuer::{AccessTokenIssuer, AccessTokenIssuerBuilder};
pub use provider::Provider;
pub use token::AccessToken;
pub use verifier::AccessTokenVerifier;
pub use verifier_builder::AccessTokenVerifierBuilder;

#[cfg(feature = "gateway")]
pub(crate) use grant::{check_own, check_scope, is_scope};
#[cfg(feature = "gateway")]
pub(crate) use verifier::Presented;
