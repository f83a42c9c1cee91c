//! `docs/language.md`: every example loads, the stated results of functions are true, and `explain`
//! has an answer for every construct.
//!
//! The blocks of a section are the files of one stack. The first line of a block may be a comment
//! with its path; a block without one is `stack.yaml`.

use std::collections::BTreeMap;

use setpoint_catalog::REGISTRY;
use setpoint_plan::Value;
use setpoint_spec::loader::MemoryLoader;
use setpoint_spec::stack::Stack;
use setpoint_spec::{Input, common, explain, load};

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/language.md");
    std::fs::read_to_string(path).expect("the page is there")
}

/// Returns the files of each section of the page, by path.
fn sections() -> Vec<(String, BTreeMap<String, String>)> {
    let page = page();
    let sections = page.split("\n## ").skip(1);
    sections
        .map(|section| {
            let name = section.lines().next().unwrap_or_default().to_owned();
            (name, blocks(section))
        })
        .collect()
}

fn blocks(section: &str) -> BTreeMap<String, String> {
    let fenced = section.split("```").skip(1).step_by(2);
    fenced
        .filter_map(|block| block.split_once('\n'))
        .map(|(_, text)| {
            let first = text.lines().next().unwrap_or_default();
            let path = first.strip_prefix("# ").unwrap_or("stack.yaml");
            (path.to_owned(), text.to_owned())
        })
        .collect()
}

fn loaded(files: &BTreeMap<String, String>, environment: Option<&str>) -> Stack {
    let loader = files
        .iter()
        .fold(MemoryLoader::new("/spec"), |loader, (path, text)| {
            loader.file(path, text.as_str())
        });
    let input = Input {
        path: "stack.yaml",
        environment,
        var_files: Vec::new(),
        vars: Vec::new(),
        env: &|_| None,
        today: "2026-12-01".to_owned(),
        home: None,
    };
    match load(&REGISTRY.schema(), &loader, &input) {
        Ok(loaded) => loaded.stack,
        Err(failure) => panic!("{:#?}", failure.diagnostics),
    }
}

#[test]
fn every_example_of_the_language_loads() {
    let mut n = 0;
    for (name, files) in sections() {
        if !files.contains_key("stack.yaml") {
            assert!(files.is_empty(), "{name}: files without a stack");
            continue;
        }
        println!("{name}");
        let environments = files["stack.yaml"].contains("environments:");
        let chosen: &[Option<&str>] = if environments {
            &[Some("dev"), Some("prod")]
        } else {
            &[None]
        };
        for environment in chosen {
            loaded(&files, *environment);
            n += 1;
        }
    }
    assert!(n >= 14, "{n} stacks");
}

#[test]
fn functions_return_what_the_page_states() {
    let functions = sections().into_iter().find(|(name, _)| name == "Functions");
    let (_, files) = functions.expect("a section");
    let stack = loaded(&files, None);
    let mut said = 0;
    for line in files["stack.yaml"].lines() {
        let Some((left, expected)) = line.split_once("# ") else {
            continue;
        };
        let name = left.trim().split(':').next().unwrap_or_default();
        assert_eq!(shown(&stack.outputs[name].value), expected, "{name}");
        said += 1;
    }
    assert_eq!(said, setpoint_spec::FUNCTIONS.len(), "every function");
}

/// Returns a value as the page writes it.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone().to_string(),
        Value::Int(n) => n.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let pairs = map
                .iter()
                .map(|(key, value)| format!("{key}: {}", shown(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => panic!("{other:?}"),
    }
}

/// Returns every section of a file, every key of an entry and of `lifecycle`, and every function.
fn constructs() -> Vec<&'static str> {
    let fields = common::ENTRY.iter().map(|field| field.name);
    let of_kinds = REGISTRY.kinds().flat_map(|kind| kind.lifecycle);
    let lifecycle = common::LIFECYCLE.iter().chain(of_kinds);
    fields
        .chain(lifecycle.map(|field| field.name))
        .chain(common::MODULE_KEYS.iter().copied())
        .chain(setpoint_spec::sections())
        .chain(setpoint_spec::FUNCTIONS.iter().map(|(name, _)| *name))
        .collect()
}

#[track_caller]
fn explained(word: &str, width: usize) -> String {
    explain::explain(&REGISTRY.schema(), word, width).unwrap_or_else(|error| panic!("{error}"))
}

/// `explain` has an answer for every construct, taken from the page.
#[test]
fn every_construct_is_explained() {
    for word in constructs() {
        let answer = explained(word, 80);
        assert!(
            answer.contains(&format!("`{word}")) || answer.contains(&format!("{word}:")),
            "{answer}"
        );
    }
    for field in common::LIFECYCLE {
        explained(&format!("lifecycle.{}", field.name), 80);
    }
    for (title, _) in sections() {
        let title = title.split(':').next().unwrap_or_default();
        explained(title, 80);
    }
    for (name, parameters) in setpoint_spec::FUNCTIONS {
        let answer = explained(name, 80);
        assert!(
            answer.contains(&format!("`{name}({parameters})`")),
            "{answer}"
        );
        assert!(
            answer.contains(&format!("${{{name}(")),
            "no example: {answer}"
        );
    }
}

/// A word has one meaning: kinds are looked up before constructs.
#[test]
fn no_construct_has_the_name_of_a_kind() {
    let kinds: Vec<&str> = REGISTRY.kinds().map(|kind| kind.name).collect();
    let titles = sections();
    let titles = titles.iter().map(|(title, _)| title.as_str());
    let clash = constructs()
        .into_iter()
        .chain(titles)
        .find(|word| kinds.contains(word));
    assert_eq!(clash, None);
}

/// Only the lines of examples, which are indented by four, may be wider than the terminal.
#[test]
fn explanations_fit_the_terminal() {
    let schema = REGISTRY.schema();
    let kinds = REGISTRY.kinds().map(|kind| kind.name);
    let words: Vec<&str> = constructs().into_iter().chain(kinds).collect();
    for width in [50, 80] {
        let pages = words.iter().map(|word| explained(word, width));
        for page in pages.chain([explain::overview(&schema).text(width)]) {
            let wide = page
                .lines()
                .find(|line| line.chars().count() > width && !line.starts_with("    "));
            assert_eq!(wide, None, "{page}");
        }
    }
}
