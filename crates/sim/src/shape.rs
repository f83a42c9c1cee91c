//! Small shapes that rows of answers are written in, straight to JSON.
//!
//! Invariant: what is written is what the same value would be by way of [`serde_json::Value`], byte for byte. The shapes
//! here keep to it by themselves; a row's struct keeps to it by naming its fields in the order of their bytes.

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

/// `{"Name": []}`: a list that nothing is ever in.
pub(crate) fn empty(name: &'static str) -> Wrap<[(); 0]> {
    Wrap(name, [])
}

/// An object whose fields, named in the order of their bytes, are empty texts.
pub(crate) struct Blank(pub(crate) &'static [&'static str]);

impl Serialize for Blank {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|name| (name, "")))
    }
}

/// A list that is made while it is written.
pub(crate) struct List<I>(pub(crate) I);

impl<I: Iterator + Clone> Serialize for List<I>
where
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.clone())
    }
}

/// What a value is by way of `Value`, for tests of the order of its fields.
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
