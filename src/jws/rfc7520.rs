//! RFC 7520 §4.7 and §4.8: signatures under headers that this library reads but doesn't write, made again where they
//! are deterministic. The other figures are made again through the public API.

use serde_json::Value;

use super::*;
use crate::evidence::{Expected, Tally, examples};
use crate::jwk::Jwk;
use crate::wire::base64url;

#[test]
fn evidence_rfc7520_signatures_of_unprotected_headers() {
    let cases = examples("rfc7520.json");
    let example = |source: &str| cases.iter().find(|case| case["source"] == source).unwrap();
    let key = |algorithm, source| {
        let jwk = Jwk::from_json(&example(source)["jwk"].to_string()).unwrap();
        SigningKey::from_jwk_for(algorithm, &jwk).unwrap()
    };
    let (hs256, rs256) = (key(JwsAlgorithm::Hs256, "RFC 7520 3.5"), key(JwsAlgorithm::Rs256, "RFC 7520 3.4"));
    let (only_content, several) = (example("RFC 7520 4.7"), example("RFC 7520 4.8"));
    let mut tally = Tally::new("RFC 7520 §4.7 and §4.8, signed again and the same", &[]);
    let signatures: [(&SigningKey, &Value, &str); 4] = [
        (&hs256, only_content, "/general/signatures/0"),
        (&hs256, only_content, "/flattened"),
        (&rs256, several, "/general/signatures/0"),
        (&hs256, several, "/general/signatures/2"),
    ];
    for (number, (key, case, place)) in signatures.into_iter().enumerate() {
        let signature = case.pointer(place).unwrap();
        let protected = signature.get("protected").map_or("", |text| text.as_str().unwrap());
        let payload = base64url::encode(case["payload"].as_str().unwrap().as_bytes());
        let made = key.sign(format!("{protected}.{payload}").as_bytes()).unwrap();
        let is_same = base64url::encode(made.as_ref()) == signature["signature"].as_str().unwrap();
        let found = if is_same { "accepted" } else { "another signature" };
        tally.judge(number, Expected::Accepted, found, place);
    }
    tally.finish(signatures.len());
}
