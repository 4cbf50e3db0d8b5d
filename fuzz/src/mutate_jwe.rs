//! Changes to valid encrypted tokens in JSON serialization, of the kinds that attacks are made of.

use serde_json::{Value, json};

use crate::check::encoded;
use crate::fixtures::ENCRYPTED_JSON;
use crate::json_object::{self, Kind, Object};
use crate::script::Script;

/// How many operations [`token`] knows: the third byte of a seed picks one.
pub const OPERATIONS: usize = 18;

static KIND: Kind = Kind {
    fixtures: &ENCRYPTED_JSON,
    list: "recipients",
    of_one: &["header", "encrypted_key"],
    names: NAMES,
    header: b"{\"alg\":\"dir\",\"enc\":\"A256GCM\"}",
    value: || json!({"alg": "dir"}),
    operations: OPERATIONS,
    change,
};

/// Picks a token and changes it up to four times, as the script says. The outcome may be a valid token still.
pub fn token(script: &mut Script<'_>) -> String {
    KIND.token(script)
}

/// Changes the token, or returns a text that a `Value` can't be.
fn change(operation: usize, token: &mut Object, script: &mut Script<'_>) -> Option<String> {
    match operation {
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
            json_object::change_protected(token, |header| drop(header.insert(name.to_owned(), value)));
        }
        14 => {
            // What was protected isn't any more.
            if let Some(header) = json_object::take_protected(token) {
                KIND.level(token, script).insert(script.pick(&["header", "unprotected"]).to_owned(), header);
            }
        }
        // Octets.
        15 => {
            let name = script.pick(&["encrypted_key", "aad", "iv", "ciphertext", "tag", "protected"]);
            let level = KIND.level(token, script);
            if let Some(mut octets) = json_object::octets(level, name) {
                match script.below(4) {
                    0 => octets.truncate(script.below(octets.len() + 1)),
                    1 => octets.extend(script.bytes(8)),
                    _ => json_object::flip_bit(&mut octets, script),
                }
                level.insert(name.to_owned(), encoded(octets).into());
            }
        }
        // Text.
        16 => return Some(KIND.text_with_member(token, script)),
        _ => return json_object::text_with_other_letter(token, script),
    }
    None
}

/// An unprotected header, which is made where there is none.
fn header(token: &mut Object, script: &mut Script<'_>, change: impl FnOnce(&mut Object)) {
    let name = script.pick(&["header", "unprotected"]);
    let level = KIND.level(token, script);
    if let Value::Object(header) = level.entry(name).or_insert_with(|| json!({})) {
        change(header);
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
