//! Rolling changes: the members of a group are interrupted in turn, `max_unavailable` at a time.
//!
//! With `n` members at a time, the first interrupting step of a member waits for all steps of the
//! member `n` places before it. So after a failure, the members behind it are not started. Members
//! that are not up when the plan starts (new ones, stopped ones, ones that are still starting) come
//! first: they wait for nobody, and a member that is up waits for all of them that are `n` or more
//! places before it. So no more than `n` members are down because of the plan, and none is
//! interrupted while `n` others are down.
//!
//! Apart from that, the turns follow the keys of the members. Where required edges ask for another
//! order (a member takes the block of the one behind it), the turns follow these edges: one walk
//! backwards from each member of such a group finds the members that precede it.

use std::collections::{BTreeMap, BTreeSet};

use setpoint_spec::stack::Amount;

use crate::order::{Edges, Placed, all_to_all, interrupts, sorted};
use crate::plan::Half;
use crate::planner::Classified;
use crate::{Address, graph};

/// Returns the edges with those of all turns, and the members that are changed together because no
/// turns are possible.
///
/// # Errors
/// Returns the steps on a cycle.
pub(super) fn in_turn(
    all: &[Classified],
    placed: &[Placed<'_>],
    n: usize,
    mut edges: Edges,
) -> Result<(Edges, Vec<Address>), Vec<usize>> {
    let mut groups = groups(all, placed);
    let turns = groups.iter().flat_map(Group::turns);
    let tried = with(&edges, turns);
    if graph::order(n, &tried).is_ok() {
        return Ok((tried, Vec::new()));
    }
    let mut together = Vec::new();
    for group in &mut groups {
        let mut tried = with(&edges, group.turns());
        if graph::order(n, &tried).is_err() && group.sort_by_need(n, &edges) {
            tried = with(&edges, group.turns());
        }
        if graph::order(n, &tried).is_err() {
            together.extend(group.without_turn().cloned());
            tried = with(&edges, group.strict_turns());
        }
        edges = tried;
    }
    graph::order(n, &edges)?;
    Ok((edges, together))
}

fn with(edges: &Edges, more: impl IntoIterator<Item = (usize, usize)>) -> Edges {
    sorted(edges.iter().copied().chain(more).collect())
}

/// The members of a group that are interrupted or come up, in the order of their turns.
struct Group<'a, 'b> {
    members: Vec<Member<'a, 'b>>,
    at_once: usize,
}

/// A member with its blocks, except those that only release something: they interrupt nothing.
struct Member<'a, 'b> {
    address: &'a Address,
    blocks: Vec<&'a Placed<'b>>,
    is_down: bool,
}

impl Member<'_, '_> {
    fn first(&self) -> Vec<usize> {
        let blocks = self.blocks.iter();
        blocks.flat_map(|block| first_interruption(block)).collect()
    }

    fn last(&self) -> Vec<usize> {
        let blocks = self.blocks.iter();
        blocks.flat_map(|block| block.last_group()).collect()
    }

    /// Returns whether the plan creates it, in place of another one or not.
    fn is_created(&self) -> bool {
        let mut blocks = self.blocks.iter();
        blocks.any(|block| block.one.change.creates())
    }
}

impl<'a, 'b> Group<'a, 'b> {
    /// Iterates over pairs of members of which the second waits for the first.
    fn pairs(&self) -> impl Iterator<Item = (&Member<'a, 'b>, &Member<'a, 'b>)> {
        let up = |(_, member): &(usize, &Member<'a, 'b>)| !member.is_down;
        let later = self.members.iter().enumerate().filter(up);
        later.flat_map(|(at, later)| {
            let end = (at + 1).saturating_sub(self.at_once);
            // A member that is up has waited for those down before it, so they need no further edge.
            let waited = match self.members[..end].last() {
                Some(last) if !last.is_down => end.saturating_sub(self.at_once),
                _ => 0,
            };
            let before = self.members[..end].iter().enumerate().skip(waited);
            let earlier = before.filter(move |(at, one)| one.is_down || at + 1 == end);
            earlier.map(move |(_, earlier)| (earlier, later))
        })
    }

    fn turns(&self) -> Edges {
        self.pairs()
            .flat_map(|(earlier, later)| all_to_all(&earlier.last(), &later.first()))
            .collect()
    }

    /// Returns the turns that are never dropped: those between members that are updated.
    fn strict_turns(&self) -> Edges {
        self.pairs()
            .filter(|(earlier, later)| !earlier.is_created() && !later.is_created())
            .flat_map(|(earlier, later)| all_to_all(&earlier.last(), &later.first()))
            .collect()
    }

    /// Returns the members that do not wait for another if the turns of created ones are dropped.
    fn without_turn(&self) -> impl Iterator<Item = &'a Address> {
        self.pairs()
            .filter(|(earlier, later)| earlier.is_created() || later.is_created())
            .map(|(_, later)| later.address)
    }

    /// Sorts the members by the order that the edges require, and by key where they require none.
    /// Returns whether there is such an order; without one the members are not changed.
    fn sort_by_need(&mut self, n: usize, edges: &Edges) -> bool {
        let needed = self.needed(n, edges);
        let mut done = BTreeSet::new();
        let mut order = Vec::new();
        while order.len() < self.members.len() {
            let is_next = |at: &usize| !done.contains(at) && needed[*at].is_subset(&done);
            let Some(next) = (0..self.members.len()).find(is_next) else {
                return false;
            };
            done.insert(next);
            order.push(next);
        }
        let mut rank: Vec<usize> = vec![0; order.len()];
        for (place, at) in order.into_iter().enumerate() {
            rank[at] = place;
        }
        let mut members: Vec<_> = rank.into_iter().zip(self.members.drain(..)).collect();
        members.sort_by_key(|(rank, _)| *rank);
        self.members = members.into_iter().map(|(_, member)| member).collect();
        true
    }

    /// Returns for each member the others that begin before its end in any case.
    fn needed(&self, n: usize, edges: &Edges) -> Vec<BTreeSet<usize>> {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); n];
        for (from, to) in edges {
            before[*to].push(*from);
        }
        let mut begins: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, member) in self.members.iter().enumerate() {
            begins.extend(member.first().into_iter().map(|step| (step, at)));
        }
        let of_member = |(at, member): (usize, &Member<'a, 'b>)| {
            let mut todo = member.last();
            let mut seen: BTreeSet<usize> = todo.iter().copied().collect();
            while let Some(step) = todo.pop() {
                todo.extend(before[step].iter().filter(|from| seen.insert(**from)));
            }
            let others = seen.iter().filter_map(|step| begins.get(step));
            others.copied().filter(|other| *other != at).collect()
        };
        self.members.iter().enumerate().map(of_member).collect()
    }
}

/// Returns the groups with members that are interrupted. Members that are down come first; apart
/// from that, the members are sorted by key.
fn groups<'a, 'b>(all: &[Classified], placed: &'a [Placed<'b>]) -> Vec<Group<'a, 'b>> {
    let mut members: BTreeMap<&'a Address, Vec<&'a Placed<'b>>> = BTreeMap::new();
    let rolls = placed
        .iter()
        .filter(|block| block.address().key().is_some() && (interrupts(block) || comes_up(block)));
    for block in rolls.filter(|block| block.block.release.is_none()) {
        members.entry(block.address()).or_default().push(block);
    }
    let mut groups: BTreeMap<Address, Vec<Member<'a, 'b>>> = BTreeMap::new();
    for (address, blocks) in members {
        let is_down = blocks.iter().all(|block| block.one.change.is_down);
        let group = groups.entry(address.group()).or_default();
        group.push(Member {
            address,
            blocks,
            is_down,
        });
    }
    let is_rolled = |(_, members): &(Address, Vec<Member<'a, 'b>>)| {
        let mut blocks = members.iter().flat_map(|member| &member.blocks);
        blocks.any(|block| interrupts(block))
    };
    let group = |(name, mut members): (Address, Vec<Member<'a, 'b>>)| {
        members.sort_by_key(|member| !member.is_down);
        Group {
            at_once: at_once(all, &name, &members),
            members,
        }
    };
    groups.into_iter().filter(is_rolled).map(group).collect()
}

/// Returns whether a change creates a resource, or brings one up again.
fn comes_up(block: &Placed<'_>) -> bool {
    block.one.change.is_down && block.one.change.after.is_some()
}

/// Returns the step that opens the window; without a window, the first steps of the block.
fn first_interruption(block: &Placed<'_>) -> Vec<usize> {
    let opener = block.steps().iter().find_map(|step| step.closes);
    match (opener, block.block.half) {
        (Some(at), _) => block.ids(at..at + 1),
        (None, Half::Up | Half::Down) => block.first_group(),
    }
}

/// Returns the number of members of the whole group, interrupted or not.
fn group_size(all: &[Classified], group: &Address) -> usize {
    let is_member = |one: &&Classified| {
        one.change.after.is_some()
            && one.change.address.key().is_some()
            && one.change.address.group() == *group
    };
    all.iter().filter(is_member).count()
}

/// Returns how many members may be interrupted at once: one unless the spec sets another limit.
fn at_once(all: &[Classified], group: &Address, members: &[Member<'_, '_>]) -> usize {
    let mut blocks = members.iter().flat_map(|member| &member.blocks);
    let wanted = blocks.find_map(|block| block.one.change.after.as_ref());
    match wanted.and_then(|want| want.terms.lifecycle.max_unavailable) {
        None => 1,
        Some(Amount::Count(n)) => usize::try_from(n).unwrap_or(usize::MAX).max(1),
        Some(Amount::Percent(share)) => (group_size(all, group) * usize::from(share) / 100).max(1),
        Some(Amount::All) => members.len().max(1),
    }
}
