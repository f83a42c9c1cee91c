//! Wraps text at a width.

use textwrap::{Options, WordSeparator, WordSplitter};

/// Breaks a text at spaces into lines of at most `width` columns; a wider word stays whole, so that
/// a path or a command can be copied. The first line begins with `first`, the others with
/// `hanging`.
pub(crate) fn wrap(text: &str, width: usize, first: &str, hanging: &str) -> Vec<String> {
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(hanging)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options);
    lines.into_iter().map(Into::into).collect()
}
