//! Where keys come from and which of them a token gets: sets of keys, compiled once.
//!
//! A [`KeySet`] holds keys that verify, or keys that decrypt, each bound to its algorithm. A token's
//! header picks the candidates by `alg` and `kid` ([RFC 7515 §4.1.4](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4),
//! [RFC 7517 §4.5](https://www.rfc-editor.org/rfc/rfc7517#section-4.5)); they are few, bounded, and tried in turn.

#[cfg(feature = "remote-keys")]
pub(crate) mod back_off;
mod decryption;
#[cfg(feature = "gateway")]
mod generation;
mod issuer_keys;
mod key_set;
mod recipient;
#[cfg(feature = "remote-keys")]
pub mod remote;
pub mod rotation;
pub(crate) mod tenants;
mod verification;

#[cfg(feature = "gateway")]
pub use generation::KeyGeneration;
pub use key_set::{KeySet, KeySetIter};
pub use recipient::recipient_key;

#[cfg(feature = "remote-keys")]
pub(crate) use issuer_keys::keys_marked;
pub(crate) use issuer_keys::keys_of;
pub(crate) use key_set::check_count;
