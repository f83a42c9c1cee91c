//! References and `after`: the step that reaches the anchor precedes the step that needs it.
//!
//! A step that opens a window inherits the needs of every step up to the closing one. Otherwise a
//! machine would be stopped and then wait for its new subnet.

use crate::Address;
use crate::order::index::Index;
use crate::order::{Edges, Placed, all_to_all};
use crate::plan::Half;
use crate::procedure::{Anchor, Step};

pub(super) fn edges(index: &Index<'_, '_>) -> Edges {
    let mut edges = Edges::new();
    for block in index
        .placed
        .iter()
        .filter(|block| block.block.release.is_none())
    {
        for (at, step) in block.steps().iter().enumerate() {
            for (address, anchor) in needs(block, at, step) {
                edges.extend(from_target(
                    index,
                    block,
                    &address,
                    anchor,
                    block.first + at,
                ));
            }
        }
        if block.block.half == Half::Up {
            let after = block
                .one
                .change
                .after
                .iter()
                .flat_map(|want| &want.terms.after);
            for address in after {
                for first in block.first_group() {
                    edges.extend(from_target(index, block, address, Anchor::Ready, first));
                }
            }
        }
    }
    edges
}

/// Returns the references that a step needs: its own, and for a step that opens a window those of
/// the whole window.
fn needs(block: &Placed<'_>, at: usize, step: &Step) -> Vec<(Address, Anchor)> {
    let own = |step: &Step| {
        step.refs()
            .iter()
            .map(|reference| (reference.address.clone(), step.needs))
            .collect::<Vec<_>>()
    };
    let steps = block.steps();
    let last_inside = steps.iter().rposition(|inner| inner.closes == Some(at));
    let inside = last_inside.map_or(&[] as &[Step], |end| &steps[at..end]);
    own(step)
        .into_iter()
        .chain(inside.iter().flat_map(own))
        .collect()
}

fn from_target(
    index: &Index<'_, '_>,
    user: &Placed<'_>,
    address: &Address,
    anchor: Anchor,
    to: usize,
) -> Edges {
    let makers = index.makers(address).iter();
    makers
        .filter(|block| block.block.change != user.block.change)
        .flat_map(|block| all_to_all(&block.reaching(anchor), &[to]))
        .collect()
}
