//! Updates of a live instance, each with its calls and waits.
//!
//! Names and protection can change at any time. Every other update outside the window first waits
//! for an instance that is starting, since the API refuses it until then.

use setpoint_openapi::action::ecs as api;
use setpoint_plan::procedure::{
    Args, Call, Codes, Cond, Each, ItemForm, Results, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::{Changing, Update};
use setpoint_plan::{Action, Value};

use crate::instance::desire;
use crate::instance::fields::BANDWIDTH;
use crate::instance::power::settled;

/// Another change of the instance is being processed.
const CHANGING: Retry = &[(
    &[
        "OperationConflict",
        "LastOrderProcessing",
        "LastRequestProcessing",
        "InternalError",
    ],
    Window::For(minutes(5)),
)];
/// The type is not supported, or the instance already has it. The latter is possible after a lost
/// reply.
const SAME_TYPE: Codes = &["InvalidInstanceType.ValueNotSupported"];
/// [`SAME_TYPE`] is retried for some seconds, until the API shows a type that a call with a lost
/// reply has set.
const CHANGING_TYPE: Retry = &[
    (SAME_TYPE, Window::For(seconds(10))),
    (
        &[
            "OperationConflict",
            "LastOrderProcessing",
            "LastRequestProcessing",
            "InternalError",
        ],
        Window::For(minutes(5)),
    ),
];
/// The instance is between two states, or another change is being processed.
const SETTLING: Retry = &[(
    &[
        "InvalidOperation.InvalidEcsState",
        "IncorrectInstanceStatus",
        "OperationConflict",
    ],
    Window::For(minutes(5)),
)];
/// Another change of the instance or of the subnet is being processed.
const MOVING: Retry = &[(
    &["OperationConflict", "IncorrectVSwitchStatus"],
    Window::For(minutes(5)),
)];
const UNAVAILABLE: Retry = &[(&["ServiceUnavailable"], Window::For(minutes(5)))];

fn on(id: &Value, action: &'static Action, args: Args) -> Call {
    Call::new(action, [vec![("InstanceId", id.clone())], args].concat())
}

/// Returns the call that changes attributes.
pub(super) fn attribute(id: &Value, args: Args) -> Step {
    let call = on(id, &api::MODIFY_INSTANCE_ATTRIBUTE, args);
    Step::call(Call {
        retry: SETTLING,
        ..call
    })
}

/// Returns the call that changes the attributes of an update, after a wait for an instance that is
/// starting.
pub(super) fn settled_attribute(change: &Changing<'_>, update: &'static Update) -> Vec<Step> {
    let call = attribute(&change.id(), change.params(update));
    settled(change.live).into_iter().chain([call]).collect()
}

/// Returns the call that stores changed user data. The instance does not execute them again.
pub(super) fn user_data(change: &Changing<'_>) -> Vec<Step> {
    let content = desire::sent_user_data(change.want);
    vec![attribute(
        &change.id(),
        vec![("UserData", content.unwrap_or(Value::Null))],
    )]
}

/// Returns the steps that change the public bandwidth. For bandwidth on an instance without a
/// public address, the call must ask for an address.
pub(super) fn bandwidth(change: &Changing<'_>) -> Vec<Step> {
    let mut args = change.params(&BANDWIDTH);
    if !change.want.attrs.contains_key("internet.charge_type") {
        let charge = desire::charge_type(change.want, change.live);
        args.extend(charge.map(|charge| ("NetworkChargeType", charge.clone())));
    }
    let out = change.want.attrs.get("internet.max_bandwidth_out").cloned();
    let out = out.unwrap_or(Value::Int(0));
    let has_none = change.live.attr("own_public_ip") == Value::Null;
    let opens = has_none && out.as_int().unwrap_or(0) > 0;
    let mut seen = vec![Cond::Is("internet.max_bandwidth_out", vec![out])];
    if opens {
        args.push(("AllocatePublicIp", Value::Bool(true)));
        seen.push(Cond::Set("own_public_ip"));
    }
    let call = on(&change.id(), &api::MODIFY_INSTANCE_NETWORK_SPEC, args);
    let call = Step::call(Call {
        retry: CHANGING,
        ..call
    });
    let wait = Step::wait(Wait::own(Cond::All(seen), seconds(2), minutes(2)));
    settled(change.live)
        .into_iter()
        .chain([call, wait])
        .collect()
}

/// Returns the steps that change the type. The API refuses the type that the instance already has,
/// and shows a new type only some seconds later.
pub(super) fn instance_type(change: &Changing<'_>) -> Vec<Step> {
    let acceptable = change
        .want
        .attrs
        .get("instance_types")
        .and_then(Value::as_list);
    let first = acceptable.and_then(<[Value]>::first).cloned();
    let ty = first.unwrap_or_else(|| change.wanted("instance_type"));
    let shown = Cond::Is("instance_type", vec![ty.clone()]);
    let call = Call {
        goal: Some(shown.clone()),
        look_on: SAME_TYPE,
        retry: CHANGING_TYPE,
        ..on(
            &change.id(),
            &api::MODIFY_INSTANCE_SPEC,
            vec![("InstanceType", ty)],
        )
    };
    vec![
        Step::call(call),
        Step::wait(Wait::own(shown, seconds(2), minutes(10))),
    ]
}

/// Returns the steps that move the instance to another subnet or address. It cannot be moved again
/// before it was started.
pub(super) fn network(change: &Changing<'_>) -> Vec<Step> {
    let wanted = change.want.attrs.get("vswitch").cloned();
    let vswitch = wanted.unwrap_or_else(|| change.live.attr("vswitch"));
    let mut args = vec![("VSwitchId", vswitch.clone())];
    let mut seen = vec![Cond::Is("vswitch", vec![vswitch])];
    if let Some(ip) = change.want.attrs.get("private_ip") {
        args.push(("PrivateIpAddress", ip.clone()));
        seen.push(Cond::Is("private_ip", vec![ip.clone()]));
    }
    let seen = Cond::All(seen);
    let call = Call {
        goal: Some(seen.clone()),
        look_on: &["InvalidPrivateIp.Changing"],
        retry: MOVING,
        ..on(&change.id(), &api::MODIFY_INSTANCE_VPC_ATTRIBUTE, args)
    };
    vec![
        Step::call(call),
        Step::wait(Wait::own(seen, seconds(3), minutes(5))),
    ]
}

/// Returns the steps that replace the system disk. The key pair is lost unless the call names it
/// again.
pub(super) fn rebuild(change: &Changing<'_>) -> Vec<Step> {
    let image = change.wanted("image");
    let mut args = vec![("ImageId", image.clone())];
    let wanted = change.want.attrs.get("key_pair").cloned();
    let key = wanted.unwrap_or_else(|| change.live.attr("key_pair"));
    if key != Value::Null {
        args.push(("KeyPairName", key));
    }
    let size = change.want.attrs.get("system_disk.size");
    args.extend(size.map(|size| ("SystemDisk.Size", size.clone())));
    let replaced = Cond::Is("image", vec![image]);
    let call = Call {
        yields: &[("system_disk.id", "DiskId")],
        goal: Some(replaced.clone()),
        retry: CHANGING,
        ..on(&change.id(), &api::REPLACE_SYSTEM_DISK, args)
    };
    vec![
        Step::call(call),
        Step::wait(Wait::own(replaced, seconds(10), minutes(10))),
    ]
}

/// Returns the steps that attach the key pair of the spec, which replaces the present one.
pub(super) fn attach_key_pair(change: &Changing<'_>) -> Vec<Step> {
    key_pair(change, &api::ATTACH_KEY_PAIR, change.wanted("key_pair"))
}

/// Returns the steps that detach the present key pair.
pub(super) fn detach_key_pair(change: &Changing<'_>) -> Vec<Step> {
    key_pair(change, &api::DETACH_KEY_PAIR, change.live.attr("key_pair"))
}

/// Returns the call for a key pair. It is answered with HTTP 200 even if the instance failed, so
/// the result of each item is read.
fn key_pair(change: &Changing<'_>, action: &'static Action, name: Value) -> Vec<Step> {
    let each = Each {
        item: "InstanceIds",
        max: 50,
        form: ItemForm::JsonArray,
        results: Some(Results {
            rows: "Results.Result",
            item: "InstanceId",
        }),
    };
    let args = vec![("InstanceIds", change.id()), ("KeyPairName", name)];
    let call = Call {
        each: Some(each),
        retry: UNAVAILABLE,
        ..Call::new(action, args)
    };
    settled(change.live)
        .into_iter()
        .chain([Step::call(call)])
        .collect()
}
