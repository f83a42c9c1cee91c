"""The life of spot machines, which are bid for and taken back, and of machines that the cloud locks."""

from cloud import ZONE
from expect import refused, same
from ground import Ground

KIND = "ecs.c7.large"


def live(cloud):
    ground = Ground(cloud)
    stopped, ended = (ground.machine(spot_strategy="SpotAsPriceGo", spot_interruption_behavior=how) for how in ("Stop", "Terminate"))
    for one in (stopped, ended):
        same("its strategy", (ground.row(one).spot_strategy, locks(ground, one)), ("SpotAsPriceGo", []))
        cloud.post("spot", {"instance": one})
        same("the announcement", locks(ground, one), ["Recycling"])
    cloud.jump(400)
    row = ground.row(stopped)
    same("the one that stops", (row.status, row.stopped_mode, locks(ground, stopped)), ("Stopped", "StopCharging", []))
    cloud.until("the end of the other", lambda: ground.row(ended) is None)
    ground.machines.remove(ended)
    ground.start(stopped)
    bid(cloud, ground)
    locked(cloud, ground)
    ground.delete()


def locks(ground, machine):
    return [one.lock_reason for one in ground.row(machine).operation_locks.lock_reason]


def bid(cloud, ground):
    price = (
        cloud.ecs.describe_spot_price_history(instance_type=KIND, network_type="vpc", zone_id=ZONE)
        .spot_prices.spot_price_type[0]
        .spot_price
    )
    fields = {"spot_strategy": "SpotWithPriceLimit", "spot_price_limit": round(price + 0.1, 3)}
    machine = ground.machine(**fields)
    same("its bid", ground.row(machine).spot_price_limit, fields["spot_price_limit"])
    ground.stop(machine)
    cloud.post("options", {"spot_prices": {KIND: price + 1}})
    with refused("OperationDenied.SpotPriceLowerThanPublicPrice", 403):
        cloud.ecs.start_instance(instance_id=machine)
    with refused("InvalidSpotPriceLimit.LowerThanPublicPrice", 400):
        cloud.ecs.run_instances(**(ground.machine_fields() | fields))
    cloud.post("options", {"spot_prices": {KIND: price}})
    ground.start(machine)


def locked(cloud, ground):
    machine = ground.machine()
    cloud.post("lock", {"instance": machine, "reason": "security"})
    same("its locks", locks(ground, machine), ["security"])
    with refused("InstanceLockedForSecurity", 403):
        cloud.ecs.stop_instance(instance_id=machine)
    cloud.post("lock", {"instance": machine, "reason": ""})
    ground.stop(machine)
