//! `setpoint explain KIND.FIELD`: the rows of a kind's table, as people read them.

use crate::common;
use crate::schema::{FieldDef, KindDef, NameRule, Schema, Type, Unset};
use crate::suggest;

/// The rows of a kind, of a field or of one of its members: `instance`,
/// `instance.system_disk.size`.
///
/// # Errors
/// Says what there is not, with the nearest name.
pub fn explain(schema: &Schema, path: &str) -> Result<String, String> {
    let mut parts = path.split('.');
    let name = parts.next().unwrap_or("");
    let Some(kind) = schema.kind(name) else {
        let names: Vec<&str> = schema.kinds.iter().map(|kind| kind.name).collect();
        let near = suggest::nearest(name, names.iter().copied())
            .map_or(format!("types: {}", names.join(", ")), |near| {
                format!("did you mean `{near}`?")
            });
        return Err(format!("there is no type `{name}`\n{near}"));
    };
    let Some(first) = parts.next() else {
        return Ok(kind_text(kind));
    };
    let own = kind
        .field(first)
        .or_else(|| common::ENTRY.iter().find(|field| field.name == first));
    let Some(own) = own else {
        return unknown(kind, first, path);
    };
    let mut field = of_kind(kind, own);
    for part in parts {
        let inner = members_in(kind, &field);
        let member = inner.iter().find(|field| field.name == part);
        if member.is_none() && is_key(&field.ty, part) {
            continue;
        }
        field = **member.ok_or_else(|| {
            let names = inner.iter().map(|field| field.name);
            let hint = suggest::hint(part, names).map(|hint| format!("\n{hint}"));
            let hint = hint.unwrap_or_default();
            format!("`{path}`: there is no `{part}` here{hint}")
        })?;
    }
    let is_top = path.split('.').count() == 2;
    let choice = choice(kind, field.name).filter(|_| is_top);
    Ok(field_text(path, &field, choice, &members_in(kind, &field)))
}

/// A field as a kind takes it: the limits of `name` and what another one does differ from kind to
/// kind.
fn of_kind(kind: &KindDef, field: &FieldDef) -> FieldDef {
    let NameRule {
        min, max, change, ..
    } = kind.name_rule;
    match field.name {
        "name" => FieldDef {
            ty: Type::Text { min, max },
            change,
            ..*field
        },
        _ => *field,
    }
}

/// Whether a part of a path stands for any key of a map, or for any item of a list: `*`, `NAME`,
/// `0`.
fn is_key(ty: &Type, part: &str) -> bool {
    let is_any = part == "*";
    match ty {
        Type::Named(_) => is_any || part.bytes().all(|byte| byte.is_ascii_uppercase()),
        Type::Rows(_) => is_any || part.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// The members of a field of a kind; those of `lifecycle` differ from kind to kind.
fn members_in(kind: &KindDef, field: &FieldDef) -> Vec<&'static FieldDef> {
    if field.name == "lifecycle" {
        common::lifecycle(kind)
    } else {
        members(&field.ty).iter().collect()
    }
}

fn unknown(kind: &KindDef, first: &str, path: &str) -> Result<String, String> {
    let rest = path
        .strip_prefix(kind.name)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(first);
    if let Some(attr) = kind.attributes.iter().find(|attr| attr.name == rest) {
        return Ok(format!(
            "{path}\n  an attribute, known after apply: `${{NAME.{rest}}}`\n  {}\n",
            attr.doc
        ));
    }
    if let Some((_, hint)) = kind.hints.iter().find(|(name, _)| *name == first) {
        return Err(format!("`{}` has no `{first}`: {hint}", kind.name));
    }
    let names: Vec<&str> = kind
        .fields
        .iter()
        .chain(common::ENTRY)
        .map(|field| field.name)
        .collect();
    let near = suggest::nearest(first, names).map_or(
        format!("`setpoint explain {}` lists its fields", kind.name),
        |near| format!("did you mean `{near}`?"),
    );
    Err(format!("`{}` has no `{first}`\n{near}", kind.name))
}

fn kind_text(kind: &KindDef) -> String {
    let mut lines = vec![
        kind.name.to_owned(),
        format!("  {}", kind.doc),
        String::new(),
        "fields (* required):".to_owned(),
    ];
    let width = kind
        .fields
        .iter()
        .map(|field| label(field).len())
        .max()
        .unwrap_or(0);
    for field in kind.fields {
        lines.push(format!(
            "  {:width$}  {}; {}change: {}",
            label(field),
            type_text(&field.ty),
            choice(kind, field.name)
                .map_or_else(|| unset_part(field), |_| "see below; ".to_owned()),
            field.change
        ));
    }
    lines.extend(choices(kind).map(|(_, text)| text));
    let attributes: Vec<&str> = ["id"]
        .into_iter()
        .chain(kind.attributes.iter().map(|attr| attr.name))
        .collect();
    lines.push(format!("attributes: {}", attributes.join(", ")));
    lines.push(format!(
        "every entry also takes: {}",
        common::ENTRY
            .iter()
            .map(|field| field.name)
            .collect::<Vec<_>>()
            .join(", ")
    ));
    lines.push(String::new());
    lines.join("\n")
}

fn label(field: &FieldDef) -> String {
    format!("{}{}", field.name, if field.required { " *" } else { "" })
}

/// The line about the choice that a field is part of: exactly one of several, or at least one.
fn choice(kind: &KindDef, name: &str) -> Option<String> {
    choices(kind)
        .find(|(names, _)| names.contains(&name))
        .map(|(_, text)| text)
}

/// The choices of a kind: their fields, and the line about each.
fn choices(kind: &KindDef) -> impl Iterator<Item = (&'static [&'static str], String)> {
    let text = |how: &str, names: &[&str]| format!("{how} one of: {}", names.join(", "));
    let one_of = kind
        .one_of
        .iter()
        .map(move |names| (*names, text("exactly", names)));
    let any_of = kind
        .any_of
        .iter()
        .map(move |names| (*names, text("at least", names)));
    one_of.chain(any_of)
}

fn field_text(path: &str, field: &FieldDef, choice: Option<String>, inner: &[&FieldDef]) -> String {
    let mut lines = vec![path.to_owned(), format!("  {}", field.doc), String::new()];
    let mut row = |name: &str, text: String| lines.push(format!("  {name:9} {text}"));
    row("type", type_text(&field.ty));
    let is_choice = choice.is_some();
    let required = if field.required { "yes" } else { "no" };
    row("required", choice.unwrap_or_else(|| required.to_owned()));
    if !field.required && !is_choice {
        row("unset", unset_text(field.unset));
    }
    row("change", change_text(field.change));
    if field.late {
        row(
            "binds",
            "late: once both ends exist; it makes no cycle".to_owned(),
        );
    }
    if !inner.is_empty() {
        lines.push("  members (* required):".to_owned());
        let width = inner
            .iter()
            .map(|field| field.name.len() + 2)
            .max()
            .unwrap_or(0);
        for field in inner {
            lines.push(format!(
                "    {:width$}  {}; {}change: {}",
                label(field),
                type_text(&field.ty),
                unset_part(field),
                field.change
            ));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What a change does, in a sentence. A mark `!` says that the step is held.
fn change_text(change: &str) -> String {
    let meaning = match change.trim_end_matches('!') {
        "none" => "in place, what runs goes on",
        "brief" => "in place, with a moment without network",
        "restart" => "the machine is stopped, changed and started",
        "rebuild" => "the system disk is made anew: its data is lost, id and addresses stay",
        "replace" => "a new resource takes its place",
        "grow" => "in place and upwards only, what runs goes on",
        "stop" => "the machine is stopped and stays so",
        "members" => "each member says what its own change does",
        "never" => "not compared: a change of this field alone changes nothing",
        "boot" => "taken over at once, in force from the next restart",
        "once" => "only at creation; a later change does nothing to what exists",
        _ => return change.to_owned(),
    };
    let held = if change.ends_with('!') {
        "; held until it is allowed by name"
    } else {
        ""
    };
    format!("{change}: {meaning}{held}")
}

/// The same in a line of several facts; nothing for a field that must be given.
fn unset_part(field: &FieldDef) -> String {
    if field.required {
        return String::new();
    }
    format!("{}; ", unset_text(field.unset))
}

fn unset_text(unset: Unset) -> String {
    match unset {
        Unset::Unmanaged => "not managed when unset".to_owned(),
        Unset::Default(default) => format!("default {default}"),
        Unset::Closed => "none when unset; `unmanaged` lets go".to_owned(),
    }
}

/// The members of a structured type.
#[must_use]
pub fn members(ty: &Type) -> &'static [FieldDef] {
    match ty {
        Type::Struct(fields) | Type::Rows(fields) | Type::Named(fields) => fields,
        Type::WordOr(_, other) => members(other),
        Type::List(of) => members(of),
        _ => &[],
    }
}

/// A type in a few words.
#[must_use]
pub fn type_text(ty: &Type) -> String {
    match ty {
        Type::Text { max, .. } if *max >= crate::tree::MAX_SCALAR => "text".to_owned(),
        Type::Text { min, max } => format!("text, {min} to {max} characters"),
        Type::Secret => "text, kept secret".to_owned(),
        Type::Bool => "true or false".to_owned(),
        Type::Int { min, max, unit } => {
            let range = if (*min, *max) == (i64::MIN, i64::MAX) {
                String::new()
            } else {
                format!(", {min} to {max}")
            };
            let unit = if unit.is_empty() {
                String::new()
            } else {
                format!(" {unit}")
            };
            format!("whole number{range}{unit}")
        }
        Type::Number => "number".to_owned(),
        Type::Cidr { min, max } => format!("CIDR block, /{min} to /{max}"),
        Type::Ip => "IP address".to_owned(),
        Type::Ports => "port, range or list: `80`, `8000-9000`, `[80, 443]`".to_owned(),
        Type::Duration => "duration: `90s`, `10m`, `1h30m`, `7d`".to_owned(),
        Type::Zone => "zone of the stack's region".to_owned(),
        Type::TimeSpan => "span of the day: \"09:00-19:00\"".to_owned(),
        Type::Enum(words) => words.join(" | "),
        Type::Ref(kinds) => format!("→{}", kinds.replace('|', " or →")),
        Type::Peers(kinds) => format!(
            "CIDR block, address, →{}, or a list",
            kinds.replace('|', ", →")
        ),
        Type::List(of) => format!("list of {}", type_text(of)),
        Type::Map(of) => format!("map of {}", type_text(of)),
        Type::Struct(_) => "structure".to_owned(),
        Type::Rows(_) => "list of structures".to_owned(),
        Type::Named(_) => "map of names to structures".to_owned(),
        Type::WordOr(words, other) => format!("{} | {}", words.join(" | "), type_text(other)),
        Type::Content { max, with: true } => {
            format!("text, or {{text|file|cloud_config, with}}, at most {max} bytes")
        }
        Type::Content { max, with: false } => {
            format!("text, or {{file: PATH}}, at most {max} bytes")
        }
        Type::Path => "path of a file, `~/` allowed".to_owned(),
    }
}
