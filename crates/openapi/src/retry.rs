//! Whether to make a call again, and when: a policy as a value.
//!
//! Times and chance come in as arguments, so a decision can be tested and replayed. Rules, in order: what cannot get better
//! is given up; a call that may have been carried out is repeated only if that is harmless; the server's own wish for a
//! pause is honoured; otherwise the pause is drawn between zero and a bound that doubles (full jitter).
//! Every repetition is signed anew, and one that carries a client token carries the same one.

use std::time::Duration;

use crate::error::{CallError, Certainty};

/// How patient to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The bound of the first pause after a fault of server or network.
    pub base: Duration,
    /// The bound of the first pause after throttling or a conflict, which take seconds to pass.
    pub base_busy: Duration,
    /// The bound that no pause exceeds, but for the server's wish.
    pub cap: Duration,
    /// How many times the call is made at most, the first time included.
    pub attempts_max: u32,
    /// When to stop, counted from the first attempt. A pause that would end later is not begun.
    pub elapsed_max: Duration,
}

/// One attempt that has failed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempt {
    /// Which one it was, from 1.
    pub number: u32,
    /// Since the start of the first one.
    pub elapsed: Duration,
    /// Whether a second execution does no harm: a read, a call with a client token, a call that sets a value.
    pub idempotent: bool,
    /// A number drawn evenly from 0 to 1.
    pub random: f64,
}

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Make the call again.
    Retry {
        /// After this pause.
        after: Duration,
        /// What it is that may pass.
        why: Why,
    },
    /// Report the error.
    GiveUp,
}

/// What makes another try worthwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Too many calls.
    Throttled,
    /// A fault of the server, or an answer that makes no sense.
    ServerFault,
    /// No answer.
    NoReply,
    /// An earlier call with the same token still runs.
    TokenInProgress,
    /// Another operation is in the way.
    Conflict,
}

impl Default for RetryPolicy {
    /// Ten minutes with pauses up to one minute: some 25 calls to a service that is down all that time.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(500),
            base_busy: Duration::from_secs(2),
            cap: Duration::from_mins(1),
            attempts_max: 30,
            elapsed_max: Duration::from_mins(10),
        }
    }
}

impl RetryPolicy {
    /// Every error is final.
    #[must_use]
    pub fn never() -> Self {
        Self {
            attempts_max: 1,
            ..Self::default()
        }
    }

    /// What to do after this attempt failed with this error.
    #[must_use]
    pub fn decide(&self, attempt: &Attempt, error: &CallError) -> Decision {
        let Some(why) = reason(error) else {
            return Decision::GiveUp;
        };
        // A token in progress proves that the call carries a token.
        let harmless = attempt.idempotent
            || why == Why::TokenInProgress
            || error.outcome() == Certainty::NotDone;
        let after = self.pause(attempt, error, why);
        let in_time = attempt
            .elapsed
            .checked_add(after)
            .is_some_and(|end| end <= self.elapsed_max);
        if harmless && in_time && attempt.number < self.attempts_max {
            Decision::Retry { after, why }
        } else {
            Decision::GiveUp
        }
    }

    fn pause(&self, attempt: &Attempt, error: &CallError, why: Why) -> Duration {
        let base = match why {
            Why::ServerFault | Why::NoReply => self.base,
            Why::Throttled | Why::Conflict | Why::TokenInProgress => self.base_busy,
        };
        let doublings = attempt.number.saturating_sub(1).min(16);
        let bound = base.saturating_mul(1 << doublings).min(self.cap);
        let chance = if attempt.random.is_finite() {
            attempt.random.clamp(0.0, 1.0)
        } else {
            1.0
        };
        match error.api().and_then(|error| error.retry_after) {
            // Whoever was told the same moment comes back spread over the first bound.
            Some(hint) => hint + base.mul_f64(chance),
            // Throttling counts in windows: coming back at once is sure to be one call too many.
            None if why == Why::Throttled => bound / 2 + (bound / 2).mul_f64(chance),
            None => bound.mul_f64(chance),
        }
    }
}

/// What may pass; none if the error will be the same next time.
fn reason(error: &CallError) -> Option<Why> {
    match error {
        CallError::NoReply(_) => Some(Why::NoReply),
        // A proxy's page, a truncated body. A redirect will be there next time too.
        CallError::Malformed { http_status, .. } => {
            (!(300..500).contains(http_status)).then_some(Why::ServerFault)
        }
        CallError::Credential(_) | CallError::Endpoint(_) => None,
        CallError::Api(error) if error.is_throttling() => Some(Why::Throttled),
        CallError::Api(error) if error.is_token_in_progress() => Some(Why::TokenInProgress),
        CallError::Api(error) if error.is_conflict() => Some(Why::Conflict),
        // The nonce is a new one at each signing, so a used one means that the network delivered a request twice.
        CallError::Api(error) if error.is_server_fault() || error.code == "SignatureNonceUsed" => {
            Some(Why::ServerFault)
        }
        CallError::Api(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ApiError;
    use crate::product::Product;
    use crate::wire::TransportError;

    fn api(http_status: u16, code: &str, retry_after: Option<Duration>) -> CallError {
        let (action, product) = ("RunInstances", Product::Ecs);
        ApiError {
            action,
            product,
            code: code.to_owned(),
            message: String::new(),
            http_status,
            request_id: String::new(),
            retry_after,
        }
        .into()
    }

    fn attempt(number: u32, idempotent: bool) -> Attempt {
        Attempt {
            number,
            elapsed: Duration::ZERO,
            idempotent,
            random: 1.0,
        }
    }

    /// The pause in milliseconds and its reason, for a call that may be repeated and for one that may not.
    fn check(error: &CallError, idempotent: Option<(u64, Why)>, other: Option<(u64, Why)>) {
        for (expected, may) in [(idempotent, true), (other, false)] {
            let expected = expected.map_or(Decision::GiveUp, |(ms, why)| Decision::Retry {
                after: Duration::from_millis(ms),
                why,
            });
            assert_eq!(
                RetryPolicy::default().decide(&attempt(1, may), error),
                expected,
                "{error} {may}"
            );
        }
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        let both = |ms, why| (Some((ms, why)), Some((ms, why)));
        let (yes, no) = both(2000, Why::Throttled);
        check(&api(400, "Throttling.User", None), yes, no);
        let (yes, no) = both(5000, Why::Throttled);
        check(
            &api(400, "Throttling", Some(Duration::from_secs(3))),
            yes,
            no,
        );
        let (yes, no) = both(2000, Why::TokenInProgress);
        check(&api(403, "LastTokenProcessing", None), yes, no);
        let (yes, no) = both(2000, Why::Conflict);
        check(&api(400, "TaskConflict", None), yes, no);
        check(
            &api(500, "InternalError", None),
            Some((500, Why::ServerFault)),
            None,
        );
        check(
            &api(400, "SignatureNonceUsed", None),
            Some((500, Why::ServerFault)),
            None,
        );
        check(&api(404, "InvalidVpcId.NotFound", None), None, None);
        check(&api(400, "InvalidSecurityToken.Expired", None), None, None);
        let lost = |sent| {
            CallError::NoReply(TransportError {
                sent,
                detail: "reset".to_owned(),
            })
        };
        check(&lost(true), Some((500, Why::NoReply)), None);
        check(
            &lost(false),
            Some((500, Why::NoReply)),
            Some((500, Why::NoReply)),
        );
        let malformed = |http_status| CallError::Malformed {
            action: "RunInstances",
            http_status,
            detail: String::new(),
        };
        check(&malformed(200), Some((500, Why::ServerFault)), None);
        check(&malformed(502), Some((500, Why::ServerFault)), None);
        check(&malformed(302), None, None);
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_are_drawn() {
        let policy = RetryPolicy {
            elapsed_max: Duration::from_hours(1),
            attempts_max: u32::MAX,
            ..RetryPolicy::default()
        };
        let pause = |number, random, code: &str| match policy.decide(
            &Attempt {
                number,
                random,
                ..attempt(1, true)
            },
            &api(500, code, None),
        ) {
            Decision::Retry { after, .. } => after.as_millis(),
            Decision::GiveUp => panic!("gave up"),
        };
        let bounds: Vec<u128> = [1, 2, 3, 7, 8, 4_000_000_000]
            .map(|number| pause(number, 1.0, "InternalError"))
            .to_vec();
        assert_eq!(bounds, [500, 1000, 2000, 32_000, 60_000, 60_000]);
        assert_eq!(
            [0.0, 0.5, f64::NAN, 7.0].map(|random| pause(2, random, "InternalError")),
            [0, 500, 1000, 1000]
        );
        assert_eq!(
            [0.0, 0.5, 1.0].map(|random| pause(2, random, "Throttling")),
            [2000, 3000, 4000]
        );
    }

    #[test]
    fn patience_ends() {
        let policy = RetryPolicy::default();
        let late = Attempt {
            elapsed: Duration::from_secs(599),
            ..attempt(5, true)
        };
        assert_eq!(
            policy.decide(&late, &api(500, "InternalError", None)),
            Decision::GiveUp
        );
        assert_eq!(
            policy.decide(&attempt(30, true), &api(500, "InternalError", None)),
            Decision::GiveUp
        );
        assert_eq!(
            RetryPolicy::never().decide(&attempt(1, true), &api(400, "Throttling", None)),
            Decision::GiveUp
        );
    }
}
