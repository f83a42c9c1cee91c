//! Dependencies whose name is nowhere in the sources of the crate that declares them.
//!
//! A name counts wherever it is a whole word outside of comments. So the rule may miss an unused
//! dependency with the name of a common word, and never reports one that is used.

use std::error::Error;
use std::path::Path;

use super::graph::{Graph, Package};

/// Used without being named: the crate, the dependency, and why.
const UNNAMED: &[(&str, &str, &str)] = &[];

/// Every unused dependency, as one line each.
///
/// # Errors
///
/// A source cannot be read.
pub(crate) fn check(graph: &Graph) -> Result<Vec<String>, Box<dyn Error>> {
    let mut findings = Vec::new();
    for package in graph.members() {
        let folder = package
            .manifest_path
            .parent()
            .ok_or("a manifest is in a folder")?;
        let shipped = words(&folder.join("src"))?;
        let mut all = shipped.clone();
        for tests in ["tests", "benches", "examples"] {
            all.push_str(&words(&folder.join(tests))?);
        }
        findings.extend(of_package(graph, package, &shipped, &all));
    }
    Ok(findings)
}

fn of_package(graph: &Graph, package: &Package, shipped: &str, all: &str) -> Vec<String> {
    let node = graph
        .resolve
        .nodes
        .iter()
        .find(|node| node.id == package.id);
    let edges = node.into_iter().flat_map(|node| &node.deps);
    let unused = edges.filter(|edge| {
        let texts = if edge.is_only_for_tests() {
            all
        } else {
            shipped
        };
        let is_excused = UNNAMED
            .iter()
            .any(|(owner, name, _)| *owner == package.name && *name == edge.name);
        !is_excused && !has_word(texts, &edge.name)
    });
    unused
        .map(|edge| {
            format!(
                "`{}` declares `{}` and does not use it",
                package.name, edge.name
            )
        })
        .collect()
}

/// Whether a text has a name as a whole word.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part)
    })
}

/// The Rust sources below a folder, without lines that are comments; empty if there is no folder.
fn words(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    if !folder.is_dir() {
        return Ok(text);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            text.push_str(&words(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path)?;
            let code = source
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            code.for_each(|line| {
                text.push_str(line);
                text.push('\n');
            });
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::graph::{Edge, EdgeKind, Node, Resolve};
    use super::*;

    #[track_caller]
    fn check(kind: Option<&str>, shipped: &str, all: &str, expected: &[&str]) {
        let kind = kind.map(ToOwned::to_owned);
        let edge = Edge {
            name: "md5".to_owned(),
            pkg: "md-5".to_owned(),
            dep_kinds: vec![EdgeKind { kind }],
        };
        let package = Package {
            id: "ours".to_owned(),
            name: "ours".to_owned(),
            ..Package::default()
        };
        let nodes = vec![Node {
            id: "ours".to_owned(),
            deps: vec![edge],
        }];
        let graph = Graph {
            resolve: Resolve { nodes },
            ..Graph::default()
        };
        assert_eq!(of_package(&graph, &package, shipped, all), expected);
    }

    #[test]
    fn a_dependency_is_used_where_its_name_is_a_word() {
        let unused = ["`ours` declares `md5` and does not use it"];
        check(None, "use md5::Digest;", "use md5::Digest;", &[]);
        check(None, "let amd5 = md5_of(x);", "", &unused);
        // A normal dependency that only tests use belongs to the dependencies of tests.
        check(None, "", "md5::compute(x)", &unused);
        check(Some("dev"), "", "md5::compute(x)", &[]);
    }
}
