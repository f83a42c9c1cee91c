//! Merges an environment into a stack, as RFC 7386 (JSON Merge Patch) defines: maps are merged key
//! by key, lists and scalars replace the value, and null removes it.
//!
//! The merge works on trees, so every value keeps the span of the line that it comes from. It takes
//! time linear in the size of both trees, with a look-up by key for each map.

use std::collections::BTreeMap;

use crate::tree::{Data, Node, Pair};

/// Merges a patch into a tree.
#[must_use]
pub fn merge(target: Node, patch: Node) -> Node {
    match (target.data, patch.data) {
        (Data::Map(own), Data::Map(over)) => Node {
            span: target.span,
            data: Data::Map(merge_pairs(own, over)),
        },
        (_, Data::Map(over)) => Node {
            span: patch.span,
            data: Data::Map(merge_pairs(Vec::new(), over)),
        },
        (_, data) => Node {
            span: patch.span,
            data,
        },
    }
}

/// Merges the entries of a patch into those of a map; new entries are appended.
#[must_use]
pub fn merge_pairs(own: Vec<Pair>, over: Vec<Pair>) -> Vec<Pair> {
    let places: BTreeMap<String, usize> = own
        .iter()
        .enumerate()
        .map(|(at, pair)| (pair.key.clone(), at))
        .collect();
    let mut merged: Vec<Option<Pair>> = own.into_iter().map(Some).collect();
    for pair in over {
        let old = places
            .get(&pair.key)
            .and_then(|place| merged[*place].take().map(|old| (*place, old)));
        match (old, &pair.value.data) {
            (_, Data::Null) => {}
            (Some((place, old)), data) => {
                let at = if matches!(data, Data::Map(_)) {
                    old.at
                } else {
                    pair.at
                };
                merged[place] = Some(Pair {
                    key: old.key,
                    at,
                    value: merge(old.value, pair.value),
                });
            }
            (None, _) => merged.push(Some(Pair {
                value: without_nulls(pair.value),
                ..pair
            })),
        }
    }
    merged.into_iter().flatten().collect()
}

/// Removes entries that are null, which in a patch remove nothing if there was no value.
#[must_use]
pub fn without_nulls(node: Node) -> Node {
    let Data::Map(pairs) = node.data else {
        return node;
    };
    let kept = pairs
        .into_iter()
        .filter(|pair| pair.value.data != Data::Null);
    let pairs = kept
        .map(|pair| Pair {
            value: without_nulls(pair.value),
            ..pair
        })
        .collect();
    Node {
        span: node.span,
        data: Data::Map(pairs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Role, Sources};

    fn tree(text: &str) -> Node {
        let mut sources = Sources::default();
        let file = sources.add("test", text.to_owned(), Role::Spec);
        crate::tree::read(file, &sources).0.expect("it is YAML")
    }

    fn show(node: &Node) -> String {
        match &node.data {
            Data::Scalar(scalar) => scalar.text.clone(),
            Data::List(items) => {
                format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(","))
            }
            Data::Map(pairs) => {
                format!(
                    "{{{}}}",
                    pairs
                        .iter()
                        .map(|pair| format!("{}:{}", pair.key, show(&pair.value)))
                        .collect::<Vec<_>>()
                        .join(",")
                )
            }
            Data::Null => "null".to_owned(),
            Data::Bad => "bad".to_owned(),
        }
    }

    #[track_caller]
    fn check(target: &str, patch: &str, expected: &str) {
        assert_eq!(show(&merge(tree(target), tree(patch))), expected);
    }

    /// The examples of RFC 7386, appendix A, that have a map on one side.
    #[test]
    fn the_rfcs_examples() {
        check("{a: b}", "{a: c}", "{a:c}");
        check("{a: b}", "{b: c}", "{a:b,b:c}");
        check("{a: b}", "{a: null}", "{}");
        check("{a: b, b: c}", "{a: null}", "{b:c}");
        check("{a: [b]}", "{a: c}", "{a:c}");
        check("{a: c}", "{a: [b]}", "{a:[b]}");
        check("{a: {b: c}}", "{a: {b: d, c: null}}", "{a:{b:d}}");
        check("{a: [{b: c}]}", "{a: [x]}", "{a:[x]}");
        check("[a, b]", "[c, d]", "[c,d]");
        check("{a: foo}", "bar", "bar");
        check("[x]", "{a: b, c: null}", "{a:b}");
        check("{}", "{a: {bb: {ccc: null}}}", "{a:{bb:{}}}");
    }
}
