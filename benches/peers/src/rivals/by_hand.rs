//! What a token takes that is made and read by hand for one key and one purpose: the primitives, base64url, JSON, a
//! random initialization vector; and not one rule. What a library can save lies above it.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig, Simd};
use peers::claims::{Issued, Verified};
use peers::rows::{PLAINTEXTS, variant};
use peers::{Table, keys, rows};
use serde::Deserialize;

use crate::stack::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use crate::stack::hmac;
use crate::stack::rand::{SecureRandom as _, SystemRandom};

pub(crate) const BY_HAND: &str = "by hand";

/// The only claim that the row with borrowed claims asks for.
#[derive(Deserialize)]
struct Borrowed<'a> {
    #[serde(borrow)]
    scope: &'a str,
}

#[derive(Clone)]
struct Base64(Simd);

impl Base64 {
    fn new() -> Self {
        let config = GeneralPurposeConfig::new()
            .with_encode_padding(false)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone);
        Self(Simd::url_safe(config))
    }

    fn append(&self, octets: &[u8], token: &mut Vec<u8>) {
        let start = token.len();
        token.resize(start + base64::encoded_len(octets.len(), false).expect("it is short"), 0);
        self.0.encode_slice(octets, &mut token[start..]).expect("there is room");
    }

    fn read<'a>(&self, text: &str, room: &'a mut [u8]) -> &'a mut [u8] {
        let len = self.0.decode_slice_unchecked(text, room).expect("it is base64url");
        &mut room[..len]
    }
}

pub(crate) fn hs256(table: &mut Table) {
    let (base64, key) = (Base64::new(), hmac::Key::new(hmac::HMAC_SHA256, keys::SECRET));
    let header = base64.0.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let issue = move || {
        let mut claims = Vec::with_capacity(256);
        serde_json::to_writer(&mut claims, &Issued::now()).expect("it is JSON");
        let mut token = Vec::with_capacity(512);
        token.extend_from_slice(header.as_bytes());
        token.push(b'.');
        base64.append(&claims, &mut token);
        let tag = hmac::sign(&key, &token);
        token.push(b'.');
        base64.append(tag.as_ref(), &mut token);
        String::from_utf8(token).expect("it is base64url")
    };
    let token = issue();
    table.raw(variant(&rows::issue("HS256"), BY_HAND), move || {
        black_box(issue());
    });
    let (base64, key) = (Base64::new(), hmac::Key::new(hmac::HMAC_SHA256, keys::SECRET));
    let with_claims = move |token: &str, read: &dyn Fn(&[u8])| {
        let (signed, tag) = token.rsplit_once('.').expect("it has three parts");
        let (_, claims) = signed.split_once('.').expect("it has three parts");
        hmac::verify(&key, signed.as_bytes(), base64.read(tag, &mut [0; 64])).expect("it holds");
        read(base64.read(claims, &mut [0; 512]));
    };
    let (text, verify) = (token.clone(), with_claims.clone());
    table.raw(variant(&rows::verify("HS256"), BY_HAND), move || {
        verify(black_box(&text), &|claims| {
            black_box(serde_json::from_slice::<Verified>(claims).expect("they are the claims"));
        });
    });
    table.raw(variant(&rows::verify("HS256"), "by hand, borrowed"), move || {
        with_claims(black_box(&token), &|claims| {
            black_box(serde_json::from_slice::<Borrowed<'_>>(claims).expect("they are the claims").scope);
        });
    });
}

/// The parts behind the header; the encrypted key and the tag are text of their own.
fn token(base64: &Base64, parts: [&[u8]; 4]) -> Vec<u8> {
    const HEADER: &[u8] = b"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0";
    let len = parts.iter().map(|part| part.len().div_ceil(3) * 4 + 1).sum::<usize>() + HEADER.len();
    let mut token = Vec::with_capacity(len);
    token.extend_from_slice(HEADER);
    for part in parts {
        token.push(b'.');
        base64.append(part, &mut token);
    }
    token
}

fn random<const LEN: usize>() -> [u8; LEN] {
    let mut octets = [0; LEN];
    SystemRandom::new().fill(&mut octets).expect("there is randomness");
    octets
}

/// Reads the parts behind the header; the ciphertext into `content`.
fn parts<'a>(
    base64: &Base64,
    token: &str,
    key: &'a mut [u8; 64],
    iv: &'a mut [u8; 32],
    tag: &'a mut [u8; 32],
) -> (&'a [u8], &'a [u8], Vec<u8>, &'a [u8]) {
    let mut parts = token.split('.').skip(1);
    let mut next = || parts.next().expect("it has five parts");
    let key = base64.read(next(), key);
    let iv = base64.read(next(), iv);
    let content = base64.0.decode(next()).expect("it is base64url");
    (key, iv, content, base64.read(next(), tag))
}

fn seal(key: &LessSafeKey, iv: [u8; 12], plaintext: &[u8]) -> (Vec<u8>, [u8; 16]) {
    let mut content = plaintext.to_vec();
    let nonce = Nonce::assume_unique_for_key(iv);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut content).expect("it seals");
    (content, tag.as_ref().try_into().expect("it has 16 octets"))
}

fn open(key: &LessSafeKey, iv: &[u8], mut content: Vec<u8>, tag: &[u8]) {
    content.extend_from_slice(tag);
    let nonce = Nonce::try_assume_unique_for_key(iv).expect("12 octets");
    black_box(key.open_in_place(nonce, Aad::empty(), &mut content).expect("it opens"));
}

fn aes_256_gcm(key: &[u8]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 octets"))
}

pub(crate) fn dir(table: &mut Table) {
    for (size, len) in PLAINTEXTS {
        let names = ("dir", "A256GCM");
        let plaintext = vec![b'p'; len];
        let (base64, key) = (Base64::new(), aes_256_gcm(keys::SECRET));
        let encrypt = move || {
            let iv = random::<12>();
            let (content, tag) = seal(&key, iv, &plaintext);
            String::from_utf8(token(&base64, [&[], &iv, &content, &tag])).expect("it is base64url")
        };
        let text = encrypt();
        table.raw(variant(&rows::encrypt(names, size), BY_HAND), move || {
            black_box(encrypt());
        });
        let (base64, key) = (Base64::new(), aes_256_gcm(keys::SECRET));
        table.raw(variant(&rows::decrypt(names, size), BY_HAND), move || {
            let (key_room, iv_room, tag_room) = (&mut [0; 64], &mut [0; 32], &mut [0; 32]);
            let (_, iv, content, tag) = parts(&base64, black_box(&text), key_room, iv_room, tag_room);
            open(&key, iv, content, tag);
        });
    }
}

/// ring has no key wrap.
#[cfg(feature = "floor-aws-lc-rs")]
pub(crate) fn key_wrap(table: &mut Table) {
    use crate::stack::key_wrap::{AES_128, AES_256, AesKek, KeyWrap as _};
    for (size, len) in PLAINTEXTS {
        let names = ("A256KW", "A256GCM");
        let plaintext = vec![b'p'; len];
        let base64 = Base64::new();
        let wrap = |content_key: &[u8]| {
            let kek = AesKek::new(&AES_256, keys::SECRET).expect("32 octets");
            let mut wrapped = [0; 40];
            kek.wrap(content_key, &mut wrapped).expect("it wraps");
            wrapped
        };
        let encrypt = move || {
            let drawn = random::<44>();
            let (content_key, iv) = drawn.split_at(32);
            let key = aes_256_gcm(content_key);
            let (content, tag) = seal(&key, iv.try_into().expect("12 octets"), &plaintext);
            let parts: [&[u8]; 4] = [&wrap(content_key), iv, &content, &tag];
            String::from_utf8(token(&base64, parts)).expect("it is base64url")
        };
        let text = encrypt();
        table.raw(variant(&rows::encrypt(names, size), BY_HAND), move || {
            black_box(encrypt());
        });
        let base64 = Base64::new();
        table.raw(variant(&rows::decrypt(names, size), BY_HAND), move || {
            let (key_room, iv_room, tag_room) = (&mut [0; 64], &mut [0; 32], &mut [0; 32]);
            let (wrapped, iv, content, tag) = parts(&base64, black_box(&text), key_room, iv_room, tag_room);
            let kek = AesKek::new(&AES_256, keys::SECRET).expect("32 octets");
            let mut content_key = [0; 32];
            kek.unwrap(wrapped, &mut content_key).expect("it unwraps");
            open(&aes_256_gcm(&content_key), iv, content, tag);
        });

        let names = ("A128KW", "A128CBC-HS256");
        let plaintext = vec![b'p'; len];
        let base64 = Base64::new();
        let encrypt = move || {
            let drawn = random::<48>();
            let (content_key, iv) = drawn.split_at(32);
            let (mac_key, aes_key) = content_key.split_at(16);
            let content = cbc::encrypt(aes_key, iv, &plaintext);
            let tag = cbc::tag(mac_key, iv, &content);
            let kek = AesKek::new(&AES_128, &keys::SECRET[..16]).expect("16 octets");
            let mut wrapped = [0; 40];
            kek.wrap(content_key, &mut wrapped).expect("it wraps");
            let parts: [&[u8]; 4] = [&wrapped, iv, &content, &tag.as_ref()[..16]];
            String::from_utf8(token(&base64, parts)).expect("it is base64url")
        };
        let text = encrypt();
        table.raw(variant(&rows::encrypt(names, size), BY_HAND), move || {
            black_box(encrypt());
        });
        let base64 = Base64::new();
        table.raw(variant(&rows::decrypt(names, size), BY_HAND), move || {
            let (key_room, iv_room, tag_room) = (&mut [0; 64], &mut [0; 32], &mut [0; 32]);
            let (wrapped, iv, content, tag) = parts(&base64, black_box(&text), key_room, iv_room, tag_room);
            let kek = AesKek::new(&AES_128, &keys::SECRET[..16]).expect("16 octets");
            let mut content_key = [0; 32];
            kek.unwrap(wrapped, &mut content_key).expect("it unwraps");
            let (mac_key, aes_key) = content_key.split_at(16);
            assert_eq!(&cbc::tag(mac_key, iv, &content).as_ref()[..16], tag);
            black_box(cbc::decrypt(aes_key, iv, content));
        });
    }
}

#[cfg(feature = "floor-aws-lc-rs")]
mod cbc {
    use crate::stack::cipher::{
        AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
        UnboundCipherKey,
    };
    use crate::stack::hmac;
    use crate::stack::iv::FixedLength;

    pub(super) fn encrypt(key: &[u8], iv: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let key = UnboundCipherKey::new(&AES_128, key).expect("16 octets");
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).expect("a good key");
        let mut content = Vec::with_capacity(plaintext.len() + 16);
        content.extend_from_slice(plaintext);
        let context = EncryptionContext::Iv128(FixedLength::try_from(iv).expect("16 octets"));
        key.less_safe_encrypt(&mut content, context).expect("it encrypts");
        content
    }

    pub(super) fn decrypt(key: &[u8], iv: &[u8], mut content: Vec<u8>) -> Vec<u8> {
        let key = UnboundCipherKey::new(&AES_128, key).expect("16 octets");
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).expect("a good key");
        let context = DecryptionContext::Iv128(FixedLength::try_from(iv).expect("16 octets"));
        let len = key.decrypt(&mut content, context).expect("it decrypts").len();
        content.truncate(len);
        content
    }

    pub(super) fn tag(key: &[u8], iv: &[u8], content: &[u8]) -> hmac::Tag {
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
        mac.update(iv);
        mac.update(content);
        mac.update(&[0; 8]);
        mac.sign()
    }
}
