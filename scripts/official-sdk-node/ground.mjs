// What most lives stand on: a VPC with a VSwitch and a security group, and machines in it.

import { zoneId } from "./cloud.mjs";
import { only } from "./expect.mjs";

export const imageFamily = "acs:alibaba_cloud_linux_3_2104_lts_x64";
// What still holds a thing for a while after its user is gone.
export const held = [
  "DependencyViolation",
  "DependencyViolation.EnhancedNatgw",
  "DependencyViolation.NetworkInterface",
  "DependencyViolation.SecurityGroup",
  "DependencyViolation.VSwitch",
  "IncorrectVpcStatus",
  "IncorrectVSwitchStatus",
];

export async function vpcRow(cloud, vpcId) {
  return (await cloud.vpc.describeVpcs({ vpcId })).vpcs.vpc[0];
}

export async function makeVpc(cloud, fields = {}) {
  const made = await cloud.vpc.createVpc({ cidrBlock: "172.16.0.0/12", ...fields });
  await cloud.until("the VPC", async () => (await vpcRow(cloud, made.vpcId)).status === "Available");
  return made.vpcId;
}

export async function makeSubnet(cloud, vpcId, cidrBlock, fields = {}) {
  const { vSwitchId } = await cloud.vpc.createVSwitch({ vpcId, zoneId, cidrBlock, ...fields });
  await cloud.until("the VSwitch", async () => (await cloud.vpc.describeVSwitchAttributes({ vSwitchId })).status === "Available");
  return vSwitchId;
}

export async function deleteSubnet(cloud, vSwitchId) {
  await cloud.patient(held, () => cloud.vpc.deleteVSwitch({ vSwitchId }));
  await cloud.until("the VSwitch's end", async () => (await cloud.vpc.describeVSwitches({ vSwitchId })).vSwitches.vSwitch.length === 0);
}

export async function deleteVpc(cloud, vpcId) {
  await cloud.patient(held, () => cloud.vpc.deleteVpc({ vpcId }));
  await cloud.until("the VPC's end", async () => !(await vpcRow(cloud, vpcId)));
}

export class Ground {
  static async make(cloud) {
    const ground = new Ground();
    ground.cloud = cloud;
    ground.vpcId = await makeVpc(cloud);
    ground.vSwitchId = await makeSubnet(cloud, ground.vpcId, "172.16.1.0/24");
    ground.securityGroupId = (await cloud.ecs.createSecurityGroup({ vpcId: ground.vpcId, securityGroupName: "ground" })).securityGroupId;
    ground.machines = [];
    return ground;
  }

  // What RunInstances needs here: an ESSD of 40 GiB as the system disk.
  fields() {
    const { vSwitchId, securityGroupId } = this;
    return { imageFamily, instanceType: "ecs.c7.large", vSwitchId, securityGroupId, systemDisk: { category: "cloud_essd", size: "40" } };
  }

  // A running machine.
  async machine(fields = {}) {
    const instanceId = only((await this.cloud.ecs.runInstances({ ...this.fields(), ...fields })).instanceIdSets.instanceIdSet);
    this.machines.push(instanceId);
    await this.reaches(instanceId, "Running");
    return instanceId;
  }

  async row(instanceId) {
    return (await this.cloud.ecs.describeInstances({ instanceIds: JSON.stringify([instanceId]) })).instances.instance[0];
  }

  reaches(instanceId, status) {
    return this.cloud.until(status, async () => (await this.row(instanceId)).status === status);
  }

  async stop(instanceId, fields = {}) {
    await this.cloud.ecs.stopInstance({ instanceId, ...fields });
    await this.reaches(instanceId, "Stopped");
  }

  async start(instanceId) {
    await this.cloud.ecs.startInstance({ instanceId });
    await this.reaches(instanceId, "Running");
  }

  async deleteMachines() {
    const { cloud, machines } = this;
    if (machines.length) await cloud.ecs.deleteInstances({ instanceId: machines, force: true });
    for (const one of machines) await cloud.until("the machine's end", async () => !(await this.row(one)));
    this.machines = [];
  }

  // Machines first, then what they stood on.
  async delete() {
    await this.deleteMachines();
    await this.cloud.patient(held, () => this.cloud.ecs.deleteSecurityGroup({ securityGroupId: this.securityGroupId }));
    await deleteSubnet(this.cloud, this.vSwitchId);
    await deleteVpc(this.cloud, this.vpcId);
  }
}
