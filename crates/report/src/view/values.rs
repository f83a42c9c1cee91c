//! Values in words: references as addresses, secrets hidden, long text as size and digest, and the
//! units of numbers.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use setpoint_plan::change::ChangeAction;
use setpoint_plan::document::{SENSITIVE, Secrets, sensitive_by_name};
use setpoint_plan::plan::Plan;
use setpoint_plan::{Address, Map, Value};
use setpoint_spec::schema::{FieldDef, Schema, Type};

use crate::words::{clean, size};

/// The kind of the groups that rules refer to.
const GROUP_KIND: &str = "security_group";

/// The placeholder for a value that is known only after apply.
pub(crate) const UNKNOWN: &str = "(known after apply)";

/// The longest text, in bytes, that is shown in full; longer or multi-line text is shown as its
/// size and digest.
const SHOWN_MAX: usize = 200;

/// The context in which values are put in words: the secrets, the schema and the addresses of one
/// plan.
pub(crate) struct Values<'a> {
    secrets: Secrets,
    schema: Option<Schema>,
    /// Addresses of live resources, by kind and id.
    names: BTreeMap<(&'static str, &'a str), &'a Address>,
    /// Addresses of resources that the plan replaces.
    renewed: BTreeSet<&'a Address>,
}

impl<'a> Values<'a> {
    /// Returns the context for the values of a plan.
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

    /// Returns a context for values outside a plan: no known secrets, no schema, no addresses.
    pub(crate) fn alone() -> Self {
        Self {
            secrets: Secrets::default(),
            schema: None,
            names: BTreeMap::new(),
            renewed: BTreeSet::new(),
        }
    }

    /// Returns whether an attribute must be hidden: its field is a secret, its name suggests one,
    /// or one of these values contains a secret of the plan.
    pub(crate) fn hides(&self, kind: &str, attr: &str, values: &[&Value]) -> bool {
        let by_type = self
            .field(kind, attr)
            .is_some_and(|field| matches!(field.ty, Type::Secret));
        by_type
            || sensitive_by_name(attr)
            || values.iter().any(|value| self.secrets.are_in_value(value))
    }

    /// Returns a value in words, followed by [`UNKNOWN`] if a part of it is known only after apply.
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

    /// Returns the value of a field of a new resource. In a field that refers to resources, the ids
    /// of live resources of this stack are shown as addresses. Other text stays as it is, since it
    /// may equal an id by chance: the id of a key pair is its name.
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

    /// Returns the address of the live resource of this stack that has this kind and id.
    fn name_of(&self, kind: &str, id: &str) -> Option<&'a Address> {
        let names = &self.names;
        names.get(&(kind, id)).copied()
    }

    /// Returns the security group of a rule: its address if it belongs to this stack, with `new`
    /// before the address of a group that the plan replaces.
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

    /// Returns the CIDR block or the prefix list of a rule.
    pub(crate) fn peer(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => clean(text),
            other => self.group(other),
        }
    }

    /// Returns the unit of a field, such as `GiB`; empty if it has none.
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

    /// Returns a value in words, without a note on unknown parts. A reference to an id reads as its
    /// address, any other as `address.attribute`.
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

    /// Returns text with its unknown parts as `${…}`. Of long or multi-line text, only the size of
    /// the known parts and the list of the unknown ones are shown.
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

/// Returns text as it is, or as size and digest; in quotes if it is empty or has spaces at an end,
/// which would not be visible otherwise.
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

/// Returns the first 12 hexadecimal digits of the SHA-256 of a text.
pub(crate) fn digest(text: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(text.as_bytes())[..6])
}

/// Returns the field of a dotted attribute, skipping the keys of named maps and the indexes of list
/// items.
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

/// Returns the kind that a field refers to, directly or in a list.
fn target(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Ref(kind) => Some(kind),
        Type::List(inner) | Type::WordOr(_, inner) => target(inner),
        _ => None,
    }
}
