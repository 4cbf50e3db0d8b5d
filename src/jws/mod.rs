//! Signed tokens: JSON Web Signature, compact serialization
//! ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515), [RFC 7518 §3](https://www.rfc-editor.org/rfc/rfc7518#section-3)).
//!
//! A payload and a [`SigningKey`] go in, text comes out; text and a [`VerifyingKey`] go in, and
//! the payload comes out only if the signature holds. Each key is bound to one
//! [`JwsAlgorithm`]; the header's `alg` is compared with it and never obeyed. Claims are the
//! business of [`jwt`](crate::jwt), several keys that of [`keys`](crate::keys).

pub(crate) mod alg;
mod external;
mod key;
mod sign;
#[cfg(test)]
mod tests;
mod verify;

pub use alg::JwsAlgorithm;
pub use external::{AsyncExternalSigner, ExternalSigner};
pub use key::{SigningKey, VerifyingKey};
pub use sign::{JwsBuilder, sign};
pub use verify::{VerifiedJws, verify, verify_with_limits};

pub(crate) use sign::{sign_encoded, signing_input, with_signature};
pub(crate) use verify::SignedParts;
