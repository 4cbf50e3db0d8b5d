//! Whole numbers, as dates and most other numbers in claims are: digits go in, a number of 64 bits comes out.
//!
//! The scanner has judged their form, so a leading zero isn't looked for. It takes eight digits at once. What has a sign,
//! a fraction, an exponent or more digits than always fit is left to the standard library, which takes one by one.

use super::string::{EACH, non_digits};

/// Reads a number of 1 to 19 digits, and nothing else.
#[inline]
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > ALWAYS_FITS {
        return None;
    }
    let (mut number, mut rest) = (0, bytes);
    while let Some((word, after)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        if non_digits(word) != 0 {
            return None;
        }
        number = number * 100_000_000 + eight_digits(word);
        rest = after;
    }
    for &byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

/// Reads eight digits, the first in the lowest byte: neighbours are put together to pairs, these to fours, these to
/// the number.
const fn eight_digits(word: u64) -> u64 {
    let digits = word ^ (EACH * 0x30);
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

/// So many digits are below 2^64, whichever they are.
const ALWAYS_FITS: usize = 19;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_of_the_range_are_read_and_what_is_beyond_is_not() {
        for text in ["0", "7", "12345678", "1790000000", "9999999999999999999", "0000000000000000001"] {
            assert_eq!(whole_number(text), text.parse().ok(), "{text}");
        }
        for text in ["", "-1", "+1", "1.0", "1e3", "12345678.9", "1234567890123456e", "18446744073709551615"]
        {
            assert_eq!(whole_number(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn digits_are_read_as_the_standard_library_reads_them(text in "[0-9]{1,19}") {
            prop_assert_eq!(whole_number(&text), Some(text.parse().unwrap()));
        }

        #[test]
        fn nothing_else_is_read(text in prop_oneof!["[0-9]{0,17}[^0-9][0-9]{0,17}", "[0-9]{20,30}"]) {
            prop_assert_eq!(whole_number(&text), None);
        }
    }
}
