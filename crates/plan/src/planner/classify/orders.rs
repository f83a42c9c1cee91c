//! Which half of each replacement comes first.
//!
//! The new half can come first only if nothing that it takes is held by the old one: old and new
//! may be there at once. Users that stay ask for it; where it cannot be, they let go of the old
//! half by themselves or are replaced too.

use std::collections::{BTreeMap, BTreeSet};

use crate::Address;
use crate::change::{ChangeAction, Reason, ReplaceOrder};
use crate::live::Live;
use crate::planner::Classified;
use crate::planner::classify::Context;
use crate::planner::classify::closure::{lets_go, named_by};
use crate::planner::exclusive;
use crate::update::Update;

/// Decides the order of each replacement; returns users that must be replaced too.
pub(super) fn decide(cx: &Context<'_>, all: &mut [Classified]) -> BTreeMap<Address, Reason> {
    leftovers(cx, all);
    let apart = exclusive::apart(cx, all);
    let mut cannot = BTreeMap::new();
    for at in 0..all.len() {
        let change = &all[at].change;
        let (ChangeAction::Replace, Some(old), Some(new)) =
            (change.action, &change.before, &change.after)
        else {
            continue;
        };
        let coexist = !apart.contains(&at);
        let survivors: Vec<&Classified> = all.iter().filter(|one| survives(one, old)).collect();
        let stuck = |user: &Classified| {
            let parent = new.address.clone();
            if !coexist && leave_update(cx, user, &parent).is_none() {
                Some(Reason::ParentCannotCoexist { parent })
            } else {
                (!lets_go(user, old)).then_some(Reason::ParentReplaced { parent })
            }
        };
        cannot.extend(survivors.iter().filter_map(|user| {
            let reason = stuck(user)?;
            Some((user.change.address.clone(), reason))
        }));
        let wanted = !survivors.is_empty() || new.lifecycle.create_before_destroy;
        all[at].change.order = replace_order(coexist && wanted);
    }
    pull_create_first(all, &apart);
    cannot
}

/// What else stands under an address goes last: a leftover of an earlier replacement until its
/// users have moved, a row of another kind until the new one is there.
fn leftovers(cx: &Context<'_>, all: &mut [Classified]) {
    for one in all.iter_mut() {
        let change = &mut one.change;
        let is_apart = |live: &Live| cx.apart.contains(&live.id);
        if change.action == ChangeAction::Delete {
            change.order = replace_order(!change.before.as_ref().is_some_and(is_apart));
        }
    }
}

fn replace_order(create_first: bool) -> ReplaceOrder {
    if create_first {
        ReplaceOrder::CreateFirst
    } else {
        ReplaceOrder::DeleteFirst
    }
}

/// Whether the resource uses the old row and stays itself.
fn survives(one: &Classified, old: &Live) -> bool {
    let uses = one.change.before.as_ref().is_some_and(|live| {
        live.uses
            .iter()
            .any(|(kind, id)| *kind == old.kind && *id == old.id)
    });
    uses && one.change.action == ChangeAction::Update
}

/// The update by which a user lets go of what it refers to.
fn leave_update(cx: &Context<'_>, user: &Classified, parent: &Address) -> Option<&'static Update> {
    let want = user.change.after.as_ref()?;
    let attr = want
        .attrs
        .iter()
        .find(|(_, value)| {
            value
                .refs()
                .iter()
                .any(|reference| reference.address == *parent)
        })?
        .0;
    cx.registry.known(want.kind).row(attr)?.leave
}

/// What a create-first resource uses and is itself replaced must come first as well, where it can.
fn pull_create_first(all: &mut [Classified], apart: &BTreeSet<usize>) {
    loop {
        let mut pulled = None;
        for (at, one) in all.iter().enumerate() {
            let first = one.change.action == ChangeAction::Replace
                && one.change.order == ReplaceOrder::CreateFirst;
            let Some(want) = one.change.after.as_ref().filter(|_| first) else {
                continue;
            };
            let named = named_by(want);
            let parent = all.iter().position(|other| {
                other.change.action == ChangeAction::Replace
                    && other.change.order == ReplaceOrder::DeleteFirst
                    && named.contains(&other.change.address)
            });
            if let Some(parent) = parent {
                pulled = Some((at, parent));
                break;
            }
        }
        let Some((child, parent)) = pulled else {
            return;
        };
        if !apart.contains(&parent) {
            all[parent].change.order = ReplaceOrder::CreateFirst;
        } else {
            all[child].change.order = ReplaceOrder::DeleteFirst;
        }
    }
}
