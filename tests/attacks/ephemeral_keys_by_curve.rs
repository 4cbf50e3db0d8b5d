//! Class K on X25519, P-384 and P-521: ephemeral keys that aren't what the recipient's own key asks for.
//! `ephemeral_keys` has P-256 and the points whose secrets a forger knows.

use countersign::{DecryptionKey, JweAlgorithm, Jwk, KeyKind, decrypt, encrypt};
use serde_json::{Value, json};

use crate::support::*;

const CURVES: [(KeyKind, &str, usize); 3] =
    [(KeyKind::X25519, "X25519", 32), (KeyKind::P384, "P-384", 48), (KeyKind::P521, "P-521", 66)];

const ALGORITHMS: [JweAlgorithm; 2] = [JweAlgorithm::EcdhEs, JweAlgorithm::EcdhEsA256Kw];

/// A recipient, and a token to it whose header can be bent.
struct Recipient {
    key: DecryptionKey,
    token: String,
    header: Value,
}

impl Recipient {
    fn new(algorithm: JweAlgorithm, kind: KeyKind) -> Self {
        let key = DecryptionKey::from_jwk_for(algorithm, &Jwk::generate(kind).unwrap()).unwrap();
        let token = encrypt(&key.encryption_key().unwrap(), b"x").unwrap();
        let header = serde_json::from_slice(&part(&token, 0)).unwrap();
        Self { key, token, header }
    }

    /// What the recipient says of the token with another ephemeral key.
    fn given(&self, epk: &Value) -> &'static str {
        let mut header = self.header.clone();
        header["epk"] = epk.clone();
        code(decrypt(&self.key, &with_part(&self.token, 0, &encode(header.to_string()))))
    }

    fn epk_with(&self, member: &str, value: Value) -> Value {
        let mut epk = self.header["epk"].clone();
        epk[member] = value;
        epk
    }
}

fn public(kind: KeyKind) -> Value {
    serde_json::from_str(&Jwk::generate(kind).unwrap().to_public_json().unwrap()).unwrap()
}

/// The twin that is accepted, and one that differs in nothing but whose key it is.
#[test]
fn ephemeral_keys_of_every_curve_are_accepted() {
    for (kind, curve, _) in CURVES {
        for algorithm in ALGORITHMS {
            let recipient = Recipient::new(algorithm, kind);
            assert_eq!(decrypt(&recipient.key, &recipient.token).unwrap().expose_secret(), b"x");
            assert_eq!(recipient.header["epk"]["crv"], curve);
            assert_eq!(recipient.given(&public(kind)), "decryption_failed", "{curve}");
        }
    }
}

#[test]
fn row_072_another_type_or_curve_than_the_recipients() {
    let kinds = [KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::X25519, KeyKind::Ed25519];
    for (kind, curve, len) in CURVES {
        for algorithm in ALGORITHMS {
            let recipient = Recipient::new(algorithm, kind);
            for other in kinds.into_iter().filter(|other| *other != kind) {
                assert_eq!(recipient.given(&public(other)), "member_type", "{curve}: {other}");
            }
            let rsa: Value = serde_json::from_str(&rsa_public_json()).unwrap();
            assert_eq!(recipient.given(&rsa), "member_type", "{curve}: RSA");
            // The same octets under another name: of a curve that isn't here, of another type, in another case.
            for name in ["X448", "Ed448", "secp256k1", "P-256", "Ed25519", "x25519", "p-384", "P521", ""] {
                let renamed = recipient.epk_with("crv", json!(name));
                assert_eq!(recipient.given(&renamed), "member_type", "{curve} as {name}");
            }
            let types = ["EC", "OKP", "RSA", "oct", "AKP", "ec", "okp", ""];
            for kty in types.into_iter().filter(|kty| recipient.header["epk"]["kty"] != *kty) {
                let renamed = recipient.epk_with("kty", json!(kty));
                assert_eq!(recipient.given(&renamed), "member_type", "{curve} as {kty}");
            }
            let secret = json!({"kty": "oct", "k": encode(vec![7; len])});
            assert_eq!(recipient.given(&secret), "member_type", "{curve}: a secret");
        }
    }
}

#[test]
fn row_072_private_parts_and_members_that_are_missing() {
    for (kind, curve, len) in CURVES {
        for algorithm in ALGORITHMS {
            let recipient = Recipient::new(algorithm, kind);
            let whole = Jwk::generate(kind).unwrap();
            let whole: Value = serde_json::from_str(whole.expose_json().expose_secret()).unwrap();
            assert_eq!(recipient.given(&whole), "unexpected_member", "{curve}: a whole pair");
            for d in [json!(encode(vec![7; len])), json!(""), json!(null), json!(5)] {
                assert_eq!(recipient.given(&recipient.epk_with("d", d)), "unexpected_member", "{curve}");
            }
            let members: &[&str] =
                if kind == KeyKind::X25519 { &["kty", "crv", "x"] } else { &["kty", "crv", "x", "y"] };
            for member in members {
                let mut epk = recipient.header["epk"].clone();
                epk.as_object_mut().unwrap().remove(*member).unwrap();
                assert_eq!(recipient.given(&epk), "missing_member", "{curve} without {member}");
                for value in [json!(null), json!(5), json!([]), json!({})] {
                    let bent = recipient.epk_with(member, value);
                    assert_eq!(recipient.given(&bent), "member_type", "{curve}: {member}");
                }
            }
        }
    }
}

#[test]
fn row_072_octets_that_are_too_many_or_too_few() {
    for (kind, curve, len) in CURVES {
        for algorithm in ALGORITHMS {
            let recipient = Recipient::new(algorithm, kind);
            let members: &[&str] = if kind == KeyKind::X25519 { &["x"] } else { &["x", "y"] };
            for member in members {
                let octets = decode(recipient.header["epk"][*member].as_str().unwrap());
                assert_eq!(octets.len(), len);
                for wrong in [
                    octets[1..].to_vec(),
                    octets[..len - 1].to_vec(),
                    [&[0], &octets[..]].concat(),
                    [&octets[..], &[0]].concat(),
                    [&octets[..], &octets].concat(),
                    vec![],
                ] {
                    let bent = recipient.epk_with(member, json!(encode(&wrong)));
                    assert_eq!(recipient.given(&bent), "member_type", "{curve}: {member} of {}", wrong.len());
                }
            }
            // As many octets as there must be: off the curve and beyond the field, but any X25519 takes.
            let beyond = recipient.epk_with("x", json!(encode(vec![0xff; len])));
            if kind == KeyKind::X25519 {
                assert_eq!(recipient.given(&beyond), "decryption_failed");
            } else {
                assert_eq!(recipient.given(&beyond), "member_type", "{curve}: beyond the field");
                let off = recipient.epk_with("y", recipient.header["epk"]["x"].clone());
                assert_eq!(recipient.given(&off), "member_type", "{curve}: off the curve");
            }
        }
    }
}
