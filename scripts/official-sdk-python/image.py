"""The life of images: from a machine and from a snapshot, shared, copied, used, deleted."""

from expect import only, refused, same
from ground import Ground

OTHER_ACCOUNT = "1234567890123456"


def live(cloud):
    ground = Ground(cloud)
    machine = ground.machine()
    image = of_a_machine(cloud, machine)
    of_a_snapshot(cloud, machine)
    share(cloud, image)
    copy(cloud, image)
    used = ground.machine(image_family=None, image_id=image)
    same("the new machine's image", ground.row(used).image_id, image)
    with refused("ImageUsingByInstance"):
        cloud.ecs.delete_image(image_id=image)
    ground.delete_machines()
    delete(cloud, image)
    ground.delete()


def row(cloud, image, client=None):
    rows = (client or cloud.ecs).describe_images(image_id=image, status="Creating,Available,Waiting,UnAvailable,CreateFailed").images.image
    return rows[0] if rows else None


def delete(cloud, image):
    """With the snapshots that it is made of."""
    parts = [one.snapshot_id for one in row(cloud, image).disk_device_mappings.disk_device_mapping]
    cloud.ecs.delete_image(image_id=image)
    cloud.until("the image's end", lambda: row(cloud, image) is None)
    for one in parts:
        cloud.ecs.delete_snapshot(snapshot_id=one)
    cloud.until("the snapshots' end", lambda: not cloud.ecs.describe_snapshots().snapshots.snapshot)


def of_a_machine(cloud, machine):
    image = cloud.ecs.create_image(
        instance_id=machine, image_name="sdk", image_family="sdk-family", description="by the SDK", tag=[{"key": "a", "value": "b"}]
    ).image_id
    cloud.until("the image", lambda: row(cloud, image).status == "Available")
    cloud.ecs.modify_image_attribute(image_id=image, image_name="renamed", description="changed")
    seen = row(cloud, image)
    same(
        "the image",
        (seen.image_name, seen.description, seen.image_owner_alias, seen.size, seen.architecture),
        ("renamed", "changed", "self", 40, "x86_64"),
    )
    same("its tag", [(tag.tag_key, tag.tag_value) for tag in seen.tags.tag], [("a", "b")])
    same("its disks", [(one.type, one.size) for one in seen.disk_device_mappings.disk_device_mapping], [("system", "40")])
    same("the newest of the family", cloud.ecs.describe_image_from_family(image_family="sdk-family").image.image_id, image)
    types = cloud.ecs.describe_image_support_instance_types(image_id=image).instance_types.instance_type
    same("types for it", "ecs.c7.large" in [one.instance_type_id for one in types], True)
    return image


def of_a_snapshot(cloud, machine):
    disk = only(cloud.ecs.describe_disks(instance_id=machine).disks.disk).disk_id
    snapshot = cloud.ecs.create_snapshot(disk_id=disk).snapshot_id
    cloud.until(
        "the snapshot",
        lambda: only(cloud.ecs.describe_snapshots(snapshot_ids=f'["{snapshot}"]').snapshots.snapshot).status == "accomplished",
    )
    image = cloud.ecs.create_image(snapshot_id=snapshot, image_name="sdk-snapshot").image_id
    cloud.until("the image", lambda: row(cloud, image).status == "Available")
    same("what it is of", only(row(cloud, image).disk_device_mappings.disk_device_mapping).snapshot_id, snapshot)
    with refused("SnapshotCreatedImage"):
        cloud.ecs.delete_snapshot(snapshot_id=snapshot)
    cloud.ecs.delete_image(image_id=image)
    cloud.until("the image's end", lambda: row(cloud, image) is None)
    cloud.ecs.delete_snapshot(snapshot_id=snapshot)


def share(cloud, image):
    cloud.ecs.modify_image_share_permission(image_id=image, add_account=[OTHER_ACCOUNT])
    same(
        "with whom", [one.aliyun_id for one in cloud.ecs.describe_image_share_permission(image_id=image).accounts.account], [OTHER_ACCOUNT]
    )
    cloud.ecs.modify_image_share_permission(image_id=image, remove_account=[OTHER_ACCOUNT])
    same("with whom", cloud.ecs.describe_image_share_permission(image_id=image).accounts.account, [])


def copy(cloud, image):
    there = cloud.client("ecs", "cn-shanghai")
    cancelled = cloud.ecs.copy_image(image_id=image, destination_region_id="cn-shanghai", destination_image_name="cancelled").image_id
    there.cancel_copy_image(image_id=cancelled)
    made = cloud.ecs.copy_image(image_id=image, destination_region_id="cn-shanghai", destination_image_name="copy").image_id
    cloud.until("the copy", lambda: row(cloud, made, there).status == "Available")
    same("the copy", (row(cloud, made, there).image_name, row(cloud, made, there).is_copied), ("copy", True))
    for one in (made, cancelled):
        if row(cloud, one, there):
            there.delete_image(image_id=one, force=True)
    for one in there.describe_snapshots().snapshots.snapshot:
        there.delete_snapshot(snapshot_id=one.snapshot_id)
