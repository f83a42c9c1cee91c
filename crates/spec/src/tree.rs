//! A YAML file as a tree in which every key and value has a span.
//!
//! Invariants: the tree has no tags, anchors, aliases, merge keys or nulls (except in overlays);
//! the keys of a map are texts and unique; and the tree is at most [`MAX_DEPTH`] deep, so that code
//! may recurse over it. A node that violates a rule is reported and becomes [`Data::Bad`].

mod guard;
mod mistake;
mod plain;
mod read;

use crate::span::Span;

pub use plain::reading;
pub use read::read;
pub(crate) use read::refuse_nulls;

/// The largest spec file, in bytes: 16 MiB.
pub const MAX_BYTES: usize = 16 << 20;
/// The deepest nesting of lists and maps.
pub const MAX_DEPTH: usize = 64;
/// The largest number of scalars, lists and maps of a file.
pub const MAX_NODES: usize = 1_000_000;
/// The largest scalar, in bytes: 1 MiB.
pub const MAX_SCALAR: usize = 1 << 20;

/// A value and its span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its span; for lists and maps from the first item to the last.
    pub span: Span,
    /// Its content.
    pub data: Data,
}

/// The content of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// A scalar, not interpreted yet.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<Pair>),
    /// Null: empty, `null` or `~`. Only in overlays.
    Null,
    /// A value with an error that was reported.
    Bad,
}

/// A scalar as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Its text, without quotes and with escapes replaced.
    pub text: String,
    /// The style in which it was written.
    pub style: Style,
}

/// The style of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In `'` or `"`.
    Quoted,
    /// After `|` or `>`.
    Block,
    /// Not from YAML, but from the command line or the process environment.
    Given,
}

/// One entry of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// The span of the key.
    pub at: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Returns the value of a key, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.pair(key).map(|pair| &pair.value)
    }

    /// Returns the entry of a key, if this is a map that has it.
    #[must_use]
    pub fn pair(&self, key: &str) -> Option<&Pair> {
        self.pairs().iter().find(|pair| pair.key == key)
    }

    /// Returns the entries of a map; empty for other nodes.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        match &self.data {
            Data::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// Returns the scalar, if it is one.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.data {
            Data::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Returns the text of a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    /// Its type with an article, for messages: `a list`, `a map`.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match &self.data {
            Data::Scalar(_) => "a single value",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
            Data::Null => "nothing",
            Data::Bad => "a value that was refused",
        }
    }
}

impl Pair {
    /// Returns the entries of the value, if it is a map; empty otherwise.
    pub(crate) fn value_pairs_mut(&mut self) -> &mut [Self] {
        match &mut self.value.data {
            Data::Map(pairs) => pairs,
            _ => &mut [],
        }
    }
}
