//! Each stack against the other, in both directions: what one makes the other reads.

use super::super::{EcCurve, Ed25519VerifyingKey, Hash, OaepHash, RsaPadding, aws_lc, ring};
use super::{RSA_2048, bad_rsa_keys, good_rsa_keys};

/// Makes two tests: `$one` is one stack and `$other` the other, then the other way round.
macro_rules! both_ways {
    ($name:ident, $one:ident, $other:ident, $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "not every body needs more than the stacks")]
            use super::*;

            #[test]
            fn ring_to_aws_lc() {
                use super::{aws_lc as $other, ring as $one};
                $body
            }

            #[test]
            fn aws_lc_to_ring() {
                use super::{aws_lc as $one, ring as $other};
                $body
            }
        }
    };
}

const LENGTHS: [usize; 7] = [0, 1, 15, 16, 17, 64, 1000];

fn curves() -> Vec<EcCurve> {
    vec![
        EcCurve::P256,
        EcCurve::P384,
        EcCurve::P521,
        #[cfg(feature = "es256k")]
        EcCurve::Secp256k1,
    ]
}

both_ways!(hmac, one, other, {
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        for key_len in LENGTHS {
            let key = vec![3; key_len];
            for len in LENGTHS {
                let message = vec![4; len];
                let tag = one::HmacKey::new(hash, &key).sign(&[&message]);
                other::HmacKey::new(hash, &key).verify(&message, tag.as_ref()).unwrap();
            }
        }
    }
});

both_ways!(sha1, one, other, {
    // FIPS 180-4's example.
    let abc = *b"\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d";
    assert_eq!((one::sha1(b"abc"), other::sha1(b"abc")), (abc, abc));
    for len in LENGTHS {
        assert_eq!(one::sha1(&vec![3; len]), other::sha1(&vec![3; len]), "{len}");
    }
});

both_ways!(pbkdf2, one, other, {
    let count = |iterations| std::num::NonZeroU32::new(iterations).unwrap();
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        for len in LENGTHS {
            for iterations in [1, 2, 1000] {
                let (mut key, mut same) = (vec![0; 70], vec![1; 70]);
                one::pbkdf2(hash, &vec![3; len], &vec![4; len], count(iterations), &mut key);
                other::pbkdf2(hash, &vec![3; len], &vec![4; len], count(iterations), &mut same);
                assert_eq!(key, same, "{hash:?} {len} {iterations}");
            }
        }
    }
});

both_ways!(rsa_signatures, one, other, {
    for padding in [RsaPadding::Pkcs1, RsaPadding::Pss] {
        for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            for (what, key) in good_rsa_keys() {
                let signature = one::RsaSigningKey::new(padding, hash, &key).unwrap().sign(b"m").unwrap();
                let verifying = other::RsaVerifyingKey::new(padding, hash, &key.n, &key.e).unwrap();
                assert!(verifying.verify(b"m", signature.as_ref()).is_ok(), "{what}");
            }
        }
    }
});

both_ways!(rsa_generation, one, other, {
    if one::HAS_RSA_GENERATION {
        other::check_rsa_private(&one::generate_rsa(2048).unwrap()).unwrap();
    }
});

both_ways!(rsa_oaep, one, other, {
    if one::HAS_RSA_OAEP && other::HAS_RSA_OAEP {
        for hash in [OaepHash::Sha1, OaepHash::Sha256, OaepHash::Sha384, OaepHash::Sha512] {
            let public = one::RsaOaepPublicKey::new(hash, &RSA_2048.n, &RSA_2048.e).unwrap();
            let private = other::RsaOaepPrivateKey::new(hash, &RSA_2048).unwrap();
            for len in [0, 16, 32, 64] {
                let ciphertext = public.encrypt(&vec![6; len]).unwrap();
                assert_eq!(private.decrypt(&ciphertext).unwrap().expose_secret(), vec![6; len]);
            }
        }
        for (what, key) in good_rsa_keys() {
            let public = one::RsaOaepPublicKey::new(OaepHash::Sha256, &key.n, &key.e).unwrap();
            let private = other::RsaOaepPrivateKey::new(OaepHash::Sha256, &key).unwrap();
            let ciphertext = public.encrypt(b"content key").unwrap();
            assert_eq!(private.decrypt(&ciphertext).unwrap().expose_secret(), b"content key", "{what}");
        }
    }
});

#[test]
fn rsa_same_verdicts() {
    for (what, key) in good_rsa_keys() {
        assert!(ring::check_rsa_private(&key).is_ok() && aws_lc::check_rsa_private(&key).is_ok(), "{what}");
    }
    for (what, key) in bad_rsa_keys() {
        assert_eq!(
            ring::RsaSigningKey::new(RsaPadding::Pss, Hash::Sha256, &key).is_ok(),
            aws_lc::RsaSigningKey::new(RsaPadding::Pss, Hash::Sha256, &key).is_ok(),
            "{what}"
        );
        assert!(ring::check_rsa_private(&key).is_err() && aws_lc::check_rsa_private(&key).is_err(), "{what}");
        assert_eq!(
            ring::RsaVerifyingKey::new(RsaPadding::Pss, Hash::Sha256, &key.n, &key.e).is_ok(),
            aws_lc::RsaVerifyingKey::new(RsaPadding::Pss, Hash::Sha256, &key.n, &key.e).is_ok(),
            "{what}"
        );
    }
}

both_ways!(ecdsa, one, other, {
    for curve in curves() {
        for _ in 0..4 {
            let (d, point) = one::ec_generate(curve).unwrap();
            other::ec_check_public(curve, &point).unwrap();
            assert_eq!(other::ec_public_from_private(curve, d.expose_secret()).unwrap(), point);
            let signing = one::EcdsaSigningKey::new(curve, d.expose_secret(), &point).unwrap();
            let verifying = other::EcdsaVerifyingKey::new(curve, &point).unwrap();
            for len in LENGTHS {
                let signature = signing.sign(&vec![8; len]).unwrap();
                verifying.verify(&vec![8; len], signature.as_ref()).unwrap();
                assert!(verifying.verify(&vec![9; len + 1], signature.as_ref()).is_err());
            }
        }
    }
});

both_ways!(ecdh, one, other, {
    for curve in [EcCurve::P256, EcCurve::P384, EcCurve::P521] {
        for _ in 0..4 {
            let (d, _) = other::ec_generate(curve).unwrap();
            let mine = one::EcdhPrivateKey::generate(curve).unwrap();
            let theirs = other::EcdhPrivateKey::new(curve, d.expose_secret()).unwrap();
            let (my_point, their_point) = (mine.public_point(), theirs.public_point());
            assert_eq!(
                mine.agree(&one::EcdhPublicKey::new(curve, &their_point).unwrap()).unwrap(),
                theirs.agree(&other::EcdhPublicKey::new(curve, &my_point).unwrap()).unwrap()
            );
        }
    }
});

both_ways!(x25519, one, other, {
    for byte in 0..=255 {
        // Any 32 bytes are a private key, and any of no small order a public one, reduced or not.
        let mine = one::X25519PrivateKey::new(&[byte; 32]).unwrap();
        let theirs = other::X25519PrivateKey::generate().unwrap();
        assert_eq!(other::X25519PrivateKey::new(&[byte; 32]).unwrap().public_key(), mine.public_key());
        assert_eq!(mine.agree(&theirs.public_key()).unwrap(), theirs.agree(&mine.public_key()).unwrap());
        assert_eq!(
            mine.agree(&[byte; 32]).ok(),
            other::X25519PrivateKey::new(&[byte; 32]).unwrap().agree(&[byte; 32]).ok()
        );
    }
});

both_ways!(ed25519, one, other, {
    for byte in 0..=255 {
        let key = one::Ed25519SigningKey::new(&[byte; 32]).unwrap();
        let same = other::Ed25519SigningKey::new(&[byte; 32]).unwrap();
        assert_eq!(key.public_key(), same.public_key());
        let signature = key.sign(&[byte; 99]).unwrap();
        assert_eq!(signature.as_ref(), same.sign(&[byte; 99]).unwrap().as_ref());
        Ed25519VerifyingKey::new(&key.public_key()).unwrap().verify(&[byte; 99], signature.as_ref()).unwrap();
    }
});

both_ways!(aes_gcm, one, other, {
    for key_len in [16, 24, 32] {
        let seal = one::AesGcmKey::new(&vec![7; key_len]).unwrap();
        let open = other::AesGcmKey::new(&vec![7; key_len]).unwrap();
        for len in LENGTHS {
            for aad_len in LENGTHS {
                let mut data = vec![1; len];
                let tag = seal.seal_in_place(&[2; 12], &vec![3; aad_len], &mut data).unwrap();
                open.open_in_place(&[2; 12], &vec![3; aad_len], &mut data, &tag).unwrap();
                assert_eq!(data, vec![1; len]);
            }
        }
    }
});

#[test]
fn ec_same_verdicts() {
    for curve in curves() {
        // Points and private keys of every first octet and a few patterns: the stacks agree.
        for first in 0..=255 {
            for fill in [0, 1, 0x55, 0xff] {
                let d = [&[first], &vec![fill; curve.coordinate_len() - 1][..]].concat();
                assert_eq!(
                    ring::ec_public_from_private(curve, &d).ok(),
                    aws_lc::ec_public_from_private(curve, &d).ok()
                );
                let point = [&[first], &vec![fill; 2 * curve.coordinate_len()][..]].concat();
                assert_eq!(
                    ring::ec_check_public(curve, &point).is_ok(),
                    aws_lc::ec_check_public(curve, &point).is_ok()
                );
            }
        }
    }
}
