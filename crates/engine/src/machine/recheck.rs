//! Rechecks: an observation that is old is renewed before the first write on a resource.
//!
//! Invariant: nothing is written to a live resource whose owner or managed fields are not those of
//! the plan. A resource that is already gone does not block its deletion.

use std::time::Duration;

use setpoint_plan::Text;
use setpoint_plan::change::{Change, Reason};
use setpoint_plan::live::Live;
use setpoint_plan::plan::{Half, StepId};

use crate::machine::{Machine, State};
use crate::outcome::FailureClass;

impl Machine {
    /// The live resource must still be the one that the plan was made from.
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

    /// The first managed field that is not what it was, but for those that move by themselves.
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

    /// One failure tells it; the other steps that were to write to the same resource do not start.
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

/// The owner that the plan saw. What is moved stands in the plan under its new address, and in the
/// cloud under the old one until its tags are written.
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
