//! Every error: what brings it about, its code, its message, and what a server answers.
//!
//! The table below makes each case through the public API. What no input can bring about (a key that has
//! encrypted 2^32 messages) is named where it stands.

#![cfg(feature = "gateway")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::gateway::propagation::{Propagation, Service, ServiceToken};
use countersign::gateway::replay::{MemoryReplays, ReplayCheck};
use countersign::gateway::revocation::{MemoryRevocations, Revocation, RevocationCheck};
use countersign::jwe::{JweBuilder, JweDecrypter};
use countersign::jwk::{CertificateChain, KeyKind, ThumbprintUri};
use countersign::jws::{ExternalSigner, JwsVerifier};
use countersign::keys::remote::{
    HttpClient, HttpFailure, HttpFuture, KeySnapshot, KeySource, KeySourceFuture, RemoteJwks, Runtime,
    RuntimeFuture,
};
use countersign::profile::access_token::{ClientCertificate, Provider};
use countersign::profile::load_balancer::LoadBalancerVerifier;
use countersign::{
    AccessTokenVerifier, ContentEncryption, DecryptionKey, EncryptionKey, Error, ExternalKeyError,
    JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, JwtIssuer, JwtVerifier, KeyDefect, KeySet, Limits, NoClaims,
    SecretBytes, SigningKey, TokenBuffer, Unsupported, UnverifiedToken, VerifyingKey, danger, decrypt,
    decrypt_claims, encrypt, jws, recipient_key,
};
use serde::Deserialize;
use serde_json::{Value, json};
use support::{
    NOW, Scheme, base64url, block_on, claims_token, from_base64url, hmac_key, jwk, parts, secret, signed,
    signing_key, stopped_at, with_header,
};

/// What stands in every input of these tests and in no message: it is the sender's, or secret.
const MARKER: &str = "SECRET";

/// One error and what is promised of it.
struct Case {
    error: Error,
    code: &'static str,
    http_status: u16,
    message: &'static str,
}

#[track_caller]
fn case<T>(result: Result<T, Error>, code: &'static str, http_status: u16, message: &'static str) -> Case {
    let error = result.err().unwrap_or_else(|| panic!("expected `{code}`, found no error"));
    Case { error, code, http_status, message }
}

fn verifier() -> JwtVerifier {
    JwtVerifier::builder(hmac_key())
        .any_issuer()
        .any_audience()
        .allow_missing_expiry()
        .clock(stopped_at(NOW))
        .build()
        .unwrap()
}

fn verify(token: &str) -> Result<(), Error> {
    verifier().verify::<NoClaims>(token).map(drop)
}

/// An authentic token with this header.
fn with_alg_and(header: &str) -> String {
    signed(format!("{{\"alg\":\"HS256\",{header}}}"), "{}")
}

fn judge(claims: &Value) -> Result<(), Error> {
    verify(&claims_token(claims.to_string()))
}

fn key() -> DecryptionKey {
    DecryptionKey::symmetric(JweAlgorithm::A256Kw, secret()).unwrap()
}

/// A token for [`key`].
fn encrypted() -> String {
    encrypt(&key().encryption_key().unwrap(), MARKER.as_bytes()).unwrap()
}

fn with_part(token: &str, index: usize, part: &str) -> String {
    let mut parts = parts(token);
    parts[index] = part;
    parts.join(".")
}

/// A verifier of nested tokens under [`key`] and the HMAC key.
fn nested() -> JwtVerifier {
    JwtVerifier::builder(hmac_key())
        .any_issuer()
        .any_audience()
        .allow_missing_expiry()
        .decrypt_with(key())
        .build()
        .unwrap()
}

/// Opens an authentic token whose plaintext is said to be these bytes decompressed, at most 1000.
#[cfg(feature = "deflate")]
fn inflated(compressed: &[u8]) -> Result<(), Error> {
    let direct = DecryptionKey::direct(ContentEncryption::A128CbcHs256, secret()).unwrap();
    let header = r#"{"alg":"dir","enc":"A128CBC-HS256","zip":"DEF"}"#;
    let token = support::sealed(header, compressed);
    let limits = Limits::default().token_bytes(100_000).inflated_bytes(1000);
    JweDecrypter::new([&direct]).allow_compression().limits(limits).decrypt(&token).map(drop)
}

fn wrapped(cty: &str, inner: &str) -> String {
    let key = key().encryption_key().unwrap();
    JweBuilder::new(&key).content_type(cty).encrypt(inner.as_bytes()).unwrap()
}

/// The public JWK of that `kid` with a member changed.
fn public_with(key_id: &str, member: &str, value: Value) -> String {
    let mut json: Value = serde_json::from_str(&jwk(key_id).to_public_json().unwrap()).unwrap();
    json[member] = value;
    json.to_string()
}

fn malformed() -> Vec<Case> {
    let good = claims_token("{}");
    let jwe = encrypted();
    let missing = r#"malformed header: expected member `alg`, found none"#;
    vec![
        case(
            verify("SECRET.SECRET"),
            "segment_count",
            401,
            "malformed token: expected three or five parts, separated by dots, found two",
        ),
        case(
            jws::verify(&hmac_key(), &jwe),
            "segment_count",
            401,
            "malformed token: expected the three parts of a signed token, separated by dots, found five",
        ),
        case(
            decrypt(&key(), &good),
            "segment_count",
            401,
            "malformed token: expected the five parts of an encrypted token, separated by dots, found three",
        ),
        case(
            verify(&format!("{good}=")),
            "base64url",
            401,
            "malformed signature: expected unpadded base64url, found padding, white space, another character or a cut end",
        ),
        case(
            verify(&with_part(&good, 1, "SECRET+/")),
            "base64url",
            401,
            "malformed payload: expected unpadded base64url, found padding, white space, another character or a cut end",
        ),
        case(
            decrypt(&key(), &with_part(&jwe, 1, "SECRET!!")),
            "base64url",
            401,
            "malformed encrypted key: expected unpadded base64url, found padding, white space, another character or a cut end",
        ),
        case(
            JweDecrypter::new([&key()]).decrypt_json(r#"{"ciphertext":"","aad":"SECRET=="}"#),
            "base64url",
            401,
            "malformed additional authenticated data: expected unpadded base64url, found padding, white space, another character or a cut end",
        ),
        case(
            decrypt(&key(), &with_part(&jwe, 3, "SECRE")),
            "base64url",
            401,
            "malformed ciphertext: expected unpadded base64url, found padding, white space, another character or a cut end",
        ),
        case(
            verify(&with_part(&good, 0, "AB")),
            "non_canonical_base64url",
            401,
            "malformed header: expected canonical base64url, found unused bits that aren't zero",
        ),
        case(
            padded("e30.e30=.SECRET="),
            "padded_base64url",
            401,
            "malformed header: expected canonical base64url with its padding, found another text",
        ),
        case(
            verify(&signed(b"\"SECRET\xff", "{}")),
            "utf8",
            401,
            "malformed header: expected UTF-8, found other bytes",
        ),
        case(
            verify(&claims_token(b"\"SECRET\xff")),
            "utf8",
            401,
            "malformed claims: expected UTF-8, found other bytes",
        ),
        case(
            verify(&claims_token("{\"SECRET\":}")),
            "json",
            401,
            "malformed claims: expected JSON, found something else",
        ),
        case(
            verify(&signed("[\"SECRET\"]", "{}")),
            "not_an_object",
            401,
            "malformed header: expected a JSON object, found another kind",
        ),
        case(
            verify(&claims_token("{\"SECRET\":1,\"SECRET\":1}")),
            "duplicate_member",
            401,
            "malformed claims: expected distinct member names, found a duplicate",
        ),
        case(verify(&signed("{\"SECRET\":1}", "{}")), "missing_member", 401, missing),
        case(
            verify(&with_alg_and(r#""enc":"SECRET""#)),
            "unexpected_member",
            401,
            "malformed header: expected no member `enc`, found one",
        ),
        case(
            verify(&with_alg_and(r#""kid":["SECRET"]"#)),
            "member_type",
            401,
            "malformed header: expected member `kid` to be a string, found something else",
        ),
        case(
            JwsVerifier::new([&hmac_key()]).verify_json(
                r#"{"payload":"SECRET00","protected":"e30","header":{"alg":"SECRET"},"signature":"SECRET00"}"#,
            ),
            "member_type",
            401,
            "malformed token: expected member `protected` to be a header that has parameters, or absent, found something else",
        ),
        case(
            JwsVerifier::new([&hmac_key()])
                .verify_json(r#"{"payload":"SECRET00","header":{"alg":"SECRET"},"signature":"SECRET00"}"#),
            "unprotected_member",
            401,
            "malformed header: expected `alg` in the protected header, found it unprotected",
        ),
        case(
            jws::verify(&hmac_key(), &signed(r#"{"alg":"HS256","own":"SECRET"}"#, "{}"))
                .and_then(|verified| verified.parameter::<u8>("own")),
            "parameter_type",
            401,
            "malformed header: expected a parameter that fits the requested type, found another",
        ),
        case(
            JwsVerifier::new([&hmac_key()])
                .allow_unencoded_payload()
                .verify(&format!("{}.SECRET\n.", base64url(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#))),
            "unencoded_payload",
            401,
            "malformed payload: expected printable ASCII in an unencoded payload, found another character",
        ),
        case(
            verify(&with_alg_and(r#""crit":[]"#)),
            "crit",
            401,
            "malformed header: `crit` must not be empty",
        ),
        case(
            verify(&with_alg_and(r#""crit":["SECRET"]"#)),
            "crit",
            401,
            "malformed header: `crit` must name parameters that are in the header",
        ),
        case(
            decrypt(&key(), &with_part(&jwe, 2, "SECR")),
            "length",
            401,
            "malformed initialization vector: expected the length that the algorithm gives it, found another",
        ),
        case(
            decrypt(&key(), &with_part(&jwe, 4, "SECR")),
            "length",
            401,
            "malformed authentication tag: expected the length that the algorithm gives it, found another",
        ),
        case(
            decrypt_claims::<Value>(&key(), &jwe),
            "json",
            401,
            "malformed claims: expected JSON, found something else",
        ),
        // A key's text is the application's, not a token's.
        case(
            Jwk::from_json("{\"kty\":SECRET}"),
            "json",
            500,
            "malformed JWK: expected JSON, found something else",
        ),
        case(
            Jwk::from_json(r#"{"kty":"oct","k":"SECRET=="}"#),
            "base64url",
            500,
            "malformed JWK: expected unpadded base64url, found padding, white space, another character or a cut end",
        ),
        case(
            JwkSet::from_json(r#"{"SECRET":[]}"#),
            "missing_member",
            500,
            "malformed JWK set: expected member `keys`, found none",
        ),
        case(
            "SECRET".parse::<ThumbprintUri>(),
            "encoding",
            401,
            "malformed thumbprint URI: expected `urn:ietf:params:oauth:jwk-thumbprint:`, a hash function, a colon and a thumbprint",
        ),
        case(
            Jwk::from_spki_der(b"-----BEGIN SECRET"),
            "encoding",
            500,
            "malformed DER: expected DER, found PEM text",
        ),
        #[cfg(feature = "pem")]
        case(
            Jwk::from_pem("SECRET"),
            "encoding",
            500,
            "malformed PEM: expected the text of a PEM block, found none",
        ),
    ]
}

fn unsupported_and_refused() -> Vec<Case> {
    let certificate = ClientCertificate::from_der(b"another");
    let jwe = encrypted();
    let inner = claims_token("{}");
    let typed = JwtVerifier::builder(hmac_key()).any_issuer().any_audience().token_type("at+jwt").build();
    let narrow = key().allow_content_encryptions([ContentEncryption::A128Gcm]);
    vec![
        case(
            verify(&signed(r#"{"alg":"SECRET"}"#, "{}")),
            "unsupported_algorithm",
            401,
            "unsupported: expected an algorithm of this build in the header's `alg`, found another",
        ),
        case(
            decrypt(&key(), &with_header(&jwe, r#"{"alg":"A256KW","enc":"SECRET"}"#)),
            "unsupported_content_encryption",
            401,
            "unsupported: expected a content encryption of this build in the header's `enc`, found another",
        ),
        case(
            verify(&with_alg_and(r#""crit":["SECRET"],"SECRET":1"#)),
            "unsupported_critical",
            401,
            "unsupported: expected parameters that are understood in the header's `crit`, found another",
        ),
        case(
            decrypt(&key(), &with_header(&jwe, r#"{"alg":"A256KW","enc":"A256GCM","zip":"SECRET"}"#)),
            "unsupported_compression",
            401,
            "unsupported: expected no `zip` in the header, or `DEF` where that is allowed, found another",
        ),
        case(
            Jwk::from_json(r#"{"kty":"SECRET"}"#),
            "unsupported_key",
            500,
            "unsupported: expected `kty` to be `EC`, `OKP`, `RSA` or `oct`, found another key type",
        ),
        #[cfg(not(feature = "es256k"))]
        case(
            Jwk::from_json(r#"{"kty":"EC","crv":"secp256k1","x":"SECRET","y":"SECRET"}"#),
            "unsupported_feature",
            500,
            "unsupported: expected the feature `es256k`, which keys on secp256k1 need, found it off",
        ),
        #[cfg(not(any(feature = "aws-lc-rs", feature = "rsa")))]
        case(
            Jwk::generate(KeyKind::Rsa { bits: 2048 }),
            "unsupported_feature",
            500,
            "unsupported: expected the feature `aws-lc-rs` or `rsa`, which making RSA keys needs, found neither",
        ),
        // A build with every feature can't bring this about.
        case::<()>(
            Err(Error::Unsupported(Unsupported::Feature("what the feature does needs the feature"))),
            "unsupported_feature",
            500,
            "unsupported: what the feature does needs the feature",
        ),
        case(
            jws::verify(&signing_key(JwsAlgorithm::Es256).verifying_key().unwrap(), &inner),
            "algorithm_not_allowed",
            401,
            "not allowed: expected an algorithm of the given keys, or of the list, in the header's `alg`, found another",
        ),
        case(
            decrypt(&narrow, &jwe),
            "content_encryption_not_allowed",
            401,
            "not allowed: expected an allowed content encryption in the header's `enc`, found another",
        ),
        case(
            typed.unwrap().verify::<NoClaims>(&inner),
            "type_not_allowed",
            401,
            "not allowed: expected a type that `token_type` or the profile names in the header's `typ`, found another or none",
        ),
        case(
            nested().verify::<NoClaims>(&wrapped("SECRET", &inner)),
            "content_type_not_allowed",
            401,
            "not allowed: expected an encrypted token whose `cty` is \"JWT\", a signed token inside, found another or none",
        ),
        case(
            verify(&with_alg_and(r#""cty":"JWT","x":"SECRET""#)),
            "token_inside_not_allowed",
            401,
            "not allowed: expected claims in a signed token, found a `cty` of \"JWT\", which says it holds another token",
        ),
        case(
            nested().verify::<NoClaims>(&inner),
            "not_encrypted",
            401,
            "not allowed: expected a signed and encrypted token, found one that is only signed",
        ),
        case(
            nested().verify::<NoClaims>(&wrapped("JWT", "{\"SECRET\":1}")),
            "not_signed",
            401,
            "not allowed: expected a signed token, found one that is only encrypted",
        ),
        case(
            verify(&jwe),
            "encrypted",
            401,
            "not allowed: expected a signed token, found an encrypted one; `decrypt_with` gives the keys",
        ),
        case(
            CertificateChain::from_der([include_bytes!("fixtures/p256.certificate.der")])
                .and_then(|chain| chain.trusted_key(|_| false)),
            "certificate_not_trusted",
            401,
            "not allowed: expected certificates that the application trusts, found some that it refused",
        ),
        case(
            access_tokens().verify::<NoClaims>(&access_token(BOUND)),
            "proof_required",
            401,
            "not allowed: expected a proof of the key that the token is bound to, found a bearer without one",
        ),
        case(
            access_tokens().verify_with_proof::<NoClaims>(&access_token(BOUND), &certificate),
            "proof_failed",
            401,
            "not allowed: expected a proof of every key that the token is bound to, found another or none",
        ),
        case(
            access_tokens().verify_with_proof::<NoClaims>(&access_token("\"x\":\"SECRET\""), &certificate),
            "not_bound",
            401,
            "not allowed: expected a token that is bound to a key, found one that isn't; `proof_if_bound` accepts it",
        ),
        case(
            load_balancer("signer", "another"),
            "signer_not_allowed",
            401,
            "not allowed: expected one of the verifier's load balancers in the header's `signer`, found another or none",
        ),
        case(
            load_balancer("client", "another"),
            "client_not_allowed",
            401,
            "not allowed: expected one of the verifier's clients in the header's `client`, found another or none",
        ),
        case(
            revoked(),
            "revoked",
            401,
            "not allowed: expected a token that wasn't revoked, found one that was",
        ),
        case(
            replayed(),
            "replayed",
            401,
            "not allowed: expected a token that wasn't used before, found one that was",
        ),
        case(
            passed_on("\"scope\":\"SECRET\""),
            "insufficient_scope",
            403,
            "not allowed: expected a scope of the service that is called, found none that the token grants",
        ),
        case(
            passed_on("\"may_act\":{\"sub\":\"SECRET\"}"),
            "actor_not_allowed",
            403,
            "not allowed: expected a token in whose `may_act` this actor stands, found another actor",
        ),
    ]
}

/// A load balancer's token with another value of this header parameter. No key is asked for.
fn load_balancer(name: &str, value: &str) -> Result<(), Error> {
    let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/b";
    let mut header =
        json!({"alg": "ES256", "kid": MARKER, "signer": arn, "client": "c", "iss": "a", "exp": 1});
    header[name] = format!("{MARKER}{value}").into();
    // Spaces fill it up, so that it needs no padding.
    let mut header = header.to_string();
    header.push_str(&" ".repeat(2 - (header.len() + 2) % 3));
    padded(&format!("{}.{}.", base64url(header), base64url("{ }")))
}

/// What the verifier of padded tokens says of this one.
fn padded(token: &str) -> Result<(), Error> {
    let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/b";
    let verifier = LoadBalancerVerifier::builder(NoKeys).signer(arn).issuer("a").client_id("c").build()?;
    block_on(verifier.verify::<NoClaims>(token)).map(drop)
}

/// A source that is never asked.
struct NoKeys;

impl KeySource for NoKeys {
    fn keys<'a>(&'a self, _: Option<&'a str>, _: Option<&'a KeySnapshot>) -> KeySourceFuture<'a> {
        Box::pin(async { panic!("no key is needed") })
    }
}

fn revoked() -> Result<(), Error> {
    let token = access_tokens().verify::<NoClaims>(&access_token("\"x\":\"SECRET\""))?;
    let store = Arc::new(MemoryRevocations::new(1));
    store.insert(&Revocation::of_token(&token).unwrap()).unwrap();
    block_on(RevocationCheck::new(store).check(&token))
}

fn replayed() -> Result<(), Error> {
    let token = access_tokens().verify::<NoClaims>(&access_token("\"x\":\"SECRET\""))?;
    let check = ReplayCheck::new(Arc::new(MemoryReplays::new(1)));
    block_on(check.use_up(&token))?;
    block_on(check.use_up(&token))
}

fn passed_on(claim: &str) -> Result<ServiceToken, Error> {
    let token = access_tokens().verify::<NoClaims>(&access_token(claim))?;
    let propagation = Propagation::builder(signing_key(JwsAlgorithm::Es256)).issuer("g").subjects_of("a");
    let service = Service::new("i").scopes(["read"]);
    propagation.service("inventory", service).clock(stopped_at(NOW)).build()?.mint(&token, "inventory")
}

/// A confirmation of no certificate.
const BOUND: &str = r#""cnf":{"kid":"SECRET"}"#;

fn access_tokens() -> AccessTokenVerifier {
    let verifier = AccessTokenVerifier::builder(hmac_key()).issuer("a").audience("b");
    verifier.clock(stopped_at(NOW)).build().unwrap()
}

/// An access token with one more claim.
fn access_token(claim: &str) -> String {
    let claims = r#""iss":"a","aud":"b","sub":"s","client_id":"c","jti":"j","iat":0,"exp":9999999999"#;
    signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, format!("{{{claims},{claim}}}"))
}

fn keys_and_crypto() -> Vec<Case> {
    let forged = format!("{}.{}", claims_token("{}").rsplit_once('.').unwrap().0, base64url([7; 32]));
    let other = DecryptionKey::symmetric(JweAlgorithm::A256Kw, SecretBytes::from(vec![9; 32])).unwrap();
    let identified = signed(r#"{"alg":"HS256","kid":"SECRET"}"#, "{}");
    let short = || SecretBytes::from(b"SECRET".to_vec());
    let low_order = format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, base64url([0; 32]));
    vec![
        case(
            jws::verify(&hmac_key().with_key_id("a"), &identified),
            "no_matching_key",
            401,
            "no matching key: expected a key of the algorithm and the key ID asked for, found none",
        ),
        case(verify(&forged), "invalid_signature", 401, "invalid signature"),
        case(decrypt(&other, &encrypted()), "decryption_failed", 401, "decryption failed"),
        case(
            VerifyingKey::hmac(JwsAlgorithm::Hs256, short()),
            "key_too_small",
            500,
            "invalid key: expected at least 256 bits, found fewer",
        ),
        case(
            Jwk::from_json(&public_with("rsa-2048", "n", json!(base64url(vec![0xff; 1025])))),
            "key_too_large",
            500,
            "invalid key: expected at most 8192 bits, found more",
        ),
        case(
            DecryptionKey::symmetric(JweAlgorithm::A128Kw, short()),
            "key_size",
            500,
            "invalid key: expected 128 bits, found another size",
        ),
        case(
            SigningKey::from_jwk_for(JwsAlgorithm::Es256, &jwk("P-384")),
            "key_type",
            500,
            "invalid key: expected an EC key on P-256, found an EC key on P-384",
        ),
        case(
            SigningKey::from_jwk_for(JwsAlgorithm::Es256, &jwk("P-256").with_algorithm("SECRET")),
            "key_algorithm",
            500,
            "invalid key: expected the algorithm that the key's own `alg` names, found another asked for",
        ),
        case(
            SigningKey::from_jwk(&jwk("rsa-2048")),
            "key_algorithm_unknown",
            500,
            "invalid key: expected a key whose `alg` settles the algorithm, found it open; `from_jwk_for` chooses one",
        ),
        case(
            VerifyingKey::from_jwk_for(
                JwsAlgorithm::Es256,
                &Jwk::from_json(&public_with("P-256", "use", json!("SECRET"))).unwrap(),
            ),
            "key_use",
            500,
            "invalid key: expected a key whose `use` and `key_ops` permit the operation, found one that forbids it",
        ),
        case(
            SigningKey::from_jwk_for(JwsAlgorithm::Es256, &jwk("P-256").to_public().unwrap()),
            "key_not_private",
            500,
            "invalid key: expected a private key, found a public one",
        ),
        case(
            VerifyingKey::from_jwk_for(JwsAlgorithm::Es256, &jwk("P-256")),
            "key_not_public",
            500,
            "invalid key: expected a public key, found a private one (`Jwk::to_public` gives its public half) or a secret",
        ),
        case(
            Jwk::from_json(&public_with("P-256", "x", json!(base64url([1; 32])))),
            "key_inconsistent",
            500,
            "invalid key: expected a point on the curve",
        ),
        case(
            Jwk::from_json(&public_with(
                "rsa-2048",
                "n",
                json!(include_str!("vectors/roca-modulus.txt").trim()),
            )),
            "key_weak",
            500,
            "invalid key: expected an RSA key of random primes, found one that can be factored (CVE-2017-15361)",
        ),
        // Brought about in `encrypted_pkcs8.rs`, which needs the feature.
        case::<()>(
            Err(Error::InvalidKey(KeyDefect::Password)),
            "key_password",
            500,
            "invalid key: expected the password of an undamaged encrypted key, found another password or a damaged key",
        ),
        case(
            EncryptionKey::from_jwk_for(JweAlgorithm::EcdhEs, &Jwk::from_json(&low_order).unwrap()),
            "key_rejected",
            500,
            "invalid key: expected a key that the crypto library accepts, found one that it refuses",
        ),
        // After 2^32 messages; unit tests beside the counter bring it about.
        case::<()>(
            Err(Error::InvalidKey(KeyDefect::Exhausted)),
            "key_exhausted",
            500,
            "invalid key: expected at most 2^32 messages under one key, found more; a new key must take its place",
        ),
        case(
            jws::sign(&external(|| Err(ExternalKeyError::Refused)), b"SECRET"),
            "key_refused",
            500,
            "invalid key: expected the external key to sign, found that it refuses",
        ),
        case(
            jws::sign(&external(|| Ok(vec![1; 64])), b"SECRET"),
            "key_signature",
            500,
            "invalid key: expected a signature by the stated key from the external key, found one that doesn't verify",
        ),
        case(
            jws::sign(&external(|| Err(ExternalKeyError::Unavailable)), b"SECRET"),
            "unavailable",
            503,
            "unavailable: the external key",
        ),
    ]
}

/// A key outside the process that answers so, whatever it is asked.
fn external(answer: fn() -> Result<Vec<u8>, ExternalKeyError>) -> SigningKey {
    struct Fake(fn() -> Result<Vec<u8>, ExternalKeyError>);
    impl ExternalSigner for Fake {
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, ExternalKeyError> {
            (self.0)()
        }
    }
    SigningKey::external(JwsAlgorithm::Ed25519, &jwk("Ed25519").to_public().unwrap(), Fake(answer)).unwrap()
}

fn claims() -> Vec<Case> {
    #[derive(Debug, Deserialize)]
    struct Typed {
        #[expect(dead_code, reason = "only whether it is read matters")]
        tenant: u64,
    }
    let builder = || JwtVerifier::builder(hmac_key()).any_issuer().any_audience().clock(stopped_at(NOW));
    let strict = builder().build().unwrap();
    let aged = builder().max_age(Duration::from_secs(60)).allow_missing_expiry().build().unwrap();
    let ruled = builder().rule("tenant", |_| false).allow_missing_expiry().build().unwrap();
    let named = JwtVerifier::builder(hmac_key()).issuer("a").issuer("b").audience("c").build().unwrap();
    let verify = |verifier: &JwtVerifier, claims: Value| {
        verifier.verify::<NoClaims>(&claims_token(claims.to_string())).map(drop)
    };
    let auth0 = AccessTokenVerifier::for_provider(Provider::auth0("a"), hmac_key()).audience("b");
    let id_token = r#"{"iss":"https://a/","aud":"b","sub":"s","azp":"c","iat":0,"exp":1,"nonce":"SECRET"}"#;
    vec![
        case(
            verify(&strict, json!({ "SECRET": 1 })),
            "claim_missing",
            401,
            "claim `exp`: expected, found none (`allow_missing_expiry` waives it)",
        ),
        case(
            verify(&named, json!({ "aud": "SECRET" })),
            "claim_missing",
            401,
            "claim `iss`: expected, found none (`any_issuer` waives it)",
        ),
        case(
            verify(&builder().required_claims(["jti"]).build().unwrap(), json!({ "SECRET": 1 })),
            "claim_missing",
            401,
            "claim `jti`: expected, found none",
        ),
        case(
            judge(&json!({ "exp": "SECRET" })),
            "claim_malformed",
            401,
            "claim `exp`: expected a number of seconds within 64 bits, found a string",
        ),
        case(
            judge(&json!({ "aud": ["SECRET", 1] })),
            "claim_malformed",
            401,
            "claim `aud`: expected a string or an array of strings, found an array with another kind in it",
        ),
        case(
            judge(&json!({ "exp": NOW - 90, "sub": "SECRET" })),
            "expired",
            401,
            "claim `exp`: expected a time to come, found one 90 s ago",
        ),
        case(
            judge(&json!({ "nbf": NOW + 90, "sub": "SECRET" })),
            "not_yet_valid",
            401,
            "claim `nbf`: expected a time that has come, found one 90 s ahead",
        ),
        case(
            verify(&aged, json!({ "iat": NOW + 90, "sub": "SECRET" })),
            "issued_in_future",
            401,
            "claim `iat`: expected a time that has passed, found one 90 s ahead",
        ),
        case(
            verify(&aged, json!({ "iat": NOW - 90, "sub": "SECRET" })),
            "too_old",
            401,
            "claim `iat`: expected an age of at most 60 s, found 90 s",
        ),
        case(
            verify(&named, json!({ "iss": "SECRET" })),
            "claim_unexpected",
            401,
            "claim `iss`: expected \"a\" or \"b\", found another value",
        ),
        case(
            judge(&json!({ "nbf": NOW, "exp": NOW - 1, "sub": "SECRET" })),
            "claim_contradiction",
            401,
            "claim `nbf`: expected a time not after `exp`",
        ),
        case(
            verify(&ruled, json!({ "tenant": "SECRET" })),
            "claim_refused",
            401,
            "claim `tenant`: expected what the application's own rule asks for, found something else",
        ),
        case(
            verifier().verify::<Typed>(&claims_token(r#"{"tenant":"SECRET"}"#)),
            "claims_type",
            401,
            "claims don't fit the requested type: expected u64 at column 18",
        ),
        case(
            auth0.clock(stopped_at(NOW)).build().unwrap().verify::<NoClaims>(&claims_token(id_token)),
            "claim_unwanted",
            401,
            "claim `nonce`: expected none in a token of this kind, found one",
        ),
        case(
            danger::unverified_claims::<Typed>(&claims_token(r#"{"SECRET":1}"#)),
            "claims_type",
            401,
            "claims don't fit the requested type: expected a member `tenant` at column 12",
        ),
    ]
}

/// A source of keys whose server can't be reached, and whose tasks never run.
fn no_keys() -> Result<(), Error> {
    struct Nowhere;
    impl HttpClient for Nowhere {
        fn get<'a>(&'a self, _: &'a str, _: usize) -> HttpFuture<'a> {
            Box::pin(async { Err(HttpFailure::Unreachable) })
        }
    }
    impl Runtime for Nowhere {
        fn now(&self) -> Instant {
            Instant::now()
        }
        fn sleep(&self, _: Duration) -> RuntimeFuture {
            Box::pin(std::future::ready(()))
        }
        fn spawn(&self, _: RuntimeFuture) {}
    }
    RemoteJwks::from_url("https://id.example.com/jwks").build(Nowhere, Nowhere)?.snapshot().map(drop)
}

fn limits_and_misuse() -> Vec<Case> {
    let many: Vec<String> = (0..257).map(|index| format!("\"SECRET{index}\":1")).collect();
    let deep = format!("{{\"SECRET\":{}{}}}", "[".repeat(32), "]".repeat(32));
    let keys: KeySet = (0..9).map(|_| hmac_key()).collect();
    let two = JwkSet::from_json_with_limits(
        r#"{"keys":[{"kid":"SECRET"},{"kid":"SECRET"}]}"#,
        &Limits::default().jwk_set_keys(1),
    );
    vec![
        case(
            no_keys(),
            "key_source_unavailable",
            503,
            "key source unavailable: expected keys that are recent enough, found none",
        ),
        case(
            verify(&MARKER.repeat(16 * 1024)),
            "limit_token_bytes",
            401,
            "limit exceeded: expected at most 16384 bytes of token, found more",
        ),
        case(
            verify(&with_alg_and(&format!("\"x\":\"{}\"", MARKER.repeat(1024)))),
            "limit_header_bytes",
            401,
            "limit exceeded: expected at most 4096 bytes of header, found more",
        ),
        case(
            verify(&claims_token(deep)),
            "limit_json_depth",
            401,
            "limit exceeded: expected at most 32 levels of JSON nesting, found more",
        ),
        case(
            verify(&claims_token(format!("{{{}}}", many.join(",")))),
            "limit_json_members",
            401,
            "limit exceeded: expected at most 256 members in a JSON object, found more",
        ),
        case(
            keys.verify(&claims_token("{}")),
            "limit_candidate_keys",
            401,
            "limit exceeded: expected at most 8 keys that fit a token, found more",
        ),
        #[cfg(feature = "pbes2")]
        case(
            decrypt(
                &DecryptionKey::password(JweAlgorithm::Pbes2Hs256A128Kw, secret()).unwrap(),
                &with_header(
                    &encrypted(),
                    r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2s":"SECRETSECRET","p2c":1200001}"#,
                ),
            ),
            "limit_pbes2_iterations",
            401,
            "limit exceeded: expected at most 1200000 iterations of PBKDF2, found more",
        ),
        #[cfg(feature = "deflate")]
        case(
            inflated(
                &[&[0x01, 0xff, 0x7f, 0x00, 0x80][..], &MARKER.repeat(6000).as_bytes()[..0x7fff]].concat(),
            ),
            "limit_inflated_bytes",
            401,
            "limit exceeded: expected at most 1000 bytes of decompressed plaintext, found more",
        ),
        #[cfg(feature = "deflate")]
        case(
            inflated(&[0x03, 0x00, b'S', b'E', b'C', b'R', b'E', b'T']),
            "deflate",
            401,
            "malformed plaintext: expected one whole DEFLATE stream, found another or something after it",
        ),
        case(
            JwsVerifier::new([&hmac_key()]).limits(Limits::default().recipients(1)).verify_json(
                r#"{"payload":"SECRET00","signatures":[{"signature":"SECRET00"},{"signature":"SECRET00"}]}"#,
            ),
            "limit_recipients",
            401,
            "limit exceeded: expected at most 1 signatures or recipients, found more",
        ),
        case(
            nested().verify::<NoClaims>(&wrapped("JWT", &encrypted())),
            "limit_nesting",
            401,
            "limit exceeded: expected at most 2 levels of nested tokens, found more",
        ),
        case(
            Jwk::from_json(&MARKER.repeat(256 * 1024)),
            "limit_key_bytes",
            500,
            "limit exceeded: expected at most 262144 bytes of key, found more",
        ),
        case(
            JwkSet::from_json(&MARKER.repeat(256 * 1024)),
            "limit_jwk_set_bytes",
            500,
            "limit exceeded: expected at most 262144 bytes of JWK set, found more",
        ),
        case(
            two,
            "limit_jwk_set_keys",
            500,
            "limit exceeded: expected at most 1 keys in a JWK set, found more",
        ),
        #[cfg(feature = "encrypted-pkcs8")]
        case(
            Jwk::from_encrypted_pkcs8_der_with_limits(
                include_bytes!("fixtures/encrypted-default.der"),
                MARKER.as_bytes(),
                &Limits::default().pkcs8_iterations(2047),
            ),
            "limit_pkcs8_iterations",
            500,
            "limit exceeded: expected at most 2047 iterations of PBKDF2 for an encrypted key, found more",
        ),
        #[cfg(feature = "encrypted-pkcs8")]
        case(
            Jwk::from_encrypted_pkcs8_der_with_limits(
                include_bytes!("fixtures/encrypted-scrypt.der"),
                MARKER.as_bytes(),
                &Limits::default().pkcs8_memory(1024),
            ),
            "limit_pkcs8_memory",
            500,
            "limit exceeded: expected at most 1024 bytes that scrypt fills for an encrypted key, found more",
        ),
        case(
            JwtVerifier::builder(hmac_key()).build(),
            "misuse",
            500,
            "misuse: expected a choice of issuer: `issuer` sets it, `any_issuer` waives it",
        ),
        case(
            EncryptionKey::symmetric(JweAlgorithm::Dir, secret()),
            "misuse",
            500,
            "misuse: expected an algorithm that wraps keys, found `dir`, whose keys `direct` makes",
        ),
    ]
}

fn all() -> Vec<Case> {
    [malformed(), unsupported_and_refused(), keys_and_crypto(), claims(), limits_and_misuse()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn every_case_has_its_message_code_and_status() {
    for Case { error, code, http_status, message } in all() {
        assert_eq!(error.to_string(), message);
        assert_eq!(error.code(), code, "{message}");
        assert_eq!(error.http_status(), http_status, "{message}");
        assert_eq!(error.is_invalid_token(), http_status == 401, "{message}");
        assert_eq!(error.is_expired(), code == "expired", "{message}");
        let claim = message.strip_prefix("claim `").and_then(|rest| rest.split_once('`'));
        assert_eq!(error.claim(), claim.map(|(claim, _)| claim));
        assert_eq!(error.clone(), error);
    }
}

/// The codes, as `src/error` lists them, so that a new case without a row here is noticed.
fn listed_codes() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/error");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let source: String = files.collect();
    let bodies = source.split("fn code(&self) -> &'static str {").skip(1);
    let arms = bodies.filter_map(|body| body.split("\n    }\n").next()).flat_map(str::lines);
    let code = |arm: &str| arm.split_once("=> \"")?.1.split_once('"').map(|(code, _)| code.to_owned());
    arms.filter_map(code).collect()
}

#[test]
fn every_code_is_unique_and_has_a_row() {
    let listed = listed_codes();
    assert!(listed.len() > 50, "the lists were found: {listed:?}");
    let distinct: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    assert_eq!(distinct.len(), listed.len(), "a code that two cases share");
    for code in &distinct {
        let is_plain = |character: char| character.is_ascii_lowercase() || "_0123456789".contains(character);
        assert!(code.chars().all(is_plain), "{code}");
    }
    let mut covered: BTreeSet<&str> = all().iter().map(|case| case.code).collect();
    if cfg!(not(feature = "pbes2")) {
        covered.insert("limit_pbes2_iterations");
    }
    if cfg!(not(feature = "encrypted-pkcs8")) {
        covered.extend(["limit_pkcs8_iterations", "limit_pkcs8_memory"]);
    }
    if cfg!(not(feature = "deflate")) {
        covered.extend(["limit_inflated_bytes", "deflate"]);
    }
    assert_eq!(covered, distinct);
}

#[track_caller]
fn assert_tidy(error: &Error) {
    let message = error.to_string();
    assert!(message.len() < 200, "{message}");
    assert!(!message.contains(MARKER), "{message}");
    assert!(!format!("{error:?}").contains(MARKER), "{error:?}");
    assert!(!message.contains('\n'), "{message}");
    assert!(message.starts_with(|first: char| first.is_ascii_lowercase()), "{message}");
    assert!(!message.ends_with('.'), "{message}");
    let source = std::error::Error::source(error);
    assert!(source.is_none(), "nothing that a log would print beside it: {source:?}");
}

#[test]
fn messages_are_one_plain_line_and_quote_nothing_of_the_input() {
    for case in all() {
        assert_tidy(&case.error);
    }
}

#[test]
fn errors_go_where_errors_go() {
    fn is_error<T: std::error::Error + Send + Sync + Unpin + 'static>() {}
    is_error::<Error>();
    let boxed: Box<dyn std::error::Error + Send + Sync> = Error::InvalidSignature.into();
    assert!(boxed.downcast_ref::<Error>().is_some());
}

/// Texts of a megabyte with the marker all over, malformed in many ways.
fn large() -> Vec<String> {
    let filling = MARKER.repeat(1_000_000 / MARKER.len());
    let encoded = base64url(&filling);
    let object = |name: &str| format!("{{\"alg\":\"HS256\",\"{name}\":\"{filling}\"}}");
    vec![
        filling.clone(),
        ".".repeat(1_000_000),
        format!("{filling}.{filling}"),
        format!("{filling}.{filling}.{filling}"),
        format!("{filling}=.{filling}=.{filling}="),
        format!("{encoded}.{encoded}.{encoded}"),
        format!("{encoded}.{encoded}.{encoded}.{encoded}.{encoded}"),
        signed(object("alg"), "{}"),
        signed(object("kid"), "{}"),
        signed(object("enc"), "{}"),
        signed(object("typ").replace('"', "'"), "{}"),
        signed(format!("{{\"alg\":\"{filling}\"}}"), "{}"),
        signed(format!("{{\"alg\":\"HS256\",\"crit\":[\"{filling}\"],\"{filling}\":1}}"), "{}"),
        claims_token(&filling),
        claims_token(format!("[\"{filling}\"]")),
        claims_token(format!("{{\"{filling}\":1,\"{filling}\":1}}")),
        claims_token(format!("{{\"exp\":\"{filling}\"}}")),
        claims_token(format!("{{\"aud\":[\"{filling}\",5]}}")),
        claims_token(format!("{{\"iss\":\"{filling}\"}}")),
        claims_token(format!("{{\"iss\":\"a\",\"aud\":\"{filling}\"}}")),
        claims_token(format!("{{\"iss\":\"a\",\"aud\":\"b\",\"role\":\"{filling}\"}}")),
        format!("{{\"payload\":\"{filling}\",\"signatures\":[]}}"),
        format!("{{\"payload\":\"{filling}\",\"signatures\":[{{\"signature\":\"{filling}\"}}]}}"),
        format!("{{\"payload\":\"\",\"signatures\":[{{\"protected\":\"{encoded}\",\"signature\":\"\"}}]}}"),
        format!("{{\"payload\":\"\",\"header\":{{\"alg\":\"{filling}\"}},\"signature\":\"\"}}"),
        format!("Bearer {filling}.{filling}.{filling}"),
    ]
}

#[test]
fn a_megabyte_of_bad_token_gives_one_short_line() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Role {
        Admin,
    }
    #[derive(Debug, Deserialize)]
    struct Typed {
        #[expect(dead_code, reason = "only whether it is read matters")]
        role: Role,
    }
    let _ = Role::Admin;
    let generous = Limits::default().token_bytes(10_000_000).header_bytes(10_000_000);
    let builder = || {
        JwtVerifier::builder(hmac_key())
            .issuer("a")
            .audience("b")
            .allow_missing_expiry()
            .clock(stopped_at(NOW))
    };
    let verifiers = [
        builder().build().unwrap(),
        builder().limits(generous.clone()).build().unwrap(),
        builder().limits(generous.clone()).decrypt_with(key()).build().unwrap(),
    ];
    for token in large() {
        for verifier in &verifiers {
            assert_tidy(&verifier.verify::<Typed>(&token).unwrap_err());
        }
        for error in [
            jws::verify(&hmac_key(), &token).map(drop).unwrap_err(),
            JwsVerifier::new([&hmac_key()]).verify_json(&token).unwrap_err(),
            JwsVerifier::new([&hmac_key()]).limits(generous.clone()).verify_json(&token).unwrap_err(),
            JwsVerifier::new([&hmac_key()]).limits(generous.clone()).verify_json_any(&token).unwrap_err(),
            jws::verify_with_limits(&hmac_key().with_key_id("a"), &token, &generous).map_or_else(
                |error| error,
                // Claims are nothing to `jws`.
                |_| Error::InvalidSignature,
            ),
            decrypt(&key(), &token).unwrap_err(),
            UnverifiedToken::parse(&token).unwrap_err(),
            danger::unverified_claims::<Value>(&token).unwrap_err(),
            Jwk::from_json(&token).unwrap_err(),
            JwkSet::from_json(&token).unwrap_err(),
            #[cfg(feature = "pem")]
            Jwk::from_pem(&token).unwrap_err(),
        ] {
            assert_tidy(&error);
        }
    }
}

#[test]
fn keys_show_nothing_of_themselves() {
    let secret = SecretBytes::from(MARKER.repeat(8).into_bytes());
    let shown = [
        format!("{secret:?}"),
        format!("{:?}", Jwk::from_secret(secret.clone_secret()).unwrap()),
        format!("{:?}", SigningKey::hmac(JwsAlgorithm::Hs256, secret.clone_secret()).unwrap()),
        format!("{:?}", VerifyingKey::hmac(JwsAlgorithm::Hs256, secret.clone_secret()).unwrap()),
        format!("{:?}", Jwk::from_secret(secret).unwrap().expose_json()),
        format!("{:?}", jws::verify(&hmac_key(), &claims_token(MARKER)).unwrap()),
        format!("{:?}", verifier().verify::<NoClaims>(&claims_token(r#"{"sub":"SECRET"}"#)).unwrap()),
        format!(
            "{:?}",
            verifier()
                .verify_borrowed::<Value>(&claims_token(r#"{"sub":"SECRET"}"#), &mut TokenBuffer::new())
                .unwrap()
        ),
        format!("{:?}", UnverifiedToken::parse(&with_alg_and("\"kid\":\"SECRET\"")).unwrap()),
    ];
    for shown in shown {
        assert!(!shown.contains(MARKER) && !shown.contains(&base64url(MARKER)[..7]), "{shown}");
    }
}

#[test]
fn keys_that_are_refused_show_nothing_of_themselves() {
    let encoded = base64url(MARKER);
    for json in [
        format!(r#"{{"kty":"{MARKER}"}}"#),
        format!(r#"{{"kty":"EC","crv":"{MARKER}"}}"#),
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{encoded}","d":"{encoded}"}}"#),
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{encoded}","y":"{encoded}","d":"{encoded}"}}"#),
        format!(r#"{{"kty":"RSA","n":"{encoded}","e":"AQAB","d":"{encoded}"}}"#),
        format!(r#"{{"kty":"oct","k":"{MARKER}!"}}"#),
        format!(r#"{{"kty":"oct","k":"{encoded}","use":["{MARKER}"]}}"#),
        format!(r#"{{"kty":"oct","k":"{encoded}","key_ops":["{MARKER}","{MARKER}"]}}"#),
        format!(r#"{{"kty":"oct","k":"{encoded}","kid":5,"{MARKER}":1}}"#),
    ] {
        let error = Jwk::from_json(&json).unwrap_err();
        assert_tidy(&error);
        assert!(!format!("{error} {error:?}").contains(&encoded), "{error:?}");
    }
    let set = JwkSet::from_json(r#"{"keys":[]}"#).unwrap();
    assert_tidy(&recipient_key(&set, [JweAlgorithm::EcdhEs]).unwrap_err());
}

/// One error for every cause once a secret is at work (RFC 7516 §11.5).
#[test]
fn decryption_failures_are_all_alike() {
    let schemes = Scheme::available().filter(|scheme| scheme.algorithm != JweAlgorithm::Dir);
    for scheme in schemes.filter(|scheme| scheme.enc == ContentEncryption::A128CbcHs256) {
        let key = scheme.decryption_key();
        let token = encrypt(&scheme.encryption_key(), MARKER.as_bytes()).unwrap();
        let encoded = parts(&token);
        for part in [1, 2, 3, 4] {
            let mut bytes = from_base64url(encoded[part]);
            let Some(last) = bytes.last_mut() else { continue };
            *last ^= 1;
            let error = decrypt(&key, &with_part(&token, part, &base64url(bytes))).unwrap_err();
            assert_eq!(error, Error::DecryptionFailed, "{scheme:?} part {part}");
        }
        if !encoded[1].is_empty() {
            for len in [1, 8, 24, 40, 255, 257] {
                let error = decrypt(&key, &with_part(&token, 1, &base64url(vec![1; len]))).unwrap_err();
                assert_eq!(error, Error::DecryptionFailed, "{scheme:?} {len} bytes of encrypted key");
            }
        }
    }
}

#[test]
fn the_application_is_shown_what_it_configured_itself() {
    let verifier = JwtVerifier::builder(hmac_key())
        .issuer("https://id.example.com")
        .audience("https://orders.example.com")
        .subject("user-17")
        .sole_audience()
        .allow_missing_expiry()
        .build()
        .unwrap();
    let refused = |claims: Value| {
        verifier.verify::<NoClaims>(&claims_token(claims.to_string())).unwrap_err().to_string()
    };
    let mut claims = json!({ "iss": "https://id.example.com", "aud": "https://orders.example.com" });
    claims["sub"] = json!("SECRET");
    assert_eq!(refused(claims.clone()), "claim `sub`: expected \"user-17\", found another value");
    claims["aud"] = json!(["https://orders.example.com", "SECRET"]);
    assert_eq!(
        refused(claims.clone()),
        "claim `aud`: expected no audience but \"https://orders.example.com\", found another value"
    );
    claims["aud"] = json!("SECRET");
    assert_eq!(
        refused(claims.clone()),
        "claim `aud`: expected \"https://orders.example.com\", found another value"
    );
    claims["iss"] = json!("SECRET");
    assert_eq!(refused(claims), "claim `iss`: expected \"https://id.example.com\", found another value");
}

#[test]
fn misuse_of_an_issuer_quotes_names_and_no_values() {
    let issuer = JwtIssuer::builder(signing_key(JwsAlgorithm::Hs256))
        .issuer("a")
        .without_audience()
        .without_expiry()
        .build()
        .unwrap();
    for claims in [json!({ "iss": "SECRET" }), json!(["SECRET"]), json!({ "nbf": "SECRET" })] {
        assert_tidy(&issuer.issue("SECRET", &claims).unwrap_err());
    }
}

#[test]
fn key_kinds_can_be_named_in_a_message() {
    assert_eq!(KeyKind::Rsa { bits: 2048 }.to_string(), "RSA 2048 bits");
    assert_eq!(jwk("Ed25519").kind().to_string(), "Ed25519");
}
