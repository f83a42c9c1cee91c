"""The SDKs before these (aliyun-python-sdk-core), which sign V1 and hand back text: the life of a machine and what it needs."""

import importlib
import json

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http import protocol_type
from aliyunsdkcore.request import CommonRequest

from cloud import REGION, ZONE
from expect import only, same
from ground import HELD, IMAGE_FAMILY
from typed import Mismatch

PACKAGES = {"ecs": "aliyunsdkecs.request.v20140526", "vpc": "aliyunsdkvpc.request.v20160428"}


class Old:
    """A client whose calls are the SDK's request classes, their fields set through its setters."""

    def __init__(self, cloud, **more):
        host, port = cloud.host.split(":")
        # The SDK asks whether the scheme `is` its own constant.
        self.scheme, self.host = getattr(protocol_type, cloud.scheme.upper()), host
        settings = {
            "ak": cloud.key[0],
            "secret": cloud.key[1],
            "region_id": REGION,
            "port": int(port),
            "verify": cloud.ca,
            "auto_retry": False,
        }
        self.client = AcsClient(**(settings | more))

    def call(self, product, action, **fields):
        name = f"{action}Request"
        request = getattr(importlib.import_module(f"{PACKAGES[product]}.{name}"), name)()
        request.set_endpoint(self.host)
        request.set_protocol_type(self.scheme)
        for field, value in fields.items():
            getattr(request, f"set_{field}")(value)
        return json.loads(self.client.do_action_with_exception(request))


def live(cloud):
    old = Old(cloud)
    vpc, subnet = network(cloud, old)
    group = fence(old, vpc)
    instance = machine(cloud, old, subnet, group)
    storage(cloud, old, instance)
    address(cloud, old, instance)
    by_pages(old, instance)
    keys(cloud, old)
    endpoints(cloud, old)
    end(cloud, old, {"vpc": vpc, "subnet": subnet, "group": group, "instance": instance})


def refused(code, status, call):
    try:
        call()
    except ServerException as error:
        same("the refusal", (error.get_error_code(), error.get_http_status(), bool(error.get_request_id())), (code, status, True))
        return
    raise Mismatch(f"accepted, expected {code}")


def patient(cloud, codes, call):
    def done():
        try:
            call()
        except ServerException as error:
            if error.get_error_code() not in codes:
                raise
            return False
        return True

    cloud.until(f"an end of {codes}", done)


def network(cloud, old):
    name = "old core !*'()~ 网络"
    vpc = old.call("vpc", "CreateVpc", CidrBlock="172.16.0.0/12", VpcName=name)["VpcId"]

    def attribute():
        return old.call("vpc", "DescribeVpcAttribute", VpcId=vpc)

    cloud.until("the VPC", lambda: attribute()["Status"] == "Available")
    same("the VPC", (attribute()["VpcName"], attribute()["CidrBlock"], attribute()["IsDefault"]), (name, "172.16.0.0/12", False))
    subnet = old.call("vpc", "CreateVSwitch", VpcId=vpc, ZoneId=ZONE, CidrBlock="172.16.1.0/24")["VSwitchId"]
    cloud.until("the VSwitch", lambda: old.call("vpc", "DescribeVSwitchAttributes", VSwitchId=subnet)["Status"] == "Available")
    refused("DependencyViolation.VSwitch", 400, lambda: old.call("vpc", "DeleteVpc", VpcId=vpc))
    return vpc, subnet


def fence(old, vpc):
    group = old.call("ecs", "CreateSecurityGroup", VpcId=vpc, SecurityGroupName="old", Tags=[{"Key": "a", "Value": "b"}])["SecurityGroupId"]
    old.call("ecs", "AuthorizeSecurityGroup", SecurityGroupId=group, IpProtocol="tcp", PortRange="22/22", SourceCidrIp="10.0.0.0/8")
    rules = old.call("ecs", "DescribeSecurityGroupAttribute", SecurityGroupId=group)["Permissions"]["Permission"]
    same("the rule", [(rule["IpProtocol"], rule["PortRange"], rule["SourceCidrIp"]) for rule in rules], [("TCP", "22/22", "10.0.0.0/8")])
    return group


def row(old, instance):
    rows = old.call("ecs", "DescribeInstances", InstanceIds=json.dumps([instance]))["Instances"]["Instance"]
    return rows[0] if rows else None


def machine(cloud, old, subnet, group):
    made = old.call(
        "ecs",
        "RunInstances",
        ImageFamily=IMAGE_FAMILY,
        InstanceType="ecs.c7.large",
        VSwitchId=subnet,
        SecurityGroupId=group,
        InstanceName="old",
        SystemDiskCategory="cloud_essd",
        SystemDiskSize="40",
        DataDisks=[{"Category": "cloud_essd", "Size": 20}],
        Tags=[{"Key": "made-by", "Value": "old"}],
    )
    instance = only(made["InstanceIdSets"]["InstanceIdSet"])
    cloud.until("the machine", lambda: row(old, instance)["Status"] == "Running")
    seen = row(old, instance)
    same(
        "the machine",
        (seen["InstanceName"], seen["Cpu"], seen["Memory"], seen["Tags"]["Tag"]),
        ("old", 2, 4096, [{"TagKey": "made-by", "TagValue": "old"}]),
    )
    old.call("ecs", "StopInstance", InstanceId=instance)
    cloud.until("the stop", lambda: row(old, instance)["Status"] == "Stopped")
    old.call("ecs", "ModifyInstanceAttribute", InstanceId=instance, InstanceName="renamed")
    old.call("ecs", "StartInstance", InstanceId=instance)
    cloud.until("the start", lambda: row(old, instance)["Status"] == "Running")
    same("its name", row(old, instance)["InstanceName"], "renamed")
    refused("IncorrectInstanceStatus", 403, lambda: old.call("ecs", "StartInstance", InstanceId=instance))
    return instance


def storage(cloud, old, instance):
    disk = old.call("ecs", "CreateDisk", ZoneId=ZONE, DiskCategory="cloud_essd", Size=40)["DiskId"]

    def disks():
        return {one["DiskId"]: one["Status"] for one in old.call("ecs", "DescribeDisks")["Disks"]["Disk"]}

    cloud.until("the disk", lambda: disks()[disk] == "Available")
    old.call("ecs", "AttachDisk", InstanceId=instance, DiskId=disk)
    cloud.until("the attachment", lambda: disks()[disk] == "In_use")
    snapshot = old.call("ecs", "CreateSnapshot", DiskId=disk)["SnapshotId"]

    def snapshots():
        return old.call("ecs", "DescribeSnapshots", SnapshotIds=json.dumps([snapshot]))["Snapshots"]["Snapshot"]

    cloud.until("the snapshot", lambda: only(snapshots())["Status"] == "accomplished")
    old.call("ecs", "DeleteSnapshot", SnapshotId=snapshot)
    cloud.until("the snapshot's end", lambda: not snapshots())
    old.call("ecs", "DetachDisk", InstanceId=instance, DiskId=disk)
    cloud.until("the detachment", lambda: disks()[disk] == "Available")
    old.call("ecs", "DeleteDisk", DiskId=disk)
    cloud.until("the disk's end", lambda: disk not in disks())


def address(cloud, old, instance):
    made = old.call("vpc", "AllocateEipAddress", Bandwidth="5")
    allocation = made["AllocationId"]

    def status():
        return only(old.call("vpc", "DescribeEipAddresses", AllocationId=allocation)["EipAddresses"]["EipAddress"])["Status"]

    old.call("vpc", "AssociateEipAddress", AllocationId=allocation, InstanceId=instance)
    cloud.until("the binding", lambda: status() == "InUse")
    same("the machine's address", row(old, instance)["EipAddress"]["IpAddress"], made["EipAddress"])
    old.call("vpc", "UnassociateEipAddress", AllocationId=allocation, InstanceId=instance)
    cloud.until("the address being free", lambda: status() == "Available")
    old.call("vpc", "ReleaseEipAddress", AllocationId=allocation)


def by_pages(old, instance):
    pages = [old.call("ecs", "DescribeDisks", PageNumber=number, PageSize=1) for number in (1, 2)]
    same("pages of disks", [(page["TotalCount"], only(page["Disks"]["Disk"])["InstanceId"]) for page in pages], [(2, instance)] * 2)
    seen, token = [], None
    while token != "":
        page = old.call("ecs", "DescribeDisks", MaxResults=1, **({"NextToken": token} if token else {}))
        seen += [one["DiskId"] for one in page["Disks"]["Disk"]]
        token = page.get("NextToken", "")
    same("disks by token", sorted(seen), sorted(page["Disks"]["Disk"][0]["DiskId"] for page in pages))


def keys(cloud, old):
    # The SDK's own name for a refused signature whose text to sign, which the refusal repeats, was right.
    refused("InvalidAccessKeySecret", 400, lambda: Old(cloud, secret="wrong").call("ecs", "DescribeRegions"))
    refused("InvalidAccessKeyId.NotFound", 404, lambda: Old(cloud, ak="LTAI-nobody").call("ecs", "DescribeRegions"))
    account = cloud.sts.get_caller_identity().account_id
    made = cloud.sts.assume_role(role_arn=f"acs:ram::{account}:role/old", role_session_name="old").credentials
    role = Old(cloud, ak=None, secret=None, credential=StsTokenCredential(made.access_key_id, made.access_key_secret, made.security_token))
    same("regions by a role", len(role.call("ecs", "DescribeRegions")["Regions"]["Region"]) > 0, True)


def endpoints(cloud, old):
    """Where a product is, by the class for requests of any kind; the simulator names itself."""
    request = CommonRequest(domain=old.host, version="2015-06-12", action_name="DescribeEndpoints", product="Location")
    request.set_protocol_type(old.scheme)
    for name, value in (("Id", REGION), ("ServiceCode", "ecs"), ("Type", "openAPI")):
        request.add_query_param(name, value)
    found = json.loads(old.client.do_action_with_exception(request))
    same("the endpoint", only(found["Endpoints"]["Endpoint"])["Endpoint"], cloud.host)


def end(cloud, old, made):
    old.call("ecs", "DeleteInstance", InstanceId=made["instance"], Force=True)
    cloud.until("the machine's end", lambda: row(old, made["instance"]) is None)
    patient(cloud, HELD, lambda: old.call("ecs", "DeleteSecurityGroup", SecurityGroupId=made["group"]))
    patient(cloud, HELD, lambda: old.call("vpc", "DeleteVSwitch", VSwitchId=made["subnet"]))
    patient(cloud, HELD, lambda: old.call("vpc", "DeleteVpc", VpcId=made["vpc"]))
