//! Changes to valid signed tokens in JSON serialization, of the kinds that attacks are made of.

use serde_json::{Value, json};

use crate::check::{decoded, encoded};
use crate::fixtures::SIGNED_JSON;
use crate::forge;
use crate::json_object::{self, Kind, Object};
use crate::script::Script;

/// How many operations [`token`] knows: the third byte of a seed picks one.
pub const OPERATIONS: usize = 20;

static KIND: Kind = Kind {
    fixtures: &SIGNED_JSON,
    list: "signatures",
    of_one: &["protected", "header", "signature"],
    names: NAMES,
    header: b"{\"alg\":\"none\"}",
    value: || json!(true),
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
        11 => json_object::change_protected(KIND.level(token, script), |header| {
            let name = script.pick(PARAMETERS);
            let value = parameter(script);
            header.insert(name.to_owned(), value);
        }),
        12 => json_object::change_protected(KIND.level(token, script), |header| {
            drop(header.remove(script.pick(PARAMETERS)));
        }),
        13 => {
            let header = json!({ script.pick(PARAMETERS): parameter(script) });
            KIND.level(token, script).insert("header".to_owned(), header);
        }
        14 => {
            // What was protected isn't any more.
            let level = KIND.level(token, script);
            if let Some(header) = json_object::take_protected(level) {
                level.insert("header".to_owned(), header);
            }
        }
        // Signatures.
        15 => sign(token, script),
        16 => {
            let level = KIND.level(token, script);
            if let Some(mut signature) = json_object::octets(level, "signature") {
                json_object::flip_bit(&mut signature, script);
                level.insert("signature".to_owned(), encoded(signature).into());
            }
        }
        // Text.
        17 => return Some(KIND.text_with_member(token, script)),
        18 => return json_object::text_with_other_letter(token, script),
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

/// Signs as an attacker can: with a public key for a secret, with a key of their own, or not at all.
fn sign(token: &mut Object, script: &mut Script<'_>) {
    let payload = token.get("payload").and_then(Value::as_str).unwrap_or_default().to_owned();
    let level = KIND.level(token, script);
    let protected = level.get("protected").and_then(Value::as_str).unwrap_or_default();
    let signing_input = format!("{protected}.{payload}");
    let signature = match script.below(4) {
        0 | 1 => forge::hmac(&forge::PUBLIC_FORMS[script.below(forge::PUBLIC_FORMS.len())], &signing_input),
        2 => forge::attacker(&signing_input),
        _ => Vec::new(),
    };
    level.insert("signature".to_owned(), encoded(signature).into());
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
