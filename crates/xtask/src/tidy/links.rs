//! Links: every target of a link exists.
//!
//! Relative links of Markdown pages, with their headings, and pages that sources and scripts name
//! as `docs/….md`.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::File;

/// The findings of all pages and of the sources that name pages.
pub(crate) fn check_tree(files: &[File]) -> Vec<Finding> {
    files.iter().flat_map(|file| check(file, files)).collect()
}

fn check(file: &File, files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if is_page(&file.path) {
        for (line, target) in links(&file.text) {
            if let Some(what) = fault(file, target, files) {
                findings.push(Finding::new(&file.path, line, "links", what));
            }
        }
    }
    for (at, line) in file.text.lines().enumerate() {
        for page in pages(line) {
            if !files.iter().any(|other| other.path == page) {
                findings.push(Finding::new(
                    &file.path,
                    at + 1,
                    "links",
                    format!("`{page}` does not exist"),
                ));
            }
        }
    }
    findings
}

fn is_page(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| extension == "md")
}

/// The targets of inline links with their lines; code is skipped.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.starts_with("    ") {
            // Every second piece between backquotes is code.
            let prose = line.split('`').step_by(2);
            found.extend(prose.flat_map(targets).map(|target| (at + 1, target)));
        }
    }
    found
}

fn targets(prose: &str) -> impl Iterator<Item = &str> {
    prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// The problem with a link, if any.
fn fault(from: &File, target: &str, files: &[File]) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target
        .split_once('#')
        .map_or((target, None), |(path, heading)| (path, Some(heading)));
    let wanted = if path.is_empty() {
        from.path.clone()
    } else {
        resolve(&from.path, path)
    };
    let file = files.iter().find(|file| file.path == wanted);
    let is_folder = || {
        files
            .iter()
            .any(|file| file.path.starts_with(&format!("{wanted}/")))
    };
    match (file, heading) {
        (None, _) if is_folder() => None,
        (None, _) => Some(format!("broken link `{target}`: `{wanted}` does not exist")),
        (Some(file), Some(heading)) if !headings(&file.text).contains(heading) => {
            Some(format!("`{wanted}` has no heading `#{heading}`"))
        }
        (Some(_), _) => None,
    }
}

/// A path relative to a page, as a path relative to the root.
fn resolve(page: &str, path: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchors of a page's headings, in the form that GitHub and others generate.
fn headings(text: &str) -> BTreeSet<String> {
    let titles = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim());
    let anchor = |title: &str| {
        let kept = title
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .collect::<String>();
        kept.replace(' ', "-")
    };
    titles.map(anchor).collect()
}

/// Pages that a line of a source or a script names: `docs/….md`.
fn pages(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("docs/").filter_map(|(at, _)| {
        let whole = !line[..at].ends_with(|c: char| c.is_alphanumeric() || "/-_.".contains(c));
        let rest = &line[at..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "/-_.".contains(c)))
            .unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches('.');
        (whole && is_page(name)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_somewhere() {
        // `@` stands for the folder, so that this test does not name pages that are not there.
        let at = |text: &str| text.replace('@', "docs");
        let page = |path: &str, text: &str| File {
            path: at(path),
            text: at(text),
        };
        let files = [
            page(
                "@/a.md",
                "[b](b.md) [c](adr/c.md#why-not-d) [up](../README.md) [here](#top)\n# Top\n[net](https://example.com)",
            ),
            page(
                "@/b.md",
                "[x](x.md)\n`[y](y.md)` [a](a.md#below)\n```\n[z](z.md)\n```\n[all](adr/)",
            ),
            page("@/adr/c.md", "## Why not D?"),
            page("README.md", "see @/a.md and @/no.md."),
            page("src/x.rs", "//! `@/gone.md`, other-@/x.md"),
        ];
        let found: Vec<String> = check_tree(&files).iter().map(ToString::to_string).collect();
        let expected = [
            "@/b.md:1: broken link `x.md`: `@/x.md` does not exist [links]",
            "@/b.md:2: `@/a.md` has no heading `#below` [links]",
            "README.md:1: `@/no.md` does not exist [links]",
            "src/x.rs:1: `@/gone.md` does not exist [links]",
        ];
        assert_eq!(found, expected.map(at));
    }
}
