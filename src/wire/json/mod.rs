//! A strict scanner of JSON objects: RFC 8259, less what two readers could disagree about.
//!
//! Text goes in; out come an object's members one by one, each value as its kind and its raw
//! text, from a single pass that allocates nothing on ordinary input. Refused anywhere in the
//! text: duplicate member names (compared after unescaping), lone surrogates, numbers beyond
//! an `f64`, anything after the object, and nesting or members beyond [`Limits`]. What is
//! accepted here, `serde_json` accepts too and reads the same.

mod members;
mod names;
mod number;
mod scanner;
mod string;
#[cfg(test)]
mod tests;

pub(crate) use members::{Member, Members};
pub(crate) use number::whole_number;
pub(crate) use string::{write_string, write_strings};

use std::borrow::Cow;

use crate::error::{Defect, Error, Limit, Part};
use crate::limits::Limits;
use crate::wire::over_limit;
use scanner::{Fault, Name, Scanner, end, skip_whitespace};

/// A JSON value inside text that was scanned, so reading it again can't fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    kind: Kind,
    /// A string that is known to have no escapes.
    is_plain: bool,
    text: &'a str,
}

/// The kinds of JSON values: RFC 8259 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number that fits an `f64`.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// The elements of a JSON array, in order.
#[derive(Debug, Clone)]
pub(crate) struct Elements<'a> {
    rest: &'a str,
}

/// Scans a JSON object and hands each member's unescaped name and value to `member`.
///
/// Members arrive while the text behind them isn't scanned yet: nothing may be concluded from
/// them before this function returns `Ok`. An error of `member` ends the scan.
pub(crate) fn scan_object<'a>(
    text: &'a str,
    part: Part,
    limits: &Limits,
    mut member: impl FnMut(&str, Value<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let member: &mut Taker<'_, 'a> = &mut |name, value| member(name.text, value);
    scan(text, &Scanner::new(limits), part, member)
}

/// Whoever takes members. The scanner is compiled once for all that are asked by this, and once more for each other.
type Taker<'m, 'a> = dyn FnMut(&Name<'_, 'a>, Value<'a>) -> Result<(), Error> + 'm;

/// Hands out the members of an object that passed [`scan_object`]: its names are known to be distinct, and
/// what is in it to be within the limits.
pub(crate) fn for_each_member<'a>(text: &'a str, limits: &Limits, mut member: impl FnMut(&str, Value<'a>)) {
    let mut lenient = Scanner::new(limits);
    lenient.strict_levels = 0;
    let member: &mut Taker<'_, 'a> = &mut |name, value| {
        member(name.text, value);
        Ok(())
    };
    let _ = scan(text, &lenient, Part::Claims, member);
}

/// Scans a JSON object like [`scan_object`], in which the elements of the array `list` stand for
/// themselves: an object inside one of them may have duplicate names, and more depth and members than the
/// limits permit. Whoever takes an element scans its text by [`scan_object`], which refuses that.
pub(crate) fn scan_object_with_list<'a>(
    text: &'a str,
    list: &str,
    part: Part,
    limits: &Limits,
    mut member: impl FnMut(&str, Value<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    // The object and the array are held to everything, what is deeper to being JSON.
    let mut lenient = Scanner::new(limits);
    lenient.strict_levels = 2;
    let member: &mut Taker<'_, 'a> = &mut |name, value| {
        if name.text != list || value.kind() != Kind::Array {
            check_member(value, part, limits)?;
        }
        member(name.text, value)
    };
    scan(text, &lenient, part, member)
}

/// Holds the value of an object's member to everything.
fn check_member(value: Value<'_>, part: Part, limits: &Limits) -> Result<(), Error> {
    let strict = Scanner::new(limits);
    strict.value(value.text(), 1).map(drop).map_err(|fault| fault_error(fault, part, &strict))
}

fn scan<'a>(
    text: &'a str,
    scanner: &Scanner,
    part: Part,
    mut member: impl FnMut(&Name<'_, 'a>, Value<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let text = skip_whitespace(text);
    if !text.starts_with('{') {
        return Err(match scanner.value(text, 0).and_then(|(_, rest)| end(rest)) {
            Ok(()) => Error::malformed(part, Defect::NotAnObject),
            Err(fault) => fault_error(fault, part, scanner),
        });
    }
    let mut refusal = None;
    let scanned = scanner.object(text, 1, |name, value| {
        member(name, value).map_err(|error| {
            refusal = Some(error);
            Fault::Refused
        })
    });
    // A refusal has its own words.
    scanned.and_then(end).map_err(|fault| refusal.unwrap_or_else(|| fault_error(fault, part, scanner)))
}

fn fault_error(fault: Fault, part: Part, scanner: &Scanner) -> Error {
    match fault {
        Fault::Depth => over_limit(Limit::JsonDepth, scanner.max_depth),
        Fault::Members => over_limit(Limit::JsonMembers, scanner.max_members),
        Fault::DuplicateName => Error::malformed(part, Defect::DuplicateMember),
        Fault::NotJson | Fault::Refused => Error::malformed(part, Defect::Json),
    }
}

impl<'a> Value<'a> {
    /// Puts a value together again whose text was kept: it must be a scanned value's own.
    pub(crate) const fn scanned(kind: Kind, text: &'a str) -> Self {
        Self { kind, is_plain: false, text }
    }

    /// Returns the value's kind.
    pub(crate) const fn kind(self) -> Kind {
        self.kind
    }

    /// Names the value's kind with its article, for "expected …, found …".
    pub(crate) const fn kind_name(self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        }
    }

    /// Returns the value's JSON text, without whitespace around it.
    pub(crate) const fn text(self) -> &'a str {
        self.text
    }

    /// Returns the string, unescaped, if it is one.
    ///
    /// Only escapes cost an allocation. It isn't wiped, so whoever reads a secret's base64url,
    /// which needs no escapes, takes `Cow::Borrowed` alone.
    pub(crate) fn as_str(self) -> Option<Cow<'a, str>> {
        match self.kind {
            Kind::String => self.as_plain_str().map(Cow::Borrowed).or_else(|| string::unquote(self.text)),
            _ => None,
        }
    }

    /// Returns the string, if it is one that is known to have no escapes.
    #[inline]
    pub(crate) fn as_plain_str(self) -> Option<&'a str> {
        if self.is_plain { string::without_quotes(self.text) } else { None }
    }

    /// Returns the boolean, if it is one.
    pub(crate) fn as_bool(self) -> Option<bool> {
        (self.kind == Kind::Bool).then_some(self.text == "true")
    }

    /// Returns the elements, if it is an array.
    pub(crate) fn elements(self) -> Option<Elements<'a>> {
        match self.kind {
            Kind::Array => self.text.strip_prefix('[')?.strip_suffix(']').map(|rest| Elements { rest }),
            _ => None,
        }
    }
}

impl Kind {
    /// Returns the kind of the value that begins with this byte.
    const fn starting_with(byte: u8) -> Option<Self> {
        match byte {
            b'{' => Some(Self::Object),
            b'[' => Some(Self::Array),
            b'"' => Some(Self::String),
            b'-' | b'0'..=b'9' => Some(Self::Number),
            b't' | b'f' => Some(Self::Bool),
            b'n' => Some(Self::Null),
            _ => None,
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        // The text was scanned: between elements stand one comma and whitespace, no more.
        let rest = self.rest.trim_start_matches([',', ' ', '\t', '\n', '\r']);
        let kind = Kind::starting_with(*rest.as_bytes().first()?)?;
        let (text, rest) = rest.split_at_checked(element_len(rest))?;
        self.rest = rest;
        Some(Value::scanned(kind, text.trim_end_matches([' ', '\t', '\n', '\r'])))
    }
}

/// Returns the distance to the comma behind the first element, or to the end of the array.
fn element_len(elements: &str) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let is_end = |byte: u8| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => return depth == 0,
            _ => {}
        }
        false
    };
    elements.bytes().position(is_end).unwrap_or(elements.len())
}
