//! Rows of long listings as text, made once and shown until something changes.
//!
//! A row of DescribeInstances has some seventy fields, and clients that wait ask for the same rows again and again. A handler
//! may put texts of rows on a shelf and answer with a mark in their place; the answer gets them back when it is written.
//! Invariant: a kept text is what the row would be rendered as now. Any change of any row forgets all of them, and a row that
//! changes by time alone must not be kept.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

/// So many texts are kept at most, 2 KB each.
const KEPT: usize = 4_096;

/// Texts of the answer in progress, and texts kept from earlier ones.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    shelf: RefCell<Vec<String>>,
    kept: RefCell<BTreeMap<String, String>>,
}

/// What stands in a body for a text on the shelf. No parameter can hold it: the mark begins with a NUL.
fn mark(number: usize) -> String {
    format!("\u{0}{number}")
}

impl Pieces {
    /// A list of rows, each by its id. `keep` says whether the text of a row may be kept.
    pub(crate) fn list<T>(&self, rows: &[T], id: impl Fn(&T) -> &str, keep: impl Fn(&T) -> bool, render: impl Fn(&T) -> Value) -> Value {
        let mut kept = self.kept.borrow_mut();
        let mut list = String::from("[");
        for (number, row) in rows.iter().enumerate() {
            if number > 0 {
                list.push(',');
            }
            if !keep(row) {
                list.push_str(&render(row).to_string());
                continue;
            }
            if let Some(text) = kept.get(id(row)) {
                list.push_str(text);
                continue;
            }
            let text = render(row).to_string();
            list.push_str(&text);
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(id(row).to_owned(), text);
        }
        list.push(']');
        let mut shelf = self.shelf.borrow_mut();
        shelf.push(list);
        Value::String(mark(shelf.len() - 1))
    }

    /// Forgets what is kept: something has changed.
    pub(crate) fn forget(&mut self) {
        self.kept.get_mut().clear();
    }

    /// The texts of the answer that is finished.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(self.shelf.get_mut())
    }
}

/// A body as JSON, with its texts in their places.
pub(crate) fn json(body: &Value, pieces: &[String]) -> String {
    let mut text = body.to_string();
    for (number, piece) in pieces.iter().enumerate() {
        let mark = Value::String(mark(number)).to_string();
        if let Some(at) = text.find(&mark) {
            text.replace_range(at..at + mark.len(), piece);
        }
    }
    text
}

/// A body with its texts as values in their places, for other forms than JSON.
pub(crate) fn whole(body: Value, pieces: &[String]) -> Value {
    if pieces.is_empty() { body } else { serde_json::from_str(&json(&body, pieces)).expect("pieces are values that were written") }
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
                let render = |id: &&str| {
                    made.set(made.get() + 1);
                    json!({ "Id": id })
                };
                pieces.list(&["a\"", "b"], |id| *id, |_| keep, render)
            };
            let body = json!({"Kept": {"Row": list(true)}, "Other": list(false), "Total": 2});
            let texts = pieces.take();
            assert_eq!(json(&body, &texts), whole(body, &texts).to_string());
            made.replace(0)
        };
        assert_eq!(answer(&mut pieces), 4);
        assert_eq!(answer(&mut pieces), 2);
        pieces.forget();
        assert_eq!(answer(&mut pieces), 4);
    }
}
