//! What an error says beside its code: each fixed reason, by an input that brings it about.
//!
//! `errors.rs` has one row a code; a code such as `encoding` or `misuse` has many reasons, and they are here.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::jwe::{
    AsyncExternalUnwrapper, EphemeralPublicKey, ExternalAgreement, ExternalUnwrapper, JweBuilder,
    JweDecrypter, WrappedKey,
};
#[cfg(feature = "pem")]
use countersign::jwk::CertificateChain;
use countersign::jws::{AsyncExternalSigner, ExternalSigner, JwsBuilder, JwsVerifier, sign_general};
use countersign::jwt::{JwtIssuerBuilder, JwtVerifierBuilder};
use countersign::{
    ContentEncryption, DecryptionKey, Error, ExternalFuture, ExternalKeyError, JweAlgorithm, Jwk,
    JwsAlgorithm, JwtIssuer, JwtVerifier, KeyKind, KeySet, SecretBytes, SigningKey, VerifyingKey, decrypt,
    encrypt, encrypt_claims, jws,
};
use serde::Serialize;
use serde_json::{Value, json};
use support::{NOW, base64url, hmac_key, jwk, secret, signing_key, stopped_at};

/// Asserts the code and the reason, and that the reason reads as part of one sentence.
#[track_caller]
fn refused<T>(result: Result<T, Error>, code: &str, expected: &str) {
    let Err(error) = result else { panic!("accepted, not refused for: {expected}") };
    let reason = match &error {
        Error::Malformed { defect, .. } => defect.to_string(),
        Error::InvalidKey(defect) => defect.to_string(),
        Error::Misuse { reason, .. } => reason.to_string(),
        other => panic!("{other}"),
    };
    assert_eq!((error.code(), &*reason), (code, expected));
    assert!(reason.starts_with(|first: char| first.is_ascii_lowercase() || first == '`'), "{reason}");
    assert!(!reason.ends_with('.') && !reason.contains('\n'), "{reason}");
    assert!(error.to_string().len() < 200 && error.to_string().ends_with(&reason), "{error}");
}

// Bytes and text that can't be read: `Defect::Encoding`.

const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
const BIT_STRING: u8 = 0x03;
const VERSION_0: &[u8] = &[0x02, 1, 0];
const VERSION_1: &[u8] = &[0x02, 1, 1];
const NULL: &[u8] = &[0x05, 0];
const RSA_ENCRYPTION: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC_PUBLIC_KEY: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P_256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P_384: &[u8] = &[0x06, 5, 0x2b, 0x81, 0x04, 0, 0x22];
const ED25519: &[u8] = &[0x06, 3, 0x2b, 0x65, 0x70];

/// A DER value of fewer than 128 bytes.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    assert!(content.len() < 128, "the short form of a length");
    [&[tag, u8::try_from(content.len()).unwrap()], &*content].concat()
}

/// A SubjectPublicKeyInfo. The bits begin with the number of those that aren't used.
fn spki(algorithm: &[&[u8]], bits: &[u8]) -> Vec<u8> {
    der(SEQUENCE, &[&der(SEQUENCE, algorithm), &der(BIT_STRING, &[bits])])
}

/// A private key in PKCS#8.
fn pkcs8(algorithm: &[&[u8]], private: &[u8]) -> Vec<u8> {
    der(SEQUENCE, &[VERSION_0, &der(SEQUENCE, algorithm), &der(OCTET_STRING, &[private])])
}

/// An EC private key in SEC1, its curve named if there is one.
fn sec1(d: &[u8], curve: Option<&[u8]>) -> Vec<u8> {
    let curve = curve.map(|oid| der(0xa0, &[oid])).unwrap_or_default();
    der(SEQUENCE, &[VERSION_1, &der(OCTET_STRING, &[d]), &curve])
}

#[test]
fn der_that_cant_be_read() {
    let valid = jwk("Ed25519").to_spki_der().unwrap();
    let trailing = [&valid[..], &[0]].concat();
    let cases = [
        (Jwk::from_spki_der(b"-----BEGIN PUBLIC KEY-----"), "expected DER, found PEM text"),
        (Jwk::from_spki_der(&trailing), "expected no bytes after the end of a DER value"),
        (Jwk::from_spki_der(&[SEQUENCE, 0x80, 0, 0]), "expected DER, which has no indefinite lengths"),
        (Jwk::from_spki_der(b"x"), "expected a public key in SubjectPublicKeyInfo (RFC 5280 §4.1)"),
        (Jwk::from_certificate_der(b"x"), "expected a certificate (RFC 5280 §4.1)"),
        (Jwk::from_pkcs1_public_der(b"x"), "expected an RSA public key in PKCS#1 (RFC 8017 §A.1.1)"),
        (Jwk::from_pkcs1_private_der(b"x"), "expected an RSA private key in PKCS#1 (RFC 8017 §A.1.2)"),
        (Jwk::from_sec1_der(b"x"), "expected an EC private key in SEC1 with a named curve (RFC 5915 §3)"),
        (
            Jwk::from_sec1_der(&sec1(&[1; 32], None)),
            "expected an EC private key that names its curve (RFC 5915 §3)",
        ),
        (Jwk::from_pkcs8_der(b"x"), "expected an unencrypted private key in PKCS#8 (RFC 5958 §2)"),
        (
            Jwk::from_pkcs8_der(&pkcs8(&[ED25519], &[1; 32])),
            "expected a CurvePrivateKey in an octet string (RFC 8410 §7)",
        ),
        (
            Jwk::from_spki_der(&spki(&[ED25519], &[&[1][..], &[2; 32]].concat())),
            "expected a public key of whole octets",
        ),
        (Jwk::from_spki_der(&spki(&[ED25519], &[0; 32])), "expected a public key of 32 octets (RFC 8410 §4)"),
        (
            Jwk::from_spki_der(&spki(&[ED25519, NULL], &[0; 33])),
            "expected no parameters of Ed25519 or X25519 (RFC 8410 §3)",
        ),
        (
            Jwk::from_spki_der(&spki(&[RSA_ENCRYPTION], &[0; 33])),
            "expected the parameters of rsaEncryption to be NULL (RFC 8017 §A.1)",
        ),
        (
            Jwk::from_spki_der(&spki(&[EC_PUBLIC_KEY], &[0; 33])),
            "expected the parameters of id-ecPublicKey to name a curve (RFC 5480 §2.1.1)",
        ),
    ];
    for (result, reason) in cases {
        refused(result, "encoding", reason);
    }
}

#[cfg(feature = "encrypted-pkcs8")]
#[test]
fn encrypted_keys_that_cant_be_read() {
    let key = jwk("Ed25519");
    let refused_for =
        |der: &[u8], reason| refused(Jwk::from_encrypted_pkcs8_der(der, b"a"), "encoding", reason);
    refused_for(b"x", "expected an encrypted private key in PKCS#8 (RFC 5958 §3) by PBES2 (RFC 8018 §A.4)");
    refused_for(b"-----BEGIN ENCRYPTED PRIVATE KEY-----", "expected DER, found PEM text");
    let encrypted = key.expose_encrypted_pkcs8_der(b"a").unwrap();
    refused_for(&[&encrypted[..], &[0]].concat(), "expected no bytes after the end of a DER value");
    // The last octet string is the ciphertext, of 48 octets and padding: one block less a byte.
    let mut cut = encrypted[..encrypted.len() - 1].to_vec();
    let ciphertext_length = cut.len() - 64;
    cut[1] = 0x81;
    assert_eq!(cut[ciphertext_length], 64, "48 octets and a block of padding");
    cut[ciphertext_length] = 63;
    cut[2] -= 1;
    refused_for(&cut, "expected an encrypted key of whole AES blocks");
    refused(
        key.expose_encrypted_pkcs8_der(b""),
        "misuse",
        "expected a password to encrypt the key under, found an empty one",
    );
    refused(
        Jwk::from_encrypted_pkcs8_der(&encrypted, b"b"),
        "key_password",
        "expected the password of an undamaged encrypted key, found another password or a damaged key",
    );
}

#[cfg(feature = "pem")]
#[test]
fn pem_that_cant_be_read() {
    let valid = jwk("Ed25519").to_spki_pem().unwrap();
    let indented = valid.replace("-----BEGIN", "  -----BEGIN");
    let cases = [
        (String::new(), "expected the text of a PEM block, found none"),
        ("{}".to_owned(), "expected PEM, found JSON, which `Jwk::from_json` reads"),
        (
            "ssh-ed25519 AAAA".to_owned(),
            "expected PEM, found an SSH public key, which `ssh-keygen -e -m PKCS8` converts",
        ),
        (valid.replace('\n', "\\n"), "expected line breaks in PEM, found backslashes with `n`"),
        (indented, "expected `-----BEGIN` and `-----END` at the start of a line, found them further right"),
        (
            valid.replacen("-----\n", "----- x\n", 1),
            "expected a line `-----BEGIN …-----` of its own, found other text on it",
        ),
        (valid.split_once("-----END").unwrap().0.to_owned(), "expected a line `-----END …-----`, found none"),
        (valid.repeat(2), "expected one PEM block, found several"),
        (
            valid.replace("PUBLIC KEY", "THING"),
            "expected the label of a key or a certificate, such as `PUBLIC KEY`, found another",
        ),
        (
            valid.replacen("-----\n", "-----\nName: value\n\n", 1),
            "expected base64 alone inside a PEM block, found header lines",
        ),
        (
            valid.replacen("-----\n", "-----\n!", 1),
            "expected base64 in lines of one length between matching PEM labels, found something else",
        ),
    ];
    for (pem, reason) in cases {
        refused(Jwk::from_pem(&pem), "encoding", reason);
    }
    refused(
        CertificateChain::from_pem(&valid),
        "encoding",
        "expected blocks with the label `CERTIFICATE` alone, found another",
    );
    refused(CertificateChain::from_pem(""), "encoding", "expected the text of a PEM block, found none");
    #[cfg(feature = "encrypted-pkcs8")]
    refused(
        Jwk::from_encrypted_pem(&valid, b"a"),
        "encoding",
        "expected the label of an encrypted key, which `openssl pkcs8` makes, found another",
    );
}

// Keys whose numbers don't go together: `KeyDefect::Inconsistent`, `KeyDefect::Size`.

/// The private JWK of that `kid` with members changed.
fn bent(key_id: &str, changes: &[(&str, &[u8])]) -> Result<Jwk, Error> {
    let mut members: Value = serde_json::from_str(jwk(key_id).expose_json().expose_secret()).unwrap();
    for (name, bytes) in changes {
        *members.get_mut(name).unwrap() = base64url(bytes).into();
    }
    Jwk::from_json(&members.to_string())
}

/// An RSA public key of 2048 bits that ends with this octet.
fn rsa_public(last: u8, e: &[u8]) -> Result<Jwk, Error> {
    let n = [&[0xff; 255][..], &[last]].concat();
    Jwk::from_json(&json!({ "kty": "RSA", "n": base64url(n), "e": base64url(e) }).to_string())
}

/// A key with the certificate of the fixtures' P-256 key, which is `certified`, and more members.
fn with_certificate(key_id: &str, more: Value) -> Result<Jwk, Error> {
    let key = match key_id {
        "certified" => Jwk::from_pkcs8_der(include_bytes!("fixtures/p256.pkcs8.der")).unwrap(),
        _ => jwk(key_id),
    };
    let pem = include_str!("fixtures/p256.chain.pem");
    let leaf: String = pem.lines().skip(1).take_while(|line| !line.starts_with('-')).collect();
    let mut members: Value = serde_json::from_str(key.expose_json().expose_secret()).unwrap();
    let object = members.as_object_mut().unwrap();
    object.insert("x5c".to_owned(), json!([leaf]));
    object.extend(more.as_object().unwrap().clone());
    Jwk::from_json(&members.to_string())
}

#[test]
fn keys_whose_parts_contradict_each_other() {
    let small_order = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, base64url([0; 32]));
    let use_and_operations =
        json!({ "kty": "oct", "k": base64url([1; 32]), "use": "sig", "key_ops": ["encrypt"] });
    let off_curve = json!({ "kty": "EC", "crv": "P-256", "x": base64url([1; 32]), "y": base64url([1; 32]) });
    let off_curve = Jwk::from_json(&off_curve.to_string());
    let other_curve = sec1(&[1; 32], Some(P_384));
    let cases = [
        (rsa_public(0xfe, &[1, 0, 1]), "expected an odd RSA modulus"),
        (rsa_public(0xff, &[3, 0, 0, 0, 1]), "expected an RSA exponent of at most 33 bits"),
        (rsa_public(0xff, &[1]), "expected an odd RSA exponent of at least 3"),
        (bent("rsa-2048", &[("e", &[3])]), "expected an odd RSA exponent of at least 65537 in a private key"),
        (bent("rsa-2048", &[("p", &[3])]), "expected two odd RSA primes of half the modulus's size"),
        (bent("rsa-2048", &[("dp", &[1; 129])]), "expected RSA private parts within their ranges"),
        (
            bent("rsa-2048", &[("dp", &[1; 128])]),
            "expected the parts of the RSA private key to fit each other",
        ),
        (bent("P-256", &[("d", &[0; 32])]), "expected an EC private key of the curve's length and range"),
        (bent("P-256", &[("d", &[1; 32])]), "expected the EC point that belongs to the private key"),
        (off_curve, "expected a point on the curve"),
        (bent("Ed25519", &[("d", &[1; 32])]), "expected the public key that belongs to the private key"),
        (Jwk::from_json(&small_order), "expected an Ed25519 point of the large group"),
        (
            Jwk::from_json(&use_and_operations.to_string()),
            "expected `use` and `key_ops` to agree, found a contradiction",
        ),
        (
            with_certificate("P-256", json!({})),
            "expected the key in the first certificate of `x5c` to be the JWK's own",
        ),
        (with_certificate("oct-256", json!({})), "expected no certificate for a symmetric secret"),
        (
            with_certificate("certified", json!({ "x5t": base64url([1; 20]) })),
            "expected `x5t` to be the thumbprint of the first certificate of `x5c`",
        ),
        (
            with_certificate("certified", json!({ "x5t#S256": base64url([1; 32]) })),
            "expected `x5t#S256` to be the thumbprint of the first certificate of `x5c`",
        ),
        (
            with_certificate("certified", json!({ "key_ops": ["deriveKey"] })),
            "expected `use` and `key_ops` to be what the first certificate of `x5c` permits",
        ),
        (
            Jwk::from_pkcs8_der(&pkcs8(&[EC_PUBLIC_KEY, P_256], &other_curve)),
            "expected one curve, found a second one inside the private key",
        ),
    ];
    for (result, reason) in cases {
        refused(result, "key_inconsistent", reason);
    }
}

#[test]
fn keys_of_another_size() {
    let secret = |len: usize| SecretBytes::from(vec![1; len]);
    let wrapping = |algorithm| DecryptionKey::symmetric(algorithm, secret(20)).map(drop);
    let direct = |enc| DecryptionKey::direct(enc, secret(20)).map(drop);
    let unsaid = Jwk::from_secret(secret(20)).unwrap();
    let short_seed = pkcs8(&[ED25519], &der(OCTET_STRING, &[&[1; 31]]));
    let modulus = [&[0x80][..], &[1; 319]].concat();
    let cases = [
        (wrapping(JweAlgorithm::A128Kw), "expected 128 bits, found another size"),
        (wrapping(JweAlgorithm::A192Kw), "expected 192 bits, found another size"),
        (wrapping(JweAlgorithm::A256Gcmkw), "expected 256 bits, found another size"),
        (direct(ContentEncryption::A192CbcHs384), "expected 384 bits, found another size"),
        (direct(ContentEncryption::A256CbcHs512), "expected 512 bits, found another size"),
        (
            DecryptionKey::from_jwk_for(JweAlgorithm::Dir, &unsaid).map(drop),
            "expected 128, 192, 256, 384 or 512 bits, found another size",
        ),
        (
            Jwk::generate(KeyKind::Oct { bits: 127 }).map(drop),
            "expected a secret of 128 to 65,536 bits, a multiple of 8, found another size",
        ),
        (
            bent("rsa-2048", &[("n", &modulus)]).map(drop),
            "expected an RSA modulus of 2048, 3072 or 4096 bits, found another size",
        ),
        (
            Jwk::from_pkcs8_der(&short_seed).map(drop),
            "expected an octet key pair with a `d` of 32 octets, found another size",
        ),
    ];
    for (result, reason) in cases {
        refused(result, "key_size", reason);
    }
}

// What the application asked for and can't have: `Error::Misuse`.

#[test]
fn misuse_of_names_and_encryption_keys() {
    let direct = DecryptionKey::direct(ContentEncryption::A256Gcm, secret()).unwrap();
    let encryption_key = direct.encryption_key().unwrap();
    let cases = [
        (
            "hs256".parse::<JwsAlgorithm>().map(drop),
            "expected the name of a signature algorithm of this build, found another",
        ),
        (
            "RSA1_5".parse::<JweAlgorithm>().map(drop),
            "expected the name of a key management algorithm of this build, found another",
        ),
        (
            "A256CBC".parse::<ContentEncryption>().map(drop),
            "expected the name of a content encryption of this build, found another",
        ),
        (
            DecryptionKey::symmetric(JweAlgorithm::Dir, secret()).map(drop),
            "expected an algorithm that wraps keys, found `dir`, whose keys `direct` makes",
        ),
        (
            DecryptionKey::symmetric(JweAlgorithm::Pbes2Hs256A128Kw, secret()).map(drop),
            "expected an algorithm that wraps keys with random bytes, found one whose keys `password` makes",
        ),
        (
            DecryptionKey::password(JweAlgorithm::A128Kw, secret()).map(drop),
            "expected an algorithm that derives keys from a password, found another",
        ),
        (
            encryption_key.clone_key().with_iterations(999).map(drop),
            "expected at least 1,000 iterations, found fewer",
        ),
        (
            encryption_key.clone_key().with_iterations(1000).map(drop),
            "expected a key made from a password, the only sort with iterations, found another",
        ),
        (
            direct.allow_content_encryptions([]).encryption_key().map(drop),
            "expected at least one content encryption in `allow_content_encryptions`, found none",
        ),
        (
            encryption_key.clone_key().with_content_encryption(ContentEncryption::A128Gcm).map(drop),
            "expected the content encryption that the key for `dir` was made for, found another",
        ),
        (
            encrypt_claims(&encryption_key, &[1]).map(drop),
            "expected claims that serialize to a JSON object of distinct names within the default limits, \
             found something else",
        ),
    ];
    for (result, reason) in cases {
        refused(result, "misuse", reason);
    }
}

#[test]
fn misuse_of_a_jwe_builder() {
    let key = |algorithm| DecryptionKey::generate(algorithm).unwrap().encryption_key().unwrap();
    let (wraps, direct) = (key(JweAlgorithm::A256Kw), key(JweAlgorithm::Dir));
    let other = wraps.clone_key().with_content_encryption(ContentEncryption::A128Gcm).unwrap();
    let builder = || JweBuilder::new(&wraps);
    let unwritable = BTreeMap::from([(vec![1, 2], 3)]);
    let compact = "expected a protected header alone in a compact token, found unprotected parameters or additional \
                   authenticated data, for which `encrypt_json` has room";
    let registered =
        "expected a parameter of the application's own, found `alg`, which the specifications define";
    let determined = "expected algorithms that encrypt the content key to several recipients, found one that determines it";
    let cases = [
        (
            builder().add_recipient(&wraps).encrypt(b"x"),
            "expected one recipient of a compact token, found several, whom `encrypt_general` serves",
        ),
        (
            builder().add_recipient(&wraps).encrypt_json(b"x"),
            "expected one recipient of a flattened token, found several, whom `encrypt_general` serves",
        ),
        (builder().additional_authenticated_data("x").encrypt(b"x"), compact),
        (builder().shared_unprotected_parameter("own", "x").encrypt(b"x"), compact),
        (builder().recipient_parameter("own", "x").encrypt(b"x"), compact),
        (
            builder().add_recipient(&other).encrypt_general(b"x"),
            "expected recipients' keys with one content encryption, found several; `with_content_encryption` sets it",
        ),
        (builder().add_recipient(&direct).encrypt_general(b"x"), determined),
        (
            (0..16).fold(builder(), |builder, _| builder.add_recipient(&wraps)).encrypt_general(b"x"),
            "expected 1 to 16 recipients, found more",
        ),
        (
            builder().agreement_info(b"u", b"").encrypt(b"x"),
            "expected `agreement_info` for a recipient of the key agreement family, found another algorithm",
        ),
        (builder().parameter("alg", "dir").encrypt(b"x"), registered),
        (builder().recipient_parameter("alg", "dir").encrypt_json(b"x"), registered),
        (
            builder().parameter("own", &1).shared_unprotected_parameter("own", &1).encrypt_json(b"x"),
            "expected header parameter `own` once, found it twice",
        ),
        (
            builder().parameter("own", &unwritable).encrypt(b"x"),
            "expected header parameters that serialize to JSON of distinct names within the default limits, \
             found another value",
        ),
    ];
    for (result, reason) in cases {
        refused(result, "misuse", reason);
    }
}

#[test]
fn messages_in_json_whose_members_are_wrong() {
    let key = DecryptionKey::generate(JweAlgorithm::A256Kw).unwrap();
    let open = |json: Value| JweDecrypter::new([&key]).decrypt_json(&json.to_string());
    let (one, direct) = (json!({"header": {"alg": "A256KW"}}), json!({"header": {"alg": "dir"}}));
    let of = |recipients: Value| json!({"unprotected": {"enc": "A256GCM"}, "recipients": recipients, "ciphertext": ""});
    let cases = [
        (
            open(of(json!([]))),
            "member_type",
            "expected member `recipients` to be an array of at least one object, found something else",
        ),
        (
            open(of(json!([one, direct]))),
            "member_type",
            "expected member `recipients` to be one recipient where the algorithm determines the content key, \
             found something else",
        ),
        (
            open(
                json!({"recipients": [{"header": {"alg": "A256KW", "enc": "A256GCM"}}, {"header": {"alg": "A256KW",
                "enc": "A128GCM"}}], "ciphertext": ""}),
            ),
            "member_type",
            "expected member `enc` to be the same for all recipients, found something else",
        ),
        (
            open(json!({"ciphertext": "", "tag": null})),
            "member_type",
            "expected member `tag` to be base64url of at least one octet, found something else",
        ),
        (
            open(json!({"ciphertext": 1})),
            "member_type",
            "expected member `ciphertext` to be a string, found something else",
        ),
        (
            open(json!({"ciphertext": "", "header": []})),
            "member_type",
            "expected member `header` to be an object, found something else",
        ),
        (
            open(json!({"ciphertext": "", "unprotected": {}})),
            "member_type",
            "expected member `unprotected` to be a header that has parameters, or absent, found something else",
        ),
        (open(json!({"tag": "AA"})), "missing_member", "expected member `ciphertext`, found none"),
        (
            open(json!({"ciphertext": "", "payload": ""})),
            "unexpected_member",
            "expected no member `payload`, found one",
        ),
    ];
    for (result, code, reason) in cases {
        refused(result, code, reason);
    }
}

#[test]
fn misuse_of_a_jws_builder() {
    let key = signing_key(JwsAlgorithm::Es256).with_key_id("a");
    let builder = || JwsBuilder::new(&key);
    let no_keys = Vec::new();
    let unwritable = BTreeMap::from([(vec![1, 2], 3)]);
    let registered =
        "expected a parameter of the application's own, found `alg`, which the specifications define";
    let not_json = "expected header parameters that serialize to JSON of distinct names within the default limits, \
                    found another value";
    let twice = "expected header parameter `own` once, found it twice";
    let unprotected = "expected protected parameters only in a compact serialization, found an unprotected one; \
                       `sign_json` takes it";
    let not_own = "expected the signing key's own public half in `jwk`, found another key";
    let private: Value = serde_json::from_str(jwk("P-256").expose_json().expose_secret()).unwrap();
    let public = |key_id| serde_json::from_str::<Value>(&jwk(key_id).to_public_json().unwrap()).unwrap();
    let cases = [
        (builder().parameter("alg", "none").sign(b"x"), registered),
        (builder().unprotected_parameter("alg", "none").sign_json(b"x"), registered),
        (builder().parameter("b64", &false).sign(b"x"), &registered.replace("`alg`", "`b64`")),
        (builder().parameter("kid", "b").sign(b"x"), &registered.replace("`alg`", "`kid`")),
        (
            builder().unprotected_parameter("crit", &["x"]).sign_json(b"x"),
            &registered.replace("`alg`", "`crit`"),
        ),
        (builder().critical_parameter("x5t", "x").sign(b"x"), &registered.replace("`alg`", "`x5t`")),
        (builder().parameter("own", &unwritable).sign(b"x"), not_json),
        (builder().unprotected_parameter("own", &unwritable).sign_json(b"x"), not_json),
        (builder().parameter("own", &1).parameter("own", &1).sign(b"x"), twice),
        (builder().parameter("own", &1).critical_parameter("own", &1).sign(b"x"), twice),
        (builder().parameter("own", &1).unprotected_parameter("own", &1).sign_json(b"x"), twice),
        (builder().unprotected_parameter("own", &1).sign(b"x"), unprotected),
        (builder().unprotected_parameter("own", &1).sign_detached(b"x"), unprotected),
        (builder().unprotected_key_id().sign(b"x"), unprotected),
        (builder().parameter("jwk", &public("P-384")).sign(b"x"), not_own),
        // The signing key itself, which the header would publish.
        (builder().parameter("jwk", &private).sign(b"x"), not_own),
        (builder().parameter("jwk", &json!({"kty": "oct", "k": "AAAA"})).sign(b"x"), not_own),
        (
            builder().unencoded_payload().sign(b"a.b"),
            "expected an unencoded payload of printable ASCII without dots, found another; `sign_detached` takes any bytes",
        ),
        (
            builder().unencoded_payload().sign_json(b"\xff"),
            "expected an unencoded payload of UTF-8 in a JSON serialization, found other bytes; detached, it is any bytes",
        ),
        (sign_general(&[], b"x"), "expected 1 to 16 signatures, found another number"),
        (
            sign_general(&[builder(), builder().unencoded_payload()], b"x"),
            "expected `unencoded_payload` for all signatures or none, found it for some",
        ),
        (
            JwsVerifier::new(&no_keys).verify(&jws::sign(&key, b"x").unwrap()).map(|_| String::new()),
            "expected a key to verify with, found none; `JwsVerifier::new` takes keys or a `KeySet` in which one can serve",
        ),
        (
            JweDecrypter::new([]).decrypt("").map(|_| String::new()),
            "expected a key to decrypt with, found none; `JweDecrypter::new` takes keys or a `KeySet` in which one can serve",
        ),
    ];
    for (result, reason) in cases {
        refused(result, "misuse", reason);
    }
    // The twins: what the application may write.
    assert!(builder().parameter("jwk", &public("P-256")).parameter("x5t", "x").sign(b"x").is_ok());
    assert!(
        builder().critical_parameter("own", &1).unprotected_parameter("other", &1).sign_json(b"x").is_ok()
    );
    assert!(builder().unprotected_key_id().sign_json(b"x").is_ok());
    // Deeper than a verifier reads.
    let deep = (0..40).fold(Value::Null, |inner, _| json!([inner]));
    let error = builder().parameter("own", &deep).sign(b"x").unwrap_err();
    assert_eq!(error.code(), "misuse");
}

/// A key outside the process, which answers nothing, at once or later.
struct Silent;

impl ExternalSigner for Silent {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
        Ok(Vec::new())
    }
}

impl AsyncExternalSigner for Silent {
    fn sign<'a>(&'a self, _: &'a [u8]) -> ExternalFuture<'a, Vec<u8>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

impl ExternalUnwrapper for Silent {
    fn unwrap(&self, _: WrappedKey<'_>) -> Result<SecretBytes, ExternalKeyError> {
        Err(ExternalKeyError::Refused)
    }
}

impl AsyncExternalUnwrapper for Silent {
    fn unwrap<'a>(&'a self, _: WrappedKey<'a>) -> ExternalFuture<'a, SecretBytes> {
        Box::pin(std::future::ready(Err(ExternalKeyError::Refused)))
    }
}

impl ExternalAgreement for Silent {
    fn agree(&self, _: &EphemeralPublicKey) -> Result<SecretBytes, ExternalKeyError> {
        Err(ExternalKeyError::Refused)
    }
}

#[test]
fn external_keys() {
    let (a256kw, public) = (JweAlgorithm::A256Kw, jwk("P-256").to_public().unwrap());
    let signing = SigningKey::external(JwsAlgorithm::Es256, &public, Silent).unwrap();
    refused(
        jws::sign(&signing, b""),
        "key_signature",
        "expected a signature of the algorithm's length from the external key, found another; \
         `signature_from_der` converts DER",
    );
    refused(
        JwsAlgorithm::Es256.signature_from_der(&[]),
        "encoding",
        "expected an ECDSA signature: r and s (RFC 3279 §2.2.3)",
    );
    let late = SigningKey::external_async(JwsAlgorithm::Es256, &public, Silent).unwrap();
    let secret_elsewhere = DecryptionKey::external_unwrapper(a256kw, None, Silent).unwrap();
    let late_secret = DecryptionKey::external_unwrapper_async(a256kw, None, Silent).unwrap();
    let token =
        encrypt(&DecryptionKey::symmetric(a256kw, secret()).unwrap().encryption_key().unwrap(), b"").unwrap();
    let cases = [
        (
            jws::sign(&late, b"").map(drop),
            "expected a call that waits for an asynchronous external key, such as `issue_async` or \
             `sign_async`, found one that doesn't",
        ),
        (
            decrypt(&late_secret, &token).map(drop),
            "expected a call that waits for an asynchronous external key, such as `verify_async` or \
             `decrypt_async`, found one that doesn't",
        ),
        (
            secret_elsewhere.encryption_key().map(drop),
            "expected a key to encrypt with, found an external secret, which unwraps only",
        ),
        (
            DecryptionKey::external_unwrapper(JweAlgorithm::RsaOaep, None, Silent).map(drop),
            "expected the public key of an external RSA key to be stated, found none",
        ),
        (
            DecryptionKey::external_unwrapper(JweAlgorithm::EcdhEs, None, Silent).map(drop),
            "expected an algorithm that encrypts or wraps the content key for an external unwrapper, found another",
        ),
        (
            DecryptionKey::external_agreement(a256kw, &public, Silent).map(drop),
            "expected ECDH-ES or its kin for an external agreement, found another algorithm",
        ),
        (
            JwsAlgorithm::Rs256.signature_from_der(&[]).map(drop),
            "expected an ECDSA algorithm, whose signatures DER is for, found another",
        ),
    ];
    for (result, reason) in cases {
        refused(result, "misuse", reason);
    }
}

fn issuer() -> JwtIssuerBuilder {
    JwtIssuer::builder(signing_key(JwsAlgorithm::Hs256)).clock(stopped_at(NOW))
}

#[test]
fn misuse_of_an_issuers_builder() {
    let minute = Duration::from_secs(60);
    let cases = [
        (
            issuer().audience("b").lifetime(minute),
            "expected one choice of issuer: `issuer` sets it, `without_issuer` waives it",
        ),
        (
            issuer().issuer("a").lifetime(minute),
            "expected one choice of audience: `audience` sets it, `without_audience` waives it",
        ),
        (
            issuer().issuer("a").audience("").lifetime(minute),
            "expected an issuer and an audience that aren't empty",
        ),
        (
            issuer().issuer("a").audience("b"),
            "expected one choice of lifetime: `lifetime` sets it, `without_expiry` waives it",
        ),
        (
            issuer().issuer("a").audience("b").lifetime(Duration::from_millis(999)),
            "expected a lifetime of at least a second, found less",
        ),
    ];
    for (builder, reason) in cases {
        refused(builder.build(), "misuse", reason);
    }
}

/// Claims with a name twice, as a flattened map makes them.
#[derive(Serialize)]
struct Twice {
    role: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[test]
fn misuse_of_an_issuers_claims() {
    let issuer = issuer().issuer("a").audience("b").lifetime(Duration::from_secs(60)).build().unwrap();
    let many: BTreeMap<String, u8> = (0..253).map(|index| (format!("claim-{index}"), 0)).collect();
    assert!(issuer.issue_without_subject(&many.iter().skip(1).collect::<BTreeMap<_, _>>()).is_ok());
    let keyed = BTreeMap::from([((1, 2), 3)]);
    let twice = Twice { role: 1, rest: BTreeMap::from([("role".to_owned(), 2)]) };
    let cases = [
        (
            issuer.issue("u", &5),
            "expected claims that serialize to a JSON object of distinct names, found something else",
        ),
        (
            issuer.issue("u", &keyed),
            "expected claims that serialize to JSON, found a map key or a value that doesn't",
        ),
        (
            issuer.issue("u", &twice),
            "expected claims that serialize to a JSON object of distinct names, found something else",
        ),
        (
            issuer.issue("u", &json!({ "sub": "v" })),
            "expected no claim `sub`, which the issuer writes, found one",
        ),
        (
            issuer.issue_without_subject(&many),
            "expected at most 256 claims with those that the issuer writes, found more",
        ),
        (
            issuer.issue("u", &json!({ "nbf": "now" })),
            "expected claims that a verifier accepts: claim `nbf`: expected a number of seconds within 64 \
             bits, found a string",
        ),
    ];
    for (result, reason) in cases {
        refused(result, "misuse", reason);
    }
}

fn verifier() -> JwtVerifierBuilder {
    JwtVerifier::builder(hmac_key()).issuer("a").audience("b")
}

#[test]
fn misuse_of_a_verifiers_builder() {
    let decryption_key = || DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret()).unwrap();
    let keyless: KeySet = std::iter::empty::<VerifyingKey>().collect();
    let closed: KeySet<DecryptionKey> = std::iter::empty::<DecryptionKey>().collect();
    let nobody: [(&str, VerifyingKey); 0] = [];
    let cases = [
        (verifier().any_issuer(), "expected `issuer` or `any_issuer`, found both"),
        (verifier().any_audience(), "expected `audience` or `any_audience`, found both"),
        (JwtVerifier::for_issuers(nobody).audience("b"), "expected at least one issuer, found none"),
        (
            JwtVerifier::builder(keyless).issuer("a").audience("b"),
            "expected at least one key that verifies, found none; `KeySet::skipped` says why",
        ),
        (verifier().issuer(""), "expected an issuer that isn't empty"),
        (verifier().audience(""), "expected an audience that isn't empty"),
        (
            JwtVerifier::builder(hmac_key()).audience("b"),
            "expected a choice of issuer: `issuer` sets it, `any_issuer` waives it",
        ),
        (
            JwtVerifier::for_issuers([("a", hmac_key())]).any_issuer().audience("b"),
            "expected no `issuer` or `any_issuer` beside `for_issuers`, which names the issuers",
        ),
        (
            JwtVerifier::builder(hmac_key()).issuer("a"),
            "expected a choice of audience: `audience` sets it, `any_audience` waives it",
        ),
        (
            JwtVerifier::builder(hmac_key()).issuer("a").any_audience().sole_audience(),
            "expected an `audience` beside `sole_audience`, found `any_audience`",
        ),
        (verifier().algorithms([]), "expected at least one algorithm in `algorithms`, found none"),
        (
            verifier().algorithms([JwsAlgorithm::Es256]),
            "expected of each issuer a key for one of `algorithms`, found none",
        ),
        (
            verifier().decrypt_with(decryption_key()).key_management_algorithms([]),
            "expected at least one algorithm in `key_management_algorithms`, found none",
        ),
        (
            verifier().decrypt_with(decryption_key()).content_encryptions([]),
            "expected at least one algorithm in `content_encryptions`, found none",
        ),
        (
            verifier().content_encryptions([ContentEncryption::A256Gcm]),
            "expected `decrypt_with` beside a list of algorithms for encrypted tokens, found none",
        ),
        #[cfg(feature = "deflate")]
        (verifier().allow_compression(), "expected `decrypt_with` beside `allow_compression`, found none"),
        (
            verifier().decrypt_with(closed),
            "expected at least one key that decrypts, found none; `KeySet::skipped` says why",
        ),
        (verifier().leeway(Duration::from_secs(601)), "expected a leeway of at most 10 minutes, found more"),
        (
            verifier().required_claims((0..65).map(|index| format!("claim-{index}"))),
            "expected at most 64 required claims, found more",
        ),
    ];
    for (builder, reason) in cases {
        refused(builder.build(), "misuse", reason);
    }
}
