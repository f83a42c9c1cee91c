//! Decodes a row of an answer into a live resource, according to the table of its kind.
//!
//! Decoding is strict. If a field that the cloud always sends is missing, null or of another type,
//! that is an error that names its path, never an empty text, zero or false. A field that the cloud
//! omits when it is empty gives no attribute, and neither does an empty text. References become
//! `uses`, so that nothing is deleted while a resource uses it.

use std::sync::Arc;

use setpoint_openapi::json::{Node, Odd};
use setpoint_spec::schema::Type;

use crate::field::{Field, Presence, Read};
use crate::kind::Row;
use crate::live::{Live, Tags};
use crate::view::Reading;
use crate::{Map, Text, Value};

/// The names of a tag's key and value in the rows of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagNames {
    /// The kind has no tags.
    None,
    /// `Tags.Tag[].Key` and `Value`.
    Plain,
    /// `Tags.Tag[].TagKey` and `TagValue`.
    Prefixed,
}

/// Decodes a row by the kind's table, for views of plain rows.
///
/// # Errors
/// Returns [`Odd`] if the row is not what the action promises.
pub fn plain(reading: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    let live = live(reading, row)?;
    Ok(Row::Live(Arc::new(live)))
}

/// Decodes the live resource that a row shows.
///
/// # Errors
/// As [`plain`].
pub fn live(reading: &Reading<'_>, row: Node<'_>) -> Result<Live, Odd> {
    let kind = reading.kind;
    let id = id(row, reading.view.listing.id)?;
    let attrs = attributes(reading, row)?;
    let uses = uses(kind.fields, &attrs);
    let found = Live {
        kind: kind.name,
        id,
        site: reading.site.clone(),
        owner: None,
        copied: false,
        tags: Tags::new(),
        attrs,
        uses,
    };
    Ok(found.with_tags(kind, tags(row, kind.tag_names)?))
}

/// Returns the id of a row.
///
/// # Errors
/// Returns [`Odd`] if the id is missing, of another type, or empty.
pub fn id(row: Node<'_>, path: &str) -> Result<String, Odd> {
    let id = row.need_text(path)?;
    if id.is_empty() {
        return Err(Odd {
            what: format!("`{path}` is empty"),
        });
    }
    Ok(id)
}

/// Returns the tags of a row. A missing list means no tags, since some actions omit it.
///
/// # Errors
/// Returns [`Odd`] if `Tags.Tag` is not a list of tags.
pub fn tags(row: Node<'_>, names: TagNames) -> Result<Tags, Odd> {
    let (key, value) = match names {
        TagNames::None => return Ok(Tags::new()),
        TagNames::Plain => ("Key", "Value"),
        TagNames::Prefixed => ("TagKey", "TagValue"),
    };
    let all = row.may_list("Tags.Tag")?.unwrap_or_default();
    all.into_iter()
        .map(|tag| Ok((tag.need_text(key)?.into(), tag.need_text(value)?.into())))
        .collect()
}

/// Returns the attributes that the table finds in a row, under dotted names. An absent field is
/// counted in [`Reading::unsure`] if it is not known whether the cloud omits it.
fn attributes(reading: &Reading<'_>, row: Node<'_>) -> Result<Map, Odd> {
    let mut attrs = Map::new();
    read_into(&mut attrs, "", reading.kind.fields, reading, row)?;
    Ok(attrs)
}

/// The dotted name of an attribute.
fn named(prefix: &str, name: &'static str) -> Text {
    if prefix.is_empty() {
        Text::new_static(name)
    } else {
        format!("{prefix}{name}").into()
    }
}

fn read_into(
    attrs: &mut Map,
    prefix: &str,
    fields: &[Field],
    reading: &Reading<'_>,
    row: Node<'_>,
) -> Result<(), Odd> {
    for field in fields {
        let value = match field.read {
            Read::Elsewhere => None,
            Read::At(path, presence) => {
                if presence == Presence::Uncaptured && !row.has(path) {
                    reading.unsure.set(reading.unsure.get() + 1);
                }
                scalar(field.ty, path, presence, row)?
            }
            Read::By(read, paths) => {
                if !paths.is_empty() && !paths.iter().any(|path| row.has(path)) {
                    reading.unsure.set(reading.unsure.get() + 1);
                }
                read(row)?
            }
        };
        if let Some(value) = value {
            attrs.insert(named(prefix, field.name), value);
        }
        if field.shape == crate::field::Shape::Struct {
            let prefix = format!("{prefix}{}.", field.name);
            read_into(attrs, &prefix, field.members, reading, row)?;
        }
    }
    Ok(())
}

/// Returns the value at a path in the form of a type; `None` if it is absent or an empty text.
fn scalar(ty: Type, path: &str, presence: Presence, row: Node<'_>) -> Result<Option<Value>, Odd> {
    let always = presence == Presence::Always;
    let value = match ty {
        Type::Bool if always => Some(Value::Bool(row.need_bool(path)?)),
        // An omitted flag means false.
        Type::Bool => Some(Value::Bool(row.may_bool(path)?.unwrap_or(false))),
        Type::Int { .. } if always => Some(Value::Int(row.need_int(path)?)),
        Type::Int { .. } => row.may_int(path)?.map(Value::Int),
        Type::List(_) if always => Some(sorted(row.need_texts(path)?)),
        Type::List(_) => Some(sorted(row.may_texts(path)?.unwrap_or_default())),
        _ if always => text(Some(row.need_text(path)?)),
        _ => text(row.may_text(path)?),
    };
    Ok(value)
}

fn text(text: Option<String>) -> Option<Value> {
    text.filter(|text| !text.is_empty()).map(Value::text)
}

/// Lists of the API are sets, so they are sorted to compare equal.
fn sorted(texts: Vec<String>) -> Value {
    let mut values: Vec<Value> = texts
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(Value::text)
        .collect();
    values.sort();
    Value::List(values)
}

/// Returns the resources that the attributes refer to, as pairs of kind and id, by the types of
/// their fields.
#[must_use]
pub fn uses(fields: &[Field], attrs: &Map) -> Vec<(&'static str, String)> {
    let mut uses = Vec::new();
    for field in fields.iter().filter(|field| field.holds) {
        let (Type::Ref(kind) | Type::List(&Type::Ref(kind))) = field.ty else {
            continue;
        };
        let value = attrs.get(field.name);
        let ids = value.map(|value| value.as_list().unwrap_or(std::slice::from_ref(value)));
        let texts = ids.unwrap_or_default().iter().filter_map(Value::as_text);
        uses.extend(texts.map(|id| (kind, id.to_owned())));
    }
    uses
}
