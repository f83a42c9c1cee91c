//! `vpc`: a private network of one region.
//!
//! A VPC is `Pending` for some seconds and then `Available`, and `Pending` again after a change of
//! its blocks. Nothing can be created in a VPC that is not `Available`, so every such change ends
//! with a wait. A region has at most 10 VPCs by default; a block is a /8 to a /28.
//!
//! A delete right after that of the last VSwitch is often refused as a dependency violation,
//! although listings show none any more; it is retried for a limited time.
//!
//! Sources: CreateVpc, ModifyVpcAttribute, AssociateVpcCidrBlock, UnassociateVpcCidrBlock,
//! DeleteVpc, DescribeVpcs (VPC 2016-04-28).

use setpoint_openapi::action::vpc as api;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::Value;
use setpoint_plan::decode::{TagNames, plain};
use setpoint_plan::desired::Desired;
use setpoint_plan::field::Field;
use setpoint_plan::kind::{Cx, Found, Kind, Refusal, TagApi};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Args, Call, Codes, Procedure, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::{At, Changing, Update};
use setpoint_plan::view::{Decode, Ids, Proof, View};
use setpoint_spec::naming::{Naming, PeerRole};
use setpoint_spec::schema::Type;

use crate::shared::{default_to, name_at_creation, own_id, own_tags, params, sort_lists, state};

mod blocks;

/// The kind.
pub static VPC: Kind = Kind {
    doc: "A private network in one region.",
    hints: &[
        (
            "region",
            "the `region` of the stack applies to all of its resources",
        ),
        ("vpc_name", "`name`"),
        ("cidr", "`cidr_block`"),
    ],
    naming: Naming {
        synonyms: &["network"],
        peer: Some(PeerRole::Address("cidr_block")),
        ..Naming::ids(&["vpc"])
    },
    example: "
it: {type: vpc, cidr_block: 10.0.0.0/16}
",
    tag_api: Some(tag_api("VPC")),
    tag_names: TagNames::Plain,
    first_version: true,
    desire,
    room: |live, want| Some(blocks::room(live, want)),
    ..Kind::new("vpc", FIELDS, &LIST, create, delete)
};

/// The type of any IPv4 block of a VPC.
const BLOCK: Type = Type::Cidr { min: 8, max: 28 };

/// The fields. The API spells the IPv6 flag in three ways: `EnableIpv6` at creation, `EnableIPv6`
/// in an update, and `EnabledIpv6` in a listing.
static FIELDS: &[Field] = &[
    Field::display_name("VpcName", 1, 128)
        .at_uncaptured("VpcName")
        .update(&ATTRIBUTES)
        .samples("first", "second"),
    Field::description()
        .at_uncaptured("Description")
        .update(&ATTRIBUTES)
        .samples("One network", "Another one"),
    Field::new(
        "cidr_block",
        BLOCK,
        "IPv4 CIDR block, /8 to /28. Subnets outside of a new block must be deleted or replaced in \
         the same apply.",
    )
    .required()
    .param("CidrBlock")
    .at("CidrBlock")
    .judge(blocks::judge_primary, "none")
    .samples("10.0.0.0/16", "10.0.0.0/12"),
    Field::new(
        "enable_ipv6",
        Type::Bool,
        "Whether the VPC has an IPv6 block. It cannot be switched off while a VSwitch uses a part \
         of the block.",
    )
    .or("false")
    .param("EnableIpv6")
    .update_param("EnableIPv6")
    .at_uncaptured("EnabledIpv6")
    .update(&IPV6)
    .samples("false", "true"),
    Field::new(
        "enable_dns_hostname",
        Type::Bool,
        "Whether instances get DNS host names.",
    )
    .param("EnableDnsHostname")
    .by_uncaptured(dns_hostname, &["DnsHostnameStatus"])
    .update(&ATTRIBUTES)
    .samples("false", "true"),
    Field::new(
        "secondary_cidr_blocks",
        Type::List(&BLOCK),
        "Up to 5 further IPv4 CIDR blocks, which must not overlap.",
    )
    .at_uncaptured("SecondaryCidrBlocks.SecondaryCidrBlock")
    .judge(blocks::judge, "none")
    .samples("[192.168.0.0/16]", "[172.16.0.0/16]"),
    Field::derived(blocks::TAKEN).judge(blocks::judge_taken, "none"),
    Field::new(
        "user_cidrs",
        Type::List(&BLOCK),
        "Up to 3 CIDR blocks outside RFC 1918 that are treated as private.",
    )
    .at_uncaptured("UserCidrs.UserCidr")
    .replace()
    .samples("[30.0.0.0/16]", "[31.0.0.0/16]"),
    Field::output("router_id", ID, "Id of the virtual router.").at_uncaptured("VRouterId"),
    Field::output("route_table_id", ID, "Id of the system route table.")
        .by_uncaptured(route_table, &["RouterTableIds"]),
    Field::output("ipv6_cidr_block", ID, "IPv6 block, if there is one.")
        .at_or_absent("Ipv6CidrBlock"),
    Field::output("status", ID, "`Pending` or `Available`.")
        .at("Status")
        .transient(),
];

const ID: Type = Type::Text { min: 0, max: 128 };

/// Changes the name, the description and DNS host names with one call.
static ATTRIBUTES: Update = Update::online("attributes", |change| {
    vec![modify(change, change.params(&ATTRIBUTES))]
});

/// Grows the primary block, before anything is created in the new part.
static GROW: Update = Update::online("block", change_block);
/// Shrinks or moves the primary block, after everything outside the new one is deleted.
static MOVE: Update = Update::online("move_block", change_block).place(At::After);

/// Returns the steps that change the primary block. The VPC is `Pending` for some seconds after it.
fn change_block(change: &Changing<'_>) -> Vec<Step> {
    let block = vec![("CidrBlock", change.wanted("cidr_block"))];
    vec![modify(change, block), available()]
}

/// Adds or removes the IPv6 block.
static IPV6: Update = Update::online("ipv6", |change| {
    vec![modify(change, change.params(&IPV6)), available()]
})
.unsettling(&["ipv6_cidr_block"]);

static LIST: View = View {
    ids: Ids::Commas("VpcId", 20),
    named: "VpcName",
    grouped: "ResourceGroupId",
    proof: Proof::DryRun,
    ..View::new(
        "list",
        &api::DESCRIBE_VPCS,
        Listing {
            style: Style::Number { size: 50 },
            rows: "Vpcs.Vpc",
            id: "VpcId",
        },
        Decode::Rows(plain),
    )
};

/// Returns how the tags of a resource type of the product VPC are written. Its action to remove
/// tags is spelt `UnTagResources`.
pub(crate) const fn tag_api(resource_type: &'static str) -> TagApi {
    TagApi {
        tag: &api::TAG_RESOURCES,
        untag: &api::UN_TAG_RESOURCES,
        resource_type,
    }
}

/// Codes of a VPC that is already deleted.
const GONE: Codes = &[
    "InvalidVpcId.NotFound",
    "InvalidVpcID.NotFound",
    "Forbidden.VpcNotFound",
    "InvalidResource.NotFound",
];
/// Codes of a VPC that is `Pending` after a change, or of a busy region.
pub(crate) const BUSY: Codes = &[
    "IncorrectVpcStatus",
    "IncorrectStatus",
    "IncorrectStatus.Vpc",
    "OperationConflict",
    "TaskConflict",
    "SystemBusy",
];
/// A repeated create call finds the VPC of the first one still being created, or the region is
/// busy.
const SETTLING: Retry = &[(BUSY, Window::For(minutes(5)))];
/// VSwitches and security groups disappear from listings before the VPC releases them.
const LINGERS: Retry = &[
    (
        &[
            "DependencyViolation.VSwitch",
            "DependencyViolation.SecurityGroup",
        ],
        Window::AfterRelease(minutes(2)),
    ),
    (&["IncorrectVpcStatus"], Window::For(minutes(2))),
];

fn desire(cx: &Cx<'_>, _: &Found, live: Option<&Live>, want: &mut Desired) -> Result<(), Refusal> {
    name_at_creation(cx, want, 128);
    default_to(want, "enable_ipv6", false);
    sort_lists(want, &["secondary_cidr_blocks", "user_cidrs"]);
    blocks::name_taken(live, want);
    Ok(())
}

/// Creates the VPC, waits until it is `Available`, and adds its secondary blocks. Only the create
/// call takes `UserCidr`, as one text with commas.
fn create(cx: &Cx<'_>, want: &Desired) -> Procedure {
    let mut args = params(&VPC, want);
    if let Some(Value::List(blocks)) = want.attrs.get("user_cidrs") {
        let blocks: Vec<&str> = blocks.iter().filter_map(Value::as_text).collect();
        args.push(("UserCidr", Value::text(blocks.join(","))));
    }
    args.push(own_tags(cx, want));
    let yields = &[
        ("id", "VpcId"),
        ("route_table_id", "RouteTableId"),
        ("router_id", "VRouterId"),
    ];
    let call = Call {
        retry: SETTLING,
        ..Call::create(&api::CREATE_VPC, args, yields)
    };
    let mut steps = vec![Step::call(call), available()];
    steps.extend(blocks::add(&own_id(want), want, None));
    Procedure::ending_at_pivot(steps)
}

fn modify(change: &Changing<'_>, args: Args) -> Step {
    let args = [vec![("VpcId", change.id())], args].concat();
    let call = Call::new(&api::MODIFY_VPC_ATTRIBUTE, args);
    Step::call(Call {
        retry: blocks::TAKING,
        ..call
    })
}

fn delete(_: &Cx<'_>, live: &Live) -> Procedure {
    let args = vec![("VpcId", Value::text(&live.id))];
    let call = Call {
        done_on: GONE,
        retry: LINGERS,
        ..Call::new(&api::DELETE_VPC, args)
    };
    Procedure::ending_at_pivot(vec![
        Step::call(call),
        Step::wait(Wait::gone(seconds(2), minutes(5))),
    ])
}

fn available() -> Step {
    state("Available", 3, 10)
}

fn dns_hostname(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let status = row.may_text("DnsHostnameStatus")?;
    Ok(status.map(|status| Value::Bool(status == "ENABLED")))
}

/// Returns the first route table of the VPC, which is taken as the system route table.
fn route_table(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let tables = row.may_texts("RouterTableIds.RouterTableIds")?;
    Ok(tables
        .unwrap_or_default()
        .into_iter()
        .next()
        .map(Value::text))
}
