//! The limits on input, in one struct: what a verifier, a key set or a decryption looks at, at most.
//!
//! No RFC sets these numbers, so each has its source beside it. They are checked before the work that
//! they bound, so that a sender can't make a receiver work, allocate or recurse without end.

/// The largest inputs that are looked at. What exceeds one is refused before it costs anything, with
/// [`Error::LimitExceeded`](crate::Error::LimitExceeded).
///
/// The defaults fit access tokens in request headers. Raise one for larger documents, in
/// [`JwtVerifierBuilder::limits`](crate::jwt::JwtVerifierBuilder::limits),
/// [`JwsVerifier::limits`](crate::jws::JwsVerifier::limits),
/// [`JweDecrypter::limits`](crate::jwe::JweDecrypter::limits) or the functions whose names end in `with_limits`.
///
/// ```
/// use countersign::jwe::{decrypt, decrypt_with_limits};
/// use countersign::{DecryptionKey, JweAlgorithm, Limits, encrypt};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let key = DecryptionKey::generate(JweAlgorithm::EcdhEs)?;
/// let token = encrypt(&key.encryption_key()?, &[7; 20_000])?;
/// assert_eq!(decrypt(&key, &token).unwrap_err().code(), "limit_token_bytes");
/// assert!(decrypt_with_limits(&key, &token, &Limits::default().token_bytes(64 * 1024)).is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub(crate) token_bytes: usize,
    pub(crate) header_bytes: usize,
    pub(crate) json_depth: usize,
    pub(crate) json_members: usize,
    pub(crate) candidate_keys: usize,
    pub(crate) pbes2_iterations: u32,
    #[cfg(feature = "deflate")]
    pub(crate) inflated_bytes: usize,
    pub(crate) recipients: usize,
    pub(crate) jwk_set_bytes: usize,
    pub(crate) jwk_set_keys: usize,
    pub(crate) pkcs8_iterations: u32,
    pub(crate) pkcs8_memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            token_bytes: 16 * 1024,
            header_bytes: 4 * 1024,
            json_depth: 32,
            json_members: 256,
            candidate_keys: 8,
            pbes2_iterations: 1_200_000,
            #[cfg(feature = "deflate")]
            inflated_bytes: 250_000,
            recipients: 16,
            jwk_set_bytes: 256 * 1024,
            jwk_set_keys: 1024,
            pkcs8_iterations: 10_000_000,
            pkcs8_memory: 256 * 1024 * 1024,
        }
    }
}

impl Limits {
    /// One key or certificate, in bytes of its text or DER. The largest have some KiB; texts that tools write
    /// around a PEM block are in it too, so it is as much as a whole JWK set may have.
    pub(crate) const KEY_BYTES: usize = 256 * 1024;

    /// Nested tokens: an encrypted one around a signed one (RFC 7519 §11.2), and no deeper.
    pub(crate) const NESTING: u64 = 2;

    /// Sets the largest token, in bytes, a detached payload included. Default: 16 KiB, as web servers cap a
    /// request's whole header between 8 and 16 KiB.
    #[must_use]
    pub const fn token_bytes(mut self, bytes: usize) -> Self {
        self.token_bytes = bytes;
        self
    }

    /// Sets the largest decoded protected header, in bytes. Default: 4 KiB, in which an `x5c` chain of two
    /// certificates fits; anything larger is no access token's header.
    #[must_use]
    pub const fn header_bytes(mut self, bytes: usize) -> Self {
        self.header_bytes = bytes;
        self
    }

    /// Sets how deep JSON arrays and objects may nest, at most 127: `serde_json` refuses the 128th level.
    /// Default: 32; the claims of real providers stay under 8.
    #[must_use]
    pub const fn json_depth(mut self, levels: usize) -> Self {
        // serde_json refuses the 128th level, and recursion must not exhaust the stack.
        self.json_depth = if levels > 127 { 127 } else { levels };
        self
    }

    /// Sets how many members one JSON object may have. Default: 256; the largest published claims sets have
    /// some dozens.
    #[must_use]
    pub const fn json_members(mut self, members: usize) -> Self {
        self.json_members = members;
        self
    }

    /// Sets how many keys may fit one token and be tried in turn. Default: 8, two keys in rotation for each
    /// of the common algorithms.
    #[must_use]
    pub const fn candidate_keys(mut self, keys: usize) -> Self {
        self.candidate_keys = keys;
        self
    }

    /// Sets how many iterations of PBKDF2 one token may cost: its `p2c` times the passwords that would be
    /// tried. Default: 1,200,000, twice what OWASP advises for HMAC-SHA-256, as draft-ietf-oauth-rfc8725bis
    /// §3.13 recommends. Whoever can send a token chooses its `p2c`, so where all senders are known to use
    /// the same, set that.
    #[must_use]
    pub const fn pbes2_iterations(mut self, iterations: u32) -> Self {
        self.pbes2_iterations = iterations;
        self
    }

    /// Sets the largest plaintext that a compressed one may become, in bytes. Default: 250,000, the number that
    /// draft-ietf-oauth-rfc8725bis §3.15 names. Of an encrypted JWT, the signed one inside is held to
    /// [`token_bytes`](Self::token_bytes) too.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn inflated_bytes(mut self, bytes: usize) -> Self {
        self.inflated_bytes = bytes;
        self
    }

    /// Sets how many signatures or recipients one token in JSON serialization may have. Default: 16; what
    /// several parties sign or read has a handful. Each costs as much as a token of its own. Tokens are made
    /// with 16 at most, whatever is set here.
    #[must_use]
    pub const fn recipients(mut self, recipients: usize) -> Self {
        self.recipients = recipients;
        self
    }

    /// Sets the largest JWK set, or single JWK, in bytes. Default: 256 KiB, which is 250 bytes each for
    /// 1024 keys.
    #[must_use]
    pub const fn jwk_set_bytes(mut self, bytes: usize) -> Self {
        self.jwk_set_bytes = bytes;
        self
    }

    /// Sets how many keys a JWK set may hold. Default: 1024; real sets hold 2 to 10.
    #[must_use]
    pub const fn jwk_set_keys(mut self, keys: usize) -> Self {
        self.jwk_set_keys = keys;
        self
    }

    /// Sets how many iterations of PBKDF2 an encrypted private key may ask for. Default: 10,000,000, the most
    /// that [RFC 8018 §4.2](https://www.rfc-editor.org/rfc/rfc8018#section-4.2) speaks of; some seconds of work.
    #[must_use]
    pub const fn pkcs8_iterations(mut self, iterations: u32) -> Self {
        self.pkcs8_iterations = iterations;
        self
    }

    /// Sets how many bytes scrypt may fill for an encrypted private key: 128 times the product of its three
    /// costs, and at most a sixteenth beside. Default: 256 MiB, twice what OWASP's Password Storage Cheat Sheet
    /// asks for; OpenSSL writes 16 MiB.
    #[must_use]
    pub const fn pkcs8_memory(mut self, bytes: usize) -> Self {
        self.pkcs8_memory = bytes;
        self
    }
}
