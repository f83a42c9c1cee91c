// The life of a machine that is changed: type, bandwidth, system disk, attributes, charge, role, metadata, events.

import { only, refused, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";

const readsBackLate = "the change reading back";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  const instanceId = await ground.machine({ instanceName: "node" });
  await attributes(cloud, ground, instanceId);
  await size(cloud, ground, instanceId);
  await systemDisk(cloud, ground, instanceId);
  await roleAndMetadata(cloud, instanceId);
  await place(cloud, ground, instanceId);
  await upkeep(cloud, instanceId);
  await event(cloud, instanceId);
  await charge(cloud, ground, instanceId);
  await ground.delete();
}

async function attributes(cloud, ground, instanceId) {
  const userData = Buffer.from("#!/bin/sh\n").toString("base64");
  await ground.stop(instanceId);
  await cloud.ecs.modifyInstanceAttribute({
    instanceId,
    instanceName: "renamed",
    description: "changed",
    hostName: "changed",
    userData,
    securityGroupIds: [ground.securityGroupId],
  });
  await ground.start(instanceId);
  const row = await ground.row(instanceId);
  same("the changed machine", [row.instanceName, row.description, row.hostName], ["renamed", "changed", "changed"]);
  same("its user data", (await cloud.ecs.describeUserData({ instanceId })).userData, userData);
  const seen = await cloud.ecs.describeInstanceAttribute({ instanceId });
  same("its attributes", [seen.instanceName, seen.status, seen.ioOptimized, seen.cpu], ["renamed", "Running", "optimized", 2]);
  const autoReleaseTime = `${new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 16)}:00Z`;
  await cloud.ecs.modifyInstanceAutoReleaseTime({ instanceId, autoReleaseTime });
  same("its release time", (await ground.row(instanceId)).autoReleaseTime.slice(0, 16), autoReleaseTime.slice(0, 16));
  await cloud.ecs.modifyInstanceAutoReleaseTime({ instanceId });
  same("its release time", (await ground.row(instanceId)).autoReleaseTime, "");
  await cloud.ecs.modifyInstanceVncPasswd({ instanceId, vncPassword: "Secret" });
  same("its console", (await cloud.ecs.getInstanceConsoleOutput({ instanceId })).instanceId, instanceId);
  same("its screen", (await cloud.ecs.getInstanceScreenshot({ instanceId })).instanceId, instanceId);
}

async function size(cloud, ground, instanceId) {
  const change = () => cloud.ecs.modifyInstanceSpec({ instanceId, instanceType: "ecs.c7.xlarge" });
  await refused("InvalidInstanceStatus.NotStopped", change);
  await ground.stop(instanceId);
  await change();
  await cloud.until(readsBackLate, async () => (await ground.row(instanceId)).instanceType === "ecs.c7.xlarge");
  const { cpu, memory } = await ground.row(instanceId);
  same("its size", [cpu, memory], [4, 8192]);
  await ground.start(instanceId);
  await cloud.ecs.modifyInstanceNetworkSpec({ instanceId, internetMaxBandwidthOut: 5, allocatePublicIp: true });
  await cloud.until(readsBackLate, async () => (await ground.row(instanceId)).internetMaxBandwidthOut === 5);
  same("its public addresses", (await ground.row(instanceId)).publicIpAddress.ipAddress.length, 1);
}

async function systemDisk(cloud, ground, instanceId) {
  const { imageId } = (await cloud.ecs.describeImageFromFamily({ imageFamily: "acs:ubuntu_24_04_x64" })).image;
  const disk = async () => only((await cloud.ecs.describeDisks({ instanceId, diskType: "system" })).disks.disk);
  const before = (await disk()).diskId;
  await ground.stop(instanceId);
  const { diskId } = await cloud.ecs.replaceSystemDisk({ instanceId, imageId, systemDisk: { size: 60 } });
  const after = await disk();
  same("the new system disk", [after.diskId, after.size, after.imageId, before === diskId], [diskId, 60, imageId, false]);
  same("its image", (await ground.row(instanceId)).imageId, imageId);
  await ground.start(instanceId);
}

async function roleAndMetadata(cloud, instanceId) {
  const instanceIds = JSON.stringify([instanceId]);
  const role = { instanceIds, ramRoleName: "NodeRole" };
  const made = only((await cloud.ecs.attachInstanceRamRole(role)).attachInstanceRamRoleResults.attachInstanceRamRoleResult);
  same("the attach", [made.instanceId, made.success], [instanceId, true]);
  same(
    "its role",
    only((await cloud.ecs.describeInstanceRamRole({ instanceIds })).instanceRamRoleSets.instanceRamRoleSet).ramRoleName,
    "NodeRole",
  );
  const gone = await cloud.ecs.detachInstanceRamRole(role);
  same("the detach", [gone.totalCount, gone.failCount], [1, 0]);
  await cloud.ecs.modifyInstanceMetadataOptions({ instanceId, httpEndpoint: "enabled", httpTokens: "required" });
  const more = await cloud.ecs.describeInstances({ instanceIds, additionalAttributes: ["META_OPTIONS"] });
  const { httpEndpoint, httpTokens } = only(more.instances.instance).metadataOptions;
  same("its metadata", [httpEndpoint, httpTokens], ["enabled", "required"]);
}

// Another private address, another resource group, another pool.
async function place(cloud, ground, instanceId) {
  await ground.stop(instanceId);
  await cloud.ecs.modifyInstanceVpcAttribute({ instanceId, vSwitchId: ground.vSwitchId, privateIpAddress: "172.16.1.200" });
  await cloud.until(
    readsBackLate,
    async () => (await ground.row(instanceId)).vpcAttributes.privateIpAddress.ipAddress[0] === "172.16.1.200",
  );
  await ground.start(instanceId);
  await cloud.ecs.joinResourceGroup({ resourceId: instanceId, resourceType: "instance", resourceGroupId: "rg-node" });
  same("its resource group", (await ground.row(instanceId)).resourceGroupId, "rg-node");
  await cloud.ecs.modifyInstanceAttachmentAttributes({ instanceId, privatePoolOptions: { matchCriteria: "None" } });
  const row = only(
    (await cloud.ecs.describeInstanceAttachmentAttributes({ instanceIds: JSON.stringify([instanceId]) })).instances.instance,
  );
  same("its pool", row.privatePoolOptionsMatchCriteria, "None");
  await cloud.ecs.redeployInstance({ instanceId, forceStop: true });
  await ground.reaches(instanceId, "Running");
}

async function upkeep(cloud, instanceId) {
  const maintenanceWindow = [{ startTime: "02:00:00", endTime: "03:00:00" }];
  await cloud.ecs.modifyInstanceMaintenanceAttributes({
    instanceId: [instanceId],
    maintenanceWindow,
    actionOnMaintenance: "AutoRecover",
    notifyOnMaintenance: true,
  });
  const row = only(
    (await cloud.ecs.describeInstanceMaintenanceAttributes({ instanceId: [instanceId] })).maintenanceAttributes.maintenanceAttribute,
  );
  const windows = row.maintenanceWindows.maintenanceWindow.map(one => [one.startTime, one.endTime]);
  same(
    "its maintenance",
    [row.actionOnMaintenance.value, row.notifyOnMaintenance, windows],
    ["AutoRecover", true, [["02:00:00", "03:00:00"]]],
  );
}

async function event(cloud, instanceId) {
  await cloud.post("events", { instance: instanceId, type: "SystemMaintenance.Reboot", in_seconds: 3600, inquire: true });
  const full = only(
    (await cloud.ecs.describeInstancesFullStatus({ instanceId: [instanceId] })).instanceFullStatusSet.instanceFullStatusType,
  );
  const { eventId, eventType, eventCycleStatus } = only(full.scheduledSystemEventSet.scheduledSystemEventType);
  same("the event", [eventType.name, eventCycleStatus.name], ["SystemMaintenance.Reboot", "Inquiring"]);
  await cloud.ecs.acceptInquiredSystemEvent({ eventId });
  await cloud.jump(2 * 3600);
  const past = await cloud.ecs.describeInstanceHistoryEvents({ instanceId, instanceEventCycleStatus: ["Executed"] });
  same("the event afterwards", only(past.instanceSystemEventSet.instanceSystemEventType).eventId, eventId);
}

// Into a subscription, renewed, and out of it again, since a subscription cannot be released.
async function charge(cloud, ground, instanceId) {
  const instanceIds = JSON.stringify([instanceId]);
  const charged = how => cloud.until(readsBackLate, async () => (await ground.row(instanceId)).instanceChargeType === how);
  await ground.reaches(instanceId, "Running");
  await cloud.ecs.modifyInstanceChargeType({ instanceIds, instanceChargeType: "PrePaid", period: 1, periodUnit: "Month", autoPay: true });
  await charged("PrePaid");
  await paidAhead(cloud, instanceId);
  const before = (await ground.row(instanceId)).expiredTime;
  const { price } = (await cloud.ecs.describeRenewalPrice({ resourceId: instanceId, period: 1, priceUnit: "Month" })).priceInfo;
  same("a renewal costs", [price.currency, price.tradePrice > 0], ["CNY", true]);
  await cloud.ecs.renewInstance({ instanceId, period: 1, periodUnit: "Month" });
  same("renewed", (await ground.row(instanceId)).expiredTime > before, true);
  await cloud.ecs.modifyInstanceAutoRenewAttribute({ instanceId, autoRenew: true, duration: 1, periodUnit: "Month" });
  const renewal = only((await cloud.ecs.describeInstanceAutoRenewAttribute({ instanceId })).instanceRenewAttributes.instanceRenewAttribute);
  same("its renewal", [renewal.autoRenewEnabled, renewal.duration, renewal.renewalStatus], [true, 1, "AutoRenewal"]);
  await refused("ChargeTypeViolation", () => cloud.ecs.deleteInstance({ instanceId, force: true }));
  await ground.stop(instanceId);
  await cloud.ecs.modifyPrepayInstanceSpec({ instanceId, instanceType: "ecs.c7.2xlarge", operatorType: "upgrade" });
  await cloud.until(readsBackLate, async () => (await ground.row(instanceId)).instanceType === "ecs.c7.2xlarge");
  await cloud.ecs.modifyInstanceChargeType({ instanceIds, instanceChargeType: "PostPaid" });
  await charged("PostPaid");
}

// A data disk of a subscription can be one too, and back.
async function paidAhead(cloud, instanceId) {
  const { diskId } = await cloud.ecs.createDisk({ instanceId, diskCategory: "cloud_essd", size: 20 });
  const diskIds = JSON.stringify([diskId]);
  const row = async () => only((await cloud.ecs.describeDisks({ diskIds })).disks.disk);
  await cloud.until("the disk", async () => (await row()).status === "In_use");
  for (const diskChargeType of ["PostPaid", "PrePaid", "PostPaid"]) {
    if ((await row()).diskChargeType !== diskChargeType)
      await cloud.ecs.modifyDiskChargeType({ instanceId, diskIds, diskChargeType, autoPay: true });
    same("how it is paid", (await row()).diskChargeType, diskChargeType);
  }
}
