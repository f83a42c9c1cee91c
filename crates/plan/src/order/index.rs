//! An index of blocks for the passes, so that none of them compares every block with every other.

use std::collections::BTreeMap;

use crate::order::Placed;
use crate::plan::Half;
use crate::planner::{Classified, Users};
use crate::{Address, Value};

/// Blocks by the keys that passes look for. Building the index takes `n log n`, and each look-up
/// `log n`.
pub(super) struct Index<'a, 'b> {
    pub(super) placed: &'a [Placed<'b>],
    by_change: Vec<Vec<&'a Placed<'b>>>,
    makers: BTreeMap<&'a Address, Vec<&'a Placed<'b>>>,
    children: BTreeMap<&'a Address, Vec<&'a Placed<'b>>>,
    joining: BTreeMap<&'a str, Vec<&'a Placed<'b>>>,
    users: Users,
}

impl<'a, 'b> Index<'a, 'b> {
    pub(super) fn of(all: &[Classified], placed: &'a [Placed<'b>]) -> Self {
        let mut index = Self {
            placed,
            by_change: vec![Vec::new(); all.len()],
            makers: BTreeMap::new(),
            children: BTreeMap::new(),
            joining: BTreeMap::new(),
            users: Users::of(all),
        };
        placed.iter().for_each(|block| index.add(block));
        index
    }

    fn add(&mut self, block: &'a Placed<'b>) {
        self.by_change[block.block.change].push(block);
        if block.block.half != Half::Up || block.block.release.is_some() {
            return;
        }
        self.makers.entry(block.address()).or_default().push(block);
        for parent in &block.one.parents {
            self.children.entry(parent).or_default().push(block);
        }
        for field in &block.one.change.fields {
            if let Value::Text(id) = &field.after {
                self.joining.entry(id).or_default().push(block);
            }
        }
    }

    /// Returns the blocks of a change.
    pub(super) fn of_change(&self, change: usize) -> &[&'a Placed<'b>] {
        &self.by_change[change]
    }

    /// Returns the blocks that create or change the resource at this address.
    pub(super) fn makers(&self, address: &Address) -> &[&'a Placed<'b>] {
        self.makers.get(address).map_or(&[], Vec::as_slice)
    }

    /// Returns the blocks of the changes whose live rows use the live row of this one.
    pub(super) fn users(&self, change: usize) -> impl Iterator<Item = &'a Placed<'b>> + '_ {
        let users = self.users.of_change(change).iter();
        users.flat_map(|user| self.of_change(*user)).copied()
    }

    /// Returns the blocks that create or change a resource which refers to this address in a field
    /// that does not bind late.
    pub(super) fn children(&self, address: &Address) -> &[&'a Placed<'b>] {
        self.children.get(address).map_or(&[], Vec::as_slice)
    }

    /// Returns the blocks that set a field to this id.
    pub(super) fn joining(&self, id: &str) -> &[&'a Placed<'b>] {
        self.joining.get(id).map_or(&[], Vec::as_slice)
    }
}
