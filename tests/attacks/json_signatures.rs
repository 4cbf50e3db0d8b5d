//! Classes D, E and I: JSON serializations that are two things at once, signatures that are missing, too many
//! or another's, and headers whose parts contradict each other (RFC 7515 §7.2, RFC 7516 §9).

use countersign::jws::{JwsBuilder, JwsVerifier, PartlyVerifiedJws, VerifiedJsonJws, sign_general};
use countersign::{Error, JwsAlgorithm, KeySet, Limits, SecretBytes, SigningKey, VerifyingKey};

use crate::support::*;

const HS256: &str = r#"{"alg":"HS256"}"#;

/// What the JSON says of one signature, MACed validly under the secret of every row.
fn members(protected: &str, unprotected: Option<&str>, payload_text: &str) -> String {
    let encoded = if protected.is_empty() { String::new() } else { encode(protected) };
    let mac = hmac(256, &secret(), format!("{encoded}.{payload_text}").as_bytes());
    let protected = if protected.is_empty() { String::new() } else { format!(r#""protected":"{encoded}","#) };
    let unprotected = unprotected.map(|json| format!(r#""header":{json},"#)).unwrap_or_default();
    format!(r#"{protected}{unprotected}"signature":"{}""#, encode(mac))
}

/// A flattened serialization of [`P0`].
fn flattened(protected: &str, unprotected: Option<&str>) -> String {
    let payload = encode(P0);
    format!(r#"{{"payload":"{payload}",{}}}"#, members(protected, unprotected, &payload))
}

/// A general serialization of [`P0`] with these elements in `signatures`.
fn general(signatures: &[String]) -> String {
    format!(r#"{{"payload":"{}","signatures":[{}]}}"#, encode(P0), signatures.join(","))
}

/// An element of `signatures` that is valid.
fn valid() -> String {
    element(HS256, None)
}

fn element(protected: &str, unprotected: Option<&str>) -> String {
    format!("{{{}}}", members(protected, unprotected, &encode(P0)))
}

/// An element whose signature is somebody else's.
fn invalid() -> String {
    format!(r#"{{"protected":"{}","signature":"{}"}}"#, encode(HS256), encode([7; 32]))
}

fn verifier() -> JwsVerifier {
    JwsVerifier::new([&hs256_key()])
}

fn all(json: &str) -> Result<VerifiedJsonJws, Error> {
    verifier().verify_json(json)
}

fn any(json: &str) -> Result<PartlyVerifiedJws, Error> {
    verifier().verify_json_any(json)
}

/// The code of a refusal, the same whether all signatures have to hold or one.
#[track_caller]
fn refused(json: &str) -> &'static str {
    let refusal = code(all(json));
    assert_eq!(code(any(json)), refusal, "where one has to hold: {json:.200}");
    refusal
}

#[track_caller]
fn accepted(json: &str) {
    assert_eq!(all(json).expect("all hold").payload(), P0.as_bytes());
    let any = any(json).expect("one holds");
    assert!(any.payload() == P0.as_bytes() && any.refused().is_empty());
}

/// The object with members in front, and the same with them at the end: who reads on must not be too late.
fn with_members(json: &str, members: &str) -> [String; 2] {
    let (inside, _) = json.strip_prefix('{').unwrap().rsplit_once('}').unwrap();
    [format!("{{{members},{inside}}}"), format!("{{{inside},{members}}}")]
}

#[test]
fn what_the_forgeries_are_made_of_is_accepted() {
    accepted(&flattened(HS256, None));
    accepted(&general(&[valid()]));
    accepted(&general(&[valid(), valid()]));
    accepted(&format!(" \t\r\n{}\n", general(&[valid()]).replace(',', " , ").replace(':', " :\t")));
}

#[test]
fn row_028_members_of_a_jwe_in_a_jws() {
    for json in [flattened(HS256, None), general(&[valid()])] {
        for name in ["ciphertext", "recipients", "encrypted_key", "iv", "tag", "aad", "unprotected"] {
            for value in [r#""""#, "null", "[]", "{}", r#""AAAA""#] {
                for forged in with_members(&json, &format!(r#""{name}":{value}"#)) {
                    assert_eq!(refused(&forged), "unexpected_member", "{name}");
                }
            }
            // By another spelling of the name too.
            let escaped: String =
                name.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
            for forged in with_members(&json, &format!(r#""{escaped}":"""#)) {
                assert_eq!(refused(&forged), "unexpected_member", "{name}");
            }
        }
        // RFC 7515 §7.2.1: members that nobody understands are ignored.
        for unknown in [r#""cipher":1"#, r#""Ciphertext":"AAAA""#, r#""":null"#, r#""expires":[{"a":{}}]"#] {
            with_members(&json, unknown).iter().for_each(|json| accepted(json));
        }
    }
    // Inside of a signature too.
    for name in ["ciphertext", "encrypted_key", "recipients"] {
        let [before, after] = with_members(&valid(), &format!(r#""{name}":"""#));
        assert_eq!(refused(&general(&[valid(), before])), "unexpected_member");
        assert_eq!(refused(&general(&[after, valid()])), "unexpected_member");
    }
    let [unknown, _] = with_members(&valid(), r#""note":"""#);
    accepted(&general(&[unknown]));
}

#[test]
fn row_029_flattened_and_general_in_one() {
    let of_one = members(HS256, None, &encode(P0));
    for signatures in [format!("[{}]", valid()), "[]".into(), "null".into(), r#""""#.into(), "{}".into()] {
        for forged in with_members(&flattened(HS256, None), &format!(r#""signatures":{signatures}"#)) {
            assert_eq!(refused(&forged), "unexpected_member", "{signatures}");
        }
    }
    // Any one of a signature's members beside the list is too much.
    for member in
        [&of_one, r#""signature":"AAAA""#, r#""signature":null"#, r#""protected":"e30""#, r#""header":{}"#]
    {
        for forged in with_members(&general(&[valid()]), member) {
            assert_eq!(refused(&forged), "unexpected_member", "{member}");
        }
    }
    // And any one of the whole's members inside of a signature.
    for member in [r#""payload":"AAAA""#, r#""payload":null"#, r#""signatures":[]"#] {
        for forged in with_members(&valid(), member) {
            assert_eq!(refused(&general(&[forged])), "unexpected_member", "{member}");
        }
    }
}

/// CVE-2026-102946: that all of no signatures hold is true.
#[test]
fn row_030_no_signatures() {
    assert_eq!(refused(&general(&[])), "member_type");
    assert_eq!(refused(r#"{"payload":"e30","signatures":[ ]}"#), "member_type");
    for signatures in ["null", "{}", r#""""#, "0", "true", &valid()] {
        let json = format!(r#"{{"payload":"{}","signatures":{signatures}}}"#, encode(P0));
        assert_eq!(refused(&json), "member_type", "{signatures}");
    }
    for element in ["null", "[]", r#""""#, "0", "true", &format!("[{}]", valid())] {
        let element = element.to_owned();
        assert_eq!(refused(&general(&[valid(), element.clone()])), "member_type", "{element}");
        assert_eq!(refused(&general(std::slice::from_ref(&element))), "member_type", "{element}");
    }
    assert_eq!(code(sign_general(&[], b"x")), "misuse");
    accepted(&general(&[valid()]));
}

#[test]
fn row_031_a_signature_that_is_not_there() {
    let protected = format!(r#""protected":"{}""#, encode(HS256));
    let payload = encode(P0);
    let cases = [
        ("", "missing_member"),
        (r#","signature":null"#, "member_type"),
        (r#","signature":0"#, "member_type"),
        (r#","signature":[]"#, "member_type"),
        (r#","signature":"""#, "invalid_signature"),
        (r#","signature":"AA""#, "invalid_signature"),
        (r#","signature":"=""#, "base64url"),
        (r#","Signature":"AA""#, "missing_member"),
    ];
    for (signature, expected) in cases {
        assert_eq!(refused(&format!(r#"{{"payload":"{payload}",{protected}{signature}}}"#)), expected);
        assert_eq!(refused(&general(&[format!("{{{protected}{signature}}}")])), expected, "{signature}");
    }
    assert_eq!(refused("{}"), "missing_member");
    assert_eq!(refused(r#"{"payload":"e30"}"#), "missing_member");
    // Among others that hold, what isn't a signature refuses all; what is an invalid one doesn't count.
    for (signature, expected) in cases {
        let json = general(&[valid(), format!("{{{protected}{signature}}}")]);
        assert_eq!(code(all(&json)), expected, "{signature}");
        match any(&json) {
            Ok(verified) => assert_eq!(verified.refused()[0].reason().code(), "invalid_signature"),
            Err(error) => assert_eq!(error.code(), expected),
        }
        assert_eq!(any(&json).is_ok(), expected == "invalid_signature", "{signature}");
    }
}

#[test]
fn row_032_one_signature_holds_and_one_does_not() {
    for (signatures, holds) in [([valid(), invalid()], 0), ([invalid(), valid()], 1)] {
        let json = general(&signatures);
        assert_eq!(code(all(&json)), "invalid_signature");
        let verified = any(&json).unwrap();
        assert_eq!(verified.payload(), P0.as_bytes());
        let indexes: Vec<usize> = verified.verified().iter().map(|signature| signature.index()).collect();
        assert_eq!(indexes, [holds]);
        assert_eq!(verified.refused()[0].index(), 1 - holds);
        assert_eq!(verified.refused()[0].reason().code(), "invalid_signature");
        assert!(verified.is_signed_by(&hs256_key()));
    }
    assert_eq!(refused(&general(&[invalid(), invalid()])), "invalid_signature");
    // Another's signature, of an algorithm or an ID that no key here has, counts for nothing.
    let foreign = [
        (r#"{"alg":"ES256"}"#, "algorithm_not_allowed"),
        (r#"{"alg":"none"}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS256","crit":["bork"],"bork":1}"#, "unsupported_critical"),
    ];
    for (header, expected) in foreign {
        assert_eq!(refused(&general(&[element(header, None)])), expected);
        let json = general(&[element(header, None), valid()]);
        assert_eq!(code(all(&json)), expected);
        let verified = any(&json).unwrap();
        assert_eq!(verified.refused()[0].reason().code(), expected);
        assert_eq!(verified.verified()[0].index(), 1);
        // Of two that fail, the one that was tried says why.
        assert_eq!(code(any(&general(&[element(header, None), invalid()]))), "invalid_signature");
    }
    // What isn't in order refuses the whole, also where one has to hold.
    for (header, expected) in
        [(r#"{"alg":5}"#, "member_type"), ("{", "json"), (r#"{"alg":"HS256","crit":[]}"#, "crit")]
    {
        assert_eq!(refused(&general(&[valid(), element(header, None)])), expected);
    }
}

#[test]
fn row_033_more_signatures_than_the_limit() {
    let many = |count: usize| general(&vec![valid(); count]);
    let roomy = Limits::default().token_bytes(1 << 20);
    let within = |limits: &Limits, json: &str| {
        let verifier = verifier().limits(limits.clone());
        let all = verifier.verify_json(json).map(drop);
        assert_eq!(verifier.verify_json_any(json).map(drop), all);
        all
    };
    assert_eq!(within(&roomy, &many(16)), Ok(()));
    assert_eq!(code(within(&roomy, &many(17))), "limit_recipients");
    let of = |count| roomy.clone().recipients(count);
    assert_eq!(within(&of(17), &many(17)), Ok(()));
    assert_eq!(code(within(&of(1), &many(2))), "limit_recipients");
    assert_eq!(code(within(&of(0), &many(1))), "limit_recipients");
    // Counted before any is looked at, whichever of them is none.
    assert_eq!(code(within(&of(2), &general(&[valid(), valid(), "null".into()]))), "limit_recipients");
    assert_eq!(code(within(&of(2), &general(&["null".into(), valid(), valid()]))), "limit_recipients");
    assert_eq!(code(within(&of(2), &general(&[valid(), "null".into()]))), "member_type");
    // A hundred thousand that are no signatures are a crowd first.
    let crowd = general(&vec!["{}".to_owned(); 100_000]);
    assert_eq!(code(within(&Limits::default().token_bytes(1 << 20), &crowd)), "limit_recipients");
    assert_eq!(refused(&general(&["{}".to_owned()])), "missing_member");
    let key = SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(secret())).unwrap();
    let builders = vec![JwsBuilder::new(&key); 17];
    assert_eq!(code(sign_general(&builders, b"x")), "misuse");
    assert!(sign_general(&builders[..16], b"x").is_ok());
}

#[test]
fn row_034_a_payload_inside_and_one_beside() {
    let detached = |json: &str, payload: &[u8]| {
        let all = verifier().verify_json_detached(json, payload).map(|verified| verified.into_payload());
        let any = verifier().verify_json_any_detached(json, payload).map(|verified| verified.into_payload());
        assert_eq!(all, any);
        all
    };
    let inside = format!(r#""payload":"{}","#, encode(P0));
    for json in [flattened(HS256, None), general(&[valid()])] {
        assert_eq!(code(detached(&json, P0.as_bytes())), "unexpected_member");
        assert_eq!(code(detached(&json, b"other")), "unexpected_member");
        let beside = json.replace(&inside, "");
        assert_eq!(detached(&beside, P0.as_bytes()), Ok(P0.as_bytes().to_vec()));
        assert_eq!(code(detached(&beside, b"other")), "invalid_signature");
        assert_eq!(refused(&beside), "missing_member");
        // An empty one is where the payload was taken out, as in a compact token, and vouches for nothing.
        let emptied = json.replace(&inside, r#""payload":"","#);
        assert_eq!(detached(&emptied, P0.as_bytes()), Ok(P0.as_bytes().to_vec()));
        assert_eq!(code(detached(&emptied, b"other")), "invalid_signature");
        assert_eq!(code(detached(&emptied, b"")), "invalid_signature");
        assert_eq!(refused(&emptied), "invalid_signature");
        // Any other is one, whatever it holds.
        for (payload, expected) in [
            (r#"" ""#, "unexpected_member"),
            (r#""=""#, "unexpected_member"),
            (r#""\u0000""#, "unexpected_member"),
            ("null", "member_type"),
            ("{}", "member_type"),
            ("[]", "member_type"),
        ] {
            let json = json.replace(&inside, &format!(r#""payload":{payload},"#));
            assert_eq!(code(detached(&json, P0.as_bytes())), expected, "{payload}");
        }
        for payload in ["null", "{}", "0", "[]", r#"{"sub":"u"}"#] {
            let json = json.replace(&inside, &format!(r#""payload":{payload},"#));
            assert_eq!(refused(&json), "member_type", "{payload}");
        }
    }
    // Signed over nothing, it says so: an empty payload inside isn't one that is missing.
    let nothing = format!(r#"{{"payload":"",{}}}"#, members(HS256, None, ""));
    assert_eq!(all(&nothing).unwrap().payload(), b"");
    assert_eq!(detached(&nothing, b""), Ok(Vec::new()));
    assert_eq!(code(detached(&nothing, b"other")), "invalid_signature");
    assert_eq!(detached(&nothing.replace(r#""payload":"","#, ""), b""), Ok(Vec::new()));
}

#[test]
fn row_035_a_compact_payload_inside_and_one_beside() {
    let token = hs256(HS256, P0);
    assert_eq!(code(verifier().verify_detached(&token, P0.as_bytes())), "unexpected_member");
    assert_eq!(code(verifier().verify_detached(&token, b"other")), "unexpected_member");
    let beside = with_part(&token, 1, "");
    assert_eq!(verifier().verify_detached(&beside, P0.as_bytes()).unwrap().payload(), P0.as_bytes());
    assert_eq!(code(verifier().verify_detached(&beside, b"other")), "invalid_signature");
    assert_eq!(code(verifier().verify_detached(&beside, b"")), "invalid_signature");
    assert_eq!(code(verifier().verify(&beside)), "invalid_signature");
    let nothing = hs256(HS256, "");
    assert_eq!(verifier().verify(&nothing).unwrap().payload(), b"");
    assert_eq!(verifier().verify_detached(&nothing, b"").unwrap().payload(), b"");
}

/// Each way in takes its own serialization.
#[test]
fn one_serialization_for_another() {
    for json in [flattened(HS256, None), general(&[valid()])] {
        assert_eq!(code(verifier().verify(&json)), "segment_count");
        assert_eq!(code(verifier().verify_detached(&json, P0.as_bytes())), "segment_count");
        accepted(&json);
    }
    let token = hs256(HS256, P0);
    assert_eq!(refused(&token), "json");
    assert_eq!(refused(&format!("\"{token}\"")), "not_an_object");
    assert_eq!(refused(&format!("[{}]", flattened(HS256, None))), "not_an_object");
    assert_eq!(refused(&format!("{}{}", flattened(HS256, None), flattened(HS256, None))), "json");
    assert!(verifier().verify(&token).is_ok());
}

#[test]
fn members_twice() {
    for json in [flattened(HS256, None), general(&[valid()])] {
        let twice =
            [r#""payload":"e30""#, r#""\u0070ayload":"e30""#, r#""x":1,"x":1"#, r#""x":{"y":1,"y":1}"#];
        for member in twice {
            for forged in with_members(&json, member) {
                assert_eq!(refused(&forged), "duplicate_member", "{member}");
            }
        }
    }
    for member in [r#""signature":"AA""#, r#""protected":"e30""#] {
        for forged in with_members(&flattened(HS256, None), member) {
            assert_eq!(refused(&forged), "duplicate_member", "{member}");
        }
        for forged in with_members(&valid(), member) {
            assert_eq!(refused(&general(&[valid(), forged])), "duplicate_member", "{member}");
        }
    }
    for forged in with_members(&general(&[valid()]), &format!(r#""signatures":[{}]"#, valid())) {
        assert_eq!(refused(&forged), "duplicate_member");
    }
    let header = Some(r#"{"kid":"a","kid":"a"}"#);
    assert_eq!(refused(&flattened(HS256, header)), "duplicate_member");
}

#[test]
fn row_046_crit_that_is_not_protected() {
    let understanding = verifier().understood_critical(["exp"]);
    let both = |json: &str| {
        let all = understanding.verify_json(json).map(drop);
        assert_eq!(understanding.verify_json_any(json).map(drop), all);
        all
    };
    let json = flattened(r#"{"alg":"HS256","exp":1}"#, Some(r#"{"crit":["exp"]}"#));
    assert_eq!(code(both(&json)), "unprotected_member");
    // Nor is what `crit` names.
    let json = flattened(r#"{"alg":"HS256","crit":["exp"]}"#, Some(r#"{"exp":1}"#));
    assert_eq!(code(both(&json)), "crit");
    let json = flattened(r#"{"alg":"HS256","crit":["exp"]}"#, None);
    assert_eq!(code(both(&json)), "crit");
    let json = flattened(r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, Some(r#"{"a":1}"#));
    assert_eq!(both(&json), Ok(()));
    assert_eq!(refused(&json), "unsupported_critical");
}

#[test]
fn row_059_a_parameter_in_both_parts() {
    for unprotected in [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":null}"#,
        r#"{"\u0061lg":"HS256"}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"own":1}"#,
    ] {
        let protected = r#"{"alg":"HS256","typ":"JWT","own":1}"#;
        let json = flattened(protected, Some(unprotected));
        assert_eq!(refused(&json), "duplicate_member", "{unprotected}");
        let json = general(&[valid(), element(protected, Some(unprotected))]);
        assert_eq!(refused(&json), "duplicate_member", "{unprotected}");
        let lenient = verifier().allow_unprotected_algorithm();
        assert_eq!(code(lenient.verify_json(&json)), "duplicate_member");
    }
    accepted(&flattened(HS256, Some(r#"{"typ":"JWT","own":1,"ALG":"none"}"#)));
    // Of two signatures, each has a header of its own.
    accepted(&general(&[element(HS256, Some(r#"{"own":1}"#)), element(HS256, Some(r#"{"own":2}"#))]));
}

#[test]
fn row_060_alg_that_is_not_protected() {
    let nothing_protected = flattened("", Some(HS256));
    let something = flattened(r#"{"typ":"x"}"#, Some(HS256));
    let lenient = verifier().allow_unprotected_algorithm();
    for json in [nothing_protected, something] {
        assert_eq!(refused(&json), "unprotected_member");
        assert_eq!(lenient.verify_json(&json).unwrap().payload(), P0.as_bytes());
        // The key is bound to its algorithm, whatever anyone writes beside the signature.
        let other = json.replace("HS256", "HS512");
        assert_eq!(code(lenient.verify_json(&other)), "algorithm_not_allowed");
        let none = json.replace("HS256", "none");
        assert_eq!(code(lenient.verify_json(&none)), "unsupported_algorithm");
    }
    let no_algorithm = flattened("", Some(r#"{"kid":"a"}"#));
    assert_eq!(refused(&no_algorithm), "missing_member");
    assert_eq!(code(lenient.verify_json(&no_algorithm)), "missing_member");
    let no_header = format!(r#"{{"payload":"{}","signature":"AAAA"}}"#, encode(P0));
    assert_eq!(refused(&no_header), "missing_member");
}

#[test]
fn row_061_headers_that_are_there_and_empty() {
    let payload = encode(P0);
    let json = |protected: &str, encoded: &str, header: &str| {
        let mac = hmac(256, &secret(), format!("{encoded}.{payload}").as_bytes());
        format!(r#"{{"payload":"{payload}",{protected}{header}"signature":"{}"}}"#, encode(mac))
    };
    let unprotected = r#""header":{"alg":"HS256"},"#;
    let lenient = verifier().allow_unprotected_algorithm();
    assert!(lenient.verify_json(&json("", "", unprotected)).is_ok());
    let cases = [
        (r#""protected":"","#, "", "member_type"),
        (r#""protected":"e30","#, "e30", "member_type"),
        (r#""protected":"eyB9","#, "eyB9", "member_type"),
        (r#""protected":null,"#, "", "member_type"),
        (r#""protected":{},"#, "", "member_type"),
        (r#""protected":{"alg":"HS256"},"#, "", "member_type"),
        (r#""protected":"W10","#, "W10", "not_an_object"),
        (r#""protected":"bnVsbA","#, "bnVsbA", "not_an_object"),
    ];
    for (protected, encoded, expected) in cases {
        let json = json(protected, encoded, unprotected);
        assert_eq!(code(lenient.verify_json(&json)), expected, "{protected}");
        assert_eq!(code(lenient.verify_json_any(&json)), expected, "{protected}");
    }
    let protected = format!(r#""protected":"{}","#, encode(HS256));
    for header in ["{}", "{ }", "null", "[]", r#""""#, r#""e30""#] {
        let json = json(&protected, &encode(HS256), &format!(r#""header":{header},"#));
        assert_eq!(refused(&json), "member_type", "{header}");
    }
    accepted(&json(&protected, &encode(HS256), r#""header":{"a":{}},"#));
}

/// The sender's `kid` narrows the choice among the given keys, wherever it stands, and does no more.
#[test]
fn an_unprotected_key_id_only_chooses() {
    let named = hs256_key().with_key_id("a");
    let attacker =
        VerifyingKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(vec![9; 32])).unwrap().with_key_id("b");
    let verifier = JwsVerifier::new([&named, &attacker]);
    let json = |key_id: &str| flattened(HS256, Some(&format!(r#"{{"kid":"{key_id}"}}"#)));
    let verified = verifier.verify_json(&json("a")).unwrap();
    assert_eq!(verified.first().key_id(), Some("a"));
    assert!(verified.first().is_by(&named) && !verified.first().is_by(&attacker));
    assert_eq!(code(verifier.verify_json(&json("b"))), "invalid_signature");
    assert_eq!(code(verifier.verify_json(&json("c"))), "no_matching_key");
    // A key without an ID is tried, and what is reported is the key's ID, not the sender's.
    let verified = JwsVerifier::new([&hs256_key()]).verify_json(&json("admin")).unwrap();
    assert_eq!(verified.first().key_id(), None);
    assert_eq!(code(verifier.verify_json(&flattened(HS256, Some(r#"{"kid":5}"#)))), "member_type");
}

/// What nobody signed isn't shown as what the signer said.
#[test]
fn unprotected_parameters_are_not_the_signers() {
    let json = flattened(HS256, Some(r#"{"typ":"admin+jws","cty":"x","role":"admin"}"#));
    let verified = all(&json).unwrap();
    let signature = verified.first();
    assert_eq!((signature.token_type(), signature.content_type()), (None, None));
    assert_eq!(signature.parameter::<String>("role").unwrap(), None);
    assert_eq!(signature.unprotected_parameter::<String>("role").unwrap().as_deref(), Some("admin"));
    assert_eq!(code(signature.unprotected_parameter::<u8>("role")), "parameter_type");
    let json = flattened(r#"{"alg":"HS256","typ":"a","cty":"b","role":"c"}"#, Some(r#"{"d":1}"#));
    let verified = all(&json).unwrap();
    let signature = verified.first();
    assert_eq!((signature.token_type(), signature.content_type()), (Some("a"), Some("b")));
    assert_eq!(signature.parameter::<String>("role").unwrap().as_deref(), Some("c"));
    assert_eq!(signature.unprotected_parameter::<String>("role").unwrap(), None);
}

/// One party that signs twice isn't two parties, under whatever names its key is known.
#[test]
fn one_key_that_signs_twice() {
    let twice = all(&general(&[valid(), valid()])).unwrap();
    assert_eq!((twice.signatures().count(), twice.distinct_keys()), (2, 1));
    let [first, second] = ["a", "b"].map(|key_id| hs256_key().with_key_id(key_id));
    let named = |key_id: &str| element(&format!(r#"{{"alg":"HS256","kid":"{key_id}"}}"#), None);
    let json = general(&[named("a"), named("b")]);
    let verified = JwsVerifier::new([&first, &second]).verify_json(&json).unwrap();
    let key_ids: Vec<_> = verified.signatures().map(|signature| signature.key_id()).collect();
    assert_eq!(key_ids, [Some("a"), Some("b")]);
    assert_eq!(verified.distinct_keys(), 1);
    let verified = JwsVerifier::new([&first, &second]).verify_json_any(&json).unwrap();
    assert_eq!(verified.distinct_keys(), 1);

    // One RSA key under two algorithms.
    let algorithms = [JwsAlgorithm::Rs256, JwsAlgorithm::Ps256];
    let signers = algorithms.map(rsa_signing_key);
    let json = sign_general(&signers.each_ref().map(JwsBuilder::new), b"x").unwrap();
    let [rs256, ps256] = algorithms.map(rsa_key);
    let verified = JwsVerifier::new([&rs256, &ps256]).verify_json(&json).unwrap();
    assert_eq!((verified.signatures().count(), verified.distinct_keys()), (2, 1));
    assert!(!verified.first().is_by(&ps256), "a key is bound to its algorithm");

    // Two keys are two.
    let other = SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(vec![9; 32])).unwrap();
    let own = SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(secret())).unwrap();
    let json = sign_general(&[JwsBuilder::new(&own), JwsBuilder::new(&other)], b"x").unwrap();
    let keys = [own.verifying_key().unwrap(), other.verifying_key().unwrap()];
    let verified = JwsVerifier::new(&keys).verify_json(&json).unwrap();
    assert_eq!(verified.distinct_keys(), 2);
    assert_eq!(code(JwsVerifier::new([&keys[0]]).verify_json(&json)), "invalid_signature");
}

/// A signature counts for the payload and the header that it was made over, in whichever token it turns up.
#[test]
fn signatures_moved_between_tokens() {
    let other = general(&[valid()]).replace(&encode(P0), "e30");
    assert_eq!(refused(&other), "invalid_signature");
    // One signature's protected header with another's signature.
    let typed = element(r#"{"alg":"HS256","typ":"x"}"#, None);
    let signature = |json: &str| json.rsplit_once(r#""signature":"#).unwrap().1.to_owned();
    let swapped = typed.replace(&signature(&typed), &signature(&valid()));
    assert_eq!(refused(&general(&[swapped])), "invalid_signature");
    accepted(&general(&[typed]));
    // A compact token's parts are a flattened one's: the same signature over the same input.
    let token = hs256(HS256, P0);
    let parts: Vec<&str> = token.split('.').collect();
    let json =
        format!(r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#, parts[0], parts[1], parts[2]);
    accepted(&json);
}

/// No keys, too many keys, keys of a set.
#[test]
fn keys_of_a_json_verifier() {
    let none: [&VerifyingKey; 0] = [];
    for result in [
        JwsVerifier::new(none).verify_json(&flattened(HS256, None)).map(drop),
        JwsVerifier::new(none).verify(&hs256(HS256, P0)).map(drop),
    ] {
        assert_eq!(code(result), "misuse");
    }
    assert_eq!(code(JwsVerifier::new(none).verify_json_any(&general(&[valid()]))), "misuse");
    let many: Vec<VerifyingKey> = (0..9).map(|_| hs256_key()).collect();
    assert!(JwsVerifier::new(&many[..8]).verify_json(&general(&[valid()])).is_ok());
    assert_eq!(code(JwsVerifier::new(&many).verify_json(&general(&[valid()]))), "limit_candidate_keys");
    assert_eq!(code(JwsVerifier::new(&many).verify_json_any(&general(&[valid()]))), "limit_candidate_keys");
    let set: KeySet = [hs256_key()].into_iter().collect();
    assert!(JwsVerifier::new(&set).verify_json(&general(&[valid()])).is_ok());
    assert_eq!(set.into_iter().count(), 1);
    let published = [rsa_private().to_public().unwrap()].into_iter().collect();
    let set = KeySet::verification(&published);
    // Of a key that names no algorithm, a set's own choice is the verifier's too.
    for algorithm in JwsAlgorithm::ALL
        .iter()
        .copied()
        .filter(|algorithm| matches!(algorithm.name().get(..2), Some("RS" | "PS")))
    {
        let json = JwsBuilder::new(&rsa_signing_key(algorithm)).sign_json(b"x").unwrap();
        let token = JwsBuilder::new(&rsa_signing_key(algorithm)).sign(b"x").unwrap();
        let verified = JwsVerifier::new(&set).verify_json(&json).map(drop);
        assert_eq!(verified, set.verify(&token).map(drop), "{algorithm}");
        assert_eq!(verified.is_ok(), algorithm.name().ends_with("256"));
    }
}
