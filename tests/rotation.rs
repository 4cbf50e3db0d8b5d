//! An issuer's ring of keys by a clock that the test moves: published before they sign, kept until the last
//! token has expired, withdrawn at once.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use countersign::keys::rotation::{KeyRing, KeyRingBuilder};
use countersign::{
    Error, JwkSet, JwsAlgorithm, JwtIssuer, JwtVerifier, KeySet, NoClaims, SecretBytes, SigningKey,
};

const START: u64 = 1_800_000_000;
const LIFETIME: u64 = 600;
const AHEAD: u64 = 3600;
const PERIOD: u64 = 86_400;

#[derive(Clone)]
struct Hands(Arc<AtomicU64>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START)))
    }

    fn at(&self, since_start: u64) -> &Self {
        self.0.store(START + since_start, Ordering::SeqCst);
        self
    }

    fn clock(&self) -> impl Fn() -> SystemTime + Send + Sync + use<> {
        let hands = self.clone();
        move || time(hands.0.load(Ordering::SeqCst) - START)
    }
}

fn time(since_start: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(START + since_start)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn key(key_id: &str) -> SigningKey {
    SigningKey::generate(JwsAlgorithm::Es256).unwrap().with_key_id(key_id)
}

fn builder(hands: &Hands) -> KeyRingBuilder {
    KeyRing::builder(secs(LIFETIME)).clock(hands.clock())
}

fn rotating(hands: &Hands) -> KeyRing {
    builder(hands).key(key("a"), time(0)).rotate_every(secs(PERIOD)).build().unwrap()
}

fn issue(ring: &KeyRing, hands: &Hands) -> String {
    let issuer = JwtIssuer::builder(ring.signing_key().clone_key())
        .without_issuer()
        .without_audience()
        .lifetime(secs(LIFETIME))
        .clock(hands.clock())
        .build()
        .unwrap();
    issuer.issue("user-17", &NoClaims).unwrap()
}

fn verify(keys: KeySet, token: &str, hands: &Hands) -> Result<(), Error> {
    let verifier =
        JwtVerifier::builder(keys).any_issuer().any_audience().clock(hands.clock()).build().unwrap();
    verifier.verify::<NoClaims>(token).map(drop)
}

fn key_ids(ring: &KeyRing) -> Vec<String> {
    let set = JwkSet::from_json(&ring.public_json().unwrap()).unwrap();
    set.iter().map(|key| key.key_id().unwrap().to_owned()).collect()
}

#[test]
fn the_next_key_is_published_before_it_signs() {
    let hands = Hands::new();
    let mut ring = rotating(&hands);
    assert_eq!(ring.next_change(), Some(time(PERIOD - AHEAD)));
    hands.at(PERIOD - AHEAD - 1);
    assert!(!ring.rotate().unwrap());
    assert_eq!(key_ids(&ring), ["a"]);
    hands.at(PERIOD - AHEAD);
    assert!(ring.rotate().unwrap());
    assert!(!ring.rotate().unwrap());
    let published = key_ids(&ring);
    assert_eq!((published.len(), published.first().map(String::as_str)), (2, Some("a")));
    assert_eq!(ring.signing_key().key_id(), Some("a"));
    assert_eq!(ring.next_change(), Some(time(PERIOD)));

    // What verifiers hold from before the switch verifies what is signed after it.
    let held = ring.verification();
    hands.at(PERIOD - 1);
    assert_eq!(ring.signing_key().key_id(), Some("a"));
    hands.at(PERIOD);
    assert_eq!(ring.signing_key().key_id(), published.last().map(String::as_str));
    verify(held, &issue(&ring, &hands), &hands).unwrap();
}

#[test]
fn a_key_is_published_until_its_last_token_has_expired() {
    let hands = Hands::new();
    let mut ring = rotating(&hands);
    hands.at(PERIOD - AHEAD);
    ring.rotate().unwrap();
    hands.at(PERIOD - 1);
    let last = issue(&ring, &hands);
    hands.at(PERIOD + LIFETIME - 2);
    ring.rotate().unwrap();
    verify(ring.verification(), &last, &hands).unwrap();
    // The leeway is a minute.
    assert_eq!(ring.next_change(), Some(time(PERIOD + LIFETIME + 60)));
    hands.at(PERIOD + LIFETIME + 59);
    assert!(!ring.rotate().unwrap());
    assert_eq!((key_ids(&ring).len(), ring.keys().count()), (2, 2));
    // What is retired isn't published, whether or not somebody rotates.
    hands.at(PERIOD + LIFETIME + 60);
    assert_eq!((key_ids(&ring).len(), ring.keys().count()), (1, 1));
    assert!(ring.rotate().unwrap());
    assert!(!ring.rotate().unwrap());
    hands.at(PERIOD + LIFETIME - 2);
    assert_eq!(verify(ring.verification(), &last, &hands).unwrap_err().code(), "no_matching_key");
}

#[test]
fn a_ring_that_slept_publishes_before_it_signs_all_the_same() {
    let hands = Hands::new();
    let mut ring = rotating(&hands);
    hands.at(10 * PERIOD);
    assert!(ring.rotate().unwrap());
    assert_eq!(ring.signing_key().key_id(), Some("a"));
    hands.at(10 * PERIOD + AHEAD - 1);
    assert_eq!(ring.signing_key().key_id(), Some("a"));
    hands.at(10 * PERIOD + AHEAD);
    assert_ne!(ring.signing_key().key_id(), Some("a"));
}

#[test]
fn generations_of_keys_pass_and_none_piles_up() {
    let hands = Hands::new();
    let mut ring = rotating(&hands);
    let mut seen = std::collections::BTreeSet::new();
    for hour in 0..24 * 10 {
        hands.at(hour * 3600);
        ring.rotate().unwrap();
        assert!(ring.keys().count() <= 3, "{hour}");
        let token = issue(&ring, &hands);
        verify(ring.verification(), &token, &hands).unwrap();
        seen.insert(ring.signing_key().key_id().unwrap().to_owned());
    }
    assert_eq!(seen.len(), 10);
}

#[test]
fn an_added_key_takes_over_once_it_may_be_known() {
    let hands = Hands::new();
    let mut ring = builder(&hands).key(key("a"), time(0)).build().unwrap();
    assert_eq!(ring.next_change(), None);
    hands.at(5);
    assert_eq!(ring.add(key("b")).unwrap(), time(5 + AHEAD));
    assert_eq!(ring.add(key("c")).unwrap(), time(5 + AHEAD));
    for (at, signs) in [(4 + AHEAD, "a"), (5 + AHEAD, "c")] {
        hands.at(at);
        assert_eq!(ring.signing_key().key_id(), Some(signs), "{at}");
    }
    let times: Vec<_> = ring.keys().map(|key| (key.signs_from(), key.signs_until())).collect();
    let switch = time(5 + AHEAD);
    assert_eq!(times, [(time(0), Some(switch)), (switch, Some(switch)), (switch, None)]);
}

#[test]
fn a_ring_is_the_same_after_a_restart() {
    let hands = Hands::new();
    let mut ring = rotating(&hands);
    hands.at(PERIOD - AHEAD);
    ring.rotate().unwrap();
    let kept = ring.keys().fold(builder(&hands).rotate_every(secs(PERIOD)), |builder, key| {
        builder.key(key.key().clone_key(), key.signs_from())
    });
    let again = kept.build().unwrap();
    for at in [PERIOD - AHEAD, PERIOD, PERIOD + LIFETIME + 60] {
        hands.at(at);
        assert_eq!(again.signing_key().key_id(), ring.signing_key().key_id());
        assert_eq!(again.public_json().unwrap(), ring.public_json().unwrap());
        assert_eq!(again.next_change(), ring.next_change());
    }
}

#[test]
fn a_leaked_key_leaves_at_once() {
    let hands = Hands::new();
    let mut ring = builder(&hands).key(key("a"), time(0)).build().unwrap();
    assert_eq!(ring.withdraw("a").unwrap_err().code(), "misuse");
    assert!(!ring.withdraw("z").unwrap());
    ring.add(key("b")).unwrap();
    let leaked = issue(&ring, &hands);
    hands.at(7);
    assert!(ring.withdraw("a").unwrap());
    assert_eq!((key_ids(&ring), ring.signing_key().key_id()), (vec!["b".to_owned()], Some("b")));
    assert_eq!(verify(ring.verification(), &leaked, &hands).unwrap_err().code(), "no_matching_key");
    verify(ring.verification(), &issue(&ring, &hands), &hands).unwrap();
}

#[test]
fn a_withdrawn_key_brings_no_older_one_back() {
    let hands = Hands::new();
    let keys = || builder(&hands).key(key("a"), time(0)).key(key("b"), time(100)).key(key("c"), time(9000));
    let mut ring = keys().build().unwrap();
    hands.at(200);
    assert_eq!(ring.signing_key().key_id(), Some("b"));
    ring.withdraw("b").unwrap();
    assert_eq!(ring.signing_key().key_id(), Some("c"));
    // The first one's tokens still count from when it ceased to sign.
    hands.at(100 + LIFETIME + 60);
    assert_eq!(key_ids(&ring), ["c"]);

    // Of the keys to come, the last and one between.
    hands.at(50);
    let mut ring = keys().build().unwrap();
    ring.withdraw("b").unwrap();
    hands.at(8999);
    assert_eq!((key_ids(&ring).len(), ring.signing_key().key_id()), (2, Some("a")));
    ring.withdraw("c").unwrap();
    hands.at(1_000_000);
    assert_eq!((key_ids(&ring).len(), ring.signing_key().key_id()), (1, Some("a")));
}

#[test]
fn a_clock_set_back_leaves_the_oldest_key() {
    let hands = Hands::new();
    hands.at(1000);
    let ring = builder(&hands).key(key("a"), time(500)).key(key("b"), time(800)).build().unwrap();
    assert_eq!(ring.signing_key().key_id(), Some("b"));
    hands.at(0);
    assert_eq!(ring.signing_key().key_id(), Some("a"));
}

#[test]
fn verifiers_are_told_how_long_to_keep_the_set() {
    let hands = Hands::new();
    let ring = builder(&hands).key(key("a"), time(0)).cache_lifetime(secs(900)).build().unwrap();
    assert_eq!(ring.cache_control(), "public, max-age=900");
}

#[test]
fn contradictory_settings_are_refused() {
    let hands = Hands::new();
    let fine = || builder(&hands).key(key("a"), time(0));
    fine().cache_lifetime(secs(AHEAD)).build().unwrap();
    fine().rotate_every(secs(AHEAD + 1)).build().unwrap();
    fine().key(key("b"), time(1)).build().unwrap();
    KeyRing::builder(secs(1)).clock(hands.clock()).key(key("a"), time(0)).build().unwrap();
    let secret = || SecretBytes::from(vec![7; 32]);
    let symmetric = || SigningKey::hmac(JwsAlgorithm::Hs256, secret()).unwrap().with_key_id("s");
    for (refused, code, why) in [
        (fine().cache_lifetime(secs(AHEAD + 1)), "misuse", "`cache_lifetime` before it signs"),
        (fine().rotate_every(secs(AHEAD)), "misuse", "`rotate_every` too short"),
        (fine().publish_ahead(Duration::MAX), "misuse", "at most 100 years"),
        (fine().leeway(Duration::MAX), "misuse", "at most 100 years"),
        (fine().rotate_every(Duration::MAX), "misuse", "at most 100 years"),
        (builder(&hands), "misuse", "a first key that signs already"),
        (builder(&hands).key(key("a"), time(1)), "misuse", "a first key that signs already"),
        (fine().key(key("b"), time(0)), "misuse", "in the order in which they sign"),
        (fine().key(key("a"), time(1)), "misuse", "found it twice"),
        (fine().key(SigningKey::generate(JwsAlgorithm::Es256).unwrap(), time(1)), "misuse", "a key ID"),
        (fine().key(symmetric(), time(1)), "key_not_public", ""),
        (KeyRing::builder(Duration::ZERO).key(key("a"), time(0)), "misuse", "at least a second"),
    ] {
        let error = refused.build().unwrap_err();
        assert_eq!(error.code(), code, "{why}");
        assert!(error.to_string().contains(why), "{error}");
    }
}
