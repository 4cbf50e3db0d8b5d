//! JSON Web Tokens: claims go in, a signed (and encrypted) token comes out; a token goes in, and typed
//! claims come out once everything about it is right ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519), [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725)).
//!
//! [`JwtIssuer`] and [`JwtVerifier`] are built once and shared by reference. Both do nested tokens in
//! the same call: sign, then encrypt; decrypt, then verify.

mod accepted_header;
#[cfg(feature = "gateway")]
mod again;
mod batch;
#[cfg(feature = "remote-keys")]
mod built;
mod claims;
mod external;
mod issuer;
mod nested;
mod numeric_date;
mod policy;
mod random_id;
#[cfg(feature = "remote-keys")]
mod sourced;
mod understood;
mod unverified;
mod verified;
mod verifier;
mod verifier_builder;

pub(crate) use batch::{BatchVerifier, verify_batch};
#[cfg(feature = "remote-keys")]
pub(crate) use built::Built;
pub(crate) use claims::Descent;
pub use claims::{ClaimValue, Claims, NoClaims};
pub use issuer::{JwtIssuer, JwtIssuerBuilder};
pub use numeric_date::NumericDate;
#[cfg(feature = "gateway")]
pub(crate) use random_id::random_id;
#[cfg(feature = "remote-keys")]
pub use sourced::{KeyedVerifier, SourcedVerifier};
pub use unverified::UnverifiedToken;
pub use verified::{BorrowedJwt, TokenBuffer, VerifiedJwt};
pub(crate) use verifier::JudgedToken;
pub use verifier::JwtVerifier;
pub use verifier_builder::JwtVerifierBuilder;
