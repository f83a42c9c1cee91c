//! Moves: a row found under its old address, or under another stack, is treated as the row of its
//! new address.
//!
//! Only tags change. A resource with a derived name cannot be retagged, so it is created again and
//! the old one is deleted. `x` and `x[0]` are the same resource before and after a `count` was
//! added or removed. A move that was made before has no effect. Rows move before their details are
//! read, since the queries depend on the desired resource.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::live::{Live, Snapshot};
use crate::ownership::Owner;
use crate::planner::Intent;
use crate::registry::Registry;
use crate::{Address, Key};

/// Puts moved rows under their new addresses and records their previous owners in `snapshot.moved`.
pub(crate) fn relocate(registry: &Registry, intent: &Intent, snapshot: &mut Snapshot) {
    let own = snapshot.live.iter().filter(|live| is_own(intent, live));
    let taken: BTreeSet<Address> = own.filter_map(|live| address_of(live)).collect();
    let wanted =
        |address: &Address| intent.desired.contains_key(address) && !taken.contains(address);
    let mut moves = BTreeMap::new();
    for live in &mut snapshot.live {
        let Some(owner) = live.owner.clone() else {
            continue;
        };
        let target = targets(intent, &owner)
            .into_iter()
            .find(|target| wanted(target));
        let same_kind = |target: &Address| {
            intent
                .desired
                .get(target)
                .is_some_and(|want| want.kind == live.kind)
        };
        let retaggable = registry.known(live.kind).tag_api.is_some();
        if let Some(target) = target.filter(|target| same_kind(target) && retaggable) {
            Arc::make_mut(live).owner = Some(Owner {
                stack: intent.stack.clone(),
                address: target,
                guard: owner.guard.clone(),
            });
            moves.insert(live.id.clone(), owner);
        }
    }
    // Rows of other stacks that no entry moves here do not belong to this stack.
    snapshot.live.retain(|live| is_own(intent, live));
    snapshot.moved = moves;
}

fn is_own(intent: &Intent, live: &Live) -> bool {
    live.owner
        .as_ref()
        .is_some_and(|owner| owner.stack == intent.stack)
}

fn address_of(live: &Live) -> Option<Address> {
    live.owner.as_ref().map(|owner| owner.address.clone())
}

/// Returns the addresses to which the row of an owner may have moved; those that the spec names
/// come first.
fn targets(intent: &Intent, owner: &Owner) -> Vec<Address> {
    let own = owner.stack == intent.stack;
    let said = intent
        .moved
        .iter()
        .filter(|entry| {
            entry
                .stack
                .as_ref()
                .map_or(own, |stack| *stack == owner.stack)
        })
        .filter_map(|entry| match (&entry.from, &entry.to) {
            (Some(from), to) => moved_to(&owner.address, from, to.as_ref().unwrap_or(from)),
            (None, _) => Some(owner.address.clone()),
        });
    let mut targets: Vec<Address> = said.collect();
    if own {
        targets.extend(match owner.address.key() {
            None => Some(owner.address.member(Key::Index(0))),
            Some(Key::Index(0)) => Some(owner.address.group()),
            Some(_) => None,
        });
    }
    targets.retain(|target| !own || *target != owner.address);
    targets
}

/// Returns the address to which an entry of `moved` takes an address: the new one, or, for a group,
/// the member with the same key.
fn moved_to(address: &Address, from: &Address, to: &Address) -> Option<Address> {
    if address == from {
        return Some(to.clone());
    }
    let key = address
        .key()
        .filter(|_| address.group() == *from && to.key().is_none());
    key.map(|key| to.member(key.clone()))
}

#[cfg(test)]
mod tests;
