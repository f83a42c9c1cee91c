//! Values of fields, tags and parameters. Some are known only after apply.
//!
//! A value may be unknown, but its shape is always known: a [`Value::Ref`] takes the place of a
//! scalar, never of a list or map. A secret can be compared and encoded, but not printed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::address::Address;

mod map;

pub use map::Map;
/// A text that is cheap to copy: up to 23 bytes stand in it, a longer one is shared.
pub use smol_str::SmolStr as Text;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Null: an overlay that removes a value, or an empty live attribute.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A decimal number in canonical text, without exponent and trailing zeros: `0.4`.
    Decimal(Text),
    /// A text.
    Text(Text),
    /// A list.
    List(Vec<Self>),
    /// A map.
    Map(Map),
    /// An attribute of a resource, known once that resource exists.
    Ref(Box<Ref>),
    /// A text made of parts, of which at least one is not known yet.
    Concat(Vec<Self>),
    /// A text that is never shown.
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

/// Creates a reference to an attribute of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref {
    /// The resource.
    pub address: Address,
    /// The attribute, `id` for the resource itself, with dots if it is nested (`system_disk.id`).
    pub attr: String,
}

/// A secret text. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Returns the text, for code that must send or write it.
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
    /// Creates a text value.
    #[must_use]
    pub fn text(text: impl Into<Text>) -> Self {
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

    /// Returns the text, if it is a plain text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the whole number, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// Returns the boolean, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// Returns the items, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the entries, if it is a map.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Whether it contains no references.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.refs().is_empty()
    }

    /// Returns every reference in it, in order of appearance, with repeats.
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

    /// Whether it contains a secret.
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
        Self::text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
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
