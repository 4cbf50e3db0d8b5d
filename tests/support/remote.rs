//! A runtime whose time the test moves, and an HTTP client that answers from a script: fetches, waits and
//! outages of hours run in no time, and the same each time.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use countersign::keys::remote::{
    HttpClient, HttpFailure, HttpFuture, HttpResponse, KeySourceEvent, RemoteJwks, RemoteJwksBuilder,
    Runtime, RuntimeFuture,
};
use countersign::{JwkSet, JwsAlgorithm, SigningKey};

/// A key that signs, of this ID.
pub(crate) fn key(key_id: &str) -> SigningKey {
    SigningKey::generate(JwsAlgorithm::Ed25519).unwrap().with_key_id(key_id)
}

/// What an issuer of these keys publishes.
pub(crate) fn published(keys: &[&SigningKey]) -> String {
    let set: JwkSet = keys.iter().map(|key| key.to_public_jwk().unwrap()).collect();
    set.to_public_json().unwrap()
}

/// Time that stands still until all tasks wait for it.
#[derive(Clone)]
pub(crate) struct Virtual(Arc<Mutex<State>>);

struct State {
    start: Instant,
    passed: Duration,
    sleepers: Vec<Duration>,
    spawned: Vec<RuntimeFuture>,
    running: Vec<RuntimeFuture>,
}

impl Virtual {
    pub(crate) fn new() -> Self {
        let state = State {
            start: Instant::now(),
            passed: Duration::ZERO,
            sleepers: Vec::new(),
            spawned: Vec::new(),
            running: Vec::new(),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn passed(&self) -> Duration {
        self.0.lock().unwrap().passed
    }

    /// Moves time on, and lets everything happen that is due until then.
    pub(crate) fn pass(&self, duration: Duration) {
        self.block_on(self.sleep(duration));
        self.settle();
    }

    /// Polls all tasks until none gets any further.
    fn settle(&self) {
        // Each poll may wake any other; a few rounds suffice for chains this short.
        for _ in 0..4 {
            let mut tasks = {
                let mut state = self.0.lock().unwrap();
                let mut tasks = std::mem::take(&mut state.running);
                tasks.append(&mut state.spawned);
                tasks
            };
            let mut context = Context::from_waker(Waker::noop());
            tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
            self.0.lock().unwrap().running.append(&mut tasks);
        }
    }

    /// Drops all tasks, as a runtime that shuts down does.
    pub(crate) fn drop_tasks(&self) {
        let tasks = {
            let mut state = self.0.lock().unwrap();
            (std::mem::take(&mut state.running), std::mem::take(&mut state.spawned))
        };
        drop(tasks);
    }

    /// Drives the future and all tasks; when all of them wait, time goes on to the next that is due.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        for _ in 0..10_000 {
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            self.settle();
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            let mut state = self.0.lock().unwrap();
            if !state.spawned.is_empty() {
                continue;
            }
            let passed = state.passed;
            state.sleepers.retain(|due| *due > passed);
            state.passed = state.sleepers.iter().copied().min().expect("somebody waits for time");
        }
        panic!("it never ends");
    }
}

impl Runtime for Virtual {
    fn now(&self) -> Instant {
        let state = self.0.lock().unwrap();
        state.start + state.passed
    }

    fn sleep(&self, duration: Duration) -> RuntimeFuture {
        let this = self.clone();
        let due = self.passed() + duration;
        self.0.lock().unwrap().sleepers.push(due);
        Box::pin(poll_fn(move |_| {
            let mut state = this.0.lock().unwrap();
            if state.passed >= due {
                return Poll::Ready(());
            }
            if !state.sleepers.contains(&due) {
                state.sleepers.push(due);
            }
            Poll::Pending
        }))
    }

    fn spawn(&self, task: RuntimeFuture) {
        self.0.lock().unwrap().spawned.push(task);
    }
}

/// What the server does with one request.
#[derive(Clone)]
pub(crate) enum Answer {
    Is(HttpResponse),
    Fails(HttpFailure),
    After(Duration, Box<Self>),
    Never,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Is(HttpResponse::new(200, body))
    }

    pub(crate) fn down() -> Self {
        Self::Fails(HttpFailure::Unreachable)
    }

    pub(crate) fn after(self, seconds: u64) -> Self {
        Self::After(Duration::from_secs(seconds), Box::new(self))
    }
}

/// A server: answers to come, then one for all others.
#[derive(Clone)]
pub(crate) struct Server {
    time: Virtual,
    script: Arc<Mutex<(VecDeque<Answer>, Answer)>>,
    requests: Arc<Mutex<Vec<(Duration, String)>>>,
    events: Arc<Mutex<Vec<KeySourceEvent>>>,
}

impl Server {
    pub(crate) fn new(time: &Virtual, answer: Answer) -> Self {
        Self {
            time: time.clone(),
            script: Arc::new(Mutex::new((VecDeque::new(), answer))),
            requests: Arc::default(),
            events: Arc::default(),
        }
    }

    pub(crate) fn then(&self, answer: Answer) {
        self.script.lock().unwrap().0.push_back(answer);
    }

    pub(crate) fn always(&self, answer: Answer) {
        *self.script.lock().unwrap() = (VecDeque::new(), answer);
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub(crate) fn times(&self) -> Vec<Duration> {
        self.requests.lock().unwrap().iter().map(|(time, _)| *time).collect()
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.requests.lock().unwrap().iter().map(|(_, url)| url.clone()).collect()
    }

    /// The events since they were last asked for.
    pub(crate) fn events(&self) -> Vec<KeySourceEvent> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }

    /// What a source tells its events to.
    pub(crate) fn listener(&self) -> impl Fn(&KeySourceEvent) + Send + Sync + 'static {
        let events = Arc::clone(&self.events);
        move |event| events.lock().unwrap().push(event.clone())
    }

    pub(crate) fn source(&self, builder: RemoteJwksBuilder) -> RemoteJwks {
        builder.on_event(self.listener()).build(self.clone(), self.time.clone()).unwrap()
    }
}

impl HttpClient for Server {
    fn get<'a>(&'a self, url: &'a str, _: usize) -> HttpFuture<'a> {
        self.requests.lock().unwrap().push((self.time.passed(), url.to_owned()));
        let answer = {
            let mut script = self.script.lock().unwrap();
            let next = script.0.pop_front();
            next.unwrap_or_else(|| script.1.clone())
        };
        Box::pin(async move {
            let mut answer = answer;
            loop {
                match answer {
                    Answer::Is(response) => return Ok(response),
                    Answer::Fails(failure) => return Err(failure),
                    Answer::Never => std::future::pending().await,
                    Answer::After(duration, then) => {
                        self.time.sleep(duration).await;
                        answer = *then;
                    }
                }
            }
        })
    }
}

/// Drives all futures together.
pub(crate) async fn all<F: Future + Unpin>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<(F, Option<F::Output>)> = futures.into_iter().map(|future| (future, None)).collect();
    poll_fn(move |context| {
        let mut done = true;
        for (future, output) in pending.iter_mut().filter(|(_, output)| output.is_none()) {
            match Pin::new(future).poll(context) {
                Poll::Ready(ready) => *output = Some(ready),
                Poll::Pending => done = false,
            }
        }
        if !done {
            return Poll::Pending;
        }
        Poll::Ready(pending.iter_mut().filter_map(|(_, output)| output.take()).collect())
    })
    .await
}
