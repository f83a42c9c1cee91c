//! Parents that stay and change: a child is made or changed after them, and is gone before they
//! take something away.
//!
//! A subnet in a new block of its VPC waits for the block; a block goes when its subnet is gone; a
//! machine starts when the new rules of its group are in force. What moves to a machine that is
//! interrupted waits until it is back. References to what stays are resolved at plan time, so no
//! reference says this.

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
                // What is made anew on the changed parent is out of its way while it changes.
                Half::Down if is_made_anew(child) => {
                    edges.extend(all_to_all(&child.pivot_group(), &parent.first_group()));
                }
                Half::Up | Half::Down => {}
            }
        }
    }
    edges
}

/// The blocks that a changed parent may have to come before or after. One may come twice: edges are
/// a set.
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

/// What the parent does before it takes something away comes before the child.
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

/// Whether the parent's update ends with verbs that stand last since they take something away.
fn takes_at_the_end(parent: &Placed<'_>) -> bool {
    parent
        .one
        .diff
        .fields
        .iter()
        .any(|field| matches!(field.how, How::Update(update) if update.at == At::After))
}

/// The steps from the first of these verbs on.
fn taking(parent: &Placed<'_>) -> Vec<usize> {
    let at = parent.block.taking.unwrap_or(0);
    parent.ids(at..parent.steps().len())
}

/// Whether an update binds something to what stays: no reference is left that would say so.
fn joins(child: &Placed<'_>, parent: &Placed<'_>) -> bool {
    let Some(joined) = &parent.one.change.before else {
        return false;
    };
    let id = Value::text(&joined.id);
    let mut fields = child.one.change.fields.iter();
    child.one.change.action == ChangeAction::Update && fields.any(|field| field.after == id)
}
