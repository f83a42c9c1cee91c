//! The items of a body, one after the other in one list, straight from its bytes.
//!
//! Every value is kept exactly; an object that names a key twice is refused, since one of the two
//! would be lost without a word.
//!
//! An object or a list is an item with the index behind its last part, followed by its parts; an
//! object alternates names and values. Texts are places in the body itself. A page of a hundred
//! rows has ten thousand values, so an allocation for each of them, or for each object, takes
//! longer than reading the page. A field is found by walking over the parts of its object, which
//! skips values whole.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A part of a JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Null,
    Bool(bool),
    Number(Number),
    Text(Place),
    /// The index behind its last value.
    List(usize),
    /// The index behind its last value.
    Object(usize),
}

/// Where a text stands, in bytes: in the body, or behind its end in the texts that had escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    start: usize,
    end: usize,
}

/// A body with its items; the first is the root.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tape {
    body: String,
    /// The texts with escapes, one after the other, without them.
    plain: String,
    items: Vec<Item>,
}

impl Tape {
    /// Reads a body.
    ///
    /// # Errors
    /// It is not JSON, nested deeper than 128, or names a key twice in one object.
    pub(super) fn read(body: Vec<u8>) -> serde_json::Result<Self> {
        let body = String::from_utf8(body).map_err(serde_json::Error::custom)?;
        let mut writer = Writer {
            body: &body,
            plain: String::new(),
            // The answers of the API have about 20 bytes a value.
            items: Vec::with_capacity(body.len() / 16),
            names: Vec::new(),
            forms: BTreeMap::new(),
        };
        let mut deserializer = serde_json::Deserializer::from_str(&body);
        Value(&mut writer).deserialize(&mut deserializer)?;
        deserializer.end()?;
        let Writer { plain, items, .. } = writer;
        Ok(Self { body, plain, items })
    }

    pub(super) fn item(&self, at: usize) -> &Item {
        &self.items[at]
    }

    pub(super) fn text(&self, place: Place) -> &str {
        text(&self.body, &self.plain, place)
    }

    /// Returns the index of the value of a field; `None` if there is none, or if this is not an
    /// object.
    pub(super) fn field(&self, at: usize, name: &str) -> Option<usize> {
        let mut fields = self.fields(at);
        let found =
            fields.find(|(place, _)| place.len() == name.len() && self.text(*place) == name);
        found.map(|(_, value)| value)
    }

    /// Iterates over the names of an object and the indices of its values.
    fn fields(&self, at: usize) -> impl Iterator<Item = (Place, usize)> + '_ {
        let end = match self.items[at] {
            Item::Object(end) => end,
            _ => at,
        };
        let mut next = at + 1;
        std::iter::from_fn(move || {
            let Some(Item::Text(name)) = self.items.get(next).filter(|_| next < end) else {
                return None;
            };
            let value = next + 1;
            next = self.behind(value);
            Some((*name, value))
        })
    }

    /// Iterates over the indices of the values of a list.
    pub(super) fn rows(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let end = match self.items[at] {
            Item::List(end) => end,
            _ => at,
        };
        let first = Some(at + 1).filter(|first| *first < end);
        std::iter::successors(first, move |row| {
            Some(self.behind(*row)).filter(|next| *next < end)
        })
    }

    /// Returns the index behind a value.
    fn behind(&self, at: usize) -> usize {
        match self.items[at] {
            Item::List(end) | Item::Object(end) => end,
            _ => at + 1,
        }
    }

    /// Returns the path from the root to a value: `Vpcs.Vpc[1].Tags`.
    pub(super) fn path_to(&self, wanted: usize) -> String {
        let mut path = String::new();
        let mut at = 0;
        while at != wanted {
            let holds = |value: usize| (value..self.behind(value)).contains(&wanted);
            let field = self.fields(at).find(|(_, value)| holds(*value));
            let row = self.rows(at).enumerate().find(|(_, value)| holds(*value));
            if let Some((name, value)) = field {
                let dot = if path.is_empty() { "" } else { "." };
                path = format!("{path}{dot}{}", self.text(name));
                at = value;
            } else if let Some((n, value)) = row {
                path = format!("{path}[{n}]");
                at = value;
            } else {
                break;
            }
        }
        path
    }
}

impl Item {
    /// The type, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl Place {
    fn len(self) -> usize {
        self.end - self.start
    }
}

fn text<'a>(body: &'a str, plain: &'a str, place: Place) -> &'a str {
    match place.start.checked_sub(body.len()) {
        None => &body[place.start..place.end],
        Some(start) => &plain[start..start + place.len()],
    }
}

/// Writes the items of a body.
struct Writer<'de> {
    body: &'de str,
    plain: String,
    items: Vec<Item>,
    /// The names of the objects that are being read, the innermost last.
    names: Vec<Place>,
    /// The names of the last objects without twins, by the number of names. Most rows have the
    /// names of the row before them.
    forms: BTreeMap<usize, Vec<Place>>,
}

impl<'de> Writer<'de> {
    /// Returns the place of a text that stands in the body as it is.
    fn place(&self, text: &'de str) -> Place {
        let start = text.as_ptr().addr() - self.body.as_ptr().addr();
        Place {
            start,
            end: start + text.len(),
        }
    }

    /// Keeps a text that does not stand in the body as it is.
    fn keep(&mut self, text: &str) -> Place {
        let start = self.body.len() + self.plain.len();
        self.plain.push_str(text);
        Place {
            start,
            end: start + text.len(),
        }
    }

    fn push(&mut self, item: Item) {
        self.items.push(item);
    }

    /// Returns whether a name occurs twice among those from an index on.
    fn has_twins(&mut self, from: usize) -> bool {
        let (body, plain) = (self.body, self.plain.as_str());
        let key = |place: &Place| (place.len(), text(body, plain, *place));
        let names = &self.names[from..];
        let form = self.forms.entry(names.len()).or_default();
        if names.iter().map(key).eq(form.iter().map(key)) {
            return false;
        }
        names.clone_into(form);
        let names = &mut self.names[from..];
        names.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
        names.windows(2).any(|pair| key(&pair[0]) == key(&pair[1]))
    }
}

/// Reads a value.
struct Value<'a, 'de>(&'a mut Writer<'de>);

impl<'de> DeserializeSeed<'de> for Value<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push(Item::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.push(Item::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.push(Item::Number(value.into()));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.push(Item::Number(value.into()));
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let number = Number::from_f64(value);
        let number = number.ok_or_else(|| E::custom("a number out of range"))?;
        self.0.push(Item::Number(number));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        let place = self.0.place(text);
        self.0.push(Item::Text(place));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let place = self.0.keep(text);
        self.0.push(Item::Text(place));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        let at = self.0.items.len();
        self.0.push(Item::List(at));
        while rows.next_element_seed(Value(self.0))?.is_some() {}
        self.0.items[at] = Item::List(self.0.items.len());
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let at = self.0.items.len();
        let outer = self.0.names.len();
        self.0.push(Item::Object(at));
        while let Some(name) = entries.next_key_seed(Name(self.0))? {
            self.0.names.push(name);
            self.0.push(Item::Text(name));
            entries.next_value_seed(Value(self.0))?;
        }
        if self.0.has_twins(outer) {
            return Err(A::Error::custom("an object names one key twice"));
        }
        self.0.names.truncate(outer);
        self.0.items[at] = Item::Object(self.0.items.len());
        Ok(())
    }
}

/// Reads the name of a field.
struct Name<'a, 'de>(&'a mut Writer<'de>);

impl<'de> DeserializeSeed<'de> for Name<'_, 'de> {
    type Value = Place;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Place, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name<'_, 'de> {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Place, E> {
        Ok(self.0.place(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Place, E> {
        Ok(self.0.keep(text))
    }
}
