// The life of disks: made, attached, grown, turned into other kinds, detached.

import { byToken, zoneId } from "./cloud.mjs";
import { only, refused, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  const instanceId = await ground.machine({ dataDisk: [{ category: "cloud_essd", size: 20 }] });
  await category(cloud);
  const diskId = await make(cloud);
  await attach(cloud, instanceId, diskId);
  await grow(cloud, diskId);
  await byNumberAndToken(cloud);
  await detach(cloud, ground, instanceId, diskId);
  for (const [call, encrypted] of [
    ["enable", true],
    ["disable", false],
  ]) {
    await cloud.ecs[`${call}DiskEncryptionByDefault`]();
    same("encryption by default", (await cloud.ecs.describeDiskEncryptionByDefaultStatus()).encrypted, encrypted);
  }
  await ground.delete();
}

export async function row(cloud, diskId) {
  return (await cloud.ecs.describeDisks({ diskIds: JSON.stringify([diskId]) })).disks.disk[0];
}

export function reaches(cloud, diskId, status) {
  return cloud.until(`the disk being ${status}`, async () => (await row(cloud, diskId)).status === status);
}

async function make(cloud) {
  const { diskId } = await cloud.ecs.createDisk({
    zoneId,
    diskCategory: "cloud_essd",
    size: 40,
    performanceLevel: "PL1",
    diskName: "node",
    description: "by the SDK",
    tag: [{ key: "a", value: "b" }],
  });
  await reaches(cloud, diskId, "Available");
  const seen = await row(cloud, diskId);
  same(
    "the disk",
    [seen.diskName, seen.category, seen.size, seen.performanceLevel, seen.portable],
    ["node", "cloud_essd", 40, "PL1", true],
  );
  same(
    "its tag",
    seen.tags.tag.map(tag => [tag.tagKey, tag.tagValue]),
    [["a", "b"]],
  );
  return diskId;
}

async function attach(cloud, instanceId, diskId) {
  await cloud.ecs.attachDisk({ instanceId, diskId, deleteWithInstance: false });
  await reaches(cloud, diskId, "In_use");
  const seen = await row(cloud, diskId);
  same(
    "where it is",
    [seen.instanceId, only(seen.attachments.attachment).instanceId, seen.deleteWithInstance],
    [instanceId, instanceId, false],
  );
  await refused("IncorrectDiskStatus", () => cloud.ecs.deleteDisk({ diskId }), 403);
  await cloud.ecs.modifyDiskAttribute({
    diskId,
    diskName: "renamed",
    description: "changed",
    enableAutoSnapshot: true,
    deleteAutoSnapshot: false,
  });
  const changed = await row(cloud, diskId);
  same("the changed disk", [changed.diskName, changed.description, changed.deleteAutoSnapshot], ["renamed", "changed", false]);
}

async function grow(cloud, diskId) {
  await cloud.ecs.resizeDisk({ diskId, newSize: 500, type: "online" });
  await cloud.until("the size", async () => (await row(cloud, diskId)).size === 500);
  await refused("InvalidDiskSize.TooSmall", () => cloud.ecs.resizeDisk({ diskId, newSize: 20, type: "online" }));
  await cloud.ecs.modifyDiskSpec({ diskId, performanceLevel: "PL2" });
  await cloud.until("the performance level", async () => (await row(cloud, diskId)).performanceLevel === "PL2");
}

// A change of category is a task.
async function category(cloud) {
  const { diskId } = await cloud.ecs.createDisk({ zoneId, diskCategory: "cloud_ssd", size: 40 });
  await reaches(cloud, diskId, "Available");
  const { taskId } = await cloud.ecs.modifyDiskSpec({ diskId, diskCategory: "cloud_essd" });
  await cloud.until("the task", async () => (await cloud.ecs.describeTaskAttribute({ taskId })).taskStatus === "Finished");
  const seen = await row(cloud, diskId);
  same("its category", [seen.category, seen.performanceLevel], ["cloud_essd", "PL1"]);
  await cloud.ecs.deleteDisk({ diskId });
  await cloud.until("the disk's end", async () => !(await row(cloud, diskId)));
}

// The three disks of the machine.
async function byNumberAndToken(cloud) {
  const ids = page => page.disks.disk.map(disk => disk.diskId);
  const pages = [];
  for (const pageNumber of [1, 2]) pages.push(await cloud.ecs.describeDisks({ pageNumber, pageSize: 2 }));
  same(
    "pages of disks",
    pages.map(page => [page.totalCount, ids(page).length]),
    [
      [3, 2],
      [3, 1],
    ],
  );
  same("disks by token", (await byToken(cloud.ecs.describeDisks, {}, ids)).sort(), pages.flatMap(ids).sort());
}

async function detach(cloud, ground, instanceId, diskId) {
  await cloud.ecs.detachDisk({ instanceId, diskId });
  await reaches(cloud, diskId, "Available");
  await ground.deleteMachines();
  same("it outlives the machine", (await row(cloud, diskId)).status, "Available");
  await cloud.ecs.deleteDisk({ diskId });
  await cloud.until("the disk's end", async () => !(await row(cloud, diskId)));
}
