//! Apply as a pure machine: `step(now, input) -> commands`.
//!
//! It has no clock, sends nothing and awaits nothing: time comes in with each input, and commands
//! go out as data. So every interleaving of replies, losses, lags and interruptions can be tried
//! without a network.
//!
//! # Algorithm
//!
//! Each step of the plan is in one [`State`]. An input belongs to one call or look and moves the
//! steps that asked for it; then the machine *advances*: steps whose predecessors are done become
//! ready, pauses that are over end, ready steps start in the order of their remaining path, and
//! looks that are due go out, those at one kind as one read. A create is done only once a read by
//! id has shown its resource as ours; that read is the first look of the wait behind it as well.
//!
//! # Expected flow
//!
//! [`Machine::new`], then one [`Machine::step`] for each thing that happened, and a
//! [`Input::Tick`] at [`Machine::wake_at`], until [`Machine::is_done`].
//!
//! # Guarantees
//!
//! - A step starts when its last predecessor is done, the longest remaining path first.
//! - A failure stops only what depends on it.
//! - A window that was opened is closed, after a failure and on interruption too.
//! - No absence is concluded from a single look.
//! - A wait takes no slot among the calls that may be under way.
//!
//! # Assumptions
//!
//! `now` never goes back.
//!
//! # Cost
//!
//! An input costs the steps that are under way, not those of the whole plan: steps are looked up by
//! change and by predecessor ([`index`]).
//!
//! # Example
//!
//! `CreateVpc` is answered with an id: the step is verifying, with a look due in half a second. The
//! look shows the row with our tags, `Pending`: the create is done, and the wait behind it has seen
//! its first row. A second later the row is `Available`: the wait is done, and `CreateVSwitch` is
//! sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use setpoint_openapi::error::CallError;
use setpoint_openapi::limit::Limits;
use setpoint_openapi::reply::Reply;
use setpoint_openapi::request::Request;
use setpoint_plan::event::{Event, Tally};
use setpoint_plan::kind::Row;
use setpoint_plan::live::Live;
use setpoint_plan::plan::{Half, Plan, PlanStep, StepId};
use setpoint_plan::procedure::{Local, Token};
use setpoint_plan::registry::Registry;
use setpoint_plan::view::Query;
use setpoint_plan::{Address, Map, Ref, Value};

use crate::local::{Deleted, LocalError, Record};
use crate::outcome::{Failure, FailureClass, NotStarted, Outcome, Write};
use crate::pages::ReadError;

mod dispatch;
mod index;
mod locks;
mod looks;
mod pace;
mod reason;
mod recheck;
mod refusals;
mod replies;
mod start;
mod state;
mod waits;
mod windows;

use index::{Agenda, Index};
use locks::Locks;
use looks::KindLook;
use start::{first_known, priorities};
use state::{Doubt, Flight, History, Patience, Purpose, Search, State};

/// Which call or look an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// A call was answered, or was not.
    Replied(Ticket, Result<Reply, CallError>),
    /// A look was answered: the rows of its queries.
    Looked(Ticket, Result<Vec<Row>, ReadError>),
    /// An act on this machine is over.
    Acted(StepId, Result<Map, LocalError>),
    /// The time that was asked for has come.
    Tick,
    /// Stop starting things.
    Interrupt,
}

/// What is to be done.
#[derive(Debug)]
pub enum Command {
    /// Make this call, once.
    Send(Ticket, Request),
    /// Read these queries.
    Look(Ticket, Vec<Query>),
    /// Do this on this machine.
    Act(StepId, Local),
    /// Tell this.
    Tell(Event),
    /// Remember this over runs.
    Remember(Record),
}

/// Settings of a machine. Times are the cloud's.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many calls may be under way at once.
    pub parallelism: usize,
    /// How long a resource that was just made may stay unseen before it counts as dead.
    pub visibility: Duration,
    /// How old the observation is that the plan was made from.
    pub observed_before: Duration,
}

/// The machine.
pub struct Machine {
    plan: Arc<Plan>,
    registry: Registry,
    settings: Settings,
    states: Vec<State>,
    history: Vec<History>,
    priority: Vec<u64>,
    index: Index,
    agenda: Agenda,
    /// Whether a step has ended since the last round of starts began.
    has_left: bool,
    known: BTreeMap<Address, Map>,
    /// What this run and earlier ones deleted: an answer with one of these ids needs no waiting to
    /// be proven stale.
    deleted: Deleted,
    locks: Locks,
    limits: Limits,
    flights: BTreeMap<Ticket, Flight>,
    next_ticket: u64,
    /// When each half of a change last let go of what its live row used.
    released: BTreeMap<(usize, Half), Duration>,
    interrupted: bool,
    interrupted_at: Duration,
    nonces: Box<dyn FnMut() -> String + Send>,
    tally: Tally,
    failures: Vec<Failure>,
    writes: Vec<Write>,
    opened: BTreeMap<usize, Duration>,
    down: BTreeMap<Address, Duration>,
    /// The last look at each kind.
    looked: BTreeMap<&'static str, KindLook>,
    /// The rows that the present look has shown.
    shown: BTreeMap<Address, Live>,
    finished_at: Duration,
    out: Vec<Command>,
}

impl Machine {
    /// A machine for this plan. `nonces` gives fresh tokens and chance.
    #[must_use]
    pub fn new(
        plan: Arc<Plan>,
        registry: Registry,
        settings: Settings,
        nonces: Box<dyn FnMut() -> String + Send>,
    ) -> Self {
        let n = plan.steps.len();
        let known = first_known(&plan, registry);
        let priority = priorities(&plan);
        Self {
            known,
            priority,
            index: Index::of(&plan),
            agenda: Agenda::all(n),
            has_left: false,
            registry,
            settings,
            states: vec![State::Blocked; n],
            history: vec![History::default(); n],
            deleted: Deleted::default(),
            locks: Locks::default(),
            limits: Limits::default(),
            flights: BTreeMap::new(),
            next_ticket: 0,
            released: BTreeMap::new(),
            interrupted: false,
            interrupted_at: Duration::ZERO,
            nonces,
            tally: Tally {
                total: n,
                ..Tally::default()
            },
            failures: Vec::new(),
            writes: Vec::new(),
            opened: BTreeMap::new(),
            down: BTreeMap::new(),
            looked: BTreeMap::new(),
            shown: BTreeMap::new(),
            finished_at: Duration::ZERO,
            out: Vec::new(),
            plan,
        }
    }

    /// Tells it what earlier runs deleted.
    #[must_use]
    pub fn with_deleted(mut self, deleted: Deleted) -> Self {
        self.deleted = deleted;
        self
    }

    /// Takes in what happened and says what to do.
    pub fn step(&mut self, now: Duration, input: Input) -> Vec<Command> {
        match input {
            Input::Replied(ticket, result) => self.on_reply(now, ticket, result),
            Input::Looked(ticket, result) => self.on_look(now, ticket, result),
            Input::Acted(step, result) => self.on_act(now, step, result),
            Input::Tick => {}
            Input::Interrupt => self.on_interrupt(now),
        }
        self.advance(now);
        self.shown.clear();
        std::mem::take(&mut self.out)
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.flights.is_empty() && self.agenda.is_over()
    }

    /// When to come back if nothing happens before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        let active = self.agenda.active();
        active.filter_map(|at| self.states[at].due()).min()
    }

    /// How far it is.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Counts calls that reads took, beside those the machine sends itself.
    pub fn count_reads(&mut self, calls: usize) {
        self.tally.calls += calls;
    }

    /// The result so far.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let outputs = self
            .plan
            .outputs
            .iter()
            .map(|(name, output)| (name.clone(), self.output(&output.value)))
            .collect();
        let made = self
            .plan
            .changes
            .iter()
            .filter(|change| change.after.is_some());
        let id = |address: &Address| {
            self.known
                .get(address)?
                .get("id")?
                .as_text()
                .map(ToOwned::to_owned)
        };
        Outcome {
            summary: self.summary(),
            failed: self.failures.clone(),
            not_started: self.not_started(),
            interrupted: self.interrupted && !self.states.iter().all(|state| *state == State::Done),
            tally: self.tally,
            elapsed: self.finished_at,
            down: self.down.clone(),
            outputs,
            ids: made
                .filter_map(|change| Some((change.address.clone(), id(&change.address)?)))
                .collect(),
            writes: self.writes.clone(),
        }
    }

    fn summary(&self) -> setpoint_plan::plan::Summary {
        use setpoint_plan::change::ChangeAction;
        let mut summary = setpoint_plan::plan::Summary::default();
        for (at, change) in self.plan.changes.iter().enumerate() {
            let half_done = |half: Half| {
                let own = self.index.of_change(at).iter();
                let mut own = own
                    .filter(|step| self.plan.steps[**step].half == half)
                    .peekable();
                own.peek().is_some() && own.all(|step| self.states[*step] == State::Done)
            };
            summary.add += usize::from(change.creates() && half_done(Half::Up));
            summary.destroy += usize::from(change.deletes() && half_done(Half::Down));
            let changes = matches!(
                change.action,
                ChangeAction::Update | ChangeAction::Adopt | ChangeAction::Forget
            );
            summary.change += usize::from(changes && half_done(Half::Up));
            summary.kept += usize::from(change.action == ChangeAction::Keep);
        }
        summary
    }

    fn not_started(&self) -> Vec<NotStarted> {
        let failed: BTreeSet<&Address> = self
            .failures
            .iter()
            .map(|failure| &failure.address)
            .collect();
        let is_idle =
            |state: &State| matches!(state, State::Skipped | State::Blocked | State::Ready);
        let steps = self.plan.steps.iter().zip(&self.states);
        let idle: BTreeSet<&Address> = steps
            .filter(|(_, state)| is_idle(state))
            .map(|(step, _)| &step.address)
            .collect();
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for step in &self.plan.steps {
            if failed.contains(&step.address)
                || !idle.contains(&step.address)
                || !seen.insert(step.address.clone())
            {
                continue;
            }
            found.push(NotStarted {
                address: step.address.clone(),
                needs: self.failed_before(&step.address),
            });
        }
        found
    }

    /// The failed resources that an address waits for, directly or not.
    fn failed_before(&self, address: &Address) -> Vec<Address> {
        let own = (0..self.plan.steps.len()).filter(|at| self.plan.steps[*at].address == *address);
        let mut todo: Vec<usize> = own.collect();
        let mut seen: BTreeSet<usize> = todo.iter().copied().collect();
        let mut found = BTreeSet::new();
        while let Some(at) = todo.pop() {
            if self.states[at] == State::Failed {
                found.insert(self.plan.steps[at].address.clone());
            }
            todo.extend(
                self.plan.steps[at]
                    .after
                    .iter()
                    .map(|before| before.0)
                    .filter(|before| seen.insert(*before)),
            );
        }
        found.into_iter().collect()
    }

    // What is known.

    fn value_of(&self, reference: &Ref) -> Option<Value> {
        self.known
            .get(&reference.address)?
            .get(&reference.attr)
            .filter(|value| **value != Value::Null)
            .cloned()
    }

    fn resolve(&self, value: &Value) -> Value {
        setpoint_plan::args::resolve(value, &|reference| self.value_of(reference))
    }

    /// The value of an output. An attribute that a resource does not have any more is nothing.
    fn output(&self, value: &Value) -> Value {
        let seen = |reference: &Ref| {
            let attrs = self.known.get(&reference.address)?;
            attrs.get(&reference.attr).cloned()
        };
        setpoint_plan::args::resolve(value, &seen)
    }

    /// The id of the resource that a step is about, if it is known.
    fn id_of(&self, step: &PlanStep) -> Option<String> {
        match &step.live_id {
            Some(id) => Some(id.clone()),
            None => self
                .known
                .get(&step.address)?
                .get("id")?
                .as_text()
                .map(ToOwned::to_owned),
        }
    }

    fn learn(&mut self, step: StepId, attrs: Map) {
        let PlanStep { address, half, .. } = &self.plan.steps[step.0];
        // What is about to be taken away must not stand in for its successor.
        if *half == Half::Up {
            self.known.entry(address.clone()).or_default().extend(attrs);
        }
    }

    /// What a row shows, and what it does not show any more.
    fn learn_row(&mut self, step: StepId, row: Live) {
        let kind = self.registry.known(self.plan.steps[step.0].kind);
        let listed = kind.rows().into_iter().filter(|row| row.field.is_listed());
        let mut seen: Map = listed.map(|row| (row.attr, Value::Null)).collect();
        seen.insert("id".to_owned(), Value::text(&row.id));
        seen.extend(row.attrs.clone());
        self.learn(step, seen);
        let address = self.plan.steps[step.0].address.clone();
        self.shown.insert(address, row);
    }

    // Ends of steps.

    fn done(&mut self, now: Duration, step: StepId) {
        if self.states[step.0].is_over() {
            return;
        }
        self.states[step.0] = if self.closes_in_vain(step) {
            State::Closed
        } else {
            State::Done
        };
        self.tally.done += 1;
        self.finished_at = now;
        self.note_windows(now, step);
        let plan_step = &self.plan.steps[step.0];
        if plan_step.live_id.is_some() && (plan_step.half == Half::Down || plan_step.pivot) {
            self.released
                .insert((plan_step.change, plan_step.half), now);
        }
        self.leave(step);
        let id = self.id_of(&self.plan.steps[step.0]);
        self.remember(step, id.clone());
        self.out.push(Command::Tell(Event::Done { step, id }));
    }

    /// Notes for later runs that a resource was made, or that no step of its deletion is left.
    fn remember(&mut self, step: StepId, id: Option<String>) {
        let Some(id) = id else { return };
        let own = &self.plan.steps[step.0];
        let steps = self.index.of_change(own.change).iter();
        let mut half = steps.filter(|other| self.plan.steps[**other].half == own.half);
        let record = if own
            .step
            .as_call()
            .is_some_and(|call| call.token == Token::Create)
        {
            Record::Made {
                token: self.create_token(step),
                id,
            }
        } else if own.half == Half::Down
            && self.plan.changes[own.change].deletes()
            && half.all(|other| self.states[*other] == State::Done)
        {
            Record::Deleted { id }
        } else {
            return;
        };
        self.deleted.add(record.clone());
        self.out.push(Command::Remember(record));
    }

    fn fail(&mut self, now: Duration, step: StepId, failure: Failure) {
        if self.states[step.0].is_over() {
            return;
        }
        self.states[step.0] = State::Failed;
        self.finished_at = now;
        self.failures.push(failure);
        self.leave(step);
        self.out.push(Command::Tell(Event::Failed { step }));
    }

    fn skip(&mut self, step: StepId) {
        self.states[step.0] = State::Skipped;
        self.leave(step);
        self.out.push(Command::Tell(Event::Skipped { step }));
    }

    /// Ends a step: releases its locks, and wakes the steps that it affects.
    fn leave(&mut self, step: StepId) {
        let own = self.index.of_change(self.plan.steps[step.0].change);
        self.locks.leave(&self.plan, step, own, &self.states);
        let priority = self.priority[step.0];
        self.agenda.end(&self.index, &self.plan, priority, step);
        self.has_left = true;
    }

    fn failure(&self, step: StepId, class: FailureClass, message: String) -> Failure {
        let plan_step = &self.plan.steps[step.0];
        Failure {
            step,
            address: plan_step.address.clone(),
            action: plan_step.step.as_call().map(|call| call.api.name),
            code: None,
            http_status: None,
            request_id: None,
            message,
            attempt: self.history[step.0].tries.max(1),
            class,
        }
    }

    fn on_act(&mut self, now: Duration, step: StepId, result: Result<Map, LocalError>) {
        match result {
            Ok(attrs) => {
                self.learn(step, attrs);
                self.done(now, step);
            }
            Err(error) => {
                let failure = self.failure(step, FailureClass::Local, error.to_string());
                self.fail(now, step, failure);
            }
        }
    }

    fn on_interrupt(&mut self, now: Duration) {
        if !self.interrupted {
            self.interrupted = true;
            self.interrupted_at = now;
            self.agenda.touch_all();
            self.out.push(Command::Tell(Event::Stopping));
        }
    }

    fn ticket(&mut self, flight: Flight) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.flights.insert(ticket, flight);
        ticket
    }

    /// A number from 0 to 1.
    fn chance(&mut self) -> f64 {
        crate::pages::fraction(&(self.nonces)())
    }
}

#[cfg(test)]
mod tests;
