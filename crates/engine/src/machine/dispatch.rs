//! Dispatch: starts every step that can start, up to the limits, those with the longest remaining
//! path first. Equal calls that can be batched are sent as one.
//!
//! A round unblocks steps, ends pauses and starts the ready steps. Rounds repeat as long as a step
//! ends while it starts; then the looks that are due are sent.
//!
//! Invariant: a call is sent only with a free slot, with its locks held, and within its rate limit.

use std::time::Duration;

use setpoint_openapi::request::Request;
use setpoint_openapi::token;
use setpoint_plan::args;
use setpoint_plan::event::Event;
use setpoint_plan::order::batch_key;
use setpoint_plan::plan::StepId;
use setpoint_plan::procedure::{Act, Args, Call, Each, ItemForm, Look, Token, Wait};
use setpoint_plan::{Encoding, Value};

use crate::machine::pace::FIRST_LOOK;
use crate::machine::{Command, Flight, Machine, Patience, Purpose, State};
use crate::outcome::FailureClass;

/// The age above which an observation is renewed before the first write on a resource.
const OBSERVATION_MAX: Duration = Duration::from_secs(30);

impl Machine {
    /// Advances every step as far as possible at this time.
    pub(super) fn advance(&mut self, now: Duration) {
        loop {
            self.unblock();
            self.wake(now);
            self.pass_over(now);
            self.unblock();
            self.has_left = false;
            self.start(now);
            // A step may end in the moment it starts. Its successors can then start, and so can
            // steps that waited for its lock.
            if !std::mem::take(&mut self.has_left) {
                break;
            }
        }
        self.look(now);
    }

    /// Makes blocked steps ready, or skips those that can never start.
    fn unblock(&mut self) {
        while let Some(at) = self.agenda.next_touched() {
            let after = &self.plan.steps[at].after;
            let all_done = after
                .iter()
                .all(|before| self.states[before.0] == State::Done);
            let lost = after.iter().any(|before| {
                matches!(
                    self.states[before.0],
                    State::Failed | State::Skipped | State::Closed
                )
            });
            let closing = self.closes_open_window(at);
            let goes_on =
                all_done && (!self.interrupted || closing || self.is_look_in_open_window(at));
            if goes_on || (closing && self.closer_is_ready(at)) {
                self.states[at] = State::Ready;
                self.agenda.activate(self.priority[at], at);
            } else if self.can_never_start(at, lost, closing) {
                self.skip(StepId(at));
            }
        }
    }

    fn can_never_start(&self, at: usize, lost: bool, closing: bool) -> bool {
        let opener_over = self.plan.steps[at]
            .step
            .closes
            .is_none_or(|opener| self.states[opener].is_over());
        match (closing, lost) {
            (true, _) => self.closer_is_lost(at),
            (false, true) => opener_over,
            (false, false) => self.interrupted && opener_over && !self.waits_for_open_window(at),
        }
    }

    /// Returns whether the step is a wait in an open window of which no predecessor has ended
    /// without success.
    fn waits_for_open_window(&self, at: usize) -> bool {
        self.is_look_in_open_window(at)
            && self.plan.steps[at].after.iter().all(|before| {
                !self.states[before.0].is_over() || self.states[before.0] == State::Done
            })
    }

    /// Makes steps ready whose pause has elapsed. After an interruption, skips the steps that do
    /// not have to continue.
    fn wake(&mut self, now: Duration) {
        let active: Vec<usize> = self.agenda.active().collect();
        for at in active {
            let over = matches!(self.states[at], State::Pausing { until } if until <= now);
            if over {
                self.states[at] = State::Ready;
            }
            let stopped = self.interrupted
                && !self.closes_open_window(at)
                && !self.is_look_in_open_window(at);
            let idle = matches!(
                self.states[at],
                State::Ready | State::Pausing { .. } | State::Waiting { .. }
            );
            if stopped && idle {
                self.skip(StepId(at));
            }
        }
        self.unblock();
    }

    /// Completes the ready steps that would remove something that the plan needs, without
    /// performing them. This runs before any call is built, so that none of them becomes part of a
    /// batch.
    fn pass_over(&mut self, now: Duration) {
        let is_same = |(one, other): &(Value, Value)| {
            let one = self.resolve(one);
            one.refs().is_empty() && one == self.resolve(other)
        };
        let is_moot = |at: &usize| {
            let mut unless = self.plan.steps[*at].step.unless.iter();
            self.states[*at] == State::Ready && unless.any(is_same)
        };
        let moot: Vec<usize> = self.agenda.active().filter(is_moot).collect();
        for at in moot {
            self.done(now, StepId(at));
        }
    }

    fn start(&mut self, now: Duration) {
        let is_ready = |at: &usize| self.states[*at] == State::Ready;
        let ready: Vec<usize> = self.agenda.active().filter(is_ready).collect();
        for at in ready {
            if self.states[at] == State::Ready {
                self.start_step(now, StepId(at));
            }
        }
    }

    fn start_step(&mut self, now: Duration, step: StepId) {
        let plan = self.plan.clone();
        let is_wait = matches!(plan.steps[step.0].step.act, Act::Wait(_));
        if !is_wait && self.calls_under_way() >= self.settings.parallelism.max(1) {
            return;
        }
        let unsure = plan.steps[step.0].step.as_call().is_some() && self.needs_recheck(now, step);
        if unsure && self.is_being_rechecked(step) {
            return;
        }
        let locks: Vec<Value> = plan.steps[step.0]
            .step
            .locks
            .iter()
            .map(|lock| self.resolve(lock))
            .collect();
        if !self.locks.take(&plan, step, &locks) {
            return;
        }
        match &plan.steps[step.0].step.act {
            Act::Local(act) => {
                self.states[step.0] = State::Acting;
                self.tell_started(step);
                self.out.push(Command::Act(step, act.clone()));
            }
            Act::Wait(wait) => {
                self.tell_started(step);
                self.start_wait(now, step, wait);
            }
            Act::Call(_) if unsure => self.states[step.0] = State::Rechecking { due: Some(now) },
            Act::Call(call) => self.send(now, step, call),
        }
    }

    /// Starts a wait. If the current input has shown its row, the wait begins with that row: the
    /// look that proves that a new resource is ours is also the first look of its wait.
    fn start_wait(&mut self, now: Duration, step: StepId, wait: &Wait) {
        let own = &self.plan.steps[step.0];
        let is_live = own.live_id.is_some();
        let patience = Patience {
            since: now,
            seen: is_live,
            moved: false,
            undone_since: None,
        };
        let id = self.id_of(own);
        let shown = self.shown.get(&own.address).cloned();
        let shown = shown.filter(|row| wait.look == Look::Own && id.as_ref() == Some(&row.id));
        let due = Some(now + FIRST_LOOK);
        self.states[step.0] = State::Waiting { due, patience };
        self.history[step.0].looked_at = now;
        if let Some(row) = shown {
            self.waited(now, step, Some(row), patience);
        }
        // A new resource may still be missing from the next answer.
        if let State::Waiting { patience, .. } = &mut self.states[step.0] {
            patience.seen = is_live;
        }
    }

    fn tell_started(&mut self, step: StepId) {
        self.out.push(Command::Tell(Event::Started { step }));
    }

    fn calls_under_way(&self) -> usize {
        self.flights
            .values()
            .filter(|flight| matches!(flight.purpose, Purpose::Call { .. }))
            .count()
    }

    /// Returns whether the step is about to make the first write on a live resource, based on an
    /// old observation.
    fn needs_recheck(&self, now: Duration, step: StepId) -> bool {
        let old = now + self.settings.observed_before > OBSERVATION_MAX;
        old && self.plan.steps[step.0].live_id.is_some() && !self.history[step.0].rechecked
    }

    /// Returns whether another step of the same change is reading the resource to recheck it. Its
    /// result counts for all steps of the change.
    fn is_being_rechecked(&self, step: StepId) -> bool {
        let change = self.plan.steps[step.0].change;
        let mut own = self.index.of_change(change).iter();
        own.any(|other| matches!(self.states[*other], State::Rechecking { .. }))
    }

    /// Marks all steps of the change as rechecked, after one of them compared the resource or wrote
    /// to it: from now on, differences come from this run.
    pub(super) fn trust(&mut self, step: StepId) {
        let change = self.plan.steps[step.0].change;
        for other in self.index.of_change(change) {
            self.history[*other].rechecked = true;
        }
    }

    fn send(&mut self, now: Duration, step: StepId, call: &Call) {
        let region = self.plan.site.region.clone();
        if let Err(wait) = self.limits.bucket(call.api, &region, now).take(now) {
            self.states[step.0] = State::Pausing { until: now + wait };
            return;
        }
        let steps = self.batch(now, step, call);
        match self.request(&steps, call) {
            Ok((request, sent)) => {
                for step in &steps {
                    let history = &mut self.history[step.0];
                    history.tries += 1;
                    history.first_sent.get_or_insert(now);
                    self.states[step.0] = State::Sent;
                    if self.history[step.0].tries == 1 {
                        self.tell_started(*step);
                    }
                    self.trust(*step);
                }
                self.tally.calls += 1;
                let purpose = Purpose::Call {
                    request: request.clone(),
                    sent,
                };
                let ticket = self.ticket(Flight { steps, purpose });
                self.out.push(Command::Send(ticket, request));
            }
            Err(why) => {
                let failure = self.failure(
                    step,
                    FailureClass::Local,
                    format!("{} cannot be called: {why}", call.api.name),
                );
                self.fail(now, step, failure);
            }
        }
    }

    /// Returns the ready steps whose calls are sent as one with this step's call, itself included.
    fn batch(&self, now: Duration, step: StepId, call: &Call) -> Vec<StepId> {
        let Some(each) = call.each.filter(|_| !self.history[step.0].alone) else {
            return vec![step];
        };
        let key = |call: &Call| {
            batch_key(call).map(|(api, args)| {
                (
                    api.name,
                    args.iter()
                        .map(|(name, value)| (*name, self.resolve(value)))
                        .collect::<Vec<_>>(),
                )
            })
        };
        let own = key(call);
        let fits = |at: &usize| {
            *at == step.0
                || (self.states[*at] == State::Ready
                    && !self.history[*at].alone
                    && !self.needs_recheck(now, StepId(*at))
                    && self.plan.steps[*at].step.locks.is_empty()
                    && self.plan.steps[*at]
                        .step
                        .as_call()
                        .is_some_and(|other| other.each.is_some() && key(other) == own))
        };
        let mut steps: Vec<StepId> = self.agenda.active().filter(fits).map(StepId).collect();
        // A batch may be truncated to the most items of one call, but must contain the step itself.
        steps.sort_by_key(|other| (*other != step, other.0));
        steps.truncate(each.max.max(1));
        steps.sort_unstable();
        steps
    }

    /// Returns the request, and its parameters as the outcome records them.
    fn request(
        &mut self,
        steps: &[StepId],
        call: &Call,
    ) -> Result<(Request, Vec<(String, String)>), String> {
        let lead = steps[0];
        let rung = self.history[lead.0]
            .rung
            .min(call.rungs.len().saturating_sub(1));
        let mut sent: Args = call.rungs.get(rung).cloned().unwrap_or_default();
        if let Some(each) = call.each {
            let items: Vec<Value> = steps
                .iter()
                .filter_map(|step| self.item(*step, each))
                .collect();
            let position = sent
                .iter()
                .position(|(name, _)| *name == each.item)
                .unwrap_or(sent.len());
            sent.retain(|(name, _)| *name != each.item);
            sent.insert(position.min(sent.len()), (each.item, joined(each, items)));
        }
        let known = |reference: &setpoint_plan::Ref| self.value_of(reference);
        let recorded = recorded(&sent, &known);
        let mut arguments = args::arguments(&sent, &known).map_err(|error| error.to_string())?;
        if let Some(token) = self.token(steps, call) {
            arguments.push((
                "ClientToken".to_owned(),
                setpoint_openapi::flatten::Arg::Text(token),
            ));
        }
        let request = Request::new(call.api, self.plan.site.region.as_str(), &arguments)
            .map_err(|error| error.to_string())?;
        Ok((request, recorded))
    }

    fn item(&self, step: StepId, each: Each) -> Option<Value> {
        let call = self.plan.steps[step.0].step.as_call()?;
        call.rungs
            .first()?
            .iter()
            .find(|(name, _)| *name == each.item)
            .map(|(_, value)| value.clone())
    }

    /// Returns the client token of a create call. It is derived from the identity, the address, the
    /// incarnation, the attempt and the rung, never from parameters.
    pub(super) fn create_token(&self, step: StepId) -> String {
        let own = &self.plan.steps[step.0];
        let history = &self.history[step.0];
        let numbers = [
            own.incarnation,
            history.attempt,
            u32::try_from(history.rung).unwrap_or(u32::MAX),
        ]
        .map(|n| n.to_string());
        let action = own.step.as_call().map_or("", |call| call.api.name);
        let (site, stack, address) = (&self.plan.site, &self.plan.stack, own.address.to_string());
        let scope = [
            "setpoint-create-1",
            &site.account,
            &site.region,
            stack,
            own.kind,
            action,
            &address,
        ];
        token::derive(
            &scope
                .into_iter()
                .chain(numbers.iter().map(String::as_str))
                .collect::<Vec<_>>(),
        )
    }

    /// Returns the client token of a call. Creates derive it; other calls draw it and keep it for
    /// all tries of the same call.
    fn token(&mut self, steps: &[StepId], call: &Call) -> Option<String> {
        let lead = steps[0];
        match call.token {
            Token::Absent => None,
            Token::Create => Some(self.create_token(lead)),
            Token::Fresh => {
                let kept = self.history[lead.0]
                    .token
                    .clone()
                    .filter(|(_, drawn_for)| drawn_for == steps);
                let token = kept.map_or_else(|| token::fresh(&(self.nonces)()), |(token, _)| token);
                for step in steps {
                    self.history[step.0].token = Some((token.clone(), steps.to_vec()));
                }
                Some(token)
            }
        }
    }
}

fn joined(each: Each, items: Vec<Value>) -> Value {
    match each.form {
        ItemForm::Indexed => Value::List(items),
        ItemForm::JsonArray => Value::Encode(Encoding::Json, Box::new(Value::List(items))),
    }
}

/// Returns the parameters as the outcome records them, with secret values blanked.
fn recorded(
    sent: &Args,
    known: &dyn Fn(&setpoint_plan::Ref) -> Option<Value>,
) -> Vec<(String, String)> {
    let blank = |value: &Value| {
        if value.has_secret() {
            Value::text("(sensitive value)")
        } else {
            value.clone()
        }
    };
    let shown: Args = sent
        .iter()
        .map(|(name, value)| (*name, blank(&args::resolve(value, known))))
        .collect();
    args::arguments(&shown, known)
        .map(|arguments| setpoint_openapi::flatten::flatten(&arguments))
        .unwrap_or_default()
}
