//! A token in JSON serialization as an object: the changes that signed and encrypted ones have in common.
//!
//! [`Kind`] says how the two differ. Seeds pick operations by number, so the numbers stay what they are.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::check::{decoded, encoded};
use crate::script::Script;

pub(crate) type Object = Map<String, Value>;

/// What is particular to signed or to encrypted tokens.
pub(crate) struct Kind {
    /// Valid ones, to start from and to take pieces of.
    pub(crate) fixtures: &'static LazyLock<Vec<&'static str>>,
    /// The member that holds the signatures or the recipients.
    pub(crate) list: &'static str,
    /// The members of one of these that may stand in the whole instead.
    pub(crate) of_one: &'static [&'static str],
    /// The names that members are given.
    pub(crate) names: &'static [&'static str],
    /// A header that an attacker would rather have, as JSON.
    pub(crate) header: &'static [u8],
    /// A value that one of the kind's own members could have.
    pub(crate) value: fn() -> Value,
    /// How many operations there are, [`SHARED`] ones and the kind's own.
    pub(crate) operations: usize,
    /// The kind's own operations, whose numbers begin at [`SHARED`]. Returns a text that a `Value` can't be, or none.
    pub(crate) change: fn(usize, &mut Object, &mut Script<'_>) -> Option<String>,
}

/// How many operations are the same for each kind: the first ones.
pub(crate) const SHARED: usize = 11;

impl Kind {
    /// Picks a token and changes it up to four times, as the script says. The outcome may be a valid token still.
    pub(crate) fn token(&self, script: &mut Script<'_>) -> String {
        let mut token = self.donor(script);
        for _ in 0..=script.below(4) {
            match script.below(self.operations) {
                operation @ ..SHARED => self.change_members(operation, &mut token, script),
                operation => {
                    if let Some(text) = (self.change)(operation, &mut token, script) {
                        // What is no object any more is done.
                        return text;
                    }
                }
            }
            if script.is_over() {
                break;
            }
        }
        Value::Object(token).to_string()
    }

    fn donor(&self, script: &mut Script<'_>) -> Object {
        match serde_json::from_str(script.pick(&self.fixtures[..])) {
            Ok(Value::Object(token)) => token,
            _ => unreachable!("the fixtures are objects"),
        }
    }

    fn change_members(&self, operation: usize, token: &mut Object, script: &mut Script<'_>) {
        match operation {
            // Members of either level.
            0 => drop(self.level(token, script).remove(script.pick(self.names))),
            1 => {
                let (name, value) = (script.pick(self.names), self.value(script));
                self.level(token, script).insert(name.to_owned(), value);
            }
            2 => {
                // From one level to the other, as if both were one.
                let name = script.pick(self.names);
                if let Some(value) = self.level(token, script).remove(name) {
                    self.level(token, script).insert(name.to_owned(), value);
                }
            }
            3 => {
                // Of another token.
                let (name, mut donor) = (script.pick(self.names), self.donor(script));
                if let Some(value) = self.level(&mut donor, script).remove(name) {
                    self.level(token, script).insert(name.to_owned(), value);
                }
            }
            // The list of signatures or recipients.
            4 => self.change_list(token, |list| list.truncate(script.below(list.len() + 1))),
            5 => self.change_list(token, |list| list.reverse()),
            6 => self.change_list(token, |list| list.push(self.value(script))),
            7 => self.change_list(token, |list| list.extend(list.clone())),
            8 => {
                let other = self.donor(script).remove(self.list);
                self.change_list(token, |list| {
                    if let Some(Value::Array(other)) = other {
                        list.extend(other);
                    }
                });
            }
            9 => self.flatten(token),
            _ => self.generalize(token),
        }
    }

    /// The whole, or one of its signatures or recipients.
    pub(crate) fn level<'t>(&self, token: &'t mut Object, script: &mut Script<'_>) -> &'t mut Object {
        let count = token.get(self.list).and_then(Value::as_array).map_or(0, Vec::len);
        let place = script.below(count + 1);
        // Looked up twice, as a borrow that is returned from one arm lasts through the other.
        if place == 0 || token[self.list][place - 1].as_object().is_none() {
            return token;
        }
        token[self.list][place - 1].as_object_mut().expect("it was one just now")
    }

    fn change_list(&self, token: &mut Object, change: impl FnOnce(&mut Vec<Value>)) {
        if let Some(Value::Array(list)) = token.get_mut(self.list) {
            change(list);
        }
    }

    fn flatten(&self, token: &mut Object) {
        if let Some(Value::Array(list)) = token.remove(self.list)
            && let Some(Value::Object(first)) = list.into_iter().next()
        {
            token.extend(first);
        }
    }

    fn generalize(&self, token: &mut Object) {
        let members = self.of_one.iter().filter_map(|&name| Some((name.to_owned(), token.remove(name)?)));
        let one: Object = members.collect();
        match token.get_mut(self.list) {
            Some(Value::Array(list)) => list.push(one.into()),
            _ => drop(token.insert(self.list.to_owned(), json!([one]))),
        }
    }

    fn value(&self, script: &mut Script<'_>) -> Value {
        match script.below(10) {
            0 => Value::Null,
            1 => json!(""),
            2 => json!([]),
            3 => json!({}),
            4 => json!("e30"),
            5 => json!(encoded(self.header)),
            6 => json!([{}]),
            7 => (self.value)(),
            8 => Value::Object(self.donor(script)),
            _ => json!(script.text(16)),
        }
    }

    /// The token as text that begins with one more member, whose name may stand in it twice.
    pub(crate) fn text_with_member(&self, token: &Object, script: &mut Script<'_>) -> String {
        let member = format!("{{\"{}\":{},", script.pick(self.names), self.value(script));
        text(token).replacen('{', &member, 1)
    }
}

/// The token as text with one letter escaped, followed by a space, left out or replaced.
pub(crate) fn text_with_other_letter(token: &Object, script: &mut Script<'_>) -> Option<String> {
    let text = text(token);
    let place = script.below(text.chars().count());
    let (at, letter) = text.char_indices().nth(place)?;
    let with = match script.below(4) {
        0 => format!("\\u{:04x}", u32::from(letter)),
        1 => format!("{letter} "),
        2 => String::new(),
        _ => script.text(2),
    };
    Some([&text[..at], &with, &text[at + letter.len_utf8()..]].concat())
}

fn text(token: &Object) -> String {
    Value::Object(token.clone()).to_string()
}

/// Changes the protected header that stands in this level, if one does.
pub(crate) fn change_protected(level: &mut Object, change: impl FnOnce(&mut Object)) {
    let header = octets(level, "protected");
    if let Some(mut header) = header.and_then(|header| serde_json::from_slice(&header).ok()) {
        change(&mut header);
        level.insert("protected".to_owned(), encoded(Value::Object(header).to_string()).into());
    }
}

/// Takes the protected header out of this level. One that is no JSON is lost.
pub(crate) fn take_protected(level: &mut Object) -> Option<Value> {
    let header = octets(level, "protected");
    level.remove("protected");
    serde_json::from_slice(&header?).ok()
}

/// A member's octets, if it is base64url.
pub(crate) fn octets(level: &Object, name: &str) -> Option<Vec<u8>> {
    level.get(name).and_then(Value::as_str).and_then(decoded)
}

/// Flips one bit, if there is any.
pub(crate) fn flip_bit(octets: &mut [u8], script: &mut Script<'_>) {
    let at = script.below(octets.len().max(1));
    if let Some(octet) = octets.get_mut(at) {
        *octet ^= 1 << script.below(8);
    }
}
