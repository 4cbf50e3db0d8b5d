//! A cache of verified tokens: the next request with the same token skips decryption and signature, and
//! nothing else.
//!
//! [`TokenCache`] stands before an [`AccessTokenVerifier`](crate::AccessTokenVerifier); whoever doesn't make
//! one has none. An entry is a verdict of one verifier on one token's whole text. Time, age, rules and proof
//! are judged on each hit here; revocation, authorization and replay by their own checks, which see a token
//! out of the cache as any other.

mod builder;
mod digest;
mod shard;
mod sourced;
mod token_cache;

pub use builder::TokenCacheBuilder;
pub(in crate::gateway) use digest::TokenDigest;
pub use sourced::Verification;
pub use token_cache::TokenCache;
