// pop-core, which signs V1: the life of a network with a public address and a gateway.

import { zoneId } from "./cloud.mjs";
import { only, refused, same } from "./expect.mjs";
import { held } from "./ground.mjs";

const moving = ["IncorrectEipStatus", "IncorrectStatus.NatGateway", "TaskConflict", "OperationConflict"];

export async function live(cloud) {
  const call = cloud.pop("vpc");
  const network = await makeNetwork(cloud, call);
  await endpoints(cloud);
  await tags(call, network);
  await pages(cloud, call, network);
  await gateway(cloud, call, network);
  await remove(cloud, call, network);
}

// What others stand on too: a VPC and a VSwitch in it.
export async function makeNetwork(cloud, call) {
  const name = "pop core!*'()~ 网络";
  const { VpcId } = await call("CreateVpc", { CidrBlock: "172.16.0.0/12", VpcName: name });
  // By GET, where everything stands in the address.
  const attribute = () => call("DescribeVpcAttribute", { VpcId }, { method: "GET" });
  await cloud.until("the VPC", async () => (await attribute()).Status === "Available");
  const seen = await attribute();
  same("the VPC", [seen.VpcName, seen.CidrBlock, seen.IsDefault], [name, "172.16.0.0/12", false]);
  const { VSwitchId } = await call("CreateVSwitch", { VpcId, ZoneId: zoneId, CidrBlock: "172.16.1.0/24" });
  await cloud.until("the VSwitch", async () => (await call("DescribeVSwitchAttributes", { VSwitchId })).Status === "Available");
  return { VpcId, VSwitchId };
}

export async function remove(cloud, call, { VpcId, VSwitchId }) {
  await refused("DependencyViolation.VSwitch", () => call("DeleteVpc", { VpcId }), 400);
  await cloud.patient(held, () => call("DeleteVSwitch", { VSwitchId }));
  await cloud.patient(held, () => call("DeleteVpc", { VpcId }));
  await cloud.until("the VPC's end", async () => (await call("DescribeVpcs", { VpcId })).TotalCount === 0);
}

// Where a product is; the simulator names itself.
async function endpoints(cloud) {
  const found = await cloud.pop("location")("DescribeEndpoints", { Id: "cn-beijing", ServiceCode: "ecs", Type: "openAPI" });
  same("the endpoint", only(found.Endpoints.Endpoint).Endpoint, new URL(cloud.endpoint).host);
}

async function tags(call, { VpcId }) {
  const resource = { ResourceType: "VPC", "ResourceId.1": VpcId };
  await call("TagResources", { ...resource, "Tag.1.Key": "a", "Tag.1.Value": "ü b", "Tag.2.Key": "c" });
  const listed = async () => (await call("ListTagResources", resource)).TagResources.TagResource.map(row => [row.TagKey, row.TagValue]);
  same("tags", (await listed()).sort(), [
    ["a", "ü b"],
    ["c", ""],
  ]);
  same("the VPC by tag", only((await call("DescribeVpcs", { "Tag.1.Key": "a", "Tag.1.Value": "ü b" })).Vpcs.Vpc).VpcId, VpcId);
  await call("UnTagResources", { ...resource, "TagKey.1": "a", "TagKey.2": "c" });
  same("tags left", await listed(), []);
}

async function pages(cloud, call, { VpcId }) {
  const fields = { CidrBlock: "10.0.0.0/8", ClientToken: "pop-vpc" };
  const other = (await call("CreateVpc", fields)).VpcId;
  same("a repeated create", (await call("CreateVpc", fields)).VpcId, other);
  const seen = [];
  for (const PageNumber of [1, 2]) {
    const page = await call("DescribeVpcs", { PageNumber, PageSize: 1 });
    same("TotalCount", page.TotalCount, 2);
    seen.push(only(page.Vpcs.Vpc).VpcId);
  }
  same("VPCs by number", seen.sort(), [VpcId, other].sort());
  await cloud.patient(held, () => call("DeleteVpc", { VpcId: other }));
}

async function gateway(cloud, call, { VpcId, VSwitchId }) {
  const { AllocationId, EipAddress } = await call("AllocateEipAddress", { Bandwidth: "5" });
  const status = async () => only((await call("DescribeEipAddresses", { AllocationId })).EipAddresses.EipAddress).Status;
  const { NatGatewayId, SnatTableIds } = await call("CreateNatGateway", { VpcId, VSwitchId, NatType: "Enhanced", Name: "pop" });
  const rows = async () => (await call("DescribeNatGateways", { NatGatewayId })).NatGateways.NatGateway;
  await cloud.until("the gateway", async () => only(await rows()).Status === "Available");
  const binding = { AllocationId, InstanceId: NatGatewayId, InstanceType: "Nat" };
  await call("AssociateEipAddress", binding);
  await cloud.until("the address", async () => (await status()) === "InUse");
  const SnatTableId = SnatTableIds.SnatTableId[0];
  const { SnatEntryId } = await call("CreateSnatEntry", { SnatTableId, SourceVSwitchId: VSwitchId, SnatIp: EipAddress });
  const entries = async () => (await call("DescribeSnatTableEntries", { SnatTableId })).SnatTableEntries.SnatTableEntry;
  await cloud.until("the entry", async () => only(await entries()).Status === "Available");
  same("the entry", only(await entries()).SnatIp, EipAddress);
  await call("DeleteSnatEntry", { SnatTableId, SnatEntryId });
  await cloud.until("the entry's end", async () => (await entries()).length === 0);
  await cloud.patient(moving, () => call("UnassociateEipAddress", binding));
  await cloud.until("the address being free", async () => (await status()) === "Available");
  await cloud.patient(moving, () => call("DeleteNatGateway", { NatGatewayId }));
  await cloud.until("the gateway's end", async () => (await rows()).length === 0);
  await call("ReleaseEipAddress", { AllocationId });
}
