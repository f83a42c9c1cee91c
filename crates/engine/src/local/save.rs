//! Atomic file writes: a file is written completely or not at all.
//!
//! The content is written to a draft in the same folder, and the draft is then renamed to the final
//! name. Each draft has a unique name and is opened exclusively, so two runs never write to the
//! same draft. The first file that [`create`] completes remains: any other writer gets
//! `AlreadyExists` and reads that file.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// The users who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Only its owner, from the first byte on.
    Owner,
    /// All users that the file mode mask of the process allows.
    Usual,
}

/// Creates a file, and its folder if that is missing.
///
/// # Errors
///
/// `AlreadyExists` if the name is taken, even by a link to a missing file; what has the name is not
/// changed. Any other error of the file system.
pub fn create(path: &Path, bytes: &[u8], rights: Rights) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    draft(folder, bytes, rights)?
        .persist_noclobber(path)
        .map_err(|failed| failed.error)?;
    sync(folder);
    Ok(())
}

/// Creates a file or replaces the existing one. An existing file keeps its permissions, and a link
/// keeps its target.
///
/// # Errors
///
/// The file cannot be written; an existing file is not changed.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder_of(path);
    let draft = draft(folder, bytes, Rights::Usual)?;
    match fs::metadata(path) {
        Ok(before) => fs::set_permissions(draft.path(), before.permissions())?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    draft.persist(path).map_err(|failed| failed.error)?;
    sync(folder);
    Ok(())
}

/// Writes a draft and flushes it to the disk. The draft is removed unless it is renamed.
fn draft(folder: &Path, bytes: &[u8], rights: Rights) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".setpoint-").suffix(".part");
    if let Some(permissions) = permissions(rights) {
        builder.permissions(permissions);
    }
    let mut draft = builder.tempfile_in(folder)?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    Ok(draft)
}

#[cfg(unix)]
fn permissions(rights: Rights) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(Permissions::from_mode(match rights {
        Rights::Owner => 0o600,
        Rights::Usual => 0o666,
    }))
}

#[cfg(not(unix))]
fn permissions(_: Rights) -> Option<Permissions> {
    None
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Flushes the folder, so that the new name survives a crash. If the folder cannot be opened, the
/// file remains valid, so errors are ignored.
fn sync(folder: &Path) {
    drop(File::open(folder).and_then(|folder| folder.sync_all()));
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the folder can be listed");
        entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn the_first_complete_file_wins() {
        const WRITERS: u8 = 8;
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let file = folder.path().join("keys/team.pem");
            let gate = Barrier::new(usize::from(WRITERS));
            let write = |writer: u8| {
                gate.wait();
                create(&file, &[writer; 4096], Rights::Owner).map(|()| writer)
            };
            let ends: Vec<io::Result<u8>> = std::thread::scope(|scope| {
                let write = &write;
                let all: Vec<_> = (0..WRITERS)
                    .map(|writer| scope.spawn(move || write(writer)))
                    .collect();
                all.into_iter()
                    .map(|one| one.join().expect("no thread panicked"))
                    .collect()
            });
            let lost = ends.iter().filter_map(|end| end.as_ref().err());
            assert!(
                lost.into_iter()
                    .all(|error| error.kind() == io::ErrorKind::AlreadyExists)
            );
            let won: Vec<u8> = ends.into_iter().flatten().collect();
            assert_eq!(won.len(), 1, "one writer creates the file");
            assert_eq!(fs::read(&file).expect("the file exists"), [won[0]; 4096]);
            assert_eq!(names(&folder.path().join("keys")), ["team.pem"]);
        }
    }

    #[test]
    fn a_draft_of_a_killed_run_does_not_block_a_write() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("app.pem.part")).expect("made");
        fs::write(folder.path().join("app.pem.new"), "half").expect("written");
        let file = folder.path().join("app.pem");
        create(&file, b"whole", Rights::Owner).expect("created");
        replace(&file, b"other").expect("replaced");
        assert_eq!(fs::read(&file).expect("the file exists"), b"other");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_are_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("plan.json");
        let mode = |path: &Path| {
            fs::metadata(path)
                .expect("the file exists")
                .permissions()
                .mode()
                & 0o777
        };
        create(&file, b"1", Rights::Owner).expect("created");
        assert_eq!(mode(&file), 0o600);
        let link = folder.path().join("link.json");
        symlink("plan.json", &link).expect("linked");
        replace(&link, b"2").expect("replaced");
        assert_eq!(fs::read(&file).expect("the file exists"), b"2");
        assert_eq!(mode(&file), 0o600);
        let usual = folder.path().join("usual");
        fs::write(&usual, "x").expect("written");
        let new = folder.path().join("new");
        replace(&new, b"3").expect("written");
        assert_eq!(mode(&new), mode(&usual));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_missing_file_is_not_written_through() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (link, target) = (folder.path().join("a.pem"), folder.path().join("b.pem"));
        std::os::unix::fs::symlink(&target, &link).expect("linked");
        let error = create(&link, b"key", Rights::Owner).expect_err("the name is taken");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(!target.exists());
    }
}
