//! The procedures of an instance.

use setpoint_openapi::action::ecs as api;
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::{Cx, TagApi};
use setpoint_plan::live::Live;
use setpoint_plan::ownership::Guard;
use setpoint_plan::planner::guard_step;
use setpoint_plan::procedure::{
    Absent, Args, Call, Codes, Cond, Each, ItemForm, Look, Procedure, Retry, Step, Wait, Window,
    minutes, seconds,
};
use setpoint_plan::{Action, Value};

use crate::instance::{read, ready, run_params};
use crate::shared::own_tags;

pub(super) const TAGS: TagApi = TagApi {
    tag: &api::TAG_RESOURCES,
    untag: &api::UNTAG_RESOURCES,
    resource_type: "instance",
};

const GONE: Codes = &[
    "InvalidInstanceId.NotFound",
    "InvalidInstanceIds.NotFound",
    "Forbidden.InstanceNotFound",
];
/// No stock here, or not this type here: the next rung may have it.
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
/// The subnet has only just been made, or the name of a deleted machine's address lingers.
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
const CHANGING: Retry = &[(
    &[
        "OperationConflict",
        "LastOrderProcessing",
        "LastRequestProcessing",
        "InternalError",
    ],
    Window::For(minutes(5)),
)];
const STARTING_UP: Retry = &[(
    &[
        "IncorrectInstanceStatus.Initializing",
        "IncorrectInstanceStatus",
        "DependencyViolation.RouteEntry",
        "DependencyViolation.SLBConfiguring",
        "OperationConflict",
    ],
    Window::For(minutes(5)),
)];

const SAME_TYPE: Codes = &["InvalidInstanceType.ValueNotSupported"];
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
/// Between two states, or another change under way.
const SETTLING: Retry = &[(
    &[
        "InvalidOperation.InvalidEcsState",
        "IncorrectInstanceStatus",
        "OperationConflict",
    ],
    Window::For(minutes(5)),
)];
/// Its category or level is changing still, or was changed a moment ago.
const DISK_CHANGING: Retry = &[(
    &[
        "OperationConflict",
        "LastOrderProcessing",
        "DiskInCoolingPeriod",
        "InvalidStatus.DiskNotReady",
        "IncorrectDiskStatus",
        "InternalError",
    ],
    Window::For(minutes(5)),
)];
const DISK_BUSY: Retry = &[(
    &[
        "DiskCreatingSnapshot",
        "LastOrderProcessing",
        "OperationConflict",
        "IncorrectDiskStatus",
    ],
    Window::For(minutes(10)),
)];
const MOVING: Retry = &[(
    &["OperationConflict", "IncorrectVSwitchStatus"],
    Window::For(minutes(5)),
)];
const UNAVAILABLE: Retry = &[(&["ServiceUnavailable"], Window::For(minutes(5)))];

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
    steps.extend(ready::steps_of_new(cx.site, want));
    if is_to_stop(want) {
        steps.extend(stop(&crate::shared::own_id(want), stopped_mode(want)));
    }
    Procedure { steps, pivot }
}

/// Every acceptable type in every acceptable subnet, types first; members of a group begin at different subnets.
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
    if let (Some(setpoint_plan::Key::Index(n)), false) = (want.address.key(), subnets.is_empty()) {
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

fn run_args(cx: &Cx<'_>, want: &Desired, instance_type: Value, vswitch: Value) -> Args {
    let mut sent: Args = run_params(want)
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
    sent.extend(
        want.initial
            .get("user_data_content")
            .map(|content| ("UserData", content.clone())),
    );
    sent
}

/// Names and tags may change at any time; everything else beside the window waits for a machine on its way up.
pub(super) fn update(verb: &str, cx: &Cx<'_>, want: &Desired, live: &Live) -> Vec<Step> {
    let beside = matches!(
        verb,
        "host_name" | "groups" | "bandwidth" | "grow" | "disk_spec" | "key_pair" | "leave_key_pair"
    );
    let first = if beside { settled(live) } else { None };
    first
        .into_iter()
        .chain(if verb == "ready" {
            ready::steps_of_live(cx.site, want, live)
        } else {
            changes(verb, want, live)
        })
        .collect()
}

fn changes(verb: &str, want: &Desired, live: &Live) -> Vec<Step> {
    let id = Value::text(&live.id);
    let wanted = |attr: &str| want.attrs.get(attr).cloned();
    match verb {
        "attribute" => vec![attribute(
            &id,
            pick(
                &[
                    ("InstanceName", "name"),
                    ("Description", "description"),
                    ("DeletionProtection", "deletion_protection"),
                ],
                want,
            ),
        )],
        "host_name" => vec![attribute(&id, pick(&[("HostName", "host_name")], want))],
        "groups" => vec![attribute(
            &id,
            pick(&[("SecurityGroupIds", "security_groups")], want),
        )],
        "user_data" => {
            let content = want
                .initial
                .get("user_data_content")
                .cloned()
                .unwrap_or(Value::Null);
            vec![attribute(&id, vec![("UserData", content)])]
        }
        "bandwidth" => bandwidth(&id, want, live),
        "grow" => grow(want, live),
        "disk_spec" => disk_spec(want, live),
        "type" => change_type(&id, want),
        "network" => network(&id, want, live),
        "image" => rebuild(&id, want, live),
        "key_pair" => vec![key_pair(
            &api::ATTACH_KEY_PAIR,
            &live.id,
            wanted("key_pair").unwrap_or(Value::Null),
        )],
        "leave_key_pair" => vec![key_pair(
            &api::DETACH_KEY_PAIR,
            &live.id,
            live.attr("key_pair"),
        )],
        // The window that opens anyway ends as it is wanted.
        "power_in_window" => Vec::new(),
        _ if is_to_stop(want) => settled(live)
            .into_iter()
            .chain(stop(&id, stopped_mode(want)))
            .collect(),
        _ if live.attr("power") == Value::text("starting") => vec![running()],
        _ => start(&id),
    }
}

fn pick(names: &[(&'static str, &str)], want: &Desired) -> Args {
    names
        .iter()
        .filter_map(|(param, attr)| Some((*param, want.attrs.get(*attr)?.clone())))
        .collect()
}

fn on(id: &Value, action: &'static Action, args: Args) -> Call {
    Call::new(action, [vec![("InstanceId", id.clone())], args].concat())
}

fn attribute(id: &Value, args: Args) -> Step {
    Step::call(Call {
        retry: SETTLING,
        ..on(id, &api::MODIFY_INSTANCE_ATTRIBUTE, args)
    })
}

fn bandwidth(id: &Value, want: &Desired, live: &Live) -> Vec<Step> {
    let mut args = pick(
        &[
            ("InternetMaxBandwidthOut", "internet.max_bandwidth_out"),
            ("InternetMaxBandwidthIn", "internet.max_bandwidth_in"),
        ],
        want,
    );
    args.extend(
        want.get("internet.charge_type")
            .map(|charge| ("NetworkChargeType", charge.clone())),
    );
    let out = want
        .attrs
        .get("internet.max_bandwidth_out")
        .cloned()
        .unwrap_or(Value::Int(0));
    let opens = live.attr("public_ip") == Value::Null && out.as_int().unwrap_or(0) > 0;
    let mut seen = vec![Cond::Is("internet.max_bandwidth_out", vec![out])];
    if opens {
        args.push(("AllocatePublicIp", Value::Bool(true)));
        seen.push(Cond::Set("public_ip"));
    }
    let call = Call {
        retry: CHANGING,
        ..on(id, &api::MODIFY_INSTANCE_NETWORK_SPEC, args)
    };
    vec![
        Step::call(call),
        Step::wait(Wait::own(Cond::All(seen), seconds(2), minutes(2))),
    ]
}

/// Online while it runs, so that nothing notices; offline is the only way while it is stopped. One on its way up runs by
/// then.
fn grow(want: &Desired, live: &Live) -> Vec<Step> {
    let (disk, size) = (
        live.attr("system_disk.id"),
        want.attrs
            .get("system_disk.size")
            .cloned()
            .unwrap_or(Value::Null),
    );
    let way = if live.attr("power") == Value::text("stopped") {
        "offline"
    } else {
        "online"
    };
    let args = vec![
        ("DiskId", disk.clone()),
        ("NewSize", size.clone()),
        ("Type", Value::text(way)),
    ];
    let grown = Wait {
        typical: seconds(2),
        within: minutes(5),
        ..disk_wait(live, Cond::Is("system_disk.size", vec![size]))
    };
    vec![
        Step::call(Call {
            retry: DISK_BUSY,
            ..Call::new(&api::RESIZE_DISK, args)
        }),
        Step::wait(grown),
    ]
}

/// A level changes at once; a category takes its time, and allows nothing else meanwhile.
fn disk_spec(want: &Desired, live: &Live) -> Vec<Step> {
    let spec = pick(
        &[
            ("DiskCategory", "system_disk.category"),
            ("PerformanceLevel", "system_disk.performance_level"),
        ],
        want,
    );
    let attrs = ["system_disk.category", "system_disk.performance_level"];
    let seen = attrs
        .into_iter()
        .filter_map(|attr| Some(Cond::Is(attr, vec![want.attrs.get(attr)?.clone()])));
    let changed = disk_wait(live, Cond::All(seen.collect()));
    let call = Call {
        done_on: &["NoChangeInDiskCategoryAndPerformanceLevel"],
        retry: DISK_CHANGING,
        ..Call::new(
            &api::MODIFY_DISK_SPEC,
            [vec![("DiskId", live.attr("system_disk.id"))], spec].concat(),
        )
    };
    vec![Step::call(call), Step::wait(changed)]
}

fn disk_wait(live: &Live, until: Cond) -> Wait {
    let query = read::disk(
        &live.site,
        live.attr("system_disk.id").as_text().unwrap_or_default(),
    );
    Wait {
        look: Look::Ask(query),
        until,
        never: None,
        absent: Absent::Fails,
        typical: seconds(5),
        within: minutes(60),
    }
}

fn change_type(id: &Value, want: &Desired) -> Vec<Step> {
    let first = want
        .attrs
        .get("instance_types")
        .and_then(Value::as_list)
        .and_then(<[Value]>::first)
        .cloned();
    let ty = first
        .or_else(|| want.attrs.get("instance_type").cloned())
        .unwrap_or(Value::Null);
    // Asked for the type it has, the API refuses; and it shows a new type only some seconds later.
    let call = Call {
        goal: Some(Cond::Is("instance_type", vec![ty.clone()])),
        look_on: SAME_TYPE,
        retry: CHANGING_TYPE,
        ..on(
            id,
            &api::MODIFY_INSTANCE_SPEC,
            vec![("InstanceType", ty.clone())],
        )
    };
    vec![
        Step::call(call),
        Step::wait(Wait::own(
            Cond::Is("instance_type", vec![ty]),
            seconds(2),
            minutes(10),
        )),
    ]
}

fn network(id: &Value, want: &Desired, live: &Live) -> Vec<Step> {
    let vswitch = want
        .attrs
        .get("vswitch")
        .cloned()
        .unwrap_or_else(|| live.attr("vswitch"));
    let mut args = vec![("VSwitchId", vswitch.clone())];
    let mut seen = vec![Cond::Is("vswitch", vec![vswitch])];
    if let Some(ip) = want.attrs.get("private_ip") {
        args.push(("PrivateIpAddress", ip.clone()));
        seen.push(Cond::Is("private_ip", vec![ip.clone()]));
    }
    let seen = Cond::All(seen);
    // Moved once, it cannot be moved again before it was started.
    let call = Call {
        goal: Some(seen.clone()),
        look_on: &["InvalidPrivateIp.Changing"],
        retry: MOVING,
        ..on(id, &api::MODIFY_INSTANCE_VPC_ATTRIBUTE, args)
    };
    vec![
        Step::call(call),
        Step::wait(Wait::own(seen, seconds(3), minutes(5))),
    ]
}

/// The system disk is replaced; the key pair is dropped unless it is given again.
fn rebuild(id: &Value, want: &Desired, live: &Live) -> Vec<Step> {
    let image = want.attrs.get("image").cloned().unwrap_or(Value::Null);
    let mut args = vec![("ImageId", image.clone())];
    let key = want
        .attrs
        .get("key_pair")
        .cloned()
        .unwrap_or_else(|| live.attr("key_pair"));
    if key != Value::Null {
        args.push(("KeyPairName", key));
    }
    args.extend(pick(&[("SystemDisk.Size", "system_disk.size")], want));
    let replaced = Cond::Is("image", vec![image]);
    let yields = &[("system_disk.id", "DiskId")];
    let call = Call {
        yields,
        goal: Some(replaced.clone()),
        retry: CHANGING,
        ..on(id, &api::REPLACE_SYSTEM_DISK, args)
    };
    vec![
        Step::call(call),
        Step::wait(Wait::own(replaced, seconds(10), minutes(10))),
    ]
}

/// Answers with 200 even where the one machine failed, hence the per-item results.
fn key_pair(action: &'static Action, id: &str, name: Value) -> Step {
    let each = Each {
        item: "InstanceIds",
        max: 50,
        form: ItemForm::JsonArray,
        results: Some("Results.Result"),
    };
    let args = vec![("InstanceIds", Value::text(id)), ("KeyPairName", name)];
    Step::call(Call {
        each: Some(each),
        retry: UNAVAILABLE,
        ..Call::new(action, args)
    })
}

fn batch(action: &'static Action, id: &Value, more: Args, goal: &str) -> Step {
    let each = Each {
        item: "InstanceId",
        max: 100,
        form: ItemForm::Indexed,
        results: Some("InstanceResponses.InstanceResponse"),
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

/// A wanted stop, or one of our own.
fn stop(id: &Value, mode: &str) -> Vec<Step> {
    let call = batch(
        &api::STOP_INSTANCES,
        id,
        vec![("StoppedMode", Value::text(mode))],
        "Stopped",
    );
    vec![
        call,
        Step::wait(Wait::own(
            Cond::is("status", "Stopped"),
            seconds(15),
            minutes(10),
        )),
    ]
}

fn is_to_stop(want: &Desired) -> bool {
    want.attrs.get("power") == Some(&Value::text("stopped"))
}

fn stopped_mode(want: &Desired) -> &str {
    want.text("stopped_mode").unwrap_or("StopCharging")
}

fn start(id: &Value) -> Vec<Step> {
    let call = batch(&api::START_INSTANCES, id, Vec::new(), "Running");
    vec![call, running()]
}

fn running() -> Step {
    Step::wait(Wait::own(
        Cond::is("status", "Running"),
        seconds(20),
        minutes(10),
    ))
}

/// A machine on its way up is let up first: a new one passes through `Stopped` before it starts by itself.
fn settled(live: &Live) -> Option<Step> {
    (live.attr("power") == Value::text("starting")).then(running)
}

/// Stops of our own keep charging, so that stock and address stay; one that is wanted anyway is made as it is wanted, and
/// nothing starts the machine again. A machine that is stopped needs no window, unless an earlier run stopped it: then it
/// is marked once more, which opens the window, so that it is started whatever becomes of the change.
pub(super) fn window(want: &Desired, live: &Live) -> (Vec<Step>, Vec<Step>) {
    let id = Value::text(&live.id);
    let guard = live
        .owner
        .as_ref()
        .map(|owner| owner.guard.clone())
        .unwrap_or_default();
    let is_stopped = live.attr("status") == Value::text("Stopped");
    if is_to_stop(want) {
        let open = if is_stopped {
            Vec::new()
        } else {
            settled(live)
                .into_iter()
                .chain(stop(&id, stopped_mode(want)))
                .collect()
        };
        return (open, Vec::new());
    }
    if is_stopped && !guard.restarting {
        return (Vec::new(), Vec::new());
    }
    let mark = guard_step(
        &TAGS,
        &id,
        &Guard {
            restarting: true,
            ..guard.clone()
        },
    );
    let mut open: Vec<Step> = settled(live).into_iter().chain([mark]).collect();
    if !is_stopped {
        open.extend(stop(&id, "KeepCharging"));
    }
    let mut close = start(&id);
    close.push(guard_step(
        &TAGS,
        &id,
        &Guard {
            restarting: false,
            ..guard
        },
    ));
    (open, close)
}

pub(super) fn delete(live: &Live) -> Procedure {
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
