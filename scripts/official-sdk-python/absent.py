"""What an account here has none of, what it cannot give back, and what is refused because it is not modelled."""

from cloud import ZONE
from expect import only, refused, same
from ground import Ground


def live(cloud):
    ground = Ground(cloud)
    of_vpc(cloud)
    of_cms(cloud, ground)
    of_oos(cloud)
    not_modelled(cloud)
    ground.delete()
    subscriptions(cloud)
    # What was paid in advance stays until its term is over.
    cloud.reset()


def of_vpc(cloud):
    eip = cloud.vpc.allocate_eip_address().allocation_id
    seen = cloud.vpc.describe_high_definition_monitor_log_attribute(instance_id=eip, instance_type="EIP")
    same("its log", (seen.instance_id, seen.log_store), (eip, ""))
    cloud.vpc.release_eip_address(allocation_id=eip)


def of_cms(cloud, ground):
    machine = ground.machine()
    cloud.cms.install_monitoring_agent(instance_ids=[machine])
    with refused("ResourceNotFound", 404):
        cloud.cms.install_monitoring_agent(instance_ids=["i-none"])
    same("events", cloud.cms.describe_system_event_attribute().system_events.system_event, [])
    with refused("ResourceNotFound", 404):
        cloud.cms.describe_monitor_group_instances(group_id=1)
    with refused("ResourceNotFound", 404):
        cloud.cms.modify_metric_rule_template(template_id=1, rest_version=0)


def of_oos(cloud):
    with refused("EntityNotExists.Parameter", 404):
        cloud.oos.get_secret_parameter(name="none")
    same("secrets", cloud.oos.get_secret_parameters(names='["none"]').invalid_parameters, ["none"])


def not_modelled(cloud):
    calls = (
        lambda: cloud.ecs.create_hpc_cluster(name="sdk"),
        lambda: cloud.oos.create_template(template_name="sdk", content="{}"),
        lambda: cloud.oos.list_executions(),
    )
    for call in calls:
        with refused("Simulator.NotModelled", 400):
            call()


def subscriptions(cloud):
    fields = {"instance_type": "ecs.c7.large", "zone_id": ZONE, "scope": "Zone", "period": 1, "period_unit": "Year", "instance_amount": 2}
    made = [
        only(
            cloud.ecs.purchase_reserved_instances_offering(
                reserved_instance_name=name, **fields
            ).reserved_instance_id_sets.reserved_instance_id
        )
        for name in ("one", "two")
    ]
    pages = [cloud.ecs.describe_reserved_instances(page_number=number, page_size=1) for number in (1, 2)]
    seen = [only(page.reserved_instances.reserved_instance) for page in pages]
    same("reserved instances", sorted(row.reserved_instance_id for row in seen), sorted(made))
    same("what they are for", {(row.instance_type, row.instance_amount, row.status) for row in seen}, {("ecs.c7.large", 2, "Active")})
    paid = cloud.vpc.allocate_eip_address_pro(instance_charge_type="PrePaid", period=1, auto_pay=True)
    same("it was ordered", (paid.order_id > 0, bool(paid.eip_address)), (True, True))
    with refused("Forbidden.ChargeTypeIsPrepaid", 400):
        cloud.vpc.release_eip_address(allocation_id=paid.allocation_id)
