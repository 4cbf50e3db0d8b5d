//! A server of the Model Context Protocol as an OAuth resource server, after revision 2026-07-28 of its authorization
//! specification: metadata of RFC 9728, tokens whose audience is its own URI, 401 and 403 with what a client needs to
//! go on, and no token that came in goes out. A client walks through it, and each step is printed.
//!
//! All parts are in this process, on loopback: an authorization server, the MCP server, an API behind it, the client.
//! Loopback is why http will do. What stands in for more says so in its file: the authorization server knows one
//! client and no users, and of the protocol there is what two tools need.
//!
//! `cargo run --features jwks-http,tower --example mcp_resource_server`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "examples print")]

mod authorization_server;
mod client;
mod http;
mod protocol;
mod server;
mod upstream;

use std::error::Error as StdError;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use authorization_server::AuthorizationServer;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use client::{Client, due, parameter};
use countersign::{AccessToken, AccessTokenVerifier, NoClaims};
use http::{Answer, Http};
use serde_json::json;
use server::McpServer;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use upstream::Seen;

type Outcome<T> = Result<T, Box<dyn StdError + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let Ok(outcome) = timeout(Duration::from_secs(60), run()).await else {
        eprintln!("mcp_resource_server: expected to be done within 60 s");
        return ExitCode::FAILURE;
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mcp_resource_server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Outcome<()> {
    let [id, mcp, inventory] = [listen().await?, listen().await?, listen().await?];
    let [id_url, mcp_url, inventory_url] = [origin(&id)?, origin(&mcp)?, origin(&inventory)?];
    let seen = Seen::default();

    let other = "http://127.0.0.1:9/another-mcp-server".to_owned();
    let resources = vec![format!("{mcp_url}/mcp"), other.clone()];
    let issuer = Arc::new(AuthorizationServer::new(&id_url, resources)?);
    let server = McpServer::new(&mcp_url, &id_url, &inventory_url)?;
    let resource = server.resource().to_owned();
    let verifier = upstream::verifier(&resource, server.own_key()?, &inventory_url)?;
    let reader = upstream::verifier(&resource, server.own_key()?, &inventory_url)?;

    let mut servers = JoinSet::new();
    servers.spawn(serve(id, issuer.routes()));
    servers.spawn(serve(mcp, server.routes(&mcp_url)));
    servers.spawn(serve(inventory, upstream::routes(verifier, &seen)?));

    let parties = Parties { http: Http::new(), issuer, resource, other, inventory_url, reader, seen };
    parties.walk().await?;
    servers.shutdown().await;
    println!("all as due");
    Ok(())
}

async fn listen() -> Outcome<TcpListener> {
    Ok(TcpListener::bind("127.0.0.1:0").await?)
}

fn origin(listener: &TcpListener) -> Outcome<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

async fn serve(listener: TcpListener, routes: Router) -> std::io::Result<()> {
    axum::serve(listener, routes).await
}

struct Parties {
    http: Http,
    issuer: Arc<AuthorizationServer>,
    /// The MCP server, and another one of the same authorization server.
    resource: String,
    other: String,
    inventory_url: String,
    /// Reads what the inventory was sent, as the inventory does.
    reader: AccessTokenVerifier,
    seen: Seen,
}

impl Parties {
    async fn walk(&self) -> Outcome<()> {
        let mut client = Client::new(self.resource.clone(), self.issuer.name().to_owned());
        let token = self.first_calls(&mut client).await?;
        self.more_scope(&mut client, &token).await?;
        self.other_tokens(&mut client, &token).await?;
        self.other_requests(&mut client, &token).await
    }

    /// From no token to an answer.
    async fn first_calls(&self, client: &mut Client) -> Outcome<String> {
        println!("a request without a token");
        let refusal = client.call("tools/list", &json!({}), None).await?;
        due(&refusal, StatusCode::UNAUTHORIZED, None)?;
        println!("what the challenge leads to");
        client.discover(&refusal).await?;
        let token = client.step_up(&refusal).await?;

        println!("what the server is: server/discover, which takes the place of initialize");
        let answer = client.call("server/discover", &json!({}), Some(&token)).await?;
        due(&answer, StatusCode::OK, None)?;
        println!("   versions {}", answer.at("/result/supportedVersions")?);
        println!("tools/list");
        let answer = client.call("tools/list", &json!({}), Some(&token)).await?;
        due(&answer, StatusCode::OK, None)?;
        println!("   {}: {}", answer.at("/result/tools/0/name")?, answer.at("/result/tools/0/description")?);
        println!("   {}: {}", answer.at("/result/tools/1/name")?, answer.at("/result/tools/1/description")?);

        println!("tools/call stock_level");
        self.tool(client, "stock_level", &token).await?;
        self.inventory_saw("stock:read", &token)?;
        Ok(token)
    }

    /// A tool that needs more than the token grants.
    async fn more_scope(&self, client: &mut Client, token: &str) -> Outcome<()> {
        println!("tools/call reserve_stock");
        let calls = self.seen.count();
        let refusal = client.call("tools/call", &arguments("reserve_stock"), Some(token)).await?;
        due(&refusal, StatusCode::FORBIDDEN, Some("insufficient_scope"))?;
        is(parameter(&refusal, "scope") == Some("stock:write"), "the scope that is lacking")?;
        is(parameter(&refusal, "resource_metadata").is_some(), "where the metadata is")?;
        is(self.seen.count() == calls, "no call to the inventory")?;
        println!("once more, with what was asked for");
        let token = client.step_up(&refusal).await?;
        self.tool(client, "reserve_stock", &token).await?;
        // The token grants both; the call gets what it needs.
        self.inventory_saw("stock:write", &token)
    }

    /// Tokens that aren't for this server, or not any more.
    async fn other_tokens(&self, client: &mut Client, token: &str) -> Outcome<()> {
        let calls = self.seen.count();
        println!("a token for another server of the same authorization server");
        let for_other = client.token_for(&self.other).await?.text_at("/access_token")?;
        self.refused(client, &for_other).await?;

        println!("a token that has expired");
        let an_hour_ago =
            SystemTime::now().checked_sub(Duration::from_secs(3600)).ok_or("expected a past")?;
        let expired = self.issuer.issue(&self.resource, &["stock:read"], an_hour_ago)?;
        let refusal = self.refused(client, &expired).await?;
        let description = parameter(&refusal, "error_description");
        is(description == Some("the access token expired"), "a word on its expiry")?;

        println!("the token that this server minted for the inventory");
        let minted = self.seen.last().ok_or("expected a token at the inventory")?;
        self.refused(client, &minted).await?;

        println!("no token but in the query");
        let (headers, body) = protocol::request(1, "tools/list", &json!({}));
        let answer = client.post(&format!("?access_token={token}"), headers, &body, None).await?;
        due(&answer, StatusCode::UNAUTHORIZED, None)?;

        println!("an authorization server that is asked for a token for whomever");
        let answer = client.token_for("https://mcp.example.com").await?;
        println!("   {} {}", answer.status, answer.body);
        is(answer.text_at("/error")? == "invalid_target", "invalid_target")?;
        is(self.seen.count() == calls, "no call to the inventory")?;

        println!("the client's token at the inventory, past this server");
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse()?);
        let url = format!("{}/stock/A17", self.inventory_url);
        let answer = self.http.send(Method::GET, &url, headers, String::new()).await?;
        due(&answer, StatusCode::UNAUTHORIZED, Some("invalid_token"))
    }

    /// What the protocol asks a server to refuse.
    async fn other_requests(&self, client: &mut Client, token: &str) -> Outcome<()> {
        let calls = self.seen.count();
        println!("a header field that names one tool, and a body that names another");
        let params = arguments("reserve_stock");
        let answer = client.call_as("tools/call", &params, Some("stock_level"), Some(token)).await?;
        is_error(&answer, StatusCode::BAD_REQUEST, -32020)?;

        println!("initialize, of the revisions before");
        let (headers, _) = protocol::request(1, "initialize", &json!({}));
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {} });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
        is_error(&client.post("", headers, &body, Some(token)).await?, StatusCode::BAD_REQUEST, -32022)?;

        println!("a request of another site's page");
        let (mut headers, body) = protocol::request(1, "tools/list", &json!({}));
        headers.insert("origin", HeaderValue::from_static("https://attacker.example"));
        due(&client.post("", headers, &body, Some(token)).await?, StatusCode::FORBIDDEN, None)?;

        println!("GET");
        due(&self.http.get(&self.resource).await?, StatusCode::METHOD_NOT_ALLOWED, None)?;
        is(self.seen.count() == calls, "no call to the inventory")
    }

    async fn tool(&self, client: &mut Client, name: &str, token: &str) -> Outcome<()> {
        let answer = client.call("tools/call", &arguments(name), Some(token)).await?;
        due(&answer, StatusCode::OK, None)?;
        println!("   {}", answer.text_at("/result/content/0/text")?);
        is(answer.at("/result/isError")? == false, "a result of the tool")
    }

    async fn refused(&self, client: &mut Client, token: &str) -> Outcome<Answer> {
        let answer = client.call("tools/list", &json!({}), Some(token)).await?;
        due(&answer, StatusCode::UNAUTHORIZED, Some("invalid_token"))?;
        Ok(answer)
    }

    /// The inventory was sent a token for itself, which isn't the client's.
    fn inventory_saw(&self, scope: &str, client_token: &str) -> Outcome<()> {
        let sent = self.seen.last().ok_or("expected a call to the inventory")?;
        let token: AccessToken<NoClaims> = self.reader.verify(&sent)?;
        let actor = token.actor().and_then(|actor| actor.subject().map(|subject| subject.to_string()));
        let audience: Vec<_> = token.audience().collect();
        println!("   the inventory saw a token of {}", token.issuer());
        println!(
            "      for {}, subject {}, by {}",
            audience.join(" "),
            token.subject(),
            actor.as_deref().unwrap_or("nobody")
        );
        println!("      scope {}", token.scopes().collect::<Vec<_>>().join(" "));
        is(
            sent != client_token && !client_token.split('.').any(|part| sent.contains(part)),
            "another token",
        )?;
        is(token.issuer() == self.resource && actor.as_deref() == Some(&self.resource), "the server's own")?;
        is(audience == [self.inventory_url.as_str()], "the inventory as its audience")?;
        is(token.scopes().eq([scope]), "that scope alone")
    }
}

fn arguments(tool: &str) -> serde_json::Value {
    json!({ "name": tool, "arguments": { "article": "A17" } })
}

fn is_error(answer: &Answer, status: StatusCode, code: i64) -> Outcome<()> {
    println!("   {} {}", answer.status, answer.body);
    is(answer.status == status && answer.at("/error/code")? == code, "that error")
}

fn is(holds: bool, due: &str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(format!("expected {due}").into()) }
}
