//! Whether two texts say the same: two JSON objects that were scanned go in, a yes or no comes out.
//!
//! What a server answers may be written anew each time, its members and the elements of its list in another order
//! ([RFC 8259 §4](https://www.rfc-editor.org/rfc/rfc8259#section-4)).

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Returns whether two objects that were scanned say the same: their members come in any order (RFC 8259 §4), and
/// so do the elements of the member `list`, if it is an array. Those of other arrays don't.
pub(crate) fn say_the_same(left: &str, right: &str, list: &str) -> bool {
    let read = |text| serde_json::from_str::<Map<String, Value>>(text).ok();
    let (Some(mut left), Some(mut right)) = (read(left), read(right)) else { return false };
    let same_lists = match (left.remove(list), right.remove(list)) {
        (Some(Value::Array(left)), Some(Value::Array(right))) => have_the_same(&left, &right),
        (left, right) => left == right,
    };
    same_lists && left == right
}

/// Whether each value stands as often on either side, in time that grows with their number and no faster: what a
/// server sends may hold a hundred thousand.
fn have_the_same(left: &[Value], right: &[Value]) -> bool {
    let mut counts: HashMap<&Value, usize> = HashMap::with_capacity(left.len());
    for value in left {
        *counts.entry(value).or_default() += 1;
    }
    left.len() == right.len()
        && right.iter().all(|value| match counts.get_mut(value) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_say_the_same_in_any_order() {
        let keys = r#"{"keys":[{"a":[1,2],"b":{"c":"x"}},{"a":1}],"more":[1,2]}"#;
        for (other, expected) in [
            (keys, true),
            (
                "{ \"more\" : [1, 2], \"keys\": [{\"a\": 1}, {\"b\":{\"\\u0063\":\"x\"},\"a\":[1,2]}] }\n",
                true,
            ),
            (r#"{"keys":[{"a":[2,1],"b":{"c":"x"}},{"a":1}],"more":[1,2]}"#, false),
            (r#"{"keys":[{"a":[1,2],"b":{"c":"y"}},{"a":1}],"more":[1,2]}"#, false),
            (r#"{"keys":[{"a":[1,2],"b":{"c":"x"}},{"a":1}],"more":[2,1]}"#, false),
            (r#"{"keys":[{"a":[1,2],"b":{"c":"x"}},{"a":1}]}"#, false),
            (r#"{"keys":[{"a":[1,2],"b":{"c":"x"}}],"more":[1,2]}"#, false),
            (r#"{"keys":[{"a":[1,2],"b":{"c":"x"}},{"a":1},{"a":1}],"more":[1,2]}"#, false),
            (r#"{"keys":{"a":1},"more":[1,2]}"#, false),
            ("[]", false),
        ] {
            assert_eq!(say_the_same(keys, other, "keys"), expected, "{other}");
            assert_eq!(say_the_same(other, keys, "keys"), expected, "{other}");
        }
        let (twice, once) = (r#"{"keys":[1,1,2]}"#, r#"{"keys":[1,2,2]}"#);
        assert!(!say_the_same(twice, once, "keys") && !say_the_same(once, twice, "keys"));
        // Numbers that are equal are one, however they are written.
        assert!(say_the_same(r#"{"keys":[0.0,10,1]}"#, r#"{"keys":[1,-0.0,10]}"#, "keys"));
        assert!(!say_the_same(r#"{"keys":[1.0]}"#, r#"{"keys":[1]}"#, "keys"));
        // Not a list, it is compared as any other.
        assert!(say_the_same(r#"{"keys":1}"#, r#"{ "keys": 1 }"#, "keys"));
    }

    /// More than fit into what is fetched, in the opposite order.
    #[test]
    fn long_lists_are_compared_too() {
        let text = |numbers: &mut dyn Iterator<Item = u32>| {
            let members: Vec<_> = numbers.map(|number| format!("{{\"a\":{number}}}")).collect();
            format!("{{\"keys\":[{}]}}", members.join(","))
        };
        let (up, down) = (text(&mut (0..60_000)), text(&mut (0..60_000).rev()));
        assert!(say_the_same(&up, &down, "keys"));
        assert!(!say_the_same(&up, &text(&mut (1..60_001).rev()), "keys"));
        assert!(!say_the_same(&up, &text(&mut (0..60_001).rev()), "keys"));
    }
}
