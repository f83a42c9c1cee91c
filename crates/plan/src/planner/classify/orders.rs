//! Decides which half of each replacement comes first.
//!
//! The new resource can be created first only if it takes no value that the old one holds, so that
//! both can exist at the same time. It is then created first if users stay, or if the spec asks for
//! it. Where it cannot be created first, the users release the old resource by themselves or are
//! replaced too.

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

/// Decides the order of each replacement; returns the users that must be replaced too, with the
/// reason.
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

/// Orders the deletion of other rows at an address last: a leftover of an earlier replacement after
/// its users have moved, and a row of another kind after the new resource exists.
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

/// Returns the update by which a user releases the resource that it refers to.
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

/// Replaced resources that a create-first resource uses must be created first as well. Where one of
/// them cannot be, the resource itself goes back to delete-first.
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

/// Returns the first delete-first replacement that a create-first one refers to.
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
