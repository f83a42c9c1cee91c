//! Markdown as plain text for a terminal: the few forms that `docs/language.md` uses.
//!
//! Paragraphs, lists and tables are wrapped to a width; code is indented and stays as it is.

use regex_lite::Regex;
use unicode_width::UnicodeWidthStr as _;

use super::page::cells;
use crate::wrap::wrap;

/// Lays out a piece of the page; `width` in columns.
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

/// Whether a line belongs to the paragraph or the item above it.
fn goes_on(line: &str) -> bool {
    !line.is_empty() && !line.starts_with(['|', '-', '`'])
        || line.starts_with('`') && !line.starts_with("```")
}

/// Lines of code or of an example.
pub(super) fn indented(lines: &[&str]) -> String {
    let line = |line: &&str| format!("    {line}").trim_end().to_owned() + "\n";
    lines.iter().map(line).collect()
}

/// A paragraph or an item of a list.
fn paragraph(text: &str, width: usize) -> String {
    let hanging = if text.starts_with("- ") { "  " } else { "" };
    joined(&wrap(&without_links(text), width, "", hanging))
}

/// A text below a heading.
pub(super) fn lines(text: &str, width: usize) -> String {
    joined(&wrap(text, width, "  ", "  "))
}

/// The rows of a table, without its heading.
fn table(rows: &[&str], width: usize) -> String {
    let rows: Vec<(String, String)> = rows.iter().skip(2).map(|row| pair(row)).collect();
    items(&rows, width)
}

/// The first cell of a row, and the others in one text.
pub(super) fn pair(row: &str) -> (String, String) {
    let row = without_links(row);
    let mut cells = cells(&row).filter(|cell| !cell.is_empty());
    let first = cells.next().unwrap_or_default().to_owned();
    (first, cells.collect::<Vec<_>>().join("; "))
}

/// Terms in a column, each with its explanation beside it; below it where the term is wider than a
/// third of the width.
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

/// `[text](address)` becomes the text.
pub(super) fn without_links(text: &str) -> String {
    let link = Regex::new(r"\[([^\]]+)\]\([^)]+\)").expect("a valid pattern");
    link.replace_all(text, "$1").into_owned()
}
