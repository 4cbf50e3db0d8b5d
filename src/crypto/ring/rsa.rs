//! RSA signatures on the stack `ring` (RFC 8017 §8, RFC 7518 §3.3, §3.5). A key's numbers and a message
//! go in, a signature as long as the modulus comes out.
//!
//! A key is bound to one padding and hash. ring doesn't look at all of a private key's numbers;
//! `rsa_numbers` checks the rest before ring sees the key.

use ::ring::rand::SystemRandom;
use ::ring::rsa::KeyPairComponents;
use ::ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    RsaParameters, RsaPublicKeyComponents,
};

use super::rsa_numbers;
use crate::crypto::rsa::check_public_sizes;
use crate::crypto::{CryptoError, Hash, RsaPadding, RsaPrivateComponents, SignatureBytes};

/// An RSA public key, bound to one padding and hash.
///
/// ring offers no parsed public key: it takes the two numbers with each signature. Their form
/// is checked here once.
pub(crate) struct RsaVerifyingKey {
    parameters: &'static RsaParameters,
    components: RsaPublicKeyComponents<Box<[u8]>>,
}

impl RsaVerifyingKey {
    /// Reads the modulus and the public exponent, big-endian without leading zeros.
    pub(crate) fn new(padding: RsaPadding, hash: Hash, n: &[u8], e: &[u8]) -> Result<Self, CryptoError> {
        check_public_sizes(n, e)?;
        let parameters = match (padding, hash) {
            (RsaPadding::Pkcs1, Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            (RsaPadding::Pkcs1, Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            (RsaPadding::Pkcs1, Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            (RsaPadding::Pss, Hash::Sha256) => &RSA_PSS_2048_8192_SHA256,
            (RsaPadding::Pss, Hash::Sha384) => &RSA_PSS_2048_8192_SHA384,
            (RsaPadding::Pss, Hash::Sha512) => &RSA_PSS_2048_8192_SHA512,
        };
        Ok(Self { parameters, components: RsaPublicKeyComponents { n: n.into(), e: e.into() } })
    }

    /// Verifies a signature as long as the modulus.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.components.verify(self.parameters, message, signature).map_err(|_| CryptoError)
    }
}

/// An RSA private key, bound to one padding and hash.
pub(crate) struct RsaSigningKey {
    encoding: &'static dyn RsaEncoding,
    key_pair: RsaKeyPair,
}

impl RsaSigningKey {
    /// Reads a private key; refuses one whose numbers contradict each other.
    pub(crate) fn new(
        padding: RsaPadding,
        hash: Hash,
        components: &RsaPrivateComponents,
    ) -> Result<Self, CryptoError> {
        components.check_sizes()?;
        rsa_numbers::check(components)?;
        let encoding: &'static dyn RsaEncoding = match (padding, hash) {
            (RsaPadding::Pkcs1, Hash::Sha256) => &RSA_PKCS1_SHA256,
            (RsaPadding::Pkcs1, Hash::Sha384) => &RSA_PKCS1_SHA384,
            (RsaPadding::Pkcs1, Hash::Sha512) => &RSA_PKCS1_SHA512,
            (RsaPadding::Pss, Hash::Sha256) => &RSA_PSS_SHA256,
            (RsaPadding::Pss, Hash::Sha384) => &RSA_PSS_SHA384,
            (RsaPadding::Pss, Hash::Sha512) => &RSA_PSS_SHA512,
        };
        let RsaPrivateComponents { n, e, d, p, q, dp, dq, qi } = components;
        let key_pair = RsaKeyPair::from_components(&KeyPairComponents {
            public_key: RsaPublicKeyComponents { n: n.as_slice(), e: e.as_slice() },
            d: d.expose_secret(),
            p: p.expose_secret(),
            q: q.expose_secret(),
            dP: dp.expose_secret(),
            dQ: dq.expose_secret(),
            qInv: qi.expose_secret(),
        })
        .map_err(|_| CryptoError)?;
        Ok(Self { encoding, key_pair })
    }

    /// Signs; the signature is as long as the modulus.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureBytes, CryptoError> {
        SignatureBytes::filled(self.key_pair.public().modulus_len(), |signature| {
            self.key_pair
                .sign(self.encoding, &SystemRandom::new(), message, signature)
                .map_err(|_| CryptoError)
        })
    }
}

/// Refuses a private key whose numbers contradict each other, or that doesn't sign.
pub(crate) fn check_rsa_private(components: &RsaPrivateComponents) -> Result<(), CryptoError> {
    // Construction checks the numbers' relations, but not that p and q are primes, which no stack
    // does; a signature that verifies is what the key is for.
    const MESSAGE: &[u8] = b"countersign: is this key consistent?";
    let signature = RsaSigningKey::new(RsaPadding::Pkcs1, Hash::Sha256, components)?.sign(MESSAGE)?;
    RsaVerifyingKey::new(RsaPadding::Pkcs1, Hash::Sha256, &components.n, &components.e)?
        .verify(MESSAGE, signature.as_ref())
}
