//! A file system in memory, for tests and editors.

use std::collections::{BTreeMap, BTreeSet};

use super::path::{is_below, join, parent};
use super::{Entry, LoadError, Loader};

/// A file system in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryLoader {
    folder: String,
    files: BTreeMap<String, Vec<u8>>,
    links: BTreeMap<String, String>,
}

impl MemoryLoader {
    /// Creates an empty file system; relative paths start at this absolute folder.
    #[must_use]
    pub fn new(folder: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            ..Self::default()
        }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.files
            .insert(join(&self.folder, path), content.as_ref().to_vec());
        self
    }

    /// Adds a link from one path to another.
    #[must_use]
    pub fn link(mut self, path: &str, target: &str) -> Self {
        self.links
            .insert(join(&self.folder, path), join(&self.folder, target));
        self
    }

    fn place(&self, path: &str) -> String {
        let path = join(&self.folder, path);
        self.links.get(&path).cloned().unwrap_or(path)
    }
}

impl Loader for MemoryLoader {
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, LoadError> {
        match self.look(path) {
            Entry::File => {}
            Entry::Missing => return Err(LoadError::Missing),
            Entry::Folder | Entry::Other => return Err(LoadError::NotAFile),
        }
        let bytes = self
            .files
            .get(&self.place(path))
            .ok_or(LoadError::Missing)?;
        if bytes.len() > limit {
            Err(LoadError::TooLarge { limit })
        } else {
            Ok(bytes.clone())
        }
    }

    fn look(&self, path: &str) -> Entry {
        let path = self.place(path);
        if self.files.contains_key(&path) {
            Entry::File
        } else if path == self.folder
            || self
                .files
                .keys()
                .any(|file| file != &path && is_below(file, &path))
        {
            Entry::Folder
        } else {
            Entry::Missing
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, LoadError> {
        let folder = self.place(folder);
        if self.look(&folder) != Entry::Folder {
            return Err(LoadError::Missing);
        }
        let below = self.files.keys().filter(|file| is_below(file, &folder));
        let names = below.map(|file| {
            file[folder.len()..]
                .trim_start_matches('/')
                .split('/')
                .next()
                .unwrap_or("")
                .to_owned()
        });
        Ok(names.collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn canonical(&self, path: &str) -> Result<String, LoadError> {
        let place = self.place(path);
        if self.look(&place) == Entry::Missing && parent(&place) != place {
            return Err(LoadError::Missing);
        }
        Ok(place)
    }
}
