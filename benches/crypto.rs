//! The crypto core: signatures, encryption, and whole JWTs. Keys are ready before the clock starts, as in a service.

mod support;

use std::hint::black_box;

use countersign::jwe::decrypt_with_limits;
use countersign::{
    ContentEncryption, JweAlgorithm, JwsAlgorithm, KeySet, Limits, SigningKey, TokenBuffer, encrypt, jws,
};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use support::{
    AccessClaims, BorrowedClaims, CLAIMS_SET, claims, decryption_key, issuer, signing_key, verifier,
};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    jws(&mut criterion);
    jwe(&mut criterion);
    keys(&mut criterion);
    jwt(&mut criterion);
    criterion.final_summary();
}

/// One signature over a claims set, by each algorithm.
fn jws(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jws");
    for &algorithm in JwsAlgorithm::ALL {
        let key = signing_key(algorithm);
        let verifying_key = key.verifying_key().expect("it has a public half");
        let token = jws::sign(&key, CLAIMS_SET).expect("anything can be signed");
        group.bench_function(format!("sign/{algorithm}"), |bencher| {
            bencher.iter(|| jws::sign(&key, black_box(CLAIMS_SET)).expect("anything can be signed"));
        });
        group.bench_function(format!("verify/{algorithm}"), |bencher| {
            bencher.iter(|| jws::verify(&verifying_key, black_box(&token)).expect("the signature holds"));
        });
    }
    group.finish();
}

/// A plaintext of 256 bytes by each algorithm of this build, where the content key decides the cost, and of 16 KiB by
/// each content encryption, where the cipher does.
fn jwe(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jwe");
    for &algorithm in JweAlgorithm::ALL.iter().filter(|&&algorithm| support::is_available(algorithm)) {
        // Nothing else costs time with `dir`, which takes a key of the content encryption's own length.
        if algorithm == JweAlgorithm::Dir {
            for &enc in ContentEncryption::ALL {
                let key_id = format!("oct-{}", enc.key_len() * 8);
                encryption(&mut group, (algorithm, &key_id, enc), 256);
                encryption(&mut group, (algorithm, &key_id, enc), 16 * 1024);
            }
            continue;
        }
        for key_id in support::key_ids(algorithm) {
            encryption(&mut group, (algorithm, key_id, ContentEncryption::A256Gcm), 256);
        }
    }
    group.finish();
}

fn encryption(
    group: &mut BenchmarkGroup<'_, WallTime>,
    (algorithm, key_id, enc): (JweAlgorithm, &str, ContentEncryption),
    len: usize,
) {
    // 16 KiB of plaintext is more than the largest token by default.
    let limits = Limits::default().token_bytes(64 * 1024);
    let key = decryption_key(algorithm, key_id, enc);
    let mut sender = key.encryption_key().expect("it encrypts too");
    if algorithm.name().starts_with("PBES2") {
        // As few as there may be: each costs the same.
        sender = sender.with_iterations(1000).expect("it takes a password");
    }
    let plaintext = vec![b'p'; len];
    let token = encrypt(&sender, &plaintext).expect("anything can be encrypted");
    let name = match algorithm.name() {
        agreement if agreement.starts_with("ECDH-ES") => format!("{agreement} {key_id}/{enc}/{len}"),
        other => format!("{other}/{enc}/{len}"),
    };

    group.throughput(Throughput::Bytes(u64::try_from(len).expect("it fits")));
    group.bench_function(format!("encrypt/{name}"), |bencher| {
        bencher.iter(|| encrypt(&sender, black_box(&plaintext)).expect("anything can be encrypted"));
    });
    group.bench_function(format!("decrypt/{name}"), |bencher| {
        bencher
            .iter(|| decrypt_with_limits(&key, black_box(&token), &limits).expect("the token is in order"));
    });
}

/// A signature verified under the one key of a set that the token names, and without a name, under the last
/// of eight that fit.
fn keys(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("keys");
    for size in [1, 10, 100, 1000] {
        let signing_key = signing_key(JwsAlgorithm::Ed25519).with_key_id("0");
        let named =
            |index: usize| signing_key.verifying_key().expect("a good key").with_key_id(index.to_string());
        let keys: KeySet = (0..size).map(named).collect();
        let token = jws::sign(&signing_key, CLAIMS_SET).expect("any bytes can be signed");
        group.bench_function(format!("verify/of {size}"), |bencher| {
            bencher.iter(|| keys.verify(black_box(&token)).expect("the token is valid"));
        });
    }
    let strangers =
        (0..7).map(|_| SigningKey::generate(JwsAlgorithm::Ed25519).expect("any stack makes these"));
    let signing_key = SigningKey::generate(JwsAlgorithm::Ed25519).expect("any stack makes these");
    let token = jws::sign(&signing_key, CLAIMS_SET).expect("any bytes can be signed");
    let unnamed = strangers.chain([signing_key]).map(|key| key.verifying_key().expect("a good key"));
    let keys: KeySet = unnamed.collect();
    group.bench_function("verify/last of 8 candidates", |bencher| {
        bencher.iter(|| keys.verify(black_box(&token)).expect("the token is valid"));
    });
    group.finish();
}

/// Whole tokens, from a type to a type.
fn jwt(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jwt");
    let algorithms = [JwsAlgorithm::Hs256, JwsAlgorithm::Es256, JwsAlgorithm::Ed25519, JwsAlgorithm::Rs256];
    for key in algorithms.map(signing_key) {
        signed(&mut group, &key);
    }
    let recipients = [
        (JwsAlgorithm::Es256, JweAlgorithm::EcdhEsA256Kw, "P-256"),
        (JwsAlgorithm::Ed25519, JweAlgorithm::EcdhEsA256Kw, "X25519"),
        (JwsAlgorithm::Es256, JweAlgorithm::Dir, "oct-256"),
    ];
    for (algorithm, management, key_id) in recipients {
        nested(&mut group, &signing_key(algorithm), management, key_id);
    }
    // Signatures that are checked together, and others: with the feature `rayon`, both on several threads.
    for algorithm in [JwsAlgorithm::Ed25519, JwsAlgorithm::Es256] {
        batch(&mut group, algorithm);
    }
    group.finish();
}

/// The same 64 tokens one by one and at once, then with one of them forged.
fn batch(group: &mut BenchmarkGroup<'_, WallTime>, algorithm: JwsAlgorithm) {
    const COUNT: usize = 64;
    let key = signing_key(algorithm);
    let issuer = issuer(key.clone_key()).build().expect("all choices are made");
    let verifier = verifier(&key).build().expect("all choices are made");
    let tokens: Vec<_> = (0..COUNT)
        .map(|index| issuer.issue(&format!("user-{index}"), &claims()).expect("the claims are in order"))
        .collect();
    let mut forged = tokens.clone();
    // Another token's signature.
    if let [first, second, ..] = forged.as_mut_slice() {
        let (_, signature) = second.rsplit_once('.').expect("a token has dots");
        let (signed, _) = first.rsplit_once('.').expect("a token has dots");
        *first = format!("{signed}.{signature}");
    }

    group.throughput(Throughput::Elements(u64::try_from(COUNT).expect("it fits")));
    group.bench_function(format!("verify {COUNT}/{algorithm}/one by one"), |bencher| {
        bencher.iter(|| {
            let verify = |token: &String| verifier.verify::<AccessClaims>(black_box(token)).is_ok();
            assert_eq!(tokens.iter().filter(|token| verify(token)).count(), COUNT);
        });
    });
    for (name, tokens, valid) in [("at once", &tokens, COUNT), ("at once, one forged", &forged, COUNT - 1)] {
        group.bench_function(format!("verify {COUNT}/{algorithm}/{name}"), |bencher| {
            bencher.iter(|| {
                let verdicts = verifier.verify_batch::<AccessClaims>(black_box(tokens));
                assert_eq!(verdicts.iter().flatten().count(), valid);
            });
        });
    }
}

fn signed(group: &mut BenchmarkGroup<'_, WallTime>, key: &SigningKey) {
    let algorithm = key.algorithm();
    let issuer = issuer(key.clone_key()).build().expect("all choices are made");
    let verifier = verifier(key).build().expect("all choices are made");
    let claims = claims();
    let token = issuer.issue("user-17", &claims).expect("the claims are in order");
    let mut buffer = TokenBuffer::new();

    group.bench_function(format!("issue/{algorithm}"), |bencher| {
        bencher.iter(|| issuer.issue("user-17", black_box(&claims)).expect("the claims are in order"));
    });
    group.bench_function(format!("verify/{algorithm}"), |bencher| {
        bencher.iter(|| verifier.verify::<AccessClaims>(black_box(&token)).expect("the token is valid"));
    });
    group.bench_function(format!("verify borrowed/{algorithm}"), |bencher| {
        bencher.iter(|| {
            let jwt = verifier.verify_borrowed::<BorrowedClaims<'_>>(black_box(&token), &mut buffer);
            let claims = jwt.expect("the token is valid").into_claims();
            claims.scope.len() + claims.roles.len() + usize::from(claims.tenant > 0)
        });
    });
}

fn nested(
    group: &mut BenchmarkGroup<'_, WallTime>,
    key: &SigningKey,
    management: JweAlgorithm,
    key_id: &str,
) {
    let recipient = decryption_key(management, key_id, ContentEncryption::A256Gcm);
    let sender = recipient.encryption_key().expect("it encrypts too");
    let issuer = issuer(key.clone_key()).encrypt_for(sender).build().expect("all choices are made");
    let verifier = verifier(key).decrypt_with(recipient).build().expect("all choices are made");
    let claims = claims();
    let token = issuer.issue("user-17", &claims).expect("the claims are in order");
    let name = format!("{} in {management} {key_id}", key.algorithm());

    group.bench_function(format!("issue nested/{name}"), |bencher| {
        bencher.iter(|| issuer.issue("user-17", black_box(&claims)).expect("the claims are in order"));
    });
    group.bench_function(format!("verify nested/{name}"), |bencher| {
        bencher.iter(|| verifier.verify::<AccessClaims>(black_box(&token)).expect("the token is valid"));
    });
}
