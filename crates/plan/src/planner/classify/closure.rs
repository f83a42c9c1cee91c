//! What resources name, and what is within the targets of a run.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::desired::Desired;
use crate::live::Live;
use crate::planner::Classified;
use crate::planner::classify::Context;
use crate::{Address, Value};

/// The targets and everything that they refer to, directly or not; for a destroy, everything that
/// stands on them.
pub(crate) fn target_closure(cx: &Context<'_>) -> BTreeSet<Address> {
    let mut closure: BTreeSet<Address> = cx.options.targets.iter().cloned().collect();
    let mut todo: Vec<Address> = closure.iter().cloned().collect();
    while let Some(address) = todo.pop() {
        let next = if cx.options.destroy {
            users_of(cx, &address)
        } else {
            cx.desired.get(&address).map(named_by).unwrap_or_default()
        };
        for next in next {
            if closure.insert(next.clone()) {
                todo.push(next);
            }
        }
    }
    closure
}

/// Everything that a resource names, in fields, what is sent at creation, tags and `after`.
pub(super) fn named_by(want: &Desired) -> Vec<Address> {
    let values = want
        .attrs
        .values()
        .chain(want.initial.values())
        .chain(want.tags.iter().flat_map(|tags| tags.values()));
    values
        .flat_map(Value::refs)
        .map(|reference| reference.address.clone())
        .chain(want.after.iter().cloned())
        .collect()
}

/// What a resource names in fields that do not bind late.
pub(super) fn parents(cx: &Context<'_>, address: &Address) -> Vec<Address> {
    let Some(want) = cx.desired.get(address) else {
        return Vec::new();
    };
    let kind = cx.registry.known(want.kind);
    let is_late = |attr: &str| {
        let root = attr.split('.').next();
        root.and_then(|root| kind.row(root))
            .is_some_and(|field| field.late)
    };
    let early = want
        .attrs
        .iter()
        .filter(|(attr, _)| !is_late(attr))
        .map(|(_, value)| value);
    let mut found: Vec<Address> = early
        .chain(want.initial.values())
        .flat_map(Value::refs)
        .map(|reference| reference.address.clone())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The addresses whose live rows use the live row of this one.
fn users_of(cx: &Context<'_>, address: &Address) -> Vec<Address> {
    let Some(used) = cx.paired.get(address).and_then(|pair| pair.main.as_ref()) else {
        return Vec::new();
    };
    let uses = |live: &&Arc<Live>| {
        live.uses
            .iter()
            .any(|(kind, id)| *kind == used.kind && *id == used.id)
    };
    cx.snapshot
        .live
        .iter()
        .filter(uses)
        .filter_map(|live| live.owner.as_ref())
        .map(|owner| owner.address.clone())
        .collect()
}

/// Whether a change of the resource ends its use of this row: a field that refers to it differs.
pub(super) fn lets_go(one: &Classified, used: &Live) -> bool {
    let mut fields = one.diff.fields.iter();
    fields.any(|field| mentions(&field.change.before, &used.id))
}

fn mentions(value: &Value, id: &str) -> bool {
    match value {
        Value::Text(text) => text == id,
        Value::List(items) => items.iter().any(|item| mentions(item, id)),
        Value::Map(map) => map.values().any(|item| mentions(item, id)),
        _ => false,
    }
}
