//! The schemas of field types. Wherever the language evaluates expressions, a text with an
//! expression is accepted too.

use serde_json::{Map, Value, json};

use super::patterns;
use crate::explain::type_text;
use crate::naming::LookUpKey;
use crate::schema::{FieldDef, Schema, Type, Unset};

/// A value, or a text with an expression.
pub(super) fn or_expression(value: Value) -> Value {
    json!({"anyOf": [value, shared("expression")]})
}

/// A text of this form.
pub(super) fn text(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// A form that many fields share, by its name in [`forms`].
pub(super) fn shared(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

/// The forms that many fields share.
pub(super) fn forms() -> [(&'static str, Value); 8] {
    let port = json!({"anyOf": [
        {"type": "integer", "minimum": 1, "maximum": 65_535},
        text(&patterns::port()),
    ]});
    [
        ("expression", text(patterns::EXPRESSION)),
        ("address", text(patterns::ADDRESS)),
        ("block", text(&patterns::cidr(0, 128))),
        ("duration", text(patterns::DURATION)),
        ("ip", text(&patterns::ip())),
        ("port", port),
        ("time_span", text(patterns::TIME_SPAN)),
        ("zone", text(patterns::ZONE)),
    ]
}

/// Adds a description to a schema.
pub(super) fn described(mut value: Value, text: &str) -> Value {
    if let Value::Object(map) = &mut value {
        map.insert("description".to_owned(), text.into());
    }
    value
}

/// A map with free keys.
pub(super) fn map_of(of: Value) -> Value {
    json!({"type": "object", "additionalProperties": of})
}

/// A map of names.
pub(super) fn named(of: Value) -> Value {
    let name = json!({"$ref": "#/definitions/name"});
    json!({"type": "object", "propertyNames": name, "additionalProperties": of})
}

/// A field with its type, default and documentation.
pub(super) fn field(schema: &Schema, field: &FieldDef) -> Value {
    let mut value = match field.name {
        "for_each" => json!({"type": ["array", "object", "string"]}),
        "max_unavailable" => or_expression(json!({"anyOf": [
            {"type": "integer", "minimum": 1},
            text("^([1-9][0-9]*|0*([1-9][0-9]?|100)%|all)$"),
        ]})),
        _ => or_expression(plain(schema, &field.ty)),
    };
    if let Unset::Default(default) = field.unset
        && let Value::Object(map) = &mut value
    {
        map.insert("default".to_owned(), typed_default(&field.ty, default));
    }
    let unit = type_text(&field.ty);
    let doc = field.doc.trim_end_matches('.');
    described(value, &format!("{doc} ({unit}; change: {})", field.change))
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

/// A type without expressions. Where the field takes a text, a plain number or boolean is accepted
/// as one.
pub(super) fn plain(schema: &Schema, ty: &Type) -> Value {
    match ty {
        Type::Text { min, max } => {
            json!({"type": ["string", "number", "boolean"], "minLength": min, "maxLength": max})
        }
        Type::Secret => json!({"type": ["string", "number", "boolean"]}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Int { min, max, .. } => match (*min, *max) {
            (i64::MIN, i64::MAX) => json!({"type": "integer"}),
            (min, i64::MAX) => json!({"type": "integer", "minimum": min}),
            (min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
        },
        Type::Number => json!({"type": "number"}),
        Type::Cidr { min, max } => text(&patterns::cidr(*min, *max)),
        Type::Ip => shared("ip"),
        Type::Duration => shared("duration"),
        Type::Zone => shared("zone"),
        Type::TimeSpan => shared("time_span"),
        Type::Path => text(patterns::PATH),
        Type::Enum(words) => json!({"enum": words}),
        Type::Ports => one_or_list(shared("port")),
        Type::Ref(kinds) => json!({"anyOf": [reference(schema, kinds), look_up(schema, kinds)]}),
        Type::Peers(kinds) => peers(schema, kinds),
        Type::List(of) => json!({"type": "array", "items": or_expression(plain(schema, of))}),
        Type::Map(of) => map_of(or_expression(plain(schema, of))),
        Type::Struct(fields) => structure(schema, fields),
        Type::Rows(fields) => {
            json!({"type": "array", "items": or_expression(structure(schema, fields))})
        }
        Type::Named(fields) => named(or_expression(structure(schema, fields))),
        Type::WordOr(words, other) => {
            json!({"anyOf": [{"enum": words}, or_expression(plain(schema, other))]})
        }
        Type::Content { max, with } => content(*max, *with),
    }
}

fn one_or_list(one: Value) -> Value {
    let item = or_expression(one.clone());
    json!({"anyOf": [one, {"type": "array", "items": item}]})
}

/// A name of this stack, a member of a group, or an id of one of the kinds.
fn reference(schema: &Schema, kinds: &str) -> Value {
    let mut forms = vec![shared("address")];
    let own = kinds.split('|').map(|kind| schema.naming(kind));
    let suffixes = own.flat_map(|naming| naming.id_suffixes);
    forms.extend(suffixes.map(|suffix| json!({"pattern": ends(suffix)})));
    json!({"type": "string", "anyOf": forms, "not": {"anyOf": ids_of_others(schema, kinds)}})
}

fn peers(schema: &Schema, kinds: &str) -> Value {
    let first = kinds.split('|').next().unwrap_or(kinds);
    let mut others = ids_of_others(schema, kinds);
    others.push(json!({"enum": ["any", "all", "internet", "world"]}));
    let named = json!({"allOf": [shared("address")], "not": {"anyOf": others}});
    one_or_list(json!({"anyOf": [
        shared("block"),
        shared("ip"),
        named,
        look_up(schema, first),
    ]}))
}

/// A look-up in braces.
fn look_up(schema: &Schema, kinds: &str) -> Value {
    let keys = schema.naming(kinds).look_up;
    let finding = keys.iter().filter(|key| key.finds);
    let finding: Vec<Value> = finding.map(|key| json!({"required": [key.name]})).collect();
    let properties = look_up_keys(schema, keys);
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "anyOf": finding,
    })
}

/// The keys of a look-up with their types.
pub(super) fn look_up_keys(schema: &Schema, keys: &[LookUpKey]) -> Map<String, Value> {
    let property = |key: &LookUpKey| {
        let value = or_expression(plain(schema, &key.ty));
        (key.name.to_owned(), value)
    };
    keys.iter().map(property).collect()
}

/// The forms of ids of all kinds except these.
pub(super) fn ids_of_others(schema: &Schema, kinds: &str) -> Vec<Value> {
    let others = schema
        .namings()
        .filter(|(name, _)| kinds.split('|').all(|kind| kind != *name));
    let (mut prefixes, mut forms): (Vec<&str>, Vec<Value>) = (Vec::new(), Vec::new());
    for (_, naming) in others {
        prefixes.extend(naming.id_prefixes);
        forms.extend(
            naming
                .id_suffixes
                .iter()
                .map(|suffix| json!({"pattern": ends(suffix)})),
        );
    }
    // Without alternatives the pattern would match any prefix.
    if !prefixes.is_empty() {
        let pattern = format!("^({})-[a-z0-9]{{12,}}$", prefixes.join("|"));
        forms.push(json!({"pattern": pattern}));
    }
    if forms.is_empty() {
        forms.push(json!(false));
    }
    forms
}

/// A text with this ending.
fn ends(suffix: &str) -> String {
    format!("^.+{}$", suffix.replace('.', r"\."))
}

fn content(max: usize, with: bool) -> Value {
    let inline = json!({"type": ["string", "number", "boolean"], "maxLength": max});
    let mut members = Map::new();
    members.insert(
        "file".to_owned(),
        json!({"type": "string", "not": {"pattern": patterns::EXPRESSION}}),
    );
    if with {
        members.insert(
            "text".to_owned(),
            json!({"type": ["string", "number", "boolean"]}),
        );
        members.insert("cloud_config".to_owned(), json!({"type": "object"}));
        members.insert("with".to_owned(), json!({"type": "object"}));
    }
    let bodies = members.keys().filter(|name| *name != "with");
    let bodies: Vec<Value> = bodies.map(|name| json!({"required": [name]})).collect();
    json!({"anyOf": [inline, {
        "type": "object",
        "properties": members,
        "additionalProperties": false,
        "oneOf": bodies,
    }]})
}

/// A structure with these members, and no others.
pub(super) fn structure(schema: &Schema, fields: &[FieldDef]) -> Value {
    let members: Vec<&FieldDef> = fields.iter().collect();
    structure_of(schema, &members)
}

/// A structure with members from several tables, and no others.
pub(super) fn structure_of(schema: &Schema, fields: &[&FieldDef]) -> Value {
    let property = |one: &&FieldDef| (one.name.to_owned(), field(schema, one));
    let properties: Map<String, Value> = fields.iter().map(property).collect();
    let required = fields.iter().filter(|field| field.required);
    let required: Vec<&str> = required.map(|field| field.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
