//! Entries of `resources`: by kind, and by module.
//!
//! The schema lists the kinds in `properties.type.enum` and then has one `if type = K then
//! {properties, additionalProperties: false}` for each kind; with `oneOf`, editors would offer the
//! fields of every kind. Required fields are separate ([`complete`]), because `defaults` and
//! environments may set them too.

use serde_json::{Map, Value, json};

use super::patterns;
use super::types::{described, field, ids_of_others, or_expression, plain, structure_of};
use crate::common;
use crate::schema::{FieldDef, KindDef, Schema, Type, Unset};

/// An entry of a stack or module file.
pub(super) fn entry(schema: &Schema) -> Value {
    let mut cases: Vec<Value> = schema.kinds.iter().map(|kind| case(schema, kind)).collect();
    cases.push(module_case(schema));
    json!({
        "type": "object",
        "properties": kind_or_module(schema),
        "oneOf": [{"required": ["type"]}, {"required": ["use"]}],
        "allOf": cases,
    })
}

fn kind_or_module(schema: &Schema) -> Value {
    let kinds: Vec<&str> = schema.kinds.iter().map(|kind| kind.name).collect();
    json!({
        "type": {"enum": kinds, "description": "The kind of the resource."},
        "use": {
            "type": "string",
            "not": {"pattern": patterns::EXPRESSION},
            "description": "The path of the module's file.",
        },
    })
}

/// An entry of an environment. It is merged into an entry of the stack and may hold `null`, so only
/// its keys can be checked.
pub(super) fn overlay(schema: &Schema) -> Value {
    let own = schema.fields().map(|field| field.name);
    let common = common::ENTRY.iter().map(|field| field.name);
    let mut names: Vec<&str> = own
        .chain(common)
        .chain(common::MODULE_KEYS.iter().copied())
        .chain(["type"])
        .collect();
    names.sort_unstable();
    names.dedup();
    let kinds = schema.kinds.iter();
    let cases: Vec<Value> = kinds
        .map(|kind| {
            let mut names: Vec<&str> = fields(kind).map(|field| field.name).collect();
            names.push("type");
            json!({"if": is_kind(kind), "then": {"propertyNames": {"enum": names}}})
        })
        .collect();
    json!({"anyOf": [{"type": "null"}, {
        "type": "object",
        "properties": kind_or_module(schema),
        "propertyNames": {"enum": names},
        "allOf": cases,
    }]})
}

/// The `defaults` of a kind. In an environment they may hold `null`, so only the keys can be
/// checked.
pub(super) fn defaults(schema: &Schema, kind: &KindDef, in_environment: bool) -> Value {
    let may_be = |field: &&FieldDef| !common::NO_DEFAULT.contains(&field.name);
    let property = |field: &'static FieldDef| {
        let value = if in_environment {
            json!({})
        } else {
            value(schema, kind, field)
        };
        (field.name.to_owned(), value)
    };
    let properties: Map<String, Value> = fields(kind).filter(may_be).map(property).collect();
    let ty = if in_environment {
        json!(["object", "null"])
    } else {
        json!("object")
    };
    json!({"type": ty, "properties": properties, "additionalProperties": false})
}

/// The required fields and choices of an entry, for files where nothing else can set them.
pub(super) fn complete(kind: &KindDef) -> Value {
    let required: Vec<&str> = kind
        .fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    let one = kind.one_of.iter().chain(kind.any_of);
    let one: Vec<Value> = one
        .map(|names| json!({"anyOf": each_required(names)}))
        .collect();
    let mut then = json!({"required": required});
    if !one.is_empty() {
        then["allOf"] = Value::Array(one);
    }
    json!({"if": is_kind(kind), "then": then})
}

fn is_kind(kind: &KindDef) -> Value {
    json!({"properties": {"type": {"const": kind.name}}, "required": ["type"]})
}

fn each_required(names: &[&str]) -> Vec<Value> {
    names
        .iter()
        .map(|name| json!({"required": [name]}))
        .collect()
}

fn case(schema: &Schema, kind: &KindDef) -> Value {
    let mut properties = Map::new();
    let ty = json!({"const": kind.name, "description": kind.doc});
    properties.insert("type".to_owned(), ty);
    for field in fields(kind) {
        properties.insert(field.name.to_owned(), value(schema, kind, field));
    }
    let mut exclusive = vec![json!({"required": ["count", "for_each"]})];
    for names in kind.one_of {
        for (at, one) in names.iter().enumerate() {
            let pairs = names[..at]
                .iter()
                .map(|other| json!({"required": [other, one]}));
            exclusive.extend(pairs);
        }
    }
    json!({
        "if": is_kind(kind),
        "then": {
            "properties": properties,
            "additionalProperties": false,
            "not": {"anyOf": exclusive},
        },
    })
}

/// The keys that an entry of the kind takes besides `type`, the common ones first.
fn fields(kind: &KindDef) -> impl Iterator<Item = &'static FieldDef> {
    let (taggable, described) = (kind.taggable, kind.described);
    let common = common::ENTRY.iter().filter(move |field| match field.name {
        "tags" => taggable,
        "description" => described,
        _ => true,
    });
    common.chain(kind.fields)
}

/// The schema of one key of the kind's entries.
fn value(schema: &Schema, kind: &KindDef, one: &FieldDef) -> Value {
    let doc = |value| described(value, one.doc.trim_end_matches('.'));
    match one.name {
        "name" => {
            let rule = kind.name_rule;
            let name = json!({
                "type": "string",
                "minLength": rule.min,
                "maxLength": rule.max,
                "pattern": patterns::LETTER_FIRST,
                "not": {"pattern": "^https?://"},
            });
            doc(or_expression(name))
        }
        "adopt" => {
            let others = ids_of_others(schema, kind.name);
            let id = json!({"type": "string", "minLength": 1, "not": {"anyOf": others}});
            doc(or_expression(id))
        }
        "tags" => doc(json!({"$ref": "#/definitions/tags"})),
        "lifecycle" => doc(or_expression(structure_of(
            schema,
            &common::lifecycle(kind),
        ))),
        _ if one.unset == Unset::Closed => {
            let mut value = field(schema, one);
            if let Some(forms) = value["anyOf"].as_array_mut() {
                forms.push(json!({"const": "unmanaged"}));
            }
            value
        }
        _ => field(schema, one),
    }
}

fn module_case(schema: &Schema) -> Value {
    let mut properties = Map::new();
    for key in common::MODULE_KEYS {
        let known = common::ENTRY.iter().find(|field| field.name == *key);
        let value = match *key {
            "use" => json!({}),
            "with" => {
                json!({"type": "object", "description": "The values of the module's variables."})
            }
            "tags" => json!({"$ref": "#/definitions/tags"}),
            _ => known.map_or(json!({}), |known| field(schema, known)),
        };
        properties.insert((*key).to_owned(), value);
    }
    json!({
        "if": {"required": ["use"]},
        "then": {
            "properties": properties,
            "additionalProperties": false,
            "not": {"required": ["count", "for_each"]},
        },
    })
}

/// The tags of a stack, a module or a resource.
pub(super) fn tags(schema: &Schema) -> Value {
    let value = or_expression(plain(schema, &Type::Text { min: 0, max: 128 }));
    let reserved = "^([sS][eE][tT][pP][oO][iI][nN][tT]:|[aA][lL][iI][yY][uU][nN]|[aA][cC][sS]:)|[hH][tT][tT][pP][sS]?://";
    let tags = json!({
        "type": "object",
        "propertyNames": {"maxLength": 128, "not": {"pattern": reserved}},
        "maxProperties": 17,
        "additionalProperties": value,
    });
    or_expression(tags)
}
