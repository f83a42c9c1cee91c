//! Rechecks: before the first write on a resource, an old observation is replaced by a new read.
//!
//! Invariant: no write is made to a live resource whose owner or managed fields differ from those
//! that the plan was made from. A resource that no longer exists does not block its deletion.

use std::time::Duration;

use setpoint_plan::Text;
use setpoint_plan::change::{Change, Reason};
use setpoint_plan::live::Live;
use setpoint_plan::plan::{Half, StepId};

use crate::machine::{Machine, State};
use crate::outcome::FailureClass;

impl Machine {
    /// Compares the live resource with the one that the plan was made from. Makes the step ready if
    /// they agree, and fails it otherwise.
    pub(super) fn rechecked(&mut self, now: Duration, step: StepId, row: Option<&Live>) {
        let own = &self.plan.steps[step.0];
        let change = &self.plan.changes[own.change];
        let what = match row {
            None if own.half == Half::Down => None,
            None => Some("no look by id shows it any more".to_owned()),
            Some(row) if !has_its_owner(change, row) => {
                Some("its ownership tags changed".to_owned())
            }
            Some(row) => self
                .differing(change, row)
                .map(|field| format!("its `{field}` changed")),
        };
        if what.is_some() && !self.is_second(now, step) {
            return;
        }
        match what {
            None => {
                self.history[step.0].doubts = 0;
                self.trust(step);
                self.states[step.0] = State::Ready;
            }
            Some(what) => {
                let message = format!("{what} since the plan was made; nothing was done to it");
                let failure = self.failure(step, FailureClass::Moved, message);
                self.skip_siblings(step);
                self.fail(now, step, failure);
            }
        }
    }

    /// Returns the first managed field that differs from the plan's observation. Transient fields,
    /// which change on their own, do not count.
    fn differing(&self, change: &Change, row: &Live) -> Option<String> {
        let (want, before) = (change.after.as_ref()?, change.before.as_ref()?);
        let kind = self.registry.known(change.kind);
        let lasting = |name: &&Text| !kind.is_transient(name) && row.attrs.contains_key(name);
        want.attrs
            .keys()
            .filter(lasting)
            .find(|name| row.attr(name) != before.attr(name))
            .map(Text::to_string)
    }

    /// Skips the steps of the same half that would write to the same resource: one failure is
    /// enough.
    fn skip_siblings(&mut self, step: StepId) {
        let plan = self.plan.clone();
        let own = &plan.steps[step.0];
        for at in self.index.of_change(own.change).to_vec() {
            let idle = matches!(self.states[at], State::Blocked | State::Ready);
            if at != step.0 && idle && plan.steps[at].half == own.half {
                self.skip(StepId(at));
            }
        }
    }
}

/// Returns whether the row has the owner that the plan saw. A moved resource has its new address in
/// the plan, and its old one in the cloud until its tags are written.
fn has_its_owner(change: &Change, row: &Live) -> bool {
    let Some(before) = change.before.as_ref() else {
        return false;
    };
    let moves = match (&change.reason, &row.owner, &before.owner) {
        (Reason::Moved { from }, Some(now), Some(planned)) => {
            now.address == *from && now.guard == planned.guard
        }
        _ => false,
    };
    row.owner == before.owner || moves
}
