//! Refusals and losses: what is tried again, what is tried otherwise, and what is final.

use std::time::Duration;

use setpoint_openapi::error::{ApiError, CallError};
use setpoint_openapi::retry::{Attempt, Decision, RetryPolicy};
use setpoint_plan::event::Event;
use setpoint_plan::plan::{Half, StepId};
use setpoint_plan::procedure::{Codes, Token, Window};

use crate::machine::pace;
use crate::machine::{Command, Machine, Search, State};
use crate::outcome::FailureClass;

/// How often a refused create is tried with a token of its own before the refusal is taken to be
/// real: an old failure may be replayed under an old token. With a lease one more try is enough;
/// without one, up to three.
const ATTEMPTS_MAX: u32 = 3;

/// How many tokens may have been used before, for something that is gone or something else; each
/// costs a call and a look.
const USED_MAX: u32 = 100;

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
        let Some(call) = plan.steps[step.0].step.as_call() else {
            return;
        };
        let code = error.code();
        let creates = call.token == Token::Create;
        // As long as nobody knows what an earlier call of this attempt did, another token could
        // make a second one.
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

    /// A refusal may have used the token up, and its answer would come for ever. A drawn token is
    /// drawn anew; a derived one is kept for some tries, since a token that was not used up must
    /// meet its first result, and then moves on; after a lost reply it is kept, since its first
    /// result may be a resource.
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

    /// When in this run the last of its users let go of the step's live resource. What a step takes
    /// rather than lets go, such as an address, has no row whose users could be named: there any
    /// deletion counts.
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

    /// An unanswered create is resent only while its token is certainly remembered; after that only
    /// a listing, this run's or a later one's, shows whether it was carried out.
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

    /// Looks by a listing whether a resource was made, once it would show. What one such look has
    /// shown to be absent since the run began, an older token did not make: further mismatches need
    /// no further waiting. Nor does a token whose resource we deleted.
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

    /// The token was used for something that is gone, or was refused: the next one. Earlier specs
    /// may have used many.
    pub(super) fn after_mismatch(&mut self, now: Duration, step: StepId) {
        self.history[step.0].mismatches += 1;
        let used = self.history[step.0].mismatches;
        self.after_used(now, step, used, "something else");
    }

    /// The token was answered with the id of something that is gone: the next one. Each time that a
    /// resource was deleted and made again has used one.
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

    /// An attempt at a create was refused: the next one, if there is one left.
    fn next_attempt(&mut self, now: Duration, step: StepId, error: &CallError) {
        self.history[step.0].spent += 1;
        if self.history[step.0].spent >= ATTEMPTS_MAX {
            let failure = self.call_failure(step, error);
            return self.fail(now, step, failure);
        }
        self.begin_anew(step);
    }

    /// A create begins anew, with the next token.
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

    /// An answer with a meaning ends a row of passing faults.
    fn calm(&mut self, step: StepId) {
        let history = &mut self.history[step.0];
        (history.faults, history.faulty_since) = (0, None);
    }

    fn pause(&mut self, now: Duration, step: StepId, why: &str, after: Duration) {
        self.states[step.0] = State::Pausing { until: now + after };
        // One slow delete must not block its whole VPC.
        self.locks.give_back(&self.plan, step);
        self.out.push(Command::Tell(Event::Again {
            step,
            why: why.to_owned(),
            after,
        }));
    }

    /// What may pass is tried again by the general policy, counted over the failures in a row:
    /// throttling, server faults, lost replies, conflicts. A repeat carries the same token, or sets
    /// a state, so it does no harm.
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
                // A refusal whose text was damaged on the way is asked for again.
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

/// Whether a refusal may be an old one, replayed under its token: not if it says something about
/// the request or the caller.
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
