//! What must be accepted, however strict the rest is.

use countersign::{DecryptionKey, JweAlgorithm, Jwk, JwsAlgorithm, VerifyingKey, decrypt, jws};

use crate::support::*;

/// Published examples whose keys and tokens are short; `tests/vectors` has them all.
#[test]
fn row_148_examples_of_the_rfcs() {
    let verify = |algorithm, jwk: &str, token: &str| {
        let key = VerifyingKey::from_jwk_for(algorithm, &Jwk::from_json(jwk).unwrap()).unwrap();
        jws::verify(&key, token).unwrap().into_payload()
    };
    let claims = b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    // RFC 7515 §A.1
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6\
        Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let jwk = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
    assert_eq!(verify(JwsAlgorithm::Hs256, jwk, token), claims);
    // RFC 7515 §A.3
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc\
        19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let jwk = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    assert_eq!(verify(JwsAlgorithm::Es256, jwk, token), claims);
    // RFC 8037 §A.4
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6\
        dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    assert_eq!(verify(JwsAlgorithm::Ed25519, jwk, token), b"Example of Ed25519 signing");
    // RFC 7516 §A.3
    let token = "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2Il\
        rT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ";
    let jwk = Jwk::from_json(r#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}"#).unwrap();
    let key = DecryptionKey::from_jwk_for(JweAlgorithm::A128Kw, &jwk).unwrap();
    assert_eq!(decrypt(&key, token).unwrap().expose_secret(), b"Live long and prosper.");
    // RFC 7515 §A.5 is unsecured, and isn't accepted.
    let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19y\
        b290Ijp0cnVlfQ.";
    assert_eq!(refused_by(&hs256_key(), token), "unsupported_algorithm");
}

#[test]
fn row_149_whitespace_and_empty_payloads() {
    for header in [
        r#"{ "alg" : "HS256" }"#,
        "\r\n\t {\"alg\"\n:\t\"HS256\"\r}  \n",
        "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}",
        r#"{"alg":"HS256","a":[ 1 , 2 , { } , [ ] , "" ] }"#,
    ] {
        accepted_by(&hs256_key(), &hs256(header, P0));
        assert_eq!(jws::verify(&hs256_key(), &hs256(header, "")).unwrap().payload(), b"");
    }
    for payload in [&b""[..], b"\0", b".", &[0xff; 100]] {
        assert_eq!(jws::verify(&hs256_key(), &hs256(H0, payload)).unwrap().payload(), payload);
    }
    let spaced = P0.replace("\":", "\" : ").replace(",\"", " ,\r\n\t\"");
    assert!(verify_claims(format!(" \n{spaced}\t ")).is_ok());
}

#[test]
fn row_150_what_nobody_knows_and_any_order() {
    for header in [
        r#"{"alg":"HS256","x":null,"y":[{"z":1e3}],"nonce":"","exp":"x","iss":5}"#,
        r#"{"kid":"😀","alg":"HS256","cty":"x","x5t":5,"epk":null,"apu":5,"iv":{},"tag":[],"p2c":-1}"#,
        r#"{"":"","alg":"HS256","😀":"𝄞"}"#,
    ] {
        accepted_by(&hs256_key(), &hs256(header, P0));
    }
    let mut members: Vec<_> = P0[1..P0.len() - 1].split(',').collect();
    for _ in 0..4 {
        members.rotate_left(1);
        assert!(verify_claims(format!("{{{}}}", members.join(","))).is_ok());
    }
    for (name, json) in [
        ("aud", r#"["https://api.example","https://api.example"]"#),
        ("name", "\"𝄞 😀 \u{10ffff}\""),
        ("name", r#""\ud834\udd1e\u0000\u001f""#),
        ("roles", r#"["a","a",null,{},[[]],-0.0,1E-7,true]"#),
        ("cnf", r#"{"jkt":"x","x5t#S256":"y"}"#),
        ("", "0"),
        ("😀", "{}"),
    ] {
        assert!(verify_claims(p0_with(name, json)).is_ok(), "{name}");
    }
    let jwt = verify_claims(p0_with("aud", r#"["https://api.example","https://api.example"]"#)).unwrap();
    assert_eq!(jwt.audience().collect::<Vec<_>>(), [AUDIENCE, AUDIENCE]);
}
