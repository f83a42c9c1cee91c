//! `cargo xtask tidy --report`: the density of the code of each crate.
//!
//! It counts in Rust files outside of tests: lines of code, tokens of the compiler's lexer per line
//! of code, and the share of comments among all lines that are not blank. Generated files are in a
//! separate row, since nobody reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proc_macro2::{TokenStream, TokenTree};

use crate::tidy::tree::File;

/// The name of the row of generated files.
const GENERATED: &str = "(generated)";

/// Sums over the files of a crate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    code: usize,
    comments: usize,
    tokens: usize,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.code += other.code;
        self.comments += other.comments;
        self.tokens += other.tokens;
    }
}

/// One line for each crate, and one for everything that is written by hand.
pub(super) fn report(files: &[File]) -> String {
    let mut crates: BTreeMap<&str, Sums> = BTreeMap::new();
    for file in files.iter().filter(|file| is_counted(&file.path)) {
        let name = file.path.split('/').nth(1).unwrap_or_default();
        let is_generated = file.text.contains("@generated");
        let row = if is_generated { GENERATED } else { name };
        crates.entry(row).or_default().add(sums(&file.text));
    }
    let mut all = Sums::default();
    let by_hand = crates.iter().filter(|(name, _)| **name != GENERATED);
    by_hand.for_each(|(_, sums)| all.add(*sums));
    let mut text = format!(
        "{:12} {:>8} {:>13} {:>9}\n",
        "crate", "lines", "tokens a line", "comments"
    );
    for (name, sums) in crates
        .iter()
        .map(|(name, sums)| (*name, *sums))
        .chain([("all", all)])
    {
        let _ = writeln!(
            text,
            "{name:12} {:>8} {:>13} {:>7} %",
            sums.code,
            tenths(sums.tokens, sums.code),
            sums.comments * 100 / (sums.comments + sums.code).max(1)
        );
    }
    text
}

/// Rust code of a crate, outside of its tests.
fn is_counted(path: &str) -> bool {
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
    path.starts_with("crates/") && path.ends_with(".rs") && !is_test
}

fn sums(text: &str) -> Sums {
    let mut sums = Sums::default();
    let mut code = String::new();
    for line in without_tests(text)
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        if line.starts_with("//") {
            sums.comments += 1;
        } else {
            sums.code += 1;
            code.push_str(line);
            code.push('\n');
        }
    }
    sums.tokens = code.parse().map_or(0, tokens);
    sums
}

/// The text up to the tests at its end.
fn without_tests(text: &str) -> &str {
    let end = text
        .find("\n#[cfg(test)]\nmod tests {")
        .unwrap_or(text.len());
    &text[..end]
}

/// Identifiers, literals, signs, and two for each pair of brackets.
fn tokens(stream: TokenStream) -> usize {
    let count = |tree| match tree {
        TokenTree::Group(group) => 2 + tokens(group.stream()),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
    };
    stream.into_iter().map(count).sum()
}

/// A ratio with one digit behind the point.
fn tenths(part: usize, whole: usize) -> String {
    let tenths = (part * 10 + whole / 2) / whole.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_counted_and_tests_are_not() {
        let text = "//! A head.\n\nfn a(b: u8) -> u8 {\n    // Why.\n    b + 1\n}\n\n\
                    #[cfg(test)]\nmod tests {\n    fn c() {}\n}\n";
        let expected = Sums {
            code: 3,
            comments: 2,
            tokens: 15,
        };
        assert_eq!(sums(text), expected);
    }

    #[test]
    fn generated_files_stand_apart() {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let text = report(&[
            file("crates/a/src/lib.rs", "fn a() {}\n"),
            file(
                "crates/a/src/table.rs",
                "// @generated\nfn b() {}\nfn c() {}\n",
            ),
            file("crates/a/src/tests.rs", "fn d() {}\n"),
            file("crates/a/tests/it/main.rs", "fn e() {}\n"),
        ]);
        let rows: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows[1], [GENERATED, "2", "6.0", "33", "%"]);
        assert_eq!(rows[2], ["a", "1", "6.0", "0", "%"]);
        assert_eq!(rows[3], ["all", "1", "6.0", "0", "%"]);
    }
}
