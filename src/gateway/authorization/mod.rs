//! Authorization: a verified access token goes in, yes comes out, or which requirement it doesn't meet.
//!
//! A [`Requirement`] is a value: scopes, roles, groups, claims, the age of the login, or code of the
//! application's own, combined by all of, any of and not. A [`Denied`] names the one that failed and
//! says what would help ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1), [RFC 9470 §3](https://www.rfc-editor.org/rfc/rfc9470#section-3)). What can't be told is no.

mod denied;
mod expected;
mod explain;
mod requirement;
mod truth;

pub use denied::Denied;
pub use expected::ExpectedValue;
pub use requirement::Requirement;
