//! Indexes over the steps, so that an event costs time in proportion to the steps that it affects
//! and not to the whole plan.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use setpoint_plan::plan::{Plan, StepId};

/// The fixed relations between steps: the steps of each change, and the direct successors of each
/// step.
#[derive(Debug)]
pub(super) struct Index {
    by_change: Vec<Vec<usize>>,
    followers: Vec<Vec<usize>>,
}

impl Index {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut by_change = vec![Vec::new(); plan.changes.len()];
        let mut followers = vec![Vec::new(); plan.steps.len()];
        for (at, step) in plan.steps.iter().enumerate() {
            by_change[step.change].push(at);
            for before in &step.after {
                followers[before.0].push(at);
            }
        }
        Self {
            by_change,
            followers,
        }
    }

    /// Returns the steps of a change, in the order of the plan.
    pub(super) fn of_change(&self, change: usize) -> &[usize] {
        &self.by_change[change]
    }

    /// Returns the steps that may have to react to the end of this step: its successors, and the
    /// steps of its own change, which include those that close its window.
    fn affected(&self, plan: &Plan, step: usize) -> impl Iterator<Item = usize> + '_ {
        let own = self.of_change(plan.steps[step].change);
        self.followers[step].iter().chain(own).copied()
    }
}

/// The steps that are not at their end, and those of them that have to be examined.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// Steps that are neither blocked nor at their end, those with the longest remaining path
    /// first.
    active: BTreeSet<(Reverse<u64>, usize)>,
    /// Blocked steps that an event may have unblocked, or made impossible.
    touched: BTreeSet<usize>,
    blocked: BTreeSet<usize>,
}

impl Agenda {
    /// Creates an agenda in which all steps are blocked and must be examined.
    pub(super) fn all(n: usize) -> Self {
        Self {
            active: BTreeSet::new(),
            touched: (0..n).collect(),
            blocked: (0..n).collect(),
        }
    }

    /// Marks every blocked step for examination.
    pub(super) fn touch_all(&mut self) {
        self.touched.clone_from(&self.blocked);
    }

    /// Removes and returns the next blocked step to examine.
    pub(super) fn next_touched(&mut self) -> Option<usize> {
        self.touched.pop_first()
    }

    /// Moves a step from the blocked steps to the active ones.
    pub(super) fn activate(&mut self, priority: u64, step: usize) {
        self.blocked.remove(&step);
        self.active.insert((Reverse(priority), step));
    }

    /// Removes a step that has ended, and marks the blocked steps that its end affects.
    pub(super) fn end(&mut self, index: &Index, plan: &Plan, priority: u64, step: StepId) {
        self.blocked.remove(&step.0);
        self.active.remove(&(Reverse(priority), step.0));
        let affected = index.affected(plan, step.0);
        self.touched
            .extend(affected.filter(|other| self.blocked.contains(other)));
    }

    /// Returns whether every step has ended.
    pub(super) fn is_over(&self) -> bool {
        self.active.is_empty() && self.blocked.is_empty()
    }

    /// Returns the active steps, those with the longest remaining path first.
    pub(super) fn active(&self) -> impl Iterator<Item = usize> + '_ {
        self.active.iter().map(|(_, step)| *step)
    }
}
