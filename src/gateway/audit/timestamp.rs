//! Points in time as text: a system's time goes in, UTC to the microsecond comes out (RFC 3339 §5.6).
//!
//! All texts are of one length, so that they sort as the times do.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// Appends a time such as `2026-11-22T12:31:09.004500Z`. What is before 1970 or after 9999 is the nearest of
/// those.
pub(super) fn write_time(time: SystemTime, out: &mut String) {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, micros) = match since_epoch.as_secs() {
        seconds @ ..=LAST_SECOND => (seconds, since_epoch.subsec_micros()),
        _ => (LAST_SECOND, 999_999),
    };
    let (year, month, day) = date(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
        .expect("writing to a string can't fail");
}

/// Returns the year, month and day of the Gregorian calendar, so many days after 1970-01-01.
///
/// Years begin in March here: the leap day is the last of its year, of four years, and of 400, so each span
/// is divided by its usual length, and the day left over at its end belongs to its last part.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + FROM_MARCH_0000;
    let (cycles, days) = (days / CYCLE, days % CYCLE);
    let centuries = (days / CENTURY).min(3);
    let days = days - centuries * CENTURY;
    let (fours, days) = (days / FOUR_YEARS, days % FOUR_YEARS);
    let years = (days / YEAR).min(3);
    let mut day = days - years * YEAR;
    let mut month = 3;
    for length in FROM_MARCH {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let year = cycles * 400 + centuries * 100 + fours * 4 + years;
    if month > 12 { (year + 1, month - 12, day + 1) } else { (year, month, day + 1) }
}

const DAY: u64 = 86_400;
const YEAR: u64 = 365;
const FOUR_YEARS: u64 = 4 * YEAR + 1;
const CENTURY: u64 = 25 * FOUR_YEARS - 1;
const CYCLE: u64 = 4 * CENTURY + 1;
/// The days of the months from March to January; February has what is left.
const FROM_MARCH: [u64; 11] = [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31];
/// The days from 0000-03-01 to 1970-01-01.
const FROM_MARCH_0000: u64 = 719_468;
/// 9999-12-31T23:59:59Z.
const LAST_SECOND: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64, micros: u64) -> String {
        let mut text = String::new();
        write_time(UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_micros(micros), &mut text);
        text
    }

    /// `date -u -d @1300819380` prints such.
    #[test]
    fn known_times() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (68_169_599, "1972-02-28T23:59:59.000000Z"),
            (68_169_600, "1972-02-29T00:00:00.000000Z"),
            (68_256_000, "1972-03-01T00:00:00.000000Z"),
            (94_694_399, "1972-12-31T23:59:59.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (951_868_800, "2000-03-01T00:00:00.000000Z"),
            (1_300_819_380, "2011-03-22T18:43:00.000000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000000Z"),
        ] {
            assert_eq!(at(seconds, 0), expected);
        }
        assert_eq!(at(1_300_819_380, 4_500), "2011-03-22T18:43:00.004500Z");
    }

    #[test]
    fn what_is_out_of_range_is_the_nearest() {
        assert_eq!(at(253_402_300_800, 0), "9999-12-31T23:59:59.999999Z");
        let mut text = String::new();
        write_time(UNIX_EPOCH - Duration::from_secs(1), &mut text);
        assert_eq!(text, "1970-01-01T00:00:00.000000Z");
    }

    /// Each day to the year 9999 follows the one before, and each year has its leap day.
    #[test]
    fn each_day_follows_the_one_before() {
        let mut before = (1969, 12, 31);
        for days in 0..=LAST_SECOND / DAY {
            let (year, month, day) = date(days);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            assert!((1..=12).contains(&month) && (1..=last).contains(&day), "{year}-{month}-{day}");
            let expected = match before {
                (year, 12, 31) => (year + 1, 1, 1),
                (year, month, day) if (year, month, day + 1) == date(days) => (year, month, day + 1),
                (year, month, _) => (year, month + 1, 1),
            };
            assert_eq!((year, month, day), expected);
            // A month ends after its last day only.
            assert!(day != 1 || before.2 >= 28);
            before = (year, month, day);
        }
        assert_eq!(before, (9999, 12, 31));
    }
}
