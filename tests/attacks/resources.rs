//! Class claims, audience: a token for one API at another, where APIs go by their URIs (RFC 8707 §2, RFC 9728 §3.3;
//! Model Context Protocol, Authorization, "Access Token Privilege Restriction").

use countersign::gateway::ProtectedResourceMetadata;
use countersign::{AccessTokenVerifier, NoClaims};
use serde_json::{Value, json};

use crate::support::*;

const RESOURCE: &str = "https://mcp.example/files";

/// The verifier of the API that goes by [`RESOURCE`].
fn verifier() -> AccessTokenVerifier {
    let metadata = ProtectedResourceMetadata::builder(RESOURCE).authorization_server(ISSUER).build().unwrap();
    let verifier = AccessTokenVerifier::builder(hs256_key()).issuer(ISSUER).audience(metadata.resource());
    verifier.clock(at(NOW)).build().unwrap()
}

/// What becomes of a token that differs in its audience alone.
fn verdict(audience: Value) -> &'static str {
    let claims = json!({
        "iss": ISSUER, "aud": audience, "sub": "u", "client_id": "c", "jti": "1",
        "iat": NOW, "exp": NOW + 60, "scope": "files:read",
    });
    let verdict = verifier().verify::<NoClaims>(&hs256(H0, claims.to_string()));
    verdict.map_or_else(|error| error.code(), |_| "accepted")
}

#[test]
fn row_113_a_token_for_another_server_of_the_same_issuer() {
    assert_eq!(verdict(json!(RESOURCE)), "accepted");
    assert_eq!(verdict(json!([RESOURCE, "https://mcp.example/mail"])), "accepted");
    for another in [
        json!("https://mcp.example/mail"),
        json!(["https://mcp.example/mail"]),
        json!("https://mcp.example"),
        json!("https://mcp.example/"),
        json!("https://mcp.example/files/"),
        json!("https://mcp.example/files/4"),
        json!("https://mcp.example/file"),
        json!("https://mcp.example/files?tenant=4"),
        json!("https://mcp.example/files#mail"),
        json!("https://mcp.example/Files"),
        json!("https://mcp.example/%66iles"),
        json!("https://MCP.example/files"),
        json!("HTTPS://mcp.example/files"),
        json!("https://mcp.example:443/files"),
        json!("https://mcp.example:8443/files"),
        json!("http://mcp.example/files"),
        json!("https://mcp.example.attacker.example/files"),
        json!("https://mcp.example@attacker.example/files"),
        json!("https://mcp.example/.well-known/oauth-protected-resource/files"),
        json!(format!("{RESOURCE} https://mcp.example/mail")),
        json!(ISSUER),
        json!("*"),
        json!(""),
    ] {
        assert_eq!(verdict(another.clone()), "claim_unexpected", "{another}");
    }
}
