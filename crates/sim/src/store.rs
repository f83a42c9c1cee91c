//! The rows of a world on disk.
//!
//! Invariant: all rows that one call changed are written in one transaction that is on the disk before the call is
//! answered, so a killed process loses nothing that was answered and half a call is never seen.

use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

use crate::world::Change;

/// Rows as JSON by (kind, id).
const ROWS: TableDefinition<'_, (&str, &str), &str> = TableDefinition::new("rows");

/// A folder with a world in it, open for this process alone.
#[derive(Debug)]
pub struct Store {
    database: Database,
    path: PathBuf,
}

/// Kind, id and JSON of a stored row.
pub type StoredRow = (String, String, String);

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made.
    #[error("the folder `{path}` cannot be made: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the file system says.
        source: std::io::Error,
    },
    /// Another process has it open.
    #[error("the simulated cloud in `{path}` is in use by another process")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The database says no.
    #[error("the simulated cloud in `{path}` cannot be read or written: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: Box<redb::Error>,
    },
}

impl Store {
    /// Opens the store in a folder, made if missing, and reads every row.
    ///
    /// # Errors
    /// If the folder or the database in it cannot be used.
    #[expect(clippy::disallowed_methods, reason = "the store is the simulator's one door to files")]
    pub fn open(dir: &Path) -> Result<(Self, Vec<StoredRow>), StoreError> {
        std::fs::create_dir_all(dir).map_err(|source| StoreError::Folder { path: dir.to_owned(), source })?;
        let path = dir.join("world.redb");
        let database = Database::create(&path).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { path: path.clone() },
            other => StoreError::Database { path: path.clone(), source: Box::new(other.into()) },
        })?;
        let store = Self { database, path };
        let rows = store.rows().map_err(|error| store.failed(error))?;
        Ok((store, rows))
    }

    /// Writes changed rows; returns when they are on the disk.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn keep(&self, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() { Ok(()) } else { self.write(changes).map_err(|error| self.failed(error)) }
    }

    /// Takes every row out.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn clear(&self) -> Result<(), StoreError> {
        self.empty().map_err(|error| self.failed(error))
    }

    fn rows(&self) -> Result<Vec<StoredRow>, redb::Error> {
        // A new database has no table to read from.
        let begin = self.database.begin_write()?;
        begin.open_table(ROWS)?;
        begin.commit()?;
        let read = self.database.begin_read()?;
        let table = read.open_table(ROWS)?;
        let mut rows = Vec::new();
        for row in table.iter()? {
            let (key, value) = row?;
            let (kind, id) = key.value();
            rows.push((kind.to_owned(), id.to_owned(), value.value().to_owned()));
        }
        Ok(rows)
    }

    fn write(&self, changes: &[Change]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(ROWS)?;
            for change in changes {
                let key = (change.kind, change.id.as_str());
                match &change.row {
                    Some(row) => table.insert(key, row.as_str())?,
                    None => table.remove(key)?,
                };
            }
        }
        // Durability is immediate by default: the commit returns after the sync.
        transaction.commit()?;
        Ok(())
    }

    fn empty(&self) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        transaction.delete_table(ROWS)?;
        transaction.open_table(ROWS)?;
        transaction.commit()?;
        Ok(())
    }

    fn failed(&self, error: redb::Error) -> StoreError {
        StoreError::Database { path: self.path.clone(), source: Box::new(error) }
    }
}
