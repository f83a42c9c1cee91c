//! Access to files, and the rules for paths in a spec.
//!
//! A path in a file is relative to that file, uses `/`, and must stay below the root: the nearest
//! folder upwards that holds a `.setpoint.yaml`, or else the folder of the stack file. Links are
//! followed, and their targets must stay below the root too. The rules are pure functions; a
//! [`Loader`] does the I/O.

mod fs;
mod memory;
mod path;

pub use fs::FsLoader;
pub use memory::MemoryLoader;
pub use path::{is_below, join, normal, parent};

/// The file that marks a folder as the root.
pub const ROOT_MARKER: &str = ".setpoint.yaml";

/// The kind of file at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// Anything else: a device, a pipe, a socket, a broken link.
    Other,
    /// Nothing.
    Missing,
}

/// The reason why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It does not exist.
    #[error("the file does not exist")]
    Missing,
    /// It is a folder, device, pipe or socket.
    #[error("it is not a regular file")]
    NotAFile,
    /// It is larger than the limit.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The operating system reports an error.
    #[error("{why}")]
    Unreadable {
        /// The message of the operating system.
        why: String,
    },
}

/// The file system as `spec` uses it.
pub trait Loader {
    /// Reads a regular file of at most `limit` bytes, links followed.
    ///
    /// # Errors
    /// The reason why it cannot be read.
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, LoadError>;

    /// Returns the kind of file at a path, with links followed.
    fn look(&self, path: &str) -> Entry;

    /// Returns the names in a folder, sorted.
    ///
    /// # Errors
    /// The reason why it cannot be listed.
    fn list(&self, folder: &str) -> Result<Vec<String>, LoadError>;

    /// Returns the absolute path without links, `.` and `..`, with `/` as separator.
    ///
    /// # Errors
    /// The reason why there is none.
    fn canonical(&self, path: &str) -> Result<String, LoadError>;
}

/// The reason why a path in a spec is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It is absolute or empty, or contains `\`.
    #[error("a path must be relative to its file and use `/`")]
    Form,
    /// It leads out of the root.
    #[error("the path leaves the folder `{root}`")]
    Leaves {
        /// The root as an absolute path.
        root: String,
    },
    /// A link in the path leads out of the root.
    #[error("a link in the path leads out of the folder `{root}`")]
    LinkLeaves {
        /// The root as an absolute path.
        root: String,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// Returns the root for the paths of a stack file, as an absolute path.
///
/// # Errors
/// The reason why the file's folder has no canonical path.
pub fn root_of(loader: &dyn Loader, stack_file: &str) -> Result<String, LoadError> {
    let own = loader.canonical(parent(stack_file))?;
    let mut folder = own.as_str();
    loop {
        if loader.look(&join(folder, ROOT_MARKER)) == Entry::File {
            return Ok(folder.to_owned());
        }
        let up = parent(folder);
        if up == folder || folder == "/" {
            return Ok(own);
        }
        folder = up;
    }
}

/// Resolves `path`, written in the file `from`, to a path relative to the working folder. Nothing
/// is read.
///
/// # Errors
/// The reason why the path is refused, or that the file does not exist.
pub fn resolve(
    loader: &dyn Loader,
    root: &str,
    from: &str,
    path: &str,
) -> Result<String, PathError> {
    if path.is_empty() || path.starts_with('/') || path.contains('\\') || path.contains('\0') {
        return Err(PathError::Form);
    }
    let folder = loader.canonical(parent(from))?;
    if !is_below(&join(&folder, path), root) {
        return Err(PathError::Leaves {
            root: root.to_owned(),
        });
    }
    let named = join(parent(from), path);
    if loader.look(&named) == Entry::Missing {
        return Err(LoadError::Missing.into());
    }
    if !is_below(&loader.canonical(&named)?, root) {
        return Err(PathError::LinkLeaves {
            root: root.to_owned(),
        });
    }
    Ok(named)
}

/// Checks a path that is read or created later: if it exists it must be a regular file, and no link
/// in the path may lead out of the root.
///
/// # Errors
/// The reason why the path is refused.
pub fn check_target(loader: &dyn Loader, root: &str, named: &str) -> Result<(), PathError> {
    if matches!(loader.look(named), Entry::Folder | Entry::Other) {
        return Err(LoadError::NotAFile.into());
    }
    let mut there = named;
    while loader.look(there) == Entry::Missing && parent(there) != there {
        there = parent(there);
    }
    if !is_below(&loader.canonical(there)?, root) {
        return Err(PathError::LinkLeaves {
            root: root.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> MemoryLoader {
        MemoryLoader::new("/home/ops")
            .file("/home/ops/infra/.setpoint.yaml", "")
            .file("/home/ops/infra/modules/web.yaml", "module: web\n")
            .file("/home/ops/infra/stacks/shop/stack.yaml", "stack: shop\n")
            .file("/home/ops/secret", "x")
    }

    #[track_caller]
    fn check(path: &str, expected: &str) {
        let loader = files();
        let from = "infra/stacks/shop/stack.yaml";
        let root = root_of(&loader, from).expect("the folder is there");
        let got = resolve(&loader, &root, from, path).unwrap_or_else(|error| error.to_string());
        assert_eq!(got, expected);
    }

    #[test]
    fn paths_stay_below_the_root() {
        check("../../modules/web.yaml", "infra/modules/web.yaml");
        check(
            "../../modules/../modules/web.yaml",
            "infra/modules/web.yaml",
        );
        check(
            "../../../secret",
            "the path leaves the folder `/home/ops/infra`",
        );
        check(
            "/home/ops/infra/modules/web.yaml",
            "a path must be relative to its file and use `/`",
        );
        check("gone.yaml", "the file does not exist");
    }

    #[test]
    fn without_a_marker_the_root_is_the_files_own_folder() {
        let loader = MemoryLoader::new("/w")
            .file("/w/a/stack.yaml", "")
            .file("/w/m.yaml", "");
        let root = root_of(&loader, "a/stack.yaml").expect("the folder is there");
        assert_eq!(root, "/w/a");
        assert!(matches!(
            resolve(&loader, &root, "a/stack.yaml", "../m.yaml"),
            Err(PathError::Leaves { .. })
        ));
    }
}
