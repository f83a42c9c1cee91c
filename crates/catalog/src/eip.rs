//! `eip`: a public address that is bound to one machine at a time.
//!
//! An EIP is `Available`, `Associating`, `InUse` or `Unassociating`, and `Releasing` before it
//! vanishes; each transition takes some seconds. It survives the machine that it is bound to, and
//! keeps its address when it is bound to another one. A machine takes one EIP, and none if it has
//! public bandwidth of its own. An account holds 20 by default. Only a free EIP is released.
//!
//! A move waits until the new machine is ready, so that the address is away for some seconds only.
//! The first binding waits until the machine runs: its readiness check may need the address.
//!
//! Sources: AllocateEipAddress, AssociateEipAddress, UnassociateEipAddress,
//! ModifyEipAddressAttribute, ReleaseEipAddress, DescribeEipAddresses (VPC 2016-04-28).

use setpoint_openapi::action::vpc as api;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::Value;
use setpoint_plan::claim::Claim;
use setpoint_plan::decode::{TagNames, plain};
use setpoint_plan::desired::Desired;
use setpoint_plan::effect::Effect;
use setpoint_plan::field::{Field, Judged, Verdict};
use setpoint_plan::kind::{Cx, Kind};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Anchor, Args, Call, Codes, Cond, Procedure, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::{Changing, Update};
use setpoint_plan::view::{Decode, Ids, Proof, View};
use setpoint_spec::naming::{Naming, PeerRole};
use setpoint_spec::schema::{CheckCx, Problem, Type};

use crate::shared::{
    close_attachment, default_to, locked_all, name_at_creation, own_id, own_tags, params,
    some_text, state, text_or_none,
};
use crate::vpc;

/// The kind.
pub static EIP: Kind = Kind {
    doc: "A public address that can move between machines.",
    hints: &[
        ("eip_name", "`name`"),
        ("instance_id", "`attach_to`"),
        ("instance_charge_type", "an `eip` is always paid by the hour"),
        ("payment_type", "an `eip` is always paid by the hour"),
    ],
    naming: Naming {
        synonyms: &["eip_address"],
        peer: Some(PeerRole::Address("ip_address")),
        ..Naming::ids(&["eip"])
    },
    check,
    example: "
net: {type: vpc, cidr_block: 10.0.0.0/16}
subnet: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}
group: {type: security_group, vpc: net}
app:
  type: instance
  count: 2
  instance_type: ecs.c7.large
  image: {family: acs:alibaba_cloud_linux_3_2104_lts_x64}
  vswitch: subnet
  security_groups: [group]
it: {type: eip}
",
    tag_api: Some(vpc::tag_api("EIP")),
    tag_names: TagNames::Plain,
    desire: |cx, _, _, want| {
        name_at_creation(cx, want, 128);
        default_to(want, "bandwidth", Value::Int(5));
        default_to(want, "internet_charge_type", "PayByBandwidth");
        default_to(want, "isp", "BGP");
        close_attachment(want);
        Ok(())
    },
    // A machine has one address at a time.
    claims: |of| {
        let held = Claim::name("attach_to", Value::Null, &of("attach_to"));
        held.into_iter().collect()
    },
    loses: |live, _| {
        let address = live.attr("ip_address");
        address.as_text().map(|address| format!("the public address {address}"))
    },
    undeletable,
    ..Kind::new("eip", FIELDS, &LIST, create, delete)
};

const TEXT: Type = Type::Text { min: 0, max: 64 };

static FIELDS: &[Field] = &[
    Field::display_name("Name", 1, 128)
        .at_uncaptured("Name")
        .update(&ATTRIBUTES)
        .samples("first", "second"),
    Field::description()
        .at_uncaptured("Description")
        .update(&ATTRIBUTES)
        .samples("One address", "Another one"),
    Field::new(
        "bandwidth",
        Type::Int { min: 1, max: 500, unit: "Mbit/s" },
        "Its bandwidth in Mbit/s; at most 200 if traffic is paid for.",
    )
    .or("5")
    .param("Bandwidth")
    .by(bandwidth)
    .update(&BANDWIDTH)
    .samples("5", "10"),
    Field::new(
        "internet_charge_type",
        Type::Enum(&["PayByBandwidth", "PayByTraffic"]),
        "Whether bandwidth or traffic is paid for; another way gives another address.",
    )
    .or("PayByBandwidth")
    .param("InternetChargeType")
    .at_uncaptured("InternetChargeType")
    .replace()
    .samples("PayByBandwidth", "PayByTraffic"),
    Field::new(
        "isp",
        Type::Enum(&["BGP", "BGP_PRO"]),
        "The line; another one gives another address.",
    )
    .or("BGP")
    .param("ISP")
    .at_uncaptured("ISP")
    .replace()
    .samples("BGP", "BGP_PRO"),
    Field::new(
        "attach_to",
        Type::Ref("instance"),
        "The machine that it is bound to; bound to none unless given. The address moves with it.",
    )
    .closed()
    .late()
    .by(target)
    .judge(judge_target, "brief")
    .leave(&LEAVE)
    .lends("public_ip", "ip_address")
    .samples("\"app[0]\"", "\"app[1]\""),
    Field::output("ip_address", TEXT, "The public address.").at_uncaptured("IpAddress"),
    Field::output("status", TEXT, "Available, Associating, InUse, Unassociating or Releasing.")
        .at("Status")
        .transient(),
    Field::derived("target_type").never().by(|row| text_or_none(row, "InstanceType")),
    Field::derived("charge_type").never().by(|row| text_or_none(row, "ChargeType")),
    Field::derived("protected").never().at_uncaptured("DeletionProtection"),
];

/// The name and the description.
static ATTRIBUTES: Update = Update::online("attributes", |change| modify(change, &ATTRIBUTES));
/// The bandwidth, which is paid by size if bandwidth is paid for.
static BANDWIDTH: Update = Update::online("bandwidth", |change| modify(change, &BANDWIDTH))
    .effect(Effect::NONE.priced());
/// Bound, after it was free.
static ATTACH: Update = Update::online("attach", rebind);
/// Bound to another machine.
static MOVE: Update = Update::online("move", rebind).effect(Effect::BRIEF);
/// Free, after it was bound.
static DETACH: Update = Update::online("detach", rebind).effect(Effect::BRIEF);
/// Free until the successor of the machine exists.
static LEAVE: Update = Update::online("leave", |change| unbind(change.live));

static LIST: View = View {
    ids: Ids::Commas("AllocationId", 50),
    named: "EipName",
    proof: Proof::DryRun,
    ..View::new(
        "list",
        &api::DESCRIBE_EIP_ADDRESSES,
        Listing {
            style: Style::Number { size: 100 },
            rows: "EipAddresses.EipAddress",
            id: "AllocationId",
        },
        Decode::Rows(plain),
    )
};

const GONE: Codes = &["InvalidAllocationId.NotFound"];
const ALLOCATING: Retry = &[(
    &["OperationConflict", "FrequentPurchase.EIP", "LastTokenProcessing", "SystemBusy"],
    Window::For(minutes(5)),
)];
/// The EIP or its machine is between two states.
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
    // An EIP or a public address that the machine has just let go of is still shown.
    (
        &["InvalidAssociation.Duplicated", "InvalidStatus.InstanceHasBandWidth"],
        Window::For(minutes(1)),
    ),
];
const CHANGING: Retry = &[(
    &[
        "IncorrectEipStatus",
        "IncorrectStatus.ResourceStatus",
        "VPC_TASK_CONFLICT",
        "OperationConflict",
        "LastTokenProcessing",
    ],
    Window::For(minutes(5)),
)];
const RELEASING: Retry = &[(
    &["IncorrectEipStatus", "OperationConflict", "TaskConflict", "LastTokenProcessing"],
    Window::For(minutes(5)),
)];

fn check(cx: &CheckCx<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let bandwidth = cx.fields().get("bandwidth").and_then(Value::as_int);
    let by_traffic =
        cx.fields().get("internet_charge_type") == Some(&Value::text("PayByTraffic"));
    if by_traffic && bandwidth.is_some_and(|rate| rate > 200) {
        problems.push(Problem {
            path: "bandwidth".to_owned(),
            message: "an `eip` that is paid by traffic has at most 200 Mbit/s".to_owned(),
            hint: Some("write 200, or say `internet_charge_type: PayByBandwidth`".to_owned()),
        });
    }
    problems.extend(check_target(cx));
    problems
}

/// A machine takes one public address.
fn check_target(cx: &CheckCx<'_>) -> Option<Problem> {
    let Some(Value::Ref(target)) = cx.fields().get("attach_to") else {
        return None;
    };
    let machine = cx.all.get(&target.address)?;
    let internet = machine.fields.get("internet").and_then(Value::as_map);
    let rate = internet.and_then(|internet| internet.get("max_bandwidth_out")?.as_int());
    let problem = |message: String, hint: String| Problem {
        path: "attach_to".to_owned(),
        message,
        hint: Some(hint),
    };
    if rate.is_some_and(|rate| rate > 0) {
        return Some(problem(
            format!("`{}` has public bandwidth of its own", target.address),
            format!("take `internet` out of `{}`, or `attach_to` out of here", target.address),
        ));
    }
    let is_before = |other: &&setpoint_spec::stack::Resource| {
        other.kind.name == EIP.name
            && other.address < cx.resource.address
            && other.fields.get("attach_to") == cx.fields().get("attach_to")
    };
    let other = cx.all.values().find(is_before)?;
    Some(problem(
        format!("`{}` is attached to `{}` already", other.address, target.address),
        "a machine takes one `eip`".to_owned(),
    ))
}

fn undeletable(_: &Cx<'_>, live: &Live) -> Option<String> {
    if live.attr("charge_type") == Value::text("PrePaid") {
        return Some(format!("{} is a subscription", live.id));
    }
    let is_protected = live.attr("protected") == Value::Bool(true);
    is_protected.then(|| format!("the API's deletion protection of {} is on", live.id))
}

fn judge_target(judged: &Judged<'_>) -> Verdict {
    match (judged.want, judged.live) {
        (_, Value::Null) => Verdict::Update(&ATTACH),
        (Value::Null, _) => Verdict::Update(&DETACH),
        _ => Verdict::Update(&MOVE),
    }
}

fn create(cx: &Cx<'_>, want: &Desired) -> Procedure {
    let mut args = params(&EIP, want);
    args.push(own_tags(cx, want));
    let yields = &[("id", "AllocationId"), ("ip_address", "EipAddress")];
    let call = Call {
        retry: ALLOCATING,
        ..Call::create(&api::ALLOCATE_EIP_ADDRESS, args, yields)
    };
    let mut steps = vec![Step::call(call), available()];
    let pivot = steps.len() - 1;
    let target = want.attrs.get("attach_to").filter(|target| **target != Value::Null);
    let bound = |target| locked_all(bind(&own_id(want), target), &[target]);
    steps.extend(target.into_iter().flat_map(bound));
    Procedure { steps, pivot }
}

fn modify(change: &Changing<'_>, update: &'static Update) -> Vec<Step> {
    let args = [vec![("AllocationId", change.id())], change.params(update)].concat();
    let call = Call::new(&api::MODIFY_EIP_ADDRESS_ATTRIBUTE, args);
    vec![Step::call(Call { retry: CHANGING, ..call })]
}

/// Frees it and binds it anew. Nothing is freed before the new machine can take over.
fn rebind(change: &Changing<'_>) -> Vec<Step> {
    let (from, to) = (change.live.attr("attach_to"), change.wanted("attach_to"));
    let mut steps = unbind(change.live);
    if to != Value::Null {
        steps.extend(bind(&change.id(), &to));
    }
    let anchor = if from == Value::Null { Anchor::Usable } else { Anchor::Ready };
    let steps = steps.into_iter().map(|step| step.needing(anchor)).collect();
    locked_all(steps, &[&from, &to])
}

fn bind(id: &Value, target: &Value) -> Vec<Step> {
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
    vec![Step::call(call), Step::wait(Wait::own(in_use, seconds(3), minutes(5)))]
}

/// Frees it; nothing if it is free. Freed already, it is refused with the code of a wrong state.
fn unbind(live: &Live) -> Vec<Step> {
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

fn delete(_: &Cx<'_>, live: &Live) -> Procedure {
    let mut steps = locked_all(unbind(live), &[&live.attr("attach_to")]);
    let pivot = steps.len().saturating_sub(1);
    let args = vec![("AllocationId", Value::text(&live.id))];
    let call = Call {
        done_on: GONE,
        retry: RELEASING,
        ..Call::new(&api::RELEASE_EIP_ADDRESS, args)
    };
    steps.extend([Step::call(call), Step::wait(Wait::gone(seconds(3), minutes(9)))]);
    Procedure { steps, pivot }
}

fn available() -> Step {
    state("Available", 3, 5)
}

/// Its own bandwidth: inside a bandwidth package, `Bandwidth` is that of the package.
fn bandwidth(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let own = some_text(row, "EipBandwidth")?.map(|_| "EipBandwidth");
    row.need_int_text(own.unwrap_or("Bandwidth")).map(|rate| Some(Value::Int(rate)))
}

/// What it is bound to. One that is being freed is bound to nothing any more.
fn target(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let is_free = matches!(row.need_text("Status")?.as_str(), "Available" | "Unassociating");
    let id = row.may_text("InstanceId")?.filter(|id| !id.is_empty() && !is_free);
    Ok(id.map(Value::Text))
}
