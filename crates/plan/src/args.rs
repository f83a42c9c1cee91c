//! Turns values into the arguments of a call: resolves references, joins text and encodes it.

use setpoint_openapi::flatten::Arg;
use setpoint_spec::value::Encoding;

use crate::procedure::Args;
use crate::{Ref, Value};

/// A value that cannot be sent, because a reference in it has no value yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}.{}` is not known yet", reference.address, reference.attr)]
pub struct Unresolved {
    /// The first reference without a value.
    pub reference: Ref,
}

/// Returns the value with every reference replaced for which `known` has a value. Text is joined
/// and encoded where all its parts are known.
#[must_use]
pub fn resolve(value: &Value, known: &dyn Fn(&Ref) -> Option<Value>) -> Value {
    let each = |items: &[Value]| {
        items
            .iter()
            .map(|item| resolve(item, known))
            .collect::<Vec<_>>()
    };
    match value {
        Value::Ref(reference) => known(reference).unwrap_or_else(|| value.clone()),
        Value::List(items) => Value::List(each(items)),
        Value::Map(map) => Value::Map(
            map.iter()
                .map(|(key, item)| (key.clone(), resolve(item, known)))
                .collect(),
        ),
        Value::Concat(parts) => joined(each(parts)),
        Value::Encode(encoding, inner) => encoded(*encoding, resolve(inner, known)),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Decimal(_)
        | Value::Text(_)
        | Value::Secret(_) => value.clone(),
    }
}

/// Joins parts to one text. Text around a missing value is missing too: one `Null` part makes the
/// whole `Null`.
fn joined(parts: Vec<Value>) -> Value {
    if parts.contains(&Value::Null) {
        return Value::Null;
    }
    let texts: Option<Vec<String>> = parts.iter().map(scalar_text).collect();
    match texts {
        Some(texts) if parts.iter().any(Value::has_secret) => {
            Value::Secret(crate::Secret::new(texts.concat()))
        }
        Some(texts) => Value::text(texts.concat()),
        None => Value::Concat(parts),
    }
}

fn encoded(encoding: Encoding, inner: Value) -> Value {
    if !inner.is_known() {
        return Value::Encode(encoding, Box::new(inner));
    }
    let text = match encoding {
        Encoding::Json => json_of(&inner).to_string(),
        Encoding::Base64 => base64_of(&scalar_text(&inner).unwrap_or_default()),
    };
    if inner.has_secret() {
        Value::Secret(crate::Secret::new(text))
    } else {
        Value::text(text)
    }
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Returns a known scalar as text, secrets included; `None` if it is unknown or not a scalar.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(b) => Some(b.to_string()),
        Value::Int(n) => Some(n.to_string()),
        Value::Decimal(text) | Value::Text(text) => Some(text.to_string()),
        Value::Secret(secret) => Some(secret.expose().to_owned()),
        Value::Encode(..)
        | Value::Null
        | Value::List(_)
        | Value::Map(_)
        | Value::Ref(_)
        | Value::Concat(_) => None,
    }
}

/// Returns a known value as JSON. Secrets are exposed: the result may be sent, but never shown.
fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(b) => serde_json::Value::Bool(*b),
        Value::Int(n) => serde_json::Value::from(*n),
        Value::List(items) => items.iter().map(json_of).collect(),
        Value::Map(map) => map
            .iter()
            .map(|(key, item)| (key.to_string(), json_of(item)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Null
        | Value::Decimal(_)
        | Value::Text(_)
        | Value::Secret(_)
        | Value::Encode(..)
        | Value::Ref(_)
        | Value::Concat(_) => {
            scalar_text(value).map_or(serde_json::Value::Null, serde_json::Value::String)
        }
    }
}

/// Returns the arguments of a call, ready to be flattened. `Null` and empty lists send nothing.
///
/// # Errors
/// Returns the first reference for which `known` has no value.
pub fn arguments(
    args: &Args,
    known: &dyn Fn(&Ref) -> Option<Value>,
) -> Result<Vec<(String, Arg)>, Unresolved> {
    let mut sent = Vec::new();
    for (name, value) in args {
        let value = resolve(value, known);
        if let Some(reference) = value.refs().first() {
            return Err(Unresolved {
                reference: (*reference).clone(),
            });
        }
        sent.extend(argument(&value).map(|arg| ((*name).to_owned(), arg)));
    }
    Ok(sent)
}

fn argument(value: &Value) -> Option<Arg> {
    match value {
        Value::List(items) => Some(Arg::List(items.iter().filter_map(argument).collect())),
        Value::Map(map) => Some(Arg::Map(
            map.iter()
                .filter_map(|(key, item)| Some((key.to_string(), argument(item)?)))
                .collect(),
        )),
        _ => scalar_text(value).map(Arg::Text),
    }
}

/// Returns a list of texts that is sent as the text of one JSON array, as `InstanceIds` of
/// DescribeInstances takes it.
#[must_use]
pub fn json_list<T: AsRef<str>>(texts: &[T]) -> Value {
    Value::Encode(
        Encoding::Json,
        Box::new(Value::List(
            texts
                .iter()
                .map(|text| Value::text(text.as_ref()))
                .collect(),
        )),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Address;

    #[test]
    fn flattens_lists_and_structures() {
        let tag = |key: &str, value: &str| {
            Value::Map(
                [
                    ("Key".to_owned(), key.into()),
                    ("Value".to_owned(), value.into()),
                ]
                .into(),
            )
        };
        let args: Args = vec![
            ("VpcName", "net".into()),
            ("Tag", Value::List(vec![tag("a", "1"), tag("b", "")])),
            (
                "SystemDisk",
                Value::Map([("Size".to_owned(), Value::Int(40))].into()),
            ),
            ("InstanceIds", json_list(&["i-1", "i-2"])),
            ("Description", Value::Null),
        ];
        let params =
            setpoint_openapi::flatten::flatten(&arguments(&args, &|_| None).expect("all known"));
        let lines: Vec<String> = params
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(
            lines,
            [
                "InstanceIds=[\"i-1\",\"i-2\"]",
                "SystemDisk.Size=40",
                "Tag.1.Key=a",
                "Tag.1.Value=1",
                "Tag.2.Key=b",
                "Tag.2.Value=",
                "VpcName=net"
            ]
        );
    }

    #[test]
    fn joins_once_all_parts_are_known() {
        let address = Address::root("db");
        let text = Value::Concat(vec![
            "host=".into(),
            Value::reference(&address, "private_ip"),
        ]);
        assert_eq!(resolve(&text, &|_| None), text);
        assert_eq!(
            resolve(&text, &|_| Some("10.0.0.1".into())),
            Value::text("host=10.0.0.1")
        );
        let error = arguments(&vec![("UserData", text)], &|_| None).expect_err("unknown");
        assert_eq!(error.to_string(), "`db.private_ip` is not known yet");
    }
}
