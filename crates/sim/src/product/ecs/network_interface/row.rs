//! A row of DescribeNetworkInterfaces, written without an intermediate value. Its fields are in the
//! order of their bytes; a test checks it.

use std::net::Ipv4Addr;

use serde::Serialize;
use setpoint_openapi::timestamp::Timestamp;

use crate::product::ecs::network_interface::{AddressSet, Ipv6Set, NetworkInterface, State};
use crate::product::vpc::eip;
use crate::shape::{Wrap, empty};
use crate::table::Row as _;
use crate::tags::KeyList;
use crate::world::World;

/// An interface as listings and the answer of CreateNetworkInterface show it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Listed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_public_ip: Option<PublicIp<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Attachment<'a>>,
    creation_time: String,
    delete_on_release: bool,
    description: &'a str,
    instance_id: &'a str,
    ipv4_prefix_sets: Wrap<[(); 0]>,
    ipv6_prefix_sets: Wrap<[(); 0]>,
    ipv6_sets: Wrap<Vec<Ipv6Set>>,
    mac_address: &'a str,
    network_interface_id: &'a str,
    network_interface_name: &'a str,
    network_interface_traffic_mode: &'static str,
    owner_id: &'a str,
    private_ip_address: Ipv4Addr,
    private_ip_sets: Wrap<Vec<AddressSet>>,
    queue_number: i64,
    resource_group_id: &'a str,
    security_group_ids: Wrap<&'a [String]>,
    service_managed: bool,
    source_dest_check: bool,
    status: &'a str,
    tags: Wrap<KeyList<'a>>,
    r#type: &'static str,
    v_switch_id: &'a str,
    vpc_id: &'a str,
    zone_id: &'a str,
}

/// The public address (EIP) that is bound to the interface itself, not to the machine that it is
/// on.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PublicIp<'a> {
    allocation_id: &'a str,
    public_ip_address: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attachment<'a> {
    device_index: i64,
    instance_id: &'a str,
    network_card_index: i64,
    trunk_network_interface_id: &'static str,
}

/// What listings and the answer of CreateNetworkInterface have in common, and a little more.
pub(crate) fn listed<'a>(world: &'a World, eni: &'a NetworkInterface) -> Listed<'a> {
    let subnet = world.tables.vswitches.get(&eni.vswitch);
    let secondary = eni.secondary.as_ref();
    Listed {
        associated_public_ip: eip::of_instance(world, &eni.base.id).map(|eip| PublicIp {
            allocation_id: &eip.base.id,
            public_ip_address: &eip.address,
        }),
        attachment: None,
        creation_time: Timestamp(eni.base.created_ms).seconds(),
        delete_on_release: secondary.is_none_or(|secondary| secondary.delete_on_release),
        description: &eni.base.description,
        instance_id: &eni.instance,
        ipv4_prefix_sets: empty("Ipv4PrefixSet"),
        ipv6_prefix_sets: empty("Ipv6PrefixSet"),
        ipv6_sets: eni.ipv6_sets(),
        mac_address: &eni.mac,
        network_interface_id: &eni.base.id,
        network_interface_name: &eni.base.name,
        network_interface_traffic_mode: "Standard",
        owner_id: &world.account.id,
        private_ip_address: eni.address,
        private_ip_sets: eni.address_sets(),
        queue_number: secondary.map_or(2, |secondary| secondary.queues),
        resource_group_id: eni.base.listed_group(),
        security_group_ids: Wrap("SecurityGroupId", &eni.security_groups),
        service_managed: false,
        source_dest_check: secondary.is_some_and(|secondary| secondary.source_dest_check),
        status: eni.state(),
        tags: Wrap("Tag", KeyList(&eni.base.tags)),
        r#type: eni.kind(),
        v_switch_id: &eni.vswitch,
        vpc_id: subnet.map_or("", |subnet| &subnet.vpc),
        zone_id: subnet.map_or("", |subnet| &subnet.zone),
    }
}

/// The row of a listing, which names the machine that an interface is on.
pub(crate) fn attached<'a>(world: &'a World, eni: &'a NetworkInterface) -> Listed<'a> {
    let attachment =
        (!eni.instance.is_empty() && eni.state != State::Available).then(|| Attachment {
            device_index: eni
                .secondary
                .as_ref()
                .map_or(0, |secondary| secondary.device_index),
            instance_id: &eni.instance,
            network_card_index: 0,
            trunk_network_interface_id: "",
        });
    Listed {
        attachment,
        ..listed(world, eni)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::shape::assert_in_order;
    use crate::testing::{Bench, text};

    #[test]
    fn fields_stand_in_the_order_of_their_bytes() {
        let mut bench = Bench::new();
        bench.machine(&[("Tag.1.Key", "k")]);
        let eni = bench
            .world
            .tables
            .network_interfaces
            .values()
            .next()
            .expect("the machine's");
        let public = Some(PublicIp {
            allocation_id: "eip-1",
            public_ip_address: "203.0.113.1",
        });
        let row = Listed {
            associated_public_ip: public,
            ..attached(&bench.world, eni)
        };
        assert!(row.attachment.is_some());
        assert_in_order(&row);
    }

    #[test]
    fn an_interface_shows_the_address_that_is_bound_to_it() {
        let mut bench = Bench::new();
        let (_, subnet, group) = bench.machine(&[]);
        let eni = text(
            &bench.ok(
                "ecs.CreateNetworkInterface",
                &[("VSwitchId", &subnet), ("SecurityGroupId", &group)],
            ),
            "NetworkInterfaceId",
        );
        let eip = bench.ok("vpc.AllocateEipAddress", &[]);
        let allocation = text(&eip, "AllocationId");
        bench.wait(60_000);
        let public = |bench: &mut Bench| {
            let body = bench.ok(
                "ecs.DescribeNetworkInterfaces",
                &[("NetworkInterfaceId.1", &eni)],
            );
            body["NetworkInterfaceSets"]["NetworkInterfaceSet"][0]["AssociatedPublicIp"].clone()
        };
        assert_eq!(public(&mut bench), Value::Null);
        let binding = [
            ("AllocationId", allocation.as_str()),
            ("InstanceId", &eni),
            ("InstanceType", "NetworkInterface"),
        ];
        bench.ok("vpc.AssociateEipAddress", &binding);
        bench.wait(60_000);
        assert_eq!(
            public(&mut bench),
            json!({"AllocationId": allocation, "PublicIpAddress": text(&eip, "EipAddress")})
        );
        bench.ok("vpc.UnassociateEipAddress", &binding);
        bench.wait(60_000);
        assert_eq!(public(&mut bench), Value::Null);
    }
}
