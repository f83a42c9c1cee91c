//! Looks: the reads that waits, verifications and checks of doubtful results need. All looks at one
//! kind that are due soon are sent as one read by ids.
//!
//! Invariant: an absence decides the fate of a step only if two consecutive looks show it, of which
//! the second is proven. An id that this machine deleted itself is the exception: one look is
//! enough.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use setpoint_openapi::error::{CallError, Certainty};
use setpoint_plan::Map;
use setpoint_plan::event::Event;
use setpoint_plan::kind::Row;
use setpoint_plan::live::{Live, Tags};
use setpoint_plan::plan::{PlanStep, StepId};
use setpoint_plan::procedure::{Act, Cond, Look, Wait};
use setpoint_plan::rows::{self, Whose};
use setpoint_plan::view::{Proof, Query};

use crate::machine::pace;
use crate::machine::{Command, Doubt, Flight, Machine, Purpose, Search, State, Ticket};
use crate::outcome::FailureClass;
use crate::pages::ReadError;

/// How long the verification of a new id continues after an interruption.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// The pause between a look that showed an absence and its confirmation.
const AGAIN: Duration = Duration::from_millis(200);

/// The pause after a look that failed.
const BLIND_PAUSE: Duration = Duration::from_secs(3);

/// How long the looks of a step may fail. A wait has its own limit instead.
const BLIND_MAX: Duration = Duration::from_mins(10);

/// The object of a look.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Row(&'static str, String),
    Query(StepId),
}

/// The last look at the rows of a kind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KindLook {
    /// The time at which it was sent.
    at: Duration,
    /// The number of its queries, the least number of calls that it took.
    pages: usize,
}

impl Machine {
    /// Sends the looks that are due. Looks at rows of one kind are sent as one read by ids.
    pub(super) fn look(&mut self, now: Duration) {
        let is_due = |machine: &Self, at: usize| {
            machine.is_looking(at) && machine.states[at].due().is_some_and(|due| due <= now)
        };
        let active: Vec<usize> = self.agenda.active().collect();
        if !active.iter().any(|at| is_due(self, *at)) {
            return;
        }
        let mut by_kind: BTreeMap<&'static str, Vec<(StepId, String)>> = BTreeMap::new();
        for at in active {
            if !self.is_looking(at) || self.states[at].due().is_none() {
                continue;
            }
            let step = StepId(at);
            match self.target(step) {
                Some(Target::Row(kind, id)) => by_kind.entry(kind).or_default().push((step, id)),
                Some(Target::Query(_)) if is_due(self, at) => {
                    if let Some(query) = self.own_query(step) {
                        self.send_look(now, vec![step], vec![query]);
                    }
                }
                None if is_due(self, at) => self.lose_sight(now, step),
                Some(Target::Query(_)) | None => {}
            }
        }
        for (kind, targets) in by_kind {
            self.look_at_kind(now, kind, &targets);
        }
    }

    /// Reads the rows of a kind that are due, with those that may join them. A look of many pages
    /// delays the next look at its kind.
    fn look_at_kind(&mut self, now: Duration, kind: &'static str, targets: &[(StepId, String)]) {
        let is_due = |step: &StepId| self.states[step.0].due().is_some_and(|due| due <= now);
        let due: Vec<StepId> = targets
            .iter()
            .map(|(step, _)| *step)
            .filter(is_due)
            .collect();
        if due.is_empty() {
            return;
        }
        let last = self.looked.get(kind).copied().unwrap_or_default();
        let opens = last.at + pace::pages_pause(last.pages);
        if opens > now {
            for step in due {
                self.states[step.0].set_due(Some(opens));
            }
            return;
        }
        let joins = |step: StepId| {
            let history = &self.history[step.0];
            // The second look at an absence keeps its distance from the first.
            let may_join = |due| history.doubts == 0 && pace::may_join(history.looked_at, due, now);
            let due = self.states[step.0].due();
            due.is_some_and(|due| due <= now || may_join(due))
        };
        let (steps, ids): (Vec<StepId>, BTreeSet<String>) = targets
            .iter()
            .filter(|(step, _)| joins(*step))
            .cloned()
            .unzip();
        let ids: Vec<String> = ids.into_iter().collect();
        let queries = self.registry.known(kind).poll(&self.plan.site, &ids);
        let pages = queries.len();
        self.looked.insert(kind, KindLook { at: now, pages });
        self.send_look(now, steps, queries);
    }

    /// Sets the time of the step's next look, according to how long it has waited.
    pub(super) fn look_later(&mut self, now: Duration, step: StepId) {
        let since = match self.states[step.0] {
            State::Verifying { since, .. } => since,
            State::Waiting { patience, .. } => patience.since,
            _ => now,
        };
        let pages = match self.target(step) {
            Some(Target::Row(kind, _)) => self.looked.get(kind).map_or(1, |look| look.pages),
            Some(Target::Query(_)) | None => 1,
        };
        let pause = pace::pause(now.saturating_sub(since), pages);
        self.states[step.0].set_due(Some(now + pause));
    }

    /// Sends a look. Its queries are proven only if an empty answer would decide something for one
    /// of the steps; in all other cases time decides, and the calls of the proof are saved.
    fn send_look(&mut self, now: Duration, steps: Vec<StepId>, mut queries: Vec<Query>) {
        let proven = steps.iter().any(|step| self.decides(now, *step));
        if !proven {
            queries
                .iter_mut()
                .for_each(|query| query.proof = Proof::Refused);
        }
        for step in &steps {
            self.states[step.0].set_due(None);
            self.history[step.0].looked_at = now;
        }
        let ticket = self.ticket(Flight {
            steps,
            purpose: Purpose::Look { proven },
        });
        self.out.push(Command::Look(ticket, queries));
    }

    /// Returns whether an empty answer would now mean that the resource does not exist.
    fn decides(&self, now: Duration, step: StepId) -> bool {
        match self.states[step.0] {
            State::Rechecking { .. } | State::Searching { .. } => true,
            State::Verifying { since, .. } => self.should_show(now, step, since),
            State::Judging { .. } | State::Waiting { .. } => self.history[step.0].doubts > 0,
            _ => false,
        }
    }

    /// Returns whether this look confirms the one before; if not, schedules the look that does. A
    /// single look does not prove an absence: a damaged or lagging answer and a missing permission
    /// look the same. The second look follows soon, and is proven.
    pub(super) fn is_second(&mut self, now: Duration, step: StepId) -> bool {
        let doubts = &mut self.history[step.0].doubts;
        *doubts += 1;
        if *doubts < 2 {
            self.states[step.0].set_due(Some(now + AGAIN));
            return false;
        }
        *doubts = 0;
        true
    }

    /// Ends a series of doubtful looks, after one that showed the expected row.
    pub(super) fn is_sure(&mut self, step: StepId) {
        self.history[step.0].doubts = 0;
    }

    /// Returns whether a resource whose id was returned at `since` would be visible by now, if it
    /// exists: after the visibility window, or at once if this machine deleted the resource with
    /// that id itself.
    fn should_show(&self, now: Duration, step: StepId, since: Duration) -> bool {
        now.saturating_sub(since) >= self.settings.visibility || self.is_deleted(step)
    }

    /// Returns whether its id belongs to a resource that this machine is known to have deleted.
    fn is_deleted(&self, step: StepId) -> bool {
        let id = self.id_of(&self.plan.steps[step.0]);
        id.is_some_and(|id| self.deleted.has_id(&id))
    }

    fn is_looking(&self, at: usize) -> bool {
        use State::{Judging, Rechecking, Searching, Verifying, Waiting};
        matches!(
            self.states[at],
            Rechecking { .. }
                | Verifying { .. }
                | Searching { .. }
                | Judging { .. }
                | Waiting { .. }
        )
    }

    fn target(&self, step: StepId) -> Option<Target> {
        let own = &self.plan.steps[step.0];
        if matches!(self.states[step.0], State::Searching { .. }) {
            return Some(Target::Query(step));
        }
        match &own.step.act {
            Act::Wait(Wait {
                look: Look::Ask(_), ..
            }) => Some(Target::Query(step)),
            Act::Wait(_) | Act::Call(_) | Act::Local(_) => {
                self.id_of(own).map(|id| Target::Row(own.kind, id))
            }
        }
    }

    fn own_query(&self, step: StepId) -> Option<Query> {
        let own = &self.plan.steps[step.0];
        if matches!(self.states[step.0], State::Searching { .. }) {
            let kind = self.registry.known(own.kind);
            let list = kind.owned(&self.plan.site, &self.plan.stack);
            // The second look reads by other means: without the filter.
            let all = list
                .unfiltered()
                .filter(|_| self.history[step.0].doubts > 0);
            return Some(all.unwrap_or(list));
        }
        match &own.step.act {
            Act::Wait(Wait {
                look: Look::Ask(query),
                ..
            }) => {
                let args = query
                    .args
                    .iter()
                    .map(|(name, value)| (*name, self.resolve(value)))
                    .collect();
                Some(Query {
                    args,
                    ..query.clone()
                })
            }
            Act::Wait(_) | Act::Call(_) | Act::Local(_) => None,
        }
    }

    /// Handles a look that is due for a step without an id. A goal then counts as not met, since no
    /// resource is known; any other step fails.
    fn lose_sight(&mut self, now: Duration, step: StepId) {
        match self.states[step.0].clone() {
            State::Judging { after, .. } => self.judged(now, step, None, *after),
            _ => {
                let failure = self.failure(
                    step,
                    FailureClass::Unknown,
                    "there is no id to look for".to_owned(),
                );
                self.fail(now, step, failure);
            }
        }
    }

    pub(super) fn on_look(
        &mut self,
        now: Duration,
        ticket: Ticket,
        result: Result<Vec<Row>, ReadError>,
    ) {
        let Some(flight) = self.flights.remove(&ticket) else {
            return;
        };
        let Purpose::Look { proven } = flight.purpose else {
            return;
        };
        match result {
            Ok(rows) => {
                for step in flight.steps {
                    self.history[step.0].blind_since = None;
                    if let State::Searching { why, .. } = self.states[step.0].clone() {
                        self.searched(now, step, &rows, *why);
                        continue;
                    }
                    let row = self.find(step, &rows);
                    self.seen(now, step, row, proven);
                }
            }
            Err(error) => {
                for step in flight.steps {
                    self.blind(now, step, &error);
                }
            }
        }
    }

    /// Returns the row that a step looks for. The answer to a query of its own may be a detail,
    /// whose attributes then count as a row.
    fn find(&self, step: StepId, rows: &[Row]) -> Option<Live> {
        let own = &self.plan.steps[step.0];
        match self.target(step)? {
            Target::Row(kind, id) => rows.iter().find_map(|row| match row {
                Row::Live(live) if live.kind == kind && live.id == id => {
                    Some(live.as_ref().clone())
                }
                _ => None,
            }),
            Target::Query(_) => rows.first().map(|row| match row {
                Row::Live(live) => live.as_ref().clone(),
                Row::Detail { id, attrs, .. } => as_row(own, &self.plan.site, id, attrs),
                Row::Found(attrs) => as_row(own, &self.plan.site, "", attrs),
            }),
        }
    }

    fn seen(&mut self, now: Duration, step: StepId, row: Option<Live>, proven: bool) {
        match self.states[step.0].clone() {
            State::Rechecking { .. } => self.rechecked(now, step, row.as_ref()),
            State::Verifying { since, .. } => {
                let late = proven && self.should_show(now, step, since);
                self.verified(now, step, row, late);
            }
            State::Judging { after, .. } => self.judged(now, step, row, *after),
            State::Waiting { patience, .. } => self.waited(now, step, row, patience),
            _ => {}
        }
    }

    /// Repeats a failed look until the step's time is up. An error that more time cannot resolve
    /// fails the step at once.
    fn blind(&mut self, now: Duration, step: StepId, error: &ReadError) {
        let since = *self.history[step.0].blind_since.get_or_insert(now);
        let late = match self.states[step.0] {
            State::Waiting { patience, .. } => self.is_time_up(now, step, patience),
            _ => now.saturating_sub(since) > BLIND_MAX,
        };
        if is_hopeless(error) || late {
            let mut failure = match error.call() {
                Some(call) => self.call_failure(step, call),
                None => self.failure(step, FailureClass::Unknown, error.told()),
            };
            failure.message = format!("cannot read it: {}", failure.message);
            self.fail(now, step, failure);
        } else {
            self.states[step.0].set_due(Some(now + BLIND_PAUSE));
        }
    }

    /// Verifies an id that a create call returned. It is ours after a read by id has shown the row
    /// with our tags; it is stale if a proven look after the visibility window does not show such a
    /// row.
    fn verified(&mut self, now: Duration, step: StepId, row: Option<Live>, late: bool) {
        let ours = row
            .as_ref()
            .is_some_and(|row| rows::holds(&Cond::Ours, row, self.whose(step)));
        match row {
            Some(row) if ours => {
                self.is_sure(step);
                self.learn_row(step, row);
                self.done(now, step);
            }
            _ if self.has_had_its_time(now, step) => {
                let id = self.id_of(&self.plan.steps[step.0]).unwrap_or_default();
                let message = format!(
                    "interrupted before the cloud showed {id} with its tags: the next run looks \
                     for it by them"
                );
                let failure = self.failure(step, FailureClass::Unknown, message);
                self.fail(now, step, failure);
            }
            _ if !late => {
                let status = Some("not shown yet".to_owned());
                self.out.push(Command::Tell(Event::Looked { step, status }));
                self.look_later(now, step);
            }
            Some(row) if self.is_made_without_tags(step, &row) => {
                let ids = self.history[step.0].untagged.join(" and ");
                let message = format!(
                    "the cloud made {ids} without its tags, so no run can find them again; delete \
                     them by hand"
                );
                let failure = self.failure(step, FailureClass::Refused, message);
                self.fail(now, step, failure);
            }
            // This machine deleted it, so one look is enough to confirm that it is gone.
            _ if !self.is_deleted(step) && !self.is_second(now, step) => {}
            _ => {
                let why =
                    "the cloud answered with the id of a resource that does not exist".to_owned();
                self.out.push(Command::Tell(Event::Again {
                    step,
                    why,
                    after: Duration::ZERO,
                }));
                self.after_gone(now, step);
            }
        }
    }

    /// Returns whether the verification of a new id has continued long enough after an
    /// interruption. Most resources become visible within seconds.
    fn has_had_its_time(&self, now: Duration, step: StepId) -> bool {
        let State::Verifying { since, .. } = self.states[step.0] else {
            return false;
        };
        let since = since.max(self.interrupted_at);
        self.interrupted && now.saturating_sub(since) >= SHOWN_WITHIN
    }

    /// Returns whether the create calls make resources without their tags. A single one may be an
    /// older resource of the same token from which somebody has removed the tags; a second one is
    /// new.
    fn is_made_without_tags(&mut self, step: StepId, row: &Live) -> bool {
        let untagged = &mut self.history[step.0].untagged;
        if row.owner.is_none() && row.tags.is_empty() {
            untagged.push(row.id.clone());
        }
        untagged.len() > 1
    }

    /// Handles the listing of a search. After a token mismatch, a row with our tags was created by
    /// another run, or by an earlier run with another spec. After a lost reply, the lost call
    /// created it.
    fn searched(&mut self, now: Duration, step: StepId, rows: &[Row], why: Search) {
        let whose = self.whose(step);
        let owner = rows.iter().find_map(|row| match row {
            Row::Live(live) if rows::holds(&Cond::Ours, live, whose) => Some(live.as_ref().clone()),
            _ => None,
        });
        if owner.is_none() && !self.is_second(now, step) {
            return;
        }
        self.is_sure(step);
        match (owner, why) {
            (Some(live), Search::Mismatch) => {
                let message = format!(
                    "another run made it meanwhile, otherwise than planned: {}; plan again",
                    live.id
                );
                let failure = self.failure(step, FailureClass::Moved, message);
                self.fail(now, step, failure);
            }
            (Some(live), Search::Lost(_)) => {
                self.learn_row(step, live);
                self.done(now, step);
            }
            (None, Search::Mismatch) => self.after_mismatch(now, step),
            (None, Search::Lost(error)) => {
                let history = &mut self.history[step.0];
                (history.lost, history.first_sent) = (false, None);
                self.refused(now, step, &error);
            }
        }
    }

    /// Handles the read of a goal: the step is done if the goal is met; otherwise its error counts.
    fn judged(&mut self, now: Duration, step: StepId, row: Option<Live>, doubt: Doubt) {
        let plan = self.plan.clone();
        let goal = plan.steps[step.0]
            .step
            .as_call()
            .and_then(|call| call.goal.as_ref())
            .map(|goal| self.resolved_cond(goal));
        let met = row
            .as_ref()
            .zip(goal.as_ref())
            .is_some_and(|(row, goal)| rows::holds(goal, row, self.whose(step)));
        let absent = row.as_ref().zip(goal.as_ref());
        let by_absence = absent.is_some_and(|(row, goal)| rows::rests_on_absence(goal, row));
        if (!met || by_absence) && !self.is_second(now, step) {
            return;
        }
        self.is_sure(step);
        match (met, doubt) {
            (true, _) => {
                if let Some(row) = row {
                    self.learn_row(step, row);
                }
                self.done(now, step);
            }
            (false, Doubt::Refused(error)) => self.refused(now, step, &error),
            (false, Doubt::Lost(error)) => self.pause_or_fail(now, &[step], &error),
        }
    }

    pub(super) fn whose(&self, step: StepId) -> Whose<'_> {
        let own = &self.plan.steps[step.0];
        Whose {
            stack: &self.plan.stack,
            address: &own.address,
            incarnation: own.incarnation,
        }
    }

    pub(super) fn resolved_cond(&self, cond: &Cond) -> Cond {
        let all = |conds: &[Cond]| {
            conds
                .iter()
                .map(|inner| self.resolved_cond(inner))
                .collect()
        };
        match cond {
            Cond::Is(attr, values) => Cond::Is(
                attr,
                values.iter().map(|value| self.resolve(value)).collect(),
            ),
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
        copied: false,
        tags: Tags::new(),
        attrs: attrs.clone(),
        uses: Vec::new(),
    }
}

/// Returns whether the same read would fail again. A resource that is not found may just not be
/// visible yet.
fn is_hopeless(error: &ReadError) -> bool {
    match error.call() {
        Some(CallError::Api(api)) => {
            let passes = api.is_throttling() || api.is_conflict() || api.is_not_found();
            api.outcome() == Certainty::NotDone && !passes
        }
        Some(CallError::Credential(_) | CallError::Endpoint(_)) => true,
        Some(CallError::NoReply(_) | CallError::Malformed { .. }) => false,
        None => !error.is_damage(),
    }
}

impl State {
    pub(super) fn set_due(&mut self, at: Option<Duration>) {
        match self {
            Self::Rechecking { due }
            | Self::Searching { due, .. }
            | Self::Verifying { due, .. }
            | Self::Judging { due, .. }
            | Self::Waiting { due, .. } => *due = at,
            _ => {}
        }
    }
}
