//! What the published vectors gave, counted: a line on standard output, and a row of the README that
//! must say the same. Sets with slips of their publisher's are judged here too, each slip by its number.
//!
//! Unit tests use it as a module, the tests of the public API by its path.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;

const README: &str = include_str!("../README.md");

/// The line of the README that the rows stand above.
const END: &str = "<!-- evidence: end -->";

/// Whether every algorithm of the vectors is in this build; the README has the numbers of such a build.
const EVERYTHING: bool = cfg!(all(
    any(feature = "aws-lc-rs", feature = "rsa"),
    feature = "deflate",
    feature = "es256k",
    feature = "pbes2"
));

/// Prints a row of the README's evidence, which must stand there word for word. With `COUNTERSIGN_WRITE` in the
/// environment it is written there instead.
#[track_caller]
#[expect(clippy::print_stdout, reason = "the numbers are for whoever runs the test")]
pub(crate) fn row(cells: &[&str]) {
    let row = format!("| {} |", cells.join(" | "));
    println!("evidence: {row}");
    if !EVERYTHING {
        return;
    }
    if std::env::var_os("COUNTERSIGN_WRITE").is_some() {
        return write(&row, cells.first().unwrap());
    }
    stands_in_the_readme(&row);
}

#[track_caller]
pub(crate) fn stands_in_the_readme(row: &str) {
    let stands = README.lines().take_while(|line| *line != END).any(|line| line == row);
    assert!(stands, "expected this row in README.md (COUNTERSIGN_WRITE=1 puts it there):\n{row}");
}

/// Puts the row in the place of the one with the same title, or below the last one.
fn write(row: &str, title: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (above, below) = text.split_once(END).unwrap();
    let start = format!("| {title} |");
    let mut lines: Vec<&str> = above.lines().collect();
    match lines.iter_mut().find(|line| line.starts_with(&start)) {
        Some(line) => *line = row,
        None => lines.push(row),
    }
    std::fs::write(path, format!("{}\n{END}{below}", lines.join("\n"))).unwrap();
}

/// What the publisher of a vector says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Accepted,
    Refused,
    /// Either is fine, such as a key that is weak but works.
    Either,
    /// The vector has parameters that JOSE doesn't have, such as a short tag, so whatever its publisher says of it,
    /// it is refused.
    Foreign,
}

/// A vector whose verdict here isn't the publisher's.
pub(crate) struct Override {
    /// Its number in the set.
    pub(crate) case: usize,
    /// What happens here: `accepted`, or an error's stable code.
    pub(crate) code: &'static str,
    /// Why that is right.
    pub(crate) reason: &'static str,
}

/// The vectors of one row, judged one after another. They may come from several files.
pub(crate) struct Tally {
    title: &'static str,
    file: &'static str,
    overrides: &'static [Override],
    judged: BTreeSet<(&'static str, usize)>,
    accepted: usize,
    foreign: usize,
    problems: String,
}

impl Tally {
    pub(crate) fn new(title: &'static str, overrides: &'static [Override]) -> Self {
        let (judged, problems) = (BTreeSet::new(), String::new());
        Self { title, file: "", overrides, judged, accepted: 0, foreign: 0, problems }
    }

    /// Begins the next file, whose cases have numbers of their own.
    pub(crate) fn file(&mut self, file: &'static str) {
        self.file = file;
    }

    /// Compares what happened, `accepted` or an error's code, with what the publisher or the override says.
    pub(crate) fn judge(&mut self, case: usize, expected: Expected, code: &str, what: &str) {
        self.accepted += usize::from(code == "accepted");
        self.foreign += usize::from(expected == Expected::Foreign);
        // A build without an algorithm says so.
        let not_here = !EVERYTHING && code == "unsupported_feature";
        let agreed = match expected {
            Expected::Accepted => code == "accepted" || not_here,
            Expected::Refused | Expected::Foreign => code != "accepted",
            Expected::Either => true,
        };
        let problem = match self.overrides.iter().find(|entry| entry.case == case) {
            None if agreed => None,
            None => Some(format!("expected {expected:?}, found {code}")),
            Some(_) if agreed => Some(format!("overridden, but {code} is what the publisher expects")),
            Some(entry) if entry.code == code => None,
            Some(entry) => Some(format!("overridden as {}, found {code}", entry.code)),
        };
        if let Some(problem) = problem {
            writeln!(self.problems, "{} {} {case} ({what}): {problem}", self.title, self.file).unwrap();
        }
        if !self.judged.insert((self.file, case)) {
            writeln!(self.problems, "{} {} {case}: judged twice", self.title, self.file).unwrap();
        }
    }

    /// Prints the counts and ends the test: nothing may be left unexplained, and no override unused.
    #[track_caller]
    pub(crate) fn finish(mut self, cases: usize) {
        for entry in self.overrides {
            if !self.judged.iter().any(|(_, case)| *case == entry.case) {
                writeln!(self.problems, "{} {}: an override of no case", self.title, entry.case).unwrap();
            }
            if entry.reason.split_whitespace().count() < 5 {
                writeln!(self.problems, "{} {}: an override without a reason", self.title, entry.case)
                    .unwrap();
            }
        }
        assert!(self.problems.is_empty(), "\n{}", self.problems);
        assert_eq!(self.judged.len(), cases, "every case is judged");
        let (accepted, refused) = (self.accepted, cases - self.accepted);
        let numbers = [cases, accepted, refused, self.foreign, self.overrides.len()];
        let [cases, accepted, refused, foreign, overridden] = &numbers.map(|number| number.to_string());
        row(&[self.title, cases, accepted, refused, foreign, overridden]);
    }
}

/// The published examples of an RFC, in the project's own form.
#[track_caller]
pub(crate) fn examples(file: &str) -> Vec<serde_json::Value> {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(file.get_mut("cases").unwrap().take()).unwrap()
}
