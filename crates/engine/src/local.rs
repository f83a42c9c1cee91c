//! Local acts: SSH keys are created and read on this machine, so that a private key never leaves
//! it.

use std::collections::{BTreeMap, BTreeSet};

use setpoint_plan::Map;
use setpoint_plan::event::{Event, Tally};
use setpoint_plan::procedure::Local;

/// The access of plans to this machine.
pub trait LocalPort: Send + Sync {
    /// Returns the attributes that the act would yield from an existing file, or `None` if the file
    /// does not exist. Does not write.
    ///
    /// # Errors
    ///
    /// The file exists and cannot be read.
    fn peek(&self, act: &Local) -> Result<Option<Map>, LocalError>;

    /// Performs the act and returns the attributes that it yields. An existing file is read, not
    /// written.
    ///
    /// # Errors
    ///
    /// The file cannot be read or created.
    fn perform(&self, act: &Local) -> Result<Map, LocalError>;

    /// Returns the recorded deletions of earlier runs on this machine.
    fn deleted(&self) -> Deleted;

    /// Records a creation or deletion for later runs. A failure to do so is not an error.
    fn record(&self, record: &Record);
}

/// A creation or deletion to be recorded for later runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A create call with this token created the resource with this id.
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

/// The ids of deleted resources, and the client tokens that had created them.
///
/// This is only an optimisation: if an entry is missing, a create call that meets the old token
/// waits for the visibility window. A wrong entry would do harm, since nothing is searched for that
/// a recorded token may have created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    ids: BTreeSet<String>,
    tokens: BTreeSet<String>,
    /// The tokens of resources that may still exist, by id.
    made: BTreeMap<String, Vec<String>>,
}

impl Deleted {
    /// Creates the set that follows from these records, oldest first.
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

    /// Returns whether the resource with this id was deleted.
    #[must_use]
    pub fn has_id(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Returns whether the resource that this token had created was deleted.
    #[must_use]
    pub fn has_token(&self, token: &str) -> bool {
        self.tokens.contains(token)
    }
}

/// The reason why a local act failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct LocalError {
    /// The path of the file.
    pub path: String,
    /// The cause.
    pub why: String,
}

/// The receiver of events, with the progress at each event.
pub type Listener<'a> = &'a mut dyn FnMut(&Event, &Tally);

mod disk;
mod memory;
pub mod save;

pub use disk::Disk;
