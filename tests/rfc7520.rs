//! RFC 7520: the keys of section 3, every serialization of every token of sections 4 to 6, and for each what stands
//! next to it and is refused. What is deterministic is made again: here what the public API writes, the rest by unit
//! tests of `jws` and `jwe`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../src/evidence.rs"]
mod evidence;
mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::jwe::JweDecrypter;
use countersign::jws::{JwsBuilder, JwsVerifier, sign_general};
use countersign::{DecryptionKey, Error, JweAlgorithm, Jwk, JwsAlgorithm, KeyKind, SigningKey, VerifyingKey};
use evidence::{Expected, Override, Tally};
use serde_json::Value;
use vectors::{Case, changed, code, with, with_part};

// ---- section 3: keys

#[test]
fn section_3_key_pairs() {
    for (public, private, kind) in
        [("3.1", "3.2", KeyKind::P521), ("3.3", "3.4", KeyKind::Rsa { bits: 2048 })]
    {
        let [public, private] = [public, private].map(|section| Case::of(&format!("RFC 7520 {section}")));
        let (key, pair) = (public.jwk("jwk"), private.jwk("jwk"));
        assert_eq!((key.kind(), key.is_private()), (kind, false));
        assert_eq!((pair.kind(), pair.is_private()), (kind, true));
        assert_eq!(key.key_id(), Some("bilbo.baggins@hobbiton.example"));
        let parsed = |json: &str| serde_json::from_str::<Value>(json).unwrap();
        assert_eq!(parsed(&pair.to_public_json().unwrap()), *public.value("jwk"));
        assert_eq!(parsed(pair.expose_json().expose_secret()), *private.value("jwk"));
        assert_eq!(key.thumbprint(), pair.thumbprint());

        for (member, value) in private.value("jwk").as_object().unwrap() {
            if !matches!(member.as_str(), "kid" | "e") {
                let bent = with(private.value("jwk"), member, changed(value.as_str().unwrap()));
                let read = Jwk::from_json(&bent.to_string());
                let usable = read.as_ref().is_ok_and(|jwk| {
                    let algorithm =
                        if kind == KeyKind::P521 { JwsAlgorithm::Es512 } else { JwsAlgorithm::Rs256 };
                    SigningKey::from_jwk_for(algorithm, jwk).is_ok()
                });
                assert!(!usable, "another {member}");
            }
        }
    }
}

#[test]
fn section_3_secrets() {
    for (section, bits, id) in [
        ("RFC 7520 3.5", 256, "018c0ae5-4d9b-471b-bfd6-eef314bc7037"),
        ("RFC 7520 3.6", 256, "1e571774-2e08-40da-8308-e8d68773842d"),
    ] {
        let case = Case::of(section);
        let key = case.jwk("jwk");
        assert_eq!((key.kind(), key.key_id()), (KeyKind::Oct { bits }, Some(id)));
        let written: Value = serde_json::from_str(key.expose_json().expose_secret()).unwrap();
        assert_eq!(written, *case.value("jwk"));
        assert_eq!(code(key.to_public_json()), "key_not_public");
    }
    // Each is for what it says and for nothing else.
    let [mac, encryption] = ["RFC 7520 3.5", "RFC 7520 3.6"].map(|section| Case::of(section).jwk("jwk"));
    assert!(SigningKey::from_jwk(&mac).is_ok() && DecryptionKey::from_jwk(&encryption).is_ok());
    assert_eq!(code(SigningKey::from_jwk_for(JwsAlgorithm::Hs256, &encryption)), "key_algorithm");
    assert_eq!(code(DecryptionKey::from_jwk_for(JweAlgorithm::A256Kw, &mac)), "key_algorithm");
}

// ---- the serializations of a token

/// How a token is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Compact,
    General,
    Flattened,
}

/// A token of a section, in one of its serializations.
struct Token {
    case: Case,
    form: Form,
    text: String,
}

impl Token {
    /// `5.13` general is 5131: the section, then the form.
    fn number(&self) -> usize {
        let section = self.case.text("source").rsplit(' ').next().unwrap();
        let (major, minor) = section.split_once('.').unwrap_or((section, "0"));
        let form = [Form::Compact, Form::General, Form::Flattened].iter().position(|form| *form == self.form);
        major.parse::<usize>().unwrap() * 1000 + minor.parse::<usize>().unwrap() * 10 + form.unwrap()
    }

    fn name(&self) -> String {
        format!("{}, {:?}", self.case.text("source"), self.form)
    }

    fn with_text(&self, text: String) -> Self {
        Self { case: Case::of(self.case.text("source")), form: self.form, text }
    }
}

/// Every serialization of the tokens whose sections begin so.
fn tokens(sections: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for case in Case::all("RFC 7520") {
        let source = case.text("source");
        if !source.starts_with(&format!("RFC 7520 {sections}")) {
            continue;
        }
        for (form, member) in
            [(Form::Compact, "token"), (Form::General, "general"), (Form::Flattened, "flattened")]
        {
            if let Some(token) = case.get(member) {
                let text = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
                tokens.push(Token { case: Case::of(source), form, text });
            }
        }
    }
    tokens
}

/// The values that make a token, each changed by itself: no one may pass. `cty` where nothing protects it is left
/// out, as it is anyone's to change, and so is what a general token says to other recipients.
fn twins(token: &Token, other_recipients: &[usize]) -> Vec<(String, String)> {
    if token.form == Form::Compact {
        let filled = token.text.split('.').enumerate().filter(|(_, part)| !part.is_empty());
        let mut twins: Vec<_> = filled
            .map(|(place, _)| (format!("part {place}"), with_part(&token.text, place, changed)))
            .collect();
        twins.push(("a space in the header".into(), with_part(&token.text, 0, with_a_space)));
        return twins;
    }
    let json: Value = serde_json::from_str(&token.text).unwrap();
    let mut pointers = Vec::new();
    leaves(&json, String::new(), &mut pointers);
    let others: Vec<_> = other_recipients.iter().map(|index| format!("/recipients/{index}/")).collect();
    pointers.retain(|pointer| {
        !pointer.ends_with("/cty") && !others.iter().any(|other| pointer.starts_with(other.as_str()))
    });
    let bent = |pointer: &str, bend: fn(&str) -> String| {
        let mut json = json.clone();
        let leaf = json.pointer_mut(pointer).unwrap();
        *leaf = bend(leaf.as_str().unwrap()).into();
        json.to_string()
    };
    let protected = pointers.iter().filter(|pointer| pointer.ends_with("/protected"));
    let spaced = protected.map(|pointer| (format!("a space in {pointer}"), bent(pointer, with_a_space)));
    pointers.iter().map(|pointer| (pointer.clone(), bent(pointer, changed))).chain(spaced).collect()
}

/// The same header, written in other bytes.
fn with_a_space(header: &str) -> String {
    let mut header = URL_SAFE_NO_PAD.decode(header).unwrap();
    header.push(b' ');
    URL_SAFE_NO_PAD.encode(header)
}

/// The places of all strings.
fn leaves(value: &Value, place: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(place),
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(index, value)| leaves(value, format!("{place}/{index}"), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, format!("{place}/{name}"), found));
        }
        _ => {}
    }
}

// ---- section 4: signatures

/// The keys that sign a case's token, each under its algorithm.
fn signing_keys(case: &Case) -> Vec<SigningKey> {
    let list = |one: &str, several: &str| match (case.get(one), case.get(several)) {
        (Some(one), _) => vec![one.as_str().unwrap().to_owned()],
        (None, Some(several)) => {
            several.as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
        }
        (None, None) => panic!("no {one}"),
    };
    let algorithms = list("algorithm", "algorithms");
    let sources = list("jwk_source", "jwk_sources");
    let keys = algorithms.iter().zip(&sources).map(|(algorithm, source)| {
        let jwk = Case::of(source).jwk("jwk");
        SigningKey::from_jwk_for(algorithm.parse().unwrap(), &jwk).unwrap()
    });
    keys.collect()
}

fn verifying_keys(case: &Case) -> Vec<VerifyingKey> {
    signing_keys(case).iter().map(|key| key.verifying_key().unwrap()).collect()
}

/// Verifies, with the payload beside the token if that is where it is.
fn verify(verifier: &JwsVerifier, token: &Token, payload: &str) -> Result<Vec<u8>, Error> {
    let is_detached = token.case.text("source") == "RFC 7520 4.5";
    match (token.form, is_detached) {
        (Form::Compact, false) => verifier.verify(&token.text).map(|verified| verified.into_payload()),
        (Form::Compact, true) => {
            verifier.verify_detached(&token.text, payload.as_bytes()).map(|verified| verified.into_payload())
        }
        (_, false) => verifier.verify_json(&token.text).map(|verified| verified.into_payload()),
        (_, true) => {
            let verified = verifier.verify_json_detached(&token.text, payload.as_bytes());
            verified.map(|verified| verified.into_payload())
        }
    }
}

const UNPROTECTED_ALGORITHM: &str = "`alg` stands where nobody signed it: RFC 7515 §4.1.1 permits that, RFC 8725 §3.1 \
                                     doesn't build on it, so whoever wants it asks for it";

#[test]
fn evidence_rfc7520_signatures() {
    const OVERRIDES: &[Override] = &[
        Override { case: 4071, code: "unprotected_member", reason: UNPROTECTED_ALGORITHM },
        Override { case: 4072, code: "unprotected_member", reason: UNPROTECTED_ALGORITHM },
        Override { case: 4081, code: "unprotected_member", reason: UNPROTECTED_ALGORITHM },
    ];
    let tokens = tokens("4.");
    let mut tally = Tally::new("RFC 7520 §4, each serialization", OVERRIDES);
    for token in &tokens {
        let payload = token.case.text("payload");
        let keys = verifying_keys(&token.case);
        let result = verify(&JwsVerifier::new(&keys), token, payload);
        if let Ok(found) = &result {
            assert_eq!(found, payload.as_bytes());
        }
        let found = code(result);
        assert_eq!(found == "accepted", token.case.text("expect") == "accepted", "{}", token.name());
        tally.judge(token.number(), Expected::Accepted, found, &token.name());

        let asked_for = JwsVerifier::new(&keys).allow_unprotected_algorithm();
        assert_eq!(verify(&asked_for, token, payload), Ok(payload.into()), "{}", token.name());
    }
    tally.finish(tokens.len());
}

#[test]
fn evidence_rfc7520_signatures_bent() {
    let mut tally = Tally::new("RFC 7520 §4, one value changed", &[]);
    let mut cases = 0;
    for token in tokens("4.") {
        let payload = token.case.text("payload");
        let keys = verifying_keys(&token.case);
        let verifier = JwsVerifier::new(&keys).allow_unprotected_algorithm();
        let mut judge = |result, what: &str| {
            cases += 1;
            tally.judge(cases, Expected::Refused, code(result), &format!("{}: {what}", token.name()));
        };
        for (what, text) in twins(&token, &[]) {
            judge(verify(&verifier, &token.with_text(text), payload), &what);
        }
        if token.case.text("source") == "RFC 7520 4.5" {
            judge(verify(&verifier, &token, &changed(payload)), "the payload beside it");
        }
        // All signatures must hold, so none of the keys may be missing.
        for missing in 0..keys.len() {
            let others = keys.iter().enumerate().filter(|(index, _)| *index != missing).map(|(_, key)| key);
            let verifier = JwsVerifier::new(others).allow_unprotected_algorithm();
            judge(verify(&verifier, &token, payload), "without a key");
        }
    }
    tally.finish(cases);
}

#[test]
fn section_4_8_says_which_signatures_hold() {
    let case = Case::of("RFC 7520 4.8");
    let keys = verifying_keys(&case);
    let text = case.value("general").to_string();
    for (index, key) in keys.iter().enumerate() {
        let verifier = JwsVerifier::new([key]).allow_unprotected_algorithm();
        let verified = verifier.verify_json_any(&text).unwrap();
        assert_eq!(verified.payload(), case.text("payload").as_bytes());
        assert!(verified.is_signed_by(key));
        assert_eq!(
            verified.verified().iter().map(|signature| signature.index()).collect::<Vec<_>>(),
            [index]
        );
        assert_eq!(verified.refused().len(), 2);
    }
    let all = JwsVerifier::new(&keys).allow_unprotected_algorithm().verify_json(&text).unwrap();
    assert_eq!(all.signatures().count(), 3);
    assert_eq!(all.distinct_keys(), 3);
    let other = SigningKey::generate(JwsAlgorithm::Hs256).unwrap().verifying_key().unwrap();
    let verifier = JwsVerifier::new([&other]).allow_unprotected_algorithm();
    assert_ne!(code(verifier.verify_json_any(&text)), "accepted");
}

/// HMAC and RSASSA-PKCS1-v1_5 are deterministic, and the headers are those that this library writes.
#[test]
fn evidence_rfc7520_signatures_again() {
    let mut tally = Tally::new("RFC 7520 §4, made again and the same", &[]);
    let tokens = tokens("4.").into_iter().filter(|token| {
        token.case.get("deterministic") == Some(&Value::Bool(true))
            && token.case.text("source") != "RFC 7520 4.7"
    });
    let tokens: Vec<_> = tokens.collect();
    for token in &tokens {
        let keys = signing_keys(&token.case);
        let mut builder = JwsBuilder::new(&keys[0]);
        if token.case.get("unprotected").is_some() {
            builder = builder.unprotected_key_id();
        }
        let payload = token.case.text("payload").as_bytes();
        let is_detached = token.case.text("source") == "RFC 7520 4.5";
        let made = match (token.form, is_detached) {
            (Form::Compact, false) => builder.sign(payload),
            (Form::Compact, true) => builder.sign_detached(payload),
            (Form::Flattened, false) => builder.sign_json(payload),
            (Form::Flattened, true) => builder.sign_json_detached(payload),
            (Form::General, false) => sign_general(&[builder], payload),
            (Form::General, true) => countersign::jws::sign_general_detached(&[builder], payload),
        };
        let is_same = match token.form {
            Form::Compact => made.unwrap() == token.text,
            // The RFC prints members in lines of its own.
            _ => {
                serde_json::from_str::<Value>(&made.unwrap()).unwrap()
                    == serde_json::from_str::<Value>(&token.text).unwrap()
            }
        };
        let found = if is_same { "accepted" } else { "another token" };
        tally.judge(token.number(), Expected::Accepted, found, &token.name());
    }
    tally.finish(tokens.len());
}

/// RSASSA-PSS and ECDSA differ each time; what is signed doesn't.
#[test]
fn section_4_2_and_4_3_have_our_signing_input() {
    for section in ["RFC 7520 4.2", "RFC 7520 4.3"] {
        let case = Case::of(section);
        let key = &signing_keys(&case)[0];
        let made = JwsBuilder::new(key).sign(case.text("payload").as_bytes()).unwrap();
        let (made, published) = (made.rsplit_once('.').unwrap(), case.token().rsplit_once('.').unwrap());
        assert_eq!(made.0, published.0);
        assert_ne!(made.1, published.1);
    }
}

// ---- section 5: encryption

/// The keys that open a case's token, each under its algorithm. No key can be made for RSA1_5, so any other stands
/// in its place.
fn decryption_keys(case: &Case) -> Result<Vec<(usize, DecryptionKey)>, Error> {
    let made = |name: &str, jwk: &Jwk| match JweAlgorithm::from_name(name) {
        Some(algorithm) => DecryptionKey::from_jwk_for(algorithm, jwk),
        None => DecryptionKey::generate(JweAlgorithm::A128Kw),
    };
    if let (Some(algorithms), Some(sources)) = (case.get("algorithms"), case.get("jwk_sources")) {
        let pairs = algorithms.as_array().unwrap().iter().zip(sources.as_array().unwrap());
        let known = pairs.enumerate().filter(|(_, (algorithm, _))| *algorithm != "RSA1_5");
        return known
            .map(|(index, (algorithm, source))| {
                let jwk = Case::of(source.as_str().unwrap()).jwk("jwk");
                Ok((index, made(algorithm.as_str().unwrap(), &jwk)?))
            })
            .collect();
    }
    if let Some(password) = case.get("password") {
        let algorithm = JweAlgorithm::from_name(case.text("algorithm")).unwrap();
        return Ok(vec![(
            0,
            DecryptionKey::password(algorithm, password.as_str().unwrap().as_bytes().to_vec().into())?,
        )]);
    }
    let jwk = match case.get("jwk_source") {
        Some(source) => Case::of(source.as_str().unwrap()).jwk("jwk"),
        None => case.jwk("jwk"),
    };
    Ok(vec![(0, made(case.text("algorithm"), &jwk)?)])
}

/// One that takes compressed tokens, in a build that can.
fn decrypter(key: &DecryptionKey) -> JweDecrypter {
    let decrypter = JweDecrypter::new([key]);
    #[cfg(feature = "deflate")]
    let decrypter = decrypter.allow_compression();
    decrypter
}

fn open(decrypter: &JweDecrypter, token: &Token) -> Result<(Vec<u8>, Option<Vec<u8>>), Error> {
    let decrypted = match token.form {
        Form::Compact => decrypter.decrypt(&token.text)?,
        _ => decrypter.decrypt_json(&token.text)?,
    };
    let aad = decrypted.additional_authenticated_data().map(<[u8]>::to_vec);
    Ok((decrypted.plaintext().expose_secret().to_vec(), aad))
}

const NO_RSA1_5: &str = "RSA1_5 isn't here, on purpose: its padding is an oracle as soon as one reader says what was \
                         wrong";

#[cfg(not(feature = "deflate"))]
const NO_ZIP: &str = "the plaintext is compressed, and this build has no feature for it";

#[test]
fn evidence_rfc7520_encryption() {
    const OVERRIDES: &[Override] = &[
        Override { case: 5010, code: "unsupported_algorithm", reason: NO_RSA1_5 },
        Override { case: 5011, code: "unsupported_algorithm", reason: NO_RSA1_5 },
        Override { case: 5012, code: "unsupported_algorithm", reason: NO_RSA1_5 },
        #[cfg(not(feature = "deflate"))]
        Override { case: 5090, code: "unsupported_compression", reason: NO_ZIP },
        #[cfg(not(feature = "deflate"))]
        Override { case: 5091, code: "unsupported_compression", reason: NO_ZIP },
        #[cfg(not(feature = "deflate"))]
        Override { case: 5092, code: "unsupported_compression", reason: NO_ZIP },
    ];
    let tokens = tokens("5.");
    let mut tally = Tally::new("RFC 7520 §5, each serialization", OVERRIDES);
    for token in &tokens {
        let plaintext = token.case.text("plaintext").as_bytes().to_vec();
        let aad = token.case.get("additional_authenticated_data").map(|aad| aad.as_str().unwrap().into());
        let mut found = "accepted";
        match decryption_keys(&token.case) {
            Err(error) => found = error.code(),
            Ok(keys) => {
                for (recipient, key) in &keys {
                    if token.case.text("source") == "RFC 7520 5.9" {
                        let unasked = open(&JweDecrypter::new([key]), token);
                        assert_eq!(code(unasked), "unsupported_compression", "{}", token.name());
                    }
                    match open(&decrypter(key), token) {
                        Ok(opened) => assert_eq!(opened, (plaintext.clone(), aad.clone()), "{recipient}"),
                        Err(error) => found = error.code(),
                    }
                }
            }
        }
        tally.judge(token.number(), Expected::Accepted, found, &token.name());
    }
    tally.finish(tokens.len());
}

#[test]
fn evidence_rfc7520_encryption_bent() {
    let mut tally = Tally::new("RFC 7520 §5, one value changed", &[]);
    let mut cases = 0;
    for token in tokens("5.") {
        let Ok(keys) = decryption_keys(&token.case) else { continue };
        for (recipient, key) in &keys {
            let others: Vec<_> = (0..3).filter(|index| index != recipient).collect();
            for (what, text) in twins(&token, &others) {
                cases += 1;
                let result = open(&decrypter(key), &token.with_text(text));
                tally.judge(cases, Expected::Refused, code(result), &format!("{}: {what}", token.name()));
            }
        }
    }
    tally.finish(cases);
}

#[test]
fn section_5_13_tells_the_recipient() {
    let case = Case::of("RFC 7520 5.13");
    let text = case.value("general").to_string();
    let keys = decryption_keys(&case).unwrap();
    assert_eq!(keys.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 2]);
    for (recipient, key) in &keys {
        let decrypted = JweDecrypter::new([key]).decrypt_json(&text).unwrap();
        assert_eq!((decrypted.recipient(), decrypted.algorithm()), (*recipient, key.algorithm()));
        // Nobody authenticated `cty` here, so it is no content type.
        assert_eq!(decrypted.content_type(), None);
        let parameter = decrypted.unprotected_parameter::<String>("cty");
        assert_eq!(parameter.unwrap().as_deref(), Some("text/plain"));
    }
}

// ---- section 6: signed, then encrypted

#[cfg(any(feature = "aws-lc-rs", feature = "rsa"))]
mod section_6 {
    use std::time::{Duration, SystemTime};

    use countersign::JwtVerifier;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Root {
        #[serde(rename = "http://example.com/is_root")]
        is_root: bool,
    }

    #[test]
    fn nested() {
        let case = Case::of("RFC 7520 6");
        let (_, key) = decryption_keys(&case).unwrap().remove(0);
        for token in tokens("6") {
            let (inner, _) = open(&decrypter(&key), &token).unwrap();
            assert_eq!(inner, case.text("inner_token").as_bytes(), "{}", token.name());
            for (what, text) in twins(&token, &[]) {
                assert_ne!(code(open(&decrypter(&key), &token.with_text(text))), "accepted", "{what}");
            }
        }

        let signer = VerifyingKey::from_jwk_for(JwsAlgorithm::Ps256, &case.public_jwk("inner_jwk")).unwrap();
        let verifier = |seconds| {
            let builder = JwtVerifier::builder(signer.clone_key()).issuer("hobbiton.example").any_audience();
            let clock = move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            builder.decrypt_with(key.clone_key()).clock(clock).build().unwrap()
        };
        let (in_time, late) = (verifier(1_300_819_379), verifier(1_300_819_380));
        let jwt = in_time.verify::<Root>(case.token()).unwrap();
        assert_eq!((jwt.issuer(), jwt.claims()), (Some("hobbiton.example"), &Root { is_root: true }));
        assert_eq!(code(late.verify::<Root>(case.token())), "expired");
        assert_eq!(code(in_time.verify::<Root>(&with_part(case.token(), 4, changed))), "decryption_failed");
        assert_eq!(code(in_time.verify::<Root>(case.text("inner_token"))), "not_encrypted");
        // JSON is none of a JWT's serializations (RFC 7519 §1).
        assert_ne!(code(in_time.verify::<Root>(&case.value("flattened").to_string())), "accepted");
    }
}
