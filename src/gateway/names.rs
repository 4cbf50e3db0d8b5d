//! What several parts of a gateway ask of the names that they are given: a header field's, a service's, a scope's.
//!
//! Rules only; each caller has the words for what is wrong.

/// "token = 1*tchar" RFC 9110 §5.6.2
pub(super) fn is_tchar(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

/// Whether two are the same. They are few.
pub(super) fn has_twice<'a>(names: impl Iterator<Item = &'a String> + Clone) -> bool {
    names.clone().enumerate().any(|(index, name)| names.clone().skip(index + 1).any(|other| other == name))
}
