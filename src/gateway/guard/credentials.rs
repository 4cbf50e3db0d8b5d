//! The token out of a request's `Authorization` field (RFC 6750 §2.1): the field's values go in, the one token
//! comes out, or what is wrong with them.
//!
//! A request whose credentials can be read in two ways is refused: whoever stands before or behind this
//! gateway may read the other one. Nothing is taken from the query or the body (RFC 9700 §4.3.2).

use std::fmt;

use crate::gateway::names::is_tchar;

/// What is wrong with a request's credentials, so that there is no token to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadCredentials {
    /// There are none. 401, and a challenge without an error, as there was none.
    Missing,
    /// They are of another scheme than `Bearer`. 401, and a challenge without an error: the client is told of
    /// the scheme that would do.
    OtherScheme,
    /// The `Authorization` field isn't `Bearer`, spaces and one token of the characters that tokens have. 400,
    /// `invalid_request`: no token of the client's is to blame.
    Malformed,
    /// There is more than one `Authorization` field, whatever they say. 400, `invalid_request`.
    Repeated,
}

impl BadCredentials {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Missing => "credentials_missing",
            Self::OtherScheme => "credentials_of_other_scheme",
            Self::Malformed => "credentials_malformed",
            Self::Repeated => "credentials_repeated",
        }
    }

    pub(super) const fn http_status(self) -> u16 {
        match self {
            // "If the request lacks any authentication information (e.g., the client was unaware that
            // authentication is necessary or attempted using an unsupported authentication method), the
            // resource server SHOULD NOT include an error code or other error information." RFC 6750 §3.1
            Self::Missing | Self::OtherScheme => 401,
            // "The request […] repeats the same parameter, uses more than one method for including an access
            // token, or is otherwise malformed. The resource server SHOULD respond with the HTTP 400 (Bad
            // Request) status code." RFC 6750 §3.1
            Self::Malformed | Self::Repeated => 400,
        }
    }
}

impl fmt::Display for BadCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "expected an authorization field with a bearer token, found none",
            Self::OtherScheme => "expected the authorization scheme `Bearer`, found another",
            Self::Malformed => {
                "expected `Bearer` and one token in the authorization field, found another form"
            }
            Self::Repeated => "expected one authorization field, found more",
        })
    }
}

impl std::error::Error for BadCredentials {}

/// The `Authorization` fields of a request: what matters is whether there is exactly one.
#[derive(Clone, Copy)]
pub(super) enum Authorization<'r> {
    None,
    One(&'r [u8]),
    Several,
}

impl<'r> Authorization<'r> {
    pub(super) fn of<B: AsRef<[u8]> + ?Sized + 'r>(values: impl IntoIterator<Item = &'r B>) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (None, _) => Self::None,
            (Some(value), None) => Self::One(value.as_ref()),
            (Some(_), Some(_)) => Self::Several,
        }
    }

    /// Returns the bearer token.
    pub(super) fn token(self) -> Result<&'r str, BadCredentials> {
        match self {
            Self::None => Err(BadCredentials::Missing),
            Self::One(value) => bearer(value),
            Self::Several => Err(BadCredentials::Repeated),
        }
    }
}

fn bearer(value: &[u8]) -> Result<&str, BadCredentials> {
    let scheme_end = value.iter().position(|octet| !is_tchar(*octet)).unwrap_or(value.len());
    let (scheme, rest) = value.split_at_checked(scheme_end).ok_or(BadCredentials::Malformed)?;
    let spaces = rest.iter().take_while(|octet| **octet == b' ').count();
    let (spaces, token) = rest.split_at_checked(spaces).ok_or(BadCredentials::Malformed)?;
    // Something else than a space ends the scheme: it is none.
    if scheme.is_empty() || spaces.is_empty() && !token.is_empty() {
        return Err(BadCredentials::Malformed);
    }
    // "auth-scheme = token", "a case-insensitive token to identify the authentication scheme" RFC 9110 §11.1
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Err(BadCredentials::OtherScheme);
    }
    if !is_b64token(token) {
        return Err(BadCredentials::Malformed);
    }
    std::str::from_utf8(token).map_err(|_| BadCredentials::Malformed)
}

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` RFC 6750 §2.1
fn is_b64token(text: &[u8]) -> bool {
    let padding = text.iter().rev().take_while(|octet| **octet == b'=').count();
    let body = text.split_at_checked(text.len() - padding).map_or(text, |(body, _)| body);
    // Without a branch an octet: every token of every request comes through here.
    let all_fit = body.iter().fold(true, |fit, octet| {
        let letter = (octet | 0x20).wrapping_sub(b'a') < 26;
        let digit = octet.wrapping_sub(b'0') < 10;
        let [dash, dot, low, tilde] = [b'-', b'.', b'_', b'~'].map(|other| *octet == other);
        let [plus, slash] = [b'+', b'/'].map(|other| *octet == other);
        fit & (letter | digit | dash | dot | low | tilde | plus | slash)
    });
    !body.is_empty() && all_fit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(value: &[u8]) -> Result<&str, BadCredentials> {
        Authorization::of([value]).token()
    }

    #[test]
    fn the_grammar_is_kept_to_the_letter() {
        for (value, expected) in [
            ("Bearer mF_9.B5f-4.1JqM", Ok("mF_9.B5f-4.1JqM")),
            ("bearer a", Ok("a")),
            ("BEARER a==", Ok("a==")),
            ("bEaReR    a+/~", Ok("a+/~")),
            ("Bearer", Err(BadCredentials::Malformed)),
            ("Bearer ", Err(BadCredentials::Malformed)),
            ("Bearer =", Err(BadCredentials::Malformed)),
            ("Bearer a=b", Err(BadCredentials::Malformed)),
            ("Bearer a b", Err(BadCredentials::Malformed)),
            ("Bearer a ", Err(BadCredentials::Malformed)),
            (" Bearer a", Err(BadCredentials::Malformed)),
            ("Bearer\ta", Err(BadCredentials::Malformed)),
            ("Bearer \ta", Err(BadCredentials::Malformed)),
            ("Bearer:a", Err(BadCredentials::Malformed)),
            ("Bearer=a", Err(BadCredentials::Malformed)),
            ("Bearer a,b", Err(BadCredentials::Malformed)),
            ("Bearer a, Bearer b", Err(BadCredentials::Malformed)),
            ("Bearer, Bearer a", Err(BadCredentials::Malformed)),
            ("Bearer \"a\"", Err(BadCredentials::Malformed)),
            ("Bearer a\0", Err(BadCredentials::Malformed)),
            ("Bearer \u{e9}", Err(BadCredentials::Malformed)),
            ("", Err(BadCredentials::Malformed)),
            (" ", Err(BadCredentials::Malformed)),
            ("a.b.c", Err(BadCredentials::OtherScheme)),
            ("Bearera", Err(BadCredentials::OtherScheme)),
            ("xBearer a", Err(BadCredentials::OtherScheme)),
            ("DPoP a", Err(BadCredentials::OtherScheme)),
            ("Basic dTpw", Err(BadCredentials::OtherScheme)),
            ("Negotiate", Err(BadCredentials::OtherScheme)),
            ("Digest username=\"a\", realm=\"b\"", Err(BadCredentials::OtherScheme)),
        ] {
            assert_eq!(token(value.as_bytes()), expected, "{value:?}");
        }
        assert_eq!(token(b"Bearer \xff"), Err(BadCredentials::Malformed));
        assert_eq!(token(b"B\xc3\xa9arer a"), Err(BadCredentials::Malformed));
    }

    /// Each octet is in the set of RFC 6750 §2.1 or not.
    #[test]
    fn the_set_of_characters_is_the_rfcs() {
        let set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
        for octet in 0..=u8::MAX {
            assert_eq!(is_b64token(&[octet]), set.as_bytes().contains(&octet), "{octet}");
            assert_eq!(is_b64token(&[octet, b'=']), set.as_bytes().contains(&octet), "{octet}");
        }
    }

    #[test]
    fn exactly_one_field_will_do() {
        assert_eq!(Authorization::of(None::<&str>).token(), Err(BadCredentials::Missing));
        assert_eq!(Authorization::of(["Bearer a"]).token(), Ok("a"));
        for second in ["Bearer a", "Bearer b", "Basic dTpw", ""] {
            assert_eq!(Authorization::of(["Bearer a", second]).token(), Err(BadCredentials::Repeated));
            assert_eq!(Authorization::of([second, "Bearer a"]).token(), Err(BadCredentials::Repeated));
        }
    }
}
