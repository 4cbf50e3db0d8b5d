//! The README's tables say what the code and Cargo.toml say.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use countersign::{ContentEncryption, JweAlgorithm, JwsAlgorithm};

const README: &str = include_str!("../README.md");
const MANIFEST: &str = include_str!("../Cargo.toml");

/// The rows of the table whose first column has this heading, each as its cells.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let start = format!("| {heading} |");
    let lines = README.lines().skip_while(|line| !line.starts_with(&start));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    let cells = |row: &'static str| row.trim_matches('|').split('|').map(str::trim).collect();
    let rows: Vec<_> = rows.map(cells).collect();
    assert!(!rows.is_empty(), "no table `{heading}`");
    rows
}

/// The names in a list with commas, without what stands behind one in brackets.
fn names(list: &'static str) -> Vec<&'static str> {
    list.split(", ").map(|name| name.split_once(" (").map_or(name, |(name, _)| name)).collect()
}

/// The names of a table of algorithms: its first column.
fn algorithms(heading: &str) -> Vec<&'static str> {
    // The one bracket with a comma in it, which is no list.
    let cells = table(heading).into_iter().map(|row| *row.first().unwrap());
    cells.map(|cell| cell.split_once(" (").map_or(cell, |(names, _)| names)).flat_map(names).collect()
}

#[track_caller]
fn assert_same(written: &[&str], actual: impl IntoIterator<Item = &'static str>) {
    let set: BTreeSet<&str> = written.iter().copied().collect();
    assert_eq!(set.len(), written.len(), "a name that stands twice");
    assert_eq!(set, actual.into_iter().collect());
}

#[test]
fn signature_algorithms_are_all_listed() {
    let mut written = algorithms("signatures (JWS `alg`)");
    assert!(written.contains(&"ES256K"));
    if cfg!(not(feature = "es256k")) {
        written.retain(|name| *name != "ES256K");
    }
    assert_same(&written, JwsAlgorithm::ALL.iter().map(|algorithm| algorithm.name()));
}

#[test]
fn key_management_algorithms_are_all_listed() {
    let written = algorithms("key management (JWE `alg`)");
    assert_same(&written, JweAlgorithm::ALL.iter().map(|algorithm| algorithm.name()));
}

#[test]
fn content_encryptions_are_all_listed() {
    let (_, rest) = README.split_once("\nContent encryption (JWE `enc`), on both stacks:").unwrap();
    let (list, _) = rest.split_once(".\n").unwrap();
    let entries: Vec<&str> = list.split(',').map(str::trim).collect();
    let default = entries.iter().filter_map(|entry| entry.strip_suffix(" (the default)"));
    assert_eq!(default.collect::<Vec<_>>(), [ContentEncryption::default().name()]);
    let written: Vec<&str> = entries.into_iter().flat_map(names).collect();
    assert_same(&written, ContentEncryption::ALL.iter().map(|enc| enc.name()));
}

/// The lines of Cargo.toml's table of features: name and what it turns on.
fn declared_features() -> Vec<(&'static str, &'static str)> {
    let (_, section) = MANIFEST.split_once("\n[features]\n").unwrap();
    let (section, _) = section.split_once("\n[").unwrap();
    let lines = section.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(" = ")).collect()
}

#[test]
fn features_are_all_listed() {
    let features = table("feature");
    let name = |row: &[&'static str]| row.first().unwrap().trim_matches('`');
    let written: Vec<&str> = features.iter().map(|row| name(row)).collect();
    let declared = declared_features();
    assert_same(&written, declared.iter().map(|(name, _)| *name).filter(|name| *name != "default"));

    let on: Vec<&str> =
        features.iter().filter(|row| row.get(1) == Some(&"yes")).map(|row| name(row)).collect();
    let (_, default) = declared.iter().find(|(name, _)| *name == "default").unwrap();
    assert_same(&on, default.split('"').skip(1).step_by(2));
}
