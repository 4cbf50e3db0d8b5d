//! Holds the layout that ARCHITECTURE.md describes: which folder may use which, who may name which crate, how long
//! a file and its module doc may get, where algorithm names stand, and who reads padded text.
//!
//! It reads `src/` as tokens: comments and items under `#[cfg(test)]` don't count. The second half tests the checker
//! itself on made-up sources, so that a rule that can't fail is noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The folders and files of `src/`, lowest first. Arrows go down; neighbours on one line don't use each other, but
/// for the first line, whose files are everyone's and may.
const ORDER: &[&[&str]] = &[
    &["clock", "error", "external", "limits", "secret"],
    &["wire"],
    &["crypto"],
    &["jwk"],
    &["jws", "jwe"],
    &["keys"],
    &["jwt"],
    &["danger"],
    &["profile"],
    &["gateway"],
];

/// Folders that may use less than what lies under them. `crypto` knows no JOSE: no segments, no header, no errors
/// that tell one failure from another.
const NARROWER: &[(&str, &[&str])] = &[("crypto", &["secret"])];

/// Which crates only these folders may name, so that replacing one stays a change in one place. `crypto` reads DER
/// because aws-lc-rs gives a generated RSA key out as PKCS#8 only.
const CRATES: &[(&[&str], &[&str])] = &[
    (
        &["crypto"],
        &[
            "aes",
            "aes_gcm",
            "aes_kw",
            "aws_lc_rs",
            "cbc",
            "crypto_bigint",
            "curve25519_dalek",
            "ed25519_dalek",
            "getrandom",
            "hmac",
            "k256",
            "p256",
            "p384",
            "p521",
            "rand_core",
            "ring",
            "rsa",
            "scrypt",
            "sha1",
            "sha2",
            "x25519_dalek",
        ],
    ),
    (&["crypto", "jwk"], &["der"]),
    (&["jwk"], &["pem_rfc7468"]),
    (&["wire"], &["base64", "base64ct", "memchr"]),
    (&["jwe"], &["miniz_oxide"]),
    (&["gateway"], &["http", "metrics", "redis", "tower_layer", "tower_service", "tracing"]),
    (&["jwt"], &["rayon"]),
    (&["keys"], &["reqwest", "rustls", "rustls_platform_verifier"]),
    (&["gateway", "keys"], &["tokio"]),
];

/// Algorithm names as string literals, and the one file where each may stand.
const NAMES: &[(&str, &[&str])] = &[
    (
        "jws/alg/mod.rs",
        &[
            "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
            "ES384", "ES512", "ES256K", "EdDSA",
        ],
    ),
    (
        "jwe/alg/mod.rs",
        &[
            "dir",
            "A128KW",
            "A192KW",
            "A256KW",
            "A128GCMKW",
            "A192GCMKW",
            "A256GCMKW",
            "ECDH-ES",
            "ECDH-ES+A128KW",
            "ECDH-ES+A192KW",
            "ECDH-ES+A256KW",
            "RSA-OAEP",
            "RSA-OAEP-256",
            "RSA-OAEP-384",
            "RSA-OAEP-512",
            "PBES2-HS256+A128KW",
            "PBES2-HS384+A192KW",
            "PBES2-HS512+A256KW",
        ],
    ),
    ("jwe/enc/mod.rs", &["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"]),
];

/// Names that are an algorithm in one folder and a curve elsewhere: held inside that folder only.
const NAMES_WITHIN: &[(&str, &str, &str)] = &[("jws/", "Ed25519", "jws/alg/mod.rs")];

/// What reads padded text, which RFC 7515 §2 forbids, and the files that may name it: one reader of tokens, for one
/// profile, over one decoder. Leniency that others could reach would become everyone's.
const LENIENT: &[(&str, &[&str])] = &[
    ("padded", &["wire/mod.rs", "jws/verify.rs"]),
    ("split_padded", &["jws/verify.rs", "profile/load_balancer/verifier.rs"]),
    ("split_by", &["jws/verify.rs"]),
    ("RequireCanonical", &["wire/padded.rs", "wire/base64.rs"]),
    ("Indifferent", &[]),
    ("with_decode_padding_mode", &["wire/padded.rs", "wire/base64.rs", "wire/base64url.rs"]),
];

/// The folders of which no file needs leave for a word of [`LENIENT`]: there it is another one.
const NOT_TEXT: &[&str] = &["crypto"];

/// The cap on a file, tests not counted.
const MAX_LINES: usize = 500;

/// The least and the most lines of a file's `//!` docs, `lib.rs` and tests left out: its stage, what goes in, what
/// comes out, the RFC's sections. Less says nothing, more belongs to the items.
const DOC_LINES: std::ops::RangeInclusive<usize> = 3..=10;

#[test]
fn arrows_only_go_down() {
    check(arrows);
}

#[test]
fn each_crate_is_named_by_its_folder_only() {
    check(crates);
}

#[test]
fn files_stay_short() {
    check(lengths);
}

#[test]
fn each_file_says_what_it_is_for() {
    check(module_docs);
}

#[test]
fn algorithm_names_stand_in_one_file_per_registry() {
    check(names);
}

#[test]
fn padded_text_is_read_in_one_place() {
    check(lenient);
}

#[test]
fn lib_holds_docs_lints_mods_and_reexports_only() {
    check(lib);
}

fn check(rule: fn(&[Source]) -> Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = Vec::new();
    read(&root, "", &mut texts);
    assert!(texts.len() > 4, "only {} files found under src/", texts.len());
    let broken = rule(&sources(&texts));
    assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), broken.join("\n"));
}

fn read(folder: &Path, name: &str, texts: &mut Vec<(String, String)>) {
    let entries = fs::read_dir(folder).expect("src/ and what is in it can be listed");
    for entry in entries {
        let path = entry.expect("src/ can be listed").path();
        let file = path.file_name().and_then(|file| file.to_str()).expect("file names are UTF-8").to_owned();
        if path.is_dir() {
            read(&path, &format!("{name}{file}/"), texts);
        } else if file.ends_with(".rs") {
            let text = fs::read_to_string(&path).expect("a source file is UTF-8");
            texts.push((format!("{name}{file}"), text));
        }
    }
    texts.sort();
}

// ---- the rules

fn arrows(sources: &[Source]) -> Vec<String> {
    let exports = exports(sources);
    let mut broken = Vec::new();
    for source in sources.iter().filter(|source| source.name != "lib.rs") {
        let from = source.top();
        if rank(from).is_none() {
            broken.push(format!("{}: `{from}` has no place in the order", source.name));
            continue;
        }
        for path in &source.paths {
            let Some(first) = source.first_from_root(path) else { continue };
            let to = if rank(first).is_some() { Some(first) } else { exports.get(first).map(String::as_str) };
            match to {
                Some(to) if may_use(from, to) => {}
                Some(to) => broken.push(format!("{}:{}: `{from}` uses `{to}`", source.name, path.line)),
                None => broken.push(format!("{}:{}: what is `crate::{first}`?", source.name, path.line)),
            }
        }
    }
    broken.dedup();
    broken
}

fn may_use(from: &str, to: &str) -> bool {
    let down = match (rank(from), rank(to)) {
        (Some(0), Some(0)) => true,
        (Some(from), Some(to)) => to < from,
        _ => false,
    };
    let narrower = NARROWER.iter().find(|(folder, _)| *folder == from);
    from == to || down && narrower.is_none_or(|(_, only)| only.contains(&to))
}

fn rank(folder: &str) -> Option<usize> {
    ORDER.iter().position(|level| level.contains(&folder))
}

/// The names that `lib.rs` re-exports, with the folder that each comes from: `crate::Error` is a use of `error`.
fn exports(sources: &[Source]) -> BTreeMap<String, String> {
    let lib = sources.iter().find(|source| source.name == "lib.rs");
    let paths = lib.map(|lib| lib.paths.as_slice()).unwrap_or_default();
    let mut exports = BTreeMap::new();
    for path in paths {
        let folder = path.segments.iter().find(|segment| !matches!(segment.as_str(), "crate" | "self"));
        if let (Some(name), Some(folder)) = (&path.binds, folder) {
            exports.insert(name.clone(), folder.clone());
        }
    }
    exports
}

fn crates(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        for (owners, crates) in CRATES.iter().filter(|(owners, _)| !owners.contains(&source.top())) {
            for path in &source.paths {
                let Some(first) = path.segments.first() else { continue };
                if crates.contains(&first.as_str()) && !source.locals.contains(first) {
                    broken.push(format!(
                        "{}:{}: crate `{first}` is for {} only",
                        source.name,
                        path.line,
                        owners.join(" and ")
                    ));
                }
            }
        }
    }
    broken.dedup();
    broken
}

fn lengths(sources: &[Source]) -> Vec<String> {
    let long = sources.iter().filter(|source| source.lines > MAX_LINES);
    long.map(|source| format!("{}: {} lines without tests, {MAX_LINES} allowed", source.name, source.lines))
        .collect()
}

fn module_docs(sources: &[Source]) -> Vec<String> {
    let (least, most) = (DOC_LINES.start(), DOC_LINES.end());
    let others = sources.iter().filter(|source| source.name != "lib.rs");
    others
        .filter(|source| !DOC_LINES.contains(&source.doc_lines))
        .map(|source| {
            format!("{}: {} lines of module docs, {least} to {most} expected", source.name, source.doc_lines)
        })
        .collect()
}

fn names(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        for (line, literal) in &source.literals {
            let home =
                NAMES.iter().find(|(_, names)| names.contains(&literal.as_str())).map(|(home, _)| *home);
            let within = NAMES_WITHIN
                .iter()
                .find(|(folder, name, _)| source.name.starts_with(folder) && name == literal)
                .map(|(_, _, home)| *home);
            if let Some(home) = home.or(within).filter(|home| *home != source.name) {
                broken.push(format!("{}:{line}: \"{literal}\" is for {home} only", source.name));
            }
        }
    }
    broken
}

fn lenient(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources.iter().filter(|source| !NOT_TEXT.contains(&source.top())) {
        for (line, token) in &source.tokens {
            let files = LENIENT.iter().find(|(word, _)| token.word() == Some(word)).map(|(_, files)| *files);
            if files.is_some_and(|files| !files.contains(&source.name.as_str())) {
                let word = token.word().unwrap_or_default();
                broken.push(format!("{}:{line}: `{word}` is for {files:?} only", source.name));
            }
        }
    }
    broken
}

fn lib(sources: &[Source]) -> Vec<String> {
    let Some(lib) = sources.iter().find(|source| source.name == "lib.rs") else {
        return vec!["lib.rs is not there".to_owned()];
    };
    let mut broken = Vec::new();
    let mut rest = lib.tokens.as_slice();
    while let Some((line, _)) = rest.first() {
        rest = after_attributes(rest);
        let words: Vec<&str> = rest.iter().map_while(|(_, token)| token.word()).take(2).collect();
        let fits = match words.as_slice() {
            ["pub", "use" | "mod"] | ["use" | "mod", ..] | ["compile_error"] | [] => true,
            // `pub(crate) mod …`
            ["pub"] => rest.get(4).is_some_and(|(_, token)| matches!(token.word(), Some("mod" | "use"))),
            _ => false,
        };
        let item;
        (item, rest) = rest.split_at(item_length(rest));
        let has_body = words.contains(&"mod") && item.iter().any(|(_, token)| *token == Token::Symbol('{'));
        if !fits || has_body {
            broken.push(format!(
                "lib.rs:{line}: `{}` is neither a lint, a mod nor a re-export",
                words.join(" ")
            ));
        }
    }
    broken
}

// ---- reading Rust, as far as the rules need it

/// One file of `src/` without its comments and tests.
struct Source {
    /// Relative to `src/`, with `/`.
    name: String,
    /// Lines that are not part of a test item, comments included.
    lines: usize,
    /// Lines of `//!` that the file begins with.
    doc_lines: usize,
    tokens: Vec<(usize, Token)>,
    literals: Vec<(usize, String)>,
    paths: Vec<PathUse>,
    /// Names that a `mod` or a `use` of our own binds here; they shadow crates of the same name.
    locals: BTreeSet<String>,
}

impl Source {
    /// Returns the folder or file right under `src/` that this belongs to.
    fn top(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Returns the segment right after the crate's root, if the path leads there and not into this file's own folder.
    fn first_from_root<'a>(&self, path: &'a PathUse) -> Option<&'a str> {
        let supers = path.segments.iter().take_while(|segment| *segment == "super").count();
        let depth = self.name.split('/').filter(|part| *part != "mod.rs").count();
        let first = match path.segments.first().map(String::as_str) {
            Some("crate") => path.segments.get(1),
            Some("super") if supers >= depth => path.segments.get(supers),
            _ => None,
        };
        first.map(String::as_str)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Literal(String),
    /// `::`
    Join,
    Symbol(char),
}

impl Token {
    fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// A path in a `use` or in code, such as `crate::wire::json`.
struct PathUse {
    line: usize,
    segments: Vec<String>,
    /// The name that a `use` gives it.
    binds: Option<String>,
}

fn sources(texts: &[(String, String)]) -> Vec<Source> {
    let mut test_modules = Vec::new();
    let mut all = Vec::new();
    for (name, text) in texts {
        let Stripped { tokens, test_lines, test_mods } = without_tests(&lex(text));
        let folder = name.strip_suffix("mod.rs").or(name.strip_suffix("lib.rs")).map(str::to_owned);
        let folder = folder.unwrap_or_else(|| format!("{}/", name.strip_suffix(".rs").unwrap_or(name)));
        for module in test_mods {
            test_modules.push(format!("{folder}{module}"));
        }
        let paths = paths(&tokens);
        let literals = tokens.iter().filter_map(|(line, token)| match token {
            Token::Literal(text) => Some((*line, text.clone())),
            _ => None,
        });
        all.push(Source {
            name: name.clone(),
            lines: text.lines().count().saturating_sub(test_lines),
            doc_lines: text.lines().take_while(|line| line.starts_with("//!")).count(),
            literals: literals.collect(),
            locals: locals(&tokens, &paths),
            paths,
            tokens,
        });
    }
    // Both `module.rs` and whatever is in the folder `module/`.
    all.retain(|source| {
        let rest = |module: &String| source.name.strip_prefix(module.as_str()).map(str::to_owned);
        !test_modules.iter().filter_map(rest).any(|rest| rest == ".rs" || rest.starts_with('/'))
    });
    all
}

fn lex(text: &str) -> Vec<(usize, Token)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (length, token) = lex_one(rest, next);
        if let Some(token) = token {
            tokens.push((line, token));
        }
        let (taken, after) = rest.split_at(length);
        line += taken.matches('\n').count();
        rest = after;
    }
    tokens
}

/// Returns how many bytes the next token, comment or space takes, and the token if it is one.
fn lex_one(rest: &str, next: char) -> (usize, Option<Token>) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), None);
    }
    if let Some((length, literal)) = string_literal(rest) {
        return (length, Some(Token::Literal(literal)));
    }
    if next.is_alphanumeric() || next == '_' {
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        return (length, Some(Token::Word(rest.split_at(length).0.to_owned())));
    }
    if next == '\'' {
        return (quoted_char(rest), None);
    }
    if rest.starts_with("::") {
        return (2, Some(Token::Join));
    }
    let symbol = (!next.is_whitespace()).then_some(Token::Symbol(next));
    (next.len_utf8(), symbol)
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            match rest.chars().next() {
                Some(c) => at += c.len_utf8(),
                None => break,
            }
        }
    }
    text.len()
}

/// Returns the length and the content of a string, byte string or raw string that begins here.
fn string_literal(text: &str) -> Option<(usize, String)> {
    let unprefixed = text.strip_prefix(['b', 'c']).unwrap_or(text);
    let raw = unprefixed.strip_prefix('r');
    let after_hashes = raw.map(|raw| raw.trim_start_matches('#'));
    let hashes = raw.map_or(0, str::len) - after_hashes.map_or(0, str::len);
    let body = after_hashes.unwrap_or(unprefixed).strip_prefix('"')?;
    let start = text.len() - body.len();
    if raw.is_some() {
        let end = format!("\"{}", "#".repeat(hashes));
        let length = body.find(&end)?;
        return Some((start + length + end.len(), body.get(..length)?.to_owned()));
    }
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            '"' if !escaped => return Some((start + at + 1, body.get(..at)?.to_owned())),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

/// Returns the length of a character literal, or 1 for the tick of a lifetime.
fn quoted_char(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => chars.find(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

struct Stripped {
    tokens: Vec<(usize, Token)>,
    test_lines: usize,
    /// Modules declared with `mod name;` for tests only: their files don't count.
    test_mods: Vec<String>,
}

/// Takes out every item under `#[cfg(test)]` or `#[cfg(all(test, …))]`.
fn without_tests(tokens: &[(usize, Token)]) -> Stripped {
    let mut stripped = Stripped { tokens: Vec::new(), test_lines: 0, test_mods: Vec::new() };
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        if !is_test_attribute(rest) {
            stripped.tokens.push(first.clone());
            rest = after;
            continue;
        }
        let item = after_attributes(rest);
        let (item, next) = item.split_at(item_length(item));
        if let [.., (_, Token::Word(keyword)), (_, Token::Word(name)), (_, Token::Symbol(';'))] = item
            && keyword == "mod"
        {
            stripped.test_mods.push(name.clone());
        }
        let last = item.last().map_or(first.0, |(line, _)| *line);
        stripped.test_lines += last - first.0 + 1;
        rest = next;
    }
    stripped
}

fn is_test_attribute(tokens: &[(usize, Token)]) -> bool {
    let spelled: String = tokens.iter().take(7).map(|(_, token)| spelling(token)).collect();
    spelled.starts_with("#[cfg(test)") || spelled.starts_with("#[cfg(all(test")
}

fn spelling(token: &Token) -> String {
    match token {
        Token::Word(word) => word.clone(),
        Token::Literal(text) => format!("{text:?}"),
        Token::Join => "::".to_owned(),
        Token::Symbol(symbol) => symbol.to_string(),
    }
}

/// Skips `#[…]` and `#![…]`.
fn after_attributes(mut tokens: &[(usize, Token)]) -> &[(usize, Token)] {
    while let Some(((_, Token::Symbol('#')), _)) = tokens.split_first() {
        let mut depth = 0_usize;
        let end = tokens.iter().position(|(_, token)| {
            match token {
                Token::Symbol('[') => depth += 1,
                Token::Symbol(']') => depth -= 1,
                _ => return false,
            }
            depth == 0
        });
        tokens = tokens.split_at(end.map_or(tokens.len(), |end| end + 1)).1;
    }
    tokens
}

/// Returns how many tokens the item, field or arm that begins here takes.
fn item_length(tokens: &[(usize, Token)]) -> usize {
    const ITEMS: &[&str] = &[
        "pub", "fn", "mod", "use", "impl", "struct", "enum", "const", "static", "type", "trait", "unsafe",
        "async", "extern",
    ];
    let is_item =
        tokens.first().and_then(|(_, token)| token.word()).is_some_and(|word| ITEMS.contains(&word));
    // `use a::{b};` and `static A: T = T {};` end at their semicolon, not at the brace.
    let to_semicolon = tokens
        .iter()
        .map_while(|(_, token)| token.word())
        .take(3)
        .any(|word| matches!(word, "use" | "static" | "let"));
    let mut depth = 0_usize;
    for (at, (_, token)) in tokens.iter().enumerate() {
        match token {
            Token::Symbol('(' | '[' | '{') => depth += 1,
            Token::Symbol(')' | ']' | '}') if depth == 0 => return at,
            Token::Symbol(close @ (')' | ']' | '}')) => {
                depth -= 1;
                if depth == 0 && *close == '}' && !to_semicolon {
                    return at + 1;
                }
            }
            Token::Symbol(';') if depth == 0 => return at + 1,
            Token::Symbol(',') if depth == 0 && !is_item => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

fn paths(tokens: &[(usize, Token)]) -> Vec<PathUse> {
    let mut found = Vec::new();
    let mut rest = tokens;
    // The two tokens before this one: in `a::b`, `b` is no start; in `::b` it is.
    let mut before = [None, None];
    while let Some(((line, token), after)) = rest.split_first() {
        let follows = after.first().map(|(_, token)| token);
        rest = after;
        match token {
            // `impl Trait + use<'a>` is not an import.
            Token::Word(word) if word == "use" && follows != Some(&Token::Symbol('<')) => {
                rest = use_tree(after, &[], &mut found);
            }
            Token::Word(word) if follows == Some(&Token::Join) && !continues(before) => {
                let mut segments = vec![word.clone()];
                while let [(_, Token::Join), (_, Token::Word(next)), more @ ..] = rest {
                    segments.push(next.clone());
                    rest = more;
                }
                found.push(PathUse { line: *line, segments, binds: None });
            }
            _ => {}
        }
        let [_, last] = before;
        before = [last, Some(token)];
    }
    found
}

/// Returns whether a word after these two tokens goes on with a path or a method chain.
fn continues(before: [Option<&Token>; 2]) -> bool {
    match before {
        [Some(Token::Word(_) | Token::Symbol('>')), Some(Token::Join)] => true,
        [_, last] => last == Some(&Token::Symbol('.')),
    }
}

/// Reads `a::{b, c as d}` into one path per leaf, and returns what comes after.
fn use_tree<'a>(
    mut rest: &'a [(usize, Token)],
    prefix: &[String],
    found: &mut Vec<PathUse>,
) -> &'a [(usize, Token)] {
    let mut segments = prefix.to_vec();
    let mut binds = None;
    let mut at = rest.first().map_or(0, |(line, _)| *line);
    while let Some(((line, token), after)) = rest.split_first() {
        match token {
            Token::Word(word) if word == "as" => {
                binds = after.first().and_then(|(_, token)| token.word()).map(str::to_owned);
                rest = after.split_at(1.min(after.len())).1;
            }
            Token::Word(word) => {
                at = *line;
                segments.push(word.clone());
                rest = after;
            }
            Token::Symbol('{') => {
                rest = after;
                while !matches!(rest.first(), None | Some((_, Token::Symbol('}')))) {
                    rest = use_tree(rest, &segments, found);
                    if let Some(((_, Token::Symbol(',')), after)) = rest.split_first() {
                        rest = after;
                    }
                }
                return rest.split_at(1.min(rest.len())).1;
            }
            Token::Join | Token::Symbol('*') => rest = after,
            _ => break,
        }
    }
    if segments.len() > prefix.len() {
        // `a::{self}` binds `a`.
        let last = segments.iter().rfind(|segment| *segment != "self").cloned();
        found.push(PathUse { line: at, binds: binds.or(last), segments });
    }
    rest
}

fn locals(tokens: &[(usize, Token)], paths: &[PathUse]) -> BTreeSet<String> {
    let mut locals = BTreeSet::new();
    for pair in tokens.windows(2) {
        if let [(_, Token::Word(keyword)), (_, Token::Word(name))] = pair
            && keyword == "mod"
        {
            locals.insert(name.clone());
        }
    }
    for path in paths {
        let ours = matches!(path.segments.first().map(String::as_str), Some("crate" | "self" | "super"));
        if let (true, Some(name)) = (ours, &path.binds) {
            locals.insert(name.clone());
        }
    }
    locals
}

// ---- the checker, on sources made up

fn made_up(files: &[(&str, &str)]) -> Vec<Source> {
    let texts: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    sources(&texts)
}

fn broken_by(rule: fn(&[Source]) -> Vec<String>, name: &str, text: &str) -> Vec<String> {
    let lib = ("lib.rs", "mod error;\npub use error::{Error, Part as Piece};\npub use jwt::JwtVerifier;");
    if name == "lib.rs" { rule(&made_up(&[(name, text)])) } else { rule(&made_up(&[lib, (name, text)])) }
}

#[test]
fn an_arrow_up_is_found_however_it_is_spelled() {
    for text in [
        "use crate::jwk::Jwk;",
        "use crate::{error::Error, jwk};",
        "use crate::{\n    error::{Error, Part},\n    jwk::{Jwk, JwkSet},\n};",
        "use super::super::jwk::Jwk;",
        "fn f(key: &crate::jwk::Jwk) {}",
        "fn f() { let _ = <crate::jwk::Jwk as Clone>::clone; }",
        "macro_rules! m { () => { $crate::jwk::Jwk } }",
        "pub(crate) use crate::jwk as keys;",
        "use crate::JwtVerifier;",
        "#[cfg(any(feature = \"ring\", test))]\nuse crate::jwk::Jwk;",
        "#[cfg(not(test))]\nuse crate::jwk::Jwk;",
        "const S: &str = \"// not a comment\"; use crate::jwk::Jwk;",
        "const C: char = '\"'; use crate::jwk::Jwk;",
        "fn f<'a>(x: &'a str) -> &'a str { crate::jwk::f(x) }",
        "#[cfg(test)]\nfn f<A, B>() -> [u8; 4] { [0; 4] }\nuse crate::jwk::Jwk;",
        "#[cfg(test)]\nuse crate::{error::Error};\nuse crate::jwk::Jwk;",
    ] {
        assert_eq!(broken_by(arrows, "wire/json.rs", text).len(), 1, "{text}");
    }
}

#[test]
fn arrows_down_comments_and_tests_are_no_matter() {
    for text in [
        "use crate::error::Error;",
        "use crate::{Error, Piece};",
        "use super::header;\nuse crate::wire::compact;",
        "/// See [`crate::jwk::Jwk`].\nfn f() {}",
        "/* crate::jwk::Jwk /* nested */ crate::jwk */ fn f() {}",
        "const S: &str = \"crate::jwk::Jwk\"; const R: &str = r#\"crate::jwk \" crate::jwk\"#;",
        "#[cfg(test)]\nmod tests {\n    use crate::jwk::Jwk;\n    fn f() { if true {} }\n}",
        "#[cfg(all(test, feature = \"ring\"))]\n#[allow(unused)]\nuse crate::jwk::Jwk;",
        "struct S {\n    #[cfg(test)]\n    key: crate::jwk::Jwk,\n    other: u8,\n}",
        "fn f() -> impl Iterator<Item = u8> + use<'_> { todo!() }",
    ] {
        assert_eq!(broken_by(arrows, "wire/json.rs", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn neighbours_and_narrow_folders_are_held_too() {
    assert_eq!(broken_by(arrows, "jws/sign.rs", "use crate::jwe::encrypt;").len(), 1);
    assert_eq!(broken_by(arrows, "jwe/key.rs", "use crate::jws::sign;").len(), 1);
    assert_eq!(broken_by(arrows, "jwe/key.rs", "use crate::jwk::Jwk;").len(), 0);
    assert_eq!(broken_by(arrows, "crypto/ring.rs", "use crate::wire::base64url;").len(), 1);
    assert_eq!(broken_by(arrows, "crypto/ring.rs", "use crate::Error;").len(), 1);
    assert_eq!(broken_by(arrows, "crypto/ring.rs", "use crate::secret::SecretBytes;").len(), 0);
    assert_eq!(broken_by(arrows, "danger.rs", "use crate::jwt::verifier;").len(), 0);
    assert_eq!(broken_by(arrows, "jwt/verifier.rs", "use crate::danger::unverified;").len(), 1);
    assert_eq!(broken_by(arrows, "clock.rs", "use crate::error::Error;").len(), 0);
    assert_eq!(broken_by(arrows, "utils.rs", "").len(), 1);
    assert_eq!(broken_by(arrows, "wire/json.rs", "use crate::Unknown;").len(), 1);
}

#[test]
fn a_test_module_in_a_file_of_its_own_is_left_out() {
    for name in ["wire/json/tests.rs", "wire/json/tests/mod.rs", "wire/json/tests/rfc.rs"] {
        let tests = (name, "use crate::jwk::Jwk;");
        assert_eq!(
            arrows(&made_up(&[("wire/json.rs", "#[cfg(test)]\nmod tests;"), tests])).len(),
            0,
            "{name}"
        );
        assert_eq!(arrows(&made_up(&[("wire/json.rs", "mod tests;"), tests])).len(), 1, "{name}");
        assert_eq!(
            arrows(&made_up(&[("wire/json.rs", "#[cfg(test)]\nmod test;"), tests])).len(),
            1,
            "{name}"
        );
    }
}

#[test]
fn a_crate_outside_its_folder_is_found_and_a_module_of_its_name_is_not() {
    for (name, text, count) in [
        ("jws/alg/hmac.rs", "use ring::hmac;", 1),
        ("jws/alg/hmac.rs", "fn f() { ring::hmac::sign() }", 1),
        ("jws/alg/hmac.rs", "fn f() { ::ring::hmac::sign() }", 1),
        ("jws/alg/hmac.rs", "use sha2::{Digest, Sha256};", 1),
        ("crypto/ring.rs", "use ring::hmac;", 0),
        ("jws/alg/mod.rs", "mod hmac;\nfn f() { hmac::sign() }", 0),
        ("jws/alg/mod.rs", "fn f() { hmac::sign() }", 1),
        ("jws/key.rs", "use super::alg::{hmac, rsa};\nfn f() { hmac::sign(); rsa::sign() }", 0),
        ("jws/key.rs", "use crate::crypto::ring::HmacKey;", 0),
        ("jwk/pem.rs", "use der::Decode;", 0),
        ("wire/json.rs", "use der::Decode;", 1),
        ("crypto/aws_lc/rsa.rs", "use ::der::Decode;", 0),
        ("crypto/ring.rs", "use ::pem_rfc7468::decode;", 1),
        ("wire/base64url.rs", "use base64ct::Encoding;", 0),
        ("jwk/oct.rs", "use base64::Engine;", 1),
        ("keys/remote/client.rs", "use reqwest::Client;", 0),
        ("gateway/guard.rs", "use reqwest::Client;", 1),
        ("jwt/verifier.rs", "use tokio::time::sleep;", 1),
    ] {
        assert_eq!(broken_by(crates, name, text).len(), count, "{name}: {text}");
    }
}

#[test]
fn a_long_file_is_found_and_its_tests_are_not_counted() {
    let code = "fn f() {}\n".repeat(MAX_LINES);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{code}}}\n");
    assert_eq!(broken_by(lengths, "wire/json.rs", &code).len(), 0);
    assert_eq!(broken_by(lengths, "wire/json.rs", &format!("{code}{tests}")).len(), 0);
    assert_eq!(broken_by(lengths, "wire/json.rs", &format!("{code}{tests}// one more\n")).len(), 1);
}

#[test]
fn a_module_doc_that_is_missing_too_short_or_too_long_is_found() {
    for (docs, count) in [(0, 1), (1, 1), (2, 1), (3, 0), (10, 0), (11, 1)] {
        let text = format!("{}\nfn f() {{}}\n", "//! Words.\n".repeat(docs));
        let broken = module_docs(&made_up(&[("wire/json.rs", &text)]));
        assert_eq!(broken.len(), count, "{docs} lines");
    }
    let late = format!("use std::fmt;\n{}", "//! Words.\n".repeat(3));
    assert_eq!(module_docs(&made_up(&[("wire/json.rs", &late)])).len(), 1);
    assert_eq!(module_docs(&made_up(&[("wire/json.rs", &"// Words.\n".repeat(3))])).len(), 1);
    assert_eq!(module_docs(&made_up(&[("lib.rs", "mod wire;")])).len(), 0);
    let parent = format!("{}#[cfg(test)]\nmod tests;", "//! Words.\n".repeat(3));
    let tests = ("wire/json/tests.rs", "fn f() {}");
    assert_eq!(module_docs(&made_up(&[("wire/json.rs", &parent), tests])).len(), 0);
}

#[test]
fn a_second_reader_of_padded_text_is_found() {
    for (name, text, count) in [
        ("profile/load_balancer/verifier.rs", "fn f() { SignedParts::split_padded(t, l, b) }", 0),
        ("profile/access_token/verifier.rs", "fn f() { SignedParts::split_padded(t, l, b) }", 1),
        ("jwt/verifier.rs", "use crate::wire::padded;", 1),
        ("jwt/verifier.rs", "use crate::wire::{padded as strict, typed};", 1),
        ("jws/verify.rs", "use crate::wire::{base64url, padded};", 0),
        ("wire/base64url.rs", "const M: Mode = DecodePaddingMode::Indifferent;", 1),
        ("wire/base64url.rs", "const M: Mode = DecodePaddingMode::RequireNone;", 0),
        ("jwt/verifier.rs", "// padded\n/// padded\nfn f() { \"padded\" }", 0),
        ("crypto/rust_crypto/aes_cbc.rs", "fn f() { let padded = 1; }", 0),
    ] {
        assert_eq!(broken_by(lenient, name, text).len(), count, "{name}: {text}");
    }
}

#[test]
fn an_algorithm_name_out_of_place_is_found() {
    for (name, text, count) in [
        ("jws/alg/mod.rs", "const N: &str = \"ES256\";", 0),
        ("jws/alg/ecdsa.rs", "const N: &str = \"ES256\";", 1),
        ("jwt/verifier.rs", "fn f() { match a { \"ES256\" | \"RS256\" => {} } }", 2),
        ("jwe/alg/dir.rs", "const N: &[u8] = b\"dir\";", 1),
        ("jwe/alg/mod.rs", "const N: &str = \"A256GCM\";", 1),
        ("jwe/enc/mod.rs", "const N: &str = \"A256GCM\";", 0),
        ("jwk/okp.rs", "const CRV: &str = \"Ed25519\";", 0),
        ("jws/key.rs", "const N: &str = \"Ed25519\";", 1),
        ("jws/key.rs", "/// `\"ES256\"`\nconst N: &str = \"such as ES256\"; // \"ES256\"", 0),
        ("jws/key.rs", "#[cfg(test)]\nmod tests { const N: &str = \"ES256\"; }", 0),
    ] {
        assert_eq!(broken_by(names, name, text).len(), count, "{name}: {text}");
    }
}

#[test]
fn an_item_in_lib_is_found() {
    let fine = "//! Docs.\n#![doc = include_str!(\"../README.md\")]\n#![forbid(unsafe_code)]\n\
                #[cfg(not(feature = \"ring\"))]\ncompile_error!(\"a; {stack}\");\n\
                mod clock;\npub mod jwk;\npub(crate) mod wire;\npub use clock::{Clock, SystemClock};\n";
    assert_eq!(broken_by(lib, "lib.rs", fine), Vec::<String>::new());
    for item in [
        "fn f() {}",
        "pub fn f() {}",
        "pub struct S;",
        "const A: u8 = 1;",
        "pub type T = u8;",
        "mod inline { fn f() {} }",
        "impl S {}",
        "macro_rules! m { () => {} }",
        "pub(crate) fn f() {}",
    ] {
        assert_eq!(broken_by(lib, "lib.rs", &format!("{fine}{item}\n")).len(), 1, "{item}");
        assert_eq!(broken_by(lib, "lib.rs", &format!("{item}\n{fine}")).len(), 1, "{item} first");
    }
}
