//! The creations and deletions of runs on this machine, in a file of one line each: `made TOKEN ID`
//! or `deleted ID`, newest last.
//!
//! The file is only an optimisation (see [`Deleted`]), so it must never be an obstacle: an
//! unreadable file counts as empty, a failed write is ignored, and the file may be deleted at any
//! time. Tokens are digests, so the file contains no secrets.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use setpoint_spec::loader::{Entry, FsLoader, Loader as _};

use crate::local::{Deleted, Record, save};

/// The most lines; above this, only the newest half of this number is kept. A line is useful only
/// for as long as the cloud remembers its token. Each apply reads the whole file, about 80 bytes
/// per line.
const LINES_MAX: usize = 20_000;

/// The most bytes. A larger file was not written by this module: [`LINES_MAX`] lines take less than
/// a tenth of this.
const BYTES_MAX: usize = 32 << 20;

/// The file, which may not exist yet.
#[derive(Debug, Clone)]
pub(super) struct Memory(PathBuf);

impl Memory {
    pub(super) fn new(file: PathBuf) -> Self {
        Self(file)
    }

    pub(super) fn read(&self) -> Deleted {
        let bytes = FsLoader.read(&self.0.to_string_lossy(), BYTES_MAX);
        let text = String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        if lines.len() > LINES_MAX {
            self.keep(&lines[lines.len() - LINES_MAX / 2..]);
        }
        Deleted::from_records(lines.into_iter().filter_map(parse))
    }

    /// Appends a record with one write, so that the lines of concurrent runs do not mix.
    pub(super) fn record(&self, record: &Record) {
        let line = match record {
            Record::Made { token, id } => format!("made {token} {id}\n"),
            Record::Deleted { id } => format!("deleted {id}\n"),
        };
        // Opening a named pipe would block until it has a reader.
        if FsLoader.look(&self.0.to_string_lossy()) == Entry::Other {
            return;
        }
        let folder = self.0.parent().unwrap_or(Path::new("."));
        let file = std::fs::create_dir_all(folder)
            .and_then(|()| OpenOptions::new().create(true).append(true).open(&self.0));
        if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
            tracing::debug!(
                file = %self.0.display(),
                %error,
                "what was made and deleted is not remembered"
            );
        }
    }

    /// Replaces the file by these lines. A line that another run appends in the meantime may be
    /// lost, which costs that run a wait.
    fn keep(&self, lines: &[&str]) {
        let text = lines.join("\n") + "\n";
        let written = save::replace(&self.0, text.as_bytes());
        if let Err(error) = written {
            tracing::debug!(
                file = %self.0.display(),
                %error,
                "the memory of what was deleted is not shortened"
            );
        }
    }
}

fn parse(line: &str) -> Option<Record> {
    match line.split(' ').collect::<Vec<_>>().as_slice() {
        ["made", token, id] => Some(Record::Made {
            token: (*token).to_owned(),
            id: (*id).to_owned(),
        }),
        ["deleted", id] => Some(Record::Deleted {
            id: (*id).to_owned(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(token: &str, id: &str) -> Record {
        Record::Made {
            token: token.to_owned(),
            id: id.to_owned(),
        }
    }

    fn deleted(id: &str) -> Record {
        Record::Deleted { id: id.to_owned() }
    }

    #[test]
    fn records_are_read_by_the_next_run() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let memory = Memory::new(folder.path().join("cache/memory"));
        assert_eq!(memory.read(), Deleted::default());
        for record in [made("t1", "i-1"), made("t2", "i-2"), deleted("i-1")] {
            memory.record(&record);
        }
        let known = memory.read();
        assert!(known.has_id("i-1") && !known.has_id("i-2"));
        assert!(
            known.has_token("t1") && !known.has_token("t2"),
            "the token of i-2, which still exists, is not recorded as deleted"
        );
    }

    #[test]
    fn the_file_stays_short_and_keeps_the_newest_lines() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("memory");
        let text: String = (0..=LINES_MAX)
            .map(|n| format!("deleted i-{n}\n"))
            .collect();
        std::fs::write(&file, text).expect("written");
        let memory = Memory::new(file);
        assert!(
            memory.read().has_id("i-0"),
            "the read that shortens the file still uses all lines"
        );
        let kept = memory.read();
        assert!(!kept.has_id("i-0") && kept.has_id(&format!("i-{LINES_MAX}")));
    }

    #[test]
    fn errors_of_the_file_system_are_ignored() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("cache"), "a file").expect("written");
        let memory = Memory::new(folder.path().join("cache/memory"));
        memory.record(&deleted("i-1"));
        assert_eq!(memory.read(), Deleted::default());
        let garbage = Memory::new(folder.path().join("cache"));
        assert_eq!(garbage.read(), Deleted::default());
    }
}
