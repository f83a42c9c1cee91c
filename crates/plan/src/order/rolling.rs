//! Rolling: the members of a group are interrupted in turn, `max_unavailable` at a time.
//!
//! A member's first interrupting step waits for the whole of the member so many places before it; so a failure stops
//! the members behind it, which is the halt.

use std::collections::BTreeMap;

use setpoint_spec::stack::Amount;

use crate::Address;
use crate::order::{Edges, Placed, all_to_all, interrupts};
use crate::plan::Half;
use crate::planner::Classified;

pub(super) fn edges(all: &[Classified], placed: &[Placed<'_>]) -> Edges {
    let mut groups: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    for block in placed
        .iter()
        .filter(|block| block.address().key().is_some() && interrupts(block))
    {
        let members = groups.entry(block.address().group()).or_default();
        if !members.contains(block.address()) {
            members.push(block.address().clone());
        }
    }
    let mut edges = Edges::new();
    for members in groups.values_mut() {
        members.sort();
        let at_once = at_once(all, placed, members);
        for pair in members.windows(at_once + 1) {
            let (Some(earlier), Some(later)) = (pair.first(), pair.last()) else {
                continue;
            };
            let last: Vec<usize> = of(placed, earlier).flat_map(Placed::last_group).collect();
            let first: Vec<usize> = of(placed, later).flat_map(first_interruption).collect();
            edges.extend(all_to_all(&last, &first));
        }
    }
    edges
}

fn of<'a, 'b>(
    placed: &'a [Placed<'b>],
    address: &'a Address,
) -> impl Iterator<Item = &'a Placed<'b>> {
    // Letting go of something interrupts nobody.
    placed
        .iter()
        .filter(move |block| block.address() == address && block.block.release.is_none())
}

/// The step that opens the window, or for a replacement the first step of either half.
fn first_interruption(block: &Placed<'_>) -> Vec<usize> {
    let opener = block.steps().iter().find_map(|step| step.closes);
    match (opener, block.block.half) {
        (Some(at), _) => block.ids(at..at + 1),
        (None, Half::Up | Half::Down) => block.first_group(),
    }
}

/// How many members the whole group has, interrupted or not.
fn group_size(all: &[Classified], members: &[Address]) -> usize {
    let Some(group) = members.first().map(Address::group) else {
        return 0;
    };
    all.iter()
        .filter(|one| {
            one.change.after.is_some()
                && one.change.address.key().is_some()
                && one.change.address.group() == group
        })
        .count()
}

/// How many members may be interrupted at once: one unless the spec says otherwise.
fn at_once(all: &[Classified], placed: &[Placed<'_>], members: &[Address]) -> usize {
    let wanted = members
        .iter()
        .flat_map(|address| of(placed, address))
        .find_map(|block| block.one.change.after.as_ref());
    match wanted.and_then(|want| want.lifecycle.max_unavailable) {
        None => 1,
        Some(Amount::Count(n)) => usize::try_from(n).unwrap_or(usize::MAX).max(1),
        Some(Amount::Percent(share)) => {
            (group_size(all, members) * usize::from(share) / 100).max(1)
        }
        Some(Amount::All) => members.len().max(1),
    }
}
