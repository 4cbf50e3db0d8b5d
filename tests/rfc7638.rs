//! RFC 7638: the thumbprint of §3.1, and what it depends on.

mod vectors;

use countersign::Jwk;
use countersign::jwk::ThumbprintHash;
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

/// RFC 7638 §3.4 leaves the hash function open. These were computed by Python's hashlib.
#[test]
fn thumbprints_with_other_hash_functions() {
    let key = Case::of("RFC 7638 3.1").jwk("jwk");
    for (hash, thumbprint) in [
        (ThumbprintHash::Sha256, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        (ThumbprintHash::Sha384, "R9_OfJjSjaw8Fuum86UzK5ixTdN9bo9BaqPSiseq89DWfmqCdpSgUHus-cxDUNc8"),
        (
            ThumbprintHash::Sha512,
            "DpvEwocfn3FjeWWQjcJHzWrpKTIymKwgoL1xVgQcud48-qZDSRCr1zfWZQdHAJn_ciqXqPTSARyg-L-NyNGpVA",
        ),
    ] {
        assert_eq!(key.thumbprint_with(hash), thumbprint);
        let other = jwk(&Case::of("RFC 7517 A.2").value("jwks")["keys"][0]);
        assert!(other.thumbprint_with(hash) != thumbprint);
        assert_eq!(other.thumbprint_with(hash), other.to_public().unwrap().thumbprint_with(hash));
    }
    assert_eq!(ThumbprintHash::default(), ThumbprintHash::Sha256);
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
