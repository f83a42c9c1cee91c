// The life of what leads out: NAT gateways with SNAT and forward entries, public addresses (EIP), bandwidth packages.

import { only, refused, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";

const moving = [
  "IncorrectEipStatus",
  "IncorrectStatus.NatGateway",
  "IncorretForwardEntryStatus",
  "IncorretSnatEntryStatus",
  "TaskConflict",
  "OperationConflict",
];

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  const addresses = [await allocate(cloud, "node-out"), await allocate(cloud, "node-machine")];
  await bandwidthPackage(cloud, addresses);
  await ofAMachine(cloud, ground, addresses[1]);
  await gateway(cloud, ground, addresses[0]);
  for (const allocationId of addresses) await cloud.patient(moving, () => cloud.vpc.releaseEipAddress({ allocationId }));
  await cloud.until("the addresses' end", async () => (await cloud.vpc.describeEipAddresses()).eipAddresses.eipAddress.length === 0);
  await ground.delete();
}

async function address(cloud, allocationId) {
  return only((await cloud.vpc.describeEipAddresses({ allocationId })).eipAddresses.eipAddress);
}

async function allocate(cloud, name) {
  const made = await cloud.vpc.allocateEipAddress({
    name,
    bandwidth: "5",
    internetChargeType: "PayByTraffic",
    ISP: "BGP",
    tag: [{ key: "a", value: name }],
  });
  const row = await address(cloud, made.allocationId);
  const seen = [row.ipAddress, row.status, row.bandwidth, row.internetChargeType, row.name, row.tags.tag.map(tag => tag.value)];
  same("the address", seen, [made.eipAddress, "Available", "5", "PayByTraffic", name, [name]]);
  return made.allocationId;
}

async function bandwidthPackage(cloud, addresses) {
  const { bandwidthPackageId } = await cloud.vpc.createCommonBandwidthPackage({
    bandwidth: 20,
    internetChargeType: "PayByBandwidth",
    name: "node",
  });
  const row = async () =>
    (await cloud.vpc.describeCommonBandwidthPackages({ bandwidthPackageId })).commonBandwidthPackages.commonBandwidthPackage[0];
  await cloud.until("the package", async () => (await row()).status === "Available");
  for (const ipInstanceId of addresses) {
    await cloud.patient(moving, () => cloud.vpc.addCommonBandwidthPackageIp({ bandwidthPackageId, ipInstanceId }));
    await cloud.until(
      "the address in the package",
      async () => (await address(cloud, ipInstanceId)).bandwidthPackageId === bandwidthPackageId,
    );
  }
  await cloud.vpc.modifyCommonBandwidthPackageSpec({ bandwidthPackageId, bandwidth: "30" });
  await cloud.vpc.modifyCommonBandwidthPackageAttribute({ bandwidthPackageId, name: "renamed", description: "changed" });
  await cloud.until("the bandwidth", async () => (await row()).bandwidth === "30");
  const seen = await row();
  const inside = seen.publicIpAddresses.publicIpAddresse.map(one => one.allocationId).sort();
  same(
    "the package",
    [seen.name, seen.description, seen.internetChargeType, inside],
    ["renamed", "changed", "PayByBandwidth", [...addresses].sort()],
  );
  for (const ipInstanceId of addresses) {
    await cloud.patient(moving, () => cloud.vpc.removeCommonBandwidthPackageIp({ bandwidthPackageId, ipInstanceId }));
  }
  await cloud.until("the empty package", async () => (await row()).publicIpAddresses.publicIpAddresse.length === 0);
  await cloud.patient(moving, () => cloud.vpc.deleteCommonBandwidthPackage({ bandwidthPackageId }));
  await cloud.until("the package's end", async () => !(await row()));
}

async function ofAMachine(cloud, ground, allocationId) {
  const instanceId = await ground.machine();
  await cloud.vpc.associateEipAddress({ allocationId, instanceId });
  await cloud.until("the binding", async () => (await address(cloud, allocationId)).status === "InUse");
  const bound = await address(cloud, allocationId);
  same("what it is bound to", [bound.instanceId, bound.instanceType], [instanceId, "EcsInstance"]);
  const seen = (await ground.row(instanceId)).eipAddress;
  same("the machine's address", [seen.allocationId, seen.ipAddress, seen.bandwidth], [allocationId, bound.ipAddress, 5]);
  await cloud.vpc.modifyEipAddressAttribute({ allocationId, bandwidth: "10", name: "renamed", description: "changed" });
  const changed = await address(cloud, allocationId);
  same("the changed address", [changed.bandwidth, changed.name, changed.description], ["10", "renamed", "changed"]);
  await refused("IncorrectEipStatus", () => cloud.vpc.releaseEipAddress({ allocationId }));
  await cloud.vpc.unassociateEipAddress({ allocationId, instanceId });
  await cloud.until("the address being free", async () => (await address(cloud, allocationId)).status === "Available");
}

async function gateway(cloud, ground, allocationId) {
  const made = await cloud.vpc.createNatGateway({
    vpcId: ground.vpcId,
    vSwitchId: ground.vSwitchId,
    natType: "Enhanced",
    name: "node",
    instanceChargeType: "PostPaid",
    internetChargeType: "PayByLcu",
  });
  const { natGatewayId } = made;
  const row = async () => (await cloud.vpc.describeNatGateways({ natGatewayId })).natGateways.natGateway[0];
  await cloud.until("the gateway", async () => (await row()).status === "Available");
  const seen = await row();
  same("the gateway", [seen.name, seen.natType, seen.natGatewayPrivateInfo.vswitchId], ["node", "Enhanced", ground.vSwitchId]);
  await cloud.vpc.modifyNatGatewayAttribute({ natGatewayId, name: "renamed", description: "changed" });
  await refused("OperationUnsupported.PostPaid", () => cloud.vpc.modifyNatGatewaySpec({ natGatewayId, spec: "Large" }));
  const binding = { allocationId, instanceId: natGatewayId, instanceType: "Nat" };
  await cloud.vpc.associateEipAddress(binding);
  await cloud.until("the address", async () => (await address(cloud, allocationId)).status === "InUse");
  const { ipAddress } = await address(cloud, allocationId);
  await snat(cloud, ground, made.snatTableIds.snatTableId[0], ipAddress);
  await forward(cloud, made.forwardTableIds.forwardTableId[0], ipAddress);
  await refused("DependencyViolation.EIPS", () => cloud.vpc.deleteNatGateway({ natGatewayId }));
  await cloud.patient(moving, () => cloud.vpc.unassociateEipAddress(binding));
  await cloud.until("the address being free", async () => (await address(cloud, allocationId)).status === "Available");
  const attribute = await cloud.vpc.getNatGatewayAttribute({ natGatewayId });
  const counts = [attribute.snatTable.snatEntryCount, attribute.forwardTable.forwardEntryCount];
  same("the gateway's attributes", [attribute.name, attribute.description, counts], ["renamed", "changed", [0, 0]]);
  await cloud.patient(moving, () => cloud.vpc.deleteNatGateway({ natGatewayId }));
  await cloud.until("the gateway's end", async () => !(await row()));
}

async function snat(cloud, { vSwitchId }, snatTableId, snatIp) {
  const { snatEntryId } = await cloud.vpc.createSnatEntry({ snatTableId, sourceVSwitchId: vSwitchId, snatIp, snatEntryName: "node" });
  const rows = async () => (await cloud.vpc.describeSnatTableEntries({ snatTableId })).snatTableEntries.snatTableEntry;
  await cloud.until("the entry", async () => only(await rows()).status === "Available");
  await cloud.vpc.modifySnatEntry({ snatTableId, snatEntryId, snatIp, snatEntryName: "renamed" });
  await cloud.until("the change", async () => only(await rows()).status === "Available");
  const row = only(await rows());
  const seen = [row.snatEntryId, row.snatEntryName, row.sourceVSwitchId, row.sourceCIDR, row.snatIp];
  same("the SNAT entry", seen, [snatEntryId, "renamed", vSwitchId, "172.16.1.0/24", snatIp]);
  await cloud.patient(moving, () => cloud.vpc.deleteSnatEntry({ snatTableId, snatEntryId }));
  await cloud.until("the entry's end", async () => (await rows()).length === 0);
}

async function forward(cloud, forwardTableId, externalIp) {
  const fields = { forwardTableId, externalIp, internalIp: "172.16.1.77", ipProtocol: "tcp", internalPort: "80" };
  const { forwardEntryId } = await cloud.vpc.createForwardEntry({ externalPort: "8080", forwardEntryName: "node", ...fields });
  const rows = async () => (await cloud.vpc.describeForwardTableEntries({ forwardTableId })).forwardTableEntries.forwardTableEntry;
  await cloud.until("the entry", async () => only(await rows()).status === "Available");
  await cloud.vpc.modifyForwardEntry({ forwardEntryId, externalPort: "8443", forwardEntryName: "renamed", ...fields });
  await cloud.until("the change", async () => only(await rows()).status === "Available");
  const row = only(await rows());
  const seen = [row.forwardEntryName, row.externalIp, row.externalPort, row.internalIp, row.internalPort, row.ipProtocol];
  same("the forward entry", seen, ["renamed", externalIp, "8443", "172.16.1.77", "80", "tcp"]);
  await cloud.patient(moving, () => cloud.vpc.deleteForwardEntry({ forwardTableId, forwardEntryId }));
  await cloud.until("the entry's end", async () => (await rows()).length === 0);
}
