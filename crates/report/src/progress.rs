//! Progress of an apply: a model that takes events and renders a live table or plain lines.
//!
//! Progress is shown per *job*: one half of a change, which creates, updates or deletes one
//! resource in a number of steps. [`Model::on`] takes every event of the run; a terminal redraws
//! [`Model::table`], and without a terminal the lines that [`Model::on`] and [`Model::tick`] return
//! are printed.
//!
//! The model holds no clock: every time is the age of the run and passed in. Invariant: events
//! about unknown steps are ignored, so no order of events can panic.

use std::time::Duration;

use setpoint_plan::event::{Event, Tally};
use setpoint_plan::plan::{Plan, StepId};

use crate::style::Style;

mod job;
mod plain;
mod table;

use job::{Job, State};

/// The interval of `Still creating...` lines for a running job.
const STILL_EVERY: Duration = Duration::from_secs(10);

/// The state of every resource of a run.
#[derive(Debug, Clone)]
pub struct Model {
    tally: Tally,
    jobs: Vec<Job>,
    /// The steps, by index in the plan.
    steps: Vec<StepState>,
    stopping: bool,
    /// Whether the run has ended.
    over: bool,
    /// How many times as fast as in reality time passes in the cloud.
    speed: f64,
}

/// The state of a step.
#[derive(Debug, Clone)]
struct StepState {
    /// The index of its job.
    job: usize,
    /// The steps that must be done first.
    after: Vec<usize>,
    /// How long it usually takes.
    usual: Duration,
    /// What it does, for the table.
    phase: String,
    /// The plain parameters of each rung of its call; empty if there is one rung only.
    rungs: Vec<Vec<(String, String)>>,
    /// The age of the run when it last started.
    started: Option<Duration>,
    is_done: bool,
}

impl Model {
    /// Creates the model of a run that has not started.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let (jobs, of_step) = job::jobs(plan);
        let step = |(at, job): (usize, usize)| StepState {
            job,
            after: plan.steps[at].after.iter().map(|id| id.0).collect(),
            usual: crate::view::usual(&plan.steps[at]),
            phase: job::phase(&plan.steps[at].step.act),
            rungs: job::rungs(&plan.steps[at].step.act),
            started: None,
            is_done: false,
        };
        let steps = of_step.into_iter().enumerate().map(step).collect();
        Self {
            tally: Tally {
                total: plan.steps.len(),
                ..Tally::default()
            },
            jobs,
            steps,
            stopping: false,
            over: false,
            speed: 1.0,
        }
    }

    /// Returns the model for a simulated cloud in which time passes `speed` times as fast; usual
    /// durations are divided by it.
    #[must_use]
    pub fn at_speed(mut self, speed: f64) -> Self {
        self.speed = speed.max(0.001);
        self
    }

    /// Takes an event at the age `now` of the run. Returns the lines to print if there is no
    /// terminal.
    pub fn on(&mut self, event: &Event, tally: Tally, now: Duration) -> Vec<String> {
        self.tally = tally;
        match event {
            Event::Started { step } => self.started(*step, now),
            Event::Looked { step, status } => {
                if let Some(job) = self.job_of(*step) {
                    job.status.clone_from(status);
                }
                None
            }
            Event::Again { step, why, after } => self.again(*step, why, *after),
            Event::Fell { step, code, rung } => self.fell(*step, code, *rung),
            Event::Done { step, id } => self.done(*step, id.as_deref(), now),
            Event::Failed { step } => self.failed(*step, now),
            Event::Skipped { step } => {
                self.skipped(*step);
                None
            }
            Event::Stopping => {
                self.stopping = true;
                Some("Stopping: waiting for the running calls; no new step starts.".to_owned())
            }
        }
        .into_iter()
        .collect()
    }

    /// Returns the `Still creating...` lines that are due. Call it about every second.
    pub fn tick(&mut self, now: Duration) -> Vec<String> {
        self.jobs
            .iter_mut()
            .filter(|job| job.state == State::Running)
            .filter_map(|job| job.still(now))
            .collect()
    }

    /// Renders the table for a terminal: at most `height` lines without newlines, none wider than
    /// the style's width.
    #[must_use]
    pub fn table(&self, now: Duration, style: &Style, height: usize) -> Vec<String> {
        table::table(self, now, style, height)
    }

    /// Ends the run: jobs that still run are shown as unfinished.
    pub fn finish(&mut self) {
        self.over = true;
        for job in self
            .jobs
            .iter_mut()
            .filter(|job| job.state == State::Running)
        {
            job.state = State::Skipped;
        }
    }

    /// Returns the addresses of resources whose jobs have started and are neither done nor failed.
    pub fn begun(&self) -> impl Iterator<Item = &str> {
        let is_begun =
            |job: &&Job| job.has_begun() && !matches!(job.state, State::Done | State::Failed);
        self.jobs
            .iter()
            .filter(is_begun)
            .map(|job| job.name.as_str())
    }

    fn job_of(&mut self, step: StepId) -> Option<&mut Job> {
        let job = self.steps.get(step.0)?.job;
        self.jobs.get_mut(job)
    }

    /// Starts a step. The first step of a job starts the job and returns its first line.
    fn started(&mut self, step: StepId, now: Duration) -> Option<String> {
        self.steps.get_mut(step.0)?.started = Some(now);
        let job = self.job_of(step)?;
        job.current = Some(step.0);
        (job.status, job.remark, job.again) = (None, None, None);
        if job.state != State::Waiting {
            return None;
        }
        job.state = State::Running;
        job.started = now;
        job.said = now;
        Some(job.begins())
    }

    /// Records that a step will be retried. Returns a line if the reason is new.
    fn again(&mut self, step: StepId, why: &str, after: Duration) -> Option<String> {
        let job = self.job_of(step)?;
        job.remark = Some(format!(
            "{}, again in {}",
            crate::words::clean(why),
            crate::words::short(after)
        ));
        // Throttled calls are counted in the last line, and a repeated reason is printed once; one
        // line per retry would hide all others.
        let is_news = job.again.as_deref() != Some(why) && !why.contains("Throttling");
        job.again = Some(why.to_owned());
        is_news.then(|| plain::again(&job.name, why, after))
    }

    /// Records that a call falls back to its next rung, after the one before it was refused.
    fn fell(&mut self, step: StepId, code: &str, rung: usize) -> Option<String> {
        let rungs = &self.steps.get(step.0)?.rungs;
        let differing = rung
            .checked_sub(1)
            .and_then(|last| job::differing(rungs.get(last)?, rungs.get(rung)?));
        let job = self.job_of(step)?;
        let text = plain::fell(&job.name, code, differing.as_ref());
        job.remark = differing.map(|(_, _, new)| format!("taking {new}"));
        Some(text)
    }

    /// Completes a step; a repeated event counts once. The last step of a job completes the job and
    /// returns its last line.
    fn done(&mut self, step: StepId, id: Option<&str>, now: Duration) -> Option<String> {
        let state = self.steps.get_mut(step.0)?;
        let was_done = std::mem::replace(&mut state.is_done, true);
        let job = self.job_of(step)?;
        if let Some(id) = id {
            job.id = Some(id.to_owned());
        }
        (job.status, job.remark, job.again) = (None, None, None);
        job.n_done += usize::from(!was_done);
        if job.n_done < job.n_steps && job.cut && job.state == State::Running {
            job.state = State::Skipped;
        }
        if job.n_done < job.n_steps || job.state == State::Done {
            return None;
        }
        job.state = State::Done;
        job.ended = now;
        Some(job.ends())
    }

    /// Marks a step that will not start. Its job is skipped at once, or after the step that it is
    /// running.
    fn skipped(&mut self, step: StepId) {
        let under_way = |job: &Job| {
            job.current
                .and_then(|at| self.steps.get(at))
                .is_some_and(|step| !step.is_done)
        };
        let Some(at) = self.steps.get(step.0).map(|step| step.job) else {
            return;
        };
        let goes_on = self
            .jobs
            .get(at)
            .is_some_and(|job| job.state == State::Running && under_way(job));
        let Some(job) = self
            .jobs
            .get_mut(at)
            .filter(|job| job.state != State::Failed)
        else {
            return;
        };
        job.cut = true;
        if !goes_on {
            job.state = State::Skipped;
        }
    }

    /// Fails the job of a step. Returns a line for the first failure of the job.
    fn failed(&mut self, step: StepId, now: Duration) -> Option<String> {
        let job = self.job_of(step)?;
        let first = job.state != State::Failed;
        job.state = State::Failed;
        job.ended = now;
        first.then(|| job.fails())
    }

    /// Estimates the time until the last step is done, without failures: the longest path through
    /// the remaining steps, in time linear in steps and dependencies.
    fn left(&self, now: Duration) -> Duration {
        let mut ends: Vec<Duration> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let starts = step
                .after
                .iter()
                .filter_map(|before| ends.get(*before))
                .max()
                .copied()
                .unwrap_or_default();
            let usual = step.usual.div_f64(self.speed);
            let own = match (step.is_done, step.started) {
                (true, _) => Duration::ZERO,
                (false, Some(started)) => usual.saturating_sub(now.saturating_sub(started)),
                (false, None) => usual,
            };
            ends.push(starts + own);
        }
        ends.into_iter().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
