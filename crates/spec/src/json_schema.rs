//! The JSON Schema of stack, module and environment files, for completion and checks in editors.
//!
//! `properties.type.enum` first, then for each kind `if type = K then {properties, additionalProperties: false}`: with
//! `oneOf`, editors would offer the fields of every kind. Each value is its type or a text with `${`.

use serde_json::{Map, Value, json};

use crate::common;
use crate::explain::type_text;
use crate::schema::{FieldDef, KindDef, Schema, Type, Unset};

/// The whole schema.
#[must_use]
pub fn schema(schema: &Schema) -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "setpoint stack",
        "type": "object",
        "properties": top(),
        "additionalProperties": false,
        "anyOf": [
            {"required": ["stack"]},
            {"required": ["module"]},
            {"required": ["environment"]},
        ],
        "definitions": {
            "expression": {"type": "string", "pattern": "\\$\\{"},
            "entry": entry(schema),
            "overlay": {"type": "object", "additionalProperties": {"anyOf": [{"type": "null"}, {"type": "object"}]}},
            "variable": variable(),
            "name": {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,39}$"},
        },
    })
}

fn described(mut value: Value, text: &str) -> Value {
    if let Value::Object(map) = &mut value {
        map.insert("description".to_owned(), text.into());
    }
    value
}

fn top() -> Value {
    let rows = identity_keys().into_iter().chain(section_keys());
    Value::Object(
        rows.map(|(key, value, text)| (key.to_owned(), described(value, text)))
            .collect(),
    )
}

fn map_of(of: Value) -> Value {
    json!({"type": "object", "additionalProperties": of})
}

/// Top-level keys that name the file and say where it belongs.
fn identity_keys() -> [(&'static str, Value, &'static str); 7] {
    let text = json!({"type": "string"});
    [
        (
            "stack",
            json!({"type": "string", "pattern": "^[a-z][a-z0-9-]{1,39}$"}),
            "Name of the stack, a literal.",
        ),
        (
            "module",
            json!({"$ref": "#/definitions/name"}),
            "Name of the module.",
        ),
        (
            "environment",
            json!({"$ref": "#/definitions/name"}),
            "Name of the environment.",
        ),
        ("region", text.clone(), "Region, such as `cn-beijing`."),
        (
            "account",
            text.clone(),
            "Account that credentials must belong to: 16 digits in quotes.",
        ),
        (
            "requires",
            text.clone(),
            "Version of setpoint, such as `>= 0.3`.",
        ),
        ("description", text, "What it is for."),
    ]
}

/// Top-level keys that hold content: variables, resources and rules about them.
fn section_keys() -> [(&'static str, Value, &'static str); 13] {
    [
        (
            "tags",
            map_of(json!({"type": ["string", "boolean", "number"]})),
            "Tags of every taggable resource.",
        ),
        (
            "ignore_tags",
            json!({"type": "array", "items": {"type": "string"}}),
            "Globs of foreign tags to leave alone.",
        ),
        (
            "vars",
            map_of(json!({"$ref": "#/definitions/variable"})),
            "Variables.",
        ),
        (
            "defaults",
            map_of(json!({"type": "object"})),
            "Per kind, keys laid under every resource of it in this file.",
        ),
        (
            "resources",
            map_of(json!({"$ref": "#/definitions/entry"})),
            "The resources, by name.",
        ),
        (
            "existing",
            map_of(json!({"type": "object"})),
            "What is used and never changed.",
        ),
        ("stacks", map_of(link()), "Other stacks, read live."),
        (
            "environments",
            map_of(json!({"type": ["object", "string"]})),
            "What each environment changes, or the file that says so.",
        ),
        (
            "protect",
            json!({"type": "boolean"}),
            "Default of every `lifecycle.protect`.",
        ),
        ("moved", moved(), "Addresses that moved."),
        (
            "forget",
            json!({"type": "array", "items": {"type": "string"}}),
            "What is owned no longer, though it stays.",
        ),
        ("allow", allow(), "Held steps that may pass in pipelines."),
        ("outputs", map_of(json!({})), "Outputs by name."),
    ]
}

/// An entry of `stacks`.
fn link() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "properties": {"stack": text, "environment": text, "region": text, "file": text},
        "required": ["stack"],
        "additionalProperties": false,
    })
}

/// The section `moved`.
fn moved() -> Value {
    let text = json!({"type": "string"});
    json!({"type": "array", "items": {
        "type": "object",
        "properties": {"from": text, "to": text, "stack": text},
        "additionalProperties": false,
    }})
}

/// The section `allow`.
fn allow() -> Value {
    let text = json!({"type": "string"});
    json!({"type": "array", "items": {
        "type": "object",
        "properties": {
            "address": text,
            "effect": {"enum": ["data_loss", "replace", "delete"]},
            "reason": text,
            "until": {"type": "string", "format": "date"},
        },
        "required": ["address", "effect", "reason", "until"],
        "additionalProperties": false,
    }})
}

fn variable() -> Value {
    json!({
        "description": "A declaration, or a value that is its default.",
        "properties": {
            "type": {"type": "string", "description": "string, integer, number, boolean, cidr, ip, port, duration, zone, any, list(T), map(T), or a kind"},
            "default": {},
            "description": {"type": "string"},
            "secret": {"type": "boolean"},
            "one_of": {"type": "array"},
            "pattern": {"type": "string"},
            "min": {"type": "integer"},
            "max": {"type": "integer"},
            "from_env": {"type": "string"},
        },
    })
}

/// An entry of `resources`. An environment file's entries may lack `type`; then nothing more is said of them.
fn entry(schema: &Schema) -> Value {
    let kinds: Vec<&str> = schema.kinds.iter().map(|kind| kind.name).collect();
    let mut cases: Vec<Value> = schema.kinds.iter().map(|kind| case(kind)).collect();
    cases.push(module_case());
    json!({
        "type": ["object", "null"],
        "properties": {
            "type": {"enum": kinds, "description": "Kind of the resource."},
            "use": {"type": "string", "description": "Path of a module."},
        },
        "allOf": cases,
    })
}

fn case(kind: &KindDef) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "type".to_owned(),
        json!({"const": kind.name, "description": kind.doc}),
    );
    let common = common::ENTRY
        .iter()
        .filter(|field| carries(kind, field.name));
    for field in common.chain(kind.fields) {
        properties.insert(field.name.to_owned(), field_schema(field));
    }
    json!({
        "if": {"properties": {"type": {"const": kind.name}}, "required": ["type"]},
        "then": {"properties": properties, "additionalProperties": false},
    })
}

/// Whether entries of the kind take this common key.
fn carries(kind: &KindDef, key: &str) -> bool {
    match key {
        "tags" => kind.taggable,
        "description" => kind.described,
        _ => true,
    }
}

fn module_case() -> Value {
    let mut properties = Map::new();
    for key in common::MODULE_KEYS {
        let known = common::ENTRY.iter().find(|field| field.name == *key);
        let value = match *key {
            "use" => json!({"type": "string"}),
            "with" => {
                json!({"type": "object", "description": "Values for the module's variables."})
            }
            _ => known.map_or(json!({}), field_schema),
        };
        properties.insert((*key).to_owned(), value);
    }
    json!({
        "if": {"required": ["use"]},
        "then": {"properties": properties, "additionalProperties": false},
    })
}

fn field_schema(field: &FieldDef) -> Value {
    let mut value = match field.name {
        "for_each" => json!({"type": ["array", "object", "string"]}),
        "max_unavailable" => json!({"type": ["integer", "string"]}),
        _ => or_expression(&field.ty),
    };
    if field.unset == Unset::Closed
        && let Value::Object(map) = &mut value
    {
        let anyway = map
            .remove("anyOf")
            .and_then(|any| any.as_array().cloned())
            .unwrap_or_default();
        map.insert(
            "anyOf".to_owned(),
            Value::Array(
                anyway
                    .into_iter()
                    .chain([json!({"const": "unmanaged"})])
                    .collect(),
            ),
        );
    }
    if let Unset::Default(default) = field.unset
        && let Value::Object(map) = &mut value
    {
        map.insert("default".to_owned(), typed_default(&field.ty, default));
    }
    let unit = type_text(&field.ty);
    described(
        value,
        &format!(
            "{} ({unit}; change: {})",
            field.doc.trim_end_matches('.'),
            field.change
        ),
    )
}

fn typed_default(ty: &Type, default: &str) -> Value {
    match ty {
        Type::Bool => json!(default == "true"),
        Type::Int { .. } => default
            .parse::<i64>()
            .map_or_else(|_| json!(default), |n| json!(n)),
        _ => json!(default),
    }
}

/// A type, or a text with an expression.
fn or_expression(ty: &Type) -> Value {
    json!({"anyOf": [plain(ty), {"$ref": "#/definitions/expression"}]})
}

fn plain(ty: &Type) -> Value {
    let look_up = json!({"type": "object"});
    match ty {
        Type::Text { min, max } => {
            json!({"type": ["string", "number", "boolean"], "minLength": min, "maxLength": max})
        }
        Type::Bool => json!({"type": "boolean"}),
        Type::Int { min, max, .. } => match (*min, *max) {
            (i64::MIN, i64::MAX) => json!({"type": "integer"}),
            (min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
        },
        Type::Number => json!({"type": "number"}),
        Type::Secret | Type::Cidr { .. } | Type::Ip | Type::Zone | Type::TimeSpan | Type::Path => {
            json!({"type": "string"})
        }
        Type::Duration => {
            json!({"type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"})
        }
        Type::Enum(words) => json!({"enum": words}),
        Type::Ports => {
            let one = json!({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 65_535}, {"type": "string"}]});
            json!({"anyOf": [one, {"type": "array", "items": one}]})
        }
        Type::Ref(_) => json!({"anyOf": [{"type": "string"}, look_up]}),
        Type::Peers(_) => {
            let one = json!({"anyOf": [{"type": "string"}, look_up]});
            json!({"anyOf": [one, {"type": "array", "items": one}]})
        }
        Type::List(of) => json!({"type": "array", "items": or_expression(of)}),
        Type::Map(of) => json!({"type": "object", "additionalProperties": or_expression(of)}),
        Type::Struct(fields) => structure(fields),
        Type::Rows(fields) => json!({"type": "array", "items": structure(fields)}),
        Type::Named(fields) => json!({"type": "object", "additionalProperties": structure(fields)}),
        Type::WordOr(words, other) => json!({"anyOf": [{"enum": words}, plain(other)]}),
        Type::Content { with, .. } => {
            let mut members = Map::new();
            members.insert("file".to_owned(), json!({"type": "string"}));
            if *with {
                members.insert("text".to_owned(), json!({"type": "string"}));
                members.insert("cloud_config".to_owned(), json!({"type": "object"}));
                members.insert("with".to_owned(), json!({"type": "object"}));
            }
            json!({"anyOf": [{"type": "string"}, {"type": "object", "properties": members, "additionalProperties": false}]})
        }
    }
}

fn structure(fields: &[FieldDef]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.to_owned(), field_schema(field)))
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
