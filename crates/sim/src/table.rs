//! A table of rows by id that can take back what a call has begun.
//!
//! Invariant: between two calls nothing is pending; `commit` and `undo` leave `before` empty.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::Base;
use crate::links::Links;
use crate::listing::Places;
use crate::world::World;

/// A kind of row: how it is stored, shown and moved on in time.
pub(crate) trait Row: Clone + Serialize + DeserializeOwned {
    /// The name of the kind in the store and in `/_sim/resources`.
    const KIND: &'static str;

    /// What every resource has. None for rows of bookkeeping, which are no resources.
    fn base(&self) -> Option<&Base>;

    /// Whether it was there from the start and nobody made it.
    fn furnished(&self) -> bool {
        false
    }

    /// The state as the API names it.
    fn state(&self) -> &str {
        "Available"
    }

    /// The moment of the next change of state, in milliseconds.
    fn due_ms(&self) -> Option<i64> {
        None
    }

    /// Ids of what it hangs on, for [`Table::linked`]. What is not named here is found by looking at every row.
    fn links(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Takes the change of state that is due now.
    fn step(_world: &mut World, _id: &str) {}
}

/// Rows of one kind by id, with what they were before the call in progress.
#[derive(Debug, Clone)]
pub(crate) struct Table<T> {
    rows: BTreeMap<String, T>,
    before: BTreeMap<String, Option<T>>,
    /// Where the rows stand in listings, and what they hang on, as it was before the call in progress.
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

    /// The row of this id, to be changed.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let row = self.rows.get_mut(id)?;
        self.before
            .entry(id.to_owned())
            .or_insert_with(|| Some(row.clone()));
        Some(row)
    }

    /// Puts a row under an id.
    pub(crate) fn insert(&mut self, id: &str, row: T) {
        let old = self.rows.insert(id.to_owned(), row);
        self.before.entry(id.to_owned()).or_insert(old);
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let old = self.rows.remove(id)?;
        self.before
            .entry(id.to_owned())
            .or_insert_with(|| Some(old.clone()));
        Some(old)
    }

    /// Every row, hidden ones too, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.rows.iter().map(|(id, row)| (id.as_str(), row))
    }

    /// Every row, hidden ones too.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.rows.values()
    }

    /// Rows that hang on this id, by their own.
    pub(crate) fn linked<'a>(&'a self, to: &'a str) -> impl Iterator<Item = &'a T> {
        let settled = self
            .links
            .of(to)
            .filter(|id| !self.before.contains_key(*id));
        // What the call in progress has touched may have come to hang on it, or be gone.
        let touched = self.before.keys().map(String::as_str);
        let mut ids: Vec<&str> = settled.chain(touched).collect();
        ids.sort_unstable();
        ids.into_iter()
            .filter_map(|id| self.rows.get(id))
            .filter(move |row| row.links().contains(&to))
    }

    /// Where the rows stand in listings.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// Ids that did not exist before the call in progress.
    pub(crate) fn fresh(&self) -> impl Iterator<Item = &str> {
        self.before
            .iter()
            .filter(|(id, old)| old.is_none() && self.rows.contains_key(*id))
            .map(|(id, _)| id.as_str())
    }

    /// Keeps what the call has done; returns the ids it touched.
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

    /// Takes back what the call has done.
    pub(crate) fn undo(&mut self) {
        for (id, old) in std::mem::take(&mut self.before) {
            match old {
                Some(row) => self.rows.insert(id, row),
                None => self.rows.remove(&id),
            };
        }
    }

    /// The stored form of a row; none if there is no such row.
    pub(crate) fn stored(&self, id: &str) -> Option<String> {
        self.rows
            .get(id)
            .map(|row| serde_json::to_string(row).expect("rows are plain data with text keys"))
    }

    /// Reads a stored row back.
    pub(crate) fn load(&mut self, id: &str, text: &str) -> Result<(), serde_json::Error> {
        self.rows.insert(id.to_owned(), serde_json::from_str(text)?);
        self.settle(id, None);
        Ok(())
    }
}
