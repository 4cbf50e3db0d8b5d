//! The server: how to connect to it, and whether it is one to rely on.
//!
//! A connection is handed out only if the server is a primary, keeps what it is told and has the gateway's time,
//! by what it says itself. What it leaves out isn't as it should be.

use std::io;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::fault::RedisFault;
use crate::clock::Clock;
use crate::jwt::NumericDate;

/// By how much the server's clock may differ from the gateway's. An entry stays so much longer than a verifier
/// may accept its tokens, since it leaves by the server's clock.
pub(super) const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// What a connection may run over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The application's own way to connect.
pub(super) type Streams =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>> + Send + Sync>;

pub(super) struct Server {
    client: Client,
    streams: Option<Streams>,
    config: AsyncConnectionConfig,
    connect_timeout: Duration,
    may_evict: bool,
    clock: Arc<dyn Clock>,
}

/// A task that ends with the last that needs it.
pub(super) struct Task(pub(super) AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A connection, and the task behind it if it runs over one of the application's streams: by itself that would
/// wait for the answers of a server that hangs.
pub(super) type Connection = (MultiplexedConnection, Option<Arc<Task>>);

impl Server {
    pub(super) fn new(
        client: Client,
        streams: Option<Streams>,
        [connect_timeout, response_timeout]: [Duration; 2],
        may_evict: bool,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(connect_timeout))
            .set_response_timeout(Some(response_timeout))
            // More callers than the default of 50 on one connection is what a gateway has.
            .set_pipeline_buffer_size(1024);
        Self { client, streams, config, connect_timeout, may_evict, clock }
    }

    /// The time by the gateway's clock.
    pub(super) fn now(&self) -> NumericDate {
        self.clock.now().into()
    }

    /// Connects, within the time-out, and judges the server.
    pub(super) async fn connect(&self) -> Result<Connection, RedisFault> {
        timeout(self.connect_timeout, self.connect_unbounded()).await.unwrap_or(Err(RedisFault::TimedOut))
    }

    async fn connect_unbounded(&self) -> Result<Connection, RedisFault> {
        let connected = match &self.streams {
            None => {
                let connected = self.client.get_multiplexed_async_connection_with_config(&self.config);
                connected.await.map(|connection| (connection, None))
            }
            Some(connect) => {
                let stream = connect().await.map_err(|_| RedisFault::Unreachable)?;
                let settings = self.client.get_connection_info().redis_settings();
                let made =
                    MultiplexedConnection::new_with_config(settings, stream, self.config.clone()).await;
                made.map(|(connection, task)| {
                    let driver = Task(tokio::spawn(task).abort_handle());
                    (connection, Some(Arc::new(driver)))
                })
            }
        };
        let (mut connection, driver) = connected.map_err(|error| RedisFault::of(&error))?;
        self.judge(&mut connection).await?;
        Ok((connection, driver))
    }

    /// Judges the server by what it says about itself and by its clock. What it leaves out isn't as it should
    /// be.
    pub(super) async fn judge(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisFault> {
        let (about, (seconds, microseconds)): (String, (u64, u64)) = ::redis::pipe()
            .cmd("INFO")
            .cmd("TIME")
            .query_async(connection)
            .await
            .map_err(|error| RedisFault::of(&error))?;
        if field::<u8>(&about, "loading") == Some(1) {
            return Err(RedisFault::Unreachable);
        }
        if field::<u8>(&about, "cluster_enabled") == Some(1) {
            return Err(RedisFault::Cluster);
        }
        match field::<String>(&about, "role").as_deref() {
            Some("master") => {}
            Some(_) => return Err(RedisFault::Replica),
            None => return Err(RedisFault::UnexpectedAnswer),
        }
        let policy = field::<String>(&about, "maxmemory_policy");
        if !self.may_evict && policy.as_deref() != Some("noeviction") {
            return Err(RedisFault::Evicts);
        }
        let time = Duration::from_secs(seconds).saturating_add(Duration::from_micros(microseconds));
        let time = SystemTime::UNIX_EPOCH.checked_add(time).ok_or(RedisFault::UnexpectedAnswer)?;
        let here = self.clock.now();
        let apart = here.duration_since(time).unwrap_or_else(|behind| behind.duration());
        if apart > MAX_CLOCK_DIFFERENCE { Err(RedisFault::ClocksDiffer) } else { Ok(()) }
    }
}

/// A line of `INFO`: a name, a colon, a value.
fn field<T: FromStr>(about: &str, name: &str) -> Option<T> {
    let mut lines = about.lines();
    lines.find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':')?.parse().ok())
}
