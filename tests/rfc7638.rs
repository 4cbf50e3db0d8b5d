//! RFC 7638: the thumbprint of §3.1, and what it depends on.

mod vectors;

use countersign::Jwk;
use serde_json::json;
use vectors::{Case, changed, jwk, with, without};

#[test]
fn section_3_1_thumbprint() {
    let case = Case::of("RFC 7638 3.1");
    let thumbprint = case.text("thumbprint");
    let key = case.jwk("jwk");
    assert_eq!(key.thumbprint(), thumbprint);
    assert_eq!(key.with_key_id_from_thumbprint().key_id(), Some(thumbprint));

    // Required members in lexicographic order and nothing else: the hash's input is a JWK itself, and this
    // library writes it that way.
    let canonical = Jwk::from_json(case.text("canonical")).unwrap();
    assert_eq!(canonical.thumbprint(), thumbprint);
    assert_eq!(canonical.to_public_json().unwrap(), case.text("canonical"));
}

/// RFC 7638 §3.2.1 and §3.2.2: the private part and optional members don't count.
#[test]
fn optional_members_and_the_private_part_don_t_count() {
    let case = Case::of("RFC 7638 3.1");
    let (public, thumbprint) = (case.value("jwk"), case.text("thumbprint"));
    for (member, value) in
        [("alg", json!("PS256")), ("kid", json!("other")), ("use", json!("sig")), ("x5u", json!(1))]
    {
        assert_eq!(jwk(&with(public, member, value)).thumbprint(), thumbprint, "another {member}");
    }
    for member in ["alg", "kid"] {
        assert_eq!(jwk(&without(public, member)).thumbprint(), thumbprint, "no {member}");
    }
    let private = Case::of("RFC 7517 A.2");
    assert_eq!(jwk(&private.value("jwks")["keys"][1]).thumbprint(), thumbprint);
}

#[test]
fn another_key_has_another_thumbprint() {
    let case = Case::of("RFC 7638 3.1");
    let public = case.value("jwk");
    let other_modulus = with(public, "n", changed(public["n"].as_str().unwrap()));
    assert!(jwk(&other_modulus).thumbprint() != case.text("thumbprint"));
    let other_exponent = with(public, "e", "AQAD");
    assert!(jwk(&other_exponent).thumbprint() != case.text("thumbprint"));
}
