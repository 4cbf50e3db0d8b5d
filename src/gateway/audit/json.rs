//! An event as one line of JSON (RFC 8259): printable ASCII, whatever is in it.
//!
//! Names and meanings of the members stay; a member may be added. What isn't known is left out.

use std::fmt::Write as _;

use super::escape::write_json;
use super::event::AuditEvent;
use super::subject::AuditSubject;
use super::text::AuditText;
use super::timestamp::write_time;

impl AuditEvent<'_> {
    /// Returns the event as a JSON object on one line, all in printable ASCII, without a line break at its end.
    ///
    /// | member | value |
    /// |---|---|
    /// | `time` | when it was decided, as in `2026-11-22T12:31:09.004500Z` |
    /// | `decision` | `accepted`, `refused` or `abandoned` |
    /// | `code`, `status` | of a refusal: [`code`](Self::code), [`http_status`](Self::http_status) |
    /// | `requirement` | the requirement that the token doesn't meet |
    /// | `iss`, `kid`, `alg`, `client_id`, `jti` | what a verified token says |
    /// | `sub_hash`, or `sub` | the subject of a verified token, hashed or in clear |
    /// | `unverified_kid`, `unverified_alg` | what the header of any other token says |
    /// | `cache_hit` | whether a cache had the token, if one was asked |
    /// | `took_ns` | how long it took to decide, in nanoseconds |
    /// | `request_id` | the request's ID |
    /// | `token_sha256` | the first 8 bytes of the token's SHA-256, in hexadecimal |
    /// | `truncated` | the names of those above whose text is longer, and cut |
    ///
    /// Text is what was said, once JSON's escapes are undone; a text takes 256 bytes at most.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut object = Object::new();
        object.name("time").push('"');
        write_time(self.at(), &mut object.line);
        object.line.push('"');
        object.word("decision", Some(self.decision().as_str()));
        object.text("code", self.code().map(AuditText::from));
        object.number("status", self.http_status().map(u128::from));
        object.text("requirement", self.requirement());
        if let Some(facts) = self.verified() {
            object.text("iss", Some(facts.issuer()));
            object.text("kid", facts.key_id());
            object.word("alg", Some(facts.algorithm().name()));
            object.text("client_id", Some(facts.client_id()));
            object.text("jti", facts.token_id());
            match facts.subject() {
                AuditSubject::Hashed(hash) => object.word("sub_hash", Some(&hash.to_string())),
                AuditSubject::Clear(subject) => object.text("sub", Some(subject)),
            }
        }
        if let Some(facts) = self.unverified() {
            object.text("unverified_kid", facts.key_id());
            object.text("unverified_alg", Some(facts.algorithm()));
        }
        if let Some(hit) = self.cache_hit() {
            object.name("cache_hit").push_str(if hit { "true" } else { "false" });
        }
        object.number("took_ns", Some(self.took().as_nanos()));
        object.text("request_id", self.request_id());
        object.word("token_sha256", self.token_fingerprint().map(|hash| hash.to_string()).as_deref());
        object.finish()
    }
}

/// A JSON object in the making.
struct Object {
    line: String,
    truncated: Vec<&'static str>,
}

impl Object {
    fn new() -> Self {
        let mut line = String::with_capacity(512);
        line.push('{');
        Self { line, truncated: Vec::new() }
    }

    /// Begins a member, whose value is appended to what is returned.
    fn name(&mut self, name: &'static str) -> &mut String {
        let comma = if self.line.len() > 1 { "," } else { "" };
        write!(self.line, "{comma}\"{name}\":").expect("writing to a string can't fail");
        &mut self.line
    }

    /// A member whose text is this library's, and plain.
    fn word(&mut self, name: &'static str, word: Option<&str>) {
        if let Some(word) = word {
            write!(self.name(name), "\"{word}\"").expect("writing to a string can't fail");
        }
    }

    /// A member whose text is anyone's.
    fn text(&mut self, name: &'static str, text: Option<AuditText<'_>>) {
        let Some(text) = text else { return };
        let line = self.name(name);
        line.push('"');
        let is_whole = text.write(line, write_json);
        line.push('"');
        if !is_whole {
            self.truncated.push(name);
        }
    }

    fn number(&mut self, name: &'static str, number: Option<u128>) {
        if let Some(number) = number {
            write!(self.name(name), "{number}").expect("writing to a string can't fail");
        }
    }

    fn finish(mut self) -> String {
        if !self.truncated.is_empty() {
            let names = self.truncated.join("\",\"");
            write!(self.name("truncated"), "[\"{names}\"]").expect("writing to a string can't fail");
        }
        self.line.push('}');
        self.line
    }
}
