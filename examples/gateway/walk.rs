//! The walk: a client does one thing after the other, and each has to come out as it should.

use std::fmt::Display;
use std::sync::Arc;

use axum::http::Method;
use countersign::UnverifiedToken;
use countersign::gateway::audit::AuditEvent;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::deployment::Deployment;
use crate::last_decision::LastDecision;
use crate::server::Server;
use crate::services::{INVOICES, ORDERS};
use crate::{Failure, gateway};

pub struct Walk<'a> {
    client: Client,
    deployment: &'a Deployment,
    decisions: Arc<LastDecision>,
}

impl<'a> Walk<'a> {
    pub fn new(deployment: &'a Deployment, decisions: Arc<LastDecision>) -> Self {
        Self { client: Client::new(), deployment, decisions }
    }

    pub async fn run(&self) -> Result<(), Failure> {
        let token = self.issue().await?;
        self.call(&token).await?;
        self.call_again(&token).await?;
        self.call_without_the_scope(&token).await?;
        self.revoke(&token).await?;
        self.rotate().await?;
        self.propagation().await?;
        self.over_the_rate().await
    }

    async fn issue(&self) -> Result<String, Failure> {
        step("issue", "the authorization server signs a token, and encrypts it to the gateway");
        let token = self.token("web-shop", ORDERS.scope).await?;
        let header = UnverifiedToken::parse(&token)?;
        due("key management", header.algorithm(), "ECDH-ES+A256KW")?;
        due("content encryption", header.content_encryption().unwrap_or("none"), "A256GCM")?;
        due("parts", token.split('.').count(), 5)?;
        Ok(token)
    }

    async fn call(&self, token: &str) -> Result<(), Failure> {
        step("call", "keys are fetched, the token decrypted and verified; the service gets another");
        for gateway in &self.deployment.gateways {
            println!("  at {}", gateway.url());
            let answer = self.get(gateway, "/orders", token, "call").await?;
            due("status", answer.status, 200)?;
            due("from the cache", self.was_cached()?, false)?;
        }
        Ok(())
    }

    async fn call_again(&self, token: &str) -> Result<(), Failure> {
        step("cached call", "the same token: nothing is decrypted or verified again");
        for gateway in &self.deployment.gateways {
            println!("  at {}", gateway.url());
            let answer = self.get(gateway, "/orders", token, "cached-call").await?;
            due("status", answer.status, 200)?;
            due("from the cache", self.was_cached()?, true)?;
        }
        Ok(())
    }

    async fn call_without_the_scope(&self, token: &str) -> Result<(), Failure> {
        step("wrong scope", "the token grants orders, and no invoices");
        let answer = self.get(self.gateway()?, "/invoices", token, "wrong-scope").await?;
        due("status", answer.status, 403)?;
        let challenge = r#"Bearer realm="api", error="insufficient_scope", scope="invoices:read""#;
        due("challenge", answer.challenge(), challenge)
    }

    async fn revoke(&self, token: &str) -> Result<(), Failure> {
        step("revoke", "the client logs out, at one gateway");
        let url = format!("{}/logout", self.gateway()?.url());
        let answer = self.client.call(Method::POST, &url, token, "revoke").await?;
        due("status", answer.status, 204)?;

        step("refused", "at each gateway, though each has the token in its cache");
        for gateway in &self.deployment.gateways {
            println!("  at {}", gateway.url());
            let answer = self.get(gateway, "/orders", token, "refused").await?;
            due("status", answer.status, 401)?;
            let challenge = r#"Bearer realm="api", error="invalid_token""#;
            due("challenge", answer.challenge(), challenge)?;
            due("code", self.event()?.code().unwrap_or("none"), "revoked")?;
        }
        Ok(())
    }

    async fn rotate(&self) -> Result<(), Failure> {
        step("rotate", "the authorization server's next key takes over");
        let server = &self.deployment.authorization_server;
        let (key_before, before) = (server.signing_key_id(), self.token("web-shop", ORDERS.scope).await?);
        server.rotate()?;
        let (key_after, after) = (server.signing_key_id(), self.token("web-shop", ORDERS.scope).await?);
        due("another key", key_after != key_before, true)?;

        step("still accepted", "what the new key has signed, and what the old one had");
        for (token, key) in [(after, key_after), (before, key_before)] {
            let answer = self.get(self.gateway()?, "/orders", &token, "still-accepted").await?;
            due("status", answer.status, 200)?;
            let event = self.event()?;
            let key_id = event.verified().and_then(|facts| facts.key_id()).ok_or("expected a key ID")?;
            due("key", key_id, key)?;
        }
        Ok(())
    }

    async fn propagation(&self) -> Result<(), Failure> {
        step(
            "propagation",
            "what the service sees: a token for it alone, by the gateway, in the user's name",
        );
        let token = self.token("web-shop", &format!("{} {}", ORDERS.scope, INVOICES.scope)).await?;
        let answer = self.get(self.gateway()?, "/invoices", &token, "propagation").await?;
        due("status", answer.status, 200)?;
        let told: Value = serde_json::from_str(&answer.body)?;
        for (claim, expected) in [
            ("issuer", json!(gateway::NAME)),
            ("audience", json!([INVOICES.audience])),
            ("subject", json!("user-17")),
            ("client", json!("web-shop")),
            ("scopes", json!([INVOICES.scope])),
            ("actors", json!([gateway::NAME])),
        ] {
            due(claim, told.get(claim).unwrap_or(&Value::Null), expected)?;
        }

        step("no other way", "the client's own token opens no service");
        let answer = self.get(&self.deployment.invoices, "/invoices", &token, "").await?;
        due("status", answer.status, 401)
    }

    async fn over_the_rate(&self) -> Result<(), Failure> {
        step("over its rate", "a client in a hurry, until it is told to wait; the other one isn't");
        let hasty = self.token("batch-job", ORDERS.scope).await?;
        let mut answer = self.get(self.gateway()?, "/orders", &hasty, "hasty").await?;
        for _ in 0..100 {
            if answer.status != 200 {
                break;
            }
            answer = self.get(self.gateway()?, "/orders", &hasty, "hasty").await?;
        }
        due("status", answer.status, 429)?;
        let seconds = answer.retry_after.ok_or("expected `Retry-After`, found none")?.parse::<u64>()?;
        println!("    to wait: {seconds} s");
        let patient = self.token("web-shop", ORDERS.scope).await?;
        let answer = self.get(self.gateway()?, "/orders", &patient, "patient").await?;
        due("status of the other client", answer.status, 200)
    }

    async fn token(&self, client_id: &str, scope: &str) -> Result<String, Failure> {
        self.client.token(self.deployment.issuer.url(), client_id, scope).await
    }

    async fn get(&self, server: &Server, path: &str, token: &str, id: &str) -> Result<Answer, Failure> {
        self.client.call(Method::GET, &format!("{}{path}", server.url()), token, id).await
    }

    fn gateway(&self) -> Result<&Server, Failure> {
        Ok(self.deployment.gateways.first().ok_or("expected a gateway, found none")?)
    }

    fn was_cached(&self) -> Result<bool, Failure> {
        Ok(self.event()?.cache_hit().ok_or("expected an event that says whether the cache knew the token")?)
    }

    fn event(&self) -> Result<AuditEvent<'static>, Failure> {
        Ok(self.decisions.event().ok_or("expected an event in the audit trail, found none")?)
    }
}

fn step(name: &str, what: &str) {
    println!("\n{name}: {what}");
}

/// Shows what was found, and ends the walk if it isn't what is due.
fn due(what: &str, found: impl Display, expected: impl Display) -> Result<(), Failure> {
    let (found, expected) = (found.to_string(), expected.to_string());
    println!("    {what}: {found}");
    if found == expected { Ok(()) } else { Err(format!("{what}: expected {expected}, found {found}").into()) }
}
