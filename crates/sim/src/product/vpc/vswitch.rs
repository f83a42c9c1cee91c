//! `vswitch`: a subnet of a VPC in one zone.
//!
//! Pending (3 s) → Available → Pending (2 s) → gone from listings → (5 s) the VPC can be deleted.
//! One VSwitch of a VPC is created or deleted at a time. Invariant: blocks of a VPC's VSwitches do
//! not overlap and are inside of the VPC's blocks.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::cidr;
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::network_interface::NetworkInterface;
use crate::product::vpc::network::{self, Vpc};
use crate::product::vpc::{ipv6, route_entry, route_table};
use crate::refusal::Refusal;
use crate::regions;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateVSwitch", create),
    ("DescribeVSwitches", describe),
    ("DescribeVSwitchAttributes", describe_attributes),
    ("ModifyVSwitchAttribute", modify),
    ("DeleteVSwitch", delete),
];

/// A VSwitch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VSwitch {
    pub(crate) base: Base,
    pub(crate) state: State,
    due_ms: Option<i64>,
    pub(crate) vpc: String,
    pub(crate) zone: String,
    pub(crate) cidr_block: Ipv4Net,
    pub(crate) route_table: String,
    /// The network ACL; empty if none is bound.
    pub(crate) network_acl: String,
    pub(crate) is_default: bool,
    #[serde(default)]
    pub(crate) ipv6: Option<Ipv6Net>,
}

/// The state of a VSwitch. The API shows all but `Available` as `Pending`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Creating,
    Updating,
    Available,
    Deleting,
    /// Not listed any more, but the VPC cannot be deleted yet.
    Released,
}

impl Row for VSwitch {
    const KIND: &'static str = "vswitch";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        if self.state == State::Available {
            "Available"
        } else {
            "Pending"
        }
    }

    fn due_ms(&self) -> Option<i64> {
        self.due_ms
    }

    fn step(world: &mut World, id: &str) {
        let released_ms = world.now_ms() + world.options.profile.late_release_ms;
        let Some(vswitch) = world.tables.vswitches.get_mut(id) else {
            return;
        };
        vswitch.due_ms = None;
        match vswitch.state {
            State::Creating | State::Updating | State::Available => {
                vswitch.state = State::Available
            }
            State::Deleting => {
                vswitch.state = State::Released;
                vswitch.base.released = true;
                vswitch.due_ms = Some(released_ms);
            }
            State::Released => {
                world.tables.vswitches.remove(id);
            }
        }
    }
}

/// The VSwitch that a call names.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a VSwitch, Refusal> {
    let vswitch = world
        .tables
        .vswitches
        .get(id)
        .filter(|vswitch| !vswitch.base.released && call.in_region(&vswitch.base.region));
    vswitch.ok_or_else(|| {
        Refusal::absent(
            "InvalidVSwitchId.NotFound",
            format!("Specified VSwitch {id} does not exist."),
        )
    })
}

/// The private addresses in use, those of interfaces and gateways that are being released included.
pub(crate) fn taken(world: &World, vswitch: &str) -> BTreeSet<Ipv4Addr> {
    let gateways = world
        .tables
        .nat_gateways
        .values()
        .filter(|gateway| gateway.vswitch == vswitch)
        .map(|gateway| gateway.private_address);
    world
        .tables
        .network_interfaces
        .linked(vswitch)
        .flat_map(NetworkInterface::addresses)
        .chain(gateways)
        .collect()
}

/// Binds another route table; the VSwitch is Pending meanwhile.
pub(crate) fn set_route_table(world: &mut World, id: &str, table: String) {
    let until = world.now_ms() + world.options.profile.vswitch_update_ms;
    if let Some(vswitch) = world.tables.vswitches.get_mut(id) {
        vswitch.route_table = table;
        (vswitch.state, vswitch.due_ms) = (State::Updating, Some(until));
    }
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let vpc = network::find(world, call, call.need("VpcId")?)?;
    let (zone, block) = (call.need("ZoneId")?, subnet_block(call.need("CidrBlock")?)?);
    if !regions::find(&vpc.base.region).is_some_and(|region| region.has_zone(zone)) {
        return Err(Refusal::absent(
            "InvalidZoneId.NotFound",
            "Specified zone does not exist.",
        ));
    }
    let (name, description) = texts(call)?;
    let tags = tags::of_create(call)?;
    let ipv6 = ipv6::wanted(world, call, vpc, None)?;
    let vpc = vpc.base.id.clone();
    let id = make(world, &vpc, zone, block)?;
    let vswitch = world
        .tables
        .vswitches
        .get_mut(&id)
        .expect("the VSwitch was just made");
    vswitch.ipv6 = ipv6;
    let base = &mut vswitch.base;
    (base.name, base.description, base.tags) = (
        name.unwrap_or_default(),
        description.unwrap_or_default(),
        tags,
    );
    Ok(json!({ "VSwitchId": id }))
}

/// Creates a VSwitch with the system route table, if its block fits; returns its id.
pub(crate) fn make(
    world: &mut World,
    vpc: &str,
    zone: &str,
    block: Ipv4Net,
) -> Result<String, Refusal> {
    let vpc =
        world.tables.vpcs.get(vpc).ok_or_else(|| {
            Refusal::absent("InvalidVpcId.NotFound", "Specified VPC does not exist.")
        })?;
    check_place(world, vpc, block)?;
    let (vpc, region, group) = (
        vpc.base.id.clone(),
        vpc.base.region.clone(),
        vpc.base.resource_group.clone(),
    );
    let route_table = route_table::system_of(world, &vpc)
        .map(|table| table.base.id.clone())
        .unwrap_or_default();
    let mut base = world.new_base("vsw", &region);
    base.resource_group = group;
    let due_ms = Some(world.now_ms() + world.options.profile.vswitch_create_ms);
    let (id, zone, network_acl) = (base.id.clone(), zone.to_owned(), String::new());
    let state = State::Creating;
    let row = VSwitch {
        base,
        state,
        due_ms,
        vpc,
        zone,
        cidr_block: block,
        route_table,
        network_acl,
        is_default: false,
        ipv6: None,
    };
    world.tables.vswitches.insert(&id, row);
    Ok(id)
}

fn subnet_block(text: &str) -> Result<Ipv4Net, Refusal> {
    let block = cidr::exact(text).ok_or_else(|| {
        Refusal::bad(
            "InvalidCidrBlock.Malformed",
            format!("Specified CIDR block {text} is not valid."),
        )
    })?;
    if (16..=29).contains(&block.prefix_len()) {
        Ok(block)
    } else {
        Err(Refusal::bad(
            "InvalidCirdrBlock.MaskLength",
            "The mask of a VSwitch must have 16 to 29 bits.",
        ))
    }
}

fn check_place(world: &World, vpc: &Vpc, block: Ipv4Net) -> Result<(), Refusal> {
    vpc.require_available("IncorrectVpcStatus")?;
    if !vpc.blocks().any(|outer| outer.contains(&block)) {
        return Err(Refusal::bad(
            "InvalidParameter",
            "Specified CIDR block is not in the CIDR blocks of the VPC.",
        ));
    }
    let siblings = || {
        world
            .tables
            .vswitches
            .values()
            .filter(|other| other.vpc == vpc.base.id && !other.base.released)
    };
    if let Some(other) = siblings().find(|other| cidr::overlap(other.cidr_block, block)) {
        let message = format!(
            "Specified CIDR block overlaps with that of {}.",
            other.base.id
        );
        return Err(Refusal::bad("InvalidCidrBlock.Overlapped", message));
    }
    if let Some(other) =
        siblings().find(|other| matches!(other.state, State::Creating | State::Deleting))
    {
        let message = format!(
            "Simultaneous creation of VSwitches is not supported: {} is Pending.",
            other.base.id
        );
        return Err(Refusal::bad("IncorrectVSwitchStatus", message));
    }
    route_entry::require_routes_at_rest(world, &vpc.base.id)?;
    let around =
        |row: &&route_entry::RouteEntry| row.vpc == vpc.base.id && block.contains(&row.destination);
    if let Some(route) = world.tables.route_entries.values().find(around) {
        let message = format!(
            "Specified CIDR block holds the destination of {}.",
            route.base.id
        );
        return Err(Refusal::bad("InvalidCidrBlock.Overlapped", message));
    }
    if siblings().count() >= world.options.quotas.vswitches {
        return Err(Refusal::bad(
            "QuotaExceeded.VSwitch",
            "The number of VSwitches exceeds the quota of this VPC.",
        ));
    }
    Ok(())
}

fn texts(call: &Call<'_>) -> Result<(Option<String>, Option<String>), Refusal> {
    let name = call.text("VSwitchName").map(str::to_owned);
    if name
        .as_deref()
        .is_some_and(|name| !name.is_empty() && !names::is_text(name, 1, 128))
    {
        return Err(Refusal::bad(
            "InvalidVSwitchName.Malformed",
            "Specified VSwitch name is not valid.",
        ));
    }
    let description = call.text("Description").map(str::to_owned);
    if description
        .as_deref()
        .is_some_and(|text| !text.is_empty() && !names::is_text(text, 1, 256))
    {
        return Err(Refusal::bad(
            "InvalidVSwitchDiscription.Malformed",
            "Specified VSwitch description is not valid.",
        ));
    }
    Ok((name, description))
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let (id, vpc, zone) = (
        call.given("VSwitchId"),
        call.given("VpcId"),
        call.given("ZoneId"),
    );
    if call.region.is_none() && vpc.is_none() {
        return Err(Refusal::missing("RegionId"));
    }
    let (name, group, table) = (
        call.given("VSwitchName"),
        call.given("ResourceGroupId"),
        call.given("RouteTableId"),
    );
    let (is_default, ipv6, owner) = (
        call.flag("IsDefault")?,
        call.flag("EnableIpv6")?,
        call.int("VSwitchOwnerId")?,
    );
    let filter = tags::Filter::of(call)?;
    let rows = world
        .shown(&world.tables.vswitches, id.is_some())
        .filter(|vswitch| {
            call.in_region(&vswitch.base.region)
                && id.is_none_or(|id| id == vswitch.base.id)
                && vpc.is_none_or(|vpc| vpc == vswitch.vpc)
                && zone.is_none_or(|zone| zone == vswitch.zone)
                && name.is_none_or(|name| name == vswitch.base.name)
                && group.is_none_or(|group| group == vswitch.base.resource_group)
                && table.is_none_or(|table| table == vswitch.route_table)
                && is_default.is_none_or(|is_default| is_default == vswitch.is_default)
                && ipv6.is_none_or(|ipv6| ipv6 == vswitch.ipv6.is_some())
                && owner.is_none_or(|owner| owner == world.account.number())
                && filter.fits(&vswitch.base.tags)
        });
    let page = page::numbered(call, page::newest_first(rows, |vswitch| &vswitch.base), 50)?;
    let vswitches: Vec<Value> = page
        .items
        .iter()
        .map(|vswitch| body(world, vswitch))
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "VSwitches": {"VSwitch": vswitches},
    }))
}

fn body(world: &World, vswitch: &VSwitch) -> Value {
    let taken = u32::try_from(taken(world, &vswitch.base.id).len()).unwrap_or(u32::MAX);
    let table_type = world
        .tables
        .route_tables
        .get(&vswitch.route_table)
        .map_or("System", |table| table.kind());
    json!({
        "VSwitchId": vswitch.base.id,
        "VSwitchName": vswitch.base.name,
        "Description": vswitch.base.description,
        "VpcId": vswitch.vpc,
        "ZoneId": vswitch.zone,
        "CidrBlock": vswitch.cidr_block.to_string(),
        "Status": vswitch.state(),
        "CreationTime": Timestamp(vswitch.base.created_ms).seconds(),
        "AvailableIpAddressCount": cidr::usable(vswitch.cidr_block).saturating_sub(taken),
        "IsDefault": vswitch.is_default,
        "EnabledIpv6": vswitch.ipv6.is_some(),
        "Ipv6CidrBlock": ipv6::text(vswitch.ipv6),
        "NetworkAclId": vswitch.network_acl,
        "OwnerId": world.account.number(),
        "ResourceGroupId": vswitch.base.resource_group,
        "RouteTable": {"RouteTableId": vswitch.route_table, "RouteTableType": table_type},
        "ShareType": "",
        "Tags": tags::key_list(&vswitch.base.tags),
    })
}

/// A missing VSwitch is answered with empty fields, not with an error.
fn describe_attributes(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("VSwitchId")?;
    let found = world
        .shown(&world.tables.vswitches, true)
        .find(|vswitch| vswitch.base.id == id && call.in_region(&vswitch.base.region));
    Ok(found.map_or_else(
        || json!({"VSwitchId": "", "VpcId": "", "Status": ""}),
        |vswitch| body(world, vswitch),
    ))
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("VSwitchId")?;
    let (name, description) = texts(call)?;
    if find(world, call, id)?.state != State::Available {
        return Err(Refusal::bad(
            "IncorrectStatus.VSwitch",
            "The VSwitch is Pending.",
        ));
    }
    ipv6::modify_vswitch(world, call, id)?;
    let until = world.now_ms() + world.options.profile.vswitch_update_ms;
    let vswitch = world
        .tables
        .vswitches
        .get_mut(id)
        .expect("the VSwitch was just found");
    if let Some(name) = name {
        vswitch.base.name = name;
    }
    if let Some(description) = description {
        vswitch.base.description = description;
    }
    (vswitch.state, vswitch.due_ms) = (State::Updating, Some(until));
    done()
}

/// Refuses the deletion of a VSwitch with dependent resources.
fn require_unused(world: &World, vswitch: &VSwitch) -> Result<(), Refusal> {
    let id = &vswitch.base.id;
    if world
        .tables
        .nat_gateways
        .values()
        .any(|gateway| gateway.vswitch == *id)
    {
        return Err(Refusal::bad(
            "DependencyViolation.EnhancedNatgw",
            "The VSwitch still has a NAT gateway in it.",
        ));
    }
    if world
        .tables
        .snat_entries
        .values()
        .any(|entry| entry.source_vswitch == *id)
    {
        return Err(Refusal::bad(
            "DependencyViolation.SnatEntry",
            "The VSwitch is still the source of an SNAT entry.",
        ));
    }
    if world
        .tables
        .route_tables
        .get(&vswitch.route_table)
        .is_some_and(|table| table.custom)
    {
        return Err(Refusal::bad(
            "DependencyViolation.RouteTable",
            "The VSwitch is still bound to a custom route table.",
        ));
    }
    if !vswitch.network_acl.is_empty() {
        return Err(Refusal::bad(
            "DependencyViolation.NetworkAcl",
            "The VSwitch is still bound to a network ACL.",
        ));
    }
    route_entry::require_routes_at_rest(world, &vswitch.vpc)?;
    let users = || {
        world
            .tables
            .network_interfaces
            .values()
            .filter(|eni| eni.vswitch == *id)
    };
    if users().any(|eni| world.tables.lives("instance", &eni.instance)) {
        return Err(Refusal::bad(
            "DependencyViolation",
            "The VSwitch still has instances in it.",
        ));
    }
    if users().next().is_some() {
        return Err(Refusal::bad(
            "DependencyViolation.NetworkInterface",
            "The VSwitch still has network interfaces in it.",
        ));
    }
    Ok(())
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("VSwitchId")?;
    let vswitch = find(world, call, id)?;
    if vswitch.state != State::Available {
        return Err(Refusal::bad(
            "IncorrectVSwitchStatus",
            "The VSwitch is Pending.",
        ));
    }
    let busy = |other: &VSwitch| {
        other.vpc == vswitch.vpc && matches!(other.state, State::Creating | State::Deleting)
    };
    if world.tables.vswitches.values().any(busy) {
        return Err(Refusal::bad(
            "OperationDenied.OtherSubnetProcessing",
            "Another VSwitch of the VPC is being created or deleted.",
        ));
    }
    require_unused(world, vswitch)?;
    let due_ms = Some(world.now_ms() + world.options.profile.vswitch_delete_ms);
    let vswitch = world
        .tables
        .vswitches
        .get_mut(id)
        .expect("the VSwitch was just found");
    (vswitch.state, vswitch.due_ms) = (State::Deleting, due_ms);
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_vswitch_lives_and_is_released_late() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let pairs = [
            ("VpcId", vpc.as_str()),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", "172.16.1.0/24"),
        ];
        let id = text(&bench.ok("vpc.CreateVSwitch", &pairs), "VSwitchId");
        let get =
            |bench: &mut Bench| bench.ok("vpc.DescribeVSwitchAttributes", &[("VSwitchId", &id)]);
        assert_eq!(text(&get(&mut bench), "Status"), "Pending");
        bench.refused(
            "vpc.DeleteVSwitch",
            &[("VSwitchId", &id)],
            "400 IncorrectVSwitchStatus",
        );
        bench.wait(3_000);
        assert_eq!(get(&mut bench)["AvailableIpAddressCount"], 252);
        bench.refused(
            "vpc.DeleteVpc",
            &[("VpcId", &vpc)],
            "400 DependencyViolation.VSwitch",
        );
        bench.ok("vpc.DeleteVSwitch", &[("VSwitchId", &id)]);
        assert_eq!(text(&get(&mut bench), "Status"), "Pending");
        bench.wait(2_000);
        assert_eq!(
            text(&get(&mut bench), "VSwitchId"),
            "",
            "a missing one is answered with empty fields"
        );
        bench.refused(
            "vpc.DeleteVpc",
            &[("VpcId", &vpc)],
            "400 DependencyViolation.VSwitch",
        );
        bench.wait(5_000);
        bench.ok("vpc.DeleteVpc", &[("VpcId", &vpc)]);
    }

    #[test]
    fn one_at_a_time() {
        let mut bench = Bench::new();
        let vpc = text(&bench.ok("vpc.CreateVpc", &[]), "VpcId");
        let at = |block: &'static str| {
            [
                ("VpcId", vpc.as_str()),
                ("ZoneId", "cn-beijing-h"),
                ("CidrBlock", block),
            ]
        };
        bench.refused(
            "vpc.CreateVSwitch",
            &at("172.16.1.0/24"),
            "400 IncorrectVpcStatus",
        );
        bench.wait(2_000);
        let first = text(
            &bench.ok("vpc.CreateVSwitch", &at("172.16.1.0/24")),
            "VSwitchId",
        );
        bench.refused(
            "vpc.CreateVSwitch",
            &at("172.16.2.0/24"),
            "400 IncorrectVSwitchStatus",
        );
        bench.wait(3_000);
        let second = text(
            &bench.ok("vpc.CreateVSwitch", &at("172.16.2.0/24")),
            "VSwitchId",
        );
        bench.refused(
            "vpc.DeleteVSwitch",
            &[("VSwitchId", &first)],
            "400 OperationDenied.OtherSubnetProcessing",
        );
        bench.wait(3_000);
        bench.ok("vpc.DeleteVSwitch", &[("VSwitchId", &first)]);
        bench.refused(
            "vpc.CreateVSwitch",
            &at("172.16.3.0/24"),
            "400 IncorrectVSwitchStatus",
        );
        bench.refused(
            "vpc.DeleteVSwitch",
            &[("VSwitchId", &second)],
            "400 OperationDenied.OtherSubnetProcessing",
        );
    }

    #[test]
    fn where_a_vswitch_may_be() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        bench.vswitch(&vpc, "172.16.1.0/24");
        for (zone, block, expected) in [
            (
                "cn-beijing-h",
                "172.16.1.128/25",
                "400 InvalidCidrBlock.Overlapped",
            ),
            ("cn-beijing-h", "10.0.0.0/24", "400 InvalidParameter"),
            (
                "cn-beijing-h",
                "172.16.2.0/30",
                "400 InvalidCirdrBlock.MaskLength",
            ),
            (
                "cn-beijing-h",
                "172.16.2.1/24",
                "400 InvalidCidrBlock.Malformed",
            ),
            (
                "cn-shanghai-b",
                "172.16.2.0/24",
                "404 InvalidZoneId.NotFound",
            ),
        ] {
            bench.refused(
                "vpc.CreateVSwitch",
                &[("VpcId", &vpc), ("ZoneId", zone), ("CidrBlock", block)],
                expected,
            );
        }
        let missing = [
            ("VpcId", "vpc-none"),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", "172.16.2.0/24"),
        ];
        bench.refused("vpc.CreateVSwitch", &missing, "404 InvalidVpcId.NotFound");
    }

    #[test]
    fn an_update_passes_through_pending() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let id = bench.vswitch(&vpc, "172.16.1.0/24");
        bench.ok(
            "vpc.ModifyVSwitchAttribute",
            &[("VSwitchId", &id), ("VSwitchName", "new")],
        );
        let row = bench.ok("vpc.DescribeVSwitches", &[("VSwitchId", &id)])["VSwitches"]["VSwitch"]
            [0]
        .clone();
        assert_eq!(
            (&row["Status"], &row["VSwitchName"]),
            (&"Pending".into(), &"new".into())
        );
        bench.wait(1_000);
        assert_eq!(
            bench.ok("vpc.DescribeVSwitches", &[("VpcId", &vpc)])["VSwitches"]["VSwitch"][0]["Status"],
            "Available"
        );
    }
}
