//! What runs from here made and deleted, kept in a file of a line each: `made TOKEN ID`, `deleted
//! ID`, newest last.
//!
//! Only a shortcut (see [`Deleted`]), so it must never stand in the way: what cannot be read or
//! written is passed over, and the file may be deleted at any time. Tokens are digests, so nothing
//! in it is secret.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use setpoint_spec::loader::{Entry, FsLoader, Loader as _};

use crate::local::{Deleted, Record, save};

/// Beyond this the older half is dropped. A line counts only as long as the cloud remembers the
/// token, and some 80 bytes times this are read at the start of each apply.
const LINES_MAX: usize = 20_000;

/// A file with more bytes was not written here: [`LINES_MAX`] lines have less than a tenth of this.
const BYTES_MAX: usize = 32 << 20;

/// The file, whether it exists or not.
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

    /// One write, so that lines of two runs do not mix.
    pub(super) fn record(&self, record: &Record) {
        let line = match record {
            Record::Made { token, id } => format!("made {token} {id}\n"),
            Record::Deleted { id } => format!("deleted {id}\n"),
        };
        // Opening a pipe would wait for its reader.
        if FsLoader.look(&self.0.to_string_lossy()) == Entry::Other {
            return;
        }
        let folder = self.0.parent().unwrap_or(Path::new("."));
        let file = std::fs::create_dir_all(folder)
            .and_then(|()| OpenOptions::new().create(true).append(true).open(&self.0));
        if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
            tracing::debug!(file = %self.0.display(), %error, "what was made and deleted is not remembered");
        }
    }

    /// Another run's line may get lost between reading and renaming, which costs it a wait.
    fn keep(&self, lines: &[&str]) {
        let text = lines.join("\n") + "\n";
        let written = save::replace(&self.0, text.as_bytes());
        if let Err(error) = written {
            tracing::debug!(file = %self.0.display(), %error, "the memory of what was deleted is not shortened");
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
    fn what_is_noted_is_read_by_the_next_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = Memory::new(folder.path().join("cache/memory"));
        assert_eq!(memory.read(), Deleted::default());
        for record in [made("t1", "i-1"), made("t2", "i-2"), deleted("i-1")] {
            memory.record(&record);
        }
        let known = memory.read();
        assert!(known.has_id("i-1") && !known.has_id("i-2"));
        assert!(
            known.has_token("t1") && !known.has_token("t2"),
            "what i-2 was made with is in use"
        );
    }

    #[test]
    fn the_file_stays_short_and_keeps_the_newest() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("memory");
        let text: String = (0..=LINES_MAX)
            .map(|n| format!("deleted i-{n}\n"))
            .collect();
        std::fs::write(&file, text).expect("written");
        let memory = Memory::new(file);
        assert!(
            memory.read().has_id("i-0"),
            "all that there were still count"
        );
        let kept = memory.read();
        assert!(!kept.has_id("i-0") && kept.has_id(&format!("i-{LINES_MAX}")));
    }

    #[test]
    fn what_cannot_be_written_or_read_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("cache"), "a file").expect("written");
        let memory = Memory::new(folder.path().join("cache/memory"));
        memory.record(&deleted("i-1"));
        assert_eq!(memory.read(), Deleted::default());
        let garbage = Memory::new(folder.path().join("cache"));
        assert_eq!(garbage.read(), Deleted::default());
    }
}
