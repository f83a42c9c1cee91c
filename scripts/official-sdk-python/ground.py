"""What most lives stand on: a VPC with a VSwitch and a security group, and machines in it."""

import json

from cloud import ZONE

IMAGE_FAMILY = "acs:alibaba_cloud_linux_3_2104_lts_x64"
# What still holds a thing for a while after its user is gone.
HELD = (
    "DependencyViolation",
    "DependencyViolation.EnhancedNatgw",
    "DependencyViolation.NetworkInterface",
    "DependencyViolation.SecurityGroup",
    "DependencyViolation.VSwitch",
    "IncorrectVpcStatus",
    "IncorrectVSwitchStatus",
)


def vpc_row(cloud, vpc_id):
    rows = cloud.vpc.describe_vpcs(vpc_id=vpc_id).vpcs.vpc
    return rows[0] if rows else None


def make_vpc(cloud, **fields):
    made = cloud.vpc.create_vpc(**({"cidr_block": "172.16.0.0/12"} | fields))
    cloud.until("the VPC", lambda: vpc_row(cloud, made.vpc_id).status == "Available")
    return made


def make_subnet(cloud, vpc_id, cidr_block, **fields):
    made = cloud.vpc.create_vswitch(**({"vpc_id": vpc_id, "zone_id": ZONE, "cidr_block": cidr_block} | fields)).v_switch_id
    cloud.until("the VSwitch", lambda: cloud.vpc.describe_vswitch_attributes(v_switch_id=made).status == "Available")
    return made


def delete_subnet(cloud, subnet):
    cloud.patient(HELD, lambda: cloud.vpc.delete_vswitch(v_switch_id=subnet))
    cloud.until("the VSwitch's end", lambda: not cloud.vpc.describe_vswitches(v_switch_id=subnet).v_switches.v_switch)


def delete_vpc(cloud, vpc_id):
    cloud.patient(HELD, lambda: cloud.vpc.delete_vpc(vpc_id=vpc_id))
    cloud.until("the VPC's end", lambda: vpc_row(cloud, vpc_id) is None)


class Ground:
    def __init__(self, cloud):
        self.cloud = cloud
        self.vpc_id = make_vpc(cloud).vpc_id
        self.subnet = make_subnet(cloud, self.vpc_id, "172.16.1.0/24")
        self.group = cloud.ecs.create_security_group(vpc_id=self.vpc_id, security_group_name="ground").security_group_id
        self.machines = []

    def machine(self, **fields):
        """A running machine, with an ESSD of 40 GiB as its system disk unless the fields say otherwise."""
        made = self.cloud.ecs.run_instances(**(self.machine_fields() | fields)).instance_id_sets.instance_id_set
        self.machines += made
        for one in made:
            self.cloud.until("the machine", lambda: self.row(one).status == "Running")
        return made[0]

    def machine_fields(self):
        return {
            "image_family": IMAGE_FAMILY,
            "instance_type": "ecs.c7.large",
            "v_switch_id": self.subnet,
            "security_group_id": self.group,
            "system_disk": {"category": "cloud_essd", "size": "40"},
        }

    def row(self, instance_id):
        rows = self.cloud.ecs.describe_instances(instance_ids=json.dumps([instance_id])).instances.instance
        return rows[0] if rows else None

    def stop(self, instance_id, **fields):
        self.cloud.ecs.stop_instance(instance_id=instance_id, **fields)
        self.cloud.until("the stop", lambda: self.row(instance_id).status == "Stopped")

    def start(self, instance_id):
        self.cloud.ecs.start_instance(instance_id=instance_id)
        self.cloud.until("the start", lambda: self.row(instance_id).status == "Running")

    def delete_machines(self):
        if self.machines:
            self.cloud.ecs.delete_instances(instance_id=self.machines, force=True)
            self.cloud.until("the machines' end", lambda: not any(self.row(one) for one in self.machines))
        self.machines = []

    def delete(self):
        """Machines first, then what they stood on."""
        self.delete_machines()
        self.cloud.patient(HELD, lambda: self.cloud.ecs.delete_security_group(security_group_id=self.group))
        delete_subnet(self.cloud, self.subnet)
        delete_vpc(self.cloud, self.vpc_id)
