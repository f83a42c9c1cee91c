//! Creating and deleting an instance.

use setpoint_openapi::action::ecs as api;
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::Cx;
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Args, Call, Codes, Cond, Each, ItemForm, Procedure, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::{Key, Value};

use crate::instance::power::{STARTING_UP, is_to_stop, stop, stopped_mode};
use crate::instance::{INSTANCE, desire, ready};
use crate::shared::{own_id, own_tags, params};

/// Codes of an instance that is already deleted.
const GONE: Codes = &[
    "InvalidInstanceId.NotFound",
    "InvalidInstanceIds.NotFound",
    "Forbidden.InstanceNotFound",
];
/// The type has no stock in the zone, or is not offered there: the next rung may succeed.
const NO_STOCK: Codes = &[
    "OperationDenied.NoStock",
    "OperationDenied.ZoneNotAllowed",
    "ResourceNotAvailable",
    "Zone.NotOnSale",
    "Zone.NotOpen",
    "InvalidInstanceType.ZoneNotSupported",
    "InvalidInstanceType.ValueNotSupported",
    "InstanceType.Offline",
    "NodeControllerUnavailable",
];
/// The subnet was just created, or the address of a deleted instance is not released yet.
const NETWORK_BUSY: Retry = &[
    (
        &[
            "IncorrectVSwitchStatus",
            "IncorrectVpcStatus",
            "OperationDenied.CreatingConflict",
        ],
        Window::For(minutes(5)),
    ),
    (
        &[
            "InvalidPrivateIpAddress.Duplicated",
            "InvalidIPAddress.AlreadyUsed",
        ],
        Window::AfterRelease(minutes(5)),
    ),
];

/// Creates the instance, waits until it runs and has its public address, runs the readiness checks,
/// and stops it if the spec says so. The pivot is the wait; dependents that need the instance ready
/// wait for the checks too. The wait fails at once if the new instance is `Stopping`.
pub(super) fn create(cx: &Cx<'_>, want: &Desired) -> Procedure {
    let rungs = rungs(cx, want);
    let fall_on: Codes = if rungs.len() > 1 { NO_STOCK } else { &[] };
    let first = rungs.first().cloned().unwrap_or_default();
    let run = Call {
        rungs,
        fall_on,
        retry: NETWORK_BUSY,
        ..Call::create(
            &api::RUN_INSTANCES,
            first,
            &[("id", "InstanceIdSets.InstanceIdSet")],
        )
    };
    let mut ready = vec![Cond::is("status", "Running")];
    if want
        .get("internet.max_bandwidth_out")
        .and_then(Value::as_int)
        .unwrap_or(0)
        > 0
    {
        ready.push(Cond::Set("public_ip"));
    }
    let running = Wait {
        never: Some(Cond::is("status", "Stopping")),
        ..Wait::own(Cond::All(ready), seconds(25), minutes(10))
    };
    let mut steps = vec![Step::call(run), Step::wait(running)];
    let pivot = 1;
    steps.extend(ready::steps_of_new(cx, want));
    if is_to_stop(want) {
        steps.extend(stop(&own_id(want), stopped_mode(want)));
    }
    Procedure { steps, pivot }
}

/// Returns the parameters to try in turn: every acceptable type in every acceptable subnet, types
/// first. Members of a group start with different subnets, so that they are spread over them.
fn rungs(cx: &Cx<'_>, want: &Desired) -> Vec<Args> {
    let list = |name: &str| {
        want.attrs
            .get(name)
            .and_then(Value::as_list)
            .map(<[Value]>::to_vec)
    };
    let one = |name: &str| want.get(name).cloned().into_iter().collect::<Vec<_>>();
    let types = list("instance_types").unwrap_or_else(|| one("instance_type"));
    let mut subnets = list("vswitches").unwrap_or_else(|| one("vswitch"));
    if let (Some(Key::Index(n)), false) = (want.address.key(), subnets.is_empty()) {
        let turn = usize::try_from(*n).unwrap_or(0) % subnets.len();
        subnets.rotate_left(turn);
    }
    let ladder = types.iter().flat_map(|ty| {
        subnets
            .iter()
            .map(move |subnet| (ty.clone(), subnet.clone()))
    });
    ladder
        .map(|(ty, subnet)| run_args(cx, want, ty, subnet))
        .collect()
}

/// Returns the parameters of RunInstances for one instance that is billed by use.
fn run_args(cx: &Cx<'_>, want: &Desired, instance_type: Value, vswitch: Value) -> Args {
    let mut sent: Args = params(&INSTANCE, want)
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "InstanceType" | "VSwitchId"))
        .collect();
    sent.extend([
        ("InstanceType", instance_type),
        ("VSwitchId", vswitch),
        ("Amount", Value::Int(1)),
        ("InstanceChargeType", Value::text("PostPaid")),
        own_tags(cx, want),
    ]);
    sent.extend(desire::sent_user_data(want).map(|content| ("UserData", content)));
    sent
}

/// Deletes the instance. `Force` makes the API delete a running one too.
pub(super) fn delete(_: &Cx<'_>, live: &Live) -> Procedure {
    let each = Each {
        item: "InstanceId",
        max: 100,
        form: ItemForm::Indexed,
        results: None,
    };
    let args = vec![
        ("InstanceId", Value::text(&live.id)),
        ("Force", Value::Bool(true)),
    ];
    let call = Call {
        each: Some(each),
        done_on: GONE,
        retry: STARTING_UP,
        ..Call::new(&api::DELETE_INSTANCES, args)
    };
    Procedure::ending_at_pivot(vec![
        Step::call(call),
        Step::wait(Wait::gone(seconds(5), minutes(20))),
    ])
}
