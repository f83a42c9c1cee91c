//! The order of steps. `docs/ordering.md` has the rules with pictures.
//!
//! # Algorithm
//!
//! The nodes of the graph are steps, not resources, since two resources may each have to wait for a
//! part of the other. An edge means that its source is done before its target starts. Each pass
//! adds the edges of one reason: the sequence of steps in a procedure, references ([`references`]),
//! users that stop using a resource before it is deleted ([`let_go`]), values that one resource
//! releases and another takes ([`exclusive`]), the two halves of a replacement, parents that change
//! before their children ([`parents`]), and members of a group in turn ([`rolling`]). The
//! topologically sorted graph is the plan.
//!
//! # Invariants
//!
//! A pass reads blocks and changes, never the edges of another pass. The one exception is
//! [`rolling`], which comes last. Only two kinds of edges are preferences: parents before children,
//! and the turns of replaced members. They are dropped where they would close a cycle. A cycle of
//! the other edges is an error that names the changes on it.
//!
//! # Cost
//!
//! `e log e` in the edges, except for groups whose turns must follow other edges: there each member
//! walks back over the edges once. Passes look blocks up in an [`index`], so a pass costs as much
//! as the edges that it adds. The number of edges grows with the steps, not with their square,
//! except for steps that are sent as one call: each of them waits for everything that the call
//! needs.
//!
//! # Example
//!
//! A machine moves from subnet `a` to a new subnet `b`, and `a` is removed from the file.
//! References: `b` is created before the machine moves. Users: the machine moves before `a` is
//! deleted. The window of the machine inherits both, so the machine is not stopped before `b`
//! exists.

use std::collections::{BTreeMap, BTreeSet};

use crate::Address;
use crate::change::{ChangeAction, ReplaceOrder};
use crate::effect::Interruption;
use crate::order::index::Index;
use crate::plan::{Half, PlanStep, StepId};
use crate::planner::{Block, Classified, Wait};
use crate::procedure::{Anchor, Step};
use crate::{graph, procedure};

mod exclusive;
mod index;
mod let_go;
mod parents;
mod references;
mod rolling;

/// A block with the index of its first step among all steps.
pub(crate) struct Placed<'a> {
    pub(crate) block: &'a Block,
    pub(crate) one: &'a Classified,
    pub(crate) first: usize,
}

impl Placed<'_> {
    fn steps(&self) -> &[Step] {
        &self.block.procedure.steps
    }

    fn address(&self) -> &Address {
        &self.one.change.address
    }

    /// Returns the places of the steps that run as one with the step at this place: neighbours
    /// whose calls are sent together.
    fn group(&self, at: usize) -> std::ops::Range<usize> {
        let steps = self.steps();
        let mut start = at;
        while start > 0 && together(&steps[start - 1], &steps[start]) {
            start -= 1;
        }
        let mut end = at + 1;
        while end < steps.len() && together(&steps[end - 1], &steps[end]) {
            end += 1;
        }
        start..end
    }

    fn ids(&self, range: std::ops::Range<usize>) -> Vec<usize> {
        range.map(|at| self.first + at).collect()
    }

    fn first_group(&self) -> Vec<usize> {
        self.ids(self.group(0))
    }

    fn last_group(&self) -> Vec<usize> {
        self.ids(self.group(self.steps().len() - 1))
    }

    fn pivot_group(&self) -> Vec<usize> {
        self.ids(self.group(self.block.procedure.pivot))
    }

    /// Returns the first steps of a deletion that need all users to be gone: those after the pivot,
    /// or the first ones if the pivot is last.
    fn taking_away(&self) -> Vec<usize> {
        let after = self.group(self.block.procedure.pivot).end;
        if after < self.steps().len() {
            self.ids(self.group(after))
        } else {
            self.first_group()
        }
    }

    /// Returns the steps after which a reference may be used, for a step that needs it to have
    /// reached this anchor.
    fn reaching(&self, anchor: Anchor) -> Vec<usize> {
        match anchor {
            Anchor::Known => {
                let yields_id = |step: &Step| {
                    step.as_call()
                        .is_some_and(|call| call.yields.iter().any(|(attr, _)| *attr == "id"))
                };
                let at = self
                    .steps()
                    .iter()
                    .position(yields_id)
                    .unwrap_or(self.block.procedure.pivot);
                self.ids(at..at + 1)
            }
            Anchor::Usable => self.pivot_group(),
            Anchor::Ready => self.last_group(),
        }
    }
}

/// Returns whether two neighbouring steps are sent as one call.
fn together(a: &Step, b: &Step) -> bool {
    match (a.as_call(), b.as_call()) {
        (Some(a), Some(b)) => a.each.is_some() && batch_key(a) == batch_key(b),
        _ => false,
    }
}

/// Returns what must be equal for two calls to be sent as one: everything but the item's value.
/// `None` if the call takes one item only.
#[must_use]
pub fn batch_key(
    call: &procedure::Call,
) -> Option<(&'static setpoint_openapi::action::Action, procedure::Args)> {
    let each = call.each?;
    let args = call
        .rungs
        .first()?
        .iter()
        .map(|(name, value)| {
            let is_item = *name == each.item;
            let value = if is_item {
                crate::Value::Null
            } else {
                value.clone()
            };
            (*name, value)
        })
        .collect();
    Some((call.api, args))
}

type Edges = Vec<(usize, usize)>;

fn all_to_all(from: &[usize], to: &[usize]) -> Edges {
    from.iter()
        .flat_map(|a| to.iter().map(move |b| (*a, *b)))
        .filter(|(a, b)| a != b)
        .collect()
}

/// The steps of a plan, in order.
pub(crate) struct Ordered {
    /// The steps; predecessors come first.
    pub(crate) steps: Vec<PlanStep>,
    /// Replaced members of groups that cannot be interrupted in turn, because what they use is
    /// replaced under all of them. They are replaced together.
    pub(crate) together: Vec<Address>,
}

/// Returns the steps of all blocks, sorted so that predecessors come first.
///
/// Preferences give way to requirements, the weakest first: the edges from a parent's change to its
/// children, then the turns of replaced members.
///
/// # Errors
/// Returns the indices of the changes on a cycle.
pub(crate) fn steps(
    all: &[Classified],
    blocks: &[Block],
    waits: &[Wait],
) -> Result<Ordered, BTreeSet<usize>> {
    let (placed, n) = placed(all, blocks);
    let index = Index::of(all, &placed);
    let mut edges = in_rows(&placed);
    edges.extend(references::edges(&index));
    edges.extend(let_go::edges(&index));
    edges.extend(exclusive::edges(&index, waits));
    edges.extend(replacements(&placed, waits));
    let parents = parents::edges(&index);
    let attempt = |more: &[(usize, usize)]| {
        let edges = sorted([edges.as_slice(), more].concat());
        rolling::in_turn(all, &placed, n, edges)
    };
    let is_best = |tried: &Attempt| {
        tried
            .as_ref()
            .is_ok_and(|(_, together)| together.is_empty())
    };
    let first = attempt(&parents);
    let found = if is_best(&first) {
        first
    } else {
        let second = attempt(&[]);
        if is_best(&second) || first.is_err() {
            second
        } else {
            first
        }
    };
    let change_of = |step: usize| owner(&placed, step).map(|block| block.block.change);
    let cycle = |steps: Vec<usize>| -> BTreeSet<usize> {
        steps.into_iter().filter_map(change_of).collect()
    };
    let (edges, mut together) = found.map_err(cycle)?;
    let order = graph::order(n, &edges).map_err(cycle)?;
    together.sort();
    together.dedup();
    Ok(Ordered {
        steps: arrange(&placed, &edges, &order),
        together,
    })
}

type Attempt = Result<(Edges, Vec<Address>), Vec<usize>>;

/// Returns the blocks with the places of their steps, and the number of all steps.
fn placed<'a>(all: &'a [Classified], blocks: &'a [Block]) -> (Vec<Placed<'a>>, usize) {
    let mut placed = Vec::new();
    let mut n = 0;
    for block in blocks {
        placed.push(Placed {
            block,
            one: &all[block.change],
            first: n,
        });
        n += block.procedure.steps.len();
    }
    (placed, n)
}

/// Returns the block that a step belongs to.
fn owner<'a, 'b>(placed: &'a [Placed<'b>], step: usize) -> Option<&'a Placed<'b>> {
    let behind = placed.partition_point(|block| block.first <= step);
    placed.get(behind.checked_sub(1)?)
}

fn sorted(mut edges: Edges) -> Edges {
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// Orders the steps of each procedure; neighbours that are sent as one call start together.
fn in_rows(placed: &[Placed<'_>]) -> Edges {
    let mut edges = Edges::new();
    for block in placed {
        let mut group = block.group(0);
        while group.end < block.steps().len() {
            let next = block.group(group.end);
            edges.extend(all_to_all(&block.ids(group), &block.ids(next.clone())));
            group = next;
        }
    }
    edges
}

/// Orders the two halves of each replacement. Leftovers of earlier replacements are deleted last,
/// unless the successor takes a value that they hold.
fn replacements(placed: &[Placed<'_>], waits: &[Wait]) -> Edges {
    let takers = exclusive::takers(waits);
    let mut ups: BTreeMap<&Address, Vec<&Placed<'_>>> = BTreeMap::new();
    let is_up = |block: &&Placed<'_>| block.block.half == Half::Up && block.block.release.is_none();
    for up in placed.iter().filter(is_up) {
        ups.entry(up.address()).or_default().push(up);
    }
    let mut edges = Edges::new();
    for down in placed.iter().filter(|block| block.block.half == Half::Down) {
        let change = &down.one.change;
        let create_first = change.order == ReplaceOrder::CreateFirst;
        for up in ups.get(down.address()).into_iter().flatten() {
            let takes = takers.contains(&(down.block.change, up.block.change));
            if create_first && !takes {
                edges.extend(all_to_all(&up.last_group(), &down.first_group()));
            } else if change.action == ChangeAction::Replace {
                edges.extend(all_to_all(&down.last_group(), &up.first_group()));
            }
        }
    }
    edges
}

/// Renumbers the steps by the order found.
fn arrange(placed: &[Placed<'_>], edges: &[(usize, usize)], order: &[usize]) -> Vec<PlanStep> {
    let mut rank = vec![0; order.len()];
    for (place, step) in order.iter().enumerate() {
        rank[*step] = place;
    }
    let mut before: Vec<Vec<StepId>> = vec![Vec::new(); order.len()];
    for (from, to) in edges {
        before[*to].push(StepId(rank[*from]));
    }
    let mut arranged: Vec<(usize, PlanStep)> = Vec::new();
    for block in placed {
        let pivot = block.pivot_group();
        for (at, step) in block.steps().iter().enumerate() {
            let id = block.first + at;
            let mut after = std::mem::take(&mut before[id]);
            after.sort_unstable();
            let closes = step.closes.map(|opener| rank[block.first + opener]);
            let plan_step = PlanStep {
                address: block.address().clone(),
                kind: block.one.change.kind,
                change: block.block.change,
                half: block.block.half,
                step: Step {
                    closes,
                    ..step.clone()
                },
                live_id: block.block.live_id.clone(),
                after,
                pivot: pivot.contains(&id),
                incarnation: block.block.incarnation,
            };
            arranged.push((rank[id], plan_step));
        }
    }
    arranged.sort_by_key(|(place, _)| *place);
    arranged.into_iter().map(|(_, step)| step).collect()
}

/// Returns whether a block interrupts a running resource.
fn interrupts(block: &Placed<'_>) -> bool {
    block.one.change.effect.interrupts >= Interruption::Restart
}

#[cfg(test)]
mod tests;
