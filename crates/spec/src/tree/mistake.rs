//! Translates errors of the YAML scanner to the mistake that most likely caused them.

use crate::diagnostic::Diagnostic;
use crate::span::{FileId, Span};

/// Turns a message of the scanner at a byte into a diagnostic with a hint.
pub(super) fn explain(file: FileId, text: &str, at: usize, info: &str) -> Diagnostic {
    let line_start = text[..at].rfind('\n').map_or(0, |nl| nl + 1);
    let line_end = text[at..].find('\n').map_or(text.len(), |nl| at + nl);
    let line = text[line_start..line_end].trim_end_matches('\r');
    let here = Span::new(
        file,
        at,
        (at + text[at..].chars().next().map_or(0, char::len_utf8))
            .min(line_start + line.len())
            .max(at),
    );
    if info.contains("tab")
        && let Some(tab) = line.find('\t')
    {
        return super::guard::tab_at(Span::new(file, line_start + tab, line_start + tab + 1));
    }
    if let Some(found) =
        unquoted_expression(file, text, at).or_else(|| unquoted_member(file, text, at))
    {
        return found;
    }
    let (code, message, hint) = words(info, line);
    Diagnostic::error(code, here, message).maybe_hint(hint)
}

/// Recognises `{source: ${vars.office}}`, where the scanner stops right after the `$`.
fn unquoted_expression(file: FileId, text: &str, at: usize) -> Option<Diagnostic> {
    let line_start = text[..at].rfind('\n').map_or(0, |nl| nl + 1);
    let before = &text[line_start..at];
    let dollar = if text[at..].starts_with('{') && before.ends_with('$') {
        at - 1
    } else {
        line_start + before.rfind("${")?
    };
    let word = text[line_start..dollar]
        .rfind([' ', ',', '[', '{', '\t'])
        .map_or(line_start, |space| line_start + space + 1);
    if text[word..dollar].contains(['"', '\'', '#']) {
        return None;
    }
    let end = text[dollar..]
        .find('}')
        .map(|end| dollar + end + 1)
        .filter(|end| !text[dollar..*end].contains('\n'))?;
    let message = "an expression inside `{ }` or `[ ]` must be quoted";
    Some(
        Diagnostic::error("unquoted-expression", Span::new(file, word, end), message)
            .hint(format!("write \"{}\"", &text[word..end])),
    )
}

/// Recognises `[web, app[0]]`, where the scanner stops right after the name.
fn unquoted_member(file: FileId, text: &str, at: usize) -> Option<Diagnostic> {
    let line_start = text[..at].rfind('\n').map_or(0, |nl| nl + 1);
    let bracket = if text[at..].starts_with('[') {
        at
    } else {
        line_start + text[line_start..at].rfind('[')?
    };
    let is_address = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name_start = line_start + text[line_start..bracket].trim_end_matches(is_address).len();
    let end = text[bracket..]
        .find(']')
        .map(|end| bracket + end + 1)
        .filter(|end| !text[bracket..*end].contains('\n'))?;
    let member = &text[name_start..end];
    if name_start == bracket || member.parse::<crate::address::Address>().is_err() {
        return None;
    }
    let message = "the address of a member must be quoted inside `{ }` and `[ ]`";
    Some(
        Diagnostic::error("unquoted-member", Span::new(file, name_start, end), message)
            .hint(format!("write \"{member}\"")),
    )
}

/// The meaning of a message of the scanner.
struct Meaning {
    /// Parts of messages; any of them is enough.
    said: &'static [&'static str],
    code: &'static str,
    message: &'static str,
    hint: Option<&'static str>,
}

/// The messages of the scanner; the first match is used.
const MEANINGS: &[Meaning] = &[
    Meaning {
        said: &["unknown anchor"],
        code: "yaml-alias",
        message: "YAML aliases are not supported",
        hint: Some("use `defaults`, `vars`, `for_each` or a module"),
    },
    Meaning {
        said: &["handle wasn't declared", "tag"],
        code: "yaml-tag",
        message: "YAML tags are not supported",
        hint: Some("write a reference as `${net.id}`, and other values without a tag"),
    },
    Meaning {
        said: &["recursion limit"],
        code: "too-large",
        message: "lists and maps are nested more than 64 deep",
        hint: Some("look for a bracket that is not closed"),
    },
    Meaning {
        said: &["unexpected end of stream", "unexpected eof"],
        code: "yaml",
        message: "the closing quote of this text is missing",
        hint: Some("add the closing quote"),
    },
    Meaning {
        said: &["illegal placement of ':'"],
        code: "yaml",
        message: "a `:` is not valid here",
        hint: Some("look for a `[`, `{` or quote above that is not closed"),
    },
    Meaning {
        said: &["mapping values are not allowed"],
        code: "yaml",
        message: "there is a second `:` on this line, or the key is indented too far",
        hint: Some("quote the value if its text holds `: `, or put the key on a line of its own"),
    },
    Meaning {
        said: &["flow mapping"],
        code: "yaml",
        message: "a `,` or `}` is missing",
        hint: Some("separate entries in `{ }` by commas; texts with `, : { } [ ]` need quotes"),
    },
    Meaning {
        said: &["flow sequence"],
        code: "yaml",
        message: "a `,` or `]` is missing",
        hint: Some("separate items in `[ ]` by commas; texts with `, : { } [ ]` need quotes"),
    },
    Meaning {
        said: &[
            "did not find expected key",
            "invalid indentation",
            "simple key",
            "wrongly indented",
        ],
        code: "yaml",
        message: "this line has another indentation than the lines around it, or no `:`",
        hint: Some("begin all keys of a map in the same column, each followed by `: `"),
    },
    Meaning {
        said: &[
            "expected '-' indicator",
            "block sequence entries are not allowed",
        ],
        code: "yaml",
        message: "begin all items of a list in the same column, each with `- `",
        hint: None,
    },
    Meaning {
        said: &["unknown escape", "hexadecimal", "escape code"],
        code: "yaml",
        message: "this escape is not valid in YAML",
        hint: Some("in \"…\" write \\\\ for a backslash, or use '…', which has no escapes"),
    },
    Meaning {
        said: &["expected <document start>"],
        code: "yaml",
        message: "there is text after the end of the value above",
        hint: None,
    },
];

fn words(info: &str, line: &str) -> (&'static str, String, Option<String>) {
    let known = MEANINGS
        .iter()
        .find(|meaning| meaning.said.iter().any(|part| info.contains(part)));
    if let Some(known) = known {
        return (
            known.code,
            known.message.to_owned(),
            known.hint.map(str::to_owned),
        );
    }
    if info.contains("unexpected character") && line.contains(['@', '`', '%']) {
        return (
            "yaml",
            "a value cannot begin with this character unless it is quoted".to_owned(),
            None,
        );
    }
    ("yaml", format!("this is not valid YAML: {info}"), None)
}
