//! Maps of values: many and small, so they are kept as sorted vectors.
//!
//! A stack of ten thousand resources holds a hundred thousand of these, most with fewer than five
//! entries. A B-tree takes a node of eleven places for each; a sorted vector takes what it holds.
//! Look-ups are binary searches; an insertion moves what stands behind it, which is cheap at this
//! size.

use std::ops::{Deref, DerefMut, Index};

use litemap::LiteMap;

use crate::value::Value;

type Store = Vec<(String, Value)>;

/// A map of values, in the order of its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Map(LiteMap<String, Value, Store>);

impl Map {
    /// A map without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self(LiteMap::new_vec())
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl Deref for Map {
    type Target = LiteMap<String, Value, Store>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Map {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Index<&str> for Map {
    type Output = Value;

    /// # Panics
    /// The key is missing.
    fn index(&self, key: &str) -> &Value {
        self.0.get(key).expect("the key is there")
    }
}

impl Extend<(String, Value)> for Map {
    /// A later entry takes the place of an earlier one with its key.
    fn extend<I: IntoIterator<Item = (String, Value)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.0.insert(key, value);
        }
    }
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<const N: usize> From<[(String, Value); N]> for Map {
    fn from(entries: [(String, Value); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_tuple_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a String, &'a Value);
    type IntoIter = <&'a LiteMap<String, Value, Store> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
