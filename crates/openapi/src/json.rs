//! Strict reading of replies: what was not promised is refused, loudly.
//!
//! A field that is null, of another type than the API's metadata says, or missing where the cloud
//! always sends it is [`Odd`], never an empty text, zero or false: a damaged answer must not look
//! like a resource that differs. `need_…` is for what is always there; `may_…` is for what the
//! cloud leaves out when it is empty, and tells absence from everything else. A body that is not
//! one JSON object, or that names a key twice in one object, is [`Odd`] as well.

mod tape;

use self::tape::{Item, Tape};

/// A reply that is not what the API promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Odd {
    /// The full path with the type found and the type expected. It holds no values.
    pub what: String,
}

/// The body of a reply: one JSON object.
#[derive(Debug, Clone, PartialEq)]
pub struct Json(Tape);

/// A place in a [`Json`]. Paths are names with dots between, for example `Vpcs.Vpc`; no name in a
/// reply has a dot. The empty path is the place itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node<'a> {
    /// The reply; an error names the full path in it.
    reply: &'a Tape,
    /// The index of its item.
    at: usize,
}

/// Reads a body.
///
/// # Errors
///
/// If it is not JSON, not an object at the root, nested deeper than 128, or names a key twice in
/// one object.
pub fn parse(body: Vec<u8>) -> Result<Json, Odd> {
    let tape = Tape::read(body).map_err(|error| Odd {
        what: format!("the body is not JSON: {error}"),
    })?;
    match tape.item(0) {
        Item::Object(_) => Ok(Json(tape)),
        other => Err(Odd {
            what: format!("the body is {}, not an object", other.kind()),
        }),
    }
}

impl Json {
    /// The root object.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node {
            reply: &self.0,
            at: 0,
        }
    }

    /// See [`Node::need_text`].
    ///
    /// # Errors
    ///
    /// As [`Node::need_text`].
    pub fn need_text(&self, path: &str) -> Result<String, Odd> {
        self.root().need_text(path)
    }

    /// See [`Node::need_int`].
    ///
    /// # Errors
    ///
    /// As [`Node::need_int`].
    pub fn need_int(&self, path: &str) -> Result<i64, Odd> {
        self.root().need_int(path)
    }

    /// See [`Node::need_bool`].
    ///
    /// # Errors
    ///
    /// As [`Node::need_bool`].
    pub fn need_bool(&self, path: &str) -> Result<bool, Odd> {
        self.root().need_bool(path)
    }

    /// See [`Node::need_float`].
    ///
    /// # Errors
    ///
    /// As [`Node::need_float`].
    pub fn need_float(&self, path: &str) -> Result<f64, Odd> {
        self.root().need_float(path)
    }

    /// See [`Node::need_list`].
    ///
    /// # Errors
    ///
    /// As [`Node::need_list`].
    pub fn need_list(&self, path: &str) -> Result<Vec<Node<'_>>, Odd> {
        self.root().need_list(path)
    }

    /// See [`Node::need_texts`].
    ///
    /// # Errors
    ///
    /// As [`Node::need_texts`].
    pub fn need_texts(&self, path: &str) -> Result<Vec<String>, Odd> {
        self.root().need_texts(path)
    }

    /// See [`Node::need_int_text`].
    ///
    /// # Errors
    ///
    /// As [`Node::need_int_text`].
    pub fn need_int_text(&self, path: &str) -> Result<i64, Odd> {
        self.root().need_int_text(path)
    }

    /// See [`Node::may_text`].
    ///
    /// # Errors
    ///
    /// As [`Node::may_text`].
    pub fn may_text(&self, path: &str) -> Result<Option<String>, Odd> {
        self.root().may_text(path)
    }

    /// See [`Node::may_int`].
    ///
    /// # Errors
    ///
    /// As [`Node::may_int`].
    pub fn may_int(&self, path: &str) -> Result<Option<i64>, Odd> {
        self.root().may_int(path)
    }

    /// See [`Node::may_bool`].
    ///
    /// # Errors
    ///
    /// As [`Node::may_bool`].
    pub fn may_bool(&self, path: &str) -> Result<Option<bool>, Odd> {
        self.root().may_bool(path)
    }

    /// See [`Node::may_float`].
    ///
    /// # Errors
    ///
    /// As [`Node::may_float`].
    pub fn may_float(&self, path: &str) -> Result<Option<f64>, Odd> {
        self.root().may_float(path)
    }

    /// See [`Node::may_list`].
    ///
    /// # Errors
    ///
    /// As [`Node::may_list`].
    pub fn may_list(&self, path: &str) -> Result<Option<Vec<Node<'_>>>, Odd> {
        self.root().may_list(path)
    }

    /// See [`Node::may_texts`].
    ///
    /// # Errors
    ///
    /// As [`Node::may_texts`].
    pub fn may_texts(&self, path: &str) -> Result<Option<Vec<String>>, Odd> {
        self.root().may_texts(path)
    }

    /// See [`Node::may_int_text`].
    ///
    /// # Errors
    ///
    /// As [`Node::may_int_text`].
    pub fn may_int_text(&self, path: &str) -> Result<Option<i64>, Odd> {
        self.root().may_int_text(path)
    }
}

impl<'a> Node<'a> {
    /// A text that must be there.
    ///
    /// # Errors
    ///
    /// If it is missing, null or of another type.
    pub fn need_text(self, path: &str) -> Result<String, Odd> {
        self.must(path, self.may_text(path)?)
    }

    /// A text, or nothing if the path is absent.
    ///
    /// # Errors
    ///
    /// If it is null or of another type.
    pub fn may_text(self, path: &str) -> Result<Option<String>, Odd> {
        self.read(path, "a text", as_text)
    }

    /// A whole number that must be there.
    ///
    /// # Errors
    ///
    /// If it is missing, null or of another type.
    pub fn need_int(self, path: &str) -> Result<i64, Odd> {
        self.must(path, self.may_int(path)?)
    }

    /// A whole number, or nothing if the path is absent.
    ///
    /// # Errors
    ///
    /// If it is null or of another type.
    pub fn may_int(self, path: &str) -> Result<Option<i64>, Odd> {
        self.read(path, "a whole number", as_int)
    }

    /// A boolean that must be there.
    ///
    /// # Errors
    ///
    /// If it is missing, null or of another type.
    pub fn need_bool(self, path: &str) -> Result<bool, Odd> {
        self.must(path, self.may_bool(path)?)
    }

    /// A boolean, or nothing if the path is absent.
    ///
    /// # Errors
    ///
    /// If it is null or of another type.
    pub fn may_bool(self, path: &str) -> Result<Option<bool>, Odd> {
        self.read(path, "a boolean", as_bool)
    }

    /// A number that must be there.
    ///
    /// # Errors
    ///
    /// If it is missing, null or of another type.
    pub fn need_float(self, path: &str) -> Result<f64, Odd> {
        self.must(path, self.may_float(path)?)
    }

    /// A number, or nothing if the path is absent.
    ///
    /// # Errors
    ///
    /// If it is null or of another type.
    pub fn may_float(self, path: &str) -> Result<Option<f64>, Odd> {
        self.read(path, "a number", as_float)
    }

    /// The rows of a list that must be there.
    ///
    /// # Errors
    ///
    /// If it is missing, null or of another type.
    pub fn need_list(self, path: &str) -> Result<Vec<Self>, Odd> {
        self.must(path, self.may_list(path)?)
    }

    /// The rows of a list, or nothing if the path is absent.
    ///
    /// # Errors
    ///
    /// If it is null or of another type.
    pub fn may_list(self, path: &str) -> Result<Option<Vec<Self>>, Odd> {
        self.read(path, "a list", as_rows)
    }

    /// A list of texts that must be there.
    ///
    /// # Errors
    ///
    /// If it is missing, null or of another type.
    pub fn need_texts(self, path: &str) -> Result<Vec<String>, Odd> {
        self.must(path, self.may_texts(path)?)
    }

    /// A list of texts, or nothing if the path is absent.
    ///
    /// # Errors
    ///
    /// If it is null or of another type.
    pub fn may_texts(self, path: &str) -> Result<Option<Vec<String>>, Odd> {
        self.read(path, "a list of texts", as_texts)
    }

    /// A whole number that the API writes as a text that must be there.
    ///
    /// # Errors
    ///
    /// If it is missing, null or of another type.
    pub fn need_int_text(self, path: &str) -> Result<i64, Odd> {
        self.must(path, self.may_int_text(path)?)
    }

    /// A whole number that the API writes as a text, or nothing if the path is absent.
    ///
    /// # Errors
    ///
    /// If it is null or of another type.
    pub fn may_int_text(self, path: &str) -> Result<Option<i64>, Odd> {
        self.read(path, "a whole number written as a text", as_int_text)
    }

    /// Whether something other than null stands at the path.
    #[must_use]
    pub fn has(self, path: &str) -> bool {
        let found = names(path).try_fold(self.at, |at, name| self.reply.field(at, name));
        found.is_some_and(|at| *self.reply.item(at) != Item::Null)
    }

    /// The value at the path, if there is one, as what it must be.
    fn read<T>(
        self,
        path: &str,
        wanted: &'static str,
        as_wanted: impl FnOnce(&'a Tape, usize) -> Option<T>,
    ) -> Result<Option<T>, Odd> {
        let mut at = self.at;
        for name in names(path) {
            if !matches!(self.reply.item(at), Item::Object(_)) {
                return Err(self.odd(at, "an object"));
            }
            match self.reply.field(at, name) {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
        match as_wanted(self.reply, at) {
            Some(value) => Ok(Some(value)),
            None => Err(self.odd(at, wanted)),
        }
    }

    fn must<T>(self, path: &str, value: Option<T>) -> Result<T, Odd> {
        value.ok_or_else(|| {
            let base = self.reply.path_to(self.at);
            let dot = if base.is_empty() { "" } else { "." };
            Odd {
                what: format!("`{base}{dot}{path}` is missing"),
            }
        })
    }

    fn odd(self, at: usize, wanted: &str) -> Odd {
        let path = self.reply.path_to(at);
        let found = self.reply.item(at).kind();
        Odd {
            what: format!("`{path}` is {found}, not {wanted}"),
        }
    }
}

/// The names of a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|name| !name.is_empty())
}

fn as_text(reply: &Tape, at: usize) -> Option<String> {
    match reply.item(at) {
        Item::Text(text) => Some(reply.text(*text).to_owned()),
        _ => None,
    }
}

fn as_int(reply: &Tape, at: usize) -> Option<i64> {
    match reply.item(at) {
        Item::Number(number) => whole(number),
        _ => None,
    }
}

fn as_bool(reply: &Tape, at: usize) -> Option<bool> {
    match reply.item(at) {
        Item::Bool(value) => Some(*value),
        _ => None,
    }
}

fn as_float(reply: &Tape, at: usize) -> Option<f64> {
    match reply.item(at) {
        Item::Number(number) => number.as_f64(),
        _ => None,
    }
}

fn as_rows(reply: &Tape, at: usize) -> Option<Vec<Node<'_>>> {
    match reply.item(at) {
        Item::List(_) => Some(reply.rows(at).map(|at| Node { reply, at }).collect()),
        _ => None,
    }
}

fn as_texts(reply: &Tape, at: usize) -> Option<Vec<String>> {
    match reply.item(at) {
        Item::List(_) => reply.rows(at).map(|row| as_text(reply, row)).collect(),
        _ => None,
    }
}

fn as_int_text(reply: &Tape, at: usize) -> Option<i64> {
    match reply.item(at) {
        Item::Text(text) => reply.text(*text).parse().ok(),
        _ => None,
    }
}

/// The whole number that a number is; one with a fraction of zero counts if it is small enough to
/// be exact.
fn whole(number: &serde_json::Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(whole) = number.as_i64() {
        return Some(whole);
    }
    let float = number.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the fraction is zero and the size is checked"
    )]
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

#[cfg(test)]
mod tests;
