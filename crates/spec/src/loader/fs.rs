//! The real file system; the only module of this crate that does I/O.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the one door to files"
)]

use std::fs::File;
use std::io::{ErrorKind, Read as _};

use super::{Entry, LoadError, Loader};

/// Reads from the disk, relative to the working folder of the process.
#[derive(Debug, Clone, Copy, Default)]
pub struct FsLoader;

impl Loader for FsLoader {
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, LoadError> {
        // Check before opening, because opening a pipe would wait for its writer.
        if !std::fs::metadata(path)
            .map_err(|error| load_error(&error))?
            .is_file()
        {
            return Err(LoadError::NotAFile);
        }
        let file = File::open(path).map_err(|error| load_error(&error))?;
        // Check the opened file again, because the path may lead to another file by now.
        let meta = file.metadata().map_err(|error| load_error(&error))?;
        if !meta.is_file() {
            return Err(LoadError::NotAFile);
        }
        let size = usize::try_from(meta.len()).unwrap_or(usize::MAX);
        if size > limit {
            return Err(LoadError::TooLarge { limit });
        }
        let mut bytes = Vec::with_capacity(size + 1);
        // Reading one byte more than the limit distinguishes a file of exactly that size from a
        // larger one, even if the file grows meanwhile.
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        file.take(most)
            .read_to_end(&mut bytes)
            .map_err(|error| load_error(&error))?;
        if bytes.len() > limit {
            Err(LoadError::TooLarge { limit })
        } else {
            Ok(bytes)
        }
    }

    fn look(&self, path: &str) -> Entry {
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_file() => Entry::File,
            Ok(meta) if meta.is_dir() => Entry::Folder,
            Ok(_) => Entry::Other,
            Err(_) if std::fs::symlink_metadata(path).is_ok() => Entry::Other,
            Err(_) => Entry::Missing,
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, LoadError> {
        let entries = std::fs::read_dir(folder).map_err(|error| load_error(&error))?;
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }

    fn canonical(&self, path: &str) -> Result<String, LoadError> {
        let absolute = std::fs::canonicalize(path).map_err(|error| load_error(&error))?;
        let text = absolute
            .into_os_string()
            .into_string()
            .map_err(|_| LoadError::Unreadable {
                why: "its path is not UTF-8".to_owned(),
            })?;
        Ok(text)
    }
}

fn load_error(error: &std::io::Error) -> LoadError {
    match error.kind() {
        ErrorKind::NotFound => LoadError::Missing,
        ErrorKind::IsADirectory => LoadError::NotAFile,
        _ => LoadError::Unreadable {
            why: error.to_string(),
        },
    }
}
