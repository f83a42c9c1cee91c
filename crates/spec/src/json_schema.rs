//! The JSON Schema of stack, module and environment files, for completion and checks in editors.
//!
//! The schema refuses what `setpoint validate` refuses, as far as a single file shows it: forms of
//! texts, bounds, words, unknown keys, fields that exclude each other. It never refuses a valid
//! file. Therefore a field is required only where neither `defaults` nor an environment can set it.
//! The first of the keys `stack`, `module` and `environment` decides which keys a file takes, as in
//! [`crate::load()`].

mod entry;
mod patterns;
mod types;

use serde_json::{Map, Value, json};

use crate::parse::{FileRole, SECTIONS};
use crate::schema::{KindDef, Schema};
use crate::types::RESERVED;
use crate::vars;
use types::{described, ids_of_others, look_up_keys, named, or_expression, shared, text};

/// Builds the whole schema.
#[must_use]
pub fn schema(schema: &Schema) -> Value {
    let mut rules = vec![json!({
        "if": {"required": ["stack"]},
        "then": {"$ref": "#/definitions/stack_file"},
        "else": {
            "if": {"required": ["module"]},
            "then": {"$ref": "#/definitions/module_file"},
            "else": {"$ref": "#/definitions/environment_file"},
        },
    })];
    rules.extend(schema.kinds.iter().map(|kind| completeness(kind)));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "setpoint stack",
        "type": "object",
        "properties": top(schema),
        "additionalProperties": false,
        "anyOf": [
            {"required": ["stack"]},
            {"required": ["module"]},
            {"required": ["environment"]},
        ],
        "allOf": rules,
        "definitions": definitions(schema),
    })
}

fn definitions(schema: &Schema) -> Value {
    let ids = ids_of_others(schema, "");
    let mut definitions = json!({
        "name": {
            "type": "string",
            "pattern": patterns::NAME,
            "not": {"anyOf": [{"enum": RESERVED}, {"anyOf": ids}]},
        },
        "tags": entry::tags(schema),
        "entry": entry::entry(schema),
        "overlay": entry::overlay(schema),
        "variable": variable(schema),
        "stack_file": {
            "propertyNames": {"enum": keys(FileRole::Stack)},
            "properties": content(schema),
            "anyOf": [{"required": ["region"]}, {"required": ["environments"]}],
        },
        "module_file": {
            "propertyNames": {"enum": keys(FileRole::Module)},
            "properties": content(schema),
        },
        "environment_file": {
            "propertyNames": {"enum": keys(FileRole::Environment)},
            "properties": overlaid(schema),
        },
    });
    for (name, form) in types::forms() {
        definitions[name] = form;
    }
    definitions
}

/// The keys that a file of one role takes.
fn keys(role: FileRole) -> Vec<&'static str> {
    let own = SECTIONS
        .iter()
        .filter(|(_, _, roles)| roles.contains(&role));
    own.map(|(key, ..)| *key).collect()
}

/// The requirements on entries of a kind, in files where neither `defaults` of the kind nor an
/// environment can meet them.
fn completeness(kind: &KindDef) -> Value {
    let has_defaults = json!({
        "properties": {"defaults": {"required": [kind.name]}},
        "required": ["defaults"],
    });
    let elsewhere = [
        json!({"required": ["environments"]}),
        json!({"required": ["environment"], "not": {"anyOf": [{"required": ["stack"]}, {"required": ["module"]}]}}),
        has_defaults,
    ];
    json!({
        "if": {"not": {"anyOf": elsewhere}},
        "then": {"properties": {"resources": {"additionalProperties": entry::complete(kind)}}},
    })
}

/// Every section of every file with its description; the definition of each role holds what depends
/// on the role.
fn top(schema: &Schema) -> Value {
    let rows = identity_keys().into_iter().chain(section_keys(schema));
    let row = |(key, value, text): (&str, Value, &str)| (key.to_owned(), described(value, text));
    Value::Object(rows.map(row).collect())
}

/// A text without expressions.
fn literal() -> Value {
    json!({"type": "string", "not": {"pattern": patterns::EXPRESSION}})
}

fn list_of(of: Value) -> Value {
    json!({"type": "array", "items": of})
}

fn any_text() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

/// The top-level keys that identify the file, its region and its account.
fn identity_keys() -> [(&'static str, Value, &'static str); 7] {
    [
        (
            "stack",
            text(patterns::STACK),
            "The name of the stack, without expressions.",
        ),
        (
            "module",
            json!({"$ref": "#/definitions/name"}),
            "The name of the module.",
        ),
        (
            "environment",
            json!({"$ref": "#/definitions/name"}),
            "The name of the environment.",
        ),
        ("region", region(), "The region, such as `cn-beijing`."),
        (
            "account",
            or_expression(text(patterns::ACCOUNT)),
            "The account that credentials must belong to: 16 digits in quotes.",
        ),
        (
            "requires",
            requires(),
            "The versions of Setpoint that may use the file, such as `>= 0.3`.",
        ),
        ("description", any_text(), "A text for readers."),
    ]
}

fn region() -> Value {
    or_expression(text(patterns::REGION))
}

/// A version alone may be written as a number.
fn requires() -> Value {
    json!({"anyOf": [text(patterns::REQUIRES), {"type": "number", "minimum": 0}]})
}

/// The top-level keys for variables, resources and rules about them.
fn section_keys(schema: &Schema) -> [(&'static str, Value, &'static str); 13] {
    let object = json!({"type": "object"});
    [
        (
            "tags",
            object.clone(),
            "Tags of every resource that can have tags.",
        ),
        (
            "ignore_tags",
            list_of(any_text()),
            "Globs of tag keys that other tools write and Setpoint leaves alone.",
        ),
        ("vars", object.clone(), "Variables."),
        (
            "defaults",
            object.clone(),
            "By kind: fields of all its resources in this file, unless an entry sets them.",
        ),
        ("resources", object.clone(), "The resources, by name."),
        (
            "existing",
            named(existing(schema)),
            "External resources, by name: used and never changed.",
        ),
        (
            "stacks",
            named(link()),
            "Other stacks whose resources this stack refers to, by name.",
        ),
        (
            "environments",
            named(json!({"anyOf": [literal(), environment(schema)]})),
            "The environments, by name: the differences, or the path of their file.",
        ),
        (
            "protect",
            or_expression(json!({"type": "boolean"})),
            "The default of `lifecycle.protect` of every resource.",
        ),
        ("moved", moved(), "Resources with a new address."),
        (
            "forget",
            list_of(shared("address")),
            "Addresses to give up without destroying the resources.",
        ),
        (
            "allow",
            allow(),
            "Held steps that are allowed until a date.",
        ),
        ("outputs", object, "Outputs by name."),
    ]
}

/// The sections of a stack or module file whose entries must be complete.
fn content(schema: &Schema) -> Value {
    json!({
        "tags": {"$ref": "#/definitions/tags"},
        "vars": {
            "propertyNames": {"pattern": patterns::VARIABLE},
            "additionalProperties": {"$ref": "#/definitions/variable"},
        },
        "defaults": defaults(schema, false),
        "resources": named(json!({"$ref": "#/definitions/entry"})),
        "outputs": named(json!({"not": {"type": "null"}})),
    })
}

/// The sections of an environment that are merged into those of the stack.
fn overlaid(schema: &Schema) -> Value {
    json!({
        "tags": {"type": "object", "additionalProperties": {"anyOf": [any_text(), {"type": "null"}]}},
        "vars": {"type": "object", "additionalProperties": {"not": {"type": "null"}}},
        "defaults": defaults(schema, true),
        "resources": named(json!({"$ref": "#/definitions/overlay"})),
        "outputs": named(json!({})),
    })
}

/// An environment written in the stack's file.
fn environment(schema: &Schema) -> Value {
    let identity = identity_keys().into_iter().chain(rule_keys());
    let known = keys(FileRole::Environment);
    let row = |(key, value, text): (&str, Value, &str)| (key.to_owned(), described(value, text));
    let mut properties: Map<String, Value> = identity
        .filter(|(key, ..)| known.contains(key))
        .map(row)
        .collect();
    if let Value::Object(sections) = overlaid(schema) {
        properties.extend(sections);
    }
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// The sections that have the same form in an environment and in a stack.
fn rule_keys() -> [(&'static str, Value, &'static str); 3] {
    [
        (
            "protect",
            or_expression(json!({"type": "boolean"})),
            "The default of `lifecycle.protect` of every resource.",
        ),
        ("moved", moved(), "Resources with a new address."),
        (
            "allow",
            allow(),
            "Held steps that are allowed until a date.",
        ),
    ]
}

fn defaults(schema: &Schema, in_environment: bool) -> Value {
    let property = |kind: &&'static KindDef| {
        let value = entry::defaults(schema, kind, in_environment);
        (kind.name.to_owned(), value)
    };
    let properties: Map<String, Value> = schema.kinds.iter().map(property).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// An entry of `existing`: a type and the look-up keys of its kind.
fn existing(schema: &Schema) -> Value {
    let kinds: Vec<&str> = schema.kinds.iter().map(|kind| kind.name).collect();
    let case = |kind: &&'static KindDef| {
        let mut properties = look_up_keys(schema, kind.naming.look_up);
        properties.insert("type".to_owned(), json!({"description": kind.doc}));
        let id = json!({"type": "string", "not": {"anyOf": ids_of_others(schema, kind.name)}});
        properties.insert("id".to_owned(), or_expression(id));
        json!({
            "if": {"properties": {"type": {"const": kind.name}}, "required": ["type"]},
            "then": {"properties": properties, "additionalProperties": false},
        })
    };
    let cases: Vec<Value> = schema.kinds.iter().map(case).collect();
    json!({
        "type": "object",
        "properties": {"type": {"enum": kinds}},
        "required": ["type"],
        "minProperties": 2,
        "allOf": cases,
    })
}

/// An entry of `stacks`.
fn link() -> Value {
    json!({
        "type": "object",
        "properties": {
            "stack": literal(),
            "environment": any_text(),
            "region": region(),
            "file": literal(),
        },
        "required": ["stack"],
        "additionalProperties": false,
    })
}

/// The section `moved`.
fn moved() -> Value {
    let address = shared("address");
    list_of(json!({
        "type": "object",
        "properties": {"from": address, "to": address, "stack": literal()},
        "additionalProperties": false,
        "anyOf": [
            {"required": ["from", "to"]},
            {"required": ["stack"], "not": {"anyOf": [{"required": ["from"]}, {"required": ["to"]}]}},
        ],
    }))
}

/// The section `allow`.
fn allow() -> Value {
    list_of(json!({
        "type": "object",
        "properties": {
            "address": shared("address"),
            "effect": {"enum": ["data_loss", "replace", "delete"]},
            "reason": literal(),
            "until": text(patterns::DATE),
        },
        "required": ["address", "effect", "reason", "until"],
        "additionalProperties": false,
    }))
}

/// A variable. A map with `type`, or with only keys of declarations, is a declaration; anything
/// else is the default value.
fn variable(schema: &Schema) -> Value {
    let declaration = json!({
        "anyOf": [
            {"type": "object", "required": ["type"]},
            {"type": "object", "minProperties": 1, "propertyNames": {"enum": vars::KEYS}},
        ],
    });
    let number = json!({"properties": {"type": {"pattern": r"^\s*(integer|number)\s*$"}}});
    let string = json!({"properties": {"type": {"pattern": r"^\s*string\s*$"}}});
    json!({
        "description": "A declaration, or the default value.",
        "not": {"anyOf": [{"type": "null"}, {"type": "string", "pattern": patterns::EXPRESSION}]},
        "if": declaration,
        "then": {
            "properties": declaration_keys(schema),
            "additionalProperties": false,
            "allOf": [
                {"if": {"anyOf": [{"required": ["min"]}, {"required": ["max"]}]}, "then": number},
                {"if": {"required": ["pattern"]}, "then": string},
            ],
        },
    })
}

fn declaration_keys(schema: &Schema) -> Value {
    let kinds = schema.kinds.iter().map(|kind| kind.name);
    let names: Vec<&str> = vars::type_names().chain(kinds).collect();
    let ty = format!(r"^\s*((list|map)\(\s*)*({})\s*(\)\s*)*$", names.join("|"));
    json!({
        "type": described(text(&ty), "string, integer, number, boolean, cidr, ip, port, duration, zone, any, list(T), map(T), or a kind"),
        "default": {"not": {"anyOf": [{"type": "null"}, {"type": "string", "pattern": patterns::EXPRESSION}]}},
        "description": literal(),
        "secret": {"type": "boolean"},
        "one_of": {"type": "array"},
        "pattern": {"type": "string"},
        "min": {"type": "integer"},
        "max": {"type": "integer"},
        "from_env": literal(),
    })
}
