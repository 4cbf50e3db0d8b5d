//! SHA-2 on all stacks (FIPS 180-4): parts of a message go in, their hash value comes out. For
//! thumbprints (RFC 7638 §3.3) and the key derivation of ECDH-ES (RFC 7518 §4.6.2).
//!
//! The parts are hashed as one text; where two of them could run together, the caller puts lengths
//! between.

use ::sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::crypto::{Digest, Hash};

/// Returns the hash value of the parts, one after the other.
pub(crate) fn digest(hash: Hash, parts: &[&[u8]]) -> Digest {
    match hash {
        Hash::Sha256 => hash_of::<Sha256>(parts),
        Hash::Sha384 => hash_of::<Sha384>(parts),
        Hash::Sha512 => hash_of::<Sha512>(parts),
    }
}

/// Returns the SHA-256 of the parts, one after the other, where it is no secret.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = Sha256::new();
    for part in parts {
        state.update(part);
    }
    state.finalize().into()
}

fn hash_of<D: ::sha2::Digest>(parts: &[&[u8]]) -> Digest {
    let mut state = D::new();
    for part in parts {
        state.update(part);
    }
    let mut output = state.finalize();
    let digest = Digest::copy_of(&output).expect("a SHA-2 hash value has at most 64 bytes");
    // The value may be a derived key (RFC 7518 §4.6.2).
    zeroize::Zeroize::zeroize(output.as_mut_slice());
    digest
}
