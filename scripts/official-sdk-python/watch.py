"""The life of what watches: contacts and their groups, alarms with targets, metrics, metrics that callers report."""

import json
import time

from expect import only, same
from ground import Ground
from pages import by_token

NAMESPACE = "acs_ecs_dashboard"


def live(cloud):
    contacts(cloud)
    ground = Ground(cloud)
    machine = ground.machine()
    alarm(cloud, machine)
    alarms(cloud, machine)
    targets(cloud)
    metrics(cloud, machine)
    custom(cloud)
    reports(cloud, machine)
    cloud.cms.delete_metric_rules(id=["sdk-rule", "sdk-one", "sdk-two"])
    same("alarms left", cloud.cms.describe_metric_rule_list().alarms.alarm, [])
    cloud.cms.delete_contact_group(contact_group_name="sdk-group")
    cloud.cms.delete_contact(contact_name="sdk-contact")
    ground.delete()


def contacts(cloud):
    same(
        "the put",
        cloud.cms.put_contact(contact_name="sdk-contact", describe="by the SDK", channels={"mail": "ops@example.com"}).success,
        True,
    )
    seen = only(cloud.cms.describe_contact_list(contact_name="sdk-contact").contacts.contact)
    same("the contact", (seen.name, seen.desc, seen.channels.mail), ("sdk-contact", "by the SDK", "ops@example.com"))
    same(
        "the put",
        cloud.cms.put_contact_group(contact_group_name="sdk-group", describe="group", contact_names=["sdk-contact"]).success,
        True,
    )
    listed = cloud.cms.describe_contact_group_list()
    same("groups", sorted(listed.contact_groups.contact_group), ["ops-team", "sdk-group"])
    group = only([one for one in listed.contact_group_list.contact_group if one.name == "sdk-group"])
    same("the group", (group.contacts.contact, group.describe), (["sdk-contact"], "group"))
    pages = [cloud.cms.describe_contact_group_list(page_number=number, page_size=1) for number in (1, 2)]
    same("pages of groups", [(page.total, len(page.contact_groups.contact_group)) for page in pages], [(2, 1), (2, 1)])


def level(threshold):
    return {"critical": {"statistics": "Average", "comparison_operator": "GreaterThanThreshold", "threshold": threshold, "times": 3}}


def rule(cloud, rule_id):
    return only(cloud.cms.describe_metric_rule_list(rule_ids=rule_id).alarms.alarm)


def alarm(cloud, machine):
    fields = {
        "rule_id": "sdk-rule",
        "rule_name": "sdk cpu",
        "namespace": NAMESPACE,
        "metric_name": "CPUUtilization",
        "resources": json.dumps([{"instanceId": machine}]),
        "contact_groups": "sdk-group",
        "period": "60",
    }
    same("the put", cloud.cms.put_resource_metric_rule(escalations=level("90"), **fields).success, True)
    seen = rule(cloud, "sdk-rule")
    same("the rule", (seen.metric_name, seen.contact_groups, seen.enable_state, seen.period), ("CPUUtilization", "sdk-group", True, "60"))
    critical = seen.escalations.critical
    same(
        "its level",
        (critical.statistics, critical.comparison_operator, critical.threshold, critical.times),
        ("Average", "GreaterThanThreshold", "90", 3),
    )
    same("its resources", json.loads(seen.resources), [{"instanceId": machine}])
    cloud.cms.put_resource_metric_rule(escalations=level("80"), **fields)
    same("the changed rule", rule(cloud, "sdk-rule").escalations.critical.threshold, "80")
    cloud.cms.disable_metric_rules(rule_id=["sdk-rule"])
    cloud.until("the switch", lambda: rule(cloud, "sdk-rule").enable_state is False)
    cloud.cms.enable_metric_rules(rule_id=["sdk-rule"])
    cloud.until("the switch", lambda: rule(cloud, "sdk-rule").enable_state is True)


def alarms(cloud, machine):
    """Two more in one call, then all three in pages of two."""
    rules = [
        {
            "rule_id": f"sdk-{name}",
            "rule_name": f"sdk {name}",
            "namespace": NAMESPACE,
            "metric_name": "diskusage_utilization",
            "resources": json.dumps([{"instanceId": machine}]),
            "contact_groups": "sdk-group",
            "escalations": level("85"),
        }
        for name in ("one", "two")
    ]
    same("the put", cloud.cms.put_resource_metric_rules(rules=rules).success, True)
    pages = [cloud.cms.describe_metric_rule_list(page=number, page_size=2) for number in (1, 2)]
    same("totals", [page.total for page in pages], ["3", "3"])
    seen = sorted(one.rule_id for page in pages for one in page.alarms.alarm)
    same("alarms by number", seen, ["sdk-one", "sdk-rule", "sdk-two"])


def targets(cloud):
    arn = "acs:mns:cn-beijing:1234567890123456:/queues/sdk/messages"
    cloud.cms.put_metric_rule_targets(rule_id="sdk-rule", targets=[{"id": "1", "arn": arn, "level": "CRITICAL"}])
    seen = only(cloud.cms.describe_metric_rule_targets(rule_id="sdk-rule").targets.target)
    same("the target", (seen.id, seen.arn, seen.level), ("1", arn, "CRITICAL"))
    cloud.cms.delete_metric_rule_targets(rule_id="sdk-rule", target_ids=["1"])
    same("targets left", cloud.cms.describe_metric_rule_targets(rule_id="sdk-rule").targets.target, [])


def metrics(cloud, machine):
    cloud.post("load", {"id": machine, "profile": "busy"})
    cloud.jump(600)
    fields = {"namespace": NAMESPACE, "metric_name": "CPUUtilization", "dimensions": json.dumps([{"instanceId": machine}]), "period": "60"}
    points = json.loads(cloud.cms.describe_metric_list(**fields).datapoints)
    same("points", (len(points) > 3, {point["instanceId"] for point in points}), (True, {machine}))
    seen = by_token(cloud.cms.describe_metric_list, lambda page: json.loads(page.datapoints), ("length", "2"), **fields)
    same("points by token", sorted(point["timestamp"] for point in seen), sorted(point["timestamp"] for point in points))
    last = only(json.loads(cloud.cms.describe_metric_last(**fields).datapoints))
    same("the last point", last["timestamp"], max(point["timestamp"] for point in points))
    same("the load", last["Average"] > 50, True)
    same("data", len(json.loads(cloud.cms.describe_metric_data(**fields).datapoints)) > 3, True)
    top = cloud.cms.describe_metric_top(orderby="Average", order_desc="True", length="1", **fields)
    same("the top", only(json.loads(top.datapoints))["instanceId"], machine)


def custom(cloud):
    now = str(int(time.time() * 1000))
    metric = {
        "group_id": "0",
        "metric_name": "sdk",
        "dimensions": '{"app":"shop"}',
        "type": "0",
        "period": "60",
        "time": now,
        "values": '{"value":7.5}',
    }
    same("the report", cloud.cms.put_custom_metric(metric_list=[metric]).code, "200")


def reports(cloud, machine):
    agent = only(cloud.cms.describe_monitoring_agent_statuses(instance_ids=machine).node_status_list.node_status)
    same("the agent", (agent.instance_id, agent.status), (machine, "running"))
    metas = cloud.cms.describe_metric_meta_list(namespace=NAMESPACE, metric_name="CPUUtilization").resources.resource
    same("the metric", [one.metric_name for one in metas], ["CPUUtilization"])
    same("history", cloud.cms.describe_alert_history_list().alarm_history_list.alarm_history, [])
    same("application groups", cloud.cms.describe_monitor_groups().resources.resource, [])
