//! `x5c`, `x5t` and `x5t#S256` in a JWK: what agrees with the key is kept, what doesn't is refused.

use super::*;
use crate::wire::base64url;

const ED25519_PEM: &str = include_str!("../../../tests/fixtures/ed25519.certificate.pem");
const P256_CHAIN_PEM: &str = include_str!("../../../tests/fixtures/p256.chain.pem");
const AGREEMENT_PEM: &str = include_str!("../../../tests/fixtures/p256.certificate-agreement.pem");
const RSA_PEM: &str = include_str!("../../../tests/fixtures/rsa2048.certificate.pem");
const P256: &[u8] = include_bytes!("../../../tests/fixtures/p256.pkcs8.der");

/// The base64 of each block, without line breaks: the strings of an `x5c`.
fn x5c(pem: &str) -> Vec<String> {
    let blocks = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
    let body = |block: &str| block.split("-----END").next().unwrap().split_whitespace().collect();
    blocks.map(body).collect()
}

fn chain(pem: &str) -> CertificateChain {
    CertificateChain::from_x5c(x5c(pem)).unwrap()
}

fn p256() -> Jwk {
    Jwk::from_pkcs8_der(P256).unwrap()
}

/// The key's JSON with members added.
fn p256_with(members: &str) -> String {
    adding(p256().expose_json().expose_secret(), members)
}

fn x5c_member(pem: &str) -> String {
    format!("\"x5c\":[\"{}\"]", x5c(pem).join("\",\""))
}

#[test]
fn certificates_are_kept_and_given_out_again() {
    let sha1 = base64url::encode(&chain(P256_CHAIN_PEM).sha1());
    let sha256 = chain(P256_CHAIN_PEM).thumbprint();
    let members = format!(r#"{},"x5t":"{sha1}","x5t#S256":"{sha256}""#, x5c_member(P256_CHAIN_PEM));
    for use_and_operations in ["", r#","use":"sig""#, r#","key_ops":["sign","verify"]"#, r#","use":"other""#]
    {
        let json = p256_with(&format!("{members}{use_and_operations}"));
        let key = Jwk::from_json(&json).unwrap();
        assert_eq!(key.certificate_chain(), Some(&chain(P256_CHAIN_PEM)));
        assert_eq!(key.certificate_thumbprint_sha1(), Some(&*sha1));
        assert_eq!(key.certificate_thumbprint(), Some(&*sha256));
        assert!(key.is_private());

        let again = Jwk::from_json(key.expose_json().expose_secret()).unwrap();
        assert_eq!(again.expose_json(), key.expose_json());
        assert_eq!(key.clone_key().expose_json(), key.expose_json());
        assert!(key.expose_json().expose_secret().len() <= key.max_json_len(), "room from the start");

        // The public half has the same certificates, and nothing private.
        let public = key.to_public().unwrap();
        assert_eq!(public.certificate_chain(), key.certificate_chain());
        let again = Jwk::from_json(&key.to_public_json().unwrap()).unwrap();
        assert_eq!(again.expose_json(), public.expose_json());
        assert_eq!(again.thumbprint(), p256().thumbprint());
    }
    // Thumbprints alone name a certificate that isn't here.
    let json = p256_with(
        r#""x5t":"AAAAAAAAAAAAAAAAAAAAAAAAAAA","x5t#S256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#,
    );
    let key = Jwk::from_json(&json).unwrap();
    assert!(key.certificate_chain().is_none());
    assert_eq!(Jwk::from_json(key.expose_json().expose_secret()).unwrap().expose_json(), key.expose_json());
}

/// Base64url of hexadecimal digits, in capitals or not, is in use for both thumbprints.
#[test]
fn the_other_spelling_of_thumbprints() {
    let chain = chain(P256_CHAIN_PEM);
    let read = |member: &str, text: &str| {
        let json = p256_with(&format!(r#"{},"{member}":"{text}""#, x5c_member(P256_CHAIN_PEM)));
        Jwk::from_json(&json)
    };
    for (member, hash) in [("x5t", chain.sha1().to_vec()), ("x5t#S256", chain.sha256())] {
        let hex: String = hash.iter().map(|octet| format!("{octet:02X}")).collect();
        let (most, last) = hex.split_at(hex.len() - 1);
        for (digits, expected) in [
            (hex.clone(), "ok"),
            (hex.to_lowercase(), "ok"),
            (hex.chars().rev().collect(), "key_inconsistent"),
            (format!("{most}{}", if last == "0" { "1" } else { "0" }), "key_inconsistent"),
            (format!("{most}G"), "member_type"),
            (most.to_owned(), "member_type"),
            (format!("{hex}0"), "member_type"),
        ] {
            let text = base64url::encode(digits.as_bytes());
            match read(member, &text) {
                Ok(key) => {
                    assert_eq!(expected, "ok", "{digits}");
                    let json = key.to_public_json().unwrap();
                    assert!(
                        json.contains(&format!(r#""{member}":"{text}""#)),
                        "kept as it is written: {json}"
                    );
                }
                Err(error) => assert_eq!(error.code(), expected, "{digits}"),
            }
        }
    }
}

#[test]
fn certificates_of_another_key_are_refused() {
    let leaf = &x5c(P256_CHAIN_PEM)[0];
    let issuer = &x5c(P256_CHAIN_PEM)[1];
    for (members, expected) in [
        // RFC 7517 §4.7: the key's own certificate is the first.
        (format!(r#""x5c":["{issuer}","{leaf}"]"#), "key_inconsistent"),
        (x5c_member(RSA_PEM), "key_inconsistent"),
        (x5c_member(ED25519_PEM), "key_inconsistent"),
        (format!(r#""x5c":["{leaf}"],"x5t":"AAAAAAAAAAAAAAAAAAAAAAAAAAA""#), "key_inconsistent"),
        (
            format!(r#""x5c":["{leaf}"],"x5t#S256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#),
            "key_inconsistent",
        ),
        (format!(r#""x5c":["{leaf}"],"x5t#S256":"{}""#, chain(RSA_PEM).thumbprint()), "key_inconsistent"),
        // Of the right sizes, under the other name.
        (format!(r#""x5t":"{}""#, chain(P256_CHAIN_PEM).thumbprint()), "member_type"),
        (r#""x5t#S256":"AAAAAAAAAAAAAAAAAAAAAAAAAAA""#.to_owned(), "member_type"),
        (r#""x5t":"""#.to_owned(), "member_type"),
        (r#""x5t":null"#.to_owned(), "member_type"),
        (r#""x5t":"!""#.to_owned(), "base64url"),
        (r#""x5t#S256":["A"]"#.to_owned(), "member_type"),
    ] {
        assert_eq!(code(&p256_with(&members)), expected, "{members}");
    }
    // The same with a public key and with one of another type.
    let public = adding(&p256().to_public_json().unwrap(), &x5c_member(RSA_PEM));
    assert_eq!(code(&public), "key_inconsistent");
    assert_eq!(code(&adding(RSA, &x5c_member(RSA_PEM))), "key_inconsistent");
    for member in [x5c_member(RSA_PEM), r#""x5t":"AAAAAAAAAAAAAAAAAAAAAAAAAAA""#.to_owned()] {
        assert_eq!(code(&adding(OCT, &member)), "key_inconsistent", "a secret has no certificate");
    }
}

#[test]
fn certificates_in_another_form_are_refused() {
    let leaf = &x5c(P256_CHAIN_PEM)[0];
    assert!(Jwk::from_json(&p256_with(&format!(r#""x5c":["{leaf}"]"#))).is_ok());
    let base64url = leaf.trim_end_matches('=').replace('+', "-").replace('/', "_");
    for value in [
        "null".to_owned(),
        "5".into(),
        "{}".into(),
        "[]".into(),
        "[null]".into(),
        "[5]".into(),
        format!("\"{leaf}\""),
        format!("[[\"{leaf}\"]]"),
        format!("[\"{leaf}\",null]"),
        format!("[\"{base64url}\"]"),
        format!("[\"{leaf}\\n\"]"),
        format!("[\" {leaf}\"]"),
        format!("[\"{}\\n{}\"]", &leaf[..64], &leaf[64..]),
        format!("[\"{leaf}=\"]"),
        "[\"!\"]".into(),
    ] {
        assert_eq!(code(&p256_with(&format!("\"x5c\":{value}"))), "member_type", "{value}");
    }
    // Base64 around what is no certificate, or not one alone.
    let spki = crate::wire::base64::encode(&p256().to_spki_der().unwrap());
    let trailing = crate::wire::base64::encode(&[chain(P256_CHAIN_PEM).leaf(), &[0]].concat());
    let cut = crate::wire::base64::encode(chain(P256_CHAIN_PEM).leaf().split_last().unwrap().1);
    let pem = crate::wire::base64::encode(P256_CHAIN_PEM.as_bytes());
    for certificate in [&spki, &trailing, &cut, &pem, ""] {
        for list in [format!("[\"{certificate}\"]"), format!("[\"{leaf}\",\"{certificate}\"]")] {
            assert_eq!(code(&p256_with(&format!("\"x5c\":{list}"))), "encoding", "{list}");
        }
    }
}

/// RFC 7517 §4.7: `use` must correspond to the usage in the certificate; `key_ops` says the same in other words.
#[test]
fn the_certificates_usage_holds() {
    for (members, signing, agreeing) in [
        ("\"x\":1", "ok", "ok"),
        (r#""use":"sig""#, "ok", "key_inconsistent"),
        (r#""use":"enc""#, "key_inconsistent", "ok"),
        (r#""use":"tls""#, "ok", "ok"),
        (r#""key_ops":["verify"]"#, "ok", "key_inconsistent"),
        (r#""key_ops":["sign"]"#, "ok", "key_inconsistent"),
        (r#""key_ops":["deriveKey"]"#, "key_inconsistent", "ok"),
        (r#""key_ops":["deriveBits","seal"]"#, "key_inconsistent", "ok"),
        (r#""key_ops":["sign","deriveBits"]"#, "key_inconsistent", "key_inconsistent"),
        (r#""key_ops":[]"#, "ok", "ok"),
    ] {
        let members = members.replace("\"x\":1", "\"other\":1");
        for (pem, expected) in [(P256_CHAIN_PEM, signing), (AGREEMENT_PEM, agreeing)] {
            let found = Jwk::from_json(&p256_with(&format!("{members},{}", x5c_member(pem))));
            assert_eq!(found.map_or_else(|error| error.code(), |_| "ok"), expected, "{members}");
        }
    }
    // A certificate without the extension permits all.
    let rsa = Jwk::from_certificate_der(chain(RSA_PEM).leaf()).unwrap().to_public_json().unwrap();
    for key_use in ["sig", "enc"] {
        let json = adding(&rsa, &format!(r#""use":"{key_use}",{}"#, x5c_member(RSA_PEM)));
        assert!(Jwk::from_json(&json).is_ok());
    }
}

/// An RSA key whose certificate is for RSASSA-PSS alone is the same key (RFC 4055 §1.2).
#[test]
fn a_certificate_for_rsassa_pss_is_of_its_rsa_key() {
    let pem = include_str!("../../../tests/fixtures/rsa-pss.certificate.pem");
    let private = include_str!("../../../tests/fixtures/bad-rsa-pss.pkcs8.pem");
    let body: String = private.lines().filter(|line| !line.starts_with('-')).collect();
    // Version and algorithm take 17 octets, and four each the headers around them.
    let pkcs8 = crate::wire::base64::decode(&body).unwrap();
    let key = Jwk::from_pkcs1_private_der(&pkcs8[24..]).unwrap();
    assert!(key.clone_key().with_certificate_chain(chain(pem)).is_ok());
    assert_eq!(key.with_certificate_chain(chain(RSA_PEM)).unwrap_err().code(), "key_inconsistent");
}

#[test]
fn an_epk_brings_no_certificates() {
    // They would be ignored like any member that isn't of the key itself.
    let public = adding(&without(EC, "d"), r#""x5c":5,"x5t":null"#);
    assert!(epk(&public).is_ok());
    assert_eq!(code(&public), "member_type");
}

#[test]
fn a_bad_certificate_spoils_its_own_key_only() {
    let good = Jwk::from_json(ED25519).unwrap().to_public_json().unwrap();
    let bad = p256().to_public().unwrap().with_key_id("bad").to_public_json().unwrap();
    let bad =
        [adding(&bad, r#""x5c":["AAAA"]"#), adding(&bad, &x5c_member(RSA_PEM)), adding(&bad, r#""x5t":1"#)];
    let set = JwkSet::from_json(&format!("{{\"keys\":[{},{good}]}}", bad.join(","))).unwrap();
    assert_eq!(set.len(), 1);
    let skipped: Vec<_> = set.skipped().iter().map(|key| (key.key_id(), key.reason().code())).collect();
    assert_eq!(
        skipped,
        [(Some("bad"), "encoding"), (Some("bad"), "key_inconsistent"), (Some("bad"), "member_type")]
    );
}

#[test]
fn chains_hold_their_size() {
    let leaf = chain(P256_CHAIN_PEM).leaf().to_vec();
    let most = 256 * 1024 / leaf.len();
    let of = |count: usize| CertificateChain::from_der(std::iter::repeat_n(leaf.clone(), count));
    assert_eq!(of(most).unwrap().certificates().count(), most);
    assert_eq!(of(most + 1).unwrap_err().code(), "limit_key_bytes");
    assert_eq!(of(0).unwrap_err().code(), "member_type");
    assert_eq!(
        CertificateChain::from_x5c(["A".repeat(256 * 1024 + 1)]).unwrap_err().code(),
        "limit_key_bytes"
    );
    assert_eq!(CertificateChain::from_x5c([""; 0]).unwrap_err().code(), "member_type");
    assert_eq!(format!("{:?}", of(2).unwrap()), "CertificateChain(2 certificates)");
}
