//! The primitives that both stacks share.

use super::super::{
    AesCbcKey, AesKwKey, CryptoError, Ed25519VerifyingKey, Hash, HmacKey, HmacSha256Key, digest, stack,
};
use super::{unhex, unhex_array};

#[test]
fn sha2_of_abc() {
    // FIPS 180-4 examples.
    let cases = [
        (Hash::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            Hash::Sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            Hash::Sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ];
    for (hash, expected) in cases {
        assert_eq!(digest(hash, &[b"abc"]).as_ref(), unhex(expected));
        assert_eq!(digest(hash, &[b"a", b"", b"bc"]).as_ref(), unhex(expected));
        assert_eq!(digest(hash, &[]).as_ref().len(), hash.len());
    }
}

#[test]
fn hmac_sha256_is_the_stack_s() {
    // RFC 4231 §4.3.
    let key = HmacSha256Key::new(b"Jefe").unwrap();
    let expected = unhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(key.sign(&[b"what do ya want ", b"", b"for nothing?"]).as_ref(), expected);
    assert_ne!(key.sign(&[b"what do ya want for nothing"]).as_ref(), expected);

    let message: Vec<u8> = (0..200).collect();
    for key_len in 0..=130 {
        let secret: Vec<u8> = (100..).take(key_len).collect();
        let (one, other) = (HmacSha256Key::new(&secret).unwrap(), stack::HmacKey::new(Hash::Sha256, &secret));
        for len in [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 200] {
            let parts = message[..len].split_at(len / 3);
            let parts = [parts.0, parts.1];
            assert_eq!(one.sign(&parts).as_ref(), other.sign(&parts).as_ref(), "{key_len} {len}");
            one.verify(&message[..len], other.sign(&parts).as_ref()).unwrap();
        }
    }
}

/// Whichever library it is here.
#[test]
fn an_hmac_key_refuses_all_tags_but_one() {
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let key = HmacKey::new(hash, &[7; 64]);
        let tag = stack::HmacKey::new(hash, &[7; 64]).sign(&[b"message"]);
        let tag = tag.as_ref();
        assert_eq!(key.sign(&[b"mess", b"age"]).as_ref(), tag);
        key.verify(b"message", tag).unwrap();
        assert_eq!(key.verify(b"massage", tag), Err(CryptoError));
        for len in 0..tag.len() {
            assert_eq!(key.verify(b"message", &tag[..len]), Err(CryptoError));
        }
        assert_eq!(key.verify(b"message", &[tag, &[0]].concat()), Err(CryptoError));
        for at in 0..tag.len() {
            let mut forged = tag.to_vec();
            forged[at] ^= 1;
            assert_eq!(key.verify(b"message", &forged), Err(CryptoError));
        }
    }
}

#[test]
fn an_hmac_key_of_any_hash_and_length_is_made() {
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        for len in [0, 1, 63, 64, 65, 127, 128, 129, 200] {
            let secret = vec![3; len];
            let tag = stack::HmacKey::new(hash, &secret).sign(&[b"m"]);
            assert_eq!(HmacKey::new(hash, &secret).sign(&[b"m"]).as_ref(), tag.as_ref());
        }
    }
}

#[test]
fn aes_key_wrap_rfc_3394() {
    // RFC 3394 §4.1, §4.2, §4.3, §4.6.
    let kek = unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    let data = unhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
    let cases = [
        (16, 16, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"),
        (24, 16, "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"),
        (32, 16, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"),
        (32, 32, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"),
    ];
    for (kek_len, data_len, expected) in cases {
        let key = AesKwKey::new(&kek[..kek_len]).unwrap();
        let wrapped = key.wrap(&data[..data_len]).unwrap();
        assert_eq!(wrapped, unhex(expected));
        assert_eq!(key.unwrap(&wrapped).unwrap().expose_secret(), &data[..data_len]);
    }
}

#[test]
fn aes_key_wrap_refuses() {
    for len in (0..80).filter(|len| ![16, 24, 32].contains(len)) {
        assert!(AesKwKey::new(&vec![1; len]).is_err(), "key of {len}");
    }
    let key = AesKwKey::new(&[1; 16]).unwrap();
    for len in 0..100 {
        let fits = len >= 16 && len % 8 == 0;
        assert_eq!(key.wrap(&vec![2; len]).is_ok(), fits, "wrap {len}");
        assert!(key.unwrap(&vec![3; len]).is_err(), "unwrap {len}");
    }
    let wrapped = key.wrap(&[2; 32]).unwrap();
    for at in 0..wrapped.len() {
        let mut forged = wrapped.clone();
        forged[at] ^= 1;
        assert_eq!(key.unwrap(&forged).err(), Some(CryptoError));
    }
    assert!(AesKwKey::new(&[9; 16]).unwrap().unwrap(&wrapped).is_err());
    assert!(key.unwrap(&wrapped[8..]).is_err());
    assert!(key.unwrap(&[wrapped, vec![0; 8]].concat()).is_err());
}

#[test]
fn aes_cbc_rfc_7518() {
    // RFC 7518 §B.1: the cipher's part.
    let key = AesCbcKey::new(&unhex("101112131415161718191a1b1c1d1e1f")).unwrap();
    let iv = unhex_array("1af38c2dc2b96ffdd86694092341bc04");
    let plaintext =
        b"A cipher system must not be required to be secret, and it must be able to fall into the \
        hands of the enemy without inconvenience";
    let expected = unhex(
        "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9b47ad2655c5f10f9aef71427e2\
         fc6f9b3f399a221489f16362c703233609d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b\
         384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade54b8851ffb598f7f80074b9473c82e2db",
    );
    let mut data = b"before".to_vec();
    key.encrypt(&iv, plaintext, &mut data).unwrap();
    let mut data = data.split_off(6);
    assert_eq!(data, expected);
    key.decrypt_in_place(&iv, &mut data).unwrap();
    assert_eq!(data, plaintext);
}

#[test]
fn aes_cbc_every_length() {
    for key_len in [16, 24, 32] {
        let key = AesCbcKey::new(&vec![7; key_len]).unwrap();
        for len in 0..70 {
            let plaintext = vec![9; len];
            let mut data = Vec::new();
            key.encrypt(&[3; 16], &plaintext, &mut data).unwrap();
            assert_eq!(data.len(), (len / 16 + 1) * 16);
            key.decrypt_in_place(&[3; 16], &mut data).unwrap();
            assert_eq!(data, plaintext);
        }
    }
}

#[test]
fn aes_cbc_refuses() {
    for len in (0..80).filter(|len| ![16, 24, 32].contains(len)) {
        assert!(AesCbcKey::new(&vec![1; len]).is_err(), "key of {len}");
    }
    let key = AesCbcKey::new(&[1; 16]).unwrap();
    for len in (0..100).filter(|len| *len == 0 || len % 16 != 0) {
        let mut data = vec![2; len];
        assert!(key.decrypt_in_place(&[3; 16], &mut data).is_err(), "{len}");
        assert!(data.is_empty());
    }
    // A last block whose padding is wrong: the IV's bits turn those of the only block.
    let mut data = Vec::new();
    key.encrypt(&[3; 16], b"fifteen octets.", &mut data).unwrap();
    let mut iv = [3; 16];
    iv[15] ^= 0x01 ^ 0x02;
    assert!(key.decrypt_in_place(&iv, &mut data).is_err());
    assert!(data.is_empty());
}

#[test]
fn ed25519_refuses_keys() {
    let refused = [
        // Small order: the identity, orders 2, 4 and 8.
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        // The identity and order 2 with the sign of an x that is 0.
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        // y = p, p + 1 and 2^255 - 1, not below p.
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        // No point has y = 2.
        "0200000000000000000000000000000000000000000000000000000000000000",
    ];
    for key in refused {
        assert!(Ed25519VerifyingKey::new(&unhex_array(key)).is_err(), "{key}");
    }
    // Each y that isn't below p, whatever its sign.
    for low in 0xed..=0xff {
        for high in [0x7f, 0xff] {
            let mut key = [0xff; 32];
            key[0] = low;
            key[31] = high;
            assert!(Ed25519VerifyingKey::new(&key).is_err());
        }
    }
}

#[test]
fn ed25519_refuses_signatures() {
    // RFC 8032 §7.1, test 2.
    let key = Ed25519VerifyingKey::new(&unhex_array(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    ))
    .unwrap();
    let signature = unhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    key.verify(&[0x72], &signature).unwrap();
    assert!(key.verify(&[0x73], &signature).is_err());
    for len in 0..64 {
        assert!(key.verify(&[0x72], &signature[..len]).is_err());
    }
    assert!(key.verify(&[0x72], &[signature.as_slice(), &[0]].concat()).is_err());
    for at in 0..64 {
        let mut forged = signature.clone();
        forged[at] ^= 0x80;
        assert!(key.verify(&[0x72], &forged).is_err());
    }
    // S + L: the same signature to those who don't look (RFC 8032 §5.1.7).
    let order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut malleable = signature.clone();
    let mut carry = 0;
    for (to, add) in malleable[32..].iter_mut().zip(order) {
        let sum = u16::from(*to) + u16::from(add) + carry;
        *to = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert!(key.verify(&[0x72], &malleable).is_err());
    // R of small order, S = 0.
    let mut small = vec![0; 64];
    small[0] = 1;
    assert!(key.verify(&[0x72], &small).is_err());
}

#[cfg(feature = "es256k")]
#[test]
fn secp256k1_key_of_one() {
    use super::super::{EcCurve, ec_public_from_private};

    // The generator (SEC 2 §2.4.1).
    let mut one = [0; 32];
    one[31] = 1;
    assert_eq!(
        ec_public_from_private(EcCurve::Secp256k1, &one).unwrap(),
        unhex(
            "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
             483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
        )
    );
}
