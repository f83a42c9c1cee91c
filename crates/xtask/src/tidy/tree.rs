//! Reads the tree: every text file that belongs to the project, in byte order of paths.

use std::io;
use std::path::Path;

/// Folders that do not belong to the project, at any depth.
const SKIPPED: [&str; 5] = ["target", ".git", ".setpoint", "node_modules", "__pycache__"];

/// A text file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    /// Its content.
    pub(crate) text: String,
}

/// Every text file below `root`. Files that are not UTF-8 are skipped.
pub(crate) fn read(root: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    walk(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        // Nor does a local environment of the SDK checks (`.venv`, `.venv-3`).
        let skipped =
            SKIPPED.contains(&name.as_str()) || name.starts_with(".venv") || is_ignored(&name);
        if kind.is_dir() && !skipped {
            walk(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() && !skipped {
            match std::fs::read_to_string(entry.path()) {
                Ok(text) => files.push(File { path, text }),
                // Another process may have deleted the file in the meantime.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::InvalidData | io::ErrorKind::NotFound
                    ) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Whether a file is one that `.gitignore` lists, apart from folders.
fn is_ignored(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("pem"))
}
