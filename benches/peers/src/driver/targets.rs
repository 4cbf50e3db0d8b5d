//! What countersign holds itself to: countersign's time divided by the fastest rival's in the same row of the same
//! run, and a few things beside; and for targets that can't be met, the limit. One table; nothing else knows a number
//! of it. `judgement.rs` says what the outcomes are.

use peers::rows::{
    self, BATCH, BY_HAND_BORROWED, DALEK, ENCRYPTIONS, NESTED_ISSUE, NESTED_VERIFY, ONE_BY_ONE, PLAINTEXTS,
};

use super::contenders::{FLOOR, Stack};

/// What is compared.
pub(crate) enum What {
    /// Ours ÷ the fastest rival's.
    Rival,
    /// Ours, with borrowed claims ÷ the fastest rival's, which nobody else borrows.
    RivalBorrowed,
    /// Ours ÷ the primitive's.
    Floor,
    /// Allocations of ours.
    Allocations,
    AllocationsBorrowed,
    /// Ours ÷ ours in that row.
    Row(String),
    /// The same, each divided by the length of its claims set.
    RowPerByte {
        other: String,
        lengths: (f64, f64),
    },
    /// Tokens of two threads ÷ tokens of one, in the same time; at least.
    Speedup,
    /// Seconds of our clean build ÷ jsonwebtoken's.
    BuildTime,
}

/// One line of the table.
pub(crate) struct Target {
    pub(crate) row: String,
    pub(crate) what: What,
    pub(crate) target: f64,
    pub(crate) limit: Option<Limit>,
}

/// What ours is held to where not even the floor, with the library's share above it, meets the target.
#[derive(Clone)]
pub(crate) struct Limit {
    /// The contender of the floor's process in the same row.
    pub(crate) floor: String,
    /// What ours may take, at most ÷ what the floor takes.
    pub(crate) share: f64,
    /// Why it can't be less, for users.
    pub(crate) cause: &'static str,
}

/// The library's own share of one operation on a curve, and of one with an RSA public key: no more than of the two
/// verifications that have a target of their own for it.
const CURVE_SHARE: f64 = 1.05;
const RSA_PUBLIC_SHARE: f64 = 1.08;
/// The same with an RSA private key, which takes more than ten times as long.
const RSA_PRIVATE_SHARE: f64 = 1.02;
/// Beside a short token by hand: what that leaves out. The header's rules, each claim read strictly and judged, duplicate
/// members looked for, the secrets wiped, and algorithms and keys chosen while the program runs. It is what ours was
/// measured to take, 1.21 to 1.24 times as long, and a little: it holds ours where it is, and doesn't show that no
/// library could take less.
const BY_HAND_SHARE: f64 = 1.25;
/// Where a key is wrapped for AES-GCM, ours was measured at 1.14 to 1.22.
const BY_HAND_WRAP_SHARE: f64 = 1.23;
/// The same of 16 KiB, which all this is nearly nothing beside: ours was measured at 1.02 to 1.04.
const BY_HAND_LONG_SHARE: f64 = 1.05;

/// A limit: the floor's contender of this name, after `floor`.
fn limit(way: &str, share: f64, cause: &'static str) -> Limit {
    let floor = if way.is_empty() { FLOOR.to_owned() } else { format!("{FLOOR}, {way}") };
    Limit { floor, share, cause }
}

/// The targets on this stack.
pub(crate) fn of(stack: Stack) -> Vec<Target> {
    let mut targets = on_both(stack);
    if stack == Stack::AwsLcRs {
        targets.extend(on_aws_lc_rs());
    }
    for target in &mut targets {
        target.limit = limit_of(stack, target);
    }
    targets
}

fn target(row: String, what: What, target: f64) -> Target {
    Target { row, what, target, limit: None }
}

fn on_both(stack: Stack) -> Vec<Target> {
    let es256 = if stack == Stack::Ring { 1.00 } else { 0.97 };
    vec![
        target(rows::verify("HS256"), What::Rival, 0.45),
        target(rows::verify("HS256"), What::RivalBorrowed, 0.35),
        target(rows::verify("HS256"), What::AllocationsBorrowed, 0.0),
        target(rows::issue("HS256"), What::Rival, 0.90),
        target(rows::issue("HS256"), What::Allocations, 1.0),
        target(rows::verify("EdDSA"), What::Rival, 0.96),
        target(rows::issue("ES256"), What::Rival, es256),
        target(rows::verify("ES256"), What::Rival, es256),
        target(String::from("clean release build"), What::BuildTime, 0.9),
    ]
}

fn on_aws_lc_rs() -> Vec<Target> {
    let mut targets = Vec::new();
    let mut add = |row: String, what, most| targets.push(target(row, what, most));
    for name in ["RS256", "PS256"] {
        add(rows::verify(name), What::Rival, 0.85);
        add(rows::issue(name), What::Rival, 0.97);
    }
    add(rows::issue("ES384"), What::Rival, 0.65);
    add(rows::verify("ES384"), What::Rival, 0.99);
    add(rows::issue("EdDSA"), What::Rival, 0.65);
    for names in ENCRYPTIONS {
        let (encrypt, decrypt) = match names.0 {
            "dir" => (0.42, 0.36),
            "RSA-OAEP-256" => (0.70, 0.97),
            "ECDH-ES" | "ECDH-ES+A256KW" => (0.40, 0.25),
            _ => (0.55, 0.55),
        };
        for (size, _) in PLAINTEXTS {
            add(rows::encrypt(names, size), What::Rival, encrypt);
            add(rows::decrypt(names, size), What::Rival, decrypt);
        }
    }
    add(NESTED_ISSUE.to_owned(), What::Rival, 0.40);
    add(NESTED_VERIFY.to_owned(), What::Rival, 0.30);
    add(rows::verify("ES256"), What::Floor, 1.05);
    add(rows::verify("RS256"), What::Floor, 1.08);
    let lengths = (1024.0 * 1024.0, 8.0 * 1024.0);
    add(rows::sized("1.3 MB"), What::RowPerByte { other: rows::sized("11 KB"), lengths }, 1.1);
    for name in ["HS256", "ES256"] {
        add(rows::two_threads(&rows::verify(name)), What::Speedup, 1.9);
    }
    add(rows::set(1000), What::Row(rows::set(1)), 1.1);
    // Both rows verify the same tokens, so the ratio is that of one token.
    add(BATCH.to_owned(), What::Row(ONE_BY_ONE.to_owned()), 0.65);
    targets
}

/// The limit of a target that measurements have shown to be out of reach, in every run or in some. No other has one.
fn limit_of(stack: Stack, target: &Target) -> Option<Limit> {
    const TEXT: &str = "the hash, base64url and JSON alone take most of the time that the target allows";
    const RSA: &str = "RSA's one operation with the key takes nearly all of the time";
    const CBC: (&str, &str) = ("A128KW", "A128CBC-HS256");
    const GCM: (&str, &str) = ("A256KW", "A256GCM");
    let is = |row: &str| target.row == row;
    match &target.what {
        What::RivalBorrowed => Some(limit(BY_HAND_BORROWED, BY_HAND_SHARE, TEXT)),
        What::Rival if is(&rows::verify("EdDSA")) => {
            Some(limit(DALEK, CURVE_SHARE, "the arithmetic on the curve takes nearly all of the time"))
        }
        What::Rival if stack == Stack::Ring => is(&rows::verify("ES256"))
            .then(|| limit("", CURVE_SHARE, "ring reads the public key anew for each signature")),
        What::Rival if ["RS256", "PS256"].iter().any(|name| is(&rows::verify(name))) => {
            Some(limit("", RSA_PUBLIC_SHARE, RSA))
        }
        What::Rival if ["RS256", "PS256"].iter().any(|name| is(&rows::issue(name))) => {
            Some(limit("", RSA_PRIVATE_SHARE, RSA))
        }
        What::Rival if is(&rows::encrypt(("dir", "A256GCM"), "256 B")) => Some(limit(
            rows::BY_HAND,
            BY_HAND_SHARE,
            "by hand, most of it is AWS-LC's time for one random initialization vector, and the stack's randomness is its",
        )),
        What::Rival if PLAINTEXTS.iter().any(|(size, _)| is(&rows::encrypt(CBC, size))) => Some(limit(
            rows::BY_HAND,
            by_hand_share(target),
            "the key is wrapped and AES-CBC goes block by block, and its MAC is a second pass",
        )),
        What::Rival if PLAINTEXTS.iter().any(|(size, _)| is(&rows::decrypt(CBC, size))) => Some(limit(
            rows::BY_HAND,
            by_hand_share(target),
            "the key is unwrapped and the MAC goes block by block",
        )),
        What::Rival if is(&rows::encrypt(GCM, "256 B")) => Some(limit(
            rows::BY_HAND,
            BY_HAND_WRAP_SHARE,
            "the key is wrapped by AES runs that wait for each other, and its randomness is AWS-LC's",
        )),
        What::Rival if is(&rows::decrypt(GCM, "256 B")) => Some(limit(
            rows::BY_HAND,
            BY_HAND_WRAP_SHARE,
            "the key is unwrapped by AES runs that wait for each other",
        )),
        What::Rival if is(NESTED_ISSUE) => Some(limit(
            "",
            CURVE_SHARE,
            "a signature, a key and an agreement on P-256 take nearly all of the time",
        )),
        What::Rival if is(NESTED_VERIFY) => Some(limit(
            "",
            CURVE_SHARE,
            "an agreement and a verification on P-256 take nearly all of the time",
        )),
        _ => None,
    }
}

/// By the plaintext, which the row's name ends with.
fn by_hand_share(target: &Target) -> f64 {
    if target.row.ends_with("16 KiB") { BY_HAND_LONG_SHARE } else { BY_HAND_SHARE }
}

impl Target {
    pub(crate) fn kind(&self) -> &'static str {
        match self.what {
            What::Rival => "of the fastest rival",
            What::RivalBorrowed => "of the fastest rival, borrowed claims",
            What::Floor => "of the primitive",
            What::Allocations => "allocations",
            What::AllocationsBorrowed => "allocations, borrowed claims",
            What::Row(_) => "of another row",
            What::RowPerByte { .. } => "of another row, per byte",
            What::Speedup => "times one thread, at least",
            What::BuildTime => "of jsonwebtoken's with aws_lc_rs",
        }
    }
}
