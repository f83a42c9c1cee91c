//! A YAML file as a tree in which every key and value knows its place.
//!
//! Invariants: no tag, anchor, alias, merge key or null is in it, keys of a map are texts and
//! unique, and it is at most [`MAX_DEPTH`] deep, so that walking it may recurse. What broke a rule
//! is reported and stands as [`Data::Bad`].

mod guard;
mod mistake;
mod plain;
mod read;

use crate::span::Span;

pub use plain::reading;
pub use read::read;
pub(crate) use read::refuse_nulls;

/// Most bytes of a spec file: 16 MiB.
pub const MAX_BYTES: usize = 16 << 20;
/// Most levels of lists and maps in each other.
pub const MAX_DEPTH: usize = 64;
/// Most scalars, lists and maps in a file.
pub const MAX_NODES: usize = 1_000_000;
/// Most bytes of one scalar: 1 MiB.
pub const MAX_SCALAR: usize = 1 << 20;

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its place; for lists and maps from the first item to the last.
    pub span: Span,
    /// What it is.
    pub data: Data,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Text, not yet read as anything.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<Pair>),
    /// Nothing: empty, `null` or `~`. In overlays only.
    Null,
    /// Something refused and reported already.
    Bad,
}

/// A scalar as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Its text, quotes and escapes resolved.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Bare.
    Plain,
    /// In `'` or `"`.
    Quoted,
    /// After `|` or `>`.
    Block,
    /// Not in YAML at all: from the command line or the process environment.
    Given,
}

/// One entry of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// The key's place.
    pub at: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The value under a key, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.pair(key).map(|pair| &pair.value)
    }

    /// The entry of a key, if this is a map that has it.
    #[must_use]
    pub fn pair(&self, key: &str) -> Option<&Pair> {
        self.pairs().iter().find(|pair| pair.key == key)
    }

    /// The entries, if this is a map; none otherwise.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        match &self.data {
            Data::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The scalar, if it is one.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.data {
            Data::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    /// What people call it: `a list`, `a map`, `text`, `nothing`.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match &self.data {
            Data::Scalar(_) => "a single value",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
            Data::Null => "nothing",
            Data::Bad => "something refused",
        }
    }
}

impl Pair {
    /// The entries of the value, if it is a map; none otherwise.
    pub(crate) fn value_pairs_mut(&mut self) -> &mut [Self] {
        match &mut self.value.data {
            Data::Map(pairs) => pairs,
            _ => &mut [],
        }
    }
}
