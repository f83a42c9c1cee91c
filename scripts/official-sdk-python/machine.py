"""The life of key pairs and machines: made both ways, through every state and verb, to the end."""

import base64
import json

from cloud import ZONE
from expect import only, refused, same
from ground import Ground
from pages import by_token

USER_DATA = base64.b64encode(b"#cloud-config\n").decode()
PUBLIC_KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(32)).decode()
STILL_HELD = ["InvalidParameter.KeypairAlreadyAttachedInstance"]


def live(cloud):
    ground = Ground(cloud)
    key_pairs(cloud)
    first, second = run(cloud, ground), create(cloud, ground)
    power(cloud, ground, first)
    in_batches(cloud, [first, second])
    by_number_and_token(cloud, [first, second])
    keys_of(cloud, ground, second)
    protection(cloud, ground, first)
    one_by_one(cloud, ground, [first, second])
    for name in ("sdk-key", "sdk-import"):
        cloud.patient(STILL_HELD, lambda: cloud.ecs.delete_key_pairs(key_pair_names=json.dumps([name])))
    ground.delete()


def key_pairs(cloud):
    made = cloud.ecs.create_key_pair(key_pair_name="sdk-key", tag=[{"key": "a", "value": "b"}])
    same("the private key's head", made.private_key_body.splitlines()[0], "-----BEGIN PRIVATE KEY-----")
    row = only(cloud.ecs.describe_key_pairs(key_pair_name="sdk-key").key_pairs.key_pair)
    same("the fingerprint", row.key_pair_finger_print, made.key_pair_finger_print)
    same("the pair's tag", [(tag.tag_key, tag.tag_value) for tag in row.tags.tag], [("a", "b")])
    cloud.ecs.import_key_pair(key_pair_name="sdk-import", public_key_body=PUBLIC_KEY)
    row = only(cloud.ecs.describe_key_pairs(key_pair_name="sdk-import", include_public_key=True).key_pairs.key_pair)
    same("the public key", row.public_key.split()[:2], PUBLIC_KEY.split())
    with refused("KeyPair.AlreadyExist"):
        cloud.ecs.import_key_pair(key_pair_name="sdk-import", public_key_body=PUBLIC_KEY)


def run(cloud, ground):
    fields = ground.machine_fields() | {
        "key_pair_name": "sdk-key",
        "instance_name": "sdk-run",
        "host_name": "sdk-host",
        "description": "by the SDK",
        "internet_charge_type": "PayByTraffic",
        "internet_max_bandwidth_out": 10,
        "system_disk": {"category": "cloud_essd", "size": "40", "performance_level": "PL0"},
        "data_disk": [{"category": "cloud_essd", "size": 20, "disk_name": "sdk-data"}],
        "user_data": USER_DATA,
        "tag": [{"key": "made-by", "value": "sdk"}],
    }
    made = cloud.ecs.run_instances(client_token="sdk-run", **fields).instance_id_sets.instance_id_set
    same("a repeated run", cloud.ecs.run_instances(client_token="sdk-run", **fields).instance_id_sets.instance_id_set, made)
    with refused("DryRunOperation"):
        cloud.ecs.run_instances(dry_run=True, **fields)
    with refused("InvalidInstanceType.ValueNotSupported"):
        cloud.ecs.run_instances(**(fields | {"instance_type": "ecs.nothing.large"}))
    machine = only(made)
    cloud.until("the machine", lambda: ground.row(machine).status == "Running")
    row = ground.row(machine)
    same("its name", (row.instance_name, row.host_name, row.description), ("sdk-run", "sdk-host", "by the SDK"))
    same("its type", (row.instance_type, row.cpu, row.memory, row.zone_id), ("ecs.c7.large", 2, 4096, ZONE))
    same(
        "its charge", (row.instance_charge_type, row.internet_charge_type, row.internet_max_bandwidth_out), ("PostPaid", "PayByTraffic", 10)
    )
    same("its network", (row.vpc_attributes.v_switch_id, row.security_group_ids.security_group_id), (ground.subnet, [ground.group]))
    same("its addresses", (len(row.public_ip_address.ip_address), len(row.vpc_attributes.private_ip_address.ip_address)), (1, 1))
    same(
        "its key pair and tag",
        (row.key_pair_name, [(tag.tag_key, tag.tag_value) for tag in row.tags.tag]),
        ("sdk-key", [("made-by", "sdk")]),
    )
    same("its user data", cloud.ecs.describe_user_data(instance_id=machine).user_data, USER_DATA)
    disks = cloud.ecs.describe_disks(instance_id=machine).disks.disk
    seen = sorted((disk.type, disk.size, disk.performance_level, disk.status) for disk in disks)
    same("its disks", seen, [("data", 20, "PL1", "In_use"), ("system", 40, "PL0", "In_use")])
    return machine


def create(cloud, ground):
    image = cloud.ecs.describe_image_from_family(image_family=ground.machine_fields()["image_family"]).image.image_id
    machine = cloud.ecs.create_instance(
        image_id=image,
        instance_type="ecs.c7.large",
        v_switch_id=ground.subnet,
        security_group_id=ground.group,
        instance_name="sdk-create",
        internet_max_bandwidth_out=5,
        system_disk={"category": "cloud_essd", "size": 40},
    ).instance_id
    cloud.until("the machine", lambda: ground.row(machine).status == "Stopped")
    same(
        "its address",
        cloud.ecs.allocate_public_ip_address(instance_id=machine).ip_address,
        ground.row(machine).public_ip_address.ip_address[0],
    )
    cloud.ecs.start_instance(instance_id=machine)
    with refused("IncorrectInstanceStatus", 403):
        cloud.ecs.start_instance(instance_id=machine)
    cloud.until("the start", lambda: status(cloud, [machine]) == {machine: "Running"})
    return machine


def status(cloud, machines):
    rows = cloud.ecs.describe_instance_status(instance_id=machines).instance_statuses.instance_status
    return {row.instance_id: row.status for row in rows}


def power(cloud, ground, machine):
    cloud.ecs.reboot_instance(instance_id=machine)
    cloud.until("the reboot", lambda: ground.row(machine).status == "Running")
    ground.stop(machine, stopped_mode="StopCharging")
    same("what a stop saves", ground.row(machine).stopped_mode, "StopCharging")
    with refused("IncorrectInstanceStatus", 403):
        cloud.ecs.reboot_instance(instance_id=machine)
    ground.start(machine)
    full = only(cloud.ecs.describe_instances_full_status(instance_id=[machine]).instance_full_status_set.instance_full_status_type)
    same("its whole status", (full.status.name, full.health_status.name), ("Running", "Ok"))


def in_batches(cloud, machines):
    for call, before, after in (("stop", "Running", "Stopped"), ("start", "Stopped", "Running"), ("reboot", "Running", "Running")):
        answers = getattr(cloud.ecs, f"{call}_instances")(instance_id=machines).instance_responses.instance_response
        same(
            f"the {call}",
            sorted((one.instance_id, one.code, one.previous_status) for one in answers),
            sorted((one, "200", before) for one in machines),
        )
        cloud.until(f"the {call}", lambda: set(status(cloud, machines).values()) == {after})


def by_number_and_token(cloud, machines):
    pages = [cloud.ecs.describe_instances(page_number=number, page_size=1) for number in (1, 2)]
    same("TotalCount", [page.total_count for page in pages], [2, 2])
    same("machines by number", sorted(only(page.instances.instance).instance_id for page in pages), sorted(machines))
    rows = by_token(cloud.ecs.describe_instances, lambda page: page.instances.instance)
    same("machines by token", sorted(row.instance_id for row in rows), sorted(machines))


def keys_of(cloud, ground, machine):
    result = only(cloud.ecs.attach_key_pair(key_pair_name="sdk-import", instance_ids=json.dumps([machine])).results.result)
    same("the attach", (result.instance_id, result.success), (machine, "true"))
    same("its key pair", ground.row(machine).key_pair_name, "sdk-import")
    with refused(STILL_HELD[0]):
        cloud.ecs.delete_key_pairs(key_pair_names='["sdk-import"]')
    only(cloud.ecs.detach_key_pair(key_pair_name="sdk-import", instance_ids=json.dumps([machine])).results.result)
    same("its key pair", ground.row(machine).key_pair_name or "", "")


def protection(cloud, ground, machine):
    cloud.ecs.modify_instance_attribute(instance_id=machine, deletion_protection=True)
    same("its protection", ground.row(machine).deletion_protection, True)
    with refused("InvalidOperation.DeletionProtection", 403):
        cloud.ecs.delete_instance(instance_id=machine, force=True)
    cloud.ecs.modify_instance_attribute(instance_id=machine, deletion_protection=False)
    with refused("IncorrectInstanceStatus", 403):
        cloud.ecs.delete_instance(instance_id=machine)


def one_by_one(cloud, ground, machines):
    ground.stop(machines[0])
    cloud.ecs.delete_instance(instance_id=machines[0])
    cloud.ecs.delete_instance(instance_id=machines[1], force=True)
    cloud.until("the machines' end", lambda: not any(ground.row(one) for one in machines))
    with refused("InvalidInstanceId.NotFound", 404):
        cloud.ecs.start_instance(instance_id=machines[0])
