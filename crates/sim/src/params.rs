//! The flattened parameters of a request, by name.
//!
//! Invariant: a name has one value; the order is that of the names' bytes.

use std::collections::BTreeMap;

/// The parameters of one request, without fields of the signature and the protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    pub(crate) fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The value of this name.
    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Names and values in the order of bytes, beginning with this name.
    pub(crate) fn range_from(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .range(name.to_owned()..)
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// All names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
