//! Files that commands write and read themselves.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use setpoint_engine::local::save::{self, Rights};
use setpoint_spec::loader::{FsLoader, LoadError, Loader as _};

use crate::error::Error;

/// Most bytes of a file that a command line or a variable names, unless its reader says otherwise.
pub const FILE_MAX: usize = 16 << 20;

/// Most bytes of a saved plan: one of 10,000 resources has less than a tenth of this.
pub const PLAN_MAX: usize = 256 << 20;

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// It is not there, is not a regular file, is larger, or cannot be read.
pub fn read_bytes(path: &str, limit: usize) -> Result<Vec<u8>, Error> {
    FsLoader.read(path, limit).map_err(|error| {
        let kind = match error {
            LoadError::Missing => ErrorKind::NotFound,
            LoadError::NotAFile => ErrorKind::InvalidInput,
            LoadError::TooLarge { .. } => ErrorKind::FileTooLarge,
            LoadError::Unreadable { .. } => ErrorKind::Other,
        };
        Error::reading(path, std::io::Error::new(kind, error.to_string()))
    })
}

/// Reads a text.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub fn read(path: &str) -> Result<String, Error> {
    String::from_utf8(read_bytes(path, FILE_MAX)?).map_err(|error| {
        let why = std::io::Error::new(ErrorKind::InvalidData, error.utf8_error());
        Error::reading(path, why)
    })
}

/// Writes a file whole or not at all: as a draft beside it, which then takes its place.
///
/// # Errors
/// It cannot be written; what was there stays.
pub fn replace(path: &str, text: &str) -> Result<(), Error> {
    // A pipe or a terminal is written to, not replaced.
    let written = if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        fs::write(path, text)
    } else {
        save::replace(Path::new(path), text.as_bytes())
    };
    written.map_err(|source| Error::writing(path, source))
}

/// Finds out early whether a file could be written, before much work is done that it is to tell of.
///
/// # Errors
/// Its folder is not there.
pub fn check_folder(path: &str) -> Result<(), Error> {
    let folder = Path::new(path)
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder.map_or(Ok(true), |folder| {
        fs::metadata(folder).map(|there| there.is_dir())
    }) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::writing(path, ErrorKind::NotADirectory.into())),
        Err(source) => Err(Error::writing(path, source)),
    }
}

/// Writes a new file, and its folder if that is missing.
///
/// # Errors
/// It is there already, or cannot be written.
pub fn create(path: &str, text: &str) -> Result<(), Error> {
    save::create(Path::new(path), text.as_bytes(), Rights::Usual)
        .map_err(|source| Error::writing(path, source))
}

/// Keeps `.setpoint/`, a cache, out of git, whatever the repository's own list says.
///
/// # Errors
/// The folder cannot be written.
pub fn ignore_cache(folder: &str) -> Result<(), Error> {
    let path = setpoint_spec::loader::join(folder, ".setpoint/.gitignore");
    if Path::new(&path).exists() {
        return Ok(());
    }
    match save::create(Path::new(&path), b"*\n", Rights::Usual) {
        // Another run may have made it since.
        Err(_) if Path::new(&path).exists() => Ok(()),
        made => made.map_err(|source| Error::writing(&path, source)),
    }
}
