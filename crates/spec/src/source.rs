//! The files a stack was read from, with their texts and line indexes.
//!
//! Diagnostics show lines from here, and a saved plan takes its fingerprints from here: whatever
//! was read is kept.

use std::sync::Arc;

use crate::span::{FileId, Span};
use crate::stack::Location;

/// What a source is to the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A stack, module or environment file.
    Spec,
    /// A file of variable values.
    VarFile,
    /// A file whose content is a value: user data, a public key.
    Content,
    /// No file: a value from the command line or the process environment.
    Given,
}

/// One text that was read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name as people gave it: a path relative to where they stand, or `--var NAME`.
    pub name: Arc<str>,
    /// Its text, without a byte order mark.
    pub text: String,
    /// What it is.
    pub role: Role,
    line_starts: Vec<u32>,
}

/// Every text that was read for one stack, in the order of reading.
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

    /// The line, from 1, that holds a byte.
    #[must_use]
    pub fn line_of(&self, offset: u32) -> usize {
        self.line_starts
            .partition_point(|start| *start <= offset)
            .max(1)
    }

    /// The byte at which a line begins; the text's end for lines beyond it.
    #[must_use]
    pub fn line_start(&self, line: usize) -> usize {
        self.line_starts
            .get(line.saturating_sub(1))
            .map_or(self.text.len(), |start| *start as usize)
    }

    /// A line without its break; empty beyond the end.
    #[must_use]
    pub fn line_text(&self, line: usize) -> &str {
        let (from, to) = (self.line_start(line), self.line_start(line + 1));
        self.text
            .get(from..to)
            .unwrap_or("")
            .trim_end_matches(['\n', '\r'])
    }

    /// How many lines there are; a last empty one counts.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.line_starts.len()
    }
}

impl Sources {
    /// Keeps a text and says by what it is known from now on.
    pub fn add(&mut self, name: &str, text: String, role: Role) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source::new(name, text, role));
        id
    }

    /// A source by its id.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// The source of a name and role, if it was read.
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

    /// All of them, in the order of reading.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The text under a span; empty if there is none.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|source| source.text.get(span.range()))
            .unwrap_or("")
    }

    /// File, line and column of a span's first character, counted from 1.
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
