//! The keys that everyone has: those of the library's own tests, in the forms that the rivals read.

/// The secret of HS256, and of 32-byte AES keys.
pub const SECRET: &[u8; 32] = b"\x8f\x1d\x02\xc6\x5e\x90\x37\xab\x44\x19\xfe\x73\x2c\x68\xd0\x9a\
\x15\xbe\x61\x07\xf3\x4a\x88\x2d\xc9\x56\xe0\x3b\x97\x7c\x21\xda";
/// The key of A128KW.
pub const SECRET_128: &[u8; 16] = b"\x3e\x99\x04\xd7\x6a\x51\xbc\x28\xf0\x8d\x13\x47\xc2\x7e\xa5\x60";

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/", $name))
    };
}

macro_rules! fixture_text {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/", $name))
    };
}

/// A key pair in the forms that there are.
pub struct KeyPair {
    pub pkcs8: &'static [u8],
    pub pkcs8_pem: &'static str,
    pub spki: &'static [u8],
    pub spki_pem: &'static str,
}

pub const RSA: KeyPair = KeyPair {
    pkcs8: fixture!("rsa2048.pkcs8.der"),
    pkcs8_pem: fixture_text!("rsa2048.pkcs8.pem"),
    spki: fixture!("rsa2048.spki.der"),
    spki_pem: fixture_text!("rsa2048.spki.pem"),
};

pub const P256: KeyPair = KeyPair {
    pkcs8: fixture!("p256.pkcs8.der"),
    pkcs8_pem: fixture_text!("p256.pkcs8.pem"),
    spki: fixture!("p256.spki.der"),
    spki_pem: fixture_text!("p256.spki.pem"),
};

pub const P384: KeyPair = KeyPair {
    pkcs8: fixture!("p384.pkcs8.der"),
    pkcs8_pem: fixture_text!("p384.pkcs8.pem"),
    spki: fixture!("p384.spki.der"),
    spki_pem: fixture_text!("p384.spki.pem"),
};

pub const ED25519: KeyPair = KeyPair {
    pkcs8: fixture!("ed25519.pkcs8.der"),
    pkcs8_pem: fixture_text!("ed25519.pkcs8.pem"),
    spki: fixture!("ed25519.spki.der"),
    spki_pem: fixture_text!("ed25519.spki.pem"),
};

impl KeyPair {
    /// The point or public key alone: the last so many bytes of its SPKI.
    #[must_use]
    pub fn public(&self, len: usize) -> &'static [u8] {
        &self.spki[self.spki.len() - len..]
    }

    /// What is past the header of a 2048-bit RSA key's SPKI: the key in PKCS#1.
    #[must_use]
    pub fn rsa_pkcs1_public(&self) -> &'static [u8] {
        &self.spki[24..]
    }
}

/// The JWK of the P-256 key under so many names, as a JWK set: finding goes by the name, and what is found has to
/// verify.
#[must_use]
pub fn jwk_set(size: usize) -> String {
    let (x, y) = P256.public(64).split_at(32);
    let (x, y) = (base64url(x), base64url(y));
    let key = |index| {
        format!(
            r#"{{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"{}","x":"{x}","y":"{y}"}}"#,
            key_id(index)
        )
    };
    let keys: Vec<String> = (0..size).map(key).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// The name of a key of [`jwk_set`].
#[must_use]
pub fn key_id(index: usize) -> String {
    format!("2026-11-{index:04}")
}

/// The name that the token of a set this large has: of the key in its middle.
#[must_use]
pub fn named_key(size: usize) -> String {
    key_id(size / 2)
}

/// base64url without padding. Not timed anywhere.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for position in 0..=chunk.len() {
            let index = (group >> (18 - 6 * position)) & 63;
            text.push(char::from(ALPHABET[usize::try_from(index).expect("it is below 64")]));
        }
    }
    text
}
