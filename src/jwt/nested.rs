//! Nested tokens: a signed token inside an encrypted one (RFC 7519 §5.2, §11.2). Signed text goes in
//! and comes out encrypted, with `cty`; or encrypted text goes in and a signed token comes out, still
//! to be verified.
//!
//! What was only encrypted is refused: everyone has the public key. Deeper nesting is refused too, so
//! that work stays bounded.

use crate::error::{Error, Limit, Refusal};
use crate::jwe::{
    ContentEncryption, DecryptionKey, EncryptedToken, EncryptionKey, JweAlgorithm, JweBuilder, KnownHeaders,
};
use crate::keys::KeySet;
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::compact::{self, Form};
use crate::wire::header::{HeaderRules, media_type_eq};

/// "This parameter MUST be present; in this case, the value of this parameter MUST be "JWT", to
/// indicate that a Nested JWT is carried in this JWT." RFC 7519 §5.2
pub(super) const NESTED: &str = "JWT";

/// Encrypts a signed token to a recipient.
pub(super) fn encrypt_signed(recipient: &EncryptionKey, signed: &[u8]) -> Result<String, Error> {
    JweBuilder::new(recipient).content_type(NESTED).encrypt(signed)
}

/// How a verifier decrypts: its keys, and what it allows beyond what they say.
pub(super) struct Decryption {
    keys: KeySet<DecryptionKey>,
    algorithms: Option<Vec<JweAlgorithm>>,
    encryptions: Option<Vec<ContentEncryption>>,
    compression: bool,
    known: KnownHeaders,
}

impl Decryption {
    pub(super) fn new(
        keys: KeySet<DecryptionKey>,
        algorithms: Option<Vec<JweAlgorithm>>,
        encryptions: Option<Vec<ContentEncryption>>,
        compression: bool,
    ) -> Self {
        Self { keys, algorithms, encryptions, compression, known: KnownHeaders::default() }
    }

    /// Decrypts a token that says it carries a signed one. Its `crit` may name nothing, as nobody gets to
    /// see its header: only the signed token's is given out.
    pub(super) fn open(&self, token: &str, limits: &Limits) -> Result<SecretBytes, Error> {
        let mut header = Vec::new();
        self.keys.open(&self.judge(token, limits, &mut header)?)
    }

    /// Decrypts like [`open`](Self::open), and waits for keys that answer later.
    pub(super) async fn open_async(&self, token: &str, limits: &Limits) -> Result<SecretBytes, Error> {
        let mut header = Vec::new();
        self.keys.open_async(&self.judge(token, limits, &mut header)?).await
    }

    /// Returns whether a key would be asked to decrypt this token. None is.
    #[cfg(feature = "remote-keys")]
    pub(super) fn has_key_for(&self, token: &str, limits: &Limits) -> bool {
        let mut header = Vec::new();
        self.judge(token, limits, &mut header).is_ok_and(|token| self.keys.check_candidates(&token).is_ok())
    }

    /// Takes a token apart and judges what its header says, before any key is asked.
    fn judge<'t>(
        &'t self,
        token: &'t str,
        limits: &'t Limits,
        header: &'t mut Vec<u8>,
    ) -> Result<EncryptedToken<'t>, Error> {
        let rules = HeaderRules { compression: self.compression, ..HeaderRules::new(limits, &[]) };
        let token = EncryptedToken::parse_known(token, &rules, header, &self.known)?;
        if !token.cty().is_some_and(|cty| media_type_eq(cty, NESTED)) {
            return Err(Error::NotAllowed(Refusal::ContentType));
        }
        if self.algorithms.as_ref().is_some_and(|allowed| !allowed.contains(&token.algorithm())) {
            return Err(Error::NotAllowed(Refusal::Algorithm));
        }
        if self.encryptions.as_ref().is_some_and(|allowed| !allowed.contains(&token.content_encryption())) {
            return Err(Error::NotAllowed(Refusal::ContentEncryption));
        }
        Ok(token)
    }

    /// Takes what was decrypted for a signed token. Anything else is refused: that it could be
    /// decrypted says nothing about who made it.
    pub(super) fn signed_token<'d>(decrypted: &'d SecretBytes, limits: &Limits) -> Result<&'d str, Error> {
        let unsigned = || Error::NotAllowed(Refusal::Unsigned);
        let inner = std::str::from_utf8(decrypted.expose_secret()).map_err(|_| unsigned())?;
        // Once decompressed, it may be larger than what it came in.
        compact::check_size(inner, limits)?;
        match compact::form(inner) {
            Ok(Form::Jws) if !inner.starts_with('{') => Ok(inner),
            Ok(Form::Jwe) => Err(Error::LimitExceeded { limit: Limit::Nesting, max: Limits::NESTING }),
            _ => Err(unsigned()),
        }
    }
}
