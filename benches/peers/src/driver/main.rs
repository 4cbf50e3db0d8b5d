//! countersign beside its rivals: builds them, checks that they do the same work, lets them take turns, judges.
//!
//! ```text
//! benches/peers/run [--stack aws-lc-rs|ring] [--only TEXT] [--quick] [--check] [--build-times] [--processor N]
//! benches/peers/run --judge [--stack aws-lc-rs|ring] [--check]
//! ```
//!
//! Without `--stack`, one run for each. A full run writes `results/<stack>.json` and the figure in `docs/`, and leaves
//! the run before as `results/<stack>-before.json`; one with `--only` or `--quick` writes both below `target/`. `--check` ends with an error if a row misses its target, and names it.
//! `--build-times` measures clean builds too, for some minutes, on a machine that should do nothing else.
//! `--judge` measures nothing: it judges the last full run anew, by the targets as they stand now.

mod build_times;
mod chart;
mod contenders;
mod judgement;
mod report;
mod rounds;
mod targets;
mod tokens;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contenders::{Contender, FLOOR, Process, Stack};
use judgement::Outcome;
use peers::rows::{
    self, BATCH, ENCRYPTIONS, NESTED_ISSUE, NESTED_VERIFY, ONE_BY_ONE, PLAINTEXTS, SETS, SIGNATURES, SIZES,
    VARIANT,
};
use report::{Entry, LeftOut, Report, Row};
use rounds::{Pace, Turn, paired_ratio};
use targets::{Target, What};

/// What is asked for on the command line.
struct Options {
    stacks: Vec<Stack>,
    only: Option<String>,
    quick: bool,
    check: bool,
    judge: bool,
    build_times: bool,
    processor: String,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let build_seconds = (options.build_times && !options.judge).then(build_times::measure);
    let mut missed = 0;
    for stack in &options.stacks {
        if options.judge {
            match judge_again(*stack) {
                Ok(more) => missed += more,
                Err(message) => {
                    eprintln!("{message}");
                    return ExitCode::from(2);
                }
            }
        } else {
            missed += run(*stack, &options, build_seconds.as_ref());
        }
    }
    if options.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn options() -> Result<Options, String> {
    let last = std::thread::available_parallelism().map_or(1, usize::from) - 1;
    let mut options = Options {
        stacks: Stack::ALL.to_vec(),
        only: None,
        quick: false,
        check: false,
        judge: false,
        build_times: false,
        processor: last.to_string(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("expected something after {argument}"));
        match argument.as_str() {
            "--stack" => {
                let name = value()?;
                options.stacks.retain(|stack| stack.name() == name);
                if options.stacks.is_empty() {
                    return Err(format!("expected aws-lc-rs or ring, found {name}"));
                }
            }
            "--only" => options.only = Some(value()?),
            "--processor" => options.processor = value()?,
            "--quick" => options.quick = true,
            "--check" => options.check = true,
            "--judge" => options.judge = true,
            "--build-times" => options.build_times = true,
            other => return Err(format!("expected an option of `main.rs`, found {other}")),
        }
    }
    if options.judge && (options.quick || options.build_times || options.only.is_some()) {
        return Err("expected --judge without what is about measuring".to_owned());
    }
    Ok(options)
}

/// Cargo's, of this package.
fn target_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target")
}

/// Judges the last full run anew and writes it and its figure; gives the number of targets that were missed.
fn judge_again(stack: Stack) -> Result<usize, String> {
    let mut report = Report::read(&results().join(format!("{}.json", stack.name())))?;
    judge(&mut report, targets::of(stack));
    print(&report);
    keep(&report, &results(), &figures());
    Ok(report.rows_of(Outcome::Missed).len())
}

/// One run; gives the number of targets that were missed.
fn run(stack: Stack, options: &Options, build_seconds: Option<&build_times::Seconds>) -> usize {
    let pace = if options.quick { Pace::QUICK } else { Pace::FULL };
    let mut report = Report::new(stack, pace);
    let field = Field::build(stack, options, &mut report.left_out);
    report.rows = measured(field, options, pace);
    report.build_seconds = build_seconds.cloned();
    let wanted =
        |target: &Target| options.only.as_ref().is_none_or(|only| target.row.contains(only.as_str()));
    judge(&mut report, targets::of(stack).into_iter().filter(wanted));
    if options.only.is_some() {
        // The row that it is compared with may be left out.
        report.targets.retain(|verdict| verdict.measured.is_some());
    }
    print(&report);
    match &options.only {
        None if !options.quick => {
            keep_the_run_before(stack);
            keep(&report, &results(), &figures());
        }
        _ => keep(&report, &target_folder(), &target_folder()),
    }
    report.rows_of(Outcome::Missed).len()
}

/// Of build times only where the run was asked to measure them.
fn judge(report: &mut Report, targets: impl IntoIterator<Item = Target>) {
    let asked = |target: &Target| report.build_seconds.is_some() || !matches!(target.what, What::BuildTime);
    report.targets = targets.into_iter().filter(asked).map(|target| target.judge(report)).collect();
}

fn print(report: &Report) {
    println!("\nstack {}, {}, {}, {}\n", report.stack, report.date, report.machine, report.compiler);
    println!("{}\n{}", report.table(), report.verdicts());
    for (outcome, words) in [(Outcome::AtItsLimit, "at their limit"), (Outcome::Missed, "missed")] {
        let rows = report.rows_of(outcome);
        if !rows.is_empty() {
            let (stack, of) = (&report.stack, report.targets.len());
            println!("stack {stack}: {} of {of} targets {words}: {}", rows.len(), rows.join("; "));
        }
    }
}

/// Where full runs are kept, and their figures.
fn results() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results")
}

fn figures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// What comes out of one run may be chance: the last stands beside the one before.
fn keep_the_run_before(stack: Stack) {
    let [last, before] = ["", "-before"].map(|which| results().join(format!("{}{which}.json", stack.name())));
    if last.exists() {
        std::fs::rename(last, before).expect("the results can be renamed");
    }
}

fn keep(report: &Report, results: &Path, figures: &Path) {
    report.write(&results.join(format!("{}.json", report.stack)));
    let figure = figures.join(format!("peers-{}.svg", report.stack));
    chart::draw(report, &figure).expect("the figure can be drawn");
}

/// Everyone's processes: those that are timed, and those that count allocations.
struct Field {
    /// Each set has all contenders, in the same order.
    timed: Vec<Vec<Process>>,
    counting: Vec<Process>,
    /// Of those that are timed, one set more, on all processors.
    free: [Vec<Process>; 1],
}

/// How often each contender that is timed has a process. On some machines, one process in three is a tenth slower for as
/// long as it lives, whosever it is: among so many, those don't make up the middle.
const SETS_OF_PROCESSES: usize = 11;

impl Field {
    fn build(stack: Stack, options: &Options, left_out: &mut Vec<LeftOut>) -> Self {
        let contenders = contenders::of(stack);
        let build = |counting| -> Vec<PathBuf> {
            let one = |contender: &Contender| {
                eprintln!("building {}{}", contender.label, if counting { ", to count" } else { "" });
                contender.build(counting)
            };
            contenders.iter().map(one).collect()
        };
        let (timing, counting) = (build(false), build(true));
        let start = |binaries: &[PathBuf], processor: Option<&str>| -> Vec<Process> {
            let both = contenders.iter().zip(binaries);
            both.map(|(contender, binary)| Process::start(contender, binary, processor)).collect()
        };
        let mut field = Self {
            timed: (0..SETS_OF_PROCESSES).map(|_| start(&timing, Some(&options.processor))).collect(),
            counting: start(&counting, None),
            free: [start(&timing, None)],
        };
        eprintln!("checking that all do the same work");
        let samples = tokens::samples();
        for process in &mut field.timed[0] {
            let name = process.label.to_owned();
            let refused = tokens::admit(process, &samples);
            left_out.extend(refused.into_iter().map(|(row, why)| LeftOut { row, name: name.clone(), why }));
        }
        let others = field.timed[1..].iter_mut().flatten();
        for process in others.chain(&mut field.counting).chain(&mut field.free[0]) {
            tokens::admit(process, &samples);
        }
        field
    }

    /// Everyone who can do this row, each with the name that the row lists it under.
    fn turns(&self, row: &str) -> Vec<(String, Turn)> {
        let mut turns = Vec::new();
        for (process, contender) in self.timed[0].iter().enumerate() {
            for (name, _) in &contender.rows {
                let (of, way) =
                    name.split_once(VARIANT).map_or((name.as_str(), None), |(of, way)| (of, Some(way)));
                if of == row {
                    let label = match way {
                        None => contender.label.to_owned(),
                        Some(way) => format!("{}, {way}", contender.label),
                    };
                    turns.push((label, Turn { process, row: name.clone(), threads: 1 }));
                }
            }
        }
        turns
    }

    fn allocations(&mut self, turn: &Turn) -> Option<u64> {
        self.counting[turn.process].ask(&["count", &turn.row]).parse().ok()
    }
}

/// Rows that take turns with each other, since they are compared with each other.
fn groups() -> Vec<Vec<String>> {
    let alone = |row: String| vec![row];
    let mut groups: Vec<Vec<String>> = Vec::new();
    groups.extend(SIGNATURES.iter().flat_map(|name| [rows::issue(name), rows::verify(name)]).map(alone));
    for names in ENCRYPTIONS {
        for (size, _) in PLAINTEXTS {
            groups.extend([rows::encrypt(names, size), rows::decrypt(names, size)].map(alone));
        }
    }
    groups.extend([NESTED_ISSUE, NESTED_VERIFY].map(|row| vec![row.to_owned()]));
    groups.push(SIZES.iter().map(|(size, _)| rows::sized(size)).collect());
    groups.push(SETS.iter().map(|size| rows::set(*size)).collect());
    groups.push([BATCH, ONE_BY_ONE].map(str::to_owned).into());
    groups
}

fn measured(mut field: Field, options: &Options, pace: Pace) -> Vec<Row> {
    let wanted = |row: &String| options.only.as_ref().is_none_or(|only| row.contains(only.as_str()));
    let mut measured = Vec::new();
    for group in groups() {
        let group: Vec<String> = group.into_iter().filter(wanted).collect();
        let mut labels = Vec::new();
        let mut turns = Vec::new();
        for row in &group {
            for (label, turn) in field.turns(row) {
                labels.push((row, label));
                turns.push(turn);
            }
        }
        if !turns.is_empty() {
            eprintln!("measuring {}", group.join(", "));
        }
        let times = rounds::measure(&mut field.timed, &turns, pace);
        let mut results: Vec<_> = labels.into_iter().zip(turns).zip(times).collect();
        let mut compared = Vec::new();
        for row in &group {
            let (of_row, others) = results.into_iter().partition(|((label, _), _)| label.0 == row);
            results = others;
            let of_row: Vec<((_, Turn), _)> = of_row;
            let entries = of_row.into_iter().map(|(((_, label), turn), times)| {
                let allocations = if label.starts_with(FLOOR) { None } else { field.allocations(&turn) };
                Entry::new(label, times, allocations, None)
            });
            compared.push(Row::new(row.clone(), entries.collect()));
        }
        report::compare(&mut compared);
        measured.extend(compared);
    }
    for name in ["HS256", "ES256"] {
        let row = rows::two_threads(&rows::verify(name));
        if wanted(&row) {
            eprintln!("measuring {row}");
            measured.push(on_two_threads(&mut field.free, row, &rows::verify(name), pace));
        }
    }
    measured
}

/// The row that is the same as another, on one thread and on two in turn.
fn on_two_threads(sets: &mut [Vec<Process>], name: String, row: &str, pace: Pace) -> Row {
    let able = |(index, process): (usize, &Process)| {
        (process.label != FLOOR && process.kind(row).is_some()).then_some((index, process.label))
    };
    let able: Vec<(usize, &str)> = sets[0].iter().enumerate().filter_map(able).collect();
    let turn = |process, threads| Turn { process, row: row.to_owned(), threads };
    let turns: Vec<Turn> =
        able.iter().flat_map(|(process, _)| [turn(*process, 1), turn(*process, 2)]).collect();
    let times = rounds::measure(sets, &turns, pace);
    let entries = able.iter().zip(times.chunks(2)).filter_map(|((_, label), times)| {
        let [one, two] = times else { return None };
        Some(Entry::new((*label).to_owned(), two.clone(), None, Some(paired_ratio(one, two))))
    });
    Row::new(name, entries.collect())
}
