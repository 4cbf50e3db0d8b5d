//! The registry of signature algorithms: one row each (RFC 7518 §3.1, RFC 8037 §3.1, RFC 8812 §3.2, RFC
//! 9864 §2.2). A name from a header goes in, a row comes out; each family's file makes its keys.
//!
//! `none` has no row, so it can't be asked for. A new algorithm is a variant, its row, and its family's
//! file.

pub(crate) mod ecdsa;
pub(crate) mod eddsa;
pub(crate) mod hmac;
pub(crate) mod rsa;

use std::fmt;
use std::str::FromStr;

use crate::crypto::{EcCurve, Hash, RsaPadding};
use crate::error::Error;
use crate::jwk::{KeyKind, in_words, is_reserved};

/// A JWS signature algorithm, by its IANA name in Rust case
/// ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)).
///
/// Take [`Es256`](Self::Es256) or [`Ed25519`](Self::Ed25519) where both sides know them. HS* is for one
/// service that verifies its own tokens: whoever can verify can sign. RS* and PS* are for peers that
/// have RSA keys.
///
/// `EdDSA`, the older name of [`Ed25519`](Self::Ed25519) ([RFC 9864 §2.2](https://www.rfc-editor.org/rfc/rfc9864#section-2.2)), is read as the same
/// algorithm; [`SigningKey::with_eddsa_name`](crate::jws::SigningKey::with_eddsa_name) writes it.
///
/// ```
/// use countersign::JwsAlgorithm;
///
/// assert_eq!(JwsAlgorithm::from_name("ES256"), Some(JwsAlgorithm::Es256));
/// assert_eq!(JwsAlgorithm::from_name("none"), None);
/// assert_eq!(JwsAlgorithm::Ps512.name(), "PS512");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JwsAlgorithm {
    /// HMAC with SHA-256; the secret has at least 32 bytes.
    Hs256,
    /// HMAC with SHA-384; the secret has at least 48 bytes.
    Hs384,
    /// HMAC with SHA-512; the secret has at least 64 bytes.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    Ps384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// ECDSA on secp256k1 with SHA-256 ([RFC 8812](https://www.rfc-editor.org/rfc/rfc8812)).
    #[cfg(feature = "es256k")]
    Es256k,
    /// `EdDSA` on edwards25519 ([RFC 8037](https://www.rfc-editor.org/rfc/rfc8037), [RFC 9864](https://www.rfc-editor.org/rfc/rfc9864)).
    Ed25519,
}

/// What an algorithm is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Hmac(Hash),
    Rsa(RsaPadding, Hash),
    Ecdsa(EcCurve),
    Eddsa,
}

struct Row {
    algorithm: JwsAlgorithm,
    name: &'static str,
    family: Family,
    /// The kind of key that [`SigningKey::generate`](crate::jws::SigningKey::generate) makes.
    generated: KeyKind,
}

impl Row {
    const fn new(algorithm: JwsAlgorithm, name: &'static str, family: Family, generated: KeyKind) -> Self {
        Self { algorithm, name, family, generated }
    }
}

const ROWS: &[Row] = {
    use Family::{Ecdsa, Eddsa, Hmac, Rsa};
    use Hash::{Sha256, Sha384, Sha512};
    use JwsAlgorithm as A;
    use RsaPadding::{Pkcs1, Pss};
    const RSA: KeyKind = KeyKind::Rsa { bits: 2048 };
    &[
        Row::new(A::Hs256, "HS256", Hmac(Sha256), KeyKind::Oct { bits: 256 }),
        Row::new(A::Hs384, "HS384", Hmac(Sha384), KeyKind::Oct { bits: 384 }),
        Row::new(A::Hs512, "HS512", Hmac(Sha512), KeyKind::Oct { bits: 512 }),
        Row::new(A::Rs256, "RS256", Rsa(Pkcs1, Sha256), RSA),
        Row::new(A::Rs384, "RS384", Rsa(Pkcs1, Sha384), RSA),
        Row::new(A::Rs512, "RS512", Rsa(Pkcs1, Sha512), RSA),
        Row::new(A::Ps256, "PS256", Rsa(Pss, Sha256), RSA),
        Row::new(A::Ps384, "PS384", Rsa(Pss, Sha384), RSA),
        Row::new(A::Ps512, "PS512", Rsa(Pss, Sha512), RSA),
        Row::new(A::Es256, "ES256", Ecdsa(EcCurve::P256), KeyKind::P256),
        Row::new(A::Es384, "ES384", Ecdsa(EcCurve::P384), KeyKind::P384),
        Row::new(A::Es512, "ES512", Ecdsa(EcCurve::P521), KeyKind::P521),
        #[cfg(feature = "es256k")]
        Row::new(A::Es256k, "ES256K", Ecdsa(EcCurve::Secp256k1), KeyKind::Secp256k1),
        Row::new(A::Ed25519, "Ed25519", Eddsa, KeyKind::Ed25519),
    ]
};

/// RFC 8037 §3.1 named the algorithm without its curve; RFC 9864 §2.2 deprecates that name.
pub(crate) const EDDSA: &str = "EdDSA";

impl JwsAlgorithm {
    /// Every algorithm of this build.
    pub const ALL: &'static [Self] = &{
        let mut all = [Self::Hs256; ROWS.len()];
        let mut index = 0;
        while index < ROWS.len() {
            #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
            {
                all[index] = ROWS[index].algorithm;
            }
            index += 1;
        }
        all
    };

    /// Returns the name in IANA's registry, as it stands in a header's `alg`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the algorithm of that name, if there is one: exact and case-sensitive.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == EDDSA {
            return Some(Self::Ed25519);
        }
        ROWS.iter().find(|row| row.name == name).map(|row| row.algorithm)
    }

    /// Returns where the algorithm is defined, such as `RFC 7518 §3.2`.
    #[must_use]
    pub fn specification(self) -> &'static str {
        match self.family() {
            Family::Hmac(_) => "RFC 7518 §3.2",
            Family::Rsa(RsaPadding::Pkcs1, _) => "RFC 7518 §3.3",
            Family::Rsa(RsaPadding::Pss, _) => "RFC 7518 §3.5",
            Family::Ecdsa(EcCurve::P256 | EcCurve::P384 | EcCurve::P521) => "RFC 7518 §3.4",
            #[cfg(feature = "es256k")]
            Family::Ecdsa(EcCurve::Secp256k1) => "RFC 8812 §3.2",
            Family::Eddsa => "RFC 9864 §2.2",
        }
    }

    /// Returns in words what key the algorithm takes, such as `an EC key on P-256`.
    #[must_use]
    pub fn key_requirement(self) -> &'static str {
        match self.family() {
            Family::Hmac(Hash::Sha256) => "a secret of 32 bytes or more",
            Family::Hmac(Hash::Sha384) => "a secret of 48 bytes or more",
            Family::Hmac(Hash::Sha512) => "a secret of 64 bytes or more",
            Family::Rsa(_, _) => "an RSA key of 2048 to 8192 bits; to sign, of 2048, 3072 or 4096",
            Family::Ecdsa(curve) => in_words(curve),
            Family::Eddsa => "an Ed25519 key",
        }
    }

    /// Returns the cargo features any one of which brings the algorithm; none where every build has it.
    #[must_use]
    pub fn features(self) -> &'static [&'static str] {
        match self.family() {
            #[cfg(feature = "es256k")]
            Family::Ecdsa(EcCurve::Secp256k1) => &["es256k"],
            _ => &[],
        }
    }

    /// The length of the algorithm's signatures in bytes, of RSA's the greatest that are made.
    pub(crate) fn max_signature_len(self) -> usize {
        match self.family() {
            Family::Hmac(hash) => hash.len(),
            Family::Rsa(..) => 512,
            Family::Ecdsa(curve) => 2 * curve.coordinate_len(),
            Family::Eddsa => 64,
        }
    }

    /// Whether signatures of this algorithm are checked together for less than one by one.
    pub(crate) fn verifies_together(self) -> bool {
        self.family() == Family::Eddsa
    }

    pub(crate) fn family(self) -> Family {
        self.row().family
    }

    pub(crate) fn generated_kind(self) -> KeyKind {
        self.row().generated
    }

    fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.algorithm == self).expect("each variant has its row, a test holds it")
    }
}

impl fmt::Display for JwsAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Reads a name as [`from_name`](JwsAlgorithm::from_name) does, from a settings file say.
///
/// [`Error::Misuse`] for any other text.
impl FromStr for JwsAlgorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::from_name(name).ok_or_else(|| match is_reserved(name) {
            true => Error::misuse(
                "expected a signature algorithm of this build, found one that isn't built in yet",
            ),
            false => Error::misuse("expected the name of a signature algorithm of this build, found another"),
        })
    }
}

/// A set of algorithms, as small as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AlgorithmSet(u32);

impl AlgorithmSet {
    pub(crate) fn contains(self, algorithm: JwsAlgorithm) -> bool {
        self.0 & Self::bit(algorithm) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn bit(algorithm: JwsAlgorithm) -> u32 {
        let position = ROWS.iter().position(|row| row.algorithm == algorithm).unwrap_or_default();
        1 << position
    }
}

impl FromIterator<JwsAlgorithm> for AlgorithmSet {
    fn from_iter<I: IntoIterator<Item = JwsAlgorithm>>(algorithms: I) -> Self {
        Self(algorithms.into_iter().fold(0, |bits, algorithm| bits | Self::bit(algorithm)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_algorithm_has_one_row_and_its_name_leads_back() {
        for &algorithm in JwsAlgorithm::ALL {
            assert_eq!(ROWS.iter().filter(|row| row.algorithm == algorithm).count(), 1);
            assert_eq!(JwsAlgorithm::from_name(algorithm.name()), Some(algorithm));
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        }
        // A variant without a row would be missing from ALL, so count the variants by hand.
        let variants = if cfg!(feature = "es256k") { 14 } else { 13 };
        assert_eq!(JwsAlgorithm::ALL.len(), variants);
        assert!(ROWS.len() <= 32, "an algorithm set has 32 bits");
    }

    #[test]
    fn names_are_exact() {
        for name in ["none", "nOnE", "NONE", "none ", "hs256", "HS256 ", "HS256\0", "", "eddsa", "RSA1_5"] {
            assert_eq!(JwsAlgorithm::from_name(name), None, "{name:?}");
            assert!(matches!(name.parse::<JwsAlgorithm>(), Err(Error::Misuse { .. })), "{name:?}");
        }
        assert_eq!(JwsAlgorithm::from_name("EdDSA"), Some(JwsAlgorithm::Ed25519));
    }

    /// A name that is set aside belongs to no row, and its refusal says more than another name's.
    #[test]
    fn reserved_names_are_nobody_s() {
        let refusal = |name: &str| name.parse::<JwsAlgorithm>().unwrap_err().to_string();
        for name in ["Ed448", "X448"] {
            assert!(is_reserved(name));
            assert_eq!(JwsAlgorithm::from_name(name), None);
            assert!(refusal(name).ends_with("found one that isn't built in yet"), "{}", refusal(name));
        }
        for name in ["ed448", "Ed449", ""] {
            assert!(!is_reserved(name));
            assert!(refusal(name).ends_with("found another"), "{}", refusal(name));
        }
        assert!(ROWS.iter().all(|row| !is_reserved(row.name)));
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        let set: AlgorithmSet = [JwsAlgorithm::Es256, JwsAlgorithm::Hs256].into_iter().collect();
        assert!(set.contains(JwsAlgorithm::Es256) && set.contains(JwsAlgorithm::Hs256));
        assert!(!set.contains(JwsAlgorithm::Rs256));
        assert!(AlgorithmSet::default().is_empty() && !set.is_empty());
    }
}
