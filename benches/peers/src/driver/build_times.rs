//! What a user waits for: a clean release build of a package that depends on one library and on nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const OURS: &str = "countersign";
const RIVAL: &str = "jsonwebtoken";

/// By library.
pub(crate) type Seconds = BTreeMap<&'static str, f64>;

/// Seconds of countersign's build with its default features, and of jsonwebtoken's with `aws_lc_rs`.
pub(crate) fn measure() -> Seconds {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let library = library.canonicalize().expect("the library is there");
    let ours = format!("countersign = {{ path = {:?} }}", library.display().to_string());
    let rival = "jsonwebtoken = { version = \"11.1\", features = [\"aws_lc_rs\"] }".to_owned();
    [(OURS, ours), (RIVAL, rival)].map(|(name, dependency)| (name, build(name, &dependency))).into()
}

/// Ours ÷ the rival's.
pub(crate) fn ratio(seconds: &Seconds) -> Option<f64> {
    Some(seconds.get(OURS)? / seconds.get(RIVAL)?)
}

fn build(name: &str, dependency: &str) -> f64 {
    let folder = super::target_folder().join("clean").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("src")).expect("the target folder can be written");
    let manifest = format!(
        "[package]\nname = \"clean\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{dependency}\n"
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    std::fs::write(folder.join("src/lib.rs"), "").expect("it can be written");
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        // Wherever this one's build goes: theirs begin with nothing.
        command
            .env("CARGO_BUILD_BUILD_DIR", folder.join("target"))
            .env("CARGO_TARGET_DIR", folder.join("target"));
        let status = command.args(arguments).current_dir(&folder).status().expect("cargo is there");
        assert!(status.success(), "{name} doesn't build");
    };
    // Downloads aren't measured.
    cargo(&["fetch", "--quiet"]);
    let start = Instant::now();
    cargo(&["build", "--quiet", "--release", "--offline"]);
    let seconds = start.elapsed().as_secs_f64();
    let _ = std::fs::remove_dir_all(&folder);
    super::report::rounded(seconds, 1)
}
