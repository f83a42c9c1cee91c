//! The packages that the workspace is built from, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// Every package of the workspace and of its dependencies on the chosen platforms.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Graph {
    /// All packages.
    pub(crate) packages: Vec<Package>,
    /// The ids of our own packages.
    pub(crate) workspace_members: Vec<String>,
    /// The edges.
    pub(crate) resolve: Resolve,
}

/// A package.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// The SPDX expression.
    pub(crate) license: Option<String>,
    /// `None` for a package of this tree.
    pub(crate) source: Option<String>,
    pub(crate) manifest_path: PathBuf,
    /// Its dependencies as its manifest declares them.
    pub(crate) dependencies: Vec<Declared>,
}

/// A dependency as a manifest declares it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Declared {
    pub(crate) name: String,
    /// The required version.
    pub(crate) req: String,
    /// The folder of a dependency by path.
    pub(crate) path: Option<PathBuf>,
}

/// The dependencies as cargo resolved them.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

/// A package with what it depends on.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Edge>,
}

/// A resolved dependency.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Edge {
    /// The name by which sources use it.
    pub(crate) name: String,
    /// The id of the package.
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<EdgeKind>,
}

/// What a dependency is for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct EdgeKind {
    /// `None` for a normal one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

impl Graph {
    /// Asks cargo, which downloads packages that it does not have yet.
    ///
    /// # Errors
    ///
    /// Cargo fails, for example because the lock file is not up to date.
    pub(crate) fn load(root: &Path, targets: &[String]) -> Result<Self, Box<dyn Error>> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--all-features",
        ]);
        for target in targets {
            command.args(["--filter-platform", target]);
        }
        let output = command.current_dir(root).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Our own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The packages that are compiled into a program, our own included: everything but what only
    /// tests use.
    pub(crate) fn shipped(&self) -> Vec<&Package> {
        let members: Vec<&str> = self.workspace_members.iter().map(String::as_str).collect();
        let reached = self.reach(&members);
        self.packages
            .iter()
            .filter(|package| reached.contains(package.id.as_str()))
            .collect()
    }

    /// The ids of these packages and of everything that they need to be built.
    pub(crate) fn reach<'a>(&'a self, from: &[&'a str]) -> BTreeSet<&'a str> {
        let nodes = self
            .resolve
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node));
        let nodes: BTreeMap<&str, &Node> = nodes.collect();
        let mut todo = from.to_vec();
        let mut reached = BTreeSet::new();
        while let Some(id) = todo.pop() {
            if !reached.insert(id) {
                continue;
            }
            let edges = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            let needed = edges.filter(|edge| !edge.is_only_for_tests());
            todo.extend(needed.map(|edge| edge.pkg.as_str()));
        }
        reached
    }
}

impl Edge {
    /// Whether only tests use it.
    pub(crate) fn is_only_for_tests(&self) -> bool {
        self.dep_kinds
            .iter()
            .all(|kind| kind.kind.as_deref() == Some("dev"))
    }
}
