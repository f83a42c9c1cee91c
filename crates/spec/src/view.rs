//! A resolved stack as text: what `show --rendered` prints, and what tests look at.
//!
//! It reads as YAML; references stand as `${…}`, secrets as `(sensitive value)`.

use std::fmt::Write as _;

use crate::stack::{Lifecycle, Resource, Stack};
use crate::value::{Map, Value};

/// The whole stack.
#[must_use]
pub fn render(stack: &Stack) -> String {
    let mut out = format!("stack: {}\nregion: {}\n", stack.identity(), stack.region);
    let mut section = |name: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = write!(out, "{name}:\n{}", lines.concat());
        }
    };
    section(
        "account",
        stack
            .account
            .iter()
            .map(|account| format!("  {account}\n"))
            .collect(),
    );
    section(
        "ignore_tags",
        stack
            .ignore_tags
            .iter()
            .map(|glob| format!("  - {glob}\n"))
            .collect(),
    );
    section(
        "existing",
        stack
            .existing
            .iter()
            .map(|(name, existing)| {
                format!("  {name}: {} {}\n", existing.kind.name, map(&existing.by))
            })
            .collect(),
    );
    let link = |(alias, link): (&String, &crate::stack::StackLink)| {
        let environment = link
            .environment
            .as_ref()
            .map_or(String::new(), |environment| format!("/{environment}"));
        format!("  {alias}: {}{environment}\n", link.stack)
    };
    section("stacks", stack.stacks.iter().map(link).collect());
    section(
        "resources",
        stack.resources.values().map(resource).collect(),
    );
    let step = |step: &crate::stack::Move| {
        let show = |address: &Option<crate::address::Address>| {
            address
                .as_ref()
                .map_or("all".to_owned(), ToString::to_string)
        };
        let stack = step
            .stack
            .as_ref()
            .map_or(String::new(), |stack| format!("{stack}: "));
        format!("  - {stack}{} -> {}\n", show(&step.from), show(&step.to))
    };
    section("moved", stack.moved.iter().map(step).collect());
    section(
        "forget",
        stack
            .forget
            .iter()
            .map(|address| format!("  - {address}\n"))
            .collect(),
    );
    section(
        "allow",
        stack
            .allow
            .iter()
            .map(|allow| {
                format!(
                    "  - {} {} until {}: {}\n",
                    allow.address, allow.effect, allow.until, allow.reason
                )
            })
            .collect(),
    );
    section(
        "outputs",
        stack
            .outputs
            .iter()
            .map(|(name, output)| format!("  {name}: {}\n", value(&output.value)))
            .collect(),
    );
    section(
        "notes",
        stack
            .notes
            .iter()
            .map(|note| format!("  - {note}\n"))
            .collect(),
    );
    out
}

/// One resource with all that its entry says.
#[must_use]
pub fn resource(resource: &Resource) -> String {
    let mut out = format!("  {}: {}\n", resource.address, resource.kind.name);
    let mut line = |name: &str, text: String| {
        let _ = writeln!(out, "    {name}: {text}");
    };
    for (name, field) in &resource.fields {
        line(name, value(field));
    }
    for name in &resource.released {
        line(name, "unmanaged".to_owned());
    }
    if let Some(tags) = &resource.tags {
        line("tags", map(tags));
    }
    if let Some(group) = &resource.resource_group {
        line("resource_group", group.clone());
    }
    if !resource.after.is_empty() {
        line(
            "after",
            resource
                .after
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    if let Some(id) = &resource.adopt {
        line("adopt", id.clone());
    }
    if resource.lifecycle != Lifecycle::default() {
        line("lifecycle", lifecycle(&resource.lifecycle));
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
    let choices = [
        ("on_image_change", &lifecycle.on_image_change),
        ("on_user_data_change", &lifecycle.on_user_data_change),
    ];
    words.extend(
        choices
            .iter()
            .filter_map(|(word, choice)| choice.as_ref().map(|choice| format!("{word} {choice}"))),
    );
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

/// One value on one line.
#[must_use]
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Decimal(text) => text.clone(),
        Value::Text(text) if text.contains(['\n', '"', '\\']) => format!("{text:?}"),
        Value::Text(text) => text.clone(),
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
