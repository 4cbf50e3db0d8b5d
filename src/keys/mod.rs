//! Where keys come from and which of them a token gets: sets of keys, compiled once.
//!
//! A [`KeySet`] holds keys that verify, or keys that decrypt, each bound to its algorithm. A token's
//! header picks the candidates by `alg` and `kid`; they are few, bounded, and tried in turn.

mod decryption;
mod key_set;
mod recipient;
mod verification;

pub use key_set::KeySet;
pub use recipient::recipient_key;

pub(crate) use key_set::check_count;
