//! Looks: reads that waits, verifications and doubts need. All of a kind that are due soon share one read by ids.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use setpoint_openapi::error::CallError;
use setpoint_plan::kind::{Query, Row};
use setpoint_plan::live::Live;
use setpoint_plan::plan::{PlanStep, StepId};
use setpoint_plan::procedure::{Absent, Act, Cond, Look, Wait};
use setpoint_plan::rows::{self, Whose};
use setpoint_plan::{Map, Value};

use crate::event::Event;
use crate::machine::{Command, Doubt, Flight, Machine, Patience, Purpose, State, Ticket};
use crate::outcome::FailureClass;
use crate::pages::ReadError;

/// How often a wait looks, once it has begun to.
const INTERVAL: Duration = Duration::from_millis(1500);

/// What one look is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Row(&'static str, String),
    Query(StepId),
}

impl Machine {
    /// Sends the looks that are due, each kind's as one.
    pub(super) fn look(&mut self, now: Duration) {
        let due: BTreeSet<usize> =
            (0..self.states.len()).filter(|at| self.states[*at].due().is_some_and(|due| self.is_looking(*at) && due <= now)).collect();
        if due.is_empty() {
            return;
        }
        let mut by_kind: BTreeMap<&'static str, (Vec<StepId>, BTreeSet<String>)> = BTreeMap::new();
        let mut asked: Vec<(StepId, Query)> = Vec::new();
        let soon = now + INTERVAL / 2;
        let kinds: BTreeSet<&'static str> =
            due.iter().filter_map(|at| self.target(StepId(*at))).filter_map(|target| target.kind()).collect();
        let looking: Vec<usize> = (0..self.states.len()).filter(|at| self.is_looking(*at)).collect();
        for at in looking {
            match self.target(StepId(at)) {
                Some(Target::Row(kind, id)) if kinds.contains(kind) && self.states[at].due().is_some_and(|due| due <= soon) => {
                    let entry = by_kind.entry(kind).or_default();
                    entry.0.push(StepId(at));
                    entry.1.insert(id);
                }
                Some(Target::Query(step)) if due.contains(&at) => asked.extend(self.own_query(step).map(|query| (step, query))),
                None if due.contains(&at) => self.lose_sight(now, StepId(at)),
                _ => {}
            }
        }
        for (kind, (steps, ids)) in by_kind {
            let ids: Vec<String> = ids.into_iter().collect();
            let queries = self.registry.known(kind).poll(&self.plan.site, &ids);
            self.send_look(steps, queries);
        }
        for (step, query) in asked {
            self.send_look(vec![step], vec![query]);
        }
    }

    fn send_look(&mut self, steps: Vec<StepId>, queries: Vec<Query>) {
        for step in &steps {
            self.states[step.0].set_due(None);
        }
        let ticket = self.ticket(Flight { steps, purpose: Purpose::Look });
        self.out.push(Command::Look(ticket, queries));
    }

    fn is_looking(&self, at: usize) -> bool {
        use State::{Judging, Rechecking, Searching, Verifying, Waiting};
        matches!(self.states[at], Rechecking { .. } | Verifying { .. } | Searching { .. } | Judging { .. } | Waiting { .. })
    }

    fn target(&self, step: StepId) -> Option<Target> {
        let own = &self.plan.steps[step.0];
        if matches!(self.states[step.0], State::Searching { .. }) {
            return Some(Target::Query(step));
        }
        match &own.step.act {
            Act::Wait(Wait { look: Look::Ask(_), .. }) => Some(Target::Query(step)),
            Act::Wait(Wait { look: Look::Other(kind, id), .. }) => self.resolve(id).as_text().map(|id| Target::Row(kind, id.to_owned())),
            Act::Wait(_) | Act::Call(_) | Act::Local(_) => self.id_of(own).map(|id| Target::Row(own.kind, id)),
        }
    }

    fn own_query(&self, step: StepId) -> Option<Query> {
        let own = &self.plan.steps[step.0];
        if matches!(self.states[step.0], State::Searching { .. }) {
            return Some(self.registry.known(own.kind).list(&self.plan.site, &self.plan.stack));
        }
        match &own.step.act {
            Act::Wait(Wait { look: Look::Ask(query), .. }) => Some(query.clone()),
            Act::Wait(_) | Act::Call(_) | Act::Local(_) => None,
        }
    }

    /// A look without an id to look for: nothing can be seen, so nothing was made.
    fn lose_sight(&mut self, now: Duration, step: StepId) {
        match self.states[step.0].clone() {
            State::Judging { after, .. } => self.judged(now, step, None, *after),
            _ => {
                let failure = self.failure(step, FailureClass::Unknown, "there is no id to look for".to_owned());
                self.fail(now, step, failure);
            }
        }
    }

    pub(super) fn on_look(&mut self, now: Duration, ticket: Ticket, result: Result<Vec<Row>, ReadError>) {
        let Some(flight) = self.flights.remove(&ticket) else { return };
        match result {
            Ok(rows) => {
                for step in flight.steps {
                    if matches!(self.states[step.0], State::Searching { .. }) {
                        self.searched(now, step, &rows);
                        continue;
                    }
                    let row = self.find(step, &rows);
                    self.seen(now, step, row);
                }
            }
            Err(error) => {
                for step in flight.steps {
                    self.blind(now, step, &error);
                }
            }
        }
    }

    /// The row that a step looks for. The answer to a query of its own may be a detail: its attributes are a row too.
    fn find(&self, step: StepId, rows: &[Row]) -> Option<Live> {
        let own = &self.plan.steps[step.0];
        match self.target(step)? {
            Target::Row(kind, id) => rows.iter().find_map(|row| match row {
                Row::Live(live) if live.kind == kind && live.id == id => Some(live.clone()),
                _ => None,
            }),
            Target::Query(_) => rows.first().map(|row| match row {
                Row::Live(live) => live.clone(),
                Row::Detail { id, attrs, .. } => as_row(own, &self.plan.site, id, attrs),
                Row::Found(attrs) => as_row(own, &self.plan.site, "", attrs),
            }),
        }
    }

    fn seen(&mut self, now: Duration, step: StepId, row: Option<Live>) {
        match self.states[step.0].clone() {
            State::Rechecking { .. } => self.rechecked(now, step, row.as_ref()),
            State::Verifying { since, .. } => self.verified(now, step, row, since),
            State::Judging { after, .. } => self.judged(now, step, row, *after),
            State::Waiting { patience, .. } => self.waited(now, step, row, patience),
            _ => {}
        }
    }

    /// A read that failed is made again until the step's time is over; what more time cannot mend ends it.
    fn blind(&mut self, now: Duration, step: StepId, error: &ReadError) {
        let hopeless = match error.call() {
            Some(CallError::Api(api)) => api.is_permission() || api.is_bad_credential() || api.is_expired_credential(),
            Some(_) => false,
            None => !matches!(error, ReadError::Page { .. }),
        };
        let late = match self.states[step.0] {
            State::Waiting { patience, .. } => now.saturating_sub(patience.since) > self.time_limit(step),
            State::Verifying { since, .. } => now.saturating_sub(since) > Duration::from_mins(10),
            _ => self.history[step.0].first_sent.is_some_and(|since| now.saturating_sub(since) > Duration::from_mins(20)),
        };
        if hopeless || late {
            let mut failure = match error.call() {
                Some(call) => self.call_failure(step, call),
                None => self.failure(step, FailureClass::Unknown, error.to_string()),
            };
            failure.message = format!("cannot read it: {}", failure.message);
            self.fail(now, step, failure);
        } else {
            self.states[step.0].set_due(Some(now + INTERVAL * 2));
        }
    }

    fn time_limit(&self, step: StepId) -> Duration {
        match &self.plan.steps[step.0].step.act {
            Act::Wait(wait) => wait.within,
            Act::Call(_) | Act::Local(_) => Duration::from_mins(10),
        }
    }

    /// The live resource must still be the one that the plan was made from.
    fn rechecked(&mut self, now: Duration, step: StepId, row: Option<&Live>) {
        let own = &self.plan.steps[step.0];
        let change = &self.plan.changes[own.change];
        let before = change.before.as_ref();
        let same_owner = row.zip(before).is_some_and(|(row, before)| row.owner == before.owner);
        let managed = change.after.as_ref();
        let moved = row.zip(before).and_then(|(row, before)| {
            let transient = self.registry.known(own.kind).transient();
            let lasting = |name: &&String| !transient.contains(&name.as_str()) && row.attrs.contains_key(*name);
            let differs = |name: &&String| lasting(name) && row.attr(name) != before.attr(name);
            managed.and_then(|want| want.attrs.keys().find(differs).cloned())
        });
        match (same_owner, moved) {
            (true, None) => {
                let change = own.change;
                for at in 0..self.plan.steps.len() {
                    self.history[at].rechecked |= self.plan.steps[at].change == change;
                }
                self.states[step.0] = State::Ready;
            }
            (same, moved) => {
                let what = match (row.is_some(), same, moved) {
                    (false, ..) => "it is gone".to_owned(),
                    (_, false, _) => "its ownership tags changed".to_owned(),
                    (_, _, field) => format!("its `{}` changed", field.unwrap_or_default()),
                };
                let message = format!("{what} since the plan was made; nothing was done to it");
                let failure = self.failure(step, FailureClass::Moved, message);
                self.fail(now, step, failure);
            }
        }
    }

    /// An id that a create call answered is ours once a read by id shows it so; dead once the visibility window is over.
    fn verified(&mut self, now: Duration, step: StepId, row: Option<Live>, since: Duration) {
        let ours = row.as_ref().is_some_and(|row| rows::holds(&Cond::Ours, row, self.whose(step)));
        match row {
            Some(row) if ours => {
                self.learn(step, row.attrs);
                self.done(now, step);
            }
            _ if now.saturating_sub(since) < self.settings.visibility => {
                self.states[step.0] = State::Verifying { since, due: Some(now + INTERVAL) };
            }
            _ => self.next_attempt(now, step, None),
        }
    }

    /// After a mismatch of tokens: an owner means that another run, or an earlier one of ours with another spec, made it.
    fn searched(&mut self, now: Duration, step: StepId, rows: &[Row]) {
        let whose = self.whose(step);
        let owner = rows.iter().find_map(|row| match row {
            Row::Live(live) if rows::holds(&Cond::Ours, live, whose) => Some(live.id.clone()),
            _ => None,
        });
        match owner {
            Some(id) => {
                let message = format!("another run made it meanwhile, otherwise than planned: {id}; plan again");
                let failure = self.failure(step, FailureClass::Moved, message);
                self.fail(now, step, failure);
            }
            None => self.next_attempt(now, step, None),
        }
    }

    fn waited(&mut self, now: Duration, step: StepId, row: Option<Live>, patience: Patience) {
        let plan = self.plan.clone();
        let Act::Wait(wait) = &plan.steps[step.0].step.act else { return };
        let Some(row) = row else { return self.waited_in_vain(now, step, wait, patience) };
        let status = row.attr("status").as_text().map(ToOwned::to_owned);
        let (until, never) = (self.resolved_cond(&wait.until), wait.never.as_ref().map(|cond| self.resolved_cond(cond)));
        let whose = self.whose(step);
        let reached = rows::holds(&until, &row, whose);
        let never = never.is_some_and(|cond| rows::holds(&cond, &row, whose));
        if reached {
            if wait.look == Look::Own {
                self.learn(step, row.attrs);
            }
            self.done(now, step);
        } else if never {
            let message = format!("it is {} and will not become what is waited for", status.unwrap_or_default());
            let failure = self.failure(step, FailureClass::NotReached, message);
            self.fail(now, step, failure);
        } else if now.saturating_sub(patience.since) > wait.within {
            let message = format!("not there after {} min; its status is {}", wait.within.as_secs() / 60, status.unwrap_or_default());
            let failure = self.failure(step, FailureClass::NotReached, message);
            self.fail(now, step, failure);
        } else {
            self.out.push(Command::Tell(Event::Looked { step, status }));
            let patience = Patience { seen: true, ..patience };
            self.states[step.0] = State::Waiting { due: Some(now + INTERVAL), patience };
        }
    }

    fn waited_in_vain(&mut self, now: Duration, step: StepId, wait: &Wait, patience: Patience) {
        let vanished = match wait.absent {
            Absent::Done => return self.done(now, step),
            Absent::Fails => true,
            Absent::NotYet => patience.seen || now.saturating_sub(patience.since) >= self.settings.visibility.max(INTERVAL),
        };
        if vanished {
            let message = "it vanished while it was waited for: its creation failed in the cloud, or somebody deleted it".to_owned();
            let failure = self.failure(step, FailureClass::NotReached, message);
            self.fail(now, step, failure);
        } else {
            self.states[step.0] = State::Waiting { due: Some(now + INTERVAL), patience };
        }
    }

    /// The goal is met, or the doubt was right.
    fn judged(&mut self, now: Duration, step: StepId, row: Option<Live>, doubt: Doubt) {
        let plan = self.plan.clone();
        let goal = plan.steps[step.0].step.as_call().and_then(|call| call.goal.as_ref()).map(|goal| self.resolved_cond(goal));
        let met = row.as_ref().zip(goal.as_ref()).is_some_and(|(row, goal)| rows::holds(goal, row, self.whose(step)));
        match (met, doubt) {
            (true, _) => {
                if let Some(row) = row {
                    let id = ("id".to_owned(), Value::text(&row.id));
                    self.learn(step, row.attrs.into_iter().chain([id]).collect::<Map>());
                }
                self.done(now, step);
            }
            (false, Doubt::Refused(error)) => self.refused(now, step, &error),
            (false, Doubt::Lost(error)) => self.pause_or_fail(now, &[step], &error),
        }
    }

    pub(super) fn whose(&self, step: StepId) -> Whose<'_> {
        let own = &self.plan.steps[step.0];
        Whose { stack: &self.plan.stack, address: &own.address, incarnation: own.incarnation }
    }

    fn resolved_cond(&self, cond: &Cond) -> Cond {
        let all = |conds: &[Cond]| conds.iter().map(|inner| self.resolved_cond(inner)).collect();
        match cond {
            Cond::Is(attr, values) => Cond::Is(attr, values.iter().map(|value| self.resolve(value)).collect()),
            Cond::Not(inner) => Cond::Not(Box::new(self.resolved_cond(inner))),
            Cond::All(inner) => Cond::All(all(inner)),
            Cond::Any(inner) => Cond::Any(all(inner)),
            Cond::Set(_) | Cond::Ours => cond.clone(),
        }
    }
}

fn as_row(own: &PlanStep, site: &setpoint_plan::kind::Site, id: &str, attrs: &Map) -> Live {
    Live {
        kind: own.kind,
        id: id.to_owned(),
        site: site.clone(),
        owner: None,
        tags: BTreeMap::new(),
        attrs: attrs.clone(),
        uses: Vec::new(),
    }
}

impl Target {
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Row(kind, _) => Some(kind),
            Self::Query(_) => None,
        }
    }
}

impl State {
    fn set_due(&mut self, at: Option<Duration>) {
        match self {
            Self::Rechecking { due }
            | Self::Searching { due }
            | Self::Verifying { due, .. }
            | Self::Judging { due, .. }
            | Self::Waiting { due, .. } => *due = at,
            _ => {}
        }
    }
}
