//! Class C: secrets that anyone has or can guess, and RSA keys that prove nothing.

use countersign::{
    Jwk, JwkSet, JwsAlgorithm, KeySet, NoClaims, SecretBytes, SigningKey, VerifyingKey, danger, jws,
};

use crate::support::*;

const HMAC: [(JwsAlgorithm, u16, u8); 3] =
    [(JwsAlgorithm::Hs256, 256, 32), (JwsAlgorithm::Hs384, 384, 48), (JwsAlgorithm::Hs512, 512, 64)];

#[test]
fn row_016_empty_secret() {
    let empty = || SecretBytes::from(Vec::new());
    for (algorithm, bits, _) in HMAC {
        assert_eq!(code(VerifyingKey::hmac(algorithm, empty())), "key_too_small");
        assert_eq!(code(SigningKey::hmac(algorithm, empty())), "key_too_small");
        assert_eq!(code(danger::weak_hmac_verifying_key(algorithm, empty())), "key_too_small");
        assert_eq!(code(danger::weak_hmac_signing_key(algorithm, empty())), "key_too_small");
        let header = format!(r#"{{"alg":"HS{bits}"}}"#);
        let key = VerifyingKey::hmac(algorithm, SecretBytes::from(octets(64))).unwrap();
        assert_eq!(refused_by(&key, &maced(bits, b"", header, P0)), "invalid_signature");
    }
    assert_eq!(code(Jwk::from_secret(empty())), "key_too_small");
    assert_eq!(code(Jwk::from_json(r#"{"kty":"oct","k":""}"#)), "key_too_small");
    assert_eq!(code(Jwk::from_json(r#"{"kty":"oct"}"#)), "missing_member");
    assert_eq!(code(Jwk::from_json(r#"{"kty":"oct","k":null}"#)), "member_type");
    let set =
        JwkSet::from_json(r#"{"keys":[{"kty":"oct","k":""},{"kty":"oct","k":"","alg":"HS256"}]}"#).unwrap();
    let keys = KeySet::shared_secrets(&set);
    assert!(keys.is_empty());
    assert!(keys.skipped().iter().all(|skipped| skipped.reason().code() == "key_too_small"));
    assert_eq!(code(keys.verify(&maced(256, b"", H0, P0))), "algorithm_not_allowed");
}

#[test]
fn row_017_secret_shorter_than_the_hash() {
    for (algorithm, bits, least) in HMAC {
        for (len, too_small) in [(1, true), (least - 1, true), (least, false), (least + 1, false)] {
            let secret = || SecretBytes::from(octets(len));
            let jwk = format!(r#"{{"kty":"oct","alg":"HS{bits}","k":"{}"}}"#, encode(octets(len)));
            let jwk = Jwk::from_json(&jwk).unwrap();
            let token = maced(bits, &octets(len), format!(r#"{{"alg":"HS{bits}"}}"#), P0);
            if !too_small {
                accepted_by(&VerifyingKey::hmac(algorithm, secret()).unwrap(), &token);
                accepted_by(&VerifyingKey::from_jwk(&jwk).unwrap(), &token);
                continue;
            }
            assert_eq!(code(VerifyingKey::hmac(algorithm, secret())), "key_too_small", "{algorithm} {len}");
            assert_eq!(code(SigningKey::hmac(algorithm, secret())), "key_too_small", "{algorithm} {len}");
            assert_eq!(code(VerifyingKey::from_jwk(&jwk)), "key_too_small", "{algorithm} {len}");
            let set: JwkSet = [jwk].into_iter().collect();
            assert!(KeySet::shared_secrets(&set).is_empty());
            // Only by that name, and then it is the same algorithm.
            accepted_by(&danger::weak_hmac_verifying_key(algorithm, secret()).unwrap(), &token);
        }
    }
    for algorithm in [JwsAlgorithm::Rs256, JwsAlgorithm::Es256, JwsAlgorithm::Ed25519] {
        let secret = SecretBytes::from(octets(8));
        assert_eq!(code(danger::weak_hmac_verifying_key(algorithm, secret)), "key_type");
    }
}

/// A secret without `alg` in a set is a key only for those algorithms whose hash it is long enough for.
#[test]
fn row_017_a_secret_without_alg() {
    let set = format!(r#"{{"keys":[{{"kty":"oct","k":"{}"}}]}}"#, encode(octets(48)));
    let keys = KeySet::shared_secrets(&JwkSet::from_json(&set).unwrap());
    for (_, bits, least) in HMAC {
        let verified = keys.verify(&maced(bits, &octets(48), format!(r#"{{"alg":"HS{bits}"}}"#), P0));
        if least <= 48 {
            assert!(verified.is_ok());
        } else {
            assert_eq!(code(verified), "algorithm_not_allowed");
        }
    }
}

#[test]
fn row_018_no_key_of_that_id() {
    let keys: KeySet = [hs256_key().with_key_id("a"), hs256_key().with_key_id("b")].into_iter().collect();
    for kid in ["c", "", "A", "a ", "ab", "\\u0000a", "a\\u0000", "*"] {
        let signed = hs256(format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#), P0);
        assert_eq!(code(keys.verify(&signed)), "no_matching_key", "{kid}");
        assert_eq!(code(verifier(keys.clone()).verify::<NoClaims>(&signed)), "no_matching_key", "{kid}");
        assert_eq!(code(jws::verify(&hs256_key().with_key_id("a"), &signed)), "no_matching_key", "{kid}");
    }
    for kid in ["a", "b", "\\u0061"] {
        assert!(keys.verify(&hs256(format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#), P0)).is_ok(), "{kid}");
    }
}

#[test]
fn row_019_secret_of_zeros_is_a_secret() {
    let json = format!(r#"{{"kty":"oct","k":"{}"}}"#, encode([0; 32]));
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Hs256, &Jwk::from_json(&json).unwrap()).unwrap();
    accepted_by(&key, &maced(256, &[0; 32], H0, P0));
    assert_eq!(refused_by(&key, &hs256(H0, P0)), "invalid_signature");
}

#[test]
fn row_020_rsa_keys_that_prove_nothing() {
    let fixture: serde_json::Value = serde_json::from_str(&rsa_public_json()).unwrap();
    let n = decode(fixture["n"].as_str().unwrap());
    let jwk = |n: &[u8], e: &[u8]| {
        Jwk::from_json(&format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, encode(n), encode(e)))
    };
    assert!(jwk(&n, &[1, 0, 1]).is_ok() && jwk(&n, &[3]).is_ok());

    let of_bits = |bits: usize| {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] >>= (8 - bits % 8) % 8;
        n
    };
    for bits in [1, 8, 512, 768, 1024, 1536, 2040, 2047] {
        assert_eq!(code(jwk(&of_bits(bits), &[1, 0, 1])), "key_too_small", "{bits}");
    }
    assert!(jwk(&of_bits(8192), &[1, 0, 1]).is_ok());
    for bits in [8193, 8200, 16384, 65536] {
        assert_eq!(code(jwk(&of_bits(bits), &[1, 0, 1])), "key_too_large", "{bits}");
    }
    let mut even = n.clone();
    *even.last_mut().unwrap() &= 0xfe;
    assert_eq!(code(jwk(&even, &[1, 0, 1])), "key_inconsistent");
    // CVE-2017-15361: the primes of such a modulus can be computed.
    let roca = decode(include_str!("../vectors/roca-modulus.txt").trim());
    assert_eq!(code(jwk(&roca, &[1, 0, 1])), "key_weak");
    let mut next = roca.clone();
    *next.last_mut().unwrap() ^= 2;
    assert!(jwk(&next, &[1, 0, 1]).is_ok());
    let set = format!(
        r#"{{"keys":[{{"kty":"RSA","alg":"RS256","e":"AQAB","n":"{}"}},{{"kty":"RSA","alg":"RS256","e":"AQAB","n":"{}"}}]}}"#,
        encode(&roca),
        encode(&n)
    );
    let set = JwkSet::from_json(&set).unwrap();
    assert_eq!((set.len(), set.skipped()[0].reason().code()), (1, "key_weak"));
    // e = 1 makes every message its own signature; the others aren't exponents of RSA.
    for e in [&[1][..], &[2], &[4], &[1, 0, 0], &[0x10, 0, 0, 0, 0, 1], &n] {
        assert_eq!(code(jwk(&n, e)), "key_inconsistent", "{e:02x?}");
    }
    for (n, e) in [
        (&n[..], &[][..]),
        (&[], &[1, 0, 1]),
        (&n, &[0]),
        (&n, &[0, 1, 0, 1]),
        (&[&[0], &n[..]].concat(), &[3]),
    ] {
        assert_eq!(code(jwk(n, e)), "member_type");
    }
}
