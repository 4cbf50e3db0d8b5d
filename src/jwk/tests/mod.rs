//! Tests of what only this folder sees: material, permits, `epk`; and the RFCs' own keys.

mod certificates;
mod refused;
mod rfc;
mod roca;
mod set;

use super::*;
use crate::wire::json::{self, Value};

/// RFC 7517 §A.2's EC key.
const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","use":"enc","kid":"1"}"#;

/// RFC 8037 §A.1's key.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// The key pair of RFC 7748 §6.1's Alice.
const X25519: &str = r#"{"kty":"OKP","crv":"X25519","d":"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}"#;

/// RFC 7517 §A.3's second key.
const OCT: &str = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;

/// RFC 7517 §A.2's RSA key.
const RSA: &str = concat!(
    r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"#,
    r#"BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMic"#,
    r#"AtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ"#,
    r#"-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","#,
    r#""d":"X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6N"#,
    r#"qXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm0dSa"#,
    r#"wm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFz"#,
    r#"me1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q","#,
    r#""p":"83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-60eTDmD2ujnMt5PoqMrm8RfmNhVWDtjjMmCMjOp"#,
    r#"SXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs","#,
    r#""q":"3dfOR9cuYq-0S-mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiWft_NGEiovo"#,
    r#"nizhKpo9VVS78TzFgxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk","#,
    r#""dp":"G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2VF402XRugKDTP8a"#,
    r#"kYhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0","#,
    r#""dq":"s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_agI3nG8Ibp1BUb0"#,
    r#"JUiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk","#,
    r#""qi":"GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-Bk0KWNGDjJHZDdDmFhW3AN"#,
    r#"7lI-puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU","alg":"RS256","kid":"2011-04-29"}"#,
);

/// Keys of every kind, private or secret.
const ALL: [&str; 5] = [EC, ED25519, X25519, OCT, RSA];

/// Replaces the value of a string member.
fn with(json: &str, name: &str, value: &str) -> String {
    let start = json.find(&format!("\"{name}\":\"")).unwrap() + name.len() + 4;
    let end = start + json[start..].find('"').unwrap();
    format!("{}{value}{}", &json[..start], &json[end..])
}

/// Removes a string member that isn't the first.
fn without(json: &str, name: &str) -> String {
    let start = json.find(&format!(",\"{name}\":\"")).unwrap();
    let value = start + name.len() + 5;
    let end = value + json[value..].find('"').unwrap() + 1;
    format!("{}{}", &json[..start], &json[end..])
}

/// Adds a member at the end.
fn adding(json: &str, member: &str) -> String {
    format!("{},{member}}}", json.strip_suffix('}').unwrap())
}

fn value_of<'a>(json: &'a str, name: &str) -> &'a str {
    let start = json.find(&format!("\"{name}\":\"")).unwrap() + name.len() + 4;
    &json[start..start + json[start..].find('"').unwrap()]
}

fn code(json: &str) -> &'static str {
    Jwk::from_json(json).unwrap_err().code()
}

#[test]
fn text_has_the_room_it_was_given() {
    // Text that grew would have left copies of the secret behind.
    for json in ALL {
        let key = Jwk::from_json(json).unwrap().with_key_id("\u{1}\"\\".repeat(20)).with_algorithm("ä\u{0}");
        assert!(key.expose_json().expose_secret().len() <= key.max_json_len());
        let key = Jwk::from_json(json).unwrap();
        assert!(key.expose_json().expose_secret().len() <= key.max_json_len());
    }
}

#[test]
fn escaped_secrets_are_read_like_plain_ones() {
    let plain = Jwk::from_json(ED25519).unwrap();
    let escaped = with(ED25519, "d", &value_of(ED25519, "d").replacen('n', "\\u006e", 1));
    let escaped = Jwk::from_json(&escaped).unwrap();
    assert_eq!(escaped.expose_json(), plain.expose_json());
}

fn permitted(members: &str) -> Vec<Operation> {
    let key = Jwk::from_json(&adding(OCT, members)).unwrap();
    let all = [Operation::Sign, Operation::Verify, Operation::Encrypt, Operation::Decrypt];
    all.into_iter().filter(|operation| key.permits(*operation)).collect()
}

/// Row 132: `use` and `key_ops` are obeyed.
#[test]
fn use_and_key_ops_permit() {
    use Operation::{Decrypt, Encrypt, Sign, Verify};

    assert_eq!(permitted(r#""x":1"#), [Sign, Verify, Encrypt, Decrypt]);
    assert_eq!(permitted(r#""use":"sig""#), [Sign, Verify]);
    assert_eq!(permitted(r#""use":"enc""#), [Encrypt, Decrypt]);
    assert_eq!(permitted(r#""use":"SIG""#), []);
    assert_eq!(permitted(r#""key_ops":[]"#), []);
    assert_eq!(permitted(r#""key_ops":["sign"]"#), [Sign]);
    assert_eq!(permitted(r#""key_ops":["verify"]"#), [Verify]);
    assert_eq!(permitted(r#""key_ops":["verify","sign"]"#), [Sign, Verify]);
    assert_eq!(permitted(r#""key_ops":["encrypt"]"#), [Encrypt]);
    assert_eq!(permitted(r#""key_ops":["wrapKey"]"#), [Encrypt]);
    assert_eq!(permitted(r#""key_ops":["decrypt"]"#), [Decrypt]);
    assert_eq!(permitted(r#""key_ops":["unwrapKey"]"#), [Decrypt]);
    assert_eq!(permitted(r#""key_ops":["deriveKey"]"#), [Encrypt, Decrypt]);
    assert_eq!(permitted(r#""key_ops":["deriveBits"]"#), [Encrypt, Decrypt]);
    assert_eq!(permitted(r#""key_ops":["Sign","seal"]"#), []);
    assert_eq!(permitted(r#""use":"sig","key_ops":["verify"]"#), [Verify]);
    assert_eq!(permitted(r#""use":"seal","key_ops":["verify"]"#), []);
    assert_eq!(permitted(r#""use":"sig","key_ops":["seal"]"#), []);
}

#[test]
fn use_and_key_ops_must_agree() {
    for members in [
        r#""use":"enc","key_ops":["verify"]"#,
        r#""use":"sig","key_ops":["encrypt"]"#,
        r#""use":"sig","key_ops":["verify","deriveBits"]"#,
        r#""use":"enc","key_ops":["wrapKey","sign"]"#,
    ] {
        assert_eq!(code(&adding(OCT, members)), "key_inconsistent", "{members}");
    }
}

#[test]
fn the_public_part_has_the_public_operations() {
    let private =
        Jwk::from_json(&adding(ED25519, r#""key_ops":["verify","sign","decrypt","unwrapKey","seal"]"#));
    let public = private.unwrap().to_public().unwrap();
    let names: Vec<&str> = public.key_operations().unwrap().iter().map(KeyOperation::as_str).collect();
    assert_eq!(names, ["verify", "encrypt", "wrapKey", "seal"]);
    assert!(public.permits(Operation::Verify) && !public.permits(Operation::Sign));

    // What it writes, it reads again.
    let again = Jwk::from_json(&public.to_public_json().unwrap()).unwrap();
    assert_eq!(again.key_operations(), public.key_operations());
}

fn epk(json: &str) -> Result<KeyMaterial, Error> {
    let header = format!(r#"{{"epk":{json}}}"#);
    let limits = Limits::default();
    let mut found: Option<Value<'_>> = None;
    json::scan_object(&header, Part::Header, &limits, |_, value| {
        found = Some(value);
        Ok(())
    })?;
    read_ephemeral_public_key(found.unwrap(), &limits)
}

/// Row 072.
#[test]
fn ephemeral_public_keys() {
    for json in [EC, X25519, ED25519] {
        let public = without(json, "d");
        let key = epk(&public).unwrap();
        assert!(!key.is_private());
        let again = write_ephemeral_public_key(&key).unwrap();
        assert_eq!(Jwk::from_json(&again).unwrap().thumbprint(), Jwk::from_json(json).unwrap().thumbprint());
        assert!(!again.contains("kid"));

        // With its private part, well-formed or not.
        assert_eq!(epk(json).err().unwrap().code(), "unexpected_member");
        assert_eq!(epk(&adding(&public, r#""d":null"#)).err().unwrap().code(), "unexpected_member");
        assert_eq!(epk(&without(&public, "x")).err().unwrap().code(), "missing_member");
    }
    let public = without(EC, "d");
    assert_eq!(epk(&without(&public, "y")).err().unwrap().code(), "missing_member");
    let moved = public.replace("MKBCTNIc", "NKBCTNIc");
    assert_eq!(epk(&moved).err().unwrap().code(), "key_inconsistent");
    // x = 2^256 - 1, beyond p.
    let beyond = with(&public, "x", &format!("{}8", "_".repeat(42)));
    assert_eq!(epk(&beyond).err().unwrap().code(), "key_inconsistent");
    let other_curve = public.replace("P-256", "P-384");
    assert_eq!(epk(&other_curve).err().unwrap().code(), "member_type");
    assert_eq!(epk(OCT).err().unwrap().code(), "key_type");
    assert_eq!(epk(r#""EC""#).err().unwrap().code(), "not_an_object");
    let Err(Error::Malformed { part, .. }) = epk("{}") else { panic!("an empty `epk` has no `kty`") };
    assert_eq!(part, Part::Header);
}

#[test]
fn new_keys() {
    let kinds = [
        KeyKind::Oct { bits: 128 },
        KeyKind::Oct { bits: 256 },
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::P521,
        #[cfg(feature = "es256k")]
        KeyKind::Secp256k1,
        KeyKind::Ed25519,
        KeyKind::X25519,
        #[cfg(feature = "es256k")]
        KeyKind::Secp256k1,
    ];
    for kind in kinds {
        let key = Jwk::generate(kind).unwrap();
        assert_eq!(key.kind(), kind);
        assert_ne!(key.thumbprint(), Jwk::generate(kind).unwrap().thumbprint());
        let again = Jwk::from_json(key.expose_json().expose_secret()).unwrap();
        assert_eq!(again.expose_json(), key.expose_json(), "{kind}");
        assert_eq!(key.is_private(), !matches!(kind, KeyKind::Oct { .. }));
    }
    for bits in [0, 8, 120, 129, 65_544, usize::MAX] {
        let refused = Jwk::generate(KeyKind::Oct { bits }).unwrap_err();
        assert_eq!(refused.code(), "key_size", "{bits}");
    }
}

#[test]
fn new_rsa_keys() {
    if !crate::crypto::HAS_RSA_GENERATION {
        let refused = Jwk::generate(KeyKind::Rsa { bits: 2048 }).unwrap_err();
        assert_eq!(refused.code(), "unsupported_feature");
        assert!(refused.to_string().contains("aws-lc-rs"));
        return;
    }
    for bits in [0, 1024, 2049, 8192, usize::MAX] {
        assert_eq!(Jwk::generate(KeyKind::Rsa { bits }).unwrap_err().code(), "key_size", "{bits}");
    }
    let key = Jwk::generate(KeyKind::Rsa { bits: 2048 }).unwrap();
    assert_eq!(key.kind(), KeyKind::Rsa { bits: 2048 });
    let again = Jwk::from_pkcs8_der(key.expose_pkcs8_der().unwrap().expose_secret()).unwrap();
    assert_eq!(again.expose_json(), key.expose_json());
}

#[test]
fn a_key_prints_nothing_of_itself() {
    for json in ALL {
        let key = Jwk::from_json(json).unwrap();
        let shown = format!("{key:?}");
        for name in ["x", "k", "d", "n"] {
            if json.contains(&format!("\"{name}\":")) {
                assert!(!shown.contains(&value_of(json, name)[..8]), "{shown}");
            }
        }
    }
    assert_eq!(
        format!("{:?}", Jwk::from_json(EC).unwrap()),
        "Jwk { kind: P256, private: true, key_id: Some(\"1\"), .. }"
    );
}

#[test]
fn errors_show_nothing_of_the_key() {
    for json in ALL {
        for name in ["k", "d", "x", "n"] {
            if !json.contains(&format!("\"{name}\":")) {
                continue;
            }
            let mut value = value_of(json, name).to_owned();
            value.replace_range(8..9, "!");
            let error = Jwk::from_json(&with(json, name, &value)).unwrap_err();
            assert_eq!(error.code(), "base64url");
            assert!(!error.to_string().contains(&value[..8]));
            assert!(!format!("{error:?}").contains(&value[..8]));
        }
    }
}

/// Whatever single character is wrong, the answer is an error or a key that reads itself again.
#[test]
fn bent_text_never_panics() {
    for json in ALL {
        for at in 0..json.len() {
            for character in ["A", "\"", "\\", "{", ",", "0", "é"] {
                let mut bent = json.to_owned();
                bent.replace_range(at..=at, character);
                if let Ok(key) = Jwk::from_json(&bent) {
                    let again = Jwk::from_json(key.expose_json().expose_secret()).unwrap();
                    assert_eq!(again.thumbprint(), key.thumbprint(), "{bent}");
                }
            }
        }
    }
}
