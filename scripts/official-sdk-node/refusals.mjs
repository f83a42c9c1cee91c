// What must not pass, with both signatures: a wrong secret, an unknown key, an old clock, a nonce again; and failing calls.

import { OpenApiUtil } from "./cloud.mjs";
import { refused, same } from "./expect.mjs";

// What the SDK calls its signatures; without a name it signs V3.
const [v3, v1] = [{}, { signatureAlgorithm: "v2" }];

export async function live(cloud) {
  for (const how of [v3, v1]) {
    await keys(settings => cloud.client("vpc", { ...how, ...settings }).describeRegions());
    await clock(cloud.client("vpc", how));
    await nonce(cloud.client("vpc", how), `once-${JSON.stringify(how)}`);
  }
  await keys(settings => cloud.pop("vpc", settings)("DescribeRegions"));
  await failures(cloud);
  await refused("InvalidInstanceId.NotFound", () => cloud.ecs.stopInstance({ instanceId: "i-none" }), 404);
  await refused("MissingParameter", () => cloud.ecs.runInstances());
  await refused("InvalidRegionId.NotFound", () => cloud.client("ecs", { regionId: "cn-nowhere" }).describeInstances(), 404);
}

async function keys(regions) {
  await regions({});
  await refused("SignatureDoesNotMatch", () => regions({ accessKeySecret: "wrong" }), 400);
  await refused("InvalidAccessKeyId.NotFound", () => regions({ accessKeyId: "LTAI-nobody" }), 404);
}

// The SDK takes time and nonce from its own utilities; this puts something else there for a while.
async function replaced(name, value, during) {
  const before = OpenApiUtil[name];
  OpenApiUtil[name] = () => value;
  try {
    await during();
  } finally {
    OpenApiUtil[name] = before;
  }
}

async function clock(client) {
  for (const minutes of [-16, 16]) {
    const moment = `${new Date(Date.now() + minutes * 60_000).toISOString().slice(0, 19)}Z`;
    await replaced("getTimestamp", moment, () => refused("InvalidTimeStamp.Expired", () => client.describeRegions(), 400));
  }
  await replaced("getTimestamp", "yesterday", () => refused("InvalidTimeStamp.Format", () => client.describeRegions(), 400));
}

function nonce(client, once) {
  return replaced("getNonce", once, async () => {
    await client.describeRegions();
    await refused("SignatureNonceUsed", () => client.describeRegions(), 400);
  });
}

// What the SDK tells apart by its errors: too many calls, the service's trouble.
async function failures(cloud) {
  for (const [code, status, name] of [
    ["Throttling.User", 400, "ThrottlingError"],
    ["ServiceUnavailable", 503, "ServerError"],
  ]) {
    await cloud.post("faults", [{ action: "DescribeRegions", fate: { refuse_before: { code, status } } }]);
    const error = await refused(code, () => cloud.vpc.describeRegions(), status);
    same("the class of the error", error.name, name);
  }
  same("regions afterwards", (await cloud.vpc.describeRegions()).regions.region.length > 0, true);
}
