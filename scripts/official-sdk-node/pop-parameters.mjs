// pop-core, which signs V1: the life of OOS's parameters. There is no typed client of OOS for Node in the registry.

import { only, refused, same } from "./expect.mjs";

export async function live(cloud) {
  const oos = cloud.pop("oos");
  const Name = "/pop/app/one";
  const made = (await oos("CreateParameter", { Name, Type: "String", Value: "one", Tags: '{"a":"b"}' })).Parameter;
  same("the answer", [made.Name, made.Type, made.ParameterVersion], [Name, "String", 1]);
  await oos("CreateParameter", { Name: "/pop/app/two", Type: "StringList", Value: "x,y" });
  await refused("EntityAlreadyExists.Parameter", () => oos("CreateParameter", { Name, Type: "String", Value: "two" }), 409);
  await oos("UpdateParameter", { Name, Value: "two" });
  const seen = (await oos("GetParameter", { Name })).Parameter;
  same("the parameter", [seen.Value, seen.ParameterVersion], ["two", 2]);
  same("its first version", (await oos("GetParameter", { Name, ParameterVersion: 1 })).Parameter.Value, "one");
  const versions = (await oos("ListParameterVersions", { Name })).ParameterVersions;
  same("its versions", versions.map(one => [one.ParameterVersion, one.Value]).sort(), [
    [1, "one"],
    [2, "two"],
  ]);
  const below = async Recursive => (await oos("GetParametersByPath", { Path: "/pop", Recursive })).Parameters.length;
  same("by path", [await below(true), await below(false)], [2, 0]);
  const first = await oos("ListParameters", { MaxResults: 1 });
  const second = await oos("ListParameters", { MaxResults: 1, NextToken: first.NextToken });
  const names = [first, second].map(page => only(page.Parameters).Name);
  same("by token", names.sort(), [Name, "/pop/app/two"]);
  for (const name of names) await oos("DeleteParameter", { Name: name });
  await refused("EntityNotExists.Parameter", () => oos("GetParameter", { Name }), 404);
}
