//! Every row of the list that this library can meet has its test, by the number in the test's name.
//!
//! A number keeps its place for good. What isn't built yet stands in [`AWAITED`] with what it waits for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Rows that no test can have yet, each with what it waits for.
///
/// When a test of such a row is written, its line goes, and nothing else changes.
const AWAITED: &[(u16, &str)] = &[
    (126, "ID tokens of OpenID Connect"),
    (127, "logout tokens"),
    (128, "SD-JWT"),
    (129, "token status lists"),
];

/// Rows that are tested in part: the row, a word that the names of the missing tests will have, and what they wait
/// for.
///
/// When such a test is written, the line goes.
const PARTLY: &[(u16, &str, &str)] = &[(
    125,
    "dpop_proof",
    "proofs of RFC 9449: their type, algorithm, method, URL, time, ID, nonce and the hash of the token; so far a token \
     that is bound to a key passes as a bearer token nowhere, and two fields are no credentials",
)];

/// The last row of the list.
const LAST: u16 = 150;

/// Each row that a source tests, with the name of the test: `row_043_…`, `rows_088_and_090_…`, `rows_027_to_034_…`.
fn tests_in(source: &str) -> BTreeSet<(u16, String)> {
    let mut tests = BTreeSet::new();
    for line in source.lines() {
        let mut rows = BTreeSet::new();
        let Some(name) = line.trim_start().strip_prefix("fn row") else { continue };
        let name = name.strip_prefix('s').unwrap_or(name);
        let mut words = name.trim_start_matches('_').split(['_', '(']);
        let Some(mut last) = words.next().and_then(|word| word.parse::<u16>().ok()) else { continue };
        rows.insert(last);
        while let (Some(joint), Some(Ok(next))) = (words.next(), words.next().map(str::parse::<u16>)) {
            match joint {
                "and" => drop(rows.insert(next)),
                "to" => rows.extend(last..=next),
                _ => break,
            }
            last = next;
        }
        let test = name.split('(').next().unwrap_or(name);
        tests.extend(rows.into_iter().map(|row| (row, test.to_owned())));
    }
    tests
}

/// The tests of rows in all Rust files below a folder.
fn tests_below(folder: &Path) -> BTreeSet<(u16, String)> {
    let mut tests = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests.extend(tests_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            tests.extend(tests_in(&fs::read_to_string(&path).unwrap()));
        }
    }
    tests
}

#[test]
fn every_row_has_its_test_or_says_what_it_waits_for() {
    let tests = tests_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
    let tested: BTreeSet<u16> = tests.iter().map(|(row, _)| *row).collect();
    let mut problems = Vec::new();
    for row in 1..=LAST {
        let awaited = AWAITED.iter().find(|(number, _)| *number == row);
        match (tested.contains(&row), awaited) {
            (false, None) => problems.push(format!("row {row:03} has no test: write `fn row_{row:03}_…`")),
            (true, Some((_, reason))) => {
                let file = file!();
                problems.push(format!(
                    "row {row:03} has a test now: take its line out of AWAITED in {file} ({reason})"
                ));
            }
            _ => {}
        }
    }
    problems
        .extend(tested.iter().filter(|row| **row == 0 || **row > LAST).map(|row| format!("no row {row}")));
    problems.extend(partly_problems(PARTLY, &tests));
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    // Twice the same row would hide one that is missing.
    assert!(AWAITED.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order, and each once");
    assert!(PARTLY.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order, and each once");
}

/// What is wrong with the list of rows that are tested in part.
fn partly_problems(partly: &[(u16, &str, &str)], tests: &BTreeSet<(u16, String)>) -> Vec<String> {
    let mut problems = Vec::new();
    for (row, word, reason) in partly {
        let mut names = tests.iter().filter(|(number, _)| number == row).map(|(_, name)| name).peekable();
        if names.peek().is_none() {
            problems
                .push(format!("row {row:03} has no test at all: its line belongs into AWAITED ({reason})"));
        }
        if let Some(name) = names.find(|name| name.contains(word)) {
            problems.push(format!(
                "row {row:03} has a test of what it waited for, `{name}`: take its line out of PARTLY ({reason})"
            ));
        }
    }
    problems
}

#[test]
fn a_row_that_is_tested_in_part_has_a_test_and_waits_for_another() {
    let problems = |source: &str| partly_problems(&[(125, "dpop_proof", "")], &tests_in(source));
    assert_eq!(problems("fn rows_100_and_125_two_fields() {"), [""; 0]);
    let [missing] = &problems("fn row_100_dpop_proof() {")[..] else { panic!("expected one problem") };
    assert!(missing.contains("row 125 has no test at all"), "{missing}");
    let both = "fn row_125_two_fields() {\nfn row_125_a_dpop_proof_of_another_url() {";
    let [done] = &problems(both)[..] else { panic!("expected one problem") };
    assert!(done.contains("a_dpop_proof_of_another_url`: take its line out of PARTLY"), "{done}");
}

#[test]
fn names_are_read_as_they_are_written() {
    let read = |source: &str| tests_in(source).into_iter().map(|(row, _)| row).collect::<Vec<_>>();
    assert_eq!(read("fn row_043_keys() {"), [43]);
    assert_eq!(read("    fn row_043() {"), [43]);
    assert_eq!(read("fn rows_088_and_090_compression_is_off() {"), [88, 90]);
    assert_eq!(read("fn rows_027_to_030_json() {\nfn row_001_a() {"), [1, 27, 28, 29, 30]);
    assert_eq!(read("fn rows_027_to_029_and_031_json() {"), [27, 28, 29, 31]);
    for none in [
        "// row_043",
        "fn rows() {",
        "fn row(name: &str) {",
        "fn rows_in(x) {",
        "fn row_of_43() {",
        "row_043()",
    ] {
        assert_eq!(read(none), [0; 0], "{none}");
    }
    assert_eq!(read("fn row_085_and_then_5() {"), [85]);
}
