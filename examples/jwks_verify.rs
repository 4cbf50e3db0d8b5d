//! A set of keys of several families, as an identity provider publishes it, with some that can't serve.
//!
//! `cargo run --example jwks_verify`
#![expect(clippy::print_stdout, reason = "examples print")]

use std::time::Duration;

use countersign::{Error, JwkSet, JwsAlgorithm, JwtIssuer, JwtVerifier, KeySet, NoClaims, SigningKey};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// An RSA key as most providers publish theirs, without `alg`, and a token that it signed (RFC 7515 A.2).
const RSA_KEY: &str = concat!(
    r#"{"kty":"RSA","kid":"rsa","e":"AQAB","n":"#,
    r#""ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR"#,
    r#"T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB"#,
    r#"dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
);
const RSA_TOKEN: &str = concat!(
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9",
    "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB",
    "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
);

fn main() -> Result<(), Error> {
    let keys = [
        SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("ec"),
        SigningKey::generate(JwsAlgorithm::Es512)?.with_key_id("ec-large"),
        SigningKey::generate(JwsAlgorithm::Ed25519)?.with_key_id("ed"),
    ];

    // What the provider publishes: these keys, and two that this library can't use.
    let mut published = vec![String::from(RSA_KEY)];
    for key in &keys {
        published.push(key.to_public_jwk()?.to_public_json()?);
    }
    published.push(r#"{"kty":"AKP","kid":"future","alg":"ML-DSA-65","pub":"AA"}"#.into());
    published.push(r#"{"kty":"RSA","kid":"broken","n":"AQAB","e":5}"#.into());
    let document = format!(r#"{{"keys":[{}]}}"#, published.join(","));

    let set = JwkSet::from_json(&document)?;
    let key_set = KeySet::verification(&set);
    println!("{} of {} keys can verify", set.len(), set.len() + set.skipped().len());
    for skipped in key_set.skipped() {
        println!("  skipped {}: {}", skipped.key_id().unwrap_or("-"), skipped.reason());
    }

    // Without `alg`, an RSA key is a candidate for RS256 and PS256, and for more if a verifier lists more.
    println!("RSA without `alg`: verified with {}", key_set.verify(RSA_TOKEN)?.algorithm());

    let verifier = JwtVerifier::builder(key_set).issuer(ISSUER).audience(AUDIENCE).build()?;
    for key in keys {
        let issuer = JwtIssuer::builder(key)
            .issuer(ISSUER)
            .audience(AUDIENCE)
            .lifetime(Duration::from_secs(60))
            .build()?;
        let jwt = verifier.verify::<NoClaims>(&issuer.issue("user-17", &NoClaims)?)?;
        println!("verified with {} by key {}", jwt.algorithm(), jwt.key_id().unwrap_or("-"));
    }

    // A key that isn't in the set, under a key ID that is.
    let stranger = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("ec");
    let forger = JwtIssuer::builder(stranger)
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .lifetime(Duration::from_secs(60))
        .build()?;
    let forged = forger.issue("user-17", &NoClaims)?;
    println!("a stranger's token: {}", verifier.verify::<NoClaims>(&forged).expect_err("forged"));
    Ok(())
}
