//! The RFCs' own examples, counted: each that is written down in `tests/vectors/` is put to the library, and its
//! verdict makes the README's numbers. What stands next to an example is refused by the tests of its RFC.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../src/evidence.rs"]
mod evidence;
mod vectors;

use countersign::jwe::JweDecrypter;
use countersign::jwk::CertificateChain;
use countersign::jws::JwsVerifier;
use countersign::{
    DecryptionKey, Error, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, SigningKey, VerifyingKey, jws,
};
use evidence::{Expected, Override, Tally};
use serde_json::Value;
use vectors::{Case, RFC7518_C, RFC8037_A_6, code, jwk, with};

/// Where a case's keys stand: in it, or in other cases.
fn sources(case: &Case) -> Vec<String> {
    let one = case.get("jwk_source").map(|source| vec![source.clone()]);
    let several = || case.get("jwk_sources").map(|sources| sources.as_array().unwrap().clone());
    let own = || vec![case.value("source").clone()];
    let sources = one.or_else(several).unwrap_or_else(own);
    sources.iter().map(|source| source.as_str().unwrap().to_owned()).collect()
}

fn algorithms(case: &Case) -> Vec<&str> {
    match case.get("algorithms") {
        Some(names) => names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect(),
        None => vec![case.text("algorithm")],
    }
}

/// The keys that verify a case's signatures. Its algorithm may be one that isn't here, so that any key stands for it.
fn verifying_keys(case: &Case) -> Vec<VerifyingKey> {
    let sources = match case.text("source") {
        "RFC 7515 A.6" => vec!["RFC 7515 A.2".to_owned(), "RFC 7515 A.3".to_owned()],
        "RFC 7515 A.7" => vec!["RFC 7515 A.3".to_owned()],
        "RFC 7515 A.5" | "RFC 7515 E" | "RFC 7519 6.1" => vec!["RFC 7515 A.1".to_owned()],
        _ => sources(case),
    };
    let bound = |(name, source): (&str, String)| {
        let key = Case::of(&source).jwk("jwk");
        let algorithm = match JwsAlgorithm::from_name(name) {
            None if name == "none" => JwsAlgorithm::Hs256,
            algorithm => algorithm.unwrap(),
        };
        let public = if key.is_private() { key.to_public().unwrap() } else { key };
        VerifyingKey::from_jwk_for(algorithm, &public).unwrap()
    };
    algorithms(case).into_iter().zip(sources).map(bound).collect()
}

/// Each of the serializations that the example has.
fn forms(case: &Case) -> impl Iterator<Item = String> {
    ["token", "json", "general", "flattened"].into_iter().filter_map(|member| {
        let form = case.get(member)?;
        Some(form.as_str().map_or_else(|| form.to_string(), str::to_owned))
    })
}

/// Every serialization verifies, to the payload that the RFC prints, or the first that doesn't says why.
fn verified(case: &Case) -> Result<(), Error> {
    let keys = verifying_keys(case);
    let verifier = JwsVerifier::new(&keys);
    let verifier =
        if case.text("source") == "RFC 7797 4.2" { verifier.allow_unencoded_payload() } else { verifier };
    let payload = case.get("payload").map_or_else(|| case.text("claims"), |text| text.as_str().unwrap());
    let mut count = 0;
    for form in forms(case) {
        let is_json = form.starts_with('{');
        let lacks = if is_json { !form.contains("\"payload\"") } else { form.contains("..") };
        let payload = payload.as_bytes();
        let found = match (is_json, lacks) {
            (true, false) => verifier.verify_json(&form)?.into_payload(),
            (true, true) => verifier.verify_json_detached(&form, payload)?.into_payload(),
            (false, false) => verifier.verify(&form)?.into_payload(),
            (false, true) => verifier.verify_detached(&form, payload)?.into_payload(),
        };
        assert_eq!(found, payload, "{}", case.text("source"));
        count += 1;
    }
    assert!(count > 0, "{} has no token", case.text("source"));
    Ok(())
}

/// The keys that decrypt for those recipients whose algorithm is here; any other key where there is none.
fn decryption_keys(case: &Case) -> Result<Vec<DecryptionKey>, Error> {
    if let Some(password) = case.get("password") {
        let password = password.as_str().unwrap().as_bytes().to_vec();
        return Ok(vec![DecryptionKey::password(case.text("algorithm").parse()?, password.into())?]);
    }
    // RFC 7516 A.4 and RFC 7520 5.13: beside others, an RSA1_5 recipient.
    let known = algorithms(case).into_iter().zip(sources(case)).filter_map(|(name, source)| {
        let algorithm = JweAlgorithm::from_name(name)?;
        Some(DecryptionKey::from_jwk_for(algorithm, &Case::of(&source).jwk("jwk")))
    });
    let keys: Vec<_> = known.collect::<Result<_, _>>()?;
    if keys.is_empty() { Ok(vec![DecryptionKey::generate(JweAlgorithm::A128Kw)?]) } else { Ok(keys) }
}

/// Every serialization decrypts under each key, to the plaintext that the RFC prints.
fn decrypted(case: &Case) -> Result<(), Error> {
    let plaintext = ["plaintext", "inner_token", "claims"].into_iter().find_map(|member| case.get(member));
    let plaintext = plaintext.unwrap().as_str().unwrap().as_bytes();
    let mut count = 0;
    for key in &decryption_keys(case)? {
        let decrypter = JweDecrypter::new([key]);
        #[cfg(feature = "deflate")]
        let decrypter = decrypter.allow_compression();
        for form in forms(case) {
            let found = match form.starts_with('{') {
                true => decrypter.decrypt_json(&form)?,
                false => decrypter.decrypt(&form)?,
            };
            assert_eq!(found.plaintext().expose_secret(), plaintext, "{}", case.text("source"));
            count += 1;
        }
    }
    assert!(count > 0, "{} has no token", case.text("source"));
    Ok(())
}

/// A key is read, and what the RFC says of it holds.
fn read(case: &Case) -> Result<(), Error> {
    let value = case.value("jwk");
    let key = Jwk::from_json(&value.to_string())?;
    let written: Value = match key.is_private() || key.is_secret() {
        true => serde_json::from_str(key.expose_json().expose_secret()).unwrap(),
        false => serde_json::from_str(&key.to_public_json()?).unwrap(),
    };
    assert_eq!(written, *value, "{}", case.text("source"));
    if let Some(thumbprint) = case.get("thumbprint") {
        assert_eq!(key.thumbprint(), thumbprint.as_str().unwrap());
    }
    Ok(())
}

/// A set is read with nothing left out.
fn read_set(case: &Case) -> Result<(), Error> {
    let set = JwkSet::from_json(&case.value("jwks").to_string())?;
    assert!(set.skipped().is_empty(), "{}", case.text("source"));
    assert_eq!(set.len(), case.value("jwks")["keys"].as_array().unwrap().len());
    if let Some(thumbprints) = case.get("thumbprints") {
        let found: Vec<_> = set.iter().map(Jwk::thumbprint).collect();
        assert_eq!(serde_json::to_value(found).unwrap(), *thumbprints);
    }
    Ok(())
}

/// Decrypts what was encrypted with the key that the example derives.
fn agreed(algorithm: JweAlgorithm, recipient: &Value, token: &str) -> Result<(), Error> {
    let key = DecryptionKey::from_jwk_for(algorithm, &jwk(recipient))?;
    assert_eq!(countersign::decrypt(&key, token)?.expose_secret(), b"Hello, Bob");
    Ok(())
}

/// What the library says of an example.
fn verdict(case: &Case) -> Result<(), Error> {
    match case.text("source") {
        "RFC 7515 B" => {
            let x5c = case.value("x5c").as_array().unwrap().iter().map(|text| text.as_str().unwrap());
            let chain = CertificateChain::from_x5c(x5c.collect::<Vec<_>>())?;
            let trusted =
                chain.trusted_key(|chain| chain.thumbprint() == case.text("certificate_thumbprint"))?;
            assert_eq!(trusted.thumbprint(), case.jwk("jwk").thumbprint());
            Ok(())
        }
        "RFC 7515 C" => {
            let key = SigningKey::generate(JwsAlgorithm::Hs256)?;
            let token = jws::sign(&key, &[3, 236, 255, 224, 193])?;
            assert_eq!(case.hex_as_base64url("octets_hex"), case.text("encoded"));
            assert_eq!(token.split('.').nth(1), Some(case.text("encoded")));
            Ok(())
        }
        "RFC 7518 C" => agreed(JweAlgorithm::EcdhEs, case.value("recipient_jwk"), RFC7518_C),
        "RFC 8037 A.6" => {
            let bob = with(case.value("recipient_jwk"), "d", case.hex_as_base64url("recipient_secret_hex"));
            agreed(JweAlgorithm::EcdhEsA128Kw, &bob, RFC8037_A_6)
        }
        "RFC 8037 A.7" => Jwk::from_json(&case.value("recipient_jwk").to_string()).map(drop),
        _ if case.get("jwks").is_some() => read_set(case),
        _ if case.get("encryption").is_some() => decrypted(case),
        _ if case.get("algorithm").or_else(|| case.get("algorithms")).is_some() => verified(case),
        _ => read(case),
    }
}

/// Puts all examples of a file to the library, and prints their row.
fn judge(title: &'static str, overrides: &'static [Override], is_judged: fn(&str) -> bool) {
    let (rfc, _) = title.split_once(',').unwrap();
    let cases: Vec<_> = Case::all(rfc).into_iter().filter(|case| is_judged(case.text("source"))).collect();
    let mut tally = Tally::new(title, overrides);
    for (number, case) in cases.iter().enumerate() {
        let source = case.text("source");
        assert!(source.starts_with(&format!("{rfc} ")), "{source}");
        let is_refused = case.get("expect").is_some_and(|expect| expect == "refused");
        let expected = if is_refused { Expected::Refused } else { Expected::Accepted };
        tally.judge(number, expected, code(verdict(case)), source);
    }
    tally.finish(cases.len());
}

#[test]
fn evidence_examples() {
    judge("RFC 7515, its examples", &[], |_| true);
    judge("RFC 7516, its examples", &[], |_| true);
    judge("RFC 7517, its examples", &[], |_| true);
    // Appendix B has additional data that no token has: a unit test judges it, in a row of its own.
    judge("RFC 7518, its appendix C", &[], |source| source == "RFC 7518 C");
    judge("RFC 7519, its examples", &[], |_| true);
    judge("RFC 7520, its examples", COMPRESSED, |_| true);
    judge("RFC 7638, its examples", &[], |_| true);
    judge("RFC 7797, its examples", &[], |_| true);
    judge("RFC 8037, its examples", &[], |_| true);
}

/// RFC 7520 5.9, the 23rd of its examples.
#[cfg(not(feature = "deflate"))]
const COMPRESSED: &[Override] = &[Override {
    case: 22,
    code: "unsupported_compression",
    reason: "the plaintext is compressed, and this build has no feature for it",
}];
#[cfg(feature = "deflate")]
const COMPRESSED: &[Override] = &[];

/// Every file of examples has its row.
#[test]
fn every_file_is_judged() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> = names.filter(|name| name.starts_with("rfc") && name.ends_with(".json")).collect();
    files.sort();
    let judged = ["7515", "7516", "7517", "7518", "7519", "7520", "7638", "7797", "8037"];
    assert_eq!(files, judged.map(|number| format!("rfc{number}.json")));
}
