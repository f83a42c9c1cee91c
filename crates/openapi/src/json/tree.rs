//! The tree that a body is read into, straight from its bytes.
//!
//! Every value is kept exactly; an object that names a key twice is refused, since one of the two
//! would be lost without a word. Fields are sorted by name, so a look-up is a binary search.
//!
//! All names and texts of a body stand in one string, and the tree holds their places in it: a page
//! of a hundred rows has ten thousand of them, and an allocation for each took longer than reading
//! the page.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(Place),
    List(Box<[Self]>),
    /// Sorted by name, no name twice.
    Object(Box<[Field]>),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: Place,
    pub(super) value: Tree,
}

/// Where a text stands among the texts of its body, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    start: usize,
    end: usize,
}

impl Place {
    pub(super) fn of(self, texts: &str) -> &str {
        &texts[self.start..self.end]
    }
}

/// Reads a body: its tree, and the texts that the tree refers to.
pub(super) fn read(body: &[u8]) -> serde_json::Result<(Tree, String)> {
    let texts = RefCell::new(String::with_capacity(body.len() / 2));
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let tree = Reader(&texts).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((tree, texts.into_inner()))
}

impl Tree {
    /// The field of this name; none if there is none, or if this is not an object.
    pub(super) fn field(&self, name: &str, texts: &str) -> Option<&Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let at = fields.binary_search_by(|field| field.name.of(texts).cmp(name));
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
    pub(super) fn path_to(&self, wanted: &Self, texts: &str) -> Option<String> {
        if std::ptr::eq(self, wanted) {
            return Some(String::new());
        }
        let dotted = |name: String, rest: String| match rest.chars().next() {
            None | Some('[') => name + &rest,
            Some(_) => format!("{name}.{rest}"),
        };
        match self {
            Self::List(rows) => rows.iter().enumerate().find_map(|(at, row)| {
                let rest = row.path_to(wanted, texts)?;
                Some(dotted(format!("[{at}]"), rest))
            }),
            Self::Object(fields) => fields.iter().find_map(|field| {
                let rest = field.value.path_to(wanted, texts)?;
                Some(dotted(field.name.of(texts).to_owned(), rest))
            }),
            _ => None,
        }
    }
}

/// Reads values, and puts their texts where the tree finds them.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a RefCell<String>);

impl Reader<'_> {
    fn keep(self, text: &str) -> Place {
        let mut texts = self.0.borrow_mut();
        let start = texts.len();
        texts.push_str(text);
        let end = texts.len();
        Place { start, end }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
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
        Ok(Tree::Text(self.keep(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(row) = rows.next_element_seed(self)? {
            list.push(row);
        }
        Ok(Tree::List(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = entries.next_key_seed(Name(self))? {
            let value = entries.next_value_seed(self)?;
            fields.push(Field { name, value });
        }
        let texts = self.0.borrow();
        fields.sort_by(|one: &Field, other| one.name.of(&texts).cmp(other.name.of(&texts)));
        let is_twice = |pair: &[Field]| pair[0].name.of(&texts) == pair[1].name.of(&texts);
        if fields.windows(2).any(is_twice) {
            return Err(A::Error::custom("an object names one key twice"));
        }
        Ok(Tree::Object(fields.into()))
    }
}

/// Reads the name of a field.
struct Name<'a>(Reader<'a>);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Place;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Place, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, value: &str) -> Result<Place, E> {
        Ok(self.0.keep(value))
    }
}
