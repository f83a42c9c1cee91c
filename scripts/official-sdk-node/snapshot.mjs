// The life of snapshots, of groups of them and of policies for them, and of disks that go back to one.

import { zoneId } from "./cloud.mjs";
import { only, refused, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";
import { reaches, row } from "./storage.mjs";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  const instanceId = await ground.machine({ dataDisk: [{ category: "cloud_essd", size: 20 }] });
  const { diskId } = only((await cloud.ecs.describeDisks({ instanceId, diskType: "data" })).disks.disk);
  const snapshotId = await snapshots(cloud, diskId);
  await back(cloud, ground, instanceId, diskId, snapshotId);
  await snapshotGroup(cloud, instanceId);
  await policy(cloud, diskId);
  await copy(cloud, snapshotId);
  await cloud.ecs.deleteSnapshot({ snapshotId });
  await cloud.until("the snapshot's end", async () => (await cloud.ecs.describeSnapshots()).snapshots.snapshot.length === 0);
  await ground.delete();
}

async function snapshots(cloud, diskId) {
  const { snapshotId } = await cloud.ecs.createSnapshot({ diskId, snapshotName: "node", description: "by the SDK" });
  const one = async () => only((await cloud.ecs.describeSnapshots({ snapshotIds: JSON.stringify([snapshotId]) })).snapshots.snapshot);
  const begun = await one();
  same("the snapshot at first", [begun.status, begun.available], ["progressing", false]);
  await cloud.until("the snapshot", async () => (await one()).status === "accomplished");
  await cloud.ecs.modifySnapshotAttribute({ snapshotId, snapshotName: "renamed", description: "changed", retentionDays: 30 });
  const seen = await one();
  same("the snapshot", [seen.snapshotName, seen.description, seen.retentionDays, seen.progress], ["renamed", "changed", 30, "100%"]);
  same("what it is of", [seen.sourceDiskId, seen.sourceDiskSize, seen.sourceDiskType], [diskId, "20", "data"]);
  return snapshotId;
}

// A disk goes back to its snapshot, and to its beginning.
async function back(cloud, ground, instanceId, diskId, snapshotId) {
  await refused("IncorrectInstanceStatus", () => cloud.ecs.resetDisk({ diskId, snapshotId }), 403);
  await ground.stop(instanceId);
  await cloud.ecs.resetDisk({ diskId, snapshotId });
  await reaches(cloud, diskId, "In_use");
  await cloud.ecs.reInitDisk({ diskId });
  await reaches(cloud, diskId, "In_use");
  await ground.reaches(instanceId, "Stopped");
  await ground.start(instanceId);
  const made = await cloud.ecs.createDisk({ zoneId, diskCategory: "cloud_essd", snapshotId });
  await reaches(cloud, made.diskId, "Available");
  const seen = await row(cloud, made.diskId);
  same("the disk from the snapshot", [seen.size, seen.sourceSnapshotId], [20, snapshotId]);
  await cloud.ecs.deleteDisk({ diskId: made.diskId });
  await cloud.until("its end", async () => !(await row(cloud, made.diskId)));
}

async function snapshotGroup(cloud, instanceId) {
  const { snapshotGroupId } = await cloud.ecs.createSnapshotGroup({ instanceId, name: "node" });
  const rows = async () => (await cloud.ecs.describeSnapshotGroups({ snapshotGroupId: [snapshotGroupId] })).snapshotGroups.snapshotGroup;
  await cloud.until("the group", async () => only(await rows()).status === "accomplished");
  await cloud.ecs.modifySnapshotGroup({ snapshotGroupId, name: "renamed", description: "changed" });
  const seen = only(await rows());
  same("the group", [seen.name, seen.description, seen.instanceId, seen.snapshots.snapshot.length], ["renamed", "changed", instanceId, 2]);
  await cloud.ecs.deleteSnapshotGroup({ snapshotGroupId });
  await cloud.until("the group's end", async () => (await rows()).length === 0);
}

async function policy(cloud, diskId) {
  const { autoSnapshotPolicyId } = await cloud.ecs.createAutoSnapshotPolicy({
    autoSnapshotPolicyName: "node",
    timePoints: '["1"]',
    repeatWeekdays: '["1"]',
    retentionDays: 7,
  });
  const diskIds = JSON.stringify([diskId]);
  await cloud.ecs.applyAutoSnapshotPolicy({ autoSnapshotPolicyId, diskIds });
  same("the disk's policy", (await row(cloud, diskId)).autoSnapshotPolicyId, autoSnapshotPolicyId);
  const pairs = await cloud.ecs.describeAutoSnapshotPolicyAssociations({ autoSnapshotPolicyId });
  same(
    "the policy's disks",
    pairs.autoSnapshotPolicyAssociations.autoSnapshotPolicyAssociation.map(one => one.diskId),
    [diskId],
  );
  await cloud.ecs.modifyAutoSnapshotPolicyEx({
    autoSnapshotPolicyId,
    autoSnapshotPolicyName: "renamed",
    timePoints: '["2","3"]',
    retentionDays: -1,
  });
  const rows = async () => (await cloud.ecs.describeAutoSnapshotPolicyEx({ autoSnapshotPolicyId })).autoSnapshotPolicies.autoSnapshotPolicy;
  const seen = only(await rows());
  same(
    "the policy",
    [seen.autoSnapshotPolicyName, JSON.parse(seen.timePoints), seen.retentionDays, seen.diskNums],
    ["renamed", ["2", "3"], -1, 1],
  );
  await cloud.ecs.cancelAutoSnapshotPolicy({ diskIds });
  same("the disk's policy", (await row(cloud, diskId)).autoSnapshotPolicyId, "");
  await cloud.ecs.deleteAutoSnapshotPolicy({ autoSnapshotPolicyId });
  same("policies", await rows(), []);
}

async function copy(cloud, snapshotId) {
  const destinationRegionId = "cn-shanghai";
  const made = await cloud.ecs.copySnapshot({
    snapshotId,
    destinationRegionId,
    destinationSnapshotName: "copy",
    destinationSnapshotDescription: "by the SDK",
  });
  const there = cloud.client("ecs", { regionId: destinationRegionId });
  const rows = async () => (await there.describeSnapshots({ snapshotIds: JSON.stringify([made.snapshotId]) })).snapshots.snapshot;
  await cloud.until("the copy", async () => only(await rows()).status === "accomplished");
  const seen = only(await rows());
  same("the copy", [seen.snapshotName, seen.sourceSnapshotId], ["copy", snapshotId]);
  await there.deleteSnapshot({ snapshotId: made.snapshotId });
  await cloud.until("the copy's end", async () => (await rows()).length === 0);
}
