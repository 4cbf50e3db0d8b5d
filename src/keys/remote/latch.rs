//! A latch: tasks wait until it is opened, once, by whoever has what they wait for.
//!
//! It belongs to no executor. A waker is somebody else's code: it is cloned, dropped and called without the lock.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

#[derive(Default)]
pub(super) struct Latch {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: bool,
    waiting: HashMap<u64, Waker>,
    waiters: u64,
}

impl Latch {
    pub(super) fn open(&self) {
        let waiting = {
            let mut state = self.state();
            state.open = true;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_values().for_each(Waker::wake);
    }

    /// Is done once the latch is open.
    pub(super) async fn opened(&self) {
        let waiter = Waiter::new(self);
        poll_fn(|context| {
            let waker = context.waker().clone();
            let (poll, unused) = {
                let mut state = self.state();
                if state.open {
                    (Poll::Ready(()), Some(waker))
                } else {
                    (Poll::Pending, state.waiting.insert(waiter.id, waker))
                }
            };
            drop(unused);
            poll
        })
        .await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic is done while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who wait, given up when the wait is.
struct Waiter<'l> {
    latch: &'l Latch,
    id: u64,
}

impl<'l> Waiter<'l> {
    fn new(latch: &'l Latch) -> Self {
        let mut state = latch.state();
        state.waiters += 1;
        Self { latch, id: state.waiters }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let Self { latch, id } = self;
        let waker = latch.state().waiting.remove(id);
        // It may be the last that holds its task, with another waiter in it, which takes the lock again.
        drop(waker);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn all_who_wait_are_woken_and_none_who_gave_up() {
        let (latch, count) = (Latch::default(), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&count));
        let mut context = Context::from_waker(&waker);
        let mut first = pin!(latch.opened());
        let mut second = pin!(latch.opened());
        {
            let third = pin!(latch.opened());
            assert!(third.poll(&mut context).is_pending());
        }
        for _ in 0..3 {
            assert!(first.as_mut().poll(&mut context).is_pending());
            assert!(second.as_mut().poll(&mut context).is_pending());
        }
        assert_eq!(latch.state().waiting.len(), 2);
        latch.open();
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
        assert!(first.poll(&mut context).is_ready());
        assert!(second.poll(&mut context).is_ready());
        assert!(pin!(latch.opened()).poll(&mut context).is_ready());
    }
}
