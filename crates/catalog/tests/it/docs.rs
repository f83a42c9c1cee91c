//! The reference pages of the kinds, generated from their tables and compared with `docs/`.
//!
//! `UPDATE_EXPECT=1 cargo test -p setpoint-catalog --test it -- docs` rewrites them.

use std::fmt::Write as _;

use expect_test::expect_file;
use setpoint_catalog::REGISTRY;
use setpoint_plan::field::{Basis, Field, OnChange, Presence, Read, Role};
use setpoint_plan::kind::Kind;
use setpoint_spec::common;
use setpoint_spec::explain::type_text;
use setpoint_spec::schema::{FieldDef, KindDef, Type, Unset};

const HEAD: &str = "<!-- Generated from the tables of the kinds: \
    UPDATE_EXPECT=1 cargo test -p setpoint-catalog --test it -- docs -->\n\n";

fn assert_page(name: &str, text: &str) {
    let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    expect_file![path].assert_eq(&format!("{HEAD}{text}"));
}

#[test]
fn every_kind_has_its_page() {
    for kind in REGISTRY.kinds() {
        assert_page(&format!("kinds/{}.md", kind.name), &page(kind));
    }
    assert_page("kinds/README.md", &index());
    assert_page("unverified.md", &unverified());
}

/// Returns the page of one kind.
fn page(kind: &Kind) -> String {
    let def = REGISTRY
        .schema()
        .kind(kind.name)
        .expect("a kind of the registry");
    let example: String = kind
        .example
        .trim()
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect();
    let attributes: String = def
        .attributes
        .iter()
        .map(|attr| format!("| `{}` | {} |\n", attr.name, cell(attr.doc)))
        .collect();
    format!(
        "# `{}`\n\n{}\n\n## Example\n\nThe entry `it` is of this kind; it refers to some of the others.\n\n\
         ```yaml\nstack: example\nregion: cn-beijing\nresources:\n{example}```\n\n\
         ## Fields\n\n{}{}\n\
         See also [the effects of changes, and the fields of every entry](README.md).\n\n\
         ## Attributes\n\nExpressions such as `${{it.id}}` can use the attributes once the resource exists.\n\n\
         | Attribute | Description |\n| --- | --- |\n| `id` | Id of the resource. |\n{attributes}",
        kind.name,
        kind.doc,
        alternatives(def),
        fields_table(kind, def),
    )
}

fn alternatives(def: &KindDef) -> String {
    let names = |group: &[&str]| {
        let names: Vec<String> = group.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let one = def
        .one_of
        .iter()
        .map(|group| format!("Exactly one of {} is required.\n\n", names(group)));
    let any = def
        .any_of
        .iter()
        .map(|group| format!("At least one of {} is required.\n\n", names(group)));
    one.chain(any).collect()
}

fn fields_table(kind: &Kind, def: &KindDef) -> String {
    let mut rows = String::from(
        "| Field | Type | If not given | A change | Description |\n| --- | --- | --- | --- | --- |\n",
    );
    for field in kind
        .fields
        .iter()
        .filter(|field| field.role == Role::Common)
    {
        let unset = if field.name == "name" {
            "named after the entry"
        } else {
            "not managed"
        };
        let change = kind.shown_change(field);
        let def = FieldDef {
            change,
            ..FieldDef::new(field.name, field.ty, field.doc)
        };
        add_row(&mut rows, field.name, &def, unset);
    }
    add_rows(&mut rows, "", kind, def.fields);
    rows
}

fn add_rows(rows: &mut String, prefix: &str, kind: &Kind, fields: &[FieldDef]) {
    for field in fields {
        let name = format!("{prefix}{}", field.name);
        let unset = unset(kind, &name, field);
        add_row(rows, &name, field, &unset);
        match field.ty {
            Type::Struct(members) => add_rows(rows, &format!("{name}."), kind, members),
            Type::Rows(members) => add_rows(rows, &format!("{name}[]."), kind, members),
            Type::Named(members) => add_rows(rows, &format!("{name}.NAME."), kind, members),
            _ => {}
        }
    }
}

fn add_row(rows: &mut String, name: &str, field: &FieldDef, unset: &str) {
    let ty = type_text(&field.ty).replace('→', "reference to ");
    let ty = ty.replace("list of reference", "list of references");
    let (ty, doc, change) = (cell(&ty), cell(field.doc), meaning(field.change));
    writeln!(rows, "| `{name}` | {ty} | {unset} | {change} | {doc} |").expect("a string");
}

fn unset(kind: &Kind, name: &str, field: &FieldDef) -> String {
    let mut alternatives = kind.one_of.iter().chain(kind.any_of);
    let is_attribute = kind.row(name).is_some();
    match field.unset {
        _ if alternatives.any(|names| names.contains(&name)) => "see above".to_owned(),
        _ if field.required => "required".to_owned(),
        Unset::Default(default) => format!("`{default}`"),
        Unset::Unmanaged if is_attribute => "not managed".to_owned(),
        // A part of what is compared as a whole.
        Unset::Closed | Unset::Unmanaged => "none".to_owned(),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What the words for changes mean, as the pages show them.
const CHANGES: &[(&str, &str, &str)] = &[
    (
        "none",
        "in place",
        "The resource is updated without an interruption.",
    ),
    (
        "grow",
        "in place, grows",
        "The resource is updated without an interruption; the value can only grow.",
    ),
    (
        "brief",
        "in place, brief",
        "The resource is updated; its network is interrupted for some seconds.",
    ),
    (
        "boot",
        "at the next start",
        "The resource is updated; the change takes effect at the next start of the instance.",
    ),
    (
        "restart",
        "restart",
        "The instance is stopped, updated and started again.",
    ),
    ("stop", "stop", "The instance is stopped and stays stopped."),
    (
        "rebuild",
        "rebuild",
        "The system disk is replaced and its data is lost; \
         the instance keeps its id and addresses.",
    ),
    (
        "replace",
        "replace",
        "A new resource is created and the old one is deleted.",
    ),
    (
        "once",
        "creation only",
        "The value is only used at creation; a later change has no effect.",
    ),
    (
        "never",
        "not compared",
        "A change of this field alone has no effect.",
    ),
    ("members", "by member", "Each member has its own effect."),
];

fn meaning(word: &str) -> String {
    let (plain, held) = match word.strip_suffix('!') {
        Some(plain) => (plain, ", held"),
        None => (word, ""),
    };
    let known = CHANGES.iter().find(|(known, _, _)| *known == plain);
    let (_, short, _) = known.unwrap_or_else(|| panic!("`{word}` has no meaning"));
    format!("{short}{held}")
}

fn index() -> String {
    let kinds: String = REGISTRY
        .kinds()
        .map(|kind| format!("| [`{0}`]({0}.md) | {1} |\n", kind.name, cell(kind.doc)))
        .collect();
    let changes: String = CHANGES
        .iter()
        .map(|(_, short, long)| format!("| {short} | {long} |\n"))
        .collect();
    let mut entry = String::from("| Field | Type | Description |\n| --- | --- | --- |\n");
    for field in common::ENTRY {
        let (ty, doc) = (cell(&type_text(&field.ty)), cell(field.doc));
        writeln!(entry, "| `{}` | {ty} | {doc} |", field.name).expect("a string");
    }
    format!(
        "# Kinds of resources\n\n\
         `setpoint explain KIND` shows the fields of a kind on the command line.\n\n\
         | Kind | Description |\n| --- | --- |\n{kinds}\n\
         ## Effects of changes\n\n\
         A plan shows the effect of each change. A change that is *held* needs an `allow:` entry or \
         `--allow-data-loss ADDRESS`.\n\n\
         | A change | Effect |\n| --- | --- |\n{changes}\n\
         ## Fields of every entry\n\n{entry}"
    )
}

/// Returns the page of all rows whose facts no captured answer and no real client has confirmed.
fn unverified() -> String {
    let mut text = String::from(
        "# Facts that rest on documents alone\n\n\
         Most facts about the API in the tables of the kinds rest on captured answers or on runs of\n\
         real clients. The facts on this page rest on the documentation only, so the real API may\n\
         contradict them. A row with a captured answer is marked with `.captured()` in the table of\n\
         the kind, and leaves this page.\n",
    );
    for kind in REGISTRY.kinds() {
        let rows: Vec<String> = kind
            .rows()
            .iter()
            .filter(|row| row.field.basis == Basis::Documented)
            .filter_map(|row| Some((row, facts(row.field)?)))
            .map(|(row, facts)| format!("| `{}` | {facts} |\n", row.attr))
            .collect();
        if !rows.is_empty() {
            let rows = rows.concat();
            let name = kind.name;
            write!(
                text,
                "\n## `{name}`\n\n| Field | Facts |\n| --- | --- |\n{rows}"
            )
            .expect("a string");
        }
    }
    text
}

/// Returns the facts about the API in a row; `None` if it has none.
fn facts(field: &Field) -> Option<String> {
    let mut facts = Vec::new();
    if !field.param.is_empty() {
        facts.push(format!("sent as `{}`", field.param));
    }
    if !field.update_param.is_empty() {
        facts.push(format!("updated as `{}`", field.update_param));
    }
    match field.read {
        Read::At(path, Presence::Always) => facts.push(format!("read at `{path}`, always present")),
        Read::At(path, Presence::OrAbsent) => facts.push(format!("read at `{path}` if not empty")),
        Read::At(path, Presence::Uncaptured) => {
            facts.push(format!("read at `{path}`, which may be left out"));
        }
        Read::By(_, []) => facts.push("computed from the listed row".to_owned()),
        Read::By(_, paths) => {
            let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
            let paths = paths.join(" or ");
            facts.push(format!("computed from {paths}, which may be left out"));
        }
        Read::Elsewhere => {}
    }
    match field.change {
        OnChange::Update(_) => facts.push("updated in place".to_owned()),
        OnChange::Replace => facts.push("cannot be updated".to_owned()),
        // A field without a parameter and a path is compared with other attributes.
        OnChange::Judge(_, word) if field.role == Role::Input && !facts.is_empty() => {
            facts.push(format!("a change: {}", meaning(word)));
        }
        _ => {}
    }
    (!facts.is_empty()).then(|| facts.join("; "))
}
