//! Entries of `resources`: determines the kind or module of each, and merges `defaults`, the entry
//! and the environment, in this order.

use crate::common;
use crate::diagnostic::Diagnostic;
use crate::overlay;
use crate::schema::{KindDef, Schema};
use crate::span::{Span, Spanned};
use crate::suggest;
use crate::tree::{Data, Node, Pair};

/// One entry of `resources`.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// The span of its name.
    pub(crate) at: Span,
    /// Its keys except `type` and `use`, merged.
    pub(crate) body: Vec<Pair>,
    pub(crate) what: What,
}

/// What an entry creates.
#[derive(Debug)]
pub(crate) enum What {
    /// A resource, or a group of them.
    Resource(&'static KindDef),
    /// A module.
    Module {
        /// The path as written.
        path: Spanned<String>,
        /// The index of its file, once it is loaded.
        file: Option<usize>,
    },
    /// Unknown because of an error that was reported.
    Unclear,
}

impl Entry {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.pair(key).map(|pair| &pair.value)
    }

    /// A key and its value.
    pub(crate) fn pair(&self, key: &str) -> Option<&Pair> {
        self.body.iter().find(|pair| pair.key == key)
    }
}

/// The layers that are merged into entries, besides the entries of the file.
pub(crate) struct Layers<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) overlay: Vec<Pair>,
    pub(crate) defaults: &'a [Pair],
}

/// Merges the layers into entries.
pub(crate) fn entries(
    base: Vec<Pair>,
    layers: Layers<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Entry> {
    let mut overlays: std::collections::BTreeMap<String, Pair> = layers
        .overlay
        .into_iter()
        .map(|pair| (pair.key.clone(), pair))
        .collect();
    let added = base
        .iter()
        .map(|pair| pair.key.clone())
        .collect::<std::collections::BTreeSet<_>>();
    let mut made = Vec::new();
    for pair in base {
        let over = overlays.remove(&pair.key);
        made.extend(entry(pair, over, layers.schema, layers.defaults, found));
    }
    for (name, pair) in overlays {
        debug_assert!(!added.contains(&name), "known names were removed above");
        if pair.value.data == Data::Null {
            let hint = suggest::nearest(&name, added.iter().map(String::as_str))
                .map(|near| format!("did you mean `{near}`?"));
            found.push(
                Diagnostic::error(
                    "unknown-reference",
                    pair.at,
                    format!("the stack has no `{name}` to remove"),
                )
                .maybe_hint(hint),
            );
        } else if pair
            .value
            .get("type")
            .or_else(|| pair.value.get("use"))
            .is_none()
        {
            let names = added.iter().map(String::as_str);
            let hint = suggest::nearest(&name, names)
                .map(|near| format!("did you mean `{near}`? A new resource needs its `type`"));
            let hint = hint.or_else(|| Some("a new resource needs its `type`".to_owned()));
            found.push(
                Diagnostic::error(
                    "unknown-reference",
                    pair.at,
                    format!("the stack has no `{name}` to change"),
                )
                .maybe_hint(hint),
            );
        } else {
            let pair = Pair {
                value: overlay::without_nulls(pair.value),
                ..pair
            };
            made.extend(entry(pair, None, layers.schema, layers.defaults, found));
        }
    }
    made
}

/// Merges one entry; `None` if the environment removes it.
fn entry(
    pair: Pair,
    over: Option<Pair>,
    schema: &Schema,
    defaults: &[Pair],
    found: &mut Vec<Diagnostic>,
) -> Option<Entry> {
    if over
        .as_ref()
        .is_some_and(|over| over.value.data == Data::Null)
    {
        return None;
    }
    let Pair {
        key: name,
        at,
        value: node,
    } = pair;
    let unclear = |name, body| {
        Some(Entry {
            name,
            at,
            body,
            what: What::Unclear,
        })
    };
    if !matches!(node.data, Data::Map(_)) {
        if node.data != Data::Bad {
            let message = format!(
                "an entry of `resources` must be a map with `type` or `use`, not {}",
                node.noun()
            );
            found.push(Diagnostic::error("wrong-type", node.span, message));
        }
        return unclear(name, Vec::new());
    }
    let what = what(&name, at, &node, schema, found);
    if let Some(over) = &over {
        same_type(&node, over, found);
    }
    let over = over.map(|over| over.value);
    let laid = match &what {
        What::Resource(kind) => lay_defaults(node, over.as_ref(), kind, defaults),
        What::Module { .. } | What::Unclear => node,
    };
    let merged = match over {
        Some(over) => overlay::merge(laid, over),
        None => laid,
    };
    let Data::Map(body) = merged.data else {
        return unclear(name, Vec::new());
    };
    let body: Vec<Pair> = body
        .into_iter()
        .filter(|pair| !matches!(pair.key.as_str(), "type" | "use"))
        .collect();
    unknown_keys(&what, &body, found);
    Some(Entry {
        name,
        at,
        body,
        what,
    })
}

fn what(name: &str, at: Span, node: &Node, schema: &Schema, found: &mut Vec<Diagnostic>) -> What {
    match (node.pair("type"), node.pair("use")) {
        (Some(kind), None) => match super::literal(&kind.value, "type", found) {
            Some(text) => match schema.kind(text) {
                Some(kind) => What::Resource(kind),
                None => {
                    found.push(common::unknown_kind(schema, text, kind.value.span));
                    What::Unclear
                }
            },
            None => What::Unclear,
        },
        (None, Some(path)) => match super::literal(&path.value, "use", found) {
            Some(text) => What::Module {
                path: Spanned {
                    value: text.to_owned(),
                    span: path.value.span,
                },
                file: None,
            },
            None => What::Unclear,
        },
        (Some(_), Some(path)) => {
            found.push(
                Diagnostic::error(
                    "type-and-use",
                    path.at,
                    format!("`{name}` has both `type` and `use`"),
                )
                .hint("write `type` for a resource, `use` for a module"),
            );
            What::Unclear
        }
        (None, None) => {
            let hint = "write `type: KIND` for a resource, `use: PATH` for a module".to_owned();
            let near = node.pairs().iter().find(|pair| {
                matches!(
                    pair.key.as_str(),
                    "kind" | "Type" | "resource_type" | "source" | "module"
                )
            });
            let hint = near.map_or(hint, |pair| {
                format!(
                    "write `{}` instead of `{}`",
                    if matches!(pair.key.as_str(), "source" | "module") {
                        "use"
                    } else {
                        "type"
                    },
                    pair.key
                )
            });
            found.push(
                Diagnostic::error(
                    "missing-type",
                    at,
                    format!("`{name}` has neither `type` nor `use`"),
                )
                .hint(hint),
            );
            What::Unclear
        }
    }
}

/// Reports a changed type. An environment may repeat the type, so that editors complete its fields.
fn same_type(node: &Node, over: &Pair, found: &mut Vec<Diagnostic>) {
    for key in ["type", "use"] {
        if let Some(new) = over.value.pair(key)
            && node.get(key).and_then(Node::text) != new.value.text()
        {
            let message = format!("an environment cannot change the `{key}` of `{}`", over.key);
            let hint = "remove the resource here with `null` and add one with another name";
            found.push(Diagnostic::error("changed-type", new.value.span, message).hint(hint));
        }
    }
}

/// Adds the defaults of the kind for keys that the entry does not set. Of fields that exclude each
/// other, a default is ignored if the entry sets another one.
fn lay_defaults(mut node: Node, over: Option<&Node>, kind: &KindDef, defaults: &[Pair]) -> Node {
    let Some(laid) = defaults.iter().find(|pair| pair.key == kind.name) else {
        return node;
    };
    let chosen = |key: &str| {
        node.get(key).is_some()
            || over.is_some_and(|over| {
                over.pair(key)
                    .is_some_and(|pair| pair.value.data != Data::Null)
            })
    };
    let pairs = kind.one_of.iter().chain(kind.any_of);
    let excluded = |key: &str| {
        pairs.clone().any(|pair| {
            pair.contains(&key) && pair.iter().any(|other| *other != key && chosen(other))
        })
    };
    let under: Vec<Pair> = laid
        .value
        .pairs()
        .iter()
        .filter(|pair| node.get(&pair.key).is_none() && !excluded(&pair.key))
        .cloned()
        .collect();
    if let Data::Map(own) = &mut node.data {
        own.extend(under);
    }
    node
}

fn unknown_keys(what: &What, body: &[Pair], found: &mut Vec<Diagnostic>) {
    for pair in body {
        match what {
            What::Resource(kind) => {
                if kind.field(&pair.key).is_none() && !common::is_entry_key(&pair.key) {
                    found.push(common::unknown_field(kind, &pair.key, pair.at));
                }
            }
            What::Module { .. } if !common::MODULE_KEYS.contains(&pair.key.as_str()) => {
                let hint = suggest::nearest(&pair.key, common::MODULE_KEYS.iter().copied())
                    .map(|near| format!("did you mean `{near}`?"));
                let hint =
                    hint.or_else(|| Some("pass values to the module with `with`".to_owned()));
                found.push(
                    Diagnostic::error(
                        "unknown-field",
                        pair.at,
                        format!("`{}` is not a valid key of a module's entry", pair.key),
                    )
                    .maybe_hint(hint),
                );
            }
            What::Module { .. } | What::Unclear => {}
        }
    }
}

/// Checks that `defaults` names kinds and their fields.
pub(crate) fn check_defaults(schema: &Schema, defaults: &[Pair], found: &mut Vec<Diagnostic>) {
    for pair in defaults {
        let Some(kind) = schema.kind(&pair.key) else {
            found.push(common::unknown_kind(schema, &pair.key, pair.at));
            continue;
        };
        if !super::shape_fits(&pair.value, super::Shape::Map, &pair.key, found) {
            continue;
        }
        for field in pair.value.pairs() {
            if kind.field(&field.key).is_none() && !common::is_entry_key(&field.key) {
                found.push(common::unknown_field(kind, &field.key, field.at));
            } else if common::NO_DEFAULT.contains(&field.key.as_str()) {
                let message = format!("`{}` cannot have a default", field.key);
                found.push(
                    Diagnostic::error("misplaced-key", field.at, message)
                        .hint("set it in each entry"),
                );
            }
        }
    }
}
