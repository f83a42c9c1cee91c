//! The lenient accessors: what is absent or of another type reads as nothing.
//!
//! Nothing may be decided on what they give. They remain for the decoders that have not been moved
//! to the strict ones yet.

use super::tree::Tree;
use super::{Json, Node, Odd, whole};

impl Json {
    /// See [`Node::text`].
    #[must_use]
    pub fn text(&self, path: &str) -> String {
        self.root().text(path)
    }

    /// See [`Node::int`].
    #[must_use]
    pub fn int(&self, path: &str) -> Option<i64> {
        self.root().int(path)
    }

    /// See [`Node::float`].
    #[must_use]
    pub fn float(&self, path: &str) -> Option<f64> {
        self.root().float(path)
    }

    /// See [`Node::bool`].
    #[must_use]
    pub fn bool(&self, path: &str) -> Option<bool> {
        self.root().bool(path)
    }

    /// See [`Node::has`].
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.root().has(path)
    }

    /// See [`Node::node`].
    #[must_use]
    pub fn node(&self, path: &str) -> Option<Node<'_>> {
        self.root().node(path)
    }

    /// See [`Node::list`].
    #[must_use]
    pub fn list(&self, path: &str) -> Vec<Node<'_>> {
        self.root().list(path)
    }

    /// See [`Node::try_list`].
    ///
    /// # Errors
    ///
    /// As [`Node::try_list`].
    pub fn try_list(&self, path: &str) -> Result<Option<Vec<Node<'_>>>, Odd> {
        self.root().try_list(path)
    }

    /// See [`Node::strings`].
    #[must_use]
    pub fn strings(&self, path: &str) -> Vec<String> {
        self.root().strings(path)
    }
}

impl<'a> Node<'a> {
    /// A text, number or boolean as text; empty if it is absent, null, a list or an object.
    #[must_use]
    pub fn text(self, path: &str) -> String {
        let found = self.get(path);
        found
            .map(|at| scalar(at, &self.reply.texts))
            .unwrap_or_default()
    }

    /// A whole number, also one in text or with a fraction of zero.
    #[must_use]
    pub fn int(self, path: &str) -> Option<i64> {
        match self.get(path)? {
            Tree::Number(number) => whole(number),
            Tree::Text(text) => text.of(&self.reply.texts).trim().parse().ok(),
            _ => None,
        }
    }

    /// A number, also one in text. Never infinite, never NaN.
    #[must_use]
    pub fn float(self, path: &str) -> Option<f64> {
        let number = match self.get(path)? {
            Tree::Number(number) => number.as_f64(),
            Tree::Text(text) => text.of(&self.reply.texts).trim().parse().ok(),
            _ => None,
        };
        number.filter(|number: &f64| number.is_finite())
    }

    /// A boolean, also one in text of any case.
    #[must_use]
    pub fn bool(self, path: &str) -> Option<bool> {
        match self.get(path)? {
            Tree::Bool(value) => Some(*value),
            Tree::Text(text) => match text.of(&self.reply.texts) {
                text if text.eq_ignore_ascii_case("true") => Some(true),
                text if text.eq_ignore_ascii_case("false") => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether something other than null stands at the path.
    #[must_use]
    pub fn has(self, path: &str) -> bool {
        self.get(path).is_some()
    }

    /// The place at the path; none if absent or null. The empty path is this place.
    #[must_use]
    pub fn node(self, path: &str) -> Option<Self> {
        self.get(path).map(|at| Node { at, ..self })
    }

    /// The rows at the path; empty if the wrapper or the list is absent.
    #[must_use]
    pub fn list(self, path: &str) -> Vec<Self> {
        self.try_list(path).ok().flatten().unwrap_or_default()
    }

    /// The rows at the path. `None` if the wrapper is absent or null, `Some` and empty for an empty
    /// wrapper or list.
    ///
    /// # Errors
    ///
    /// If a wrapper on the way is no object, or what stands at the path is no list.
    pub fn try_list(self, path: &str) -> Result<Option<Vec<Self>>, Odd> {
        let odd = |name: &str, value: &Tree, wanted| Odd {
            what: format!("`{name}` in `{path}` is {}, not {wanted}", value.kind()),
        };
        let mut at = self.at;
        for (depth, name) in path.split('.').enumerate() {
            if !matches!(at, Tree::Object(_)) {
                return Err(odd(name, at, "within an object"));
            }
            match at.field(name, &self.reply.texts) {
                None | Some(Tree::Null) if depth > 0 => return Ok(Some(Vec::new())),
                None | Some(Tree::Null) => return Ok(None),
                Some(next) => at = next,
            }
        }
        let name = path.rsplit('.').next().unwrap_or(path);
        let rows = self.rows(at).ok_or_else(|| odd(name, at, "a list"))?;
        Ok(Some(rows))
    }

    /// The scalars of a list as texts; empty if the wrapper or the list is absent.
    #[must_use]
    pub fn strings(self, path: &str) -> Vec<String> {
        let rows = self.list(path);
        rows.into_iter()
            .map(|node| scalar(node.at, &self.reply.texts))
            .collect()
    }

    fn get(self, path: &str) -> Option<&'a Tree> {
        let mut at = self.at;
        for name in path.split('.').filter(|name| !name.is_empty()) {
            at = at.field(name, &self.reply.texts)?;
        }
        (*at != Tree::Null).then_some(at)
    }
}

fn scalar(value: &Tree, texts: &str) -> String {
    match value {
        Tree::Text(text) => text.of(texts).to_owned(),
        Tree::Number(number) => number.to_string(),
        Tree::Bool(value) => value.to_string(),
        Tree::Null | Tree::List(_) | Tree::Object(_) => String::new(),
    }
}
