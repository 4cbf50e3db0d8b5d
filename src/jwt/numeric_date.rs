//! `NumericDate`: seconds since the epoch, whole or with a fraction (RFC 7519 §2). A JSON number or a
//! system time goes in; comparisons and sums never overflow.
//!
//! A number beyond 64 bits is refused and not cut to size: a date that wraps around would be a past
//! one, or a future one, as the sender likes.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::wire::json::whole_number;

/// A time in a claim: seconds since 1970-01-01T00:00:00Z, with a fraction of nanoseconds
/// ([RFC 7519 §2](https://www.rfc-editor.org/rfc/rfc7519#section-2)).
///
/// ```
/// use countersign::NumericDate;
/// use std::time::{Duration, SystemTime};
///
/// let date = NumericDate::from(SystemTime::UNIX_EPOCH + Duration::from_millis(1_500));
/// assert_eq!((date.seconds(), date.nanoseconds()), (1, 500_000_000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate {
    seconds: i64,
    nanoseconds: u32,
}

const NANOSECONDS: u32 = 1_000_000_000;

impl NumericDate {
    /// Returns the whole seconds since the epoch, rounded down; negative before it.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the nanoseconds past [`seconds`](Self::seconds), less than a second.
    #[must_use]
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// Returns the time as the system's type, or `None` if that can't hold it.
    #[must_use]
    pub fn to_system_time(self) -> Option<SystemTime> {
        let whole = Duration::from_secs(self.seconds.unsigned_abs());
        let base = if self.seconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(whole)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(whole)
        };
        base?.checked_add(Duration::from_nanos(u64::from(self.nanoseconds)))
    }

    /// Reads a JSON number. `None` if it is out of the range of 64-bit seconds.
    pub(crate) fn from_json_number(text: &str) -> Option<Self> {
        match whole_number(text).map(i64::try_from) {
            Some(Ok(seconds)) => Some(Self { seconds, nanoseconds: 0 }),
            _ => Self::from_other_number(text),
        }
    }

    /// Reads a number that isn't only digits, or has many.
    #[cold]
    fn from_other_number(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse() {
            return Some(Self { seconds, nanoseconds: 0 });
        }
        if !text.contains(['.', 'e', 'E']) {
            return None;
        }
        let value = text.parse::<f64>().ok()?;
        let seconds = value.floor();
        // 2^63 and beyond, infinities too, are no dates; what is below fits an i64.
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&seconds) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was checked in the line above, and a fraction is in 0..1"
        )]
        let (seconds, nanoseconds) = (seconds as i64, ((value - seconds) * f64::from(NANOSECONDS)) as u32);
        Some(Self { seconds, nanoseconds: nanoseconds.min(NANOSECONDS - 1) })
    }

    /// The date without its fraction: not every verifier reads one.
    #[cfg(feature = "gateway")]
    pub(crate) fn whole(self) -> Self {
        Self { seconds: self.seconds, nanoseconds: 0 }
    }

    /// The date that much later, or the last there is.
    pub(crate) fn saturating_add(self, duration: Duration) -> Self {
        let nanoseconds = self.nanoseconds + duration.subsec_nanos();
        let carry = i64::from(nanoseconds / NANOSECONDS);
        Self {
            seconds: self.seconds.saturating_add_unsigned(duration.as_secs()).saturating_add(carry),
            nanoseconds: nanoseconds % NANOSECONDS,
        }
    }

    /// The time from an earlier date to this one; zero if that isn't earlier.
    pub(crate) fn saturating_since(self, earlier: Self) -> Duration {
        if self <= earlier {
            return Duration::ZERO;
        }
        let whole = self.seconds.saturating_sub(earlier.seconds).unsigned_abs();
        let ahead = Duration::new(whole, self.nanoseconds);
        ahead.saturating_sub(Duration::from_nanos(u64::from(earlier.nanoseconds)))
    }
}

impl From<SystemTime> for NumericDate {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => Self {
                seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
                nanoseconds: since.subsec_nanos(),
            },
            Err(error) => {
                let before = error.duration();
                let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                match before.subsec_nanos() {
                    0 => Self { seconds: -whole, nanoseconds: 0 },
                    nanoseconds => Self { seconds: -whole - 1, nanoseconds: NANOSECONDS - nanoseconds },
                }
            }
        }
    }
}

/// Shows the seconds, with a fraction if there is one.
impl fmt::Display for NumericDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.seconds, self.nanoseconds) {
            (seconds, 0) => write!(f, "{seconds}"),
            (seconds, nanoseconds) if seconds < 0 => {
                // The fraction counts upwards: -2 s and 750 ms is -1.25.
                let sign = if seconds == -1 { "-" } else { "" };
                write!(f, "{sign}{}.{:09}", seconds + 1, NANOSECONDS - nanoseconds)
            }
            (seconds, nanoseconds) => write!(f, "{seconds}.{nanoseconds:09}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Option<(i64, u32)> {
        NumericDate::from_json_number(text).map(|date| (date.seconds, date.nanoseconds))
    }

    #[test]
    fn numbers_in_range_are_dates() {
        assert_eq!(date("4102444800"), Some((4_102_444_800, 0)));
        assert_eq!(date("4102444800.5"), Some((4_102_444_800, 500_000_000)));
        assert_eq!(date("1.5e3"), Some((1500, 0)));
        assert_eq!(date("-1"), Some((-1, 0)));
        assert_eq!(date("-1.25"), Some((-2, 750_000_000)));
        assert_eq!(date("253402300800"), Some((253_402_300_800, 0)));
        assert_eq!(date("1e15"), Some((1_000_000_000_000_000, 0)));
        assert_eq!(date("9223372036854775807"), Some((i64::MAX, 0)));
    }

    #[test]
    fn numbers_out_of_range_are_none() {
        for text in ["9223372036854775808", "18446744073709551615", "1e19", "1e308", "-1e19", "9.3e18"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_stops_at_the_ends() {
        let last = NumericDate { seconds: i64::MAX, nanoseconds: 5 };
        assert_eq!(last.saturating_add(Duration::MAX).seconds, i64::MAX);
        let first = NumericDate { seconds: i64::MIN, nanoseconds: 0 };
        assert_eq!(first.saturating_add(Duration::MAX).seconds, i64::MAX);
        assert!(last.saturating_since(first) > Duration::from_secs(1));
        assert_eq!(first.saturating_since(last), Duration::ZERO);
        let half = NumericDate { seconds: 1, nanoseconds: 600_000_000 };
        assert_eq!(
            half.saturating_add(Duration::from_millis(500)),
            NumericDate { seconds: 2, nanoseconds: 100_000_000 }
        );
        assert_eq!(
            half.saturating_since(NumericDate { seconds: 0, nanoseconds: 700_000_000 }),
            Duration::from_millis(900)
        );
    }

    #[test]
    fn system_times_before_the_epoch_are_dates_too() {
        let time = SystemTime::UNIX_EPOCH - Duration::from_millis(1250);
        let date = NumericDate::from(time);
        assert_eq!((date.seconds, date.nanoseconds), (-2, 750_000_000));
        assert_eq!(date.to_system_time(), Some(time));
        assert_eq!(date.to_string(), "-1.250000000");
    }

    #[test]
    fn shown_as_a_decimal_number() {
        assert_eq!(NumericDate { seconds: 3, nanoseconds: 0 }.to_string(), "3");
        assert_eq!(NumericDate { seconds: 3, nanoseconds: 5_000_000 }.to_string(), "3.005000000");
        assert_eq!(NumericDate { seconds: -1, nanoseconds: 750_000_000 }.to_string(), "-0.250000000");
    }
}
