// Who calls: the account, roles with keys for a while, RAM users, and tokens in place of a signature.

import { only, refused, same } from "./expect.mjs";
import { Ground, deleteVpc, vpcRow } from "./ground.mjs";

// As an identity provider makes it, but for the signature, which the simulator cannot check.
const part = value => Buffer.from(JSON.stringify(value)).toString("base64url");
const token = `${part({ alg: "none" })}.${part({ iss: "https://example.com", sub: "repo", aud: "sts" })}.signature`;

export async function live(cloud) {
  await roles(cloud);
  const ground = await Ground.make(cloud);
  await users(cloud, ground);
  await bearer(cloud);
  await cloud.post("keys", []);
  await ground.delete();
}

async function roles(cloud) {
  const caller = await cloud.sts.getCallerIdentity();
  same("the caller", [caller.identityType, caller.arn], ["Account", `acs:ram::${caller.accountId}:root`]);
  const role = { roleArn: `acs:ram::${caller.accountId}:role/node`, roleSessionName: "session" };
  await refused("InvalidParameter.DurationSeconds", () => cloud.sts.assumeRole({ ...role, durationSeconds: 60 }));
  const made = await cloud.sts.assumeRole({ ...role, durationSeconds: 900 });
  const oidc = await cloud.sts.assumeRoleWithOIDC({
    ...role,
    OIDCProviderArn: `acs:ram::${caller.accountId}:oidc-provider/node`,
    OIDCToken: token,
  });
  same("what the token says", [oidc.OIDCTokenInfo.subject, oidc.OIDCTokenInfo.clientIds], ["repo", "sts"]);
  const { accessKeyId, accessKeySecret, securityToken } = made.credentials;
  const key = { accessKeyId, accessKeySecret, securityToken };
  const seen = await cloud.client("sts", key).getCallerIdentity();
  same("the role", [seen.identityType, seen.arn], ["AssumedRoleUser", `acs:ram::${caller.accountId}:assumed-role/node/session`]);
  const { vpcId } = await cloud.client("vpc", key).createVpc({ vpcName: "by-the-role" });
  same("as the account sees it", (await vpcRow(cloud, vpcId)).vpcName, "by-the-role");
  const old = cloud.client("vpc", { ...key, signatureAlgorithm: "v2" });
  same("signed V1", (await old.describeVpcAttribute({ vpcId })).vpcName, "by-the-role");
  same("by pop-core", (await cloud.pop("vpc", key)("DescribeVpcAttribute", { VpcId: vpcId })).VpcName, "by-the-role");
  await deleteVpc(cloud, vpcId);
  await refused("InvalidSecurityToken.MismatchWithAccessKey", () =>
    cloud.client("vpc", { ...key, securityToken: "nonsense" }).describeRegions(),
  );
}

// Replaces the users; gives the key of each.
async function given(cloud, list) {
  return (await cloud.post("keys", list)).map(({ access_key_id, access_key_secret }) => ({
    accessKeyId: access_key_id,
    accessKeySecret: access_key_secret,
  }));
}

async function users(cloud, ground) {
  const instanceId = await ground.machine();
  const instanceIds = JSON.stringify([instanceId]);
  const [reader, gone] = await given(cloud, [
    { user: "reader", allow: ["vpc:Describe*"] },
    { user: "gone", allow: ["*"], inactive: true },
  ]);
  const vpc = cloud.client("vpc", reader);
  const ecs = cloud.client("ecs", reader);
  same("the VPC", only((await vpc.describeVpcs()).vpcs.vpc).vpcId, ground.vpcId);
  same("a listing that is forbidden", (await ecs.describeInstances({ instanceIds })).instances.instance, []);
  await refused("Forbidden.RAM", () => ecs.describeInstances({ dryRun: true }), 403);
  const error = await refused("Forbidden.RAM", () => vpc.createVpc(), 403);
  same("what was missing", [error.name, error.accessDeniedDetail.AuthAction], ["ClientError", "vpc:CreateVpc"]);
  await refused("Forbidden.RAM", () => ecs.runInstances(ground.fields()), 403);
  await refused("Forbidden.RAM", () => cloud.pop("ecs", reader)("StopInstance", { InstanceId: instanceId }), 403);
  await refused("AccessForbidden", () => cloud.client("cms", reader).describeMetricRuleList(), 403);
  await refused("NoPermission", () => cloud.client("tag", reader).listTagKeys(), 403);
  const seen = await cloud.client("sts", reader).getCallerIdentity();
  same("the caller", [seen.identityType, seen.arn], ["RAMUser", `acs:ram::${seen.accountId}:user/reader`]);
  await refused("InvalidAccessKeyId.Inactive", () => cloud.client("vpc", gone).describeVpcs());
  const [allowed] = await given(cloud, [{ user: "reader", allow: ["ecs:DescribeInstances"] }]);
  same(
    "a listing that is allowed",
    only((await cloud.client("ecs", allowed).describeInstances({ instanceIds })).instances.instance).instanceId,
    instanceId,
  );
}

async function bearer(cloud) {
  await given(cloud, [
    { user: "ci", allow: ["vpc:*"], bearer_token: "token-of-ci", bearer_expires: "2999-12-31T00:00:00Z" },
    { user: "late", allow: ["vpc:*"], bearer_token: "token-of-late", bearer_expires: "2020-01-01T00:00:00Z" },
  ]);
  const client = (bearerToken, more = {}) => cloud.client("vpc", { bearerToken, ...more });
  const { vpcId } = await client("token-of-ci").createVpc({ vpcName: "by-token" });
  same("the VPC", (await vpcRow(cloud, vpcId)).vpcName, "by-token");
  same("as a parameter", (await client("token-of-ci", { signatureAlgorithm: "v2" }).describeVpcAttribute({ vpcId })).vpcName, "by-token");
  await deleteVpc(cloud, vpcId);
  await refused("InvalidSecurityToken.Expired", () => client("token-of-late").describeVpcs());
  await refused("InvalidSecurityToken.Malformed", () => client("token-of-nobody").describeVpcs());
}
