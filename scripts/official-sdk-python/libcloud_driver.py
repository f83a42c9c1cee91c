"""A client that is not Alibaba Cloud's: Apache Libcloud's driver of ECS, which signs V1 and reads XML, on another's network."""

import libcloud.security
from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import LibcloudError
from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState, Provider, StorageVolumeState

from cloud import REGION, ZONE
from expect import only, same
from ground import Ground
from typed import Mismatch

# The driver starts a machine that it has just made without waiting for it, which succeeds only if that takes no time.
OPTIONS = ("--profile", "instant")


def live(cloud):
    if cloud.ca:
        libcloud.security.CA_CERTS_PATH = cloud.ca
    ground = Ground(cloud)
    driver = connect(cloud)
    reports(driver)
    node = machine(driver, ground)
    volumes(driver, node)
    groups(driver, ground)
    refusals(cloud, driver)
    driver.destroy_node(node)
    cloud.until("the machine's end", lambda: driver.list_nodes() == [])
    ground.delete()


def connect(cloud, **more):
    host, port = cloud.host.split(":")
    settings = {"key": cloud.key[0], "secret": cloud.key[1], "region": REGION, "secure": cloud.scheme == "https"}
    return get_driver(Provider.ALIYUN_ECS)(**(settings | more), host=host, port=int(port))


def reports(driver):
    same("regions", REGION in [one.id for one in driver.list_locations()], True)
    same("zones", ZONE in [one.id for one in driver.ex_list_zones()], True)
    size = only([one for one in driver.list_sizes() if one.id == "ecs.c7.large"])
    same("the type", (size.ram, size.extra["cpu_core_count"]), (4, 2))


def machine(driver, ground):
    size = only([one for one in driver.list_sizes() if one.id == "ecs.c7.large"])
    image = [one for one in driver.list_images() if "ubuntu_24_04_x64" in one.id][0]
    node = driver.create_node(
        "libcloud-节点",
        size,
        image,
        ex_description="<a> & b",
        ex_security_group_id=ground.group,
        ex_vswitch_id=ground.subnet,
        ex_internet_max_bandwidth_out=5,
        ex_system_disk={"category": "cloud_essd", "disk_name": "system"},
        ex_data_disks=[{"size": 20, "category": "cloud_essd"}],
    )
    seen = only(driver.list_nodes(ex_node_ids=[node.id]))
    same("the machine", (seen.name, seen.state, seen.extra["description"]), ("libcloud-节点", NodeState.RUNNING, "<a> & b"))
    same("as the account's SDK has it", ground.row(node.id).instance_name, "libcloud-节点")
    for verb in (driver.stop_node, driver.start_node, driver.reboot_node):
        same("a verb", verb(node), True)
    return node


def volumes(driver, node):
    same("its disks", sorted(one.size for one in driver.list_volumes(ex_filters={"InstanceId": node.id})), [20, 40])
    volume = driver.create_volume(40, "libcloud", ex_zone_id=ZONE, ex_disk_category="cloud_essd")
    same("the attach", driver.attach_volume(node, volume), True)
    same("the disk", only(driver.list_volumes(ex_volume_ids=[volume.id])).state, StorageVolumeState.INUSE)
    snapshot = driver.create_volume_snapshot(volume, "libcloud")
    same("the snapshot", [one.id for one in driver.list_volume_snapshots(volume)], [snapshot.id])
    same("the snapshot's end", driver.destroy_volume_snapshot(snapshot), True)
    same("the detach", driver.detach_volume(volume), True)
    same("the disk's end", driver.destroy_volume(volume), True)


def groups(driver, ground):
    same("groups", [one.id for one in driver.ex_list_security_groups()], [ground.group])
    permission = {"ip_protocol": "tcp", "port_range": "22/22", "source_cidr_ip": "10.0.0.0/8"}
    ground.cloud.ecs.authorize_security_group(security_group_id=ground.group, permissions=[permission])
    rule = only(driver.ex_list_security_group_attributes(ground.group))
    same("the rule", (rule.ip_protocol, rule.port_range, rule.policy), ("TCP", "22/22", "Accept"))
    same("the change", driver.ex_modify_security_group_by_id(ground.group, name="renamed"), True)
    same("the group", only(driver.ex_list_security_groups()).name, "renamed")


def refusals(cloud, driver):
    for code, call in (
        ("InvalidInstanceId.NotFound", lambda: driver.connection.request("/", {"Action": "StopInstance", "InstanceId": "i-none"})),
        ("SignatureDoesNotMatch", lambda: connect(cloud, secret="wrong").list_nodes()),
    ):
        try:
            call()
        except (BaseHTTPError, LibcloudError) as error:
            same(f"{code} in {error}", code in str(error), True)
        else:
            raise Mismatch(f"accepted, expected {code}")
