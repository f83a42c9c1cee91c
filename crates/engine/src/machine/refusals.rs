//! Refused and lost calls: which are repeated, which are changed and repeated, and which are final.
//!
//! A definite refusal is handled in this order:
//!
//! 1. A code in the call's `retry` is retried within its window.
//! 2. A conflict is retried by the general policy.
//! 3. A code in `fall_on` leads to the next rung, if there is one.
//! 4. A create makes another attempt, with a new client token, if the refusal may be an old one.
//! 5. Any other refusal is final.
//!
//! Invariant: while the effect of an earlier call of a create is unknown, no call with another
//! client token is sent; a search decides first.

use std::time::Duration;

use setpoint_openapi::error::{ApiError, CallError};
use setpoint_openapi::retry::{Attempt, Decision, RetryPolicy};
use setpoint_plan::event::Event;
use setpoint_plan::plan::{Half, StepId};
use setpoint_plan::procedure::{Codes, Token, Window};

use crate::machine::pace;
use crate::machine::{Command, Machine, Search, State};
use crate::outcome::FailureClass;

/// The number of create attempts, each with a client token of its own, after which a refusal is
/// final. The API may replay an old failure under an old token. With a lease on the stack, a second
/// attempt would be enough; without one, three are made.
const ATTEMPTS_MAX: u32 = 3;

/// The most client tokens that may have been used before, for a resource that no longer exists or
/// with other parameters. Each costs a call and a look.
const USED_MAX: u32 = 100;

/// How long a dependency violation is retried if this run has deleted no user of the resource:
/// after this time, the dependency is taken to be real.
const REAL_AFTER: Duration = Duration::from_secs(30);

/// The number of consecutive failures at which a refusal with a damaged text becomes final.
const DAMAGED_MAX: u32 = 5;

/// The number of transient refusals for which a create keeps its client token.
const REFUSALS_PER_TOKEN: u32 = 3;

/// How long the API certainly remembers a client token. The real time is not documented.
const RESEND_MAX: Duration = Duration::from_mins(2);

impl Machine {
    /// Handles a definite refusal.
    pub(super) fn refused(&mut self, now: Duration, step: StepId, error: &CallError) {
        let plan = self.plan.clone();
        let Some(call) = plan.steps[step.0].step.as_call() else {
            return;
        };
        let code = error.code();
        let creates = call.token == Token::Create;
        // While the effect of an earlier call of this attempt is unknown, a call with another token
        // could create a second resource.
        let unsure = creates && self.history[step.0].lost;
        let retry = call.retry.iter().find(|(codes, _)| codes.contains(&code));
        if let Some((codes, window)) = retry
            && self.within(now, step, codes, *window)
        {
            if self.is_too_late(now, step) {
                return self.search(now, step, Search::Lost(error.clone()));
            }
            self.calm(step);
            self.renew_token(step, &call.token);
            let waited = now.saturating_sub(self.history[step.0].first_refused[codes]);
            return self.pause(now, step, code, pace::pause(waited, 1));
        }
        if retry.is_none() && error.api().is_some_and(ApiError::is_conflict) {
            return self.pause_or_fail(now, &[step], error);
        }
        let falls =
            call.fall_on.contains(&code) && self.history[step.0].rung + 1 < call.rungs.len();
        let again =
            creates && may_be_replayed(error) && self.history[step.0].spent + 1 < ATTEMPTS_MAX;
        match (falls, again) {
            (true, _) | (_, true) if unsure => self.search(now, step, Search::Lost(error.clone())),
            (true, _) => self.fall(step, code),
            (_, true) => self.next_attempt(now, step, error),
            (false, false) => {
                let failure = self.call_failure(step, error);
                self.fail(now, step, failure);
            }
        }
    }

    /// Replaces a client token that a refusal may have used up, since a repeated call with it would
    /// get the same refusal for ever. A drawn token is drawn again. A derived token is kept for
    /// some refusals, since it must meet its first result if the refusal did not use it up; then
    /// the next attempt begins. After a lost reply it is kept, since its first result may be a
    /// resource.
    fn renew_token(&mut self, step: StepId, token: &Token) {
        let history = &mut self.history[step.0];
        history.token = None;
        if *token != Token::Create || history.lost {
            return;
        }
        history.refusals += 1;
        if history.refusals.is_multiple_of(REFUSALS_PER_TOKEN) {
            history.attempt += 1;
            history.first_sent = None;
        }
    }

    fn within(&mut self, now: Duration, step: StepId, codes: Codes, window: Window) -> bool {
        let first = *self.history[step.0]
            .first_refused
            .entry(codes)
            .or_insert(now);
        match window {
            Window::For(limit) => now.saturating_sub(first) < limit,
            Window::AfterRelease(limit) => match self.last_release(step) {
                Some(released) => now.saturating_sub(released.max(first)) < limit,
                None => now.saturating_sub(first) < REAL_AFTER,
            },
        }
    }

    /// Returns when, in this run, the last user released the step's live resource. If the step
    /// acquires a value instead, such as an address, the users are not known, and any deletion
    /// counts.
    fn last_release(&self, step: StepId) -> Option<Duration> {
        let own = &self.plan.steps[step.0];
        let used = |change: usize| {
            let row = self.plan.changes[change].before.as_ref();
            row.zip(own.live_id.as_ref()).is_some_and(|(row, own_id)| {
                row.uses
                    .iter()
                    .any(|(kind, id)| *kind == own.kind && id == own_id)
            })
        };
        let named = self
            .released
            .iter()
            .filter(|((change, _), _)| used(*change))
            .map(|(_, at)| *at)
            .max();
        let any = self
            .released
            .iter()
            .filter(|((_, half), _)| *half == Half::Down)
            .map(|(_, at)| *at)
            .max();
        named.or(any.filter(|_| own.half == Half::Up))
    }

    /// Returns whether a lost create must not be sent again, because the API may have forgotten its
    /// token. Only a listing then shows whether the call was executed, in this run or in a later
    /// one.
    fn is_too_late(&self, now: Duration, step: StepId) -> bool {
        let creates = self.plan.steps[step.0]
            .step
            .as_call()
            .is_some_and(|call| call.token == Token::Create);
        let history = &self.history[step.0];
        creates
            && history.lost
            && history
                .first_sent
                .is_some_and(|first| now.saturating_sub(first) > RESEND_MAX)
    }

    /// Searches a listing for the resource of a create call, after the visibility window. After a
    /// token mismatch, the wait is skipped in two cases: an earlier search of this step has already
    /// waited, so an older token cannot have created what still does not show; or the token's
    /// resource is known to be deleted.
    pub(super) fn search(&mut self, now: Duration, step: StepId, why: Search) {
        let spent =
            self.history[step.0].waited_for || self.deleted.has_token(&self.create_token(step));
        let waits = why != Search::Mismatch || !spent;
        self.history[step.0].waited_for |= waits && why == Search::Mismatch;
        let due = if waits {
            now + self.settings.visibility
        } else {
            now
        };
        if waits {
            self.locks.give_back(&self.plan, step);
        }
        self.states[step.0] = State::Searching {
            due: Some(due),
            why: Box::new(why),
        };
    }

    /// Handles a client token that was used before, with other parameters, for a resource that no
    /// longer exists or a call that was refused: continues with the next token. Earlier versions of
    /// the spec may have used many.
    pub(super) fn after_mismatch(&mut self, now: Duration, step: StepId) {
        self.history[step.0].mismatches += 1;
        let used = self.history[step.0].mismatches;
        self.after_used(now, step, used, "something else");
    }

    /// Handles a client token that was answered with the id of a resource that no longer exists:
    /// continues with the next token. Each cycle of deletion and creation has used one.
    pub(super) fn after_gone(&mut self, now: Duration, step: StepId) {
        self.history[step.0].gone += 1;
        let used = self.history[step.0].gone;
        self.after_used(now, step, used, "what is gone");
    }

    fn after_used(&mut self, now: Duration, step: StepId, used: u32, what: &str) {
        if used >= USED_MAX {
            let message =
                format!("its client tokens were all used before for {what}, {USED_MAX} of them");
            let failure = self.failure(step, FailureClass::Refused, message);
            return self.fail(now, step, failure);
        }
        self.begin_anew(step);
    }

    fn fall(&mut self, step: StepId, code: &str) {
        self.calm(step);
        self.history[step.0].rung += 1;
        self.history[step.0].first_sent = None;
        let rung = self.history[step.0].rung;
        self.states[step.0] = State::Ready;
        self.out.push(Command::Tell(Event::Fell {
            step,
            code: code.to_owned(),
            rung,
        }));
    }

    /// Begins the next create attempt after a refusal, or fails the step if none is left.
    fn next_attempt(&mut self, now: Duration, step: StepId, error: &CallError) {
        self.history[step.0].spent += 1;
        if self.history[step.0].spent >= ATTEMPTS_MAX {
            let failure = self.call_failure(step, error);
            return self.fail(now, step, failure);
        }
        self.begin_anew(step);
    }

    /// Begins a create again, with the next client token.
    fn begin_anew(&mut self, step: StepId) {
        self.calm(step);
        let history = &mut self.history[step.0];
        history.attempt += 1;
        history.lost = false;
        history.first_sent = None;
        if let Some(known) = self.known.get_mut(&self.plan.steps[step.0].address) {
            known.remove("id");
        }
        self.states[step.0] = State::Ready;
    }

    /// Ends a series of transient faults, after an answer that is not one of them.
    fn calm(&mut self, step: StepId) {
        let history = &mut self.history[step.0];
        (history.faults, history.faulty_since) = (0, None);
    }

    fn pause(&mut self, now: Duration, step: StepId, why: &str, after: Duration) {
        self.states[step.0] = State::Pausing { until: now + after };
        // A slow delete must not block the other changes of its VPC.
        self.locks.give_back(&self.plan, step);
        self.out.push(Command::Tell(Event::Again {
            step,
            why: why.to_owned(),
            after,
        }));
    }

    /// Repeats calls that failed for a transient reason (throttling, server faults, lost replies,
    /// conflicts), by the general policy and counted over consecutive failures. A repetition does
    /// no harm: it carries the same client token, or sets a state.
    pub(super) fn pause_or_fail(&mut self, now: Duration, steps: &[StepId], error: &CallError) {
        let policy = RetryPolicy {
            attempts_max: 60,
            elapsed_max: Duration::from_mins(15),
            ..RetryPolicy::default()
        };
        for step in steps {
            let history = &mut self.history[step.0];
            history.faults += 1;
            let number = history.faults;
            let elapsed = now.saturating_sub(*history.faulty_since.get_or_insert(now));
            let (random, too_late) = (self.chance(), self.is_too_late(now, *step));
            match policy.decide(
                &Attempt {
                    number,
                    elapsed,
                    idempotent: true,
                    random,
                },
                error,
            ) {
                Decision::Retry { after, .. } if !too_late => {
                    let why = if error.code().is_empty() {
                        "no answer".to_owned()
                    } else {
                        error.code().to_owned()
                    };
                    self.pause(now, *step, &why, after);
                }
                // A refusal whose text was damaged on the way is requested again.
                Decision::GiveUp
                    if matches!(error, CallError::Malformed { .. }) && number < DAMAGED_MAX =>
                {
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

/// Returns whether the refusal may be an old one that the API replays for its client token.
/// Refusals that concern the request or the caller are not.
fn may_be_replayed(error: &CallError) -> bool {
    let Some(api) = error.api() else { return false };
    let about_request = [
        "MissingParameter",
        "InvalidParameter",
        "UnsupportedParameter",
    ]
    .iter()
    .any(|code| api.code.starts_with(code))
        || api.code.ends_with(".Malformed")
        || api.code.ends_with(".ValueNotSupported");
    !about_request
        && !api.is_permission()
        && !api.is_bad_credential()
        && !api.is_expired_credential()
}
