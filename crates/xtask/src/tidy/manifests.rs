//! Manifests: shared lints in every crate, dependencies declared once, nothing from unknown
//! registries.

use super::Finding;

/// The one registry that packages come from.
const CRATES_IO: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// The findings of a manifest, of the lock file or of cargo's configuration; none for other files.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    match path {
        "Cargo.lock" => lock_file(path, text),
        _ if path.starts_with("crates/") && path.ends_with("/Cargo.toml") => manifest(path, text),
        _ => Vec::new(),
    }
}

fn lock_file(path: &str, text: &str) -> Vec<Finding> {
    let foreign = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("source = ") && *line != CRATES_IO);
    foreign
        .map(|(at, line)| {
            Finding::new(
                path,
                at + 1,
                "registry",
                format!("only crates.io is used, not {line}"),
            )
        })
        .collect()
}

fn manifest(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if section(text, "[lints]").all(|(_, line)| line != "workspace = true") {
        findings.push(Finding::new(
            path,
            1,
            "lints",
            "write `[lints]` with `workspace = true`",
        ));
    }
    for header in [
        "[dependencies]",
        "[dev-dependencies]",
        "[build-dependencies]",
    ] {
        let own = section(text, header)
            .filter(|(_, line)| line.contains('=') && !line.contains("workspace = true"));
        findings.extend(own.map(|(at, line)| {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            Finding::new(
                path,
                at,
                "dependencies",
                format!(
                    "declare `{name}` in the root Cargo.toml and write `{name}.workspace = true`"
                ),
            )
        }));
    }
    findings
}

/// The lines of a section with their numbers, without comments and empty ones.
fn section<'a>(text: &'a str, header: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let lines = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()));
    let inside = lines
        .skip_while(move |(_, line)| *line != header)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('['));
    inside.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(path, text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn manifests_share_lints_and_versions() {
        let good = "[package]\nname = \"x\"\n[lints]\nworkspace = true\n[dependencies]\n# Why.\nserde.workspace = true\n";
        assert_eq!(found("crates/x/Cargo.toml", good), [""; 0]);
        let bad = "[package]\n[dependencies]\nserde = \"1\"\nbase64 = { workspace = true, features = [] }\n";
        assert_eq!(
            found("crates/x/Cargo.toml", bad),
            [
                "crates/x/Cargo.toml:1: write `[lints]` with `workspace = true` [lints]",
                "crates/x/Cargo.toml:3: declare `serde` in the root Cargo.toml and write \
                 `serde.workspace = true` [dependencies]",
            ]
        );
    }

    #[test]
    fn the_lock_file_knows_one_registry() {
        let text = format!(
            "[[package]]\n{CRATES_IO}\n[[package]]\nsource = \"git+https://example.com/x\"\n"
        );
        assert_eq!(
            found("Cargo.lock", &text),
            [
                "Cargo.lock:4: only crates.io is used, not source = \"git+https://example.com/x\" \
                 [registry]"
            ]
        );
    }
}
