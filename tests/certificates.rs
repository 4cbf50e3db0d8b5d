//! Certificates beside keys: any key's JWK keeps its `x5c` on every way out and in, and a key that comes with a
//! token is used only if the application says so.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::jwk::{CertificateChain, KeyUse};
use countersign::{
    Error, Jwk, JwkSet, JwsAlgorithm, JwtVerifier, KeyKind, NoClaims, UnverifiedToken, VerifyingKey,
};
use ed25519_dalek::Signer as _;
use proptest::collection::vec;
use proptest::prelude::*;
use support::base64url;

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [.., high, low] = content.len().to_be_bytes();
    let length = match content.len() {
        0..128 => vec![low],
        128..256 => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], &*length, &content].concat()
}

const SEQUENCE: u8 = 0x30;
const ED25519: &[u8] = &[SEQUENCE, 5, 6, 3, 0x2b, 0x65, 0x70];

/// A certificate for this key that nobody signed, with this serial number.
fn certificate(key: &Jwk, serial: u8) -> Vec<u8> {
    Fields::of(key, serial).certificate()
}

/// The fields of a certificate, each in DER (RFC 5280 §4.1).
struct Fields {
    version: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    validity: Vec<u8>,
    key: Vec<u8>,
    /// What follows the key: nothing, as a rule.
    rest: Vec<u8>,
}

impl Fields {
    fn of(key: &Jwk, serial: u8) -> Self {
        Self {
            version: der(0xa0, &[&der(2, &[&[2]])]),
            serial: der(2, &[&[serial & 0x7f]]),
            issuer: der(SEQUENCE, &[]),
            validity: der(SEQUENCE, &[&der(0x17, &[b"260101000000Z"]), &der(0x17, &[b"460101000000Z"])]),
            key: key.to_spki_der().unwrap(),
            rest: Vec::new(),
        }
    }

    fn certificate(&self) -> Vec<u8> {
        let Self { version, serial, issuer, validity, key, rest } = self;
        let name = der(SEQUENCE, &[]);
        let signed = der(SEQUENCE, &[version, serial, ED25519, issuer, validity, &name, key, rest]);
        der(SEQUENCE, &[&signed, ED25519, &der(3, &[&[0; 65]])])
    }
}

/// Extensions of these identifiers and values (RFC 5280 §4.1.2.9).
fn extensions(extensions: &[(&[u8], &[u8])]) -> Vec<u8> {
    let extension = |(id, value): &(&[u8], &[u8])| {
        der(SEQUENCE, &[&der(6, &[id]), &der(1, &[&[0xff]]), &der(4, &[value])])
    };
    let extensions: Vec<u8> = extensions.iter().flat_map(extension).collect();
    der(0xa3, &[&der(SEQUENCE, &[&extensions])])
}

const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];

/// Every field has its form, whether or not anything is done with it: each change that RFC 5280 knows is taken, and its
/// twin, which it doesn't know, is refused.
#[test]
fn every_field_of_a_certificate_is_read() {
    let key = support::jwk("P-256");
    let time = |tag: u8, text: &str| der(tag, &[text.as_bytes()]);
    let validity = |until: Vec<u8>| der(SEQUENCE, &[&time(0x17, "260101000000Z"), &until]);
    let name = |attribute: Vec<u8>| der(SEQUENCE, &[&der(0x31, &[&attribute])]);
    let common_name = der(6, &[&[0x55, 4, 3]]);
    let alternative_name: &[u8] = &[0x55, 0x1d, 17];
    let change = |change: &dyn Fn(&mut Fields)| {
        let mut fields = Fields::of(&key, 1);
        change(&mut fields);
        CertificateChain::from_der([fields.certificate()]).map(drop).map_err(|error| error.code())
    };
    let taken: [&dyn Fn(&mut Fields); 8] = [
        &|_| (),
        &|fields| fields.version.clear(),
        &|fields| fields.serial = der(2, &[&[1; 21]]),
        &|fields| fields.issuer = name(der(SEQUENCE, &[&common_name, &time(0x0c, "issuer")])),
        &|fields| fields.validity = validity(time(0x18, "20991231235959Z")),
        &|fields| fields.rest = [der(0x81, &[&[0, 9]]), der(0x82, &[&[0, 9]])].concat(),
        &|fields| fields.rest = extensions(&[(alternative_name, &[5, 0])]),
        &|fields| fields.rest = extensions(&[(KEY_USAGE, &[3, 2, 7, 0x80]), (alternative_name, &[5, 0])]),
    ];
    for (index, taken) in taken.into_iter().enumerate() {
        assert_eq!(change(taken), Ok(()), "{index}");
    }
    let refused: [&dyn Fn(&mut Fields); 14] = [
        &|fields| fields.version = der(0xa0, &[&der(2, &[&[3]])]),
        &|fields| fields.version = der(0xa1, &[&der(2, &[&[2]])]),
        &|fields| fields.serial.clear(),
        &|fields| fields.serial = der(2, &[&[1; 22]]),
        &|fields| fields.serial = der(2, &[&[0, 1]]),
        &|fields| fields.issuer = name(der(SEQUENCE, &[&time(0x0c, "issuer"), &common_name])),
        &|fields| fields.issuer = name(der(SEQUENCE, &[&common_name])),
        &|fields| fields.validity = validity(Vec::new()),
        &|fields| fields.validity = validity(time(0x18, "20991331235959Z")),
        &|fields| fields.validity = validity(time(0x0c, "20991231235959Z")),
        &|fields| fields.rest = der(0x82, &[&[9, 9]]),
        &|fields| fields.rest = der(0xa3, &[&der(SEQUENCE, &[&der(SEQUENCE, &[&der(6, &[KEY_USAGE])])])]),
        &|fields| fields.rest = extensions(&[(KEY_USAGE, &[4, 2, 7, 0x80])]),
        &|fields| {
            fields.rest = extensions(&[(KEY_USAGE, &[3, 2, 7, 0x80]), (KEY_USAGE, &[3, 2, 7, 0x80])]);
        },
    ];
    for (index, refused) in refused.into_iter().enumerate() {
        assert_eq!(change(refused), Err("encoding"), "{index}");
    }
    // Something behind any of the two sequences, and behind the certificate.
    let good = Fields::of(&key, 1);
    let longer = Fields { rest: extensions(&[]).into_iter().chain([5, 0]).collect(), ..good };
    let behind = [longer.certificate(), [certificate(&key, 1), vec![5, 0]].concat()];
    for certificate in behind {
        assert_eq!(CertificateChain::from_der([certificate]).unwrap_err().code(), "encoding");
    }
}

/// RFC 5280 §4.2.1.3: the named bits say what the key is for, the first of them in the highest bit.
#[test]
fn the_key_usage_of_a_certificate_goes_with_use() {
    let both = [true, true];
    let (signature, encryption, neither) = ([true, false], [false, true], [false, false]);
    let usages: [(&[u8], [bool; 2]); 11] = [
        (&[7, 0x80], signature),
        (&[6, 0x40], signature),
        (&[5, 0x20], encryption),
        (&[4, 0x10], encryption),
        (&[3, 0x08], encryption),
        (&[2, 0x04], signature),
        (&[1, 0x02], signature),
        (&[0, 0x01], neither),
        (&[7, 0, 0x80], neither),
        (&[5, 0xa0], both),
        (&[0], neither),
    ];
    for (bits, expected) in usages {
        let key = support::jwk("P-256");
        let value = der(3, &[bits]);
        let fields = Fields { rest: extensions(&[(KEY_USAGE, &value)]), ..Fields::of(&key, 1) };
        let chain = CertificateChain::from_der([fields.certificate()]).unwrap();
        let goes = [KeyUse::Signature, KeyUse::Encryption].map(|key_use| {
            let key = key.clone_key().with_use(key_use);
            match key.with_certificate_chain(chain.clone()) {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(error.code(), "key_inconsistent");
                    false
                }
            }
        });
        assert_eq!(goes, expected, "{bits:?}");
    }
    let key = support::jwk("P-256");
    let long = Fields { rest: extensions(&[(KEY_USAGE, &[3, 4, 7, 0, 0, 0x80])]), ..Fields::of(&key, 1) };
    assert_eq!(CertificateChain::from_der([long.certificate()]).unwrap_err().code(), "encoding");
}

fn any_key() -> impl Strategy<Value = Jwk> {
    let kinds = vec![
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::P521,
        KeyKind::Ed25519,
        KeyKind::X25519,
        #[cfg(feature = "es256k")]
        KeyKind::Secp256k1,
    ];
    let names = proptest::option::of(any::<String>());
    let uses = prop_oneof![Just(None), Just(Some(KeyUse::Signature)), Just(Some(KeyUse::Encryption))];
    let rsa = proptest::bool::weighted(0.1);
    (proptest::sample::select(kinds), names, uses, rsa).prop_map(|(kind, name, key_use, rsa)| {
        let mut key = if rsa { support::jwk("rsa-2048") } else { Jwk::generate(kind).unwrap() };
        if let Some(name) = name {
            key = key.with_key_id(name.clone()).with_algorithm(name);
        }
        match key_use {
            Some(key_use) => key.with_use(key_use),
            None => key,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_key_keeps_its_certificates(key in any_key(), serial in any::<u8>(), issuers in vec(any::<u8>(), 0..4)) {
        let issuer = Jwk::generate(KeyKind::P256).unwrap();
        let mut certificates = vec![certificate(&key, serial)];
        certificates.extend(issuers.iter().map(|serial| certificate(&issuer, *serial)));
        let chain = CertificateChain::from_der(certificates.clone()).unwrap();
        prop_assert!(chain.certificates().eq(certificates.iter().map(Vec::as_slice)));
        let again = CertificateChain::from_x5c(certificates.iter().map(|der| STANDARD.encode(der))).unwrap();
        prop_assert_eq!(&again, &chain);
        prop_assert_eq!(chain.trusted_key(|_| true).unwrap().thumbprint(), key.thumbprint());

        let private = key.clone_key().with_certificate_chain(chain.clone()).unwrap();
        let public = private.to_public().unwrap();
        let read = Jwk::from_json(private.expose_json().expose_secret()).unwrap();
        prop_assert_eq!(read.expose_json(), private.expose_json());
        prop_assert!(read.is_private());
        let published = Jwk::from_json(&private.to_public_json().unwrap()).unwrap();
        prop_assert_eq!(published.expose_json(), public.expose_json());
        prop_assert!(!published.is_private());
        for copy in [&read, &public, &published, &private.clone_key()] {
            prop_assert_eq!(copy.certificate_chain(), Some(&chain));
            prop_assert_eq!(copy.certificate_thumbprint(), Some(&*chain.thumbprint()));
            prop_assert_eq!(copy.thumbprint(), key.thumbprint());
            prop_assert_eq!(copy.key_id(), key.key_id());
            prop_assert_eq!(copy.key_use(), key.key_use());
        }
        // In a set too.
        let set: JwkSet = [private].into_iter().collect();
        let set = JwkSet::from_json(&set.to_public_json().unwrap()).unwrap();
        prop_assert_eq!(set.iter().next().unwrap().certificate_chain(), Some(&chain));

        // With a chain that begins with the issuer's, there is no such key.
        let other = CertificateChain::from_der([certificate(&issuer, serial)]).unwrap();
        prop_assert_eq!(key.with_certificate_chain(other).unwrap_err().code(), "key_inconsistent");
    }

    /// Whatever byte of the `x5c` changes, the answer is an error or a certificate of the same key.
    #[test]
    fn bent_certificates_never_bring_another_key(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let key = support::jwk("P-256");
        let mut der = certificate(&key, 1);
        let at = at.index(der.len());
        der[at] ^= 1 << bit;
        let chain = CertificateChain::from_der([der]);
        let bent = chain.and_then(|chain| key.clone_key().with_certificate_chain(chain));
        if let Ok(bent) = bent {
            let certified = bent.certificate_chain().unwrap().trusted_key(|_| true).unwrap();
            prop_assert_eq!(certified.thumbprint(), key.thumbprint());
        }
    }
}

// ---- the certificates of a token's header

const CLAIMS: &str = r#"{"iss":"https://a.example","aud":"https://b.example","sub":"u","exp":4102444800}"#;

fn public_key(seed: u8) -> Jwk {
    let x = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).verifying_key();
    Jwk::from_json(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, base64url(x.as_bytes()))).unwrap()
}

/// A token signed by the key of this seed, with members in its header.
fn token(seed: u8, members: &str) -> String {
    let header = format!(r#"{{"alg":"Ed25519"{members}}}"#);
    let input = format!("{}.{}", base64url(header), base64url(CLAIMS));
    let signature = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).sign(input.as_bytes());
    format!("{input}.{}", base64url(signature.to_bytes()))
}

fn x5c(certificates: &[Vec<u8>]) -> String {
    let texts: Vec<String> = certificates.iter().map(|der| STANDARD.encode(der)).collect();
    format!(r#","x5c":["{}"]"#, texts.join(r#"",""#))
}

fn chain_of(token: &str) -> Result<Option<CertificateChain>, Error> {
    UnverifiedToken::parse(token).unwrap().certificate_chain()
}

fn verify_with(key: &Jwk, token: &str) -> Result<(), Error> {
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Ed25519, key)?;
    let verifier =
        JwtVerifier::builder(key).issuer("https://a.example").audience("https://b.example").build()?;
    verifier.verify::<NoClaims>(token).map(drop)
}

#[test]
fn a_tokens_certificates_serve_whom_the_application_trusts() {
    const PEER: u8 = 1;
    const OTHER: u8 = 2;
    let known = CertificateChain::from_der([certificate(&public_key(PEER), 7)]).unwrap().thumbprint();
    let trust = |chain: &CertificateChain| chain.thumbprint() == known;

    let genuine = token(PEER, &x5c(&[certificate(&public_key(PEER), 7)]));
    let chain = chain_of(&genuine).unwrap().unwrap();
    assert_eq!(verify_with(&chain.trusted_key(trust).unwrap(), &genuine), Ok(()));

    // A certificate of the attacker's own, for the same key under another number or for another key.
    for (seed, serial) in [(PEER, 8), (OTHER, 7)] {
        let forged = token(seed, &x5c(&[certificate(&public_key(seed), serial)]));
        let refused = chain_of(&forged).unwrap().unwrap().trusted_key(trust).unwrap_err();
        assert_eq!((refused.code(), refused.http_status()), ("certificate_not_trusted", 401));
    }
    // The peer's certificate before the attacker's signature, alone and with the attacker's behind it.
    for certificates in [
        vec![certificate(&public_key(PEER), 7)],
        vec![certificate(&public_key(PEER), 7), certificate(&public_key(OTHER), 7)],
    ] {
        let forged = token(OTHER, &x5c(&certificates));
        let key = chain_of(&forged).unwrap().unwrap().trusted_key(trust).unwrap();
        assert_eq!(verify_with(&key, &forged).unwrap_err().code(), "invalid_signature");
    }
    // The judgment is asked for once, with the whole chain.
    let mut asked = 0;
    let two = token(PEER, &x5c(&[certificate(&public_key(PEER), 7), certificate(&public_key(OTHER), 9)]));
    let chain = chain_of(&two).unwrap().unwrap();
    let refused = chain.trusted_key(|chain| {
        asked += chain.certificates().count();
        false
    });
    assert_eq!((refused.unwrap_err().code(), asked), ("certificate_not_trusted", 2));
}

/// Row 038: whatever is in the header, a verifier looks at its own keys.
#[test]
fn no_verifier_looks_at_them() {
    const OURS: u8 = 1;
    const THEIRS: u8 = 2;
    let their_certificate = x5c(&[certificate(&public_key(THEIRS), 7)]);
    let our_certificate = x5c(&[certificate(&public_key(OURS), 7)]);
    for members in [&their_certificate, &our_certificate, r#","x5c":[]"#, r#","x5c":null"#, r#","x5t":5"#, ""]
    {
        let forged = token(THEIRS, members);
        assert_eq!(
            verify_with(&public_key(OURS), &forged).unwrap_err().code(),
            "invalid_signature",
            "{members}"
        );
        assert_eq!(verify_with(&public_key(OURS), &token(OURS, members)), Ok(()), "{members}");
    }
    // Neither does one whose own key has a chain.
    let chain = CertificateChain::from_der([certificate(&public_key(OURS), 7)]).unwrap();
    let ours = public_key(OURS).with_certificate_chain(chain).unwrap();
    let forged = token(THEIRS, &our_certificate);
    assert_eq!(verify_with(&ours, &forged).unwrap_err().code(), "invalid_signature");
}

#[test]
fn bent_certificates_in_a_header_are_the_senders_fault() {
    let der = certificate(&public_key(1), 7);
    assert!(chain_of(&token(1, "")).unwrap().is_none());
    let base64 = STANDARD.encode(&der);
    for (x5c, expected) in [
        ("null".to_owned(), "member_type"),
        ("5".into(), "member_type"),
        ("[]".into(), "member_type"),
        (format!("\"{base64}\""), "member_type"),
        (format!("[\"{}\"]", base64url(&der)), "member_type"),
        (format!("[\"{base64}\",{{}}]"), "member_type"),
        ("[\"AAAA\"]".into(), "encoding"),
        (format!("[\"{base64}\",\"\"]"), "encoding"),
        (format!("[\"{}\"]", STANDARD.encode([&der[..], &[0]].concat())), "encoding"),
    ] {
        let error = chain_of(&token(1, &format!(",\"x5c\":{x5c}"))).unwrap_err();
        assert_eq!((error.code(), error.http_status()), (expected, 401), "{x5c}: {error}");
        assert!(error.to_string().starts_with("malformed header: "), "{error}");
    }
}
