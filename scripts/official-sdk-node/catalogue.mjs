// What only reports: regions, zones, types, stock, prices, quotas, load.

import { regionId, zoneId } from "./cloud.mjs";
import { only, refused, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";

const instanceType = "ecs.c7.large";

export async function live(cloud) {
  await places(cloud);
  await types(cloud);
  await stock(cloud);
  await prices(cloud);
  const ground = await Ground.make(cloud);
  await ofAMachine(cloud, await ground.machine());
  await ground.delete();
}

async function places(cloud) {
  for (const client of [cloud.ecs, cloud.vpc]) {
    same(
      "regions",
      (await client.describeRegions()).regions.region.some(row => row.regionId === regionId),
      true,
    );
    same(
      "zones",
      (await client.describeZones()).zones.zone.some(row => row.zoneId === zoneId),
      true,
    );
  }
  const quotas = (await cloud.ecs.describeAccountAttributes()).accountAttributeItems.accountAttributeItem;
  same(
    "quotas",
    quotas.some(row => row.attributeName === "max-security-groups"),
    true,
  );
}

async function types(cloud) {
  const row = only((await cloud.ecs.describeInstanceTypes({ instanceTypes: [instanceType] })).instanceTypes.instanceType);
  same("the type", [row.cpuCoreCount, row.memorySize, row.cpuArchitecture, row.instanceTypeFamily], [2, 4, "X86", "ecs.c7"]);
  const families = (await cloud.ecs.describeInstanceTypeFamilies()).instanceTypeFamilies.instanceTypeFamily;
  same(
    "the family",
    families.some(one => one.instanceTypeFamilyId === "ecs.c7"),
    true,
  );
  const seen = [];
  let nextToken;
  do {
    const page = await cloud.ecs.describeInstanceTypes({ maxResults: 50, nextToken });
    seen.push(...page.instanceTypes.instanceType.map(one => one.instanceTypeId));
    nextToken = page.nextToken;
  } while (nextToken);
  same("types by token", [seen.length > 50, new Set(seen).size === seen.length], [true, true]);
}

async function stock(cloud) {
  const there = async () => {
    const { availableZones } = await cloud.ecs.describeAvailableResource({ destinationResource: "InstanceType", zoneId, instanceType });
    const supported = availableZones?.availableZone[0]?.availableResources.availableResource[0]?.supportedResources.supportedResource;
    return supported?.map(one => [one.value, one.statusCategory]);
  };
  same("stock", await there(), [[instanceType, "WithStock"]]);
  await cloud.post("stock", { zone: zoneId, instance_type: instanceType, in_stock: false });
  same("without stock", JSON.stringify(await there())?.includes("WithStock") ?? false, false);
  await cloud.post("stock", { zone: zoneId, instance_type: instanceType, in_stock: true });
}

async function prices(cloud) {
  const fields = { resourceType: "instance", instanceType, systemDisk: { category: "cloud_essd", size: 40, performanceLevel: "PL0" } };
  const hour = (await cloud.ecs.describePrice({ ...fields, priceUnit: "Hour" })).priceInfo.price;
  const month = (await cloud.ecs.describePrice({ ...fields, priceUnit: "Month", period: 1 })).priceInfo.price;
  same("currency", [hour.currency, month.currency], ["CNY", "CNY"]);
  same("a month costs less than its hours", month.tradePrice > 0 && month.tradePrice < hour.tradePrice * 730, true);
  const spots = (await cloud.ecs.describeSpotPriceHistory({ instanceType, networkType: "vpc", zoneId })).spotPrices.spotPriceType;
  same(
    "spot prices",
    spots.slice(0, 3).map(one => one.spotPrice < one.originPrice),
    [true, true, true],
  );
  const advice = (await cloud.ecs.describeSpotAdvice({ instanceTypes: [instanceType] })).availableSpotZones.availableSpotZone;
  same("spot advice", only(advice[0].availableSpotResources.availableSpotResource).instanceType, instanceType);
  const better = await cloud.ecs.describeRecommendInstanceType({ instanceType, networkType: "vpc" });
  same("recommendations", better.data.recommendInstanceType.length > 0, true);
}

async function ofAMachine(cloud, instanceId) {
  const { price } = (await cloud.ecs.describeInstanceModificationPrice({ instanceId, instanceType: "ecs.c7.xlarge" })).priceInfo;
  same("a bigger one costs more", price.tradePrice > 0, true);
  await refused(
    "ChargeTypeViolation",
    () => cloud.ecs.describeRenewalPrice({ resourceId: instanceId, period: 1, priceUnit: "Month" }),
    403,
  );
  const zones = await cloud.ecs.describeResourcesModification({ resourceId: instanceId, destinationResource: "InstanceType" });
  same("where it may go", only(zones.availableZones.availableZone).zoneId, zoneId);
  const clock = ms => `${new Date(ms).toISOString().slice(0, 16)}:00Z`;
  const { diskId, creationTime } = only((await cloud.ecs.describeDisks({ instanceId })).disks.disk);
  // By the simulator's time, which earlier lives have moved.
  const begin = Date.parse(creationTime);
  await cloud.jump(900);
  const during = { startTime: clock(begin), endTime: clock(begin + 600_000) };
  const points = (await cloud.ecs.describeInstanceMonitorData({ instanceId, ...during })).monitorData.instanceMonitorData;
  same("its load", [...new Set(points.map(one => one.instanceId))], [instanceId]);
  const disks = (await cloud.ecs.describeDiskMonitorData({ diskId, ...during })).monitorData.diskMonitorData;
  same("its disk's load", [...new Set(disks.map(one => one.diskId))], [diskId]);
}
