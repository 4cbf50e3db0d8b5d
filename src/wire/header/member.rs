//! A parameter of a header that was judged before, read again by its name: the header's JSON text goes in,
//! the value in the caller's type comes out, if the parameter is there (RFC 7515 §4.2, §4.3).
//!
//! The text was scanned under the reader's limits, so none are needed here.

use serde::de::DeserializeOwned;

use crate::error::{Defect, Error, Part};
use crate::limits::Limits;
use crate::wire::json::{Value, scan_object};
use crate::wire::typed;

/// Returns a member of a part of the header.
pub(crate) fn member<'h>(part: &'h str, name: &str) -> Option<Value<'h>> {
    let limits = Limits::default().json_depth(usize::MAX).json_members(usize::MAX);
    let mut found = None;
    let scanned = scan_object(part, Part::Header, &limits, |member, value| {
        if member == name {
            found = Some(value);
        }
        Ok(())
    });
    scanned.ok().and(found)
}

/// Returns a parameter out of the parts of a header, which name it once.
///
/// # Errors
///
/// [`Defect::ParameterType`] when the value doesn't fit the type.
pub(crate) fn parameter<'h, T: DeserializeOwned>(
    parts: impl IntoIterator<Item = &'h str>,
    name: &str,
) -> Result<Option<T>, Error> {
    let Some(value) = parts.into_iter().find_map(|part| member(part, name)) else { return Ok(None) };
    let fits = typed::from_json(value.text());
    fits.map(Some).map_err(|_| Error::malformed(Part::Header, Defect::ParameterType))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_in_the_part_that_has_it() {
        let parts = [r#"{"alg":"x","a":1}"#, r#"{"b":[2],"\u0063":"3"}"#];
        assert_eq!(parameter(parts, "a"), Ok(Some(1)));
        assert_eq!(parameter(parts, "b"), Ok(Some(vec![2])));
        assert_eq!(parameter(parts, "c"), Ok(Some("3".to_owned())));
        assert_eq!(parameter::<u8>(parts, "d"), Ok(None));
        assert_eq!(
            parameter::<String>(parts, "a"),
            Err(Error::malformed(Part::Header, Defect::ParameterType))
        );
        assert!(member(parts[0], "alg").is_some() && member(parts[0], "b").is_none());
    }

    #[test]
    fn what_was_accepted_under_raised_limits_is_read() {
        let many: String = (0..300).map(|number| format!(r#""n{number}":0,"#)).collect();
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let part = format!(r#"{{{many}"deep":{deep},"a":1}}"#);
        assert_eq!(parameter([&*part], "a"), Ok(Some(1)));
    }
}
