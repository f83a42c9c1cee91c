//! What a scanner error most likely means to the person who wrote the line.

use crate::diagnostic::Diagnostic;
use crate::span::{FileId, Span};

/// Turns the scanner's words at a byte into a finding with a hint.
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

/// `{source: ${vars.office}}`: inside braces the scanner stops right after the `$`.
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

/// `[web, app[0]]`: inside brackets the scanner stops right after the name.
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
    let message = "a member's address inside `{ }` or `[ ]` must be quoted";
    Some(
        Diagnostic::error("unquoted-member", Span::new(file, name_start, end), message)
            .hint(format!("write \"{member}\"")),
    )
}

fn words(info: &str, line: &str) -> (&'static str, String, Option<String>) {
    let hint = |text: &str| Some(text.to_owned());
    let is = |part: &str| info.contains(part);
    if is("unknown anchor") {
        return (
            "yaml-alias",
            "aliases are not taken".to_owned(),
            hint("use `defaults`, `vars`, `for_each` or a module"),
        );
    }
    if is("handle wasn't declared") || is("tag") {
        return (
            "yaml-tag",
            "tags are not taken".to_owned(),
            hint("write a reference as `${net.id}`, other values plainly"),
        );
    }
    if is("recursion limit") {
        return (
            "too-large",
            "lists and maps are nested more than 64 deep".to_owned(),
            hint("look for a bracket that is not closed"),
        );
    }
    if is("unexpected end of stream") || is("unexpected eof") {
        return (
            "yaml",
            "the file ends inside a quoted text".to_owned(),
            hint("close the quote"),
        );
    }
    if is("illegal placement of ':'") {
        return (
            "yaml",
            "a `:` where none can stand".to_owned(),
            hint("look for a `[`, `{` or quote above that is not closed"),
        );
    }
    if is("mapping values are not allowed") {
        let quote = "quote the value if its text holds `: `, or put the key on a line of its own";
        return (
            "yaml",
            "a second `:` on this line, or a key that is indented too far".to_owned(),
            hint(quote),
        );
    }
    if is("flow mapping") {
        return (
            "yaml",
            "a `,` or `}` is missing".to_owned(),
            hint("entries in `{ }` are parted by commas; texts with `, : { } [ ]` need quotes"),
        );
    }
    if is("flow sequence") {
        return (
            "yaml",
            "a `,` or `]` is missing".to_owned(),
            hint("items in `[ ]` are parted by commas; texts with `, : { } [ ]` need quotes"),
        );
    }
    if is("did not find expected key")
        || is("invalid indentation")
        || is("simple key")
        || is("wrongly indented")
    {
        let message =
            "this line is not indented as the lines around it, or lacks its `:`".to_owned();
        return (
            "yaml",
            message,
            hint("keys of one map begin in the same column, and each is followed by `: `"),
        );
    }
    if is("expected '-' indicator") || is("block sequence entries are not allowed") {
        return (
            "yaml",
            "items of a list must begin in the same column, each with `- `".to_owned(),
            None,
        );
    }
    if is("unknown escape") || is("hexadecimal") || is("escape code") {
        return (
            "yaml",
            "an escape that YAML does not know".to_owned(),
            hint("in \"…\" write \\\\ for a backslash, or use '…', which has no escapes"),
        );
    }
    if is("expected <document start>") {
        return (
            "yaml",
            "more text after the end of the value above".to_owned(),
            None,
        );
    }
    if is("unexpected character") && line.contains(['@', '`', '%']) {
        return (
            "yaml",
            "a value cannot begin with this character unless it is quoted".to_owned(),
            None,
        );
    }
    ("yaml", format!("this is not YAML: {info}"), None)
}
