//! Keys: JSON Web Keys, and the DER and PEM forms that other tools write.
//!
//! Text or bytes go in, a [`Jwk`] comes out, and what a [`Jwk`] holds is known to be right: numbers have
//! their sizes, points are on their curves, private parts belong to their public parts. A [`Jwk`] isn't
//! used directly; it is bound to one algorithm first.
//!
//! [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517) (JWK), [RFC 7518 §6](https://www.rfc-editor.org/rfc/rfc7518#section-6) (RSA, EC and symmetric keys),
//! [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037) (Ed25519, X25519), [RFC 7638](https://www.rfc-editor.org/rfc/rfc7638) and [RFC 9278](https://www.rfc-editor.org/rfc/rfc9278) (thumbprint); for DER and PEM
//! [RFC 5280](https://www.rfc-editor.org/rfc/rfc5280), [RFC 5958](https://www.rfc-editor.org/rfc/rfc5958), [RFC 8017](https://www.rfc-editor.org/rfc/rfc8017), [RFC 5915](https://www.rfc-editor.org/rfc/rfc5915) and
//! [RFC 7468](https://www.rfc-editor.org/rfc/rfc7468).

mod certificates;
mod der;
mod ec;
#[cfg(feature = "encrypted-pkcs8")]
mod encrypted;
mod epk;
mod generate;
mod kind;
mod material;
mod members;
mod metadata;
mod oct;
mod okp;
#[cfg(feature = "pem")]
mod pem;
mod reserved;
mod roca;
mod rsa;
mod set;
mod thumbprint;
mod writer;
mod x5c;

use std::fmt;

pub use kind::KeyKind;
pub use metadata::{KeyOperation, KeyUse};
pub use set::{JwkSet, SkippedKey};
pub use thumbprint::{ThumbprintHash, ThumbprintUri};
pub use x5c::CertificateChain;

pub(crate) use ec::{EcKey, in_words};
pub(crate) use epk::{ephemeral_jwk, read_ephemeral_public_key, write_ephemeral_public_key};
pub(crate) use material::KeyMaterial;
pub(crate) use metadata::Operation;
pub(crate) use okp::{OkpCurve, OkpKey};
pub(crate) use reserved::is_reserved;
pub(crate) use rsa::RsaKey;

use crate::{Error, KeyDefect, Limit, Limits, Part, SecretBytes, SecretString};
use certificates::Certificates;
use members::Members;
use metadata::Metadata;
use writer::ObjectWriter;

/// A checked key: public, private or a symmetric secret, with its `kid`, `alg`, `use`, `key_ops` and
/// certificates.
///
/// It is no [`Clone`], doesn't print and doesn't serialize, since it may hold a secret; the methods whose
/// names begin with `expose` give the private parts out. To use it, bind it to an algorithm: by `from_jwk`
/// if its `alg` names one ([RFC 7517 §4.4](https://www.rfc-editor.org/rfc/rfc7517#section-4.4)), by `from_jwk_for` otherwise.
///
/// ```
/// use countersign::jwk::{Jwk, KeyKind};
///
/// let private = Jwk::generate(KeyKind::Ed25519)?.with_key_id_from_thumbprint();
/// let public = Jwk::from_json(&private.to_public_json()?)?;
/// assert_eq!(public.key_id(), Some(private.thumbprint().as_str()));
/// assert!(!public.is_private());
/// # Ok::<(), countersign::Error>(())
/// ```
pub struct Jwk {
    material: KeyMaterial,
    metadata: Metadata,
    certificates: Certificates,
}

impl Jwk {
    /// Reads one JWK, public or private. A set, `{"keys":[…]}`, is read by [`JwkSet::from_json`].
    ///
    /// Members that this library doesn't know are ignored, as [RFC 7517 §4](https://www.rfc-editor.org/rfc/rfc7517#section-4) asks, and so is `x5u`, since
    /// nothing is ever fetched. `x5c`, `x5t` and `x5t#S256` must be of this very key, and are kept; they add
    /// no trust to it.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the text isn't one JSON object with distinct names, or a member is missing
    /// or has a wrong form; [`Error::InvalidKey`] when the key's parts contradict each other or its size
    /// isn't one that is used; [`Error::Unsupported`] for an unknown type or curve, or an RSA key without
    /// its primes; [`Error::LimitExceeded`] for more than 256 KiB.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        check_key_size(json.as_bytes())?;
        Self::from_members(&Members::scan(json, Part::Jwk, &Limits::default())?)
    }

    /// Takes a symmetric secret, for HMAC, `dir` or key wrapping.
    ///
    /// Bytes, not a passphrase: each algorithm checks the length, and no one checks how well it can be
    /// guessed. [`Jwk::generate`] makes one that can't be.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the secret is empty.
    pub fn from_secret(secret: SecretBytes) -> Result<Self, Error> {
        oct::check(secret).map(KeyMaterial::Oct).map(Self::from_material)
    }

    /// Returns the public part of the key. `sign` in `key_ops` becomes `verify`, and so on.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key is a symmetric secret, which has no public part.
    pub fn to_public(&self) -> Result<Self, Error> {
        Ok(Self {
            material: self.material.to_public()?,
            metadata: self.metadata.to_public(),
            certificates: self.certificates.clone(),
        })
    }

    /// Writes the public part as a JWK, for a JWK set that others fetch.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key is a symmetric secret, which has no public part.
    pub fn to_public_json(&self) -> Result<String, Error> {
        let public = self.to_public()?;
        let mut object = ObjectWriter::with_capacity(public.max_json_len());
        public.material.write_required(&mut object);
        public.metadata.write(&mut object);
        public.certificates.write(&mut object);
        Ok(object.finish_public())
    }

    /// Writes the whole key as a JWK, private and secret parts included.
    #[must_use]
    pub fn expose_json(&self) -> SecretString {
        let mut object = ObjectWriter::with_capacity(self.max_json_len());
        self.material.write_required(&mut object);
        self.material.write_private(&mut object);
        self.metadata.write(&mut object);
        self.certificates.write(&mut object);
        object.finish_secret()
    }

    /// Makes another copy of the key, secret parts included.
    #[must_use]
    pub fn clone_key(&self) -> Self {
        Self {
            material: self.material.clone_key(),
            metadata: self.metadata.clone(),
            certificates: self.certificates.clone(),
        }
    }

    /// Returns what kind of key this is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.material.kind()
    }

    /// Returns the `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.metadata.key_id.as_deref()
    }

    /// Returns the `alg`, which may be one that this library doesn't know.
    #[must_use]
    pub fn algorithm(&self) -> Option<&str> {
        self.metadata.algorithm.as_deref()
    }

    /// Returns the `use`.
    #[must_use]
    pub fn key_use(&self) -> Option<&KeyUse> {
        self.metadata.key_use.as_ref()
    }

    /// Returns the `key_ops`. An empty list is one that permits nothing.
    #[must_use]
    pub fn key_operations(&self) -> Option<&[KeyOperation]> {
        self.metadata.operations.as_deref()
    }

    /// Returns the certificates of the key, its own first: the `x5c`.
    ///
    /// They are known to be certificates and the first to be of this key. Nobody has judged them.
    #[must_use]
    pub fn certificate_chain(&self) -> Option<&CertificateChain> {
        self.certificates.chain.as_ref()
    }

    /// Returns the `x5t#S256`, the SHA-256 thumbprint of the key's certificate in base64url.
    #[must_use]
    pub fn certificate_thumbprint(&self) -> Option<&str> {
        self.certificates.sha256.as_deref()
    }

    /// Returns the `x5t`, the SHA-1 thumbprint of the key's certificate, as it was written: a name and no proof.
    #[must_use]
    pub fn certificate_thumbprint_sha1(&self) -> Option<&str> {
        self.certificates.sha1.as_deref()
    }

    /// Returns whether this is a private key of a pair.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.material.is_private()
    }

    /// Returns whether this is a symmetric secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self.material, KeyMaterial::Oct(_))
    }

    /// Sets the `kid`.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.metadata.key_id = Some(key_id.into());
        self
    }

    /// Sets the `kid` to the key's thumbprint, which needs no register of names.
    ///
    /// Not for a symmetric secret that could be guessed: its thumbprint lets anyone check a guess
    /// ([RFC 7638 §7](https://www.rfc-editor.org/rfc/rfc7638#section-7)).
    #[must_use]
    pub fn with_key_id_from_thumbprint(self) -> Self {
        let thumbprint = self.thumbprint();
        self.with_key_id(thumbprint)
    }

    /// Sets the `alg`, so that whoever reads the key knows what it is for.
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: impl Into<String>) -> Self {
        self.metadata.algorithm = Some(algorithm.into());
        self
    }

    /// Sets the `use`. It takes the place of `key_ops`, since [RFC 7517 §4.3](https://www.rfc-editor.org/rfc/rfc7517#section-4.3) advises against both.
    ///
    /// Certificates whose key usage forbids it are taken off the key: nobody could read the two together.
    #[must_use]
    pub fn with_use(mut self, key_use: KeyUse) -> Self {
        self.metadata.key_use = Some(key_use);
        self.metadata.operations = None;
        let asked = self.metadata.purposes();
        if self.certificates.chain.as_ref().is_some_and(|chain| !chain.permits(asked)) {
            self.certificates = Certificates::default();
        }
        self
    }

    /// Sets the certificates of the key, as `x5c` and `x5t#S256`, for others who judge keys by them.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the first certificate is another key's, or its key usage forbids what `use`
    /// or `key_ops` says.
    pub fn with_certificate_chain(mut self, chain: CertificateChain) -> Result<Self, Error> {
        self.certificates = Certificates::new(chain, &self.material, &self.metadata)?;
        Ok(self)
    }

    /// The checked parts of the key.
    pub(crate) fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Whether `use` and `key_ops` permit the operation (RFC 7517 §4.2, §4.3). What is absent permits all.
    pub(crate) fn permits(&self, operation: Operation) -> bool {
        self.metadata.permits(operation)
    }

    /// A key without metadata.
    fn from_material(material: KeyMaterial) -> Self {
        Self { material, metadata: Metadata::default(), certificates: Certificates::default() }
    }

    fn from_members(members: &Members<'_>) -> Result<Self, Error> {
        // Metadata first: its checks cost nothing beside those of a private key.
        let metadata = Metadata::read(members)?;
        let material = KeyMaterial::read(members)?;
        let certificates = Certificates::read(members, &material, &metadata)?;
        Ok(Self { material, metadata, certificates })
    }

    fn max_json_len(&self) -> usize {
        self.material.max_len() + self.metadata.max_len() + self.certificates.max_len()
    }
}

/// Shows the kind and the `kid`, nothing of the key.
impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { material, metadata, certificates: _ } = self;
        f.debug_struct("Jwk")
            .field("kind", &material.kind())
            .field("private", &material.is_private())
            .field("key_id", &metadata.key_id)
            .finish_non_exhaustive()
    }
}

/// Refuses what is larger than any key, before it is read.
fn check_key_size(bytes: &[u8]) -> Result<(), Error> {
    if bytes.len() > Limits::KEY_BYTES { Err(exceeded(Limit::KeyBytes, Limits::KEY_BYTES)) } else { Ok(()) }
}

fn inconsistent(rule: &'static str) -> Error {
    Error::InvalidKey(KeyDefect::Inconsistent(rule))
}

fn exceeded(limit: Limit, max: usize) -> Error {
    Error::LimitExceeded { limit, max: u64::try_from(max).unwrap_or(u64::MAX) }
}

#[cfg(test)]
mod tests;
