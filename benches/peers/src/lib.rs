//! What the contenders share, so that each of them does the same work: keys, claims, the rows of the table, and the
//! loop in which a contender's own process does what the driver asks of it.
//!
//! A contender is one binary, `src/rivals/<name>.rs`: it fills a [`Table`] with one closure per row that it can do,
//! each built from keys that are parsed once, as its documentation recommends, and hands it to [`Table::serve`].

pub mod claims;
pub mod keys;
#[cfg(feature = "countersign")]
pub mod ours;
pub mod rows;
mod table;
mod worker;

pub use table::{Operation, Table};
