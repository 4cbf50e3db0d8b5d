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
const BEGIN: &str = "<!-- peers: begin -->\n";
const END: &str = "<!-- peers: end -->\n";

fn results() -> [Value; 2] {
    RESULTS.map(|text| serde_json::from_str(text).unwrap())
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

/// The rows that the README has: each operation once, of encryption with the shorter plaintext.
fn is_shown(row: &str) -> bool {
    !["16 KiB", " KB", " MB", " keys", "two threads", "batch of 64", "one by one"]
        .iter()
        .any(|part| row.ends_with(part))
}

/// Ours ÷ the fastest rival's, with the target if it is missed, and who that rival is.
fn cells(result: &Value, row: &str) -> [String; 2] {
    let found = find(result, row).map(|row| (row["ratio"].as_f64(), row["fastest_rival"].as_str()));
    let Some((Some(ratio), Some(rival))) = found else { return ["–".to_owned(), "–".to_owned()] };
    match verdict(result, row, RIVAL) {
        Some(verdict) if verdict["holds"] == false => [beside(ratio, verdict), rival.to_owned()],
        _ => [format!("{ratio:.2}"), rival.to_owned()],
    }
}

const RIVAL: &str = "of the fastest rival";
const BORROWED: &str = "of the fastest rival, borrowed claims";

fn verdict<'a>(result: &'a Value, row: &str, kind: &str) -> Option<&'a Value> {
    list(result, "targets")
        .iter()
        .find(|verdict| text(verdict, "row") == row && text(verdict, "kind") == kind)
}

/// With a digit more: some are missed by less than one of two.
fn beside(ratio: f64, verdict: &Value) -> String {
    format!("{ratio:.3} ({})", limit(verdict))
}

fn limit(verdict: &Value) -> String {
    format!("{:.2}", verdict["limit"].as_f64().unwrap())
}

/// The contender of this name in a row: its `field`.
fn of(row: Option<&Value>, name: &str, field: &str) -> Option<String> {
    let found = list(row?, "contenders").iter().find(|entry| text(entry, "name") == name)?;
    Some(found[field].to_string())
}

/// What this contender takes ÷ what the fastest rival does.
fn of_rival(row: Option<&Value>, name: &str) -> Option<f64> {
    let time = |name: &str| of(row, name, "nanoseconds")?.parse::<f64>().ok();
    Some(time(name)? / time(row?["fastest_rival"].as_str()?)?)
}

/// A token by hand, in the same measure.
fn by_hand(row: Option<&Value>, name: &str) -> String {
    of_rival(row, name).map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
}

/// The same of the contender that borrows, which has no row to itself.
fn borrowed(result: &Value, row: &str) -> String {
    let verdict = verdict(result, row, BORROWED).unwrap();
    let ratio = verdict["measured"].as_f64().unwrap();
    if verdict["holds"] == false { beside(ratio, verdict) } else { format!("{ratio:.2}") }
}

/// How many targets are missed, and which, each with what stands below it in the same row; and those that nothing was
/// measured for, which are neither met nor missed.
fn missed(result: &Value) -> String {
    let (targets, stack) = (list(result, "targets"), text(result, "stack"));
    let (measured, unmeasured): (Vec<&Value>, Vec<&Value>) =
        targets.iter().partition(|verdict| verdict["measured"].is_f64());
    let name = |verdict: &&Value| format!("{} ({})", text(verdict, "row"), limit(verdict));
    let unmeasured = match &*unmeasured.iter().map(name).collect::<Vec<_>>() {
        [] => String::new(),
        unmeasured => format!(" Not measured: {}.", unmeasured.join("; ")),
    };
    let missed: Vec<&Value> = measured.iter().copied().filter(|verdict| verdict["holds"] == false).collect();
    if missed.is_empty() {
        return format!("Stack `{stack}`: all {} targets are met.{unmeasured}", measured.len());
    }
    let line = |verdict: &&Value| {
        let (row, kind) = (text(verdict, "row"), text(verdict, "kind"));
        let measured = verdict["measured"].as_f64().unwrap();
        if kind.starts_with("allocations") {
            return format!("- {row}: {measured} {kind}, target {}", verdict["limit"].as_f64().unwrap());
        }
        let line = format!("- {row}: {measured:.3} {kind}, target {}", limit(verdict));
        let hand = if kind == BORROWED { "floor, by hand, borrowed" } else { "floor, by hand" };
        let beside = [
            ("the primitive alone", "floor"),
            ("dalek's verification alone", "floor, dalek"),
            ("by hand", hand),
        ];
        beside.into_iter().fold(line, |line, (what, name)| match of_rival(find(result, row), name) {
            Some(ratio) => format!("{line}; {what} {ratio:.3}"),
            None => line,
        })
    };
    let lines: Vec<String> = missed.iter().map(line).collect();
    format!(
        "Stack `{stack}`: {} of {} targets are missed.{unmeasured}\n\n{}",
        missed.len(),
        measured.len(),
        lines.join("\n")
    )
}

fn rendered() -> String {
    let results = results();
    let [first, second] = &results;
    let mut table = String::from(
        "| operation | stack `aws-lc-rs` | by hand | fastest rival | stack `ring` | fastest rival there | allocations, `aws-lc-rs` |\n\
         |---|---:|---:|---|---:|---|---:|\n",
    );
    for row in list(first, "rows").iter().map(|row| text(row, "row")).filter(|row| is_shown(row)) {
        let here = find(first, row);
        let ([ratio, rival], [ratio_there, rival_there]) = (cells(first, row), cells(second, row));
        let allocations = of(here, "countersign", "allocations").unwrap();
        let hand = by_hand(here, "floor, by hand");
        writeln!(
            table,
            "| {row} | {ratio} | {hand} | {rival} | {ratio_there} | {rival_there} | {allocations} |"
        )
        .unwrap();
        // The contender that borrows stands in the row of the one that doesn't.
        if let Some(allocations) = of(here, "countersign, borrowed", "allocations") {
            let [ratio, ratio_there] = [first, second].map(|result| borrowed(result, row));
            let hand = by_hand(here, "floor, by hand, borrowed");
            writeln!(
                table,
                "| {row}, borrowed claims | {ratio} | {hand} | {rival} | {ratio_there} | {rival_there} | {allocations} |"
            )
            .unwrap();
        }
    }
    let dates: std::collections::BTreeSet<&str> = results.iter().map(|result| text(result, "date")).collect();
    let dates: Vec<&str> = dates.into_iter().collect();
    let dates = dates.join(" and ");
    let versions = first["versions"].as_object().unwrap();
    let versions: Vec<String> =
        versions.iter().map(|(name, version)| format!("{name} {}", version.as_str().unwrap())).collect();
    write!(
        table,
        "\nIn parentheses: the target, where it is missed. By hand: a token made or read by code for that alone, which checks none \
         of the rules, on the stack's primitives.\n\nMeasured on {}, {}; {}; {} rounds. {}.\n\nThe targets \
         stand in `benches/peers/src/driver/targets.rs`; beside these rows they are about batches, threads, sets of keys, \
         longer tokens and the primitives.\n\n{}\n\n{}\n",
        text(first, "machine"),
        text(first, "compiler"),
        dates,
        first["rounds"],
        versions.join(", "),
        missed(first),
        missed(second),
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

/// Both files are of whole runs: each of its own stack, with everyone in it, and every target judged.
#[test]
fn the_runs_are_whole() {
    for (result, stack) in results().iter().zip(["aws-lc-rs", "ring"]) {
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
            let (measured, limit) = (verdict["measured"].as_f64(), verdict["limit"].as_f64().unwrap());
            let holds = measured.is_some_and(|value| match text(verdict, "kind") {
                "times one thread, at least" => value >= limit,
                _ => value <= limit,
            });
            assert_eq!(verdict["holds"], holds, "{verdict}");
        }
    }
}
