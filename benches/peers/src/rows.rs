//! The names of the rows, which driver and contenders agree on.

/// The signature algorithms, as headers name them.
pub const SIGNATURES: [&str; 6] = ["HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA"];

/// The key management and content encryption algorithms.
pub const ENCRYPTIONS: [(&str, &str); 6] = [
    ("dir", "A256GCM"),
    ("A128KW", "A128CBC-HS256"),
    ("A256KW", "A256GCM"),
    ("RSA-OAEP-256", "A256GCM"),
    ("ECDH-ES", "A256GCM"),
    ("ECDH-ES+A256KW", "A256GCM"),
];

/// Plaintexts: one where the key management decides, one where the cipher does.
pub const PLAINTEXTS: [(&str, usize); 2] = [("256 B", 256), ("16 KiB", 16 * 1024)];

/// Tokens by their length, and how long the claims set of each is. The shortest is the row of HS256 itself.
pub const SIZES: [(&str, usize); 4] =
    [("1.5 KB", 1024), ("11 KB", 8 * 1024), ("86 KB", 64 * 1024), ("1.3 MB", 1024 * 1024)];

/// How many keys the sets have.
pub const SETS: [usize; 4] = [1, 10, 100, 1000];

pub const NESTED_ISSUE: &str = "nested issue";
pub const NESTED_VERIFY: &str = "nested verify";
/// 64 tokens of a few keys, verified at once, and the same tokens one after the other.
pub const BATCH: &str = "EdDSA verify, batch of 64";
pub const ONE_BY_ONE: &str = "EdDSA verify, 64 one by one";
/// Between the tokens of those two rows.
pub const BETWEEN: char = ' ';
/// Between a row and a second way in which a contender does it.
pub const VARIANT: &str = " / ";
/// The way that borrows its claims from the token.
pub const BORROWED: &str = "borrowed";
/// The floor's ways beside the primitive alone.
pub const BY_HAND: &str = "by hand";
pub const BY_HAND_BORROWED: &str = "by hand, borrowed";
pub const DALEK: &str = "dalek";

#[must_use]
pub fn issue(algorithm: &str) -> String {
    format!("{algorithm} issue")
}

#[must_use]
pub fn verify(algorithm: &str) -> String {
    format!("{algorithm} verify")
}

/// A second way of doing a row, listed in the same row.
#[must_use]
pub fn variant(row: &str, way: &str) -> String {
    format!("{row}{VARIANT}{way}")
}

#[must_use]
pub fn encrypt((algorithm, encryption): (&str, &str), size: &str) -> String {
    format!("{algorithm} {encryption} encrypt {size}")
}

#[must_use]
pub fn decrypt((algorithm, encryption): (&str, &str), size: &str) -> String {
    format!("{algorithm} {encryption} decrypt {size}")
}

#[must_use]
pub fn sized(size: &str) -> String {
    format!("HS256 verify {size}")
}

#[must_use]
pub fn set(size: usize) -> String {
    format!("ES256 verify, 1 of {size} keys")
}

/// The row of the same operation on two threads at once.
#[must_use]
pub fn two_threads(row: &str) -> String {
    format!("{row}, two threads")
}
