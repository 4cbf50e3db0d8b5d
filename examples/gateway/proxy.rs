//! The way to a service: a request that the guard has let pass goes on, with what the service is to get in the place
//! of the client's token.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONNECTION, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use countersign::gateway::propagation::Outbound;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

/// For how long a service may think before it answers.
const PATIENCE: Duration = Duration::from_secs(10);

/// A service behind the gateway, and the connections to it.
pub struct Upstream {
    name: &'static str,
    url: String,
    http: Client<HttpConnector, Body>,
}

impl Upstream {
    /// `name` is the one that its tokens are minted for.
    pub fn new(name: &'static str, url: &str) -> Self {
        Self { name, url: url.to_owned(), http: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Passes a request on. What goes along is an `Outbound`, which the token that came in can't become.
    pub async fn call(&self, mut request: Request, outbound: &Outbound) -> Response {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let Ok(uri) = format!("{}{path}", self.url).parse::<Uri>() else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        *request.uri_mut() = uri;
        remove_fields_of_connection(request.headers_mut());
        request.headers_mut().remove(HOST);
        // The last step, so that nothing of the client's can undo it.
        outbound.apply(request.headers_mut());
        match timeout(PATIENCE, self.http.request(request)).await {
            Ok(Ok(mut response)) => {
                remove_fields_of_connection(response.headers_mut());
                response.map(Body::new)
            }
            Ok(Err(_)) => StatusCode::BAD_GATEWAY.into_response(),
            Err(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
        }
    }
}

/// Removes what was said to this end of the connection only (RFC 9110 §7.6.1).
fn remove_fields_of_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let usual = [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
    let others = ["keep-alive", "proxy-connection"].map(HeaderName::from_static);
    for name in named.into_iter().chain(usual).chain(others) {
        headers.remove(name);
    }
}
