//! The choices of a source in the making: setters go in, a [`RemoteJwks`] comes out, or an error that says
//! which of them contradict each other.
//!
//! Each default stands at its setter. What would turn a protection off has no setter.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "jwks-http")]
use super::client::ReqwestClient;
use super::document::Location;
use super::event::KeySourceEvent;
use super::http::HttpClient;
use super::jwks::RemoteJwks;
use super::runtime::Runtime;
#[cfg(feature = "jwks-http")]
use super::tokio_runtime::TokioRuntime;
use super::url::{Transport, transport};
use super::waits::{Waits, first_misuse};
use crate::error::Error;
use crate::keys::back_off::by_chance;

/// How a [`RemoteJwks`] is told what happens.
pub(super) type Listener = Box<dyn Fn(&KeySourceEvent) + Send + Sync>;

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) lifetime: Duration,
    pub(super) least: Duration,
    pub(super) most: Duration,
    pub(super) refresh_ahead: Duration,
    pub(super) waits: Waits,
    /// What a URL must be at least: those after it in [`Transport`] are refused.
    pub(super) transport: Transport,
}

impl Settings {
    /// Two fetches in this time: one by schedule, one for a key that nobody announced.
    pub(super) const WINDOW: Duration = Duration::from_secs(30);

    fn check(&self) -> Result<(), Error> {
        let Self { lifetime, least, most, refresh_ahead, waits, .. } = *self;
        first_misuse([
            (
                least <= Self::WINDOW,
                "expected sets that are kept for more than 30 s, in which only two are fetched, found less",
            ),
            (
                lifetime < least || most < lifetime,
                "expected a lifetime between the least and the most, found one outside",
            ),
            (most > Waits::DAY, "expected sets that are kept for at most a day, found more"),
            (
                refresh_ahead >= least,
                "expected `refresh_ahead` to be less than the least lifetime, found as much or more",
            ),
        ])?;
        waits.check()
    }
}

/// The choices of a [`RemoteJwks`] in the making. Each has a default.
#[must_use = "`build` makes the source"]
pub struct RemoteJwksBuilder {
    location: Location,
    settings: Settings,
    listener: Listener,
}

impl RemoteJwksBuilder {
    pub(super) fn new(location: Location) -> Self {
        let settings = Settings {
            lifetime: Duration::from_secs(300),
            least: Duration::from_secs(60),
            most: Duration::from_secs(3600),
            refresh_ahead: Duration::from_secs(30),
            waits: Waits::DEFAULT,
            transport: Transport::Loopback,
        };
        Self { location, settings, listener: Box::new(|_| ()) }
    }

    /// Sets for how long a set is kept whose answer doesn't say: no less than the least and no more than the most of
    /// [`lifetime_between`](Self::lifetime_between). Default: 5 minutes.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.lifetime = lifetime;
        self
    }

    /// Sets the least and the most for which a set is kept, whatever `Cache-Control` and `Expires` say. A
    /// withdrawn key is trusted for the most, in the worst case. The least is more than 30 seconds and more than
    /// [`refresh_ahead`](Self::refresh_ahead), the most at most a day. Default: a minute and an hour.
    pub fn lifetime_between(mut self, least: Duration, most: Duration) -> Self {
        self.settings.least = least;
        self.settings.most = most;
        self
    }

    /// Sets how long before a set's time is over the next is fetched, in the background, once a key is asked
    /// for: less than the least of [`lifetime_between`](Self::lifetime_between); zero for not before. Default:
    /// 30 seconds.
    ///
    /// Of this, up to a half is left out by chance, drawn when the source is made. So gateways that started together
    /// fetch at other times from then on, and farther apart with each set.
    pub fn refresh_ahead(mut self, ahead: Duration) -> Self {
        self.settings.refresh_ahead = ahead;
        self
    }

    /// Sets how long a caller waits for a fetch, its own or another's: more than zero, and at most
    /// [`fetch_timeout`](Self::fetch_timeout). Default: 5 seconds.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.settings.waits.caller = wait;
        self
    }

    /// Sets after how long a fetch is given up, metadata and keys together: from [`max_wait`](Self::max_wait) to
    /// 30 seconds. Default: 15 seconds.
    pub fn fetch_timeout(mut self, timeout: Duration) -> Self {
        self.settings.waits.fetch = timeout;
        self
    }

    /// Sets for how long the last good set is given out after its time, while there is no newer one to be had: at
    /// most a day. Default: 50 minutes; zero gives out none.
    pub fn max_outage(mut self, outage: Duration) -> Self {
        self.settings.waits.outage = outage;
        self
    }

    /// Has this function told what happens. It is called in between and must not wait.
    pub fn on_event(mut self, listener: impl Fn(&KeySourceEvent) + Send + Sync + 'static) -> Self {
        self.listener = Box::new(listener);
        self
    }

    /// The door that [`danger`](crate::danger) opens.
    pub(crate) fn plain_http(mut self) -> Self {
        self.settings.transport = Transport::Plain;
        self
    }

    /// Makes the source, with this client and runtime. Nothing is fetched yet.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if the URL is neither https nor http to this machine's loopback, holds user
    /// information or a fragment, the issuer or a tenant isn't one, settings contradict each other, or a setting is
    /// out of its bounds.
    pub fn build(
        self,
        http: impl HttpClient + 'static,
        runtime: impl Runtime + 'static,
    ) -> Result<RemoteJwks, Error> {
        let Self { location, settings, listener } = self;
        settings.check()?;
        let settings = Settings { refresh_ahead: by_chance(settings.refresh_ahead), ..settings };
        location.check()?;
        let leads = transport(location.url()).ok_or_else(|| {
            Error::misuse("expected an https URL without user information or fragment, found another")
        })?;
        if leads > settings.transport {
            return Err(Error::misuse("expected an https URL, found http to another machine"));
        }
        // Metadata on another machine must not have this one asked.
        let settings = match leads {
            Transport::Https if settings.transport == Transport::Loopback => {
                Settings { transport: Transport::Https, ..settings }
            }
            _ => settings,
        };
        Ok(RemoteJwks::new(location, settings, listener, Arc::new(http), Arc::new(runtime)))
    }

    /// Makes the source, with a [`ReqwestClient`] that trusts whom the system trusts, on the
    /// [`TokioRuntime`] that this is called in, one with timers and I/O (`enable_all`). Nothing is fetched yet.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), [`ReqwestClient::new`] and [`TokioRuntime::current`].
    #[cfg(feature = "jwks-http")]
    pub fn build_http(self) -> Result<RemoteJwks, Error> {
        self.build(ReqwestClient::new()?, TokioRuntime::current()?)
    }
}

impl fmt::Debug for RemoteJwksBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteJwksBuilder").field("location", &self.location).finish_non_exhaustive()
    }
}
