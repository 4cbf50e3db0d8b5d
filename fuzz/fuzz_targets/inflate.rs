#![no_main]
//! Authentic tokens whose plaintext is said to be compressed: what comes out is never over the limit, is the same under
//! any limit that it fits, and comes back from what the crate compresses itself.

use std::sync::LazyLock;

use countersign::jwe::{DecryptedJwe, JweBuilder, JweDecrypter};
use countersign::{ContentEncryption, DecryptionKey, Error, JweAlgorithm, Limits, decrypt};
use countersign_fuzz::fixtures::decryption_key;
use countersign_fuzz::{Script, check, forge};
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<DecryptionKey> =
    LazyLock::new(|| decryption_key(JweAlgorithm::Dir, "oct-256", ContentEncryption::A256Gcm));

const HEADER: &[u8] = br#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#;

/// More than anything here may become.
const ENOUGH: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let mut script = Script::new(data);
    let (is_ours, limit) = (script.chance(), script.below(1 << 16));
    if is_ours {
        compressed(limit, script);
    } else {
        inflated(limit, script.rest());
    }
});

/// Any bytes, taken for a stream.
fn inflated(limit: usize, stream: &[u8]) {
    let token = forge::direct(HEADER, stream);
    assert!(decrypt(&KEY, &token).is_err(), "nobody asked for it");
    match opened(&token, limit) {
        Ok(decrypted) => {
            let plaintext = decrypted.plaintext().expose_secret();
            assert!(plaintext.len() <= limit, "{} of at most {limit}", plaintext.len());
            // DEFLATE makes at most 1032 bytes of one.
            assert!(plaintext.len() <= stream.len() * 1032);
            for fits in [plaintext.len(), ENOUGH] {
                let again = opened(&token, fits).expect("it fits this limit too");
                assert_eq!(again.plaintext().expose_secret(), plaintext);
            }
            if let Some(less) = plaintext.len().checked_sub(1) {
                assert_eq!(opened(&token, less).expect_err("too long by one").code(), "limit_inflated_bytes");
            }
            // A stream is whole: not without its last byte, and with nothing behind it.
            let shorter = &stream[..stream.len() - 1];
            for other in [shorter, &[stream, &[0]].concat()] {
                let error = opened(&forge::direct(HEADER, other), limit).expect_err("another stream");
                assert!(matches!(error.code(), "deflate" | "limit_inflated_bytes"), "{error}");
            }
        }
        Err(error) => {
            assert!(matches!(error.code(), "deflate" | "limit_inflated_bytes"), "{error}");
            // What is too long under this limit isn't short under a lower one.
            if error.code() == "limit_inflated_bytes" {
                assert!(opened(&token, limit / 2).is_err());
            }
        }
    }
}

/// Any plaintext, some of it again and again.
fn compressed(limit: usize, mut script: Script<'_>) {
    let mut plaintext = Vec::new();
    for _ in 0..script.below(8) {
        let times = script.below(1 << 12);
        let part = script.bytes(32);
        plaintext.extend(part.iter().copied().cycle().take(times));
    }
    plaintext.extend_from_slice(script.rest());

    let sender = KEY.encryption_key().expect("it encrypts too");
    let token = JweBuilder::new(&sender).compress().encrypt(&plaintext).expect("anything can be encrypted");
    match opened(&token, limit) {
        Ok(decrypted) => {
            assert!(plaintext.len() <= limit);
            assert_eq!(decrypted.plaintext().expose_secret(), plaintext);
        }
        Err(error) => {
            assert!(plaintext.len() > limit);
            assert_eq!(error.code(), "limit_inflated_bytes");
        }
    }
    let decrypted = opened(&token, plaintext.len()).expect("it is as long as this");
    assert_eq!(decrypted.plaintext().expose_secret(), plaintext);
}

fn opened(token: &str, limit: usize) -> Result<DecryptedJwe, Error> {
    let limits = Limits::default().token_bytes(16 * ENOUGH).inflated_bytes(limit);
    let opened = JweDecrypter::new([&*KEY]).allow_compression().limits(limits).decrypt(token);
    opened.inspect_err(|error| check::discreet(error, &[token.as_bytes()]))
}
