//! A contender: what it is called, and one closure per row that it can do.

use std::collections::BTreeMap;

use crate::worker;

type Make = dyn Fn(&mut dyn FnMut(&str)) + Send + Sync;
type Read = dyn Fn(&str) -> Option<usize> + Send + Sync;
type Raw = dyn Fn() + Send + Sync;

/// What is timed.
pub enum Operation {
    /// Makes a token and shows it: libraries hand theirs out in types of their own.
    Make(Box<Make>),
    /// Reads a token that it is given, checks all that the row asks for, and gives the length of what it then has:
    /// of the claim `scope`, of the list of groups, or of a plaintext. Nothing for a token that it refuses.
    Read(Box<Read>),
    /// The primitive below a row, on octets of its own.
    Raw(Box<Raw>),
}

/// The rows of one contender.
pub struct Table {
    pub(crate) name: &'static str,
    pub(crate) rows: BTreeMap<String, Operation>,
}

impl Table {
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, rows: BTreeMap::new() }
    }

    /// A row whose result is a token.
    pub fn make<T: AsRef<str>>(
        &mut self,
        row: impl Into<String>,
        make: impl Fn() -> T + Send + Sync + 'static,
    ) {
        let make = move |show: &mut dyn FnMut(&str)| show(make().as_ref());
        self.rows.insert(row.into(), Operation::Make(Box::new(make)));
    }

    /// A row that reads a token.
    pub fn read(
        &mut self,
        row: impl Into<String>,
        read: impl Fn(&str) -> Option<usize> + Send + Sync + 'static,
    ) {
        self.rows.insert(row.into(), Operation::Read(Box::new(read)));
    }

    /// A row of the floor.
    pub fn raw(&mut self, row: impl Into<String>, raw: impl Fn() + Send + Sync + 'static) {
        self.rows.insert(row.into(), Operation::Raw(Box::new(raw)));
    }

    /// Does what the driver asks for, until it asks no more.
    pub fn serve(self) {
        worker::serve(self);
    }
}
