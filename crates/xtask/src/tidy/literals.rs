//! Text literals of a Rust source, without its comments and its tests.
//!
//! A scanner over bytes, linear in the length of the text. It recognises comments, texts, raw texts
//! and characters, which are the only places for a quotation mark. It does not parse; a lifetime
//! differs from a character by its missing second quote.

/// A text literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Literal<'t> {
    /// From 1.
    pub(crate) line: usize,
    /// The position of its opening quotation mark, or of its `r`, in bytes.
    pub(crate) start: usize,
    /// The text between the quotation marks, with its escapes.
    pub(crate) text: &'t str,
}

/// The part of a source before the module that holds its tests.
pub(crate) fn without_tests(text: &str) -> &str {
    let mark = "\n#[cfg(test)]\nmod ";
    let mut from = 0;
    while let Some(at) = text[from..].find(mark) {
        let start = from + at;
        let line = text[start + mark.len()..].lines().next().unwrap_or("");
        // `mod fixtures;` is a file of its own, and the rest of this one goes on.
        if line.ends_with('{') {
            return &text[..start];
        }
        from = start + mark.len();
    }
    text
}

/// The literals of a source, in order.
pub(crate) fn literals(text: &str) -> Vec<Literal<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    let (mut line, mut counted) = (1, 0);
    while at < text.len() {
        let rest = &text[at..];
        if let Some((open, inner, len)) = literal(text, at) {
            line += newlines(&text[counted..at]);
            counted = at;
            found.push(Literal {
                line,
                start: at,
                text: &rest[open..open + inner],
            });
            at += len;
        } else {
            at += skipped(rest);
        }
    }
    found
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|b| *b == b'\n').count()
}

/// A literal that begins at a byte: the length of its opening, of its inside, and of the whole.
fn literal(text: &str, at: usize) -> Option<(usize, usize, usize)> {
    let rest = &text[at..];
    if rest.starts_with('"') {
        let mut end = 1;
        while !rest[end..].starts_with('"') {
            end += step(&rest[end..])?;
        }
        return Some((1, end - 1, end + 1));
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let after_word = text[..at].ends_with(|c: char| is_word(c) && c != 'b');
    let hashes = rest.strip_prefix('r').filter(|_| !after_word)?;
    let hashes = hashes.len() - hashes.trim_start_matches('#').len();
    let open = hashes + 2;
    rest[1 + hashes..].starts_with('"').then_some(())?;
    let close = format!("\"{}", "#".repeat(hashes));
    let inner = rest[open..].find(&close)?;
    Some((open, inner, open + inner + close.len()))
}

/// The length of a character of a text, with what a backslash escapes; `None` at the end.
fn step(rest: &str) -> Option<usize> {
    let mut chars = rest.chars();
    let first = chars.next()?;
    let escaped = if first == '\\' {
        chars.next()?.len_utf8()
    } else {
        0
    };
    Some(first.len_utf8() + escaped)
}

/// The length of what is no literal: a comment, a character, or anything else of one character.
fn skipped(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if let Some(inside) = rest.strip_prefix('\'')
        && let Some(len) = step(inside)
        && let Some(end) = inside[len..].find('\'')
        && (end == 0 || inside.starts_with("\\u"))
    {
        return len + end + 2;
    }
    rest.chars().next().map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_and_nothing_else() {
        let source = concat!(
            "//! \"header\"\n",
            "fn f<'a>(x: &'a str) -> char {\n",
            "    let a = \"one\"; // \"no\"\n",
            "    let b = ['\"', '\\'', '\\u{22}'];\n",
            "    let c = (\"t\\\"w\\\\o\", r\"three\", br#\"fo\"ur\"#);\n",
            "    let d = \"ü\n",
            "six\"; var(\"seven\")\n",
            "}\n",
        );
        let found: Vec<(usize, &str)> = literals(source)
            .into_iter()
            .map(|literal| (literal.line, literal.text))
            .collect();
        assert_eq!(
            found,
            [
                (3, "one"),
                (5, "t\\\"w\\\\o"),
                (5, "three"),
                (5, "fo\"ur"),
                (6, "ü\nsix"),
                (7, "seven"),
            ]
        );
    }

    #[test]
    fn a_text_without_an_end_is_passed_over() {
        for source in ["\"abc", "r\"abc", "\"abc\\", "'", "r"] {
            assert_eq!(literals(source), [], "{source}");
        }
    }

    #[test]
    fn tests_are_cut_off() {
        let source =
            "mod a;\n#[cfg(test)]\nmod fixtures;\nmod b;\n\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(
            without_tests(source),
            "mod a;\n#[cfg(test)]\nmod fixtures;\nmod b;\n"
        );
        assert_eq!(without_tests("mod a;\n"), "mod a;\n");
    }
}
