//! The tokens that an AWS Application Load Balancer adds to requests of users it has authenticated: the header
//! field `x-amzn-oidc-data` goes in, a [`LoadBalancerToken`] comes out, or an error.
//!
//! They are signed with ES256 but aren't quite JSON Web Tokens: their parts are padded, against [RFC
//! 7515 §2](https://www.rfc-editor.org/rfc/rfc7515#section-2), and who signed, for whom and until when stands in the header. This is the one
//! lenient verifier there is: nothing else here takes a padded part.

mod said;
mod token;
mod verifier;
mod verifier_builder;

pub use token::LoadBalancerToken;
pub use verifier::LoadBalancerVerifier;
pub use verifier_builder::LoadBalancerVerifierBuilder;
