//! What a run found: kept as JSON, printed as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use serde::Serialize;

use super::build_times::Seconds;
use super::contenders::{FLOOR, OURS, PACKAGES, Stack};
use super::rounds::{Pace, Times, median, paired_ratio, quantile};
use super::targets::Verdict;

/// A run.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) stack: &'static str,
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) compiler: String,
    pub(crate) versions: BTreeMap<&'static str, String>,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
    pub(crate) targets: Vec<Verdict>,
    /// Rows that a contender has but doesn't do as the others do.
    pub(crate) left_out: Vec<LeftOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) build_seconds: Option<Seconds>,
}

#[derive(Serialize)]
pub(crate) struct LeftOut {
    pub(crate) row: String,
    pub(crate) name: &'static str,
    pub(crate) why: String,
}

/// One operation, by everyone who can do it.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) row: String,
    /// Ours ÷ the fastest rival's, and who that is.
    pub(crate) ratio: Option<f64>,
    pub(crate) fastest_rival: Option<String>,
    pub(crate) contenders: Vec<Entry>,
}

/// One contender in a row.
#[derive(Serialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// The median, and what a quarter and three quarters of the rounds were below.
    pub(crate) nanoseconds: f64,
    pub(crate) quartiles: [f64; 2],
    pub(crate) allocations: Option<u64>,
    /// Ours ÷ this one's.
    pub(crate) ours_to_this: Option<f64>,
    /// Of a row on two threads: tokens ÷ those of one thread in the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) speedup: Option<f64>,
    #[serde(skip)]
    pub(crate) times: Times,
}

impl Entry {
    pub(crate) fn new(name: String, times: Times, allocations: Option<u64>, speedup: Option<f64>) -> Self {
        let nanoseconds = rounded(median(&times), 1);
        let quartiles = [1, 3].map(|quarters| rounded(quantile(&times, quarters), 1));
        let speedup = speedup.map(|speedup| rounded(speedup, 3));
        Self { name, nanoseconds, quartiles, allocations, ours_to_this: None, speedup, times }
    }

    pub(crate) fn is_rival(&self) -> bool {
        !self.name.starts_with(OURS) && !self.name.starts_with(FLOOR)
    }
}

impl Row {
    pub(crate) fn new(row: String, mut contenders: Vec<Entry>) -> Self {
        let ours = contenders.iter().find(|entry| entry.name == OURS).map(|entry| entry.times.clone());
        for entry in &mut contenders {
            entry.ours_to_this = ours.as_ref().map(|ours| rounded(paired_ratio(ours, &entry.times), 3));
        }
        let mut row = Self { row, ratio: None, fastest_rival: None, contenders };
        let fastest = row.fastest_rival().map(|rival| (rival.ours_to_this, rival.name.clone()));
        if let Some((ratio, name)) = fastest {
            row.ratio = ratio;
            row.fastest_rival = Some(name);
        }
        row
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
        let rivals = self.contenders.iter().filter(|entry| entry.is_rival());
        rivals.min_by(|one, other| median(&one.times).total_cmp(&median(&other.times)))
    }
}

pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    (value * unit).round() / unit
}

impl Report {
    pub(crate) fn new(stack: Stack, pace: Pace) -> Self {
        Self {
            stack: stack.name(),
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

    /// The targets, one line each.
    pub(crate) fn verdicts(&self) -> String {
        let mut lines = String::new();
        for verdict in &self.targets {
            let measured = format!("{:.3}", verdict.measured);
            let against = verdict.against.as_ref().map_or_else(String::new, |name| format!(": {name}"));
            let _ = writeln!(
                lines,
                "{}  {measured:>9}, target {:.2} {}{against}  [{}]",
                if verdict.holds { "holds " } else { "MISSED" },
                verdict.limit,
                verdict.kind,
                verdict.row,
            );
        }
        lines
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
fn versions() -> BTreeMap<&'static str, String> {
    let lock = include_str!("../../Cargo.lock");
    let mut versions = BTreeMap::new();
    for package in PACKAGES {
        let name = format!("name = \"{package}\"\nversion = \"");
        let found = lock.rsplit(&name).next().filter(|rest| rest.len() < lock.len());
        if let Some((version, _)) = found.and_then(|rest| rest.split_once('"')) {
            versions.insert(package, version.to_owned());
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
