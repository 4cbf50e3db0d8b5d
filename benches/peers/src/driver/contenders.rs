//! Who takes part, how each is built, and the process that each runs in.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(crate) const OURS: &str = "countersign";
pub(crate) const FLOOR: &str = "floor";

/// countersign's crypto stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stack {
    Ring,
    AwsLcRs,
}

impl Stack {
    pub(crate) const ALL: [Self; 2] = [Self::AwsLcRs, Self::Ring];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::AwsLcRs => "aws-lc-rs",
        }
    }
}

/// One build of one library.
pub(crate) struct Contender {
    pub(crate) label: &'static str,
    binary: &'static str,
    feature: &'static str,
}

/// countersign and the floor on this stack, and all rivals.
pub(crate) fn of(stack: Stack) -> Vec<Contender> {
    let contender = |label, binary, feature| Contender { label, binary, feature };
    let (ours, floor) = match stack {
        Stack::Ring => ("countersign-ring", "floor-ring"),
        Stack::AwsLcRs => ("countersign-aws-lc-rs", "floor-aws-lc-rs"),
    };
    vec![
        contender(OURS, "countersign", ours),
        contender("jsonwebtoken (aws-lc-rs)", "jsonwebtoken", "jsonwebtoken-aws-lc-rs"),
        contender("jsonwebtoken (RustCrypto)", "jsonwebtoken", "jsonwebtoken-rust-crypto"),
        contender("jwt-simple", "jwt-simple", "jwt-simple"),
        contender("josekit", "josekit", "josekit"),
        contender("jose-rs", "jose-rs", "jose-rs"),
        contender("huskarl", "huskarl", "huskarl"),
        contender("biscuit", "biscuit", "biscuit"),
        contender("jwt-compact", "jwt-compact", "jwt-compact"),
        contender(FLOOR, "floor", floor),
    ]
}

/// The packages whose versions a result names.
pub(crate) const PACKAGES: [&str; 12] = [
    "countersign",
    "jsonwebtoken",
    "jwt-simple",
    "josekit",
    "jose-rs",
    "huskarl-core",
    "biscuit",
    "jwt-compact",
    "aws-lc-rs",
    "ring",
    "boring",
    "openssl",
];

impl Contender {
    /// Builds it as a user of the library would: release profile, its own features and no one else's.
    pub(crate) fn build(&self, counting: bool) -> PathBuf {
        let features =
            if counting { format!("{},count-allocations", self.feature) } else { self.feature.to_owned() };
        let target = super::target_folder();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        cargo.args(["build", "--quiet", "--release", "--locked", "--no-default-features"]);
        cargo.args(["--bin", self.binary, "--features", &features, "--manifest-path"]);
        cargo.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).arg("--target-dir").arg(&target);
        let status = cargo.status().expect("cargo is there");
        assert!(status.success(), "{features} doesn't build");
        let folder = target.join("contenders");
        std::fs::create_dir_all(&folder).expect("the target folder can be written");
        let kept = folder.join(features.replace(',', "-"));
        std::fs::copy(target.join("release").join(self.binary), &kept).expect("cargo made it");
        kept
    }
}

/// A contender's process, to which one asks lines. It ends when this is dropped.
pub(crate) struct Process {
    pub(crate) label: &'static str,
    /// Its rows, each with its kind.
    pub(crate) rows: Vec<(String, Kind)>,
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What a row does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Make,
    Read,
    Raw,
}

impl Process {
    /// Starts it, on one processor if so asked.
    pub(crate) fn start(contender: &Contender, binary: &Path, processor: Option<&str>) -> Self {
        let mut command = match processor {
            None => Command::new(binary),
            Some(processor) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", processor]).arg(binary);
                command
            }
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was built, and taskset is there");
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut process = Self { label: contender.label, rows: Vec::new(), child, questions, answers };
        let rows = process.ask(&["rows"]);
        let mut fields = rows.split('\t').skip(1);
        while let (Some(kind), Some(row)) = (fields.next(), fields.next()) {
            let kind = match kind {
                "make" => Kind::Make,
                "read" => Kind::Read,
                _ => Kind::Raw,
            };
            process.rows.push((row.to_owned(), kind));
        }
        process
    }

    pub(crate) fn kind(&self, row: &str) -> Option<Kind> {
        self.rows.iter().find(|(name, _)| name == row).map(|(_, kind)| *kind)
    }

    pub(crate) fn ask(&mut self, question: &[&str]) -> String {
        let line = format!("{}\n", question.join("\t"));
        let asked = self.questions.as_mut().expect("it is piped").write_all(line.as_bytes());
        let mut answer = String::new();
        let read = asked.and_then(|()| self.answers.read_line(&mut answer));
        assert!(read.is_ok_and(|read| read > 0), "{} died at {:?}", self.label, question.get(..2));
        answer.truncate(answer.trim_end().len());
        answer
    }

    /// Nanoseconds of so many operations, on each of so many threads.
    pub(crate) fn time(&mut self, row: &str, iterations: u64, threads: u32) -> u64 {
        let answer = self.ask(&["time", row, &iterations.to_string(), &threads.to_string()]);
        answer.parse().expect("it answers with a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}
