//! Power of an instance: starting, stopping, and the window in which it is stopped for updates.
//!
//! The actions take no client token, so their goal is the state: after a lost reply or a refusal
//! the status decides whether the call is done.

use setpoint_openapi::action::ecs as api;
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::Cx;
use setpoint_plan::live::Live;
use setpoint_plan::planner::guard_step;
use setpoint_plan::procedure::{
    Args, Call, Cond, Each, ItemForm, Results, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::Changing;
use setpoint_plan::{Action, Value};

use crate::instance::{RESTARTING, tag_api};

/// The path of the results of single instances.
const RESULTS: Results = Results {
    rows: "InstanceResponses.InstanceResponse",
    item: "InstanceId",
};

/// The instance is starting, or another change is being processed.
pub(super) const STARTING_UP: Retry = &[(
    &[
        "IncorrectInstanceStatus.Initializing",
        "IncorrectInstanceStatus",
        "DependencyViolation.RouteEntry",
        "DependencyViolation.SLBConfiguring",
        "OperationConflict",
    ],
    Window::For(minutes(5)),
)];

/// Returns the steps that start an instance, or wait for one that is starting.
pub(super) fn start_up(change: &Changing<'_>) -> Vec<Step> {
    if change.live.attr("power") == Value::text("starting") {
        vec![Step::wait(running())]
    } else {
        start(&change.id())
    }
}

/// Returns the steps that stop an instance because the spec says so.
pub(super) fn stop_as_asked(change: &Changing<'_>) -> Vec<Step> {
    let first = settled(change.live);
    first
        .into_iter()
        .chain(stop(&change.id(), stopped_mode(change.want)))
        .collect()
}

/// Returns a call that starts or stops instances. Calls that are ready together go out as one;
/// `SuccessFirst` lets the others succeed if one fails.
fn batch(action: &'static Action, id: &Value, more: Args, goal: &str) -> Step {
    let each = Each {
        item: "InstanceId",
        max: 100,
        form: ItemForm::Indexed,
        results: Some(RESULTS),
    };
    let args = [
        vec![
            ("InstanceId", id.clone()),
            ("BatchOptimization", Value::text("SuccessFirst")),
        ],
        more,
    ]
    .concat();
    Step::call(Call {
        each: Some(each),
        goal: Some(Cond::is("status", goal)),
        look_on: &["IncorrectInstanceStatus"],
        retry: STARTING_UP,
        ..Call::new(action, args)
    })
}

/// Returns the steps that stop an instance with this `StoppedMode`. They fail if somebody starts
/// the instance meanwhile.
pub(super) fn stop(id: &Value, mode: &str) -> Vec<Step> {
    let call = batch(
        &api::STOP_INSTANCES,
        id,
        vec![("StoppedMode", Value::text(mode))],
        "Stopped",
    );
    let stopped = Wait {
        undone: Some(is_any(&["Running", "Starting"])),
        ..Wait::own(Cond::is("status", "Stopped"), seconds(15), minutes(10))
    };
    vec![call, Step::wait(stopped)]
}

/// Returns the condition that the status is one of these.
fn is_any(states: &[&str]) -> Cond {
    Cond::Any(
        states
            .iter()
            .map(|state| Cond::is("status", state))
            .collect(),
    )
}

/// Returns whether the spec wants the instance stopped.
pub(super) fn is_to_stop(want: &Desired) -> bool {
    want.attrs.get("power") == Some(&Value::text("stopped"))
}

/// Returns the effect on charges of a stop that the spec wants; `StopCharging` by default.
pub(super) fn stopped_mode(want: &Desired) -> &str {
    want.text("stopped_mode").unwrap_or("StopCharging")
}

/// Returns the steps that start an instance. They fail if somebody stops it meanwhile.
fn start(id: &Value) -> Vec<Step> {
    let call = batch(&api::START_INSTANCES, id, Vec::new(), "Running");
    let started = Wait {
        undone: Some(is_any(&["Stopped", "Stopping"])),
        ..running()
    };
    vec![call, Step::wait(started)]
}

fn running() -> Wait {
    Wait::own(Cond::is("status", "Running"), seconds(20), minutes(10))
}

/// Returns a wait for an instance that is starting; `None` for any other. A new one passes through
/// `Stopped` before it starts by itself.
pub(super) fn settled(live: &Live) -> Option<Step> {
    (live.attr("power") == Value::text("starting")).then(|| Step::wait(running()))
}

/// Returns the steps that open and close the window for updates that need the instance stopped.
///
/// A stop for an update keeps charging (`KeepCharging`): otherwise the API would release the stock
/// of the type and might change the public address, and the start could fail. A stop that the spec
/// wants follows `stopped_mode`, and nothing starts the instance again. A stopped instance needs no
/// window, unless an earlier run stopped it: then it is marked once more, which opens the window,
/// so that it is started even if the update fails.
pub(super) fn window(_: &Cx<'_>, want: &Desired, live: &Live) -> (Vec<Step>, Vec<Step>) {
    let id = Value::text(&live.id);
    let is_stopped = live.attr("status") == Value::text("Stopped");
    if is_to_stop(want) {
        let stop = || {
            settled(live)
                .into_iter()
                .chain(stop(&id, stopped_mode(want)))
                .collect()
        };
        return (if is_stopped { Vec::new() } else { stop() }, Vec::new());
    }
    if is_stopped && !live.is_marked(Some(RESTARTING)) {
        return (Vec::new(), Vec::new());
    }
    let mark = |guard| guard_step(&tag_api("instance"), &id, &guard);
    let mut open: Vec<Step> = settled(live).into_iter().collect();
    open.push(mark(live.guard().with(RESTARTING)));
    if !is_stopped {
        open.extend(stop(&id, "KeepCharging"));
    }
    let mut close = start(&id);
    close.push(mark(live.guard().without(RESTARTING)));
    (open, close)
}
