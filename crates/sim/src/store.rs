//! The rows of a world on disk, in a database of one file.
//!
//! Calls queue their changed rows while the world is locked. They are written outside of the lock:
//! a call that waits for the disk writes everything queued until then, so that simultaneous calls
//! share one sync.
//!
//! Invariant: all rows that one call changed are written in one transaction, and transactions keep
//! the order of the calls. A killed process therefore leaves the world as it was between two calls.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use crate::world::Change;

/// Facts about the store: `format` of its rows, and `version` of the program that made it.
const ABOUT: TableDefinition<'_, &str, &str> = TableDefinition::new("about");

/// The format of the rows. It is raised whenever stored rows of the format before can no longer be
/// read.
const FORMAT: &str = "1";

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Rows as JSON by (kind, id).
const ROWS: TableDefinition<'_, (&str, &str), &str> = TableDefinition::new("rows");

/// A folder with a world, locked for this process.
#[derive(Debug)]
pub struct Store {
    database: Database,
    path: PathBuf,
    queue: Mutex<Queue>,
    /// Held by the thread that writes.
    writing: Mutex<()>,
    /// Held by the one task that blocks a thread until the disk is done; the other tasks wait
    /// without a thread.
    turn: tokio::sync::Mutex<()>,
    /// The ticket of the last changes that are on the disk.
    kept: AtomicU64,
}

/// Changes that are not on the disk yet.
#[derive(Debug, Default)]
struct Queue {
    changes: Vec<Change>,
    /// Whether everything stored before must be deleted first.
    anew: bool,
    /// How many times changes were queued.
    last: u64,
    /// Set as soon as a write has failed; nothing counts as kept from then on.
    broken: Option<String>,
}

impl Queue {
    /// Takes everything queued so far, and whether a write has failed before.
    fn take(&mut self) -> (Vec<Change>, bool, u64, Option<String>) {
        (
            std::mem::take(&mut self.changes),
            std::mem::take(&mut self.anew),
            self.last,
            self.broken.clone(),
        )
    }
}

/// The changes that must be on the disk before an answer may be sent: all that the answer can
/// depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// Kind, id and JSON of a stored row.
pub type StoredRow = (String, String, String);

/// Reasons why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be created.
    #[error("the folder `{path}` cannot be created: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The error of the file system.
        source: std::io::Error,
    },
    /// Another process has it open.
    #[error("the simulated cloud in `{path}` is in use by another process")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Another version has written it in a format that this version does not read.
    #[error(
        "the simulated cloud in `{path}` was made by {maker}; this is version {VERSION}, which reads format {FORMAT}: delete the folder \
         to start with a new world, or use the version that made it"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The version that made it, and its format.
        maker: String,
    },
    /// A write has failed before, so that nothing can be kept any more.
    #[error("the simulated cloud in `{path}` could not be written: {why}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// The error of the database.
        why: String,
    },
    /// The database has failed.
    #[error("the simulated cloud in `{path}` cannot be read or written: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// The error of the database.
        source: Box<redb::Error>,
    },
}

impl StoreError {
    /// Whether this version cannot read the content, in contrast to a failure of the disk.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Format { .. } => true,
            Self::Database { source, .. } => !matches!(**source, redb::Error::Io(_)),
            _ => false,
        }
    }
}

impl Store {
    /// Opens the store in a folder, creates both if missing, and reads every row.
    ///
    /// # Errors
    /// If the folder or its database cannot be used.
    #[expect(
        clippy::disallowed_methods,
        reason = "the store is the simulator's one door to files"
    )]
    pub fn open(dir: &Path) -> Result<(Self, Vec<StoredRow>), StoreError> {
        std::fs::create_dir_all(dir).map_err(|source| StoreError::Folder {
            path: dir.to_owned(),
            source,
        })?;
        let path = dir.join("world.redb");
        let database = Database::create(&path).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { path: path.clone() },
            DatabaseError::UpgradeRequired(format) => StoreError::Format {
                path: path.clone(),
                maker: format!("an older version, with a database of format {format}"),
            },
            other => StoreError::Database {
                path: path.clone(),
                source: Box::new(other.into()),
            },
        })?;
        let store = Self {
            database,
            path,
            queue: Mutex::default(),
            writing: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            kept: AtomicU64::new(0),
        };
        // This check comes first: another format may have other tables.
        if let Some((format, version)) = store
            .about()
            .map_err(|error| store.failed(error))?
            .filter(|(format, _)| format != FORMAT)
        {
            return Err(StoreError::Format {
                path: store.path,
                maker: format!("version {version}, in format {format}"),
            });
        }
        let rows = store.rows().map_err(|error| store.failed(error))?;
        Ok((store, rows))
    }

    /// Marks the rows as written by this version, after they were read: it writes them from now on.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub(crate) fn number(&self) -> Result<(), StoreError> {
        self.set_about().map_err(|error| self.failed(error))
    }

    /// The error for rows that cannot be read.
    pub(crate) fn unreadable(&self) -> StoreError {
        let maker = match self.about() {
            Ok(Some((format, version))) => {
                format!("version {version}, in format {format}, and a row is not in it")
            }
            _ => "an older version, before stores noted their format".to_owned(),
        };
        StoreError::Format {
            path: self.path.clone(),
            maker,
        }
    }

    /// Queues changed rows behind those that are queued already.
    pub(crate) fn queue(&self, changes: Vec<Change>) -> Ticket {
        let mut queue = self.queued();
        if !changes.is_empty() {
            queue.changes.extend(changes);
            queue.last += 1;
        }
        Ticket(queue.last)
    }

    /// Queues rows that replace everything stored or queued before.
    pub(crate) fn queue_anew(&self, changes: Vec<Change>) -> Ticket {
        let mut queue = self.queued();
        (queue.changes, queue.anew) = (changes, true);
        queue.last += 1;
        Ticket(queue.last)
    }

    /// Returns as soon as everything queued up to a ticket is on the disk. Blocks the thread.
    ///
    /// # Errors
    /// If this write or an earlier one has failed.
    pub(crate) fn keep(&self, upto: Ticket) -> Result<(), StoreError> {
        if self.has(upto) {
            return Ok(());
        }
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have written these changes while this one waited.
        if self.has(upto) {
            return Ok(());
        }
        let (changes, anew, last, broken) = self.queued().take();
        // Failed until proven otherwise: a write that never returns must not count as a success.
        let why = broken.unwrap_or_else(|| {
            self.queued().broken = Some("a write did not end".to_owned());
            self.write(&changes, anew)
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default()
        });
        self.queued().broken = Some(why.clone()).filter(|why| !why.is_empty());
        if !why.is_empty() {
            return Err(StoreError::Broken {
                path: self.path.clone(),
                why,
            });
        }
        self.kept.store(last, Ordering::Release);
        Ok(())
    }

    /// As [`Store::keep`], without blocking the task: one thread at a time waits for the disk.
    ///
    /// # Errors
    /// As [`Store::keep`].
    pub(crate) async fn keep_aside(self: &Arc<Self>, upto: Ticket) -> Result<(), StoreError> {
        if self.has(upto) {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        if self.has(upto) {
            return Ok(());
        }
        let store = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || store.keep(upto)).await;
        written.unwrap_or_else(|error| {
            Err(StoreError::Broken {
                path: self.path.clone(),
                why: error.to_string(),
            })
        })
    }

    fn has(&self, upto: Ticket) -> bool {
        self.kept.load(Ordering::Acquire) >= upto.0
    }

    fn queued(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rows(&self) -> Result<Vec<StoredRow>, redb::Error> {
        // A new database has no tables to read.
        let begin = self.database.begin_write()?;
        begin.open_table(ROWS)?;
        begin.open_table(ABOUT)?;
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

    /// Format and version of the store; `None` if it is new, or older than these facts.
    fn about(&self) -> Result<Option<(String, String)>, redb::Error> {
        let table = match self.database.begin_read()?.open_table(ABOUT) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            table => table?,
        };
        let text = |name: &str| {
            table
                .get(name)
                .map(|value| value.map(|value| value.value().to_owned()))
        };
        let Some(format) = text("format")? else {
            return Ok(None);
        };
        Ok(Some((format, text("version")?.unwrap_or_default())))
    }

    fn set_about(&self) -> Result<(), redb::Error> {
        if self.about()?.is_some_and(|(_, version)| version == VERSION) {
            return Ok(());
        }
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(ABOUT)?;
            table.insert("format", FORMAT)?;
            table.insert("version", VERSION)?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn write(&self, changes: &[Change], anew: bool) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        if anew {
            transaction.delete_table(ROWS)?;
        }
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
        // Durability is immediate by default: `commit` returns after the sync.
        transaction.commit()?;
        Ok(())
    }

    fn failed(&self, error: redb::Error) -> StoreError {
        StoreError::Database {
            path: self.path.clone(),
            source: Box::new(error),
        }
    }
}
