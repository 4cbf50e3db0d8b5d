//! A bounded queue of events between the requests and whoever writes them down: one side never waits, the
//! other does, in a thread or in a task of any executor.
//!
//! A full queue loses the new event and counts it: what is in the queue was promised first, and a flood of
//! refusals must not push out the line that tells how it began.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::event::AuditEvent;
use super::sink::AuditSink;
use crate::error::Error;

/// Makes a queue of at most so many events: the sink that fills it, and the receiver that empties it.
///
/// An event takes about 500 bytes in the queue, and never more than some 4 KiB.
///
/// # Errors
///
/// [`Error::Misuse`] if the capacity is zero.
pub fn channel(capacity: usize) -> Result<(ChannelSink, ChannelReceiver), Error> {
    if capacity == 0 {
        return Err(Error::misuse("expected room for some events in the channel, found none"));
    }
    let shared = Arc::new(Shared {
        capacity,
        dropped: AtomicU64::new(0),
        state: Mutex::new(State { queue: VecDeque::new(), task: None, has_sink: true, has_receiver: true }),
        arrived: Condvar::new(),
    });
    Ok((ChannelSink { shared: Arc::clone(&shared) }, ChannelReceiver { shared }))
}

/// The side of a [`channel`](channel()) that events go in.
pub struct ChannelSink {
    shared: Arc<Shared>,
}

/// The side of a [`channel`](channel()) that events come out, in the order in which they went in.
pub struct ChannelReceiver {
    shared: Arc<Shared>,
}

struct Shared {
    capacity: usize,
    dropped: AtomicU64,
    state: Mutex<State>,
    arrived: Condvar,
}

struct State {
    queue: VecDeque<AuditEvent<'static>>,
    /// The task that waits for the next event.
    task: Option<Waker>,
    has_sink: bool,
    has_receiver: bool,
}

impl ChannelSink {
    /// Returns how many events were lost, because the queue was full or there is no receiver any more.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }
}

impl ChannelReceiver {
    /// Waits for the next event, with the thread. `None` once the sink is gone and the queue is empty.
    pub fn recv(&mut self) -> Option<AuditEvent<'static>> {
        let mut state = self.shared.lock();
        loop {
            if let Some(event) = state.queue.pop_front() {
                return Some(event);
            }
            if !state.has_sink {
                return None;
            }
            state = self.shared.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for the next event like [`recv`](Self::recv), in a task. A future that is dropped takes no event
    /// with it.
    pub async fn recv_async(&mut self) -> Option<AuditEvent<'static>> {
        poll_fn(|context| self.poll(context)).await
    }

    /// Returns the next event if there is one now.
    pub fn try_recv(&mut self) -> Option<AuditEvent<'static>> {
        self.shared.lock().queue.pop_front()
    }

    /// Returns how many events were lost, because the queue was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    fn poll(&mut self, context: &Context<'_>) -> Poll<Option<AuditEvent<'static>>> {
        // The old task's waker is foreign code, as is the clone of the new one: both outside of the lock.
        let task = context.waker().clone();
        let mut state = self.shared.lock();
        let next = state.queue.pop_front();
        if next.is_some() || !state.has_sink {
            return Poll::Ready(next);
        }
        let before = state.task.replace(task);
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl AuditSink for ChannelSink {
    fn record(&self, event: &AuditEvent<'_>) {
        // Asked first, so that an event that can't be kept isn't made one's own.
        if self.shared.lock().has_room(self.shared.capacity) {
            let event = event.to_kept();
            let mut state = self.shared.lock();
            if state.has_room(self.shared.capacity) {
                state.queue.push_back(event);
                return self.shared.wake(state);
            }
        }
        self.shared.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// Nothing that holds the lock can panic halfway but for want of memory, so a poisoned state is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the lock go and the receiver look.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let task = state.task.take();
        drop(state);
        self.arrived.notify_one();
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl State {
    fn has_room(&self, capacity: usize) -> bool {
        self.has_receiver && self.queue.len() < capacity
    }
}

impl Drop for ChannelSink {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.has_sink = false;
        self.shared.wake(state);
    }
}

impl Drop for ChannelReceiver {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.has_receiver = false;
        let unread = std::mem::take(&mut state.queue);
        let task = state.task.take();
        drop(state);
        drop(task);
        let unread = u64::try_from(unread.len()).unwrap_or(u64::MAX);
        self.shared.dropped.fetch_add(unread, Ordering::Relaxed);
    }
}

/// Shows how many events were lost.
impl fmt::Debug for ChannelSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelSink").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}

/// Shows how many events were lost.
impl fmt::Debug for ChannelReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelReceiver").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}
