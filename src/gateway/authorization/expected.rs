//! A value that a claim is compared with: a string, a boolean or a whole number of the application's.
//!
//! A claim of another kind is neither equal nor different: what an issuer meant by `"true"` isn't this
//! library's to guess, so the comparison is undecided and the answer no, also under `not`.

use std::borrow::Cow;

use super::truth::Truth;
use crate::jwt::ClaimValue;
use crate::wire::json::{Kind, Value};

/// What a claim's value is compared with: made from a string, a boolean or an integer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedValue(Expected);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expected {
    Text(String),
    Boolean(bool),
    Integer(i128),
}

impl ExpectedValue {
    pub(super) fn equals(&self, value: ClaimValue<'_>) -> Truth {
        self.compare(value.value())
    }

    /// Whether an array holds the value, or a string holds it as one of its words, as `scope` does.
    pub(super) fn is_contained_in(&self, value: ClaimValue<'_>) -> Truth {
        let value = value.value();
        match (value.kind(), &self.0) {
            // No word is empty, so this is a slip: two spaces in a row must not make it one.
            (Kind::String, Expected::Text(expected)) if expected.is_empty() => Truth::Undecided,
            (Kind::Array, _) => {
                let elements = value.elements().into_iter().flatten();
                elements.map(|element| self.compare(element)).fold(Truth::Unmet, Truth::or)
            }
            (Kind::String, Expected::Text(expected)) => {
                let text = value.as_str().unwrap_or(Cow::Borrowed(""));
                Truth::from(text == *expected || text.split(' ').any(|word| word == expected))
            }
            _ => Truth::Undecided,
        }
    }

    fn compare(&self, value: Value<'_>) -> Truth {
        match (&self.0, value.kind()) {
            (Expected::Text(expected), Kind::String) => {
                Truth::from(value.as_str().is_some_and(|text| text == *expected))
            }
            (Expected::Boolean(expected), Kind::Bool) => Truth::from(value.as_bool() == Some(*expected)),
            // A fraction or an exponent isn't a whole number, even where it has the value of one.
            (Expected::Integer(expected), Kind::Number) => {
                value.text().parse().map_or(Truth::Undecided, |number: i128| Truth::from(number == *expected))
            }
            _ => Truth::Undecided,
        }
    }
}

impl From<&str> for ExpectedValue {
    fn from(text: &str) -> Self {
        Self(Expected::Text(text.to_owned()))
    }
}

impl From<String> for ExpectedValue {
    fn from(text: String) -> Self {
        Self(Expected::Text(text))
    }
}

impl From<bool> for ExpectedValue {
    fn from(value: bool) -> Self {
        Self(Expected::Boolean(value))
    }
}

impl From<i32> for ExpectedValue {
    fn from(number: i32) -> Self {
        Self(Expected::Integer(number.into()))
    }
}

impl From<i64> for ExpectedValue {
    fn from(number: i64) -> Self {
        Self(Expected::Integer(number.into()))
    }
}

impl From<u64> for ExpectedValue {
    fn from(number: u64) -> Self {
        Self(Expected::Integer(number.into()))
    }
}
