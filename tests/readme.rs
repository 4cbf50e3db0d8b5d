//! The README's tables say what the code and Cargo.toml say.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../src/evidence.rs"]
mod evidence;
#[path = "../src/jwk/reserved.rs"]
mod reserved;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{
    ContentEncryption, DecryptionKey, JweAlgorithm, Jwk, JwsAlgorithm, SigningKey, VerifyingKey, jws,
};

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

const BEGIN: &str = "<!-- algorithms: begin -->\n";
const END: &str = "<!-- algorithms: end -->\n";

/// What a stack's column says of an algorithm that any one of these features brings.
fn on_stack(stack: &str, features: &[&str]) -> String {
    if features.is_empty() || features.contains(&stack) {
        return "yes".to_owned();
    }
    let others = features.iter().filter(|feature| !matches!(**feature, "ring" | "aws-lc-rs"));
    let others: Vec<_> = others.map(|feature| format!("`{feature}`")).collect();
    if others.is_empty() { "no".to_owned() } else { format!("with {}", others.join(" or ")) }
}

/// The head of a table and the rule below it.
fn head(first: &str) -> String {
    format!("| {first} | key | stack `ring` | stack `aws-lc-rs` | defined in |\n|---|---|---|---|---|\n")
}

fn row(name: &str, key: &str, features: &[&str], specification: &str) -> String {
    let [ring, aws_lc_rs] = ["ring", "aws-lc-rs"].map(|stack| on_stack(stack, features));
    format!("| {name} | {key} | {ring} | {aws_lc_rs} | {specification} |\n")
}

/// The rows of names that are set aside, whose reason the README gives below the tables.
fn reserved(before: &str, names: &[(&str, &str)]) -> String {
    let row = |(name, specification): &(&str, &str)| {
        format!(
            "| {before}{name} | not here: the crate that would serve is a pre-release | no | no | {specification} |\n"
        )
    };
    names.iter().map(row).collect()
}

/// The three tables, as the registries of this build have them.
fn rendered() -> String {
    let signatures = JwsAlgorithm::ALL.iter().map(|algorithm| {
        row(algorithm.name(), algorithm.key_requirement(), algorithm.features(), algorithm.specification())
    });
    let key_management = JweAlgorithm::ALL.iter().map(|algorithm| {
        row(algorithm.name(), algorithm.key_requirement(), algorithm.features(), algorithm.specification())
    });
    let content_encryption = ContentEncryption::ALL.iter().map(|enc| {
        let is_default = *enc == ContentEncryption::default();
        let name = if is_default { format!("{enc}, the default") } else { enc.to_string() };
        row(&name, &format!("{} bytes", enc.key_len()), &[], enc.specification())
    });
    [
        head("signatures (JWS `alg`)"),
        signatures.collect(),
        reserved("", reserved::SIGNATURES),
        "\n".to_owned(),
        head("key management (JWE `alg`)"),
        key_management.collect(),
        reserved("ECDH-ES and its kin on ", reserved::AGREEMENTS),
        "\n".to_owned(),
        head("content encryption (JWE `enc`)"),
        content_encryption.collect(),
    ]
    .concat()
}

/// The tables are the registries', word for word. A build without `es256k` has no row for it.
///
/// With `COUNTERSIGN_WRITE` in the environment, a build with all features writes them.
#[test]
fn algorithms_are_those_of_the_registries() {
    let (above, rest) = README.split_once(BEGIN).unwrap();
    let (written, below) = rest.split_once(END).unwrap();
    let rendered = rendered();
    if cfg!(feature = "es256k") && std::env::var_os("COUNTERSIGN_WRITE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        fs::write(path, format!("{above}{BEGIN}{rendered}{END}{below}")).unwrap();
        return;
    }
    let is_here = |line: &&str| cfg!(feature = "es256k") || !line.starts_with("| ES256K |");
    let written: String = written.split_inclusive('\n').filter(is_here).collect();
    assert_eq!(written, rendered, "COUNTERSIGN_WRITE=1 puts this into README.md:\n{rendered}");
}

/// What the tables set aside is refused as unsupported, wherever its name stands.
#[test]
fn reserved_names_are_refused_as_unsupported() {
    for (name, _) in reserved::SIGNATURES.iter().chain(reserved::AGREEMENTS) {
        assert!(reserved::is_reserved(name));
        for len in [32, 56, 57] {
            let x = URL_SAFE_NO_PAD.encode(vec![9; len]);
            let key = Jwk::from_json(&format!(r#"{{"kty":"OKP","crv":"{name}","x":"{x}"}}"#)).unwrap_err();
            assert_eq!(key.code(), "unsupported_key", "{name}");
            assert!(key.to_string().contains("aren't built in yet"), "{key}");
        }
        let own = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap();
        let key = own.verifying_key().unwrap();
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{name}"}}"#));
        let token = format!("{header}.AA.{}", URL_SAFE_NO_PAD.encode([9; 114]));
        assert_eq!(jws::verify(&key, &token).unwrap_err().code(), "unsupported_algorithm", "{name}");
        let jwk = own.to_public_jwk().unwrap().with_algorithm(*name);
        assert_eq!(VerifyingKey::from_jwk(&jwk).map(drop).unwrap_err().code(), "unsupported_key", "{name}");
    }
    assert!(!reserved::is_reserved("Ed25519"));
}

/// What the tables say of features is true of this build: an algorithm that none of them brings can't be used.
#[test]
fn an_algorithm_without_its_feature_says_so() {
    let has = |features: &[&str]| {
        features.is_empty()
            || features.iter().any(|feature| match *feature {
                "aws-lc-rs" => cfg!(feature = "aws-lc-rs"),
                "es256k" => cfg!(feature = "es256k"),
                "pbes2" => cfg!(feature = "pbes2"),
                "rsa" => cfg!(feature = "rsa"),
                other => panic!("feature `{other}`"),
            })
    };
    for algorithm in JwsAlgorithm::ALL {
        assert!(has(algorithm.features()), "{algorithm}");
    }
    for &algorithm in JweAlgorithm::ALL {
        let made = DecryptionKey::generate(algorithm).and_then(|key| key.encryption_key());
        let expected = if has(algorithm.features()) { "made" } else { "unsupported_feature" };
        assert_eq!(made.map_or_else(|error| error.code(), |_| "made"), expected, "{algorithm}");
    }
}

#[track_caller]
fn assert_same(written: &[&str], actual: impl IntoIterator<Item = &'static str>) {
    let set: BTreeSet<&str> = written.iter().copied().collect();
    assert_eq!(set.len(), written.len(), "a name that stands twice");
    assert_eq!(set, actual.into_iter().collect());
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

/// The text of every Rust file below a folder.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// The titles of the README's rows of evidence.
fn titles() -> impl Iterator<Item = &'static str> {
    let (above, _) = README.split_once("<!-- evidence: end -->").unwrap();
    let (_, rows) = above.rsplit_once("| published vectors |").unwrap();
    rows.lines().skip(2).filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
}

/// No row of the README outlives the test that printed it: each title stands in a test, as it is. That the numbers
/// are the test's own, the test sees to.
#[test]
fn no_row_of_evidence_is_stale() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = String::new();
    sources(&root.join("src"), &mut tests);
    sources(&root.join("tests"), &mut tests);
    let stale: Vec<_> = titles().filter(|title| !tests.contains(&format!("\"{title}\""))).collect();
    assert!(stale.is_empty(), "no test prints these rows of README.md: {stale:#?}");
    let all: BTreeSet<_> = titles().collect();
    assert_eq!(all.len(), titles().count(), "a row that stands twice");
    assert!(all.len() > 30 && all.contains("Wycheproof JSON Web Signature"), "{all:#?}");
}

// ---- the judge of vectors, on verdicts made up

mod judging {
    use crate::evidence::{Expected, Override, Tally};

    const ONE: &[Override] =
        &[Override { case: 1, code: "base64url", reason: "a reason of five words or more" }];

    #[test]
    #[should_panic(expected = "expected Refused, found accepted")]
    fn another_verdict_than_the_publisher_s_is_found() {
        let mut tally = Tally::new("made up", &[]);
        tally.judge(1, Expected::Refused, "accepted", "");
        tally.finish(1);
    }

    #[test]
    #[should_panic(expected = "expected Accepted, found base64url")]
    fn in_both_directions() {
        let mut tally = Tally::new("made up", &[]);
        tally.judge(1, Expected::Accepted, "base64url", "");
        tally.finish(1);
    }

    #[test]
    #[should_panic(expected = "overridden, but json is what the publisher expects")]
    fn an_override_that_no_longer_matters_is_found() {
        let mut tally = Tally::new("made up", ONE);
        tally.judge(1, Expected::Refused, "json", "");
        tally.finish(1);
    }

    #[test]
    #[should_panic(expected = "overridden as base64url, found json")]
    fn an_override_with_another_code_is_found() {
        let mut tally = Tally::new("made up", ONE);
        tally.judge(1, Expected::Accepted, "json", "");
        tally.finish(1);
    }

    #[test]
    #[should_panic(expected = "an override of no case")]
    fn an_override_without_a_case_is_found() {
        let mut tally = Tally::new("made up", ONE);
        tally.judge(2, Expected::Accepted, "accepted", "");
        tally.finish(1);
    }

    #[test]
    #[should_panic(expected = "an override without a reason")]
    fn an_override_without_a_reason_is_found() {
        const NO_REASON: &[Override] = &[Override { case: 1, code: "json", reason: "" }];
        let mut tally = Tally::new("made up", NO_REASON);
        tally.judge(1, Expected::Accepted, "json", "");
        tally.finish(1);
    }

    #[test]
    #[should_panic(expected = "every case is judged")]
    fn a_case_that_is_left_out_is_found() {
        let mut tally = Tally::new("made up", &[]);
        tally.judge(1, Expected::Accepted, "accepted", "");
        tally.finish(2);
    }

    #[test]
    #[should_panic(expected = "expected Foreign, found accepted")]
    fn foreign_parameters_are_never_accepted() {
        let mut tally = Tally::new("made up", &[]);
        tally.judge(1, Expected::Foreign, "accepted", "");
        tally.finish(1);
    }

    #[test]
    #[should_panic(expected = "expected this row in README.md")]
    fn a_row_that_the_readme_lacks_is_found() {
        crate::evidence::stands_in_the_readme("| made up | 1 |");
    }
}
