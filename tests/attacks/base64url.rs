//! Class base64: one sequence of octets has one spelling, and no other text is a token.

use countersign::{
    ContentEncryption, DecryptionKey, Jwk, JwtVerifier, NoClaims, SecretBytes, decrypt, encrypt, jws,
};

use crate::support::*;

fn with_in_each_part(token: &str, change: impl Fn(&str) -> String, mut check: impl FnMut(usize, String)) {
    for index in 0..token.split('.').count() {
        let changed = change(token.split('.').nth(index).unwrap());
        check(index, with_part(token, index, &changed));
    }
}

fn encrypted() -> (DecryptionKey, String) {
    let key = DecryptionKey::direct(ContentEncryption::A256Gcm, SecretBytes::from(secret())).unwrap();
    let token = encrypt(&key.encryption_key().unwrap(), b"seventeen octets.").unwrap();
    (key, token)
}

#[test]
fn row_097_characters_off_the_alphabet() {
    let signed = hs256(H0, P0);
    let (key, encrypted) = encrypted();
    for wrong in [
        "=", "==", "+", "/", " ", "\n", "\r\n", "\t", "\0", "?", "%3D", "é", "\u{ff21}", "\u{200b}",
        "\u{feff}", "*", "~", ",", "!", "\u{7f}", "\\", "\"",
    ] {
        let placed = |place: usize| {
            move |part: &str| {
                let at = [0, part.len() / 2, part.len()][place];
                format!("{}{wrong}{}", &part[..at], &part[at..])
            }
        };
        for place in 0..3 {
            with_in_each_part(&signed, placed(place), |index, token| {
                assert_eq!(refused_by(&hs256_key(), &token), "base64url", "{wrong:?} in {index}");
            });
            with_in_each_part(&encrypted, placed(place), |index, token| {
                // The place of the encrypted key is empty, and must be.
                assert_eq!(code(decrypt(&key, &token)), "base64url", "{wrong:?} in {index}");
            });
        }
        // In place of a character, so that the length stays.
        if wrong.len() == 1 {
            let replaced = |part: &str| {
                if part.is_empty() { wrong.to_owned() } else { format!("{wrong}{}", &part[1..]) }
            };
            with_in_each_part(&signed, replaced, |index, token| {
                assert_eq!(refused_by(&hs256_key(), &token), "base64url", "{wrong:?} in {index}");
            });
        }
    }
    // The standard alphabet's two characters, MACed as they stand.
    let payload = encode(p0_with("a", "\"??>>~~\""));
    for (own, other) in [("-", "+"), ("_", "/")] {
        let respelled = payload.replace(own, other);
        assert_ne!(respelled, payload);
        let input = format!("{}.{respelled}", encode(H0));
        let token = format!("{input}.{}", encode(hmac(256, &secret(), input.as_bytes())));
        assert_eq!(refused_by(&hs256_key(), &token), "base64url", "{other}");
    }
}

/// The character's neighbours that decode to the same octets.
fn respelled(part: &str) -> Vec<String> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let unused = match part.len() % 4 {
        2 => 4,
        3 => 2,
        _ => return Vec::new(),
    };
    let (rest, last) = part.split_at(part.len() - 1);
    let value = ALPHABET.find(last).unwrap();
    let same = |other: &usize| other >> unused == value >> unused && *other != value;
    (0..64).filter(same).map(|other| format!("{rest}{}", &ALPHABET[other..=other])).collect()
}

#[test]
fn row_098_bits_that_are_not_used() {
    // Each part of each length that leaves bits over.
    let mut seen = [0; 3];
    for filler in 0..3 {
        let header = format!(r#"{{"alg":"HS256","a":"{}"}}"#, "x".repeat(filler));
        let signed = hs256(header, p0_with("a", &format!("\"{}\"", "x".repeat(filler))));
        accepted_by(&hs256_key(), &signed);
        for (index, seen) in seen.iter_mut().enumerate() {
            for part in respelled(signed.split('.').nth(index).unwrap()) {
                let token = with_part(&signed, index, &part);
                assert_eq!(refused_by(&hs256_key(), &token), "non_canonical_base64url", "part {index}");
                *seen += 1;
            }
        }
    }
    assert!(seen.into_iter().all(|seen| seen > 0), "{seen:?}");
    // Even where the MAC covers the spelling.
    for part in respelled(&encode("{}")) {
        let input = format!("{}.{part}", encode(H0));
        let token = format!("{input}.{}", encode(hmac(256, &secret(), input.as_bytes())));
        assert_eq!(refused_by(&hs256_key(), &token), "non_canonical_base64url");
    }
    let (key, token) = encrypted();
    for index in [0, 2, 3, 4] {
        for part in respelled(token.split('.').nth(index).unwrap()) {
            assert_eq!(code(decrypt(&key, &with_part(&token, index, &part))), "non_canonical_base64url");
        }
    }
}

#[test]
fn row_099_impossible_lengths() {
    let signed = hs256(H0, P0);
    let impossible = |part: &str| match part.len() % 4 {
        0 => format!("{part}A"),
        2 => format!("{part}AAA"),
        _ => format!("{part}AA"),
    };
    with_in_each_part(&signed, impossible, |index, token| {
        assert_eq!(refused_by(&hs256_key(), &token), "base64url", "part {index}");
    });
    assert_eq!(refused_by(&hs256_key(), "A.A.A"), "base64url");
    let (key, token) = encrypted();
    with_in_each_part(&token, impossible, |index, token| {
        assert_eq!(code(decrypt(&key, &token)), "base64url", "part {index}");
    });
}

#[test]
fn row_100_text_around_a_token() {
    let signed = hs256(H0, P0);
    for (before, after, expected) in [
        ("Bearer ", "", "base64url"),
        ("bearer ", "", "base64url"),
        // Six characters of the alphabet shift the rest: the last one's bits are left over.
        ("Bearer", "", "non_canonical_base64url"),
        ("DPoP ", "", "base64url"),
        (" ", "", "base64url"),
        ("", " ", "base64url"),
        ("\t", "", "base64url"),
        ("", "\n", "base64url"),
        ("", "\r\n", "base64url"),
        ("", "\0", "base64url"),
        ("\u{feff}", "", "base64url"),
        ("\"", "\"", "base64url"),
        ("<", ">", "base64url"),
        ("", ";", "base64url"),
        ("", "&x=y", "base64url"),
        ("", ",x", "base64url"),
    ] {
        let token = format!("{before}{signed}{after}");
        assert_eq!(refused_by(&hs256_key(), &token), expected, "{before:?} {after:?}");
    }
    // A list of two is none of them.
    assert_eq!(code(jws::verify(&hs256_key(), &format!("{signed},{signed}"))), "segment_count");
    assert_eq!(code(verify(&format!("{signed},{signed}"))), "encrypted");
}

/// Some load balancers pad: their tokens are refused like any others of a second spelling.
#[test]
fn row_101_padding() {
    let padded = |part: &str| format!("{part}{}", "=".repeat((4 - part.len() % 4) % 4));
    let signed = hs256(H0, P0);
    let all: Vec<_> = signed.split('.').map(padded).collect();
    assert_ne!(all.join("."), signed);
    assert_eq!(refused_by(&hs256_key(), &all.join(".")), "base64url");
    let input = all[..2].join(".");
    let token = format!("{input}.{}", padded(&encode(hmac(256, &secret(), input.as_bytes()))));
    assert_eq!(refused_by(&hs256_key(), &token), "base64url");
}

/// Escapes of another layer are not undone.
#[test]
fn percent_encoding_is_not_undone() {
    let signed = hs256(H0, P0);
    let verifier: JwtVerifier = verifier(hs256_key());
    assert_eq!(code(verifier.verify::<NoClaims>(&signed.replace('.', "%2E"))), "segment_count");
    assert_eq!(code(verifier.verify::<NoClaims>(&signed.replacen('e', "%65", 1))), "base64url");
    assert_eq!(code(verifier.verify::<NoClaims>(&signed.replace('.', "\u{ff0e}"))), "segment_count");
}

/// Keys have one spelling as well, secret members too, which another decoder reads.
#[test]
fn members_of_keys_are_held_to_the_same_spelling() {
    let k = encode([7; 32]);
    for wrong in respelled(&k) {
        assert_eq!(
            code(Jwk::from_json(&format!(r#"{{"kty":"oct","k":"{wrong}"}}"#))),
            "non_canonical_base64url"
        );
    }
    for (wrong, expected) in [
        (format!("{k}="), "base64url"),
        (format!(" {k}"), "base64url"),
        (format!("{k}\\n"), "base64url"),
        (k.replacen('B', "+", 1), "base64url"),
        (k.replacen('B', "/", 1), "base64url"),
        (k.replacen('B', "é", 1), "base64url"),
        (format!("{k}AA"), "base64url"),
        ("A".into(), "base64url"),
    ] {
        assert_eq!(code(Jwk::from_json(&format!(r#"{{"kty":"oct","k":"{wrong}"}}"#))), expected, "{wrong}");
    }
    // Escapes belong to JSON: unescaped, it is the same text.
    let escaped = k.replacen('B', "\\u0042", 1);
    let jwk = Jwk::from_json(&format!(r#"{{"kty":"oct","k":"{escaped}"}}"#)).unwrap();
    assert_eq!(
        jwk.thumbprint(),
        Jwk::from_json(&format!(r#"{{"kty":"oct","k":"{k}"}}"#)).unwrap().thumbprint()
    );
    let e = rsa_public_json().replace("AQAB", "AQAC");
    assert_eq!(code(Jwk::from_json(&e)), "key_inconsistent");
    for wrong in ["AQAB=", "AQAB\n", "AQ AB", "AQAB\\u003d"] {
        assert_eq!(
            code(Jwk::from_json(&rsa_public_json().replace("AQAB", wrong))),
            if wrong.contains('\n') { "json" } else { "base64url" }
        );
    }
}
