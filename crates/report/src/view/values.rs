//! Values in words: references by address, secrets hidden, long text as size and digest, numbers
//! with their unit.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use setpoint_plan::change::ChangeAction;
use setpoint_plan::document::{SENSITIVE, Secrets, sensitive_by_name};
use setpoint_plan::plan::Plan;
use setpoint_plan::{Address, Map, Value};
use setpoint_spec::schema::{FieldDef, Schema, Type};

use crate::words::{clean, size};

/// The kind whose rules are shown as rows.
const GROUP_KIND: &str = "security_group";

/// What stands in place of a value that only apply will know.
pub(crate) const UNKNOWN: &str = "(known after apply)";

/// Longer text, or text of several lines, is shown as size and digest.
const SHOWN_MAX: usize = 200;

/// How values of one plan are put in words.
pub(crate) struct Values<'a> {
    secrets: Secrets,
    schema: Option<Schema>,
    /// Addresses of live resources, by kind and id.
    names: BTreeMap<(&'static str, &'a str), &'a Address>,
    renewed: BTreeSet<&'a Address>,
}

impl<'a> Values<'a> {
    /// For the values of a plan.
    pub(crate) fn of_plan(plan: &'a Plan, schema: Option<Schema>) -> Self {
        let live = plan.changes.iter().filter_map(|change| {
            change
                .before
                .as_ref()
                .map(|live| ((live.kind, live.id.as_str()), &change.address))
        });
        let renewed = plan
            .changes
            .iter()
            .filter(|change| change.action == ChangeAction::Replace)
            .map(|change| &change.address);
        Self {
            secrets: Secrets::of(plan),
            schema,
            names: live.collect(),
            renewed: renewed.collect(),
        }
    }

    /// For values outside a plan.
    pub(crate) fn alone() -> Self {
        Self {
            secrets: Secrets::default(),
            schema: None,
            names: BTreeMap::new(),
            renewed: BTreeSet::new(),
        }
    }

    /// Whether an attribute may not be shown.
    pub(crate) fn hides(&self, kind: &str, attr: &str, values: &[&Value]) -> bool {
        let by_type = self
            .field(kind, attr)
            .is_some_and(|field| matches!(field.ty, Type::Secret));
        by_type
            || sensitive_by_name(attr)
            || values.iter().any(|value| self.secrets.are_in_value(value))
    }

    /// A value, with a mark behind it where something is known after apply only.
    pub(crate) fn shown(&self, value: &Value) -> String {
        if self.secrets.are_in_value(value) {
            return SENSITIVE.to_owned();
        }
        let inner = self.inner(value);
        if value.is_known() {
            inner
        } else {
            format!("{inner} {UNKNOWN}")
        }
    }

    /// A value of a field of a new resource. If the field refers to resources, those of this stack
    /// are shown by address; plain text may equal an id (the id of a key pair is its name).
    pub(crate) fn shown_by_name(&self, kind: &str, attr: &str, value: &Value) -> String {
        match self.field(kind, attr).and_then(|field| target(&field.ty)) {
            Some(target) => self.shown_reference(target, value),
            None => self.shown(value),
        }
    }

    fn shown_reference(&self, target: &str, value: &Value) -> String {
        match value {
            Value::Text(text) => self
                .name_of(target, text)
                .map_or_else(|| self.shown(value), ToString::to_string),
            Value::List(items) if value.is_known() && !self.secrets.are_in_value(value) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| self.shown_reference(target, item))
                    .collect();
                format!("[{}]", items.join(", "))
            }
            _ => self.shown(value),
        }
    }

    /// The address of a live resource of this stack.
    fn name_of(&self, kind: &str, id: &str) -> Option<&'a Address> {
        let names = &self.names;
        names.get(&(kind, id)).copied()
    }

    /// A security group in a rule: by address where it is of this stack.
    pub(crate) fn group(&self, value: &Value) -> String {
        match value {
            Value::Ref(reference) if self.renewed.contains(&reference.address) => {
                format!("new {}", reference.address)
            }
            Value::Ref(reference) => reference.address.to_string(),
            Value::Text(text) => self
                .name_of(GROUP_KIND, text)
                .map_or_else(|| clean(text), ToString::to_string),
            _ => self.shown(value),
        }
    }

    /// A block or a prefix list in a rule.
    pub(crate) fn peer(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => clean(text),
            other => self.group(other),
        }
    }

    /// The unit of a number in a kind's field; empty for none.
    pub(crate) fn unit(&self, kind: &str, attr: &str) -> &'static str {
        match self.field(kind, attr).map(|field| field.ty) {
            Some(Type::Int { unit, .. }) => unit,
            Some(Type::Duration) => "s",
            _ => "",
        }
    }

    fn field(&self, kind: &str, attr: &str) -> Option<&'static FieldDef> {
        field(self.schema?.kind(kind)?.fields, attr)
    }

    fn inner(&self, value: &Value) -> String {
        let joined = |items: &[Value]| {
            items
                .iter()
                .map(|item| self.inner(item))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(b) => b.to_string(),
            Value::Int(n) => n.to_string(),
            Value::Decimal(text) => text.clone().to_string(),
            Value::Text(text) => text_words(text),
            Value::List(items) => format!("[{}]", joined(items)),
            Value::Map(map) => self.map(map),
            Value::Ref(reference) if reference.attr == "id" => reference.address.to_string(),
            Value::Ref(reference) => format!("{}.{}", reference.address, reference.attr),
            Value::Concat(parts) => self.concat(parts),
            Value::Encode(_, inner) => self.inner(inner),
            Value::Secret(_) => SENSITIVE.to_owned(),
        }
    }

    fn map(&self, map: &Map) -> String {
        let entries: Vec<String> = map
            .iter()
            .map(|(key, item)| format!("{}: {}", clean(key), self.inner(item)))
            .collect();
        format!("{{{}}}", entries.join(", "))
    }

    /// Text with its unknown parts as `${…}`; a long one as what it is made of.
    fn concat(&self, parts: &[Value]) -> String {
        let known: usize = parts.iter().filter_map(Value::as_text).map(str::len).sum();
        let many_lines = parts
            .iter()
            .filter_map(Value::as_text)
            .any(|text| text.contains('\n'));
        if known > SHOWN_MAX || many_lines {
            let unknown = parts
                .iter()
                .filter(|part| !part.is_known())
                .map(|part| self.inner(part))
                .collect::<Vec<_>>();
            return format!("{} with {}", size(known), unknown.join(", "));
        }
        let part = |part: &Value| match part {
            Value::Text(text) => clean(text),
            other => format!("${{{}}}", self.inner(other)),
        };
        parts.iter().map(part).collect()
    }
}

/// A text as it is, quoted where its bounds would not be seen, or as size and digest.
fn text_words(text: &str) -> String {
    if text.len() > SHOWN_MAX || text.trim_end().contains('\n') {
        return format!("{}, sha256 {}", size(text.len()), digest(text));
    }
    let text = clean(text);
    if text.is_empty() || text.trim() != text {
        format!("\"{text}\"")
    } else {
        text
    }
}

/// The first twelve digits of a text's SHA-256.
pub(crate) fn digest(text: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(text.as_bytes())[..6])
}

/// The field behind a dotted attribute; names of free maps and numbers of list items are passed
/// over.
fn field(fields: &'static [FieldDef], attr: &str) -> Option<&'static FieldDef> {
    let (head, rest) = attr
        .split_once('.')
        .map_or((attr, None), |(head, rest)| (head, Some(rest)));
    let found = fields.iter().find(|field| field.name == head)?;
    let Some(rest) = rest else { return Some(found) };
    match found.ty {
        Type::Struct(members) => field(members, rest),
        Type::Named(members) | Type::Rows(members) => field(members, rest.split_once('.')?.1),
        Type::WordOr(_, Type::Struct(members)) => field(members, rest),
        _ => None,
    }
}

/// The kind that a reference field leads to.
fn target(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Ref(kind) => Some(kind),
        Type::List(inner) | Type::WordOr(_, inner) => target(inner),
        _ => None,
    }
}
