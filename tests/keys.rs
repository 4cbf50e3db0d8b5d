//! Keys as OpenSSL writes them: every form is read, written back, and refused when it is bent.
//!
//! The files are made by `fixtures/make.sh`; openssl isn't needed to run these tests.

use std::env;
use std::fs;
use std::path::Path;

use countersign::Error;
#[cfg(feature = "pem")]
use countersign::jwk::{CertificateChain, KeyUse};
use countersign::jwk::{Jwk, KeyKind};

/// The committed files.
macro_rules! fixtures {
    ($($name:literal)*) => {
        const FIXTURES: &[(&str, &[u8])] = &[$(($name, include_bytes!(concat!("fixtures/", $name)))),*];
    };
}

fixtures! {
    "rsa2048.pkcs8.der" "rsa2048.pkcs8.pem" "rsa2048.spki.der" "rsa2048.spki.pem"
    "rsa2048.pkcs1.pem" "rsa2048.pkcs1-public.pem"
    "rsa3072.pkcs8.der" "rsa3072.pkcs8.pem" "rsa3072.spki.der" "rsa3072.spki.pem"
    "rsa3072.pkcs1.pem" "rsa3072.pkcs1-public.pem"
    "p256.pkcs8.der" "p256.pkcs8.pem" "p256.spki.der" "p256.spki.pem"
    "p256.sec1.der" "p256.sec1.pem" "p256.sec1-no-public.pem" "p256.sec1-parameters.pem"
    "p384.pkcs8.der" "p384.pkcs8.pem" "p384.spki.der" "p384.spki.pem"
    "p384.sec1.der" "p384.sec1.pem" "p384.sec1-no-public.pem" "p384.sec1-parameters.pem"
    "p521.pkcs8.der" "p521.pkcs8.pem" "p521.spki.der" "p521.spki.pem"
    "p521.sec1.der" "p521.sec1.pem" "p521.sec1-no-public.pem" "p521.sec1-parameters.pem"
    "secp256k1.pkcs8.der" "secp256k1.pkcs8.pem" "secp256k1.spki.der" "secp256k1.spki.pem"
    "secp256k1.sec1.der" "secp256k1.sec1.pem" "secp256k1.sec1-no-public.pem" "secp256k1.sec1-parameters.pem"
    "ed25519.pkcs8.der" "ed25519.pkcs8.pem" "ed25519.spki.der" "ed25519.spki.pem"
    "x25519.pkcs8.der" "x25519.pkcs8.pem" "x25519.spki.der" "x25519.spki.pem"
    "rsa2048.certificate.pem" "rsa2048.certificate-text.pem" "p256.certificate.pem" "p256.certificate.der"
    "ed25519.certificate.pem"
    "bad-rsa1024.pkcs8.pem" "bad-rsa1024.spki.pem" "bad-rsa2560.pkcs8.pem" "bad-rsa-e3.pkcs8.pem"
    "bad-rsa-primes3.pkcs8.pem" "bad-rsa-pss.pkcs8.pem" "bad-ed448.pkcs8.pem" "bad-p224.pkcs8.pem"
    "bad-p256-compressed.spki.pem" "bad-p256-explicit.sec1.pem" "bad-p256-explicit.spki.pem"
    "bad-encrypted.pkcs8.pem" "bad-encrypted.pkcs1.pem" "bad-request.pem" "bad-parameters.pem"
    "bad-two-blocks.pem"
    "issuer.certificate.pem" "p256.chain.pem" "p256.certificate-agreement.pem" "rsa-pss.certificate.pem"
    "encrypted-aes128-SHA256.pem" "encrypted-aes128-SHA384.pem" "encrypted-aes128-SHA512.pem"
    "encrypted-aes192-SHA256.pem" "encrypted-aes192-SHA384.pem" "encrypted-aes192-SHA512.pem"
    "encrypted-aes256-SHA256.pem" "encrypted-aes256-SHA384.pem" "encrypted-aes256-SHA512.pem"
    "encrypted-scrypt-small.pem" "encrypted-scrypt.pem" "encrypted-default.pem" "encrypted-default.der" "encrypted-scrypt.der"
    "encrypted-rsa2048.pem" "encrypted-ed25519-empty.pem"
    "bad-encrypted-sha1.pem" "bad-encrypted-des3.pem" "bad-encrypted-pbes1.pem" "bad-encrypted-ed448.pem"
}

/// Every key pair that this build reads.
fn pairs() -> Vec<(&'static str, KeyKind)> {
    let mut pairs = vec![
        ("rsa2048", KeyKind::Rsa { bits: 2048 }),
        ("rsa3072", KeyKind::Rsa { bits: 3072 }),
        ("ed25519", KeyKind::Ed25519),
        ("x25519", KeyKind::X25519),
    ];
    pairs.extend(ec_pairs());
    pairs
}

fn ec_pairs() -> Vec<(&'static str, KeyKind)> {
    vec![
        ("p256", KeyKind::P256),
        ("p384", KeyKind::P384),
        ("p521", KeyKind::P521),
        #[cfg(feature = "es256k")]
        ("secp256k1", KeyKind::Secp256k1),
    ]
}

fn committed(name: &str) -> Vec<u8> {
    FIXTURES.iter().find(|(known, _)| *known == name).expect("the file is in the list").1.to_vec()
}

fn code<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

fn message<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => String::from("ok"),
        Err(error) => error.to_string(),
    }
}

// ---- what is read

/// Reads every file that `read` gives, and checks them against each other.
fn check_der(read: &dyn Fn(&str) -> Vec<u8>) {
    for (name, kind) in pairs() {
        let pkcs8 = read(&format!("{name}.pkcs8.der"));
        let spki = read(&format!("{name}.spki.der"));
        let private = Jwk::from_pkcs8_der(&pkcs8).expect(name);
        let public = Jwk::from_spki_der(&spki).expect(name);

        assert_eq!((private.kind(), public.kind()), (kind, kind));
        assert!(private.is_private() && !public.is_private());
        assert_eq!(private.thumbprint(), public.thumbprint(), "{name}");
        assert_eq!(private.to_public_json(), public.to_public_json(), "{name}");
        assert_eq!(public.expose_json().expose_secret(), public.to_public_json().expect(name));
        assert_eq!(code(public.expose_pkcs8_der()), "key_not_private");

        // The same bytes again, also by way of a JWK.
        let from_jwk = Jwk::from_json(private.expose_json().expose_secret()).expect(name);
        for key in [&private, &private.clone_key(), &from_jwk] {
            assert_eq!(key.expose_pkcs8_der().expect(name).expose_secret(), pkcs8, "{name}");
            assert_eq!(key.to_spki_der().expect(name), spki, "{name}");
            assert_eq!(key.to_public().expect(name).to_spki_der().expect(name), spki, "{name}");
        }

        if matches!(kind, KeyKind::Rsa { .. }) {
            let pkcs1 = private.expose_pkcs1_der().expect(name);
            let again = Jwk::from_pkcs1_private_der(pkcs1.expose_secret()).expect(name);
            assert_eq!(again.expose_json(), private.expose_json());
            let again = Jwk::from_pkcs1_public_der(&private.to_pkcs1_public_der().expect(name)).expect(name);
            assert_eq!(again.to_public_json(), public.to_public_json());
            assert_eq!(code(public.expose_pkcs1_der()), "key_not_private");
            assert_eq!(code(private.expose_sec1_der()), "unsupported_key");
        } else {
            assert_eq!(code(private.expose_pkcs1_der()), "unsupported_key");
            assert_eq!(code(private.to_pkcs1_public_der()), "unsupported_key");
        }
    }

    for (name, _) in ec_pairs() {
        let sec1 = read(&format!("{name}.sec1.der"));
        let key = Jwk::from_sec1_der(&sec1).expect(name);
        let pkcs8 = Jwk::from_pkcs8_der(&read(&format!("{name}.pkcs8.der"))).expect(name);
        assert_eq!(key.expose_json(), pkcs8.expose_json(), "{name}");
        assert_eq!(pkcs8.expose_sec1_der().expect(name).expose_secret(), sec1, "{name}");
        assert_eq!(code(key.to_public().expect(name).expose_sec1_der()), "key_not_private");
    }

    let certificate = Jwk::from_certificate_der(&read("p256.certificate.der")).expect("p256");
    let public = Jwk::from_spki_der(&read("p256.spki.der")).expect("p256");
    assert!(!certificate.is_private());
    assert_eq!(certificate.to_public_json(), public.to_public_json());
}

#[cfg(feature = "pem")]
fn check_pem(read: &dyn Fn(&str) -> Vec<u8>) {
    let text = |name: &str| String::from_utf8(read(name)).expect("PEM is text");

    for (name, kind) in pairs() {
        let pkcs8 = text(&format!("{name}.pkcs8.pem"));
        let spki = text(&format!("{name}.spki.pem"));
        let private = Jwk::from_pem(&pkcs8).expect(name);
        let public = Jwk::from_pem(&spki).expect(name);
        let der = Jwk::from_pkcs8_der(&read(&format!("{name}.pkcs8.der"))).expect(name);
        assert_eq!(private.expose_json(), der.expose_json());
        assert_eq!(private.thumbprint(), public.thumbprint());
        assert_eq!(private.expose_pkcs8_pem().expect(name).expose_secret(), pkcs8);
        assert_eq!(private.to_spki_pem().expect(name), spki);
        assert_eq!(public.to_spki_pem().expect(name), spki);

        if matches!(kind, KeyKind::Rsa { .. }) {
            let pkcs1 = text(&format!("{name}.pkcs1.pem"));
            let pkcs1_public = text(&format!("{name}.pkcs1-public.pem"));
            assert_eq!(Jwk::from_pem(&pkcs1).expect(name).expose_json(), private.expose_json());
            assert_eq!(Jwk::from_pem(&pkcs1_public).expect(name).to_public_json(), public.to_public_json());
            assert_eq!(private.expose_pkcs1_pem().expect(name).expose_secret(), pkcs1);
            assert_eq!(private.to_pkcs1_public_pem().expect(name), pkcs1_public);
        }
    }

    for (name, _) in ec_pairs() {
        let sec1 = text(&format!("{name}.sec1.pem"));
        let private = Jwk::from_pem(&sec1).expect(name);
        assert_eq!(private.expose_sec1_pem().expect(name).expose_secret(), sec1);
        for form in ["pkcs8", "sec1-no-public", "sec1-parameters"] {
            let other = Jwk::from_pem(&text(&format!("{name}.{form}.pem"))).expect(name);
            assert_eq!(other.expose_json(), private.expose_json(), "{name}.{form}");
        }
    }

    for (certificate, public) in [
        ("rsa2048.certificate.pem", "rsa2048.spki.pem"),
        ("rsa2048.certificate-text.pem", "rsa2048.spki.pem"),
        ("p256.certificate.pem", "p256.spki.pem"),
        ("ed25519.certificate.pem", "ed25519.spki.pem"),
    ] {
        let public = Jwk::from_pem(&text(public)).expect(public);
        let certificate = Jwk::from_pem(&text(certificate)).expect(certificate);
        assert_eq!(certificate.to_public_json(), public.to_public_json());
    }

    for (name, expected) in [
        ("bad-rsa1024.pkcs8.pem", "key_too_small"),
        ("bad-rsa1024.spki.pem", "key_too_small"),
        ("bad-rsa2560.pkcs8.pem", "key_size"),
        ("bad-rsa-e3.pkcs8.pem", "key_inconsistent"),
        ("bad-rsa-primes3.pkcs8.pem", "unsupported_key"),
        ("bad-rsa-pss.pkcs8.pem", "unsupported_key"),
        ("bad-ed448.pkcs8.pem", "unsupported_key"),
        ("bad-p224.pkcs8.pem", "unsupported_key"),
        ("bad-p256-compressed.spki.pem", "unsupported_key"),
        ("bad-p256-explicit.sec1.pem", "encoding"),
        ("bad-p256-explicit.spki.pem", "unsupported_key"),
        ("bad-encrypted.pkcs8.pem", "unsupported_key"),
        ("bad-encrypted.pkcs1.pem", "unsupported_key"),
        ("bad-request.pem", "unsupported_key"),
        ("bad-parameters.pem", "unsupported_key"),
        ("bad-two-blocks.pem", "encoding"),
    ] {
        assert_eq!(code(Jwk::from_pem(&text(name))), expected, "{name}");
    }
}

#[cfg(all(feature = "pem", feature = "encrypted-pkcs8"))]
fn check_encrypted(read: &dyn Fn(&str) -> Vec<u8>) {
    let text = |name: &str| String::from_utf8(read(name)).expect("PEM is text");
    let p256 = read("p256.pkcs8.der");
    let mut names =
        vec!["encrypted-default".to_owned(), "encrypted-scrypt".into(), "encrypted-scrypt-small".into()];
    for bits in [128, 192, 256] {
        names.extend(["SHA256", "SHA384", "SHA512"].map(|hash| format!("encrypted-aes{bits}-{hash}")));
    }
    for name in names {
        let pem = text(&format!("{name}.pem"));
        let key = Jwk::from_encrypted_pem(&pem, b"test").expect(&name);
        assert_eq!(key.expose_pkcs8_der().expect("private").expose_secret(), p256, "{name}");
        for wrong in [&b""[..], b"Test", b"test\n"] {
            assert_eq!(code(Jwk::from_encrypted_pem(&pem, wrong)), "key_password", "{name}");
        }
        assert_eq!(code(Jwk::from_pem(&pem)), "unsupported_key");
    }
    for name in ["encrypted-default.der", "encrypted-scrypt.der"] {
        let key = Jwk::from_encrypted_pkcs8_der(&read(name), b"test").expect(name);
        assert_eq!(key.expose_pkcs8_der().expect("private").expose_secret(), p256, "{name}");
    }
    for (name, password, plain) in [
        ("encrypted-rsa2048.pem", "naïve 密", "rsa2048.pkcs8.der"),
        ("encrypted-ed25519-empty.pem", "", "ed25519.pkcs8.der"),
    ] {
        let key = Jwk::from_encrypted_pem(&text(name), password.as_bytes()).expect(name);
        assert_eq!(key.expose_pkcs8_der().expect(name).expose_secret(), read(plain), "{name}");
        assert_eq!(code(Jwk::from_encrypted_pem(&text(name), b"test")), "key_password", "{name}");
    }
    for (name, says) in [
        ("bad-encrypted-sha1.pem", "another hash"),
        ("bad-encrypted-des3.pem", "AES-CBC"),
        ("bad-encrypted-pbes1.pem", "PBES2"),
        // The password is right; the key inside is none of ours.
        ("bad-encrypted-ed448.pem", "448 bits"),
    ] {
        let result = Jwk::from_encrypted_pem(&text(name), b"test");
        assert_eq!(code(Jwk::from_encrypted_pem(&text(name), b"test")), "unsupported_key", "{name}");
        assert!(message(result).contains(says), "{name}");
    }
}

/// A file that this library encrypts, read by the tool.
#[cfg(all(feature = "pem", feature = "encrypted-pkcs8"))]
fn check_openssl_reads(folder: &Path) {
    for (name, _) in pairs() {
        let key = Jwk::from_pkcs8_der(&fs::read(folder.join(format!("{name}.pkcs8.der"))).expect(name))
            .expect(name);
        let file = folder.join("written.pem");
        fs::write(&file, key.expose_encrypted_pkcs8_pem(b"test").expect(name)).expect("the folder is ours");
        let mut openssl = std::process::Command::new("openssl");
        let output = openssl.args(["pkey", "-passin", "pass:test", "-in"]).arg(&file).output();
        let output = output.expect("openssl made the fixtures");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let pem = String::from_utf8(output.stdout).expect("PEM is text");
        let read = Jwk::from_pem(&pem).expect(name);
        assert_eq!(read.expose_json(), key.expose_json(), "{name}");
    }
}

/// Chains of certificates in PEM, and the keys that they are for.
#[cfg(feature = "pem")]
fn check_chains(read: &dyn Fn(&str) -> Vec<u8>) {
    let text = |name: &str| String::from_utf8(read(name)).expect("PEM is text");
    let key = || Jwk::from_pem(&text("p256.pkcs8.pem")).expect("p256");
    let chain = CertificateChain::from_pem(&text("p256.chain.pem")).expect("two certificates");
    assert_eq!(chain.certificates().count(), 2);
    let trusted = chain.trusted_key(|_| true).expect("p256");
    assert_eq!(trusted.to_public_json(), key().to_public_json());
    assert_eq!(code(chain.trusted_key(|_| false)), "certificate_not_trusted");
    let with_chain = key().with_certificate_chain(chain.clone()).expect("its own");
    assert_eq!(with_chain.certificate_chain(), Some(&chain));
    assert_eq!(with_chain.certificate_thumbprint(), Some(&*chain.thumbprint()));

    let issuer = CertificateChain::from_pem(&text("issuer.certificate.pem")).expect("one certificate");
    assert_eq!(code(key().with_certificate_chain(issuer.clone())), "key_inconsistent");
    let p384 = Jwk::from_pem(&text("p384.pkcs8.pem")).expect("p384");
    assert_eq!(code(p384.with_certificate_chain(issuer)), "ok");

    // What `use` says and what the certificate says.
    let agreement = CertificateChain::from_pem(&text("p256.certificate-agreement.pem")).expect("one");
    for (key_use, signing, agreeing) in
        [(KeyUse::Signature, "ok", "key_inconsistent"), (KeyUse::Encryption, "key_inconsistent", "ok")]
    {
        assert_eq!(code(key().with_use(key_use.clone()).with_certificate_chain(chain.clone())), signing);
        assert_eq!(code(key().with_use(key_use.clone()).with_certificate_chain(agreement.clone())), agreeing);
        let later = with_chain.clone_key().with_use(key_use).certificate_chain().is_some();
        assert_eq!(later, signing == "ok", "the chain is taken off when the use contradicts it");
    }

    // An RSA key that its certificate restricts to RSASSA-PSS is the same key, and none to be taken out.
    let pss = CertificateChain::from_pem(&text("rsa-pss.certificate.pem")).expect("one certificate");
    assert_eq!(code(pss.trusted_key(|_| true)), "unsupported_key");
    let rsa = Jwk::from_pem(&text("rsa2048.pkcs8.pem")).expect("rsa2048");
    assert_eq!(code(rsa.with_certificate_chain(pss)), "key_inconsistent");
}

#[test]
fn der_is_read_and_written() {
    check_der(&committed);
}

#[cfg(feature = "pem")]
#[test]
fn pem_is_read_and_written() {
    check_pem(&committed);
    check_chains(&committed);
    #[cfg(feature = "encrypted-pkcs8")]
    check_encrypted(&committed);
}

/// The same with keys that never were before.
#[test]
#[ignore = "needs fixtures made by openssl"]
fn fresh_fixtures_are_read_and_written() {
    let folder = env::var_os("COUNTERSIGN_FIXTURES").expect("COUNTERSIGN_FIXTURES names the folder");
    let folder = Path::new(&folder);
    let read = |name: &str| fs::read(folder.join(name)).expect(name);
    check_der(&read);
    #[cfg(feature = "pem")]
    {
        check_pem(&read);
        check_chains(&read);
    }
    #[cfg(all(feature = "pem", feature = "encrypted-pkcs8"))]
    {
        check_encrypted(&read);
        check_openssl_reads(folder);
    }
}

#[cfg(not(feature = "es256k"))]
#[test]
fn secp256k1_names_its_feature() {
    let refused = [
        Jwk::from_pkcs8_der(&committed("secp256k1.pkcs8.der")),
        Jwk::from_spki_der(&committed("secp256k1.spki.der")),
        Jwk::from_sec1_der(&committed("secp256k1.sec1.der")),
    ];
    for result in refused {
        let error = result.expect_err("the feature is off");
        assert_eq!(error.code(), "unsupported_feature");
        assert!(error.to_string().contains("es256k"), "{error}");
    }
}

// ---- bent DER

type Reader = fn(&[u8]) -> Result<Jwk, Error>;

/// One file for each reader and kind.
fn readers() -> Vec<(&'static str, Reader)> {
    vec![
        ("rsa2048.spki.der", Jwk::from_spki_der),
        ("p256.spki.der", Jwk::from_spki_der),
        ("p521.spki.der", Jwk::from_spki_der),
        ("ed25519.spki.der", Jwk::from_spki_der),
        ("x25519.spki.der", Jwk::from_spki_der),
        ("rsa2048.pkcs8.der", Jwk::from_pkcs8_der),
        ("p384.pkcs8.der", Jwk::from_pkcs8_der),
        ("ed25519.pkcs8.der", Jwk::from_pkcs8_der),
        ("x25519.pkcs8.der", Jwk::from_pkcs8_der),
        ("p256.sec1.der", Jwk::from_sec1_der),
        ("p256.certificate.der", Jwk::from_certificate_der),
    ]
}

#[test]
fn truncated_der_is_refused() {
    for (name, read) in readers() {
        let der = committed(name);
        for len in 0..der.len() {
            assert_eq!(code(read(&der[..len])), "encoding", "{name} cut to {len}");
        }
    }
}

#[test]
fn trailing_bytes_are_refused() {
    for (name, read) in readers() {
        for trailing in [&[0][..], &[0, 0], &[0x30, 0], b"\n"] {
            let der = [&committed(name)[..], trailing].concat();
            assert_eq!(code(read(&der)), "encoding", "{name}");
            assert!(message(read(&der)).contains("no bytes after"), "{name}");
        }
    }
}

/// BER's indefinite length: `30 80 … 00 00`.
#[test]
fn indefinite_lengths_are_refused() {
    for (name, read) in readers() {
        let der = committed(name);
        let header = match der[1] {
            0x81 => 3,
            0x82 => 4,
            _ => 2,
        };
        let ber = [&[0x30, 0x80][..], &der[header..], &[0, 0]].concat();
        assert_eq!(code(read(&ber)), "encoding", "{name}");
        assert!(message(read(&ber)).contains("indefinite"), "{name}");
    }
}

/// A length in more octets than it needs.
#[test]
fn lengths_that_are_not_minimal_are_refused() {
    for (name, read) in readers() {
        let der = committed(name);
        let (lengths, body) = match der[1] {
            0x81 => (vec![0x82, 0, der[2]], &der[3..]),
            0x82 => (vec![0x83, 0, der[2], der[3]], &der[4..]),
            short => (vec![0x81, short], &der[2..]),
        };
        let ber = [&[0x30][..], &lengths, body].concat();
        assert_eq!(code(read(&ber)), "encoding", "{name}");
    }
}

/// Lengths far beyond the input cost nothing.
#[test]
fn absurd_lengths_are_refused() {
    for (name, read) in readers() {
        for length in
            [&[0x84, 0x7f, 0xff, 0xff, 0xff][..], &[0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]
        {
            let der = [&[0x30][..], length, &committed(name)[2..]].concat();
            assert_eq!(code(read(&der)), "encoding", "{name}");
        }
    }
}

/// Whatever single bit is wrong, the answer is a key of the same kind or an error.
#[test]
fn flipped_bits_never_panic() {
    for (name, read) in readers() {
        let der = committed(name);
        for at in 0..der.len() {
            // All bits of short keys; of long ones the private check would take minutes.
            for bit in if der.len() > 1000 { at % 8..at % 8 + 1 } else { 0..8 } {
                let mut der = der.clone();
                der[at] ^= 1 << bit;
                if let Ok(key) = read(&der) {
                    assert!(key.thumbprint().len() == 43, "{name} at {at}");
                }
            }
        }
    }
}

/// A private key that was flipped anywhere in its numbers isn't one: row 075.
#[test]
fn private_keys_that_contradict_themselves_are_refused() {
    // Version and algorithm take 26 bytes; after them come PKCS#1's own headers and numbers.
    let der = committed("rsa2048.pkcs8.der");
    for at in (40..der.len()).step_by(13) {
        let mut der = der.clone();
        der[at] ^= 2;
        assert_ne!(code(Jwk::from_pkcs8_der(&der)), "ok", "at {at}");
    }
    for name in ["p256.sec1.der", "p384.sec1.der", "p521.sec1.der"] {
        let mut der = committed(name);
        // The last octet belongs to the public key, the ninth to the private key.
        *der.last_mut().expect("not empty") ^= 1;
        assert_eq!(code(Jwk::from_sec1_der(&der)), "key_inconsistent", "{name}");
        let mut der = committed(name);
        der[15] ^= 1;
        assert_eq!(code(Jwk::from_sec1_der(&der)), "key_inconsistent", "{name}");
    }
    for name in ["p256.pkcs8.der", "p384.pkcs8.der", "p521.pkcs8.der"] {
        let mut der = committed(name);
        *der.last_mut().expect("not empty") ^= 1;
        assert_eq!(code(Jwk::from_pkcs8_der(&der)), "key_inconsistent", "{name}");
    }
}

#[test]
fn points_off_the_curve_are_refused() {
    for name in ["p256.spki.der", "p384.spki.der", "p521.spki.der"] {
        let mut der = committed(name);
        *der.last_mut().expect("not empty") ^= 1;
        assert_eq!(code(Jwk::from_spki_der(&der)), "key_inconsistent", "{name}");
    }
}

/// Replaces the one place where `from` stands.
fn replace(der: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> =
        der.windows(from.len()).enumerate().filter(|(_, window)| *window == from).map(|(at, _)| at).collect();
    let [at] = places[..] else { panic!("expected one place, found {}", places.len()) };
    let mut der = der.to_vec();
    der.splice(at..at + from.len(), to.iter().copied());
    der
}

#[test]
fn other_algorithms_are_refused() {
    const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
    const X25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x6e];
    const X448: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x6f];
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
    const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
    const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    const P192: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01];

    for (name, from, to, expected) in [
        ("ed25519", ED25519, X448, "unsupported_key"),
        ("x25519", X25519, X448, "unsupported_key"),
        ("rsa2048", RSA, RSA_PSS, "unsupported_key"),
        ("rsa2048", RSA, RSA_SHA256, "unsupported_key"),
        ("p256", EC, DSA, "unsupported_key"),
        ("p256", P256, P192, "unsupported_key"),
    ] {
        let spki = replace(&committed(&format!("{name}.spki.der")), from, to);
        assert_eq!(code(Jwk::from_spki_der(&spki)), expected, "{name}");
        let pkcs8 = replace(&committed(&format!("{name}.pkcs8.der")), from, to);
        assert_eq!(code(Jwk::from_pkcs8_der(&pkcs8)), expected, "{name}");
    }

    // NULL where RSA has it, and in a wrong place.
    let spki = replace(&committed("rsa2048.spki.der"), &[0x05, 0x00, 0x03], &[0x04, 0x00, 0x03]);
    assert_eq!(code(Jwk::from_spki_der(&spki)), "encoding");
    let ed25519 = committed("ed25519.spki.der");
    let with_null = [&[0x30, 0x2c, 0x30, 0x07][..], ED25519, &[0x05, 0x00], &ed25519[9..]].concat();
    assert_eq!(code(Jwk::from_spki_der(&with_null)), "encoding");

    // Another curve's point.
    let other = replace(&committed("p256.sec1.der"), P256, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x05]);
    assert_eq!(code(Jwk::from_sec1_der(&other)), "unsupported_key");
}

/// RFC 5958's second version has the public key beside the private one.
#[test]
fn pkcs8_version_2_is_read() {
    let seed = &committed("ed25519.pkcs8.der")[2..];
    let public = &committed("ed25519.spki.der")[12..];
    let build = |version: u8, public: &[u8]| {
        // SEQUENCE { version, …, [1] IMPLICIT BIT STRING }.
        let head = [&seed[..2], &[version], &seed[3..], &[0x81, 0x21, 0x00], public].concat();
        [&[0x30, u8::try_from(head.len()).expect("short")][..], &head].concat()
    };
    let key = Jwk::from_pkcs8_der(&build(1, public)).expect("RFC 5958");
    // It is written as version 1, which every reader takes.
    assert_eq!(key.expose_pkcs8_der().expect("private").expose_secret(), committed("ed25519.pkcs8.der"));

    let other = &committed("x25519.spki.der")[12..];
    assert_eq!(code(Jwk::from_pkcs8_der(&build(1, other))), "key_inconsistent");
    assert_eq!(code(Jwk::from_pkcs8_der(&build(0, public))), "encoding");
    assert_eq!(code(Jwk::from_pkcs8_der(&build(2, public))), "encoding");
    assert_eq!(code(Jwk::from_pkcs8_der(&build(1, &public[1..]))), "encoding");
}

/// RFC 5958 §2 leaves room behind the public key for what later versions may add.
#[test]
fn later_fields_of_pkcs8_are_passed_over_in_their_order() {
    let plain = committed("ed25519.pkcs8.der");
    let with = |fields: &[u8]| {
        let content = [&plain[2..], fields].concat();
        [&[0x30, u8::try_from(content.len()).expect("short")][..], &content].concat()
    };
    const ATTRIBUTES: &[u8] = &[0xa0, 0];
    const LATER: &[u8] = &[0xa2, 2, 5, 0];
    for fields in [&[][..], ATTRIBUTES, LATER, &[ATTRIBUTES, LATER].concat(), &[LATER, LATER].concat()] {
        let key = Jwk::from_pkcs8_der(&with(fields)).unwrap_or_else(|error| panic!("{fields:?}: {error}"));
        assert_eq!(key.expose_pkcs8_der().expect("private").expose_secret(), plain);
    }
    for fields in [
        // Known ones twice, or behind later ones.
        &[ATTRIBUTES, ATTRIBUTES].concat()[..],
        &[LATER, ATTRIBUTES].concat(),
        &[LATER, &[0xa1, 2, 5, 0]].concat(),
        // A public key that isn't one, or isn't said to be there.
        &[0xa1, 2, 5, 0],
        &[0x81, 1, 0],
        // Nothing, two values or something else in the place of the one value.
        &[0xa2, 0],
        &[0xa2, 4, 5, 0, 5, 0],
        &[0x82, 0],
        &[0xa2, 2, 5],
        // Of no number.
        &[5, 0],
    ] {
        assert_eq!(code(Jwk::from_pkcs8_der(&with(fields))), "encoding", "{fields:?}");
    }
}

#[test]
fn one_form_is_not_read_as_another() {
    let forms: [(&str, Reader); 5] = [
        ("rsa2048.spki.der", Jwk::from_spki_der),
        ("rsa2048.pkcs8.der", Jwk::from_pkcs8_der),
        ("p256.sec1.der", Jwk::from_sec1_der),
        ("p256.certificate.der", Jwk::from_certificate_der),
        ("rsa2048.spki.pem", Jwk::from_pkcs1_public_der),
    ];
    for (name, _) in forms {
        for (own, read) in forms {
            let expected = if name == own && !name.ends_with("pem") { "ok" } else { "encoding" };
            assert_eq!(code(read(&committed(name))), expected, "{name} read as {own}");
        }
    }
    assert!(message(Jwk::from_spki_der(&committed("rsa2048.spki.pem"))).contains("found PEM"));
}

// ---- bent PEM

#[cfg(feature = "pem")]
mod pem {
    use super::*;

    fn text(name: &str) -> String {
        String::from_utf8(committed(name)).expect("PEM is text")
    }

    fn relabeled(name: &str, label: &str) -> String {
        let text = text(name);
        let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('-')).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", body.join("\n"))
    }

    #[test]
    fn line_ends_and_widths_are_free() {
        let plain = text("p256.pkcs8.pem");
        let expected = Jwk::from_pem(&plain).expect("plain").expose_json();
        let body: String = plain.lines().filter(|line| !line.starts_with('-')).collect();
        let wide: Vec<&str> = [&body[..76], &body[76..152], &body[152..]].to_vec();
        for form in [
            plain.replace('\n', "\r\n"),
            plain.trim_end().to_owned(),
            format!("\n\nMy key:\n{plain}\nThat was my key.\n"),
            format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"),
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", wide.join("\n")),
        ] {
            assert_eq!(Jwk::from_pem(&form).expect(&form).expose_json(), expected);
        }
    }

    #[test]
    fn labels_say_what_was_found() {
        for (label, expected, says) in [
            ("ENCRYPTED PRIVATE KEY", "unsupported_key", "encrypted"),
            ("OPENSSH PRIVATE KEY", "unsupported_key", "OpenSSH"),
            ("SSH2 PUBLIC KEY", "unsupported_key", "SSH"),
            ("CERTIFICATE REQUEST", "unsupported_key", "request"),
            ("NEW CERTIFICATE REQUEST", "unsupported_key", "request"),
            ("TRUSTED CERTIFICATE", "unsupported_key", "`CERTIFICATE`"),
            ("X509 CRL", "unsupported_key", "revocation list"),
            ("PKCS7", "unsupported_key", "PKCS#7"),
            ("DSA PRIVATE KEY", "unsupported_key", "DSA"),
            ("DH PARAMETERS", "unsupported_key", "parameters"),
            ("EC PARAMETERS", "unsupported_key", "parameters"),
            ("PGP PUBLIC KEY BLOCK", "unsupported_key", "OpenPGP"),
            ("MESSAGE", "encoding", "label"),
            ("public key", "encoding", "label"),
            ("", "encoding", "label"),
            // Known labels around another content.
            ("PRIVATE KEY", "encoding", "PKCS#8"),
            ("RSA PUBLIC KEY", "encoding", "PKCS#1"),
            ("RSA PRIVATE KEY", "encoding", "PKCS#1"),
            ("EC PRIVATE KEY", "encoding", "SEC1"),
            ("CERTIFICATE", "encoding", "certificate"),
        ] {
            let result = Jwk::from_pem(&relabeled("p256.spki.pem", label));
            let found = message(result);
            assert_eq!(code(Jwk::from_pem(&relabeled("p256.spki.pem", label))), expected, "{label}: {found}");
            assert!(found.contains(says), "{label}: {found}");
        }
        assert!(message(Jwk::from_pem(&text("bad-encrypted.pkcs1.pem"))).contains("encrypted"));
    }

    #[test]
    fn what_is_no_pem_is_named() {
        for (text, says) in [
            (String::new(), "found none"),
            (String::from("secret"), "found none"),
            (String::from("{\"kty\":\"EC\"}"), "from_json"),
            (String::from("ssh-ed25519 AAAA me@here"), "SSH public key"),
            (text("p256.spki.pem").replace('\n', "\\n"), "backslashes"),
            (text("p256.spki.pem").replace("-----BEGIN", "  -----BEGIN"), "start of a line"),
        ] {
            assert_eq!(code(Jwk::from_pem(&text)), "encoding");
            let message = message(Jwk::from_pem(&text));
            assert!(message.contains(says), "{text}: {message}");
        }
    }

    #[test]
    fn several_blocks_are_refused() {
        let (key, other) = (text("p256.sec1.pem"), text("p256.spki.pem"));
        let parameters = text("bad-parameters.pem");
        for several in [
            format!("{key}{other}"),
            format!("{other}{key}"),
            format!("{key}{key}"),
            format!("{key}{parameters}"),
            format!("{parameters}{parameters}{key}"),
            format!("{parameters}{key}{other}"),
            format!("{parameters}{other}"),
            format!("{key}-----BEGIN"),
            format!("{key}-----BEGIN "),
        ] {
            let expected = if several.ends_with("BEGIN") { "ok" } else { "encoding" };
            assert_eq!(code(Jwk::from_pem(&several)), expected, "{several}");
        }
        assert!(message(Jwk::from_pem(&format!("{key}{other}"))).contains("several"));
    }

    #[test]
    fn bent_blocks_are_refused() {
        let pem = text("p256.spki.pem");
        for bent in [
            pem.replace("-----END PUBLIC KEY-----", ""),
            pem.replace("-----END PUBLIC KEY-----", "-----END PRIVATE KEY-----"),
            pem.replace("-----END PUBLIC KEY-----", "-----END PUBLIC KEY---"),
            pem.replace("-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY----"),
            pem.replace("-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----Comment: mine"),
            pem.replace("-----BEGIN PUBLIC KEY-----\n", "-----BEGIN PUBLIC KEY-----\nComment: mine\n\n"),
            pem.replace("MFkw", "MF!w"),
            pem.replace("MFkw", "MF w"),
            pem.replace("MFkw", "MFkw="),
            pem.replace("MFkw", ""),
            pem.replace("MFkw", "-----BEGIN PUBLIC KEY-----\nMFkw"),
            String::from("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"),
            String::from("-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n"),
        ] {
            assert_eq!(code(Jwk::from_pem(&bent)), "encoding", "{bent}");
        }
    }

    #[test]
    fn truncated_pem_is_refused() {
        for name in ["p256.spki.pem", "ed25519.pkcs8.pem", "p256.sec1-parameters.pem", "p256.certificate.pem"]
        {
            let pem = text(name);
            for len in 0..pem.trim_end().len() {
                let cut = pem.get(..len).expect("PEM is ASCII");
                assert_ne!(code(Jwk::from_pem(cut)), "ok", "{name} cut to {len}");
            }
        }
    }
    /// Whatever single character is wrong, missing or too many, the answer is a key or an error.
    #[test]
    fn bent_pem_never_panics() {
        for name in ["p256.spki.pem", "ed25519.pkcs8.pem", "p256.sec1-parameters.pem", "p256.certificate.pem"]
        {
            let pem = text(name);
            for at in 0..pem.len() {
                for character in ["", "\n", "\r", "\r\n", " ", "-", "=", "A", "\0", "é", "\n\n"] {
                    for end in [at, at + 1] {
                        let mut bent = pem.clone();
                        bent.replace_range(at..end, character);
                        if let Ok(key) = Jwk::from_pem(&bent) {
                            assert_eq!(key.thumbprint().len(), 43, "{bent}");
                        }
                    }
                }
            }
        }
    }
}
