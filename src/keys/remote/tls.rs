//! TLS for the HTTP client: the root certificates to trust go in, a configuration on this crate's own stack
//! comes out (RFC 9325 §3.1, §6.1).
//!
//! The stack is handed to rustls by value. The default provider of the process, which may be missing or
//! another's choice, is never asked for.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::error::Error;

/// Whom to trust to vouch for a server.
#[derive(Default)]
pub(super) struct Roots {
    pub(super) given: Vec<Root>,
    /// Not the system's.
    pub(super) only_given: bool,
}

/// A root certificate as it was given, or several.
pub(super) enum Root {
    Pem(String),
    Der(Vec<u8>),
}

impl Root {
    fn certificates(self) -> Result<Vec<CertificateDer<'static>>, Error> {
        let unreadable = || Error::misuse("expected root certificates in PEM, found none or a damaged one");
        match self {
            Self::Der(der) => Ok(vec![CertificateDer::from(der)]),
            Self::Pem(text) => {
                let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
                found.ok().filter(|found| !found.is_empty()).ok_or_else(unreadable)
            }
        }
    }
}

/// Makes the configuration: TLS 1.2 and 1.3, no client certificate.
pub(super) fn configuration(roots: Roots) -> Result<ClientConfig, Error> {
    let Roots { given, only_given } = roots;
    let mut certificates = Vec::new();
    for root in given {
        certificates.append(&mut root.certificates()?);
    }
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|_| {
            Error::misuse("expected root certificates, found one that can't be read as a certificate")
        })?;
    }
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("either stack has cipher suites of both versions");
    let mut configuration = if only_given {
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build().map_err(|_| {
                Error::misuse("expected root certificates along with `only_given_roots`, found none")
            })?;
        builder.with_webpki_verifier(verifier).with_no_client_auth()
    } else {
        // The word is rustls's for whatever replaces its own verifier; this one asks the system.
        let verifier = Arc::new(system(certificates, provider)?);
        builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
    };
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}

/// The stack that the rest of this crate uses.
fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc-rs"))]
    let provider = rustls::crypto::ring::default_provider();
    Arc::new(provider)
}

/// The system's verdict, with these further roots.
#[cfg(not(target_os = "android"))]
fn system(further: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Verifier, Error> {
    Verifier::new_with_extra_roots(further, provider).map_err(|_| {
        Error::misuse("expected the system's root certificates, found none; `only_given_roots` does without")
    })
}

/// Android judges by its own list only.
#[cfg(target_os = "android")]
fn system(further: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Verifier, Error> {
    if !further.is_empty() {
        return Err(Error::misuse("expected `only_given_roots` along with root certificates on Android"));
    }
    Verifier::new(provider).map_err(|_| Error::misuse("expected the system to judge certificates"))
}
