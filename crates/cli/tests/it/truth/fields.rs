//! Fields that pages and hints name exist, in the tables of the kinds or in the language.
//!
//! A mention is code between backticks in one of three forms: a key before a colon (`protect:`,
//! `lifecycle: {protect: true}`), a path whose first name is known (`lifecycle.protect`,
//! `instance.system_disk.size`), and a word with an underscore (`cidr_block`). Single words are not
//! looked up: too many of them are values and names of examples.

use std::collections::BTreeSet;

use serde_json::Value;
use setpoint_catalog::REGISTRY;
use setpoint_spec::{common, json_schema};

use super::{Page, pages, texts};

/// Pages about the code or the wire, whose words are not the language's.
const OTHER_PAGES: &[&str] = &[
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/ordering.md",
    "docs/simulator.md",
    "docs/testing.md",
];

/// Words that are not fields: placeholders, prefixes of tags, arguments of functions, values of the
/// API, fields of JSON and of the log, and words of other programs.
const OTHER_WORDS: &[&str] = &[
    "acs",
    "acs_ecs_dashboard",
    "depends_on",
    "exit_code",
    "ignore_changes",
    "key",
    "new_bits",
    "prevent_destroy",
    "process_command",
    "request_id",
    "security_group_rule",
    "setpoint",
    "x86_64",
];

/// Endings of files: `stack.yaml` is not a path of fields.
const ENDINGS: &[&str] = &["json", "md", "pem", "rs", "toml", "txt", "yaml", "yml"];

/// The names of the language.
#[derive(Default)]
struct Names {
    /// Every key, attribute, kind and fixed value.
    all: BTreeSet<String>,
    /// Which key may be inside which.
    inside: BTreeSet<(String, String)>,
}

impl Names {
    fn of_the_language() -> Self {
        let mut names = Self::default();
        let schema = json_schema::schema(&REGISTRY.schema());
        names.walk(&schema, &schema, "", &mut BTreeSet::new());
        for kind in REGISTRY.schema().kinds {
            names.all.insert(kind.name.to_owned());
            let fields = kind.fields.iter().chain(common::ENTRY);
            let fields = fields.map(|field| field.name);
            let attributes = kind.attributes.iter().map(|attribute| attribute.name);
            for path in fields.chain(attributes).chain(["id"]) {
                names.add_path(&[kind.name], path);
            }
            for member in kind.lifecycle {
                names.add_path(&["lifecycle"], member.name);
            }
            for row in REGISTRY.known(kind.name).rows() {
                names.add_path(&[kind.name], &row.attr);
            }
        }
        for word in ["key", "value", "index", "number"] {
            names.add_path(&["each"], word);
        }
        let functions = setpoint_spec::FUNCTIONS.iter();
        names
            .all
            .extend(functions.map(|(name, _)| (*name).to_owned()));
        names
    }

    fn add_path(&mut self, before: &[&str], path: &str) {
        let parts: Vec<&str> = before.iter().copied().chain(path.split('.')).collect();
        self.all.extend(parts.iter().map(ToString::to_string));
        let pairs = parts.windows(2);
        self.inside
            .extend(pairs.map(|pair| (pair[0].to_owned(), pair[1].to_owned())));
    }

    /// Reads a JSON Schema; `owner` is the key whose value the node describes.
    fn walk(&mut self, root: &Value, node: &Value, owner: &str, met: &mut BTreeSet<String>) {
        let Some(map) = node.as_object() else {
            node.as_array()
                .into_iter()
                .flatten()
                .for_each(|item| self.walk(root, item, owner, met));
            return;
        };
        for (word, value) in map {
            match word.as_str() {
                "properties" => {
                    for (name, value) in value.as_object().into_iter().flatten() {
                        self.add_path(&[owner], name);
                        self.walk(root, value, name, met);
                    }
                }
                "$ref" => {
                    let path = value.as_str().unwrap_or_default().trim_start_matches('#');
                    if met.insert(format!("{owner} {path}")) {
                        let target = root.pointer(path).expect("the schema refers to itself");
                        self.walk(root, target, owner, met);
                    }
                }
                "enum" | "const" => {
                    let values = value.as_array().into_iter().flatten().chain([value]);
                    let values = values.filter_map(Value::as_str).map(ToOwned::to_owned);
                    self.all.extend(values);
                }
                _ => self.walk(root, value, owner, met),
            }
        }
    }

    /// What is wrong with a piece of code; nothing if it names no field.
    fn unknown(&self, code: &str) -> Vec<String> {
        let keys = keys(code);
        if !keys.is_empty() {
            let is_unknown = |(owner, key): &&(Option<String>, String)| match owner {
                Some(owner) if self.all.contains(owner) => {
                    !self.inside.contains(&(owner.clone(), key.clone()))
                }
                _ => !self.all.contains(key),
            };
            let wrong = keys.iter().filter(is_unknown);
            return wrong.map(|(_, key)| key.clone()).collect();
        }
        if !code.starts_with(|c: char| c.is_ascii_lowercase()) || !code.chars().all(is_of_path) {
            return Vec::new();
        }
        let parts: Vec<&str> = code.split('.').collect();
        let is_wrong = match parts.as_slice() {
            [word] => word.contains('_') && !self.all.contains(*word),
            [first, .., last] => {
                let is_here = |pair: &[&str]| {
                    let pair = (pair[0].to_owned(), pair[1].to_owned());
                    self.inside.contains(&pair)
                };
                let is_path = self.all.contains(*first) && !ENDINGS.contains(last);
                is_path && !parts.windows(2).all(is_here)
            }
            [] => false,
        };
        if is_wrong {
            vec![code.to_owned()]
        } else {
            Vec::new()
        }
    }
}

fn is_of_path(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.'
}

/// The keys of a piece of YAML in flow style, each with the key whose map it is in.
fn keys(code: &str) -> Vec<(Option<String>, String)> {
    let mut found = Vec::new();
    let mut owners: Vec<Option<String>> = vec![None];
    let mut last = None;
    let mut is_start = true;
    for (at, c) in code.char_indices() {
        match c {
            '{' => owners.push(std::mem::take(&mut last)),
            '}' => {
                owners.pop();
            }
            _ => {}
        }
        if is_start && c.is_ascii_lowercase() {
            let rest = &code[at..];
            let end = rest.find(|c| !is_of_path(c)).unwrap_or(rest.len());
            let is_key = rest[end..].starts_with(": ") || &rest[end..] == ":";
            if is_key && !rest[..end].contains('.') {
                let owner = owners.last().cloned().flatten();
                found.push((owner, rest[..end].to_owned()));
                last = Some(rest[..end].to_owned());
            }
        }
        is_start = matches!(c, '{' | ',' | '[') || (is_start && c == ' ');
    }
    // A name of an example before the fields of its entry: `net: {type: vpc}`.
    if found.get(1).is_some_and(|(_, key)| key == "type") {
        found.drain(..2);
    }
    found
}

/// The code of a page: what stands between backticks, without blocks of code.
fn code(text: &str) -> Vec<String> {
    let mut is_block = false;
    let lines = text.lines().filter(|line| {
        is_block ^= line.trim_start().starts_with("```");
        !is_block && !line.starts_with("    ")
    });
    let lines = lines.flat_map(|line| line.split('`').skip(1).step_by(2));
    lines.map(ToOwned::to_owned).collect()
}

/// The code of a text of the sources, with `X` for each `{name}` and `{` for each `{{`.
fn code_of_format(text: &str) -> Vec<String> {
    let pieces = text.split('`').skip(1).step_by(2);
    let fill = |piece: &str| {
        let mut filled = String::new();
        let mut rest = piece;
        while let Some(c) = rest.chars().next() {
            let inner = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            (filled, rest) = match inner {
                Some((name, after)) if name.chars().all(is_of_path) => (filled + "X", after),
                _ => (filled + &c.to_string(), &rest[c.len_utf8()..]),
            };
        }
        filled.replace("{{", "{").replace("}}", "}")
    };
    // A piece with an escape was cut where the escape is.
    pieces
        .filter(|piece| !piece.contains('\\'))
        .map(fill)
        .collect()
}

#[track_caller]
fn check(names: &Names, of_page: impl Fn(&Page) -> Vec<String>, pages: Vec<Page>) {
    let mut missing = Vec::new();
    for page in &pages {
        for piece in of_page(page) {
            let unknown = names.unknown(&piece).into_iter();
            let unknown = unknown.filter(|word| !OTHER_WORDS.contains(&word.as_str()));
            missing.extend(unknown.map(|word| format!("{}: `{piece}`: {word}", page.0)));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_field_that_a_page_names_exists() {
    let names = Names::of_the_language();
    let is_here = |page: &Page| !OTHER_PAGES.contains(&page.0.as_str());
    let pages = pages().into_iter().filter(is_here).collect();
    check(&names, |page| code(&page.1), pages);
}

#[test]
fn every_field_that_a_hint_names_exists() {
    let names = Names::of_the_language();
    let is_here = |page: &Page| !page.0.starts_with("crates/sim/");
    let texts = texts().into_iter().filter(is_here).collect();
    // Texts of the sources are one a line.
    let of_page = |page: &Page| page.1.lines().flat_map(code_of_format).collect();
    check(&names, of_page, texts);
}

#[test]
fn what_counts_as_a_field() {
    let names = Names::of_the_language();
    let wrong = |code: &str| names.unknown(code).join(" ");
    for fine in [
        "lifecycle: {protect: true}",
        "lifecycle.protect",
        "instance.system_disk.size",
        "net: {type: vpc}",
        "vpc: {tags: {Team: net}}",
        "stack.yaml",
        "net.id",
        "protect:",
        "cidr_block",
        "yes",
    ] {
        assert_eq!(wrong(fine), "", "{fine}");
    }
    assert_eq!(wrong("lifecycle: {guard: true}"), "guard");
    assert_eq!(wrong("lifecycle.guard"), "lifecycle.guard");
    assert_eq!(
        wrong("instance.system_disk.speed"),
        "instance.system_disk.speed"
    );
    assert_eq!(wrong("cidr_blocks"), "cidr_blocks");
    assert_eq!(wrong("subnet: x"), "subnet");
    let pieces = code_of_format("set `zone: {other}` or `with: {{{}: 1}}`");
    assert_eq!(pieces, ["zone: X", "with: {X: 1}"]);
}
