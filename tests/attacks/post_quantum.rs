//! Class J, ML-DSA (RFC 9964): this library has none of it, so every name, key and mixture of the two is
//! refused by name, and takes nothing else along.

use countersign::jws::JwsVerifier;
use countersign::{
    DecryptionKey, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, KeySet, NoClaims, SigningKey, UnverifiedToken,
    VerifyingKey, decrypt, jws,
};

use crate::support::*;

/// Each name, with the lengths of its public key, its expanded private key and its signature (FIPS 204).
const PARAMETERS: [(&str, usize, usize, usize); 3] =
    [("ML-DSA-44", 1312, 2560, 2420), ("ML-DSA-65", 1952, 4032, 3309), ("ML-DSA-87", 2592, 4896, 4627)];

fn bytes(len: usize) -> String {
    encode(vec![7; len])
}

#[test]
fn row_071_ml_dsa_in_a_header() {
    let own = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
    let key = own.verifying_key().unwrap();
    for (name, _, _, signature_len) in PARAMETERS {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        for signature in [vec![7; signature_len], vec![], vec![7; 64]] {
            let forged = token(&header, P0, &signature);
            assert_eq!(refused_by(&key, &forged), "unsupported_algorithm", "{name}");
            assert_eq!(refused_by(&hs256_key(), &forged), "unsupported_algorithm", "{name}");
            let json = format!(
                r#"{{"payload":"{}","protected":"{}","signature":"{}"}}"#,
                encode(P0),
                encode(&header),
                encode(&signature)
            );
            assert_eq!(code(JwsVerifier::new([&key]).verify_json(&json)), "unsupported_algorithm");
        }
        // A signature that holds under the key that is trusted doesn't make up for the name.
        let renamed = with_part(&jws::sign(&own, P0.as_bytes()).unwrap(), 0, &encode(&header));
        assert_eq!(refused_by(&key, &renamed), "unsupported_algorithm", "{name}");
        assert_eq!(refused_by(&hs256_key(), &hs256(&header, P0)), "unsupported_algorithm", "{name}");
        assert_eq!(JwsAlgorithm::from_name(name), None);
        // Nor does it encrypt.
        let key = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
        let forged = format!("{}.AA.AA.AA.AA", encode(format!(r#"{{"alg":"{name}","enc":"A256GCM"}}"#)));
        assert_eq!(code(decrypt(&key, &forged)), "unsupported_algorithm", "{name}");
    }
    // Read without verification, the name is what it is.
    let unverified = UnverifiedToken::parse(&token(r#"{"alg":"ML-DSA-65"}"#, P0, b"")).unwrap();
    assert_eq!(unverified.algorithm(), "ML-DSA-65");
    accepted_by(&key, &jws::sign(&own, P0.as_bytes()).unwrap());
}

/// A key pair's members in every mixture: of its own and another algorithm, of none, public, with a seed and
/// with the expanded key that RFC 9964 doesn't have.
#[test]
fn row_071_keys_of_ml_dsa() {
    let good = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap().with_key_id("good");
    let token_of_good = jws::sign(&good, P0.as_bytes()).unwrap();
    let good_json = good.to_public_jwk().unwrap().to_public_json().unwrap();
    let mut keys = Vec::new();
    for (_, public_len, expanded_len, _) in PARAMETERS {
        for alg in ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "Ed25519", ""] {
            let alg = if alg.is_empty() { String::new() } else { format!(r#","alg":"{alg}""#) };
            for private in [0, 32, expanded_len] {
                let private =
                    if private == 0 { String::new() } else { format!(r#","priv":"{}""#, bytes(private)) };
                keys.push(format!(r#"{{"kty":"AKP"{alg},"pub":"{}"{private}}}"#, bytes(public_len)));
            }
        }
    }
    assert_eq!(keys.len(), 45);
    for json in &keys {
        assert_eq!(code(Jwk::from_json(json)), "unsupported_key", "{json:.60}");
        let set = JwkSet::from_json(&format!(r#"{{"keys":[{json},{good_json}]}}"#)).unwrap();
        let skipped: Vec<_> = set.skipped().iter().map(|key| (key.index(), key.reason().code())).collect();
        assert_eq!(skipped, [(0, "unsupported_key")], "{json:.60}");
        let keys = KeySet::verification(&set);
        assert!(keys.verify(&token_of_good).is_ok());
        let renamed = with_part(&token_of_good, 0, &encode(r#"{"alg":"ML-DSA-65","kid":"good"}"#));
        assert_eq!(code(verifier(keys).verify::<NoClaims>(&renamed)), "unsupported_algorithm");
    }
    // A key of another type that says it is for ML-DSA serves nothing either.
    let lying = good.to_public_jwk().unwrap().with_algorithm("ML-DSA-65");
    assert_eq!(code(VerifyingKey::from_jwk(&lying)), "unsupported_key");
    assert_eq!(code(VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, &lying)), "key_algorithm");
}
