// The life of what watches: contacts and their groups, alarms with targets, metrics, metrics that callers report.

import { only, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";

const namespace = "acs_ecs_dashboard";

export async function live(cloud) {
  await contacts(cloud);
  const ground = await Ground.make(cloud);
  const instanceId = await ground.machine();
  await alarm(cloud, instanceId);
  await alarms(cloud, instanceId);
  await targets(cloud);
  await metrics(cloud, instanceId);
  await reports(cloud, instanceId);
  await cloud.cms.deleteMetricRules({ id: ["node-rule", "node-one", "node-two"] });
  same("alarms left", (await cloud.cms.describeMetricRuleList()).alarms.alarm, []);
  await cloud.cms.deleteContactGroup({ contactGroupName: "node-group" });
  await cloud.cms.deleteContact({ contactName: "node-contact" });
  await ground.delete();
}

async function contacts(cloud) {
  await cloud.cms.putContact({ contactName: "node-contact", describe: "by the SDK", channels: { mail: "ops@example.com" } });
  const contact = only((await cloud.cms.describeContactList({ contactName: "node-contact" })).contacts.contact);
  same("the contact", [contact.name, contact.desc, contact.channels.mail], ["node-contact", "by the SDK", "ops@example.com"]);
  await cloud.cms.putContactGroup({ contactGroupName: "node-group", describe: "group", contactNames: ["node-contact"] });
  const listed = await cloud.cms.describeContactGroupList();
  same("groups", listed.contactGroups.contactGroup.sort(), ["node-group", "ops-team"]);
  const group = listed.contactGroupList.contactGroup.find(one => one.name === "node-group");
  same("the group", [group.contacts.contact, group.describe], [["node-contact"], "group"]);
  const pages = [];
  for (const pageNumber of [1, 2]) pages.push(await cloud.cms.describeContactGroupList({ pageNumber, pageSize: 1 }));
  same(
    "pages of groups",
    pages.map(page => [page.total, page.contactGroups.contactGroup.length]),
    [
      [2, 1],
      [2, 1],
    ],
  );
}

const level = threshold => ({ critical: { statistics: "Average", comparisonOperator: "GreaterThanThreshold", threshold, times: 3 } });

async function alarm(cloud, instanceId) {
  const ruleId = "node-rule";
  const rule = async () => only((await cloud.cms.describeMetricRuleList({ ruleIds: ruleId })).alarms.alarm);
  const fields = {
    ruleId,
    ruleName: "node cpu",
    namespace,
    metricName: "CPUUtilization",
    resources: JSON.stringify([{ instanceId }]),
    contactGroups: "node-group",
    period: "60",
  };
  same("the put", (await cloud.cms.putResourceMetricRule({ escalations: level("90"), ...fields })).success, true);
  const seen = await rule();
  same("the rule", [seen.metricName, seen.contactGroups, seen.enableState, seen.period], ["CPUUtilization", "node-group", true, "60"]);
  const { statistics, comparisonOperator, threshold, times } = seen.escalations.critical;
  same("its level", [statistics, comparisonOperator, threshold, times], ["Average", "GreaterThanThreshold", "90", 3]);
  same("its resources", JSON.parse(seen.resources), [{ instanceId }]);
  await cloud.cms.putResourceMetricRule({ escalations: level("80"), ...fields });
  same("the changed rule", (await rule()).escalations.critical.threshold, "80");
  await cloud.cms.disableMetricRules({ ruleId: [ruleId] });
  await cloud.until("the switch", async () => (await rule()).enableState === false);
  await cloud.cms.enableMetricRules({ ruleId: [ruleId] });
  await cloud.until("the switch", async () => (await rule()).enableState === true);
}

// Two more in one call, then all three in pages of two.
async function alarms(cloud, instanceId) {
  const rules = ["one", "two"].map(name => ({
    ruleId: `node-${name}`,
    ruleName: `node ${name}`,
    namespace,
    metricName: "diskusage_utilization",
    resources: JSON.stringify([{ instanceId }]),
    contactGroups: "node-group",
    escalations: level("85"),
  }));
  same("the put", (await cloud.cms.putResourceMetricRules({ rules })).success, true);
  const pages = [];
  for (const page of [1, 2]) pages.push(await cloud.cms.describeMetricRuleList({ page, pageSize: 2 }));
  same(
    "totals",
    pages.map(page => page.total),
    ["3", "3"],
  );
  same("alarms by number", pages.flatMap(page => page.alarms.alarm.map(one => one.ruleId)).sort(), ["node-one", "node-rule", "node-two"]);
}

async function targets(cloud) {
  const ruleId = "node-rule";
  const arn = "acs:mns:cn-beijing:1234567890123456:/queues/node/messages";
  const listed = async () => (await cloud.cms.describeMetricRuleTargets({ ruleId })).targets.target;
  await cloud.cms.putMetricRuleTargets({ ruleId, targets: [{ id: "1", arn, level: "CRITICAL" }] });
  same(
    "the target",
    (await listed()).map(one => [one.id, one.arn, one.level]),
    [["1", arn, "CRITICAL"]],
  );
  await cloud.cms.deleteMetricRuleTargets({ ruleId, targetIds: ["1"] });
  same("targets left", await listed(), []);
}

async function metrics(cloud, instanceId) {
  await cloud.post("load", { id: instanceId, profile: "busy" });
  await cloud.jump(600);
  const fields = { namespace, metricName: "CPUUtilization", dimensions: JSON.stringify([{ instanceId }]), period: "60" };
  const stamps = page => JSON.parse(page.datapoints).map(point => point.timestamp);
  const points = stamps(await cloud.cms.describeMetricList(fields));
  same("points", points.length > 3, true);
  const seen = [];
  let nextToken;
  do {
    const page = await cloud.cms.describeMetricList({ ...fields, length: "2", nextToken });
    seen.push(...stamps(page));
    nextToken = page.nextToken;
  } while (nextToken);
  same("points by token", seen.sort(), points.sort());
  const last = only(JSON.parse((await cloud.cms.describeMetricLast(fields)).datapoints));
  same("the last point", [last.timestamp, last.Average > 50], [Math.max(...points), true]);
  same("data", stamps(await cloud.cms.describeMetricData(fields)).length > 3, true);
  const top = await cloud.cms.describeMetricTop({ ...fields, orderby: "Average", orderDesc: "True", length: "1" });
  same("the top", only(JSON.parse(top.datapoints)).instanceId, instanceId);
}

async function reports(cloud, instanceId) {
  const metric = {
    groupId: "0",
    metricName: "node",
    dimensions: '{"app":"shop"}',
    type: "0",
    period: "60",
    time: String(Date.now()),
    values: '{"value":7.5}',
  };
  same("the report", (await cloud.cms.putCustomMetric({ metricList: [metric] })).code, "200");
  const agent = only((await cloud.cms.describeMonitoringAgentStatuses({ instanceIds: instanceId })).nodeStatusList.nodeStatus);
  same("the agent", [agent.instanceId, agent.status], [instanceId, "running"]);
  const metas = await cloud.cms.describeMetricMetaList({ namespace, metricName: "CPUUtilization" });
  same(
    "the metric",
    metas.resources.resource.map(one => one.metricName),
    ["CPUUtilization"],
  );
  same("history", (await cloud.cms.describeAlertHistoryList()).alarmHistoryList.alarmHistory, []);
  same("application groups", (await cloud.cms.describeMonitorGroups()).resources.resource, []);
}
