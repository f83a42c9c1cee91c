"""Drives the simulated cloud with Alibaba Cloud's official SDKs. Started by scripts/official-sdk-check.

Part 1, over HTTP and over HTTPS: the Python SDKs alone make a network, two machines and an alarm, read all of it back through
their typed models, and delete it; keys, clocks and nonces that must be refused are. Part 2, over both: the SDKs for Node do
the like. Part 3: `setpoint apply` makes an example stack, the SDKs read it, `setpoint destroy` takes it away. Part 4: the
simulator is killed, and started again on the same folder.
Parts 1 to 3 end with a look at what the simulator still has: nothing.
"""

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

from alibabacloud_cms20190101 import models as cms
from alibabacloud_cms20190101.client import Client as CmsClient
from alibabacloud_ecs20140526 import models as ecs
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.exceptions import ClientException, ThrottlingException
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_vpc20160428 import models as vpc
from alibabacloud_vpc20160428.client import Client as VpcClient

REGION = "cn-beijing"
ZONE = "cn-beijing-h"
STACK = "specs/production-app"
# How many times faster than ours the simulator's time runs here.
SPEED = "20"


class Cloud:
    """A running simulator and the official clients that talk to it."""

    def __init__(self, setpoint, data=None, tls=False):
        self.setpoint = os.path.abspath(setpoint)
        command = [self.setpoint, "sim", "serve", "--listen", "127.0.0.1:0", "--speed", SPEED]
        command += ["--data", data] if data else []
        command += ["--tls"] if tls else []
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = json.loads(self.server.stdout.readline())
        self.endpoint = line["endpoint"]
        self.key = (line["access_key_id"], line["access_key_secret"])
        self.ca = line.get("ca_file")
        self.scheme, self.host = self.endpoint.split("://")
        self.ecs = EcsClient(self.config())
        self.vpc = VpcClient(self.config())
        self.cms = CmsClient(self.config())

    def config(self, **more):
        settings = {
            "access_key_id": self.key[0],
            "access_key_secret": self.key[1],
            "endpoint": self.host,
            "protocol": self.scheme,
            "region_id": REGION,
        }
        if self.ca:
            settings["ca"] = self.ca
        return Config(**(settings | more))

    def page(self, name):
        trust = ssl.create_default_context(cafile=self.ca) if self.ca else None
        with urllib.request.urlopen(f"{self.endpoint}/_sim/{name}", timeout=5, context=trust) as answer:
            return json.load(answer)

    def post(self, name, body):
        trust = ssl.create_default_context(cafile=self.ca) if self.ca else None
        request = urllib.request.Request(f"{self.endpoint}/_sim/{name}", data=json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=5, context=trust).close()

    def run(self, *arguments, cwd):
        """Runs setpoint against the simulator; shows what it said only if it fails."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": cwd,
            "NO_COLOR": "1",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.key[0],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.key[1],
        }
        command = [self.setpoint, *arguments, "--endpoint", self.endpoint, "--sim-speed", SPEED]
        done = subprocess.run(command, cwd=cwd, env=environment, timeout=120, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"setpoint {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def expect_nothing(self):
        wait_for("the simulator to be empty", lambda: not self.page("resources"))

    def stop(self):
        self.server.terminate()
        self.server.wait(timeout=10)


def wait_for(what, holds):
    """Polls until it holds, for at most thirty seconds."""
    deadline = time.monotonic() + 30
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"timed out waiting for {what}")
        time.sleep(0.1)


def same(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: got {got!r}, expected {expected!r}")


def refused(what, code, call, kind=ClientException):
    """The call must be refused with this code, as an exception of this class."""
    try:
        call()
    except Exception as error:
        same(what, (getattr(error, "code", None), type(error).__name__), (code, kind.__name__))
        return
    sys.exit(f"{what}: accepted, expected {code}")


def patient(codes, call):
    """Repeats a call that is refused for something which passes: late release, a state that still changes."""
    answers = []

    def attempt():
        try:
            answers.append(call())
        except Exception as error:
            if getattr(error, "code", None) not in codes:
                raise
        return bool(answers)

    wait_for(f"an end of {codes}", attempt)
    return answers[0]


# Part 1: by the SDKs alone.


def make_network(cloud):
    request = vpc.CreateVpcRequest(
        region_id=REGION,
        cidr_block="172.16.0.0/12",
        vpc_name="sdk net",
        client_token="sdk-check-vpc",
        tag=[vpc.CreateVpcRequestTag(key="made-by", value="sdk *~ 网络")],
    )
    made = cloud.vpc.create_vpc(request).body
    same("a repeated create", cloud.vpc.create_vpc(request).body.vpc_id, made.vpc_id)
    request.cidr_block = "10.0.0.0/8"
    refused("another create with the token", "IdempotentParameterMismatch", lambda: cloud.vpc.create_vpc(request))

    def network():
        listed = cloud.vpc.describe_vpcs(vpc.DescribeVpcsRequest(region_id=REGION, vpc_id=made.vpc_id)).body
        return listed.vpcs.vpc[0]

    wait_for("the VPC", lambda: network().status == "Available")
    row = network()
    same("CidrBlock", row.cidr_block, "172.16.0.0/12")
    same("the VPC's tag", [(tag.key, tag.value) for tag in row.tags.tag], [("made-by", "sdk *~ 网络")])
    same("RouterTableIds", row.router_table_ids.router_table_ids, [made.route_table_id])

    subnet_request = vpc.CreateVSwitchRequest(
        region_id=REGION, vpc_id=made.vpc_id, zone_id=ZONE, cidr_block="172.16.1.0/24", v_switch_name="sdk-subnet"
    )
    subnet = cloud.vpc.create_vswitch(subnet_request).body.v_switch_id
    subnet_request.cidr_block = "172.16.2.0/24"
    refused("two VSwitches at once", "IncorrectVSwitchStatus", lambda: cloud.vpc.create_vswitch(subnet_request))

    def subnet_row():
        request = vpc.DescribeVSwitchAttributesRequest(region_id=REGION, v_switch_id=subnet)
        return cloud.vpc.describe_vswitch_attributes(request).body

    wait_for("the VSwitch", lambda: subnet_row().status == "Available")
    same("AvailableIpAddressCount", subnet_row().available_ip_address_count, 252)
    return made.vpc_id, subnet


def make_group(cloud, vpc_id):
    group = cloud.ecs.create_security_group(
        ecs.CreateSecurityGroupRequest(region_id=REGION, vpc_id=vpc_id, security_group_name="sdk-web", description="web")
    ).body.security_group_id
    permissions = [
        ecs.AuthorizeSecurityGroupRequestPermissions(
            ip_protocol="tcp", port_range=f"{port}/{port}", source_cidr_ip="0.0.0.0/0", description=f"port {port}", priority="1"
        )
        for port in (80, 443)
    ]
    request = ecs.AuthorizeSecurityGroupRequest(region_id=REGION, security_group_id=group, permissions=permissions)
    cloud.ecs.authorize_security_group(request)
    cloud.ecs.authorize_security_group(request)  # Duplicates succeed.

    def rules():
        request = ecs.DescribeSecurityGroupAttributeRequest(region_id=REGION, security_group_id=group, direction="ingress")
        return cloud.ecs.describe_security_group_attribute(request).body.permissions.permission

    seen = sorted((rule.ip_protocol, rule.port_range, rule.source_cidr_ip, rule.policy) for rule in rules())
    same("rules", seen, [("TCP", "443/443", "0.0.0.0/0", "Accept"), ("TCP", "80/80", "0.0.0.0/0", "Accept")])
    revoke = ecs.RevokeSecurityGroupRequest(
        region_id=REGION, security_group_id=group, security_group_rule_id=[rules()[0].security_group_rule_id]
    )
    cloud.ecs.revoke_security_group(revoke)
    same("rules after a revoke", len(rules()), 1)
    return group


def make_key_pair(cloud):
    made = cloud.ecs.create_key_pair(ecs.CreateKeyPairRequest(region_id=REGION, key_pair_name="sdk-key")).body
    same("the private key's head", made.private_key_body.splitlines()[0], "-----BEGIN PRIVATE KEY-----")
    listed = cloud.ecs.describe_key_pairs(ecs.DescribeKeyPairsRequest(region_id=REGION, key_pair_name="sdk-key")).body
    same("the fingerprint", listed.key_pairs.key_pair[0].key_pair_finger_print, made.key_pair_finger_print)


def newest_image(cloud, family):
    request = ecs.DescribeImagesRequest(region_id=REGION, image_family=family, image_owner_alias="system", page_size=50)
    images = cloud.ecs.describe_images(request).body.images.image
    newest = max(images, key=lambda image: image.creation_time)
    same("the image is usable", (newest.status, newest.architecture), ("Available", "x86_64"))
    return newest.image_id


def machine(cloud, instance_id):
    request = ecs.DescribeInstancesRequest(region_id=REGION, instance_ids=json.dumps([instance_id]))
    rows = cloud.ecs.describe_instances(request).body.instances.instance
    return rows[0] if rows else None


def run_machine(cloud, subnet, group, image):
    request = ecs.RunInstancesRequest(
        region_id=REGION,
        image_id=image,
        instance_type="ecs.c7.large",
        v_switch_id=subnet,
        security_group_ids=[group],
        key_pair_name="sdk-key",
        instance_name="sdk-run",
        internet_charge_type="PayByTraffic",
        internet_max_bandwidth_out=10,
        system_disk=ecs.RunInstancesRequestSystemDisk(category="cloud_essd", size="40", performance_level="PL0"),
        data_disk=[ecs.RunInstancesRequestDataDisk(category="cloud_essd", size=20, disk_name="sdk-data")],
        user_data="I2Nsb3VkLWNvbmZpZwo=",
        client_token="sdk-check-run",
        tag=[ecs.RunInstancesRequestTag(key="made-by", value="sdk")],
    )
    made = cloud.ecs.run_instances(request).body.instance_id_sets.instance_id_set[0]
    same("a repeated run", cloud.ecs.run_instances(request).body.instance_id_sets.instance_id_set, [made])
    request.dry_run, request.client_token = True, None
    refused("a dry run", "DryRunOperation", lambda: cloud.ecs.run_instances(request))
    wait_for("the machine", lambda: machine(cloud, made).status == "Running")
    row = machine(cloud, made)
    same("its type", (row.instance_type, row.cpu, row.memory), ("ecs.c7.large", 2, 4096))
    same("its groups", row.security_group_ids.security_group_id, [group])
    same("its key pair", row.key_pair_name, "sdk-key")
    same("its public addresses", len(row.public_ip_address.ip_address), 1)
    same("its VSwitch", row.vpc_attributes.v_switch_id, subnet)
    data = cloud.ecs.describe_user_data(ecs.DescribeUserDataRequest(region_id=REGION, instance_id=made)).body.user_data
    same("its user data", data, "I2Nsb3VkLWNvbmZpZwo=")
    disks = cloud.ecs.describe_disks(ecs.DescribeDisksRequest(region_id=REGION, instance_id=made)).body.disks.disk
    seen = sorted((disk.type, disk.size, disk.performance_level, disk.status) for disk in disks)
    same("its disks", seen, [("data", 20, "PL1", "In_use"), ("system", 40, "PL0", "In_use")])
    return made


def create_machine(cloud, subnet, group, image):
    request = ecs.CreateInstanceRequest(
        region_id=REGION,
        image_id=image,
        instance_type="ecs.c7.large",
        v_switch_id=subnet,
        security_group_id=group,
        instance_name="sdk-create",
        system_disk=ecs.CreateInstanceRequestSystemDisk(category="cloud_essd", size=40),
    )
    made = cloud.ecs.create_instance(request).body.instance_id
    wait_for("the machine", lambda: machine(cloud, made).status == "Stopped")
    cloud.ecs.start_instance(ecs.StartInstanceRequest(instance_id=made))
    refused(
        "a second start", "IncorrectInstanceStatus", lambda: cloud.ecs.start_instance(ecs.StartInstanceRequest(instance_id=made))
    )
    status = ecs.DescribeInstanceStatusRequest(region_id=REGION, instance_id=[made])

    def running():
        return cloud.ecs.describe_instance_status(status).body.instance_statuses.instance_status[0].status == "Running"

    wait_for("the machine", running)
    return made


def make_alarm(cloud, instance_id):
    request = cms.PutResourceMetricRuleRequest(
        rule_id="sdk-rule",
        rule_name="sdk cpu",
        namespace="acs_ecs_dashboard",
        metric_name="CPUUtilization",
        resources=json.dumps([{"instanceId": instance_id}]),
        contact_groups="ops-team",
        period="60",
        escalations=cms.PutResourceMetricRuleRequestEscalations(
            critical=cms.PutResourceMetricRuleRequestEscalationsCritical(
                statistics="Average", comparison_operator="GreaterThanThreshold", threshold="90", times=3
            )
        ),
    )
    same("the put", cloud.cms.put_resource_metric_rule(request).body.success, True)
    listed = cloud.cms.describe_metric_rule_list(cms.DescribeMetricRuleListRequest(rule_ids="sdk-rule")).body
    rule = listed.alarms.alarm[0]
    critical = rule.escalations.critical
    same("the rule", (rule.metric_name, rule.contact_groups, rule.enable_state), ("CPUUtilization", "ops-team", True))
    same("its level", (critical.statistics, critical.threshold, int(critical.times)), ("Average", "90", 3))
    same("its resources", json.loads(rule.resources), [{"instanceId": instance_id}])
    groups = cloud.cms.describe_contact_group_list(cms.DescribeContactGroupListRequest()).body
    same("contact groups", groups.contact_groups.contact_group, ["ops-team"])


def read_with_the_old_signature(cloud, vpc_id):
    old = VpcClient(cloud.config(signature_algorithm="v2"))
    attribute = old.describe_vpc_attribute(vpc.DescribeVpcAttributeRequest(region_id=REGION, vpc_id=vpc_id)).body
    same("the VPC by the old signature", attribute.vpc_id, vpc_id)


def bad_requests(cloud):
    """What must not pass: a wrong secret, an unknown key, an old clock, a nonce that was there before; and a throttled call."""
    regions = vpc.DescribeRegionsRequest()
    wrong = VpcClient(cloud.config(access_key_secret="wrong"))
    refused("a wrong secret", "SignatureDoesNotMatch", lambda: wrong.describe_regions(regions))
    unknown = VpcClient(cloud.config(access_key_id="LTAI-nobody"))
    refused("an unknown key", "InvalidAccessKeyId.NotFound", lambda: unknown.describe_regions(regions))
    clock, nonce = Utils.get_timestamp, Utils.get_nonce
    try:
        past = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 16 * 60))
        Utils.get_timestamp = staticmethod(lambda: past)
        refused("an old clock", "InvalidTimeStamp.Expired", lambda: cloud.vpc.describe_regions(regions))
        Utils.get_timestamp = staticmethod(clock)
        Utils.get_nonce = staticmethod(lambda: f"once-{cloud.endpoint}")
        cloud.vpc.describe_regions(regions)
        refused("a nonce again", "SignatureNonceUsed", lambda: cloud.vpc.describe_regions(regions))
    finally:
        Utils.get_timestamp, Utils.get_nonce = staticmethod(clock), staticmethod(nonce)
    throttle = {"action": "DescribeRegions", "fate": {"refuse_before": {"code": "Throttling.User", "status": 400}}}
    cloud.post("faults", [throttle])
    refused("a throttled call", "Throttling.User", lambda: cloud.vpc.describe_regions(regions), ThrottlingException)
    cloud.vpc.describe_regions(regions)


def who_calls(cloud):
    caller = StsClient(cloud.config()).get_caller_identity().body
    same("the caller", (caller.identity_type, caller.arn), ("Account", f"acs:ram::{caller.account_id}:root"))


def page_through(cloud, machines):
    """By number and by token: every machine once."""
    by_number = []
    for number in (1, 2):
        page = cloud.ecs.describe_instances(ecs.DescribeInstancesRequest(region_id=REGION, page_number=number, page_size=1)).body
        same("TotalCount", page.total_count, len(machines))
        by_number += [row.instance_id for row in page.instances.instance]
    same("machines by number", sorted(by_number), sorted(machines))
    seen, token = [], None
    while token != "":
        request = vpc.ListTagResourcesRequest(resource_type="VPC", region_id=REGION, max_results=1, next_token=token)
        request.tag = [vpc.ListTagResourcesRequestTag(key="page")]
        body = cloud.vpc.list_tag_resources(request).body
        seen += [row.tag_value for row in body.tag_resources.tag_resource if row.tag_key == "page"]
        token = body.next_token or ""
    same("tags by token", sorted(seen), ["1", "2", "3"])


def tagged(cloud, vpc_id):
    """Three VPCs in all, each with a tag to page through."""
    made = [vpc_id] + [cloud.vpc.create_vpc(vpc.CreateVpcRequest(region_id=REGION)).body.vpc_id for _ in range(2)]
    for number, one in enumerate(made, 1):
        pair = vpc.TagResourcesRequestTag(key="page", value=str(number))
        cloud.vpc.tag_resources(vpc.TagResourcesRequest(region_id=REGION, resource_type="VPC", resource_id=[one], tag=[pair]))
    return made[1:]


def delete_vpcs(cloud, ids):
    for one in ids:
        delete = vpc.DeleteVpcRequest(region_id=REGION, vpc_id=one)
        patient(["IncorrectVpcStatus"], lambda: cloud.vpc.delete_vpc(delete))


def delete_all(cloud, vpc_id, subnet, group, machines):
    refused(
        "a group in use",
        "DependencyViolation",
        lambda: cloud.ecs.delete_security_group(ecs.DeleteSecurityGroupRequest(region_id=REGION, security_group_id=group)),
    )
    cloud.cms.delete_metric_rules(cms.DeleteMetricRulesRequest(id=["sdk-rule"]))
    cloud.ecs.stop_instance(ecs.StopInstanceRequest(instance_id=machines[0]))
    wait_for("the stop", lambda: machine(cloud, machines[0]).status == "Stopped")
    cloud.ecs.delete_instance(ecs.DeleteInstanceRequest(instance_id=machines[0]))
    cloud.ecs.delete_instances(ecs.DeleteInstancesRequest(region_id=REGION, instance_id=[machines[1]], force=True))
    wait_for("the machines to go", lambda: not any(machine(cloud, one) for one in machines))
    patient(
        ["InvalidParameter.KeypairAlreadyAttachedInstance"],
        lambda: cloud.ecs.delete_key_pairs(ecs.DeleteKeyPairsRequest(region_id=REGION, key_pair_names='["sdk-key"]')),
    )
    patient(
        ["DependencyViolation"],
        lambda: cloud.ecs.delete_security_group(ecs.DeleteSecurityGroupRequest(region_id=REGION, security_group_id=group)),
    )
    patient(
        ["DependencyViolation", "DependencyViolation.NetworkInterface"],
        lambda: cloud.vpc.delete_vswitch(vpc.DeleteVSwitchRequest(region_id=REGION, v_switch_id=subnet)),
    )
    patient(
        ["DependencyViolation.VSwitch", "DependencyViolation.SecurityGroup"],
        lambda: cloud.vpc.delete_vpc(vpc.DeleteVpcRequest(region_id=REGION, vpc_id=vpc_id)),
    )


def by_the_sdks(cloud):
    vpc_id, subnet = make_network(cloud)
    group = make_group(cloud, vpc_id)
    make_key_pair(cloud)
    image = newest_image(cloud, "acs:alibaba_cloud_linux_3_2104_lts_x64")
    machines = [create_machine(cloud, subnet, group, image), run_machine(cloud, subnet, group, image)]
    make_alarm(cloud, machines[1])
    read_with_the_old_signature(cloud, vpc_id)
    who_calls(cloud)
    more = tagged(cloud, vpc_id)
    page_through(cloud, machines)
    bad_requests(cloud)
    delete_vpcs(cloud, more)
    delete_all(cloud, vpc_id, subnet, group, machines)
    cloud.expect_nothing()


# Part 2: by the SDKs for Node.


def by_node(cloud, folder):
    environment = {"PATH": os.environ["PATH"]} | ({"NODE_EXTRA_CA_CERTS": cloud.ca} if cloud.ca else {})
    command = ["node", os.path.abspath("scripts/official-sdk-node/check.mjs"), cloud.endpoint, *cloud.key]
    done = subprocess.run(command, cwd=folder, env=environment, timeout=120, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the SDKs for Node over {cloud.scheme}:\n{done.stdout}{done.stderr}")
    cloud.expect_nothing()


# Part 3: what setpoint makes, as the SDKs see it.


def owned(tags):
    return {tag.tag_key: tag.tag_value for tag in tags.tag}


def read_stack(cloud):
    networks = cloud.vpc.describe_vpcs(
        vpc.DescribeVpcsRequest(region_id=REGION, tag=[vpc.DescribeVpcsRequestTag(key="setpoint:stack", value="production-app")])
    ).body.vpcs.vpc
    same("VPCs", [(row.vpc_name, row.cidr_block, row.status) for row in networks], [("prod-vpc", "172.16.0.0/12", "Available")])
    subnets = cloud.vpc.describe_vswitches(vpc.DescribeVSwitchesRequest(region_id=REGION, vpc_id=networks[0].vpc_id)).body
    same("VSwitches", [(row.cidr_block, row.zone_id) for row in subnets.v_switches.v_switch], [("172.16.1.0/24", ZONE)])
    groups = cloud.ecs.describe_security_groups(ecs.DescribeSecurityGroupsRequest(region_id=REGION, vpc_id=networks[0].vpc_id))
    group = groups.body.security_groups.security_group[0]
    rules = cloud.ecs.describe_security_group_attribute(
        ecs.DescribeSecurityGroupAttributeRequest(region_id=REGION, security_group_id=group.security_group_id)
    ).body.permissions.permission
    flows = sorted((rule.direction, rule.port_range, rule.source_cidr_ip) for rule in rules)
    expected = [("22/22", "203.0.113.50/32"), ("443/443", "0.0.0.0/0"), ("80/80", "0.0.0.0/0")]
    same("rules", flows, [("ingress", *flow) for flow in expected])
    keys = cloud.ecs.describe_key_pairs(ecs.DescribeKeyPairsRequest(region_id=REGION)).body.key_pairs.key_pair
    same("key pairs", [row.key_pair_name for row in keys], ["prod-app-key"])
    read_stack_machine(cloud, group.security_group_id)


def read_stack_machine(cloud, group):
    request = ecs.DescribeInstancesRequest(
        region_id=REGION, tag=[ecs.DescribeInstancesRequestTag(key="setpoint:stack", value="production-app")]
    )
    rows = cloud.ecs.describe_instances(request).body.instances.instance
    row = rows[0]
    same("machines", [(one.instance_name, one.instance_type, one.status) for one in rows], [("prod-app-01", "ecs.c7.large", "Running")])
    tags = owned(row.tags)
    same("its tags", (tags["setpoint:address"], tags["Environment"], tags["App"]), ("app", "production", "web-server"))
    same("its groups", row.security_group_ids.security_group_id, [group])
    same("its key pair", row.key_pair_name, "prod-app-key")
    same("its bandwidth", (row.internet_max_bandwidth_out, row.internet_charge_type), (10, "PayByTraffic"))
    disks = cloud.ecs.describe_disks(ecs.DescribeDisksRequest(region_id=REGION, instance_id=row.instance_id)).body.disks.disk
    same("its disk", [(one.category, one.performance_level, one.size) for one in disks], [("cloud_essd", "PL0", 40)])
    alarms = cloud.cms.describe_metric_rule_list(cms.DescribeMetricRuleListRequest(page_size=50)).body.alarms.alarm
    seen = sorted((one.metric_name, one.period, one.escalations.critical.threshold) for one in alarms)
    same("alarms", seen, [("CPUUtilization", "60", "90"), ("diskusage_utilization", "300", "85")])
    watched = {entry["instanceId"] for one in alarms for entry in json.loads(one.resources)}
    same("what they watch", watched, {row.instance_id})


def by_setpoint(cloud):
    with tempfile.TemporaryDirectory() as folder:
        stack = os.path.join(folder, "stack")
        # Without the keys of earlier runs.
        shutil.copytree(STACK, stack, ignore=shutil.ignore_patterns("*.pem", "*.pub", ".setpoint"))
        cloud.run("apply", "--yes", cwd=stack)
        read_stack(cloud)
        cloud.run("plan", "--detailed-exitcode", cwd=stack)  # 2 would mean that changes are pending.
        cloud.run("destroy", "--yes", cwd=stack)
        cloud.expect_nothing()


# Part 4: killed and started again.


def after_a_kill(setpoint):
    with tempfile.TemporaryDirectory() as folder:
        first = Cloud(setpoint, data=folder)
        request = vpc.CreateVpcRequest(region_id=REGION, cidr_block="10.0.0.0/8", client_token="sdk-check-kill")
        made = first.vpc.create_vpc(request).body.vpc_id
        group = first.ecs.create_security_group
        pending = ecs.CreateSecurityGroupRequest(region_id=REGION, vpc_id=made, security_group_name="early")
        early = patient(["IncorrectVpcStatus"], lambda: group(pending)).body.security_group_id
        first.server.kill()
        first.server.wait(timeout=10)
        second = Cloud(setpoint, data=folder)
        try:
            same("the key after a kill", second.key, first.key)
            same("the token after a kill", second.vpc.create_vpc(request).body.vpc_id, made)
            seen = sorted(row["id"] for row in second.page("resources") if row["kind"] in ("vpc", "security_group"))
            same("the resources after a kill", seen, sorted([made, early]))
        finally:
            second.stop()


def main():
    setpoint, node_folder = sys.argv[1], sys.argv[2]
    for tls in (False, True):
        cloud = Cloud(setpoint, tls=tls)
        try:
            by_the_sdks(cloud)
            print(f"Python SDKs over {cloud.scheme}: made, read back and deleted a network, two machines and an alarm")
            by_node(cloud, node_folder)
            print(f"Node SDKs over {cloud.scheme}, signing V3 and V1: the same")
            if not tls:
                by_setpoint(cloud)
                print("setpoint: the SDKs read what it applied, and nothing was left after its destroy")
        finally:
            cloud.stop()
    after_a_kill(setpoint)
    print("kill -9: nothing that was answered was lost")


if __name__ == "__main__":
    main()
