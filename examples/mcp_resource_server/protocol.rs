//! The part of the Model Context Protocol, revision 2026-07-28, that a server of two tools needs: a request goes in as
//! header fields and JSON-RPC, and comes out if both say the same; answers and errors.
//!
//! Each request says its version; there is no session and no `initialize`. Answers are one JSON object each. Left out
//! is what this server has no use for: streams of events, subscriptions, input asked for on the way, pages.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

pub(crate) const VERSION: &str = "2026-07-28";
const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";
const SERVER_KEY: &str = "io.modelcontextprotocol/serverInfo";

pub(crate) struct Call {
    id: Value,
    pub(crate) method: String,
    pub(crate) params: Map<String, Value>,
}

/// What a request is answered that isn't carried out.
pub(crate) struct Failure {
    status: StatusCode,
    id: Option<Value>,
    code: i64,
    message: &'static str,
    data: Option<Value>,
}

impl Failure {
    fn new(code: i64, message: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, id: None, code, message, data: None }
    }

    pub(crate) fn invalid_params(message: &'static str) -> Self {
        Self::new(-32602, message)
    }

    pub(crate) fn header_mismatch(message: &'static str) -> Self {
        Self::new(-32020, message)
    }

    pub(crate) fn method_not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, ..Self::new(-32601, "method not found") }
    }

    fn unsupported_version(requested: &Value) -> Self {
        let data = json!({ "supported": [VERSION], "requested": requested });
        Self { data: Some(data), ..Self::new(-32022, "unsupported protocol version") }
    }

    pub(crate) fn answers(self, call: &Call) -> Self {
        Self { id: Some(call.id.clone()), ..self }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut error = object([("code", self.code.into()), ("message", self.message.into())]);
        error.extend(self.data.map(|data| ("data".to_owned(), data)));
        let mut body = object([("jsonrpc", "2.0".into()), ("error", error.into())]);
        body.extend(self.id.map(|id| ("id".to_owned(), id)));
        (self.status, Json(body)).into_response()
    }
}

impl Call {
    /// Reads a request. What its header fields say was routed and authorized by, so what its body says has to be that.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Failure> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Failure::new(-32700, "no JSON"))?;
        let Value::Object(mut body) = body else { return Err(Failure::new(-32600, "no request")) };
        let id = body.remove("id").filter(|id| id.is_string() || id.is_i64() || id.is_u64());
        let (Some(id), Some(Value::String(method))) = (id, body.remove("method")) else {
            return Err(Failure::new(-32600, "no request"));
        };
        if body.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(Failure::new(-32600, "no request"));
        }
        let params = match body.remove("params") {
            Some(Value::Object(params)) => params,
            _ => Map::new(),
        };
        let call = Self { id, method, params };
        match call.check(headers) {
            Ok(()) => Ok(call),
            Err(failure) => Err(failure.answers(&call)),
        }
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        // How clients of the revisions before begin, who wouldn't know why they are refused.
        if self.method == "initialize" {
            return Err(Failure::unsupported_version(
                self.params.get("protocolVersion").unwrap_or(&Value::Null),
            ));
        }
        let meta = |key| self.params.get("_meta").and_then(|meta| meta.get(key));
        let Some(version) = meta(VERSION_KEY) else {
            return Err(Failure::invalid_params("no protocol version"));
        };
        if !meta(CAPABILITIES_KEY).is_some_and(Value::is_object) {
            return Err(Failure::invalid_params("no client capabilities"));
        }
        if field(headers, "mcp-protocol-version").as_deref() != version.as_str() || !version.is_string() {
            return Err(Failure::header_mismatch("MCP-Protocol-Version and the body differ"));
        }
        if version != VERSION {
            return Err(Failure::unsupported_version(version));
        }
        if field(headers, "mcp-method").as_deref() != Some(&*self.method) {
            return Err(Failure::header_mismatch("Mcp-Method and the body differ"));
        }
        Ok(())
    }

    pub(crate) fn result<const N: usize>(&self, members: [(&str, Value); N]) -> Response {
        let mut result = object(members);
        result.insert("resultType".to_owned(), "complete".into());
        let server = json!({ "name": "warehouse", "version": env!("CARGO_PKG_VERSION") });
        result.insert("_meta".to_owned(), json!({ SERVER_KEY: server }));
        Json(json!({ "jsonrpc": "2.0", "id": self.id, "result": result })).into_response()
    }

    /// The result of a tool, or what the model is told of its failure.
    pub(crate) fn tool_result(&self, outcome: Result<Value, String>) -> Response {
        let is_error = outcome.is_err();
        let text = outcome.map_or_else(|problem| problem, |value| value.to_string());
        let content = json!([{ "type": "text", "text": text }]);
        self.result([("content", content), ("isError", is_error.into())])
    }
}

/// What the one header field of that name says.
pub(crate) fn field(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let value = value.to_str().ok()?;
    // Names that can't stand in a field come in this form.
    match value.strip_prefix("=?base64?").and_then(|value| value.strip_suffix("?=")) {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}

/// A request, and the header fields that go with it.
pub(crate) fn request(id: u64, method: &str, params: &Value) -> (HeaderMap, Value) {
    let meta = json!({
        VERSION_KEY: VERSION,
        CAPABILITIES_KEY: {},
        "io.modelcontextprotocol/clientInfo": { "name": "walk", "version": env!("CARGO_PKG_VERSION") },
    });
    let mut members = params.as_object().cloned().unwrap_or_default();
    members.insert("_meta".to_owned(), meta);
    let mut headers = HeaderMap::new();
    let name = params.get("name").and_then(Value::as_str);
    for (field, value) in [
        ("content-type", Some("application/json")),
        ("accept", Some("application/json, text/event-stream")),
        ("mcp-protocol-version", Some(VERSION)),
        ("mcp-method", Some(method)),
        ("mcp-name", name),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(field, value);
        }
    }
    (headers, json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": members }))
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
