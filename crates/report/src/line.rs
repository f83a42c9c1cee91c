//! Lines of labelled text, and text that is wrapped or cut to a width.
//!
//! Widths are terminal columns: a wide character counts as two. A line is measured before it is
//! coloured, so that ANSI codes do not count.

use textwrap::{Options, WordSeparator, WordSplitter};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::style::{Label, Style};

/// Returns the number of columns that a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A line under construction: pieces of text with their labels.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    parts: Vec<(Label, String)>,
}

impl Line {
    /// Creates a line that begins with `n` spaces.
    pub(crate) fn indented(n: usize) -> Self {
        Self {
            parts: vec![(Label::Plain, " ".repeat(n))],
        }
    }

    /// Appends a text.
    pub(crate) fn push(&mut self, label: Label, text: impl Into<String>) {
        self.parts.push((label, text.into()));
    }

    /// Appends spaces up to this width; a wider line stays as it is.
    pub(crate) fn pad_to(&mut self, columns: usize) {
        let missing = columns.saturating_sub(self.width());
        self.push(Label::Plain, " ".repeat(missing));
    }

    /// Returns the number of columns that the line takes.
    pub(crate) fn width(&self) -> usize {
        self.parts.iter().map(|(_, text)| width(text)).sum()
    }

    /// Cuts the line to at most `columns`; a cut line ends with `…`.
    pub(crate) fn cut_to(mut self, columns: usize) -> Self {
        let mut used = 0;
        for at in 0..self.parts.len() {
            let wide = width(&self.parts[at].1);
            if used + wide > columns {
                self.parts[at].1 = cut(&self.parts[at].1, columns - used);
                self.parts.truncate(at + 1);
                break;
            }
            used += wide;
        }
        self
    }

    /// Renders the line with or without colours, without trailing spaces.
    pub(crate) fn render(&self, style: &Style) -> String {
        let last = self
            .parts
            .iter()
            .rposition(|(_, text)| !text.trim_end().is_empty());
        let kept = last.map_or(&[][..], |last| &self.parts[..=last]);
        let paint = |(at, (label, text)): (usize, &(Label, String))| {
            let text = if Some(at) == last {
                text.trim_end()
            } else {
                text.as_str()
            };
            style.paint(*label, text)
        };
        kept.iter().enumerate().map(paint).collect()
    }
}

/// Breaks a text into lines of at most `columns` (at least one), at spaces where possible and
/// within words otherwise. Spaces at the start of the text are dropped.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let options = Options::new(columns.max(1))
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text.trim_start_matches(' '), options);
    lines.into_iter().map(Into::into).collect()
}

/// Cuts a text to at most `columns`; a cut text ends with `…`.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        kept.push(c);
        used += wide;
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_at_spaces_and_within_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("日本語", 1), ["日", "本", "語"]);
        assert_eq!(wrap("ab", 0), ["a", "b"]);
    }

    #[test]
    fn cuts_count_columns() {
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn lines_are_measured_without_colours() {
        let mut line = Line::indented(2);
        line.push(Label::Danger, "DATA");
        line.pad_to(10);
        assert_eq!(line.width(), 10);
        assert_eq!(
            line.render(&Style {
                color: true,
                width: 80
            }),
            "  \u{1b}[1m\u{1b}[31mDATA\u{1b}[0m"
        );
        assert_eq!(line.render(&Style::plain(80)), "  DATA");
    }
}
