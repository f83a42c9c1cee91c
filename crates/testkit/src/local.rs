//! The local machine in tests: keys that are always the same and exist only in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use setpoint_engine::local::{Deleted, LocalError, LocalPort, Record};
use setpoint_plan::procedure::Local;
use setpoint_plan::{Map, Value};

/// A public key of 2048 bits whose private half was discarded.
pub const PUBLIC_KEY: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDSjolIOJoFQIm6xfITb6KpKbvwixpt5G6/Wp/7iyI6+zZDtgod1BkI2jhboF9hetmAyDhPa0Ny5nptzno5n3Ng5Dx4WTcaUcTIDJu1tQhzfws+O4fPzqJwoOWxqlvzElb56BCZrYSzlqjX/pKNyls9/qpdlWiwca13wXb8m5qm2jhQZ2DG9BsnXxRhTeJtDtaYAB90mgdXN2LBO+pgcEeJUEvS+1xStPLTqA6joWwY1rCtqF8bDXzpJw2CkJVybAvVWMZm46r9hfrSFhXSRfa3NpwCah5szAC9nmTa8j0yiMOqWIrJHxOtlF3MikvtLv7kf/vOzEE89qjpRmgegZ7N";

/// Files in memory.
#[derive(Debug, Default)]
pub struct Memory {
    made: Mutex<BTreeMap<String, ()>>,
    deleted: Mutex<Deleted>,
}

fn attributes(public: &str) -> Map {
    [(public.to_owned(), Value::text(PUBLIC_KEY))].into()
}

impl LocalPort for Memory {
    fn peek(&self, act: &Local) -> Result<Option<Map>, LocalError> {
        let Local::SshKey { path, public } = act;
        let made = self
            .made
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(made.contains_key(path).then(|| attributes(public)))
    }

    fn perform(&self, act: &Local) -> Result<Map, LocalError> {
        let Local::SshKey { path, public } = act;
        self.made
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(path.clone(), ());
        Ok(attributes(public))
    }

    fn deleted(&self) -> Deleted {
        self.deleted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    fn record(&self, record: &Record) {
        self.deleted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .add(record.clone());
    }
}
