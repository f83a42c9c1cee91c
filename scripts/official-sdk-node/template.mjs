// The life of launch templates with their versions, and of deployment sets.

import { only, refused, same } from "./expect.mjs";
import { Ground, imageFamily } from "./ground.mjs";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  await launchTemplate(cloud, ground);
  await deploymentSet(cloud, ground);
  await ground.delete();
}

async function launchTemplate(cloud, ground) {
  const { vSwitchId, securityGroupId } = ground;
  const { imageId } = (await cloud.ecs.describeImageFromFamily({ imageFamily })).image;
  const fields = { instanceType: "ecs.c7.large", securityGroupId, vSwitchId, imageId };
  const disks = { systemDisk: { category: "cloud_essd", size: 40 }, dataDisk: [{ category: "cloud_essd", size: 20 }] };
  const made = await cloud.ecs.createLaunchTemplate({
    launchTemplateName: "node",
    versionDescription: "first",
    instanceName: "from-template",
    ...disks,
    ...fields,
  });
  const { launchTemplateId } = made;
  const second = await cloud.ecs.createLaunchTemplateVersion({
    launchTemplateId,
    versionDescription: "second",
    ...fields,
    instanceType: "ecs.c7.xlarge",
  });
  same("the versions made", [made.launchTemplateVersionNumber, second.launchTemplateVersionNumber], [1, 2]);
  const rows = (await cloud.ecs.describeLaunchTemplateVersions({ launchTemplateId })).launchTemplateVersionSets.launchTemplateVersionSet;
  const seen = rows.map(row => [row.versionNumber, row.versionDescription, row.defaultVersion]).sort();
  same("versions", seen, [
    [1, "first", true],
    [2, "second", false],
  ]);
  const data = rows.find(row => row.versionNumber === 1).launchTemplateData;
  same(
    "what it says",
    [data.imageId, data.instanceType, data.instanceName, data.vSwitchId],
    [imageId, "ecs.c7.large", "from-template", vSwitchId],
  );
  same(
    "its data disks",
    data.dataDisks.dataDisk.map(one => [one.category, one.size]),
    [["cloud_essd", 20]],
  );
  await launch(cloud, ground, launchTemplateId);
  await cloud.ecs.modifyLaunchTemplateDefaultVersion({ launchTemplateId, defaultVersionNumber: 2 });
  const row = only(
    (await cloud.ecs.describeLaunchTemplates({ launchTemplateId: [launchTemplateId] })).launchTemplateSets.launchTemplateSet,
  );
  same("the template", [row.launchTemplateName, row.defaultVersionNumber, row.latestVersionNumber], ["node", 2, 2]);
  const drop = deleteVersion => cloud.ecs.deleteLaunchTemplateVersion({ launchTemplateId, deleteVersion });
  await refused("InvalidOperation.DeleteDefaultVersion", () => drop([2]));
  same("the deleted version", only((await drop([1])).launchTemplateVersions.launchTemplateVersion).launchTemplateVersionNumber, 1);
  same("the end", (await cloud.ecs.deleteLaunchTemplate({ launchTemplateId })).launchTemplateVersionNumbers.versionNumbers, [2]);
  same("templates", (await cloud.ecs.describeLaunchTemplates()).launchTemplateSets.launchTemplateSet, []);
}

async function launch(cloud, ground, launchTemplateId) {
  const instanceId = only((await cloud.ecs.runInstances({ launchTemplateId, launchTemplateVersion: 1 })).instanceIdSets.instanceIdSet);
  ground.machines.push(instanceId);
  await ground.reaches(instanceId, "Running");
  const { instanceName, instanceType } = await ground.row(instanceId);
  same("the machine of the template", [instanceName, instanceType], ["from-template", "ecs.c7.large"]);
}

async function deploymentSet(cloud, ground) {
  const { deploymentSetId } = await cloud.ecs.createDeploymentSet({
    deploymentSetName: "node",
    description: "by the SDK",
    strategy: "Availability",
  });
  const instanceId = await ground.machine({ deploymentSetId });
  same("the machine's set", (await ground.row(instanceId)).deploymentSetId, deploymentSetId);
  await cloud.ecs.modifyDeploymentSetAttribute({ deploymentSetId, deploymentSetName: "renamed", description: "changed" });
  const row = only(
    (await cloud.ecs.describeDeploymentSets({ deploymentSetIds: JSON.stringify([deploymentSetId]) })).deploymentSets.deploymentSet,
  );
  const seen = [row.deploymentSetName, row.deploymentSetDescription, row.instanceAmount, row.instanceIds.instanceId];
  same("the set", seen, ["renamed", "changed", 1, [instanceId]]);
  await refused("DependencyViolation.NotEmpty", () => cloud.ecs.deleteDeploymentSet({ deploymentSetId }));
  await ground.stop(instanceId);
  await cloud.ecs.modifyInstanceDeployment({ instanceId, removeFromDeploymentSet: true });
  await cloud.until("the machine outside", async () => !(await ground.row(instanceId)).deploymentSetId);
  await cloud.ecs.deleteDeploymentSet({ deploymentSetId });
  same("sets", (await cloud.ecs.describeDeploymentSets()).deploymentSets.deploymentSet, []);
}
