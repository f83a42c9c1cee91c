//! Drives a machine with events written as text, and returns its commands and states as text.
//!
//! A result belongs to the oldest call or look in flight:
//!
//! - `ok`, `ok VpcId=vpc-a`: a reply; `!CODE`: an error of the API;
//! - `lost`, `unsent`, `damaged`: a lost reply, a request that was never sent, a malformed reply;
//! - `row status=Running`, `no row`, `blind`, `blind !CODE`: the result of a look; `row nobody` has
//!   no owner, `row other` has another one;
//! - `acted`, `not acted`: the result of a local act; `late`: a second reply to the first call;
//! - `tick`, `+3`: time passes, here three seconds; `interrupt`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use setpoint_openapi::error::{ApiError, CallError};
use setpoint_openapi::json;
use setpoint_openapi::product::Product;
use setpoint_openapi::reply::Reply;
use setpoint_openapi::wire::TransportError;
use setpoint_plan::Map;
use setpoint_plan::kind::Row;
use setpoint_plan::plan::{Plan, StepId};
use setpoint_plan::view::Proof;

use super::plans::{REGISTRY, row};
use super::{Command, Input, Machine, Settings, State, Ticket};
use crate::local::{LocalError, Record};
use crate::pages::ReadError;
use setpoint_plan::event::Event;

pub(super) struct Driver {
    machine: Machine,
    now: Duration,
    calls: Vec<Ticket>,
    looks: Vec<Ticket>,
    acts: Vec<StepId>,
    tokens: BTreeMap<String, usize>,
    /// The step that the case is about. Commands for other steps are prefixed with their index.
    step: usize,
}

impl Driver {
    pub(super) fn new(plan: Plan, step: usize, observed_before: u64) -> Self {
        let settings = Settings {
            parallelism: 10,
            visibility: Duration::from_secs(10),
            observed_before: Duration::from_secs(observed_before),
        };
        let mut drawn = 0;
        // The first eight digits become the random number, here one half.
        let nonces = move || {
            drawn += 1;
            format!("80000000{drawn}")
        };
        Self {
            machine: Machine::new(Arc::new(plan), *REGISTRY, settings, Box::new(nonces)),
            now: Duration::ZERO,
            calls: Vec::new(),
            looks: Vec::new(),
            acts: Vec::new(),
            tokens: BTreeMap::new(),
            step,
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.machine.states[self.step]
    }

    /// Returns the state, and the time at which it is due.
    pub(super) fn shown(&self) -> String {
        let name = super::name(self.state());
        match self.state().due() {
            Some(due) => format!("{name} until {due:?}"),
            None => name.to_owned(),
        }
    }

    /// Sends an event to the machine and returns its commands.
    pub(super) fn event(&mut self, event: &str) -> String {
        let input = self.input(event);
        let commands = self.machine.step(self.now, input);
        let told: Vec<String> = commands
            .into_iter()
            .filter_map(|one| self.command(one))
            .collect();
        if told.is_empty() {
            "-".to_owned()
        } else {
            told.join(", ")
        }
    }

    fn input(&mut self, event: &str) -> Input {
        let (first, rest) = event.split_once(' ').unwrap_or((event, ""));
        match first {
            "tick" => Input::Tick,
            "interrupt" => Input::Interrupt,
            "late" => Input::Replied(Ticket(1), Ok(reply(""))),
            "ok" => Input::Replied(self.calls.remove(0), Ok(reply(rest))),
            "lost" | "unsent" => {
                let error = TransportError {
                    sent: first == "lost",
                    detail: "the line is dead".to_owned(),
                };
                Input::Replied(self.calls.remove(0), Err(CallError::NoReply(error)))
            }
            "damaged" => {
                let error = CallError::Malformed {
                    action: "stub",
                    http_status: 200,
                    detail: "no JSON".to_owned(),
                };
                Input::Replied(self.calls.remove(0), Err(error))
            }
            "row" => Input::Looked(self.looks.remove(0), Ok(vec![self.row(rest)])),
            "no" => Input::Looked(self.looks.remove(0), Ok(Vec::new())),
            "blind" => {
                let code = rest.strip_prefix('!').unwrap_or("ServiceUnavailable");
                let error = ReadError::Call {
                    action: "stub",
                    error: Box::new(refusal(code)),
                };
                Input::Looked(self.looks.remove(0), Err(error))
            }
            "acted" => Input::Acted(self.acts.remove(0), Ok(Map::new())),
            "not" => {
                let error = LocalError {
                    path: "key".to_owned(),
                    why: "the disk is full".to_owned(),
                };
                Input::Acted(self.acts.remove(0), Err(error))
            }
            _ => match (event.strip_prefix('!'), event.strip_prefix('+')) {
                (Some(code), _) => Input::Replied(self.calls.remove(0), Err(refusal(code))),
                (_, Some(seconds)) => {
                    let seconds = seconds.parse().expect("seconds");
                    self.now += Duration::from_secs_f64(seconds);
                    Input::Tick
                }
                _ => panic!("unknown event: {event}"),
            },
        }
    }

    /// Returns a row of the step's resource with these attributes.
    fn row(&self, words: &str) -> Row {
        let address = self.machine.plan.steps[self.step].address.to_string();
        let pairs = words
            .split_whitespace()
            .filter_map(|word| word.split_once('='));
        let mut live = row(
            &address,
            &format!("vpc-{address}"),
            &pairs.collect::<Vec<_>>(),
        );
        match words.split(' ').next() {
            Some("nobody") => live.owner = None,
            Some("other") => {
                let owner = live.owner.as_mut().expect("it is owned");
                owner.address = "other".parse().expect("a valid address");
            }
            _ => {}
        }
        Row::Live(Arc::new(live))
    }

    fn command(&mut self, command: Command) -> Option<String> {
        match command {
            Command::Send(ticket, request) => {
                self.calls.push(ticket);
                let sent = format!("send {}", request.action.name);
                let Some(token) = request.param("ClientToken") else {
                    return Some(sent);
                };
                let n = self.tokens.len() + 1;
                let n = *self.tokens.entry(token.to_owned()).or_insert(n);
                Some(format!("{sent} with token {n}"))
            }
            Command::Look(ticket, queries) => {
                self.looks.push(ticket);
                let by_id = queries.iter().all(|query| query.is_by_id());
                let filtered = queries.iter().all(|query| query.unfiltered().is_some());
                let proven = queries.iter().all(|query| query.proof != Proof::Refused);
                let how = match (by_id, filtered) {
                    (true, _) => "look by id",
                    (false, true) => "look by owner",
                    (false, false) => "look at all",
                };
                Some(format!("{how}{}", if proven { ", proven" } else { "" }))
            }
            Command::Act(step, _) => {
                self.acts.push(step);
                Some("act".to_owned())
            }
            Command::Remember(Record::Made { id, .. }) => Some(format!("remember {id} made")),
            Command::Remember(Record::Deleted { id }) => Some(format!("remember {id} deleted")),
            Command::Tell(event) => self.told(&event),
        }
    }

    fn told(&self, event: &Event) -> Option<String> {
        let (step, text) = match event {
            Event::Started { step } => (step, "started".to_owned()),
            Event::Looked { step, status } => {
                let status = status.as_deref().unwrap_or("nothing");
                (step, format!("saw {status}"))
            }
            Event::Again { step, why, after } => (step, format!("again in {after:?}: {why}")),
            Event::Fell { step, code, rung } => (step, format!("fell to {rung}: {code}")),
            Event::Done { step, .. } => (step, "done".to_owned()),
            Event::Failed { step } => {
                let mut failures = self.machine.failures.iter();
                let failure = failures.find(|failure| failure.step == *step)?;
                (step, format!("failed ({:?})", failure.class))
            }
            Event::Skipped { step } => (step, "skipped".to_owned()),
            Event::Stopping => return Some("stopping".to_owned()),
        };
        let other = (step.0 != self.step).then(|| format!("{}: ", step.0));
        Some(other.unwrap_or_default() + &text)
    }
}

fn reply(words: &str) -> Reply {
    let pairs = words
        .split_whitespace()
        .filter_map(|word| word.split_once('='));
    let members = pairs.chain([("RequestId", "r-1")]);
    let members = members.map(|(name, value)| format!("\"{name}\": \"{value}\""));
    let body = format!("{{{}}}", members.collect::<Vec<_>>().join(", ")).into_bytes();
    Reply {
        status: 200,
        request_id: "r-1".to_owned(),
        json: json::parse(body).expect("JSON"),
    }
}

fn refusal(code: &str) -> CallError {
    CallError::Api(Box::new(ApiError {
        action: "stub",
        product: Product::Vpc,
        code: code.to_owned(),
        message: "refused".to_owned(),
        http_status: if code == "ServiceUnavailable" {
            503
        } else {
            400
        },
        request_id: "r-1".to_owned(),
        retry_after: None,
    }))
}
