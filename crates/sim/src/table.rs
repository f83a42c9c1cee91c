//! A table of rows by id that can undo the changes of a call.
//!
//! While a call is in progress, `before` keeps the old form of every row that it touches. `commit`
//! forgets them and brings the indexes up to date; `undo` restores them. The cost is proportional
//! to the rows touched.
//!
//! Invariant: between two calls `before` is empty, and the indexes describe the rows.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::Base;
use crate::links::Links;
use crate::listing::Places;
use crate::world::World;

/// A kind of row: how it is stored, shown and changed by time.
pub(crate) trait Row: Clone + Serialize + DeserializeOwned {
    /// The name of the kind in the store and in `/_sim/resources`.
    const KIND: &'static str;

    /// The common attributes of a resource. `None` for rows that are not resources.
    fn base(&self) -> Option<&Base>;

    /// Whether the row exists from the start, so that nobody created it.
    fn furnished(&self) -> bool {
        false
    }

    /// The state in the words of the API.
    fn state(&self) -> &str {
        "Available"
    }

    /// The time of the next change of state, in milliseconds.
    fn due_ms(&self) -> Option<i64> {
        None
    }

    /// The ids that the row refers to, for [`Table::linked`]. Other references are found only by
    /// reading every row.
    fn links(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Performs the change of state that is due now.
    fn step(_world: &mut World, _id: &str) {}
}

/// Rows of one kind by id, with their form before the call in progress.
#[derive(Debug, Clone)]
pub(crate) struct Table<T> {
    rows: BTreeMap<String, T>,
    before: BTreeMap<String, Option<T>>,
    /// Indexes of the rows, as they were before the call in progress.
    places: Places,
    links: Links,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            before: BTreeMap::new(),
            places: Places::default(),
            links: Links::default(),
        }
    }
}

impl<T: Row> Table<T> {
    /// The row of this id.
    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(id)
    }

    /// The row with this id, for a change.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let row = self.rows.get_mut(id)?;
        self.before
            .entry(id.to_owned())
            .or_insert_with(|| Some(row.clone()));
        Some(row)
    }

    /// Stores a row under an id.
    pub(crate) fn insert(&mut self, id: &str, row: T) {
        let old = self.rows.insert(id.to_owned(), row);
        self.before.entry(id.to_owned()).or_insert(old);
    }

    /// Removes a row.
    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let old = self.rows.remove(id)?;
        self.before
            .entry(id.to_owned())
            .or_insert_with(|| Some(old.clone()));
        Some(old)
    }

    /// All rows, hidden ones included, with their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.rows.iter().map(|(id, row)| (id.as_str(), row))
    }

    /// All rows, hidden ones included.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.rows.values()
    }

    /// The rows that refer to this id, in the order of their own ids.
    pub(crate) fn linked<'a>(&'a self, to: &'a str) -> impl Iterator<Item = &'a T> {
        let settled = self
            .links
            .of(to)
            .filter(|id| !self.before.contains_key(*id));
        // The index does not know yet what the call in progress has changed.
        let touched = self.before.keys().map(String::as_str);
        let mut ids: Vec<&str> = settled.chain(touched).collect();
        ids.sort_unstable();
        ids.into_iter()
            .filter_map(|id| self.rows.get(id))
            .filter(move |row| row.links().contains(&to))
    }

    /// The index by region and tag.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// The ids that did not exist before the call in progress.
    pub(crate) fn fresh(&self) -> impl Iterator<Item = &str> {
        self.before
            .iter()
            .filter(|(id, old)| old.is_none() && self.rows.contains_key(*id))
            .map(|(id, _)| id.as_str())
    }

    /// Keeps the changes of the call, and returns the ids that it touched.
    pub(crate) fn commit(&mut self) -> impl Iterator<Item = String> {
        let before = std::mem::take(&mut self.before);
        for (id, old) in &before {
            self.settle(id, old.as_ref());
        }
        before.into_keys()
    }

    fn settle(&mut self, id: &str, old: Option<&T>) {
        let new = self.rows.get(id);
        self.places
            .move_to(id, old.and_then(Row::base), new.and_then(Row::base));
        self.links.move_to(
            id,
            old.map(Row::links).unwrap_or_default(),
            new.map(Row::links).unwrap_or_default(),
        );
    }

    /// Undoes the changes of the call.
    pub(crate) fn undo(&mut self) {
        for (id, old) in std::mem::take(&mut self.before) {
            match old {
                Some(row) => self.rows.insert(id, row),
                None => self.rows.remove(&id),
            };
        }
    }

    /// The stored form of a row; `None` if there is no such row.
    pub(crate) fn stored(&self, id: &str) -> Option<String> {
        self.rows
            .get(id)
            .map(|row| serde_json::to_string(row).expect("rows are plain data with text keys"))
    }

    /// Restores a stored row.
    pub(crate) fn load(&mut self, id: &str, text: &str) -> Result<(), serde_json::Error> {
        self.rows.insert(id.to_owned(), serde_json::from_str(text)?);
        self.settle(id, None);
        Ok(())
    }
}
