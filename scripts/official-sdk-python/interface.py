"""The life of network interfaces: made, attached, given addresses, changed, detached, deleted."""

import json

from expect import only, refused, same
from ground import Ground
from pages import by_token


def live(cloud):
    ground = Ground(cloud)
    machine = ground.machine()
    interface = make(cloud, ground)
    attach(cloud, ground, machine, interface)
    addresses(cloud, interface)
    change(cloud, ground, interface)
    by_number_and_token(cloud, machine, interface)
    eip(cloud, interface)
    end(cloud, machine, interface)
    ground.delete()


def row(cloud, interface):
    rows = cloud.ecs.describe_network_interfaces(network_interface_id=[interface]).network_interface_sets.network_interface_set
    return rows[0] if rows else None


def make(cloud, ground):
    made = cloud.ecs.create_network_interface(
        v_switch_id=ground.subnet,
        security_group_ids=[ground.group],
        primary_ip_address="172.16.1.100",
        network_interface_name="sdk",
        description="by the SDK",
        tag=[{"key": "a", "value": "b"}],
    )
    same(
        "the answer",
        (made.private_ip_address, made.v_switch_id, made.vpc_id, made.type),
        ("172.16.1.100", ground.subnet, ground.vpc_id, "Secondary"),
    )
    interface = made.network_interface_id
    cloud.until("the interface", lambda: row(cloud, interface).status == "Available")
    seen = row(cloud, interface)
    same("the interface", (seen.network_interface_name, seen.description, seen.mac_address), ("sdk", "by the SDK", made.mac_address))
    same("its tag", [(tag.tag_key, tag.tag_value) for tag in seen.tags.tag], [("a", "b")])
    return interface


def attach(cloud, ground, machine, interface):
    cloud.ecs.attach_network_interface(instance_id=machine, network_interface_id=interface)
    cloud.until("the attachment", lambda: row(cloud, interface).status == "InUse")
    same("where it is", row(cloud, interface).instance_id, machine)
    more = cloud.ecs.describe_instances(instance_ids=json.dumps([machine]), additional_attributes=["NETWORK_PRIMARY_ENI_IP"])
    of_machine = {one.network_interface_id: one for one in only(more.instances.instance).network_interfaces.network_interface}
    same("the machine's interface", (of_machine[interface].primary_ip_address, of_machine[interface].type), ("172.16.1.100", "Secondary"))
    with refused("InvalidOperation.InvalidEniState"):
        cloud.ecs.delete_network_interface(network_interface_id=interface)


def private(cloud, interface):
    return sorted(one.private_ip_address for one in row(cloud, interface).private_ip_sets.private_ip_set)


def addresses(cloud, interface):
    made = cloud.ecs.assign_private_ip_addresses(network_interface_id=interface, private_ip_address=["172.16.1.101", "172.16.1.102"])
    seen = made.assigned_private_ip_addresses_set
    same(
        "what was assigned",
        (seen.network_interface_id, sorted(seen.private_ip_set.private_ip_address)),
        (interface, ["172.16.1.101", "172.16.1.102"]),
    )
    same("its addresses", private(cloud, interface), ["172.16.1.100", "172.16.1.101", "172.16.1.102"])
    cloud.ecs.unassign_private_ip_addresses(network_interface_id=interface, private_ip_address=["172.16.1.101"])
    same("its addresses", private(cloud, interface), ["172.16.1.100", "172.16.1.102"])
    made = cloud.ecs.assign_private_ip_addresses(network_interface_id=interface, secondary_private_ip_address_count=1)
    same("another address", len(made.assigned_private_ip_addresses_set.private_ip_set.private_ip_address), 1)


def change(cloud, ground, interface):
    second = cloud.ecs.create_security_group(vpc_id=ground.vpc_id, security_group_name="second").security_group_id
    cloud.ecs.modify_network_interface_attribute(
        network_interface_id=interface, network_interface_name="renamed", description="changed", security_group_id=[second]
    )
    seen = cloud.ecs.describe_network_interface_attribute(network_interface_id=interface)
    attribute = (seen.network_interface_name, seen.description, seen.security_group_ids.security_group_id)
    same("its attributes", attribute, ("renamed", "changed", [second]))
    cloud.ecs.join_security_group(security_group_id=ground.group, network_interface_id=interface)
    cloud.ecs.leave_security_group(security_group_id=second, network_interface_id=interface)
    same("its groups", row(cloud, interface).security_group_ids.security_group_id, [ground.group])
    cloud.ecs.delete_security_group(security_group_id=second)


def by_number_and_token(cloud, machine, interface):
    """Two: the machine's first and this one."""
    pages = [cloud.ecs.describe_network_interfaces(page_number=number, page_size=1) for number in (1, 2)]
    by_number = [only(page.network_interface_sets.network_interface_set).network_interface_id for page in pages]
    same("interfaces by number", (pages[0].total_count, interface in by_number, len(set(by_number))), (2, True, 2))
    rows = by_token(
        cloud.ecs.describe_network_interfaces, lambda page: page.network_interface_sets.network_interface_set, instance_id=machine
    )
    same("interfaces by token", sorted(one.network_interface_id for one in rows), sorted(by_number))


def eip(cloud, interface):
    made = cloud.vpc.allocate_eip_address(bandwidth="5")
    cloud.vpc.associate_eip_address(allocation_id=made.allocation_id, instance_id=interface, instance_type="NetworkInterface")

    def status():
        return only(cloud.vpc.describe_eip_addresses(allocation_id=made.allocation_id).eip_addresses.eip_address).status

    cloud.until("the binding", lambda: status() == "InUse")
    seen = row(cloud, interface).associated_public_ip
    same("its public address", (seen.allocation_id, seen.public_ip_address), (made.allocation_id, made.eip_address))
    cloud.vpc.unassociate_eip_address(allocation_id=made.allocation_id, instance_id=interface, instance_type="NetworkInterface")
    cloud.until("the address being free", lambda: status() == "Available")
    cloud.vpc.release_eip_address(allocation_id=made.allocation_id)


def end(cloud, machine, interface):
    cloud.ecs.detach_network_interface(instance_id=machine, network_interface_id=interface)
    cloud.until("the detachment", lambda: row(cloud, interface).status == "Available")
    cloud.ecs.delete_network_interface(network_interface_id=interface)
    cloud.until("the interface's end", lambda: row(cloud, interface) is None)
