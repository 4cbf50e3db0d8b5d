//! What a token takes that is made and read by hand for one key and one purpose: the primitives, base64url, JSON, a
//! random initialization vector; and not one rule. Most of what a library can save lies above it.
//!
//! Of the primitives it has the fastest of those that the library uses: HMAC, AES key wrap and AES-CBC are RustCrypto's
//! on both stacks, AES-GCM and randomness are the stack's.

use std::hint::black_box;

use aes_kw::{KeyInit as _, KwAes128, KwAes256};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig, Simd};
use hmac::{Hmac, Mac as _};
use peers::claims::Issued;
use peers::rows::{BY_HAND, BY_HAND_BORROWED, PLAINTEXTS, variant};
use peers::{Table, keys, rows};
use serde::Deserialize;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::stack::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use crate::stack::rand::{SecureRandom as _, SystemRandom};

/// The claims as the token has them.
#[derive(Deserialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: u64,
    iat: u64,
    jti: &'a str,
    scope: &'a str,
}

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

fn hs256_key() -> Hmac<Sha256> {
    Hmac::new_from_slice(keys::SECRET).expect("any length is good")
}

pub(crate) fn hs256(table: &mut Table) {
    let (base64, key) = (Base64::new(), hs256_key());
    let header = base64.0.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let issue = move || {
        let mut claims = Vec::with_capacity(256);
        serde_json::to_writer(&mut claims, &Issued::now()).expect("it is JSON");
        let mut token = Vec::with_capacity(512);
        token.extend_from_slice(header.as_bytes());
        token.push(b'.');
        base64.append(&claims, &mut token);
        let tag = key.clone().chain_update(&token).finalize().into_bytes();
        token.push(b'.');
        base64.append(&tag, &mut token);
        token
    };
    let token = String::from_utf8(issue()).expect("it is base64url");
    table.raw(variant(&rows::issue("HS256"), BY_HAND), move || {
        black_box(issue());
    });
    let (base64, key) = (Base64::new(), hs256_key());
    let with_claims = move |token: &str, read: &dyn Fn(&str)| {
        let (signed, tag) = token.rsplit_once('.').expect("it has three parts");
        let (_, claims) = signed.split_once('.').expect("it has three parts");
        let mac = key.clone().chain_update(signed);
        mac.verify_slice(base64.read(tag, &mut [0; 64])).expect("it holds");
        read(std::str::from_utf8(base64.read(claims, &mut [0; 512])).expect("it is UTF-8"));
    };
    let (text, verify) = (token.clone(), with_claims.clone());
    table.raw(variant(&rows::verify("HS256"), BY_HAND), move || {
        verify(black_box(&text), &|claims| {
            let claims: Claims<'_> = serde_json::from_str(claims).expect("they are the claims");
            black_box((claims.iss, claims.aud, claims.exp, claims.iat));
            // What an application goes on with is its own.
            black_box([claims.sub, claims.jti, claims.scope].map(str::to_owned));
        });
    });
    table.raw(variant(&rows::verify("HS256"), BY_HAND_BORROWED), move || {
        with_claims(black_box(&token), &|claims| {
            black_box(serde_json::from_str::<Borrowed<'_>>(claims).expect("they are the claims").scope);
        });
    });
}

/// Draws what is random in a token, at once.
fn random(octets: &mut [u8]) {
    SystemRandom::new().fill(octets).expect("there is randomness");
}

/// Encryption of the content, all of whose keys have 32 octets here and all of whose tags have 16.
pub(crate) trait Content: Send + Sync + 'static {
    const IV: usize;

    fn new(key: &[u8]) -> Self;

    /// Encrypts in place and gives the tag.
    fn seal(&self, iv: &[u8], header: &[u8], content: &mut Vec<u8>) -> [u8; 16];

    /// Decrypts in place what has its tag behind it.
    fn open<'a>(&self, iv: &[u8], header: &[u8], content: &'a mut [u8]) -> &'a [u8];
}

pub(crate) struct Gcm(LessSafeKey);

impl Content for Gcm {
    const IV: usize = 12;

    fn new(key: &[u8]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 octets")))
    }

    fn seal(&self, iv: &[u8], header: &[u8], content: &mut Vec<u8>) -> [u8; 16] {
        let nonce = Nonce::try_assume_unique_for_key(iv).expect("12 octets");
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(header), content).expect("it seals");
        tag.as_ref().try_into().expect("it has 16 octets")
    }

    fn open<'a>(&self, iv: &[u8], header: &[u8], content: &'a mut [u8]) -> &'a [u8] {
        let nonce = Nonce::try_assume_unique_for_key(iv).expect("12 octets");
        self.0.open_in_place(nonce, Aad::from(header), content).expect("it opens")
    }
}

/// RFC 7518 §5.2.
struct CbcHmac {
    mac: Hmac<Sha256>,
    cipher: aes::Aes128,
}

impl CbcHmac {
    fn tag(&self, iv: &[u8], header: &[u8], content: &[u8]) -> [u8; 16] {
        let mut mac = self.mac.clone();
        let bits = 8 * u64::try_from(header.len()).expect("it is short");
        for part in [header, iv, content, &bits.to_be_bytes()] {
            mac.update(part);
        }
        mac.finalize().into_bytes()[..16].try_into().expect("it has 32 octets")
    }
}

impl Content for CbcHmac {
    const IV: usize = 16;

    fn new(key: &[u8]) -> Self {
        let (mac, cipher) = key.split_at(16);
        Self {
            mac: Hmac::new_from_slice(mac).expect("any length is good"),
            cipher: aes::Aes128::new_from_slice(cipher).expect("16 octets"),
        }
    }

    fn seal(&self, iv: &[u8], header: &[u8], content: &mut Vec<u8>) -> [u8; 16] {
        use cbc::cipher::{BlockModeEncrypt as _, InnerIvInit as _, block_padding::Pkcs7};
        let len = content.len();
        content.resize((len / 16 + 1) * 16, 0);
        let iv_block: &[u8; 16] = iv.try_into().expect("16 octets");
        let cbc = cbc::Encryptor::inner_iv_init(&self.cipher, iv_block.into());
        cbc.encrypt_padded::<Pkcs7>(content, len).expect("there is room");
        self.tag(iv, header, content)
    }

    fn open<'a>(&self, iv: &[u8], header: &[u8], content: &'a mut [u8]) -> &'a [u8] {
        use cbc::cipher::{BlockModeDecrypt as _, InnerIvInit as _, block_padding::Pkcs7};
        let (content, tag) = content.split_at_mut(content.len() - 16);
        assert!(bool::from(self.tag(iv, header, content).ct_eq(tag)), "it holds");
        let iv: &[u8; 16] = iv.try_into().expect("16 octets");
        let cbc = cbc::Decryptor::inner_iv_init(&self.cipher, iv.into());
        cbc.decrypt_padded::<Pkcs7>(content).expect("it opens")
    }
}

/// The key of the content, as a token has it: encrypted under one of these, or not at all.
enum Management<C> {
    Direct(C),
    Wrap128(KwAes128),
    Wrap256(KwAes256),
}

const WRAPPED: usize = 40;

impl<C: Content> Management<C> {
    fn wrap(&self, content_key: &[u8], wrapped: &mut [u8; WRAPPED]) {
        let wrapped = match self {
            Self::Wrap128(key) => key.wrap_key(content_key, wrapped),
            Self::Wrap256(key) => key.wrap_key(content_key, wrapped),
            Self::Direct(_) => return,
        };
        wrapped.expect("there is room");
    }

    fn unwrap(&self, wrapped: &[u8]) -> C {
        let mut content_key = [0; 32];
        let unwrapped = match self {
            Self::Wrap128(key) => key.unwrap_key(wrapped, &mut content_key),
            Self::Wrap256(key) => key.unwrap_key(wrapped, &mut content_key),
            Self::Direct(_) => unreachable!("it has its key"),
        };
        unwrapped.expect("it was wrapped with the same key");
        C::new(&content_key)
    }

    /// A token, as octets.
    fn encrypt(&self, base64: &Base64, header: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut drawn = [0; 48];
        let drawn = match self {
            Self::Direct(_) => &mut drawn[32..32 + C::IV],
            _ => &mut drawn[..32 + C::IV],
        };
        random(drawn);
        let (content_key, iv) = drawn.split_at(drawn.len() - C::IV);
        let mut content = Vec::with_capacity(plaintext.len() + 16);
        content.extend_from_slice(plaintext);
        let mut wrapped = [0; WRAPPED];
        let (wrapped, tag) = match self {
            Self::Direct(key) => (&[][..], key.seal(iv, header, &mut content)),
            _ => {
                self.wrap(content_key, &mut wrapped);
                (&wrapped[..], C::new(content_key).seal(iv, header, &mut content))
            }
        };
        let parts = [wrapped, iv, &content, &tag];
        let len = parts.iter().map(|part| part.len().div_ceil(3) * 4 + 1).sum::<usize>() + header.len();
        let mut token = Vec::with_capacity(len);
        token.extend_from_slice(header);
        for part in parts {
            token.push(b'.');
            base64.append(part, &mut token);
        }
        token
    }

    fn decrypt(&self, base64: &Base64, token: &str) {
        // From both ends: nobody has to look for a dot in the ciphertext.
        let mut parts = token.splitn(4, '.');
        let mut next = || parts.next().expect("it has five parts");
        let header = next().as_bytes();
        let (mut wrapped, mut iv) = ([0; 64], [0; 32]);
        let wrapped = base64.read(next(), &mut wrapped);
        let iv = base64.read(next(), &mut iv);
        let (text, tag) = next().rsplit_once('.').expect("it has five parts");
        let mut content = Vec::with_capacity(base64::decoded_len_estimate(text.len()) + 32);
        base64.0.decode_vec(text, &mut content).expect("it is base64url");
        base64.0.decode_vec(tag, &mut content).expect("it is base64url");
        black_box(match self {
            Self::Direct(key) => key.open(iv, header, &mut content),
            _ => self.unwrap(wrapped).open(iv, header, &mut content),
        });
    }
}

pub(crate) fn encryptions(table: &mut Table) {
    let wrap_128 = || KwAes128::new_from_slice(keys::SECRET_128).expect("16 octets");
    let wrap_256 = || KwAes256::new_from_slice(keys::SECRET).expect("32 octets");
    encryption(table, ("dir", "A256GCM"), || Management::Direct(Gcm::new(keys::SECRET)));
    encryption(table, ("A256KW", "A256GCM"), || Management::<Gcm>::Wrap256(wrap_256()));
    encryption(table, ("A128KW", "A128CBC-HS256"), || Management::<CbcHmac>::Wrap128(wrap_128()));
}

fn encryption<C: Content>(table: &mut Table, names: (&str, &str), management: impl Fn() -> Management<C>) {
    for (size, len) in PLAINTEXTS {
        let plaintext = vec![b'p'; len];
        let (base64, key) = (Base64::new(), management());
        let header = base64.0.encode(format!(r#"{{"alg":"{}","enc":"{}"}}"#, names.0, names.1));
        let encrypt = move || key.encrypt(&base64, header.as_bytes(), &plaintext);
        let token = String::from_utf8(encrypt()).expect("it is base64url");
        table.raw(variant(&rows::encrypt(names, size), BY_HAND), move || {
            black_box(encrypt());
        });
        let (base64, key) = (Base64::new(), management());
        table.raw(variant(&rows::decrypt(names, size), BY_HAND), move || {
            key.decrypt(&base64, black_box(&token));
        });
    }
}
