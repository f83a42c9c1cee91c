//! Lenient reading of replies, and loud refusal of what was not promised.
//!
//! The API is loose with scalars (numbers as text, booleans as text, absent for empty), so scalars are read leniently. It
//! is strict with shapes: a body that is not one JSON object, a key twice in one object, or a list that is none is [`Odd`],
//! never an empty result. A decoder must tell "nothing there" from "not understood", since absence makes the engine act.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A reply that is not what the API promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Odd {
    /// What was found in place of what, for people. It holds no values, only names and types.
    pub what: String,
}

/// The body of a reply: one JSON object.
#[derive(Debug, Clone, PartialEq)]
pub struct Json(Value);

/// A place in a [`Json`]. Paths are names with dots between, for example `Vpcs.Vpc`; no name in a reply has a dot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node<'a>(&'a Value);

/// Reads a body.
///
/// # Errors
///
/// If it is not JSON, not an object at the root, nested deeper than 128, or names a key twice in one object.
pub fn parse(body: &[u8]) -> Result<Json, Odd> {
    let Strict(value) = serde_json::from_slice(body).map_err(|error| Odd {
        what: format!("the body is not JSON: {error}"),
    })?;
    if value.is_object() {
        Ok(Json(value))
    } else {
        Err(Odd {
            what: format!("the body is {}, not an object", kind(&value)),
        })
    }
}

impl Json {
    /// The root object.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node(&self.0)
    }

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
    /// The value itself.
    #[must_use]
    pub fn value(self) -> &'a Value {
        self.0
    }

    /// A text, number or boolean as text; empty if it is absent, null, a list or an object.
    #[must_use]
    pub fn text(self, path: &str) -> String {
        self.get(path).map(scalar).unwrap_or_default()
    }

    /// A whole number, also one in text or with a fraction of zero.
    #[must_use]
    pub fn int(self, path: &str) -> Option<i64> {
        match self.get(path)? {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A number, also one in text. Never infinite, never NaN.
    #[must_use]
    pub fn float(self, path: &str) -> Option<f64> {
        let number = match self.get(path)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number: &f64| number.is_finite())
    }

    /// A boolean, also one in text of any case.
    #[must_use]
    pub fn bool(self, path: &str) -> Option<bool> {
        match self.get(path)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
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
        self.get(path).map(Node)
    }

    /// The rows at the path; empty if the wrapper or the list is absent. For details of a row that may well be missing;
    /// whoever concludes something from emptiness uses [`try_list`](Self::try_list).
    #[must_use]
    pub fn list(self, path: &str) -> Vec<Self> {
        self.try_list(path).ok().flatten().unwrap_or_default()
    }

    /// The rows at the path. `None` if the wrapper is absent or null, `Some` and empty for an empty wrapper or list.
    ///
    /// # Errors
    ///
    /// If a wrapper on the way is no object, or what stands at the path is no list.
    pub fn try_list(self, path: &str) -> Result<Option<Vec<Self>>, Odd> {
        let odd = |name: &str, value: &Value, wanted| Odd {
            what: format!("`{name}` in `{path}` is {}, not {wanted}", kind(value)),
        };
        let mut at = self.0;
        for (depth, name) in path.split('.').enumerate() {
            let Value::Object(fields) = at else {
                return Err(odd(name, at, "within an object"));
            };
            match fields.get(name) {
                None | Some(Value::Null) if depth > 0 => return Ok(Some(Vec::new())),
                None | Some(Value::Null) => return Ok(None),
                Some(next) => at = next,
            }
        }
        match at {
            Value::Array(rows) => Ok(Some(rows.iter().map(Node).collect())),
            other => Err(odd(
                path.rsplit('.').next().unwrap_or(path),
                other,
                "a list",
            )),
        }
    }

    /// The scalars of a list as texts; empty if the wrapper or the list is absent.
    #[must_use]
    pub fn strings(self, path: &str) -> Vec<String> {
        self.list(path)
            .into_iter()
            .map(|node| scalar(node.0))
            .collect()
    }

    fn get(self, path: &str) -> Option<&'a Value> {
        let mut at = self.0;
        for name in path.split('.').filter(|name| !name.is_empty()) {
            at = at.as_object()?.get(name)?;
        }
        (!at.is_null()).then_some(at)
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// The whole number that a float is, if it is one and small enough to be exact.
fn whole(float: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the fraction is zero and the size is checked"
    )]
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A JSON value in which no object names a key twice. `serde_json` alone would silently keep the last one.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(row)) = rows.next_element()? {
            list.push(row);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, Strict(value))) = fields.next_entry::<String, _>()? {
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("an object names one key twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Json {
        parse(
            br#"{"RequestId":"R","Total":"12","Size":40.0,"Big":1e300,"On":"True","Off":false,"Nothing":null,
                "Vpcs":{"Vpc":[{"VpcId":"vpc-1"},{"VpcId":"vpc-2"}]},"Empty":{},"Odd":"text","OddToo":{"Vpc":{}},
                "Ids":{"Id":["a",2]}}"#,
        )
        .unwrap()
    }

    #[test]
    fn scalars_are_read_leniently() {
        let json = sample();
        assert_eq!(json.text("RequestId"), "R");
        assert_eq!(json.text("Size"), "40.0");
        assert_eq!(json.text("Off"), "false");
        assert_eq!(
            (json.text("Missing.Deep"), json.text("Vpcs")),
            (String::new(), String::new())
        );
        assert_eq!(
            (
                json.int("Total"),
                json.int("Size"),
                json.int("Big"),
                json.int("On")
            ),
            (Some(12), Some(40), None, None)
        );
        assert_eq!(
            (json.bool("On"), json.bool("Off"), json.bool("Total")),
            (Some(true), Some(false), None)
        );
        assert_eq!(
            (json.has("Off"), json.has("Nothing"), json.has("Missing")),
            (true, false, false)
        );
        assert_eq!(json.float("Total"), Some(12.0));
        assert_eq!(json.strings("Ids.Id"), ["a", "2"]);
    }

    #[test]
    fn lists_tell_absent_from_empty_from_odd() {
        let json = sample();
        let count = |path| {
            json.try_list(path)
                .map(|rows| rows.map(|rows| rows.len()))
                .map_err(|odd| odd.what)
        };
        assert_eq!(count("Vpcs.Vpc"), Ok(Some(2)));
        assert_eq!(count("Missing.Vpc"), Ok(None));
        assert_eq!(count("Nothing.Vpc"), Ok(None));
        assert_eq!(count("Empty.Vpc"), Ok(Some(0)));
        assert_eq!(
            count("Odd.Vpc"),
            Err("`Vpc` in `Odd.Vpc` is a text, not within an object".to_owned())
        );
        assert_eq!(
            count("OddToo.Vpc"),
            Err("`Vpc` in `OddToo.Vpc` is an object, not a list".to_owned())
        );
        assert_eq!(json.list("Vpcs.Vpc")[1].text("VpcId"), "vpc-2");
        assert!(json.list("Odd.Vpc").is_empty());
    }

    #[test]
    fn bodies_that_are_no_object_are_odd() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for body in [
            "",
            "<html></html>",
            "[]",
            "null",
            "{\"a\":1",
            "{\"a\":1,\"a\":1}",
            "{\"a\":{\"b\":1,\"b\":2}}",
            "{\"a\":NaN}",
            &deep,
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body:.40}");
        }
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
    }
}
