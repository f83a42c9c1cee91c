//! Small shapes that rows of answers have, written to JSON without an intermediate value.
//!
//! Invariant: the result is byte for byte that of the same value as a [`serde_json::Value`]. The
//! shapes here ensure it; a row's struct must name its fields in the order of their bytes.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

/// `{"Name": inner}`.
pub(crate) struct Wrap<T>(pub(crate) &'static str, pub(crate) T);

impl<T: Serialize> Serialize for Wrap<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}

/// `{"Name": []}`: a list that is always empty.
pub(crate) fn empty(name: &'static str) -> Wrap<[(); 0]> {
    Wrap(name, [])
}

/// An object whose fields are empty texts. They are named in the order of their bytes.
pub(crate) struct Blank(pub(crate) &'static [&'static str]);

impl Serialize for Blank {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|name| (name, "")))
    }
}

/// A list whose items are made while it is written.
pub(crate) struct List<I>(pub(crate) I);

impl<I: Iterator + Clone> Serialize for List<I>
where
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.clone())
    }
}

/// The `Value` of a shape, for tests of the order of its fields.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_in_order(written: &impl Serialize) {
    let text = serde_json::to_string(written).expect("plain data");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        text,
        value.to_string(),
        "fields stand in the order of their bytes"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let written =
            serde_json::to_string(&(Wrap("A", List(1..3)), empty("A"), Blank(&["A", "B"])))
                .expect("plain data");
        assert_eq!(written, r#"[{"A":[1,2]},{"A":[]},{"A":"","B":""}]"#);
    }
}
