"""What only reports: regions, zones, types, stock, prices, quotas, load."""

import time

from cloud import REGION, ZONE
from expect import only, refused, same
from ground import Ground
from pages import by_token


def live(cloud):
    places(cloud)
    types(cloud)
    stock(cloud)
    prices(cloud)
    ground = Ground(cloud)
    machine = ground.machine()
    of_a_machine(cloud, machine)
    ground.delete()


def places(cloud):
    for client in (cloud.ecs, cloud.vpc):
        same("regions", REGION in [row.region_id for row in client.describe_regions().regions.region], True)
        same("zones", ZONE in [row.zone_id for row in client.describe_zones().zones.zone], True)
    names = [row.attribute_name for row in cloud.ecs.describe_account_attributes().account_attribute_items.account_attribute_item]
    same("quotas", "max-security-groups" in names, True)
    cloud.ecs.describe_snapshot_package()


def types(cloud):
    row = only(cloud.ecs.describe_instance_types(instance_types=["ecs.c7.large"]).instance_types.instance_type)
    same("the type", (row.cpu_core_count, row.memory_size, row.cpu_architecture, row.instance_type_family), (2, 4.0, "X86", "ecs.c7"))
    families = [
        row.instance_type_family_id for row in cloud.ecs.describe_instance_type_families().instance_type_families.instance_type_family
    ]
    same("the family", "ecs.c7" in families, True)
    rows = by_token(cloud.ecs.describe_instance_types, lambda page: page.instance_types.instance_type, ("max_results", 50))
    same("types by token", (len(rows) > 50, len({row.instance_type_id for row in rows}) == len(rows)), (True, True))
    images = []
    for number in (1, 2):
        images += [row.image_id for row in cloud.ecs.describe_images(page_number=number, page_size=5).images.image]
    same("images by number", len(set(images)), 10)


def in_stock(cloud):
    zones = cloud.ecs.describe_available_resource(
        destination_resource="InstanceType", zone_id=ZONE, instance_type="ecs.c7.large"
    ).available_zones
    if zones is None or not zones.available_zone:
        return False
    resources = only(zones.available_zone).available_resources.available_resource
    return [(one.value, one.status_category) for one in only(resources).supported_resources.supported_resource] == [
        ("ecs.c7.large", "WithStock")
    ]


def stock(cloud):
    same("stock", in_stock(cloud), True)
    cloud.post("stock", {"zone": ZONE, "instance_type": "ecs.c7.large", "in_stock": False})
    same("stock", in_stock(cloud), False)
    cloud.post("stock", {"zone": ZONE, "instance_type": "ecs.c7.large", "in_stock": True})


def prices(cloud):
    fields = {"instance_type": "ecs.c7.large", "system_disk": {"category": "cloud_essd", "size": 40, "performance_level": "PL0"}}
    hour = cloud.ecs.describe_price(resource_type="instance", price_unit="Hour", **fields).price_info.price
    month = cloud.ecs.describe_price(resource_type="instance", price_unit="Month", period=1, **fields).price_info.price
    same("currency", (hour.currency, month.currency), ("CNY", "CNY"))
    same("a month costs less than its hours", 0 < month.trade_price < hour.trade_price * 730, True)
    spots = cloud.ecs.describe_spot_price_history(instance_type="ecs.c7.large", network_type="vpc", zone_id=ZONE)
    same("spot prices", [one.spot_price < one.origin_price for one in spots.spot_prices.spot_price_type[:3]], [True] * 3)
    advice = cloud.ecs.describe_spot_advice(instance_types=["ecs.c7.large"]).available_spot_zones.available_spot_zone
    same("spot advice", only(advice[0].available_spot_resources.available_spot_resource).instance_type, "ecs.c7.large")
    advice = cloud.ecs.describe_recommend_instance_type(instance_type="ecs.c7.large", network_type="vpc").data.recommend_instance_type
    same("recommendations", len(advice) > 0, True)


def of_a_machine(cloud, machine):
    price = cloud.ecs.describe_instance_modification_price(instance_id=machine, instance_type="ecs.c7.xlarge").price_info.price
    same("a bigger one costs more", price.trade_price > 0, True)
    with refused("ChargeTypeViolation", 403):
        cloud.ecs.describe_renewal_price(resource_id=machine, period=1, price_unit="Month")
    zones = cloud.ecs.describe_resources_modification(
        resource_id=machine, destination_resource="InstanceType"
    ).available_zones.available_zone
    same("where it may go", only(zones).zone_id, ZONE)
    start = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime())
    cloud.jump(900)
    end = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() + 600))
    points = cloud.ecs.describe_instance_monitor_data(
        instance_id=machine, start_time=start, end_time=end
    ).monitor_data.instance_monitor_data
    same("its load", {one.instance_id for one in points}, {machine})
    disk = only(cloud.ecs.describe_disks(instance_id=machine).disks.disk).disk_id
    points = cloud.ecs.describe_disk_monitor_data(disk_id=disk, start_time=start, end_time=end).monitor_data.disk_monitor_data
    same("its disk's load", {one.disk_id for one in points}, {disk})
