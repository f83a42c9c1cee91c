// The life of networks: VPCs with further blocks, VSwitches, default ones, and route tables with their entries.

import { byToken, zoneId } from "./cloud.mjs";
import { only, refused, same } from "./expect.mjs";
import { Ground, deleteSubnet, deleteVpc, makeSubnet, makeVpc, vpcRow } from "./ground.mjs";

export async function live(cloud) {
  await networks(cloud);
  await defaults(cloud);
  const ground = await Ground.make(cloud);
  await routeTables(cloud, ground);
  await routeEntries(cloud, ground);
  await ground.delete();
}

async function networks(cloud) {
  const fields = { vpcName: "node 网络 *~", clientToken: "node-vpc", tag: [{ key: "made-by", value: "node" }] };
  const vpcId = await makeVpc(cloud, fields);
  same("a repeated create", (await cloud.vpc.createVpc({ cidrBlock: "172.16.0.0/12", ...fields })).vpcId, vpcId);
  await refused("IdempotentParameterMismatch", () => cloud.vpc.createVpc({ cidrBlock: "10.0.0.0/8", ...fields }));
  const row = only((await cloud.vpc.describeVpcs({ tag: [{ key: "made-by", value: "node" }] })).vpcs.vpc);
  same("the VPC by tag", [row.vpcId, row.vpcName, row.cidrBlock, row.isDefault], [vpcId, "node 网络 *~", "172.16.0.0/12", false]);
  await cloud.vpc.associateVpcCidrBlock({ vpcId, secondaryCidrBlock: "192.168.0.0/16" });
  await cloud.until("the second block", async () => (await vpcRow(cloud, vpcId)).status === "Available");
  same("further blocks", (await cloud.vpc.describeVpcAttribute({ vpcId })).secondaryCidrBlocks.secondaryCidrBlock, ["192.168.0.0/16"]);
  await subnets(cloud, vpcId);
  await cloud.patient(["IncorrectVpcStatus"], () => cloud.vpc.unassociateVpcCidrBlock({ vpcId, secondaryCidrBlock: "192.168.0.0/16" }));
  await cloud.until("the block's end", async () => (await vpcRow(cloud, vpcId)).status === "Available");
  await cloud.vpc.modifyVpcAttribute({ vpcId, vpcName: "renamed", description: "changed" });
  const seen = await cloud.vpc.describeVpcAttribute({ vpcId });
  same("the changed VPC", [seen.vpcName, seen.description, seen.secondaryCidrBlocks.secondaryCidrBlock], ["renamed", "changed", []]);
  await cloud.vpc.moveResourceGroup({ resourceId: vpcId, resourceType: "vpc", newResourceGroupId: "rg-node" });
  same("its resource group", (await vpcRow(cloud, vpcId)).resourceGroupId, "rg-node");
  same("the VPC by ECS", only((await cloud.ecs.describeVpcs({ vpcId })).vpcs.vpc).vpcName, "renamed");
  await byNumber(cloud, vpcId);
  await deleteVpc(cloud, vpcId);
}

async function subnets(cloud, vpcId) {
  const vSwitchId = await makeSubnet(cloud, vpcId, "192.168.7.0/24", { vSwitchName: "node" });
  await refused("InvalidCidrBlock.Overlapped", () => cloud.vpc.createVSwitch({ vpcId, zoneId, cidrBlock: "192.168.0.0/20" }));
  await cloud.vpc.modifyVSwitchAttribute({ vSwitchId, vSwitchName: "renamed", description: "changed" });
  const seen = await cloud.vpc.describeVSwitchAttributes({ vSwitchId });
  same("the VSwitch", [seen.vSwitchName, seen.description, seen.availableIpAddressCount, seen.zoneId], ["renamed", "changed", 252, zoneId]);
  same("the VSwitch by ECS", only((await cloud.ecs.describeVSwitches({ vSwitchId })).vSwitches.vSwitch).vpcId, vpcId);
  await refused("DependencyViolation.VSwitch", () => cloud.vpc.deleteVpc({ vpcId }));
  await deleteSubnet(cloud, vSwitchId);
}

// Three VPCs in pages of two: each once, with the whole number on each page.
async function byNumber(cloud, vpcId) {
  const made = [vpcId, await makeVpc(cloud, { cidrBlock: "10.0.0.0/8" }), await makeVpc(cloud, { cidrBlock: "10.0.0.0/8" })];
  const pages = [];
  for (const pageNumber of [1, 2]) pages.push(await cloud.vpc.describeVpcs({ pageNumber, pageSize: 2 }));
  same(
    "the pages",
    pages.map(page => [page.totalCount, page.pageNumber, page.pageSize, page.vpcs.vpc.length]),
    [
      [3, 1, 2, 2],
      [3, 2, 2, 1],
    ],
  );
  same("VPCs by number", pages.flatMap(page => page.vpcs.vpc.map(row => row.vpcId)).sort(), [...made].sort());
  for (const one of made.slice(1)) await deleteVpc(cloud, one);
}

async function defaults(cloud) {
  const { vpcId } = await cloud.vpc.createDefaultVpc();
  await cloud.until("the default VPC", async () => (await vpcRow(cloud, vpcId)).status === "Available");
  same("it is the default", only((await cloud.vpc.describeVpcs({ isDefault: true })).vpcs.vpc).vpcId, vpcId);
  const { vSwitchId } = await cloud.vpc.createDefaultVSwitch({ zoneId });
  await cloud.until("the default VSwitch", async () => (await cloud.vpc.describeVSwitchAttributes({ vSwitchId })).status === "Available");
  same("it is the default", (await cloud.vpc.describeVSwitchAttributes({ vSwitchId })).isDefault, true);
  await deleteSubnet(cloud, vSwitchId);
  await deleteVpc(cloud, vpcId);
}

async function routeTables(cloud, { vpcId, vSwitchId }) {
  const { routeTableId } = await cloud.vpc.createRouteTable({ vpcId, routeTableName: "node", tag: [{ key: "a", value: "b" }] });
  const row = async () => (await cloud.vpc.describeRouteTableList({ routeTableId })).routerTableList.routerTableListType[0];
  await cloud.until("the table", async () => (await row()).status === "Available");
  await cloud.vpc.modifyRouteTableAttributes({ routeTableId, routeTableName: "renamed", description: "changed" });
  await cloud.patient(["IncorrectRouteTableStatus"], () => cloud.vpc.associateRouteTable({ routeTableId, vSwitchId }));
  await cloud.until("the binding", async () => (await row()).vSwitchIds.vSwitchId.length === 1);
  const seen = await row();
  same(
    "the table",
    [seen.routeTableName, seen.routeTableType, seen.vpcId, seen.vSwitchIds.vSwitchId],
    ["renamed", "Custom", vpcId, [vSwitchId]],
  );
  same(
    "its tag",
    seen.tags.tag.map(tag => [tag.key, tag.value]),
    [["a", "b"]],
  );
  same("the VSwitch's table", (await cloud.vpc.describeVSwitchAttributes({ vSwitchId })).routeTable.routeTableId, routeTableId);
  await cloud.until("rest", async () => (await row()).status === "Available");
  const moving = ["IncorrectVSwitchStatus", "IncorrectRouteTableStatus", "DependencyViolation.VSwitch", "DependencyViolation"];
  await cloud.patient(moving, () => cloud.vpc.unassociateRouteTable({ routeTableId, vSwitchId }));
  await cloud.until("the binding's end", async () => (await row()).vSwitchIds.vSwitchId.length === 0);
  await cloud.patient(moving, () => cloud.vpc.deleteRouteTable({ routeTableId }));
  await cloud.until("the table's end", async () => !(await row()));
}

// The entries of a table that somebody made, a page of one at a time.
async function own(cloud, routeTableId) {
  const rows = await byToken(cloud.vpc.describeRouteEntryList, { routeTableId }, page => page.routeEntrys.routeEntry, "maxResult");
  return rows.filter(row => row.type === "Custom");
}

// Two machines as next hops of the system's table.
async function routeEntries(cloud, ground) {
  const routeTableId = only((await vpcRow(cloud, ground.vpcId)).routerTableIds.routerTableIds);
  const [first, second] = [await ground.machine(), await ground.machine()];
  const nextHopType = "Instance";
  const { routeEntryId } = await cloud.vpc.createRouteEntry({
    routeTableId,
    destinationCidrBlock: "198.51.100.0/24",
    nextHopId: first,
    nextHopType,
    routeEntryName: "one",
  });
  const atRest = count => async () => {
    const rows = await own(cloud, routeTableId);
    return rows.length === count && rows.every(row => row.status === "Available");
  };
  await cloud.until("the entry", atRest(1));
  await cloud.vpc.modifyRouteEntry({
    routeEntryId,
    routeTableId,
    routeEntryName: "two",
    newNextHopId: second,
    newNextHopType: nextHopType,
  });
  await cloud.until("the change", atRest(1));
  const row = only(await own(cloud, routeTableId));
  same("the changed entry", [row.routeEntryName, only(row.nextHops.nextHop).nextHopId], ["two", second]);
  const routeEntries = [0, 16].map(n => ({ routeTableId, dstCidrBlock: `203.0.113.${n}/28`, nextHop: first, nextHopType }));
  const made = await cloud.vpc.createRouteEntries({ routeEntries });
  same("entries made at once", [made.successCount, made.failedCount, made.routeEntryIds.length], [2, 0, 2]);
  await cloud.until("the entries", atRest(3));
  const table = only((await cloud.vpc.describeRouteTables({ routeTableId })).routeTables.routeTable);
  same("entries by the old listing", table.routeEntrys.routeEntry.filter(entry => entry.type === "Custom").length, 3);
  for (const one of [routeEntryId, ...made.routeEntryIds]) {
    await cloud.patient(["IncorrectRouteEntryStatus", "IncorrectVpcStatus"], () => cloud.vpc.deleteRouteEntry({ routeEntryId: one }));
  }
  await cloud.until("the entries' end", atRest(0));
}
