// The life of tags: through ECS in its new and its old way, through VPC, and through the Tag service across both.

import { byToken, regionId } from "./cloud.mjs";
import { only, refused, same } from "./expect.mjs";
import { Ground, deleteVpc, makeVpc } from "./ground.mjs";

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  const instanceId = await ground.machine();
  await throughEcs(cloud, instanceId);
  await theOldWay(cloud, instanceId);
  await throughVpc(cloud, ground.vpcId);
  await throughTag(cloud, ground.vpcId, instanceId);
  await ground.delete();
}

const pairs = page => page.tagResources.tagResource.map(row => `${row.tagKey}=${row.tagValue}`);

// Every tag of a machine; the page size of this listing is the service's own.
async function tagsOf(cloud, instanceId) {
  const seen = [];
  let nextToken;
  do {
    const page = await cloud.ecs.listTagResources({ resourceType: "instance", resourceId: [instanceId], nextToken });
    seen.push(...pairs(page));
    nextToken = page.nextToken;
  } while (nextToken);
  return seen.sort();
}

async function throughEcs(cloud, instanceId) {
  const machine = { resourceType: "instance", resourceId: [instanceId] };
  const tag = Array.from({ length: 20 }, (_, n) => ({ key: `key-${String(n).padStart(2, "0")}`, value: `wert ü ${n}` }));
  await cloud.ecs.tagResources({ ...machine, tag });
  same(
    "its tags",
    await tagsOf(cloud, instanceId),
    tag.map(one => `${one.key}=${one.value}`),
  );
  await refused("InvalidTagKey.Malformed", () => cloud.ecs.tagResources({ ...machine, tag: [{ key: "aliyun-x", value: "b" }] }));
  const found = await cloud.ecs.describeInstances({ tag: [{ key: "key-07", value: "wert ü 7" }] });
  same("the machine by tag", only(found.instances.instance).instanceId, instanceId);
  await cloud.ecs.untagResources({ ...machine, tagKey: ["key-00"] });
  same("tags left", (await tagsOf(cloud, instanceId)).length, 19);
  await cloud.ecs.untagResources({ ...machine, all: true });
  same("tags left", await tagsOf(cloud, instanceId), []);
}

async function theOldWay(cloud, instanceId) {
  const machine = { resourceType: "instance", resourceId: instanceId };
  await cloud.ecs.addTags({ ...machine, tag: [{ key: "old", value: "way" }] });
  const { tagKey, tagValue } = only((await cloud.ecs.describeTags(machine)).tags.tag);
  same("the tag", [tagKey, tagValue], ["old", "way"]);
  await cloud.ecs.removeTags({ ...machine, tag: [{ key: "old", value: "way" }] });
  same("tags left", (await cloud.ecs.describeTags(machine)).tags.tag, []);
}

// Three VPCs, a page of one at a time.
async function throughVpc(cloud, vpcId) {
  const made = [vpcId, await makeVpc(cloud), await makeVpc(cloud)];
  for (const [number, one] of made.entries()) {
    await cloud.vpc.tagResources({ resourceType: "VPC", resourceId: [one], tag: [{ key: "page", value: String(number) }] });
  }
  const rows = await byToken(
    cloud.vpc.listTagResources,
    { resourceType: "VPC", tag: [{ key: "page" }] },
    page => page.tagResources.tagResource,
  );
  same("tags by token", rows.map(row => `${row.resourceId} ${row.tagValue}`).sort(), made.map((one, number) => `${one} ${number}`).sort());
  same("VPCs by tag", only((await cloud.vpc.describeVpcs({ tag: [{ key: "page", value: "1" }] })).vpcs.vpc).vpcId, made[1]);
  same("the tag by itself", pairs(await cloud.vpc.describeTags()).includes("page=0"), true);
  await cloud.vpc.unTagResources({ resourceType: "VPC", resourceId: [vpcId], tagKey: ["page"] });
  same("tags of the first", pairs(await cloud.vpc.listTagResources({ resourceType: "VPC", resourceId: [vpcId] })), []);
  for (const one of made.slice(1)) await deleteVpc(cloud, one);
}

async function throughTag(cloud, vpcId, instanceId) {
  const { accountId } = await cloud.sts.getCallerIdentity();
  const resourceARN = [`arn:acs:ecs:${regionId}:${accountId}:instance/${instanceId}`, `arn:acs:vpc:${regionId}:${accountId}:vpc/${vpcId}`];
  const made = await cloud.tag.tagResources({ resourceARN, tags: JSON.stringify({ team: "shop", stage: "test" }) });
  same("failures", made.failedResources.failedResource, []);
  same("the machine's tags", await tagsOf(cloud, instanceId), ["stage=test", "team=shop"]);
  const rows = await byToken(cloud.tag.listTagResources, { resourceARN }, page => page.tagResources, "pageSize");
  const tags = rows.map(row => [row.resourceARN, row.tags.map(tag => `${tag.key}=${tag.value}`).sort()]);
  same("tags by the service", tags.sort(), resourceARN.map(name => [name, ["stage=test", "team=shop"]]).sort());
  same("keys", (await cloud.tag.listTagKeys()).keys.key.map(row => row.key).sort(), ["stage", "team"]);
  same("values", (await cloud.tag.listTagValues({ key: "team" })).values.value, ["shop"]);
  await cloud.tag.untagResources({ resourceARN, tagKey: ["team", "stage"] });
  same("tags left", await tagsOf(cloud, instanceId), []);
  const none = await cloud.tag.tagResources({ resourceARN: [resourceARN[0].replace(instanceId, "i-none")], tags: '{"a":"b"}' });
  same("failures", none.failedResources.failedResource.length, 1);
}
