//! Files that commands write and read themselves.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use crate::error::Error;

/// Reads a text.
///
/// # Errors
/// It cannot be read, or is no UTF-8.
pub fn read(path: &str) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::reading(path, source))
}

/// Writes a file whole or not at all: a new one beside it, on the disk, then renamed over it.
///
/// # Errors
/// It cannot be written; what was there stays.
pub fn replace(path: &str, text: &str) -> Result<(), Error> {
    let failed = |source| Error::writing(path, source);
    // A pipe or a terminal is written to, not replaced.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return fs::write(path, text).map_err(failed);
    }
    let beside = format!("{path}.{}.new", std::process::id());
    // The same rights as the file that it takes the place of.
    let rights = || {
        fs::metadata(path)
            .and_then(|before| fs::set_permissions(&beside, before.permissions()))
            .or_else(new_file)
    };
    let written = write_synced(&beside, text)
        .and_then(|()| rights())
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        drop(fs::remove_file(&beside));
    }
    written.map_err(failed)?;
    // The rename itself is on the disk once the folder is; a folder that cannot be opened does not undo it.
    let folder = Path::new(path)
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    drop(File::open(folder).and_then(|folder| folder.sync_all()));
    Ok(())
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
        Ok(false) => Err(Error::writing(
            path,
            std::io::ErrorKind::NotADirectory.into(),
        )),
        Err(source) => Err(Error::writing(path, source)),
    }
}

fn new_file(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound {
        Ok(())
    } else {
        Err(error)
    }
}

fn write_synced(path: &str, text: &str) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Writes a new file, and its folder if that is missing.
///
/// # Errors
/// It is there already, or cannot be written.
pub fn create(path: &str, text: &str) -> Result<(), Error> {
    let failed = |source| Error::writing(path, source);
    if let Some(folder) = Path::new(path)
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    File::create_new(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(failed)
}

/// Keeps `.setpoint/`, a cache, out of git, whatever the repository's own list says.
///
/// # Errors
/// The folder cannot be written.
pub fn ignore_cache(folder: &str) -> Result<(), Error> {
    let path = setpoint_spec::loader::join(folder, ".setpoint/.gitignore");
    if Path::new(&path).exists() {
        Ok(())
    } else {
        create(&path, "*\n")
    }
}
