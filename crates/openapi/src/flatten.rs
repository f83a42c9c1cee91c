//! Structured arguments to flat parameters: `Tag.1.Key`, `SystemDisk.Size`,
//! `NetworkInterface.1.SecurityGroupIds.2`.
//!
//! Lists count from 1. An empty list or map leaves no trace, as with the official clients.
//! Parameters that hold JSON in text are plain texts here: whether a parameter is one is known to
//! the table of actions, not to this file.

use std::collections::BTreeMap;

/// An argument of a call before flattening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// A scalar, in the form in which it is sent.
    Text(String),
    /// `Name.1`, `Name.2`, …
    List(Vec<Self>),
    /// `Name.Key` for each key. Keys may contain dots.
    Map(Vec<(String, Self)>),
}

impl Arg {
    /// A scalar.
    pub fn text(value: impl Into<String>) -> Self {
        Self::Text(value.into())
    }

    /// A list of scalars.
    pub fn texts<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::List(values.into_iter().map(Self::text).collect())
    }
}

/// Flattens named arguments, sorted by the bytes of their names. A repeated name stays repeated;
/// `Request::new` refuses it.
#[must_use]
pub fn flatten(args: &[(String, Arg)]) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (name, arg) in args {
        push(name.clone(), arg, &mut out);
    }
    out.sort();
    out
}

/// The inverse, for reading: groups `Prefix.N.Rest` by N. The rows are in the order of their
/// numbers, without gaps.
///
/// `Prefix.N` alone has the empty text as rest. Names of other forms are left out.
#[must_use]
pub fn rows(params: &[(String, String)], prefix: &str) -> Vec<BTreeMap<String, String>> {
    let mut grouped: BTreeMap<u32, BTreeMap<String, String>> = BTreeMap::new();
    for (name, value) in params {
        let Some(tail) = name
            .strip_prefix(prefix)
            .and_then(|tail| tail.strip_prefix('.'))
        else {
            continue;
        };
        let (number, rest) = tail.split_once('.').unwrap_or((tail, ""));
        if let Ok(number) = number.parse() {
            grouped
                .entry(number)
                .or_default()
                .insert(rest.to_owned(), value.clone());
        }
    }
    grouped.into_values().collect()
}

fn push(name: String, arg: &Arg, out: &mut Vec<(String, String)>) {
    match arg {
        Arg::Text(text) => out.push((name, text.clone())),
        Arg::List(items) => {
            for (at, item) in items.iter().enumerate() {
                push(format!("{name}.{}", at + 1), item, out);
            }
        }
        Arg::Map(fields) => {
            for (key, item) in fields {
                push(format!("{name}.{key}"), item, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(name: &str, arg: Arg) -> (String, Arg) {
        (name.to_owned(), arg)
    }

    #[test]
    fn structures_become_dotted_names() {
        let eni = Arg::Map(vec![
            named("VSwitchId", Arg::text("vsw-1")),
            named("SecurityGroupIds", Arg::texts(["sg-a", "sg-b"])),
        ]);
        let args = [
            named(
                "Tag",
                Arg::List(vec![Arg::Map(vec![
                    named("Key", Arg::text("k")),
                    named("Value", Arg::text("")),
                ])]),
            ),
            named("NetworkInterface", Arg::List(vec![eni])),
            named("SystemDisk", Arg::Map(vec![named("Size", Arg::text("40"))])),
            named("InstanceIds", Arg::text("[\"i-1\"]")),
            named("Empty", Arg::List(vec![])),
            named("Nothing", Arg::Map(vec![])),
        ];
        let flat: Vec<String> = flatten(&args)
            .into_iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        assert_eq!(
            flat,
            [
                "InstanceIds=[\"i-1\"]",
                "NetworkInterface.1.SecurityGroupIds.1=sg-a",
                "NetworkInterface.1.SecurityGroupIds.2=sg-b",
                "NetworkInterface.1.VSwitchId=vsw-1",
                "SystemDisk.Size=40",
                "Tag.1.Key=k",
                "Tag.1.Value=",
            ]
        );
    }

    #[test]
    fn rows_are_read_back_in_number_order() {
        let flat = |list: &[(&str, &str)]| {
            list.iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect::<Vec<_>>()
        };
        let params = flat(&[
            ("E.10", "j"),
            ("E.2", "b"),
            ("E.x", "-"),
            ("Ex.1", "-"),
            ("E", "-"),
        ]);
        let read: Vec<String> = rows(&params, "E")
            .into_iter()
            .map(|row| row[""].clone())
            .collect();
        assert_eq!(read, ["b", "j"]);
    }

    proptest! {
        #[test]
        fn lists_of_maps_read_back(list in prop::collection::vec(prop::collection::btree_map("[A-Z][a-z]{0,5}", ".*", 1..4), 0..15)) {
            let arg = Arg::List(list.iter().map(|row| Arg::Map(row.iter().map(|(k, v)| (k.clone(), Arg::text(v))).collect())).collect());
            prop_assert_eq!(rows(&flatten(&[named("Tag", arg)]), "Tag"), list);
        }
    }
}
