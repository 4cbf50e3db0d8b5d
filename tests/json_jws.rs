//! Properties of signed tokens in JSON: what goes in comes out, whoever writes the JSON anew, and nothing that
//! was changed is accepted.
//!
//! All bits of a few tokens' text are tried; payloads, parameters and the choice of signers are drawn by proptest.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::sync::LazyLock;

use countersign::jws::{
    JwsBuilder, JwsVerifier, VerifiedJsonJws, VerifiedSignature, sign_general, sign_general_detached,
};
use countersign::{Error, JwsAlgorithm, KeySet, SigningKey, VerifyingKey, jws};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::Value;
use support::signing_key;

/// A key pair for every signature algorithm, half of them with an ID.
static SIGNERS: LazyLock<Vec<(SigningKey, VerifyingKey)>> = LazyLock::new(|| {
    let pair = |(index, &algorithm): (usize, &JwsAlgorithm)| {
        let key = signing_key(algorithm);
        let key = if index % 2 == 0 { key.with_key_id(format!("key {index}")) } else { key };
        let verifying_key = key.verifying_key().unwrap();
        (key, verifying_key)
    };
    JwsAlgorithm::ALL.iter().enumerate().map(pair).collect()
});

fn verifier() -> JwsVerifier {
    JwsVerifier::new(SIGNERS.iter().map(|(_, key)| key))
        .understood_critical(["own"])
        .allow_unencoded_payload()
}

/// Any signers, at least one.
fn signers() -> impl Strategy<Value = Vec<usize>> {
    let all: Vec<usize> = (0..JwsAlgorithm::ALL.len()).collect();
    subsequence(all, 1..=4).prop_shuffle()
}

/// What one token is made of.
#[derive(Debug, Clone)]
struct Choices {
    signers: Vec<usize>,
    own: String,
    hint: String,
    is_unencoded: bool,
    has_unprotected_key_id: bool,
}

fn choices() -> impl Strategy<Value = Choices> {
    (signers(), any::<String>(), any::<String>(), any::<bool>(), any::<bool>()).prop_map(
        |(signers, own, hint, is_unencoded, has_unprotected_key_id)| Choices {
            signers,
            own,
            hint,
            is_unencoded,
            has_unprotected_key_id,
        },
    )
}

impl Choices {
    fn builders(&self) -> Vec<JwsBuilder<'static>> {
        let builder = |&index: &usize| {
            let builder = JwsBuilder::new(&SIGNERS[index].0)
                .token_type("test+jws")
                .critical_parameter("own", &self.own)
                .unprotected_parameter("hint", &self.hint);
            let builder = if self.is_unencoded { builder.unencoded_payload() } else { builder };
            if self.has_unprotected_key_id { builder.unprotected_key_id() } else { builder }
        };
        self.signers.iter().map(builder).collect()
    }

    /// Asserts that the token says what it was made of.
    fn check(&self, verified: &VerifiedJsonJws, payload: &[u8]) -> Result<(), TestCaseError> {
        prop_assert_eq!(verified.payload(), payload);
        let signatures: Vec<&VerifiedSignature> = verified.signatures().collect();
        prop_assert_eq!(signatures.len(), self.signers.len());
        for (index, (signature, signer)) in signatures.into_iter().zip(&self.signers).enumerate() {
            let key = &SIGNERS[*signer].1;
            prop_assert_eq!(signature.index(), index);
            prop_assert!(signature.is_by(key));
            prop_assert_eq!((signature.algorithm(), signature.key_id()), (key.algorithm(), key.key_id()));
            prop_assert_eq!(signature.token_type(), Some("test+jws"));
            let own: Option<String> = signature.parameter("own")?;
            prop_assert_eq!(own.as_ref(), Some(&self.own));
            let hint: Option<String> = signature.unprotected_parameter("hint")?;
            prop_assert_eq!(hint.as_ref(), Some(&self.hint));
            let key_id: Option<String> = signature.unprotected_parameter("kid")?;
            prop_assert_eq!(key_id.as_deref(), key.key_id().filter(|_| self.has_unprotected_key_id));
        }
        Ok(())
    }
}

/// The same JSON as another writer has it: members in another order, white space, escapes.
fn rewritten(json: &str) -> [String; 2] {
    let value: Value = serde_json::from_str(json).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let escaped = json.chars().map(|character| match character {
        'a'..='z' => format!("\\u{:04x}", u32::from(character)),
        _ => character.to_string(),
    });
    // Letters stand in strings only, as there are no literals and no escapes by letters.
    let has_letters_elsewhere = json.contains('\\') || json.contains("true") || json.contains("null");
    [pretty, if has_letters_elsewhere { json.to_owned() } else { escaped.collect() }]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_payload_is_signed_and_verified_in_every_form(
        choices in choices(),
        text in any::<String>(),
        bytes in vec(any::<u8>(), 0..600),
    ) {
        let builders = choices.builders();
        // Unencoded and attached, a payload is text.
        let payload = if choices.is_unencoded { text.as_bytes() } else { &bytes };

        let json = sign_general(&builders, payload)?;
        choices.check(&verifier().verify_json(&json)?, payload)?;
        for json in rewritten(&json) {
            choices.check(&verifier().verify_json(&json)?, payload)?;
        }
        let any = verifier().verify_json_any(&json)?;
        prop_assert_eq!(any.verified().len(), builders.len());
        prop_assert!(any.refused().is_empty());

        let detached = sign_general_detached(&builders, &bytes)?;
        choices.check(&verifier().verify_json_detached(&detached, &bytes)?, &bytes)?;

        let first = Choices { signers: vec![choices.signers[0]], ..choices.clone() };
        let json = builders[0].sign_json(payload)?;
        first.check(&verifier().verify_json(&json)?, payload)?;
        let detached = builders[0].sign_json_detached(&bytes)?;
        first.check(&verifier().verify_json_detached(&detached, &bytes)?, &bytes)?;
    }

    #[test]
    fn compact_tokens_are_verified_as_by_the_plain_functions(
        signer in 0..JwsAlgorithm::ALL.len(),
        payload in vec(any::<u8>(), 0..600),
    ) {
        let (key, verifying_key) = &SIGNERS[signer];
        let token = jws::sign(key, &payload)?;
        let plain = jws::verify(verifying_key, &token)?;
        prop_assert_eq!(&verifier().verify(&token)?, &plain);
        prop_assert_eq!(&KeySet::from(verifying_key.clone_key()).verify(&token)?, &plain);
        let detached = JwsBuilder::new(key).sign_detached(&payload)?;
        prop_assert_eq!(&verifier().verify_detached(&detached, &payload)?, &plain);
    }

    /// Another payload, key or signature is refused, whatever the choices.
    #[test]
    fn a_changed_token_is_refused(choices in choices(), text in any::<String>(), at in any::<prop::sample::Index>()) {
        let json = sign_general(&choices.builders(), text.as_bytes())?;
        let value: Value = serde_json::from_str(&json).unwrap();

        let mut other = value.clone();
        other["payload"] = format!("{}AAAA", value["payload"].as_str().unwrap()).into();
        prop_assert_eq!(verifier().verify_json(&other.to_string()).unwrap_err(), Error::InvalidSignature);
        prop_assert_eq!(verifier().verify_json_any(&other.to_string()).unwrap_err(), Error::InvalidSignature);

        let mut other = value.clone();
        let index = at.index(choices.signers.len());
        let signature = other["signatures"][index]["signature"].as_str().unwrap().to_owned();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        other["signatures"][index]["signature"] = format!("{first}{}", &signature[1..]).into();
        prop_assert_eq!(verifier().verify_json(&other.to_string()).unwrap_err(), Error::InvalidSignature);
        match verifier().verify_json_any(&other.to_string()) {
            Ok(verified) => {
                prop_assert_eq!(verified.refused()[0].index(), index);
                prop_assert_eq!(verified.refused().len(), 1);
                prop_assert_eq!(verified.verified().len(), choices.signers.len() - 1);
            }
            Err(error) => prop_assert!(error == Error::InvalidSignature && choices.signers.len() == 1),
        }

        // Without the key of one signature, not all hold.
        let others = SIGNERS.iter().enumerate().filter(|(signer, _)| *signer != choices.signers[index]);
        let without = JwsVerifier::new(others.map(|(_, (_, key))| key)).understood_critical(["own"]);
        let without = without.allow_unencoded_payload();
        prop_assert!(without.verify_json(&json).is_err());
        let any = without.verify_json_any(&json);
        prop_assert_eq!(any.is_ok(), choices.signers.len() > 1);
        if let Ok(any) = any {
            prop_assert_eq!(any.refused()[0].index(), index);
        }
    }
}

/// The texts that differ from this one in one bit.
fn with_one_bit_flipped(text: &str) -> impl Iterator<Item = String> + '_ {
    (0..text.len() * 8).filter_map(|bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

/// Where everything is protected, each bit of the text counts.
#[test]
fn every_flipped_bit_of_the_text_is_refused() {
    for algorithm in [JwsAlgorithm::Hs256, JwsAlgorithm::Es256, JwsAlgorithm::Ed25519] {
        let key = signing_key(algorithm);
        let verifier = JwsVerifier::new([&key.verifying_key().unwrap()]).allow_unencoded_payload();
        for builder in [JwsBuilder::new(&key), JwsBuilder::new(&key).unencoded_payload()] {
            let json = builder.sign_json(b"{\"sub\":\"u\"}").unwrap();
            assert!(verifier.verify_json(&json).is_ok());
            for flipped in with_one_bit_flipped(&json) {
                assert!(verifier.verify_json(&flipped).is_err(), "{flipped}");
                assert!(verifier.verify_json_any(&flipped).is_err(), "{flipped}");
            }
            let detached = builder.sign_json_detached(b"{}").unwrap();
            assert!(verifier.verify_json_detached(&detached, b"{}").is_ok());
            for flipped in with_one_bit_flipped(&detached) {
                assert!(verifier.verify_json_detached(&flipped, b"{}").is_err(), "{flipped}");
            }
        }
    }
}

/// Of two signatures, a flipped bit leaves at most the other one, over the same payload.
#[test]
fn a_flipped_bit_never_changes_what_is_verified() {
    let keys = [JwsAlgorithm::Hs256, JwsAlgorithm::Hs384].map(signing_key);
    let public = keys.each_ref().map(|key| key.verifying_key().unwrap());
    let builders = keys.each_ref().map(|key| JwsBuilder::new(key).unprotected_parameter("hint", "x"));
    let json = sign_general(&builders, b"{\"sub\":\"u\"}").unwrap();
    let verifier = JwsVerifier::new(&public);
    let (mut whole, mut partly) = (0, 0);
    for flipped in with_one_bit_flipped(&json) {
        // Nobody signed the hint, so another one is no forgery.
        if let Ok(verified) = verifier.verify_json(&flipped) {
            assert_eq!(verified.payload(), b"{\"sub\":\"u\"}");
            assert_eq!(verified.distinct_keys(), 2);
            whole += 1;
        }
        if let Ok(verified) = verifier.verify_json_any(&flipped) {
            assert_eq!(verified.payload(), b"{\"sub\":\"u\"}");
            for signature in verified.verified() {
                assert!(signature.is_by(&public[signature.index()]), "{flipped}");
            }
            partly += usize::from(!verified.refused().is_empty());
        }
    }
    assert!(whole > 20 && partly > 500, "{whole} whole, {partly} partly");
}
