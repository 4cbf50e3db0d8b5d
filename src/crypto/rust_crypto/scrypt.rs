//! scrypt on all stacks (RFC 7914 §6): a password and a salt go in, a key of any length comes out.
//!
//! Time and memory are the product of the three cost parameters; the caller bounds it. The `scrypt` crate
//! doesn't wipe its memory, of which the first blocks are derived from the password alone.

use crate::crypto::CryptoError;

/// Fills `key` with what the password and the salt derive, at the cost `2^log_n`, `r`, `p`.
pub(crate) fn scrypt(
    password: &[u8],
    salt: &[u8],
    (log_n, r, p): (u8, u32, u32),
    key: &mut [u8],
) -> Result<(), CryptoError> {
    let parameters = ::scrypt::Params::new(log_n, r, p).map_err(|_| CryptoError)?;
    ::scrypt::scrypt(password, salt, &parameters, key).map_err(|_| CryptoError)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(password: &[u8], salt: &[u8], cost: (u8, u32, u32)) -> [u8; 16] {
        let mut key = [0; 16];
        scrypt(password, salt, cost, &mut key).unwrap();
        key
    }

    /// RFC 7914 §12, the first 16 octets.
    #[test]
    fn scrypt_of_rfc_7914() {
        let first =
            [0x77, 0xd6, 0x57, 0x62, 0x38, 0x65, 0x7b, 0x20, 0x3b, 0x19, 0xca, 0x42, 0xc1, 0x8a, 0x04, 0x97];
        assert_eq!(derived(b"", b"", (4, 1, 1)), first);
        let second =
            [0xfd, 0xba, 0xbe, 0x1c, 0x9d, 0x34, 0x72, 0x00, 0x78, 0x56, 0xe7, 0x19, 0x0d, 0x01, 0xe9, 0xfe];
        assert_eq!(derived(b"password", b"NaCl", (10, 8, 16)), second);
    }

    #[test]
    fn costs_that_make_no_sense_are_refused() {
        for cost in [(4, 0, 1), (4, 1, 0), (64, 1, 1), (4, u32::MAX, 1)] {
            assert_eq!(scrypt(b"", b"", cost, &mut [0; 16]), Err(CryptoError), "{cost:?}");
        }
    }
}
