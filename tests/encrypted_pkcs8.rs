//! Private keys under a password: what OpenSSL and this library write is read, and what is bent, too costly or
//! too old is refused before any work is done.

#![cfg(feature = "encrypted-pkcs8")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::time::{Duration, Instant};

use countersign::{Error, Jwk, KeyKind, Limits, SecretBytes};

/// PBES2, AES-256-CBC and PBKDF2 with 2048 iterations of HMAC-SHA-256, as OpenSSL 3.0 does it by default.
const DEFAULT: &[u8] = include_bytes!("fixtures/encrypted-default.der");
const PLAIN: &[u8] = include_bytes!("fixtures/p256.pkcs8.der");
const PASSWORD: &[u8] = b"test";

fn read(der: &[u8]) -> Result<Jwk, Error> {
    // Whatever the input asks for, a test takes no longer than this.
    let limits = Limits::default().pkcs8_iterations(4096).pkcs8_memory(4 * 1024 * 1024);
    Jwk::from_encrypted_pkcs8_der_with_limits(der, PASSWORD, &limits)
}

fn code<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

fn kinds() -> Vec<KeyKind> {
    vec![
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::P521,
        KeyKind::Ed25519,
        KeyKind::X25519,
        #[cfg(feature = "es256k")]
        KeyKind::Secp256k1,
    ]
}

#[test]
fn what_is_written_is_read() {
    for kind in kinds() {
        let key = Jwk::generate(kind).unwrap().with_key_id("not in PKCS#8");
        let der = key.expose_encrypted_pkcs8_der(PASSWORD).unwrap();
        let again = Jwk::from_encrypted_pkcs8_der(&der, PASSWORD).unwrap();
        assert_eq!(again.expose_pkcs8_der(), key.expose_pkcs8_der());
        // Salt and initialization vector are new each time.
        assert_ne!(key.expose_encrypted_pkcs8_der(PASSWORD).unwrap(), der);
        let plain = key.expose_pkcs8_der().unwrap();
        assert!(
            !der.windows(16).any(|window| plain.expose_secret().windows(16).any(|plain| plain == window))
        );
        assert_eq!(code(Jwk::from_encrypted_pkcs8_der(&der, b"tesT")), "key_password", "{kind}");
    }
}

/// 600,000 iterations, HMAC with SHA-256, AES-256-CBC.
#[test]
fn what_is_written_is_as_strong_as_said() {
    let der = Jwk::from_pkcs8_der(PLAIN).unwrap().expose_encrypted_pkcs8_der(PASSWORD).unwrap();
    let Parts { salt, iterations, iv, .. } = parts(&der);
    assert_eq!((salt.len(), &*iterations, iv.len()), (16, &[0x09, 0x27, 0xc0][..], 16));
    assert_eq!(rebuilt(&der, &Scheme::of(&der)), der);
    let limits = Limits::default().pkcs8_iterations(600_000);
    assert!(Jwk::from_encrypted_pkcs8_der_with_limits(&der, PASSWORD, &limits).is_ok());
    let limits = Limits::default().pkcs8_iterations(599_999);
    let refused = Jwk::from_encrypted_pkcs8_der_with_limits(&der, PASSWORD, &limits);
    assert_eq!(code(refused), "limit_pkcs8_iterations");
}

#[test]
fn keys_without_a_private_part_and_empty_passwords_are_refused() {
    let key = Jwk::from_pkcs8_der(PLAIN).unwrap();
    assert_eq!(code(key.to_public().unwrap().expose_encrypted_pkcs8_der(PASSWORD)), "key_not_private");
    let secret = Jwk::from_secret(SecretBytes::from(vec![7; 32])).unwrap();
    assert_eq!(code(secret.expose_encrypted_pkcs8_der(PASSWORD)), "key_type");
    assert_eq!(code(key.expose_encrypted_pkcs8_der(b"")), "misuse");
    assert!(key.expose_encrypted_pkcs8_der(b"\0").is_ok());
}

#[test]
fn other_passwords_are_all_refused_alike() {
    assert_eq!(read(DEFAULT).unwrap().expose_pkcs8_der().unwrap().expose_secret(), PLAIN);
    let mut wrong = vec![String::new(), "Test".into(), "test ".into(), "tes".into()];
    // Among some hundreds are those whose padding happens to be right.
    wrong.extend((0..600).map(|number| format!("guess {number}")));
    for password in wrong {
        let error = Jwk::from_encrypted_pkcs8_der(DEFAULT, password.as_bytes()).unwrap_err();
        assert_eq!((error.code(), error.http_status()), ("key_password", 500), "{password:?}");
        assert!(!error.to_string().contains("guess"));
    }
}

#[test]
fn one_form_is_not_read_as_another() {
    assert_eq!(code(Jwk::from_pkcs8_der(DEFAULT)), "encoding");
    assert_eq!(code(read(PLAIN)), "encoding");
    assert_eq!(code(read(include_bytes!("fixtures/p256.spki.der"))), "encoding");
    assert_eq!(code(read(include_bytes!("fixtures/encrypted-default.pem"))), "encoding");
    assert_eq!(code(read(b"")), "encoding");
    assert_eq!(code(read(&vec![0x30; 256 * 1024 + 1])), "limit_key_bytes");
}

#[test]
fn truncated_and_trailing_bytes_are_refused() {
    for len in 0..DEFAULT.len() {
        assert_eq!(code(read(&DEFAULT[..len])), "encoding", "cut to {len}");
    }
    for trailing in [&[0][..], &[0, 0], &[0x30, 0], b"\n"] {
        assert_eq!(code(read(&[DEFAULT, trailing].concat())), "encoding");
    }
    // Inside each sequence too.
    let scheme = Scheme::of(DEFAULT);
    for at in 0..4 {
        assert_eq!(
            code(read(&rebuilt(DEFAULT, &Scheme { trailing_at: Some(at), ..scheme.clone() }))),
            "encoding"
        );
    }
}

/// Whatever single bit is wrong, no other key comes out: the P-256 key has its public part beside it.
#[test]
fn flipped_bits_give_no_other_key() {
    let key = Jwk::from_pkcs8_der(PLAIN).unwrap().thumbprint();
    for at in 0..DEFAULT.len() {
        for bit in 0..8 {
            let mut bent = DEFAULT.to_vec();
            bent[at] ^= 1 << bit;
            match read(&bent) {
                Ok(read) => assert_eq!(read.thumbprint(), key, "at {at}"),
                Err(error) => assert!(!error.is_invalid_token(), "{error}"),
            }
        }
    }
}

// ---- what a file may ask for

/// The derivation in a file, as DER of its numbers.
#[derive(Clone)]
struct Scheme {
    pbes2: Vec<u8>,
    kdf: Vec<u8>,
    salt: Vec<u8>,
    iterations: Vec<u8>,
    key_len: Vec<u8>,
    prf: Vec<u8>,
    cipher: Vec<u8>,
    iv: Vec<u8>,
    /// Instead of all parameters of the derivation.
    parameters: Option<Vec<u8>>,
    ciphertext: Option<Vec<u8>>,
    trailing_at: Option<usize>,
}

const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
const SCRYPT: &[u8] = &[0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11];
const HMAC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2];
const AES: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1];
const NULL: &[u8] = &[5, 0];

impl Scheme {
    fn of(der: &[u8]) -> Self {
        let Parts { salt, iterations, iv, .. } = parts(der);
        Self {
            pbes2: PBES2.to_vec(),
            kdf: PBKDF2.to_vec(),
            salt: tlv(4, &salt),
            iterations,
            key_len: Vec::new(),
            prf: prf(9, NULL),
            cipher: [AES, &[42]].concat(),
            iv: tlv(4, &iv),
            parameters: None,
            ciphertext: None,
            trailing_at: None,
        }
    }

    fn scrypt(n: &[u8], r: &[u8], p: &[u8]) -> Self {
        let parameters = [tlv(4, &[7; 8]), tlv(2, n), tlv(2, r), tlv(2, p)].concat();
        Self { kdf: SCRYPT.to_vec(), parameters: Some(parameters), ..Self::of(DEFAULT) }
    }

    fn with_iterations(iterations: &[u8]) -> Self {
        Self { iterations: iterations.to_vec(), ..Self::of(DEFAULT) }
    }
}

/// The pseudo-random function of that number in RFC 8018 §B.1.
fn prf(number: u8, parameters: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(6, &[HMAC, &[number]].concat()), parameters].concat())
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = u8::try_from(content.len()).unwrap();
    let head = if len < 128 { vec![tag, len] } else { vec![tag, 0x81, len] };
    [&head, content].concat()
}

/// The content of the values that stand one after the other.
fn children(mut der: &[u8]) -> Vec<Vec<u8>> {
    let mut children = Vec::new();
    while !der.is_empty() {
        let (len, head) = if der[1] < 128 { (usize::from(der[1]), 2) } else { (usize::from(der[2]), 3) };
        children.push(der[head..head + len].to_vec());
        der = &der[head + len..];
    }
    children
}

struct Parts {
    salt: Vec<u8>,
    iterations: Vec<u8>,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
}

fn parts(der: &[u8]) -> Parts {
    let [scheme, ciphertext] = &children(&children(der)[0])[..] else { panic!("two values") };
    let parameters = children(&children(scheme)[1]);
    let kdf = children(&children(&parameters[0])[1]);
    let iv = children(&parameters[1])[1].clone();
    Parts { salt: kdf[0].clone(), iterations: kdf[1].clone(), iv, ciphertext: ciphertext.clone() }
}

/// The file with another scheme around its ciphertext.
fn rebuilt(der: &[u8], scheme: &Scheme) -> Vec<u8> {
    let sequence = |at: usize, content: &[Vec<u8>]| {
        let trailing = if scheme.trailing_at == Some(at) { NULL } else { &[] };
        tlv(0x30, &[&content.concat(), trailing].concat())
    };
    let numbers =
        [scheme.salt.clone(), tlv(2, &scheme.iterations), scheme.key_len.clone(), scheme.prf.clone()];
    let kdf_parameters = sequence(3, &[scheme.parameters.clone().unwrap_or(numbers.concat())]);
    let kdf = sequence(2, &[tlv(6, &scheme.kdf), kdf_parameters]);
    let cipher = tlv(0x30, &[tlv(6, &scheme.cipher), scheme.iv.clone()].concat());
    let pbes2 = tlv(0x30, &[tlv(6, &scheme.pbes2), sequence(1, &[kdf, cipher])].concat());
    let ciphertext = scheme.ciphertext.clone().unwrap_or_else(|| parts(der).ciphertext);
    sequence(0, &[pbes2, tlv(4, &ciphertext)])
}

fn code_of(scheme: Scheme) -> &'static str {
    code(read(&rebuilt(DEFAULT, &scheme)))
}

#[test]
fn the_limits_hold_to_the_last_one() {
    let scheme = Scheme::of(DEFAULT);
    assert_eq!(rebuilt(DEFAULT, &scheme), DEFAULT);
    for (iterations, expected) in [
        (&[0x08, 0x00][..], "ok"),
        // Another number derives another key.
        (&[0x08, 0x01], "key_password"),
        (&[0x10, 0x00], "key_password"),
        (&[0x10, 0x01], "limit_pkcs8_iterations"),
        (&[0x7f, 0xff, 0xff, 0xff], "limit_pkcs8_iterations"),
        (&[0x00, 0xff, 0xff, 0xff, 0xff], "limit_pkcs8_iterations"),
        (&[0x01, 0x00, 0x00, 0x08, 0x00, 0x00], "limit_pkcs8_iterations"),
        (&[0x01, 0, 0, 0, 0, 0, 0, 0x08, 0x00], "limit_pkcs8_iterations"),
        (&[0x7f; 20], "limit_pkcs8_iterations"),
        (&[0], "encoding"),
        (&[0xff], "encoding"),
        (&[], "encoding"),
        (&[0x00, 0x08, 0x00], "encoding"),
    ] {
        assert_eq!(code_of(Scheme::with_iterations(iterations)), expected, "{iterations:x?}");
    }
}

/// `N`, `r`, `p`; 128 times their product is 4 MiB at most here, and what is beside 256 KiB.
#[test]
fn scrypt_fills_no_more_than_it_may() {
    let limit = "limit_pkcs8_memory";
    for (n, r, p, expected) in [
        (&[0x10, 0x00][..], &[8][..], &[1][..], "key_password"),
        (&[0x20, 0x00], &[4], &[1], "key_password"),
        (&[0x08, 0x00], &[8], &[2], "key_password"),
        (&[0x10, 0x00], &[9], &[1], limit),
        (&[0x10, 0x00], &[8], &[2], limit),
        (&[0x20, 0x00], &[8], &[1], limit),
        // Few blocks, and many or large ones beside them: once twice the limit, and no faster.
        (&[2], &[1], &[0x07, 0xff], "key_password"),
        (&[2], &[1], &[0x08, 0x00], limit),
        (&[2], &[0x04, 0x00], &[1], "key_password"),
        (&[2], &[0x04, 0x01], &[1], limit),
        (&[2], &[0x40, 0x00], &[1], limit),
        // Each alone, at the edges of what fits a register.
        (&[0x40, 0, 0, 0, 0, 0, 0, 0], &[1], &[1], limit),
        (&[0x00, 0x80, 0, 0, 0, 0, 0, 0, 0], &[1], &[1], limit),
        (&[0x01, 0, 0, 0, 0, 0, 0, 0, 0], &[1], &[1], limit),
        (&[2], &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &[1], limit),
        (&[2], &[1], &[0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], limit),
        (&[2], &[0x01, 0x00, 0x00, 0x00, 0x00], &[0x01, 0x00, 0x00, 0x00, 0x00], limit),
        (&[0x10, 0x01], &[8], &[1], "encoding"),
        (&[0], &[8], &[1], "encoding"),
        (&[1], &[8], &[1], "encoding"),
        (&[0x10, 0x00], &[0], &[1], "encoding"),
        (&[0x10, 0x00], &[8], &[0], "encoding"),
        (&[0x80], &[8], &[1], "encoding"),
    ] {
        assert_eq!(code_of(Scheme::scrypt(n, r, p)), expected, "{n:x?} {r:x?} {p:x?}");
    }
}

/// With the default limits, the largest files that OpenSSL could be told to write are refused in no time.
#[test]
fn refusing_costs_nothing() {
    let start = Instant::now();
    for scheme in [
        Scheme::with_iterations(&[0x00, 0x98, 0x96, 0x81]),
        Scheme::with_iterations(&[0x7f, 0xff, 0xff, 0xff]),
        Scheme::scrypt(&[0x10, 0x00, 0x00], &[8], &[1]),
        Scheme::scrypt(&[0x10, 0x00], &[8], &[0x10, 0x00]),
        // 256 MiB each by the product alone.
        Scheme::scrypt(&[2], &[1], &[0x10, 0x00, 0x00]),
        Scheme::scrypt(&[2], &[0x10, 0x00, 0x00], &[1]),
        Scheme::scrypt(&[0x40, 0, 0, 0, 0, 0, 0, 0], &[0x7f, 0xff], &[0x7f, 0xff]),
    ] {
        let refused = Jwk::from_encrypted_pkcs8_der(&rebuilt(DEFAULT, &scheme), PASSWORD).unwrap_err();
        assert!(refused.code().starts_with("limit_pkcs8_"), "{refused}");
        assert_eq!(refused.http_status(), 500);
    }
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn other_schemes_are_refused_by_name() {
    let scheme = Scheme::of(DEFAULT);
    let unsupported = |scheme: Scheme, says: &str| {
        let error = read(&rebuilt(DEFAULT, &scheme)).unwrap_err();
        assert_eq!((error.code(), error.http_status()), ("unsupported_key", 500), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    };
    // pbeWithMD5AndDES-CBC and pbeWithSHA1And3-KeyTripleDES-CBC.
    unsupported(Scheme { pbes2: [&PBES2[..8], &[3]].concat(), ..scheme.clone() }, "PBES2");
    let pkcs12 = vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 3];
    unsupported(Scheme { pbes2: pkcs12, ..scheme.clone() }, "PBES2");
    // AES-128-GCM, AES-256-ECB, DES-EDE3-CBC.
    for cipher in [[AES, &[6]].concat(), [AES, &[41]].concat(), [&PBES2[..6], &[3, 7]].concat()] {
        unsupported(Scheme { cipher, ..scheme.clone() }, "AES-CBC");
    }
    unsupported(Scheme { kdf: [&PBES2[..8], &[14]].concat(), ..scheme.clone() }, "PBKDF2 or scrypt");
    // HMAC with SHA-1, said and by default, SHA-224, SHA-512/256.
    for prf in [prf(7, NULL), Vec::new(), prf(8, NULL), prf(13, NULL)] {
        unsupported(Scheme { prf, ..scheme.clone() }, "another hash");
    }
}

#[test]
fn bent_parameters_are_refused() {
    let scheme = Scheme::of(DEFAULT);
    // The twins that are in order: the length of the key said, and no parameters of the hash.
    assert_eq!(code_of(Scheme { key_len: tlv(2, &[32]), ..scheme.clone() }), "ok");
    assert_eq!(code_of(Scheme { prf: prf(9, &[]), ..scheme.clone() }), "ok");
    for key_len in [&[16][..], &[24], &[33], &[0], &[0xff], &[0x01, 0x20], &[0x7f; 9]] {
        assert_eq!(code_of(Scheme { key_len: tlv(2, key_len), ..scheme.clone() }), "encoding", "{key_len:?}");
    }
    assert_eq!(code_of(Scheme { prf: prf(9, &[4, 0]), ..scheme.clone() }), "encoding");
    assert_eq!(code_of(Scheme { prf: prf(9, &[5, 1, 0]), ..scheme.clone() }), "encoding");
    for iv in [tlv(4, &[7; 15]), tlv(4, &[7; 17]), tlv(4, &[]), tlv(2, &[7; 16]), Vec::new(), NULL.to_vec()] {
        assert_eq!(code_of(Scheme { iv, ..scheme.clone() }), "encoding");
    }
    // A salt from another source (RFC 8018 §A.2), and none.
    for salt in [tlv(0x30, &tlv(6, PBES2)), tlv(2, &[7; 8]), Vec::new()] {
        assert_eq!(code_of(Scheme { salt, ..scheme.clone() }), "encoding");
    }
    for parameters in [Vec::new(), NULL.to_vec()] {
        assert_eq!(code_of(Scheme { parameters: Some(parameters), ..scheme.clone() }), "encoding");
    }
    for len in [0, 1, 15, 17, 31, 100] {
        assert_eq!(code_of(Scheme { ciphertext: Some(vec![7; len]), ..scheme.clone() }), "encoding", "{len}");
    }
    assert_eq!(code_of(Scheme { ciphertext: Some(vec![7; 16]), ..scheme }), "key_password");
}

// ---- PEM

#[cfg(feature = "pem")]
mod pem {
    use super::*;

    const TEXT: &str = include_str!("fixtures/encrypted-default.pem");

    #[test]
    fn text_is_der_under_a_label() {
        let key = Jwk::from_encrypted_pem(TEXT, PASSWORD).unwrap();
        let text = key.expose_encrypted_pkcs8_pem(PASSWORD).unwrap();
        assert_eq!(Jwk::from_encrypted_pem(&text, PASSWORD).unwrap().expose_json(), key.expose_json());
        assert_eq!(code(Jwk::from_encrypted_pem(&text, b"")), "key_password");
        let limits = Limits::default().pkcs8_iterations(2047);
        let refused = Jwk::from_encrypted_pem_with_limits(TEXT, PASSWORD, &limits);
        assert_eq!(code(refused), "limit_pkcs8_iterations");
        assert_eq!(code(key.expose_encrypted_pkcs8_pem(b"")), "misuse");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            include_str!("fixtures/p256.pkcs8.pem"),
            include_str!("fixtures/bad-encrypted.pkcs1.pem"),
            &TEXT.repeat(2),
            &TEXT.replace("ENCRYPTED ", ""),
            &TEXT.replace("-----END", ""),
            "",
        ] {
            assert_eq!(code(Jwk::from_encrypted_pem(text, PASSWORD)), "encoding", "{text}");
        }
        assert_eq!(code(Jwk::from_encrypted_pem(&" ".repeat(256 * 1024 + 1), PASSWORD)), "limit_key_bytes");
    }

    /// The function without a password says which one to take.
    #[test]
    fn without_a_password_nothing_is_read() {
        let error = Jwk::from_pem(TEXT).unwrap_err();
        assert_eq!(error.code(), "unsupported_key");
        assert!(error.to_string().contains("`Jwk::from_encrypted_pem`"), "{error}");
    }
}
