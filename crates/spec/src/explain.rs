//! `setpoint explain WORD`: the language and its kinds, as people read them in a terminal.
//!
//! A word is either a path below a kind (`instance.system_disk.size`) or a construct of the
//! language (`vars`, `lifecycle.protect`, `cidr_subnet`). The answer for a kind is made from its
//! table. The answer for a construct is taken from the reference page, `docs/language.md`, which is
//! embedded in the crate and is the only source of these texts. Kinds are looked up first; a test
//! ensures that no construct has the name of a kind. Any other word leads to one of these: a word
//! of plans or of other tools, the name of a field without its kind, or a term of the glossary.

mod construct;
mod kind;
mod lead;
mod page;
mod plain;

use crate::schema::{KindDef, Schema};
use crate::suggest;

pub use kind::{members, type_text};

/// Explains a kind, a field, a member of a field or a construct of the language, in lines of at
/// most `width` columns; only code of examples may be wider.
///
/// # Errors
/// A sentence that the word is unknown, and on a second line the most similar word.
pub fn explain(schema: &Schema, word: &str, width: usize) -> Result<String, String> {
    let first = word.split('.').next().unwrap_or_default();
    if let Some(kind) = schema.kind(first) {
        return kind::explain(kind, word, width);
    }
    if let Some(answer) = construct::explain(word, width) {
        return Ok(answer);
    }
    if let Some(to) = lead::of(word).or_else(|| lead::kind_called(schema, word)) {
        return Ok(format!(
            "`{word}`: see `{to}`.\n\n{}",
            explain(schema, to, width)?
        ));
    }
    if let Some(answer) = lead::field(schema, word, width) {
        return Ok(answer);
    }
    if let Some(answer) = lead::glossary(word, width) {
        return Ok(answer);
    }
    let words = words(schema);
    let hint = suggest::nearest(word, words.iter().map(String::as_str)).map_or_else(
        || "`setpoint explain` lists the kinds and the constructs".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(format!(
        "`{word}` is not a kind or a construct of the language\n{hint}"
    ))
}

/// Returns every word that has an answer of its own, for suggestions and completions: kinds, their
/// fields, constructs, terms of the glossary.
#[must_use]
pub fn words(schema: &Schema) -> Vec<String> {
    let kinds = schema.kinds.iter().map(|kind| kind.name.to_owned());
    let fields = schema.kinds.iter().flat_map(|kind| {
        let fields = kind.fields.iter();
        fields.map(|field| format!("{}.{}", kind.name, field.name))
    });
    let mut words: Vec<String> = kinds
        .chain(fields)
        .chain(construct::words())
        .chain(page::term_names())
        .collect();
    words.sort();
    words.dedup();
    words
}

/// What can be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The kinds, each with one line of description.
    pub kinds: Vec<(String, String)>,
    /// The sections of the language, each with its first sentence.
    pub constructs: Vec<(String, String)>,
    /// The names of the functions.
    pub functions: Vec<String>,
    /// The terms of the glossary.
    pub terms: Vec<String>,
}

/// Returns what can be explained.
#[must_use]
pub fn overview(schema: &Schema) -> Overview {
    let doc = |kind: &&KindDef| (kind.name.to_owned(), kind.doc.to_owned());
    let functions = crate::FUNCTIONS.iter();
    Overview {
        kinds: schema.kinds.iter().map(doc).collect(),
        constructs: construct::summaries(),
        functions: functions.map(|(name, _)| (*name).to_owned()).collect(),
        terms: page::term_names(),
    }
}

impl Overview {
    /// Lists everything in lines of at most `width` columns.
    #[must_use]
    pub fn text(&self, width: usize) -> String {
        format!(
            "Kinds:\n{}\nThe language:\n{}\nFunctions:\n{}\nTerms:\n{}",
            plain::items(&self.kinds, width),
            plain::items(&self.constructs, width),
            plain::lines(&self.functions.join(", "), width),
            plain::lines(&self.terms.join(", "), width),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word that leads elsewhere has no answer of its own, which would hide the lead, and its
    /// target has one.
    #[test]
    fn leads_arrive() {
        for (from, to) in lead::LEADS {
            assert_eq!(construct::explain(from, 80), None, "{from}");
            assert!(explain(&Schema::EMPTY, to, 80).is_ok(), "{from} -> {to}");
        }
    }

    #[test]
    fn terms_of_the_glossary_are_explained() {
        let names = page::term_names();
        assert!(names.len() > 40 && names.contains(&"held-step".to_owned()));
        for name in names {
            assert!(explain(&Schema::EMPTY, &name, 80).is_ok(), "{name}");
        }
    }
}
