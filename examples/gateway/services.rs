//! The services behind the gateway. They verify the gateway's tokens, each those for itself only, and know nothing of
//! the authorization server. Both answer with what they were told.

use axum::{Extension, Json, Router};
use countersign::gateway::Guard;
use countersign::gateway::authorization::Requirement;
use countersign::gateway::tower::GuardLayer;
use countersign::jwt::SourcedVerifier;
use countersign::keys::remote::RemoteJwks;
use countersign::{AccessToken, AccessTokenVerifier, DecryptionKey, Error, NoClaims};
use serde_json::{Value, json};

use crate::gateway;

/// A service: its name at the gateway, the audience of its tokens, the scope that it takes.
pub struct Service {
    pub name: &'static str,
    pub audience: &'static str,
    pub scope: &'static str,
}

pub const ORDERS: Service =
    Service { name: "orders", audience: "https://orders.internal", scope: "orders:read" };
pub const INVOICES: Service =
    Service { name: "invoices", audience: "https://invoices.internal", scope: "invoices:read" };

impl Service {
    /// With a decryption key, it accepts encrypted tokens only.
    pub fn routes(
        &self,
        gateway_keys: RemoteJwks,
        decryption_key: Option<DecryptionKey>,
    ) -> Result<Router, Error> {
        let audience = self.audience;
        let verifier = SourcedVerifier::new(gateway_keys, move |keys| {
            let builder = AccessTokenVerifier::builder(keys.keys().clone());
            let builder = builder.issuer(gateway::NAME).audience(audience);
            match &decryption_key {
                Some(key) => builder.decrypt_with(key.clone_key()).build(),
                None => builder.build(),
            }
        });
        let guard = Guard::builder(verifier)
            .require(Requirement::scope(self.scope))
            // A token lives for a minute, and the gateway has looked.
            .without_revocation()
            .without_audit()
            .build()?;
        Ok(Router::new().fallback(told).layer(GuardLayer::new(guard)))
    }
}

async fn told(Extension(token): Extension<AccessToken<NoClaims>>) -> Json<Value> {
    let actors =
        token.actor().map(|actor| actor.chain().filter_map(|actor| actor.subject()).collect::<Vec<_>>());
    Json(json!({
        "issuer": token.issuer(),
        "audience": token.audience().collect::<Vec<_>>(),
        "subject": token.subject(),
        "client": token.client_id(),
        "scopes": token.scopes().collect::<Vec<_>>(),
        "actors": actors,
        "transaction": token.transaction_id(),
    }))
}
