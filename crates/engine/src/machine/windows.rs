//! Windows: a machine that was stopped for a change is started again, whatever happens in between.

use std::time::Duration;

use setpoint_plan::plan::StepId;
use setpoint_plan::procedure::Act;

use crate::machine::{Machine, State};

impl Machine {
    /// Whether the step closes a window that stands open.
    pub(super) fn closes_open_window(&self, step: usize) -> bool {
        self.plan.steps[step]
            .step
            .closes
            .is_some_and(|opener| self.states[opener] == State::Done)
    }

    /// Whether the step is a look inside an open window: those go on, so that the closing step
    /// finds a settled machine.
    pub(super) fn is_look_in_open_window(&self, step: usize) -> bool {
        let own = &self.plan.steps[step];
        let is_wait = matches!(own.step.act, Act::Wait(_));
        let change = self.index.of_change(own.change).iter();
        let mut closers = change
            .map(|other| &self.plan.steps[*other])
            .filter(|other| other.half == own.half);
        is_wait
            && closers.any(|other| {
                other
                    .step
                    .closes
                    .is_some_and(|opener| opener < step && self.states[opener] == State::Done)
            })
    }

    /// A closing step may run once everything in its window is over, unless an earlier closing step
    /// of its window failed: then the mark must stay, so that the next run finds it.
    pub(super) fn closer_is_ready(&self, step: usize) -> bool {
        let own = self.plan.steps[step].step.closes;
        self.inside(step).all(|at| self.states[at].is_over())
            && self.plan.steps[step].after.iter().all(|before| {
                let state = &self.states[before.0];
                let same_window = self.plan.steps[before.0].step.closes == own;
                matches!(state, State::Done | State::Closed) || (state.is_over() && !same_window)
            })
    }

    /// The steps inside the window that a step closes: a machine on its way down cannot be started
    /// yet.
    fn inside(&self, closer: usize) -> impl Iterator<Item = usize> + '_ {
        let own = &self.plan.steps[closer];
        let opener = own.step.closes.unwrap_or(closer);
        let change = self.index.of_change(own.change).iter().copied();
        change.filter(move |at| {
            let other = &self.plan.steps[*at];
            (opener..closer).contains(at)
                && other.half == own.half
                && other.step.closes != own.step.closes
        })
    }

    /// Whether a closing step can never run.
    pub(super) fn closer_is_lost(&self, step: usize) -> bool {
        let own = self.plan.steps[step].step.closes;
        self.plan.steps[step].after.iter().any(|before| {
            let same_window = self.plan.steps[before.0].step.closes == own;
            same_window && matches!(self.states[before.0], State::Failed | State::Skipped)
        })
    }

    /// Whether the step closes a window whose work was not all done.
    pub(super) fn closes_in_vain(&self, step: StepId) -> bool {
        let own = &self.plan.steps[step.0];
        let Some(opener) = own.step.closes else {
            return false;
        };
        let change = self.index.of_change(own.change).iter();
        let mut inside = change
            .filter(|at| (opener..step.0).contains(*at) && self.plan.steps[**at].half == own.half);
        inside.any(|at| {
            matches!(
                self.states[*at],
                State::Failed | State::Skipped | State::Closed
            )
        })
    }

    /// Measures how long a window stood open.
    pub(super) fn note_windows(&mut self, now: Duration, step: StepId) {
        let mut change = self.index.of_change(self.plan.steps[step.0].change).iter();
        let opens = change.any(|other| self.plan.steps[*other].step.closes == Some(step.0));
        if opens {
            self.opened.insert(step.0, now);
        }
        let own = &self.plan.steps[step.0];
        let is_wait = matches!(own.step.act, Act::Wait(_));
        if let Some(since) = own
            .step
            .closes
            .filter(|_| is_wait)
            .and_then(|opener| self.opened.get(&opener))
        {
            self.down
                .insert(own.address.clone(), now.saturating_sub(*since));
        }
    }
}
