#![no_main]
//! Signed tokens in JSON, arbitrary or changed as attackers change them: no signature holds but those that were
//! made, over what they were made over.

use std::sync::LazyLock;

use countersign::jws::{JwsVerifier, VerifiedSignature};
use countersign::{KeySet, Limits, VerifyingKey, jws};
use countersign_fuzz::fixtures::{ACCEPTABLE, ACCEPTABLE_JSON, DETACHED, SIGNED_JSON, verification_keys};
use countersign_fuzz::{Script, check, mutate_json, strict};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

struct Verifiers {
    keys: Vec<VerifyingKey>,
    /// Of keys with IDs, and of the same keys without.
    sets: [KeySet; 2],
    /// Who asks for everything, and who asks for nothing.
    verifiers: [JwsVerifier; 3],
}

static VERIFIERS: LazyLock<Verifiers> = LazyLock::new(|| {
    let sets = [true, false].map(|named| verification_keys(named).into_iter().collect::<KeySet>());
    let asking = |set: &KeySet| {
        let verifier = JwsVerifier::new(set).allow_unencoded_payload().allow_unprotected_algorithm();
        verifier.understood_critical(["x"]).limits(Limits::default().recipients(8))
    };
    let verifiers = [asking(&sets[0]), asking(&sets[1]), JwsVerifier::new(&sets[0])];
    // Otherwise it would be no wonder that nothing is accepted.
    for json in &*SIGNED_JSON {
        let verify = |verifier: &JwsVerifier| {
            verifier.verify_json(json).or_else(|_| verifier.verify_json_detached(json, DETACHED))
        };
        assert!(verifiers[..2].iter().all(|verifier| verify(verifier).is_ok()));
    }
    Verifiers { keys: verification_keys(false), sets, verifiers }
});

fuzz_target!(|data: &[u8]| {
    // Text as it is, or a script.
    let token = match data {
        [b'{' | b' ', ..] => match std::str::from_utf8(data) {
            Ok(text) => text.to_owned(),
            Err(_) => return,
        },
        _ => mutate_json::token(&mut Script::new(data)),
    };
    let Verifiers { keys, sets, verifiers } = &*VERIFIERS;
    let secrets: [&[u8]; 1] = [token.as_bytes()];
    for verifier in verifiers {
        let all = check::answer(verifier.verify_json(&token), &secrets);
        let any = check::answer(verifier.verify_json_any(&token), &secrets);
        if let Some(any) = &any {
            holds(&token, None, any.payload(), any.verified().iter());
            assert!(!any.verified().is_empty());
            for refused in any.refused() {
                check::discreet(refused.reason(), &secrets);
            }
        }
        match (&all, &any) {
            (Some(all), Some(any)) => {
                assert!(any.refused().is_empty() && all.signatures().eq(any.verified()));
                assert_eq!(all.payload(), any.payload());
                assert_eq!(all.distinct_keys(), any.distinct_keys());
            }
            (None, Some(any)) => assert!(!any.refused().is_empty(), "all hold and not all"),
            (Some(_), None) => panic!("all hold and not one"),
            (None, None) => {}
        }
        for payload in [DETACHED, b"", b"any other"] {
            let secrets: [&[u8]; 1] = [token.as_bytes()];
            let any = check::answer(verifier.verify_json_any_detached(&token, payload), &secrets);
            if let Some(any) = &any {
                holds(&token, Some(payload), payload, any.verified().iter());
            }
            let all = check::answer(verifier.verify_json_detached(&token, payload), &secrets);
            assert!(all.is_none() || any.is_some_and(|any| any.refused().is_empty()));
        }
        // A JSON text is no compact token, to anyone.
        let compact = check::answer(verifier.verify(&token), &secrets);
        assert!(compact.is_none() || ACCEPTABLE.contains(&token));
    }
    if token.trim_start().starts_with('{') {
        assert!(sets.iter().all(|set| set.verify(&token).is_err()));
        assert!(keys.iter().all(|key| jws::verify(key, &token).is_err()));
    }
});

/// What was accepted is strict JSON to others too, and holds signatures that were made over that.
fn holds<'v>(
    token: &str,
    detached: Option<&[u8]>,
    payload: &[u8],
    verified: impl Iterator<Item = &'v VerifiedSignature>,
) {
    let object = strict::object(token).expect("what is accepted is a JSON object without duplicates");
    // Beside a detached payload there may be an empty one, in its place.
    let inside = object.get("payload");
    assert!(if detached.is_some() { inside.is_none_or(|text| text == "") } else { inside.is_some() });
    let inside = inside.and_then(Value::as_str);
    assert!(!["ciphertext", "recipients", "tag"].iter().any(|name| object.contains_key(*name)));
    let signatures: Vec<&Map<String, Value>> = match object.get("signatures") {
        Some(list) => {
            assert!(!object.contains_key("signature") && !object.contains_key("protected"));
            let list = list.as_array().expect("it is a list");
            list.iter().map(|signature| signature.as_object().expect("it is a list of objects")).collect()
        }
        None => vec![&object],
    };
    for signature in verified {
        let of_that = signatures[signature.index()];
        let text = |name: &str| of_that.get(name).and_then(Value::as_str).unwrap_or_default();
        let header = check::decoded(text("protected")).expect("it is base64url");
        let header: Map<String, Value> = strict::object(std::str::from_utf8(&header).expect("it is text"))
            .expect("a protected header is an object");
        let is_encoded = header.get("b64") != Some(&Value::Bool(false));
        let payload_text = match (inside.filter(|_| detached.is_none()), is_encoded) {
            (Some(text), _) => text.to_owned(),
            (None, true) => check::encoded(payload),
            (None, false) => String::from_utf8(payload.to_vec()).expect("the fixtures are text"),
        };
        let decoded =
            if is_encoded { check::decoded(&payload_text) } else { Some(payload_text.clone().into()) };
        assert_eq!(decoded.as_deref(), Some(payload));
        let made = format!("{}.{payload_text}.{}", text("protected"), text("signature"));
        assert!(ACCEPTABLE_JSON.contains(&made) || ACCEPTABLE.contains(&made), "accepted {token}");
        assert_eq!(header["alg"], signature.algorithm().name());
        assert_eq!(header.get("typ").and_then(Value::as_str), signature.token_type());
        let crit = header.get("crit").and_then(Value::as_array).map_or(0, Vec::len);
        assert_eq!(crit, usize::from(!is_encoded), "a critical parameter was ignored");
    }
}
