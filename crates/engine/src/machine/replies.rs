//! The results of calls, and their effect on the steps that sent them.
//!
//! A successful answer completes the step; the resource of a create is first verified by a read. An
//! error is handled in this order:
//!
//! 1. A code in the call's `done_on` counts as success, unless it refuses a whole batch.
//! 2. A transient error (throttling, a token in progress, a request that was not sent) is retried.
//! 3. A refused batch is split into single calls, unless the credentials are the cause.
//! 4. After a token mismatch, the resource of a create is searched for.
//! 5. If the effect is unknown, or the code is in `look_on`, a call with a goal has its goal read.
//! 6. Any other call with an unknown effect is retried. Any other refusal is left to `refusals`.

use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_openapi::error::{ApiError, CallError, Certainty};
use setpoint_openapi::json::Odd;
use setpoint_openapi::reply::Reply;
use setpoint_plan::plan::StepId;
use setpoint_plan::procedure::{Call, Token};
use setpoint_plan::{Map, Value};

use crate::machine::pace::FIRST_LOOK;
use crate::machine::{Doubt, Machine, Purpose, Search, State, Ticket};
use crate::outcome::{FailureClass, Write};

impl Machine {
    pub(super) fn on_reply(
        &mut self,
        now: Duration,
        ticket: Ticket,
        result: Result<Reply, CallError>,
    ) {
        let Some(flight) = self.flights.remove(&ticket) else {
            return;
        };
        let Purpose::Call { request, sent } = flight.purpose else {
            return;
        };
        let plan = self.plan.clone();
        let Some(call) = flight
            .steps
            .first()
            .and_then(|step| plan.steps[step.0].step.as_call())
        else {
            return;
        };
        self.tell_limits(now, &request, &result);
        match result {
            Ok(reply) => {
                let addresses = flight
                    .steps
                    .iter()
                    .map(|step| plan.steps[step.0].address.clone())
                    .collect();
                self.writes.push(Write {
                    action: call.api.name,
                    addresses,
                    params: sent,
                });
                self.answered(now, &flight.steps, call, &reply);
            }
            Err(error) => self.not_answered_well(now, &flight.steps, call, error),
        }
    }

    /// Adapts the rate limit to the result of a call.
    fn tell_limits(
        &mut self,
        now: Duration,
        request: &setpoint_openapi::request::Request,
        result: &Result<Reply, CallError>,
    ) {
        let bucket = self.limits.bucket(request.action, &request.region, now);
        bucket.learn(now, result);
        let throttled = matches!(result, Err(CallError::Api(error)) if error.is_throttling());
        self.tally.throttled += usize::from(throttled);
    }

    fn answered(&mut self, now: Duration, steps: &[StepId], call: &Call, reply: &Reply) {
        let items = match item_results(call, reply) {
            Ok(items) => items,
            Err(odd) => return self.not_answered_well(now, steps, call, unread(call, reply, &odd)),
        };
        for step in steps {
            let result = items.as_ref().map(|items| {
                let item = self.item_text(*step, call);
                item.and_then(|item| items.get(&item).cloned())
            });
            match result {
                Some(Some(Some(error))) => {
                    let error = CallError::Api(Box::new(error));
                    self.not_answered_well(now, &[*step], call, error);
                }
                Some(None) => {
                    let what = "the answer has no result for this item".to_owned();
                    let error = unread(call, reply, &Odd { what });
                    self.not_answered_well(now, &[*step], call, error);
                }
                Some(Some(None)) | None => self.accepted(now, *step, call, reply),
            }
        }
    }

    fn item_text(&self, step: StepId, call: &Call) -> Option<String> {
        let each = call.each?;
        let own = self.plan.steps[step.0].step.as_call()?;
        let value = own
            .rungs
            .first()?
            .iter()
            .find(|(name, _)| *name == each.item)?;
        self.resolve(&value.1).as_text().map(ToOwned::to_owned)
    }

    fn accepted(&mut self, now: Duration, step: StepId, call: &Call, reply: &Reply) {
        // Without these attributes it is unknown whether the call had the intended effect.
        let yielded = match yields(call, reply) {
            Ok(yielded) => yielded,
            Err(odd) => {
                let error = unread(call, reply, &odd);
                return self.not_answered_well(now, &[step], call, error);
            }
        };
        self.learn(step, yielded);
        if call.token == Token::Create {
            self.history[step.0].looked_at = now;
            self.states[step.0] = State::Verifying {
                since: now,
                due: Some(now + FIRST_LOOK),
            };
        } else {
            self.done(now, step);
        }
    }

    fn not_answered_well(
        &mut self,
        now: Duration,
        steps: &[StepId],
        call: &Call,
        error: CallError,
    ) {
        let code = error.code().to_owned();
        let named = |codes: &[&str]| codes.contains(&code.as_str());
        if named(call.done_on) && (steps.len() == 1 || call.each.is_none()) {
            steps.iter().for_each(|step| self.done(now, *step));
            return;
        }
        let transient = match &error {
            CallError::Api(api) => api.is_throttling() || api.is_token_in_progress(),
            CallError::NoReply(_) => error.outcome() == Certainty::NotDone,
            _ => false,
        };
        if transient {
            return self.pause_or_fail(now, steps, &error);
        }
        let unknown = error.outcome() == Certainty::Unknown;
        if steps.len() > 1
            && !unknown
            && error
                .api()
                .is_some_and(|api| !api.is_bad_credential() && !api.is_expired_credential())
        {
            return self.split(steps);
        }
        if call.token == Token::Create && error.api().is_some_and(ApiError::is_token_mismatch) {
            steps
                .iter()
                .for_each(|step| self.search(now, *step, Search::Mismatch));
            return;
        }
        for step in steps {
            self.history[step.0].lost |= unknown;
            if call.goal.is_some() && (unknown || named(call.look_on)) {
                let after = if unknown {
                    Doubt::Lost(error.clone())
                } else {
                    Doubt::Refused(error.clone())
                };
                self.states[step.0] = State::Judging {
                    due: Some(now),
                    after: Box::new(after),
                };
            } else if unknown {
                self.pause_or_fail(now, &[*step], &error);
            } else {
                self.refused(now, *step, &error);
            }
        }
    }

    /// Sends each call of a batch alone, since a single item may have caused the refusal of the
    /// whole batch.
    fn split(&mut self, steps: &[StepId]) {
        for step in steps {
            self.history[step.0].alone = true;
            self.states[step.0] = State::Ready;
        }
    }

    /// Returns the failure of a step whose call failed.
    pub(super) fn call_failure(&self, step: StepId, error: &CallError) -> crate::outcome::Failure {
        let class = match error {
            CallError::Api(api)
                if api.is_permission()
                    || api.is_bad_credential()
                    || api.is_expired_credential() =>
            {
                FailureClass::Credentials
            }
            CallError::Credential(_) => FailureClass::Credentials,
            _ if error.outcome() == Certainty::Unknown => FailureClass::Unknown,
            _ => FailureClass::Refused,
        };
        let api = error.api();
        let message = api.map_or_else(|| describe(error), message);
        crate::outcome::Failure {
            code: api.map(|api| api.code.clone()),
            http_status: api.map(|api| api.http_status),
            request_id: api.map(|api| api.request_id.clone()),
            ..self.failure(step, class, message)
        }
    }
}

/// Returns the API's message. The message about a wrong signature is cut, since the text that was
/// signed follows in it, with every parameter.
fn message(api: &ApiError) -> String {
    let end = if matches!(
        api.code.as_str(),
        "SignatureDoesNotMatch" | "IncompleteSignature"
    ) {
        api.message.find(['.', ':'])
    } else {
        None
    };
    end.map_or_else(|| api.message.clone(), |end| api.message[..end].to_owned())
}

fn describe(error: &CallError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// Returns the error for an answer to a write that lacks a required value: the effect is unknown.
fn unread(call: &Call, reply: &Reply, odd: &Odd) -> CallError {
    CallError::Malformed {
        action: call.api.name,
        http_status: reply.status,
        detail: format!("{} (RequestId {})", odd.what, reply.request_id),
    }
}

/// Returns the attributes that the answer yields. If a path leads to a list of texts, the first
/// counts.
fn yields(call: &Call, reply: &Reply) -> Result<Map, Odd> {
    let mut yielded = Map::new();
    for (attr, path) in call.yields {
        let text = match reply.json.need_text(path) {
            Ok(text) => text,
            Err(odd) => match reply.json.may_texts(path) {
                Ok(Some(texts)) => texts.into_iter().next().unwrap_or_default(),
                Ok(None) | Err(_) => return Err(odd),
            },
        };
        if text.is_empty() {
            let what = format!("`{path}` is empty");
            return Err(Odd { what });
        }
        yielded.insert((*attr).to_owned(), Value::text(text));
    }
    Ok(yielded)
}

/// Returns the result of each item of a batched call, keyed by the item's text; `None` stands for
/// success. Returns no map if the action's answer does not distinguish items.
fn item_results(
    call: &Call,
    reply: &Reply,
) -> Result<Option<BTreeMap<String, Option<ApiError>>>, Odd> {
    let Some(found) = call.each.and_then(|each| each.results) else {
        return Ok(None);
    };
    let mut results = BTreeMap::new();
    for row in reply.json.need_list(found.rows)? {
        let code = row.may_text("Code")?.unwrap_or_default();
        let fine = code.is_empty() || matches!(code.as_str(), "200" | "OK" | "Success");
        let worked = fine && row.may_text("Success")?.as_deref() != Some("false");
        let message = row.may_text("Message")?.unwrap_or_default();
        let error = ApiError {
            action: call.api.name,
            product: call.api.product,
            code,
            message,
            http_status: reply.status,
            request_id: reply.request_id.clone(),
            retry_after: None,
        };
        results.insert(row.need_text(found.item)?, (!worked).then_some(error));
    }
    Ok(Some(results))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, text: &str, expected: &str) {
        let error = ApiError {
            action: "RunInstances",
            product: setpoint_openapi::product::Product::Ecs,
            code: code.to_owned(),
            message: text.to_owned(),
            http_status: 400,
            request_id: String::new(),
            retry_after: None,
        };
        assert_eq!(message(&error), expected);
    }

    #[test]
    fn a_message_omits_the_signed_text() {
        let signed = "Specified signature does not match our calculation. server string to sign \
            is:POST\n/\nUserData=c2VjcmV0";
        check(
            "SignatureDoesNotMatch",
            signed,
            "Specified signature does not match our calculation",
        );
        check(
            "SignatureDoesNotMatch",
            "server string to sign is:UserData=c2VjcmV0",
            "server string to sign is",
        );
        check(
            "InvalidVpcId.NotFound",
            "There is none. Look: elsewhere.",
            "There is none. Look: elsewhere.",
        );
    }
}
