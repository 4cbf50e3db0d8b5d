//! The store itself: a question about a token becomes one command, and the answer a verdict.
//!
//! Three keys beside the entries say what the store can be asked: the epoch, without which nothing is known;
//! the loss, while a revocation that found no room matters; the spare, which becomes the loss where there is
//! no memory left to write one.

use std::fmt;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use super::builder::RedisStoreBuilder;
use super::fault::RedisFault;
use super::link::{Link, Question};
use super::scripts::{INITIALIZE_SCRIPT, NOT_INITIALIZED, REVOKE_SCRIPT, USE_ONCE_SCRIPT, WHENEVER};
use super::server::MAX_CLOCK_DIFFERENCE;
use crate::gateway::replay::{ReplayStore, TokenUse};
use crate::gateway::revocation::{Revocable, Revocation, RevocationStore};
use crate::gateway::store::{MARGIN, StoreError, StoreFuture, seconds_up};
use crate::jwt::NumericDate;

/// Revocations and used tokens in Redis: one for each gateway process, and one server for all of them.
///
/// It goes into a [`RevocationCheck`](crate::gateway::revocation::RevocationCheck), a
/// [`ReplayCheck`](crate::gateway::replay::ReplayCheck) or both. Each check is one round trip. What one gateway
/// has revoked or used, each other one knows with its next request.
///
/// ```no_run
/// use countersign::gateway::redis::RedisStore;
/// use countersign::gateway::replay::ReplayCheck;
/// use countersign::gateway::revocation::{Revocation, RevocationCheck, RevocationStore};
/// use std::sync::Arc;
/// use std::time::{Duration, SystemTime};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Arc::new(RedisStore::builder("redis://gateway:secret@10.0.0.5/0").build()?);
/// // At each start. The issuer's tokens live for an hour at most.
/// let longest = Duration::from_secs(3600);
/// store.initialize(longest).await?;
///
/// let revocation = RevocationCheck::new(Arc::clone(&store));
/// let replay = ReplayCheck::new(Arc::clone(&store));
///
/// let now = SystemTime::now();
/// store.revoke(&Revocation::subject_before("https://id.example.com", "user-17", now, now + longest)).await?;
/// # let _ = (revocation, replay);
/// # Ok(())
/// # }
/// ```
///
/// # When Redis fails
///
/// All of this refuses tokens with 503, unless a check was told otherwise by
/// [`danger_accept_if_unavailable`](crate::gateway::revocation::RevocationCheck::danger_accept_if_unavailable).
/// [`health`](Self::health) says why.
///
/// - **No connection, no answer in time**: after the two time-outs of the builder at most, and at once in the
///   pauses between two attempts to connect. The first pause is of 25 to 50 ms, each further one twice as long, up
///   to 0.8 to 1.6 s. Service resumes by itself, with the first request after a pause.
/// - **Data lost**, as after a restart without persistence: the namespace isn't there, and nothing passes until
///   [`initialize`](Self::initialize) is called, on any gateway. It makes what was forgotten harmless: tokens
///   issued before that are void. Revocations of sessions and keys have to be made again, as they mean
///   tokens that are issued later, too.
/// - **Memory full**: tokens that may be used once don't pass. A revocation that finds no room is
///   [`StoreError::Full`] to whoever revokes; from then on no token passes anywhere, until the one that was
///   meant would have expired, or until an operator has made room, has made the revocation again and deletes
///   the key `<namespace>:lost`.
///
/// What can't be noticed: a server that comes back with a part of its data, after a crash within the second
/// that `appendfsync everysec` may lose, or with a replica that was behind. Who can't bear that sets
/// `appendfsync always`, and calls [`initialize`](Self::initialize) after a failover on a namespace whose epoch
/// they have deleted.
///
/// # What the server needs
///
/// - Redis 6.2, Valkey 7.2 or later: one primary, also under a name that follows it through failovers. A
///   cluster or a replica is refused.
/// - `maxmemory-policy noeviction`, since each other one forgets entries in silence. What evicts is refused,
///   see [`RedisStoreBuilder::danger_allow_eviction`].
/// - A clock within a minute of the gateways', which is looked at with each connection. Entries expire by the
///   server's clock, at an absolute time: 11 minutes after their tokens, 10 for the greatest leeway and one for
///   the clocks. It mustn't jump ahead.
/// - For its user, where users have permissions: `+info +time +mget +get +set +exists +pttl +expireat +rename
///   +del +evalsha +script|load` on `~<namespace>:*`, and `+select` for a database other than 0. Each is needed, though
///   `+rename` and `+del` only when memory ends: without them a revocation that finds no room is an error to whoever
///   revokes, and tokens pass nevertheless.
/// - A network that nobody else reads or writes, or TLS: `rediss://` is refused, as the client library would take
///   its cryptography from a default of the process that may be missing;
///   [`RedisStoreBuilder::connect_with`] connects by the application's. A socket on the machine is
///   `unix:///run/redis.sock`.
///
/// # What it holds
///
/// An entry for each revocation and each used token, at a key of the namespace and a SHA-256 of 32 octets; no
/// name, token or claim. It takes 133 bytes (Redis 7.0, a hundred thousand of them) and stays for what is left of
/// its token's life and 11 minutes. So the memory is 133 bytes × revocations and single uses per second ×
/// (lifetime + 660 s), doubled for bursts: with tokens of 60 s and a hundred a second, 19 MB. The hash doesn't hide
/// a name from whoever reads it and can guess the name.
/// [`RedisStoreBuilder::namespace`] keeps deployments apart on one server.
///
/// It needs a tokio runtime whose time is enabled, and connects in a task of its own there, so that a request that
/// is given up meanwhile ends no other's wait.
pub struct RedisStore {
    link: Link,
    prefix: String,
}

/// The name of all issuers' revocation before an instant, which `initialize` makes.
static EVERYTHING: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let epoch = SystemTime::UNIX_EPOCH;
    Revocation::everything_before(epoch, epoch).key().digest()
});

impl RedisStore {
    const EPOCH: &str = "epoch";
    const SPARE: &str = "spare";
    const LOST: &str = "lost";

    /// Starts building a store in the server at a URL: `redis://user:password@host:port/database`, or
    /// `unix:///path?user=…&pass=…&db=…`.
    pub fn builder(url: impl Into<String>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(url.into())
    }

    pub(super) fn new(link: Link, namespace: &str) -> Self {
        Self { link, prefix: format!("{namespace}:") }
    }

    /// Initializes the namespace, unless it is there. Returns whether it wasn't.
    ///
    /// What was revoked or used before isn't known then. So from now on all tokens that were issued until now
    /// are revoked, and none that can have been used passes the replay check: `longest_lifetime` is the longest
    /// that any issuer gives its tokens, and tokens that expire within it count as used. Clients have to fetch
    /// new ones. Of an issuer whose clock is ahead, tokens of that much earlier aren't void.
    ///
    /// Call it when a gateway starts, or by hand after the server has lost its data. If it was there, nothing
    /// happens.
    ///
    /// # Errors
    ///
    /// The [`RedisFault`] that keeps the store from answering.
    pub async fn initialize(&self, longest_lifetime: Duration) -> Result<bool, RedisFault> {
        // Longer than that isn't kept in the other stores either.
        let seconds = u32::try_from(longest_lifetime.as_secs()).unwrap_or(u32::MAX);
        let kept = MARGIN.saturating_add(MAX_CLOCK_DIFFERENCE).as_secs();
        // A second more for the part of one that is cut off.
        self.begin(i64::from(seconds) + i64::try_from(kept).unwrap_or(0) + 1).await
    }

    /// Initializes the namespace, unless it is there, as one before which nothing was revoked or used. Returns
    /// whether it wasn't there.
    ///
    /// For the first use with tokens that are in circulation already. If the server had lost its data, whoever
    /// has a token that was revoked or used before can use it again: so this isn't for a gateway's start.
    ///
    /// # Errors
    ///
    /// The [`RedisFault`] that keeps the store from answering.
    pub async fn danger_initialize_as_new(&self) -> Result<bool, RedisFault> {
        self.begin(-1).await
    }

    async fn begin(&self, seconds: i64) -> Result<bool, RedisFault> {
        let mut script = INITIALIZE_SCRIPT.prepare_invoke();
        script
            .key(self.own(Self::EPOCH))
            .key(self.own(Self::SPARE))
            .key(self.named(&EVERYTHING))
            .arg(seconds)
            .arg(seconds_up(self.link.now()));
        let answer: i64 = self.link.ask(Question::Script(&script)).await?;
        Ok(answer == 1)
    }

    /// Returns whether the store answers, and if it doesn't, why. For a gateway's start and its health check.
    ///
    /// The server is judged again, as it was when it was connected to: if its settings were changed since, no
    /// token passes from then on.
    ///
    /// # Errors
    ///
    /// The [`RedisFault`] that keeps the store from answering.
    pub async fn health(&self) -> Result<(), RedisFault> {
        self.link.judge_again().await?;
        let mut command = ::redis::cmd("MGET");
        command.arg(self.own(Self::EPOCH)).arg(self.own(Self::LOST));
        let found: Vec<Option<Vec<u8>>> = self.link.ask_again(Question::Command(&command)).await?;
        match found.as_slice() {
            [None, _] => Err(RedisFault::NotInitialized),
            [_, Some(_)] => Err(RedisFault::Full),
            [Some(_), None] => Ok(()),
            _ => Err(RedisFault::UnexpectedAnswer),
        }
    }

    async fn keep(&self, revocation: &Revocation) -> Result<(), RedisFault> {
        // No token was issued in the first second there was, so none is spared by it.
        let before = revocation.before().map_or(WHENEVER, |before| seconds_up(before).max(WHENEVER + 1));
        let mut script = REVOKE_SCRIPT.prepare_invoke();
        script
            .key(self.own(Self::EPOCH))
            .key(self.named(&revocation.key().digest()))
            .key(self.own(Self::SPARE))
            .key(self.own(Self::LOST))
            .arg(before)
            .arg(expiry(revocation.until()));
        done(self.link.ask_again(Question::Script(&script)).await?).map(|_| ())
    }

    async fn find(&self, token: Revocable<'_>) -> Result<bool, RedisFault> {
        let mut command = ::redis::cmd("MGET");
        command.arg(self.own(Self::EPOCH)).arg(self.own(Self::LOST));
        let mut names = 0_usize;
        for key in token.keys() {
            command.arg(self.named(&key.digest()));
            names += 1;
        }
        let found: Vec<Option<Vec<u8>>> = self.link.ask_again(Question::Command(&command)).await?;
        let [epoch, lost, entries @ ..] = found.as_slice() else {
            return Err(RedisFault::UnexpectedAnswer);
        };
        if entries.len() != names {
            return Err(RedisFault::UnexpectedAnswer);
        }
        // What is known to be revoked is, whatever else isn't known.
        for entry in entries.iter().flatten() {
            if token.is_revoked_by(instant(entry)?) {
                return Ok(true);
            }
        }
        match (epoch, lost) {
            (None, _) => Err(RedisFault::NotInitialized),
            (_, Some(_)) => Err(RedisFault::Full),
            (Some(_), None) => Ok(false),
        }
    }

    async fn first_use(&self, used: TokenUse<'_>) -> Result<bool, RedisFault> {
        let mut script = USE_ONCE_SCRIPT.prepare_invoke();
        script.key(self.own(Self::EPOCH)).key(self.named(&used.digest())).arg(expiry(used.until()));
        // Not again: if the first one did arrive, the second would call its own token used.
        done(self.link.ask(Question::Script(&script)).await?)
    }

    /// The key of one of the store's own entries, none of which is as long as a digest.
    fn own(&self, name: &str) -> Vec<u8> {
        [self.prefix.as_bytes(), name.as_bytes()].concat()
    }

    fn named(&self, digest: &[u8; 32]) -> Vec<u8> {
        [self.prefix.as_bytes(), digest].concat()
    }
}

/// When an entry leaves that is kept until then by the gateways' clocks: later, as it leaves by the server's, which
/// may be ahead of them.
fn expiry(until: NumericDate) -> u32 {
    seconds_up(until.saturating_add(MAX_CLOCK_DIFFERENCE))
}

/// A script's answer: yes or no, or that it could do nothing.
fn done(answer: i64) -> Result<bool, RedisFault> {
    match answer {
        1 => Ok(true),
        0 => Ok(false),
        NOT_INITIALIZED => Err(RedisFault::NotInitialized),
        _ => Err(RedisFault::UnexpectedAnswer),
    }
}

/// The instant of an entry, none if it means tokens whenever issued.
fn instant(entry: &[u8]) -> Result<Option<NumericDate>, RedisFault> {
    let number = str::from_utf8(entry).ok().and_then(|text| text.parse::<u32>().ok());
    match number.ok_or(RedisFault::UnexpectedAnswer)? {
        WHENEVER => Ok(None),
        seconds => {
            let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.into()));
            Ok(Some(time.ok_or(RedisFault::UnexpectedAnswer)?.into()))
        }
    }
}

impl RevocationStore for RedisStore {
    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> StoreFuture<'a, ()> {
        Box::pin(async { self.keep(revocation).await.map_err(StoreError::from) })
    }

    fn is_revoked<'a>(&'a self, token: Revocable<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.find(token).await.map_err(StoreError::from) })
    }
}

impl ReplayStore for RedisStore {
    fn use_once<'a>(&'a self, used: TokenUse<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.first_use(used).await.map_err(StoreError::from) })
    }
}

/// Shows the namespace, and neither the URL, which may hold a password, nor any name.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
