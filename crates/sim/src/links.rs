//! An index of rows by the ids that they refer to, so that finding a few does not read a whole
//! table.
//!
//! Invariant: between two calls, a row is listed under each id that it refers to and under no
//! other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The keys of rows, by the id that they refer to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links(BTreeMap<String, BTreeSet<Arc<str>>>);

impl Links {
    /// The keys of the rows that refer to an id.
    pub(crate) fn of(&self, to: &str) -> impl Iterator<Item = &str> {
        self.0.get(to).into_iter().flatten().map(AsRef::as_ref)
    }

    /// Moves a row to the ids that its new form refers to.
    pub(crate) fn move_to(&mut self, key: &str, old: Vec<&str>, new: Vec<&str>) {
        if old == new {
            return;
        }
        for to in old {
            if let Some(keys) = self.0.get_mut(to) {
                keys.remove(key);
                if keys.is_empty() {
                    self.0.remove(to);
                }
            }
        }
        let mut shared: Option<Arc<str>> = None;
        for to in new {
            let key = shared.get_or_insert_with(|| Arc::from(key)).clone();
            self.0.entry(to.to_owned()).or_default().insert(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_move_with_their_links() {
        let mut links = Links::default();
        links.move_to("a", vec![], vec!["x", "y"]);
        links.move_to("b", vec![], vec!["x"]);
        links.move_to("a", vec!["x", "y"], vec!["y"]);
        assert_eq!(links.of("x").collect::<Vec<_>>(), ["b"]);
        assert_eq!(links.of("y").collect::<Vec<_>>(), ["a"]);
        links.move_to("b", vec!["x"], vec![]);
        assert!(links.of("x").next().is_none() && links.0.len() == 1);
    }
}
