// The life of images: from a machine and from a snapshot, shared, copied, used, deleted.

import { only, refused, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";

const otherAccount = "1234567890123456";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  const machine = await ground.machine();
  const imageId = await ofAMachine(cloud, machine);
  await ofASnapshot(cloud, machine);
  await share(cloud, imageId);
  await copy(cloud, imageId);
  const used = await ground.machine({ imageFamily: undefined, imageId });
  same("the new machine's image", (await ground.row(used)).imageId, imageId);
  await refused("ImageUsingByInstance", () => cloud.ecs.deleteImage({ imageId }));
  await ground.deleteMachines();
  await remove(cloud, imageId);
  await ground.delete();
}

async function row(client, imageId) {
  return (await client.describeImages({ imageId, status: "Creating,Available,Waiting,UnAvailable,CreateFailed" })).images.image[0];
}

function ready(cloud, client, imageId) {
  return cloud.until("the image", async () => (await row(client, imageId)).status === "Available");
}

// With the snapshots that it is made of.
async function remove(cloud, imageId) {
  const parts = (await row(cloud.ecs, imageId)).diskDeviceMappings.diskDeviceMapping;
  await cloud.ecs.deleteImage({ imageId });
  await cloud.until("the image's end", async () => !(await row(cloud.ecs, imageId)));
  for (const { snapshotId } of parts) await cloud.ecs.deleteSnapshot({ snapshotId });
  await cloud.until("the snapshots' end", async () => (await cloud.ecs.describeSnapshots()).snapshots.snapshot.length === 0);
}

async function ofAMachine(cloud, instanceId) {
  const { imageId } = await cloud.ecs.createImage({
    instanceId,
    imageName: "node",
    imageFamily: "node-family",
    description: "by the SDK",
    tag: [{ key: "a", value: "b" }],
  });
  await ready(cloud, cloud.ecs, imageId);
  await cloud.ecs.modifyImageAttribute({ imageId, imageName: "renamed", description: "changed" });
  const seen = await row(cloud.ecs, imageId);
  const image = [seen.imageName, seen.description, seen.imageOwnerAlias, seen.size, seen.architecture];
  same("the image", image, ["renamed", "changed", "self", 40, "x86_64"]);
  same(
    "its tag",
    seen.tags.tag.map(tag => [tag.tagKey, tag.tagValue]),
    [["a", "b"]],
  );
  same(
    "its disks",
    seen.diskDeviceMappings.diskDeviceMapping.map(one => [one.type, one.size]),
    [["system", "40"]],
  );
  same("the newest of the family", (await cloud.ecs.describeImageFromFamily({ imageFamily: "node-family" })).image.imageId, imageId);
  const types = (await cloud.ecs.describeImageSupportInstanceTypes({ imageId })).instanceTypes.instanceType;
  same(
    "types for it",
    types.some(one => one.instanceTypeId === "ecs.c7.large"),
    true,
  );
  return imageId;
}

async function ofASnapshot(cloud, instanceId) {
  const { diskId } = only((await cloud.ecs.describeDisks({ instanceId })).disks.disk);
  const { snapshotId } = await cloud.ecs.createSnapshot({ diskId });
  const snapshot = async () => only((await cloud.ecs.describeSnapshots({ snapshotIds: JSON.stringify([snapshotId]) })).snapshots.snapshot);
  await cloud.until("the snapshot", async () => (await snapshot()).status === "accomplished");
  const { imageId } = await cloud.ecs.createImage({ snapshotId, imageName: "node-snapshot" });
  await ready(cloud, cloud.ecs, imageId);
  same("what it is of", only((await row(cloud.ecs, imageId)).diskDeviceMappings.diskDeviceMapping).snapshotId, snapshotId);
  await refused("SnapshotCreatedImage", () => cloud.ecs.deleteSnapshot({ snapshotId }));
  await cloud.ecs.deleteImage({ imageId });
  await cloud.until("the image's end", async () => !(await row(cloud.ecs, imageId)));
  await cloud.ecs.deleteSnapshot({ snapshotId });
}

async function share(cloud, imageId) {
  const accounts = async () => (await cloud.ecs.describeImageSharePermission({ imageId })).accounts.account.map(one => one.aliyunId);
  await cloud.ecs.modifyImageSharePermission({ imageId, addAccount: [otherAccount] });
  same("with whom", await accounts(), [otherAccount]);
  await cloud.ecs.modifyImageSharePermission({ imageId, removeAccount: [otherAccount] });
  same("with whom", await accounts(), []);
}

async function copy(cloud, imageId) {
  const destinationRegionId = "cn-shanghai";
  const there = cloud.client("ecs", { regionId: destinationRegionId });
  const begin = async destinationImageName => (await cloud.ecs.copyImage({ imageId, destinationRegionId, destinationImageName })).imageId;
  const cancelled = await begin("cancelled");
  await there.cancelCopyImage({ imageId: cancelled });
  const made = await begin("copy");
  await ready(cloud, there, made);
  const seen = await row(there, made);
  same("the copy", [seen.imageName, seen.isCopied], ["copy", true]);
  for (const one of [made, cancelled]) if (await row(there, one)) await there.deleteImage({ imageId: one, force: true });
  for (const { snapshotId } of (await there.describeSnapshots()).snapshots.snapshot) await there.deleteSnapshot({ snapshotId });
}
