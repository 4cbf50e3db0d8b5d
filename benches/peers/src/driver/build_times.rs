//! What a user waits for: a clean release build of a package that depends on one library and on nothing else. And what
//! is below ours: the same build without the library itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::rounds::median;

pub(crate) const OURS: &str = "countersign";
pub(crate) const RIVAL: &str = "jsonwebtoken";
/// What countersign's default features depend on, without countersign.
pub(crate) const DEPENDENCIES: &str = "countersign's dependencies";

/// Of each build, in turn.
const ROUNDS: usize = 3;

/// By build, the median.
pub(crate) type Seconds = BTreeMap<String, f64>;

/// Seconds of countersign's build with its default features, of jsonwebtoken's with `aws_lc_rs`, and of the
/// dependencies of the former.
pub(crate) fn measure() -> Seconds {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let library = library.canonicalize().expect("the library is there");
    let ours = depending_on(&format!("countersign = {{ path = {:?} }}", library.display().to_string()));
    let rival = depending_on("jsonwebtoken = { version = \"11.1\", features = [\"aws_lc_rs\"] }");
    let manifest = std::fs::read_to_string(library.join("Cargo.toml")).expect("it can be read");
    let builds = [(OURS, ours), (RIVAL, rival), (DEPENDENCIES, without_the_library(&manifest))];
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

/// One of the builds ÷ the rival's.
pub(crate) fn ratio(seconds: &Seconds, build: &str) -> Option<f64> {
    Some(seconds.get(build)? / seconds.get(RIVAL)?)
}

const PACKAGE: &str = "[package]\nname = \"clean\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n";

fn depending_on(dependency: &str) -> String {
    format!("{PACKAGE}\n[dependencies]\n{dependency}\n")
}

/// A package with the library's own features, the same by default, and what they depend on; and nothing of its own.
fn without_the_library(manifest: &str) -> String {
    let mut kept = PACKAGE.to_owned();
    let mut keeping = false;
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            let of_builds = |name| section.ends_with(name) && !section.contains("dev-dependencies");
            keeping = section == "features]" || of_builds("dependencies]");
        }
        if keeping {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Its folder, with everything downloaded, which isn't measured.
fn prepared(name: &str, manifest: &str) -> PathBuf {
    let folder = super::target_folder().join("clean").join(name.replace([' ', '\''], "-"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_the_library_is_its_features_and_dependencies() {
        let manifest = "[package]\nname = \"a\"\n\n[features]\ndefault = [\"b\"]\n\n[dependencies]\n# For b.\nb = \"1\"\n\n\
                        [dev-dependencies]\nc = \"1\"\n\n[target.'cfg(unix)'.dependencies]\nd = \"1\"\n\n[lints.rust]\ne = 1\n";
        let kept = without_the_library(manifest);
        let rest = kept.strip_prefix(PACKAGE).expect("it begins with its own name");
        assert_eq!(
            rest,
            "[features]\ndefault = [\"b\"]\n\n[dependencies]\n# For b.\nb = \"1\"\n\n[target.'cfg(unix)'.dependencies]\nd = \"1\"\n\n"
        );
    }
}
