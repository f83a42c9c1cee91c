//! Parents that stay and change: a child is created or changed after the parent has changed, and is
//! deleted before the parent removes something.
//!
//! A subnet in a new block of its VPC waits for the block; a block is removed after its subnet is
//! deleted; a machine starts after the new rules of its group are in force. A resource that is
//! bound to an interrupted machine waits until the machine runs again. References to resources that
//! stay are resolved at plan time, so no reference orders these steps.

use crate::Value;
use crate::change::{ChangeAction, ReplaceOrder};
use crate::diff::How;
use crate::order::index::Index;
use crate::order::{Edges, Placed, all_to_all, interrupts};
use crate::plan::Half;
use crate::update::At;

pub(super) fn edges(index: &Index<'_, '_>) -> Edges {
    let mut edges = Edges::new();
    let updates = |block: &&Placed<'_>| {
        block.one.change.action == ChangeAction::Update && block.block.release.is_none()
    };
    for parent in index.placed.iter().filter(updates) {
        let is_other = |child: &&Placed<'_>| {
            child.block.change != parent.block.change && child.block.release.is_none()
        };
        for child in candidates(index, parent).filter(is_other) {
            match child.block.half {
                Half::Up if child.one.parents.contains(parent.address()) => {
                    edges.extend(before_child(parent, child))
                }
                Half::Up if interrupts(parent) && joins(child, parent) => {
                    edges.extend(all_to_all(&parent.last_group(), &child.first_group()));
                }
                Half::Down if takes_at_the_end(parent) => {
                    edges.extend(all_to_all(&child.pivot_group(), &taking(parent)));
                }
                // A child that is deleted and created again does not exist while the parent
                // changes.
                Half::Down if is_made_anew(child) => {
                    edges.extend(all_to_all(&child.pivot_group(), &parent.first_group()));
                }
                Half::Up | Half::Down => {}
            }
        }
    }
    edges
}

/// Returns the blocks that a changed parent may have to precede or follow. A block can occur twice;
/// edges are a set.
fn candidates<'a, 'b>(
    index: &'a Index<'a, 'b>,
    parent: &'a Placed<'b>,
) -> impl Iterator<Item = &'a Placed<'b>> {
    let live = parent.one.change.before.as_ref();
    let joining = live.map_or(&[] as &[_], |live| index.joining(&live.id));
    let up = index.children(parent.address()).iter().chain(joining);
    let is_down = |block: &&Placed<'_>| block.block.half == Half::Down;
    let down = index.users(parent.block.change).filter(is_down);
    up.copied().chain(down)
}

fn is_made_anew(child: &Placed<'_>) -> bool {
    child.one.change.action == ChangeAction::Replace
        && child.one.change.order == ReplaceOrder::DeleteFirst
}

/// Orders the steps of the parent that precede its removals before the steps of the child.
fn before_child(parent: &Placed<'_>, child: &Placed<'_>) -> Edges {
    let last = if takes_at_the_end(parent) {
        taking(parent).first().map(|first| first.saturating_sub(1))
    } else {
        None
    };
    match last {
        Some(last) if last >= parent.first => all_to_all(&[last], &child.first_group()),
        Some(_) => Edges::new(),
        None => all_to_all(&parent.last_group(), &child.first_group()),
    }
}

/// Returns whether the parent's update ends with steps that come last because they remove
/// something.
fn takes_at_the_end(parent: &Placed<'_>) -> bool {
    parent
        .one
        .diff
        .fields
        .iter()
        .any(|field| matches!(field.how, How::Update(update) if update.at == At::After))
}

/// Returns the steps from the first of these on.
fn taking(parent: &Placed<'_>) -> Vec<usize> {
    let at = parent.block.taking.unwrap_or(0);
    parent.ids(at..parent.steps().len())
}

/// Returns whether an update binds a resource to one that stays: the reference was resolved, so it
/// does not order them.
fn joins(child: &Placed<'_>, parent: &Placed<'_>) -> bool {
    let Some(joined) = &parent.one.change.before else {
        return false;
    };
    let id = Value::text(&joined.id);
    let mut fields = child.one.change.fields.iter();
    child.one.change.action == ChangeAction::Update && fields.any(|field| field.after == id)
}
