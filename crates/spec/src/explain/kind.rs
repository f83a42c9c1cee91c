//! The answers for a kind, its fields and their members: the rows of the kind's table.

use super::plain::{items, joined, lines};
use crate::common;
use crate::schema::{FieldDef, KindDef, NameRule, Type, Unset};
use crate::suggest;
use crate::wrap::wrap;

/// The answer for a path below a kind: `instance`, `instance.system_disk.size`.
///
/// # Errors
/// Names the part that does not exist, with the nearest name on a second line.
pub(super) fn explain(kind: &KindDef, path: &str, width: usize) -> Result<String, String> {
    let mut parts = path.split('.').skip(1);
    let Some(first) = parts.next() else {
        return Ok(kind_text(kind, width));
    };
    let own = kind
        .field(first)
        .or_else(|| common::ENTRY.iter().find(|field| field.name == first));
    let Some(own) = own else {
        return unknown(kind, first, path, width);
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
            format!("`{path}`: `{part}` is not a field here{hint}")
        })?;
    }
    let is_top = path.split('.').count() == 2;
    let choice = choice(kind, field.name).filter(|_| is_top);
    Ok(field_text(
        path,
        &field,
        choice,
        &members_in(kind, &field),
        width,
    ))
}

/// Returns the field as this kind has it: the length of `name` and the effect of changing it depend
/// on the kind.
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

/// Whether a part of a path means any key of a map or any item of a list: `*`, `NAME`, `0`.
fn is_key(ty: &Type, part: &str) -> bool {
    let is_any = part == "*";
    match ty {
        Type::Named(_) => is_any || part.bytes().all(|byte| byte.is_ascii_uppercase()),
        Type::Rows(_) => is_any || part.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// The members of a field; those of `lifecycle` depend on the kind.
fn members_in(kind: &KindDef, field: &FieldDef) -> Vec<&'static FieldDef> {
    if field.name == "lifecycle" {
        common::lifecycle(kind)
    } else {
        members(&field.ty).iter().collect()
    }
}

/// The answer for an attribute, or the error for a field that the kind does not have.
fn unknown(kind: &KindDef, first: &str, path: &str, width: usize) -> Result<String, String> {
    let rest = path
        .strip_prefix(kind.name)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(first);
    if let Some(attr) = kind.attributes.iter().find(|attr| attr.name == rest) {
        let known = format!("An attribute, known after apply: `${{NAME.{rest}}}`.");
        let (known, doc) = (lines(&known, width), lines(attr.doc, width));
        return Ok(format!("{path}\n{known}{doc}"));
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

fn kind_text(kind: &KindDef, width: usize) -> String {
    let row = |field: &&FieldDef| {
        let unset = match choice(kind, field.name) {
            Some(_) => "see below; ".to_owned(),
            None => unset_part(field),
        };
        let facts = format!("{}; {unset}change: {}", type_text(&field.ty), field.change);
        (label(field), facts)
    };
    let rows: Vec<(String, String)> = kind.fields.iter().map(|field| row(&field)).collect();
    let choices: String = choices(kind).map(|(_, text)| text + "\n").collect();
    let attributes = ["id"]
        .into_iter()
        .chain(kind.attributes.iter().map(|attr| attr.name));
    let look_up = kind.naming.look_up.iter().map(|key| key.name);
    let common = common::ENTRY.iter().map(|field| field.name);
    format!(
        "{}\n{}\nfields (* required):\n{}{choices}{}{}{}",
        kind.name,
        lines(kind.doc, width),
        items(&rows, width),
        named("attributes", attributes, width),
        named("look-up keys", look_up, width),
        named("every entry also takes", common, width),
    )
}

/// A label and a list of names.
fn named<'n>(label: &str, names: impl Iterator<Item = &'n str>, width: usize) -> String {
    let names: Vec<&str> = names.collect();
    joined(&wrap(
        &format!("{label}: {}", names.join(", ")),
        width,
        "",
        "  ",
    ))
}

fn label(field: &FieldDef) -> String {
    format!("{}{}", field.name, if field.required { " *" } else { "" })
}

/// The line about the choice that a field belongs to: exactly one, or at least one, of several
/// fields.
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

fn field_text(
    path: &str,
    field: &FieldDef,
    choice: Option<String>,
    inner: &[&FieldDef],
    width: usize,
) -> String {
    let mut rows = vec![("type", type_text(&field.ty))];
    let is_choice = choice.is_some();
    let required = if field.required { "yes" } else { "no" };
    rows.push(("required", choice.unwrap_or_else(|| required.to_owned())));
    if !field.required && !is_choice {
        rows.push(("unset", unset_text(field.unset)));
    }
    rows.push(("change", change_text(field.change)));
    if field.late {
        let late = "late, once both ends exist: two resources may refer to each other";
        rows.push(("binds", late.to_owned()));
    }
    let rows: Vec<(String, String)> = rows
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text))
        .collect();
    let doc = lines(field.doc, width);
    let facts = items(&rows, width);
    format!("{path}\n{doc}\n{facts}{}", members_text(inner, width))
}

fn members_text(members: &[&FieldDef], width: usize) -> String {
    if members.is_empty() {
        return String::new();
    }
    let row = |field: &&FieldDef| {
        let ty = type_text(&field.ty);
        let facts = format!("{ty}; {}change: {}", unset_part(field), field.change);
        (label(field), facts)
    };
    let rows: Vec<(String, String)> = members.iter().map(row).collect();
    format!("\nmembers (* required):\n{}", items(&rows, width))
}

/// Describes the effect of a change. A trailing `!` means that the step is held.
fn change_text(change: &str) -> String {
    let meaning = match change.trim_end_matches('!') {
        "none" => "in place, without an interruption",
        "brief" => "in place, with a brief loss of network",
        "restart" => "in place, the machine is stopped and started",
        "rebuild" => "the system disk is replaced: its data is lost, id and addresses stay",
        "replace" => "the resource is replaced by a new one",
        "grow" => "in place and upwards only, without an interruption",
        "stop" => "the machine is stopped and stays stopped",
        "members" => "depends on the member",
        "never" => "not compared: a change of this field alone has no effect",
        "boot" => "stored at once, takes effect at the next restart",
        "once" => "used at creation only; a later change has no effect",
        _ => return change.to_owned(),
    };
    let held = if change.ends_with('!') {
        "; held until allowed"
    } else {
        ""
    };
    format!("{change}: {meaning}{held}")
}

/// The same as part of a line of several facts; empty for a required field.
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
        Unset::Closed => "none when unset; `unmanaged` stops managing it".to_owned(),
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

/// Describes a type in a few words.
#[must_use]
pub fn type_text(ty: &Type) -> String {
    match ty {
        Type::Text { max, .. } if *max >= crate::tree::MAX_SCALAR => "text".to_owned(),
        Type::Text { min, max } => format!("text, {min} to {max} characters"),
        Type::Secret => "secret text".to_owned(),
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
        Type::TimeSpan => "time span: \"09:00-19:00\"".to_owned(),
        Type::Enum(words) => words.join(" | "),
        Type::Ref(kinds) => format!("→{}", kinds.replace('|', " or →")),
        Type::Peers(kinds) => format!(
            "CIDR block, address, →{}, or a list",
            kinds.replace('|', ", →")
        ),
        Type::List(of) => format!("list of {}", type_text(of)),
        Type::Map(of) => format!("map of {}", type_text(of)),
        Type::Struct(_) => "map".to_owned(),
        Type::Rows(_) => "list of maps".to_owned(),
        Type::Named(_) => "map of names to maps".to_owned(),
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
