//! The core is independent of kinds: `spec`, `plan` and `engine` know only what a kind declares.
//!
//! A new kind is a file in the catalogue and changes nothing in the layers below. The rule reads
//! text literals outside of tests: none may be the name of a kind, a word of a single kind (its
//! fields, marks and keys, read from the catalogue's sources), or a parameter of a single action of
//! the API. Words that are also part of the language are listed as exceptions. Only whole literals
//! are compared, so that a sentence may mention disks.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::literals::{Literal, literals, without_tests};
use super::tree::File;

/// The crates that are independent of kinds.
const CORE: [&str; 3] = ["spec", "plan", "engine"];

/// Words of a single kind that have another meaning in the core.
const WORDS_OF_THE_CORE: [(&str, &str); 11] = [
    ("description", "a key of every entry, file and variable"),
    ("from", "a key of `moved`"),
    ("id", "an attribute of every resource"),
    ("internet", "an alias of 0.0.0.0/0"),
    ("ip_address", "the ending of names of address attributes"),
    ("labels", "a key of diagnostics in JSON"),
    ("pattern", "a key of a variable"),
    ("resources", "a section of a file"),
    ("size", "a function of expressions"),
    ("source", "another tool's word for `use`"),
    ("up", "a half of a change"),
];

/// Words with inner capitals that are not parameters of a single action.
const WORDS_OF_EVERY_ACTION: [&str; 21] = [
    "AccountId",
    "ClientToken",
    "DryRun",
    "IncompleteSignature",
    "InvalidParameter",
    "MissingParameter",
    "RegionId",
    "ResourceARN",
    "ResourceId",
    "ResourceType",
    "SignatureDoesNotMatch",
    "TagKey",
    "TagResources",
    "TagValue",
    "TotalCount",
    "UnsupportedParameter",
    "ValueNotSupported",
    // Words of other tools, for hints, and of our own types.
    "Base64Encode",
    "CheckCx",
    "DependsOn",
    "ROSTemplateFormatVersion",
];

/// The words of the catalogue.
struct Words {
    /// Names of kinds, managed and foreign.
    kinds: BTreeSet<String>,
    /// Words of a single kind, with that kind.
    single: BTreeMap<String, String>,
}

/// The findings of the tree.
pub(crate) fn check_tree(files: &[File]) -> Vec<Finding> {
    let words = words(files);
    let list = "crates/catalog/src/lib.rs";
    if words.kinds.is_empty() || words.single.is_empty() {
        let what = "no kinds were found in the catalogue: correct tidy/kinds.rs";
        return vec![Finding::new(list, 1, "core-kinds", what)];
    }
    let tests = test_files(files);
    let mut findings = Vec::new();
    for file in files {
        if tests.contains(&file.path) || !is_source(&file.path) {
            continue;
        }
        let text = without_tests(&file.text);
        if CORE.iter().any(|name| is_of(&file.path, name)) {
            findings.extend(known_kinds(&file.path, text, &words));
        }
        findings.extend(verbs(&file.path, text));
    }
    findings
}

fn is_source(path: &str) -> bool {
    let is_test = ["/tests.rs", "/tests/", "/fixtures/", "/fixtures.rs"]
        .iter()
        .any(|part| path.contains(part));
    path.ends_with(".rs") && !is_test
}

fn is_of(path: &str, name: &str) -> bool {
    path.strip_prefix("crates/")
        .and_then(|rest| rest.strip_prefix(name))
        .is_some_and(|rest| rest.starts_with("/src/"))
}

fn known_kinds(path: &str, text: &str, words: &Words) -> Vec<Finding> {
    let fault = |literal: &Literal<'_>| {
        let text = literal.text;
        if words.kinds.contains(text) {
            return Some(format!("`{text}` is the name of a kind"));
        }
        if let Some(kind) = words.single.get(text) {
            return Some(format!("`{text}` is a word of the kind `{kind}`"));
        }
        let is_parameter = |part: &&str| has_humps(part) && !WORDS_OF_EVERY_ACTION.contains(part);
        let parameter = text.split('.').find(is_parameter)?;
        // A sentence may begin with such a word.
        (!text.contains(' ')).then(|| format!("`{parameter}` looks like a parameter of one action"))
    };
    let finding = |literal: &Literal<'_>| {
        let what = fault(literal)?;
        let what = format!("{what}, but the core is independent of kinds: let the kind declare it");
        Some(Finding::new(path, literal.line, "core-kinds", what))
    };
    literals(text).iter().filter_map(finding).collect()
}

/// Whether a word is written like `InstanceId`: letters and digits that begin with a capital and
/// have another one after a small letter.
fn has_humps(word: &str) -> bool {
    let bytes = word.as_bytes();
    let is_hump = |pair: &[u8]| !pair[0].is_ascii_uppercase() && pair[1].is_ascii_uppercase();
    bytes.first().is_some_and(u8::is_ascii_uppercase)
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes.windows(2).any(is_hump)
}

/// Verbs are values, not texts, so that the compiler finds every use.
fn verbs(path: &str, text: &str) -> Vec<Finding> {
    let is_checked = CORE
        .iter()
        .chain(&["catalog"])
        .any(|name| is_of(path, name));
    if !is_checked {
        return Vec::new();
    }
    let is_verb = |line: &str| line.contains("verb: &str") || line.contains("verb: &'static str");
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| is_verb(line))
        .map(|(at, _)| {
            let what = "a verb as text: name the update or the step by its value";
            Finding::new(path, at + 1, "verb-text", what)
        })
        .collect()
}

/// Sources that are modules of tests: `#[cfg(test)]` stands before the line that declares them.
fn test_files(files: &[File]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let folder = match file.path.strip_suffix("/lib.rs") {
            Some(folder) => folder,
            None => file.path.trim_end_matches(".rs"),
        };
        let mut lines = file.text.lines().peekable();
        while let Some(line) = lines.next() {
            let declared = lines
                .peek()
                .filter(|_| line == "#[cfg(test)]")
                .and_then(|next| next.strip_prefix("mod "))
                .and_then(|rest| rest.strip_suffix(';'));
            found.extend(declared.map(|name| format!("{folder}/{name}.rs")));
        }
    }
    found
}

/// Reads the words of the kinds out of the catalogue's sources.
fn words(files: &[File]) -> Words {
    let mut kinds = BTreeSet::new();
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let Some(name) = file.path.strip_prefix("crates/catalog/src/") else {
            continue;
        };
        let text = without_tests(&file.text);
        match name {
            "lib.rs" => kinds.extend(listed(text)),
            "foreign.rs" => kinds.extend(named_after(text, &["kind("])),
            "shared.rs" | "starter.rs" => {}
            _ => {
                let kind = name.split(['/', '.']).next().unwrap_or(name);
                for word in own_words(text) {
                    owners.entry(word).or_default().insert(kind.to_owned());
                }
            }
        }
    }
    let is_ours = |word: &String| WORDS_OF_THE_CORE.iter().any(|(ours, _)| ours == word);
    let single = owners
        .into_iter()
        .filter(|(word, kinds)| kinds.len() == 1 && !is_ours(word))
        .filter_map(|(word, kinds)| Some((word, kinds.into_iter().next()?)))
        .collect();
    Words { kinds, single }
}

/// The names of the list `kinds! { … }`.
fn listed(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| *line != "kinds! {").skip(1);
    let names = lines
        .take_while(|line| *line != "}")
        .filter_map(|line| line.trim().split_once(": "));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// Names of fields, and texts that have a name of their own: marks, keys, members of `lifecycle`.
fn own_words(text: &str) -> Vec<String> {
    let makers = [
        "Field::new(",
        "Field::structure(",
        "Field::rows(",
        "Field::whole(",
        "Field::named(",
        "Field::output(",
        "Field::derived(",
        "FieldDef::new(",
        ": &str =",
    ];
    named_after(text, &makers)
}

/// The literals that stand directly behind one of these.
fn named_after(text: &str, before: &[&str]) -> Vec<String> {
    let follows = |literal: &&Literal<'_>| {
        let lead = text[..literal.start].trim_end();
        before.iter().any(|before| lead.ends_with(before))
    };
    let is_word = |word: &&str| {
        word.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    literals(text)
        .iter()
        .filter(follows)
        .map(|literal| literal.text)
        .filter(is_word)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn catalogue() -> Vec<File> {
        vec![
            file(
                "crates/catalog/src/lib.rs",
                "macro_rules! kinds {\n    ($x:ident) => {};\n}\n\nkinds! {\n    machine: MACHINE,\n    network: NETWORK,\n}\n",
            ),
            file(
                "crates/catalog/src/foreign.rs",
                "static A: &[Kind] = &[kind(\"picture\", PLAIN)];\n",
            ),
            file(
                "crates/catalog/src/machine.rs",
                "const MARK: &str = \"halting\";\nstatic F: &[Field] = &[\n    Field::new(\n        \"guest_data\", TEXT),\n    Field::new(\"zone\", ZONE), call(\"elsewhere\"),\n];\n#[cfg(test)]\nmod tests {\n    const A: &str = \"in_tests\";\n}\n",
            ),
            file(
                "crates/catalog/src/network/more.rs",
                "static F: &[Field] = &[Field::rows(\"zone\", ROWS), Field::output(\"id\", TEXT)];\n",
            ),
        ]
    }

    fn found(path: &str, text: &str) -> Vec<(String, usize, &'static str)> {
        let mut files = catalogue();
        files.push(file(path, text));
        check_tree(&files)
            .into_iter()
            .map(|finding| (finding.path, finding.line, finding.rule))
            .collect()
    }

    #[track_caller]
    fn refused(path: &str, text: &str, line: usize, rule: &'static str) {
        assert_eq!(found(path, text), [(path.to_owned(), line, rule)], "{text}");
    }

    #[test]
    fn words_of_kinds_are_found_in_the_core() {
        for word in [
            "machine",
            "network",
            "picture",
            "halting",
            "guest_data",
            "MachineId",
            "VpcIds",
            "Rows.MachineName",
        ] {
            let text = format!("//! A.\nconst A: &str = \"{word}\";\n");
            for core in CORE {
                refused(&format!("crates/{core}/src/a/b.rs"), &text, 2, "core-kinds");
            }
            assert_eq!(found("crates/report/src/a.rs", &text), [], "{word}");
            assert_eq!(found("crates/plan/src/tests.rs", &text), [], "{word}");
        }
    }

    #[test]
    fn other_words_pass() {
        for word in [
            "a machine",
            "machines",
            "zone",
            "id",
            "elsewhere",
            "in_tests",
            "RegionId",
            "Tags.Tag",
            "Kind",
            "InstanceId of one",
            "",
        ] {
            let text = format!(
                "// \"machine\"\nconst A: &str = \"{word}\";\n#[cfg(test)]\nmod tests {{\n    const A: &str = \"machine\";\n}}\n"
            );
            assert_eq!(found("crates/plan/src/a.rs", &text), [], "{word}");
        }
    }

    #[test]
    fn modules_of_tests_are_passed_over() {
        let mut files = catalogue();
        let fixture = "const A: &str = \"machine\";\n";
        files.push(file(
            "crates/plan/src/lib.rs",
            "#[cfg(test)]\nmod fixtures;\n",
        ));
        files.push(file("crates/plan/src/fixtures.rs", fixture));
        assert_eq!(check_tree(&files), []);
        files.push(file("crates/plan/src/other.rs", fixture));
        assert_eq!(check_tree(&files).len(), 1);
    }

    #[test]
    fn verbs_as_text_are_found() {
        for text in [
            "fn f(verb: &str) {}\n",
            "struct A {\n    verb: &'static str,\n}\n",
        ] {
            let line = text.lines().count().min(2);
            refused("crates/catalog/src/machine/a.rs", text, line, "verb-text");
            refused("crates/plan/src/a.rs", text, line, "verb-text");
            assert_eq!(found("crates/sim/src/a.rs", text), [], "{text}");
        }
    }

    /// Without the catalogue nothing would be found, and the rule would always hold.
    #[test]
    fn a_catalogue_without_kinds_is_a_finding() {
        assert_eq!(check_tree(&[]).len(), 1);
    }

    /// The lists name nothing that is gone.
    #[test]
    fn every_exception_is_in_use() {
        let files = super::super::tree::read(&crate::root()).expect("the tree can be read");
        let core: Vec<&File> = files
            .iter()
            .filter(|file| CORE.iter().any(|name| is_of(&file.path, name)))
            .collect();
        let ours = WORDS_OF_THE_CORE.iter().map(|(word, _)| *word);
        for word in ours.chain(WORDS_OF_EVERY_ACTION) {
            let is_used = core.iter().any(|file| {
                literals(without_tests(&file.text))
                    .iter()
                    .any(|literal| literal.text.split('.').any(|part| part == word))
            });
            assert!(is_used, "`{word}` is listed and not used");
        }
    }
}
