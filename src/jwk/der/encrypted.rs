//! Private keys encrypted under a password (RFC 5958 §3), by PBES2 (RFC 8018 §6.2): DER and a password go
//! in, unencrypted PKCS#8 comes out, and back. PBKDF2 with SHA-2 or scrypt (RFC 7914 §7), then AES-CBC.
//!
//! How much work a file asks for is bounded before any is done. What is older is refused by name: PBES1 and
//! DES can be broken, and SHA-1 is the mark of files whose few iterations a guesser makes short work of.

use std::num::NonZeroU32;

use ::der::asn1::{AnyRef, ObjectIdentifier};
use ::der::{Result as DerResult, Tag, Tagged};
use zeroize::Zeroizing;

use super::super::exceeded;
use super::values::{AlgorithmIdentifier, Values, encoded_oid, sequence, unsigned, value};
use super::{malformed, pkcs8, refusal};
use crate::crypto::{self, AesCbcKey, Hash};
use crate::{Error, KeyDefect, Limit, Limits, SecretBytes, Unsupported};

/// Decrypts, and returns what is PKCS#8 at first sight.
pub(super) fn decrypt(der: &[u8], password: &[u8], limits: &Limits) -> Result<SecretBytes, Error> {
    let Encrypted { kdf, key_len, iv, ciphertext } = Encrypted::read(der)?;
    let key = kdf.bounded(limits)?.derive(password, key_len)?;
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    // A wrong password gives bytes without rhyme: a wrong padding mostly, another form of key otherwise.
    AesCbcKey::new(&key)
        .and_then(|key| key.decrypt_in_place(&iv, &mut plaintext))
        .map_err(|_| Error::InvalidKey(KeyDefect::Password))?;
    Values::read_sequence(&plaintext, pkcs8::fields).map_err(|_| Error::InvalidKey(KeyDefect::Password))?;
    Ok(SecretBytes::from_zeroizing(plaintext))
}

/// Encrypts PKCS#8: PBKDF2 with HMAC-SHA-256, which every reader of today takes, and AES-256-CBC.
pub(super) fn encrypt(pkcs8: &SecretBytes, password: &[u8]) -> Result<Vec<u8>, Error> {
    if password.is_empty() {
        return Err(Error::misuse("expected a password to encrypt the key under, found an empty one"));
    }
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    for random in [&mut salt, &mut iv] {
        crypto::fill_random(random).map_err(|_| Error::Unavailable { what: "the system's randomness" })?;
    }
    let kdf = Kdf::Pbkdf2 { hash: Hash::Sha256, salt: &salt, iterations: ITERATIONS };
    let key = kdf.derive(password, 32)?;
    let mut ciphertext = Vec::new();
    AesCbcKey::new(&key)
        .and_then(|key| key.encrypt(&iv, pkcs8.expose_secret(), &mut ciphertext))
        .map_err(|_| Error::InvalidKey(KeyDefect::Rejected))?;

    let octets = |bytes| value(Tag::OctetString, bytes);
    let prf = algorithm(HMAC_SHA256, &value(Tag::Null, &[]));
    let kdf = sequence(&[&octets(&salt), &unsigned(&ITERATIONS.get().to_be_bytes()), &prf]);
    let schemes = sequence(&[&algorithm(PBKDF2, &kdf), &algorithm(AES_256_CBC, &octets(&iv))]);
    Ok(sequence(&[&algorithm(PBES2, &schemes), &octets(&ciphertext)]))
}

/// An EncryptedPrivateKeyInfo by PBES2, whose parameters are known and not yet bounded.
struct Encrypted<'a> {
    kdf: Kdf<'a, u64>,
    /// The bytes of the AES key.
    key_len: usize,
    iv: [u8; 16],
    ciphertext: &'a [u8],
}

impl<'a> Encrypted<'a> {
    fn read(der: &'a [u8]) -> Result<Self, Error> {
        let (scheme, ciphertext) = Values::read_sequence(der, outer).map_err(form)?;
        if scheme.oid != PBES2 {
            return Err(unsupported(
                "expected a key encrypted by PBES2, as `openssl pkcs8` makes it, found an older scheme",
            ));
        }
        let (kdf, cipher) = schemes(parameters(scheme)?).map_err(form)?;

        let key_len = match cipher.oid {
            AES_128_CBC => 16,
            AES_192_CBC => 24,
            AES_256_CBC => 32,
            _ => return Err(unsupported("expected a key encrypted with AES-CBC, found another cipher")),
        };
        let iv = parameters(cipher)?;
        let iv = if iv.tag() == Tag::OctetString { iv.value().try_into().ok() } else { None };
        let iv = iv.ok_or_else(|| malformed(FORM))?;
        if ciphertext.is_empty() || ciphertext.len() % 16 != 0 {
            return Err(malformed("an encrypted key of whole AES blocks"));
        }

        let (kdf, stated_len) = Kdf::read(kdf)?;
        if stated_len.is_some_and(|len| usize::try_from(len) != Ok(key_len)) {
            return Err(malformed("a key derivation for the length of the AES key (RFC 8018 §A.2)"));
        }
        Ok(Self { kdf, key_len, iv, ciphertext })
    }
}

/// A key derivation function; `N` is `u64` for numbers as a file states them, and `u32` once bounded.
enum Kdf<'a, N = NonZeroU32> {
    Pbkdf2 { hash: Hash, salt: &'a [u8], iterations: N },
    Scrypt { salt: &'a [u8], log_n: u8, r: N, p: N },
}

impl<'a> Kdf<'a, u64> {
    /// Reads the parameters, and the length of key that they may state.
    fn read(identifier: AlgorithmIdentifier<'a>) -> Result<(Self, Option<u64>), Error> {
        match identifier.oid {
            PBKDF2 => {
                let read = |mut values: Values<'a>| {
                    let read = (values.octet_string()?, values.unsigned()?, values.unsigned_if()?);
                    let prf = if values.is_finished() { None } else { Some(values.algorithm()?) };
                    values.finish()?;
                    Ok((read, prf))
                };
                let ((salt, iterations, len), prf) =
                    sequence_in(parameters(identifier)?).and_then(read).map_err(form)?;
                let iterations = positive(iterations)?;
                let kdf = Self::Pbkdf2 { hash: hash_of(prf)?, salt, iterations };
                Ok((kdf, len.map(positive).transpose()?))
            }
            SCRYPT => {
                let read = |mut values: Values<'a>| {
                    let salt = values.octet_string()?;
                    let read = (salt, values.unsigned()?, values.unsigned()?, values.unsigned()?);
                    let len = values.unsigned_if()?;
                    values.finish()?;
                    Ok((read, len))
                };
                let ((salt, n, r, p), len) =
                    sequence_in(parameters(identifier)?).and_then(read).map_err(form)?;
                let (n, r, p) = (positive(n)?, positive(r)?, positive(p)?);
                // RFC 7914 §2: "N […] must be larger than 1, a power of 2". What doesn't fit is far too large.
                if n < 2 || !n.is_power_of_two() && n != u64::MAX {
                    return Err(malformed("a cost of scrypt that is a power of two (RFC 7914 §2)"));
                }
                let log_n =
                    if n == u64::MAX { u8::MAX } else { n.trailing_zeros().try_into().unwrap_or(u8::MAX) };
                Ok((Self::Scrypt { salt, log_n, r, p }, len.map(positive).transpose()?))
            }
            _ => {
                Err(unsupported("expected a key encrypted under PBKDF2 or scrypt, found another derivation"))
            }
        }
    }

    /// Refuses more work than the limits permit.
    fn bounded(self, limits: &Limits) -> Result<Kdf<'a>, Error> {
        match self {
            Self::Pbkdf2 { hash, salt, iterations } => u32::try_from(iterations)
                .ok()
                .filter(|iterations| *iterations <= limits.pkcs8_iterations)
                .and_then(NonZeroU32::new)
                .map(|iterations| Kdf::Pbkdf2 { hash, salt, iterations })
                .ok_or(Error::LimitExceeded {
                    limit: Limit::Pkcs8Iterations,
                    max: u64::from(limits.pkcs8_iterations),
                }),
            Self::Scrypt { salt, log_n, r, p } => {
                // RFC 7914 §2, §6: each of `p` rounds fills and reads `N` blocks of 128 · `r` bytes. Beside them are
                // `p` blocks from the password and one to work with, which next to few others would be most.
                let block = r.checked_mul(128);
                let filled =
                    1_u64.checked_shl(u32::from(log_n)).and_then(|n| n.checked_mul(block?)?.checked_mul(p));
                let beside = block.and_then(|block| p.checked_add(1)?.checked_mul(block));
                let max = u64::try_from(limits.pkcs8_memory).unwrap_or(u64::MAX);
                if filled.is_none_or(|filled| filled > max) || beside.is_none_or(|beside| beside > max / 16) {
                    return Err(exceeded(Limit::Pkcs8Memory, limits.pkcs8_memory));
                }
                let small = |number| u32::try_from(number).ok().and_then(NonZeroU32::new);
                match (small(r), small(p)) {
                    (Some(r), Some(p)) => Ok(Kdf::Scrypt { salt, log_n, r, p }),
                    _ => Err(exceeded(Limit::Pkcs8Memory, limits.pkcs8_memory)),
                }
            }
        }
    }
}

impl Kdf<'_> {
    fn derive(&self, password: &[u8], key_len: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut key = Zeroizing::new(vec![0; key_len]);
        match *self {
            Self::Pbkdf2 { hash, salt, iterations } => {
                crypto::pbkdf2(hash, password, salt, iterations, &mut key);
            }
            Self::Scrypt { salt, log_n, r, p } => {
                crypto::scrypt(password, salt, (log_n, r.get(), p.get()), &mut key)
                    .map_err(|_| malformed("a cost that scrypt permits (RFC 7914 §2)"))?;
            }
        }
        Ok(key)
    }
}

/// The pseudo-random function of PBKDF2. RFC 8018 §A.2: without one it is HMAC with SHA-1.
fn hash_of(prf: Option<AlgorithmIdentifier<'_>>) -> Result<Hash, Error> {
    let hash = match prf.map(|prf| prf.oid) {
        Some(HMAC_SHA256) => Hash::Sha256,
        Some(HMAC_SHA384) => Hash::Sha384,
        Some(HMAC_SHA512) => Hash::Sha512,
        _ => {
            return Err(unsupported(
                "expected PBKDF2 with SHA-256, SHA-384 or SHA-512, as `openssl pkcs8` makes it, found another hash",
            ));
        }
    };
    // RFC 8018 §B.1.2: NULL. Some writers leave it out.
    match prf.and_then(|prf| prf.parameters) {
        Some(parameters) if !parameters.is_null() => Err(malformed(FORM)),
        _ => Ok(hash),
    }
}

fn outer(mut values: Values<'_>) -> DerResult<(AlgorithmIdentifier<'_>, &[u8])> {
    let read = (values.algorithm()?, values.octet_string()?);
    values.finish()?;
    Ok(read)
}

/// How the key is derived, and what it encrypts with.
fn schemes(parameters: AnyRef<'_>) -> DerResult<(AlgorithmIdentifier<'_>, AlgorithmIdentifier<'_>)> {
    let mut values = sequence_in(parameters)?;
    let read = (values.algorithm()?, values.algorithm()?);
    values.finish()?;
    Ok(read)
}

fn sequence_in(value: AnyRef<'_>) -> DerResult<Values<'_>> {
    value.tag().assert_eq(Tag::Sequence)?;
    Values::of(value.value())
}

fn parameters(identifier: AlgorithmIdentifier<'_>) -> Result<AnyRef<'_>, Error> {
    identifier.parameters.ok_or_else(|| malformed(FORM))
}

/// A number of at least 1; one of more than 64 bits is as good as the largest.
fn positive(octets: &[u8]) -> Result<u64, Error> {
    if octets.len() > 8 {
        return Ok(u64::MAX);
    }
    match octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)) {
        0 => Err(malformed(FORM)),
        number => Ok(number),
    }
}

fn algorithm(oid: ObjectIdentifier, parameters: &[u8]) -> Vec<u8> {
    sequence(&[&encoded_oid(oid), parameters])
}

fn form(error: ::der::Error) -> Error {
    refusal(&error, FORM)
}

fn unsupported(what: &'static str) -> Error {
    Error::Unsupported(Unsupported::Key(what))
}

const FORM: &str = "an encrypted private key in PKCS#8 (RFC 5958 §3) by PBES2 (RFC 8018 §A.4)";

/// OWASP's Password Storage Cheat Sheet for PBKDF2 with HMAC-SHA-256.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).expect("it isn't 0");

// RFC 8018 §C.
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const HMAC_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.10");
const HMAC_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.11");
const AES_128_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2");
const AES_192_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
// RFC 7914 §7.
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");
