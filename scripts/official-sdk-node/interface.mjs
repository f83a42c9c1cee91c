// The life of network interfaces: made, attached, given addresses, changed, detached, deleted.

import { byToken } from "./cloud.mjs";
import { only, refused, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  const instanceId = await ground.machine();
  const networkInterfaceId = await make(cloud, ground);
  await attach(cloud, instanceId, networkInterfaceId);
  await addresses(cloud, networkInterfaceId);
  await change(cloud, ground, networkInterfaceId);
  await byNumberAndToken(cloud, instanceId, networkInterfaceId);
  await eip(cloud, networkInterfaceId);
  await cloud.ecs.detachNetworkInterface({ instanceId, networkInterfaceId });
  await cloud.until("the detachment", async () => (await row(cloud, networkInterfaceId)).status === "Available");
  await cloud.ecs.deleteNetworkInterface({ networkInterfaceId });
  await cloud.until("the interface's end", async () => !(await row(cloud, networkInterfaceId)));
  await ground.delete();
}

async function row(cloud, networkInterfaceId) {
  return (await cloud.ecs.describeNetworkInterfaces({ networkInterfaceId: [networkInterfaceId] })).networkInterfaceSets
    .networkInterfaceSet[0];
}

async function make(cloud, { vSwitchId, vpcId, securityGroupId }) {
  const made = await cloud.ecs.createNetworkInterface({
    vSwitchId,
    securityGroupIds: [securityGroupId],
    primaryIpAddress: "172.16.1.100",
    networkInterfaceName: "node",
    tag: [{ key: "a", value: "b" }],
  });
  const { networkInterfaceId } = made;
  same("the answer", [made.privateIpAddress, made.vSwitchId, made.vpcId, made.type], ["172.16.1.100", vSwitchId, vpcId, "Secondary"]);
  await cloud.until("the interface", async () => (await row(cloud, networkInterfaceId)).status === "Available");
  const seen = await row(cloud, networkInterfaceId);
  same("the interface", [seen.networkInterfaceName, seen.macAddress, seen.tags.tag[0].tagValue], ["node", made.macAddress, "b"]);
  return networkInterfaceId;
}

async function attach(cloud, instanceId, networkInterfaceId) {
  await cloud.ecs.attachNetworkInterface({ instanceId, networkInterfaceId });
  await cloud.until("the attachment", async () => (await row(cloud, networkInterfaceId)).status === "InUse");
  same("where it is", (await row(cloud, networkInterfaceId)).instanceId, instanceId);
  const more = await cloud.ecs.describeInstances({
    instanceIds: JSON.stringify([instanceId]),
    additionalAttributes: ["NETWORK_PRIMARY_ENI_IP"],
  });
  const seen = only(more.instances.instance).networkInterfaces.networkInterface.find(one => one.networkInterfaceId === networkInterfaceId);
  same("the machine's interface", [seen.primaryIpAddress, seen.type], ["172.16.1.100", "Secondary"]);
  await refused("InvalidOperation.InvalidEniState", () => cloud.ecs.deleteNetworkInterface({ networkInterfaceId }));
}

async function addresses(cloud, networkInterfaceId) {
  const own = async () => (await row(cloud, networkInterfaceId)).privateIpSets.privateIpSet.map(one => one.privateIpAddress).sort();
  const made = await cloud.ecs.assignPrivateIpAddresses({ networkInterfaceId, privateIpAddress: ["172.16.1.101", "172.16.1.102"] });
  const assigned = made.assignedPrivateIpAddressesSet.privateIpSet.privateIpAddress;
  same("what was assigned", assigned.sort(), ["172.16.1.101", "172.16.1.102"]);
  same("its addresses", await own(), ["172.16.1.100", "172.16.1.101", "172.16.1.102"]);
  await cloud.ecs.unassignPrivateIpAddresses({ networkInterfaceId, privateIpAddress: ["172.16.1.101"] });
  same("its addresses", await own(), ["172.16.1.100", "172.16.1.102"]);
  const another = await cloud.ecs.assignPrivateIpAddresses({ networkInterfaceId, secondaryPrivateIpAddressCount: 1 });
  same("another address", another.assignedPrivateIpAddressesSet.privateIpSet.privateIpAddress.length, 1);
}

async function change(cloud, ground, networkInterfaceId) {
  const { securityGroupId } = await cloud.ecs.createSecurityGroup({ vpcId: ground.vpcId, securityGroupName: "second" });
  await cloud.ecs.modifyNetworkInterfaceAttribute({
    networkInterfaceId,
    networkInterfaceName: "renamed",
    description: "changed",
    securityGroupId: [securityGroupId],
  });
  const seen = await cloud.ecs.describeNetworkInterfaceAttribute({ networkInterfaceId });
  const attribute = [seen.networkInterfaceName, seen.description, seen.securityGroupIds.securityGroupId];
  same("its attributes", attribute, ["renamed", "changed", [securityGroupId]]);
  await cloud.ecs.joinSecurityGroup({ securityGroupId: ground.securityGroupId, networkInterfaceId });
  await cloud.ecs.leaveSecurityGroup({ securityGroupId, networkInterfaceId });
  same("its groups", (await row(cloud, networkInterfaceId)).securityGroupIds.securityGroupId, [ground.securityGroupId]);
  await cloud.ecs.deleteSecurityGroup({ securityGroupId });
}

// Two: the machine's first and this one.
async function byNumberAndToken(cloud, instanceId, networkInterfaceId) {
  const ids = page => page.networkInterfaceSets.networkInterfaceSet.map(one => one.networkInterfaceId);
  const pages = [];
  for (const pageNumber of [1, 2]) pages.push(await cloud.ecs.describeNetworkInterfaces({ pageNumber, pageSize: 1 }));
  const seen = pages.flatMap(ids);
  same("interfaces by number", [pages[0].totalCount, seen.includes(networkInterfaceId), new Set(seen).size], [2, true, 2]);
  same("interfaces by token", (await byToken(cloud.ecs.describeNetworkInterfaces, { instanceId }, ids)).sort(), seen.sort());
}

async function eip(cloud, networkInterfaceId) {
  const { allocationId, eipAddress } = await cloud.vpc.allocateEipAddress({ bandwidth: "5" });
  const status = async () => only((await cloud.vpc.describeEipAddresses({ allocationId })).eipAddresses.eipAddress).status;
  const binding = { allocationId, instanceId: networkInterfaceId, instanceType: "NetworkInterface" };
  await cloud.vpc.associateEipAddress(binding);
  await cloud.until("the binding", async () => (await status()) === "InUse");
  const seen = (await row(cloud, networkInterfaceId)).associatedPublicIp;
  same("its public address", [seen.allocationId, seen.publicIpAddress], [allocationId, eipAddress]);
  await cloud.vpc.unassociateEipAddress(binding);
  await cloud.until("the address being free", async () => (await status()) === "Available");
  await cloud.vpc.releaseEipAddress({ allocationId });
}
