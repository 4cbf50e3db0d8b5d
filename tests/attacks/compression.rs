//! Class N: small tokens that decompress to large ones, and `zip` where it has no meaning.

use countersign::jwe::JweDecrypter;
use countersign::{ContentEncryption, DecryptionKey, KeySet, NoClaims, SecretBytes, decrypt, jws};

use crate::jwe_forging::*;
use crate::support::*;

/// "x", deflated with fixed codes (RFC 1951 §3.2.6).
const DEFLATED_X: [u8; 3] = [0xab, 0x00, 0x00];

fn key() -> DecryptionKey {
    DecryptionKey::direct(ContentEncryption::A128CbcHs256, SecretBytes::from(octets(32))).unwrap()
}

/// An authentic token whose plaintext is these octets, whatever the header says of them.
fn authentic(header: &str, octets_inside: &[u8]) -> String {
    sealed(&octets(32), header, b"", octets_inside)
}

/// CVE-2024-28176, CVE-2024-28180: nobody who didn't ask for it decompresses anything.
#[test]
fn rows_088_and_090_compression_is_off() {
    let key = key();
    for zip in [r#""DEF""#, r#""def""#, r#""GZIP""#, r#""""#, "null", "false", "5", r#"["DEF"]"#, "{}"] {
        let header = format!(r#"{{"alg":"dir","enc":"A128CBC-HS256","zip":{zip}}}"#);
        for plaintext in [&DEFLATED_X[..], b"x", b""] {
            let token = authentic(&header, plaintext);
            assert_eq!(code(decrypt(&key, &token)), "unsupported_compression", "{zip}");
            assert_eq!(
                code(KeySet::from(key.clone_key()).decrypt(&token)),
                "unsupported_compression",
                "{zip}"
            );
            assert_eq!(code(JweDecrypter::new([&key]).decrypt(&token)), "unsupported_compression", "{zip}");
            let verifier = nested().build().unwrap();
            assert_eq!(code(verifier.verify::<NoClaims>(&token)), "unsupported_compression", "{zip}");
        }
        // A signed token's payload is never decompressed: there, the name has no meaning.
        let header = format!(r#"{{"alg":"HS256","zip":{zip}}}"#);
        let signed = hs256(&header, DEFLATED_X);
        assert_eq!(jws::verify(&hs256_key(), &signed).unwrap().payload(), DEFLATED_X);
        accepted_by(&hs256_key(), &hs256(&header, P0));
        let critical = format!(r#"{{"alg":"HS256","zip":{zip},"crit":["zip"]}}"#);
        assert_eq!(refused_by(&hs256_key(), &hs256(critical, P0)), "crit", "{zip}");
    }
    let other_case = r#"{"alg":"dir","enc":"A128CBC-HS256","ZIP":"DEF"}"#;
    assert!(decrypt(&key, &authentic(other_case, b"x")).is_ok());
}

fn nested() -> countersign::jwt::JwtVerifierBuilder {
    countersign::JwtVerifier::builder(hs256_key())
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .clock(at(NOW))
        .decrypt_with(key())
}

#[cfg(feature = "deflate")]
mod where_it_is_asked_for {
    use std::collections::BTreeMap;

    use countersign::jwe::{JweAlgorithm, JweBuilder};
    use countersign::{Limits, decrypt_claims, encrypt};
    use miniz_oxide::deflate::compress_to_vec;

    use super::*;

    const HEADER: &str = r#"{"alg":"dir","enc":"A128CBC-HS256","zip":"DEF"}"#;

    fn decrypter(key: &DecryptionKey) -> JweDecrypter {
        JweDecrypter::new([key]).allow_compression()
    }

    fn opened(token: &str) -> Result<Vec<u8>, countersign::Error> {
        let decrypted = decrypter(&key()).decrypt(token)?;
        Ok(decrypted.plaintext().expose_secret().to_vec())
    }

    /// 100 MB of zeros, in a token of 130 kB.
    fn bomb() -> Vec<u8> {
        compress_to_vec(&vec![0; 100_000_000], 9)
    }

    #[test]
    fn row_088_what_was_asked_for_is_accepted() {
        assert_eq!(opened(&authentic(HEADER, &DEFLATED_X)).unwrap(), b"x");
        // A token that isn't compressed is read as it is, also if it looks otherwise.
        let plain = r#"{"alg":"dir","enc":"A128CBC-HS256"}"#;
        assert_eq!(opened(&authentic(plain, &DEFLATED_X)).unwrap(), DEFLATED_X);
        for algorithm in [JweAlgorithm::Dir, JweAlgorithm::A256Kw, JweAlgorithm::EcdhEs] {
            let key = DecryptionKey::generate(algorithm).unwrap();
            let recipient = key.encryption_key().unwrap();
            for plaintext in [&b""[..], b"x", &[7; 100_000]] {
                let builder = JweBuilder::new(&recipient).compress();
                let token = builder.encrypt(plaintext).unwrap();
                assert!(token.len() < 1000);
                let decrypted = decrypter(&key).decrypt(&token).unwrap();
                assert_eq!(decrypted.plaintext().expose_secret(), plaintext);
                assert_eq!(code(decrypt(&key, &token)), "unsupported_compression");
                let json = builder.additional_authenticated_data("aad").encrypt_json(plaintext).unwrap();
                let decrypted = decrypter(&key).decrypt_json(&json).unwrap();
                assert_eq!(decrypted.plaintext().expose_secret(), plaintext);
                assert_eq!(code(JweDecrypter::new([&key]).decrypt_json(&json)), "unsupported_compression");
            }
        }
    }

    /// The output is capped while it is made; `src/jwe/zip.rs` shows that no buffer is larger.
    #[test]
    fn row_089_a_bomb_ends_at_the_limit() {
        let bomb = bomb();
        assert!(bomb.len() < 250_000, "{}", bomb.len());
        let token = authentic(HEADER, &bomb);
        assert_eq!(code(opened(&token)), "limit_token_bytes");
        let key = key();
        let with = |most| {
            let limits = Limits::default().token_bytes(1_000_000).inflated_bytes(most);
            decrypter(&key).limits(limits).decrypt(&token)
        };
        for most in [0, 1, 250_000, 10_000_000] {
            assert_eq!(code(with(most)), "limit_inflated_bytes", "{most}");
        }
        // What fits the default limit on tokens is capped as well.
        let small = compress_to_vec(&[0; 10_000_000], 9);
        assert_eq!(code(opened(&authentic(HEADER, &small))), "limit_inflated_bytes");
        for (len, accepted) in [(249_999, true), (250_000, true), (250_001, false)] {
            let token = authentic(HEADER, &compress_to_vec(&vec![b'x'; len], 9));
            match opened(&token) {
                Ok(plaintext) => assert!(accepted && plaintext == vec![b'x'; len], "{len}"),
                Err(error) => assert!(!accepted && error.code() == "limit_inflated_bytes", "{len}"),
            }
        }
    }

    /// A bomb inside a bomb is decompressed once.
    #[test]
    fn row_089_what_comes_out_isn_t_decompressed_again() {
        let once = compress_to_vec(&[0; 100_000], 9);
        let twice = compress_to_vec(&once, 9);
        assert_eq!(opened(&authentic(HEADER, &twice)).unwrap(), once);
        // A compressed token in a compressed token is bytes to who opens the outer one.
        let inner = authentic(HEADER, &once);
        assert_eq!(
            opened(&authentic(HEADER, &compress_to_vec(inner.as_bytes(), 9))).unwrap(),
            inner.as_bytes()
        );
    }

    /// A forged bomb isn't touched: the tag comes first.
    #[test]
    fn row_089_nothing_is_decompressed_that_isn_t_authentic() {
        let small = compress_to_vec(&[0; 10_000_000], 9);
        for compressed in [&small[..], b"no stream", &DEFLATED_X] {
            let token = authentic(HEADER, compressed);
            let tag = part(&token, 4);
            let forged = with_part(&token, 4, &encode(tag.iter().map(|byte| !byte).collect::<Vec<_>>()));
            assert_eq!(code(opened(&forged)), "decryption_failed");
            let other =
                DecryptionKey::direct(ContentEncryption::A128CbcHs256, SecretBytes::from(vec![1; 32]));
            assert_eq!(code(decrypter(&other.unwrap()).decrypt(&token)), "decryption_failed");
            // `zip` put into, or taken out of, somebody else's header.
            let plain = r#"{"alg":"dir","enc":"A128CBC-HS256"}"#;
            assert_eq!(code(opened(&with_part(&token, 0, &encode(plain)))), "decryption_failed");
            let uncompressed = authentic(plain, compressed);
            assert_eq!(code(opened(&with_part(&uncompressed, 0, &encode(HEADER)))), "decryption_failed");
        }
    }

    #[test]
    fn row_090_other_names_and_other_places() {
        for zip in
            [r#""def""#, r#""Def""#, r#""DEF ""#, r#""DEFLATE""#, r#""GZIP""#, r#""""#, "null", "true", "5"]
        {
            let header = format!(r#"{{"alg":"dir","enc":"A128CBC-HS256","zip":{zip}}}"#);
            assert_eq!(code(opened(&authentic(&header, &DEFLATED_X))), "unsupported_compression", "{zip}");
        }
        for zip in [r#"["DEF"]"#, r#"{"DEF":true}"#] {
            let header = format!(r#"{{"alg":"dir","enc":"A128CBC-HS256","zip":{zip}}}"#);
            assert_eq!(code(opened(&authentic(&header, &DEFLATED_X))), "unsupported_compression", "{zip}");
        }
        let twice = r#"{"alg":"dir","enc":"A128CBC-HS256","zip":"DEF","zip":"DEF"}"#;
        assert_eq!(code(opened(&authentic(twice, &DEFLATED_X))), "duplicate_member");
        // RFC 7516 §4.1.13: it is understood anyhow, so `crit` mustn't name it.
        let critical = r#"{"alg":"dir","enc":"A128CBC-HS256","zip":"DEF","crit":["zip"]}"#;
        assert_eq!(code(opened(&authentic(critical, &DEFLATED_X))), "crit");

        // Outside the protected header, anyone on the way could add it.
        let json = |protected: &str, unprotected: &str| {
            let token = authentic(protected, &DEFLATED_X);
            let parts: Vec<&str> = token.split('.').collect();
            format!(
                r#"{{"protected":"{}",{unprotected}"iv":"{}","ciphertext":"{}","tag":"{}"}}"#,
                parts[0], parts[2], parts[3], parts[4]
            )
        };
        let plain = r#"{"alg":"dir","enc":"A128CBC-HS256"}"#;
        let key = key();
        let open = |json: &str| {
            let decrypted = decrypter(&key).decrypt_json(json)?;
            Ok(decrypted.plaintext().expose_secret().to_vec())
        };
        assert_eq!(open(&json(HEADER, "")).unwrap(), b"x");
        assert_eq!(open(&json(plain, "")).unwrap(), DEFLATED_X);
        for place in ["header", "unprotected"] {
            let unprotected = format!(r#""{place}":{{"zip":"DEF"}},"#);
            assert_eq!(code(open(&json(plain, &unprotected))), "unprotected_member", "{place}");
            assert_eq!(code(open(&json(HEADER, &unprotected))), "duplicate_member", "{place}");
        }
        // As a member of the token itself it is unknown, and ignored like any.
        assert_eq!(open(&json(plain, r#""zip":"DEF","#)).unwrap(), DEFLATED_X);
    }

    #[test]
    fn row_090_streams_that_are_cut_or_go_on() {
        let whole = compress_to_vec(b"so it goes, so it goes, so it goes", 9);
        assert!(opened(&authentic(HEADER, &whole)).is_ok());
        for len in 0..whole.len() {
            assert_eq!(code(opened(&authentic(HEADER, &whole[..len]))), "deflate", "{len}");
        }
        for behind in [&[0][..], b"x", &whole, &[0; 1000]] {
            let token = authentic(HEADER, &[&whole[..], behind].concat());
            assert_eq!(code(opened(&token)), "deflate");
        }
        // Other containers than DEFLATE's own: zlib's (RFC 1950), gzip's (RFC 1952), and none.
        let zlib = miniz_oxide::deflate::compress_to_vec_zlib(b"so it goes", 9);
        let gzip = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &whole, &[0; 8]].concat();
        for stream in [&zlib[..], &gzip, b"so it goes", &[0xff; 100]] {
            assert_eq!(code(opened(&authentic(HEADER, stream))), "deflate");
        }
    }

    /// Several recipients: one content, capped once and for each alike.
    #[test]
    fn a_bomb_for_several_recipients() {
        let keys = [JweAlgorithm::A256Kw, JweAlgorithm::EcdhEsA256Kw]
            .map(|algorithm| DecryptionKey::generate(algorithm).unwrap());
        let senders = [&keys[0], &keys[1]].map(|key| key.encryption_key().unwrap());
        let make = |len: usize| {
            let builder = JweBuilder::new(&senders[0]).add_recipient(&senders[1]).compress();
            builder.encrypt_general(&vec![0; len]).unwrap()
        };
        for key in &keys {
            assert_eq!(decrypter(key).decrypt_json(&make(250_000)).unwrap().plaintext().len(), 250_000);
            assert_eq!(code(decrypter(key).decrypt_json(&make(250_001))), "limit_inflated_bytes");
            assert_eq!(code(JweDecrypter::new([key]).decrypt_json(&make(1))), "unsupported_compression");
        }
    }

    /// A verifier holds what comes out to all of its rules, its size first.
    #[test]
    fn verifiers_decompress_where_they_were_told_to() {
        let recipient = key().encryption_key().unwrap();
        let around = |inner: &str| {
            let builder = JweBuilder::new(&recipient).content_type("JWT").compress();
            builder.encrypt(inner.as_bytes()).unwrap()
        };
        let verify = |limits: Limits, token: &str| {
            let verifier = nested().allow_compression().limits(limits).build().unwrap();
            verifier.verify::<NoClaims>(token).map(drop)
        };
        let token = around(&hs256(H0, P0));
        assert_eq!(verify(Limits::default(), &token), Ok(()));
        assert_eq!(code(nested().build().unwrap().verify::<NoClaims>(&token)), "unsupported_compression");
        let uncompressed = JweBuilder::new(&recipient).content_type("JWT").encrypt(hs256(H0, P0).as_bytes());
        assert_eq!(verify(Limits::default(), &uncompressed.unwrap()), Ok(()));

        // Claims of 100 kB that came in 1 kB: the limit on tokens is on the one inside, too.
        let large = hs256(H0, p0_with("filling", &format!("\"{}\"", "x".repeat(100_000))));
        let token = around(&large);
        assert!(token.len() < 16 * 1024);
        assert_eq!(code(verify(Limits::default(), &token)), "limit_token_bytes");
        assert_eq!(verify(Limits::default().token_bytes(large.len()), &token), Ok(()));
        let inflated = Limits::default().token_bytes(large.len()).inflated_bytes(large.len() - 1);
        assert_eq!(code(verify(inflated, &token)), "limit_inflated_bytes");

        assert_eq!(code(verify(Limits::default(), &around(P0))), "not_signed");
        assert_eq!(code(verify(Limits::default(), &around(&around(&hs256(H0, P0))))), "limit_nesting");
        // Only the encryption's header asks for it, and only around a signed token.
        let signed = hs256(r#"{"alg":"HS256","zip":"DEF"}"#, P0);
        assert_eq!(verify(Limits::default(), &around(&signed)), Ok(()));
        assert_eq!(code(verify(Limits::default(), &signed)), "not_encrypted");

        let alone = countersign::JwtVerifier::builder(hs256_key()).any_issuer().any_audience();
        assert_eq!(code(alone.allow_compression().build()), "misuse");
    }

    /// How long a token is tells what is in it: the reason for which none is compressed unless somebody asks.
    #[test]
    fn lengths_tell_a_secret_from_a_wrong_guess() {
        let recipient = key().encryption_key().unwrap();
        let len = |guess: &str| {
            let plaintext = format!("{{\"seen\":\"{guess}\",\"secret\":\"cookie=7f3a9c51e0b2\"}}");
            let compressed = JweBuilder::new(&recipient).compress().encrypt(plaintext.as_bytes()).unwrap();
            let plain = encrypt(&recipient, plaintext.as_bytes()).unwrap();
            (compressed.len(), plain.len())
        };
        let (right, wrong) = (len("cookie=7f3a9c51e0b2"), len("cookie=04d81b6e9a5c"));
        assert!(right.0 < wrong.0, "{right:?} {wrong:?}");
        assert_eq!(right.1, wrong.1);
    }

    #[test]
    fn claims_are_read_from_compressed_tokens_by_a_decrypter_alone() {
        let recipient = key().encryption_key().unwrap();
        let token =
            JweBuilder::new(&recipient).compress().encrypt_claims(&BTreeMap::from([("a", 1)])).unwrap();
        let read = decrypt_claims::<BTreeMap<String, u8>>(&key(), &token);
        assert_eq!(code(read), "unsupported_compression");
        assert_eq!(opened(&token).unwrap(), br#"{"a":1}"#);
    }
}
