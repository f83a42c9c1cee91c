//! IPv6: the blocks of VPCs and VSwitches, and DescribeIpv6Addresses.
//!
//! Blocks are drawn from 2001:db8::/32, which RFC 3849 reserves for documentation, so that they
//! belong to nobody. A VPC has one /56 or none, a VSwitch one /64 of it or none. Invariant: no two
//! VPCs share a block, nor do two VSwitches of a VPC.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::ecs::network_interface::{Ipv6, NetworkInterface};
use crate::product::vpc::network::Vpc;
use crate::product::vpc::vswitch::VSwitch;
use crate::refusal::Refusal;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("DescribeIpv6Addresses", describe)];

/// A block that no other VPC has.
pub(crate) fn draw(world: &mut World) -> Ipv6Net {
    loop {
        let drawn = world.next_u64("ipv6").to_be_bytes();
        let address = Ipv6Addr::from([
            0x20, 0x01, 0x0d, 0xb8, drawn[0], drawn[1], drawn[2], 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ]);
        let block = Ipv6Net::new(address, 56).expect("56 is a length").trunc();
        if world
            .tables
            .vpcs
            .values()
            .all(|vpc| vpc.ipv6 != Some(block))
        {
            return block;
        }
    }
}

/// Enables or disables IPv6 of a VPC. Returns whether that changes anything.
///
/// # Errors
/// `OperationFailed.CidrInUse` if a VSwitch has a part of the block.
pub(crate) fn switch(world: &mut World, vpc: &str, on: bool) -> Result<bool, Refusal> {
    if world
        .tables
        .vpcs
        .get(vpc)
        .is_none_or(|vpc| vpc.ipv6.is_some() == on)
    {
        return Ok(false);
    }
    if !on
        && world
            .tables
            .vswitches
            .values()
            .any(|vswitch| vswitch.vpc == vpc && vswitch.ipv6.is_some())
    {
        return Err(Refusal::bad(
            "OperationFailed.CidrInUse",
            "A VSwitch of the VPC still has an IPv6 block.",
        ));
    }
    let block = on.then(|| draw(world));
    if let Some(vpc) = world.tables.vpcs.get_mut(vpc) {
        vpc.ipv6 = block;
    }
    Ok(true)
}

/// The /64 that `Ipv6CidrBlock` asks for, the last byte of its network part; `None` without this
/// parameter.
///
/// # Errors
/// `InvalidParameter` if the VPC has no IPv6, or the number is not valid;
/// `InvalidCidrBlock.Overlapped` if another VSwitch has the block.
pub(crate) fn wanted(
    world: &World,
    call: &Call<'_>,
    vpc: &Vpc,
    own: Option<&str>,
) -> Result<Option<Ipv6Net>, Refusal> {
    let Some(number) = call.int("Ipv6CidrBlock")? else {
        return if call.given("VpcIpv6CidrBlock").is_some() {
            Err(Refusal::missing("Ipv6CidrBlock"))
        } else {
            Ok(None)
        };
    };
    let number = u8::try_from(number).map_err(|_| Refusal::invalid("Ipv6CidrBlock"))?;
    let whole = vpc
        .ipv6
        .ok_or_else(|| Refusal::bad("InvalidParameter", "IPv6 is not enabled for the VPC."))?;
    if call
        .given("VpcIpv6CidrBlock")
        .is_some_and(|text| text.parse() != Ok(whole))
    {
        return Err(Refusal::invalid("VpcIpv6CidrBlock"));
    }
    let mut octets = whole.network().octets();
    octets[7] = number;
    let block = Ipv6Net::new(Ipv6Addr::from(octets), 64).expect("64 is a length");
    let taken = |other: &&VSwitch| {
        own != Some(other.base.id.as_str()) && !other.base.released && other.ipv6 == Some(block)
    };
    match world.tables.vswitches.values().find(taken) {
        Some(other) => {
            let message = format!("Specified IPv6 CIDR block is that of {}.", other.base.id);
            Err(Refusal::bad("InvalidCidrBlock.Overlapped", message))
        }
        None => Ok(Some(block)),
    }
}

/// Performs the part of ModifyVSwitchAttribute that concerns IPv6.
///
/// # Errors
/// As [`wanted`]. `MissingParameter` if IPv6 is enabled without a number. `InvalidParameter` for a
/// number other than the current one, because IPv6 must be disabled first. `DependencyViolation` if
/// it is disabled while an interface has an address of the block.
pub(crate) fn modify_vswitch(world: &mut World, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let on = call.flag("EnableIPv6")?;
    let Some(row) = world.tables.vswitches.get(id) else {
        return Ok(());
    };
    let Some(vpc) = world.tables.vpcs.get(&row.vpc) else {
        return Ok(());
    };
    let block = wanted(world, call, vpc, Some(id))?;
    let new = match (on, block, row.ipv6) {
        (Some(true), None, None) => return Err(Refusal::missing("Ipv6CidrBlock")),
        (Some(true), Some(new), Some(old)) if new != old => {
            return Err(Refusal::bad(
                "InvalidParameter",
                "The VSwitch has another IPv6 CIDR block: disable IPv6 first.",
            ));
        }
        (Some(true), new, old) => new.or(old),
        (Some(false), Some(_), _) | (None, Some(_), _) => {
            return Err(Refusal::invalid("EnableIPv6"));
        }
        (Some(false), None, _)
            if world
                .tables
                .network_interfaces
                .linked(id)
                .any(|eni| !eni.ipv6.is_empty()) =>
        {
            return Err(Refusal::bad(
                "DependencyViolation",
                "A network interface still has an IPv6 address of the VSwitch.",
            ));
        }
        (Some(false), None, _) => None,
        (None, None, old) => old,
    };
    if let Some(row) = world.tables.vswitches.get_mut(id) {
        row.ipv6 = new;
    }
    Ok(())
}

/// A block as answers have it; an empty text without one.
pub(crate) fn text(block: Option<Ipv6Net>) -> String {
    block.map(|block| block.to_string()).unwrap_or_default()
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&["IncludeReservationData", "Ipv6InternetBandwidthId"]);
    let (id, address, name, group) = (
        call.given("Ipv6AddressId"),
        call.given("Ipv6Address"),
        call.given("Name"),
        call.given("ResourceGroupId"),
    );
    let (on, on_type) = (
        call.given("AssociatedInstanceId"),
        call.given("AssociatedInstanceType"),
    );
    let (vswitch, vpc) = (call.given("VSwitchId"), call.given("VpcId"));
    let (network, kind, managed) = (
        call.given("NetworkType"),
        call.given("AddressType"),
        call.flag("ServiceManaged")?,
    );
    let filter = tags::Filter::of(call)?;
    let none = std::collections::BTreeMap::new();
    let mut rows: Vec<(&NetworkInterface, &Ipv6)> = world
        .shown(&world.tables.network_interfaces, true)
        .filter(|eni| eni.base.region == region)
        .flat_map(|eni| eni.ipv6.iter().map(move |ipv6| (eni, ipv6)))
        .filter(|(eni, ipv6)| {
            id.is_none_or(|id| id == ipv6.id)
                && address.is_none_or(|text| text.parse() == Ok(ipv6.address))
                && name.is_none_or(str::is_empty)
                && group.is_none_or(|group| group == eni.base.resource_group)
                && on.is_none_or(|on| on == holder(eni).0)
                && on_type.is_none_or(|kind| kind == holder(eni).1)
                && vswitch.is_none_or(|vswitch| vswitch == eni.vswitch)
                && vpc.is_none_or(|vpc| vpc_of(world, eni) == vpc)
                && network.is_none_or(|network| network == "Private")
                && kind.is_none_or(|kind| kind == "IPv6Address")
                && managed != Some(true)
                && filter.fits(&none)
        })
        .collect();
    rows.sort_by(|a, b| (b.1.since_ms, &b.1.id).cmp(&(a.1.since_ms, &a.1.id)));
    let page = page::numbered(call, rows.iter().collect(), 50)?;
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|(eni, ipv6)| listed(world, eni, ipv6))
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "Ipv6Addresses": {"Ipv6Address": shown},
    }))
}

/// The resource of an address: the instance of a primary interface, otherwise the interface.
fn holder(eni: &NetworkInterface) -> (&str, &'static str) {
    if eni.secondary.is_some() {
        (&eni.base.id, "NetworkInterface")
    } else {
        (&eni.instance, "EcsInstance")
    }
}

fn vpc_of<'a>(world: &'a World, eni: &NetworkInterface) -> &'a str {
    world
        .tables
        .vswitches
        .get(&eni.vswitch)
        .map_or("", |subnet| &subnet.vpc)
}

fn listed(world: &World, eni: &NetworkInterface, ipv6: &Ipv6) -> Value {
    let (on, on_type) = holder(eni);
    json!({
        "AddressType": "IPv6Address",
        "AllocationTime": Timestamp(ipv6.since_ms).seconds(),
        "AssociatedInstanceId": on,
        "AssociatedInstanceType": on_type,
        "Ipv6Address": ipv6.address.to_string(),
        "Ipv6AddressDescription": "",
        "Ipv6AddressId": ipv6.id,
        "Ipv6AddressName": "",
        "Ipv6GatewayId": "",
        "Ipv6Isp": "BGP",
        "NetworkType": "Private",
        "RealBandwidth": 0,
        "ResourceGroupId": eni.base.resource_group,
        "ServiceManaged": 0,
        "Status": "Available",
        "Tags": {"Tag": []},
        "VSwitchId": eni.vswitch,
        "VpcId": vpc_of(world, eni),
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    fn vpc_row(bench: &mut Bench, id: &str) -> serde_json::Value {
        bench.ok("vpc.DescribeVpcAttribute", &[("VpcId", id)])
    }

    #[test]
    fn a_network_has_a_block_or_none() {
        let mut bench = Bench::new();
        let id = text(
            &bench.ok(
                "vpc.CreateVpc",
                &[("EnableIpv6", "true"), ("CidrBlock", "10.0.0.0/8")],
            ),
            "VpcId",
        );
        bench.wait(3_000);
        let row = vpc_row(&mut bench, &id);
        let block = text(&row, "Ipv6CidrBlock");
        assert!(
            block.starts_with("2001:db8:") && block.ends_with("00::/56"),
            "{block}"
        );
        assert_eq!(
            (
                &row["EnabledIpv6"],
                &row["Ipv6CidrBlocks"]["Ipv6CidrBlock"][0]["Ipv6Isp"]
            ),
            (&true.into(), &"BGP".into())
        );
        for (on, count) in [("true", 1), ("false", 0)] {
            assert_eq!(
                bench.ok("vpc.DescribeVpcs", &[("EnableIpv6", on)])["TotalCount"],
                count
            );
        }
        bench.ok(
            "vpc.ModifyVpcAttribute",
            &[("VpcId", &id), ("EnableIPv6", "true")],
        );
        assert_eq!(
            text(&vpc_row(&mut bench, &id), "Status"),
            "Available",
            "nothing changed"
        );
        bench.ok(
            "vpc.ModifyVpcAttribute",
            &[("VpcId", &id), ("EnableIPv6", "false")],
        );
        assert_eq!(text(&vpc_row(&mut bench, &id), "Status"), "Pending");
        bench.wait(10_000);
        assert_eq!(vpc_row(&mut bench, &id)["EnabledIpv6"], false);
        bench.ok(
            "vpc.ModifyVpcAttribute",
            &[("VpcId", &id), ("EnableIPv6", "true")],
        );
        bench.wait(10_000);
        assert_ne!(
            text(&vpc_row(&mut bench, &id), "Ipv6CidrBlock"),
            block,
            "another block"
        );
        bench.refused(
            "vpc.CreateVpc",
            &[("EnableIpv6", "true"), ("Ipv6CidrBlock", "2001:db8::/56")],
            "400 Simulator.NotModelled",
        );
    }

    /// A VPC with IPv6.
    fn dual_stack(bench: &mut Bench) -> String {
        let pairs = [("EnableIpv6", "true"), ("CidrBlock", "10.0.0.0/8")];
        let vpc = text(&bench.ok("vpc.CreateVpc", &pairs), "VpcId");
        bench.wait(3_000);
        vpc
    }

    /// Parameters of a VSwitch with a block of IPv6.
    fn subnet<'a>(vpc: &'a str, block: &'a str, number: &'a str) -> [(&'a str, &'a str); 4] {
        [
            ("VpcId", vpc),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", block),
            ("Ipv6CidrBlock", number),
        ]
    }

    #[test]
    fn a_subnet_takes_one_of_256() {
        let mut bench = Bench::new();
        let plain = bench.vpc();
        bench.refused(
            "vpc.CreateVSwitch",
            &subnet(&plain, "172.16.1.0/24", "1"),
            "400 InvalidParameter",
        );
        let vpc = dual_stack(&mut bench);
        bench.refused(
            "vpc.CreateVSwitch",
            &subnet(&vpc, "10.0.1.0/24", "256"),
            "400 InvalidParameter",
        );
        let id = text(
            &bench.ok("vpc.CreateVSwitch", &subnet(&vpc, "10.0.1.0/24", "255")),
            "VSwitchId",
        );
        bench.wait(4_000);
        bench.refused(
            "vpc.CreateVSwitch",
            &subnet(&vpc, "10.0.2.0/24", "255"),
            "400 InvalidCidrBlock.Overlapped",
        );
        let row = bench.ok("vpc.DescribeVSwitchAttributes", &[("VSwitchId", &id)]);
        assert!(text(&row, "Ipv6CidrBlock").ends_with("ff::/64"), "{row}");
        assert_eq!(row["EnabledIpv6"], true);
        bench.refused(
            "vpc.ModifyVpcAttribute",
            &[("VpcId", &vpc), ("EnableIPv6", "false")],
            "400 OperationFailed.CidrInUse",
        );
    }

    #[test]
    fn a_subnet_gives_its_block_back() {
        let mut bench = Bench::new();
        let vpc = dual_stack(&mut bench);
        let made = bench.ok("vpc.CreateVSwitch", &subnet(&vpc, "10.0.1.0/24", "255"));
        let id = text(&made, "VSwitchId");
        bench.wait(4_000);
        let modify = |on: &'static str, number: &'static str| {
            [
                ("VSwitchId", id.as_str()),
                ("EnableIPv6", on),
                ("Ipv6CidrBlock", number),
            ]
        };
        bench.refused(
            "vpc.ModifyVSwitchAttribute",
            &modify("true", "7"),
            "400 InvalidParameter",
        );
        bench.ok("vpc.ModifyVSwitchAttribute", &modify("false", "")[..2]);
        bench.wait(4_000);
        bench.refused(
            "vpc.ModifyVSwitchAttribute",
            &modify("true", "")[..2],
            "400 MissingParameter",
        );
        bench.ok("vpc.ModifyVSwitchAttribute", &modify("true", "0"));
        bench.wait(4_000);
        assert_eq!(
            bench.ok("vpc.DescribeVSwitches", &[("EnableIpv6", "true")])["TotalCount"],
            1
        );
    }
}
