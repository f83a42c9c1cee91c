//! Diagnostics as text for a terminal:
//!
//! ```text
//! ╷
//! │ Error: `172.16.1.0/12` has bits set after its prefix
//! │   on stack.yaml line 4, in net:
//! │   4 │   net: {type: vpc, cidr_block: 172.16.1.0/12}
//! │     │                                ^^^^^^^^^^^^^
//! │ write `172.16.0.0/12`
//! ╵
//! ```
//!
//! Messages and hints are wrapped at the width; a longer line of the source is cut around the
//! underlined part. Control characters and invisible characters are replaced by `·`, whether they
//! are in a source or in a message, so that nothing in a spec can control the terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Diagnostic, Severity};
use crate::source::{Source, Sources};
use crate::span::Span;
use crate::wrap::wrap;

/// The layout of rendered diagnostics.
#[derive(Debug, Clone, Copy)]
pub struct RenderOptions {
    /// The width of the terminal in columns; less than 42 counts as 42.
    pub width: usize,
    /// Whether to write ANSI colours.
    pub color: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            width: 80,
            color: false,
        }
    }
}

/// The role of a piece of text, which decides its colour.
#[derive(Clone, Copy)]
enum Ink {
    Frame,
    Error,
    Warning,
    Title,
    Dim,
    Mark,
}

/// The ANSI escape sequence of a role.
fn ansi(ink: Ink) -> &'static str {
    match ink {
        Ink::Frame | Ink::Error => "\x1b[31m",
        Ink::Warning => "\x1b[33m",
        Ink::Title => "\x1b[1m",
        Ink::Dim => "\x1b[2m",
        Ink::Mark => "\x1b[31;1m",
    }
}

/// Renders diagnostics one after another, each in its frame.
#[must_use]
pub fn render_text(
    diagnostics: &[Diagnostic],
    sources: &Sources,
    options: RenderOptions,
) -> String {
    diagnostics
        .iter()
        .map(|one| {
            Page {
                sources,
                options,
                out: String::new(),
            }
            .render(one)
        })
        .collect()
}

/// The text of one diagnostic while it is written.
struct Page<'a> {
    sources: &'a Sources,
    options: RenderOptions,
    out: String,
}

impl Page<'_> {
    fn render(mut self, one: &Diagnostic) -> String {
        let (word, ink) = match one.severity {
            Severity::Error => ("Error", Ink::Error),
            Severity::Warning => ("Warning", Ink::Warning),
        };
        self.line(&self.ink(Ink::Frame, "╷"));
        for (at, text) in wrapped(&format!("{word}: {}", one.message), self.room())
            .iter()
            .enumerate()
        {
            let shown = match text.strip_prefix(word) {
                Some(rest) if at == 0 => {
                    format!("{}{}", self.ink(ink, word), self.ink(Ink::Title, rest))
                }
                _ => self.ink(Ink::Title, text),
            };
            self.framed(&shown);
        }
        if let Some(span) = one.span {
            self.place("on", span, one.context.as_deref(), "");
        } else if let Some(context) = &one.context {
            self.framed(&format!("  in {}", clean(context)));
        }
        for label in &one.labels {
            self.place("see", label.span, None, &label.text);
        }
        for paragraph in one.hint.iter().flat_map(|hint| hint.lines()) {
            for text in wrapped(paragraph, self.room()) {
                self.framed(&text);
            }
        }
        self.line(&self.ink(Ink::Frame, "╵"));
        self.out
    }

    fn room(&self) -> usize {
        self.options.width.saturating_sub(2).max(40)
    }

    fn ink(&self, ink: Ink, text: &str) -> String {
        if self.options.color {
            format!("{}{text}\x1b[0m", ansi(ink))
        } else {
            text.to_owned()
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn framed(&mut self, text: &str) {
        let framed = format!("{} {text}", self.ink(Ink::Frame, "│"));
        self.line(&framed);
    }

    /// Writes one place: file and line number, the text of the line, and the underline.
    fn place(&mut self, word: &str, span: Span, context: Option<&str>, label: &str) {
        let Some(source) = self.sources.get(span.file) else {
            return;
        };
        let line = source.line_of(span.start);
        let within = context.map_or(String::new(), |context| format!(", in {}", clean(context)));
        let name = clean(&source.name);
        self.framed(&format!("  {word} {name} line {line}{within}:"));
        let number = line.to_string();
        let cut = Cut::new(source, span, self.room().saturating_sub(number.len() + 5));
        self.framed(&format!(
            "  {} {}",
            self.ink(Ink::Dim, &format!("{number} │")),
            cut.shown
        ));
        let carets = format!(
            "{}{}",
            " ".repeat(cut.indent),
            self.ink(Ink::Mark, &"^".repeat(cut.carets))
        );
        let gap = if label.is_empty() { "" } else { " " };
        self.framed(&format!(
            "  {} {carets}{gap}{}",
            self.ink(Ink::Dim, &format!("{} │", " ".repeat(number.len()))),
            clean(label)
        ));
    }
}

/// A line of the source cut to the available columns, with the position and width of its underline
/// in terminal columns.
struct Cut {
    shown: String,
    indent: usize,
    carets: usize,
}

impl Cut {
    fn new(source: &Source, span: Span, room: usize) -> Self {
        let line = source.line_of(span.start);
        let text = source.line_text(line);
        let start = (span.start as usize - source.line_start(line)).min(text.len());
        let end = (span.end as usize - source.line_start(line)).clamp(start, text.len());
        let (before, marked) = (
            clean(text.get(..start).unwrap_or("")),
            clean(text.get(start..end).unwrap_or("")),
        );
        let after = clean(text.get(end..).unwrap_or(""));
        let carets = marked.width().clamp(1, room.saturating_sub(2).max(1));
        let whole = format!("{before}{marked}{after}");
        if whole.width() <= room {
            return Self {
                shown: whole,
                indent: before.width(),
                carets,
            };
        }
        // The line is too long: keep the underlined part visible, with up to a third of the width
        // before it.
        let fits = before.width() + carets <= room.saturating_sub(1) || before.width() <= room / 3;
        let kept_before = if fits {
            before
        } else {
            format!("…{}", tail(&before, room / 3))
        };
        let indent = kept_before.width();
        let rest = format!("{kept_before}{marked}{after}");
        let shown = if rest.width() <= room {
            rest
        } else {
            format!("{}…", head(&rest, room.saturating_sub(1)))
        };
        Self {
            shown,
            indent,
            carets: carets.min(room.saturating_sub(indent + 1).max(1)),
        }
    }
}

/// Replaces characters that would control the terminal, be invisible or shift the underline.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || is_invisible(c) {
                '·'
            } else {
                c
            }
        })
        .collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{feff}')
}

fn head(text: &str, width: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect()
}

fn tail(text: &str, width: usize) -> String {
    let mut used = 0;
    let kept: Vec<char> = text
        .chars()
        .rev()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect();
    kept.into_iter().rev().collect()
}

/// Wraps a text; every line keeps the indentation of the text.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let text = clean(text);
    let bare = text.trim_start_matches(' ');
    let indent = &text[..text.len() - bare.len()];
    wrap(bare, width, indent, indent)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::source::Role;

    fn page(text: &str, from: usize, len: usize) -> (Diagnostic, Sources) {
        let mut sources = Sources::default();
        let file = sources.add("stack.yaml", text.to_owned(), Role::Spec);
        (
            Diagnostic::error("code", Span::new(file, from, from + len), "it is wrong")
                .within("app"),
            sources,
        )
    }

    #[track_caller]
    fn check(
        (diagnostic, sources): (Diagnostic, Sources),
        options: RenderOptions,
        expected: &Expect,
    ) {
        expected.assert_eq(&render_text(&[diagnostic], &sources, options));
    }

    #[test]
    fn wide_characters_and_tabs_keep_the_underline_in_place() {
        let text = "名: \"团队\t\" x\n";
        let (diagnostic, sources) = page(text, text.find('x').expect("it is there"), 1);
        check(
            (diagnostic.hint("write y"), sources),
            RenderOptions::default(),
            &expect![[r#"
                ╷
                │ Error: it is wrong
                │   on stack.yaml line 1, in app:
                │   1 │ 名: "团队·" x
                │     │             ^
                │ write y
                ╵
            "#]],
        );
    }

    #[test]
    fn nothing_that_a_terminal_acts_on_is_shown() {
        let hostile = "\u{1b}[31m\u{9b}31m\u{85}\u{7}\u{202e}\u{200b}\u{2028}\u{feff}";
        let text = format!("a: {hostile}b\n");
        let (diagnostic, sources) = page(&text, 3, hostile.len());
        let diagnostic = Diagnostic {
            message: format!("`{hostile}` is wrong"),
            ..diagnostic
        };
        let span = diagnostic.span.expect("a place");
        let diagnostic = diagnostic
            .within(hostile)
            .label(span, hostile)
            .hint(format!("write something other than {hostile}"));
        let shown = render_text(&[diagnostic], &sources, RenderOptions::default());
        let is_raw = |c: &char| hostile.contains(*c) && !"[31m".contains(*c);
        assert_eq!(shown.chars().find(is_raw), None, "{shown:?}");
    }

    #[test]
    fn long_lines_are_cut_round_the_place() {
        let text = format!("{}here{}\n", "a".repeat(100), "b".repeat(100));
        let options = RenderOptions {
            width: 50,
            color: false,
        };
        check(
            page(&text, 100, 4),
            options,
            &expect![[r#"
                ╷
                │ Error: it is wrong
                │   on stack.yaml line 1, in app:
                │   1 │ …aaaaaaaaaaaaaaherebbbbbbbbbbbbbbbbbbbbbb…
                │     │                ^^^^
                ╵
            "#]],
        );
    }

    #[test]
    fn colours_change_nothing_but_colour() {
        let (diagnostic, sources) = page("a: b\n", 3, 1);
        let bare = render_text(
            std::slice::from_ref(&diagnostic),
            &sources,
            RenderOptions::default(),
        );
        let coloured = render_text(
            &[diagnostic],
            &sources,
            RenderOptions {
                color: true,
                ..RenderOptions::default()
            },
        );
        assert!(coloured.contains("\x1b[31m"));
        let mut stripped = String::new();
        for part in coloured.split('\x1b') {
            stripped.push_str(
                part.strip_prefix('[')
                    .and_then(|rest| rest.split_once('m'))
                    .map_or(part, |(_, rest)| rest),
            );
        }
        assert_eq!(stripped, bare);
    }
}
