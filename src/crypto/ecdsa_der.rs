//! ECDSA signatures in DER, as key management services return them (RFC 3279 §2.2.3): a SEQUENCE of
//! the integers r and s goes in, r and s of the curve's one length come out (RFC 7518 §3.4).
//!
//! One encoding of a signature is accepted and no other: minimal lengths and integers, nothing behind
//! them, neither integer zero, negative or longer than a coordinate. That it holds is another question.

use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};

use super::{CryptoError, EcCurve, SignatureBytes};

/// Returns `r || s` of a signature in DER.
pub(crate) fn ecdsa_signature_from_der(curve: EcCurve, der: &[u8]) -> Result<SignatureBytes, CryptoError> {
    let (r, s) = integers(der).map_err(|_| CryptoError)?;
    let len = curve.coordinate_len();
    SignatureBytes::filled(2 * len, |signature| {
        let (first, second) = signature.split_at_mut_checked(len).ok_or(CryptoError)?;
        write(r, first)?;
        write(s, second)
    })
}

fn integers(der: &[u8]) -> der::Result<(UintRef<'_>, UintRef<'_>)> {
    let mut reader = SliceReader::new(der)?;
    let integers = reader
        .sequence(|reader| Ok::<_, der::Error>((UintRef::decode(reader)?, UintRef::decode(reader)?)))?;
    reader.finish()?;
    Ok(integers)
}

/// Writes an integer at the end of what has the length of a coordinate, and is zeros.
fn write(integer: UintRef<'_>, out: &mut [u8]) -> Result<(), CryptoError> {
    // r and s are at least 1 (FIPS 186-5 §6.4.2). The reader gives zero as no octets or one.
    let octets = integer.as_bytes();
    if octets.iter().all(|octet| *octet == 0) {
        return Err(CryptoError);
    }
    let start = out.len().checked_sub(octets.len()).ok_or(CryptoError)?;
    out.get_mut(start..).ok_or(CryptoError)?.copy_from_slice(octets);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `INTEGER`s in a `SEQUENCE`, each as it is given.
    fn der(integers: &[&[u8]]) -> Vec<u8> {
        let value = |tag: u8, content: &[u8]| {
            let len = u8::try_from(content.len()).unwrap();
            let header = if len < 128 { vec![tag, len] } else { vec![tag, 0x81, len] };
            [header, content.to_vec()].concat()
        };
        value(0x30, &integers.iter().flat_map(|integer| value(2, integer)).collect::<Vec<_>>())
    }

    fn read(der: &[u8]) -> Option<Vec<u8>> {
        ecdsa_signature_from_der(EcCurve::P256, der).ok().map(|signature| signature.as_ref().to_vec())
    }

    #[test]
    fn integers_become_halves_of_one_length() {
        let half = |end: &[u8]| [&vec![0; 32 - end.len()], end].concat();
        for (r, s, halves) in [
            (&[1][..], &[2][..], [half(&[1]), half(&[2])]),
            (&[0x7f; 32], &[3; 31], [half(&[0x7f; 32]), half(&[3; 31])]),
            // With the highest bit set, an integer has an octet of zeros in front.
            (&[&[0], &[0xff; 32][..]].concat(), &[0, 0x80], [half(&[0xff; 32]), half(&[0x80])]),
        ] {
            assert_eq!(read(&der(&[r, s])), Some(halves.concat()));
        }
        // P-521 needs the long form of a length.
        let signature = ecdsa_signature_from_der(EcCurve::P521, &der(&[&[1; 66], &[1; 66]])).unwrap();
        assert_eq!(signature.as_ref(), [1; 132]);
    }

    #[test]
    fn what_isnt_one_signature_in_der_is_refused() {
        let (one, good) = (&[1][..], der(&[&[1], &[2]]));
        assert!(read(&good).is_some());
        for (why, text) in [
            ("nothing", Vec::new()),
            ("r and s themselves", vec![1; 64]),
            ("one integer", der(&[one])),
            ("three integers", der(&[one, one, one])),
            ("something behind it", [&good[..], &[0]].concat()),
            ("cut short", good.split_last().unwrap().1.to_vec()),
            ("r is zero", der(&[&[0], one])),
            ("s is zero", der(&[one, &[0]])),
            ("s is empty", der(&[one, &[]])),
            ("r is negative", der(&[&[0x80], one])),
            ("r isn't minimal", der(&[&[0, 1], one])),
            ("s is longer than a coordinate", der(&[one, &[1; 33]])),
            ("s is longer behind its zero", der(&[one, &[&[0], &[0xff; 33][..]].concat()])),
            ("a length that isn't minimal", vec![0x30, 0x81, 6, 2, 1, 1, 2, 1, 2]),
            ("an indefinite length", vec![0x30, 0x80, 2, 1, 1, 2, 1, 2, 0, 0]),
            ("a SET", vec![0x31, 6, 2, 1, 1, 2, 1, 2]),
            ("an OCTET STRING", vec![0x30, 6, 2, 1, 1, 4, 1, 2]),
        ] {
            assert_eq!(read(&text), None, "{why}");
        }
        // No length asks for more than there is room for.
        assert_eq!(read(&[&[0x30, 0x82, 0x55, 0x46][..], &[1; 21_830]].concat()), None);
    }
}
