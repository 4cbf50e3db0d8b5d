//! What this example's client and its MCP server send requests with, to servers of this example. Redirects aren't
//! followed: nobody here is asked for a token on another's behalf.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

use crate::Outcome;

const MAX_ANSWER: usize = 64 * 1024;
const MAX_WAIT: Duration = Duration::from_secs(10);

pub(crate) struct Http(Client<HttpConnector, Body>);

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Outcome<Value> {
        Ok(serde_json::from_str(&self.body)?)
    }

    /// The part of the JSON body that a pointer (RFC 6901) leads to.
    pub(crate) fn at(&self, pointer: &str) -> Outcome<Value> {
        let value = self.json()?.pointer(pointer).cloned();
        value.ok_or_else(|| format!("expected {pointer}, found {}", self.body).into())
    }

    pub(crate) fn text_at(&self, pointer: &str) -> Outcome<String> {
        match self.at(pointer)? {
            Value::String(text) => Ok(text),
            other => Err(format!("expected a string at {pointer}, found {other}").into()),
        }
    }
}

impl Http {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    pub(crate) async fn get(&self, url: &str) -> Outcome<Answer> {
        self.send(Method::GET, url, HeaderMap::new(), String::new()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: String,
    ) -> Outcome<Answer> {
        let mut request = Request::builder().method(method).uri(url).body(Body::from(body))?;
        *request.headers_mut() = headers;
        timeout(MAX_WAIT, self.exchange(request)).await?
    }

    async fn exchange(&self, request: Request<Body>) -> Outcome<Answer> {
        let (parts, body) = self.0.request(request).await?.into_parts();
        let body = to_bytes(Body::new(body), MAX_ANSWER).await?;
        Ok(Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into())? })
    }
}
