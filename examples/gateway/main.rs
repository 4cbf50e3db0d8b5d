//! A gateway, run for real: an authorization server with rotating keys, a gateway, and two services behind it, each a
//! server on loopback; encrypted access tokens, a cache, revocation, a limit on each client's rate, audit to standard
//! output. A client walks through it, and a step that comes out otherwise than it should ends it with an error.
//!
//! `cargo run --features jwks-http,redis,tower --example gateway`
//!
//! With Redis, two gateways share what is revoked: what one revokes, the other refuses. Any Redis from 6.2 on
//! will do that is a primary by itself, speaks without TLS and has the `maxmemory-policy` `noeviction`, the default.
//! What is revoked there expires by itself; two keys stay that say that the namespace was initialized,
//! `countersign-example:epoch` and `countersign-example:spare`.
//!
//! ```sh
//! redis-server --port 6390 --save '' &
//! cargo run --features jwks-http,redis,tower --example gateway -- --redis redis://127.0.0.1:6390/
//! ```
//!
//! To read: `gateway.rs` is the gateway; `authorization_server.rs`, `services.rs` and `client.rs` are who it deals
//! with; `deployment.rs` puts all of them together, `walk.rs` is what the client does.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "examples print")]
#![expect(unreachable_pub, reason = "a program's modules say `pub` to each other")]

mod authorization_server;
mod client;
mod deployment;
mod gateway;
mod last_decision;
mod proxy;
mod rate_limit;
mod server;
mod services;
mod walk;

use std::error::Error as StdError;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use countersign::gateway::audit::{Audit, JsonLines};
use countersign::gateway::redis::RedisStore;
use countersign::gateway::revocation::{MemoryRevocations, RevocationStore};

use authorization_server::TOKEN_LIFETIME;
use deployment::Deployment;
use last_decision::LastDecision;
use walk::Walk;

type Failure = Box<dyn StdError + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gateway: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let stores = match redis_url(std::env::args().skip(1))? {
        Some(url) => vec![shared_store(&url).await?, shared_store(&url).await?],
        None => vec![Arc::new(MemoryRevocations::new(1_000_000)) as Arc<dyn RevocationStore>],
    };
    // One trail, on standard output and in memory. Where the output may be slow, it goes behind a channel.
    let decisions = Arc::new(LastDecision::default());
    let audit = Audit::builder(JsonLines::new(std::io::stdout())).sink(Arc::clone(&decisions)).build()?;

    let deployment = Deployment::start(stores, &Arc::new(audit), 10).await?;
    let outcome = Walk::new(&deployment, decisions).run().await;
    deployment.stop().await?;
    outcome
}

fn redis_url(mut arguments: impl Iterator<Item = String>) -> Result<Option<String>, Failure> {
    match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
        (None, ..) => Ok(None),
        (Some("--redis"), Some(url), None) => Ok(Some(url)),
        _ => Err("expected no argument or `--redis URL`, found others".into()),
    }
}

/// A gateway's store in Redis, as each process of a deployment has one.
async fn shared_store(url: &str) -> Result<Arc<dyn RevocationStore>, Failure> {
    let store = RedisStore::builder(url).namespace("countersign-example").build();
    let store = store.map_err(|error| format!("--redis: {error}"))?;
    if store.initialize(TOKEN_LIFETIME).await.map_err(|fault| format!("--redis: {fault}"))? {
        // What was revoked before isn't known, so all tokens are void that were issued up to this second.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(Arc::new(store))
}
