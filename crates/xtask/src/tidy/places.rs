//! Places: nothing in the tree may depend on the machine that it was written on.

use super::Finding;

/// Beginnings of paths that exist on one machine only. Split, so that this file does not find
/// itself.
const PATHS: [&str; 3] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
];

/// Settings that make package managers use another registry than their own.
const REGISTRIES: [&str; 6] = [
    concat!("index", "-url"),
    concat!("INDEX", "_URL"),
    concat!("[regis", "tries"),
    concat!("[sou", "rce."),
    concat!("npm_config_", "registry"),
    concat!("GO", "PROXY"),
];

/// The findings of any text file.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if let Some(start) = PATHS
            .iter()
            .find(|start| has_path(line, start) && !is_example(path, start))
        {
            findings.push(Finding::new(
                path,
                at + 1,
                "machine",
                format!("`{start}…` is a path of a single machine"),
            ));
        }
        if let Some(setting) = REGISTRIES.iter().find(|setting| line.contains(**setting)) {
            findings.push(Finding::new(
                path,
                at + 1,
                "registry",
                format!("`{setting}` must not be set in the tree"),
            ));
        }
    }
    findings
}

/// Tests may show paths of users.
fn is_example(path: &str, start: &str) -> bool {
    (path.starts_with("crates/") || path.starts_with("testdata/")) && start == PATHS[2]
}

/// Whether the line has the path itself, and not a longer one with the same end (`/opt/home/`) or a
/// part of a URL.
fn has_path(line: &str, start: &str) -> bool {
    line.match_indices(start)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "/.-_~}".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_are_found() {
        let check_path = |line: &str, expected: bool| {
            assert_eq!(!check("x", line).is_empty(), expected, "{line}")
        };
        for start in PATHS {
            check_path(&format!("see {start}x"), true);
            check_path(&format!("\"{start}x\""), true);
            check_path(&format!("/opt{start}x"), false);
        }
        check_path("HOME=/opt", false);
    }

    #[test]
    fn registries_are_found() {
        let line = format!(
            "pip install --{}=https://example.com/simple x",
            REGISTRIES[0]
        );
        assert_eq!(
            check("ci", &line)[0].to_string(),
            format!(
                "ci:1: `{}` must not be set in the tree [registry]",
                REGISTRIES[0]
            )
        );
    }
}
