"""The life of what lets traffic through: security groups with rules both ways and references, prefix lists, network ACLs."""

from expect import only, refused, same
from ground import HELD, Ground
from pages import by_token


def live(cloud):
    ground = Ground(cloud)
    other = cloud.ecs.create_security_group(
        vpc_id=ground.vpc_id, security_group_name="sdk-web", description="web", tag=[{"key": "made-by", "value": "sdk"}]
    ).security_group_id
    ingress(cloud, other)
    egress(cloud, other)
    references(cloud, ground, other)
    prefix_list(cloud, other)
    members(cloud, ground, other)
    listed = by_token(cloud.ecs.describe_security_groups, lambda page: page.security_groups.security_group)
    same("groups by token", sorted(row.security_group_id for row in listed), sorted([ground.group, other]))
    cloud.ecs.delete_security_group(security_group_id=other)
    network_acl(cloud, ground)
    ground.delete()


def rules(cloud, group, direction="ingress"):
    return cloud.ecs.describe_security_group_attribute(security_group_id=group, direction=direction).permissions.permission


def ingress(cloud, group):
    permissions = [
        {
            "ip_protocol": "tcp",
            "port_range": f"{port}/{port}",
            "source_cidr_ip": "0.0.0.0/0",
            "description": f"port {port}",
            "priority": "1",
        }
        for port in (80, 443)
    ]
    cloud.ecs.authorize_security_group(security_group_id=group, permissions=permissions)
    cloud.ecs.authorize_security_group(security_group_id=group, permissions=permissions)  # Duplicates succeed.
    seen = sorted((rule.ip_protocol, rule.port_range, rule.source_cidr_ip, rule.policy, rule.priority) for rule in rules(cloud, group))
    same("rules", seen, [("TCP", "443/443", "0.0.0.0/0", "Accept", "1"), ("TCP", "80/80", "0.0.0.0/0", "Accept", "1")])
    rule = rules(cloud, group)[0].security_group_rule_id
    cloud.ecs.modify_security_group_rule(
        security_group_id=group,
        security_group_rule_id=rule,
        ip_protocol="UDP",
        port_range="53/53",
        source_cidr_ip="10.0.0.0/8",
        policy="drop",
        priority="7",
    )
    changed = only([one for one in rules(cloud, group) if one.security_group_rule_id == rule])
    seen = (changed.ip_protocol, changed.port_range, changed.source_cidr_ip, changed.policy, changed.priority)
    same("the changed rule", seen, ("UDP", "53/53", "10.0.0.0/8", "Drop", "7"))
    cloud.ecs.revoke_security_group(security_group_id=group, security_group_rule_id=[rule])
    left = only(rules(cloud, group))
    cloud.ecs.revoke_security_group(
        security_group_id=group,
        permissions=[{"ip_protocol": "tcp", "port_range": left.port_range, "source_cidr_ip": "0.0.0.0/0", "priority": "1"}],
    )
    same("rules after the revokes", rules(cloud, group), [])


def egress(cloud, group):
    cloud.ecs.authorize_security_group_egress(
        security_group_id=group,
        permissions=[{"ip_protocol": "ALL", "port_range": "-1/-1", "dest_cidr_ip": "203.0.113.0/24", "policy": "drop"}],
    )
    rule = only(rules(cloud, group, "egress"))
    same(
        "the rule outwards", (rule.direction, rule.ip_protocol, rule.dest_cidr_ip, rule.policy), ("egress", "ALL", "203.0.113.0/24", "Drop")
    )
    cloud.ecs.modify_security_group_egress_rule(
        security_group_id=group, security_group_rule_id=rule.security_group_rule_id, description="changed"
    )
    same("the changed rule", only(rules(cloud, group, "egress")).description, "changed")
    cloud.ecs.revoke_security_group_egress(security_group_id=group, security_group_rule_id=[rule.security_group_rule_id])
    same("rules outwards", rules(cloud, group, "egress"), [])


def references(cloud, ground, group):
    """A group that another one's rule names cannot be deleted."""
    named = {"ip_protocol": "tcp", "port_range": "5432/5432", "source_group_id": group}
    cloud.ecs.authorize_security_group(security_group_id=ground.group, permissions=[named])
    same("the group in the rule", only(rules(cloud, ground.group)).source_group_id, group)
    seen = only(cloud.ecs.describe_security_group_references(security_group_id=[group]).security_group_references.security_group_reference)
    referencing = [one.security_group_id for one in seen.referencing_security_groups.referencing_security_group]
    same("references", (seen.security_group_id, referencing), (group, [ground.group]))
    with refused("DependencyViolation", 403):
        cloud.ecs.delete_security_group(security_group_id=group)
    cloud.ecs.revoke_security_group(security_group_id=ground.group, permissions=[named])
    same(
        "references",
        cloud.ecs.describe_security_group_references(security_group_id=[group]).security_group_references.security_group_reference,
        [],
    )


def prefix_list(cloud, group):
    entry = [{"cidr": "192.0.2.0/24", "description": "one"}]
    made = cloud.ecs.create_prefix_list(prefix_list_name="sdk-list", address_family="IPv4", max_entries=5, entry=entry).prefix_list_id
    cloud.ecs.modify_prefix_list(
        prefix_list_id=made,
        prefix_list_name="renamed",
        add_entry=[{"cidr": "198.51.100.0/24", "description": "two"}],
        remove_entry=[{"cidr": "192.0.2.0/24"}],
    )
    seen = cloud.ecs.describe_prefix_list_attributes(prefix_list_id=made)
    entries = [(one.cidr, one.description) for one in seen.entries.entry]
    same("the list", (seen.prefix_list_name, seen.max_entries, entries), ("renamed", 5, [("198.51.100.0/24", "two")]))
    rule = {"ip_protocol": "tcp", "port_range": "22/22", "source_prefix_list_id": made}
    cloud.ecs.authorize_security_group(security_group_id=group, permissions=[rule])
    same("the list in the rule", only(rules(cloud, group)).source_prefix_list_id, made)
    users = cloud.ecs.describe_prefix_list_associations(prefix_list_id=made).prefix_list_associations.prefix_list_association
    same("who uses the list", [(one.resource_type, one.resource_id) for one in users], [("securitygroup", group)])
    same("the listed list", only(cloud.ecs.describe_prefix_lists(prefix_list_id=[made]).prefix_lists.prefix_list).association_count, 1)
    with refused("DependencyViolation"):
        cloud.ecs.delete_prefix_list(prefix_list_id=made)
    cloud.ecs.revoke_security_group(security_group_id=group, permissions=[rule])
    cloud.ecs.delete_prefix_list(prefix_list_id=made)


def members(cloud, ground, group):
    machine = ground.machine()
    cloud.ecs.join_security_group(security_group_id=group, instance_id=machine)
    same("the machine's groups", sorted(ground.row(machine).security_group_ids.security_group_id), sorted([ground.group, group]))
    same(
        "the group's machines",
        only(
            cloud.ecs.describe_security_groups(security_group_ids=f'["{group}"]', is_query_ecs_count=True).security_groups.security_group
        ).ecs_count,
        1,
    )
    with refused("DependencyViolation", 403):
        cloud.ecs.delete_security_group(security_group_id=group)
    cloud.ecs.leave_security_group(security_group_id=group, instance_id=machine)
    same("the machine's groups", ground.row(machine).security_group_ids.security_group_id, [ground.group])
    cloud.ecs.modify_security_group_attribute(security_group_id=group, security_group_name="renamed", description="changed")
    cloud.ecs.modify_security_group_policy(security_group_id=group, inner_access_policy="Drop")
    seen = cloud.ecs.describe_security_group_attribute(security_group_id=group)
    same("the changed group", (seen.security_group_name, seen.description, seen.inner_access_policy), ("renamed", "changed", "Drop"))
    cloud.ecs.join_resource_group(resource_id=group, resource_type="securitygroup", resource_group_id="rg-sdk")
    row = only(cloud.ecs.describe_security_groups(tag=[{"key": "made-by", "value": "sdk"}]).security_groups.security_group)
    same("the group by tag", (row.security_group_id, row.resource_group_id), (group, "rg-sdk"))


def network_acl(cloud, ground):
    made = cloud.vpc.create_network_acl(vpc_id=ground.vpc_id, network_acl_name="sdk-acl")
    acl = made.network_acl_id
    same("the answer to the create", made.network_acl_attribute.vpc_id, ground.vpc_id)

    def row():
        rows = [one for one in cloud.vpc.describe_network_acls(vpc_id=ground.vpc_id).network_acls.network_acl if one.network_acl_id == acl]
        return rows[0] if rows else None

    cloud.until("the ACL", lambda: row().status == "Available")
    both = {"policy": "accept", "protocol": "tcp"}
    cloud.vpc.update_network_acl_entries(
        network_acl_id=acl,
        update_ingress_acl_entries=True,
        ingress_acl_entries=[{"network_acl_entry_name": "in", "port": "443/443", "source_cidr_ip": "0.0.0.0/0", **both}],
        update_egress_acl_entries=True,
        egress_acl_entries=[{"network_acl_entry_name": "out", "port": "1024/65535", "destination_cidr_ip": "10.0.0.0/8", **both}],
    )
    cloud.until("the entries", lambda: row().status == "Available")
    cloud.vpc.modify_network_acl_attributes(network_acl_id=acl, network_acl_name="renamed", description="changed")
    cloud.until("the change", lambda: row().status == "Available")
    seen = cloud.vpc.describe_network_acl_attributes(network_acl_id=acl).network_acl_attribute
    same("the ACL", (seen.network_acl_name, seen.description), ("renamed", "changed"))
    custom = [one for one in seen.ingress_acl_entries.ingress_acl_entry if one.entry_type == "custom"]
    same(
        "its entry inwards",
        [(one.network_acl_entry_name, one.port, one.source_cidr_ip, one.policy) for one in custom],
        [("in", "443/443", "0.0.0.0/0", "accept")],
    )
    custom = [one for one in seen.egress_acl_entries.egress_acl_entry if one.entry_type == "custom"]
    same(
        "its entry outwards",
        [(one.network_acl_entry_name, one.port, one.destination_cidr_ip) for one in custom],
        [("out", "1024/65535", "10.0.0.0/8")],
    )
    resource = [{"resource_id": ground.subnet, "resource_type": "VSwitch"}]
    cloud.vpc.associate_network_acl(network_acl_id=acl, resource=resource)
    cloud.until("the binding", lambda: [one.status for one in row().resources.resource] == ["BINDED"])
    same("the VSwitch's ACL", cloud.vpc.describe_vswitch_attributes(v_switch_id=ground.subnet).network_acl_id, acl)
    with refused("DependencyViolation.VSwitch"):
        cloud.vpc.delete_network_acl(network_acl_id=acl)
    cloud.vpc.unassociate_network_acl(network_acl_id=acl, resource=resource)
    cloud.until("the binding's end", lambda: not row().resources.resource)
    cloud.patient([*HELD, "IncorrectStatus.NetworkAcl"], lambda: cloud.vpc.delete_network_acl(network_acl_id=acl))
    cloud.until("the ACL's end", lambda: row() is None)
