//! Apply as a pure state machine: `step(now, input) -> commands`.
//!
//! It has no clock and performs no I/O: time comes in with each input, and commands go out as data.
//! So every interleaving of replies, lost replies, lags and interruptions can be tested without a
//! network.
//!
//! # Algorithm
//!
//! Each step of the plan is in one [`State`]. An input is the result of one call or one *look*, a
//! read of live rows that some steps need. It changes the states of those steps; then the machine
//! *advances*: steps whose predecessors are done become ready, pauses that have elapsed end, ready
//! steps start in the order of their remaining path, and looks that are due are sent, those at one
//! kind as one read. A create is done only after a read by id has shown the resource with our tags;
//! that read is also the first look of the wait behind it.
//!
//! # Expected flow
//!
//! [`Machine::new`], then one [`Machine::step`] for each event, and an [`Input::Tick`] at
//! [`Machine::wake_at`], until [`Machine::is_done`]. The driver performs the commands that each
//! step returns, and reports each result as an input.
//!
//! # Guarantees
//!
//! - A step starts when its last predecessor is done, within the limits of parallelism, locks and
//!   rates. The step with the longest remaining path starts first.
//! - A failure stops only the steps that depend on it.
//! - A window that was opened is closed, also after a failure and after an interruption.
//! - Nothing is concluded from an absence that a single look shows.
//! - A wait does not count towards the limit of calls in flight.
//!
//! # Assumptions
//!
//! `now` never decreases.
//!
//! # Cost
//!
//! An input costs time in proportion to the steps that are active, not to the size of the plan:
//! steps are looked up by change and by predecessor ([`index`]).
//!
//! # Example
//!
//! `CreateVpc` returns an id: the step is verifying, with a look due in half a second. The look
//! shows the row with our tags and the status `Pending`: the create is done, and the wait behind it
//! has seen its first row. A second later the row is `Available`: the wait is done, and
//! `CreateVSwitch` is sent.

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

/// The identity of a call or look in flight, by which its result is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// An event that the machine reacts to.
#[derive(Debug)]
pub enum Input {
    /// The result of a call.
    Replied(Ticket, Result<Reply, CallError>),
    /// The result of a look: the rows of all its queries.
    Looked(Ticket, Result<Vec<Row>, ReadError>),
    /// The result of a local act: the attributes that it yields.
    Acted(StepId, Result<Map, LocalError>),
    /// The time of [`Machine::wake_at`] has come.
    Tick,
    /// Stop starting steps, except those that belong to an open window.
    Interrupt,
}

/// An action that the driver must perform.
#[derive(Debug)]
pub enum Command {
    /// Send this request, once.
    Send(Ticket, Request),
    /// Read all pages of these queries.
    Look(Ticket, Vec<Query>),
    /// Perform this local act of the step.
    Act(StepId, Local),
    /// Report this event to the listener.
    Tell(Event),
    /// Record this for later runs.
    Remember(Record),
}

/// Settings of a machine. All times are cloud time.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The largest number of write calls in flight; 0 counts as 1.
    pub parallelism: usize,
    /// The visibility window: how long a new resource may be missing from answers before it counts
    /// as gone.
    pub visibility: Duration,
    /// The age, at the start of the run, of the observation that the plan was made from.
    pub observed_before: Duration,
}

/// The state of one apply.
pub struct Machine {
    plan: Arc<Plan>,
    registry: Registry,
    settings: Settings,
    states: Vec<State>,
    history: Vec<History>,
    priority: Vec<u64>,
    index: Index,
    agenda: Agenda,
    /// Whether a step has ended since the current round of starts began.
    has_left: bool,
    known: BTreeMap<Address, Map>,
    /// Resources that this run or an earlier one deleted. An answer with one of these ids is stale
    /// for certain, so no visibility window has to pass.
    deleted: Deleted,
    locks: Locks,
    limits: Limits,
    flights: BTreeMap<Ticket, Flight>,
    next_ticket: u64,
    /// The last time at which a half of a change completed a step that may release resources that
    /// its live row uses: any step that deletes, or the pivot of an update.
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
    /// The rows that the current input has shown.
    shown: BTreeMap<Address, Live>,
    finished_at: Duration,
    out: Vec<Command>,
}

impl Machine {
    /// Creates a machine for this plan, with all steps blocked. `nonces` returns a new random text
    /// at each call, for client tokens and for the jitter of retries.
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

    /// Adds the resources that earlier runs deleted.
    #[must_use]
    pub fn with_deleted(mut self, deleted: Deleted) -> Self {
        self.deleted = deleted;
        self
    }

    /// Processes an event and returns the commands that follow from it.
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

    /// Returns whether nothing is in flight and every step has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.flights.is_empty() && self.agenda.is_over()
    }

    /// Returns the time of the next [`Input::Tick`], if no other event comes first.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        let active = self.agenda.active();
        active.filter_map(|at| self.states[at].due()).min()
    }

    /// Returns the progress so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Adds read calls to the progress. The machine counts only the write calls that it sends
    /// itself.
    pub fn count_reads(&mut self, calls: usize) {
        self.tally.calls += calls;
    }

    /// Returns the result so far.
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

    /// Returns the failed resources that the address depends on, directly or indirectly.
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

    // Known attributes.

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

    /// Returns the value of an output. An attribute that the resource no longer has is null.
    fn output(&self, value: &Value) -> Value {
        let seen = |reference: &Ref| {
            let attrs = self.known.get(&reference.address)?;
            attrs.get(&reference.attr).cloned()
        };
        setpoint_plan::args::resolve(value, &seen)
    }

    /// Returns the id of the step's resource, if it is known.
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
        // The attributes of a resource that is about to be deleted must not hide its successor's.
        if *half == Half::Up {
            self.known.entry(address.clone()).or_default().extend(attrs);
        }
    }

    /// Records the attributes of a row. A listed field that the row does not have becomes null.
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

    /// Records for later runs that a resource was created, or that all steps of its deletion are
    /// done.
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

    /// Releases the locks of a step that has ended, and schedules the steps that its end affects.
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

    /// Returns a random number from 0 to 1.
    fn chance(&mut self) -> f64 {
        crate::pages::fraction(&(self.nonces)())
    }
}

#[cfg(test)]
mod tests;
