//! RFC 9278: the URI of a key's thumbprint, its example, and what isn't one.

mod vectors;

use std::collections::HashSet;

use countersign::Error;
use countersign::jwk::{ThumbprintHash, ThumbprintUri};
use vectors::{Case, changed, code, jwk};

/// RFC 9278's example, for the key of RFC 7638 §3.1.
const URI: &str = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

fn parse(text: &str) -> Result<ThumbprintUri, Error> {
    text.parse()
}

#[test]
fn the_example_goes_both_ways() {
    let key = Case::of("RFC 7638 3.1").jwk("jwk");
    assert_eq!(key.thumbprint_uri().to_string(), URI);
    let uri = parse(URI).unwrap();
    assert_eq!(uri, key.thumbprint_uri());
    assert_eq!((uri.hash(), uri.thumbprint()), (ThumbprintHash::Sha256, &*key.thumbprint()));
    assert!(uri.matches(&key));
}

#[test]
fn a_uri_names_one_key_under_its_own_hash_function() {
    let key = Case::of("RFC 7638 3.1").jwk("jwk");
    let other = jwk(&Case::of("RFC 7517 A.2").value("jwks")["keys"][0]);
    let mut names = HashSet::new();
    for (hash, name) in [
        (ThumbprintHash::Sha256, "sha-256"),
        (ThumbprintHash::Sha384, "sha-384"),
        (ThumbprintHash::Sha512, "sha-512"),
    ] {
        let uri = key.thumbprint_uri_with(hash);
        assert_eq!(
            uri.to_string(),
            format!("urn:ietf:params:oauth:jwk-thumbprint:{name}:{}", key.thumbprint_with(hash))
        );
        let again = parse(&uri.to_string()).unwrap();
        assert_eq!((&again, again.hash()), (&uri, hash));
        assert!(again.matches(&key) && !again.matches(&other));
        assert!(names.insert(uri));
    }
    // The private key has the URI of its public key.
    let public = other.to_public().unwrap();
    assert_eq!(other.thumbprint_uri(), public.thumbprint_uri());
    let bent = URI.replace("NzbLs", "NzbLt");
    assert!(!parse(&bent).unwrap().matches(&key));
}

/// RFC 8141 §3.1: the scheme and the namespace are compared without regard to case, and nothing else is.
#[test]
fn capitals_count_where_a_urn_says_so() {
    let key = Case::of("RFC 7638 3.1").jwk("jwk");
    for (from, to) in [("urn:ietf", "URN:IETF"), ("urn", "Urn"), ("ietf", "Ietf")] {
        let uri = parse(&URI.replacen(from, to, 1)).unwrap();
        assert_eq!((uri.to_string(), uri.matches(&key)), (URI.to_owned(), true));
    }
    for (from, to, expected) in [
        ("params", "Params", "encoding"),
        ("oauth", "OAuth", "encoding"),
        ("jwk-thumbprint", "JWK-Thumbprint", "encoding"),
        ("sha-256", "SHA-256", "unsupported_key"),
    ] {
        assert_eq!(code(parse(&URI.replacen(from, to, 1))), expected, "{to}");
    }
}

#[test]
fn what_is_no_thumbprint_uri_is_refused() {
    let thumbprint = URI.rsplit(':').next().unwrap();
    for (text, expected) in [
        (String::new(), "encoding"),
        (thumbprint.to_owned(), "encoding"),
        (format!("sha-256:{thumbprint}"), "encoding"),
        (format!(" {URI}"), "encoding"),
        (URI.replace("urn:", "uri:"), "encoding"),
        (URI.replace("jwk-thumbprint:", "jwk-thumbprints:"), "encoding"),
        (URI.replace(":sha-256:", ":"), "encoding"),
        (URI.replace("sha-256", "sha256"), "unsupported_key"),
        (URI.replace("sha-256", "sha-256-128"), "unsupported_key"),
        (URI.replace("sha-256", "sha3-256"), "unsupported_key"),
        (URI.replace("sha-256", ""), "unsupported_key"),
        (URI.replace("sha-256", "sha-384"), "length"),
        (URI.replace("sha-256", "sha-512"), "length"),
        (format!("{URI}AA"), "base64url"),
        (format!("{URI}A"), "length"),
        (URI.replace(thumbprint, ""), "length"),
        (URI.replace(thumbprint, &thumbprint[..42]), "non_canonical_base64url"),
        (format!("{URI} "), "base64url"),
        (format!("{URI}="), "base64url"),
        (format!("{URI}#key"), "base64url"),
        (format!("{URI}?+a"), "base64url"),
        (format!("{URI}:{thumbprint}"), "base64url"),
        // The last character's unused bits.
        (URI.replace("C9Xs", "C9Xt"), "non_canonical_base64url"),
        ("é".repeat(9), "encoding"),
    ] {
        let refused = parse(&text);
        assert_eq!(refused.as_ref().map_or_else(Error::code, |_| "accepted"), expected, "{text}");
        assert!(refused.is_err_and(|error| !error.to_string().contains("NzbLs")));
    }
    assert_eq!(code(parse(&URI.replace(thumbprint, &changed(thumbprint)))), "accepted");
}
