//! CreateNetworkInterface and DeleteNetworkInterface.

use serde_json::Value;

use crate::call::{Answer, Call};
use crate::names;
use crate::product::Actions;
use crate::product::ecs::instance::draft;
use crate::product::ecs::network_interface::{
    self, NetworkInterface, Secondary, State, address, ipv6, row,
};
use crate::product::vpc::eip;
use crate::refusal::Refusal;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateNetworkInterface", create),
    ("DeleteNetworkInterface", delete),
];

/// The answer shows the whole interface, which is Available at once.
fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.only("InstanceType", "Secondary")?;
    call.only("NetworkInterfaceTrafficMode", "Standard")?;
    call.only("Visible", "true")?;
    let subnet = draft::subnet(world, call)?;
    let groups = draft::group_ids(call)?;
    draft::check_groups(world, call, &subnet.vpc, &groups, 1)?;
    let (name, description) = (
        call.given("NetworkInterfaceName").unwrap_or_default(),
        call.given("Description").unwrap_or_default(),
    );
    check_texts(name, description)?;
    let here = world
        .tables
        .network_interfaces
        .values()
        .filter(|eni| eni.base.region == region && eni.secondary.is_some())
        .count();
    if here >= world.options.quotas.interfaces {
        return Err(Refusal::denied(
            "MaxEniCountExceeded",
            "The maximum number of network interfaces in the region is reached.",
        ));
    }
    let primary = network_interface::claim_address(
        world,
        &subnet.base.id,
        subnet.cidr_block,
        call.given("PrimaryIpAddress"),
    )?;
    let mut base = world.new_base("eni", region);
    (base.name, base.description, base.tags) = (
        name.to_owned(),
        description.to_owned(),
        tags::of_create(call)?,
    );
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    let id = base.id.clone();
    let secondary = Secondary {
        delete_on_release: call.flag("DeleteOnRelease")?.unwrap_or(true),
        source_dest_check: call.flag("SourceDestCheck")?.unwrap_or(false),
        queues: call.int("QueueNumber")?.unwrap_or(0),
        device_index: 0,
    };
    let eni = NetworkInterface {
        base,
        due_ms: None,
        instance: String::new(),
        vswitch: subnet.base.id.clone(),
        address: primary,
        mac: network_interface::new_mac(world),
        security_groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        state: State::Available,
        secondary: Some(secondary),
        more_addresses: Vec::new(),
        ipv6: Vec::new(),
    };
    world.tables.network_interfaces.insert(&id, eni);
    address::assign(world, call, &id, 10)?;
    ipv6::assign(world, call, &id)?;
    echo(world, call, &id)
}

/// What the listing shows, as far as this answer has it.
fn echo(world: &World, call: &Call<'_>, id: &str) -> Result<Value, Refusal> {
    let mut body = serde_json::to_value(row::listed(
        world,
        network_interface::find(world, call, id)?,
    ))
    .expect("a row is plain data with text keys");
    if let Some(fields) = body.as_object_mut() {
        for name in [
            "CreationTime",
            "InstanceId",
            "QueueNumber",
            "NetworkInterfaceTrafficMode",
            "DeleteOnRelease",
        ] {
            fields.remove(name);
        }
    }
    Ok(body)
}

/// Name and description of an interface; empty ones are fine.
pub(crate) fn check_texts(name: &str, description: &str) -> Result<(), Refusal> {
    if !name.is_empty() && !names::is_name(name, 2, 128, ":_.-") {
        return Err(Refusal::bad(
            "InvalidEniName.Malformed",
            "The specified network interface name is not valid.",
        ));
    }
    if !description.is_empty() && !names::is_text(description, 2, 256) {
        return Err(Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified description is not valid.",
        ));
    }
    Ok(())
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("NetworkInterfaceId")?;
    let eni = network_interface::find(world, call, id)?;
    if eni.secondary.is_none() {
        return Err(Refusal::denied(
            "InvalidOperation.InvalidEniType",
            "A primary network interface goes with its instance.",
        ));
    }
    eni.require(&[State::Available])?;
    let until = world.now_ms() + world.options.profile.eni_delete_ms;
    let eni = network_interface::find_mut(world, call, id)?;
    (eni.state, eni.due_ms) = (State::Deleting, Some(until));
    eip::let_go(world, id);
    done()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Bench, text};

    fn interface(bench: &mut Bench, vswitch: &str, group: &str) -> String {
        let pairs = [
            ("VSwitchId", vswitch),
            ("SecurityGroupId", group),
            ("NetworkInterfaceName", "back"),
            ("PrivateIpAddress.1", "172.16.1.9"),
        ];
        text(
            &bench.ok("ecs.CreateNetworkInterface", &pairs),
            "NetworkInterfaceId",
        )
    }

    fn row(bench: &mut Bench, id: &str) -> serde_json::Value {
        bench.ok(
            "ecs.DescribeNetworkInterfaces",
            &[("NetworkInterfaceId.1", id)],
        )["NetworkInterfaceSets"]["NetworkInterfaceSet"][0]
            .clone()
    }

    #[test]
    fn an_interface_lives() {
        let mut bench = Bench::new();
        let (machine, vswitch, group) = bench.machine(&[]);
        let id = interface(&mut bench, &vswitch, &group);
        let seen = row(&mut bench, &id);
        assert_eq!(
            (&seen["Status"], &seen["Type"]),
            (&"Available".into(), &"Secondary".into())
        );
        assert_eq!(
            seen["PrivateIpSets"]["PrivateIpSet"][1],
            json!({"PrivateIpAddress": "172.16.1.9", "Primary": false})
        );
        let on = [
            ("NetworkInterfaceId", id.as_str()),
            ("InstanceId", machine.as_str()),
        ];
        bench.refused(
            "ecs.AttachNetworkInterface",
            &on,
            "400 InvalidOperation.InvalidEcsState",
        );
        bench.wait(20_000);
        bench.ok("ecs.AttachNetworkInterface", &on);
        assert_eq!(row(&mut bench, &id)["Status"], "Attaching");
        bench.refused(
            "ecs.DeleteNetworkInterface",
            &[("NetworkInterfaceId", &id)],
            "400 InvalidOperation.InvalidEniState",
        );
        bench.wait(2_000);
        let seen = row(&mut bench, &id);
        assert_eq!(
            (&seen["Status"], &seen["Attachment"]["DeviceIndex"]),
            (&"InUse".into(), &1.into())
        );
        assert_eq!(
            bench.instance(&machine)["NetworkInterfaces"]["NetworkInterface"][1]["NetworkInterfaceId"],
            json!(id)
        );
        let primary = text(
            &bench.instance(&machine)["NetworkInterfaces"]["NetworkInterface"][0],
            "NetworkInterfaceId",
        );
        bench.refused(
            "ecs.DetachNetworkInterface",
            &[("NetworkInterfaceId", &primary), ("InstanceId", &machine)],
            "400 InvalidOperation.DetachPrimaryEniNotAllowed",
        );
        bench.ok("ecs.DetachNetworkInterface", &on);
        bench.ok("ecs.DetachNetworkInterface", &on);
        bench.wait(2_000);
        assert_eq!(row(&mut bench, &id)["Status"], "Available");
        bench.refused(
            "ecs.DeleteSecurityGroup",
            &[("SecurityGroupId", &group)],
            "403 DependencyViolation",
        );
        bench.ok("ecs.DeleteNetworkInterface", &[("NetworkInterfaceId", &id)]);
        assert_eq!(row(&mut bench, &id)["Status"], "Deleting");
        bench.wait(1_000);
        bench.refused(
            "ecs.DeleteNetworkInterface",
            &[("NetworkInterfaceId", &id)],
            "404 InvalidEniId.NotFound",
        );
        assert!(row(&mut bench, &id).is_null());
    }

    #[test]
    fn an_interface_goes_or_stays_with_its_machine() {
        for (goes, left) in [("true", 0), ("false", 1)] {
            let mut bench = Bench::new();
            let (machine, vswitch, group) = bench.machine(&[]);
            bench.wait(20_000);
            let id = interface(&mut bench, &vswitch, &group);
            bench.ok(
                "ecs.ModifyNetworkInterfaceAttribute",
                &[("NetworkInterfaceId", &id), ("DeleteOnRelease", goes)],
            );
            bench.ok(
                "ecs.AttachNetworkInterface",
                &[("NetworkInterfaceId", &id), ("InstanceId", &machine)],
            );
            bench.wait(2_000);
            bench.ok(
                "ecs.DeleteInstance",
                &[("InstanceId", &machine), ("Force", "true")],
            );
            bench.wait(10_000);
            let found = bench.ok("ecs.DescribeNetworkInterfaces", &[]);
            assert_eq!(found["TotalCount"], left, "DeleteOnRelease {goes}");
        }
    }

    #[test]
    fn a_public_address_is_free_again_when_its_interface_goes() {
        for with_machine in [true, false] {
            let mut bench = Bench::new();
            let (machine, vswitch, group) = bench.machine(&[]);
            bench.wait(20_000);
            let id = interface(&mut bench, &vswitch, &group);
            let on = [
                ("NetworkInterfaceId", id.as_str()),
                ("InstanceId", machine.as_str()),
            ];
            if with_machine {
                bench.ok("ecs.AttachNetworkInterface", &on);
                bench.wait(2_000);
            }
            let eip = text(&bench.ok("vpc.AllocateEipAddress", &[]), "AllocationId");
            bench.ok(
                "vpc.AssociateEipAddress",
                &[
                    ("AllocationId", &eip),
                    ("InstanceId", &id),
                    ("InstanceType", "NetworkInterface"),
                ],
            );
            bench.wait(5_000);
            if with_machine {
                bench.ok(
                    "ecs.DeleteInstance",
                    &[("InstanceId", &machine), ("Force", "true")],
                );
            } else {
                bench.ok("ecs.DeleteNetworkInterface", &on[..1]);
            }
            bench.wait(20_000);
            let row =
                bench.ok("vpc.DescribeEipAddresses", &[])["EipAddresses"]["EipAddress"][0].clone();
            assert_eq!(
                (text(&row, "Status"), text(&row, "InstanceId")),
                ("Available".to_owned(), String::new())
            );
        }
    }

    #[test]
    fn a_type_has_room_for_so_many() {
        let mut bench = Bench::new();
        let (machine, vswitch, group) = bench.machine(&[]);
        bench.wait(20_000);
        for number in 1..=3 {
            let made = bench.ok(
                "ecs.CreateNetworkInterface",
                &[("VSwitchId", &vswitch), ("SecurityGroupIds.1", &group)],
            );
            let pairs = [
                ("NetworkInterfaceId", text(&made, "NetworkInterfaceId")),
                ("InstanceId", machine.clone()),
            ];
            let pairs = pairs
                .each_ref()
                .map(|(name, value)| (*name, value.as_str()));
            let expected = if number < 3 {
                ""
            } else {
                "403 EniPerInstanceLimitExceeded"
            };
            assert_eq!(
                bench
                    .call("ecs.AttachNetworkInterface", &pairs)
                    .err()
                    .unwrap_or_default(),
                expected,
                "number {number}"
            );
            bench.wait(2_000);
        }
    }
}
