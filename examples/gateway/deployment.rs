//! All parts together: authorization server, gateways, services, each a server of its own.

use std::sync::Arc;

use countersign::gateway::audit::Audit;
use countersign::gateway::revocation::RevocationStore;
use countersign::keys::remote::RemoteJwks;
use countersign::{DecryptionKey, JweAlgorithm};

use crate::Failure;
use crate::authorization_server::AuthorizationServer;
use crate::gateway::{self, Keys, Settings};
use crate::proxy::Upstream;
use crate::server::{Port, Server};
use crate::services::{INVOICES, ORDERS};

pub struct Deployment {
    pub authorization_server: Arc<AuthorizationServer>,
    pub issuer: Server,
    pub gateways: Vec<Server>,
    pub orders: Server,
    pub invoices: Server,
}

impl Deployment {
    /// Starts a gateway for each of these, which is where it keeps revocations.
    pub async fn start(
        stores: Vec<Arc<dyn RevocationStore>>,
        audit: &Arc<Audit>,
        requests_per_minute: u32,
    ) -> Result<Self, Failure> {
        let (issuer, orders, invoices) = (Port::free().await?, Port::free().await?, Port::free().await?);
        let gateway_keys = Keys::generate()?;
        let invoices_key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?.with_key_id("invoices");

        let mut gateways = Vec::new();
        for revocations in stores {
            let metadata = AuthorizationServer::metadata_url(issuer.url());
            let settings = Settings {
                issuer_keys: RemoteJwks::from_metadata(metadata, issuer.url()).build_http()?,
                issuer: issuer.url().to_owned(),
                keys: gateway_keys.clone_keys(),
                revocations,
                audit: Arc::clone(audit),
                orders: Upstream::new(ORDERS.name, orders.url()),
                invoices: Upstream::new(INVOICES.name, invoices.url()),
                invoices_key: invoices_key.encryption_key()?,
                requests_per_minute,
            };
            gateways.push(Port::free().await?.serve(gateway::routes(settings)?));
        }

        // All gateways sign with one key, so the services may ask any for it.
        let first = gateways.first().ok_or("expected a gateway, found none")?;
        let published = || RemoteJwks::from_url(format!("{}/jwks", first.url())).build_http();
        let orders = orders.serve(ORDERS.routes(published()?, None)?);
        let invoices = invoices.serve(INVOICES.routes(published()?, Some(invoices_key))?);

        let encryption_key = gateway_keys.encryption_key()?;
        let authorization_server = Arc::new(AuthorizationServer::new(issuer.url(), encryption_key)?);
        let issuer = issuer.serve(authorization_server.routes());
        Ok(Self { authorization_server, issuer, gateways, orders, invoices })
    }

    /// Stops all of it, what is asked by others last.
    pub async fn stop(self) -> Result<(), Failure> {
        for gateway in self.gateways {
            gateway.stop().await?;
        }
        self.orders.stop().await?;
        self.invoices.stop().await?;
        self.issuer.stop().await
    }
}
