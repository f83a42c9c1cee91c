//! Splits the language reference, `docs/language.md`, into sections and rows of tables.
//!
//! Every construct of the language is one of these:
//!
//! - A section, which is found by its title (`references`) or by a key that its heading has in
//!   backticks: ``## Variables: `vars` `` is found by `vars`.
//! - A row of a table, which is found by a word in backticks in its first cell, alone (`protect`)
//!   or after a word of its section (`lifecycle.protect`). The row of a function is found by the
//!   name of the function. The part of a path before its point finds all of its rows: `each`.
//!
//! The glossary, `docs/glossary.md`, adds the words of plans and errors.

/// The page in Markdown.
const PAGE: &str = include_str!("../../../../docs/language.md");

/// The glossary in Markdown.
const GLOSSARY: &str = include_str!("../../../../docs/glossary.md");

/// A section of the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    /// The heading without its keys: `Variables`.
    pub(super) title: &'static str,
    /// The keys of the heading, as written: `` `count`, `for_each` ``; empty if there are none.
    keys: &'static str,
    /// The Markdown below the heading.
    pub(super) body: &'static str,
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// The section of the table.
    pub(super) section: Section,
    /// The line in Markdown.
    pub(super) line: &'static str,
}

impl Section {
    /// Returns the words that find the section: the keys of its heading, or its title as one word,
    /// such as `names-and-addresses`.
    pub(super) fn words(&self) -> Vec<String> {
        let keys: Vec<String> = quoted(self.keys).map(str::to_owned).collect();
        if keys.is_empty() {
            vec![self.title.to_lowercase().replace(' ', "-")]
        } else {
            keys
        }
    }

    fn is_called(&self, word: &str) -> bool {
        let title = self.title.replace(' ', "-");
        let word = word.replace(' ', "-");
        title.eq_ignore_ascii_case(&word) || quoted(self.keys).any(|key| key == word)
    }

    /// Returns the first sentence below the heading.
    pub(super) fn summary(&self) -> String {
        let first = self.body.trim().split("\n\n").next().unwrap_or_default();
        let text = first.replace('\n', " ");
        match text.split_once(". ") {
            Some((sentence, _)) => format!("{sentence}."),
            None => text,
        }
    }

    /// Returns the rows of its tables, without their headings.
    fn rows(self) -> impl Iterator<Item = Row> {
        let lines: Vec<&str> = self.body.lines().collect();
        let is_row = move |at: usize| {
            let line = lines[at];
            let below = lines.get(at + 1).copied().unwrap_or_default();
            (line.starts_with("| ") && !line.starts_with("| -") && !below.starts_with("| -"))
                .then_some(line)
        };
        let count = self.body.lines().count();
        (0..count).filter_map(is_row).map(move |line| Row {
            section: self,
            line,
        })
    }
}

impl Row {
    /// Returns the words in its first cell.
    pub(super) fn words(&self) -> impl Iterator<Item = &'static str> {
        quoted(cells(self.line).next().unwrap_or_default()).map(bare)
    }
}

/// Returns every section, in the order of the page.
pub(super) fn sections() -> impl Iterator<Item = Section> {
    PAGE.split("\n## ").skip(1).filter_map(|section| {
        let (heading, body) = section.split_once('\n')?;
        let (title, keys) = heading.split_once(": ").unwrap_or((heading, ""));
        Some(Section { title, keys, body })
    })
}

/// Returns the section that a word finds.
pub(super) fn section(word: &str) -> Option<Section> {
    sections().find(|section| section.is_called(word))
}

/// Returns the rows that a word finds: at most one for `lifecycle.protect`, possibly several for
/// `protect`.
pub(super) fn rows(word: &str) -> Vec<Row> {
    let all = sections().flat_map(Section::rows);
    let alone: Vec<Row> = all.filter(|row| row.words().any(|w| w == word)).collect();
    if !alone.is_empty() {
        return alone;
    }
    let Some((first, rest)) = word.split_once('.') else {
        let begins = |own: &str| own.split_once('.').is_some_and(|(first, _)| first == word);
        let all = sections().flat_map(Section::rows);
        return all.filter(|row| row.words().any(begins)).collect();
    };
    section(first)
        .into_iter()
        .flat_map(Section::rows)
        .filter(|row| row.words().any(|w| w == rest))
        .collect()
}

/// Returns every word that finds something, for suggestions: of sections, and of rows alone and
/// after their section.
pub(super) fn words() -> Vec<String> {
    let mut words = Vec::new();
    for section in sections() {
        let names = section.words();
        for row in section.rows() {
            for word in row.words() {
                words.push(word.to_owned());
                words.extend(names.iter().map(|name| format!("{name}.{word}")));
            }
        }
        words.extend(names);
    }
    words
}

/// Returns the terms of the glossary, each with its meaning. A row may have several terms.
fn terms() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = GLOSSARY.lines().filter(|line| line.starts_with("| "));
    let pairs = rows.filter_map(|row| {
        let mut cells = cells(row);
        Some((cells.next()?, cells.next()?))
    });
    // The first two lines are the heading.
    pairs.skip(1).filter(|(term, _)| !term.starts_with('-'))
}

/// Returns the names of a row of the glossary: `row` for `row (of a table)`.
fn names(terms: &'static str) -> impl Iterator<Item = &'static str> {
    let bare = |term: &'static str| term.split(" (").next().unwrap_or(term);
    terms.split(", ").map(bare)
}

/// Returns the row of the glossary that has a term.
pub(super) fn term(word: &str) -> Option<(&'static str, &'static str)> {
    let word = word.replace('-', " ");
    let is_called = |name: &str| name.replace('-', " ").eq_ignore_ascii_case(&word);
    terms().find(|(terms, _)| names(terms).any(is_called))
}

/// Returns every term of the glossary, with hyphens for spaces.
pub(super) fn term_names() -> Vec<String> {
    let all = terms().flat_map(|(terms, _)| names(terms));
    all.map(|name| name.replace(' ', "-")).collect()
}

/// Returns the cells of a row.
pub(super) fn cells(line: &str) -> impl Iterator<Item = &str> {
    let inner = line.trim_start_matches('|').trim_end_matches('|');
    inner.split('|').map(str::trim)
}

/// Returns the pieces of a text in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Removes the value of a key or the parameters of a function from a word.
fn bare(word: &str) -> &str {
    let end = word.find([':', '(']).unwrap_or(word.len());
    &word[..end]
}
