//! The choices of a cache: how many entries, how much memory, how long; a [`TokenCache`] comes out, or an
//! error for choices that make no sense.
//!
//! Each has a default, and none can be waived: a cache without a bound is a leak, and a verdict without an
//! end outlives what it was based on.

use std::time::Duration;

use super::token_cache::TokenCache;
use crate::error::Error;

/// The choices of a [`TokenCache`] in the making.
#[derive(Debug, Clone)]
#[must_use = "`build` makes the cache"]
pub struct TokenCacheBuilder {
    entries: usize,
    bytes: usize,
    max_age: Duration,
}

impl TokenCacheBuilder {
    /// What is remembered for longer than this is no cache any more.
    const MAX_AGE: Duration = Duration::from_secs(3600);

    pub(super) fn new() -> Self {
        Self { entries: 10_000, bytes: 64 * 1024 * 1024, max_age: Duration::from_secs(60) }
    }

    /// Sets how many tokens are kept at most. Default: 10,000.
    pub fn entries(mut self, entries: usize) -> Self {
        self.entries = entries;
        self
    }

    /// Sets how much memory the tokens take at most, in bytes, as far as that can be told: rather less is
    /// used. Default: 64 MiB, with which 10,000 tokens may have about 6 KiB each.
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets how long after its verification a token counts as verified, at most an hour. Default: 60 s.
    /// Beyond a token's `exp` it never does.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Makes the cache.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if one of the choices is zero, or the age over an hour.
    pub fn build(self) -> Result<TokenCache, Error> {
        let Self { entries, bytes, max_age } = self;
        if entries == 0 || bytes == 0 || max_age.is_zero() {
            return Err(Error::misuse("expected a cache of some entries, bytes and seconds, found zero"));
        }
        if max_age > Self::MAX_AGE {
            return Err(Error::misuse("expected a cache of at most an hour, found more"));
        }
        Ok(TokenCache::new(entries, bytes, max_age))
    }
}
