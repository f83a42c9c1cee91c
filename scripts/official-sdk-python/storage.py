"""The life of disks, snapshots, groups of snapshots and policies for them."""

import json

from cloud import ZONE
from expect import only, refused, same
from ground import Ground
from pages import by_token


def live(cloud):
    ground = Ground(cloud)
    machine = ground.machine(data_disk=[{"category": "cloud_essd", "size": 20}])
    category(cloud)
    disk = make(cloud)
    attach(cloud, machine, disk)
    grow(cloud, disk)
    snapshot = snapshots(cloud, disk)
    back(cloud, ground, machine, disk, snapshot)
    snapshot_group(cloud, machine)
    policy(cloud, disk)
    copy(cloud, snapshot)
    by_number_and_token(cloud)
    cloud.ecs.delete_snapshot(snapshot_id=snapshot)
    cloud.until("the snapshot's end", lambda: not cloud.ecs.describe_snapshots().snapshots.snapshot)
    detach(cloud, ground, machine, disk)
    encryption(cloud)
    ground.delete()


def row(cloud, disk):
    rows = cloud.ecs.describe_disks(disk_ids=json.dumps([disk])).disks.disk
    return rows[0] if rows else None


def make(cloud):
    disk = cloud.ecs.create_disk(
        zone_id=ZONE,
        disk_category="cloud_essd",
        size=40,
        performance_level="PL1",
        disk_name="sdk",
        description="by the SDK",
        tag=[{"key": "a", "value": "b"}],
    ).disk_id
    cloud.until("the disk", lambda: row(cloud, disk).status == "Available")
    seen = row(cloud, disk)
    same(
        "the disk",
        (seen.disk_name, seen.category, seen.size, seen.performance_level, seen.portable),
        ("sdk", "cloud_essd", 40, "PL1", True),
    )
    same("its tag", [(tag.tag_key, tag.tag_value) for tag in seen.tags.tag], [("a", "b")])
    return disk


def attach(cloud, machine, disk):
    cloud.ecs.attach_disk(instance_id=machine, disk_id=disk, delete_with_instance=False)
    cloud.until("the attachment", lambda: row(cloud, disk).status == "In_use")
    seen = row(cloud, disk)
    same(
        "where it is",
        (seen.instance_id, only(seen.attachments.attachment).instance_id, seen.delete_with_instance),
        (machine, machine, False),
    )
    with refused("IncorrectDiskStatus", 403):
        cloud.ecs.delete_disk(disk_id=disk)
    cloud.ecs.modify_disk_attribute(
        disk_id=disk, disk_name="renamed", description="changed", enable_auto_snapshot=True, delete_auto_snapshot=False
    )
    seen = row(cloud, disk)
    same("the changed disk", (seen.disk_name, seen.description, seen.delete_auto_snapshot), ("renamed", "changed", False))


def grow(cloud, disk):
    cloud.ecs.resize_disk(disk_id=disk, new_size=500, type="online")
    cloud.until("the size", lambda: row(cloud, disk).size == 500)
    with refused("InvalidDiskSize.TooSmall"):
        cloud.ecs.resize_disk(disk_id=disk, new_size=20, type="online")
    cloud.ecs.modify_disk_spec(disk_id=disk, performance_level="PL2")
    cloud.until("the performance level", lambda: row(cloud, disk).performance_level == "PL2")


def category(cloud):
    """A change of category is a task."""
    disk = cloud.ecs.create_disk(zone_id=ZONE, disk_category="cloud_ssd", size=40).disk_id
    cloud.until("the disk", lambda: row(cloud, disk).status == "Available")
    task = cloud.ecs.modify_disk_spec(disk_id=disk, disk_category="cloud_essd").task_id
    cloud.until("the task", lambda: cloud.ecs.describe_task_attribute(task_id=task).task_status == "Finished")
    same("its category", (row(cloud, disk).category, row(cloud, disk).performance_level), ("cloud_essd", "PL1"))
    cloud.ecs.delete_disk(disk_id=disk)
    cloud.until("the disk's end", lambda: row(cloud, disk) is None)


def snapshot_row(cloud, snapshot):
    rows = cloud.ecs.describe_snapshots(snapshot_ids=json.dumps([snapshot])).snapshots.snapshot
    return rows[0] if rows else None


def snapshots(cloud, disk):
    snapshot = cloud.ecs.create_snapshot(
        disk_id=disk, snapshot_name="sdk", description="by the SDK", tag=[{"key": "a", "value": "b"}]
    ).snapshot_id
    same("the snapshot at first", (snapshot_row(cloud, snapshot).status, snapshot_row(cloud, snapshot).available), ("progressing", False))
    cloud.until("the snapshot", lambda: snapshot_row(cloud, snapshot).status == "accomplished")
    cloud.ecs.modify_snapshot_attribute(snapshot_id=snapshot, snapshot_name="renamed", description="changed", retention_days=30)
    seen = snapshot_row(cloud, snapshot)
    same("the snapshot", (seen.snapshot_name, seen.description, seen.retention_days, seen.progress), ("renamed", "changed", 30, "100%"))
    same("what it is of", (seen.source_disk_id, seen.source_disk_size, seen.source_disk_type), (disk, "500", "data"))
    return snapshot


def back(cloud, ground, machine, disk, snapshot):
    """A disk goes back to its snapshot, and to its beginning."""
    with refused("IncorrectInstanceStatus", 403):
        cloud.ecs.reset_disk(disk_id=disk, snapshot_id=snapshot)
    ground.stop(machine)
    cloud.ecs.reset_disk(disk_id=disk, snapshot_id=snapshot)
    cloud.until("the disk's rest", lambda: row(cloud, disk).status == "In_use")
    cloud.ecs.re_init_disk(disk_id=disk)
    cloud.until("the disk's rest", lambda: row(cloud, disk).status == "In_use")
    cloud.until("the machine at rest", lambda: ground.row(machine).status == "Stopped")
    ground.start(machine)
    made = cloud.ecs.create_disk(zone_id=ZONE, disk_category="cloud_essd", snapshot_id=snapshot).disk_id
    cloud.until("the disk from the snapshot", lambda: row(cloud, made).status == "Available")
    same("its size", (row(cloud, made).size, row(cloud, made).source_snapshot_id), (500, snapshot))
    cloud.ecs.delete_disk(disk_id=made)
    cloud.until("its end", lambda: row(cloud, made) is None)


def snapshot_group(cloud, machine):
    group = cloud.ecs.create_snapshot_group(instance_id=machine, name="sdk-group").snapshot_group_id

    def rows():
        return cloud.ecs.describe_snapshot_groups(snapshot_group_id=[group]).snapshot_groups.snapshot_group

    cloud.until("the group", lambda: only(rows()).status == "accomplished")
    cloud.ecs.modify_snapshot_group(snapshot_group_id=group, name="renamed", description="changed")
    seen = only(rows())
    same("the group", (seen.name, seen.description, seen.instance_id, len(seen.snapshots.snapshot)), ("renamed", "changed", machine, 3))
    cloud.ecs.delete_snapshot_group(snapshot_group_id=group)
    cloud.until("the group's end", lambda: not rows())


def policy(cloud, disk):
    made = cloud.ecs.create_auto_snapshot_policy(
        auto_snapshot_policy_name="sdk", time_points='["1"]', repeat_weekdays='["1"]', retention_days=7
    ).auto_snapshot_policy_id
    cloud.ecs.apply_auto_snapshot_policy(auto_snapshot_policy_id=made, disk_ids=json.dumps([disk]))
    same("the disk's policy", row(cloud, disk).auto_snapshot_policy_id, made)
    pairs = cloud.ecs.describe_auto_snapshot_policy_associations(
        auto_snapshot_policy_id=made
    ).auto_snapshot_policy_associations.auto_snapshot_policy_association
    same("the policy's disks", [one.disk_id for one in pairs], [disk])
    cloud.ecs.modify_auto_snapshot_policy_ex(
        auto_snapshot_policy_id=made, auto_snapshot_policy_name="renamed", time_points='["2","3"]', retention_days=-1
    )
    seen = only(cloud.ecs.describe_auto_snapshot_policy_ex(auto_snapshot_policy_id=made).auto_snapshot_policies.auto_snapshot_policy)
    policy = (seen.auto_snapshot_policy_name, json.loads(seen.time_points), seen.retention_days, seen.disk_nums)
    same("the policy", policy, ("renamed", ["2", "3"], -1, 1))
    cloud.ecs.cancel_auto_snapshot_policy(disk_ids=json.dumps([disk]))
    same("the disk's policy", row(cloud, disk).auto_snapshot_policy_id, "")
    cloud.ecs.delete_auto_snapshot_policy(auto_snapshot_policy_id=made)
    same("policies", cloud.ecs.describe_auto_snapshot_policy_ex().auto_snapshot_policies.auto_snapshot_policy, [])


def copy(cloud, snapshot):
    made = cloud.ecs.copy_snapshot(
        snapshot_id=snapshot,
        destination_region_id="cn-shanghai",
        destination_snapshot_name="copy",
        destination_snapshot_description="by the SDK",
    ).snapshot_id
    there = cloud.client("ecs", "cn-shanghai")

    def rows():
        return there.describe_snapshots(snapshot_ids=json.dumps([made])).snapshots.snapshot

    cloud.until("the copy", lambda: only(rows()).status == "accomplished")
    same("the copy", (only(rows()).snapshot_name, only(rows()).source_snapshot_id), ("copy", snapshot))
    there.delete_snapshot(snapshot_id=made)
    cloud.until("the copy's end", lambda: not rows())


def by_number_and_token(cloud):
    """The three disks of the machine."""
    pages = [cloud.ecs.describe_disks(page_number=number, page_size=2) for number in (1, 2)]
    same("pages of disks", [(page.total_count, len(page.disks.disk)) for page in pages], [(3, 2), (3, 1)])
    rows = by_token(cloud.ecs.describe_disks, lambda page: page.disks.disk)
    same("disks by token", sorted(one.disk_id for one in rows), sorted(one.disk_id for page in pages for one in page.disks.disk))


def detach(cloud, ground, machine, disk):
    cloud.ecs.detach_disk(instance_id=machine, disk_id=disk)
    cloud.until("the detachment", lambda: row(cloud, disk).status == "Available")
    ground.delete_machines()
    same("it outlives the machine", row(cloud, disk).status, "Available")
    cloud.ecs.delete_disk(disk_id=disk)
    cloud.until("the disk's end", lambda: row(cloud, disk) is None)


def encryption(cloud):
    cloud.ecs.enable_disk_encryption_by_default()
    same("encryption by default", cloud.ecs.describe_disk_encryption_by_default_status().encrypted, True)
    cloud.ecs.disable_disk_encryption_by_default()
    same("encryption by default", cloud.ecs.describe_disk_encryption_by_default_status().encrypted, False)
