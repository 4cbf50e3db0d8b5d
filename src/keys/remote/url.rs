//! The URLs that keys may come from, and that an API may have: text goes in, a verdict comes out, before anything
//! is connected (RFC 3986 §3.2).
//!
//! Only what every parser of URLs reads alike passes: what is https or loopback here must be so to the
//! client that connects.

use std::net::{Ipv4Addr, Ipv6Addr};

/// How far a URL may be trusted to lead where it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Transport {
    /// Over TLS.
    Https,
    /// In clear, to this machine.
    Loopback,
    /// In clear, to anywhere.
    Plain,
}

/// How the URL leads there, or `None` if it isn't one of ours.
pub(crate) fn transport(url: &str) -> Option<Transport> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // No user information, no backslash, no fragment, nothing outside ASCII.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?=&%+,;:!$'()*@{}".contains(&byte);
    if !rest.bytes().all(plain) {
        return None;
    }
    let host = host(authority)?;
    match scheme {
        "https" => Some(Transport::Https),
        "http" if is_loopback(host) => Some(Transport::Loopback),
        "http" => Some(Transport::Plain),
        _ => None,
    }
}

fn host(authority: &str) -> Option<&str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        (host, port)
    } else {
        let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        (!host.is_empty() && host.bytes().all(fits)).then_some((host, port))?
    };
    match port.strip_prefix(':') {
        None if port.is_empty() => Some(host),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse::<u16>().ok().map(|_| host)
        }
        _ => None,
    }
}

fn is_loopback(host: &str) -> bool {
    // RFC 6761 §6.3 has `localhost` lead nowhere else.
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

/// A URL as logs may have it: scheme, host and path, if it is one of ours. A query may hold a secret, and what
/// stands before an `@` is one.
pub(super) fn for_logs(url: &str) -> &str {
    match transport(url) {
        Some(_) => url.split_once('?').map_or(url, |(before, _)| before),
        None => "(not a URL that keys may come from)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_get_no_query_and_no_user() {
        for (url, shown) in [
            ("https://id.example.com/jwks", "https://id.example.com/jwks"),
            ("https://id.example.com:8443/jwks?code=SECRET&a=?", "https://id.example.com:8443/jwks"),
            ("http://127.0.0.1?SECRET", "http://127.0.0.1"),
            ("https://user:SECRET@id.example.com/jwks", "(not a URL that keys may come from)"),
            ("https://id.example.com/#SECRET", "(not a URL that keys may come from)"),
            ("SECRET", "(not a URL that keys may come from)"),
        ] {
            assert_eq!(for_logs(url), shown);
        }
    }

    #[test]
    fn each_url_has_its_transport() {
        for (url, expected) in [
            ("https://id.example.com/jwks", Some(Transport::Https)),
            ("https://id.example.com:8443/a?b=c%20d", Some(Transport::Https)),
            ("https://[2001:db8::1]:443/", Some(Transport::Https)),
            ("http://127.0.0.1:8080/jwks", Some(Transport::Loopback)),
            ("http://127.9.9.9", Some(Transport::Loopback)),
            ("http://localhost:1/", Some(Transport::Loopback)),
            ("http://[::1]/", Some(Transport::Loopback)),
            ("http://id.example.com/jwks", Some(Transport::Plain)),
            ("http://localhost.example.com/", Some(Transport::Plain)),
            ("http://127.0.0.1.example.com/", Some(Transport::Plain)),
            ("http://0.0.0.0/", Some(Transport::Plain)),
            ("http://0x7f.1/", Some(Transport::Plain)),
            ("http://[::ffff:127.0.0.1]/", Some(Transport::Plain)),
        ] {
            assert_eq!(transport(url), expected, "{url}");
        }
    }

    #[test]
    fn what_parsers_read_differently_is_no_url() {
        for url in [
            "file:///etc/passwd",
            "data:application/json,{}",
            "ftp://id.example.com/",
            "HTTPS://id.example.com/",
            "//id.example.com/",
            "https:/id.example.com/",
            "https:id.example.com",
            "https:///jwks",
            "https://",
            "",
            "http://127.0.0.1@id.example.com/",
            "https://user:secret@id.example.com/",
            "http://127.0.0.1\\@id.example.com/",
            "http://127.0.0.1#@id.example.com/",
            "https://id.example.com/#fragment",
            "https://id.example.com/a b",
            "https://id.example.com\n/",
            "https://id.example.com:port/",
            "https://id.example.com:99999/",
            "https://id.example.com:/",
            "https://[::1/",
            "https://[::1]x/",
            "https://[127.0.0.1]/",
            "https://i%64.example.com/",
            "https://\u{ff49}d.example.com/",
        ] {
            assert_eq!(transport(url), None, "{url}");
        }
    }
}
