//! Writes a header or a part of one (RFC 7515 §4, RFC 7516 §4): names and values go in, the JSON comes out,
//! in base64url as a protected header stands in a token.
//!
//! Order is kept and `alg` stands first, so one key makes one text: it can be encoded once and compared
//! as text by caches of receivers.

use crate::wire::base64url;
use crate::wire::json::{write_string, write_strings};

/// A header in the making: what is added, in that order.
///
/// The writer checks nothing: its caller names each parameter once.
#[derive(Debug, Clone)]
pub(crate) struct HeaderWriter {
    json: String,
}

impl HeaderWriter {
    /// Starts a header with its `alg`.
    pub(crate) fn new(algorithm: &str) -> Self {
        let mut header = Self::empty();
        header.string("alg", algorithm);
        header
    }

    /// Starts a header with nothing in it: an unprotected one, or what several recipients share.
    pub(crate) fn empty() -> Self {
        let mut json = String::with_capacity(128);
        json.push('{');
        Self { json }
    }

    /// Adds a parameter whose value is a string.
    pub(crate) fn string(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        write_string(value, &mut self.json);
        self
    }

    /// Adds a parameter whose value is the given JSON text.
    pub(crate) fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name);
        self.json.push_str(json);
        self
    }

    /// Adds a parameter whose value is an array of strings.
    pub(crate) fn strings(&mut self, name: &str, values: &[&str]) -> &mut Self {
        self.name(name);
        write_strings(values, &mut self.json);
        self
    }

    /// Returns the header's JSON, or `None` if nothing was added.
    pub(crate) fn finish_json(&self) -> Option<String> {
        (self.json != "{").then(|| self.json())
    }

    /// Returns the whole header in base64url, as it stands in a token.
    pub(crate) fn finish(&self) -> String {
        base64url::encode(self.json().as_bytes())
    }

    /// Returns the whole header as JSON text.
    pub(crate) fn json(&self) -> String {
        let mut json = String::with_capacity(self.json.len() + 1);
        json.push_str(&self.json);
        json.push('}');
        json
    }

    fn name(&mut self, name: &str) {
        if self.json != "{" {
            self.json.push(',');
        }
        write_string(name, &mut self.json);
        self.json.push(':');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Part;

    fn json(writer: &HeaderWriter) -> String {
        String::from_utf8(base64url::decode(&writer.finish(), Part::Header).unwrap()).unwrap()
    }

    #[test]
    fn parameters_keep_their_order() {
        let mut writer = HeaderWriter::new("ES256");
        assert_eq!(json(&writer), r#"{"alg":"ES256"}"#);
        writer.string("typ", "JWT").raw("epk", r#"{"kty":"EC"}"#).string("kid", "a\"b\u{1}é");
        assert_eq!(json(&writer), r#"{"alg":"ES256","typ":"JWT","epk":{"kty":"EC"},"kid":"a\"b\u0001é"}"#);
    }

    #[test]
    fn a_part_may_be_empty_and_arrays_are_written() {
        let mut writer = HeaderWriter::empty();
        assert_eq!((writer.finish_json(), &*json(&writer)), (None, "{}"));
        writer.strings("none", &[]).strings("crit", &["a\"", "b"]).raw("n", "1");
        let written = r#"{"none":[],"crit":["a\"","b"],"n":1}"#;
        assert_eq!((writer.finish_json().as_deref(), &*json(&writer)), (Some(written), written));
    }

    #[test]
    fn the_header_of_rfc_7520_section_4_4_is_written_octet_by_octet() {
        let header =
            HeaderWriter::new("HS256").string("kid", "018c0ae5-4d9b-471b-bfd6-eef314bc7037").finish();
        assert_eq!(
            header,
            "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9"
        );
    }
}
