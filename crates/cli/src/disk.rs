//! Files that the commands themselves read and write.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use setpoint_engine::local::save::{self, Rights};
use setpoint_spec::loader::{FsLoader, LoadError, Loader as _};

use crate::error::Error;

/// The size limit of a file that a command line or a variable names, unless stated otherwise.
pub const FILE_MAX: usize = 16 << 20;

/// The size limit of a saved plan; one of 10,000 resources needs less than a tenth of it.
pub const PLAN_MAX: usize = 256 << 20;

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// The file does not exist, is not a regular file, is larger, or cannot be read.
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

/// Writes a file completely or not at all: writes a draft beside it, then renames the draft.
///
/// # Errors
/// The file cannot be written; its old content stays.
pub fn replace(path: &str, text: &str) -> Result<(), Error> {
    // A pipe or a terminal cannot be replaced, so it is written to directly.
    let written = if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        fs::write(path, text)
    } else {
        save::replace(Path::new(path), text.as_bytes())
    };
    written.map_err(|source| Error::writing(path, source))
}

/// Checks before a long run that the file of its result can be written.
///
/// # Errors
/// Its folder does not exist.
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
/// The file exists already, or cannot be written.
pub fn create(path: &str, text: &str) -> Result<(), Error> {
    save::create(Path::new(path), text.as_bytes(), Rights::Usual)
        .map_err(|source| Error::writing(path, source))
}

/// Keeps `.setpoint/`, which is a cache, out of git by a `.gitignore` of its own.
///
/// # Errors
/// The folder cannot be written.
pub fn ignore_cache(folder: &str) -> Result<(), Error> {
    let path = setpoint_spec::loader::join(folder, ".setpoint/.gitignore");
    if Path::new(&path).exists() {
        return Ok(());
    }
    match save::create(Path::new(&path), b"*\n", Rights::Usual) {
        // Another run may have created it in the meantime.
        Err(_) if Path::new(&path).exists() => Ok(()),
        made => made.map_err(|source| Error::writing(&path, source)),
    }
}
