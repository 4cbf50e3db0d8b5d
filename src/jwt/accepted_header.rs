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
        #[cfg(test)]
        tests::FOUND.set(tests::FOUND.get() + 1);
        Some(SignerHint { algorithm: hint.algorithm, key_id: hint.key_id.as_deref().map(Cow::Borrowed) })
    }

    /// Keeps the header of a token whose signature held, once, while there is room: a stranger's must not take it.
    pub(super) fn keep(&self, encoded: &str, hint: &SignerHint<'_>) {
        for slot in &self.slots {
            // Of those who met the same header for the first time at once, one keeps it and the others find it.
            let kept = slot.get_or_init(|| {
                let key_id = hint.key_id.as_deref().map(|key_id| Cow::Owned(key_id.to_owned()));
                Accepted {
                    encoded: Box::from(encoded),
                    hint: SignerHint { algorithm: hint.algorithm, key_id },
                }
            });
            if *kept.encoded == *encoded {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Barrier;
    use std::thread;

    use super::*;
    use crate::jws::{JwsBuilder, SigningKey};
    use crate::jwt::{JwtVerifier, NoClaims};

    thread_local! {
        /// How often this thread has found a header.
        pub(super) static FOUND: Cell<usize> = const { Cell::new(0) };
    }

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

    #[test]
    fn a_header_takes_one_place_whoever_keeps_it() {
        let headers = AcceptedHeaders::default();
        for header in ["a", "a", "b", "a", "b", "c", "d", "a"] {
            headers.keep(header, &hint(header));
        }
        assert!(["a", "b", "c", "d"].iter().all(|header| headers.find(header).is_some()));
        // At once, from an empty start: each finds all places free.
        const THREADS: usize = 4;
        for _ in 0..100 {
            let (headers, barrier) = (AcceptedHeaders::default(), Barrier::new(THREADS));
            thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        barrier.wait();
                        headers.keep("a", &hint("a"));
                    });
                }
            });
            let taken = headers.slots.iter().filter(|slot| slot.get().is_some());
            assert_eq!(taken.count(), 1);
        }
    }

    /// Without this, nothing would fail if each header were read each time, but for time.
    #[test]
    fn a_verifier_reads_a_header_once() {
        let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
        let build = |understood: &[&str]| {
            let builder = JwtVerifier::builder(key.verifying_key().unwrap()).any_issuer().any_audience();
            builder.allow_missing_expiry().understood_critical(understood.iter().copied()).build().unwrap()
        };
        let token = |typ: &str| JwsBuilder::new(&key).token_type(typ).sign(b"{}").unwrap();
        let found = |verifier: &JwtVerifier, token: &str, is_accepted: bool| {
            let before = FOUND.get();
            assert_eq!(verifier.verify::<NoClaims>(token).is_ok(), is_accepted);
            FOUND.get() - before
        };
        let (verifier, first) = (build(&[]), token("JWT"));
        // A signature that doesn't hold keeps none.
        let forged = format!("{}AAAA", first.split_at(first.len() - 4).0);
        assert_eq!([found(&verifier, &forged, false), found(&verifier, &forged, false)], [0, 0]);
        assert_eq!([found(&verifier, &first, true), found(&verifier, &token("JWT"), true)], [0, 1]);
        assert_eq!(found(&verifier, &forged, false), 1);
        assert_eq!([found(&verifier, &token("jwt"), true), found(&verifier, &token("jwt"), true)], [0, 1]);
        // Whoever understands parameters reads them in each.
        let reader = build(&["urn:example:p"]);
        assert_eq!([found(&reader, &first, true), found(&reader, &first, true)], [0, 0]);
    }
}
