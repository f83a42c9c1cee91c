//! Rows of listings as rendered text, kept for the next reader.
//!
//! A row of DescribeInstances has some seventy fields, and waiting clients ask for the same rows
//! again and again. A handler hands its rows to [`Pieces`] and puts a mark into its answer; the
//! text replaces the mark when the response is written.
//!
//! Invariant: a kept text is equal to what rendering the row now would give. Any change of any row
//! discards all texts, and a row that changes by the passing of time alone must not be kept.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// The number of kept texts, of about 2 KB each.
const KEPT: usize = 4_096;

/// The beginning of a mark as JSON. It starts with a NUL, which no other text of an answer
/// contains.
const MARK: &str = "\"\\u0000";

/// The texts of the answer in progress, and those kept from earlier answers.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    shelf: RefCell<Vec<String>>,
    kept: RefCell<BTreeMap<String, String>>,
}

impl Pieces {
    /// Renders a list of rows, each known by its id. `keep` decides whether the text of a row may
    /// be kept.
    pub(crate) fn list<'a, T: ?Sized, R: Serialize>(
        &self,
        rows: &[&'a T],
        id: impl Fn(&'a T) -> &'a str,
        keep: impl Fn(&T) -> bool,
        row: impl Fn(&'a T) -> R,
    ) -> Value {
        let mut kept = self.kept.borrow_mut();
        self.shelve(rows, |list, one| {
            if !keep(one) {
                return write(list, &row(one));
            }
            if let Some(text) = kept.get(id(one)) {
                return list.extend_from_slice(text.as_bytes());
            }
            let begin = list.len();
            write(list, &row(one));
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(id(one).to_owned(), text(list[begin..].to_vec()));
        })
    }

    /// Renders a list of rows that is never kept.
    pub(crate) fn rows<'a, T: ?Sized, R: Serialize>(
        &self,
        rows: &[&'a T],
        row: impl Fn(&'a T) -> R,
    ) -> Value {
        self.shelve(rows, |list, one| write(list, &row(one)))
    }

    /// Stores the text of a list and returns its mark.
    fn shelve<'a, T: ?Sized>(
        &self,
        rows: &[&'a T],
        mut add: impl FnMut(&mut Vec<u8>, &'a T),
    ) -> Value {
        let mut list = vec![b'['];
        for (number, row) in rows.iter().enumerate() {
            if number > 0 {
                list.push(b',');
            }
            add(&mut list, row);
        }
        list.push(b']');
        let mut shelf = self.shelf.borrow_mut();
        shelf.push(text(list));
        Value::String(format!("\u{0}{}", shelf.len() - 1))
    }

    /// Discards the kept texts, because a row has changed.
    pub(crate) fn forget(&mut self) {
        self.kept.get_mut().clear();
    }

    /// Takes the texts of the answer that was completed.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(self.shelf.get_mut())
    }
}

fn write(to: &mut Vec<u8>, row: &impl Serialize) {
    serde_json::to_writer(to, row).expect("rows are plain data with text keys");
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

/// A body as JSON, with texts in place of their marks.
pub(crate) fn json(body: &Value, pieces: &[String]) -> String {
    let text = body.to_string();
    if pieces.is_empty() {
        return text;
    }
    let mut out = String::with_capacity(text.len() + pieces.iter().map(String::len).sum::<usize>());
    let mut parts = text.split(MARK);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (number, rest) = part.split_once('"').unwrap_or((part, ""));
        out.push_str(
            number
                .parse::<usize>()
                .ok()
                .and_then(|number| pieces.get(number))
                .map_or("null", String::as_str),
        );
        out.push_str(rest);
    }
    out
}

/// A body with values in place of the marks of texts, for other formats than JSON.
pub(crate) fn whole(body: Value, pieces: &[String]) -> Value {
    if pieces.is_empty() {
        body
    } else {
        serde_json::from_str(&json(&body, pieces)).expect("pieces are values that were written")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_made_once_and_put_in_their_places() {
        let mut pieces = Pieces::default();
        let made = Cell::new(0);
        let answer = |pieces: &mut Pieces| {
            let list = |keep: bool| {
                let row = |id: &str| {
                    made.set(made.get() + 1);
                    json!({ "Id": id })
                };
                pieces.list(&["a\"", "b"], |id| id, |_| keep, row)
            };
            let body = json!({
                "Kept": {"Row": list(true)}, "New": {"Row": list(false)}, "Again": list(true),
                "Total": 2,
            });
            let texts = pieces.take();
            assert_eq!(json(&body, &texts), whole(body, &texts).to_string());
            made.replace(0)
        };
        assert_eq!(answer(&mut pieces), 4);
        assert_eq!(answer(&mut pieces), 2);
        pieces.forget();
        assert_eq!(answer(&mut pieces), 4);
    }

    #[test]
    fn an_answer_without_rows_is_left_alone() {
        let body = json!({"Description": "\u{0}0"});
        assert_eq!(json(&body, &[]), body.to_string());
    }
}
