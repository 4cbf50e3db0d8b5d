//! The connection to Redis that all requests share: made by the first one that needs it, judged before it is
//! used, given up when it fails, and made again, later and later, by those that come after.
//!
//! Nothing here waits without an end: a request waits for a connection and an answer as long as the two
//! settings say, and while the server is known to be away not at all.

use std::io;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError, ScriptInvocation};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::fault::RedisFault;
use crate::clock::Clock;
use crate::crypto;
use crate::jwt::NumericDate;

/// By how much the server's clock may differ from the gateway's. An entry stays so much longer than a verifier
/// may accept its tokens, since it leaves by the server's clock.
pub(super) const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// The least and the greatest pause between two attempts to connect.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(1600)];

/// What the server is asked in one round trip.
pub(super) enum Question<'a> {
    Command(&'a Cmd),
    Script(&'a ScriptInvocation<'a>),
}

/// What a connection may run over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The application's own way to connect.
pub(super) type Streams =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>> + Send + Sync>;

pub(super) struct Link {
    client: Client,
    streams: Option<Streams>,
    config: AsyncConnectionConfig,
    connect_timeout: Duration,
    response_timeout: Duration,
    may_evict: bool,
    clock: Arc<dyn Clock>,
    live: RwLock<Option<Live>>,
    attempts: Mutex<Attempts>,
}

#[derive(Clone)]
struct Live {
    connection: MultiplexedConnection,
    _driver: Option<Arc<Driver>>,
    /// Tells it from those before, so that who gives one up late doesn't end its successor.
    number: u64,
}

/// The task behind a connection over one of the application's streams, which ends with the last that uses it:
/// by itself it would wait for the answers of a server that hangs.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Attempts {
    made: u64,
    failed: u32,
    not_before: Option<Instant>,
    /// Why the last one failed.
    fault: RedisFault,
}

impl Link {
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
        let attempts = Attempts { made: 0, failed: 0, not_before: None, fault: RedisFault::Unreachable };
        Self {
            client,
            streams,
            config,
            connect_timeout,
            response_timeout,
            may_evict,
            clock,
            live: RwLock::new(None),
            attempts: Mutex::new(attempts),
        }
    }

    /// The time by the gateway's clock.
    pub(super) fn now(&self) -> NumericDate {
        self.clock.now().into()
    }

    /// Asks once. Whether the server has acted on a question whose answer is an error isn't known.
    pub(super) async fn ask<T: FromRedisValue>(&self, question: Question<'_>) -> Result<T, RedisFault> {
        self.bounded(async { self.put(&question).await.map_err(|(fault, _)| fault) }).await
    }

    /// Asks, and once more over another connection if the first turns out to be closed, as it is after the
    /// server was restarted. For questions that may be answered twice.
    pub(super) async fn ask_again<T: FromRedisValue>(&self, question: Question<'_>) -> Result<T, RedisFault> {
        let twice = async {
            match self.put(&question).await {
                Err((_, true)) => self.put(&question).await.map_err(|(fault, _)| fault),
                first => first.map_err(|(fault, _)| fault),
            }
        };
        self.bounded(twice).await
    }

    /// Judges the server that is connected to once more, and gives it up if it isn't to be relied on now.
    pub(super) async fn judge_again(&self) -> Result<(), RedisFault> {
        let judged = async {
            let mut live = self.live().await?;
            let judged = self.judge(&mut live.connection).await;
            if judged.is_err() {
                self.give_up(live.number);
            }
            judged
        };
        self.bounded(judged).await
    }

    async fn bounded<T>(&self, answer: impl Future<Output = Result<T, RedisFault>>) -> Result<T, RedisFault> {
        if Handle::try_current().is_err() {
            return Err(RedisFault::NoRuntime);
        }
        let limit = self.connect_timeout.saturating_add(self.response_timeout);
        timeout(limit, answer).await.unwrap_or(Err(RedisFault::TimedOut))
    }

    /// Asks over the connection there is. The error says whether it was closed.
    async fn put<T: FromRedisValue>(&self, question: &Question<'_>) -> Result<T, (RedisFault, bool)> {
        let mut live = self.live().await.map_err(|fault| (fault, false))?;
        let answer = match question {
            Question::Command(command) => command.query_async(&mut live.connection).await,
            Question::Script(script) => script.invoke_async(&mut live.connection).await,
        };
        answer.map_err(|error: RedisError| {
            let fault = RedisFault::of(&error);
            if fault.ends_the_connection() {
                self.give_up(live.number);
            }
            (fault, error.is_connection_dropped())
        })
    }

    fn current(&self) -> Option<Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn give_up(&self, number: u64) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if live.as_ref().is_some_and(|live| live.number == number) {
            *live = None;
        }
    }

    async fn live(&self) -> Result<Live, RedisFault> {
        if let Some(live) = self.current() {
            return Ok(live);
        }
        // One connects, the others wait for it.
        let mut attempts = self.attempts.lock().await;
        if let Some(live) = self.current() {
            return Ok(live);
        }
        if attempts.not_before.is_some_and(|time| Instant::now() < time) {
            return Err(attempts.fault);
        }
        // Before it is made, so that one that its caller gives up counts too.
        attempts.failed = attempts.failed.saturating_add(1);
        attempts.fault = RedisFault::TimedOut;
        attempts.not_before = Some(Instant::now() + pause(attempts.failed));
        let connected = timeout(self.connect_timeout, self.connect()).await;
        match connected.unwrap_or(Err(RedisFault::TimedOut)) {
            Ok((connection, _driver)) => {
                let number = attempts.made.wrapping_add(1);
                *attempts =
                    Attempts { made: number, failed: 0, not_before: None, fault: RedisFault::Unreachable };
                let live = Live { connection, _driver, number };
                *self.live.write().unwrap_or_else(PoisonError::into_inner) = Some(live.clone());
                Ok(live)
            }
            Err(fault) => {
                attempts.fault = fault;
                attempts.not_before = Some(Instant::now() + pause(attempts.failed));
                Err(fault)
            }
        }
    }

    async fn connect(&self) -> Result<(MultiplexedConnection, Option<Arc<Driver>>), RedisFault> {
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
                    let driver = Driver(tokio::spawn(task).abort_handle());
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
    async fn judge(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisFault> {
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

/// 50 ms, doubled with each failure up to 1.6 s, of which a random half is left out so that the gateways that
/// one outage hit don't come back at once.
fn pause(failed: u32) -> Duration {
    let [least, most] = PAUSES;
    let whole = least.saturating_mul(1 << failed.saturating_sub(1).min(8)).min(most);
    let mut random = [0_u8];
    // Without randomness, all of it.
    let random = if crypto::fill_random(&mut random).is_ok() { u32::from(random[0]) } else { 255 };
    let half = whole / 2;
    half + half * random / 255
}
