//! The live table: one line per job and a last line with the totals.
//!
//! Failed jobs come first, then running, waiting, skipped and completed ones. Jobs without room are
//! counted in one line. Columns without room are dropped: first the usual duration, then the
//! status.

use std::time::Duration;

use super::Model;
use super::job::{Job, State};
use crate::line::{Line, width};
use crate::style::{Label, Style};
use crate::words::{about, clean, clock, count};

/// The widest column of names.
const NAME_MAX: usize = 24;
/// The width of the column of phases, on a terminal of 80 columns.
const PHASE: usize = 24;
/// The width of the column of statuses.
const STATUS: usize = 18;
/// The narrowest terminal on which usual durations are shown.
const USUAL_FROM: usize = 76;
/// The narrowest terminal on which the status, or the reason for a wait, is shown.
const STATUS_FROM: usize = 56;

/// Returns the lines of the table, with the totals last.
pub(super) fn table(model: &Model, now: Duration, style: &Style, height: usize) -> Vec<String> {
    let mut jobs: Vec<&Job> = model.jobs.iter().collect();
    jobs.sort_by_key(|job| {
        (
            rank(job.state),
            if job.state == State::Done {
                now.saturating_sub(job.ended)
            } else {
                job.started
            },
        )
    });
    let room = height.saturating_sub(1);
    let shown = if jobs.len() > room {
        room.saturating_sub(1)
    } else {
        jobs.len()
    };
    let name = jobs
        .iter()
        .take(shown)
        .map(|job| width(&job.name))
        .max()
        .unwrap_or(0)
        .min(NAME_MAX)
        .min(style.width / 3);
    let mut lines: Vec<Line> = jobs
        .iter()
        .take(shown)
        .map(|job| row(model, job, now, name, style))
        .collect();
    if let Some(rest) = jobs
        .get(shown..)
        .filter(|rest| !rest.is_empty() && room > 0)
    {
        lines.push(more(rest));
    }
    lines.push(sum(model, now));
    lines.truncate(height);
    lines
        .into_iter()
        .map(|line| line.cut_to(style.width).render(style))
        .collect()
}

/// Returns the place of a state in the order of rows. Failures come first, since they must not be
/// hidden.
fn rank(state: State) -> usize {
    match state {
        State::Failed => 0,
        State::Running => 1,
        State::Waiting => 2,
        State::Skipped => 3,
        State::Done => 4,
    }
}

/// Returns the row of a job: name, phase, status or remark, clock, and usual duration, as far as
/// there is room.
fn row(model: &Model, job: &Job, now: Duration, name: usize, style: &Style) -> Line {
    let (label, phase, status, elapsed) = match job.state {
        State::Waiting => (Label::Dim, "waits".to_owned(), waits_for(model, job), None),
        State::Running => (
            Label::Plain,
            phase(model, job),
            beside(job),
            Some(now.saturating_sub(job.started)),
        ),
        State::Done => (
            Label::Good,
            "done".to_owned(),
            String::new(),
            Some(job.ended.saturating_sub(job.started)),
        ),
        State::Failed => (
            Label::Danger,
            "failed".to_owned(),
            String::new(),
            Some(job.ended.saturating_sub(job.started)),
        ),
        State::Skipped => (
            Label::Warning,
            if job.has_begun() {
                "unfinished"
            } else {
                "not started"
            }
            .to_owned(),
            String::new(),
            None,
        ),
    };
    let mut line = Line::indented(2);
    line.push(Label::Strong, crate::line::cut(&job.name, name));
    line.pad_to(2 + name + 2);
    // A wide terminal has room for the whole condition of a wait.
    let phase_columns = (PHASE + style.width.saturating_sub(80)).min(style.width / 3);
    line.push(label, crate::line::cut(&phase, phase_columns));
    if style.width >= STATUS_FROM {
        line.pad_to(2 + name + 2 + phase_columns + 2);
        // A job without a clock may use the room of the clock.
        let columns = if elapsed.is_some() {
            STATUS
        } else {
            style.width
        };
        line.push(Label::Dim, crate::line::cut(&status, columns));
        line.pad_to(2 + name + 2 + phase_columns + 2 + STATUS);
    } else {
        line.pad_to(2 + name + 2 + phase_columns);
    }
    let Some(elapsed) = elapsed else { return line };
    line.push(Label::Plain, format!("{:>7}", clock(elapsed)));
    let usual = usual(model, job);
    if job.state == State::Running && style.width >= USUAL_FROM && usual >= Duration::from_secs(1) {
        line.push(Label::Dim, format!("  usually {}", clock(usual)));
    }
    line
}

/// Returns what the current step does; between steps, what the whole job does.
fn phase(model: &Model, job: &Job) -> String {
    let current = job
        .current
        .and_then(|at| model.steps.get(at))
        .filter(|step| !step.is_done);
    current.map_or_else(|| job.word().to_owned(), |step| step.phase.clone())
}

fn beside(job: &Job) -> String {
    job.remark
        .clone()
        .or_else(|| job.status.as_deref().map(clean))
        .unwrap_or_default()
}

/// Returns the usual duration of a job: the sum of its steps, at the speed of the cloud.
fn usual(model: &Model, job: &Job) -> Duration {
    let usual: Duration = job
        .steps
        .iter()
        .filter_map(|at| model.steps.get(*at))
        .map(|step| step.usual)
        .sum();
    usual.div_f64(model.speed)
}

/// Returns which jobs a job waits for, such as `for web[0] and 2 more`: those of the unfinished
/// steps on which its first unfinished step depends. `in turn` marks a member of the same group.
fn waits_for(model: &Model, job: &Job) -> String {
    let first = job
        .steps
        .iter()
        .filter_map(|at| model.steps.get(*at))
        .find(|step| !step.is_done);
    let needed = first
        .into_iter()
        .flat_map(|step| &step.after)
        .filter_map(|at| model.steps.get(*at));
    let mut others: Vec<&Job> = needed
        .filter(|step| !step.is_done)
        .filter_map(|step| model.jobs.get(step.job))
        .collect();
    others.dedup_by(|a, b| a.name == b.name);
    let Some(other) = others.first() else {
        return String::new();
    };
    let turn = if job.group.is_some() && job.group == other.group {
        ", in turn"
    } else {
        ""
    };
    let more = if others.len() > 1 {
        format!(" and {} more", others.len() - 1)
    } else {
        String::new()
    };
    format!("for {}{more}{turn}", other.name)
}

/// Returns the line that counts the jobs without room, by state.
fn more(rest: &[&Job]) -> Line {
    let n = |state| rest.iter().filter(|job| job.state == state).count();
    let counted = [
        (State::Failed, "failed"),
        (State::Running, "running"),
        (State::Waiting, "waiting"),
        (State::Skipped, "left"),
        (State::Done, "done"),
    ];
    let parts: Vec<String> = counted
        .iter()
        .filter(|(state, _)| n(*state) > 0)
        .map(|(state, word)| format!("{} {word}", n(*state)))
        .collect();
    let mut line = Line::indented(2);
    line.push(Label::Dim, format!("… and {}", parts.join(", ")));
    line
}

/// Returns the totals:
/// `5 of 14 steps · 19 calls, 0 throttled · about 3 min left · Ctrl-C stops cleanly`.
fn sum(model: &Model, now: Duration) -> Line {
    let tally = model.tally;
    let mut parts = vec![
        format!("{} of {}", tally.done, count(tally.total, "step")),
        format!(
            "{}, {} throttled",
            count(tally.calls, "call"),
            tally.throttled
        ),
    ];
    if model.stopping && !model.over {
        parts.push("stopping: waiting for the running calls".to_owned());
    } else if !model.over {
        parts.extend(about(model.left(now)).map(|time| format!("{time} left")));
        parts.push("Ctrl-C stops cleanly".to_owned());
    }
    let mut line = Line::default();
    line.push(
        if model.stopping {
            Label::Warning
        } else {
            Label::Dim
        },
        parts.join(" · "),
    );
    line
}
