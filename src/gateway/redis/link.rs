//! The connection to Redis that all requests share: made when the first one needs it, given up when it fails,
//! and made again, later and later, for those that come after.
//!
//! Nothing here waits without an end: a request waits for a connection and an answer as long as the two
//! settings say, and while the server is known to be away not at all. A request that is given up meanwhile takes
//! nothing from the others: what connects is a task of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::thread;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{Cmd, FromRedisValue, RedisError, ScriptInvocation};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::fault::RedisFault;
use super::server::{Connection, Server, Task};
use crate::jwt::NumericDate;
use crate::keys::back_off::back_off;

/// The pause after an attempt to connect that failed, and the longest after several.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(1600)];

/// What the server is asked in one round trip.
pub(super) enum Question<'a> {
    Command(&'a Cmd),
    Script(&'a ScriptInvocation<'a>),
}

pub(super) struct Link {
    server: Arc<Server>,
    connect_timeout: Duration,
    response_timeout: Duration,
    shared: Arc<Shared>,
}

/// What requests share with the task that connects, which doesn't keep it: it ends with the link.
struct Shared {
    live: RwLock<Option<Live>>,
    attempts: Mutex<Attempts>,
}

#[derive(Clone)]
struct Live {
    connection: MultiplexedConnection,
    _driver: Option<Arc<Task>>,
    /// Tells it from those before, so that who gives one up late doesn't end its successor.
    number: u64,
}

struct Attempts {
    begun: u64,
    failed: u32,
    not_before: Option<Instant>,
    /// Why the last one failed.
    fault: RedisFault,
    /// One at a time.
    under_way: Option<Attempt>,
}

struct Attempt {
    number: u64,
    /// When it has taken too long, also where its runtime doesn't get to say so.
    until: Instant,
    outcome: watch::Sender<Option<Result<Live, RedisFault>>>,
    task: Option<Task>,
}

/// What a request finds that needs a connection.
enum Turn {
    Live(Live),
    Wait { number: u64, until: Instant, outcome: watch::Receiver<Option<Result<Live, RedisFault>>> },
}

impl Link {
    pub(super) fn new(server: Server, [connect_timeout, response_timeout]: [Duration; 2]) -> Self {
        let attempts = Attempts {
            begun: 0,
            failed: 0,
            not_before: None,
            fault: RedisFault::Unreachable,
            under_way: None,
        };
        let shared = Shared { live: RwLock::new(None), attempts: Mutex::new(attempts) };
        Self { server: Arc::new(server), connect_timeout, response_timeout, shared: Arc::new(shared) }
    }

    /// The time by the gateway's clock.
    pub(super) fn now(&self) -> NumericDate {
        self.server.now()
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
            let judged = self.server.judge(&mut live.connection).await;
            if judged.is_err() {
                self.shared.give_up(live.number);
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
                self.shared.give_up(live.number);
            }
            (fault, error.is_connection_dropped())
        })
    }

    /// The connection there is, or the outcome of the attempt to make one. If the caller is dropped, the attempt
    /// goes on.
    async fn live(&self) -> Result<Live, RedisFault> {
        if let Some(live) = self.shared.current() {
            return Ok(live);
        }
        // Once more if the attempt was lost with its runtime, which is that of another caller.
        for _ in 0..2 {
            let (number, until, mut outcome) = match self.turn()? {
                Turn::Live(live) => return Ok(live),
                Turn::Wait { number, until, outcome } => (number, until, outcome),
            };
            let over = timeout_at(until, outcome.wait_for(Option::is_some)).await;
            match over.map(|over| over.ok().and_then(|outcome| outcome.clone())) {
                Ok(Some(outcome)) => return outcome,
                Ok(None) => {}
                Err(_) => {
                    // Or else nobody would connect while its runtime stands still.
                    self.shared.end(number, Some(Err(RedisFault::TimedOut)));
                    return Err(RedisFault::TimedOut);
                }
            }
        }
        Err(RedisFault::Unreachable)
    }

    /// Joins the attempt that is under way, or begins one unless the last failed just now.
    fn turn(&self) -> Result<Turn, RedisFault> {
        let mut attempts = self.shared.attempts();
        if let Some(live) = self.shared.current() {
            return Ok(Turn::Live(live));
        }
        if let Some(Attempt { number, until, outcome, .. }) = &attempts.under_way {
            return Ok(Turn::Wait { number: *number, until: *until, outcome: outcome.subscribe() });
        }
        if attempts.not_before.is_some_and(|time| Instant::now() < time) {
            return Err(attempts.fault);
        }
        let number = attempts.begun.wrapping_add(1);
        attempts.begun = number;
        let until = Instant::now() + self.connect_timeout;
        let (sender, outcome) = watch::channel(None);
        attempts.under_way = Some(Attempt { number, until, outcome: sender, task: None });
        drop(attempts);
        // Not under the lock: a runtime that is being shut down drops the task here, which takes the lock.
        let server = Arc::clone(&self.server);
        let ending = Ending { shared: Arc::downgrade(&self.shared), number };
        let task = tokio::spawn(async move {
            let outcome = server.connect().await;
            ending.end(Some(outcome));
        });
        let task = Task(task.abort_handle());
        if let Some(attempt) = &mut self.shared.attempts().under_way
            && attempt.number == number
        {
            attempt.task = Some(task);
        }
        Ok(Turn::Wait { number, until, outcome })
    }
}

impl Shared {
    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Ends an attempt, if it hasn't ended yet; without an outcome it is as if it had never been.
    fn end(&self, number: u64, outcome: Option<Result<Connection, RedisFault>>) {
        let mut attempts = self.attempts();
        let Some(ended) = attempts.under_way.take_if(|attempt| attempt.number == number) else { return };
        let outcome =
            outcome.map(|outcome| outcome.map(|(connection, _driver)| Live { connection, _driver, number }));
        match &outcome {
            Some(Ok(live)) => {
                attempts.failed = 0;
                attempts.not_before = None;
                // Before the lock is released, so that nobody finds neither this nor the attempt.
                *self.live.write().unwrap_or_else(PoisonError::into_inner) = Some(live.clone());
            }
            Some(Err(fault)) => {
                attempts.failed = attempts.failed.saturating_add(1);
                attempts.not_before = Some(Instant::now() + back_off(attempts.failed, PAUSES));
                attempts.fault = *fault;
            }
            None => {}
        }
        drop(attempts);
        if outcome.is_some() {
            ended.outcome.send_replace(outcome);
        }
        // Only now that the lock is released: to abort the task may drop what it holds, which takes the lock.
        drop(ended);
    }
}

/// How an attempt ends: with its outcome; as a failure where the application's function panics; without one if
/// its runtime is shut down.
struct Ending {
    shared: Weak<Shared>,
    number: u64,
}

impl Ending {
    fn end(&self, outcome: Option<Result<Connection, RedisFault>>) {
        if let Some(shared) = self.shared.upgrade() {
            shared.end(self.number, outcome);
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.end(thread::panicking().then_some(Err(RedisFault::Unreachable)));
    }
}
