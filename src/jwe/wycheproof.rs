//! Wycheproof's files for what is below a token: AES key wrap, RSA-OAEP, AES-CBC-HMAC and AES-GCM, through the keys
//! and the content encryptions that tokens go through. A vector's associated data is any bytes and never a header,
//! its wrapped key of any length, so these stand here and not with the tests of the public API.

use wycheproof_ng_aead::aead;
use wycheproof_ng_core::TestResult;
use wycheproof_ng_symmetric::keywrap;

use super::recipient::{Accepted, ContentKey, KeyManagement, PartyInfo, RecipientInput};
use super::*;
use crate::evidence::{Expected, Tally};
use crate::jwk::Jwk;
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::base64url;
use crate::wire::header::Header;

const REFUSED: &str = "decryption_failed";

fn expected(result: TestResult) -> Expected {
    match result {
        TestResult::Valid => Expected::Accepted,
        TestResult::Invalid => Expected::Refused,
        TestResult::Acceptable => Expected::Either,
    }
}

/// What the key makes of an encrypted key: the content key, of whatever length.
fn unwrapped(key: &DecryptionKey, encrypted_key: &[u8]) -> Result<Vec<u8>, &'static str> {
    let text = format!(r#"{{"alg":"{}","enc":"A128GCM"}}"#, key.algorithm());
    let limits = Limits::default();
    let header = Header::parse_jwe(&text, &limits, &[]).unwrap();
    let recipient =
        RecipientInput { enc: ContentEncryption::A128Gcm, header: &header, encrypted_key, limits: &limits };
    let step = key.accept(recipient).and_then(Accepted::at_once).map_err(|error| error.code())?;
    match step() {
        Ok(ContentKey::Fresh(key)) => Ok(key.into_exposed_secret()),
        Ok(ContentKey::Shared(_)) => panic!("a key of its own for each message"),
        Err(_) => Err(REFUSED),
    }
}

/// `accepted` if it is the key that was expected.
#[track_caller]
fn code(found: Result<Vec<u8>, &'static str>, expected: &[u8], case: usize) -> &'static str {
    match found {
        Ok(found) => {
            assert_eq!(found, expected, "{case}");
            "accepted"
        }
        Err(code) => code,
    }
}

#[test]
fn evidence_aes_key_wrap() {
    let set = keywrap::TestSet::load(keywrap::TestName::AesKeyWrap).unwrap();
    let mut tally = Tally::new("Wycheproof AES key wrap", &[]);
    for group in &set.test_groups {
        let algorithm = match group.key_size {
            128 => JweAlgorithm::A128Kw,
            192 => JweAlgorithm::A192Kw,
            _ => JweAlgorithm::A256Kw,
        };
        for test in &group.tests {
            let k = base64url::encode(&test.key);
            let jwk = Jwk::from_json(&format!(r#"{{"kty":"oct","k":"{k}"}}"#)).unwrap();
            let key = DecryptionKey::from_jwk_for(algorithm, &jwk).unwrap();
            // A key of 8 bytes is no content key, and RFC 3394 §2 wraps two blocks or more.
            let expected = match expected(test.result) {
                Expected::Either => Expected::Foreign,
                decided => decided,
            };
            tally.judge(
                test.tc_id,
                expected,
                code(unwrapped(&key, &test.ct), &test.pt, test.tc_id),
                &test.comment,
            );

            if test.result == TestResult::Valid {
                let encryption_key = EncryptionKey::from_jwk_for(algorithm, &jwk).unwrap();
                let KeyManagement::Encrypts(wrapping) = encryption_key.management() else {
                    panic!("it wraps")
                };
                let wrapped =
                    wrapping.encrypt(&SecretBytes::from(test.pt.to_vec()), &PartyInfo::default()).unwrap();
                assert_eq!(wrapped.encrypted_key, test.ct[..], "{}", test.tc_id);
            }
        }
    }
    tally.finish(set.number_of_tests);
}

#[test]
#[cfg(any(feature = "aws-lc-rs", feature = "rsa"))]
fn evidence_rsa_oaep() {
    use wycheproof_ng_core::HashFunction;
    use wycheproof_ng_rsa_encryption::rsa_oaep::{TestName as Name, TestSet};

    let mut tally = Tally::new("Wycheproof RSA-OAEP, 8 files", &[]);
    let mut cases = 0;
    for (file, name) in [
        ("2048_sha1_mgf1sha1", Name::Rsa2048Sha1Mgf1Sha1),
        ("2048_sha256_mgf1sha256", Name::Rsa2048Sha256Mgf1Sha256),
        ("2048_sha384_mgf1sha384", Name::Rsa2048Sha384Mgf1Sha384),
        ("2048_sha512_mgf1sha512", Name::Rsa2048Sha512Mgf1Sha512),
        ("3072_sha256_mgf1sha256", Name::Rsa3072Sha256Mgf1Sha256),
        ("3072_sha512_mgf1sha512", Name::Rsa3072Sha512Mgf1Sha512),
        ("4096_sha256_mgf1sha256", Name::Rsa4096Sha256Mgf1Sha256),
        ("4096_sha512_mgf1sha512", Name::Rsa4096Sha512Mgf1Sha512),
    ] {
        let set = TestSet::load(name).unwrap();
        tally.file(file);
        cases += set.number_of_tests;
        for group in &set.test_groups {
            assert_eq!(group.hash, group.mgf_hash);
            let algorithm = match group.hash {
                HashFunction::Sha1 => JweAlgorithm::RsaOaep,
                HashFunction::Sha2_256 => JweAlgorithm::RsaOaep256,
                HashFunction::Sha2_384 => JweAlgorithm::RsaOaep384,
                HashFunction::Sha2_512 => JweAlgorithm::RsaOaep512,
                other => panic!("{other:?}"),
            };
            let jwk = Jwk::from_pkcs8_der(&group.pkcs8).unwrap();
            let key = DecryptionKey::from_jwk_for(algorithm, &jwk).unwrap();
            for test in &group.tests {
                // RFC 7518 §4.3 has the default parameters, so the label is empty.
                let ours = test.label.is_empty();
                let expected = if ours { expected(test.result) } else { Expected::Foreign };
                tally.judge(
                    test.tc_id,
                    expected,
                    code(unwrapped(&key, &test.ct), &test.pt, test.tc_id),
                    &test.comment,
                );
            }
        }
    }
    tally.finish(cases);
}

#[track_caller]
fn content(title: &'static str, files: &[(aead::TestName, &[ContentEncryption])]) {
    let mut tally = Tally::new(title, &[]);
    let mut cases = 0;
    for &(name, encs) in files {
        let set = aead::TestSet::load(name).unwrap();
        tally.file(encs.first().unwrap().name());
        cases += set.number_of_tests;
        for (group, test) in
            set.test_groups.iter().flat_map(|group| group.tests.iter().map(move |t| (group, t)))
        {
            let enc = encs.iter().find(|enc| enc.key_len() * 8 == group.key_size).unwrap();
            let cipher = enc.cipher(&test.key).ok().unwrap();
            let opened = cipher.open(&test.nonce, &test.aad, test.ct.to_vec(), &test.tag);
            let opened = opened.map(SecretBytes::into_exposed_secret).map_err(|_| REFUSED);
            // RFC 7518 §5.3: "Use of an IV of size 96 bits is REQUIRED with this algorithm."
            let ours = test.nonce.len() == enc.iv_len();
            let expected = if ours { expected(test.result) } else { Expected::Foreign };
            tally.judge(test.tc_id, expected, code(opened, &test.pt, test.tc_id), &test.comment);

            if ours && test.result == TestResult::Valid {
                let sealed = cipher.seal(&test.nonce, &test.aad, &test.pt).ok().unwrap();
                assert_eq!(
                    (&*sealed.ciphertext, sealed.tag.as_ref()),
                    (&**test.ct, &**test.tag),
                    "{}",
                    test.tc_id
                );
            }
        }
    }
    tally.finish(cases);
}

#[test]
fn evidence_aes_cbc_hmac() {
    use ContentEncryption::{A128CbcHs256, A192CbcHs384, A256CbcHs512};
    use aead::TestName as Name;
    content(
        "Wycheproof AES-CBC with HMAC, 3 files",
        &[
            (Name::Aes128CbcHmacSha256, &[A128CbcHs256]),
            (Name::Aes192CbcHmacSha384, &[A192CbcHs384]),
            (Name::Aes256CbcHmacSha512, &[A256CbcHs512]),
        ],
    );
}

#[test]
fn evidence_aes_gcm() {
    use ContentEncryption::{A128Gcm, A192Gcm, A256Gcm};
    content("Wycheproof AES-GCM", &[(aead::TestName::AesGcm, &[A128Gcm, A192Gcm, A256Gcm])]);
}
