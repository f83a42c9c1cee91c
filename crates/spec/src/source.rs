//! The texts that a stack was read from, with an index of their lines.
//!
//! Every text that is read is kept, because diagnostics show its lines and a saved plan stores its
//! fingerprint.

use std::sync::Arc;

use crate::span::{FileId, Span};
use crate::stack::Location;

/// The role of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A stack, module or environment file.
    Spec,
    /// A file of variable values.
    VarFile,
    /// A file whose content is a value: user data, a public key.
    Content,
    /// A value from the command line or the process environment.
    Given,
}

/// One text that was read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name for messages: a path relative to the working folder, or `--var NAME`.
    pub name: Arc<str>,
    /// Its text, without a byte order mark.
    pub text: String,
    /// Its role.
    pub role: Role,
    line_starts: Vec<u32>,
}

/// The texts that were read for one stack, in the order of reading.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Source {
    fn new(name: &str, text: String, role: Role) -> Self {
        let after_breaks = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0)
            .chain(after_breaks)
            .map(|at| u32::try_from(at).unwrap_or(u32::MAX))
            .collect();
        Self {
            name: name.into(),
            text,
            role,
            line_starts,
        }
    }

    /// Returns the number of the line that contains a byte, counted from 1.
    #[must_use]
    pub fn line_of(&self, offset: u32) -> usize {
        self.line_starts
            .partition_point(|start| *start <= offset)
            .max(1)
    }

    /// Returns the byte at which a line begins; the end of the text for a line after the last.
    #[must_use]
    pub fn line_start(&self, line: usize) -> usize {
        self.line_starts
            .get(line.saturating_sub(1))
            .map_or(self.text.len(), |start| *start as usize)
    }

    /// Returns a line without its line break; empty for a line after the last.
    #[must_use]
    pub fn line_text(&self, line: usize) -> &str {
        let (from, to) = (self.line_start(line), self.line_start(line + 1));
        self.text
            .get(from..to)
            .unwrap_or("")
            .trim_end_matches(['\n', '\r'])
    }

    /// The number of lines; an empty last line counts.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.line_starts.len()
    }
}

impl Sources {
    /// Adds a text and returns its id.
    pub fn add(&mut self, name: &str, text: String, role: Role) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source::new(name, text, role));
        id
    }

    /// Returns a source by its id.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// Returns the source with a name and role, if it was read.
    #[must_use]
    pub fn find(&self, name: &str, role: Role) -> Option<(FileId, &Source)> {
        let place = self
            .files
            .iter()
            .position(|source| *source.name == *name && source.role == role)?;
        Some((
            FileId(u32::try_from(place).unwrap_or(u32::MAX)),
            &self.files[place],
        ))
    }

    /// Returns all sources, in the order of reading.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// Returns the text under a span; empty if the source is unknown.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|source| source.text.get(span.range()))
            .unwrap_or("")
    }

    /// Returns file, line and column of the first character of a span; line and column count from
    /// 1.
    #[must_use]
    pub fn location(&self, span: Span) -> Location {
        let Some(source) = self.get(span.file) else {
            return Location {
                file: Arc::default(),
                line: 1,
                column: 1,
            };
        };
        let line = source.line_of(span.start);
        let before = source
            .text
            .get(source.line_start(line)..span.start as usize)
            .unwrap_or("");
        Location {
            file: source.name.clone(),
            line,
            column: before.chars().count() + 1,
        }
    }
}
