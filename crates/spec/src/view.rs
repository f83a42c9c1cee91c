//! Prints a resolved stack as text, for `show --rendered` and for tests.
//!
//! The text looks like YAML; references are printed as `${…}`, secrets as `(sensitive value)`.

use std::fmt::Write as _;

use crate::address::Address;
use crate::stack::{Allow, Existing, Lifecycle, Move, Output, Resource, Stack, StackLink};
use crate::value::{Map, Value};

/// Prints the whole stack.
#[must_use]
pub fn render(stack: &Stack) -> String {
    let mut out = format!("stack: {}\nregion: {}\n", stack.identity(), stack.region);
    let mut section = |name: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = write!(out, "{name}:\n{}", lines.concat());
        }
    };
    section("account", each(&stack.account, |id| format!("  {id}\n")));
    section("ignore_tags", each(&stack.ignore_tags, item));
    section("existing", each(&stack.existing, existing));
    section("stacks", each(&stack.stacks, link));
    section("resources", each(stack.resources.values(), resource));
    section("moved", each(&stack.moved, moved));
    section("forget", each(&stack.forget, item));
    section("allow", each(&stack.allow, allow));
    section("outputs", each(&stack.outputs, output));
    section("notes", each(&stack.notes, item));
    out
}

/// Prints a section with one line for each entry.
fn each<T>(entries: impl IntoIterator<Item = T>, line: impl Fn(T) -> String) -> Vec<String> {
    entries.into_iter().map(line).collect()
}

fn item(text: impl std::fmt::Display) -> String {
    format!("  - {text}\n")
}

fn existing((name, existing): (&String, &Existing)) -> String {
    format!("  {name}: {} {}\n", existing.kind.name, map(&existing.by))
}

fn link((alias, link): (&String, &StackLink)) -> String {
    let environment = link
        .environment
        .as_ref()
        .map_or(String::new(), |environment| format!("/{environment}"));
    format!("  {alias}: {}{environment}\n", link.stack)
}

fn moved(step: &Move) -> String {
    let show = |address: &Option<Address>| {
        address
            .as_ref()
            .map_or("all".to_owned(), ToString::to_string)
    };
    let stack = step
        .stack
        .as_ref()
        .map_or(String::new(), |stack| format!("{stack}: "));
    format!("  - {stack}{} -> {}\n", show(&step.from), show(&step.to))
}

fn allow(allow: &Allow) -> String {
    format!(
        "  - {} {} until {}: {}\n",
        allow.address, allow.effect, allow.until, allow.reason
    )
}

fn output((name, output): (&String, &Output)) -> String {
    format!("  {name}: {}\n", value(&output.value))
}

/// Prints one resource with all of its settings.
#[must_use]
pub fn resource(resource: &Resource) -> String {
    let mut out = format!("  {}: {}\n", resource.address, resource.kind.name);
    let mut line = |name: &str, text: String| {
        let _ = writeln!(out, "    {name}: {text}");
    };
    for (name, field) in &resource.fields {
        line(name, value(field));
    }
    for name in &resource.terms.released {
        line(name, "unmanaged".to_owned());
    }
    if let Some(tags) = &resource.tags {
        line("tags", map(tags));
    }
    if let Some(group) = &resource.terms.resource_group {
        line("resource_group", group.clone());
    }
    if !resource.terms.after.is_empty() {
        line(
            "after",
            resource
                .terms
                .after
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    if let Some(id) = &resource.terms.adopt {
        line("adopt", id.clone());
    }
    if resource.terms.lifecycle != Lifecycle::default() {
        line("lifecycle", lifecycle(&resource.terms.lifecycle));
    }
    out
}

fn lifecycle(lifecycle: &Lifecycle) -> String {
    let mut words: Vec<String> = Vec::new();
    let flags = [
        ("protect", lifecycle.protect),
        ("keep", lifecycle.keep),
        ("create_before_destroy", lifecycle.create_before_destroy),
    ];
    words.extend(
        flags
            .iter()
            .filter(|(_, on)| *on)
            .map(|(word, _)| (*word).to_owned()),
    );
    let lists = [
        ("snapshot_before", &lifecycle.snapshot_before),
        ("ignore", &lifecycle.ignore),
        ("additive", &lifecycle.additive),
    ];
    words.extend(
        lists
            .iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(word, list)| format!("{word} [{}]", list.join(", "))),
    );
    let choices = lifecycle.choices.iter();
    words.extend(choices.map(|(word, choice)| format!("{word} {choice}")));
    words.extend(
        lifecycle
            .max_unavailable
            .map(|amount| format!("max_unavailable {amount:?}")),
    );
    words.join(", ")
}

fn map(map: &Map) -> String {
    let pairs: Vec<String> = map
        .iter()
        .map(|(key, inner)| format!("{key}: {}", value(inner)))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Prints a value on one line.
#[must_use]
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Decimal(text) => text.to_string(),
        Value::Text(text) if text.contains(['\n', '"', '\\']) => format!("{text:?}"),
        Value::Text(text) => text.to_string(),
        Value::List(items) => format!(
            "[{}]",
            items.iter().map(self::value).collect::<Vec<_>>().join(", ")
        ),
        Value::Map(inner) => map(inner),
        Value::Ref(reference) => format!("${{{}.{}}}", reference.address, reference.attr),
        Value::Concat(parts) => parts.iter().map(self::value).collect(),
        Value::Secret(_) => "(sensitive value)".to_owned(),
        Value::Encode(encoding, inner) => {
            format!("{encoding:?}({})", self::value(inner)).to_lowercase()
        }
    }
}
