"""The life of tags: through ECS in its new and its old way, through VPC, and through the Tag service across both."""

import json

from expect import only, refused, same
from ground import Ground, delete_vpc, make_vpc
from pages import by_token


def live(cloud):
    ground = Ground(cloud)
    machine = ground.machine()
    through_ecs(cloud, machine)
    the_old_way(cloud, machine)
    through_vpc(cloud, ground)
    through_tag(cloud, ground, machine)
    ground.delete()


def tags_of(cloud, machine):
    """Every tag of a machine; the page size of this listing is the service's own."""
    rows = by_token(
        cloud.ecs.list_tag_resources, lambda page: page.tag_resources.tag_resource, None, resource_type="instance", resource_id=[machine]
    )
    return sorted((row.tag_key, row.tag_value) for row in rows)


def through_ecs(cloud, machine):
    tags = [{"key": f"key-{n:02}", "value": f"wert ü {n}"} for n in range(20)]
    cloud.ecs.tag_resources(resource_type="instance", resource_id=[machine], tag=tags)
    same("its tags", tags_of(cloud, machine), [(tag["key"], tag["value"]) for tag in tags])
    with refused("InvalidTagKey.Malformed"):
        cloud.ecs.tag_resources(resource_type="instance", resource_id=[machine], tag=[{"key": "aliyun-x", "value": "b"}])
    found = cloud.ecs.describe_instances(tag=[{"key": "key-07", "value": "wert ü 7"}]).instances.instance
    same("the machine by tag", [row.instance_id for row in found], [machine])
    cloud.ecs.untag_resources(resource_type="instance", resource_id=[machine], tag_key=["key-00"])
    same("tags left", len(tags_of(cloud, machine)), 19)
    cloud.ecs.untag_resources(resource_type="instance", resource_id=[machine], all=True)
    same("tags left", tags_of(cloud, machine), [])


def the_old_way(cloud, machine):
    cloud.ecs.add_tags(resource_type="instance", resource_id=machine, tag=[{"key": "old", "value": "way"}])
    seen = only(cloud.ecs.describe_tags(resource_type="instance", resource_id=machine).tags.tag)
    same("the tag", (seen.tag_key, seen.tag_value), ("old", "way"))
    cloud.ecs.remove_tags(resource_type="instance", resource_id=machine, tag=[{"key": "old", "value": "way"}])
    same("tags left", cloud.ecs.describe_tags(resource_type="instance", resource_id=machine).tags.tag, [])


def through_vpc(cloud, ground):
    """Three VPCs, a page of one at a time."""
    made = [ground.vpc_id, *(make_vpc(cloud).vpc_id for _ in range(2))]
    for number, one in enumerate(made, 1):
        cloud.vpc.tag_resources(resource_type="VPC", resource_id=[one], tag=[{"key": "page", "value": str(number)}])
    rows = by_token(cloud.vpc.list_tag_resources, lambda page: page.tag_resources.tag_resource, resource_type="VPC", tag=[{"key": "page"}])
    same("tags by token", sorted((row.resource_id, row.tag_value) for row in rows), sorted(zip(made, "123")))
    same("VPCs by tag", only(cloud.vpc.describe_vpcs(tag=[{"key": "page", "value": "2"}]).vpcs.vpc).vpc_id, made[1])
    same(
        "the tag by itself",
        ("page", "1") in [(row.tag_key, row.tag_value) for row in cloud.vpc.describe_tags().tag_resources.tag_resource],
        True,
    )
    cloud.vpc.un_tag_resources(resource_type="VPC", resource_id=[ground.vpc_id], tag_key=["page"])
    same("tags of the first", cloud.vpc.list_tag_resources(resource_type="VPC", resource_id=[ground.vpc_id]).tag_resources.tag_resource, [])
    for one in made[1:]:
        delete_vpc(cloud, one)


def through_tag(cloud, ground, machine):
    account = cloud.sts.get_caller_identity().account_id
    names = [
        f"arn:acs:ecs:{cloud.ecs.region}:{account}:instance/{machine}",
        f"arn:acs:vpc:{cloud.ecs.region}:{account}:vpc/{ground.vpc_id}",
    ]
    made = cloud.tag.tag_resources(resource_arn=names, tags=json.dumps({"team": "shop", "stage": "test"}))
    same("failures", [one.resource_arn for one in made.failed_resources.failed_resource], [])
    same("the machine's tags", tags_of(cloud, machine), [("stage", "test"), ("team", "shop")])
    rows = by_token(cloud.tag.list_tag_resources, lambda page: page.tag_resources, ("page_size", 1), resource_arn=names)
    seen = {row.resource_arn: sorted((tag.key, tag.value) for tag in row.tags) for row in rows}
    same("tags by the service", seen, {name: [("stage", "test"), ("team", "shop")] for name in names})
    keys = sorted(row.key for row in cloud.tag.list_tag_keys().keys.key)
    same("keys", keys, ["stage", "team"])
    same("values", cloud.tag.list_tag_values(key="team").values.value, ["shop"])
    cloud.tag.untag_resources(resource_arn=names, tag_key=["team", "stage"])
    same("tags left", tags_of(cloud, machine), [])
    none = cloud.tag.tag_resources(resource_arn=[names[0].replace(machine, "i-none")], tags='{"a":"b"}')
    same("failures", len(none.failed_resources.failed_resource), 1)
