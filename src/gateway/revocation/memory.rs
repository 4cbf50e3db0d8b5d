//! Revocations in the memory of one process: a name's keyed hash and two times, at 24 bytes a slot, for
//! many threads at once.
//!
//! Bounded: a revocation that finds no room is an error to whoever revokes, and the tokens that it could
//! have meant are refused until they have expired. So nothing that is still needed is forgotten in silence.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::mark::{Revocation, RevocationKind};
use super::store::{Revocable, RevocationStore, issued_before};
use crate::clock::{Clock, SystemClock};
use crate::gateway::store::{Mark, Marks, StoreError, StoreFuture, kept_until, seconds_up, whole_seconds};
use crate::jwt::NumericDate;

/// Revocations in memory, of this process: shared by reference, empty after a restart.
///
/// A revoked ID takes 28 to 42 bytes, as it fills up: about 36 MB at a million. A few thousand take more each.
/// Entries leave when the tokens that they concern have expired: their slots on later writes, all memory with
/// [`remove_expired`](Self::remove_expired).
///
/// **At the bound** it fails closed. [`insert`](Self::insert) says [`StoreError::Full`], after it has dropped
/// what has expired; and until the revocation that was lost would have expired, tokens that it could mean
/// are answered with that too, and so refused with 503: for a lost token ID or subject all tokens that were
/// issued until 10 minutes after it was lost, for a session or a key all that have one. Fresh tokens pass
/// again soon. A retry that is kept doesn't end that: what was lost beside it isn't known.
///
/// **How much capacity**: an entry stays for what is left of its token's life and 10 minutes, the greatest leeway
/// of a verifier. So it is the revocations per second × (lifetime + 600 s), doubled for bursts: with tokens of
/// 60 s and one revocation a second, 1320.
///
/// The clock mustn't jump ahead: what has expired by it may be dropped.
///
/// ```
/// use countersign::gateway::revocation::{MemoryRevocations, Revocation, RevocationCheck};
/// use std::sync::Arc;
/// # use countersign::{AccessTokenIssuer, AccessTokenVerifier, JwsAlgorithm, NoClaims, SigningKey};
/// # use countersign::profile::access_token::Grant;
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
///
/// # async fn run() -> Result<(), countersign::Error> {
/// # let key = SigningKey::generate(JwsAlgorithm::Es256)?;
/// # let verifier = AccessTokenVerifier::builder(key.verifying_key()?)
/// #     .issuer("https://id.example.com").audience("https://orders.example.com").build()?;
/// # let issuer = AccessTokenIssuer::builder(key).issuer("https://id.example.com")
/// #     .audience("https://orders.example.com").lifetime(std::time::Duration::from_secs(60)).build()?;
/// # let text = issuer.issue(&Grant::to("user-17", "client-4"))?;
/// let revocations = Arc::new(MemoryRevocations::new(1_000_000));
/// let check = RevocationCheck::new(Arc::clone(&revocations));
/// let token = verifier.verify::<NoClaims>(&text)?;
/// check.check(&token).await?;
/// if let Some(revocation) = Revocation::of_token(&token) {
///     revocations.insert(&revocation)?;
/// }
/// assert_eq!(check.check(&token).await.unwrap_err().code(), "revoked");
/// # Ok(())
/// # }
/// # let Poll::Ready(done) = pin!(run()).poll(&mut Context::from_waker(Waker::noop())) else { panic!("it waits") };
/// # done.unwrap();
/// ```
pub struct MemoryRevocations {
    marks: Marks,
    /// Until when any revocation that found no room matters, the latest: zero if there was none.
    lost_until: AtomicU32,
    /// For each kind, a mark that means what all lost ones of it could.
    lost: RwLock<[Option<Mark>; KINDS.len()]>,
    clock: Arc<dyn Clock>,
}

const KINDS: [RevocationKind; 5] = [
    RevocationKind::TokenId,
    RevocationKind::Subject,
    RevocationKind::Session,
    RevocationKind::KeyId,
    RevocationKind::IssuedAt,
];

impl MemoryRevocations {
    /// Makes an empty store for this many revocations. It takes memory as it fills.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            marks: Marks::new(capacity),
            lost_until: AtomicU32::new(0),
            lost: RwLock::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Tells the time by this clock. Default: the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Keeps a revocation. One whose tokens have expired is not kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] if there is no room.
    pub fn insert(&self, revocation: &Revocation) -> Result<(), StoreError> {
        let now = self.now();
        let (key, mark) = (revocation.key(), mark_of(revocation));
        if !mark.is_live(whole_seconds(now)) {
            return Ok(());
        }
        let written = self.marks.mark(key.kind().number(), key.issuer(), key.id(), mark, now);
        if written.is_err() {
            self.lose(key.kind(), mark, now);
        }
        written
    }

    /// Returns whether the token is revoked.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] if it could be, by a revocation that found no room.
    pub fn contains(&self, token: Revocable<'_>) -> Result<bool, StoreError> {
        let now = self.now();
        for key in token.keys() {
            let found = self.marks.find(key.kind().number(), key.issuer(), key.id(), now);
            if found.is_some_and(|mark| means(mark, token.issued_at())) {
                return Ok(true);
            }
        }
        if self.may_have_lost(token, now) { Err(StoreError::Full) } else { Ok(false) }
    }

    /// Drops the entries whose tokens have expired, and gives their memory back. For a timer, say once a
    /// minute: entries that aren't dropped count towards the bound, until a write finds no room.
    pub fn remove_expired(&self) {
        self.marks.remove_expired(self.now());
    }

    /// Returns how many entries there are, those that have expired and weren't dropped yet among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Returns whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how much memory the entries take, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.marks.memory_bytes()
    }

    /// Remembers of a revocation without room what it could concern, in a place that is always there.
    fn lose(&self, kind: RevocationKind, mark: Mark, now: NumericDate) {
        // The one token of an ID was issued before it was revoked, by an issuer whose clock may be ahead.
        let issued = if kind == RevocationKind::TokenId { seconds_up(kept_until(now)) } else { mark.before };
        let mark = Mark { before: mark.before.min(issued), ..mark };
        let mut lost = self.lost.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = lost.get_mut(usize::from(kind.number())) {
            *place = Some(place.map_or(mark, |there| there.merged(mark)));
        }
        self.lost_until.fetch_max(mark.until, Ordering::AcqRel);
    }

    fn may_have_lost(&self, token: Revocable<'_>, now: NumericDate) -> bool {
        let now = whole_seconds(now);
        let until = self.lost_until.load(Ordering::Acquire);
        if until == 0 || !(Mark { until, before: 0 }.is_live(now)) {
            return false;
        }
        let lost = self.lost.read().unwrap_or_else(PoisonError::into_inner);
        token.keys().any(|key| {
            let mark = lost.get(usize::from(key.kind().number())).copied().flatten();
            mark.is_some_and(|mark| mark.is_live(now) && means(mark, token.issued_at()))
        })
    }

    fn now(&self) -> NumericDate {
        self.clock.now().into()
    }
}

fn mark_of(revocation: &Revocation) -> Mark {
    Mark {
        until: seconds_up(revocation.until()),
        before: revocation.before().map_or(Mark::FOREVER, seconds_up),
    }
}

/// As [`Revocable::is_revoked_by`], of times in whole seconds.
fn means(mark: Mark, issued_at: Option<NumericDate>) -> bool {
    mark.before == Mark::FOREVER
        || issued_at.is_none_or(|issued_at| issued_before(issued_at, i64::from(mark.before)))
}

impl RevocationStore for MemoryRevocations {
    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> StoreFuture<'a, ()> {
        Box::pin(async { self.insert(revocation) })
    }

    fn is_revoked<'a>(&'a self, token: Revocable<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.contains(token) })
    }
}

/// Shows how many entries there are, and none of them.
impl fmt::Debug for MemoryRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRevocations").field("entries", &self.len()).finish_non_exhaustive()
    }
}
