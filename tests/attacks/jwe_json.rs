//! Classes D, E, I and L in JSON serialization of a JWE: texts that are two things at once, too many recipients,
//! headers whose parts contradict each other, recipients who can't share a content key (RFC 7516 §7.2, §9).
//!
//! Every message is made without the library under test and is authentic but for the one thing that is wrong.

use countersign::jwe::{DecryptedJwe, JweBuilder, JweDecrypter};
use countersign::jws::JwsVerifier;
use countersign::{ContentEncryption, DecryptionKey, Error, JweAlgorithm, Limits, SecretBytes};

use crate::jwe_forging::*;
use crate::support::*;

const PLAINTEXT: &[u8] = b"plaintext";
const ENC: &str = r#""enc":"A128CBC-HS256""#;
const ALG: &str = r#""alg":"A128KW""#;
const BOTH: &str = r#""alg":"A128KW","enc":"A128CBC-HS256""#;

fn cek() -> Vec<u8> {
    octets(32)
}

/// The recipient of every message.
fn key() -> DecryptionKey {
    DecryptionKey::symmetric(JweAlgorithm::A128Kw, SecretBytes::from(octets(16))).unwrap()
}

fn encrypted_key() -> String {
    format!(r#""encrypted_key":"{}""#, wrapped(octets(16).try_into().unwrap(), &cek()))
}

/// Members of a message as text, those that are empty left out.
fn object(members: &[&str]) -> String {
    let members: Vec<_> = members.iter().copied().filter(|member| !member.is_empty()).collect();
    format!("{{{}}}", members.join(","))
}

/// A flattened message with these parameters in its protected, its shared and the recipient's own header.
fn flattened(protected: &str, shared: &str, own: &str) -> String {
    let (covered, protected) = protected_member(protected);
    let shared = header_member("unprotected", shared);
    let own = header_member("header", own);
    object(&[&protected, &shared, &own, &encrypted_key(), &sealed_members(&cek(), &covered, None, PLAINTEXT)])
}

/// A general message with these parameters in its protected and its shared header, and these recipients.
fn general(protected: &str, shared: &str, recipients: &[String]) -> String {
    let (covered, protected) = protected_member(protected);
    let shared = header_member("unprotected", shared);
    let recipients = format!(r#""recipients":[{}]"#, recipients.join(","));
    object(&[&protected, &shared, &recipients, &sealed_members(&cek(), &covered, None, PLAINTEXT)])
}

/// A recipient that is [`key`]'s, with these parameters.
fn recipient(own: &str) -> String {
    object(&[&header_member("header", own), &encrypted_key()])
}

fn protected_member(parameters: &str) -> (String, String) {
    if parameters.is_empty() {
        return (String::new(), String::new());
    }
    let covered = encode(format!("{{{parameters}}}"));
    let member = format!(r#""protected":"{covered}""#);
    (covered, member)
}

fn header_member(name: &str, parameters: &str) -> String {
    if parameters.is_empty() { String::new() } else { format!(r#""{name}":{{{parameters}}}"#) }
}

fn open(json: &str) -> Result<DecryptedJwe, Error> {
    JweDecrypter::new([&key()]).decrypt_json(json)
}

#[track_caller]
fn accepted(json: &str) {
    assert_eq!(open(json).expect("it is in order").plaintext().expose_secret(), PLAINTEXT, "{json}");
}

/// The object with members in front, and the same with them at the end.
fn with_members(json: &str, members: &str) -> [String; 2] {
    let (inside, _) = json.strip_prefix('{').unwrap().rsplit_once('}').unwrap();
    [format!("{{{members},{inside}}}"), format!("{{{inside},{members}}}")]
}

/// RFC 7516 §7.2.1: a parameter may stand in any of the three parts, and a part may be missing.
#[test]
fn what_the_forgeries_are_made_of_is_accepted() {
    for [protected, shared, own] in [
        [BOTH, "", ""],
        ["", BOTH, ""],
        ["", "", BOTH],
        [ENC, ALG, ""],
        [ENC, "", ALG],
        ["", ENC, ALG],
        [ALG, "", ENC],
        ["", ALG, ENC],
    ] {
        accepted(&flattened(protected, shared, own));
        accepted(&general(protected, shared, &[recipient(own)]));
    }
    accepted(&general(ENC, "", &[recipient(ALG), recipient(ALG)]));
    accepted(&general("", "", &[recipient(BOTH), recipient(BOTH)]));
    let spaced = general(ENC, "", &[recipient(ALG)]).replace(',', " ,\n").replace(':', "\t: ");
    accepted(&format!("\r\n {spaced} "));
    // With additional authenticated data: a dot and its base64url behind the protected header, if there is one.
    for protected in [BOTH, ""] {
        let (covered, member) = protected_member(protected);
        let own = header_member("header", if protected.is_empty() { BOTH } else { "" });
        let of = |aad: &str| {
            let sealed = sealed_members(&cek(), &covered, Some(&encode("data")), PLAINTEXT);
            object(&[&member, &own, &encrypted_key(), aad, &sealed])
        };
        let json = of(&format!(r#""aad":"{}""#, encode("data")));
        accepted(&json);
        assert_eq!(open(&json).unwrap().additional_authenticated_data(), Some(&b"data"[..]));
        assert_eq!(code(open(&of(""))), "decryption_failed");
        assert_eq!(code(open(&of(&format!(r#""aad":"{}""#, encode("date"))))), "decryption_failed");
    }
}

#[test]
fn row_028_members_of_a_jws_in_a_jwe() {
    for json in [flattened(BOTH, "", ""), general(ENC, "", &[recipient(ALG)])] {
        for name in ["payload", "signature", "signatures"] {
            for value in [r#""""#, "null", "[]", "{}", r#""AAAA""#] {
                for forged in with_members(&json, &format!(r#""{name}":{value}"#)) {
                    assert_eq!(code(open(&forged)), "unexpected_member", "{name}");
                }
            }
            let escaped: String =
                name.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
            for forged in with_members(&json, &format!(r#""{escaped}":"""#)) {
                assert_eq!(code(open(&forged)), "unexpected_member", "{name}");
            }
        }
        // RFC 7516 §7.2.1: members that nobody understands are ignored.
        for unknown in [r#""Payload":"AAAA""#, r#""":null"#, r#""expires":[{"a":{}}]"#] {
            with_members(&json, unknown).iter().for_each(|json| accepted(json));
        }
    }
    // Inside of a recipient too.
    for name in ["payload", "signature"] {
        let [before, after] = with_members(&recipient(ALG), &format!(r#""{name}":"""#));
        assert_eq!(code(open(&general(ENC, "", &[recipient(ALG), before]))), "unexpected_member");
        assert_eq!(code(open(&general(ENC, "", &[after, recipient(ALG)]))), "unexpected_member");
    }
    let [unknown, _] = with_members(&recipient(ALG), r#""note":"""#);
    accepted(&general(ENC, "", &[unknown]));
}

/// The two general forms have no member in common, so one text can be both, each of them authentic.
#[test]
fn row_028_a_message_that_is_signed_for_one_reader_and_encrypted_for_another() {
    let input = signing_input(H0, P0);
    let mac = encode(hmac(256, &secret(), input.as_bytes()));
    let (protected, payload) = input.split_once('.').unwrap();
    let signed = format!(
        r#"{{"payload":"{payload}","signatures":[{{"protected":"{protected}","signature":"{mac}"}}]}}"#
    );
    let encrypted = general("", BOTH, &[recipient("")]);
    let verifier = JwsVerifier::new([&hs256_key()]);
    assert!(verifier.verify_json(&signed).is_ok());
    accepted(&encrypted);
    let inside = |json: &str| json.strip_prefix('{').unwrap().strip_suffix('}').unwrap().to_owned();
    for polyglot in with_members(&encrypted, &inside(&signed)) {
        assert_eq!(code(verifier.verify_json(&polyglot)), "unexpected_member");
        assert_eq!(code(open(&polyglot)), "unexpected_member");
    }
    // Nor is either of them the other's.
    assert_eq!(code(verifier.verify_json(&encrypted)), "unexpected_member");
    assert_eq!(code(open(&signed)), "unexpected_member");
}

/// The twin of row 029 for recipients: who looks for `recipients` first and who looks for `encrypted_key` first
/// would open two different messages.
#[test]
fn flattened_and_general_in_one() {
    let json = general(ENC, "", &[recipient(ALG)]);
    accepted(&json);
    for member in [
        encrypted_key(),
        r#""encrypted_key":null"#.into(),
        format!(r#""header":{{{ALG}}}"#),
        r#""header":{}"#.into(),
    ] {
        for mixed in with_members(&json, &member) {
            assert_eq!(code(open(&mixed)), "unexpected_member", "{member}");
        }
    }
    let json = flattened(BOTH, "", "");
    for recipients in [format!("[{}]", recipient("")), "[]".into(), "null".into(), "{}".into()] {
        for mixed in with_members(&json, &format!(r#""recipients":{recipients}"#)) {
            assert_eq!(code(open(&mixed)), "unexpected_member", "{recipients}");
        }
    }
    // A member that is the message's doesn't stand in a recipient, as if that had its own.
    for member in [
        r#""iv":"CQkJCQkJCQkJCQkJCQkJCQ""#,
        r#""ciphertext":"""#,
        r#""tag":"""#,
        r#""aad":"""#,
        r#""protected":"e30""#,
        r#""unprotected":{}"#,
        r#""recipients":[]"#,
    ] {
        for recipient in with_members(&recipient(ALG), member) {
            assert_eq!(code(open(&general(ENC, "", &[recipient]))), "unexpected_member", "{member}");
        }
    }
    for name in ["protected", "encrypted_key", "iv", "ciphertext", "tag"] {
        for twice in with_members(&flattened(BOTH, "", ""), &format!(r#""{name}":"AAAA""#)) {
            assert_eq!(code(open(&twice)), "duplicate_member", "{name}");
        }
    }
}

#[test]
fn row_033_more_recipients_than_the_limit() {
    let of = |count: usize| general(ENC, "", &vec![recipient(ALG); count]);
    let limits = || Limits::default().candidate_keys(1_000).token_bytes(1024 * 1024);
    let decrypter = |limits: Limits| JweDecrypter::new([&key()]).limits(limits);
    assert!(decrypter(limits()).decrypt_json(&of(16)).is_ok());
    for count in [17, 1_000] {
        assert_eq!(code(decrypter(limits()).decrypt_json(&of(count))), "limit_recipients");
    }
    assert!(decrypter(limits().recipients(17)).decrypt_json(&of(17)).is_ok());
    assert_eq!(code(decrypter(limits().recipients(1)).decrypt_json(&of(2))), "limit_recipients");
    assert!(decrypter(limits().recipients(1)).decrypt_json(&of(1)).is_ok());
    // They are counted before one of them is looked into, let alone opened.
    let forged = general(ENC, "", &vec![r#"{"header":1}"#.to_owned(); 17]);
    assert_eq!(code(open(&forged)), "limit_recipients");
    // No builder makes more than readers take by default.
    let sender = key().encryption_key().unwrap();
    let made = |count: usize| {
        let builder = (1..count).fold(JweBuilder::new(&sender), |builder, _| builder.add_recipient(&sender));
        builder.encrypt_general(PLAINTEXT)
    };
    assert_eq!(code(made(17)), "misuse");
    assert!(decrypter(limits()).decrypt_json(&made(16).unwrap()).is_ok());
    // What a key would be asked is counted apart, before it is asked.
    accepted(&of(8));
    assert_eq!(code(open(&of(9))), "limit_candidate_keys");
}

#[test]
fn row_059_parts_of_a_header_that_say_the_same_name() {
    for (name, value) in
        [("alg", r#""A128KW""#), ("enc", r#""A128CBC-HS256""#), ("kid", r#""1""#), ("x", "[]")]
    {
        let parameter = format!(r#""{name}":{value}"#);
        // In one part it is in order.
        let own = |own: &str| match name {
            "alg" => format!("{ENC}{own}"),
            "enc" => format!("{ALG}{own}"),
            _ => format!("{BOTH}{own}"),
        };
        let also = format!(",{parameter}");
        accepted(&flattened(&own(&also), "", ""));
        accepted(&flattened("", &own(&also), ""));
        accepted(&flattened("", "", &own(&also)));
        // In two it isn't, whether they agree or not.
        for other in [value, r#""other""#, "null"] {
            let other = format!(r#""{name}":{other}"#);
            for [protected, shared, last] in [
                [&*own(&also), &*other, ""],
                [&own(&also), "", &other],
                ["", &own(&also), &other],
                [&other, &own(&also), ""],
                [&other, "", &own(&also)],
                ["", &other, &own(&also)],
            ] {
                assert_eq!(code(open(&flattened(protected, shared, last))), "duplicate_member", "{other}");
                let recipients = [recipient(last), recipient(last)];
                assert_eq!(
                    code(open(&general(protected, shared, &recipients))),
                    "duplicate_member",
                    "{other}"
                );
                // One recipient's contradiction is enough, though the other could open the message.
                let recipients = [recipient("\"y\":1"), recipient(last)];
                if !last.is_empty() && shared.is_empty() && protected == own(&also) {
                    assert_eq!(code(open(&general(protected, "", &recipients))), "duplicate_member");
                }
            }
        }
    }
    // The name may be spelled another way.
    let forged = flattened(BOTH, r#""\u0061lg":"dir""#, "");
    assert_eq!(code(open(&forged)), "duplicate_member");
    // Two recipients' own headers are two headers.
    let recipients = [recipient(r#""alg":"A128KW","kid":"1""#), recipient(r#""alg":"A128KW","kid":"2""#)];
    accepted(&general(ENC, "", &recipients));
}

/// Where a JWS refuses it, a JWE accepts it: recipients of several algorithms have no other place for theirs
/// (RFC 7516 §7.2.1). Whoever changes one gets a message that doesn't open, no other verdict on a key.
#[test]
fn row_060_alg_and_enc_that_are_not_protected() {
    let (typed, other_key) = (r#""typ":"x""#, SecretBytes::from(octets(24)));
    let other_key = DecryptionKey::symmetric(JweAlgorithm::A192Kw, other_key).unwrap();
    let both = JweDecrypter::new([&key(), &other_key]);
    for json in [
        flattened("", BOTH, ""),
        flattened("", "", BOTH),
        flattened(typed, BOTH, ""),
        flattened(typed, ALG, ENC),
        general("", ENC, &[recipient(ALG)]),
        general(typed, "", &[recipient(BOTH)]),
    ] {
        accepted(&json);
        assert!(both.decrypt_json(&json).is_ok());
        // Another `alg` is of no key, or of one that does only that and doesn't open it.
        let to = |name: &str| json.replace("A128KW", name);
        assert_eq!(code(open(&to("A192KW"))), "algorithm_not_allowed");
        assert_eq!(code(both.decrypt_json(&to("A192KW"))), "decryption_failed");
        for unknown in ["none", "RSA1_5", "HS256", "a128kw"] {
            assert_eq!(code(open(&to(unknown))), "unsupported_algorithm", "{unknown}");
        }
        // Under another `enc` the lengths are wrong, and where they are made right the tag is.
        let to = |name: &str| json.replace("A128CBC-HS256", name);
        for other in ["A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A256GCM"] {
            assert_eq!(code(open(&to(other))), "length", "{other}");
        }
        let (of_16, of_12) = (encode([9; 16]), encode([9; 12]));
        assert!(json.contains(&of_16));
        for other in ["A128GCM", "A192GCM", "A256GCM"] {
            assert_eq!(code(open(&to(other).replace(&of_16, &of_12))), "decryption_failed", "{other}");
        }
        assert_eq!(code(open(&to("none"))), "unsupported_content_encryption");
    }
    // The twins: as protected as can be, the same changes are refused as well, and nothing at all isn't a header.
    assert_eq!(
        code(open(&flattened(r#""alg":"A192KW","enc":"A128CBC-HS256""#, "", ""))),
        "algorithm_not_allowed"
    );
    for (shared, own) in [(ENC, ""), ("", ALG), ("", "")] {
        assert_eq!(code(open(&flattened(typed, shared, own))), "missing_member");
    }
}

#[test]
fn row_061_a_protected_header_that_is_empty() {
    let sealed = |covered: &str| sealed_members(&cek(), covered, None, PLAINTEXT);
    let own = header_member("header", BOTH);
    let of = |protected: &str, covered: &str| object(&[protected, &own, &encrypted_key(), &sealed(covered)]);
    accepted(&of("", ""));
    for protected in [r#""protected":"""#, r#""protected":null"#, r#""protected":{}"#, r#""protected":[]"#] {
        assert_eq!(code(open(&of(protected, ""))), "member_type", "{protected}");
    }
    // RFC 7516 §7.2.1: without parameters it must be absent, though a tag over it would hold.
    for empty in ["{}", "{ }", " {\n} "] {
        let encoded = encode(empty);
        assert_eq!(
            code(open(&of(&format!(r#""protected":"{encoded}""#), &encoded))),
            "member_type",
            "{empty}"
        );
    }
    for (text, reason) in [
        ("", "member_type"),
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        ("{}{}", "json"),
        (" ", "json"),
    ] {
        let encoded = encode(text);
        assert_eq!(code(open(&of(&format!(r#""protected":"{encoded}""#), &encoded))), reason, "{text:?}");
    }
    let encoded = encode(r#"{"x":1}"#);
    accepted(&of(&format!(r#""protected":"{encoded}""#), &encoded));
    // The unprotected ones likewise.
    let shared =
        |json: &str| object(&[&format!(r#""unprotected":{json}"#), &own, &encrypted_key(), &sealed("")]);
    accepted(&shared(r#"{"x":1}"#));
    for empty in ["{}", "{ }", "null", "[]", r#""""#, r#""e30""#] {
        assert_eq!(code(open(&shared(empty))), "member_type", "{empty}");
    }
}

/// What decides how the message is read stands where the tag covers it.
#[test]
fn critical_and_zip_outside_the_protected_header() {
    for (shared, own) in
        [("\"crit\":[\"x\"]", ""), ("", "\"crit\":[\"x\"]"), ("\"zip\":\"DEF\"", ""), ("", "\"zip\":\"DEF\"")]
    {
        let json = flattened(&format!("{BOTH},\"x\":1"), shared, own);
        let decrypter = JweDecrypter::new([&key()]).understood_critical(["x"]);
        assert_eq!(code(decrypter.decrypt_json(&json)), "unprotected_member", "{shared}{own}");
    }
    let critical = format!(r#"{BOTH},"x":1,"crit":["x"]"#);
    let decrypter = JweDecrypter::new([&key()]).understood_critical(["x"]);
    assert!(decrypter.decrypt_json(&flattened(&critical, "", "")).is_ok());
    assert_eq!(code(open(&flattened(&critical, "", ""))), "unsupported_critical");
    // What it names must be protected as well.
    let named = format!(r#"{BOTH},"crit":["x"]"#);
    for json in
        [flattened(&named, "\"x\":1", ""), flattened(&named, "", "\"x\":1"), flattened(&named, "", "")]
    {
        assert_eq!(code(decrypter.decrypt_json(&json)), "crit");
    }
    assert_eq!(code(open(&flattened(&format!("{BOTH},\"zip\":\"DEF\""), "", ""))), "unsupported_compression");
}

/// panva/jose before 6.2.8 opened such messages.
#[test]
fn row_084_recipients_beside_one_whose_algorithm_determines_the_content_key() {
    let direct = DecryptionKey::direct(ContentEncryption::A128CbcHs256, SecretBytes::from(cek())).unwrap();
    let dir = || r#"{"header":{"alg":"dir"}}"#.to_owned();
    let agreed = DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap();
    let keys = [&key(), &direct, &agreed];
    let decrypter = JweDecrypter::new(keys);
    let open = |recipients: &[String]| decrypter.decrypt_json(&general(ENC, "", recipients));
    // Each of them alone.
    assert_eq!(open(&[dir()]).unwrap().algorithm(), JweAlgorithm::Dir);
    assert_eq!(open(&[recipient(ALG)]).unwrap().algorithm(), JweAlgorithm::A128Kw);
    // Together, though the one content key is right for both.
    let es = || r#"{"header":{"alg":"ECDH-ES"}}"#.to_owned();
    let unknown = || r#"{"header":{"alg":"x"}}"#.to_owned();
    for recipients in [
        [recipient(ALG), dir()],
        [dir(), recipient(ALG)],
        [dir(), dir()],
        [recipient(ALG), es()],
        [es(), recipient(ALG)],
        [es(), es()],
        [dir(), unknown()],
        [unknown(), es()],
    ] {
        assert_eq!(code(open(&recipients)), "member_type", "{recipients:?}");
        let only_one = JweDecrypter::new([&key()]).decrypt_json(&general(ENC, "", &recipients));
        assert_eq!(code(only_one), "member_type", "{recipients:?}");
    }
    assert!(open(&[unknown(), recipient(ALG)]).is_ok());
    // The same where the algorithm is everyone's.
    let shared = |recipients: &[String]| decrypter.decrypt_json(&general(ENC, r#""alg":"dir""#, recipients));
    assert!(shared(&["{}".into()]).is_ok());
    assert_eq!(code(shared(&["{}".into(), "{}".into()])), "member_type");

    let json = JweBuilder::new(&agreed.encryption_key().unwrap()).encrypt_general(PLAINTEXT).unwrap();
    assert!(decrypter.decrypt_json(&json).is_ok());
    for more in [r#""recipients":[{},{}]"#, r#""recipients":[{},{"encrypted_key":"AAAA"}]"#] {
        assert_eq!(code(decrypter.decrypt_json(&json.replace(r#""recipients":[{}]"#, more))), "member_type");
    }
}

/// From the first use of a key on there is one error, whichever of several recipients it was.
#[test]
fn every_failure_of_a_recipient_is_one() {
    let broken = |at: usize| {
        let mut octets = decode(&wrapped(octets(16).try_into().unwrap(), &cek()));
        octets[at] ^= 1;
        format!(r#"{{"header":{{{ALG}}},"encrypted_key":"{}"}}"#, encode(octets))
    };
    let short =
        |len: usize| format!(r#"{{"header":{{{ALG}}},"encrypted_key":"{}"}}"#, encode(vec![0xa6; len]));
    let other = format!(r#"{{"header":{{{ALG}}},"encrypted_key":"{}"}}"#, wrapped([7; 16], &cek()));
    let of_another_length = format!(
        r#"{{"header":{{{ALG}}},"encrypted_key":"{}"}}"#,
        wrapped(octets(16).try_into().unwrap(), &octets(16))
    );
    for wrong in [broken(0), broken(39), short(1), short(40), short(4096), other, of_another_length] {
        for recipients in [vec![wrong.clone()], vec![wrong.clone(), wrong.clone()]] {
            assert_eq!(open(&general(ENC, "", &recipients)).unwrap_err(), Error::DecryptionFailed);
        }
        // One of them that is right is enough, wherever it stands.
        for (recipients, index) in
            [([recipient(ALG), wrong.clone()], 0), ([wrong.clone(), recipient(ALG)], 1)]
        {
            assert_eq!(open(&general(ENC, "", &recipients)).unwrap().recipient(), index);
        }
    }
}
