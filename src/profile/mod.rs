//! Kinds of token: what a JSON Web Token must be to count as one of them ([RFC 8725 §3.11](https://www.rfc-editor.org/rfc/rfc8725#section-3.11), §3.12).
//!
//! A signature says who made a token, not what for. Each profile sets its own type, claims and rules
//! over [`jwt`](crate::jwt), so that no token passes for one of another kind.

pub mod access_token;
#[cfg(feature = "remote-keys")]
pub mod load_balancer;
