//! Carrying a plan out on a terminal: progress, Ctrl-C, and what came of it.
//!
//! A first interrupt stops cleanly: no step starts any more but those that close a window. A second
//! one leaves at once, unless it is a hang-up.

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

/// How often a live table moves.
const FRAME: Duration = Duration::from_millis(250);

/// What came of a run, and how far people saw it come.
pub struct Applied {
    /// What came of it.
    pub outcome: Outcome,
    /// The resources that were begun and are neither done nor failed.
    pub begun: BTreeSet<String>,
}

/// Carries the plan out.
///
/// # Errors
/// Interrupted twice.
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
                screen.borrow_mut().note("Interrupted. Ctrl-C again leaves at once.");
                cancel.send_replace(true);
            }
            _ = frames.tick() => screen.borrow_mut().tick(),
        }
    };
    let begun = screen.borrow_mut().last();
    Ok(Applied { outcome, begun })
}

/// What stderr shows while a plan is carried out.
struct Screen {
    model: Model,
    terminal: Terminal,
    started: Instant,
    /// The cloud's time runs so many times faster than ours; what is shown is the cloud's.
    speed: f64,
    /// Lines of the table that stand on the terminal.
    drawn: usize,
}

impl Screen {
    fn new(plan: &Plan, terminal: Terminal, speed: f64) -> Self {
        Self {
            model: Model::new(plan),
            terminal,
            started: Instant::now(),
            speed,
            drawn: 0,
        }
    }

    /// How old the run is.
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

    /// Plain lines are for where there is no table.
    fn show(&self, lines: &[String]) {
        if !self.terminal.live {
            lines.iter().for_each(|line| ui::say(&format!("{line}\n")));
        }
    }

    fn note(&mut self, text: &str) {
        let erase = self.erase();
        ui::say(&format!("{erase}{text}\n"));
    }

    fn draw(&mut self) {
        let height = self.terminal.height.saturating_sub(2).max(1);
        let lines = self.model.table(self.age(), &self.terminal.err, height);
        let erase = self.erase();
        self.drawn = lines.len();
        let table: String = lines.iter().map(|line| format!("{line}\n")).collect();
        ui::say(&format!("{erase}{table}"));
    }

    /// Up to the table's first line, and everything below it gone.
    fn erase(&mut self) -> String {
        match std::mem::take(&mut self.drawn) {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\x1b[J"),
        }
    }

    /// The last picture; gives what was begun and is left.
    fn last(&mut self) -> BTreeSet<String> {
        self.model.finish();
        if self.terminal.live {
            self.draw();
        }
        self.model.begun().map(ToOwned::to_owned).collect()
    }
}

/// The outcome as its view wants it.
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
