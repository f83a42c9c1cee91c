//! Which half of each replacement comes first.
//!
//! The new half can come first only if nothing that it takes is held by the old one: old and new
//! may be there at once. Users that stay ask for it; where it cannot be, they let go of the old
//! half by themselves or are replaced too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Address;
use crate::change::{ChangeAction, Reason, ReplaceOrder};
use crate::live::Live;
use crate::planner::classify::Context;
use crate::planner::classify::closure::{lets_go, named_by};
use crate::planner::exclusive;
use crate::planner::{Classified, Users};
use crate::update::Update;

/// Decides the order of each replacement; returns users that must be replaced too.
pub(super) fn decide(cx: &Context<'_>, all: &mut [Classified]) -> BTreeMap<Address, Reason> {
    leftovers(cx, all);
    let apart = exclusive::apart(cx, all);
    let users = Users::of(all);
    let mut cannot = BTreeMap::new();
    for at in 0..all.len() {
        let change = &all[at].change;
        let (ChangeAction::Replace, Some(old), Some(new)) =
            (change.action, &change.before, &change.after)
        else {
            continue;
        };
        let coexist = !apart.contains(&at);
        let survives = |user: &&Classified| user.change.action == ChangeAction::Update;
        let users_of_old = users.of_change(at).iter().map(|user| &all[*user]);
        let survivors: Vec<&Classified> = users_of_old.filter(survives).collect();
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
        let wanted = !survivors.is_empty() || new.terms.lifecycle.create_before_destroy;
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
        let is_apart = |live: &Arc<Live>| cx.apart.contains(&live.id);
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
    let replaced: BTreeMap<Address, usize> = (0..all.len())
        .filter(|at| all[*at].change.action == ChangeAction::Replace)
        .map(|at| (all[at].change.address.clone(), at))
        .collect();
    loop {
        let pulled = replaced.values().find_map(|child| {
            let parent = pulled_by(all, &replaced, *child)?;
            Some((*child, parent))
        });
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

/// The first delete-first replacement that a create-first one names.
fn pulled_by(
    all: &[Classified],
    replaced: &BTreeMap<Address, usize>,
    child: usize,
) -> Option<usize> {
    let change = &all[child].change;
    let want = change.after.as_ref();
    let want = want.filter(|_| change.order == ReplaceOrder::CreateFirst)?;
    let named = named_by(want);
    let parents = named.iter().filter_map(|address| replaced.get(address));
    let is_delete_first = |parent: &usize| all[*parent].change.order == ReplaceOrder::DeleteFirst;
    parents.copied().filter(is_delete_first).min()
}
