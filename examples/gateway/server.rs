//! A server on a free port of loopback. Its address is known before its routes are: the parts name each other.

use std::io;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Failure;

/// An address that nobody answers at yet.
pub struct Port {
    listener: TcpListener,
    url: String,
}

impl Port {
    pub async fn free() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, url })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn serve(self, routes: Router) -> Server {
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(self.listener, routes).with_graceful_shutdown(async {
            // That nobody can stop it any more stops it too.
            let _ = stopped.await;
        });
        Server { url: self.url, stop, task: tokio::spawn(serving.into_future()) }
    }
}

/// A server that answers.
pub struct Server {
    url: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers what has come in already, and ends.
    pub async fn stop(self) -> Result<(), Failure> {
        drop(self.stop);
        Ok(self.task.await??)
    }
}
