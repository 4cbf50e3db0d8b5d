//! What a source of single keys holds and what is under way: keys that were had, IDs under which there was none,
//! fetches in the air, and how many may start. Times go in, decisions come out; nothing here waits or fetches.
//!
//! An ID is the sender's word. Unknown ones share one allowance, whatever comes of them; keys that are held are
//! asked for again beside it, so that no flood of made-up IDs takes them away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::builder::Settings;
use super::key_id::KeyId;
use crate::keys::remote::event::{FetchProblem, KeySourceEvent};
use crate::keys::remote::latch::Latch;
use crate::keys::remote::source::KeySnapshot;

#[derive(Default)]
pub(super) struct Held {
    /// The one that was asked for last is at the end.
    keys: Vec<Key>,
    absent: Vec<(KeyId, Instant)>,
    flights: Vec<Flight>,
    /// When the allowance is whole again.
    whole: Option<Instant>,
    generation: u64,
    snapshot: Option<KeySnapshot>,
    failures: u32,
}

struct Key {
    id: KeyId,
    /// As a JWK.
    json: String,
    fetched: Instant,
    /// When the last fetch of it started, however it ended.
    tried: Instant,
    /// Whether that has failed.
    failed: bool,
}

struct Flight {
    id: KeyId,
    started: Instant,
    latch: Arc<Latch>,
}

/// What comes of asking for a key.
pub(super) enum Asked {
    /// It is held, and its time isn't over.
    Known(KeySnapshot),
    /// The same, and it is to be fetched again while nobody waits.
    Due(KeySnapshot, Arc<Latch>),
    /// It is held and past its time, and the last fetch of it failed or takes too long: a server that hangs mustn't
    /// hold up every caller. To be fetched if nobody does.
    Late { latch: Arc<Latch>, starts: bool },
    /// It is held and past its time, and the last fetch of it failed just now, which was said then.
    Resting,
    /// There is none, as was said just now.
    Absent,
    /// Go and fetch it; whoever waits, waits for the latch.
    Start(Arc<Latch>),
    /// Somebody does.
    UnderWay(Arc<Latch>),
    /// Not now.
    Limited,
}

/// What a fetch found.
pub(super) enum Found {
    /// The key, as a JWK.
    Key(String),
    /// None under this ID.
    Nothing(FetchProblem),
    /// Nothing can be said.
    Unknown(FetchProblem),
}

/// What can be given out.
pub(super) enum Given {
    Fresh(KeySnapshot),
    Stale(KeySnapshot, Duration),
    Absent,
    Nothing,
}

impl Held {
    /// A load balancer has a few keys. More come from whoever has load balancers of his own and names their keys.
    pub(super) const MAX_KEYS: usize = 64;
    /// How many unknown IDs may be asked for at once, and how long it takes until there may be one more: ten
    /// in 30 s.
    const BURST: u32 = 5;
    const EACH: Duration = Duration::from_secs(6);
    /// For how long nobody asks again for what isn't there: a new key's publication may be late.
    const ABSENT: Duration = Duration::from_secs(30);
    /// How long after the last fetch of a key that is held the next may start.
    const AGAIN: Duration = Duration::from_secs(30);

    pub(super) fn ask(&mut self, id: &KeyId, now: Instant, settings: &Settings) -> Asked {
        self.prune(now, settings);
        if let Some(place) = self.keys.iter().position(|key| key.id == *id) {
            // Whoever is asked for least makes room.
            let mut key = self.keys.remove(place);
            let left = (key.fetched + settings.lifetime).saturating_duration_since(now);
            let flight = self.flight(id);
            let starts = left <= settings.ahead
                && flight.is_none()
                && now.saturating_duration_since(key.tried) >= Self::AGAIN;
            if starts {
                key.tried = now;
            }
            let slow = self.flights.iter().any(|flight| {
                flight.id == *id && now.saturating_duration_since(flight.started) >= settings.waits.caller
            });
            let is_late = left.is_zero() && (key.failed || slow);
            self.keys.push(key);
            let started = starts.then(|| self.start(id, now));
            if is_late && let Some(latch) = started.clone().or(flight.clone()) {
                return Asked::Late { latch, starts };
            }
            return match (self.snapshot.clone().filter(|_| !left.is_zero()), started, flight) {
                (Some(snapshot), Some(latch), _) => Asked::Due(snapshot, latch),
                (Some(snapshot), None, _) => Asked::Known(snapshot),
                (None, Some(latch), _) => Asked::Start(latch),
                (None, None, Some(latch)) => Asked::UnderWay(latch),
                (None, None, None) => Asked::Resting,
            };
        }
        if self.is_absent(id, now) {
            return Asked::Absent;
        }
        if let Some(latch) = self.flight(id) {
            return Asked::UnderWay(latch);
        }
        // The allowance fills up by one each time, and a start takes one.
        let whole = self.whole.filter(|whole| *whole > now).unwrap_or(now);
        if whole.saturating_duration_since(now) > Self::EACH * (Self::BURST - 1) {
            return Asked::Limited;
        }
        self.whole = Some(whole + Self::EACH);
        Asked::Start(self.start(id, now))
    }

    fn flight(&self, id: &KeyId) -> Option<Arc<Latch>> {
        let flight = self.flights.iter().find(|flight| flight.id == *id)?;
        Some(Arc::clone(&flight.latch))
    }

    fn start(&mut self, id: &KeyId, now: Instant) -> Arc<Latch> {
        let latch = Arc::new(Latch::default());
        self.flights.push(Flight { id: id.clone(), started: now, latch: Arc::clone(&latch) });
        latch
    }

    /// Takes what the fetch of this latch found. Returns what to tell the listener, if the fetch wasn't over
    /// already.
    pub(super) fn land(&mut self, latch: &Arc<Latch>, now: Instant, found: Found) -> Option<KeySourceEvent> {
        let place = self.flights.iter().position(|flight| Arc::ptr_eq(&flight.latch, latch))?;
        let Flight { id, started, .. } = self.flights.remove(place);
        let took = now.saturating_duration_since(started);
        let held = self.keys.iter().position(|key| key.id == id);
        match found {
            Found::Key(json) => {
                self.failures = 0;
                // Counted from the question, no key is kept too long.
                let key = Key { id, json, fetched: started, tried: started, failed: false };
                let before = held.map(|place| self.keys.remove(place));
                let same = before.is_some_and(|before| before.json == key.json);
                self.keys.push(key);
                if self.keys.len() > Self::MAX_KEYS {
                    self.keys.remove(0);
                }
                Some(if same { KeySourceEvent::Unchanged { took } } else { self.changed(took) })
            }
            Found::Nothing(problem) => {
                self.failures = 0;
                self.absent.push((id, now + Self::ABSENT));
                Some(match held {
                    Some(place) => {
                        self.keys.remove(place);
                        self.changed(took)
                    }
                    None => KeySourceEvent::Failed { problem, failures: 0, took },
                })
            }
            // S3 refuses to say that something isn't there. What was there is not gone by that. It has answered.
            Found::Unknown(problem @ FetchProblem::Status(403)) if held.is_none() => {
                self.failures = 0;
                self.absent.push((id, now + Self::ABSENT));
                Some(KeySourceEvent::Failed { problem, failures: 0, took })
            }
            Found::Unknown(problem) => {
                if let Some(key) = held.and_then(|place| self.keys.get_mut(place)) {
                    key.failed = true;
                }
                self.failures = self.failures.saturating_add(1);
                Some(KeySourceEvent::Failed { problem, failures: self.failures, took })
            }
        }
    }

    /// What there is for this ID, once nobody waits any more.
    pub(super) fn give(&mut self, id: &KeyId, now: Instant, settings: &Settings) -> Given {
        self.prune(now, settings);
        let key = self.keys.iter().find(|key| key.id == *id);
        match (key, &self.snapshot) {
            (Some(key), Some(snapshot)) => {
                match now.checked_duration_since(key.fetched + settings.lifetime) {
                    Some(since) => Given::Stale(snapshot.clone(), since),
                    None => Given::Fresh(snapshot.clone()),
                }
            }
            _ if self.is_absent(id, now) => Given::Absent,
            _ => Given::Nothing,
        }
    }

    fn is_absent(&self, id: &KeyId, now: Instant) -> bool {
        self.absent.iter().any(|(absent, until)| absent == id && now < *until)
    }

    /// Forgets what is over: a snapshot never holds a key that isn't trusted any more.
    fn prune(&mut self, now: Instant, settings: &Settings) {
        self.absent.retain(|(_, until)| now < *until);
        let count = self.keys.len();
        let trusted = settings.lifetime + settings.waits.outage;
        self.keys.retain(|key| now < key.fetched + trusted);
        if self.keys.len() < count {
            self.renew();
        }
    }

    /// A fetch changed the keys.
    fn changed(&mut self, took: Duration) -> KeySourceEvent {
        self.renew();
        KeySourceEvent::Changed { generation: self.generation, keys: self.keys.len(), skipped: 0, took }
    }

    /// Makes the snapshot anew, after each change of the keys.
    fn renew(&mut self) {
        self.generation += 1;
        let members: Vec<_> = self.keys.iter().map(|key| key.json.as_str()).collect();
        let json = format!("{{\"keys\":[{}]}}", members.join(","));
        // Of no key there is no snapshot.
        self.snapshot = KeySnapshot::new(json, self.generation).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::remote::waits::Waits;

    const SETTINGS: Settings = Settings {
        lifetime: Duration::from_secs(3600),
        ahead: Duration::from_secs(30),
        waits: Waits::DEFAULT,
    };

    /// Two hundred thousand made-up IDs in a quarter of an hour, each fetch without an answer for 15 s.
    #[test]
    fn what_is_remembered_of_made_up_ids_is_bounded() {
        let (mut held, start) = (Held::default(), Instant::now());
        let (mut flights, mut landed, mut most) = (Vec::new(), 0, (0, 0));
        for number in 0..200_000_u32 {
            let now = start + Duration::from_micros(4500) * number;
            let id = KeyId::parse(&format!("{number:08x}-dead-4bad-8bad-{number:012x}")).unwrap();
            if let Asked::Start(latch) = held.ask(&id, now, &SETTINGS) {
                flights.push((now, latch));
            }
            while let Some((started, latch)) = flights.first()
                && now >= *started + SETTINGS.waits.fetch
            {
                let found = if landed % 2 == 0 { FetchProblem::Status(404) } else { FetchProblem::TimedOut };
                let found = match found {
                    FetchProblem::TimedOut => Found::Unknown(found),
                    absent => Found::Nothing(absent),
                };
                assert!(held.land(latch, now, found).is_some());
                assert!(
                    held.land(latch, now, Found::Nothing(FetchProblem::TimedOut)).is_none(),
                    "it is over"
                );
                flights.remove(0);
                landed += 1;
            }
            most = (most.0.max(held.flights.len()), most.1.max(held.absent.len()));
        }
        // Five, then one in 6 s for 900 s; of 10 in 30 s, the ones of 15 s are in the air, and half are absent.
        assert_eq!(landed + flights.len(), 154);
        assert!(most.0 <= 7 && most.1 <= 5, "{most:?}");
        assert!(held.keys.is_empty() && held.snapshot.is_none());
    }
}
