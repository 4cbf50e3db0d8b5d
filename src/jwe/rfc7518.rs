//! RFC 7518 appendix B: the content encryptions with HMAC, to the byte, from the project's own file of examples.

use serde_json::Value;

use super::*;
use crate::evidence::{Expected, Tally, examples};

fn unhex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn evidence_rfc7518_appendix_b() {
    let cases = examples("rfc7518.json");
    let mut tally = Tally::new("RFC 7518 appendix B, encrypted and decrypted", &[]);
    let sources = ["RFC 7518 B.1", "RFC 7518 B.2", "RFC 7518 B.3"];
    for (number, source) in sources.into_iter().enumerate() {
        let case = cases.iter().find(|case| case["source"] == source).unwrap();
        let enc = ContentEncryption::from_name(case["encryption"].as_str().unwrap()).unwrap();
        let cipher = enc.cipher(&unhex(&case["key_hex"])).ok().unwrap();
        let [plaintext, aad] = ["plaintext", "additional_authenticated_data"]
            .map(|name| case[name].as_str().unwrap().as_bytes());
        let (iv, ciphertext, tag) = (
            unhex(&case["initialization_vector_hex"]),
            unhex(&case["ciphertext_hex"]),
            unhex(&case["authentication_tag_hex"]),
        );
        let sealed = cipher.seal(&iv, aad, plaintext).ok().unwrap();
        let is_same = (&*sealed.ciphertext, sealed.tag.as_ref()) == (&*ciphertext, &*tag);
        let open = |aad: &[u8], tag: &[u8]| cipher.open(&iv, aad, ciphertext.clone(), tag).ok();
        assert_eq!(open(aad, &tag).unwrap().expose_secret(), plaintext);
        assert!(open(&aad[1..], &tag).is_none());
        assert!(open(aad, &tag[1..]).is_none());
        let found = if is_same { "accepted" } else { "another ciphertext" };
        tally.judge(number, Expected::Accepted, found, source);
    }
    tally.finish(sources.len());
}
