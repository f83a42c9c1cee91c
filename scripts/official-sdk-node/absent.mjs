// What an account here has none of, and what is refused because it is not modelled.

import { refused, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  same("snapshot packages", (await cloud.ecs.describeSnapshotPackage()).snapshotPackages.snapshotPackage, []);
  const { allocationId } = await cloud.vpc.allocateEipAddress();
  const seen = await cloud.vpc.describeHighDefinitionMonitorLogAttribute({ instanceId: allocationId, instanceType: "EIP" });
  same("the address's log", [seen.instanceId, seen.logStore], [allocationId, ""]);
  await cloud.vpc.releaseEipAddress({ allocationId });
  await ofCms(cloud, await ground.machine());
  await ofOos(cloud.pop("oos"));
  await refused("Simulator.NotModelled", () => cloud.ecs.createHpcCluster({ name: "node" }), 400);
  await ground.delete();
}

async function ofCms(cloud, instanceId) {
  await cloud.cms.installMonitoringAgent({ instanceIds: [instanceId] });
  await refused("ResourceNotFound", () => cloud.cms.installMonitoringAgent({ instanceIds: ["i-none"] }), 404);
  same("events", (await cloud.cms.describeSystemEventAttribute()).systemEvents.systemEvent, []);
  await refused("ResourceNotFound", () => cloud.cms.describeMonitorGroupInstances({ groupId: 1 }), 404);
  await refused("ResourceNotFound", () => cloud.cms.modifyMetricRuleTemplate({ templateId: 1, restVersion: 0 }), 404);
}

async function ofOos(oos) {
  await refused("EntityNotExists.Parameter", () => oos("GetSecretParameter", { Name: "none" }), 404);
  same("secrets", (await oos("GetSecretParameters", { Names: '["none"]' })).InvalidParameters, ["none"]);
  await refused("Simulator.NotModelled", () => oos("ListExecutions"), 400);
}
