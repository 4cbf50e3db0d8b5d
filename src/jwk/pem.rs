//! Keys in PEM (RFC 7468), the text around DER: one block goes in, a checked [`Jwk`] comes out by its
//! label, and back.
//!
//! Of several blocks none is the one that was meant, so more than one is refused. What is no key of
//! ours (encrypted, OpenSSH, a request) gets an error that says what it is and what converts it.

use pem_rfc7468::{Decoder, LineEnding};
use zeroize::Zeroizing;

use super::{CertificateChain, Jwk, check_key_size};
use crate::{Defect, Error, Part, SecretBytes, SecretString, Unsupported};

impl Jwk {
    /// Reads the one key or certificate in a PEM text, by its label.
    ///
    /// `PUBLIC KEY`, `PRIVATE KEY`, `RSA PUBLIC KEY`, `RSA PRIVATE KEY`, `EC PRIVATE KEY` and
    /// `CERTIFICATE` are read. Text outside the block is ignored, and so is the block `EC PARAMETERS`
    /// that OpenSSL writes before an EC key. Of a certificate, the public key is taken and nothing else
    /// is judged: see [`Jwk::from_certificate_der`].
    ///
    /// ```
    /// use countersign::jwk::{Jwk, KeyKind};
    ///
    /// let key = Jwk::from_pem(
    ///     "-----BEGIN PUBLIC KEY-----\n\
    ///      MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
    ///      -----END PUBLIC KEY-----\n",
    /// )?;
    /// assert_eq!(key.kind(), KeyKind::Ed25519);
    /// # Ok::<(), countersign::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when there isn't exactly one block, or its content isn't strict base64 or DER;
    /// [`Error::Unsupported`] when the block is of a kind that isn't read here (an encrypted key, an OpenSSH
    /// key, a certificate request and the like: the message says which) or the key isn't supported;
    /// [`Error::InvalidKey`] when the key isn't valid; [`Error::LimitExceeded`] for more than 256 KiB.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        check_key_size(pem.as_bytes())?;
        let block = only_block(pem)?;
        let read = reader(block.label)?;
        read(block.decode()?.expose_secret())
    }

    /// Writes the public part as PEM with the label `PUBLIC KEY`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key is a symmetric secret, which has no public part.
    pub fn to_spki_pem(&self) -> Result<String, Error> {
        Ok(encode("PUBLIC KEY", &self.to_spki_der()?))
    }

    /// Writes the public part of an RSA key as PEM with the label `RSA PUBLIC KEY`.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] when the key isn't an RSA key.
    pub fn to_pkcs1_public_pem(&self) -> Result<String, Error> {
        Ok(encode("RSA PUBLIC KEY", &self.to_pkcs1_public_der()?))
    }

    /// Writes the private key as PEM with the label `PRIVATE KEY`, unencrypted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key isn't private, or is a symmetric secret.
    pub fn expose_pkcs8_pem(&self) -> Result<SecretString, Error> {
        Ok(encode_secret("PRIVATE KEY", &self.expose_pkcs8_der()?))
    }

    /// Writes an RSA private key as PEM with the label `RSA PRIVATE KEY`, unencrypted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key isn't private, [`Error::Unsupported`] when it isn't an RSA key.
    pub fn expose_pkcs1_pem(&self) -> Result<SecretString, Error> {
        Ok(encode_secret("RSA PRIVATE KEY", &self.expose_pkcs1_der()?))
    }

    /// Writes an EC private key as PEM with the label `EC PRIVATE KEY`, unencrypted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] when the key isn't private, [`Error::Unsupported`] when it isn't an EC key.
    pub fn expose_sec1_pem(&self) -> Result<SecretString, Error> {
        Ok(encode_secret("EC PRIVATE KEY", &self.expose_sec1_der()?))
    }
}

impl CertificateChain {
    /// Reads the certificates in a PEM text, that of the key first and then each one's issuer: what servers
    /// call a full chain.
    ///
    /// Text outside the blocks is ignored.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when there is no block, another block than `CERTIFICATE`, or one whose content
    /// isn't strict base64 around one certificate in DER; [`Error::LimitExceeded`] for more than 256 KiB.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        check_key_size(pem.as_bytes())?;
        let (mut certificates, mut rest) = (Vec::new(), pem);
        while let Some((block, behind)) = next_block(rest)? {
            if block.label != "CERTIFICATE" {
                return Err(malformed("blocks with the label `CERTIFICATE` alone, found another"));
            }
            certificates.push(block.decode()?.into_exposed_secret());
            rest = behind;
        }
        if certificates.is_empty() {
            return Err(malformed(nothing_in(pem)));
        }
        Self::from_der(certificates)
    }
}

/// Reads the DER of one kind of block.
type Reader = fn(&[u8]) -> Result<Jwk, Error>;

/// Picks the reader that a label asks for, or says what was found instead.
fn reader(label: &str) -> Result<Reader, Error> {
    let found = match label {
        "PUBLIC KEY" => return Ok(Jwk::from_spki_der),
        "PRIVATE KEY" => return Ok(Jwk::from_pkcs8_der),
        "RSA PUBLIC KEY" => return Ok(Jwk::from_pkcs1_public_der),
        "RSA PRIVATE KEY" => return Ok(Jwk::from_pkcs1_private_der),
        "EC PRIVATE KEY" => return Ok(Jwk::from_sec1_der),
        "CERTIFICATE" => return Ok(Jwk::from_certificate_der),
        ENCRYPTED_LABEL => ENCRYPTED,
        "OPENSSH PRIVATE KEY" => {
            "expected PKCS#8, as `ssh-keygen -p -m PKCS8` makes it, found an OpenSSH private key"
        }
        "SSH2 PUBLIC KEY" => {
            "expected `PUBLIC KEY`, as `ssh-keygen -e -m PKCS8` makes it, found an SSH public key"
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            "expected a certificate or a key, found a certificate request"
        }
        "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => {
            "expected `CERTIFICATE`, as `openssl x509` makes it, found a certificate with OpenSSL's own label"
        }
        "X509 CRL" => "expected a certificate or a key, found a certificate revocation list",
        "PKCS7" | "CMS" => "expected one certificate or key, found a PKCS#7 message",
        "DSA PRIVATE KEY" => "expected an RSA, EC, Ed25519 or X25519 key, found a DSA key",
        "DH PARAMETERS" | "X9.42 DH PARAMETERS" | "DSA PARAMETERS" => {
            "expected a key, found parameters without one"
        }
        "PGP PUBLIC KEY BLOCK" | "PGP PRIVATE KEY BLOCK" | "PGP MESSAGE" => {
            "expected a key in PKCS#8 or `PUBLIC KEY`, found an OpenPGP block"
        }
        _ => {
            return Err(malformed(
                "the label of a key or a certificate, such as `PUBLIC KEY`, found another",
            ));
        }
    };
    Err(Error::Unsupported(Unsupported::Key(found)))
}

/// One PEM block: from its `-----BEGIN` to the end of its last line.
struct Block<'a> {
    label: &'a str,
    text: &'a str,
}

impl Block<'_> {
    fn decode(&self) -> Result<SecretBytes, Error> {
        // OpenSSL's encryption before PKCS#8 is written in headers (RFC 1421 §4.6).
        if self.text.contains(':') {
            return Err(if self.text.contains("ENCRYPTED") {
                Error::Unsupported(Unsupported::Key(ENCRYPTED))
            } else {
                malformed("base64 alone inside a PEM block, found header lines")
            });
        }
        // Other widths than 64 are common, and RFC 7468 §2 lets a parser take them.
        let mut bytes = Zeroizing::new(Vec::new());
        Decoder::new_detect_wrap(self.text.as_bytes())
            .and_then(|mut decoder| decoder.decode_to_end(&mut bytes).map(|_| ()))
            .map_err(|_| {
                malformed("base64 in lines of one length between matching PEM labels, found something else")
            })?;
        Ok(SecretBytes::from_zeroizing(bytes))
    }
}

/// Finds the one block of a text.
fn only_block(pem: &str) -> Result<Block<'_>, Error> {
    let Some((first, rest)) = next_block(pem)? else { return Err(malformed(nothing_in(pem))) };
    let (block, rest) = if first.label == EC_PARAMETERS {
        // `openssl ecparam -genkey` writes the curve first, and the key names it again.
        match next_block(rest)? {
            Some((key, rest)) if key.label == "EC PRIVATE KEY" => (key, rest),
            Some(_) => return Err(malformed(ONE_BLOCK)),
            None => {
                let found = "expected `EC PRIVATE KEY` after the EC parameters, found no key";
                return Err(Error::Unsupported(Unsupported::Key(found)));
            }
        }
    } else {
        (first, rest)
    };
    // Of several, none is the one that was meant.
    if rest.lines().any(|line| line.starts_with(BEGIN)) {
        return Err(malformed(ONE_BLOCK));
    }
    Ok(block)
}

/// Splits the first block off a text.
fn next_block(text: &str) -> Result<Option<(Block<'_>, &str)>, Error> {
    let Some((_, text)) = split_before_line(text, BEGIN) else { return Ok(None) };
    let (first, _) = split_after_line(text);
    let label = first
        .trim_end()
        .strip_prefix(BEGIN)
        .and_then(|line| line.strip_suffix("-----"))
        .filter(|label| !label.contains("-----"))
        .ok_or_else(|| malformed(if first.contains("\\n") { LINE_BREAKS } else { WHOLE_LINE }))?;

    let (body, end) = split_before_line(text, END).ok_or_else(|| {
        malformed(if text.contains(END) { AT_THE_START } else { "a line `-----END …-----`, found none" })
    })?;
    let (last, rest) = split_after_line(end);
    let text = text.get(..body.len() + last.len()).expect("body and last line are a prefix of the text");
    Ok(Some((Block { label, text }, rest)))
}

/// Splits a text before the first line with this beginning.
fn split_before_line<'a>(text: &'a str, beginning: &str) -> Option<(&'a str, &'a str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(beginning) {
            return text.split_at_checked(at);
        }
        at += line.len();
    }
    None
}

/// Splits a text after its first line.
fn split_after_line(text: &str) -> (&str, &str) {
    let len = text.find('\n').map_or(text.len(), |at| at + 1);
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// Says what a text without any block seems to be instead.
fn nothing_in(text: &str) -> &'static str {
    let start = text.trim_start();
    if text.contains(BEGIN) {
        return if text.contains("\\n") { LINE_BREAKS } else { AT_THE_START };
    }
    if start.starts_with('{') {
        return "PEM, found JSON, which `Jwk::from_json` reads";
    }
    if ["ssh-", "ecdsa-sha2-"].into_iter().any(|kind| start.starts_with(kind)) {
        return "PEM, found an SSH public key, which `ssh-keygen -e -m PKCS8` converts";
    }
    "the text of a PEM block, found none"
}

/// Takes the DER out of a text with one encrypted key.
#[cfg(feature = "encrypted-pkcs8")]
pub(super) fn decode_encrypted(pem: &str) -> Result<Vec<u8>, Error> {
    let block = only_block(pem)?;
    if block.label != ENCRYPTED_LABEL {
        return Err(malformed("the label of an encrypted key, which `openssl pkcs8` makes, found another"));
    }
    Ok(block.decode()?.into_exposed_secret())
}

pub(super) fn encode(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, LineEnding::LF, der)
        .expect("a checked key is far from any limit of length")
}

fn encode_secret(label: &str, der: &SecretBytes) -> SecretString {
    SecretString::from(encode(label, der.expose_secret()))
}

fn malformed(expected: &'static str) -> Error {
    Error::malformed(Part::Pem, Defect::Encoding(expected))
}

pub(super) const ENCRYPTED_LABEL: &str = "ENCRYPTED PRIVATE KEY";
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const EC_PARAMETERS: &str = "EC PARAMETERS";
// What becomes of a PEM text in an environment variable or a JSON file.
const LINE_BREAKS: &str = "line breaks in PEM, found backslashes with `n`";
const WHOLE_LINE: &str = "a line `-----BEGIN …-----` of its own, found other text on it";
const AT_THE_START: &str = "`-----BEGIN` and `-----END` at the start of a line, found them further right";
const ONE_BLOCK: &str = "one PEM block, found several";
#[cfg(feature = "encrypted-pkcs8")]
const ENCRYPTED: &str = "expected an unencrypted private key, found an encrypted one; \
    `Jwk::from_encrypted_pem` reads it once `openssl pkcs8` wrote it";
#[cfg(not(feature = "encrypted-pkcs8"))]
const ENCRYPTED: &str = "expected an unencrypted private key, as `openssl pkcs8` makes it, found an \
    encrypted one, which the feature `encrypted-pkcs8` reads";
