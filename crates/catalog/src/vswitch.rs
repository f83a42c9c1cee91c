//! `vswitch`: a subnet of a VPC, in one zone.
//!
//! A VSwitch is `Pending` for some seconds and then `Available`; instances and interfaces can be
//! created only in an `Available` one. Its block is a /16 to a /29 inside one of the blocks of its
//! VPC and does not overlap its neighbours; a VPC has at most 150 of them.
//!
//! The API creates or deletes one VSwitch of a VPC at a time and refuses a second one as a
//! conflict, so these steps hold the lock of the VPC. A delete is refused while an address of the
//! block is in use, and the addresses of deleted instances are released late, so it is retried.
//!
//! Sources: CreateVSwitch, ModifyVSwitchAttribute, DeleteVSwitch, DescribeVSwitches (VPC
//! 2016-04-28).

use setpoint_openapi::action::vpc as api;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::Value;
use setpoint_plan::decode::{TagNames, plain};
use setpoint_plan::desired::Desired;
use setpoint_plan::field::Field;
use setpoint_plan::kind::{Cx, Kind};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Args, Call, Codes, Procedure, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::{Changing, Update};
use setpoint_plan::view::{Decode, Ids, Proof, View};
use setpoint_spec::naming::{Naming, PeerRole};
use setpoint_spec::schema::Type;

use crate::shared::{name_at_creation, own_tags, params, state};
use crate::vpc;

mod check;

/// The kind.
pub static VSWITCH: Kind = Kind {
    doc: "A subnet of a VPC, in one zone.",
    hints: &[
        ("vpc_id", "`vpc`"),
        ("zone_id", "`zone`"),
        ("availability_zone", "`zone`"),
        ("vswitch_name", "`name`"),
    ],
    naming: Naming {
        synonyms: &["v_switch", "subnet"],
        peer: Some(PeerRole::Address("cidr_block")),
        ..Naming::ids(&["vsw"])
    },
    check: check::check,
    example: "
net: {type: vpc, cidr_block: 10.0.0.0/16, enable_ipv6: true}
other: {type: vpc, cidr_block: 10.0.0.0/16}
it: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}
",
    tag_api: Some(vpc::tag_api("VSWITCH")),
    tag_names: TagNames::Plain,
    first_version: true,
    desire: |cx, _, _, want| {
        name_at_creation(cx, want, 128);
        Ok(())
    },
    claims: check::claims,
    ..Kind::new("vswitch", FIELDS, &LIST, create, delete)
};

/// The fields. The IPv6 block is a number in calls and a whole block in listings.
static FIELDS: &[Field] = &[
    Field::display_name("VSwitchName", 1, 128)
        .at_uncaptured("VSwitchName")
        .update(&ATTRIBUTES)
        .samples("first", "second"),
    Field::description()
        .at_uncaptured("Description")
        .update(&ATTRIBUTES)
        .samples("One subnet", "Another one"),
    Field::new("vpc", Type::Ref("vpc"), "The VPC of the subnet.")
        .required()
        .param("VpcId")
        .at("VpcId")
        .replace()
        .samples("net", "other"),
    Field::new("zone", Type::Zone, "The zone of the subnet.")
        .required()
        .param("ZoneId")
        .at("ZoneId")
        .replace()
        .samples("cn-beijing-h", "cn-beijing-k"),
    Field::new(
        "cidr_block",
        Type::Cidr { min: 16, max: 29 },
        "IPv4 CIDR block, /16 to /29, inside one of the blocks of the VPC.",
    )
    .required()
    .param("CidrBlock")
    .at("CidrBlock")
    .replace()
    .samples("10.0.1.0/24", "10.0.2.0/24"),
    Field::new(
        "ipv6_cidr_block",
        Type::Int {
            min: 0,
            max: 255,
            unit: "",
        },
        "Last byte of the IPv6 /64 of the subnet; the VPC must have an IPv6 block. A change \
         releases the old block first; if the field is removed, the block stays.",
    )
    .param("Ipv6CidrBlock")
    .by_uncaptured(ipv6_number, &["Ipv6CidrBlock"])
    .update(&IPV6)
    .samples("1", "2"),
    Field::output(
        "available_ip_address_count",
        Type::Int {
            min: 0,
            max: i64::MAX,
            unit: "",
        },
        "Number of free addresses.",
    )
    .at_uncaptured("AvailableIpAddressCount")
    .transient(),
    Field::output(
        "status",
        Type::Text { min: 0, max: 64 },
        "`Pending` or `Available`.",
    )
    .at("Status")
    .transient(),
];

/// Changes the name and the description with one call.
static ATTRIBUTES: Update = Update::online("attributes", |change| {
    modify(change, change.params(&ATTRIBUTES)).into()
});

/// Changes the number of the IPv6 block. The API assigns a new one only after the old one is
/// released, so IPv6 is switched off first.
static IPV6: Update = Update::online("ipv6", |change| {
    let switch = |on: bool| vec![("EnableIPv6", Value::Bool(on))];
    let off =
        (change.live.attr("ipv6_cidr_block") != Value::Null).then(|| modify(change, switch(false)));
    let on = modify(change, [switch(true), change.params(&IPV6)].concat());
    off.into_iter().flatten().chain(on).collect()
});

static LIST: View = View {
    ids: Ids::One("VSwitchId"),
    named: "VSwitchName",
    grouped: "ResourceGroupId",
    proof: Proof::DryRun,
    ..View::new(
        "list",
        &api::DESCRIBE_VSWITCHES,
        Listing {
            style: Style::Number { size: 50 },
            rows: "VSwitches.VSwitch",
            id: "VSwitchId",
        },
        Decode::Rows(plain),
    )
};

/// Codes of a VSwitch that is already deleted; both spellings occur.
const GONE: Codes = &["InvalidVSwitchId.NotFound", "InvalidVswitchID.NotFound"];
/// Another VSwitch or route of the VPC is being changed, or the VPC itself.
const BUSY: Retry = &[(
    &[
        "IncorrectVSwitchStatus",
        "IncorrectVpcStatus",
        "IncorrectRouteEntryStatus",
        "TaskConflict",
        "OperationConflict",
        "IncorrectStatus",
        "IncorrectStatus.VSwitch",
        "OperationFailed.DistibuteLock",
    ],
    Window::For(minutes(5)),
)];
/// Addresses of deleted instances are released late.
const LINGERS: Retry = &[
    (
        &[
            "DependencyViolation",
            "DependencyViolation.NetworkInterface",
        ],
        Window::AfterRelease(minutes(10)),
    ),
    (
        &[
            "IncorrectVSwitchStatus",
            "IncorrectRouteEntryStatus",
            "OperationDenied.OtherSubnetProcessing",
            "TaskConflict",
            "OperationConflict",
        ],
        Window::For(minutes(5)),
    ),
];

/// Creates the VSwitch and waits until it is `Available`, under the lock of the VPC.
fn create(cx: &Cx<'_>, want: &Desired) -> Procedure {
    let lock = want.attrs.get("vpc").cloned().unwrap_or(Value::Null);
    let mut args = params(&VSWITCH, want);
    args.push(own_tags(cx, want));
    let call = Call {
        retry: BUSY,
        ..Call::create(&api::CREATE_VSWITCH, args, &[("id", "VSwitchId")])
    };
    Procedure::ending_at_pivot(vec![
        Step::call(call).locked(lock.clone()),
        available().locked(lock),
    ])
}

/// Returns the steps that change the VSwitch and wait until it is `Available` again.
fn modify(change: &Changing<'_>, args: Args) -> [Step; 2] {
    let args = [vec![("VSwitchId", change.id())], args].concat();
    let call = Call::new(&api::MODIFY_VSWITCH_ATTRIBUTE, args);
    [
        Step::call(Call {
            retry: BUSY,
            ..call
        }),
        available(),
    ]
}

/// Deletes the VSwitch and waits until listings no longer show it, under the lock of the VPC.
fn delete(_: &Cx<'_>, live: &Live) -> Procedure {
    let lock = live.attr("vpc");
    let args = vec![("VSwitchId", Value::text(&live.id))];
    let call = Call {
        done_on: GONE,
        retry: LINGERS,
        ..Call::new(&api::DELETE_VSWITCH, args)
    };
    Procedure::ending_at_pivot(vec![
        Step::call(call).locked(lock.clone()),
        Step::wait(Wait::gone(seconds(3), minutes(10))).locked(lock),
    ])
}

fn available() -> Step {
    state("Available", 4, 5)
}

/// Returns the last byte of the network part of the /64, by which the API numbers the block: 1 for
/// `2408:4005:3a8:6c01::/64`.
fn ipv6_number(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let block = row.may_text("Ipv6CidrBlock")?.unwrap_or_default();
    Ok(last_byte(&block).map(Value::Int))
}

fn last_byte(block: &str) -> Option<i64> {
    let block: ipnet::Ipv6Net = block.parse().ok()?;
    Some(block.network().octets()[7].into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_ipv6_block() {
        for (block, expected) in [
            ("2408:4005:3a8:6c01::/64", Some(1)),
            ("2408:4005:3a8:6cff::/64", Some(255)),
            ("2408:4005:3a8::/64", Some(0)),
            ("2408:4005:0:12::/64", Some(0x12)),
            ("", None),
        ] {
            assert_eq!(last_byte(block), expected, "{block}");
        }
    }
}
