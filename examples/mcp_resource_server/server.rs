//! The MCP server: an OAuth resource server whose URI is the audience of its tokens, and the only one that it takes.
//!
//! A request is guarded by what its tool needs before its body is read: the tool's name stands in a header field, and
//! the body must name the same. Calls to the API behind it go out with a token minted for that, or not at all.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use countersign::gateway::authorization::Requirement;
use countersign::gateway::propagation::{Outbound, Propagation, Service, ServiceCall};
use countersign::gateway::tower::GuardLayer;
use countersign::gateway::{BearerChallenge, Guard, ProtectedResourceMetadata};
use countersign::jwt::SourcedVerifier;
use countersign::keys::remote::RemoteJwks;
use countersign::{AccessToken, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey, VerifyingKey};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::Outcome;
use crate::http::Http;
use crate::protocol::{Call, Failure, VERSION, field};

/// What every client needs, and what a challenge has it ask for to begin with.
const TO_BEGIN_WITH: &str = "stock:read";

struct Tool {
    name: &'static str,
    description: &'static str,
    scope: &'static str,
    /// What is asked of the API behind.
    method: Method,
}

static TOOLS: [Tool; 2] = [
    Tool {
        name: "stock_level",
        description: "How many of an article are in stock",
        scope: "stock:read",
        method: Method::GET,
    },
    Tool {
        name: "reserve_stock",
        description: "Reserve one of an article",
        scope: "stock:write",
        method: Method::POST,
    },
];

pub(crate) struct McpServer {
    metadata: ProtectedResourceMetadata,
    guard: GuardLayer,
    propagation: Propagation,
    http: Http,
    inventory: String,
}

/// A request is answered by the service that requires what its tool needs.
struct Endpoint {
    origin: String,
    tools: Vec<(&'static str, MethodRouter)>,
    others: MethodRouter,
}

/// What a service was guarded for.
#[derive(Clone)]
struct Guarded {
    server: Arc<McpServer>,
    tool: Option<&'static Tool>,
}

impl McpServer {
    pub(crate) fn new(origin: &str, issuer: &str, inventory: &str) -> Outcome<Self> {
        let metadata = ProtectedResourceMetadata::builder(format!("{origin}/mcp"))
            .authorization_server(issuer)
            .scopes([TO_BEGIN_WITH])
            .name("Warehouse")
            .build()?;

        let issuer_metadata = format!("{issuer}/.well-known/oauth-authorization-server");
        let published = RemoteJwks::from_metadata(issuer_metadata, issuer).build_http()?;
        let (expected, audience) = (issuer.to_owned(), metadata.resource().to_owned());
        let verifier = SourcedVerifier::new(published, move |snapshot| {
            AccessTokenVerifier::builder(snapshot.keys().clone())
                .issuer(&expected)
                .audience(&audience)
                .build()
        });
        let guard = Guard::builder(verifier)
            .require(Requirement::authenticated())
            .challenge(BearerChallenge::new().resource(&metadata).scopes([TO_BEGIN_WITH])?)
            // Tokens live for five minutes here, and what happens is printed.
            .without_revocation()
            .without_audit()
            .build()?;

        let own_key = SigningKey::generate(JwsAlgorithm::Ed25519)?.with_key_id("warehouse-2026-11");
        let propagation = Propagation::builder(own_key)
            .issuer(metadata.resource())
            .subjects_of(issuer)
            .service("inventory", Service::new(inventory).scopes(TOOLS.iter().map(|tool| tool.scope)))
            .build()?;
        let (guard, inventory) = (GuardLayer::new(guard), inventory.to_owned());
        Ok(Self { metadata, guard, propagation, http: Http::new(), inventory })
    }

    /// What the API behind knows this server by.
    pub(crate) fn own_key(&self) -> Result<VerifyingKey, countersign::Error> {
        self.propagation.signing_key().verifying_key()
    }

    pub(crate) fn resource(&self) -> &str {
        self.metadata.resource()
    }

    pub(crate) fn routes(self, origin: &str) -> Router {
        let (path, json) = (self.metadata.path().to_owned(), self.metadata.json().to_owned());
        let server = Arc::new(self);
        let guarded = |scope: &str, tool: Option<&'static Tool>| {
            let requirement = Requirement::scope(scope);
            let layer = server.guard.require(requirement);
            post(answer).layer(layer).with_state(Guarded { server: Arc::clone(&server), tool })
        };
        let tools = TOOLS.iter().map(|tool| (tool.name, guarded(tool.scope, Some(tool))));
        let endpoint = Endpoint {
            origin: origin.to_owned(),
            tools: tools.collect(),
            others: guarded(TO_BEGIN_WITH, None),
        };
        Router::new()
            // Anything but POST is 405: there are no streams to open and no sessions to end.
            .route("/mcp", post(route).with_state(Arc::new(endpoint)))
            .route(&path, get(async move || ([(CONTENT_TYPE, "application/json")], json)))
            .layer(DefaultBodyLimit::max(64 * 1024))
    }
}

async fn route(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let headers = request.headers();
    // A page elsewhere that has a name of its own lead to this machine still sends its origin.
    if headers.get_all(ORIGIN).iter().any(|origin| *origin != *endpoint.origin) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let name = field(headers, "mcp-name");
    let tool = endpoint.tools.iter().find(|(tool, _)| name.as_deref() == Some(tool));
    let service = tool.map_or(&endpoint.others, |(_, service)| service).clone();
    service.oneshot(request).await.into_response()
}

async fn answer(
    State(Guarded { server, tool }): State<Guarded>,
    Extension(token): Extension<AccessToken<NoClaims>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = match Call::read(&headers, &body) {
        Ok(call) => call,
        Err(failure) => return failure.into_response(),
    };
    match (&*call.method, tool) {
        ("server/discover", None) => call.result([
            ("supportedVersions", json!([VERSION])),
            ("capabilities", json!({ "tools": {} })),
            ("ttlMs", 300_000.into()),
            ("cacheScope", "private".into()),
        ]),
        ("tools/list", None) => call.result([
            ("tools", TOOLS.iter().map(Tool::definition).collect()),
            ("ttlMs", 300_000.into()),
            ("cacheScope", "private".into()),
        ]),
        ("tools/call", tool) => {
            let named = call.params.get("name").and_then(Value::as_str);
            let routed_by = field(&headers, "mcp-name");
            if routed_by.is_none() || named != routed_by.as_deref() {
                return Failure::header_mismatch("Mcp-Name and the body differ")
                    .answers(&call)
                    .into_response();
            }
            let Some(tool) = tool else {
                return Failure::invalid_params("no such tool").answers(&call).into_response();
            };
            let article = call.params.get("arguments").and_then(|arguments| arguments.get("article"));
            let outcome = match article.and_then(Value::as_str) {
                Some(article) => server.run(tool, article, &token).await,
                None => Err("expected an article".to_owned()),
            };
            call.tool_result(outcome)
        }
        // The field of a tool's name with anything else authorized it by another requirement.
        (_, Some(_)) => {
            Failure::header_mismatch("Mcp-Name goes with tools/call").answers(&call).into_response()
        }
        (_, None) => Failure::method_not_found().answers(&call).into_response(),
    }
}

impl McpServer {
    async fn run(&self, tool: &Tool, article: &str, token: &AccessToken<NoClaims>) -> Result<Value, String> {
        // It becomes part of a URL.
        let is_article =
            (1..=32).contains(&article.len()) && article.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_article {
            return Err("expected an article of letters and digits".to_owned());
        }
        // For this service, this tool's scope and a minute. There is no way to send the token that came in.
        let call = ServiceCall::to("inventory").scopes([tool.scope]);
        let minted = self.propagation.mint(token, call).map_err(|error| error.to_string())?;
        self.inventory(tool.method.clone(), article, &minted.into()).await.map_err(|error| error.to_string())
    }

    async fn inventory(&self, method: Method, article: &str, outbound: &Outbound) -> Outcome<Value> {
        let mut headers = HeaderMap::new();
        outbound.apply(&mut headers);
        let url = format!("{}/stock/{article}", self.inventory);
        let answer = self.http.send(method, &url, headers, String::new()).await?;
        match answer.status {
            StatusCode::OK => answer.json(),
            status => Err(format!("the inventory answers {status}").into()),
        }
    }
}

impl Tool {
    fn definition(&self) -> Value {
        json!({
            "name": self.name,
            "description": self.description,
            "inputSchema": {
                "type": "object",
                "properties": { "article": { "type": "string" } },
                "required": ["article"],
            },
        })
    }
}
