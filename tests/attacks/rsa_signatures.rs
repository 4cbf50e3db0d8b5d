//! Class J, RSA: signatures whose numbers, paddings or salts are wrong, made with the private key by
//! `fixtures/make.py`.

use countersign::JwsAlgorithm;

use crate::support::*;

/// The algorithm that a token's header names.
fn key_for(token: &str) -> countersign::VerifyingKey {
    let header: serde_json::Value = serde_json::from_slice(&part(token, 0)).unwrap();
    rsa_key(JwsAlgorithm::from_name(header["alg"].as_str().unwrap()).unwrap())
}

#[track_caller]
fn all_refused(prefix: &str, count: usize) {
    let tokens: Vec<_> = fixtures(prefix).collect();
    assert_eq!(tokens.len(), count);
    for (name, token) in tokens {
        assert_eq!(refused_by(&key_for(token), token), "invalid_signature", "{name}");
    }
}

#[test]
fn signatures_in_order_are_accepted() {
    let tokens: Vec<_> = fixtures("accept-").collect();
    assert_eq!(tokens.len(), 6);
    for (_, token) in tokens {
        accepted_by(&key_for(token), token);
    }
}

#[test]
fn row_068_signature_as_another_number() {
    all_refused("rs256-number-", 15);
}

#[test]
fn row_069_padding_of_pkcs1() {
    all_refused("rs256-padding-", 29);
}

#[test]
fn row_070_salt_and_padding_of_pss() {
    all_refused("ps256-", 22);
    all_refused("ps384-", 4);
    all_refused("ps512-", 3);
}

/// A signature under one padding or hash is none under another.
#[test]
fn one_padding_is_not_the_other() {
    for (_, token) in fixtures("accept-") {
        for name in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
            let own = String::from_utf8(part(token, 0)).unwrap();
            if own.contains(name) {
                continue;
            }
            let renamed = with_part(token, 0, &encode(format!(r#"{{"alg":"{name}"}}"#)));
            assert_eq!(refused_by(&key_for(&renamed), &renamed), "invalid_signature");
            assert_eq!(refused_by(&key_for(&renamed), token), "algorithm_not_allowed");
        }
    }
}
