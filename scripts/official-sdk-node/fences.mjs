// The life of what lets traffic through: security groups with rules both ways and references, prefix lists, network ACLs.

import { byToken } from "./cloud.mjs";
import { only, refused, same } from "./expect.mjs";
import { Ground, held } from "./ground.mjs";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  const { securityGroupId } = await cloud.ecs.createSecurityGroup({
    vpcId: ground.vpcId,
    securityGroupName: "node-web",
    description: "web",
    tag: [{ key: "made-by", value: "node" }],
  });
  await ingress(cloud, securityGroupId);
  await egress(cloud, securityGroupId);
  await references(cloud, ground, securityGroupId);
  await prefixList(cloud, securityGroupId);
  await members(cloud, ground, securityGroupId);
  const listed = await byToken(cloud.ecs.describeSecurityGroups, {}, page =>
    page.securityGroups.securityGroup.map(row => row.securityGroupId),
  );
  same("groups by token", listed.sort(), [ground.securityGroupId, securityGroupId].sort());
  await cloud.ecs.deleteSecurityGroup({ securityGroupId });
  await networkAcl(cloud, ground);
  await ground.delete();
}

async function rules(cloud, securityGroupId, direction = "ingress") {
  return (await cloud.ecs.describeSecurityGroupAttribute({ securityGroupId, direction })).permissions.permission;
}

async function ingress(cloud, securityGroupId) {
  const permissions = [80, 443].map(port => ({
    ipProtocol: "tcp",
    portRange: `${port}/${port}`,
    sourceCidrIp: "0.0.0.0/0",
    priority: "1",
  }));
  // Duplicates succeed.
  for (let time = 0; time < 2; time++) await cloud.ecs.authorizeSecurityGroup({ securityGroupId, permissions });
  const seen = (await rules(cloud, securityGroupId)).map(rule => [
    rule.ipProtocol,
    rule.portRange,
    rule.sourceCidrIp,
    rule.policy,
    rule.priority,
  ]);
  same("rules", seen.sort(), [
    ["TCP", "443/443", "0.0.0.0/0", "Accept", "1"],
    ["TCP", "80/80", "0.0.0.0/0", "Accept", "1"],
  ]);
  const { securityGroupRuleId } = (await rules(cloud, securityGroupId))[0];
  await cloud.ecs.modifySecurityGroupRule({
    securityGroupId,
    securityGroupRuleId,
    ipProtocol: "UDP",
    portRange: "53/53",
    sourceCidrIp: "10.0.0.0/8",
    policy: "drop",
    priority: "7",
  });
  const changed = (await rules(cloud, securityGroupId)).find(rule => rule.securityGroupRuleId === securityGroupRuleId);
  same("the changed rule", [changed.ipProtocol, changed.portRange, changed.policy, changed.priority], ["UDP", "53/53", "Drop", "7"]);
  await cloud.ecs.revokeSecurityGroup({ securityGroupId, securityGroupRuleId: [securityGroupRuleId] });
  const { portRange } = only(await rules(cloud, securityGroupId));
  await cloud.ecs.revokeSecurityGroup({
    securityGroupId,
    permissions: [{ ipProtocol: "tcp", portRange, sourceCidrIp: "0.0.0.0/0", priority: "1" }],
  });
  same("rules after the revokes", await rules(cloud, securityGroupId), []);
}

async function egress(cloud, securityGroupId) {
  await cloud.ecs.authorizeSecurityGroupEgress({
    securityGroupId,
    permissions: [{ ipProtocol: "ALL", portRange: "-1/-1", destCidrIp: "203.0.113.0/24", policy: "drop" }],
  });
  const rule = only(await rules(cloud, securityGroupId, "egress"));
  same("the rule outwards", [rule.direction, rule.ipProtocol, rule.destCidrIp, rule.policy], ["egress", "ALL", "203.0.113.0/24", "Drop"]);
  const { securityGroupRuleId } = rule;
  await cloud.ecs.modifySecurityGroupEgressRule({ securityGroupId, securityGroupRuleId, description: "changed" });
  same("the changed rule", only(await rules(cloud, securityGroupId, "egress")).description, "changed");
  await cloud.ecs.revokeSecurityGroupEgress({ securityGroupId, securityGroupRuleId: [securityGroupRuleId] });
  same("rules outwards", await rules(cloud, securityGroupId, "egress"), []);
}

// A group that another one's rule names cannot be deleted.
async function references(cloud, ground, securityGroupId) {
  const rule = {
    securityGroupId: ground.securityGroupId,
    permissions: [{ ipProtocol: "tcp", portRange: "5432/5432", sourceGroupId: securityGroupId }],
  };
  const listed = async () =>
    (await cloud.ecs.describeSecurityGroupReferences({ securityGroupId: [securityGroupId] })).securityGroupReferences
      .securityGroupReference;
  await cloud.ecs.authorizeSecurityGroup(rule);
  same("the group in the rule", only(await rules(cloud, ground.securityGroupId)).sourceGroupId, securityGroupId);
  const seen = only(await listed());
  same(
    "references",
    seen.referencingSecurityGroups.referencingSecurityGroup.map(one => one.securityGroupId),
    [ground.securityGroupId],
  );
  await refused("DependencyViolation", () => cloud.ecs.deleteSecurityGroup({ securityGroupId }), 403);
  await cloud.ecs.revokeSecurityGroup(rule);
  same("references", await listed(), []);
}

async function prefixList(cloud, securityGroupId) {
  const { prefixListId } = await cloud.ecs.createPrefixList({
    prefixListName: "node-list",
    addressFamily: "IPv4",
    maxEntries: 5,
    entry: [{ cidr: "192.0.2.0/24", description: "one" }],
  });
  await cloud.ecs.modifyPrefixList({
    prefixListId,
    prefixListName: "renamed",
    addEntry: [{ cidr: "198.51.100.0/24", description: "two" }],
    removeEntry: [{ cidr: "192.0.2.0/24" }],
  });
  const seen = await cloud.ecs.describePrefixListAttributes({ prefixListId });
  const entries = seen.entries.entry.map(one => [one.cidr, one.description]);
  same("the list", [seen.prefixListName, seen.maxEntries, entries], ["renamed", 5, [["198.51.100.0/24", "two"]]]);
  const rule = { securityGroupId, permissions: [{ ipProtocol: "tcp", portRange: "22/22", sourcePrefixListId: prefixListId }] };
  await cloud.ecs.authorizeSecurityGroup(rule);
  same("the list in the rule", only(await rules(cloud, securityGroupId)).sourcePrefixListId, prefixListId);
  const users = (await cloud.ecs.describePrefixListAssociations({ prefixListId })).prefixListAssociations.prefixListAssociation;
  same(
    "who uses the list",
    users.map(one => [one.resourceType, one.resourceId]),
    [["securitygroup", securityGroupId]],
  );
  same(
    "the listed list",
    only((await cloud.ecs.describePrefixLists({ prefixListId: [prefixListId] })).prefixLists.prefixList).associationCount,
    1,
  );
  await refused("DependencyViolation", () => cloud.ecs.deletePrefixList({ prefixListId }));
  await cloud.ecs.revokeSecurityGroup(rule);
  await cloud.ecs.deletePrefixList({ prefixListId });
}

async function members(cloud, ground, securityGroupId) {
  const instanceId = await ground.machine();
  await cloud.ecs.joinSecurityGroup({ securityGroupId, instanceId });
  same(
    "the machine's groups",
    (await ground.row(instanceId)).securityGroupIds.securityGroupId.sort(),
    [ground.securityGroupId, securityGroupId].sort(),
  );
  await refused("DependencyViolation", () => cloud.ecs.deleteSecurityGroup({ securityGroupId }), 403);
  await cloud.ecs.leaveSecurityGroup({ securityGroupId, instanceId });
  same("the machine's groups", (await ground.row(instanceId)).securityGroupIds.securityGroupId, [ground.securityGroupId]);
  await cloud.ecs.modifySecurityGroupAttribute({ securityGroupId, securityGroupName: "renamed", description: "changed" });
  await cloud.ecs.modifySecurityGroupPolicy({ securityGroupId, innerAccessPolicy: "Drop" });
  const seen = await cloud.ecs.describeSecurityGroupAttribute({ securityGroupId });
  same("the changed group", [seen.securityGroupName, seen.description, seen.innerAccessPolicy], ["renamed", "changed", "Drop"]);
  await cloud.ecs.joinResourceGroup({ resourceId: securityGroupId, resourceType: "securitygroup", resourceGroupId: "rg-node" });
  const row = only((await cloud.ecs.describeSecurityGroups({ tag: [{ key: "made-by", value: "node" }] })).securityGroups.securityGroup);
  same("the group by tag", [row.securityGroupId, row.resourceGroupId], [securityGroupId, "rg-node"]);
}

async function networkAcl(cloud, { vpcId, vSwitchId }) {
  const { networkAclId } = await cloud.vpc.createNetworkAcl({ vpcId, networkAclName: "node" });
  const row = async () =>
    (await cloud.vpc.describeNetworkAcls({ vpcId })).networkAcls.networkAcl.find(one => one.networkAclId === networkAclId);
  const atRest = async () => (await row()).status === "Available";
  await cloud.until("the ACL", atRest);
  const both = { policy: "accept", protocol: "tcp" };
  await cloud.vpc.updateNetworkAclEntries({
    networkAclId,
    updateIngressAclEntries: true,
    ingressAclEntries: [{ networkAclEntryName: "in", port: "443/443", sourceCidrIp: "0.0.0.0/0", ...both }],
    updateEgressAclEntries: true,
    egressAclEntries: [{ networkAclEntryName: "out", port: "1024/65535", destinationCidrIp: "10.0.0.0/8", ...both }],
  });
  await cloud.until("the entries", atRest);
  await cloud.vpc.modifyNetworkAclAttributes({ networkAclId, networkAclName: "renamed", description: "changed" });
  await cloud.until("the change", atRest);
  const seen = (await cloud.vpc.describeNetworkAclAttributes({ networkAclId })).networkAclAttribute;
  same("the ACL", [seen.networkAclName, seen.description], ["renamed", "changed"]);
  const custom = entries => entries.filter(one => one.entryType === "custom").map(one => [one.networkAclEntryName, one.port, one.policy]);
  same("its entries inwards", custom(seen.ingressAclEntries.ingressAclEntry), [["in", "443/443", "accept"]]);
  same("its entries outwards", custom(seen.egressAclEntries.egressAclEntry), [["out", "1024/65535", "accept"]]);
  const binding = { networkAclId, resource: [{ resourceId: vSwitchId, resourceType: "VSwitch" }] };
  await cloud.vpc.associateNetworkAcl(binding);
  await cloud.until("the binding", async () => (await row()).resources.resource[0]?.status === "BINDED");
  same("the VSwitch's ACL", (await cloud.vpc.describeVSwitchAttributes({ vSwitchId })).networkAclId, networkAclId);
  await refused("DependencyViolation.VSwitch", () => cloud.vpc.deleteNetworkAcl({ networkAclId }));
  await cloud.vpc.unassociateNetworkAcl(binding);
  await cloud.until("the binding's end", async () => (await row()).resources.resource.length === 0);
  await cloud.patient([...held, "IncorrectStatus.NetworkAcl"], () => cloud.vpc.deleteNetworkAcl({ networkAclId }));
  await cloud.until("the ACL's end", async () => !(await row()));
}
