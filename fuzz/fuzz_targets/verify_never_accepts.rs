#![no_main]
//! Changes valid signed tokens, and signs as an attacker can: no verifier accepts the outcome.

use std::sync::LazyLock;

use countersign::{JwtVerifier, KeySet, NoClaims, VerifyingKey, jws};
use countersign_fuzz::fixtures::{ACCEPTABLE, SIGNED, SUBJECT, verification_keys, verifier};
use countersign_fuzz::{Script, check, mutate};
use libfuzzer_sys::fuzz_target;

struct Verifiers {
    keys: Vec<VerifyingKey>,
    /// Of keys with IDs, and of the same keys without.
    sets: [KeySet; 2],
    verifier: JwtVerifier,
}

static VERIFIERS: LazyLock<Verifiers> = LazyLock::new(|| {
    let verifiers = Verifiers {
        keys: verification_keys(false),
        sets: [true, false].map(|named| verification_keys(named).into_iter().collect()),
        verifier: verifier(false),
    };
    // Otherwise it would be no wonder that nothing is accepted.
    for token in &*ACCEPTABLE {
        assert!(verifiers.sets.iter().all(|set| set.verify(token).is_ok()));
    }
    for token in SIGNED.iter().filter(|token| token.split('.').any(|segment| segment.starts_with("eyJpc3Mi")))
    {
        let jwt = verifiers.verifier.verify::<NoClaims>(token).expect("the fixture is valid");
        assert_eq!(jwt.subject(), Some(SUBJECT));
    }
    verifiers
});

fuzz_target!(|data: &[u8]| {
    let mut script = Script::new(data);
    let original = script.pick(&SIGNED[..]);
    let token = mutate::token(original, &SIGNED, &mut script);
    let Verifiers { keys, sets, verifier } = &*VERIFIERS;

    let secrets = check::secrets_of(&token);
    let secrets: Vec<&[u8]> = secrets.iter().map(Vec::as_slice).collect();
    let mut accepted = check::answer(verifier.verify::<NoClaims>(&token), &secrets).is_some();
    for set in sets {
        accepted |= check::answer(set.verify(&token), &secrets).is_some();
    }
    for key in keys {
        accepted |= jws::verify(key, &token).is_ok();
    }
    assert!(!accepted || ACCEPTABLE.contains(&token), "accepted {token}");
});
