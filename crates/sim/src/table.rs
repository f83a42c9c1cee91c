//! A table of rows by id that can take back what a call has begun.
//!
//! Invariant: between two calls nothing is pending; `commit` and `undo` leave `before` empty.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::Base;
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

    /// Takes the change of state that is due now.
    fn step(_world: &mut World, _id: &str) {}
}

/// Rows of one kind by id, with what they were before the call in progress.
#[derive(Debug, Clone)]
pub(crate) struct Table<T> {
    rows: BTreeMap<String, T>,
    before: BTreeMap<String, Option<T>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), before: BTreeMap::new() }
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
        self.before.entry(id.to_owned()).or_insert_with(|| Some(row.clone()));
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
        self.before.entry(id.to_owned()).or_insert_with(|| Some(old.clone()));
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

    /// Ids that did not exist before the call in progress.
    pub(crate) fn fresh(&self) -> impl Iterator<Item = &str> {
        self.before.iter().filter(|(id, old)| old.is_none() && self.rows.contains_key(*id)).map(|(id, _)| id.as_str())
    }

    /// Keeps what the call has done; returns the ids it touched.
    pub(crate) fn commit(&mut self) -> impl Iterator<Item = String> {
        std::mem::take(&mut self.before).into_keys()
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
        self.rows.get(id).map(|row| serde_json::to_string(row).expect("rows are plain data with text keys"))
    }

    /// Reads a stored row back.
    pub(crate) fn load(&mut self, id: &str, text: &str) -> Result<(), serde_json::Error> {
        self.rows.insert(id.to_owned(), serde_json::from_str(text)?);
        Ok(())
    }
}
