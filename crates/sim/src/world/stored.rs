//! The rows of a world for a store: which have changed, each as JSON, and a world from them.

use serde::{Deserialize, Serialize};

use super::{World, agenda};
use crate::account::Account;
use crate::profile::Options;
use crate::tables::Tables;

/// One row that a call has changed, for a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind of the row.
    pub kind: &'static str,
    /// Its id within the kind.
    pub id: String,
    /// Its new form as JSON; none if it is gone.
    pub row: Option<String>,
}

/// Why stored rows cannot be taken for a world.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A row does not have the form that this version writes.
    #[error("the stored {kind} `{id}` cannot be read: {source}")]
    Row {
        /// The kind of the row.
        kind: String,
        /// Its id.
        id: String,
        /// What the JSON reader says.
        source: serde_json::Error,
    },
    /// A row of a kind that this version does not know.
    #[error("the store holds a row of unknown kind `{kind}`: it was written by another version")]
    Kind {
        /// The kind.
        kind: String,
    },
    /// The row that says whose world this is is missing.
    #[error("the store has no world in it")]
    Empty,
}

/// The row that says whose world this is and how far its time has come.
#[derive(Debug, Serialize, Deserialize)]
struct Meta {
    seed: u64,
    account: Account,
    now_ms: i64,
}

const META: (&str, &str) = ("meta", "world");

impl World {
    /// A world from the rows that [`World::take_changes`] once gave.
    ///
    /// # Errors
    /// If a row cannot be read or the row of the account is missing.
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

    /// Forgets which rows have changed, where there is no store.
    pub fn forget_changes(&mut self) {
        self.changed.clear();
    }

    /// The rows that have changed since the last time, for a store. Reading them marks them as
    /// stored.
    pub fn take_changes(&mut self) -> Vec<Change> {
        if self.changed.is_empty() {
            return Vec::new();
        }
        // How far time has come goes along, so that a world that is opened again does not go back.
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
