// The life of key pairs and machines: made both ways, through every state and verb, to the end.

import { byToken, zoneId } from "./cloud.mjs";
import { only, refused, same } from "./expect.mjs";
import { Ground, imageFamily } from "./ground.mjs";

const userData = Buffer.from("#cloud-config\n").toString("base64");
const blob = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-ed25519"), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, 7)]);
const publicKeyBody = `ssh-ed25519 ${blob.toString("base64")}`;
const attached = "InvalidParameter.KeypairAlreadyAttachedInstance";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  await keyPairs(cloud);
  const machines = [await run(cloud, ground), await create(cloud, ground)];
  await power(cloud, ground, machines[0]);
  await inBatches(cloud, machines);
  await byNumberAndToken(cloud, machines);
  await keysOf(cloud, ground, machines[1]);
  await protection(cloud, ground, machines[0]);
  await oneByOne(cloud, ground, machines);
  for (const name of ["node-key", "node-import"]) {
    await cloud.patient([attached], () => cloud.ecs.deleteKeyPairs({ keyPairNames: JSON.stringify([name]) }));
  }
  await ground.delete();
}

async function keyPairs(cloud) {
  const made = await cloud.ecs.createKeyPair({ keyPairName: "node-key", tag: [{ key: "a", value: "b" }] });
  same("the private key's head", made.privateKeyBody.split("\n")[0], "-----BEGIN PRIVATE KEY-----");
  const row = only((await cloud.ecs.describeKeyPairs({ keyPairName: "node-key" })).keyPairs.keyPair);
  same("the pair", [row.keyPairFingerPrint, row.tags.tag[0].tagValue], [made.keyPairFingerPrint, "b"]);
  await cloud.ecs.importKeyPair({ keyPairName: "node-import", publicKeyBody });
  const imported = only((await cloud.ecs.describeKeyPairs({ keyPairName: "node-import", includePublicKey: true })).keyPairs.keyPair);
  same("the public key", imported.publicKey.split(" ").slice(0, 2).join(" "), publicKeyBody);
  await refused("KeyPair.AlreadyExist", () => cloud.ecs.importKeyPair({ keyPairName: "node-import", publicKeyBody }));
}

async function run(cloud, ground) {
  const fields = {
    ...ground.fields(),
    keyPairName: "node-key",
    instanceName: "node-run",
    hostName: "node-host",
    description: "by the SDK",
    internetChargeType: "PayByTraffic",
    internetMaxBandwidthOut: 10,
    dataDisk: [{ category: "cloud_essd", size: 20, diskName: "node-data" }],
    userData,
    tag: [{ key: "made-by", value: "node" }],
  };
  const once = { ...fields, clientToken: "node-run" };
  const instanceId = only((await cloud.ecs.runInstances(once)).instanceIdSets.instanceIdSet);
  same("a repeated run", (await cloud.ecs.runInstances(once)).instanceIdSets.instanceIdSet, [instanceId]);
  await refused("DryRunOperation", () => cloud.ecs.runInstances({ ...fields, dryRun: true }));
  await refused("InvalidInstanceType.ValueNotSupported", () => cloud.ecs.runInstances({ ...fields, instanceType: "ecs.nothing.large" }));
  await ground.reaches(instanceId, "Running");
  const row = await ground.row(instanceId);
  same(
    "its names",
    [row.instanceName, row.hostName, row.description, row.keyPairName],
    ["node-run", "node-host", "by the SDK", "node-key"],
  );
  same("its type", [row.instanceType, row.cpu, row.memory, row.zoneId], ["ecs.c7.large", 2, 4096, zoneId]);
  same("its charge", [row.instanceChargeType, row.internetChargeType, row.internetMaxBandwidthOut], ["PostPaid", "PayByTraffic", 10]);
  same("its network", [row.vpcAttributes.vSwitchId, row.securityGroupIds.securityGroupId], [ground.vSwitchId, [ground.securityGroupId]]);
  same(
    "its tag",
    row.tags.tag.map(tag => [tag.tagKey, tag.tagValue]),
    [["made-by", "node"]],
  );
  same("its user data", (await cloud.ecs.describeUserData({ instanceId })).userData, userData);
  const disks = (await cloud.ecs.describeDisks({ instanceId })).disks.disk.map(disk => [disk.type, disk.size, disk.status]);
  same("its disks", disks.sort(), [
    ["data", 20, "In_use"],
    ["system", 40, "In_use"],
  ]);
  return instanceId;
}

async function create(cloud, ground) {
  const { imageId } = (await cloud.ecs.describeImageFromFamily({ imageFamily })).image;
  const { vSwitchId, securityGroupId } = ground;
  const { instanceId } = await cloud.ecs.createInstance({
    imageId,
    vSwitchId,
    securityGroupId,
    instanceType: "ecs.c7.large",
    instanceName: "node-create",
    internetMaxBandwidthOut: 5,
    systemDisk: { category: "cloud_essd", size: 40 },
  });
  await ground.reaches(instanceId, "Stopped");
  const { ipAddress } = await cloud.ecs.allocatePublicIpAddress({ instanceId });
  same("its address", (await ground.row(instanceId)).publicIpAddress.ipAddress, [ipAddress]);
  await cloud.ecs.startInstance({ instanceId });
  await refused("IncorrectInstanceStatus", () => cloud.ecs.startInstance({ instanceId }), 403);
  await ground.reaches(instanceId, "Running");
  return instanceId;
}

async function power(cloud, ground, instanceId) {
  await cloud.ecs.rebootInstance({ instanceId });
  await ground.reaches(instanceId, "Running");
  await ground.stop(instanceId, { stoppedMode: "StopCharging" });
  same("what a stop saves", (await ground.row(instanceId)).stoppedMode, "StopCharging");
  await refused("IncorrectInstanceStatus", () => cloud.ecs.rebootInstance({ instanceId }), 403);
  await ground.start(instanceId);
  const full = only(
    (await cloud.ecs.describeInstancesFullStatus({ instanceId: [instanceId] })).instanceFullStatusSet.instanceFullStatusType,
  );
  same("its whole status", [full.status.name, full.healthStatus.name], ["Running", "Ok"]);
}

async function inBatches(cloud, instanceId) {
  const statuses = async () =>
    (await cloud.ecs.describeInstanceStatus({ instanceId })).instanceStatuses.instanceStatus.map(row => row.status);
  for (const [call, before, after] of [
    ["stop", "Running", "Stopped"],
    ["start", "Stopped", "Running"],
    ["reboot", "Running", "Running"],
  ]) {
    const answers = (await cloud.ecs[`${call}Instances`]({ instanceId })).instanceResponses.instanceResponse;
    same(
      `the ${call}`,
      answers.map(one => [one.code, one.previousStatus]),
      [
        ["200", before],
        ["200", before],
      ],
    );
    await cloud.until(`the ${call}`, async () => (await statuses()).every(status => status === after));
  }
}

async function byNumberAndToken(cloud, machines) {
  const ids = page => page.instances.instance.map(row => row.instanceId);
  const pages = [];
  for (const pageNumber of [1, 2]) pages.push(await cloud.ecs.describeInstances({ pageNumber, pageSize: 1 }));
  same(
    "pages of machines",
    pages.map(page => [page.totalCount, ids(page).length]),
    [
      [2, 1],
      [2, 1],
    ],
  );
  same("machines by number", pages.flatMap(ids).sort(), [...machines].sort());
  same("machines by token", (await byToken(cloud.ecs.describeInstances, {}, ids)).sort(), [...machines].sort());
}

async function keysOf(cloud, ground, instanceId) {
  const pair = { keyPairName: "node-import", instanceIds: JSON.stringify([instanceId]) };
  const result = only((await cloud.ecs.attachKeyPair(pair)).results.result);
  same("the attach", [result.instanceId, result.success], [instanceId, "true"]);
  same("its key pair", (await ground.row(instanceId)).keyPairName, "node-import");
  await refused(attached, () => cloud.ecs.deleteKeyPairs({ keyPairNames: '["node-import"]' }));
  only((await cloud.ecs.detachKeyPair(pair)).results.result);
  same("its key pair", (await ground.row(instanceId)).keyPairName ?? "", "");
}

async function protection(cloud, ground, instanceId) {
  await cloud.ecs.modifyInstanceAttribute({ instanceId, deletionProtection: true });
  same("its protection", (await ground.row(instanceId)).deletionProtection, true);
  await refused("InvalidOperation.DeletionProtection", () => cloud.ecs.deleteInstance({ instanceId, force: true }), 403);
  await cloud.ecs.modifyInstanceAttribute({ instanceId, deletionProtection: false });
  await refused("IncorrectInstanceStatus", () => cloud.ecs.deleteInstance({ instanceId }), 403);
}

async function oneByOne(cloud, ground, [first, second]) {
  await ground.stop(first);
  await cloud.ecs.deleteInstance({ instanceId: first });
  await cloud.ecs.deleteInstance({ instanceId: second, force: true });
  for (const one of [first, second]) await cloud.until("the machine's end", async () => !(await ground.row(one)));
  await refused("InvalidInstanceId.NotFound", () => cloud.ecs.startInstance({ instanceId: first }), 404);
}
