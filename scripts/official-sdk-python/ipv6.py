"""The life of IPv6: a VPC's block, a VSwitch's part of it, and addresses of interfaces."""

from expect import only, refused, same
from ground import (
    HELD,
    Ground,
    delete_subnet,
    delete_vpc,
    make_subnet,
    make_vpc,
    vpc_row,
)


def live(cloud):
    ground = Ground(cloud)
    vpc = make_vpc(cloud, enable_ipv_6=True).vpc_id
    block = vpc_row(cloud, vpc).ipv_6cidr_block
    same("the VPC's block", (block.startswith("2001:db8:"), block.endswith("::/56")), (True, True))
    subnet = make_subnet(cloud, vpc, "172.16.1.0/24", ipv_6cidr_block=7)
    attribute = cloud.vpc.describe_vswitch_attributes(v_switch_id=subnet)
    same("the VSwitch's block", (attribute.enabled_ipv_6, attribute.ipv_6cidr_block.endswith("07::/64")), (True, True))
    with refused("OperationFailed.CidrInUse", 400):
        cloud.vpc.modify_vpc_attribute(vpc_id=vpc, enable_ipv_6=False)
    group = cloud.ecs.create_security_group(vpc_id=vpc).security_group_id
    of_an_interface(cloud, subnet, group)
    of_a_machine(cloud, ground, subnet, group)
    cloud.patient(HELD, lambda: cloud.ecs.delete_security_group(security_group_id=group))
    switch_off(cloud, vpc, subnet)
    delete_subnet(cloud, subnet)
    delete_vpc(cloud, vpc)
    ground.delete()


def of_an_interface(cloud, subnet, group):
    made = cloud.ecs.create_network_interface(v_switch_id=subnet, security_group_id=group, ipv_6address_count=1)
    interface, first = made.network_interface_id, only(made.ipv_6sets.ipv_6set).ipv_6address
    with refused("InvalidIp.IpRepeated", 403):
        cloud.ecs.assign_ipv_6addresses(network_interface_id=interface, ipv_6address=[first])
    more = cloud.ecs.assign_ipv_6addresses(network_interface_id=interface, ipv_6address_count=2).ipv_6sets.ipv_6address
    pages = [cloud.vpc.describe_ipv_6addresses(associated_instance_id=interface, page_number=number, page_size=2) for number in (1, 2)]
    rows = [row for page in pages for row in page.ipv_6addresses.ipv_6address]
    same("addresses by number", (pages[0].total_count, sorted(row.ipv_6address for row in rows)), (3, sorted([first, *more])))
    same("where they are", {(row.v_switch_id, row.associated_instance_id) for row in rows}, {(subnet, interface)})
    cloud.ecs.unassign_ipv_6addresses(network_interface_id=interface, ipv_6address=[first])
    seen = only(cloud.ecs.describe_network_interfaces(network_interface_id=[interface]).network_interface_sets.network_interface_set)
    same("the interface's addresses", sorted(one.ipv_6address for one in seen.ipv_6sets.ipv_6set), sorted(more))
    cloud.patient(["InvalidOperation.InvalidEniState"], lambda: cloud.ecs.delete_network_interface(network_interface_id=interface))
    cloud.until("their end", lambda: not cloud.vpc.describe_ipv_6addresses(v_switch_id=subnet).ipv_6addresses.ipv_6address)


def of_a_machine(cloud, ground, subnet, group):
    machine = ground.machine(v_switch_id=subnet, security_group_id=group, ipv_6address_count=1)
    address = only(only(ground.row(machine).network_interfaces.network_interface).ipv_6sets.ipv_6set).ipv_6address
    same("the machine by address", only(cloud.ecs.describe_instances(ipv_6address=[address]).instances.instance).instance_id, machine)
    ground.delete_machines()


def switch_off(cloud, vpc, subnet):
    cloud.vpc.modify_vswitch_attribute(v_switch_id=subnet, enable_ipv_6=False)
    cloud.until("the VSwitch at rest", lambda: cloud.vpc.describe_vswitch_attributes(v_switch_id=subnet).status == "Available")
    cloud.vpc.modify_vpc_attribute(vpc_id=vpc, enable_ipv_6=False)
    cloud.until("the VPC at rest", lambda: vpc_row(cloud, vpc).status == "Available")
    same("the VPC's block", cloud.vpc.describe_vpc_attribute(vpc_id=vpc).enabled_ipv_6, False)
