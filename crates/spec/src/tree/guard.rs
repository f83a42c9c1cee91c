//! Checks of the text before it is parsed: characters, line ends, tabs, directives.

use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use crate::span::{FileId, Span};

/// Whether a character is not allowed in a spec: control characters, bidirectional controls, and
/// the line separators of YAML 1.1.
pub(super) fn is_refused(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        c if c.is_control() => true,
        '\u{200e}'
        | '\u{200f}'
        | '\u{061c}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' => true,
        _ => false,
    }
}

/// Reports characters that are not allowed, but only the first few, because a binary file has
/// thousands.
pub(super) fn characters(file: FileId, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (at, c) in text.char_indices() {
        if c.is_ascii() && (c >= ' ' && c != '\x7f' || c == '\n' || c == '\t') {
            continue;
        }
        let lone_return = c == '\r' && !text[at + 1..].starts_with('\n');
        if is_refused(c) || lone_return {
            let span = Span::new(file, at, at + c.len_utf8());
            let message = format!(
                "the character U+{:04X} is not allowed in a spec",
                u32::from(c)
            );
            found.push(Diagnostic::error("character", span, message).hint(character_hint(c)));
        }
        if found.len() == 5 {
            break;
        }
    }
    found
}

fn character_hint(c: char) -> &'static str {
    match c {
        '\r' => "lines must end in LF or CRLF, not in a lone carriage return",
        '\0'..='\u{9f}' => {
            "remove it: control characters are invisible and change how tools read the file"
        }
        _ => "remove it: it is invisible and can make the text look different",
    }
}

/// Reports `%YAML` and `%TAG` lines before the document.
pub(super) fn directives(file: FileId, sources: &Sources) -> Vec<Diagnostic> {
    let Some(source) = sources.get(file) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for line in 1..=source.lines() {
        let text = source.line_text(line);
        if text.starts_with('%') {
            let start = source.line_start(line);
            let span = Span::new(file, start, start + text.trim_end().len());
            found.push(
                Diagnostic::error("yaml-directive", span, "YAML directives are not supported")
                    .hint("remove this line; a spec is YAML 1.2 without tags"),
            );
        } else if !text.trim().is_empty() && !text.starts_with('#') {
            break;
        }
    }
    found
}

/// Reports tabs in the indentation of lines that are not inside a scalar of several lines.
pub(super) fn tabs(file: FileId, sources: &Sources, scalars: &[Span]) -> Vec<Diagnostic> {
    let Some(source) = sources.get(file) else {
        return Vec::new();
    };
    let inside = |line: usize| {
        let start = source.line_start(line) as u32;
        let next = scalars.partition_point(|scalar| scalar.start < start);
        next > 0 && scalars[next - 1].end > start
    };
    let mut found = Vec::new();
    for line in 1..=source.lines() {
        let text = source.line_text(line);
        let blank = text.len() - text.trim_start_matches([' ', '\t']).len();
        let Some(tab) = text[..blank].find('\t') else {
            continue;
        };
        if blank == text.len() || inside(line) {
            continue;
        }
        let at = source.line_start(line) + tab;
        found.push(tab_at(Span::new(file, at, at + 1)));
    }
    found
}

/// The diagnostic for one tab.
pub(super) fn tab_at(span: Span) -> Diagnostic {
    Diagnostic::error("tab", span, "the indentation contains a tab")
        .hint("indent with spaces, two for each level")
}
