//! Tokens made to the byte under a header that the public API doesn't write.

use super::*;
use crate::jwk::Jwk;
use crate::secret::SecretBytes;
use crate::wire::base64url;

/// RFC 7515 §A.1: HS256. The header is the RFC's own text, with a line break in it.
#[test]
fn rfc7515_a_1() {
    let jwk = Jwk::from_json(
        r#"{"kty":"oct",
            "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
    )
    .unwrap();
    let key = SigningKey::from_jwk_for(JwsAlgorithm::Hs256, &jwk).unwrap();
    let header = base64url::encode(b"{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}");
    let payload = b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    assert_eq!(
        sign_encoded(&key, &header, payload).unwrap(),
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
         eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
         cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
         dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
}

/// RFC 8037 §A.4: the signature by itself, over the RFC's signing input.
#[test]
fn rfc8037_a_4() {
    let jwk = Jwk::from_json(
        r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    )
    .unwrap();
    let key = SigningKey::from_jwk_for(JwsAlgorithm::Ed25519, &jwk).unwrap();
    let input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(base64url::encode(key.sign(input).unwrap().as_ref()), signature);
}

/// What the public API writes is what the seam writes with the key's own header.
#[test]
fn the_header_is_the_key_s_own() {
    let key = SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(vec![7; 32])).unwrap().with_key_id("a");
    assert_eq!(
        JwsBuilder::new(&key).token_type("JWT").protected_header().unwrap(),
        base64url::encode(br#"{"alg":"HS256","typ":"JWT","kid":"a"}"#)
    );
    let header = JwsBuilder::new(&key).protected_header().unwrap();
    assert_eq!(header, base64url::encode(br#"{"alg":"HS256","kid":"a"}"#));
    assert_eq!(sign(&key, b"payload"), sign_encoded(&key, &header, b"payload"));
    assert_ne!(sign(&key, b"payload"), sign_encoded(&key, &header, b"Payload"));
}
