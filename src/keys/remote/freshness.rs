//! For how long an answer says that it may be kept: `Cache-Control`, `Expires`, `Date` and `Age` go in, a
//! duration comes out (RFC 9111 §4.2, §5.2.2, §5.3).
//!
//! The fields are a server's wish: settings hold it between a least and a most.

use std::time::Duration;

use super::http::HttpResponse;

/// The answer's wish, or `None` if it has none that can be read.
pub(super) fn lifetime(response: &HttpResponse) -> Option<Duration> {
    // RFC 9111 §5.1: of a list the first counts, and what is no number is ignored.
    let age = response.age.as_deref().and_then(|ages| ages.split(',').next());
    let age = age.and_then(|age| seconds_of(age.trim())).unwrap_or(0);
    let seconds: u64 = match response.cache_control.as_deref().and_then(max_age) {
        Some(seconds) => seconds,
        None => {
            let expires = response.expires.as_deref()?;
            // RFC 9111 §5.3: "A cache recipient MUST interpret invalid date formats, especially the value
            // "0", as representing a time in the past".
            let Some(expires) = date(expires) else { return Some(Duration::ZERO) };
            expires.saturating_sub(date(response.date.as_deref()?)?)
        }
    };
    Some(Duration::from_secs(seconds.saturating_sub(age)))
}

fn max_age(field: &str) -> Option<u64> {
    let mut least: Option<u64> = None;
    for directive in field.split(',').map(str::trim) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            0
        } else if name.eq_ignore_ascii_case("max-age") {
            // RFC 9111 §4.2.1: what can't be read is stale.
            seconds_of(value.trim_matches('"')).unwrap_or(0)
        } else {
            continue;
        };
        // Of two that contradict each other, the shorter (RFC 9111 §4.2.1 permits it).
        least = Some(least.map_or(seconds, |least| least.min(seconds)));
    }
    least
}

/// RFC 9111 §1.2.2: digits, and larger than can be represented is as large as can be.
fn seconds_of(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is written today
/// (RFC 9110 §5.6.7).
fn date(text: &str) -> Option<u64> {
    let (_, rest) = text.trim().split_once(", ")?;
    let mut words = rest.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let year: u64 = words.next()?.parse().ok()?;
    let mut time = words.next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (time.next()??, time.next()??, time.next()??);
    let month = MONTHS.iter().position(|month| *month == name)?;
    let fits = words.next() == Some("GMT") && words.next().is_none() && time.next().is_none();
    let in_range = (1..=31).contains(&day)
        && (1970..=9999).contains(&year)
        && hours < 24
        && minutes < 60
        && seconds <= 60;
    if !fits || !in_range {
        return None;
    }
    // March is the first month, so that the leap day is a year's last.
    let month = u64::try_from(month).ok()?;
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    const EPOCH: u64 = 719_468;
    Some((days.checked_sub(EPOCH)?) * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&str, &str)]) -> Option<u64> {
        let response = HttpResponse::new(200, "");
        let response =
            fields.iter().fold(response, |response, (name, value)| response.with_field(name, value));
        lifetime(&response).map(|lifetime| lifetime.as_secs())
    }

    #[test]
    fn cache_control_goes_before_expires() {
        let date = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let expires = ("Expires", "Sun, 06 Nov 1994 08:51:37 GMT");
        for (fields, expected) in [
            (&[][..], None),
            (&[("Cache-Control", "public, max-age=300")], Some(300)),
            (&[("cache-control", "Max-Age=\"300\"")], Some(300)),
            (&[("Cache-Control", "max-age=300"), ("Age", "100")], Some(200)),
            (&[("Cache-Control", "max-age=300"), ("Age", "400")], Some(0)),
            (&[("Cache-Control", "max-age=300"), ("Age", "99999999999999999999999")], Some(0)),
            (&[("Cache-Control", "max-age=300"), ("Age", " 100 , 5")], Some(200)),
            (&[("Cache-Control", "max-age=300"), ("Age", "100"), ("Age", "5")], Some(200)),
            (&[("Cache-Control", "max-age=300"), ("age", "5"), ("Age", "100")], Some(295)),
            // The first counts even if it is none.
            (&[("Cache-Control", "max-age=300"), ("Age", ""), ("Age", "100")], Some(300)),
            (&[("Cache-Control", "max-age=300"), ("Age", "+100")], Some(300)),
            (&[("Cache-Control", "max-age=300"), ("Age", "")], Some(300)),
            (&[("Age", "99999999999999999999999")], None),
            (&[("Cache-Control", "max-age=300"), ("Cache-Control", "max-age=20")], Some(20)),
            (&[("Cache-Control", "max-age=300, no-cache")], Some(0)),
            (&[("Cache-Control", "no-store")], Some(0)),
            (&[("Cache-Control", "max-age=-1")], Some(0)),
            (&[("Cache-Control", "max-age=99999999999999999999999")], Some(u64::MAX)),
            (&[("Cache-Control", "s-maxage=5, public")], None),
            (&[date, expires], Some(120)),
            (&[date, expires, ("Cache-Control", "max-age=7")], Some(7)),
            (&[date, expires, ("Expires", "0")], Some(120)),
            (&[date, ("Expires", "0"), expires], Some(0)),
            (&[date, ("Date", expires.1), expires], Some(120)),
            (&[expires], None),
            (&[date, ("Expires", "0")], Some(0)),
            (&[("Date", expires.1), ("Expires", date.1)], Some(0)),
            (&[("X-Else", "1")], None),
        ] {
            assert_eq!(of(fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn dates_are_seconds_since_1970() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 29 Feb 2024 23:59:59 GMT", Some(1_709_251_199)),
            ("Sun, 22 Nov 2026 10:31:18 GMT", Some(1_795_343_478)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 1994 24:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37:00 GMT", None),
            ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", None),
            ("Sun, 06 nov 1994 08:49:37 GMT", None),
            ("", None),
        ] {
            assert_eq!(date(text), expected, "{text}");
        }
    }
}
