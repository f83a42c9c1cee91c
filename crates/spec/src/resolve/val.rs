//! What an expression can be while a stack is resolved: plain values, and things that only the
//! language knows.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::address::{Address, Key};
use crate::value::{Map, Secret, Value};

/// The place of a member in the resolver's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MemberId(pub(crate) usize);

/// A value during resolving.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Val {
    /// A scalar, known or not; never a list or map.
    Plain(Value),
    /// A list.
    List(Vec<Self>),
    /// A map.
    Map(BTreeMap<String, Self>),
    /// A resource of this stack, or one outside under a reserved root (see [`crate::outside`]).
    Resource(Address),
    /// An id or a look-up of something outside, where a reference was wanted.
    Outside(Value),
    /// All members of a group.
    Group(Rc<Group>),
    /// A module, of which only outputs are seen.
    Module(MemberId),
    /// Another stack, by its alias.
    Alias(String),
}

/// A group and its members in order.
#[derive(Debug, PartialEq)]
pub(crate) struct Group {
    /// Its address without a key.
    pub(crate) address: Address,
    /// Keys and members; each member is [`Val::Resource`] or [`Val::Module`].
    pub(crate) members: Vec<(Key, Val)>,
}

impl Val {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Plain(Value::Text(text.into()))
    }

    /// The plain value that a stack holds, resources as references to their id; `None` for what no
    /// field can hold.
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

    /// What a list holds where this stands as an item: a group gives all its members.
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

    /// The first reference in it that is known after apply only.
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

    /// Whether a secret stands in it.
    pub(crate) fn has_secret(&self) -> bool {
        match self {
            Self::Plain(value) | Self::Outside(value) => value.has_secret(),
            Self::List(items) => items.iter().any(Self::has_secret),
            Self::Map(map) => map.values().any(Self::has_secret),
            Self::Resource(_) | Self::Group(_) | Self::Module(_) | Self::Alias(_) => false,
        }
    }

    /// What people call it.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Plain(Value::Int(_)) => "a whole number",
            Self::Plain(Value::Decimal(_)) => "a number",
            Self::Plain(Value::Bool(_)) => "a truth value",
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

/// A scalar as the text it would be inside a longer one; `None` for lists and maps.
pub(crate) fn as_piece(value: Value) -> Option<Value> {
    Some(match value {
        Value::Bool(b) => Value::Text(b.to_string()),
        Value::Int(n) => Value::Text(n.to_string()),
        Value::Decimal(text) => Value::Text(text),
        Value::Text(_)
        | Value::Ref(_)
        | Value::Concat(_)
        | Value::Secret(_)
        | Value::Encode(..) => value,
        Value::Null | Value::List(_) | Value::Map(_) => return None,
    })
}

/// Text from pieces: known neighbours are joined, a known whole is one text, and secret if any
/// piece is.
pub(crate) fn concat(pieces: Vec<Value>) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    let flat = pieces.into_iter().flat_map(|piece| match piece {
        Value::Concat(inner) => inner,
        other => vec![other],
    });
    for piece in flat {
        match (parts.last_mut(), piece) {
            (_, Value::Text(text)) if text.is_empty() => {}
            (Some(Value::Text(last)), Value::Text(text)) => last.push_str(&text),
            (_, piece) => parts.push(piece),
        }
    }
    let known = parts
        .iter()
        .all(|part| matches!(part, Value::Text(_) | Value::Secret(_)));
    match parts.as_slice() {
        [] => Value::Text(String::new()),
        [_] => parts.remove(0),
        _ if known => Value::Secret(Secret::new(parts.iter().map(exposed).collect::<String>())),
        _ => Value::Concat(parts),
    }
}

fn exposed(part: &Value) -> &str {
    match part {
        Value::Text(text) => text,
        Value::Secret(secret) => secret.expose(),
        _ => "",
    }
}
