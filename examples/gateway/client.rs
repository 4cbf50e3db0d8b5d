//! A client: it asks the authorization server for tokens and the gateway for everything else.

use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, Method, Request};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::{Failure, gateway};

/// More than any answer here has.
const MAX_BODY: usize = 64 * 1024;

pub struct Client {
    http: Http<HttpConnector, Body>,
}

/// What came back of a request.
pub struct Answer {
    pub status: u16,
    pub www_authenticate: Option<String>,
    pub retry_after: Option<String>,
    pub body: String,
}

impl Answer {
    pub fn challenge(&self) -> &str {
        self.www_authenticate.as_deref().unwrap_or("none")
    }
}

impl Client {
    pub fn new() -> Self {
        Self { http: Http::builder(TokioExecutor::new()).build_http() }
    }

    /// Asks for an access token (RFC 6749 §3.2).
    pub async fn token(
        &self,
        authorization_server: &str,
        client_id: &str,
        scope: &str,
    ) -> Result<String, Failure> {
        let form = format!("client_id={client_id}&scope={}", scope.replace(' ', "+"));
        let request = Request::post(format!("{authorization_server}/token"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))?;
        let answer = self.send(request).await?;
        let body: Value = serde_json::from_str(&answer.body)?;
        Ok(body.get("access_token").and_then(Value::as_str).ok_or("expected an access token")?.to_owned())
    }

    /// Sends a request with a token. `request_id` finds it in the audit trail.
    pub async fn call(
        &self,
        method: Method,
        url: &str,
        token: &str,
        request_id: &str,
    ) -> Result<Answer, Failure> {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header(gateway::REQUEST_ID, request_id)
            .body(Body::empty())?;
        self.send(request).await
    }

    async fn send(&self, request: Request<Body>) -> Result<Answer, Failure> {
        let response = self.http.request(request).await?;
        let field = |name: HeaderName| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let (status, www_authenticate) = (response.status().as_u16(), field(WWW_AUTHENTICATE));
        let retry_after = field(RETRY_AFTER);
        let body = to_bytes(Body::new(response.into_body()), MAX_BODY).await?;
        let body = String::from_utf8(body.into())?;
        Ok(Answer { status, www_authenticate, retry_after, body })
    }
}
