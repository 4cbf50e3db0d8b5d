//! Reads the published vectors beside this file, and bends tokens for the twins that are refused.

#![allow(dead_code, reason = "each of the RFCs' tests uses its part")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{Error, Jwk};
use serde_json::Value;

const FILES: &[(&str, &str)] = &[
    ("RFC 7515", include_str!("rfc7515.json")),
    ("RFC 7516", include_str!("rfc7516.json")),
    ("RFC 7517", include_str!("rfc7517.json")),
    ("RFC 7518", include_str!("rfc7518.json")),
    ("RFC 7519", include_str!("rfc7519.json")),
    ("RFC 7520", include_str!("rfc7520.json")),
    ("RFC 7638", include_str!("rfc7638.json")),
    ("RFC 7797", include_str!("rfc7797.json")),
    ("RFC 8037", include_str!("rfc8037.json")),
];

/// The RFC ends at the derived key. This token has the RFC's header, and its content was encrypted with that key
/// outside this library; two other JOSE libraries decrypt it.
pub(crate) const RFC7518_C: &str = "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImFwdSI6IlFXeHBZMlUiLCJhcHYiOiJRbTlpIiwiZXBrIjp7Imt0\
    eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoiZ0kwR0FJTEJkdTdUNTNha3JGbU15R2NzRjNuNWRPN01td05CSEtXNVNWMCIs\
    InkiOiJTTFdfeFNmZnpsUFdySEVWSTMwREhNXzRlZ1Z3dDNOUXFlVUQ3bk1GcHBzIn19..\
    48V1_ALb6US04U3b.\
    -ujEFCuvQN3djA.\
    h8rNSqM7vcmlUyrtB0oT0A";

/// The RFC ends at the shared secret. This token has its `epk` and `kid`; key and content were encrypted under
/// what RFC 7518 §4.6 derives from that secret, outside this library; two other JOSE libraries decrypt it.
pub(crate) const RFC8037_A_6: &str = "eyJhbGciOiJFQ0RILUVTK0ExMjhLVyIsImVuYyI6IkExMjhHQ00iLCJraWQiOiJCb2IiLCJlcGsiOnsia3R5IjoiT0tQIiwi\
    Y3J2IjoiWDI1NTE5IiwieCI6ImhTRHdDWWt3cDFSMGkzM2N0RDczV2cyX09nMG1PQnIwNjZTcGpxcWJUbW8ifX0.\
    ZOUS620lYzGREFkQlWivnwTstibK0CbU.\
    48V1_ALb6US04U3b.\
    ZBtNMrR3s8fAdw.\
    XZIbe1K2UREqioIXiEqUJw";

/// One example of an RFC.
pub(crate) struct Case(Value);

impl Case {
    /// Finds an example by the section it stands in, such as `RFC 7515 A.1`.
    #[track_caller]
    pub(crate) fn of(source: &str) -> Self {
        let (_, text) = FILES.iter().find(|(rfc, _)| source.starts_with(rfc)).expect("the RFC has a file");
        let file: Value = serde_json::from_str(text).expect("the file is JSON");
        let mut cases = file.get("cases").and_then(Value::as_array).expect("the file has cases").iter();
        Self(cases.find(|case| case["source"] == source).expect("the file has the section").clone())
    }

    /// Every example of an RFC, in its order.
    #[track_caller]
    pub(crate) fn all(rfc: &str) -> Vec<Self> {
        let (_, text) = FILES.iter().find(|(name, _)| *name == rfc).expect("the RFC has a file");
        let file: Value = serde_json::from_str(text).expect("the file is JSON");
        let cases = file.get("cases").and_then(Value::as_array).expect("the file has cases");
        cases.iter().cloned().map(Self).collect()
    }

    /// A member that not every case has.
    pub(crate) fn get(&self, member: &str) -> Option<&Value> {
        self.0.get(member)
    }

    #[track_caller]
    pub(crate) fn value(&self, member: &str) -> &Value {
        self.0.get(member).expect("the case has the member")
    }

    #[track_caller]
    pub(crate) fn text(&self, member: &str) -> &str {
        self.value(member).as_str().expect("the member is text")
    }

    pub(crate) fn token(&self) -> &str {
        self.text("token")
    }

    /// A member that is a key, as the RFC prints it: with its private part if that is there.
    pub(crate) fn jwk(&self, member: &str) -> Jwk {
        jwk(self.value(member))
    }

    /// The public part of a member that is a key pair.
    pub(crate) fn public_jwk(&self, member: &str) -> Jwk {
        self.jwk(member).to_public().expect("the key has a public part")
    }

    /// A member in hexadecimal, in base64url.
    pub(crate) fn hex_as_base64url(&self, member: &str) -> String {
        let digits: Vec<char> = self.text(member).chars().collect();
        let octet = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
        let octets: Result<Vec<u8>, _> = digits.chunks(2).map(octet).collect();
        URL_SAFE_NO_PAD.encode(octets.expect("the member is hexadecimal"))
    }
}

/// Imports a key.
pub(crate) fn jwk(value: &Value) -> Jwk {
    Jwk::from_json(&value.to_string()).expect("the key is in order")
}

/// The same JSON object with one member more, or another value for it.
pub(crate) fn with(object: &Value, member: &str, value: impl Into<Value>) -> Value {
    let mut object = object.clone();
    object.as_object_mut().expect("an object").insert(member.to_owned(), value.into());
    object
}

/// The same JSON object without a member.
pub(crate) fn without(object: &Value, member: &str) -> Value {
    let mut object = object.clone();
    object.as_object_mut().expect("an object").remove(member).expect("the member was there");
    object
}

/// Changes the second character of base64url text to another one. All of its bits are in use where there are
/// three characters or more, and a number keeps its length.
pub(crate) fn changed(text: &str) -> String {
    let other = |char| if char == 'A' { 'B' } else { 'A' };
    text.char_indices().map(|(index, char)| if index == 1 { other(char) } else { char }).collect()
}

/// The same token with the part at that place made anew.
pub(crate) fn with_part(token: &str, place: usize, part: impl FnOnce(&str) -> String) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let old = parts.get_mut(place).expect("the token has that part");
    *old = part(old);
    parts.join(".")
}

/// The same token under another protected header.
pub(crate) fn with_header(token: &str, header: &str) -> String {
    with_part(token, 0, |_| URL_SAFE_NO_PAD.encode(header))
}

/// The token's protected header as JSON text.
pub(crate) fn header(token: &str) -> String {
    let encoded = token.split('.').next().expect("there is a first part");
    let header = URL_SAFE_NO_PAD.decode(encoded).expect("the header is base64url");
    String::from_utf8(header).expect("the header is UTF-8")
}

/// The stable name of the error, or `accepted`.
pub(crate) fn code<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}
