//! The outputs of a stack: as text, in the JSON form of `terraform output -json`, and a single one
//! as its raw value.
//!
//! Invariant: secret outputs are hidden, except with [`Reveal::Shown`] and by [`raw`], which are
//! for users who ask for the values themselves.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use setpoint_plan::Value;
use setpoint_plan::document::SENSITIVE;
use setpoint_plan::plan::PlannedOutput;

use crate::json::pretty;
use crate::view::values::UNKNOWN;
use crate::words::clean;

/// Outputs by name.
pub type Outputs = BTreeMap<String, Output>;

/// One output.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The value. A value that contains references is not known yet.
    pub value: Value,
    /// Whether the spec marks it as secret, so that it is shown only on request.
    pub secret: bool,
}

/// Whether the values of secret outputs are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reveal {
    /// Secret values read `(sensitive value)`.
    Hidden,
    /// Secret values are shown: the user asked for the values, in JSON or of one output by name.
    Shown,
}

impl From<&PlannedOutput> for Output {
    fn from(planned: &PlannedOutput) -> Self {
        Self {
            value: planned.value.clone(),
            secret: planned.secret,
        }
    }
}

impl Output {
    /// Returns whether the output is marked as secret, or its value contains a secret.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.secret || self.value.has_secret()
    }
}

/// Renders the outputs as lines `name = value`. Secret values are hidden.
#[must_use]
pub fn text(outputs: &Outputs) -> String {
    outputs
        .iter()
        .map(|(name, output)| format!("{name} = {}\n", value_text(output)))
        .collect()
}

/// Returns the value of an output in the form of Terraform, or a placeholder.
fn value_text(output: &Output) -> String {
    match output {
        _ if output.is_sensitive() => SENSITIVE.to_owned(),
        _ if !output.value.is_known() => missing(&output.value),
        _ => quoted(&output.value),
    }
}

/// Returns what an unknown value waits for: `(not known yet: needs app[2].private_ip)`.
pub(crate) fn missing(value: &Value) -> String {
    let refs = value.refs();
    let first = refs.first();
    let needs = first.map(|one| format!(": needs {}.{}", one.address, one.attr));
    format!("(not known yet{})", needs.unwrap_or_default())
}

fn quoted(value: &Value) -> String {
    match value {
        Value::List(items) => format!(
            "[{}]",
            items.iter().map(quoted).collect::<Vec<_>>().join(", ")
        ),
        Value::Map(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, item)| format!("{} = {}", clean(key), quoted(item)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Text(text) => format!("\"{}\"", clean(text)),
        Value::Null => "null".to_owned(),
        other => plain(other).unwrap_or_else(|| UNKNOWN.to_owned()),
    }
}

/// Returns `{name: {sensitive, type, value}}` as indented JSON. A value that is not known yet is
/// null.
#[must_use]
pub fn json(outputs: &Outputs, reveal: Reveal) -> String {
    pretty(&to_json(outputs, reveal))
}

/// Returns the data that `json` writes.
pub(crate) fn to_json(outputs: &Outputs, reveal: Reveal) -> Json {
    let one = |output: &Output| {
        let is_hidden = output.is_sensitive() && reveal == Reveal::Hidden;
        let value = if is_hidden {
            Json::from(SENSITIVE)
        } else {
            known(&output.value)
        };
        json!({ "sensitive": output.is_sensitive(), "type": type_of(&output.value), "value": value })
    };
    Json::Object(
        outputs
            .iter()
            .map(|(name, output)| (name.clone(), one(output)))
            .collect(),
    )
}

/// Returns the type of a value as Terraform writes it: `string`, `number`, `bool`,
/// `["tuple", […]]`, `["object", {…}]`.
fn type_of(value: &Value) -> Json {
    match value {
        Value::Bool(_) => Json::from("bool"),
        Value::Int(_) | Value::Decimal(_) => Json::from("number"),
        Value::List(items) => json!(["tuple", items.iter().map(type_of).collect::<Vec<_>>()]),
        Value::Map(map) => json!([
            "object",
            map.iter()
                .map(|(key, item)| (key.to_string(), type_of(item)))
                .collect::<serde_json::Map<_, _>>()
        ]),
        Value::Null
        | Value::Text(_)
        | Value::Ref(_)
        | Value::Concat(_)
        | Value::Secret(_)
        | Value::Encode(..) => Json::from("string"),
    }
}

/// Returns a value as JSON, with secrets exposed and unknown parts as null.
fn known(value: &Value) -> Json {
    match value {
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) => Json::from(*n),
        Value::Decimal(text) => text
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map_or_else(|| Json::from(text.as_str()), Json::Number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Secret(secret) => Json::from(secret.expose()),
        Value::List(items) => items.iter().map(known).collect(),
        Value::Map(map) => Json::Object(
            map.iter()
                .map(|(key, item)| (key.to_string(), known(item)))
                .collect(),
        ),
        Value::Null | Value::Ref(_) | Value::Concat(_) | Value::Encode(..) => Json::Null,
    }
}

/// Returns the value of one output without quotes or a newline, for scripts; `None` for a list, a
/// map, null, or a value that is not known. A secret value is exposed: callers pass only an output
/// that the user named.
#[must_use]
pub fn raw(output: &Output) -> Option<String> {
    plain(&output.value)
}

/// Returns a scalar as bare text, with secrets exposed; `None` for any other value.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Bool(b) => Some(b.to_string()),
        Value::Int(n) => Some(n.to_string()),
        Value::Decimal(text) | Value::Text(text) => Some(text.clone().to_string()),
        Value::Secret(secret) => Some(secret.expose().to_owned()),
        Value::Null
        | Value::List(_)
        | Value::Map(_)
        | Value::Ref(_)
        | Value::Concat(_)
        | Value::Encode(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use setpoint_plan::Secret;

    use super::*;
    use crate::fixture::{id_of, map};

    fn outputs() -> Outputs {
        let output = |value, secret| Output { value, secret };
        [
            ("id".to_owned(), output(id_of("app"), false)),
            (
                "ips".to_owned(),
                output(Value::List(vec!["10.0.0.1".into(), Value::Int(2)]), false),
            ),
            ("marked".to_owned(), output("opensesame".into(), true)),
            (
                "pass".to_owned(),
                output(Value::Secret(Secret::new("hunter22")), false),
            ),
            (
                "ports".to_owned(),
                output(
                    Value::Map(map(&[("http", Value::Int(80)), ("tls", Value::Bool(true))])),
                    false,
                ),
            ),
            (
                "ratio".to_owned(),
                output(Value::Decimal("0.4".to_owned().into()), false),
            ),
        ]
        .into()
    }

    #[test]
    fn as_text() {
        expect![[r#"
            id = (not known yet: needs app.id)
            ips = ["10.0.0.1", 2]
            marked = (sensitive value)
            pass = (sensitive value)
            ports = {http = 80, tls = true}
            ratio = 0.4
        "#]]
        .assert_eq(&text(&outputs()));
    }

    #[test]
    fn as_json() {
        let hidden = json(&outputs(), Reveal::Hidden);
        let one_line: String = hidden.split_whitespace().collect();
        expect![[r#"{"id":{"sensitive":false,"type":"string","value":null},"ips":{"sensitive":false,"type":["tuple",["string","number"]],"value":["10.0.0.1",2]},"marked":{"sensitive":true,"type":"string","value":"(sensitivevalue)"},"pass":{"sensitive":true,"type":"string","value":"(sensitivevalue)"},"ports":{"sensitive":false,"type":["object",{"http":"number","tls":"bool"}],"value":{"http":80,"tls":true}},"ratio":{"sensitive":false,"type":"number","value":0.4}}"#]].assert_eq(&one_line);
        assert!(json(&outputs(), Reveal::Shown).contains("hunter22"));
    }

    #[test]
    fn raw_values_are_scalars() {
        let all = outputs();
        let shown: Vec<Option<String>> = all.values().map(raw).collect();
        let expected = [
            None,
            None,
            Some("opensesame"),
            Some("hunter22"),
            None,
            Some("0.4"),
        ];
        assert_eq!(shown, expected.map(|text| text.map(ToOwned::to_owned)));
    }
}
