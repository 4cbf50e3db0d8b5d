//! The certificates in a JWK: `x5c`, `x5t`, `x5t#S256` (RFC 7517 §4.7 to §4.9). Members go in; what comes
//! out agrees with the key and with itself.
//!
//! They are kept and given out again, and decide nothing: a key is trusted for the set it stands in.
//! `x5u` isn't read, since nothing is ever fetched.

use super::members::Members;
use super::metadata::Metadata;
use super::writer::{ObjectWriter, base64_member_len, string_member_len};
use super::x5c::CertificateChain;
use super::{KeyMaterial, inconsistent};
use crate::wire::base64url;
use crate::{Error, Part};

/// The members of a JWK that are about certificates.
#[derive(Debug, Clone, Default)]
pub(super) struct Certificates {
    pub(super) chain: Option<CertificateChain>,
    /// `x5t`, as it is written.
    pub(super) sha1: Option<String>,
    /// `x5t#S256`, as it is written.
    pub(super) sha256: Option<String>,
}

impl Certificates {
    pub(super) fn read(
        members: &Members<'_>,
        material: &KeyMaterial,
        metadata: &Metadata,
    ) -> Result<Self, Error> {
        let chain =
            members.value("x5c").map(|x5c| CertificateChain::read(x5c, members.part())).transpose()?;
        let sha1 = read_thumbprint(members, "x5t", 20, "a SHA-1 hash value in base64url")?;
        let sha256 = read_thumbprint(members, "x5t#S256", 32, "a SHA-256 hash value in base64url")?;
        let certificates = Self { chain, sha1, sha256 };
        certificates.check(material, metadata)?;
        Ok(certificates)
    }

    fn check(&self, material: &KeyMaterial, metadata: &Metadata) -> Result<(), Error> {
        let Self { chain, sha1, sha256 } = self;
        if matches!(material, KeyMaterial::Oct(_)) {
            return match (chain, sha1, sha256) {
                (None, None, None) => Ok(()),
                _ => Err(inconsistent("expected no certificate for a symmetric secret")),
            };
        }
        let Some(chain) = chain else { return Ok(()) };
        chain.check_key(material)?;
        if !chain.permits(metadata.purposes()) {
            // RFC 7517 §4.7: "if the "use" member is present, then it MUST correspond to the usage that is
            // specified in the certificate, when it includes this information."
            return Err(inconsistent(
                "expected `use` and `key_ops` to be what the first certificate of `x5c` permits",
            ));
        }
        if sha1.as_ref().is_some_and(|text| !is_thumbprint(text, &chain.sha1())) {
            return Err(inconsistent(
                "expected `x5t` to be the thumbprint of the first certificate of `x5c`",
            ));
        }
        if sha256.as_ref().is_some_and(|text| !is_thumbprint(text, &chain.sha256())) {
            return Err(inconsistent(
                "expected `x5t#S256` to be the thumbprint of the first certificate of `x5c`",
            ));
        }
        Ok(())
    }

    /// The members for a chain that its owner gives the key.
    pub(super) fn new(
        chain: CertificateChain,
        material: &KeyMaterial,
        metadata: &Metadata,
    ) -> Result<Self, Error> {
        let certificates = Self { sha256: Some(chain.thumbprint()), sha1: None, chain: Some(chain) };
        certificates.check(material, metadata)?;
        Ok(certificates)
    }

    pub(super) fn write(&self, object: &mut ObjectWriter) {
        let Self { chain, sha1, sha256 } = self;
        if let Some(chain) = chain {
            object.base64_array("x5c", chain.certificates());
        }
        if let Some(sha1) = sha1 {
            object.string("x5t", sha1);
        }
        if let Some(sha256) = sha256 {
            object.string("x5t#S256", sha256);
        }
    }

    /// The most bytes that [`Self::write`] writes.
    pub(super) fn max_len(&self) -> usize {
        let Self { chain, sha1, sha256 } = self;
        let certificates = chain.iter().flat_map(CertificateChain::certificates);
        let thumbprints = [sha1, sha256].into_iter().flatten().map(|text| string_member_len(text));
        certificates.map(|der| base64_member_len(der.len())).sum::<usize>() + thumbprints.sum::<usize>() + 16
    }
}

/// Reads an `x5t` or `x5t#S256`, the hash value of this many octets.
///
/// RFC 7517 §4.8 and §4.9 ask for base64url of the octets. Some large providers publish base64url of their
/// hexadecimal digits: the same value, and no reason to lose their keys.
fn read_thumbprint(
    members: &Members<'_>,
    name: &'static str,
    len: usize,
    expected: &'static str,
) -> Result<Option<String>, Error> {
    let Some(text) = members.optional_text(name)? else { return Ok(None) };
    let octets = base64url::decode(&text, members.part())?;
    let is_hex = octets.len() == 2 * len && octets.iter().all(u8::is_ascii_hexdigit);
    if octets.len() == len || is_hex {
        Ok(Some(text.into_owned()))
    } else {
        Err(members.wrong_type(name, expected))
    }
}

/// Whether what [`read_thumbprint`] gave is this hash value, in either spelling.
fn is_thumbprint(text: &str, hash: &[u8]) -> bool {
    let hex = || hash.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    base64url::decode(text, Part::Jwk)
        .is_ok_and(|octets| octets == hash || octets.eq_ignore_ascii_case(hex().as_bytes()))
}
