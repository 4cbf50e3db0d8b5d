//! Time and tasks of tokio: a runtime is found where this is made, and serves from then on, whoever asks and
//! wherever from.
//!
//! Time is tokio's, so that tests which stop and move it see a set of keys grow old.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::panic::catch_unwind;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

use super::runtime::{Runtime, RuntimeFuture};
use crate::error::Error;

/// The tokio runtime that it is made in, as a [`Runtime`].
///
/// It may be used from anywhere afterwards, other threads and executors too. What is fetched in the background
/// goes on while that runtime runs: one of a single thread does so only inside its `block_on`.
#[derive(Clone)]
pub struct TokioRuntime {
    handle: Handle,
}

impl TokioRuntime {
    /// Returns the runtime that this is called in, which needs timers and I/O: `enable_all` of its builder, and what
    /// `#[tokio::main]` makes.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] outside a tokio runtime, or inside one whose timers or I/O aren't enabled.
    pub fn current() -> Result<Self, Error> {
        current().map(|handle| Self { handle })
    }
}

/// The runtime that this is called in, if it has what fetching takes. Without it, each fetch would end in a panic of
/// its task, and that would look like a server that can't be reached.
pub(super) fn current() -> Result<Handle, Error> {
    let handle = Handle::try_current()
        .map_err(|_| Error::misuse("expected to be called in a tokio runtime, found none"))?;
    // Tokio has no question for either but to use it, whose answer is a panic.
    let timer = || {
        let mut context = Context::from_waker(Waker::noop());
        let _ = pin!(tokio::time::sleep(Duration::from_secs(1))).poll(&mut context);
    };
    if catch_unwind(timer).is_err() {
        return Err(Error::misuse(
            "expected a tokio runtime with timers, found one without; `enable_all` of its builder",
        ));
    }
    let has_io = match probe() {
        Ok(socket) => catch_unwind(move || drop(UdpSocket::from_std(socket))).is_ok(),
        // Where there isn't even that, nothing was found out.
        Err(_) => true,
    };
    if !has_io {
        return Err(Error::misuse(
            "expected a tokio runtime with I/O, found one without; `enable_all` of its builder",
        ));
    }
    Ok(handle)
}

/// A socket that nothing is sent or received by.
fn probe() -> io::Result<std::net::UdpSocket> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

impl Runtime for TokioRuntime {
    fn now(&self) -> Instant {
        // Where tests have stopped the time, they have stopped it for the runtime, not for the thread.
        let _inside = self.handle.enter();
        tokio::time::Instant::now().into_std()
    }

    fn sleep(&self, duration: Duration) -> RuntimeFuture {
        let sleep = {
            let _inside = self.handle.enter();
            tokio::time::sleep(duration)
        };
        // In a task, which ends with its runtime. A timer that outlives it panics.
        let task = Task::spawn(&self.handle, sleep);
        Box::pin(async move {
            let _ = task.await;
        })
    }

    fn spawn(&self, task: RuntimeFuture) {
        drop(self.handle.spawn(task));
    }
}

impl fmt::Debug for TokioRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioRuntime").finish_non_exhaustive()
    }
}

/// A task that ends when nobody waits for it any more.
pub(super) struct Task<T>(JoinHandle<T>);

impl<T: Send + 'static> Task<T> {
    pub(super) fn spawn(handle: &Handle, future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(handle.spawn(future))
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
