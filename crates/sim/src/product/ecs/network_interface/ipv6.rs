//! IPv6 addresses of interfaces: AssignIpv6Addresses, UnassignIpv6Addresses. Prefixes are not
//! modelled.
//!
//! Invariant: an address lies in the block of its interface's VSwitch, and no two interfaces have
//! the same.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;
use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::instance_type;
use crate::product::ecs::network_interface::address::require_settled;
use crate::product::ecs::network_interface::{self, Ipv6};
use crate::product::vpc::vswitch;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("AssignIpv6Addresses", assign_addresses),
    ("UnassignIpv6Addresses", unassign),
];

/// The most addresses that one call can assign or remove.
const MOST: usize = 10;

/// Assigns the addresses that `Ipv6Address.N` or `Ipv6AddressCount` ask for; returns them.
///
/// # Errors
/// `InvalidParameter` if both are given, one is out of range, or the VSwitch has no IPv6 block.
/// `InvalidIp.Address` for an address outside of the block, `InvalidIp.IpRepeated` for one that is
/// in use.
pub(crate) fn assign(world: &mut World, call: &Call<'_>, id: &str) -> Result<Vec<String>, Refusal> {
    let wanted = call.list("Ipv6Address");
    let count = call.int("Ipv6AddressCount")?;
    if !wanted.is_empty() && count.is_some() {
        return Err(Refusal::bad(
            "InvalidParameter.Conflict",
            "Ipv6Address and Ipv6AddressCount exclude each other.",
        ));
    }
    let random = usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX);
    if wanted.len() > MOST || count.is_some() && !(1..=MOST).contains(&random) {
        return Err(Refusal::invalid("Ipv6Address"));
    }
    if wanted.is_empty() && random == 0 {
        return Ok(Vec::new());
    }
    let eni = network_interface::find(world, call, id)?;
    let (region, subnet) = (eni.base.region.clone(), eni.vswitch.clone());
    let block = vswitch::find(world, call, &subnet)?.ipv6;
    let block = block.ok_or_else(|| {
        Refusal::bad(
            "InvalidParameter",
            "The VSwitch of the network interface has no IPv6 CIDR block.",
        )
    })?;
    let orders: Vec<Option<&str>> = wanted
        .into_iter()
        .map(Some)
        .chain(std::iter::repeat_n(None, random))
        .collect();
    let mut made = Vec::new();
    for order in orders {
        let address = claim(world, &subnet, block, order)?;
        let ipv6 = Ipv6 {
            id: world.next_id("ipv6", &region),
            address,
            since_ms: world.now_ms(),
        };
        network_interface::find_mut(world, call, id)?
            .ipv6
            .push(ipv6);
        made.push(address.to_string());
    }
    Ok(made)
}

fn claim(
    world: &mut World,
    subnet: &str,
    block: Ipv6Net,
    wanted: Option<&str>,
) -> Result<Ipv6Addr, Refusal> {
    let taken = |world: &World, address: Ipv6Addr| {
        world
            .tables
            .network_interfaces
            .linked(subnet)
            .any(|eni| eni.ipv6.iter().any(|held| held.address == address))
    };
    if let Some(text) = wanted {
        let address: Ipv6Addr = text.parse().map_err(|_| {
            Refusal::denied("InvalidIp.Address", "Specified IPv6 address is malformed.")
        })?;
        if !block.contains(&address) {
            return Err(Refusal::denied(
                "InvalidIp.Address",
                "Specified IPv6 address is not in the CIDR block of the VSwitch.",
            ));
        }
        if taken(world, address) {
            return Err(Refusal::denied(
                "InvalidIp.IpRepeated",
                "Specified IPv6 address is taken.",
            ));
        }
        return Ok(address);
    }
    loop {
        let mut octets = block.network().octets();
        octets[8..].copy_from_slice(&world.next_u64("ipv6_address").to_be_bytes());
        let address = Ipv6Addr::from(octets);
        if !taken(world, address) {
            return Ok(address);
        }
    }
}

fn assign_addresses(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("NetworkInterfaceId")?;
    require_settled(world, call, id)?;
    let made = assign(world, call, id)?;
    if made.is_empty() {
        return Err(Refusal::missing("Ipv6Address"));
    }
    require_room(world, call, id)?;
    Ok(json!({
        "NetworkInterfaceId": id, "Ipv6Sets": {"Ipv6Address": made},
        "Ipv6PrefixSets": {"Ipv6Prefix": []},
    }))
}

/// The number that the type of its instance allows.
pub(crate) fn require_room(world: &World, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let eni = network_interface::find(world, call, id)?;
    let Some(machine) = world.tables.instances.get(&eni.instance) else {
        return Ok(());
    };
    let room = instance_type::find(&machine.instance_type)?
        .limits
        .addresses;
    if eni.ipv6.len() > usize::try_from(room).unwrap_or_default() {
        let message =
            format!("An interface of the instance type has at most {room} IPv6 addresses.");
        return Err(Refusal::denied(
            "InvalidOperation.Ipv6CountExceeded",
            message,
        ));
    }
    Ok(())
}

fn unassign(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("NetworkInterfaceId")?;
    require_settled(world, call, id)?;
    let wanted = call.list("Ipv6Address");
    if wanted.is_empty() {
        return Err(Refusal::missing("Ipv6Address"));
    }
    let eni = network_interface::find_mut(world, call, id)?;
    for text in wanted {
        let before = eni.ipv6.len();
        eni.ipv6.retain(|held| text.parse() != Ok(held.address));
        if eni.ipv6.len() == before {
            return Err(Refusal::denied(
                "InvalidIp.IpUnassigned",
                format!("The address {text} is not on the network interface."),
            ));
        }
    }
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    /// A VPC with IPv6, its VSwitch and a group.
    fn ground(bench: &mut Bench) -> (String, String) {
        let vpc = text(
            &bench.ok(
                "vpc.CreateVpc",
                &[("EnableIpv6", "true"), ("CidrBlock", "10.0.0.0/8")],
            ),
            "VpcId",
        );
        bench.wait(3_000);
        let pairs = [
            ("VpcId", vpc.as_str()),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", "10.0.1.0/24"),
            ("Ipv6CidrBlock", "1"),
        ];
        let vswitch = text(&bench.ok("vpc.CreateVSwitch", &pairs), "VSwitchId");
        bench.wait(4_000);
        (vswitch, bench.group(&vpc))
    }

    #[test]
    fn addresses_come_and_go() {
        let mut bench = Bench::new();
        let (vswitch, group) = ground(&mut bench);
        let made = bench.ok(
            "ecs.CreateNetworkInterface",
            &[
                ("VSwitchId", &vswitch),
                ("SecurityGroupId", &group),
                ("Ipv6AddressCount", "1"),
            ],
        );
        let id = text(&made, "NetworkInterfaceId");
        let first = text(&made["Ipv6Sets"]["Ipv6Set"][0], "Ipv6Address");
        bench.refused(
            "ecs.AssignIpv6Addresses",
            &[("NetworkInterfaceId", &id), ("Ipv6Address.1", &first)],
            "403 InvalidIp.IpRepeated",
        );
        bench.refused(
            "ecs.AssignIpv6Addresses",
            &[
                ("NetworkInterfaceId", &id),
                ("Ipv6Address.1", "2001:db9::1"),
            ],
            "403 InvalidIp.Address",
        );
        bench.refused(
            "ecs.AssignIpv6Addresses",
            &[("NetworkInterfaceId", &id), ("Ipv6AddressCount", "11")],
            "400 InvalidParameter",
        );
        bench.refused(
            "ecs.AssignIpv6Addresses",
            &[("NetworkInterfaceId", &id)],
            "400 MissingParameter",
        );
        let given = bench.ok(
            "ecs.AssignIpv6Addresses",
            &[("NetworkInterfaceId", &id), ("Ipv6AddressCount", "2")],
        );
        assert_eq!(
            given["Ipv6Sets"]["Ipv6Address"].as_array().map(Vec::len),
            Some(2)
        );
        let rows = bench.ok(
            "vpc.DescribeIpv6Addresses",
            &[("AssociatedInstanceId", &id)],
        );
        assert_eq!(
            (
                &rows["TotalCount"],
                text(&rows["Ipv6Addresses"]["Ipv6Address"][0], "VSwitchId")
            ),
            (&3.into(), vswitch.clone())
        );
        bench.refused(
            "vpc.ModifyVSwitchAttribute",
            &[("VSwitchId", &vswitch), ("EnableIPv6", "false")],
            "400 DependencyViolation",
        );
        bench.ok(
            "ecs.UnassignIpv6Addresses",
            &[("NetworkInterfaceId", &id), ("Ipv6Address.1", &first)],
        );
        bench.refused(
            "ecs.UnassignIpv6Addresses",
            &[("NetworkInterfaceId", &id), ("Ipv6Address.1", &first)],
            "403 InvalidIp.IpUnassigned",
        );
    }

    #[test]
    fn a_machine_is_made_with_some() {
        let mut bench = Bench::new();
        let (vswitch, group) = ground(&mut bench);
        let order = |count: &'static str| {
            [
                ("ImageFamily", "acs:ubuntu_24_04_x64"),
                ("InstanceType", "ecs.c7.large"),
                ("VSwitchId", vswitch.as_str()),
                ("SecurityGroupId", group.as_str()),
                ("Amount", "2"),
                ("Ipv6AddressCount", count),
            ]
        };
        bench.refused(
            "ecs.RunInstances",
            &order("7"),
            "403 InvalidOperation.Ipv6CountExceeded",
        );
        let made = bench.ok("ecs.RunInstances", &order("2"));
        let id = made["InstanceIdSets"]["InstanceIdSet"][0]
            .as_str()
            .expect("an id")
            .to_owned();
        let sets =
            bench.instance(&id)["NetworkInterfaces"]["NetworkInterface"][0]["Ipv6Sets"]["Ipv6Set"]
                .clone();
        assert_eq!(sets.as_array().map(Vec::len), Some(2));
        let address = text(&sets[0], "Ipv6Address");
        assert_eq!(
            bench.ok("ecs.DescribeInstances", &[("Ipv6Address.1", &address)])["TotalCount"],
            1
        );
        assert_eq!(
            bench.ok(
                "ecs.DescribeNetworkInterfaces",
                &[("Ipv6Address.1", &address)]
            )["TotalCount"],
            1
        );
        assert_eq!(
            bench.ok(
                "vpc.DescribeIpv6Addresses",
                &[("AssociatedInstanceType", "EcsInstance")]
            )["TotalCount"],
            4
        );
        bench.wait(30_000);
        bench.ok(
            "ecs.DeleteInstance",
            &[("InstanceId", &id), ("Force", "true")],
        );
        bench.wait(30_000);
        assert_eq!(bench.ok("vpc.DescribeIpv6Addresses", &[])["TotalCount"], 2);
    }
}
