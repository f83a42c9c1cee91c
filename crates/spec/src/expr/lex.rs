//! Words and marks of an expression.

use super::{Mistake, Range};

/// A word or mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or key: letters, digits, `_`, `-`, beginning with a letter.
    Name(String),
    /// A whole number.
    Int(i64),
    /// A text in quotes.
    Text(String),
    /// One of `. [ ] ( ) , * }`.
    Mark(char),
    /// The end of the text.
    End,
}

/// Reads the token at a byte; gives its range.
pub(super) fn token(text: &str, from: usize) -> Result<(Token, Range), Mistake> {
    let at = from + text[from..].len() - text[from..].trim_start_matches([' ', '\t', '\n']).len();
    let Some(c) = text[at..].chars().next() else {
        return Ok((Token::End, at..at));
    };
    match c {
        '.' | '[' | ']' | '(' | ')' | ',' | '*' | '}' => Ok((Token::Mark(c), at..at + 1)),
        '\'' | '"' => quoted(text, at, c),
        '-' | '0'..='9' => number(text, at),
        c if c.is_ascii_alphabetic() || c == '_' => {
            let end = word_end(text, at);
            Ok((Token::Name(text[at..end].to_owned()), at..end))
        }
        _ => Err(unknown(text, at, c)),
    }
}

fn word_end(text: &str, at: usize) -> usize {
    text[at..]
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .map_or(text.len(), |len| at + len)
}

fn quoted(text: &str, at: usize, quote: char) -> Result<(Token, Range), Mistake> {
    let inner = &text[at + 1..];
    match inner.find(quote) {
        Some(len) => Ok((Token::Text(inner[..len].to_owned()), at..at + len + 2)),
        None => Err(Mistake {
            range: at..text.len(),
            message: format!("a text that begins with {quote} does not end"),
            hint: None,
        }),
    }
}

/// A number; what begins with a digit but holds letters is a key such as `2a`.
fn number(text: &str, at: usize) -> Result<(Token, Range), Mistake> {
    let digits_from = if text[at..].starts_with('-') {
        at + 1
    } else {
        at
    };
    let end = word_end(text, digits_from);
    let word = &text[at..end];
    match word.parse::<i64>() {
        Ok(n) => Ok((Token::Int(n), at..end)),
        Err(_) if word.starts_with('-') => Err(Mistake {
            range: at..end.max(at + 1),
            message: "there are no operators".to_owned(),
            hint: Some(OPERATORS.to_owned()),
        }),
        Err(_) if word.bytes().all(|b| b.is_ascii_digit()) => Err(Mistake {
            range: at..end,
            message: "a number too large".to_owned(),
            hint: None,
        }),
        Err(_) => Ok((Token::Name(word.to_owned()), at..end)),
    }
}

const OPERATORS: &str = "use `add(a, b)` for sums; choices belong into environments and variables";

fn unknown(text: &str, at: usize, c: char) -> Mistake {
    let range = at..at + c.len_utf8();
    let operator = matches!(
        c,
        '+' | '/' | '%' | '?' | ':' | '=' | '!' | '<' | '>' | '&' | '|'
    );
    if operator {
        return Mistake {
            range,
            message: "there are no operators and no conditionals".to_owned(),
            hint: Some(OPERATORS.to_owned()),
        };
    }
    if c == '$' && text[at..].starts_with("${") {
        return Mistake {
            range: at..at + 2,
            message: "an expression inside an expression".to_owned(),
            hint: Some("leave out the inner `${` and `}`".to_owned()),
        };
    }
    Mistake {
        range,
        message: format!("`{c}` has no meaning in an expression"),
        hint: None,
    }
}
