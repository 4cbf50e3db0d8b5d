//! The client's side: what a challenge says, where tokens are to be had, and requests with them.
//!
//! It believes no document that another sent: the metadata has to be that of the URL it asks (RFC 9728 §3.3), the
//! authorization server's that of the name it goes by (RFC 8414 §3.3).

use std::collections::BTreeSet;

use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::Outcome;
use crate::authorization_server::{CLIENT_ID, CLIENT_SECRET};
use crate::http::{Answer, Http};
use crate::protocol;

pub(crate) struct Client {
    http: Http,
    server: String,
    /// Where it is registered: whoever else gets its secret is this client there.
    issuer: String,
    token_endpoint: String,
    /// All that it ever asked for: a token for one operation more must do for those before.
    scopes: BTreeSet<String>,
    id: u64,
}

impl Client {
    pub(crate) fn new(server: String, issuer: String) -> Self {
        Self {
            http: Http::new(),
            server,
            issuer,
            token_endpoint: String::new(),
            scopes: BTreeSet::new(),
            id: 0,
        }
    }

    pub(crate) async fn call(
        &mut self,
        method: &str,
        params: &Value,
        token: Option<&str>,
    ) -> Outcome<Answer> {
        self.call_as(method, params, None, token).await
    }

    /// Says another tool's name in the header field than in the body.
    pub(crate) async fn call_as(
        &mut self,
        method: &str,
        params: &Value,
        name: Option<&str>,
        token: Option<&str>,
    ) -> Outcome<Answer> {
        self.id += 1;
        let (mut headers, body) = protocol::request(self.id, method, params);
        if let Some(name) = name {
            headers.insert("mcp-name", name.parse()?);
        }
        self.post("", headers, &body, token).await
    }

    pub(crate) async fn post(
        &self,
        query: &str,
        mut headers: HeaderMap,
        body: &Value,
        token: Option<&str>,
    ) -> Outcome<Answer> {
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
        }
        let url = format!("{}{query}", self.server);
        self.http.send(Method::POST, &url, headers, body.to_string()).await
    }

    /// Finds the authorization server of the API that refused a request.
    pub(crate) async fn discover(&mut self, refusal: &Answer) -> Outcome<()> {
        let url = parameter(refusal, "resource_metadata").ok_or("expected resource_metadata")?;
        println!("   metadata: {url}");
        let metadata = self.http.get(url).await?;
        if metadata.text_at("/resource")? != self.server {
            return Err("expected metadata of the server that was asked".into());
        }
        let issuer = metadata.text_at("/authorization_servers/0")?;
        println!("   authorization server: {issuer}");
        if issuer != self.issuer {
            return Err("expected the authorization server that knows this client".into());
        }
        let metadata = self.http.get(&format!("{issuer}/.well-known/oauth-authorization-server")).await?;
        if metadata.text_at("/issuer")? != issuer {
            return Err("expected metadata of the authorization server that was asked".into());
        }
        self.token_endpoint = metadata.text_at("/token_endpoint")?;
        Ok(())
    }

    /// Asks for the scopes that a refusal names, beside those that it has.
    pub(crate) async fn step_up(&mut self, refusal: &Answer) -> Outcome<String> {
        let scope = parameter(refusal, "scope").ok_or("expected a scope")?;
        self.scopes.extend(scope.split(' ').map(String::from));
        let token = self.token_for(&self.server).await?.text_at("/access_token")?;
        println!("   token for {}, scope {}", self.server, self.scope());
        Ok(token)
    }

    pub(crate) async fn token_for(&self, resource: &str) -> Outcome<Answer> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
            ("resource", resource),
            ("scope", &self.scope()),
        ];
        let form: Vec<_> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/x-www-form-urlencoded".parse()?);
        self.http.send(Method::POST, &self.token_endpoint, headers, form.join("&")).await
    }

    fn scope(&self) -> String {
        self.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// A parameter of the challenge. None of those that are read here may have a quote in it.
pub(crate) fn parameter<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let challenge = answer.header(WWW_AUTHENTICATE.as_str());
    let (_, rest) = challenge.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

/// Prints an answer, and refuses one that isn't due.
pub(crate) fn due(answer: &Answer, status: StatusCode, error: Option<&str>) -> Outcome<()> {
    println!("   {} {}", answer.status, answer.header(WWW_AUTHENTICATE.as_str()));
    let found = (answer.status, parameter(answer, "error"));
    if found != (status, error) {
        return Err(format!("expected {status} {error:?}, found {found:?}: {}", answer.body).into());
    }
    Ok(())
}
