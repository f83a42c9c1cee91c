//! Words that are not constructs themselves and lead to one: words of plans and errors, words of
//! other tools, names of fields, and the glossary.

use super::kind;
use super::page;
use super::plain::{self, items};
use crate::common::bare_name;
use crate::schema::{KindDef, Schema};
use crate::wrap::wrap;

/// Words with the word that explains them; a test looks each of those up.
pub(super) const LEADS: &[(&str, &str)] = &[
    // Words of plans and errors.
    ("held", "allow"),
    ("data_loss", "allow"),
    ("data-loss", "allow"),
    ("bulk", "allow"),
    ("kept", "on_delete"),
    // Words of other tools.
    ("depends_on", "after"),
    ("DependsOn", "after"),
    ("prevent_destroy", "lifecycle.protect"),
    ("ignore_changes", "lifecycle.ignore"),
    ("foreach", "for_each"),
    ("variable", "vars"),
    ("locals", "vars"),
    ("Parameters", "vars"),
    ("resource", "resources"),
    ("output", "outputs"),
    ("data", "existing"),
    ("import", "adopt"),
    ("removed", "forget"),
    ("workspace", "environments"),
    ("remote_state", "stacks"),
    ("state", "names-and-addresses"),
    ("provider", "region"),
];

/// Returns the word that explains another one, in capitals or not: `DATA LOSS` as in plans.
pub(super) fn of(word: &str) -> Option<&'static str> {
    let word = word.replace(' ', "-");
    let lead = LEADS
        .iter()
        .find(|(from, _)| from.eq_ignore_ascii_case(&word));
    lead.map(|(_, to)| *to)
}

/// Explains a word as a field or an attribute of the kinds that have it: in full if it is one kind,
/// otherwise as a list.
pub(super) fn field(schema: &Schema, word: &str, width: usize) -> Option<String> {
    let first = word.split('.').next().unwrap_or_default();
    let has_it = |kind: &&&KindDef| {
        let mut attributes = kind.attributes.iter();
        kind.field(first).is_some() || attributes.any(|attr| attr.name == word)
    };
    let found: Vec<(String, String)> = schema
        .kinds
        .iter()
        .filter(has_it)
        .map(|kind| format!("{}.{word}", kind.name))
        .filter_map(|path| Some((path.clone(), answer(schema, &path, width)?)))
        .collect();
    match found.as_slice() {
        [] => None,
        [(_, only)] => Some(only.clone()),
        several => Some(list(word, several, width)),
    }
}

fn answer(schema: &Schema, path: &str, width: usize) -> Option<String> {
    let kind = schema.kind(path.split('.').next()?)?;
    kind::explain(kind, path, width).ok()
}

/// The paths with the first sentence of each answer.
fn list(word: &str, found: &[(String, String)], width: usize) -> String {
    let rows: Vec<(String, String)> = found
        .iter()
        .map(|(path, text)| (path.clone(), doc(text)))
        .collect();
    let head = format!("`{word}` belongs to several kinds:");
    let more = format!("More: setpoint explain {}", found[0].0);
    format!(
        "{}{}{}",
        plain::joined(&wrap(&head, width, "", "  ")),
        items(&rows, width),
        plain::lines(&more, width)
    )
}

/// The paragraph below the path of an answer, as one line.
fn doc(answer: &str) -> String {
    let lines = answer.lines().skip(1).take_while(|line| !line.is_empty());
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Returns the kind that another tool calls so: `alicloud_vpc`, `subnet`.
pub(super) fn kind_called(schema: &Schema, word: &str) -> Option<&'static str> {
    let name = schema.kind_called(&bare_name(word))?;
    schema.kind(name).map(|kind| kind.name)
}

/// Explains a term of the glossary.
pub(super) fn glossary(word: &str, width: usize) -> Option<String> {
    let (term, meaning) = page::term(word)?;
    let head = format!("{term}  (Glossary)");
    Some(format!(
        "{}{}",
        plain::joined(&wrap(&head, width, "", "  ")),
        plain::lines(&plain::without_links(meaning), width)
    ))
}
