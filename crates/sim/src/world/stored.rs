//! The stored form of a world: each row as JSON by kind and id, and a world from such rows.
//!
//! A store takes the changed rows after each call and must write all rows of one call together. The
//! row of kind `meta` has seed, account and time.

use serde::{Deserialize, Serialize};

use super::{World, agenda};
use crate::account::Account;
use crate::profile::Options;
use crate::tables::Tables;

/// A row that has changed since the store asked the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind of the row.
    pub kind: &'static str,
    /// Its id within the kind.
    pub id: String,
    /// Its new form as JSON; `None` if the row was deleted.
    pub row: Option<String>,
}

/// Reasons why stored rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A row is not in the form that this version writes.
    #[error("the stored {kind} `{id}` cannot be read: {source}")]
    Row {
        /// The kind of the row.
        kind: String,
        /// Its id.
        id: String,
        /// The reason, from the JSON reader.
        source: serde_json::Error,
    },
    /// The kind of a row is unknown to this version.
    #[error("the store holds a row of unknown kind `{kind}`: it was written by another version")]
    Kind {
        /// The kind.
        kind: String,
    },
    /// The row with seed, account and time is missing.
    #[error("the store has no world in it")]
    Empty,
}

/// The row with seed, account and time.
#[derive(Debug, Serialize, Deserialize)]
struct Meta {
    seed: u64,
    account: Account,
    now_ms: i64,
}

const META: (&str, &str) = ("meta", "world");

impl World {
    /// Restores a world from the rows that [`World::take_changes`] returned.
    ///
    /// # Errors
    /// If a row cannot be read, or the row of the account is missing.
    pub fn from_rows(
        rows: impl IntoIterator<Item = (String, String, String)>,
        options: Options,
    ) -> Result<Self, LoadError> {
        let mut tables = Tables::default();
        let mut meta = None;
        for (kind, id, text) in rows {
            let as_error = |source| LoadError::Row {
                kind: kind.clone(),
                id: id.clone(),
                source,
            };
            if kind == META.0 {
                meta = Some(serde_json::from_str::<Meta>(&text).map_err(as_error)?);
            } else if !tables.load(&kind, &id, &text).map_err(as_error)? {
                return Err(LoadError::Kind { kind });
            }
        }
        let meta = meta.ok_or(LoadError::Empty)?;
        let mut world = Self::bare(meta.seed, meta.account, meta.now_ms, options);
        world.agenda = agenda(&tables);
        world.tables = tables;
        Ok(world)
    }

    /// Forgets which rows have changed. For worlds without a store.
    pub fn forget_changes(&mut self) {
        self.changed.clear();
    }

    /// Takes the rows that have changed since the last call of this method. They count as stored
    /// from then on.
    pub fn take_changes(&mut self) -> Vec<Change> {
        if self.changed.is_empty() {
            return Vec::new();
        }
        // The time is stored with them, so that it does not run backwards in a reopened world.
        self.changed.insert(meta_key());
        let keys = std::mem::take(&mut self.changed);
        keys.into_iter()
            .map(|(kind, id)| Change {
                row: self.stored(kind, &id),
                kind,
                id,
            })
            .collect()
    }

    /// Every row in its stored form, as (kind, id, JSON): what [`World::from_rows`] takes.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String, String)> {
        let mut keys: Vec<(&'static str, String)> = self
            .tables
            .keys()
            .into_iter()
            .map(|(kind, id, _)| (kind, id))
            .collect();
        keys.push(meta_key());
        keys.into_iter()
            .filter_map(|(kind, id)| self.stored(kind, &id).map(|row| (kind.to_owned(), id, row)))
            .collect()
    }

    fn stored(&self, kind: &'static str, id: &str) -> Option<String> {
        if kind != META.0 {
            return self.tables.stored(kind, id);
        }
        let meta = Meta {
            seed: self.seed,
            account: self.account.clone(),
            now_ms: self.now_ms,
        };
        Some(serde_json::to_string(&meta).expect("the row of the account is plain data"))
    }
}

pub(super) fn meta_key() -> (&'static str, String) {
    (META.0, META.1.to_owned())
}
