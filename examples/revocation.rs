//! Tokens that are refused before they expire: withdrawn one by one, by subject, session, key or time; and
//! tokens that pass once.
//!
//! `cargo run --features gateway --example revocation`
#![expect(clippy::print_stdout, reason = "examples print")]

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use countersign::gateway::cache::TokenCache;
use countersign::gateway::replay::{MemoryReplays, ReplayCheck};
use countersign::gateway::revocation::{MemoryRevocations, Revocation, RevocationCheck};
use countersign::profile::access_token::Grant;
use countersign::{
    AccessToken, AccessTokenIssuer, AccessTokenVerifier, Error, JwsAlgorithm, NoClaims, SigningKey,
};

const ISSUER: &str = "https://id.example.com";
const API: &str = "https://orders.example.com";
const LIFETIME: Duration = Duration::from_secs(300);

fn main() -> Result<(), Error> {
    let key = SigningKey::generate(JwsAlgorithm::Es256)?.with_key_id("2026-11");
    let verifier = AccessTokenVerifier::builder(key.verifying_key()?).issuer(ISSUER).audience(API).build()?;
    let issuer = AccessTokenIssuer::builder(key).issuer(ISSUER).audience(API).lifetime(LIFETIME).build()?;
    let token = |subject: &str| -> Result<AccessToken<NoClaims>, Error> {
        verifier.verify(&issuer.issue(&Grant::to(subject, "web-shop"))?)
    };

    // Revocation: the store is told, and asked about each token that was verified.
    let store = Arc::new(MemoryRevocations::new(1_000_000));
    let check = RevocationCheck::new(Arc::clone(&store));
    let revoke = |what: &str, revocation: &Revocation| match store.insert(revocation) {
        Ok(()) => println!("\nrevoked: {what}"),
        // The error is for whoever revokes: the tokens concerned are refused until they have expired.
        Err(error) => println!("\nnot revoked: {what}: {error}"),
    };
    let (first, second, other) = (token("user-17")?, token("user-17")?, token("user-18")?);
    let show = || {
        for (name, token) in
            [("first of user-17", &first), ("second of user-17", &second), ("of user-18", &other)]
        {
            println!("  {name:<18} {}", verdict(block_on(check.check(token))));
        }
    };
    println!("three tokens");
    show();
    if let Some(revocation) = Revocation::of_token(&first) {
        revoke("the first token", &revocation);
        show();
    }
    // Until when it matters: the last token that it concerns has expired by then.
    let now = SystemTime::now();
    let last = now + LIFETIME;
    revoke("user-17's, issued until now", &Revocation::subject_before(ISSUER, "user-17", now, last));
    show();
    revoke("all under the key 2026-11", &Revocation::key_id(ISSUER, "2026-11", last));
    show();
    println!("\n{} entries, {} bytes", store.len(), store.memory_bytes());

    // A cache skips the crypto of a token that comes again. Whether it is revoked is still asked.
    let (cache, text) = (TokenCache::builder().build()?, issuer.issue(&Grant::to("user-19", "web-shop"))?);
    let unrevoked = RevocationCheck::new(Arc::new(MemoryRevocations::new(1)));
    println!("\none token, three times through a cache, then revoked");
    for check in [&unrevoked, &unrevoked, &unrevoked, &check] {
        let token = cache.verify::<NoClaims>(&verifier, &text)?;
        let checked = block_on(cache.check_revocation(&verifier, &text, &token, check));
        println!("  hits {} misses {}    {}", cache.hits(), cache.misses(), verdict(checked));
    }
    println!("  kept: {}", cache.len());

    // Replay: asked last, as whatever passes is used up.
    let replay = ReplayCheck::new(Arc::new(MemoryReplays::new(1)));
    println!("\ntokens that pass once, in a store of one");
    for (name, token) in [("first use", &first), ("second use", &first), ("another, no room", &second)] {
        println!("  {name:<18} {}", verdict(block_on(replay.use_up(token))));
    }
    Ok(())
}

fn verdict(result: Result<(), Error>) -> String {
    match result {
        Ok(()) => String::from("passes"),
        Err(error) => format!("{} {}", error.http_status(), error.code()),
    }
}

/// Stores in memory answer at once. A server has an executor for those that don't.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
        std::thread::yield_now();
    }
}
