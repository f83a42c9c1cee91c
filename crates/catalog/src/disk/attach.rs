//! Attaching a disk to an instance, and detaching it.

use setpoint_openapi::action::ecs as api;
use setpoint_plan::Value;
use setpoint_plan::desired::Desired;
use setpoint_plan::field::Judged;
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{Call, Codes, Cond, Retry, Step, Wait, Window, minutes, seconds};
use setpoint_plan::update::Changing;

use super::change;
use crate::shared::{locked_all, state};

/// The disk or the instance is between two states, or another disk of the instance is.
const BUSY: Retry = &[(
    &[
        "IncorrectDiskStatus",
        "IncorrectDiskStatus.Initializing",
        "IncorrectInstanceStatus",
        "DisksDetachingOnEcsExceeded",
        "InvalidOperation.Conflict",
        "OperationConflict",
        "InternalError",
        "ServiceUnavailable",
    ],
    Window::For(minutes(10)),
)];
/// The code of a disk that is already detached.
const FREE: Codes = &["InvalidDisk.AlreadyDetached"];

/// Returns whether a change attaches the disk, moves it, or detaches it.
pub(super) fn is_reattached(want: &Desired, live: &Live) -> bool {
    want.attrs
        .get("attach_to")
        .is_some_and(|to| *to != live.attr("attach_to"))
}

/// Returns the steps that detach the disk and attach it again; a disk that can only grow offline
/// grows in between. Nothing is detached before the new instance runs, since every step needs its
/// references usable.
pub(super) fn reattach(change: &Changing<'_>) -> Vec<Step> {
    let (from, to) = (change.live.attr("attach_to"), change.wanted("attach_to"));
    let mut steps = detach(change.live);
    let size = change.wanted("size");
    let grows = size != Value::Null && size != change.live.attr("size");
    if grows && change::grows_on_its_way(change) {
        steps.extend(change::resize(change, size));
    }
    if to != Value::Null {
        steps.extend(attach(&change.id(), &to, goes_with_it(change)));
        steps.extend(keep_automatic_snapshots(change.live));
    }
    locked_all(steps, &[&from, &to])
}

/// Returns the flag for deleting the disk with its instance: that of the spec, otherwise the live
/// one.
fn goes_with_it(change: &Changing<'_>) -> Value {
    let wanted = change.want.attrs.get("delete_with_instance").cloned();
    wanted.unwrap_or_else(|| change.live.attr("delete_with_instance"))
}

/// Returns the step that restores the flag for deleting automatic snapshots with the disk. Attaching
/// resets it, and no source says to which value.
fn keep_automatic_snapshots(live: &Live) -> Option<Step> {
    let flag = live.attr("delete_auto_snapshot");
    let args = vec![
        ("DiskId", Value::text(&live.id)),
        ("DeleteAutoSnapshot", flag.clone()),
    ];
    (flag != Value::Null).then(|| change::attribute(args))
}

/// Returns the steps that attach the disk to an instance. The call also sets the flag for deleting
/// both together, so it must carry the desired value.
pub(super) fn attach(id: &Value, machine: &Value, goes_with_it: Value) -> Vec<Step> {
    let attached = Cond::Is("attach_to", vec![machine.clone()]);
    let args = vec![
        ("DiskId", id.clone()),
        ("InstanceId", machine.clone()),
        ("DeleteWithInstance", goes_with_it),
    ];
    let call = Call {
        goal: Some(attached.clone()),
        look_on: &["IncorrectDiskStatus", "InvalidDisk.InUse"],
        retry: BUSY,
        ..Call::new(&api::ATTACH_DISK, args)
    };
    let in_use = Cond::All(vec![Cond::is("status", "In_use"), attached]);
    vec![
        Step::call(call),
        Step::wait(Wait::own(in_use, seconds(5), minutes(10))),
    ]
}

/// Returns the steps that detach the disk; none if it is free.
pub(super) fn detach(live: &Live) -> Vec<Step> {
    let from = live.attr("attach_to");
    if from == Value::Null {
        return Vec::new();
    }
    let call = Call {
        goal: Some(Cond::Not(Box::new(Cond::Set("attach_to")))),
        look_on: &[
            "IncorrectDiskStatus",
            "DependencyViolation",
            "InvalidInstanceId.NotFound",
        ],
        done_on: FREE,
        retry: BUSY,
        ..Call::new(
            &api::DETACH_DISK,
            vec![("DiskId", Value::text(&live.id)), ("InstanceId", from)],
        )
    };
    vec![Step::call(call), state("Available", 5, 10)]
}

/// Returns the zone of the instance that the spec names, if it is known.
pub(super) fn zone_of_machine(judged: &Judged<'_>) -> Option<Value> {
    if let Some(live) = judged.outside {
        return Some(live.attr("zone"));
    }
    let subnet = meant(judged, machine(judged)?, "vswitch")?;
    subnet.attrs.get("zone").cloned()
}

/// Returns the desired instance that the spec names, if it belongs to this stack.
pub(super) fn machine<'a>(judged: &Judged<'a>) -> Option<&'a Desired> {
    meant(
        judged,
        judged.all.get(&judged.desired.address)?,
        "attach_to",
    )
}

/// Returns the desired resource that an attribute refers to.
fn meant<'a>(judged: &Judged<'a>, want: &Desired, attr: &str) -> Option<&'a Desired> {
    let refs = want.attrs.get(attr)?.refs();
    judged.all.get(&refs.first()?.address)
}
