//! Time and tasks, a trait: what fetching in the background needs of an executor, and no more.
//!
//! Time is monotonic here. A wall clock that is set back would keep a withdrawn key alive.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

/// A task or a pause of a [`Runtime`].
pub type RuntimeFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Time and tasks. The application brings it, over its executor, or takes the feature `jwks-http`'s on tokio;
/// tests bring one whose time they move.
pub trait Runtime: Send + Sync {
    /// Returns the present time, which never goes back.
    fn now(&self) -> Instant;

    /// Returns a future that is done after this long.
    fn sleep(&self, duration: Duration) -> RuntimeFuture;

    /// Runs a future to its end, whether or not anybody waits for it.
    fn spawn(&self, task: RuntimeFuture);
}

impl<R: Runtime + ?Sized> Runtime for Arc<R> {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) -> RuntimeFuture {
        (**self).sleep(duration)
    }

    fn spawn(&self, task: RuntimeFuture) {
        (**self).spawn(task);
    }
}

/// The future's output, or `None` if the other one is done first.
pub(super) async fn before<F: Future>(future: F, end: RuntimeFuture) -> Option<F::Output> {
    let (mut future, mut end) = (pin!(future), end);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}
