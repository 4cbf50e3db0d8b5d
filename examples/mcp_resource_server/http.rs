//! One HTTP/1.1 request, on a connection of its own, to a server of this example: what its client and its MCP server
//! need, and no more.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Outcome;

const MAX_ANSWER: u64 = 64 * 1024;
const MAX_WAIT: Duration = Duration::from_secs(10);

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

pub(crate) async fn get(url: &str) -> Outcome<Answer> {
    send(Method::GET, url, &HeaderMap::new(), "").await
}

pub(crate) async fn send(method: Method, url: &str, headers: &HeaderMap, body: &str) -> Outcome<Answer> {
    timeout(MAX_WAIT, exchange(&method, url, headers, body)).await?
}

async fn exchange(method: &Method, url: &str, headers: &HeaderMap, body: &str) -> Outcome<Answer> {
    let rest = url.strip_prefix("http://").ok_or("expected an http URL")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    let length = body.len();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n");
    head += &format!("content-length: {length}\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {}\r\n", value.to_str()?);
    }
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await?;
    let mut text = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut text).await?;
    answer(&text).ok_or_else(|| "expected an HTTP answer, found something else".into())
}

fn answer(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name: HeaderName = name.parse().ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some(Answer { status, headers, body: body.to_owned() })
}
