//! The protected headers that a verifier accepted before: a token's header goes in as it was sent, in
//! base64url, and what was read in it comes out, if it is one of these to the byte (RFC 7515 §7.1).
//!
//! What a header's judgement depends on, beside its text, is the verifier's and never changes: so this is
//! kept per verifier, and never with a key, which verifiers of other types may share.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::jws::JwsAlgorithm;

/// What an accepted header says of the signer's key.
#[derive(Debug, Clone)]
pub(super) struct SignerHint<'h> {
    pub(super) algorithm: JwsAlgorithm,
    pub(super) key_id: Option<Cow<'h, str>>,
}

/// The first headers under which a signature held. Reading them takes no lock.
#[derive(Default)]
pub(super) struct AcceptedHeaders {
    // An issuer has one header for each of its keys. Few, as each miss compares them all.
    slots: [OnceLock<Accepted>; 4],
}

struct Accepted {
    encoded: Box<str>,
    hint: SignerHint<'static>,
}

impl AcceptedHeaders {
    pub(super) fn find(&self, encoded: &str) -> Option<SignerHint<'_>> {
        let mut accepted = self.slots.iter().map_while(OnceLock::get);
        let Accepted { hint, .. } = accepted.find(|accepted| *accepted.encoded == *encoded)?;
        Some(SignerHint { algorithm: hint.algorithm, key_id: hint.key_id.as_deref().map(Cow::Borrowed) })
    }

    /// Keeps the header of a token whose signature held, while there is room: a stranger's must not take it.
    pub(super) fn keep(&self, encoded: &str, hint: &SignerHint<'_>) {
        if let Some(free) = self.slots.iter().find(|slot| slot.get().is_none()) {
            let key_id = hint.key_id.as_deref().map(|key_id| Cow::Owned(key_id.to_owned()));
            let hint = SignerHint { algorithm: hint.algorithm, key_id };
            // Another thread may be first; the next token finds a header or a free slot again.
            let _ = free.set(Accepted { encoded: Box::from(encoded), hint });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(key_id: &str) -> SignerHint<'_> {
        SignerHint { algorithm: JwsAlgorithm::Es256, key_id: Some(Cow::Borrowed(key_id)) }
    }

    #[test]
    fn a_header_is_found_by_all_of_its_text_and_nothing_less() {
        let headers = AcceptedHeaders::default();
        headers.keep("eyJhbGciOiJFUzI1NiJ9", &hint("a"));
        let found = headers.find("eyJhbGciOiJFUzI1NiJ9").unwrap();
        assert_eq!((found.algorithm, found.key_id.as_deref()), (JwsAlgorithm::Es256, Some("a")));
        for other in ["", "eyJhbGciOiJFUzI1NiJ", "eyJhbGciOiJFUzI1NiJ9A", "EyJhbGciOiJFUzI1NiJ9"] {
            assert!(headers.find(other).is_none(), "{other}");
        }
    }

    #[test]
    fn the_first_few_stay_and_later_ones_find_no_room() {
        let headers = AcceptedHeaders::default();
        assert!(headers.find("").is_none());
        for header in ["a", "b", "c", "d", "e", "f"] {
            headers.keep(header, &hint(header));
        }
        let found = ["a", "b", "c", "d", "e", "f"].map(|header| headers.find(header).is_some());
        assert_eq!(found, [true, true, true, true, false, false]);
    }
}
