"""The life of launch templates with their versions, and of deployment sets."""

import json

from expect import only, refused, same
from ground import Ground


def live(cloud):
    ground = Ground(cloud)
    launch_template(cloud, ground)
    deployment_set(cloud, ground)
    ground.delete()


def versions(cloud, template):
    rows = cloud.ecs.describe_launch_template_versions(launch_template_id=template).launch_template_version_sets.launch_template_version_set
    return {row.version_number: row for row in rows}


def launch_template(cloud, ground):
    fields = {"instance_type": "ecs.c7.large", "security_group_id": ground.group, "v_switch_id": ground.subnet}
    image = cloud.ecs.describe_image_from_family(image_family=ground.machine_fields()["image_family"]).image.image_id
    disks = {"system_disk": {"category": "cloud_essd", "size": 40}, "data_disk": [{"category": "cloud_essd", "size": 20}]}
    made = cloud.ecs.create_launch_template(
        launch_template_name="sdk", version_description="first", image_id=image, instance_name="from-template", **disks, **fields
    )
    template = made.launch_template_id
    same("the first version", made.launch_template_version_number, 1)
    second = cloud.ecs.create_launch_template_version(
        launch_template_id=template, version_description="second", image_id=image, **(fields | {"instance_type": "ecs.c7.xlarge"})
    )
    same("the second version", second.launch_template_version_number, 2)
    seen = versions(cloud, template)
    same(
        "versions",
        {number: (row.version_description, row.default_version) for number, row in seen.items()},
        {1: ("first", True), 2: ("second", False)},
    )
    data = seen[1].launch_template_data
    same(
        "what it says",
        (data.image_id, data.instance_type, data.instance_name, data.v_switch_id),
        (image, "ecs.c7.large", "from-template", ground.subnet),
    )
    same("its disks", (data.system_disk.size, [(one.category, one.size) for one in data.data_disks.data_disk]), (40, [("cloud_essd", 20)]))
    machine = only(cloud.ecs.run_instances(launch_template_id=template, launch_template_version=1).instance_id_sets.instance_id_set)
    ground.machines.append(machine)
    cloud.until("the machine", lambda: ground.row(machine).status == "Running")
    same(
        "the machine of the template",
        (ground.row(machine).instance_name, ground.row(machine).instance_type),
        ("from-template", "ecs.c7.large"),
    )
    cloud.ecs.modify_launch_template_default_version(launch_template_id=template, default_version_number=2)
    row = only(cloud.ecs.describe_launch_templates(launch_template_id=[template]).launch_template_sets.launch_template_set)
    same("the template", (row.launch_template_name, row.default_version_number, row.latest_version_number), ("sdk", 2, 2))
    with refused("InvalidOperation.DeleteDefaultVersion"):
        cloud.ecs.delete_launch_template_version(launch_template_id=template, delete_version=[2])
    gone = cloud.ecs.delete_launch_template_version(launch_template_id=template, delete_version=[1])
    same("the deleted version", [one.launch_template_version_number for one in gone.launch_template_versions.launch_template_version], [1])
    same("the end", cloud.ecs.delete_launch_template(launch_template_id=template).launch_template_version_numbers.version_numbers, [2])
    same("templates", cloud.ecs.describe_launch_templates().launch_template_sets.launch_template_set, [])


def deployment_set(cloud, ground):
    made = cloud.ecs.create_deployment_set(deployment_set_name="sdk", description="by the SDK", strategy="Availability").deployment_set_id
    machine = ground.machine(deployment_set_id=made)
    same("the machine's set", ground.row(machine).deployment_set_id, made)
    cloud.ecs.modify_deployment_set_attribute(deployment_set_id=made, deployment_set_name="renamed", description="changed")
    row = only(cloud.ecs.describe_deployment_sets(deployment_set_ids=json.dumps([made])).deployment_sets.deployment_set)
    seen = (row.deployment_set_name, row.deployment_set_description, row.instance_amount, row.instance_ids.instance_id)
    same("the set", seen, ("renamed", "changed", 1, [machine]))
    with refused("DependencyViolation.NotEmpty"):
        cloud.ecs.delete_deployment_set(deployment_set_id=made)
    ground.stop(machine)
    cloud.ecs.modify_instance_deployment(instance_id=machine, remove_from_deployment_set=True)
    cloud.until("the machine outside", lambda: not ground.row(machine).deployment_set_id)
    cloud.ecs.delete_deployment_set(deployment_set_id=made)
    same("sets", cloud.ecs.describe_deployment_sets().deployment_sets.deployment_set, [])
