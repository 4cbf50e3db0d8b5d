//! README's figures on speed are those of the last full runs of `benches/peers`, which wrote them to
//! `benches/peers/results/`: every number, the misses too.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;

use serde_json::Value;

const README: &str = include_str!("../README.md");
const RESULTS: [&str; 2] = [
    include_str!("../benches/peers/results/aws-lc-rs.json"),
    include_str!("../benches/peers/results/ring.json"),
];
/// The full runs before these.
const BEFORE: [&str; 2] = [
    include_str!("../benches/peers/results/aws-lc-rs-before.json"),
    include_str!("../benches/peers/results/ring-before.json"),
];
const BEGIN: &str = "<!-- peers: begin -->\n";
const END: &str = "<!-- peers: end -->\n";

fn results() -> [Value; 2] {
    RESULTS.map(|text| serde_json::from_str(text).unwrap())
}

fn results_before() -> [Value; 2] {
    BEFORE.map(|text| serde_json::from_str(text).unwrap())
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn find<'a>(result: &'a Value, row: &str) -> Option<&'a Value> {
    list(result, "rows").iter().find(|found| text(found, "row") == row)
}

/// The rows that the README has in any case: each operation once, of encryption with the shorter plaintext.
fn is_shown(row: &str) -> bool {
    !["16 KiB", " KB", " MB", " keys", "two threads", "batch of 64", "one by one"]
        .iter()
        .any(|part| row.ends_with(part))
}

const RIVAL: &str = "of the fastest rival";
const BORROWED: &str = "of the fastest rival, borrowed claims";
const BUILD: &str = "clean release build";

fn verdict<'a>(result: &'a Value, row: &str, kind: &str) -> Option<&'a Value> {
    list(result, "targets")
        .iter()
        .find(|verdict| text(verdict, "row") == row && text(verdict, "kind") == kind)
}

fn is_met(verdict: &Value) -> bool {
    text(verdict, "outcome") == "met"
}

/// With a digit more where the target isn't met: some are missed by less than one of two.
fn ratio(result: &Value, row: &str, kind: &str) -> Option<f64> {
    match verdict(result, row, kind) {
        Some(verdict) => verdict["measured"].as_f64(),
        None => find(result, row)?["ratio"].as_f64().filter(|_| kind == RIVAL),
    }
}

fn cell(result: &Value, row: &str, kind: &str) -> String {
    match (ratio(result, row, kind), verdict(result, row, kind)) {
        (None, _) => "–".to_owned(),
        (Some(ratio), Some(verdict)) if !is_met(verdict) => format!("{ratio:.3}"),
        (Some(ratio), _) => format!("{ratio:.2}"),
    }
}

/// Whom the ratio is against; nobody where there is none.
fn against<'a>(result: &'a Value, row: &str, kind: &str) -> &'a str {
    let rival = || find(result, row)?["fastest_rival"].as_str();
    let against = verdict(result, row, kind).and_then(|verdict| verdict["against"].as_str());
    against.or_else(rival).filter(|_| ratio(result, row, kind).is_some()).unwrap_or("–")
}

/// The contender of this name in a row: its `field`.
fn of(row: Option<&Value>, name: &str, field: &str) -> Option<String> {
    let found = list(row?, "contenders").iter().find(|entry| text(entry, "name") == name)?;
    Some(found[field].to_string())
}

/// What limits there are, each with a letter: what the floor is, the share above it and the cause.
#[derive(Default)]
struct Limits(Vec<(String, String)>);

impl Limits {
    fn letter(&mut self, limit: &Value) -> char {
        let floor = match text(limit, "floor") {
            "floor" => "the primitives alone",
            "floor, dalek" => "dalek's verification alone",
            "floor, by hand" | "floor, by hand, borrowed" => "by hand",
            other => other,
        };
        let of = format!("{floor}, times {:.2}", limit["share"].as_f64().unwrap());
        let line = (of, text(limit, "cause").to_owned());
        let known = self.0.iter().position(|other| *other == line);
        let at = known.unwrap_or_else(|| {
            self.0.push(line);
            self.0.len() - 1
        });
        char::from_u32(u32::from('a') + u32::try_from(at).unwrap()).unwrap()
    }

    /// What the last column says: of each stack on which the target isn't met.
    fn cell(&mut self, results: &[Value; 2], row: &str, kind: &str) -> String {
        let unmet = results.iter().filter(|result| is_of(result, row)).filter_map(|result| {
            let verdict = verdict(result, row, kind).filter(|verdict| !is_met(verdict))?;
            let target = verdict["target"].as_f64().unwrap();
            let missed = if text(verdict, "outcome") == "missed" { "**missed**, " } else { "" };
            // One below the target excuses nothing.
            let limit =
                verdict.pointer("/limit/at_most").and_then(Value::as_f64).filter(|at_most| *at_most > target);
            let limit =
                limit.map(|at_most| format!(", limit {at_most:.3} ({})", self.letter(&verdict["limit"])));
            let limit = limit.unwrap_or_default();
            Some(format!("`{}`: {missed}target {target:.2}{limit}", text(result, "stack")))
        });
        unmet.collect::<Vec<_>>().join("; ")
    }
}

/// A build is one of the default features, whose stack is ring, though both results have it.
fn is_of(result: &Value, row: &str) -> bool {
    row != BUILD || text(result, "stack") == "ring"
}

/// How many targets are met, and how many aren't.
fn count(result: &Value) -> String {
    let targets = list(result, "targets");
    let of = |outcome| targets.iter().filter(|verdict| text(verdict, "outcome") == outcome).count();
    format!(
        "on `{}` {} met, {} at their limit, {} missed",
        text(result, "stack"),
        of("met"),
        of("at its limit"),
        of("missed"),
    )
}

/// The table's lines: what it is called there, the row and the kind of its target, and the contender of ours.
fn lines(results: &[Value; 2]) -> Vec<(String, String, String, &'static str)> {
    let [first, _] = results;
    let mut lines = Vec::new();
    let unmet = |row: &str, kind: &str| {
        results.iter().any(|result| verdict(result, row, kind).is_some_and(|verdict| !is_met(verdict)))
    };
    let mut add = |name: String, row: &str, kind: &str, ours| {
        lines.push((name, row.to_owned(), kind.to_owned(), ours));
    };
    for row in list(first, "rows").iter().map(|row| text(row, "row")) {
        if is_shown(row) || unmet(row, RIVAL) {
            add(row.to_owned(), row, RIVAL, "countersign");
        }
        // The contender that borrows stands in the row of the one that doesn't.
        if verdict(first, row, BORROWED).is_some() {
            add(format!("{row}, borrowed claims"), row, BORROWED, "countersign, borrowed");
        }
    }
    for target in results.iter().flat_map(|result| list(result, "targets")) {
        let (row, kind) = (text(target, "row"), text(target, "kind"));
        if row != BUILD && kind != RIVAL && kind != BORROWED && unmet(row, kind) {
            add(format!("{row}, {kind}"), row, kind, "countersign");
        }
    }
    let build = list(first, "targets").iter().find(|verdict| text(verdict, "row") == BUILD).unwrap();
    add(format!("{BUILD} ({})", text(build, "kind")), BUILD, text(build, "kind"), "countersign");
    // On both stacks it may be the same.
    let mut known = std::collections::BTreeSet::new();
    lines.retain(|(name, ..)| known.insert(name.clone()));
    lines
}

fn rendered() -> String {
    let results = results();
    let [first, second] = &results;
    let [first_before, second_before] = &results_before();
    let mut table = String::from(
        "| operation | stack `aws-lc-rs` | fastest rival | stack `ring` | fastest rival there | allocations, `aws-lc-rs` | where the target isn't met |\n\
         |---|---:|---|---:|---|---:|---|\n",
    );
    let mut limits = Limits::default();
    for (name, row, kind, ours) in lines(&results) {
        let shown = |result| is_of(result, &row).then_some(result);
        let none = || "–".to_owned();
        let [here, there] =
            [first, second].map(|result| shown(result).map_or_else(none, |result| cell(result, &row, &kind)));
        let [rival, rival_there] =
            [first, second].map(|result| shown(result).map_or("–", |result| against(result, &row, &kind)));
        // Measured with either run.
        let there = if row == BUILD { format!("{there} and {}", cell(first, &row, &kind)) } else { there };
        let allocations = of(find(first, &row), ours, "allocations").filter(|_| row != BUILD);
        let allocations = allocations.unwrap_or_else(none);
        let limit = limits.cell(&results, &row, &kind);
        writeln!(table, "| {name} | {here} | {rival} | {there} | {rival_there} | {allocations} | {limit} |")
            .unwrap();
    }
    let dates: std::collections::BTreeSet<&str> = results.iter().map(|result| text(result, "date")).collect();
    let dates: Vec<&str> = dates.into_iter().collect();
    let dates = dates.join(" and ");
    let versions = first["versions"].as_object().unwrap();
    let versions: Vec<String> =
        versions.iter().map(|(name, version)| format!("{name} {}", version.as_str().unwrap())).collect();
    if !limits.0.is_empty() {
        table.push_str(
            "\nA limit is what the primitives, or code by hand, take in the same run, times the share that the library is \
             held to above it. By hand, that share is what the library was measured to take, and a little: it shows that \
             the library got no slower, and not that nothing could be faster.\n\n",
        );
    }
    for (letter, (of, cause)) in ('a'..).zip(&limits.0) {
        writeln!(table, "- ({letter}) {of}: {cause}.").unwrap();
    }
    writeln!(
        table,
        "\nTargets: {}; {}. In the full runs before these, {}; {}.\n\nMeasured on {}, {}; {}; {} rounds. {}.",
        count(first),
        count(second),
        count(first_before),
        count(second_before),
        text(first, "machine"),
        text(first, "compiler"),
        dates,
        first["rounds"],
        versions.join(", "),
    )
    .unwrap();
    table
}

/// With `COUNTERSIGN_WRITE` in the environment, writes them.
#[test]
fn the_readme_s_numbers_are_those_of_the_last_runs() {
    let (above, rest) = README.split_once(BEGIN).unwrap();
    let (written, below) = rest.split_once(END).unwrap();
    let rendered = rendered();
    if std::env::var_os("COUNTERSIGN_WRITE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        std::fs::write(path, format!("{above}{BEGIN}{rendered}{END}{below}")).unwrap();
        return;
    }
    assert_eq!(written, rendered, "COUNTERSIGN_WRITE=1 puts this into README.md:\n{rendered}");
}

/// What the README says of the machine once is true of both.
#[test]
fn the_runs_are_of_one_machine() {
    let [first, second] = results();
    for name in ["machine", "compiler", "rounds", "versions"] {
        assert_eq!(first[name], second[name], "{name}");
    }
}

/// All files are of whole runs: each of its own stack, with everyone in it, and every target judged.
#[test]
fn the_runs_are_whole() {
    for (result, stack) in
        results().iter().chain(&results_before()).zip(["aws-lc-rs", "ring", "aws-lc-rs", "ring"])
    {
        assert_eq!(text(result, "stack"), stack);
        assert!(result["rounds"].as_u64().unwrap() >= 21, "a quick run");
        let names: std::collections::BTreeSet<&str> = list(result, "rows")
            .iter()
            .flat_map(|row| list(row, "contenders"))
            .map(|entry| text(entry, "name"))
            .collect();
        let rivals = [
            "jsonwebtoken (aws-lc-rs)",
            "jsonwebtoken (RustCrypto)",
            "jwt-simple",
            "josekit",
            "jose-rs",
            "huskarl",
            "biscuit",
            "jwt-compact",
        ];
        for rival in rivals {
            assert!(names.contains(rival), "{rival} is missing on {stack}: {names:?}");
        }
        for row in list(result, "rows") {
            let contenders = list(row, "contenders");
            // RSA-OAEP isn't in a default build on ring.
            let ours = contenders.iter().any(|entry| text(entry, "name") == "countersign");
            assert!(ours || stack == "ring" && text(row, "row").starts_with("RSA-OAEP"), "{row}");
            // The stated ratio is about that of the stated medians: it was taken round by round.
            if let (Some(ratio), Some(rival)) = (row["ratio"].as_f64(), row["fastest_rival"].as_str()) {
                let time = |name| of(Some(row), name, "nanoseconds").unwrap().parse::<f64>().unwrap();
                let of_medians = time("countersign") / time(rival);
                assert!((of_medians / ratio - 1.0).abs() < 0.25, "{row}");
            }
        }
        let rows: Vec<&str> = list(result, "targets").iter().map(|verdict| text(verdict, "row")).collect();
        assert_eq!(rows.len(), if stack == "ring" { 9 } else { 49 });
        assert!(rows.contains(&"clean release build"), "a run without --build-times");
        for verdict in list(result, "targets") {
            let number = |value: &Value| value.as_f64().unwrap();
            let (measured, target) = (number(&verdict["measured"]), number(&verdict["target"]));
            let holds = |value: f64| match text(verdict, "kind") {
                "times one thread, at least" => value >= target,
                _ => value <= target,
            };
            let limit = &verdict["limit"];
            let at_most = limit["at_most"].as_f64();
            let outcome = match at_most {
                _ if holds(measured) => "met",
                Some(at_most) if !holds(at_most) && measured <= at_most => "at its limit",
                _ => "missed",
            };
            assert_eq!(text(verdict, "outcome"), outcome, "{verdict}");
            let Some(at_most) = at_most else { continue };
            // The limit is of this run too: its floor stands in the same row.
            let (floor, share) = (number(&limit["measured"]), number(&limit["share"]));
            assert!((floor * share / at_most - 1.0).abs() < 0.001, "{verdict}");
            assert!(!text(limit, "cause").is_empty(), "{verdict}");
            let row = find(result, text(verdict, "row"));
            match of(row, text(limit, "floor"), "to_fastest_rival") {
                Some(ratio) => assert_eq!(ratio.parse::<f64>().unwrap(), floor, "{verdict}"),
                None => assert_eq!(text(verdict, "row"), BUILD, "{verdict}"),
            }
        }
    }
}
