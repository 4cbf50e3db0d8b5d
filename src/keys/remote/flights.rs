//! What a source holds and what is under way: the last good set, the fetches in the air, and the two that may
//! start in 30 s. Times go in, decisions come out; nothing here waits or fetches.
//!
//! Fetches are numbered as they start, so that an answer that comes late can't undo a newer one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::document::Fetched;
use super::event::{FetchProblem, KeySourceEvent};
use super::latch::Latch;
use super::settings::Settings;
use super::source::KeySnapshot;
use crate::keys::back_off::back_off;

#[derive(Default)]
pub(super) struct Flights {
    pub(super) held: Option<Held>,
    /// In the order in which they started.
    in_the_air: Vec<Flight>,
    /// How many have started.
    started: u64,
    generation: u64,
    /// When the last two started.
    starts: [Option<Instant>; 2],
    pub(super) failures: u32,
    not_before: Option<Instant>,
    /// The keys' URL by the last metadata, and when that was read.
    keys_url: Option<(String, Instant)>,
}

/// The last good set.
pub(super) struct Held {
    pub(super) snapshot: KeySnapshot,
    pub(super) expires: Instant,
    fetch: u64,
}

struct Flight {
    number: u64,
    started: Instant,
    landed: Arc<Latch>,
}

/// What comes of asking for a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// Go and fetch, under this number.
    Start(u64),
    /// One is under way, of this number.
    UnderWay(u64),
    /// Not now.
    Limited,
}

impl Flights {
    /// Metadata change more seldom than keys; a failure has them read again at once.
    const METADATA: Duration = Duration::from_secs(3600);

    /// The pause after the first failure, and the longest.
    const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(32)];

    pub(super) fn begin(&mut self, now: Instant, settings: &Settings) -> Begun {
        // One that nobody waits for any more doesn't keep others from trying again.
        if let Some(flight) = self.in_the_air.last()
            && now.saturating_duration_since(flight.started) < settings.waits.caller
        {
            return Begun::UnderWay(flight.number);
        }
        let recent = |start: &Instant| now.saturating_duration_since(*start) < Settings::WINDOW;
        let [first, second] = self.starts;
        // Both count: the first is the older.
        if self.not_before.is_some_and(|time| now < time) || first.as_ref().is_some_and(recent) {
            return Begun::Limited;
        }
        self.starts = [second, Some(now)];
        self.started += 1;
        self.in_the_air.push(Flight { number: self.started, started: now, landed: Arc::default() });
        Begun::Start(self.started)
    }

    /// What opens once this fetch is over, if it isn't.
    pub(super) fn landing(&self, number: u64) -> Option<Arc<Latch>> {
        let flight = self.in_the_air.iter().find(|flight| flight.number == number)?;
        Some(Arc::clone(&flight.landed))
    }

    pub(super) fn is_in_the_air(&self, number: u64) -> bool {
        self.in_the_air.iter().any(|flight| flight.number == number)
    }

    /// Whether an answer may come that replaces the set that is held. One that started before the held one
    /// did is superseded already.
    pub(super) fn newer_is_in_the_air(&self) -> bool {
        let held = self.held.as_ref().map(|held| held.fetch);
        self.in_the_air.iter().any(|flight| held.is_none_or(|held| flight.number > held))
    }

    /// For how long to wait for a fetch before the set that is held will do, past its time as it is. Not at all
    /// once a fetch has failed or has been waited for: a server that hangs would hold up every caller for as
    /// long as its outage lasts.
    pub(super) fn patience(&self, now: Instant, settings: &Settings) -> Duration {
        let Some(held) = &self.held else { return settings.waits.caller };
        if now.saturating_duration_since(held.expires) >= settings.waits.outage {
            return settings.waits.caller;
        }
        if self.failures > 0 {
            return Duration::ZERO;
        }
        let first = self.in_the_air.iter().find(|flight| flight.number > held.fetch);
        let waited = first.map_or(Duration::ZERO, |first| now.saturating_duration_since(first.started));
        settings.waits.caller.saturating_sub(waited)
    }

    pub(super) fn known_url(&self, now: Instant) -> Option<String> {
        let (url, read) = self.keys_url.as_ref()?;
        (now.saturating_duration_since(*read) < Self::METADATA).then(|| url.clone())
    }

    /// Takes a fetch's answer. Returns what to tell the listener, if the fetch wasn't over already.
    pub(super) fn land(
        &mut self,
        number: u64,
        now: Instant,
        answer: Result<Fetched, FetchProblem>,
    ) -> Option<KeySourceEvent> {
        let place = self.in_the_air.iter().position(|flight| flight.number == number)?;
        let flight = self.in_the_air.remove(place);
        let took = now.saturating_duration_since(flight.started);
        if self.held.as_ref().is_some_and(|held| held.fetch > number) {
            return Some(KeySourceEvent::Superseded { took });
        }
        match answer {
            Ok(fetched) => Some(self.hold(&flight, fetched, took)),
            Err(problem) => {
                self.failures = self.failures.saturating_add(1);
                self.not_before = now.checked_add(back_off(self.failures, Self::PAUSES));
                self.keys_url = None;
                Some(KeySourceEvent::Failed { problem, failures: self.failures, took })
            }
        }
    }

    fn hold(&mut self, flight: &Flight, fetched: Fetched, took: Duration) -> KeySourceEvent {
        let Fetched { snapshot, keys_url, lifetime } = fetched;
        let same = self.held.as_ref().filter(|held| held.snapshot.is_same_set(&snapshot));
        let (snapshot, event) = match same {
            Some(held) => (held.snapshot.again(flight.number), KeySourceEvent::Unchanged { took }),
            None => {
                self.generation += 1;
                let (keys, skipped) = snapshot.counts();
                let event = KeySourceEvent::Changed { generation: self.generation, keys, skipped, took };
                (snapshot.numbered(self.generation, flight.number), event)
            }
        };
        // The answer was made after the question: counted from there, no set is kept too long.
        let expires = flight.started + lifetime;
        self.held = Some(Held { snapshot, expires, fetch: flight.number });
        if let Some(keys_url) = keys_url {
            self.keys_url = Some((keys_url, flight.started));
        }
        (self.failures, self.not_before) = (0, None);
        event
    }
}
