//! What a store in Redis is told before its first connection: where, under which names, how long to wait.
//!
//! Nothing is connected here. What contradicts itself or can't be kept is refused.

use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use ::redis::{Client, ConnectionAddr};
use tokio::io::{AsyncRead, AsyncWrite};

use super::link::Link;
use super::server::{Server, Stream, Streams};
use super::store::RedisStore;
use crate::clock::{Clock, SystemClock};
use crate::error::Error;

/// A longer wait than this isn't one that a request survives.
const MAX_TIMEOUT: Duration = Duration::from_secs(30);

/// Builds a [`RedisStore`]; made by [`RedisStore::builder`].
#[must_use = "a builder does nothing until `build` is called"]
pub struct RedisStoreBuilder {
    url: String,
    namespace: String,
    connect_timeout: Duration,
    response_timeout: Duration,
    may_evict: bool,
    clock: Arc<dyn Clock>,
    streams: Option<Streams>,
}

impl RedisStoreBuilder {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            namespace: "countersign".to_owned(),
            connect_timeout: Duration::from_secs(1),
            response_timeout: Duration::from_millis(500),
            may_evict: false,
            clock: Arc::new(SystemClock),
            streams: None,
        }
    }

    /// Begins all names on the server with this and a colon. Default: `countersign`, which with a name's 32
    /// octets just fills one of the server's size classes. Stores that share what they know have the same.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Waits so long for a connection, encrypted, authenticated and judged. Default: 1 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Waits so long for an answer. Default: 500 ms. A check takes this and the time for a connection at most; a
    /// request with two of them, revocation and replay, twice that.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// Compares the server's time with this clock when it connects. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Connects by a function of the application's own: over TLS, with its certificates and its choice of
    /// cryptography, or through a tunnel. User, password and database are still the URL's. It runs in a task
    /// of its own, once at a time.
    ///
    /// ```
    /// use countersign::gateway::redis::RedisStore;
    /// use tokio::net::TcpStream;
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// let store = RedisStore::builder("redis://gateway:secret@redis.internal/")
    ///     .connect_with(|| async {
    ///         let stream = TcpStream::connect("redis.internal:6380").await?;
    ///         // tls.connect(name, stream).await, with a `TlsConnector` of tokio-rustls
    ///         Ok(stream)
    ///     })
    ///     .build()?;
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect_with<F, C, S>(mut self, connect: F) -> Self
    where
        F: Fn() -> C + Send + Sync + 'static,
        C: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.streams = Some(Arc::new(move || {
            let stream = connect();
            Box::pin(async move { stream.await.map(|stream| Box::new(stream) as Box<dyn Stream>) })
        }));
        self
    }

    /// Uses a server that evicts entries when memory is short. Whoever has a revoked or a used token can use
    /// it again once its entry was evicted, and whoever can fill the memory, at will.
    pub fn danger_allow_eviction(mut self) -> Self {
        self.may_evict = true;
        self
    }

    /// Builds the store. It connects when it is first asked.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if the URL isn't one of Redis without TLS, if the namespace is empty, longer than 64
    /// characters or has others than the printable ones of ASCII, or if a time-out is zero or over 30 s.
    pub fn build(self) -> Result<RedisStore, Error> {
        // Not shown: it may hold a password.
        let invalid = "expected a URL of the form redis://user:password@host:port/database, found another";
        if ["rediss:", "valkeys:"].iter().any(|scheme| self.url.starts_with(scheme)) {
            return Err(Error::misuse(
                "expected a URL without TLS, found one with it; `connect_with` connects over TLS",
            ));
        }
        let client = Client::open(self.url).map_err(|_| Error::misuse(invalid))?;
        if matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. }) {
            return Err(Error::misuse(invalid));
        }
        let named = (1..=64).contains(&self.namespace.len());
        if !named || !self.namespace.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(Error::misuse("expected a namespace of 1 to 64 printable characters, found another"));
        }
        let timeouts = [self.connect_timeout, self.response_timeout];
        if timeouts.iter().any(|timeout| timeout.is_zero() || *timeout > MAX_TIMEOUT) {
            return Err(Error::misuse("expected time-outs of up to 30 s, found zero or more"));
        }
        let server = Server::new(client, self.streams, timeouts, self.may_evict, self.clock);
        Ok(RedisStore::new(Link::new(server, timeouts), &self.namespace))
    }
}

/// Shows neither the URL, which may hold a password, nor what else there is.
impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}
