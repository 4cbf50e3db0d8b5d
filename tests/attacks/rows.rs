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

/// The last row of the list.
const LAST: u16 = 150;

/// The rows in a source's test names: `row_043_…`, `rows_088_and_090_…`, `rows_027_to_034_…`.
fn rows_in(source: &str) -> BTreeSet<u16> {
    let mut rows = BTreeSet::new();
    for line in source.lines() {
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
    }
    rows
}

/// The rows in all Rust files below a folder.
fn rows_below(folder: &Path) -> BTreeSet<u16> {
    let mut rows = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rows.extend(rows_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            rows.extend(rows_in(&fs::read_to_string(&path).unwrap()));
        }
    }
    rows
}

#[test]
fn every_row_has_its_test_or_says_what_it_waits_for() {
    let tested = rows_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
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
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    // Twice the same row would hide one that is missing.
    assert!(AWAITED.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order, and each once");
}

#[test]
fn names_are_read_as_they_are_written() {
    let read = |source: &str| rows_in(source).into_iter().collect::<Vec<_>>();
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
