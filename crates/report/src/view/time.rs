//! Usual durations of steps and interruptions, from the typical times of a plan's waits.

use std::time::Duration;

use setpoint_plan::plan::{Plan, PlanStep};
use setpoint_plan::procedure::Act;

/// Returns how long a step usually takes: the typical time of a wait, zero for a call or a local
/// act.
pub(crate) fn usual(step: &PlanStep) -> Duration {
    match &step.step.act {
        Act::Wait(wait) => wait.typical,
        Act::Call(_) | Act::Local(_) => Duration::ZERO,
    }
}

/// Returns how long a change usually interrupts its resource: the waits from the opening to the
/// closing of its window, or all of its waits if it has no window.
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
