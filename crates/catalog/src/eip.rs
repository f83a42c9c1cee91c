//! `eip`: a public address that is bound to one instance at a time.
//!
//! An EIP is `Available`, `Associating`, `InUse` or `Unassociating`, and `Releasing` before it
//! disappears; each transition takes some seconds. It outlives the instance that it is bound to,
//! and keeps its address when it is bound to another one. An instance takes one EIP, or none if it
//! has a public address of its own. An account has at most 20 EIPs by default. Only a free EIP can
//! be released.
//!
//! A move waits until the new instance is ready, so that the address is unreachable for some
//! seconds only. The first binding waits only until the instance runs, because its readiness check
//! may need the address.
//!
//! Sources: AllocateEipAddress, AssociateEipAddress, UnassociateEipAddress,
//! ModifyEipAddressAttribute, ReleaseEipAddress, DescribeEipAddresses (VPC 2016-04-28).

use setpoint_openapi::action::vpc as api;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::Value;
use setpoint_plan::claim::Claim;
use setpoint_plan::decode::{self, TagNames, plain};
use setpoint_plan::desired::Desired;
use setpoint_plan::effect::Effect;
use setpoint_plan::field::{Field, Judged, Verdict};
use setpoint_plan::kind::{Cx, Kind};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Call, Codes, Cond, Procedure, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::{Changing, Update};
use setpoint_plan::view::{Decode, Ids, Proof, View};
use setpoint_spec::naming::{Naming, PeerRole};
use setpoint_spec::schema::Type;

use crate::instance::PUBLIC_ADDRESS;
use crate::shared::{
    default_to, locked_all, name_at_creation, own_id, own_tags, params, some_text, text_or_none,
};
use crate::vpc;

mod bind;
mod check;

/// The kind.
pub static EIP: Kind = Kind {
    doc: "A public IP address that can move between instances.",
    hints: &[
        ("eip_name", "`name`"),
        ("instance_id", "`attach_to`"),
        (
            "instance_charge_type",
            "an `eip` is always billed by the hour",
        ),
        ("payment_type", "an `eip` is always billed by the hour"),
    ],
    naming: Naming {
        synonyms: &["eip_address"],
        peer: Some(PeerRole::Address("ip_address")),
        ..Naming::ids(&["eip"])
    },
    check: check::check,
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
        Ok(())
    },
    // An instance has one public address at a time.
    claims: |of| {
        let way = "remove `attach_to` from that one, or choose another instance";
        let slot = Claim::slot("attach_to", PUBLIC_ADDRESS, &of("attach_to"), way);
        slot.into_iter().collect()
    },
    loses: Some(|live, _| {
        let address = live.attr("ip_address");
        address
            .as_text()
            .map(|address| format!("the public address {address}"))
    }),
    undeletable,
    ..Kind::new("eip", FIELDS, &LIST, create, delete)
};

const TEXT: Type = Type::Text { min: 0, max: 64 };

/// The fields. The charge type, the line type and the address cannot be changed; listings show
/// bandwidths as texts.
static FIELDS: &[Field] = &[
    Field::display_name("Name", 1, 128)
        .at_uncaptured("Name")
        .update(&ATTRIBUTES)
        .samples("first", "second"),
    Field::description()
        .by_uncaptured(description, &["Description", "Descritpion"])
        .update(&ATTRIBUTES)
        .samples("One address", "Another one"),
    Field::new(
        "bandwidth",
        Type::Int {
            min: 1,
            max: 500,
            unit: "Mbit/s",
        },
        "Bandwidth in Mbit/s; at most 200 for PayByTraffic.",
    )
    .or("5")
    .param("Bandwidth")
    .by(bandwidth)
    .judge(judge_bandwidth, "none")
    .via(&BANDWIDTH)
    .samples("5", "10"),
    Field::new(
        "internet_charge_type",
        Type::Enum(&["PayByBandwidth", "PayByTraffic"]),
        "Billing by bandwidth or by traffic; a change replaces the address.",
    )
    .or("PayByBandwidth")
    .param("InternetChargeType")
    .at_uncaptured("InternetChargeType")
    .replace()
    .samples("PayByBandwidth", "PayByTraffic"),
    Field::new(
        "isp",
        Type::Enum(&["BGP", "BGP_PRO"]),
        "Line type; a change replaces the address.",
    )
    .or("BGP")
    .param("ISP")
    .at_uncaptured("ISP")
    .replace()
    .samples("BGP", "BGP_PRO"),
    Field::new(
        "attach_to",
        Type::Ref("instance"),
        "The instance that the address is bound to; unbound if not given. The address stays the \
         same when it moves.",
    )
    .closed()
    .late()
    .by(target)
    .judge(judge_target, "brief")
    .leave(&LEAVE)
    .lends("public_ip", "ip_address")
    .gives("public_ip")
    .samples("\"app[0]\"", "\"app[1]\""),
    Field::output("ip_address", TEXT, "The public IP address.").at_uncaptured("IpAddress"),
    Field::output(
        "status",
        TEXT,
        "`Available`, `Associating`, `InUse`, `Unassociating` or `Releasing`.",
    )
    .at("Status")
    .transient(),
    Field::derived("target_type")
        .never()
        .by_uncaptured(|row| text_or_none(row, "InstanceType"), &["InstanceType"]),
    Field::derived("charge_type")
        .never()
        .by_uncaptured(|row| text_or_none(row, "ChargeType"), &["ChargeType"]),
    Field::derived("protected")
        .never()
        .at_uncaptured("DeletionProtection"),
];

/// Changes the name and the description.
static ATTRIBUTES: Update = Update::online("attributes", |change| modify(change, &ATTRIBUTES));
/// Changes the bandwidth.
static BANDWIDTH: Update = Update::online("bandwidth", |change| modify(change, &BANDWIDTH));
/// Binds a free address.
static ATTACH: Update = Update::online("attach", bind::rebind);
/// Binds the address to another instance.
static MOVE: Update = Update::online("move", bind::rebind).effect(Effect::BRIEF);
/// Unbinds the address.
static DETACH: Update = Update::online("detach", bind::rebind).effect(Effect::BRIEF);
/// Unbinds the address until the replacement of its instance exists.
static LEAVE: Update = Update::online("leave", |change| bind::unbind(change.live));

static LIST: View = View {
    ids: Ids::Commas("AllocationId", 50),
    named: "EipName",
    grouped: "ResourceGroupId",
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
/// Another allocation is under way, or too many were made in a short time.
const ALLOCATING: Retry = &[(
    &[
        "OperationConflict",
        "FrequentPurchase.EIP",
        "LastTokenProcessing",
        "SystemBusy",
    ],
    Window::For(minutes(5)),
)];
/// Another change of the EIP is under way.
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
/// The EIP is still shown as bound, or another change of it is under way.
const RELEASING: Retry = &[(
    &[
        "IncorrectEipStatus",
        "OperationConflict",
        "TaskConflict",
        "LastTokenProcessing",
    ],
    Window::For(minutes(5)),
)];

/// Returns why the API would refuse to release the address: a subscription cannot be released, nor
/// an address under deletion protection.
fn undeletable(_: &Cx<'_>, live: &Live) -> Option<String> {
    if live.attr("charge_type") == Value::text("PrePaid") {
        return Some(format!("{} is a subscription", live.id));
    }
    let is_protected = live.attr("protected") == Value::Bool(true);
    is_protected.then(|| format!("the API's deletion protection of {} is on", live.id))
}

/// Judges the bandwidth: it changes the price per hour, unless the EIP is billed by traffic.
fn judge_bandwidth(judged: &Judged<'_>) -> Verdict {
    let is_paid = judged.row.attr("internet_charge_type") == Value::text("PayByBandwidth");
    let effect = if is_paid {
        Effect::NONE.priced()
    } else {
        Effect::NONE
    };
    Verdict::UpdateWith(&BANDWIDTH, effect)
}

/// Judges the instance to bind to: only a move or an unbinding interrupts connections.
fn judge_target(judged: &Judged<'_>) -> Verdict {
    match (judged.want, judged.live) {
        (_, Value::Null) => Verdict::Update(&ATTACH),
        (Value::Null, _) => Verdict::Update(&DETACH),
        _ => Verdict::Update(&MOVE),
    }
}

/// Allocates the address and binds it. The pivot is the wait before it is bound.
fn create(cx: &Cx<'_>, want: &Desired) -> Procedure {
    let mut args = params(&EIP, want);
    args.push(own_tags(cx, want));
    let yields = &[("id", "AllocationId"), ("ip_address", "EipAddress")];
    let call = Call {
        retry: ALLOCATING,
        ..Call::create(&api::ALLOCATE_EIP_ADDRESS, args, yields)
    };
    // A repeated create call returns the address of an earlier run, which may already be bound.
    let made = ["Available", "Associating", "InUse"]
        .map(Value::text)
        .into();
    let made = Wait::own(Cond::Is("status", made), seconds(3), minutes(5));
    let mut steps = vec![Step::call(call), Step::wait(made)];
    let pivot = steps.len() - 1;
    let target = want
        .attrs
        .get("attach_to")
        .filter(|target| **target != Value::Null);
    let bound = |target| locked_all(bind::bind(&own_id(want), target), &[target]);
    steps.extend(target.into_iter().flat_map(bound));
    Procedure { steps, pivot }
}

fn modify(change: &Changing<'_>, update: &'static Update) -> Vec<Step> {
    let args = [vec![("AllocationId", change.id())], change.params(update)].concat();
    let call = Call::new(&api::MODIFY_EIP_ADDRESS_ATTRIBUTE, args);
    vec![Step::call(Call {
        retry: CHANGING,
        ..call
    })]
}

/// Unbinds the address and releases it. The pivot is the unbinding: the instance waits for that
/// step only.
fn delete(_: &Cx<'_>, live: &Live) -> Procedure {
    let mut steps = locked_all(bind::unbind(live), &[&live.attr("attach_to")]);
    let pivot = steps.len().saturating_sub(1);
    let args = vec![("AllocationId", Value::text(&live.id))];
    let call = Call {
        done_on: GONE,
        retry: RELEASING,
        ..Call::new(&api::RELEASE_EIP_ADDRESS, args)
    };
    steps.extend([
        Step::call(call),
        Step::wait(Wait::gone(seconds(3), minutes(9))),
    ]);
    Procedure { steps, pivot }
}

/// Returns the bandwidth of the EIP itself. Inside a bandwidth package, `Bandwidth` is that of the
/// package and `EipBandwidth` its own.
fn bandwidth(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let own = some_text(row, "EipBandwidth")?.map(|_| "EipBandwidth");
    row.need_int_text(own.unwrap_or("Bandwidth"))
        .map(|rate| Some(Value::Int(rate)))
}

/// Returns the description; some answers spell it `Descritpion`.
fn description(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let right = text_or_none(row, "Description")?;
    Ok(right.or(text_or_none(row, "Descritpion")?))
}

/// Returns the instance that the address is bound to; `None` if it is free or being unbound.
///
/// # Errors
/// The address is bound, but the row does not show to what. If it were treated as free, the next
/// apply would rebind it.
fn target(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let status = row.need_text("Status")?;
    match status.as_str() {
        "Associating" | "InUse" => decode::id(row, "InstanceId").map(|id| Some(Value::text(id))),
        _ => Ok(None),
    }
}
