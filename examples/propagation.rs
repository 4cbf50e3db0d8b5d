//! A gateway that doesn't pass on the token that came in: it mints one for each service behind it, or forwards
//! nothing. Authorization server, gateway and services are in one process, without HTTP.
//!
//! `cargo run --features gateway --example propagation`
#![expect(clippy::print_stdout, reason = "examples print")]

use std::time::Duration;

use countersign::gateway::propagation::{Outbound, Propagation, Service, ServiceCall};
use countersign::profile::access_token::Grant;
use countersign::{
    AccessToken, AccessTokenIssuer, AccessTokenVerifier, DecryptionKey, Error, JweAlgorithm, JwsAlgorithm,
    NoClaims, SigningKey,
};

const ID: &str = "https://id.example.com";
const GATEWAY: &str = "https://api.example.com";
const INVENTORY: &str = "https://inventory.internal";
const BILLING: &str = "https://billing.internal";

/// What goes out to a service takes an `Outbound`: a function that took text would take the wrong token, too.
fn call(name: &str, service: &AccessTokenVerifier, outbound: &Outbound) {
    println!("\ncall to {name}");
    let Some(token) = outbound.token() else { return println!("  without a token") };
    let parts = token.expose_secret().split('.').count();
    println!("  a token of {parts} parts, transaction {}", token.transaction_id());
    match service.verify::<NoClaims>(token.expose_secret()) {
        Ok(token) => show(&token),
        Err(error) => println!("  refused: {} {}", error.http_status(), error.code()),
    }
}

fn show(token: &AccessToken<NoClaims>) {
    println!("  for     {}", token.audience().collect::<Vec<_>>().join(" "));
    println!("  subject {} through {}", token.subject(), token.client_id());
    println!("  scopes  {}", token.scopes().collect::<Vec<_>>().join(" "));
    println!("  roles   {}", token.roles().collect::<Vec<_>>().join(" "));
    if let Some(actor) = token.actor() {
        let chain: Vec<_> = actor.chain().filter_map(|actor| actor.subject()).collect();
        println!("  actors  {}", chain.join(", before it "));
    }
}

fn main() -> Result<(), Error> {
    // The authorization server.
    let key = SigningKey::generate(JwsAlgorithm::Es256)?;
    let verifier = AccessTokenVerifier::builder(key.verifying_key()?).issuer(ID).audience(GATEWAY).build()?;
    let lifetime = Duration::from_secs(300);
    let issuer = AccessTokenIssuer::builder(key).issuer(ID).audience(GATEWAY).lifetime(lifetime).build()?;

    // The services. They know the gateway's key and no other; billing reads encrypted tokens only.
    let key = SigningKey::generate(JwsAlgorithm::Ed25519)?.with_key_id("gateway-2026-11");
    let billing_key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?;
    let to_billing = billing_key.encryption_key()?;
    let service = |audience| -> Result<_, Error> {
        Ok(AccessTokenVerifier::builder(key.verifying_key()?).issuer(GATEWAY).audience(audience))
    };
    let inventory = service(INVENTORY)?.build()?;
    let billing = service(BILLING)?.decrypt_with(billing_key).build()?;

    // The gateway.
    let propagation = Propagation::builder(key)
        .issuer(GATEWAY)
        .subjects_of(ID)
        .service("inventory", Service::new(INVENTORY).scopes(["stock:read", "stock:write"]))
        .service(
            "billing",
            Service::new(BILLING).scopes(["invoices:read"]).with_roles().encrypt_for(to_billing),
        )
        .strip("x-forwarded-access-token")
        .build()?;

    // A request: an assistant acts for the user.
    let grant = Grant::to("user-17", "web-shop").scopes(["stock:read", "invoices:read"]).roles(["buyer"]);
    let claims = serde_json::json!({ "act": { "sub": "assistant-3" } });
    let text = issuer.issue_with(&grant, &claims)?;
    let token: AccessToken<NoClaims> = verifier.verify(&text)?;
    println!("came in");
    show(&token);

    let first = propagation.mint(&token, "inventory")?;
    // The second call is part of the same transaction.
    let second = ServiceCall::to("billing").transaction_id(first.transaction_id());
    let second = Outbound::from(propagation.mint(&token, second)?);
    call("inventory", &inventory, &first.into());
    call("billing", &billing, &second);
    call("inventory, with billing's token", &inventory, &second);
    call("billing, with nothing", &billing, &propagation.nothing());
    println!("  stripped: {}", propagation.nothing().stripped_fields().collect::<Vec<_>>().join(", "));

    let inbound =
        inventory.verify::<NoClaims>(&text).map(|_| "accepted").unwrap_or_else(|error| error.code());
    println!("\nthe token that came in, at inventory: {inbound}");
    let write = ServiceCall::to("inventory").scopes(["stock:write"]);
    let denied = propagation.mint(&token, write).err().map_or("minted", |error| error.code());
    println!("a call that needs stock:write: {denied}");
    Ok(())
}
