//! The interfaces that RunInstances creates with an instance: `NetworkInterface.N`.
//!
//! The row of the primary interface replaces the parameters for VSwitch, groups and address.
//! Secondary interfaces are created, or existing free ones attached, and are InUse from the start.

use crate::call::{Call, Fields};
use crate::params::Params;
use crate::product::ecs::instance::draft;
use crate::product::ecs::instance_type;
use crate::product::ecs::network_interface::{self, NetworkInterface, Secondary, State, create};
use crate::product::vpc::vswitch;
use crate::refusal::Refusal;
use crate::world::World;

/// The parameters with those of the primary interface in their usual places; `None` if there is no
/// such row.
///
/// # Errors
/// If both places are used, or two rows are primary.
pub(crate) fn primary_in_place(call: &Call<'_>) -> Result<Option<Params>, Refusal> {
    let conflict = || {
        Refusal::bad(
            "InvalidParam.NetworkInterface",
            "The primary network interface and other parameters exclude each other.",
        )
    };
    let primary = |(name, value): &(&str, &str)| {
        name.starts_with("NetworkInterface.")
            && name.ends_with(".InstanceType")
            && *value == "Primary"
    };
    let mut found = call.params().iter().filter(primary);
    let Some((marker, _)) = found.next() else {
        return Ok(None);
    };
    let prefix = marker.trim_end_matches("InstanceType");
    let top = [
        "VSwitchId",
        "SecurityGroupId",
        "SecurityGroupIds",
        "PrivateIpAddress",
        "NetworkInterfaceQueueNumber",
    ];
    if found.next().is_some() || top.iter().any(|name| call.any(name)) {
        return Err(conflict());
    }
    let mut pairs = Vec::new();
    for (name, value) in call.params().iter() {
        let Some(member) = name.strip_prefix(prefix) else {
            pairs.push((name.to_owned(), value.to_owned()));
            continue;
        };
        let usual = match member {
            "PrimaryIpAddress" => "PrivateIpAddress",
            "InstanceType" => "",
            member if member == "VSwitchId" || member.starts_with("SecurityGroupId") => member,
            _ => continue,
        };
        let _seen = call.text(name);
        if !usual.is_empty() {
            pairs.push((usual.to_owned(), value.to_owned()));
        }
    }
    Ok(Some(Params::from_pairs(pairs)))
}

/// Attaches the secondary interfaces of a call to a new instance.
///
/// # Errors
/// If the type has no room for them, or one of them cannot be created or attached.
pub(crate) fn add(
    world: &mut World,
    call: &Call<'_>,
    machine: &str,
    amount: i64,
) -> Result<(), Refusal> {
    for (number, row) in (1..).zip(call.rows("NetworkInterface")) {
        if !matches!(row.given("InstanceType"), None | Some("Secondary")) {
            return Err(Refusal::invalid("NetworkInterface.InstanceType"));
        }
        let id = match row.given("NetworkInterfaceId") {
            Some(_) if amount > 1 => {
                return Err(Refusal::bad(
                    "InvalidParam.NetworkInterface",
                    "A network interface that exists goes with one instance only.",
                ));
            }
            Some(id) => id.to_owned(),
            None => make(world, call, &row, machine)?,
        };
        take(
            world,
            call,
            (&id, number),
            machine,
            row.flag("DeleteOnRelease")?,
        )?;
    }
    Ok(())
}

fn make(
    world: &mut World,
    call: &Call<'_>,
    row: &Fields<'_>,
    machine: &str,
) -> Result<String, Refusal> {
    let region = call.region_needed()?;
    let primary = world
        .tables
        .instances
        .get(machine)
        .map(|held| held.interface.clone())
        .unwrap_or_default();
    let subnet = vswitch::find(world, call, row.need("VSwitchId")?)?.clone();
    let mut groups: Vec<&str> = row.list("SecurityGroupIds");
    groups.extend(row.given("SecurityGroupId"));
    draft::check_groups(world, call, &subnet.vpc, &groups, 1)?;
    let inherited = network_interface::find(world, call, &primary)?.clone();
    let (name, description) = (
        row.given("NetworkInterfaceName").unwrap_or_default(),
        row.given("Description").unwrap_or_default(),
    );
    create::check_texts(name, description)?;
    let address = network_interface::claim_address(
        world,
        &subnet.base.id,
        subnet.cidr_block,
        row.given("PrimaryIpAddress"),
    )?;
    let mut base = world.new_base("eni", region);
    (base.name, base.description) = (name.to_owned(), description.to_owned());
    (base.tags, base.resource_group) = (
        inherited.base.tags.clone(),
        inherited.base.resource_group.clone(),
    );
    let id = base.id.clone();
    let security_groups = if groups.is_empty() {
        inherited.security_groups
    } else {
        groups.into_iter().map(str::to_owned).collect()
    };
    let secondary = Secondary {
        delete_on_release: true,
        source_dest_check: row.flag("SourceDestCheck")?.unwrap_or(false),
        queues: row.int("QueueNumber")?.unwrap_or(0),
        device_index: 0,
    };
    let eni = NetworkInterface {
        mac: network_interface::new_mac(world),
        base,
        due_ms: None,
        instance: String::new(),
        vswitch: subnet.base.id,
        address,
        security_groups,
        state: State::Available,
        secondary: Some(secondary),
        more_addresses: Vec::new(),
        ipv6: Vec::new(),
    };
    world.tables.network_interfaces.insert(&id, eni);
    Ok(id)
}

fn take(
    world: &mut World,
    call: &Call<'_>,
    (id, index): (&str, i64),
    machine: &str,
    goes: Option<bool>,
) -> Result<(), Refusal> {
    let eni = network_interface::find(world, call, id)?;
    eni.require(&[State::Available])?;
    let Some(row) = world.tables.instances.get(machine) else {
        return Ok(());
    };
    let subnet = vswitch::find(world, call, &eni.vswitch)?;
    if subnet.vpc != row.vpc {
        return Err(Refusal::denied(
            "InvalidOperation.VpcMismatch",
            "The network interface and the instance are not in the same VPC.",
        ));
    }
    if subnet.zone != row.zone {
        let message = "The network interface and the instance are not in the same zone.";
        return Err(Refusal::denied(
            "InvalidOperation.AvailabilityZoneMismatch",
            message,
        ));
    }
    let room = instance_type::find(&row.instance_type)?.limits.interfaces;
    if index >= room {
        return Err(Refusal::denied(
            "EniPerInstanceLimitExceeded",
            format!("The instance type has room for {room} network interfaces."),
        ));
    }
    let eni = network_interface::find_mut(world, call, id)?;
    (eni.state, eni.instance) = (State::InUse, machine.to_owned());
    if let Some(secondary) = &mut eni.secondary {
        secondary.device_index = index;
        secondary.delete_on_release = goes.unwrap_or(secondary.delete_on_release);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn interfaces_come_with_the_machine() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let (vswitch, group) = (bench.vswitch(&vpc, "172.16.1.0/24"), bench.group(&vpc));
        let free = text(
            &bench.ok(
                "ecs.CreateNetworkInterface",
                &[("VSwitchId", &vswitch), ("SecurityGroupId", &group)],
            ),
            "NetworkInterfaceId",
        );
        let base = [
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("NetworkInterface.1.InstanceType", "Primary"),
            ("NetworkInterface.1.VSwitchId", vswitch.as_str()),
            ("NetworkInterface.1.SecurityGroupIds.1", group.as_str()),
            ("NetworkInterface.1.PrimaryIpAddress", "172.16.1.9"),
            ("NetworkInterface.2.VSwitchId", vswitch.as_str()),
            ("NetworkInterface.2.DeleteOnRelease", "false"),
            ("NetworkInterface.3.NetworkInterfaceId", free.as_str()),
        ];
        bench.refused(
            "ecs.RunInstances",
            &[&base[..], &[("VSwitchId", vswitch.as_str())]].concat(),
            "400 InvalidParam.NetworkInterface",
        );
        let fourth = [
            &base[..],
            &[("NetworkInterface.4.VSwitchId", vswitch.as_str())],
        ]
        .concat();
        bench.refused(
            "ecs.RunInstances",
            &fourth,
            "403 EniPerInstanceLimitExceeded",
        );
        let id = bench.ok("ecs.RunInstances", &base)["InstanceIdSets"]["InstanceIdSet"][0]
            .as_str()
            .expect("an id")
            .to_owned();
        let row = bench.instance(&id);
        assert_eq!(
            row["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0],
            "172.16.1.9"
        );
        assert_eq!(
            row["NetworkInterfaces"]["NetworkInterface"]
                .as_array()
                .map(Vec::len),
            Some(3)
        );
        bench.wait(20_000);
        bench.ok(
            "ecs.DeleteInstance",
            &[("InstanceId", &id), ("Force", "true")],
        );
        bench.wait(10_000);
        let left = bench.ok("ecs.DescribeNetworkInterfaces", &[]);
        assert_eq!(
            (
                &left["TotalCount"],
                &left["NetworkInterfaceSets"]["NetworkInterfaceSet"][0]["Status"]
            ),
            (&1.into(), &"Available".into())
        );
    }
}
