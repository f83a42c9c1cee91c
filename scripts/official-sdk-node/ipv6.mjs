// The life of IPv6: a VPC's block, a VSwitch's part of it, and addresses of interfaces.

import { only, refused, same } from "./expect.mjs";
import { Ground, deleteSubnet, deleteVpc, held, makeSubnet, makeVpc, vpcRow } from "./ground.mjs";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  const vpcId = await makeVpc(cloud, { enableIpv6: true });
  const { ipv6CidrBlock } = await vpcRow(cloud, vpcId);
  same("the VPC's block", /^2001:db8:.*::\/56$/.test(ipv6CidrBlock), true);
  const vSwitchId = await makeSubnet(cloud, vpcId, "172.16.1.0/24", { ipv6CidrBlock: 7 });
  const attribute = await cloud.vpc.describeVSwitchAttributes({ vSwitchId });
  same("the VSwitch's block", [attribute.enabledIpv6, attribute.ipv6CidrBlock.endsWith("07::/64")], [true, true]);
  await refused("OperationFailed.CidrInUse", () => cloud.vpc.modifyVpcAttribute({ vpcId, enableIPv6: false }), 400);
  const { securityGroupId } = await cloud.ecs.createSecurityGroup({ vpcId });
  await ofAnInterface(cloud, vSwitchId, securityGroupId);
  await ofAMachine(cloud, ground, { vSwitchId, securityGroupId });
  await cloud.patient(held, () => cloud.ecs.deleteSecurityGroup({ securityGroupId }));
  await switchOff(cloud, vpcId, vSwitchId);
  await deleteSubnet(cloud, vSwitchId);
  await deleteVpc(cloud, vpcId);
  await ground.delete();
}

async function ofAnInterface(cloud, vSwitchId, securityGroupId) {
  const made = await cloud.ecs.createNetworkInterface({ vSwitchId, securityGroupId, ipv6AddressCount: 1 });
  const { networkInterfaceId } = made;
  const first = only(made.ipv6Sets.ipv6Set).ipv6Address;
  await refused("InvalidIp.IpRepeated", () => cloud.ecs.assignIpv6Addresses({ networkInterfaceId, ipv6Address: [first] }), 403);
  const more = (await cloud.ecs.assignIpv6Addresses({ networkInterfaceId, ipv6AddressCount: 2 })).ipv6Sets.ipv6Address;
  const rows = [];
  for (const pageNumber of [1, 2]) {
    const page = await cloud.vpc.describeIpv6Addresses({ associatedInstanceId: networkInterfaceId, pageNumber, pageSize: 2 });
    same("TotalCount", page.totalCount, 3);
    rows.push(...page.ipv6Addresses.ipv6Address.map(row => row.ipv6Address));
  }
  same("addresses by number", rows.sort(), [first, ...more].sort());
  await cloud.ecs.unassignIpv6Addresses({ networkInterfaceId, ipv6Address: [first] });
  const seen = only(
    (await cloud.ecs.describeNetworkInterfaces({ networkInterfaceId: [networkInterfaceId] })).networkInterfaceSets.networkInterfaceSet,
  );
  same("the interface's addresses", seen.ipv6Sets.ipv6Set.map(one => one.ipv6Address).sort(), more.sort());
  await cloud.patient(["InvalidOperation.InvalidEniState"], () => cloud.ecs.deleteNetworkInterface({ networkInterfaceId }));
  await cloud.until("their end", async () => (await cloud.vpc.describeIpv6Addresses({ vSwitchId })).ipv6Addresses.ipv6Address.length === 0);
}

async function ofAMachine(cloud, ground, place) {
  const instanceId = await ground.machine({ ...place, ipv6AddressCount: 1 });
  const [networkInterface] = (await ground.row(instanceId)).networkInterfaces.networkInterface;
  const { ipv6Address } = only(networkInterface.ipv6Sets.ipv6Set);
  same(
    "the machine by address",
    only((await cloud.ecs.describeInstances({ ipv6Address: [ipv6Address] })).instances.instance).instanceId,
    instanceId,
  );
  await ground.deleteMachines();
}

async function switchOff(cloud, vpcId, vSwitchId) {
  await cloud.vpc.modifyVSwitchAttribute({ vSwitchId, enableIPv6: false });
  await cloud.until("the VSwitch at rest", async () => (await cloud.vpc.describeVSwitchAttributes({ vSwitchId })).status === "Available");
  await cloud.vpc.modifyVpcAttribute({ vpcId, enableIPv6: false });
  await cloud.until("the VPC at rest", async () => (await vpcRow(cloud, vpcId)).status === "Available");
  same("the VPC's block", (await cloud.vpc.describeVpcAttribute({ vpcId })).enabledIpv6, false);
}
