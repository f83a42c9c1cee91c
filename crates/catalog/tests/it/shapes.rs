//! Every path that the tables read exists in the published descriptions of the answers, with the
//! same type.

use serde_json::Value;
use setpoint_catalog::REGISTRY;
use setpoint_plan::field::{Field, Read};
use setpoint_plan::kind::Kind;
use setpoint_spec::schema::Type;

/// Returns the shape of every answer, by product and action, with types in the place of values.
fn shapes() -> Value {
    let text = include_str!("../../../../testdata/sim/response-shapes.json");
    serde_json::from_str(text).expect("the file of shapes is JSON")
}

#[test]
fn every_field_that_is_read_has_the_published_type() {
    let shapes = shapes();
    let mut wrong = Vec::new();
    for kind in REGISTRY.kinds() {
        let row = row_shape(kind, &shapes);
        let id = kind.list.listing.id;
        check(&mut wrong, &format!("{}.id", kind.name), row, id, "string");
        check_fields(&mut wrong, kind.name, kind.fields, row);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Returns the shape of one row of the listing of a kind.
fn row_shape<'a>(kind: &Kind, shapes: &'a Value) -> &'a Value {
    let api = kind.list.api;
    let answer = &shapes[api.product.code()][api.name];
    let rows = at(answer, kind.list.listing.rows);
    assert!(
        rows.is_array(),
        "{}: {} has no such list",
        kind.name,
        api.name
    );
    &rows[0]
}

fn check_fields(wrong: &mut Vec<String>, prefix: &str, fields: &[Field], row: &Value) {
    for field in fields {
        let name = format!("{prefix}.{}", field.name);
        if let Read::At(path, _) = field.read {
            check(wrong, &name, row, path, published(field.ty));
        }
        check_fields(wrong, &name, field.members, row);
    }
}

fn check(wrong: &mut Vec<String>, name: &str, row: &Value, path: &str, expected: &str) {
    let found = match at(row, path) {
        Value::String(ty) => ty.clone(),
        Value::Array(items) if items.as_slice() == ["string"] => "texts".to_owned(),
        other => other.to_string(),
    };
    if found != expected {
        wrong.push(format!(
            "{name} is read at {path} as {expected}, which is {found}"
        ));
    }
}

/// Returns the published type that the decoder expects for a type of the language.
fn published(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "boolean",
        Type::Int { .. } => "integer",
        Type::List(_) => "texts",
        _ => "string",
    }
}

/// Returns the shape at a path. Some descriptions show a structure as a list of one item, so lists
/// are entered.
fn at<'a>(shape: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(shape, |inside, name| match inside {
        Value::Array(_) => &inside[0][name],
        _ => &inside[name],
    })
}
