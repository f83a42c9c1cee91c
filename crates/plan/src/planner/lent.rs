//! Attributes that one resource provides for another: the public address of a machine to which an
//! `eip` of the stack attaches is that of the `eip`.
//!
//! A reference to such an attribute is replaced by one to the provider's own attribute. So it waits
//! for the provider and has its value from the start. The machine's own row shows the address only
//! some seconds after the binding, and shows none while the machine is being created.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::{Change, ChangeAction};
use crate::planner::Intent;
use crate::registry::Registry;
use crate::{Address, Map, Ref, Value, args};

/// Maps the address and the attribute of a reference to the address of the provider and the
/// reference that replaces it.
type Lent = BTreeMap<(Address, String), (Address, Value)>;

/// Returns the intent with references to provided attributes replaced; `None` if no attribute is
/// provided.
pub(crate) fn resolved(registry: &Registry, intent: &Intent) -> Option<Intent> {
    let lent = lent(registry, intent);
    if lent.is_empty() {
        return None;
    }
    let of = |reference: &Ref| lent.get(&(reference.address.clone(), reference.attr.clone()));
    let mut intent = intent.clone();
    for want in Arc::make_mut(&mut intent.desired).values_mut() {
        let own = want.address.clone();
        let others = |reference: &Ref| of(reference).filter(|(lender, _)| *lender != own);
        let known = |reference: &Ref| others(reference).map(|(_, value)| value.clone());
        let tags = want.tags.iter_mut().flat_map(Map::values_mut);
        let values = want
            .attrs
            .values_mut()
            .chain(want.initial.values_mut())
            .chain(tags);
        values.for_each(|value| *value = args::resolve(value, &known));
    }
    let known = |reference: &Ref| of(reference).map(|(_, value)| value.clone());
    for output in intent.outputs.values_mut() {
        output.value = args::resolve(&output.value, &known);
    }
    Some(intent)
}

/// Returns the attributes that live rows lose because their provider releases them: the id of the
/// row, and the attribute.
pub(crate) fn taken_back(
    registry: &Registry,
    changes: &[Change],
) -> BTreeSet<(String, &'static str)> {
    let mut found = BTreeSet::new();
    for change in changes {
        let Some(live) = &change.before else {
            continue;
        };
        for field in registry.known(live.kind).fields {
            let moves = change.fields.iter().any(|one| one.attr == field.name);
            let goes = change.deletes() || (change.action == ChangeAction::Update && moves);
            let (Some((theirs, _)), true) = (field.lends, goes) else {
                continue;
            };
            let user = live.attr(field.name);
            found.extend(user.as_text().map(|user| (user.to_owned(), theirs)));
        }
    }
    found
}

fn lent(registry: &Registry, intent: &Intent) -> Lent {
    let mut lent = Lent::new();
    for want in intent.desired.values() {
        for field in registry.known(want.kind).fields {
            let (Some((theirs, own)), Some(Value::Ref(target))) =
                (field.lends, want.attrs.get(field.name))
            else {
                continue;
            };
            let value = Value::reference(&want.address, own);
            let key = (target.address.clone(), theirs.to_owned());
            lent.insert(key, (want.address.clone(), value));
        }
    }
    lent
}
