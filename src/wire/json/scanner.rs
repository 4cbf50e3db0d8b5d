//! The scanner itself: one pass over the bytes of a text, by the grammar of RFC 8259 §2 to §7; members
//! come out as they are passed, or the fault that ended the scan.
//!
//! Each step takes the text from where it begins and gives back the text behind it. What stands between two tokens
//! of most texts is nothing, so that is tried first. Recursion is bounded by the depth limit, so no text exhausts
//! the stack. Numbers that readers round differently, at the very end of an `f64`, are refused.

use std::borrow::Cow;

use super::names::Names;
use super::{Kind, Value, string};
use crate::limits::Limits;

/// What a scan holds a text to, beyond RFC 8259.
pub(super) struct Scanner {
    pub(super) max_depth: usize,
    pub(super) max_members: usize,
    /// Containers deeper than this are only held to RFC 8259: whoever uses their members scans them again.
    pub(super) strict_levels: usize,
}

/// A member's name.
pub(super) struct Name<'n, 'a> {
    /// The name, unescaped.
    pub(super) text: &'n str,
    /// The same, if it stands in the text so.
    pub(super) plain: Option<&'a str>,
    /// One bit of 64, the same for equal names: see [`string::mark_of`].
    pub(super) mark: u64,
}

/// Why a scan ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// What stands here isn't JSON, or a number beyond an `f64`.
    NotJson,
    /// An object has this name already.
    DuplicateName,
    /// More containers are open than allowed.
    Depth,
    /// An object has more members than allowed.
    Members,
    /// Whoever takes the members wants no more.
    Refused,
}

impl Scanner {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            max_depth: limits.json_depth.min(MAX_DEPTH),
            max_members: limits.json_members,
            strict_levels: usize::MAX,
        }
    }

    /// Scans the object that begins here, `level` being 1 for the outermost.
    pub(super) fn object<'a>(
        &self,
        text: &'a str,
        level: usize,
        mut member: impl FnMut(&Name<'_, 'a>, Value<'a>) -> Result<(), Fault>,
    ) -> Result<&'a str, Fault> {
        let mut rest = self.open(text, level)?;
        if let Some(rest) = rest.strip_prefix('}') {
            return Ok(rest);
        }
        let is_strict = level <= self.strict_levels;
        let mut names = Names::new();
        loop {
            if names.len() >= self.max_members {
                return Err(Fault::Members);
            }
            let unescaped;
            let (name, after) = match plain_name(rest)? {
                Some(plain) => plain,
                None => {
                    let (literal, after) = other_name(rest)?;
                    unescaped = string::unquote(literal).ok_or(Fault::NotJson)?;
                    let plain =
                        string::without_quotes(literal).filter(|_| matches!(unescaped, Cow::Borrowed(_)));
                    (Name { text: &unescaped, plain, mark: string::mark_of(&unescaped) }, after)
                }
            };
            if is_strict && !names.insert(&name) {
                return Err(Fault::DuplicateName);
            }
            let (value, after) = self.value(after, level)?;
            member(&name, value)?;
            let is_closed;
            (is_closed, rest) = close(after, b'}')?;
            if is_closed {
                return Ok(rest);
            }
        }
    }

    /// Scans the value that begins here, `level` containers being around it.
    // Called apart, this and what scans names and strings show in what each claim takes.
    #[inline(always)]
    pub(super) fn value<'a>(&self, text: &'a str, level: usize) -> Result<(Value<'a>, &'a str), Fault> {
        // Most are strings without escapes: these are scanned where they are asked for.
        if let [b'"', inside @ ..] = text.as_bytes()
            && let Some(len) = string::plain_len(inside)
            && inside.get(len) == Some(&b'"')
        {
            let (literal, rest) = text.split_at_checked(len + 2).ok_or(Fault::NotJson)?;
            return Ok((Value { kind: Kind::String, is_plain: true, text: literal }, rest));
        }
        let (kind, rest) = self.other_value(text, level)?;
        Ok((Value::scanned(kind, before(text, rest)?), rest))
    }

    /// Scans a value that is no string, or one with an escape.
    #[inline(never)]
    fn other_value<'a>(&self, text: &'a str, level: usize) -> Result<(Kind, &'a str), Fault> {
        let kind = text.as_bytes().first().copied().and_then(Kind::starting_with).ok_or(Fault::NotJson)?;
        let rest = match kind {
            Kind::Number => number(text)?,
            Kind::Object => self.object(text, level + 1, |_, _| Ok(()))?,
            Kind::Array => self.array(text, level + 1)?,
            Kind::String => string_with_escapes(text)?,
            Kind::Bool | Kind::Null => literal(text)?,
        };
        Ok((kind, rest))
    }

    fn array<'a>(&self, text: &'a str, level: usize) -> Result<&'a str, Fault> {
        let mut rest = self.open(text, level)?;
        if let Some(rest) = rest.strip_prefix(']') {
            return Ok(rest);
        }
        loop {
            let (_, after) = self.value(rest, level)?;
            let is_closed;
            (is_closed, rest) = close(after, b']')?;
            if is_closed {
                return Ok(rest);
            }
        }
    }

    /// Scans the bracket that opens a container, and whitespace.
    fn open<'a>(&self, text: &'a str, level: usize) -> Result<&'a str, Fault> {
        // Recursion must not exhaust the stack, however lenient the scan is.
        let max_depth = if level > self.strict_levels { MAX_DEPTH } else { self.max_depth };
        if level > max_depth {
            return Err(Fault::Depth);
        }
        text.get(1..).map(skip_whitespace).ok_or(Fault::NotJson)
    }
}

/// Scans whitespace, then the end of the text.
pub(super) fn end(text: &str) -> Result<(), Fault> {
    if skip_whitespace(text).is_empty() { Ok(()) } else { Err(Fault::NotJson) }
}

/// Scans a member's name, the colon, and whitespace behind that; gives nothing if the name isn't as most are.
#[inline(always)]
fn plain_name(text: &str) -> Result<Option<(Name<'_, '_>, &str)>, Fault> {
    let inside = text.strip_prefix('"').ok_or(Fault::NotJson)?;
    let (len, mark) = string::plain_name(inside.as_bytes()).ok_or(Fault::NotJson)?;
    let (plain, rest) = inside.split_at_checked(len).ok_or(Fault::NotJson)?;
    Ok(rest
        .strip_prefix("\":")
        .map(|rest| (Name { text: plain, plain: Some(plain), mark }, skip_whitespace(rest))))
}

/// Scans a name that has an escape or whitespace behind it, and gives it as it stands there, quotes included.
#[cold]
fn other_name(text: &str) -> Result<(&str, &str), Fault> {
    let rest = string_with_escapes(text)?;
    let literal = before(text, rest)?;
    let rest = skip_whitespace(rest).strip_prefix(':').ok_or(Fault::NotJson)?;
    Ok((literal, skip_whitespace(rest)))
}

/// Scans the string that begins here, escapes in it or not.
#[cold]
fn string_with_escapes(text: &str) -> Result<&str, Fault> {
    let mut rest = text.as_bytes().get(1..).ok_or(Fault::NotJson)?;
    loop {
        let plain = string::plain_len(rest).ok_or(Fault::NotJson)?;
        rest = rest.get(plain..).ok_or(Fault::NotJson)?;
        rest = match rest {
            [b'"', after @ ..] => return behind(text, after.len()),
            [b'\\', escape @ ..] => {
                let (_, len) = string::read_escape(escape).ok_or(Fault::NotJson)?;
                escape.get(len..).ok_or(Fault::NotJson)?
            }
            _ => return Err(Fault::NotJson),
        };
    }
}

/// Scans the number that begins here: RFC 8259 §6.
fn number(text: &str) -> Result<&str, Fault> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let mut rest = match unsigned.strip_prefix('0') {
        Some(rest) => rest,
        None => digits(unsigned)?,
    };
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = digits(fraction)?;
    }
    let exponent = rest.strip_prefix(['e', 'E']);
    if let Some(exponent) = exponent {
        rest = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))?;
    }
    if exponent.is_some() || text.len() - rest.len() > ALWAYS_FINITE_LEN {
        let number: f64 = before(text, rest)?.parse().map_err(|_| Fault::NotJson)?;
        if number.abs() >= NUMBER_CEILING {
            return Err(Fault::NotJson);
        }
    }
    Ok(rest)
}

/// Scans one digit or more.
#[inline(always)]
fn digits(text: &str) -> Result<&str, Fault> {
    let count = string::digits_len(text.as_bytes());
    if count == 0 { Err(Fault::NotJson) } else { text.get(count..).ok_or(Fault::NotJson) }
}

fn literal(text: &str) -> Result<&str, Fault> {
    ["true", "false", "null"].into_iter().find_map(|literal| text.strip_prefix(literal)).ok_or(Fault::NotJson)
}

/// Scans what follows a container's item: `bracket`, which ends the container and gives `true`, or a comma; and
/// whitespace before either and behind the comma.
#[inline(always)]
fn close(text: &str, bracket: u8) -> Result<(bool, &str), Fault> {
    if let Some(rest) = text.strip_prefix(',') {
        return Ok((false, skip_whitespace(rest)));
    }
    let text = skip_whitespace(text);
    let next = text.as_bytes().first();
    let is_closed = next == Some(&bracket);
    let rest = text.get(1..).filter(|_| is_closed || next == Some(&b',')).ok_or(Fault::NotJson)?;
    Ok((is_closed, if is_closed { rest } else { skip_whitespace(rest) }))
}

/// Goes to the next byte that isn't whitespace.
#[inline(always)]
pub(super) fn skip_whitespace(text: &str) -> &str {
    // One comparison for what stands between two tokens of most texts: nothing.
    if text.as_bytes().first().is_some_and(|&byte| byte > b' ') { text } else { skip_some_whitespace(text) }
}

#[inline(never)]
fn skip_some_whitespace(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

/// Returns what stands before `rest`, with which the text ends. Both end and begin next to ASCII, so it is there.
#[inline]
fn before<'a>(text: &'a str, rest: &str) -> Result<&'a str, Fault> {
    text.len().checked_sub(rest.len()).and_then(|len| text.get(..len)).ok_or(Fault::NotJson)
}

/// Returns the last `len` bytes of the text.
fn behind(text: &str, len: usize) -> Result<&str, Fault> {
    text.len().checked_sub(len).and_then(|start| text.get(start..)).ok_or(Fault::NotJson)
}

/// serde_json reads 127 levels and refuses the 128th; what is scanned here it must read too.
const MAX_DEPTH: usize = 127;

/// Below 10^300 whatever the digits are, so there is nothing to compute.
const ALWAYS_FINITE_LEN: usize = 300;

/// A little below `f64::MAX`: readers that round in steps, as serde_json does, overflow some
/// 10^-16 earlier than those that round once, and both must agree.
const NUMBER_CEILING: f64 = 1.797_693_134_862_31e308;
