//! Values as JSON: sensitive values are replaced by a mark, unknown ones are marked or left out.

use std::collections::BTreeSet;

use serde_json::{Map as JsonMap, Value as Json};
use setpoint_spec::value::Encoding;

use crate::plan::Plan;
use crate::procedure::Act;
use crate::{Map, Value};

/// The text that replaces a secret.
pub const SENSITIVE: &str = "(sensitive value)";

/// The least length in bytes of a secret that is also hidden inside a longer text. A shorter one
/// would occur in texts by chance, so it is hidden only where it is the whole text.
const HIDDEN_INSIDE_MIN: usize = 4;

/// The secrets of a plan, so that a text that contains one can be hidden wherever it comes from. A
/// value that was read from the cloud is not a [`Value::Secret`], although it can contain a secret
/// that was sent before.
#[derive(Clone, Default)]
pub struct Secrets {
    texts: BTreeSet<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.texts.len())
    }
}

impl Secrets {
    /// Collects every secret of a plan: from desired attributes and tags, from calls, and from
    /// outputs.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut found = Self::default();
        for want in plan
            .changes
            .iter()
            .filter_map(|change| change.after.as_ref())
        {
            want.attrs
                .values()
                .chain(want.initial.values())
                .chain(want.tags.iter().flat_map(|tags| tags.values()))
                .for_each(|v| found.add(v));
        }
        for step in &plan.steps {
            if let Act::Call(call) = &step.step.act {
                call.rungs
                    .iter()
                    .flatten()
                    .for_each(|(_, value)| found.add(value));
            }
        }
        plan.outputs
            .values()
            .for_each(|output| found.add(&output.value));
        found
    }

    /// Adds the secrets in a value.
    pub fn add(&mut self, value: &Value) {
        match value {
            Value::Secret(secret) if !secret.expose().is_empty() => {
                self.texts.insert(secret.expose().to_owned());
            }
            Value::List(items) | Value::Concat(items) => {
                items.iter().for_each(|item| self.add(item))
            }
            Value::Map(map) => map.values().for_each(|item| self.add(item)),
            Value::Encode(_, inner) => self.add(inner),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Decimal(_)
            | Value::Text(_)
            | Value::Ref(_)
            | Value::Secret(_) => {}
        }
    }

    /// Returns whether the text is or contains one of them.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        self.texts.iter().any(|secret| {
            text == secret || (secret.len() >= HIDDEN_INSIDE_MIN && text.contains(secret.as_str()))
        })
    }

    /// Returns whether a value is or contains a secret, or has a text that contains one.
    #[must_use]
    pub fn are_in_value(&self, value: &Value) -> bool {
        match value {
            Value::Secret(_) => true,
            Value::Text(text) => self.are_in(text),
            Value::List(items) | Value::Concat(items) => {
                items.iter().any(|item| self.are_in_value(item))
            }
            Value::Map(map) => map.values().any(|item| self.are_in_value(item)),
            Value::Encode(_, inner) => self.are_in_value(inner),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::Ref(_) => {
                false
            }
        }
    }
}

/// Returns whether an attribute is sensitive whatever its value: passwords, private keys, secrets
/// and tokens.
#[must_use]
pub fn sensitive_by_name(attr: &str) -> bool {
    let last = attr.rsplit('.').next().unwrap_or(attr).to_ascii_lowercase();
    ["password", "private_key", "secret", "token"]
        .iter()
        .any(|word| last == *word || last.ends_with(&format!("_{word}")))
        || last.ends_with("password")
}

/// Returns a known scalar as text, secrets hidden; an empty text for other values.
pub(super) fn scalar_words(value: &Value) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Decimal(text) | Value::Text(text) => text.to_string(),
        Value::Secret(_) => SENSITIVE.to_owned(),
        Value::Null
        | Value::List(_)
        | Value::Map(_)
        | Value::Ref(_)
        | Value::Concat(_)
        | Value::Encode(..) => String::new(),
    }
}

/// Returns a value as JSON with its unknown parts written out: `{"ref": …}`, `{"concat": […]}`,
/// `{"json": …}`, `{"base64": …}`.
pub(super) fn spelled(value: &Value, secrets: &Secrets) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) => Json::from(*n),
        Value::Decimal(text) => decimal(text),
        Value::Text(text) if secrets.are_in(text) => Json::from(SENSITIVE),
        Value::Text(text) => Json::from(text.as_str()),
        Value::List(items) => items.iter().map(|item| spelled(item, secrets)).collect(),
        Value::Map(map) => object(
            map.iter()
                .map(|(key, item)| (key.to_string(), spelled(item, secrets))),
        ),
        Value::Ref(reference) => one(
            "ref",
            Json::from(format!("{}.{}", reference.address, reference.attr)),
        ),
        Value::Concat(_) | Value::Encode(..) if value.has_secret() => Json::from(SENSITIVE),
        Value::Concat(parts) => one(
            "concat",
            parts.iter().map(|part| spelled(part, secrets)).collect(),
        ),
        Value::Encode(Encoding::Json, inner) => one("json", spelled(inner, secrets)),
        Value::Encode(Encoding::Base64, inner) => one("base64", spelled(inner, secrets)),
        Value::Secret(_) => Json::from(SENSITIVE),
    }
}

fn one(key: &str, value: Json) -> Json {
    object([(key.to_owned(), value)])
}

fn object(entries: impl IntoIterator<Item = (String, Json)>) -> Json {
    Json::Object(entries.into_iter().collect())
}

fn decimal(text: &str) -> Json {
    text.parse::<f64>()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .map_or_else(|| Json::from(text), Json::Number)
}

/// One side of a change: its values, and two trees of the same shape that are true where a value is
/// unknown or sensitive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Side {
    pub(super) values: Json,
    pub(super) unknown: Json,
    pub(super) sensitive: Json,
}

impl Side {
    /// Returns the side of a resource that does not exist.
    pub(super) fn absent() -> Self {
        Self {
            values: Json::Null,
            unknown: object([]),
            sensitive: Json::Bool(false),
        }
    }

    /// Returns the side of a single value.
    pub(super) fn of_value(value: &Value, secret: bool, secrets: &Secrets) -> Self {
        if secret {
            let values = if value.is_known() {
                Json::from(SENSITIVE)
            } else {
                Json::Null
            };
            return Self {
                values,
                unknown: Json::Bool(!value.is_known()),
                sensitive: Json::Bool(true),
            };
        }
        let (values, unknown) = split(value, secrets);
        Self {
            values: values.unwrap_or(Json::Null),
            unknown: unknown.unwrap_or(Json::Bool(false)),
            sensitive: Json::Bool(false),
        }
    }

    /// Returns the side of a resource's attributes; dotted names become structures. `hidden`
    /// attributes are sensitive.
    pub(super) fn of_attrs(attrs: &Map, hidden: &BTreeSet<String>, secrets: &Secrets) -> Self {
        let mut side = Self {
            values: object([]),
            unknown: object([]),
            sensitive: object([]),
        };
        for (name, value) in attrs {
            let is_hidden = hidden.contains(name.as_str());
            let (shown, unknown) = if is_hidden && value.is_known() {
                (Some(Json::from(SENSITIVE)), None)
            } else {
                split(value, secrets)
            };
            put(&mut side.values, name, shown);
            put(&mut side.unknown, name, unknown);
            put(
                &mut side.sensitive,
                name,
                is_hidden.then_some(Json::Bool(true)),
            );
        }
        side
    }
}

/// Returns the known part of a value, and a tree that is true where the value is unknown. Either is
/// `None` if it would be empty.
fn split(value: &Value, secrets: &Secrets) -> (Option<Json>, Option<Json>) {
    if value.is_known() {
        return (Some(spelled(value, secrets)), None);
    }
    match value {
        Value::List(items) => {
            let (values, unknown): (Vec<_>, Vec<_>) =
                items.iter().map(|item| split(item, secrets)).unzip();
            let filled = |all: Vec<Option<Json>>, none: &Json| {
                all.into_iter()
                    .map(|one| one.unwrap_or_else(|| none.clone()))
                    .collect()
            };
            (
                Some(filled(values, &Json::Null)),
                Some(filled(unknown, &Json::Bool(false))),
            )
        }
        Value::Map(map) => {
            let (mut values, mut unknown) = (JsonMap::new(), JsonMap::new());
            for (key, item) in map {
                let (known, not_known) = split(item, secrets);
                values.extend(known.map(|known| (key.to_string(), known)));
                unknown.extend(not_known.map(|not_known| (key.to_string(), not_known)));
            }
            (Some(Json::Object(values)), Some(Json::Object(unknown)))
        }
        _ => (None, Some(Json::Bool(true))),
    }
}

/// Puts a value under a dotted name. If a part of the name is already used by a scalar, the value
/// is put under the whole name.
fn put(tree: &mut Json, name: &str, value: Option<Json>) {
    let (Some(value), Json::Object(map)) = (value, tree) else {
        return;
    };
    match name.split_once('.') {
        Some((head, rest)) if !rest.is_empty() => {
            let inner = map.entry(head.to_owned()).or_insert_with(|| object([]));
            if inner.is_object() {
                put(inner, rest, Some(value));
            } else {
                map.insert(name.to_owned(), value);
            }
        }
        _ => {
            map.insert(name.to_owned(), value);
        }
    }
}
