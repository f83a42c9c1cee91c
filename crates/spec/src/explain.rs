//! `setpoint explain WORD`: the language and its kinds, as people read them in a terminal.
//!
//! A word is either a path below a kind (`instance.system_disk.size`) or a construct of the
//! language (`vars`, `lifecycle.protect`, `cidr_subnet`). The answer for a kind is made from its
//! table. The answer for a construct is taken from the reference page, `docs/language.md`, which is
//! embedded in the crate and is the only source of these texts. Kinds are looked up first; a test
//! ensures that no construct has the name of a kind.

mod construct;
mod kind;
mod page;
mod plain;

use crate::schema::Schema;
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
    let constructs = construct::words();
    let kinds = schema.kinds.iter().map(|kind| kind.name);
    let names = kinds.chain(constructs.iter().map(String::as_str));
    let hint = suggest::nearest(word, names).map_or_else(
        || "`setpoint explain` lists the kinds and the constructs".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(format!(
        "`{word}` is not a kind or a construct of the language\n{hint}"
    ))
}

/// Lists the kinds, the constructs and the functions, in lines of at most `width` columns.
#[must_use]
pub fn overview(schema: &Schema, width: usize) -> String {
    let kinds: Vec<(String, String)> = schema
        .kinds
        .iter()
        .map(|kind| (kind.name.to_owned(), kind.doc.to_owned()))
        .collect();
    let functions: Vec<&str> = crate::FUNCTIONS.iter().map(|(name, _)| *name).collect();
    format!(
        "Kinds:\n{}\nThe language:\n{}\nFunctions:\n{}",
        plain::items(&kinds, width),
        plain::items(&construct::summaries(), width),
        plain::lines(&functions.join(", "), width),
    )
}
