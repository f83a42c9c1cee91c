// The life of spot machines, which are bid for and taken back, and of machines that the cloud locks.

import { zoneId } from "./cloud.mjs";
import { refused, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";

const instanceType = "ecs.c7.large";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  await takenBack(cloud, ground);
  await bid(cloud, ground);
  await locked(cloud, ground);
  await ground.delete();
}

async function locks(ground, instanceId) {
  return (await ground.row(instanceId)).operationLocks.lockReason.map(one => one.lockReason);
}

async function takenBack(cloud, ground) {
  const [stopped, ended] = [
    await ground.machine({ spotStrategy: "SpotAsPriceGo", spotInterruptionBehavior: "Stop" }),
    await ground.machine({ spotStrategy: "SpotAsPriceGo", spotInterruptionBehavior: "Terminate" }),
  ];
  for (const instance of [stopped, ended]) {
    same("its locks before", await locks(ground, instance), []);
    await cloud.post("spot", { instance });
    same("the announcement", await locks(ground, instance), ["Recycling"]);
  }
  await cloud.jump(400);
  const row = await ground.row(stopped);
  same("the one that stops", [row.status, row.stoppedMode, row.spotStrategy], ["Stopped", "StopCharging", "SpotAsPriceGo"]);
  await cloud.until("the end of the other", async () => !(await ground.row(ended)));
  ground.machines = [stopped];
  await ground.start(stopped);
}

async function bid(cloud, ground) {
  const history = await cloud.ecs.describeSpotPriceHistory({ instanceType, networkType: "vpc", zoneId });
  const price = history.spotPrices.spotPriceType[0].spotPrice;
  const fields = { spotStrategy: "SpotWithPriceLimit", spotPriceLimit: Math.round((price + 0.1) * 1000) / 1000 };
  const instanceId = await ground.machine(fields);
  same("its bid", (await ground.row(instanceId)).spotPriceLimit, fields.spotPriceLimit);
  await ground.stop(instanceId);
  await cloud.post("options", { spot_prices: { [instanceType]: price + 1 } });
  await refused("OperationDenied.SpotPriceLowerThanPublicPrice", () => cloud.ecs.startInstance({ instanceId }), 403);
  await refused("InvalidSpotPriceLimit.LowerThanPublicPrice", () => cloud.ecs.runInstances({ ...ground.fields(), ...fields }), 400);
  await cloud.post("options", { spot_prices: { [instanceType]: price } });
  await ground.start(instanceId);
}

async function locked(cloud, ground) {
  const instanceId = await ground.machine();
  await cloud.post("lock", { instance: instanceId, reason: "security" });
  same("its locks", await locks(ground, instanceId), ["security"]);
  await refused("InstanceLockedForSecurity", () => cloud.ecs.stopInstance({ instanceId }), 403);
  await cloud.post("lock", { instance: instanceId, reason: "" });
  await ground.stop(instanceId);
}
