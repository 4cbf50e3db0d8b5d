//! The scanner itself: one pass over the bytes, recursion bounded by the depth limit.

use std::borrow::Cow;

use super::names::Names;
use super::{Kind, Value, string};
use crate::error::{Defect, Error, Limit, Part};
use crate::limits::Limits;
use crate::wire::over_limit;

/// A place in a text, everything before it being in order.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    part: Part,
    max_depth: usize,
    max_members: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, part: Part, limits: &Limits) -> Self {
        let max_depth = limits.json_depth.min(MAX_DEPTH);
        Self { text, at: 0, part, max_depth, max_members: limits.json_members }
    }

    /// Goes to the first value and returns its kind, as its first byte tells it.
    pub(super) fn start(&mut self) -> Option<Kind> {
        self.skip_whitespace();
        self.peek().and_then(Kind::starting_with)
    }

    /// Scans whitespace, then the end of the text.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.skip_whitespace();
        if self.at == self.text.len() { Ok(()) } else { Err(self.not_json()) }
    }

    /// Scans the object that begins here, `level` being 1 for the outermost.
    pub(super) fn object(
        &mut self,
        level: usize,
        member: &mut impl FnMut(&str, Value<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.open(level)?;
        if self.take(b'}') {
            return Ok(());
        }
        let mut names = Names::new();
        loop {
            if names.len() >= self.max_members {
                return Err(over_limit(Limit::JsonMembers, self.max_members));
            }
            let name = self.name()?;
            if !names.insert(name.clone()) {
                return Err(Error::malformed(self.part, Defect::DuplicateMember));
            }
            let value = self.value(level)?;
            member(&name, value)?;
            if self.close(b'}')? {
                return Ok(());
            }
        }
    }

    /// Scans the value that begins here, `level` containers being around it.
    pub(super) fn value(&mut self, level: usize) -> Result<Value<'a>, Error> {
        let start = self.at;
        let kind = self.peek().and_then(Kind::starting_with).ok_or_else(|| self.not_json())?;
        match kind {
            Kind::Object => self.object(level + 1, &mut |_, _| Ok(()))?,
            Kind::Array => self.array(level + 1)?,
            Kind::String => self.string().map(drop)?,
            Kind::Number => self.number()?,
            Kind::Bool | Kind::Null => self.literal()?,
        }
        Ok(Value { kind, text: self.since(start)? })
    }

    fn array(&mut self, level: usize) -> Result<(), Error> {
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
    fn name(&mut self) -> Result<Cow<'a, str>, Error> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.not_json());
        }
        self.string()?;
        let name = string::unquote(self.since(start)?).ok_or_else(|| self.not_json())?;
        self.skip_whitespace();
        if !self.take(b':') {
            return Err(self.not_json());
        }
        self.skip_whitespace();
        Ok(name)
    }

    /// Scans the string that begins here.
    fn string(&mut self) -> Result<(), Error> {
        self.at += 1;
        loop {
            let rest = self.rest();
            let run =
                rest.iter().position(|&byte| string::is_special(byte)).ok_or_else(|| self.not_json())?;
            self.at += run + 1;
            match rest.get(run..) {
                Some([b'"', ..]) => return Ok(()),
                Some([b'\\', escape @ ..]) => {
                    let (_, len) = string::read_escape(escape).ok_or_else(|| self.not_json())?;
                    self.at += len;
                }
                _ => return Err(self.not_json()),
            }
        }
    }

    /// Scans the number that begins here: RFC 8259 §6.
    fn number(&mut self) -> Result<(), Error> {
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
            let number: f64 = self.since(start)?.parse().map_err(|_| self.not_json())?;
            if number.abs() >= NUMBER_CEILING {
                return Err(self.not_json());
            }
        }
        Ok(())
    }

    /// Scans one digit or more.
    fn digits(&mut self) -> Result<(), Error> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.not_json()) } else { Ok(()) }
    }

    fn literal(&mut self) -> Result<(), Error> {
        let rest = self.rest();
        let literals: [&[u8]; 3] = [b"true", b"false", b"null"];
        let literal = literals.into_iter().find(|literal| rest.starts_with(literal));
        self.at += literal.ok_or_else(|| self.not_json())?.len();
        Ok(())
    }

    /// Scans the bracket that opens a container, and whitespace.
    fn open(&mut self, level: usize) -> Result<(), Error> {
        if level > self.max_depth {
            return Err(over_limit(Limit::JsonDepth, self.max_depth));
        }
        self.at += 1;
        self.skip_whitespace();
        Ok(())
    }

    /// Scans what follows a container's item: `bracket`, which ends the container and gives
    /// `true`, or a comma; and whitespace on both sides.
    fn close(&mut self, bracket: u8) -> Result<bool, Error> {
        self.skip_whitespace();
        if self.take(bracket) {
            return Ok(true);
        }
        if !self.take(b',') {
            return Err(self.not_json());
        }
        self.skip_whitespace();
        Ok(false)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
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
    fn since(&self, start: usize) -> Result<&'a str, Error> {
        self.text.get(start..self.at).ok_or_else(|| self.not_json())
    }

    const fn not_json(&self) -> Error {
        Error::malformed(self.part, Defect::Json)
    }
}

/// serde_json reads 127 levels and refuses the 128th; what is scanned here it must read too.
const MAX_DEPTH: usize = 127;

/// Below 10^300 whatever the digits are, so there is nothing to compute.
const ALWAYS_FINITE_LEN: usize = 300;

/// A little below `f64::MAX`: readers that round in steps, as serde_json does, overflow some
/// 10^-16 earlier than those that round once, and both must agree.
const NUMBER_CEILING: f64 = 1.797_693_134_862_31e308;
