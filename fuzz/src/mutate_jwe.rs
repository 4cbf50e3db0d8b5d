//! Changes to valid encrypted tokens in JSON serialization, of the kinds that attacks are made of.

use serde_json::{Map, Value, json};

use crate::check::{decoded, encoded};
use crate::fixtures::ENCRYPTED_JSON;
use crate::script::Script;

/// How many operations [`token`] knows: the third byte of a seed picks one.
pub const OPERATIONS: usize = 18;

/// Picks a token and changes it up to four times, as the script says. The outcome may be a valid token still.
pub fn token(script: &mut Script<'_>) -> String {
    let mut token = donor(script);
    for _ in 0..=script.below(4) {
        if let Some(text) = mutate(&mut token, script) {
            // What is no object any more is done.
            return text;
        }
        if script.is_over() {
            break;
        }
    }
    Value::Object(token).to_string()
}

fn donor(script: &mut Script<'_>) -> Map<String, Value> {
    match serde_json::from_str(script.pick(&ENCRYPTED_JSON[..])) {
        Ok(Value::Object(token)) => token,
        _ => unreachable!("the fixtures are objects"),
    }
}

/// Changes the token, or returns a text that a `Value` can't be.
fn mutate(token: &mut Map<String, Value>, script: &mut Script<'_>) -> Option<String> {
    match script.below(OPERATIONS) {
        // Members of either level.
        0 => drop(level(token, script).remove(script.pick(NAMES))),
        1 => {
            let (name, value) = (script.pick(NAMES), value(script));
            level(token, script).insert(name.to_owned(), value);
        }
        2 => {
            // From one level to the other, as if both were one.
            let name = script.pick(NAMES);
            if let Some(value) = level(token, script).remove(name) {
                level(token, script).insert(name.to_owned(), value);
            }
        }
        3 => {
            // Of another token.
            let (name, mut donor) = (script.pick(NAMES), donor(script));
            if let Some(value) = level(&mut donor, script).remove(name) {
                level(token, script).insert(name.to_owned(), value);
            }
        }
        // The list of recipients.
        4 => recipients(token, script, |list, script| list.truncate(script.below(list.len() + 1))),
        5 => recipients(token, script, |list, _| list.reverse()),
        6 => recipients(token, script, |list, script| list.push(value(script))),
        7 => recipients(token, script, |list, _| list.extend(list.clone())),
        8 => {
            let other = donor(script).remove("recipients");
            recipients(token, script, |list, _| {
                if let Some(Value::Array(other)) = other {
                    list.extend(other);
                }
            });
        }
        9 => flatten(token),
        10 => generalize(token),
        // Headers.
        11 => {
            let name = script.pick(PARAMETERS);
            let value = parameter(script);
            header(token, script, |header| drop(header.insert(name.to_owned(), value)));
        }
        12 => {
            let name = script.pick(PARAMETERS);
            header(token, script, |header| drop(header.remove(name)));
        }
        13 => {
            let name = script.pick(PARAMETERS);
            let value = parameter(script);
            protected(token, |header| drop(header.insert(name.to_owned(), value)));
        }
        14 => {
            // What was protected isn't any more.
            let header = token.remove("protected").as_ref().and_then(Value::as_str).and_then(decoded);
            if let Some(header) = header.and_then(|header| serde_json::from_slice(&header).ok()) {
                level(token, script).insert(script.pick(&["header", "unprotected"]).to_owned(), header);
            }
        }
        // Octets.
        15 => {
            let name = script.pick(&["encrypted_key", "aad", "iv", "ciphertext", "tag", "protected"]);
            let level = level(token, script);
            if let Some(mut octets) = level.get(name).and_then(Value::as_str).and_then(decoded) {
                match script.below(4) {
                    0 => octets.truncate(script.below(octets.len() + 1)),
                    1 => octets.extend(script.bytes(8)),
                    _ => {
                        let at = script.below(octets.len().max(1));
                        if let Some(octet) = octets.get_mut(at) {
                            *octet ^= 1 << script.below(8);
                        }
                    }
                }
                level.insert(name.to_owned(), encoded(octets).into());
            }
        }
        // Text.
        16 => {
            let member = format!("{{\"{}\":{},", script.pick(NAMES), value(script));
            return Some(Value::Object(token.clone()).to_string().replacen('{', &member, 1));
        }
        _ => {
            let text = Value::Object(token.clone()).to_string();
            let place = script.below(text.chars().count());
            let (at, letter) = text.char_indices().nth(place)?;
            let with = match script.below(4) {
                0 => format!("\\u{:04x}", u32::from(letter)),
                1 => format!("{letter} "),
                2 => String::new(),
                _ => script.text(2),
            };
            return Some([&text[..at], &with, &text[at + letter.len_utf8()..]].concat());
        }
    }
    None
}

/// The whole, or one of its recipients.
fn level<'t>(token: &'t mut Map<String, Value>, script: &mut Script<'_>) -> &'t mut Map<String, Value> {
    let count = token.get("recipients").and_then(Value::as_array).map_or(0, Vec::len);
    let place = script.below(count + 1);
    // Looked up twice, as a borrow that is returned from one arm lasts through the other.
    if place == 0 || token["recipients"][place - 1].as_object().is_none() {
        return token;
    }
    token["recipients"][place - 1].as_object_mut().expect("it was one just now")
}

fn recipients(
    token: &mut Map<String, Value>,
    script: &mut Script<'_>,
    change: impl FnOnce(&mut Vec<Value>, &mut Script<'_>),
) {
    if let Some(Value::Array(list)) = token.get_mut("recipients") {
        change(list, script);
    }
}

fn flatten(token: &mut Map<String, Value>) {
    if let Some(Value::Array(list)) = token.remove("recipients")
        && let Some(Value::Object(first)) = list.into_iter().next()
    {
        token.extend(first);
    }
}

fn generalize(token: &mut Map<String, Value>) {
    let of_one = ["header", "encrypted_key"];
    let members = of_one.into_iter().filter_map(|name| Some((name.to_owned(), token.remove(name)?)));
    let recipient: Map<String, Value> = members.collect();
    match token.get_mut("recipients") {
        Some(Value::Array(list)) => list.push(recipient.into()),
        _ => drop(token.insert("recipients".to_owned(), json!([recipient]))),
    }
}

/// An unprotected header, which is made where there is none.
fn header(
    token: &mut Map<String, Value>,
    script: &mut Script<'_>,
    change: impl FnOnce(&mut Map<String, Value>),
) {
    let name = script.pick(&["header", "unprotected"]);
    let level = level(token, script);
    if let Value::Object(header) = level.entry(name).or_insert_with(|| json!({})) {
        change(header);
    }
}

fn protected(token: &mut Map<String, Value>, change: impl FnOnce(&mut Map<String, Value>)) {
    let header = token.get("protected").and_then(Value::as_str).and_then(decoded);
    if let Some(mut header) = header.and_then(|header| serde_json::from_slice(&header).ok()) {
        change(&mut header);
        token.insert("protected".to_owned(), encoded(Value::Object(header).to_string()).into());
    }
}

fn value(script: &mut Script<'_>) -> Value {
    match script.below(10) {
        0 => Value::Null,
        1 => json!(""),
        2 => json!([]),
        3 => json!({}),
        4 => json!("e30"),
        5 => json!(encoded(b"{\"alg\":\"dir\",\"enc\":\"A256GCM\"}")),
        6 => json!([{}]),
        7 => json!({"alg": "dir"}),
        8 => Value::Object(donor(script)),
        _ => json!(script.text(16)),
    }
}

fn parameter(script: &mut Script<'_>) -> Value {
    match script.below(10) {
        0 => Value::Null,
        1 => json!("dir"),
        2 => json!("A256KW"),
        3 => json!("A256GCM"),
        4 => json!("A128CBC-HS256"),
        5 => json!("ECDH-ES+A128KW"),
        6 => json!("DEF"),
        7 => json!(["x"]),
        8 => json!({"kty": "OKP", "crv": "X25519", "x": "AAAA"}),
        _ => json!(script.text(16)),
    }
}

const NAMES: &[&str] = &[
    "protected",
    "unprotected",
    "header",
    "encrypted_key",
    "recipients",
    "aad",
    "iv",
    "ciphertext",
    "tag",
    "payload",
    "signature",
    "signatures",
    "Ciphertext",
    "x",
];

const PARAMETERS: &[&str] =
    &["alg", "enc", "kid", "typ", "cty", "crit", "zip", "epk", "apu", "apv", "iv", "tag", "p2c", "jwk", "x"];
