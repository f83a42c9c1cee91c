//! What the machine looks steps up by, so that an event costs what it touches and not the whole
//! plan.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use setpoint_plan::plan::{Plan, StepId};

/// Fixed at the start: which steps stand together, and which wait for which.
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

    /// The steps of a change, in their order.
    pub(super) fn of_change(&self, change: usize) -> &[usize] {
        &self.by_change[change]
    }

    /// The steps whose fate may turn when this one is over: those behind it, and those of its own
    /// change, among which are the ones that close its window.
    fn affected(&self, plan: &Plan, step: usize) -> impl Iterator<Item = usize> + '_ {
        let own = self.of_change(plan.steps[step].change);
        self.followers[step].iter().chain(own).copied()
    }
}

/// Which steps are worth looking at.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// Steps that are neither blocked nor over, the longest way to the end first.
    active: BTreeSet<(Reverse<u64>, usize)>,
    /// Blocked steps that may be unblocked or skipped by now.
    touched: BTreeSet<usize>,
    blocked: BTreeSet<usize>,
}

impl Agenda {
    /// All steps are blocked, and worth looking at.
    pub(super) fn all(n: usize) -> Self {
        Self {
            active: BTreeSet::new(),
            touched: (0..n).collect(),
            blocked: (0..n).collect(),
        }
    }

    /// Everything that is blocked is to be looked at again.
    pub(super) fn touch_all(&mut self) {
        self.touched.clone_from(&self.blocked);
    }

    /// The next blocked step to look at.
    pub(super) fn next_touched(&mut self) -> Option<usize> {
        self.touched.pop_first()
    }

    /// A step is not blocked any more.
    pub(super) fn activate(&mut self, priority: u64, step: usize) {
        self.blocked.remove(&step);
        self.active.insert((Reverse(priority), step));
    }

    /// A step is over.
    pub(super) fn end(&mut self, index: &Index, plan: &Plan, priority: u64, step: StepId) {
        self.blocked.remove(&step.0);
        self.active.remove(&(Reverse(priority), step.0));
        let affected = index.affected(plan, step.0);
        self.touched
            .extend(affected.filter(|other| self.blocked.contains(other)));
    }

    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        self.active.is_empty() && self.blocked.is_empty()
    }

    /// The steps that are neither blocked nor over, the longest way to the end first.
    pub(super) fn active(&self) -> impl Iterator<Item = usize> + '_ {
        self.active.iter().map(|(_, step)| *step)
    }
}
