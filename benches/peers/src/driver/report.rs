//! What a run found: kept as JSON, printed as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::build_times::Seconds;
use super::contenders::{FLOOR, OURS, PACKAGES, Stack};
use super::judgement::{Outcome, Verdict};
use super::rounds::{Pace, Times, median, paired_ratio, quantile};

/// A run.
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) stack: String,
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) compiler: String,
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
    /// Judged from the rest, each time anew.
    #[serde(skip_deserializing)]
    pub(crate) targets: Vec<Verdict>,
    /// Rows that a contender has but doesn't do as the others do.
    pub(crate) left_out: Vec<LeftOut>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) build_seconds: Option<Seconds>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct LeftOut {
    pub(crate) row: String,
    pub(crate) name: String,
    pub(crate) why: String,
}

/// One operation, by everyone who can do it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) row: String,
    /// Ours ÷ the fastest rival's, and who that is.
    pub(crate) ratio: Option<f64>,
    pub(crate) fastest_rival: Option<String>,
    /// Ours ÷ ours in the rows that took turns with this one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) to_rows: BTreeMap<String, f64>,
    pub(crate) contenders: Vec<Entry>,
}

/// One contender in a row.
#[derive(Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// The median, and what a quarter and three quarters of the rounds were below.
    pub(crate) nanoseconds: f64,
    pub(crate) quartiles: [f64; 2],
    pub(crate) allocations: Option<u64>,
    /// Ours ÷ this one's.
    pub(crate) ours_to_this: Option<f64>,
    /// This one's ÷ the fastest rival's.
    pub(crate) to_fastest_rival: Option<f64>,
    /// Of a row on two threads: tokens ÷ those of one thread in the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) speedup: Option<f64>,
    /// What all of it comes from; the run's alone.
    #[serde(skip)]
    pub(crate) times: Times,
}

impl Entry {
    pub(crate) fn new(name: String, times: Times, allocations: Option<u64>, speedup: Option<f64>) -> Self {
        let nanoseconds = rounded(median(&times), 1);
        let quartiles = [1, 3].map(|quarters| rounded(quantile(&times, quarters), 1));
        let speedup = speedup.map(|speedup| rounded(speedup, 3));
        let (ours_to_this, to_fastest_rival) = (None, None);
        Self { name, nanoseconds, quartiles, allocations, ours_to_this, to_fastest_rival, speedup, times }
    }

    fn is_rival(&self) -> bool {
        !self.name.starts_with(OURS) && !self.name.starts_with(FLOOR)
    }
}

impl Row {
    pub(crate) fn new(row: String, mut contenders: Vec<Entry>) -> Self {
        let ours = contenders.iter().find(|entry| entry.name == OURS).map(|entry| entry.times.clone());
        let rivals = contenders.iter().filter(|entry| entry.is_rival());
        let fastest = rivals.min_by(|one, other| one.nanoseconds.total_cmp(&other.nanoseconds));
        let (name, rival) = fastest.map(|rival| (rival.name.clone(), rival.times.clone())).unzip();
        for entry in &mut contenders {
            let ratio = |these: &Times, those: &Times| rounded(paired_ratio(these, those), 5);
            entry.ours_to_this = ours.as_ref().map(|ours| ratio(ours, &entry.times));
            entry.to_fastest_rival = rival.as_ref().map(|rival| ratio(&entry.times, rival));
        }
        let ratio = ours.zip(rival).map(|(ours, rival)| rounded(paired_ratio(&ours, &rival), 3));
        Self { row, ratio, fastest_rival: name, to_rows: BTreeMap::new(), contenders }
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.contenders.iter().find(|entry| entry.name == name)
    }

    pub(crate) fn times(&self, name: &str) -> Option<&Times> {
        self.entry(name).map(|entry| &entry.times)
    }

    pub(crate) fn speedup(&self, name: &str) -> Option<f64> {
        self.entry(name)?.speedup
    }

    pub(crate) fn allocations(&self, name: &str) -> Option<f64> {
        self.entry(name)?.allocations.map(|count| f64::from(u32::try_from(count).unwrap_or(u32::MAX)))
    }

    pub(crate) fn fastest_rival(&self) -> Option<&Entry> {
        self.entry(self.fastest_rival.as_deref()?)
    }
}

/// Says of rows that took turns with each other how ours in each compares with ours in the others.
pub(crate) fn compare(rows: &mut [Row]) {
    let ours: Vec<(String, Times)> =
        rows.iter().filter_map(|row| Some((row.row.clone(), row.times(OURS)?.clone()))).collect();
    for row in rows {
        let Some(times) = row.times(OURS).cloned() else { continue };
        let others = ours.iter().filter(|(name, _)| *name != row.row);
        row.to_rows =
            others.map(|(name, other)| (name.clone(), rounded(paired_ratio(&times, other), 5))).collect();
    }
}

pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    (value * unit).round() / unit
}

impl Report {
    pub(crate) fn new(stack: Stack, pace: Pace) -> Self {
        Self {
            stack: stack.name().to_owned(),
            date: date(),
            machine: machine(),
            compiler: output("rustc", &["--version"]),
            versions: versions(),
            rounds: pace.rounds,
            rows: Vec::new(),
            targets: Vec::new(),
            left_out: Vec::new(),
            build_seconds: None,
        }
    }

    /// A run that is over, if it is one of these.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    pub(crate) fn write(&self, path: &Path) {
        let json = serde_json::to_string_pretty(self).expect("it serializes");
        std::fs::write(path, json + "\n").expect("it can be written");
    }

    /// The rows, one line each.
    pub(crate) fn table(&self) -> String {
        let mut table = format!(
            "{:<44} {:>11} {:>6} {:>11} {:>7} {:>7}  {}\n",
            "row", "countersign", "allocs", "best rival", "ratio", "floor", "best rival is"
        );
        for row in &self.rows {
            let Some(ours) = row.entry(OURS) else { continue };
            let rival = row.fastest_rival();
            let floor = row.entry(FLOOR).and_then(|floor| floor.ours_to_this);
            let allocations = ours.allocations.map_or_else(String::new, |count| count.to_string());
            let _ = writeln!(
                table,
                "{:<44} {:>11} {:>6} {:>11} {:>7} {:>7}  {}",
                row.row,
                time(ours.nanoseconds),
                allocations,
                rival.map_or_else(String::new, |rival| time(rival.nanoseconds)),
                row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}")),
                floor.map_or_else(String::new, |ratio| format!("{ratio:.3}")),
                rival.map_or("", |rival| rival.name.as_str()),
            );
        }
        for left_out in &self.left_out {
            let _ = writeln!(table, "left out: {} in `{}`: {}", left_out.name, left_out.row, left_out.why);
        }
        table
    }

    /// The targets, one line each; below one that isn't met, its limit.
    pub(crate) fn verdicts(&self) -> String {
        let mut lines = String::new();
        for verdict in &self.targets {
            let measured =
                verdict.measured.map_or_else(|| "nothing".to_owned(), |value| format!("{value:.3}"));
            let against = verdict.against.as_ref().map_or_else(String::new, |name| format!(": {name}"));
            let outcome = match verdict.outcome {
                Outcome::Met => "met",
                Outcome::AtItsLimit => "at its limit",
                Outcome::Missed => "MISSED",
            };
            let _ = writeln!(
                lines,
                "{outcome:<12}  {measured:>9}, target {:.2} {}{against}  [{}]",
                verdict.target, verdict.kind, verdict.row,
            );
            if let Some(limit) = verdict.limit.as_ref().filter(|_| verdict.outcome != Outcome::Met) {
                let _ = writeln!(
                    lines,
                    "{:<12}  {:>9.3}, which is {:.3} of {} and a share of {:.2}: {}",
                    "", limit.at_most, limit.measured, limit.floor, limit.share, limit.cause,
                );
            }
        }
        lines
    }

    /// The rows of those that came out so.
    pub(crate) fn rows_of(&self, outcome: Outcome) -> Vec<String> {
        let some = self.targets.iter().filter(|verdict| verdict.outcome == outcome);
        some.map(|verdict| format!("{} {}", verdict.row, verdict.kind)).collect()
    }
}

/// A time in a unit that suits it.
pub(crate) fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        below if below < 1e3 => format!("{nanoseconds:.0} ns"),
        below if below < 1e6 => format!("{:.2} µs", nanoseconds / 1e3),
        _ => format!("{:.2} ms", nanoseconds / 1e6),
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("it is there");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The versions in the lock file: the newest, where there are several.
fn versions() -> BTreeMap<String, String> {
    let lock = include_str!("../../Cargo.lock");
    let mut versions = BTreeMap::new();
    for package in PACKAGES {
        let name = format!("name = \"{package}\"\nversion = \"");
        let found = lock.rsplit(&name).next().filter(|rest| rest.len() < lock.len());
        if let Some((version, _)) = found.and_then(|rest| rest.split_once('"')) {
            versions.insert(package.to_owned(), version.to_owned());
        }
    }
    versions
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    format!("{model}, {processors} processors, {}", std::env::consts::OS)
}

/// Today, in UTC, as `2026-11-22`.
fn date() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut days = since.as_secs() / 86_400;
    let leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}
