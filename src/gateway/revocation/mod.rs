//! Revocation: tokens that are refused before they expire.
//!
//! A [`Revocation`] says which: one token, a subject's, a session's, those under a key, or all that were
//! issued before an instant. A [`RevocationStore`] keeps it until those tokens have expired;
//! [`MemoryRevocations`] is the one for a single process. [`RevocationCheck`] asks the store about each
//! verified token, those out of a cache too.

mod check;
mod mark;
mod memory;
mod store;

pub use check::RevocationCheck;
pub(in crate::gateway) use mark::digest;
pub use mark::{Revocation, RevocationKey, RevocationKind};
pub use memory::MemoryRevocations;
pub use store::{Revocable, RevocationStore};
