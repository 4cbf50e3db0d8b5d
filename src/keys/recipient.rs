//! Choosing the key to encrypt to: the set that a recipient publishes goes in with the algorithms that
//! the sender wants, one `EncryptionKey` comes out (RFC 7517 §4.2, §4.4).
//!
//! A key for signatures, a private key or a secret in a published set is never chosen: the first is for
//! something else, the others are known to everyone.

use crate::error::{Error, Unsupported};
use crate::jwe::{EncryptionKey, JweAlgorithm};
use crate::jwk::{Jwk, JwkSet, KeyUse};

/// Chooses the key to encrypt to, out of a recipient's published set.
///
/// For the sender who has fetched the recipient's JWK set; the key goes to
/// [`encrypt_for`](crate::jwt::JwtIssuerBuilder::encrypt_for) or [`encrypt`](crate::encrypt). Of the keys
/// that serve one of the algorithms, one marked `use: enc` goes before one without a mark,
/// then the algorithm named first, then the key published first. Keys for signatures, private keys and
/// secrets are never chosen.
///
/// # Errors
///
/// [`Error::NoMatchingKey`] if no key of the set serves one of the algorithms; [`Error::Unsupported`] if
/// one would with a feature that isn't on.
///
/// ```
/// use countersign::{DecryptionKey, JweAlgorithm, JwkSet, decrypt, encrypt, recipient_key};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("11");
/// let published: JwkSet = [key.to_public_jwk()?].into_iter().collect();
///
/// let recipient = recipient_key(&published, [JweAlgorithm::EcdhEsA256Kw])?;
/// assert_eq!(decrypt(&key, &encrypt(&recipient, b"for your eyes")?)?.expose_secret(), b"for your eyes");
/// # Ok(())
/// # }
/// ```
pub fn recipient_key(
    set: &JwkSet,
    algorithms: impl IntoIterator<Item = JweAlgorithm>,
) -> Result<EncryptionKey, Error> {
    let algorithms: Vec<_> = algorithms.into_iter().collect();
    let mut refusal = Error::NoMatchingKey;
    let mut choose = |admit: fn(&Jwk) -> bool| {
        let published = || set.iter().filter(|jwk| admit(jwk) && !jwk.is_private() && !jwk.is_secret());
        let pairs = algorithms.iter().flat_map(|&algorithm| published().map(move |jwk| (algorithm, jwk)));
        pairs.map(|(algorithm, jwk)| EncryptionKey::from_jwk_for(algorithm, jwk)).find_map(|key| match key {
            Ok(key) => Some(key),
            Err(reason) => {
                // That a feature is missing is worth knowing; that a key is of another type isn't.
                if matches!(reason, Error::Unsupported(Unsupported::Feature(_))) {
                    refusal = reason;
                }
                None
            }
        })
    };
    let chosen = choose(|jwk| jwk.key_use() == Some(&KeyUse::Encryption)).or_else(|| choose(|_| true));
    chosen.ok_or(refusal)
}
