//! Protected headers that were read before: a token's header goes in as it was sent, in base64url, and what was read
//! in it comes out, if it is one of these to the byte (RFC 7516 §7.1).
//!
//! Only what the text says is kept, and under which limits it was read: whether a key, a list or a verifier accepts
//! what it says is judged for every token anew. So a header may be kept wherever tokens of one sender come by.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::limits::Limits;
use crate::wire::header::{Header, HeaderText};

use super::alg::JweAlgorithm;
use super::enc::ContentEncryption;

/// The first headers of tokens that a key opened. Reading them takes no lock.
#[derive(Default)]
pub(crate) struct KnownHeaders {
    // A sender has one header for each key. Few, as each miss compares them all.
    slots: [OnceLock<KnownHeader>; 4],
}

/// A header without what concerns one message alone, and without what a reader would have to understand.
pub(super) struct KnownHeader {
    encoded: Box<str>,
    limits: Limits,
    json: Box<str>,
    pub(super) algorithm: JweAlgorithm,
    pub(super) enc: ContentEncryption,
    key_id: Option<Box<str>>,
    token_type: Option<Box<str>>,
    content_type: Option<Box<str>>,
}

impl KnownHeader {
    /// Takes a header that was read, or refuses one that says more than what is kept. `encoded` is its text in the
    /// token, `json` the same decoded.
    pub(super) fn new(
        encoded: &str,
        limits: &Limits,
        json: &str,
        algorithm: JweAlgorithm,
        enc: ContentEncryption,
        header: &Header<'_>,
    ) -> Option<Self> {
        let Header { alg: _, enc: _, kid, typ, cty, zip, epk, apu, apv, iv, tag, p2s, p2c } = header;
        let of_one_message = [apu, apv, iv, tag, p2s].into_iter().any(Option::is_some)
            || epk.is_some()
            || p2c.is_some()
            || *zip;
        let text = |value: &Option<Cow<'_, str>>| value.as_deref().map(Box::from);
        (!of_one_message).then(|| Self {
            encoded: Box::from(encoded),
            limits: limits.clone(),
            json: Box::from(json),
            algorithm,
            enc,
            key_id: text(kid),
            token_type: text(typ),
            content_type: text(cty),
        })
    }

    /// Returns the decoded text.
    pub(super) fn text(&self) -> HeaderText<'_> {
        HeaderText::protected(&self.json)
    }

    /// Returns the header as it was read.
    pub(super) fn header(&self) -> Header<'_> {
        Header {
            alg: Cow::Borrowed(self.algorithm.name()),
            enc: Some(Cow::Borrowed(self.enc.name())),
            kid: self.key_id.as_deref().map(Cow::Borrowed),
            typ: self.token_type.as_deref().map(Cow::Borrowed),
            cty: self.content_type.as_deref().map(Cow::Borrowed),
            zip: false,
            epk: None,
            apu: None,
            apv: None,
            iv: None,
            tag: None,
            p2s: None,
            p2c: None,
        }
    }
}

impl KnownHeaders {
    /// Returns what was read in a header of that text, under limits that are the same: others may refuse it.
    pub(super) fn find(&self, encoded: &str, limits: &Limits) -> Option<&KnownHeader> {
        let mut known = self.slots.iter().map_while(OnceLock::get);
        let found = known.find(|known| *known.encoded == *encoded && known.limits == *limits)?;
        #[cfg(test)]
        tests::FOUND.set(tests::FOUND.get() + 1);
        Some(found)
    }

    /// Keeps the header of a token that a key opened, once, while there is room. Where a stranger can encrypt to the key
    /// with a header that says nothing of one message, as with RSA-OAEP, they can take the room: honest headers are
    /// then read each time, which is all that it does.
    pub(super) fn keep(&self, encoded: &str, limits: &Limits, header: impl FnOnce() -> Option<KnownHeader>) {
        if self.slots.iter().all(|slot| slot.get().is_some()) || self.is_kept(encoded, limits) {
            return;
        }
        let Some(mut header) = header() else { return };
        for slot in &self.slots {
            // Of those who met the same header for the first time at once, one may keep it twice: it costs a place.
            match slot.set(header) {
                Ok(()) => return,
                Err(back) => header = back,
            }
        }
    }

    fn is_kept(&self, encoded: &str, limits: &Limits) -> bool {
        let mut known = self.slots.iter().map_while(OnceLock::get);
        known.any(|known| *known.encoded == *encoded && known.limits == *limits)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::error::{Error, Part, Refusal};
    use crate::jwe::{
        ContentEncryption, DecryptionKey, JweAlgorithm, JweBuilder, decrypt, decrypt_with_limits, encrypt,
    };
    use crate::limits::Limits;
    use crate::wire::base64url;

    thread_local! {
        /// How often this thread has found a header.
        pub(super) static FOUND: Cell<usize> = const { Cell::new(0) };
    }

    /// Returns the outcome's code, or "" where there is none, and how many headers were found for it.
    fn outcome<T>(work: impl FnOnce() -> Result<T, Error>) -> (&'static str, usize) {
        let before = FOUND.get();
        let outcome = work().map_or_else(|error| error.code(), |_| "");
        (outcome, FOUND.get() - before)
    }

    /// The token with its header made anew.
    fn with_header(token: &str, header: &str) -> String {
        let (_, rest) = token.split_once('.').unwrap();
        format!("{}.{rest}", base64url::encode(header.as_bytes()))
    }

    #[test]
    fn a_header_is_read_once_and_only_once_a_token_opened() {
        let key = DecryptionKey::generate(JweAlgorithm::A128Kw).unwrap().with_key_id("1");
        let sender = key.encryption_key().unwrap();
        let token = encrypt(&sender, b"x").unwrap();
        let bent = format!("{}AAAA", &token[..token.len() - 4]);
        for _ in 0..2 {
            assert_eq!(outcome(|| decrypt(&key, &bent)), ("decryption_failed", 0));
        }
        assert_eq!(outcome(|| decrypt(&key, &token)), ("", 0));
        assert_eq!(outcome(|| decrypt(&key, &token)), ("", 1));
        assert_eq!(outcome(|| decrypt(&key, &encrypt(&sender, b"y").unwrap())), ("", 1));
        assert_eq!(outcome(|| decrypt(&key, &bent)), ("decryption_failed", 1));
        // What is one message's own isn't kept, nor is a fifth header.
        let agreed = DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap();
        let token = encrypt(&agreed.encryption_key().unwrap(), b"x").unwrap();
        assert_eq!([(); 2].map(|()| outcome(|| decrypt(&agreed, &token))), [("", 0); 2]);
        let found = ["a", "b", "c", "d", "e"].map(|typ| {
            let token = JweBuilder::new(&sender).token_type(typ).encrypt(b"x").unwrap();
            [(); 2].map(|()| outcome(|| decrypt(&key, &token)).1)[1]
        });
        assert_eq!(found, [1, 1, 1, 0, 0]);
    }

    /// A header that one token brought in is no licence for another: neither for other text, nor for another key.
    #[test]
    fn a_known_header_makes_no_other_pass() {
        let key = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap().with_key_id("1");
        let token = encrypt(&key.encryption_key().unwrap(), b"x").unwrap();
        assert_eq!(
            [outcome(|| decrypt(&key, &token)), outcome(|| decrypt(&key, &token))],
            [("", 0), ("", 1)]
        );

        let known = base64url::decode(token.split('.').next().unwrap(), Part::Header).unwrap();
        let known = String::from_utf8(known).unwrap();
        for (header, code) in [
            (known.replace("}", r#","zip":"DEF"}"#), "unsupported_compression"),
            (known.replace("}", r#","crit":["p"],"p":1}"#), "unsupported_critical"),
            (known.replace("A256KW", "A128KW"), "algorithm_not_allowed"),
            (known.replace("A256KW", "RSA1_5"), "unsupported_algorithm"),
            (known.replace("A256GCM", "A256CTR"), "unsupported_content_encryption"),
            (known.replace(r#""kid":"1""#, r#""kid":"2""#), "no_matching_key"),
            (known.replace("}", r#","kid":"1"}"#), "duplicate_member"),
            // The tag covers the text, not what it means.
            (known.replace('{', "{ "), "decryption_failed"),
        ] {
            assert_ne!(header, known);
            let token = with_header(&token, &header);
            assert_eq!([(); 2].map(|()| outcome(|| decrypt(&key, &token))), [(code, 0); 2], "{header}");
        }
        // The text of a header with something behind it, and cut short.
        let encoded = token.split('.').next().unwrap();
        for header in [format!("{encoded}A"), encoded[..encoded.len() - 1].to_owned(), String::new()] {
            let token = format!("{header}.{}", token.split_once('.').unwrap().1);
            let before = FOUND.get();
            let refused = decrypt(&key, &token).map(drop);
            assert!(
                matches!(refused, Err(Error::Malformed { part: Part::Header, .. })),
                "{header}: {refused:?}"
            );
            assert_eq!(FOUND.get(), before);
        }

        // Other rules over the same key judge what the header says by themselves.
        let strict = key.clone_key().allow_content_encryptions([ContentEncryption::A128Gcm]);
        let renamed = key.clone_key().with_key_id("2");
        assert_eq!(decrypt(&strict, &token).map(drop), Err(Error::NotAllowed(Refusal::ContentEncryption)));
        assert_eq!(decrypt(&renamed, &token).map(drop), Err(Error::NoMatchingKey));
        let other = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
        assert_eq!(decrypt(&other, &token).map(drop), Err(Error::DecryptionFailed));
        let tight = Limits::default().header_bytes(known.len() - 1);
        let limited = outcome(|| decrypt_with_limits(&key, &token, &tight));
        assert_eq!(limited, ("limit_header_bytes", 0));
        assert_eq!(outcome(|| decrypt(&key, &token)), ("", 1));
    }
}
