//! RFC 7515: the examples of appendix A verify, and nothing next to them does.

mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::jwk::CertificateChain;
use countersign::jws::{JwsBuilder, JwsVerifier, sign_general};
use countersign::{Jwk, JwsAlgorithm, KeySet, SigningKey, VerifyingKey, jws};
use serde_json::Value;
use vectors::{Case, changed, code, header, with, with_header, with_part, without};

/// What can be changed about a signed token of any algorithm.
#[track_caller]
fn refuses_what_stands_next_to_it(key: &VerifyingKey, token: &str) {
    let code_of = |token: &str| code(jws::verify(key, token));
    assert_eq!(code_of(token), "accepted");

    assert_eq!(code_of(&with_part(token, 1, changed)), "invalid_signature");
    assert_eq!(code_of(&with_part(token, 2, changed)), "invalid_signature");
    assert_eq!(code_of(&with_part(token, 2, |_| String::new())), "invalid_signature");
    assert_eq!(code_of(&with_part(token, 2, |signature| format!("{signature}AAAA"))), "invalid_signature");
    // The header means the same with one space more, but it isn't the one that was signed.
    assert_eq!(code_of(&with_header(token, &format!("{} ", header(token)))), "invalid_signature");

    assert_eq!(code_of(&format!("{token}=")), "base64url");
    assert_eq!(code_of(&format!("{token}.")), "segment_count");
    assert_eq!(code_of(&format!(" {token}")), "base64url");
    assert_eq!(code_of(&with_part(token, 0, |_| String::new())), "json");
    let (unsigned, _) = token.rsplit_once('.').expect("there are dots");
    assert_eq!(code_of(unsigned), "segment_count");
}

#[test]
fn a_1_hs256() {
    let case = Case::of("RFC 7515 A.1");
    let jwk = case.jwk("jwk");
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Hs256, &jwk).unwrap();
    let verified = jws::verify(&key, case.token()).unwrap();
    assert_eq!(verified.payload(), case.text("payload").as_bytes());
    assert_eq!(verified.algorithm(), JwsAlgorithm::Hs256);
    assert_eq!((verified.token_type(), verified.key_id()), (Some("JWT"), None));

    refuses_what_stands_next_to_it(&key, case.token());
    // 256 bits are 43 characters and 2 bits to spare, which must be zero.
    let spare = with_part(case.token(), 2, |tag| tag.replace("EjXk", "EjXl"));
    assert_eq!(code(jws::verify(&key, &spare)), "non_canonical_base64url");
    // The same secret, bound to another algorithm.
    for algorithm in [JwsAlgorithm::Hs384, JwsAlgorithm::Hs512] {
        let key = VerifyingKey::from_jwk_for(algorithm, &jwk).unwrap();
        assert_eq!(code(jws::verify(&key, case.token())), "algorithm_not_allowed");
    }
    let other = with(case.value("jwk"), "k", changed(case.value("jwk")["k"].as_str().unwrap()));
    let other = VerifyingKey::from_jwk_for(JwsAlgorithm::Hs256, &vectors::jwk(&other)).unwrap();
    assert_eq!(code(jws::verify(&other, case.token())), "invalid_signature");
}

#[test]
fn a_2_rs256() {
    let case = Case::of("RFC 7515 A.2");
    let public = case.public_jwk("jwk");
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &public).unwrap();
    let verified = jws::verify(&key, case.token()).unwrap();
    assert_eq!(verified.payload(), case.text("payload").as_bytes());
    assert_eq!(verified.algorithm(), JwsAlgorithm::Rs256);

    refuses_what_stands_next_to_it(&key, case.token());
    // The same key, bound to another hash or another padding.
    for algorithm in [JwsAlgorithm::Rs384, JwsAlgorithm::Rs512, JwsAlgorithm::Ps256] {
        let key = VerifyingKey::from_jwk_for(algorithm, &public).unwrap();
        assert_eq!(code(jws::verify(&key, case.token())), "algorithm_not_allowed");
    }
    // A header that says what that key wants to hear.
    let ps256 = VerifyingKey::from_jwk_for(JwsAlgorithm::Ps256, &public).unwrap();
    let relabelled = with_header(case.token(), r#"{"alg":"PS256"}"#);
    assert_eq!(code(jws::verify(&ps256, &relabelled)), "invalid_signature");
    // The key pair of another example.
    let other = Case::of("RFC 7516 A.2").public_jwk("jwk");
    let other = VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &other).unwrap();
    assert_eq!(code(jws::verify(&other, case.token())), "invalid_signature");
}

/// RSASSA-PKCS1-v1_5 is deterministic, and the header is the one that this library writes.
#[test]
fn a_2_made_anew_is_the_same_token() {
    let case = Case::of("RFC 7515 A.2");
    let key = SigningKey::from_jwk_for(JwsAlgorithm::Rs256, &case.jwk("jwk")).unwrap();
    assert_eq!(jws::sign(&key, case.text("payload").as_bytes()).unwrap(), case.token());
    let key = key.with_key_id("1");
    assert_ne!(jws::sign(&key, case.text("payload").as_bytes()).unwrap(), case.token());
}

#[test]
fn a_3_es256() {
    let case = Case::of("RFC 7515 A.3");
    check_ecdsa(&case, JwsAlgorithm::Es256, 64);
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Es512, &case.public_jwk("jwk"));
    assert_eq!(code(key), "key_type");
}

#[test]
fn a_4_es512() {
    let case = Case::of("RFC 7515 A.4");
    check_ecdsa(&case, JwsAlgorithm::Es512, 132);
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Es256, &case.public_jwk("jwk"));
    assert_eq!(code(key), "key_type");
}

/// ECDSA signatures differ each time, so a new token is made and verified beside the RFC's.
#[track_caller]
fn check_ecdsa(case: &Case, algorithm: JwsAlgorithm, signature_len: usize) {
    let key = VerifyingKey::from_jwk_for(algorithm, &case.public_jwk("jwk")).expect("the key fits");
    let verified = jws::verify(&key, case.token()).expect("the token is the RFC's");
    assert_eq!(verified.payload(), case.text("payload").as_bytes());
    assert_eq!(verified.algorithm(), algorithm);

    refuses_what_stands_next_to_it(&key, case.token());
    let halves_swapped = with_part(case.token(), 2, |signature| {
        let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        assert_eq!(signature.len(), signature_len);
        signature.rotate_left(signature_len / 2);
        URL_SAFE_NO_PAD.encode(signature)
    });
    assert_eq!(code(jws::verify(&key, &halves_swapped)), "invalid_signature");
    let other = Jwk::generate(case.jwk("jwk").kind()).expect("the curve can be generated");
    let other = VerifyingKey::from_jwk_for(algorithm, &other.to_public().expect("a pair")).expect("it fits");
    assert_eq!(code(jws::verify(&other, case.token())), "invalid_signature");

    let signing_key = SigningKey::from_jwk_for(algorithm, &case.jwk("jwk")).expect("the key fits");
    let made = jws::sign(&signing_key, case.text("payload").as_bytes()).expect("it can sign");
    assert_eq!(jws::verify(&key, &made).expect("it verifies").payload(), verified.payload());
    let (made, published) = (made.rsplit_once('.'), case.token().rsplit_once('.'));
    assert_eq!(made.map(|(input, _)| input), published.map(|(input, _)| input), "the same signing input");
    assert_ne!(made, published, "another signature");
}

#[test]
fn a_5_unsecured_is_refused_under_any_key() {
    let unsecured = Case::of("RFC 7515 A.5");
    let signed = Case::of("RFC 7515 A.2");
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Rs256, &signed.public_jwk("jwk")).unwrap();
    assert_eq!(code(jws::verify(&key, unsecured.token())), "unsupported_algorithm");
    assert_eq!(code(KeySet::from(key).verify(unsecured.token())), "unsupported_algorithm");
    assert_eq!(JwsAlgorithm::from_name("none"), None);
    // The two examples have one payload, so this is A.2 with its header and signature taken off.
    assert_eq!(with_header(&with_part(signed.token(), 2, |_| String::new()), r#"{"alg":"none"}"#), {
        unsecured.token()
    });
}

/// The keys of A.6's two signatures, which are those of A.2 and A.3.
fn keys_of_a_6() -> [VerifyingKey; 2] {
    [("RFC 7515 A.2", JwsAlgorithm::Rs256, "2010-12-29"), ("RFC 7515 A.3", JwsAlgorithm::Es256, ES256_KEY_ID)]
        .map(|(section, algorithm, key_id)| {
            let jwk = Case::of(section).public_jwk("jwk");
            VerifyingKey::from_jwk_for(algorithm, &jwk).expect("the key fits").with_key_id(key_id)
        })
}

const ES256_KEY_ID: &str = "e9bc097a-ce51-4036-9562-d2ade882db0d";

#[test]
fn a_6_general_json_serialization() {
    let case = Case::of("RFC 7515 A.6");
    let [rs256, es256] = keys_of_a_6();
    let json = case.value("json").to_string();
    let both = JwsVerifier::new([&es256, &rs256]);

    let verified = both.verify_json(&json).unwrap();
    assert_eq!(verified.payload(), case.text("payload").as_bytes());
    let signatures: Vec<_> = verified.signatures().collect();
    assert_eq!(signatures.len(), 2);
    assert!(signatures[0].is_by(&rs256) && signatures[1].is_by(&es256));
    assert!(!signatures[0].is_by(&es256) && !signatures[1].is_by(&rs256));
    assert_eq!((signatures[0].key_id(), signatures[1].key_id()), (Some("2010-12-29"), Some(ES256_KEY_ID)));
    assert_eq!(signatures[1].unprotected_parameter("kid").unwrap(), Some(ES256_KEY_ID.to_owned()));
    assert_eq!(signatures[1].parameter::<String>("kid").unwrap(), None);
    assert_eq!(verified.distinct_keys(), 2);

    // Who has one of the keys learns which signature that one made, and only if that is asked for.
    for (index, key) in [&rs256, &es256].into_iter().enumerate() {
        let verifier = JwsVerifier::new([key]);
        assert_eq!(code(verifier.verify_json(&json)), "algorithm_not_allowed");
        let verified = verifier.verify_json_any(&json).unwrap();
        assert_eq!(verified.verified().iter().map(|one| one.index()).collect::<Vec<_>>(), [index]);
        assert_eq!(verified.refused().iter().map(|one| one.index()).collect::<Vec<_>>(), [1 - index]);
        assert!(verified.is_signed_by(key));
    }

    // One character of either signature, or of what both cover.
    for index in [0, 1] {
        let mut bent = case.value("json").clone();
        let signature = bent["signatures"][index]["signature"].as_str().unwrap().to_owned();
        bent["signatures"][index]["signature"] = changed(&signature).into();
        assert_eq!(code(both.verify_json(&bent.to_string())), "invalid_signature");
        let verified = both.verify_json_any(&bent.to_string()).unwrap();
        assert_eq!(verified.verified()[0].index(), 1 - index);
        assert_eq!(verified.refused()[0].reason().code(), "invalid_signature");
    }
    let payload = changed(case.value("json")["payload"].as_str().unwrap());
    let bent = with(case.value("json"), "payload", payload).to_string();
    assert_eq!(code(both.verify_json(&bent)), "invalid_signature");
    assert_eq!(code(both.verify_json_any(&bent)), "invalid_signature");
}

#[test]
fn a_7_flattened_json_serialization() {
    let case = Case::of("RFC 7515 A.7");
    let [_, es256] = keys_of_a_6();
    let verifier = JwsVerifier::new([&es256]);
    let json = case.value("json");
    let verified = verifier.verify_json(&json.to_string()).unwrap();
    assert_eq!(verified.payload(), case.text("payload").as_bytes());
    assert!(verified.first().is_by(&es256));
    assert_eq!(verified.signatures().count(), 1);

    for member in ["payload", "protected", "signature"] {
        let bent = with(json, member, changed(json[member].as_str().unwrap())).to_string();
        let expected = if member == "protected" { "json" } else { "invalid_signature" };
        assert_eq!(code(verifier.verify_json(&bent)), expected, "{member}");
        assert_eq!(code(verifier.verify_json_any(&bent)), expected, "{member}");
    }
    // The unprotected `kid` is a hint: another one leads to no key, none to the same one.
    let other = with(json, "header", serde_json::json!({"kid": "2010-12-29"})).to_string();
    assert_eq!(code(verifier.verify_json(&other)), "no_matching_key");
    assert!(verifier.verify_json(&without(json, "header").to_string()).is_ok());
}

/// What this library writes has the RFC's members, and with a deterministic algorithm its octets.
#[test]
fn a_6_made_anew() {
    let case = Case::of("RFC 7515 A.6");
    let signing_key = |section, algorithm, key_id| {
        let jwk = Case::of(section).jwk("jwk");
        SigningKey::from_jwk_for(algorithm, &jwk).expect("the key fits").with_key_id(key_id)
    };
    let rs256 = signing_key("RFC 7515 A.2", JwsAlgorithm::Rs256, "2010-12-29");
    let es256 = signing_key("RFC 7515 A.3", JwsAlgorithm::Es256, ES256_KEY_ID);
    let builders = [&rs256, &es256].map(|key| JwsBuilder::new(key).unprotected_key_id());
    let made = sign_general(&builders, case.text("payload").as_bytes()).unwrap();
    let [first, second] = keys_of_a_6();
    assert!(JwsVerifier::new([&first, &second]).verify_json(&made).is_ok());

    let mut made: Value = serde_json::from_str(&made).unwrap();
    let mut published = case.value("json").clone();
    assert_eq!(made["signatures"][0], published["signatures"][0]);
    // ECDSA signatures differ each time.
    assert_ne!(made["signatures"][1], published["signatures"][1]);
    for json in [&mut made, &mut published] {
        json["signatures"][1]["signature"] = Value::Null;
    }
    assert_eq!(made, published);
}

/// Appendix F: detached content is the same signature over the same input.
#[test]
fn f_detached_content() {
    let case = Case::of("RFC 7515 A.6");
    let payload = case.text("payload").as_bytes();
    let [rs256, es256] = keys_of_a_6();
    let both = JwsVerifier::new([&rs256, &es256]);
    let json = without(case.value("json"), "payload").to_string();
    assert_eq!(both.verify_json_detached(&json, payload).unwrap().payload(), payload);
    assert_eq!(code(both.verify_json_detached(&json, b"else")), "invalid_signature");
    assert_eq!(code(both.verify_json(&json)), "missing_member");

    let token = Case::of("RFC 7515 A.2");
    let detached = with_part(token.token(), 1, |_| String::new());
    assert_eq!(both.verify_detached(&detached, payload).unwrap().payload(), payload);
    assert_eq!(code(both.verify_detached(&detached, b"else")), "invalid_signature");
    assert_eq!(code(both.verify(&detached)), "invalid_signature");
    let jwk = token.jwk("jwk");
    let key = SigningKey::from_jwk_for(JwsAlgorithm::Rs256, &jwk).unwrap();
    assert_eq!(JwsBuilder::new(&key).sign_detached(payload).unwrap(), detached);
}

#[test]
fn e_unknown_critical_header_parameter_is_refused() {
    let case = Case::of("RFC 7515 E");
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Hs256, &Case::of("RFC 7515 A.1").jwk("jwk")).unwrap();
    assert_eq!(code(jws::verify(&key, case.token())), "unsupported_critical");
    // Nor does a name in the header help where nothing marks it as critical: there is no `none`.
    let ignorable = with_header(case.token(), r#"{"alg":"none","http://example.com/UNDEFINED":true}"#);
    assert_eq!(code(jws::verify(&key, &ignorable)), "unsupported_algorithm");
    // Each name in `crit` must be there.
    let absent = with_header(case.token(), r#"{"alg":"none","crit":["http://example.com/UNDEFINED"]}"#);
    assert_eq!(code(jws::verify(&key, &absent)), "crit");
}

/// One set with a key of each kind verifies all the examples, though none has a `kid`.
#[test]
fn one_set_verifies_all_examples() {
    let cases = ["RFC 7515 A.2", "RFC 7515 A.3", "RFC 7515 A.4", "RFC 8037 A.4"].map(Case::of);
    let keys = KeySet::verification(&cases.iter().map(|case| case.public_jwk("jwk")).collect());
    for case in &cases {
        let verified = keys.verify(case.token()).unwrap();
        assert_eq!(verified.payload(), case.text("payload").as_bytes());
        assert_eq!(code(keys.verify(&with_part(case.token(), 1, changed))), "invalid_signature");
    }
    let hmac = Case::of("RFC 7515 A.1");
    assert_eq!(code(keys.verify(hmac.token())), "algorithm_not_allowed");
    // A secret among published keys never becomes a key.
    let mixed = KeySet::verification(&[hmac.jwk("jwk"), cases[0].public_jwk("jwk")].into_iter().collect());
    assert_eq!(code(mixed.verify(hmac.token())), "algorithm_not_allowed");
    assert_eq!(mixed.skipped()[0].reason().code(), "key_not_public");
    let secrets = KeySet::shared_secrets(&[hmac.jwk("jwk")].into_iter().collect());
    assert_eq!(secrets.verify(hmac.token()).unwrap().payload(), hmac.text("payload").as_bytes());
}

/// The chain that leads to a root of 1999: its form is judged here, and whether it is trusted by the application.
#[test]
fn b_certificate_chain() {
    let case = Case::of("RFC 7515 B");
    let x5c: Vec<&str> =
        case.value("x5c").as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let chain = CertificateChain::from_x5c(&x5c).unwrap();
    assert_eq!(chain.certificates().count(), 3);
    assert_eq!(chain.thumbprint(), case.text("certificate_thumbprint"));
    let key = chain.trusted_key(|chain| chain.thumbprint() == case.text("certificate_thumbprint")).unwrap();
    assert_eq!(key.thumbprint(), case.jwk("jwk").thumbprint());
    assert_eq!(code(chain.trusted_key(|_| false)), "certificate_not_trusted");

    // In another order it is another key's chain: the second certificate's, and the root's with its 1024 bits.
    let second = CertificateChain::from_x5c(&x5c[1..]).unwrap().trusted_key(|_| true);
    assert_ne!(second.map(|key| key.thumbprint()), Ok(key.thumbprint()));
    let root = CertificateChain::from_x5c(&x5c[2..]).unwrap().trusted_key(|_| true);
    assert_eq!(code(root), "key_too_small");
    let none: [&str; 0] = [];
    assert_eq!(code(CertificateChain::from_x5c(none)), "member_type");
    // RFC 7515 §4.1.6: base64, "not base64url", and of whole certificates in DER.
    let (first, rest) = (x5c[0], &x5c[1..]);
    let base64url = first.replace('+', "-").replace('/', "_");
    for bent in [&*base64url, first.trim_end_matches('='), &format!("{first}\n"), &first[4..], ""] {
        let bent: Vec<&str> = std::iter::once(bent).chain(rest.iter().copied()).collect();
        assert_ne!(code(CertificateChain::from_x5c(bent)), "accepted");
    }
    // A key that isn't the first certificate's.
    let other = Case::of("RFC 7515 A.2");
    let with_chain = |jwk: &Value| {
        let jwk = with(jwk, "x5c", case.value("x5c").clone());
        code(Jwk::from_json(&jwk.to_string()))
    };
    assert_eq!(with_chain(case.value("jwk")), "accepted");
    assert_eq!(with_chain(other.value("jwk")), "key_inconsistent");
}

/// base64url by the RFC's five octets, as a payload.
#[test]
fn c_base64url() {
    let case = Case::of("RFC 7515 C");
    assert_eq!(case.hex_as_base64url("octets_hex"), case.text("encoded"));
    let octets = [3, 236, 255, 224, 193];
    let key = SigningKey::from_jwk_for(JwsAlgorithm::Hs256, &Case::of("RFC 7515 A.1").jwk("jwk")).unwrap();
    let token = jws::sign(&key, &octets).unwrap();
    assert_eq!(token.split('.').nth(1), Some(case.text("encoded")));
    let key = key.verifying_key().unwrap();
    assert_eq!(jws::verify(&key, &token).unwrap().payload(), octets);
    // The alphabet of base64, its padding, and two bits that are left over.
    for bent in ["A+z/4ME", "A-z_4ME=", "A-z_4MF"] {
        assert!(matches!(
            code(jws::verify(&key, &with_part(&token, 1, |_| bent.to_owned()))),
            "base64url" | "non_canonical_base64url"
        ));
    }
}
