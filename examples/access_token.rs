//! Access tokens (RFC 9068): granted, nested, bound to a client certificate, authorized, and refused with the
//! status and the header field that say why.
//!
//! `cargo run --features gateway --example access_token`
#![expect(clippy::print_stdout, reason = "examples print")]

use std::time::{Duration, SystemTime};

use countersign::gateway::BearerChallenge;
use countersign::gateway::authorization::Requirement;
use countersign::profile::access_token::{ClientCertificate, Grant};
use countersign::{
    AccessToken, AccessTokenIssuer, AccessTokenVerifier, DecryptionKey, Error, JweAlgorithm, JwsAlgorithm,
    SigningKey,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct OrderClaims {
    tenant: u64,
}

fn main() -> Result<(), Error> {
    let signing_key = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("as-2026-11");
    let api_key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?;

    // The API: its verifier, what it asks for, and how it refuses.
    let api = Api {
        verifier: AccessTokenVerifier::builder(signing_key.verifying_key()?)
            .issuer("https://id.example.com")
            .audience("https://orders.example.com")
            .decrypt_with(api_key.clone_key())
            .build()?,
        may_refund: Requirement::all_of([
            Requirement::scopes(["orders:read", "orders:refund"]),
            Requirement::any_of([Requirement::role("support"), Requirement::role("admin")]),
            Requirement::not(Requirement::group("suspended")),
            Requirement::authenticated_within(Duration::from_secs(900)),
        ])
        .named("may refund"),
        challenge: BearerChallenge::new().realm("orders")?,
    };

    // The authorization server.
    let issuer = AccessTokenIssuer::builder(signing_key)
        .issuer("https://id.example.com")
        .audience("https://orders.example.com")
        .lifetime(Duration::from_secs(300))
        .encrypt_for(api_key.encryption_key()?)
        .build()?;
    let certificate = ClientCertificate::from_der(b"DER, as the TLS library gives it out");
    let now = SystemTime::now();
    let support = || {
        Grant::to("user-17", "web-shop")
            .roles(["support"])
            .groups(["staff"])
            .bound_to_certificate(&certificate)
    };
    let issue = |grant: Grant| issuer.issue_with(&grant, &OrderClaims { tenant: 4 });

    let good = issue(support().scopes(["orders:read", "orders:refund"]).authenticated_at(now))?;
    println!("{} characters, in {} parts\n", good.len(), good.split('.').count());
    api.answer("all in order", &good, Some(certificate));
    api.answer("stolen, sent without the certificate", &good, None);
    let other = ClientCertificate::from_der(b"another");
    api.answer("stolen, sent with another certificate", &good, Some(other));

    let narrow = issue(support().scopes(["orders:read"]).authenticated_at(now))?;
    api.answer("a scope is missing", &narrow, Some(certificate));
    let stale = now - Duration::from_secs(3600);
    let stale = issue(support().scopes(["orders:read", "orders:refund"]).authenticated_at(stale))?;
    api.answer("logged in too long ago", &stale, Some(certificate));
    let customer = Grant::to("user-18", "web-shop").scopes(["orders:read", "orders:refund"]);
    let customer = issue(customer.authenticated_at(now).bound_to_certificate(&certificate))?;
    api.answer("of a customer", &customer, Some(certificate));
    Ok(())
}

struct Api {
    verifier: AccessTokenVerifier,
    may_refund: Requirement,
    challenge: BearerChallenge,
}

impl Api {
    fn answer(&self, what: &str, token: &str, certificate: Option<ClientCertificate>) {
        let verified: Result<AccessToken<OrderClaims>, Error> = match certificate {
            Some(certificate) => self.verifier.verify_with_proof(token, &certificate),
            None => self.verifier.verify(token),
        };
        let (status, log, header) = match &verified {
            Err(error) => (error.http_status(), error.to_string(), self.challenge.for_error(error)),
            Ok(token) => match self.may_refund.check(token) {
                Ok(()) => (200, format!("{} of tenant {}", token.subject(), token.claims().tenant), None),
                Err(denied) => {
                    (denied.http_status(), denied.to_string(), Some(self.challenge.for_denied(&denied)))
                }
            },
        };
        println!("{what}: {status}\n  {log}");
        if let Some(header) = header {
            println!("  WWW-Authenticate: {header}");
        }
    }
}
