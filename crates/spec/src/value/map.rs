//! Maps of values: many and small, so they are kept as sorted vectors.
//!
//! A stack of ten thousand resources holds a hundred thousand of these, most with fewer than five
//! entries. A B-tree takes a node of eleven places for each; a sorted vector takes what it holds.
//! Look-ups are binary searches; an insertion moves what stands behind it, which is cheap at this
//! size.

use std::fmt;
use std::ops::{Deref, DerefMut, Index};

use litemap::LiteMap;

use crate::value::{Text, Value};

type Store = Vec<(Text, Value)>;

/// A map of values, in the order of its keys.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Map(LiteMap<Text, Value, Store>);

impl Map {
    /// A map without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self(LiteMap::new_vec())
    }

    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Whether there is a value under a key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Takes out the value under a key.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key)
    }

    /// Puts a value under a key, and returns the one that it replaces.
    pub fn insert(&mut self, key: impl Into<Text>, value: Value) -> Option<Value> {
        self.make_room();
        self.0.insert(key.into(), value)
    }

    /// Makes room for one more entry, and for few beyond it: most maps end near the size at which
    /// they stand, and a vector that grows by itself would double.
    fn make_room(&mut self) {
        let mut entries = std::mem::take(&mut self.0).into_tuple_vec();
        if entries.len() == entries.capacity() {
            entries.reserve_exact(2 + entries.len() / 8);
        }
        self.0 = LiteMap::from_sorted_store_unchecked(entries);
    }

    /// Puts a value under a key that has none.
    pub fn insert_if_absent(&mut self, key: impl Into<Text>, value: Value) {
        let key = key.into();
        if !self.contains_key(&key) {
            self.insert(key, value);
        }
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

/// As a map of the standard library, so that no type of a crate shows in what is made of it.
impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter()).finish()
    }
}

impl Deref for Map {
    type Target = LiteMap<Text, Value, Store>;

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

impl<K: Into<Text>> Extend<(K, Value)> for Map {
    /// A later entry takes the place of an earlier one with its key.
    fn extend<I: IntoIterator<Item = (K, Value)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Into<Text>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut map = Self(LiteMap::with_capacity(entries.size_hint().0));
        map.extend(entries);
        map
    }
}

impl<K: Into<Text>, const N: usize> From<[(K, Value); N]> for Map {
    fn from(entries: [(K, Value); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl IntoIterator for Map {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_tuple_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Text, &'a Value);
    type IntoIter = <&'a LiteMap<Text, Value, Store> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
