// Drives the simulated cloud with Alibaba Cloud's official SDKs for Node. Started by scripts/official_sdk_check.py, which
// starts the simulator: node check.mjs ENDPOINT KEY_ID KEY_SECRET. With HTTPS, NODE_EXTRA_CA_CERTS names its authority.
//
// Two lives of a network and a machine: one by the SDKs that sign V3, one by pop-core, which signs V1.

import { createRequire } from "node:module";

// From where the packages are installed, which is not beside this file.
const require = createRequire(`${process.cwd()}/`);
const { $OpenApiUtil } = require("@alicloud/openapi-core");
const ecs = require("@alicloud/ecs20140526");
const vpc = require("@alicloud/vpc20160428");
const cms = require("@alicloud/cms20190101");
const PopCore = require("@alicloud/pop-core");

const [endpoint, accessKeyId, accessKeySecret] = process.argv.slice(2);
const url = new URL(endpoint);
const regionId = "cn-beijing";
const zoneId = "cn-beijing-h";
const publicKey = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-ed25519"), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, 7)]).toString("base64")}`;

const config = (more = {}) =>
  new $OpenApiUtil.Config({ accessKeyId, accessKeySecret, endpoint: url.host, protocol: url.protocol.slice(0, -1), regionId, ...more });

function same(what, got, expected) {
  if (JSON.stringify(got) !== JSON.stringify(expected)) {
    throw new Error(`${what}: got ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`);
  }
}

async function refused(what, code, call) {
  let error;
  try {
    await call();
  } catch (caught) {
    error = caught;
  }
  if (!error) throw new Error(`${what}: accepted, expected ${code}`);
  same(what, error.code, code);
}

// Polls until it holds, for at most thirty seconds.
async function until(what, holds) {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

// Repeats what is refused for something which passes: late release, a state that still changes.
async function patient(codes, call) {
  let answer;
  await until(`an end of ${codes}`, async () => {
    try {
      answer = await call();
      return true;
    } catch (error) {
      if (!codes.includes(error.code)) throw error;
      return false;
    }
  });
  return answer;
}

async function byTheNewSdks() {
  const clients = { ecs: new ecs.default(config()), vpc: new vpc.default(config()), cms: new cms.default(config()) };
  const network = await clients.vpc.createVpc(
    new vpc.CreateVpcRequest({ regionId, cidrBlock: "172.16.0.0/12", vpcName: "node 网络 *~", clientToken: "node-vpc",
      tag: [new vpc.CreateVpcRequestTag({ key: "made-by", value: "node" })] }));
  const vpcId = network.body.vpcId;
  await until("the VPC", async () => {
    const listed = await clients.vpc.describeVpcs(new vpc.DescribeVpcsRequest({ regionId, vpcId }));
    return listed.body.vpcs.vpc[0].status === "Available";
  });
  const listed = await clients.vpc.describeVpcs(new vpc.DescribeVpcsRequest({ regionId, tag: [new vpc.DescribeVpcsRequestTag({ key: "made-by", value: "node" })] }));
  same("VPCs by tag", listed.body.vpcs.vpc.map(row => [row.vpcName, row.cidrBlock]), [["node 网络 *~", "172.16.0.0/12"]]);
  const subnet = await clients.vpc.createVSwitch(new vpc.CreateVSwitchRequest({ regionId, vpcId, zoneId, cidrBlock: "172.16.1.0/24" }));
  const vSwitchId = subnet.body.vSwitchId;
  const group = await clients.ecs.createSecurityGroup(new ecs.CreateSecurityGroupRequest({ regionId, vpcId, securityGroupName: "node" }));
  const securityGroupId = group.body.securityGroupId;
  await clients.ecs.authorizeSecurityGroup(new ecs.AuthorizeSecurityGroupRequest({ regionId, securityGroupId,
    permissions: [new ecs.AuthorizeSecurityGroupRequestPermissions({ ipProtocol: "tcp", portRange: "443/443", sourceCidrIp: "0.0.0.0/0" })] }));
  const rules = await clients.ecs.describeSecurityGroupAttribute(new ecs.DescribeSecurityGroupAttributeRequest({ regionId, securityGroupId }));
  same("rules", rules.body.permissions.permission.map(rule => [rule.direction, rule.portRange]), [["ingress", "443/443"]]);
  await clients.ecs.importKeyPair(new ecs.ImportKeyPairRequest({ regionId, keyPairName: "node-key", publicKeyBody: publicKey }));
  const machines = await runMachines(clients, vSwitchId, securityGroupId);
  await watch(clients.cms, machines[0]);
  await deleteAll(clients, { vpcId, vSwitchId, securityGroupId, machines });
}

async function runMachines(clients, vSwitchId, securityGroupId) {
  const run = await patient(["IncorrectVSwitchStatus"], () => clients.ecs.runInstances(new ecs.RunInstancesRequest({
    regionId, imageFamily: "acs:ubuntu_24_04_x64", instanceType: "ecs.c7.large", vSwitchId, securityGroupId, keyPairName: "node-key",
    instanceName: "node", amount: 3, systemDisk: new ecs.RunInstancesRequestSystemDisk({ category: "cloud_essd", size: "40" }) })));
  const ids = run.body.instanceIdSets.instanceIdSet;
  same("machines made", ids.length, 3);
  await until("the machines", async () => {
    const status = await clients.ecs.describeInstanceStatus(new ecs.DescribeInstanceStatusRequest({ regionId, instanceId: ids }));
    return status.body.instanceStatuses.instanceStatus.every(row => row.status === "Running");
  });
  const pages = [];
  for (const pageNumber of [1, 2]) {
    const page = await clients.ecs.describeInstances(new ecs.DescribeInstancesRequest({ regionId, pageNumber, pageSize: 2 }));
    same("TotalCount", page.body.totalCount, 3);
    pages.push(...page.body.instances.instance.map(row => row.instanceId));
  }
  same("machines by pages", [...pages].sort(), [...ids].sort());
  return ids;
}

async function watch(client, instanceId) {
  await client.putResourceMetricRule(new cms.PutResourceMetricRuleRequest({
    ruleId: "node-rule", ruleName: "node cpu", namespace: "acs_ecs_dashboard", metricName: "CPUUtilization",
    resources: JSON.stringify([{ instanceId }]), contactGroups: "ops-team", period: "60",
    escalations: new cms.PutResourceMetricRuleRequestEscalations({ critical: new cms.PutResourceMetricRuleRequestEscalationsCritical({
      statistics: "Average", comparisonOperator: "GreaterThanThreshold", threshold: "90", times: 3 }) }) }));
  const rules = await client.describeMetricRuleList(new cms.DescribeMetricRuleListRequest({ ruleIds: "node-rule" }));
  same("the alarm", rules.body.alarms.alarm.map(rule => [rule.metricName, rule.escalations.critical.threshold]), [["CPUUtilization", "90"]]);
  await client.deleteMetricRules(new cms.DeleteMetricRulesRequest({ id: ["node-rule"] }));
}

async function deleteAll(clients, { vpcId, vSwitchId, securityGroupId, machines }) {
  await refused("a VPC in use", "DependencyViolation.VSwitch", () => clients.vpc.deleteVpc(new vpc.DeleteVpcRequest({ regionId, vpcId })));
  await clients.ecs.deleteInstances(new ecs.DeleteInstancesRequest({ regionId, instanceId: machines, force: true }));
  await patient(["InvalidParameter.KeypairAlreadyAttachedInstance"], () => clients.ecs.deleteKeyPairs(
    new ecs.DeleteKeyPairsRequest({ regionId, keyPairNames: '["node-key"]' })));
  await patient(["DependencyViolation"], () => clients.ecs.deleteSecurityGroup(new ecs.DeleteSecurityGroupRequest({ regionId, securityGroupId })));
  await patient(["DependencyViolation", "DependencyViolation.NetworkInterface"], () => clients.vpc.deleteVSwitch(
    new vpc.DeleteVSwitchRequest({ regionId, vSwitchId })));
  await patient(["DependencyViolation.VSwitch", "DependencyViolation.SecurityGroup"], () => clients.vpc.deleteVpc(
    new vpc.DeleteVpcRequest({ regionId, vpcId })));
}

async function badKeys() {
  const wrong = new vpc.default(config({ accessKeySecret: "wrong" }));
  await refused("a wrong secret", "SignatureDoesNotMatch", () => wrong.describeRegions(new vpc.DescribeRegionsRequest({})));
  const unknown = new vpc.default(config({ accessKeyId: "LTAI-nobody" }));
  await refused("an unknown key", "InvalidAccessKeyId.NotFound", () => unknown.describeRegions(new vpc.DescribeRegionsRequest({})));
}

async function byPopCore() {
  const client = apiVersion => new PopCore({ accessKeyId, accessKeySecret, endpoint, apiVersion });
  const [machines, networks] = [client("2014-05-26"), client("2016-04-28")];
  const post = { method: "POST" };
  const { VpcId } = await networks.request("CreateVpc", { RegionId: regionId, CidrBlock: "10.0.0.0/8", VpcName: "pop core!*'()" }, post);
  await until("the VPC", async () => {
    const answer = await networks.request("DescribeVpcAttribute", { RegionId: regionId, VpcId });
    return answer.Status === "Available" && answer.VpcName === "pop core!*'()";
  });
  const { SecurityGroupId } = await machines.request("CreateSecurityGroup", { RegionId: regionId, VpcId, "Tag.1.Key": "a", "Tag.1.Value": "b" }, post);
  const listed = await machines.request("DescribeSecurityGroups", { RegionId: regionId, "Tag.1.Key": "a", "Tag.1.Value": "b" });
  same("groups by tag", listed.SecurityGroups.SecurityGroup.map(row => row.SecurityGroupId), [SecurityGroupId]);
  await refused("a missing group", "InvalidSecurityGroupId.NotFound", () => machines.request("DescribeSecurityGroupAttribute", { RegionId: regionId, SecurityGroupId: "sg-none" }));
  const wrong = new PopCore({ accessKeyId, accessKeySecret: "wrong", endpoint, apiVersion: "2014-05-26" });
  await refused("a wrong secret", "SignatureDoesNotMatch", () => wrong.request("DescribeRegions", {}));
  await machines.request("DeleteSecurityGroup", { RegionId: regionId, SecurityGroupId }, post);
  await patient(["DependencyViolation.SecurityGroup"], () => networks.request("DeleteVpc", { RegionId: regionId, VpcId }, post));
}

await byTheNewSdks();
await badKeys();
await byPopCore();
