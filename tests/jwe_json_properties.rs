//! Properties of encrypted tokens in JSON: what goes in comes out to each recipient, whoever writes the JSON anew, and
//! nothing that was changed is accepted.
//!
//! All bits of a few tokens' text are tried; plaintexts, parameters and the choice of recipients are drawn by proptest.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use countersign::jwe::{DecryptedJwe, JweBuilder, JweDecrypter};
use countersign::{ContentEncryption, DecryptionKey, EncryptionKey, Error, JweAlgorithm, Limits};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::Value;
use support::{Scheme, base64url, from_base64url};

/// A key pair for every algorithm that encrypts a content key. Passwords would take their time.
static RECIPIENTS: LazyLock<Vec<(EncryptionKey, DecryptionKey)>> = LazyLock::new(|| {
    let alone = |name: &str| name == "dir" || name == "ECDH-ES" || name.starts_with("PBES2");
    let algorithms = JweAlgorithm::ALL.iter().filter(|algorithm| !alone(algorithm.name()));
    let schemes = algorithms.filter_map(|&algorithm| {
        Scheme::available()
            .find(|scheme| scheme.algorithm == algorithm && scheme.enc == ContentEncryption::A256Gcm)
    });
    let pair = |scheme: Scheme| (scheme.encryption_key(), scheme.decryption_key());
    schemes.map(pair).collect()
});

/// What one token is made of.
#[derive(Debug, Clone)]
struct Choices {
    recipients: Vec<usize>,
    enc: ContentEncryption,
    protected: BTreeMap<String, String>,
    shared: BTreeMap<String, String>,
    own: BTreeMap<String, String>,
    aad: Vec<u8>,
    parties: (Vec<u8>, Vec<u8>),
}

/// Parameters whose names no other part has and no specification defines.
fn parameters(part: &'static str) -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(any::<String>().prop_map(move |name| format!("{part}{name}")), any::<String>(), 0..3)
}

fn choices() -> impl Strategy<Value = Choices> {
    let recipients = subsequence((0..RECIPIENTS.len()).collect::<Vec<_>>(), 1..=4).prop_shuffle();
    let parts = (parameters("p "), parameters("s "), parameters("o "));
    let octets = || vec(any::<u8>(), 0..40);
    (recipients, select(ContentEncryption::ALL), parts, octets(), (octets(), octets())).prop_map(
        |(recipients, enc, (protected, shared, own), aad, parties)| Choices {
            recipients,
            enc,
            protected,
            shared,
            own,
            aad,
            parties,
        },
    )
}

impl Choices {
    fn keys(&self) -> Vec<EncryptionKey> {
        let of = |&index: &usize| RECIPIENTS[index].0.clone_key().with_content_encryption(self.enc).unwrap();
        self.recipients.iter().map(of).collect()
    }

    fn builder<'k>(&self, keys: &'k [EncryptionKey]) -> JweBuilder<'k> {
        let agrees = |key: &EncryptionKey| key.algorithm().name().starts_with("ECDH");
        let own = |mut builder: JweBuilder<'k>, key: &EncryptionKey| {
            for (name, value) in &self.own {
                builder = builder.recipient_parameter(name, value);
            }
            if agrees(key) { builder.agreement_info(&self.parties.0, &self.parties.1) } else { builder }
        };
        let mut builder = JweBuilder::new(&keys[0]).additional_authenticated_data(&*self.aad);
        for (name, value) in &self.protected {
            builder = builder.parameter(name, value);
        }
        for (name, value) in &self.shared {
            builder = builder.shared_unprotected_parameter(name, value);
        }
        builder = own(builder, &keys[0]);
        keys[1..].iter().fold(builder, |builder, key| own(builder.add_recipient(key), key))
    }

    /// Asserts that a message decrypts for each recipient to what it was made of.
    fn check(&self, json: &str, plaintext: &[u8]) -> Result<(), TestCaseError> {
        for (place, &index) in self.recipients.iter().enumerate() {
            let key = &RECIPIENTS[index].1;
            let decrypted = open(key, json)?;
            prop_assert_eq!(decrypted.plaintext().expose_secret(), plaintext);
            prop_assert_eq!(decrypted.recipient(), place);
            prop_assert_eq!((decrypted.algorithm(), decrypted.key_id()), (key.algorithm(), key.key_id()));
            prop_assert_eq!(decrypted.content_encryption(), self.enc);
            prop_assert_eq!(decrypted.additional_authenticated_data().unwrap_or_default(), &*self.aad);
            for (name, value) in &self.protected {
                let found: Option<String> = decrypted.parameter(name)?;
                prop_assert_eq!(found.as_ref(), Some(value));
                prop_assert_eq!(decrypted.unprotected_parameter::<Value>(name)?, None);
            }
            for (name, value) in self.shared.iter().chain(&self.own) {
                let found: Option<String> = decrypted.unprotected_parameter(name)?;
                prop_assert_eq!(found.as_ref(), Some(value));
                prop_assert_eq!(decrypted.parameter::<Value>(name)?, None);
            }
            if key.algorithm().name().starts_with("ECDH") {
                prop_assert_eq!(decrypted.agreement_info(), (&*self.parties.0, &*self.parties.1));
            }
        }
        Ok(())
    }
}

fn open(key: &DecryptionKey, json: &str) -> Result<DecryptedJwe, Error> {
    JweDecrypter::new([key]).limits(Limits::default().token_bytes(64 * 1024)).decrypt_json(json)
}

fn cases(cases: u32) -> ProptestConfig {
    // A failure is reproduced by the seed that it prints; no file is left behind.
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// The same JSON as another writer would have it: members sorted, characters escaped, spaces between.
fn rewritten(json: &str) -> String {
    let mut text = String::new();
    let mut in_string = false;
    let sorted = serde_json::from_str::<Value>(json).unwrap().to_string();
    let mut characters = sorted.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                text.push(character);
                text.extend(characters.next());
                continue;
            }
            '"' => in_string = !in_string,
            ',' | ':' | '{' | '[' if !in_string => {
                text.push(character);
                text.push_str(" \n\t");
                continue;
            }
            'a'..='f' if in_string => {
                text.push_str(&format!("\\u{:04X}", u32::from(character)));
                continue;
            }
            _ => {}
        }
        text.push(character);
    }
    text
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn what_goes_in_comes_out_to_each_recipient(choices in choices(), plaintext in vec(any::<u8>(), 0..300)) {
        let keys = choices.keys();
        let json = choices.builder(&keys).encrypt_general(&plaintext)?;
        choices.check(&json, &plaintext)?;
        choices.check(&rewritten(&json), &plaintext)?;
        if keys.len() == 1 {
            let json = choices.builder(&keys).encrypt_json(&plaintext)?;
            choices.check(&json, &plaintext)?;
            choices.check(&rewritten(&json), &plaintext)?;
        }
        // Whoever isn't a recipient opens nothing.
        for (index, (_, key)) in RECIPIENTS.iter().enumerate() {
            if !choices.recipients.contains(&index) {
                prop_assert!(open(key, &json).is_err());
            }
        }
    }

    #[test]
    fn a_changed_octet_of_what_the_tag_covers_is_refused(
        choices in choices(),
        plaintext in vec(any::<u8>(), 1..60),
        member in select(&["protected", "iv", "ciphertext", "tag", "aad"][..]),
        place in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let keys = choices.keys();
        let json = choices.builder(&keys).encrypt_general(&plaintext)?;
        let mut message: Value = serde_json::from_str(&json).unwrap();
        if let Some(text) = message.get(member).and_then(Value::as_str) {
            let mut octets = from_base64url(text);
            let place = place.index(octets.len());
            octets[place] ^= 1 << bit;
            message[member] = base64url(octets).into();
            for &index in &choices.recipients {
                prop_assert!(open(&RECIPIENTS[index].1, &message.to_string()).is_err(), "{} {}", member, place);
            }
        }
    }

    #[test]
    fn arbitrary_objects_are_refused(
        members in btree_map(
            select(&["protected", "unprotected", "header", "encrypted_key", "recipients", "aad", "iv", "ciphertext",
                "tag", "payload", "x"][..]),
            prop_oneof![
                Just("null".to_owned()),
                Just(r#""""#.to_owned()),
                Just(r#"{"alg":"A256KW","enc":"A256GCM"}"#.to_owned()),
                Just(format!("\"{}\"", base64url(r#"{"alg":"A256KW","enc":"A256GCM"}"#))),
                Just(r#"[{"header":{"alg":"A256KW"},"encrypted_key":"AAAA"}]"#.to_owned()),
                vec(any::<u8>(), 0..48).prop_map(|octets| format!("\"{}\"", base64url(octets))),
                any::<i32>().prop_map(|number| number.to_string()),
            ],
            0..9,
        ),
    ) {
        let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let json = format!("{{{}}}", members.join(","));
        for (_, key) in RECIPIENTS.iter() {
            prop_assert!(open(key, &json).is_err());
        }
    }

    #[test]
    fn arbitrary_text_is_refused(text in any::<String>()) {
        for (_, key) in RECIPIENTS.iter() {
            prop_assert!(open(key, &text).is_err());
        }
    }
}

/// A flipped bit of the text is refused, unless it falls into what nobody covers: then the plaintext is the same.
#[test]
fn no_flipped_bit_of_the_text_changes_the_plaintext() {
    let plaintext = b"card 4242";
    for (recipients, shared) in [(&[0][..], false), (&[0, 1], false), (&[1, 2, 3], true)] {
        let keys: Vec<_> = recipients.iter().map(|&index| RECIPIENTS[index].0.clone_key()).collect();
        let mut builder = JweBuilder::new(&keys[0]).additional_authenticated_data("aad");
        if shared {
            builder = builder.shared_unprotected_parameter("note", "x");
        }
        let json =
            keys[1..].iter().fold(builder, JweBuilder::add_recipient).encrypt_general(plaintext).unwrap();
        let key = &RECIPIENTS[recipients[0]].1;
        let whole = open(key, &json).unwrap();
        let mut refused = 0;
        for place in 0..json.len() {
            for bit in 0..7 {
                let mut text = json.clone().into_bytes();
                text[place] ^= 1 << bit;
                let text = String::from_utf8(text).unwrap();
                match open(key, &text) {
                    Err(_) => refused += 1,
                    Ok(decrypted) => {
                        // The other recipients' parts and the unprotected note, nothing else.
                        assert_eq!(decrypted.plaintext(), whole.plaintext());
                        assert_eq!(
                            decrypted.additional_authenticated_data(),
                            whole.additional_authenticated_data()
                        );
                        assert_eq!(decrypted.algorithm(), whole.algorithm());
                    }
                }
            }
        }
        // With one recipient and nothing unprotected, there is nothing that nobody covers.
        let accepted = json.len() * 7 - refused;
        assert!(recipients.len() > 1 || accepted == 0, "{accepted} of {}", json.len() * 7);
    }
}
