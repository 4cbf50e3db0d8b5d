//! The parser: text to a header, to claims, to keys, and to a refusal.

mod support;

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{
    ContentEncryption, Error, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, NoClaims, UnverifiedToken,
    VerifiedJwt, danger, encrypt, jws,
};
use criterion::{Criterion, Throughput};
use support::{CLAIMS_SET, KEYS, decryption_key, signing_key, verifier};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    wire(&mut criterion);
    jwk(&mut criterion);
    criterion.final_summary();
}

/// Tokens: what is read of a good one, and how soon a bad one is refused.
fn wire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    let key = signing_key(JwsAlgorithm::Hs256);
    let signed = jws::sign(&key, CLAIMS_SET).expect("anything can be signed");
    let enc = ContentEncryption::A256Gcm;
    let recipient =
        decryption_key(JweAlgorithm::EcdhEs, "P-256", enc).encryption_key().expect("it encrypts too");
    let encrypted = encrypt(&recipient, CLAIMS_SET).expect("anything can be encrypted");

    for (name, token) in [("signed", &signed), ("encrypted", &encrypted)] {
        group.throughput(bytes(token));
        group.bench_function(format!("header/{name}"), |bencher| {
            bencher.iter(|| UnverifiedToken::parse(black_box(token)).expect("the token is in order"));
        });
    }
    group.throughput(bytes(&signed));
    group.bench_function("claims", |bencher| {
        bencher.iter(|| {
            danger::unverified_claims::<NoClaims>(black_box(&signed)).expect("the token is in order")
        });
    });

    let verifier = verifier(&key).build().expect("all choices are made");
    for (name, token) in bad_tokens(&signed) {
        let refused: Result<VerifiedJwt<NoClaims>, Error> = verifier.verify(&token);
        assert!(matches!(refused, Err(ref error) if error.code() == name), "{refused:?} is not {name}");
        group.throughput(bytes(&token));
        group.bench_function(format!("refused/{name}"), |bencher| {
            bencher.iter(|| verifier.verify::<NoClaims>(black_box(&token)).is_err());
        });
    }
    group.finish();
}

/// Tokens that are refused for their form, each named by the error's code.
fn bad_tokens(good: &str) -> Vec<(&'static str, String)> {
    let rest = good.split_once('.').map_or("", |(_, rest)| rest);
    let with_header = |json: &str| format!("{}.{rest}", URL_SAFE_NO_PAD.encode(json));
    // The largest header of members that the limits let through, and the last one twice.
    let members: String = (0..200).map(|number| format!("\"parameter-{number}\":{number},")).collect();
    vec![
        ("limit_token_bytes", "A".repeat(1_000_000)),
        ("segment_count", ".".repeat(16_000)),
        ("base64url", format!("{good}=")),
        ("json", with_header(&format!("{{\"alg\":{}", "[".repeat(30)))),
        ("limit_json_depth", with_header(&format!("{{\"alg\":{}", "[".repeat(2_000)))),
        ("duplicate_member", with_header(&format!("{{{members}\"alg\":\"HS256\",\"parameter-0\":0}}"))),
        ("unsupported_algorithm", with_header("{\"alg\":\"none\"}")),
        ("crit", with_header("{\"alg\":\"HS256\",\"crit\":[]}")),
    ]
}

/// Keys: each kind and form, and sets.
fn jwk(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jwk");
    for key in KEYS.iter() {
        let kind = key.kind();
        let json = key.expose_json();
        let whole = if key.is_secret() { "secret" } else { "private" };
        group.bench_function(format!("{whole}/{kind}"), |bencher| {
            bencher.iter(|| Jwk::from_json(black_box(json.expose_secret())).expect("the key is in order"));
        });
        let Ok(json) = key.to_public_json() else { continue };
        group.bench_function(format!("public/{kind}"), |bencher| {
            bencher.iter(|| Jwk::from_json(black_box(&json)).expect("the key is in order"));
        });
        let der = key.to_spki_der().expect("it has a public half");
        group.bench_function(format!("spki/{kind}"), |bencher| {
            bencher.iter(|| Jwk::from_spki_der(black_box(&der)).expect("the key is in order"));
        });
        let der = key.expose_pkcs8_der().expect("it is private");
        group.bench_function(format!("pkcs8/{kind}"), |bencher| {
            bencher
                .iter(|| Jwk::from_pkcs8_der(black_box(der.expose_secret())).expect("the key is in order"));
        });
    }

    for keys in [3, 30] {
        let public = ["rsa-2048", "P-256", "Ed25519"].into_iter().cycle().take(keys).enumerate();
        let set: JwkSet = public
            .map(|(number, key_id)| {
                let public = support::jwk(key_id).to_public().expect("it has a public half");
                public.with_key_id(format!("key-{number}"))
            })
            .collect();
        let json = set.to_public_json().expect("all are public");
        group.throughput(bytes(&json));
        group.bench_function(format!("set/{keys} keys"), |bencher| {
            bencher.iter(|| JwkSet::from_json(black_box(&json)).expect("the set is in order"));
        });
    }
    group.finish();
}

fn bytes(text: &str) -> Throughput {
    Throughput::Bytes(u64::try_from(text.len()).expect("it fits"))
}
