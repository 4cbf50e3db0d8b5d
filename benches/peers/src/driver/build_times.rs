//! What a user waits for: a clean release build of a package that depends on one library and on nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::rounds::median;

const OURS: &str = "countersign";
pub(crate) const RIVAL: &str = "jsonwebtoken";

/// Of each build, in turn.
const ROUNDS: usize = 3;

/// By build, the median.
pub(crate) type Seconds = BTreeMap<String, f64>;

/// Seconds of countersign's build with its default features, and of jsonwebtoken's with `aws_lc_rs`.
pub(crate) fn measure() -> Seconds {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let library = library.canonicalize().expect("the library is there");
    let ours = depending_on(&format!("countersign = {{ path = {:?} }}", library.display().to_string()));
    let rival = depending_on("jsonwebtoken = { version = \"11.1\", features = [\"aws_lc_rs\"] }");
    let builds = [(OURS, ours), (RIVAL, rival)];
    let folders = builds.each_ref().map(|(name, manifest)| prepared(name, manifest));
    let mut samples = builds.each_ref().map(|_| Vec::new());
    for round in 1..=ROUNDS {
        for (((name, _), folder), samples) in builds.iter().zip(&folders).zip(&mut samples) {
            eprintln!("building {name} from nothing, {round} of {ROUNDS}");
            samples.push(build(folder));
        }
    }
    for folder in folders {
        let _ = std::fs::remove_dir_all(folder);
    }
    let medians = samples.map(|samples| super::report::rounded(median(&samples), 1));
    builds.into_iter().map(|(name, _)| name.to_owned()).zip(medians).collect()
}

/// Ours ÷ the rival's.
pub(crate) fn ratio(seconds: &Seconds) -> Option<f64> {
    Some(seconds.get(OURS)? / seconds.get(RIVAL)?)
}

fn depending_on(dependency: &str) -> String {
    format!(
        "[package]\nname = \"clean\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{dependency}\n"
    )
}

/// Its folder, with everything downloaded, which isn't measured.
fn prepared(name: &str, manifest: &str) -> PathBuf {
    let folder = super::target_folder().join("clean").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("src")).expect("the target folder can be written");
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    std::fs::write(folder.join("src/lib.rs"), "").expect("it can be written");
    cargo(&folder, &["fetch", "--quiet"]);
    folder
}

fn build(folder: &Path) -> f64 {
    let _ = std::fs::remove_dir_all(folder.join("target"));
    let start = Instant::now();
    cargo(folder, &["build", "--quiet", "--release", "--offline", "--locked"]);
    start.elapsed().as_secs_f64()
}

fn cargo(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("cargo");
    // Wherever this one's build goes: theirs begin with nothing.
    command
        .env("CARGO_BUILD_BUILD_DIR", folder.join("target"))
        .env("CARGO_TARGET_DIR", folder.join("target"));
    let status = command.args(arguments).current_dir(folder).status().expect("cargo is there");
    assert!(status.success(), "{} doesn't build", folder.display());
}
