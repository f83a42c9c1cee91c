//! Bans: the pure crates have identical `clippy.toml` files with the limits of the root's file.
//!
//! Clippy reads only the nearest file; a copy that differs would silently lose a ban or a limit.

use super::Finding;
use super::tree::File;

/// The crates without I/O, by folder. The files are compared with that of the first.
const PURE: [&str; 6] = ["spec", "openapi", "plan", "catalog", "report", "sim"];

/// The findings of the tree.
pub(crate) fn check_tree(files: &[File]) -> Vec<Finding> {
    let text = |path: &str| {
        files
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    };
    let Some(root) = text("clippy.toml") else {
        return vec![Finding::new(
            "clippy.toml",
            1,
            "bans",
            "the limits of the root's file are missing",
        )];
    };
    let first = path(PURE[0]);
    let mut findings = Vec::new();
    for setting in settings(root).filter(|setting| {
        text(&first).is_none_or(|bans| settings(bans).all(|line| line != *setting))
    }) {
        findings.push(Finding::new(
            &first,
            1,
            "bans",
            format!("the root's `{setting}` is missing: this file replaces the root's"),
        ));
    }
    let differs = PURE
        .iter()
        .map(|name| path(name))
        .filter(|path| text(path) != text(&first));
    findings.extend(
        differs.map(|path| Finding::new(&path, 1, "bans", format!("it must be a copy of {first}"))),
    );
    findings
}

fn path(name: &str) -> String {
    format!("crates/{name}/clippy.toml")
}

/// Lines of the form `name = value`.
fn settings(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| line.contains(" = ") && !line.starts_with([' ', '#', ']']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_compared() {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let mut files = vec![file("clippy.toml", "# Limits.\na = 1\nb = 2\n")];
        files.extend(PURE.map(|name| {
            file(
                &path(name),
                "a = 1\nb = 2\nbans = [\n    { path = \"x\" },\n]\n",
            )
        }));
        assert_eq!(check_tree(&files), []);
        files[1].text = "a = 1\n".to_owned();
        let found: Vec<String> = check_tree(&files).iter().map(ToString::to_string).collect();
        assert_eq!(
            found[0],
            "crates/spec/clippy.toml:1: the root's `b = 2` is missing: this file replaces the \
             root's [bans]"
        );
        assert_eq!(found.len(), PURE.len());
    }
}
