//! The tokens of an expression.

use super::{Mistake, Range};

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or key: letters, digits, `_` and `-`, with a letter or `_` first; or a key such as
    /// `2a`.
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

/// Reads the next token at or after a byte, and returns it with its range.
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
            message: format!("the closing {quote} of this text is missing"),
            hint: None,
        }),
    }
}

/// Reads a number, or a key such as `2a` that begins with a digit.
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
            message: "expressions have no operators".to_owned(),
            hint: Some(OPERATORS.to_owned()),
        }),
        Err(_) if word.bytes().all(|b| b.is_ascii_digit()) => Err(Mistake {
            range: at..end,
            message: "the number is too large".to_owned(),
            hint: None,
        }),
        Err(_) => Ok((Token::Name(word.to_owned()), at..end)),
    }
}

const OPERATORS: &str = "write `add(a, b)` for a sum; use environments and variables for choices";

fn unknown(text: &str, at: usize, c: char) -> Mistake {
    let range = at..at + c.len_utf8();
    let operator = matches!(
        c,
        '+' | '/' | '%' | '?' | ':' | '=' | '!' | '<' | '>' | '&' | '|'
    );
    if operator {
        return Mistake {
            range,
            message: "expressions have no operators and no conditions".to_owned(),
            hint: Some(OPERATORS.to_owned()),
        };
    }
    if c == '$' && text[at..].starts_with("${") {
        return Mistake {
            range: at..at + 2,
            message: "`${` inside an expression".to_owned(),
            hint: Some("remove the inner `${` and `}`".to_owned()),
        };
    }
    Mistake {
        range,
        message: format!("`{c}` is not valid in an expression"),
        hint: None,
    }
}
