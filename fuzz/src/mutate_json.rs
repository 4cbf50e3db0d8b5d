//! Changes to valid signed tokens in JSON serialization, of the kinds that attacks are made of.

use serde_json::{Map, Value, json};

use crate::check::{decoded, encoded};
use crate::fixtures::SIGNED_JSON;
use crate::forge;
use crate::script::Script;

/// How many operations [`token`] knows: the second byte of a seed picks one.
pub const OPERATIONS: usize = 20;

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
    match serde_json::from_str(script.pick(&SIGNED_JSON[..])) {
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
        // The list of signatures.
        4 => signatures(token, |list, script| list.truncate(script.below(list.len() + 1)), script),
        5 => signatures(token, |list, _| list.reverse(), script),
        6 => signatures(token, |list, script| list.push(value(script)), script),
        7 => signatures(token, |list, _| list.extend(list.clone()), script),
        8 => {
            let other = donor(script).remove("signatures");
            signatures(
                token,
                |list, _| {
                    if let Some(Value::Array(other)) = other {
                        list.extend(other);
                    }
                },
                script,
            );
        }
        9 => flatten(token),
        10 => generalize(token),
        // Headers.
        11 => protected(token, script, |header, script| {
            let name = script.pick(PARAMETERS);
            let value = parameter(script);
            header.insert(name.to_owned(), value);
        }),
        12 => protected(token, script, |header, script| drop(header.remove(script.pick(PARAMETERS)))),
        13 => {
            let header = json!({ script.pick(PARAMETERS): parameter(script) });
            level(token, script).insert("header".to_owned(), header);
        }
        14 => {
            // What was protected isn't any more.
            let level = level(token, script);
            let header = level.remove("protected").as_ref().and_then(Value::as_str).and_then(decoded);
            if let Some(header) = header.and_then(|header| serde_json::from_slice(&header).ok()) {
                level.insert("header".to_owned(), header);
            }
        }
        // Signatures.
        15 => sign(token, script),
        16 => {
            let level = level(token, script);
            let signature = level.get("signature").and_then(Value::as_str).and_then(decoded);
            if let Some(mut signature) = signature {
                let at = script.below(signature.len().max(1));
                if let Some(byte) = signature.get_mut(at) {
                    *byte ^= 1 << script.below(8);
                }
                level.insert("signature".to_owned(), encoded(signature).into());
            }
        }
        // Text.
        17 => {
            let member = format!("{{\"{}\":{},", script.pick(NAMES), value(script));
            return Some(Value::Object(token.clone()).to_string().replacen('{', &member, 1));
        }
        18 => {
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
        _ => {
            let payload = token.get("payload").and_then(Value::as_str).map(str::to_owned);
            let other = match script.below(3) {
                0 => payload
                    .and_then(|payload| decoded(&payload))
                    .and_then(|bytes| String::from_utf8(bytes).ok()),
                1 => payload.map(encoded),
                _ => Some(script.text(32)),
            };
            if let Some(other) = other {
                token.insert("payload".to_owned(), other.into());
            }
        }
    }
    None
}

/// The whole, or one of its signatures.
fn level<'t>(token: &'t mut Map<String, Value>, script: &mut Script<'_>) -> &'t mut Map<String, Value> {
    let count = token.get("signatures").and_then(Value::as_array).map_or(0, Vec::len);
    let place = script.below(count + 1);
    // Looked up twice, as a borrow that is returned from one arm lasts through the other.
    if place == 0 || token["signatures"][place - 1].as_object().is_none() {
        return token;
    }
    token["signatures"][place - 1].as_object_mut().expect("it was one just now")
}

fn signatures(
    token: &mut Map<String, Value>,
    change: impl FnOnce(&mut Vec<Value>, &mut Script<'_>),
    script: &mut Script<'_>,
) {
    if let Some(Value::Array(list)) = token.get_mut("signatures") {
        change(list, script);
    }
}

fn flatten(token: &mut Map<String, Value>) {
    if let Some(Value::Array(list)) = token.remove("signatures")
        && let Some(Value::Object(first)) = list.into_iter().next()
    {
        token.extend(first);
    }
}

fn generalize(token: &mut Map<String, Value>) {
    let of_one = ["protected", "header", "signature"];
    let members = of_one.into_iter().filter_map(|name| Some((name.to_owned(), token.remove(name)?)));
    let signature: Map<String, Value> = members.collect();
    match token.get_mut("signatures") {
        Some(Value::Array(list)) => list.push(signature.into()),
        _ => drop(token.insert("signatures".to_owned(), json!([signature]))),
    }
}

fn protected(
    token: &mut Map<String, Value>,
    script: &mut Script<'_>,
    change: impl FnOnce(&mut Map<String, Value>, &mut Script<'_>),
) {
    let level = level(token, script);
    let header = level.get("protected").and_then(Value::as_str).and_then(decoded);
    if let Some(mut header) = header.and_then(|header| serde_json::from_slice(&header).ok()) {
        change(&mut header, script);
        level.insert("protected".to_owned(), encoded(Value::Object(header).to_string()).into());
    }
}

/// Signs as an attacker can: with a public key for a secret, with a key of their own, or not at all.
fn sign(token: &mut Map<String, Value>, script: &mut Script<'_>) {
    let payload = token.get("payload").and_then(Value::as_str).unwrap_or_default().to_owned();
    let level = level(token, script);
    let protected = level.get("protected").and_then(Value::as_str).unwrap_or_default();
    let signing_input = format!("{protected}.{payload}");
    let signature = match script.below(4) {
        0 | 1 => forge::hmac(&forge::PUBLIC_FORMS[script.below(forge::PUBLIC_FORMS.len())], &signing_input),
        2 => forge::attacker(&signing_input),
        _ => Vec::new(),
    };
    level.insert("signature".to_owned(), encoded(signature).into());
}

fn value(script: &mut Script<'_>) -> Value {
    match script.below(10) {
        0 => Value::Null,
        1 => json!(""),
        2 => json!([]),
        3 => json!({}),
        4 => json!("e30"),
        5 => json!(encoded(b"{\"alg\":\"none\"}")),
        6 => json!([{}]),
        7 => json!(true),
        8 => Value::Object(donor(script)),
        _ => json!(script.text(16)),
    }
}

fn parameter(script: &mut Script<'_>) -> Value {
    match script.below(10) {
        0 => Value::Null,
        1 => json!("none"),
        2 => json!("HS256"),
        3 => json!("ES256"),
        4 => json!("Ed25519"),
        5 => json!(false),
        6 => json!(true),
        7 => json!(["b64"]),
        8 => serde_json::from_str(&forge::ATTACKER_JWK).expect("it is JSON"),
        _ => json!(script.text(16)),
    }
}

const NAMES: &[&str] = &[
    "payload",
    "protected",
    "header",
    "signature",
    "signatures",
    "ciphertext",
    "recipients",
    "encrypted_key",
    "unprotected",
    "aad",
    "iv",
    "tag",
    "Payload",
    "x",
];

const PARAMETERS: &[&str] = &["alg", "kid", "typ", "cty", "crit", "b64", "enc", "zip", "jwk", "jku", "x"];
