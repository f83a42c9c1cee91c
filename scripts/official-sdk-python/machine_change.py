"""The life of a machine that is changed: type, bandwidth, system disk, attributes, charge, role, metadata, events."""

import base64
import json
import time

from expect import only, refused, same
from ground import Ground

READS_BACK_LATE = "the change reading back"


def live(cloud):
    ground = Ground(cloud)
    machine = ground.machine(instance_name="sdk")
    attributes(cloud, ground, machine)
    size(cloud, ground, machine)
    system_disk(cloud, ground, machine)
    role_and_metadata(cloud, ground, machine)
    place(cloud, ground, machine)
    upkeep(cloud, machine)
    event(cloud, machine)
    charge(cloud, ground, machine)
    ground.delete()


def attributes(cloud, ground, machine):
    user_data = base64.b64encode(b"#!/bin/sh\n").decode()
    ground.stop(machine)
    cloud.ecs.modify_instance_attribute(
        instance_id=machine,
        instance_name="renamed",
        description="changed",
        host_name="changed",
        user_data=user_data,
        security_group_ids=[ground.group],
    )
    ground.start(machine)
    row = ground.row(machine)
    same("the changed machine", (row.instance_name, row.description, row.host_name), ("renamed", "changed", "changed"))
    same("its user data", cloud.ecs.describe_user_data(instance_id=machine).user_data, user_data)
    seen = cloud.ecs.describe_instance_attribute(instance_id=machine)
    same("its attributes", (seen.instance_name, seen.status, seen.io_optimized, seen.cpu), ("renamed", "Running", "optimized", 2))
    release = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() + 7 * 86400))
    cloud.ecs.modify_instance_auto_release_time(instance_id=machine, auto_release_time=release)
    same("its release time", ground.row(machine).auto_release_time[:16], release[:16])
    cloud.ecs.modify_instance_auto_release_time(instance_id=machine)
    same("its release time", ground.row(machine).auto_release_time, "")
    cloud.ecs.modify_instance_vnc_passwd(instance_id=machine, vnc_password="Secret")
    same("its console", cloud.ecs.get_instance_console_output(instance_id=machine).instance_id, machine)
    same("its screen", cloud.ecs.get_instance_screenshot(instance_id=machine).instance_id, machine)


def size(cloud, ground, machine):
    with refused("InvalidInstanceStatus.NotStopped"):
        cloud.ecs.modify_instance_spec(instance_id=machine, instance_type="ecs.c7.xlarge")
    ground.stop(machine)
    cloud.ecs.modify_instance_spec(instance_id=machine, instance_type="ecs.c7.xlarge")
    cloud.until(READS_BACK_LATE, lambda: ground.row(machine).instance_type == "ecs.c7.xlarge")
    same("its size", (ground.row(machine).cpu, ground.row(machine).memory), (4, 8192))
    ground.start(machine)
    cloud.ecs.modify_instance_network_spec(instance_id=machine, internet_max_bandwidth_out=5, allocate_public_ip=True)
    cloud.until(READS_BACK_LATE, lambda: ground.row(machine).internet_max_bandwidth_out == 5)
    same("its public addresses", len(ground.row(machine).public_ip_address.ip_address), 1)


def system_disk(cloud, ground, machine):
    image = cloud.ecs.describe_image_from_family(image_family="acs:ubuntu_24_04_x64").image.image_id
    before = only(cloud.ecs.describe_disks(instance_id=machine, disk_type="system").disks.disk).disk_id
    ground.stop(machine)
    made = cloud.ecs.replace_system_disk(instance_id=machine, image_id=image, system_disk={"size": 60}).disk_id
    after = only(cloud.ecs.describe_disks(instance_id=machine, disk_type="system").disks.disk)
    same("the new system disk", (after.disk_id, after.size, after.image_id), (made, 60, image))
    same("the old one is gone", before == made, False)
    same("its image", ground.row(machine).image_id, image)
    ground.start(machine)


def role_and_metadata(cloud, ground, machine):
    ids = json.dumps([machine])
    made = only(
        cloud.ecs.attach_instance_ram_role(
            instance_ids=ids, ram_role_name="SdkRole"
        ).attach_instance_ram_role_results.attach_instance_ram_role_result
    )
    same("the attach", (made.instance_id, made.success), (machine, True))
    same(
        "its role",
        only(cloud.ecs.describe_instance_ram_role(instance_ids=ids).instance_ram_role_sets.instance_ram_role_set).ram_role_name,
        "SdkRole",
    )
    gone = cloud.ecs.detach_instance_ram_role(instance_ids=ids, ram_role_name="SdkRole")
    same("the detach", (gone.total_count, gone.fail_count), (1, 0))
    cloud.ecs.modify_instance_metadata_options(instance_id=machine, http_endpoint="enabled", http_tokens="required")
    more = cloud.ecs.describe_instances(instance_ids=ids, additional_attributes=["META_OPTIONS"])
    seen = only(more.instances.instance).metadata_options
    same("its metadata", (seen.http_endpoint, seen.http_tokens), ("enabled", "required"))


def place(cloud, ground, machine):
    """Another private address, another resource group, another pool."""
    ground.stop(machine)
    cloud.ecs.modify_instance_vpc_attribute(instance_id=machine, v_switch_id=ground.subnet, private_ip_address="172.16.1.200")
    cloud.until(READS_BACK_LATE, lambda: ground.row(machine).vpc_attributes.private_ip_address.ip_address == ["172.16.1.200"])
    ground.start(machine)
    cloud.ecs.join_resource_group(resource_id=machine, resource_type="instance", resource_group_id="rg-sdk")
    same("its resource group", ground.row(machine).resource_group_id, "rg-sdk")
    cloud.ecs.modify_instance_attachment_attributes(instance_id=machine, private_pool_options={"match_criteria": "None"})
    row = only(cloud.ecs.describe_instance_attachment_attributes(instance_ids=json.dumps([machine])).instances.instance)
    same("its pool", row.private_pool_options_match_criteria, "None")
    cloud.ecs.redeploy_instance(instance_id=machine, force_stop=True)
    cloud.until("the machine on another host", lambda: ground.row(machine).status == "Running")


def upkeep(cloud, machine):
    window = [{"start_time": "02:00:00", "end_time": "03:00:00"}]
    cloud.ecs.modify_instance_maintenance_attributes(
        instance_id=[machine], maintenance_window=window, action_on_maintenance="AutoRecover", notify_on_maintenance=True
    )
    row = only(cloud.ecs.describe_instance_maintenance_attributes(instance_id=[machine]).maintenance_attributes.maintenance_attribute)
    seen = (
        row.action_on_maintenance.value,
        row.notify_on_maintenance,
        [(one.start_time, one.end_time) for one in row.maintenance_windows.maintenance_window],
    )
    same("its maintenance", seen, ("AutoRecover", True, [("02:00:00", "03:00:00")]))


def event(cloud, machine):
    cloud.post("events", {"instance": machine, "type": "SystemMaintenance.Reboot", "in_seconds": 3600, "inquire": True})
    full = only(cloud.ecs.describe_instances_full_status(instance_id=[machine]).instance_full_status_set.instance_full_status_type)
    seen = only(full.scheduled_system_event_set.scheduled_system_event_type)
    same("the event", (seen.event_type.name, seen.event_cycle_status.name), ("SystemMaintenance.Reboot", "Inquiring"))
    cloud.ecs.accept_inquired_system_event(event_id=seen.event_id)
    cloud.jump(2 * 3600)
    past = only(
        cloud.ecs.describe_instance_history_events(
            instance_id=machine, instance_event_cycle_status=["Executed"]
        ).instance_system_event_set.instance_system_event_type
    )
    same("the event afterwards", (past.event_id, past.event_cycle_status.name), (seen.event_id, "Executed"))


def charge(cloud, ground, machine):
    """Into a subscription, renewed, and out of it again, since a subscription cannot be released."""
    ids = json.dumps([machine])
    cloud.until("the machine at rest", lambda: ground.row(machine).status == "Running")
    cloud.ecs.modify_instance_charge_type(instance_ids=ids, instance_charge_type="PrePaid", period=1, period_unit="Month", auto_pay=True)
    cloud.until(READS_BACK_LATE, lambda: ground.row(machine).instance_charge_type == "PrePaid")
    paid_ahead(cloud, machine)
    before = ground.row(machine).expired_time
    price = cloud.ecs.describe_renewal_price(resource_id=machine, period=1, price_unit="Month").price_info.price
    same("a renewal costs", (price.currency, price.trade_price > 0), ("CNY", True))
    cloud.ecs.renew_instance(instance_id=machine, period=1, period_unit="Month")
    same("renewed", ground.row(machine).expired_time > before, True)
    cloud.ecs.modify_instance_auto_renew_attribute(instance_id=machine, auto_renew=True, duration=1, period_unit="Month")
    renewal = only(cloud.ecs.describe_instance_auto_renew_attribute(instance_id=machine).instance_renew_attributes.instance_renew_attribute)
    same("its renewal", (renewal.auto_renew_enabled, renewal.duration, renewal.renewal_status), (True, 1, "AutoRenewal"))
    with refused("ChargeTypeViolation"):
        cloud.ecs.delete_instance(instance_id=machine, force=True)
    ground.stop(machine)
    cloud.ecs.modify_prepay_instance_spec(instance_id=machine, instance_type="ecs.c7.2xlarge", operator_type="upgrade")
    cloud.until(READS_BACK_LATE, lambda: ground.row(machine).instance_type == "ecs.c7.2xlarge")
    cloud.ecs.modify_instance_charge_type(instance_ids=ids, instance_charge_type="PostPaid")
    cloud.until(READS_BACK_LATE, lambda: ground.row(machine).instance_charge_type == "PostPaid")


def paid_ahead(cloud, machine):
    """A data disk of a subscription can be one too, and back."""
    disk = cloud.ecs.create_disk(instance_id=machine, disk_category="cloud_essd", size=20).disk_id

    def row():
        return only(cloud.ecs.describe_disks(disk_ids=json.dumps([disk])).disks.disk)

    cloud.until("the disk", lambda: row().status == "In_use")
    for kind in ("PostPaid", "PrePaid", "PostPaid"):
        if row().disk_charge_type != kind:
            cloud.ecs.modify_disk_charge_type(instance_id=machine, disk_ids=json.dumps([disk]), disk_charge_type=kind, auto_pay=True)
        same("how it is paid", row().disk_charge_type, kind)
