//! What countersign holds itself to: countersign's time divided by the fastest rival's in the same row of the same
//! run, and a few things beside. One table; nothing else knows a number of it.

use peers::rows::{self, BATCH, BORROWED, ENCRYPTIONS, NESTED_ISSUE, NESTED_VERIFY, ONE_BY_ONE, PLAINTEXTS};
use serde::Serialize;

use super::contenders::{FLOOR, OURS, Stack};
use super::report::Row;
use super::rounds::{median, paired_ratio};

/// What is compared.
pub(crate) enum What {
    /// Ours ÷ the fastest rival's.
    Rival,
    /// Ours, with borrowed claims ÷ the fastest rival's, which nobody else borrows.
    RivalBorrowed,
    /// Ours ÷ the primitive's.
    Floor,
    /// Allocations of ours.
    Allocations,
    AllocationsBorrowed,
    /// Ours ÷ ours in that row.
    Row(String),
    /// The same, each divided by the length of its claims set.
    RowPerByte {
        other: String,
        lengths: (f64, f64),
    },
    /// Tokens of two threads ÷ tokens of one, in the same time; at least.
    Speedup,
    /// Seconds of our clean build ÷ jsonwebtoken's.
    BuildTime,
}

/// One line of the table.
pub(crate) struct Target {
    pub(crate) row: String,
    pub(crate) what: What,
    pub(crate) limit: f64,
}

/// How a target came out.
#[derive(Serialize)]
pub(crate) struct Verdict {
    pub(crate) row: String,
    pub(crate) kind: &'static str,
    pub(crate) limit: f64,
    pub(crate) measured: f64,
    /// The rival, or the row, that it was measured against.
    pub(crate) against: Option<String>,
    pub(crate) holds: bool,
}

/// The targets on this stack.
pub(crate) fn of(stack: Stack) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut add = |row: String, what, limit| targets.push(Target { row, what, limit });

    // Both stacks.
    add(rows::verify("HS256"), What::Rival, 0.45);
    add(rows::verify("HS256"), What::RivalBorrowed, 0.35);
    add(rows::verify("HS256"), What::AllocationsBorrowed, 0.0);
    add(rows::issue("HS256"), What::Rival, 0.90);
    add(rows::issue("HS256"), What::Allocations, 1.0);
    add(rows::verify("EdDSA"), What::Rival, 0.96);
    let es256 = if stack == Stack::Ring { 1.00 } else { 0.97 };
    add(rows::issue("ES256"), What::Rival, es256);
    add(rows::verify("ES256"), What::Rival, es256);
    add(String::from("clean release build"), What::BuildTime, 0.9);
    if stack == Stack::Ring {
        return targets;
    }

    // The stack aws-lc-rs.
    for name in ["RS256", "PS256"] {
        add(rows::verify(name), What::Rival, 0.85);
        add(rows::issue(name), What::Rival, 0.97);
    }
    add(rows::issue("ES384"), What::Rival, 0.65);
    add(rows::verify("ES384"), What::Rival, 0.99);
    add(rows::issue("EdDSA"), What::Rival, 0.65);
    for names in ENCRYPTIONS {
        let (encrypt, decrypt) = match names.0 {
            "dir" => (0.42, 0.36),
            "RSA-OAEP-256" => (0.70, 0.97),
            "ECDH-ES" | "ECDH-ES+A256KW" => (0.40, 0.25),
            _ => (0.55, 0.55),
        };
        for (size, _) in PLAINTEXTS {
            add(rows::encrypt(names, size), What::Rival, encrypt);
            add(rows::decrypt(names, size), What::Rival, decrypt);
        }
    }
    add(NESTED_ISSUE.to_owned(), What::Rival, 0.40);
    add(NESTED_VERIFY.to_owned(), What::Rival, 0.30);
    add(rows::verify("ES256"), What::Floor, 1.05);
    add(rows::verify("RS256"), What::Floor, 1.08);
    let lengths = (1024.0 * 1024.0, 8.0 * 1024.0);
    add(rows::sized("1.3 MB"), What::RowPerByte { other: rows::sized("11 KB"), lengths }, 1.1);
    for name in ["HS256", "ES256"] {
        add(rows::two_threads(&rows::verify(name)), What::Speedup, 1.9);
    }
    add(rows::set(1000), What::Row(rows::set(1)), 1.1);
    // Both rows verify the same tokens, so the ratio is that of one token.
    add(BATCH.to_owned(), What::Row(ONE_BY_ONE.to_owned()), 0.65);
    targets
}

impl Target {
    fn kind(&self) -> &'static str {
        match self.what {
            What::Rival => "of the fastest rival",
            What::RivalBorrowed => "of the fastest rival, borrowed claims",
            What::Floor => "of the primitive",
            What::Allocations => "allocations",
            What::AllocationsBorrowed => "allocations, borrowed claims",
            What::Row(_) => "of another row",
            What::RowPerByte { .. } => "of another row, per byte",
            What::Speedup => "times one thread, at least",
            What::BuildTime => "of jsonwebtoken's with aws_lc_rs",
        }
    }

    /// Judges it by these rows. Nothing if they weren't measured in this run.
    pub(crate) fn judge(&self, measured: &[Row], build_ratio: Option<f64>) -> Option<Verdict> {
        let verdict = |measured: f64, against: Option<String>| {
            let holds = match self.what {
                What::Speedup => measured >= self.limit,
                _ => measured <= self.limit,
            };
            let (row, kind) = (self.row.clone(), self.kind());
            Verdict { row, kind, limit: self.limit, measured, against, holds }
        };
        if let What::BuildTime = self.what {
            return build_ratio.map(|ratio| verdict(ratio, Some("jsonwebtoken".to_owned())));
        }
        let row = measured.iter().find(|row| row.row == self.row)?;
        let borrowed = format!("{OURS}, {BORROWED}");
        let ours = row.times(OURS)?;
        match &self.what {
            What::Rival => {
                let rival = row.fastest_rival()?;
                Some(verdict(paired_ratio(ours, &rival.times), Some(rival.name.clone())))
            }
            What::RivalBorrowed => {
                let rival = row.fastest_rival()?;
                Some(verdict(paired_ratio(row.times(&borrowed)?, &rival.times), Some(rival.name.clone())))
            }
            What::Floor => Some(verdict(paired_ratio(ours, row.times(FLOOR)?), Some(FLOOR.to_owned()))),
            What::Allocations => Some(verdict(row.allocations(OURS)?, None)),
            What::AllocationsBorrowed => Some(verdict(row.allocations(&borrowed)?, None)),
            What::Row(other) => {
                let theirs = measured.iter().find(|row| row.row == *other)?.times(OURS)?;
                Some(verdict(paired_ratio(ours, theirs), Some(other.clone())))
            }
            What::RowPerByte { other, lengths } => {
                let theirs = measured.iter().find(|row| row.row == *other)?.times(OURS)?;
                let per_byte = (median(ours) / lengths.0) / (median(theirs) / lengths.1);
                Some(verdict(per_byte, Some(other.clone())))
            }
            What::Speedup => Some(verdict(row.speedup(OURS)?, None)),
            What::BuildTime => None,
        }
    }
}
