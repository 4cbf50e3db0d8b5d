//! The tokens and keys of AWS Application Load Balancers: which tokens pass the one verifier that takes padded
//! parts, that none of them passes elsewhere, and what a source of single keys asks for, keeps and forgets.

#![cfg(all(feature = "pem", feature = "remote-keys"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "support/remote.rs"]
mod remote;
mod support;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use countersign::jws::JwsVerifier;
use countersign::jwt::SourcedVerifier;
use countersign::keys::remote::{
    FetchProblem, HttpResponse, KeySnapshot, KeySource, KeySourceEvent, KeySourceFuture, LoadBalancerKeys,
    LoadBalancerKeysBuilder,
};
use countersign::profile::load_balancer::{
    LoadBalancerToken, LoadBalancerVerifier, LoadBalancerVerifierBuilder,
};
use countersign::{
    Error, Jwk, JwkSet, JwsAlgorithm, JwtVerifier, KeySet, NoClaims, NumericDate, SigningKey,
    UnverifiedToken, VerifyingKey, danger, jws,
};
use p256::ecdsa::signature::Signer as _;
use remote::{Answer, Server, Virtual, all};
use serde_json::{Value, json};
use support::{NOW, secret, signed, stopped_at};

const ARN: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188";
const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a1b2c3d4e";
const CLIENT: &str = "1example23456789";
const KID: &str = "abb8289f-e3a4-4a34-9472-c2105e2b2482";
const OTHER_KID: &str = "0c1d2e3f-0000-4000-8000-00000000000b";

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A load balancer's key, outside this library, which makes no such tokens.
fn balancer(octet: u8) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[octet; 32]).unwrap()
}

fn public(octet: u8) -> Jwk {
    let point = p256::PublicKey::from(*balancer(octet).verifying_key());
    let point = p256::elliptic_curve::sec1::ToSec1Point::to_sec1_point(&point, false);
    let part = |bytes: &[u8]| support::base64url(bytes);
    let (x, y) = (part(point.x().unwrap()), part(point.y().unwrap()));
    Jwk::from_json(&json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}).to_string()).unwrap()
}

fn pem(octet: u8) -> String {
    public(octet).to_spki_pem().unwrap()
}

fn header() -> Value {
    let exp = NOW + 120;
    json!({"typ": "JWT", "kid": KID, "alg": "ES256", "iss": ISSUER, "client": CLIENT, "signer": ARN, "exp": exp})
}

fn claims() -> Value {
    let exp = NOW + 120;
    json!({"sub": "user-17", "email_verified": "true", "name": "Z?>~\u{ff}", "exp": exp, "iss": ISSUER})
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name).unwrap();
    object
}

/// A token as a load balancer writes it: each part padded, and signed over the text with its padding.
fn token_by(octet: u8, header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", URL_SAFE.encode(header.to_string()), URL_SAFE.encode(claims.to_string()));
    let signature: p256::ecdsa::Signature = balancer(octet).sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE.encode(signature.to_bytes()))
}

fn token(header: &Value, claims: &Value) -> String {
    token_by(7, header, claims)
}

/// Signs these two parts as they are.
fn signed_text(header: &str, payload: &str) -> String {
    let input = format!("{header}.{payload}");
    let signature: p256::ecdsa::Signature = balancer(7).sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE.encode(signature.to_bytes()))
}

fn builder(keys: impl KeySource + 'static) -> LoadBalancerVerifierBuilder {
    LoadBalancerVerifier::builder(keys).signer(ARN).issuer(ISSUER).client_id(CLIENT).clock(stopped_at(NOW))
}

/// A region's keys, their server, and a verifier over them.
struct Scene {
    time: Virtual,
    server: Server,
    keys: LoadBalancerKeys,
    verifier: LoadBalancerVerifier,
}

fn scene_of(keys: LoadBalancerKeysBuilder, answer: Answer) -> Scene {
    let time = Virtual::new();
    let server = Server::new(&time, answer);
    let keys = keys.on_event(server.listener()).build(server.clone(), time.clone()).unwrap();
    let verifier = builder(keys.clone()).build().unwrap();
    Scene { time, server, keys, verifier }
}

fn scene() -> Scene {
    scene_of(LoadBalancerKeys::in_region("eu-west-1"), Answer::ok(pem(7)))
}

impl Scene {
    fn verify(&self, token: &str) -> Result<LoadBalancerToken<NoClaims>, Error> {
        self.time.block_on(self.verifier.verify(token))
    }

    fn code(&self, token: &str) -> &'static str {
        code(self.verify(token))
    }

    fn keys(&self, key_id: &str) -> Result<KeySnapshot, Error> {
        self.time.block_on(self.keys.keys(Some(key_id), None))
    }
}

fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "accepted")
}

fn status(status: u16) -> Answer {
    Answer::Is(HttpResponse::new(status, "<?xml version=\"1.0\"?><Error/>"))
}

fn problems(server: &Server) -> Vec<String> {
    let failed = server.events().into_iter().filter_map(|event| match event {
        KeySourceEvent::Failed { problem, .. } => Some(problem.to_string()),
        _ => None,
    });
    failed.collect()
}

/// UUIDs that nobody has a key for, each another.
fn junk(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("{number:08x}-dead-4bad-8bad-{number:012x}"))
}

// The verifier.

#[test]
fn a_load_balancers_token_passes_with_all_that_it_says() {
    let scene = scene();
    let text = token(&header(), &claims());
    assert!(text.split('.').any(|part| part.ends_with('=')) && text.ends_with("=="));
    let verified = scene.verify(&text).unwrap();
    assert_eq!((verified.subject(), verified.signer(), verified.issuer()), ("user-17", ARN, ISSUER));
    assert_eq!((verified.client_id(), verified.key_id()), (Some(CLIENT), Some(KID)));
    assert_eq!(verified.expires_at().seconds(), i64::try_from(NOW + 120).unwrap());
    assert_eq!(scene.server.urls(), [format!("https://public-keys.auth.elb.eu-west-1.amazonaws.com/{KID}")]);
    // The documentation promises `iss` and `exp` in the header alone.
    let sparse = without(without(claims(), "iss"), "exp");
    assert_eq!(scene.code(&token(&header(), &sparse)), "accepted");
    assert_eq!(scene.server.requests(), 1);

    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
    }
    let named = scene.time.block_on(scene.verifier.verify::<Named>(&text)).unwrap();
    assert_eq!(named.into_claims().name, "Z?>~\u{ff}");
}

#[test]
fn row_101_each_part_has_its_padding_and_one_spelling() {
    let scene = scene();
    // Of each length, so that each part is seen with none, one and two.
    for length in 0..3 {
        let header = with(header(), "x", json!("x".repeat(length)));
        let claims = with(claims(), "x", json!("x".repeat(length)));
        let good = token(&header, &claims);
        assert_eq!(scene.code(&good), "accepted");
        let parts: Vec<_> = good.split('.').collect();
        for index in 0..3 {
            let part = parts[index];
            let bare = part.trim_end_matches('=');
            let mut wrong = vec![
                format!("{part}="),
                format!("{part}=="),
                format!("{part}===="),
                format!("={part}"),
                format!("{part}\n"),
                format!(" {part}"),
                format!("{bare}%3D"),
                format!("{bare}==="),
            ];
            // Of three characters, a fourth makes other bytes of them.
            if bare.len() % 4 != 3 {
                wrong.push(format!("{bare}A"));
            }
            if bare != part {
                wrong.extend([bare.to_owned(), format!("{part}AA==")]);
            }
            for text in wrong {
                let mut parts = parts.clone();
                parts[index] = &text;
                // A signature over that very text doesn't help.
                let token = if index == 2 { parts.join(".") } else { signed_text(parts[0], parts[1]) };
                assert_eq!(scene.code(&token), "padded_base64url", "{index} {text:?}");
            }
        }
    }
}

#[test]
fn a_mixture_the_other_alphabet_and_bits_of_their_own_are_refused() {
    let scene = scene();
    let (header, claims) = (header().to_string(), claims().to_string());
    let (head, body) = (URL_SAFE.encode(&header), URL_SAFE.encode(&claims));
    assert_eq!(scene.code(&signed_text(&head, &body)), "accepted");
    // The name in the claims needs both characters in which the alphabets differ.
    let standard = STANDARD.encode(&claims);
    assert!(standard != body && standard.contains(['+', '/']));
    assert_eq!(scene.code(&signed_text(&head, &standard)), "padded_base64url");
    // Wholly unpadded, as any other token has to be.
    let bare = |text: &str| text.trim_end_matches('=').to_owned();
    let unpadded = signed_text(&bare(&head), &bare(&body));
    assert_eq!(scene.code(&bare(&unpadded)), "padded_base64url");
    assert_eq!(scene.code(&unpadded), "padded_base64url");
    // The last bits of a part that ends in `==` mean nothing, and must be zero.
    let good = signed_text(&head, &body);
    let last = good.trim_end_matches('=').len() - 1;
    for character in "BCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
        let mut other = good.clone();
        other.replace_range(last..=last, &character.to_string());
        if other != good {
            assert!(matches!(scene.code(&other), "padded_base64url" | "invalid_signature"));
        }
    }
    assert_eq!(scene.code(&format!("{good}.{good}")), "segment_count");
    assert_eq!(scene.code(""), "segment_count");
}

#[test]
fn row_101_no_other_reader_takes_a_padded_part() {
    // One whose header is padded too.
    let text = token(&with(header(), "x", json!("x")), &claims());
    assert!(text.contains("=."));
    let key = VerifyingKey::from_jwk_for(JwsAlgorithm::Es256, &public(7)).unwrap();
    let keys: KeySet = [key.clone_key()].into_iter().collect();
    let jwt =
        JwtVerifier::builder(key.clone_key()).any_issuer().any_audience().clock(stopped_at(NOW)).build();
    let jwt = jwt.unwrap();
    let mut buffer = countersign::TokenBuffer::new();
    let found = [
        code(jwt.verify::<NoClaims>(&text)),
        code(jwt.verify_borrowed::<NoClaims>(&text, &mut buffer)),
        code(support::block_on(jwt.verify_async::<NoClaims>(&text))),
        code(jws::verify(&key, &text)),
        code(keys.verify(&text)),
        code(JwsVerifier::new([&key]).verify(&text)),
        code(UnverifiedToken::parse(&text)),
        code(danger::unverified_claims::<Value>(&text)),
    ];
    assert_eq!(found, ["base64url"; 8]);
    let json =
        json!({"protected": text.split('.').next(), "payload": "e30=", "signature": "AA=="}).to_string();
    assert_eq!(code(JwsVerifier::new([&key]).verify_json(&json)), "base64url");
    // Over the very source whose tokens are padded, the strict verifier stays strict.
    let scene = scene();
    let held = scene.keys(KID).unwrap();
    let strict = JwtVerifier::builder(held.keys().clone()).any_issuer().any_audience().clock(stopped_at(NOW));
    let strict = strict.build().unwrap();
    assert_eq!(code(strict.verify::<NoClaims>(&text)), "base64url");
    // Its twin: the same header and claims, unpadded, under the same key.
    let bare = |value: Value| support::base64url(value.to_string());
    let input = format!("{}.{}", bare(header()), bare(claims()));
    let signature: p256::ecdsa::Signature = balancer(7).sign(input.as_bytes());
    let unpadded = format!("{input}.{}", support::base64url(signature.to_bytes()));
    assert_eq!(code(jwt.verify::<NoClaims>(&unpadded)), "accepted");
    assert_eq!(code(strict.verify::<NoClaims>(&unpadded)), "accepted");
    assert_eq!(scene.code(&unpadded), "padded_base64url");
}

#[test]
fn the_signer_is_one_of_ours_before_any_key_is_asked_for() {
    let scene = scene();
    let other = ARN.replace("50dc", "50dd");
    let signers = [
        json!(other),
        json!(ARN.replace("eu-west-1", "eu-west-2")),
        json!(ARN.replace("123456789012", "123456789013")),
        json!(ARN.replace("arn:aws:", "arn:aws-cn:")),
        json!(ARN.to_uppercase()),
        json!(format!("{ARN} ")),
        json!(&ARN[..ARN.len() - 1]),
        json!(""),
    ];
    for signer in signers {
        let text = token(&with(header(), "signer", signer.clone()), &claims());
        assert_eq!(scene.code(&text), "signer_not_allowed", "{signer}");
    }
    assert_eq!(scene.code(&token(&without(header(), "signer"), &claims())), "signer_not_allowed");
    // In the claims, anyone's identity provider may have put it.
    let claimed = with(claims(), "signer", json!(ARN));
    assert_eq!(scene.code(&token(&without(header(), "signer"), &claimed)), "signer_not_allowed");
    assert_eq!(scene.code(&token(&with(header(), "signer", json!([ARN])), &claims())), "member_type");
    assert_eq!(scene.code(&token(&with(header(), "signer", Value::Null), &claims())), "member_type");
    assert_eq!(scene.server.requests(), 0);
    // Twice the same name is no header at all.
    let doubled = header().to_string().replacen('{', &format!("{{\"signer\":\"{other}\","), 1);
    let text = signed_text(&URL_SAFE.encode(doubled), &URL_SAFE.encode(claims().to_string()));
    assert_eq!(scene.code(&text), "duplicate_member");
    // One that is named as well is accepted.
    let two = builder(scene.keys.clone()).signer(&other).build().unwrap();
    let text = token(&with(header(), "signer", json!(other)), &claims());
    let verified = scene.time.block_on(two.verify::<NoClaims>(&text)).unwrap();
    assert_eq!(verified.signer(), other);
    assert_eq!(scene.code(&token(&header(), &claims())), "accepted");
}

#[test]
fn the_client_is_the_one_expected_unless_that_is_waived() {
    let scene = scene();
    let waived = LoadBalancerVerifier::builder(scene.keys.clone())
        .signer(ARN)
        .issuer(ISSUER)
        .any_client()
        .clock(stopped_at(NOW))
        .build()
        .unwrap();
    for header in [with(header(), "client", json!("another")), without(header(), "client")] {
        let text = token(&header, &claims());
        assert_eq!(scene.code(&text), "client_not_allowed");
        let verified = scene.time.block_on(waived.verify::<NoClaims>(&text)).unwrap();
        assert_eq!(verified.client_id(), header["client"].as_str());
    }
    let odd = token(&with(header(), "client", json!(17)), &claims());
    assert_eq!(code(scene.time.block_on(waived.verify::<NoClaims>(&odd))), "member_type");
}

#[test]
fn algorithm_key_and_signature_are_the_load_balancers() {
    let scene = scene();
    let good = token(&header(), &claims());
    assert_eq!(scene.code(&good), "accepted");
    // The public key as a secret is the oldest attack there is.
    let hmac = {
        let header = with(header(), "alg", json!("HS256"));
        let input =
            format!("{}.{}", URL_SAFE.encode(header.to_string()), URL_SAFE.encode(claims().to_string()));
        let mac = support_hmac(pem(7).as_bytes(), input.as_bytes());
        format!("{input}.{}", URL_SAFE.encode(mac))
    };
    assert_eq!(scene.code(&hmac), "algorithm_not_allowed");
    for (algorithm, expected) in [
        ("ES384", "algorithm_not_allowed"),
        ("RS256", "algorithm_not_allowed"),
        ("none", "unsupported_algorithm"),
        ("es256", "unsupported_algorithm"),
    ] {
        let text = token(&with(header(), "alg", json!(algorithm)), &claims());
        assert_eq!(scene.code(&text), expected, "{algorithm}");
    }
    assert_eq!(scene.code(&token_by(8, &header(), &claims())), "invalid_signature");
    // Over the text as it came: another text of the same claims was not signed.
    let [head, _, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let spaced = URL_SAFE.encode(format!("{} ", claims()));
    assert_eq!(scene.code(&format!("{head}.{spaced}.{signature}")), "invalid_signature");
    // DER instead of the two numbers.
    let input = good.rsplit_once('.').unwrap().0;
    let raw: p256::ecdsa::Signature = balancer(7).sign(input.as_bytes());
    let der = format!("{input}.{}", URL_SAFE.encode(raw.to_der().as_bytes()));
    assert_eq!(scene.code(&der), "invalid_signature");
    assert_eq!(scene.code(&token(&without(header(), "kid"), &claims())), "no_matching_key");
    assert_eq!(
        scene.code(&token(&with(header(), "crit", json!(["signer"])), &claims())),
        "unsupported_critical"
    );
    assert_eq!(scene.code(&token(&with(header(), "b64", json!(false)), &claims())), "crit");
    assert_eq!(
        scene.code(&token(&with(header(), "cty", json!("JWT")), &claims())),
        "token_inside_not_allowed"
    );
    assert_eq!(scene.server.requests(), 1);
}

fn support_hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    use hmac::{KeyInit as _, Mac as _};
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn issuer_and_subject_are_judged_once_the_signature_holds() {
    let scene = scene();
    let other = json!("https://id.example.com");
    let judged = |header: Value, claims: Value| {
        let error = scene.verify(&token(&header, &claims)).unwrap_err();
        (error.code(), error.claim().map(str::to_owned))
    };
    let of = |claim: &str| Some(claim.to_owned());
    let both = (with(header(), "iss", other.clone()), with(claims(), "iss", other.clone()));
    assert_eq!(judged(both.0.clone(), both.1.clone()), ("claim_unexpected", of("iss")));
    assert_eq!(judged(both.0.clone(), claims()), ("claim_unexpected", of("iss")));
    assert_eq!(judged(header(), both.1.clone()), ("claim_contradiction", of("iss")));
    assert_eq!(judged(header(), with(claims(), "iss", json!(4))), ("claim_malformed", of("iss")));
    assert_eq!(judged(header(), without(claims(), "sub")), ("claim_missing", of("sub")));
    assert_eq!(judged(header(), with(claims(), "nbf", json!(NOW + 1))), ("not_yet_valid", of("nbf")));
    assert_eq!(scene.code(&token(&without(header(), "iss"), &claims())), "missing_member");
    assert_eq!(scene.code(&token_by(8, &both.0, &both.1)), "invalid_signature");
    // Two providers: the claims may not name the other one than the header.
    let two = builder(scene.keys.clone()).issuer(other.as_str().unwrap()).build().unwrap();
    let verify = |header, claims| code(scene.time.block_on(two.verify::<NoClaims>(&token(header, claims))));
    assert_eq!(verify(&both.0, &both.1), "accepted");
    assert_eq!(verify(&header(), &both.1), "claim_contradiction");
}

#[test]
fn the_earlier_expiry_counts_and_comes_last() {
    let scene = scene();
    for (in_header, in_claims, expected) in [
        (json!(NOW + 1), Some(json!(NOW + 1)), "accepted"),
        (json!(NOW + 1), None, "accepted"),
        (json!(NOW), None, "expired"),
        (json!(NOW), Some(json!(NOW + 60)), "expired"),
        (json!(NOW + 60), Some(json!(NOW)), "expired"),
        (json!((NOW + 60).to_string()), None, "member_type"),
        (Value::Null, None, "member_type"),
        (json!(1e300), None, "member_type"),
        (json!(NOW + 60), Some(json!("soon")), "claim_malformed"),
    ] {
        let header = with(header(), "exp", in_header.clone());
        let claims = match &in_claims {
            Some(exp) => with(claims(), "exp", exp.clone()),
            None => without(claims(), "exp"),
        };
        assert_eq!(scene.code(&token(&header, &claims)), expected, "{in_header} {in_claims:?}");
    }
    assert_eq!(scene.code(&token(&without(header(), "exp"), &claims())), "missing_member");
    let early = with(claims(), "exp", json!(NOW + 5));
    assert_eq!(
        scene.verify(&token(&header(), &early)).unwrap().expires_at(),
        NumericDate::from(std::time::SystemTime::UNIX_EPOCH + secs(NOW + 5))
    );
    // Expired means that all else is in order.
    for exp in [with(header(), "exp", json!(NOW)), header()] {
        let late = with(claims(), "exp", json!(NOW));
        assert!(scene.verify(&token(&exp, &late)).unwrap_err().is_expired());
        let wrong = with(late.clone(), "iss", json!("https://id.example.com"));
        assert_eq!(scene.code(&token(&exp, &wrong)), "claim_contradiction");
        let wrong = with(exp.clone(), "iss", json!("https://id.example.com"));
        assert_eq!(scene.code(&token(&wrong, &late)), "claim_unexpected");
    }
    let lenient = builder(scene.keys.clone()).leeway(secs(10)).build().unwrap();
    for (exp, expected) in [(NOW - 9, "accepted"), (NOW - 10, "expired")] {
        let text = token(&with(header(), "exp", json!(exp)), &without(claims(), "exp"));
        assert_eq!(code(scene.time.block_on(lenient.verify::<NoClaims>(&text))), expected);
    }
}

#[test]
fn limits_and_types_hold_as_elsewhere() {
    let scene = scene();
    let long = with(claims(), "x", json!("x".repeat(20_000)));
    assert_eq!(scene.code(&token(&header(), &long)), "limit_token_bytes");
    let long = with(header(), "x", json!("x".repeat(5000)));
    assert_eq!(scene.code(&token(&long, &claims())), "limit_header_bytes");
    #[derive(Debug, serde::Deserialize)]
    struct Strict {
        #[serde(rename = "sub")]
        _sub: u64,
    }
    let text = token(&header(), &claims());
    assert_eq!(code(scene.time.block_on(scene.verifier.verify::<Strict>(&text))), "claims_type");
    let list = signed_text(&URL_SAFE.encode(header().to_string()), &URL_SAFE.encode("[]"));
    assert_eq!(scene.code(&list), "not_an_object");
}

#[test]
fn a_verifier_without_its_choices_is_not_built() {
    let keys = scene().keys;
    let start = || LoadBalancerVerifier::builder(keys.clone());
    let reason = |builder: LoadBalancerVerifierBuilder| match builder.build() {
        Err(Error::Misuse { reason, .. }) => reason.into_owned(),
        other => panic!("{other:?}"),
    };
    assert!(reason(start().issuer(ISSUER).client_id(CLIENT)).contains("a `signer`"));
    assert!(reason(start().signer(ARN).client_id(CLIENT)).contains("an `issuer`"));
    assert!(reason(start().signer(ARN).issuer(ISSUER)).contains("`any_client` waives"));
    assert!(reason(start().signer(ARN).issuer("").any_client()).contains("isn't empty"));
    assert!(reason(start().signer(ARN).issuer(ISSUER).client_id("")).contains("isn't empty"));
    assert!(reason(start().signer(ARN).issuer(ISSUER).client_id(CLIENT).any_client()).contains("both"));
    let whole = || start().signer(ARN).issuer(ISSUER).client_id(CLIENT);
    assert!(reason(whole().leeway(secs(601))).contains("10 minutes"));
    for arn in [
        "",
        "shop",
        "123456789012",
        "50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/*/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing::123456789012:loadbalancer/app/shop/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:eu-west-1:12345678901:loadbalancer/app/shop/50dc6c495c0c9188",
        "arn:aws:ec2:eu-west-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188",
    ] {
        assert!(reason(whole().signer(arn)).contains("ARN of an application load balancer"), "{arn}");
    }
    whole().leeway(secs(600)).build().unwrap();
    let shown = format!("{:?}", whole().build().unwrap());
    assert!(shown.contains(ARN));
    // What the verifier answers in may go to any thread.
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let verifier = whole().build().unwrap();
    drop(is_send(verifier.verify::<NoClaims>("")));
}

/// A source of one's own, which has newer keys once it is asked for them.
struct Rotating(Mutex<u64>);

impl KeySource for Rotating {
    fn keys<'a>(&'a self, key_id: Option<&'a str>, seen: Option<&'a KeySnapshot>) -> KeySourceFuture<'a> {
        assert_eq!(key_id, Some(KID));
        let mut generation = self.0.lock().unwrap();
        *generation += u64::from(seen.is_some());
        let (generation, id) = (*generation, if *generation < 2 { OTHER_KID } else { KID });
        let jwk = public(7).with_key_id(id);
        let set: JwkSet = [jwk].into_iter().collect();
        Box::pin(async move { KeySnapshot::new(set.to_public_json().unwrap(), generation) })
    }
}

#[test]
fn a_source_of_ones_own_is_asked_once_more() {
    let text = token(&header(), &claims());
    let verifier = builder(Rotating(Mutex::new(1))).build().unwrap();
    assert_eq!(code(support::block_on(verifier.verify::<NoClaims>(&text))), "accepted");
    let verifier = builder(Rotating(Mutex::new(0))).build().unwrap();
    assert_eq!(code(support::block_on(verifier.verify::<NoClaims>(&text))), "no_matching_key");
    // A source whose keys are of other algorithms has none for a load balancer.
    struct Other(String);
    impl KeySource for Other {
        fn keys<'a>(&'a self, _: Option<&'a str>, _: Option<&'a KeySnapshot>) -> KeySourceFuture<'a> {
            Box::pin(async move { KeySnapshot::new(self.0.clone(), 1) })
        }
    }
    let ed25519 = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap().with_key_id(KID);
    let set: JwkSet = [ed25519.to_public_jwk().unwrap()].into_iter().collect();
    let verifier = builder(Other(set.to_public_json().unwrap())).build().unwrap();
    assert_eq!(code(support::block_on(verifier.verify::<NoClaims>(&text))), "no_matching_key");
}

// The source.

#[test]
fn row_039_a_key_id_that_is_no_uuid_is_asked_for_nowhere() {
    let scene = scene();
    for key_id in [
        "",
        ".",
        "../../latest/meta-data",
        "..%2f..%2flatest",
        "abb8289f-e3a4-4a34-9472/c2105e2b2482",
        "ABB8289F-E3A4-4A34-9472-C2105E2B2482",
        "abb8289f-e3a4-4a34-9472-c2105e2b2482/",
        "abb8289f-e3a4-4a34-9472-c2105e2b2482?x",
        "abb8289f-e3a4-4a34-9472-c2105e2b248@",
        "@evil.example.com/abb8289f-e3a4-4a34-9472-c2105e2b2482",
    ] {
        assert_eq!(code(scene.keys(key_id)), "no_matching_key", "{key_id}");
        let text = token(&with(header(), "kid", json!(key_id)), &claims());
        assert_eq!(scene.code(&text), "no_matching_key", "{key_id}");
    }
    assert_eq!(scene.server.requests(), 0);
    assert_eq!(code(scene.time.block_on(scene.keys.keys(None, None))), "no_matching_key");
    assert_eq!(code(scene.keys(KID)), "accepted");
    assert_eq!(code(scene.time.block_on(scene.keys.keys(None, None))), "no_matching_key");
}

#[test]
fn a_token_that_names_no_key_is_of_none_that_is_held() {
    let scene = scene();
    let sourced = SourcedVerifier::new(scene.keys.clone(), |keys| {
        JwtVerifier::builder(keys.keys().clone()).any_issuer().any_audience().clock(stopped_at(NOW)).build()
    });
    let verify = |header: Value| {
        let bare = |value: Value| support::base64url(value.to_string());
        let input = format!("{}.{}", bare(header), bare(claims()));
        let signature: p256::ecdsa::Signature = balancer(7).sign(input.as_bytes());
        let text = format!("{input}.{}", support::base64url(signature.to_bytes()));
        code(scene.time.block_on(sourced.verify::<NoClaims>(&text)))
    };
    assert_eq!(verify(without(header(), "kid")), "no_matching_key");
    // Its twin names the key that both are signed under. That this is held now is nothing to the first.
    assert_eq!(verify(header()), "accepted");
    assert_eq!(verify(without(header(), "kid")), "no_matching_key");
    assert_eq!(scene.server.requests(), 1);
}

#[test]
fn each_place_is_asked_under_its_own_url() {
    for (keys, expected) in [
        (
            LoadBalancerKeys::in_region("ap-northeast-2"),
            "https://public-keys.auth.elb.ap-northeast-2.amazonaws.com",
        ),
        (
            LoadBalancerKeys::in_region("us-gov-west-1"),
            "https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1",
        ),
        (LoadBalancerKeys::at("https://keys.example.com/elb/"), "https://keys.example.com/elb"),
        (LoadBalancerKeys::at("http://127.0.0.1:8080"), "http://127.0.0.1:8080"),
    ] {
        let scene = scene_of(keys, Answer::ok(pem(7)));
        scene.keys(KID).unwrap();
        assert_eq!(scene.server.urls(), [format!("{expected}/{KID}")]);
    }
    let time = Virtual::new();
    let refused = |keys: LoadBalancerKeysBuilder| {
        code(keys.build(Server::new(&time, Answer::Never), time.clone()).map(drop))
    };
    for url in ["http://keys.example.com", "https://keys.example.com/?kid=", "ftp://keys.example.com", ""] {
        assert_eq!(refused(LoadBalancerKeys::at(url)), "misuse", "{url}");
    }
    for region in ["cn-north-1", "eu", "eu-west-1.evil.example.com/"] {
        assert_eq!(refused(LoadBalancerKeys::in_region(region)), "misuse", "{region}");
    }
    let good = || LoadBalancerKeys::in_region("eu-west-1");
    assert_eq!(refused(good()), "accepted");
}

#[test]
fn each_setting_has_bounds_and_is_good_up_to_them() {
    let time = Virtual::new();
    let good = || LoadBalancerKeys::in_region("eu-west-1");
    let build = |keys: LoadBalancerKeysBuilder| {
        keys.build(Server::new(&time, Answer::Never), time.clone())
            .map(drop)
            .map_err(|error| error.to_string())
    };
    for accepted in [
        good().lifetime(secs(60)),
        good().lifetime(secs(86_400)),
        good().max_wait(Duration::from_nanos(1)),
        good().max_wait(secs(15)),
        good().max_wait(secs(30)).fetch_timeout(secs(30)),
        good().fetch_timeout(secs(5)),
        good().fetch_timeout(secs(30)),
        good().max_outage(Duration::ZERO),
        good().max_outage(secs(86_400)),
    ] {
        assert_eq!(build(accepted), Ok(()));
    }
    let nano = Duration::from_nanos(1);
    for (refused, why) in [
        (good().lifetime(secs(60) - nano), "for at least a minute"),
        (good().lifetime(secs(86_400) + nano), "for at most a day"),
        (good().max_wait(Duration::ZERO), "`max_wait` of zero"),
        (good().max_wait(secs(15) + nano), "`max_wait` to be at most `fetch_timeout`"),
        (good().fetch_timeout(secs(5) - nano), "`max_wait` to be at most `fetch_timeout`"),
        (good().fetch_timeout(secs(30) + nano), "at most 30 s"),
        (good().max_outage(secs(86_400) + nano), "`max_outage` of at most a day"),
    ] {
        let said = build(refused).unwrap_err();
        assert!(said.starts_with("misuse: ") && said.contains(why), "{said}");
    }
}

#[test]
fn an_answer_is_one_p256_key_and_nothing_around_it() {
    let good = pem(7);
    let signing = |algorithm| SigningKey::generate(algorithm).unwrap().to_public_jwk().unwrap();
    let private = Jwk::from_json(
        SigningKey::generate(JwsAlgorithm::Es256)
            .unwrap()
            .expose_jwk()
            .unwrap()
            .expose_json()
            .expose_secret(),
    );
    for (answer, expected) in [
        (Answer::ok(format!("{good}{good}")), "found several"),
        (Answer::ok(format!("{good}trailing")), "label `PUBLIC KEY` alone"),
        (Answer::ok(format!("leading\n{good}")), "label `PUBLIC KEY` alone"),
        (Answer::ok("<!doctype html><title>Sign in</title>"), "label `PUBLIC KEY` alone"),
        (Answer::ok(format!("<html>{good}</html>")), "label `PUBLIC KEY` alone"),
        (Answer::ok(""), "label `PUBLIC KEY` alone"),
        (
            Answer::ok(private.unwrap().expose_pkcs8_pem().unwrap().expose_secret()),
            "label `PUBLIC KEY` alone",
        ),
        (Answer::ok(good.replace("MFkw", "MFkx")), "malformed"),
        (Answer::ok(signing(JwsAlgorithm::Es384).to_spki_pem().unwrap()), "invalid key"),
        (Answer::ok(signing(JwsAlgorithm::Ed25519).to_spki_pem().unwrap()), "invalid key"),
        (
            Answer::ok([b"-----BEGIN PUBLIC KEY-----\xff".as_slice(), b"-----END PUBLIC KEY-----"].concat()),
            "UTF-8",
        ),
        (Answer::ok(format!("{good}{}", "\n".repeat(4096))), "within the limit"),
        (status(302), "found 302"),
        (status(500), "found 500"),
    ] {
        let scene = scene();
        scene.server.then(answer);
        assert_eq!(code(scene.keys(KID)), "key_source_unavailable", "{expected}");
        let problems = problems(&scene.server);
        assert!(problems.len() == 1 && problems[0].contains(expected), "{problems:?} {expected}");
        // Its twin: what was wrong is put right, and asked for again.
        assert_eq!(code(scene.keys(KID)), "accepted");
    }
    for text in [good.trim_end().to_owned(), good.replace('\n', "\r\n"), format!("{good}\n")] {
        let scene = scene_of(LoadBalancerKeys::in_region("eu-west-1"), Answer::ok(text));
        assert_eq!(code(scene.keys(KID)), "accepted");
    }
}

#[test]
fn many_callers_have_one_fetch_between_them_and_wait_for_a_bounded_time() {
    let scene = scene();
    scene.server.then(Answer::ok(pem(7)).after(3));
    let text = token(&header(), &claims());
    let calls = (0..100).map(|_| Box::pin(scene.verifier.verify::<NoClaims>(&text)));
    let verdicts = scene.time.block_on(all(calls));
    assert!(verdicts.iter().all(Result::is_ok));
    assert_eq!((scene.server.requests(), scene.time.passed()), (1, secs(3)));

    let scene = self::scene();
    scene.server.then(Answer::Never);
    assert_eq!((scene.code(&text), scene.time.passed()), ("key_source_unavailable", secs(5)));
    // The fetch isn't given up yet, so nobody starts another.
    assert_eq!((scene.code(&text), scene.time.passed()), ("key_source_unavailable", secs(10)));
    assert_eq!(scene.server.requests(), 1);
    scene.time.pass(secs(5));
    assert_eq!(problems(&scene.server), [FetchProblem::TimedOut.to_string()]);
    assert_eq!(scene.code(&text), "accepted");
}

#[test]
fn who_gives_up_and_a_runtime_that_stops_harm_nobody() {
    let scene = scene();
    scene.server.then(Answer::ok(pem(7)).after(2));
    let text = token(&header(), &claims());
    {
        let mut given_up = Box::pin(scene.verifier.verify::<NoClaims>(&text));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut given_up).poll(&mut context).is_pending());
    }
    assert_eq!(scene.code(&text), "accepted");
    assert_eq!(scene.server.requests(), 1);

    let scene = self::scene();
    scene.server.then(Answer::Never);
    let mut waiting = Box::pin(scene.keys.keys(Some(KID), None));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    scene.time.pass(secs(1));
    scene.time.drop_tasks();
    assert_eq!(code(scene.time.block_on(waiting)), "key_source_unavailable");
    assert_eq!((scene.time.passed(), scene.code(&text)), (secs(1), "accepted"));
}

#[test]
fn a_key_is_kept_asked_for_again_and_held_through_an_outage() {
    let scene = scene();
    let text = token(&header(), &claims());
    assert_eq!(scene.code(&text), "accepted");
    scene.time.pass(secs(3569));
    assert_eq!((scene.code(&text), scene.server.requests()), ("accepted", 1));
    // Nobody waits for what is fetched ahead, by 15 to 30 s.
    scene.time.pass(secs(16));
    scene.server.then(Answer::ok(pem(7)).after(3));
    let before = scene.time.passed();
    assert_eq!((scene.code(&text), scene.time.passed()), ("accepted", before));
    scene.time.pass(secs(4));
    assert_eq!(scene.server.requests(), 2);
    let generation = scene.keys(KID).unwrap().generation();
    assert_eq!(generation, 1, "the same key again changes nothing");
    assert!(scene.server.events().iter().any(|event| matches!(event, KeySourceEvent::Unchanged { .. })));

    scene.server.always(Answer::down());
    scene.time.pass(secs(3600));
    let requests = scene.server.requests();
    scene.server.events();
    assert_eq!(scene.code(&text), "accepted");
    // While it rests, it is given out at once. Nothing limits it: the one fetch that was due failed, and that is said.
    let before = scene.time.passed();
    for _ in 0..2 {
        assert_eq!((scene.code(&text), scene.time.passed()), ("accepted", before));
    }
    assert_eq!(scene.server.requests(), requests + 1);
    let events = scene.server.events();
    assert!(
        matches!(
            events[..],
            [
                KeySourceEvent::Failed { failures: 1, .. },
                KeySourceEvent::ServedStale { .. },
                KeySourceEvent::ServedStale { .. },
                KeySourceEvent::ServedStale { .. },
            ]
        ),
        "{events:?}"
    );
    scene.time.pass(secs(2900));
    assert_eq!(scene.code(&text), "accepted");
    scene.time.pass(secs(100));
    assert_eq!(scene.code(&text), "key_source_unavailable");
    scene.time.pass(secs(30));
    scene.server.always(Answer::ok(pem(7)));
    assert_eq!(scene.code(&text), "accepted");
}

#[test]
fn gateways_that_start_together_fetch_ahead_at_times_of_their_own() {
    let mut found = BTreeSet::new();
    for _ in 0..50 {
        let scene = scene();
        scene.keys(KID).unwrap();
        scene.time.pass(secs(3569));
        for _ in 0..17 {
            scene.keys(KID).unwrap();
            scene.time.pass(secs(1));
        }
        let [_, again] = scene.server.times()[..] else { panic!("fetched again, once") };
        assert!((secs(3570)..=secs(3585)).contains(&again), "{again:?}");
        found.insert(again);
    }
    assert!(found.len() > 1, "{found:?}");
}

#[test]
fn a_server_that_hangs_is_waited_for_once_and_the_held_key_given_meanwhile() {
    let scene = scene();
    let first = scene.keys(KID).unwrap();
    scene.server.always(Answer::Never);
    scene.time.pass(secs(3600));
    let mut waits = Vec::new();
    while scene.time.passed() < secs(3800) {
        let before = scene.time.passed();
        assert_eq!(scene.keys(KID).unwrap().generation(), 1);
        waits.extend(Some(scene.time.passed() - before).filter(|waited| !waited.is_zero()));
        scene.time.pass(secs(1));
    }
    assert_eq!(waits, [secs(5)]);
    let requests = scene.server.requests();
    assert!((7..=8).contains(&requests), "{requests}");
    // Whoever needs another key than the one that is held waits, and so does whoever needs one that isn't.
    scene.time.pass(secs(30));
    for (key_id, seen, expected) in [(KID, Some(&first), "keys"), (OTHER_KID, None, "key_source_unavailable")]
    {
        let before = scene.time.passed();
        let found = scene.time.block_on(scene.keys.keys(Some(key_id), seen));
        assert_eq!(found.map_or_else(|error| error.code(), |_| "keys"), expected);
        assert_eq!(scene.time.passed() - before, secs(5), "{key_id}");
    }
    // Behind them it is asked for, so that what comes back is seen.
    scene.server.always(Answer::ok(pem(8)).after(1));
    scene.time.pass(secs(60));
    assert_eq!(scene.keys(KID).unwrap().generation(), 1);
    scene.time.pass(secs(1));
    assert_eq!(scene.keys(KID).unwrap().generation(), 2);
}

#[test]
fn a_withdrawn_key_goes_and_a_changed_one_takes_its_place() {
    let scene = scene();
    let text = token(&header(), &claims());
    assert_eq!(scene.code(&text), "accepted");
    scene.time.pass(secs(3600));
    scene.server.always(status(404));
    assert_eq!(scene.code(&text), "no_matching_key");
    let requests = scene.server.requests();
    assert_eq!((scene.code(&text), scene.server.requests()), ("no_matching_key", requests));

    let scene = self::scene();
    assert_eq!(scene.code(&text), "accepted");
    scene.time.pass(secs(3600));
    scene.server.always(Answer::ok(pem(8)));
    assert_eq!(scene.code(&text), "invalid_signature");
    assert_eq!(scene.code(&token_by(8, &header(), &claims())), "accepted");
    assert_eq!(scene.keys(KID).unwrap().generation(), 2);
}

#[test]
fn no_key_is_unknown_and_no_answer_is_unavailable() {
    for (answer, expected, again) in [
        (status(404), "no_matching_key", 1),
        (status(403), "no_matching_key", 1),
        (status(503), "key_source_unavailable", 2),
        (Answer::down(), "key_source_unavailable", 2),
    ] {
        let scene = scene_of(LoadBalancerKeys::in_region("eu-west-1"), answer);
        let text = token(&header(), &claims());
        let error = scene.verify(&text).unwrap_err();
        assert_eq!((error.code(), error.http_status()), (expected, if again == 1 { 401 } else { 503 }));
        assert_eq!(scene.code(&text), expected);
        assert_eq!(scene.server.requests(), again);
        // A key that is published late is found 30 s after.
        scene.server.always(Answer::ok(pem(7)));
        scene.time.pass(secs(29));
        assert_eq!(scene.code(&text), if again == 1 { expected } else { "accepted" });
        scene.time.pass(secs(1));
        assert_eq!(scene.code(&text), "accepted");
    }
    // A refusal doesn't take away what was had: S3 refuses for other reasons too.
    let scene = scene();
    let text = token(&header(), &claims());
    assert_eq!(scene.code(&text), "accepted");
    scene.time.pass(secs(3600));
    scene.server.always(status(403));
    assert_eq!(scene.code(&text), "accepted");
}

/// How many fetches have failed in a row, by the events since they were last asked for.
fn failures(server: &Server) -> Vec<u32> {
    let failed = server.events().into_iter().filter_map(|event| match event {
        KeySourceEvent::Failed { failures, .. } => Some(failures),
        _ => None,
    });
    failed.collect()
}

#[test]
fn whoever_answers_has_not_failed() {
    for (answer, expected) in [
        (status(404), [1, 2, 0, 1]),
        (status(403), [1, 2, 0, 1]),
        (status(503), [1, 2, 3, 4]),
        (Answer::down(), [1, 2, 3, 4]),
    ] {
        let scene = scene();
        for answer in [Answer::down(), status(500), answer, Answer::down()] {
            scene.server.then(answer);
        }
        for id in junk(4) {
            assert!(scene.keys(&id).is_err());
        }
        assert_eq!(failures(&scene.server), expected);
    }
    // A refusal of what was had is no answer: it doesn't say that the key is gone.
    let scene = scene();
    assert_eq!(code(scene.keys(KID)), "accepted");
    scene.time.pass(secs(3600));
    scene.server.always(status(403));
    for _ in 0..2 {
        assert_eq!(code(scene.keys(KID)), "accepted");
        scene.time.pass(secs(30));
    }
    assert_eq!(failures(&scene.server), [1, 2]);
}

#[test]
fn row_134_made_up_key_ids_cost_few_fetches_and_take_nothing_away() {
    for answer in [status(404), Answer::down(), Answer::Never, Answer::ok("<html>")] {
        let scene = scene();
        assert_eq!(scene.code(&token(&header(), &claims())), "accepted");
        scene.server.always(answer.clone());
        let ids: Vec<_> = junk(10_000).collect();
        let calls = ids.iter().map(|id| Box::pin(scene.keys.keys(Some(id), None)));
        let verdicts = scene.time.block_on(all(calls));
        assert!(verdicts.into_iter().all(|verdict| verdict.is_err()));
        assert!(scene.server.requests() - 1 <= 5, "{}", scene.server.requests());
        // Of five that may start at once, the good key was the first.
        let limited = |event: &&KeySourceEvent| **event == KeySourceEvent::Limited;
        assert_eq!(scene.server.events().iter().filter(limited).count(), 9996);
        // The key that is held isn't touched.
        assert_eq!(scene.code(&token(&header(), &claims())), "accepted");
    }
}

#[test]
fn row_134_a_flood_is_bounded_in_each_window_and_leaves_room_for_a_new_key() {
    let scene = scene();
    assert_eq!(scene.code(&token(&header(), &claims())), "accepted");
    scene.server.always(status(404));
    // A thousand seconds, each with ten made-up tokens.
    for (number, id) in junk(10_000).enumerate() {
        drop(scene.keys(&id));
        if number % 10 == 9 {
            scene.time.pass(secs(1));
        }
    }
    let times = scene.server.times();
    for start in &times[1..] {
        let count = times[1..].iter().filter(|time| *time >= start && **time < *start + secs(30)).count();
        assert!(count <= 10, "{count} in 30 s from {start:?}");
    }
    assert!(times.len() > 100, "and nearly all that is allowed is used: {}", times.len());
    // The flood goes on; a new key comes up, and whoever asks first when there is room again has it.
    scene.server.always(Answer::ok(pem(9)));
    let text = token_by(9, &with(header(), "kid", json!(OTHER_KID)), &claims());
    let mut attempts = 0;
    while scene.code(&text) != "accepted" {
        attempts += 1;
        assert!(attempts < 10, "locked out");
        scene.time.pass(secs(1));
    }
    assert_eq!(scene.code(&token(&header(), &claims())), "accepted");
}

#[test]
fn held_keys_are_bounded_and_the_ones_in_use_stay() {
    let scene = scene();
    let text = token(&header(), &claims());
    // Real keys, of others' load balancers.
    for (number, id) in junk(200).enumerate() {
        assert_eq!(scene.code(&text), "accepted", "{number}");
        assert_eq!(code(scene.keys(&id)), "accepted");
        scene.time.pass(secs(6));
    }
    let keys = scene.keys(KID).unwrap();
    assert_eq!(keys.keys().len(), 64);
    // All of the others but once in 3600 s by its age; ours was never fetched for want of room.
    let ours = scene.server.urls().iter().filter(|url| url.ends_with(KID)).count();
    assert_eq!(ours, 1);
    let distinct: BTreeSet<_> = scene.server.urls().into_iter().collect();
    assert_eq!(distinct.len(), 201);
}

#[test]
fn clones_share_and_nothing_secret_is_shown() {
    let scene = scene();
    scene.keys(KID).unwrap();
    let clone: Arc<dyn KeySource> = Arc::new(scene.keys.clone());
    assert_eq!(scene.time.block_on(clone.keys(Some(KID), None)).unwrap().generation(), 1);
    assert_eq!(scene.server.requests(), 1);
    let shown = format!("{:?} {:?}", scene.keys, scene.verify(&token(&header(), &claims())).unwrap());
    assert!(shown.contains("public-keys.auth.elb") && !shown.contains("user-17"), "{shown}");
    // Tokens of the tests' own secrets are no load balancer's.
    let _ = secret();
    assert_eq!(scene.code(&signed(header().to_string(), claims().to_string())), "padded_base64url");
}
