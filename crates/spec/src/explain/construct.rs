//! The answers for constructs of the language: sections and rows of the reference page.

use super::page::{self, Row, Section};
use super::plain::{self, plain};
use crate::wrap::wrap;

/// Returns the answer for a construct, if the word names one.
pub(super) fn explain(word: &str, width: usize) -> Option<String> {
    if let Some(section) = page::section(word) {
        return Some(section_text(&section, width));
    }
    let rows = page::rows(word);
    (!rows.is_empty()).then(|| {
        let answers: Vec<String> = rows.iter().map(|row| row_text(row, word, width)).collect();
        answers.join("\n")
    })
}

/// Returns every word that has an answer.
pub(super) fn words() -> Vec<String> {
    page::words()
}

/// Returns the words of each section with its first sentence.
pub(super) fn summaries() -> Vec<(String, String)> {
    page::sections()
        .map(|section| {
            (
                section.words().join(", "),
                plain::without_links(&section.summary()),
            )
        })
        .collect()
}

fn section_text(section: &Section, width: usize) -> String {
    format!("{}\n\n{}", section.title, plain(section.body, width))
}

/// Formats a row, with the lines of its section's examples that use the word.
fn row_text(row: &Row, word: &str, width: usize) -> String {
    let is_whole = row.words().any(|own| own == word);
    let last = word.rsplit('.').next().unwrap_or(word);
    let key = if is_whole { word } else { last };
    let (term, text) = plain::pair(row.line);
    let more = row.section.words().swap_remove(0);
    let example = example(row.section.body, key);
    let example = if example.is_empty() {
        String::new()
    } else {
        format!("\n{}", plain::indented(&example))
    };
    let head = format!("{term}  ({})", row.section.title);
    format!(
        "{}{}{example}\n  More: setpoint explain {more}\n",
        plain::joined(&wrap(&head, width, "", "  ")),
        plain::lines(&text, width),
    )
}

/// Returns the lines of a section's examples that use a word as a key, a function or a path,
/// together with the lines that contain them by their indentation.
fn example<'p>(markdown: &'p str, word: &str) -> Vec<&'p str> {
    let fenced = markdown.split("```").skip(1).step_by(2);
    let mut found = Vec::new();
    for block in fenced.filter_map(|block| block.strip_prefix("yaml\n")) {
        let lines: Vec<&str> = block.lines().collect();
        let mut kept = vec![false; lines.len()];
        for at in 0..lines.len() {
            if uses(lines[at], word) {
                keep(&lines, at, &mut kept);
            }
        }
        let shown = lines.iter().zip(kept).filter(|(_, kept)| *kept);
        found.extend(shown.map(|(line, _)| *line));
    }
    found
}

fn uses(line: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    line.match_indices(word).any(|(at, _)| {
        let after = &line[at + word.len()..];
        !line[..at].ends_with(is_name) && after.starts_with([':', '(', '}'])
    })
}

/// Keeps a line, the lines that contain it by their indentation, and the lines that it contains.
fn keep(lines: &[&str], at: usize, kept: &mut [bool]) {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(lines[at]);
    let within = lines[at + 1..].iter().take_while(|line| indent(line) > own);
    kept[at..=at + within.count()].fill(true);
    let mut least = own;
    for above in (0..at).rev() {
        if indent(lines[above]) < least {
            least = indent(lines[above]);
            kept[above] = true;
        }
    }
}
