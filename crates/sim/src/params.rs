//! Flattened parameters by name.
//!
//! Invariant: one value a name; the order is that of the names' bytes.

use std::collections::BTreeMap;

/// The parameters of one request, without signature and protocol fields.
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

    /// Names and values from this name on, in the order of bytes.
    pub(crate) fn range_from(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .range(name.to_owned()..)
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Every name and value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
