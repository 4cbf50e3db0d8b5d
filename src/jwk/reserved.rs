//! Names of the specifications that are known here and not served yet: the curves of 448 bits (RFC 8037
//! §2). A name goes in, and whether it is one of them comes out.
//!
//! Nothing else may take these names, and whoever meets one is told that it isn't a mistake of theirs.
//! `tests/readme.rs` reads this file too: rows of the README are made of it.

/// Curves of signature keys, which are the signatures' `alg` as well, each with where it is defined.
pub(crate) const SIGNATURES: &[(&str, &str)] = &[("Ed448", "RFC 9864 §2.2")];

/// Curves of keys that agree on a secret, each with where it is defined.
pub(crate) const AGREEMENTS: &[(&str, &str)] = &[("X448", "RFC 8037 §3.2")];

/// Returns whether the name is set aside: exact and case-sensitive.
pub(crate) fn is_reserved(name: &str) -> bool {
    SIGNATURES.iter().chain(AGREEMENTS).any(|(reserved, _)| *reserved == name)
}
