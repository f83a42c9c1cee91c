//! `cargo xtask tidy`: the rules of the tree that neither compiler nor clippy checks.
//!
//! Each family of rules is a module of pure functions from paths and texts to findings; this module
//! reads the tree and runs them all. Every finding names file, line and rule. The rules are a test
//! of this crate too, so a broken rule fails `cargo test --workspace`. They are explained in
//! `docs/architecture.md` and `CONTRIBUTING.md`.

use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::path::Path;

mod bans;
mod density;
mod kinds;
mod layers;
mod links;
mod literals;
mod manifests;
mod places;
mod sources;
mod tree;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    /// From 1; also 1 for a finding about the whole file.
    pub(crate) line: usize,
    /// The rule's name.
    pub(crate) rule: &'static str,
    /// The problem and the correction.
    pub(crate) what: String,
}

impl Finding {
    fn new(path: &str, line: usize, rule: &'static str, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            rule,
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            rule,
            what,
        } = self;
        write!(f, "{path}:{line}: {what} [{rule}]")
    }
}

/// Checks the tree and writes the findings to stderr.
///
/// # Errors
///
/// A rule is broken, or the tree cannot be read.
pub(crate) fn run(root: &Path) -> Result<(), Box<dyn Error>> {
    let findings = check(root)?;
    let mut stderr = std::io::stderr().lock();
    for finding in &findings {
        writeln!(stderr, "{finding}")?;
    }
    match findings.len() {
        0 => Ok(()),
        n => Err(format!("tidy: {n} findings").into()),
    }
}

/// Prints the density of the code.
///
/// # Errors
///
/// The tree cannot be read.
pub(crate) fn report(root: &Path) -> Result<(), Box<dyn Error>> {
    let text = density::report(&tree::read(root)?);
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Every finding of the tree below `root`, sorted.
fn check(root: &Path) -> Result<Vec<Finding>, Box<dyn Error>> {
    let files = tree::read(root)?;
    let mut findings = layers::check(&layers::metadata(root)?);
    findings.extend(bans::check_tree(&files));
    findings.extend(sources::check_tree(&files));
    findings.extend(links::check_tree(&files));
    findings.extend(kinds::check_tree(&files));
    for file in &files {
        findings.extend(manifests::check(&file.path, &file.text));
        findings.extend(places::check(&file.path, &file.text));
        if file.path.ends_with(".rs") {
            findings.extend(sources::check(&file.path, &file.text));
        }
    }
    findings.sort();
    findings.dedup();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let findings = check(&crate::root()).expect("the tree can be read");
        let text: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(
            text.is_empty(),
            "{} findings\n{}",
            text.len(),
            text.join("\n")
        );
    }

    /// A walk that finds nothing would make every rule hold.
    #[test]
    fn the_walk_sees_the_tree() {
        let files = tree::read(&crate::root()).expect("the tree can be read");
        for path in [
            "Cargo.toml",
            "Cargo.lock",
            ".cargo/config.toml",
            "crates/xtask/src/tidy/tree.rs",
            "docs/architecture.md",
        ] {
            assert!(files.iter().any(|file| file.path == path), "{path}");
        }
        assert!(
            !files
                .iter()
                .any(|file| file.path.starts_with("target/") || file.path.starts_with(".git/"))
        );
    }
}
