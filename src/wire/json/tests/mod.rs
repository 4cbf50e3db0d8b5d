//! The scanner's promises: its cases one by one, and its agreement with serde_json.
//!
//! Here stands what both ask: the members of a text, under the default limits or under given ones. Arbitrary text
//! goes in, the members or the error come out (RFC 8259; RFC 7519 §4 for names that stand once).

use super::*;

mod agreement;
mod cases;

fn scan(text: &str) -> Result<Vec<(String, Value<'_>)>, Error> {
    scan_within(text, &Limits::default())
}

fn scan_within<'a>(text: &'a str, limits: &Limits) -> Result<Vec<(String, Value<'a>)>, Error> {
    let mut members = Vec::new();
    scan_object(text, Part::Claims, limits, |name, value| {
        members.push((name.to_owned(), value));
        Ok(())
    })?;
    Ok(members)
}
