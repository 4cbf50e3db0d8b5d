//! The source of load balancers' keys: it asks for each under its own URL, by tasks of its own so that a caller
//! who gives up harms nobody.
//!
//! What may be asked, `held` says; what an answer must be is judged here: one P-256 key in PEM and nothing around
//! it (RFC 7468 §13, RFC 5480 §2).

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::builder::{LoadBalancerKeysBuilder, Place, Settings};
use super::held::{Asked, Found, Given, Held};
use super::key_id::KeyId;
use crate::error::{Defect, Error, Part};
use crate::jwk::Jwk;
use crate::jws::{JwsAlgorithm, VerifyingKey};
use crate::keys::remote::document::{get, text};
use crate::keys::remote::event::{FetchProblem, KeySourceEvent};
use crate::keys::remote::http::HttpClient;
use crate::keys::remote::latch::Latch;
use crate::keys::remote::runtime::{Runtime, before};
use crate::keys::remote::settings::Listener;
use crate::keys::remote::source::{KeySnapshot, KeySource, KeySourceFuture};

/// The keys that AWS Application Load Balancers sign with, each fetched when a token names it and kept.
///
/// A [`LoadBalancerVerifier`](crate::profile::load_balancer::LoadBalancerVerifier) verifies with them. The key is
/// one of AWS's, for all load balancers of the region: that it verifies a token says nothing of whose load
/// balancer signed it. Clones share what is held. Needs the feature `pem`.
///
/// - https only, but for loopback; no redirects; 4 KiB at most; a P-256 key in PEM and nothing around it.
/// - A key ID becomes part of a URL only if it is a UUID. Any other, or none, is of no key:
///   [`Error::NoMatchingKey`].
/// - A key is kept for an hour. Who asks for it within the last 15 to 30 s of that, which differs from source to
///   source, has it fetched again in the background; if nobody does, the first one after it waits for the fetch. All
///   who wait for a key have one fetch between them, and wait for 5 s at most. While it can't be had, it is given out
///   for 50 minutes more, each time with an event; once a fetch of it has failed, or takes longer than those 5 s, at
///   once.
/// - An ID under which there is none (status 404; 403 too, unless the key was had before) isn't asked for again
///   for 30 s. [`Error::KeySourceUnavailable`], status 503, says that this couldn't be found out.
/// - IDs that aren't known cost 10 fetches in 30 s at most, whatever comes of them: 5 at once and one more each
///   6 s. Keys that are held are outside of this, so a flood of made-up IDs does nothing to them. A new key that
///   comes up meanwhile has to win a place: of those who ask, the first after each 6 s has it, so where one in
///   100 tokens is genuine, ten minutes may pass on average. `LoadBalancerVerifier` asks for no key before the
///   token names one of your load balancers, whose ARNs end in a random part that clients don't see.
/// - At most 64 keys are held; the one that was asked for least recently makes room.
///
/// ```
/// use countersign::Error;
/// use countersign::keys::remote::{HttpClient, LoadBalancerKeys, Runtime};
///
/// # fn source(http: impl HttpClient + 'static, runtime: impl Runtime + 'static) -> Result<(), Error> {
/// let keys = LoadBalancerKeys::in_region("eu-west-1")
///     .on_event(|event| eprintln!("{event:?}"))
///     .build(http, runtime)?;
/// # let _ = keys;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct LoadBalancerKeys {
    shared: Arc<Shared>,
}

struct Shared {
    url: String,
    settings: Settings,
    listener: Listener,
    http: Arc<dyn HttpClient>,
    runtime: Arc<dyn Runtime>,
    held: Mutex<Held>,
}

/// Such a key is 178 bytes in PEM.
const MAX_BYTES: usize = 4096;

impl LoadBalancerKeys {
    /// Begins a source of the keys of this region, such as `eu-west-1`. Those of GovCloud have a place of their
    /// own, which is known too; for China and the isolated regions, see [`at`](Self::at).
    pub fn in_region(region: impl Into<String>) -> LoadBalancerKeysBuilder {
        LoadBalancerKeysBuilder::new(Place::Region(region.into()))
    }

    /// Begins a source of the keys below this URL, which a slash and the key ID are put behind: for regions that
    /// [`in_region`](Self::in_region) doesn't know, and for copies of your own.
    pub fn at(url: impl Into<String>) -> LoadBalancerKeysBuilder {
        LoadBalancerKeysBuilder::new(Place::Url(url.into()))
    }

    pub(super) fn new(
        url: String,
        settings: Settings,
        listener: Listener,
        http: Arc<dyn HttpClient>,
        runtime: Arc<dyn Runtime>,
    ) -> Self {
        let held = Mutex::new(Held::default());
        Self { shared: Arc::new(Shared { url, settings, listener, http, runtime, held }) }
    }

    async fn obtain(&self, key_id: Option<&str>, seen: Option<&KeySnapshot>) -> Result<KeySnapshot, Error> {
        let shared = &self.shared;
        // All that is held is no answer for a token without an ID: a key among it that nobody names isn't asked for
        // again, and may have been withdrawn since.
        let id = key_id.and_then(KeyId::parse).ok_or(Error::NoMatchingKey)?;
        let now = shared.runtime.now();
        let asked = shared.held().ask(&id, now, &shared.settings);
        let latch = match asked {
            Asked::Known(snapshot) => return Ok(snapshot),
            Asked::Absent => return Err(Error::NoMatchingKey),
            Asked::Due(snapshot, latch) => {
                self.fetch(&id, latch);
                return Ok(snapshot);
            }
            Asked::Start(latch) => {
                self.fetch(&id, Arc::clone(&latch));
                Some(latch)
            }
            Asked::UnderWay(latch) => Some(latch),
            Asked::Late { latch, starts } => {
                if starts {
                    self.fetch(&id, Arc::clone(&latch));
                }
                // Who has seen what is held, and needs another key, waits.
                seen.map(|_| latch)
            }
            Asked::Resting => None,
            Asked::Limited => {
                (shared.listener)(&KeySourceEvent::Limited);
                None
            }
        };
        if let Some(latch) = latch {
            let pause = shared.runtime.sleep(shared.settings.waits.caller);
            before(latch.opened(), pause).await;
        }
        shared.give(&id)
    }

    fn fetch(&self, id: &KeyId, latch: Arc<Latch>) {
        let flight = Landing { shared: Arc::clone(&self.shared), id: id.clone(), latch };
        self.shared.runtime.spawn(Box::pin(flight.fly()));
    }
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing that can panic is done while it is held.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, id: &KeyId) -> Result<KeySnapshot, Error> {
        let now = self.runtime.now();
        let given = self.held().give(id, now, &self.settings);
        match given {
            Given::Fresh(snapshot) => Ok(snapshot),
            Given::Stale(snapshot, since) => {
                (self.listener)(&KeySourceEvent::ServedStale { since });
                Ok(snapshot)
            }
            Given::Absent => Err(Error::NoMatchingKey),
            Given::Nothing => {
                (self.listener)(&KeySourceEvent::Unavailable);
                Err(Error::KeySourceUnavailable)
            }
        }
    }

    async fn fetch(&self, id: &KeyId) -> Found {
        let url = format!("{}/{}", self.url, id.as_str());
        let answer = get(&*self.http, &url, MAX_BYTES).await;
        match answer.and_then(|response| key(response.body, id)) {
            Ok(json) => Found::Key(json),
            Err(problem @ FetchProblem::Status(404)) => Found::Nothing(problem),
            Err(problem) => Found::Unknown(problem),
        }
    }
}

/// The key in an answer, as a JWK of this ID.
fn key(body: Vec<u8>, id: &KeyId) -> Result<String, FetchProblem> {
    let text = text(body, Part::Pem)?;
    // Elsewhere, text around the block is a comment; here it would be an answer of somebody else's.
    let block = text.trim_end_matches(['\r', '\n']);
    let is_bare =
        block.starts_with("-----BEGIN PUBLIC KEY-----") && block.ends_with("-----END PUBLIC KEY-----");
    let read = || {
        if !is_bare {
            let expected =
                Defect::Encoding("a block with the label `PUBLIC KEY` alone, found something else");
            return Err(Error::malformed(Part::Pem, expected));
        }
        let jwk = Jwk::from_pem(block)?.with_key_id(id.as_str()).with_algorithm(JwsAlgorithm::Es256.name());
        VerifyingKey::from_jwk(&jwk)?;
        jwk.to_public_json()
    };
    read().map_err(FetchProblem::Unreadable)
}

/// A fetch under way. If its task is dropped, it has failed, and nobody waits for it in vain.
struct Landing {
    shared: Arc<Shared>,
    id: KeyId,
    latch: Arc<Latch>,
}

impl Landing {
    async fn fly(self) {
        let Shared { runtime, settings, .. } = &*self.shared;
        let found = before(self.shared.fetch(&self.id), runtime.sleep(settings.waits.fetch)).await;
        self.land(found.unwrap_or(Found::Unknown(FetchProblem::TimedOut)));
    }

    fn land(&self, found: Found) {
        let now = self.shared.runtime.now();
        let event = self.shared.held().land(&self.latch, now, found);
        // A listener that panics keeps nobody waiting.
        self.latch.open();
        if let Some(event) = event {
            (self.shared.listener)(&event);
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        // Of one that has landed, nothing comes of it. If the client's panic brought it here, a second one,
        // of the listener, would end the process; the hook has reported either.
        let landed = catch_unwind(AssertUnwindSafe(|| self.land(Found::Unknown(FetchProblem::Unreachable))));
        drop(landed);
    }
}

impl KeySource for LoadBalancerKeys {
    fn keys<'a>(&'a self, key_id: Option<&'a str>, seen: Option<&'a KeySnapshot>) -> KeySourceFuture<'a> {
        Box::pin(self.obtain(key_id, seen))
    }
}

impl fmt::Debug for LoadBalancerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadBalancerKeys").field("url", &self.shared.url).finish_non_exhaustive()
    }
}
