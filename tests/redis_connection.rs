//! The connection to Redis that all requests share, over a server of the tests' own that answers what a connection
//! is judged by: callers that give up, attempts that fail, runtimes that end, stores that are dropped.

#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use countersign::gateway::redis::{RedisFault, RedisStore};
use support::{NOW, stopped_at};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

/// A server on the way to which handshakes wait until they are let through.
#[derive(Default)]
struct Door {
    /// How many handshakes have begun, have ended before they were let through, and connections have ended.
    begun: AtomicUsize,
    lost: AtomicUsize,
    closed: AtomicUsize,
    refuses: AtomicBool,
    panics: AtomicBool,
}

/// Lets none through at first.
fn door() -> (Arc<Door>, Arc<Semaphore>) {
    (Arc::default(), Arc::new(Semaphore::new(0)))
}

struct Handshake(Arc<Door>);

impl Drop for Handshake {
    fn drop(&mut self) {
        self.0.lost.fetch_add(1, Ordering::SeqCst);
    }
}

/// On a busy machine an answer may take long; who waits in vain has a time-out of its own.
const LONG: Duration = Duration::from_secs(20);

fn store(door: &Arc<Door>, gate: &Arc<Semaphore>, connect_timeout: Duration) -> RedisStore {
    let (door, gate) = (Arc::clone(door), Arc::clone(gate));
    let builder = RedisStore::builder("redis://elsewhere.example.com/").connect_with(move || {
        let (door, gate) = (Arc::clone(&door), Arc::clone(&gate));
        async move {
            door.begun.fetch_add(1, Ordering::SeqCst);
            let handshake = Handshake(Arc::clone(&door));
            gate.acquire().await.unwrap().forget();
            std::mem::forget(handshake);
            assert!(!door.panics.load(Ordering::SeqCst), "as the test wants it");
            if door.refuses.load(Ordering::SeqCst) {
                return Err(io::Error::from(io::ErrorKind::ConnectionRefused));
            }
            let (here, there) = tokio::io::duplex(4096);
            tokio::spawn(async move {
                let _ = serve(there).await;
                door.closed.fetch_add(1, Ordering::SeqCst);
            });
            Ok(here)
        }
    });
    let builder = builder.clock(stopped_at(NOW)).connect_timeout(connect_timeout).response_timeout(LONG);
    builder.build().unwrap()
}

/// Answers until the connection ends.
async fn serve(stream: DuplexStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut command = Vec::new();
        for _ in 0..length(&mut stream).await? {
            let mut part = vec![0; length(&mut stream).await? + 2];
            stream.read_exact(&mut part).await?;
            command.push(String::from_utf8_lossy(&part).trim_end().to_owned());
        }
        let about = "role:master\r\nmaxmemory_policy:noeviction\r\n";
        let answer = match command.first().map(String::as_str) {
            Some("CLIENT") => "+OK\r\n".to_owned(),
            Some("INFO") => format!("${}\r\n{about}\r\n", about.len()),
            Some("TIME") => format!("*2\r\n${}\r\n{NOW}\r\n$1\r\n0\r\n", NOW.to_string().len()),
            // The epoch, and no loss.
            Some("MGET") => "*2\r\n$1\r\n0\r\n$-1\r\n".to_owned(),
            _ => "-ERR unknown command\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// A line of a character that says what is counted, and its number.
async fn length(stream: &mut BufReader<DuplexStream>) -> io::Result<usize> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.get(1..).and_then(|number| number.trim_end().parse().ok()).unwrap())
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Asks until something has to be waited for.
async fn begin<F: Future>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[track_caller]
fn count(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::SeqCst)
}

async fn wait_for(counter: &AtomicUsize, expected: usize) {
    for _ in 0..20_000 {
        if count(counter) >= expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("expected {expected}, found {}", count(counter));
}

/// Asks until it answers as it should, while the store waits before it connects again.
async fn resumes(store: &RedisStore) {
    for _ in 0..1000 {
        if store.health().await == Ok(()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it doesn't resume: {:?}", store.health().await);
}

/// Whoever loses patience before the handshake is done takes it from nobody, however often: it isn't begun again,
/// and isn't a failure for which others would have to pause.
#[test]
fn callers_that_give_up_harm_nobody() {
    let (door, gate) = door();
    let store = store(&door, &gate, LONG);
    runtime().block_on(async {
        for _ in 0..50 {
            let mut hasty = Box::pin(store.health());
            assert_eq!(begin(&mut hasty).await, None);
            wait_for(&door.begun, 1).await;
            drop(hasty);
        }
        let mut patient = Box::pin(store.health());
        assert_eq!(begin(&mut patient).await, None);
        gate.add_permits(1);
        assert_eq!(patient.await, Ok(()));
        assert_eq!((count(&door.begun), count(&door.lost)), (1, 0));
        // The same for what nobody waits for any more: the next one finds it made.
        assert_eq!(store.health().await, Ok(()));
        assert_eq!(count(&door.begun), 1);
    });
}

/// One attempt at a time, whose failure is that of all who wait for it; what comes later makes another.
#[test]
fn an_attempt_that_fails_has_failed_for_all_who_wait() {
    for panics in [false, true] {
        let (door, gate) = door();
        let store = store(&door, &gate, LONG);
        let instead = if panics { &door.panics } else { &door.refuses };
        instead.store(true, Ordering::SeqCst);
        runtime().block_on(async {
            let mut waiting: Vec<_> = (0..10).map(|_| Box::pin(store.health())).collect();
            for asked in &mut waiting {
                assert_eq!(begin(asked).await, None);
            }
            gate.add_permits(1);
            for asked in waiting {
                assert_eq!(asked.await, Err(RedisFault::Unreachable));
            }
            assert_eq!(count(&door.begun), 1);
            instead.store(false, Ordering::SeqCst);
            gate.add_permits(1);
            resumes(&store).await;
            assert_eq!(count(&door.begun), 2);
        });
    }
}

/// An attempt doesn't outlive its time though nobody waits for it any more.
#[test]
fn an_attempt_that_takes_too_long_ends_by_itself() {
    let (door, gate) = door();
    let store = store(&door, &gate, Duration::from_millis(50));
    runtime().block_on(async {
        let mut hasty = Box::pin(store.health());
        assert_eq!(begin(&mut hasty).await, None);
        wait_for(&door.begun, 1).await;
        drop(hasty);
        wait_for(&door.lost, 1).await;
        // And to whom does wait, it says so.
        for _ in 0..1000 {
            assert_eq!(store.health().await, Err(RedisFault::TimedOut));
            if count(&door.begun) > 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(count(&door.begun) > 1);
        gate.add_permits(1000);
        resumes(&store).await;
    });
}

/// No task stays behind: neither one that connects, which outlives each caller, nor that of a connection.
#[test]
fn a_store_that_is_dropped_leaves_nothing_behind() {
    let (door, gate) = door();
    runtime().block_on(async {
        let dropped = store(&door, &gate, LONG);
        let mut hasty = Box::pin(dropped.health());
        assert_eq!(begin(&mut hasty).await, None);
        wait_for(&door.begun, 1).await;
        drop(hasty);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(count(&door.lost), 0);
        drop(dropped);
        wait_for(&door.lost, 1).await;

        let dropped = store(&door, &gate, LONG);
        gate.add_permits(1);
        assert_eq!(dropped.health().await, Ok(()));
        assert_eq!(count(&door.closed), 0);
        drop(dropped);
        wait_for(&door.closed, 1).await;
        assert_eq!((count(&door.begun), count(&door.lost)), (2, 1));
    });
}

/// An attempt that ends with its runtime is no failure, and who waits for it on another makes one there.
#[test]
fn an_attempt_that_is_lost_with_its_runtime_is_made_again() {
    let (door, gate) = door();
    let store = store(&door, &gate, LONG);
    let (ending, lasting) = (runtime(), runtime());
    ending.block_on(async {
        assert_eq!(begin(&mut Box::pin(store.health())).await, None);
        wait_for(&door.begun, 1).await;
    });
    let mut waiting = Box::pin(store.health());
    assert_eq!(lasting.block_on(begin(&mut waiting)), None);
    drop(ending);
    assert_eq!(count(&door.lost), 1);
    gate.add_permits(1);
    assert_eq!(lasting.block_on(waiting), Ok(()));
    assert_eq!((count(&door.begun), count(&door.lost)), (2, 1));
}

/// An attempt on a runtime that nobody drives stands still, and isn't waited for longer than any other.
#[test]
fn an_attempt_that_stands_still_is_made_again() {
    let (door, gate) = door();
    let store = store(&door, &gate, Duration::from_millis(500));
    let (still, running) = (runtime(), runtime());
    still.block_on(async {
        assert_eq!(begin(&mut Box::pin(store.health())).await, None);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    });
    assert_eq!((count(&door.begun), count(&door.lost)), (1, 0));
    gate.add_permits(1000);
    running.block_on(async {
        assert_eq!(store.health().await, Err(RedisFault::TimedOut));
        resumes(&store).await;
    });
    // It was ended, and when it goes on, it takes nothing from its successor.
    still.block_on(wait_for(&door.lost, 1));
    let begun = count(&door.begun);
    assert_eq!(running.block_on(store.health()), Ok(()));
    assert_eq!(count(&door.begun), begun);
}
