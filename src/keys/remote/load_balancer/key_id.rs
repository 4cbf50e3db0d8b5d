//! The ID of a load balancer's key: a token's `kid` goes in, and what comes out is safe in a URL (RFC 9562 §4,
//! RFC 3986 §3.3).
//!
//! It is the sender's word, and it becomes a part of a URL that this machine asks for.

/// A UUID in the one spelling that is taken: five groups of digits and of letters from a to f, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyId(Box<str>);

impl KeyId {
    /// Another spelling would be another entry, and another fetch, for the same key.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_uuid = text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
            && text.bytes().all(|byte| byte == b'-' || is_digit(byte));
        is_uuid.then(|| Self(text.into()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_is_a_uuid_and_nothing_that_leads_elsewhere() {
        let id = "abb8289f-e3a4-4a34-9472-c2105e2b2482";
        assert_eq!(KeyId::parse(id).unwrap().as_str(), id);
        let long = format!("{id}{id}");
        for other in [
            "",
            "a",
            "..",
            "../../latest/meta-data",
            "%2e%2e%2fabb8289f-e3a4-4a34-9472-c2105e2b24",
            "abb8289f-e3a4-4a34-9472-c2105e2b248",
            "abb8289f-e3a4-4a34-9472-c2105e2b24820",
            "ABB8289F-E3A4-4A34-9472-C2105E2B2482",
            "abb8289f-e3a4-4a34-9472-c2105e2b248g",
            "abb8289f-e3a4-4a34-9472/c2105e2b2482",
            "abb8289f.e3a4.4a34.9472.c2105e2b2482",
            "abb8289f-e3a4-4a34-9472-c2105e2b248?",
            "abb8289f-e3a4-4a34-9472-c2105e2b248#",
            "abb8289f-e3a4-4a34-9472-c2105e2b24\r\n",
            "abb8289f-e3a4-4a34-9472-c2105e2b248\u{663}",
            "abb8289fe3a44a349472c2105e2b2482",
            "{abb8289f-e3a4-4a34-9472-c2105e2b2482}",
            "abb8289f-e3a4-4a34-9472c-2105e2b2482",
            &long,
        ] {
            assert_eq!(KeyId::parse(other), None, "{other:?}");
        }
    }
}
