//! Everything that pages, help and hints name exists: flags, commands, environment variables,
//! files, fields.
//!
//! The tests read the Markdown pages and the texts of the sources outside of tests. [`FOREIGN`]
//! lists the words of other programs.

mod fields;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory as _};
use setpoint_cli::args::Cli;

/// Flags of other programs that pages and scripts name: `cargo`, `aliyun`, `curl`, `ssh-keygen`.
const FOREIGN: &[&str] = &[
    "--all-features",
    "--all-targets",
    "--bench",
    "--insecure",
    "--lib",
    "--now",
    "--release",
    "--report",
    "--test",
    "--wait",
    "--workspace",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file's path below the root, and its text.
type Page = (String, String);

fn walk(folder: &Path, prefix: &str, keep: &dyn Fn(&str) -> bool, found: &mut Vec<Page>) {
    let entries = std::fs::read_dir(folder).expect("a folder");
    for entry in entries.map(|entry| entry.expect("an entry")) {
        let name = entry.file_name().into_string().expect("UTF-8");
        let path = format!("{prefix}{name}");
        let skipped = [
            "target",
            ".git",
            ".setpoint",
            "node_modules",
            "tests",
            "testdata",
        ];
        if entry.path().is_dir() && !skipped.contains(&name.as_str()) {
            walk(&entry.path(), &format!("{path}/"), keep, found);
        } else if entry.path().is_file() && keep(&path) {
            let text = std::fs::read_to_string(entry.path()).expect("a text");
            found.push((path, text));
        }
    }
}

fn pages() -> Vec<Page> {
    let mut found = Vec::new();
    // The change log and the decisions speak of what was; so may they name it.
    let is_page = |path: &str| {
        path.ends_with(".md") && !path.starts_with("CHANGELOG") && !path.starts_with("docs/adr/")
    };
    walk(&root(), "", &is_page, &mut found);
    assert!(found.len() > 15, "{} pages", found.len());
    found
}

/// The texts of the sources: what stands between quotes.
fn texts() -> Vec<Page> {
    let mut found = Vec::new();
    let is_source = |path: &str| {
        let is_shipped = !path.contains("/xtask/") && !path.contains("/testkit/");
        path.ends_with(".rs") && !path.ends_with("/tests.rs") && is_shipped
    };
    walk(&root().join("crates"), "crates/", &is_source, &mut found);
    for (_, text) in &mut found {
        let end = text.find("\n#[cfg(test)]").unwrap_or(text.len());
        let code = text[..end]
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let code: String = code.flat_map(|line| [line, "\n"]).collect();
        *text = code
            .split('"')
            .skip(1)
            .step_by(2)
            .collect::<Vec<_>>()
            .join("\n");
    }
    found
}

/// The pieces of a text that begin with a mark and go on with these characters.
fn words<'a>(text: &'a str, mark: &str, goes_on: fn(char) -> bool) -> BTreeSet<&'a str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.match_indices(mark)
        .filter(|(at, _)| !text[..*at].ends_with(is_word))
        .map(|(at, _)| {
            let rest = &text[at + mark.len()..];
            let end = rest.find(|c: char| !goes_on(c)).unwrap_or(rest.len());
            &text[at..at + mark.len() + end]
        })
        .collect()
}

fn all_flags(command: &Command, found: &mut BTreeSet<String>) {
    let longs = command.get_arguments().flat_map(|arg| {
        let aliases = arg.get_all_aliases().unwrap_or_default();
        arg.get_long().into_iter().chain(aliases)
    });
    found.extend(longs.map(|long| format!("--{long}")));
    for sub in command.get_subcommands() {
        all_flags(sub, found);
    }
}

fn command() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

#[test]
fn every_flag_that_is_named_exists() {
    let mut known: BTreeSet<String> = FOREIGN.iter().map(ToString::to_string).collect();
    all_flags(&command(), &mut known);
    let mut missing = Vec::new();
    for (path, text) in pages().iter().chain(&texts()) {
        let flags = words(text, "--", |c| c.is_ascii_lowercase() || c == '-');
        let unknown = flags
            .into_iter()
            .map(|flag| flag.trim_end_matches('-'))
            .filter(|flag| flag.len() > 3 && !known.contains(*flag));
        missing.extend(unknown.map(|flag| format!("{path}: {flag}")));
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_command_that_is_named_exists() {
    let root = command();
    let known: BTreeSet<&str> = root.get_subcommands().map(Command::get_name).collect();
    let mut missing = Vec::new();
    for (path, text) in pages().iter().chain(&texts()) {
        // In code: `setpoint plan`, or a line of a transcript.
        for mark in ["`setpoint ", "$ setpoint "] {
            let named = text.split(mark).skip(1).filter_map(|rest| {
                let word = rest
                    .split(|c: char| !c.is_ascii_lowercase() && c != '-')
                    .next()?;
                (!word.is_empty()).then_some(word)
            });
            let unknown = named.filter(|word| !known.contains(word));
            missing.extend(unknown.map(|word| format!("{path}: setpoint {word}")));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_environment_variable_that_is_named_is_read() {
    let mut sources = Vec::new();
    let is_code = |path: &str| {
        let is_script = !path.contains('.') || path.starts_with(".ci") || path.contains("scripts/");
        path.ends_with(".rs") || path.ends_with(".py") || is_script
    };
    walk(&root(), "", &is_code, &mut sources);
    for tests in ["crates/cli/tests/it", "crates/sim/tests/it"] {
        walk(&root().join(tests), "", &is_code, &mut sources);
    }
    let code: String = sources.into_iter().map(|(_, text)| text).collect();
    let is_read = |name: &str| {
        // `SETPOINT_VAR_name`: the rest is the reader's.
        let end = if name.ends_with('_') { "" } else { "\"" };
        code.contains(&format!("\"{name}{end}"))
    };
    let mut missing = Vec::new();
    for (path, text) in pages().iter().chain(&texts()) {
        for mark in ["SETPOINT_", "ALIBABA_CLOUD_", "ALICLOUD_"] {
            let named = words(text, mark, |c| c.is_ascii_uppercase() || c == '_');
            let unread = named.into_iter().filter(|name| !is_read(name));
            missing.extend(unread.map(|name| format!("{path}: {name}")));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_file_of_the_project_that_is_named_exists() {
    let mut missing = Vec::new();
    for (path, text) in pages() {
        for folder in [
            "crates/",
            "docs/",
            "specs/",
            "scripts/",
            "testdata/",
            ".ci/",
        ] {
            let named = words(&text, folder, |c| {
                c.is_ascii_alphanumeric() || "/._-".contains(c)
            });
            let gone = named
                .into_iter()
                .map(|name| name.trim_end_matches('.'))
                // Words in capitals stand for a name of the reader's.
                .filter(|name| !name.contains("KIND") && !root().join(name).exists());
            missing.extend(gone.map(|name| format!("{path}: {name}")));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
