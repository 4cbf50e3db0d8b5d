//! Wycheproof's signature and MAC files, through the keys that verify tokens. A vector's message is any bytes and
//! never a signing input of base64url, so these stand here and not with the tests of the public API.

use wycheproof_ng_core::{EllipticCurve, HashFunction, TestResult};
use wycheproof_ng_rsa_signature::{rsa_pkcs1_verify, rsa_pss_verify};
use wycheproof_ng_symmetric::mac;
use {wycheproof_ng_ecdsa as ecdsa, wycheproof_ng_eddsa as eddsa};

use super::*;
use crate::error::Error;
use crate::evidence::{Expected, Tally};
use crate::jwk::Jwk;
use crate::wire::base64url;

fn expected(result: TestResult) -> Expected {
    match result {
        TestResult::Valid => Expected::Accepted,
        TestResult::Invalid => Expected::Refused,
        TestResult::Acceptable => Expected::Either,
    }
}

/// What the key says of the signature, as a code.
fn code(key: &Result<VerifyingKey, Error>, message: &[u8], signature: &[u8]) -> &'static str {
    match key {
        Ok(key) if key.verifies(message, signature) => "accepted",
        Ok(_) => "invalid_signature",
        Err(error) => error.code(),
    }
}

/// A key as JWK, and the same from its SPKI, which must be the same key.
#[track_caller]
fn key(algorithm: JwsAlgorithm, jwk: &str, der: &[u8]) -> Result<VerifyingKey, Error> {
    let jwk = Jwk::from_json(jwk)?;
    let from_der = Jwk::from_spki_der(der)?;
    assert_eq!(jwk.thumbprint(), from_der.thumbprint());
    VerifyingKey::from_jwk_for(algorithm, &jwk)
}

#[track_caller]
fn ecdsa(title: &'static str, name: ecdsa::TestName, algorithm: JwsAlgorithm) {
    let set = ecdsa::TestSet::load(name).unwrap();
    let mut tally = Tally::new(title, &[]);
    for group in &set.test_groups {
        let curve = match group.key.curve {
            EllipticCurve::Secp256r1 => "P-256",
            EllipticCurve::Secp384r1 => "P-384",
            EllipticCurve::Secp521r1 => "P-521",
            EllipticCurve::Secp256k1 => "secp256k1",
            other => panic!("{other:?}"),
        };
        let (_, point) = group.key.key.split_first().unwrap();
        let (x, y) = point.split_at(point.len() / 2);
        let (x, y) = (base64url::encode(x), base64url::encode(y));
        let jwk = format!(r#"{{"kty":"EC","crv":"{curve}","x":"{x}","y":"{y}"}}"#);
        let key = key(algorithm, &jwk, &group.der);
        for test in &group.tests {
            let code = code(&key, &test.msg, &test.sig);
            tally.judge(test.tc_id, expected(test.result), code, &test.comment);
        }
    }
    tally.finish(set.number_of_tests);
}

#[test]
fn evidence_es256() {
    let name = ecdsa::TestName::EcdsaSecp256r1Sha256P1363;
    ecdsa("Wycheproof ECDSA, r and s side by side, P-256", name, JwsAlgorithm::Es256);
}

#[test]
fn evidence_es384() {
    let name = ecdsa::TestName::EcdsaSecp384r1Sha384P1363;
    ecdsa("Wycheproof ECDSA, r and s side by side, P-384", name, JwsAlgorithm::Es384);
}

#[test]
fn evidence_es512() {
    let name = ecdsa::TestName::EcdsaSecp521r1Sha512P1363;
    ecdsa("Wycheproof ECDSA, r and s side by side, P-521", name, JwsAlgorithm::Es512);
}

#[test]
#[cfg(feature = "es256k")]
fn evidence_es256k() {
    let name = ecdsa::TestName::EcdsaSecp256k1Sha256P1363;
    ecdsa("Wycheproof ECDSA, r and s side by side, secp256k1", name, JwsAlgorithm::Es256k);
}

#[test]
fn evidence_ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut tally = Tally::new("Wycheproof Ed25519", &[]);
    for group in &set.test_groups {
        let x = base64url::encode(&group.jwk.x);
        let key =
            key(JwsAlgorithm::Ed25519, &format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#), &group.der);
        for test in &group.tests {
            let code = code(&key, &test.msg, &test.sig);
            tally.judge(test.tc_id, expected(test.result), code, &test.comment);
        }
    }
    tally.finish(set.number_of_tests);
}

/// RFC 7518 §3.2 has the whole tag and a secret as long as the hash or longer: the groups with less are refused.
#[test]
fn evidence_hmac() {
    use mac::{TestName as Name, TestSet};
    let mut tally = Tally::new("Wycheproof HMAC, 3 files", &[]);
    let mut cases = 0;
    for (name, algorithm, bits) in [
        (Name::HmacSha256, JwsAlgorithm::Hs256, 256),
        (Name::HmacSha384, JwsAlgorithm::Hs384, 384),
        (Name::HmacSha512, JwsAlgorithm::Hs512, 512),
    ] {
        let set = TestSet::load(name).unwrap();
        tally.file(algorithm.name());
        cases += set.number_of_tests;
        for (group, test) in
            set.test_groups.iter().flat_map(|group| group.tests.iter().map(move |t| (group, t)))
        {
            let k = base64url::encode(&test.key);
            let jwk = Jwk::from_json(&format!(r#"{{"kty":"oct","k":"{k}"}}"#)).unwrap();
            let key = VerifyingKey::from_jwk_for(algorithm, &jwk);
            assert_eq!(key.is_ok(), group.key_size >= bits, "{}", test.tc_id);
            let ours = group.key_size >= bits && group.tag_size == bits;
            let expected = if ours { expected(test.result) } else { Expected::Foreign };
            tally.judge(test.tc_id, expected, code(&key, &test.msg, &test.tag), &test.comment);
            if ours && test.result == TestResult::Valid {
                let signed = SigningKey::from_jwk_for(algorithm, &jwk).unwrap().sign(&test.msg).unwrap();
                assert_eq!(signed.as_ref(), &test.tag[..], "{}", test.tc_id);
            }
        }
    }
    tally.finish(cases);
}

#[test]
fn evidence_rsa_pkcs1() {
    use rsa_pkcs1_verify::{TestName as Name, TestSet};
    let mut tally = Tally::new("Wycheproof RSASSA-PKCS1-v1_5, 12 files", &[]);
    let mut cases = 0;
    for (file, name) in [
        ("2048_sha256", Name::Rsa2048Sha256),
        ("2048_sha384", Name::Rsa2048Sha384),
        ("2048_sha512", Name::Rsa2048Sha512),
        ("3072_sha256", Name::Rsa3072Sha256),
        ("3072_sha384", Name::Rsa3072Sha384),
        ("3072_sha512", Name::Rsa3072Sha512),
        ("4096_sha256", Name::Rsa4096Sha256),
        ("4096_sha384", Name::Rsa4096Sha384),
        ("4096_sha512", Name::Rsa4096Sha512),
        ("8192_sha256", Name::Rsa8192Sha256),
        ("8192_sha384", Name::Rsa8192Sha384),
        ("8192_sha512", Name::Rsa8192Sha512),
    ] {
        let set = TestSet::load(name).unwrap();
        tally.file(file);
        cases += set.number_of_tests;
        for group in &set.test_groups {
            let algorithm = match group.hash {
                HashFunction::Sha2_256 => JwsAlgorithm::Rs256,
                HashFunction::Sha2_384 => JwsAlgorithm::Rs384,
                HashFunction::Sha2_512 => JwsAlgorithm::Rs512,
                other => panic!("{other:?}"),
            };
            let key = Jwk::from_spki_der(&group.der);
            let key = key.and_then(|jwk| VerifyingKey::from_jwk_for(algorithm, &jwk));
            for test in &group.tests {
                // The acceptable ones leave out the NULL of the hash's parameters, which RFC 8017 §9.2 has.
                let expected = match expected(test.result) {
                    Expected::Either => Expected::Refused,
                    decided => decided,
                };
                tally.judge(test.tc_id, expected, code(&key, &test.msg, &test.sig), &test.comment);
            }
        }
    }
    tally.finish(cases);
}

/// The last three files have another salt or mask than RFC 7518 §3.5: nothing of them may pass, but for the case
/// that has our salt.
#[test]
fn evidence_rsa_pss() {
    use rsa_pss_verify::{TestName as Name, TestSet};
    let mut tally = Tally::new("Wycheproof RSASSA-PSS, 9 files", &[]);
    let mut cases = 0;
    for (file, name) in [
        ("2048_sha256_mgf1_32", Name::RsaPss2048Sha256Mgf1SaltLen32),
        ("2048_sha384_mgf1_48", Name::RsaPss2048Sha384Mgf1SaltLen48),
        ("3072_sha256_mgf1_32", Name::RsaPss3072Sha256Mgf1SaltLen32),
        ("4096_sha256_mgf1_32", Name::RsaPss4096Sha256Mgf1SaltLen32),
        ("4096_sha384_mgf1_48", Name::RsaPss4096Sha384Mgf1SaltLen48),
        ("4096_sha512_mgf1_64", Name::RsaPss4096Sha512Mgf1SaltLen64),
        ("2048_sha256_mgf1_0", Name::RsaPss2048Sha256Mgf1SaltLen0),
        ("2048_sha256_mgf1sha1_20", Name::RsaPss2048Sha256Mgf1Sha1_20),
        ("4096_sha512_mgf1_32", Name::RsaPss4096Sha512Mgf1SaltLen32),
    ] {
        let set = TestSet::load(name).unwrap();
        tally.file(file);
        cases += set.number_of_tests;
        for group in &set.test_groups {
            let (algorithm, salt_len) = match group.hash {
                HashFunction::Sha2_256 => (JwsAlgorithm::Ps256, 32),
                HashFunction::Sha2_384 => (JwsAlgorithm::Ps384, 48),
                HashFunction::Sha2_512 => (JwsAlgorithm::Ps512, 64),
                other => panic!("{other:?}"),
            };
            let same_mask = group.mgf_hash == Some(group.hash);
            let ours = same_mask && group.salt_size == salt_len;
            let our_salt = format!("s_len changed to {salt_len}");
            let key = Jwk::from_spki_der(&group.der);
            let key = key.and_then(|jwk| VerifyingKey::from_jwk_for(algorithm, &jwk));
            for test in &group.tests {
                let expected = match ours {
                    true => expected(test.result),
                    false if same_mask && test.comment == our_salt => Expected::Accepted,
                    false => Expected::Foreign,
                };
                tally.judge(test.tc_id, expected, code(&key, &test.msg, &test.sig), &test.comment);
            }
        }
    }
    tally.finish(cases);
}
