//! The values of expressions during resolution: plain values, and values that exist only in the
//! language, such as groups and modules.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::address::{Address, Key};
use crate::value::{Map, Secret, Value};

/// The index of a member in the resolver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MemberId(pub(crate) usize);

/// A value during resolution.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Val {
    /// A scalar that is known, or known after apply; never a list or map.
    Plain(Value),
    /// A list.
    List(Vec<Self>),
    /// A map.
    Map(BTreeMap<String, Self>),
    /// A resource of this stack, or an external one with a reserved address (see
    /// [`crate::outside`]).
    Resource(Address),
    /// The id or look-up of an external resource, as the value of a reference.
    Outside(Value),
    /// All members of a group.
    Group(Rc<Group>),
    /// A module; only its outputs can be referred to.
    Module(MemberId),
    /// Another stack, by its alias.
    Alias(String),
}

/// A group and its members in order.
#[derive(Debug, PartialEq)]
pub(crate) struct Group {
    /// The address of the group, without a key.
    pub(crate) address: Address,
    /// The keys and members; each member is a [`Val::Resource`] or [`Val::Module`].
    pub(crate) members: Vec<(Key, Val)>,
}

impl Val {
    /// A text.
    pub(crate) fn text(text: impl Into<crate::value::Text>) -> Self {
        Self::Plain(Value::text(text))
    }

    /// Converts it to a plain value, with resources as references to their id; `None` for a module
    /// or another stack.
    pub(crate) fn into_value(self) -> Option<Value> {
        Some(match self {
            Self::Plain(value) | Self::Outside(value) => value,
            Self::List(items) => {
                let values: Vec<Option<Vec<Value>>> =
                    items.into_iter().map(Self::into_items).collect();
                Value::List(values.into_iter().collect::<Option<Vec<_>>>()?.concat())
            }
            Self::Map(map) => {
                let pairs = map
                    .into_iter()
                    .map(|(key, value)| Some((key, value.into_value()?)));
                Value::Map(pairs.collect::<Option<Map>>()?)
            }
            Self::Resource(address) => Value::reference(&address, "id"),
            Self::Group(_) => Value::List(self.into_items()?),
            Self::Module(_) | Self::Alias(_) => return None,
        })
    }

    /// Returns the items that it adds to a list: a group adds all its members.
    fn into_items(self) -> Option<Vec<Value>> {
        match self {
            Self::Group(group) => group
                .members
                .iter()
                .map(|(_, member)| member.clone().into_value())
                .collect(),
            other => Some(vec![other.into_value()?]),
        }
    }

    /// Returns the first reference in it, which is known only after apply.
    pub(crate) fn unknown(&self) -> Option<String> {
        match self {
            Self::Plain(value) | Self::Outside(value) => value
                .refs()
                .first()
                .map(|reference| format!("{}.{}", reference.address, reference.attr)),
            Self::List(items) => items.iter().find_map(Self::unknown),
            Self::Map(map) => map.values().find_map(Self::unknown),
            Self::Resource(_) | Self::Group(_) | Self::Module(_) | Self::Alias(_) => None,
        }
    }

    /// Whether it contains a secret.
    pub(crate) fn has_secret(&self) -> bool {
        match self {
            Self::Plain(value) | Self::Outside(value) => value.has_secret(),
            Self::List(items) => items.iter().any(Self::has_secret),
            Self::Map(map) => map.values().any(Self::has_secret),
            Self::Resource(_) | Self::Group(_) | Self::Module(_) | Self::Alias(_) => false,
        }
    }

    /// Its type with an article, for messages.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Plain(Value::Int(_)) => "a whole number",
            Self::Plain(Value::Decimal(_)) => "a number",
            Self::Plain(Value::Bool(_)) => "a boolean",
            Self::Plain(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Resource(_) | Self::Outside(_) => "a resource",
            Self::Group(_) => "a group",
            Self::Module(_) => "a module",
            Self::Alias(_) => "another stack",
        }
    }
}

/// Converts a scalar to the text that it has inside a longer text; `None` for lists and maps.
pub(crate) fn as_piece(value: Value) -> Option<Value> {
    Some(match value {
        Value::Bool(b) => Value::text(b.to_string()),
        Value::Int(n) => Value::text(n.to_string()),
        Value::Decimal(text) => Value::Text(text),
        Value::Text(_)
        | Value::Ref(_)
        | Value::Concat(_)
        | Value::Secret(_)
        | Value::Encode(..) => value,
        Value::Null | Value::List(_) | Value::Map(_) => return None,
    })
}

/// Joins pieces to a text. Adjacent known pieces are joined; if all are known the result is one
/// text, which is secret if any piece is.
pub(crate) fn concat(pieces: Vec<Value>) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    let mut text = String::new();
    let flat = pieces.into_iter().flat_map(|piece| match piece {
        Value::Concat(inner) => inner,
        other => vec![other],
    });
    for piece in flat {
        if let Value::Text(piece) = piece {
            text.push_str(&piece);
        } else {
            parts.extend(taken(&mut text));
            parts.push(piece);
        }
    }
    parts.extend(taken(&mut text));
    let known = parts
        .iter()
        .all(|part| matches!(part, Value::Text(_) | Value::Secret(_)));
    match parts.as_slice() {
        [] => Value::text(""),
        [_] => parts.remove(0),
        _ if known => Value::Secret(Secret::new(parts.iter().map(exposed).collect::<String>())),
        _ => Value::Concat(parts),
    }
}

/// The text collected so far, as a value; nothing if it is empty.
fn taken(text: &mut String) -> Option<Value> {
    (!text.is_empty()).then(|| Value::text(std::mem::take(text)))
}

fn exposed(part: &Value) -> &str {
    match part {
        Value::Text(text) => text,
        Value::Secret(secret) => secret.expose(),
        _ => "",
    }
}
