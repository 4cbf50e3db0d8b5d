// RSA, for the stack named `stack`.

use super::super::{OaepHash, RsaPadding};
use super::rsa_keys::{self, CONTENT_KEY, MESSAGE};
use super::{RSA_2048, bad_rsa_keys, good_rsa_keys};

const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];
const OAEP_HASHES: [OaepHash; 4] = [OaepHash::Sha1, OaepHash::Sha256, OaepHash::Sha384, OaepHash::Sha512];

fn rsa_verifying_key(padding: RsaPadding, hash: Hash) -> stack::RsaVerifyingKey {
    stack::RsaVerifyingKey::new(padding, hash, &RSA_2048.n, &RSA_2048.e).unwrap()
}

#[test]
fn rsa_recorded_signatures() {
    let pkcs1 = rsa_verifying_key(RsaPadding::Pkcs1, Hash::Sha256);
    let pss = rsa_verifying_key(RsaPadding::Pss, Hash::Sha256);
    pkcs1.verify(MESSAGE, &unhex(rsa_keys::PKCS1_SIGNATURE)).unwrap();
    pss.verify(MESSAGE, &unhex(rsa_keys::PSS_SIGNATURE)).unwrap();
    // PKCS #1 v1.5 has one signature for a message.
    let signing = stack::RsaSigningKey::new(RsaPadding::Pkcs1, Hash::Sha256, &RSA_2048).unwrap();
    assert_eq!(signing.sign(MESSAGE).unwrap().as_ref(), unhex(rsa_keys::PKCS1_SIGNATURE));
    // RFC 7518 §3.5: "The size of the salt value is the same size as the hash function output."
    for wrong in
        [rsa_keys::PSS_SIGNATURE_SALT_20, rsa_keys::PSS_SIGNATURE_SALT_0, rsa_keys::PSS_SIGNATURE_SALT_MAX]
    {
        assert!(pss.verify(MESSAGE, &unhex(wrong)).is_err());
    }
    assert!(pkcs1.verify(MESSAGE, &unhex(rsa_keys::PSS_SIGNATURE)).is_err());
    assert!(pss.verify(MESSAGE, &unhex(rsa_keys::PKCS1_SIGNATURE)).is_err());
}

#[test]
fn rsa_signatures() {
    for padding in [RsaPadding::Pkcs1, RsaPadding::Pss] {
        for hash in HASHES {
            let signing = stack::RsaSigningKey::new(padding, hash, &RSA_2048).unwrap();
            let verifying = rsa_verifying_key(padding, hash);
            let signature = signing.sign(b"message").unwrap();
            let signature = signature.as_ref();
            assert_eq!(signature.len(), RSA_2048.n.len());
            verifying.verify(b"message", signature).unwrap();
            assert!(verifying.verify(b"massage", signature).is_err());
            let refused = |signature: &[u8]| verifying.verify(b"message", signature).is_err();
            assert!(refused(&[]));
            assert!(refused(&signature[1..]));
            assert!(refused(&signature[..255]));
            assert!(refused(&[&[0], signature].concat()));
            assert!(refused(&[signature, &[0]].concat()));
            assert!(refused(&vec![0; 256]));
            assert!(refused(&[&vec![0; 255][..], &[1]].concat()));
            assert!(refused(&RSA_2048.n));
            assert!(refused(&vec![0xff; 256]));
            assert!(refused(&vec![0xff; 3000]));
            for at in (0..256).step_by(17) {
                let mut forged = signature.to_vec();
                forged[at] ^= 1;
                assert!(refused(&forged));
            }
            for other in HASHES.into_iter().filter(|other| *other != hash) {
                assert!(rsa_verifying_key(padding, other).verify(b"message", signature).is_err());
            }
        }
    }
}

#[test]
fn rsa_good_keys() {
    for (what, key) in good_rsa_keys() {
        assert!(stack::check_rsa_private(&key).is_ok(), "{what}");
        let signing = stack::RsaSigningKey::new(RsaPadding::Pss, Hash::Sha512, &key).unwrap();
        let signature = signing.sign(b"message").unwrap();
        stack::RsaVerifyingKey::new(RsaPadding::Pss, Hash::Sha512, &key.n, &key.e)
            .unwrap()
            .verify(b"message", signature.as_ref())
            .unwrap();
    }
}

#[test]
fn rsa_bad_keys() {
    for (what, key) in bad_rsa_keys() {
        assert!(stack::check_rsa_private(&key).is_err(), "{what}");
        // A key whose relations hold over composite "primes" is found out by its first signature.
        if what != "p composite" {
            assert!(stack::RsaSigningKey::new(RsaPadding::Pkcs1, Hash::Sha256, &key).is_err(), "{what}");
            assert!(stack::RsaOaepPrivateKey::new(OaepHash::Sha256, &key).is_err(), "{what}");
        }
    }
}

#[test]
fn rsa_public_bounds() {
    let with_bits = |bits: usize| {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] = 0xff >> (bits.div_ceil(8) * 8 - bits);
        n
    };
    let accepts = |n: &[u8], e: &[u8]| {
        let verifying = stack::RsaVerifyingKey::new(RsaPadding::Pkcs1, Hash::Sha256, n, e);
        if let Ok(key) = &verifying {
            assert!(key.verify(b"message", &vec![1; n.len()]).is_err());
        }
        if stack::HAS_RSA_OAEP {
            let encrypting = stack::RsaOaepPublicKey::new(OaepHash::Sha256, n, e);
            assert_eq!(encrypting.is_ok(), verifying.is_ok());
            if let Ok(key) = &encrypting {
                assert_eq!(key.encrypt(b"content key").unwrap().len(), n.len());
            }
        }
        verifying.is_ok()
    };
    for bits in [2048, 2049, 3072, 4096, 8191, 8192] {
        assert!(accepts(&with_bits(bits), &[1, 0, 1]), "{bits} bits");
    }
    for bits in [1, 8, 1024, 2040, 2047, 8193, 16384] {
        assert!(!accepts(&with_bits(bits), &[1, 0, 1]), "{bits} bits");
    }
    let n = with_bits(2048);
    for e in [&[3][..], &[17], &[1, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff]] {
        assert!(accepts(&n, e), "{e:?}");
    }
    for e in
        [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[0, 3], &[2, 0, 0, 0, 1], &[1, 0, 0, 0, 0, 1], &[0xff; 300]]
    {
        assert!(!accepts(&n, e), "{e:?}");
    }
    assert!(!accepts(&[], &[3]));
    assert!(!accepts(&[&[0], n.as_slice()].concat(), &[3]));
    let mut even = n.clone();
    even[255] = 0xfe;
    assert!(!accepts(&even, &[3]));
}

#[test]
fn rsa_generation() {
    for bits in [0, 1024, 2047, 2049, 8192, usize::MAX] {
        assert!(stack::generate_rsa(bits).is_err(), "{bits}");
    }
    if !stack::HAS_RSA_GENERATION {
        assert!(stack::generate_rsa(2048).is_err());
        return;
    }
    let key = stack::generate_rsa(2048).unwrap();
    stack::check_rsa_private(&key).unwrap();
    assert_eq!(key.e, [1, 0, 1]);
    assert_ne!(key.n, stack::generate_rsa(2048).unwrap().n);
}

#[test]
fn rsa_oaep() {
    if !stack::HAS_RSA_OAEP {
        assert!(stack::RsaOaepPublicKey::new(OaepHash::Sha1, &RSA_2048.n, &RSA_2048.e).is_err());
        assert!(stack::RsaOaepPrivateKey::new(OaepHash::Sha1, &RSA_2048).is_err());
        return;
    }
    let recorded = [rsa_keys::OAEP_SHA1, rsa_keys::OAEP_SHA256, rsa_keys::OAEP_SHA384, rsa_keys::OAEP_SHA512];
    for (hash, recorded) in OAEP_HASHES.into_iter().zip(recorded) {
        let private = stack::RsaOaepPrivateKey::new(hash, &RSA_2048).unwrap();
        let public = stack::RsaOaepPublicKey::new(hash, &RSA_2048.n, &RSA_2048.e).unwrap();
        assert_eq!(private.decrypt(&unhex(recorded)).unwrap().expose_secret(), CONTENT_KEY);
        let hash_len = match hash {
            OaepHash::Sha1 => 20,
            OaepHash::Sha256 => 32,
            OaepHash::Sha384 => 48,
            OaepHash::Sha512 => 64,
        };
        let most = 256 - 2 * hash_len - 2;
        for len in [0, 1, 16, 64, most] {
            let ciphertext = public.encrypt(&vec![5; len]).unwrap();
            assert_eq!(ciphertext.len(), 256);
            assert_eq!(private.decrypt(&ciphertext).unwrap().expose_secret(), vec![5; len]);
        }
        assert!(public.encrypt(&vec![5; most + 1]).is_err());
        assert!(public.encrypt(&vec![5; 3000]).is_err());

        let ciphertext = public.encrypt(CONTENT_KEY).unwrap();
        assert_ne!(ciphertext, public.encrypt(CONTENT_KEY).unwrap());
        let refused = |ciphertext: &[u8]| private.decrypt(ciphertext).is_err();
        for at in (0..256).step_by(51) {
            let mut forged = ciphertext.clone();
            forged[at] ^= 1;
            assert!(refused(&forged));
        }
        assert!(refused(&[]));
        assert!(refused(&ciphertext[..255]));
        assert!(refused(&[&[0], ciphertext.as_slice()].concat()));
        assert!(refused(&[ciphertext.as_slice(), &[0]].concat()));
        assert!(refused(&vec![0; 256]));
        assert!(refused(&vec![0xff; 256]));
        assert!(refused(&RSA_2048.n));
        for other in OAEP_HASHES.into_iter().filter(|other| *other != hash) {
            let other = stack::RsaOaepPrivateKey::new(other, &RSA_2048).unwrap();
            assert!(other.decrypt(&ciphertext).is_err());
        }
    }
}
