//! The references of resources, and the resources within the targets of a run.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::Desired;
use crate::live::Live;
use crate::planner::Classified;
use crate::planner::classify::Context;
use crate::{Address, Value};

/// Returns the targets and everything that they refer to, directly or not; for a destroy, the
/// targets and everything that uses them.
pub(crate) fn target_closure(cx: &Context<'_>) -> BTreeSet<Address> {
    let mut closure: BTreeSet<Address> = cx.options.targets.iter().cloned().collect();
    let mut todo: Vec<Address> = closure.iter().cloned().collect();
    if todo.is_empty() {
        return closure;
    }
    let users = cx.options.destroy.then(|| users(cx));
    while let Some(address) = todo.pop() {
        let next = match &users {
            Some(users) => users_of(cx, users, &address),
            None => cx.desired.get(&address).map(named_by).unwrap_or_default(),
        };
        for next in next {
            if closure.insert(next.clone()) {
                todo.push(next);
            }
        }
    }
    closure
}

/// The addresses whose live rows use a row, by its kind and id.
type UsersByRow<'a> = BTreeMap<(&'static str, &'a str), Vec<&'a Address>>;

fn users<'a>(cx: &Context<'a>) -> UsersByRow<'a> {
    let mut found = UsersByRow::new();
    for row in &cx.snapshot.live {
        let Some(owner) = &row.owner else { continue };
        for (kind, id) in &row.uses {
            found
                .entry((*kind, id.as_str()))
                .or_default()
                .push(&owner.address);
        }
    }
    found
}

/// Returns the addresses whose live rows use the live row of this one.
fn users_of(cx: &Context<'_>, users: &UsersByRow<'_>, address: &Address) -> Vec<Address> {
    let used = cx.paired.get(address).and_then(|pair| pair.main.as_ref());
    let found = used.and_then(|used| users.get(&(used.kind, used.id.as_str())));
    found
        .into_iter()
        .flatten()
        .map(|user| (*user).clone())
        .collect()
}

/// Returns every address that a resource refers to, in fields, in values sent at creation, in tags
/// and in `after`.
pub(super) fn named_by(want: &Desired) -> Vec<Address> {
    let values = want
        .attrs
        .values()
        .chain(want.initial.values())
        .chain(want.tags.iter().flat_map(|tags| tags.values()));
    values
        .flat_map(Value::refs)
        .map(|reference| reference.address.clone())
        .chain(want.terms.after.iter().cloned())
        .collect()
}

/// Returns the addresses that a resource refers to in fields that do not bind late.
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

/// Returns whether a change of the resource ends its use of this row: a field that refers to the
/// row differs.
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
