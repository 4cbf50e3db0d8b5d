//! Replay: tokens that may be used once.
//!
//! A [`ReplayStore`] keeps the ID of each token that was used until the token has expired, and says whether
//! it was the first use; [`MemoryReplays`] is the one for a single process. [`ReplayCheck`] uses a verified
//! token up. It comes after all other checks, so that a token that is refused doesn't count as used.

mod check;
mod memory;
mod store;

pub use check::ReplayCheck;
pub use memory::MemoryReplays;
pub use store::{ReplayStore, TokenUse};
