//! What a reply means for the steps whose call it answers.

use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_openapi::error::{ApiError, CallError, Certainty};
use setpoint_openapi::reply::Reply;
use setpoint_plan::plan::StepId;
use setpoint_plan::procedure::{Call, Token};
use setpoint_plan::{Map, Value};

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

    /// The rate is learned from what comes back.
    fn tell_limits(
        &mut self,
        now: Duration,
        request: &setpoint_openapi::request::Request,
        result: &Result<Reply, CallError>,
    ) {
        let bucket = self.limits.bucket(request.action, &request.region, now);
        match result {
            Err(CallError::Api(error)) if error.is_throttling() => {
                self.tally.throttled += 1;
                bucket.throttled(now, error.retry_after);
            }
            _ => bucket.passed(now),
        }
    }

    fn answered(&mut self, now: Duration, steps: &[StepId], call: &Call, reply: &Reply) {
        let items = item_errors(call, reply);
        for step in steps {
            let item = self.item_text(*step, call);
            match item.and_then(|item| items.get(&item)) {
                Some(error) => self.not_answered_well(
                    now,
                    &[*step],
                    call,
                    CallError::Api(Box::new(error.clone())),
                ),
                None => self.accepted(now, *step, call, reply),
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
        let yielded = yields(call, reply);
        if call.yields.iter().any(|(attr, _)| *attr == "id") && !yielded.contains_key("id") {
            let error = CallError::Malformed {
                action: call.api.name,
                http_status: reply.status,
                detail: "the answer names no id".to_owned(),
            };
            return self.not_answered_well(now, &[step], call, error);
        }
        self.learn(step, yielded);
        if call.token == Token::Create {
            self.states[step.0] = State::Verifying {
                since: now,
                due: Some(now),
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

    /// One of the items may have spoilt the call for all: once more, one by one.
    fn split(&mut self, steps: &[StepId]) {
        for step in steps {
            self.history[step.0].alone = true;
            self.states[step.0] = State::Ready;
        }
    }

    /// A failure as the outcome tells it.
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

/// The API's text. After a wrong signature it goes on with the text that was signed, which holds every parameter.
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

/// Attributes read from the answer. A path that leads to a list of texts gives its first.
fn yields(call: &Call, reply: &Reply) -> Map {
    let read = |path: &str| {
        let text = reply.json.text(path);
        if text.is_empty() {
            reply
                .json
                .strings(path)
                .into_iter()
                .next()
                .unwrap_or_default()
        } else {
            text
        }
    };
    let value = |(attr, path): &(&'static str, &'static str)| {
        Some(((*attr).to_owned(), read(path))).filter(|(_, text)| !text.is_empty())
    };
    call.yields
        .iter()
        .filter_map(value)
        .map(|(attr, text)| (attr, Value::Text(text)))
        .collect()
}

/// The items of a batched call that failed though the call as a whole did not, by the item's text.
fn item_errors(call: &Call, reply: &Reply) -> BTreeMap<String, ApiError> {
    let Some(results) = call.each.and_then(|each| each.results) else {
        return BTreeMap::new();
    };
    let mut failed = BTreeMap::new();
    for row in reply.json.list(results.rows) {
        let code = row.text("Code");
        let fine = code.is_empty() || matches!(code.as_str(), "200" | "OK" | "Success");
        if fine && row.bool("Success") != Some(false) {
            continue;
        }
        let error = ApiError {
            action: call.api.name,
            product: call.api.product,
            code,
            message: row.text("Message"),
            http_status: reply.status,
            request_id: reply.request_id.clone(),
            retry_after: None,
        };
        failed.insert(row.text(results.item), error);
    }
    failed
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
    fn a_message_does_not_carry_what_was_signed() {
        let signed = "Specified signature does not match our calculation. server string to sign is:POST\n/\nUserData=c2VjcmV0";
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
