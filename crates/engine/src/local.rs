//! Acts on this machine: SSH keys made and read here, so that a private key never leaves it.

use std::collections::BTreeMap;

use setpoint_plan::Value;
use setpoint_plan::procedure::Local;

use crate::event::Event;

/// This machine, as far as plans need it.
pub trait LocalPort: Send + Sync {
    /// What is there already, without writing: attributes such as `public_key`; `None` if it is not there.
    ///
    /// # Errors
    /// It is there and cannot be read.
    fn peek(&self, act: &Local) -> Result<Option<BTreeMap<String, Value>>, LocalError>;

    /// Performs the act; what is there already is read, not written.
    ///
    /// # Errors
    /// It cannot be done.
    fn perform(&self, act: &Local) -> Result<BTreeMap<String, Value>, LocalError>;
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
pub type Listener<'a> = &'a mut dyn FnMut(&Event, &crate::event::Tally);

mod disk;

pub use disk::Disk;
