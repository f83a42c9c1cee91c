//! How long things usually take, from the waits of a plan's steps.

use std::time::Duration;

use setpoint_plan::plan::{Plan, PlanStep};
use setpoint_plan::procedure::Act;

/// How long a step usually takes: a wait's own word for it, nothing for calls.
pub(crate) fn usual(step: &PlanStep) -> Duration {
    match &step.step.act {
        Act::Wait(wait) => wait.typical,
        Act::Call(_) | Act::Local(_) => Duration::ZERO,
    }
}

/// How long what a change concerns is usually not at work: the waits inside its window, or all of
/// its waits if it has no window.
pub(super) fn usual_interruption(plan: &Plan, change: usize) -> Duration {
    let of_change = |range: std::ops::RangeInclusive<usize>| -> Duration {
        plan.steps
            .iter()
            .enumerate()
            .filter(|(at, step)| range.contains(at) && step.change == change)
            .map(|(_, step)| usual(step))
            .sum()
    };
    let closers = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.change == change);
    let windows: Vec<(usize, usize)> = closers
        .filter_map(|(at, step)| step.step.closes.map(|opener| (opener, at)))
        .collect();
    match (
        windows.iter().map(|window| window.0).min(),
        windows.iter().map(|window| window.1).max(),
    ) {
        (Some(first), Some(last)) => of_change(first..=last),
        _ => of_change(0..=plan.steps.len()),
    }
}
