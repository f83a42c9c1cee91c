//! Creating, changing and deleting a disk.

use setpoint_openapi::action::ecs as api;
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::Cx;
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Absent, Args, Call, Codes, Cond, Look, Procedure, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::{Changing, Update};
use setpoint_plan::{Encoding, Value};

use super::{DISK, MACHINE, SPEC, attach, judge};
use crate::shared::{locked_all, own_id, own_tags, params};

const GONE: Codes = &["InvalidDiskId.NotFound"];
/// The snapshot is not ready yet, or a call with the same token is still being processed.
const CREATING: Retry = &[(
    &[
        "InvalidSnapshotId.NotReady",
        "LastTokenProcessing",
        "InvalidStatus.Upgrading",
        "OperationConflict",
        "ServiceUnavailable",
    ],
    Window::For(minutes(5)),
)];
/// A snapshot of the disk is being taken, or the disk or its instance is between two states.
const BUSY: Retry = &[(
    &[
        "DiskCreatingSnapshot",
        "IncorrectDiskStatus",
        "IncorrectDiskStatus.Initializing",
        "IncorrectInstanceStatus",
        "LastOrderProcessing",
        "LastTokenProcessing",
        "InvalidOperation.Conflict",
        "OperationConflict",
        "InternalError",
    ],
    Window::For(minutes(10)),
)];
/// The category or level is still changing, or was changed recently.
const CONVERTING: Retry = &[(
    &[
        "DiskInCoolingPeriod",
        "IncorrectDiskStatus",
        "InvalidStatus.DiskNotReady",
        "BurstingEnabledForModifyingDiskUnsupported",
        "ModifyingDiskCategoryLimitExceed",
        "LastOrderProcessing",
        "OperationConflict",
        "InternalError",
    ],
    Window::For(minutes(5)),
)];

/// Creates the disk and attaches it. The pivot is the wait before it is attached.
pub(super) fn create(cx: &Cx<'_>, want: &Desired) -> Procedure {
    let id = own_id(want);
    let args = [params(&DISK, want), vec![own_tags(cx, want)]].concat();
    let call = Call {
        retry: CREATING,
        ..Call::create(&api::CREATE_DISK, args, &[("id", "DiskId")])
    };
    // A repeated create call returns the disk of an earlier run, which may already be attached.
    let made = ["Available", "Attaching", "In_use"].map(Value::text).into();
    let made = Wait::own(Cond::Is("status", made), seconds(3), minutes(5));
    let mut steps = vec![Step::call(call), Step::wait(made)];
    let pivot = steps.len() - 1;
    let goes_with_it = want.attrs.get("delete_with_instance").cloned();
    let machine = want
        .attrs
        .get("attach_to")
        .filter(|machine| **machine != Value::Null);
    match (machine, goes_with_it) {
        (Some(machine), flag) => {
            let attached = attach::attach(&id, machine, flag.unwrap_or(Value::Bool(false)));
            steps.extend(locked_all(attached, &[machine]));
        }
        (None, Some(flag)) => {
            steps.push(attribute(vec![
                ("DiskId", id),
                ("DeleteWithInstance", flag),
            ]));
        }
        (None, None) => {}
    }
    let policy = want.attrs.get("auto_snapshot_policy").cloned();
    steps.extend(policy.map(|policy| apply_policy(cx, &own_id(want), policy)));
    Procedure { steps, pivot }
}

/// Detaches the disk and deletes it. The pivot is the detaching: the deletion of the instance, and
/// other users of its slot, wait for that step only.
pub(super) fn delete(_: &Cx<'_>, live: &Live) -> Procedure {
    let mut steps = locked_all(attach::detach(live), &[&live.attr("attach_to")]);
    let pivot = steps.len().saturating_sub(1);
    let call = Call {
        done_on: GONE,
        retry: BUSY,
        ..Call::new(&api::DELETE_DISK, vec![("DiskId", Value::text(&live.id))])
    };
    steps.extend([
        Step::call(call),
        Step::wait(Wait::gone(seconds(3), minutes(10))),
    ]);
    Procedure { steps, pivot }
}

/// Returns the call that changes attributes.
pub(super) fn attribute(args: Args) -> Step {
    Step::call(Call {
        retry: CONVERTING,
        ..Call::new(&api::MODIFY_DISK_ATTRIBUTE, args)
    })
}

/// Returns the call that changes the attributes of an update.
pub(super) fn attributes(change: &Changing<'_>, update: &'static Update) -> Vec<Step> {
    let id = vec![("DiskId", change.id())];
    vec![attribute([id, change.params(update)].concat())]
}

/// Returns the call that applies a policy of automatic snapshots.
pub(super) fn apply_policy(cx: &Cx<'_>, id: &Value, policy: Value) -> Step {
    let disks = Value::Encode(Encoding::Json, Box::new(Value::List(vec![id.clone()])));
    // The parameters of this action begin with lower-case letters, unlike all others.
    let args = vec![
        ("regionId", Value::text(&cx.site.region)),
        ("autoSnapshotPolicyId", policy),
        ("diskIds", disks),
    ];
    Step::call(Call {
        retry: BUSY,
        ..Call::new(&api::APPLY_AUTO_SNAPSHOT_POLICY, args)
    })
}

/// Returns the steps that grow the disk before it moves: online on a running instance, otherwise
/// offline; none if it grows on its way.
pub(super) fn grow(change: &Changing<'_>) -> Vec<Step> {
    let (size, from) = (change.wanted("size"), change.live.attr("attach_to"));
    if grows_on_its_way(change) {
        return Vec::new();
    }
    let settled = from.as_text().map(|machine| settled(change, machine));
    let steps = settled.into_iter().chain(resize(change, size)).collect();
    locked_all(steps, &[&from, &change.wanted("attach_to")])
}

/// Returns whether the disk grows between detaching and attaching, since the category `cloud` can
/// only grow offline.
pub(super) fn grows_on_its_way(change: &Changing<'_>) -> bool {
    attach::is_reattached(change.want, change.live)
        && judge::is_bound_to_rest(change.want, change.live)
}

/// Returns a wait until the instance is in a state in which its disks can grow, or is deleted.
fn settled(change: &Changing<'_>, machine: &str) -> Step {
    let at_rest = ["Running", "Stopped"].map(Value::text).into();
    let mut queries = MACHINE.by_ids(&DISK, &change.live.site, &[machine.to_owned()]);
    Step::wait(Wait {
        look: queries.pop().map_or(Look::Own, Look::Ask),
        absent: Absent::Done,
        ..Wait::own(Cond::Is("status", at_rest), seconds(5), minutes(10))
    })
}

/// Returns the steps that grow the disk and wait until it shows the new size. The API refuses the
/// size that a disk already has.
pub(super) fn resize(change: &Changing<'_>, size: Value) -> Vec<Step> {
    let grown = Cond::Is("size", vec![size.clone()]);
    let ways = if judge::is_basic(change.live) {
        OFFLINE
    } else {
        ONLINE_IF_IT_RUNS
    };
    let call = Call {
        goal: Some(grown.clone()),
        look_on: &["InvalidDiskSize"],
        retry: BUSY,
        ..resize_call(&change.id(), &size, ways)
    };
    vec![
        Step::call(call),
        Step::wait(Wait::own(grown, seconds(2), minutes(5))),
    ]
}

/// The method for a disk without a running instance.
const OFFLINE: &[&str] = &["offline"];
/// The methods for a disk whose instance may run. A running instance sees an online growth at once.
/// The cloud decides whether it runs, since the plan itself may have started or stopped it by then.
pub(crate) const ONLINE_IF_IT_RUNS: &[&str] = &["online", "offline"];

/// Returns the call that grows a disk with the first of these methods that the cloud accepts.
pub(crate) fn resize_call(id: &Value, size: &Value, ways: &[&str]) -> Call {
    let rung = |way: &&str| {
        vec![
            ("DiskId", id.clone()),
            ("NewSize", size.clone()),
            ("Type", Value::text(*way)),
        ]
    };
    Call {
        rungs: ways.iter().map(rung).collect(),
        fall_on: &["InvalidInstanceStatus.NotRunning"],
        ..Call::new(&api::RESIZE_DISK, Vec::new())
    }
}

/// Returns the steps that change category, level or IOPS. A change of category takes some time,
/// during which no other change of the disk is possible, so it ends with a wait.
pub(super) fn spec(change: &Changing<'_>) -> Vec<Step> {
    let attrs = ["category", "performance_level", "provisioned_iops"];
    let is = |attr| Some(Cond::Is(attr, vec![change.want.attrs.get(attr)?.clone()]));
    let changed = Cond::All(attrs.into_iter().filter_map(is).collect());
    let call = Call {
        done_on: &["NoChangeInDiskCategoryAndPerformanceLevel"],
        retry: CONVERTING,
        ..Call::new(
            &api::MODIFY_DISK_SPEC,
            [vec![("DiskId", change.id())], change.params(&SPEC)].concat(),
        )
    };
    vec![
        Step::call(call),
        Step::wait(Wait::own(changed, seconds(5), minutes(60))),
    ]
}
