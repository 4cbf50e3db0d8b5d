//! What must be one step on the server, in its scripting language: to keep the later of two revocations, to
//! use a token up, to initialize. Each works on keys that are named to it, by the server's own clock.
//!
//! Commands that need memory may be refused for want of it, and `DEL`, `RENAME` and `EXPIREAT` never are: so
//! a revocation without room can still close the store.

use std::sync::LazyLock;

use ::redis::Script;

/// What a script answers where it could do nothing: the namespace isn't initialized.
pub(super) const NOT_INITIALIZED: i64 = -1;

/// What stands for "whenever issued" in the place of the instant: a number that the server keeps once for all
/// entries that have it. Instants are greater.
pub(super) const WHENEVER: u32 = 0;

/// `keep_later(key, before, keep, now)`: leaves the later of the instants and of the times until which it is
/// kept, in milliseconds `now`, otherwise in seconds. Returns an error if there is no room, else nothing. What
/// is there already and needs no other value needs no room either.
const KEEP_LATER: &str = r"
local function keep_later(key, before, keep, now)
  local there = redis.call('GET', key)
  if not there then
    local done = redis.pcall('SET', key, before, 'EXAT', keep)
    return done.err and done
  end
  local other, left = tonumber(there), redis.call('PTTL', key)
  if not other then
    return redis.error_reply('ERR expected an instant')
  end
  if other > 0 and (tonumber(before) == 0 or tonumber(before) > other) then
    local done = redis.pcall('SET', key, before, 'KEEPTTL')
    if done.err then
      return done
    end
  end
  if left >= 0 and now + left < tonumber(keep) * 1000 then
    redis.call('EXPIREAT', key, keep)
  end
end
local function milliseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
";

/// Keys: the epoch, the name, the spare, the loss. Arguments: the instant, until when it is kept. Answers 1.
///
/// Without room the spare, which is there since the beginning, becomes the loss, and all that ask about a
/// token find that. Without a spare there is no other way than to take the epoch away.
const REVOKE: &str = r"
if redis.call('EXISTS', KEYS[1]) == 0 then
  return -1
end
local now = milliseconds()
if tonumber(ARGV[2]) * 1000 <= now then
  return 1
end
local failed = keep_later(KEYS[2], ARGV[1], ARGV[2], now)
if not failed then
  redis.pcall('SET', KEYS[3], '', 'NX')
  return 1
end
if string.find(failed.err, 'OOM', 1, true) then
  local left = redis.call('PTTL', KEYS[4])
  if left == -2 then
    if redis.call('EXISTS', KEYS[3]) == 1 then
      redis.call('RENAME', KEYS[3], KEYS[4])
      redis.call('EXPIREAT', KEYS[4], ARGV[2])
    else
      redis.call('DEL', KEYS[1])
    end
  elseif now + left < tonumber(ARGV[2]) * 1000 then
    redis.call('EXPIREAT', KEYS[4], ARGV[2])
  end
end
return failed
";

/// Keys: the epoch, the token. Argument: until when it is kept. Answers 1 for the first use, 0 for another.
///
/// What is kept no longer than the epoch says may have been used when that was not remembered.
const USE_ONCE: &str = r"
local epoch = tonumber(redis.call('GET', KEYS[1]) or '')
if not epoch then
  return -1
end
local keep = tonumber(ARGV[1])
if keep <= epoch or keep <= tonumber(redis.call('TIME')[1]) then
  return 0
end
local done = redis.pcall('SET', KEYS[2], '1', 'NX', 'EXAT', ARGV[1])
if not done then
  return 0
end
return done.err and done or 1
";

/// Keys: the epoch, the spare, the revocation of everything. Arguments: how many seconds a token that was issued
/// by now may still matter, -1 if there are none; what time it is where tokens are judged, of which and the
/// server's the later one counts. Answers 1 if this was the first time, 0 otherwise.
const INITIALIZE: &str = r"
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local now, epoch = milliseconds(), '0'
if tonumber(ARGV[1]) >= 0 then
  local second = math.max(math.floor(now / 1000) + 1, tonumber(ARGV[2]))
  epoch = string.format('%.0f', second + tonumber(ARGV[1]))
  local failed = keep_later(KEYS[3], string.format('%.0f', second), epoch, now)
  if failed then
    return failed
  end
end
local done = redis.pcall('SET', KEYS[2], '', 'NX')
if done and done.err then
  return done
end
done = redis.pcall('SET', KEYS[1], epoch)
return done.err and done or 1
";

pub(super) static REVOKE_SCRIPT: LazyLock<Script> =
    LazyLock::new(|| Script::new(&format!("{KEEP_LATER}{REVOKE}")));
pub(super) static USE_ONCE_SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(USE_ONCE));
pub(super) static INITIALIZE_SCRIPT: LazyLock<Script> =
    LazyLock::new(|| Script::new(&format!("{KEEP_LATER}{INITIALIZE}")));
