//! countersign itself, on the stack that the build's features name.

use std::cell::RefCell;
use std::sync::Arc;

use countersign::jwe::decrypt_with_limits;
use countersign::{ContentEncryption, JwkSet, KeySet, Limits, TokenBuffer, VerifiedJwt, encrypt};
use peers::claims::{Custom, Groups, SUBJECT};
use peers::ours::{OWN, batch_keys, decryption_key, issuer, signing_key, verifier};
use peers::rows::{
    BATCH, BETWEEN, BORROWED, ENCRYPTIONS, NESTED_ISSUE, NESTED_VERIFY, ONE_BY_ONE, PLAINTEXTS, SETS,
    SIGNATURES, SIZES,
};
use peers::{Table, claims, keys, rows};
use serde::Deserialize;

/// The claims beside the registered ones, without copies.
#[derive(Deserialize)]
struct BorrowedCustom<'a> {
    scope: &'a str,
}

fn main() {
    let mut table = Table::new("countersign");
    for algorithm in SIGNATURES {
        signatures(&mut table, algorithm);
    }
    sizes(&mut table);
    for names in ENCRYPTIONS {
        encryptions(&mut table, names);
    }
    nested(&mut table);
    for size in SETS {
        sets(&mut table, size);
    }
    batches(&mut table);
    table.serve();
}

fn signatures(table: &mut Table, name: &str) {
    let key = signing_key(name);
    let verifying_key = || key.verifying_key().expect("it has a public half");
    let issuer = issuer(key.clone_key()).build().expect("all choices are made");
    table.make(rows::issue(name), move || issuer.issue(SUBJECT, &OWN).expect("the claims are in order"));

    let owned = verifier(verifying_key()).build().expect("all choices are made");
    table.read(rows::verify(name), move |token| {
        let jwt = owned.verify::<Custom>(token).ok()?;
        Some(jwt.claims().scope.len())
    });
    if name != "HS256" {
        return;
    }
    let borrowed = verifier(verifying_key()).build().expect("all choices are made");
    table.read(rows::variant(&rows::verify(name), BORROWED), move |token| {
        // A buffer is there to be used again: each thread keeps its own.
        thread_local!(static BUFFER: RefCell<TokenBuffer> = RefCell::default());
        BUFFER.with_borrow_mut(|buffer| {
            let jwt = borrowed.verify_borrowed::<BorrowedCustom<'_>>(token, buffer).ok()?;
            Some(jwt.claims().scope.len())
        })
    });
}

fn sizes(table: &mut Table) {
    for (size, _) in SIZES {
        let key = signing_key("HS256").verifying_key().expect("it is its own");
        // A token is 16 KiB at most unless more is asked for, and so is its number of values.
        let limits = Limits::default().token_bytes(2 * 1024 * 1024);
        let verifier = verifier(key).limits(limits).build().expect("all choices are made");
        table.read(rows::sized(size), move |token| {
            let jwt = verifier.verify::<Groups>(token).ok()?;
            Some(jwt.claims().groups.len())
        });
    }
}

fn encryptions(table: &mut Table, names: (&str, &str)) {
    let Some(key) = decryption_key(names.0, names.1) else { return };
    let enc = ContentEncryption::from_name(names.1).expect("it is registered");
    for (size, len) in PLAINTEXTS {
        let recipient =
            key.encryption_key().and_then(|key| key.with_content_encryption(enc)).expect("they fit");
        let plaintext = claims::plaintext(len);
        table.make(rows::encrypt(names, size), move || {
            encrypt(&recipient, &plaintext).expect("any bytes can be encrypted")
        });
        let key = key.clone_key();
        let limits = Limits::default().token_bytes(64 * 1024);
        table.read(rows::decrypt(names, size), move |token| {
            Some(decrypt_with_limits(&key, token, &limits).ok()?.expose_secret().len())
        });
    }
}

fn nested(table: &mut Table) {
    let key = signing_key("ES256");
    let recipient = decryption_key("ECDH-ES+A256KW", "A256GCM").expect("every build has it");
    let verifying_key = key.verifying_key().expect("it has a public half");
    let sender = recipient.encryption_key().expect("it has a public half");
    let issuer = issuer(key).encrypt_for(sender).build().expect("all choices are made");
    table.make(NESTED_ISSUE, move || issuer.issue(SUBJECT, &OWN).expect("the claims are in order"));

    let verifier = verifier(verifying_key).decrypt_with(recipient).build().expect("all choices are made");
    table.read(NESTED_VERIFY, move |token| Some(verifier.verify::<Custom>(token).ok()?.claims().scope.len()));
}

fn sets(table: &mut Table, size: usize) {
    let set = JwkSet::from_json(&keys::jwk_set(size)).expect("it is a JWK set");
    let keys = KeySet::verification(&set);
    assert_eq!(keys.len(), size, "none is skipped");
    let verifier = verifier(keys).build().expect("all choices are made");
    table.read(rows::set(size), move |token| {
        Some(verifier.verify::<Custom>(token).ok()?.claims().scope.len())
    });
}

/// One verifier has both rows: its keys and what it has learnt are the same in either.
fn batches(table: &mut Table) {
    let keys: KeySet =
        batch_keys().iter().map(|key| key.verifying_key().expect("it has a public half")).collect();
    let at_once = Arc::new(verifier(keys).build().expect("all choices are made"));
    let one_by_one = Arc::clone(&at_once);
    // All of the tokens have to be good.
    let length = |jwts: Option<Vec<VerifiedJwt<Custom>>>| {
        Some(jwts?.iter().map(|jwt| jwt.claims().scope.len()).sum::<usize>())
    };
    table.read(BATCH, move |tokens| {
        let tokens: Vec<&str> = tokens.split(BETWEEN).collect();
        length(at_once.verify_batch(&tokens).into_iter().map(Result::ok).collect())
    });
    table.read(ONE_BY_ONE, move |tokens| {
        let tokens: Vec<&str> = tokens.split(BETWEEN).collect();
        length(tokens.iter().map(|token| one_by_one.verify(token).ok()).collect())
    });
}
