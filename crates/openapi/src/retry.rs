//! Whether and when to repeat a failed call: a policy as a value.
//!
//! Time and chance are arguments, so that a decision can be tested and replayed. The rules, in
//! order:
//!
//! 1. An error that cannot pass is final.
//! 2. A call that may have been performed is repeated only if that does no harm.
//! 3. A pause that the server asks for is respected.
//! 4. Otherwise the pause is drawn between zero and a bound that doubles (full jitter).
//!
//! Every repetition is signed anew. One with a client token carries the same token.

use std::time::Duration;

use crate::error::{CallError, Certainty};

/// The limits of retrying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The bound of the first pause after a failure of the server or the network.
    pub base: Duration,
    /// The bound of the first pause after throttling or a conflict, which take seconds to pass.
    pub base_busy: Duration,
    /// The upper limit of the bound. A pause that the server asks for may be longer.
    pub cap: Duration,
    /// The most attempts, the first one included.
    pub attempts_max: u32,
    /// The time limit, from the first attempt. A pause that would end later is not begun.
    pub elapsed_max: Duration,
}

/// A failed attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// The time since the start of the first attempt.
    pub elapsed: Duration,
    /// Whether a second execution does no harm: a read, a call with a client token, a call that
    /// sets a value.
    pub idempotent: bool,
    /// A random number from 0 to 1, uniformly distributed.
    pub random: f64,
}

/// The decision after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Repeat the call.
    Retry {
        /// The pause before it.
        after: Duration,
        /// The cause that may pass.
        why: Why,
    },
    /// Report the error.
    GiveUp,
}

/// A cause that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The call was throttled.
    Throttled,
    /// The server has failed, or its answer is malformed.
    ServerFault,
    /// There was no answer.
    NoReply,
    /// A call with the same token is still running.
    TokenInProgress,
    /// Another operation is in progress.
    Conflict,
}

impl Default for RetryPolicy {
    /// Ten minutes with pauses of up to one minute: about 25 calls to a service that fails all that
    /// time.
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

    /// The decision after this attempt failed with this error.
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
            // Clients that were given the same time return spread over the first bound.
            Some(hint) => hint + base.mul_f64(chance),
            // Throttling counts in windows: an immediate repetition would certainly be throttled
            // again.
            None if why == Why::Throttled => bound / 2 + (bound / 2).mul_f64(chance),
            None => bound.mul_f64(chance),
        }
    }
}

/// The cause that may pass; `None` if the error would be the same at the next attempt.
fn reason(error: &CallError) -> Option<Why> {
    match error {
        CallError::NoReply(_) => Some(Why::NoReply),
        // An HTML page of a proxy or a truncated body may pass. A redirect does not.
        CallError::Malformed { http_status, .. } => {
            (!(300..500).contains(http_status)).then_some(Why::ServerFault)
        }
        CallError::Credential(_) | CallError::Endpoint(_) => None,
        CallError::Api(error) if error.is_throttling() => Some(Why::Throttled),
        CallError::Api(error) if error.is_token_in_progress() => Some(Why::TokenInProgress),
        CallError::Api(error) if error.is_conflict() => Some(Why::Conflict),
        // Each signature has a new nonce, so a used one means that the network has delivered a
        // request twice.
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

    /// The pause in milliseconds and its reason, for a call that may be repeated and for one that
    /// may not.
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
