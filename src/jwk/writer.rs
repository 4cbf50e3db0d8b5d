//! Writes the JSON of a JWK (RFC 7517 §4): names and values go in, text comes out in that order, public
//! or to be wiped.
//!
//! All the room is taken at the start: text that grows moves, and leaves a copy of a secret behind. So
//! each key says at most how long its text gets.

use zeroize::Zeroizing;

use crate::wire::{base64, base64url, json};
use crate::{SecretBytes, SecretString};

/// A JSON object in the making. Its text is wiped unless it is taken out.
pub(super) struct ObjectWriter {
    text: Zeroizing<String>,
}

impl ObjectWriter {
    /// Starts an object of at most `capacity` bytes: text that grows would leave its old copies unwiped.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        text.push('{');
        Self { text }
    }

    pub(super) fn string(&mut self, name: &str, value: &str) {
        self.name(name);
        json::write_string(value, &mut self.text);
    }

    pub(super) fn strings<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a str>) {
        self.name(name);
        json::write_strings(values, &mut self.text);
    }

    pub(super) fn bytes(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.text.push('"');
        base64url::encode_to(value, &mut self.text);
        self.text.push('"');
    }

    /// Writes an array of strings in base64 with padding.
    pub(super) fn base64_array<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a [u8]>) {
        self.name(name);
        self.text.push('[');
        for (index, value) in values.enumerate() {
            self.text.push_str(if index > 0 { ",\"" } else { "\"" });
            base64::encode_to(value, &mut self.text);
            self.text.push('"');
        }
        self.text.push(']');
    }

    pub(super) fn secret(&mut self, name: &str, value: &SecretBytes) {
        self.name(name);
        self.text.push('"');
        self.text.push_str(base64url::encode_secret(value.expose_secret()).expose_secret());
        self.text.push('"');
    }

    /// Ends an object that holds no secret.
    pub(super) fn finish_public(mut self) -> String {
        self.text.push('}');
        std::mem::take(&mut *self.text)
    }

    pub(super) fn finish_secret(self) -> SecretString {
        SecretString::from(self.finish_public())
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        json::write_string(name, &mut self.text);
        self.text.push(':');
    }
}

/// The most bytes that a member or an array element with base64 or base64url of this many bytes takes.
pub(super) const fn base64_member_len(bytes: usize) -> usize {
    // Four characters for three bytes, rounded up, and at most 16 around it.
    (bytes / 3 + 1) * 4 + 16
}

/// The most bytes that a member or an array element with this string takes.
pub(super) const fn string_member_len(text: &str) -> usize {
    // The longest escape is `\u0000`.
    text.len() * 6 + 16
}
