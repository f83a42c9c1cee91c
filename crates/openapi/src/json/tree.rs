//! The tree that a body is read into, straight from its bytes.
//!
//! Every value is kept exactly; an object that names a key twice is refused, since whichever of the
//! two a reader took, the other one would be lost without a word. Fields are sorted by name, so that
//! a look-up is a binary search.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(Box<str>),
    List(Box<[Self]>),
    /// Sorted by name, no name twice.
    Object(Box<[Field]>),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: Box<str>,
    pub(super) value: Tree,
}

impl Tree {
    /// The field of this name; none if there is none, or if this is not an object.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let at = fields.binary_search_by(|field| (*field.name).cmp(name));
        at.ok().map(|at| &fields[at].value)
    }

    /// The type, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The path from here to a value inside: `Vpcs.Vpc[1].Tags`.
    pub(super) fn path_to(&self, wanted: &Self) -> Option<String> {
        if std::ptr::eq(self, wanted) {
            return Some(String::new());
        }
        let dotted = |name: String, rest: String| match rest.chars().next() {
            None | Some('[') => name + &rest,
            Some(_) => format!("{name}.{rest}"),
        };
        match self {
            Self::List(rows) => rows.iter().enumerate().find_map(|(at, row)| {
                let rest = row.path_to(wanted)?;
                Some(dotted(format!("[{at}]"), rest))
            }),
            Self::Object(fields) => fields.iter().find_map(|field| {
                let rest = field.value.path_to(wanted)?;
                Some(dotted(field.name.to_string(), rest))
            }),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        let number = Number::from_f64(value);
        number
            .map(Tree::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(row) = rows.next_element()? {
            list.push(row);
        }
        Ok(Tree::List(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = entries.next_entry()? {
            fields.push(Field { name, value });
        }
        fields.sort_by(|one, other| one.name.cmp(&other.name));
        let twice = fields.windows(2).any(|pair| pair[0].name == pair[1].name);
        if twice {
            return Err(A::Error::custom("an object names one key twice"));
        }
        Ok(Tree::Object(fields.into()))
    }
}
