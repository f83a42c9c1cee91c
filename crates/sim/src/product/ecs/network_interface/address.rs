//! Secondary private addresses: AssignPrivateIpAddresses, UnassignPrivateIpAddresses. Prefixes are
//! not modelled.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::instance::{self, AT_REST};
use crate::product::ecs::instance_type;
use crate::product::ecs::network_interface::{self, State};
use crate::product::vpc::vswitch;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("AssignPrivateIpAddresses", assign_addresses),
    ("UnassignPrivateIpAddresses", unassign),
];

/// Assigns the addresses that `PrivateIpAddress.N` or `SecondaryPrivateIpAddressCount` ask for;
/// returns them.
pub(crate) fn assign(
    world: &mut World,
    call: &Call<'_>,
    id: &str,
    max: usize,
) -> Result<Vec<String>, Refusal> {
    let wanted = call.list("PrivateIpAddress");
    let count = call.int("SecondaryPrivateIpAddressCount")?;
    if !wanted.is_empty() && count.is_some() {
        let message = "PrivateIpAddress and SecondaryPrivateIpAddressCount exclude each other.";
        return Err(Refusal::bad("InvalidParameter.Conflict", message));
    }
    if wanted.len() > max || count.is_some_and(|count| !(1..=49).contains(&count)) {
        return Err(Refusal::invalid("PrivateIpAddress"));
    }
    let random = usize::try_from(count.unwrap_or(0)).unwrap_or_default();
    let orders: Vec<Option<&str>> = wanted
        .into_iter()
        .map(Some)
        .chain(std::iter::repeat_n(None, random))
        .collect();
    let subnet_id = network_interface::find(world, call, id)?.vswitch.clone();
    let block = vswitch::find(world, call, &subnet_id)?.cidr_block;
    let mut made = Vec::new();
    for order in orders {
        let address = network_interface::claim_address(world, &subnet_id, block, order)?;
        network_interface::find_mut(world, call, id)?
            .more_addresses
            .push(address);
        made.push(address.to_string());
    }
    Ok(made)
}

/// Refuses an interface that changes, or whose instance changes.
pub(crate) fn require_settled(world: &World, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let eni = network_interface::find(world, call, id)?;
    eni.require(&[State::Available, State::InUse])?;
    if eni.instance.is_empty() {
        return Ok(());
    }
    instance::find(world, call, &eni.instance)?.require(
        AT_REST,
        Refusal::bad,
        "InvalidOperation.InvalidEcsState",
    )
}

fn assign_addresses(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("NetworkInterfaceId")?;
    require_settled(world, call, id)?;
    let made = assign(world, call, id, 50)?;
    if made.is_empty() {
        return Err(Refusal::missing("PrivateIpAddress"));
    }
    let eni = network_interface::find(world, call, id)?;
    if let Some(machine) = world.tables.instances.get(&eni.instance) {
        let room = instance_type::find(&machine.instance_type)?
            .limits
            .addresses;
        if eni.addresses().count() > usize::try_from(room).unwrap_or_default() {
            let message =
                format!("An interface of the instance type has at most {room} private addresses.");
            return Err(Refusal::denied(
                "InvalidOperation.Ipv4CountExceeded",
                message,
            ));
        }
    }
    Ok(json!({
        "AssignedPrivateIpAddressesSet": {
            "NetworkInterfaceId": id, "PrivateIpSet": {"PrivateIpAddress": made},
            "Ipv4PrefixSet": {"Ipv4Prefixes": []},
        },
    }))
}

fn unassign(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("NetworkInterfaceId")?;
    require_settled(world, call, id)?;
    let wanted = call.list("PrivateIpAddress");
    if wanted.is_empty() {
        return Err(Refusal::missing("PrivateIpAddress"));
    }
    let eni = network_interface::find_mut(world, call, id)?;
    for text in wanted {
        if eni.address.to_string() == text {
            let message = "The primary private address cannot be taken away.";
            return Err(Refusal::bad("InvalidPrivateIpAddress.Primary", message));
        }
        let before = eni.more_addresses.len();
        eni.more_addresses.retain(|held| held.to_string() != text);
        if eni.more_addresses.len() == before {
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

    #[test]
    fn addresses_come_and_go() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let (vswitch, group) = (bench.vswitch(&vpc, "172.16.1.0/24"), bench.group(&vpc));
        let made = bench.ok(
            "ecs.CreateNetworkInterface",
            &[("VSwitchId", &vswitch), ("SecurityGroupId", &group)],
        );
        let id = text(&made, "NetworkInterfaceId");
        let on = |name: &'static str, value: &'static str| {
            [("NetworkInterfaceId", id.as_str()), (name, value)]
        };
        bench.ok(
            "ecs.AssignPrivateIpAddresses",
            &on("PrivateIpAddress.1", "172.16.1.8"),
        );
        bench.refused(
            "ecs.AssignPrivateIpAddresses",
            &on("PrivateIpAddress.1", "172.16.1.8"),
            "400 InvalidPrivateIpAddress.Duplicated",
        );
        bench.refused(
            "ecs.AssignPrivateIpAddresses",
            &on("PrivateIpAddress.1", "10.0.0.8"),
            "400 InvalidPrivateIpAddress",
        );
        bench.refused(
            "ecs.AssignPrivateIpAddresses",
            &[("NetworkInterfaceId", &id)],
            "400 MissingParameter",
        );
        let given = bench.ok(
            "ecs.AssignPrivateIpAddresses",
            &on("SecondaryPrivateIpAddressCount", "2"),
        );
        assert_eq!(
            given["AssignedPrivateIpAddressesSet"]["PrivateIpSet"]["PrivateIpAddress"]
                .as_array()
                .map(Vec::len),
            Some(2)
        );
        assert_eq!(
            bench.ok("vpc.DescribeVSwitches", &[])["VSwitches"]["VSwitch"][0]["AvailableIpAddressCount"],
            248
        );
        bench.ok(
            "ecs.UnassignPrivateIpAddresses",
            &on("PrivateIpAddress.1", "172.16.1.8"),
        );
        bench.refused(
            "ecs.UnassignPrivateIpAddresses",
            &on("PrivateIpAddress.1", "172.16.1.8"),
            "403 InvalidIp.IpUnassigned",
        );
    }
}
