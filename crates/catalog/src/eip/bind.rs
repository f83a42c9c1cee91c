//! Binding an `eip` to an instance, and unbinding it.

use setpoint_openapi::action::vpc as api;
use setpoint_plan::Value;
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Anchor, Args, Call, Cond, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::Changing;

use crate::shared::{locked_all, state};

/// The EIP or its instance is between two states.
const BINDING: Retry = &[
    (
        &[
            "IncorrectEipStatus",
            "IncorrectInstanceStatus",
            "InvalidStatus.EcsStatusNotSupport",
            "InvalidBindingStatus",
            "TaskConflict",
            "OperationConflict",
            "IncorrectStatus",
            "SystemBusy",
            "LastTokenProcessing",
            "ServiceUnavailable",
            "OperationFailed.EcsMigrating",
        ],
        Window::For(minutes(5)),
    ),
    // The instance still shows an EIP or a public address that it has just released. The window is
    // short, since the same codes are permanent for an instance that has another address.
    (
        &[
            "InvalidAssociation.Duplicated",
            "InvalidStatus.InstanceHasBandWidth",
        ],
        Window::For(minutes(1)),
    ),
];
/// Returns the steps that unbind the address and bind it again. A bound address is not unbound
/// before the new instance is ready to take over; a free one is bound as soon as the instance is
/// usable.
pub(super) fn rebind(change: &Changing<'_>) -> Vec<Step> {
    let (from, to) = (change.live.attr("attach_to"), change.wanted("attach_to"));
    let mut steps = unbind(change.live);
    if to != Value::Null {
        steps.extend(bind(&change.id(), &to));
    }
    let anchor = if from == Value::Null {
        Anchor::Usable
    } else {
        Anchor::Ready
    };
    let steps = steps.into_iter().map(|step| step.needing(anchor)).collect();
    locked_all(steps, &[&from, &to])
}

/// Returns the steps that bind the address to an instance.
pub(super) fn bind(id: &Value, target: &Value) -> Vec<Step> {
    let bound = Cond::Is("attach_to", vec![target.clone()]);
    let args = vec![
        ("AllocationId", id.clone()),
        ("InstanceId", target.clone()),
        ("InstanceType", Value::text("EcsInstance")),
    ];
    let call = Call {
        goal: Some(bound.clone()),
        look_on: &["IncorrectEipStatus"],
        retry: BINDING,
        ..Call::new(&api::ASSOCIATE_EIP_ADDRESS, args)
    };
    let in_use = Cond::All(vec![Cond::is("status", "InUse"), bound]);
    vec![
        Step::call(call),
        Step::wait(Wait::own(in_use, seconds(3), minutes(5))),
    ]
}

/// Returns the steps that unbind the address; none if it is free. The API refuses to unbind a free
/// address with the code of a wrong state, so that code is followed by a look at the address.
pub(super) fn unbind(live: &Live) -> Vec<Step> {
    let from = live.attr("attach_to");
    if from == Value::Null {
        return Vec::new();
    }
    let args: Args = vec![
        ("AllocationId", Value::text(&live.id)),
        ("InstanceId", from),
        ("InstanceType", live.attr("target_type")),
    ];
    let call = Call {
        goal: Some(Cond::Not(Box::new(Cond::Set("attach_to")))),
        look_on: &["IncorrectEipStatus", "InvalidInstanceId.NotFound"],
        retry: BINDING,
        ..Call::new(&api::UNASSOCIATE_EIP_ADDRESS, args)
    };
    vec![Step::call(call), available()]
}

fn available() -> Step {
    state("Available", 3, 5)
}
