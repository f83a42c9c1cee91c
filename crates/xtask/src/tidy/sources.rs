//! Rust sources: headers, budgets, layout, and forbidden words.
//!
//! Clippy checks the rest: length of functions, number of parameters, unwrap.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::File;

/// The greatest number of lines of a file before its tests.
const LINES_MAX: usize = 600;
/// The least number of header lines of a kind: its purpose, states, limits and sources.
const KIND_HEADER_MIN: usize = 3;
/// The mark of a generated file.
const GENERATED: &str = "@generated";

/// Texts that are forbidden in a source, with the alternative. Split, so that this file does not
/// find itself.
const WORDS: [(&str, &str); 7] = [
    (
        concat!("#[al", "low("),
        "write `#[expect(…, reason = \"…\")]`",
    ),
    (
        concat!("#![al", "low("),
        "write `#[expect(…, reason = \"…\")]`",
    ),
    (
        concat!("#[ig", "nore"),
        "no test is ignored: make it fast, or assert the present behaviour",
    ),
    (concat!("to", "do!("), "no stubs"),
    (concat!("unimple", "mented!("), "no stubs"),
    (concat!("// TO", "DO"), "do it, or open an issue"),
    (concat!("thread::sl", "eep"), "wait for a condition"),
];

/// The findings of one source.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = words(path, text);
    if path.ends_with("/mod.rs") {
        findings.push(Finding::new(
            path,
            1,
            "mod-rs",
            "put it beside its folder, under the folder's name",
        ));
    }
    if in_src(path) {
        findings.extend(header(path, text));
        findings.extend(budget(path, text));
        findings.extend(contents(path, text));
    }
    findings
}

/// The findings of the sources as a whole.
pub(crate) fn check_tree(files: &[File]) -> Vec<Finding> {
    let mut binaries: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files {
        let parts: Vec<&str> = file.path.split('/').collect();
        if let ["crates", name, "tests", source] = parts.as_slice()
            && source.ends_with(".rs")
        {
            binaries.entry(name).or_default().push(&file.path);
        }
    }
    let extra = binaries.values().flat_map(|paths| paths.iter().skip(1));
    extra
        .map(|path| {
            Finding::new(
                path,
                1,
                "test-binaries",
                "a crate has one integration-test binary: make this file a module of it",
            )
        })
        .collect()
}

fn in_src(path: &str) -> bool {
    path.starts_with("crates/") && path.contains("/src/")
}

fn words(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let found = WORDS.iter().filter(|(word, _)| line.contains(*word));
        findings.extend(found.map(|(word, instead)| {
            Finding::new(path, at + 1, "words", format!("`{word}`: {instead}"))
        }));
    }
    findings
}

/// The number of header lines that a source needs. `tests.rs` needs none: it belongs to the file
/// beside it.
fn header(path: &str, text: &str) -> Option<Finding> {
    let name = path.strip_prefix("crates/catalog/src/");
    let is_kind =
        name.is_some_and(|name| !name.contains('/') && name != "lib.rs" && name != "shared.rs");
    let least = if is_kind { KIND_HEADER_MIN } else { 1 };
    let lines = text
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .count();
    if path.ends_with("/tests.rs") {
        return None;
    }
    (lines < least).then(|| {
        Finding::new(
            path,
            1,
            "header",
            format!("begin with at least {least} lines of `//!`: the purpose and the invariant"),
        )
    })
}

fn budget(path: &str, text: &str) -> Option<Finding> {
    let lines = text
        .lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .count();
    let generated = text.lines().take(3).any(|line| line.contains(GENERATED));
    let is_test = path.contains("/src/") && path.contains("/tests/");
    let over = lines > LINES_MAX && !generated && !is_test;
    over.then(|| {
        Finding::new(
            path,
            LINES_MAX + 1,
            "budget",
            format!("{lines} lines before the tests, {LINES_MAX} at most: split it"),
        )
    })
}

/// `lib.rs` is a table of contents.
fn contents(path: &str, text: &str) -> Option<Finding> {
    if !path.ends_with("/src/lib.rs") {
        return None;
    }
    let code = |line: &str| {
        [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "impl ",
            "pub struct ",
            "pub enum ",
        ]
        .iter()
        .any(|word| line.starts_with(word))
    };
    let before_tests = text
        .lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"));
    let at = before_tests
        .enumerate()
        .find(|(_, line)| code(line))
        .map(|(at, _)| at + 1)?;
    Some(Finding::new(
        path,
        at,
        "contents",
        "lib.rs only lists modules: move this into one",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<(usize, &'static str)> {
        check(path, text)
            .into_iter()
            .map(|finding| (finding.line, finding.rule))
            .collect()
    }

    #[test]
    fn headers_are_asked_for() {
        assert_eq!(rules("crates/x/src/a.rs", "//! A.\n"), []);
        assert_eq!(rules("crates/x/src/a.rs", "use b;\n"), [(1, "header")]);
        assert_eq!(
            rules("crates/catalog/src/vpc.rs", "//! A.\n//! B.\n"),
            [(1, "header")]
        );
        assert_eq!(
            rules("crates/catalog/src/vpc.rs", "//! A.\n//!\n//! B.\n"),
            []
        );
        assert_eq!(rules("crates/catalog/src/vpc/rules.rs", "//! A.\n"), []);
        assert_eq!(rules("crates/x/tests/it.rs", "use b;\n"), []);
    }

    #[test]
    fn budgets_end_at_the_tests() {
        let long = format!("//! A.\n{}", "const A: u8 = 1;\n".repeat(LINES_MAX));
        assert_eq!(
            rules("crates/x/src/a.rs", &long),
            [(LINES_MAX + 1, "budget")]
        );
        assert_eq!(
            rules(
                "crates/x/src/a.rs",
                &long.replacen("const", "#[cfg(test)]\nconst", 1)
            ),
            []
        );
        assert_eq!(
            rules("crates/x/src/a.rs", &long.replacen("A.", GENERATED, 1)),
            []
        );
    }

    #[test]
    fn words_and_layout_are_looked_at() {
        for (word, _) in WORDS {
            assert_eq!(
                rules("crates/x/src/a.rs", &format!("//! A.\n    {word}")),
                [(2, "words")],
                "{word}"
            );
        }
        assert_eq!(rules("crates/x/src/a/mod.rs", "//! A.\n"), [(1, "mod-rs")]);
        assert_eq!(
            rules(
                "crates/x/src/lib.rs",
                "//! A.\npub mod b;\n\npub fn c() {}\n"
            ),
            [(4, "contents")]
        );
    }

    #[test]
    fn one_test_binary_a_crate() {
        let file = |path: &str| File {
            path: path.to_owned(),
            text: String::new(),
        };
        let files = [
            "crates/a/tests/it.rs",
            "crates/a/tests/it/more.rs",
            "crates/a/tests/two.rs",
            "crates/b/tests/it.rs",
        ]
        .map(file);
        let findings = check_tree(&files);
        assert_eq!(
            findings
                .iter()
                .map(|finding| finding.path.as_str())
                .collect::<Vec<_>>(),
            ["crates/a/tests/two.rs"]
        );
    }
}
