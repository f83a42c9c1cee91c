// The life of Cloud Assistant's commands: kept ones and run ones, and what they said.

import { byToken } from "./cloud.mjs";
import { only, same } from "./expect.mjs";
import { Ground } from "./ground.mjs";

const coded = text => Buffer.from(text).toString("base64");
const plain = text => Buffer.from(text, "base64").toString();

export async function live(cloud) {
  const ground = await Ground.make(cloud);
  const instanceId = [await ground.machine()];
  await cloud.until("the agent", async () => {
    const seen = await cloud.ecs.describeCloudAssistantStatus({ instanceId });
    return only(seen.instanceCloudAssistantStatusSet.instanceCloudAssistantStatus).cloudAssistantStatus === "true";
  });
  await kept(cloud, instanceId);
  await run(cloud, instanceId);
  await failing(cloud, instanceId);
  await stopped(cloud, instanceId);
  await byNumberAndToken(cloud);
  for (const { commandId } of (await cloud.ecs.describeCommands()).commands.command) await cloud.ecs.deleteCommand({ commandId });
  await ground.delete();
}

async function result(cloud, invokeId, fields = {}) {
  return only((await cloud.ecs.describeInvocationResults({ invokeId, ...fields })).invocation.invocationResults.invocationResult);
}

async function finished(cloud, invokeId) {
  await cloud.until("the run", async () => ["Success", "Failed", "Stopped"].includes((await result(cloud, invokeId)).invocationStatus));
  return result(cloud, invokeId);
}

async function kept(cloud, instanceId) {
  const commandContent = coded("echo hello {{name}}");
  const { commandId } = await cloud.ecs.createCommand({
    name: "node",
    type: "RunShellScript",
    commandContent,
    enableParameter: true,
    timeout: 120,
    workingDir: "/root",
  });
  await cloud.ecs.modifyCommand({ commandId, name: "renamed", description: "changed" });
  const command = only((await cloud.ecs.describeCommands({ commandId })).commands.command);
  const seen = [command.name, command.description, command.timeout, command.parameterNames.parameterName, command.commandContent];
  same("the command", seen, ["renamed", "changed", 120, ["name"], commandContent]);
  const { invokeId } = await cloud.ecs.invokeCommand({ commandId, instanceId, parameters: { name: "node" } });
  const said = await finished(cloud, invokeId);
  same("what it said", [said.exitCode, plain(said.output), said.invokeRecordStatus], [0, "hello node\n", "Finished"]);
  const row = only((await cloud.ecs.describeInvocations({ invokeId })).invocations.invocation);
  same(
    "the invocation",
    [row.commandId, row.invocationStatus, only(row.invokeInstances.invokeInstance).instanceId],
    [commandId, "Success", instanceId[0]],
  );
  await cloud.ecs.deleteCommand({ commandId });
}

async function run(cloud, instanceId) {
  const { invokeId } = await cloud.ecs.runCommand({
    type: "RunShellScript",
    commandContent: coded("hostname && df -h"),
    contentEncoding: "Base64",
    instanceId,
    name: "run",
  });
  const seen = await finished(cloud, invokeId);
  same("the run", [seen.invocationStatus, seen.exitCode, plain(seen.output).includes("/dev/vda")], ["Success", 0, true]);
  same("in plain text", (await result(cloud, invokeId, { contentEncoding: "PlainText" })).output.includes("Filesystem"), true);
}

async function failing(cloud, instanceId) {
  await cloud.post("guest", { contains: "my-script", output: "it broke\n", exit_code: 3 });
  const made = await cloud.ecs.runCommand({
    type: "RunShellScript",
    commandContent: "my-script",
    contentEncoding: "PlainText",
    instanceId,
  });
  const seen = await finished(cloud, made.invokeId);
  same("the failure", [seen.invocationStatus, seen.exitCode, plain(seen.output)], ["Failed", 3, "it broke\n"]);
}

// What has begun goes on.
async function stopped(cloud, instanceId) {
  const { invokeId } = await cloud.ecs.runCommand({
    type: "RunShellScript",
    commandContent: "sleep 600",
    contentEncoding: "PlainText",
    instanceId,
    timeout: 3600,
  });
  await cloud.ecs.stopInvocation({ invokeId, instanceId });
  same("the run that had begun", (await finished(cloud, invokeId)).invocationStatus, "Success");
}

async function byNumberAndToken(cloud) {
  const ids = page => page.invocations.invocation.map(row => row.invokeId);
  const pages = [];
  for (const pageNumber of [1, 2]) pages.push(await cloud.ecs.describeInvocations({ pageNumber, pageSize: 3 }));
  same(
    "pages of invocations",
    pages.map(page => [page.totalCount, ids(page).length]),
    [
      [4, 3],
      [4, 1],
    ],
  );
  same("invocations by token", (await byToken(cloud.ecs.describeInvocations, {}, ids)).sort(), pages.flatMap(ids).sort());
}
