// pop-core, which signs V1: the life of a machine with its group and key pair, of a disk and a snapshot, and of an alarm.

import { zoneId } from "./cloud.mjs";
import { only, refused, same } from "./expect.mjs";
import { held, imageFamily } from "./ground.mjs";
import { makeNetwork, remove } from "./pop-network.mjs";

export async function live(cloud) {
  const [vpc, ecs] = [cloud.pop("vpc"), cloud.pop("ecs")];
  const network = await makeNetwork(cloud, vpc);
  const SecurityGroupId = await fence(ecs, network);
  await ecs("CreateKeyPair", { KeyPairName: "pop-key" });
  const InstanceId = await run(cloud, ecs, { ...network, SecurityGroupId });
  await power(cloud, ecs, InstanceId);
  await storage(cloud, ecs, InstanceId);
  await command(cloud, ecs, InstanceId);
  await alarm(cloud.pop("cms"), InstanceId);
  await ecs("DeleteInstance", { InstanceId, Force: true });
  await cloud.until("the machine's end", async () => !(await row(ecs, InstanceId)));
  await cloud.patient(["InvalidParameter.KeypairAlreadyAttachedInstance"], () => ecs("DeleteKeyPairs", { KeyPairNames: '["pop-key"]' }));
  await cloud.patient(held, () => ecs("DeleteSecurityGroup", { SecurityGroupId }));
  await remove(cloud, vpc, network);
}

async function fence(ecs, { VpcId }) {
  const { SecurityGroupId } = await ecs("CreateSecurityGroup", { VpcId, "Tag.1.Key": "a", "Tag.1.Value": "b" });
  const listed = await ecs("DescribeSecurityGroups", { "Tag.1.Key": "a", "Tag.1.Value": "b" });
  same("the group by tag", only(listed.SecurityGroups.SecurityGroup).SecurityGroupId, SecurityGroupId);
  await ecs("AuthorizeSecurityGroup", {
    SecurityGroupId,
    "Permissions.1.IpProtocol": "tcp",
    "Permissions.1.PortRange": "22/22",
    "Permissions.1.SourceCidrIp": "10.0.0.0/8",
  });
  const { Permissions } = await ecs("DescribeSecurityGroupAttribute", { SecurityGroupId });
  same(
    "the rule",
    Permissions.Permission.map(rule => [rule.IpProtocol, rule.PortRange, rule.SourceCidrIp]),
    [["TCP", "22/22", "10.0.0.0/8"]],
  );
  await refused("InvalidSecurityGroupId.NotFound", () => ecs("DescribeSecurityGroupAttribute", { SecurityGroupId: "sg-none" }), 404);
  return SecurityGroupId;
}

async function row(ecs, InstanceId) {
  return (await ecs("DescribeInstances", { InstanceIds: JSON.stringify([InstanceId]) })).Instances.Instance[0];
}

function reaches(cloud, ecs, InstanceId, status) {
  return cloud.until(status, async () => (await row(ecs, InstanceId)).Status === status);
}

async function run(cloud, ecs, { VSwitchId, SecurityGroupId }) {
  const fields = {
    ImageFamily: imageFamily,
    InstanceType: "ecs.c7.large",
    VSwitchId,
    SecurityGroupId,
    KeyPairName: "pop-key",
    InstanceName: "pop",
    ClientToken: "pop-run",
    "SystemDisk.Category": "cloud_essd",
    "SystemDisk.Size": 40,
    "DataDisk.1.Category": "cloud_essd",
    "DataDisk.1.Size": 20,
    "Tag.1.Key": "made-by",
    "Tag.1.Value": "pop",
  };
  const InstanceId = only((await ecs("RunInstances", fields)).InstanceIdSets.InstanceIdSet);
  same("a repeated run", (await ecs("RunInstances", fields)).InstanceIdSets.InstanceIdSet, [InstanceId]);
  await reaches(cloud, ecs, InstanceId, "Running");
  const seen = await row(ecs, InstanceId);
  same("the machine", [seen.InstanceName, seen.Cpu, seen.Memory, seen.KeyPairName], ["pop", 2, 4096, "pop-key"]);
  same("its tag", seen.Tags.Tag, [{ TagKey: "made-by", TagValue: "pop" }]);
  return InstanceId;
}

async function power(cloud, ecs, InstanceId) {
  await ecs("StopInstance", { InstanceId });
  await reaches(cloud, ecs, InstanceId, "Stopped");
  await ecs("ModifyInstanceAttribute", { InstanceId, InstanceName: "renamed" });
  await ecs("ModifyInstanceSpec", { InstanceId, InstanceType: "ecs.c7.xlarge" });
  await ecs("StartInstance", { InstanceId });
  await reaches(cloud, ecs, InstanceId, "Running");
  const seen = await row(ecs, InstanceId);
  same("the changed machine", [seen.InstanceName, seen.InstanceType, seen.Cpu], ["renamed", "ecs.c7.xlarge", 4]);
  await refused("IncorrectInstanceStatus", () => ecs("StartInstance", { InstanceId }), 403);
}

async function storage(cloud, ecs, InstanceId) {
  const { DiskId } = await ecs("CreateDisk", { ZoneId: zoneId, DiskCategory: "cloud_essd", Size: 40 });
  const disk = async () => (await ecs("DescribeDisks", { DiskIds: JSON.stringify([DiskId]) })).Disks.Disk[0];
  await cloud.until("the disk", async () => (await disk()).Status === "Available");
  await ecs("AttachDisk", { InstanceId, DiskId });
  await cloud.until("the attachment", async () => (await disk()).Status === "In_use");
  await ecs("ResizeDisk", { DiskId, NewSize: 60, Type: "online" });
  await cloud.until("the size", async () => (await disk()).Size === 60);
  await pages(ecs, InstanceId);
  const { SnapshotId } = await ecs("CreateSnapshot", { DiskId });
  const snapshots = async () => (await ecs("DescribeSnapshots", { SnapshotIds: JSON.stringify([SnapshotId]) })).Snapshots.Snapshot;
  await cloud.until("the snapshot", async () => only(await snapshots()).Status === "accomplished");
  await ecs("DeleteSnapshot", { SnapshotId });
  await cloud.until("the snapshot's end", async () => (await snapshots()).length === 0);
  await ecs("DetachDisk", { InstanceId, DiskId });
  await cloud.until("the detachment", async () => (await disk()).Status === "Available");
  await ecs("DeleteDisk", { DiskId });
  await cloud.until("the disk's end", async () => !(await disk()));
}

// Three disks: the system's, the data disk, the one attached later.
async function pages(ecs, InstanceId) {
  const ids = [];
  for (const PageNumber of [1, 2])
    ids.push(...(await ecs("DescribeDisks", { InstanceId, PageNumber, PageSize: 2 })).Disks.Disk.map(one => one.DiskId));
  const seen = [];
  let NextToken;
  do {
    const page = await ecs("DescribeDisks", { InstanceId, MaxResults: 1, ...(NextToken ? { NextToken } : {}) });
    seen.push(...page.Disks.Disk.map(one => one.DiskId));
    NextToken = page.NextToken;
  } while (NextToken);
  same("disks by number and by token", [ids.length, seen.sort()], [3, ids.sort()]);
}

async function command(cloud, ecs, InstanceId) {
  const { InvokeId } = await ecs("RunCommand", {
    Type: "RunShellScript",
    CommandContent: "echo pop",
    ContentEncoding: "PlainText",
    "InstanceId.1": InstanceId,
  });
  const result = async () => only((await ecs("DescribeInvocationResults", { InvokeId })).Invocation.InvocationResults.InvocationResult);
  await cloud.until("the run", async () => (await result()).InvocationStatus === "Success");
  const { ExitCode, Output } = await result();
  same("what it said", [ExitCode, Buffer.from(Output, "base64").toString()], [0, "pop\n"]);
}

async function alarm(cms, instanceId) {
  const level = { Statistics: "Average", ComparisonOperator: "GreaterThanThreshold", Threshold: "90", Times: 3 };
  const critical = Object.fromEntries(Object.entries(level).map(([name, value]) => [`Escalations.Critical.${name}`, value]));
  const put = await cms("PutResourceMetricRule", {
    RuleId: "pop-rule",
    RuleName: "pop cpu",
    Namespace: "acs_ecs_dashboard",
    MetricName: "CPUUtilization",
    Resources: JSON.stringify([{ instanceId }]),
    ContactGroups: "ops-team",
    ...critical,
  });
  same("the put", [put.Success, put.Code], [true, "200"]);
  const rules = async () => (await cms("DescribeMetricRuleList", { RuleIds: "pop-rule" })).Alarms.Alarm;
  const seen = only(await rules());
  same(
    "the rule",
    [seen.MetricName, seen.Escalations.Critical.Threshold, JSON.parse(seen.Resources)],
    ["CPUUtilization", "90", [{ instanceId }]],
  );
  await cms("DeleteMetricRules", { "Id.1": "pop-rule" });
  same("rules left", await rules(), []);
}
