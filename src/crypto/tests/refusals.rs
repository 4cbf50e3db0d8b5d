// What must fail, for the stack named `stack`.

/// Every curve with its order n in hexadecimal.
fn curves() -> Vec<(EcCurve, Vec<u8>)> {
    vec![
        (EcCurve::P256, unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")),
        (
            EcCurve::P384,
            unhex(
                "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
            ),
        ),
        (
            EcCurve::P521,
            unhex(
                "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709\
                 a5d03bb5c9b8899c47aebb6fb71e91386409",
            ),
        ),
        #[cfg(feature = "es256k")]
        (EcCurve::Secp256k1, unhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")),
    ]
}

#[test]
fn hmac_refuses_tags() {
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let key = stack::HmacKey::new(hash, b"");
        let tag = key.sign(&[b"message"]);
        let tag = tag.as_ref();
        assert_eq!(tag.len(), hash.len());
        key.verify(b"message", tag).unwrap();
        assert!(key.verify(b"massage", tag).is_err());
        for len in 0..tag.len() {
            assert!(key.verify(b"message", &tag[..len]).is_err());
        }
        assert!(key.verify(b"message", &[tag, &[0]].concat()).is_err());
        for at in 0..tag.len() {
            let mut forged = tag.to_vec();
            forged[at] ^= 1;
            assert!(key.verify(b"message", &forged).is_err());
        }
    }
}

#[test]
fn aes_gcm_refuses() {
    for len in (0..80).filter(|len| ![16, 24, 32].contains(len)) {
        assert!(stack::AesGcmKey::new(&vec![1; len]).is_err(), "key of {len}");
    }
    for key_len in [16, 24, 32] {
        let key = stack::AesGcmKey::new(&vec![7; key_len]).unwrap();
        for len in [0, 1, 15, 16, 17, 64, 1000] {
            let plaintext = vec![0x5a; len];
            let mut sealed = plaintext.clone();
            let tag = key.seal_in_place(&[1; 12], b"aad", &mut sealed).unwrap();
            let open = |nonce: &[u8; 12], aad: &[u8], data: &[u8], tag: &[u8; 16]| {
                let mut data = data.to_vec();
                let opened = key.open_in_place(nonce, aad, &mut data, tag);
                if opened.is_err() {
                    assert!(data.iter().all(|byte| *byte == 0), "not wiped");
                } else {
                    assert_eq!(data, plaintext);
                }
                opened
            };
            open(&[1; 12], b"aad", &sealed, &tag).unwrap();
            assert!(open(&[2; 12], b"aad", &sealed, &tag).is_err());
            assert!(open(&[1; 12], b"aae", &sealed, &tag).is_err());
            assert!(open(&[1; 12], b"", &sealed, &tag).is_err());
            for at in 0..16 {
                let mut forged = tag;
                forged[at] ^= 0x10;
                assert!(open(&[1; 12], b"aad", &sealed, &forged).is_err());
            }
            assert!(open(&[1; 12], b"aad", &[&sealed[..], &[0]].concat(), &tag).is_err());
            if let Some((_, less)) = sealed.split_last() {
                assert!(open(&[1; 12], b"aad", less, &tag).is_err());
                let mut forged = sealed.clone();
                forged[0] ^= 1;
                assert!(open(&[1; 12], b"aad", &forged, &tag).is_err());
            }
        }
    }
}

#[test]
fn x25519_refuses_low_order_peers() {
    let key = stack::X25519PrivateKey::generate().unwrap();
    // All points of order 1, 2, 4 and 8, reduced or not (RFC 7748 §6.1, RFC 8037 §5).
    let peers = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for peer in peers {
        let mut peer: [u8; 32] = unhex_array(peer);
        assert!(key.agree(&peer).is_err());
        peer[31] |= 0x80;
        assert!(key.agree(&peer).is_err());
    }
}

#[test]
fn ec_refuses_private_keys() {
    for (curve, order) in curves() {
        let len = curve.coordinate_len();
        let refused = |d: &[u8]| {
            let point = stack::ec_generate(curve).unwrap().1;
            stack::ec_public_from_private(curve, d).is_err()
                && stack::EcdhPrivateKey::new(curve, d).is_err()
                && stack::EcdsaSigningKey::new(curve, d, &point).is_err()
        };
        assert_eq!(order.len(), len);
        assert!(refused(&vec![0; len]), "{curve:?} d = 0");
        assert!(refused(&order), "{curve:?} d = n");
        let mut above = order.clone();
        *above.last_mut().unwrap() += 1;
        assert!(refused(&above), "{curve:?} d = n + 1");
        assert!(refused(&vec![0xff; len]), "{curve:?} d = 2^k - 1");
        let mut below = order.clone();
        *below.last_mut().unwrap() -= 1;
        stack::ec_public_from_private(curve, &below).unwrap();
        let (d, _) = stack::ec_generate(curve).unwrap();
        let d = d.expose_secret();
        assert_eq!(d.len(), len);
        assert!(refused(&[]), "{curve:?} empty");
        assert!(refused(&d[1..]), "{curve:?} short");
        assert!(refused(&[&[0], d].concat()), "{curve:?} long");
        assert!(refused(&[7; 1000]), "{curve:?} very long");
    }
}

#[test]
fn ec_refuses_points() {
    for (curve, _) in curves() {
        let (d, point) = stack::ec_generate(curve).unwrap();
        let len = curve.coordinate_len();
        assert_eq!(point.len(), curve.point_len());
        assert_eq!(stack::ec_public_from_private(curve, d.expose_secret()).unwrap(), point);
        let agrees = stack::EcdhPrivateKey::new(curve, d.expose_secret()).is_ok();
        let refused = |point: &[u8]| {
            stack::ec_check_public(curve, point).is_err()
                && stack::EcdsaVerifyingKey::new(curve, point).is_err()
                && stack::EcdsaSigningKey::new(curve, d.expose_secret(), point).is_err()
                && (!agrees || stack::EcdhPublicKey::new(curve, point).is_err())
        };
        assert!(!refused(&point));
        let mut off = point.clone();
        off[2 * len] ^= 1;
        assert!(refused(&off), "{curve:?} off the curve");
        let mut off = point.clone();
        off[len] ^= 1;
        assert!(refused(&off), "{curve:?} off the curve, x");
        assert!(refused(&[&[4], &vec![0; 2 * len][..]].concat()), "{curve:?} zeros");
        assert!(refused(&[&[4], &vec![0xff; 2 * len][..]].concat()), "{curve:?} coordinates not below p");
        assert!(refused(&[0]), "{curve:?} infinity");
        assert!(refused(&[]), "{curve:?} empty");
        assert!(refused(&[4]), "{curve:?} only the form");
        assert!(refused(&point[..2 * len]), "{curve:?} short");
        assert!(refused(&[&point[..], &[0]].concat()), "{curve:?} long");
        for form in [0, 1, 2, 3, 5, 6, 7, 0x30] {
            let mut other = point.clone();
            other[0] = form;
            assert!(refused(&other), "{curve:?} form {form}");
            assert!(refused(&other[..=len]), "{curve:?} compressed {form}");
        }
        for (other_curve, _) in curves() {
            if other_curve != curve {
                assert!(refused(&stack::ec_generate(other_curve).unwrap().1), "{curve:?} {other_curve:?}");
            }
        }
        let another = stack::ec_generate(curve).unwrap().1;
        assert!(stack::EcdsaSigningKey::new(curve, d.expose_secret(), &another).is_err());
        // The point of n - d: the same x.
        let mut negated = point.clone();
        negated.iter_mut().skip(1 + len).for_each(|byte| *byte = !*byte);
        assert!(stack::EcdsaSigningKey::new(curve, d.expose_secret(), &negated).is_err());
    }
}

#[test]
fn keys_of_different_curves_do_not_agree() {
    let curves = [EcCurve::P256, EcCurve::P384, EcCurve::P521];
    for own in curves {
        let key = stack::EcdhPrivateKey::generate(own).unwrap();
        for other in curves {
            let peer = stack::EcdhPublicKey::new(other, &stack::ec_generate(other).unwrap().1).unwrap();
            assert_eq!(key.agree(&peer).is_ok(), own == other, "{own:?} {other:?}");
        }
    }
}

#[cfg(feature = "es256k")]
#[test]
fn secp256k1_does_not_agree() {
    assert!(stack::EcdhPrivateKey::generate(EcCurve::Secp256k1).is_err());
    let point = stack::ec_generate(EcCurve::Secp256k1).unwrap().1;
    assert!(stack::EcdhPublicKey::new(EcCurve::Secp256k1, &point).is_err());
}

/// Returns n - s.
fn negate(order: &[u8], s: &[u8]) -> Vec<u8> {
    let mut out = order.to_vec();
    let mut borrow = 0;
    for (to, sub) in out.iter_mut().zip(s).rev() {
        let difference = i16::from(*to) - i16::from(*sub) - borrow;
        borrow = i16::from(difference < 0);
        *to = u8::try_from(difference & 0xff).unwrap();
    }
    out
}

#[test]
fn ecdsa_signatures() {
    for (curve, order) in curves() {
        let (d, point) = stack::ec_generate(curve).unwrap();
        let signing = stack::EcdsaSigningKey::new(curve, d.expose_secret(), &point).unwrap();
        let verifying = stack::EcdsaVerifyingKey::new(curve, &point).unwrap();
        let signature = signing.sign(b"message").unwrap();
        let signature = signature.as_ref();
        let len = curve.coordinate_len();
        assert_eq!(signature.len(), 2 * curve.coordinate_len());
        verifying.verify(b"message", signature).unwrap();
        // JWS has no rule on which s: both hold.
        let (r, s) = signature.split_at(len);
        verifying.verify(b"message", &[r, &negate(&order, s)].concat()).unwrap();

        let refused = |signature: &[u8]| verifying.verify(b"message", signature).is_err();
        assert!(verifying.verify(b"massage", signature).is_err());
        let zero = vec![0; len];
        let one = [&zero[1..], &[1]].concat();
        let less = negate(&order, &one);
        let most = vec![0xff; len];
        // CVE-2022-21449 and its neighbours.
        let numbers = [&zero, &one, &order, &less, &most];
        for r in numbers {
            for s in numbers {
                assert!(refused(&[r.as_slice(), s].concat()), "{curve:?}");
            }
        }
        for bad in numbers {
            assert!(refused(&[r, bad.as_slice()].concat()), "{curve:?}");
            assert!(refused(&[bad.as_slice(), s].concat()), "{curve:?}");
        }
        for cut in 0..signature.len() {
            assert!(refused(&signature[..cut]), "{curve:?} {cut}");
        }
        assert!(refused(&[signature, &[0]].concat()));
        assert!(refused(&[&[0], r, &[0], s].concat()));
        assert!(refused(&vec![1; 3000]));
        for at in 0..signature.len() {
            let mut forged = signature.to_vec();
            forged[at] ^= 1;
            assert!(refused(&forged), "{curve:?} {at}");
        }
        let other = stack::EcdsaVerifyingKey::new(curve, &stack::ec_generate(curve).unwrap().1).unwrap();
        assert!(other.verify(b"message", signature).is_err());
    }
}
