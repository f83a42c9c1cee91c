//! `docs/language.md`: every example loads, and what the examples of the functions give is true.
//!
//! The blocks of a section are the files of one stack. A block says its path in a first comment;
//! a block without one is `stack.yaml`.

use std::collections::BTreeMap;

use setpoint_catalog::REGISTRY;
use setpoint_plan::Value;
use setpoint_spec::loader::MemoryLoader;
use setpoint_spec::stack::Stack;
use setpoint_spec::{Input, common, load};

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/language.md");
    std::fs::read_to_string(path).expect("the page is there")
}

/// The files of each section of the page, by path.
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
fn the_functions_give_what_the_page_says() {
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

/// A value as the page writes it.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
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

/// Every section of a file, every key of an entry and of `lifecycle`, and every function stands on
/// the page.
#[test]
fn the_page_names_every_construct() {
    let page = page();
    let named =
        |word: &str| page.contains(&format!("`{word}`")) || page.contains(&format!("`{word}:"));
    let fields = common::ENTRY.iter().map(|field| field.name);
    let lifecycle = common::LIFECYCLE.iter().map(|field| field.name);
    let of_kinds = REGISTRY
        .kinds()
        .flat_map(|kind| kind.lifecycle)
        .map(|field| field.name);
    let words = fields
        .chain(lifecycle)
        .chain(of_kinds)
        .chain(setpoint_spec::sections());
    let missing: Vec<&str> = words.filter(|word| !named(word)).collect();
    assert_eq!(missing, Vec::<&str>::new());
    for (name, parameters) in setpoint_spec::FUNCTIONS {
        let pair = format!("`{name}(map)`, `");
        let own = page.contains(&format!("`{name}({parameters})`"));
        assert!(own || page.contains(&pair), "{name}");
    }
}
