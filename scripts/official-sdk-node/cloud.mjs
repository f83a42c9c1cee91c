// One simulator and the official clients that talk to it.
//
// Time does not pass by itself worth mentioning: who waits lets the simulator's clock jump. So no life depends on how fast the
// machine is, and none sleeps.

import { createRequire } from "node:module";
import { typed } from "./typed.mjs";

// From where the packages are installed, which is not beside this file.
const require = createRequire(`${process.cwd()}/`);
const { $OpenApiUtil, OpenApiUtil } = require("@alicloud/openapi-core");
const PopCore = require("@alicloud/pop-core");
const modules = {
  ecs: require("@alicloud/ecs20140526"),
  vpc: require("@alicloud/vpc20160428"),
  cms: require("@alicloud/cms20190101"),
  sts: require("@alicloud/sts20150401"),
  tag: require("@alicloud/tag20180828"),
};
const versions = {
  ecs: "2014-05-26",
  vpc: "2016-04-28",
  cms: "2019-01-01",
  sts: "2015-04-01",
  tag: "2018-08-28",
  oos: "2019-06-01",
  location: "2015-06-12",
};

export { OpenApiUtil };
export const regionId = "cn-beijing";
export const zoneId = "cn-beijing-h";

export class Cloud {
  constructor(endpoint, accessKeyId, accessKeySecret) {
    this.endpoint = endpoint;
    this.key = { accessKeyId, accessKeySecret };
    for (const product of Object.keys(modules)) this[product] = this.client(product);
  }

  // A typed client of a product; further settings are those of the SDK's own Config, without the account's key if they have one.
  client(product, more = {}) {
    const { host, protocol } = new URL(this.endpoint);
    const key = more.bearerToken ? {} : this.key;
    const settings = { endpoint: host, protocol: protocol.slice(0, -1), regionId, ...key, ...more };
    return typed(modules[product], new $OpenApiUtil.Config(settings), settings.regionId);
  }

  // A client of pop-core, which signs V1: `call(action, parameters)`, the region is added.
  pop(product, more = {}) {
    const client = new PopCore({ ...this.key, endpoint: this.endpoint, apiVersion: versions[product], ...more });
    return (action, parameters = {}, options = { method: "POST" }) =>
      client.request(action, { RegionId: regionId, ...parameters }, options);
  }

  async page(name) {
    return (await fetch(`${this.endpoint}/_sim/${name}`)).json();
  }

  async post(name, body) {
    const answer = await fetch(`${this.endpoint}/_sim/${name}`, { method: "POST", body: JSON.stringify(body) });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`/_sim/${name}: ${JSON.stringify(said)}`);
    return said;
  }

  jump(seconds) {
    return this.post("clock", { seconds });
  }

  // Lets time jump until it holds, for at most an hour of the simulator's.
  async until(what, holds) {
    for (let step = 0; step < 360; step++) {
      if (await holds()) return;
      await this.jump(10);
    }
    throw new Error(`an hour has passed without ${what}`);
  }

  // Repeats what is refused for something which passes: late release, a state that still changes.
  async patient(codes, call) {
    let answer;
    await this.until(`an end of ${codes}`, async () => {
      try {
        answer = await call();
        return true;
      } catch (error) {
        if (!codes.includes(error.code)) throw error;
        return false;
      }
    });
    return answer;
  }

  expectNothing() {
    return this.until("the simulator being empty", async () => (await this.page("resources")).length === 0);
  }
}

// Every row of a listing by NextToken; `rows` takes them out of a page.
export async function byToken(call, fields, rows, size = "maxResults") {
  const seen = [];
  let nextToken;
  do {
    const page = await call({ ...fields, [size]: 1, nextToken });
    seen.push(...rows(page));
    nextToken = page.nextToken;
  } while (nextToken);
  return seen;
}
