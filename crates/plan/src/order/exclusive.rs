//! Exclusive values: a row releases a value before another change takes it; a child leaves a block
//! before the parent removes the block; and a child that needs a new block waits until the parent
//! has it.

use std::collections::BTreeSet;

use crate::order::index::Index;
use crate::order::{Edges, Placed, all_to_all};
use crate::plan::Half;
use crate::planner::{Release, Wait, Why};

/// Finds the steps of a change that hold or need exclusive values.
struct Blocks<'a, 'b>(&'a Index<'a, 'b>);

pub(super) fn edges(index: &Index<'_, '_>, waits: &[Wait]) -> Edges {
    let blocks = Blocks(index);
    let of_wait = |wait: &Wait| {
        let (first, then) = match &wait.why {
            Why::Takes { held, .. } => {
                let let_go = blocks.letting_go(wait.first, held.field);
                let giving =
                    let_go.or_else(|| blocks.leaving(wait.first).filter(|_| held.is_slot()));
                let giving = giving.unwrap_or_else(|| blocks.giving(wait.first));
                (giving, blocks.taking(wait.then))
            }
            Why::Leaves { with_first, .. } => (
                blocks.giving(wait.first),
                blocks.shrinking(wait.then, *with_first),
            ),
            Why::Arrives { after_last, .. } => (
                blocks.grown(wait.first, *after_last),
                blocks.taking(wait.then),
            ),
        };
        all_to_all(&first, &then)
    };
    let mut edges: Edges = waits.iter().flat_map(of_wait).collect();
    for block in index.placed.iter().filter(|block| lets_go_first(block)) {
        let update = blocks.half(block.block.change, Half::Up);
        let first = update.map(Placed::first_group).unwrap_or_default();
        edges.extend(all_to_all(&block.last_group(), &first));
    }
    edges
}

fn lets_go_first(block: &Placed<'_>) -> bool {
    matches!(block.block.release, Some(Release::Claim(_)))
}

/// Returns the pairs of changes of which the second takes a value that the first releases.
pub(super) fn takers(waits: &[Wait]) -> BTreeSet<(usize, usize)> {
    let takes = |wait: &&Wait| matches!(wait.why, Why::Takes { .. });
    let pair = |wait: &Wait| (wait.first, wait.then);
    waits.iter().filter(takes).map(pair).collect()
}

impl<'a, 'b> Blocks<'a, 'b> {
    fn half(&self, change: usize, half: Half) -> Option<&'a Placed<'b>> {
        let blocks = self.0.of_change(change);
        let mut whole = blocks.iter().filter(|block| block.block.release.is_none());
        whole.find(|block| block.block.half == half).copied()
    }

    /// Returns the steps by which a change releases the claim of a field before everything else.
    fn letting_go(&self, change: usize, field: &'static str) -> Option<Vec<usize>> {
        let mut blocks = self.0.of_change(change).iter();
        let release = Some(Release::Claim(field));
        let block = blocks.find(|block| block.block.release == release)?;
        Some(block.last_group())
    }

    /// Returns the steps after which a change no longer holds its old values.
    fn giving(&self, change: usize) -> Vec<usize> {
        let down = self.half(change, Half::Down);
        let block = down.or_else(|| self.half(change, Half::Up));
        block.map(Placed::last_group).unwrap_or_default()
    }

    /// Returns the steps after which a deleted resource uses nothing any more: a slot is free from
    /// then on.
    fn leaving(&self, change: usize) -> Option<Vec<usize>> {
        self.half(change, Half::Down).map(Placed::pivot_group)
    }

    /// Returns the first steps that need the new values of a change.
    fn taking(&self, change: usize) -> Vec<usize> {
        let up = self.half(change, Half::Up);
        up.map(Placed::first_group).unwrap_or_default()
    }

    /// Returns the steps by which a parent removes blocks.
    fn shrinking(&self, change: usize, with_first: bool) -> Vec<usize> {
        let Some(up) = self.half(change, Half::Up) else {
            return Vec::new();
        };
        match up.block.taking.filter(|_| !with_first) {
            Some(at) => up.ids(at..at + 1),
            None => up.first_group(),
        }
    }

    /// Returns the steps after which a parent has its new blocks.
    fn grown(&self, change: usize, after_last: bool) -> Vec<usize> {
        let Some(up) = self.half(change, Half::Up) else {
            return Vec::new();
        };
        match up.block.taking.filter(|_| !after_last) {
            Some(0) => Vec::new(),
            Some(at) => up.ids(at - 1..at),
            None => up.last_group(),
        }
    }
}
