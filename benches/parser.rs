//! The parser: text to a header, to claims, to keys, and to a refusal.

mod support;

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::jwe::decrypt_with_limits;
use countersign::{
    ContentEncryption, DecryptionKey, Error, JweAlgorithm, Jwk, JwkSet, JwsAlgorithm, Limits, NoClaims,
    SigningKey, UnverifiedToken, VerifiedJwt, danger, encrypt, jws,
};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
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
    let recipient = decryption_key(JweAlgorithm::EcdhEs, "P-256", ContentEncryption::A256Gcm);
    let sender = recipient.encryption_key().expect("it encrypts too");
    let encrypted = encrypt(&sender, CLAIMS_SET).expect("anything can be encrypted");

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

    for (size, claims) in claims_sets() {
        steps(&mut group, &key, &recipient, size, &claims);
    }

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

/// Claims sets of a usual size, of about the largest within the default limits, and beyond.
fn claims_sets() -> [(&'static str, String); 3] {
    let one = std::str::from_utf8(CLAIMS_SET).expect("it is JSON");
    let many = |times| format!("{{\"orders\":[{}]}}", vec![one; times].join(","));
    [("235 B", one.to_owned()), ("11 KB", many(46)), ("86 KB", many(365))]
}

/// The steps that grow with the token, each alone. What follows them in a good token costs more than they do, so
/// splitting and decoding are measured where a token is refused right behind them.
fn steps(
    group: &mut BenchmarkGroup<'_, WallTime>,
    key: &SigningKey,
    recipient: &DecryptionKey,
    size: &str,
    claims: &str,
) {
    let verifying_key = key.verifying_key().expect("it has a public half");
    let signed = jws::sign(key, claims.as_bytes()).expect("anything can be signed");
    let sender = recipient.encryption_key().expect("it encrypts too");
    let encrypted = encrypt(&sender, claims.as_bytes()).expect("anything can be encrypted");
    let limits = Limits::default().token_bytes(256 * 1024);

    // The dots are found, and then any header is too large.
    let no_header = limits.clone().header_bytes(0);
    let split_signed = || code(jws::verify_with_limits(&verifying_key, black_box(&signed), &no_header));
    let split_encrypted = || code(decrypt_with_limits(recipient, black_box(&encrypted), &no_header));
    // Header and payload are decoded, and then the signature can't be.
    let unpadded = signed.rsplit_once('.').map_or("", |(signing_input, _)| signing_input);
    let padded = format!("{unpadded}.=");
    let decode = || code(jws::verify_with_limits(&verifying_key, black_box(&padded), &limits));
    let refusals: [(&str, &str, &str, &dyn Fn() -> &'static str); 3] = [
        ("split/signed", "limit_header_bytes", &signed, &split_signed),
        ("split/encrypted", "limit_header_bytes", &encrypted, &split_encrypted),
        ("base64url", "base64url", &padded, &decode),
    ];
    for (step, expected, token, refuse) in refusals {
        assert_eq!(refuse(), expected, "{step} of {size}");
        group.throughput(bytes(token));
        group.bench_function(format!("{step}/{size}"), |bencher| bencher.iter(refuse));
    }

    // A member of a set that nobody asks for is scanned, and nothing else is done with it.
    let json = format!("{{\"keys\":[],\"claims\":{claims}}}");
    group.throughput(bytes(&json));
    group.bench_function(format!("json/{size}"), |bencher| {
        bencher.iter(|| JwkSet::from_json(black_box(&json)).expect("the set is in order"));
    });
}

/// The error's code. Making the error is measured too, and doesn't grow with the token.
fn code<T>(refused: Result<T, Error>) -> &'static str {
    refused.err().map_or("none", |error| error.code())
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
        group.bench_function(format!("thumbprint/{kind}"), |bencher| {
            bencher.iter(|| black_box(key).thumbprint());
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
        #[cfg(feature = "pem")]
        pem(&mut group, key);
    }

    for keys in [1, 10, 100, 1000] {
        let public = ["rsa-2048", "P-256", "Ed25519"].into_iter().cycle().take(keys).enumerate();
        let set: JwkSet = public
            .map(|(number, key_id)| {
                let public = support::jwk(key_id).to_public().expect("it has a public half");
                public.with_key_id(format!("key-{number}"))
            })
            .collect();
        let json = set.to_public_json().expect("all are public");
        // A key that is skipped costs less.
        assert_eq!(JwkSet::from_json(&json).expect("the set is in order").len(), keys);
        group.throughput(bytes(&json));
        group.bench_function(format!("set/{keys} keys"), |bencher| {
            bencher.iter(|| JwkSet::from_json(black_box(&json)).expect("the set is in order"));
        });
    }
    group.finish();
}

/// The same keys as text.
#[cfg(feature = "pem")]
fn pem(group: &mut BenchmarkGroup<'_, WallTime>, key: &Jwk) {
    let kind = key.kind();
    let public = key.to_spki_pem().expect("it has a public half");
    let private = key.expose_pkcs8_pem().expect("it is private");
    for (form, pem) in [("spki", public.as_str()), ("pkcs8", private.expose_secret())] {
        group.bench_function(format!("pem {form}/{kind}"), |bencher| {
            bencher.iter(|| Jwk::from_pem(black_box(pem)).expect("the key is in order"));
        });
    }
}

fn bytes(text: &str) -> Throughput {
    Throughput::Bytes(u64::try_from(text.len()).expect("it fits"))
}
