"""What `setpoint apply` makes of an example stack, as the SDKs read it."""

import json
import os
import shutil
import subprocess
import tempfile

from cloud import ZONE
from expect import only, same
from typed import Mismatch

STACK = os.path.join(os.path.dirname(__file__), "../../specs/production-app")
SPEED = "20"
# For the simulator: setpoint waits by the clock, which no life moves here.
OPTIONS = ("--speed", SPEED)


def live(cloud):
    with tempfile.TemporaryDirectory() as folder:
        stack = os.path.join(folder, "stack")
        # Without the keys of earlier runs.
        shutil.copytree(STACK, stack, ignore=shutil.ignore_patterns("*.pem", "*.pub", ".setpoint"))
        run(cloud, stack, "apply", "--yes")
        network(cloud)
        run(cloud, stack, "plan", "--detailed-exitcode")  # 2 would mean that changes are pending.
        run(cloud, stack, "destroy", "--yes")


def run(cloud, folder, *arguments):
    """Runs setpoint against the simulator; shows what it said only if it fails."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": folder,
        "NO_COLOR": "1",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": cloud.key[0],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": cloud.key[1],
    } | ({"SETPOINT_CA_FILE": cloud.ca} if cloud.ca else {})
    command = [cloud.setpoint, *arguments, "--endpoint", cloud.endpoint, "--sim-speed", SPEED]
    done = subprocess.run(command, cwd=folder, env=environment, timeout=120, capture_output=True, text=True)
    if done.returncode != 0:
        raise Mismatch(f"setpoint {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def network(cloud):
    found = cloud.vpc.describe_vpcs(tag=[{"key": "setpoint:stack", "value": "production-app"}]).vpcs.vpc
    same("VPCs", [(row.vpc_name, row.cidr_block, row.status) for row in found], [("prod-vpc", "172.16.0.0/12", "Available")])
    subnets = cloud.vpc.describe_vswitches(vpc_id=found[0].vpc_id).v_switches.v_switch
    same("VSwitches", [(row.cidr_block, row.zone_id) for row in subnets], [("172.16.1.0/24", ZONE)])
    group = only(cloud.ecs.describe_security_groups(vpc_id=found[0].vpc_id).security_groups.security_group).security_group_id
    rules = cloud.ecs.describe_security_group_attribute(security_group_id=group).permissions.permission
    seen = sorted((rule.direction, rule.port_range, rule.source_cidr_ip) for rule in rules)
    expected = [("22/22", "203.0.113.50/32"), ("443/443", "0.0.0.0/0"), ("80/80", "0.0.0.0/0")]
    same("rules", seen, [("ingress", *flow) for flow in expected])
    keys = cloud.ecs.describe_key_pairs().key_pairs.key_pair
    same("key pairs", [row.key_pair_name for row in keys], ["prod-app-key"])
    machine(cloud, group)


def machine(cloud, group):
    row = only(cloud.ecs.describe_instances(tag=[{"key": "setpoint:stack", "value": "production-app"}]).instances.instance)
    same("the machine", (row.instance_name, row.instance_type, row.status), ("prod-app-01", "ecs.c7.large", "Running"))
    tags = {tag.tag_key: tag.tag_value for tag in row.tags.tag}
    same("its tags", (tags["setpoint:address"], tags["Environment"], tags["App"]), ("app", "production", "web-server"))
    same("its group and key pair", (row.security_group_ids.security_group_id, row.key_pair_name), ([group], "prod-app-key"))
    same("its bandwidth", (row.internet_max_bandwidth_out, row.internet_charge_type), (10, "PayByTraffic"))
    disks = cloud.ecs.describe_disks(instance_id=row.instance_id).disks.disk
    same("its disk", [(one.category, one.performance_level, one.size) for one in disks], [("cloud_essd", "PL0", 40)])
    alarms = cloud.cms.describe_metric_rule_list(page_size=50).alarms.alarm
    seen = sorted((one.metric_name, one.period, one.escalations.critical.threshold) for one in alarms)
    same("alarms", seen, [("CPUUtilization", "60", "90"), ("diskusage_utilization", "300", "85")])
    watched = {entry["instanceId"] for one in alarms for entry in json.loads(one.resources)}
    same("what they watch", watched, {row.instance_id})
