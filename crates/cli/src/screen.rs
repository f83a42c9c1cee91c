//! Applies a plan on a terminal: progress, Ctrl-C and the result.
//!
//! On a first interrupt no new steps start, except those that bring a stopped resource back, and
//! running calls are awaited. A second interrupt ends the process at once, unless it is a hang-up.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use setpoint_engine::apply::{self, Options};
use setpoint_engine::outcome::{Failure, FailureClass, Outcome};
use setpoint_engine::session::Session;
use setpoint_plan::event::{Event, Tally};
use setpoint_plan::plan::Plan;
use setpoint_report::failure::FailureView;
use setpoint_report::outcome::{Failed, NotStarted, OutcomeView, Verb};
use setpoint_report::outputs::Output;
use setpoint_report::progress::Model;
use setpoint_spec::source::Sources;
use tokio::sync::watch;

use crate::error::Error;
use crate::operate;
use crate::signals::{Interrupt, Interrupts};
use crate::ui::{self, Terminal};

/// The time between two pictures of the progress table.
const FRAME: Duration = Duration::from_millis(250);

/// The result of a run, with what the progress showed at its end.
pub struct Applied {
    /// The result.
    pub outcome: Outcome,
    /// The resources that were started and are neither done nor failed.
    pub begun: BTreeSet<String>,
}

/// Applies the plan.
///
/// # Errors
/// The run was interrupted twice.
pub async fn apply(
    session: &Session,
    plan: &Plan,
    options: Options,
    terminal: Terminal,
) -> Result<Applied, Error> {
    let screen = RefCell::new(Screen::new(plan, terminal, session.pace.speed));
    let (cancel, cancelled) = watch::channel(false);
    let mut listener = |event: &Event, tally: &Tally| screen.borrow_mut().on(event, *tally);
    let work = apply::apply(session, plan, options, cancelled, &mut listener);
    tokio::pin!(work);
    let mut interrupts = Interrupts::new()?;
    let mut frames = tokio::time::interval(FRAME);
    let mut stopping = false;
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            heard = interrupts.next() => {
                if stopping && heard == Interrupt::HangUp {
                    continue;
                }
                if stopping {
                    return Err(Error::Interrupted);
                }
                stopping = true;
                ui::say("Interrupted: waiting for running calls. Press Ctrl-C again to stop at once.\n");
                cancel.send_replace(true);
            }
            _ = frames.tick() => screen.borrow_mut().tick(),
        }
    };
    let begun = screen.borrow_mut().last();
    Ok(Applied { outcome, begun })
}

/// The progress on stderr while a plan is applied.
struct Screen {
    model: Model,
    terminal: Terminal,
    started: Instant,
    /// How many times faster than real time the cloud runs; the times shown are the cloud's.
    speed: f64,
}

impl Drop for Screen {
    fn drop(&mut self) {
        ui::leave_table();
    }
}

impl Screen {
    fn new(plan: &Plan, terminal: Terminal, speed: f64) -> Self {
        Self {
            model: Model::new(plan),
            terminal,
            started: Instant::now(),
            speed,
        }
    }

    /// The time since the start of the run, by the cloud's clock.
    fn age(&self) -> Duration {
        self.started.elapsed().mul_f64(self.speed)
    }

    fn on(&mut self, event: &Event, tally: Tally) {
        let lines = self.model.on(event, tally, self.age());
        self.show(&lines);
    }

    fn tick(&mut self) {
        let lines = self.model.tick(self.age());
        self.show(&lines);
        if self.terminal.live {
            self.draw();
        }
    }

    /// Prints progress as plain lines where there is no table.
    fn show(&self, lines: &[String]) {
        if !self.terminal.live {
            lines.iter().for_each(|line| ui::say(&format!("{line}\n")));
        }
    }

    fn draw(&self) {
        let height = self.terminal.height.saturating_sub(2).max(1);
        ui::draw_table(&self.model.table(self.age(), &self.terminal.err, height));
    }

    /// Draws the last picture; gives the resources that were started and are unfinished.
    fn last(&mut self) -> BTreeSet<String> {
        self.model.finish();
        if self.terminal.live {
            self.draw();
        }
        self.model.begun().map(ToOwned::to_owned).collect()
    }
}

/// The outcome in the form that the report prints.
#[must_use]
pub fn view_of(applied: &Applied, plan: &Plan, verb: Verb) -> OutcomeView {
    let outcome = &applied.outcome;
    let failed = outcome.failed.iter().map(|failure| Failed {
        address: failure.address.clone(),
        message: failure.message.clone(),
        unknown: failure.class == FailureClass::Unknown,
    });
    let not_started = outcome.not_started.iter().map(|one| NotStarted {
        address: one.address.clone(),
        begun: applied.begun.contains(&one.address.to_string()),
        needs: one.needs.clone(),
    });
    let output = |(name, value): (&String, &setpoint_plan::Value)| {
        let secret = plan.outputs.get(name).is_some_and(|planned| planned.secret);
        (
            name.clone(),
            Output {
                value: value.clone(),
                secret,
            },
        )
    };
    OutcomeView {
        verb,
        summary: outcome.summary,
        failed: failed.collect(),
        not_started: not_started.collect(),
        interrupted: outcome.interrupted,
        elapsed: outcome.elapsed,
        calls: outcome.tally.calls,
        throttled: outcome.tally.throttled,
        unlisted: Vec::new(),
        down: outcome
            .down
            .iter()
            .map(|(address, down)| (address.clone(), *down))
            .collect(),
        outputs: outcome.outputs.iter().map(output).collect(),
    }
}

/// The failures of an outcome, each with its place in the spec.
#[must_use]
pub fn failures(outcome: &Outcome, plan: &Plan, sources: Option<&Sources>) -> Vec<FailureView> {
    let place = |failure: &Failure| {
        let want = plan.change(&failure.address)?.after.as_ref()?;
        Some(operate::excerpt(sources, &want.at))
    };
    let view = |failure: &Failure| FailureView {
        message: failure.message.clone(),
        address: Some(failure.address.clone()),
        action: failure.action.map(ToOwned::to_owned),
        code: failure.code.clone(),
        http_status: failure.http_status,
        request_id: failure.request_id.clone(),
        attempt: failure.attempt,
        at: place(failure),
        ..FailureView::default()
    };
    outcome.failed.iter().map(view).collect()
}
