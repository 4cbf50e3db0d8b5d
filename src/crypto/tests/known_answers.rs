// Known answers, for the stack named `stack`.

use super::super::{EcCurve, Ed25519VerifyingKey, Hash};
use super::{unhex, unhex_array};

#[test]
fn randomness() {
    let mut one = [0; 40];
    let mut other = [0; 40];
    stack::fill_random(&mut one).unwrap();
    stack::fill_random(&mut other).unwrap();
    assert_ne!(one, other);
    assert_ne!(one[32..], [0; 8]);
    stack::fill_random(&mut []).unwrap();
}

#[test]
fn pbkdf2_known_answers() {
    // RFC 7914 §11 for SHA-256; the others were computed by Python's hashlib.
    let cases = [
        (
            Hash::Sha256,
            "passwd",
            "salt",
            1,
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
             49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
        ),
        (
            Hash::Sha256,
            "Password",
            "NaCl",
            80_000,
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56\
             a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
        ),
        (
            Hash::Sha384,
            "Password",
            "NaCl",
            4096,
            "58636837cf3d13b1d10fc968be57bc41cff4468c222447e75c878bc917f374f3\
             a5bceb57375069b67e72723be8d3961da7d5507c046904b6c31bdc40adba10a0\
             560e337801b7efea",
        ),
        (
            Hash::Sha512,
            "Password",
            "NaCl",
            4096,
            "0a4e321c3167050fb9d74fa21281dabf008626be86cf5dbb1feed6ab95fdd310\
             cab25118f2dc2c57cc8a862b36d3c84c5f84f11d8cb63baf0e415e116daa3ec0\
             3b4e6cafaf8b43e3f912fe1d1561d1200c40724b7d98b112",
        ),
    ];
    for (hash, password, salt, iterations, expected) in cases {
        let (password, salt) = (password.as_bytes(), salt.as_bytes());
        let iterations = std::num::NonZeroU32::new(iterations).unwrap();
        let expected = unhex(expected);
        let mut key = vec![0; expected.len()];
        stack::pbkdf2(hash, password, salt, iterations, &mut key);
        assert_eq!(key, expected, "{hash:?} {iterations}");
        // A prefix is the shorter key.
        stack::pbkdf2(hash, password, salt, iterations, &mut key[..16]);
        assert_eq!(key, expected, "{hash:?} {iterations}");
    }
}

#[test]
fn hmac_rfc_4231() {
    // RFC 4231 §4.2, §4.3 and §4.7.
    let cases: [(Hash, &[u8], &[u8], &str); 5] = [
        (
            Hash::Sha256,
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            Hash::Sha384,
            &[0x0b; 20],
            b"Hi There",
            "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
        ),
        (
            Hash::Sha512,
            &[0x0b; 20],
            b"Hi There",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
             daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        ),
        (
            Hash::Sha256,
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            Hash::Sha256,
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ];
    for (hash, key, message, tag) in cases {
        let key = stack::HmacKey::new(hash, key);
        let tag = unhex(tag);
        let (head, tail) = message.split_at(3);
        assert_eq!(key.sign(&[message]).as_ref(), tag);
        assert_eq!(key.sign(&[head, b"", tail]).as_ref(), tag);
        key.verify(message, &tag).unwrap();
    }
}

#[test]
fn aes_gcm_nist() {
    // Test cases 4, 10 and 16 of McGrew and Viega's submission to NIST.
    let key = unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    let nonce = unhex_array("cafebabefacedbaddecaf888");
    let aad = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plaintext = unhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
         b16aedf5aa0de657ba637b39",
    );
    let cases = [
        (
            16,
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05\
             1ba30b396a0aac973d58e091",
            "5bc94fbc3221a5db94fae95ae7121a47",
        ),
        (
            24,
            "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f47\
             18e2448b2fe324d9ccda2710",
            "2519498e80f1478f37ba55bd6d27618c",
        ),
        (
            32,
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
             c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ];
    for (key_len, ciphertext, tag) in cases {
        let key = stack::AesGcmKey::new(&key[..key_len]).unwrap();
        let mut data = plaintext.clone();
        assert_eq!(key.seal_in_place(&nonce, &aad, &mut data).unwrap(), unhex_array(tag));
        assert_eq!(data, unhex(ciphertext));
        key.open_in_place(&nonce, &aad, &mut data, &unhex_array(tag)).unwrap();
        assert_eq!(data, plaintext);
    }
}

#[test]
fn x25519_rfc_7748() {
    // RFC 7748 §6.1.
    let alice = stack::X25519PrivateKey::new(&unhex_array(
        "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    ))
    .unwrap();
    let bob = stack::X25519PrivateKey::new(&unhex_array(
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
    ))
    .unwrap();
    let shared = unhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    assert_eq!(
        alice.public_key(),
        unhex_array("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    );
    assert_eq!(
        bob.public_key(),
        unhex_array("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    );
    assert_eq!(alice.agree(&bob.public_key()).unwrap().expose_secret(), shared);
    assert_eq!(bob.agree(&alice.public_key()).unwrap().expose_secret(), shared);
    // RFC 7748 §5: "implementations of X25519 ... MUST mask the most significant bit".
    let mut masked = bob.public_key();
    masked[31] |= 0x80;
    assert_eq!(alice.agree(&masked).unwrap().expose_secret(), shared);
    assert_ne!(
        stack::X25519PrivateKey::generate().unwrap().public_key(),
        stack::X25519PrivateKey::generate().unwrap().public_key()
    );
}

#[test]
fn ed25519_rfc_8032() {
    // RFC 8032 §7.1, tests 1 and 2.
    let cases: [(&str, &str, &[u8], &str); 2] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            &[],
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b\
             d25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            &[0x72],
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c\
             387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ];
    for (seed, public_key, message, signature) in cases {
        let key = stack::Ed25519SigningKey::new(&unhex_array(seed)).unwrap();
        assert_eq!(key.public_key(), unhex_array(public_key));
        assert_eq!(key.sign(message).unwrap().as_ref(), unhex(signature));
        Ed25519VerifyingKey::new(&key.public_key()).unwrap().verify(message, &unhex(signature)).unwrap();
    }
}

#[test]
fn ecdsa_rfc_6979() {
    // RFC 6979 §A.2.5 to §A.2.7, message "sample". The s of P-256 is the greater of the two.
    let cases = [
        (
            EcCurve::P256,
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
             f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            EcCurve::P384,
            "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
            "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46\
             99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
        ),
        (
            EcCurve::P521,
            "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc\
             1466f6d8fbec67db89ec0c08b0e996b83538",
            "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b53\
             4931d7d4e8455cc91f9b15bf05ec36e377fa\
             00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff077\
             7b1a20f8ccb1dccc43997f1ee0e44da4a67a",
        ),
    ];
    for (curve, d, signature) in cases {
        let point = stack::ec_public_from_private(curve, &unhex(d)).unwrap();
        stack::ec_check_public(curve, &point).unwrap();
        let key = stack::EcdsaVerifyingKey::new(curve, &point).unwrap();
        key.verify(b"sample", &unhex(signature)).unwrap();
        assert!(key.verify(b"Sample", &unhex(signature)).is_err());
    }
    let point = stack::ec_public_from_private(EcCurve::P256, &unhex(cases[0].1)).unwrap();
    assert_eq!(
        point,
        unhex(
            "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
             7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
        )
    );
}

#[test]
fn ecdh_rfc_5903() {
    // RFC 5903 §8.1 to §8.3.
    let cases = [
        (
            EcCurve::P256,
            "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
            "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
            "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
        ),
        (
            EcCurve::P384,
            "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
            "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc",
            "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746",
        ),
        (
            EcCurve::P521,
            "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c2952c6771d937ba9777\
             f5957b2639bab072462f68c27a57382d4a52",
            "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c677d600b343757a3bdbf2a3163e4c2\
             f869cca7458aa4a4effc311f5cb151685eb9",
            "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa240a34786859810c06\
             b3c715a3a8cc3151f2bee417996d19f3ddea",
        ),
    ];
    for (curve, initiator, responder, shared) in cases {
        let initiator = stack::EcdhPrivateKey::new(curve, &unhex(initiator)).unwrap();
        let responder = stack::EcdhPrivateKey::new(curve, &unhex(responder)).unwrap();
        let public = |key: &stack::EcdhPrivateKey| {
            stack::EcdhPublicKey::new(curve, &key.public_point()).unwrap()
        };
        let agreed = initiator.agree(&public(&responder)).unwrap();
        assert_eq!(agreed.expose_secret(), unhex(shared));
        assert_eq!(responder.agree(&public(&initiator)).unwrap(), agreed);
        let generated = stack::EcdhPrivateKey::generate(curve).unwrap();
        let agreed = generated.agree(&public(&initiator)).unwrap();
        assert_eq!(initiator.agree(&public(&generated)).unwrap(), agreed);
        assert_eq!(agreed.len(), curve.coordinate_len());
    }
}
