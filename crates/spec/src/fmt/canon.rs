//! Rewrites scalars that have one canonical spelling: the ports of rules and the addresses of
//! members.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::schema::{Schema, Type};
use crate::span::Span;
use crate::tree::{Data, Node, Scalar, Style};
use crate::types;

/// The keys that lead to such scalars, taken from the fields of a schema.
pub(super) struct Keys {
    /// Keys of lists of rules, whose items have ports.
    rules: BTreeSet<&'static str>,
    /// Keys of ports within rules.
    ports: BTreeSet<&'static str>,
    /// Keys of texts for machines or readers, which stay as they are.
    contents: BTreeSet<&'static str>,
}

impl Keys {
    pub(super) fn of(schema: &Schema) -> Self {
        let mut keys = Self {
            rules: BTreeSet::new(),
            ports: BTreeSet::new(),
            contents: ["tags", "description", "vars"].into(),
        };
        for field in schema.fields() {
            match field.ty {
                Type::Rows(members) => {
                    for port in members
                        .iter()
                        .filter(|field| matches!(field.ty, Type::Ports))
                    {
                        keys.rules.insert(field.name);
                        keys.ports.insert(port.name);
                    }
                }
                Type::Content { .. } => {
                    keys.contents.insert(field.name);
                }
                _ => {}
            }
        }
        keys
    }
}

/// Returns the text with these scalars in their canonical spelling.
pub(super) fn scalars(text: &str, tree: &Node, keys: &Keys) -> String {
    let mut edits = Vec::new();
    collect((text, keys), tree, Place::default(), &mut edits);
    edits.sort_by_key(|(span, _)| span.start);
    let mut out = String::new();
    let mut at = 0;
    for (span, new) in edits {
        out.push_str(&text[at..span.start as usize]);
        out.push_str(&new);
        at = span.end as usize;
    }
    out.push_str(&text[at..]);
    out
}

/// The position of a node: what the keys around it mean.
#[derive(Clone, Copy, Default)]
struct Place {
    in_rules: bool,
    is_port: bool,
    in_flow: bool,
    in_content: bool,
}

fn collect(
    (text, keys): (&str, &Keys),
    node: &Node,
    place: Place,
    edits: &mut Vec<(Span, String)>,
) {
    let in_flow = place.in_flow || text[node.span.range()].starts_with(['[', '{']);
    match &node.data {
        Data::Map(pairs) => {
            for pair in pairs {
                let key = pair.key.as_str();
                let inner = Place {
                    in_rules: place.in_rules || keys.rules.contains(key),
                    is_port: place.in_rules && keys.ports.contains(key),
                    in_flow,
                    in_content: place.in_content || keys.contents.contains(key),
                };
                collect((text, keys), &pair.value, inner, edits);
            }
        }
        Data::List(items) => items
            .iter()
            .for_each(|item| collect((text, keys), item, Place { in_flow, ..place }, edits)),
        Data::Scalar(scalar) if !place.in_content => {
            edits.extend(respelled(scalar, place).map(|new| (node.span, new)))
        }
        Data::Scalar(_) | Data::Null | Data::Bad => {}
    }
}

fn respelled(scalar: &Scalar, place: Place) -> Option<String> {
    if scalar.style == Style::Block {
        return None;
    }
    if place.is_port {
        let (from, to) = types::port_pair(&scalar.text).ok()?;
        let canonical = if from == to {
            from.to_string()
        } else {
            format!("{from}-{to}")
        };
        return (canonical != scalar.text || scalar.style == Style::Quoted).then_some(canonical);
    }
    if !scalar.text.contains("[\"") {
        return None;
    }
    let address = scalar.text.parse::<Address>().ok()?;
    let quoted = place.in_flow || scalar.style == Style::Quoted;
    Some(if quoted {
        format!("\"{address}\"")
    } else {
        address.to_string()
    })
}
