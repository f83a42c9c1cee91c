"""The life of what leads out: NAT gateways with SNAT and forward entries, public addresses (EIP), bandwidth packages."""

from expect import only, refused, same
from ground import Ground

MOVING = (
    "IncorrectEipStatus",
    "IncorrectStatus.NatGateway",
    "IncorretForwardEntryStatus",
    "IncorretSnatEntryStatus",
    "TaskConflict",
    "OperationConflict",
)


def live(cloud):
    ground = Ground(cloud)
    addresses = [allocate(cloud, "sdk-out"), allocate(cloud, "sdk-machine")]
    bandwidth_package(cloud, addresses)
    of_a_machine(cloud, ground, addresses[1])
    gateway(cloud, ground, addresses[0])
    for one in addresses:
        cloud.patient(MOVING, lambda: cloud.vpc.release_eip_address(allocation_id=one))
    cloud.until("the addresses' end", lambda: not cloud.vpc.describe_eip_addresses().eip_addresses.eip_address)
    ground.delete()


def allocate(cloud, name):
    made = cloud.vpc.allocate_eip_address(
        name=name, bandwidth="5", internet_charge_type="PayByTraffic", isp="BGP", tag=[{"key": "a", "value": name}]
    )
    row = address(cloud, made.allocation_id)
    seen = (row.ip_address, row.status, row.bandwidth, row.internet_charge_type, row.name)
    same("the address", seen, (made.eip_address, "Available", "5", "PayByTraffic", name))
    same("its tag", [(tag.key, tag.value) for tag in row.tags.tag], [("a", name)])
    return made.allocation_id


def address(cloud, allocation_id):
    return only(cloud.vpc.describe_eip_addresses(allocation_id=allocation_id).eip_addresses.eip_address)


def package(cloud, package_id):
    rows = cloud.vpc.describe_common_bandwidth_packages(bandwidth_package_id=package_id).common_bandwidth_packages.common_bandwidth_package
    return rows[0] if rows else None


def bandwidth_package(cloud, addresses):
    made = cloud.vpc.create_common_bandwidth_package(
        bandwidth=20, internet_charge_type="PayByBandwidth", name="sdk-package"
    ).bandwidth_package_id
    cloud.until("the package", lambda: package(cloud, made).status == "Available")
    for one in addresses:
        cloud.patient(MOVING, lambda: cloud.vpc.add_common_bandwidth_package_ip(bandwidth_package_id=made, ip_instance_id=one))
        cloud.until("the address in the package", lambda: address(cloud, one).bandwidth_package_id == made)
    cloud.vpc.modify_common_bandwidth_package_spec(bandwidth_package_id=made, bandwidth="30")
    cloud.vpc.modify_common_bandwidth_package_attribute(bandwidth_package_id=made, name="renamed", description="changed")
    cloud.until("the bandwidth", lambda: package(cloud, made).bandwidth == "30")
    row = package(cloud, made)
    inside = sorted(one.allocation_id for one in row.public_ip_addresses.public_ip_addresse)
    same(
        "the package",
        (row.name, row.description, row.internet_charge_type, inside),
        ("renamed", "changed", "PayByBandwidth", sorted(addresses)),
    )
    for one in addresses:
        cloud.patient(MOVING, lambda: cloud.vpc.remove_common_bandwidth_package_ip(bandwidth_package_id=made, ip_instance_id=one))
    cloud.until("the empty package", lambda: not package(cloud, made).public_ip_addresses.public_ip_addresse)
    cloud.patient(MOVING, lambda: cloud.vpc.delete_common_bandwidth_package(bandwidth_package_id=made))
    cloud.until("the package's end", lambda: package(cloud, made) is None)


def of_a_machine(cloud, ground, eip):
    machine = ground.machine()
    cloud.vpc.associate_eip_address(allocation_id=eip, instance_id=machine)
    cloud.until("the binding", lambda: address(cloud, eip).status == "InUse")
    same("what it is bound to", (address(cloud, eip).instance_id, address(cloud, eip).instance_type), (machine, "EcsInstance"))
    seen = ground.row(machine).eip_address
    same("the machine's address", (seen.allocation_id, seen.ip_address, seen.bandwidth), (eip, address(cloud, eip).ip_address, 5))
    cloud.vpc.modify_eip_address_attribute(allocation_id=eip, bandwidth="10", name="renamed", description="changed")
    row = address(cloud, eip)
    same("the changed address", (row.bandwidth, row.name, row.description), ("10", "renamed", "changed"))
    with refused("IncorrectEipStatus"):
        cloud.vpc.release_eip_address(allocation_id=eip)
    cloud.vpc.unassociate_eip_address(allocation_id=eip, instance_id=machine)
    cloud.until("the address being free", lambda: address(cloud, eip).status == "Available")
    same("the machine's address", ground.row(machine).eip_address.allocation_id, "")


def nat_row(cloud, nat):
    rows = cloud.vpc.describe_nat_gateways(nat_gateway_id=nat).nat_gateways.nat_gateway
    return rows[0] if rows else None


def gateway(cloud, ground, eip):
    made = cloud.vpc.create_nat_gateway(
        vpc_id=ground.vpc_id,
        v_switch_id=ground.subnet,
        nat_type="Enhanced",
        name="sdk-nat",
        instance_charge_type="PostPaid",
        internet_charge_type="PayByLcu",
    )
    nat, snat_table, forward_table = made.nat_gateway_id, made.snat_table_ids.snat_table_id[0], made.forward_table_ids.forward_table_id[0]
    cloud.until("the gateway", lambda: nat_row(cloud, nat).status == "Available")
    row = nat_row(cloud, nat)
    same("the gateway", (row.name, row.nat_type, row.nat_gateway_private_info.vswitch_id), ("sdk-nat", "Enhanced", ground.subnet))
    cloud.vpc.modify_nat_gateway_attribute(nat_gateway_id=nat, name="renamed", description="changed")
    with refused("OperationUnsupported.PostPaid"):
        cloud.vpc.modify_nat_gateway_spec(nat_gateway_id=nat, spec="Large")
    cloud.vpc.associate_eip_address(allocation_id=eip, instance_id=nat, instance_type="Nat")
    cloud.until("the address", lambda: address(cloud, eip).status == "InUse")
    out = address(cloud, eip).ip_address
    snat(cloud, ground, snat_table, out)
    forward(cloud, ground, forward_table, out)
    with refused("DependencyViolation.EIPS"):
        cloud.vpc.delete_nat_gateway(nat_gateway_id=nat)
    cloud.patient(MOVING, lambda: cloud.vpc.unassociate_eip_address(allocation_id=eip, instance_id=nat, instance_type="Nat"))
    cloud.until("the address being free", lambda: address(cloud, eip).status == "Available")
    attribute = cloud.vpc.get_nat_gateway_attribute(nat_gateway_id=nat)
    seen = (attribute.name, attribute.description, attribute.snat_table.snat_entry_count, attribute.forward_table.forward_entry_count)
    same("the gateway's attributes", seen, ("renamed", "changed", 0, 0))
    cloud.patient(MOVING, lambda: cloud.vpc.delete_nat_gateway(nat_gateway_id=nat))
    cloud.until("the gateway's end", lambda: nat_row(cloud, nat) is None)


def snat(cloud, ground, table, out):
    entry = cloud.vpc.create_snat_entry(
        snat_table_id=table, source_vswitch_id=ground.subnet, snat_ip=out, snat_entry_name="sdk"
    ).snat_entry_id

    def rows():
        return cloud.vpc.describe_snat_table_entries(snat_table_id=table).snat_table_entries.snat_table_entry

    cloud.until("the entry", lambda: only(rows()).status == "Available")
    cloud.vpc.modify_snat_entry(snat_table_id=table, snat_entry_id=entry, snat_ip=out, snat_entry_name="renamed")
    cloud.until("the change", lambda: only(rows()).status == "Available")
    row = only(rows())
    seen = (row.snat_entry_id, row.snat_entry_name, row.source_vswitch_id, row.source_cidr, row.snat_ip)
    same("the SNAT entry", seen, (entry, "renamed", ground.subnet, "172.16.1.0/24", out))
    cloud.patient(MOVING, lambda: cloud.vpc.delete_snat_entry(snat_table_id=table, snat_entry_id=entry))
    cloud.until("the entry's end", lambda: not rows())


def forward(cloud, ground, table, out):
    fields = {"forward_table_id": table, "external_ip": out, "internal_ip": "172.16.1.77", "ip_protocol": "tcp", "internal_port": "80"}
    entry = cloud.vpc.create_forward_entry(external_port="8080", forward_entry_name="sdk", **fields).forward_entry_id

    def rows():
        return cloud.vpc.describe_forward_table_entries(forward_table_id=table).forward_table_entries.forward_table_entry

    cloud.until("the entry", lambda: only(rows()).status == "Available")
    cloud.vpc.modify_forward_entry(forward_entry_id=entry, external_port="8443", forward_entry_name="renamed", **fields)
    cloud.until("the change", lambda: only(rows()).status == "Available")
    row = only(rows())
    seen = (row.forward_entry_name, row.external_ip, row.external_port, row.internal_ip, row.internal_port, row.ip_protocol)
    same("the forward entry", seen, ("renamed", out, "8443", "172.16.1.77", "80", "tcp"))
    cloud.patient(MOVING, lambda: cloud.vpc.delete_forward_entry(forward_table_id=table, forward_entry_id=entry))
    cloud.until("the entry's end", lambda: not rows())
