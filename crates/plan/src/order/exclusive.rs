//! Exclusive values: a row gives up a value before another change takes it, what leaves a block is
//! gone before its parent gives the block up, and what arrives in a block finds it there.

use std::collections::BTreeSet;

use crate::order::index::Index;
use crate::order::{Edges, Placed, all_to_all};
use crate::plan::Half;
use crate::planner::{Release, Wait, Why};

/// The blocks of each change.
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

/// The changes of which the second takes what the first gives up.
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

    /// The steps by which a change lets go of what a field claims, before everything else.
    fn letting_go(&self, change: usize, field: &'static str) -> Option<Vec<usize>> {
        let mut blocks = self.0.of_change(change).iter();
        let release = Some(Release::Claim(field));
        let block = blocks.find(|block| block.block.release == release)?;
        Some(block.last_group())
    }

    /// The steps after which a change holds its old values no more.
    fn giving(&self, change: usize) -> Vec<usize> {
        let down = self.half(change, Half::Down);
        let block = down.or_else(|| self.half(change, Half::Up));
        block.map(Placed::last_group).unwrap_or_default()
    }

    /// The steps after which what is taken away uses nothing any more: a slot is free from then on.
    fn leaving(&self, change: usize) -> Option<Vec<usize>> {
        self.half(change, Half::Down).map(Placed::pivot_group)
    }

    /// The first steps that need the new values of a change.
    fn taking(&self, change: usize) -> Vec<usize> {
        let up = self.half(change, Half::Up);
        up.map(Placed::first_group).unwrap_or_default()
    }

    /// The steps by which a parent gives blocks up.
    fn shrinking(&self, change: usize, with_first: bool) -> Vec<usize> {
        let Some(up) = self.half(change, Half::Up) else {
            return Vec::new();
        };
        match up.block.taking.filter(|_| !with_first) {
            Some(at) => up.ids(at..at + 1),
            None => up.first_group(),
        }
    }

    /// The steps after which a parent has its new blocks.
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
