//! Converts Markdown to plain text for a terminal, for the few forms that `docs/language.md` uses.
//!
//! Paragraphs, lists and tables are wrapped at a width; code is indented and not wrapped.

use regex_lite::Regex;
use unicode_width::UnicodeWidthStr as _;

use super::page::cells;
use crate::wrap::wrap;

/// Converts a piece of the page; `width` is in columns.
pub(super) fn plain(markdown: &str, width: usize) -> String {
    let mut out = String::new();
    let mut lines = markdown.trim().lines().peekable();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            out.push('\n');
        } else if line.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            out.push_str(&indented(&code));
        } else if line.starts_with('|') {
            let mut rows = vec![line];
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                rows.push(row);
            }
            out.push_str(&table(&rows, width));
        } else {
            let mut text = line.to_owned();
            while let Some(next) = lines.next_if(|line| goes_on(line)) {
                text.push(' ');
                text.push_str(next.trim());
            }
            out.push_str(&paragraph(&text, width));
        }
    }
    out
}

/// Whether a line continues the paragraph or the item above it.
fn goes_on(line: &str) -> bool {
    !line.is_empty() && !line.starts_with(['|', '-', '`'])
        || line.starts_with('`') && !line.starts_with("```")
}

/// Formats lines of code.
pub(super) fn indented(lines: &[&str]) -> String {
    let line = |line: &&str| format!("    {line}").trim_end().to_owned() + "\n";
    lines.iter().map(line).collect()
}

/// Formats a paragraph or an item of a list.
fn paragraph(text: &str, width: usize) -> String {
    let hanging = if text.starts_with("- ") { "  " } else { "" };
    joined(&wrap(&without_links(text), width, "", hanging))
}

/// Formats a text below a heading.
pub(super) fn lines(text: &str, width: usize) -> String {
    joined(&wrap(text, width, "  ", "  "))
}

/// Formats the rows of a table, without its heading.
fn table(rows: &[&str], width: usize) -> String {
    let rows: Vec<(String, String)> = rows.iter().skip(2).map(|row| pair(row)).collect();
    items(&rows, width)
}

/// Returns the first cell of a row, and the others as one text.
pub(super) fn pair(row: &str) -> (String, String) {
    let row = without_links(row);
    let mut cells = cells(&row).filter(|cell| !cell.is_empty());
    let first = cells.next().unwrap_or_default().to_owned();
    (first, cells.collect::<Vec<_>>().join("; "))
}

/// Formats terms in a column with their explanations beside them; an explanation is below its term
/// if the term is wider than a third of the width.
pub(super) fn items(rows: &[(String, String)], width: usize) -> String {
    let widths = rows.iter().map(|(term, _)| term.width());
    let column = widths.filter(|w| *w <= width / 3).max().unwrap_or(0);
    let hanging = " ".repeat(column + 4);
    let mut out = String::new();
    for (term, text) in rows {
        let gap = column.checked_sub(term.width());
        let first = match gap {
            Some(gap) => format!("  {term}{}  ", " ".repeat(gap)),
            None => hanging.clone(),
        };
        if gap.is_none() {
            out.push_str(&joined(&wrap(term, width, "  ", "    ")));
        }
        out.push_str(&joined(&wrap(text, width, &first, &hanging)));
    }
    out
}

pub(super) fn joined(lines: &[String]) -> String {
    lines
        .iter()
        .flat_map(|line| [line.trim_end(), "\n"])
        .collect()
}

/// Replaces `[text](address)` by the text.
pub(super) fn without_links(text: &str) -> String {
    let link = Regex::new(r"\[([^\]]+)\]\([^)]+\)").expect("a valid pattern");
    link.replace_all(text, "$1").into_owned()
}
