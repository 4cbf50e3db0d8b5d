//! Signed tokens: JSON Web Signature, in compact and JSON serialization
//! ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515), [RFC 7518 §3](https://www.rfc-editor.org/rfc/rfc7518#section-3)).
//!
//! A payload and a [`SigningKey`] go in, text comes out; text and a [`VerifyingKey`] go in, and
//! the payload comes out only if the signature holds. Each key is bound to one
//! [`JwsAlgorithm`]; the header's `alg` is compared with it and never obeyed. [`sign`] and [`verify`] are
//! for one compact token; [`JwsBuilder`] and [`JwsVerifier`] for JSON, several signatures, detached and
//! unencoded payloads. Claims are [`jwt`](crate::jwt)'s, sets of keys are [`keys`](crate::keys)'.

pub(crate) mod alg;
mod external;
mod key;
#[cfg(test)]
mod rfc7520;
mod sign;
mod sign_async;
mod sign_json;
#[cfg(test)]
mod tests;
mod unverified;
mod verified;
mod verifier;
mod verify;
#[cfg(test)]
mod wycheproof;

pub use alg::JwsAlgorithm;
pub use external::{AsyncExternalSigner, ExternalSigner};
pub use key::{SigningKey, VerifyingKey};
pub use sign::{JwsBuilder, sign};
pub use sign_async::{sign_general_async, sign_general_detached_async};
pub use sign_json::{sign_general, sign_general_detached};
pub use verified::{PartlyVerifiedJws, RefusedSignature, VerifiedJsonJws, VerifiedJws, VerifiedSignature};
pub use verifier::JwsVerifier;
pub use verify::{verify, verify_with_limits};

pub(crate) use sign::{sign_encoded, unsigned_token, with_signature};
pub(crate) use verify::SignedParts;
