#![no_main]
//! Arbitrary text for an encrypted token: what decrypts says to others what it says to us.

use std::sync::LazyLock;

use countersign::{
    ContentEncryption, DecryptionKey, JweAlgorithm, Jwk, JwtVerifier, KeySet, NoClaims, UnverifiedToken,
    decrypt, decrypt_claims,
};
use countersign_fuzz::fixtures::{decryption_keys, verifier};
use countersign_fuzz::{check, is_one_in, strict};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// The keys of the seeds, which are the RFCs' examples, and those of the other targets' tokens.
static KEYS: LazyLock<Vec<DecryptionKey>> = LazyLock::new(|| {
    let examples = [
        (JweAlgorithm::RsaOaep, include_str!("../seeds/jwk/rfc7516-a1")),
        (JweAlgorithm::A128Kw, include_str!("../seeds/jwk/rfc7516-a3")),
    ];
    let examples = examples.into_iter().map(|(algorithm, jwk)| {
        let jwk = Jwk::from_json(jwk).expect("the seed is a key");
        DecryptionKey::from_jwk_for(algorithm, &jwk).expect("the key goes with the algorithm")
    });
    examples.chain(decryption_keys(false)).collect()
});

/// Without the keys for RSA, and with all.
static SETS: LazyLock<[KeySet<DecryptionKey>; 2]> = LazyLock::new(|| {
    [false, true]
        .map(|all| KEYS.iter().filter(|key| all || !is_rsa(key)).map(DecryptionKey::clone_key).collect())
});

static VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| verifier(true));

fn is_rsa(key: &DecryptionKey) -> bool {
    matches!(key.algorithm(), JweAlgorithm::RsaOaep | JweAlgorithm::RsaOaep256)
}

fuzz_target!(|data: &[u8]| {
    let Ok(token) = std::str::from_utf8(data) else { return };
    let secrets = check::secrets_of(token);
    let secrets: Vec<&[u8]> = secrets.iter().map(Vec::as_slice).collect();

    let read = check::answer(UnverifiedToken::parse(token), &secrets);
    if let Some(read) = &read {
        check::header(token, read);
    }
    let with_rsa = is_one_in(16, data);
    let by_set = check::answer(SETS[usize::from(with_rsa)].decrypt(token), &secrets);
    // Several keys may serve an algorithm, but a token is for one.
    let mut by_one_key = KEYS.iter().filter(|key| with_rsa || !is_rsa(key)).filter_map(|key| {
        let plaintext = check::answer(decrypt(key, token), &secrets)?;
        Some((key, plaintext))
    });
    let first = by_one_key.next();
    assert_eq!(by_set.is_some(), first.is_some(), "a set decrypts what its keys do");
    assert!(by_one_key.next().is_none(), "two keys decrypt one token");

    if let (Some(by_set), Some((key, plaintext))) = (by_set, first) {
        assert_eq!(by_set, plaintext);
        let read = read.as_ref().expect("a decrypted token can be parsed");
        assert!(read.is_encrypted());
        assert_eq!(JweAlgorithm::from_name(read.algorithm()), Some(key.algorithm()));
        assert!(read.content_encryption().and_then(ContentEncryption::from_name).is_some());

        let claims: Option<Map<String, Value>> =
            check::answer(decrypt_claims(key, token), &[token.as_bytes(), plaintext.expose_secret()]);
        if let Some(claims) = claims {
            let text = std::str::from_utf8(plaintext.expose_secret()).ok();
            assert_eq!(Some(claims), text.and_then(strict::object), "claims mean the same to all");
        }
    }
    if with_rsa || read.is_some_and(|read| !read.algorithm().starts_with("RSA")) {
        check::answer(VERIFIER.verify::<NoClaims>(token), &secrets);
    }
});
