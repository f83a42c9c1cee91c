//! `cargo xtask deny`: the rules of `deny.toml`, and dependencies that nothing uses.
//!
//! It checks what `cargo deny check bans licenses sources` checks, from `cargo metadata`, because
//! building cargo-deny takes longer than all other checks of the manifests together. Advisories are
//! left to cargo-deny: they need a database from the network. Invariant: an exception that no
//! package needs any more is a finding too, so `deny.toml` never lists more than it must.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;

mod config;
mod graph;
mod rules;
mod unused;

use config::Config;
use graph::Graph;

/// Checks the dependencies and writes the findings to stderr.
///
/// # Errors
///
/// A rule is broken, or cargo cannot describe the dependencies.
pub(crate) fn run(root: &Path) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(root.join("deny.toml"))?;
    let config = Config::parse(&text)?;
    let graph = Graph::load(root, &config.targets)?;
    let mut findings = rules::check(&config, &graph);
    findings.extend(unused::check(&graph)?);
    let mut stderr = std::io::stderr().lock();
    for finding in &findings {
        writeln!(stderr, "{finding}")?;
    }
    match findings.len() {
        0 => Ok(()),
        n => Err(format!("deny: {n} findings").into()),
    }
}
