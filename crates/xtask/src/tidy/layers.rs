//! The layers: the dependencies that each crate may have.
//!
//! This rule enforces the table in `docs/architecture.md`. It reads `cargo metadata`, because a
//! crate that does not depend on a runtime cannot start one.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::Finding;

/// The dependencies that a crate may have.
struct Row {
    package: &'static str,
    /// Our own crates.
    ours: &'static [&'static str],
    /// Outside crates that it must not depend on, unless optionally.
    never: &'static [&'static str],
}

/// No runtime, no socket, no store, no terminal, no errors without a type.
const PURE: &[&str] = &[
    "anyhow",
    "axum",
    "clap",
    "hyper",
    "indicatif",
    "rand",
    "redb",
    "reqwest",
    "rustls",
    "tokio",
    "tracing-subscriber",
];
/// The engine has a driver: it may await, but it reaches the network through `openapi` alone.
const ENGINE: &[&str] = &[
    "anyhow",
    "axum",
    "clap",
    "hyper",
    "indicatif",
    "rand",
    "redb",
    "reqwest",
    "rustls",
    "tracing-subscriber",
];
/// The simulator has a server and a store, and makes no calls.
const SIM: &[&str] = &[
    "anyhow",
    "clap",
    "indicatif",
    "rand",
    "reqwest",
    "tracing-subscriber",
];
const SHELL: &[&str] = &[];

const SPEC: &str = "setpoint-spec";
const OPENAPI: &str = "setpoint-openapi";
const PLAN: &str = "setpoint-plan";
const SIMULATOR: &str = "setpoint-sim";
const CATALOG: &str = "setpoint-catalog";
const ENGINE_CRATE: &str = "setpoint-engine";
const REPORT: &str = "setpoint-report";
const TESTKIT: &str = "setpoint-testkit";
const CLI: &str = "setpoint";

/// Lowest layer first.
const ROWS: [Row; 10] = [
    Row {
        package: SPEC,
        ours: &[],
        never: PURE,
    },
    Row {
        package: OPENAPI,
        ours: &[],
        never: PURE,
    },
    Row {
        package: PLAN,
        ours: &[SPEC, OPENAPI],
        never: PURE,
    },
    Row {
        package: SIMULATOR,
        ours: &[OPENAPI],
        never: SIM,
    },
    Row {
        package: CATALOG,
        ours: &[SPEC, OPENAPI, PLAN],
        never: PURE,
    },
    Row {
        package: ENGINE_CRATE,
        ours: &[SPEC, OPENAPI, PLAN],
        never: ENGINE,
    },
    Row {
        package: REPORT,
        ours: &[SPEC, PLAN],
        never: PURE,
    },
    Row {
        package: CLI,
        ours: &[
            SPEC,
            OPENAPI,
            PLAN,
            SIMULATOR,
            CATALOG,
            ENGINE_CRATE,
            REPORT,
        ],
        never: SHELL,
    },
    Row {
        package: TESTKIT,
        ours: &[
            SPEC,
            OPENAPI,
            PLAN,
            SIMULATOR,
            CATALOG,
            ENGINE_CRATE,
            REPORT,
        ],
        never: SHELL,
    },
    Row {
        package: "xtask",
        ours: &[],
        never: SHELL,
    },
];

/// The part of `cargo metadata` that is needed.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `null` for a normal one.
    kind: Option<String>,
    optional: bool,
}

/// Asks cargo about the workspace; nothing is downloaded.
pub(crate) fn metadata(root: &Path) -> Result<Metadata, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Every dependency that the table does not allow.
pub(crate) fn check(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let path = manifest(&package.name);
        let Some(row) = ROWS.iter().find(|row| row.package == package.name) else {
            findings.push(Finding::new(
                &path,
                1,
                "layers",
                format!("`{}` is not in the table of layers", package.name),
            ));
            continue;
        };
        let wrong = package
            .dependencies
            .iter()
            .filter_map(|dependency| fault(row, dependency));
        findings.extend(wrong.map(|what| Finding::new(&path, 1, "layers", what)));
    }
    let missing = ROWS.iter().filter(|row| {
        metadata
            .packages
            .iter()
            .all(|package| package.name != row.package)
    });
    findings.extend(missing.map(|row| {
        Finding::new(
            "Cargo.toml",
            1,
            "layers",
            format!(
                "`{}` is in the table of layers, but not in the tree",
                row.package
            ),
        )
    }));
    findings
}

/// The problem with a dependency, if any. Tests may use any of our crates except the binary's.
fn fault(row: &Row, dependency: &Dependency) -> Option<String> {
    let Dependency {
        name,
        kind,
        optional,
    } = dependency;
    let is_ours = ROWS.iter().any(|other| other.package == name);
    let for_tests = kind.as_deref() == Some("dev");
    if is_ours && for_tests {
        return (name == CLI).then(|| {
            format!(
                "the tests of `{}` may not use the binary's package",
                row.package
            )
        });
    }
    if is_ours && !row.ours.contains(&name.as_str()) {
        return Some(format!(
            "`{}` may not use `{name}`: it may use {}",
            row.package,
            list(row.ours)
        ));
    }
    let banned = row.never.contains(&name.as_str()) && !for_tests && !optional;
    banned.then(|| {
        format!(
            "`{}` may not use `{name}`: it is not allowed in its layer",
            row.package
        )
    })
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "no crate of ours".to_owned()
    } else {
        names.join(", ")
    }
}

fn manifest(package: &str) -> String {
    let folder = if package == CLI {
        "cli"
    } else {
        package.strip_prefix("setpoint-").unwrap_or(package)
    };
    format!("crates/{folder}/Cargo.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_edge(package: &str, name: &str, kind: Option<&str>, optional: bool, expected: &str) {
        let row = ROWS
            .iter()
            .find(|row| row.package == package)
            .expect("a row");
        let dependency = Dependency {
            name: name.to_owned(),
            kind: kind.map(ToOwned::to_owned),
            optional,
        };
        assert_eq!(
            fault(row, &dependency).unwrap_or_default(),
            expected,
            "{package} → {name}"
        );
    }

    #[test]
    fn edges_follow_the_table() {
        check_edge("setpoint-plan", "setpoint-spec", None, false, "");
        check_edge(
            "setpoint-spec",
            "setpoint-plan",
            None,
            false,
            "`setpoint-spec` may not use `setpoint-plan`: it may use no crate of ours",
        );
        check_edge(
            "setpoint-engine",
            "setpoint-catalog",
            None,
            false,
            "`setpoint-engine` may not use `setpoint-catalog`: it may use setpoint-spec, \
             setpoint-openapi, setpoint-plan",
        );
        check_edge(
            "setpoint-engine",
            "setpoint-catalog",
            Some("dev"),
            false,
            "",
        );
        check_edge(
            "setpoint-sim",
            "setpoint",
            Some("dev"),
            false,
            "the tests of `setpoint-sim` may not use the binary's package",
        );
        check_edge(
            "setpoint-plan",
            "tokio",
            None,
            false,
            "`setpoint-plan` may not use `tokio`: it is not allowed in its layer",
        );
        check_edge("setpoint-plan", "tokio", Some("dev"), false, "");
        check_edge("setpoint-openapi", "reqwest", None, true, "");
    }

    #[test]
    fn an_unknown_crate_is_found() {
        let metadata = Metadata {
            packages: vec![Package {
                name: "setpoint-utils".to_owned(),
                dependencies: Vec::new(),
            }],
        };
        let findings = check(&metadata);
        assert_eq!(
            findings[0].to_string(),
            "crates/utils/Cargo.toml:1: `setpoint-utils` is not in the table of layers [layers]"
        );
        assert_eq!(findings.len(), 1 + ROWS.len());
    }
}
