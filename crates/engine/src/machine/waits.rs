//! Waits: the decision whether a wait is done, has failed, or is abandoned after an interruption.
//!
//! A wait follows the state that the cloud shows. It does not use up its time limit when its goal
//! cannot be reached any more: a state that rules out the goal fails it at once, and a state that
//! somebody else restored fails it if that state lasts.

use std::time::Duration;

use setpoint_plan::event::Event;
use setpoint_plan::live::Live;
use setpoint_plan::plan::StepId;
use setpoint_plan::procedure::{Absent, Act, Look, Wait};
use setpoint_plan::rows;

use crate::machine::pace::PAUSE_MIN;
use crate::machine::{Command, Machine, Patience, State};
use crate::outcome::{Failure, FailureClass};

/// How long a state that undoes a wait must last, if the row has shown another state before.
const UNDONE_FOR: Duration = Duration::from_secs(10);

/// The shortest time for which a wait in an open window continues after an interruption.
const SETTLE_MIN: Duration = Duration::from_secs(30);

impl Machine {
    pub(super) fn waited(
        &mut self,
        now: Duration,
        step: StepId,
        row: Option<Live>,
        patience: Patience,
    ) {
        let plan = self.plan.clone();
        let Act::Wait(wait) = &plan.steps[step.0].step.act else {
            return;
        };
        let Some(row) = row else {
            return self.waited_in_vain(now, step, wait, patience);
        };
        let status = row.attr("status").as_text().map(ToOwned::to_owned);
        let (until, never) = (
            self.resolved_cond(&wait.until),
            wait.never.as_ref().map(|cond| self.resolved_cond(cond)),
        );
        let whose = self.whose(step);
        let reached = rows::holds(&until, &row, whose);
        let by_absence = reached && rows::rests_on_absence(&until, &row);
        let never = never.is_some_and(|cond| rows::holds(&cond, &row, whose));
        let undone = wait
            .undone
            .as_ref()
            .filter(|cond| rows::holds(&self.resolved_cond(cond), &row, whose));
        if by_absence && !self.is_second(now, step) {
            return;
        }
        self.is_sure(step);
        let patience = Patience {
            since: patience.since,
            seen: true,
            moved: patience.moved || undone.is_none(),
            undone_since: undone.and(patience.undone_since.or(Some(now))),
        };
        if reached {
            if wait.look == Look::Own {
                self.learn_row(step, row);
            }
            self.done(now, step);
        } else if never {
            let said = row.attr("failure").as_text().map(ToOwned::to_owned);
            let message = said.unwrap_or_else(|| {
                format!(
                    "it is {} and cannot reach the expected state any more",
                    status.unwrap_or_default()
                )
            });
            let failure = self.failure(step, FailureClass::NotReached, message);
            self.fail(now, step, failure);
        } else if undone.is_some() && self.is_undone(now, patience) {
            let message = format!(
                "it is {} and cannot reach the expected state any more: something else changed it \
                 meanwhile",
                status.unwrap_or_default()
            );
            let failure = self.failure(step, FailureClass::NotReached, message);
            self.fail(now, step, failure);
        } else if self.is_abandoned(now, step, patience) {
            self.skip(step);
        } else if self.is_time_up(now, step, patience) {
            let failure = self.out_of_time(step, wait, status);
            self.fail(now, step, failure);
        } else {
            self.out.push(Command::Tell(Event::Looked { step, status }));
            self.wait_on(now, step, patience);
        }
    }

    fn wait_on(&mut self, now: Duration, step: StepId, patience: Patience) {
        let due = None;
        self.states[step.0] = State::Waiting { due, patience };
        if patience.undone_since.is_some() {
            // A state that must last is confirmed by more than two reads.
            self.states[step.0].set_due(Some(now + PAUSE_MIN));
        } else {
            self.look_later(now, step);
        }
    }

    fn out_of_time(&self, step: StepId, wait: &Wait, status: Option<String>) -> Failure {
        let what = if let Look::Ask(query) = &wait.look {
            query.view.name
        } else {
            "its status"
        };
        let message = format!(
            "not there after {}; {what} is {}",
            spelled(wait.within),
            status.unwrap_or_default()
        );
        self.failure(step, FailureClass::NotReached, message)
    }

    /// Returns whether the goal was undone by somebody else. A single read may come from an old
    /// replica, so the state must last. Before another state was seen, it may be the state from
    /// before the write, which a lagging listing can show for the whole visibility window.
    fn is_undone(&self, now: Duration, patience: Patience) -> bool {
        let lasts = if patience.moved {
            UNDONE_FOR
        } else {
            self.settings.visibility.max(UNDONE_FOR)
        };
        patience
            .undone_since
            .is_some_and(|since| now.saturating_sub(since) >= lasts)
    }

    /// Returns whether a wait in an open window has used up its time after an interruption. Waits
    /// for the power state are not abandoned, since that state decides whether the window can be
    /// closed; they are the waits with an `undone` condition. For other waits, the closing step
    /// does not wait long.
    fn is_abandoned(&self, now: Duration, step: StepId, patience: Patience) -> bool {
        let Act::Wait(wait) = &self.plan.steps[step.0].step.act else {
            return false;
        };
        let closes = self.plan.steps[step.0].step.closes.is_some();
        let since = self.interrupted_at.max(patience.since);
        self.interrupted
            && !closes
            && wait.undone.is_none()
            && now.saturating_sub(since) > SETTLE_MIN.max(wait.typical * 3)
    }

    pub(super) fn is_time_up(&self, now: Duration, step: StepId, patience: Patience) -> bool {
        let within = match &self.plan.steps[step.0].step.act {
            Act::Wait(wait) => wait.within,
            Act::Call(_) | Act::Local(_) => Duration::from_mins(10),
        };
        now.saturating_sub(patience.since) > within || self.is_abandoned(now, step, patience)
    }

    fn waited_in_vain(&mut self, now: Duration, step: StepId, wait: &Wait, patience: Patience) {
        let decided = match wait.absent {
            Absent::Done | Absent::Fails => true,
            Absent::NotYet => {
                patience.seen
                    || now.saturating_sub(patience.since) >= self.settings.visibility.max(PAUSE_MIN)
            }
        };
        if decided && !self.is_second(now, step) {
            return;
        }
        if decided && wait.absent == Absent::Done {
            return self.done(now, step);
        }
        if decided {
            let message = "two looks in a row did not show it while it was waited for, and the \
                           cloud gave no reason; plan again to see what is there"
                .to_owned();
            let failure = self.failure(step, FailureClass::NotReached, message);
            self.fail(now, step, failure);
        } else {
            self.wait_on(now, step, patience);
        }
    }
}

/// Returns a time limit in words: `10 min`, `90 s`.
fn spelled(limit: Duration) -> String {
    let seconds = limit.as_secs();
    if seconds >= 60 && seconds.is_multiple_of(60) {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_spelled_exactly() {
        let spell = |seconds| spelled(Duration::from_secs(seconds));
        assert_eq!(
            [30, 60, 90, 600].map(spell),
            ["30 s", "1 min", "90 s", "10 min"]
        );
    }
}
