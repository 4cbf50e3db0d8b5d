//! The floor: what the rows' cryptography costs by itself, with keys parsed once, on octets as long as the token's.
//! No base64url, no JSON, no claims; and of encryption no random initialization vector, but for the nested token. With
//! these, it is by hand.
//!
//! A row has the stack's primitive; where the library uses another one, that too. What `driver/targets.rs` holds ours
//! to has to be the least that does the row: no work that could be left out, and none left out that each token needs.

mod by_hand;

use std::hint::black_box;

use peers::rows::{DALEK, PLAINTEXTS, SIGNATURES};
#[cfg(feature = "floor-aws-lc-rs")]
use peers::rows::{NESTED_ISSUE, NESTED_VERIFY};
use peers::{Table, keys, rows};

#[cfg(feature = "floor-aws-lc-rs")]
use aws_lc_rs as stack;
#[cfg(all(feature = "floor-ring", not(feature = "floor-aws-lc-rs")))]
use ring as stack;

use ed25519_dalek::pkcs8::DecodePublicKey as _;
use stack::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use stack::hmac;
use stack::rand::SystemRandom;
use stack::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaEncoding,
    RsaKeyPair, VerificationAlgorithm,
};

/// As long as the signing input of the rows' tokens.
const MESSAGE: [u8; 351] = [b'x'; 351];

fn main() {
    let mut table = Table::new("floor");
    for name in SIGNATURES {
        match name {
            "HS256" => {
                hs256(&mut table);
                by_hand::hs256(&mut table);
            }
            "RS256" => rsa(&mut table, name, &RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256),
            "PS256" => rsa(&mut table, name, &RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256),
            "ES256" => es256(&mut table),
            "ES384" => es384(&mut table),
            _ => ed25519(&mut table),
        }
    }
    for (size, len) in PLAINTEXTS {
        aes_gcm(&mut table, size, len);
    }
    by_hand::encryptions(&mut table);
    agreement(&mut table);
    #[cfg(feature = "floor-aws-lc-rs")]
    {
        nested(&mut table);
        rsa_oaep(&mut table);
    }
    table.serve();
}

fn hs256(table: &mut Table) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, keys::SECRET);
    let verifying = key.clone();
    let tag = hmac::sign(&key, &MESSAGE);
    table.raw(rows::issue("HS256"), move || {
        black_box(hmac::sign(&key, black_box(&MESSAGE)));
    });
    table.raw(rows::verify("HS256"), move || {
        hmac::verify(&verifying, black_box(&MESSAGE), tag.as_ref()).expect("it holds");
    });
}

fn modulus_len(key: &RsaKeyPair) -> usize {
    #[cfg(feature = "floor-aws-lc-rs")]
    return key.public_modulus_len();
    #[cfg(not(feature = "floor-aws-lc-rs"))]
    key.public().modulus_len()
}

fn rsa(
    table: &mut Table,
    name: &str,
    signing: &'static dyn RsaEncoding,
    verifying: &'static (impl VerificationAlgorithm + 'static),
) {
    let key = RsaKeyPair::from_pkcs8(keys::RSA.pkcs8).expect("a good key");
    let random = SystemRandom::new();
    let mut signature = vec![0; modulus_len(&key)];
    key.sign(signing, &random, &MESSAGE, &mut signature).expect("it signs");
    verification(table, name, verifying, keys::RSA.rsa_pkcs1_public(), signature);
    table.raw(rows::issue(name), move || {
        let mut signature = [0; 256];
        key.sign(signing, &random, black_box(&MESSAGE), &mut signature).expect("it signs");
        black_box(signature);
    });
}

/// The public key is parsed once where the stack can do that; ring parses it at each call.
fn verification(
    table: &mut Table,
    name: &str,
    algorithm: &'static (impl VerificationAlgorithm + 'static),
    public_key: &'static [u8],
    signature: Vec<u8>,
) {
    #[cfg(feature = "floor-aws-lc-rs")]
    let key = stack::signature::ParsedPublicKey::new(algorithm, public_key).expect("a good key");
    #[cfg(feature = "floor-aws-lc-rs")]
    let verify = move || key.verify_sig(black_box(&MESSAGE), &signature).expect("it holds");
    #[cfg(not(feature = "floor-aws-lc-rs"))]
    let key = stack::signature::UnparsedPublicKey::new(algorithm, public_key);
    #[cfg(not(feature = "floor-aws-lc-rs"))]
    let verify = move || key.verify(black_box(&MESSAGE), &signature).expect("it holds");
    table.raw(rows::verify(name), verify);
}

fn es256(table: &mut Table) {
    let random = SystemRandom::new();
    #[cfg(feature = "floor-aws-lc-rs")]
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, keys::P256.pkcs8);
    #[cfg(not(feature = "floor-aws-lc-rs"))]
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, keys::P256.pkcs8, &random);
    let key = key.expect("a good key");
    let signature = key.sign(&random, &MESSAGE).expect("it signs").as_ref().to_vec();
    verification(table, "ES256", &ECDSA_P256_SHA256_FIXED, keys::P256.public(65), signature);
    table.raw(rows::issue("ES256"), move || {
        black_box(key.sign(&random, black_box(&MESSAGE)).expect("it signs"));
    });
}

#[cfg(feature = "floor-aws-lc-rs")]
fn es384(table: &mut Table) {
    use stack::signature::{ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING};
    let random = SystemRandom::new();
    let key =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, keys::P384.pkcs8).expect("a good key");
    let signature = key.sign(&random, &MESSAGE).expect("it signs").as_ref().to_vec();
    verification(table, "ES384", &ECDSA_P384_SHA384_FIXED, keys::P384.public(97), signature);
    table.raw(rows::issue("ES384"), move || {
        black_box(key.sign(&random, black_box(&MESSAGE)).expect("it signs"));
    });
}

/// p384's: ring's own takes more than twice as long to sign.
#[cfg(not(feature = "floor-aws-lc-rs"))]
fn es384(table: &mut Table) {
    use p384::ecdsa::signature::{Signer as _, Verifier as _};
    use p384::ecdsa::{Signature, SigningKey};
    use p384::pkcs8::DecodePrivateKey as _;
    let key: SigningKey =
        p384::SecretKey::from_pkcs8_der(keys::P384.pkcs8).map(SigningKey::from).expect("a good key");
    let signature: Signature = key.sign(&MESSAGE);
    let verifying = *key.verifying_key();
    table.raw(rows::verify("ES384"), move || {
        verifying.verify(black_box(&MESSAGE), &signature).expect("it holds");
    });
    table.raw(rows::issue("ES384"), move || {
        let signature: Signature = key.sign(black_box(&MESSAGE));
        black_box(signature);
    });
}

/// The stack's own verification, and dalek's two: the stacks' own accept keys and signatures with points of small order.
/// dalek's strict one looks for them; the library uses the other on both stacks, and looks for them itself.
fn ed25519(table: &mut Table) {
    let seed = &keys::ED25519.pkcs8[16..48];
    let key = Ed25519KeyPair::from_seed_unchecked(seed).expect("a good key");
    let signature = key.sign(&MESSAGE).as_ref().to_vec();
    let parsed = ed25519_dalek::Signature::from_slice(&signature).expect("64 bytes");
    let strict = ed25519_dalek::VerifyingKey::from_public_key_der(keys::ED25519.spki).expect("a good key");
    verification(table, "EdDSA", &ED25519, keys::ED25519.public(32), signature);
    table.raw(rows::issue("EdDSA"), move || {
        black_box(key.sign(black_box(&MESSAGE)));
    });
    table.raw(rows::variant(&rows::verify("EdDSA"), "dalek, strict"), move || {
        strict.verify_strict(black_box(&MESSAGE), &parsed).expect("it holds");
    });
    table.raw(rows::variant(&rows::verify("EdDSA"), DALEK), move || {
        use ed25519_dalek::Verifier as _;
        strict.verify(black_box(&MESSAGE), &parsed).expect("it holds");
    });
    #[cfg(not(feature = "floor-aws-lc-rs"))]
    {
        use ed25519_dalek::Signer as _;
        use ed25519_dalek::pkcs8::DecodePrivateKey as _;
        let key = ed25519_dalek::SigningKey::from_pkcs8_der(keys::ED25519.pkcs8).expect("a good key");
        table.raw(rows::variant(&rows::issue("EdDSA"), DALEK), move || {
            black_box(key.sign(black_box(&MESSAGE)));
        });
    }
}

fn aes_gcm(table: &mut Table, size: &str, len: usize) {
    let key = || LessSafeKey::new(UnboundKey::new(&AES_256_GCM, keys::SECRET).expect("32 bytes"));
    let nonce = || Nonce::assume_unique_for_key([0; 12]);
    let names = ("dir", "A256GCM");
    let (sealing, opening) = (key(), key());
    let plaintext = vec![b'p'; len];
    let mut ciphertext = plaintext.clone();
    sealing.seal_in_place_append_tag(nonce(), Aad::empty(), &mut ciphertext).expect("it seals");
    table.raw(rows::encrypt(names, size), move || {
        let mut buffer = plaintext.clone();
        let tag = sealing.seal_in_place_separate_tag(nonce(), Aad::empty(), &mut buffer).expect("it seals");
        let _ = black_box((buffer, tag));
    });
    table.raw(rows::decrypt(names, size), move || {
        let mut buffer = ciphertext.clone();
        black_box(opening.open_in_place(nonce(), Aad::empty(), &mut buffer).expect("it opens"));
    });
}

/// A key for once and an agreement to encrypt; to decrypt, the other side's key, which is new in each token, and an
/// agreement. AES-GCM isn't in it.
fn agreement(table: &mut Table) {
    const ROWS: (&str, &str) = ("ECDH-ES", "A256GCM");
    let (encrypt, decrypt) = (rows::encrypt(ROWS, "256 B"), rows::decrypt(ROWS, "256 B"));
    #[cfg(feature = "floor-aws-lc-rs")]
    {
        use stack::agreement::{ECDH_P256, ParsedPublicKey, PrivateKey, UnparsedPublicKey, agree};
        let peer = UnparsedPublicKey::new(&ECDH_P256, keys::P256.public(65));
        let theirs = ParsedPublicKey::try_from(peer).expect("a good key");
        let own = PrivateKey::generate(&ECDH_P256).expect("there is randomness");
        table.raw(encrypt, move || {
            let key = PrivateKey::generate(&ECDH_P256).expect("there is randomness");
            black_box(key.compute_public_key().expect("it has one"));
            agree(&key, theirs.clone(), stack::error::Unspecified, shared).expect("it agrees");
        });
        table.raw(decrypt, move || {
            agree(&own, black_box(peer), stack::error::Unspecified, shared).expect("it agrees");
        });
    }
    #[cfg(not(feature = "floor-aws-lc-rs"))]
    {
        use p256::ecdh::diffie_hellman;
        use p256::pkcs8::DecodePrivateKey as _;
        use stack::rand::SecureRandom as _;
        let peer = || p256::PublicKey::from_sec1_bytes(black_box(keys::P256.public(65))).expect("a good key");
        let own = p256::SecretKey::from_pkcs8_der(keys::P256.pkcs8).expect("a good key");
        let theirs = peer();
        table.raw(encrypt, move || {
            let mut once = [0; 32];
            SystemRandom::new().fill(&mut once).expect("there is randomness");
            let once = p256::SecretKey::from_slice(&once).expect("all but one in 2^32 are below the order");
            black_box(once.public_key());
            black_box(diffie_hellman(once.to_nonzero_scalar(), theirs.as_affine()));
        });
        table.raw(decrypt, move || {
            black_box(diffie_hellman(own.to_nonzero_scalar(), peer().as_affine()));
        });
    }
}

#[cfg(feature = "floor-aws-lc-rs")]
fn shared(secret: &[u8]) -> Result<(), stack::error::Unspecified> {
    black_box(secret);
    Ok(())
}

/// All of a nested token's cryptography: a signature, and an agreement with a key that is new in each token, the key
/// derived from it, the content's key and the content; and back. Keys and initialization vector are drawn for each.
#[cfg(feature = "floor-aws-lc-rs")]
fn nested(table: &mut Table) {
    use aes_kw::{KeyInit as _, KwAes256};
    use by_hand::{Content as _, Gcm};
    use sha2::{Digest as _, Sha256};
    use stack::agreement::{ECDH_P256, ParsedPublicKey, PrivateKey, UnparsedPublicKey, agree};
    use stack::rand::SecureRandom as _;
    // RFC 7518 §4.6.2: one round of the key derivation, and no party's name in it.
    const ROUND: &[u8] = &[0, 0, 0, 1];
    const NAMES: &[u8] = b"\0\0\0\x0eECDH-ES+A256KW\0\0\0\0\0\0\0\0\0\0\x01\0";
    const HEADER: [u8; 200] = [b'h'; 200];
    let signing =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, keys::P256.pkcs8).expect("a good key");
    let signature = signing.sign(&SystemRandom::new(), &MESSAGE).expect("it signs");
    let verifying = stack::signature::ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, keys::P256.public(65));
    let verifying = verifying.expect("a good key");
    let peer = UnparsedPublicKey::new(&ECDH_P256, keys::P256.public(65));
    let theirs = ParsedPublicKey::try_from(peer).expect("a good key");
    let own = PrivateKey::generate(&ECDH_P256).expect("there is randomness");
    fn derive(secret: &[u8]) -> Result<KwAes256, stack::error::Unspecified> {
        let key = Sha256::new().chain_update(ROUND).chain_update(secret).chain_update(NAMES).finalize();
        Ok(KwAes256::new(&key))
    }
    let with_peer =
        move || agree(&own, black_box(peer), stack::error::Unspecified, derive).expect("it agrees");
    let mut wrapped = [0; 40];
    with_peer().wrap_key(keys::SECRET, &mut wrapped).expect("there is room");
    // As long as the signed token.
    let plain = vec![b't'; MESSAGE.len() + 1 + 86];
    let mut content = plain.clone();
    let tag = Gcm::new(keys::SECRET).seal(&[0; 12], &HEADER, &mut content);
    content.extend_from_slice(&tag);
    table.raw(NESTED_ISSUE, move || {
        let random = SystemRandom::new();
        black_box(signing.sign(&random, black_box(&MESSAGE)).expect("it signs"));
        let once = PrivateKey::generate(&ECDH_P256).expect("there is randomness");
        black_box(once.compute_public_key().expect("it has one"));
        let key = agree(&once, theirs.clone(), stack::error::Unspecified, derive).expect("it agrees");
        let mut drawn = [0; 44];
        random.fill(&mut drawn).expect("there is randomness");
        let (content_key, iv) = drawn.split_at(32);
        let mut wrapped = [0; 40];
        black_box(key.wrap_key(content_key, &mut wrapped).expect("there is room"));
        let mut content = plain.clone();
        black_box(Gcm::new(content_key).seal(iv, &HEADER, &mut content));
        black_box(content);
    });
    table.raw(NESTED_VERIFY, move || {
        let mut content_key = [0; 32];
        with_peer().unwrap_key(black_box(&wrapped), &mut content_key).expect("it was wrapped");
        let mut content = content.clone();
        black_box(Gcm::new(&content_key).open(&[0; 12], &HEADER, &mut content));
        verifying.verify_sig(black_box(&MESSAGE), signature.as_ref()).expect("it holds");
    });
}

#[cfg(feature = "floor-aws-lc-rs")]
fn rsa_oaep(table: &mut Table) {
    use stack::rsa::{
        OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
        PublicEncryptingKey,
    };
    const ROWS: (&str, &str) = ("RSA-OAEP-256", "A256GCM");
    let key = PublicEncryptingKey::from_der(keys::RSA.spki).expect("a good key");
    let sealing = OaepPublicEncryptingKey::new(key).expect("a good key");
    let key = PrivateDecryptingKey::from_pkcs8(keys::RSA.pkcs8).expect("a good key");
    let opening = OaepPrivateDecryptingKey::new(key).expect("a good key");
    let mut ciphertext = [0; 256];
    sealing.encrypt(&OAEP_SHA256_MGF1SHA256, keys::SECRET, &mut ciphertext, None).expect("it seals");
    table.raw(rows::encrypt(ROWS, "256 B"), move || {
        let mut buffer = [0; 256];
        sealing.encrypt(&OAEP_SHA256_MGF1SHA256, keys::SECRET, &mut buffer, None).expect("it seals");
        black_box(buffer);
    });
    table.raw(rows::decrypt(ROWS, "256 B"), move || {
        let mut buffer = [0; 256];
        opening
            .decrypt(&OAEP_SHA256_MGF1SHA256, black_box(&ciphertext), &mut buffer, None)
            .expect("it opens");
        black_box(buffer);
    });
}
