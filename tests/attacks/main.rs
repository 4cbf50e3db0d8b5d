//! What a token library must refuse, and what it must accept nonetheless: for each class of refusals, twins
//! with the one wrong thing put right.
//!
//! A test asserts the reason, `Error::code`, so that no case passes for the wrong cause. A number in a
//! test's name keeps its place for good, and `rows` holds that none is left out; a test without one was found
//! while its class was written.
//! Published incidents stand beside the rows that they taught.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod access_tokens;
mod alg_none;
mod api_shape;
#[cfg(feature = "gateway")]
mod audit;
mod base64url;
#[cfg(feature = "gateway")]
mod cache;
mod claim_audience;
mod claim_times;
mod claim_types;
mod compression;
mod content_decryption;
mod critical;
mod ecdsa;
mod eddsa;
mod ephemeral_keys;
mod ephemeral_keys_by_curve;
#[cfg(feature = "gateway")]
mod guard;
mod header_json;
mod header_keys;
#[cfg(feature = "remote-keys")]
mod header_keys_and_sources;
mod issuing;
mod json_signatures;
mod jwe_forging;
mod jwe_json;
mod key_confusion;
mod key_management;
mod key_sets;
mod keys_of_pairs;
mod passwords;
mod positives;
mod post_quantum;
#[cfg(feature = "gateway")]
mod propagation;
mod published_secrets;
#[cfg(feature = "remote-keys")]
#[path = "../support/remote.rs"]
mod remote;
#[cfg(feature = "remote-keys")]
mod remote_keys;
#[cfg(feature = "gateway")]
mod replay;
#[cfg(feature = "gateway")]
mod resources;
mod rows;
mod rsa_signatures;
mod sign_encrypt_confusion;
mod sizes;
mod support;
mod token_types;
mod unencoded_payloads;
mod weak_keys;
