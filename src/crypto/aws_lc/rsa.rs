//! RSA signatures on the stack `aws-lc-rs` (RFC 8017 §8, RFC 7518 §3.3, §3.5), and the generation of
//! RSA keys. A key's numbers and a message go in, a signature as long as the modulus comes out.
//!
//! A key is bound to one padding and hash. Private keys are held to all relations of their numbers: a
//! wrong one makes signatures that give the primes away.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeyPairComponents, KeySize};
use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaParameters,
    RsaPublicKeyComponents, RsaSignatureEncoding,
};
use der::asn1::{AnyRef, UintRef};
use der::{Decode, Reader};

use crate::crypto::rsa::check_public_sizes;
use crate::crypto::{CryptoError, Hash, RsaPadding, RsaPrivateComponents, SignatureBytes};

/// An RSA public key, parsed once and bound to one padding and hash.
pub(crate) struct RsaVerifyingKey(ParsedPublicKey);

impl RsaVerifyingKey {
    /// Reads the modulus and the public exponent, big-endian without leading zeros.
    pub(crate) fn new(padding: RsaPadding, hash: Hash, n: &[u8], e: &[u8]) -> Result<Self, CryptoError> {
        check_public_sizes(n, e)?;
        let parameters: &'static RsaParameters = match (padding, hash) {
            (RsaPadding::Pkcs1, Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            (RsaPadding::Pkcs1, Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            (RsaPadding::Pkcs1, Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            (RsaPadding::Pss, Hash::Sha256) => &RSA_PSS_2048_8192_SHA256,
            (RsaPadding::Pss, Hash::Sha384) => &RSA_PSS_2048_8192_SHA384,
            (RsaPadding::Pss, Hash::Sha512) => &RSA_PSS_2048_8192_SHA512,
        };
        RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters).map(Self).map_err(|_| CryptoError)
    }

    /// Verifies a signature as long as the modulus.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.0.verify_sig(message, signature).map_err(|_| CryptoError)
    }
}

/// An RSA private key, bound to one padding and hash.
pub(crate) struct RsaSigningKey {
    encoding: &'static RsaSignatureEncoding,
    key_pair: KeyPair,
}

impl RsaSigningKey {
    /// Reads a private key; refuses one whose numbers contradict each other.
    pub(crate) fn new(
        padding: RsaPadding,
        hash: Hash,
        components: &RsaPrivateComponents,
    ) -> Result<Self, CryptoError> {
        let encoding = match (padding, hash) {
            (RsaPadding::Pkcs1, Hash::Sha256) => &RSA_PKCS1_SHA256,
            (RsaPadding::Pkcs1, Hash::Sha384) => &RSA_PKCS1_SHA384,
            (RsaPadding::Pkcs1, Hash::Sha512) => &RSA_PKCS1_SHA512,
            (RsaPadding::Pss, Hash::Sha256) => &RSA_PSS_SHA256,
            (RsaPadding::Pss, Hash::Sha384) => &RSA_PSS_SHA384,
            (RsaPadding::Pss, Hash::Sha512) => &RSA_PSS_SHA512,
        };
        Ok(Self { encoding, key_pair: key_pair(components)? })
    }

    /// Signs; the signature is as long as the modulus.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureBytes, CryptoError> {
        SignatureBytes::filled(self.key_pair.public_modulus_len(), |signature| {
            self.key_pair
                .sign(self.encoding, &SystemRandom::new(), message, signature)
                .map_err(|_| CryptoError)
        })
    }
}

/// Reads a private key; aws-lc-rs checks all relations of its numbers.
pub(super) fn key_pair(components: &RsaPrivateComponents) -> Result<KeyPair, CryptoError> {
    components.check_sizes()?;
    let RsaPrivateComponents { n, e, d, p, q, dp, dq, qi } = components;
    KeyPair::from_components(&KeyPairComponents {
        public_key: RsaPublicKeyComponents { n: n.as_slice(), e: e.as_slice() },
        d: d.expose_secret(),
        p: p.expose_secret(),
        q: q.expose_secret(),
        dP: dp.expose_secret(),
        dQ: dq.expose_secret(),
        qInv: qi.expose_secret(),
    })
    .map_err(|_| CryptoError)
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

/// Generates a key of 2048, 3072 or 4096 bits with e = 65537.
pub(crate) fn generate_rsa(bits: usize) -> Result<RsaPrivateComponents, CryptoError> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        _ => return Err(CryptoError),
    };
    let key_pair = KeyPair::generate(size).map_err(|_| CryptoError)?;
    // The numbers only come out as PKCS #8; its buffer is wiped when dropped.
    let pkcs8: Pkcs8V1Der<'_> = key_pair.as_der().map_err(|_| CryptoError)?;
    let [n, e, d, p, q, dp, dq, qi] = numbers_in(pkcs8.as_ref()).map_err(|_| CryptoError)?;
    let secret = |number: UintRef<'_>| number.as_bytes().to_vec().into();
    let components = RsaPrivateComponents {
        n: n.as_bytes().to_vec(),
        e: e.as_bytes().to_vec(),
        d: secret(d),
        p: secret(p),
        q: secret(q),
        dp: secret(dp),
        dq: secret(dq),
        qi: secret(qi),
    };
    components.check_sizes()?;
    Ok(components)
}

/// The numbers of an `RSAPrivateKey` (RFC 8017 §A.1.2) in a `PrivateKeyInfo` (RFC 5208 §5).
fn numbers_in(pkcs8: &[u8]) -> der::Result<[UintRef<'_>; 8]> {
    let [_version, _algorithm, key] = values_in(pkcs8)?;
    let [_version, n, e, d, p, q, dp, dq, qi] = values_in(key.value())?;
    let number = AnyRef::decode_as::<UintRef<'_>>;
    Ok([number(n)?, number(e)?, number(d)?, number(p)?, number(q)?, number(dp)?, number(dq)?, number(qi)?])
}

/// The values of a sequence of so many.
fn values_in<const N: usize>(sequence: &[u8]) -> der::Result<[AnyRef<'_>; N]> {
    AnyRef::from_der(sequence)?.sequence(|reader| {
        let mut values = [AnyRef::NULL; N];
        for value in &mut values {
            *value = reader.decode()?;
        }
        Ok(values)
    })
}
