//! The scanner itself: one pass over the bytes of a text, by the grammar of RFC 8259 §2 to §7; members
//! come out as they are passed, or the fault that ended the scan.
//!
//! Recursion is bounded by the depth limit, so no text exhausts the stack. Numbers that readers round
//! differently, at the very end of an `f64`, are refused.

use std::borrow::Cow;

use super::names::Names;
use super::{Kind, Value, string};
use crate::limits::Limits;

/// A place in a text, everything before it being in order.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    pub(super) max_depth: usize,
    pub(super) max_members: usize,
    /// Containers deeper than this are only held to RFC 8259: whoever uses their members scans them again.
    pub(super) strict_levels: usize,
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

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, limits: &Limits) -> Self {
        Self {
            text,
            at: 0,
            max_depth: limits.json_depth.min(MAX_DEPTH),
            max_members: limits.json_members,
            strict_levels: usize::MAX,
        }
    }

    /// Goes to the first value and returns its kind, as its first byte tells it.
    pub(super) fn start(&mut self) -> Option<Kind> {
        self.skip_whitespace().and_then(Kind::starting_with)
    }

    /// Scans whitespace, then the end of the text.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        self.skip_whitespace();
        if self.at == self.text.len() { Ok(()) } else { Err(Fault::NotJson) }
    }

    /// Scans the object that begins here, `level` being 1 for the outermost.
    pub(super) fn object(
        &mut self,
        level: usize,
        mut member: impl FnMut(&Cow<'a, str>, Value<'a>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.open(level)?;
        if self.take(b'}') {
            return Ok(());
        }
        let is_strict = level <= self.strict_levels;
        let mut names = Names::new();
        loop {
            if names.len() >= self.max_members {
                return Err(Fault::Members);
            }
            let name = self.name()?;
            if is_strict && !names.insert(&name) {
                return Err(Fault::DuplicateName);
            }
            let value = self.value(level)?;
            member(&name, value)?;
            if self.close(b'}')? {
                return Ok(());
            }
        }
    }

    /// Scans the value that begins here, `level` containers being around it.
    // Called apart, this and what scans names and strings show in what each claim takes.
    #[inline(always)]
    pub(super) fn value(&mut self, level: usize) -> Result<Value<'a>, Fault> {
        let start = self.at;
        // Most are strings: these are scanned where they are asked for.
        let (kind, is_plain) = match self.peek() {
            Some(b'"') => (Kind::String, self.string()?),
            _ => (self.other_value(level)?, false),
        };
        Ok(Value { kind, is_plain, text: self.since(start)? })
    }

    /// Scans a value that is no string.
    #[inline(never)]
    fn other_value(&mut self, level: usize) -> Result<Kind, Fault> {
        let kind = self.peek().and_then(Kind::starting_with).ok_or(Fault::NotJson)?;
        match kind {
            Kind::Object => self.object(level + 1, |_, _| Ok(()))?,
            Kind::Array => self.array(level + 1)?,
            Kind::Number => self.number()?,
            Kind::String | Kind::Bool | Kind::Null => self.literal()?,
        }
        Ok(kind)
    }

    fn array(&mut self, level: usize) -> Result<(), Fault> {
        self.open(level)?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.value(level)?;
            if self.close(b']')? {
                return Ok(());
            }
        }
    }

    /// Scans a member's name, the colon, and the whitespace around them.
    #[inline(always)]
    fn name(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(Fault::NotJson);
        }
        let name = if self.string()? {
            self.text.get(start + 1..self.at - 1).map(Cow::Borrowed)
        } else {
            string::unquote(self.since(start)?)
        };
        let name = name.ok_or(Fault::NotJson)?;
        if self.skip_whitespace() != Some(b':') {
            return Err(Fault::NotJson);
        }
        self.at += 1;
        self.skip_whitespace();
        Ok(name)
    }

    /// Scans the string that begins here, and says whether it is without escapes.
    #[inline(always)]
    fn string(&mut self) -> Result<bool, Fault> {
        self.at += 1;
        let rest = self.rest();
        let len = string::plain_len(rest).ok_or(Fault::NotJson)?;
        self.at += len;
        if rest.get(len) == Some(&b'"') {
            self.at += 1;
            return Ok(true);
        }
        self.escapes()?;
        Ok(false)
    }

    /// Scans the rest of a string that has an escape here.
    #[cold]
    fn escapes(&mut self) -> Result<(), Fault> {
        loop {
            match self.rest() {
                [b'"', ..] => {
                    self.at += 1;
                    return Ok(());
                }
                [b'\\', escape @ ..] => {
                    let (_, len) = string::read_escape(escape).ok_or(Fault::NotJson)?;
                    self.at += 1 + len;
                }
                _ => return Err(Fault::NotJson),
            }
            self.at += string::plain_len(self.rest()).ok_or(Fault::NotJson)?;
        }
    }

    /// Scans the number that begins here: RFC 8259 §6.
    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        let has_exponent = self.take(b'e') || self.take(b'E');
        if has_exponent {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        if has_exponent || self.at - start > ALWAYS_FINITE_LEN {
            let number: f64 = self.since(start)?.parse().map_err(|_| Fault::NotJson)?;
            if number.abs() >= NUMBER_CEILING {
                return Err(Fault::NotJson);
            }
        }
        Ok(())
    }

    /// Scans one digit or more.
    fn digits(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        let count = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        self.at += count;
        if count == 0 { Err(Fault::NotJson) } else { Ok(()) }
    }

    fn literal(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        let literals: [&[u8]; 3] = [b"true", b"false", b"null"];
        let literal = literals.into_iter().find(|literal| rest.starts_with(literal));
        self.at += literal.ok_or(Fault::NotJson)?.len();
        Ok(())
    }

    /// Scans the bracket that opens a container, and whitespace.
    fn open(&mut self, level: usize) -> Result<(), Fault> {
        // Recursion must not exhaust the stack, however lenient the scan is.
        let max_depth = if level > self.strict_levels { MAX_DEPTH } else { self.max_depth };
        if level > max_depth {
            return Err(Fault::Depth);
        }
        self.at += 1;
        self.skip_whitespace();
        Ok(())
    }

    /// Scans what follows a container's item: `bracket`, which ends the container and gives
    /// `true`, or a comma; and whitespace on both sides.
    #[inline]
    fn close(&mut self, bracket: u8) -> Result<bool, Fault> {
        let next = self.skip_whitespace();
        let is_closed = next == Some(bracket);
        if !is_closed && next != Some(b',') {
            return Err(Fault::NotJson);
        }
        self.at += 1;
        if !is_closed {
            self.skip_whitespace();
        }
        Ok(is_closed)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Goes to the next byte that isn't whitespace, and returns it.
    #[inline]
    fn skip_whitespace(&mut self) -> Option<u8> {
        loop {
            let next = self.peek();
            // One comparison for what stands between two tokens of most texts: nothing.
            if next.is_none_or(|byte| byte > b' ') || !matches!(next, Some(b' ' | b'\t' | b'\n' | b'\r')) {
                return next;
            }
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Returns the text from `start` to here. Both stand next to ASCII, so it is there.
    fn since(&self, start: usize) -> Result<&'a str, Fault> {
        self.text.get(start..self.at).ok_or(Fault::NotJson)
    }
}

/// serde_json reads 127 levels and refuses the 128th; what is scanned here it must read too.
const MAX_DEPTH: usize = 127;

/// Below 10^300 whatever the digits are, so there is nothing to compute.
const ALWAYS_FINITE_LEN: usize = 300;

/// A little below `f64::MAX`: readers that round in steps, as serde_json does, overflow some
/// 10^-16 earlier than those that round once, and both must agree.
const NUMBER_CEILING: f64 = 1.797_693_134_862_31e308;
