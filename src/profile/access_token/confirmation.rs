//! The confirmation claim `cnf` (RFC 7800 §3.1): JSON text goes in, the ways come out in which the token
//! is bound to a key; and the proof that whoever presents it holds that key.
//!
//! A claim that is there and can't be read is an error, and a way that isn't known here is kept for the
//! caller's own proof: taken for absent, either would turn a bound token into a bearer's.

use std::fmt;

use subtle::ConstantTimeEq;

use crate::crypto;
use crate::error::{ClaimProblem, Error, Part};
use crate::jwt::{ClaimValue, Claims};
use crate::limits::Limits;
use crate::wire::base64url;
use crate::wire::json::{Kind, Value};

/// The keys that a token is bound to, as its `cnf` claim says ([RFC 7800 §3.1](https://www.rfc-editor.org/rfc/rfc7800#section-3.1)).
///
/// ```
/// use countersign::profile::access_token::{ClientCertificate, Grant};
/// # use countersign::{AccessTokenIssuer, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey};
///
/// # fn main() -> Result<(), countersign::Error> {
/// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let verifier = AccessTokenVerifier::builder(key.verifying_key()?)
/// #     .issuer("https://id.example.com").audience("https://orders.example.com").build()?;
/// # let issuer = AccessTokenIssuer::builder(key).issuer("https://id.example.com")
/// #     .audience("https://orders.example.com").lifetime(std::time::Duration::from_secs(60)).build()?;
/// # let certificate = ClientCertificate::from_der(b"DER of a certificate");
/// let token = issuer.issue(&Grant::to("user-17", "client-4").bound_to_certificate(&certificate))?;
/// let token = verifier.verify_with_proof::<NoClaims>(&token, &certificate)?;
/// let bound_to = token.confirmation().and_then(|cnf| cnf.certificate_thumbprint());
/// assert_eq!(bound_to, Some(&*certificate.thumbprint()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Confirmation {
    methods: Vec<Method>,
}

#[derive(Clone)]
enum Method {
    JwkThumbprint(Thumbprint),
    CertificateThumbprint(Thumbprint),
    Other { name: String, json: String, kind: Kind },
}

#[derive(Clone)]
struct Thumbprint {
    text: String,
    octets: [u8; 32],
}

/// One way in which a token is bound to a key: a member of its `cnf`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ConfirmationMethod<'a> {
    /// `jkt`, the SHA-256 thumbprint of a public key
    /// ([RFC 9449 §6.1](https://www.rfc-editor.org/rfc/rfc9449#section-6.1)).
    JwkThumbprint(&'a [u8; 32]),
    /// `x5t#S256`, the SHA-256 of a client certificate's DER
    /// ([RFC 8705 §3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1)).
    CertificateThumbprint(&'a [u8; 32]),
    /// A member that this library doesn't know, such as `jwk` or `kid`.
    #[non_exhaustive]
    Other {
        /// The member's name.
        name: &'a str,
        /// The member's value.
        value: ClaimValue<'a>,
    },
}

/// A proof that whoever presents a token holds the key that the token is bound to.
///
/// Built in is [`ClientCertificate`]; other proofs are the application's own. A proof is made and
/// checked first, and then asked which key it proved, so nothing here waits. A pair of proofs is one
/// that proves what either does.
///
/// ```
/// use countersign::profile::access_token::{ConfirmationMethod, ProofOfPossession};
///
/// /// The key of a proof of another kind, whose signature was verified.
/// struct ProvenKey {
///     thumbprint: [u8; 32],
/// }
///
/// impl ProofOfPossession for ProvenKey {
///     fn proves(&self, method: ConfirmationMethod<'_>) -> bool {
///         matches!(method, ConfirmationMethod::JwkThumbprint(bound_to) if *bound_to == self.thumbprint)
///     }
/// }
/// ```
pub trait ProofOfPossession: Send + Sync {
    /// Returns whether the presenter holds the key that this method names.
    ///
    /// It is asked once for each method of a token, and a token passes if all are proven. For a method
    /// that it doesn't know, the answer is false.
    fn proves(&self, method: ConfirmationMethod<'_>) -> bool;
}

impl<A: ProofOfPossession, B: ProofOfPossession> ProofOfPossession for (A, B) {
    fn proves(&self, method: ConfirmationMethod<'_>) -> bool {
        self.0.proves(method) || self.1.proves(method)
    }
}

/// The certificate that a client showed on its TLS connection, proven by the handshake
/// ([RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)).
///
/// It must be the one of the very connection that the token came by. From a proxy that ends TLS, take
/// it only if that proxy removes what a client itself sent in that header field.
#[derive(Clone, Copy)]
pub struct ClientCertificate {
    thumbprint: [u8; 32],
}

impl ClientCertificate {
    /// Takes a certificate's DER, as TLS libraries give it out. It is hashed and not read: the handshake
    /// has judged it.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Self {
        Self { thumbprint: crypto::sha256(&[der]) }
    }

    /// Takes the SHA-256 of a certificate's DER, as some proxies pass it on.
    #[must_use]
    pub fn from_thumbprint(thumbprint: [u8; 32]) -> Self {
        Self { thumbprint }
    }

    /// Returns the thumbprint as it stands in `x5t#S256`: SHA-256 in base64url.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url::encode(&self.thumbprint)
    }
}

impl ProofOfPossession for ClientCertificate {
    fn proves(&self, method: ConfirmationMethod<'_>) -> bool {
        match method {
            ConfirmationMethod::CertificateThumbprint(bound_to) => self.thumbprint.ct_eq(bound_to).into(),
            _ => false,
        }
    }
}

/// Shows the thumbprint, which is no secret.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").field("thumbprint", &self.thumbprint()).finish()
    }
}

impl Confirmation {
    /// Reads a `cnf` claim. One that binds to nothing is malformed: its issuer meant something by it.
    pub(super) fn read(value: Value<'_>, limits: &Limits) -> Result<Self, Error> {
        const EXPECTED: &str = "an object with at least one member";
        if value.kind() != Kind::Object {
            return Err(malformed(EXPECTED, value.kind_name()));
        }
        let mut methods = Vec::new();
        let mut refusal = None;
        Claims::new(value.text(), limits).for_each(|name, value| {
            let method = match name {
                "jkt" => Thumbprint::read(value).map(Method::JwkThumbprint),
                "x5t#S256" => Thumbprint::read(value).map(Method::CertificateThumbprint),
                _ => {
                    let (name, json) = (name.to_owned(), value.text().to_owned());
                    Ok(Method::Other { name, json, kind: value.kind() })
                }
            };
            match method {
                Ok(method) => methods.push(method),
                Err(error) => refusal = Some(error),
            }
        });
        match refusal {
            Some(error) => Err(error),
            None if methods.is_empty() => Err(malformed(EXPECTED, "one without")),
            None => Ok(Self { methods }),
        }
    }

    /// Returns `jkt`: the SHA-256 thumbprint, in base64url, of the public key that a DPoP proof is
    /// signed with ([RFC 9449 §6.1](https://www.rfc-editor.org/rfc/rfc9449#section-6.1)); see [`Jwk::thumbprint`](crate::Jwk::thumbprint).
    #[must_use]
    pub fn jwk_thumbprint(&self) -> Option<&str> {
        self.methods.iter().find_map(|method| match method {
            Method::JwkThumbprint(thumbprint) => Some(&*thumbprint.text),
            _ => None,
        })
    }

    /// Returns `x5t#S256`: the SHA-256 of the client certificate's DER, in base64url
    /// ([RFC 8705 §3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1)).
    #[must_use]
    pub fn certificate_thumbprint(&self) -> Option<&str> {
        self.methods.iter().find_map(|method| match method {
            Method::CertificateThumbprint(thumbprint) => Some(&*thumbprint.text),
            _ => None,
        })
    }

    /// Returns every way in which the token is bound.
    pub fn methods(&self) -> impl Iterator<Item = ConfirmationMethod<'_>> {
        self.methods.iter().map(|method| match method {
            Method::JwkThumbprint(thumbprint) => ConfirmationMethod::JwkThumbprint(&thumbprint.octets),
            Method::CertificateThumbprint(thumbprint) => {
                ConfirmationMethod::CertificateThumbprint(&thumbprint.octets)
            }
            Method::Other { name, json, kind } => {
                ConfirmationMethod::Other { name, value: ClaimValue::new(Value::scanned(*kind, json)) }
            }
        })
    }

    /// Returns whether the proof covers every method: who can prove one of two keys has stolen a token
    /// that needs both.
    pub(super) fn proven_by(&self, proof: &dyn ProofOfPossession) -> bool {
        self.methods().all(|method| proof.proves(method))
    }
}

/// Shows the ways and not the keys.
impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.methods.iter().map(|method| match method {
            Method::JwkThumbprint(_) => "jkt",
            Method::CertificateThumbprint(_) => "x5t#S256",
            Method::Other { .. } => "other",
        });
        f.debug_list().entries(names).finish()
    }
}

impl Thumbprint {
    fn read(value: Value<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "thumbprints of 32 octets in base64url";
        let text = value.as_str().ok_or_else(|| malformed(EXPECTED, value.kind_name()))?;
        let octets = base64url::decode(&text, Part::Claims).ok().and_then(|octets| octets.try_into().ok());
        let octets = octets.ok_or_else(|| malformed(EXPECTED, "another string"))?;
        Ok(Self { text: text.into_owned(), octets })
    }
}

fn malformed(expected: &'static str, found: &'static str) -> Error {
    Error::for_claim("cnf", ClaimProblem::Malformed { expected, found })
}
