//! Claims of the application's own type, required claims, custom rules, and claims that borrow.
//!
//! `cargo run --example custom_claims`
#![expect(clippy::print_stdout, reason = "examples print")]

use std::time::Duration;

use countersign::{Error, JwsAlgorithm, JwtIssuer, JwtVerifier, SigningKey, TokenBuffer, VerifiedJwt};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    Reader,
    Editor,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    tenant: u64,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
}

/// The same claims, pointing into the token's text: nothing is copied.
#[derive(Debug, Deserialize)]
struct BorrowedClaims<'a> {
    tenant: u64,
    #[serde(borrow)]
    display_name: Option<&'a str>,
}

fn main() -> Result<(), Error> {
    let key = SigningKey::generate(JwsAlgorithm::Ed25519)?;
    let verifier = JwtVerifier::builder(key.verifying_key()?)
        .issuer("https://id.example.com")
        .audience("https://orders.example.com")
        .required_claims(["tenant", "role", "jti"])
        .rule("tenant", |claims| {
            claims.find("tenant").and_then(|tenant| tenant.as_u64()).is_some_and(|tenant| tenant < 100)
        })
        .build()?;
    let issuer = JwtIssuer::builder(key)
        .issuer("https://id.example.com")
        .audience("https://orders.example.com")
        .lifetime(Duration::from_secs(60))
        .generate_jwt_id()
        .build()?;

    let ada = Claims { tenant: 4, role: Role::Editor, display_name: Some("Ada".into()) };
    let token = issuer.issue("user-17", &ada)?;
    let jwt: VerifiedJwt<Claims> = verifier.verify(&token)?;
    println!("owned: {:?}, jti {}", jwt.claims(), jwt.jwt_id().unwrap_or("-"));

    let mut buffer = TokenBuffer::new();
    let jwt = verifier.verify_borrowed::<BorrowedClaims<'_>>(&token, &mut buffer)?;
    println!("borrowed: {:?} of tenant {}", jwt.claims().display_name, jwt.claims().tenant);

    let outsider =
        issuer.issue("user-18", &Claims { tenant: 400, role: Role::Reader, display_name: None })?;
    println!("another tenant: {}", verifier.verify::<Claims>(&outsider).expect_err("the rule"));

    let shapeless = issuer.issue("user-19", &serde_json::json!({"tenant": 4, "role": "owner"}))?;
    println!("another type: {}", verifier.verify::<Claims>(&shapeless).expect_err("the type"));

    let incomplete = issuer.issue("user-20", &serde_json::json!({"tenant": 4}))?;
    println!("incomplete: {}", verifier.verify::<Claims>(&incomplete).expect_err("no role"));
    Ok(())
}
