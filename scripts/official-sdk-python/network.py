"""The life of networks: VPCs with further blocks, VSwitches, default ones, and route tables with their entries."""

from cloud import ZONE
from expect import only, refused, same
from ground import Ground, delete_subnet, delete_vpc, make_subnet, make_vpc, vpc_row
from pages import by_token


def live(cloud):
    networks(cloud)
    defaults(cloud)
    ground = Ground(cloud)
    route_tables(cloud, ground)
    route_entries(cloud, ground)
    ground.delete()


def networks(cloud):
    fields = {"vpc_name": "sdk net", "client_token": "sdk-vpc", "tag": [{"key": "made-by", "value": "sdk *~ 网络"}]}
    made = make_vpc(cloud, description="by the SDK", **fields)
    same("a repeated create", cloud.vpc.create_vpc(cidr_block="172.16.0.0/12", description="by the SDK", **fields).vpc_id, made.vpc_id)
    with refused("IdempotentParameterMismatch"):
        cloud.vpc.create_vpc(cidr_block="10.0.0.0/8", **fields)
    row = vpc_row(cloud, made.vpc_id)
    same("the VPC", (row.vpc_name, row.cidr_block, row.is_default, row.description), ("sdk net", "172.16.0.0/12", False, "by the SDK"))
    same("its tag", [(tag.key, tag.value) for tag in row.tags.tag], [("made-by", "sdk *~ 网络")])
    same("its routes", (row.router_table_ids.router_table_ids, row.vrouter_id), ([made.route_table_id], made.vrouter_id))

    cloud.vpc.associate_vpc_cidr_block(vpc_id=made.vpc_id, secondary_cidr_block="192.168.0.0/16")
    cloud.until("the second block", lambda: vpc_row(cloud, made.vpc_id).status == "Available")
    blocks = cloud.vpc.describe_vpc_attribute(vpc_id=made.vpc_id).secondary_cidr_blocks.secondary_cidr_block
    same("further blocks", blocks, ["192.168.0.0/16"])
    subnet = make_subnet(cloud, made.vpc_id, "192.168.7.0/24", v_switch_name="sdk-subnet")
    with refused("InvalidCidrBlock.Overlapped"):
        cloud.vpc.create_vswitch(vpc_id=made.vpc_id, zone_id=ZONE, cidr_block="192.168.0.0/20")
    cloud.vpc.modify_vswitch_attribute(v_switch_id=subnet, v_switch_name="renamed", description="changed")
    attribute = cloud.vpc.describe_vswitch_attributes(v_switch_id=subnet)
    seen = (attribute.v_switch_name, attribute.description, attribute.available_ip_address_count, attribute.zone_id)
    same("the VSwitch", seen, ("renamed", "changed", 252, ZONE))
    same("its VPC lists it", vpc_row(cloud, made.vpc_id).v_switch_ids.v_switch_id, [subnet])
    listed = only(cloud.ecs.describe_vswitches(v_switch_id=subnet).v_switches.v_switch)
    same("the VSwitch by ECS", (listed.cidr_block, listed.vpc_id), ("192.168.7.0/24", made.vpc_id))
    with refused("DependencyViolation.VSwitch"):
        cloud.vpc.delete_vpc(vpc_id=made.vpc_id)
    delete_subnet(cloud, subnet)
    cloud.patient(
        ["IncorrectVpcStatus"], lambda: cloud.vpc.unassociate_vpc_cidr_block(vpc_id=made.vpc_id, secondary_cidr_block="192.168.0.0/16")
    )
    cloud.until("the block's end", lambda: vpc_row(cloud, made.vpc_id).status == "Available")
    cloud.vpc.modify_vpc_attribute(vpc_id=made.vpc_id, vpc_name="renamed", description="changed")
    seen = cloud.vpc.describe_vpc_attribute(vpc_id=made.vpc_id)
    same("the changed VPC", (seen.vpc_name, seen.description, seen.secondary_cidr_blocks.secondary_cidr_block), ("renamed", "changed", []))
    cloud.vpc.move_resource_group(resource_id=made.vpc_id, resource_type="vpc", new_resource_group_id="rg-sdk")
    same("its resource group", vpc_row(cloud, made.vpc_id).resource_group_id, "rg-sdk")
    same("the VPC by ECS", only(cloud.ecs.describe_vpcs(vpc_id=made.vpc_id).vpcs.vpc).vpc_name, "renamed")
    by_number(cloud, made.vpc_id)
    delete_vpc(cloud, made.vpc_id)


def by_number(cloud, vpc_id):
    """Three VPCs in pages of two: each once, with the whole number on each page."""
    made = [vpc_id] + [make_vpc(cloud, cidr_block="10.0.0.0/8").vpc_id for _ in range(2)]
    pages = [cloud.vpc.describe_vpcs(page_number=number, page_size=2) for number in (1, 2)]
    same(
        "the pages",
        [(page.total_count, page.page_number, page.page_size, len(page.vpcs.vpc)) for page in pages],
        [(3, 1, 2, 2), (3, 2, 2, 1)],
    )
    same("VPCs by number", sorted(row.vpc_id for page in pages for row in page.vpcs.vpc), sorted(made))
    for one in made[1:]:
        delete_vpc(cloud, one)


def defaults(cloud):
    made = cloud.vpc.create_default_vpc()
    cloud.until("the default VPC", lambda: vpc_row(cloud, made.vpc_id).status == "Available")
    same("it is the default", only(cloud.vpc.describe_vpcs(is_default=True).vpcs.vpc).vpc_id, made.vpc_id)
    subnet = cloud.vpc.create_default_vswitch(zone_id=ZONE).v_switch_id
    cloud.until("the default VSwitch", lambda: cloud.vpc.describe_vswitch_attributes(v_switch_id=subnet).status == "Available")
    same("it is the default", cloud.vpc.describe_vswitch_attributes(v_switch_id=subnet).is_default, True)
    delete_subnet(cloud, subnet)
    delete_vpc(cloud, made.vpc_id)


def table_row(cloud, table):
    rows = cloud.vpc.describe_route_table_list(route_table_id=table).router_table_list.router_table_list_type
    return rows[0] if rows else None


def route_tables(cloud, ground):
    table = cloud.vpc.create_route_table(
        vpc_id=ground.vpc_id, route_table_name="sdk-table", tag=[{"key": "a", "value": "b"}]
    ).route_table_id
    cloud.until("the table", lambda: table_row(cloud, table).status == "Available")
    cloud.vpc.modify_route_table_attributes(route_table_id=table, route_table_name="renamed", description="changed")
    cloud.patient(["IncorrectRouteTableStatus"], lambda: cloud.vpc.associate_route_table(route_table_id=table, v_switch_id=ground.subnet))
    cloud.until("the binding", lambda: table_row(cloud, table).v_switch_ids.v_switch_id == [ground.subnet])
    row = table_row(cloud, table)
    same("the table", (row.route_table_name, row.route_table_type, row.vpc_id), ("renamed", "Custom", ground.vpc_id))
    same("its tag", [(tag.key, tag.value) for tag in row.tags.tag], [("a", "b")])
    bound = cloud.vpc.describe_vswitch_attributes(v_switch_id=ground.subnet).route_table
    same("the VSwitch's table", (bound.route_table_id, bound.route_table_type), (table, "Custom"))
    cloud.until("rest", lambda: table_row(cloud, table).status == "Available")
    moving = ["IncorrectVSwitchStatus", "IncorrectRouteTableStatus"]
    cloud.patient(moving, lambda: cloud.vpc.unassociate_route_table(route_table_id=table, v_switch_id=ground.subnet))
    cloud.until("the binding's end", lambda: not table_row(cloud, table).v_switch_ids.v_switch_id)
    held = ("IncorrectRouteTableStatus", "DependencyViolation.VSwitch", "DependencyViolation")
    cloud.patient(held, lambda: cloud.vpc.delete_route_table(route_table_id=table))
    cloud.until("the table's end", lambda: table_row(cloud, table) is None)


def entries(cloud, table):
    """Every entry of a table, a page of one at a time."""
    return by_token(
        cloud.vpc.describe_route_entry_list, lambda page: page.route_entrys.route_entry, ("max_result", 1), route_table_id=table
    )


def own(cloud, table):
    return sorted(
        (entry.destination_cidr_block, entry.next_hops.next_hop[0].next_hop_type, entry.status)
        for entry in entries(cloud, table)
        if entry.type == "Custom"
    )


def route_entries(cloud, ground):
    """Two machines as next hops of the system's table."""
    table = only(vpc_row(cloud, ground.vpc_id).router_table_ids.router_table_ids)
    first, second = ground.machine(), ground.machine()
    hop = {"next_hop_type": "Instance"}
    entry = cloud.vpc.create_route_entry(
        route_table_id=table, destination_cidr_block="198.51.100.0/24", next_hop_id=first, route_entry_name="one", **hop
    ).route_entry_id
    cloud.until("the entry", lambda: own(cloud, table) == [("198.51.100.0/24", "Instance", "Available")])
    cloud.vpc.modify_route_entry(
        route_entry_id=entry, route_table_id=table, route_entry_name="two", new_next_hop_id=second, new_next_hop_type="Instance"
    )
    cloud.until("the change", lambda: own(cloud, table)[0][2] == "Available")
    row = only(cloud.vpc.describe_route_entry_list(route_table_id=table, route_entry_id=entry).route_entrys.route_entry)
    same("the changed entry", (row.route_entry_name, only(row.next_hops.next_hop).next_hop_id), ("two", second))
    many = [{"route_table_id": table, "dst_cidr_block": f"203.0.113.{n * 16}/28", "next_hop": first, **hop} for n in range(2)]
    made = cloud.vpc.create_route_entries(route_entries=many)
    same("entries made at once", (made.success_count, made.failed_count, len(made.route_entry_ids)), (2, 0, 2))
    cloud.until("the entries", lambda: [seen[2] for seen in own(cloud, table)] == ["Available"] * 3)
    tables = cloud.vpc.describe_route_tables(route_table_id=table).route_tables.route_table
    same("entries by the old listing", len([one for one in only(tables).route_entrys.route_entry if one.type == "Custom"]), 3)
    for one in [entry, *made.route_entry_ids]:
        cloud.patient(["IncorrectRouteEntryStatus", "IncorrectVpcStatus"], lambda: cloud.vpc.delete_route_entry(route_entry_id=one))
    cloud.until("the entries' end", lambda: own(cloud, table) == [])
