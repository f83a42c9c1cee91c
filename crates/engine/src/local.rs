//! Acts on this machine: SSH keys made and read here, so that a private key never leaves it.

use std::collections::{BTreeMap, BTreeSet};

use setpoint_plan::Map;
use setpoint_plan::event::{Event, Tally};
use setpoint_plan::procedure::Local;

/// This machine, as far as plans need it.
pub trait LocalPort: Send + Sync {
    /// What is there already, without writing: attributes, as the act names them; `None` if it is
    /// not there.
    ///
    /// # Errors
    /// It is there and cannot be read.
    fn peek(&self, act: &Local) -> Result<Option<Map>, LocalError>;

    /// Performs the act; what is there already is read, not written.
    ///
    /// # Errors
    /// It cannot be done.
    fn perform(&self, act: &Local) -> Result<Map, LocalError>;

    /// What runs from here deleted, as far as it is remembered.
    fn deleted(&self) -> Deleted;

    /// Remembers it, if that is possible.
    fn record(&self, record: &Record);
}

/// Something to be remembered over runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A create call with this token made the resource with this id.
    Made {
        /// The client token.
        token: String,
        /// The id.
        id: String,
    },
    /// The resource with this id was deleted.
    Deleted {
        /// The id.
        id: String,
    },
}

/// What was deleted, and the tokens that had made it. A shortcut: what is missing costs a create
/// that meets it the visibility window. Nothing may be there too much: what a token noted here made
/// is not looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    ids: BTreeSet<String>,
    tokens: BTreeSet<String>,
    /// The tokens of what may still live, by id.
    made: BTreeMap<String, Vec<String>>,
}

impl Deleted {
    /// What follows from these records, oldest first.
    #[must_use]
    pub fn from_records(records: impl IntoIterator<Item = Record>) -> Self {
        let mut known = Self::default();
        records.into_iter().for_each(|record| known.add(record));
        known
    }

    /// Adds a record.
    pub fn add(&mut self, record: Record) {
        match record {
            Record::Made { token, id } => self.made.entry(id).or_default().push(token),
            Record::Deleted { id } => {
                self.tokens
                    .extend(self.made.remove(&id).unwrap_or_default());
                self.ids.insert(id);
            }
        }
    }

    /// Whether the resource with this id was deleted.
    #[must_use]
    pub fn has_id(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Whether what this token had made was deleted.
    #[must_use]
    pub fn has_token(&self, token: &str) -> bool {
        self.tokens.contains(token)
    }
}

/// Why an act on this machine failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct LocalError {
    /// The file.
    pub path: String,
    /// What is wrong.
    pub why: String,
}

/// Who hears of events.
pub type Listener<'a> = &'a mut dyn FnMut(&Event, &Tally);

mod disk;
mod memory;
pub mod save;

pub use disk::Disk;
