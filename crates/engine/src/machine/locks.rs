//! Locks: keys of work that the API does not accept concurrently, such as creating two VSwitches of
//! one VPC.
//!
//! A lock is held by one half of one change, from the first of its steps that names the lock to the
//! last.

use std::collections::BTreeMap;

use setpoint_plan::Value;
use setpoint_plan::plan::{Half, Plan, StepId};

use crate::machine::State;

type Holder = (usize, Half);

/// The holder of each lock.
#[derive(Debug, Default)]
pub(super) struct Locks {
    held: BTreeMap<Value, Holder>,
}

fn holder(plan: &Plan, step: StepId) -> Holder {
    (plan.steps[step.0].change, plan.steps[step.0].half)
}

impl Locks {
    /// Takes all of these locks for a step, or none. Returns whether it took them.
    pub(super) fn take(&mut self, plan: &Plan, step: StepId, locks: &[Value]) -> bool {
        let own = holder(plan, step);
        if locks
            .iter()
            .any(|lock| self.held.get(lock).is_some_and(|other| *other != own))
        {
            return false;
        }
        self.held
            .extend(locks.iter().map(|lock| (lock.clone(), own)));
        true
    }

    /// Releases all locks of the step's half while a refused call waits.
    pub(super) fn give_back(&mut self, plan: &Plan, step: StepId) {
        let own = holder(plan, step);
        self.held.retain(|_, other| *other != own);
    }

    /// Releases the locks of the step's half once all of its steps that name locks have ended.
    /// `change` lists the steps of its change.
    pub(super) fn leave(&mut self, plan: &Plan, step: StepId, change: &[usize], states: &[State]) {
        if self.held.is_empty() {
            return;
        }
        let own = holder(plan, step);
        let open = change.iter().any(|at| {
            holder(plan, StepId(*at)) == own
                && !plan.steps[*at].step.locks.is_empty()
                && !states[*at].is_over()
        });
        if !open {
            self.held.retain(|_, other| *other != own);
        }
    }
}
