//! RSA-OAEP (RFC 8017 §7.1, RFC 7518 §4.3) and the generation of RSA keys on the stack `ring`, by the
//! `rsa` crate: a content encryption key goes in, a ciphertext as long as the modulus comes out, and
//! back.
//!
//! That crate carries RUSTSEC-2023-0071: its private operation isn't proven free of timing differences.
//! It is blinded here with fresh randomness in each decryption.

use ::rsa::rand_core::{SeedableRng, TryCryptoRng, TryRng};
use ::rsa::traits::{PaddingScheme, PrivateKeyParts, PublicKeyParts};
use ::rsa::{BoxedUint, Oaep, RsaPrivateKey, RsaPublicKey};
use chacha20::ChaCha20Rng;
use zeroize::Zeroizing;

use super::fill_random;
use crate::crypto::rsa::check_public_sizes;
use crate::crypto::{CryptoError, OaepHash, RsaPrivateComponents};
use crate::secret::SecretBytes;

/// An RSA-OAEP public key.
pub(crate) struct RsaOaepPublicKey {
    hash: OaepHash,
    key: RsaPublicKey,
}

impl RsaOaepPublicKey {
    /// Reads the modulus and the public exponent, big-endian without leading zeros.
    pub(crate) fn new(hash: OaepHash, n: &[u8], e: &[u8]) -> Result<Self, CryptoError> {
        check_public_sizes(n, e)?;
        let key = RsaPublicKey::new_with_size_limits(number(n)?, number(e)?, 2048..=8192)
            .map_err(|_| CryptoError)?;
        Ok(Self { hash, key })
    }

    /// Encrypts a plaintext that leaves room for the padding; the ciphertext is as long as the
    /// modulus.
    pub(crate) fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let Self { hash, key } = self;
        match hash {
            OaepHash::Sha1 => Oaep::<sha1::Sha1>::new().encrypt(&mut SystemRng, key, plaintext),
            OaepHash::Sha256 => Oaep::<sha2::Sha256>::new().encrypt(&mut SystemRng, key, plaintext),
            OaepHash::Sha384 => Oaep::<sha2::Sha384>::new().encrypt(&mut SystemRng, key, plaintext),
            OaepHash::Sha512 => Oaep::<sha2::Sha512>::new().encrypt(&mut SystemRng, key, plaintext),
        }
        .map_err(|_| CryptoError)
    }
}

/// An RSA-OAEP private key.
pub(crate) struct RsaOaepPrivateKey {
    hash: OaepHash,
    key: RsaPrivateKey,
}

impl RsaOaepPrivateKey {
    /// Reads a private key; refuses one whose numbers contradict each other.
    pub(crate) fn new(hash: OaepHash, components: &RsaPrivateComponents) -> Result<Self, CryptoError> {
        components.check_sizes()?;
        super::rsa_numbers::check(components)?;
        let RsaPrivateComponents { n, e, d, p, q, dp: _, dq: _, qi: _ } = components;
        let primes = vec![number(p.expose_secret())?, number(q.expose_secret())?];
        let key = RsaPrivateKey::from_components(number(n)?, number(e)?, number(d.expose_secret())?, primes)
            .map_err(|_| CryptoError)?;
        Ok(Self { hash, key })
    }

    /// Decrypts, or fails in one way whatever is wrong.
    pub(crate) fn decrypt(&self, ciphertext: &[u8]) -> Result<SecretBytes, CryptoError> {
        let Self { hash, key } = self;
        let blinding = Some(&mut SystemRng);
        match hash {
            OaepHash::Sha1 => Oaep::<sha1::Sha1>::new().decrypt(blinding, key, ciphertext),
            OaepHash::Sha256 => Oaep::<sha2::Sha256>::new().decrypt(blinding, key, ciphertext),
            OaepHash::Sha384 => Oaep::<sha2::Sha384>::new().decrypt(blinding, key, ciphertext),
            OaepHash::Sha512 => Oaep::<sha2::Sha512>::new().decrypt(blinding, key, ciphertext),
        }
        .map(SecretBytes::from)
        .map_err(|_| CryptoError)
    }
}

/// Generates a key of 2048, 3072 or 4096 bits with e = 65537.
pub(crate) fn generate_rsa(bits: usize) -> Result<RsaPrivateComponents, CryptoError> {
    if !matches!(bits, 2048 | 3072 | 4096) {
        return Err(CryptoError);
    }
    // The `rsa` crate wants a generator that can't fail. The system's can, and must not panic, so it
    // is asked once, where failing is possible.
    let mut seed = Zeroizing::new([0; 32]);
    fill_random(seed.as_mut())?;
    let mut generator = ChaCha20Rng::from_seed(*seed);
    let key = RsaPrivateKey::new(&mut generator, bits).map_err(|_| CryptoError)?;
    let ([p, q], Some(dp), Some(dq), Some(qi)) = (key.primes(), key.dp(), key.dq(), key.crt_coefficient())
    else {
        return Err(CryptoError);
    };
    let qi = Zeroizing::new(qi);
    let components = RsaPrivateComponents {
        // The public numbers aren't secrets; `octets` only has one type to return.
        n: octets(key.n().as_ref()).into_exposed_secret(),
        e: octets(key.e()).into_exposed_secret(),
        d: octets(key.d()),
        p: octets(p.as_ref()),
        q: octets(q.as_ref()),
        dp: octets(dp),
        dq: octets(dq),
        qi: octets(&qi),
    };
    components.check_sizes()?;
    Ok(components)
}

fn number(big_endian: &[u8]) -> Result<BoxedUint, CryptoError> {
    let bits = u32::try_from(big_endian.len()).ok().and_then(|len| len.checked_mul(8)).ok_or(CryptoError)?;
    BoxedUint::from_be_slice(big_endian, bits).map_err(|_| CryptoError)
}

/// Returns the big-endian octets without leading zeros.
fn octets(number: &BoxedUint) -> SecretBytes {
    let padded = Zeroizing::new(number.to_be_bytes().into_vec());
    let zeros = padded.iter().take_while(|octet| **octet == 0).count();
    padded.get(zeros..).unwrap_or_default().to_vec().into()
}

/// The operating system's generator, whose failure is an error.
struct SystemRng;

impl TryRng for SystemRng {
    type Error = CryptoError;

    fn try_next_u32(&mut self) -> Result<u32, CryptoError> {
        let mut bytes = [0; 4];
        fill_random(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, CryptoError> {
        let mut bytes = [0; 8];
        fill_random(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), CryptoError> {
        fill_random(out)
    }
}

impl TryCryptoRng for SystemRng {}
