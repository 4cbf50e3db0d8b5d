//! The keys that the RFCs print.

use super::*;

/// RFC 7638 §3.1.
#[test]
fn thumbprint_of_rfc_7638() {
    assert_eq!(Jwk::from_json(RSA).unwrap().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

/// RFC 8037 §A.1 to §A.3.
#[test]
fn ed25519_of_rfc_8037() {
    let private = Jwk::from_json(ED25519).unwrap();
    assert_eq!(private.kind(), KeyKind::Ed25519);
    assert_eq!(private.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let public = private.to_public_json().unwrap();
    assert_eq!(public, r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#);
}

/// RFC 7517 §A.1 and §A.2.
#[test]
fn keys_of_rfc_7517() {
    let ec = Jwk::from_json(EC).unwrap();
    assert_eq!(ec.kind(), KeyKind::P256);
    assert_eq!((ec.key_id(), ec.key_use()), (Some("1"), Some(&KeyUse::Encryption)));
    assert_eq!(ec.thumbprint(), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");

    let rsa = Jwk::from_json(RSA).unwrap();
    assert_eq!(rsa.kind(), KeyKind::Rsa { bits: 2048 });
    assert_eq!((rsa.key_id(), rsa.algorithm()), (Some("2011-04-29"), Some(value_of(RSA, "alg"))));

    for (private, secrets) in [(ec, &["d"][..]), (rsa, &["d", "p", "q", "dp", "dq", "qi"])] {
        assert!(private.is_private());
        let json = private.to_public_json().unwrap();
        let public = Jwk::from_json(&json).unwrap();
        assert!(!public.is_private() && !public.is_secret());
        assert_eq!(public.thumbprint(), private.thumbprint());
        assert_eq!(public.key_id(), private.key_id());
        assert_eq!(public.algorithm(), private.algorithm());
        assert!(secrets.iter().all(|name| !json.contains(&format!("\"{name}\":"))));
        assert!(
            secrets
                .iter()
                .all(|name| { private.expose_json().expose_secret().contains(&format!("\"{name}\":")) })
        );
        assert_eq!(public.expose_json().expose_secret(), json);
    }
}

/// RFC 7517 §A.3.
#[test]
fn secret_of_rfc_7517() {
    let secret = Jwk::from_json(OCT).unwrap();
    assert_eq!(secret.kind(), KeyKind::Oct { bits: 512 });
    assert!(secret.is_secret() && !secret.is_private());
    assert_eq!(secret.to_public_json().unwrap_err().code(), "key_not_public");
    assert_eq!(secret.to_public().unwrap_err().code(), "key_not_public");
    assert_eq!(secret.to_spki_der().unwrap_err().code(), "key_not_public");
    assert_eq!(secret.expose_pkcs8_der().unwrap_err().code(), "key_type");
    assert_eq!(
        secret.expose_json().expose_secret(),
        r#"{"k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow","kty":"oct"}"#
    );
}

/// RFC 8037 §A.6 and RFC 7748 §6.1.
#[test]
fn x25519_of_rfc_8037() {
    let key = Jwk::from_json(X25519).unwrap();
    assert_eq!(key.kind(), KeyKind::X25519);
    assert!(key.is_private());
}

#[test]
fn every_kind_survives_its_own_json() {
    for json in ALL {
        let key = Jwk::from_json(json).unwrap();
        let again = Jwk::from_json(key.expose_json().expose_secret()).unwrap();
        assert_eq!(again.expose_json(), key.expose_json());
        assert_eq!(key.clone_key().expose_json(), key.expose_json());
    }
}

/// RFC 7517 §4: members that aren't known are ignored, and so are those of other key types.
#[test]
fn other_members_are_ignored() {
    for json in ALL {
        let key = Jwk::from_json(json).unwrap();
        let more = adding(json, r#""X5C":["!"],"x5u":1,"x5t#s256":{},"ext":true,"exp":1e3,"y2":null"#);
        assert_eq!(Jwk::from_json(&more).unwrap().expose_json(), key.expose_json());
    }
    assert!(Jwk::from_json(&adding(ED25519, r#""y":5,"k":"","n":null"#)).is_ok());
}
