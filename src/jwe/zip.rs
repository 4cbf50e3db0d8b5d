//! `zip`: the plaintext compressed with DEFLATE before it is encrypted (RFC 7516 §4.1.3, RFC 1951). A
//! plaintext goes in and comes out shorter; on the other side it comes out again, once the tag held.
//!
//! A few bytes can stand for gigabytes, so the output has a buffer that never grows past the limit, and the
//! work ends where the buffer does (draft-ietf-oauth-rfc8725bis §3.15). How short a plaintext gets says what
//! is in it, and encryption hides no lengths (RFC 8725 §3.6), so both sides have to ask for this.

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::CompressionLevel;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, TDEFLStatus, compress};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use zeroize::Zeroizing;

use crate::error::{Defect, Error, Limit, Part};
use crate::limits::Limits;
use crate::secret::SecretBytes;

/// Compresses a plaintext.
///
/// # Errors
///
/// [`Error::Unavailable`] should the compressor stop, which no input makes it do.
pub(super) fn deflate(plaintext: &[u8]) -> Result<SecretBytes, Error> {
    let mut state =
        Box::new(CompressorOxide::with_format_and_level(DataFormat::Raw, CompressionLevel::DefaultLevel));
    let mut output = Output::new(plaintext.len() / 2 + MIN_BUFFER_LEN);
    let mut rest = plaintext;
    loop {
        let (status, read, written) = compress(&mut state, rest, output.free(), TDEFLFlush::Finish);
        output.advance(written);
        rest = rest.get(read..).unwrap_or_default();
        match status {
            TDEFLStatus::Done => return Ok(output.into_secret()),
            TDEFLStatus::Okay => output.grow(usize::MAX),
            _ => return Err(Error::Unavailable { what: "compression" }),
        }
    }
}

/// Undoes the compression of a plaintext that is authentic.
///
/// # Errors
///
/// [`Error::LimitExceeded`] for a plaintext of more than [`Limits::inflated_bytes`], [`Error::Malformed`] for
/// anything but one whole stream.
pub(super) fn inflate(compressed: &SecretBytes, limits: &Limits) -> Result<SecretBytes, Error> {
    let max = limits.inflated_bytes;
    let mut rest = compressed.expose_secret();
    let mut state = Box::<DecompressorOxide>::default();
    let mut output = Output::new(rest.len().saturating_mul(2).saturating_add(MIN_BUFFER_LEN).min(max));
    loop {
        let (status, read, written) = decompress(
            &mut state,
            rest,
            &mut output.buffer,
            output.len,
            TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        );
        output.advance(written);
        rest = rest.get(read..).unwrap_or_default();
        match status {
            // What stands behind the stream would be authentic and yet nobody's to read.
            TINFLStatus::Done if rest.is_empty() => return Ok(output.into_secret()),
            TINFLStatus::HasMoreOutput if output.buffer.len() < max => output.grow(max),
            TINFLStatus::HasMoreOutput => {
                let max = u64::try_from(max).unwrap_or(u64::MAX);
                return Err(Error::LimitExceeded { limit: Limit::InflatedBytes, max });
            }
            _ => return Err(Error::malformed(Part::Plaintext, Defect::Deflate)),
        }
    }
}

/// What has been written so far, in a buffer that leaves no copy behind when it grows.
struct Output {
    buffer: Zeroizing<Vec<u8>>,
    len: usize,
}

impl Output {
    fn new(capacity: usize) -> Self {
        #[cfg(test)]
        tests::LARGEST.set(tests::LARGEST.get().max(capacity));
        Self { buffer: Zeroizing::new(vec![0; capacity]), len: 0 }
    }

    fn free(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.len..).unwrap_or_default()
    }

    fn advance(&mut self, written: usize) {
        self.len = self.len.saturating_add(written).min(self.buffer.len());
    }

    /// Doubles the buffer, but not past `max`.
    fn grow(&mut self, max: usize) {
        let doubled = self.buffer.len().saturating_mul(2).max(MIN_BUFFER_LEN).min(max);
        let mut larger = Self::new(doubled);
        larger.free().iter_mut().zip(self.buffer.iter()).for_each(|(to, from)| *to = *from);
        larger.len = self.len;
        *self = larger;
    }

    fn into_secret(mut self) -> SecretBytes {
        self.buffer.truncate(self.len);
        SecretBytes::from_zeroizing(self.buffer)
    }
}

/// Bytes of the least buffer, in which short plaintexts need no second one.
const MIN_BUFFER_LEN: usize = 256;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// The largest buffer that this thread has asked for.
        pub(super) static LARGEST: Cell<usize> = const { Cell::new(0) };
    }

    fn inflate_within(compressed: &[u8], max: usize) -> Result<SecretBytes, Error> {
        inflate(&SecretBytes::from(compressed.to_vec()), &Limits::default().inflated_bytes(max))
    }

    fn too_large(max: u64) -> Result<SecretBytes, Error> {
        Err(Error::LimitExceeded { limit: Limit::InflatedBytes, max })
    }

    fn malformed() -> Result<SecretBytes, Error> {
        Err(Error::malformed(Part::Plaintext, Defect::Deflate))
    }

    /// Octets that don't compress: those of a generator.
    fn noise(len: usize) -> Vec<u8> {
        let mut state: u64 = 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn what_is_compressed_comes_back() {
        for len in [0, 1, 2, 255, 256, 257, 1000, 32_768, 65_535, 65_536, 100_000, 249_999, 250_000] {
            let text: Vec<u8> = b"so it goes, ".iter().copied().cycle().take(len).collect();
            for plaintext in [vec![0; len], text, noise(len)] {
                let compressed = deflate(&plaintext).unwrap();
                assert!(
                    compressed.len() <= len + 5 * (len / 31_744 + 1) + 3,
                    "{} of {len}",
                    compressed.len()
                );
                let inflated = inflate(&compressed, &Limits::default()).unwrap();
                assert!(inflated.expose_secret() == plaintext, "{len}");
            }
        }
    }

    /// RFC 1951 §3.2.4 and §3.2.6 by hand: the letter x in a stored block and with fixed codes.
    #[test]
    fn streams_of_others_are_read() {
        let stored = [0x01, 0x01, 0x00, 0xfe, 0xff, b'x'];
        let fixed = [0xab, 0x00, 0x00];
        for stream in [&stored[..], &fixed] {
            let inflated = inflate_within(stream, 1);
            assert_eq!(inflated, Ok(SecretBytes::from(b"x".to_vec())), "{stream:?}");
            assert_eq!(inflate_within(stream, 0), too_large(0));
        }
        // Two blocks, of which the first isn't the last.
        let two = [&[0x00, 0x01, 0x00, 0xfe, 0xff, b'a'][..], &stored].concat();
        assert_eq!(inflate_within(&two, 2), Ok(SecretBytes::from(b"ax".to_vec())));
        let nothing = [0x03, 0x00];
        assert_eq!(inflate_within(&nothing, 0), Ok(SecretBytes::from(Vec::new())));
    }

    #[test]
    fn the_limit_holds_to_the_byte() {
        for len in [1, 255, 256, 257, 258, 511, 512, 513, 1000, 65_536, 250_000] {
            for plaintext in [vec![0; len], noise(len)] {
                let compressed = deflate(&plaintext).unwrap();
                let compressed = compressed.expose_secret();
                for max in [len, len + 1, len + 300, usize::MAX] {
                    assert_eq!(inflate_within(compressed, max).unwrap().len(), len, "{len} in {max}");
                }
                for max in [len - 1, len / 2, 0] {
                    assert_eq!(inflate_within(compressed, max), too_large(max.try_into().unwrap()), "{len}");
                }
            }
        }
    }

    /// 100 MB of zeros: no buffer is ever larger than the limit, whichever it is.
    #[test]
    fn a_bomb_takes_no_more_memory_than_the_limit() {
        let bomb = deflate(&vec![0; 100_000_000]).unwrap();
        assert!(bomb.len() < 200_000, "{}", bomb.len());
        for max in [0, 1, 1000, 250_000, 250_001, 1_000_000] {
            LARGEST.set(0);
            let expected = Error::LimitExceeded { limit: Limit::InflatedBytes, max: max.try_into().unwrap() };
            assert_eq!(inflate(&bomb, &Limits::default().inflated_bytes(max)), Err(expected));
            assert_eq!(LARGEST.get(), max);
        }
        // Within a limit that is never reached, a plaintext takes twice its length at most.
        LARGEST.set(0);
        let small = deflate(&[0; 1000]).unwrap();
        assert!(inflate(&small, &Limits::default().inflated_bytes(usize::MAX)).is_ok());
        assert!(LARGEST.get() <= 2000, "{}", LARGEST.get());
    }

    #[test]
    fn streams_that_are_cut_or_followed_by_something_are_refused() {
        for plaintext in [&b"x"[..], b"", &[7; 1000], &noise(1000)] {
            let whole = deflate(plaintext).unwrap();
            let whole = whole.expose_secret();
            assert!(inflate_within(whole, 1000).is_ok());
            for len in 0..whole.len() {
                assert_eq!(inflate_within(&whole[..len], 1000), malformed(), "{len} of {}", whole.len());
            }
            for behind in [&[0][..], &[0; 100], whole] {
                assert_eq!(inflate_within(&[whole, behind].concat(), 1000), malformed());
            }
        }
    }

    #[test]
    fn what_is_no_stream_is_refused() {
        // A block of the reserved type; a stored block whose lengths disagree; a distance before the start; and
        // the wrappings that other names stand for (RFC 1950, RFC 1952).
        let none: [&[u8]; 6] = [
            &[0x07],
            &[0x01, 0x01, 0x00, 0xff, 0xff, b'x'],
            &[0x03, 0x02, 0x00],
            &[0x78, 0x9c, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01],
            &[0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x03, 0x00],
            &[0xff; 40],
        ];
        for stream in none {
            assert_eq!(inflate_within(stream, 1000), malformed(), "{stream:x?}");
        }
    }
}
