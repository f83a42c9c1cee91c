//! Windows: an instance that was stopped for a change is started again, even if the change fails or
//! the run is interrupted.
//!
//! A step opens a window when it is done and other steps of its change name it in `closes`. Those
//! steps run after a failure or an interruption too, once every step inside the window has ended.
//! After an interruption, the waits inside the window continue. A closing step of a window with
//! failed or skipped work ends as [`State::Closed`], so that no other step starts because of it.

use std::time::Duration;

use setpoint_plan::plan::StepId;
use setpoint_plan::procedure::Act;

use crate::machine::{Machine, State};

impl Machine {
    /// Returns whether the step closes a window that is open.
    pub(super) fn closes_open_window(&self, step: usize) -> bool {
        self.plan.steps[step]
            .step
            .closes
            .is_some_and(|opener| self.states[opener] == State::Done)
    }

    /// Returns whether the step is a wait inside an open window. Such a wait continues after an
    /// interruption, so that the closing step finds the instance in a stable state.
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

    /// Returns whether a closing step may run. Every step inside its window must have ended, and no
    /// earlier closing step of the window may have failed: the mark in the guard tag must then
    /// remain, so that the next run finds it.
    pub(super) fn closer_is_ready(&self, step: usize) -> bool {
        let own = self.plan.steps[step].step.closes;
        self.inside(step).all(|at| self.states[at].is_over())
            && self.plan.steps[step].after.iter().all(|before| {
                let state = &self.states[before.0];
                let same_window = self.plan.steps[before.0].step.closes == own;
                matches!(state, State::Done | State::Closed) || (state.is_over() && !same_window)
            })
    }

    /// Returns the steps inside the window that a step closes. All of them must end before it: an
    /// instance that is still stopping cannot be started.
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

    /// Returns whether a closing step can never run, because an earlier one of its window did not
    /// succeed.
    pub(super) fn closer_is_lost(&self, step: usize) -> bool {
        let own = self.plan.steps[step].step.closes;
        self.plan.steps[step].after.iter().any(|before| {
            let same_window = self.plan.steps[before.0].step.closes == own;
            same_window && matches!(self.states[before.0], State::Failed | State::Skipped)
        })
    }

    /// Returns whether the step closes a window in which a step failed or was skipped.
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

    /// Records when a window opens, and how long it was open once its closing wait is done.
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
