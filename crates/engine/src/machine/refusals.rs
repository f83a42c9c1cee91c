//! Refusals and losses: what is tried again, what is tried otherwise, and what is final.

use std::time::Duration;

use setpoint_openapi::error::CallError;
use setpoint_openapi::retry::{Attempt, Decision, RetryPolicy};
use setpoint_plan::plan::StepId;
use setpoint_plan::procedure::{Token, Window};

use crate::event::Event;
use crate::machine::{Command, Machine, State};
use crate::outcome::FailureClass;

/// How often a refused create is tried with a token of its own before the refusal is taken to be real: an old failure may
/// be replayed under an old token. With a lease one more try is enough; without one, up to three.
const ATTEMPTS_MAX: u32 = 3;

/// Without a deletion of a user in this run, a dependency that lasts so long is a real one.
const REAL_AFTER: Duration = Duration::from_secs(30);

/// How often a call is made whose answers arrive damaged.
const DAMAGED_MAX: u32 = 5;

/// How often a create that is refused for a passing reason keeps its token.
const REFUSALS_PER_TOKEN: u32 = 3;

/// How long a token is certain to be remembered; no document says how long it is.
const RESEND_MAX: Duration = Duration::from_mins(2);

impl Machine {
    /// A definite refusal.
    pub(super) fn refused(&mut self, now: Duration, step: StepId, error: &CallError) {
        let plan = self.plan.clone();
        let Some(call) = plan.steps[step.0].step.as_call() else { return };
        let code = error.code();
        if let Some(window) = call.retry.iter().find(|(codes, _)| codes.contains(&code)).map(|(_, window)| *window)
            && self.within(now, step, window)
        {
            self.renew_token(step, &call.token);
            return self.pause(now, step, code, Duration::from_secs(3));
        }
        let last_rung = self.history[step.0].rung + 1 >= call.rungs.len();
        if call.fall_on.contains(&code) && !last_rung {
            return self.fall(step, code);
        }
        let conflict = error.api().is_some_and(|api| api.is_conflict() && !call.retry.iter().any(|(codes, _)| codes.contains(&code)));
        if conflict {
            return self.pause_or_fail(now, &[step], error);
        }
        if call.token == Token::Create && may_be_replayed(error) && self.history[step.0].attempt + 1 < ATTEMPTS_MAX {
            return self.next_attempt(now, step, Some(error));
        }
        let failure = self.call_failure(step, error);
        self.fail(now, step, failure);
    }

    /// A refusal may have used the token up, and its answer would come for ever. A drawn token is drawn anew; a derived one
    /// is kept for some tries, since a token that was not used up must meet its first result, and then moves on.
    fn renew_token(&mut self, step: StepId, token: &Token) {
        let history = &mut self.history[step.0];
        history.refusals += 1;
        history.token = None;
        if *token == Token::Create && history.refusals.is_multiple_of(REFUSALS_PER_TOKEN) {
            history.attempt += 1;
        }
    }

    fn within(&mut self, now: Duration, step: StepId, window: Window) -> bool {
        let first = *self.history[step.0].first_refused.get_or_insert(now);
        match window {
            Window::For(limit) => now.saturating_sub(first) < limit,
            Window::AfterRelease(limit) => match self.last_release {
                Some(released) => now.saturating_sub(released.max(first)) < limit,
                None => now.saturating_sub(first) < REAL_AFTER,
            },
        }
    }

    /// An unanswered create is resent only while its token is certainly remembered; after that a later run, which sees by
    /// its listing whether it was carried out, is the safe way on.
    fn is_too_late(&self, now: Duration, step: StepId) -> bool {
        let creates = self.plan.steps[step.0].step.as_call().is_some_and(|call| call.token == Token::Create);
        let history = &self.history[step.0];
        creates && history.lost && history.first_sent.is_some_and(|first| now.saturating_sub(first) > RESEND_MAX)
    }

    fn fall(&mut self, step: StepId, code: &str) {
        self.history[step.0].rung += 1;
        let rung = self.history[step.0].rung;
        self.states[step.0] = State::Ready;
        self.out.push(Command::Tell(Event::Fell { step, code: code.to_owned(), rung }));
    }

    /// A create begins anew, with the next token.
    pub(super) fn next_attempt(&mut self, now: Duration, step: StepId, error: Option<&CallError>) {
        if self.history[step.0].attempt + 1 >= ATTEMPTS_MAX {
            let failure = match error {
                Some(error) => self.call_failure(step, error),
                None => {
                    let message = "what the create call answered was never seen as ours".to_owned();
                    self.failure(step, FailureClass::Unknown, message)
                }
            };
            return self.fail(now, step, failure);
        }
        let history = &mut self.history[step.0];
        history.attempt += 1;
        history.lost = false;
        if let Some(known) = self.known.get_mut(&self.plan.steps[step.0].address) {
            known.remove("id");
        }
        self.states[step.0] = State::Ready;
    }

    fn pause(&mut self, now: Duration, step: StepId, why: &str, after: Duration) {
        self.states[step.0] = State::Pausing { until: now + after };
        // One slow delete must not block its whole VPC.
        self.locks.give_back(&self.plan, step);
        self.out.push(Command::Tell(Event::Again { step, why: why.to_owned(), after }));
    }

    /// What may pass is tried again by the general policy: throttling, server faults, lost replies, conflicts. A repeat
    /// carries the same token, or sets a state, so it does no harm.
    pub(super) fn pause_or_fail(&mut self, now: Duration, steps: &[StepId], error: &CallError) {
        let policy = RetryPolicy { attempts_max: 60, elapsed_max: Duration::from_mins(15), ..RetryPolicy::default() };
        for step in steps {
            let history = &self.history[step.0];
            let elapsed = now.saturating_sub(history.first_sent.unwrap_or(now));
            let number = history.tries.max(1);
            let (random, too_late) = (self.chance(), self.is_too_late(now, *step));
            match policy.decide(&Attempt { number, elapsed, idempotent: true, random }, error) {
                Decision::Retry { after, .. } if !too_late => {
                    let why = if error.code().is_empty() { "no answer".to_owned() } else { error.code().to_owned() };
                    self.pause(now, *step, &why, after);
                }
                // A refusal whose text was damaged on the way is asked for again.
                Decision::GiveUp if matches!(error, CallError::Malformed { .. }) && number < DAMAGED_MAX => {
                    self.pause(now, *step, "a damaged answer", Duration::from_secs(2));
                }
                Decision::Retry { .. } | Decision::GiveUp => {
                    let failure = self.call_failure(*step, error);
                    self.fail(now, *step, failure);
                }
            }
        }
    }
}

/// Whether a refusal may be an old one, replayed under its token: not if it says something about the request or the caller.
fn may_be_replayed(error: &CallError) -> bool {
    let Some(api) = error.api() else { return false };
    let about_request = ["MissingParameter", "InvalidParameter", "UnsupportedParameter"].iter().any(|code| api.code.starts_with(code))
        || api.code.ends_with(".Malformed")
        || api.code.ends_with(".ValueNotSupported");
    !about_request && !api.is_permission() && !api.is_bad_credential() && !api.is_expired_credential()
}
