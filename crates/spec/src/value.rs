//! Values of fields, tags and parameters: what is known now, and what is known after apply only.
//!
//! Values may be unknown, shape may not: a [`Value::Ref`] stands where a scalar will stand. A
//! secret can be compared and encoded, but never printed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::address::Address;

mod map;

pub use map::Map;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing: only where an overlay takes something away, or a live attribute is empty.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A decimal number in canonical text: no exponent, no needless zeros (`0.4`).
    Decimal(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// A map.
    Map(Map),
    /// An attribute of a resource of this stack; known when that resource is.
    Ref(Box<Ref>),
    /// Text made of parts, at least one of them not known yet.
    Concat(Vec<Self>),
    /// Text that is never shown.
    Secret(Secret),
    /// The encoding of a value that may not be known yet.
    Encode(Encoding, Box<Self>),
}

/// How [`Value::Encode`] turns its value into text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// Compact JSON text.
    Json,
    /// Standard base64 of the text's bytes.
    Base64,
}

/// A reference to an attribute of a resource of this stack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref {
    /// The resource.
    pub address: Address,
    /// Its attribute, `id` for the resource itself; nested ones with dots (`system_disk.id`).
    pub attr: String,
}

/// A text that has no `Display` and whose `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a text into keeping.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself; for the one place that must send or write it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl PartialOrd for Secret {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Secret {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.expose().cmp(other.expose())
    }
}

impl Value {
    /// A text value.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A reference to an attribute of a resource.
    #[must_use]
    pub fn reference(address: &Address, attr: &str) -> Self {
        Self::Ref(Box::new(Ref {
            address: address.clone(),
            attr: attr.to_owned(),
        }))
    }

    /// The text, if it is a plain text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if it is a map.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Whether no reference stands in it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.refs().is_empty()
    }

    /// Every reference in it, in order of appearance, with repeats.
    #[must_use]
    pub fn refs(&self) -> Vec<&Ref> {
        let mut found: Vec<&Ref> = Vec::new();
        self.walk(&mut |value| {
            if let Self::Ref(reference) = value {
                found.push(reference);
            }
        });
        found
    }

    /// Whether a secret stands in it.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        let mut found = false;
        self.walk(&mut |value| found |= matches!(value, Self::Secret(_)));
        found
    }

    fn walk<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        match self {
            Self::List(items) | Self::Concat(items) => items.iter().for_each(|item| item.walk(see)),
            Self::Map(map) => map.values().for_each(|item| item.walk(see)),
            Self::Encode(_, inner) => inner.walk(see),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Decimal(_)
            | Self::Text(_)
            | Self::Ref(_)
            | Self::Secret(_) => {}
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}
