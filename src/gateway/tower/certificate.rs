//! A client's certificate in a header field, as proxies that end TLS pass it on (RFC 9440 §2.2): a field goes in,
//! the certificate comes out, if it is exactly one.
//!
//! That the field is the proxy's and not the client's, nobody can see here.

use http::{HeaderMap, HeaderName};

use crate::profile::access_token::ClientCertificate;
use crate::wire::base64;

/// Reads the one field of that name. "The value of the header is encoded as described in Section 2.1", a Byte
/// Sequence: base64 between colons (RFC 8941 §3.3.5).
pub(super) fn client_certificate(headers: &HeaderMap, name: &HeaderName) -> Option<ClientCertificate> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let encoded = value.to_str().ok()?.strip_prefix(':')?.strip_suffix(':')?;
    let der = base64::decode(encoded).filter(|der| !der.is_empty())?;
    Some(ClientCertificate::from_der(&der))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thumbprint(values: &[&str]) -> Option<String> {
        let name = HeaderName::from_static("client-cert");
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, value.parse().unwrap());
        }
        client_certificate(&headers, &name).map(|certificate| certificate.thumbprint())
    }

    #[test]
    fn one_byte_sequence_is_a_certificate() {
        let certificate = ClientCertificate::from_der(b"DER of a certificate");
        let encoded = format!(":{}:", base64::encode(b"DER of a certificate"));
        assert_eq!(thumbprint(&[&encoded]), Some(certificate.thumbprint()));
        for (refused, why) in [
            (&[] as &[&str], "none"),
            (&[&encoded, &encoded], "two"),
            (&[&format!("{encoded}, {encoded}")], "two in one field"),
            (&[&encoded.replace(':', "")], "no byte sequence"),
            (&["::"], "nothing in it"),
            (&[":"], "one colon"),
            (&[":RA:"], "no padding"),
            (&[":*:"], "another alphabet"),
        ] {
            assert_eq!(thumbprint(refused), None, "{why}");
        }
    }
}
