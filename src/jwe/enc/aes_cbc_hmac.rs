//! `A128CBC-HS256`, `A192CBC-HS384`, `A256CBC-HS512`: AES-CBC, authenticated by an HMAC over header,
//! initialization vector and ciphertext (RFC 7518 §5.2). Plaintext goes in, ciphertext and tag come
//! out, and back.
//!
//! The MAC is checked before anything is decrypted: whoever learns about the padding of a forged
//! ciphertext reads the plaintext byte by byte.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::{AesCbcKey, CryptoError, Digest, Hash, HmacKey, HmacSha256Key};
use crate::secret::SecretBytes;

use super::{ContentCipher, Sealed};

/// AES_CBC_HMAC_SHA2 with its two keys.
pub(super) struct AesCbcHmac {
    mac_key: MacKey,
    enc_key: AesCbcKey,
    tag_len: usize,
}

/// The MAC half of the key.
enum MacKey {
    /// Fastest to set up, as it is for most messages.
    Sha256(HmacSha256Key),
    /// Boxed, as it has six times the size.
    Other(Box<HmacKey>),
}

impl MacKey {
    fn new(hash: Hash, key: &[u8]) -> Result<Self, CryptoError> {
        match hash {
            Hash::Sha256 => HmacSha256Key::new(key).map(Self::Sha256),
            Hash::Sha384 | Hash::Sha512 => Ok(Self::Other(Box::new(HmacKey::new(hash, key)))),
        }
    }

    fn sign(&self, parts: &[&[u8]]) -> Digest {
        match self {
            Self::Sha256(key) => key.sign(parts),
            Self::Other(key) => key.sign(parts),
        }
    }
}

impl AesCbcHmac {
    /// Sets the cipher up. The hash gives all lengths: keys and tag are half of it each.
    pub(super) fn new(hash: Hash, key: &[u8]) -> Result<Self, CryptoError> {
        let half = hash.len() / 2;
        // RFC 7518 §5.2.2.1: the initial octets are MAC_KEY, the final octets ENC_KEY.
        let (mac_key, enc_key) = key.split_at_checked(half).ok_or(CryptoError)?;
        if enc_key.len() != half {
            return Err(CryptoError);
        }
        Ok(Self { mac_key: MacKey::new(hash, mac_key)?, enc_key: AesCbcKey::new(enc_key)?, tag_len: half })
    }

    fn tag(&self, iv: &[u8], aad: &[u8], ciphertext: &[u8]) -> Result<Digest, CryptoError> {
        // RFC 7518 §5.2.2.1: AL is the number of bits in A, as a 64-bit big-endian integer.
        let aad_bits =
            u64::try_from(aad.len()).ok().and_then(|bytes| bytes.checked_mul(8)).ok_or(CryptoError)?;
        let mac = self.mac_key.sign(&[aad, iv, ciphertext, &aad_bits.to_be_bytes()]);
        Digest::copy_of(mac.as_ref().get(..self.tag_len).ok_or(CryptoError)?)
    }
}

impl ContentCipher for AesCbcHmac {
    fn seal(&self, iv: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Sealed, CryptoError> {
        let block: &[u8; 16] = iv.try_into().map_err(|_| CryptoError)?;
        let mut ciphertext = Vec::new();
        self.enc_key.encrypt(block, plaintext, &mut ciphertext)?;
        let tag = self.tag(iv, aad, &ciphertext)?;
        Ok(Sealed { ciphertext, tag })
    }

    fn open(
        &self,
        iv: &[u8],
        aad: &[u8],
        ciphertext: Vec<u8>,
        tag: &[u8],
    ) -> Result<SecretBytes, CryptoError> {
        let block: &[u8; 16] = iv.try_into().map_err(|_| CryptoError)?;
        // The MAC comes first and in constant time: whoever learns about the padding of a forged
        // ciphertext can read the plaintext byte by byte. `ct_eq` says no to another length.
        if !bool::from(self.tag(iv, aad, &ciphertext)?.as_ref().ct_eq(tag)) {
            return Err(CryptoError);
        }
        #[cfg(test)]
        tests::DECRYPTIONS.set(tests::DECRYPTIONS.get() + 1);
        let mut content = Zeroizing::new(ciphertext);
        self.enc_key.decrypt_in_place(block, &mut content)?;
        Ok(SecretBytes::from_zeroizing(content))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// How often this thread has decrypted and looked at a padding.
        pub(super) static DECRYPTIONS: Cell<usize> = const { Cell::new(0) };
    }

    const PLAINTEXT: &[u8] =
        b"A cipher system must not be required to be secret, and it must be able to fall into the hands \
          of the enemy without inconvenience";
    const AAD: &[u8] = b"The second principle of Auguste Kerckhoffs";
    const IV: &str = "1af38c2dc2b96ffdd86694092341bc04";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    }

    #[track_caller]
    fn check(hash: Hash, ciphertext: &str, tag: &str) {
        let key: Vec<u8> = (0..).take(hash.len()).collect();
        let cipher = AesCbcHmac::new(hash, &key).unwrap();
        let sealed = cipher.seal(&bytes(IV), AAD, PLAINTEXT).unwrap();
        assert_eq!(sealed.ciphertext, bytes(ciphertext));
        assert_eq!(sealed.tag.as_ref(), bytes(tag));
        let opened = cipher.open(&bytes(IV), AAD, sealed.ciphertext, sealed.tag.as_ref()).ok().unwrap();
        assert_eq!(opened.expose_secret(), PLAINTEXT);
    }

    #[test]
    fn rfc7518_appendix_b_1() {
        check(
            Hash::Sha256,
            "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9\
             a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c7032336\
             09d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b\
             384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade5\
             4b8851ffb598f7f80074b9473c82e2db",
            "652c3fa36b0a7c5b3219fab3a30bc1c4",
        );
    }

    #[test]
    fn rfc7518_appendix_b_2() {
        check(
            Hash::Sha384,
            "ea65da6b59e61edb419be62d19712ae5d303eeb50052d0dfd6697f77224c8edb\
             000d279bdc14c1072654bd30944230c657bed4ca0c9f4a8466f22b226d174621\
             4bf8cfc2400add9f5126e479663fc90b3bed787a2f0ffcbf3904be2a641d5c21\
             05bfe591bae23b1d7449e532eef60a9ac8bb6c6b01d35d49787bcd57ef484927\
             f280adc91ac0c4e79c7b11efc60054e3",
            "8490ac0e58949bfe51875d733f93ac2075168039ccc733d7",
        );
    }

    #[test]
    fn rfc7518_appendix_b_3() {
        check(
            Hash::Sha512,
            "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd\
             822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b\
             36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3\
             a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950b\
             be2638d09dd7a4930930806d0703b1f6",
            "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5",
        );
    }

    /// A valid MAC over what isn't whole blocks or has a bad padding is one error with a bad MAC.
    #[test]
    fn padding_is_judged_after_the_mac_and_says_nothing_more() {
        let key: Vec<u8> = (0..32).collect();
        let cipher = AesCbcHmac {
            mac_key: MacKey::new(Hash::Sha256, &key[..16]).unwrap(),
            enc_key: AesCbcKey::new(&key[16..]).unwrap(),
            tag_len: 16,
        };
        for ciphertext in [vec![], vec![5; 15], vec![5; 16], vec![5; 17], vec![5; 32]] {
            let tag = cipher.tag(&[0; 16], AAD, &ciphertext).unwrap();
            assert!(cipher.open(&[0; 16], AAD, ciphertext, tag.as_ref()).is_err());
        }
    }

    /// Row 079, MAC first: where the MAC is wrong, no padding is looked at, so a good one and a bad one can't differ.
    #[test]
    fn row_079_no_padding_is_looked_at_under_a_wrong_mac() {
        for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            let key: Vec<u8> = (0..).take(hash.len()).collect();
            let half = hash.len() / 2;
            let cipher = AesCbcHmac {
                mac_key: MacKey::new(hash, &key[..half]).unwrap(),
                enc_key: AesCbcKey::new(&key[half..]).unwrap(),
                tag_len: half,
            };
            let opened = |ciphertext: &[u8], tag: &[u8]| {
                let before = DECRYPTIONS.get();
                let opened = cipher.open(&[0; 16], AAD, ciphertext.to_vec(), tag).is_ok();
                (opened, DECRYPTIONS.get() - before)
            };
            let padded = cipher.seal(&[0; 16], AAD, b"fifteen octets.").unwrap().ciphertext;
            let badly_padded = {
                let mut bent = cipher.seal(&[0; 16], AAD, &[7; 31]).unwrap().ciphertext;
                // The last octet of the plaintext's padding was 1 and is 0.
                bent[15] ^= 1;
                bent
            };
            let not_whole = &padded[..15];
            for (ciphertext, is_padded) in [(&padded[..], true), (&badly_padded, false), (not_whole, false)] {
                let tag = cipher.tag(&[0; 16], AAD, ciphertext).unwrap().as_ref().to_vec();
                assert_eq!(opened(ciphertext, &tag), (is_padded, 1));
                for at in [0, half - 1] {
                    let mut wrong = tag.clone();
                    wrong[at] ^= 0x80;
                    assert_eq!(opened(ciphertext, &wrong), (false, 0));
                }
                for wrong in [&tag[1..], &tag[..half - 1], &[], &[&tag[..], &[0]].concat()] {
                    assert_eq!(opened(ciphertext, wrong), (false, 0));
                }
            }
        }
    }
}
