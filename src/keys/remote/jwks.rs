//! The source of published keys: a URL goes in, snapshots of the keys behind it come out, fetched by tasks
//! of their own so that a caller who gives up harms nobody (RFC 7517 §5, RFC 8414 §3).
//!
//! Every fetch goes through one gate: at most two in 30 s, whoever asked and however they ended, one at a
//! time, later after each failure. By an issuer's metadata, one fetch is up to two requests.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::document::{Fetched, Location};
use super::event::{FetchProblem, KeySourceEvent};
use super::flights::{Begun, Flights};
use super::http::HttpClient;
use super::runtime::{Runtime, before};
use super::settings::{Listener, RemoteJwksBuilder, Settings};
use super::source::{KeySnapshot, KeySource, KeySourceFuture};
use crate::error::Error;

/// The keys that an issuer publishes at a URL, kept up to date.
///
/// Made from the URL of a JWK set or of an issuer's metadata. Nothing is fetched before keys are asked for,
/// by [`keys`](KeySource::keys), which waits, or [`snapshot`](Self::snapshot), which doesn't. A
/// [`SourcedVerifier`](crate::jwt::SourcedVerifier) does both and verifies. Clones share what is held.
///
/// - https only, but for loopback; no redirects; 256 KiB at most.
/// - A set is kept for 5 minutes or as long as its answer says, between 1 minute and an hour. Who asks for
///   keys within the last 15 to 30 s of that, which differs from source to source, has the next set fetched in the
///   background; if nobody does, the first one after it waits for the fetch.
/// - A token whose key is unknown has the set fetched again: at most two fetches in 30 s, whatever for and
///   however they end, and after a failure later and later. A fetch is one request, or two where the issuer's
///   metadata have to be read first. All who wait have one fetch between them, and wait for 5 s at most.
/// - So two made-up key IDs in 30 s use the fetches up, and until the next may start a token of a key that was
///   published meanwhile is refused as any of an unknown key is, with 401. Publish a key before it signs, by as
///   long as a set may be kept: then each verifier has it when its first token comes.
/// - While no newer set can be had, the last good one is given out for 50 minutes, each time with an event.
///   Once a fetch has failed, or takes longer than those 5 s, nobody waits for the next, but for tokens whose
///   key is unknown. After the 50 minutes there is none: [`Error::KeySourceUnavailable`], status 503, and not a
///   bad token.
/// - An answer that is empty or can't be read replaces nothing, and neither does one that comes after the
///   answer to a later question.
///
/// ```
/// use countersign::Error;
/// use countersign::keys::remote::{HttpClient, RemoteJwks, Runtime};
///
/// # fn source(http: impl HttpClient + 'static, runtime: impl Runtime + 'static) -> Result<(), Error> {
/// let keys = RemoteJwks::from_metadata(
///     "https://id.example.com/.well-known/openid-configuration",
///     "https://id.example.com",
/// )
/// .on_event(|event| eprintln!("{event:?}"))
/// .build(http, runtime)?;
/// # let _ = keys;
/// # Ok(())
/// # }
/// ```
///
/// With the feature `jwks-http`, client and runtime are here:
///
/// ```
/// # #[cfg(feature = "jwks-http")]
/// # fn source() -> Result<(), countersign::Error> {
/// # use countersign::keys::remote::RemoteJwks;
/// let keys = RemoteJwks::from_url("https://id.example.com/jwks").build_http()?;
/// # let _ = keys;
/// # Ok(())
/// # }
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct RemoteJwks {
    shared: Arc<Shared>,
}

struct Shared {
    location: Location,
    settings: Settings,
    listener: Listener,
    http: Arc<dyn HttpClient>,
    runtime: Arc<dyn Runtime>,
    flights: Mutex<Flights>,
}

impl RemoteJwks {
    /// Begins a source of the JWK set at this URL.
    pub fn from_url(url: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::new(Location::Keys { url: url.into() })
    }

    /// Begins a source of the keys of the issuer whose metadata are at this URL
    /// ([RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)). They must name exactly this issuer.
    pub fn from_metadata(url: impl Into<String>, issuer: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::new(Location::Metadata { url: url.into(), issuer: issuer.into() })
    }

    /// Begins a source of the keys of Microsoft's tenants, by their common metadata, which must name
    /// exactly this template, such as `https://login.microsoftonline.com/{tenantid}/v2.0`.
    ///
    /// Keys that are marked with one tenant are in [`KeySnapshot::json`] only. Build the verifier from that,
    /// by [`AccessTokenVerifier::for_published`](crate::AccessTokenVerifier::for_published) with
    /// [`Provider::entra_id`](crate::profile::access_token::Provider::entra_id) and the same tenants: it holds
    /// `iss` and `tid` to the list.
    pub fn for_tenants<S: Into<String>>(
        url: impl Into<String>,
        template: impl Into<String>,
        tenants: impl IntoIterator<Item = S>,
    ) -> RemoteJwksBuilder {
        RemoteJwksBuilder::new(Location::Tenants {
            url: url.into(),
            template: template.into(),
            tenants: tenants.into_iter().map(Into::into).collect(),
        })
    }

    pub(super) fn new(
        location: Location,
        settings: Settings,
        listener: Listener,
        http: Arc<dyn HttpClient>,
        runtime: Arc<dyn Runtime>,
    ) -> Self {
        let flights = Mutex::new(Flights::default());
        Self { shared: Arc::new(Shared { location, settings, listener, http, runtime, flights }) }
    }

    /// Returns the keys that are held, without waiting, and has newer ones fetched in the background if
    /// their time is over or nearly so.
    ///
    /// # Errors
    ///
    /// [`Error::KeySourceUnavailable`] if there are none, none yet, or none that are recent enough.
    pub fn snapshot(&self) -> Result<KeySnapshot, Error> {
        let now = self.shared.runtime.now();
        let due = self.shared.flights().held.as_ref().is_none_or(|held| self.is_due(held.expires, now));
        if due {
            self.begin();
        }
        self.shared.give()
    }

    async fn obtain(&self, seen: Option<&KeySnapshot>) -> Result<KeySnapshot, Error> {
        let shared = &*self.shared;
        let newer = |snapshot: &KeySnapshot| seen.is_none_or(|seen| snapshot.is_newer_than(seen));
        if let Some(snapshot) = self.in_time(newer) {
            return Ok(snapshot);
        }
        let begun = self.begin();
        if let Begun::Start(number) | Begun::UnderWay(number) = begun {
            let now = shared.runtime.now();
            let (landing, patience) = {
                let flights = shared.flights();
                let patience = match seen {
                    None => flights.patience(now, &shared.settings),
                    // The set that is held won't do: only the fetch can bring a key that isn't in it.
                    Some(_) => shared.settings.waits.caller,
                };
                (flights.landing(number), patience)
            };
            if let Some(landing) = landing.filter(|_| !patience.is_zero()) {
                before(landing.opened(), shared.runtime.sleep(patience)).await;
            }
        } else {
            (shared.listener)(&KeySourceEvent::Limited);
        }
        let snapshot = shared.give()?;
        let looked = shared.has_looked(begun);
        if newer(&snapshot) || looked { Ok(snapshot) } else { Err(Error::KeySourceUnavailable) }
    }

    /// The set that is held, if it is in time and will do. The next is fetched in the background once it is due.
    fn in_time(&self, will_do: impl Fn(&KeySnapshot) -> bool) -> Option<KeySnapshot> {
        let now = self.shared.runtime.now();
        let held = self.shared.flights().held.as_ref().map(|held| (held.snapshot.clone(), held.expires));
        let (snapshot, expires) = held.filter(|(snapshot, expires)| now < *expires && will_do(snapshot))?;
        if self.is_due(expires, now) {
            self.begin();
        }
        Some(snapshot)
    }

    fn is_due(&self, expires: std::time::Instant, now: std::time::Instant) -> bool {
        expires.saturating_duration_since(now) <= self.shared.settings.refresh_ahead
    }

    /// Starts a fetch, if one may be started now.
    fn begin(&self) -> Begun {
        let shared = &self.shared;
        let now = shared.runtime.now();
        let (begun, known) = {
            let mut flights = shared.flights();
            (flights.begin(now, &shared.settings), flights.known_url(now))
        };
        if let Begun::Start(number) = begun {
            let flight = Landing { shared: Arc::clone(shared), number };
            shared.runtime.spawn(Box::pin(async move { flight.fly(known).await }));
        }
        begun
    }
}

impl Shared {
    fn flights(&self) -> MutexGuard<'_, Flights> {
        // Nothing that can panic is done while it is held.
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The set that is held, if it is recent enough.
    fn give(&self) -> Result<KeySnapshot, Error> {
        let now = self.runtime.now();
        let held = self.flights().held.as_ref().map(|held| (held.snapshot.clone(), held.expires));
        if let Some((snapshot, expires)) = held {
            let since = now.saturating_duration_since(expires);
            if now < expires {
                return Ok(snapshot);
            }
            if since < self.settings.waits.outage {
                (self.listener)(&KeySourceEvent::ServedStale { since });
                return Ok(snapshot);
            }
        }
        (self.listener)(&KeySourceEvent::Unavailable);
        Err(Error::KeySourceUnavailable)
    }

    /// The answer, with the set that is held in place of one that says the same.
    ///
    /// Comparing them takes a while, in which callers get what is held. If another answer comes meanwhile, the set
    /// counts as a new one, which costs its verifiers being built anew.
    fn recognize(&self, fetched: Fetched) -> Fetched {
        let held = self.flights().held.as_ref().map(|held| held.snapshot.clone());
        match held {
            Some(held) if held.says_the_same(&fetched.snapshot) => Fetched { snapshot: held, ..fetched },
            _ => fetched,
        }
    }

    /// Whether the set that is held is what the server has, as far as can be known: the last fetch didn't
    /// fail, and none is still awaited.
    fn has_looked(&self, begun: Begun) -> bool {
        let flights = self.flights();
        let awaited = match begun {
            Begun::Start(number) | Begun::UnderWay(number) => flights.is_in_the_air(number),
            // Whoever may not begin another hasn't waited for the one that is slow either.
            Begun::Limited => flights.newer_is_in_the_air(),
        };
        flights.failures == 0 && !awaited
    }
}

/// A fetch under way. If its task is dropped, it has failed, and nobody waits for it in vain.
struct Landing {
    shared: Arc<Shared>,
    number: u64,
}

impl Landing {
    async fn fly(self, known: Option<String>) {
        let Shared { location, settings, http, runtime, .. } = &*self.shared;
        let fetch = location.fetch(&**http, known, settings);
        let answer = before(fetch, runtime.sleep(settings.waits.fetch)).await;
        self.land(answer.unwrap_or(Err(FetchProblem::TimedOut)));
    }

    fn land(&self, answer: Result<Fetched, FetchProblem>) {
        let answer = answer.map(|fetched| self.shared.recognize(fetched));
        let now = self.shared.runtime.now();
        let (event, landed) = {
            let mut flights = self.shared.flights();
            let landed = flights.landing(self.number);
            (flights.land(self.number, now, answer), landed)
        };
        // A listener that panics keeps nobody waiting.
        if let Some(landed) = landed {
            landed.open();
        }
        if let Some(event) = event {
            (self.shared.listener)(&event);
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        // Of one that has landed, nothing comes of it. If the client's panic brought it here, a second one,
        // of the listener, would end the process; the hook has reported either.
        let landed = catch_unwind(AssertUnwindSafe(|| self.land(Err(FetchProblem::Unreachable))));
        drop(landed);
    }
}

impl KeySource for RemoteJwks {
    fn keys<'a>(&'a self, _: Option<&'a str>, seen: Option<&'a KeySnapshot>) -> KeySourceFuture<'a> {
        Box::pin(self.obtain(seen))
    }

    fn fresh(&self) -> Option<KeySnapshot> {
        self.in_time(|_| true)
    }
}

impl fmt::Debug for RemoteJwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteJwks").field("location", &self.shared.location).finish_non_exhaustive()
    }
}
